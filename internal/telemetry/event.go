package telemetry

import "go.uber.org/zap/zapcore"

// EventName is what happened, in snake_case. Dashboards and alerts count on
// these names: add freely, never rename. A name that is not snake_case is
// printed as "unnamed_event".
type EventName string

// Everything that can be told.
const (
	// Life of a program.
	AppStarting      EventName = "app_starting"
	AppListening     EventName = "app_listening"
	AppReady         EventName = "app_ready"
	AppShuttingDown  EventName = "app_shutting_down"
	AppStopped       EventName = "app_stopped"
	ConfigWarning    EventName = "config_warning"
	SecretUnresolved EventName = "secret_unresolved"
	LedgerUnclaimed  EventName = "ledger_unclaimed"

	// Any HTTP request that says nothing more specific of itself.
	RequestServed   EventName = "request_served"
	RequestPanicked EventName = "request_panicked"

	// Front door.
	WebhookReceived           EventName = "webhook_received"
	WebhookVerified           EventName = "webhook_verified"
	WebhookVerificationFailed EventName = "webhook_verification_failed"
	WebhookSignatureInvalid   EventName = "webhook_signature_invalid"
	WebhookDispatchFailed     EventName = "webhook_dispatch_failed"
	// AccountNotice is something that Meta reports about the account, and
	// StandbyMessage a lead whom another agent answers instead of ours.
	AccountNotice  EventName = "account_notice"
	StandbyMessage EventName = "standby_message"

	// The endpoint of WhatsApp Flows. FlowFailed is what a phone reports of an
	// answer that it could not show.
	FlowAnswered         EventName = "flow_answered"
	FlowRefused          EventName = "flow_refused"
	FlowSignatureInvalid EventName = "flow_signature_invalid"
	FlowFailed           EventName = "flow_failed"

	// Back door.
	TaskFinished        EventName = "task_finished"
	TaskIdentityRefused EventName = "task_identity_refused"
	TaskParked          EventName = "task_parked"
	StatusesApplied     EventName = "statuses_applied"
	TimerFinished       EventName = "timer_finished"

	// Turn.
	TurnFinished  EventName = "turn_finished"
	TurnParked    EventName = "turn_parked"
	HandoffOpened EventName = "handoff_opened"
	// HandoffUnanswered says that nobody has come.
	HandoffUnanswered EventName = "handoff_unanswered"
	ReplyFailed       EventName = "reply_failed"
	// PlatformAlarm is a code of Meta's that asks a person to put something right.
	PlatformAlarm EventName = "platform_alarm"

	// Dependencies.
	TelemetryExportFailed EventName = "telemetry_export_failed"
)

// Severity is how much a person should care.
type Severity int8

// Severities, printed by Cloud Logging's names.
const (
	SeverityDebug    = Severity(zapcore.DebugLevel)
	SeverityInfo     = Severity(zapcore.InfoLevel)
	SeverityWarning  = Severity(zapcore.WarnLevel)
	SeverityError    = Severity(zapcore.ErrorLevel)
	SeverityCritical = Severity(zapcore.DPanicLevel)
)

// Event is one thing that happened. The zero Severity is [SeverityInfo].
type Event struct {
	Name     EventName
	Severity Severity
	Fields   []Field
}

// SeverityOfStatus is the severity of a request that was answered with an HTTP
// status and says nothing more specific of itself: 500 is ours to repair, other
// 5xx pass by themselves, a refused sender may be an attack or a wrong secret.
func SeverityOfStatus(status int) Severity {
	switch {
	case status == 500:
		return SeverityError
	case status > 500:
		return SeverityWarning
	case status == 401, status == 403:
		return SeverityWarning
	default:
		return SeverityInfo
	}
}

func (n EventName) text() string {
	if n == "" || len(n) > 64 {
		return unnamedEvent
	}
	for i := range len(n) {
		if c := n[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return unnamedEvent
		}
	}
	return string(n)
}

const unnamedEvent = "unnamed_event"

// encodeSeverity writes a zap level as Cloud Logging's LogSeverity.
// https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity
func encodeSeverity(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) {
	switch {
	case l <= zapcore.DebugLevel:
		enc.AppendString("DEBUG")
	case l == zapcore.InfoLevel:
		enc.AppendString("INFO")
	case l == zapcore.WarnLevel:
		enc.AppendString("WARNING")
	case l == zapcore.ErrorLevel:
		enc.AppendString("ERROR")
	default:
		enc.AppendString("CRITICAL")
	}
}
