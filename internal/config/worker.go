package config

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// TasksAuth is how the worker proves that a task is ours.
type TasksAuth string

// The ways of proving a task. Platform trusts Cloud Run to have verified the
// token's signature; None is for development.
const (
	TasksAuthOIDC     TasksAuth = "oidc"
	TasksAuthPlatform TasksAuth = "platform"
	TasksAuthNone     TasksAuth = "none"
)

// AmbiguousSend is what becomes of a send whose outcome stays unknown.
type AmbiguousSend string

// The policies: send once more after the window, or leave it to a person.
const (
	AmbiguousResend AmbiguousSend = "resend"
	AmbiguousNever  AmbiguousSend = "never"
)

// Worker is what the worker is told.
type Worker struct {
	Common
	Graph     Graph
	OpenAI    OpenAI
	Auth      Auth
	Ledger    Backend
	Firestore Firestore
	// TurnDeadline bounds everything of a turn up to its commit.
	TurnDeadline time.Duration
	Send         Send
	// LeaseTTL is how long a conversation stays taken without renewal.
	LeaseTTL time.Duration
	Budget   Budget
	Handoff  Handoff
}

// Graph tells how Meta's Graph API is called.
type Graph struct {
	AccessToken Secret
	// APIVersion is like v26.0.
	APIVersion string
	// BaseURL has no trailing slash and no version.
	BaseURL string
}

// OpenAI tells how the model is called.
type OpenAI struct {
	// Enabled false answers from the menu alone and makes no call.
	Enabled bool
	// APIKey is set when Enabled.
	APIKey          Secret
	Model           string
	TranscribeModel string
	// BaseURL has no trailing slash.
	BaseURL string
	// Timeout bounds one call.
	Timeout time.Duration
}

// Auth tells how the worker proves the identity of its caller.
type Auth struct {
	Mode   TasksAuth
	Issuer string
}

// Firestore tells where the ledger is.
type Firestore struct {
	Project  string
	Database string
	// EmulatorHost is the host:port of the emulator; empty outside development.
	EmulatorHost string
}

// Send tells how sure a send must be. AmbiguityWindow is longer than Permit,
// GraphTimeout and WireLifetime together: only then is a second send safe.
type Send struct {
	Ambiguous AmbiguousSend
	// Permit is how long after its commit a turn may begin to send.
	Permit time.Duration
	// GraphTimeout bounds one call of the Graph API.
	GraphTimeout time.Duration
	// WireLifetime is how long bytes may live on the network after the call
	// was given up.
	WireLifetime time.Duration
	// AmbiguityWindow passes before an unknown send is decided.
	AmbiguityWindow time.Duration
	// ParkAfter passes before an undecided send is left to a person.
	ParkAfter time.Duration
}

// Budget limits what may be spent; 0 is unlimited. A day is one of the pack's
// time zone.
type Budget struct {
	TokensPerContactDay int
	TokensPerDay        int
	TurnsPerContactDay  int
}

// Handoff tells how people are called in.
type Handoff struct {
	// WebhookURL may carry a token in its path, so it is kept as a secret.
	WebhookURL Secret
	// WebhookSecret signs calls of WebhookURL; it is set when that is.
	WebhookSecret Secret
	// WhatsAppTo is the team's number, digits only.
	WhatsAppTo pii.Contact
	// Template is the name of the message template for WhatsAppTo.
	Template string
}

