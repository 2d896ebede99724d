package scenario

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/envelope"
)

// Pauses before a task that failed is dispatched again, as the queues of
// production are configured.
const (
	firstPause = 2 * time.Second
	mostPause  = 5 * time.Minute
)

// clock is the scenario's time. It only moves when the play moves it. It is
// safe for concurrent use.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time in the scenario.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// to moves the clock forward; it never goes back.
func (c *clock) to(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.now) {
		c.now = at
	}
}

// queue is Cloud Tasks in a slice: named tasks, schedule times, pauses that
// double. It satisfies the inbox of the ingress and of the turns, and is safe
// for concurrent use.
type queue struct {
	clock *clock

	mu    sync.Mutex
	tasks []*task
	names map[string]bool
	made  int
}

type task struct {
	envelope envelope.Envelope
	at       time.Time
	order    int
	retries  int
}

// Put adds a task unless one of its name was added before.
func (q *queue) Put(_ context.Context, e envelope.Envelope, at time.Time) (existed bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	name := e.TaskName()
	if name != "" && q.names[name] {
		return true, nil
	}
	q.names[name] = true
	if now := q.clock.Now(); at.Before(now) {
		at = now
	}
	q.made++
	q.tasks = append(q.tasks, &task{envelope: e, at: at, order: q.made})
	return false, nil
}

// next is the task that is due first, if that is not after until.
func (q *queue) next(until time.Time) (*task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first *task
	for _, t := range q.tasks {
		if first == nil || t.at.Before(first.at) || t.at.Equal(first.at) && t.order < first.order {
			first = t
		}
	}
	return first, first != nil && !first.at.After(until)
}

// again puts a task off that failed.
func (q *queue) again(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.at = q.clock.Now().Add(min(firstPause<<min(t.retries, 16), mostPause))
	t.retries++
}

// done forgets a task, but not its name.
func (q *queue) done(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = slices.DeleteFunc(q.tasks, func(o *task) bool { return o == t })
}
