package simulator

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// TestWhereATurnsTimeWent tells the time of a burst of two messages, of which the
// second arrived while the turn waited for it, and of what Meta made of the
// answer. What is not printed or reported any more is told from the record.
func TestWhereATurnsTimeWent(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	after := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	took := func(name string, ms int) conversation.Phase {
		return conversation.Phase{Name: name, Took: time.Duration(ms) * time.Millisecond}
	}
	received := map[conversation.MessageID]time.Time{"m1": noon, "m2": after(150)}
	burst := conversation.StoredTurn{
		Turn: conversation.Turn{
			ID: "conv~1", DecidedAt: after(310), Model: conversation.Model{Took: 400 * time.Millisecond},
			Phases: []conversation.Phase{
				took("enter", 1), took("gather", 200), took("load", 10), took("perceive", 50), took("decide", 420),
			},
		},
		Deliveries: []conversation.Delivery{{
			Attempt:  1,
			Results:  map[int]conversation.Result{1: {Kind: conversation.Accepted, At: after(830)}},
			Receipts: map[int]map[conversation.Status]conversation.Receipt{1: {conversation.StatusDelivered: {At: after(1000)}}},
		}},
	}
	printed := []json.RawMessage{
		[]byte(`{"message":"webhook_received","message_id":"m1","enqueued":1,"latency_ms":2}`),
		[]byte(`{"message":"webhook_received","message_id":"m2","enqueued":1,"latency_ms":3}`),
		[]byte(`{"message":"turn_finished","turn":"conv~1","time":"2026-11-23T12:00:09Z","latency_ms":801,"commit_latency_ms":20,"send_latency_ms":95}`),
		// What comes again is no part of it.
		[]byte(`{"message":"webhook_received","message_id":"m1","enqueued":0,"duplicates":1,"latency_ms":1}`),
		[]byte(`{"message":"webhook_received","message_id":"m1","enqueued":1,"latency_ms":1}`),
		[]byte(`{"message":"turn_finished","turn":"conv~2","time":"2026-11-23T12:09:00Z","latency_ms":1,"send_latency_ms":1}`),
		[]byte(`"not an event"`),
	}
	refused := burst
	refused.Deliveries = []conversation.Delivery{{
		Attempt: 1, Results: map[int]conversation.Result{1: {Kind: conversation.Refused, Code: 131047, At: after(830)}},
	}}
	work := []step{
		{Step: "lease", StartMS: 99, TookMS: 1}, {Step: "queue", StartMS: 100, TookMS: 200}, {Step: "ledger", StartMS: 300, TookMS: 10},
		{Step: "media", StartMS: 310, TookMS: 50}, {Step: "model", StartMS: 360, TookMS: 400}, {Step: "guards", StartMS: 760, TookMS: 20},
	}
	for _, c := range []struct {
		name    string
		turn    conversation.StoredTurn
		logs    []json.RawMessage
		reports []posting
		want    [][]step
	}{
		{"printed and reported", burst, printed, []posting{
			{at: after(1500), statuses: []whatsapp.Status{{ID: "out", State: whatsapp.StateRead}}},
			{at: after(840), statuses: []whatsapp.Status{{ID: "out", State: whatsapp.StateSent}, {ID: "another's", State: whatsapp.StateFailed}}},
		}, [][]step{
			{{Step: "webhook", TookMS: 2}, {Step: "webhook", StartMS: 150, TookMS: 3}, {Step: "queue", TookMS: 99}}, work,
			{{Step: "commit", StartMS: 780, TookMS: 20}, {Step: "send", StartMS: 800, TookMS: 95}},
			{{Step: "sent", StartMS: 840}, {Step: "delivered", StartMS: 1000}, {Step: "read", StartMS: 1500}},
		}},
		{"only recorded", burst, nil, nil, [][]step{
			{{Step: "queue", TookMS: 99}}, work, {{Step: "sent", StartMS: 830}, {Step: "delivered", StartMS: 1000}},
		}},
		{"refused", refused, nil, nil, [][]step{{{Step: "queue", TookMS: 99}}, work, {{Step: "failed", StartMS: 830}}}},
		{"of a timer", conversation.StoredTurn{Turn: conversation.Turn{ID: "conv~3", DecidedAt: after(0)}}, printed, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []step
			for _, steps := range c.want {
				want = append(want, steps...)
			}
			heard := received
			if len(c.turn.Phases) == 0 {
				heard = nil
			}
			got := timeline(c.turn, heard, c.logs, c.reports, []string{"out"})
			for i := range got {
				if len(got[i].Origins) == 0 {
					t.Errorf("nobody knows where %s is from", got[i].Step)
				}
				for _, origin := range got[i].Origins {
					// The page has words for these places and no others.
					place, name, _ := strings.Cut(origin, " ")
					if !slices.Contains([]string{"message", "log", "record", "webhook"}, place) || name == "" {
						t.Errorf("%s is from %q", got[i].Step, origin)
					}
				}
				got[i].Origins = nil
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
