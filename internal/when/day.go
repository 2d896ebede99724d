package when

import "time"

// mostDays is how many days one list of them may hold.
const mostDays = 6

// A dated is one day of a list: where it stands and what is known of it.
type dated struct {
	day, month, year int // 0 for what is not said
	first, next      int
}

// date reads days named by number: 5 de dezembro, 05/12/2026, dia 5, and lists
// of them that share a month.
func (r *reader) date(i int) (int, bool) {
	at, announced := i, false
	if _, next, ok := r.match(dayWord, i); ok {
		if r.token(i-1).kind == digits {
			return i, false
		}
		at, announced = next, true
	}
	list := r.dates(at, announced)
	if len(list) == 0 {
		return i, false
	}
	end := list[len(list)-1].next
	if m, year, next, ok := r.monthOf(list[len(list)-1], announced); ok {
		end = next
		list[len(list)-1].next = next
		for k := range list {
			if list[k].month == 0 {
				list[k].month, list[k].year = m, year
			}
		}
	} else if m := list[len(list)-1]; m.month != 0 {
		for k := range list {
			if list[k].month == 0 {
				list[k].month, list[k].year = m.month, m.year
			}
		}
	} else if !announced {
		// Numbers before a full date or after one are days only with its help.
		if list[0].month == 0 {
			return i, false
		}
		list = list[:1]
		end = list[0].next
	}
	months, ahead := 0, false
	if last := &list[len(list)-1]; last.month == 0 {
		if values, next, ok := r.match(monthAhead, end); ok {
			months, ahead, end, last.next = values[0], true, next, next
		}
	}
	list[0].first = i
	for _, d := range list {
		r.add(d.first, d.next, Mention{Kind: Date, Day: r.resolve(d, months, ahead)})
		r.agree()
	}
	return end, true
}

// dates reads the days of a list, as many as belong together. They last until
// the next call.
func (r *reader) dates(at int, announced bool) []dated {
	list := r.days[:0]
	comma := 0 // how many days stand before the first comma
	for len(list) < mostDays {
		d, ok := r.dayAt(at, announced)
		if !ok {
			break
		}
		list = append(list, d)
		next := d.next
		switch {
		case r.sign(next, ','):
			if comma == 0 {
				comma = len(list)
			}
			next++
		case r.sign(next, '-', '–', '—'):
			next++
		default:
			joint := false
			for _, c := range [...]class{and, or, to} {
				if _, after, found := r.match(c, next); found {
					next, joint = max(next, after), true
				}
			}
			if !joint {
				return r.trim(list, comma, announced)
			}
		}
		next = r.maybe(of, next)
		at = r.maybe(dayWord, next)
	}
	return r.trim(list, comma, announced)
}

// trim keeps of a list what stands before its first comma, unless a month at its
// end holds it together: after "dia 5, 10" nobody knows what the 10 counts.
func (r *reader) trim(list []dated, comma int, announced bool) []dated {
	if comma == 0 || len(list) == 0 {
		return list
	}
	last := list[len(list)-1]
	if _, _, _, ok := r.monthOf(last, announced); ok || last.month != 0 {
		return list
	}
	return list[:comma]
}

// dayAt reads one day: a number or a word for it, alone or with month and year
// in digits.
func (r *reader) dayAt(i int, vouched bool) (dated, bool) {
	if d, ok := r.figures(i, vouched); ok {
		return d, true
	}
	t := r.token(i)
	d := dated{first: i}
	if values, next, ok := r.match(number, i); ok {
		d.day, d.next = values[0], next
	} else if t.kind == digits && t.size <= 2 && r.joined(i) {
		d.day, d.next = t.value, i+1
		switch {
		case r.sign(i+1, masculineSign):
			d.next++
		case r.token(i+1).glued && r.is(masculine, i+1):
			d.next++
		case r.token(i+1).glued && r.is(shortMonth, i+1), r.token(i+1).glued && r.is(month, i+1):
			return d, d.day >= 1 && d.day <= 31
		}
	} else {
		return d, false
	}
	// A slash or hyphen may still lead to the name of a month.
	if r.token(d.next).glued && r.sign(d.next, '/', '-', '.') && (r.is(month, d.next+1) || r.is(shortMonth, d.next+1)) {
		return d, d.day >= 1 && d.day <= 31
	}
	return d, d.day >= 1 && d.day <= 31 && (r.ended(d.next) || r.token(d.next).glued && r.sign(d.next, '-') && r.token(d.next+1).size <= 2)
}

