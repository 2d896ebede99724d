package pledge_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/pledge"
)

// A collection is a file of texts, one a line, that all hold a pledge of one
// kind.
type collection struct {
	name  string
	kind  pledge.Kind
	needs pledge.Need
}

func collections() []collection {
	return []collection{
		{"guarantee", pledge.Guarantee, ""},
		{"result", pledge.Result, ""},
		{"deadline", pledge.Deadline, ""},
		{"closed_price", pledge.ClosedPrice, ""},
		{"comparison", pledge.Comparison, ""},
		{"handoff", pledge.Action, pledge.NeedHandoff},
		{"appointment", pledge.Action, pledge.NeedAppointment},
		{"follow_up", pledge.Action, pledge.NeedFollowUp},
	}
}

func (c collection) in(found []pledge.Pledge) bool {
	return slices.ContainsFunc(found, func(p pledge.Pledge) bool { return p.Kind == c.kind && p.Needs == c.needs })
}

func texts(t testing.TB, name string) []string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	if len(lines) < 40 {
		t.Fatalf("%s: only %d texts", name, len(lines))
	}
	return lines
}

func reader(t testing.TB) *pledge.Reader {
	t.Helper()
	r, err := pledge.New([]string{"atendemos qualquer ramo"}, []string{"ManyChat", "Blip", "Zenvia", "RD Station"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFinds(t *testing.T) {
	r := reader(t)
	for _, c := range collections() {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range texts(t, c.name) {
				found := r.Find(text)
				if !c.in(found) {
					t.Errorf("%q: not among %+v", text, found)
				}
				proper(t, text, found)
			}
		})
	}
}

func TestPasses(t *testing.T) {
	r := reader(t)
	lines := texts(t, "pass")
	for _, text := range lines {
		if found := r.Find(text); len(found) > 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
	// Sentences do not lend each other words.
	for i := range lines[1:] {
		text := lines[i] + "\n\n" + lines[i+1]
		if found := r.Find(text); len(found) > 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
}

// How a text is written changes nothing of what it promises.
func TestSpelling(t *testing.T) {
	accents := func(text string) string {
		return strings.Map(func(r rune) rune {
			if r >= 0x300 && r < 0x370 {
				return -1
			}
			return r
		}, norm.NFD.String(text))
	}
	between := func(mark string) func(string) string {
		return func(text string) string {
			var b strings.Builder
			last := ' '
			for _, r := range text {
				if letter(last) && letter(r) {
					b.WriteString(mark)
				}
				b.WriteRune(r)
				last = r
			}
			return b.String()
		}
	}
	spellings := map[string]func(string) string{
		"capitals":         strings.ToUpper,
		"small letters":    strings.ToLower,
		"no accents":       accents,
		"accents apart":    norm.NFD.String,
		"zero width":       between("\u200b"),
		"joiners":          between("\u2060"),
		"soft hyphens":     between("\u00ad"),
		"fillers":          between("\u3164"),
		"Cyrillic":         strings.NewReplacer("a", "а", "e", "е", "o", "о", "c", "с", "p", "р", "x", "х", "i", "і").Replace,
		"Greek":            strings.NewReplacer("o", "ο", "v", "ν", "A", "Α", "E", "Ε", "N", "Ν", "T", "Τ").Replace,
		"full width":       func(text string) string { return strings.Map(wide, text) },
		"mathematical":     func(text string) string { return strings.Map(bold, accents(text)) },
		"no-break spaces":  strings.NewReplacer(" ", "\u00a0").Replace,
		"many spaces":      strings.NewReplacer(" ", " \u2009\t ").Replace,
		"WhatsApp's marks": func(text string) string { return "*" + strings.ReplaceAll(text, " ", "* _") },
	}
	r := reader(t)
	for name, spell := range spellings {
		t.Run(name, func(t *testing.T) {
			for _, c := range collections() {
				for _, text := range texts(t, c.name) {
					text = spell(text)
					found := r.Find(text)
					if !c.in(found) {
						t.Errorf("%q: no %s among %+v", text, c.name, found)
					}
					proper(t, text, found)
				}
			}
			for _, text := range texts(t, "pass") {
				if found := r.Find(spell(text)); len(found) > 0 {
					t.Errorf("%q: %+v", text, found)
				}
			}
		})
	}
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// wide is a letter as East Asian text writes it.
func wide(r rune) rune {
	if letter(r) {
		return r + 0xfee0
	}
	return r
}

// bold is a letter of mathematical text.
func bold(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 0x1d41a + r - 'a'
	case r >= 'A' && r <= 'Z':
		return 0x1d400 + r - 'A'
	}
	return r
}

// A pledge stays one whatever is said before and after it.
func TestSurroundings(t *testing.T) {
	r := reader(t)
	for _, c := range collections() {
		for _, text := range texts(t, c.name) {
			for _, around := range [][2]string{
				{"Oi, João! ", ""},
				{"Não entendi bem. ", ""},
				{"Nunca é tarde!\n\n", ""},
				{"", " Qual é o seu nome?"},
				{"Claro, ", ""},
				{"Você quer vender mais? ", " Não precisa responder agora."},
				{"Não consigo responder a isso, mas ", ""},
			} {
				text := around[0] + text + around[1]
				if found := r.Find(text); !c.in(found) {
					t.Errorf("%q: no %s among %+v", text, c.name, found)
				}
			}
		}
	}
}

// What is denied is not promised, and a denial ends with its clause.
func TestNegation(t *testing.T) {
	r := reader(t)
	for _, test := range []struct {
		text string
		want bool
	}{
		{"Garantimos resultado.", true},
		{"Não garantimos resultado.", false},
		{"A gente não garante resultado.", false},
		{"Jamais garantimos resultado.", false},
		{"Nunca garantimos resultado.", false},
		{"Ninguém garante resultado.", false},
		{"Nem garantimos resultado.", false},
		{"Não prometemos nem garantimos resultado.", false},
		{"Não posso dizer que garantimos resultado.", false},
		{"Não é que garantimos resultado.", false},
		{"Não se preocupe, garantimos resultado.", true},
		{"Não se preocupe que garantimos resultado.", true},
		{"Não, garantimos resultado.", true},
		{"Não cobramos caro e garantimos resultado.", true},
		{"Não cobramos caro, mas garantimos resultado.", true},
		{"Não cobramos caro porém garantimos resultado.", true},
		{"Não cobramos caro só que garantimos resultado.", true},
		{"Não cobramos caro. Garantimos resultado.", true},
		{"Não cobramos caro: garantimos resultado.", true},
		{"Não cobramos caro\ngarantimos resultado", true},
		{"Não cobramos caro - garantimos resultado", true},
		{"Não cobramos caro — garantimos resultado", true},
		{"Não cobramos caro… garantimos resultado", true},
		{"Não só garantimos resultado como acompanhamos.", true},
		{"Não apenas garantimos resultado.", true},
		{"Sem enrolação: garantimos resultado.", true},
		{"Sem enrolação garantimos resultado.", true},
		{"Por que não? Garantimos resultado.", true},
		{"Não prometemos prazo, garantia de resultado ou desconto.", false},
		{"Não tem enrolação, garantia de resultado.", true},
		{"Sem garantia de resultado.", false},
		{"Sem prometer garantia de resultado.", false},
		{"Garantia de resultado ninguém tem.", false},
		{"Garantia de resultado não existe.", false},
		{"Garantia de resultado? Não temos.", false},
		{"É impossível garantir resultado.", false},
		{"Garantimos resultado?", false},
		{"Sabia que garantimos resultado?", true},
		{"Garantimos resultado, sabia?", true},
	} {
		if found := r.Find(test.text); (len(found) > 0) != test.want {
			t.Errorf("%q: %+v", test.text, found)
		}
	}
}

// Letters that stand apart or behind digits are read as the word that they are.
func TestDisguisedWords(t *testing.T) {
	r := reader(t)
	for _, test := range []struct{ text, words string }{
		{"Garantim0s o resultado.", "Garantim0s"},
		{"A gente g4r4nt3 o prazo.", "g4r4nt3"},
		{"Aqui G.a.r.a.n.t.i.m.o.s o resultado.", "G.a.r.a.n.t.i.m.o.s"},
		{"Fica g a r a n t i d o", "g a r a n t i d o"},
		{"Não g-a-r-a-n-t-i-m-o-s nada.", ""},
		{"G-a-r-a-n-t-i-m-o-s?", ""},
		{"Os planos A, B, C, D e E.", ""},
		{"Usamos o GPT4 e o n8n, das 14h30 às 15h10.", ""},
	} {
		var words []string
		for _, one := range r.Find(test.text) {
			words = append(words, one.Words)
		}
		if got := strings.Join(words, "|"); got != test.words {
			t.Errorf("%q: %q, want %q", test.text, got, test.words)
		}
	}
}

// Offers wait for the lead's word, and a question that only follows an action
// makes no offer of it.
func TestOffers(t *testing.T) {
	r := reader(t)
	for _, test := range []struct {
		text string
		want bool
	}{
		{"Vou chamar alguém da equipe.", true},
		{"Vou chamar alguém da equipe, tudo bem?", true},
		{"Vou chamar alguém da equipe, pode ser?", false},
		{"Vou chamar alguém da equipe?", false},
		{"Se quiser, vou chamar alguém da equipe.", false},
		{"Vou chamar alguém da equipe se quiser.", false},
		{"Vou chamar alguém da equipe e qual é o seu nome?", true},
		{"Se você me disser o seu nome, vou chamar alguém da equipe.", true},
		{"Quer falar com alguém? Vou chamar a equipe.", true},
		{"Quer que eu chame alguém da equipe?", false},
	} {
		if found := r.Find(test.text); (len(found) > 0) != test.want {
			t.Errorf("%q: %+v", test.text, found)
		}
	}
}

func TestOrderAndPlaces(t *testing.T) {
	text := "Olá! Garantimos: você vai vender mais. Vou te passar para o time e te retorno amanhã."
	want := []pledge.Pledge{
		{Kind: pledge.Guarantee, Words: "Garantimos"},
		{Kind: pledge.Result, Words: "você vai vender mais"},
		{Kind: pledge.Action, Words: "Vou te passar para o time", Needs: pledge.NeedHandoff},
		{Kind: pledge.Action, Words: "te retorno", Needs: pledge.NeedFollowUp},
	}
	for i := range want {
		want[i].Start = strings.Index(text, want[i].Words)
		want[i].End = want[i].Start + len(want[i].Words)
	}
	if diff := cmp.Diff(want, reader(t).Find(text)); diff != "" {
		t.Error(diff)
	}
}

func TestOwnLists(t *testing.T) {
	general, err := pledge.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := pledge.New([]string{"Pronta entrega", "  Até 2 visitas!"}, []string{"Zap+Já", "n8n"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text string
		kind pledge.Kind
	}{
		{"Temos a PRONTA-ENTREGA.", pledge.Guarantee},
		{"Fazemos ate 2 visitas", pledge.Guarantee},
		{"Somos mais simples que o zap + ja.", pledge.Comparison},
		{"É melhor do que o N8N", pledge.Comparison},
		{"Não fazemos pronta entrega.", ""},
		{"Uma pronta entregadora.", ""},
		{"Conheço o n8n.", ""},
	} {
		if found := general.Find(test.text); len(found) > 0 {
			t.Errorf("%q without lists: %+v", test.text, found)
		}
		found := own.Find(test.text)
		if test.kind == "" && len(found) > 0 || test.kind != "" && (len(found) != 1 || found[0].Kind != test.kind) {
			t.Errorf("%q: %+v, want %q", test.text, found, test.kind)
		}
	}
}

func TestPhrasesNeedALetter(t *testing.T) {
	for _, test := range []struct {
		promises, competitors []string
		want                  string
	}{
		{[]string{"sim", " - "}, nil, "promise 2: no letter or digit in it"},
		{nil, []string{""}, "competitor 1: no letter or digit in it"},
		{nil, []string{"a", "b", "%"}, "competitor 3: no letter or digit in it"},
	} {
		_, err := pledge.New(test.promises, test.competitors)
		if err == nil || err.Error() != test.want {
			t.Errorf("%q and %q: %v, want %s", test.promises, test.competitors, err, test.want)
		}
	}
}

func TestNothingInNothing(t *testing.T) {
	r := reader(t)
	for _, text := range []string{"", " ", "\n\n", "👍", "...", "%", "\xff\xfe", "Привет, как дела?", "12345"} {
		if found := r.Find(text); len(found) > 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
}

// proper checks what holds for whatever was found.
func proper(t *testing.T, text string, found []pledge.Pledge) {
	t.Helper()
	last := 0
	end := map[pledge.Kind]int{}
	for _, p := range found {
		if p.Start < last || p.Start < end[p.Kind] || p.End <= p.Start || p.End > len(text) {
			t.Fatalf("%q: %+v out of place", text, p)
		}
		last, end[p.Kind] = p.Start, p.End
		if p.Words != text[p.Start:p.End] {
			t.Fatalf("%q: %q is not what stands at %d", text, p.Words, p.Start)
		}
		if !utf8.RuneStart(text[p.Start]) || p.End < len(text) && !utf8.RuneStart(text[p.End]) && utf8.ValidString(text) {
			t.Fatalf("%q: %+v cuts a rune", text, p)
		}
		if (p.Kind == pledge.Action) != (p.Needs != "") {
			t.Fatalf("%q: %+v needs %q", text, p, p.Needs)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range collections() {
		for _, text := range texts(f, c.name)[:10] {
			f.Add(text)
		}
	}
	f.Add("não\xffgarantimos\u200b %,.?!\n- não")
	f.Add("vou\u0301 ver\u3164ificar ½ ﬁca prοntο em 1.5 dias…")
	r := reader(f)
	f.Fuzz(func(t *testing.T, text string) {
		found := r.Find(text)
		proper(t, text, found)
		if diff := cmp.Diff(found, r.Find(text)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What a business lists is text and never grammar.
func FuzzNew(f *testing.F) {
	f.Add("pronta entrega", "ManyChat")
	f.Add("(a|b)?", "{rival}")
	f.Add("\"", "\\")
	f.Add("~3", "# ^ $ &")
	f.Fuzz(func(t *testing.T, promise, competitor string) {
		r, err := pledge.New([]string{promise}, []string{competitor})
		if err != nil {
			if !strings.HasSuffix(err.Error(), ": no letter or digit in it") {
				t.Fatal(err)
			}
			return
		}
		proper(t, promise, r.Find(promise))
		proper(t, competitor, r.Find(competitor))
	})
}

func BenchmarkFind(b *testing.B) {
	r := reader(b)
	repeat := func(part string, size int) string {
		return strings.Repeat(part, size/len(part)+1)[:size]
	}
	for _, test := range []struct{ name, text string }{
		{"500 characters", string([]rune(strings.Join(texts(b, "pass"), " "))[3000:3500])},
		{"500 characters of pledges", string([]rune(strings.Join(texts(b, "handoff"), " "))[:500])},
		{"hostile vou 4096", repeat("vou ", 4096)},
		{"hostile gaps 4096", repeat("alguém já te ", 4096)},
		{"hostile team 4096", repeat("a equipe da equipe do time ", 4096)},
		{"hostile negations 4096", repeat("não e ", 4096)},
		{"hostile vou verificar 4096", repeat("vou verificar ", 4096)},
		{"hostile vou verificar 8192", repeat("vou verificar ", 8192)},
		{"hostile question 4096", repeat("vou verificar ", 4095) + "?"},
		{"hostile list 4096", repeat("não tem preço fechado, ", 4096)},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Find(test.text)
			}
		})
	}
}
