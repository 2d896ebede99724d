package redis

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Examination is what a look at the server has shown.
type Examination struct {
	// Latency is the median of the pings.
	Latency time.Duration
	// At is the server's clock, and Asked ours half-way through asking for it, give
	// or take Within.
	At, Asked time.Time
	Within    time.Duration
	// Policy is what the server does when its memory is full, such as noeviction;
	// empty where it does not say, as hosted servers may not.
	Policy string
	// Unbounded: no limit of memory is set, so that nothing is ever evicted.
	Unbounded bool
}

// Examine looks at the server, with so many pings, and changes nothing. It is
// bounded by ctx, and each of its calls as every call of the store.
func (s *Store) Examine(ctx context.Context, pings int) (Examination, error) {
	took := make([]time.Duration, 0, pings)
	for range pings {
		began := time.Now()
		if err := s.Ping(ctx); err != nil {
			return Examination{}, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	e := Examination{Latency: took[len(took)/2]}

	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	before := s.now()
	at, err := s.client.Time(bounded).Result()
	if err != nil {
		return Examination{}, failure("time", err)
	}
	e.Within = s.now().Sub(before) / 2
	e.At, e.Asked = at, before.Add(e.Within)

	// What is not told is not known: it is no failure of the server.
	told, err := s.client.Info(bounded, "memory").Result()
	if err != nil {
		return e, nil //nolint:nilerr // As said.
	}
	for line := range strings.Lines(told) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "maxmemory_policy":
			e.Policy = text
		case "maxmemory":
			e.Unbounded = text == "0"
		}
	}
	return e, nil
}