// figures reads a day in digits: 5/12, 05/12/2026, 05-12-2026, 2026-12-05.
// Without a vouching word, an hour or a year, a fraction (3/4), a mark (5/5) and
// "always" (24/7) are none.
func (r *reader) figures(i int, vouched bool) (dated, bool) {
	d := dated{first: i}
	if r.token(i).kind != digits || !r.whole(i) {
		return d, false
	}
	var parts [3]token
	n := 0
	var joint rune
	for at := i; n < len(parts); {
		t := r.token(at)
		if t.kind != digits || t.value < 0 || n > 0 && !t.glued {
			return d, false
		}
		parts[n], n = t, n+1
		d.next = at + 1
		s := r.token(d.next)
		if !s.glued || !r.sign(d.next, '/', '-', '.') || n > 1 && rune(s.value) != joint || !r.token(d.next+1).glued || r.token(d.next+1).kind != digits {
			break
		}
		joint, at = rune(s.value), d.next+1
	}
	if n < 2 || !r.severed(d.next) || r.sign(d.next, '%') ||
		r.token(d.next).glued && r.sign(d.next, '/', '-') && r.token(d.next+1).glued && r.token(d.next+1).kind == digits {
		return d, false
	}
	if n == 3 && parts[0].size == 4 {
		parts[0], parts[2] = parts[2], parts[0]
	}
	d.day, d.month = parts[0].value, parts[1].value
	if parts[0].size > 2 || parts[1].size > 2 || d.day < 1 || d.day > 31 || d.month < 1 || d.month > 12 {
		return d, false
	}
	if n == 3 {
		d.year = yearOf(parts[2])
		return d, d.year != 0 && (joint == '/' || parts[2].size == 4)
	}
	if joint != '/' {
		return d, false
	}
	if !vouched && !r.afterDay(i) && !r.is(lead, d.next) && parts[1].size == 1 {
		eighths := d.month <= 5 || d.month == 8
		if parts[0].size == 1 && (d.day == d.month || d.day < d.month && eighths) || d.day == 24 && d.month == 7 {
			return d, false
		}
	}
	return d, true
}

// yearOf is the year that a number says, 0 for none.
func yearOf(t token) int {
	switch {
	case t.kind != digits:
		return 0
	case t.size == 2:
		return 2000 + t.value
	case t.size == 4 && t.value >= 1900 && t.value < 2200:
		return t.value
	}
	return 0
}

// monthOf reads the month, and perhaps the year, that follow a day.
func (r *reader) monthOf(d dated, announced bool) (m, year, next int, ok bool) {
	if d.month != 0 {
		return 0, 0, d.next, false
	}
	at := d.next
	glued := r.token(at).glued && r.sign(at, '/', '-', '.')
	if glued {
		at++
	}
	_, after, joined := r.match(of, at)
	if joined {
		at = after
	}
	values, next, ok := r.match(month, at)
	if !ok && (joined || r.token(d.next-1).kind != letters) {
		values, next, ok = r.match(shortMonth, at)
		ok = ok && (r.ended(next) || r.token(next).glued && r.sign(next, '/', '-', '.'))
	}
	if !ok && announced && joined && r.token(at).kind == digits && r.token(at).size <= 2 && r.ended(at+1) {
		values[0], next = r.token(at).value, at+1
		ok = values[0] >= 1 && values[0] <= 12 && !r.is(of, at+1)
	}
	if !ok {
		return 0, 0, d.next, false
	}
	at = next
	if r.token(at).glued && r.sign(at, '/', '-', '.') {
		at++
	} else {
		at = r.maybe(of, at)
	}
	if t := r.token(at); (t.size == 4 || at > next && r.sign(next, '/')) && r.severed(at+1) {
		if year = yearOf(t); year != 0 {
			next = at + 1
		}
	}
	return values[0], year, next, true
}

