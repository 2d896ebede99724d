package otto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

func TestFixedReplies(t *testing.T) {
	const menu, party = "Temos margherita e calabresa. Qual você prefere?", "Levamos o forno até você. Para quantas pessoas é a festa?"
	tests := []struct{ said, want, interest string }{
		{"Qual é o cardápio?", menu, "balcao"},
		{"qual e o CARDAPIO", menu, "balcao"},
		{"  qual   é o cardápio!!! ", menu, "balcao"},
		{"/cardapio", menu, "balcao"},
		{"/CARDÁPIO por favor", menu, "balcao"},
		{"/bufe_festas", party, "eventos"},
		{"/bufe-festas", party, "eventos"},
		{"/bufefestas", party, "eventos"},
		{"/Bufê_Festas agora", party, "eventos"},
		{"como funciona o bufê", party, "eventos"},
	}
	for _, tt := range tests {
		t.Run(tt.said, func(t *testing.T) {
			model := script()
			d := decide(t, newOtto(t, model), ask(in(conversation.Initial), tt.said))
			if text(d) != tt.want || d.Route != conversation.RouteFixed {
				t.Errorf("%s: %q", d.Route, text(d))
			}
			if d.Session.Interest != tt.interest || d.From != conversation.Initial || d.To != conversation.Triage || d.Refused != "" {
				t.Errorf("interest %q, %s → %s, refused %q", d.Session.Interest, d.From, d.To, d.Refused)
			}
			if len(model.asked) != 0 {
				t.Error("the model was asked for a fixed reply")
			}
		})
	}
}

func TestAFixedReplyStaysInItsState(t *testing.T) {
	for _, state := range []conversation.State{conversation.Triage, conversation.CollectingInfo, conversation.GeneratingResponse} {
		c := in(state)
		c.Session.Interest = "balcao"
		d := decide(t, newOtto(t, nil), ask(c, "/bufe_festas"))
		if d.To != state || d.Session.Interest != "eventos" || d.Refused != "" {
			t.Errorf("%s → %s with interest %q, refused %q", state, d.To, d.Session.Interest, d.Refused)
		}
	}
}

func TestMoreThanATriggerIsForTheModel(t *testing.T) {
	for _, said := range []string{
		"qual é o cardápio de hoje?", "cardápio", "/desconhecido", "/", "me fala do /cardapio", "oi qual é o cardápio",
	} {
		model := script(says(decision(t, nil)))
		decide(t, newOtto(t, model), ask(in(conversation.Triage), said))
		want := 1
		if said == "/" {
			want = 0 // there is no word in it
		}
		if len(model.asked) != want {
			t.Errorf("%q: the model was asked %d times", said, len(model.asked))
		}
	}
}

func TestTaps(t *testing.T) {
	t.Run("a fixed reply", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), tap(in(conversation.Triage), "festas", "qualquer título"))
		if !strings.HasPrefix(text(d), "Levamos o forno") || d.Session.Interest != "eventos" {
			t.Errorf("%q, interest %q", text(d), d.Session.Interest)
		}
	})
	t.Run("a vertical", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), tap(in(conversation.Triage), "balcao", "Pizza na hora"))
		if !strings.HasPrefix(text(d), "Temos margherita") || d.Session.Interest != "balcao" {
			t.Errorf("%q, interest %q", text(d), d.Session.Interest)
		}
	})
	t.Run("a vertical without a reply of its own goes to the model with its interest", func(t *testing.T) {
		pack := pizzaria()
		pack.Verticals = append(pack.Verticals, otto.Vertical{ID: "curso", Name: "Curso", Offer: "Aprenda a abrir a massa."})
		model := script(says(decision(t, nil)))
		o, err := otto.New(otto.Options{Pack: pack, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		d := decide(t, o, tap(in(conversation.Triage), "curso", "Curso"))
		if len(model.asked) != 1 || d.Session.Interest != "curso" {
			t.Errorf("asked %d times, interest %q", len(model.asked), d.Session.Interest)
		}
	})
	t.Run("a person", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), tap(in(conversation.Triage), otto.TapPerson, "Falar com alguém"))
		if d.To != conversation.HandoffHuman || d.Handoff != otto.HandoffRequested {
			t.Errorf("→ %s, handoff %q", d.To, d.Handoff)
		}
	})
	t.Run("anything else is what its title says", func(t *testing.T) {
		model := script(says(decision(t, nil)))
		decide(t, newOtto(t, model), tap(in(conversation.Triage), "opt1", "Mais de vinte pessoas"))
		if last := model.asked[0].Messages[len(model.asked[0].Messages)-1]; !strings.Contains(last.Content, "Mais de vinte pessoas") {
			t.Errorf("the model reads %q", last.Content)
		}
	})
}

