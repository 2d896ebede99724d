package turn_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/internal/turn"
)

// thirsty is a model that takes a thousand tokens for every answer.
func thirsty(calls *int) otto.Model {
	answer := says("Oi!")
	return scripted(func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
		*calls++
		c, err := answer.Complete(ctx, p)
		c.TokensIn, c.TokensOut = 900, 100
		return c, err
	})
}

// asks has one stranger after the other ask something that takes a model, and
// returns what there is to say about the last turn.
func (s *street) asks(w *turn.Turns, strangers ...int) (last turn.Report) {
	s.t.Helper()
	for _, i := range strangers {
		s.arrive(s.text(fmt.Sprintf("55119%08d", i), fmt.Sprintf("wamid.%d.%d", i, time.Now().UnixNano()), "me fala mais sobre o que vocês fazem"))
		last = s.drain(w)[0] // Delivery statuses follow.
	}
	return last
}

func TestATenantsDayHasABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = thirsty(&calls)
		s.budget = turn.Budget{TenantTokens: 2000, Zone: time.UTC}
		w := s.turns()
		if r := s.asks(w, 1, 2); calls != 2 || r.Fallback != "" || r.Route != conversation.RouteModel {
			t.Fatalf("within the budget: %d calls, %+v", calls, r)
		}
		r := s.asks(w, 3)
		if calls != 2 || r.Fallback != conversation.FallbackTenant || r.Route != conversation.RouteMenu || r.Fate != turn.Answered {
			t.Errorf("past the budget: %d calls, %+v", calls, r)
		}
		if stored := s.turnsOf("5511900000003"); stored[0].Fallback != conversation.FallbackTenant || stored[0].Mode != conversation.ModeFallback {
			t.Errorf("the record says %q, %q", stored[0].Fallback, stored[0].Mode)
		}
		// Another worker shares it.
		if s.asks(s.turns(), 4); calls != 2 {
			t.Errorf("another worker: %d calls", calls)
		}
		// Who forgot what was spent lets everybody ask again.
		s.hint.Flush()
		if r = s.asks(w, 5); calls != 3 || r.Fallback != "" {
			t.Errorf("after a flush: %d calls, %+v", calls, r)
		}
		s.asks(w, 6, 7)
		if calls != 4 {
			t.Errorf("spent again: %d calls", calls)
		}
		<-time.After(24 * time.Hour)
		if s.asks(w, 8); calls != 5 {
			t.Errorf("the next day: %d calls", calls)
		}
	})
}

func TestADayBeginsWhereTheBusinessIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = thirsty(&calls)
		// It is midnight in UTC now, and one hour before that in the zone.
		s.budget = turn.Budget{TenantTokens: 1000, Zone: time.FixedZone("", -3600)}
		w := s.turns()
		s.asks(w, 1, 2)
		if calls != 1 {
			t.Errorf("before midnight: %d calls", calls)
		}
		<-time.After(time.Hour)
		if s.asks(w, 3); calls != 2 {
			t.Errorf("after midnight: %d calls", calls)
		}
	})
}

func TestTenantsHaveBudgetsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = thirsty(&calls)
		s.budget = turn.Budget{TenantTokens: 1000, Zone: time.UTC}
		w := s.turns()
		s.asks(w, 1, 2)
		if calls != 1 {
			t.Fatalf("one tenant: %d calls", calls)
		}
		w.Tenant = "another"
		if s.asks(w, 3); calls != 2 {
			t.Errorf("another tenant: %d calls", calls)
		}
	})
}

// TestWithoutAMeterNobodyIsRefused: what counts is a hint.
func TestWithoutAMeterNobodyIsRefused(t *testing.T) {
	for name, broken := range map[string]func(*street){
		"it fails": func(s *street) {
			flaky := &storetest.FlakyHint{HintPorts: s.hint}
			flaky.BreakAll(storetest.HintFailBefore)
			s.meter = flaky
		},
		"there is none":           func(s *street) { s.meter = nil },
		"the budget is unlimited": func(s *street) { s.budget.TenantTokens = 0 },
		"the budget is large":     func(s *street) { s.budget.TenantTokens = 1 << 40 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				calls := 0
				s.model = thirsty(&calls)
				s.budget = turn.Budget{TenantTokens: 1, Zone: time.UTC}
				broken(s)
				if r := s.asks(s.turns(), 1, 2, 3); calls != 3 || r.Fallback != "" {
					t.Errorf("%d calls, %+v", calls, r)
				}
			})
		})
	}
}

// TestADraftThatNobodyReadCostsAsMuch: what the model took is counted also when
// the turn is not committed.
func TestADraftThatNobodyReadCostsAsMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = thirsty(&calls)
		s.budget = turn.Budget{TenantTokens: 1000, Zone: time.UTC}
		w := s.turns()
		w.Ledger = stubborn{w.Ledger}
		e := s.text(iara, "wamid.1", "me fala mais sobre o que vocês fazem")
		if _, err := s.handle(w, e); err == nil || calls != 1 {
			t.Fatalf("%d calls, %v", calls, err)
		}
		if s.asks(s.turns(), 2); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// stubborn is a ledger that takes nothing.
type stubborn struct{ turn.Ledger }

func (stubborn) Commit(context.Context, conversation.Commit) (conversation.Committed, error) {
	return conversation.Committed{}, fault.Mark(context.DeadlineExceeded, fault.Broken)
}

func TestWhyAContactIsAnsweredWithoutAModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		calls := 0
		s.model = thirsty(&calls)
		s.budget = turn.Budget{Tokens: 1000, Zone: time.UTC}
		w := s.turns()
		if r := s.asks(w, 1, 1); calls != 1 || r.Fallback != conversation.FallbackContact {
			t.Errorf("%d calls, %+v", calls, r)
		}
		if stored := s.turnsOf("5511900000001"); len(stored) != 2 || stored[0].Fallback == stored[1].Fallback {
			t.Errorf("the records of both turns say the same: %+v", stored)
		}
	})
}
