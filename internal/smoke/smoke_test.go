package smoke_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/simulator"
	"github.com/pyloto/atende/internal/simulator/simulatortest"
	"github.com/pyloto/atende/internal/smoke"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	lead = "5511988887777"
	// patience bounds what is waited for something that comes.
	patience = 30 * time.Second
	pause    = 20 * time.Millisecond
)

// street starts a street and says how it is tried.
func street(t *testing.T, environ ...string) (*simulatortest.Street, smoke.Options) {
	t.Helper()
	s := simulatortest.Start(t, environ...)
	page, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	found, err := smoke.FindStreet(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	return s, smoke.Options{
		Ingress: found.Ingress, AppSecret: simulator.AppSecret, VerifyToken: simulator.VerifyToken,
		Number: whatsapptest.DefaultPhoneNumberID, Contact: lead, Log: found, Patience: patience, Pause: pause,
		WithoutRedis: found.WithoutRedis,
	}
}

// passed are the names of the checks, in order; the test fails for one that did not
// pass.
func passed(t *testing.T, findings []smoke.Finding) (names []string) {
	t.Helper()
	for _, f := range findings {
		names = append(names, f.Check)
		if !f.OK {
			t.Errorf("%s failed: %s", f.Check, f.Saw)
		}
		private(t, f)
	}
	if !smoke.Passed(findings) {
		t.Error("all checks together did not pass")
	}
	return names
}

// private holds a finding to showing nothing that is secret or anybody's.
func private(t *testing.T, f smoke.Finding) {
	t.Helper()
	for _, secret := range []string{simulator.AppSecret, simulator.VerifyToken, lead, whatsapptest.DefaultPhoneNumberID} {
		if strings.Contains(f.Saw, secret) {
			t.Errorf("%s shows %q: %s", f.Check, secret, f.Saw)
		}
	}
}

// finding is the one of a check, which must have failed.
func failing(t *testing.T, findings []smoke.Finding, check string) string {
	t.Helper()
	i := slices.IndexFunc(findings, func(f smoke.Finding) bool { return f.Check == check })
	if i < 0 || findings[i].OK || smoke.Passed(findings) {
		t.Fatalf("%s did not fail: %+v", check, findings)
	}
	private(t, findings[i])
	return findings[i].Saw
}

func TestChecklistOfAStreet(t *testing.T) {
	s, o := street(t)
	names := passed(t, smoke.Checklist(t.Context(), o))
	want := []string{"health", "challenge", "webhook", "answer", "logs", "sessions", "duplicates"}
	if !slices.Equal(names, want) {
		t.Errorf("checked %v instead of %v", names, want)
	}
	// What the log says is what Meta has.
	if n := sent(t, s); n != 1 {
		t.Errorf("the contact got %d answers", n)
	}
}

func TestQuietTrialAnswersNobody(t *testing.T) {
	s, o := street(t)
	o.Contact = ""
	names := passed(t, smoke.Quiet(t.Context(), o))
	if want := []string{"health", "challenge", "webhook", "queue", "logs"}; !slices.Equal(names, want) {
		t.Errorf("checked %v instead of %v", names, want)
	}
	if n := sent(t, s); n != 0 {
		t.Errorf("%d answers were sent", n)
	}
}

// sent is how many answers the contact got.
func sent(t *testing.T, s *simulatortest.Street) (n int) {
	t.Helper()
	response, err := http.Get(s.URL + "/api/conversations/" + lead)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var talk struct{ Messages []struct{ Direction string } }
	if response.StatusCode == http.StatusNotFound {
		return 0
	}
	if err := json.NewDecoder(response.Body).Decode(&talk); err != nil {
		t.Fatal(err)
	}
	for _, m := range talk.Messages {
		if m.Direction == "out" {
			n++
		}
	}
	return n
}

func TestStreetIsFoundByItsIngressToo(t *testing.T) {
	// The ports of a street follow each other, so what answers one above the page is
	// its ingress; a page is stood in for, because free ports need not.
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"parts":[{"name":"ingress","what":"127.0.0.1:9"}]}`)
	}))
	t.Cleanup(page.Close)
	at, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := 0
	if _, err := fmt.Sscan(at.Port(), &port); err != nil {
		t.Fatal(err)
	}
	found, err := smoke.FindStreet(t.Context(), &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port+1)})
	if err != nil || found.Ingress.Host != "127.0.0.1:9" {
		t.Errorf("found %v and %v", found, err)
	}
}

func TestNoStreet(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	at, err := url.Parse(elsewhere.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := smoke.FindStreet(t.Context(), at); err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("found a street where there is none: %v", err)
	}
}

func TestWhatFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		environ []string
		fault   string
		options func(*smoke.Options)
		check   string
		says    string
	}{
		{name: "another app's secret", options: func(o *smoke.Options) { o.AppSecret = "another" }, check: "webhook", says: "app secret"},
		{name: "another verify token", options: func(o *smoke.Options) { o.VerifyToken = "another" }, check: "challenge", says: "verify token"},
		{name: "another number", options: func(o *smoke.Options) { o.Number = "1" }, check: "webhook", says: "Ignored:1"},
		{name: "no Redis", environ: []string{"SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory"}, check: "sessions", says: "there is no Redis"},
		{name: "Redis is ill", fault: `{"point":"redis","kind":"fail_before","times":-1}`, check: "sessions", says: "Redis"},
		{name: "Meta refuses", fault: `{"point":"graph","kind":"status","status":400,"code":131026}`, check: "answer", says: "FAILED"},
		{name: "the worker never gets it", fault: `{"point":"tasks","kind":"fail_before","times":50}`,
			options: func(o *smoke.Options) { o.Patience = time.Second }, check: "webhook", says: "503"},
		{name: "nothing answers", options: func(o *smoke.Options) {
			o.Ingress, o.Patience = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, 100*time.Millisecond
		},
			check: "health", says: "nothing answers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := street(t, c.environ...)
			if c.fault != "" {
				if status := s.Call(http.MethodPost, "/api/faults", c.fault, nil); status != http.StatusOK {
					t.Fatalf("a fault was answered %d", status)
				}
			}
			if c.options != nil {
				c.options(&o)
			}
			if saw := failing(t, smoke.Checklist(t.Context(), o), c.check); !strings.Contains(saw, c.says) {
				t.Errorf("%s says %q instead of %q", c.check, saw, c.says)
			}
		})
	}
}

// cloudLogging stands in for Cloud Logging over a street's log: it takes out of a
// line what Cloud Logging does, and knows which revision of which service printed it.
func cloudLogging(t *testing.T, page string) []option.ClientOption {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var query struct {
			ResourceNames []string
			Filter        string
		}
		if r.URL.Path != "/v2/entries:list" || json.NewDecoder(r.Body).Decode(&query) != nil ||
			!slices.Equal(query.ResourceNames, []string{"projects/a-project"}) ||
			!strings.Contains(query.Filter, `resource.type="cloud_run_revision"`) {
			http.Error(w, "no such query", http.StatusBadRequest)
			return
		}
		_, wanted, _ := strings.Cut(query.Filter, `jsonPayload.correlation_id="`)
		wanted, _, _ = strings.Cut(wanted, `"`)
		response, err := http.Get(page + "/api/logs")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer func() { _ = response.Body.Close() }()
		log, err := io.ReadAll(response.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		entries := []any{}
		for line := range bytes.Lines(log) {
			var payload map[string]any
			if json.Unmarshal(line, &payload) != nil || payload["correlation_id"] != wanted {
				continue
			}
			service, _ := payload["serviceContext"].(map[string]any)["service"].(string)
			entry := map[string]any{
				"severity": payload["severity"], "jsonPayload": payload,
				"resource": map[string]any{"type": "cloud_run_revision", "labels": map[string]string{
					"service_name": service, "revision_name": service + "-00002-new",
				}},
			}
			delete(payload, "severity")
			delete(payload, "time")
			entries = append(entries, entry)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"entries": entries})
	}))
	t.Cleanup(server.Close)
	return []option.ClientOption{option.WithEndpoint(server.URL + "/"), option.WithoutAuthentication()}
}

