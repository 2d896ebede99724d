package conversation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

var monday = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// held is a conversation as chance would have it.
func held(r *rand.Rand, id conversation.ID) conversation.Conversation {
	at := func() time.Time { return monday.Add(time.Duration(r.IntN(100)) * time.Hour) }
	perhaps := func() time.Time {
		if r.IntN(2) == 0 {
			return time.Time{}
		}
		return at()
	}
	c := conversation.New(id, "1", conversation.Identity{Phone: pii.Contact(fmt.Sprintf("55119%08d", r.IntN(100)))})
	c.Version = int64(1 + r.IntN(50))
	c.LastTurn = conversation.NewTurnID(id, c.Version)
	c.WindowFrom, c.Spared, c.Invited, c.Pace = perhaps(), perhaps(), perhaps(), perhaps()
	for i := range r.IntN(15) {
		c.Mend(fmt.Sprint(i%7, id), c.LastTurn)
	}
	c.Spent = conversation.Spent{Day: fmt.Sprintf("2026-11-2%d", r.IntN(3)), Tokens: r.Int64N(1000), Turns: r.Int64N(10)}
	s := &c.Session
	s.State = conversation.States()[r.IntN(len(conversation.States()))]
	if s.State.Muted() {
		c.Owner = conversation.OwnerPerson
		c.Handoff = &conversation.Waiting{ID: string(c.LastTurn), Since: at(), Came: perhaps()}
	}
	s.Since, s.LastAt, s.OptedOut, s.Unmarketed, s.Booked, s.Calmed = at(), at(), perhaps(), perhaps(), perhaps(), perhaps()
	s.Turns = r.IntN(20)
	if s.Turns > 0 {
		s.Invited = r.IntN(s.Turns)
	}
	for _, vertical := range []string{"site", "estoque", "pizza"} {
		if r.IntN(2) == 0 {
			s.Interests = append(s.Interests, conversation.Interest{Vertical: vertical, Weight: float64(r.IntN(10)), At: at()})
		}
	}
	for i := range r.IntN(50) {
		s.History = append(s.History, conversation.Line{Who: conversation.Lead, Text: pii.Text(fmt.Sprint(id, i)), At: monday.Add(time.Duration(i) * time.Minute)})
	}
	for _, field := range conversation.CardFields()[:6] {
		if r.IntN(2) == 0 {
			if c.Card == nil {
				c.Card = conversation.Card{}
			}
			c.Card[field] = conversation.Value{Value: pii.Text(fmt.Sprint(id, field)), Confidence: float64(r.IntN(3)) / 2, At: at()}
		}
	}
	return c
}

