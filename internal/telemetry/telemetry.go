package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap/zapcore"
)

// Options says who is speaking, to whom, and how much.
type Options struct {
	Service     string // program's name, "atende-ingress"
	Version     string
	Environment string // "development", "staging", "production"

	// GCPProject turns trace ids into the resource names that Cloud Logging
	// joins on. Empty: plain ids are printed.
	GCPProject string
	// Level is the lowest severity printed: "debug", "info" (also when empty),
	// "warn" or "warning", "error".
	Level string
	// Writer receives one JSON object per line, one Write each; nil means
	// standard output.
	Writer io.Writer
	// OTLPEndpoint is the value of OTEL_EXPORTER_OTLP_ENDPOINT, the base URL of
	// a collector that speaks OTLP over HTTP. Empty: nothing is exported. The
	// other standard OTEL_* variables are read by the SDK itself, from the
	// environment of the process; package config refuses what it would ignore.
	OTLPEndpoint string
	// Now is the clock of log lines; nil means time.Now.
	Now func() time.Time
}

// Telemetry prints events, traces and metrics of one program.
type Telemetry struct {
	core    zapcore.Core
	now     func() time.Time
	prefix  string // of trace resource names
	lines   sync.Pool
	tracer  trace.Tracer // nil without exporter
	metrics *Metrics
	flush   []func(context.Context) error
}

// New returns the telemetry of one program. It touches no network; it fails on
// an unknown level and on an endpoint that is not a URL.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	level, err := parseLevel(o.Level)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	if o.Writer == nil {
		o.Writer = os.Stdout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Telemetry{now: o.Now, metrics: &Metrics{}}
	if o.GCPProject != "" {
		t.prefix = "projects/" + o.GCPProject + "/traces/"
	}
	t.lines.New = func() any {
		l := &line{buf: make([]byte, 0, 128)}
		l.slot[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: l}
		return l
	}
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		MessageKey:  keyEvent,
		LevelKey:    keySeverity,
		TimeKey:     keyTime,
		EncodeLevel: encodeSeverity,
		EncodeTime:  zapcore.RFC3339NanoTimeEncoder,
		LineEnding:  zapcore.DefaultLineEnding,
	})
	// Only Write is passed on: a line is complete when Write returns, and
	// syncing a pipe or a terminal is an error on some systems.
	sink := zapcore.Lock(zapcore.AddSync(writeOnly{o.Writer}))
	t.core = zapcore.NewCore(encoder, sink, level).With([]zapcore.Field{
		{Key: keyServiceContext, Type: zapcore.ObjectMarshalerType, Interface: object{{keyService, o.Service}, {keyVersion, o.Version}}},
		{Key: keyLabels, Type: zapcore.ObjectMarshalerType, Interface: object{{keyEnvironment, o.Environment}}},
	})
	if o.OTLPEndpoint != "" {
		if err := t.export(ctx, o); err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
	}
	return t, nil
}

// Emit prints one event with the correlation and trace ids of ctx. An event
// below the configured level costs nothing.
func (t *Telemetry) Emit(ctx context.Context, e Event) {
	t.print(trailOf(ctx), e.Name, e.Severity, e.Fields, nil)
}

// Exports reports whether traces and metrics go anywhere.
func (t *Telemetry) Exports() bool { return t.tracer != nil }

// Metrics are the program's counters and histograms.
func (t *Telemetry) Metrics() *Metrics { return t.metrics }

// Shutdown hands what is buffered to the collector, until ctx is done, and
// stops exporting. Log lines are never buffered.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, flush := range t.flush {
		errs = append(errs, flush(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("telemetry: flush: %w", err)
	}
	return nil
}

// line is one event on its way to the writer. It is pooled, and it marshals
// itself, so that an event costs no allocation.
type line struct {
	prefix string
	trail  trail
	fatal  bool // for Error Reporting
	fields []Field
	slot   [1]zapcore.Field
	buf    []byte
}

func (t *Telemetry) print(tr *trail, name EventName, s Severity, fields, more []Field) {
	level := zapcore.Level(s)
	if !t.core.Enabled(level) {
		return
	}
	l, ok := t.lines.Get().(*line)
	if !ok {
		return
	}
	l.prefix, l.fatal = t.prefix, s >= SeverityError
	l.trail = trail{}
	if tr != nil {
		l.trail = *tr
	}
	l.fields = append(append(l.fields[:0], fields...), more...)
	// A writer that fails has nobody to tell.
	_ = t.core.Write(zapcore.Entry{Level: level, Time: t.now().UTC(), Message: name.text()}, l.slot[:])
	clear(l.fields)
	l.trail = trail{}
	t.lines.Put(l)
}

// MarshalLogObject adds the ids and the fields of the event.
func (l *line) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	if l.trail.correlation != "" {
		enc.AddString(keyNames[keyCorrelation], l.trail.correlation)
	}
	if l.trail.trace.IsValid() {
		l.buf = appendHex(append(l.buf[:0], l.prefix...), l.trail.trace[:])
		enc.AddByteString(keyTrace, l.buf)
		l.buf = appendHex(l.buf[:0], l.trail.span[:])
		enc.AddByteString(keySpan, l.buf)
		enc.AddBool(keyTraceSampled, l.trail.flags.IsSampled())
	}
	if l.fatal {
		enc.AddString(keyType, reported)
	}
	for _, f := range l.fields {
		f.addTo(enc)
		if f.key == keyRoute {
			if err := enc.AddObject(keyHTTPRequest, (*requestLine)(l)); err != nil {
				return err
			}
		}
	}
	return nil
}

// requestLine is what a line says of an HTTP request, in Cloud Logging's words.
// https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest
type requestLine line

// MarshalLogObject adds what is known of the request; the pattern it matched
// stands for its address, which may hold anything.
func (l *requestLine) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, f := range l.fields {
		switch f.key {
		case keyMethod:
			enc.AddString("requestMethod", f.text)
		case keyRoute:
			enc.AddString("requestUrl", f.text)
		case keyStatus:
			enc.AddInt64("status", f.num)
		case keyLatency:
			l.buf = append(strconv.AppendFloat(l.buf[:0], f.milliseconds()/1000, 'f', 6, 64), 's')
			enc.AddByteString("latency", l.buf)
		case key(BytesIn):
			l.buf = strconv.AppendInt(l.buf[:0], f.num, 10)
			enc.AddByteString("requestSize", l.buf)
		case key(BytesOut):
			l.buf = strconv.AppendInt(l.buf[:0], f.num, 10)
			enc.AddByteString("responseSize", l.buf)
		}
	}
	return nil
}

// object is a constant JSON object of strings.
type object [][2]string

// MarshalLogObject adds the members in order.
func (o object) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, m := range o {
		enc.AddString(m[0], m[1])
	}
	return nil
}

type writeOnly struct{ io.Writer }

func parseLevel(s string) (zapcore.Level, error) {
	switch strings.ToLower(s) {
	case "debug":
		return zapcore.DebugLevel, nil
	case "", "info":
		return zapcore.InfoLevel, nil
	case "warn", "warning":
		return zapcore.WarnLevel, nil
	case "error":
		return zapcore.ErrorLevel, nil
	default:
		return 0, errors.New("level: not one of debug, info, warn, error")
	}
}
