package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
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
	// Pack is the name of the business; empty is the default one.
	Pack string
	// NoModel: there was no model.
	NoModel bool
	// Events are what happened, oldest first.
	Events []Event
	// Notes say to the reader what of it is not in the file.
	Notes []string
}

// Event is one thing that happened: somebody wrote, a person said a word about a
// handoff, the clock was moved; or none of these, and time alone brought a turn.
type Event struct {
	At      time.Time
	Message *Message
	Team    TeamWord
	// Skip is by how much the clock was moved.
	Skip time.Duration
	// Turn is what came of it; nil when nothing did. Of several messages that were
	// answered together it is the same.
	Turn *conversation.Turn
}

const (
	// pauseFrom is the silence from which a recording says that time passed.
	pauseFrom = time.Minute
	// outage is how long an answer without a model is waited for, and outages how
	// often the model fails meanwhile, at most.
	outage  = 5 * time.Minute
	outages = 1000
)

// The shapes of a file as it is written.
type (
	writtenScenario struct {
		Name    string        `yaml:"name"`
		Pack    string        `yaml:"pack,omitempty"`
		Start   string        `yaml:"start"`
		Profile string        `yaml:"profile,omitempty"`
		From    string        `yaml:"from,omitempty"`
		Model   Model         `yaml:"model,omitempty"`
		Steps   []writtenStep `yaml:"steps"`
	}
	writtenStep struct {
		Lead   any            `yaml:"lead,omitempty"`
		Team   TeamWord       `yaml:"team,omitempty"`
		Wait   string         `yaml:"wait,omitempty"`
		Until  string         `yaml:"until,omitempty"`
		Skip   string         `yaml:"skip,omitempty"`
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

// Record writes a conversation as a scenario that passes: what the model answered
// becomes its script, and what came of each event is expected again. It is a
// draft for a person, who takes out what does not matter and says what must not
// be said. What the model was asked in attempts that no turn came of is lost, and
// messages without a turn are left out.
func Record(out io.Writer, r Recording) error {
	zone, err := time.LoadLocation(defaultZone)
	if err != nil {
		return fmt.Errorf("record a scenario: %w", err)
	}
	events, left := together(r.Events)
	if left > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d message(s) that no turn has answered are left out.", left))
	}
	// What was before the first word is nobody's.
	first := slices.IndexFunc(events, func(e happening) bool { return len(e.messages) > 0 })
	if first < 0 {
		return fmt.Errorf("record a scenario: nobody said anything that was answered")
	}
	events = events[first:]
	w := writer{zone: zone, noModel: r.NoModel, looks: slices.ContainsFunc(r.Events, func(e Event) bool {
		return e.Message != nil && e.Message.Perceived != nil
	})}
	w.last, w.now = events[0].At, events[0].At
	for _, e := range events {
		w.write(e)
	}
	file := writtenScenario{
		Name: r.Name, Pack: r.Pack, Profile: r.Profile, From: r.From, Start: stamp(events[0].At, zone), Steps: w.steps,
	}
	switch {
	case r.NoModel:
		file.Model = NoModel
	case !slices.ContainsFunc(w.steps, func(s writtenStep) bool { return len(s.Model) > 0 }):
		file.Model = Offline
	}
	for _, note := range r.Notes {
		if _, err := fmt.Fprintln(out, "# "+note); err != nil {
			return fmt.Errorf("record a scenario: %w", err)
		}
	}
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return fmt.Errorf("record a scenario: %w", err)
	}
	return encoder.Close()
}

// stamp is a moment as a file says it, never earlier than it was.
func stamp(t time.Time, zone *time.Location) string {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		t = whole.Add(time.Second)
	}
	return t.In(zone).Format("2006-01-02T15:04:05")
}

// happening is an event, with all the messages that were answered together.
type happening struct {
	Event
	messages []Message
}

// together puts messages that one turn answered where the last of them arrived,
// and counts those that none did.
func together(events []Event) (all []happening, left int) {
	waiting := map[conversation.TurnID][]Message{}
	for _, e := range events {
		if e.Message != nil && e.Turn != nil {
			waiting[e.Turn.ID] = append(waiting[e.Turn.ID], *e.Message)
		}
	}
	seen := map[conversation.TurnID]int{}
	for _, e := range events {
		h := happening{Event: e}
		switch {
		case e.Message != nil && e.Turn == nil:
			left++
			continue
		case e.Message != nil:
			seen[e.Turn.ID]++
			if h.messages = waiting[e.Turn.ID]; seen[e.Turn.ID] < len(h.messages) {
				continue
			}
		}
		all = append(all, h)
	}
	inTurn(all)
	return all, left
}

// inTurn orders events by when they were, but never against the order of the turns
// that came of them: what was written just before a timer fired, and answered
// after it, has to come after it here, where answers take no time.
func inTurn(all []happening) {
	turns := make([]int, 0, len(all))
	for i, e := range all {
		if e.Turn != nil {
			turns = append(turns, i)
		}
	}
	version := func(i int) int64 { return all[i].Turn.Version }
	slices.SortStableFunc(turns, func(a, b int) int { return cmp.Compare(version(a), version(b)) })
	var latest time.Time
	for _, i := range turns {
		if all[i].At.Before(latest) {
			all[i].At = latest
		}
		latest = all[i].At
	}
	slices.SortStableFunc(all, func(a, b happening) int {
		order := a.At.Compare(b.At)
		if order == 0 && a.Turn != nil && b.Turn != nil {
			order = cmp.Compare(a.Turn.Version, b.Turn.Version)
		}
		return order
	})
}

