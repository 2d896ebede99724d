package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pyloto/atende/internal/telemetry"
)

// lines is a writer that keeps what it is given, one line per Write.
type lines struct {
	mu   sync.Mutex
	kept [][]byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, bytes.Clone(p))
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.Join(l.kept, nil))
}

// objects decodes every line, refusing one that is not a single JSON object
// with distinct keys.
func (l *lines) objects(t *testing.T) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []map[string]any
	for _, line := range l.kept {
		if bytes.Count(line, []byte("\n")) != 1 || !bytes.HasSuffix(line, []byte("}\n")) {
			t.Fatalf("not one line: %q", line)
		}
		if key := repeated(t, line); key != "" {
			t.Errorf("key %q stands twice in %s", key, line)
		}
		var o map[string]any
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, o)
	}
	return all
}

func (l *lines) last(t *testing.T) map[string]any {
	t.Helper()
	all := l.objects(t)
	if len(all) == 0 {
		t.Fatal("nothing was printed")
	}
	return all[len(all)-1]
}

// repeated returns a top-level key that occurs twice.
func repeated(t *testing.T, line []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(line))
	seen := map[string]bool{}
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(tok)
		if seen[key] {
			return key
		}
		seen[key] = true
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

func open(t *testing.T, o telemetry.Options) (*telemetry.Telemetry, *lines) {
	t.Helper()
	out := &lines{}
	o.Writer = out
	tel, err := telemetry.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tel, out
}

