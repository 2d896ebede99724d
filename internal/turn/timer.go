package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Timer handles the task of a timer. One that comes too late, twice, or for
// something that is over does nothing. An error means that the task must come
// back.
func (t *Turns) Timer(ctx context.Context, e envelope.Envelope) (Report, error) {
	w := &waking{Turns: t, e: e, token: t.Token(), report: Report{Fate: Applied, Conversation: conversation.ID(e.Conversation)}}
	err := w.run(ctx)
	return w.report, err
}

// waking is the life of one timer's task in one worker.
type waking struct {
	*Turns
	e      envelope.Envelope
	notice conversation.TimerNotice
	token  string
	report Report
}

func (w *waking) run(ctx context.Context) error {
	if err := w.e.Open(w.Ring, &w.notice); err == nil {
		switch w.notice.Kind {
		case conversation.TimerResolve:
			return w.look(ctx)
		case conversation.TimerHandoff, conversation.TimerInactivity:
			return w.wake(ctx)
		case conversation.TimerUndelivered:
			return w.undelivered(ctx)
		}
	}
	w.report.Fate, w.report.Reason = Parked, "unreadable-timer"
	return w.bury(ctx, w.e, w.e.Payload, w.report.Reason, 1)
}

// look looks at a turn that no message's task looks after any more: one that was
// parked, or that an operator had taken up again.
func (w *waking) look(ctx context.Context) error {
	w.report.Turn = w.notice.Turn
	turn, readAt, err := w.second(ctx, w.notice.Turn)
	if err != nil || turn == nil {
		return err
	}
	return w.finish(ctx, *turn, readAt, permit{}, w.notice.N)
}

// finish moves a turn on as far as it can go, and has it looked at again unless
// it is over: nobody else looks after it. n is how many looks it has had.
func (w *waking) finish(ctx context.Context, turn conversation.StoredTurn, readAt time.Time, own permit, n int) error {
	was := turn.Phase()
	progress, err := w.pursue(ctx, turn, readAt, own)
	if err != nil {
		return fmt.Errorf("resolve turn: %w", err)
	}
	r := &w.report
	if progress.parked || progress.phase == conversation.Parked && was != conversation.Parked {
		r.Fate = Parked
	}
	r.setBack(w.Platform, progress.failed)
	r.Phase, r.Attempt, r.Reason, r.Effects = progress.phase, progress.attempt, progress.reason, progress.effects
	next, looks := max(progress.wait, time.Second), max(n, secondLooks)+1
	if progress.terminal {
		if next = w.nextLook(turn, n); next == 0 {
			return nil
		}
		looks = n + 1
	}
	part := len(turn.Deliveries) - 1
	if open, _, ok := turn.Open(); ok {
		part = open
	}
	r.FollowUp = next
	return w.lookAgain(ctx, turn, max(part, 0), looks, next)
}

// second is a turn for a second look, reopened when there is reason to; nil when
// it has expired.
func (t *Turns) second(ctx context.Context, id conversation.TurnID) (*conversation.StoredTurn, time.Time, error) {
	snapshot, err := t.Ledger.Load(ctx, conversation.Query{Turn: id, Conversations: []conversation.ID{id.Conversation()}})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("load turn: %w", err)
	}
	if snapshot.Turn == nil {
		return nil, time.Time{}, nil
	}
	if _, waits := t.waitsForProof(*snapshot.Turn); !waits {
		return snapshot.Turn, snapshot.ReadAt, nil
	}
	seen, err := t.Watermark.LastSeen(ctx, snapshot.Turn.Number)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read watermark: %w", err)
	}
	reopened, err := t.reopen(ctx, *snapshot.Turn, snapshot.Conversation, seen)
	if err != nil || !reopened {
		return snapshot.Turn, snapshot.ReadAt, err
	}
	turn, readAt, err := t.reload(ctx, id)
	return &turn, readAt, err
}

// nextLook is how long after its n-th look a turn that waits for proof is looked
// at again; zero is never.
func (t *Turns) nextLook(turn conversation.StoredTurn, n int) time.Duration {
	if _, waits := t.waitsForProof(turn); !waits || n < 1 || n >= secondLooks {
		return 0
	}
	return lookAt(n+1) - lookAt(n)
}
