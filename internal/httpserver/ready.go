package httpserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	checkCache   = 5 * time.Second
	checkTimeout = 2 * time.Second
)

// Check asks one dependency whether it can be worked with.
type Check struct {
	Name string // as /ready tells it, "redis"
	// Required dependencies make the program not ready while they fail; others
	// leave it ready and degraded.
	Required bool
	// Probe returns nil when the dependency answers. It is called by one
	// goroutine at a time and should end with its context; one that does not
	// end within two seconds has failed. What its error says is shown to
	// nobody.
	Probe func(ctx context.Context) error
}

const (
	statusReady    = "ready"
	statusNotReady = "not_ready"

	statusOK       = "ok"
	statusDegraded = "degraded"
	statusFailed   = "failed"
)

type verdict struct {
	Status string                  `json:"status"`
	Checks map[string]checkVerdict `json:"checks"`
}

type checkVerdict struct {
	Status    string `json:"status"`
	LatencyMS int64  `json:"latency_ms"`
}

// readiness asks the checks all at once, one round at a time, and remembers
// what they said.
type readiness struct {
	checks []Check
	busy   []atomic.Bool // probes that have not returned yet
	now    func() time.Time

	mu      sync.Mutex
	verdict verdict
	at      time.Time     // of the verdict; zero before the first round
	round   chan struct{} // closed when the running round ends; nil when none runs
}

func newReadiness(checks []Check, now func() time.Time) *readiness {
	return &readiness{
		checks:  checks,
		busy:    make([]atomic.Bool, len(checks)),
		now:     now,
		verdict: verdict{Status: statusNotReady, Checks: map[string]checkVerdict{}},
	}
}

// last is what the checks said last; before the first round, not ready.
func (r *readiness) last() verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.verdict
}

// ask returns what the checks said within the last five seconds, and asks them
// otherwise. Callers at the same time share one round. A caller whose ctx ends
// before the round gets the verdict before it.
func (r *readiness) ask(ctx context.Context) verdict {
	r.mu.Lock()
	// A clock that was set back makes no verdict immortal.
	if age := r.now().Sub(r.at); !r.at.IsZero() && age >= 0 && age < checkCache {
		defer r.mu.Unlock()
		return r.verdict
	}
	round := r.round
	if round == nil {
		round = make(chan struct{})
		r.round = round
		// The round serves others too and so outlives the request that began it.
		go r.run(context.WithoutCancel(ctx), round)
	}
	r.mu.Unlock()
	select {
	case <-round:
	case <-ctx.Done():
	}
	return r.last()
}

func (r *readiness) run(ctx context.Context, round chan struct{}) {
	results := make([]checkVerdict, len(r.checks))
	var wg sync.WaitGroup
	for i := range r.checks {
		wg.Go(func() { results[i] = r.check(ctx, i) })
	}
	wg.Wait()
	v := verdict{Status: statusReady, Checks: make(map[string]checkVerdict, len(r.checks))}
	for i, c := range r.checks {
		if results[i].Status == statusFailed {
			v.Status = statusNotReady
		}
		v.Checks[c.Name] = results[i]
	}
	r.mu.Lock()
	r.verdict, r.at, r.round = v, r.now(), nil
	r.mu.Unlock()
	close(round)
}

func (r *readiness) check(ctx context.Context, i int) checkVerdict {
	start := time.Now()
	status := statusOK
	if err := r.probe(ctx, i); err != nil {
		status = statusDegraded
		if r.checks[i].Required {
			status = statusFailed
		}
	}
	return checkVerdict{Status: status, LatencyMS: time.Since(start).Milliseconds()}
}

// probe calls a probe in a goroutine of its own, so that one that is deaf to
// its context holds nobody, and does not call it again until it has returned,
// so that they do not pile up.
func (r *readiness) probe(ctx context.Context, i int) error {
	if !r.busy[i].CompareAndSwap(false, true) {
		return errors.New("probe: the last one is still running")
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	done := make(chan error, 1)
	go func() {
		defer r.busy[i].Store(false)
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("probe: panic of type %T", v)
			}
		}()
		done <- r.checks[i].Probe(ctx)
	}()
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
