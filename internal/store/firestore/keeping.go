package firestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// watermarkEvery is the least distance of two watermarks that one process
// writes for a number, well under Firestore's one lasting write a second for a
// document. LastSeen may be that much too old: evidence that comes too late,
// never too early.
const watermarkEvery = 5 * time.Second

// Seen records that the number's receipt channel was alive at that time.
// Firestore keeps the larger of the times, so writers need not agree.
func (l *Ledger) Seen(ctx context.Context, number string, at time.Time) error {
	if !isDocumentID(number) {
		return fmt.Errorf("firestore: seen: %w", errMalformed)
	}
	l.mu.Lock()
	last, seen := l.seen[number]
	if seen && at.Before(last.Add(watermarkEvery)) {
		l.mu.Unlock()
		return nil
	}
	l.seen[number] = at
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	_, err := l.write(ctx, &firestorepb.Write{
		Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{
			Name: l.name(watermarks, number), Fields: fields{fieldSchema: integer(schema), "tenant": text(l.tenant)},
		}},
		UpdateMask: &firestorepb.DocumentMask{FieldPaths: []string{fieldSchema, "tenant"}},
		UpdateTransforms: []*firestorepb.DocumentTransform_FieldTransform{{
			FieldPath:     fieldSeen,
			TransformType: &firestorepb.DocumentTransform_FieldTransform_Maximum{Maximum: integer(at.UnixMicro())},
		}},
	})
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[number].Equal(at) {
		l.seen[number] = last
		if !seen {
			delete(l.seen, number)
		}
	}
	if fault.Is(err, fault.Conflict) {
		// There is no precondition to miss: too many wrote at once.
		err = fault.Mark(err, fault.Dependency)
	}
	return fmt.Errorf("firestore: seen: %w", err)
}

// LastSeen is the newest recorded time of the number, up to five seconds old;
// zero when there is none.
func (l *Ledger) LastSeen(ctx context.Context, number string) (time.Time, error) {
	if !isDocumentID(number) {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	name := l.name(watermarks, number)
	b, err := l.get(ctx, name)
	if err != nil {
		return time.Time{}, fmt.Errorf("firestore: last seen: %w", err)
	}
	at, ok := b.found[name].GetFields()[fieldSeen]
	if !ok {
		return time.Time{}, nil
	}
	return time.UnixMicro(at.GetIntegerValue()).UTC(), nil
}

// Bury records d once and makes its message terminal, in one commit. A message
// that a turn consumed stays that turn's.
func (l *Ledger) Bury(ctx context.Context, d conversation.Dead) error {
	if !isDocumentID(d.ID) {
		return fmt.Errorf("firestore: bury: %w", errMalformed)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if err := l.bury(ctx, d); err != nil {
		return fmt.Errorf("firestore: bury: %w", err)
	}
	return nil
}

func (l *Ledger) bury(ctx context.Context, d conversation.Dead) error {
	letter := l.create(dead, d.ID, l.encodeDead(d))
	writes := []*firestorepb.Write{letter}
	if d.Message {
		f := l.header(d.ID, d.At, l.messageTTL)
		f[fieldDead] = boolean(true)
		setText(f, fieldConversation, string(d.Conversation))
		setText(f, "number", d.Number)
		writes = append(writes, l.create(messages, d.ID, f))
	}
	for {
		_, err := l.write(ctx, writes...)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
		// One of the two is there: only the other is left to write.
		b, err := l.get(ctx, letter.GetUpdate().GetName(), l.name(messages, d.ID))
		if err != nil {
			return err
		}
		var rest []*firestorepb.Write
		for _, w := range writes {
			if _, there := b.found[w.GetUpdate().GetName()]; !there {
				rest = append(rest, w)
			}
		}
		if len(rest) == 0 {
			return nil
		}
		writes = rest
	}
}

// Epoch claims the tenant for a hash key by its fingerprint; another key's is
// [fault.Broken].
func (l *Ledger) Epoch(ctx context.Context, fingerprint string) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if err := l.epoch(ctx, fingerprint); err != nil {
		return fmt.Errorf("firestore: epoch: %w", err)
	}
	return nil
}

func (l *Ledger) epoch(ctx context.Context, fingerprint string) error {
	name := l.name(epochs, l.tenant)
	for {
		b, err := l.get(ctx, name)
		if err != nil {
			return err
		}
		if doc, ok := b.found[name]; ok {
			if doc.GetFields()[fieldFingerprint].GetStringValue() != fingerprint {
				return fault.Mark(errors.New("CONTACT_HASH_KEY is not the key this ledger was written with"), fault.Broken)
			}
			return nil
		}
		_, err = l.write(ctx, l.create(epochs, l.tenant, fields{
			fieldSchema: integer(schema), "tenant": text(l.tenant), fieldFingerprint: text(fingerprint),
		}))
		if !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

// Fingerprint is the fingerprint of the hash key that the tenant was claimed for;
// empty while nobody has. It changes nothing.
func (l *Ledger) Fingerprint(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	name := l.name(epochs, l.tenant)
	b, err := l.get(ctx, name)
	if err != nil {
		return "", fmt.Errorf("firestore: fingerprint: %w", err)
	}
	return b.found[name].GetFields()[fieldFingerprint].GetStringValue(), nil
}

// Ping reports whether Firestore answers.
func (l *Ledger) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if _, err := l.get(ctx, l.name(epochs, l.tenant)); err != nil {
		return fmt.Errorf("firestore: ping: %w", err)
	}
	return nil
}
