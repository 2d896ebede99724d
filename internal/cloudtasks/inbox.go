package cloudtasks

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/pyloto/atende/internal/envelope"
)

// Queues are the queues of each kind of envelope, at least one each.
type Queues struct {
	Inbound []string
	Status  []string
	Timer   []string
}

// Inbox puts envelopes on Cloud Tasks. It is safe for concurrent use.
type Inbox struct {
	client *Client
	queues Queues
}

// NewInbox makes an Inbox.
func NewInbox(client *Client, queues Queues) *Inbox {
	return &Inbox{client: client, queues: queues}
}

// Put durably creates the task that carries e, to be dispatched from at on
// (zero is now). existed says that a task of its name was there before. Its
// errors are those of [Client.Enqueue], and [envelope.ErrTooLarge].
func (i *Inbox) Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error) {
	body, err := e.Encode()
	if err != nil {
		return false, fmt.Errorf("put %s: %w", e.Kind, err)
	}
	existed, err = i.client.Enqueue(ctx, Task{
		Queue: i.queue(e), Name: e.TaskName(), Path: e.Path(), Body: body, At: at,
	})
	if err != nil {
		return false, fmt.Errorf("put %s: %w", e.Kind, err)
	}
	return existed, nil
}

// Ping reports whether the queues can be reached; one stands for all.
func (i *Inbox) Ping(ctx context.Context) error { return i.client.Ping(ctx, i.queues.Inbound[0]) }

// queue spreads conversations over the queues of a kind by rendezvous
// hashing: adding a queue moves only the conversations it takes over. What has
// no conversation is spread by its own id.
func (i *Inbox) queue(e envelope.Envelope) string {
	queues := i.queues.Inbound
	switch e.Kind {
	case envelope.Status:
		queues = i.queues.Status
	case envelope.Timer:
		queues = i.queues.Timer
	}
	if len(queues) == 1 {
		return queues[0]
	}
	key := e.Conversation
	if key == "" {
		key = e.ID
	}
	best, most := queues[0], uint64(0)
	for _, queue := range queues {
		h := fnv.New64a()
		_, _ = h.Write([]byte(key)) // Hashes do not fail.
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(queue))
		if weight := scramble(h.Sum64()); weight > most {
			best, most = queue, weight
		}
	}
	return best
}

// scramble spreads FNV's weak high bits, which the comparison looks at first
// (the finalizer of SplitMix64).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
