package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Note adds an act; one of that id that is there already stays as it is.
func (l *Ledger) Note(ctx context.Context, a conversation.Act) error {
	if err := ended(ctx, "note"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writeTime()
	if _, exists := l.acts[a.ID]; !exists {
		l.acts[a.ID] = a
	}
	return nil
}

// Acts are the acts that were noted, newest first, at most limit.
func (l *Ledger) Acts(ctx context.Context, limit int) ([]conversation.Act, error) {
	if err := ended(ctx, "acts"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var acts []conversation.Act
	for _, a := range l.acts {
		acts = append(acts, a)
	}
	slices.SortFunc(acts, func(a, b conversation.Act) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return acts[:min(len(acts), max(limit, 0))], nil
}

// ActsOf are the acts that concern a conversation, oldest first; of more than
// limit the newest.
func (l *Ledger) ActsOf(ctx context.Context, id conversation.ID, limit int) ([]conversation.Act, error) {
	if err := ended(ctx, "acts of a conversation"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var acts []conversation.Act
	for _, a := range l.acts {
		if a.Conversation == id {
			acts = append(acts, a)
		}
	}
	return conversation.NewestActs(acts, limit), nil
}

// Parked are the turns of which a part or an effect is parked, by id, at most
// limit.
func (l *Ledger) Parked(ctx context.Context, limit int) ([]conversation.StoredTurn, error) {
	if err := ended(ctx, "parked"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var parked []conversation.StoredTurn
	for _, d := range l.turns {
		if !d.parked {
			continue
		}
		t, err := d.open()
		if err != nil {
			return nil, fmt.Errorf("parked: %w", err)
		}
		if t.Parked() {
			parked = append(parked, t)
		}
	}
	slices.SortFunc(parked, func(a, b conversation.StoredTurn) int { return cmp.Compare(a.ID, b.ID) })
	return parked[:min(len(parked), max(limit, 0))], nil
}

// HandedOff are the conversations that a person owns, by id, at most limit.
func (l *Ledger) HandedOff(ctx context.Context, limit int) ([]conversation.StoredConversation, error) {
	if err := ended(ctx, "handed off"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var owned []conversation.StoredConversation
	for _, d := range l.conversations {
		c, err := unmarshal[conversation.Conversation](d.body)
		if err != nil {
			return nil, fmt.Errorf("handed off: %w", err)
		}
		if c.Owner == conversation.OwnerPerson && c.MovedTo == "" {
			owned = append(owned, conversation.StoredConversation{Conversation: c, Updated: d.updated})
		}
	}
	slices.SortFunc(owned, func(a, b conversation.StoredConversation) int { return cmp.Compare(a.ID, b.ID) })
	return owned[:min(len(owned), max(limit, 0))], nil
}

// Handoffs are those of the handoffs that exist.
func (l *Ledger) Handoffs(ctx context.Context, ids []string) (map[string]conversation.Handoff, error) {
	if err := ended(ctx, "handoffs"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string]conversation.Handoff{}
	for _, id := range ids {
		if h, ok := l.handoffs[id]; ok {
			found[id] = h
		}
	}
	return found, nil
}

// Exhume makes a message that was given up one that may be answered, for the
// n-th time. Its letter stays. A message that is not dead, or that has been
// exhumed as often, is a [fault.Conflict].
func (l *Ledger) Exhume(ctx context.Context, id string, n int) error {
	if err := ended(ctx, "exhume"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d, buried := l.dead[id]
	m, known := l.messages[conversation.MessageID(id)]
	if !buried || !known || !m.stored.Dead || d.Replays != n-1 {
		return fault.Mark(errors.New("exhume: it is not dead, or somebody was first"), fault.Conflict)
	}
	l.writeTime()
	d.Replays = n
	l.dead[id] = d
	delete(l.messages, conversation.MessageID(id))
	return nil
}

// Drop notes that an operator gave a dead letter up. One that does not exist is
// a [fault.Conflict].
func (l *Ledger) Drop(ctx context.Context, id string, at time.Time) error {
	if err := ended(ctx, "drop"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.dead[id]
	if !ok {
		return fault.Mark(errors.New("drop: there is no such letter"), fault.Conflict)
	}
	l.writeTime()
	if d.Dropped.IsZero() {
		d.Dropped = at.UTC().Truncate(time.Microsecond)
		l.dead[id] = d
	}
	return nil
}

// DeadLetter is what was buried under an id; nil when nothing was.
func (l *Ledger) DeadLetter(ctx context.Context, id string) (*conversation.Dead, error) {
	if err := ended(ctx, "dead letter"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.dead[id]
	if !ok {
		return nil, nil
	}
	d = copied(d)
	return &d, nil
}