func TestLine(t *testing.T) {
	tel, out := open(t, telemetry.Options{
		Service: "atende-worker", Version: "1.2.3", Environment: "staging", GCPProject: "proj",
		Now: func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 5, time.FixedZone("BRT", -3*3600)) },
	})
	ctx := tel.TakeUp(t.Context(), telemetry.StepInbound, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	ctx = telemetry.WithCorrelation(ctx, "abc-1")
	tel.Emit(ctx, telemetry.Event{Name: telemetry.TurnFinished, Severity: telemetry.SeverityWarning, Fields: []telemetry.Field{
		telemetry.Conversation("u2x7q4mz3hd6wkca5tbn2ypf8rvejgls"), telemetry.Message("mid"), telemetry.Turn("cid~7"),
		telemetry.Task("mid-f1"), telemetry.Tenant("default"), telemetry.Method("POST"), telemetry.Route("/tasks/inbound"),
		telemetry.Status(503), telemetry.Code(131047), telemetry.Latency(1500*time.Microsecond + 400*time.Nanosecond),
		telemetry.Kind("inbound"), telemetry.Fate("waiting"), telemetry.State("TRIAGE"), telemetry.PreviousState("INITIAL"),
		telemetry.Model("gpt-4o-mini"), telemetry.Verdict("form"), telemetry.Reason("throttled"), telemetry.Component("redis"),
		telemetry.Backend("memory"), telemetry.Variable("REDIS_URL"), telemetry.ErrorKind("dependency"),
		telemetry.Error(errors.New("ping: refused")), telemetry.Error(nil), telemetry.PanicType("*errors.errorString"),
		telemetry.Stack("*errors.errorString", "goroutine 1 [running]:\na.B(...)\n\ta.go:12\n"), telemetry.Stack("x", ""),
		telemetry.Count(telemetry.PromptTokens, -3), telemetry.Count(telemetry.Events, math.MaxInt64),
		telemetry.Duration(telemetry.ModelLatency, 2*time.Second),
		telemetry.Flag(telemetry.CacheHit, true), telemetry.Flag(telemetry.Resumed, false), {},
	}})
	got := out.last(t)
	span0, _ := got["logging.googleapis.com/spanId"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(span0) || span0 == "00f067aa0ba902b7" {
		t.Errorf("span id %q is not a new one", span0)
	}
	delete(got, "logging.googleapis.com/spanId")
	want := map[string]any{
		"httpRequest": map[string]any{"requestMethod": "POST", "requestUrl": "/tasks/inbound", "status": 503., "latency": "0.001500s"},
		"severity":    "WARNING", "time": "2026-03-01T12:00:00.000000005Z", "message": "turn_finished",
		"serviceContext":                       map[string]any{"service": "atende-worker", "version": "1.2.3"},
		"logging.googleapis.com/labels":        map[string]any{"environment": "staging"},
		"logging.googleapis.com/trace":         "projects/proj/traces/4bf92f3577b34da6a3ce929d0e0e4736",
		"logging.googleapis.com/trace_sampled": true,
		"correlation_id":                       "abc-1",
		"conversation":                         "u2x7q4mz3hd6wkca5tbn2ypf8rvejgls", "message_id": "mid", "turn": "cid~7", "task": "mid-f1", "tenant": "default",
		"method": "POST", "route": "/tasks/inbound", "status": 503., "code": 131047., "latency_ms": 1.5,
		"kind": "inbound", "fate": "waiting", "state": "TRIAGE", "previous_state": "INITIAL",
		"model": "gpt-4o-mini", "verdict": "form", "reason": "throttled", "component": "redis",
		"backend": "memory", "variable": "REDIS_URL", "error_kind": "dependency",
		"error": "ping: refused", "panic_type": "*errors.errorString", "stack_trace": "panic: *errors.errorString\n\ngoroutine 1 [running]:\na.B(...)\n\ta.go:12\n",
		"prompt_tokens": -3., "events": float64(math.MaxInt64), "model_latency_ms": 2000., "cache_hit": true, "resumed": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestLineOutsideOfEverything(t *testing.T) {
	tel, out := open(t, telemetry.Options{Service: "s"})
	tel.Emit(context.Background(), telemetry.Event{Name: telemetry.AppStarting})
	got := out.last(t)
	for _, key := range []string{"correlation_id", "logging.googleapis.com/trace", "logging.googleapis.com/spanId"} {
		if v, ok := got[key]; ok {
			t.Errorf("%s is %v without a request", key, v)
		}
	}
	if got["severity"] != "INFO" || got["message"] != "app_starting" {
		t.Errorf("got %v", got)
	}
	if telemetry.CorrelationID(context.Background()) != "" || telemetry.Traceparent(context.Background()) != "" {
		t.Error("ids out of nowhere")
	}
}

func TestSeverities(t *testing.T) {
	tel, out := open(t, telemetry.Options{Level: "debug"})
	for _, s := range []telemetry.Severity{
		telemetry.SeverityDebug, telemetry.SeverityInfo, telemetry.SeverityWarning, telemetry.SeverityError, telemetry.SeverityCritical,
	} {
		tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady, Severity: s})
	}
	var got []any
	for _, o := range out.objects(t) {
		got = append(got, o["severity"])
	}
	if diff := cmp.Diff([]any{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLevel(t *testing.T) {
	for level, want := range map[string]int{"debug": 5, "": 4, "info": 4, "INFO": 4, "warn": 3, "warning": 3, "error": 2} {
		tel, out := open(t, telemetry.Options{Level: level})
		for s := telemetry.SeverityDebug; s <= telemetry.SeverityCritical; s++ {
			tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady, Severity: s})
		}
		if got := len(out.objects(t)); got != want {
			t.Errorf("level %q prints %d of five severities, want %d", level, got, want)
		}
	}
	if _, err := telemetry.New(t.Context(), telemetry.Options{Level: "chatty", Writer: io.Discard}); err == nil {
		t.Error("an unknown level is accepted")
	}
}

func TestSeverityOfStatus(t *testing.T) {
	for status, want := range map[int]telemetry.Severity{
		200: telemetry.SeverityInfo, 299: telemetry.SeverityInfo, 404: telemetry.SeverityInfo, 413: telemetry.SeverityInfo,
		401: telemetry.SeverityWarning, 403: telemetry.SeverityWarning, 503: telemetry.SeverityWarning, 500: telemetry.SeverityError,
	} {
		if got := telemetry.SeverityOfStatus(status); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
}

func TestKeysAreOneListOfDistinctSnakeCaseNames(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	var fields []telemetry.Field
	for k := range 256 {
		fields = append(fields,
			telemetry.Count(telemetry.CountKey(k), 1),
			telemetry.Duration(telemetry.DurationKey(k), 1),
			telemetry.Flag(telemetry.FlagKey(k), true))
	}
	tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady, Fields: fields})
	got := out.last(t) // refuses repeated keys
	if len(got) < 20 {
		t.Errorf("only %d keys", len(got))
	}
	shape := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for key := range got {
		if !shape.MatchString(key) && key != "serviceContext" && !strings.HasPrefix(key, "logging.googleapis.com/") {
			t.Errorf("key %q", key)
		}
	}
	if got["events"] != 1. || got["queue_delay_ms"] != 0. || got["signature_valid"] != true {
		t.Errorf("keys and kinds are mixed up: %v", got)
	}
}

// Names are read from the source, so that a constant added later is tested too.
func TestEventNames(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tel, out := open(t, telemetry.Options{})
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "EventName" {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, name)
		tel.Emit(t.Context(), telemetry.Event{Name: telemetry.EventName(name)})
		return true
	})
	if len(want) < 10 {
		t.Fatalf("found %d names", len(want))
	}
	seen := map[any]bool{}
	for i, o := range out.objects(t) {
		if o["message"] != want[i] {
			t.Errorf("%q is printed as %v", want[i], o["message"])
		}
		if seen[o["message"]] {
			t.Errorf("%q stands twice", o["message"])
		}
		seen[o["message"]] = true
	}
	for _, bad := range []telemetry.EventName{"", "Olá", "5511 98888", "a b", "x\n", telemetry.EventName(strings.Repeat("x", 65))} {
		tel.Emit(t.Context(), telemetry.Event{Name: bad})
		if got := out.last(t)["message"]; got != "unnamed_event" {
			t.Errorf("%q is printed as %v", bad, got)
		}
	}
}

