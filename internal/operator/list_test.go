package operator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/operator"
)

func TestWhatWaitsIsListedNewestFirst(t *testing.T) {
	s := setting(t, nil)
	if _, lines := s.list(0); lines != nil {
		t.Errorf("before the first: %v", lines)
	}
	s.die("dead")
	s.bury(conversation.Dead{ID: "raw", Content: []byte(text)})
	turn := s.said("conv", 2, 1)
	s.send(turn, 1)
	s.park(turn, 2)
	s.parkEffect(turn, 1)
	s.said("other", 1, 0) // nothing of it is parked
	list, lines := s.list(0)
	want := []string{"conv~1 reply 2 waiting", "conv~1 effect 1 waiting", "raw element 0 waiting", "dead message 0 waiting"}
	if diff := cmp.Diff(want, lines); diff != "" || list.More {
		t.Errorf("more is %v (-want +got):\n%s", list.More, diff)
	}
	s.impersonal(list)
	first := list.Items[0]
	if first.Reason != "no-receipt" || first.Conversation != "conv" || first.Since.IsZero() || list.Items[3].Attempts != 8 {
		t.Errorf("%+v", list.Items)
	}
	if list, lines := s.list(2); len(lines) != 2 || !list.More {
		t.Errorf("at a limit: %v, more %v", lines, list.More)
	}
}

func TestWhatIsSettledIsNotListed(t *testing.T) {
	s := setting(t, nil)
	for _, id := range []string{"dropped", "answered", "retrying", "waiting"} {
		s.die(id)
	}
	if _, err := s.Drop(t.Context(), "dropped"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"answered", "retrying"} {
		if _, err := s.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	s.consume("answered")
	_, lines := s.list(0)
	if diff := cmp.Diff([]string{"waiting message 0 waiting", "retrying message 0 retrying"}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was settled must not crowd out what waits.
func TestAListLooksFurtherThanItsLimit(t *testing.T) {
	s := setting(t, nil)
	for i := range 3 {
		s.die(fmt.Sprintf("old%d", i))
	}
	for i := range 20 {
		id := fmt.Sprintf("new%d", i)
		s.die(id)
		if _, err := s.Drop(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if list, lines := s.list(2); len(lines) != 2 || !strings.HasPrefix(lines[0], "old2") || !list.More {
		t.Errorf("%v, more %v", lines, list.More)
	}
	if list, lines := s.list(5); len(lines) != 3 || list.More {
		t.Errorf("%v, more %v", lines, list.More)
	}
}

func TestShowingHidesWhatIsPersonal(t *testing.T) {
	s := setting(t, nil)
	turn := s.said("conv", 1, 1)
	s.park(turn, 1)
	s.die("dead")
	s.bury(conversation.Dead{ID: "raw", Content: []byte(text + " " + wamid + "\xff")})
	for _, c := range []struct {
		id       string
		revealed []string
	}{
		{string(turn), []string{phone, name, text}},
		{"dead", []string{phone, name, text}},
		{"raw", []string{text + " wamid.…\uFFFD"}},
	} {
		hidden, err := s.Show(t.Context(), c.id, false)
		if err != nil {
			t.Fatal(err)
		}
		s.impersonal(hidden)
		shown, err := s.Show(t.Context(), c.id, true)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%+v", flat(shown))
		for _, words := range c.revealed {
			if !strings.Contains(all, words) {
				t.Errorf("%s revealed lacks %q: %s", c.id, words, all)
			}
		}
		if strings.Contains(all, wamid) {
			t.Errorf("%s revealed shows an id of Meta's", c.id)
		}
	}
	d, err := s.Show(t.Context(), string(turn), false)
	if err != nil {
		t.Fatal(err)
	}
	if d.Refused != nil || !d.Turn.Newest || !d.Turn.Ended == (d.Turn.Phase != conversation.Parked) || d.Turn.Parts[0].Text.Length != 21 {
		t.Errorf("%+v", flat(d))
	}
	_, err = s.Show(t.Context(), "absent", false)
	s.refused(err, operator.Unknown)
}

// flat is a detail without pointers, for printing.
func flat(d operator.Detail) []any {
	all := []any{d.ID, d.What, d.Refused}
	if d.Turn != nil {
		all = append(all, *d.Turn)
	}
	if l := d.Letter; l != nil {
		all = append(all, *l)
		if l.From != nil {
			all = append(all, *l.From, *l.Text)
		}
		if l.Content != nil {
			all = append(all, *l.Content)
		}
	}
	return all
}
