package crashtest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// member is one process of a service among its like, and its place behind the
// door.
type member struct {
	*program
	*house
	// toLedger stands between a worker and the ledger; an ingress has none.
	toLedger *gate
	hurt     atomic.Bool // somebody is harming it at the moment
}

// fleet are the processes of one service.
type fleet struct {
	name    string
	members []*member
	broke   func(invariant, format string, args ...any)
	killed  atomic.Int64 // with no warning
	asked   atomic.Int64 // to end
	frozen  atomic.Int64
}

// start starts all members beside each other.
func (f *fleet) start() error {
	var work sync.WaitGroup
	failures := make([]error, len(f.members))
	for i, m := range f.members {
		work.Go(func() { failures[i] = m.rise() })
	}
	work.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// rise starts the member and lets requests in when it can work.
func (m *member) rise() error {
	if err := m.launch(); err != nil {
		return err
	}
	m.open.Store(true)
	return nil
}

// claim takes a member to harm it; nobody else does until it is released.
func (m *member) claim() bool { return m.hurt.CompareAndSwap(false, true) }

func (m *member) release() { m.hurt.Store(false) }

// kill ends a claimed member without a warning and starts it again at once. The
// door finds out by knocking.
func (f *fleet) kill(m *member) {
	if !f.alive(m) {
		return
	}
	m.awaitWork()
	f.killed.Add(1)
	m.signal(syscall.SIGKILL)
	f.replace(m, -1)
}

// awaitWork waits until there is something to interrupt: an idle process loses
// nothing when it dies.
func (m *member) awaitWork() {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	enough := time.After(time.Second)
	for m.busy.Load() == 0 {
		select {
		case <-look.C:
		case <-enough:
			return
		}
	}
}

// ask asks a claimed member to end, as a platform does that scales down or
// deploys, and starts it again once it has.
func (f *fleet) ask(m *member) {
	if !f.alive(m) {
		return
	}
	f.asked.Add(1)
	m.signal(syscall.SIGTERM)
	f.replace(m, 0)
}

func (f *fleet) replace(m *member, want int) {
	code, err := m.ended()
	m.open.Store(false)
	if err != nil {
		f.broke(stuck, "%v", err)
		return
	}
	if code != want {
		f.broke(fallen, "the %s ended with code %d, want %d", m.name, code, want)
	}
	if err := m.rise(); err != nil {
		f.broke(fallen, "%v", err)
	}
}

// freeze stops a claimed member for a while, as a platform does that throttles
// it: everything it was about to do it does afterwards.
func (f *fleet) freeze(m *member, d time.Duration) {
	if !f.alive(m) {
		return
	}
	f.frozen.Add(1)
	m.signal(syscall.SIGSTOP)
	<-time.After(d)
	m.signal(syscall.SIGCONT)
}

// alive complains about a member that ended although nobody harmed it.
func (f *fleet) alive(m *member) bool {
	if m.lives() {
		return true
	}
	m.open.Store(false)
	f.broke(fallen, "the %s ended by itself", m.name)
	if err := m.rise(); err != nil {
		f.broke(fallen, "%v", err)
	}
	return false
}

func (f *fleet) String() string {
	parts := []string{
		fmt.Sprintf("%d %s", len(f.members), f.name),
		fmt.Sprintf("%d kill -9", f.killed.Load()),
		fmt.Sprintf("%d SIGTERM", f.asked.Load()),
	}
	if n := f.frozen.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d frozen", n))
	}
	return strings.Join(parts, ", ")
}
