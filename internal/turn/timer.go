package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Timer handles the task of a timer, which looks at a turn that no message's
// task looks after any more: one that was parked, or that an operator had taken
// up again. One that comes too late, or for a turn that ended, does nothing. An
// error means that the task must come back.
func (t *Turns) Timer(ctx context.Context, e envelope.Envelope) (Report, error) {
	report := Report{Fate: Applied, Conversation: conversation.ID(e.Conversation)}
	var notice conversation.TimerNotice
	if err := e.Open(t.Ring, &notice); err != nil || notice.Kind != conversation.TimerResolve {
		report.Fate, report.Reason = Parked, "unreadable-timer"
		return report, t.bury(ctx, e, e.Payload, report.Reason, 1)
	}
	report.Turn = notice.Turn
	turn, readAt, err := t.second(ctx, notice.Turn)
	if err != nil || turn == nil {
		return report, err
	}
	was := turn.Phase()
	progress, err := t.pursue(ctx, *turn, readAt, permit{})
	if err != nil {
		return report, fmt.Errorf("resolve turn: %w", err)
	}
	if progress.parked || progress.phase == conversation.Parked && was != conversation.Parked {
		report.Fate = Parked
	}
	report.Phase, report.Attempt, report.Reason, report.Effects = progress.phase, progress.attempt, progress.reason, progress.effects
	next, n := max(progress.wait, time.Second), max(notice.N, secondLooks)+1
	if progress.terminal {
		if next = t.nextLook(*turn, notice.N); next == 0 {
			return report, nil
		}
		n = notice.N + 1
	}
	// Nobody else looks after it.
	part := len(turn.Deliveries) - 1
	if open, _, ok := turn.Open(); ok {
		part = open
	}
	report.FollowUp = next
	return report, t.lookAgain(ctx, *turn, max(part, 0), n, next)
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
