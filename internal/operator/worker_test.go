package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/turn"
)

// deaf is a team that never answers.
type deaf struct{}

func (deaf) Perform(context.Context, conversation.Errand) error {
	return fault.Mark(errors.New("nobody answers"), fault.Dependency)
}

// worker is a worker over the same ledger and queue, which has timers only.
func (s *scene) worker() *turn.Turns {
	hint := memory.NewHint(memory.HintOptions{LeaseTTL: time.Minute, SessionTTL: time.Hour, DedupeTTL: time.Hour})
	return turn.New(turn.Options{
		Tenant: "default", Key: s.key, Ring: s.ring, Ledger: s.ledger, Outbox: s.ledger, Reopener: s.ledger, EffectRecords: s.ledger,
		Receipts: s.ledger, Consequence: turn.Noting{Journal: s.ledger}, Watermark: s.ledger, Morgue: s.ledger,
		Hint: hint, Mailbox: hint, Inbox: s.queue, Performer: deaf{},
		Platform: channel.Platform{}, Sender: struct{ turn.Sender }{}, Mind: struct{ turn.Mind }{},
		Now: func() time.Time { return s.now }, Token: func() string { return "token" },
		Limits: turn.Limits{SendPermit: time.Second, AmbiguityWindow: time.Minute, ParkAfter: time.Hour}, Policy: turn.Resend,
	})
}

// The queue refuses names that it knows: what is taken up a second time must
// find others for its timers, or nobody would look after it.
func TestWhatIsTakenUpTwiceIsLookedAfterTwice(t *testing.T) {
	s := setting(t, nil)
	id := s.said("conv", 1, 1)
	s.send(id, 1)
	w := s.worker()
	for i := range 3 {
		s.parkEffect(id, 1)
		if _, err := s.Retry(t.Context(), string(id)); err != nil {
			t.Fatal(err)
		}
		made := len(s.queue.tasks)
		for range 3 {
			report, err := w.Timer(t.Context(), s.queue.tasks[made-1])
			if err != nil || report.FollowUp == 0 {
				t.Fatalf("retry %d: the timer came to %+v, %v", i+1, report, err)
			}
			if made++; len(s.queue.tasks) != made {
				t.Fatalf("retry %d: nobody looks after it any more", i+1)
			}
			s.now = s.now.Add(report.FollowUp)
		}
	}
}
