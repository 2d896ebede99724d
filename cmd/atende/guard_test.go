package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/pack"
)

// guardSays is one guard's word on a sentence, as it is printed.
type guardSays struct {
	Guard string `json:"guard"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
}

// said is one line that the tool prints.
type said struct {
	Allowed  *bool       `json:"allowed"`
	Verdicts []guardSays `json:"verdicts"`
	Error    string      `json:"error"`
}

// blockers are the guards that say no.
func (s said) blockers() string {
	var names []string
	for _, v := range s.Verdicts {
		if !v.OK {
			names = append(names, v.Guard+": "+v.Found)
		}
	}
	return strings.Join(names, ", ")
}

// example is a business whose page may be quoted here.
const example = "--pack=../../packs/pizzaria-exemplo"

// judged has lines judged and returns what was printed, and the exit code.
func judged(t *testing.T, args, lines string) ([]said, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), append([]string{"guard", "check"}, strings.Fields(args)...), nil, strings.NewReader(lines), &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Fatalf("it complains: %s", stderr.String())
	}
	return decoded(t, stdout.String()), code
}

func decoded(t *testing.T, printed string) []said {
	t.Helper()
	var all []said
	for line := range strings.Lines(printed) {
		var s said
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, s)
	}
	return all
}

func TestGuardCheckPrintsOneObjectALine(t *testing.T) {
	var stdout, stderr bytes.Buffer
	lines := "\n" + `{"text":"O rodízio custa R$ 999 por pessoa, é < que você acha."}` + "\r\n \t\n" + `{"text":"A pizzaria ainda não faz entrega."}`
	code := run(t.Context(), []string{"guard", "check", example}, nil, strings.NewReader(lines), &stdout, &stderr)
	if code != exitDone || stderr.Len() > 0 {
		t.Errorf("it ended with %d and %q", code, stderr.String())
	}
	want := `{"allowed":false,"verdicts":[{"guard":"form","ok":true},{"guard":"legality","ok":true},{"guard":"personal_data","ok":true},` +
		`{"guard":"claims","ok":false,"found":"R$ 999 por pessoa"},{"guard":"promise","ok":true},{"guard":"promise_of_action","ok":true},` +
		`{"guard":"repetition","ok":true},{"guard":"hours","ok":true},{"guard":"continuation","ok":true}]}` + "\n" +
		`{"allowed":true,"verdicts":[{"guard":"form","ok":true},{"guard":"legality","ok":true},{"guard":"personal_data","ok":true},` +
		`{"guard":"claims","ok":true},{"guard":"promise","ok":true},{"guard":"promise_of_action","ok":true},` +
		`{"guard":"repetition","ok":true},{"guard":"hours","ok":true},{"guard":"continuation","ok":true}]}` + "\n"
	if diff := cmp.Diff(want, stdout.String()); diff != "" {
		t.Errorf("it prints (-want +got):\n%s", diff)
	}
}

func TestGuardCheckPrintsLettersAsTheyAre(t *testing.T) {
	var stdout bytes.Buffer
	run(t.Context(), []string{"guard", "check", example}, nil, strings.NewReader(`{"text":"Isso é garantido & você não paga R$ 7 à toa."}`), &stdout, io.Discard)
	if got := stdout.String(); strings.Contains(got, `\u`) || !strings.Contains(got, "R$ 7") {
		t.Errorf("it prints %s", got)
	}
}

// Each key of a line makes the difference that it is there for.
func TestGuardCheckHeedsEveryKey(t *testing.T) {
	const tuesday = `"now":"2026-06-09T10:00:00-03:00"`
	for _, c := range []struct{ args, line, blocked string }{
		{example, `{"text":"São 85 pessoas."}`, "claims: 85 pessoas"},
		{example, `{"text":"São 85 pessoas.","lead_said":["oi","seremos 85 pessoas"]}`, ""},
		{example, `{"text":"São 85 pessoas.","lead_said":[],"card":{"specific_need":"festa para 85 pessoas"}}`, ""},
		{example, `{"text":"São 85 pessoas.","card":{"specific_need":{"value":"festa para 85 pessoas","words":"seremos 85","confidence":1}}}`, ""},
		{example, `{"text":"O rodízio custa a partir de R$ 60 por pessoa, a confirmar pela equipe.","facts":["eventos_preco"]}`, ""},
		{example, `{"text":"Está bem."}`, ""},
		{example, `{"text":"Está bem.","next_state":"INITIAL"}`, "legality: illegal_target"},
		{example, `{"text":"Está bem.","state":"TRIAGE","next_state":"SCHEDULED_FOLLOWUP","effects":["follow_up"]}`, "legality: illegal_target"},
		{example, `{"text":"Está bem.","state":"COLLECTING_INFO","next_state":"SCHEDULED_FOLLOWUP"}`, "legality: no_followup_record"},
		{example, `{"text":"Está bem.","state":"COLLECTING_INFO","next_state":"SCHEDULED_FOLLOWUP","effects":["follow_up"]}`, ""},
		{example, `{"text":"Está bem.","state":"COLLECTING_INFO","next_state":"SCHEDULED_FOLLOWUP","effects":["appointment"]}`, ""},
		{example, `{"text":"Está bem.","next_state":"HANDOFF_HUMAN"}`, "legality: no_handoff_record"},
		{example, `{"text":"Está bem.","next_state":"HANDOFF_HUMAN","effects":["handoff","handoff"]}`, ""},
		{"", `{"text":"Está bem.","state":"TIMEOUT","now":null,"slots":null,"facts":null}`, ""},
		{"", `{"text":"Pode ser quarta-feira, 10 de junho, às 9h.","slots":["2026-06-10T09:00:00-03:00"],` + tuesday + `}`, ""},
		{"", `{"text":"Pode ser quarta-feira, 10 de junho, às 9h.","slots":["2026-06-10T12:00:00Z"],` + tuesday + `}`, ""},
		{"", `{"text":"Pode ser amanhã às 9h.","slots":["2026-06-10T12:00:00Z"],` + tuesday + `}`, ""},
		{"", `{"text":"Pode ser amanhã às 9h.","slots":["2026-06-10T12:00:00Z"],"now":"2026-06-10T10:00:00-03:00"}`, "claims: amanhã"},
		{"", `{"text":"Pode ser quarta-feira, 10 de junho, às 9h.",` + tuesday + `}`, ""},
		{"", `{"text":"Pode ser quarta-feira, 10 de junho, às 9h.","slots":[],` + tuesday + `}`, "claims: quarta-feira, 10 de junho"},
	} {
		got, code := judged(t, c.args, c.line)
		if len(got) != 1 || code != exitDone || got[0].Allowed == nil {
			t.Errorf("%s: it ended with %d and %+v", c.line, code, got)
			continue
		}
		if blocked := got[0].blockers(); blocked != c.blocked || *got[0].Allowed != (c.blocked == "") {
			t.Errorf("%s: allowed is %t, blocked by %q", c.line, *got[0].Allowed, blocked)
		}
	}
}

// A question that the funnel of the lead's interest would not ask is taken out,
// and so is one whose answer is on the card.
func TestGuardCheckKnowsTheLead(t *testing.T) {
	const question = "Combinado. Para quantas pessoas é a festa?"
	for _, c := range []struct{ rest, found string }{
		{``, ""},
		{`,"card":{"primary_interest":"eventos"}`, ""},
		{`,"card":{"primary_interest":"pedidos"}`, "asks users_count"},
		{`,"lead_said":["quero retirar um pedido"]`, "asks users_count"},
		{`,"card":{"users_count":30}`, "asks users_count"},
		{`,"card":{"users_count":"entre 100 e 200"}`, "asks users_count"},
	} {
		got, _ := judged(t, example, `{"text":"`+question+`"`+c.rest+`}`)
		if i := 6; got[0].Verdicts[i].Guard != "repetition" || !got[0].Verdicts[i].OK || got[0].Verdicts[i].Found != c.found {
			t.Errorf("with %s it says %+v", c.rest, got[0].Verdicts)
		}
	}
}

func TestGuardCheckSaysWhatIsWrongWithALine(t *testing.T) {
	const long = 64 << 10
	full := `{"text":"` + strings.Repeat("a", long-len(`{"text":""}`)) + `"}`
	for _, c := range []struct{ name, line, want string }{
		{"no JSON", `custa 10`, "no JSON object"},
		{"a list", `[]`, "no JSON object"},
		{"nothing", `null`, "no JSON object"},
		{"a string", `"oi"`, "no JSON object"},
		{"cut off", `{"text":"oi"`, "no JSON object"},
		{"two objects", `{"text":"oi"} {"text":"oi"}`, "no JSON object"},
		{"not UTF-8", "{\"text\":\"\xff\"}", "not UTF-8"},
		{"an unknown key", `{"text":"oi","foo":1}`, "no key 'foo'; there are text, facts"},
		{"a key in another case", `{"Text":"oi"}`, "no key 'Text'"},
		{"a long key", `{"` + strings.Repeat("ã", 90) + `":1}`, "no key '" + strings.Repeat("ã", 40) + "…'"},
		{"a key twice", `{"text":"oi","text":"oi"}`, "'text': twice"},
		{"no text", `{"state":"TRIAGE"}`, "text: missing or empty"},
		{"no text by null", `{"text":null}`, "text: missing or empty"},
		{"an empty text", `{"text":""}`, "text: missing or empty"},
		{"a text of another type", `{"text":7}`, "text: not a string"},
		{"facts of another type", `{"text":"oi","facts":"a"}`, "facts: not a list of strings"},
		{"a fact of another type", `{"text":"oi","facts":[null]}`, "facts: not a list of strings"},
		{"words of another type", `{"text":"oi","lead_said":[7]}`, "lead_said: not a list of strings"},
		{"an unknown state", `{"text":"oi","state":"triage"}`, "state: no state 'triage'"},
		{"an empty state", `{"text":"oi","state":""}`, "state: no state ''"},
		{"an unknown next state", `{"text":"oi","next_state":"DONE"}`, "next_state: no state 'DONE'"},
		{"a state of another type", `{"text":"oi","next_state":1}`, "next_state: not a string"},
		{"a date alone", `{"text":"oi","now":"2026-03-10"}`, "now: not a time by RFC 3339"},
		{"a number of seconds", `{"text":"oi","now":1}`, "now: not a string"},
		{"slots of another type", `{"text":"oi","slots":"2026-03-10T10:00:00Z"}`, "slots: not a list of strings"},
		{"a slot that is none", `{"text":"oi","slots":["amanhã"]}`, "slots: not a time by RFC 3339"},
		{"an unknown effect", `{"text":"oi","effects":["call"]}`, "effects: no effect 'call'; there are handoff"},
		{"effects of another type", `{"text":"oi","effects":{"handoff":true}}`, "effects: not a list of strings"},
		{"a card of another type", `{"text":"oi","card":[]}`, "card: no JSON object"},
		{"no count", `{"text":"oi","card":{"users_count":"muitos"}}`, "card: users_count: the card does not take this value"},
		{"a count below zero", `{"text":"oi","card":{"users_count":-5}}`, "card: users_count: below zero"},
		{"part of a count", `{"text":"oi","card":{"users_count":1.125}}`, "card: users_count: the card does not take this value"},
		{"too large a number", `{"text":"oi","card":{"users_count":1e999}}`, "card: users_count: not a string, a number"},
		{"no flag", `{"text":"oi","card":{"has_crm":"talvez"}}`, "card: has_crm: the card does not take this value"},
		{"a flag for a name", `{"text":"oi","card":{"full_name":true}}`, "card: full_name: the card does not take this value"},
		{"an empty name", `{"text":"oi","card":{"full_name":" "}}`, "card: full_name: the card does not take this value"},
		{"an address that is none", `{"text":"oi","card":{"email":"ana"}}`, "card: email: the card does not take this value"},
		{"an interest in nothing", `{"text":"oi","card":{"primary_interest":"sapatos"}}`, "card: primary_interest: the card does not take this value"},
		{"a value of another type", `{"text":"oi","card":{"current_tools":["a"]}}`, "card: current_tools: not a string, a number"},
		{"an object without a value", `{"text":"oi","card":{"email":{"words":"a@b.co"}}}`, "card: email: not a string, a number"},
		{"an object with more", `{"text":"oi","card":{"email":{"value":"a@b.co","secret":1}}}`, "card: email: no key 'secret'"},
		{"too long", full[:20] + "a" + full[20:], "longer than 64 KiB"},
		{"far too long", strings.Repeat("a", 10*long), "longer than 64 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, code := judged(t, example, "{\"text\":\"Oi!\"}\n\n"+c.line+"\n"+full)
			if len(got) != 3 || code != exitWrong {
				t.Fatalf("it ended with %d and %+v", code, got)
			}
			if !strings.HasPrefix(got[1].Error, "line 3: "+c.want) || got[1].Allowed != nil || got[1].Verdicts != nil {
				t.Errorf("it says %+v", got[1])
			}
			if got[0].Allowed == nil || !*got[0].Allowed || got[2].Allowed == nil {
				t.Errorf("its neighbours are %+v and %+v", got[0], got[2])
			}
		})
	}
}

// What the pack does not know changes no verdict, and is told.
func TestGuardCheckTellsWhatThePackDoesNotKnow(t *testing.T) {
	var stdout, stderr bytes.Buffer
	in := strings.NewReader(`{"text":"O seu número é 42, certo?","facts":["a_fact"],"card":{"shoe_size":"42"}}` + "\n")
	code := run(t.Context(), []string{"guard", "check"}, nil, in, &stdout, &stderr)
	if code != exitDone || !strings.HasPrefix(stdout.String(), `{"allowed":true`) {
		t.Errorf("it ended with %d: %s", code, stdout.String())
	}
	if got, want := stderr.String(), "line 1: facts: the pack has no fact 'a_fact'\nline 1: card: no field 'shoe_size'\n"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// Whoever types sentences sees the answer to one before typing the next.
func TestGuardCheckAnswersAtOnce(t *testing.T) {
	stdin, typed := io.Pipe()
	printed, stdout := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(t.Context(), []string{"guard", "check", example}, nil, stdin, stdout, io.Discard)
	}()
	answers := bufio.NewScanner(printed)
	for range 3 {
		if _, err := io.WriteString(typed, "{\"text\":\"Oi!\"}\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.HasPrefix(answers.Text(), `{"allowed":true`) {
			t.Fatalf("it answers %q", answers.Text())
		}
	}
	if err := typed.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != exitDone {
		t.Errorf("it ended with %d", got)
	}
}

func TestGuardCheckEndsWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdin, typed := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"guard", "check"}, nil, stdin, io.Discard, io.Discard) }()
	if _, err := io.WriteString(typed, "{\"text\":\"Oi!\"}\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if got := <-code; got != exitWrong {
		t.Errorf("it ended with %d", got)
	}
}

// full has no room for anything.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestGuardCheckSaysWhenItCannotReadOrPrint(t *testing.T) {
	for _, c := range []struct {
		stdin  io.Reader
		stdout io.Writer
		want   string
	}{
		{iotest.ErrReader(errors.New("is a directory")), io.Discard, "read standard input: is a directory"},
		{strings.NewReader(`{"text":"Oi!"}`), full{}, "print: no space left"},
	} {
		var stderr bytes.Buffer
		code := run(t.Context(), []string{"guard", "check", example}, nil, c.stdin, c.stdout, &stderr)
		if code != exitWrong || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("it ended with %d and %q", code, stderr.String())
		}
	}
}

// Which business is asked is said by the option, else by the environment.
func TestGuardCheckReadsThePackThatIsNamed(t *testing.T) {
	const line = `{"text":"Oi!","facts":["pedidos_forno"]}`
	for _, c := range []struct {
		args     string
		environ  []string
		stranger bool // the pack does not know the fact
	}{
		{"", nil, true},
		{"", []string{"PACK_DIR="}, true},
		{example, nil, false},
		{"", []string{"PACK_DIR=../../packs/pizzaria-exemplo"}, false},
		{example, []string{"PACK_DIR=nowhere"}, false},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"guard", "check"}, strings.Fields(c.args)...), c.environ, strings.NewReader(line), &stdout, &stderr)
		if code != exitDone || strings.Contains(stderr.String(), "no fact 'pedidos_forno'") != c.stranger {
			t.Errorf("%q with %q: it ended with %d, %q and %q", c.args, c.environ, code, stdout.String(), stderr.String())
		}
	}
	empty := t.TempDir()
	for _, args := range []string{"--pack=", "--pack=" + empty, "--pack " + empty} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"guard", "check"}, strings.Fields(args)...), nil, strings.NewReader(line), &stdout, &stderr)
		if code != exitWrong || stdout.Len() > 0 || stderr.Len() == 0 {
			t.Errorf("%s: it ended with %d, %q and %q", args, code, stdout.String(), stderr.String())
		}
	}
}

// Whatever the business that is embedded knows may be said, and a price that it
// does not know may not, wherever it stands.
func TestGuardCheckOfTheEmbeddedBusiness(t *testing.T) {
	business, err := pack.Default()
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, fact := range business.Facts {
		for _, text := range []string{fact.Text, fact.Text + " E custa R$ 987.654."} {
			if err := encoder.Encode(map[string]any{"text": text, "facts": []string{fact.ID}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, code := judged(t, "", lines.String())
	if code != exitDone || len(got) != 2*len(business.Facts) || len(got) == 0 {
		t.Fatalf("it ended with %d and %d answers for %d facts", code, len(got), len(business.Facts))
	}
	for i, fact := range business.Facts {
		if known := got[2*i]; !*known.Allowed {
			t.Errorf("%s is blocked by %s", fact.ID, known.blockers())
		}
		if unknown := got[2*i+1]; *unknown.Allowed || !strings.Contains(unknown.blockers(), "R$ 987.654") {
			t.Errorf("%s with a price is blocked by %q", fact.ID, unknown.blockers())
		}
	}
}

func FuzzGuardCheck(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", "{}", `{"text":"Oi!"}`, "{\"text\":\"Oi!\"}\r\n{\"text\":7}\n", `{"text":"oi","card":{"users_count":{"value":1.5}}}`,
		`{"text":"às 9h","slots":["2026-06-10T09:00:00-03:00"],"now":"2026-03-10T09:00:00-03:00","effects":["appointment"]}`, "\xff", `{"a":{"b":[`,
		`{"text":"oi","card":{"shoe_size":{"value":42}},"facts":["a_fact"]}`,
	} {
		f.Add(seed)
	}
	j, err := newJudge(call{flags: flags{flagPack: "../../packs/pizzaria-exemplo"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		var stdout, stderr bytes.Buffer
		code := j.hear(t.Context(), call{stdin: strings.NewReader(lines), stdout: &stdout, stderr: &stderr})
		for note := range strings.Lines(stderr.String()) { // of what the pack does not know
			if !strings.HasPrefix(note, "line ") {
				t.Fatalf("it complains: %s", note)
			}
		}
		got := decoded(t, stdout.String())
		want, wrong := 0, false
		for line := range strings.Lines(lines) {
			if strings.TrimSpace(line) != "" {
				want++
			}
		}
		for _, s := range got {
			wrong = wrong || s.Error != ""
			if (s.Error == "") == (s.Allowed == nil) {
				t.Errorf("it says %+v", s)
			}
		}
		if len(got) != want || wrong != (code == exitWrong) {
			t.Errorf("%d answers to %d lines, code %d", len(got), want, code)
		}
	})
}

// The page about Otto shows what is printed, and the guards in their order.
func TestThePageAboutOtto(t *testing.T) {
	page, err := os.ReadFile("../../docs/otto.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "guard check --pack packs/pizzaria-exemplo <<'LINES' |\n")
	lines, rest, typed := strings.Cut(rest, "LINES\n")
	_, rest, _ = strings.Cut(rest, "```json\n")
	shown, _, printed := strings.Cut(rest, "```")
	if !typed || !printed {
		t.Fatal("the page shows no lines with what is printed")
	}
	type no struct {
		Guard string `json:"guard"`
		Found string `json:"found"`
	}
	got, code := judged(t, example, lines)
	if code != exitDone || len(got) == 0 {
		t.Fatalf("it ended with %d and %d answers", code, len(got))
	}
	var filtered bytes.Buffer
	encoder := json.NewEncoder(&filtered)
	for _, s := range got {
		blocked := []no{}
		for _, v := range s.Verdicts {
			if !v.OK {
				blocked = append(blocked, no{v.Guard, v.Found})
			}
		}
		if err := encoder.Encode(struct {
			Allowed bool `json:"allowed"`
			Blocked []no `json:"blocked"`
		}{*s.Allowed, blocked}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(shown, filtered.String()); diff != "" {
		t.Errorf("the page shows something else (-page +tool):\n%s", diff)
	}
	var rows, guards []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| .*\\|$").FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, row[1])
	}
	for _, v := range got[0].Verdicts {
		guards = append(guards, v.Guard)
	}
	if diff := cmp.Diff(guards, rows); diff != "" {
		t.Errorf("the page has other guards (-tool +page):\n%s", diff)
	}
}
