package scenario_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/scenario"
)

// run plays one file.
func run(t *testing.T, content string) scenario.Result {
	t.Helper()
	report, err := scenario.Run(t.Context(), []scenario.Scenario{load(t, content)})
	if err != nil {
		t.Fatal(err)
	}
	return report.Results[0]
}

func failures(r scenario.Result) string {
	lines := make([]string, 0, len(r.Failures))
	for _, f := range r.Failures {
		lines = append(lines, f.What)
	}
	return strings.Join(lines, "\n")
}

const pizzeria = "name: a\npack: pizzaria-exemplo\nprofile: Ana\nstart: 2026-11-30T10:00\nsteps:\n"

// An expectation that cannot fail is worth nothing: each of them is wrong here
// once, about one and the same step.
func TestEveryExpectationCanFail(t *testing.T) {
	const step = `  - lead: quero uma pizza grande para hoje à noite, dá?
    model:
      - response_text: Temos pizza, sim! Qual sabor você prefere?
        next_state: COLLECTING_INFO
        message_type: interactive_button
        options: [Calabresa, Marguerita]
        card_updates: [{field: specific_need, value: pizza grande}]
    expect:
      `
	right := run(t, pizzeria+step+`replies: 1
      says: [TEMOS PIZZA]
      says_any: [[bolo, qual sabor]]
      never: [esfiha]
      kind: interactive_button
      options: [Calabresa, Marguerita]
      state: COLLECTING_INFO
      owner: otto
      route: model
      calls: 1
      card: {specific_need: pizza grande, email: null}
      verdicts: {form: true, legality: true}
      handoff: false
      effects: []
      interest: pedidos
      prompt_has: [quero uma pizza grande]
      prompt_lacks: [assistente da padaria]`)
	if !right.OK() || right.Replies != 1 || right.Drafts != 1 || right.Altered != 0 {
		t.Errorf("%+v: %s", right, failures(right))
	}
	for expect, want := range map[string]string{
		"replies: 0":                          "replies: want 0, got 1",
		"says: [esfiha]":                      `does not say "esfiha", but: "Temos pizza`,
		"says_any: [[bolo, torta]]":           `says none of ["bolo" "torta"]`,
		"never: [qual sábor]":                 `says "qual sábor"`,
		"never: [calabresa]":                  `says "calabresa"`,
		"kind: text":                          "kind: want text, got interactive_button",
		"options: [Calabresa]":                `options: want ["Calabresa"]`,
		"state: TRIAGE":                       "state: want TRIAGE, got COLLECTING_INFO",
		"owner: person":                       "owner: want person, got otto",
		"route: fixed":                        "route: want fixed, got model",
		"calls: 2":                            "calls of the model: want 2, got 1",
		"card: {specific_need: null}":         "card, specific_need: want nothing, got pizza grande",
		"card: {email: a@b.example}":          "card, email: want a@b.example, got nothing",
		"verdicts: {form: false}":             "verdict of form: want false, got true",
		"verdicts: {magic: true}":             "verdict of magic: it was not asked",
		"handoff: requested":                  "handoff: want the team told once of requested",
		"effects: [handoff]":                  `effects: want ["handoff"], got []`,
		"interest: pizza":                     "interest: want pizza, got pedidos",
		"appointment: 2026-12-01T14:00":       "appointment: want 2026-12-01T14:00:00-03:00, got nothing",
		"asked: email":                        "asked: want email, got nothing",
		"prompt_has: [assistente da padaria]": "the model was not shown",
		"prompt_lacks: [quero uma pizza]":     "the model was shown",
	} {
		if wrong := run(t, pizzeria+step+expect); len(wrong.Failures) != 1 || !strings.Contains(failures(wrong), want) {
			t.Errorf("%s: %s", expect, failures(wrong))
		}
	}
}

func TestAHandoffIsHeardByTheTeam(t *testing.T) {
	r := run(t, pizzeria+`  - lead: quero falar com uma pessoa
    expect: {handoff: false, effects: [], state: TRIAGE, owner: otto}
  - lead: oi?
    expect: {replies: 1, handoff: requested}`)
	for _, want := range []string{
		`handoff: want none, and the team was told: ["requested"]`, `effects: want [], got ["handoff"]`,
		"state: want TRIAGE, got HANDOFF_HUMAN", "owner: want otto, got person", "replies: want 1, got 0",
		`handoff: want the team told once of requested, got []`,
	} {
		if !strings.Contains(failures(r), want) {
			t.Errorf("not said: %s", want)
		}
	}
}

