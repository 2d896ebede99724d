package when

// An hour is an hour of the day as it is written.
type hour struct {
	minutes int // since midnight
	next    int
	figure  int  // what was written before a part of the day moved it
	words   bool // its number is a word
	marked  bool // an h, a colon, a half or a part of the day: more than a number
	unit    bool // nothing but an h or a word for hours, which may say how long
	spelt   bool // the unit is a whole word
	parted  bool // a part of the day
}

// small is the hour up to which a bare "2h" may as well be how long something
// takes.
const small = 6 * 60

// hour reads an hour without what leads to it.
func (r *reader) hour(i int) (hour, bool) {
	h := hour{}
	t := r.token(i)
	switch {
	case r.is(noon, i):
		values, next, _ := r.match(noon, i)
		h.minutes, h.next, h.marked = values[0], next, true
		h = r.minutes(h)
		h.figure = h.minutes / 60
		return h, true
	case t.kind == digits && t.size <= 2 && t.value >= 0 && r.joined(i):
		h.minutes, h.next = t.value*60, i+1
	default:
		values, next, ok := r.match(number, i)
		if !ok {
			return h, false
		}
		h.minutes, h.next, h.words = values[0]*60, next, true
	}
	h.figure = h.minutes / 60
	if h.figure > 24 {
		return h, false
	}
	switch h, ok := r.figureMinutes(h); {
	case !ok:
		return h, false
	case h.marked && !h.unit:
		return r.parting(h)
	default:
		return r.parting(r.minutes(h))
	}
}

// figureMinutes reads what follows the number of an hour in digits and signs:
// 30 after a colon, h, or both.
func (r *reader) figureMinutes(h hour) (hour, bool) {
	at := h.next
	if !h.words && r.token(at).glued && r.sign(at, ':') {
		if m := r.token(at + 1); m.glued && m.kind == digits {
			if m.size != 2 || m.value > 59 {
				return h, false
			}
			h.minutes += m.value
			h.next, h.marked = at+2, true
			// Seconds are read over.
			if s := r.token(h.next + 1); r.token(h.next).glued && r.sign(h.next, ':') && s.glued && s.kind == digits {
				if s.size != 2 || s.value > 59 {
					return h, false
				}
				h.next += 2
			}
			h.next = r.maybe(mark, h.next)
			return h, r.severed(h.next) && h.minutes <= 24*60
		}
	}
	values, next, ok := r.match(mark, at)
	if !ok {
		return h, true
	}
	h.next, h.marked, h.unit, h.spelt = next, true, true, values[0] == 1
	if m := r.token(next); m.kind == digits && m.size == 2 {
		after := next + 1
		if _, end, minutes := r.match(minuteMark, after); minutes {
			after = end
		}
		// "14h 30" is an hour, "14h 30 pessoas" is one and a count.
		if m.glued || !r.token(at).glued && r.ended(after) || r.token(at).glued && r.ended(after) && !r.strange(after) {
			if m.value > 59 || h.minutes+m.value > 24*60 {
				return h, false
			}
			h.minutes += m.value
			h.next, h.unit = after, false
		}
	} else if m.glued && m.kind == digits {
		return h, false
	}
	return h, r.severed(h.next)
}

// strange reports whether a word stands at a token that no spelling begins
// with.
func (r *reader) strange(i int) bool {
	t := r.token(i)
	return t.kind == letters && (t.word == 0 || pt.starts[t.word] == 0)
}

// minutes reads minutes joined to an hour by a word: e meia, e quinze.
func (r *reader) minutes(h hour) hour {
	_, at, ok := r.match(and, h.next)
	if !ok {
		return h
	}
	if _, next, ok := r.match(half, at); ok {
		if r.is(noon, at) {
			return h
		}
		h.minutes, h.marked, h.next = h.minutes+30, true, r.maybe(mark, next)
		return h
	}
	values, next, ok := r.match(number, at)
	if t := r.token(at); !ok && t.kind == digits && t.size == 2 && r.whole(at) {
		values[0], next, ok = t.value, at+1, true
	}
	const step = 5 // nobody says other minutes this way
	if !ok || values[0] >= 60 || values[0]%step != 0 || r.is(mark, next) || r.is(of, next) && !r.is(ofPart, next) {
		return h
	}
	if _, end, minutes := r.match(minuteMark, next); minutes {
		next = end
	} else if !r.ended(next) {
		return h
	}
	h.minutes, h.next, h.unit = h.minutes+values[0], next, false
	return h
}

