package when

import "time"

// Read is the moment that a text asks for; ok is false when it names none at
// all. What a text takes back ("não posso terça, só quarta") does not count.
//
// A day of the week beside its date is one day, and an hour within a part of
// the day that is named too is that hour; what contradicts is Several. When
// only the days are several, the hour still stands, and the other way round.
func Read(text string, now time.Time) (m Moment, ok bool) {
	r := read(text, now)
	m = Moment{From: -1, To: -1}
	var days, hours choice
	var parts choice
	lost := false // a day that the calendar does not have
	for k, refused := range r.refused() {
		f := r.found[k]
		if refused {
			continue
		}
		if !ok {
			m.Start, ok = f.Start, true
		}
		m.End = f.End
		switch f.Kind {
		case Date, Weekday:
			if f.Day.IsZero() {
				lost = true
			}
			days.take(m.Day.Equal(f.Day))
			m.Day = f.Day
		case WeekdayRange:
			days.several = true
		case Clock:
			hours.take(hours.from == f.From && hours.to == f.From)
			hours.from, hours.to = f.From, f.From
		case ClockRange:
			hours.take(hours.from == f.From && hours.to == f.To)
			hours.from, hours.to = f.From, f.To
		case DayPart:
			parts.narrow(f.From, f.To)
		case Vague:
		}
	}
	if !ok {
		return Moment{}, false
	}
	if hours.any && parts.any {
		hours.fit(parts)
	} else if parts.any {
		hours = parts
	}
	if days.several {
		m.Day = time.Time{}
	}
	if hours.any && !hours.several {
		m.From, m.To = hours.from, hours.to
	}
	m.Several = days.several || hours.several
	m.Vague = !m.Several && m.From < 0 && (!days.any || lost)
	return m, true
}

// A choice is what a text says about one thing, the day or the hour: nothing,
// one, or several.
type choice struct {
	any, several bool
	from, to     int
}

// take notes one more, which may be the same as before.
func (c *choice) take(same bool) {
	c.several = c.several || c.any && !same
	c.any = true
}

// narrow notes one more part of the day: of two, one within the other is what
// is meant.
func (c *choice) narrow(from, to int) {
	switch {
	case !c.any || from >= c.from && to <= c.to:
		c.from, c.to = from, to
	case from <= c.from && to >= c.to:
	default:
		c.several = true
	}
	c.any = true
}

// fit moves hours of twelve into the part of the day that is named elsewhere
// in the text. Hours that have no place there contradict it.
func (c *choice) fit(part choice) {
	if part.several {
		c.several = true
	}
	from := inPart(c.from, part.from)
	to := c.to + from - c.from
	// An hour or so beyond its edges is still called by a part's name.
	const slack = 2 * 60
	if from < part.from-slack || from > part.to+slack {
		c.several = true
		return
	}
	c.from, c.to = from, to
}

// mostFillers is how many small words may stand between a refusal and the day.
const mostFillers = 5

// refused says of each finding whether the text takes it back.
func (r *reader) refused() []bool {
	refused := make([]bool, len(r.found))
	taking := false // whether what follows is taken back
	k := 0          // the next finding
	for i := 0; i < len(r.tokens); {
		if k < len(r.found) && r.found[k].first == i {
			refused[k] = taking
			i = r.found[k].next
			k++
			continue
		}
		if r.sign(i, ',', '.', ';', '!', '?') {
			taking = false
			i++
			continue
		}
		if _, next, ok := r.match(nothing, i); ok {
			i = next
			continue
		}
		if values, next, ok := r.match(not, i); ok {
			at := next
			for range mostFillers {
				if k < len(r.found) && r.found[k].first == at {
					break
				}
				at = r.maybe(filler, at)
			}
			switch {
			case values[0] < 3 && k < len(r.found) && r.found[k].first == at:
				taking, next = true, at
			case values[0] >= 2, values[0] == 1 && (next == len(r.tokens) || r.token(next).kind == sign || r.is(but, next)):
				r.takeBack(refused, k, i)
			}
			i = next
			continue
		}
		taking = taking && r.is(filler, i)
		i++
	}
	return refused
}

// takeBack refuses the findings that stand right before a token, up to the one
// before finding k, as far as nothing but small words parts them.
func (r *reader) takeBack(refused []bool, k, i int) {
	for k--; k >= 0; k-- {
		for at := r.found[k].next; at < i; at++ {
			if !r.is(filler, at) {
				return
			}
		}
		refused[k] = true
		i = r.found[k].first
	}
}

// At is day and hour together; ok only when both are exact.
func (m Moment) At() (t time.Time, ok bool) {
	if m.Day.IsZero() || m.From < 0 || m.From != m.To || m.Several || m.Vague {
		return time.Time{}, false
	}
	year, month, day := m.Day.Date()
	return time.Date(year, month, day, 0, m.From, 0, 0, m.Day.Location()), true
}
