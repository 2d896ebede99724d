package firestore

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/pyloto/atende/internal/conversation"
)

// RecordEffect records what came of an attempt to perform an effect. A record that
// is done says only that; one with a mark says that nobody tries any more; any
// other says when to try again. It never takes back what another worker
// recorded as done.
func (l *Ledger) RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error {
	f, mask, parks := fields{}, []string(nil), false
	switch {
	case !r.Done.IsZero():
		f["done"], mask = moment(r.Done), []string{"done"}
	case r.Mark != "":
		f["mark"], f["reason"], mask = text(string(r.Mark)), text(r.Reason), []string{"mark", "reason"}
		parks = r.Mark == conversation.EffectParked
	default:
		setInteger(f, "attempts", int64(r.Attempts))
		setMoment(f, "not_before", r.NotBefore)
		setText(f, "reason", r.Reason)
		mask = []string{"attempts", "not_before", "reason"}
	}
	if err := l.writeEffect(ctx, turn, effect, exists(), f, mask, parks); err != nil {
		return fmt.Errorf("firestore: record effect: %w", err)
	}
	return nil
}

// Revive lets an effect that was parked be tried again, if the turn was last
// written at base.
func (l *Ledger) Revive(ctx context.Context, turn conversation.TurnID, effect int, base time.Time) error {
	err := wasRead(base)
	if err == nil {
		err = l.writeEffect(ctx, turn, effect, lastWrittenAt(base), nil, []string{"attempts", "not_before", "mark", "reason"}, false)
	}
	if err != nil {
		return fmt.Errorf("firestore: revive: %w", err)
	}
	return nil
}

// writeEffect writes the masked fields of one effect's record.
func (l *Ledger) writeEffect(ctx context.Context, turn conversation.TurnID, effect int, when *firestorepb.Precondition, f fields, mask []string, parks bool) error {
	if !isDocumentID(string(turn)) || effect < 0 {
		return errMalformed
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	for i, field := range mask {
		mask[i] = fieldEffects + "." + effectKey(effect) + "." + field
	}
	written := fields{fieldEffects: object(fields{effectKey(effect): object(f)})}
	if parks {
		written[fieldParked] = boolean(true)
		mask = append(mask, fieldParked)
	}
	_, err := l.write(ctx, l.update(turn, written, mask, when))
	return err
}

// decodeEffect reads one effect's record; what it does not know it leaves.
func decodeEffect(f fields) conversation.EffectRecord {
	return conversation.EffectRecord{
		Done:      momentOf(f["done"]),
		Attempts:  int(f["attempts"].GetIntegerValue()),
		NotBefore: momentOf(f["not_before"]),
		Mark:      conversation.EffectPhase(f["mark"].GetStringValue()),
		Reason:    f["reason"].GetStringValue(),
	}
}
