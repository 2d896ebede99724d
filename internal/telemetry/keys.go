package telemetry

// Every key a log line of Atende can have stands in this file. A key is added
// here or not at all.

// Keys that Cloud Logging and Error Reporting give a meaning of their own.
// https://docs.cloud.google.com/logging/docs/structured-logging
// https://docs.cloud.google.com/error-reporting/docs/formatting-error-messages
const (
	keySeverity       = "severity"
	keyTime           = "time"
	keyEvent          = "message"
	keyTrace          = "logging.googleapis.com/trace"
	keySpan           = "logging.googleapis.com/spanId"
	keyTraceSampled   = "logging.googleapis.com/trace_sampled"
	keyLabels         = "logging.googleapis.com/labels"
	keyServiceContext = "serviceContext"
	keyHTTPRequest    = "httpRequest"
	keyType           = "@type"
)

// reported is the type of a line that Error Reporting takes up, with a stack or
// without one.
const reported = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"

// keyEventAttribute is where the span of a request has the name of its event.
const keyEventAttribute = "event"

// Keys of the constant objects of a line.
const (
	keyService     = "service"
	keyVersion     = "version"
	keyEnvironment = "environment"
)

// key is an index into keyNames; the zero key prints nothing.
type key uint8

// CountKey names a number of things.
type CountKey key

// DurationKey names a length of time, printed in milliseconds.
type DurationKey key

// FlagKey names something that is true or false.
type FlagKey key

// Keys with a constructor of their own.
const (
	_ key = iota
	keyCorrelation
	keyConversation
	keyMessage
	keyTurn
	keyTask
	keyTenant
	keyMethod
	keyRoute
	keyStatus
	keyCode
	keyLatency
	keyKind
	keyFate
	keyState
	keyPreviousState
	keyModel
	keyVerdict
	keyReason
	keyComponent
	keyBackend
	keyVariable
	keyErrorKind
	keyError
	keyPanic
	keyStack
	endOwn
)

// Numbers of things.
const (
	Events CountKey = iota + CountKey(endOwn)
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
	CostMicroUSD
	BytesIn
	BytesOut
	Port
	Notices
	Retries
	endCounts
)

// Lengths of time.
const (
	QueueDelay DurationKey = iota + DurationKey(endCounts)
	MessageAge
	HintLatency
	LedgerLatency
	ModelLatency
	CommitLatency
	SendLatency
	EnqueueLatency
	StartLatency
	endDurations
)

// Facts that are true or false.
const (
	SignatureValid FlagKey = iota + FlagKey(endDurations)
	CacheHit
	Resumed
	Ambiguous
	Existed
	endFlags
)

var keyNames = [endFlags]string{
	keyCorrelation:   "correlation_id",
	keyConversation:  "conversation",
	keyMessage:       "message_id",
	keyTurn:          "turn",
	keyTask:          "task",
	keyTenant:        "tenant",
	keyMethod:        "method",
	keyRoute:         "route",
	keyStatus:        "status",
	keyCode:          "code",
	keyLatency:       "latency_ms",
	keyKind:          "kind",
	keyFate:          "fate",
	keyState:         "state",
	keyPreviousState: "previous_state",
	keyModel:         "model",
	keyVerdict:       "verdict",
	keyReason:        "reason",
	keyComponent:     "component",
	keyBackend:       "backend",
	keyVariable:      "variable",
	keyErrorKind:     "error_kind",
	keyError:         "error",
	keyPanic:         "panic_type",
	keyStack:         "stack_trace",

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
	CostMicroUSD:     "cost_micro_usd",
	BytesIn:          "bytes_in",
	BytesOut:         "bytes_out",
	Port:             "port",
	Notices:          "notices",
	Retries:          "retries",

	QueueDelay:     "queue_delay_ms",
	MessageAge:     "message_age_ms",
	HintLatency:    "hint_latency_ms",
	LedgerLatency:  "ledger_latency_ms",
	ModelLatency:   "model_latency_ms",
	CommitLatency:  "commit_latency_ms",
	SendLatency:    "send_latency_ms",
	EnqueueLatency: "enqueue_latency_ms",
	StartLatency:   "start_latency_ms",

	SignatureValid: "signature_valid",
	CacheHit:       "cache_hit",
	Resumed:        "resumed",
	Ambiguous:      "ambiguous",
	Existed:        "existed",
}

func (k CountKey) known() bool    { return k >= Events && k < endCounts }
func (k DurationKey) known() bool { return k >= QueueDelay && k < endDurations }
func (k FlagKey) known() bool     { return k >= SignatureValid && k < endFlags }
