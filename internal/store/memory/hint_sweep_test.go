package memory

import (
	"fmt"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// What a hint store keeps in vain cannot be seen through its doors.
func TestHintForgetsConversationsThatEnded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := NewHint(HintOptions{Now: func() time.Time { return now }})
	const busy = 100
	use := func(first int) {
		t.Helper()
		for i := first; i < first+busy; i++ {
			id, m := conversation.ID(fmt.Sprintf("c%d", i)), conversation.MessageID("m")
			a := []conversation.Arrival{{Conversation: id, Message: m, Letter: []byte("l"), At: now}}
			if _, err := h.Arrive(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if err := h.Queued(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Enter(t.Context(), conversation.Entry{Conversation: id, Message: m, Token: "t", At: now}); err != nil {
				t.Fatal(err)
			}
			d := conversation.Departure{Conversation: id, Token: "t", Version: 1, Snapshot: []byte("s")}
			if i%2 == 0 {
				d.Done = []conversation.MessageID{m}
			}
			if err := h.Leave(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 5 {
		use(round * busy)
		if err := h.Spend(t.Context(), fmt.Sprintf("day%d", round), 1); err != nil {
			t.Fatal(err)
		}
		// Asking about strangers leaves nothing behind for long, either.
		for i := range busy {
			if _, err := h.Waiting(t.Context(), conversation.ID(fmt.Sprintf("stranger%d", i))); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(h.rooms); got > 2*busy+1 {
			t.Errorf("round %d: %d conversations are kept, want those of this round only", round, got)
		}
		now = now.Add(DefaultDedupeTTL)
		if _, err := h.Waiting(t.Context(), "somebody"); err != nil {
			t.Fatal(err)
		}
		if got := len(h.rooms); got > 1 {
			t.Errorf("round %d: %d conversations are kept after everything expired", round, got)
		}
		if got := len(h.spent); got > 0 {
			t.Errorf("round %d: %d accounts are kept after everything expired", round, got)
		}
	}
}

func TestHintKeepsWhatIsStillGood(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	h := NewHint(HintOptions{Now: func() time.Time { return now }})
	a := []conversation.Arrival{{Conversation: "c", Message: "m", Letter: []byte("l"), At: now}}
	if _, err := h.Arrive(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	now = now.Add(25 * time.Hour) // Sweeps go by.
	if letters, err := h.Waiting(t.Context(), "c"); err != nil || len(letters) != 1 {
		t.Errorf("Waiting = %d letters, %v; want the one that is still good", len(letters), err)
	}
}
