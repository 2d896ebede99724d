package simulation

import (
	"bytes"
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
)

const (
	tenant    = "default"
	number    = "733000000000009"
	appSecret = "the-secret-of-the-app"
)

// windows are the times that the protocol rests on, as they are in production
// but for sessions, which end while luck is bad, and for a few milliseconds: a lease that is renewed at the very instant at
// which a turn runs out of time would be a race inside the rooms, which no
// scheduler decides.
var windows = turn.Limits{
	Quiet: 1200 * time.Millisecond, TurnDeadline: time.Minute, SendPermit: 5 * time.Second, GraphTimeout: 20 * time.Second,
	AmbiguityWindow: time.Minute, ParkAfter: 15 * time.Minute, LeaseTTL: 30*time.Second + 7*time.Millisecond,
	SessionTTL: 3 * time.Minute,
}

// wireLifetime is how long bytes that the kernel has may still arrive.
const wireLifetime = 20 * time.Second

// common is what all worlds share: it is made once, outside every bubble, and
// holds no clock and no channel.
type common struct {
	key  *pii.HashKey
	ring *pii.Ring
	mind *otto.Otto
	hash string
	tel  *telemetry.Telemetry
}

var shared = sync.OnceValues(func() (*common, error) {
	key, err := pii.NewHashKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		return nil, err
	}
	ring, err := pii.NewRing(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		return nil, err
	}
	knowledge, err := pack.Default()
	if err != nil {
		return nil, err
	}
	impatient(&knowledge)
	mind, err := otto.New(otto.Options{Pack: knowledge, Model: model{}, Tenant: tenant})
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(context.Background(), telemetry.Options{
		Service: "simulation", Environment: "development", Level: "error", Writer: io.Discard,
	})
	if err != nil {
		return nil, err
	}
	return &common{key: key, ring: ring, mind: mind, hash: knowledge.Hash, tel: tel}, nil
})

// impatient makes a business that is always open and has little time to answer,
// so that its timers fire while luck is bad.
func impatient(p *otto.Pack) {
	p.AnswerWithin = time.Minute
	p.Sentences.Unanswered, p.Sentences.UnansweredClosed = truth, truth
	p.Hours = otto.Hours{}
	for day := range p.Hours.Week {
		p.Hours.Week[day] = []otto.Span{{From: 0, To: 24 * 60}}
	}
}

// truth is what a lead is told when nobody came.
const truth = "Ninguém da equipe respondeu ainda."

// world is one history: everything around the rooms, and the scheduler.
type world struct {
	*common
	luck   luck
	mutant *mutant // nil in an honest world
	policy turn.Policy
	began  time.Time
	// horizon is how long bad luck lasts.
	horizon time.Duration
	// timeless: the timers of handoffs and sessions never fire.
	timeless bool

	ledger *memory.Ledger
	hints  *hintStore
	queue  queue
	meta   meta

	ingresses, workers       []*instance
	calmIngress, calmWorker  *instance
	instances, handlers, ops int
	calm                     bool // no more bad luck
	events                   []*event
	pending                  []*op
	running                  map[int]*handler

	mu      sync.Mutex // guards what handlers hand to the scheduler
	arrived []*op
	ended   []*handler
	wake    chan struct{}

	trace    hash.Hash64
	steps    int
	log      func(string) // nil keeps no log
	failures []violation
	tally    tally
}

// tally counts what a world saw.
type tally struct {
	messages, turns, accepted, crashes, stops, ops, faults int
	effects, copies, reopened                              int // told to the team, told again, taken up again
	merges                                                 int // conversations that took over others
	parked                                                 map[string]int
	buried                                                 map[string]int
	met                                                    map[string]int // faults, by call and kind
}

func newTally() tally {
	return tally{parked: map[string]int{}, buried: map[string]int{}, met: map[string]int{}}
}

func (t *tally) add(o tally) {
	t.messages += o.messages
	t.turns += o.turns
	t.accepted += o.accepted
	t.crashes += o.crashes
	t.stops += o.stops
	t.ops += o.ops
	t.faults += o.faults
	t.effects += o.effects
	t.copies += o.copies
	t.reopened += o.reopened
	t.merges += o.merges
	for _, pair := range []struct{ to, from map[string]int }{{t.parked, o.parked}, {t.buried, o.buried}, {t.met, o.met}} {
		for key, n := range pair.from {
			pair.to[key] += n
		}
	}
}