// writer makes steps of events.
type writer struct {
	zone           *time.Location
	noModel, looks bool
	steps          []writtenStep
	// last is when the last event was, and now when the scenario is there, at the
	// latest: it types more slowly than a person.
	last, now time.Time
}

// write adds the steps of one event.
func (w *writer) write(e happening) {
	switch {
	case e.Skip > 0:
		if e.Skip >= pauseFrom {
			at := w.to(e.At.Add(e.Skip))
			w.steps = append(w.steps, writtenStep{Skip: stamp(at, w.zone)})
		}
		return
	case e.messages == nil && e.Team == "":
		w.passed(e)
		return
	}
	if e.At.Sub(w.last) >= pauseFrom {
		w.steps = append(w.steps, writtenStep{Until: stamp(w.to(e.At.Add(-typing)), w.zone)})
	}
	w.last, w.now = e.At, w.now.Add(typing+settling)
	step := writtenStep{Team: e.Team}
	if e.messages != nil {
		step.Lead = w.lead(e.messages)
	}
	if e.Turn == nil {
		w.steps = append(w.steps, step)
		return
	}
	if !w.noModel && withoutModel(*e.Turn) {
		step.Model = []any{map[string]any{"fault": "500", "times": outages}}
		w.steps = append(w.steps, step)
		step = writtenStep{Wait: outage.String(), Model: step.Model}
		w.now = w.now.Add(outage)
	}
	for _, a := range e.Turn.Model.Answers {
		step.Model = append(step.Model, answerOf(a, e.Turn.From))
	}
	step.Expect = expectOf(*e.Turn)
	w.steps = append(w.steps, step)
}

// passed expects what time alone brought: of the step in which time passed just
// now, or of one that waits for it.
func (w *writer) passed(e happening) {
	if n := len(w.steps); w.steps[n-1].Skip == "" || e.At.Sub(w.last) >= pauseFrom {
		w.steps = append(w.steps, writtenStep{Until: stamp(w.to(e.At).Add(time.Second), w.zone)})
		w.now = w.now.Add(time.Second)
	}
	w.last = e.At
	step, expect := &w.steps[len(w.steps)-1], expectOf(*e.Turn)
	if before := step.Expect; before != nil {
		expect.Replies += before.Replies
		expect.Says = append(before.Says, expect.Says...)
	}
	step.Expect = expect
}

// to lets time pass until something happened, at least as long as it took.
func (w *writer) to(at time.Time) time.Time {
	reached := w.now.Add(at.Sub(w.last))
	if reached.Before(at) {
		reached = at
	}
	w.last, w.now = at, reached
	return reached
}

// withoutModel reports whether a turn had to do without a model although what it
// answers takes thought.
func withoutModel(t conversation.Turn) bool {
	return t.Mode == conversation.ModeFallback && (t.Route == conversation.RouteMenu || handoffOf(t) == otto.HandoffOutage)
}

// handoffOf is why a turn asked for a person; empty when it did not.
func handoffOf(t conversation.Turn) string {
	for _, effect := range t.Effects {
		if effect.Kind == conversation.EffectHandoff && effect.Handoff != nil {
			return effect.Handoff.Reason
		}
	}
	return ""
}

func expectOf(t conversation.Turn) *writtenExpect {
	e := &writtenExpect{Replies: len(t.Replies), Route: string(t.Route), State: string(t.Into), Handoff: handoffOf(t)}
	for _, reply := range t.Replies {
		if says := opening(reply.Text.Reveal()); says != "" {
			e.Says = append(e.Says, says)
		}
	}
	return e
}

// lead is what arrived together, as a file says it.
func (w *writer) lead(messages []Message) any {
	var written []any
	for _, m := range messages {
		if w.looks && m.perceptible() && m.Perceived == nil {
			m.Perceived = &Perceived{Outcome: conversation.Undone} // Nobody looks, but it has to be said.
		}
		written = append(written, messageOf(m))
	}
	if len(written) > 1 {
		return map[string]any{"burst": written}
	}
	return written[0]
}

// messageOf is a message as a file says it.
func messageOf(m Message) any {
	if m.Kind == KindText && m.To == "" {
		return m.Text
	}
	written := map[string]any{string(m.Kind): m.Text}
	switch m.Kind {
	case KindLocation:
		written[string(m.Kind)] = []float64{m.At[0], m.At[1]}
	case KindAudio, KindImage, KindVideo, KindSticker, KindOrder:
		written[string(m.Kind)] = true
	case KindDocument:
		if m.Text == "" {
			written[string(m.Kind)] = true
		}
	case KindRaw:
		written[string(m.Kind)] = m.Raw
	}
	if m.To != "" {
		written["to"] = opening(m.To)
	}
	if p := m.Perceived; p != nil {
		perceived := map[string]any{"outcome": string(p.Outcome)}
		if p.Outcome == conversation.Understood && p.Text != "" {
			perceived["text"] = p.Text
		}
		written["perceived"] = perceived
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