// Whichever way chance has it, what holds for a person still holds once two of
// their conversations are one, and it does not matter which took over which.
func TestAbsorbing(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, b := held(r, "a"), held(r, "b")
		got, back := a.Absorb(b), b.Absorb(a)
		fail := func(format string, args ...any) { t.Errorf("seed %d: "+format, append([]any{seed}, args...)...) }

		if got.ID != a.ID || got.Version != a.Version || got.LastTurn != a.LastTurn || got.Expiry != a.Expiry || got.MovedTo != "" {
			fail("it is not %s any more", a.ID)
		}
		person := a.Owner == conversation.OwnerPerson || b.Owner == conversation.OwnerPerson
		if (got.Owner == conversation.OwnerPerson) != person || got.Session.State.Muted() != person || (got.Handoff != nil) != person {
			fail("a person owns one: %v, but %s, %s, %v", person, got.Owner, got.Session.State, got.Handoff != nil)
		}
		for name, times := range map[string][3]time.Time{
			"opted out":  {a.Session.OptedOut, b.Session.OptedOut, got.Session.OptedOut},
			"unmarketed": {a.Session.Unmarketed, b.Session.Unmarketed, got.Session.Unmarketed},
		} {
			if times[2].IsZero() != (times[0].IsZero() && times[1].IsZero()) || !times[0].IsZero() && times[2].After(times[0]) || !times[1].IsZero() && times[2].After(times[1]) {
				fail("%s: %v and %v are %v", name, times[0], times[1], times[2])
			}
		}
		for name, times := range map[string][3]time.Time{
			"window": {a.WindowFrom, b.WindowFrom, got.WindowFrom}, "booked": {a.Session.Booked, b.Session.Booked, got.Session.Booked},
			"spared": {a.Spared, b.Spared, got.Spared}, "invited": {a.Invited, b.Invited, got.Invited}, "pace": {a.Pace, b.Pace, got.Pace},
		} {
			if times[2].Before(times[0]) || times[2].Before(times[1]) {
				fail("%s: %v and %v are %v", name, times[0], times[1], times[2])
			}
		}
		if a.Spent.Day == b.Spent.Day && (got.Spent.Tokens != a.Spent.Tokens+b.Spent.Tokens || got.Spent.Turns != a.Spent.Turns+b.Spent.Turns) ||
			a.Spent.Day != b.Spent.Day && got.Spent.Day != max(a.Spent.Day, b.Spent.Day) {
			fail("spent %+v and %+v are %+v", a.Spent, b.Spent, got.Spent)
		}
		if got.Session.Turns != a.Session.Turns+b.Session.Turns || got.Session.Invited > got.Session.Turns {
			fail("%d turns, invited in turn %d", got.Session.Turns, got.Session.Invited)
		}
		if !slices.IsSortedFunc(got.Session.History, func(x, y conversation.Line) int { return x.At.Compare(y.At) }) ||
			len(got.Session.History) != min(40, len(a.Session.History)+len(b.Session.History)) && len(a.Session.History) <= 40 && len(b.Session.History) <= 40 {
			fail("%d and %d lines are %d", len(a.Session.History), len(b.Session.History), len(got.Session.History))
		}
		for _, m := range append(slices.Clone(a.Mended), b.Mended...) {
			if got.MendedBy(m.Failure) == "" {
				fail("a failure would have its consequences twice")
			}
		}
		for _, card := range []conversation.Card{a.Card, b.Card} {
			for field, value := range card {
				kept := got.Card[field]
				if kept.Confidence < value.Confidence || kept.Confidence == value.Confidence && kept.At.Before(value.At) {
					fail("%s: something less certain, or older, was kept", field)
				}
			}
		}
		if a.Session.LastAt.Equal(b.Session.LastAt) {
			continue
		}
		back.ID, back.Version, back.LastTurn, back.Expiry = got.ID, got.Version, got.LastTurn, got.Expiry
		if diff := cmp.Diff(got, back); diff != "" {
			fail("it matters which took over which:\n%s", diff)
		}
		if t.Failed() {
			return
		}
	}
}

func TestAbsorbingNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := held(r, "a")
	if diff := cmp.Diff(c, c.Absorb(conversation.Vacated("b", "1", 7))); diff != "" {
		t.Errorf("nothing was taken over, and yet (-want +got):\n%s", diff)
	}
	moved := conversation.MovedAway("b", "a", "1", 7)
	if moved.MovedTo != "a" || moved.Version != 7 || moved.Session.Person.Known() || !moved.Vacant() {
		t.Errorf("what is left of a conversation: %+v", moved)
	}
	if c.Vacant() || conversation.New("b", "1", conversation.Identity{Phone: "1"}).Vacant() {
		t.Error("somebody is there")
	}
}

func TestWhoIsInCharge(t *testing.T) {
	stored := func(id conversation.ID, version int64) conversation.StoredConversation {
		c := conversation.New(id, "1", conversation.Identity{Phone: "1"})
		c.Version, c.LastTurn = version, conversation.NewTurnID(id, version)
		return conversation.StoredConversation{Conversation: c}
	}
	empty := conversation.StoredConversation{Conversation: conversation.Vacated("0", "1", 99)}
	all := []conversation.StoredConversation{empty, stored("b", 3), stored("c", 9), stored("a", 3)}
	slices.SortFunc(all, conversation.InCharge)
	var ids []conversation.ID
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff([]conversation.ID{"c", "a", "b", "0"}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
