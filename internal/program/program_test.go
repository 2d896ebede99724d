package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/internal/telemetry"
)

func TestExit(t *testing.T) {
	broken := errors.New("listen: address in use")
	for name, c := range map[string]struct {
		err  error
		want int
		text string
	}{
		"asked to stop":          {nil, 0, ""},
		"something broke":        {broken, 1, "listen: address in use\n"},
		"wrong configuration":    {program.Refuse(broken), 2, "listen: address in use\n"},
		"the same, wrapped":      {fmt.Errorf("start: %w", program.Refuse(broken)), 2, "start: listen: address in use\n"},
		"refusing what is right": {program.Refuse(nil), 0, ""},
	} {
		var stderr bytes.Buffer
		if code := program.Exit(c.err, &stderr); code != c.want || stderr.String() != c.text {
			t.Errorf("%s: code %d, %q", name, code, stderr.String())
		}
	}
	if !errors.Is(program.Refuse(broken), broken) {
		t.Error("a refusal hides its cause")
	}
}

func TestProbe(t *testing.T) {
	var probe program.Probe
	if probe.Ask(t.Context()) == nil {
		t.Error("a dependency that is not open answers")
	}
	ill := errors.New("ill")
	probe.Open(func(context.Context) error { return ill })
	if err := probe.Ask(t.Context()); !errors.Is(err, ill) {
		t.Errorf("asked: %v", err)
	}
	probe.Open(func(context.Context) error { return nil })
	if err := probe.Ask(t.Context()); err != nil {
		t.Errorf("well again: %v", err)
	}
}

const (
	hashKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
)

// common loads settings in which the named variables differ from a sound
// environment.
func common(t *testing.T, changes ...string) config.Common {
	t.Helper()
	loaded, _, err := config.LoadIngress(append([]string{
		"GCP_PROJECT=proj", "WHATSAPP_PHONE_NUMBER_ID=106540352242922", "WHATSAPP_BUSINESS_ACCOUNT_ID=102290129340398",
		"WHATSAPP_VERIFY_TOKEN=v", "WHATSAPP_APP_SECRET=s", "WORKER_URL=http://127.0.0.1:1",
		"REDIS_URL=redis://127.0.0.1:6379/0", "CONTACT_HASH_KEY=" + hashKey, "DATA_KEY=" + dataKey,
	}, changes...))
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Common
}

// resource is the full name behind a reference.
func resource(name string) string { return "projects/proj/secrets/" + name + "-development" }

func TestResolve(t *testing.T) {
	manager, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	manager.AddVersion(resource("hash"), []byte(hashKey+"\n"))
	manager.AddVersion(resource("data"), []byte(dataKey+","+hashKey))
	manager.AddVersion(resource("redis"), []byte("rediss://:senha@redis.example:6379"))
	manager.AddVersion(resource("short"), []byte("abc"))
	manager.AddVersion(resource("prose"), []byte("not a redis URL"))
	resolver := secrets.New(secrets.Options{Client: manager.ClientOptions()})
	t.Cleanup(func() { _ = resolver.Close() })

	values, err := program.Resolve(t.Context(), resolver, common(t), time.Minute)
	if err != nil {
		t.Fatalf("literals: %v", err)
	}
	same, err := program.Resolve(t.Context(), resolver, common(t, "CONTACT_HASH_KEY=secret:hash", "DATA_KEY=secret:data", "REDIS_URL=secret:redis"), time.Minute)
	if err != nil {
		t.Fatalf("references: %v", err)
	}
	if same.HashKey.Fingerprint() != values.HashKey.Fingerprint() || same.RedisURL.Reveal() != "rediss://:senha@redis.example:6379" {
		t.Error("references and literals differ")
	}
	if plain, err := same.Ring.Open(values.Ring.Seal([]byte("x"), "p"), "p"); err != nil || string(plain) != "x" {
		t.Errorf("the ring does not hold the first key: %v", err)
	}

	for name, c := range map[string]struct {
		changes []string
		names   string
	}{
		"not there":          {[]string{"CONTACT_HASH_KEY=secret:lost"}, resource("lost")},
		"two not there":      {[]string{"DATA_KEY=secret:lost", "REDIS_URL=secret:gone"}, resource("gone")},
		"one of a list":      {[]string{"WHATSAPP_APP_SECRET=s,secret:lost"}, resource("lost")},
		"a key of three":     {[]string{"CONTACT_HASH_KEY=secret:short"}, "CONTACT_HASH_KEY"},
		"a ring of three":    {[]string{"DATA_KEY=secret:short"}, "DATA_KEY"},
		"an address of none": {[]string{"REDIS_URL=secret:prose"}, "REDIS_URL"},
	} {
		_, err := program.Resolve(t.Context(), resolver, common(t, c.changes...), 300*time.Millisecond)
		var stderr bytes.Buffer
		if code := program.Exit(err, &stderr); code != 2 || !strings.Contains(stderr.String(), c.names) {
			t.Errorf("%s: code %d, %s", name, code, stderr.String())
		}
		if strings.Contains(stderr.String(), "prose") && name != "an address of none" || strings.Contains(stderr.String(), "not a redis URL") {
			t.Errorf("%s: the text holds a value: %s", name, stderr.String())
		}
	}
}

