package turn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// progress is how far a turn came.
type progress struct {
	// terminal says that nothing more is going to happen by itself.
	terminal bool
	phase    conversation.DeliveryPhase
	attempt  int
	reason   string
	// wait is when to look again, when it is not terminal.
	wait time.Duration
	// effects counts those that were performed now; parked says that one was
	// given up now.
	effects int
	parked  bool
	// failed are the parts that Meta will not deliver, when it is terminal.
	failed []conversation.Failure
}

// pursue moves a turn on as far as it can go now: its answer, and then what
// else it makes happen. The team does not wait for an answer whose fate is
// unknown, nor the answer for the team.
func (t *Turns) pursue(ctx context.Context, turn conversation.StoredTurn, readAt time.Time, own permit) (progress, error) {
	// What may have happened must be recorded even if nobody waits for this
	// handling any more.
	ctx = context.WithoutCancel(ctx)
	p, err := t.deliver(ctx, turn, readAt, own)
	if len(turn.Effects) == 0 {
		if err != nil || !p.terminal {
			return p, err
		}
		return p, t.afterwards(ctx, turn.Turn, p.failed)
	}
	e, failed := t.perform(ctx, turn, p.terminal)
	if err := errors.Join(err, failed); err != nil {
		return progress{}, err
	}
	p.effects, p.parked = e.done, e.parked != ""
	p.reason = cmp.Or(p.reason, e.parked)
	if !e.terminal && (p.terminal || e.wait < p.wait) {
		p.terminal, p.wait = false, e.wait
	}
	if !p.terminal {
		return p, nil
	}
	return p, t.afterwards(ctx, turn.Turn, p.failed)
}

// afterwards sets the timers that follow from a turn that has ended: that of its
// session and those of what was not delivered. It comes last, so that nobody
// waits for it, and again whenever somebody finds the turn ended: whoever had
// finished it may have died before this.
func (t *Turns) afterwards(ctx context.Context, turn conversation.Turn, failed []conversation.Failure) error {
	for _, f := range failed {
		if err := t.mendLater(ctx, f); err != nil {
			return err
		}
	}
	return t.keepWatch(ctx, turn)
}

// keepWatch sets the timer that watches the session of a turn, if it sets one.
func (t *Turns) keepWatch(ctx context.Context, turn conversation.Turn) error {
	if turn.Watch == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, effectTimeout)
	defer cancel()
	return t.set(ctx, turn, *turn.Watch)
}

// deliver sends what may be sent of an answer and resolves what is unknown.
// readAt is the ledger's time at which the turn was read. With a permit the
// newest attempt is this worker's own, intended and not yet sent; without one it
// is somebody's whose fate is unknown.
//
//	receipt for any attempt                 → sent
//	decided, due                            → intend the next attempt, send
//	sending, window open                    → wait
//	sending, window over, policy never      → wait, then park
//	sending, window over, channel alive     → intend the next attempt, send
//	otherwise                               → wait, then park
func (t *Turns) deliver(ctx context.Context, turn conversation.StoredTurn, readAt time.Time, own permit) (progress, error) {
	ctx = context.WithoutCancel(ctx)
	for {
		part, delivery, open := turn.Open()
		if !open {
			return t.finished(turn), nil
		}
		if delivery.Attempt == 0 {
			own = permit{} // One is for an attempt that was intended.
		}
		if !own.granted() {
			act, wait, err := t.resolve(ctx, turn, delivery, readAt)
			if err != nil {
				return progress{}, err
			}
			switch act {
			case actWait:
				return progress{phase: delivery.Phase(), attempt: delivery.Attempt, wait: wait}, nil
			case actPark:
				parked, err := t.park(ctx, turn, part)
				if err != nil || !parked.terminal {
					return parked, err
				}
				// The parts after it do not wait for an operator.
				if turn, readAt, err = t.reload(ctx, turn.ID); err != nil {
					return progress{}, err
				}
				continue
			}
			own = t.permit()
			updated, err := t.Outbox.Intend(ctx, turn.ID, part, delivery.Attempt+1, turn.Updated)
			if fault.Is(err, fault.Conflict) {
				// Somebody else moved the turn; look again when their attempt
				// may be over.
				return progress{phase: delivery.Phase(), attempt: delivery.Attempt, wait: t.Limits.SendPermit}, nil
			}
			if err != nil {
				return progress{}, fmt.Errorf("intend attempt: %w", err)
			}
			turn.Updated = updated
			delivery.Attempt++
		}
		result, err := t.send(ctx, turn, part, delivery.Attempt, own)
		if err != nil {
			return progress{}, err
		}
		if result.Kind == "" {
			return progress{phase: conversation.Sending, attempt: delivery.Attempt, wait: t.Limits.AmbiguityWindow}, nil
		}
		own = permit{}
		delivery = withResult(delivery, result)
		turn.Deliveries[part] = delivery
		if delivery.Phase() == conversation.Decided && delivery.NotBefore().After(t.Now()) {
			return progress{phase: conversation.Decided, attempt: delivery.Attempt, wait: delivery.NotBefore().Sub(t.Now())}, nil
		}
		if _, _, more := turn.Open(); more {
			// The next intent compares with the write that recorded this result.
			if turn, readAt, err = t.reload(ctx, turn.ID); err != nil {
				return progress{}, err
			}
		}
	}
}

