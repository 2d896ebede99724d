package pack_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/packs"
)

// folders are the embedded packs by name.
func folders(t testing.TB) map[string]fs.FS {
	t.Helper()
	entries, err := fs.ReadDir(packs.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fs.FS{}
	for _, entry := range entries {
		if entry.IsDir() {
			if found[entry.Name()], err = fs.Sub(packs.FS(), entry.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(found) < 2 {
		t.Fatalf("%d embedded packs: what is said of any business needs two", len(found))
	}
	return found
}

// each runs a check on every embedded pack.
func each(t *testing.T, check func(t *testing.T, p otto.Pack)) {
	t.Helper()
	for name, folder := range folders(t) {
		t.Run(name, func(t *testing.T) {
			p, err := pack.Load(folder)
			if err != nil {
				t.Fatal(err)
			}
			check(t, p)
		})
	}
}

func TestEveryEmbeddedPackMakesAnOtto(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		if _, err := otto.New(otto.Options{Pack: p, Tenant: "t"}); err != nil {
			t.Error(err)
		}
		if len(p.Hash) != 64 || p.Location == nil || len(p.Verticals) == 0 || len(p.Facts) == 0 || len(p.Fixed) == 0 {
			t.Errorf("pack is thin: %+v", p)
		}
	})
}

// questions are all that a lead may be asked.
func questions(p otto.Pack) []otto.Question {
	all := slices.Clone(p.Meetings.Questions)
	for _, funnel := range p.Funnels {
		all = append(all, funnel.Questions...)
	}
	return all
}

// said is everything a lead may read word for word.
func said(p otto.Pack) []string {
	s := p.Sentences
	texts := []string{s.Greeting.Text.Reveal(), s.Menu.Text.Reveal()}
	for _, sentence := range s.Plain() {
		texts = append(texts, *sentence.Text)
	}
	for _, text := range s.Media {
		texts = append(texts, text)
	}
	for _, question := range questions(p) {
		texts = append(texts, question.Text)
	}
	for _, fixed := range p.Fixed {
		texts = append(texts, fixed.Reply.Text.Reveal())
	}
	return texts
}

func TestWhatALeadReadsIsShortAndProper(t *testing.T) {
	// Words that lost their accents, and promises.
	bare := regexp.MustCompile(`(?i)\b(voce|nao|sao|atraves|tambem|ate ja|audio|video|localizacao|automacao|servicos?|horario|pedido de orcamento|informacao|opcao|opcoes)\b`)
	promise := regexp.MustCompile(`(?i)garant|retorn(o|amos)|vou verificar|em até|100 ?%`)
	each(t, func(t *testing.T, p otto.Pack) {
		written := said(p)
		for _, fact := range p.Facts {
			written = append(written, fact.Text)
		}
		for _, text := range written {
			if found := bare.FindString(text); found != "" {
				t.Errorf("%q lost its accents: %s", found, text)
			}
		}
		for _, text := range said(p) {
			if n := utf8.RuneCountInString(text); n > otto.MaxText {
				t.Errorf("%d characters: %s", n, text)
			}
			if found := promise.FindString(text); found != "" {
				t.Errorf("%q promises: %s", found, text)
			}
		}
	})
}

func TestNoTextOfAPackPromises(t *testing.T) {
	sure := regexp.MustCompile(`(?i)garant|certeza absoluta|sem risco|resultado certo`)
	each(t, func(t *testing.T, p otto.Pack) {
		texts := append(said(p), p.Business, p.Purpose)
		for _, fact := range p.Facts {
			texts = append(texts, fact.Text)
		}
		for _, v := range p.Verticals {
			texts = append(texts, v.Offer)
		}
		for _, text := range texts {
			if found := sure.FindString(text); found != "" {
				t.Errorf("%q: %s", found, text)
			}
		}
	})
}

// What Otto may say must be something he knows: a figure of a reply, an
// objection or a hint stands in a fact that is always at hand.
func TestNoFigureStandsAlone(t *testing.T) {
	figure := regexp.MustCompile(`\d[\d.,]*\d|\d`)
	each(t, func(t *testing.T, p otto.Pack) {
		known := map[string]bool{}
		texts := said(p)
		for _, fact := range p.Facts {
			switch fact.Kind {
			case otto.FactPlain, otto.FactFAQ:
				for _, found := range figure.FindAllString(fact.Text, -1) {
					known[found] = true
				}
			case otto.FactObjection, otto.FactROI:
				texts = append(texts, fact.Text)
			}
		}
		for _, text := range texts {
			for _, found := range figure.FindAllString(text, -1) {
				if !known[found] {
					t.Errorf("no fact states %s: %s", found, text)
				}
			}
		}
	})
}

func TestALeadCanBecomeReady(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		for _, funnel := range p.Funnels {
			asked := map[string]bool{}
			for _, question := range funnel.Questions {
				asked[question.Field] = true
				for _, choice := range question.Choices {
					if _, ok := (conversation.Card{}).With(question.Field, conversation.Value{Value: pii.Text(choice.Value)}); !ok {
						t.Errorf("%s: the card does not take %q", question.Field, choice.Value)
					}
				}
			}
			reach := 0
			for _, group := range funnel.Ready.Of {
				if slices.ContainsFunc(group, func(field string) bool { return asked[field] }) {
					reach++
				}
			}
			if reach < funnel.Ready.AtLeast {
				t.Errorf("funnel %q asks for %d of the %d groups that it wants", funnel.Vertical, reach, funnel.Ready.AtLeast)
			}
		}
		if p.Meetings.Offered && len(p.Meetings.Questions) == 0 {
			t.Error("a meeting is noted without a way to confirm it")
		}
	})
}

