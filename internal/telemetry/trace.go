package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// trail is what connects everything done for one message: it travels in the
// context. A trail is never changed, only replaced.
type trail struct {
	correlation string
	trace       trace.TraceID
	span        trace.SpanID
	flags       trace.TraceFlags
	request     *request // the HTTP request it belongs to, if any
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

// Span is one stretch of work. The zero Span does nothing.
type Span struct{ span trace.Span }

// Start begins a stretch of work. With a valid traceparent of another trace it
// goes on with that trace, and the event of the HTTP request that ctx belongs
// to is printed under it too; otherwise it is a child of the work in ctx, or
// the beginning of a new trace. name must be a constant: it is exported.
// The returned span must be ended.
func (t *Telemetry) Start(ctx context.Context, name, traceparent string) (context.Context, Span) {
	next := &trail{}
	if tr := trailOf(ctx); tr != nil {
		*next = *tr
	}
	far, ok := parseTraceparent(traceparent)
	adopts := ok && far.TraceID() != next.trace
	if adopts {
		next.trace, next.span, next.flags = far.TraceID(), far.SpanID(), far.TraceFlags()
	}
	var span Span
	ctx, span = t.step(ctx, next, name, adopts, trace.SpanKindInternal)
	if adopts {
		next.request.adopt(next)
	}
	return ctx, span
}

// step moves next on to a new span and returns the context that carries it.
func (t *Telemetry) step(ctx context.Context, next *trail, name string, remote bool, kind trace.SpanKind) (context.Context, Span) {
	if t.tracer == nil {
		next.advance()
		return next.in(ctx), Span{}
	}
	if remote {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: next.trace, SpanID: next.span, TraceFlags: next.flags,
		}))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	sc := span.SpanContext()
	next.trace, next.span, next.flags = sc.TraceID(), sc.SpanID(), sc.TraceFlags()
	return next.in(ctx), Span{span}
}

// End ends the stretch of work.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// Fail marks the work as failed, with the kind of failure in a word.
func (s Span) Fail(kind string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, Redact(kind))
	}
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
