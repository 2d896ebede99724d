package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// HintMethod names a method of [HintPorts].
type HintMethod string

// The methods of [HintPorts].
const (
	HintArrive  HintMethod = "Arrive"
	HintQueued  HintMethod = "Queued"
	HintEnter   HintMethod = "Enter"
	HintRenew   HintMethod = "Renew"
	HintLeave   HintMethod = "Leave"
	HintWaiting HintMethod = "Waiting"
	HintForget  HintMethod = "Forget"
	HintSpent   HintMethod = "Spent"
	HintSpend   HintMethod = "Spend"
)

// HintFault is a way to fail.
type HintFault uint8

const (
	// HintFailBefore fails without having done anything.
	HintFailBefore HintFault = iota + 1
	// HintFailAfter does what was asked and fails to say so.
	HintFailAfter
	// HintHang does nothing until the context ends.
	HintHang
)

// ErrHint is the failure of a [FlakyHint]. It comes marked as a
// [fault.Dependency].
var ErrHint = errors.New("hint store fails on command")

// FlakyHint is a hint store that fails on command and otherwise is the one it
// wraps. It is safe for concurrent use.
type FlakyHint struct {
	// HintPorts is the store that works.
	HintPorts

	mu     sync.Mutex
	orders map[HintMethod]*hintOrder
}

type hintOrder struct {
	fault HintFault
	times int
}

// Break makes the next calls of a method fail, so many times; a negative
// number means until further notice. It replaces an earlier order.
func (f *FlakyHint) Break(method HintMethod, how HintFault, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.orders == nil {
		f.orders = map[HintMethod]*hintOrder{}
	}
	f.orders[method] = &hintOrder{fault: how, times: times}
}

// BreakAll makes every call of every method fail in one way.
func (f *FlakyHint) BreakAll(how HintFault) {
	for _, m := range []HintMethod{HintArrive, HintQueued, HintEnter, HintRenew, HintLeave, HintWaiting, HintForget, HintSpent, HintSpend} {
		f.Break(m, how, -1)
	}
}

// Heal takes back all orders. Calls that hang go on hanging.
func (f *FlakyHint) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.orders)
}

// next takes the fault of the next call of a method; zero is none.
func (f *FlakyHint) next(method HintMethod) HintFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.orders[method]
	if o == nil || o.times == 0 {
		return 0
	}
	if o.times > 0 {
		o.times--
	}
	return o.fault
}

func (f *FlakyHint) run(ctx context.Context, method HintMethod, act func() error) error {
	broken := fault.Mark(fmt.Errorf("%s: %w", method, ErrHint), fault.Dependency)
	switch f.next(method) {
	case HintFailBefore:
		return broken
	case HintFailAfter:
		if err := act(); err != nil {
			return err
		}
		return broken
	case HintHang:
		<-ctx.Done()
		return fault.Mark(fmt.Errorf("%s: %w", method, ctx.Err()), fault.Dependency)
	default:
		return act()
	}
}

// Arrive is that of the wrapped store, or fails.
func (f *FlakyHint) Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	var answers []conversation.Arrived
	err := f.run(ctx, HintArrive, func() (err error) {
		answers, err = f.HintPorts.Arrive(ctx, arrivals)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// Queued is that of the wrapped store, or fails.
func (f *FlakyHint) Queued(ctx context.Context, arrivals []conversation.Arrival) error {
	return f.run(ctx, HintQueued, func() error { return f.HintPorts.Queued(ctx, arrivals) })
}

// Enter is that of the wrapped store, or fails.
func (f *FlakyHint) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	var a conversation.Admission
	err := f.run(ctx, HintEnter, func() (err error) {
		a, err = f.HintPorts.Enter(ctx, e)
		return err
	})
	if err != nil {
		return conversation.Admission{}, err
	}
	return a, nil
}

// Renew is that of the wrapped store, or fails.
func (f *FlakyHint) Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error) {
	err = f.run(ctx, HintRenew, func() (err error) {
		held, err = f.HintPorts.Renew(ctx, id, token)
		return err
	})
	return held && err == nil, err
}

// Leave is that of the wrapped store, or fails.
func (f *FlakyHint) Leave(ctx context.Context, d conversation.Departure) error {
	return f.run(ctx, HintLeave, func() error { return f.HintPorts.Leave(ctx, d) })
}

// Waiting is that of the wrapped store, or fails.
func (f *FlakyHint) Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error) {
	var letters []conversation.Letter
	err := f.run(ctx, HintWaiting, func() (err error) {
		letters, err = f.HintPorts.Waiting(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return letters, nil
}

// Forget is that of the wrapped store, or fails.
func (f *FlakyHint) Forget(ctx context.Context, id conversation.ID) error {
	return f.run(ctx, HintForget, func() error { return f.HintPorts.Forget(ctx, id) })
}

// Spent is that of the wrapped store, or fails.
func (f *FlakyHint) Spent(ctx context.Context, account string) (tokens int64, err error) {
	err = f.run(ctx, HintSpent, func() (err error) {
		tokens, err = f.HintPorts.Spent(ctx, account)
		return err
	})
	if err != nil {
		return 0, err
	}
	return tokens, nil
}

// Spend is that of the wrapped store, or fails.
func (f *FlakyHint) Spend(ctx context.Context, account string, tokens int64) error {
	return f.run(ctx, HintSpend, func() error { return f.HintPorts.Spend(ctx, account, tokens) })
}