func TestEveryEmbeddedPackIsWhole(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		kinds := map[otto.FactKind]int{}
		for _, fact := range p.Facts {
			kinds[fact.Kind]++
		}
		for _, kind := range []otto.FactKind{otto.FactPlain, otto.FactFAQ, otto.FactObjection, otto.FactCase, otto.FactROI} {
			if kinds[kind] == 0 {
				t.Errorf("no fact of kind %q", kind)
			}
		}
		if len(p.Promises) == 0 || len(p.Competitors) == 0 || p.AnswerWithin <= 0 || p.Contacts.Address == "" || len(p.Contacts.Emails) == 0 {
			t.Errorf("promises %d, competitors %d, answer within %s, contacts %v", len(p.Promises), len(p.Competitors), p.AnswerWithin, p.Contacts)
		}
	})
}

func TestEveryFixedReplyHasANextStep(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		for _, fixed := range p.Fixed {
			if !strings.HasSuffix(fixed.Reply.Text.Reveal(), "?") {
				t.Errorf("%s ends in no question", fixed.Key)
			}
		}
		for name, reply := range map[string]conversation.Reply{"greeting": p.Sentences.Greeting, "menu": p.Sentences.Menu} {
			if !slices.ContainsFunc(reply.Options, func(o conversation.Option) bool { return o.ID == otto.TapPerson }) {
				t.Errorf("%s offers no person", name)
			}
		}
	})
}

func TestTheMenuWorksWithoutAModel(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		for _, option := range p.Sentences.Menu.Options {
			fixed := slices.ContainsFunc(p.Fixed, func(f otto.FixedReply) bool { return f.Key == option.ID })
			if !fixed && option.ID != otto.TapPerson {
				t.Errorf("option %s leads nowhere without a model", option.ID)
			}
		}
	})
}

func TestEveryVerticalHasFactsAndAFixedReply(t *testing.T) {
	each(t, func(t *testing.T, p otto.Pack) {
		for _, v := range p.Verticals {
			if !slices.ContainsFunc(p.Facts, func(f otto.Fact) bool { return f.Vertical == v.ID }) {
				t.Errorf("nothing is known of %s", v.ID)
			}
			if !slices.ContainsFunc(p.Fixed, func(f otto.FixedReply) bool { return f.Vertical == v.ID }) {
				t.Errorf("no fixed reply explains %s", v.ID)
			}
		}
	})
}

func TestTheDefaultPackIsTheOneNamed(t *testing.T) {
	got, err := pack.Default()
	if err != nil {
		t.Fatal(err)
	}
	name, err := fs.ReadFile(packs.FS(), packs.DefaultFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := pack.Load(folders(t)[strings.TrimSpace(string(name))])
	if err != nil || got.Hash != want.Hash {
		t.Errorf("default is %s, want %s, %v", got.Hash, want.Hash, err)
	}
}

// The page that every turn of a business shares is only cached by providers
// when it is long enough, and a thin one tells the model too little.
func TestTheDefaultPackTellsTheModelEnough(t *testing.T) {
	p, err := pack.Default()
	if err != nil {
		t.Fatal(err)
	}
	page := p.Persona + p.Business + p.Purpose + strings.Join(p.Rules, "")
	for _, v := range p.Verticals {
		page += v.Name + v.Offer
	}
	if n := utf8.RuneCountInString(page); n < 4000 {
		t.Errorf("%d characters", n)
	}
}

func TestHours(t *testing.T) {
	p, err := pack.Default()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{
		"2026-11-23 08:59": false, "2026-11-23 09:00": true, "2026-11-23 16:59": true, "2026-11-23 17:00": false,
		"2026-11-22 10:00": false,                                                                                                             // Sunday
		"2026-12-25 10:00": false,                                                                                                             // Friday, every year
		"2026-04-03 10:00": false, "2027-03-26 10:00": false, "2028-04-14 10:00": false, "2029-03-30 10:00": false, "2030-04-19 10:00": false, // Good Friday
		"2026-02-16 10:00": false, "2026-02-17 10:00": false, "2026-02-18 10:00": true, "2027-02-09 10:00": false, // Carnival
		"2026-06-04 10:00": false, "2028-06-15 10:00": false, "2028-06-14 10:00": true, // Corpus Christi
		"2028-11-20 10:00": false,
	}
	for at, want := range tests {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, p.Location)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Hours.Open(when); got != want {
			t.Errorf("open at %s = %v", at, got)
		}
	}
}

