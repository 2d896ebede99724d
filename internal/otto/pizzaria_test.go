package otto_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// brasilia has no daylight saving; a fixed zone needs no time zone data.
var brasilia = time.FixedZone("BRT", -3*3600)

// tuesday is 10:30 on a Tuesday in Brasília: open.
var tuesday = time.Date(2026, 3, 10, 13, 30, 0, 0, time.UTC)

// pizzaria is a business that is nobody's.
func pizzaria() otto.Pack {
	media := map[conversation.Kind]string{}
	files := map[conversation.Kind]map[conversation.Perception]string{}
	for _, kind := range otto.MediaKinds() {
		media[kind] = "Ainda não consigo abrir isso (" + string(kind) + "). Pode me escrever em texto?"
		files[kind] = map[conversation.Perception]string{}
		for _, vain := range otto.Perceptions(kind) {
			files[kind][vain] = "Chegou um arquivo (" + string(kind) + ", " + string(vain) + "). Pode me escrever?"
		}
	}
	var hours otto.Hours
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week[day] = []otto.Span{{From: 9 * 60, To: 12 * 60}, {From: 13 * 60, To: 18 * 60}}
	}
	hours.Holidays = map[string]bool{"2026-12-25": true}
	return otto.Pack{
		Hash: "a1b2c3", Location: brasilia, Hours: hours,
		Name: "Pizzaria da Praça", Purpose: "Faz pizzas e bufê para eventos.", Assistant: "Otto",
		Persona:  "Fale de um jeito leve e direto.",
		Rules:    []string{"Não fale mal de outra pizzaria."},
		Business: "Praça Central, 10. Aberta de segunda a sexta.",
		Verticals: []otto.Vertical{
			{ID: "balcao", Name: "Balcão", Offer: "Pizza na hora.", Keywords: []string{"pizza", "fatia", "balcão"}},
			{ID: "eventos", Name: "Eventos", Offer: "Bufê de pizza na sua festa.", Keywords: []string{"festa", "bufê", "aniversário"}},
		},
		Facts: []otto.Fact{
			{ID: "endereco", Text: "Ficamos na Praça Central, 10."},
			{ID: "massa", Vertical: "balcao", Text: "A massa descansa um dia inteiro."},
			{ID: "minimo", Vertical: "eventos", Text: "O bufê atende a partir de vinte pessoas."},
		},
		Fixed: []otto.FixedReply{
			{
				Key: "cardapio", Vertical: "balcao", Triggers: []string{"Qual é o cardápio?"},
				Commands: []string{"/cardapio"},
				Reply: conversation.Reply{
					Kind: conversation.ReplyButtons, Text: "Temos margherita e calabresa. Qual você prefere?",
					Options: []conversation.Option{{ID: "festas", Title: "Bufê para festas"}, {ID: otto.TapPerson, Title: "Falar com alguém"}},
				},
			},
			{
				Key: "festas", Vertical: "eventos", Triggers: []string{"Como funciona o bufê?"},
				Commands: []string{"/bufe_festas"},
				Reply:    conversation.Reply{Text: "Levamos o forno até você. Para quantas pessoas é a festa?"},
			},
		},
		Funnels: []otto.Funnel{
			{Vertical: "eventos", Questions: []otto.Question{
				{Field: "users_count", Text: "Para quantas pessoas é a festa?"},
				{Field: "urgency", Text: "Para quando é?", Choices: []otto.Choice{{Title: "Esta semana", Value: "high"}, {Title: "Sem pressa", Value: "low"}}},
			}},
			{Questions: []otto.Question{{Field: "specific_need", Text: "O que você procura?"}}},
		},
		Greetings:      []string{"oi", "olá", "bom dia", "boa tarde", "boa noite", "tudo bem"},
		PersonTriggers: []string{"chama o pizzaiolo"},
		Sentences: otto.Sentences{
			DayParts: [3]string{"Bom dia", "Boa tarde", "Boa noite"},
			Greeting: conversation.Reply{
				Kind: conversation.ReplyList, Text: "Oi! Eu sou o Otto, da Pizzaria da Praça. Como posso ajudar?",
				Options: []conversation.Option{{ID: "balcao", Title: "Pizza na hora"}, {ID: "eventos", Title: "Festas", Description: "Bufê"}},
			},
			Menu: conversation.Reply{
				Kind: conversation.ReplyButtons, Text: "Agora só consigo ajudar com estes assuntos:",
				Options: []conversation.Option{{ID: "cardapio", Title: "Cardápio"}, {ID: otto.TapPerson, Title: "Falar com alguém"}},
			},
			Safe:                "Não tenho essa informação com segurança. Pode me contar de outro jeito?",
			SafeFacts:           "Isso eu não sei dizer ao certo. Quer que uma pessoa responda?",
			Clarify:             "O que você quer saber: da pizza ou da festa?",
			Empty:               "Não entendi. Pode me escrever em palavras?",
			Reaction:            "Vi a sua reação! É só escrever.",
			OptOut:              "Certo, não escrevo mais. Para voltar, é só mandar um oi.",
			OptIn:               "Que bom ter você de volta!",
			Flood:               "Recebi muitas mensagens. Pode me contar em uma só?",
			Unanswered:          "Ninguém da equipe conseguiu responder ainda. O seu pedido continua na fila.",
			UnansweredClosed:    "A equipe já foi embora e volta {volta}.",
			Handoff:             "Já chamei uma pessoa da equipe.",
			HandoffClosed:       "Deixei seu pedido com a equipe, que volta no horário de atendimento.",
			HandoffOutage:       "Estou com um problema; chamei uma pessoa da equipe.",
			HandoffOutageClosed: "Estou com um problema; a equipe vê sua mensagem quando abrir.",
			Media:               media,
			Files:               files,
			Heard:               "Ouvi isto: {ouvido}.",
			HeardAsk:            "Ouvi isto: {ouvido}. Está certo?",
			HeardYes:            "Que bom.",
			HeardNo:             "Entendi errado. Como é o certo?",
			ListLabel:           "Ver opções",
		},
	}
}

