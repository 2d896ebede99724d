package crashtest

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
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
	seed         uint64
	policy       string
	withoutRedis bool
	life         context.Context // of the run; it bounds every wait

	workers, ingresses *fleet
	redis              *hints // nil without one
	crowd              *crowd
	receipts           *receipts

	late      atomic.Bool    // a receipt is
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
	watching.Go(func() { s.watch(s.life) })
	t.Cleanup(watching.Wait)

	raging, over := context.WithTimeout(s.life, *stormTime)
	defer over()
	var people sync.WaitGroup
	people.Go(func() { s.crowd.write(raging) })
	s.ordeal(raging)
	people.Wait()
	s.heal()
	began := time.Now()
	s.settle(raging)
	drained := time.Since(began)

	b, err := s.open(s.life)
	if err != nil {
		t.Fatalf("read the books: %v", err)
	}
	b.judge()
	s.report(b, drained)
}

// stormPatience is how long the end may take, beyond the storm itself.
const stormPatience = 5 * time.Minute

func newStorm(t *testing.T, c *city) *storm {
	t.Helper()
	s := &storm{
		seed: *stormSeed, policy: *stormPolicy, withoutRedis: *stormRedis == "off",
		struck: map[string]int{}, broken: map[string][]string{}, room: make(chan struct{}),
	}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000) + 1
	}
	life, end := context.WithTimeout(t.Context(), *stormTime+stormPatience)
	t.Cleanup(end)
	s.life = life

	toWorkers, toIngresses, toGraph := newDoor(t), newDoor(t), newDoor(t)
	webhook := toIngresses.url() + "/webhook/whatsapp"
	queue := cloudtaskstest.Options{
		// Names are forgotten soon, so that copies come by that only the
		// ledger knows.
		NameRetention: 5 * time.Second, History: -1, Observe: s.dropped,
	}
	retries(&queue)
	s.scene = newScene(t, c, webhook, toWorkers.url(), queue, whatsapptest.Options{
		Keep: 1 << 20, RetryDelay: 200 * time.Millisecond, Attempts: 40,
	})
	s.receipts = newReceipts(s.scene)
	toWorkers.heard = s.receipts.heard
	toGraph.heard = s.spoiled
	toGraph.behind = []*house{{host: hostOf(t, s.graph.URL)}}
	toGraph.behind[0].open.Store(true)

	keep := keeper(t)
	redis := s.startRedis(keep)
	common := map[string]string{"COALESCE_WINDOW": "500ms", "LOG_LEVEL": "info"}
	limits := maps.Clone(common)
	maps.Copy(limits, stormWindows.environ())
	maps.Copy(limits, map[string]string{
		"AMBIGUOUS_SEND": s.policy, "OPENAI_TIMEOUT": "3s", "TURN_DEADLINE": "10s",
		"BUDGET_TURNS_PER_CONTACT_DAY": "0", "BUDGET_TOKENS_PER_CONTACT_DAY": "0", "BUDGET_TOKENS_PER_DAY": "0",
	})
	s.workers = &fleet{name: "workers", broke: s.broke}
	for n := range 3 {
		gate, port := newGate(t, c.firestore), freePort(t)
		p := s.newWorker(fmt.Sprintf("worker-%d", n+1), reach{
			port: port, redis: redis, tasks: s.tasks.Addr(), ledger: gate.addr(),
			graph: toGraph.host(), model: hostOf(t, s.model.URL()),
		}, limits)
		p.keep = keep
		s.workers.members = append(s.workers.members, &member{program: p, house: &house{host: "127.0.0.1:" + port}, toLedger: gate})
		toWorkers.behind = append(toWorkers.behind, s.workers.members[n].house)
	}
	s.ingresses = &fleet{name: "ingresses", broke: s.broke}
	for n := range 2 {
		port := freePort(t)
		p := s.newIngress(fmt.Sprintf("ingress-%d", n+1), reach{port: port, redis: redis, tasks: s.tasks.Addr()}, common)
		p.keep = keep
		s.ingresses.members = append(s.ingresses.members, &member{program: p, house: &house{host: "127.0.0.1:" + port}})
		toIngresses.behind = append(toIngresses.behind, s.ingresses.members[n].house)
	}

	s.crowd = &crowd{storm: s, people: fewPeople, url: webhook, client: &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: manyPeople},
	}}
	if *stormTime >= longStorm {
		s.crowd.people = manyPeople
	}
	t.Cleanup(func() {
		end() // Webhooks that nobody takes are not posted for ever.
		s.crowd.posting.Wait()
		s.crowd.client.CloseIdleConnections()
	})
	return s
}

