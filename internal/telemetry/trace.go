package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// trail is what connects everything done for one message: it travels in the
// context. A trail is never changed, only replaced.
type trail struct {
	correlation string
	trace       trace.TraceID
	span        trace.SpanID
	flags       trace.TraceFlags
	request     *request   // the HTTP request it belongs to, if any
	of          *Telemetry // whose steps are exported; nil where none are
}

type trailKey struct{}

func trailOf(ctx context.Context) *trail {
	tr, _ := ctx.Value(trailKey{}).(*trail)
	return tr
}

func (tr *trail) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, trailKey{}, tr)
}

// CorrelationID is the id that joins everything done for one message; empty
// when ctx carries none.
func CorrelationID(ctx context.Context) string {
	if tr := trailOf(ctx); tr != nil {
		return tr.correlation
	}
	return ""
}

// WithCorrelation returns ctx carrying the correlation id of a message, as it
// came in an envelope. The event of the HTTP request that ctx belongs to is
// printed under that id too. An id that is not 1 to 64 characters out of
// A–Z a–z 0–9 . _ - changes nothing.
func WithCorrelation(ctx context.Context, id string) context.Context {
	if !validCorrelation(id) {
		return ctx
	}
	next := &trail{}
	if tr := trailOf(ctx); tr != nil {
		*next = *tr
	}
	next.correlation = id
	next.request.adopt(next)
	return next.in(ctx)
}

// Traceparent is the W3C trace context of ctx, version 00, to be handed to
// whoever goes on with the work; empty when ctx carries none.
// https://www.w3.org/TR/trace-context/#traceparent-header
func Traceparent(ctx context.Context) string {
	tr := trailOf(ctx)
	if tr == nil || !tr.trace.IsValid() {
		return ""
	}
	b := make([]byte, 0, 55)
	b = appendHex(append(b, "00-"...), tr.trace[:])
	b = appendHex(append(b, '-'), tr.span[:])
	b = appendHex(append(b, '-'), []byte{byte(tr.flags & trace.FlagsSampled)})
	return string(b)
}

// TakeUp goes on with the trace of a traceparent, as it came in an envelope. The
// HTTP request that ctx belongs to is called name, and is part of that trace from
// its beginning: its span and its event are. A traceparent that is none leaves
// them in the trace they are in.
func (t *Telemetry) TakeUp(ctx context.Context, name StepName, traceparent string) context.Context {
	next := &trail{}
	if tr := trailOf(ctx); tr != nil {
		*next = *tr
	}
	next.request.call(name)
	far, ok := parseTraceparent(traceparent)
	if !ok || far.TraceID() == next.trace {
		return ctx
	}
	next.trace, next.span, next.flags = far.TraceID(), far.SpanID(), far.TraceFlags()
	if next.request == nil || next.request.exported == nil {
		next.advance()
	} else {
		// The span that the request was entered with is never ended, and so never
		// exported: this one has its time.
		ctx = t.open(ctx, next, true, trace.SpanKindConsumer)
	}
	next.request.adopt(next)
	return next.in(ctx)
}

// open begins the span of the request that tr belongs to.
func (t *Telemetry) open(ctx context.Context, tr *trail, remote bool, kind trace.SpanKind) context.Context {
	if remote {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: tr.trace, SpanID: tr.span, TraceFlags: tr.flags,
		}))
	}
	r := tr.request
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(kind), trace.WithTimestamp(r.exported.began))
	sc := span.SpanContext()
	tr.trace, tr.span, tr.flags = sc.TraceID(), sc.SpanID(), sc.TraceFlags()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exported.span = span
	return ctx
}

// advance gives the trail a new span, and a new trace where it has none.
func (tr *trail) advance() {
	var random [24]byte
	if tr.trace.IsValid() {
		fill(random[:8])
	} else {
		fill(random[:])
		copy(tr.trace[:], random[8:])
	}
	copy(tr.span[:], random[:8])
}

// fill draws random bytes; all zero is not a valid id.
func fill(b []byte) {
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	b[0] |= 1
	b[len(b)-1] |= 1
}

func newCorrelation() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func validCorrelation(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// parseTraceparent reads a W3C traceparent. Higher versions are read by the
// fields of version 00, as the recommendation asks; version ff is forbidden.
func parseTraceparent(s string) (trace.SpanContext, bool) {
	var none trace.SpanContext
	if len(s) < 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return none, false
	}
	var version, flags [1]byte
	var id trace.TraceID
	var span trace.SpanID
	if !unhex(version[:], s[:2]) || !unhex(id[:], s[3:35]) || !unhex(span[:], s[36:52]) || !unhex(flags[:], s[53:55]) {
		return none, false
	}
	switch {
	case version[0] == 0xff:
		return none, false
	case version[0] == 0 && len(s) != 55, len(s) > 55 && s[55] != '-':
		return none, false
	}
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true,
	})
	return sc, sc.IsValid()
}

// parseCloudTrace reads Google's older header, TRACE_ID/SPAN_ID;o=OPTIONS, with
// a decimal span id; span and options may be missing, and a trace without a
// span is not one to go on with.
// https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header
func parseCloudTrace(s string) (trace.SpanContext, bool) {
	var none trace.SpanContext
	if len(s) > 100 {
		return none, false
	}
	ids, options, _ := strings.Cut(s, ";")
	left, right, _ := strings.Cut(ids, "/")
	var id trace.TraceID
	if !unhex(id[:], strings.ToLower(left)) {
		return none, false
	}
	n, err := strconv.ParseUint(right, 10, 64)
	if err != nil {
		return none, false
	}
	var span trace.SpanID
	binary.BigEndian.PutUint64(span[:], n)
	var flags trace.TraceFlags
	if options == "o=1" {
		flags = trace.FlagsSampled
	}
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: flags, Remote: true})
	return sc, sc.IsValid()
}

// unhex decodes exactly len(dst) bytes of lower-case hexadecimal.
func unhex(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	for i := range dst {
		hi, lo := nibble(s[2*i]), nibble(s[2*i+1])
		if hi > 15 || lo > 15 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	default:
		return 0xff
	}
}

func appendHex(dst, src []byte) []byte { return hex.AppendEncode(dst, src) }
