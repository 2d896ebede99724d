package redis

import (
	"sync"
	"time"
)

const (
	// maxFailures is how many calls in a row may fail before the store rests.
	// A single lost packet must not cost everybody their cache.
	maxFailures = 5
	// restFor is how long the store rests. A call that hangs costs its turn
	// CallTimeout; after the rest one call at a time pays that price.
	restFor = time.Second
)

// breaker spares callers the wait for a server that does not answer. It is
// safe for concurrent use.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time // when a probe is due; meaningful once failures reached the limit
	probing  bool
}

// allow reports whether a call may be made. Every allowed call must be
// followed by one report.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < maxFailures {
		return true
	}
	if b.probing || now.Before(b.until) {
		return false
	}
	b.probing = true
	return true
}

// verdict is what a call said about the server.
type verdict uint8

const (
	alive verdict = iota
	ill
	unsaid // the caller gave up first
)

func (b *breaker) report(now time.Time, v verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch v {
	case alive:
		b.failures = 0
	case ill:
		b.failures++
		b.until = now.Add(restFor)
	case unsaid:
	}
}
