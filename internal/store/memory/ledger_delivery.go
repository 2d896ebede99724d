package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Intend records that an attempt is about to be sent, if the turn was last
// written at base. It lifts the mark of a part that was parked.
func (l *Ledger) Intend(ctx context.Context, turn conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	return l.deliver(ctx, "intend", turn, part, attempt, &base, func(d *conversation.Delivery) {
		d.Attempt, d.Mark, d.Reason = attempt, "", ""
	})
}

// Answer records Meta's answer to an attempt and that its id leads there. An
// answer to a turn that is gone is a [fault.Conflict].
func (l *Ledger) Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error {
	_, err := l.deliver(ctx, "answer", turn, part, attempt, nil, func(d *conversation.Delivery) {
		if d.Results == nil {
			d.Results = map[int]conversation.Result{}
		}
		if r.ID != "" {
			l.sent[r.ID] = conversation.Attempted{Turn: turn, Part: part, Attempt: attempt}
			r.ID = ""
		}
		d.Results[attempt] = r
	})
	return err
}

// Attempts are those to which the ids of recorded answers lead.
func (l *Ledger) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	if err := ended(ctx, "attempts"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[conversation.SentID]conversation.Attempted{}
	for _, id := range ids {
		if a, ok := l.sent[id]; ok {
			found[id] = a
		}
	}
	return found, nil
}

// Park marks a part as parked, if the turn was last written at base.
func (l *Ledger) Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := l.deliver(ctx, "park", turn, part, anyAttempt, &base, func(d *conversation.Delivery) {
		d.Mark, d.Reason = conversation.Parked, reason
	})
	return err
}

// CloseOut marks a part as closed by an operator, if the turn was last written at
// base.
func (l *Ledger) CloseOut(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := l.deliver(ctx, "close out", turn, part, anyAttempt, &base, func(d *conversation.Delivery) {
		d.Mark, d.Reason = conversation.Closed, reason
	})
	return err
}

