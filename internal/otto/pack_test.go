package otto_test

import (
	"strings"
	"testing"

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
		{"no handoff at night", func(p *otto.Pack) { p.Sentences.HandoffClosed = "" }, "sentence handoff closed is missing"},
		{"no handoff in an outage", func(p *otto.Pack) { p.Sentences.HandoffOutage = "" }, "sentence handoff outage is missing"},
		{"no handoff in an outage at night", func(p *otto.Pack) { p.Sentences.HandoffOutageClosed = "" }, "sentence handoff outage closed is missing"},
		{"no word on audio", func(p *otto.Pack) { delete(p.Sentences.Media, conversation.KindAudio) }, "sentence media audio is missing"},
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
	if len(faults) < 20 {
		t.Errorf("an empty pack has only the faults %q", faults)
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
