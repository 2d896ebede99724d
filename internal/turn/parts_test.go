package turn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/turn"
)

// twice is a mind that says everything in two parts.
type twice struct{ turn.Mind }

func (m twice) Decide(ctx context.Context, r otto.Request) (otto.Decision, error) {
	d, err := m.Mind.Decide(ctx, r)
	d.Replies = append(d.Replies, d.Replies...)
	return d, err
}

// TestAPartThatIsParkedDoesNotEndItsTurn: a task is done when all parts are,
// whatever became of the first.
func TestAPartThatIsParkedDoesNotEndItsTurn(t *testing.T) {
	for _, policy := range []turn.Policy{turn.Never, turn.Resend} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t)
			s.policy, s.meta.next = policy, []verdict{{drop: true}}
			w := s.turns()
			w.Mind = twice{w.Mind}
			s.arrive(s.text(iara, "wamid.1", "oi"))
			s.meta.delay = time.Second
			reports := s.drain(w)

			stored := s.turnsOf(iara)[0]
			var phases []conversation.DeliveryPhase
			for _, d := range stored.Deliveries {
				phases = append(phases, d.Phase())
			}
			want := []conversation.DeliveryPhase{conversation.Parked, conversation.Sent}
			if diff := cmp.Diff(want, phases); diff != "" {
				t.Errorf("%s: phases of the parts (-want +got):\n%s", policy, diff)
			}
			for _, r := range reports {
				if r.Fate == turn.Parked && r.Phase != conversation.Parked {
					t.Errorf("%s: report %+v", policy, r)
				}
			}
		})
	}
}

// TestAMessageWhoseAnswerIsOnItsWayIsNotBuried: deaths after the commit are no
// reason to forget a turn that has not ended.
func TestAMessageWhoseAnswerIsOnItsWayIsNotBuried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.policy, s.meta.next = turn.Never, []verdict{{drop: true}}
		w := s.turns()
		e := s.text(iara, "wamid.1", "oi")
		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Deferred {
			t.Fatalf("%+v, %v", report, err)
		}
		for range 7 { // Seven workers took it and died silently.
			token := s.token()
			if _, err := s.hint.Enter(context.Background(), conversation.Entry{
				Conversation: conversation.ID(e.Conversation), Message: conversation.MessageID(e.ID), Token: token, At: time.Now(),
			}); err != nil {
				t.Fatal(err)
			}
			if err := s.hint.Leave(context.Background(), conversation.Departure{Conversation: conversation.ID(e.Conversation), Token: token}); err != nil {
				t.Fatal(err)
			}
		}
		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Deferred {
			t.Fatalf("%+v, %v", report, err)
		}
		s.drain(w)
		if phase := s.turnsOf(iara)[0].Phase(); phase != conversation.Parked {
			t.Errorf("the turn is %s for ever", phase)
		}
		if dead, err := s.ledger.DeadLetters(context.Background(), 10); err != nil || len(dead) != 0 {
			t.Errorf("dead letters: %+v, %v", dead, err)
		}
	})
}
