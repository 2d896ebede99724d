package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

var keepingPromises = []promise{
	{"the watermark only rises", func(t *ledgerTest) {
		last := func(number string) time.Time {
			t.Helper()
			at, err := t.ledger.LastSeen(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		if at := last(number); !at.IsZero() {
			t.Errorf("before the first: %v", at)
		}
		for _, step := range []struct{ at, want time.Duration }{
			{0, 0}, {10 * time.Second, 10 * time.Second}, {-time.Hour, 10 * time.Second}, {0, 10 * time.Second}, {time.Minute, time.Minute},
		} {
			if err := t.ledger.Seen(t.Context(), number, noon.Add(step.at)); err != nil {
				t.Fatal(err)
			}
			if got := last(number); !got.Equal(noon.Add(step.want)) {
				t.Errorf("after %v: %v, want %v", step.at, got.Sub(noon), step.want)
			}
		}
		if at := last("another"); !at.IsZero() {
			t.Errorf("another number was seen at %v", at)
		}
		_, errs := t.race(8, func(i int) error {
			return t.ledger.Seen(t.Context(), "busy", noon.Add(time.Duration(i)*10*time.Second))
		})
		if len(errs) != 0 {
			t.Fatalf("%v", errs)
		}
		if got := last("busy"); !got.Equal(noon.Add(70 * time.Second)) {
			t.Errorf("of many at once the newest is %v", got.Sub(noon))
		}
	}},

	{"a buried message is terminal", func(t *ledgerTest) {
		d := conversation.Dead{
			ID: "m1", Conversation: "conv", Number: number, Reason: "attempts", Attempts: 8,
			Content: []byte(canaryText + "\x00\xff"), Message: true, CorrelationID: "corr", At: noon,
		}
		for range 2 {
			if err := t.ledger.Bury(t.Context(), d); err != nil {
				t.Fatalf("bury: %v", err)
			}
		}
		s := t.load(conversation.Query{Messages: []conversation.MessageID{"m1"}})
		t.wantDiff("message", s.Messages, map[conversation.MessageID]conversation.StoredMessage{"m1": {Dead: true}})
		in, stored, ok, err := t.ledger.Message(t.Context(), "m1")
		if err != nil || !ok || !stored.Dead {
			t.Errorf("message = %+v, %v, %v", stored, ok, err)
		}
		t.wantDiff("content of a dead message", in, conversation.Inbound{})
		letters, err := t.ledger.DeadLetters(t.Context(), 9)
		if err != nil {
			t.Fatal(err)
		}
		t.wantDiff("dead letters", letters, []conversation.Dead{d})

		c := plain("conv", 1, time.Time{})
		c.Messages[0].ID = "m1"
		_, err = t.ledger.Commit(t.Context(), c)
		t.wantKind(err, fault.Conflict)
	}},

	{"burying many times at once is harmless", func(t *ledgerTest) {
		d := conversation.Dead{ID: "m1", Message: true, Reason: "attempts", At: noon}
		if _, errs := t.race(8, func(int) error { return t.ledger.Bury(t.Context(), d) }); len(errs) != 0 {
			t.Fatalf("%v", errs)
		}
		letters, err := t.ledger.DeadLetters(t.Context(), 9)
		if err != nil || len(letters) != 1 {
			t.Errorf("%d dead letters, %v", len(letters), err)
		}
	}},

	{"a message that was consumed stays its turn's", func(t *ledgerTest) {
		c := plain("conv", 1, time.Time{})
		t.commit(c)
		mid := c.Messages[0].ID
		d := conversation.Dead{ID: string(mid), Conversation: "conv", Message: true, Reason: "attempts", At: noon}
		for range 2 {
			if err := t.ledger.Bury(t.Context(), d); err != nil {
				t.Fatalf("bury: %v", err)
			}
		}
		in, stored, ok, err := t.ledger.Message(t.Context(), mid)
		if err != nil || !ok {
			t.Fatalf("message: %v, %v", ok, err)
		}
		t.wantDiff("message", stored, conversation.StoredMessage{Turn: c.Turn.ID})
		t.wantDiff("content", in, c.Messages[0])
		if letters, err := t.ledger.DeadLetters(t.Context(), 9); err != nil || len(letters) != 1 {
			t.Errorf("%d dead letters, %v", len(letters), err)
		}
	}},

	{"a raw element is buried without a message", func(t *ledgerTest) {
		if err := t.ledger.Bury(t.Context(), conversation.Dead{ID: "raw", Reason: "unreadable", At: noon}); err != nil {
			t.Fatalf("bury: %v", err)
		}
		if s := t.load(conversation.Query{Messages: []conversation.MessageID{"raw"}}); len(s.Messages) != 0 {
			t.Errorf("messages = %+v", s.Messages)
		}
	}},

	{"dead letters are listed newest first", func(t *ledgerTest) {
		if letters, err := t.ledger.DeadLetters(t.Context(), 9); err != nil || len(letters) != 0 {
			t.Errorf("before the first: %v, %v", letters, err)
		}
		for _, i := range []int{2, 0, 4, 1, 3} {
			d := conversation.Dead{ID: fmt.Sprintf("d%d", i), Reason: "unreadable", At: noon.Add(time.Duration(i) * time.Minute)}
			if err := t.ledger.Bury(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		twin := conversation.Dead{ID: "d5", Reason: "unreadable", At: noon.Add(4 * time.Minute)}
		if err := t.ledger.Bury(t.Context(), twin); err != nil {
			t.Fatal(err)
		}
		for limit, want := range map[int]string{0: "", 2: "d5 d4", 9: "d5 d4 d3 d2 d1 d0"} {
			letters, err := t.ledger.DeadLetters(t.Context(), limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range letters {
				got = append(got, d.ID)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("at a limit of %d: %v, want %s", limit, got, want)
			}
		}
	}},

	{"the first hash key claims the ledger", func(t *ledgerTest) {
		says := func(want string) {
			t.Helper()
			// Asking claims nothing.
			for range 2 {
				if got, err := t.ledger.Fingerprint(t.Context()); err != nil || got != want {
					t.Errorf("the ledger says it is %q's, want %q: %v", got, want, err)
				}
			}
		}
		says("")
		defer says("first")
		for range 2 {
			if err := t.ledger.Epoch(t.Context(), "first"); err != nil {
				t.Fatalf("epoch: %v", err)
			}
		}
		for range 2 {
			err := t.ledger.Epoch(t.Context(), "second")
			if err == nil {
				t.Fatal("another key was let in")
			}
			t.wantKind(err, fault.Broken)
			if !strings.Contains(err.Error(), "CONTACT_HASH_KEY") {
				t.Errorf("the error does not name the variable: %v", err)
			}
			if strings.Contains(err.Error(), "first") || strings.Contains(err.Error(), "second") {
				t.Errorf("the error shows a fingerprint: %v", err)
			}
		}
		if err := t.ledger.Epoch(t.Context(), "first"); err != nil {
			t.Errorf("the first key: %v", err)
		}
	}},

	{"of many hash keys at once one claims the ledger", func(t *ledgerTest) {
		winners, errs := t.race(8, func(i int) error { return t.ledger.Epoch(t.Context(), fmt.Sprintf("key%d", i)) })
		if len(winners) != 1 {
			t.Fatalf("%d keys claimed the ledger: %v", len(winners), errs)
		}
		for _, err := range errs {
			t.wantKind(err, fault.Broken)
		}
	}},
}
