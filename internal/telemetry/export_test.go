package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/telemetry/collectortest"
)

func TestExport(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=atendimento")
	c := collectortest.Start(t)
	tel, out := open(t, telemetry.Options{Service: "atende-worker", Version: "v9", Environment: "staging", GCPProject: "proj", OTLPEndpoint: c.URL})

	ctx, _ := tel.Enter(t.Context(), http.Header{"Traceparent": {farParent}, "X-Correlation-Id": {"c-1"}})
	telemetry.Name(ctx, telemetry.StepInbound)
	turn, span := telemetry.Step(ctx, telemetry.StepLoad)
	outgoing := telemetry.Traceparent(turn)
	span.Note(telemetry.Turn("cid~7"), telemetry.Field{})
	span.End(fault.Mark(errors.New("load of 5511987654321"), fault.Dependency))
	tel.Finish(ctx, telemetry.Event{Name: telemetry.TaskFinished, Severity: telemetry.SeverityError, Fields: []telemetry.Field{
		telemetry.Fate("retry"), telemetry.Status(503), telemetry.Latency(1500 * time.Microsecond), telemetry.Flag(telemetry.Ambiguous, true),
		telemetry.Error(errors.New("send to 5511987654321")), {},
	}})

	m := tel.Metrics()
	m.Webhook(ctx, 200)
	m.Webhook(ctx, 200)
	m.Flow(ctx, "INIT", 200, time.Millisecond)
	m.Flow(ctx, "", 432, time.Millisecond)
	m.Events(ctx, telemetry.Enqueued, 3)
	m.Events(ctx, telemetry.Ignored, 0)
	m.Events(ctx, telemetry.CountKey(250), 1)
	for _, fate := range []string{"sent", "5511987654321", "Iara Souza", "", "98765-4321", strings.Repeat("x", 49)} {
		m.Task(ctx, telemetry.Handled{Kind: "inbound", Fate: fate, Took: time.Second, Delay: -1})
	}
	m.Task(ctx, telemetry.Handled{
		Kind: "timer", Fate: "parked", Delay: time.Second, Retries: 2, Answered: 3 * time.Second, Parked: "quarantine:body", Handoff: "outside", Reminded: true,
	})
	m.Blocked(ctx, "claims")
	m.ModelCall(ctx, telemetry.ModelCall{Model: "gpt-4o-mini-2024-07-18", Outcome: "ok", Took: time.Second, Prompt: 100, Cached: 60, Completion: -1, MicroUSD: 75})
	m.Send(ctx, "ambiguous", time.Second)
	m.Replies(ctx, "proven", 2)
	m.Statuses(ctx, "read", 4)
	m.Statuses(ctx, "unknown", 0)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := map[string]map[string]any{}
	for _, span := range c.Spans() {
		want := map[string]any{
			"service.name": "atende-worker", "service.version": "v9", "deployment.environment.name": "staging", "team": "atendimento",
			"gcp.project_id": "proj",
		}
		if instance, _ := span.Resource["service.instance.id"].(string); len(instance) != 32 {
			t.Errorf("instance %q", instance)
		}
		want["service.instance.id"] = span.Resource["service.instance.id"]
		if diff := cmp.Diff(want, span.Resource); diff != "" {
			t.Errorf("resource (-want +got):\n%s", diff)
		}
		spans[span.Name] = span.Attributes
		if span.Trace != farTrace {
			t.Errorf("span %s is in trace %s", span.Name, span.Trace)
		}
		switch span.Name {
		case "ledger.load":
			if !strings.Contains(outgoing, span.ID) {
				t.Errorf("traceparent %s does not name the span %s", outgoing, span.ID)
			}
			if span.Parent == farSpan || span.Failure != "dependency" {
				t.Errorf("parent %s, failed by %q", span.Parent, span.Failure)
			}
		case "task.inbound":
			if span.Parent != farSpan || !span.Failed {
				t.Errorf("parent %s, failed by %q", span.Parent, span.Failure)
			}
		}
	}
	want := map[string]map[string]any{
		"ledger.load": {"turn": "cid~7"},
		"task.inbound": {"event": "task_finished", "correlation_id": "c-1", "fate": "retry", "status": int64(503), "latency_ms": 1.5,
			"ambiguous": true, "error": "send to [redacted]"},
	}
	if diff := cmp.Diff(want, spans); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}

	series := map[string][]string{}
	sums := map[string]float64{}
	for _, p := range c.Points() {
		for k, v := range p.Labels {
			series[p.Name] = append(series[p.Name], k+"="+fmt.Sprint(v))
		}
		sums[p.Name] += p.Value
		if p.Description == "" || p.Unit == "" {
			t.Errorf("%s says neither what it is nor in what unit", p.Name)
		}
		if !slices.Contains(p.Exemplars, farTrace) {
			t.Errorf("%s %v leads to no trace", p.Name, p.Labels)
		}
	}
	if diff := cmp.Diff(map[string][]string{
		"atende.webhooks":       {"status=200"},
		"atende.flow.duration":  {"action=INIT", "action=other", "status=200", "status=432"},
		"atende.events":         {"outcome=enqueued"},
		"atende.step.duration":  {"step=ledger.load", "outcome=dependency", "step=task.inbound", "outcome=error"},
		"atende.task.duration":  {"kind=inbound", "fate=other", "kind=inbound", "fate=sent", "kind=timer", "fate=parked"},
		"atende.queue.delay":    {"kind=timer"},
		"atende.task.retries":   {"kind=timer"},
		"atende.parked":         {"kind=timer", "reason=quarantine:body"},
		"atende.handoffs":       {"event=handoff_unanswered", "reason=outside"},
		"atende.drafts.blocked": {"guard=claims"},
		"atende.model.cost":     {"model=gpt-4o-mini-2024-07-18"},
		"atende.model.duration": {"model=gpt-4o-mini-2024-07-18", "outcome=ok"},
		"atende.model.tokens":   {"direction=completion", "direction=prompt", "direction=cached", "model=gpt-4o-mini-2024-07-18", "model=gpt-4o-mini-2024-07-18", "model=gpt-4o-mini-2024-07-18"},
		"atende.send.duration":  {"outcome=ambiguous"},
		"atende.replies":        {"outcome=proven"},
		"atende.statuses":       {"status=read"},
	}, series, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{
		"atende.webhooks": 2, "atende.flow.duration": 2, "atende.events": 3, "atende.step.duration": 2, "atende.task.duration": 7,
		"atende.queue.delay": 1, "atende.task.retries": 1, "atende.answer.duration": 1, "atende.parked": 1, "atende.handoffs": 1, "atende.drafts.blocked": 1,
		"atende.model.cost": 75, "atende.model.duration": 1, "atende.model.tokens": 160, "atende.send.duration": 1, "atende.replies": 2, "atende.statuses": 4,
	}, sums); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
	if got := out.last(t)["logging.googleapis.com/trace"]; got != "projects/proj/traces/"+farTrace {
		t.Errorf("logged under %v", got)
	}
	for _, personal := range []string{"5511987654321", "Iara"} {
		if bytes.Contains(c.Raw(), []byte(personal)) {
			t.Errorf("%q was exported", personal)
		}
	}
}

