package otto

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// proposal is what a draft would have said and done. Guards may repair it.
type proposal struct {
	draft   draft
	reply   conversation.Reply
	target  conversation.State
	handoff string
	refused conversation.Refusal
}

// guard is one rule that every proposal passes.
type guard struct {
	name string
	// check repairs or blocks. found says what was wrong, empty when nothing
	// was; block says that the proposal cannot be used. For a block, found is
	// a name that the template "finding" explains to the model, or the
	// explanation itself.
	check func(s *scene, p *proposal) (found string, block bool)
}

// guards are all guards, in the order in which they are asked. Each sees what
// the ones before it left, blocked or not, so that the model hears of
// everything at once.
func (o *Otto) guards() []guard {
	return []guard{
		{"form", o.form},
		{"legality", legality},
	}
}

// review asks every guard. findings are those that block.
func (o *Otto) review(s *scene, p *proposal) (verdicts []conversation.Verdict, findings []string) {
	for _, g := range o.guards() {
		found, block := g.check(s, p)
		verdicts = append(verdicts, conversation.Verdict{Guard: g.name, OK: !block, Found: found})
		if block {
			findings = append(findings, found)
		}
	}
	return verdicts, findings
}

// form makes a reply that the channel accepts: it has a text within the
// limit, and options that are valid or none. Nothing but a missing text
// blocks.
func (o *Otto) form(_ *scene, p *proposal) (string, bool) {
	text := tidy(p.draft.ResponseText)
	if !strings.ContainsFunc(text, unicode.IsGraphic) {
		return "empty_text", true
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
	return strings.Join(found, "; "), false
}

// options are the drafted options, cleaned. An id that would be taken for a
// choice of the pack is replaced: what was offered is not what the tap would
// mean.
func (o *Otto) options(kind conversation.ReplyKind, drafts []draftOption) []conversation.Option {
	line := func(text string) string { return strings.Join(strings.Fields(tidy(text)), " ") }
	options := make([]conversation.Option, 0, len(drafts))
	for i, d := range drafts {
		option := conversation.Option{ID: line(d.ID), Title: line(d.Title)}
		if o.index.reserved(option.ID) {
			option.ID = fmt.Sprintf("opt%d-%s", i+1, option.ID)
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

// legality lets a proposal go only where the state machine does, together
// with what it needs. Asking for a person, in whichever way, is always legal
// and always complete.
func legality(s *scene, p *proposal) (string, bool) {
	if p.draft.RequiresHuman || p.draft.NextState == conversation.HandoffHuman {
		p.target, p.handoff = conversation.HandoffHuman, "outside_knowledge"
		if p.draft.HumanReason != nil {
			p.handoff = *p.draft.HumanReason
		}
		if !p.draft.RequiresHuman || p.draft.NextState != conversation.HandoffHuman {
			return "handoff completed", false
		}
		return "", false
	}
	// Nothing here makes appointments, so no follow-up is ever on record.
	step := conversation.Step(s.base, conversation.EventDecision, conversation.StepInput{Target: p.draft.NextState})
	if step.Refused != "" {
		p.refused = step.Refused
		return string(step.Refused), true
	}
	p.target = step.To
	return "", false
}

// tidy is what the model wrote as WhatsApp should show it: without HTML, with
// WhatsApp's own mark for bold.
func tidy(text string) string {
	text = html.UnescapeString(stripTags(text))
	return clean(strings.ReplaceAll(text, "**", "*"))
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
