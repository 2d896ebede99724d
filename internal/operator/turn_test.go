package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/store/memory"
)

// looks checks that the newest task is a timer that looks at a turn.
func (s *scene) looks(at conversation.TurnID) {
	s.Helper()
	if len(s.queue.tasks) == 0 {
		s.Fatal("there is no task")
	}
	e := s.queue.tasks[len(s.queue.tasks)-1]
	var notice conversation.TimerNotice
	if err := e.Open(s.ring, &notice); err != nil || e.Kind != envelope.Timer || notice.Kind != conversation.TimerResolve || notice.Turn != at {
		s.Errorf("the task is %s %+v (%v)", e.Kind, notice, err)
	}
}

func TestAParkedReplyIsTakenUp(t *testing.T) {
	s := setting(t, nil)
	id := s.said("conv", 2, 0)
	s.send(id, 1)
	s.park(id, 2)
	before, err := s.ledger.Conversation(t.Context(), []conversation.ID{"conv"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Retry(t.Context(), string(id))
	if err != nil {
		t.Fatal(err)
	}
	want := operator.Outcome{
		ID: "conv~1", Task: operator.TaskCreated, Deeds: []operator.Deed{{What: operator.Reply, Part: 2, Did: operator.Reopened, Was: "no-receipt"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	after, err := s.ledger.Conversation(t.Context(), []conversation.ID{"conv"})
	if err != nil || !after.Updated.After(before.Updated) {
		t.Errorf("a newer turn would not notice (%v)", err)
	}
	if d := s.turn(id).Deliveries[1]; d.Phase() != conversation.Decided || d.Granted != 1 {
		t.Errorf("the part is %+v", d)
	}
	s.looks(id)
	if diff := cmp.Diff([]string{"retried conv~1 no-receipt"}, s.acts()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	// Once more is one more look and nothing else.
	again, err := s.Retry(t.Context(), string(id))
	if err != nil || len(again.Deeds) != 0 || again.Task != operator.TaskCreated || len(s.queue.tasks) != 2 {
		t.Errorf("again: %+v, %v, %d tasks", again, err, len(s.queue.tasks))
	}
	if d := s.turn(id).Deliveries[1]; d.Granted != 1 {
		t.Errorf("one more attempt was granted: %+v", d)
	}
	if acts := s.acts(); len(acts) != 1 {
		t.Errorf("it was noted again: %v", acts)
	}
}

func TestARepliesRetryIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  operator.Code
		setup func(*scene) string
	}{
		{"not the last part", operator.NotLast, func(s *scene) string {
			id := s.said("conv", 2, 0)
			s.park(id, 1)
			s.send(id, 2)
			return string(id)
		}},
		{"a newer turn", operator.NotNewest, func(s *scene) string {
			id := s.said("conv", 1, 0)
			s.park(id, 1)
			s.said("conv", 1, 0)
			return string(id)
		}},
		{"the window is over", operator.WindowOver, func(s *scene) string {
			id := s.said("conv", 1, 0)
			s.park(id, 1)
			s.now = s.now.Add(24 * time.Hour)
			return string(id)
		}},
		{"it was sent", operator.NotParked, func(s *scene) string {
			id := s.said("conv", 1, 0)
			s.send(id, 1)
			return string(id)
		}},
		{"no such turn", operator.Unknown, func(*scene) string { return "conv~7" }},
		{"no id", operator.Unknown, func(*scene) string { return "../conv" }},
		{"nothing", operator.Unknown, func(*scene) string { return "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setting(t, nil)
			id := c.setup(s)
			_, err := s.Retry(t.Context(), id)
			s.refused(err, c.code)
			if len(s.queue.tasks) > 0 || len(s.acts()) > 0 {
				t.Errorf("tasks %v, acts %v", s.queue.tasks, s.acts())
			}
			if d, err := s.Show(t.Context(), id, false); err == nil && (d.Refused == nil || d.Refused.Code != c.code) {
				t.Errorf("show says %v", d.Refused)
			}
		})
	}
}

func TestAParkedEffectIsTriedAgain(t *testing.T) {
	s := setting(t, nil)
	id := s.said("conv", 1, 2)
	s.park(id, 1)
	s.parkEffect(id, 2)
	s.said("conv", 1, 0) // the reply is too old now, the effect is not
	got, err := s.Retry(t.Context(), string(id))
	if err != nil || len(got.Left) != 1 || len(got.Deeds) != 1 || got.Deeds[0].Did != operator.Revived || got.Deeds[0].Part != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if r := s.turn(id).Records[1]; r.Phase() != conversation.EffectPending {
		t.Errorf("the effect is %+v", r)
	}
	s.looks(id)
}

func TestWhatTheQueueDidNotTakeIsFinishedByAskingAgain(t *testing.T) {
	for name, setup := range map[string]func(*scene) conversation.TurnID{
		"a reply": func(s *scene) conversation.TurnID {
			id := s.said("conv", 1, 0)
			s.park(id, 1)
			return id
		},
		"an effect": func(s *scene) conversation.TurnID {
			id := s.said("conv", 1, 1)
			s.send(id, 1)
			s.parkEffect(id, 1)
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := setting(t, nil)
			id := setup(s)
			s.queue.fail = 1
			_, err := s.Retry(t.Context(), string(id))
			s.unfinished(err)
			if !fault.Is(err, fault.Dependency) || s.turn(id).Parked() {
				t.Errorf("%v, parked %v", err, s.turn(id).Parked())
			}
			again, err := s.Retry(t.Context(), string(id))
			if err != nil || again.Task != operator.TaskCreated || len(again.Deeds) != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
			s.looks(id)
			if acts := s.acts(); len(acts) != 1 {
				t.Errorf("acts %v", acts)
			}
		})
	}
}

func TestGivingUpATurn(t *testing.T) {
	s := setting(t, nil)
	id := s.said("conv", 2, 2)
	s.park(id, 1)
	s.parkEffect(id, 1)
	got, err := s.Drop(t.Context(), string(id))
	want := []operator.Deed{
		{What: operator.Reply, Part: 1, Did: operator.Closed, Was: "no-receipt"}, {What: operator.Effect, Part: 1, Did: operator.Closed, Was: "no-answer"},
	}
	if diff := cmp.Diff(want, got.Deeds); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	stored := s.turn(id)
	if stored.Parked() || stored.Deliveries[0].Phase() != conversation.Closed || stored.Deliveries[1].Phase() != conversation.Decided ||
		stored.Records[0].Phase() != conversation.EffectClosed || stored.Records[1].Phase() != conversation.EffectPending {
		t.Errorf("the turn is %+v", stored)
	}
	// Once more changes nothing and is noted once.
	if got, err := s.Drop(t.Context(), string(id)); err != nil || len(got.Deeds) != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"dropped conv~1 no-receipt,no-answer"}, s.acts()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	if len(s.queue.tasks) > 0 {
		t.Error("there is a task for what was given up")
	}
	for name, setup := range map[string]func() conversation.TurnID{
		"under way": func() conversation.TurnID { return s.said("two", 1, 0) },
		"sent": func() conversation.TurnID {
			id := s.said("three", 1, 0)
			s.send(id, 1)
			return id
		},
	} {
		_, err := s.Drop(t.Context(), string(setup()))
		t.Log(name)
		s.refused(err, operator.NotParked)
	}
}

func TestEndingATurnThatIsUnderWay(t *testing.T) {
	s := setting(t, nil)
	id := s.said("conv", 2, 1)
	got, err := s.Close(t.Context(), string(id))
	if err != nil || len(got.Deeds) != 3 || len(got.Left) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if stored := s.turn(id); !stored.Ended() || stored.Phase() != conversation.Closed {
		t.Errorf("the turn is %+v", stored)
	}
	if diff := cmp.Diff([]string{"closed conv~1 "}, s.acts()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	if got, err := s.Close(t.Context(), string(id)); err != nil || len(got.Deeds) != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
	sent := s.said("other", 1, 0)
	s.send(sent, 1)
	_, err = s.Close(t.Context(), string(sent))
	s.refused(err, operator.NotParked)
	_, err = s.Close(t.Context(), "a-letter")
	s.refused(err, operator.Unknown)
}

// busy is a ledger in which somebody else writes to a turn just before the
// operator does, and which can forget to take notes.
type busy struct {
	*memory.Ledger
	rivals int
	mute   bool
}

func (b *busy) interfere(ctx context.Context, id conversation.TurnID) error {
	if b.rivals == 0 {
		return nil
	}
	b.rivals--
	return b.RecordEffect(ctx, id, 0, conversation.EffectRecord{Attempts: 1, Reason: "dependency"})
}

func (b *busy) Reopen(ctx context.Context, r conversation.Reopening) error {
	return errors.Join(b.interfere(ctx, r.Turn), b.Ledger.Reopen(ctx, r))
}

func (b *busy) CloseOut(ctx context.Context, id conversation.TurnID, part int, reason string, base time.Time) error {
	return errors.Join(b.interfere(ctx, id), b.Ledger.CloseOut(ctx, id, part, reason, base))
}

func (b *busy) Note(ctx context.Context, a conversation.Act) error {
	if b.mute {
		return fault.Mark(errors.New("no note was taken"), fault.Dependency)
	}
	return b.Ledger.Note(ctx, a)
}

func TestWhoIsFasterIsReadAgain(t *testing.T) {
	for _, rivals := range []int{1, 4, 100} {
		rival := &busy{rivals: rivals}
		s := setting(t, func(l *memory.Ledger) operator.Ledger {
			rival.Ledger = l
			return rival
		})
		id := s.said("conv", 1, 1)
		s.park(id, 1)
		got, err := s.Retry(t.Context(), string(id))
		if rivals < 100 {
			if err != nil || len(got.Deeds) != 1 {
				t.Errorf("%d rivals: %+v, %v", rivals, got, err)
			}
			rival.rivals = rivals
			if _, err := s.Close(t.Context(), string(id)); err != nil {
				t.Errorf("%d rivals: close: %v", rivals, err)
			}
			continue
		}
		if !fault.Is(err, fault.Conflict) || !s.turn(id).Parked() || len(s.queue.tasks) > 0 {
			t.Errorf("%d rivals: %+v, %v", rivals, got, err)
		}
	}
}

func TestWhatCouldNotBeNotedIsNotedByAskingAgain(t *testing.T) {
	for name, act := range map[string]func(*scene, string) error{
		"retry": func(s *scene, id string) error { _, err := s.Retry(s.Context(), id); return err },
		"drop":  func(s *scene, id string) error { _, err := s.Drop(s.Context(), id); return err },
	} {
		for _, kind := range []string{"turn", "letter"} {
			t.Run(name+" a "+kind, func(t *testing.T) {
				ledger := &busy{mute: true}
				s := setting(t, func(l *memory.Ledger) operator.Ledger {
					ledger.Ledger = l
					return ledger
				})
				id := "dead"
				if kind == "turn" {
					turn := s.said("conv", 1, 0)
					s.park(turn, 1)
					id = string(turn)
				} else {
					s.die(id)
				}
				s.unfinished(act(s, id))
				if name == "retry" && len(s.queue.tasks) != 1 {
					t.Error("the lead waits for a note")
				}
				ledger.mute = false
				if err := act(s, id); err != nil || len(s.acts()) != 1 {
					t.Errorf("again: %v, acts %v", err, s.acts())
				}
			})
		}
	}
}
