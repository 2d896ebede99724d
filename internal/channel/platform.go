package channel

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// inHand is how many messages of what Meta allows for one person are not used: a
// message is counted here when it is decided and by Meta when it arrives, which
// may be as much later as a permit and a send take together, half a minute.
const inHand = 5

// Platform is what Meta allows, and what its refusals ask for.
type Platform struct{}

// Pace is from when n messages may be sent to a person, now at the earliest, and
// when all of the person's allowance is back after them; full is when it would be
// without them. The zero time is an allowance untouched.
func (Platform) Pace(full, now time.Time, n int) (due, next time.Time) {
	pace := whatsapp.Pace{At: full}
	due = now
	for range n {
		due, pace = pace.Next(now, inHand)
	}
	return due, pace.At
}

// Spent is when the allowance is back of which Meta said at that moment that
// nothing is left.
func (Platform) Spent(full, at time.Time) time.Time {
	return whatsapp.Pace{At: full}.Spent(at).At
}

// Setback is what an error code of Meta's means and asks for, whether it came with
// Graph's answer or with a status.
func (Platform) Setback(code int) conversation.Setback {
	if code == 0 {
		// Meta did not say why, or refused nothing: the message broke a limit.
		return conversation.Setback{Remedy: conversation.Permanent}
	}
	return setback(&whatsapp.Error{Code: code})
}

// setback is what an error of Meta's means and asks for.
func setback(e *whatsapp.Error) conversation.Setback {
	return conversation.Setback{
		Code: e.Code, Class: string(e.Class()), Meaning: e.Meaning(), Remedy: conversation.Remedy(e.Remedy()),
		Pair: e.Class() == whatsapp.ClassRatePair, StopsMarketing: e.StopsMarketing(),
		OptedOut: e.Code == whatsapp.CodeStopped, Known: e.Known(),
	}
}