// parting reads the part of the day after an hour, which tells 3 from 15.
func (r *reader) parting(h hour) (hour, bool) {
	values, next, ok := r.match(ofPart, h.next)
	if !ok {
		return h, h.minutes <= 24*60
	}
	if h.minutes >= 13*60 && (h.minutes < values[0] || h.minutes > 24*60) {
		return h, h.minutes <= 24*60
	}
	h.next, h.marked, h.parted, h.unit = next, true, true, false
	h.minutes = inPart(h.minutes, values[0])
	return h, true
}

// inPart moves an hour of twelve into a part of the day that begins at some
// minute.
func inPart(minutes, begin int) int {
	const halfDay = 12 * 60
	switch {
	case begin >= 18*60 && minutes >= halfDay && minutes < 13*60:
		return minutes - halfDay
	case begin >= halfDay && minutes >= 60 && minutes < halfDay:
		return minutes + halfDay
	case begin == 0 && minutes >= halfDay && minutes < 13*60:
		return minutes - halfDay
	}
	return minutes
}

// clock reads one hour of the day, or passes over a duration.
func (r *reader) clock(i int) (int, bool) {
	values, at, led := r.match(lead, i)
	if next, ok := r.short(i, at, led); ok {
		return next, true
	}
	h, ok := r.hour(at)
	if !ok || !r.severed(h.next) {
		return i, false
	}
	switch {
	case h.parted:
	case led && h.minutes <= small && r.lasts(h):
		return h.next, true
	case led:
		if !h.marked && (!r.ended(h.next) || h.words && values[0] == 0 && !r.afterDay(i)) {
			return i, false
		}
	case h.marked:
		if r.duration(i, h) {
			return h.next, true
		}
	default:
		return r.choice(i, h)
	}
	return r.add(i, h.next, Mention{Kind: Clock, From: h.minutes}), true
}

// short reads minutes short of an hour: dez para as três.
func (r *reader) short(i, at int, led bool) (int, bool) {
	values, next, ok := r.match(number, at)
	words := ok
	if t := r.token(at); !ok && t.kind == digits && t.size <= 2 && r.whole(at) {
		values[0], next, ok = t.value, at+1, true
	}
	const step = 5
	if !ok || values[0] > 25 || values[0]%step != 0 {
		return i, false
	}
	next = r.maybe(minuteMark, next)
	_, next, ok = r.match(past, next)
	if !ok {
		return i, false
	}
	h, ok := r.hour(next)
	plain := led || words || h.parted
	if !ok || !plain || h.minutes == 0 || h.minutes%60 != 0 || !h.marked && !r.ended(h.next) {
		return i, false
	}
	return r.add(i, h.next, Mention{Kind: Clock, From: h.minutes - values[0]}), true
}

// choice reads a bare number that an hour beside it explains: 14 ou 15h.
func (r *reader) choice(i int, h hour) (int, bool) {
	if h.words {
		return i, false
	}
	if f, ok := r.last(); ok && f.Kind == Clock && r.ended(h.next) {
		if _, next, joined := r.match(orAt, f.next); joined && next == i {
			return r.add(i, h.next, Mention{Kind: Clock, From: h.minutes}), true
		}
	}
	_, at, ok := r.match(orAt, h.next)
	if !ok {
		return i, false
	}
	other, ok := r.hour(at)
	if !ok || !other.marked {
		return i, false
	}
	if r.duration(i, other) {
		return other.next, true
	}
	return r.add(i, h.next, Mention{Kind: Clock, From: h.minutes}), true
}

// duration reports whether an hour that nothing leads to says how long and not
// when.
func (r *reader) duration(i int, h hour) bool {
	if h.parted {
		return false
	}
	if r.spanned == i || r.is(spanAfter, h.next) {
		return true
	}
	if r.is(ofSpan, i-1) {
		return h.figure < 8 || h.figure < 13 && h.minutes%60 == 0 || h.figure == 24
	}
	if r.lasts(h) || h.unit && h.figure == 24 {
		return true
	}
	if !h.unit {
		return h.spelt && h.figure*60 <= small && !r.afterDay(i)
	}
	if r.afterDay(i) {
		return false
	}
	return h.words && h.figure < 13 || h.spelt && h.minutes <= small
}

