package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// merging is the commit of a turn of one conversation that takes over others.
func merging(into conversation.ID, version int64, base time.Time, others ...conversation.StoredConversation) conversation.Commit {
	c := plain(into, version, base)
	for _, other := range others {
		c.Beside = append(c.Beside, conversation.StoredConversation{
			Conversation: conversation.MovedAway(other.ID, into, number, other.Version), Updated: other.Updated,
		})
		c.Turn.Absorbed = append(c.Turn.Absorbed, other.ID)
	}
	return c
}

var mergePromises = []promise{
	{"every conversation that the names lead to is read, each once", func(t *ledgerTest) {
		first := plain("user", 1, time.Time{})
		first.Pointers = []conversation.ID{"parent"}
		one := t.commit(first)
		two := t.commit(plain("phone", 1, time.Time{}))
		s := t.load(conversation.Query{Conversations: []conversation.ID{"absent", "parent", "phone", "user"}})
		if s.Conversation == nil || s.Conversation.ID != "user" || !s.Conversation.Updated.Equal(one.At) {
			t.Fatalf("in charge is %+v", s.Conversation)
		}
		if len(s.Others) != 1 || s.Others[0].ID != "phone" || !s.Others[0].Updated.Equal(two.At) {
			t.Errorf("others: %+v", s.Others)
		}
		t.wantDiff("holders", s.Holders, map[conversation.ID]conversation.Holder{
			"parent": {InCharge: "user", Updated: one.At},
			"user":   {InCharge: "user", Version: 1, Updated: one.At},
			"phone":  {InCharge: "phone", Version: 1, Updated: two.At},
		})
	}},

	{"a conversation takes another over in one write", func(t *ledgerTest) {
		t.commit(plain("user", 1, time.Time{}))
		t.commit(plain("phone", 1, time.Time{}))
		s := t.load(conversation.Query{Conversations: []conversation.ID{"user", "phone"}})
		c := merging("user", 2, s.Conversation.Updated, s.Others...)
		done := t.commit(c)
		for _, id := range []conversation.ID{"user", "phone"} {
			s := t.load(conversation.Query{Conversations: []conversation.ID{id}})
			if s.Conversation == nil || s.Conversation.ID != "user" || s.Conversation.Version != 2 || s.Turn == nil || s.Turn.ID != "user~2" {
				t.Errorf("%s leads to %+v", id, s.Conversation)
			}
			if holder := s.Holders[id]; !holder.Updated.Equal(done.At) || holder.InCharge != "user" {
				t.Errorf("%s is held by %+v", id, holder)
			}
		}
		t.wantDiff("the record", t.turn("user~2").Absorbed, []conversation.ID{"phone"})
		if turns, err := t.ledger.Turns(t.Context(), "phone", 9); err != nil || len(turns) != 1 {
			t.Errorf("the conversation that moved keeps %d turns, %v", len(turns), err)
		}
		owned, err := t.ledger.HandedOff(t.Context(), 9)
		if err != nil || len(owned) != 0 {
			t.Errorf("a person owns %d, %v", len(owned), err)
		}
	}},

	{"a conversation that was written to is not taken over", func(t *ledgerTest) {
		base := t.commit(plain("user", 1, time.Time{})).At
		other := t.commit(plain("phone", 1, time.Time{})).At
		stale := conversation.StoredConversation{Conversation: conversation.Conversation{ID: "phone", Version: 1}, Updated: other}
		t.commit(plain("phone", 2, other))
		before := t.everything(conversation.Query{Conversations: []conversation.ID{"user", "phone"}, Messages: []conversation.MessageID{"m2user"}})
		_, err := t.ledger.Commit(t.Context(), merging("user", 2, base, stale))
		t.wantKind(err, fault.Conflict)
		for name, updated := range map[string]time.Time{"that is there": {}, "of a time to come": other.Add(time.Hour)} {
			stale.Updated = updated
			_, err := t.ledger.Commit(t.Context(), merging("user", 2, base, stale))
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("taking over a conversation %s: %v", name, err)
			}
		}
		gone := conversation.StoredConversation{Conversation: conversation.Conversation{ID: "absent", Version: 1}, Updated: other}
		_, err = t.ledger.Commit(t.Context(), merging("user", 2, base, gone))
		t.wantKind(err, fault.Conflict)
		after := t.everything(conversation.Query{Conversations: []conversation.ID{"user", "phone"}, Messages: []conversation.MessageID{"m2user"}})
		t.wantDiff("what is stored after merges that were refused", after, before)
	}},

	{"a conversation that was taken over takes no more turns", func(t *ledgerTest) {
		base := t.commit(plain("user", 1, time.Time{})).At
		other := t.commit(plain("phone", 1, time.Time{})).At
		t.commit(merging("user", 2, base, conversation.StoredConversation{Conversation: conversation.Conversation{ID: "phone", Version: 1}, Updated: other}))
		_, err := t.ledger.Commit(t.Context(), plain("phone", 2, other))
		t.wantKind(err, fault.Conflict)
	}},

	{"a conversation moves to another id, and its place is free", func(t *ledgerTest) {
		c := plain("phone", 1, time.Time{})
		c.Pointers = []conversation.ID{"user"}
		t.commit(c)
		s := t.load(conversation.Query{Conversations: []conversation.ID{"phone", "user"}})
		moved := plain("new", 2, time.Time{})
		moved.Beside = []conversation.StoredConversation{
			{Conversation: conversation.Vacated("phone", number, 1), Updated: s.Holders["phone"].Updated},
			{Conversation: conversation.MovedAway("user", "new", number, 0), Updated: s.Holders["user"].Updated},
			{Conversation: conversation.MovedAway("fresh", "new", number, 0)},
		}
		t.commit(moved)
		for _, id := range []conversation.ID{"user", "new", "fresh"} {
			if s := t.load(conversation.Query{Conversations: []conversation.ID{id}}); s.Conversation == nil || s.Conversation.ID != "new" {
				t.Errorf("%s leads to %+v", id, s.Conversation)
			}
		}
		s = t.load(conversation.Query{Conversations: []conversation.ID{"phone"}})
		if s.Conversation == nil || s.Conversation.ID != "phone" || !s.Conversation.Vacant() || s.Conversation.Version != 1 || s.Turn != nil {
			t.Fatalf("the place that was left: %+v", s.Conversation)
		}
		// Whoever comes next begins anew, and no turn's id comes twice.
		t.commit(plain("phone", 2, s.Conversation.Updated))
	}},

	{"of twenty merges at once one is applied", func(t *ledgerTest) {
		base := t.commit(plain("user", 1, time.Time{})).At
		other := t.commit(plain("phone", 1, time.Time{})).At
		stored := conversation.StoredConversation{Conversation: conversation.Conversation{ID: "phone", Version: 1}, Updated: other}
		var wait sync.WaitGroup
		results := make([]error, 20)
		for i := range results {
			wait.Go(func() {
				c := merging("user", 2, base, stored)
				if i%2 == 1 { // The other one takes over.
					c = merging("phone", 2, other, conversation.StoredConversation{Conversation: conversation.Conversation{ID: "user", Version: 1}, Updated: base})
				}
				c.Messages[0].ID = conversation.MessageID(fmt.Sprintf("race%d", i))
				_, results[i] = t.ledger.Commit(t.Context(), c)
			})
		}
		wait.Wait()
		applied := 0
		for _, err := range results {
			if err == nil {
				applied++
			} else {
				t.wantKind(err, fault.Conflict)
			}
		}
		if applied != 1 {
			t.Errorf("%d merges were applied", applied)
		}
		s := t.load(conversation.Query{Conversations: []conversation.ID{"user", "phone"}})
		if s.Conversation == nil || len(s.Others) != 0 || s.Conversation.Version != 2 {
			t.Errorf("the names lead to %+v and %d others", s.Conversation, len(s.Others))
		}
	}},
}
