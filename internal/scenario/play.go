package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// typing is how long a lead takes between two steps.
	typing = 10 * time.Second
	// settling is how long after its messages a step ends: what comes later,
	// such as another attempt at a model that is out, takes a step that waits.
	settling = 10 * time.Second
)

// Failure is something that came out otherwise.
type Failure struct {
	// Step counts from 1; 0 is the scenario as a whole. Line is in its file.
	Step, Line int
	What       string
}

// Result is what became of one scenario.
type Result struct {
	Scenario Scenario
	Failures []Failure
	// Replies is how many messages the lead got.
	Replies int
	// Drafts are the decisions that its steps scripted, Altered those of them
	// that the code changed or refused.
	Drafts, Altered int
	Took            time.Duration
}

// OK reports whether everything came out as written.
func (r Result) OK() bool { return len(r.Failures) == 0 }

// play plays one scenario to its end, whatever fails on the way.
func play(ctx context.Context, s Scenario, pack otto.Pack, tel *telemetry.Telemetry) (r Result) {
	r.Scenario = s
	began := time.Now()
	defer func() { r.Took = time.Since(began) }()
	w, err := newStreet(ctx, s, pack, tel)
	if err != nil {
		r.Failures = append(r.Failures, Failure{What: err.Error()})
		return r
	}
	defer w.close()
	for i, step := range s.Steps {
		var out outcome
		if w.script != nil {
			w.script.begin(step.Answers)
		}
		err := out.watch(ctx, w, func() error { return w.take(ctx, s, step, i == 0) })
		if err != nil {
			r.Failures = append(r.Failures, Failure{Step: i + 1, Line: step.Line, What: err.Error()})
			return r
		}
		var complaints []string
		if w.script != nil {
			out.drafts, complaints = w.script.end()
		}
		for _, what := range append(complaints, step.Expect.compare(out)...) {
			r.Failures = append(r.Failures, Failure{Step: i + 1, Line: step.Line, What: what})
		}
		r.Replies += len(out.sent)
		r.Drafts += len(out.drafts)
		r.Altered += out.altered()
	}
	for _, why := range w.model.Rejected() {
		r.Failures = append(r.Failures, Failure{What: "the model refused a request: " + why})
	}
	return r
}

// take has one step happen.
func (w *street) take(ctx context.Context, s Scenario, step Step, first bool) error {
	for _, at := range []time.Time{step.Until, step.Skip} {
		if now := w.clock.Now(); !at.IsZero() && !at.After(now) {
			return fmt.Errorf("it is later than that already: %s", now.In(at.Location()).Format(time.RFC3339))
		}
	}
	switch {
	case !step.Until.IsZero():
		return w.pass(ctx, step.Until)
	case !step.Skip.IsZero():
		w.clock.to(step.Skip)
		return w.drain(ctx, step.Skip.Add(settling))
	case step.Wait != 0:
		return w.pass(ctx, w.clock.Now().Add(step.Wait))
	}
	if !first {
		if err := w.pass(ctx, w.clock.Now().Add(typing)); err != nil {
			return err
		}
	}
	if step.Team != "" {
		if err := w.word(ctx, step.Team); err != nil {
			return err
		}
	}
	for _, m := range step.Lead {
		body, err := w.write(s, m)
		if err != nil {
			return err
		}
		w.written = append(w.written, whatsapptest.SentMessage{ID: whatsapptest.IDs(body)[0], Text: strings.Join([]string{m.Text, m.Title, m.Caption}, "\n"), At: w.clock.Now()})
		for range max(m.Copies, 1) {
			if err := w.arrive(ctx, body); err != nil {
				return err
			}
		}
	}
	return w.drain(ctx, w.clock.Now().Add(settling))
}

// word has a person of the business say something about the lead's handoff.
func (w *street) word(ctx context.Context, word TeamWord) error {
	say := w.desk.Accept
	if word == Release {
		say = w.desk.Release
	}
	_, err := say(ctx, string(w.standing().ID))
	return err
}

// pass lets time pass until then.
func (w *street) pass(ctx context.Context, until time.Time) error {
	err := w.drain(ctx, until)
	w.clock.to(until)
	return err
}

