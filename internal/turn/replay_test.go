package turn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/turn"
)

// recorded is a person's history as the ledger has it, oldest first.
func (s *street) recorded(phone string) []turn.Recorded {
	s.t.Helper()
	turns := s.turnsOf(phone)
	slices.Reverse(turns)
	var history []turn.Recorded
	for _, stored := range turns {
		r := turn.Recorded{Turn: stored}
		for _, id := range stored.Messages {
			m, _, known, err := s.ledger.Message(context.Background(), id)
			if err != nil || !known {
				s.t.Fatalf("message: %v, %v", known, err)
			}
			r.Messages = append(r.Messages, m)
		}
		history = append(history, r)
	}
	return history
}

func digest(m conversation.Outgoing) string {
	return fmt.Sprintf("%s|%s|%s|%s", m.Opaque, m.Number, m.To.Phone.Reveal(), m.Reply.Text.Reveal())
}

func (s *street) replay(history []turn.Recorded) []turn.Replayed {
	s.t.Helper()
	knowledge := s.knowledge()
	replayed, err := turn.Replay(context.Background(), turn.ReplayOptions{
		Mind: func(model otto.Model) (turn.Mind, error) {
			return otto.New(otto.Options{Pack: knowledge, Model: model, Tenant: "default", Key: s.key})
		},
		PackHash: knowledge.Hash, Digest: digest,
	}, history)
	if err != nil {
		s.t.Fatal(err)
	}
	return replayed
}

// lively is a conversation that takes every way an answer can be found.
func lively(t *testing.T) *street {
	s := newStreet(t)
	s.team = &team{}
	calls := 0
	good := says("Claro! Conte mais sobre a sua loja.")
	s.model = scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
		calls++
		last := p.Messages[len(p.Messages)-1].Content
		switch {
		case strings.Contains(last, "fora do ar"):
			return otto.Completion{}, fault.Mark(errors.New("503"), fault.Dependency)
		case calls%3 == 2:
			return otto.Completion{Text: `{"next_state":`, Outcome: otto.OutcomeOK, Model: "scripted"}, nil
		case calls%5 == 4:
			return otto.Completion{Outcome: otto.OutcomeRefusal, Model: "scripted"}, nil
		}
		return good.Complete(ctx, p)
	})
	w := s.turns()
	n := 0
	say := func(words string) {
		n++
		s.arrive(s.text(iara, fmt.Sprintf("wamid.%d", n), words))
		s.drain(w)
		<-time.After(time.Minute)
	}
	say("oi")
	for _, words := range []string{
		"preciso de ajuda com o atendimento da minha loja", "tenho 20 atendentes", "e o preço?", "o modelo está fora do ar agora?", "/menu", "🙂",
	} {
		say(words)
	}
	for i := range 3 { // a burst
		n++
		s.arrive(s.text(iara, fmt.Sprintf("wamid.%d", n), fmt.Sprintf("pedaço %d da pergunta", i)))
	}
	s.drain(w)
	<-time.After(30 * time.Hour) // and a silence
	say("voltei, ainda quero saber do sistema para a loja")
	for i := range 16 {
		say(fmt.Sprintf("pergunta número %d sobre o sistema", i))
	}
	say(aPerson)
	say("tem alguém aí?")
	return s
}

func TestAConversationIsReplayedFromItsRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lively(t)
		history := s.recorded(iara)
		modes, routes := map[conversation.Mode]int{}, map[conversation.Route]int{}
		frames := 0
		for _, r := range history {
			modes[r.Turn.Mode]++
			routes[r.Turn.Route]++
			if r.Turn.Before != nil {
				frames++
			}
		}
		if len(modes) != 3 || len(routes) < 5 || frames != 2 {
			t.Fatalf("the history is too plain: %v, %v, %d keyframes of %d", modes, routes, frames, len(history))
		}
		for i, r := range s.replay(history) {
			if len(r.Differences) > 0 || r.Skipped != "" {
				t.Errorf("turn %d (%s): %v %s", i+1, history[i].Turn.Route, r.Differences, r.Skipped)
			}
		}
		// Without its beginning it is replayed from the first keyframe.
		var skipped int
		for _, r := range s.replay(history[3:]) {
			if r.Skipped != "" {
				skipped++
			} else if len(r.Differences) > 0 {
				t.Errorf("%s: %v", r.Turn, r.Differences)
			}
		}
		if skipped != 5 {
			t.Errorf("%d turns were skipped", skipped)
		}
	})
}

func TestADifferenceNamesItsStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lively(t)
		at := func(history []turn.Recorded, want func(conversation.StoredTurn) bool) int {
			i := slices.IndexFunc(history, func(r turn.Recorded) bool { return want(r.Turn) })
			if i < 0 {
				t.Fatal("no such turn")
			}
			return i
		}
		asked := func(turn conversation.StoredTurn) bool { return turn.Route == conversation.RouteModel }
		for _, tt := range []struct {
			step   turn.Step
			which  func(conversation.StoredTurn) bool
			change func(*turn.Recorded)
		}{
			{turn.StepPack, asked, func(r *turn.Recorded) { r.Turn.PackHash = "another" }},
			{turn.StepPrompt, asked, func(r *turn.Recorded) { r.Messages[0].Text += ", viu?" }},
			{turn.StepPrompt, asked, func(r *turn.Recorded) {
				r.Turn.Model.Answers = append(r.Turn.Model.Answers, conversation.ModelAnswer{Fingerprint: "x"})
			}},
			{turn.StepPrompt, asked, func(r *turn.Recorded) { r.Turn.Model.Answers[0].Outcome = "" }},
			{turn.StepDecision, asked, func(r *turn.Recorded) { r.Turn.Into = conversation.Timeout }},
			{turn.StepVerdicts, asked, func(r *turn.Recorded) { r.Turn.Verdicts = nil }},
			{turn.StepReplies, asked, func(r *turn.Recorded) { r.Turn.Replies[0].Text += "!" }},
			{turn.StepReplies, asked, func(r *turn.Recorded) { r.Turn.To.Name = "Outra" }},
			{turn.StepEffects, func(t conversation.StoredTurn) bool { return len(t.Effects) > 0 }, func(r *turn.Recorded) { r.Turn.Effects[0].Handoff.Reason = "risk" }},
			{turn.StepConversation, func(t conversation.StoredTurn) bool { return t.Before != nil }, func(r *turn.Recorded) { r.Turn.Before.Session.Turns++ }},
			{turn.StepBytes, asked, func(r *turn.Recorded) {
				r.Turn.Deliveries[0].Results[1] = conversation.Result{Kind: conversation.Accepted, Digest: "other bytes"}
			}},
		} {
			history := s.recorded(iara)
			i := at(history, tt.which)
			tt.change(&history[i])
			replayed := s.replay(history)
			if d := replayed[i].Differences; len(d) == 0 || !slices.ContainsFunc(d, func(d turn.Difference) bool { return d.Step == tt.step }) {
				t.Errorf("%s: turn %d differs in %v %s", tt.step, i+1, d, replayed[i].Skipped)
			}
			for _, d := range replayed[i].Differences {
				if strings.Contains(d.Detail, iara) || strings.Contains(d.Detail, "loja") || strings.Contains(d.Detail, "Outra") {
					t.Errorf("%s: the detail tells too much: %s", tt.step, d.Detail)
				}
			}
			if next := replayed[i+1]; next.Skipped == "" && history[i+1].Turn.Before == nil {
				t.Errorf("%s: what follows is compared although its beginning is unknown", tt.step)
			}
		}
	})
}

func TestWhatCannotBeReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(s.turns())
		history := s.recorded(iara)
		history[0].Messages = nil
		if r := s.replay(history); r[0].Skipped == "" {
			t.Error("replayed without its messages")
		}
		history = s.recorded(iara)
		history[0].Turn.Mode = ""
		if r := s.replay(history); r[0].Skipped == "" {
			t.Error("replayed an old record")
		}
	})
}
