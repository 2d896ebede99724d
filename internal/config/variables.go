package config

import "time"

// Values that development falls back to. They are published here, so any
// other environment refuses them.
const (
	sampleProject = "atende-development"
	sampleHashKey = "646576656c6f706d656e74206f6e6c793a206e65766572207573652069742121"
	sampleDataKey = "646576656c6f706d656e742064617461206b65793a206e6f2073656372657421"
)

// maxCoalesce is the longest a burst of messages may be waited for.
const maxCoalesce = 4 * time.Second

// groups is the table itself: the one place where a variable is described.
func groups() []group {
	const (
		id      = letters + digits + "-_"
		project = letters + digits + "-_.:"
		aURL    = "an absolute URL without query or credentials"
		aSpan   = "a duration from 1ms to a year, such as 1.5s or 2h"
		aKey    = "at least 32 random bytes in hexadecimal or base64 (openssl rand -hex 32)"
	)
	return []group{
		{"Program", []variable{
			{name: "ENVIRONMENT", program: both, value: "development", printed: true,
				form: environmentName, rule: "development, staging or production, in full",
				why: "Where the program runs; development alone allows stand-ins and fixed keys."},
			{name: "SERVICE_NAME", program: both, value: "atende-" + programPlaceholder, printed: true,
				form: chars(id+".", 64, "has other characters than letters, digits, - _ and ."), rule: "letters, digits, - _ and ., at most 64",
				why: "The name in logs, traces and health answers."},
			{name: "LOG_LEVEL", program: both, value: "info", printed: true,
				form: logLevelName, rule: "debug, info, warn or error",
				why: "The least severity that is logged."},
			{name: "PORT", program: both, value: "8080", printed: true,
				form: integer(0, 65535), deployed: never("0"), rule: "1 to 65535, or, in development, 0 to let the system choose",
				why: "The TCP port to listen on; Cloud Run sets it."},
			{name: "GCP_PROJECT", program: both, need: deployed, printed: true,
				form: chars(project, 64, "is not a project id"), required: "outside development, and for every secret:NAME",
				rule: "the id of the Google Cloud project",
				why:  "The Google Cloud project of secrets, queues and ledger."},
			{name: "TENANT_ID", program: both, value: "default", printed: true,
				form: chars(id, 64, "has other characters than letters, digits, - and _"), rule: "letters, digits, - and _, at most 64",
				why: "Whose conversations these are; the first part of every path in the ledger."},
			{name: "K_SERVICE", program: both, printed: true, platform: true,
				form: plain, rule: "nothing: Cloud Run sets it",
				why: "Says that the program runs on Cloud Run, which TASKS_AUTH=platform relies on."},
		}},
		{"WhatsApp", []variable{
			{name: "WHATSAPP_PHONE_NUMBER_ID", program: both, need: always, list: true,
				form: chars(id, 64, "is not an id (a telephone number is something else)"), rule: "Meta's ids of our numbers, separated by commas",
				why: "The numbers that are ours; events of any other are ignored."},
			{name: "WHATSAPP_BUSINESS_ACCOUNT_ID", program: both, need: always,
				form: chars(id, 64, "is not an id"), rule: "Meta's id of the WhatsApp Business account",
				why: "The account the numbers belong to."},
			{name: "WHATSAPP_VERIFY_TOKEN", program: ingress, need: always, secret: true,
				form: plain, rule: "the text typed into Meta's webhook settings",
				why: "Answers Meta's challenge when the webhook is set up."},
			{name: "WHATSAPP_APP_SECRET", program: ingress, need: always, list: true, secret: true,
				form: token, required: "always, unless WHATSAPP_WEBHOOK_SECRET is set", rule: "the app's secret, or several separated by commas while one is rotated",
				why: "Proves that a webhook is Meta's, in development too."},
			{name: "WHATSAPP_WEBHOOK_SECRET", program: ingress, list: true, secret: true,
				form: token, rule: "the same as WHATSAPP_APP_SECRET",
				why: "Older name of WHATSAPP_APP_SECRET, read only where that is not set."},
			{name: "WHATSAPP_ACCESS_TOKEN", program: worker, need: always, secret: true,
				form: token, rule: "a token of a system user with whatsapp_business_messaging",
				why: "Lets the worker send through the Graph API."},
			{name: "WHATSAPP_API_VERSION", program: worker, value: "v26.0", printed: true,
				form: graphVersion, rule: "a version of the Graph API such as v26.0",
				why: "Pins the Graph API, which serves an expired version with another one silently."},
			{name: "WHATSAPP_API_BASE_URL", program: worker, value: "https://graph.facebook.com", printed: true,
				form: webURL, deployed: secureURL, rule: aURL + "; http only in development",
				why: "Where the Graph API is, without a version."},
		}},
		{"WhatsApp Flows", []variable{
			{name: "WHATSAPP_FLOW_ENDPOINT_ENABLED", program: ingress, value: "false", printed: true,
				form: flag, rule: "true or false",
				why: "Serves the data exchange of WhatsApp Flows."},
			{name: "FLOW_PRIVATE_KEY", program: ingress, secret: true,
				form: privateKey, required: "when WHATSAPP_FLOW_ENDPOINT_ENABLED is true",
				rule: `a private key in PEM (line breaks may be written \n)`,
				why:  "Opens what WhatsApp Flows sends."},
			{name: "FLOW_PRIVATE_KEY_PASSPHRASE", program: ingress, secret: true,
				form: plain, rule: "the passphrase of FLOW_PRIVATE_KEY, if it has one",
				why: "Opens FLOW_PRIVATE_KEY itself."},
		}},
		{"Model", []variable{
			{name: "OPENAI_ENABLED", program: worker, value: "true", printed: true,
				form: flag, rule: "true or false",
				why: "Off: only the fixed menu and the handoff to people, and no call is made."},
			{name: "OPENAI_API_KEY", program: worker, secret: true,
				form: token, required: "unless OPENAI_ENABLED is false", rule: "a key of the OpenAI API",
				why: "Lets the worker ask the model."},
			{name: "OPENAI_MODEL", program: worker, value: "gpt-4o-mini", printed: true,
				form: token, rule: "the name of a model with structured outputs",
				why: "The model that decides and writes answers."},
			{name: "OPENAI_TRANSCRIBE_MODEL", program: worker, value: "gpt-4o-mini-transcribe", printed: true,
				form: token, rule: "the name of a transcription model",
				why: "The model that writes down voice messages."},
			{name: "OPENAI_BASE_URL", program: worker, value: "https://api.openai.com/v1", printed: true,
				form: webURL, deployed: secureURL, rule: aURL + "; http only in development",
				why: "Where the OpenAI API is, with its version."},
			{name: "OPENAI_TIMEOUT", program: worker, value: "20s", printed: true,
				form: span(), rule: aSpan + "; at most half of TURN_DEADLINE",
				why: "Bounds one call of the model, so that a second one fits in a turn."},
		}},
		{"Redis", []variable{
			{name: "REDIS_URL", program: both, secret: true,
				form: redisURL, required: "unless SESSION_STORE_BACKEND and DEDUPE_BACKEND are both memory",
				rule: "a redis:// or rediss:// URL",
				why:  "Where hints are kept: session cache, leases, mailboxes, dedupe marks."},
			{name: "SESSION_STORE_BACKEND", program: both, value: "redis", printed: true,
				form: oneOf("redis", "memory"), deployed: never("memory"), rule: "redis, or memory in development",
				why: "Where sessions are cached."},
			{name: "DEDUPE_BACKEND", program: both, value: "redis", printed: true,
				form: oneOf("redis", "memory"), deployed: never("memory"), rule: "redis, or memory in development",
				why: "Where marks of seen messages are kept."},
		}},
		{"Cloud Tasks", []variable{
			{name: "QUEUE_BACKEND", program: both, value: "cloud_tasks", printed: true,
				form: oneOf("cloud_tasks"), rule: "cloud_tasks, the only value; development uses CLOUD_TASKS_EMULATOR_HOST",
				why: "What carries messages from the ingress to the worker."},
			{name: "CLOUD_TASKS_PROJECT_ID", program: both, follows: "GCP_PROJECT", sample: sampleProject, printed: true,
				form: chars(project, 64, "is not a project id"), rule: "the id of a Google Cloud project",
				why: "The project of the queues."},
			{name: "CLOUD_TASKS_LOCATION", program: both, value: "us-central1", printed: true,
				form: chars(letters+digits+"-", 40, "is not a region"), rule: "a region of Google Cloud such as us-central1",
				why: "The region of the queues."},
			queue("CLOUD_TASKS_QUEUE_INBOUND", "atende-inbound", "The queues of inbound messages."),
			queue("CLOUD_TASKS_QUEUE_STATUS", "atende-status", "The queues of delivery statuses."),
			queue("CLOUD_TASKS_QUEUE_TIMER", "atende-timer", "The queues of timers."),
			{name: "CLOUD_TASKS_EMULATOR_HOST", program: both, printed: true,
				form: hostPort, deployed: developmentOnly, rule: "host:port, in development only",
				why: "A stand-in for Cloud Tasks, spoken to without TLS."},
		}},
		{"From queue to worker", []variable{
			{name: "WORKER_URL", program: both, need: always, printed: true,
				form: webURL, deployed: secureURL, rule: aURL + "; http only in development",
				why: "Where tasks are delivered."},
			{name: "WORKER_AUDIENCE", program: both, follows: "WORKER_URL", printed: true,
				form: webURL, deployed: secureURL, rule: aURL + ", exactly as the token carries it; http only in development",
				why: "Whom the identity token of a task is for."},
			{name: "TASKS_INVOKER_EMAIL", program: both, need: deployed,
				form: email, required: "outside development, and by the worker unless TASKS_AUTH is none",
				rule: "the e-mail of a service account",
				why:  "The service account whose token every task carries."},
			{name: "TASKS_AUTH", program: worker, value: "oidc", printed: true,
				form: oneOf("oidc", "platform", "none"), deployed: never("none"), rule: "oidc, platform on Cloud Run, or none in development",
				why: "How a task is proven ours: the token verified here, its signature by Cloud Run, or not at all."},
			{name: "TASKS_OIDC_ISSUER", program: worker, value: "https://accounts.google.com", printed: true,
				form: webURL, deployed: googleIssuer, rule: "https://accounts.google.com; another only in development",
				why: "Who signs the identity tokens."},
		}},
		{"Ledger", []variable{
			{name: "LEDGER_BACKEND", program: worker, value: "firestore", printed: true,
				form: oneOf("firestore", "memory"), deployed: never("memory"), rule: "firestore, or memory in development",
				why: "Where the truth about conversations is kept."},
			{name: "FIRESTORE_PROJECT_ID", program: worker, follows: "GCP_PROJECT", sample: sampleProject, printed: true,
				form: chars(project, 64, "is not a project id"), rule: "the id of a Google Cloud project",
				why: "The project of the ledger."},
			{name: "FIRESTORE_DATABASE_ID", program: worker, value: "(default)", printed: true,
				form: chars(letters+digits+"-()", 63, "is not a database id"), rule: "a database id such as (default)",
				why: "The database of the ledger."},
			{name: "FIRESTORE_EMULATOR_HOST", program: worker, printed: true,
				form: hostPort, deployed: developmentOnly, rule: "host:port, in development only",
				why: "The Firestore emulator; the client library reads it too."},
		}},
		{"Keys", []variable{
			{name: "CONTACT_HASH_KEY", program: both, need: deployed, secret: true, sample: sampleHashKey,
				form: key, rule: aKey,
				why: "Turns telephone numbers and ids into pseudonyms; never rotated, or every id would change."},
			{name: "DATA_KEY", program: both, need: deployed, list: true, secret: true, sample: sampleDataKey,
				form: key, rule: aKey + ", or several separated by commas: the first seals, all open",
				why: "Seals free text and identifiers at rest and in task bodies."},
		}},
		{"Conversation", []variable{
			{name: "SESSION_TTL", program: both, value: "2h", printed: true,
				form: between(time.Millisecond, longestTimer), rule: "a duration from 1ms to 696h, the 29 days that a task can be put off",
				why: "Ends a conversation after this long without a message, and its cache with it."},
			{name: "DEDUPE_TTL", program: both, value: "48h", printed: true,
				form: span(), rule: aSpan,
				why: "How long marks of seen messages are kept; exactness is the ledger's, this is cost."},
			{name: "COALESCE_WINDOW", program: both, value: "1.2s", printed: true,
				form: between(0, maxCoalesce), rule: "a duration up to " + maxCoalesce.String() + "; 0 answers every message by itself",
				why: "The longest quiet time waited for, so that a burst of messages gets one answer."},
			{name: "TURN_DEADLINE", program: worker, value: "60s", printed: true,
				form: span(), rule: aSpan + "; with SEND_PERMIT and GRAPH_TIMEOUT below " + dispatchDeadline.String(),
				why: "Bounds everything of a turn up to its commit: model calls and second tries share it."},
			window("LEASE_TTL", "30s", "", "How long a conversation stays taken when its worker vanishes."),
			{name: "PACK_DIR", program: both, printed: true,
				form: plain, rule: "a folder; unset, the embedded default pack is used",
				why: "One business's knowledge, voice and hours; the ingress reads the hours, for Flows."},
		}},
		{"Sending", []variable{
			{name: "AMBIGUOUS_SEND", program: worker, value: "resend", printed: true,
				form: oneOf("resend", "never"), rule: "resend or never",
				why: "What to do when it stays unknown whether a message was sent."},
			window("SEND_PERMIT", "5s", "", "How long after its commit a turn may begin to send."),
			window("GRAPH_TIMEOUT", "20s", "", "Bounds one call of the Graph API."),
			window("WIRE_LIFETIME", "20s", "", "How long bytes may live on the network after a call was given up."),
			window("AMBIGUITY_WINDOW", "60s", "longer than SEND_PERMIT + GRAPH_TIMEOUT + WIRE_LIFETIME", "How long an unknown send waits for evidence before it is decided."),
			window("PARK_AFTER", "15m", "longer than AMBIGUITY_WINDOW", "When an undecided send is left to a person."),
		}},
		{"Budgets", []variable{
			budget("BUDGET_TOKENS_PER_CONTACT_DAY", "100000", "Model tokens one contact may cost in a day."),
			budget("BUDGET_TOKENS_PER_DAY", "5000000", "Model tokens all contacts together may cost in a day."),
			budget("BUDGET_TURNS_PER_CONTACT_DAY", "120", "Answers one contact may have in a day."),
		}},
		{"Handoff to people", []variable{
			{name: "HANDOFF_WEBHOOK_URL", program: worker, secret: true,
				form: hookURL, deployed: secureURL, required: "in production, unless HANDOFF_WHATSAPP_TO is set",
				rule: "an absolute URL; http only in development",
				why:  "Where the team's system is told that a person is wanted."},
			{name: "HANDOFF_WEBHOOK_SECRET", program: worker, secret: true,
				form: plain, required: "when HANDOFF_WEBHOOK_URL is set", rule: "any text the receiver knows too",
				why: "Signs those calls in X-Atende-Signature."},
			{name: "HANDOFF_WHATSAPP_TO", program: worker,
				form: telephone, required: "in production, unless HANDOFF_WEBHOOK_URL is set",
				rule: "a telephone number with its country code, digits only",
				why:  "The team's WhatsApp, told that a person is wanted."},
			{name: "HANDOFF_TEMPLATE", program: worker, printed: true,
				form: chars("abcdefghijklmnopqrstuvwxyz"+digits+"_", 512, "is not a template's name"), rule: "the name of an approved message template in pt_BR whose body has three values: who, what, and details",
				why: "The template for HANDOFF_WHATSAPP_TO, whose service window is rarely open."},
		}},
		{"Telemetry", []variable{
			{name: "OTEL_EXPORTER_OTLP_ENDPOINT", program: both, printed: true,
				form: webURL, rule: "an absolute URL; unset, nothing is exported",
				why: "Where traces and metrics go; what is not listed here of the standard OTEL_* holds as OpenTelemetry defines it."},
			{name: "OTEL_EXPORTER_OTLP_HEADERS", program: both,
				form: pairs, rule: "name=value, several separated by commas, values percent-encoded",
				why: "What the collector asks for beside data, such as a token."},
			{name: "OTEL_EXPORTER_OTLP_PROTOCOL", program: both, value: "http/protobuf", printed: true,
				form: oneOf("http/protobuf"), rule: "http/protobuf",
				why: "How the collector is spoken to; there is no other way."},
			{name: "OTEL_TRACES_SAMPLER", program: both, value: "parentbased_always_on", printed: true,
				form: oneOf("always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"),
				rule: "always_on, always_off or traceidratio, or one of them after parentbased_",
				why:  "Which traces are exported; parentbased_ does as whoever began the trace did, so that both services agree."},
			{name: "OTEL_TRACES_SAMPLER_ARG", program: both, value: "1", printed: true,
				form: share, rule: "a share from 0 to 1, such as 0.05",
				why: "How many of the traces that begin here are exported, where the sampler goes by traceidratio."},
			{name: "OTEL_METRICS_EXEMPLAR_FILTER", program: both, value: "trace_based", printed: true,
				form: oneOf("always_on", "always_off", "trace_based"), rule: "trace_based, always_on or always_off",
				why: "Which measurements may lead from a metric to a trace: those of exported traces."},
			{name: "OTEL_METRIC_EXPORT_INTERVAL", program: both, value: "60000", printed: true,
				form: integer(1000, 3_600_000), rule: "milliseconds, from a second to an hour",
				why: "How often metrics are exported."},
			{name: "OTEL_SERVICE_NAME", program: both, printed: true,
				form: chars(id+".", 64, "has other characters than letters, digits, - _ and ."), rule: "letters, digits, - _ and ., at most 64; unset, SERVICE_NAME",
				why: "The name in traces and metrics, where it is another than in logs."},
			{name: "OTEL_RESOURCE_ATTRIBUTES", program: both,
				form: pairs, rule: "name=value, several separated by commas, values percent-encoded",
				why: "What else every trace and metric says of where it comes from."},
		}},
	}
}

func queue(name, fallback, why string) variable {
	return variable{name: name, program: both, value: fallback, list: true, printed: true,
		form: chars(letters+digits+"-", 100, "is not a queue id"),
		rule: "queue ids separated by commas; conversations are spread over them",
		why:  why}
}

// window is a duration that decides how sure an exactly-once send is, so only
// development may shorten it.
func window(name, fallback, further, why string) variable {
	rule := "a duration of at least 1ms, and outside development at least " + fallback
	if further != "" {
		rule += "; " + further
	}
	return variable{name: name, program: worker, value: fallback, printed: true,
		form: span(), deployed: floor(fallback), rule: rule, why: why}
}

func budget(name, fallback, why string) variable {
	const most = 1 << 40 // Beyond any bill, and far from overflow in a sum.
	return variable{name: name, program: worker, value: fallback, printed: true,
		form: integer(0, most), rule: "a whole number; 0 is unlimited", why: why}
}

// googleIssuer refuses anybody but Google as a signer; it is a rule for
// deployments.
func googleIssuer(value string) string {
	if value == "https://accounts.google.com" {
		return ""
	}
	return "is not Google, and only development trusts another signer"
}
