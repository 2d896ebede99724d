package otto

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
)

// Limits of WhatsApp for what a pack says itself, in characters. Answers that
// are composed keep to [MaxText] instead.
const (
	maxFixedText        = 4096 // of a text message
	maxFixedInteractive = 1024 // of a message with options
	maxListLabel        = 20
)

// Validate names every reason why Otto cannot work with the pack; none means
// that he can. It knows nothing of files: who reads a pack adds where.
func (p Pack) Validate() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	need := func(what, value string) {
		if strings.TrimSpace(value) == "" {
			fault("%s is missing", what)
		}
	}
	need("hash", p.Hash)
	need("name", p.Name)
	need("assistant", p.Assistant)
	need("persona", p.Persona)
	need("business", p.Business)
	if p.Location == nil {
		fault("location is missing")
	}
	for day, spans := range p.Hours.Week {
		for _, span := range spans {
			if span.From < 0 || span.To > 24*60 || span.From >= span.To {
				fault("hours: day %d: from %d to %d is no part of a day", day, span.From, span.To)
			}
		}
	}

	verticals := map[string]bool{}
	for _, v := range p.Verticals {
		need("vertical: id", v.ID)
		need("vertical "+v.ID+": name", v.Name)
		if verticals[v.ID] {
			fault("vertical %s: id is taken", v.ID)
		}
		verticals[v.ID] = true
	}
	facts := map[string]bool{}
	for _, f := range p.Facts {
		need("fact: id", f.ID)
		need("fact "+f.ID+": text", f.Text)
		if facts[f.ID] {
			fault("fact %s: id is taken", f.ID)
		}
		facts[f.ID] = true
		if f.Vertical != "" && !verticals[f.Vertical] {
			fault("fact %s: no vertical %s", f.ID, f.Vertical)
		}
	}

	taps := map[string]bool{TapPerson: true}
	for id := range verticals {
		taps[id] = true
	}
	for _, fixed := range p.Fixed {
		need("fixed reply: key", fixed.Key)
		if taps[fixed.Key] {
			fault("fixed reply %s: key is taken", fixed.Key)
		}
		taps[fixed.Key] = true
		if fixed.Vertical != "" && !verticals[fixed.Vertical] {
			fault("fixed reply %s: no vertical %s", fixed.Key, fixed.Vertical)
		}
	}

	said := map[string]string{} // who owns a trigger
	own := func(owner, trigger, folded string) {
		switch {
		case folded == "":
			fault("%s: trigger %q has no letter", owner, trigger)
		case said[folded] != "" && said[folded] != owner:
			fault("%s: trigger %q belongs to %s", owner, trigger, said[folded])
		default:
			said[folded] = owner
		}
	}
	for _, fixed := range p.Fixed {
		owner := "fixed reply " + fixed.Key
		for _, trigger := range fixed.Triggers {
			own(owner, trigger, Fold(trigger))
		}
		for _, command := range fixed.Commands {
			if folded := FoldCommand(command); folded != "" {
				own(owner, command, "/"+folded)
			} else {
				fault("%s: %q is no command", owner, command)
			}
		}
		limit := maxFixedText
		if len(fixed.Reply.Options) > 0 {
			limit = maxFixedInteractive
		}
		faults = append(faults, checkCanned(owner, fixed.Reply, limit, taps)...)
	}
	for _, greeting := range p.Greetings {
		own("greetings", greeting, Fold(greeting))
	}
	for _, trigger := range p.PersonTriggers {
		own("person triggers", trigger, Fold(trigger))
	}

	s := p.Sentences
	faults = append(faults, checkCanned("sentence greeting", s.Greeting, MaxText, taps)...)
	faults = append(faults, checkCanned("sentence menu", s.Menu, MaxText, taps)...)
	sentence := func(name, text string) {
		need("sentence "+name, text)
		if n := utf8.RuneCountInString(text); n > MaxText {
			fault("sentence %s: %d characters, at most %d", name, n, MaxText)
		}
	}
	sentence("safe", s.Safe)
	sentence("empty", s.Empty)
	sentence("handoff", s.Handoff)
	sentence("handoff closed", s.HandoffClosed)
	sentence("handoff outage", s.HandoffOutage)
	sentence("handoff outage closed", s.HandoffOutageClosed)
	for _, kind := range MediaKinds() {
		sentence("media "+string(kind), s.Media[kind])
	}
	need("list label", s.ListLabel)
	if utf8.RuneCountInString(s.ListLabel) > maxListLabel {
		fault("list label: at most %d characters", maxListLabel)
	}
	return faults
}

// checkCanned checks a reply that the pack gives word for word.
func checkCanned(owner string, r conversation.Reply, limit int, taps map[string]bool) []string {
	var faults []string
	text := r.Text.Reveal()
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		faults = append(faults, owner+": text is missing")
	case n > limit:
		faults = append(faults, fmt.Sprintf("%s: %d characters, at most %d", owner, n, limit))
	}
	kind := r.Kind
	if kind == "" {
		kind = conversation.ReplyText
	}
	if why := checkOptions(kind, r.Options); why != "" {
		faults = append(faults, owner+": "+why)
	}
	if utf8.RuneCountInString(r.Menu) > maxListLabel {
		faults = append(faults, fmt.Sprintf("%s: list label: at most %d characters", owner, maxListLabel))
	}
	for _, option := range r.Options {
		if !taps[option.ID] {
			faults = append(faults, fmt.Sprintf("%s: option %q names no fixed reply, no vertical and not %q", owner, option.ID, TapPerson))
		}
	}
	return faults
}

// Limits of WhatsApp for options, in characters.
const (
	maxButtons, maxButtonTitle = 3, 20
	maxRows, maxRowTitle       = 10, 24
	maxRowDescription          = 72
	maxOptionID                = 200
)

// checkOptions says what is wrong with the options of a reply; empty when
// nothing is.
func checkOptions(kind conversation.ReplyKind, options []conversation.Option) string {
	most, title := 0, 0
	switch kind {
	case conversation.ReplyText:
		if len(options) > 0 {
			return "a text has no options"
		}
		return ""
	case conversation.ReplyButtons:
		most, title = maxButtons, maxButtonTitle
	case conversation.ReplyList:
		most, title = maxRows, maxRowTitle
	default:
		return "no such kind of reply"
	}
	if len(options) < 1 || len(options) > most {
		return fmt.Sprintf("%d options, not 1 to %d", len(options), most)
	}
	for i, option := range options {
		switch earlier := options[:i]; {
		case strings.TrimSpace(option.ID) == "" || utf8.RuneCountInString(option.ID) > maxOptionID:
			return fmt.Sprintf("option %d: id has not 1 to %d characters", i+1, maxOptionID)
		case strings.TrimSpace(option.Title) == "" || utf8.RuneCountInString(option.Title) > title:
			return fmt.Sprintf("option %d: title has not 1 to %d characters", i+1, title)
		case kind == conversation.ReplyButtons && option.Description != "":
			return fmt.Sprintf("option %d: a button has no description", i+1)
		case utf8.RuneCountInString(option.Description) > maxRowDescription:
			return fmt.Sprintf("option %d: description has more than %d characters", i+1, maxRowDescription)
		case slices.ContainsFunc(earlier, func(o conversation.Option) bool { return o.ID == option.ID }):
			return fmt.Sprintf("option %d: id is taken", i+1)
		case slices.ContainsFunc(earlier, func(o conversation.Option) bool { return o.Title == option.Title }):
			return fmt.Sprintf("option %d: title is taken", i+1)
		}
	}
	return ""
}
