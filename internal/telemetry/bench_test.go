package telemetry_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/telemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func BenchmarkEmit(b *testing.B) {
	t, err := telemetry.New(b.Context(), telemetry.Options{Service: "s", Version: "v", GCPProject: "p", Writer: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	ctx, _ := t.Enter(b.Context(), http.Header{})
	b.ReportAllocs()
	for b.Loop() {
		t.Emit(ctx, telemetry.Event{Name: telemetry.TurnFinished, Fields: []telemetry.Field{
			telemetry.Conversation("u2x7q4mz3hd6wkca5tbn2ypf8rvejgls"),
			telemetry.Turn("u2x7q4mz3hd6wkca5tbn2ypf8rvejgls~12"),
			telemetry.Fate("sent"),
			telemetry.PreviousState("TRIAGE"),
			telemetry.State("COLLECTING"),
			telemetry.Model("gpt-4o-mini"),
			telemetry.Verdict("accepted"),
			telemetry.Count(telemetry.PromptTokens, 1834),
			telemetry.Count(telemetry.CompletionTokens, 97),
			telemetry.Count(telemetry.Messages, 2),
			telemetry.Duration(telemetry.ModelLatency, 1234567*time.Microsecond),
			telemetry.Latency(1987654 * time.Microsecond),
		}})
	}
}

// BenchmarkBareZap prints the same line with zap alone, as the floor of
// BenchmarkEmit.
func BenchmarkBareZap(b *testing.B) {
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), zapcore.Lock(zapcore.AddSync(io.Discard)), zap.InfoLevel)).With(
		zap.Dict("serviceContext", zap.String("service", "s"), zap.String("version", "v")),
		zap.Dict("logging.googleapis.com/labels", zap.String("environment", "")),
	)
	b.ReportAllocs()
	for b.Loop() {
		log.Info("turn_finished",
			zap.String("correlation_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
			zap.String("logging.googleapis.com/trace", "projects/p/traces/4bf92f3577b34da6a3ce929d0e0e4736"),
			zap.String("logging.googleapis.com/spanId", "00f067aa0ba902b7"),
			zap.Bool("logging.googleapis.com/trace_sampled", false),
			zap.String("conversation", "u2x7q4mz3hd6wkca5tbn2ypf8rvejgls"),
			zap.String("turn", "u2x7q4mz3hd6wkca5tbn2ypf8rvejgls~12"),
			zap.String("fate", "sent"),
			zap.String("previous_state", "TRIAGE"),
			zap.String("state", "COLLECTING"),
			zap.String("model", "gpt-4o-mini"),
			zap.String("verdict", "accepted"),
			zap.Int("prompt_tokens", 1834),
			zap.Int("completion_tokens", 97),
			zap.Int("messages", 2),
			zap.Float64("model_latency_ms", 1234.567),
			zap.Float64("latency_ms", 1987.654),
		)
	}
}

func BenchmarkRequest(b *testing.B) {
	t, err := telemetry.New(b.Context(), telemetry.Options{Service: "s", Version: "v", GCPProject: "p", Writer: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	h := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
	b.ReportAllocs()
	for b.Loop() {
		ctx, _ := t.Enter(b.Context(), h)
		telemetry.Describe(ctx, telemetry.Event{Name: telemetry.WebhookReceived, Fields: []telemetry.Field{
			telemetry.Count(telemetry.Events, 1), telemetry.Count(telemetry.Enqueued, 1), telemetry.Count(telemetry.Duplicates, 0),
		}})
		_ = telemetry.Traceparent(ctx)
		t.Finish(ctx, telemetry.Event{Name: telemetry.RequestServed, Fields: []telemetry.Field{
			telemetry.Method("POST"), telemetry.Route("/webhook/whatsapp"), telemetry.Status(200),
			telemetry.Latency(17 * time.Millisecond), telemetry.Count(telemetry.BytesIn, 1700), telemetry.Count(telemetry.BytesOut, 90),
		}})
	}
}

func BenchmarkError(b *testing.B) {
	err := errors.New("commit: rpc error: code = Unavailable desc = connection refused by +5511987654321")
	b.ReportAllocs()
	for b.Loop() {
		_ = telemetry.Error(err)
	}
}

func BenchmarkMetricsOff(b *testing.B) {
	t, err := telemetry.New(b.Context(), telemetry.Options{Writer: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		t.Metrics().Task(b.Context(), telemetry.Handled{Kind: "inbound", Fate: "sent", Took: time.Second})
	}
}

// BenchmarkStepOff is a step where nothing is exported.
func BenchmarkStepOff(b *testing.B) {
	t, err := telemetry.New(b.Context(), telemetry.Options{Writer: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	ctx, _ := t.Enter(b.Context(), nil)
	b.ReportAllocs()
	for b.Loop() {
		_, span := telemetry.Step(ctx, telemetry.StepLoad)
		span.End(nil)
	}
}

// BenchmarkStepExported is a step of a trace that is exported. The collector keeps
// nothing, and what its exporter's buffer does not hold is dropped.
func BenchmarkStepExported(b *testing.B) {
	for name, sampler := range map[string]string{"Sampled": "always_on", "Unsampled": "always_off"} {
		b.Run(name, func(b *testing.B) {
			b.Setenv("OTEL_TRACES_SAMPLER", sampler)
			collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			defer collector.Close()
			t, err := telemetry.New(b.Context(), telemetry.Options{Writer: io.Discard, OTLPEndpoint: collector.URL})
			if err != nil {
				b.Fatal(err)
			}
			ctx, _ := t.Enter(b.Context(), nil)
			b.ReportAllocs()
			for b.Loop() {
				_, span := telemetry.Step(ctx, telemetry.StepLoad)
				span.End(nil)
			}
			if err := t.Shutdown(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
