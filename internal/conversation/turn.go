package conversation

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
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
	RouteTimer  Route = "timer"  // nobody wrote: time passed, or a person gave the conversation back
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
	Reasons  Reasons   `json:"reasons,omitzero"`
	PackHash string    `json:"pack_hash,omitempty"`
	// Noted are the appointments of forms among the messages that existed when the
	// turn was decided: forms that came back before.
	Noted []string `json:"noted,omitempty"`
	// Mode is how Otto was asked.
	Mode Mode `json:"mode,omitempty"`
	// Fallback is why Otto was asked without a model; empty when he was not.
	Fallback Fallback `json:"fallback,omitempty"`
	// Effects are performed after the commit; what became of each is an
	// [EffectRecord].
	Effects []Effect `json:"effects,omitempty"`
	// Watch is set without a record of it: whoever finishes the turn sets it, and
	// its name makes a repeat harmless.
	Watch *Timer `json:"watch,omitempty"`
	// SendBy is when Meta's customer-service window closes on this answer:
	// nothing of it is sent afterwards. Zero when no window is known.
	SendBy time.Time `json:"send_by,omitzero"`
	// NotBefore is from when the answer may be sent, where Meta's allowance for
	// this person is used up for the moment; zero means at once.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Absorbed are the conversations of the same person that this turn's took
	// over. Their turns stay where they are.
	Absorbed []ID `json:"absorbed,omitempty"`
	// Before is the conversation as it was decided upon, on some turns only: a
	// point from which the decisions of those after it can be replayed. A turn
	// whose conversation took over others, or moved, has one.
	Before *Conversation `json:"before,omitempty"`

	// Phases is when each step of the turn ended, each named once.
	Phases []Phase `json:"phases,omitempty"`
	// Token is random per attempt to commit: a worker whose commit seems to
	// conflict recognises its own.
	Token         string    `json:"token"`
	CorrelationID string    `json:"correlation_id"`
	Traceparent   string    `json:"traceparent,omitempty"`
	DecidedAt     time.Time `json:"decided_at"`
}

// Intended is the attempt at the first part that the commit itself intends: 1,
// or none when the answer has to wait or there is none.
func (t Turn) Intended() int {
	if len(t.Replies) == 0 || !t.NotBefore.IsZero() {
		return 0
	}
	return 1
}

// Mode is how Otto was asked for a decision.
type Mode string

// The modes of asking.
const (
	ModeDecide   Mode = "decide"   // for the best answer there is
	ModeFallback Mode = "fallback" // for one without a model
	ModeSilent   Mode = "silent"   // for none

	ModeTaken      Mode = "taken"      // for none: a person answers
	ModeUnanswered Mode = "unanswered" // for the truth about a person who has not come
	ModeReminded   Mode = "reminded"   // for nothing: only the team is told that nobody has come
	ModeInactive   Mode = "inactive"   // for nothing: the session ended
	ModeReleased   Mode = "released"   // for nothing: a person gave the conversation back
	ModeAccepted   Mode = "accepted"   // for nothing: a person takes what was handed off
	ModeInvite     Mode = "invite"     // for a template, because an answer came too late for its window
	ModeMended     Mode = "mended"     // for nothing: an answer was not delivered
	ModeStopped    Mode = "stopped"    // for nothing: the lead stopped marketing at Meta's
)

// Fallback is why a turn was answered without a model.
type Fallback string

// The reasons to leave the model out.
const (
	FallbackTries   Fallback = "tries"          // the message was tried too often
	FallbackContact Fallback = "contact-budget" // the contact has spent the day's turns or tokens
	FallbackTenant  Fallback = "tenant-budget"  // all contacts together have spent the day's tokens
	FallbackOutage  Fallback = "model-outage"   // the model gave no answer for too long
)

// Verdict is what a guard said of a draft. Found names what was wrong; it may
// quote the draft and is stored sealed.
type Verdict struct {
	Guard string `json:"guard"`
	OK    bool   `json:"ok"`
	Found string `json:"found,omitempty"`
}

// Reasons are what an answer rests on.
type Reasons struct {
	// Facts are the ids of the pack's facts.
	Facts []string `json:"facts,omitempty"`
	// Asked is the card field that the answer asks for.
	Asked string `json:"asked,omitempty"`
	// Intent is how much the lead wants to buy, Confidence how well the facts
	// support the answer; both from 0 to 1, as the model sees it.
	Intent     float64 `json:"intent,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
}

// Model is what asking the model took; zero when it was not asked.
type Model struct {
	Name         string `json:"name,omitempty"`
	Fingerprint  string `json:"fingerprint,omitempty"` // of the prompt
	Calls        int    `json:"calls,omitempty"`
	TokensIn     int64  `json:"tokens_in,omitempty"`
	TokensOut    int64  `json:"tokens_out,omitempty"`
	TokensCached int64  `json:"tokens_cached,omitempty"`
	// CostMicroUSD is what the tokens cost, in millionths of a US dollar; zero
	// when the model's price is not known.
	CostMicroUSD int64 `json:"cost_micro_usd,omitempty"`
	// Outcomes is how each call ended: ok, refusal, length, filter, invalid.
	Outcomes []string      `json:"outcomes,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
	// Answers are what each call brought, so that a decision can be replayed
	// without a model; stored sealed.
	Answers []ModelAnswer `json:"answers,omitempty"`
}

// ModelAnswer is what one call to the model was asked and what it brought.
type ModelAnswer struct {
	Fingerprint string `json:"fingerprint"` // of the prompt
	// Outcome is the model's own; empty when the call failed.
	Outcome string   `json:"outcome,omitempty"`
	Text    pii.Text `json:"text,omitempty"`
}

// Phase is one step of a turn and how long it took.
type Phase struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took"`
}
