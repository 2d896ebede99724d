package simulator

import (
	"context"
	"slices"
	"sync"
	"time"
)

// kind is a way to break.
type kind string

// The ways to break, in the words of the API.
const (
	failBefore kind = "fail_before" // nothing happens and no answer comes
	failAfter  kind = "fail_after"  // it happens and no answer comes
	hang       kind = "hang"        // nothing happens and the caller waits
	status     kind = "status"      // an answer that says no
	duplicate  kind = "duplicate"   // it happens more than once
	late       kind = "late"        // it happens after a while
	reorder    kind = "reorder"     // it happens after what came later
	refusal    kind = "refuse"      // an answer that will not talk about it
	failLater  kind = "fail_later"  // it is accepted, and comes to nothing
)

// forEver is the number of times of a fault that ends only when it is taken
// back.
const forEver = -1

// armed is a fault that is still to happen.
type armed struct {
	kind  kind
	times int
	delay time.Duration // of kind late
}

// fuse holds the faults of one point of the street, in the order in which they
// were armed. It is safe for concurrent use.
type fuse struct {
	mu      sync.Mutex
	faults  []armed
	cleared chan struct{}
}

func newFuse() *fuse { return &fuse{cleared: make(chan struct{})} }

func (f *fuse) arm(a armed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, a)
}

// left are the faults that are still to happen, in their order.
func (f *fuse) left() []armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.faults)
}

// clear takes back every fault and lets go what hangs.
func (f *fuse) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
	close(f.cleared)
	f.cleared = make(chan struct{})
}

// take spends one time of the first fault of one of the kinds. The channel is
// closed once the fault is taken back.
func (f *fuse) take(kinds ...kind) (a armed, cleared <-chan struct{}, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(kinds)
	if i < 0 {
		return armed{}, nil, false
	}
	a = f.faults[i]
	if a.times > 0 {
		f.spend(i)
	}
	return a, f.cleared, true
}

// takeAll spends a whole fault of the kind: its times are a quantity.
func (f *fuse) takeAll(k kind) (a armed, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find([]kind{k})
	if i < 0 {
		return armed{}, false
	}
	a = f.faults[i]
	if a.times > 0 {
		f.faults = slices.Delete(f.faults, i, i+1)
	}
	return a, true
}

func (f *fuse) find(kinds []kind) int {
	return slices.IndexFunc(f.faults, func(a armed) bool { return slices.Contains(kinds, a.kind) })
}

func (f *fuse) spend(i int) {
	f.faults[i].times--
	if f.faults[i].times == 0 {
		f.faults = slices.Delete(f.faults, i, i+1)
	}
}

// wait hangs until the fault is taken back or the context ends.
func wait(ctx context.Context, cleared <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-cleared:
	}
}
