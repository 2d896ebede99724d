package firestore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Commit applies c whole or not at all, in one round trip. A stale base, a
// message, turn, handoff or appointment that exists makes it a [fault.Conflict].
//
// A pointer that exists and leads to the conversation already is left alone,
// at the price of two more round trips: ask [Ledger.Load] which ids are known
// and pass the others. A pointer whose place was taken by anything else since
// then is a conflict, for the person has another conversation now: the caller
// loads again and finds it.
func (l *Ledger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	done, err := l.commit(ctx, c)
	if err != nil {
		return conversation.Committed{}, fmt.Errorf("firestore: commit: %w", err)
	}
	return conversation.Committed{At: done.GetCommitTime().AsTime()}, nil
}

func (l *Ledger) commit(ctx context.Context, c conversation.Commit) (*firestorepb.CommitResponse, error) {
	writes, err := l.encodeCommit(c)
	if err != nil {
		return nil, err
	}
	done, err := l.write(ctx, writes...)
	if len(c.Pointers) == 0 || !fault.Is(err, fault.Conflict) {
		return done, err
	}
	// Nothing was written: find out whether the pointers are to blame.
	standing, lookErr := l.standingPointers(ctx, c)
	if lookErr != nil {
		return nil, lookErr
	}
	if len(standing) == 0 {
		return nil, err
	}
	return l.write(ctx, slices.DeleteFunc(writes, func(w *firestorepb.Write) bool {
		return standing[w.GetUpdate().GetName()]
	})...)
}

func (l *Ledger) encodeCommit(c conversation.Commit) ([]*firestorepb.Write, error) {
	if !isDocumentID(string(c.Conversation.ID)) || !isDocumentID(string(c.Turn.ID)) {
		return nil, errMalformed
	}
	f, err := l.encodeConversation(c.Conversation, c.At)
	if err != nil {
		return nil, err
	}
	head := l.create(conversations, string(c.Conversation.ID), f)
	if !c.Base.IsZero() {
		head.CurrentDocument = lastWrittenAt(c.Base)
	}
	if f, err = l.encodeTurn(c.Turn, c.At); err != nil {
		return nil, err
	}
	writes := append(make([]*firestorepb.Write, 0, 3+len(c.Messages)+len(c.Pointers)),
		head, l.create(turns, string(c.Turn.ID), f))
	for i, m := range c.Messages {
		if slices.ContainsFunc(c.Messages[:i], func(e conversation.Inbound) bool { return e.ID == m.ID }) {
			continue
		}
		if !isDocumentID(string(m.ID)) {
			return nil, errMalformed
		}
		if f, err = l.encodeMessage(m, c.Turn, c.At); err != nil {
			return nil, err
		}
		writes = append(writes, l.create(messages, string(m.ID), f))
	}
	if h := c.Handoff; h != nil {
		if !isDocumentID(h.ID) {
			return nil, errMalformed
		}
		if f, err = l.encodeHandoff(*h, c.At); err != nil {
			return nil, err
		}
		writes = append(writes, l.create(handoffs, h.ID, f))
	}
	if a := c.Appointment; a != nil {
		if !isDocumentID(a.ID) {
			return nil, errMalformed
		}
		if f, err = l.encodeAppointment(*a, c.At); err != nil {
			return nil, err
		}
		writes = append(writes, l.create(appointments, a.ID, f))
	}
	for i, id := range c.Pointers {
		if id == c.Conversation.ID || slices.Contains(c.Pointers[:i], id) {
			continue
		}
		if !isDocumentID(string(id)) {
			return nil, errMalformed
		}
		pointer := conversation.New(id, c.Conversation.Number, conversation.Identity{})
		pointer.MovedTo = c.Conversation.ID
		if f, err = l.encodeConversation(pointer, c.At); err != nil {
			return nil, err
		}
		writes = append(writes, l.create(conversations, string(id), f))
	}
	for _, other := range c.Beside {
		if !isDocumentID(string(other.ID)) {
			return nil, errMalformed
		}
		if f, err = l.encodeConversation(other.Conversation, c.At); err != nil {
			return nil, err
		}
		write := l.create(conversations, string(other.ID), f)
		if !other.Updated.IsZero() {
			write.CurrentDocument = lastWrittenAt(other.Updated)
		}
		writes = append(writes, write)
	}
	return writes, nil
}

// standingPointers are the names of those of c's pointers that are there
// already. One that leads elsewhere is a conflict.
func (l *Ledger) standingPointers(ctx context.Context, c conversation.Commit) (map[string]bool, error) {
	var names []string
	for _, id := range c.Pointers {
		if id != c.Conversation.ID {
			names = append(names, l.name(conversations, string(id)))
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	b, err := l.get(ctx, names...)
	if err != nil {
		return nil, err
	}
	standing := map[string]bool{}
	for _, id := range c.Pointers {
		name := l.name(conversations, string(id))
		doc, ok := b.found[name]
		if !ok {
			continue
		}
		there, err := l.decodeConversation(doc, id)
		if err != nil {
			return nil, err
		}
		if there.MovedTo != c.Conversation.ID {
			return nil, fault.Mark(errors.New("a pointer's place is taken"), fault.Conflict)
		}
		standing[name] = true
	}
	return standing, nil
}

// errMalformed says that an id cannot name a document. It never shows the id.
var errMalformed = fault.Mark(errors.New("an id is empty or malformed"), fault.Broken)
