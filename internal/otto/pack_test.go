package otto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

func TestAPackThatIsFit(t *testing.T) {
	if faults := pizzaria().Validate(); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
}

func TestAPackThatIsNot(t *testing.T) {
	long := strings.Repeat("é", 501)
	option := func(id, title string) conversation.Option { return conversation.Option{ID: id, Title: title} }
	tests := []struct {
		name  string
		spoil func(*otto.Pack)
		want  string
	}{
		{"hash", func(p *otto.Pack) { p.Hash = "" }, "hash is missing"},
		{"name", func(p *otto.Pack) { p.Name = " " }, "name is missing"},
		{"assistant", func(p *otto.Pack) { p.Assistant = "" }, "assistant is missing"},
		{"persona", func(p *otto.Pack) { p.Persona = "" }, "persona is missing"},
		{"business", func(p *otto.Pack) { p.Business = "" }, "business is missing"},
		{"location", func(p *otto.Pack) { p.Location = nil }, "location is missing"},
		{"backward hours", func(p *otto.Pack) { p.Hours.Week[1] = []otto.Span{{From: 600, To: 600}} }, "hours: day 1"},
		{"endless hours", func(p *otto.Pack) { p.Hours.Week[6] = []otto.Span{{From: 0, To: 1441}} }, "hours: day 6"},
		{"vertical twice", func(p *otto.Pack) { p.Verticals = append(p.Verticals, p.Verticals[0]) }, "vertical balcao: id is taken"},
		{"vertical without a name", func(p *otto.Pack) { p.Verticals[0].Name = "" }, "vertical balcao: name is missing"},
		{"vertical without an id", func(p *otto.Pack) { p.Verticals = append(p.Verticals, otto.Vertical{Name: "x"}) }, "vertical: id is missing"},
		{"fact twice", func(p *otto.Pack) { p.Facts = append(p.Facts, p.Facts[0]) }, "fact endereco: id is taken"},
		{"fact without a text", func(p *otto.Pack) { p.Facts[1].Text = "" }, "fact massa: text is missing"},
		{"fact of no vertical", func(p *otto.Pack) { p.Facts[1].Vertical = "bar" }, "fact massa: no vertical bar"},
		{"fact of no kind", func(p *otto.Pack) { p.Facts[0].Kind = "rumour" }, "fact endereco: no kind rumour"},
		{"fact too long", func(p *otto.Pack) { p.Facts[0].Text = long }, "fact endereco: 501 characters"},
		{"a value of another text", func(p *otto.Pack) { p.Facts[2].Value, p.Facts[2].Source = "trinta", "tabela" }, "fact minimo: the text does not state the value"},
		{"a value from nowhere", func(p *otto.Pack) { p.Facts[2].Value = "vinte" }, "fact minimo: a figure or a case needs a source"},
		{"a case from nowhere", func(p *otto.Pack) { p.Facts[2].Kind, p.Facts[2].When = otto.FactCase, []string{"caso"} }, "fact minimo: a figure or a case needs a source"},
		{"a question nobody asks", func(p *otto.Pack) { p.Facts[2].Kind = otto.FactFAQ }, "fact minimo: a plain fact has no words that call for it"},
		{"a plain fact on call", func(p *otto.Pack) { p.Facts[2].When = []string{"festa"} }, "fact minimo: a plain fact has no words that call for it"},
		{"a default that is no case", func(p *otto.Pack) { p.Facts[2].Default = true }, "fact minimo: only a case can be the default"},
		{"two defaults", func(p *otto.Pack) {
			one := otto.Fact{ID: "a", Kind: otto.FactCase, Text: "Deu certo.", When: []string{"caso"}, Default: true, Source: "a festa"}
			two := one
			two.ID = "b"
			p.Facts = append(p.Facts, one, two)
		}, "fact b: its vertical has a default case"},
		{"no funnel", func(p *otto.Pack) { p.Funnels = nil }, "funnel of no vertical is missing"},
		{"funnel of no such vertical", func(p *otto.Pack) { p.Funnels[0].Vertical = "bar" }, "funnel bar: no vertical bar"},
		{"funnel twice", func(p *otto.Pack) { p.Funnels = append(p.Funnels, p.Funnels[0]) }, "funnel eventos: is given twice"},
		{"question of no field", func(p *otto.Pack) { p.Funnels[1].Questions[0].Field = "shoe_size" }, "question shoe_size: no such card field"},
		{"question without a text", func(p *otto.Pack) { p.Funnels[1].Questions[0].Text = "" }, "question specific_need: text is missing"},
		{"long question", func(p *otto.Pack) { p.Funnels[1].Questions[0].Text = long[:400] + "?" }, "question specific_need: 201 characters, at most 200"},
		{"a question that asks nothing", func(p *otto.Pack) { p.Funnels[1].Questions[0].Text = "Diga." }, "question specific_need: ends in no question mark"},
		{"question twice", func(p *otto.Pack) {
			p.Funnels[1].Questions = append(p.Funnels[1].Questions, p.Funnels[1].Questions[0])
		}, "question specific_need: is asked twice"},
		{"four choices", func(p *otto.Pack) {
			p.Funnels[0].Questions[0].Choices = []otto.Choice{{Title: "1", Value: "1"}, {Title: "2", Value: "2"}, {Title: "3", Value: "3"}, {Title: "4", Value: "4"}}
		}, "question users_count: 4 choices, at most 3"},
		{"a long choice", func(p *otto.Pack) { p.Funnels[0].Questions[1].Choices[0].Title = strings.Repeat("🍕", 11) }, "title has not 1 to 20 characters"},
		{"a choice the card refuses", func(p *otto.Pack) { p.Funnels[0].Questions[1].Choices[0].Value = "soon" }, `choice "Esta semana": the card does not take its value`},
		{"a choice twice", func(p *otto.Pack) { p.Funnels[0].Questions[1].Choices[0].Value = "LOW" }, `choice "Sem pressa": is given twice`},
		{"ready with more than there is", func(p *otto.Pack) { p.Funnels[0].Ready = otto.Readiness{AtLeast: 2, Of: [][]string{{"urgency"}}} }, "ready: at least 2 of 1 groups"},
		{"ready with nothing", func(p *otto.Pack) { p.Funnels[0].Ready = otto.Readiness{AtLeast: 1, Of: [][]string{{}}} }, "ready: a group has no field"},
		{"ready with no field", func(p *otto.Pack) { p.Funnels[0].Ready = otto.Readiness{AtLeast: 1, Of: [][]string{{"mood"}}} }, "ready: no card field mood"},
		{"questions before no meeting", func(p *otto.Pack) { p.Meetings.Questions = p.Funnels[1].Questions }, "meetings: questions before a meeting, but no meetings"},
		{"an answer before it was asked for", func(p *otto.Pack) { p.AnswerWithin = -1 }, "answer within: not from nothing to 8h0m0s"},
		{"fixed reply twice", func(p *otto.Pack) { p.Fixed = append(p.Fixed, otto.FixedReply{Key: "festas", Reply: p.Fixed[1].Reply}) }, "fixed reply festas: key is taken"},
		{"fixed reply named as a vertical", func(p *otto.Pack) {
			p.Fixed = append(p.Fixed, otto.FixedReply{Key: "eventos", Reply: p.Fixed[1].Reply})
		}, "fixed reply eventos: key is taken"},
		{"fixed reply named as a person", func(p *otto.Pack) {
			p.Fixed = append(p.Fixed, otto.FixedReply{Key: otto.TapPerson, Reply: p.Fixed[1].Reply})
		}, "fixed reply person: key is taken"},
		{"fixed reply of no vertical", func(p *otto.Pack) { p.Fixed[0].Vertical = "bar" }, "fixed reply cardapio: no vertical bar"},
		{"fixed reply too long", func(p *otto.Pack) { p.Fixed[1].Reply.Text = pii.Text(strings.Repeat("x", 4097)) }, "fixed reply festas: 4097 characters"},
		{"fixed reply too long with buttons", func(p *otto.Pack) { p.Fixed[0].Reply.Text = pii.Text(strings.Repeat("x", 1025)) }, "fixed reply cardapio: 1025 characters"},
		{"one trigger for two", func(p *otto.Pack) { p.Fixed[1].Triggers = []string{"QUAL é o cardapio"} }, "belongs to fixed reply cardapio"},
		{"a trigger that greets", func(p *otto.Pack) { p.Greetings = append(p.Greetings, "Qual é o cardápio?") }, "belongs to fixed reply cardapio"},
		{"a trigger that asks for a person", func(p *otto.Pack) { p.PersonTriggers = []string{"OI!"} }, "belongs to greetings"},
		{"one command for two", func(p *otto.Pack) { p.Fixed[1].Commands = []string{"/CARD-APIO"} }, "belongs to fixed reply cardapio"},
		{"a trigger without a letter", func(p *otto.Pack) { p.Fixed[0].Triggers = []string{"👍"} }, "has no letter"},
		{"a command without a slash", func(p *otto.Pack) { p.Fixed[0].Commands = []string{"cardapio"} }, "is no command"},
		{"no greeting", func(p *otto.Pack) { p.Sentences.Greeting.Text = "" }, "sentence greeting: text is missing"},
		{"a long menu", func(p *otto.Pack) { p.Sentences.Menu.Text = pii.Text(long) }, "sentence menu: 501 characters"},
		{"an option of nothing", func(p *otto.Pack) { p.Sentences.Menu.Options[0] = option("bar", "Bar") }, `sentence menu: option "bar" names no`},
		{"a long button", func(p *otto.Pack) { p.Sentences.Menu.Options[0] = option("festas", strings.Repeat("é", 21)) }, "option 1: title"},
		{"four buttons", func(p *otto.Pack) {
			p.Sentences.Menu.Options = []conversation.Option{option("festas", "a"), option("cardapio", "b"), option("balcao", "c"), option("eventos", "d")}
		}, "4 options"},
		{"options of a text", func(p *otto.Pack) { p.Fixed[1].Reply.Options = []conversation.Option{option("festas", "a")} }, "a text has no options"},
		{"a described button", func(p *otto.Pack) { p.Sentences.Menu.Options[0].Description = "x" }, "a button has no description"},
		{"a kind of reply nobody knows", func(p *otto.Pack) { p.Fixed[1].Reply.Kind = "carousel" }, "no such kind"},
		{"a long list label of a reply", func(p *otto.Pack) { p.Sentences.Greeting.Menu = strings.Repeat("x", 21) }, "list label: at most 20"},
		{"no safe sentence", func(p *otto.Pack) { p.Sentences.Safe = "" }, "sentence safe is missing"},
		{"a long safe sentence", func(p *otto.Pack) { p.Sentences.Safe = long }, "sentence safe: 501 characters"},
		{"no sentence for emoji", func(p *otto.Pack) { p.Sentences.Empty = "" }, "sentence empty is missing"},
		{"no handoff", func(p *otto.Pack) { p.Sentences.Handoff = "" }, "sentence handoff is missing"},
		{"no handoff at night", func(p *otto.Pack) { p.Sentences.HandoffClosed = "" }, "sentence handoff_closed is missing"},
		{"no handoff in an outage", func(p *otto.Pack) { p.Sentences.HandoffOutage = "" }, "sentence handoff_outage is missing"},
		{"no handoff in an outage at night", func(p *otto.Pack) { p.Sentences.HandoffOutageClosed = "" }, "sentence handoff_outage_closed is missing"},
		{"no word on audio", func(p *otto.Pack) { delete(p.Sentences.Media, conversation.KindAudio) }, "sentence media audio is missing"},
		{"no greeting at night", func(p *otto.Pack) { p.Sentences.DayParts[2] = "" }, "day part 3 is missing"},
		{"a long greeting of the day", func(p *otto.Pack) { p.Sentences.DayParts[0] = strings.Repeat("x", 21) }, "day part 1: at most 20 characters"},
		{"a fact that is filled in", func(p *otto.Pack) { p.Sentences.Greeting.Text = "Oi, {nome}!" }, `sentence greeting: nothing fills in "{nome}" here`},
		{"a menu that greets", func(p *otto.Pack) { p.Sentences.Menu.Text = "{saudacao}! Escolha:" }, `sentence menu: nothing fills in "{saudacao}" here`},
		{"a fixed reply that greets", func(p *otto.Pack) { p.Fixed[1].Reply.Text = "{saudacao}! Quantas pessoas?" }, `fixed reply festas: nothing fills in "{saudacao}" here`},
		{"a sentence with the wrong fill", func(p *otto.Pack) { p.Sentences.HandoffClosed = "Voltamos {quando}." }, `sentence handoff_closed: nothing fills in "{quando}" here`},
		{"a brace that never closes", func(p *otto.Pack) { p.Sentences.HandoffClosed = "Voltamos {volta." }, `sentence handoff_closed: nothing fills in "{volta." here`},
		{"a sentence that grows too long", func(p *otto.Pack) { p.Sentences.HandoffClosed = long[:940] + "{volta}" }, "sentence handoff_closed: 520 characters, at most 500"},
		{"no list label", func(p *otto.Pack) { p.Sentences.ListLabel = "" }, "list label is missing"},
		{"a long list label", func(p *otto.Pack) { p.Sentences.ListLabel = strings.Repeat("x", 21) }, "list label: at most 20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pack := pizzaria()
			tt.spoil(&pack)
			faults := pack.Validate()
			if len(faults) != 1 || !strings.Contains(faults[0], tt.want) {
				t.Errorf("faults %q, want one with %q", faults, tt.want)
			}
			if _, err := otto.New(otto.Options{Pack: pack}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v", err)
			}
		})
	}
	faults := otto.Pack{}.Validate()
	if len(faults) < 25 {
		t.Errorf("an empty pack has only the faults %q", faults)
	}
}

