package conversation

// Event is what can happen to a conversation's state. The names are stored
// and audited: they never change.
type Event string

// The events of a conversation.
const (
	// EventInbound is a message that waits for an answer. It reopens a
	// conversation at rest.
	EventInbound Event = "inbound"
	// EventNoted is something that waits for no answer: a reaction, a system
	// message. It never moves a conversation.
	EventNoted Event = "noted"
	// EventDecision is a move that Otto proposes.
	EventDecision Event = "decision"
	// EventHandoffRequested asks a person to take over.
	EventHandoffRequested Event = "handoff_requested"
	// EventTakenOver is a person who wrote to the lead without being asked.
	EventTakenOver Event = "taken_over"
	// EventHandoffUnanswered is a handoff whose limit passed.
	EventHandoffUnanswered Event = "handoff_unanswered"
	// EventReleased gives the conversation back to Otto.
	EventReleased Event = "released"
	// EventInactivity is a session that expired.
	EventInactivity Event = "inactivity"
	// EventIrrecoverable is a turn that cannot be completed.
	EventIrrecoverable Event = "irrecoverable"
)

// Events are all events, in the order above.
func Events() []Event {
	return []Event{
		EventInbound, EventNoted, EventDecision, EventHandoffRequested, EventTakenOver,
		EventHandoffUnanswered, EventReleased, EventInactivity, EventIrrecoverable,
	}
}