// LoadWorker reads the worker's settings; see [LoadIngress].
func LoadWorker(environ []string) (Worker, []Warning, error) {
	r := newReader(environ, worker)
	c := Worker{
		Common: readCommon(r),
		Graph: Graph{
			AccessToken: r.secret("WHATSAPP_ACCESS_TOKEN"),
			APIVersion:  r.text("WHATSAPP_API_VERSION"),
			BaseURL:     r.url("WHATSAPP_API_BASE_URL"),
		},
		OpenAI: OpenAI{
			Enabled:         r.flag("OPENAI_ENABLED"),
			APIKey:          r.secret("OPENAI_API_KEY"),
			Model:           r.text("OPENAI_MODEL"),
			TranscribeModel: r.text("OPENAI_TRANSCRIBE_MODEL"),
			BaseURL:         r.url("OPENAI_BASE_URL"),
			Timeout:         r.duration("OPENAI_TIMEOUT"),
		},
		Auth: Auth{
			Mode:   TasksAuth(r.text("TASKS_AUTH")),
			Issuer: r.text("TASKS_OIDC_ISSUER"),
		},
		Ledger: Backend(r.text("LEDGER_BACKEND")),
		Firestore: Firestore{
			Project:      r.text("FIRESTORE_PROJECT_ID"),
			Database:     r.text("FIRESTORE_DATABASE_ID"),
			EmulatorHost: r.text("FIRESTORE_EMULATOR_HOST"),
		},
		TurnDeadline: r.duration("TURN_DEADLINE"),
		Send: Send{
			Ambiguous:       AmbiguousSend(r.text("AMBIGUOUS_SEND")),
			Permit:          r.duration("SEND_PERMIT"),
			GraphTimeout:    r.duration("GRAPH_TIMEOUT"),
			WireLifetime:    r.duration("WIRE_LIFETIME"),
			AmbiguityWindow: r.duration("AMBIGUITY_WINDOW"),
			ParkAfter:       r.duration("PARK_AFTER"),
		},
		LeaseTTL: r.duration("LEASE_TTL"),
		Budget: Budget{
			TokensPerContactDay: r.number("BUDGET_TOKENS_PER_CONTACT_DAY"),
			TokensPerDay:        r.number("BUDGET_TOKENS_PER_DAY"),
			TurnsPerContactDay:  r.number("BUDGET_TURNS_PER_CONTACT_DAY"),
		},
		Handoff: Handoff{
			WebhookURL:    r.secret("HANDOFF_WEBHOOK_URL"),
			WebhookSecret: r.secret("HANDOFF_WEBHOOK_SECRET"),
			WhatsAppTo:    r.contact("HANDOFF_WHATSAPP_TO"),
			Template:      r.text("HANDOFF_TEMPLATE"),
		},
	}
	checkWorker(r, c)
	if err := r.err(); err != nil {
		return Worker{}, r.warnings, err
	}
	c.settings, c.references = r.settings, r.references
	return c, r.warnings, nil
}

// longestTimer is a little less than the 30 days for which Cloud Tasks puts off a
// task.
const longestTimer = 29 * 24 * time.Hour

// dispatchDeadline is how long Cloud Tasks waits for the worker before it
// delivers a task again; a turn must be over by then.
const dispatchDeadline = 180 * time.Second

// checkWorker applies the rules that tie several variables together. A rule
// is silent while one of its own variables is at fault.
func checkWorker(r *reader, c Worker) {
	if c.OpenAI.Enabled {
		r.require("OPENAI_API_KEY")
	}
	if c.Auth.Mode == TasksAuthPlatform && !r.isSet("K_SERVICE") {
		r.blame("TASKS_AUTH", "is platform, but this is not Cloud Run (K_SERVICE is not set)",
			"use oidc, which verifies the token here")
	}
	if c.Auth.Mode != TasksAuthNone {
		r.require("TASKS_INVOKER_EMAIL")
	}
	if r.sound("OPENAI_TIMEOUT", "TURN_DEADLINE") && c.OpenAI.Timeout > c.TurnDeadline/2 {
		r.blame("OPENAI_TIMEOUT", "is over half of TURN_DEADLINE, which leaves no time for a second try",
			"lower it to "+(c.TurnDeadline/2).String()+" or raise TURN_DEADLINE")
	}
	if r.sound("SEND_PERMIT", "GRAPH_TIMEOUT", "WIRE_LIFETIME", "AMBIGUITY_WINDOW") {
		if least := c.Send.Permit + c.Send.GraphTimeout + c.Send.WireLifetime; c.Send.AmbiguityWindow <= least {
			r.blame("AMBIGUITY_WINDOW", "does not exceed SEND_PERMIT + GRAPH_TIMEOUT + WIRE_LIFETIME, so that a lead could be answered twice",
				"make it longer than "+least.String())
		}
	}
	if r.sound("AMBIGUITY_WINDOW", "PARK_AFTER") && c.Send.ParkAfter <= c.Send.AmbiguityWindow {
		r.blame("PARK_AFTER", "does not exceed AMBIGUITY_WINDOW, so that nothing would ever be decided",
			"make it longer than "+c.Send.AmbiguityWindow.String())
	}
	if r.sound("TURN_DEADLINE", "SEND_PERMIT", "GRAPH_TIMEOUT") &&
		c.TurnDeadline+c.Send.Permit+c.Send.GraphTimeout >= dispatchDeadline {
		r.blame("TURN_DEADLINE", "with SEND_PERMIT and GRAPH_TIMEOUT reaches "+dispatchDeadline.String()+", when Cloud Tasks delivers the task again",
			"lower it")
	}
	if r.isSet("HANDOFF_WEBHOOK_URL") {
		r.require("HANDOFF_WEBHOOK_SECRET")
	}
	if r.env == Production && !r.isSet("HANDOFF_WEBHOOK_URL") && !r.isSet("HANDOFF_WHATSAPP_TO") {
		r.blame("HANDOFF_WEBHOOK_URL", "is not set, nor is HANDOFF_WHATSAPP_TO: in production nobody could be called in",
			"set one of them")
	}
}