// Error Reporting takes up what somebody has to look at, and nothing else.
func TestErrorsAreReported(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	for severity, reported := range map[telemetry.Severity]bool{
		telemetry.SeverityInfo: false, telemetry.SeverityWarning: false, telemetry.SeverityError: true, telemetry.SeverityCritical: true,
	} {
		tel.Emit(t.Context(), telemetry.Event{Name: telemetry.TurnParked, Severity: severity})
		kind, there := out.last(t)["@type"]
		if there != reported || there && kind != "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent" {
			t.Errorf("severity %v: @type %v", severity, kind)
		}
	}
}

// A request's sizes are there in Cloud Logging's own words too.
func TestRequestsAreCloudLoggings(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	ctx, _ := tel.Enter(t.Context(), nil)
	telemetry.Describe(ctx, telemetry.Event{Fields: []telemetry.Field{telemetry.Kind("inbound")}})
	tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed, Fields: []telemetry.Field{
		telemetry.Method("POST"), telemetry.Route("/webhook/whatsapp"), telemetry.Status(200), telemetry.Latency(17 * time.Millisecond),
		telemetry.Count(telemetry.BytesIn, 1700), telemetry.Count(telemetry.BytesOut, 90),
	}})
	want := map[string]any{
		"requestMethod": "POST", "requestUrl": "/webhook/whatsapp", "status": 200., "latency": "0.017000s", "requestSize": "1700", "responseSize": "90",
	}
	if diff := cmp.Diff(any(want), out.last(t)["httpRequest"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConcurrentEventsStayWhole(t *testing.T) {
	tel, out := open(t, telemetry.Options{GCPProject: "p"})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			ctx := telemetry.WithCorrelation(t.Context(), "c-"+strconv.Itoa(i))
			ctx = tel.TakeUp(ctx, telemetry.StepInbound, farParent)
			tel.Emit(ctx, telemetry.Event{Name: telemetry.TaskFinished, Fields: []telemetry.Field{
				telemetry.Count(telemetry.Attempts, i), telemetry.Turn("c-" + strconv.Itoa(i)),
			}})
		})
	}
	wg.Wait()
	for _, o := range out.objects(t) {
		id := "c-" + strconv.Itoa(int(o["attempts"].(float64)))
		if o["correlation_id"] != id || o["turn"] != id {
			t.Errorf("mixed up: %v", o)
		}
	}
	if n := len(out.objects(t)); n != 64 {
		t.Errorf("%d lines, want 64", n)
	}
}

// A line must not show fields or ids of the one before it.
func TestNothingIsLeftFromTheLastLine(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	ctx := tel.TakeUp(telemetry.WithCorrelation(t.Context(), "first"), telemetry.StepInbound, farParent)
	for range 100 {
		tel.Emit(ctx, telemetry.Event{Name: telemetry.TurnFinished, Fields: []telemetry.Field{telemetry.Turn("t1"), telemetry.Fate("sent")}})
		tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady})
		got := out.last(t)
		if len(got) != 5 {
			t.Fatalf("got %v", got)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestBrokenWriterHarmsNobody(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.Options{Writer: brokenWriter{}})
	if err != nil {
		t.Fatal(err)
	}
	tel.Emit(t.Context(), telemetry.Event{Name: telemetry.AppReady, Severity: telemetry.SeverityCritical})
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
