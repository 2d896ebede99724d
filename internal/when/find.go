package when

import (
	"slices"
	"time"
)

// Find are all mentions in a text, in order, not overlapping. now gives the
// zone and resolves what is relative to today.
func Find(text string, now time.Time) []Mention {
	r := read(text, now)
	if len(r.found) == 0 {
		return nil
	}
	mentions := make([]Mention, len(r.found))
	for i, f := range r.found {
		mentions[i] = f.Mention
	}
	return mentions
}

// A finding is a mention and where it stands among the tokens.
type finding struct {
	Mention
	first, next int
}

// A reader goes once through the tokens of a text. Whatever it tries at one
// token looks at a few more, never at all of them.
type reader struct {
	tokens []token
	today  time.Time // midnight
	found  []finding
	// spanned is the token before which words stand that make a duration of
	// hours.
	spanned int
	// shorts is the token after the last abbreviated day of the week, which
	// vouches for the next one beside it.
	shorts int
	// days is room for one list of days.
	days [mostDays]dated
}

func read(text string, now time.Time) *reader {
	year, month, day := now.Date()
	r := &reader{
		tokens:  tokens(text, pt.known),
		today:   time.Date(year, month, day, 0, 0, 0, 0, now.Location()),
		spanned: -1,
		shorts:  -1,
	}
	blot(r.tokens)
	for i := 0; i < len(r.tokens); {
		i = max(r.step(i), i+1)
	}
	return r
}

// step reads what begins at a token, and is the token to go on with.
func (r *reader) step(i int) int {
	t := r.tokens[i]
	if t.kind == sign || t.kind == letters && (t.word == 0 || pt.starts[t.word] == 0) || !r.whole(i) {
		return i
	}
	if _, next, ok := r.match(spanBefore, i); ok {
		r.spanned = max(r.spanned, next)
	}
	if _, next, ok := r.match(nothing, i); ok {
		return next
	}
	if _, next, ok := r.match(feast, i); ok {
		return r.add(i, next, Mention{Kind: Vague})
	}
	for _, try := range [...]func(int) (int, bool){r.hours, r.clock, r.date, r.relative, r.weekdays, r.part, r.vague} {
		if next, ok := try(i); ok {
			return next
		}
	}
	return i
}

func (r *reader) match(c class, at int) ([2]int, int, bool) { return pt.match(c, r.tokens, at) }

// is reports whether a spelling of a class begins at a token.
func (r *reader) is(c class, at int) bool {
	_, _, ok := r.match(c, at)
	return ok
}

// maybe is the token after a spelling of a class, or the same token when none
// stands there.
func (r *reader) maybe(c class, at int) int {
	if _, next, ok := r.match(c, at); ok {
		return next
	}
	return at
}

// add notes a mention of the tokens from first to before next.
func (r *reader) add(first, next int, m Mention) int {
	m.Start, m.End = r.tokens[first].start, r.tokens[next-1].end
	r.found = append(r.found, finding{m, first, next})
	return next
}

// part reads a part of the day: alone with its preposition, or bare after a
// day.
func (r *reader) part(i int) (int, bool) {
	span, next, ok := r.match(part, i)
	if !ok && r.afterDay(i) {
		span, next, ok = r.match(barePart, i)
	}
	if !ok {
		return i, false
	}
	return r.add(i, next, Mention{Kind: DayPart, From: span[0], To: span[1]}), true
}

// vague reads what says when without a day: a phrase, or a month alone.
func (r *reader) vague(i int) (int, bool) {
	_, next, ok := r.match(vague, i)
	if !ok {
		if _, at, in := r.match(inMonth, i); in {
			_, next, ok = r.match(month, at)
		}
	}
	if !ok {
		return i, false
	}
	return r.add(i, next, Mention{Kind: Vague}), true
}

// token is the token at an index, a sign without meaning past either end.
func (r *reader) token(i int) token {
	if i < 0 || i >= len(r.tokens) {
		return token{}
	}
	return r.tokens[i]
}

// sign reports whether a token is one of some characters.
func (r *reader) sign(i int, signs ...rune) bool {
	t := r.token(i)
	return t.kind == sign && slices.Contains(signs, rune(t.value))
}

// whole reports whether a mention may begin at a token: it is no piece of a
// longer word, number, code or price.
func (r *reader) whole(i int) bool {
	t, before := r.token(i), r.token(i-1)
	if t.glued && before.kind != sign {
		return false
	}
	if t.kind != digits {
		return true
	}
	switch {
	case before.kind == sign && before.value == '$':
		return false
	case !t.glued:
		return true
	case r.sign(i-1, '#', '+'):
		return false
	}
	return !r.sign(i-1, '.', ',', ':', '/', '-') || !before.glued || r.token(i-2).kind != digits
}

// joined reports whether a number within a mention is whole: there a hyphen
// after another small number joins the two.
func (r *reader) joined(i int) bool {
	return r.whole(i) || r.sign(i-1, '-') && r.token(i-2).size <= 2
}

// ended reports whether a bare number may end before a token: no unit, decimal
// or fraction follows, and nothing that it counts.
func (r *reader) ended(i int) bool {
	t := r.token(i)
	if t.glued && t.kind != sign || r.sign(i, '%') {
		return false
	}
	if t.glued && r.sign(i, '.', ',', ':', '/', '-') && r.token(i+1).glued && r.token(i+1).kind == digits {
		return false
	}
	if t.kind != letters {
		return true
	}
	const known = 1<<weekday | 1<<fullWeekday | 1<<vague | 1<<till | 1<<part | 1<<lead
	if t.plural && !r.is(uncounted, i) && (t.word == 0 || pt.starts[t.word]&known == 0) {
		return false
	}
	return !r.is(counted, i) && !r.is(mark, i) && !r.is(minuteMark, i)
}

// severed reports whether the word or number before a token ends there.
func (r *reader) severed(i int) bool {
	t := r.token(i)
	return !t.glued || t.kind == sign
}

// last is the latest finding.
func (r *reader) last() (*finding, bool) {
	if len(r.found) == 0 {
		return nil, false
	}
	return &r.found[len(r.found)-1], true
}

// beside reports whether nothing but a few signs and small words stand between
// two tokens.
func (r *reader) beside(end, i int) bool {
	if end > i || i-end > 3 {
		return false
	}
	for ; end < i; end++ {
		if !r.sign(end, ',', '.', '-', '–', '—', '(', ':') && !r.is(filler, end) {
			return false
		}
	}
	return true
}

// afterDay reports whether a day stands right before a token.
func (r *reader) afterDay(i int) bool {
	f, ok := r.last()
	return ok && (f.Kind == Date || f.Kind == Weekday || f.Kind == WeekdayRange || f.Kind == DayPart) && r.beside(f.next, i)
}
