package when

import "time"

// Read is the moment that a text asks for; ok is false when it names none at
// all.
func Read(text string, now time.Time) (m Moment, ok bool) {
	return Moment{}, false
}

// At is day and hour together; ok only when both are exact.
func (m Moment) At() (t time.Time, ok bool) {
	if m.Day.IsZero() || m.From < 0 || m.From != m.To || m.Several || m.Vague {
		return time.Time{}, false
	}
	year, month, day := m.Day.Date()
	return time.Date(year, month, day, 0, m.From, 0, 0, m.Day.Location()), true
}
