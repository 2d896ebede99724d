package storetest

import (
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// park starts a turn whose first part is parked after one attempt.
func (t *ledgerTest) park(id conversation.ID) conversation.StoredTurn {
	t.Helper()
	turn, base := t.start(id)
	if err := t.ledger.Park(t.Context(), turn, 0, "no-receipt", base); err != nil {
		t.Fatalf("park: %v", err)
	}
	return t.turn(turn)
}

func (t *ledgerTest) base(id conversation.ID) time.Time {
	t.Helper()
	s := t.load(conversation.Query{Conversations: []conversation.ID{id}})
	if s.Conversation == nil {
		t.Fatalf("conversation %s is absent", id)
	}
	return s.Conversation.Updated
}

func (t *ledgerTest) bury(id string, message bool) {
	t.Helper()
	d := conversation.Dead{ID: id, Conversation: "conv", Number: number, Reason: "attempts-spent", Content: []byte(canaryText), Message: message, At: noon}
	if err := t.ledger.Bury(t.Context(), d); err != nil {
		t.Fatalf("bury: %v", err)
	}
}

func (t *ledgerTest) parked(limit int) []conversation.TurnID {
	t.Helper()
	turns, err := t.ledger.Parked(t.Context(), limit)
	if err != nil {
		t.Fatalf("parked: %v", err)
	}
	var ids []conversation.TurnID
	for _, turn := range turns {
		ids = append(ids, turn.ID)
	}
	return ids
}

func reopening(turn conversation.StoredTurn, conversationBase time.Time) conversation.Reopening {
	return conversation.Reopening{
		Turn: turn.ID, Part: 0, Attempt: turn.Deliveries[0].Attempt, Base: turn.Updated,
		Conversation: turn.Conversation, ConversationBase: conversationBase, Granted: 1, At: noon,
	}
}

var operatorPromises = []promise{
	{"a parked part is reopened to be sent again", func(t *ledgerTest) {
		parked := t.park("conv")
		was := t.base("conv")
		if err := t.ledger.Reopen(t.Context(), reopening(parked, was)); err != nil {
			t.Fatalf("reopen: %v", err)
		}
		got := t.turn(parked.ID)
		t.wantDiff("delivery", got.Deliveries[0], conversation.Delivery{
			Attempt: 1, Granted: 1, Results: map[int]conversation.Result{1: {Kind: conversation.Postponed, At: noon}},
		})
		t.wantPhase(parked.ID, conversation.Decided)
		if now := t.base("conv"); !now.After(was) {
			t.Errorf("the conversation was last written at %v, before at %v: a newer turn would not notice", now, was)
		}
		before := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}}).Conversation.Conversation
		t.wantDiff("conversation", before, plain("conv", 1, time.Time{}).Conversation)
	}},

	{"reopening is a compare-and-set of turn and conversation", func(t *ledgerTest) {
		parked := t.park("conv")
		was := t.base("conv")
		for name, r := range map[string]conversation.Reopening{
			"stale turn": func() conversation.Reopening {
				r := reopening(parked, was)
				r.Base = r.Base.Add(-time.Microsecond)
				return r
			}(),
			"turn never read":    func() conversation.Reopening { r := reopening(parked, was); r.Base = time.Time{}; return r }(),
			"stale conversation": reopening(parked, was.Add(-time.Microsecond)),
			"never read":         reopening(parked, time.Time{}),
			"no conversation":    func() conversation.Reopening { r := reopening(parked, was); r.Conversation = "absent"; return r }(),
		} {
			err := t.ledger.Reopen(t.Context(), r)
			if err == nil {
				t.Fatalf("%s: reopened", name)
			}
			t.wantKind(err, fault.Conflict)
		}
		t.wantPhase(parked.ID, conversation.Parked)
		if now := t.base("conv"); !now.Equal(was) {
			t.Error("a conflict touched the conversation")
		}
		if err := t.ledger.Reopen(t.Context(), reopening(parked, was)); err != nil {
			t.Fatalf("reopen: %v", err)
		}
		// A turn that was being decided meanwhile comes too late.
		_, err := t.ledger.Commit(t.Context(), plain("conv", 2, was))
		t.wantKind(err, fault.Conflict)
		t.commit(plain("conv", 2, t.base("conv")))
	}},

	{"a receipt lifts a reopened part", func(t *ledgerTest) {
		parked := t.park("conv")
		if err := t.ledger.Reopen(t.Context(), reopening(parked, t.base("conv"))); err != nil {
			t.Fatalf("reopen: %v", err)
		}
		t.receive(receipt(parked.ID, 0, 1, conversation.StatusDelivered))
		t.wantPhase(parked.ID, conversation.Sent)
	}},

	{"a part is closed by compare-and-set", func(t *ledgerTest) {
		id, base := t.start("conv")
		t.wantKind(t.ledger.CloseOut(t.Context(), id, 0, "operator", base.Add(-time.Microsecond)), fault.Conflict)
		t.wantPhase(id, conversation.Sending)
		if err := t.ledger.CloseOut(t.Context(), id, 0, "operator", base); err != nil {
			t.Fatalf("close out: %v", err)
		}
		t.wantPhase(id, conversation.Closed)
		if got := t.turn(id).Deliveries[0].Reason; got != "operator" {
			t.Errorf("reason %q", got)
		}
	}},

	{"what waits for an operator is listed until it does no more", func(t *ledgerTest) {
		if got := t.parked(9); got != nil {
			t.Errorf("before the first: %v", got)
		}
		a, b := t.park("conva"), t.park("convb")
		t.start("convc")
		effect := t.effects("convd")
		t.perform(effect, 0, effectParked)
		t.wantDiff("parked", t.parked(9), []conversation.TurnID{a.ID, b.ID, effect})
		t.wantDiff("at a limit", t.parked(2), []conversation.TurnID{a.ID, b.ID})
		t.wantDiff("at none", t.parked(0), []conversation.TurnID(nil))
		t.receive(receipt(a.ID, 0, 1, conversation.StatusSent))
		if err := t.ledger.CloseOut(t.Context(), b.ID, 0, "operator", b.Updated); err != nil {
			t.Fatal(err)
		}
		if err := t.ledger.Revive(t.Context(), effect, 0, t.turn(effect).Updated); err != nil {
			t.Fatal(err)
		}
		if got := t.parked(9); got != nil {
			t.Errorf("in the end: %v", got)
		}
	}},

	{"more is listed than one read brings", func(t *ledgerTest) {
		var want []conversation.TurnID
		for i := range 130 {
			parked := t.park(conversation.ID(fmt.Sprintf("conv%03d", i)))
			if i < 110 { // what is settled comes first and must not crowd out the rest
				t.receive(receipt(parked.ID, 0, 1, conversation.StatusSent))
				continue
			}
			want = append(want, parked.ID)
		}
		t.wantDiff("parked", t.parked(1000), want)
	}},

	{"a dead message is exhumed once for each time", func(t *ledgerTest) {
		t.wantKind(t.ledger.Exhume(t.Context(), "m1", 1), fault.Conflict)
		t.bury("m1", true)
		t.wantKind(t.ledger.Exhume(t.Context(), "m1", 2), fault.Conflict)
		winners, errs := t.race(8, func(int) error { return t.ledger.Exhume(t.Context(), "m1", 1) })
		if len(winners) != 1 {
			t.Fatalf("exhumed %d times: %v", len(winners), errs)
		}
		if s := t.load(conversation.Query{Messages: []conversation.MessageID{"m1"}}); len(s.Messages) != 0 {
			t.Errorf("it is still known: %+v", s.Messages)
		}
		d, err := t.ledger.DeadLetter(t.Context(), "m1")
		if err != nil || d == nil || d.Replays != 1 || string(d.Content) != canaryText {
			t.Fatalf("its letter: %+v, %v", d, err)
		}
		t.wantKind(t.ledger.Exhume(t.Context(), "m1", 2), fault.Conflict) // it is not dead
		t.bury("m1", true)
		if err := t.ledger.Exhume(t.Context(), "m1", 2); err != nil {
			t.Errorf("the second time: %v", err)
		}
		c := plain("conv", 1, time.Time{})
		c.Messages[0].ID = "m1"
		t.commit(c)
		t.bury("m1", true) // too late: it is the turn's
		t.wantKind(t.ledger.Exhume(t.Context(), "m1", 3), fault.Conflict)
	}},

	{"a dead letter is dropped once", func(t *ledgerTest) {
		t.wantKind(t.ledger.Drop(t.Context(), "raw", noon), fault.Conflict)
		t.bury("raw", false)
		for i := range 2 {
			if err := t.ledger.Drop(t.Context(), "raw", noon.Add(time.Duration(i)*time.Hour)); err != nil {
				t.Fatalf("drop: %v", err)
			}
		}
		d, err := t.ledger.DeadLetter(t.Context(), "raw")
		if err != nil || d == nil || !d.Dropped.Equal(noon) {
			t.Errorf("%+v, %v", d, err)
		}
		if d, err := t.ledger.DeadLetter(t.Context(), "absent"); d != nil || err != nil {
			t.Errorf("absent: %+v, %v", d, err)
		}
	}},

	{"conversations that a person owns are listed with their handoffs", func(t *ledgerTest) {
		if owned, err := t.ledger.HandedOff(t.Context(), 9); err != nil || len(owned) != 0 {
			t.Errorf("before the first: %v, %v", owned, err)
		}
		t.start("ours")
		want := rich("b", 1, time.Time{})
		t.commit(want)
		t.commit(rich("a", 1, time.Time{}))
		owned, err := t.ledger.HandedOff(t.Context(), 9)
		if err != nil || len(owned) != 2 || owned[0].ID != "a" {
			t.Fatalf("%+v, %v", owned, err)
		}
		t.wantDiff("conversation", owned[1].Conversation, want.Conversation)
		if owned, err := t.ledger.HandedOff(t.Context(), 1); err != nil || len(owned) != 1 {
			t.Errorf("at a limit: %d, %v", len(owned), err)
		}
		found, err := t.ledger.Handoffs(t.Context(), []string{want.Handoff.ID, "absent"})
		if err != nil {
			t.Fatal(err)
		}
		t.wantDiff("handoffs", found, map[string]conversation.Handoff{want.Handoff.ID: *want.Handoff})
		if found, err := t.ledger.Handoffs(t.Context(), nil); err != nil || len(found) != 0 {
			t.Errorf("of none: %v, %v", found, err)
		}
		_, err = t.ledger.HandedOff(canceled(t), 1)
		t.wantKind(err, fault.Dependency)
		_, err = t.ledger.Handoffs(canceled(t), []string{"h"})
		t.wantKind(err, fault.Dependency)
	}},

	{"more conversations than one page holds are listed", func(t *ledgerTest) {
		const pages = 103
		for i := range pages {
			c := plain(conversation.ID(fmt.Sprintf("c%03d", i)), 1, time.Time{})
			c.Conversation.Owner = conversation.OwnerPerson
			t.commit(c)
		}
		owned, err := t.ledger.HandedOff(t.Context(), pages)
		if err != nil || len(owned) != pages || owned[pages-1].ID != "c102" {
			t.Errorf("%d, %v", len(owned), err)
		}
	}},

	{"an act is noted once and for ever", func(t *ledgerTest) {
		if acts, err := t.ledger.Acts(t.Context(), 9); err != nil || len(acts) != 0 {
			t.Errorf("before the first: %v, %v", acts, err)
		}
		first := conversation.Act{
			ID: "a1", Kind: conversation.ActReplyFailed, Conversation: "conv", Turn: "conv~1", Message: "m1", Reason: "meta-131026", At: noon,
		}
		second := conversation.Act{ID: "a2", Kind: conversation.ActDropped, At: noon.Add(time.Second)}
		changed := first
		changed.Reason = "another"
		for _, a := range []conversation.Act{first, second, changed} {
			if err := t.ledger.Note(t.Context(), a); err != nil {
				t.Fatalf("note: %v", err)
			}
		}
		acts, err := t.ledger.Acts(t.Context(), 9)
		if err != nil {
			t.Fatal(err)
		}
		t.wantDiff("acts", acts, []conversation.Act{second, first})
		if acts, err := t.ledger.Acts(t.Context(), 1); err != nil || len(acts) != 1 || acts[0].ID != "a2" {
			t.Errorf("at a limit: %+v, %v", acts, err)
		}
		t.wantKind(t.ledger.Note(canceled(t), first), fault.Dependency)
	}},

	{"the acts of one conversation are found", func(t *ledgerTest) {
		var want []conversation.Act
		for i := range 105 { // more than one read brings
			// Their ids are in another order than their times.
			a := conversation.Act{
				ID: fmt.Sprintf("a%03d", 900-i), Kind: conversation.ActReleased, Conversation: "conv", Turn: "conv~1", At: noon.Add(time.Duration(i) * time.Second),
			}
			want = append(want, a)
			other := a
			other.ID, other.Conversation = "of another's"+a.ID, "another"
			nobodys := a
			nobodys.ID, nobodys.Conversation = "nobody's"+a.ID, ""
			for _, act := range []conversation.Act{a, other, nobodys} {
				if err := t.ledger.Note(t.Context(), act); err != nil {
					t.Fatalf("note: %v", err)
				}
			}
		}
		for _, c := range []struct {
			limit int
			want  []conversation.Act
		}{{1000, want}, {2, want[103:]}} {
			acts, err := t.ledger.ActsOf(t.Context(), "conv", c.limit)
			if err != nil {
				t.Fatal(err)
			}
			t.wantDiff(fmt.Sprintf("at most %d acts", c.limit), acts, c.want)
		}
		if acts, err := t.ledger.ActsOf(t.Context(), "unheard-of", 9); err != nil || len(acts) != 0 {
			t.Errorf("of nobody: %v, %v", acts, err)
		}
		_, err := t.ledger.ActsOf(canceled(t), "conv", 9)
		t.wantKind(err, fault.Dependency)
	}},
}