// scripted is a model that says what it is told to, in order, and then stays
// ill. It is OpenAI's place in these tests.
type scripted struct {
	script []func() (otto.Completion, error)
	asked  []otto.Prompt
}

func (m *scripted) Complete(_ context.Context, p otto.Prompt) (otto.Completion, error) {
	m.asked = append(m.asked, p)
	if len(m.asked) > len(m.script) {
		return otto.Completion{}, errOutage
	}
	return m.script[len(m.asked)-1]()
}

// says answers with text, well ended.
func says(text string) func() (otto.Completion, error) {
	return ends(otto.OutcomeOK, text)
}

func ends(outcome otto.Outcome, text string) func() (otto.Completion, error) {
	return func() (otto.Completion, error) {
		return otto.Completion{Text: text, Outcome: outcome, Model: "modelo-1", TokensIn: 100, TokensOut: 20, TokensCached: 50, CostMicroUSD: 21}, nil
	}
}

func fails(err error) func() (otto.Completion, error) {
	return func() (otto.Completion, error) { return otto.Completion{}, err }
}

// script is a model that says these texts.
func script(steps ...func() (otto.Completion, error)) *scripted { return &scripted{script: steps} }

// decision is a good decision as JSON, changed by with; a nil value removes
// its key.
func decision(t *testing.T, with map[string]any) string {
	t.Helper()
	d := map[string]any{
		"next_state": "TRIAGE", "response_text": "Claro! Para quantas pessoas?", "message_type": "text",
		"options": []any{}, "asked_field": nil, "facts": []string{"endereco"}, "card_updates": []any{},
		"intent_score": 0.5, "answer_confidence": 0.9, "requires_human": false, "human_reason": nil,
		"reasoning_debug": "pergunta simples",
	}
	for key, value := range with {
		if value == remove {
			delete(d, key)
			continue
		}
		d[key] = value
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type removal struct{}

// remove takes a key out of a decision.
var remove = removal{}

func newOtto(t *testing.T, model otto.Model) *otto.Otto {
	t.Helper()
	o, err := ofThePizzaria()
	if err != nil {
		t.Fatal(err)
	}
	return o.Asking(model)
}

// ofThePizzaria is an Otto without a model, made once.
var ofThePizzaria = sync.OnceValues(func() (*otto.Otto, error) {
	return otto.New(otto.Options{Pack: pizzaria(), Tenant: "praca"})
})

// in is a conversation in a state.
func in(state conversation.State) conversation.Conversation {
	c := conversation.New("abc", "7", conversation.Identity{Phone: "5511988887777", Name: "Iara"})
	c.Session.State = state
	if state != conversation.Initial {
		c.Session.Since = tuesday.Add(-time.Hour)
		c.Session.Turns = 1
		c.Session.History = []conversation.Line{
			{Who: conversation.Lead, Text: "boa tarde", At: tuesday.Add(-time.Hour)},
			{Who: conversation.Otto, Text: "Boa tarde! Como posso ajudar?", At: tuesday.Add(-time.Hour)},
		}
	}
	return c
}

// ask is a request with texts sent now.
func ask(c conversation.Conversation, texts ...string) otto.Request {
	r := otto.Request{Conversation: c, Now: tuesday}
	for i, text := range texts {
		r.Messages = append(r.Messages, conversation.Inbound{
			ID: conversation.MessageID(rune('a' + i)), Kind: conversation.KindText, Text: pii.Text(text), SentAt: tuesday,
		})
	}
	return r
}

func tap(c conversation.Conversation, id, title string) otto.Request {
	r := ask(c, title)
	r.Messages[0].Kind, r.Messages[0].TapID = conversation.KindTap, id
	return r
}

func decide(t *testing.T, o *otto.Otto, r otto.Request) otto.Decision {
	t.Helper()
	d, err := o.Decide(t.Context(), r)
	if err != nil {
		t.Fatalf("Decide: %v", err)
	}
	return d
}

// text is what the lead reads; empty when nothing.
func text(d otto.Decision) string {
	if len(d.Replies) == 0 {
		return ""
	}
	return d.Replies[0].Text.Reveal()
}