// resolve is midnight of a day as far as it is said, zero when there is none.
func (r *reader) resolve(d dated, months int, ahead bool) time.Time {
	year, month, _ := r.today.Date()
	switch {
	case d.year != 0:
		return r.calendar(d.year, time.Month(d.month), d.day)
	case d.month != 0:
		for y := year; y <= year+1; y++ {
			if day := r.calendar(y, time.Month(d.month), d.day); !day.Before(r.today) {
				return day
			}
		}
		return time.Time{}
	case ahead:
		first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, r.today.Location())
		return r.calendar(first.Year(), first.Month(), d.day)
	}
	// No two months in a row lack a day.
	for next := range 3 {
		first := time.Date(year, month+time.Month(next), 1, 0, 0, 0, 0, r.today.Location())
		if day := r.calendar(first.Year(), first.Month(), d.day); !day.Before(r.today) {
			return day
		}
	}
	return time.Time{}
}

// calendar is midnight of a day, zero when its month has no such day.
func (r *reader) calendar(year int, month time.Month, day int) time.Time {
	at := time.Date(year, month, day, 0, 0, 0, 0, r.today.Location())
	if at.Day() != day {
		return time.Time{}
	}
	return at
}

// agree gives a day of the week beside the newest date that date's day, when
// it can be meant: "terça, 8/12" is no other Tuesday.
func (r *reader) agree() {
	if len(r.found) < 2 {
		return
	}
	d, w := r.found[len(r.found)-1], &r.found[len(r.found)-2]
	if w.Kind == Weekday && !d.Day.IsZero() && w.Day.Weekday() == d.Day.Weekday() && r.beside(w.next, d.first) {
		w.Day = d.Day
	}
}

// relative reads a day counted from today: hoje, depois de amanhã.
func (r *reader) relative(i int) (int, bool) {
	values, next, ok := r.match(relative, i)
	if !ok {
		return i, false
	}
	r.add(i, next, Mention{Kind: Date, Day: r.today.AddDate(0, 0, values[0])})
	r.agree()
	return next, true
}

// A named is a day of the week and how it is written.
type named struct {
	day   time.Weekday
	next  int
	full  bool // with feira, so that it is no ordinal
	short bool // an abbreviation, which is nothing alone
}

// name reads the name of a day of the week: terça, terça-feira, 3ª feira, ter.
func (r *reader) name(i int) (named, bool) {
	if values, next, ok := r.match(fullWeekday, i); ok {
		return named{day: time.Weekday(values[0]), next: next, full: true}, true
	}
	if values, next, ok := r.match(weekday, i); ok {
		return named{day: time.Weekday(values[0]), next: next}, true
	}
	if values, next, ok := r.match(shortWeekday, i); ok {
		return named{day: time.Weekday(values[0]), next: next, short: true}, true
	}
	t, ending := r.token(i), r.token(i+1)
	if t.kind == digits && t.size == 1 && t.value >= 2 && t.value <= 6 && r.joined(i) && ending.glued && (r.sign(i+1, feminineSign) || r.is(feminine, i+1)) {
		n := named{day: time.Weekday(t.value - 1), next: i + 2, short: true}
		at := n.next
		if r.sign(at, '-') {
			at++
		}
		if _, next, ok := r.match(fair, at); ok {
			n.next, n.full, n.short = next, true, false
		}
		return n, true
	}
	return named{}, false
}

