package telemetry

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Headers that carry ids from one service to the next.
const (
	HeaderCorrelation = "X-Correlation-Id"
	HeaderTraceparent = "Traceparent"

	headerRequestID  = "X-Request-Id"
	headerCloudTrace = "X-Cloud-Trace-Context"
)

// request gathers what is told of one HTTP request until it is answered.
type request struct {
	exported *exportedRequest // nil where nothing is exported

	mu       sync.Mutex
	name     EventName
	severity Severity
	fields   []Field
	trail    *trail // the one the event is printed under
}

// exportedRequest is what is exported of a request; the mutex of the request is
// for it too.
type exportedRequest struct {
	began time.Time
	span  trace.Span
	step  StepName
}

// Enter begins the telemetry of one HTTP request. The returned context carries
// the request's correlation id, taken from X-Correlation-ID or X-Request-ID
// when one of them has 1 to 64 characters out of A–Z a–z 0–9 . _ - and made
// anew otherwise, and its trace, taken from traceparent or
// X-Cloud-Trace-Context. Every request that is entered must be finished with
// [Telemetry.Finish].
func (t *Telemetry) Enter(ctx context.Context, h http.Header) (_ context.Context, correlationID string) {
	r := &request{severity: SeverityDebug}
	tr := &trail{request: r}
	far, ok := parseTraceparent(first(h, HeaderTraceparent))
	if !ok {
		far, ok = parseCloudTrace(first(h, headerCloudTrace))
	}
	if ok {
		tr.trace, tr.span, tr.flags = far.TraceID(), far.SpanID(), far.TraceFlags()
	}
	if t.tracer == nil {
		tr.advance()
	} else {
		r.exported, tr.of = &exportedRequest{began: time.Now()}, t
		ctx = t.open(ctx, tr, ok, trace.SpanKindServer)
	}
	if id := first(h, HeaderCorrelation); validCorrelation(id) {
		tr.correlation = id
	} else if id := first(h, headerRequestID); validCorrelation(id) {
		tr.correlation = id
	} else {
		tr.correlation = newCorrelation()
	}
	r.trail = tr
	return tr.in(ctx), tr.correlation
}

// Name calls the HTTP request that ctx belongs to by a step; one without is called
// by its event. Outside a request it does nothing.
func Name(ctx context.Context, name StepName) {
	if tr := trailOf(ctx); tr != nil {
		tr.request.call(name)
	}
}

func (r *request) call(name StepName) {
	if r == nil || r.exported == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exported.step = name
}

// Describe adds to the one event of the HTTP request that ctx belongs to: a
// name replaces the name, the higher severity stays (and is at least
// [SeverityInfo] unless said otherwise), fields are appended.
// Outside a request it does nothing.
func Describe(ctx context.Context, e Event) {
	tr := trailOf(ctx)
	if tr == nil || tr.request == nil {
		return
	}
	r := tr.request
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Name != "" {
		r.name = e.Name
	}
	r.severity = max(r.severity, e.Severity)
	r.fields = append(r.fields, e.Fields...)
}

// Finish prints the one event of the HTTP request that ctx belongs to: e with
// everything that was described on the way. Outside a request it is Emit.
func (t *Telemetry) Finish(ctx context.Context, e Event) {
	tr := trailOf(ctx)
	if tr == nil || tr.request == nil {
		t.Emit(ctx, e)
		return
	}
	r := tr.request
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.name != "" {
		e.Name = r.name
	}
	e.Severity = max(r.severity, e.Severity)
	t.print(r.trail, e.Name, e.Severity, e.Fields, r.fields)
	// A span that is never ended is never exported: the platform's probes would be
	// most of what there is to see.
	if r.exported != nil && e.Severity > SeverityDebug {
		t.finish(ctx, r, e)
	}
}

// finish ends the span of a request whose mutex is held.
func (t *Telemetry) finish(ctx context.Context, r *request, e Event) {
	x, came := r.exported, outcomeOK
	x.span.SetName(cmp.Or(string(x.step), e.Name.text()))
	x.span.SetAttributes(attribute.String(keyEventAttribute, e.Name.text()), attribute.String(keyNames[keyCorrelation], r.trail.correlation))
	for _, fields := range [][]Field{e.Fields, r.fields} {
		for _, f := range fields {
			if f.kind != noField {
				x.span.SetAttributes(f.attribute())
			}
			if f.key == keyErrorKind {
				came = f.text
			}
		}
	}
	if came == outcomeOK && e.Severity >= SeverityError {
		came = outcomeError
	}
	if came != outcomeOK {
		x.span.SetStatus(codes.Error, came)
	}
	if x.step != "" {
		t.metrics.step(trace.ContextWithSpan(ctx, x.span), x.step, came, time.Since(x.began))
	}
	x.span.End()
}

func (r *request) adopt(tr *trail) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trail = tr
}

// first reads a header by its canonical name without allocating.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
