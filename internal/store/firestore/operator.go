package firestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Note adds an act; one of that id that is there already stays as it is.
func (l *Ledger) Note(ctx context.Context, a conversation.Act) error {
	if !isDocumentID(a.ID) {
		return fmt.Errorf("firestore: note: %w", errMalformed)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	f := l.header(a.ID, a.At, l.conversationTTL)
	f["kind"] = text(string(a.Kind))
	setText(f, fieldConversation, string(a.Conversation))
	setText(f, fieldTurn, string(a.Turn))
	setText(f, "message", string(a.Message))
	setText(f, "reason", a.Reason)
	f[fieldAt] = moment(a.At)
	_, err := l.write(ctx, l.create(audit, a.ID, f))
	if err == nil || fault.Is(err, fault.Conflict) {
		return nil
	}
	return fmt.Errorf("firestore: note: %w", err)
}

// Acts are the acts that were noted, newest first, at most limit.
func (l *Ledger) Acts(ctx context.Context, limit int) ([]conversation.Act, error) {
	var acts []conversation.Act
	err := l.query(ctx, newestFirst(audit, limit), func(doc *firestorepb.Document, id string) error {
		acts = append(acts, decodeAct(doc, id))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: acts: %w", err)
	}
	return acts, nil
}

func decodeAct(doc *firestorepb.Document, id string) conversation.Act {
	f := doc.GetFields()
	return conversation.Act{
		ID: id, Kind: conversation.ActKind(f["kind"].GetStringValue()),
		Conversation: conversation.ID(f[fieldConversation].GetStringValue()),
		Turn:         conversation.TurnID(f[fieldTurn].GetStringValue()),
		Message:      conversation.MessageID(f["message"].GetStringValue()),
		Reason:       f["reason"].GetStringValue(), At: momentOf(f[fieldAt]),
	}
}

// ActsOf are the acts that concern a conversation, oldest first; of more than
// limit the newest. They are found by the index of one field, which does not
// know their time: all that have not expired are read, a handful as a rule.
func (l *Ledger) ActsOf(ctx context.Context, id conversation.ID, limit int) ([]conversation.Act, error) {
	var acts []conversation.Act
	err := l.walk(ctx, audit, fieldConversation, text(string(id)), func(doc *firestorepb.Document, id string) (more bool, err error) {
		acts = append(acts, decodeAct(doc, id))
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: acts of a conversation: %w", err)
	}
	return conversation.NewestActs(acts, limit), nil
}

// DeadLetters are what was buried, newest first, at most limit.
func (l *Ledger) DeadLetters(ctx context.Context, limit int) ([]conversation.Dead, error) {
	var letters []conversation.Dead
	err := l.query(ctx, newestFirst(dead, limit), func(doc *firestorepb.Document, id string) error {
		d, err := l.decodeDead(doc, id)
		letters = append(letters, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: dead letters: %w", err)
	}
	return letters, nil
}

// DeadLetter is what was buried under an id; nil when nothing was.
func (l *Ledger) DeadLetter(ctx context.Context, id string) (*conversation.Dead, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	doc, err := l.whole(ctx, dead, id)
	if err != nil || doc == nil {
		return nil, wrap("dead letter", err)
	}
	d, err := l.decodeDead(doc, id)
	if err != nil {
		return nil, wrap("dead letter", err)
	}
	return &d, nil
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("firestore: %s: %w", op, err)
}

// pageSize is how many documents one round trip of [Ledger.Parked] or
// [Ledger.HandedOff] brings.
const pageSize = 100

// Parked are the turns of which a part or an effect is parked, by id, at most
// limit. Turns that were parked and no longer are cost a read until they
// expire.
func (l *Ledger) Parked(ctx context.Context, limit int) ([]conversation.StoredTurn, error) {
	var parked []conversation.StoredTurn
	err := l.walk(ctx, turns, fieldParked, boolean(true), func(doc *firestorepb.Document, id string) (more bool, err error) {
		t, err := l.decodeTurn(doc, conversation.TurnID(id))
		if err == nil && t.Parked() && len(parked) < limit {
			parked = append(parked, t)
		}
		return len(parked) < limit, err
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: parked: %w", err)
	}
	return parked, nil
}

// HandedOff are the conversations that a person owns, by id, at most limit.
func (l *Ledger) HandedOff(ctx context.Context, limit int) ([]conversation.StoredConversation, error) {
	var owned []conversation.StoredConversation
	err := l.walk(ctx, conversations, fieldOwner, text(string(conversation.OwnerPerson)), func(doc *firestorepb.Document, id string) (more bool, err error) {
		c, err := l.decodeConversation(doc, conversation.ID(id))
		if err == nil && c.MovedTo == "" && len(owned) < limit {
			owned = append(owned, c)
		}
		return len(owned) < limit, err
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: handed off: %w", err)
	}
	return owned, nil
}

// Handoffs are those of the handoffs that exist, in one round trip.
func (l *Ledger) Handoffs(ctx context.Context, ids []string) (map[string]conversation.Handoff, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	found := map[string]conversation.Handoff{}
	var names []string
	for _, id := range ids {
		names = l.appendName(names, handoffs, id)
	}
	if len(names) == 0 {
		return found, nil
	}
	b, err := l.read(ctx, nil, names...)
	if err != nil {
		return nil, wrap("handoffs", err)
	}
	for _, id := range ids {
		doc, ok := b.found[l.name(handoffs, id)]
		if !ok {
			continue
		}
		if found[id], err = l.decodeHandoff(doc, id); err != nil {
			return nil, wrap("handoffs", err)
		}
	}
	return found, nil
}

// walk shows the documents of which a field has a value, by id, until there are
// no more or none are wanted.
func (l *Ledger) walk(ctx context.Context, collection, field string, value *firestorepb.Value, each func(doc *firestorepb.Document, id string) (more bool, err error)) error {
	after := ""
	for {
		read, more := 0, true
		err := l.query(ctx, l.having(collection, field, value, after), func(doc *firestorepb.Document, id string) (err error) {
			read++
			after = id
			more, err = each(doc, id)
			return err
		})
		if err != nil || !more || read < pageSize {
			return err
		}
	}
}

// having is a page of those documents of a collection of which a field has a
// value, by id: the index of that field serves it.
func (l *Ledger) having(collection, field string, value *firestorepb.Value, after string) *firestorepb.StructuredQuery {
	q := &firestorepb.StructuredQuery{
		From: []*firestorepb.StructuredQuery_CollectionSelector{{CollectionId: collection}},
		Where: &firestorepb.StructuredQuery_Filter{FilterType: &firestorepb.StructuredQuery_Filter_FieldFilter{
			FieldFilter: &firestorepb.StructuredQuery_FieldFilter{
				Field: &firestorepb.StructuredQuery_FieldReference{FieldPath: field},
				Op:    firestorepb.StructuredQuery_FieldFilter_EQUAL, Value: value,
			},
		}},
		OrderBy: []*firestorepb.StructuredQuery_Order{{
			Field:     &firestorepb.StructuredQuery_FieldReference{FieldPath: "__name__"},
			Direction: firestorepb.StructuredQuery_ASCENDING,
		}},
		Limit: wrapperspb.Int32(pageSize),
	}
	if after != "" {
		q.StartAt = &firestorepb.Cursor{Values: []*firestorepb.Value{{
			ValueType: &firestorepb.Value_ReferenceValue{ReferenceValue: l.name(collection, after)},
		}}}
	}
	return q
}

// newestFirst is a collection by the time of its documents: the index of one
// field serves it.
func newestFirst(collection string, limit int) *firestorepb.StructuredQuery {
	return &firestorepb.StructuredQuery{
		From: []*firestorepb.StructuredQuery_CollectionSelector{{CollectionId: collection}},
		OrderBy: []*firestorepb.StructuredQuery_Order{{
			Field:     &firestorepb.StructuredQuery_FieldReference{FieldPath: fieldAt},
			Direction: firestorepb.StructuredQuery_DESCENDING,
		}},
		Limit: wrapperspb.Int32(int32(min(max(limit, 0), 1<<20))), // Firestore counts in 32 bits.
	}
}

// query calls each for every document that q finds.
func (l *Ledger) query(ctx context.Context, q *firestorepb.StructuredQuery, each func(doc *firestorepb.Document, id string) error) error {
	if q.GetLimit().GetValue() == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	api, err := l.client(ctx)
	if err != nil {
		return err
	}
	stream, err := api.RunQuery(ctx, &firestorepb.RunQueryRequest{
		Parent:    l.documents + l.tenantPath,
		QueryType: &firestorepb.RunQueryRequest_StructuredQuery{StructuredQuery: q},
	})
	if err != nil {
		return readFault(err)
	}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readFault(err)
		}
		doc := r.GetDocument()
		if doc == nil {
			continue // only the time of reading
		}
		if err := each(doc, doc.GetName()[strings.LastIndexByte(doc.GetName(), '/')+1:]); err != nil {
			return err
		}
	}
}

// whole is a document with all its fields; nil when it does not exist.
func (l *Ledger) whole(ctx context.Context, collection, id string) (*firestorepb.Document, error) {
	if !isDocumentID(id) {
		return nil, nil
	}
	b, err := l.read(ctx, nil, l.name(collection, id))
	if err != nil {
		return nil, err
	}
	return b.found[l.name(collection, id)], nil
}

// Exhume makes a message that was given up one that may be answered, for the
// n-th time, in one commit. Its letter stays. A message that is not dead, or
// that has been exhumed as often, is a [fault.Conflict].
func (l *Ledger) Exhume(ctx context.Context, id string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	return wrap("exhume", l.exhume(ctx, id, n))
}

func (l *Ledger) exhume(ctx context.Context, id string, n int) error {
	letter, err := l.whole(ctx, dead, id)
	if err != nil {
		return err
	}
	message, err := l.whole(ctx, messages, id)
	if err != nil {
		return err
	}
	if letter == nil || message == nil || !decodeMessage(message).Dead || letter.GetFields()[fieldReplays].GetIntegerValue() != int64(n-1) {
		return fault.Mark(errors.New("it is not dead, or somebody was first"), fault.Conflict)
	}
	_, err = l.write(ctx,
		&firestorepb.Write{
			Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{
				Name: letter.GetName(), Fields: fields{fieldReplays: integer(int64(n))},
			}},
			UpdateMask:      &firestorepb.DocumentMask{FieldPaths: []string{fieldReplays}},
			CurrentDocument: lastWrittenAt(letter.GetUpdateTime().AsTime()),
		},
		&firestorepb.Write{
			Operation:       &firestorepb.Write_Delete{Delete: message.GetName()},
			CurrentDocument: lastWrittenAt(message.GetUpdateTime().AsTime()),
		})
	return err
}

// Drop notes that an operator gave a dead letter up. One that does not exist is
// a [fault.Conflict].
func (l *Ledger) Drop(ctx context.Context, id string, at time.Time) error {
	if !isDocumentID(id) {
		return fmt.Errorf("firestore: drop: %w", errMalformed)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	letter, err := l.whole(ctx, dead, id)
	if err != nil || letter.GetFields()[fieldDropped] != nil {
		return wrap("drop", err)
	}
	_, err = l.write(ctx, &firestorepb.Write{
		Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{
			Name: l.name(dead, id), Fields: fields{fieldDropped: moment(at)},
		}},
		UpdateMask:      &firestorepb.DocumentMask{FieldPaths: []string{fieldDropped}},
		CurrentDocument: exists(),
	})
	return wrap("drop", err)
}
