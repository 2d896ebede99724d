package otto

import (
	"slices"
	"strings"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// repetition takes out a question whose answer is known or that is beside the
// lead's interest, and all questions but the last. The answer stays. What is
// asked instead is the funnel's next question.
func (o *Otto) repetition(s *scene, p *proposal) ruling {
	parts := pieces(p.reply.Text.Reveal())
	var questions []int
	for i, piece := range parts {
		if question(piece) {
			questions = append(questions, i)
		}
	}
	asked := o.redundant(s, p, parts, questions)
	if asked == "" {
		if len(questions) < 2 {
			return ruling{}
		}
		p.reply.Text = pii.Text(without(parts, questions[:len(questions)-1]))
		return repaired("more than one question")
	}
	p.asked = ""
	p.reply = plain(without(parts, questions))
	o.lead(s, p)
	if p.reply.Text == "" { // nothing was said but the question, and nothing is left to ask
		p.reply = plain(o.fill(s, o.pack.Sentences.Clarify))
	}
	return repaired("asks " + asked)
}

// without is a text without some of its pieces.
func without(parts []string, out []int) string {
	var kept strings.Builder
	for i, piece := range parts {
		if !slices.Contains(out, i) {
			kept.WriteString(piece)
		}
	}
	return strings.TrimSpace(kept.String())
}

// redundant is the field that a reply asks for needlessly; empty when it does
// not.
func (o *Otto) redundant(s *scene, p *proposal, parts []string, questions []int) string {
	if p.asked == "" {
		// A question of the funnel that the model did not own up to.
		for _, i := range questions {
			p.asked = o.asks(Fold(parts[i]))
		}
	}
	if p.asked == "" || len(questions) == 0 && len(p.reply.Options) == 0 {
		return ""
	}
	if p.asked == conversation.FieldMeeting {
		return "" // another time may be wanted
	}
	if s.knows(p.asked) || !o.relevant(s, p.asked) {
		return p.asked
	}
	return ""
}

// asks is the field that a folded sentence asks for in the pack's own words.
func (o *Otto) asks(folded string) string {
	for _, q := range o.index.questions {
		if mentions(folded, q.text) {
			return q.field
		}
	}
	return ""
}

// continuation gives a reply without a next step one, where there is room and
// reason.
func (o *Otto) continuation(s *scene, p *proposal) ruling {
	text := p.reply.Text.Reveal()
	switch {
	case p.strict, p.handoff != "", !p.booking.IsZero(), len(p.reply.Options) > 0, strings.Contains(text, "?"):
		return ruling{}
	case p.target == conversation.SelfServeInfo, p.target == conversation.RouteExternal, o.lexicon.has("farewell", Fold(text)):
		return ruling{}
	}
	if p.draft.AnswerConfidence < minConfidence && o.pack.Sentences.Clarify != "" {
		if with := joined(text, o.fill(s, o.pack.Sentences.Clarify)); fits(with) {
			p.reply = plain(with)
			return repaired("unsure")
		}
		return ruling{}
	}
	p.asked = ""
	o.lead(s, p)
	if p.asked == "" {
		return ruling{}
	}
	return repaired("asks " + p.asked)
}

// minConfidence is the confidence below which an answer that asks nothing ends
// with asking what is meant.
const minConfidence = 0.2

// lead ends a reply with the funnel's next step, if it fits.
func (o *Otto) lead(s *scene, p *proposal) {
	next, ok := o.next(s)
	if !ok {
		return
	}
	more, field := o.said(s, next)
	text := p.reply.Text.Reveal()
	if question(text) {
		text = ""
	}
	with := joined(text, more)
	if more == "" || !fits(with) {
		return
	}
	p.reply, p.asked = plain(with), field
	if options := next.question.choices(); len(options) > 0 {
		p.reply.Kind, p.reply.Options = conversation.ReplyButtons, options
	}
}
