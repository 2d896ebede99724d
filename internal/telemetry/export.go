package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// scope names the instrumentation in exported data.
	scope = "github.com/pyloto/atende"
	// maxSeries bounds the label combinations of one instrument; what exceeds
	// it is counted together by the SDK.
	maxSeries = 200
	// complaintPause is how long export failures are kept quiet after one was
	// reported.
	complaintPause = 5 * time.Minute
)

// export sets up the OTLP/HTTP exporters. They buffer, drop when the buffer is
// full, and work in the background.
func (t *Telemetry) export(ctx context.Context, o Options) error {
	base, err := url.Parse(o.OTLPEndpoint)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: not an http or https URL")
	}
	about := []attribute.KeyValue{
		attribute.String("service.name", o.Service),
		attribute.String("service.version", o.Version),
		attribute.String("deployment.environment.name", o.Environment),
		// Without it the instances of a service would write over each other's sums.
		attribute.String("service.instance.id", newCorrelation()),
	}
	if o.GCPProject != "" {
		// Google's OTLP API wants to be told.
		// https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/overview
		about = append(about, attribute.String("gcp.project_id", o.GCPProject))
	}
	source, err := resource.Merge(resource.NewSchemaless(about...), resource.Environment())
	if err != nil {
		return fmt.Errorf("resource attributes: %w", err)
	}
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base.JoinPath("v1/traces").String()))
	if err != nil {
		return fmt.Errorf("trace exporter: %w", err)
	}
	points, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(base.JoinPath("v1/metrics").String()))
	if err != nil {
		return fmt.Errorf("metric exporter: %w", err)
	}
	complain := &complaint{telemetry: t}
	tracing := sdktrace.NewTracerProvider(sdktrace.WithResource(source), sdktrace.WithBatcher(watchedSpans{spans, complain}))
	metering := sdkmetric.NewMeterProvider(sdkmetric.WithResource(source), sdkmetric.WithCardinalityLimit(maxSeries),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(watchedMetrics{points, complain})))
	if t.metrics, err = newMetrics(metering.Meter(scope)); err != nil {
		return err
	}
	t.tracer = tracing.Tracer(scope)
	t.flush = append(t.flush, tracing.Shutdown, metering.Shutdown)
	return nil
}

// watchedSpans and watchedMetrics keep an exporter's failures from the SDK,
// which would print each of them to standard error.
type watchedSpans struct {
	sdktrace.SpanExporter
	complain *complaint
}

func (w watchedSpans) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	w.complain.about(ctx, w.SpanExporter.ExportSpans(ctx, spans))
	return nil
}

type watchedMetrics struct {
	sdkmetric.Exporter
	complain *complaint
}

func (w watchedMetrics) Export(ctx context.Context, points *metricdata.ResourceMetrics) error {
	w.complain.about(ctx, w.Exporter.Export(ctx, points))
	return nil
}

// complaint reports export failures, one in five minutes.
type complaint struct {
	telemetry *Telemetry

	mu   sync.Mutex
	last time.Time
}

// about reports err unless another was reported a moment ago.
func (c *complaint) about(ctx context.Context, err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.telemetry.now()
	if age := now.Sub(c.last); !c.last.IsZero() && age >= 0 && age < complaintPause {
		return
	}
	c.last = now
	c.telemetry.Emit(ctx, Event{Name: TelemetryExportFailed, Severity: SeverityWarning, Fields: []Field{Error(err)}})
}