// weekdays reads a day of the week or a range of them.
func (r *reader) weekdays(i int) (int, bool) {
	at, which, told := i, 0, false
	if _, next, ok := r.match(weekAhead, i); ok {
		if r.sign(next, ',') {
			next++
		}
		at, which, told = r.maybe(filler, next), 7, true
	} else if values, next, ok := r.match(before, i); ok {
		at, which, told = next, values[0], true
	} else {
		for _, c := range [...]class{from, between} {
			at = r.maybe(c, at)
		}
	}
	n, ok := r.name(at)
	if !ok {
		return i, false
	}
	if at > i && !told {
		// The preposition belongs to a range alone.
		return r.weekdayRange(i, n)
	}
	if next, ok := r.weekdayRange(i, n); ok {
		return next, true
	}
	if n.short && !r.vouched(at, n) || n.ordinal(r) {
		return n.next, !n.short
	}
	end := n.next
	if values, next, ok := r.match(after, end); ok {
		if values[0] != 0 {
			which = values[0]
		}
		end = next
	}
	if n.short {
		r.shorts = end
	}
	r.add(i, end, Mention{Kind: Weekday, Day: r.next(n.day, which)})
	if d := len(r.found) - 2; d >= 0 {
		day, w := r.found[d], &r.found[d+1]
		if day.Kind == Date && !day.Day.IsZero() && day.Day.Weekday() == n.day && r.beside(day.next, i) {
			w.Day = day.Day
		}
	}
	return end, true
}

// next is a day of the week: after today, in the week that begins next Monday
// (7), or before today (-1).
func (r *reader) next(day time.Weekday, which int) time.Time {
	today := r.today.Weekday()
	ahead := (int(day-today)+6)%7 + 1
	switch which {
	case 7:
		ahead = (int(time.Monday-today)+6)%7 + 1 + (int(day)+6)%7
	case -1:
		ahead = -((int(today-day)+6)%7 + 1)
	}
	return r.today.AddDate(0, 0, ahead)
}

// weekdayRange reads what makes a range of a first day of the week.
func (r *reader) weekdayRange(i int, n named) (int, bool) {
	at := n.next
	if n.short && r.sign(at, '.') {
		at++
	}
	switch {
	case r.sign(at, '-', '–', '—'):
		at++
	default:
		joint := at
		classes := [...]class{to, till}
		if r.is(between, i) {
			classes = [...]class{and, and}
		}
		for _, c := range classes {
			if _, next, ok := r.match(c, at); ok && joint == at {
				joint = next
			}
		}
		if joint == at {
			return i, false
		}
		at = joint
	}
	last, ok := r.name(at)
	if !ok || last.day == n.day {
		return i, false
	}
	return r.add(i, last.next, Mention{Kind: WeekdayRange, First: n.day, Last: last.day}), true
}

// ordinal reports whether the name counts what follows it.
func (n named) ordinal(r *reader) bool {
	return !n.full && n.day >= time.Monday && n.day <= time.Friday && r.is(ordered, n.next)
}

// vouched reports whether something beside an abbreviation makes a day of the
// week of it: another one, a date, an hour, a part of the day.
func (r *reader) vouched(i int, n named) bool {
	if r.token(i-1).kind == digits && !r.token(i).glued && r.shorts < 0 {
		return false
	}
	if r.shorts >= 0 && r.beside(r.shorts, i) {
		return true
	}
	at := n.next
	if r.sign(at, '.') {
		at++
	}
	if r.sign(at, ',', '(') {
		at++
	}
	if _, ok := r.figures(at, true); ok {
		return true
	}
	for _, c := range [...]class{or, and} {
		if _, next, ok := r.match(c, at); ok {
			at = next
		}
	}
	if other, ok := r.name(at); ok && other.short && other.day != n.day {
		return true
	}
	if r.is(verb, i) {
		return false
	}
	if r.is(part, at) || r.is(barePart, at) {
		return true
	}
	_, at, led := r.match(lead, at)
	h, ok := r.hour(at)
	return ok && (h.marked || led && r.ended(h.next))
}
