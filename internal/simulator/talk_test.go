package simulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// talk is one conversation with what its readers need to follow it.
type talk struct {
	Messages []struct {
		ID, Author, Direction, Status string
		Error                         struct {
			Code  int
			Title string
		}
	}
	Revision int
	First    int
	Total    int
	Whole    bool
	Typing   bool
	State    string
	Owner    string

	Conversation string
	WindowUntil  time.Time `json:"window_until"`
}

func (s *street) talk(from string, since int) (t talk) {
	s.t.Helper()
	path := fmt.Sprintf("/api/conversations/%s?since=%d", from, since)
	if status := s.Call(http.MethodGet, path, "", &t); status != http.StatusOK {
		s.t.Fatalf("the conversation was answered %d", status)
	}
	return t
}

// entry is one conversation in the list of all.
type entry struct {
	From    string
	State   string
	Owner   string
	Replies int
	Failed  int
	Typing  bool
	Waiting time.Time `json:"waiting_since"`
}

func (s *street) list() map[string]entry {
	s.t.Helper()
	var answer struct{ Conversations []entry }
	if status := s.Call(http.MethodGet, "/api/conversations", "", &answer); status != http.StatusOK {
		s.t.Fatalf("the list was answered %d", status)
	}
	list := map[string]entry{}
	for _, e := range answer.Conversations {
		list[e.From] = e
	}
	return list
}

func TestAReaderFollowsAConversation(t *testing.T) {
	s := start(t)
	s.say(iara, erp)
	s.exactly(iara, 1)
	s.Until("a reply that was read", func() bool {
		s.pass(time.Second)
		return s.conversation(iara).replies()[0].Status == "read"
	})
	all := s.talk(iara, 0)
	if !all.Whole || all.Total != 2 || all.Messages[0].Author != "lead" || all.Messages[1].Author != "otto" {
		t.Fatalf("everything is %+v", all)
	}
	if none := s.talk(iara, all.Revision); none.Whole || len(none.Messages) != 0 || none.Total != 2 {
		t.Errorf("after everything there is %+v", none)
	}
	second := s.say(iara, "e quanto custa?")
	s.exactly(iara, 2)
	fresh := s.talk(iara, all.Revision)
	if fresh.Whole || fresh.Total != 4 || len(fresh.Messages) != 2 || fresh.Messages[0].ID != second || fresh.Messages[1].Author != "otto" {
		t.Errorf("what changed is %+v", fresh)
	}
	if status := s.Call(http.MethodGet, "/api/conversations/"+iara+"?since=yesterday", "", nil); status != http.StatusBadRequest {
		t.Errorf("a revision that is none was answered %d", status)
	}
}

func TestAConversationSaysUntilWhenItMayBeAnswered(t *testing.T) {
	s := start(t)
	s.fault("webhook", "fail_before", -1)
	s.say(iara, erp)
	if before := s.talk(iara, 0); before.Conversation != "" || !before.WindowUntil.IsZero() || before.Messages[0].Status != "sent" {
		t.Errorf("before the ledger knows of it, it says %+v", before)
	}
	s.heal()
	s.patiently(iara, 1)
	after := s.talk(iara, 0)
	wrote := s.conversation(iara).Messages[0].At
	if age := after.WindowUntil.Sub(wrote); after.Conversation == "" || age < 24*time.Hour-time.Second || age > 24*time.Hour {
		t.Errorf("conversation %q may be answered until %s after it began", after.Conversation, age)
	}
}

func TestTheListSaysHowEachConversationStands(t *testing.T) {
	s := start(t)
	s.say(iara, erp)
	s.say(bruno, "quero falar com uma pessoa")
	s.exactly(iara, 1)
	s.exactly(bruno, 1)
	list := s.list()
	if e := list[iara]; e.State != "COLLECTING_INFO" || e.Owner != "otto" || e.Replies != 1 || e.Failed != 0 || !e.Waiting.IsZero() {
		t.Errorf("the list says of Otto's %+v", e)
	}
	if e := list[bruno]; e.State != "HANDOFF_HUMAN" || e.Owner != "person" || e.Waiting.IsZero() {
		t.Errorf("the list says of a person's %+v", e)
	}

	// What nobody writes changes the list too: an operator's act, and a timer's.
	if status := s.Call(http.MethodPost, "/api/operator/handoffs/"+s.talk(bruno, 0).Conversation+"/release", "{}", nil); status != http.StatusOK {
		t.Fatalf("the release was answered %d", status)
	}
	if e := s.list()[bruno]; e.Owner != "otto" || !e.Waiting.IsZero() {
		t.Errorf("after the release the list says %+v", e)
	}
	s.settle()
	s.advance(24 * time.Hour)
	s.Until("sessions that ended", func() bool { return s.list()[iara].State == "TIMEOUT" })
	if replies := s.list()[iara].Replies; replies != 1 {
		t.Errorf("there are %d replies", replies)
	}
}

func TestALeadIsShownWhatOttoDoes(t *testing.T) {
	s := start(t)
	s.fault("model", "hang", -1)
	id := s.say(iara, erp)
	s.Until("typing", func() bool { return s.talk(iara, 0).Typing })
	if got := s.talk(iara, 0); got.Messages[0].ID != id || got.Messages[0].Status != "read" || !s.list()[iara].Typing {
		t.Errorf("while Otto is writing it shows %+v", got)
	}
	// An answer that does not come is not written for ever.
	s.advance(26 * time.Second)
	s.Until("an end of typing", func() bool { return !s.talk(iara, 0).Typing })
	s.heal()
	s.patiently(iara, 1)
	if s.talk(iara, 0).Typing {
		t.Error("the answer is there and still being written")
	}
}

func TestAMessageThatIsNeverDeliveredSaysSo(t *testing.T) {
	s := start(t)
	s.fault("webhook", "status", -1)
	s.say(iara, erp)
	s.Until("giving up", func() bool {
		if s.talk(iara, 0).Messages[0].Status == "failed" {
			return true
		}
		s.advance(8 * 24 * time.Hour)
		return false
	})
	s.heal()
	s.say(iara, "oi?")
	s.exactly(iara, 1)
	if got := s.talk(iara, 0).Messages; got[0].Status != "failed" || got[1].Status != "read" {
		t.Errorf("they are %+v", got)
	}
}

func TestAnAnswerThatMetaDoesNotDeliverSaysWhy(t *testing.T) {
	s := start(t)
	for i, c := range []struct{ code, shown int }{{131047, 131047}, {0, 131026}} {
		body := encode(map[string]any{"point": "graph", "kind": "fail_later", "code": c.code})
		if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
			t.Fatalf("the fault was answered %d", status)
		}
		s.say(iara, erp)
		s.Until("an answer that failed", func() bool { return s.list()[iara].Failed == i+1 })
		all := s.talk(iara, 0).Messages
		answer := all[len(all)-1]
		if answer.Status != "failed" || answer.Error.Code != c.shown || answer.Error.Title == "" {
			t.Errorf("the answer is %+v", answer)
		}
		s.settle()
	}
	if o := s.overview(); o.Failed != 2 {
		t.Errorf("the overview counts %d that failed", o.Failed)
	}
}