func TestAskingForAPerson(t *testing.T) {
	yes := []string{
		"quero falar com uma pessoa", "Quero falar com uma pessoa!", "QUERO FALAR COM UM ATENDENTE",
		"queria falar com um humano por favor", "oi, quero falar com alguém", "posso falar com um atendente?",
		"gostaria de conversar com uma pessoa de verdade", "falar com atendente", "atendente", "humano",
		"Atendimento humano", "me passa para um atendente", "me transfere pra um humano", "preciso de um atendente humano",
		"prefiro falar com gente de verdade", "bom dia, eu quero falar com o responsável", "tem como falar com alguém da equipe?",
		"só quero falar com alguém", "pode me passar para um vendedor?", "chama um atendente", "I want to talk to a human",
		"quero ser atendido por uma pessoa", "chama o pizzaiolo", "da pra falar com uma atendente agora", "atendente por favor",
	}
	for _, said := range yes {
		model := script()
		d := decide(t, newOtto(t, model), ask(in(conversation.Initial), said))
		if d.Handoff != otto.HandoffRequested || d.To != conversation.HandoffHuman || d.Event != conversation.EventHandoffRequested {
			t.Errorf("%q is not taken for a request: %s, %q", said, d.To, d.Handoff)
		}
	}
	no := []string{
		"não quero falar com uma pessoa", "não quero falar com atendente", "quero um atendente virtual no meu site",
		"vocês têm atendente?", "a pessoa que falei ontem não respondeu", "quantas pessoas cabem?",
		"quero uma pizza para quatro pessoas", "preciso de um robô que pareça humano", "quero falar com vocês sobre a festa",
		"eu falo com a equipe depois", "se eu quiser falar com uma pessoa, como faço?",
	}
	for _, said := range no {
		model := script(says(decision(t, nil)))
		d := decide(t, newOtto(t, model), ask(in(conversation.Triage), said))
		if d.Handoff != "" || len(model.asked) != 1 {
			t.Errorf("%q is taken for a request for a person", said)
		}
	}
}

func TestAPersonIsReachableFromEveryState(t *testing.T) {
	for _, state := range conversation.States() {
		if state.Muted() {
			continue
		}
		d := decide(t, newOtto(t, nil), ask(in(state), "quero falar com uma pessoa"))
		if d.To != conversation.HandoffHuman || d.Session.State != conversation.HandoffHuman || d.Refused != "" || text(d) == "" {
			t.Errorf("from %s: %s, refused %q, %q", state, d.To, d.Refused, text(d))
		}
	}
}

func TestTheHandoffTellsTheTruthAboutTheHour(t *testing.T) {
	const open, closed = "Já chamei uma pessoa da equipe.", "Deixei seu pedido com a equipe, que volta no horário de atendimento."
	tests := []struct {
		name string
		now  time.Time
		want string
	}{
		{"Tuesday morning", tuesday, open},
		{"the first minute", time.Date(2026, 3, 10, 9, 0, 0, 0, brasilia), open},
		{"the minute before", time.Date(2026, 3, 10, 8, 59, 59, 0, brasilia), closed},
		{"lunch", time.Date(2026, 3, 10, 12, 0, 0, 0, brasilia), closed},
		{"the last minute", time.Date(2026, 3, 10, 17, 59, 59, 0, brasilia), open},
		{"evening", time.Date(2026, 3, 10, 18, 0, 0, 0, brasilia), closed},
		{"Sunday", time.Date(2026, 3, 8, 10, 0, 0, 0, brasilia), closed},
		{"a holiday", time.Date(2026, 12, 25, 10, 0, 0, 0, brasilia), closed},
		{"Tuesday evening there, Wednesday in Greenwich", time.Date(2026, 3, 11, 1, 0, 0, 0, time.UTC), closed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(in(conversation.Triage), "atendente")
			r.Now = tt.now
			if d := decide(t, newOtto(t, nil), r); text(d) != tt.want {
				t.Errorf("%q, want %q", text(d), tt.want)
			}
		})
	}
}

