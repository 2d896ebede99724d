package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// performed is how far the effects of a turn came.
type performed struct {
	terminal bool
	wait     time.Duration // when to look again, when not terminal
	done     int
	parked   string // why one was parked now
}

// perform tries the effects of a turn that are due. An attempt that failed is
// only written down when the answer is settled: every write to the turn puts
// off the moment at which an unknown send is resolved.
func (t *Turns) perform(ctx context.Context, turn conversation.StoredTurn, settled bool) (performed, error) {
	p := performed{terminal: true}
	for i, effect := range turn.Effects {
		record := turn.Records[i]
		if record.Phase().Terminal() {
			continue
		}
		wait := record.NotBefore.Sub(t.Now())
		if wait <= 0 {
			next := t.attempt(ctx, turn.Turn, i, effect, record)
			if settled || next.Phase().Terminal() {
				err := t.insist(ctx, func() error { return t.EffectRecords.RecordEffect(ctx, turn.ID, i, next) })
				if err != nil {
					return performed{}, fmt.Errorf("record effect: %w", err)
				}
			}
			switch next.Phase() {
			case conversation.EffectDone:
				p.done++
				continue
			case conversation.EffectParked:
				p.parked = "effect:" + next.Reason
				continue
			}
			wait = next.NotBefore.Sub(t.Now())
		}
		if p.terminal || wait < p.wait {
			p.wait = wait
		}
		p.terminal = false
	}
	return p, nil
}

// attempt tries one effect once and says what is to be recorded of it.
func (t *Turns) attempt(ctx context.Context, turn conversation.Turn, i int, effect conversation.Effect, record conversation.EffectRecord) conversation.EffectRecord {
	ctx, cancel := context.WithTimeout(ctx, effectTimeout)
	defer cancel()
	var err error
	switch {
	case effect.Kind == conversation.EffectTimer && effect.Timer != nil:
		err = t.set(ctx, turn, *effect.Timer)
	case t.Performer == nil:
		return conversation.EffectRecord{Mark: conversation.EffectParked, Reason: "no-receiver"}
	default:
		err = t.Performer.Perform(ctx, conversation.Errand{ID: turn.ID.Effect(i), Turn: turn, Effect: effect})
	}
	now := t.Now()
	switch {
	case err == nil:
		return conversation.EffectRecord{Done: now}
	case !ill(err):
		return conversation.EffectRecord{Mark: conversation.EffectParked, Reason: fault.KindOf(err).String()}
	case now.Sub(turn.DecidedAt) >= effectPatience && record.Attempts > 0:
		// One that an operator has just revived is not given up at once.
		return conversation.EffectRecord{Mark: conversation.EffectParked, Reason: "no-answer"}
	}
	wait := min(effectBackoff<<min(record.Attempts, 16), mostBackoff)
	if after, ok := fault.RetryAfter(err); ok {
		wait = max(wait, min(after, mostBackoff))
	}
	return conversation.EffectRecord{
		Attempts: record.Attempts + 1, NotBefore: now.Add(wait), Reason: fault.KindOf(err).String(),
	}
}
