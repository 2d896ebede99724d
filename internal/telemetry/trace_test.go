package telemetry_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pyloto/atende/internal/telemetry"
)

const (
	farTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	farSpan   = "00f067aa0ba902b7"
	farParent = "00-" + farTrace + "-" + farSpan + "-01"
)

var parentShape = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$`)

// traceOf splits a traceparent into its trace, span and flags.
func traceOf(t *testing.T, parent string) (trace, span, flags string) {
	t.Helper()
	if !parentShape.MatchString(parent) {
		t.Fatalf("traceparent %q", parent)
	}
	p := strings.Split(parent, "-")
	return p[1], p[2], p[3]
}

func TestTakeUp(t *testing.T) {
	tel, _ := open(t, telemetry.Options{})

	own, _ := tel.Enter(t.Context(), nil)
	ctx := tel.TakeUp(own, telemetry.StepInbound, farParent)
	trace, span, flags := traceOf(t, telemetry.Traceparent(ctx))
	if trace != farTrace || span == farSpan || flags != "01" {
		t.Errorf("the trace is not gone on with: %s %s %s", trace, span, flags)
	}
	if trace, _, _ := traceOf(t, telemetry.Traceparent(own)); trace == farTrace {
		t.Error("the outer context was changed")
	}
	other := tel.TakeUp(ctx, telemetry.StepInbound, "00-"+strings.Repeat("ab", 16)+"-"+farSpan+"-00")
	if trace, _, flags := traceOf(t, telemetry.Traceparent(other)); trace != strings.Repeat("ab", 16) || flags != "00" {
		t.Errorf("a traceparent of another trace is not taken up: %s %s", trace, flags)
	}
	for _, same := range []string{"", "hello", farParent} {
		if got := telemetry.Traceparent(tel.TakeUp(ctx, telemetry.StepInbound, same)); got != telemetry.Traceparent(ctx) {
			t.Errorf("%q leads to %s", same, got)
		}
	}
}

// Where nothing is exported a step is nothing: not even a context.
func TestStepsWithoutExporter(t *testing.T) {
	tel, _ := open(t, telemetry.Options{})
	request, _ := tel.Enter(t.Context(), nil)
	for _, ctx := range []context.Context{t.Context(), request} {
		inner, span := telemetry.Step(ctx, telemetry.StepLoad)
		if inner != ctx {
			t.Error("the step has a context of its own")
		}
		span.Note(telemetry.Turn("t"))
		span.End(errors.New("lost"))
		telemetry.Stepped(ctx, telemetry.StepIdentity, time.Time{}, time.Time{})
		telemetry.Link(ctx, farParent)
		telemetry.Name(ctx, telemetry.StepWebhook)
	}
	if tel.Exports() {
		t.Error("it exports")
	}
}

func TestTraceparentIsReadStrictly(t *testing.T) {
	tel, _ := open(t, telemetry.Options{})
	for parent, good := range map[string]bool{
		farParent:                                      true,
		"00-" + farTrace + "-" + farSpan + "-00":       true,
		"00-" + farTrace + "-" + farSpan + "-ff":       true, // unknown flags are ignored
		"01-" + farTrace + "-" + farSpan + "-01":       true, // a later version
		"01-" + farTrace + "-" + farSpan + "-01-extra": true,
		"":      false,
		"hello": false,
		"00-" + farTrace + "-" + farSpan + "-01-extra":                 false,
		"01-" + farTrace + "-" + farSpan + "-01extra":                  false,
		"ff-" + farTrace + "-" + farSpan + "-01":                       false,
		"00-" + strings.ToUpper(farTrace) + "-" + farSpan + "-01":      false,
		"00-" + strings.Repeat("0", 32) + "-" + farSpan + "-01":        false,
		"00-" + farTrace + "-" + strings.Repeat("0", 16) + "-01":       false,
		"00-" + farTrace + "-" + farSpan + "-0g":                       false,
		"00_" + farTrace + "-" + farSpan + "-01":                       false,
		"0g-" + farTrace + "-" + farSpan + "-01":                       false,
		"00-" + farTrace[:31] + "é-" + farSpan + "-01":                 false,
		strings.Repeat("00-"+farTrace+"-"+farSpan+"-01,", 1000) + "00": false,
	} {
		ctx, _ := tel.Enter(t.Context(), nil)
		ctx = tel.TakeUp(ctx, telemetry.StepInbound, parent)
		trace, span, _ := traceOf(t, telemetry.Traceparent(ctx))
		if (trace == farTrace) != good || span == farSpan {
			t.Errorf("%.80q: goes on with trace %s span %s", parent, trace, span)
		}
	}
}

func TestEnter(t *testing.T) {
	random := regexp.MustCompile(`^[0-9a-f]{32}$`)
	tel, _ := open(t, telemetry.Options{})
	for _, c := range []struct {
		name   string
		header http.Header
		id     string // "" = a new one
		trace  string // "" = a new one
		flags  string
	}{
		{"nothing", http.Header{}, "", "", "00"},
		{"nil", nil, "", "", "00"},
		{"correlation", http.Header{"X-Correlation-Id": {"Order-7.a_b"}, "X-Request-Id": {"other"}}, "Order-7.a_b", "", "00"},
		{"request id", http.Header{"X-Request-Id": {"r1"}}, "r1", "", "00"},
		{"bad correlation, good request id", http.Header{"X-Correlation-Id": {"a b"}, "X-Request-Id": {"r1"}}, "r1", "", "00"},
		{"longest", http.Header{"X-Correlation-Id": {strings.Repeat("a", 64)}}, strings.Repeat("a", 64), "", "00"},
		{"too long", http.Header{"X-Correlation-Id": {strings.Repeat("a", 65)}}, "", "", "00"},
		{"empty", http.Header{"X-Correlation-Id": {""}}, "", "", "00"},
		{"line break", http.Header{"X-Correlation-Id": {"a\nb"}}, "", "", "00"},
		{"markup", http.Header{"X-Correlation-Id": {`"><script>`}}, "", "", "00"},
		{"not ASCII", http.Header{"X-Correlation-Id": {"olá"}}, "", "", "00"},
		{"traceparent", http.Header{"Traceparent": {farParent}}, "", farTrace, "01"},
		{"both", http.Header{"Traceparent": {farParent}, "X-Cloud-Trace-Context": {strings.Repeat("ab", 16) + "/1;o=0"}}, "", farTrace, "01"},
		{"cloud trace", http.Header{"X-Cloud-Trace-Context": {farTrace + "/67667974448284343;o=1"}}, "", farTrace, "01"},
		{"cloud trace in capitals", http.Header{"X-Cloud-Trace-Context": {strings.ToUpper(farTrace) + "/1;o=0"}}, "", farTrace, "00"},
		{"cloud trace without options", http.Header{"X-Cloud-Trace-Context": {farTrace + "/1"}}, "", farTrace, "00"},
		{"cloud trace without span", http.Header{"X-Cloud-Trace-Context": {farTrace}}, "", "", "00"},
		{"cloud trace with span 0", http.Header{"X-Cloud-Trace-Context": {farTrace + "/0;o=1"}}, "", "", "00"},
		{"cloud trace, span too large", http.Header{"X-Cloud-Trace-Context": {farTrace + "/18446744073709551616"}}, "", "", "00"},
		{"cloud trace, no trace", http.Header{"X-Cloud-Trace-Context": {"x/1;o=1"}}, "", "", "00"},
		{"cloud trace, huge", http.Header{"X-Cloud-Trace-Context": {farTrace + "/" + strings.Repeat("0", 200) + "1"}}, "", "", "00"},
	} {
		ctx, id := tel.Enter(t.Context(), c.header)
		if id != telemetry.CorrelationID(ctx) {
			t.Errorf("%s: id %q, in context %q", c.name, id, telemetry.CorrelationID(ctx))
		}
		if c.id != "" && id != c.id || c.id == "" && !random.MatchString(id) {
			t.Errorf("%s: id %q", c.name, id)
		}
		trace, _, flags := traceOf(t, telemetry.Traceparent(ctx))
		if c.trace != "" && trace != c.trace || c.trace == "" && trace == farTrace || flags != c.flags {
			t.Errorf("%s: trace %s-%s", c.name, trace, flags)
		}
	}
}

