package whatsapp

import "time"

// What Meta allows from one business number to one person: a message every six
// seconds, of which up to 45 may be borrowed from the future at once
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform).
const (
	PairInterval = 6 * time.Second
	PairBurst    = 45
)

// NumberRate is how many messages a second Meta allows a business number that it
// has not raised, in and out together
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput).
const NumberRate = 80

// mostBackoff keeps Backoff within what anybody waits for.
const mostBackoff = 5 * time.Minute

// Pace is how much of the allowance for one person is spoken for, in the manner
// of the generic cell rate algorithm. The zero Pace is an allowance untouched.
type Pace struct {
	// At is when all of it is back.
	At time.Time
}

// Next is when the next message may be sent, now at the earliest, and the pace
// once it is. Of the burst, spare messages are kept in hand: for copies that
// nobody counted, and because Meta counts when a message reaches it, which may be
// later than when it was sent. A spare of zero borrows all that Meta allows.
func (p Pace) Next(now time.Time, spare int) (at time.Time, next Pace) {
	from := p.At
	if from.Before(now) {
		from = now
	}
	borrowed := time.Duration(max(PairBurst-1-spare, 0)) * PairInterval
	at = from.Add(-borrowed)
	if at.Before(now) {
		at = now
	}
	return at, Pace{At: from.Add(PairInterval)}
}

// Spent is the pace of an allowance of which Meta said at that moment that
// nothing is left.
func (p Pace) Spent(at time.Time) Pace {
	if full := at.Add(PairBurst * PairInterval); full.After(p.At) {
		return Pace{At: full}
	}
	return p
}

// Backoff is how long to wait after attempt number attempt, counted from 1, was
// refused over the limit of one person: Meta's own rule of 4^X seconds, X growing
// from 0, but five minutes at most.
func Backoff(attempt int) time.Duration {
	wait := time.Second
	for ; attempt > 1 && wait < mostBackoff; attempt-- {
		wait *= 4
	}
	return min(wait, mostBackoff)
}
