package storetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

var commitPromises = []promise{
	{"an empty ledger knows nothing", func(t *ledgerTest) {
		s := t.load(conversation.Query{
			Conversations: []conversation.ID{"a", "b"}, Messages: []conversation.MessageID{"m"}, Turn: "a~1",
		})
		if s.Conversation != nil || s.Turn != nil || len(s.Holders) != 0 || len(s.Messages) != 0 {
			t.Errorf("an empty ledger knows %+v", s)
		}
		if s.ReadAt.IsZero() {
			t.Error("the time of the read is missing")
		}
		if s := t.load(conversation.Query{}); s.ReadAt.IsZero() {
			t.Error("the time of an empty read is missing")
		}
	}},

	{"what was committed is read back whole", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		done := t.commit(c)
		s := t.load(conversation.Query{
			Conversations: []conversation.ID{"conv"},
			Messages:      []conversation.MessageID{c.Messages[0].ID, c.Messages[1].ID, "other"},
			Appointments:  []string{c.Appointment.ID, "other", ""},
		})
		want := conversation.Snapshot{
			ReadAt:       s.ReadAt,
			Conversation: &conversation.StoredConversation{Conversation: c.Conversation, Updated: done.At},
			Holders:      map[conversation.ID]conversation.Holder{"conv": {InCharge: "conv", Version: 1, Updated: done.At}},
			Messages: map[conversation.MessageID]conversation.StoredMessage{
				c.Messages[0].ID: {Turn: c.Turn.ID}, c.Messages[1].ID: {Turn: c.Turn.ID},
			},
			Appointments: map[string]bool{c.Appointment.ID: true},
			Turn: &conversation.StoredTurn{
				Turn: c.Turn, Deliveries: []conversation.Delivery{{Attempt: 1}, {}}, Records: []conversation.EffectRecord{{}, {}}, Updated: done.At,
			},
		}
		t.wantDiff("snapshot", s, want)
		if s.ReadAt.Before(done.At) {
			t.Errorf("read at %v, before the write at %v", s.ReadAt, done.At)
		}
		if got := s.Turn.Phase(); got != conversation.Sending {
			t.Errorf("phase = %s", got)
		}
		for _, m := range c.Messages {
			in, stored, ok, err := t.ledger.Message(t.Context(), m.ID)
			if err != nil || !ok {
				t.Fatalf("message: %v, %v", ok, err)
			}
			t.wantDiff("message", in, m)
			t.wantDiff("stored message", stored, conversation.StoredMessage{Turn: c.Turn.ID})
		}
	}},

	{"empty optional fields stay empty", func(t *ledgerTest) {
		c := conversation.Commit{
			Conversation: conversation.Conversation{ID: "conv", Version: 1, LastTurn: "conv~1"},
			Turn:         conversation.Turn{ID: "conv~1", Conversation: "conv", Version: 1},
			Messages:     []conversation.Inbound{{ID: "m"}},
		}
		done := t.commit(c)
		s := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}})
		t.wantDiff("conversation", s.Conversation, &conversation.StoredConversation{Conversation: c.Conversation, Updated: done.At})
		t.wantDiff("turn", s.Turn, &conversation.StoredTurn{Turn: c.Turn, Updated: done.At})
		if got := s.Turn.Phase(); got != conversation.Sent {
			t.Errorf("a turn without replies is %s", got)
		}
		in, _, ok, err := t.ledger.Message(t.Context(), "m")
		if err != nil || !ok {
			t.Fatalf("message: %v, %v", ok, err)
		}
		t.wantDiff("message", in, c.Messages[0])
	}},

	{"a turn may consume nothing", func(t *ledgerTest) {
		c := plain("conv", 1, time.Time{})
		c.Messages, c.Turn.Messages = nil, nil
		t.commit(c)
		t.wantPhase(c.Turn.ID, conversation.Sending)
	}},

	{"an answer that has to wait is not attempted", func(t *ledgerTest) {
		c := plain("conv", 1, time.Time{})
		c.Turn.NotBefore = noon.Add(time.Minute)
		t.commit(c)
		got := t.turn(c.Turn.ID)
		if d := got.Deliveries[0]; d.Attempt != 0 || d.Phase() != conversation.Decided || !got.NotBefore.Equal(noon.Add(time.Minute)) {
			t.Errorf("attempt %d, %s, due at %v", d.Attempt, d.Phase(), got.NotBefore)
		}
		if _, err := t.ledger.Intend(t.Context(), c.Turn.ID, 0, 1, got.Updated); err != nil {
			t.Fatal(err)
		}
		t.wantPhase(c.Turn.ID, conversation.Sending)
	}},

	{"each commit builds on the one before", func(t *ledgerTest) {
		var base time.Time
		for version := int64(1); version <= 4; version++ {
			c := plain("conv", version, base)
			c.Conversation.Session.Turns = int(version)
			done := t.commit(c)
			if !done.At.After(base) {
				t.Fatalf("version %d was written at %v, not after %v", version, done.At, base)
			}
			base = done.At
			s := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}})
			if s.Conversation.Version != version || s.Conversation.Session.Turns != int(version) || s.Turn.ID != c.Turn.ID {
				t.Fatalf("after version %d: %d, turn %s", version, s.Conversation.Version, s.Turn.ID)
			}
			if !s.Conversation.Updated.Equal(done.At) || !s.Turn.Updated.Equal(done.At) {
				t.Errorf("version %d: Updated is not the time of the commit", version)
			}
		}
	}},

	{"a conflict applies nothing", func(t *ledgerTest) {
		first := rich("conv", 1, time.Time{})
		done := t.commit(first)
		t.commit(plain("other", 1, time.Time{}))
		tests := []struct {
			name   string
			change func(c *conversation.Commit)
		}{
			{"base of an older write", func(c *conversation.Commit) { c.Base = done.At.Add(-time.Microsecond) }},
			{"base of a newer write", func(c *conversation.Commit) { c.Base = done.At.Add(time.Microsecond) }},
			{"no base, but it exists", func(c *conversation.Commit) { c.Base = time.Time{} }},
			{"base, but it does not exist", func(c *conversation.Commit) { c.Conversation.ID = "absent" }},
			{"a message exists", func(c *conversation.Commit) { c.Messages = append(c.Messages, first.Messages[0]) }},
			{"a message exists, named first", func(c *conversation.Commit) {
				c.Messages = append([]conversation.Inbound{first.Messages[1]}, c.Messages...)
			}},
			{"the turn exists", func(c *conversation.Commit) { c.Turn.ID = first.Turn.ID }},
			{"the handoff exists", func(c *conversation.Commit) { c.Handoff = first.Handoff }},
			{"the appointment exists", func(c *conversation.Commit) { c.Appointment = first.Appointment }},
			{"a pointer's place is taken", func(c *conversation.Commit) { c.Pointers = []conversation.ID{"free", "other"} }},
		}
		q := conversation.Query{
			Conversations: []conversation.ID{"conv", "other", "absent", "free"},
			Messages:      []conversation.MessageID{first.Messages[0].ID, first.Messages[1].ID, "new", "new2"},
		}
		for _, tt := range tests {
			c := plain("conv", 2, done.At)
			c.Conversation.Session.Interest = "changed"
			c.Messages[0].ID = "new"
			c.Messages = append(c.Messages, conversation.Inbound{ID: "new2"})
			c.Turn.Token = "second"
			tt.change(&c)
			before, turnBefore := t.everything(q), t.everything(conversation.Query{Turn: "conv~2"})
			_, err := t.ledger.Commit(t.Context(), c)
			if err == nil {
				t.Fatalf("%s: committed", tt.name)
			}
			t.wantKind(err, fault.Conflict)
			t.wantDiff(tt.name+": after the conflict", t.everything(q), before)
			t.wantDiff(tt.name+": turn after the conflict", t.everything(conversation.Query{Turn: "conv~2"}), turnBefore)
		}
		t.commit(plain("conv", 2, done.At))
	}},

	{"of many commits at once exactly one wins", func(t *ledgerTest) {
		const racers = 16
		base := t.commit(plain("conv", 1, time.Time{})).At
		race := func(name string, racer func(i int) conversation.Commit) {
			winners, errs := t.race(racers, func(i int) error {
				_, err := t.ledger.Commit(t.Context(), racer(i))
				return err
			})
			if len(winners) != 1 {
				t.Fatalf("%s: %d of %d commits won: %v", name, len(winners), racers, errs)
			}
			for _, err := range errs {
				t.wantKind(err, fault.Conflict)
			}
			won := racer(winners[0])
			if got := t.turn(won.Turn.ID).Token; got != won.Turn.Token {
				t.Errorf("%s: the turn holds the token %q, not the winner's", name, got)
			}
		}
		race("one version", func(i int) conversation.Commit {
			c := plain("conv", 2, base)
			c.Turn.Token = fmt.Sprintf("racer %d", i)
			c.Messages[0].ID = conversation.MessageID(fmt.Sprintf("m%d", i))
			return c
		})
		race("one new conversation", func(i int) conversation.Commit {
			c := plain("fresh", 1, time.Time{})
			c.Turn.Token = fmt.Sprintf("racer %d", i)
			c.Messages[0].ID = conversation.MessageID(fmt.Sprintf("f%d", i))
			return c
		})
		race("one message", func(i int) conversation.Commit {
			c := plain(conversation.ID(fmt.Sprintf("c%d", i)), 1, time.Time{})
			c.Messages[0].ID = "wanted by all"
			return c
		})
	}},

	{"a commit that seems to fail is recognised by its token", func(t *ledgerTest) {
		c := plain("conv", 1, time.Time{})
		t.commit(c)
		_, err := t.ledger.Commit(t.Context(), c)
		t.wantKind(err, fault.Conflict)
		if got := t.turn(c.Turn.ID).Token; got != c.Turn.Token {
			t.Errorf("token = %q, want our own", got)
		}
	}},

	{"a message named twice is one message", func(t *ledgerTest) {
		c := plain("conv", 1, time.Time{})
		c.Messages = append(c.Messages, c.Messages[0])
		c.Messages[1].Note = "the second"
		t.commit(c)
		in, _, ok, err := t.ledger.Message(t.Context(), c.Messages[0].ID)
		if err != nil || !ok || in.Note != "" {
			t.Errorf("message = %v, %v, %v; want the first", in.Note, ok, err)
		}
	}},

	{"what goes in and what comes out is a copy", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		want := rich("conv", 1, time.Time{})
		t.commit(c)
		c.Conversation.Session.History[0].Text = "changed"
		c.Conversation.Card["name"] = conversation.Value{}
		c.Turn.Replies[0].Text = "changed"
		c.Turn.Messages[0] = "changed"
		c.Messages[0].Raw[0] = 'X'
		c.Messages[0].Media.ID = "changed"
		c.Messages[0].Perceived.Text = "changed"
		t.receive(receipt(c.Turn.ID, 0, 1, conversation.StatusSent))
		for range 2 {
			s := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}})
			t.wantDiff("conversation", s.Conversation.Conversation, want.Conversation)
			t.wantDiff("turn", s.Turn.Turn, want.Turn)
			if len(s.Turn.Deliveries[0].Receipts[1]) != 1 || len(s.Turn.Deliveries[0].Results) != 0 {
				t.Errorf("deliveries = %+v", s.Turn.Deliveries)
			}
			in, _, _, err := t.ledger.Message(t.Context(), want.Messages[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			t.wantDiff("message", in, want.Messages[0])
			s.Conversation.Session.History[0].Text = "changed"
			s.Turn.Replies[0].Text = "changed"
			s.Turn.Deliveries[0].Receipts[1][conversation.StatusRead] = conversation.Receipt{}
			in.Raw[0] = 'X'
		}
	}},

	{"fifty messages and a large session fit one commit", func(t *ledgerTest) {
		c := rich("conv", 1, time.Time{})
		c.Messages, c.Turn.Messages = nil, nil
		var ids []conversation.MessageID
		for i := range 50 {
			id := conversation.MessageID(fmt.Sprintf("m%02d", i))
			ids = append(ids, id)
			c.Messages = append(c.Messages, conversation.Inbound{
				ID: id, WAMID: canaryWAMID, Kind: conversation.KindText, SentAt: noon, ReceivedAt: noon, Seq: int64(i),
				Text: pii.Text(strings.Repeat("é", 4096)), Raw: []byte(strings.Repeat("\x00x", 4096)),
			})
		}
		c.Turn.Messages = ids
		for i := range 40 {
			c.Conversation.Session.History = append(c.Conversation.Session.History, conversation.Line{
				Who: conversation.Lead, At: noon, Text: pii.Text(strings.Repeat(string(rune('a'+i%26)), 1500)),
			})
		}
		t.commit(c)
		s := t.load(conversation.Query{Conversations: []conversation.ID{"conv"}, Messages: ids})
		t.wantDiff("conversation", s.Conversation.Conversation, c.Conversation)
		t.wantDiff("turn", s.Turn.Turn, c.Turn)
		if len(s.Messages) != len(ids) {
			t.Errorf("%d messages of %d", len(s.Messages), len(ids))
		}
		in, _, _, err := t.ledger.Message(t.Context(), ids[49])
		if err != nil {
			t.Fatal(err)
		}
		t.wantDiff("last message", in, c.Messages[49])
	}},

	{"any text survives", func(t *ledgerTest) {
		for i, text := range []string{
			"", " ", "\x00", "a\x00b", "ação à vã", "ac\u0327a\u0303o", "👩‍👩‍👧‍👦🇧🇷", "\u2028\u2029", "\ufeffbom", "\ufffd",
			"שלום עולם", "\U0010ffff", "<script>&\"'`\\", "{{.}} ${x} %v", "`a`.b", "__name__",
		} {
			c := plain(conversation.ID(fmt.Sprintf("conv%d", i)), 1, time.Time{})
			c.Conversation.Session.Interest = text
			c.Conversation.Card = conversation.Card{text: {Value: pii.Text(text), At: noon}}
			c.Turn.Replies[0].Text = pii.Text(text)
			c.Turn.Refused = text
			c.Messages[0].Text = pii.Text(text)
			t.commit(c)
			s := t.load(conversation.Query{Conversations: []conversation.ID{c.Conversation.ID}})
			t.wantDiff(fmt.Sprintf("conversation with %q", text), s.Conversation.Conversation, c.Conversation)
			t.wantDiff(fmt.Sprintf("turn with %q", text), s.Turn.Turn, c.Turn)
			in, _, _, err := t.ledger.Message(t.Context(), c.Messages[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			t.wantDiff(fmt.Sprintf("message with %q", text), in, c.Messages[0])
		}
	}},

	{"an ended context stops every call", func(t *ledgerTest) {
		id, base := t.start("conv")
		ctx := canceled(t)
		var errs []error
		add := func(err error) { errs = append(errs, err) }
		_, err := t.ledger.Load(ctx, conversation.Query{Conversations: []conversation.ID{"conv"}})
		add(err)
		_, err = t.ledger.Commit(ctx, plain("conv", 2, base))
		add(err)
		_, err = t.ledger.Intend(ctx, id, 0, 2, base)
		add(err)
		add(t.ledger.Answer(ctx, id, 0, 1, accepted()))
		add(t.ledger.Park(ctx, id, 0, "late", base))
		_, err = t.ledger.Receive(ctx, []conversation.Receipt{receipt(id, 0, 1, conversation.StatusSent)})
		add(err)
		_, err = t.ledger.Attempts(ctx, []conversation.SentID{"s1"})
		add(err)
		add(t.ledger.Seen(ctx, number, noon))
		_, err = t.ledger.LastSeen(ctx, number)
		add(err)
		add(t.ledger.Bury(ctx, conversation.Dead{ID: "m9", Message: true, At: noon}))
		add(t.ledger.Epoch(ctx, "fingerprint"))
		add(t.ledger.Ping(ctx))
		_, err = t.ledger.Turns(ctx, "conv", 1)
		add(err)
		_, _, _, err = t.ledger.Message(ctx, "m1conv")
		add(err)
		_, err = t.ledger.DeadLetters(ctx, 1)
		add(err)
		_, err = t.ledger.Conversation(ctx, []conversation.ID{"conv"})
		add(err)
		for i, err := range errs {
			if err == nil {
				t.Errorf("call %d went through", i)
				continue
			}
			t.wantKind(err, fault.Dependency)
		}
		if got := t.turn(id); !got.Updated.Equal(base) {
			t.Error("a call that was stopped wrote the turn")
		}
		if err := t.ledger.Ping(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}
	}},
}

// race runs n calls at once and says which went through and what the others
// got.
func (t *ledgerTest) race(n int, call func(i int) error) (winners []int, errs []error) {
	t.Helper()
	results := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	for i, err := range results {
		if err == nil {
			winners = append(winners, i)
		} else {
			errs = append(errs, err)
		}
	}
	return winners, errs
}
