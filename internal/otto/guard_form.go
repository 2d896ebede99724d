package otto

import (
	"fmt"
	"html"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// form makes a reply that the channel accepts: it has a text within the
// limit, and options that are valid or none. Only a text that is missing, not in
// Portuguese or not meant for the lead blocks: nothing of another language could
// be checked.
func (o *Otto) form(_ *scene, p *proposal) ruling {
	text := tidy(p.draft.ResponseText)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		return blocked("empty_text", "empty_text")
	}
	var found []string
	kind := p.draft.MessageType
	options := o.options(kind, p.draft.Options)
	if kind == conversation.ReplyText {
		options = nil
	} else if why := checkOptions(kind, options); why != "" {
		found = append(found, why)
		kind, text, options = conversation.ReplyText, listed(text, options), nil
	}
	if short := shorten(text, MaxText); short != text {
		found = append(found, fmt.Sprintf("%d characters, shortened", utf8.RuneCountInString(text)))
		text = short
	}
	p.reply = o.canned(conversation.Reply{Kind: kind, Text: pii.Text(text), Options: options})
	if foreign := o.foreign(p.visible()); foreign != "" {
		return blocked("language", append(found, foreign)...)
	}
	if name := o.internal(p.visible()); name != "" {
		return blocked("internal", append(found, name)...)
	}
	return repaired(found...)
}

// Bounds of telling a language.
const (
	minForeign = 2 // words of another language that make a sentence foreign
	minScript  = 4 // letters of another script that do
)

// foreign is the first sentence of a text that is not in Portuguese; empty when
// all are.
func (o *Otto) foreign(text string) string {
	for _, sentence := range pieces(text) {
		other, mixed := scripts(sentence)
		words := strings.Fields(Fold(sentence))
		abroad, home := o.lexicon.count("foreign", words), o.lexicon.count("portuguese", words)
		if mixed || other >= minScript || abroad >= minForeign && abroad > home {
			return strings.TrimSpace(sentence)
		}
	}
	return ""
}

// internalNames are the names of the instructions that nobody says in
// Portuguese: keys and states of a decision, fields of the card, ids of the
// pack. They are known by their underscore.
func internalNames(p Pack) map[string]bool {
	names := map[string]bool{}
	add := func(name string) {
		if strings.Contains(name, "_") {
			names[strings.ToLower(name)] = true
		}
	}
	decision := reflect.TypeFor[draft]()
	for i := range decision.NumField() {
		add(decision.Field(i).Tag.Get("json"))
	}
	for _, state := range conversation.States() {
		add(string(state))
	}
	for _, field := range conversation.CardFields() {
		add(field)
	}
	for _, f := range p.Facts {
		add(f.ID)
	}
	for _, v := range p.Verticals {
		add(v.ID)
	}
	return names
}

// internal is the first name in a text that stands in the instructions only;
// empty when there is none. Whoever reads one reads instructions recited, or a
// decision in the place of its text.
func (o *Otto) internal(text string) string {
	if !strings.Contains(text, "_") {
		return ""
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if name := strings.Trim(word, "_"); o.names[strings.ToLower(name)] {
			return name
		}
	}
	return ""
}

// scripts counts the letters that are not Latin; mixed reports a word that has
// both, which looks like another word than it is.
func scripts(text string) (other int, mixed bool) {
	latin, strange := false, false
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.IsLetter(r) && !unicode.In(r, unicode.Lm):
			strange = true
			other++
		case !unicode.IsLetter(r) && !unicode.IsMark(r):
			latin, strange = false, false
		}
		mixed = mixed || latin && strange
	}
	return other, mixed
}

// options are the drafted options, cleaned. An id that would be taken for a
// choice of the pack is replaced: what was offered is not what the tap would
// mean.
func (o *Otto) options(kind conversation.ReplyKind, drafts []draftOption) []conversation.Option {
	line := func(text string) string { return strings.Join(strings.Fields(tidy(text)), " ") }
	options := make([]conversation.Option, 0, len(drafts))
	for i, d := range drafts {
		option := conversation.Option{ID: line(d.ID), Title: line(d.Title)}
		if o.index.reserved(option.ID) || strings.Contains(option.ID, "=") {
			option.ID = fmt.Sprintf("opt%d-%s", i+1, strings.ReplaceAll(option.ID, "=", "-"))
		}
		if d.Description != nil && kind == conversation.ReplyList {
			option.Description = line(*d.Description)
		}
		options = append(options, option)
	}
	return options
}

