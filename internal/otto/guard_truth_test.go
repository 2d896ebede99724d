package otto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// passes reports whether a guard lets a sentence pass.
func passes(t *testing.T, guard string, trial otto.Trial) bool {
	t.Helper()
	trial.Now = tuesday
	for _, v := range newOtto(t, nil).Try(trial) {
		if v.Guard == guard {
			return v.OK
		}
	}
	t.Fatalf("the guard %s was not asked", guard)
	return false
}

func TestNobodyIsAskedForSecrets(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"Me passa o seu CPF?", false},
		{"Para continuar, informe a senha do seu e-mail.", false},
		{"Não tem problema! Agora me envie o seu CPF.", false},
		{"Não esqueça de informar o seu CPF.", false},
		{"Sem o nome não dá. Qual é o seu nome e o seu CPF?", false},
		{"Não peço o CPF, só a senha. Pode passar a senha?", false},
		{"Não tem problema, me passa o seu CPF.", false},
		{"Me informe, por favor, o seu CPF.", false},
		{"Me informe, nome, e-mail e o seu CPF.", false},
		{"Informe os dados do cartão.", false},
		{"Me passa o número do seu cartão?", false},
		{"Pode enviar uma foto do documento?", false},
		{"Me manda a foto do seu RG.", false},
		{"Envie o comprovante de renda.", false},
		{"Não envie foto do documento por aqui.", true},
		{"Pode enviar uma foto da fachada.", true},
		{"Por aqui eu não peço o seu CPF.", true},
		{"Não é preciso me passar o seu CPF.", true},
		{"O CPF não é necessário por aqui. O que você procura?", true},
		{"Nunca peço a sua senha nem o seu cartão.", true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got := passes(t, "personal_data", otto.Trial{Text: tt.text, State: conversation.Triage}); got != tt.want {
				t.Errorf("passes: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestClosedDaysMayBeSaidToBeClosed(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"No sábado a equipe não atende.", true},
		{"A equipe não atende aos sábados e domingos.", true},
		{"Aos domingos não há atendimento.", true},
		{"Dia 25/12 é feriado e não atendemos.", true},
		{"Na quarta a equipe não atende.", false},
		{"Na quarta é feriado.", false},
		{"No domingo é feriado.", false},
		{"No sábado a equipe atende.", false},
		{"Atendemos no sábado, só não abrimos cedo.", false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got := passes(t, "claims", otto.Trial{Text: tt.text, State: conversation.Triage}); got != tt.want {
				t.Errorf("passes: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestNobodyMeetsInAPartOfTheDayThatIsNeverOpen(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"Podemos marcar a reunião amanhã de madrugada?", false},
		{"Que tal a reunião de madrugada?", false},
		{"Que tal a reunião amanhã de manhã?", true},
		{"Que tal a reunião no fim da tarde?", true},
		{"De madrugada não dá para marcar a reunião.", true},
		{"O robô responde de madrugada.", true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if got := passes(t, "hours", otto.Trial{Text: tt.text, State: conversation.Triage}); got != tt.want {
				t.Errorf("passes: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestWhatIsNotedMayBeSaidToBe(t *testing.T) {
	booked := time.Date(2026, 3, 12, 11, 0, 0, 0, brasilia)
	tests := []struct {
		name, said string
		booked     time.Time
		want       bool
	}{
		{"at its hour", "A conversa está anotada para quinta-feira, 12 de março, às 11h.", booked, true},
		{"without an hour", "A sua conversa já está anotada.", booked, true},
		{"at another hour", "A conversa está anotada para sexta-feira, 13 de março, às 10h.", booked, false},
		{"as agreed", "A conversa está confirmada para quinta-feira, 12 de março, às 11h.", booked, false},
		{"when nothing is noted", "A conversa está anotada.", time.Time{}, false},
		{"when it is over", "A conversa está anotada.", tuesday.Add(-time.Hour), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := in(conversation.CollectingInfo)
			c.Session.Booked = tt.booked
			c.Card, _ = c.Card.With(conversation.FieldMeetingAt, conversation.Value{Value: pii.Text(booked.Format(time.RFC3339)), At: tuesday.Add(-time.Hour)})
			c.Card, _ = c.Card.With("email", conversation.Value{Value: "iara@exemplo.com", At: tuesday.Add(-time.Hour)})
			if !tt.booked.Equal(booked) {
				delete(c.Card, conversation.FieldMeetingAt)
			}
			draft := says(decision(t, map[string]any{"response_text": tt.said + " O que mais você procura?", "next_state": "COLLECTING_INFO"}))
			d := decide(t, meeting(t, script(draft, draft)), ask(c, "ficou tudo certo?"))
			if got := strings.Contains(text(d), tt.said); got != tt.want {
				t.Errorf("said: %t, want %t: %q %+v", got, tt.want, text(d), d.Verdicts)
			}
		})
	}
}

func TestAPriceIsOfWhatIsSpokenOf(t *testing.T) {
	p := pizzaria()
	p.Facts = append(p.Facts, otto.Fact{ID: "preco_bufe", Vertical: "eventos", Text: "O bufê custa R$ 900.", Value: "R$ 900", Source: "tabela"})
	o, err := otto.New(otto.Options{Pack: p, Tenant: "praca"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, interest, lead, text string
		want                       bool
	}{
		{"of the interest", "eventos", "quanto é?", "Custa R$ 900.", true},
		{"of another interest", "balcao", "quanto é?", "Custa R$ 900.", false},
		{"of what the lead names now", "balcao", "e a festa, quanto é?", "Custa R$ 900.", true},
		{"of what the sentence before names", "balcao", "quanto é?", "Também fazemos festa. Custa R$ 900.", true},
		{"of nothing known", "", "quanto é?", "Custa R$ 900.", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			trial := otto.Trial{Text: tt.text, LeadSaid: []string{tt.lead}, Now: tuesday}
			if tt.interest != "" {
				trial.Card, _ = trial.Card.With(conversation.FieldInterest, conversation.Value{Value: pii.Text(tt.interest)})
			}
			for _, v := range o.Try(trial) {
				if v.Guard == "claims" && v.OK != tt.want {
					t.Errorf("passes: %t, want %t (%s)", v.OK, tt.want, v.Found)
				}
			}
		})
	}
}
