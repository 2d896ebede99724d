package conversation

import "slices"

// State is where a conversation stands. The names are stored and audited:
// they never change.
type State string

// The ten states.
const (
	Initial            State = "INITIAL"
	Triage             State = "TRIAGE"
	CollectingInfo     State = "COLLECTING_INFO"
	GeneratingResponse State = "GENERATING_RESPONSE"
	HandoffHuman       State = "HANDOFF_HUMAN"
	SelfServeInfo      State = "SELF_SERVE_INFO"
	RouteExternal      State = "ROUTE_EXTERNAL"
	ScheduledFollowup  State = "SCHEDULED_FOLLOWUP"
	Timeout            State = "TIMEOUT"
	Error              State = "ERROR"
)

// States are all states, in the order above.
func States() []State {
	return []State{
		Initial, Triage, CollectingInfo, GeneratingResponse, HandoffHuman,
		SelfServeInfo, RouteExternal, ScheduledFollowup, Timeout, Error,
	}
}

// Known reports whether s is one of the ten.
func (s State) Known() bool { return slices.Contains(States(), s) }

// Active reports whether Otto is in the middle of the conversation.
func (s State) Active() bool {
	return s == Initial || s == Triage || s == CollectingInfo || s == GeneratingResponse
}

// Resting reports whether the conversation came to an end from which the next
// message reopens it.
func (s State) Resting() bool { return s.Known() && !s.Active() && !s.Muted() }

// Muted reports whether a person owns the conversation.
func (s State) Muted() bool { return s == HandoffHuman }

// Owner is who answers the lead.
type Owner string

// The owners of a conversation. An empty owner is Otto.
const (
	OwnerOtto   Owner = "otto"
	OwnerPerson Owner = "person"
)
