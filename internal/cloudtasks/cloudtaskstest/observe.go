package cloudtaskstest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// State is where a task is in its life.
type State uint8

const (
	// Pending tasks wait for their time or are being pushed.
	Pending State = iota
	// Succeeded tasks got a 2xx.
	Succeeded
	// Exhausted tasks spent their attempts and their time.
	Exhausted
	// Expired tasks reached the end of the service's retention.
	Expired
	// Deleted tasks were deleted, alone or with their queue.
	Deleted
	// Purged tasks were in a queue that was purged.
	Purged
)

// Ended reports whether nothing becomes of the task any more.
func (s State) Ended() bool { return s != Pending }

// String names the state.
func (s State) String() string {
	names := [...]string{"pending", "succeeded", "exhausted", "expired", "deleted", "purged"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// EventKind is what happened.
type EventKind uint8

const (
	// Created says that a task was stored.
	Created EventKind = iota + 1
	// Repeated says that a creation was refused because the name is taken.
	Repeated
	// Dispatched says that a push was sent.
	Dispatched
	// Answered says that a push was answered, or ended without an answer
	// (Status 0).
	Answered
	// Ended says that the task is gone; State tells how.
	Ended
)

// Event is one thing that happened to a task.
type Event struct {
	Kind    EventKind
	Task    string // id
	Queue   string // id
	Attempt int    // of Dispatched and Answered, from 1
	Status  int    // HTTP status of Answered, 0 without a response
	State   State  // of Ended
	At      time.Time
}

// Attempt is one push of a task.
type Attempt struct {
	Dispatched time.Time
	Ended      time.Time // zero while it runs
	Status     int       // HTTP status, 0 without a response
	TimedOut   bool      // the dispatch deadline passed
	Duplicate  bool      // made by a fault
}

// TaskRecord is what the server knows of a task at one moment. Header and Body
// are the server's own and must not be changed.
type TaskRecord struct {
	Name     string // id, given or made up
	Queue    string // id
	Method   string
	URL      string
	Header   map[string]string // as created
	Body     []byte
	Created  time.Time
	Schedule time.Time // the next push's while pending, else the last one's
	State    State
	Attempts []Attempt
}

// Tasks lists all tasks in the order of their creation: those that live, and
// those that ended as far as [Options.History] reaches.
func (s *Server) Tasks() []TaskRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.history)
	for _, q := range s.queues {
		for _, t := range q.tasks {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, byOrder)
	records := make([]TaskRecord, len(all))
	for i, t := range all {
		records[i] = t.record()
	}
	return records
}

func byOrder(a, b *task) int { return cmp.Compare(a.order, b.order) }

func (t *task) record() TaskRecord {
	r := t.spec.GetHttpRequest()
	return TaskRecord{
		Name:     t.id,
		Queue:    t.queue.id(),
		Method:   method(r),
		URL:      r.GetUrl(),
		Header:   r.GetHeaders(),
		Body:     r.GetBody(),
		Created:  t.created,
		Schedule: t.at,
		State:    t.state,
		Attempts: slices.Clone(t.attempts),
	}
}

// WaitIdle returns when no task is waiting or running, in any queue, whatever
// its time; or with the context's error.
func (s *Server) WaitIdle(ctx context.Context) error {
	return s.wait(ctx, func(q *queue, _ time.Time) bool { return len(q.due) == 0 })
}

// WaitQuiet returns when no push is running and no task's time has come, or with
// the context's error. Tasks in paused queues do not count; tasks that only a
// limit holds back do.
func (s *Server) WaitQuiet(ctx context.Context) error {
	return s.wait(ctx, func(q *queue, now time.Time) bool {
		return q.paused() || len(q.due) == 0 || q.due[0].at.After(now)
	})
}

// wait returns once nothing runs and every queue has come to rest.
func (s *Server) wait(ctx context.Context, rests func(*queue, time.Time) bool) error {
	for {
		s.mu.Lock()
		now := s.clock.Now()
		busy, running := 0, s.inFlight
		for _, q := range s.queues {
			if !rests(q, now) {
				busy++
			}
		}
		if busy == 0 && running == 0 {
			s.mu.Unlock()
			return nil
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.mu.Unlock()
		var cause error
		select {
		case <-changed:
			continue
		case <-ctx.Done():
			cause = ctx.Err()
		case <-s.life.Done():
			cause = http.ErrServerClosed
		}
		return fmt.Errorf("cloudtaskstest: wait for %d pushes and %d queues: %w", running, busy, cause)
	}
}

// notify wakes those who wait. The caller holds the lock.
func (s *Server) notify() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// tell reports an event. The caller holds the lock, which gives the order.
func (s *Server) tell(e Event) {
	if s.feed != nil {
		s.feed.add(e)
	}
}

// feed hands events to an observer outside the server's lock and in order.
type feed struct {
	mu     sync.Mutex
	ready  *sync.Cond
	events []Event
	ended  bool
	done   chan struct{}
}

func newFeed(observe func(Event)) *feed {
	f := &feed{done: make(chan struct{})}
	f.ready = sync.NewCond(&f.mu)
	go f.deliver(observe)
	return f
}

func (f *feed) add(e Event) {
	f.mu.Lock()
	f.events = append(f.events, e)
	f.mu.Unlock()
	f.ready.Signal()
}

func (f *feed) deliver(observe func(Event)) {
	defer close(f.done)
	for {
		f.mu.Lock()
		for len(f.events) == 0 && !f.ended {
			f.ready.Wait()
		}
		events := f.events
		f.events = nil
		f.mu.Unlock()
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			observe(e)
		}
	}
}

// close returns when the observer has seen all events.
func (f *feed) close() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.ready.Signal()
	<-f.done
}
