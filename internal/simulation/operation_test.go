package simulation

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"testing/synctest"

	"github.com/pyloto/atende/internal/fault"
)

// The failures that callers see.
var (
	errIll     = fault.Mark(errors.New("no answer"), fault.Dependency)
	errGone    = fault.Mark(errors.New("process is gone"), fault.Dependency)
	errGivenUp = fault.Mark(errors.New("gave up waiting"), fault.Dependency)
)

// op is one call of a room to the outside.
type op struct {
	h      *handler
	kind   string
	key    string // tells calls apart that one handler makes at once
	called time.Time
	apply  func(*op)
	cancel context.Context // of the caller

	// What the scheduler decided; variant chooses between outcomes of the
	// same call.
	variant int
	applied bool
	settled bool // the caller was answered, or gave up

	fail error // what the caller hears instead of the result
	done chan struct{}
	left atomic.Bool // the caller gave up
}

// plan is what becomes of an operation. Times count from the call.
type plan struct {
	kind    string        // of the fault, for the trace and the counts; empty is none
	apply   time.Duration // when it takes effect
	never   bool          // it takes no effect
	reply   time.Duration // when the caller hears
	fail    error         // what the caller hears instead of the result
	crash   string        // before or after the effect, the process dies
	variant int
}

// call makes an operation and waits for what the scheduler makes of it. The
// result has a cell of its own: an effect that comes after the caller gave up
// must not touch what the caller sees.
func call[T any](ctx context.Context, kind, key string, apply func(*op) (T, error)) (T, error) {
	var none T
	h := handlerOf(ctx)
	if h.gone() {
		return none, errGone
	}
	if ctx.Err() != nil {
		return none, errGivenUp
	}
	var cell struct {
		value T
		err   error
	}
	o := &op{h: h, kind: kind, key: key, cancel: ctx, done: make(chan struct{})}
	o.apply = func(o *op) { cell.value, cell.err = apply(o) }
	h.w.submit(o)
	select {
	case <-o.done:
		if o.fail != nil {
			return none, o.fail
		}
		return cell.value, cell.err
	case <-ctx.Done():
		o.left.Store(true)
		return none, errGivenUp
	}
}

// submit hands an operation to the scheduler.
func (w *world) submit(o *op) {
	w.mu.Lock()
	w.arrived = append(w.arrived, o)
	w.mu.Unlock()
	w.nudge()
}

func (w *world) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// event is something that is going to happen.
type event struct {
	at    time.Time
	label string
	run   func()
	// work says that the world cannot come to rest before it happened.
	work bool
}

// after adds an event.
func (w *world) after(d time.Duration, label string, run func()) *event {
	e := &event{at: time.Now().Add(d), label: label, run: run, work: true}
	w.events = append(w.events, e)
	return e
}

// maxSteps is more than any history that ends takes.
const maxSteps = 40_000

// play runs the world until nothing is left to happen: it lets everybody run
// until all wait, takes in what they did, and lets the next thing happen.
// Things that are due together happen in an order that luck chooses.
func (w *world) play(until func() bool) {
	for {
		synctest.Wait()
		w.settle()
		if w.steps++; w.steps > maxSteps {
			w.broke(stuck, "%d steps and no end", w.steps)
			w.abandon()
			return
		}
		if until() {
			return
		}
		if len(w.events) == 0 {
			if len(w.running) == 0 {
				return
			}
			// Only clocks inside the rooms are left: a pause, a deadline.
			<-w.wake
			continue
		}
		next := w.events[0].at
		for _, e := range w.events {
			if e.at.Before(next) {
				next = e.at
			}
		}
		if wait := time.Until(next); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-w.wake:
				timer.Stop()
			}
			continue
		}
		w.step(next)
	}
}

// step lets one of the things happen that are due.
func (w *world) step(now time.Time) {
	var due []int
	for i, e := range w.events {
		if !e.at.After(now) {
			due = append(due, i)
		}
	}
	at := due[0]
	if len(due) > 1 {
		at = due[w.luck.pick(len(due))]
	}
	e := w.events[at]
	w.events = slices.Delete(w.events, at, at+1)
	w.note("%s", e.label)
	e.run()
}

// settle takes in what the handlers did since the last time, in an order that
// does not depend on who ran first.
func (w *world) settle() {
	w.mu.Lock()
	arrived, ended := w.arrived, w.ended
	w.arrived, w.ended = nil, nil
	w.mu.Unlock()
	slices.SortFunc(arrived, func(a, b *op) int {
		return cmp.Or(cmp.Compare(a.h.id, b.h.id), cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
	})
	for _, o := range arrived {
		w.admit(o)
	}
	slices.SortFunc(ended, func(a, b *handler) int { return cmp.Compare(a.id, b.id) })
	for _, h := range ended {
		delete(w.running, h.id)
		if !h.forgotten {
			h.forgotten = true
			w.note("%s ended %d", h.name(), h.status)
			h.finished(h.status)
		}
	}
	w.pending = slices.DeleteFunc(w.pending, func(o *op) bool { return o.settled && o.applied })
}

// admit plans an operation.
func (w *world) admit(o *op) {
	o.called = time.Now()
	w.ops++
	if o.h.instance.dead {
		w.answer(o, errGone)
		return
	}
	p := plan{}
	if !o.h.calm() {
		p = w.luck.plan(w, o)
	} else if o.kind == callModel || o.kind == callPerceive {
		p = plan{apply: time.Second, reply: time.Second}
	}
	if p.kind != "" {
		w.tally.faults++
		w.tally.met[o.kind+" "+p.kind]++
		w.note("%s %s meets %s", o.h.name(), o.kind, p.kind)
	}
	o.variant = p.variant
	w.pending = append(w.pending, o)
	effect := func() {
		if p.crash == "before" {
			w.kill(o.h.instance)
			return
		}
		o.applied = true
		o.apply(o)
		if p.crash == "after" {
			w.kill(o.h.instance)
		}
	}
	reply := func() { w.answer(o, p.fail) }
	switch {
	case p.never:
		o.applied = true // Nothing to wait for.
		w.after(p.reply, o.label("reply"), reply)
	case p.apply == p.reply:
		w.after(p.apply, o.label("does"), func() {
			effect()
			reply()
		})
	default:
		w.after(p.apply, o.label("does"), effect)
		w.after(p.reply, o.label("reply"), reply)
	}
}

func (o *op) label(what string) string {
	if o.key == "" {
		return o.h.name() + " " + o.kind + " " + what
	}
	return o.h.name() + " " + o.kind + " " + short(o.key) + " " + what
}

// answer lets the caller go on.
func (w *world) answer(o *op, fail error) {
	if o.settled {
		return
	}
	o.settled = true
	o.fail = fail
	close(o.done)
}

// abandon lets everybody go, so that the bubble can end.
func (w *world) abandon() {
	w.events = nil
	for _, all := range [][]*instance{w.ingresses, w.workers, {w.calmIngress, w.calmWorker}} {
		for _, i := range all {
			i.dead = true
			i.gone.Store(true)
			i.stop()
		}
	}
	for len(w.running) > 0 {
		for _, o := range w.pending {
			w.answer(o, errGone)
		}
		w.pending = nil
		<-time.After(time.Second)
		synctest.Wait()
		w.mu.Lock()
		arrived, ended := w.arrived, w.ended
		w.arrived, w.ended = nil, nil
		w.mu.Unlock()
		w.pending = append(w.pending, arrived...)
		for _, h := range ended {
			delete(w.running, h.id)
		}
	}
}
