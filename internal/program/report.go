package program

import (
	"context"
	"net/http"

	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/telemetry"
)

// Report prints one event per request. What the request's handler described
// on the way becomes part of it.
func Report(t *telemetry.Telemetry) func(context.Context, httpserver.RequestEvent) {
	return func(ctx context.Context, r httpserver.RequestEvent) {
		event := telemetry.Event{
			Name:     telemetry.RequestServed,
			Severity: severity(r),
			Fields: []telemetry.Field{
				telemetry.Method(r.Method), telemetry.Route(r.Route), telemetry.Status(r.Status),
				telemetry.Latency(r.Latency),
				telemetry.Count(telemetry.BytesIn, int(r.BytesIn)), telemetry.Count(telemetry.BytesOut, int(r.BytesOut)),
			},
		}
		if r.Err != nil {
			event.Fields = append(event.Fields, telemetry.Error(r.Err))
		}
		if r.Panic != "" {
			event.Name = telemetry.RequestPanicked
			event.Fields = append(event.Fields, telemetry.PanicType(r.Panic), telemetry.Stack(r.Panic, r.Stack))
		}
		t.Finish(ctx, event)
	}
}

// severity keeps the platform's probes out of sight and our own failures in.
// A 503 was described where it was decided.
func severity(r httpserver.RequestEvent) telemetry.Severity {
	switch {
	case r.Panic != "":
		return telemetry.SeverityCritical
	case r.Probes() && r.Status < http.StatusInternalServerError:
		return telemetry.SeverityDebug
	case r.Status >= http.StatusInternalServerError && r.Status != http.StatusServiceUnavailable:
		return telemetry.SeverityError
	case r.Status >= http.StatusBadRequest:
		return telemetry.SeverityWarning
	default:
		return telemetry.SeverityInfo
	}
}
