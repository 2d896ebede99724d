package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// Recording is a conversation that took place.
type Recording struct {
	Name, Profile, From string
	// Said is what the lead wrote, oldest first.
	Said []Said
}

// Said is one message of a lead.
type Said struct {
	At      time.Time
	Message Message
	// Turn is the turn that it was answered in; nil when there was none yet.
	Turn *conversation.Turn
}

// pauseFrom is the silence from which a recording says that time passed.
const pauseFrom = time.Minute

// The shapes of a file as it is written.
type (
	writtenScenario struct {
		Name    string        `yaml:"name"`
		Start   string        `yaml:"start"`
		Profile string        `yaml:"profile,omitempty"`
		From    string        `yaml:"from,omitempty"`
		Model   Model         `yaml:"model,omitempty"`
		Steps   []writtenStep `yaml:"steps"`
	}
	writtenStep struct {
		Lead   any            `yaml:"lead,omitempty"`
		Until  string         `yaml:"until,omitempty"`
		Model  []any          `yaml:"model,omitempty"`
		Expect *writtenExpect `yaml:"expect,omitempty"`
	}
	writtenExpect struct {
		Replies int      `yaml:"replies"`
		Route   string   `yaml:"route"`
		State   string   `yaml:"state"`
		Says    []string `yaml:"says,omitempty"`
		Handoff string   `yaml:"handoff,omitempty"`
	}
)

// Record writes a conversation as a scenario: what the model answered becomes
// its script, and what came of each message is expected again. It is a draft
// for a person, who takes out what does not matter and says what must not be
// said. What the model was asked in attempts that no turn came of is lost.
func Record(out io.Writer, r Recording) error {
	if len(r.Said) == 0 {
		return fmt.Errorf("record a scenario: nobody said anything")
	}
	zone, err := time.LoadLocation(defaultZone)
	if err != nil {
		return fmt.Errorf("record a scenario: %w", err)
	}
	w := writtenScenario{
		Name: r.Name, Profile: r.Profile, From: r.From, Start: stamp(r.Said[0].At, zone),
	}
	last := r.Said[0].At
	scripted := false
	for i := 0; i < len(r.Said); {
		said := r.Said[i:]
		n := together(said)
		if said[0].At.Sub(last) >= pauseFrom {
			w.Steps = append(w.Steps, writtenStep{Until: stamp(said[0].At.Add(-typing), zone)})
		}
		step := stepOf(said[:n])
		scripted = scripted || len(step.Model) > 0
		w.Steps = append(w.Steps, step)
		last, i = said[n-1].At, i+n
	}
	if !scripted {
		w.Model = Offline
	}
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(w); err != nil {
		return fmt.Errorf("record a scenario: %w", err)
	}
	return encoder.Close()
}

func stamp(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02T15:04:05") }

// together is how many of the first messages one turn answered.
func together(said []Said) int {
	n := 1
	for n < len(said) && said[0].Turn != nil && said[n].Turn != nil && said[n].Turn.ID == said[0].Turn.ID {
		n++
	}
	return n
}

func stepOf(said []Said) writtenStep {
	var messages []any
	for _, s := range said {
		messages = append(messages, messageOf(s.Message))
	}
	step := writtenStep{Lead: messages[0]}
	if len(messages) > 1 {
		step.Lead = map[string]any{"burst": messages}
	}
	t := said[0].Turn
	if t == nil {
		return step
	}
	for _, a := range t.Model.Answers {
		step.Model = append(step.Model, answerOf(a, t.From))
	}
	e := &writtenExpect{Replies: len(t.Replies), Route: string(t.Route), State: string(t.Into)}
	for _, reply := range t.Replies {
		e.Says = append(e.Says, opening(reply.Text.Reveal()))
	}
	for _, effect := range t.Effects {
		if effect.Handoff != nil {
			e.Handoff = effect.Handoff.Reason
		}
	}
	step.Expect = e
	return step
}

// messageOf is a message as a file says it.
func messageOf(m Message) any {
	if m.Kind == KindText {
		return m.Text
	}
	written := map[string]any{string(m.Kind): m.Text}
	switch m.Kind {
	case KindLocation:
		written[string(m.Kind)] = []float64{m.At[0], m.At[1]}
	case KindAudio, KindImage, KindVideo, KindSticker, KindOrder:
		written[string(m.Kind)] = true
	case KindRaw:
		written[string(m.Kind)] = m.Raw
	}
	if m.Title != "" {
		written["title"] = m.Title
	}
	if m.Caption != "" {
		written["caption"] = m.Caption
	}
	return written
}

// answerOf is what the model answered, without what a script leaves out.
func answerOf(a conversation.ModelAnswer, state conversation.State) any {
	switch otto.Outcome(a.Outcome) {
	case otto.OutcomeOK:
	case "":
		return map[string]any{"fault": "500"}
	case otto.OutcomeRefusal, otto.OutcomeLength, otto.OutcomeFilter, otto.OutcomeEmpty:
		return map[string]any{"fault": a.Outcome}
	}
	var decision map[string]any
	if json.Unmarshal([]byte(a.Text.Reveal()), &decision) != nil {
		return map[string]any{"content": a.Text.Reveal()}
	}
	for key, usual := range harmless(nil, state) {
		if key != "next_state" && key != "response_text" && reflect.DeepEqual(decision[key], usual) {
			delete(decision, key)
		}
	}
	delete(decision, "reasoning_debug")
	return decision
}

// mostQuoted is how much of an answer is expected again, in characters.
const mostQuoted = 80

// opening is the first sentence of an answer, or its first words.
func opening(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	for i, r := range line {
		if strings.ContainsRune(".!?…", r) && (i+utf8.RuneLen(r) == len(line) || line[i+utf8.RuneLen(r)] == ' ') {
			line = line[:i+utf8.RuneLen(r)]
			break
		}
	}
	if utf8.RuneCountInString(line) <= mostQuoted {
		return line
	}
	short := string([]rune(line)[:mostQuoted])
	if space := strings.LastIndex(short, " "); space > 0 {
		short = short[:space]
	}
	return short
}
