package whatsapp_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// allowance counts by hand what Meta allows: whoever has a message every six
// seconds, may borrow, and at no time owe more than the burst.
type allowance struct {
	owed float64 // messages
	at   time.Time
}

func (a *allowance) take(at time.Time) bool {
	a.owed = max(0, a.owed-at.Sub(a.at).Seconds()/6)
	a.at = at
	if a.owed > 45-1+1e-6 {
		return false
	}
	a.owed++
	return true
}

func TestPaceNeverExceedsTheAllowance(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for seed := range uint64(200) {
		chance := rand.New(rand.NewPCG(seed, 1))
		var pace whatsapp.Pace
		meta := allowance{at: start}
		now, waited := start, 0
		for range 300 {
			if chance.IntN(40) == 0 {
				now = now.Add(time.Duration(chance.IntN(600)) * time.Second)
			}
			var at time.Time
			at, pace = pace.Next(now, 0)
			if at.Before(now) {
				t.Fatalf("seed %d: due %v ago", seed, now.Sub(at))
			}
			if at.After(now) {
				waited++
			}
			if now = at; !meta.take(now) {
				t.Fatalf("seed %d: more than Meta allows", seed)
			}
		}
		if waited == 0 {
			t.Errorf("seed %d: nothing ever waited", seed)
		}
	}
}

func TestPaceBorrowsTheWholeBurst(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ spare, atOnce int }{{0, 45}, {5, 40}, {44, 1}, {100, 1}} {
		var pace whatsapp.Pace
		var at time.Time
		n := 0
		for at, pace = pace.Next(start, tt.spare); at.Equal(start); at, pace = pace.Next(start, tt.spare) {
			n++
		}
		if n != tt.atOnce || at.Sub(start) != 6*time.Second {
			t.Errorf("spare %d: %d at once and the next after %v, want %d and 6s", tt.spare, n, at.Sub(start), tt.atOnce)
		}
	}
}

func TestPaceIsSetBackByMeta(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	pace := whatsapp.Pace{}.Spent(start)
	if at, _ := pace.Next(start, 0); at.Sub(start) != 6*time.Second {
		t.Errorf("after a refusal the next is due after %v", at.Sub(start))
	}
	far := whatsapp.Pace{At: start.Add(time.Hour)}
	if got := far.Spent(start); got != far {
		t.Errorf("a refusal gave allowance back: %v", got)
	}
}

func TestBackoff(t *testing.T) {
	for attempt, want := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 4 * time.Second, 3: 16 * time.Second, 4: 64 * time.Second,
		5: 256 * time.Second, 6: 5 * time.Minute, 100: 5 * time.Minute,
	} {
		if got := whatsapp.Backoff(attempt); got != want {
			t.Errorf("attempt %d: %v, want %v", attempt, got, want)
		}
	}
}