func TestGreetings(t *testing.T) {
	for _, said := range [][]string{{"oi"}, {"Olá!"}, {"oi", "tudo bem?"}, {"Bom dia 👋"}} {
		d := decide(t, newOtto(t, script()), ask(in(conversation.Initial), said...))
		if !strings.HasPrefix(text(d), "Oi! Eu sou o Otto") || d.To != conversation.Triage {
			t.Errorf("%q: %q → %s", said, text(d), d.To)
		}
		if d.Replies[0].Menu != "Ver opções" {
			t.Errorf("the list opens with %q", d.Replies[0].Menu)
		}
	}
	model := script(says(decision(t, nil)))
	decide(t, newOtto(t, model), ask(in(conversation.Triage), "oi"))
	if len(model.asked) != 1 {
		t.Error("a greeting in mid-conversation begins it anew")
	}
}

func TestMessagesWithoutAWord(t *testing.T) {
	for _, said := range []string{"", "   ", "👍", "🍕🍕🍕", "?", "...", "\u200b", "\u202e"} {
		d := decide(t, newOtto(t, script()), ask(in(conversation.CollectingInfo), said))
		if text(d) != "Não entendi. Pode me escrever em palavras?" || d.To != conversation.CollectingInfo {
			t.Errorf("%q: %q → %s", said, text(d), d.To)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for _, kind := range otto.MediaKinds() {
		r := ask(in(conversation.Triage), "")
		r.Messages[0].Kind = kind
		d := decide(t, newOtto(t, script()), r)
		if want := pizzaria().Sentences.Media[kind]; text(d) != want || d.Route != conversation.RouteMedia {
			t.Errorf("%s: %s %q", kind, d.Route, text(d))
		}
		if d.To != conversation.Triage || len(d.Session.History) != 4 {
			t.Errorf("%s: → %s with %d lines", kind, d.To, len(d.Session.History))
		}
		if note := d.Session.History[2].Text.Reveal(); !strings.HasPrefix(note, "[o cliente ") {
			t.Errorf("%s is remembered as %q", kind, note)
		}
	}
	r := ask(in(conversation.Triage), "")
	r.Messages[0].Kind = "hologram"
	if d := decide(t, newOtto(t, script()), r); text(d) != pizzaria().Sentences.Media[conversation.KindUnsupported] {
		t.Errorf("a kind of tomorrow: %q", text(d))
	}
}

func TestACaptionIsReadAsText(t *testing.T) {
	r := ask(in(conversation.Triage), "quanto custa essa pizza?")
	r.Messages[0].Kind = conversation.KindImage
	model := script(says(decision(t, nil)))
	d := decide(t, newOtto(t, model), r)
	if len(model.asked) != 1 || d.Route != conversation.RouteModel {
		t.Fatalf("route %s", d.Route)
	}
	last := model.asked[0].Messages[len(model.asked[0].Messages)-1].Content
	if !strings.Contains(last, "imagem") || !strings.Contains(last, "quanto custa essa pizza?") {
		t.Errorf("the model reads %q", last)
	}
	r.Messages[0].Text = "/cardapio"
	if d := decide(t, newOtto(t, script()), r); d.Route != conversation.RouteFixed {
		t.Errorf("a command in a caption: %s", d.Route)
	}
}

func TestTheBeginningOfAnOversizedMessageIsNotAQuestion(t *testing.T) {
	for _, kind := range []conversation.Kind{conversation.KindOversized, conversation.KindUnsupported} {
		r := ask(in(conversation.Triage), "Qual é o cardápio?")
		r.Messages[0].Kind = kind
		if d := decide(t, newOtto(t, script()), r); d.Route != conversation.RouteMedia {
			t.Errorf("%s: %s", kind, d.Route)
		}
	}
}

func TestBursts(t *testing.T) {
	t.Run("a greeting before a command is politeness", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), ask(in(conversation.Initial), "oi", "👋", "/cardapio"))
		if !strings.HasPrefix(text(d), "Temos margherita") || len(d.Replies) != 1 {
			t.Errorf("%q", text(d))
		}
	})
	t.Run("the newest of two commands is answered", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), ask(in(conversation.Triage), "/cardapio", "/bufe_festas"))
		if !strings.HasPrefix(text(d), "Levamos o forno") || d.Session.Interest != "eventos" {
			t.Errorf("%q, interest %q", text(d), d.Session.Interest)
		}
	})
	t.Run("a person is asked for among other things", func(t *testing.T) {
		d := decide(t, newOtto(t, script()), ask(in(conversation.Triage), "quanto custa a festa?", "atendente"))
		if d.Handoff == "" {
			t.Errorf("%s: %q", d.Route, text(d))
		}
	})
	t.Run("one request shows the model all of it", func(t *testing.T) {
		model := script(says(decision(t, nil)))
		r := ask(in(conversation.Triage), "oi", "/bufe_festas", "é pra trinta pessoas", "")
		r.Messages[3].Kind = conversation.KindAudio
		d := decide(t, newOtto(t, model), r)
		if len(model.asked) != 1 || d.Session.Interest != "eventos" {
			t.Fatalf("asked %d times, interest %q", len(model.asked), d.Session.Interest)
		}
		last := model.asked[0].Messages[len(model.asked[0].Messages)-1].Content
		want := "<mensagem>\noi\n</mensagem>\n<mensagem>\n/bufe_festas\n</mensagem>\n<mensagem>\né pra trinta pessoas\n</mensagem>\n" +
			"<mensagem>\n[o cliente enviou um áudio, que não pode ser ouvido aqui]\n</mensagem>"
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("media beside a greeting", func(t *testing.T) {
		r := ask(in(conversation.Initial), "oi", "")
		r.Messages[1].Kind = conversation.KindAudio
		if d := decide(t, newOtto(t, script()), r); d.Route != conversation.RouteMedia {
			t.Errorf("%s: %q", d.Route, text(d))
		}
	})
}

func TestInterestFromWords(t *testing.T) {
	tests := []struct{ known, said, want string }{
		{"", "vocês fazem FESTA de quinze anos?", "eventos"},
		{"", "quero pizza na minha festa", ""},     // two verticals leave a doubt
		{"", "vocês fazem festança?", ""},          // a part of a word is no word
		{"", "festança não, festa", "eventos"},     // but a word after it is
		{"", "a festa", "eventos"},                 // also at the end
		{"", "quanto é o BUFE", "eventos"},         // accents do not matter
		{"balcao", "e para uma festa?", "balcao"},  // a word does not overrule a choice
		{"eventos", "/cardapio", "balcao"},         // a choice does
		{"eventos", "Qual é o cardápio", "balcao"}, // and so does a trigger
	}
	for _, tt := range tests {
		c := in(conversation.Triage)
		c.Session.Interest = tt.known
		d := decide(t, newOtto(t, script(says(decision(t, nil)))), ask(c, tt.said))
		if d.Session.Interest != tt.want {
			t.Errorf("%q after %q: %q, want %q", tt.said, tt.known, d.Session.Interest, tt.want)
		}
	}
}

func TestWithoutAModel(t *testing.T) {
	o := newOtto(t, nil)
	first := decide(t, o, ask(in(conversation.Triage), "quanto custa uma festa para trinta?"))
	if first.Route != conversation.RouteMenu || first.To != conversation.Triage || first.Session.Fallbacks != 1 || first.Handoff != "" {
		t.Errorf("%s → %s after %d", first.Route, first.To, first.Session.Fallbacks)
	}
	if first.Session.Interest != "eventos" {
		t.Errorf("interest %q", first.Session.Interest)
	}
	c := in(conversation.Triage)
	c.Session = first.Session
	second := decide(t, o, ask(c, "não entendi"))
	if second.To != conversation.HandoffHuman || second.Handoff != otto.HandoffOutage || text(second) != pizzaria().Sentences.HandoffOutage {
		t.Errorf("→ %s, %q, %q", second.To, second.Handoff, text(second))
	}
	served := decide(t, o, tap(c, "cardapio", "Cardápio"))
	if served.Session.Fallbacks != 0 {
		t.Error("a turn that served the lead counts as one that did not")
	}
	if greeted := decide(t, o, ask(c, "oi")); greeted.Route != conversation.RouteFixed {
		t.Errorf("a greeting: %s", greeted.Route)
	}
	mixed := decide(t, o, ask(in(conversation.Triage), "/cardapio", "e a massa, como é?"))
	if mixed.Route != conversation.RouteFixed {
		t.Errorf("a command beside a question: %s", mixed.Route)
	}
}
