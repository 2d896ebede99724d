package otto

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/pyloto/atende/internal/conversation"
)

//go:embed prompt.tmpl
var promptTemplate string

// words are the sentences of prompts and memories.
type words struct {
	set *template.Template
	// notes say what was sent when it is not the text alone: by its kind, and by
	// kind and perception where that makes a difference.
	notes map[string]string
	// masks stand for what is not repeated, by its kind.
	masks map[string]string
}

func newWords() (*words, error) {
	set, err := template.New("prompt").Parse(promptTemplate)
	if err != nil {
		return nil, fmt.Errorf("prompt template: %w", err)
	}
	w := &words{set: set, notes: map[string]string{}, masks: map[string]string{}}
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
func (w *words) render(name string, data any) (string, error) {
	var b strings.Builder
	if err := w.set.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("prompt template %s: %w", name, err)
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
