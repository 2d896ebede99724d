package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const played = `name: Figurinha %s
pack: pizzaria-exemplo
start: 2026-11-30T10:00
steps:
  - lead: {sticker: true}
    expect: {route: %s}
`

func TestScenarioRun(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("boa.yaml", strings.NewReplacer("%s\npack", "boa\npack", "route: %s", "route: media").Replace(played))
	junit := filepath.Join(t.TempDir(), "junit.xml")
	runs := func(args ...string) (int, string, string) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"scenario", "run", folder}, args...), nil, nil, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	if code, stdout, stderr := runs("--junit", junit); code != 0 || stderr != "" || !strings.Contains(stdout, "1 scenarios, 0 failed") {
		t.Errorf("ended with %d: %s%s", code, stdout, stderr)
	}
	if xml, err := os.ReadFile(junit); err != nil || !strings.Contains(string(xml), `<testcase name="Figurinha boa"`) {
		t.Errorf("JUnit: %v, %s", err, xml)
	}

	write("ma.yaml", strings.NewReplacer("%s\npack", "má\npack", "route: %s", "route: fixed").Replace(played))
	if code, stdout, _ := runs(); code != 1 || !strings.Contains(stdout, "ma.yaml:5: step 1: route: want fixed, got media") {
		t.Errorf("ended with %d: %s", code, stdout)
	}
	if code, stdout, _ := runs("--only", "BOA"); code != 0 || !strings.Contains(stdout, "1 scenarios, 0 failed") {
		t.Errorf("ended with %d: %s", code, stdout)
	}
	if code, _, stderr := runs("--only", "feia"); code != 1 || !strings.Contains(stderr, `no scenario has "feia"`) {
		t.Errorf("ended with %d: %s", code, stderr)
	}
	if code, _, stderr := runs("--only", "boa", "--junit", folder); code != 1 || !strings.Contains(stderr, "is a directory") {
		t.Errorf("ended with %d: %s", code, stderr)
	}

	write("torta.yaml", "name: x")
	if code, _, stderr := runs(); code != 1 || !strings.Contains(stderr, "torta.yaml:1: start is missing") {
		t.Errorf("ended with %d: %s", code, stderr)
	}
	// One file is read alone, whatever is beside it.
	folder = filepath.Join(folder, "boa.yaml")
	if code, stdout, stderr := runs(); code != 0 || !strings.Contains(stdout, "1 scenarios, 0 failed") {
		t.Errorf("ended with %d: %s%s", code, stdout, stderr)
	}
	folder = filepath.Join(filepath.Dir(folder), "nenhuma.yaml")
	if code, _, stderr := runs(); code != 1 || !strings.Contains(stderr, "nenhuma.yaml") {
		t.Errorf("ended with %d: %s", code, stderr)
	}
}
