package operator_test

import (
	"context"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/store/memory"
)

// handOff commits a turn by which a person owns a conversation, told by so many
// ways.
func (s *scene) handOff(conv conversation.ID, ways int) conversation.TurnID {
	s.Helper()
	id := s.said(conv, 1, 0)
	stored, err := s.ledger.Conversation(s.Context(), []conversation.ID{conv})
	if err != nil {
		s.Fatal(err)
	}
	c := stored.Conversation
	c.Version++
	c.LastTurn = conversation.NewTurnID(conv, c.Version)
	c.Owner, c.Session.State = conversation.OwnerPerson, conversation.HandoffHuman
	c.Handoff = &conversation.Waiting{ID: string(c.LastTurn), Since: s.now, Deadline: s.now.Add(time.Hour)}
	h := &conversation.Handoff{ID: string(c.LastTurn), Conversation: conv, Turn: c.LastTurn, Reason: "requested", Briefing: text}
	turn := conversation.Turn{ID: c.LastTurn, Conversation: conv, Version: c.Version, Number: number, DecidedAt: s.now, To: c.Session.Person}
	for range ways {
		turn.Effects = append(turn.Effects, conversation.Effect{Kind: conversation.EffectHandoff, Handoff: h})
	}
	if _, err := s.ledger.Commit(s.Context(), conversation.Commit{Conversation: c, Base: stored.Updated, Turn: turn, Handoff: h, At: s.now}); err != nil {
		s.Fatal(err)
	}
	if id == turn.ID {
		s.Fatal("the turn is the one before")
	}
	return turn.ID
}

func (s *scene) conversation(id conversation.ID) conversation.Conversation {
	s.Helper()
	stored, err := s.ledger.Conversation(s.Context(), []conversation.ID{id})
	if err != nil || stored == nil {
		s.Fatalf("%s: %v, %v", id, stored, err)
	}
	return stored.Conversation
}

func TestHandoffsAreListedLongestFirst(t *testing.T) {
	s := setting(t, nil)
	if list, err := s.Handoffs(t.Context(), 0); err != nil || len(list.Handoffs) != 0 || list.More {
		t.Errorf("of none: %+v, %v", list, err)
	}
	s.said("free", 1, 0)
	told := s.handOff("b", 2)
	pending := s.handOff("a", 1)
	parked := s.handOff("c", 1)
	nobody := s.handOff("d", 0)
	done := conversation.EffectRecord{Done: s.now}
	if err := s.ledger.RecordEffect(t.Context(), told, 1, done); err != nil {
		t.Fatal(err)
	}
	s.parkEffect(parked, 1)
	list, err := s.Handoffs(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		turn conversation.TurnID
		team operator.TeamTold
	}{{told, operator.TeamKnows}, {pending, operator.TeamPending}, {parked, operator.TeamParked}, {nobody, operator.TeamNobody}}
	if len(list.Handoffs) != len(want) || list.More {
		t.Fatalf("%+v", list)
	}
	for i, h := range list.Handoffs {
		if h.Turn != want[i].turn || h.Team != want[i].team || h.Reason != "requested" || h.Deadline.Sub(h.Since) != time.Hour {
			t.Errorf("%+v, want %+v", h, want[i])
		}
	}
	s.impersonal(list)
	if list, err := s.Handoffs(t.Context(), 2); err != nil || len(list.Handoffs) != 2 || !list.More || list.Handoffs[0].Turn != told {
		t.Errorf("at a limit: %+v, %v", list, err)
	}
}

