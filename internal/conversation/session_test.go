package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

func line(text string) conversation.Line {
	return conversation.Line{Who: conversation.Lead, Text: pii.Text(text), At: noon}
}

func TestRememberKeepsTheNewestLines(t *testing.T) {
	var s conversation.Session
	for i := range 100 {
		s.Remember(line(fmt.Sprint(i)))
	}
	if len(s.History) != 40 || s.History[0].Text != "60" || s.History[39].Text != "99" {
		t.Errorf("%d lines, from %q to %q", len(s.History), s.History[0].Text.Reveal(), s.History[len(s.History)-1].Text.Reveal())
	}
	var all []conversation.Line
	for i := range 100 {
		all = append(all, line(fmt.Sprint(i)))
	}
	var once conversation.Session
	once.Remember(all...)
	if diff := cmp.Diff(s.History, once.History); diff != "" {
		t.Errorf("a hundred at once are remembered otherwise:\n%s", diff)
	}
}

func TestRememberKeepsWholeLinesWithinItsSize(t *testing.T) {
	const limit = 16_000
	long := strings.Repeat("ã", 5000)
	var s conversation.Session
	for range 5 {
		s.Remember(line(long))
	}
	size := 0
	for _, l := range s.History {
		if l.Text.Reveal() != long {
			t.Fatal("a line was cut")
		}
		size += utf8.RuneCountInString(l.Text.Reveal())
	}
	if size > limit || size+5000 <= limit {
		t.Errorf("%d characters in %d lines", size, len(s.History))
	}
	s.Remember(line(strings.Repeat("x", 2*limit)))
	if len(s.History) != 1 {
		t.Errorf("the newest line is kept alone whatever its size: %d lines", len(s.History))
	}
	s.Remember(line("oi"))
	if len(s.History) != 1 || s.History[0].Text != "oi" {
		t.Errorf("the next line is kept: %d lines", len(s.History))
	}
}

func TestRememberSharesNothing(t *testing.T) {
	before := conversation.Session{History: make([]conversation.Line, 1, 10)}
	one, two := before, before
	one.Remember(line("um"))
	two.Remember(line("dois"))
	if one.History[1].Text != "um" || two.History[1].Text != "dois" || len(before.History) != 1 {
		t.Error("two sessions write into one memory")
	}
	one.Remember()
	if len(one.History) != 2 {
		t.Error("remembering nothing forgets")
	}
}

func TestEnter(t *testing.T) {
	step := func(from, to conversation.State, at time.Time) conversation.Transition {
		return conversation.Transition{From: from, To: to, Event: conversation.EventDecision, At: at}
	}
	var s conversation.Session
	s.Enter(step(conversation.Initial, conversation.Triage, noon))
	s.Enter(step(conversation.Triage, conversation.Triage, noon.Add(time.Minute)))
	if s.State != conversation.Triage || !s.Since.Equal(noon) || len(s.Transitions) != 2 {
		t.Errorf("%s since %v after %d transitions", s.State, s.Since, len(s.Transitions))
	}
	s.Enter(step(conversation.Triage, conversation.CollectingInfo, noon.Add(time.Hour)))
	if !s.Since.Equal(noon.Add(time.Hour)) {
		t.Errorf("entered at %v", s.Since)
	}
	var fresh conversation.Session
	fresh.Enter(step(conversation.Initial, conversation.Initial, noon))
	if !fresh.Since.Equal(noon) {
		t.Error("the first state is entered at no time")
	}
	for i := range 50 {
		s.Enter(step(conversation.Triage, conversation.Triage, noon.Add(time.Duration(i)*time.Second)))
	}
	if len(s.Transitions) != 20 || !s.Transitions[19].At.Equal(noon.Add(49*time.Second)) {
		t.Errorf("%d transitions are remembered", len(s.Transitions))
	}
}

func TestNewConversation(t *testing.T) {
	person := conversation.Identity{Phone: "1"}
	want := conversation.Conversation{
		ID: "abc", Number: "7", Owner: conversation.OwnerOtto,
		Session: conversation.Session{State: conversation.Initial, Person: person},
	}
	if diff := cmp.Diff(want, conversation.New("abc", "7", person)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
