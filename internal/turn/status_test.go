package turn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// What receipts prove is counted when they prove it: once for each part that
// Meta has, and once for each copy too many.
func TestDuplicatesAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.receipts = false
		s.arrive(s.text(iara, "wamid.1", "oi"))
		w := s.turns()
		s.drain(w)
		id := s.turnsOf(iara)[0].ID
		if _, err := s.ledger.Intend(context.Background(), id, 0, 2, s.turnsOf(iara)[0].Updated); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			attempt       int
			status        conversation.Status
			proven, again int
		}{
			{1, conversation.StatusSent, 1, 0},
			{1, conversation.StatusDelivered, 0, 0},
			{2, conversation.StatusDelivered, 0, 1},
			{2, conversation.StatusRead, 0, 0},
			{1, conversation.StatusDelivered, 0, 0}, // again
		} {
			s.meta.report(conversation.Opaque(id, 0, step.attempt), "wamid.OUT", step.status, time.Second)
			r := s.drain(w)[0]
			if r.Proven != step.proven || r.Duplicates != step.again {
				t.Errorf("attempt %d %s: %d proven, %d again; want %d, %d", step.attempt, step.status, r.Proven, r.Duplicates, step.proven, step.again)
			}
		}
	})
}
