package storetest

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// effects starts a turn that has two effects.
func (t *ledgerTest) effects(id conversation.ID) (turn conversation.TurnID) {
	t.Helper()
	c := rich(id, 1, time.Time{})
	t.commit(c)
	return c.Turn.ID
}

func (t *ledgerTest) perform(turn conversation.TurnID, effect int, r conversation.EffectRecord) {
	t.Helper()
	if err := t.ledger.RecordEffect(t.Context(), turn, effect, r); err != nil {
		t.Fatalf("record effect: %v", err)
	}
}

// What can be recorded of an effect.
var (
	effectDone   = conversation.EffectRecord{Done: noon}
	effectLater  = conversation.EffectRecord{Attempts: 2, NotBefore: noon.Add(time.Minute), Reason: "no-answer"}
	effectParked = conversation.EffectRecord{Mark: conversation.EffectParked, Reason: "refused-410"}
)

var effectPromises = []promise{
	{"each effect has its own record", func(t *ledgerTest) {
		id := t.effects("conv")
		t.wantDiff("before", t.turn(id).Records, []conversation.EffectRecord{{}, {}})
		t.perform(id, 0, effectLater)
		t.perform(id, 1, effectDone)
		got := t.turn(id)
		t.wantDiff("records", got.Records, []conversation.EffectRecord{effectLater, effectDone})
		if got.Ended() || got.Records[0].Phase() != conversation.EffectPending || got.Records[1].Phase() != conversation.EffectDone {
			t.Errorf("ended %v: %+v", got.Ended(), got.Records)
		}
	}},

	{"what is done is done, in whatever order it is heard of", func(t *ledgerTest) {
		records := []conversation.EffectRecord{effectDone, effectLater, effectParked}
		n := 0
		permute(len(records), func(order []int) {
			n++
			id := t.effects(conversation.ID("conv" + string(rune('a'+n))))
			for _, i := range order {
				t.perform(id, 0, records[i])
				t.perform(id, 0, records[order[0]])
			}
			if got := t.turn(id).Records[0]; got.Phase() != conversation.EffectDone {
				t.Errorf("order %v: %+v", order, got)
			}
		})
	}},

	{"an effect does not touch the delivery, nor a delivery the effect", func(t *ledgerTest) {
		id := t.effects("conv")
		t.perform(id, 0, effectParked)
		t.answer(id, 0, 1, accepted())
		t.receive(receipt(id, 0, 1, conversation.StatusSent))
		t.intend(id, 1, 1, t.turn(id).Updated)
		t.perform(id, 1, effectDone)
		got := t.turn(id)
		t.wantDiff("records", got.Records, []conversation.EffectRecord{effectParked, effectDone})
		if d := got.Deliveries[0]; d.Phase() != conversation.Sent || got.Deliveries[1].Attempt != 1 {
			t.Errorf("deliveries %+v", got.Deliveries)
		}
	}},

	{"an effect of nobody is refused", func(t *ledgerTest) {
		id := t.effects("conv")
		t.wantKind(t.ledger.RecordEffect(t.Context(), "absent~1", 0, effectDone), fault.Conflict)
		t.wantKind(t.ledger.RecordEffect(t.Context(), id, -1, effectDone), fault.Broken)
		t.wantKind(t.ledger.RecordEffect(canceled(t), id, 0, effectDone), fault.Dependency)
		if s := t.load(conversation.Query{Turn: "absent~1"}); s.Turn != nil {
			t.Error("a record made a turn")
		}
	}},

	{"a parked effect is revived by compare-and-set", func(t *ledgerTest) {
		id := t.effects("conv")
		t.perform(id, 0, effectLater)
		t.perform(id, 0, effectParked)
		was := t.turn(id)
		if got := was.Records[0].Phase(); got != conversation.EffectParked {
			t.Fatalf("phase %s", got)
		}
		for name, stale := range map[string]time.Time{"older": was.Updated.Add(-time.Microsecond), "none": {}} {
			err := t.ledger.Revive(t.Context(), id, 0, stale)
			if err == nil {
				t.Fatalf("%s base: revived", name)
			}
			t.wantKind(err, fault.Conflict)
		}
		if err := t.ledger.Revive(t.Context(), id, 0, was.Updated); err != nil {
			t.Fatalf("revive: %v", err)
		}
		t.wantDiff("revived", t.turn(id).Records[0], conversation.EffectRecord{})
	}},
}
