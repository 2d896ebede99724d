package simulator

import (
	"context"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/operator"
)

// archive is what the page reads of the ledger. Its methods are bounded by
// their contexts and see every commit that was answered.
type archive interface {
	// Conversation is the conversation in charge of the first of the ids that
	// exists; nil when none does.
	Conversation(ctx context.Context, ids []conversation.ID) (*conversation.StoredConversation, error)
	// Turns are a conversation's turns, newest first, at most limit.
	Turns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error)
	// Load reads a turn by its id; what does not exist is absent, not an error.
	Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error)
	// Message is one message as a turn consumed it, if it is known.
	Message(ctx context.Context, id conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error)
	// ActsOf are the acts that concern a conversation, oldest first; of more than
	// limit the newest.
	ActsOf(ctx context.Context, id conversation.ID, limit int) ([]conversation.Act, error)
}

// records is a ledger as the page and its operators read it.
type records interface {
	archive
	operator.Ledger
}
