package conversation

import (
	"cmp"
	"slices"
	"time"
)

// Act is something worth remembering that is no turn. Acts are only ever added:
// each is created once under its id.
type Act struct {
	ID   string  `json:"id"`
	Kind ActKind `json:"kind"`
	// Conversation, Turn and Message are what it concerns, as far as it
	// concerns one.
	Conversation ID        `json:"conversation,omitempty"`
	Turn         TurnID    `json:"turn,omitempty"`
	Message      MessageID `json:"message,omitempty"`
	// Reason is a code, never content.
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// NewestActs are the newest of acts, at most limit, oldest first. It sorts acts.
func NewestActs(acts []Act, limit int) []Act {
	slices.SortFunc(acts, func(a, b Act) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return acts[max(0, len(acts)-max(limit, 0)):]
}

// ActKind is what kind of thing was done or happened.
type ActKind string

// The kinds of acts.
const (
	// ActReplyFailed is Meta reporting a failure of what it had accepted.
	ActReplyFailed ActKind = "reply_failed"
	// ActRetried is an operator who had something parked tried again.
	ActRetried ActKind = "retried"
	// ActDropped is an operator who gave something parked up.
	ActDropped ActKind = "dropped"
	// ActClosed is an operator who ended a turn that was under way.
	ActClosed ActKind = "closed"
	// ActReleased is an operator who gave a conversation back to Otto.
	ActReleased ActKind = "released"
	// ActAccepted is a person who takes what was handed off.
	ActAccepted ActKind = "accepted"
)

// Failure is Meta reporting that a part of an answer which it had accepted did
// not reach the lead.
type Failure struct {
	Turn    StoredTurn
	Part    int
	Attempt int
	Code    int // Meta's error code
	At      time.Time
}