func TestAConversationIsGivenBackOnce(t *testing.T) {
	s := setting(t, nil)
	conv := conversation.Identity{Phone: phone}.Conversations(s.key, number)[0]
	asked := s.handOff(conv, 1)
	outcome, err := s.Release(t.Context(), phone)
	if err != nil || len(outcome.Deeds) != 1 || outcome.Deeds[0].String() != "conversation released" || outcome.Task != operator.TaskCreated {
		t.Fatalf("%+v, %v", outcome, err)
	}
	c := s.conversation(conv)
	if c.Owner != conversation.OwnerOtto || c.Session.State != conversation.Triage || c.Handoff != nil || c.LastTurn == asked {
		t.Errorf("%+v", c)
	}
	last := s.turn(c.LastTurn)
	if last.Event != conversation.EventReleased || last.Mode != conversation.ModeReleased || last.PackHash != "cafe" || last.Ended() ||
		len(last.Effects) != 1 || last.Effects[0].Timer.Kind != conversation.TimerInactivity {
		t.Errorf("%+v", last)
	}
	if acts := s.acts(); len(acts) != 1 || acts[0] != "released "+string(c.LastTurn)+" " {
		t.Errorf("acts %q", acts)
	}
	if len(s.queue.tasks) != 1 || s.queue.tasks[0].Kind != envelope.Timer {
		t.Errorf("tasks %+v", s.queue.tasks)
	}
	detail, err := s.Show(t.Context(), string(c.LastTurn), false)
	if err != nil || len(detail.Turn.Effects) != 1 || detail.Turn.Effects[0].Why != "inactivity" || detail.Turn.Effects[0].Due.IsZero() {
		t.Errorf("shown is %+v, %v", detail.Turn, err)
	}
	if err := s.ledger.RecordEffect(t.Context(), c.LastTurn, 0, conversation.EffectRecord{Done: s.now}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Release(t.Context(), string(conv))
	s.refused(err, operator.NotHandedOff)
	_, err = s.Release(t.Context(), "nobody")
	s.refused(err, operator.Unknown)
}

func TestAHandoffIsAcceptedOnce(t *testing.T) {
	s := setting(t, nil)
	conv := conversation.Identity{Phone: phone}.Conversations(s.key, number)[0]
	s.said(conv, 1, 0)
	_, err := s.Accept(t.Context(), phone)
	s.refused(err, operator.NotHandedOff)
	s.handOff(conv, 1)
	outcome, err := s.Accept(t.Context(), phone)
	if err != nil || outcome.ID != string(conv) || len(outcome.Deeds) != 1 || outcome.Deeds[0].String() != "conversation accepted" || outcome.Task != "" {
		t.Fatalf("%+v, %v", outcome, err)
	}
	c := s.conversation(conv)
	if c.Owner != conversation.OwnerPerson || c.Session.State != conversation.HandoffHuman || c.Handoff.Came.IsZero() || !c.Handoff.Deadline.IsZero() {
		t.Errorf("%s's, in %s, %+v", c.Owner, c.Session.State, c.Handoff)
	}
	if last := s.turn(c.LastTurn); last.Mode != conversation.ModeAccepted || !last.Ended() || last.PackHash != "cafe" {
		t.Errorf("%+v", last)
	}
	list, err := s.Handoffs(t.Context(), 0)
	if err != nil || len(list.Handoffs) != 1 || list.Handoffs[0].Came.IsZero() || !list.Handoffs[0].Deadline.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	if again, err := s.Accept(t.Context(), string(conv)); err != nil || len(again.Deeds) != 0 || again.ID != string(conv) {
		t.Errorf("again: %+v, %v", again, err)
	}
	if acts := s.acts(); len(acts) != 1 || acts[0] != "accepted "+string(c.LastTurn)+" " {
		t.Errorf("acts %q", acts)
	}
	if len(s.queue.tasks) != 0 {
		t.Errorf("tasks %+v", s.queue.tasks)
	}
	_, err = s.Accept(t.Context(), "nobody")
	s.refused(err, operator.Unknown)
	if _, err := s.Release(t.Context(), phone); err != nil {
		t.Errorf("it is not given back: %v", err)
	}
	_, err = s.Accept(t.Context(), phone)
	s.refused(err, operator.NotHandedOff)
}

func TestNothingIsAcceptedWhileAnAnswerIsOnItsWay(t *testing.T) {
	s := setting(t, nil)
	s.handOff("conv", 1)
	s.said("conv", 1, 0)
	_, err := s.Accept(t.Context(), "conv")
	s.refused(err, operator.OnItsWay)
}

func TestAReleaseThatWasDoneByHalfIsFinished(t *testing.T) {
	s := setting(t, nil)
	s.handOff("conv", 1)
	s.queue.fail = 1
	_, err := s.Release(t.Context(), "conv")
	s.unfinished(err)
	if outcome, err := s.Release(t.Context(), "conv"); err != nil || outcome.Task != operator.TaskCreated || len(outcome.Deeds) != 0 {
		t.Errorf("%+v, %v", outcome, err)
	}
	if acts := s.acts(); len(acts) != 1 {
		t.Errorf("acts %q", acts)
	}
	if c := s.conversation("conv"); c.Version != 3 {
		t.Errorf("%d turns", c.Version)
	}
}

// The lead must not read what comes next before what was said last.
func TestNothingIsGivenBackWhileAnAnswerIsOnItsWay(t *testing.T) {
	s := setting(t, nil)
	s.handOff("conv", 1)
	last := s.said("conv", 1, 0)
	_, err := s.Release(t.Context(), "conv")
	s.refused(err, operator.OnItsWay)
	s.park(last, 1)
	if _, err := s.Release(t.Context(), "conv"); err != nil {
		t.Error(err)
	}
}

// rival is a ledger in which somebody else writes first, once.
type rival struct {
	*memory.Ledger
	first func()
}

func (r *rival) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	if first := r.first; first != nil {
		r.first = nil
		first()
	}
	return r.Ledger.Commit(ctx, c)
}

// A turn that is being decided meanwhile loses or wins, and what a person says of
// the conversation comes after it.
func TestAWordComesAfterATurnThatWasFaster(t *testing.T) {
	for name, word := range map[string]struct {
		say  func(*scene) (operator.Outcome, error)
		said func(conversation.Conversation) bool
	}{
		"release": {
			func(s *scene) (operator.Outcome, error) { return s.Release(t.Context(), "conv") },
			func(c conversation.Conversation) bool { return c.Owner == conversation.OwnerOtto },
		},
		"accept": {
			func(s *scene) (operator.Outcome, error) { return s.Accept(t.Context(), "conv") },
			func(c conversation.Conversation) bool { return !c.Handoff.Came.IsZero() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			other := &rival{}
			s := setting(t, func(l *memory.Ledger) operator.Ledger {
				other.Ledger = l
				return other
			})
			s.handOff("conv", 1)
			other.first = func() { s.said("conv", 0, 0) }
			if outcome, err := word.say(s); err != nil || len(outcome.Deeds) != 1 {
				t.Fatalf("%+v, %v", outcome, err)
			}
			if c := s.conversation("conv"); c.Version != 4 || !word.said(c) {
				t.Errorf("version %d, %s's, %+v", c.Version, c.Owner, c.Handoff)
			}
		})
	}
}
