package scenario_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/scenario"
)

// folder is a folder with one file.
func folder(content string) fstest.MapFS {
	return fstest.MapFS{"um.yaml": {Data: []byte(strings.TrimSpace(content))}}
}

// load is the one scenario in a file that must be right.
func load(t *testing.T, content string) scenario.Scenario {
	t.Helper()
	all, err := scenario.Load(folder(content))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestAScenarioIsReadWhole(t *testing.T) {
	s := load(t, `
name: Tudo
covers: [P12, sim-3]
pack: pizzaria-exemplo
profile: Maria
from: BR.123
start: 2026-11-30T10:00
steps:
  - lead: {burst: [oi, {image: true, caption: olha}, {text: de novo, copies: 3}]}
    model:
      - {response_text: Certo, options: [A]}
      - {fault: 429, times: 3}
      - {content: "{"}
    expect:
      replies: 1
      says: só um
      says_any: [[a, b], c]
      verdicts: {form: true}
      card: {email: x@y.example, company: null}
      asked: false
      handoff: false
      appointment: 2026-12-01T14:00:00-03:00
      effects: []
      interest: null
  - wait: 1d12h
  - until: 2026-12-05T09:30
  - lead: {tap: a, title: A}
  - lead: {location: [-25.5, -50]}
  - lead: {raw: {type: x}}
`)
	zone := time.FixedZone("", -3*3600)
	if s.Name != "Tudo" || s.Model != scenario.Scripted || !s.Start.Equal(time.Date(2026, 11, 30, 10, 0, 0, 0, zone)) ||
		s.Pack != "pizzaria-exemplo" || s.Profile != "Maria" || s.From != "BR.123" || len(s.Covers) != 2 || len(s.Steps) != 6 {
		t.Errorf("scenario = %+v", s)
	}
	first := s.Steps[0]
	if diff := cmp.Diff([]scenario.Message{{Kind: "text", Text: "oi"}, {Kind: "image", Text: "true", Caption: "olha"}, {Kind: "text", Text: "de novo", Copies: 3}}, first.Lead); diff != "" {
		t.Error(diff)
	}
	if len(first.Answers) != 3 || first.Answers[0].Decision["response_text"] != "Certo" || first.Answers[1].Times != 3 || first.Answers[2].Content != "{" {
		t.Errorf("answers = %+v", first.Answers)
	}
	e := first.Expect
	nothing, mail, one, at := "", "x@y.example", 1, time.Date(2026, 12, 1, 14, 0, 0, 0, zone)
	want := &scenario.Expect{
		Line: e.Line, Replies: &one, Says: []string{"só um"}, SaysAny: [][]string{{"a", "b"}, {"c"}},
		Verdicts: map[string]bool{"form": true}, Card: map[string]*string{"email": &mail, "company": nil},
		Asked: &nothing, Handoff: &nothing, Appointment: &at, Effects: []string{}, Interest: &nothing,
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	if s.Steps[1].Wait != 36*time.Hour || !s.Steps[2].Until.Equal(time.Date(2026, 12, 5, 9, 30, 0, 0, zone)) || s.Steps[4].Lead[0].At != [2]float64{-25.5, -50} {
		t.Errorf("steps = %+v", s.Steps[1:])
	}
}

func TestEveryFaultOfAFileIsNamedWithItsLine(t *testing.T) {
	_, err := scenario.Load(folder(`
covers: [P12, tudo]
start: ontem
model: wise
colour: red
steps:
  - lead: {text: a, audio: true}
  - lead: {sings: la}
  - lead: oi
    wait: 3h
  - wait: soon
  - {}
  - lead: {burst: [um]}
  - lead: oi
    model:
      - {fault: earthquake}
      - {says: nothing}
    expect:
      replies: many
      state: HAPPY
      owner: dog
      route: taxi
      kind: song
      asked: age
      handoff: true
      card: {shoe_size: 42}
      verdicts: {form: maybe}
      says: [" "]
      sings: la
  - lead: {location: here}
    expect: [a]
  - lead: {audio: true, perceived: {outcome: deaf}}
  - lead: {image: true, perceived: {outcome: gone, text: a}}
  - lead: {audio: true, perceived: {outcome: silence, ill: true}}
  - lead: {video: true, perceived: {outcome: gone}}
`))
	if err == nil {
		t.Fatal("it is accepted")
	}
	for _, want := range []string{
		"um.yaml:1: name is missing",
		`um.yaml:1: covers: "tudo" is no id`,
		"um.yaml:2: start must be a time",
		"um.yaml:3: model: a step scripts answers, and the model is wise",
		"um.yaml:4: unknown key colour",
		"um.yaml:6: a message is text or audio, not both",
		"um.yaml:6: perceived is missing",
		"um.yaml:7: want a message",
		"um.yaml:31: perceived: want an outcome",
		"um.yaml:32: perceived: only what is understood has a text",
		"um.yaml:33: perceived: want an outcome",
		"um.yaml:34: unknown key perceived",
		"um.yaml:7: unknown key sings",
		"um.yaml:8: a step has one of lead, team, wait, until and skip",
		"um.yaml:10: wait must be a time",
		"um.yaml:11: a step has one of lead, team, wait, until and skip",
		"um.yaml:12: a burst has 2 to 50 messages",
		"um.yaml:15: fault must be one of",
		"um.yaml:16: a decision has no key says",
		"um.yaml:18: replies must be a whole number",
		"um.yaml:19: state must be one of",
		"um.yaml:20: owner must be one of",
		"um.yaml:21: route must be one of",
		"um.yaml:22: kind must be one of",
		"um.yaml:23: asked must be one of",
		"um.yaml:24: handoff must be a reason",
		"um.yaml:25: the card has no field shoe_size",
		"um.yaml:26: form must be true or false",
		"um.yaml:18: an expected text is empty",
		"um.yaml:28: unknown key sings",
		"um.yaml:29: location must be [latitude, longitude]",
		"um.yaml:30: want keys and values here",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not named: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestAScenarioThatAssertsOnlyThatAnAnswerComesIsRefused(t *testing.T) {
	head := "name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: oi\n"
	for expect, accepted := range map[string]bool{
		"":                            false,
		"    expect: {replies: 1}":    false,
		"    expect: {}":              false,
		"    expect: {replies: 0}":    true,
		"    expect: {never: [caro]}": true,
		"    expect: {state: TRIAGE}": true,
		"    expect: {handoff: null}": true,
	} {
		_, err := scenario.Load(folder(head + expect))
		if (err == nil) != accepted || !accepted && !strings.Contains(err.Error(), "say what it says") {
			t.Errorf("%q: %v", expect, err)
		}
	}
}

func TestFoldersAreReadWhole(t *testing.T) {
	const content = "name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: oi\n    expect: {never: [x]}"
	fsys := fstest.MapFS{"a.yaml": {Data: []byte(content)}, "b/c.yml": {Data: []byte(content)}, "leia.md": {Data: []byte("# oi")}}
	if _, err := scenario.Load(fsys); err == nil || !strings.Contains(err.Error(), "b/c.yml:1: the name is taken by a.yaml") {
		t.Errorf("%v", err)
	}
	fsys["b/c.yml"] = &fstest.MapFile{Data: []byte(strings.Replace(content, "name: a", "name: b", 1))}
	if all, err := scenario.Load(fsys); err != nil || len(all) != 2 {
		t.Errorf("%d scenarios, %v", len(all), err)
	}
	if _, err := scenario.Load(fstest.MapFS{"leia.md": {}}); err == nil {
		t.Error("an empty folder passes")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("name: a\nstart: 2026-11-30T10:00\nsteps:\n  - lead: {burst: [a, {tap: x}]}\n    model: [{fault: 500}]\n    expect: {card: {email: null}}")
	f.Add("steps: [{wait: 9d}, {lead: {raw: {a: [1]}}}]")
	f.Fuzz(func(_ *testing.T, content string) {
		_, _ = scenario.Load(fstest.MapFS{"a.yaml": {Data: []byte(content)}})
	})
}
