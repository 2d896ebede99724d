package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// check is one question and what it stands on.
type check struct {
	name string
	// needs are checks that must not have failed, and follows those that only have
	// to be over. Both stand earlier in the list.
	needs, follows []string
	// unknown names what the check cannot do without and nobody knows; nil means
	// that it needs no such thing. It is asked once the needs are met.
	unknown func() []string
	// hangs is what to do when nothing answers at all.
	hangs func() string
	run   func(ctx context.Context) result
}

// result is a finding before it has a name.
type result struct {
	status Status
	found  string
	fix    []string
}

func ok(format string, args ...any) result {
	return result{status: OK, found: fmt.Sprintf(format, args...)}
}

func failed(found string, fix ...string) result {
	return result{status: Failed, found: found, fix: fix}
}

func warning(found string, fix ...string) result {
	return result{status: Warning, found: found, fix: fix}
}

// weighed is the result of several things of a kind: failed with one that is bad, a
// warning with one that is odd, and else what there is to say of those that are fine.
func weighed(bad, odd, fine, fix []string) result {
	switch {
	case len(bad) > 0:
		return failed(strings.Join(slices.Concat(bad, odd), "; "), fix...)
	case len(odd) > 0:
		return warning(strings.Join(odd, "; "), fix...)
	default:
		return ok("%s", strings.Join(fine, "; "))
	}
}

func skipped(format string, args ...any) result {
	return result{status: Skipped, found: fmt.Sprintf(format, args...)}
}

// run runs checks, each as soon as what it stands on is over, and returns their
// findings in the order of the list. A check that does not heed the end of its time
// is left behind.
func run(ctx context.Context, checks []check, patience time.Duration) []Finding {
	findings := make([]Finding, len(checks))
	over := make([]chan struct{}, len(checks))
	place := map[string]int{}
	for i, c := range checks {
		over[i] = make(chan struct{})
		place[c.name] = i
	}
	for i, c := range checks {
		go func() {
			defer close(over[i])
			for _, earlier := range slices.Concat(c.needs, c.follows) {
				<-over[place[earlier]]
			}
			began := time.Now()
			r := c.attempt(ctx, patience, func(need string) Status { return findings[place[need]].Status })
			findings[i] = Finding{Check: c.name, Status: r.status, Found: r.found, Fix: r.fix, Took: time.Since(began).Milliseconds()}
		}()
	}
	for _, done := range over {
		<-done
	}
	return findings
}

// attempt runs one check within its time, or says why it is skipped.
func (c check) attempt(ctx context.Context, patience time.Duration, status func(need string) Status) result {
	for _, need := range c.needs {
		if s := status(need); s == Failed || s == Skipped {
			return skipped("because of %s", need)
		}
	}
	if c.unknown != nil {
		if names := c.unknown(); len(names) > 0 {
			return skipped("because of secrets: %s is not known", strings.Join(names, ", "))
		}
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan result, 1)
	go func() { done <- c.run(bounded) }()
	select {
	case r := <-done:
		if bounded.Err() == nil {
			return r
		}
	case <-bounded.Done():
	}
	if ctx.Err() == nil {
		return failed(fmt.Sprintf("gave no answer within %v", patience), c.hangs())
	}
	return failed("gave no answer before the examination as a whole had to end", c.hangs())
}
