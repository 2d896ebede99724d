package cloudtaskstest

import (
	"math"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// What the service gives a queue that does not ask for anything, and what it
// allows at most (reference of RateLimits and RetryConfig).
const (
	defaultRate        = 500
	defaultConcurrency = 1000
	defaultAttempts    = 100
	defaultMinBackoff  = 100 * time.Millisecond
	defaultMaxBackoff  = time.Hour
	defaultDoublings   = 16

	maxRate        = 500
	maxConcurrency = 5000
)

// fillDefaults completes the settings of a queue as the service does.
func fillDefaults(q *cloudtaskspb.Queue) {
	if q.RateLimits == nil {
		q.RateLimits = &cloudtaskspb.RateLimits{}
	}
	if q.RateLimits.MaxDispatchesPerSecond == 0 {
		q.RateLimits.MaxDispatchesPerSecond = defaultRate
	}
	if q.RateLimits.MaxConcurrentDispatches == 0 {
		q.RateLimits.MaxConcurrentDispatches = defaultConcurrency
	}
	// The service shows a burst of 100 for its default rate of 500; the same
	// proportion serves all others.
	q.RateLimits.MaxBurstSize = max(1, int32(math.Ceil(q.RateLimits.MaxDispatchesPerSecond/5)))
	if q.RetryConfig == nil {
		q.RetryConfig = &cloudtaskspb.RetryConfig{}
	}
	fillRetryDefaults(q.RetryConfig)
}

func fillRetryDefaults(r *cloudtaskspb.RetryConfig) {
	if r.MaxAttempts == 0 {
		r.MaxAttempts = defaultAttempts
	}
	if r.MaxRetryDuration == nil {
		r.MaxRetryDuration = durationpb.New(0)
	}
	if r.MinBackoff == nil {
		r.MinBackoff = durationpb.New(defaultMinBackoff)
	}
	if r.MaxBackoff == nil {
		r.MaxBackoff = durationpb.New(max(defaultMaxBackoff, r.MinBackoff.AsDuration()))
	}
	if r.MaxDoublings == 0 {
		r.MaxDoublings = defaultDoublings
	}
}

// backoff is the wait after the n-th failure (n ≥ 1): min, doubled up to
// MaxDoublings times, then growing by the last doubled step, at most max.
func backoff(r *cloudtaskspb.RetryConfig, n int) time.Duration {
	low, high := r.GetMinBackoff().AsDuration(), r.GetMaxBackoff().AsDuration()
	doublings := int(r.GetMaxDoublings())
	step := float64(low) * math.Pow(2, float64(min(n-1, doublings)))
	if linear := n - doublings; linear > 1 {
		step *= float64(linear)
	}
	if step >= float64(high) {
		return high
	}
	return time.Duration(step)
}

// spent reports whether a task may not be tried again. Both limits must be
// reached: unlimited attempts are never spent, and a duration of zero sets no
// limit of its own.
func spent(r *cloudtaskspb.RetryConfig, attempts int32, sinceFirst time.Duration) bool {
	if r.GetMaxAttempts() < 0 || attempts < r.GetMaxAttempts() {
		return false
	}
	return sinceFirst >= r.GetMaxRetryDuration().AsDuration()
}

// bucket is a token bucket whose rate a struggling worker can push down.
type bucket struct {
	rate   float64 // tokens per second when all is well
	burst  float64
	share  float64 // of the rate in force, 0 < share ≤ 1
	tokens float64
	filled time.Time // when tokens was true
	slowed time.Time // when share was last lowered
}

func newBucket(l *cloudtaskspb.RateLimits, now time.Time) bucket {
	b := bucket{
		rate:   l.GetMaxDispatchesPerSecond(),
		burst:  float64(l.GetMaxBurstSize()),
		share:  1,
		filled: now,
	}
	b.tokens = b.burst
	return b
}

// take uses one token if there is one; otherwise it says when there will be.
func (b *bucket) take(now time.Time) (at time.Time, ok bool) {
	rate := b.rate * b.share
	if since := now.Sub(b.filled).Seconds(); since > 0 {
		b.tokens = min(b.burst, b.tokens+since*rate)
	}
	b.filled = now
	// Waiting for a token is computed in whole nanoseconds, so the last grain of
	// it may be missing when the time has come.
	const grain = 1e-6
	if b.tokens < 1-grain {
		return now.Add(time.Duration(math.Ceil((1 - b.tokens) / rate * float64(time.Second)))), false
	}
	b.tokens = max(0, b.tokens-1)
	return time.Time{}, true
}

// slow halves the rate, down to one per second (or the rate itself where that is
// lower). Pushes sent before the last slowing belong to the same wave and say
// nothing new.
func (b *bucket) slow(dispatched, now time.Time) {
	if !b.slowed.IsZero() && !dispatched.After(b.slowed) {
		return
	}
	b.share = max(b.share/2, min(1, 1/b.rate))
	b.tokens = 0
	b.filled, b.slowed = now, now
}

// ease answers a success: the rate in force grows back by a quarter.
func (b *bucket) ease() { b.share = min(1, b.share*1.25) }
