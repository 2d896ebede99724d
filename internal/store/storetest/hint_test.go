package storetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
)

// hintCalls makes each call of a hint store. effects tells whether the call
// had one, asked of the store itself.
func hintCalls(ctx context.Context, s storetest.HintPorts) map[storetest.HintMethod]func() error {
	arrivals := []conversation.Arrival{{Conversation: "c", Message: "m", Letter: []byte("l")}}
	return map[storetest.HintMethod]func() error{
		storetest.HintArrive: func() error {
			_, err := s.Arrive(ctx, arrivals)
			return err
		},
		storetest.HintQueued: func() error { return s.Queued(ctx, arrivals) },
		storetest.HintEnter: func() error {
			_, err := s.Enter(ctx, conversation.Entry{Conversation: "c", Message: "m", Letter: []byte("l"), Token: "t"})
			return err
		},
		storetest.HintRenew: func() error {
			held, err := s.Renew(ctx, "c", "t")
			if held && err != nil {
				return errors.New("held, with an error")
			}
			return err
		},
		storetest.HintLeave: func() error {
			return s.Leave(ctx, conversation.Departure{Conversation: "c", Token: "t", Done: []conversation.MessageID{"m"}})
		},
		storetest.HintWaiting: func() error {
			_, err := s.Waiting(ctx, "c")
			return err
		},
		storetest.HintForget: func() error { return s.Forget(ctx, "c") },
		storetest.HintSpent: func() error {
			_, err := s.Spent(ctx, "a")
			return err
		},
		storetest.HintSpend: func() error { return s.Spend(ctx, "a", 1) },
	}
}

func TestFlakyHintThatIsWellKeepsThePromises(t *testing.T) {
	storetest.Hint(t, func(_ *testing.T, o storetest.HintOptions) storetest.HintStore {
		var mu sync.Mutex
		now := time.Unix(1_800_000_000, 0)
		h := memory.NewHint(memory.HintOptions{
			LeaseTTL: o.LeaseTTL, SessionTTL: o.SessionTTL, DedupeTTL: o.DedupeTTL,
			Now: func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return now
			},
		})
		return storetest.HintStore{
			HintPorts: &storetest.FlakyHint{HintPorts: h},
			Advance: func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				now = now.Add(d)
			},
			Flush: h.Flush,
		}
	})
}

func TestFlakyHintFailsSoManyTimes(t *testing.T) {
	flaky := &storetest.FlakyHint{HintPorts: memory.NewHint(memory.HintOptions{})}
	for method, call := range hintCalls(t.Context(), flaky) {
		flaky.Break(method, storetest.HintFailBefore, 2)
		for range 2 {
			if err := call(); !errors.Is(err, storetest.ErrHint) || !fault.Is(err, fault.Dependency) {
				t.Errorf("%s: %v, kind %v; want the failure that was ordered", method, err, fault.KindOf(err))
			}
		}
		if err := call(); err != nil {
			t.Errorf("%s after its failures: %v", method, err)
		}
		flaky.Break(method, storetest.HintFailBefore, -1)
		for range 5 {
			if err := call(); err == nil {
				t.Errorf("%s works before it was healed", method)
			}
		}
		flaky.Heal()
		if err := call(); err != nil {
			t.Errorf("%s healed: %v", method, err)
		}
	}
	flaky.BreakAll(storetest.HintFailAfter)
	for method, call := range hintCalls(t.Context(), flaky) {
		if err := call(); !errors.Is(err, storetest.ErrHint) {
			t.Errorf("%s: %v, want all to fail", method, err)
		}
	}
}

func TestFlakyHintFailsBeforeOrAfter(t *testing.T) {
	for _, tt := range []struct {
		how  storetest.HintFault
		want conversation.Standing
	}{
		{storetest.HintFailBefore, conversation.Fresh},
		{storetest.HintFailAfter, conversation.Done},
	} {
		inner := memory.NewHint(memory.HintOptions{})
		flaky := &storetest.FlakyHint{HintPorts: inner}
		flaky.Break(storetest.HintLeave, tt.how, 1)
		if err := hintCalls(t.Context(), flaky)[storetest.HintLeave](); !errors.Is(err, storetest.ErrHint) {
			t.Errorf("Leave: %v, want the failure that was ordered", err)
		}
		got, err := inner.Arrive(t.Context(), []conversation.Arrival{{Conversation: "c", Message: "m"}})
		if err != nil || got[0].Standing != tt.want {
			t.Errorf("standing after fault %d = %+v, %v; want %d", tt.how, got, err, tt.want)
		}
	}
	// What fails by itself says why.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	flaky := &storetest.FlakyHint{HintPorts: memory.NewHint(memory.HintOptions{})}
	flaky.BreakAll(storetest.HintFailAfter)
	for method, call := range hintCalls(ctx, flaky) {
		if err := call(); !errors.Is(err, context.Canceled) || errors.Is(err, storetest.ErrHint) {
			t.Errorf("%s: %v, want the store's own error", method, err)
		}
	}
}

func TestFlakyHintHangsUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaky := &storetest.FlakyHint{HintPorts: memory.NewHint(memory.HintOptions{})}
		flaky.BreakAll(storetest.HintHang)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for method, call := range hintCalls(ctx, flaky) {
			if err := call(); !errors.Is(err, context.DeadlineExceeded) || !fault.Is(err, fault.Dependency) {
				t.Errorf("%s: %v, kind %v; want the context's error", method, err, fault.KindOf(err))
			}
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("hung for %v, want a minute", took)
		}
	})
}
