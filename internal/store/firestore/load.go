package firestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// maxMoves bounds how many merged conversations are followed in a row; more
// can only be a circle.
const maxMoves = 8

// Load reads everything a turn needs. It takes one round trip; one more for
// the last turn when the query does not name it, and one more for each
// conversation that moved to one the query does not name. What does not exist
// is absent; a conversation whose MovedTo leads nowhere is in charge itself.
func (l *Ledger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	s, err := l.load(ctx, q)
	if err != nil {
		return conversation.Snapshot{}, fmt.Errorf("firestore: load: %w", err)
	}
	return s, nil
}

func (l *Ledger) load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	names := make([]string, 0, len(q.Conversations)+len(q.Messages)+len(q.Appointments)+1)
	for _, id := range q.Conversations {
		names = l.appendName(names, conversations, string(id))
	}
	for _, id := range q.Messages {
		names = l.appendName(names, messages, string(id))
	}
	for _, id := range q.Appointments {
		names = l.appendName(names, appointments, id)
	}
	names = l.appendName(names, turns, string(q.Turn))
	if len(names) == 0 {
		// The time of the read is asked for all the same.
		names = append(names, l.name(epochs, l.tenant))
	}
	b, err := l.get(ctx, names...)
	if err != nil {
		return conversation.Snapshot{}, err
	}

	s := conversation.Snapshot{
		Holders:  map[conversation.ID]conversation.Holder{},
		Messages: map[conversation.MessageID]conversation.StoredMessage{},

		Appointments: map[string]bool{},
	}
	for _, id := range q.Messages {
		if doc, ok := b.found[l.name(messages, string(id))]; ok {
			s.Messages[id] = decodeMessage(doc)
		}
	}
	for _, id := range q.Appointments {
		if _, ok := b.found[l.name(appointments, id)]; ok {
			s.Appointments[id] = true
		}
	}
	if err := l.find(ctx, &b, &s, q.Conversations); err != nil {
		return conversation.Snapshot{}, err
	}
	wanted := q.Turn
	if wanted == "" && s.Conversation != nil {
		wanted = s.Conversation.LastTurn
	}
	if s.Turn, err = l.turn(ctx, &b, wanted, wanted == q.Turn); err != nil {
		return conversation.Snapshot{}, err
	}
	s.ReadAt = b.at
	return s, nil
}

// appendName leaves out what cannot be a document: it does not exist.
func (l *Ledger) appendName(names []string, collection, id string) []string {
	if !isDocumentID(id) {
		return names
	}
	return append(names, l.name(collection, id))
}

// more adds a document to what b holds, in a round trip of its own.
func (l *Ledger) more(ctx context.Context, b *batch, collection, id string) error {
	if !isDocumentID(id) {
		return nil
	}
	next, err := l.get(ctx, l.name(collection, id))
	if err != nil {
		return err
	}
	for name, doc := range next.found {
		b.found[name] = doc
	}
	b.at = next.at
	return nil
}

// find fills in what stands under ids, and which conversations they lead to.
func (l *Ledger) find(ctx context.Context, b *batch, s *conversation.Snapshot, ids []conversation.ID) error {
	for _, id := range ids {
		doc, ok := b.found[l.name(conversations, string(id))]
		if !ok {
			continue
		}
		found, err := l.inCharge(ctx, b, []conversation.ID{id})
		if err != nil {
			return err
		}
		s.Holders[id] = conversation.Holder{
			InCharge: found.ID, Version: doc.GetFields()[fieldVersion].GetIntegerValue(), Updated: doc.GetUpdateTime().AsTime(),
		}
		s.Found(*found)
	}
	return nil
}

// inCharge is the first of the ids that b holds, after following where it
// moved to; nil when b holds none.
func (l *Ledger) inCharge(ctx context.Context, b *batch, ids []conversation.ID) (*conversation.StoredConversation, error) {
	for _, id := range ids {
		doc, ok := b.found[l.name(conversations, string(id))]
		if !ok {
			continue
		}
		for range maxMoves {
			c, err := l.decodeConversation(doc, id)
			if err != nil {
				return nil, err
			}
			if c.MovedTo == "" {
				return &c, nil
			}
			name := l.name(conversations, string(c.MovedTo))
			if _, ok := b.found[name]; !ok {
				if err := l.more(ctx, b, conversations, string(c.MovedTo)); err != nil {
					return nil, err
				}
			}
			next, ok := b.found[name]
			if !ok {
				c.MovedTo = ""
				return &c, nil
			}
			id, doc = c.MovedTo, next
		}
		return nil, fault.Mark(errors.New("conversations move in a circle"), fault.Broken)
	}
	return nil, nil
}

// turn is the turn of that id; nil when there is none. Unless it was asked for
// along with b, it is fetched.
func (l *Ledger) turn(ctx context.Context, b *batch, id conversation.TurnID, asked bool) (*conversation.StoredTurn, error) {
	if !asked {
		if err := l.more(ctx, b, turns, string(id)); err != nil {
			return nil, err
		}
	}
	doc, ok := b.found[l.name(turns, string(id))]
	if !ok {
		return nil, nil
	}
	t, err := l.decodeTurn(doc, id)
	if err != nil {
		return nil, err
	}
	return &t, nil
}
