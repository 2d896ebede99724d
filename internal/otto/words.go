package otto

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

var (
	//go:embed prompt.tmpl
	promptTemplate string
	//go:embed briefing.tmpl
	briefingTemplate string
	//go:embed back.tmpl
	backTemplate string
)

// words are the sentences of prompts, memories and briefings, and of when somebody
// is there again.
type words struct {
	set, briefing, again *template.Template
	// notes say what was sent when it is not the text alone: by its kind, and by
	// kind and perception where that makes a difference.
	notes map[string]string
	// masks stand for what is not repeated, by its kind.
	masks map[string]string
}

func newWords() (*words, error) {
	w := &words{notes: map[string]string{}, masks: map[string]string{}}
	var err error
	for _, t := range []struct {
		set        **template.Template
		name, text string
	}{{&w.set, "prompt", promptTemplate}, {&w.briefing, "briefing", briefingTemplate}, {&w.again, "back", backTemplate}} {
		if *t.set, err = template.New(t.name).Parse(t.text); err != nil {
			return nil, fmt.Errorf("%s template: %w", t.name, err)
		}
	}
	var noted []string
	for _, kind := range append(MediaKinds(), conversation.KindReaction, conversation.KindEdit, conversation.KindRevoke) {
		noted = append(noted, string(kind))
		for _, outcome := range append(Perceptions(kind), conversation.Understood) {
			noted = append(noted, noteName(kind, outcome))
		}
	}
	noted = append(noted, "reaction.yes", "reaction.no")
	for _, name := range noted {
		if w.notes[name], err = w.render("note", name); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{"email", "phone", "document", "card"} {
		if w.masks[kind], err = w.render("mask", kind); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// render executes one template of the set, without blank edges.
func (w *words) render(name string, data any) (string, error) { return render(w.set, name, data) }

// brief is a briefing. It is empty when its template does not hold, which a test
// makes sure of.
func (w *words) brief(page any) string {
	text, err := render(w.briefing, "briefing", page)
	if err != nil {
		return ""
	}
	return text
}

// back says a moment at which somebody is there again as a lead says it, seen from
// now. It is empty when its template does not hold, as a briefing is.
func (w *words) back(now, at time.Time) string {
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	text, err := render(w.again, "back", map[string]int{
		"Days": int(midnight(at).Sub(midnight(now)) / (24 * time.Hour)), "Weekday": int(at.Weekday()),
		"Day": at.Day(), "Month": int(at.Month()), "Hour": at.Hour(), "Minute": at.Minute(),
	})
	if err != nil {
		return ""
	}
	return text
}

func render(set *template.Template, name string, data any) (string, error) {
	var b strings.Builder
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// line is a message as it is remembered and put before the model: what was
// written, after a note of what could not be read. A system message leaves
// nothing to remember.
func (w *words) line(u utterance) string {
	if u.kind == conversation.KindSystem {
		return ""
	}
	note := w.notes[noteName(u.kind, u.outcome)]
	switch {
	case u.corrects:
		note = w.notes[string(conversation.KindEdit)]
	case note == "":
		note = w.notes[string(u.kind)]
	}
	line := strings.TrimSpace(note + " " + u.text)
	if u.quoted == "" || line == "" {
		return line
	}
	quote, err := w.render("quote", u.quoted)
	if err != nil {
		return line
	}
	return quote + " " + line
}

// noteName names the note on a file of which something was made.
func noteName(k conversation.Kind, p conversation.Perception) string {
	return string(k) + "." + string(p)
}
