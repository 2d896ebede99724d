package simulator

import (
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
)

// clock is the one time of the street: the machine's, plus what people have
// skipped. It only ever moves forward.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	timers map[*clockTimer]struct{}
	follow []func(now time.Time)
	skips  []skip // the newest, oldest first
}

// skip is one jump of the clock.
type skip struct {
	at time.Time // on the clock, before it
	by time.Duration
}

// maxSkips bounds the jumps that are remembered.
const maxSkips = 10_000

// clockTimer waits for a moment of the clock.
type clockTimer struct {
	c     chan time.Time
	at    time.Time
	timer *time.Timer
}

func newClock() *clock { return &clock{timers: map[*clockTimer]struct{}{}} }

// Now is the street's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time { return time.Now().Add(c.offset) }

// NewTimer fires once when d has passed on this clock; stop reports whether it
// was still waiting.
func (c *clock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &clockTimer{c: make(chan time.Time, 1), at: c.now().Add(d)}
	c.timers[t] = struct{}{}
	t.timer = time.AfterFunc(d, func() { c.fire(t) })
	return t.c, func() bool { return c.stop(t) }
}

// After is [time.After] on this clock.
func (c *clock) After(d time.Duration) <-chan time.Time {
	fired, _ := c.NewTimer(d)
	return fired
}

// skipped are the newest jumps, oldest first.
func (c *clock) skipped() []skip {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.skips)
}

// Follow calls f with the new time whenever somebody skips some, before any
// timer that it passes fires.
func (c *clock) Follow(f func(now time.Time)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.follow = append(c.follow, f)
}

// Advance skips d, which is not negative, and returns the new time.
func (c *clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.skips) == maxSkips {
		c.skips = slices.Delete(c.skips, 0, 1)
	}
	c.skips = append(c.skips, skip{at: c.now(), by: d})
	c.offset += d
	now := c.now()
	for _, f := range c.follow {
		f(now)
	}
	for t := range c.timers {
		if left := t.at.Sub(now); left > 0 {
			t.timer.Reset(left)
		} else {
			c.ring(t, now)
		}
	}
	return now
}

// fire is called when a timer's real time is over. After a Reset it may be
// called once too often or too early.
func (c *clock) fire(t *clockTimer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, waiting := c.timers[t]; waiting {
		c.ring(t, c.now())
	}
}

// ring is called under the lock, once a timer.
func (c *clock) ring(t *clockTimer, now time.Time) {
	t.timer.Stop()
	delete(c.timers, t)
	t.c <- now
}

func (c *clock) stop(t *clockTimer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, waiting := c.timers[t]
	t.timer.Stop()
	delete(c.timers, t)
	return waiting
}

// openings returns when the business of a pack opens next after a moment; ok is
// false when it does not within a month, or never closes. The pack is that of a
// folder, or the embedded one if that is empty. It is read when it is first asked
// for, because reading takes longer than all that has to be there before the page.
func openings(folder string) func(after time.Time) (at time.Time, ok bool) {
	read := sync.OnceValues(func() (otto.Pack, error) {
		if folder == "" {
			return pack.Default()
		}
		return pack.Dir(folder)
	})
	return func(after time.Time) (time.Time, bool) {
		business, err := read()
		if err != nil {
			return time.Time{}, false // The worker refuses to start with it, and says why.
		}
		return business.Hours.NextOpening(after.In(business.Location))
	}
}
