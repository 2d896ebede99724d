package otto

import (
	"slices"
	"time"
)

// furthest is how many days ahead open hours are looked for; a business that is
// closed for longer has none.
const furthest = 30

// NextOpen is the first moment from t on at which somebody is there: t itself
// when somebody is. There is none when the business is closed for a month. The
// time must be in the business's zone.
func (h Hours) NextOpen(t time.Time) (at time.Time, ok bool) {
	for _, span := range h.ahead(t) {
		if span.to.After(t) {
			return laterOf(span.from, t), true
		}
	}
	return time.Time{}, false
}

// NextOpening is the first moment after t at which the business opens, whether or
// not somebody is there at t. There is none when it does not open within a month,
// nor when it never closes. The time must be in the business's zone.
func (h Hours) NextOpening(t time.Time) (at time.Time, ok bool) {
	for _, span := range h.ahead(t) {
		if span.from.After(t) && !h.Open(span.from.Add(-time.Minute)) {
			return span.from, true
		}
	}
	return time.Time{}, false
}

// Deadline is when somebody has been there for d, counted from a moment in the
// business's zone. A business without hours that far ahead counts every hour.
func (h Hours) Deadline(from time.Time, d time.Duration) time.Time {
	left := d
	for _, span := range h.ahead(from) {
		begin := laterOf(span.from, from)
		open := span.to.Sub(begin)
		if open <= 0 {
			continue
		}
		if open >= left {
			return begin.Add(left)
		}
		left -= open
	}
	return from.Add(d)
}

// openSpan is one span on one day.
type openSpan struct{ from, to time.Time }

// ahead are the spans of the coming days, in order, each moment once.
func (h Hours) ahead(t time.Time) []openSpan {
	var spans []openSpan
	for day := range furthest + 1 {
		date := time.Date(t.Year(), t.Month(), t.Day()+day, 12, 0, 0, 0, t.Location())
		if h.Holidays[date.Format(time.DateOnly)] {
			continue
		}
		week := slices.SortedFunc(slices.Values(h.Week[date.Weekday()]), func(a, b Span) int { return a.From - b.From })
		until := 0
		for _, span := range week {
			if span.From = max(span.From, until); span.To <= span.From {
				continue
			}
			until = span.To
			spans = append(spans, openSpan{wallClock(date, span.From), wallClock(date, span.To)})
		}
	}
	return spans
}

// wallClock is a minute of a day on the wall clock.
func wallClock(date time.Time, minute int) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, minute, 0, 0, date.Location())
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
