package config

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Environment is where a program runs; it decides which rules hold.
type Environment string

// The environments. Development alone allows stores in memory, emulators,
// plain http and fixed keys.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// LogLevel is the least severity that is logged.
type LogLevel string

// The log levels, least severe first.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// Backend is the technology behind a store.
type Backend string

// The backends. Memory forgets everything at exit and is for development.
const (
	BackendRedis     Backend = "redis"
	BackendFirestore Backend = "firestore"
	BackendMemory    Backend = "memory"
)

// Common is what both programs are told.
type Common struct {
	Environment Environment
	ServiceName string
	LogLevel    LogLevel
	// Port is the TCP port to listen on; 0, in development, lets the system
	// choose.
	Port int
	// GCPProject is the Google Cloud project; it may be empty in development.
	GCPProject string
	Tenant     string
	// PhoneNumberIDs are Meta's ids of our numbers, at least one.
	PhoneNumberIDs    []string
	BusinessAccountID string
	Redis             Redis
	Tasks             Tasks
	// ContactHashKey keys every pseudonym; read it with [DecodeKey].
	ContactHashKey Secret
	// DataKeys seal data at rest: the first seals, all open; read them with
	// [DecodeKeyRing].
	DataKeys []Secret
	// SessionTTL ends a conversation after this long without a message.
	SessionTTL time.Duration
	// DedupeTTL is how long a mark of a seen message is kept.
	DedupeTTL time.Duration
	// CoalesceWindow is the longest quiet time waited for before answering; 0
	// answers at once.
	CoalesceWindow time.Duration
	// PackDir is a folder with a knowledge pack; empty is the embedded one.
	PackDir string
	// OTLPEndpoint is where traces and metrics go; empty exports nothing.
	OTLPEndpoint string

	settings   []Setting
	references []Reference
}

// Redis tells where hints are kept.
type Redis struct {
	// URL is set unless both backends are [BackendMemory].
	URL      Secret
	Sessions Backend
	Dedupe   Backend
}

// Tasks tells how Cloud Tasks are made and whom they reach.
type Tasks struct {
	Project  string
	Location string
	// Inbound, Status and Timer are queue ids, at least one each;
	// conversations are spread over them.
	Inbound []string
	Status  []string
	Timer   []string
	// EmulatorHost is the host:port of a stand-in spoken to without TLS; empty
	// outside development.
	EmulatorHost string
	// WorkerURL has no trailing slash.
	WorkerURL string
	// Audience is what the identity token of a task is for.
	Audience string
	// InvokerEmail is the service account a task is signed for; empty, in
	// development only, makes tasks without a token.
	InvokerEmail string
}

func readCommon(r *reader) Common {
	c := Common{
		Environment:       r.env,
		ServiceName:       r.text("SERVICE_NAME"),
		LogLevel:          logLevel(r.text("LOG_LEVEL")),
		Port:              r.number("PORT"),
		GCPProject:        r.project,
		Tenant:            r.text("TENANT_ID"),
		PhoneNumberIDs:    r.list("WHATSAPP_PHONE_NUMBER_ID"),
		BusinessAccountID: r.text("WHATSAPP_BUSINESS_ACCOUNT_ID"),
		Redis: Redis{
			URL:      r.secret("REDIS_URL"),
			Sessions: Backend(r.text("SESSION_STORE_BACKEND")),
			Dedupe:   Backend(r.text("DEDUPE_BACKEND")),
		},
		Tasks: Tasks{
			Project:      r.text("CLOUD_TASKS_PROJECT_ID"),
			Location:     r.text("CLOUD_TASKS_LOCATION"),
			Inbound:      r.list("CLOUD_TASKS_QUEUE_INBOUND"),
			Status:       r.list("CLOUD_TASKS_QUEUE_STATUS"),
			Timer:        r.list("CLOUD_TASKS_QUEUE_TIMER"),
			EmulatorHost: r.text("CLOUD_TASKS_EMULATOR_HOST"),
			WorkerURL:    r.url("WORKER_URL"),
			Audience:     r.text("WORKER_AUDIENCE"),
			InvokerEmail: r.text("TASKS_INVOKER_EMAIL"),
		},
		ContactHashKey: r.secret("CONTACT_HASH_KEY"),
		DataKeys:       r.secrets("DATA_KEY"),
		SessionTTL:     r.duration("SESSION_TTL"),
		DedupeTTL:      r.duration("DEDUPE_TTL"),
		CoalesceWindow: r.duration("COALESCE_WINDOW"),
		PackDir:        r.text("PACK_DIR"),
		OTLPEndpoint:   r.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
	}
	// The only queue there is; reading it refuses any other.
	r.text("QUEUE_BACKEND")
	// OpenTelemetry reads these itself, and would pass over what it cannot use.
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
		"OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
	} {
		r.text(name)
	}
	if c.Redis.Sessions == BackendRedis || c.Redis.Dedupe == BackendRedis {
		r.require("REDIS_URL")
	}
	return c
}

// CheckResolved applies a variable's rules to the value that its reference
// turned out to hold. The error is a [*Faults]; it never holds the value. A
// variable that is not in the table is a mistake of the caller and panics.
func (c Common) CheckResolved(variable string, value pii.Secret) error {
	v := newTable().mustFind(variable)
	items := []string{value.Reveal()}
	if v.list {
		items = splitList(value.Reveal())
	}
	if len(items) == 0 || items[0] == "" {
		return &Faults{List: []Fault{{Variable: variable, Problem: "refers to an empty secret", Remedy: v.remedy()}}}
	}
	for _, item := range items {
		if problem := v.resolvedProblem(item, c.Environment); problem != "" {
			return &Faults{List: []Fault{{Variable: variable, Problem: "refers to a secret that " + problem, Remedy: v.remedy()}}}
		}
	}
	return nil
}
