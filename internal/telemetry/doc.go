// Package telemetry prints what happened: zap logs in Cloud Logging's dialect,
// OpenTelemetry traces and metrics; one event per request and per turn.
//
// It is the only room that imports zap or OpenTelemetry. Everybody else names
// an [EventName], fills an [Event] with [Field] values and hands it over.
//
// Promises:
//
//   - A field can only be made by a constructor of this package, so that no
//     room invents a key and none prints a value of a shape nobody thought of.
//     Strings are bounded and lose their control characters; everything that is
//     not an id passes a redactor that masks long digit runs, e-mail addresses,
//     wamids, bearer tokens and API keys. That is the last line of defence, not
//     permission to pass personal data.
//   - One correlation id and one trace id follow a message from the webhook
//     through its task to the audit record, with or without an exporter:
//     [Telemetry.Enter] takes them from a request's headers or makes them,
//     [Traceparent] and [CorrelationID] hand them on, [Telemetry.TakeUp] and
//     [WithCorrelation] take them up again on the other side.
//   - Every step on that way is a [Step] out of one list, which is the list of
//     spans and of the durations that are measured. Its attributes are fields,
//     and what made it fail is a kind of failure, never a text.
//   - Without an OTLP endpoint there is no exporter, no provider, no goroutine
//     and next to no cost. With one, a collector that is slow, broken or gone
//     never delays or fails a request and is reported at most every five
//     minutes.
//   - Label values of metrics are bounded in shape and in number.
//
// Emitting never fails and never blocks on anything but the writer. All methods
// are safe for concurrent use.
package telemetry
