package simulator

import (
	"context"
	"errors"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/workerd"
)

var (
	errLedgerDown   = fault.Mark(errors.New("ledger is down on command"), fault.Dependency)
	errLedgerSilent = fault.Mark(errors.New("ledger's answer was lost on command"), fault.Dependency)
)

// shakyLedger is the worker's ledger in memory, which breaks on command. Only
// what writes can lose its answer: of a read it makes no difference. A worker that
// was killed has no ledger any more.
type shakyLedger struct {
	ledger workerd.Ledger
	fuse   *fuse
	life   *life
}

// before is an error when the call is not to happen.
func (l shakyLedger) before(ctx context.Context) error {
	if l.life.dead.Load() {
		return errKilled
	}
	f, cleared, broken := l.fuse.take(failBefore, hang)
	switch {
	case !broken:
		return nil
	case f.kind == hang:
		wait(ctx, cleared)
	}
	return errLedgerDown
}

// after is an error when the answer of a write is to be lost.
func (l shakyLedger) after() error {
	if l.life.dead.Load() {
		return errKilled // It was on its way, and nobody is there to hear of it.
	}
	if _, _, broken := l.fuse.take(failAfter); broken {
		return errLedgerSilent
	}
	return nil
}

// read makes a call that changes nothing.
func read[T any](ctx context.Context, l shakyLedger, call func() (T, error)) (T, error) {
	if err := l.before(ctx); err != nil {
		var none T
		return none, err
	}
	return call()
}

// write makes a call that changes something.
func write[T any](ctx context.Context, l shakyLedger, call func() (T, error)) (T, error) {
	value, err := read(ctx, l, call)
	if err != nil {
		return value, err
	}
	if err := l.after(); err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// do makes a write that answers nothing.
func (l shakyLedger) do(ctx context.Context, call func() error) error {
	_, err := write(ctx, l, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// Load reads everything a turn needs.
func (l shakyLedger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	return read(ctx, l, func() (conversation.Snapshot, error) { return l.ledger.Load(ctx, q) })
}

// Commit applies a turn.
func (l shakyLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	if l.life.meets(failBefore) {
		return conversation.Committed{}, errKilled
	}
	committed, err := write(ctx, l, func() (conversation.Committed, error) { return l.ledger.Commit(ctx, c) })
	// A turn that has nothing to send has no moment between the two.
	if err == nil && c.Turn.Intended() > 0 && l.life.meets(hang) {
		return conversation.Committed{}, errKilled
	}
	return committed, err
}

// Intend records that an attempt is about to be sent.
func (l shakyLedger) Intend(ctx context.Context, turn conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	return write(ctx, l, func() (time.Time, error) { return l.ledger.Intend(ctx, turn, part, attempt, base) })
}

// Answer records Meta's answer to an attempt.
func (l shakyLedger) Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error {
	if r.Kind == conversation.Accepted && l.life.meets(failAfter) {
		return errKilled
	}
	return l.do(ctx, func() error { return l.ledger.Answer(ctx, turn, part, attempt, r) })
}

// Park marks a part as parked.
func (l shakyLedger) Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error {
	return l.do(ctx, func() error { return l.ledger.Park(ctx, turn, part, reason, base) })
}

// Reopen lets a parked part be sent again.
func (l shakyLedger) Reopen(ctx context.Context, r conversation.Reopening) error {
	return l.do(ctx, func() error { return l.ledger.Reopen(ctx, r) })
}

// RecordEffect records what came of an attempt to perform an effect.
func (l shakyLedger) RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error {
	return l.do(ctx, func() error { return l.ledger.RecordEffect(ctx, turn, effect, r) })
}

// Note adds an act.
func (l shakyLedger) Note(ctx context.Context, a conversation.Act) error {
	return l.do(ctx, func() error { return l.ledger.Note(ctx, a) })
}

// Receive records receipts.
func (l shakyLedger) Receive(ctx context.Context, receipts []conversation.Receipt) ([]conversation.StoredTurn, error) {
	return write(ctx, l, func() ([]conversation.StoredTurn, error) { return l.ledger.Receive(ctx, receipts) })
}

// Attempts are those to which the ids of recorded answers lead.
func (l shakyLedger) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	return read(ctx, l, func() (map[conversation.SentID]conversation.Attempted, error) { return l.ledger.Attempts(ctx, ids) })
}

// Seen records that a number's receipt channel was alive.
func (l shakyLedger) Seen(ctx context.Context, number string, at time.Time) error {
	return l.do(ctx, func() error { return l.ledger.Seen(ctx, number, at) })
}

// LastSeen is when a number's receipt channel was alive last.
func (l shakyLedger) LastSeen(ctx context.Context, number string) (time.Time, error) {
	return read(ctx, l, func() (time.Time, error) { return l.ledger.LastSeen(ctx, number) })
}

// Bury records what was given up.
func (l shakyLedger) Bury(ctx context.Context, d conversation.Dead) error {
	return l.do(ctx, func() error { return l.ledger.Bury(ctx, d) })
}

// Epoch claims the ledger for a hash key.
func (l shakyLedger) Epoch(ctx context.Context, fingerprint string) error {
	return l.do(ctx, func() error { return l.ledger.Epoch(ctx, fingerprint) })
}

// Ping reports whether the ledger answers.
func (l shakyLedger) Ping(ctx context.Context) error {
	_, err := read(ctx, l, func() (struct{}, error) { return struct{}{}, l.ledger.Ping(ctx) })
	return err
}
