package scenario

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/telemetry"
)

// Report is what became of some scenarios, in their order.
type Report struct {
	Results []Result
	Took    time.Duration
}

// Failed is how many scenarios came out otherwise.
func (r Report) Failed() int {
	n := 0
	for _, result := range r.Results {
		if !result.OK() {
			n++
		}
	}
	return n
}

// Drafting is how many scenarios script a draft, and in how many of those the
// code changed or refused one.
func (r Report) Drafting() (scripted, altered int) {
	for _, result := range r.Results {
		if result.Drafts > 0 {
			scripted++
		}
		if result.Altered > 0 {
			altered++
		}
	}
	return scripted, altered
}

// Run plays scenarios, as many at once as there are processors. It ends early
// only with ctx.
func Run(ctx context.Context, all []Scenario) (Report, error) {
	began := time.Now()
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "scenario", Writer: io.Discard})
	if err != nil {
		return Report{}, fmt.Errorf("scenarios: %w", err)
	}
	defer func() { _ = tel.Shutdown(context.WithoutCancel(ctx)) }()
	known := &library{packs: map[string]shelved{}}
	results := make([]Result, len(all))
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				p, err := known.pack(all[i].Pack)
				if err != nil {
					results[i] = Result{Scenario: all[i], Failures: []Failure{{What: err.Error()}}}
					continue
				}
				results[i] = play(ctx, all[i], p, tel)
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	group.Wait()
	return Report{Results: results, Took: time.Since(began)}, ctx.Err()
}

// library reads each pack once. It is safe for concurrent use.
type library struct {
	mu    sync.Mutex
	packs map[string]shelved
}

type shelved struct {
	pack otto.Pack
	err  error
}

// pack is the embedded pack of a name; the default one without a name.
func (l *library) pack(name string) (otto.Pack, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if kept, ok := l.packs[name]; ok {
		return kept.pack, kept.err
	}
	var read shelved
	if name == "" {
		read.pack, read.err = pack.Default()
	} else if read.pack, read.err = pack.Named(name); read.err != nil {
		read.err = fmt.Errorf("pack %s: %w", name, read.err)
	}
	l.packs[name] = read
	return read.pack, read.err
}
