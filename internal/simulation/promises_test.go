package simulation

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/turn/turntest"
)

// What is played here keeps the promises that the adapters keep over real
// protocols. The ledger and the hint store of the simulation are those of
// store/memory and are held to theirs there.

// within runs a promise as a request of a process, in a world in which l decides
// what goes wrong.
func within(t *testing.T, l luck, prepare func(*world), promise func(context.Context, *world)) {
	t.Helper()
	c := bubbleless(t)
	synctest.Test(t, func(*testing.T) {
		w := newWorld(c, l, nil)
		w.meta.answered, w.meta.garbage = map[string]bool{}, map[string]bool{}
		prepare(w)
		asker := w.process(true, 0)
		asker.serve = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { promise(r.Context(), w) })
		done := false
		w.handle(asker, "promise", func(ctx context.Context) *http.Request {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://promise", nil)
			if err != nil {
				panic(err)
			}
			return r
		}, func(int) { done = true })
		w.play(func() bool { return done })
		w.abandon()
	})
}

// taker is a worker that takes every letter and remembers it.
type taker struct {
	mu      sync.Mutex
	letters []envelope.Envelope
}

func (k *taker) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	e, err := envelope.Decode(body)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.letters = append(k.letters, e)
}

func (k *taker) taken() []envelope.Envelope {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.letters)
}

func TestTheQueueKeepsItsPromises(t *testing.T) {
	turntest.HoldInbox(t, func(t *testing.T, promise func(context.Context, testing.TB, turntest.Queue)) {
		k := &taker{}
		within(t, &scripted{counts: map[string]int{}}, func(w *world) {
			worker := w.process(true, 0)
			worker.serve = k
			w.workers = []*instance{worker}
		}, func(ctx context.Context, w *world) {
			promise(ctx, t, turntest.Queue{Inbox: inboxPort{port{w}}, Delivered: func(n int) []envelope.Envelope {
				for range 100 { // of the bubble's clock
					if len(k.taken()) >= n {
						break
					}
					<-time.After(100 * time.Millisecond)
				}
				<-time.After(2 * time.Second)
				return k.taken()
			}})
		})
	})
}

// graphed makes the same of every message.
type graphed struct {
	*scripted
	answer turntest.Answer
}

func (g graphed) plan(w *world, o *op) plan {
	p := g.scripted.plan(w, o)
	switch g.answer {
	case turntest.Refuses:
		p.variant = graphRefuses
	case turntest.LimitsPair:
		p.variant = graphLimitsPair
	case turntest.LimitsNumber:
		p.variant = graphLimitsNumber
	}
	return p
}

// The scheduler says of Graph alone what the scripts call it.
var scriptOf = map[turntest.Answer]string{turntest.Drops: "hang", turntest.Swallows: "fail-after"}

func TestGraphKeepsItsPromises(t *testing.T) {
	turntest.HoldSender(t, func(t *testing.T, answer turntest.Answer, promise func(context.Context, testing.TB, turntest.Graph)) {
		l := graphed{&scripted{counts: map[string]int{}, faults: map[string]string{"worker " + callSend: scriptOf[answer]}}, answer}
		within(t, l, func(*world) {}, func(ctx context.Context, w *world) {
			promise(ctx, t, turntest.Graph{Sender: senderPort{port{w}}, Number: number, Accepted: func() []string {
				var opaque []string
				for _, accepted := range w.meta.accepted {
					for _, a := range accepted {
						opaque = append(opaque, a.opaque)
					}
				}
				return opaque
			}})
		})
	})
}
