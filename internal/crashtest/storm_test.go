package crashtest

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	stormTime   = flag.Duration("storm", 8*time.Second, "how long misfortune lasts")
	stormSeed   = flag.Uint64("seed", 0, "where chance comes from; 0 draws one")
	stormRedis  = flag.String("redis", "on", "on, or off: there is none during the whole storm")
	stormPolicy = flag.String("policy", "resend", "what becomes of unknown sends: resend or never")
)

// longStorm is from when a storm is one of many people.
const longStorm = 30 * time.Second

// storm is several workers and ingresses amid traffic and misfortune.
type storm struct {
	*scene
	seed   uint64
	policy string
	life   context.Context // of the run; it bounds every wait

	workers, ingresses *fleet
	redis              *hints // nil without one
	crowd              *crowd
	team               *team
	receipts           *receipts

	late      atomic.Bool    // a receipt is
	lateness  time.Duration  // for how long one was; of the goroutine that watches
	room      chan struct{}  // somebody may write
	spoil     atomic.Int64   // accepted sends that are still to be answered 500
	graphIlls atomic.Int64   // sends that were to go wrong
	struck    map[string]int // of the goroutine that draws

	mu     sync.Mutex
	broken map[string][]string // by invariant
}

// TestStorm has traffic and misfortune for a while, heals everything, waits
// until nothing is left to do, and compares the books.
//
// Chance comes from the seed, time does not: a seed gives the same people, the
// same misfortunes in the same order, and another history.
func TestStorm(t *testing.T) {
	s := newStorm(t, newCity(t))
	fmt.Printf("storm: seed %d, %v, policy %s, redis %s\n", s.seed, *stormTime, s.policy, *stormRedis)
	for _, start := range []func() error{s.workers.start, s.ingresses.start} {
		if err := start(); err != nil {
			t.Fatal(err)
		}
	}

	var watching sync.WaitGroup
	watched, unwatch := context.WithCancel(s.life)
	watching.Go(func() { s.watch(watched) })
	raging, over := context.WithTimeout(s.life, *stormTime)
	defer over()
	var people sync.WaitGroup
	people.Go(func() { s.crowd.write(raging) })
	s.ordeal(raging)
	people.Wait()
	s.heal()
	s.team.well.Store(true)
	began := time.Now()
	s.settle(raging)
	drained := time.Since(began)
	unwatch()
	watching.Wait()

	reading, read := context.WithTimeout(t.Context(), stormPatience)
	defer read()
	b, err := s.open(reading)
	if err != nil {
		s.complain()
		t.Fatalf("read the books: %v; left in the queue: %s", err, s.unfinished())
	}
	b.judge()
	s.report(b, drained)
}

// stormPatience is how long the end may take, beyond the storm itself.
const stormPatience = 5 * time.Minute

// chance is a source of an actor's own, so that what one does moves nobody
// else's.
func (s *storm) chance(kind string, n uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, kind, " ", n)
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// broke notes a broken promise.
func (s *storm) broke(invariant, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[invariant] = append(s.broken[invariant], fmt.Sprintf(format, args...))
}

// reasons are the only ones for which a turn may be parked.
func (s *storm) reasons() []string {
	if s.policy == "never" {
		return []string{"attempts-spent", "never-resend"}
	}
	return []string{"attempts-spent", "no-receipt"}
}

// settle waits until every webhook is taken, the queue is empty and every
// receipt recorded. Somebody goes on writing meanwhile: unknown sends are only
// decided when webhooks come in that prove the channel alive.
func (s *storm) settle(over context.Context) {
	r := s.chance("settle", 0)
	for {
		s.crowd.deliver(over, r, s.pen.Text(person(0), names[0], greetings[0]))
		s.crowd.posting.Wait()
		if s.rests(beat) {
			return
		}
		if s.life.Err() != nil {
			s.broke(stuck, "the queue does not come to rest; it holds %s", s.unfinished())
			return
		}
	}
}
