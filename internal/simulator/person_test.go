package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/operator"
)

// person writes to a lead in the team's phone app.
func (s *street) person(to, text string) string {
	s.t.Helper()
	var answer struct{ ID, Error string }
	status := s.Call(http.MethodPost, "/api/person", encode(map[string]any{"to": to, "text": text}), &answer)
	if status != http.StatusAccepted || !strings.HasPrefix(answer.ID, "wamid.") {
		s.t.Fatalf("a person's answer was answered %d %+v", status, answer)
	}
	return answer.ID
}

// handoffs are the conversations that a person owns.
func (s *street) handoffs() []operator.OpenHandoff {
	s.t.Helper()
	var list operator.Handoffs
	s.Call(http.MethodGet, "/api/operator/handoffs", "", &list)
	return list.Handoffs
}

// accept has a person take a lead's conversation, and returns what came of it.
func (s *street) accept(who string) (o operator.Outcome, status int) {
	s.t.Helper()
	status = s.Call(http.MethodPost, "/api/operator/handoffs/"+who+"/accept", "{}", &o)
	return o, status
}

func TestAPersonWritesFromThePhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	for body, want := range map[string]int{
		`{"to":"` + iara + `","text":"oi"}`: http.StatusNotFound,
		`{"to":"abc","text":"oi"}`:          http.StatusBadRequest,
		`{"to":"` + iara + `","text":" "}`:  http.StatusBadRequest,
		`{"from":"` + iara + `"}`:           http.StatusBadRequest,
	} {
		if status := s.Call(http.MethodPost, "/api/person", body, nil); status != want {
			t.Errorf("%s was answered %d instead of %d", body, status, want)
		}
	}
	s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.settle()
	// The webhook is lost at first, and comes again: the lead has the answer all the same.
	s.fault("webhook", "fail_before", 1)
	id := s.person(iara, "Oi, Iara! Aqui é a Marina.")
	last := s.conversation(iara).Messages
	if m := last[len(last)-1]; m.ID != id || m.Direction != "out" || m.Author != "person" || m.Type != "text" || m.Status != "sent" {
		t.Errorf("the person's line is %+v", m)
	}
	s.Until("the conversation to be a person's", func() bool {
		if s.conversation(iara).Owner == "person" {
			return true
		}
		s.pass(2 * time.Second)
		return false
	})
	if c := s.conversation(iara); c.State != "HANDOFF_HUMAN" || c.Messages[0].Author != "lead" || c.Messages[1].Author != "otto" {
		t.Errorf("%+v", c)
	}
	if list := s.handoffs(); len(list) != 1 || list[0].Reason != "taken_over" {
		t.Errorf("%+v", list)
	}
	s.say(iara, "que bom!")
	s.settle()
	if replies := s.conversation(iara).replies(); len(replies) != 2 {
		t.Errorf("Otto speaks while a person does: %+v", replies)
	}
}

// Who takes a handoff has come: nobody is told that no one did, and the history
// comes out the same when it is decided again.
func TestAPersonAcceptsAHandoff(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, status := s.accept(iara); status != http.StatusNotFound {
		t.Errorf("a stranger's handoff was answered %d", status)
	}
	s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.settle()
	if _, status := s.accept(iara); status != http.StatusConflict {
		t.Errorf("what is Otto's was answered %d", status)
	}
	s.say(iara, "quero falar com uma pessoa")
	s.untilReplies(iara, 2)
	s.settle()
	outcome, status := s.accept(iara)
	if status != http.StatusOK || len(outcome.Deeds) != 1 || outcome.Deeds[0].Did != operator.Accepted {
		t.Fatalf("%d, %+v", status, outcome)
	}
	if again, status := s.accept(iara); status != http.StatusOK || len(again.Deeds) != 0 {
		t.Errorf("again: %d, %+v", status, again)
	}
	if list := s.handoffs(); len(list) != 1 || list[0].Came.IsZero() || !list[0].Deadline.IsZero() {
		t.Errorf("%+v", list)
	}
	s.advance(8 * 24 * time.Hour) // beyond every weekend and holiday
	s.settle()
	if replies, kinds := s.conversation(iara).replies(), s.kinds(); len(replies) != 2 || kinds != "handoff" {
		t.Errorf("the team was told %q, the lead %+v", kinds, replies)
	}
	var replayed operator.Replay
	s.Call(http.MethodGet, "/api/operator/replay/"+iara, "", &replayed)
	if replayed.Same != 3 || replayed.Differ != 0 || replayed.Skipped != 0 {
		t.Errorf("%+v", replayed)
	}
}
