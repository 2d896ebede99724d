package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/registrar"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// awaitReady waits until a street's services take work: on a slow machine it prints
// its address before.
func awaitReady(t *testing.T, env []string) {
	t.Helper()
	overdue := time.After(patience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		stdout, _, code := atende(t, env, "doctor")
		if code == exitDone || !strings.Contains(stdout, "not ready to take") {
			return
		}
		select {
		case <-again.C:
		case <-overdue:
			t.Fatal("the street did not become ready")
		}
	}
}

// A healthy street is green, in words and as a document.
func TestDoctorFindsTheStreetHealthy(t *testing.T) {
	base, env := newTestStreet(t)
	awaitReady(t, env)
	printed := done(t, env, "doctor")
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	if len(lines) != 17 || lines[16] != "the street at "+base+" (development): ok: 16, warnings: 0, failed: 0, skipped: 0" {
		t.Errorf("it printed\n%s", printed)
	}
	for _, line := range lines[:16] {
		if !strings.HasPrefix(line, "ok ") {
			t.Errorf("not green: %s", line)
		}
	}
	var report doctor.Report
	if err := json.Unmarshal([]byte(done(t, env, "doctor --json")), &report); err != nil {
		t.Fatal(err)
	}
	if !report.OK || report.Environment != "development" || len(report.Checks) != 16 || report.At.IsZero() {
		t.Errorf("the document: %+v", report)
	}
	for _, f := range report.Checks {
		if f.Status != doctor.OK || f.Found == "" || len(f.Fix) > 0 {
			t.Errorf("%+v", f)
		}
	}
	if printed := done(t, env, "doctor --write"); !strings.Contains(printed, "ok  delivery ") || !strings.Contains(printed, "ok: 17, ") {
		t.Errorf("with a task delivered it printed\n%s", printed)
	}
	// After a skip in time the street's clocks still agree.
	ask(t, http.MethodPost, base+"/api/clock", `{"advance":"24h"}`)
	done(t, env, "doctor")
}

// What was broken in the street is named, with something to type, and the exit
// code says so.
func TestDoctorFindsTheStreetIll(t *testing.T) {
	base, env := newTestStreet(t)
	awaitReady(t, env)
	ask(t, http.MethodPost, base+"/api/faults", `{"point":"redis","kind":"fail_before","times":-1}`)
	ask(t, http.MethodPost, base+"/api/faults", `{"point":"model","kind":"status","status":401,"times":-1}`)
	stdout, stderr, code := atende(t, env, "doctor")
	if code != exitWrong || stderr != "" {
		t.Errorf("it ended with %d and %q", code, stderr)
	}
	for _, want := range []string{"FAILED   redis", "→ look whether the server runs", "FAILED   model", "→ gcloud secrets versions add openai-api-key", "failed: 2, skipped: 1"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
}

// What names an environment of services is examined itself; what a street takes too
// is not one.
func TestDoctorKnowsWhatToExamine(t *testing.T) {
	base, env := newTestStreet(t)
	awaitReady(t, env)
	for name, c := range map[string]struct {
		environ []string
		street  bool
	}{
		"a street":                       {env, true},
		"what is set for a street":       {append([]string{"ENVIRONMENT=development", "OPENAI_MODEL=m", "FIRESTORE_EMULATOR_HOST=h:1"}, env...), true},
		"a street, whatever else is set": {append([]string{"GCP_PROJECT=p"}, env...), true},
		"a project":                      {[]string{"GCP_PROJECT=p"}, false},
		"production":                     {[]string{"ENVIRONMENT=production"}, false},
		"a token":                        {[]string{"WHATSAPP_ACCESS_TOKEN=t"}, false},
	} {
		stdout, _, code := atende(t, c.environ, "doctor")
		if street := strings.Contains(stdout, base); street != c.street || (code == exitDone) != c.street {
			t.Errorf("%s: ended with %d and\n%s", name, code, stdout)
		}
		if !c.street && !strings.Contains(stdout, "FAILED   environment") {
			t.Errorf("%s:\n%s", name, stdout)
		}
	}
	refused(t, []string{"ATENDE_URL=http://127.0.0.1:1"}, "doctor", "nothing answers at http://127.0.0.1:1")
	if _, stderr, code := atende(t, []string{"ATENDE_URL=http://example.com"}, "doctor"); code != exitUsage || !strings.Contains(stderr, "ATENDE_URL") {
		t.Errorf("an address in the clear ended with %d and %q", code, stderr)
	}
}

func TestWebhookSubscribe(t *testing.T) {
	graph := whatsapptest.NewServer(whatsapptest.Options{Token: "canary-token", AppSecret: []byte("canary-secret")})
	t.Cleanup(graph.Close)
	callback := "http://127.0.0.1:1/webhook/whatsapp"
	healthy := whatsapptest.Healthy(callback, registrar.Fields()...)
	graph.Administer(healthy)
	environ := []string{
		"WHATSAPP_PHONE_NUMBER_ID=" + number, "WHATSAPP_BUSINESS_ACCOUNT_ID=" + whatsapptest.DefaultAccountID, "WHATSAPP_VERIFY_TOKEN=canary-verify",
		"WHATSAPP_APP_SECRET=canary-secret", "WHATSAPP_ACCESS_TOKEN=canary-token", "WHATSAPP_API_BASE_URL=" + graph.URL, "WORKER_URL=http://127.0.0.1:1",
		"SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory", "OPENAI_ENABLED=false", "TASKS_AUTH=none",
	}
	if printed := done(t, environ, "webhook subscribe"); !strings.Contains(printed, "nothing had to be changed") || strings.Contains(printed, "canary") {
		t.Errorf("all well: %s", printed)
	}

	healthy.Subscribers = nil
	graph.Administer(healthy)
	printed := done(t, environ, "webhook subscribe --dry-run")
	if !strings.Contains(printed, "would do: subscribe the app to the account") || len(graph.Administration().Subscribers) != 0 {
		t.Errorf("a dry run: %s", printed)
	}
	var outcome registrar.Outcome
	if err := json.Unmarshal([]byte(done(t, environ, "webhook subscribe --json")), &outcome); err != nil {
		t.Fatal(err)
	}
	if outcome.Before.Subscribed || !outcome.After.Subscribed || len(outcome.Deeds) != 1 || len(graph.Administration().Subscribers) != 1 {
		t.Errorf("%+v", outcome)
	}

	refused(t, environ, "webhook subscribe --callback http://127.0.0.1:2/webhook/whatsapp", "Meta's challenge was not answered")
	for _, line := range []string{"webhook subscribe --callback ftp://x", "webhook subscribe --override", "webhook subscribe --callback"} {
		if _, stderr, code := atende(t, environ, line); code != exitUsage || !strings.Contains(stderr, "--callback") {
			t.Errorf("%s ended with %d and %q", line, code, stderr)
		}
	}
	if _, stderr, code := atende(t, nil, "webhook subscribe"); code != exitUsage || !strings.Contains(stderr, "WHATSAPP_VERIFY_TOKEN") {
		t.Errorf("without an environment it ended with %d and %q", code, stderr)
	}
}
