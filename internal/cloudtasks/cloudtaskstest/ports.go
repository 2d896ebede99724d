package cloudtaskstest

import "time"

// Clock is the time the server lives in. Both methods are called from several
// goroutines. Now may jump forward, for instance when somebody plays with a time
// machine; whoever makes it jump must fire the timers it passes.
type Clock interface {
	Now() time.Time

	// NewTimer returns a channel that receives one value once d has passed on
	// this clock, and a function that gives the timer up and reports whether it
	// was still waiting. A d of zero or less fires at once.
	NewTimer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// realClock is the machine's.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}
