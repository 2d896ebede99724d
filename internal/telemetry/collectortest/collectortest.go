// Package collectortest is an OpenTelemetry collector that keeps what it is sent:
// OTLP over HTTP, as protobuf, in the manner of net/http/httptest.
package collectortest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	metricspb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"
	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// base is the path under which it takes what it is sent: an endpoint may have one.
const base = "/otlp"

// Collector is a running collector. Its methods are safe for concurrent use.
type Collector struct {
	// URL is its endpoint, as OTEL_EXPORTER_OTLP_ENDPOINT takes it.
	URL string

	mu      sync.Mutex
	traces  tracepb.ExportTraceServiceRequest
	metrics metricspb.ExportMetricsServiceRequest
	raw     []byte
	headers []http.Header
}

// Start runs a collector until the test ends, which fails when something else than
// traces and metrics is posted.
func Start(tb testing.TB) *Collector {
	tb.Helper()
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = c.take(r, body)
		}
		if err != nil {
			tb.Errorf("posted to %s: %v", r.URL.Path, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	tb.Cleanup(server.Close)
	c.URL = server.URL + base
	return c
}

func (c *Collector) take(r *http.Request, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	c.headers = append(c.headers, r.Header.Clone())
	// Repeated fields are appended.
	merge := proto.UnmarshalOptions{Merge: true}
	switch r.URL.Path {
	case base + "/v1/traces":
		return merge.Unmarshal(body, &c.traces)
	case base + "/v1/metrics":
		return merge.Unmarshal(body, &c.metrics)
	default:
		return http.ErrNotSupported
	}
}

// Raw is everything that was posted, byte for byte.
func (c *Collector) Raw() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.raw)
}

// Headers are those of everything that was posted.
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

// Span is one span.
type Span struct {
	// Resource is whose it is, Service its service.name.
	Resource map[string]any
	Service  string
	Name     string
	// Trace, ID and Parent are in hexadecimal; a root has no Parent.
	Trace, ID, Parent string
	Attributes        map[string]any
	// Links are the traces that it is about too.
	Links []string
	// Failed says that its status is an error, and Failure with which text.
	Failed  bool
	Failure string
	// Began and Ended are in nanoseconds of the Unix epoch.
	Began, Ended uint64
}

// Spans are all spans that were exported.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var spans []Span
	for _, of := range c.traces.GetResourceSpans() {
		resource := plain(of.GetResource().GetAttributes())
		service, _ := resource["service.name"].(string)
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				span := Span{
					Resource: resource, Service: service, Name: s.GetName(),
					Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
					Parent: hex.EncodeToString(s.GetParentSpanId()), Attributes: plain(s.GetAttributes()),
					Failed: s.GetStatus().GetCode() == spanpb.Status_STATUS_CODE_ERROR, Failure: s.GetStatus().GetMessage(),
					Began: s.GetStartTimeUnixNano(), Ended: s.GetEndTimeUnixNano(),
				}
				for _, l := range s.GetLinks() {
					span.Links = append(span.Links, hex.EncodeToString(l.GetTraceId()))
				}
				spans = append(spans, span)
			}
		}
	}
	return spans
}

// Point is one series of an instrument, as it was exported last or before.
type Point struct {
	Service, Name, Unit, Description string
	Histogram                        bool
	Labels                           map[string]any
	// Value is the sum of a counter, and how many there are of a histogram.
	Value float64
	// Exemplars are the traces of measurements that it was made of.
	Exemplars []string
}

// Points are all series that were exported.
func (c *Collector) Points() []Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	var points []Point
	for _, of := range c.metrics.GetResourceMetrics() {
		service, _ := plain(of.GetResource().GetAttributes())["service.name"].(string)
		for _, scope := range of.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				p := Point{Service: service, Name: m.GetName(), Unit: m.GetUnit(), Description: m.GetDescription()}
				for _, n := range m.GetSum().GetDataPoints() {
					p.Labels, p.Value, p.Exemplars = plain(n.GetAttributes()), float64(n.GetAsInt())+n.GetAsDouble(), traces(n.GetExemplars())
					points = append(points, p)
				}
				for _, h := range m.GetHistogram().GetDataPoints() {
					p.Histogram = true
					p.Labels, p.Value, p.Exemplars = plain(h.GetAttributes()), float64(h.GetCount()), traces(h.GetExemplars())
					points = append(points, p)
				}
			}
		}
	}
	return points
}

func traces(exemplars []*pb.Exemplar) (ids []string) {
	for _, e := range exemplars {
		ids = append(ids, hex.EncodeToString(e.GetTraceId()))
	}
	return ids
}

// plain are attributes as a map.
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
