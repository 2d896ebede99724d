package firestore

import (
	"context"
	"fmt"

	"github.com/pyloto/atende/internal/conversation"
)

// turnsPerRead is how many versions one round trip asks for. A conversation
// whose whole such stretch is gone has no older turns: they expired.
const turnsPerRead = 50

// Turns are the turns of exactly this conversation, newest first, at most
// limit. They are found by their ids, which count up to the conversation's
// version, so no index is needed and nothing recent is missed.
func (l *Ledger) Turns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	found, err := l.newestTurns(ctx, id, limit)
	if err != nil {
		return nil, fmt.Errorf("firestore: turns: %w", err)
	}
	return found, nil
}

func (l *Ledger) newestTurns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error) {
	if !isDocumentID(string(id)) {
		return nil, nil
	}
	name := l.name(conversations, string(id))
	b, err := l.get(ctx, name)
	if err != nil || b.found[name] == nil {
		return nil, err
	}
	version := b.found[name].GetFields()[fieldVersion].GetIntegerValue()
	var found []conversation.StoredTurn
	for version > 0 && len(found) < limit {
		var ids []conversation.TurnID
		for range min(turnsPerRead, int64(limit-len(found)), version) {
			ids = append(ids, conversation.NewTurnID(id, version))
			version--
		}
		stretch, err := l.readTurns(ctx, ids)
		if err != nil {
			return nil, err
		}
		found = append(found, stretch...)
		if len(stretch) == 0 {
			break
		}
	}
	return found, nil
}

// Message is one inbound message and what became of it. A message that was
// buried before a turn consumed it has no content here: that lies with the
// dead letters.
func (l *Ledger) Message(ctx context.Context, id conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error) {
	if !isDocumentID(string(id)) {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	name := l.name(messages, string(id))
	b, err := l.get(ctx, name)
	if err != nil {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, fmt.Errorf("firestore: message: %w", err)
	}
	doc, ok := b.found[name]
	if !ok {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, nil
	}
	stored := decodeMessage(doc)
	if stored.Dead {
		return conversation.Inbound{}, stored, true, nil
	}
	in, err := open[conversation.Inbound](l, doc, messages, string(id))
	if err != nil {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, fmt.Errorf("firestore: message: %w", err)
	}
	return in, stored, true, nil
}

// Conversation is the conversation in charge of the first of the ids that
// exists; nil when none does.
func (l *Ledger) Conversation(ctx context.Context, ids []conversation.ID) (*conversation.StoredConversation, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var names []string
	for _, id := range ids {
		names = l.appendName(names, conversations, string(id))
	}
	if len(names) == 0 {
		return nil, nil
	}
	b, err := l.get(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("firestore: conversation: %w", err)
	}
	c, err := l.inCharge(ctx, &b, ids)
	if err != nil {
		return nil, fmt.Errorf("firestore: conversation: %w", err)
	}
	return c, nil
}
