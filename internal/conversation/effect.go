package conversation

import (
	"strconv"
	"time"
)

// Effect is something that a turn makes happen outside the conversation. It is
// decided and stored with the turn and performed after the commit, at least
// once: whoever receives it tells copies apart by [TurnID.Effect]. It carries
// all that performing it takes, so that any worker can finish what another one
// began.
type Effect struct {
	Kind EffectKind `json:"kind"`
	// Handoff is what the team is told; set for [EffectHandoff].
	Handoff *Handoff `json:"handoff,omitempty"`
	// Appointment is what the team is told; set for [EffectAppointment].
	Appointment *Appointment `json:"appointment,omitempty"`
}

// EffectKind is what an effect does.
type EffectKind string

// The kinds of effects.
const (
	// EffectHandoff tells the team that a lead waits for a person.
	EffectHandoff EffectKind = "handoff"
	// EffectAppointment tells the team that a meeting waits to be confirmed.
	EffectAppointment EffectKind = "appointment"
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
