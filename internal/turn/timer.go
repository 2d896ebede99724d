package turn

import (
	"context"
	"fmt"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// Timer handles the task of a timer. One that comes too late, or for a
// conversation that moved on, does nothing. An error means that the task must
// come back.
func (t *Turns) Timer(ctx context.Context, e envelope.Envelope) (Report, error) {
	report := Report{Fate: Applied, Conversation: conversation.ID(e.Conversation)}
	var notice conversation.TimerNotice
	if err := e.Open(t.Ring, &notice); err != nil || notice.Kind != conversation.TimerResolve {
		report.Fate, report.Reason = Parked, "unreadable-timer"
		return report, t.bury(ctx, e, e.Payload, report.Reason, 1)
	}
	report.Turn = notice.Turn
	snapshot, err := t.Ledger.Load(ctx, conversation.Query{Turn: notice.Turn})
	if err != nil {
		return report, fmt.Errorf("load turn: %w", err)
	}
	if snapshot.Turn == nil {
		return report, nil
	}
	progress, err := t.pursue(ctx, *snapshot.Turn, snapshot.ReadAt, permit{})
	if err != nil {
		return report, fmt.Errorf("resolve turn: %w", err)
	}
	report.Phase, report.Attempt, report.Reason = progress.phase, progress.attempt, progress.reason
	return report, nil
}
