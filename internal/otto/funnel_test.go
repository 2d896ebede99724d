package otto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// meetingPack is the pizzaria with talks to arrange.
func meetingPack() otto.Pack {
	p := pizzaria()
	p.Meetings = otto.Meetings{Offered: true, Notice: 2 * time.Hour, Days: 5, Every: time.Hour, Questions: []otto.Question{
		{Field: "email", Text: "Qual é o seu e-mail?"},
	}}
	p.Funnels[0].Ready = otto.Readiness{AtLeast: 1, Of: [][]string{{"users_count"}}}
	p.Funnels[1].Ready = otto.Readiness{AtLeast: 1, Of: [][]string{{"specific_need"}}}
	p.Sentences.Invite = "Que tal uma visita? Pode ser {horarios}. Qual você prefere?"
	p.Sentences.MeetingClosed = "Fechado nessa hora. Pode ser {horarios}?"
	p.Sentences.MeetingPast = "Já passou. Pode ser {horarios}?"
	p.Sentences.MeetingSoon = "Muito em cima. Pode ser {horarios}?"
	p.Sentences.MeetingVague = "Que dia e hora? Pode ser {horarios}?"
	p.Sentences.MeetingNoted = "Anotei {quando}; a equipe confirma."
	return p
}

func meeting(t *testing.T, model otto.Model) *otto.Otto {
	t.Helper()
	o, err := otto.New(otto.Options{Pack: meetingPack(), Model: model, Tenant: "praca"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnInvitationThatWasNotTakenUpRests(t *testing.T) {
	const invite = "Que tal uma visita?"
	tests := []struct {
		name, said string
		since      int // answers of Otto's since he invited
		want       bool
	}{
		{"just now", "e tem de calabresa?", 1, false},
		{"a while ago", "e tem de calabresa?", 3, false},
		{"long ago", "e tem de calabresa?", 4, true},
		{"the lead wishes to meet", "quero marcar uma visita", 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := in(conversation.CollectingInfo)
			c.Session.Interest = "eventos"
			for _, field := range []string{"specific_need", "users_count", "urgency"} {
				value := map[string]pii.Text{"specific_need": "uma festa", "users_count": "40", "urgency": "low"}[field]
				c.Card, _ = c.Card.With(field, conversation.Value{Value: value, At: tuesday.Add(-time.Hour)})
			}
			c.Session.Invited, c.Session.Turns = 1, 1+tt.since
			model := script(says(decision(t, map[string]any{"response_text": "Claro.", "next_state": "COLLECTING_INFO"})))
			if got := strings.Contains(text(decide(t, meeting(t, model), ask(c, tt.said))), invite); got != tt.want {
				t.Errorf("invites: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestAnAnswerIsNoOtherInterest(t *testing.T) {
	tests := []struct{ name, asked, said, want string }{
		{"the answer names another", "current_tools", "a gente come pizza mesmo", "eventos"},
		{"nothing was asked", "", "a gente come pizza mesmo", "balcao"},
		{"the need was asked for", "specific_need", "pizza pro jantar", "balcao"},
		{"it is wanted", "current_tools", "caderno, mas agora quero pizza", "balcao"},
		{"it is asked about", "current_tools", "e a pizza?", "balcao"},
		{"the mind has changed", "current_tools", "na verdade é pizza", "balcao"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := in(conversation.CollectingInfo)
			c.Session.Interest, c.Session.Asked = "eventos", tt.asked
			c.Session.Interests = []conversation.Interest{{Vertical: "eventos", Weight: 1, At: tuesday}}
			model := script(says(decision(t, map[string]any{"next_state": "COLLECTING_INFO"})))
			if got := decide(t, newOtto(t, model), ask(c, tt.said)).Session.Interest; got != tt.want {
				t.Errorf("interest %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnInterestLastsThroughItsQuestions(t *testing.T) {
	c := in(conversation.CollectingInfo)
	c.Session.Interest = "eventos"
	c.Session.Interests = []conversation.Interest{{Vertical: "eventos", Weight: 1, At: tuesday}}
	for range 12 {
		c.Session.Asked = "current_tools"
		model := script(says(decision(t, map[string]any{"next_state": "COLLECTING_INFO"})))
		c.Session = decide(t, newOtto(t, model), ask(c, "caderno")).Session
		c.Session.History, c.Session.Tempo = nil, conversation.Tempo{}
	}
	if c.Session.Interest != "eventos" {
		t.Errorf("interest %q", c.Session.Interest)
	}
}

func TestNamesAreReadNextToAddresses(t *testing.T) {
	tests := []struct{ said, want string }{
		{"Meu nome é Iara Lima, iara.lima@exemplo.com", "Iara Lima"},
		{"me chamo Iara Lima e uso http://exemplo.com/a/b", "Iara Lima"},
		{"aqui é a Iara", "Iara"},
	}
	for _, tt := range tests {
		t.Run(tt.said, func(t *testing.T) {
			model := script(says(decision(t, nil)))
			d := decide(t, newOtto(t, model), ask(in(conversation.Triage), tt.said))
			if got := d.Card[conversation.FieldName].Value.Reveal(); got != tt.want {
				t.Errorf("name %q, want %q", got, tt.want)
			}
		})
	}
}