func TestIDsAreNotRepeated(t *testing.T) {
	tel, _ := open(t, telemetry.Options{})
	seen := map[string]bool{}
	for range 1000 {
		ctx, id := tel.Enter(t.Context(), nil)
		trace, span, _ := traceOf(t, telemetry.Traceparent(ctx))
		for _, s := range []string{id, trace, span} {
			if seen[s] {
				t.Fatalf("%s came twice", s)
			}
			seen[s] = true
		}
	}
}

func TestWithCorrelation(t *testing.T) {
	ctx := telemetry.WithCorrelation(t.Context(), "first")
	for _, bad := range []string{"", "a b", strings.Repeat("x", 65), "é"} {
		if got := telemetry.CorrelationID(telemetry.WithCorrelation(ctx, bad)); got != "first" {
			t.Errorf("%q is taken as an id: %q", bad, got)
		}
	}
	if got := telemetry.CorrelationID(telemetry.WithCorrelation(ctx, "second")); got != "second" {
		t.Errorf("got %q", got)
	}
	if got := telemetry.CorrelationID(ctx); got != "first" {
		t.Errorf("the outer context was changed to %q", got)
	}
	if got := telemetry.Traceparent(ctx); got != "" {
		t.Errorf("traceparent %q without a trace", got)
	}
}