// listed is text with the titles of options that cannot be shown as such, if
// all of it fits.
func listed(text string, options []conversation.Option) string {
	with := text
	seen := map[string]bool{}
	for _, option := range options {
		if option.Title != "" && !seen[option.Title] {
			seen[option.Title] = true
			with += "\n• " + option.Title
		}
	}
	if len(seen) < 2 || utf8.RuneCountInString(with) > MaxText {
		return text
	}
	return with
}

var (
	markdownLink    = regexp.MustCompile(`\[([^\[\]\n]{1,200})\]\((\S{1,300})\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#{1,6}[ \t]+`)
	markdownBullet  = regexp.MustCompile(`(?m)^[ \t]*[-*+][ \t]+`)
)

// tidy is what the model wrote as WhatsApp should show it: without HTML, and
// with WhatsApp's own marks instead of Markdown's.
func tidy(text string) string {
	text = html.UnescapeString(stripTags(text))
	if strings.Contains(text, "](") {
		text = markdownLink.ReplaceAllString(text, "$1: $2")
	}
	text = markdownHeading.ReplaceAllString(text, "")
	text = markdownBullet.ReplaceAllString(text, "• ")
	return clean(strings.NewReplacer("**", "*", "__", "_", "```", "").Replace(text))
}

// maxTag is the longest HTML tag that is taken for one, in bytes; it also
// keeps the search for its end short.
const maxTag = 200

// stripTags removes HTML tags and leaves other uses of angle brackets alone.
func stripTags(text string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:open])
		text = text[open+1:]
		end := strings.IndexByte(text[:min(len(text), maxTag)], '>')
		name, ok := tagName(text[:max(end, 0)])
		if !ok {
			b.WriteByte('<')
			continue
		}
		if name == "br" || name == "p" || name == "li" || name == "div" {
			b.WriteByte('\n')
		}
		text = text[end+1:]
	}
}

// tagName is the name of the tag between two angle brackets, if it is one.
func tagName(inside string) (string, bool) {
	name, _, _ := strings.Cut(strings.TrimPrefix(inside, "/"), " ")
	name = strings.ToLower(strings.TrimSuffix(name, "/"))
	letters := name != "" && name[0] >= 'a' && name[0] <= 'z'
	return name, letters && strings.TrimFunc(name, alphanumeric) == ""
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_'
}

// legality lets a proposal go only where the state machine does, together
// with what it needs. Asking for a person, in whichever way, is always legal
// and is completed; a meeting that can be noted is noted, whatever the model
// made of it.
func (o *Otto) legality(s *scene, p *proposal) ruling {
	if p.strict {
		return tried(s, p)
	}
	if p.draft.RequiresHuman || p.draft.NextState == conversation.HandoffHuman {
		p.target, p.handoff = conversation.HandoffHuman, HandoffOutside
		if p.draft.HumanReason != nil {
			p.handoff = *p.draft.HumanReason
		}
		if !p.draft.RequiresHuman || p.draft.NextState != conversation.HandoffHuman {
			return repaired("handoff completed")
		}
		return ruling{}
	}
	wanted := p.draft.NextState
	if p.booking = o.booking(s); !p.booking.IsZero() {
		wanted = conversation.ScheduledFollowup
	}
	in := conversation.StepInput{Target: wanted, FollowUp: !p.booking.IsZero()}
	next := conversation.Step(s.base, conversation.EventDecision, in)
	if next.Refused == conversation.RefusedIllegal && !p.booking.IsZero() {
		// Too early for that state, not for the meeting.
		in.Target = conversation.CollectingInfo
		next = conversation.Step(s.base, conversation.EventDecision, in)
	}
	if next.Refused != "" {
		p.refused = next.Refused
		return blocked(string(next.Refused), string(next.Refused))
	}
	p.target = next.To
	return ruling{}
}

// tried judges a move that nobody completes.
func tried(s *scene, p *proposal) ruling {
	next := conversation.Step(s.base, conversation.EventDecision, conversation.StepInput{
		Target: p.draft.NextState, Handoff: p.handoff != "", FollowUp: p.followUp || !p.booking.IsZero(),
	})
	if next.Refused != "" {
		return blocked(string(next.Refused), string(next.Refused))
	}
	p.target = next.To
	return ruling{}
}