// sample is the smaller embedded pack, to be broken.
func sample(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(packs.FS(), "pizzaria-exemplo", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(packs.FS(), path)
		name, _ := strings.CutPrefix(path, "pizzaria-exemplo/")
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// edit replaces what must be there exactly once.
func edit(t testing.TB, files fstest.MapFS, name, before, after string) {
	t.Helper()
	content := string(files[name].Data)
	if strings.Count(content, before) != 1 {
		t.Fatalf("%s has %q %d times", name, before, strings.Count(content, before))
	}
	files[name] = &fstest.MapFile{Data: []byte(strings.Replace(content, before, after, 1))}
}

func TestFaultsNameFileAndLine(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	tests := []struct{ name, file, before, after, want string }{
		{"unknown key", "business.yaml", "name: Forno da Vila\n", "name: Forno da Vila\nalias: x\n", "business.yaml:2: unknown key alias"},
		{"key given twice", "business.yaml", "name: Forno da Vila\n", "name: Forno da Vila\nname: x\n", "business.yaml:2: key name is given twice"},
		{"missing text", "business.yaml", "assistant: Nina\n", "", "business.yaml:1: assistant is missing"},
		{"empty text", "business.yaml", "assistant: Nina\n", "assistant: ''\n", "business.yaml:2: assistant is empty"},
		{"null text", "business.yaml", "assistant: Nina\n", "assistant:\n", "business.yaml:1: assistant is missing"},
		{"wrong type", "business.yaml", "assistant: Nina\n", "assistant: [Nina]\n", "business.yaml:2: assistant must be text; quote it if it looks like a number"},
		{"number for text", "business.yaml", "assistant: Nina\n", "assistant: 7\n", "business.yaml:2: assistant must be text; quote it if it looks like a number"},
		{"invisible character", "business.yaml", "assistant: Nina\n", "assistant: \"Ni\\u202Ena\"\n", "business.yaml:2: assistant holds invisible characters"},
		{"time zone", "business.yaml", "America/Bahia", "America/Nowhere", "business.yaml:4: time_zone: no such zone"},
		{"local time zone", "business.yaml", "America/Bahia", "Local", "business.yaml:4: time_zone: no such zone"},
		{"zone with a path", "business.yaml", "America/Bahia", "../../etc/passwd", "business.yaml:4: time_zone: no such zone"},
		{"hours", "business.yaml", "tuesday: 18:00-23:00", "tuesday: 23:00-18:00", "business.yaml:7: tuesday: want spans such as 09:00-12:00, 13:00-18:00, each beginning before it ends"},
		{"hours past midnight", "business.yaml", "friday: 18:00-24:00", "friday: 18:00-24:30", "business.yaml:10: friday: want spans such as 09:00-12:00, 13:00-18:00, each beginning before it ends"},
		{"hours overlap", "business.yaml", "11:30-15:00, 18:00-24:00", "11:30-19:00, 18:00-24:00", "business.yaml:11: saturday: spans overlap or are out of order"},
		{"unknown day", "business.yaml", "  tuesday:", "  tuesay:", "business.yaml:7: unknown key tuesay"},
		{"hours missing", "business.yaml", "hours:\n", "horas:\n", "business.yaml:1: hours is missing"},
		{"holiday without a day", "business.yaml", "yearly: 12-25, ", "", "business.yaml:16: a holiday has either a date, a yearly day or its days from easter"},
		{"holiday of no year", "business.yaml", "yearly: 12-25", "yearly: 13-25", "business.yaml:16: yearly: no such day; want month-day"},
		{"holiday of no calendar", "business.yaml", "yearly: 12-25", "date: 2026-02-30", "business.yaml:16: date: no such day; want year-month-day"},
		{"e-mail", "business.yaml", "emails: [oi@fornodavila.example]", "emails: [oi@fornodavila.example, oi]", "business.yaml:23: emails: not an e-mail address"},
		{"site", "business.yaml", "contacts:\n", "contacts:\n  sites: [fornodavila.example]\n", "business.yaml:23: sites: want an address that begins with https://"},
		{"phone", "business.yaml", "contacts:\n", "contacts:\n  phones: ['42 99161-9261']\n", "business.yaml:23: phones: want + and 7 to 15 digits, in quotes"},
		{"phone without quotes", "business.yaml", "contacts:\n", "contacts:\n  phones: [5542991619261]\n", "business.yaml:23: each of phones must be text; quote it if it looks like a number"},
		{"vertical id", "business.yaml", "id: pedidos\n", "id: Pedidos!\n", "business.yaml:32: id must be lower-case letters, digits and _"},
		{"vertical twice", "business.yaml", "id: eventos\n", "id: pedidos\n", "business.yaml:36: vertical pedidos is taken at business.yaml:32"},
		{"keyword twice", "business.yaml", "[pizza, pizzas,", "[pizza, Pízza,", "business.yaml:35: keyword \"Pízza\" is given twice"},
		{"keyword without a letter", "business.yaml", "[pizza, pizzas,", "[pizza, '!?',", "business.yaml:35: keyword \"!?\" has no letter"},
		{"verticals no list", "business.yaml", "verticals:\n", "verticals: x\nvertical:\n", "business.yaml:31: verticals must be a list"},
		{"section no mapping", "sentences.yaml", "menu:\n", "menu: oi\nmenus:\n", "sentences.yaml:10: want keys and values here"},

		{"foreign e-mail", "persona.yaml", "bom humor.", "bom humor. Escreva a outra@casa.example.", "persona.yaml:1: names a contact (e-mail) that is not listed under contacts in business.yaml"},
		{"foreign site", "sentences.yaml", "Pode me dizer de outro jeito", "Veja www.outra.example e diga de outro jeito", "sentences.yaml:18: names a contact (site) that is not listed under contacts in business.yaml"},
		{"foreign phone", "sentences.yaml", "Pode me dizer de outro jeito", "Ligue (42) 99161-9261 ou diga de outro jeito", "sentences.yaml:18: names a contact (phone) that is not listed under contacts in business.yaml"},
		{"foreign phone abroad", "sentences.yaml", "Pode me dizer de outro jeito", "Ligue +1 202 555 0100 ou diga de outro jeito", "sentences.yaml:18: names a contact (phone) that is not listed under contacts in business.yaml"},
		{"rule no list", "persona.yaml", "rules:\n", "rules: nenhuma\nx:\n", "persona.yaml:5: rules must be a list"},

		{"holiday far from easter", "business.yaml", "{easter: -2,", "{easter: 400,", "business.yaml:18: easter: at most 180 days before (-) or after it"},
		{"holiday by a word", "business.yaml", "{easter: -2,", "{easter: logo,", "business.yaml:18: easter must be a whole number"},
		{"holiday twice over", "business.yaml", "{easter: -2,", "{easter: -2, yearly: 04-01,", "business.yaml:18: a holiday has either"},
		{"answer in a word", "business.yaml", "answer_within: 15m", "answer_within: logo", "business.yaml:20: answer_within: want a length of time such as 30m or 2h"},
		{"answer in the past", "business.yaml", "answer_within: 15m", "answer_within: -15m", "business.yaml:20: answer_within: want a length of time such as 30m or 2h"},
		{"template without a name", "business.yaml", "contacts:\n", "templates: {reopen: {language: pt_BR}}\ncontacts:\n", "business.yaml:22: name is missing"},
		{"template of an odd name", "business.yaml", "contacts:\n", "templates: {reopen: {name: Olá, language: pt_BR}}\ncontacts:\n", "business.yaml:22: name must be lower-case letters"},
		{"template in an odd language", "business.yaml", "contacts:\n", "templates: {reopen: {name: retomar, language: pt-BR}}\ncontacts:\n", "business.yaml:22: language must be a code"},
		{"template for something else", "business.yaml", "contacts:\n", "templates: {fechar: {name: retomar, language: pt_BR}}\ncontacts:\n", "business.yaml:22: unknown key fechar"},
		{"meetings without an end", "business.yaml", "contacts:\n", "meetings: {notice: 2h, every: 1h}\ncontacts:\n", "business.yaml:22: meetings: days must be 1 to 60"},
		{"meetings in a hurry", "business.yaml", "contacts:\n", "meetings: {notice: 2h, every: 1m, days: 5}\ncontacts:\n", "business.yaml:22: meetings: every must be whole minutes, 15m0s to a day"},
		{"meetings nobody speaks of", "business.yaml", "contacts:\n", "meetings: {notice: 2h, every: 1h, days: 5}\ncontacts:\n", "sentences.yaml:1: invite is missing"},
		{"meetings nobody is ready for", "business.yaml", "contacts:\n", "meetings: {notice: 2h, every: 1h, days: 5}\ncontacts:\n", "funnel.yaml:2: ready is missing"},

		{"funnel of no vertical", "funnel.yaml", "vertical: eventos", "vertical: festas", "funnel.yaml:2: no vertical festas"},
		{"funnel twice", "funnel.yaml", "  - questions:\n", "  - vertical: eventos\n    questions:\n", "funnel.yaml:13: a funnel of this vertical is given already"},
		{"no funnel for whoever", "funnel.yaml", "  - questions:\n", "  - vertical: pedidos\n    questions:\n", "funnel.yaml:1: funnels: the one without a vertical is missing"},
		{"funnel that asks nothing", "funnel.yaml", "funnels:\n", "funnels:\n  - {vertical: pedidos}\n", "funnel.yaml:2: questions: there is none"},
		{"funnel with a stranger", "funnel.yaml", "  - vertical: eventos\n", "  - vertical: eventos\n    nome: x\n", "funnel.yaml:3: unknown key nome"},
		{"question of no field", "funnel.yaml", "field: users_count", "field: guests", "funnel.yaml:4: guests: no such card field"},
		{"question twice", "funnel.yaml", "field: full_name", "field: users_count", "funnel.yaml:11: users_count is asked already"},
		{"question too long", "funnel.yaml", "Em nome de quem fica?", long(200) + "?", "funnel.yaml:11: full_name: 201 characters, at most 200"},
		{"question that asks nothing", "funnel.yaml", "Em nome de quem fica?", "Diga o nome.", "funnel.yaml:11: full_name: ends in no question mark"},
		{"question with a fill", "funnel.yaml", "Em nome de quem fica?", "{saudacao}, qual o nome?", "funnel.yaml:11: nothing fills in \"{saudacao}\" here"},
		{"choice the card refuses", "funnel.yaml", "value: high", "value: agora", "funnel.yaml:5: urgency: choice \"Esta semana\": the card does not take its value"},
		{"choice twice", "funnel.yaml", "value: high", "value: low", "funnel.yaml:5: urgency: choice \"Mais para a frente\": is given twice"},
		{"choice too long", "funnel.yaml", "title: Esta semana", "title: Ainda nesta semana mesmo", "funnel.yaml:5: urgency: choice \"Ainda nesta semana mesmo\": title has not 1 to 20 characters"},
		{"choice too many", "funnel.yaml", "          - {title: Esta semana, value: high}\n", "          - {title: Esta semana, value: high}\n          - {title: Já, value: urgent}\n", "funnel.yaml:5: urgency: 4 choices, at most 3"},
		{"choice of no vertical", "funnel.yaml", "value: pedidos", "value: pizzas", "funnel.yaml:17: no vertical pizzas"},
		{"choice with a stranger", "funnel.yaml", "value: high}", "value: high, id: x}", "funnel.yaml:8: unknown key id"},
		{"ready of no field", "funnel.yaml", "  - questions:\n", "    ready: {at_least: 1, of: [[guests]]}\n  - questions:\n", "funnel.yaml:13: ready: no card field guests"},
		{"ready beyond reach", "funnel.yaml", "  - questions:\n", "    ready: {at_least: 2, of: [[email]]}\n  - questions:\n", "funnel.yaml:13: ready: at least 2 of 1 groups"},
		{"ready of nothing", "funnel.yaml", "  - questions:\n", "    ready: {at_least: 1}\n  - questions:\n", "funnel.yaml:13: of is missing"},
		{"ready by a word", "funnel.yaml", "  - questions:\n", "    ready: {at_least: uma, of: [[email]]}\n  - questions:\n", "funnel.yaml:13: at_least must be a whole number"},
		{"ready of no group", "funnel.yaml", "  - questions:\n", "    ready: {at_least: 1, of: [email]}\n  - questions:\n", "funnel.yaml:13: each of of must be a list"},
		{"booking of no meeting", "funnel.yaml", "funnels:\n", "booking: [{field: email, text: 'E-mail?'}]\nfunnels:\n", "funnel.yaml:1: booking: business.yaml offers no meetings"},

		{"promise without a letter", "guards.yaml", "promises: [", "promises: ['?', ", "guards.yaml:1: phrase \"?\" has no letter"},
		{"promise twice", "guards.yaml", "promises: [", "promises: [Entrega gratis, ", "guards.yaml:1: phrase \"entrega grátis\" is given twice"},
		{"promise too long", "guards.yaml", "promises: [", "promises: [" + long(81) + ", ", "guards.yaml:1: promises: 81 characters, at most 80"},
		{"guard nobody knows", "guards.yaml", "competitors:", "rivals:", "guards.yaml:2: unknown key rivals"},
		{"a promise all the same", "sentences.yaml", "Só para eu entender,", "A Entrega gratis é nossa,", "sentences.yaml:20: says \"entrega grátis\", which guards.yaml:1 forbids"},
		{"a competitor all the same", "facts/pedidos.yaml", "Os pedidos podem ser", "Como na PIZZA DA TORRE, podem ser", "facts/pedidos.yaml:8: says \"Pizza da Torre\", which guards.yaml:2 forbids"},

		{"objection nobody raises", "objections.yaml", "    when: [longe, sem entrega, não entrega, não entregam]\n", "", "objections.yaml:2: a plain fact has no words that call for it, and every other kind has"},
		{"objection word twice", "objections.yaml", "when: [longe,", "when: [longe, LONGE,", "objections.yaml:4: word \"LONGE\" is given twice"},
		{"objection by default", "objections.yaml", "    vertical: pedidos\n", "    vertical: pedidos\n    default: true\n", "objections.yaml:4: unknown key default"},
		{"case of no vertical", "cases.yaml", "vertical: eventos", "vertical: festas", "cases.yaml:3: no vertical festas"},
		{"case from nowhere", "cases.yaml", "    source: Caderno de festas da casa (negócio de exemplo)\n", "", "cases.yaml:2: a figure or a case needs a source"},
		{"case with another value", "cases.yaml", "value: 40 pessoas", "value: 50 pessoas", "cases.yaml:2: the text does not state the value"},
		{"case by a word", "cases.yaml", "default: true", "default: sim", "cases.yaml:4: default must be true or false"},
		{"two default cases", "cases.yaml", "cases:\n", "cases:\n  - {id: outro, vertical: eventos, when: [bar], default: true, text: Deu certo., source: x}\n", "cases.yaml:3: the default case of eventos is taken at cases.yaml:2"},
		{"hint of a fact", "roi.yaml", "id: conta_rodizio", "id: eventos_rodizio", "facts/eventos.yaml:3: fact eventos_rodizio is taken at roi.yaml:2"},
		{"hint until no day", "roi.yaml", "    vertical: eventos\n", "    vertical: eventos\n    valid_until: 2026-02-30\n", "roi.yaml:4: valid_until: no such day; want year-month-day"},
		{"fact of another kind", "facts/eventos.yaml", "kind: faq", "kind: case", "facts/eventos.yaml:13: kind: here there is only faq"},
		{"plain fact on call", "facts/eventos.yaml", "    kind: faq\n", "", "facts/eventos.yaml:13: unknown key when"},
		{"value by a number", "facts/eventos.yaml", "value: R$ 60 por pessoa", "value: 60", "facts/eventos.yaml:9: value must be text"},

		{"fill of another sentence", "sentences.yaml", "a gente abre {volta}", "a gente abre {quando}", "sentences.yaml:27: nothing fills in \"{quando}\" here"},
		{"fill of none", "sentences.yaml", "chegaram muitas", "{saudacao} muitas", "sentences.yaml:25: nothing fills in \"{saudacao}\" here"},
		{"fill of a fact", "facts/casa.yaml", "A Forno da Vila abre", "A Forno da Vila abre {volta}", "facts/casa.yaml:3: nothing fills in \"{volta}\" here"},
		{"sentence once filled in", "sentences.yaml", "Agora a pizzaria está fechada,", long(400), "sentences.yaml:29: once filled in: 532 characters, at most 500"},
		{"no greeting at night", "sentences.yaml", ", night: Boa noite", "", "sentences.yaml:1: night is missing"},
		{"a long greeting by night", "sentences.yaml", "night: Boa noite", "night: Uma ótima noite para você", "sentences.yaml:1: 25 characters, at most 20"},

		{"fact of no vertical", "facts/eventos.yaml", "vertical: eventos", "vertical: festas", "facts/eventos.yaml:1: no vertical festas"},
		{"fact twice", "facts/eventos.yaml", "id: eventos_rodizio", "id: pedidos_forno", "facts/pedidos.yaml:3: fact pedidos_forno is taken at facts/eventos.yaml:3"},
		{"fact id", "facts/eventos.yaml", "id: eventos_rodizio", "id: 1x]", "facts/eventos.yaml:3: id must be lower-case letters, digits and _"},
		{"fact too long", "facts/eventos.yaml", "Para festas e eventos,", long(500), "facts/eventos.yaml:4: 547 characters, at most 500"},
		{"no facts", "facts/casa.yaml", "facts:\n", "fatos:\n", "facts/casa.yaml:1: facts is missing"},
		{"fact with a stranger", "facts/casa.yaml", "  - id: casa_contato\n", "  - id: casa_contato\n    texto: x\n", "facts/casa.yaml:5: unknown key texto"},

		{"key reserved", "replies.yaml", "key: festas", "key: person", "replies.yaml:17: key person is reserved for asking for a person"},
		{"key is a vertical", "replies.yaml", "key: festas", "key: eventos", "replies.yaml:17: key eventos is the vertical at business.yaml:36"},
		{"key twice", "replies.yaml", "key: festas", "key: cardapio", "replies.yaml:17: reply cardapio is taken at replies.yaml:5"},
		{"key form", "replies.yaml", "key: festas", "key: Festas", "replies.yaml:17: key must be lower-case letters, digits and _"},
		{"triggers collide", "replies.yaml", "key: festas\n", "key: festas\n    triggers: [\"QUAL É O CARDAPIO\"]\n", "replies.yaml:18: trigger \"QUAL É O CARDAPIO\" of festas means the same as the one at replies.yaml:6"},
		{"trigger is a greeting", "replies.yaml", "key: festas\n", "key: festas\n    triggers: [Bom dia!]\n", "replies.yaml:18: trigger \"Bom dia!\" of festas means the same as the one at replies.yaml:1"},
		{"greeting asks for a person", "replies.yaml", "person: [", "person: [oi!, ", "replies.yaml:2: trigger \"oi!\" of person means the same as the one at replies.yaml:1"},
		{"trigger without a letter", "replies.yaml", "person: [", "person: ['?!', ", "replies.yaml:2: trigger \"?!\" has no letter"},
		{"trigger too long", "replies.yaml", "person: [", "person: [" + long(81) + ", ", "replies.yaml:2: trigger: 81 characters, at most 80"},
		{"commands collide", "replies.yaml", "commands: [/festas]", "commands: [/car_dapio]", "replies.yaml:18: trigger \"/car_dapio\" of festas means the same as the one at replies.yaml:7"},
		{"command form", "replies.yaml", "commands: [/festas]", "commands: [festas]", "replies.yaml:18: commands: want / and at most 32 lower-case letters, digits and _"},
		{"command too long", "replies.yaml", "commands: [/festas]", "commands: [/" + long(33) + "]", "replies.yaml:18: commands: want / and at most 32 lower-case letters, digits and _"},
		{"command of nothing", "replies.yaml", "commands: [/festas]", "commands: [/__]", "replies.yaml:18: trigger \"/__\" has no letter"},
		{"reply of no vertical", "replies.yaml", "vertical: eventos", "vertical: festa", "replies.yaml:19: no vertical festa"},
		{"option leads nowhere", "replies.yaml", "{id: festas, title", "{id: fetas, title", "replies.yaml:14: option fetas is no reply, no vertical and not person"},
		{"button title", "replies.yaml", "title: Fazer uma festa", "title: Fazer uma festa com amigos", "replies.yaml:14: 26 characters, at most 20"},
		{"button title in UTF-16", "replies.yaml", "title: Fazer uma festa", "title: '" + strings.Repeat("🍕", 11) + "'", "replies.yaml:14: 22 characters, at most 20"},
		{"button description", "replies.yaml", "title: Fazer uma festa", "title: Festa, description: x", "replies.yaml:14: unknown key description"},
		{"option twice", "replies.yaml", "title: Falar com alguém", "title: Fazer uma festa", "replies.yaml:15: buttons: an id or title is given twice"},
		{"four buttons", "replies.yaml", "      - {id: person, title: Falar com alguém}\n",
			"      - {id: person, title: A}\n      - {id: cardapio, title: B}\n      - {id: pedidos, title: C}\n", "replies.yaml:17: buttons: 4 options, at most 3"},
		{"buttons and list", "sentences.yaml", "Qual delas?\n", "Qual delas?\n  list: [{id: festas, title: x}]\n", "sentences.yaml:11: either buttons or a list, not both"},
		{"body with buttons", "replies.yaml", "Qual delas dá mais vontade?", long(1024), "replies.yaml:9: 1165 characters, at most 1024"},
		{"body without", "replies.yaml", "Para quantas pessoas seria?", long(4096), "replies.yaml:20: 4179 characters, at most 4096"},
		{"sentence too long", "sentences.yaml", "me enrolei aqui", long(500), "sentences.yaml:18: 557 characters, at most 500"},
		{"list label", "sentences.yaml", "Ver opções", "Ver todas as opções da casa", "sentences.yaml:17: 27 characters, at most 20"},
		{"sentence missing", "sentences.yaml", "empty: Oi! Me conta em poucas palavras o que você quer?\n", "", "sentences.yaml:1: empty is missing"},
		{"kind missing", "sentences.yaml", "  sticker: Boa figurinha! 😄 E o que você quer hoje?\n", "", "sentences.yaml:39: sticker is missing"},
		{"kind unknown", "sentences.yaml", "  sticker:", "  stiker:", "sentences.yaml:60: unknown key stiker"},
		{"perception missing", "sentences.yaml", "    silence: Recebi o seu áudio, mas não ouvi ninguém falando nele. Pode gravar de novo ou me escrever?\n", "", "sentences.yaml:47: silence is missing"},
		{"perception unknown", "sentences.yaml", "    silence:", "    quiet:", "sentences.yaml:48: unknown key quiet"},
		{"perception of another kind", "sentences.yaml", "  document:\n", "  document:\n    silence: Nada se ouve.\n", "sentences.yaml:55: unknown key silence"},
		{"nothing heard is filled in", "sentences.yaml", "heard_yes: Combinado", "heard_yes: \"{ouvido}\" # Combinado", "sentences.yaml:35: nothing fills in \"{ouvido}\" here"},

		{"not YAML", "business.yaml", "name: Forno da Vila\n", "name: \"Forno\n", "business.yaml:"},
		{"tab", "business.yaml", "  tuesday:", "\ttuesday:", "business.yaml:7: not YAML: found character that cannot start any token"},
		{"alias", "business.yaml", "name: Forno da Vila\nassistant: Nina", "name: &n Forno\nassistant: *n", "business.yaml:1: anchors and aliases are not allowed"},
		{"merge", "business.yaml", "hours:\n", "hours:\n  <<: {monday: 09:00-10:00}\n", "business.yaml:7: anchors and aliases are not allowed"},
		{"second document", "persona.yaml", "rules:\n", "---\nrules:\n", "persona.yaml:5: a second document"},
		{"root no mapping", "persona.yaml", "persona: |", "- |", "persona.yaml:"},
		{"key no text", "persona.yaml", "rules:\n", "7: x\nrules:\n", "persona.yaml:5: a key must be text"},
		{"nested too deep", "persona.yaml", "rules:\n", "x: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\nrules:\n", "persona.yaml:5: nested deeper than 16 levels"},
		{"too many values", "persona.yaml", "rules:\n", "x: [" + strings.Repeat("a,", 60_000) + "a]\nrules:\n", "persona.yaml:5: more than 50000 values"},
		{"invalid UTF-8", "persona.yaml", "bom humor.", "bom\xff humor.", "persona.yaml:3: not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := sample(t)
			edit(t, files, tt.file, tt.before, tt.after)
			p, err := pack.Load(files)
			var faults pack.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("err = %v", err)
			}
			if p.Hash != "" {
				t.Error("a faulty pack is given out")
			}
			if !slices.ContainsFunc(faults, func(f pack.Fault) bool { return strings.HasPrefix(f.String(), tt.want) }) {
				t.Errorf("faults:\n%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestEveryFaultIsNamedAtOnceAndInOrder(t *testing.T) {
	files := sample(t)
	edit(t, files, "sentences.yaml", "safe:", "saef:")
	edit(t, files, "business.yaml", "tuesday: 18:00-23:00", "tuesday: always")
	edit(t, files, "business.yaml", "assistant: Nina", "asistant: Nina")
	edit(t, files, "replies.yaml", "commands: [/festas]", "commands: [festas]")
	_, err := pack.Load(files)
	var got []string
	var faults pack.Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	for _, f := range faults {
		got = append(got, f.String())
	}
	want := []string{
		"business.yaml:1: assistant is missing",
		"business.yaml:2: unknown key asistant",
		"business.yaml:7: tuesday: want spans such as 09:00-12:00, 13:00-18:00, each beginning before it ends",
		"replies.yaml:18: commands: want / and at most 32 lower-case letters, digits and _",
		"sentences.yaml:1: safe is missing",
		"sentences.yaml:18: unknown key saef",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Count(err.Error(), "\n") != len(want)-1 {
		t.Errorf("error = %q", err)
	}
}

func TestFilesThatDoNotBelong(t *testing.T) {
	tests := []struct {
		name, want string
		change     func(fstest.MapFS)
	}{
		{"missing file", "sentences.yaml: missing", func(m fstest.MapFS) { delete(m, "sentences.yaml") }},
		{"misspelt file", "person.yaml: no such file belongs to a pack", func(m fstest.MapFS) { m["person.yaml"] = m["persona.yaml"] }},
		{"other extension", "facts/casa.yml: no such file belongs to a pack", func(m fstest.MapFS) { m["facts/casa.yml"] = m["facts/casa.yaml"] }},
		{"empty file", "persona.yaml:1: empty", func(m fstest.MapFS) { m["persona.yaml"] = &fstest.MapFile{} }},
		{"comment only", "persona.yaml:1: empty", func(m fstest.MapFS) { m["persona.yaml"] = &fstest.MapFile{Data: []byte("# nada\n")} }},
		{"huge file", "persona.yaml: larger than 1048576 bytes", func(m fstest.MapFS) {
			m["persona.yaml"] = &fstest.MapFile{Data: []byte("x: " + strings.Repeat("a", 1<<20))}
		}},
		{"folder for a file", "persona.yaml: cannot be read", func(m fstest.MapFS) { m["persona.yaml"] = &fstest.MapFile{Mode: fs.ModeDir} }},
		{"many files", "facts: 103 files, at most 64", func(m fstest.MapFS) {
			for i := range 100 {
				m["facts/x"+strings.Repeat("x", i)+".yaml"] = &fstest.MapFile{Data: []byte("facts: []\n")}
			}
		}},
		{"empty folder", "business.yaml: missing", func(m fstest.MapFS) { clear(m) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := sample(t)
			tt.change(files)
			_, err := pack.Load(files)
			if err == nil || !slices.Contains(strings.Split(err.Error(), "\n"), tt.want) {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
	t.Run("an absent file is the only fault", func(t *testing.T) {
		for _, name := range []string{"business.yaml", "persona.yaml", "replies.yaml", "sentences.yaml", "funnel.yaml"} {
			files := sample(t)
			delete(files, name)
			if _, err := pack.Load(files); err == nil || err.Error() != name+": missing" {
				t.Errorf("err = %v", err)
			}
		}
	})
	t.Run("a page for people is welcome", func(t *testing.T) {
		files := sample(t)
		files["README.md"] = &fstest.MapFile{Data: []byte("# Forno")}
		if _, err := pack.Load(files); err != nil {
			t.Error(err)
		}
	})
	t.Run("facts, guards and what is said on call may be absent", func(t *testing.T) {
		files := sample(t)
		for name := range files {
			if strings.HasPrefix(name, "facts/") || slices.Contains([]string{"guards.yaml", "objections.yaml", "cases.yaml", "roi.yaml"}, name) {
				delete(files, name)
			}
		}
		if p, err := pack.Load(files); err != nil || len(p.Facts) != 0 || len(p.Competitors) != 0 {
			t.Errorf("%d facts, %v", len(p.Facts), err)
		}
	})
}

func TestTheNumberOfFaultsIsBounded(t *testing.T) {
	files := sample(t)
	files["facts/casa.yaml"] = &fstest.MapFile{Data: []byte("facts:\n" + strings.Repeat("  - {x: 1}\n", 5000))}
	_, err := pack.Load(files)
	var faults pack.Faults
	if !errors.As(err, &faults) || len(faults) == 0 || len(faults) > 200 {
		t.Errorf("%d faults", len(faults))
	}
}

func TestTheHashNamesTheContent(t *testing.T) {
	load := func(change func(fstest.MapFS)) string {
		files := sample(t)
		if change != nil {
			change(files)
		}
		p, err := pack.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return p.Hash
	}
	plain := load(nil)
	windows := load(func(m fstest.MapFS) {
		for name, f := range m {
			m[name] = &fstest.MapFile{Data: []byte("\xef\xbb\xbf" + strings.ReplaceAll(string(f.Data), "\n", "\r\n"))}
		}
	})
	if windows != plain {
		t.Error("a checkout with other line ends has another hash")
	}
	if load(func(m fstest.MapFS) {
		edit(t, m, "business.yaml", "uma pizzaria de bairro com", "a pizzaria de bairro com")
	}) == plain {
		t.Error("another text has the same hash")
	}
	if load(func(m fstest.MapFS) { delete(m, "guards.yaml") }) == plain {
		t.Error("the hash does not know of guards")
	}
	moved := load(func(m fstest.MapFS) {
		m["facts/loja.yaml"] = m["facts/casa.yaml"]
		delete(m, "facts/casa.yaml")
	})
	if moved == plain {
		t.Error("another file name has the same hash")
	}
}

func TestTextsAreComposed(t *testing.T) {
	files := sample(t)
	edit(t, files, "sentences.yaml", "Ver opções", "Ver opc\u0327o\u0303es")
	p, err := pack.Load(files)
	if err != nil || p.Sentences.ListLabel != "Ver opções" {
		t.Errorf("%q, %v", p.Sentences.ListLabel, err)
	}
}

func TestWhatAPackSaysIsRead(t *testing.T) {
	files := sample(t)
	edit(t, files, "business.yaml", "contacts:\n", "meetings: {notice: 90m, days: 7, every: 30m}\ncontacts:\n  sites: [https://Forno.example/cardapio]\n  phones: [\"+5571999990000\"]\n")
	edit(t, files, "funnel.yaml", "  - questions:\n", "    ready: {at_least: 1, of: [[users_count, urgency], [full_name]]}\n  - ready: {at_least: 1, of: [[specific_need]]}\n    questions:\n")
	edit(t, files, "funnel.yaml", "funnels:\n", "booking: [{field: email, text: 'Qual é o seu e-mail?'}]\nfunnels:\n")
	edit(t, files, "sentences.yaml", "list_label:", "invite: \"{horarios}?\"\nmeeting_closed: \"{horarios}?\"\nmeeting_past: \"{horarios}?\"\nmeeting_soon: \"{horarios}?\"\nmeeting_vague: \"{horarios}?\"\nmeeting_noted: \"Anotado: {quando}.\"\nlist_label:")
	edit(t, files, "facts/eventos.yaml", "2030-12-31", "2020-12-31")
	p, err := pack.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(otto.Meetings{
		Offered: true, Notice: 90 * time.Minute, Days: 7, Every: 30 * time.Minute,
		Questions: []otto.Question{{Field: "email", Text: "Qual é o seu e-mail?"}},
	}, p.Meetings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(otto.Contacts{
		Emails: []string{"oi@fornodavila.example"}, Hosts: []string{"forno.example"}, Phones: []string{"5571999990000"}, Address: "Rua da Vila, 20",
	}, p.Contacts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(otto.Funnel{
		Vertical: "eventos",
		Questions: []otto.Question{
			{Field: "users_count", Text: "Para quantas pessoas é a festa?"},
			{Field: "urgency", Text: "Para quando seria?", Choices: []otto.Choice{{Title: "Esta semana", Value: "high"}, {Title: "Este mês", Value: "medium"}, {Title: "Mais para a frente", Value: "low"}}},
			{Field: "full_name", Text: "Em nome de quem fica?"},
		},
		Ready: otto.Readiness{AtLeast: 1, Of: [][]string{{"users_count", "urgency"}, {"full_name"}}},
	}, p.Funnels[0]); diff != "" {
		t.Error(diff)
	}
	facts := map[string]otto.Fact{}
	for _, fact := range p.Facts {
		facts[fact.ID] = fact
	}
	past, kept := facts["eventos_preco"], facts["caso_aniversario"]
	if past.Value != "R$ 60 por pessoa" || past.Source == "" || past.ValidUntil.Format(time.DateOnly) != "2020-12-31" || past.ValidUntil.Location() != p.Location {
		t.Errorf("a fact past its day: %+v", past)
	}
	if kept.Kind != otto.FactCase || !kept.Default || kept.Vertical != "eventos" || !slices.Equal(kept.When, []string{"aniversário", "turma", "família"}) {
		t.Errorf("a case: %+v", kept)
	}
	if p.AnswerWithin != 15*time.Minute || p.Sentences.DayParts != [3]string{"Bom dia", "Boa tarde", "Boa noite"} || p.Sentences.MeetingNoted != "Anotado: {quando}." || p.Sentences.OptIn == "" {
		t.Errorf("answer within %s, sentences %+v", p.AnswerWithin, p.Sentences)
	}
	if !slices.Contains(p.Promises, "entrega grátis") || !slices.Contains(p.Competitors, "Cantina do Morro") {
		t.Errorf("promises %q, competitors %q", p.Promises, p.Competitors)
	}
}

func TestThePageForWritersNamesEveryKey(t *testing.T) {
	page, err := os.ReadFile("../../docs/knowledge-pack.md")
	if err != nil {
		t.Fatal(err)
	}
	names := conversation.CardFields()
	var s otto.Sentences
	for _, sentence := range s.Plain() {
		names = append(names, sentence.Name)
		names = append(names, sentence.Fills...)
	}
	for _, kind := range otto.MediaKinds() {
		names = append(names, strings.ToLower(string(kind)))
	}
	for _, name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("it does not tell of %s", name)
		}
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	p, err := pack.Dir(dir)
	want, wantErr := pack.Load(sample(t))
	if err != nil || wantErr != nil || p.Hash != want.Hash {
		t.Errorf("%s, %v, want %s", p.Hash, err, want.Hash)
	}
	if _, err := pack.Dir(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent folder: %v", err)
	}
	if _, err := pack.Dir(filepath.Join(dir, "business.yaml")); err == nil {
		t.Error("a file passes for a folder")
	}
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, sample(t)["persona.yaml"].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "persona.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "persona.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Dir(dir); err == nil || !strings.Contains(err.Error(), "persona.yaml: cannot be opened") {
		t.Errorf("a link out of the folder: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for name, file := range sample(f) {
		f.Add(name, file.Data)
	}
	f.Add("business.yaml", []byte("a: &a [*a, *a]"))
	f.Add("facts/casa.yaml", []byte("facts: [{id: x, text: y}]"))
	f.Add("funnel.yaml", []byte("funnels: [{questions: [{field: urgency, text: 'x?', choices: [{title: a, value: low}]}], ready: {at_least: 1, of: [[]]}}]"))
	f.Add("cases.yaml", []byte("cases: [{id: x, text: y, default: true, when: [z], source: w}]"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		files := sample(t)
		if _, known := files[name]; !known {
			return
		}
		files[name] = &fstest.MapFile{Data: content}
		p, err := pack.Load(files)
		var faults pack.Faults
		switch {
		case err == nil:
			if _, err := otto.New(otto.Options{Pack: p, Tenant: "t"}); err != nil {
				t.Errorf("a pack that loads is unfit: %v", err)
			}
		case !errors.As(err, &faults) || len(faults) == 0:
			t.Errorf("err = %v", err)
		}
	})
}