// Reopen lets a parked part be sent again and touches its conversation. A turn
// or a conversation that was written since it was read is a [fault.Conflict].
func (l *Ledger) Reopen(ctx context.Context, r conversation.Reopening) error {
	if err := ended(ctx, "reopen"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.turns[r.Turn]
	c, there := l.conversations[r.Conversation]
	switch {
	case !ok || !there:
		return fault.Mark(errors.New("reopen: turn or conversation does not exist"), fault.Conflict)
	case !t.updated.Equal(r.Base) || !c.updated.Equal(r.ConversationBase):
		return fault.Mark(errors.New("reopen: turn or conversation was written since it was read"), fault.Conflict)
	case r.Part < 0 || r.Part >= len(t.deliveries):
		return fault.Mark(errors.New("reopen: turn has no such part"), fault.Broken)
	}
	d := &t.deliveries[r.Part]
	d.Mark, d.Reason, d.Granted = "", "", r.Granted
	if r.Attempt > 0 {
		d.Results = maps.Clone(d.Results)
		if d.Results == nil {
			d.Results = map[int]conversation.Result{}
		}
		d.Results[r.Attempt] = conversation.Result{Kind: conversation.Postponed, At: r.At}
	}
	at := l.writeTime()
	t.updated, c.updated = at, at
	l.turns[r.Turn], l.conversations[r.Conversation] = t, c
	return nil
}

// RecordEffect records what came of an attempt to perform an effect. A record that
// is done says only that; one with a mark says that nobody tries any more;
// any other says when to try again. It never takes back what another worker
// recorded as done.
func (l *Ledger) RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error {
	return l.effect(ctx, "record effect", turn, effect, nil, func(old *conversation.EffectRecord) {
		switch {
		case !r.Done.IsZero():
			old.Done = r.Done
		case r.Mark != "":
			old.Mark, old.Reason = r.Mark, r.Reason
		default:
			old.Attempts, old.NotBefore, old.Reason = r.Attempts, r.NotBefore, r.Reason
		}
	})
}

// Revive lets an effect that was parked be tried again, if the turn was last
// written at base.
func (l *Ledger) Revive(ctx context.Context, turn conversation.TurnID, effect int, base time.Time) error {
	return l.effect(ctx, "revive", turn, effect, &base, func(old *conversation.EffectRecord) {
		*old = conversation.EffectRecord{Done: old.Done}
	})
}

// effect changes the record of one effect; a nil base is any.
func (l *Ledger) effect(ctx context.Context, op string, id conversation.TurnID, effect int, base *time.Time, change func(*conversation.EffectRecord)) error {
	return l.change(ctx, op, id, base, func(t *turnDocument) error {
		if effect < 0 || effect >= len(t.records) {
			return fault.Mark(fmt.Errorf("%s: turn has no such effect", op), fault.Broken)
		}
		change(&t.records[effect])
		t.parked = t.parked || t.records[effect].Mark == conversation.EffectParked
		return nil
	})
}

// anyAttempt stands where an operation names none.
const anyAttempt = 1

// deliver changes one part's delivery; a nil base is any.
func (l *Ledger) deliver(ctx context.Context, op string, id conversation.TurnID, part, attempt int, base *time.Time, change func(*conversation.Delivery)) (time.Time, error) {
	if attempt < 1 {
		return time.Time{}, fault.Mark(fmt.Errorf("%s: attempts are counted from 1", op), fault.Broken)
	}
	var at time.Time
	err := l.change(ctx, op, id, base, func(t *turnDocument) error {
		if part < 0 || part >= len(t.deliveries) {
			return fault.Mark(fmt.Errorf("%s: turn has no such part", op), fault.Broken)
		}
		change(&t.deliveries[part])
		t.parked = t.parked || t.deliveries[part].Mark == conversation.Parked
		at = l.last
		return nil
	})
	return at, err
}

// change changes a turn's document; a nil base is any.
func (l *Ledger) change(ctx context.Context, op string, id conversation.TurnID, base *time.Time, change func(*turnDocument) error) error {
	if err := ended(ctx, op); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.turns[id]
	switch {
	case !ok:
		return fault.Mark(fmt.Errorf("%s: turn does not exist", op), fault.Conflict)
	case base != nil && !t.updated.Equal(*base):
		return fault.Mark(fmt.Errorf("%s: turn was written since it was read", op), fault.Conflict)
	}
	t.updated = l.writeTime()
	if err := change(&t); err != nil {
		return err
	}
	l.turns[id] = t
	return nil
}

// Receive records receipts; the first of a status counts. Receipts of turns,
// parts or statuses that do not exist are dropped.
func (l *Ledger) Receive(ctx context.Context, receipts []conversation.Receipt) ([]conversation.StoredTurn, error) {
	if err := ended(ctx, "receive"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var order []conversation.TurnID
	changed := map[conversation.TurnID]bool{}
	for _, r := range receipts {
		t, ok := l.turns[r.Turn]
		if !ok {
			continue
		}
		if _, named := changed[r.Turn]; !named {
			order = append(order, r.Turn)
			changed[r.Turn] = false
		}
		if record(t.deliveries, r) {
			changed[r.Turn] = true
		}
	}
	var known []conversation.StoredTurn
	at := l.readTime()
	if slices.Contains(slices.Collect(maps.Values(changed)), true) {
		at = l.writeTime()
	}
	for _, id := range order {
		t := l.turns[id]
		if changed[id] {
			t.updated = at
			l.turns[id] = t
		}
		stored, err := t.open()
		if err != nil {
			return nil, fmt.Errorf("receive: %w", err)
		}
		known = append(known, stored)
	}
	return known, nil
}

// record adds a receipt and says whether it told anything new.
func record(deliveries []conversation.Delivery, r conversation.Receipt) bool {
	if r.Part < 0 || r.Part >= len(deliveries) || r.Attempt < 1 || !named(r.Status) {
		return false
	}
	d := &deliveries[r.Part]
	if _, ok := d.Receipts[r.Attempt][r.Status]; ok {
		return false
	}
	if d.Receipts == nil {
		d.Receipts = map[int]map[conversation.Status]conversation.Receipt{}
	}
	if d.Receipts[r.Attempt] == nil {
		d.Receipts[r.Attempt] = map[conversation.Status]conversation.Receipt{}
	}
	d.Receipts[r.Attempt][r.Status] = r
	return true
}

func named(s conversation.Status) bool {
	switch s {
	case conversation.StatusSent, conversation.StatusDelivered, conversation.StatusRead,
		conversation.StatusPlayed, conversation.StatusFailed:
		return true
	default:
		return false
	}
}

// open is a copy of the turn as it stands.
func (t turnDocument) open() (conversation.StoredTurn, error) {
	turn, err := unmarshal[conversation.Turn](t.body)
	if err != nil {
		return conversation.StoredTurn{}, err
	}
	stored := conversation.StoredTurn{Turn: turn, Updated: t.updated}
	for _, d := range t.deliveries {
		d.Results = maps.Clone(d.Results)
		d.Receipts = maps.Clone(d.Receipts)
		for attempt, receipts := range d.Receipts {
			d.Receipts[attempt] = maps.Clone(receipts)
		}
		stored.Deliveries = append(stored.Deliveries, d)
	}
	stored.Records = slices.Clone(t.records)
	if len(stored.Records) == 0 {
		stored.Records = nil
	}
	return stored, nil
}