// reload is the turn as it stands, and when it was read.
func (t *Turns) reload(ctx context.Context, id conversation.TurnID) (conversation.StoredTurn, time.Time, error) {
	again, err := t.Ledger.Load(ctx, conversation.Query{Turn: id})
	if err != nil {
		return conversation.StoredTurn{}, time.Time{}, fmt.Errorf("load turn: %w", err)
	}
	if again.Turn == nil {
		return conversation.StoredTurn{}, time.Time{}, fault.Mark(errors.New("load turn: it is gone"), fault.Broken)
	}
	return *again.Turn, again.ReadAt, nil
}

// finished is the progress of a turn that is terminal.
func (t *Turns) finished(turn conversation.StoredTurn) progress {
	p := progress{terminal: true, phase: turn.Phase()}
	for part, d := range turn.Deliveries {
		p.attempt = max(p.attempt, d.Attempt)
		if d.Phase() == conversation.Failed {
			p.failed = append(p.failed, conversation.Failure{Turn: turn, Part: part, Attempt: d.Attempt, Code: d.Code()})
		}
		if d.Reason != "" {
			p.reason = d.Reason
		} else if code := d.Code(); code != 0 && d.Phase() == conversation.Failed {
			p.reason = fmt.Sprintf("meta-%d", code)
		}
	}
	return p
}

type act uint8

const (
	actWait act = iota
	actIntend
	actPark
)

// resolve decides what to do with a part that is not terminal and not this
// worker's to send. Ages are measured on the ledger's clock alone.
func (t *Turns) resolve(ctx context.Context, turn conversation.StoredTurn, d conversation.Delivery, readAt time.Time) (act, time.Duration, error) {
	if d.Phase() == conversation.Decided {
		if d.Attempt >= maxAttempts+d.Granted {
			return actPark, 0, nil
		}
		due := d.NotBefore()
		if d.Attempt == 0 {
			due = turn.NotBefore
		}
		if wait := due.Sub(t.Now()); wait > 0 {
			return actWait, wait, nil
		}
		return actIntend, 0, nil
	}
	age := readAt.Sub(turn.Updated)
	if age < t.Limits.AmbiguityWindow {
		return actWait, t.Limits.AmbiguityWindow - age, nil
	}
	if d.Attempt >= maxAttempts+d.Granted {
		return actPark, 0, nil
	}
	if t.Policy == Resend && d.Attempt < maxResends {
		seen, err := t.Watermark.LastSeen(ctx, turn.Number)
		if err != nil {
			return actWait, 0, fmt.Errorf("read watermark: %w", err)
		}
		if seen.After(turn.Updated.Add(proofDelay)) {
			return actIntend, 0, nil
		}
	}
	if age >= t.Limits.ParkAfter {
		return actPark, 0, nil
	}
	return actWait, min(t.Limits.AmbiguityWindow/2, t.Limits.ParkAfter-age), nil
}

