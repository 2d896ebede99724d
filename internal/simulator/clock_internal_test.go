package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// fired reports whether a timer has gone off.
func fired(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestTimersFollowTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		start := c.Now()
		soon, _ := c.NewTimer(time.Minute)
		later, _ := c.NewTimer(time.Hour)
		now, _ := c.NewTimer(0)
		past := c.After(-time.Second)
		synctest.Wait()
		if !fired(now) || !fired(past) || fired(soon) {
			t.Fatal("a timer of no time waits, or one of a minute does not")
		}

		if got := c.Advance(30 * time.Minute).Sub(start); got != 30*time.Minute {
			t.Errorf("half an hour took %s", got)
		}
		if !fired(soon) || fired(later) {
			t.Fatal("skipping half an hour fired the wrong timers")
		}
		// What is left of the hour passes by itself.
		<-time.After(30*time.Minute - time.Second)
		synctest.Wait()
		if fired(later) {
			t.Error("the timer is a second early")
		}
		<-time.After(time.Second)
		synctest.Wait()
		if !fired(later) {
			t.Error("the timer is late")
		}
		if got := c.Now().Sub(start); got != time.Hour {
			t.Errorf("the hour took %s", got)
		}
	})
}

func TestATimerFiresOnceOrIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		stopped, stop := c.NewTimer(time.Minute)
		rung, stopRung := c.NewTimer(time.Minute)
		if !stop() || stop() {
			t.Error("stop does not say once that the timer waited")
		}
		c.Advance(time.Hour)
		<-time.After(time.Hour)
		synctest.Wait()
		if fired(stopped) {
			t.Error("a stopped timer fired")
		}
		if !fired(rung) || fired(rung) {
			t.Error("a timer did not fire exactly once")
		}
		if stopRung() {
			t.Error("stop says that a timer waited which fired")
		}
	})
}

func TestFollowersHearBeforeTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		timer, _ := c.NewTimer(time.Minute)
		var heard []time.Duration
		start := c.Now()
		c.Follow(func(now time.Time) {
			heard = append(heard, now.Sub(start))
			if fired(timer) {
				t.Error("the timer fired first")
			}
		})
		c.Advance(time.Hour)
		if len(heard) != 1 || heard[0] != time.Hour || !fired(timer) {
			t.Errorf("the follower heard %v", heard)
		}
	})
}
