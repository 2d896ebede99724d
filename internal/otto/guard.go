package otto

import (
	"strings"
	"time"

	"github.com/pyloto/atende/internal/claim"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/pledge"
)

// proposal is what a draft would have said and done. Guards may repair it.
type proposal struct {
	draft   draft
	reply   conversation.Reply
	target  conversation.State
	handoff string
	// booking is the meeting that is noted along with the answer.
	booking time.Time
	// followUp: something is on record that has somebody come back to the lead.
	followUp bool
	refused  conversation.Refusal
	// asked is the card's field that the reply asks for.
	asked string
	// unknown are the claims of what the lead would read that nothing supports,
	// once claims were looked for.
	unknown []claim.Claim
	claimed bool
	// pledges are those of what the lead would read, once they were looked for in
	// pledged.
	pledges []pledge.Pledge
	pledged string
	// trouble is why a moment that the text proposes cannot be.
	trouble trouble
	// strict: nothing is completed, what is not there is missing. It is how a
	// sentence is tried.
	strict bool
}

// visible is everything that the lead would read.
func (p *proposal) visible() string {
	text := p.reply.Text.Reveal()
	for _, option := range p.reply.Options {
		text += "\n" + option.Title
		if option.Description != "" {
			text += "\n" + option.Description
		}
	}
	return text
}

// asWritten is the reply of a draft that nobody looked at yet.
func (d draft) asWritten() conversation.Reply {
	r := conversation.Reply{Kind: d.MessageType, Text: pii.Text(d.ResponseText)}
	for _, option := range d.Options {
		one := conversation.Option{ID: option.ID, Title: option.Title}
		if option.Description != nil {
			one.Description = *option.Description
		}
		r.Options = append(r.Options, one)
	}
	return r
}

// The guards, in their order. The names are stored and audited.
const (
	guardForm         = "form"
	guardLegality     = "legality"
	guardPersonal     = "personal_data"
	guardClaims       = "claims"
	guardPromise      = "promise"
	guardAction       = "promise_of_action"
	guardRepetition   = "repetition"
	guardHours        = "hours"
	guardContinuation = "continuation"
)

// guard is one rule that every proposal passes.
type guard struct {
	name string
	// check repairs or blocks.
	check func(s *scene, p *proposal) ruling
}

// ruling is what a guard says of a proposal.
type ruling struct {
	// why names what blocks the proposal, as the template "finding" explains it
	// to the model; empty when nothing does.
	why string
	// found is what was wrong, in the proposal's own words or as a code.
	found string
}

func repaired(found ...string) ruling { return ruling{found: strings.Join(found, "; ")} }

func blocked(why string, found ...string) ruling {
	return ruling{why: why, found: strings.Join(found, "; ")}
}

// finding is a ruling that blocks, as the model hears of it.
type finding struct{ Why, Found string }

// guards are all guards, in the order in which they are asked. Each sees what
// the ones before it left, blocked or not, so that the model hears of
// everything at once.
func (o *Otto) guards() []guard {
	return []guard{
		{guardForm, o.form},
		{guardLegality, o.legality},
		{guardPersonal, o.personal},
		{guardClaims, o.claims},
		{guardPromise, o.promise},
		{guardAction, o.action},
		{guardRepetition, o.repetition},
		{guardHours, o.hours},
		{guardContinuation, o.continuation},
	}
}

// review asks every guard. findings are those that block.
func (o *Otto) review(s *scene, p *proposal) (verdicts []conversation.Verdict, findings []finding) {
	p.reply, p.target = p.draft.asWritten(), p.draft.NextState
	if field := p.draft.AskedField; field != nil {
		p.asked = *field
	}
	if !guarded {
		o.form(s, p)
		return nil, nil
	}
	for _, g := range o.guards() {
		if o.without[g.name] {
			continue
		}
		r := g.check(s, p)
		verdicts = append(verdicts, conversation.Verdict{Guard: g.name, OK: r.why == "", Found: r.found})
		if r.why != "" {
			findings = append(findings, finding{r.why, r.found})
		}
	}
	return verdicts, findings
}
