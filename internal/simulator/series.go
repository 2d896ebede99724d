package simulator

import (
	"maps"
	"math"
	"slices"
	"time"
)

const (
	// maxBuckets bounds a series.
	maxBuckets = 60
	// firstWidth is how long a bucket is to begin with.
	firstWidth = 10 * time.Second
	// spreadStep is the ratio of one bin of a spread to the one before it.
	spreadStep = 1.05
)

// bucket is what happened in one stretch of time.
type bucket struct {
	at       time.Time // its beginning
	messages int
	replies  int
	blocked  int
	handoffs int
	waits    spread
}

// series is what happened over time, in buckets of one width, the oldest first.
// Only times in which something happened have a bucket: a jump of the clock leaves
// a gap and costs nothing. Where there are too many, they become wider. The zero
// value is ready to use.
type series struct {
	width   time.Duration
	buckets []bucket
}

// bucket is the one of a time. It is good until the next call.
func (s *series) bucket(at time.Time) *bucket {
	if s.width == 0 {
		s.width = firstWidth
	}
	for {
		start := at.Truncate(s.width)
		i, found := slices.BinarySearchFunc(s.buckets, start, func(b bucket, t time.Time) int { return b.at.Compare(t) })
		switch {
		case found:
			return &s.buckets[i]
		case len(s.buckets) < maxBuckets:
			s.buckets = slices.Insert(s.buckets, i, bucket{at: start})
			return &s.buckets[i]
		}
		s.widen()
	}
}

// widen makes buckets twice as wide; each of the new ones is two of the old.
func (s *series) widen() {
	s.width *= 2
	wide := s.buckets[:0]
	for _, b := range s.buckets {
		b.at = b.at.Truncate(s.width)
		if n := len(wide); n > 0 && wide[n-1].at.Equal(b.at) {
			wide[n-1].add(b)
		} else {
			wide = append(wide, b)
		}
	}
	clear(s.buckets[len(wide):])
	s.buckets = wide
}

func (b *bucket) add(other bucket) {
	b.messages += other.messages
	b.replies += other.replies
	b.blocked += other.blocked
	b.handoffs += other.handoffs
	b.waits.merge(other.waits)
}

// spread counts durations in bins of a constant ratio, so that it stays small
// whatever it is given. The zero value is ready to use.
type spread struct {
	n        int
	min, max time.Duration
	bins     map[int]int
}

func (s *spread) add(d time.Duration) {
	// Clocks of two programs may disagree by a moment.
	d = max(d, time.Microsecond)
	if s.bins == nil {
		s.bins = map[int]int{}
	}
	if s.n == 0 || d < s.min {
		s.min = d
	}
	s.max = max(s.max, d)
	s.n++
	s.bins[int(math.Floor(math.Log(float64(d))/math.Log(spreadStep)))]++
}

func (s *spread) merge(other spread) {
	if other.n == 0 {
		return
	}
	if s.n == 0 {
		s.bins, s.min = map[int]int{}, other.min
	}
	s.min, s.max = min(s.min, other.min), max(s.max, other.max)
	s.n += other.n
	for bin, n := range other.bins {
		s.bins[bin] += n
	}
}

// quantile is the duration that a share of all do not exceed, at most five per
// cent too long; zero when there is none.
func (s *spread) quantile(share float64) time.Duration {
	rank := max(1, int(math.Ceil(share*float64(s.n))))
	for _, bin := range slices.Sorted(maps.Keys(s.bins)) {
		if rank -= s.bins[bin]; rank <= 0 {
			longest := time.Duration(math.Pow(spreadStep, float64(bin+1)))
			return max(s.min, min(s.max, longest))
		}
	}
	return 0
}