// A Secret Manager that is ill is no fault of the settings.
func TestResolveWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		manager := secretstest.StartInMemory()
		defer manager.Close()
		resolver := secrets.New(secrets.Options{Client: manager.ClientOptions()})
		defer func() { _ = resolver.Close() }()
		settings := common(t, "CONTACT_HASH_KEY=secret:hash")

		manager.AddVersion(resource("hash"), []byte(hashKey))
		manager.Hold()
		began := time.Now()
		_, err := program.Resolve(t.Context(), resolver, settings, 30*time.Second)
		if code := program.Exit(err, new(bytes.Buffer)); code != 1 {
			t.Errorf("code %d for %v, want 1", code, err)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("gave up after %s", took)
		}
		manager.Release()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = program.Resolve(ctx, resolver, common(t, "CONTACT_HASH_KEY=secret:lost"), 30*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("asked to stop while waiting: %v", err)
		}
	})
}

// A secret may arrive moments after the program.
func TestResolveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		manager := secretstest.StartInMemory()
		defer manager.Close()
		resolver := secrets.New(secrets.Options{Client: manager.ClientOptions()})
		defer func() { _ = resolver.Close() }()
		late := time.AfterFunc(10*time.Second, func() { manager.AddVersion(resource("hash"), []byte(hashKey)) })
		defer late.Stop()
		if _, err := program.Resolve(t.Context(), resolver, common(t, "CONTACT_HASH_KEY=secret:hash"), 30*time.Second); err != nil {
			t.Errorf("ten seconds late: %v", err)
		}
	})
}

// journal gathers log lines and tells who waits for one.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	waits map[string]chan struct{}
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for word, seen := range j.waits {
		if bytes.Contains(line, []byte(word)) {
			close(seen)
			delete(j.waits, word)
		}
	}
	return j.text.Write(line)
}

// saw is closed once a line with that word is written; ask before it is.
func (j *journal) saw(word string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.waits == nil {
		j.waits = map[string]chan struct{}{}
	}
	seen := make(chan struct{})
	j.waits[word] = seen
	return seen
}

// events are the names of all events and their severities.
func (j *journal) events(t *testing.T) (names []string, severities map[string]string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	severities = map[string]string{}
	for line := range strings.Lines(j.text.String()) {
		var event struct{ Message, Severity string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		names = append(names, event.Message)
		severities[event.Message] = event.Severity
	}
	return names, severities
}

// life is one run of a service that has nothing to do.
type life struct {
	logs    *journal
	tel     *telemetry.Telemetry
	options program.Options
	closed  bool
}

func newLife(t *testing.T, prepare func(context.Context) error) *life {
	t.Helper()
	l := &life{logs: &journal{}}
	var err error
	l.tel, err = telemetry.New(t.Context(), telemetry.Options{Service: "atende-test", Level: "debug", Writer: l.logs})
	if err != nil {
		t.Fatal(err)
	}
	l.options = program.Options{
		Common: common(t, "PORT=0"), Warnings: []config.Warning{{Variable: "WHATSAPP_TOKN", Text: "is not known"}},
		Telemetry: l.tel, Prepare: prepare, Close: func() { l.closed = true },
		Server: httpserver.New(httpserver.Options{Service: "atende-test", Enter: l.tel.Enter, Report: program.Report(l.tel)}),
	}
	return l
}

func TestRun(t *testing.T) {
	l := newLife(t, func(context.Context) error { return nil })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := l.logs.saw("app_ready")
	done := make(chan error, 1)
	go func() { done <- program.Run(ctx, l.options) }()
	<-ready
	stop()
	if err := <-done; err != nil {
		t.Errorf("asked to stop: %v", err)
	}
	names, severities := l.logs.events(t)
	want := []string{"app_starting", "config_warning", "app_listening", "app_ready", "app_shutting_down", "app_stopped"}
	if !slices.Equal(names, want) || !l.closed {
		t.Errorf("closed %t, events %v, want %v", l.closed, names, want)
	}
	if severities["config_warning"] != "WARNING" {
		t.Error("a warning is none")
	}
	if !strings.Contains(l.logs.text.String(), "WHATSAPP_TOKN") {
		t.Error("the warning does not name its variable")
	}
}

// Stopped before it was ready, a service never claims that it was.
func TestStoppedWhilePreparing(t *testing.T) {
	preparing := make(chan struct{})
	l := newLife(t, func(ctx context.Context) error {
		close(preparing)
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- program.Run(ctx, l.options) }()
	<-preparing
	stop()
	if err := <-done; err != nil {
		t.Errorf("asked to stop: %v", err)
	}
	if names, _ := l.logs.events(t); slices.Contains(names, "app_ready") || !l.closed {
		t.Errorf("closed %t, events %v", l.closed, names)
	}
}

func TestPreparingFails(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"wrong settings": {program.Refuse(errors.New("SECRET: is not there")), 2},
		"bad luck":       {errors.New("open: no disk"), 1},
	} {
		l := newLife(t, func(context.Context) error { return c.err })
		err := program.Run(t.Context(), l.options)
		if code := program.Exit(err, new(bytes.Buffer)); code != c.want || !errors.Is(err, c.err) || !l.closed {
			t.Errorf("%s: code %d, closed %t, %v", name, code, l.closed, err)
		}
		if names, _ := l.logs.events(t); slices.Contains(names, "app_ready") || !slices.Contains(names, "app_stopped") {
			t.Errorf("%s: events %v", name, names)
		}
	}
}

func TestPortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	l := newLife(t, func(context.Context) error {
		t.Error("prepared without listening")
		return nil
	})
	l.options.Common.Port = listener.Addr().(*net.TCPAddr).Port
	if code := program.Exit(program.Run(t.Context(), l.options), new(bytes.Buffer)); code != 1 {
		t.Errorf("code %d, want 1", code)
	}
}

