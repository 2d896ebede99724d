package storetest

import (
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

var lookupPromises = []promise{
	{"a pointer leads to the conversation", func(t *ledgerTest) {
		c := plain("user", 1, time.Time{})
		c.Pointers = []conversation.ID{"phone", "phone", "user"}
		done := t.commit(c)
		for _, ids := range [][]conversation.ID{{"phone"}, {"user"}, {"phone", "user"}, {"user", "phone"}, {"absent", "phone"}} {
			s := t.load(conversation.Query{Conversations: ids})
			t.wantDiff(fmt.Sprint(ids), s.Conversation, &conversation.StoredConversation{Conversation: c.Conversation, Updated: done.At})
			if s.Turn == nil || s.Turn.ID != c.Turn.ID {
				t.Errorf("%v: the last turn is not read", ids)
			}
			for _, id := range ids {
				if (s.Holders[id] != conversation.Holder{}) != (id != "absent") {
					t.Errorf("%v: holders = %v", ids, s.Holders)
				}
			}
			alone, err := t.ledger.Conversation(t.Context(), ids)
			if err != nil {
				t.Fatal(err)
			}
			t.wantDiff(fmt.Sprint(ids, " alone"), alone, s.Conversation)
		}
		if turns, err := t.ledger.Turns(t.Context(), "phone", 9); err != nil || len(turns) != 0 {
			t.Errorf("the pointer itself has turns: %v, %v", turns, err)
		}
	}},

	{"a pointer that exists is left alone", func(t *ledgerTest) {
		c := plain("user", 1, time.Time{})
		c.Pointers = []conversation.ID{"phone"}
		base := t.commit(c).At
		again := plain("user", 2, base)
		again.Pointers = []conversation.ID{"phone", "former"}
		done := t.commit(again)
		for _, id := range []conversation.ID{"phone", "former"} {
			s := t.load(conversation.Query{Conversations: []conversation.ID{id}})
			if s.Conversation == nil || s.Conversation.Version != 2 || !s.Conversation.Updated.Equal(done.At) {
				t.Errorf("%s leads to %+v", id, s.Conversation)
			}
		}
		lost := plain("user", 2, base)
		lost.Pointers = []conversation.ID{"phone"}
		lost.Messages[0].ID = "unseen"
		_, err := t.ledger.Commit(t.Context(), lost)
		t.wantKind(err, fault.Conflict)
	}},

	{"a merged conversation leads on", func(t *ledgerTest) {
		old := plain("old", 1, time.Time{})
		base := t.commit(old).At
		merged := plain("old", 2, base)
		merged.Conversation.MovedTo = "user"
		t.commit(merged)
		// Nothing is there yet: what moved to nowhere is still in charge.
		s := t.load(conversation.Query{Conversations: []conversation.ID{"old"}})
		if s.Conversation == nil || s.Conversation.ID != "old" || s.Conversation.MovedTo != "" || s.Turn == nil || s.Turn.ID != "old~2" {
			t.Fatalf("a conversation that moved to nowhere: %+v", s.Conversation)
		}
		t.commit(plain("user", 1, time.Time{}))
		s = t.load(conversation.Query{Conversations: []conversation.ID{"old"}})
		if s.Conversation == nil || s.Conversation.ID != "user" || s.Turn == nil || s.Turn.ID != "user~1" {
			t.Errorf("the merged conversation leads to %+v, turn %v", s.Conversation, s.Turn)
		}
		turns, err := t.ledger.Turns(t.Context(), "old", 9)
		if err != nil || len(turns) != 2 {
			t.Errorf("the merged conversation keeps %d turns, %v", len(turns), err)
		}
	}},

	{"conversations that move in a circle are broken", func(t *ledgerTest) {
		for _, leg := range [][2]conversation.ID{{"a", "b"}, {"b", "c"}, {"c", "a"}} {
			c := plain(leg[0], 1, time.Time{})
			c.Conversation.MovedTo = leg[1]
			t.commit(c)
		}
		_, err := t.ledger.Load(t.Context(), conversation.Query{Conversations: []conversation.ID{"a"}})
		t.wantKind(err, fault.Broken)
		_, err = t.ledger.Conversation(t.Context(), []conversation.ID{"b"})
		t.wantKind(err, fault.Broken)
	}},

	{"the first id that exists is in charge", func(t *ledgerTest) {
		t.start("phone")
		t.start("user")
		for _, tt := range []struct {
			ids  []conversation.ID
			want conversation.ID
		}{
			{[]conversation.ID{"user", "phone"}, "user"},
			{[]conversation.ID{"phone", "user"}, "phone"},
			{[]conversation.ID{"absent", "phone", "user"}, "phone"},
		} {
			s := t.load(conversation.Query{Conversations: tt.ids})
			if s.Conversation == nil || s.Conversation.ID != tt.want {
				t.Errorf("%v: in charge is %+v, want %s", tt.ids, s.Conversation, tt.want)
			}
		}
		if c, err := t.ledger.Conversation(t.Context(), []conversation.ID{"absent"}); c != nil || err != nil {
			t.Errorf("an absent conversation: %v, %v", c, err)
		}
		if c, err := t.ledger.Conversation(t.Context(), nil); c != nil || err != nil {
			t.Errorf("no conversation: %v, %v", c, err)
		}
	}},

	{"the turn that is asked for is read, not the last", func(t *ledgerTest) {
		_, base := t.start("conv")
		t.commit(plain("conv", 2, base))
		t.start("other")
		s := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}, Turn: "conv~1"})
		if s.Turn == nil || s.Turn.ID != "conv~1" || s.Conversation.Version != 2 {
			t.Errorf("turn = %+v", s.Turn)
		}
		s = t.load(conversation.Query{Conversations: []conversation.ID{"conv"}, Turn: "conv~7"})
		if s.Turn != nil {
			t.Errorf("a turn that does not exist: %+v", s.Turn)
		}
		s = t.load(conversation.Query{Turn: "other~1"})
		if s.Turn == nil || s.Conversation != nil {
			t.Errorf("a turn alone: %+v, %+v", s.Turn, s.Conversation)
		}
	}},

	{"turns are listed newest first", func(t *ledgerTest) {
		var base time.Time
		for version := int64(1); version <= 12; version++ {
			base = t.commit(plain("conv", version, base)).At
		}
		t.start("conv2")
		for _, limit := range []int{0, 1, 3, 12, 99} {
			turns, err := t.ledger.Turns(t.Context(), "conv", limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(turns) != min(limit, 12) {
				t.Fatalf("%d turns at a limit of %d", len(turns), limit)
			}
			for i, turn := range turns {
				if turn.Version != int64(12-i) || turn.Conversation != "conv" {
					t.Errorf("turn %d is %s", i, turn.ID)
				}
			}
		}
		if turns, err := t.ledger.Turns(t.Context(), "absent", 9); len(turns) != 0 || err != nil {
			t.Errorf("turns of nobody: %v, %v", turns, err)
		}
	}},

	{"a message that was never consumed is absent", func(t *ledgerTest) {
		if _, _, ok, err := t.ledger.Message(t.Context(), "absent"); ok || err != nil {
			t.Errorf("message = %v, %v", ok, err)
		}
	}},

	{"the ledger's clock never runs back", func(t *ledgerTest) {
		id, last := t.start("conv")
		for i := range 8 {
			s := t.load(conversation.Query{Turn: id})
			if s.ReadAt.Before(last) || s.Turn.Updated.After(s.ReadAt) {
				t.Fatalf("read %d at %v, after a time of %v", i, s.ReadAt, last)
			}
			last = s.ReadAt
			at := t.intend(id, 0, i+2, s.Turn.Updated)
			if at.Before(last) || !at.After(s.Turn.Updated) {
				t.Fatalf("write %d at %v, after a read at %v of a write at %v", i, at, last, s.Turn.Updated)
			}
			last = at
		}
	}},
}
