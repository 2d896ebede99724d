package turn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/turn"
)

// silent is a street on which the answer to a first message was dropped and no
// webhook came, until the turn was parked.
func silent(t *testing.T, policy turn.Policy) (*street, *turn.Turns) {
	t.Helper()
	s := newStreet(t)
	s.policy, s.meta.receipts, s.meta.next = policy, false, []verdict{{drop: true}}
	s.arrive(s.text(iara, "wamid.1", "oi"))
	w := s.turns()
	for s.turnsOf(iara) == nil || s.turnsOf(iara)[0].Phase() != conversation.Parked {
		task, ok := s.queue.next()
		if !ok {
			t.Fatal("nothing is left to do and the turn is not parked")
		}
		if wait := time.Until(task.at); wait > 0 {
			<-time.After(wait)
		}
		if _, err := s.handle(w, task.envelope); err != nil {
			t.Fatal(err)
		}
		s.queue.done(task)
	}
	return s, w
}

func TestAParkedTurnIsTakenUpWhenTheChannelComesBack(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy turn.Policy
		after  time.Duration // until somebody else's webhook; 0 is never
		copies int
		within time.Duration
	}{
		{"within minutes", turn.Resend, 2 * time.Minute, 1, 6 * time.Minute},
		{"within the hour", turn.Resend, 50 * time.Minute, 1, 61 * time.Minute},
		{"after the last look", turn.Resend, 2 * time.Hour, 0, 3 * time.Hour},
		{"never", turn.Resend, 0, 0, 2 * time.Hour},
		{"policy never", turn.Never, 2 * time.Minute, 0, 3 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, w := silent(t, tt.policy)
				parked := time.Now()
				if tt.after > 0 {
					s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, tt.after)
				}
				s.drain(w)
				if took := time.Since(parked); len(s.meta.sent(iara)) != tt.copies || took > tt.within {
					t.Errorf("%d answers after %v", len(s.meta.sent(iara)), took)
				}
			})
		})
	}
}

// The lead's own next message proves the channel alive: the answer that was
// parked comes first.
func TestTheNextMessageTakesUpAParkedTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := silent(t, turn.Resend)
		<-time.After(time.Minute)
		s.arrive(s.text(iara, "wamid.2", "bom dia, vocês atendem no sábado?"))
		s.drain(w)
		turns := s.turnsOf(iara)
		if len(turns) != 2 || turns[0].Phase() != conversation.Sent || turns[1].Phase() != conversation.Sent {
			t.Fatalf("%d turns", len(turns))
		}
		got := s.meta.sent(iara)
		if len(got) != 2 || got[0] != turns[1].Replies[0].Text.Reveal() || got[1] != turns[0].Replies[0].Text.Reveal() {
			t.Errorf("sent %q", got)
		}
	})
}

// A newer answer that is on its way to being committed loses against the older
// one that is taken up: they cannot overtake each other.
func TestAnOldAnswerDoesNotOvertakeANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := silent(t, turn.Resend)
		old := s.turnsOf(iara)[0]
		s.meta.next = nil
		// The newer turn is committed first: then the old one stays parked.
		e := s.text(iara, "wamid.2", "oi")
		e.ReceivedAt = old.DecidedAt // proves nothing
		if report, err := s.handle(w, e); err != nil || report.Fate != turn.Answered {
			t.Fatalf("%+v, %v", report, err)
		}
		s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Minute)
		s.drain(w)
		if got, err := s.ledger.Load(context.Background(), conversation.Query{Turn: old.ID}); err != nil || got.Turn.Phase() != conversation.Parked {
			t.Errorf("the old one: %s, %v", got.Turn.Phase(), err)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
	})
}

// What was decided in time is not sent when the window has closed meanwhile.
func TestTheWindowIsJudgedAgainBeforeTheSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.policy = turn.Resend
		s.meta.next = []verdict{{result: conversation.Result{Kind: conversation.Postponed, NotBefore: time.Now().Add(25 * time.Hour)}}}
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(s.turns())
		last := s.turnsOf(iara)[0]
		d := last.Deliveries[0]
		if d.Phase() != conversation.Failed || d.Results[2].Kind != conversation.Withheld || d.Code() != 131047 || len(s.meta.sent(iara)) != 0 {
			t.Errorf("%s after %+v, sent %q", d.Phase(), d.Results, s.meta.sent(iara))
		}
	})
}

// A message that was given up is answered when an operator has it delivered
// again, although the hint store remembers that it was done with; and when it
// is tried too often it is given up again.
func TestAMessageThatWasGivenUpIsDeliveredAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		e := s.text(iara, "wamid.1", "oi")
		s.die(e, 7)
		w := s.turns()
		handle := func(e envelope.Envelope, want turn.Fate) {
			t.Helper()
			if report, err := s.handle(w, e); err != nil || report.Fate != want {
				t.Fatalf("%+v, %v; want %s", report, err, want)
			}
		}
		handle(e, turn.Parked)
		handle(e, turn.Known)
		for replay, tries := range []int{1: 8, 2: 1} {
			if replay == 0 {
				continue
			}
			if err := s.ledger.Exhume(context.Background(), e.ID, replay); err != nil {
				t.Fatal(err)
			}
			e.Replay, e.Retries = replay, tries-1
			handle(e, map[bool]turn.Fate{true: turn.Parked, false: turn.Answered}[tries == 8])
			handle(e, turn.Known)
		}
		if got := s.meta.sent(iara); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
	})
}

// A turn that is taken up again and parked again says so once more, and starts
// its looks anew until the attempts are spent.
func TestATurnIsParkedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := silent(t, turn.Resend)
		s.meta.next = []verdict{{drop: true}, {drop: true}, {drop: true}, {drop: true}, {drop: true}, {drop: true}}
		for n := range 3 { // The channel is proven alive now and then, and nothing gets through.
			s.meta.report("somebody-else", "wamid.X", conversation.StatusSent, time.Minute+time.Duration(n)*40*time.Minute)
		}
		parked := 0
		for _, report := range s.drain(w) {
			if report.Fate == turn.Parked {
				parked++
			}
		}
		d := s.turnsOf(iara)[0].Deliveries[0]
		if d.Phase() != conversation.Parked || d.Attempt != 3 || parked != 2 {
			t.Errorf("%s after %d attempts, said %d times", d.Phase(), d.Attempt, parked)
		}
	})
}