func TestAScriptIsAskedForExactly(t *testing.T) {
	const lead = "  - lead: quero uma pizza grande para hoje à noite, dá?\n"
	for name, tt := range map[string]struct{ steps, want string }{
		"too few":        {lead + "    expect: {never: [x]}\n" + lead + "    model: [{response_text: Dá!}]\n", "the model was asked"},
		"too many":       {lead + "    model: [{response_text: Dá!}, {response_text: Dá.}]\n    expect: {never: [x]}", "1 of the model's answers were not asked for"},
		"no fault":       {lead + "    model: [{response_text: Dá!}, {fault: 500, times: 9}]\n    expect: {never: [x]}", "1 of the model's answers were not asked for"},
		"some of a few":  {lead + "    model: [{fault: refusal}, {response_text: Dá!}]\n    expect: {never: [x], says: [dá!]}", ""},
		"what is broken": {lead + "    model: [{content: '{'}, {response_text: 'Dá, sim!'}]\n    expect: {says: ['dá, sim']}", ""},
	} {
		r := run(t, pizzeria+tt.steps)
		if tt.want == "" && !r.OK() || !strings.Contains(failures(r), tt.want) {
			t.Errorf("%s: %s", name, failures(r))
		}
	}
}

func TestADraftThatIsChangedOrRefusedIsCounted(t *testing.T) {
	r := run(t, pizzeria+`  - lead: quero reservar uma mesa para sexta, por favor
    model:
      - {response_text: 'Está reservado!', next_state: SCHEDULED_FOLLOWUP}
      - {response_text: 'Para quantas pessoas?'}
    expect: {says: [quantas]}
  - lead: para umas cinco pessoas, mais ou menos
    model: [{response_text: 'Perfeito! E qual é o seu nome?'}]
    expect: {says: [perfeito]}`)
	if !r.OK() || r.Drafts != 3 || r.Altered != 1 {
		t.Errorf("%d drafts, %d altered: %s", r.Drafts, r.Altered, failures(r))
	}
}

func TestTimePassesAndWhatIsDueHappens(t *testing.T) {
	const head = pizzeria + `  - lead: quero uma pizza grande para hoje à noite, dá?
    model: [{fault: 500, times: 40}]
    expect: {replies: 0}
`
	r := run(t, head+`  - until: 2026-11-30T10:05
    model: [{fault: 500, times: 40}]
    expect: {replies: 1, route: menu}
  - lead: e agora, dá para pedir uma pizza?
    model: [{response_text: "Agora dá!"}]
    expect: {says: [agora dá], prompt_has: ["10:05"]}`)
	if !r.OK() {
		t.Error(failures(r))
	}
	if r := run(t, head+"  - until: 2026-11-30T09:00\n"); !strings.Contains(failures(r), "it is later than that already") || len(r.Failures) != 1 {
		t.Errorf("%s", failures(r))
	}
}

// The clock may jump, as on the page: what was due in between happens only then,
// and once.
func TestTheClockJumps(t *testing.T) {
	const head = "name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: quero falar com uma pessoa\n    expect: {handoff: requested}\n"
	for way, told := range map[string]string{"until": "[handoff_unanswered, handoff_unanswered]", "skip": "[handoff_unanswered]"} {
		r := run(t, head+"  - "+way+": 2026-11-30T12:00\n    expect: {replies: 1, route: timer, state: HANDOFF_HUMAN, effects: "+told+"}")
		if !r.OK() {
			t.Errorf("%s: %s", way, failures(r))
		}
	}
	if r := run(t, head+"  - skip: 2026-11-30T09:00\n"); !strings.Contains(failures(r), "it is later than that already") {
		t.Errorf("%s", failures(r))
	}
}

// A person takes a handoff before writing, and gives the conversation back.
func TestTheTeamTakesAndGivesBack(t *testing.T) {
	const head = "name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: quero falar com uma pessoa\n    expect: {state: HANDOFF_HUMAN}\n"
	r := run(t, head+`  - team: accept
    expect: {replies: 0, owner: person}
  - wait: 3d
    expect: {replies: 0, effects: []}
  - team: release
    expect: {replies: 0, owner: otto, route: timer}
  - lead: oi
    expect: {replies: 1, owner: otto}
  - lead: {text: "e isto?", to: quero falar com uma pessoa}
    expect: {owner: otto}
  - lead: {reaction: 👍, to: e isto}
    expect: {replies: 0}`)
	if !r.OK() {
		t.Error(failures(r))
	}
	r = run(t, "name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: oi\n    expect: {state: TRIAGE}\n  - team: accept\n")
	if !strings.Contains(failures(r), "no person owns the conversation") {
		t.Errorf("%s", failures(r))
	}
}

