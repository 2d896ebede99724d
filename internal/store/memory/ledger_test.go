package memory_test

import (
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
)

func TestLedger(t *testing.T) {
	storetest.Ledger(t, func(*testing.T) storetest.LedgerStore {
		return memory.NewLedger(memory.LedgerOptions{})
	})
}

func TestLedgerWithAClockThatStands(t *testing.T) {
	stands := time.Date(2026, 11, 23, 12, 0, 0, 999, time.UTC)
	storetest.Ledger(t, func(*testing.T) storetest.LedgerStore {
		return memory.NewLedger(memory.LedgerOptions{Now: func() time.Time { return stands }})
	})
}

func TestLedgerUsesItsClock(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := memory.NewLedger(memory.LedgerOptions{Now: func() time.Time { return now }})
	read := func() time.Time {
		s, err := l.Load(t.Context(), conversation.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return s.ReadAt
	}
	first := read()
	now = now.Add(time.Hour)
	if got := read().Sub(first); got != time.Hour {
		t.Errorf("an hour of the clock is %v of the ledger", got)
	}
	now = now.Add(-2 * time.Hour)
	if got := read().Sub(first); got != time.Hour {
		t.Errorf("a clock set back moves the ledger to %v", got)
	}
}

func TestLedgerRefusesAPartThatIsNotThere(t *testing.T) {
	l := memory.NewLedger(memory.LedgerOptions{})
	done, err := l.Commit(t.Context(), conversation.Commit{
		Conversation: conversation.Conversation{ID: "c", Version: 1},
		Turn:         conversation.Turn{ID: "c~1", Replies: []conversation.Reply{{Kind: conversation.ReplyText}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []int{-1, 1} {
		if _, err := l.Intend(t.Context(), "c~1", part, 1, done.At); !fault.Is(err, fault.Broken) {
			t.Errorf("part %d: %v", part, err)
		}
	}
}

func TestLedgerRefusesWhatHasNoJSONForm(t *testing.T) {
	l := memory.NewLedger(memory.LedgerOptions{})
	nan := 0.0
	nan /= nan
	year := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]conversation.Commit{
		"conversation": {Conversation: conversation.Conversation{ID: "c", Card: conversation.Card{"x": {Confidence: nan}}}},
		"turn":         {Conversation: conversation.Conversation{ID: "c"}, Turn: conversation.Turn{DecidedAt: year}},
		"message": {Conversation: conversation.Conversation{ID: "c"},
			Messages: []conversation.Inbound{{ID: "m", Place: &conversation.Place{Latitude: nan}}}},
	} {
		if _, err := l.Commit(t.Context(), c); !fault.Is(err, fault.Broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := l.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"c"}})
	if err != nil || s.Conversation != nil {
		t.Errorf("something was written: %+v, %v", s, err)
	}
}