// send makes one attempt and records Meta's answer. A zero result is a send
// whose fate is unknown.
func (t *Turns) send(ctx context.Context, turn conversation.StoredTurn, part, attempt int, own permit) (conversation.Result, error) {
	if !own.valid(t.Now(), t.Limits.SendPermit) {
		// Too late to be sure that nobody else resolves this attempt.
		return conversation.Result{}, nil
	}
	if !turn.SendBy.IsZero() && t.Now().After(turn.SendBy) {
		late := conversation.Result{Kind: conversation.Withheld, Code: codeWindow, At: t.Now()}
		if err := t.record(ctx, turn.ID, part, attempt, late); err != nil {
			return conversation.Result{}, fmt.Errorf("record that it is too late: %w", err)
		}
		return late, nil
	}
	sending, cancel := context.WithTimeout(ctx, t.Limits.GraphTimeout)
	result, refusal := t.Sender.Send(sending, conversation.Outgoing{
		Number: turn.Number,
		To:     turn.To,
		Reply:  turn.Replies[part],
		Opaque: conversation.Opaque(turn.ID, part, attempt),
	})
	cancel()
	if result.Kind == "" {
		return result, nil
	}
	if result.At.IsZero() {
		result.At = t.Now()
	}
	if err := t.record(ctx, turn.ID, part, attempt, result); err != nil {
		return conversation.Result{}, fmt.Errorf("record answer: %w", err)
	}
	if result.Kind == conversation.Postponed && ill(refusal) {
		return conversation.Result{}, fmt.Errorf("send: %w", refusal)
	}
	return result, nil
}

// record writes Meta's answer down: a receipt would bring the same news, only
// later.
func (t *Turns) record(ctx context.Context, id conversation.TurnID, part, attempt int, r conversation.Result) error {
	r.ID = conversation.NewSentID(t.Key, r.WAMID)
	return t.insist(ctx, func() error { return t.Outbox.Answer(ctx, id, part, attempt, r) })
}

// insist does something again for a moment while a dependency is ill.
func (t *Turns) insist(ctx context.Context, do func() error) error {
	began := t.Now()
	for {
		err := do()
		if err == nil || !ill(err) || t.Now().Sub(began) >= t.Limits.SendPermit {
			return err
		}
		if err := pause(ctx, commitPause); err != nil {
			return err
		}
	}
}

// Why a part is parked.
const (
	reasonNoReceipt = "no-receipt"     // its fate stayed unknown and the channel silent
	reasonNever     = "never-resend"   // its fate stayed unknown and the policy sends nothing twice
	reasonSpent     = "attempts-spent" // too many attempts
)

// park leaves a part to an operator.
func (t *Turns) park(ctx context.Context, turn conversation.StoredTurn, part int) (progress, error) {
	delivery := turn.Deliveries[part]
	reason := reasonNoReceipt
	switch {
	case delivery.Attempt >= maxAttempts+delivery.Granted:
		reason = reasonSpent
	case t.Policy == Never:
		reason = reasonNever
	}
	if reason == reasonNoReceipt {
		// Before it is parked: a part without a second look would wait for an
		// operator although the channel came back.
		if err := t.lookAgain(ctx, turn, part, 1, lookAt(1)); err != nil {
			return progress{}, fmt.Errorf("park turn: %w", err)
		}
	}
	err := t.Outbox.Park(ctx, turn.ID, part, reason, turn.Updated)
	if fault.Is(err, fault.Conflict) {
		return progress{phase: delivery.Phase(), attempt: delivery.Attempt, wait: t.Limits.SendPermit}, nil
	}
	if err != nil {
		return progress{}, fmt.Errorf("park turn: %w", err)
	}
	return progress{terminal: true, phase: conversation.Parked, attempt: delivery.Attempt, reason: reason}, nil
}

// withResult is d with the result of its newest attempt.
func withResult(d conversation.Delivery, r conversation.Result) conversation.Delivery {
	results := make(map[int]conversation.Result, len(d.Results)+1)
	for attempt, known := range d.Results {
		results[attempt] = known
	}
	results[d.Attempt] = r
	d.Results = results
	return d
}
