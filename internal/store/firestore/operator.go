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
	setText(f, "conversation", string(a.Conversation))
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
		f := doc.GetFields()
		acts = append(acts, conversation.Act{
			ID: id, Kind: conversation.ActKind(f["kind"].GetStringValue()),
			Conversation: conversation.ID(f["conversation"].GetStringValue()),
			Turn:         conversation.TurnID(f[fieldTurn].GetStringValue()),
			Message:      conversation.MessageID(f["message"].GetStringValue()),
			Reason:       f["reason"].GetStringValue(), At: momentOf(f[fieldAt]),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("firestore: acts: %w", err)
	}
	return acts, nil
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

// parkedPerRead is how many turns one round trip of [Ledger.Parked] brings.
const parkedPerRead = 100

// Parked are the turns of which a part or an effect is parked, by id, at most
// limit. Turns that were parked and no longer are cost a read until they
// expire.
func (l *Ledger) Parked(ctx context.Context, limit int) ([]conversation.StoredTurn, error) {
	var parked []conversation.StoredTurn
	var after string
	for len(parked) < limit {
		read := 0
		err := l.query(ctx, l.parkedAfter(after), func(doc *firestorepb.Document, id string) error {
			read++
			after = id
			t, err := l.decodeTurn(doc, conversation.TurnID(id))
			if err == nil && t.Parked() && len(parked) < limit {
				parked = append(parked, t)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("firestore: parked: %w", err)
		}
		if read < parkedPerRead {
			break
		}
	}
	return parked, nil
}

func (l *Ledger) parkedAfter(id string) *firestorepb.StructuredQuery {
	q := &firestorepb.StructuredQuery{
		From: []*firestorepb.StructuredQuery_CollectionSelector{{CollectionId: turns}},
		Where: &firestorepb.StructuredQuery_Filter{FilterType: &firestorepb.StructuredQuery_Filter_FieldFilter{
			FieldFilter: &firestorepb.StructuredQuery_FieldFilter{
				Field: &firestorepb.StructuredQuery_FieldReference{FieldPath: fieldParked},
				Op:    firestorepb.StructuredQuery_FieldFilter_EQUAL, Value: boolean(true),
			},
		}},
		OrderBy: []*firestorepb.StructuredQuery_Order{{
			Field:     &firestorepb.StructuredQuery_FieldReference{FieldPath: "__name__"},
			Direction: firestorepb.StructuredQuery_ASCENDING,
		}},
		Limit: wrapperspb.Int32(parkedPerRead),
	}
	if id != "" {
		q.StartAt = &firestorepb.Cursor{Values: []*firestorepb.Value{{
			ValueType: &firestorepb.Value_ReferenceValue{ReferenceValue: l.name(turns, id)},
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
