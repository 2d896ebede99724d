package storetest

import (
	"sync"
	"time"
)

// Two accounts that something may be spent on.
const (
	hintAccount = "cccccccccccccccccccccccccc"
	hintBeside  = "dddddddddddddddddddddddddd"
)

func (h *hintTest) spend(account string, tokens int64) {
	h.Helper()
	if err := h.store.Spend(h.Context(), account, tokens); err != nil {
		h.Errorf("Spend: %v", err)
	}
}

func (h *hintTest) wantSpent(account string, want int64) {
	h.Helper()
	got, err := h.store.Spent(h.Context(), account)
	if err != nil || got != want {
		h.Errorf("Spent = %d, %v; want %d", got, err, want)
	}
}

func spendingAddsUp(h *hintTest) {
	h.wantSpent(hintAccount, 0)
	h.spend(hintAccount, 700)
	h.spend(hintAccount, 41)
	h.spend(hintBeside, 5)
	h.wantSpent(hintAccount, 741)
	h.wantSpent(hintBeside, 5)
	for _, nothing := range []int64{0, -1, -1 << 63} {
		h.spend(hintAccount, nothing)
	}
	h.wantSpent(hintAccount, 741)
	h.spend(hintAccount, 1<<40)
	h.wantSpent(hintAccount, 1<<40+741)
}

func spendingIsForgotten(h *hintTest) {
	h.spend(hintAccount, 700)
	h.store.Advance(47 * time.Hour)
	h.wantSpent(hintAccount, 700)
	h.spend(hintAccount, 1)
	h.store.Advance(47 * time.Hour)
	h.wantSpent(hintAccount, 701)
	h.store.Advance(2 * time.Hour)
	h.wantSpent(hintAccount, 0)
	h.spend(hintAccount, 9)
	h.wantSpent(hintAccount, 9)
	h.store.Flush()
	h.wantSpent(hintAccount, 0)
	h.spend(hintAccount, 3) // The script is forgotten, too.
	h.wantSpent(hintAccount, 3)
}

func spendingOfMany(h *hintTest) {
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				h.spend(hintAccount, 3)
			}
		})
	}
	all.Wait()
	h.wantSpent(hintAccount, 600)
}
