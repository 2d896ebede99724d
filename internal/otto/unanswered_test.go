package otto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

const (
	nobodyYet  = "Ninguém da equipe conseguiu responder ainda. Seu pedido continua com a equipe."
	nobodyNow  = "Ninguém respondeu a tempo, e a equipe já saiu. Ela volta {volta}."
	nobodyBack = "Ninguém respondeu a tempo, e a equipe já saiu. Ela volta "
)

func truthful(t *testing.T, within time.Duration) *otto.Otto {
	t.Helper()
	p := pizzaria()
	p.Sentences.Unanswered, p.Sentences.UnansweredClosed, p.AnswerWithin = nobodyYet, nobodyNow, within
	o, err := otto.New(otto.Options{Pack: p, Tenant: "default"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func handedOff() conversation.Conversation {
	c := in(conversation.HandoffHuman)
	c.Owner = conversation.OwnerPerson
	return c
}

func TestTheTruthAboutAPersonWhoHasNotCome(t *testing.T) {
	o := truthful(t, time.Hour)
	for name, tt := range map[string]struct {
		now  time.Time
		tell bool
		want string
	}{
		"in business hours":     {clockAt(3, 10, 10, 30), true, nobodyYet},
		"in the evening":        {clockAt(3, 10, 18, 5), true, nobodyBack + "amanhã, às 9h."},
		"before opening":        {clockAt(3, 10, 8, 0), true, nobodyBack + "hoje, às 9h."},
		"over lunch":            {clockAt(3, 10, 12, 30), true, nobodyBack + "hoje, às 13h."},
		"on Friday night":       {clockAt(3, 13, 20, 0), true, nobodyBack + "na segunda-feira, às 9h."},
		"when nothing is to be": {clockAt(3, 10, 10, 30), false, ""},
	} {
		c := handedOff()
		c.Session.OptedOut = tuesday.Add(-time.Hour)
		d := o.Unanswered(otto.Request{Conversation: c, Now: tt.now}, tt.tell)
		if got := text(d); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if d.Event != conversation.EventHandoffUnanswered || d.From != conversation.HandoffHuman || d.To != conversation.HandoffHuman ||
			d.Refused != "" || d.Route != conversation.RouteTimer || !d.Session.LastAt.Equal(tt.now) {
			t.Errorf("%s: %s to %s by %s on %s, refused %q", name, d.From, d.To, d.Event, d.Route, d.Refused)
		}
		lines := d.Session.History[len(c.Session.History):]
		if told := len(lines) == 1 && lines[0].Text.Reveal() == tt.want && lines[0].Who == conversation.Otto; told != (tt.want != "") {
			t.Errorf("%s: remembers %v", name, lines)
		}
		if len(c.Session.History) != 2 {
			t.Errorf("%s: the request changed", name)
		}
	}
}

// A business that is closed for a month has no day to name, and names none.
func TestNoDayIsMadeUp(t *testing.T) {
	p := pizzaria()
	p.Sentences.Unanswered, p.Sentences.UnansweredClosed = nobodyYet, nobodyNow
	for day := range 40 {
		p.Hours.Holidays[clockAt(3, 10+day, 0, 0).Format(time.DateOnly)] = true
	}
	o, err := otto.New(otto.Options{Pack: p})
	if err != nil {
		t.Fatal(err)
	}
	if d := o.Unanswered(otto.Request{Conversation: handedOff(), Now: tuesday}, true); len(d.Replies) != 0 {
		t.Errorf("it says %q", text(d))
	}
}

func TestALimitIsTwiceTheOneBefore(t *testing.T) {
	for _, tt := range []struct {
		within time.Duration
		n      int
		want   time.Time
	}{
		{time.Hour, 1, clockAt(3, 10, 11, 30)},
		{time.Hour, 2, clockAt(3, 10, 13, 30)},
		{time.Hour, 3, clockAt(3, 10, 15, 30)},
		{0, 1, clockAt(3, 10, 11, 0)},
	} {
		if got := truthful(t, tt.within).AnswerBy(tuesday, tt.n); !got.Equal(tt.want) {
			t.Errorf("%v, %d: %v, want %v", tt.within, tt.n, got, tt.want)
		}
	}
}

func TestAnInactiveSessionEnds(t *testing.T) {
	for _, state := range conversation.States() {
		c := in(state)
		d := otto.Inactive(otto.Request{Conversation: c, Now: tuesday})
		want := state
		if state.Active() {
			want = conversation.Timeout
		}
		if d.To != want || d.Session.State != want || (d.Refused == "") != state.Active() || len(d.Replies) != 0 {
			t.Errorf("%s: to %s, refused %q, %d replies", state, d.To, d.Refused, len(d.Replies))
		}
	}
}

func TestAConversationIsGivenBack(t *testing.T) {
	for interest, want := range map[string]conversation.State{"": conversation.Triage, "eventos": conversation.CollectingInfo} {
		c := handedOff()
		c.Session.Interest = interest
		d := otto.Released(otto.Request{Conversation: c, Now: tuesday})
		if d.To != want || d.Refused != "" || d.Event != conversation.EventReleased || !d.Session.Since.Equal(tuesday) {
			t.Errorf("%q: to %s, refused %q", interest, d.To, d.Refused)
		}
	}
	if d := otto.Released(otto.Request{Conversation: in(conversation.Triage), Now: tuesday}); d.Refused != string(conversation.RefusedNotMuted) {
		t.Errorf("one that nobody took is given back: %q", d.Refused)
	}
}

func TestABriefing(t *testing.T) {
	c := in(conversation.CollectingInfo)
	c.Session.Interest = "eventos"
	d := otto.Decision{Session: c.Session, Handoff: otto.HandoffRequested, Card: conversation.Card{
		"full_name": {Value: "Iara Souza"}, "company": {Value: "Flor\n- Reunião: paga"}, "urgency": {Value: "high"},
		"primary_interest": {Value: "eventos"}, "has_crm": {Value: "true"},
	}}
	d.Session.History = append(d.Session.History, conversation.Line{Who: conversation.Lead, Text: "quero falar com uma pessoa"})
	d.Appointment = tuesday
	o := newOtto(t, nil)
	const want = `Iara Souza, interesse em Eventos: pediu para falar com uma pessoa
Reunião: terça-feira, 10 de março, às 10h30 (a confirmar)

Ficha:
- Nome: Iara Souza
- Empresa: Flor - Reunião: paga
- Interesse: Eventos
- Urgência: alta
- Tem CRM: sim

Últimas mensagens:
- Cliente: boa tarde
- Assistente: Boa tarde! Como posso ajudar?
- Cliente: quero falar com uma pessoa`
	if got := o.Briefing(otto.Request{Conversation: c, Now: tuesday}, d).Reveal(); got != want {
		t.Errorf("briefing:\n%s\nwant:\n%s", got, want)
	}
	c.Session.Person.Name = ""
	got := o.Briefing(otto.Request{Conversation: c}, otto.Decision{Session: conversation.Session{
		History: []conversation.Line{{Who: conversation.Person, Text: "oi"}, {Who: conversation.Lead, Text: "quero uma festa"}},
	}, Card: conversation.Card{"specific_need": {Value: "a"}}}).Reveal()
	if !strings.HasPrefix(got, "Contato sem nome\n") || !strings.Contains(got, "- Equipe: oi") {
		t.Errorf("briefing of a stranger:\n%s", got)
	}
	c.Session.History = []conversation.Line{{Who: conversation.Lead, Text: "fim"}}
	for range 20 {
		c.Session.History = append(c.Session.History, conversation.Line{Who: conversation.Lead, Text: "l"})
	}
	if got := o.Briefing(otto.Request{Conversation: c}, otto.Decision{Session: c.Session}).Reveal(); strings.Contains(got, "fim") {
		t.Errorf("a long briefing:\n%s", got)
	}
}

// Every field of the card has a name that people read.
func TestABriefingNamesEveryField(t *testing.T) {
	o := newOtto(t, nil)
	for _, field := range conversation.CardFields() {
		got := o.Briefing(otto.Request{}, otto.Decision{Card: conversation.Card{field: {Value: "v"}}}).Reveal()
		if strings.Contains(got, "- "+field+":") {
			t.Errorf("%s has no name of its own", field)
		}
	}
}
