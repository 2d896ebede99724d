package ingress

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/telemetry"
)

// parallel bounds the tasks of one POST that are being created at once.
const parallel = 64

// tally is the answer to a POST: what became of its elements.
type tally struct {
	Status      string `json:"status"`
	Events      int    `json:"events"`
	Enqueued    int    `json:"enqueued"`
	Duplicates  int    `json:"duplicates"`
	Ignored     int    `json:"ignored"`
	Quarantined int    `json:"quarantined"`
	failed      int
}

// fate is what became of one element.
type fate uint8

const (
	fateFailed fate = iota // also: not tried yet
	fateEnqueued
	fateDuplicate
	fateQuarantined
)

// mail is a webhook on its way to the queue.
type mail struct {
	items    []*item
	ignored  int
	hintless bool
	// trouble is a code by which Meta reports a failure that belongs to no
	// message, such as a number that is restricted; zero when there is none.
	trouble int
	// notices are what is told to the operator.
	notices []notice
}

// item is one task to be: a message, a batch of statuses, or a raw element
// for quarantine.
type item struct {
	envelope envelope.Envelope
	weight   int // elements of the webhook in it
	success  fate
	at       time.Time
	fate     fate
	// message is set for messages: they go through the mailbox.
	message conversation.MessageID
	letter  []byte
	// unmarked: the hint store did not know that the task exists.
	unmarked bool
}

func (m *mail) tally() tally {
	t := tally{Status: "received", Events: m.ignored, Ignored: m.ignored}
	for _, it := range m.items {
		t.Events += it.weight
		switch it.fate {
		case fateEnqueued:
			t.Enqueued += it.weight
		case fateDuplicate:
			t.Duplicates += it.weight
		case fateQuarantined:
			t.Quarantined += it.weight
		default:
			t.failed += it.weight
		}
	}
	return t
}

// deliver makes a task of every item. An error means that at least one is not
// certain to exist.
func (i *Ingress) deliver(ctx context.Context, m *mail) error {
	arrivals, messages := m.arrivals(i.o.Now())
	if len(arrivals) > 0 {
		arrived, err := i.arrive(ctx, arrivals)
		m.hintless = err != nil
		if err == nil && len(arrived) == len(messages) {
			for n, it := range messages {
				it.envelope.Seq = arrived[n].Seq
				if s := arrived[n].Standing; s == conversation.Queued || s == conversation.Done {
					it.fate = fateDuplicate
				} else {
					it.unmarked = true
				}
			}
		}
	}

	err := i.put(ctx, m)

	var fresh []conversation.Arrival
	for n, it := range messages {
		if it.fate == fateEnqueued || it.fate == fateDuplicate && it.unmarked {
			fresh = append(fresh, arrivals[n])
		}
	}
	if len(fresh) > 0 && !m.hintless {
		// Only now: a mark before the task would lose the message in a crash.
		if i.mark(ctx, fresh) != nil {
			m.hintless = true
		}
	}
	return err
}

func (i *Ingress) arrive(ctx context.Context, arrivals []conversation.Arrival) (_ []conversation.Arrived, err error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepArrive)
	defer func() { span.End(err) }()
	return i.o.Hint.Arrive(ctx, arrivals)
}

func (i *Ingress) mark(ctx context.Context, fresh []conversation.Arrival) (err error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepMark)
	defer func() { span.End(err) }()
	return i.o.Hint.Queued(ctx, fresh)
}

// arrivals are the messages of m with their letters, in the same order.
func (m *mail) arrivals(now time.Time) ([]conversation.Arrival, []*item) {
	var arrivals []conversation.Arrival
	var messages []*item
	for _, it := range m.items {
		if it.message == "" || it.fate != fateFailed {
			continue
		}
		messages = append(messages, it)
		arrivals = append(arrivals, conversation.Arrival{
			Conversation: conversation.ID(it.envelope.Conversation), Message: it.message, Letter: it.letter, At: now,
		})
	}
	return arrivals, messages
}

// put creates the tasks that are not known to exist, a bounded number at once.
func (i *Ingress) put(ctx context.Context, m *mail) error {
	var open []*item
	for _, it := range m.items {
		if it.fate == fateFailed {
			open = append(open, it)
		}
	}
	if len(open) == 1 { // The usual webhook: no goroutine needed.
		return i.putOne(ctx, open[0])
	}
	var group errgroup.Group // One failure must not stop the others.
	group.SetLimit(parallel)
	failures := make([]error, len(open))
	for n, it := range open {
		group.Go(func() error {
			failures[n] = i.putOne(ctx, it)
			return nil
		})
	}
	_ = group.Wait()
	for _, failure := range failures {
		if failure != nil {
			return failure // They are alike; the count is in the tally.
		}
	}
	return nil
}

func (i *Ingress) putOne(ctx context.Context, it *item) error {
	ctx, span := telemetry.Step(ctx, telemetry.StepEnqueue)
	existed, err := i.o.Inbox.Put(ctx, it.envelope, it.at)
	span.Note(telemetry.Kind(string(it.envelope.Kind)), telemetry.Message(string(it.message)), telemetry.Flag(telemetry.Existed, existed))
	span.End(err)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", it.envelope.Kind, err)
	}
	it.fate = it.success
	if existed && it.success == fateEnqueued {
		it.fate = fateDuplicate
	}
	return nil
}
