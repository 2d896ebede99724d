package conversation

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Vacant reports whether nothing has ever been said in the conversation: its
// document only keeps the place, so that no turn's id comes twice.
func (c Conversation) Vacant() bool { return c.LastTurn == "" && !c.Session.Person.Known() }

// Vacated is the document that is left under an id whose person moved away: the
// next who has that name begins anew.
func Vacated(id ID, number string, version int64) Conversation {
	c := New(id, number, Identity{})
	c.Version = version
	return c
}

// MovedAway is the document that is left of a conversation which another took
// over. It keeps the version, so that no turn's id comes twice, and nothing
// that was said.
func MovedAway(id, to ID, number string, version int64) Conversation {
	c := Vacated(id, number, version)
	c.MovedTo = to
	return c
}

// InCharge orders conversations of one person by who takes over the others: the
// one that came furthest, and of equals the one with the smaller id, so that
// every worker chooses the same.
func InCharge(a, b StoredConversation) int {
	vacant := func(c StoredConversation) int {
		if c.Vacant() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(vacant(a), vacant(b)), cmp.Compare(b.Version, a.Version), cmp.Compare(a.ID, b.ID))
}

// Absorb is c once it has taken over other, a conversation with the same person
// that was held under another name. Nothing that holds for the person is lost:
// a person of the team who owns either owns both, whoever wants no messages
// still wants none, and what was spent was spent. Where both know something the
// newer knows better. Ids, version and the timer that watches the session stay
// those of c.
func (c Conversation) Absorb(other Conversation) Conversation {
	if other.Vacant() {
		return c
	}
	older, newer := c, other
	if other.Session.LastAt.Before(c.Session.LastAt) {
		older, newer = other, c
	}
	into := c
	into.Session = joined(older.Session, newer.Session)
	into.Card = joinedCards(older.Card, newer.Card)
	into.WindowFrom = latest(c.WindowFrom, other.WindowFrom)
	into.Spared, into.Invited = latest(c.Spared, other.Spared), latest(c.Invited, other.Invited)
	into.Pace = latest(c.Pace, other.Pace) // Meta allows so much to a person, not to a conversation.
	into.Mended = joinedMended(older.Mended, newer.Mended)
	into.Spent = c.Spent.with(other.Spent)
	into.Handoff = chosen(c, other)
	if other.Owner == OwnerPerson {
		into.Owner = OwnerPerson
	}
	if into.Owner == OwnerPerson && !into.Session.State.Muted() {
		// The newer words were Otto's, and a person owns the older.
		owned := c.Session
		if !owned.State.Muted() {
			owned = other.Session
		}
		into.Session.State, into.Session.Since = owned.State, owned.Since
	}
	return into
}

// joined is what is remembered of two sessions with one person. The newer is
// where the talk stands.
func joined(older, newer Session) Session {
	s := newer
	s.Person = older.Person.Merge(newer.Person)
	s.Turns = older.Turns + newer.Turns
	s.Interest = cmp.Or(newer.Interest, older.Interest)
	s.Interests = joinedInterests(older.Interests, newer.Interests)
	s.Unconfirmed = joinedFields(older.Unconfirmed, newer.Unconfirmed)
	s.OptedOut = earliest(older.OptedOut, newer.OptedOut)
	s.Unmarketed = earliest(older.Unmarketed, newer.Unmarketed)
	s.Calmed = latest(older.Calmed, newer.Calmed)
	s.Renamed = latest(older.Renamed, newer.Renamed)
	s.Booked = latest(older.Booked, newer.Booked)
	if newer.Invited > 0 {
		s.Invited += older.Turns // It counts turns from the first.
	} else {
		s.Invited = older.Invited
	}
	s.History, s.Transitions = nil, nil
	s.Remember(interleaved(older.History, newer.History, func(l Line) time.Time { return l.At })...)
	s.Transitions = interleaved(older.Transitions, newer.Transitions, func(t Transition) time.Time { return t.At })
	if over := len(s.Transitions) - maxTransitions; over > 0 {
		s.Transitions = s.Transitions[over:]
	}
	return s
}

// interleaved are two lists in one, by time. Either keeps its own order, which is
// that in which it was heard.
func interleaved[T any](a, b []T, at func(T) time.Time) []T {
	all := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if at(b[0]).Before(at(a[0])) {
			all, b = append(all, b[0]), b[1:]
		} else {
			all, a = append(all, a[0]), a[1:]
		}
	}
	return append(append(all, a...), b...)
}

// joinedMended are the failures whose consequences either has drawn, the newest
// last within their bound.
func joinedMended(older, newer []Mended) []Mended {
	var c Conversation
	for _, m := range append(slices.Clone(older), newer...) {
		if c.MendedBy(m.Failure) == "" {
			c.Mend(m.Failure, m.Turn)
		}
	}
	return c.Mended
}

// joinedFields are the fields of both, each once.
func joinedFields(older, newer []string) []string {
	fields := newer
	for _, field := range older {
		if !slices.Contains(fields, field) {
			fields = append(slices.Clip(fields), field)
		}
	}
	return fields
}

// joinedInterests are the interests of both, the strongest first; of one that
// both have the stronger.
func joinedInterests(older, newer []Interest) []Interest {
	var all []Interest
	for _, i := range append(slices.Clone(newer), older...) {
		at := slices.IndexFunc(all, func(have Interest) bool { return have.Vertical == i.Vertical })
		switch {
		case at < 0:
			all = append(all, i)
		case i.Weight > all[at].Weight:
			all[at] = i
		}
	}
	slices.SortStableFunc(all, func(a, b Interest) int { return cmp.Compare(b.Weight, a.Weight) })
	return all
}

// joinedCards takes of every field what is more certain, and of what is equally
// certain the newer statement.
func joinedCards(older, newer Card) Card {
	if len(older) == 0 {
		return newer
	}
	card := maps.Clone(older)
	for field, value := range newer {
		known, have := card[field]
		if !have || value.Confidence > known.Confidence || value.Confidence == known.Confidence && !value.At.Before(known.At) {
			card[field] = value
		}
	}
	return card
}

// with is what was spent on the newer day; on the same day it is the sum.
func (s Spent) with(other Spent) Spent {
	switch {
	case s.Day == other.Day:
		s.Tokens += other.Tokens
		s.Turns += other.Turns
		return s
	case s.Day < other.Day:
		return other
	default:
		return s
	}
}

// chosen is the waiting for a person that goes on: one that nobody has come to
// before one that somebody answered, then the one that has waited longer.
func chosen(a, b Conversation) *Waiting {
	waits := slices.DeleteFunc([]*Waiting{a.Handoff, b.Handoff}, func(w *Waiting) bool { return w == nil })
	if len(waits) == 0 {
		return nil
	}
	return slices.MinFunc(waits, func(a, b *Waiting) int {
		open := func(w *Waiting) int {
			if w.Came.IsZero() {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(open(a), open(b)), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earliest is the earlier of two times that are known.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
