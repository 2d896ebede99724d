package cloudtaskstest

import (
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestBackoffNeverOverflows(t *testing.T) {
	r := &cloudtaskspb.RetryConfig{
		MinBackoff:   durationpb.New(time.Second),
		MaxBackoff:   durationpb.New(time.Hour),
		MaxDoublings: 1 << 30,
	}
	last := time.Duration(0)
	for _, n := range []int{1, 2, 12, 64, 1000, 1 << 30} {
		got := backoff(r, n)
		if got < last || got > time.Hour {
			t.Errorf("backoff after %d failures = %v, after fewer %v", n, got, last)
		}
		last = got
	}
	r = &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(0), MaxBackoff: durationpb.New(0), MaxDoublings: 5}
	if got := backoff(r, 10); got != 0 {
		t.Errorf("backoff of nothing = %v", got)
	}
}

func TestBucketGivesItsRateWhateverTheSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []float64{0.3, 1, 7, 500} {
			b := newBucket(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: rate, MaxBurstSize: 1}, time.Now())
			start, given := time.Now(), 0
			for time.Since(start) < 100*time.Second {
				at, ok := b.take(time.Now())
				if ok {
					given++
					continue
				}
				// Wait exactly as long as the bucket says, in a fake world's time.
				<-time.After(time.Until(at))
			}
			if want := rate * 100; float64(given) < want || float64(given) > want+2 {
				t.Errorf("rate %v gave %d tokens in 100 s", rate, given)
			}
		}
	})
}

func TestBucketSlowsOncePerWaveAndRecovers(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBucket(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 8, MaxBurstSize: 2}, now)
	for range 10 { // pushes of one wave come back one after another
		b.slow(now, now.Add(time.Second))
	}
	if _, ok := b.take(now.Add(time.Second)); ok {
		t.Error("a slowed bucket gave a token it had saved")
	}
	if b.share != 0.5 {
		t.Errorf("share after one wave = %v, want a half", b.share)
	}
	for i := range 10 {
		sent := now.Add(time.Duration(2+i) * time.Second)
		b.slow(sent, sent.Add(time.Millisecond))
	}
	if b.share != 1.0/8 {
		t.Errorf("share after many waves = %v, want one per second", b.share)
	}
	for range 10 {
		b.ease()
	}
	if b.share != 1 {
		t.Errorf("share after successes = %v, want all", b.share)
	}
	slow := newBucket(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 0.1, MaxBurstSize: 1}, now)
	slow.slow(now, now.Add(time.Second))
	if slow.share != 1 {
		t.Errorf("share of a rate below one per second = %v, want it left alone", slow.share)
	}
}

func TestBucketEnduresAClockThatGoesBack(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBucket(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 1, MaxBurstSize: 1}, now)
	b.take(now)
	at, ok := b.take(now.Add(-time.Hour))
	if ok || at.Sub(now.Add(-time.Hour)) != time.Second {
		t.Errorf("take = %v, %v, want to wait a second from there", at, ok)
	}
}

func TestTombstonesAreBoundedOldestFirst(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var b tombstones
	name := func(i int) string { return string(rune('a'+i%26)) + time.Duration(i).String() }
	for i := range maxTombstones + 3 {
		b.add(name(i), now.Add(time.Hour))
	}
	for i, want := range map[int]bool{0: false, 2: false, 3: true, maxTombstones + 2: true} {
		if got := b.has(name(i), now); got != want {
			t.Errorf("name %d is taken: %v, want %v", i, got, want)
		}
	}
	if b.has(name(maxTombstones), now.Add(time.Hour)) || len(b.names) != 0 || len(b.queue) != 0 {
		t.Error("names are still held after their time")
	}
}
