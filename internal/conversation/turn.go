package conversation

import (
	"time"
)

// Route is the way a turn's answer was found.
type Route string

// The routes of an answer.
const (
	RouteFixed  Route = "fixed"  // a fixed reply of the pack
	RouteModel  Route = "model"  // the model's decision, as the guards left it
	RouteSafe   Route = "safe"   // the pack's safe sentence: the model gave nothing usable
	RouteMenu   Route = "menu"   // the pack's menu: there is no model
	RouteMedia  Route = "media"  // a kind that cannot be read yet
	RouteLate   Route = "late"   // too old or out of the window: recorded, not answered
	RouteMuted  Route = "muted"  // a person owns the conversation
	RouteSilent Route = "silent" // nothing to answer: reactions, system events
)

// Turn is one answer to one or more messages. Its decision is created once, in
// the commit before anything is sent, and never changes: it is the audit
// record. What became of the answer is its Delivery.
type Turn struct {
	ID           TurnID `json:"id"`
	Conversation ID     `json:"conversation"`
	Version      int64  `json:"version"`
	Number       string `json:"number"`
	// To is who the answer is for; stored sealed.
	To       Identity    `json:"to"`
	Messages []MessageID `json:"messages"`

	Route    Route     `json:"route"`
	From     State     `json:"from"`
	Into     State     `json:"into"`
	Event    Event     `json:"event"`
	Refused  string    `json:"refused,omitempty"` // why a proposed transition was refused
	Replies  []Reply   `json:"replies,omitempty"`
	Verdicts []Verdict `json:"verdicts,omitempty"`
	Model    Model     `json:"model,omitzero"`
	PackHash string    `json:"pack_hash,omitempty"`

	// Phases is when each step of the turn ended, each named once.
	Phases []Phase `json:"phases,omitempty"`
	// Token is random per attempt to commit: a worker whose commit seems to
	// conflict recognises its own.
	Token         string    `json:"token"`
	CorrelationID string    `json:"correlation_id"`
	Traceparent   string    `json:"traceparent,omitempty"`
	DecidedAt     time.Time `json:"decided_at"`
}

// Verdict is what a guard said of a draft. Found names what was wrong; it may
// quote the draft and is stored sealed.
type Verdict struct {
	Guard string `json:"guard"`
	OK    bool   `json:"ok"`
	Found string `json:"found,omitempty"`
}

// Model is what asking the model took; zero when it was not asked.
type Model struct {
	Name         string `json:"name,omitempty"`
	Fingerprint  string `json:"fingerprint,omitempty"` // of the prompt
	Calls        int    `json:"calls,omitempty"`
	TokensIn     int64  `json:"tokens_in,omitempty"`
	TokensOut    int64  `json:"tokens_out,omitempty"`
	TokensCached int64  `json:"tokens_cached,omitempty"`
	// Outcomes is how each call ended: ok, refusal, length, filter, invalid.
	Outcomes []string      `json:"outcomes,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
}

// Phase is one step of a turn and how long it took.
type Phase struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took"`
}
