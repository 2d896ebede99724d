package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

func TestSmokeOfAStreetNeedsToBeToldNothing(t *testing.T) {
	s := simulatortest.Start(t)
	for _, line := range []string{"smoke " + s.URL, "smoke --quiet " + s.URL} {
		stdout, stderr, code := atende(t, nil, line)
		if code != exitDone || stderr != "" || strings.Contains(stdout, "FAILED") {
			t.Errorf("atende %s ended with %d, %q and\n%s", line, code, stderr, stdout)
		}
		if strings.Contains(stdout, streetContact) {
			t.Errorf("atende %s shows who wrote:\n%s", line, stdout)
		}
	}
	stdout, _, code := atende(t, []string{"WHATSAPP_APP_SECRET=another"}, "smoke "+s.URL)
	if code != exitWrong || !strings.Contains(stdout, "FAILED") {
		t.Errorf("with another app secret it ended with %d and\n%s", code, stdout)
	}
}

func TestSmokeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, url string
		environ   []string
		says      string
	}{
		{"no address", "staging", nil, "URL"},
		{"a path", "https://ingress.example/health", nil, "URL"},
		{"in the clear", "http://ingress.example", nil, "https"},
		{"no project", "https://ingress.example", []string{"ENVIRONMENT=staging"}, "GCP_PROJECT"},
		{"development", "https://ingress.example", []string{"GCP_PROJECT=p", "ENVIRONMENT=development"}, "ENVIRONMENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := atende(t, c.environ, "smoke "+c.url)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.says) {
				t.Errorf("it ended with %d, %q and %q", code, stdout, stderr)
			}
		})
	}
}

// What the cloud must be told is in its Secret Manager, and goes nowhere else.
func TestSmokeOfTheCloudReadsItsSecrets(t *testing.T) {
	manager, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	for name, value := range map[string]string{
		"whatsapp-webhook-secret-staging":  "a-secret",
		"whatsapp-verify-token-staging":    "a-token",
		"whatsapp-phone-number-id-staging": "12345,67890",
		"smoke-contact-staging":            lead,
		"another-staging":                  "from-elsewhere",
	} {
		manager.AddVersion("projects/a-project/secrets/"+name, []byte(value))
	}
	at := &url.URL{Scheme: "https", Host: "ingress.example"}
	g := google{secretManager: manager.ClientOptions(), logging: manager.ClientOptions()}
	c := call{environ: []string{"GCP_PROJECT=a-project", "ENVIRONMENT=staging"}}
	o, err := tryCloud(t.Context(), c, at, g)
	if err != nil || o.AppSecret.Reveal() != "a-secret" || o.VerifyToken.Reveal() != "a-token" || o.Number != "12345" || o.Contact != lead {
		t.Errorf("it was told otherwise (%v)", err)
	}
	c.environ = append(c.environ, "WHATSAPP_VERIFY_TOKEN=secret:another", "WHATSAPP_APP_SECRET=said-here")
	if o, err = tryCloud(t.Context(), c, at, g); err != nil || o.AppSecret.Reveal() != "said-here" || o.VerifyToken.Reveal() != "from-elsewhere" {
		t.Errorf("the environment did not win (%v)", err)
	}

	// A trial that writes to nobody needs no contact; the other names what is missing.
	manager.Deny("projects/a-project/secrets/smoke-contact-staging")
	if _, err = tryCloud(t.Context(), c, at, g); err == nil || !strings.Contains(err.Error(), "SMOKE_CONTACT") {
		t.Errorf("without a contact it says %v", err)
	}
	c.flags = flags{flagQuiet: ""}
	if _, err = tryCloud(t.Context(), c, at, g); err != nil {
		t.Errorf("a quiet trial needs %v", err)
	}
}