// lasts reports whether something that lasts follows an hour: 2h de reunião, but
// not 15h de amanhã.
func (r *reader) lasts(h hour) bool {
	_, at, ok := r.match(ofSpan, h.next)
	if !ok {
		return h.unit && r.sign(h.next, '/') && r.token(h.next).glued && r.token(h.next+1).kind == letters
	}
	if r.token(at).kind != letters {
		return false
	}
	for _, c := range [...]class{weekday, fullWeekday, relative, dayWord, before, number, place} {
		if r.is(c, at) {
			return false
		}
	}
	return true
}

// hours reads a span between two hours, or passes over one between two
// durations.
func (r *reader) hours(i int) (int, bool) {
	at, opened, strict := i, false, false
	pair := false // opened by a word that wants "and"
	for _, c := range [...]class{from, between} {
		if values, next, ok := r.match(c, i); ok {
			at, opened, strict, pair = next, true, values[0] == 1, c == between
		}
	}
	a, ok := r.hour(at)
	if !ok {
		if opened || !r.is(lead, i) {
			return i, false
		}
		// "às 9 às 17" opens with a lead as well.
		_, at, _ = r.match(lead, i)
		if a, ok = r.hour(at); !ok {
			return i, false
		}
	}
	joint, next := r.joint(a.next, pair)
	if joint == none {
		return i, false
	}
	b, ok := r.hour(next)
	if !ok || !r.severed(b.next) {
		return i, false
	}
	if !b.marked && !r.ended(b.next) {
		return i, false
	}
	sure := a.parted || b.parted || a.marked && !a.unit || b.marked && !b.unit
	long := !r.afterDay(i) && a.minutes <= small && b.minutes <= small && (a.spelt || b.spelt || !strict && joint != toHour)
	if !sure && b.unit && (!strict || joint != toHour) && (r.spanned == i || r.spanned == at || r.lasts(b) || r.is(spanAfter, b.next) || long && (joint == either || joint == dash || pair)) {
		return b.next, true
	}
	switch {
	case joint == toHour && (a.words || b.words):
		ok = strict || a.marked || b.marked
	case joint == toHour:
	case joint == either && !a.marked && !strict:
		// "de 2 a 3 horas" is how long.
		if b.unit {
			return b.next, true
		}
		ok = b.marked && b.parted
	case joint == either:
		ok = a.marked || b.marked || strict
	case joint == dash:
		ok = strict || b.marked && (a.marked || b.minutes > 8*60)
	case joint == ands:
		ok = strict || a.marked || b.marked || r.is(andAt, a.next) && next > a.next+1
	}
	if !ok {
		return i, false
	}
	from, until := span(a, b)
	// Nobody means a span of so many hours past midnight.
	const longNight = 14 * 60
	if until > 24*60 && until-from > longNight {
		return i, false
	}
	return r.add(i, b.next, Mention{Kind: ClockRange, From: from, To: until}), true
}

// The joints of two hours.
type joint uint8

const (
	none   joint = iota
	toHour       // leads to an hour and to nothing else
	either       // to, which joins counts as well
	dash
	ands
)

// joint reads what joins two hours, and is the token after it.
func (r *reader) joint(i int, pair bool) (joint, int) {
	if pair {
		if _, next, ok := r.match(andAt, i); ok {
			return ands, next
		}
		return none, i
	}
	if _, next, ok := r.match(till, i); ok {
		return toHour, next
	}
	if _, next, ok := r.match(to, i); ok {
		return either, next
	}
	if r.sign(i, '-', '–', '—') {
		return dash, i + 1
	}
	return none, i
}

// span is the time between two hours. An hour that is not past the first is
// moved on by half a day when both are of twelve hours (das 9 às 5), else by
// a day.
func span(a, b hour) (from, until int) {
	const halfDay = 12 * 60
	from, until = a.minutes, b.minutes
	if b.parted && !a.parted && a.figure < 12 && until >= halfDay && from+halfDay < until && from >= 60 {
		from += halfDay
	}
	switch {
	case until > from:
	case from < halfDay && until+halfDay > from && until < halfDay:
		until += halfDay
	default:
		until += 2 * halfDay
	}
	return from, until
}
