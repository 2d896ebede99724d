package turntest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/envelope"
)

// Inbox is the port that makes tasks.
type Inbox interface {
	Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error)
}

// Queue is an empty queue for one promise.
type Queue struct {
	Inbox Inbox
	// Delivered waits until that many letters were delivered in all, for a good
	// while, and then a moment longer for those that should not come. It returns
	// all of them in their order.
	Delivered func(n int) []envelope.Envelope
}

// OpenQueue runs a promise with an empty queue.
type OpenQueue func(t *testing.T, promise func(ctx context.Context, t testing.TB, q Queue))

// HoldInbox holds an inbox to its promises.
func HoldInbox(t *testing.T, open OpenQueue) {
	for _, p := range []struct {
		name string
		hold func(ctx context.Context, t testing.TB, q Queue)
	}{
		{"a letter is delivered whole", deliveredWhole},
		{"a name that is taken is as good", takenNames},
		{"a name stays taken when its task is done", takenAfterwards},
		{"of many at once under one name one is new", onceAtOnce},
		{"follow-ups, replays and timers are tasks of their own", ownNames},
		{"a letter without a name is always new", nameless},
		{"nothing comes before its time", onTime},
		{"a letter that is too large is refused", tooLarge},
	} {
		t.Run(p.name, func(t *testing.T) { open(t, p.hold) })
	}
}

func letter(id string) envelope.Envelope {
	return envelope.Envelope{
		V: envelope.Version, Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: "733", ID: id, Conversation: "cid", Aliases: []string{"cid"},
		Seq: 7, ReceivedAt: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), CorrelationID: "corr", Payload: []byte("sealed\x00\xff"),
	}
}

// put puts a letter that must be taken, and says whether it was there.
func put(ctx context.Context, t testing.TB, q Queue, e envelope.Envelope, at time.Time) (existed bool) {
	t.Helper()
	existed, err := q.Inbox.Put(ctx, e, at)
	if err != nil {
		t.Errorf("put %s: %v", e.TaskName(), err)
	}
	return existed
}

func names(letters []envelope.Envelope) []string {
	var names []string
	for _, e := range letters {
		names = append(names, e.TaskName())
	}
	slices.Sort(names)
	return names
}

func deliveredWhole(ctx context.Context, t testing.TB, q Queue) {
	e := letter("mid")
	if put(ctx, t, q, e, time.Time{}) {
		t.Errorf("the first letter is said to have been there")
	}
	got := q.Delivered(1)
	if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(e) {
		t.Errorf("delivered %+v, want %+v", got, e)
	}
}

func takenNames(ctx context.Context, t testing.TB, q Queue) {
	later := time.Now().Add(time.Second)
	put(ctx, t, q, letter("mid"), later)
	for range 3 {
		if !put(ctx, t, q, letter("mid"), later) {
			t.Errorf("a letter that was there is said to be new")
		}
	}
	if got := q.Delivered(1); len(got) != 1 {
		t.Errorf("delivered %d times", len(got))
	}
}

func takenAfterwards(ctx context.Context, t testing.TB, q Queue) {
	put(ctx, t, q, letter("mid"), time.Time{})
	q.Delivered(1)
	if !put(ctx, t, q, letter("mid"), time.Time{}) {
		t.Errorf("a letter that was delivered a moment ago is said to be new")
	}
	if got := q.Delivered(1); len(got) != 1 {
		t.Errorf("delivered %d times", len(got))
	}
}

func onceAtOnce(ctx context.Context, t testing.TB, q Queue) {
	var mu sync.Mutex
	var all sync.WaitGroup
	fresh := 0
	for range 12 {
		all.Go(func() {
			if !put(ctx, t, q, letter("mid"), time.Time{}) {
				mu.Lock()
				defer mu.Unlock()
				fresh++
			}
		})
	}
	all.Wait()
	if got := q.Delivered(1); fresh != 1 || len(got) != 1 {
		t.Errorf("%d are said to be new, %d were delivered", fresh, len(got))
	}
}

func ownNames(ctx context.Context, t testing.TB, q Queue) {
	var want []string
	for _, change := range []func(*envelope.Envelope){
		func(*envelope.Envelope) {},
		func(e *envelope.Envelope) { e.FollowUp = 1 },
		func(e *envelope.Envelope) { e.FollowUp = 2 },
		func(e *envelope.Envelope) { e.Replay = 1 },
		func(e *envelope.Envelope) { e.Replay, e.FollowUp = 1, 1 },
		func(e *envelope.Envelope) { e.Replay = 2 },
		func(e *envelope.Envelope) { e.Kind = envelope.Timer },
	} {
		e := letter("mid")
		change(&e)
		if put(ctx, t, q, e, time.Time{}) {
			t.Errorf("%s is said to have been there", e.TaskName())
		}
		want = append(want, e.TaskName())
	}
	slices.Sort(want)
	if got := names(q.Delivered(len(want))); !slices.Equal(got, want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
}

func nameless(ctx context.Context, t testing.TB, q Queue) {
	e := letter("evt")
	e.Kind = envelope.Status
	for range 3 {
		if put(ctx, t, q, e, time.Time{}) {
			t.Errorf("a letter without a name is said to have been there")
		}
	}
	if got := q.Delivered(3); len(got) != 3 {
		t.Errorf("delivered %d of 3", len(got))
	}
}

func onTime(ctx context.Context, t testing.TB, q Queue) {
	at := time.Now().Add(700 * time.Millisecond)
	put(ctx, t, q, letter("later"), at)
	put(ctx, t, q, letter("now"), time.Time{})
	got := q.Delivered(2)
	if len(got) != 2 || got[0].ID != "now" || got[1].ID != "later" {
		t.Errorf("delivered %v", names(got))
	}
	if early := time.Until(at); early > 0 {
		t.Errorf("it came %v too early", early)
	}
}

func tooLarge(ctx context.Context, t testing.TB, q Queue) {
	e := letter("mid")
	e.Payload = make([]byte, envelope.MaxSize)
	if _, err := q.Inbox.Put(ctx, e, time.Time{}); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("put: %v", err)
	}
	put(ctx, t, q, letter("mid"), time.Time{})
	if got := q.Delivered(1); len(got) != 1 || len(got[0].Payload) > 100 {
		t.Errorf("delivered %d", len(got))
	}
}
