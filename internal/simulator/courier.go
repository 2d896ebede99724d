package simulator

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// metaPatience is how long a webhook may take before it counts as lost.
	metaPatience = 10 * time.Second
	// firstRetry doubles after every attempt up to lastRetry. Meta's own pauses
	// are not documented, only that it retries for up to seven days:
	// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
	firstRetry   = time.Second
	lastRetry    = time.Minute
	giveUpAfter  = 7 * 24 * time.Hour
	maxUndone    = 1000 // webhooks that wait to be accepted
	maxKept      = 1000 // webhooks that can be delivered again
	maxAtOnce    = 64   // deliveries of one webhook at the same time
	maxCopies    = 1000 // deliveries of one webhook in all
	statusLost   = 0    // a delivery without an answer
	idleSocketsN = 2 * maxAtOnce
	// reorderPatience is how long a webhook that is to be overtaken waits for
	// another to do it.
	reorderPatience = 10 * time.Second
)

// courier brings webhooks of messages to the ingress as Meta does: signed,
// again and again until they are accepted, and worse on command. It is safe for
// concurrent use.
type courier struct {
	pen    whatsapptest.Pen
	url    string
	clock  *clock
	fuse   *fuse
	client *http.Client
	// settled is called once a webhook was accepted, or given up.
	settled func(id string, accepted bool)

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	passed chan struct{} // closed and renewed at each webhook that is accepted
	undone int
	kept   map[string][]byte
	order  []string       // of kept, oldest first
	posted map[string]int // how often each of kept was brought to the ingress
}

func newCourier(pen whatsapptest.Pen, url string, clock *clock, settled func(id string, accepted bool)) *courier {
	c := &courier{
		pen: pen, url: url, clock: clock, fuse: newFuse(), settled: settled,
		// Its own transport, so that nothing but this uses its sockets.
		client: &http.Client{
			Timeout:   metaPatience,
			Transport: &http.Transport{MaxIdleConnsPerHost: idleSocketsN, IdleConnTimeout: time.Minute},
		},
		kept:   map[string][]byte{},
		posted: map[string]int{},
		passed: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// close gives up what is still to be delivered.
func (c *courier) close() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.work.Wait()
	c.client.CloseIdleConnections()
}

// send delivers a webhook until it is accepted. tried is closed after the first
// attempt. ok is false when too many webhooks wait already.
func (c *courier) send(id string, body []byte) (tried <-chan struct{}, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.undone >= maxUndone || c.ctx.Err() != nil {
		return nil, false
	}
	c.undone++
	c.keep(id, body)
	first := make(chan struct{})
	c.work.Go(func() {
		accepted := c.deliver(body, first)
		c.mu.Lock()
		c.undone--
		if accepted {
			close(c.passed)
			c.passed = make(chan struct{})
		}
		c.mu.Unlock()
		// The end of the street is no failure.
		if accepted || c.ctx.Err() == nil {
			c.settled(id, accepted)
		}
	})
	return first, true
}

// waiting is how many webhooks were not accepted yet.
func (c *courier) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.undone
}

// keep is called under the lock.
func (c *courier) keep(id string, body []byte) {
	if len(c.order) == maxKept {
		delete(c.kept, c.order[0])
		delete(c.posted, c.order[0])
		c.order = c.order[1:]
	}
	c.kept[id] = body
	c.order = append(c.order, id)
}

func (c *courier) deliver(body []byte, tried chan<- struct{}) (accepted bool) {
	if fault, cleared, held := c.fuse.take(late, reorder); held {
		if !c.hold(fault, cleared, tried) {
			return false
		}
		tried = nil
	}
	posted := c.clock.Now()
	for delay := firstRetry; ; delay = min(2*delay, lastRetry) {
		accepted = c.attempt(body)
		if tried != nil {
			close(tried)
			tried = nil
		}
		if accepted || c.clock.Now().Sub(posted) > giveUpAfter || !c.pause(delay) {
			return accepted
		}
	}
}

// next is closed once another webhook was accepted.
func (c *courier) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed
}

// hold keeps a webhook back for as long as a fault says, or until that is taken
// back. It closes tried, and reports false when the street stops.
func (c *courier) hold(fault armed, cleared <-chan struct{}, tried chan<- struct{}) bool {
	patience, next := fault.delay, (<-chan struct{})(nil)
	if fault.kind == reorder {
		patience, next = reorderPatience, c.next()
	}
	over, stop := c.clock.NewTimer(patience)
	defer stop()
	// Who is told that it was tried may send the next, or skip time, at once.
	close(tried)
	select {
	case <-over:
	case <-next:
	case <-cleared:
	case <-c.ctx.Done():
		return false
	}
	return true
}

// attempt is one delivery, as the fault that meets it leaves it.
func (c *courier) attempt(body []byte) (accepted bool) {
	fault, cleared, broken := c.fuse.take(failBefore, failAfter, hang, status)
	switch {
	case !broken:
	case fault.kind == failAfter:
		_ = c.post(body)
		return false
	case fault.kind == hang:
		ctx, cancel := context.WithTimeout(c.ctx, metaPatience)
		defer cancel()
		wait(ctx, cleared)
		return false
	default:
		return false
	}
	if f, ok := c.fuse.takeAll(duplicate); ok {
		copies := c.repeat(c.ctx, body, 1+max(f.times, 1), maxAtOnce)
		return copies[http.StatusOK] > 0
	}
	return c.post(body) == http.StatusOK
}

// again delivers a webhook of the past more times, and counts the answers by
// status. known is false when it is not remembered.
func (c *courier) again(ctx context.Context, id string, times int, parallel bool) (answers map[int]int, known bool) {
	c.mu.Lock()
	body, known := c.kept[id]
	c.mu.Unlock()
	if !known {
		return nil, false
	}
	lanes := 1
	if parallel {
		lanes = maxAtOnce
	}
	return c.repeat(ctx, body, times, lanes), true
}

// repeat posts a webhook times over, in as many lanes at once.
func (c *courier) repeat(ctx context.Context, body []byte, times, lanes int) map[int]int {
	var (
		mu      sync.Mutex
		group   sync.WaitGroup
		left    = make(chan struct{}, times)
		answers = map[int]int{}
	)
	for range times {
		left <- struct{}{}
	}
	close(left)
	for range min(times, lanes) {
		group.Go(func() {
			for range left {
				if ctx.Err() != nil {
					return
				}
				answer := c.post(body)
				mu.Lock()
				answers[answer]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return answers
}

// post is the answer's status, or statusLost.
func (c *courier) post(body []byte) int {
	c.counts(body)
	answer, _, err := c.pen.Post(c.ctx, c.client, c.url, body)
	if err != nil {
		return statusLost
	}
	return answer
}

// counts counts a delivery of a webhook that is kept.
func (c *courier) counts(body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range whatsapptest.IDs(body) {
		if _, kept := c.kept[id]; kept {
			c.posted[id]++
		}
	}
}

// webhook is the webhook that a message came in, and how often it was brought to
// the ingress, as far as it is remembered.
func (c *courier) webhook(id string) (body []byte, deliveries int, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, known = c.kept[id]
	return body, c.posted[id], known
}

func (c *courier) pause(d time.Duration) bool {
	over, stop := c.clock.NewTimer(d)
	defer stop()
	select {
	case <-over:
		return true
	case <-c.ctx.Done():
		return false
	}
}
