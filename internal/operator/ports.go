package operator

import (
	"context"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Ledger is everything that an operator asks of the ledger.
type Ledger interface {
	Records
	Waiting
	Turns
	Outbox
	Morgue
	Journal
}

// Records are what the ledger knows of conversations.
type Records interface {
	// Load reads turns, conversations and the fate of messages at one moment.
	// What does not exist is absent, not an error.
	Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error)
	// Conversation is the conversation in charge of the first of the ids that
	// exists; nil when none does.
	Conversation(ctx context.Context, ids []conversation.ID) (*conversation.StoredConversation, error)
	// Turns are a conversation's turns, newest first, at most limit.
	Turns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error)
	// HandedOff are the conversations that a person owns, by id, at most limit.
	HandedOff(ctx context.Context, limit int) ([]conversation.StoredConversation, error)
	// Handoffs are those of the handoffs that exist.
	Handoffs(ctx context.Context, ids []string) (map[string]conversation.Handoff, error)
	// Message is one inbound message as a turn consumed it, if it is known.
	Message(ctx context.Context, id conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error)
}

// Waiting are what waits for a person.
type Waiting interface {
	// Parked are the turns of which a part or an effect is parked, at most
	// limit.
	Parked(ctx context.Context, limit int) ([]conversation.StoredTurn, error)
	// DeadLetters are what was buried, newest first, at most limit.
	DeadLetters(ctx context.Context, limit int) ([]conversation.Dead, error)
	// DeadLetter is what was buried under an id; nil when nothing was.
	DeadLetter(ctx context.Context, id string) (*conversation.Dead, error)
}

// Turns takes new turns.
type Turns interface {
	// Commit applies c whole or not at all; a conversation that was written
	// since it was read is a [fault.Conflict].
	Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error)
}

// Outbox is what became of a turn's replies and effects. A base is Updated of
// the turn that was read: a turn that was written since is a [fault.Conflict].
type Outbox interface {
	// Reopen lets a parked part be sent again, and makes a newer turn that is
	// being decided meanwhile lose.
	Reopen(ctx context.Context, r conversation.Reopening) error
	// CloseOut marks a part as closed for the reason given.
	CloseOut(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error
	// Revive lets a parked effect be tried again.
	Revive(ctx context.Context, turn conversation.TurnID, effect int, base time.Time) error
	// RecordEffect closes an effect; it never takes back what is done.
	RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error
}

// Morgue keeps what was given up.
type Morgue interface {
	// Exhume makes a dead message one that may be answered, for the n-th time.
	// One that is not dead or was exhumed as often is a [fault.Conflict].
	Exhume(ctx context.Context, id string, n int) error
	// Drop notes once that an operator gave a letter up.
	Drop(ctx context.Context, id string, at time.Time) error
}

// Journal keeps what operators did.
type Journal interface {
	// Note adds an act once: one of that id that is there already stays.
	Note(ctx context.Context, a conversation.Act) error
}

// Inbox makes tasks that certainly come back.
type Inbox interface {
	// Put durably creates the task that carries e, to be dispatched from at on
	// (zero is now). existed says that one of its name was there before.
	Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error)
}