func TestWhatWasNotOfferedCannotBeTapped(t *testing.T) {
	r := run(t, pizzeria+"  - lead: {tap: nada}\n    expect: {never: [x]}")
	if !strings.Contains(failures(r), `no option "nada" was offered`) {
		t.Errorf("%s", failures(r))
	}
	r = run(t, pizzeria+"  - lead: {reaction: x}\n    expect: {never: [x]}")
	if !strings.Contains(failures(r), "no message yet that is meant") {
		t.Errorf("%s", failures(r))
	}
}

func TestAPackThatIsNotThereFailsItsScenario(t *testing.T) {
	r := run(t, strings.Replace(pizzeria, "pizzaria-exemplo", "nenhuma", 1)+"  - lead: oi\n    expect: {never: [x]}")
	if !strings.Contains(failures(r), "pack nenhuma") {
		t.Errorf("%s", failures(r))
	}
}

func TestTheSameScenarioComesToTheSameEnd(t *testing.T) {
	s := load(t, "name: a\nstart: 2026-11-30T10:00\nmodel: worst\nseed: 3\nsteps:\n"+
		strings.Repeat("  - lead: quanto custa um sistema para a minha loja?\n    expect: {says: [impossível de dizer]}\n", 4))
	var ends []string
	for range 3 {
		report, err := scenario.Run(t.Context(), []scenario.Scenario{s})
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, failures(report.Results[0]))
	}
	if ends[0] != ends[1] || ends[1] != ends[2] || !strings.Contains(ends[0], "impossível") {
		t.Errorf("ends: %q", ends)
	}
}

// reported is a report with one scenario that is in order and one that is not.
func reported(t *testing.T) scenario.Report {
	t.Helper()
	good := load(t, pizzeria+"  - lead: {sticker: true}\n    expect: {route: media}")
	bad := load(t, strings.Replace(pizzeria, "name: a", "name: 'B & <c>'\ncovers: [P12]", 1)+"  - lead: {sticker: true}\n    expect: {route: fixed, state: ERROR}")
	report, err := scenario.Run(t.Context(), []scenario.Scenario{good, bad})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestTheTableSaysWhatFailedAndWhere(t *testing.T) {
	var out bytes.Buffer
	if err := reported(t).Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"SCENARIO", "B & <c>", "P12", "FAILED", "um.yaml:7: step 1: route: want fixed, got media", "um.yaml:7: step 1: state: want ERROR",
		"2 scenarios, 1 failed, 0 script a draft",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("not in the table: %s\n%s", want, out.String())
		}
	}
}

func TestJUnitHasTheCommonShape(t *testing.T) {
	var out bytes.Buffer
	if err := reported(t).JUnit(&out); err != nil {
		t.Fatal(err)
	}
	// What the tools that read it rely on, element by element.
	known := map[string][]string{
		"testsuites": {"name", "tests", "failures", "errors", "time"},
		"testsuite":  {"name", "tests", "failures", "errors", "skipped", "time"},
		"testcase":   {"name", "classname", "file", "time"},
		"failure":    {"message", "type"},
	}
	parents := map[string]string{"testsuites": "", "testsuite": "testsuites", "testcase": "testsuite", "failure": "testcase"}
	counts := map[string]int{}
	var open []string
	decoder := xml.NewDecoder(&out)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			parent := ""
			if len(open) > 0 {
				parent = open[len(open)-1]
			}
			name := e.Name.Local
			if want, ok := parents[name]; !ok || want != parent || len(e.Attr) != len(known[name]) {
				t.Errorf("<%s> in <%s> with %d attributes", name, parent, len(e.Attr))
			}
			for i, a := range e.Attr {
				if a.Name.Local != known[name][i] || a.Value == "" {
					t.Errorf("<%s> has %s=%q", name, a.Name.Local, a.Value)
				}
				if name == "testsuite" && a.Name.Local == "failures" && a.Value != "1" || a.Name.Local == "tests" && a.Value != "2" {
					t.Errorf("<%s> counts %s=%s", name, a.Name.Local, a.Value)
				}
			}
			counts[name]++
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if counts["testcase"] != 2 || counts["failure"] != 1 || counts["testsuite"] != 1 {
		t.Errorf("elements: %v", counts)
	}
}
