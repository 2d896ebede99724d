package simulator

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestASeriesWidensAndLosesNothing(t *testing.T) {
	var s series
	const n = 10_000
	for i := range n {
		at := monday.Add(time.Duration(i) * time.Second)
		s.bucket(at).messages++
		s.bucket(at).waits.add(time.Second)
		if len(s.buckets) > maxBuckets {
			t.Fatalf("%d buckets", len(s.buckets))
		}
	}
	messages, waits := 0, 0
	for i, b := range s.buckets {
		messages, waits = messages+b.messages, waits+b.waits.n
		if i > 0 && b.at.Sub(s.buckets[i-1].at) != s.width {
			t.Errorf("bucket %d begins %s after the one before, and they are of %s", i, b.at.Sub(s.buckets[i-1].at), s.width)
		}
	}
	if messages != n || waits != n || len(s.buckets) < maxBuckets/2 {
		t.Errorf("%d messages and %d waits in %d buckets", messages, waits, len(s.buckets))
	}
}

func TestAJumpOfTheClockCostsNothing(t *testing.T) {
	var s series
	for _, at := range []time.Duration{0, 15 * time.Second, 31 * 24 * time.Hour, 31*24*time.Hour + 15*time.Second} {
		s.bucket(monday.Add(at)).replies++
	}
	// Nothing has become coarser, and what happened late is counted where it belongs.
	s.bucket(monday.Add(time.Second)).replies++
	if len(s.buckets) != 4 || s.width != firstWidth || s.buckets[0].replies != 2 {
		t.Errorf("%d buckets of %s, with %d in the first", len(s.buckets), s.width, s.buckets[0].replies)
	}
	// Days far apart are many buckets until they are wide enough.
	for day := range 1_000 {
		s.bucket(monday.AddDate(0, 0, day)).replies++
	}
	replies := 0
	for _, b := range s.buckets {
		replies += b.replies
	}
	if len(s.buckets) > maxBuckets || replies != 1_005 {
		t.Errorf("%d replies in %d buckets", replies, len(s.buckets))
	}
}

func TestQuantilesOfASpread(t *testing.T) {
	var all, one, other spread
	if got := all.quantile(0.95); got != 0 {
		t.Errorf("of nothing it is %s", got)
	}
	one.add(1234 * time.Microsecond)
	if got := one.quantile(0.5); got != 1234*time.Microsecond {
		t.Errorf("of one it is %s", got)
	}
	one = spread{}
	var exact []time.Duration
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 5_000 {
		d := time.Duration(random.ExpFloat64() * float64(time.Second))
		exact = append(exact, d)
		if i%3 == 0 {
			one.add(d)
		} else {
			other.add(d)
		}
	}
	all.merge(one)
	all.merge(other)
	all.merge(spread{})
	slices.Sort(exact)
	for _, share := range []float64{0, 0.5, 0.95, 1} {
		want := exact[max(1, int(share*float64(len(exact))))-1]
		if got := all.quantile(share); got < want || float64(got) > float64(want)*spreadStep+float64(time.Microsecond) {
			t.Errorf("the quantile of %v is %s instead of %s", share, got, want)
		}
	}
	all.add(-time.Hour) // of clocks that disagree
	if all.quantile(0) <= 0 {
		t.Error("somebody waited for less than no time")
	}
}