// An address that was made just now may lead nowhere for a while.
func TestIngressIsWaitedFor(t *testing.T) {
	_, o := street(t)
	var early atomic.Int32
	real := httputil.NewSingleHostReverseProxy(o.Ingress)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if early.Add(1) <= 3 {
			http.NotFound(w, r)
			return
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(door.Close)
	at, err := url.Parse(door.URL)
	if err != nil {
		t.Fatal(err)
	}
	o.Ingress = at
	passed(t, smoke.Quiet(t.Context(), o))
}

func TestCloudLogShowsWhoDidTheWork(t *testing.T) {
	s, o := street(t)
	log, err := smoke.NewCloudLog(t.Context(), "a-project", time.Now().Add(-time.Hour), cloudLogging(t, s.URL)...)
	if err != nil {
		t.Fatal(err)
	}
	o.Log, o.Revision = log, "atende-worker-00002-new"
	for name, try := range map[string]func() []smoke.Finding{
		"checklist": func() []smoke.Finding { return smoke.Checklist(t.Context(), o) },
		"quiet":     func() []smoke.Finding { return smoke.Quiet(t.Context(), o) },
	} {
		findings := try()
		passed(t, findings)
		if !slices.ContainsFunc(findings, func(f smoke.Finding) bool { return strings.Contains(f.Saw, o.Revision) }) {
			t.Errorf("%s names no revision: %+v", name, findings)
		}
	}
	o.Revision = "atende-worker-00001-old"
	for check, findings := range map[string][]smoke.Finding{
		"answer": smoke.Checklist(t.Context(), o),
		"queue":  smoke.Quiet(t.Context(), o),
	} {
		if saw := failing(t, findings, check); !strings.Contains(saw, "instead of atende-worker-00001-old") {
			t.Errorf("%s says %q", check, saw)
		}
	}
}

func TestLogThatCannotBeRead(t *testing.T) {
	_, o := street(t)
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"code":403,"message":"denied"}}`, http.StatusForbidden)
	}))
	t.Cleanup(denied.Close)
	log, err := smoke.NewCloudLog(t.Context(), "a-project", time.Now(), option.WithEndpoint(denied.URL+"/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	o.Log = log
	if saw := failing(t, smoke.Checklist(t.Context(), o), "answer"); !strings.Contains(saw, "403") {
		t.Errorf("it says %q", saw)
	}
}

// A rotation names several secrets; the newest signs.
func TestFirstOfSeveralSecretsSigns(t *testing.T) {
	_, o := street(t, "WHATSAPP_APP_SECRET=the-newest-of-them,the-older-one-of-them")
	for _, list := range []pii.Secret{"the-newest-of-them,the-older-one-of-them", "the-older-one-of-them"} {
		o.AppSecret = list
		passed(t, smoke.Quiet(t.Context(), o))
	}
}
