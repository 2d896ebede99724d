package conversation

import (
	"strconv"
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Effect is something that a turn makes happen outside the conversation. It is
// decided and stored with the turn and performed after the commit, at least
// once: whoever receives it tells copies apart by [TurnID.Effect]. It carries
// all that performing it takes, so that any worker can finish what another one
// began.
type Effect struct {
	Kind EffectKind `json:"kind"`
	// Way is how the team is told. Empty is the webhook, which was the only way
	// once; a timer has none.
	Way Way `json:"way,omitempty"`
	// Handoff is what the team is told; set for [EffectHandoff] and
	// [EffectUnanswered].
	Handoff *Handoff `json:"handoff,omitempty"`
	// Appointment is what the team is told; set for [EffectAppointment].
	Appointment *Appointment `json:"appointment,omitempty"`
	// Message is what the team is told; set for [EffectMessage].
	Message *Forwarded `json:"message,omitempty"`
	// Undelivered is what the team is told; set for [EffectUndelivered].
	Undelivered *Undelivered `json:"undelivered,omitempty"`
	// Timer is what is to be set; set for [EffectTimer].
	Timer *Timer `json:"timer,omitempty"`
}

// Way is one way of telling the team.
type Way string

// The ways of telling the team.
const (
	WayWebhook  Way = "webhook"
	WayWhatsApp Way = "whatsapp"
)

// Forwarded is what a lead wrote while a person owns the conversation.
type Forwarded struct {
	// Kinds are those of the messages, in order.
	Kinds []Kind `json:"kinds"`
	// Text is what can be read of them; empty when nothing can.
	Text pii.Text `json:"text,omitempty"`
}

// Undelivered is a part of an answer that Meta did not deliver.
type Undelivered struct {
	Turn TurnID `json:"turn"`
	Part int    `json:"part"`
	// Code is Meta's, and Remedy what it asks for.
	Code   int    `json:"code,omitempty"`
	Remedy Remedy `json:"remedy"`
	// Text is what the lead did not get; empty for a template.
	Text pii.Text `json:"text,omitempty"`
}

// Timer is a timer that a turn sets: at At, the worker looks at the
// conversation again. One that fires for nothing does nothing.
type Timer struct {
	TimerNotice
	At time.Time `json:"at"`
}

// EffectKind is what an effect does.
type EffectKind string

// The kinds of effects.
const (
	// EffectHandoff tells the team that a lead waits for a person.
	EffectHandoff EffectKind = "handoff"
	// EffectAppointment tells the team that a meeting waits to be confirmed.
	EffectAppointment EffectKind = "appointment"
	// EffectUnanswered tells the team again that a lead waits for a person.
	EffectUnanswered EffectKind = "handoff_unanswered"
	// EffectMessage tells the team what a lead wrote to the person.
	EffectMessage EffectKind = "message"
	// EffectUndelivered tells the team that a lead did not get a message on which
	// something depends.
	EffectUndelivered EffectKind = "undelivered"
	// EffectTimer sets a timer.
	EffectTimer EffectKind = "timer"
)

// Effect is the id of the turn's i-th effect, the same for every copy of it: the
// idempotency key of whoever receives it.
func (t TurnID) Effect(i int) string { return string(t) + "." + strconv.Itoa(i) }

// Errand is one attempt to perform one effect.
type Errand struct {
	// ID is the effect's; see [TurnID.Effect].
	ID     string
	Turn   Turn
	Effect Effect
}

// EffectPhase is what is known of an effect.
type EffectPhase string

// The phases of an effect. All but EffectPending are terminal.
const (
	EffectPending EffectPhase = "PENDING"
	EffectDone    EffectPhase = "DONE"
	EffectParked  EffectPhase = "PARKED" // an operator looks at it
	EffectClosed  EffectPhase = "CLOSED" // an operator closed it
)

// Terminal reports whether nothing more is going to happen by itself.
func (p EffectPhase) Terminal() bool { return p != EffectPending }

// EffectRecord is what became of an effect. Its facts are written apart, so
// that a worker that failed cannot undo what another one reports as done.
type EffectRecord struct {
	// Done is when the receiver took it; zero when it did not.
	Done time.Time `json:"done,omitzero"`
	// Attempts counts those that failed, as far as they were recorded.
	Attempts int `json:"attempts,omitempty"`
	// NotBefore is when it may be tried again.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Mark is EffectParked or EffectClosed once nobody tries any more.
	Mark EffectPhase `json:"mark,omitempty"`
	// Reason says why it failed last; a code, never content.
	Reason string `json:"reason,omitempty"`
}

// Phase derives what is known: whatever else was written, what is done is done.
func (r EffectRecord) Phase() EffectPhase {
	switch {
	case !r.Done.IsZero():
		return EffectDone
	case r.Mark != "":
		return r.Mark
	default:
		return EffectPending
	}
}