// A request that turns out to belong to a trace is part of it as a whole, and what
// was over before that is known is part of it too.
func TestATaskIsPartOfItsTraceFromTheBeginning(t *testing.T) {
	c := collectortest.Start(t)
	tel, _ := open(t, telemetry.Options{OTLPEndpoint: c.URL})
	other := "00-" + strings.Repeat("ab", 16) + "-" + farSpan + "-01"

	ctx, _ := tel.Enter(t.Context(), nil)
	began := time.Now()
	proved := time.Now()
	task := tel.TakeUp(ctx, telemetry.StepInbound, farParent)
	telemetry.Stepped(task, telemetry.StepIdentity, began, proved)
	_, span := telemetry.Step(task, telemetry.StepCommit)
	span.End(nil)
	for _, about := range []string{other, farParent, "", "hello"} {
		telemetry.Link(task, about)
	}
	tel.Finish(ctx, telemetry.Event{Name: telemetry.TurnFinished})
	probe, _ := tel.Enter(t.Context(), nil)
	tel.Finish(probe, telemetry.Event{Name: telemetry.RequestServed, Severity: telemetry.SeverityDebug}) // is nobody's business
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := map[string]collectortest.Span{}
	for _, s := range c.Spans() {
		spans[s.Name] = s
		if s.Trace != farTrace {
			t.Errorf("%s is in trace %s", s.Name, s.Trace)
		}
	}
	request, identity, commit := spans["task.inbound"], spans["task.identity"], spans["ledger.commit"]
	if len(spans) != 3 || request.Parent != farSpan || identity.Parent != request.ID || commit.Parent != request.ID {
		t.Fatalf("spans %+v", spans)
	}
	if identity.Began < request.Began || identity.Ended > commit.Began {
		t.Errorf("the identity was checked from %d to %d, the request began at %d", identity.Began, identity.Ended, request.Began)
	}
	if diff := cmp.Diff([]string{strings.Repeat("ab", 16)}, request.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

// Whoever begins a trace decides whether it is exported; the others do as they are
// told, and count all the same.
func TestSamplingIsDecidedOnce(t *testing.T) {
	unsampled := strings.TrimSuffix(farParent, "01") + "00"
	for _, c := range []struct {
		sampler, share, parent string
		exported               bool
	}{
		{"", "", "", true},
		{"", "", unsampled, false},
		{"parentbased_traceidratio", "0", "", false},
		{"parentbased_traceidratio", "0", farParent, true},
		{"parentbased_traceidratio", "1", "", true},
		{"parentbased_traceidratio", "1", unsampled, false},
		{"parentbased_always_off", "", "", false},
		{"traceidratio", "1", unsampled, true},
		{"always_off", "", farParent, false},
	} {
		t.Run(c.sampler+" "+c.share+" "+c.parent, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", c.sampler)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.share)
			at := collectortest.Start(t)
			tel, out := open(t, telemetry.Options{OTLPEndpoint: at.URL})
			ctx, _ := tel.Enter(t.Context(), http.Header{"Traceparent": {c.parent}})
			inner, span := telemetry.Step(ctx, telemetry.StepEnqueue)
			_, _, flags := traceOf(t, telemetry.Traceparent(inner))
			span.End(nil)
			tel.Metrics().Webhook(ctx, 200)
			tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed})
			if err := tel.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if (len(at.Spans()) == 2) != c.exported || (len(at.Spans()) == 0) == c.exported || (flags == "01") != c.exported {
				t.Errorf("%d spans, and the next is told %s", len(at.Spans()), flags)
			}
			if got := out.last(t)["logging.googleapis.com/trace_sampled"]; got != c.exported {
				t.Errorf("the log says %v", got)
			}
			for _, p := range at.Points() {
				if (len(p.Exemplars) > 0) != c.exported {
					t.Errorf("%s leads to %d traces", p.Name, len(p.Exemplars))
				}
			}
			if len(at.Points()) != 2 {
				t.Errorf("%d series", len(at.Points()))
			}
		})
	}
}

