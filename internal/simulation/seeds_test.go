package simulation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds   = flag.Int("seeds", 0, "how many seeds to run; 0 is the SIM_SEEDS of the environment, or a number that is quick")
	first   = flag.Uint64("first", 1, "the first seed")
	verbose = flag.Bool("history", false, "print what happens in each seed")
	redis   = flag.String("redis", "on", "on, or off: the hint store is never there")
)

// count is how many seeds to run.
func count(t *testing.T, quick, underRace int) int {
	t.Helper()
	if *seeds > 0 {
		return *seeds
	}
	if n, err := strconv.Atoi(os.Getenv("SIM_SEEDS")); err == nil && n > 0 && !raced {
		return n
	}
	if raced {
		return underRace
	}
	return quick
}

// live runs one world in a bubble of its own until it comes to rest, and
// judges it.
func live(t *testing.T, c *common, m *mutant, fill func(*world)) (lived *world) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := newWorld(c, nil, m)
		if *verbose {
			w.log = func(line string) { fmt.Fprintln(os.Stderr, line) }
		}
		fill(w)
		w.play(func() bool { return time.Since(w.began) >= w.horizon })
		w.calm = true
		w.play(func() bool { return false })
		w.judge()
		w.tally.ops = w.ops
		w.abandon()
		lived = w
	})
	return lived
}

// forSeeds runs do for many seeds on all cores.
func forSeeds(t *testing.T, from uint64, n int, do func(t *testing.T, seed uint64) (goOn bool)) {
	t.Helper()
	var next atomic.Uint64
	var stop atomic.Bool
	t.Run("all", func(t *testing.T) {
		for core := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(core), func(t *testing.T) {
				t.Parallel()
				for !stop.Load() {
					i := next.Add(1) - 1
					if i >= uint64(n) {
						return
					}
					if !do(t, from+i) {
						stop.Store(true)
					}
				}
			})
		}
	})
}

func TestSeeds(t *testing.T) {
	c := bubbleless(t)
	n := count(t, 300, 40)
	var mu sync.Mutex
	total, broken := newTally(), map[string]int{}
	failed := 0
	var without *mutant
	if *redis == "off" {
		m := hintless()
		without = &m
	}
	forSeeds(t, *first, n, func(t *testing.T, seed uint64) bool {
		w := live(t, c, without, func(w *world) { random(w, seed) })
		mu.Lock()
		defer mu.Unlock()
		total.add(w.tally)
		for _, f := range w.failures {
			broken[f.invariant]++
		}
		if len(w.failures) > 0 {
			failed++
			t.Errorf("seed %d: %v\nreplay: go test ./internal/simulation -run 'TestSeeds$' -first %d -seeds 1 -history", seed, w.failures, seed)
		}
		return failed < 10
	})
	t.Logf("turns=%d accepted=%d calls=%d faults=%d stops=%d effects=%d copies=%d reopened=%d merges=%d parked: %s buried: %s",
		total.turns, total.accepted, total.ops, total.faults, total.stops, total.effects, total.copies, total.reopened, total.merges, listed(total.parked), listed(total.buried))
	met, missing := len(total.met), total.missing()
	if n >= completeFrom && without == nil && len(missing) > 0 {
		t.Errorf("these calls never met these faults: %v", missing)
	}
	if *update && n >= 1000 && without == nil && !t.Failed() {
		compare(t, "run", fmt.Sprintf("The newest recorded run: %d seeds, %d messages, %d turns, %d calls of which %d met a fault, %d process deaths, "+
			"%d deployments. Lost 0, duplicate 0, disordered 0. Notices to the team: %d, and %d copies of them. Parked turns that were taken up again: %d. "+
			"Parked in the end: %s. Given up: %s. Pairs of a call and a fault that occurred: %d; that are still to be seen: %d.\n",
			n, total.messages, total.turns, total.ops, total.faults, total.crashes, total.stops, total.effects, total.copies, total.reopened,
			listed(total.parked), listed(total.buried), met, len(missing)))
	}
	fmt.Printf("seeds=%d messages=%d crashes=%d lost=%d duplicate=%d disordered=%d parked=%d\n",
		n, total.messages, total.crashes, broken[lost]+broken[forsaken], broken[duplicate], broken[disordered], sum(total.parked))
}

// completeFrom is from how many seeds on every call has met every fault: the
// rarest, a parked turn that is taken up again, comes once in some hundred.
const completeFrom = 100_000

// missing are the calls and faults that never met.
func (t *tally) missing() []string {
	var missing []string
	for _, call := range []string{
		callArrive, callQueued, callEnter, callRenew, callLeave, callWaiting, callForget, callPut, callLoad, callCommit, callIntend,
		callAnswer, callPark, callReceive, callSeen, callLastSeen, callBury, callReopen, callEffect, callNote, callModel, callSend, callTell, callPerceive,
	} {
		for _, kind := range append(faultKinds[:len(faultKinds):len(faultKinds)], "freeze") {
			if t.met[call+" "+kind] == 0 {
				missing = append(missing, call+" "+kind)
			}
		}
	}
	return missing
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func listed(counts map[string]int) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", key, counts[key]))
	}
	return strings.Join(parts, ", ")
}

// TestDeterminism runs seeds twice: a failure that cannot be replayed is worth
// little.
func TestDeterminism(t *testing.T) {
	c := bubbleless(t)
	forSeeds(t, *first, min(count(t, 50, 8), 300), func(t *testing.T, seed uint64) bool {
		one := live(t, c, nil, func(w *world) { random(w, seed) })
		two := live(t, c, nil, func(w *world) { random(w, seed) })
		if !same(one, two) {
			t.Errorf("seed %d: two histories", seed)
		}
		return true
	})
}
