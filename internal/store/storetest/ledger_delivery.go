package storetest

import (
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

var deliveryPromises = []promise{
	{"an intent is a compare-and-set", func(t *ledgerTest) {
		id, base := t.start("conv")
		at := t.intend(id, 0, 2, base)
		if !at.After(base) {
			t.Errorf("intended at %v, not after %v", at, base)
		}
		stored := t.turn(id)
		if stored.Deliveries[0].Attempt != 2 || !stored.Updated.Equal(at) {
			t.Errorf("after the intent: %+v at %v, want %v", stored.Deliveries, stored.Updated, at)
		}
		for name, stale := range map[string]time.Time{"older": base, "newer": at.Add(time.Microsecond), "none": {}} {
			_, err := t.ledger.Intend(t.Context(), id, 0, 3, stale)
			if err == nil {
				t.Fatalf("%s base: intended", name)
			}
			t.wantKind(err, fault.Conflict)
		}
		if got := t.turn(id); got.Deliveries[0].Attempt != 2 || !got.Updated.Equal(at) {
			t.Errorf("a conflict changed the turn: %+v", got.Deliveries)
		}
		_, err := t.ledger.Intend(t.Context(), "absent~1", 0, 2, base)
		t.wantKind(err, fault.Conflict)
		if s := t.load(conversation.Query{Turn: "absent~1"}); s.Turn != nil {
			t.Error("an intent made a turn")
		}
		for _, attempt := range []int{0, -1} {
			_, err := t.ledger.Intend(t.Context(), id, 0, attempt, at)
			t.wantKind(err, fault.Broken)
		}
	}},

	{"of many intents at once exactly one wins", func(t *ledgerTest) {
		id, base := t.start("conv")
		winners, errs := t.race(16, func(int) error {
			_, err := t.ledger.Intend(t.Context(), id, 0, 2, base)
			return err
		})
		if len(winners) != 1 {
			t.Fatalf("%d intents won: %v", len(winners), errs)
		}
		for _, err := range errs {
			t.wantKind(err, fault.Conflict)
		}
	}},

	{"each part has its own delivery", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		base := t.commit(c).At
		id := c.Turn.ID
		t.answer(id, 0, 1, accepted())
		stored := t.turn(id)
		if part, d, ok := stored.Open(); !ok || part != 1 || d.Attempt != 0 || stored.Updated.Equal(base) {
			t.Errorf("open part = %d, %+v, %v", part, d, ok)
		}
		t.intend(id, 1, 1, stored.Updated)
		postponed := conversation.Result{Kind: conversation.Postponed, Code: 131056, NotBefore: noon.Add(4 * time.Second), At: noon}
		t.answer(id, 1, 1, postponed)
		t.wantPhase(id, conversation.Decided)
		t.intend(id, 1, 2, t.turn(id).Updated)
		refused := conversation.Result{Kind: conversation.Refused, Code: 131047, At: noon.Add(time.Second)}
		t.answer(id, 1, 2, refused)
		t.wantPhase(id, conversation.Failed)
		stored = t.turn(id)
		t.wantDiff("deliveries", stored.Deliveries, []conversation.Delivery{
			{Attempt: 1, Results: map[int]conversation.Result{1: accepted()}},
			{Attempt: 2, Results: map[int]conversation.Result{1: postponed, 2: refused}},
		})
		t.wantDiff("decision", stored.Turn, c.Turn)
	}},

	{"answers and receipts commute and repeat", func(t *ledgerTest) {
		type step struct {
			name string
			do   func(id conversation.TurnID)
		}
		answer := step{"answer", func(id conversation.TurnID) { t.answer(id, 0, 1, accepted()) }}
		status := func(s conversation.Status) step {
			return step{string(s), func(id conversation.TurnID) { t.receive(receipt(id, 0, 1, s)) }}
		}
		stories := []struct {
			steps []step
			want  conversation.DeliveryPhase
			far   conversation.Status
		}{
			{[]step{answer, status(conversation.StatusSent), status(conversation.StatusDelivered), status(conversation.StatusRead)},
				conversation.Sent, conversation.StatusRead},
			{[]step{answer, status(conversation.StatusSent), status(conversation.StatusFailed)}, conversation.Failed, conversation.StatusFailed},
			{[]step{answer}, conversation.Sent, ""},
			{[]step{status(conversation.StatusPlayed)}, conversation.Sent, conversation.StatusPlayed},
		}
		n := 0
		for _, story := range stories {
			var want *conversation.Delivery
			permute(len(story.steps), func(order []int) {
				n++
				id, _ := t.start(conversation.ID(fmt.Sprintf("conv%d", n)))
				name := ""
				for _, i := range order {
					name += story.steps[i].name + " "
					story.steps[i].do(id)
					story.steps[order[0]].do(id)
				}
				got := t.turn(id)
				if got.Phase() != story.want || got.Deliveries[0].Progress() != story.far {
					t.Errorf("%s: %s, %s; want %s, %s", name, got.Phase(), got.Deliveries[0].Progress(), story.want, story.far)
				}
				d := got.Deliveries[0]
				for _, receipts := range d.Receipts {
					for s, r := range receipts {
						r.Turn = ""
						receipts[s] = r
					}
				}
				if want == nil {
					want = &d
				}
				t.wantDiff(name, d, *want)
			})
		}
	}},

	{"a receipt is kept whole, and the first of a status counts", func(t *ledgerTest) {
		id, base := t.start("conv")
		first := receipt(id, 0, 1, conversation.StatusSent)
		known := t.receive(first)
		if len(known) != 1 || !known[0].Updated.After(base) {
			t.Fatalf("known = %+v", known)
		}
		second := first
		second.Code, second.At = 1, noon.Add(time.Hour)
		repeated := t.receive(second)
		t.wantDiff("turn after a repetition", repeated, known)
		stored := t.turn(id)
		t.wantDiff("stored turn", stored, known[0])
		t.wantDiff("receipts", stored.Deliveries[0].Receipts,
			map[int]map[conversation.Status]conversation.Receipt{1: {conversation.StatusSent: first}})
		bare := conversation.Receipt{Turn: id, Part: 0, Attempt: 3, Status: conversation.StatusFailed, At: noon}
		t.receive(bare)
		t.wantDiff("receipt of an attempt that nobody recorded", t.turn(id).Deliveries[0].Receipts[3][conversation.StatusFailed], bare)
	}},

	{"receipts of nobody harm nobody", func(t *ledgerTest) {
		id, base := t.start("conv")
		if known := t.receive(); len(known) != 0 {
			t.Errorf("no receipts: %+v", known)
		}
		strangers := []conversation.Receipt{
			receipt("absent~1", 0, 1, conversation.StatusSent),
			receipt("conv~2", 0, 1, conversation.StatusSent),
			receipt("a/b~1", 0, 1, conversation.StatusSent),
			receipt("a~1/../b", 0, 1, conversation.StatusSent),
			receipt("", 0, 1, conversation.StatusSent),
			receipt(".", 0, 1, conversation.StatusSent),
			receipt("..", 0, 1, conversation.StatusSent),
			receipt("__a~1__", 0, 1, conversation.StatusSent),
			receipt("\xff~1", 0, 1, conversation.StatusSent),
		}
		if known := t.receive(strangers...); len(known) != 0 {
			t.Errorf("strangers are known: %+v", known)
		}
		useless := []conversation.Receipt{
			receipt(id, 1, 1, conversation.StatusSent),
			receipt(id, -1, 1, conversation.StatusSent),
			receipt(id, 0, 0, conversation.StatusSent),
			receipt(id, 0, -3, conversation.StatusSent),
			receipt(id, 0, 1, ""),
			receipt(id, 0, 1, "a.`b"),
		}
		known := t.receive(useless...)
		if len(known) != 1 || !known[0].Updated.Equal(base) || len(known[0].Deliveries[0].Receipts) != 0 {
			t.Errorf("receipts that say nothing changed the turn: %+v", known)
		}
		mixed := append(append(strangers, useless...), receipt(id, 0, 1, conversation.StatusSent))
		known = t.receive(append(mixed, strangers...)...)
		if len(known) != 1 || known[0].Phase() != conversation.Sent {
			t.Errorf("among strangers: %+v", known)
		}
		t.wantPhase(id, conversation.Sent)
	}},

	{"one call takes the receipts of many turns", func(t *ledgerTest) {
		const turns = 60
		var receipts []conversation.Receipt
		var want []conversation.TurnID
		for i := range turns {
			id, _ := t.start(conversation.ID(fmt.Sprintf("conv%d", i)))
			want = append(want, id)
			receipts = append(receipts, receipt(id, 0, 1, conversation.StatusSent), receipt("absent~1", 0, 1, conversation.StatusSent))
		}
		for _, id := range want {
			receipts = append(receipts, receipt(id, 0, 1, conversation.StatusDelivered))
		}
		known := t.receive(receipts...)
		var got []conversation.TurnID
		for _, turn := range known {
			got = append(got, turn.ID)
			if turn.Phase() != conversation.Sent || len(turn.Deliveries[0].Receipts[1]) != 2 {
				t.Errorf("%s: %+v", turn.ID, turn.Deliveries)
			}
			t.wantDiff("stored", t.turn(turn.ID), turn)
		}
		t.wantDiff("known", got, want)
	}},

	{"what a receipt returns can be built on", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		t.commit(c)
		known := t.receive(receipt(c.Turn.ID, 0, 1, conversation.StatusSent))
		if len(known) != 1 {
			t.Fatalf("known = %+v", known)
		}
		at := t.intend(c.Turn.ID, 1, 1, known[0].Updated)
		if got := t.turn(c.Turn.ID); got.Deliveries[1].Attempt != 1 || !got.Updated.Equal(at) {
			t.Errorf("deliveries = %+v", got.Deliveries)
		}
	}},

	{"answers and receipts at once are all kept", func(t *ledgerTest) {
		id, _ := t.start("conv")
		statuses := []conversation.Status{
			conversation.StatusSent, conversation.StatusDelivered, conversation.StatusRead, conversation.StatusPlayed,
		}
		_, errs := t.race(len(statuses)*2+2, func(i int) error {
			if i >= len(statuses)*2 {
				return t.ledger.Answer(t.Context(), id, 0, 1, accepted())
			}
			_, err := t.ledger.Receive(t.Context(), []conversation.Receipt{receipt(id, 0, 1, statuses[i%len(statuses)])})
			return err
		})
		if len(errs) != 0 {
			t.Fatalf("%v", errs)
		}
		d := t.turn(id).Deliveries[0]
		if len(d.Receipts[1]) != len(statuses) || d.Results[1].Kind != conversation.Accepted {
			t.Errorf("delivery = %+v", d)
		}
	}},

	{"the id of an answer leads to its attempt", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		t.commit(c)
		id := c.Turn.ID
		first, second := accepted(), accepted()
		first.ID, second.ID = "s1", "s2"
		t.wantDiff("before the answers", t.attempts("s1", "s2"), map[conversation.SentID]conversation.Attempted{})
		t.answer(id, 0, 1, first)
		t.intend(id, 1, 1, t.turn(id).Updated)
		t.answer(id, 1, 1, conversation.Result{Kind: conversation.Postponed, At: noon})
		t.intend(id, 1, 2, t.turn(id).Updated)
		t.answer(id, 1, 2, second)
		t.answer(id, 0, 1, first)
		other, _ := t.start("other")
		t.answer(other, 0, 1, accepted())
		want := map[conversation.SentID]conversation.Attempted{
			"s1": {Turn: id, Part: 0, Attempt: 1}, "s2": {Turn: id, Part: 1, Attempt: 2},
		}
		t.wantDiff("known among strangers", t.attempts("s2", "s3", "", "s1", ".", "a/b", "\xff", "s2"), want)
		t.wantDiff("nobody's", t.attempts("", "s3", conversation.SentID(id)), map[conversation.SentID]conversation.Attempted{})
		t.wantDiff("no ids", t.attempts(), map[conversation.SentID]conversation.Attempted{})
		t.wantDiff("stored answer", t.turn(id).Deliveries[0].Results, map[int]conversation.Result{1: accepted()})
		t.receive(receipt(id, 0, 1, conversation.StatusRead))
		t.wantDiff("after a receipt", t.attempts("s1", "s2"), want)
	}},

	{"an answer to a turn that is gone makes none", func(t *ledgerTest) {
		stray := accepted()
		stray.ID = "s1"
		t.wantKind(t.ledger.Answer(t.Context(), "absent~1", 0, 1, stray), fault.Conflict)
		t.wantDiff("where its id leads", t.attempts("s1"), map[conversation.SentID]conversation.Attempted{})
		if s := t.load(conversation.Query{Turn: "absent~1"}); s.Turn != nil {
			t.Error("an answer made a turn")
		}
		id, _ := t.start("conv")
		t.wantKind(t.ledger.Answer(t.Context(), id, 0, 0, accepted()), fault.Broken)
	}},

	{"a parked part is lifted by a late receipt or a new attempt", func(t *ledgerTest) {
		id, base := t.start("conv")
		t.wantKind(t.ledger.Park(t.Context(), id, 0, "no_evidence", base.Add(-time.Second)), fault.Conflict)
		t.wantKind(t.ledger.Park(t.Context(), "absent~1", 0, "no_evidence", base), fault.Conflict)
		t.wantPhase(id, conversation.Sending)
		if err := t.ledger.Park(t.Context(), id, 0, "no_evidence", base); err != nil {
			t.Fatalf("park: %v", err)
		}
		parked := t.turn(id)
		if parked.Phase() != conversation.Parked || parked.Deliveries[0].Reason != "no_evidence" || !parked.Updated.After(base) {
			t.Errorf("parked = %+v", parked.Deliveries)
		}
		t.wantKind(t.ledger.Park(t.Context(), id, 0, "again", base), fault.Conflict)
		known := t.receive(receipt(id, 0, 1, conversation.StatusDelivered))
		if len(known) != 1 || known[0].Phase() != conversation.Sent {
			t.Errorf("a late receipt: %+v", known)
		}

		id, base = t.start("second")
		if err := t.ledger.Park(t.Context(), id, 0, "no_evidence", base); err != nil {
			t.Fatalf("park: %v", err)
		}
		t.intend(id, 0, 2, t.turn(id).Updated)
		t.wantDiff("deliveries after a new attempt", t.turn(id).Deliveries, []conversation.Delivery{{Attempt: 2}})
	}},
}

// permute calls f with every order of the numbers below n.
func permute(n int, f func(order []int)) {
	order := make([]int, 0, n)
	used := make([]bool, n)
	var next func()
	next = func() {
		if len(order) == n {
			f(order)
			return
		}
		for i := range n {
			if used[i] {
				continue
			}
			used[i], order = true, append(order, i)
			next()
			used[i], order = false, order[:len(order)-1]
		}
	}
	next()
}
