package secrets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/fault"
)

// Pauses between attempts of [Resolver.Await], growing from the first to the
// last.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 2 * time.Second
)

// Await resolves every resource, again and again until all are known or limit
// has passed: a secret or its access may arrive moments after the program. The
// error names every resource that is still unresolved and why, and is of kind
// Refused if Secret Manager refused any of them. When ctx ends first the error
// is that of ctx.
func (r *Resolver) Await(ctx context.Context, resources []string, limit time.Duration) error {
	waiting, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	var (
		group sync.WaitGroup
		errs  = make([]error, len(resources))
		seen  = map[string]bool{}
	)
	for i, resource := range resources {
		if seen[resource] {
			continue
		}
		seen[resource] = true
		group.Go(func() { errs[i] = r.await(waiting, resource) })
	}
	group.Wait()
	err := errors.Join(errs...)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("await secrets: %w", ctx.Err())
	}
	kind := fault.Dependency
	for _, each := range errs {
		if each != nil && !fault.Is(each, fault.Dependency) {
			kind = fault.Refused
		}
	}
	return fault.Mark(fmt.Errorf("await secrets for %v:\n%w", limit, err), kind)
}

// errLimit is why the waiting of one Await ends by itself.
var errLimit = errors.New("no answer in time")

func (r *Resolver) await(ctx context.Context, resource string) error {
	last := fault.Mark(fmt.Errorf("resolve secret %s: %w", resource, errLimit), fault.Dependency)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		select {
		case got := <-r.fetch(resource):
			if got.Err == nil {
				return nil
			}
			last = got.Err
		case <-ctx.Done():
			return last
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return last
		}
	}
}
