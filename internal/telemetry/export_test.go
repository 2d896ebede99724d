package telemetry_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/telemetry"
	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP collector that keeps what it is sent.
type collector struct {
	*httptest.Server

	mu      sync.Mutex
	traces  tracepb.ExportTraceServiceRequest
	metrics metricspb.ExportMetricsServiceRequest
	raw     bytes.Buffer
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		// Repeated fields are appended.
		into := map[string]proto.Message{"/base/v1/traces": &c.traces, "/base/v1/metrics": &c.metrics}[r.URL.Path]
		if into == nil {
			t.Errorf("posted to %s", r.URL.Path)
			return
		}
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(body, into); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func plain(attributes []*commonpb.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range attributes {
		switch v := kv.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			m[kv.GetKey()] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			m[kv.GetKey()] = v.IntValue
		case *commonpb.AnyValue_DoubleValue:
			m[kv.GetKey()] = v.DoubleValue
		case *commonpb.AnyValue_BoolValue:
			m[kv.GetKey()] = v.BoolValue
		}
	}
	return m
}

func TestExport(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=atendimento")
	c := newCollector(t)
	tel, out := open(t, telemetry.Options{Service: "atende-worker", Version: "v9", Environment: "staging", GCPProject: "proj", OTLPEndpoint: c.URL + "/base"})

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

	c.mu.Lock()
	defer c.mu.Unlock()
	spans := map[string]map[string]any{}
	for _, rs := range c.traces.GetResourceSpans() {
		want := map[string]any{
			"service.name": "atende-worker", "service.version": "v9", "deployment.environment.name": "staging", "team": "atendimento",
			"gcp.project_id": "proj",
		}
		got := plain(rs.GetResource().GetAttributes())
		if instance, _ := got["service.instance.id"].(string); len(instance) != 32 {
			t.Errorf("instance %q", instance)
		}
		delete(got, "service.instance.id")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("resource (-want +got):\n%s", diff)
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				spans[s.GetName()] = plain(s.GetAttributes())
				if got := hex.EncodeToString(s.GetTraceId()); got != farTrace {
					t.Errorf("span %s is in trace %s", s.GetName(), got)
				}
				switch s.GetName() {
				case "ledger.load":
					if !strings.Contains(outgoing, hex.EncodeToString(s.GetSpanId())) {
						t.Errorf("traceparent %s does not name the span %s", outgoing, hex.EncodeToString(s.GetSpanId()))
					}
					if hex.EncodeToString(s.GetParentSpanId()) == farSpan {
						t.Error("the step is not a child of its request")
					}
				case "task.inbound":
					if hex.EncodeToString(s.GetParentSpanId()) != farSpan {
						t.Errorf("the request's parent is %s", hex.EncodeToString(s.GetParentSpanId()))
					}
				}
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
	for _, rm := range c.metrics.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, metric := range sm.GetMetrics() {
				for _, p := range metric.GetSum().GetDataPoints() {
					for k, v := range plain(p.GetAttributes()) {
						series[metric.GetName()] = append(series[metric.GetName()], k+"="+fmt.Sprint(v))
					}
					sums[metric.GetName()] += float64(p.GetAsInt())
				}
				for _, p := range metric.GetHistogram().GetDataPoints() {
					for k, v := range plain(p.GetAttributes()) {
						series[metric.GetName()] = append(series[metric.GetName()], k+"="+fmt.Sprint(v))
					}
					sums[metric.GetName()] += float64(p.GetCount())
				}
			}
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
		if bytes.Contains(c.raw.Bytes(), []byte(personal)) {
			t.Errorf("%q was exported", personal)
		}
	}
}

// The cardinality of an instrument is bounded even when a caller errs.
func TestSeriesAreBounded(t *testing.T) {
	c := newCollector(t)
	tel, _ := open(t, telemetry.Options{OTLPEndpoint: c.URL + "/base"})
	for a := range byte(26) {
		for b := range byte(26) {
			tel.Metrics().Task(t.Context(), telemetry.Handled{Fate: string([]byte{'a' + a, 'a' + b}), Delay: -1})
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, rm := range c.metrics.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, metric := range sm.GetMetrics() {
				n += len(metric.GetHistogram().GetDataPoints())
			}
		}
	}
	if n == 0 || n > 200 {
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
		tel.Finish(ctx, telemetry.Event{Severity: telemetry.SeverityDebug})
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