func TestAPackWithMeetings(t *testing.T) {
	meet := func(with func(*otto.Pack)) []string {
		pack := pizzaria()
		pack.Meetings = otto.Meetings{
			Offered: true, Notice: 2 * time.Hour, Days: 10, Every: time.Hour,
			Questions: []otto.Question{{Field: "email", Text: "Qual é o seu e-mail?"}},
		}
		for i := range pack.Funnels {
			pack.Funnels[i].Ready = otto.Readiness{AtLeast: 1, Of: [][]string{{"users_count", "urgency"}}}
		}
		s := &pack.Sentences
		s.Invite = "Que tal uma conversa? Temos {horarios}."
		s.MeetingClosed, s.MeetingPast, s.MeetingSoon, s.MeetingVague = "{horarios}?", "{horarios}?", "{horarios}?", "{horarios}?"
		s.MeetingNoted = "Anotei {quando}. A equipe confirma."
		if with != nil {
			with(&pack)
		}
		return pack.Validate()
	}
	if faults := meet(nil); len(faults) > 0 {
		t.Fatalf("faults %q", faults)
	}
	for name, tt := range map[string]struct {
		spoil func(*otto.Pack)
		want  string
	}{
		"no invitation":         {func(p *otto.Pack) { p.Sentences.Invite = "" }, "sentence invite is missing"},
		"nothing is noted":      {func(p *otto.Pack) { p.Sentences.MeetingNoted = "" }, "sentence meeting_noted is missing"},
		"noted for some time":   {func(p *otto.Pack) { p.Sentences.MeetingNoted = "Anotei {horarios}." }, `sentence meeting_noted: nothing fills in "{horarios}" here`},
		"ready at once":         {func(p *otto.Pack) { p.Funnels[1].Ready = otto.Readiness{} }, "funnel of no vertical: does not say when a lead is ready"},
		"notice after the fact": {func(p *otto.Pack) { p.Meetings.Notice = -time.Hour }, "meetings: notice is less than nothing"},
		"no day":                {func(p *otto.Pack) { p.Meetings.Days = 0 }, "meetings: days must be 1 to 60"},
		"every minute":          {func(p *otto.Pack) { p.Meetings.Every = time.Minute }, "meetings: every must be whole minutes, 15m0s to a day"},
		"a question of nothing": {func(p *otto.Pack) { p.Meetings.Questions[0].Field = "shoe" }, "meetings: question shoe: no such card field"},
	} {
		if faults := meet(tt.spoil); len(faults) != 1 || !strings.Contains(faults[0], tt.want) {
			t.Errorf("%s: faults %q, want one with %q", name, faults, tt.want)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"Como funciona a Automação?": "como funciona a automacao",
		"  OI,\ttudo  bem?! ":        "oi tudo bem",
		"voce\u0302":                 "voce",
		"R$ 1.500":                   "r 1 500",
		"👍":                          "",
		"ＯＩ":                         "oi",
		"\xffoi":                     "oi",
		"a_b-c":                      "a b c",
	} {
		if got := otto.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldCommand(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"saas":               "",
		"/":                  "",
		" /SaaS agora ":      "saas",
		"/entregas-servicos": "entregasservicos",
		"/entregas_serviços": "entregasservicos",
		"/ sob_medida":       "sobmedida",
		"// x":               "",
		"/\n":                "",
	} {
		if got := otto.FoldCommand(in); got != want {
			t.Errorf("FoldCommand(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"Olá, tudo bem?", "/sob_medida", "\xff", "İ", "ǅ", "ß"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once := otto.Fold(in)
		if again := otto.Fold(once); again != once {
			t.Fatalf("Fold(%q) = %q, and then %q", in, once, again)
		}
		if strings.Contains(once, "  ") || strings.TrimSpace(once) != once {
			t.Fatalf("Fold(%q) = %q has blanks to spare", in, once)
		}
	})
}
