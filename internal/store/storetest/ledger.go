package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// LedgerStore is everything a ledger does: what a turn asks of it, and what
// readiness, the audit and the console ask.
type LedgerStore interface {
	Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error)
	Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error)

	Intend(ctx context.Context, turn conversation.TurnID, part, attempt int, base time.Time) (time.Time, error)
	Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error
	Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error
	// CloseOut marks a part as closed by an operator.
	CloseOut(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error
	// Reopen lets a parked part be sent again and touches its conversation.
	Reopen(ctx context.Context, r conversation.Reopening) error
	// RecordEffect records what came of an attempt to perform an effect.
	RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error
	// Revive lets a parked effect be tried again.
	Revive(ctx context.Context, turn conversation.TurnID, effect int, base time.Time) error
	Receive(ctx context.Context, receipts []conversation.Receipt) (known []conversation.StoredTurn, err error)
	// Attempts are those to which the ids of recorded answers lead.
	Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error)

	Seen(ctx context.Context, number string, at time.Time) error
	LastSeen(ctx context.Context, number string) (time.Time, error)
	Bury(ctx context.Context, d conversation.Dead) error

	// Epoch claims the ledger for a hash key by its fingerprint. The first
	// caller writes it; another fingerprint is fault.Broken from then on.
	Epoch(ctx context.Context, fingerprint string) error
	// Fingerprint is the one that claimed the ledger; empty before.
	Fingerprint(ctx context.Context) (string, error)
	Ping(ctx context.Context) error

	// Turns are the turns of exactly this conversation, newest first.
	Turns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error)
	Message(ctx context.Context, id conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error)
	// DeadLetters are what was buried, newest first.
	DeadLetters(ctx context.Context, limit int) ([]conversation.Dead, error)
	// DeadLetter is what was buried under an id; nil when nothing was.
	DeadLetter(ctx context.Context, id string) (*conversation.Dead, error)
	// Exhume makes a dead message one that may be answered, for the n-th time.
	Exhume(ctx context.Context, id string, n int) error
	// Drop notes that an operator gave a dead letter up.
	Drop(ctx context.Context, id string, at time.Time) error
	// Parked are the turns of which something waits for an operator.
	Parked(ctx context.Context, limit int) ([]conversation.StoredTurn, error)
	// HandedOff are the conversations that a person owns, by id.
	HandedOff(ctx context.Context, limit int) ([]conversation.StoredConversation, error)
	// Handoffs are those of the handoffs that exist.
	Handoffs(ctx context.Context, ids []string) (map[string]conversation.Handoff, error)
	// Note adds an act once; Acts are those noted, newest first.
	Note(ctx context.Context, a conversation.Act) error
	Acts(ctx context.Context, limit int) ([]conversation.Act, error)
	// ActsOf are those of one conversation, oldest first; of more than limit the
	// newest.
	ActsOf(ctx context.Context, id conversation.ID, limit int) ([]conversation.Act, error)
	// Conversation is the one in charge of the first id that exists, after
	// following where it moved; nil when there is none.
	Conversation(ctx context.Context, ids []conversation.ID) (*conversation.StoredConversation, error)
}

// Ledger holds a ledger to its promises. newLedger makes an empty one for
// each test; it may be called several times.
func Ledger(t *testing.T, newLedger func(t *testing.T) LedgerStore) {
	for _, group := range [][]promise{commitPromises, lookupPromises, mergePromises, deliveryPromises, effectPromises, keepingPromises, operatorPromises} {
		for _, p := range group {
			t.Run(p.name, func(t *testing.T) {
				p.hold(&ledgerTest{T: t, ledger: newLedger(t)})
			})
		}
	}
}

type promise struct {
	name string
	hold func(t *ledgerTest)
}
