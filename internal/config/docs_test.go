package config_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/config"
)

var update = flag.Bool("update", false, "rewrite the generated files")

func TestGeneratedFilesAreCurrent(t *testing.T) {
	root, err := os.OpenRoot("../..")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for path, want := range map[string]string{
		"docs/configuration.md": config.Markdown(),
		".env.example":          config.DotEnv(),
	} {
		if *update {
			if err := root.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := root.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not what the table says; run go test ./internal/config -update (-want +got):\n%s", path, diff)
		}
	}
}

// The example file, copied as it stands, must lack only what nobody can know
// in advance.
func TestExampleFileIsAnEnvironment(t *testing.T) {
	var environ []string
	for line := range strings.Lines(config.DotEnv()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			environ = append(environ, line)
		}
	}
	_, warnings, err := config.LoadIngress(environ)
	if len(warnings) > 0 {
		t.Errorf("ingress warns about the example: %v", warnings)
	}
	want := []string{
		"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET",
		"REDIS_URL", "WORKER_URL",
	}
	if diff := cmp.Diff(want, blamed(t, err)); diff != "" {
		t.Errorf("ingress lacks (-want +got):\n%s", diff)
	}
	_, _, err = config.LoadWorker(environ)
	want = []string{
		"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_ACCESS_TOKEN", "OPENAI_API_KEY",
		"REDIS_URL", "WORKER_URL", "TASKS_INVOKER_EMAIL",
	}
	if diff := cmp.Diff(want, blamed(t, err)); diff != "" {
		t.Errorf("worker lacks (-want +got):\n%s", diff)
	}
}