// startRedis starts the server and returns its URL; without one the URL leads
// nowhere.
func (s *storm) startRedis(keep func(string, []byte)) string {
	if s.withoutRedis {
		return "redis://127.0.0.1:" + freePort(s.t)
	}
	server, port := newRedis(s.t)
	server.keep = keep
	server.start()
	s.redis = &hints{program: server, port: port, broke: s.broke}
	return "redis://127.0.0.1:" + port
}

// retries makes the queue as patient as production's, on the storm's scale.
func retries(o *cloudtaskstest.Options) {
	retry := made(&made(&o.QueueTemplate).RetryConfig)
	retry.MaxAttempts, retry.MaxDoublings = -1, 5
	made(&retry.MinBackoff).Nanos = int32(200 * time.Millisecond)
	made(&retry.MaxBackoff).Seconds = int64(queueBackoff / time.Second)
}

// made is what p points to, made when there is nothing yet.
func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

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

// report says what happened and what was broken. Its last line is the result.
func (s *storm) report(b *books, drained time.Duration) {
	s.receipts.oldest()
	if lost := s.graph.Counts().StatusesLost; lost > 0 {
		s.broke(stuck, "%d statuses were never taken", lost)
	}
	for _, invariant := range []string{lost, duplicate, disordered, claimed, unaudited, unended, torn, stuck, fallen} {
		for n, what := range s.broken[invariant] {
			if n == 20 {
				s.t.Errorf("%s: and %d more", invariant, len(s.broken[invariant])-n)
				break
			}
			s.t.Errorf("%s: %s", invariant, what)
		}
	}
	messages := len(b.written())
	hurt := []string{s.workers.String(), s.ingresses.String(), "no redis"}
	crashes := s.workers.killed.Load() + s.workers.asked.Load() + s.ingresses.killed.Load() + s.ingresses.asked.Load()
	if s.redis != nil {
		crashes += int64(s.redis.killed)
		hurt[2] = fmt.Sprintf("redis killed %d, emptied %d", s.redis.killed, s.redis.emptied)
	}
	if messages == 0 || crashes == 0 {
		s.t.Errorf("%d messages and %d crashes: the storm did not happen", messages, crashes)
	}
	fmt.Printf("storm: %s; struck: %s\n", strings.Join(hurt, "; "), listed(s.struck))
	fmt.Printf("storm: contacts=%d webhooks=%d copies=%d posts=%d sends spoiled=%d turns=%d accepted=%d resent=%d refused=%d parked %s buried %s slowest receipt %v drained in %v\n",
		s.crowd.people, len(b.sent), s.crowd.copies.Load(), s.crowd.posts.Load(), s.graphIlls.Load(), b.count(), len(b.accepted), b.resent, b.refused,
		orNone(listed(b.parked)), orNone(listed(b.buried)), s.receipts.slowest.Round(10*time.Millisecond), drained.Round(100*time.Millisecond))
	fmt.Printf("seeds=1 messages=%d crashes=%d lost=%d duplicate=%d disordered=%d parked=%d\n",
		messages, crashes, len(s.broken[lost]), len(s.broken[duplicate]), len(s.broken[disordered]), sum(b.parked))
}

// keeper keeps the logs of programs in a folder that outlives a failed test.
func keeper(t *testing.T) func(name string, log []byte) {
	said := sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "atende-crash-")
		if err == nil {
			fmt.Printf("storm: the logs of the programs are in %s\n", dir)
		}
		return dir, err
	})
	return func(name string, log []byte) {
		dir, err := said()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".log"), log, 0o600)
		}
		if err != nil {
			t.Logf("keep the log of the %s: %v", name, err)
		}
	}
}