// pipe is a listener without a socket that breaks on command.
type pipe struct{ broken chan struct{} }

func (p pipe) Accept() (net.Conn, error) {
	<-p.broken
	return nil, errors.New("no more")
}
func (p pipe) Close() error   { return nil }
func (p pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestListenerBreaks(t *testing.T) {
	l := newLife(t, func(context.Context) error { return nil })
	broken := pipe{make(chan struct{})}
	l.options.Listener = broken
	ready := l.logs.saw("app_ready")
	done := make(chan error, 1)
	go func() { done <- program.Run(t.Context(), l.options) }()
	<-ready
	close(broken.broken)
	if err := <-done; err == nil || program.Exit(err, new(bytes.Buffer)) != 1 || !l.closed {
		t.Errorf("closed %t, %v", l.closed, err)
	}
}

// One event per request, as loud as it deserves.
func TestReport(t *testing.T) {
	l := newLife(t, nil)
	report := program.Report(l.tel)
	for name, c := range map[string]struct {
		request  httpserver.RequestEvent
		severity string
		event    string
	}{
		"a probe":             {httpserver.RequestEvent{Route: "/health", Status: 200}, "DEBUG", "request_served"},
		"a probe, not ready":  {httpserver.RequestEvent{Route: "/ready", Status: 503}, "WARNING", "request_served"},
		"served":              {httpserver.RequestEvent{Route: "/x", Status: 200}, "INFO", "request_served"},
		"refused":             {httpserver.RequestEvent{Route: "/x", Status: 403}, "WARNING", "request_served"},
		"not now":             {httpserver.RequestEvent{Route: "/x", Status: 503}, "WARNING", "request_served"},
		"our fault":           {httpserver.RequestEvent{Route: "/x", Status: 500, Err: errors.New("no index for 5511900001111")}, "ERROR", "request_served"},
		"out of our own time": {httpserver.RequestEvent{Route: "/x", Status: 504}, "ERROR", "request_served"},
		"a panic":             {httpserver.RequestEvent{Route: "/x", Status: 500, Panic: "string", Stack: "main.f:7"}, "CRITICAL", "request_panicked"},
	} {
		ctx, _ := l.tel.Enter(t.Context(), http.Header{})
		l.logs.text.Reset()
		c.request.Method, c.request.Latency, c.request.BytesIn, c.request.BytesOut = "POST", 1500*time.Microsecond, 10, 20
		report(ctx, c.request)
		var event map[string]any
		if err := json.Unmarshal(l.logs.text.Bytes(), &event); err != nil {
			t.Fatalf("%s: not one event: %s", name, l.logs.text.String())
		}
		if event["severity"] != c.severity || event["message"] != c.event {
			t.Errorf("%s: %v of %v, want %s of %s", name, event["message"], event["severity"], c.event, c.severity)
		}
		if event["method"] != "POST" || event["route"] != c.request.Route || event["status"] != float64(c.request.Status) ||
			event["latency_ms"] != 1.5 || event["bytes_in"] != 10.0 || event["bytes_out"] != 20.0 {
			t.Errorf("%s: event %v", name, event)
		}
		if (event["error"] != nil) != (c.request.Err != nil) || (event["panic_type"] != nil) != (c.request.Panic != "") {
			t.Errorf("%s: event %v", name, event)
		}
		if strings.Contains(fmt.Sprint(event), "5511900001111") {
			t.Errorf("%s: the event shows a phone number", name)
		}
	}
}

func TestGate(t *testing.T) {
	var gate program.Gate
	if gate.Ready() {
		t.Error("open from the start")
	}
	gate.Open()
	gate.Open()
	if !gate.Ready() {
		t.Error("closed after it was opened")
	}
}
