package whatsapptest

import (
	"slices"
	"time"
)

// Allowance is what a platform lets one business number send to one person: over
// any stretch of time, Burst messages and one more for every Every of it. The zero
// value allows everything. It is written apart from the pace of package whatsapp,
// so that a mistake in one of them does not hide in the other.
type Allowance struct {
	Burst int
	Every time.Duration

	times []time.Time // of what was taken, as far as it still counts
}

// Meta is the allowance that Meta documents.
func Meta() Allowance { return Allowance{Burst: 45, Every: 6 * time.Second} }

// Take takes one message at a time that is no earlier than those before, and
// reports whether it was allowed. What is not allowed is not taken.
func (a *Allowance) Take(at time.Time) bool {
	if a.Burst <= 0 {
		return true
	}
	// A stretch that begins with a message is the tightest around it.
	for i, first := range a.times {
		if len(a.times)-i+1 > a.Burst+int(at.Sub(first)/a.Every) {
			return false
		}
	}
	a.times = append(a.times, at)
	// A message after which nothing is owed any more begins everything anew.
	owed := time.Duration(0)
	last := a.times[0]
	for i, t := range a.times {
		if owed -= t.Sub(last); owed <= 0 {
			owed = 0
			if i > 0 {
				a.times = slices.Clone(a.times[i:])
				break
			}
		}
		owed, last = owed+a.Every, t
	}
	return true
}