// violation is a broken invariant.
type violation struct{ invariant, detail string }

func (v violation) String() string { return v.invariant + ": " + v.detail }

// The invariants.
const (
	lost       = "lost"       // ingress said 200 and the message is not terminal
	duplicate  = "duplicate"  // a part was accepted twice, or a message is in two turns
	disordered = "disordered" // a reply was accepted before an older one
	forsaken   = "forsaken"   // a task was acknowledged without its message being safe
	unended    = "unended"    // a turn did not end
	claimed    = "claimed"    // the ledger says sent, or told, and nobody got it
	unaudited  = "unaudited"  // what was accepted is not what the record says
	torn       = "torn"       // versions or history of a conversation have a gap
	stuck      = "stuck"      // work is left, or nothing ends
	unheard    = "unheard"    // a lead waits for a person, and nobody is told that nobody came
)

// broke notes a broken invariant.
func (w *world) broke(invariant, format string, args ...any) {
	w.failures = append(w.failures, violation{invariant, fmt.Sprintf(format, args...)})
	w.note("BROKEN %s: %s", invariant, fmt.Sprintf(format, args...))
}

// luck is what decides everything that the rooms do not decide.
type luck interface {
	// plan says what becomes of an operation.
	plan(w *world, o *op) plan
	// pick chooses one of n things that happen at the same time.
	pick(n int) int
	// skew is how far the clock of a new process is off.
	skew(worker bool) time.Duration
	// dispatch says how long the queue takes to dispatch a task, and after
	// what delays it does so again although it need not.
	dispatch(w *world, t *task) (after time.Duration, again []time.Duration)
	// backoff is how long the queue, or Meta, waits after the n-th failure.
	backoff(n int) time.Duration
	// reports are the status webhooks of a message that Graph accepted.
	reports(w *world) []report
	// noise is how often a webhook that was answered 200 comes again, and when.
	noise(w *world) []time.Duration
	// burn is how long the queue remembers the name of a task.
	burn() time.Duration
}

// report is one status webhook of an accepted message.
type report struct {
	state string
	code  int
	after time.Duration
}

// newWorld makes a world at the bubble's present.
func newWorld(c *common, l luck, m *mutant) *world {
	w := &world{
		common: c, luck: l, mutant: m, policy: turn.Resend, began: time.Now(), horizon: horizon,
		running: map[int]*handler{}, wake: make(chan struct{}, 1), trace: fnv.New64a(), tally: newTally(),
	}
	w.ledger = memory.NewLedger(memory.LedgerOptions{Now: time.Now})
	w.hints = newHintStore()
	w.queue = queue{tasks: map[string]*task{}, burnt: map[string]time.Time{}}
	w.meta = meta{accepted: map[string][]acceptance{}, intents: map[string]time.Time{}, told: map[string]int{}, declined: map[string]bool{}, reopened: map[conversation.TurnID]bool{}}
	w.calmIngress, w.calmWorker = w.process(false, 0), w.process(true, 0)
	w.calmIngress.calm, w.calmWorker.calm = true, true
	return w
}

// note adds a line to the trace.
func (w *world) note(format string, args ...any) {
	line := fmt.Sprintf("%12s %s", time.Since(w.began), fmt.Sprintf(format, args...))
	_, _ = io.WriteString(w.trace, line)
	if w.log != nil {
		w.log(line)
	}
}

// source is a random source of its own for one purpose.
func source(seed uint64, purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, purpose)) }

// short is enough of an id to tell things apart in a trace.
func short[S ~string](id S) string { return string(id)[:min(6, len(id))] }

func turnName(id conversation.TurnID) string {
	return fmt.Sprintf("%s~%s", short(id), string(id)[len(id.Conversation())+1:])
}

// bubbleless makes what all worlds share before the first bubble.
func bubbleless(t testing.TB) *common {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
