package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/operator"
)

// told is what the team of a street was told.
type told struct {
	ID, Kind, Reason, Briefing, Text string
	At                               time.Time
	Copies                           int
}

func (s *street) told() []told {
	s.t.Helper()
	var answer struct{ Handoffs []told }
	s.Call(http.MethodGet, "/api/handoffs", "", &answer)
	return answer.Handoffs
}

// kinds are those of what the team was told, in order.
func (s *street) kinds() string {
	var kinds []string
	for _, n := range s.told() {
		kinds = append(kinds, n.Kind)
	}
	return strings.Join(kinds, " ")
}

func TestAPersonIsAskedForAndGivesBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.say(iara, "quero falar com uma pessoa")
	s.untilReplies(iara, 1)
	s.Until("the team to know", func() bool { return s.kinds() == "handoff" })
	n := s.told()[0]
	if n.Reason != "requested" || n.Copies != 1 || n.At.IsZero() || !strings.Contains(n.Briefing, "quero falar com uma pessoa") {
		t.Errorf("%+v", n)
	}
	s.say(iara, "tem alguém aí?")
	s.Until("the message to be forwarded", func() bool { return s.kinds() == "handoff message" })
	if n := s.told()[1]; n.Text != "tem alguém aí?" {
		t.Errorf("%+v", n)
	}
	var list operator.Handoffs
	s.Call(http.MethodGet, "/api/operator/handoffs", "", &list)
	if len(list.Handoffs) != 1 || list.Handoffs[0].Team != operator.TeamKnows || list.Handoffs[0].Deadline.IsZero() {
		t.Fatalf("%+v", list)
	}
	var outcome operator.Outcome
	s.Call(http.MethodPost, "/api/operator/handoffs/"+iara+"/release", "{}", &outcome)
	if len(outcome.Deeds) != 1 || outcome.Deeds[0].Did != operator.Released {
		t.Errorf("%+v", outcome)
	}
	s.say(iara, "oi")
	s.untilReplies(iara, 2)
	s.Call(http.MethodGet, "/api/operator/handoffs", "", &list)
	if len(list.Handoffs) != 0 {
		t.Errorf("%+v", list)
	}
}

// Nobody comes: the team is told again, once the time that it has is over.
func TestATeamThatDoesNotComeIsToldAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.say(iara, "quero falar com uma pessoa")
	s.untilReplies(iara, 1)
	s.Until("rest", s.idle)
	s.advance(8 * 24 * time.Hour) // beyond every weekend and holiday
	s.Until("the team to be told again", func() bool { return strings.Contains(s.kinds(), "handoff_unanswered") })
	if first := s.told()[0]; first.Kind != "handoff" || first.Copies != 1 {
		t.Errorf("%+v", first)
	}
}
