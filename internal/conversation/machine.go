package conversation

import (
	"slices"
	"time"
)

// StepInput is what a step depends on besides state and event.
type StepInput struct {
	// Target is where a decision wants to go.
	Target State
	// Since is when the present state was entered, At is now.
	Since, At time.Time
	// Interest: it is known what the lead is interested in.
	Interest bool
	// FollowUp: an appointment or a follow-up is recorded along with the step.
	FollowUp bool
	// Handoff: a handoff is recorded along with the step, and somebody is told.
	Handoff bool
}

// Refusal is why a step was refused. The codes are stored and audited.
type Refusal string

// The refusals.
const (
	RefusedMuted      Refusal = "muted"              // a person owns the conversation
	RefusedResting    Refusal = "resting"            // nothing is decided at rest: a message reopens first
	RefusedIllegal    Refusal = "illegal_target"     // not a target of this state
	RefusedNoHandoff  Refusal = "no_handoff_record"  // nobody would be told
	RefusedNoFollowUp Refusal = "no_followup_record" // nothing was agreed on record
	RefusedNotActive  Refusal = "not_active"         // the session moved on
	RefusedNotMuted   Refusal = "not_handed_off"     // no person owns the conversation
	RefusedState      Refusal = "unknown_state"
	RefusedEvent      Refusal = "unknown_event"
)

// StepResult is where a step leads. A refused step stays where it was.
type StepResult struct {
	To      State
	Refused Refusal
}

// LegalTargets are the states that a decision may choose in a state, in a
// fixed order; none unless the state is active.
func LegalTargets(from State) []State {
	switch from {
	case Initial, Triage:
		return []State{Triage, CollectingInfo, GeneratingResponse, SelfServeInfo, RouteExternal, HandoffHuman}
	case CollectingInfo, GeneratingResponse:
		return []State{Triage, CollectingInfo, GeneratingResponse, SelfServeInfo, RouteExternal,
			ScheduledFollowup, HandoffHuman}
	default:
		return nil
	}
}

// window is how long a conversation at rest may be taken up where it ended.
// After it, the lead's need is asked anew; what is known of the lead stays. An
// error is no end that the lead chose, so it has no window.
func window(from State) (d time.Duration, ok bool) {
	const day = 24 * time.Hour
	switch from {
	case ScheduledFollowup:
		return 7 * day, true
	case Timeout:
		return 14 * day, true
	case SelfServeInfo, RouteExternal:
		return 30 * day, true
	default:
		return 0, false
	}
}

// Step says where an event leads. It never fails: a step that must not be
// taken is refused with a reason, and the state stays.
func Step(from State, e Event, in StepInput) StepResult {
	refuse := func(why Refusal) StepResult { return StepResult{To: from, Refused: why} }
	if !from.Known() {
		return refuse(RefusedState)
	}
	switch e {
	case EventNoted:
		return StepResult{To: from}

	case EventInbound:
		switch {
		case from.Muted():
			return refuse(RefusedMuted)
		case from.Resting():
			return StepResult{To: reopened(from, in)}
		default:
			return StepResult{To: from}
		}

	case EventDecision:
		switch {
		case from.Muted():
			return refuse(RefusedMuted)
		case from.Resting():
			return refuse(RefusedResting)
		case !slices.Contains(LegalTargets(from), in.Target):
			return refuse(RefusedIllegal)
		case in.Target == HandoffHuman && !in.Handoff:
			return refuse(RefusedNoHandoff)
		case in.Target == ScheduledFollowup && !in.FollowUp:
			return refuse(RefusedNoFollowUp)
		default:
			return StepResult{To: in.Target}
		}

	case EventHandoffRequested:
		if !in.Handoff {
			return refuse(RefusedNoHandoff)
		}
		return StepResult{To: HandoffHuman}

	case EventTakenOver:
		// Nobody needs to be told: the person who would be is the one who wrote.
		return StepResult{To: HandoffHuman}

	case EventHandoffUnanswered:
		if !from.Muted() {
			return refuse(RefusedNotMuted)
		}
		return StepResult{To: HandoffHuman}

	case EventReleased:
		if !from.Muted() {
			return refuse(RefusedNotMuted)
		}
		return StepResult{To: resumed(in.Interest)}

	case EventInactivity:
		if !from.Active() {
			return refuse(RefusedNotActive)
		}
		return StepResult{To: Timeout}

	case EventIrrecoverable:
		if from.Muted() {
			return refuse(RefusedMuted)
		}
		return StepResult{To: Error}

	default:
		return refuse(RefusedEvent)
	}
}

// reopened is where a message takes a conversation at rest.
func reopened(from State, in StepInput) State {
	if d, ok := window(from); ok && in.At.Sub(in.Since) > d {
		return Triage
	}
	return resumed(in.Interest)
}

func resumed(interest bool) State {
	if interest {
		return CollectingInfo
	}
	return Triage
}
