package openai_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// bakery is a small business that Otto can work for.
func bakery() otto.Pack {
	reply := func(text string) conversation.Reply {
		return conversation.Reply{Kind: conversation.ReplyText, Text: pii.Text(text)}
	}
	media := map[conversation.Kind]string{}
	files := map[conversation.Kind]map[conversation.Perception]string{}
	for _, kind := range otto.MediaKinds() {
		media[kind] = "Pode me escrever?"
		files[kind] = map[conversation.Perception]string{}
		for _, vain := range otto.Perceptions(kind) {
			files[kind][vain] = "Pode me escrever?"
		}
	}
	return otto.Pack{
		Hash: "h", Location: time.UTC, Name: "Padaria Sol", Purpose: "Pães e bolos.", Assistant: "Lia",
		Persona: "Fale com simpatia.", Business: "Uma padaria de bairro.",
		Verticals: []otto.Vertical{{ID: "bolos", Name: "Bolos", Offer: "Bolos por encomenda.", Keywords: []string{"bolo", "bolos"}}},
		Facts: []otto.Fact{
			{ID: "bolos_encomenda", Vertical: "bolos", Text: "Os bolos são feitos por encomenda."},
			{ID: "bolos_sabores", Vertical: "bolos", Text: "Os sabores de bolo são cenoura, milho e chocolate."},
			{ID: "padaria_horario", Text: "A padaria abre às 6h."},
		},
		Funnels: []otto.Funnel{{Questions: []otto.Question{{Field: "specific_need", Text: "O que você procura?"}}}},
		Sentences: otto.Sentences{
			DayParts: [3]string{"Bom dia", "Boa tarde", "Boa noite"},
			Greeting: reply("Oi!"), Menu: reply("Escolha."), Safe: "Pode repetir?", SafeFacts: "Não sei.",
			Clarify: "Como assim?", Empty: "Oi?", Reaction: "Vi!", OptOut: "Até mais.", OptIn: "Oi de novo!", Flood: "Calma!",
			Unanswered: "Ninguém veio ainda.", UnansweredClosed: "Ninguém veio ainda.",
			Handoff: "Passei adiante.", HandoffClosed: "Passei adiante.", HandoffOutage: "Passei adiante.",
			HandoffOutageClosed: "Passei adiante.", Media: media, Files: files, ListLabel: "Ver",
			Heard: "Ouvi: {ouvido}.", HeardAsk: "Ouvi: {ouvido}. Certo?", HeardYes: "Certo.", HeardNo: "Como é?",
		},
	}
}

func TestOttoTalksToTheOfflineModel(t *testing.T) {
	s := newServer(t)
	mind, err := otto.New(otto.Options{Pack: bakery(), Model: newClient(s), Tenant: "t"})
	if err != nil {
		t.Fatal(err)
	}
	talk := conversation.New("cid", "1", conversation.Identity{Phone: "5511900001111"})
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i, tt := range []struct{ said, want string }{
		{"oi, vocês fazem bolo?", "por encomenda"},
		{"quais são os sabores?", "cenoura"},
		{"que horas a padaria abre?", "6h"},
		{"vocês vendem carro?", ""},
		{"meu e-mail é ana@sol.example", ""},
	} {
		d, err := mind.Decide(t.Context(), otto.Request{Conversation: talk, Now: at, Messages: []conversation.Inbound{
			{ID: conversation.MessageID(rune('a' + i)), Kind: conversation.KindText, Text: pii.Text(tt.said), SentAt: at}}})
		if err != nil {
			t.Fatalf("%q: %v; refused %q", tt.said, err, s.Rejected())
		}
		if d.Route != conversation.RouteModel || len(d.Replies) != 1 || d.Refused != "" {
			t.Fatalf("%q: route %s, refused %q, verdicts %v", tt.said, d.Route, d.Refused, d.Verdicts)
		}
		if text := d.Replies[0].Text.Reveal(); !strings.Contains(text, tt.want) {
			t.Errorf("%q is answered %q", tt.said, text)
		}
		if s.Total() != i+1 {
			t.Errorf("%q: %d requests in all", tt.said, s.Total())
		}
		talk.Session, talk.Card = d.Session, d.Card
	}
	if got := talk.Card[conversation.FieldEmail].Value.Reveal(); got != "ana@sol.example" {
		t.Errorf("e-mail on the card = %q", got)
	}
	for _, r := range s.Requests() {
		if !r.Strict || r.Store == nil || *r.Store || r.CacheKey == "" || r.Attempt != "0" {
			t.Errorf("request = %+v", r)
		}
	}
}

func TestOttoAsksForAPersonWhereTheOfflineModelDoes(t *testing.T) {
	s := newServer(t)
	mind, err := otto.New(otto.Options{Pack: bakery(), Model: newClient(s), Tenant: "t"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d, err := mind.Decide(t.Context(), otto.Request{
		Conversation: conversation.New("cid", "1", conversation.Identity{Phone: "5511900001111"}), Now: at,
		Messages: []conversation.Inbound{{ID: "a", Kind: conversation.KindText, SentAt: at,
			Text: "meu bolo veio errado de novo e eu vim aqui reclamar disso"}},
	})
	if err != nil || d.To != conversation.HandoffHuman || d.Handoff == "" {
		t.Errorf("%s, %q, %v", d.To, d.Handoff, err)
	}
}

func TestEveryFaultOfTheModelLeavesOttoAnAnswerOrAnOutage(t *testing.T) {
	outage := map[openaitest.FaultKind]bool{
		openaitest.Status: true, openaitest.Reset: true, openaitest.CutOff: true, openaitest.Foreign: true,
		openaitest.Refusal: false, openaitest.Length: false, openaitest.Filter: false, openaitest.Empty: false,
		openaitest.WrongEnum: false, openaitest.InvalidJSON: false,
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for kind, ill := range outage {
		s := newServer(t)
		s.Fail(openaitest.Fault{Kind: kind, Times: -1})
		mind, err := otto.New(otto.Options{Pack: bakery(), Model: newClient(s), Tenant: "t"})
		if err != nil {
			t.Fatal(err)
		}
		d, err := mind.Decide(t.Context(), otto.Request{
			Conversation: conversation.New("cid", "1", conversation.Identity{Phone: "5511900001111"}), Now: at,
			Messages: []conversation.Inbound{{ID: "a", Kind: conversation.KindText, SentAt: at, Text: "vocês fazem bolo?"}},
		})
		switch {
		case ill && (err == nil || s.Total() != 1):
			t.Errorf("%s: %v after %d requests", kind, err, s.Total())
		case !ill && (err != nil || d.Route != conversation.RouteSafe || s.Total() != 2):
			t.Errorf("%s: route %s, %v after %d requests", kind, d.Route, err, s.Total())
		}
	}
}