// One id follows a message from the webhook through its task to the turn.
func TestOneIDFollowsAMessage(t *testing.T) {
	ingress, _ := open(t, telemetry.Options{Service: "atende-ingress"})
	worker, out := open(t, telemetry.Options{Service: "atende-worker"})

	ctx, id := ingress.Enter(t.Context(), http.Header{})
	correlation, parent := telemetry.CorrelationID(ctx), telemetry.Traceparent(ctx)

	// The task arrives in a request with ids of its own.
	task, other := worker.Enter(t.Context(), http.Header{})
	turn := worker.TakeUp(telemetry.WithCorrelation(task, correlation), telemetry.StepInbound, parent)
	worker.Emit(turn, telemetry.Event{Name: telemetry.TurnFinished})
	worker.Finish(task, telemetry.Event{Name: telemetry.RequestServed})

	want, _, _ := traceOf(t, parent)
	for _, o := range out.objects(t) {
		if o["correlation_id"] != id || o["logging.googleapis.com/trace"] != want {
			t.Errorf("%v is printed under %v and %v, want %s and %s (request's own: %s)",
				o["message"], o["correlation_id"], o["logging.googleapis.com/trace"], id, want, other)
		}
	}
	if n := len(out.objects(t)); n != 2 {
		t.Errorf("%d lines", n)
	}
}

func TestOneEventPerRequest(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	ctx, _ := tel.Enter(t.Context(), http.Header{"X-Correlation-Id": {"c"}})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			telemetry.Describe(ctx, telemetry.Event{Severity: telemetry.SeverityWarning})
		})
	}
	wg.Wait()
	inner, cancel := context.WithCancel(ctx)
	telemetry.Describe(inner, telemetry.Event{Name: telemetry.WebhookReceived, Fields: []telemetry.Field{telemetry.Count(telemetry.Events, 3)}})
	telemetry.Describe(inner, telemetry.Event{Fields: []telemetry.Field{telemetry.Count(telemetry.Enqueued, 2)}})
	cancel()
	tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed, Fields: []telemetry.Field{telemetry.Status(200)}})
	got := out.last(t)
	for _, key := range []string{"time", "serviceContext", "logging.googleapis.com/labels", "logging.googleapis.com/trace", "logging.googleapis.com/spanId", "logging.googleapis.com/trace_sampled"} {
		delete(got, key)
	}
	want := map[string]any{"severity": "WARNING", "message": "webhook_received", "correlation_id": "c", "status": 200., "events": 3., "enqueued": 2.}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(out.objects(t)); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestQuietRequestsStayQuiet(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	ctx, _ := tel.Enter(t.Context(), nil)
	tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed, Severity: telemetry.SeverityDebug})
	if got := out.String(); got != "" {
		t.Errorf("printed %s", got)
	}
}

func TestDescribeAndFinishOutsideARequest(t *testing.T) {
	tel, out := open(t, telemetry.Options{})
	telemetry.Describe(t.Context(), telemetry.Event{Name: telemetry.WebhookReceived})
	telemetry.Describe(telemetry.WithCorrelation(t.Context(), "x"), telemetry.Event{Name: telemetry.WebhookReceived})
	tel.Finish(t.Context(), telemetry.Event{Name: telemetry.RequestServed})
	if got := out.last(t)["message"]; got != "request_served" {
		t.Errorf("got %v", got)
	}
}

func FuzzEnter(f *testing.F) {
	f.Add("abc", "r-1", farParent, farTrace+"/1;o=1")
	f.Add("", "", "00-", "/;")
	tel, err := telemetry.New(f.Context(), telemetry.Options{Writer: &lines{}})
	if err != nil {
		f.Fatal(err)
	}
	shape := regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	f.Fuzz(func(t *testing.T, correlation, request, parent, cloud string) {
		ctx, id := tel.Enter(t.Context(), http.Header{
			"X-Correlation-Id": {correlation}, "X-Request-Id": {request}, "Traceparent": {parent}, "X-Cloud-Trace-Context": {cloud},
		})
		if !shape.MatchString(id) {
			t.Errorf("id %q", id)
		}
		if got := telemetry.Traceparent(ctx); !parentShape.MatchString(got) || strings.Contains(got, strings.Repeat("0", 32)) {
			t.Errorf("traceparent %q", got)
		}
	})
}
