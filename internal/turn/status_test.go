package turn_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
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

// A status that Meta sends without our callback data, or with somebody else's, is
// recorded all the same where Graph's answer told the message's id.
func TestStatusesAreMatchedByTheMessagesID(t *testing.T) {
	const other = "5511966665555"
	for _, tt := range []struct {
		name   string
		status conversation.StatusReport
		of     string // whose attempt it belongs to; empty is nobody's
	}{
		{"without data", conversation.StatusReport{WAMID: "wamid.OUT1"}, iara},
		{"with somebody else's data", conversation.StatusReport{WAMID: "wamid.OUT2", Opaque: "campaign-7"}, other},
		{"with data of another version", conversation.StatusReport{WAMID: "wamid.OUT1", Opaque: "v2.x~1.0.1"}, iara},
		{"with data alone", conversation.StatusReport{Opaque: "ours"}, iara},
		{"with data and an id of somebody else's", conversation.StatusReport{Opaque: "ours", WAMID: "wamid.CAMPAIGN"}, iara},
		{"with data that contradicts the id", conversation.StatusReport{Opaque: "ours", WAMID: "wamid.OUT2"}, iara},
		{"of a message that is not ours", conversation.StatusReport{WAMID: "wamid.CAMPAIGN", Opaque: "campaign-7"}, ""},
		{"of the lead's message", conversation.StatusReport{WAMID: "wamid.1"}, ""},
		{"of nothing", conversation.StatusReport{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.meta.receipts = false
				s.arrive(s.text(iara, "wamid.1", "oi"))
				w := s.turns()
				s.drain(w)
				s.arrive(s.text(other, "wamid.2", "oi"))
				s.drain(w)
				status := tt.status
				status.Number, status.Status, status.At = number, conversation.StatusRead, time.Now()
				if status.Opaque == "ours" {
					status.Opaque = conversation.Opaque(s.turnsOf(iara)[0].ID, 0, 1)
				}
				report, err := s.handle(w, statusEnvelope(s, status))
				if err != nil || report.Statuses != 1 {
					t.Fatalf("%+v, %v", report, err)
				}
				if unknown := tt.of == ""; (report.Unknown == 1) != unknown || (report.Proven == 1) == unknown {
					t.Errorf("%d unknown, %d proven", report.Unknown, report.Proven)
				}
				for _, phone := range []string{iara, other} {
					want := conversation.Status("")
					if phone == tt.of {
						want = conversation.StatusRead
					}
					if got := s.turnsOf(phone)[0].Deliveries[0].Progress(); got != want {
						t.Errorf("the message to %s is %q, want %q", phone, got, want)
					}
				}
			})
		})
	}
}

// One webhook reports of many messages: each status finds its own part, and the
// ledger is asked once for those that do not say whose they are.
func TestStatusesOfOneTaskAreLookedUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.receipts = false
		receipts := &lookups{Receipts: s.ledger}
		w := s.turnsWith(func(o *turn.Options) { o.Receipts = receipts })
		for i := range 3 {
			s.arrive(s.text(fmt.Sprintf("551190000000%d", i), fmt.Sprintf("wamid.%d", i), "oi"))
			s.drain(w)
		}
		report := func(status conversation.Status, opaque string, wamid pii.Contact) conversation.StatusReport {
			return conversation.StatusReport{Number: number, Status: status, Opaque: opaque, WAMID: wamid, At: time.Now()}
		}
		ours := conversation.Opaque(s.turnsOf("5511900000000")[0].ID, 0, 1)
		batch := []conversation.StatusReport{
			report(conversation.StatusSent, ours, "wamid.OUT1"),
			report(conversation.StatusSent, "", "wamid.OUT2"),
			report(conversation.StatusDelivered, "", "wamid.OUT2"),
			report(conversation.StatusRead, "campaign-7", "wamid.CAMPAIGN"),
			report(conversation.StatusPlayed, "", "wamid.OUT3"),
		}
		r, err := s.handle(w, statusesEnvelope(s, batch...))
		if err != nil || r.Statuses != 5 || r.Unknown != 1 || r.Proven != 3 {
			t.Errorf("%+v, %v", r, err)
		}
		var got []conversation.Status
		for i := range 3 {
			got = append(got, s.turnsOf(fmt.Sprintf("551190000000%d", i))[0].Deliveries[0].Progress())
		}
		if diff := cmp.Diff([]conversation.Status{conversation.StatusSent, conversation.StatusDelivered, conversation.StatusPlayed}, got); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{3}, receipts.asked); diff != "" {
			t.Errorf("ids asked for (-want +got):\n%s", diff)
		}
		if _, err := s.handle(w, statusesEnvelope(s, batch[0])); err != nil || len(receipts.asked) != 1 {
			t.Errorf("%d look-ups for a status that says whose it is, %v", len(receipts.asked)-1, err)
		}
	})
}

