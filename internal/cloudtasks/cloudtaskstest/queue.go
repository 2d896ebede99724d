package cloudtaskstest

import (
	"container/heap"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
)

// queue is one queue and what waits in it. The server's lock guards it.
type queue struct {
	name    string // resource name
	conf    *cloudtaskspb.Queue
	tasks   map[string]*task // by id
	due     pushes
	bucket  bucket
	running int
}

// task is one task from its creation to its end, and after that its record.
type task struct {
	id      string
	queue   *queue
	order   uint64
	spec    *cloudtaskspb.Task // as created; never changed
	named   bool               // by its creator
	created time.Time
	at      time.Time // the schedule time in force
	waiting *push     // its place in the queue; nil while it only runs

	dispatched int32
	answered   int32 // dispatches that got a response
	failures   int
	previous   int // HTTP status of the last response, 0 before the first
	attempts   []Attempt
	state      State
}

// push is one dispatch that waits for its time.
type push struct {
	task    *task
	at      time.Time
	place   int
	echo    bool // a duplicate made by a fault
	delayed bool // by a fault, which happens once per push
	forced  bool // by RunTask
}

// pushes is a heap ordered by time, then by creation.
type pushes []*push

func (h pushes) Len() int { return len(h) }
func (h pushes) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].task.order < h[j].task.order
	}
	return h[i].at.Before(h[j].at)
}
func (h pushes) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push and Pop serve container/heap alone.
func (h *pushes) Push(x any) {
	p := x.(*push)
	p.place = len(*h)
	*h = append(*h, p)
}

// Pop removes the last element.
func (h *pushes) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return p
}

func newQueue(conf *cloudtaskspb.Queue, now time.Time) *queue {
	conf = proto.CloneOf(conf)
	fillDefaults(conf)
	conf.State = cloudtaskspb.Queue_RUNNING
	return &queue{
		name:   conf.GetName(),
		conf:   conf,
		tasks:  make(map[string]*task),
		bucket: newBucket(conf.GetRateLimits(), now),
	}
}

func (q *queue) id() string { return lastSegment(q.name) }

func (q *queue) paused() bool { return q.conf.GetState() != cloudtaskspb.Queue_RUNNING }

// reconfigure puts new settings in force. What already waits keeps its time; the
// bucket starts anew.
func (q *queue) reconfigure(conf *cloudtaskspb.Queue, now time.Time) {
	q.conf = conf
	q.bucket = newBucket(conf.GetRateLimits(), now)
}

func (q *queue) wait(p *push) {
	if !p.echo {
		p.task.waiting = p
	}
	heap.Push(&q.due, p)
}

func (q *queue) unwait(p *push) {
	heap.Remove(&q.due, p.place)
	if p.task.waiting == p {
		p.task.waiting = nil
	}
}

// retry is the retry settings in force for a task: its own if it has any.
func (t *task) retry() *cloudtaskspb.RetryConfig {
	if own := t.spec.GetRetryConfig(); own != nil {
		return own
	}
	return t.queue.conf.GetRetryConfig()
}

func lastSegment(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// tombstones are names that may not be used again yet, oldest first. Their
// number is bounded: beyond maxTombstones the oldest are released early.
type tombstones struct {
	names map[string]struct{}
	queue []tombstone
}

type tombstone struct {
	name  string
	until time.Time
}

const maxTombstones = 1 << 20

func (b *tombstones) add(name string, until time.Time) {
	if b.names == nil {
		b.names = make(map[string]struct{})
	}
	b.names[name] = struct{}{}
	b.queue = append(b.queue, tombstone{name, until})
	if len(b.queue) > maxTombstones {
		b.dropOldest()
	}
}

func (b *tombstones) has(name string, now time.Time) bool {
	for len(b.queue) > 0 && !b.queue[0].until.After(now) {
		b.dropOldest()
	}
	_, ok := b.names[name]
	return ok
}

func (b *tombstones) dropOldest() {
	delete(b.names, b.queue[0].name)
	b.queue[0] = tombstone{}
	b.queue = b.queue[1:]
}
