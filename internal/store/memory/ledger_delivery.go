package memory

import (
	"context"
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

// Answer records Meta's answer to an attempt. An answer to a turn that is gone
// is a [fault.Conflict].
func (l *Ledger) Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error {
	_, err := l.deliver(ctx, "answer", turn, part, attempt, nil, func(d *conversation.Delivery) {
		if d.Results == nil {
			d.Results = map[int]conversation.Result{}
		}
		d.Results[attempt] = r
	})
	return err
}

// Park marks a part as parked, if the turn was last written at base.
func (l *Ledger) Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := l.deliver(ctx, "park", turn, part, anyAttempt, &base, func(d *conversation.Delivery) {
		d.Mark, d.Reason = conversation.Parked, reason
	})
	return err
}

// anyAttempt stands where an operation names none.
const anyAttempt = 1

// deliver changes one part's delivery; a nil base is any.
func (l *Ledger) deliver(ctx context.Context, op string, id conversation.TurnID, part, attempt int, base *time.Time, change func(*conversation.Delivery)) (time.Time, error) {
	if err := ended(ctx, op); err != nil {
		return time.Time{}, err
	}
	if attempt < 1 {
		return time.Time{}, fault.Mark(fmt.Errorf("%s: attempts are counted from 1", op), fault.Broken)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.turns[id]
	switch {
	case !ok:
		return time.Time{}, fault.Mark(fmt.Errorf("%s: turn does not exist", op), fault.Conflict)
	case base != nil && !t.updated.Equal(*base):
		return time.Time{}, fault.Mark(fmt.Errorf("%s: turn was written since it was read", op), fault.Conflict)
	case part < 0 || part >= len(t.deliveries):
		return time.Time{}, fault.Mark(fmt.Errorf("%s: turn has no such part", op), fault.Broken)
	}
	change(&t.deliveries[part])
	t.updated = l.writeTime()
	l.turns[id] = t
	return t.updated, nil
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
	return stored, nil
}
