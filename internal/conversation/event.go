package conversation

// Event is what can happen to a conversation's state.
type Event string
