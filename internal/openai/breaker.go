package openai

import (
	"sync"
	"time"
)

// tripAfter outages in a row send the model to rest for restFor. A rest is
// short beside the minutes that a lead may wait for an outage to end, and
// long beside the time that a queue needs to come back.
const (
	tripAfter = 5
	restFor   = 10 * time.Second
)

// breaker keeps calls away from a model that is ill. It is shared by all calls
// of one client.
type breaker struct {
	now func() time.Time

	mu      sync.Mutex
	outages int       // in a row
	until   time.Time // end of the rest
	probing bool      // one call is trying whether it is over
}

// fate is how an admitted call ended.
type fate uint8

const (
	// answered: whatever the model said, it is there.
	answered fate = iota
	// outage: it could not answer.
	outage
	// abandoned: the caller left, which says nothing about the model.
	abandoned
)

// admit reports whether a call may be made, and whether it is the one that
// tries if the rest is over. Every admitted call ends with one leave.
func (b *breaker) admit() (probe, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outages < tripAfter {
		return false, true
	}
	if b.probing || b.now().Before(b.until) {
		return false, false
	}
	b.probing = true
	return true, true
}

// leave records a call's fate. Any answer ends the rest, a late one from
// before it too; any outage prolongs it.
func (b *breaker) leave(probe bool, f fate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch f {
	case answered:
		b.outages = 0
	case outage:
		b.outages++
		if b.outages >= tripAfter {
			b.until = b.now().Add(restFor)
		}
	}
}
