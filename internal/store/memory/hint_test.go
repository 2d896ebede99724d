package memory_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
)

// clock is a time that passes on command.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestHint(t *testing.T) {
	storetest.Hint(t, func(_ *testing.T, o storetest.HintOptions) storetest.HintStore {
		c := &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
		h := memory.NewHint(memory.HintOptions{LeaseTTL: o.LeaseTTL, SessionTTL: o.SessionTTL, DedupeTTL: o.DedupeTTL, Now: c.Now})
		return storetest.HintStore{HintPorts: h, Advance: c.advance, Flush: h.Flush}
	})
}
