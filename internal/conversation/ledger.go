package conversation

import (
	"slices"
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Query asks the ledger for what a turn needs, in as few round trips as the
// ledger can.
type Query struct {
	// Conversations are every id the person may be known under.
	Conversations []ID
	Messages      []MessageID
	// Appointments are ids of which it is asked whether they exist.
	Appointments []string
	// Turn is read too when it is set. When Conversations are asked for and
	// Turn is empty, the last turn of the conversation in charge is read.
	Turn TurnID
}

// Snapshot is what the ledger knows, read at one moment of its clock.
type Snapshot struct {
	// ReadAt is the ledger's own time, comparable with every Updated.
	ReadAt time.Time
	// Conversation is the one in charge, after following MovedTo; nil when
	// the person is new.
	Conversation *StoredConversation
	// Others are the other conversations that the asked ids lead to, in the order
	// of those ids: a person who was known under several names has several.
	Others []StoredConversation
	// Holders are who holds each of the asked ids that has a document.
	Holders  map[ID]Holder
	Messages map[MessageID]StoredMessage
	// Appointments are those of the asked ids that exist.
	Appointments map[string]bool
	// Turn is the turn asked for, or the last one; nil when there is none.
	Turn *StoredTurn
}

// Found adds a conversation that an asked id leads to. The first is in charge.
func (s *Snapshot) Found(c StoredConversation) {
	switch {
	case s.Conversation == nil:
		s.Conversation = &c
	case s.Conversation.ID == c.ID, slices.ContainsFunc(s.Others, func(o StoredConversation) bool { return o.ID == c.ID }):
	default:
		s.Others = append(s.Others, c)
	}
}

// Holder is who holds one id: the conversation that it leads to, and the
// document that says so.
type Holder struct {
	// InCharge is the id itself when the document is no pointer.
	InCharge ID
	// Version and Updated are of the document.
	Version int64
	Updated time.Time
}

// StoredConversation is a conversation with the time of its last write, which
// is the precondition of the next.
type StoredConversation struct {
	Conversation
	Updated time.Time
}

// StoredTurn is a turn with what became of it.
type StoredTurn struct {
	Turn
	Deliveries []Delivery     // one a reply
	Records    []EffectRecord // one an effect
	// Updated is the ledger's time of the last write.
	Updated time.Time
}

// Phase is the phase of the turn as a whole: that of the first part that is
// not terminal, else the worst terminal one. A turn without replies is sent.
func (t StoredTurn) Phase() DeliveryPhase {
	worst := Sent
	rank := map[DeliveryPhase]int{Sent: 0, Closed: 1, Failed: 2, Parked: 3}
	for _, d := range t.Deliveries {
		phase := d.Phase()
		if !phase.Terminal() {
			return phase
		}
		if rank[phase] > rank[worst] {
			worst = phase
		}
	}
	return worst
}

// Ended reports whether the turn is terminal with everything that follows from
// it: its messages need no task any more.
func (t StoredTurn) Ended() bool {
	if !t.Phase().Terminal() {
		return false
	}
	for _, r := range t.Records {
		if !r.Phase().Terminal() {
			return false
		}
	}
	return true
}

// Open is the first part that is not terminal; ok is false when all are.
func (t StoredTurn) Open() (part int, d Delivery, ok bool) {
	for i, d := range t.Deliveries {
		if !d.Phase().Terminal() {
			return i, d, true
		}
	}
	return 0, Delivery{}, false
}

// StoredMessage is a message that was consumed.
type StoredMessage struct {
	Turn TurnID
	Dead bool // it was given up and lies with the dead letters
}

// Commit is the one write before anything is sent. It is applied whole or not
// at all.
type Commit struct {
	// Conversation is the new document; its Version is one above the read one.
	Conversation Conversation
	// Base is Updated of the conversation that was read; zero means that none
	// existed and none may exist now.
	Base time.Time
	// Turn is created, with the attempt at its first reply that [Turn.Intended]
	// names.
	Turn Turn
	// Messages are created: a message that exists already makes the commit a
	// conflict, for it was consumed by another turn.
	Messages []Inbound
	// Pointers are created as documents that only say MovedTo the
	// conversation; one that exists already is left alone.
	Pointers []ID
	// Beside are documents of other conversations: those that this one takes
	// over, which say MovedTo, and those whose names were another's before. Each
	// is written if it was last written at its Updated, and created if that is
	// zero; otherwise the commit is a conflict.
	Beside []StoredConversation
	// Handoff is created when the turn asks for a person.
	Handoff *Handoff
	// Appointment is created when the turn notes a meeting.
	Appointment *Appointment
	At          time.Time
}

// Reopening lets a part that was parked be sent again. It is applied whole or
// not at all, and touches the conversation: a newer turn that is being
// committed meanwhile loses, so that an old answer cannot come after it.
type Reopening struct {
	Turn TurnID
	Part int
	// Attempt is the newest; its fate, which nobody knows, is settled as one to
	// be followed by another.
	Attempt int
	// Base is Updated of the turn that was read.
	Base time.Time
	// Conversation is the one in charge, whose last turn this is, and
	// ConversationBase its Updated.
	Conversation     ID
	ConversationBase time.Time
	// Granted is Delivery's, raised when an operator allows one more attempt.
	Granted int
	At      time.Time
}

// Committed is what the ledger says of a commit.
type Committed struct {
	// At is the ledger's time of the write: Updated of conversation and turn.
	At time.Time
}

// Handoff asks a person to take over.
type Handoff struct {
	ID           string   `json:"id"`
	Conversation ID       `json:"conversation"`
	Turn         TurnID   `json:"turn"`
	Reason       string   `json:"reason"` // a code, never content
	Briefing     pii.Text `json:"briefing"`
	// Deadline is when the lead is told the truth if nobody came.
	Deadline time.Time `json:"deadline"`
}

// Appointment is a meeting that was agreed with the lead and that the team has
// yet to confirm.
type Appointment struct {
	ID           string `json:"id"`
	Conversation ID     `json:"conversation"`
	Turn         TurnID `json:"turn"`
	// Start is the moment of the meeting.
	Start time.Time `json:"start"`
	// Mode is how it is held, as the card has it; empty when that is open.
	Mode     string   `json:"mode,omitempty"`
	Briefing pii.Text `json:"briefing"`
}

// Dead is a message or a raw element that was given up: kept for an operator,
// never dropped.
type Dead struct {
	ID           string
	Conversation ID     // empty when unknown
	Number       string // empty when unknown
	Reason       string // a code, never content
	Attempts     int
	// Content is the element as it came; stored sealed.
	Content       []byte
	Message       bool // ID is a message's: the message becomes terminal too
	CorrelationID string
	At            time.Time
	// Replays counts how often an operator had it tried again, and Dropped is
	// when one gave it up; zero when none did.
	Replays int
	Dropped time.Time
}

// Quarantined is a raw element that was signed correctly and could not be
// read. It travels sealed.
type Quarantined struct {
	Reason string `json:"reason"`
	// Content is the element, cut at 64 KiB; Length and SHA256 are of the
	// whole.
	Content []byte `json:"content"`
	Length  int    `json:"length"`
	SHA256  string `json:"sha256"`
}

// Parked reports whether a part or an effect of the turn waits for an operator.
func (t StoredTurn) Parked() bool {
	for _, d := range t.Deliveries {
		if d.Phase() == Parked {
			return true
		}
	}
	for _, r := range t.Records {
		if r.Phase() == EffectParked {
			return true
		}
	}
	return false
}
