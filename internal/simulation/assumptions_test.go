package simulation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/turn"
)

// assumption is something that policy resend rests on, and a history in which
// it does not hold.
type assumption struct {
	name  string
	twist twist
}

func assumptions() []assumption {
	return []assumption{
		{"receipts come later than the window although others come in time", twist{receipts: 3 * time.Minute}},
		{"receipts are lost although other webhooks come", twist{receipts: -1}},
		{"bytes arrive after the window: a frozen sender, or a network that holds them", twist{bytes: time.Minute}},
		{"the channel falls silent right after a webhook proved it alive", twist{silence: true}},
		{"the clock of the ingress is ahead of the ledger's", twist{ahead: 2 * time.Minute}},
	}
}

// breaking looks for the first seed in which policy resend sends a duplicate.
func breaking(t *testing.T, c *common, a assumption) (first uint64) {
	t.Helper()
	var mu sync.Mutex
	a.twist.policy = turn.Resend
	forSeeds(t, 1, mutantSeeds, func(t *testing.T, seed uint64) bool {
		w := live(t, c, nil, func(w *world) { twisted(w, seed, a.twist) })
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(invariants(w), duplicate) && (first == 0 || seed < first) {
			first = seed
		}
		return first == 0
	})
	return first
}

// TestGeneratedAssumptions shows what each assumption is good for: where it
// does not hold, policy resend sends a duplicate, and policy never does not.
// With -update it looks for the first seed that shows it.
func TestGeneratedAssumptions(t *testing.T) {
	c := bubbleless(t)
	rows := []string{"| what does not hold | first seed in which `resend` sends twice |", "|---|---|"}
	block := ""
	if !*update {
		block = written(t, "assumptions")
	}
	for _, a := range assumptions() {
		var seed uint64
		if *update {
			if seed = breaking(t, c, a); seed == 0 {
				t.Errorf("%s: policy resend does not mind", a.name)
			}
			rows = append(rows, fmt.Sprintf("| %s | %d |", a.name, seed))
			continue
		}
		_, line, listed := strings.Cut(block, "| "+a.name+" | ")
		if _, err := fmt.Sscan(line, &seed); !listed || err != nil {
			t.Errorf("%s: not in the table", a.name)
			continue
		}
		a.twist.policy = turn.Resend
		if w := live(t, c, nil, func(w *world) { twisted(w, seed, a.twist) }); !slices.Contains(invariants(w), duplicate) {
			t.Errorf("%s: seed %d of the table shows nothing: %v", a.name, seed, w.failures)
		}
	}
	if *update {
		compare(t, "assumptions", strings.Join(rows, "\n")+"\n")
	}
}

// TestNeverNeedsNoTiming holds policy never to its promise in histories in
// which nothing that resend rests on holds.
func TestNeverNeedsNoTiming(t *testing.T) {
	c := bubbleless(t)
	n := count(t, 12, 2)
	for _, a := range assumptions() {
		a.twist.policy = turn.Never
		forSeeds(t, *first, min(n, 100), func(t *testing.T, seed uint64) bool {
			w := live(t, c, nil, func(w *world) { twisted(w, seed, a.twist) })
			if len(w.failures) > 0 {
				t.Errorf("%s: seed %d: %v", a.name, seed, w.failures)
			}
			return len(w.failures) == 0
		})
	}
}
