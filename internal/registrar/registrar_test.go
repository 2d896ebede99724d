package registrar_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/registrar"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	token  = "EAAG-canary-token"
	secret = "canary-app-secret"
	verify = "canary-verify-token"
	app    = whatsapptest.DefaultAppID
	// patience bounds every wait of a test.
	patience = 30 * time.Second
)

// meta is a Graph API and an ingress that it can challenge.
type meta struct {
	t        *testing.T
	graph    *whatsapptest.Server
	callback string
}

func newMeta(t *testing.T, a whatsapptest.Administration) *meta {
	t.Helper()
	m := &meta{t: t, graph: whatsapptest.NewServer(whatsapptest.Options{Token: token, AppSecret: []byte(secret), Administration: a})}
	t.Cleanup(m.graph.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.callback = "http://" + listener.Addr().String() + "/webhook/whatsapp"
	ctx, cancel := context.WithCancel(context.Background())
	log := &diary{ready: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- ingressd.Run(ctx, ingressd.Options{Environ: m.environ(), Stdout: log, Listener: listener})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the ingress ended with %v", err)
		}
	})
	select {
	case <-log.ready:
	case <-time.After(patience):
		t.Fatal("the ingress did not become ready")
	}
	return m
}

// diary waits for the ingress to say that it is ready.
type diary struct {
	ready chan struct{}
	once  sync.Once
}

func (d *diary) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("app_ready")) {
		d.once.Do(func() { close(d.ready) })
	}
	return io.Discard.Write(p)
}

func (m *meta) environ(changes ...string) []string {
	return append([]string{
		"WHATSAPP_PHONE_NUMBER_ID=" + whatsapptest.DefaultPhoneNumberID, "WHATSAPP_BUSINESS_ACCOUNT_ID=" + whatsapptest.DefaultAccountID,
		"WHATSAPP_VERIFY_TOKEN=" + verify, "WHATSAPP_APP_SECRET=" + secret, "WHATSAPP_ACCESS_TOKEN=" + token, "WHATSAPP_API_BASE_URL=" + m.graph.URL,
		"WORKER_URL=http://127.0.0.1:1", "SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory", "LEDGER_BACKEND=memory",
		"TASKS_AUTH=none", "OPENAI_ENABLED=false", "CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:1",
	}, changes...)
}