// write is a message as Meta's webhook carries it.
func (w *street) write(s Scenario, m Message) ([]byte, error) {
	file := func(kind whatsapp.Type, mime string) []byte {
		return w.pen.Media(s.From, s.Profile, kind, whatsapp.Media{
			ID: w.senses.expect(m), MIMEType: mime, Caption: m.Caption, Filename: filename(m), Voice: kind == whatsapp.TypeAudio,
		})
	}
	switch m.Kind {
	case KindText:
		if m.To == "" {
			return w.pen.Text(s.From, s.Profile, m.Text), nil
		}
		quoted, err := w.found(m.To)
		if err != nil {
			return nil, err
		}
		return w.pen.Message(s.From, s.Profile, map[string]any{
			"type": "text", "text": map[string]any{"body": m.Text},
			"context": map[string]any{"from": whatsapptest.DefaultDisplayPhoneNumber, "id": quoted},
		}), nil
	case KindTap:
		return w.tap(s, m)
	case KindAudio:
		return file(whatsapp.TypeAudio, "audio/ogg"), nil
	case KindImage:
		return file(whatsapp.TypeImage, "image/jpeg"), nil
	case KindVideo:
		return file(whatsapp.TypeVideo, "video/mp4"), nil
	case KindDocument:
		return file(whatsapp.TypeDocument, "application/pdf"), nil
	case KindSticker:
		return file(whatsapp.TypeSticker, "image/webp"), nil
	case KindLocation:
		return w.pen.Location(s.From, s.Profile, m.At[0], m.At[1]), nil
	case KindContacts:
		return w.pen.Message(s.From, s.Profile, map[string]any{"type": "contacts", "contacts": []any{
			map[string]any{"name": map[string]any{"formatted_name": m.Text}, "phones": []any{map[string]any{"phone": "+5511955550000"}}},
		}}), nil
	case KindOrder:
		return w.pen.Message(s.From, s.Profile, map[string]any{"type": "order", "order": map[string]any{
			"catalog_id": "1", "product_items": []any{map[string]any{"product_retailer_id": "p", "quantity": 1, "item_price": 1, "currency": "BRL"}},
		}}), nil
	case KindReaction:
		on, err := w.found(m.To)
		if err != nil {
			return nil, err
		}
		return w.pen.Reaction(s.From, s.Profile, on, m.Text), nil
	case KindRaw:
		return w.pen.Message(s.From, s.Profile, m.Raw), nil
	default:
		return w.pen.Echo(s.From, m.Text), nil
	}
}

// found is the newest message with some words, whoever wrote it; without words
// the newest of ours.
func (w *street) found(words string) (id string, err error) {
	var newest time.Time
	consider := func(all []whatsapptest.SentMessage) {
		for _, m := range all {
			if strings.Contains(fold(m.Text), fold(words)) && !m.At.Before(newest) {
				id, newest = m.ID, m.At
			}
		}
	}
	if words != "" {
		consider(w.written)
	}
	if consider(w.graph.Sent()); id == "" {
		return "", errors.New("there is no message yet that is meant")
	}
	return id, nil
}

// filename is a document's name; the other files have none.
func filename(m Message) string {
	if m.Kind == KindDocument && m.Text != "true" {
		return m.Text
	}
	return ""
}

// tap taps an option of the newest message that had any; one that was not
// offered there needs a title.
func (w *street) tap(s Scenario, m Message) ([]byte, error) {
	for _, sent := range slices.Backward(w.graph.Sent()) {
		buttons, rows := choices(sent)
		if len(buttons)+len(rows) == 0 {
			continue
		}
		for _, c := range buttons {
			if c.id == m.Text || c.title == m.Text {
				return w.pen.ButtonReply(s.From, s.Profile, sent.ID, c.id, c.title), nil
			}
		}
		for _, c := range rows {
			if c.id == m.Text || c.title == m.Text {
				return w.pen.ListReply(s.From, s.Profile, sent.ID, c.id, c.title), nil
			}
		}
		break
	}
	if m.Title == "" {
		return nil, fmt.Errorf("no option %q was offered just now; give it a title to tap it all the same", m.Text)
	}
	return w.pen.ButtonReply(s.From, s.Profile, whatsapptest.MessageID(s.From), m.Text, m.Title), nil
}

// choice is an option that a lead can tap.
type choice struct{ id, title string }

func choices(m whatsapptest.SentMessage) (buttons, rows []choice) {
	for _, b := range m.Buttons {
		buttons = append(buttons, choice{b.ID, b.Title})
	}
	for _, r := range m.Rows {
		rows = append(rows, choice{r.ID, r.Title})
	}
	return buttons, rows
}

// outcome is what came of one step.
type outcome struct {
	sent         []whatsapptest.SentMessage
	turns        []conversation.StoredTurn
	requests     []openaitest.Request
	calls        int
	told         []notice
	drafts       []draft
	conversation conversation.Conversation
}

// watch has do happen and keeps what came of it.
func (o *outcome) watch(ctx context.Context, w *street, do func() error) error {
	turns, err := w.history(ctx)
	if err != nil {
		return err
	}
	sent, calls, told := len(w.graph.Sent()), w.model.Total(), len(w.team.told())
	if err := do(); err != nil {
		return err
	}
	o.sent = w.graph.Sent()[sent:]
	o.told = w.team.told()[told:]
	o.calls = w.model.Total() - calls
	requests := w.model.Requests()
	o.requests = requests[max(0, len(requests)-o.calls):]
	o.conversation = w.standing()
	after, err := w.history(ctx)
	if err != nil {
		return err
	}
	o.turns = after[min(len(turns), len(after)):]
	return nil
}

// altered counts the drafts that did not reach the lead as they were written,
// or did not lead where they wanted to.
func (o *outcome) altered() int {
	n := 0
	for _, d := range o.drafts {
		as := slices.ContainsFunc(o.sent, func(m whatsapptest.SentMessage) bool {
			var titles []string
			buttons, rows := choices(m)
			for _, c := range append(buttons, rows...) {
				titles = append(titles, c.title)
			}
			return m.Text == d.text && slices.Equal(titles, d.options)
		})
		if !as || string(o.conversation.Session.State) != d.next {
			n++
		}
	}
	return n
}