// Nothing of a task is recorded while the look-up fails: it comes again whole.
func TestAFailedLookUpOfStatusesComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.receipts = false
		receipts := &lookups{Receipts: s.ledger, fail: 1}
		w := s.turnsWith(func(o *turn.Options) { o.Receipts = receipts })
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(w)
		id := s.turnsOf(iara)[0].ID
		alive, err := s.ledger.LastSeen(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		e := statusesEnvelope(s,
			conversation.StatusReport{Number: number, Status: conversation.StatusSent, Opaque: conversation.Opaque(id, 0, 1), At: time.Now()},
			conversation.StatusReport{Number: number, Status: conversation.StatusRead, WAMID: "wamid.OUT1", At: time.Now()},
		)
		if _, err := s.handle(w, e); !fault.Is(err, fault.Dependency) {
			t.Fatalf("error = %v", err)
		}
		if d := s.turnsOf(iara)[0].Deliveries[0]; len(d.Receipts) != 0 {
			t.Errorf("receipts = %v", d.Receipts)
		}
		if seen, err := s.ledger.LastSeen(t.Context(), number); err != nil || !seen.Equal(alive) {
			t.Errorf("the channel was called alive at %v, %v", seen, err)
		}
		if r, err := s.handle(w, e); err != nil || r.Unknown != 0 || r.Proven != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		if got := s.turnsOf(iara)[0].Deliveries[0].Progress(); got != conversation.StatusRead {
			t.Errorf("progress = %s", got)
		}
	})
}

// Before Graph's answer is recorded nobody knows the message's id: only our data
// can tell then.
func TestAMessageWhoseAnswerIsLostIsKnownByOurDataAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet(t)
		s.meta.receipts, s.policy = false, turn.Never
		s.meta.next = []verdict{{lose: true}}
		w := s.turns()
		s.arrive(s.text(iara, "wamid.1", "oi"))
		s.drain(w)
		stored := s.turnsOf(iara)[0]
		if len(s.meta.accepted) != 1 || len(stored.Deliveries[0].Results) != 0 {
			t.Fatalf("%d accepted, %+v", len(s.meta.accepted), stored.Deliveries)
		}
		status := conversation.StatusReport{Number: number, Status: conversation.StatusSent, WAMID: "wamid.OUT1", At: time.Now()}
		if r, err := s.handle(w, statusEnvelope(s, status)); err != nil || r.Unknown != 1 || r.Proven != 0 {
			t.Errorf("without data: %+v, %v", r, err)
		}
		status.Opaque = conversation.Opaque(stored.ID, 0, 1)
		if r, err := s.handle(w, statusEnvelope(s, status)); err != nil || r.Unknown != 0 || r.Proven != 1 {
			t.Errorf("with data: %+v, %v", r, err)
		}
	})
}

// lookups counts how many ids the ledger is asked for at a time, and fails the
// first calls.
type lookups struct {
	turn.Receipts
	asked []int
	fail  int
}

func (l *lookups) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	if l.fail > 0 {
		l.fail--
		return nil, errGone
	}
	l.asked = append(l.asked, len(ids))
	return l.Receipts.Attempts(ctx, ids)
}