// A share of traces is the same one on both sides of the queue, whatever Google's
// front end says of a request.
func TestBothServicesExportTheSameShare(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "traceidratio")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
	c := collectortest.Start(t)
	ingress, _ := open(t, telemetry.Options{OTLPEndpoint: c.URL})
	worker, _ := open(t, telemetry.Options{OTLPEndpoint: c.URL})
	exported := map[string]int{}
	for range 200 {
		webhook, _ := ingress.Enter(t.Context(), nil)
		parent := telemetry.Traceparent(webhook)
		task, _ := worker.Enter(t.Context(), http.Header{"Traceparent": {farParent}})
		task = worker.TakeUp(task, telemetry.StepInbound, parent)
		_, _, flags := traceOf(t, parent)
		if _, _, here := traceOf(t, telemetry.Traceparent(task)); here != flags {
			t.Fatalf("%s is %s for the worker", parent, here)
		}
		exported[flags]++
	}
	if exported["00"] == 0 || exported["01"] == 0 {
		t.Errorf("exported %v", exported)
	}
	for _, tel := range []*telemetry.Telemetry{ingress, worker} {
		if err := tel.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// The collector is told what it asks for, and who speaks may be named otherwise.
func TestStandardVariablesHold(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-token=a%20b,x-scope=1")
	t.Setenv("OTEL_SERVICE_NAME", "front")
	c := collectortest.Start(t)
	tel, _ := open(t, telemetry.Options{Service: "atende-ingress", OTLPEndpoint: c.URL})
	ctx, _ := tel.Enter(t.Context(), nil)
	tel.Metrics().Webhook(ctx, 200)
	tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed})
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.Headers() {
		if h.Get("X-Token") != "a b" || h.Get("X-Scope") != "1" {
			t.Errorf("posted with %v", h)
		}
	}
	if len(c.Headers()) < 2 || len(c.Spans()) != 1 || c.Spans()[0].Service != "front" || c.Points()[0].Service != "front" {
		t.Errorf("%d posts, %+v, %+v", len(c.Headers()), c.Spans(), c.Points())
	}
}

