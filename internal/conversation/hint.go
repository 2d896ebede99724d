package conversation

import "time"

// The types in this file cross the port to the hint store. A hint store may
// forget everything at any moment: that costs time and tokens, never a
// message and never a second answer.

// Arrival is a message that reached the ingress, for the mailbox of its
// conversation.
type Arrival struct {
	Conversation ID
	Message      MessageID
	// Letter is the envelope's bytes, so that the turn which answers first can
	// answer for this message too. The store seals it.
	Letter []byte
	At     time.Time
}

// Standing is what the hint store knows of an arrival.
type Standing uint8

// The standings of an arrival.
const (
	// Fresh was never seen, as far as the hint store remembers.
	Fresh Standing = iota
	// Pending was seen, but that its task exists was never confirmed.
	Pending
	// Queued is known to be in the queue.
	Queued
	// Done is known to be terminal in the ledger.
	Done
)

// Arrived is the hint store's answer to one arrival.
type Arrived struct {
	Standing Standing
	// Seq is the order of arrival within the conversation; zero if unknown.
	Seq int64
}

// Entry asks for the lease of a conversation on behalf of one message.
type Entry struct {
	Conversation ID
	Message      MessageID
	Letter       []byte // heals a mailbox that was lost
	Token        string // names the holder of the lease
	At           time.Time
}

// Admission is the hint store's answer to an entry.
type Admission struct {
	// Done: the message is known to be terminal. Nothing else is set.
	Done bool
	// Busy: another turn holds the lease for at most this long.
	Busy time.Duration
	// Tries counts how often this message entered and nobody left for it,
	// this time included: silent deaths count.
	Tries int
	// Letters are all messages waiting in the mailbox, this one included.
	Letters []Letter
	// Cached is the snapshot that the last turn left; nil when there is none.
	Cached []byte
}

// Letter is one message in a mailbox.
type Letter struct {
	Message MessageID
	Seq     int64
	Body    []byte
}

// Departure gives the lease back after the ledger is terminal.
type Departure struct {
	Conversation ID
	Token        string
	// Version and Snapshot become the cache unless a newer one is there. A
	// nil Snapshot leaves the cache alone.
	Version  int64
	Snapshot []byte
	// Done are the messages that are terminal now.
	Done []MessageID
	// Excused are messages whose try does not count: a dependency was ill,
	// which says nothing about the message.
	Excused []MessageID
}
