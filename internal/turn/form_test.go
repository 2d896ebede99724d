package turn_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// withForm is a street whose business takes appointments by form.
func withForm(t *testing.T) *street {
	s := newStreet(t)
	s.team = &team{}
	s.change = func(p *otto.Pack) { p.Meetings.Flow = otto.Flow{ID: "12", Label: "Escolher horário"} }
	return s
}

// offered asks for a meeting that cannot be and returns the token of the form that
// is offered instead.
func (s *street) offered(wamid string) string {
	s.t.Helper()
	s.arrive(s.text(iara, wamid, "quero marcar uma reunião domingo às 10h"))
	s.drain(s.turns())
	sent := s.meta.accepted[len(s.meta.accepted)-1].Reply
	if sent.Kind != conversation.ReplyFlow || sent.Form == nil {
		s.t.Fatalf("no form is offered: %s", sent.Kind)
	}
	return sent.Form.Token.Reveal()
}

// form is a form that comes back, for Tuesday of the first week of January 2000.
func (s *street) form(phone, wamid, token string) envelope.Envelope {
	text, err := json.Marshal(map[string]string{
		"flow_token": token, "vertical": "saas", "date": "2000-01-04", "time": "10:00", "meeting_mode": "online",
		"name": "Iara Prado", "email": "iara@example.com", "company": "", "need_description": "",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: pii.Contact(phone), Name: "Iara"},
		Kind: conversation.KindFlow, Type: "interactive", Form: pii.Text(text), SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

func TestAFormMakesOneAppointment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withForm(t)
		token := s.offered("wamid.1")
		pass, ok := flow.Read(s.key, token)
		if !ok || pass.Conversation != s.stored(iara).ID {
			t.Fatalf("the token is for %s", pass.Conversation)
		}
		<-time.After(time.Minute)
		s.arrive(s.form(iara, "wamid.2", token))
		w := s.turns()
		s.drain(w)
		last := s.turnsOf(iara)[0]
		if said := last.Replies[0].Text.Reveal(); !strings.Contains(said, "terça-feira, 4 de janeiro, às 10h") || !strings.Contains(said, "confirmar") {
			t.Errorf("says %q", said)
		}
		if len(s.team.told) != 1 {
			t.Fatalf("the team was told %d times", len(s.team.told))
		}
		a := s.team.told[0].Effect.Appointment
		if a == nil || a.ID != pass.Appointment || a.Mode != "online" || a.Turn != last.ID || !a.Start.Equal(time.Date(2000, 1, 4, 12, 0, 0, 0, time.UTC)) ||
			!strings.Contains(a.Briefing.Reveal(), "Iara Prado") {
			t.Errorf("told of %+v", a)
		}
		if c := s.stored(iara); c.Session.State != conversation.ScheduledFollowup || c.Card["email"].Value != "iara@example.com" {
			t.Errorf("state %s, email %s", c.Session.State, c.Card["email"].Value.Reveal())
		}
		// The same form once more, as a message of its own.
		<-time.After(time.Minute)
		s.arrive(s.form(iara, "wamid.3", token))
		s.drain(w)
		again := s.turnsOf(iara)[0]
		if said := again.Replies[0].Text.Reveal(); !strings.Contains(said, "já tinha chegado") || len(s.team.told) != 1 || len(again.Noted) != 1 {
			t.Errorf("says %q; the team was told %d times", said, len(s.team.told))
		}
		// And the message itself once more: nothing at all.
		s.queue.names = nil
		s.arrive(s.form(iara, "wamid.3", token))
		s.drain(w)
		if now := s.turnsOf(iara)[0]; now.ID != again.ID {
			t.Errorf("answered again: %s", now.ID)
		}
		for _, r := range s.replay(s.recorded(iara)) {
			if len(r.Differences) > 0 || r.Skipped != "" {
				t.Errorf("replayed otherwise: %+v", r)
			}
		}
	})
}

func TestAFormOfSomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withForm(t)
		token := s.offered("wamid.1")
		const other = "5511900002222"
		s.arrive(s.form(other, "wamid.2", token))
		s.drain(s.turns())
		if said := s.turnsOf(other)[0].Replies[0].Text.Reveal(); !strings.Contains(said, "não vale mais") || len(s.team.told) > 0 {
			t.Errorf("says %q; the team was told %d times", said, len(s.team.told))
		}
	})
}

// Whoever was first has written the record: the commit fails, and what is read
// then is the truth.
func TestAFormThatAnotherWorkerNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withForm(t)
		token := s.offered("wamid.1")
		pass, _ := flow.Read(s.key, token)
		<-time.After(time.Minute)
		s.worker.meanwhile = func(call string) {
			if call != "ledger.commit" {
				return
			}
			s.worker.meanwhile = nil
			if _, err := s.ledger.Commit(context.Background(), conversation.Commit{
				Conversation: conversation.New("elsewhere", number, conversation.Identity{}),
				Appointment:  &conversation.Appointment{ID: pass.Appointment, Conversation: "elsewhere"},
				Turn:         conversation.Turn{ID: "elsewhere~1", Conversation: "elsewhere"},
			}); err != nil {
				t.Error(err)
			}
		}
		s.arrive(s.form(iara, "wamid.2", token))
		reports := s.drain(s.turns())
		if said := s.turnsOf(iara)[0].Replies[0].Text.Reveal(); !strings.Contains(said, "já tinha chegado") || len(s.team.told) > 0 {
			t.Errorf("says %q; the team was told %d times", said, len(s.team.told))
		}
		if conflicts := reports[0].Conflicts; conflicts != 1 {
			t.Errorf("%d conflicts", conflicts)
		}
	})
}

// While a person answers, the form is theirs to read.
func TestAFormWhileAPersonAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withForm(t)
		token := s.offered("wamid.1")
		<-time.After(time.Minute)
		s.arrive(s.text(iara, "wamid.2", aPerson))
		w := s.turns()
		s.drain(w)
		before := len(s.team.told)
		s.arrive(s.form(iara, "wamid.3", token))
		s.drain(w)
		if len(s.team.told) != before+1 {
			t.Fatalf("the team was told %d times more", len(s.team.told)-before)
		}
		m := s.team.told[before].Effect.Message
		if m == nil || !strings.Contains(m.Text.Reveal(), "Conversa: 2000-01-04, 10:00 (online)") || !strings.Contains(m.Text.Reveal(), "Nome: Iara Prado") {
			t.Errorf("told %+v", m)
		}
		if last := s.turnsOf(iara)[0]; last.Route != conversation.RouteMuted || len(last.Replies) > 0 {
			t.Errorf("answered by %s", last.Route)
		}
	})
}