func (m *meta) subscribe(o registrar.Options) registrar.Outcome {
	m.t.Helper()
	if o.Environ == nil {
		o.Environ = m.environ()
	}
	out, err := registrar.Subscribe(m.t.Context(), o)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

func (m *meta) registered() registrar.Registration {
	fields := slices.Sorted(slices.Values(registrar.Fields()))
	return registrar.Registration{Callback: m.callback, Active: true, Fields: fields, Subscribed: true}
}

func TestFromNothingToEverything(t *testing.T) {
	m := newMeta(t, whatsapptest.Administration{})
	nothing := registrar.Registration{Fields: []string{}}

	// First only what would be done.
	dry := m.subscribe(registrar.Options{Callback: m.callback, DryRun: true})
	if len(dry.Deeds) != 2 || !dry.DryRun || !cmp.Equal(dry.Before, nothing) || !cmp.Equal(dry.After, nothing) {
		t.Errorf("a dry run: %+v", dry)
	}
	if a := m.graph.Administration(); a.Subscription != nil || len(a.Subscribers) != 0 {
		t.Fatalf("a dry run has registered %+v", a)
	}

	out := m.subscribe(registrar.Options{Callback: m.callback})
	if diff := cmp.Diff(registrar.Outcome{App: app, Deeds: dry.Deeds, Before: nothing, After: m.registered()}, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Again, with the callback and without: there is nothing to do.
	for _, callback := range []string{m.callback, ""} {
		again := m.subscribe(registrar.Options{Callback: callback})
		if diff := cmp.Diff(registrar.Outcome{App: app, Deeds: []string{}, Before: m.registered(), After: m.registered()}, again); diff != "" {
			t.Errorf("again (-want +got):\n%s", diff)
		}
	}
}

// What somebody else has subscribed to stays, and only what is missing is done.
func TestWhatIsThereStays(t *testing.T) {
	m := newMeta(t, whatsapptest.Administration{})
	m.graph.Administer(whatsapptest.Administration{
		Subscription: &whatsapp.Subscription{Callback: m.callback, Active: true, Fields: []string{"flows", "messages"}},
		Subscribers:  []whatsapp.Subscriber{{AppID: "77"}, {AppID: app}},
	})
	out := m.subscribe(registrar.Options{})
	if len(out.Deeds) != 1 || !slices.Contains(out.After.Fields, "flows") || !slices.Contains(out.After.Fields, "security") {
		t.Errorf("%q and then %q", out.Deeds, out.After.Fields)
	}
	if apps := m.graph.Administration().Subscribers; len(apps) != 2 {
		t.Errorf("subscribers: %v", apps)
	}
}

func TestAnAccountsOwnCallback(t *testing.T) {
	m := newMeta(t, whatsapptest.Administration{})
	m.graph.Administer(whatsapptest.Healthy("https://elsewhere.example/webhook/whatsapp", registrar.Fields()...))
	out := m.subscribe(registrar.Options{Callback: m.callback, Override: true})
	if len(out.Deeds) != 1 || out.After.Override != m.callback || out.After.Callback != out.Before.Callback {
		t.Errorf("%+v", out)
	}
	if again := m.subscribe(registrar.Options{Callback: m.callback, Override: true}); len(again.Deeds) != 0 {
		t.Errorf("again: %q", again.Deeds)
	}
	// Without it the account follows the app again.
	if back := m.subscribe(registrar.Options{Callback: m.callback}); back.After.Override != "" || back.After.Callback != m.callback || len(back.Deeds) != 2 {
		t.Errorf("back: %+v", back)
	}
}

func TestRefusals(t *testing.T) {
	m := newMeta(t, whatsapptest.Administration{})
	expired := newMeta(t, whatsapptest.Administration{TokenLife: -time.Hour})
	for _, c := range []struct {
		name string
		o    registrar.Options
		code int
		says string
	}{
		{"no environment", registrar.Options{Environ: []string{"ENVIRONMENT=staging"}}, 2, "WHATSAPP_VERIFY_TOKEN"},
		{"no callback anywhere", registrar.Options{Environ: m.environ()}, 2, "give --callback"},
		{"an override of nothing", registrar.Options{Environ: m.environ(), Override: true}, 2, "--override needs --callback"},
		{"no address", registrar.Options{Environ: m.environ(), Callback: "ingress"}, 2, "no https address"},
		{"an address with a token", registrar.Options{Environ: m.environ(), Callback: m.callback + "?token=canary-query"}, 2, "no https address"},
		{"another path", registrar.Options{Environ: m.environ(), Callback: strings.TrimSuffix(m.callback, "/whatsapp")}, 2, "/webhook/whatsapp"},
		{"an ingress with another verify token", registrar.Options{Environ: m.environ("WHATSAPP_VERIFY_TOKEN=canary-another"), Callback: m.callback}, 1, "WHATSAPP_VERIFY_TOKEN"},
		{"nobody there", registrar.Options{Environ: m.environ(), Callback: "http://127.0.0.1:1/webhook/whatsapp"}, 1, "Meta's challenge was not answered"},
		{"an override that nobody answers", registrar.Options{Environ: m.environ(), Callback: "http://127.0.0.1:1/webhook/whatsapp", Override: true}, 1, "Meta's challenge was not answered"},
		{"another app's secret", registrar.Options{Environ: m.environ("WHATSAPP_APP_SECRET=canary-another"), Callback: m.callback}, 1, "of different apps"},
		{"an expired token", registrar.Options{Environ: expired.environ(), Callback: m.callback}, 1, "atende doctor"},
		{"another account", registrar.Options{Environ: m.environ("WHATSAPP_BUSINESS_ACCOUNT_ID=1"), Callback: m.callback}, 1, "WHATSAPP_BUSINESS_ACCOUNT_ID"},
	} {
		_, err := registrar.Subscribe(t.Context(), c.o)
		var printed bytes.Buffer
		if code := program.Exit(err, &printed); code != c.code || !strings.Contains(printed.String(), c.says) {
			t.Errorf("%s: %d and %q", c.name, code, printed.String())
		}
		if strings.Contains(printed.String(), "canary") {
			t.Errorf("%s: the error shows a secret: %s", c.name, printed.String())
		}
	}
	if a := m.graph.Administration(); a.Subscription != nil || len(a.Subscribers) != 0 {
		t.Errorf("a refusal has registered %+v", a)
	}
}

// While a secret is rotated, the one that Meta knows is found among them.
func TestAnyOfTheSecretsWillDo(t *testing.T) {
	m := newMeta(t, whatsapptest.Administration{})
	out := m.subscribe(registrar.Options{Environ: m.environ("WHATSAPP_APP_SECRET=next," + secret), Callback: m.callback})
	if !out.After.Subscribed {
		t.Errorf("%+v", out)
	}
}
