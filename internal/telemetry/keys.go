package telemetry

// Every key a log line of Atende can have stands in this file. A key is added
// here or not at all.

// Keys that Cloud Logging gives a meaning of its own.
// https://docs.cloud.google.com/logging/docs/structured-logging
const (
	keySeverity       = "severity"
	keyTime           = "time"
	keyEvent          = "message"
	keyTrace          = "logging.googleapis.com/trace"
	keySpan           = "logging.googleapis.com/spanId"
	keyTraceSampled   = "logging.googleapis.com/trace_sampled"
	keyLabels         = "logging.googleapis.com/labels"
	keyServiceContext = "serviceContext"
	keyStack          = "stack_trace"
)

// Keys with a constructor of their own.
const (
	keyCorrelation   = "correlation_id"
	keyConversation  = "conversation"
	keyMessage       = "message_id"
	keyTurn          = "turn"
	keyTask          = "task"
	keyTenant        = "tenant"
	keyMethod        = "method"
	keyRoute         = "route"
	keyStatus        = "status"
	keyCode          = "code"
	keyLatency       = "latency_ms"
	keyKind          = "kind"
	keyFate          = "fate"
	keyState         = "state"
	keyPreviousState = "previous_state"
	keyModel         = "model"
	keyVerdict       = "verdict"
	keyReason        = "reason"
	keyComponent     = "component"
	keyBackend       = "backend"
	keyVariable      = "variable"
	keyVersion       = "version"
	keyEnvironment   = "environment"
	keyService       = "service"
	keyErrorKind     = "error_kind"
	keyError         = "error"
	keyPanic         = "panic_type"
)

// CountKey names a number of things.
type CountKey uint8

// Numbers of things.
const (
	Events CountKey = iota
	Enqueued
	Duplicates
	Ignored
	Quarantined
	Failed
	Messages
	Statuses
	Parts
	Effects
	Attempts
	FollowUps
	Drafts
	Superseded
	PromptTokens
	CachedTokens
	CompletionTokens
	BytesIn
	BytesOut
	Port
	countKeys
)

// DurationKey names a length of time, printed in milliseconds.
type DurationKey uint8

// Lengths of time.
const (
	QueueDelay DurationKey = iota
	MessageAge
	HintLatency
	LedgerLatency
	ModelLatency
	SendLatency
	EnqueueLatency
	StartLatency
	durationKeys
)

// FlagKey names something that is true or false.
type FlagKey uint8

// Facts that are true or false.
const (
	SignatureValid FlagKey = iota
	CacheHit
	Resumed
	Ambiguous
	flagKeys
)

func (k CountKey) key() string {
	names := [countKeys]string{
		Events:           "events",
		Enqueued:         "enqueued",
		Duplicates:       "duplicates",
		Ignored:          "ignored",
		Quarantined:      "quarantined",
		Failed:           "failed",
		Messages:         "messages",
		Statuses:         "statuses",
		Parts:            "parts",
		Effects:          "effects",
		Attempts:         "attempts",
		FollowUps:        "follow_ups",
		Drafts:           "drafts",
		Superseded:       "superseded",
		PromptTokens:     "prompt_tokens",
		CachedTokens:     "cached_tokens",
		CompletionTokens: "completion_tokens",
		BytesIn:          "bytes_in",
		BytesOut:         "bytes_out",
		Port:             "port",
	}
	if k >= countKeys {
		return ""
	}
	return names[k]
}

func (k DurationKey) key() string {
	names := [durationKeys]string{
		QueueDelay:     "queue_delay_ms",
		MessageAge:     "message_age_ms",
		HintLatency:    "hint_latency_ms",
		LedgerLatency:  "ledger_latency_ms",
		ModelLatency:   "model_latency_ms",
		SendLatency:    "send_latency_ms",
		EnqueueLatency: "enqueue_latency_ms",
		StartLatency:   "start_latency_ms",
	}
	if k >= durationKeys {
		return ""
	}
	return names[k]
}

func (k FlagKey) key() string {
	names := [flagKeys]string{
		SignatureValid: "signature_valid",
		CacheHit:       "cache_hit",
		Resumed:        "resumed",
		Ambiguous:      "ambiguous",
	}
	if k >= flagKeys {
		return ""
	}
	return names[k]
}