// The cardinality of an instrument is bounded even when a caller errs.
func TestSeriesAreBounded(t *testing.T) {
	c := collectortest.Start(t)
	tel, _ := open(t, telemetry.Options{OTLPEndpoint: c.URL})
	for a := range byte(26) {
		for b := range byte(26) {
			tel.Metrics().Task(t.Context(), telemetry.Handled{Fate: string([]byte{'a' + a, 'a' + b}), Delay: -1})
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Points()); n == 0 || n > 200 {
		t.Errorf("%d series", n)
	}
}

func TestWrongEndpointIsRefused(t *testing.T) {
	for _, endpoint := range []string{"collector:4318", "ftp://x", "http://", "://", "/v1"} {
		_, err := telemetry.New(t.Context(), telemetry.Options{OTLPEndpoint: endpoint, Writer: io.Discard})
		if err == nil {
			t.Errorf("%q is accepted", endpoint)
		} else if !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT") || strings.Contains(err.Error(), "collector") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// A collector that accepts and never answers must cost requests nothing and
// the end of the program no more than it was given.
func TestDeadCollectorHarmsNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	tel, out := open(t, telemetry.Options{OTLPEndpoint: "http://" + l.Addr().String()})
	// More than the exporter's buffer holds.
	for range 5000 {
		ctx, _ := tel.Enter(t.Context(), nil)
		tel.Metrics().Webhook(ctx, 200)
		tel.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed})
	}
	served := 0
	for _, o := range out.objects(t) {
		if o["message"] == "request_served" {
			served++
		}
	}
	if served != 5000 {
		t.Errorf("%d of 5000 events were printed", served)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tel.Shutdown(ctx); err == nil {
		t.Error("nothing was flushed, and nobody says so")
	}
}

// awaited is a writer that hands on every line.
type awaited chan string

func (a awaited) Write(p []byte) (int, error) {
	a <- string(p)
	return len(p), nil
}

func TestExportFailuresAreReportedOnceInFiveMinutes(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1") // milliseconds
	refused := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "iara@example.com may not", http.StatusBadRequest)
		if r.URL.Path == "/v1/traces" {
			refused <- struct{}{}
		}
	}))
	defer srv.Close()
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	out := make(awaited, 10)
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		OTLPEndpoint: srv.URL, Writer: out, Now: func() time.Time { return time.Unix(0, clock.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	fail := func() {
		ctx, _ := tel.Enter(t.Context(), nil)
		_, span := telemetry.Step(ctx, telemetry.StepLoad)
		span.End(nil)
		<-refused
	}
	report := func() {
		line := <-out
		for _, want := range []string{`"telemetry_export_failed"`, `"WARNING"`, "[redacted]"} {
			if !strings.Contains(line, want) {
				t.Errorf("no %s in %s", want, line)
			}
		}
		if strings.Contains(line, "iara@") {
			t.Errorf("not redacted: %s", line)
		}
	}
	fail()
	report()
	fail() // one batch after the other: handled before the next is refused
	clock.Add(int64(4 * time.Minute))
	fail()
	fail()
	clock.Add(int64(2 * time.Minute))
	fail()
	report()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if len(out) != 0 {
		t.Errorf("one more: %s", <-out)
	}
}
