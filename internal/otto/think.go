package otto

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pyloto/atende/internal/claim"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// OutcomeOutage is how a second call ended that brought no answer at all. The
// first such call is an error instead.
const OutcomeOutage Outcome = "outage"

// think asks the model, once more if what it said cannot be used, and gives
// the safe sentence if that cannot be used either.
func (o *Otto) think(ctx context.Context, s *scene) (Decision, error) {
	prompt, err := o.prompt(s)
	if err != nil {
		return Decision{}, err
	}
	took := conversation.Model{Fingerprint: prompt.Fingerprint}
	var verdicts []conversation.Verdict
	var last proposal // of those that were blocked
	var why []finding // it was
	for try := range 2 {
		completion, err := o.model.Complete(ctx, prompt)
		took.Calls++
		took.Answers = append(took.Answers, conversation.ModelAnswer{
			Fingerprint: prompt.Fingerprint, Outcome: string(completion.Outcome), Text: pii.Text(completion.Text),
		})
		if err != nil {
			if try == 0 || ctx.Err() != nil {
				return Decision{}, fmt.Errorf("ask the model: %w", err)
			}
			// The model was there a moment ago: the answer is not put off
			// for a better one.
			took.Outcomes = append(took.Outcomes, string(OutcomeOutage))
			break
		}
		took.Name = completion.Model
		took.TokensIn += completion.TokensIn
		took.TokensOut += completion.TokensOut
		took.TokensCached += completion.TokensCached
		took.CostMicroUSD += completion.CostMicroUSD

		d, outcome := read(completion)
		took.Outcomes = append(took.Outcomes, string(outcome))
		findings := []finding{{Why: string(outcome)}}
		if outcome == OutcomeOK {
			o.learn(s, d.CardUpdates)
			p := proposal{draft: d}
			var said []conversation.Verdict
			said, findings = o.review(s, &p)
			verdicts = append(verdicts, said...)
			if len(findings) == 0 || !guarded {
				return o.settle(s, answer{
					route: conversation.RouteModel, reply: &p.reply,
					event: conversation.EventDecision, target: p.target, handoff: p.handoff,
					verdicts: verdicts, model: took, reasons: o.reasons(d), booking: p.booking, asked: p.asked,
				}), nil
			}
			last, why = p, findings
		}
		if prompt, err = o.again(s, prompt, completion.Text, findings); err != nil {
			return Decision{}, err
		}
	}
	a := o.safely(s, last, why)
	a.verdicts, a.model, a.refused = verdicts, took, last.refused
	return o.settle(s, a), nil
}

// reasons are what a draft says it rests on, as far as the pack knows it.
func (o *Otto) reasons(d draft) conversation.Reasons {
	r := conversation.Reasons{Intent: d.IntentScore, Confidence: d.AnswerConfidence}
	for _, id := range d.Facts {
		if o.index.facts[id] && !slices.Contains(r.Facts, id) {
			r.Facts = append(r.Facts, id)
		}
	}
	return r
}

// patience is how many turns in a row may end without anything true to say
// before a person is asked for.
const patience = 2

// safely answers when what the model said cannot be sent. A person is asked for
// when one was wanted anyway, or when the truth is out of reach again and again;
// never because of how something was said.
func (o *Otto) safely(s *scene, last proposal, why []finding) answer {
	if last.handoff != "" {
		a := o.handoff(s, last.handoff)
		a.route = conversation.RouteSafe
		return a
	}
	text, unsure := o.pack.Sentences.Safe, 0
	for _, f := range why {
		switch f.Why {
		case guardClaims, guardPromise, guardPersonal, guardAction:
			text, unsure = o.pack.Sentences.SafeFacts, s.request.Conversation.Session.Unsure+1
		}
	}
	if unsure >= patience {
		a := o.handoff(s, HandoffOutside)
		a.route = conversation.RouteSafe
		return a
	}
	asked := ""
	if last.trouble != "" {
		text, asked = o.sorry(s, last.trouble), conversation.FieldMeeting
	}
	reply := plain(o.fill(s, text))
	return answer{
		route: conversation.RouteSafe, reply: &reply, event: conversation.EventInbound,
		fallbacks: s.request.Conversation.Session.Fallbacks, unsure: unsure, asked: asked,
	}
}

// read makes a draft of a completion, or says why there is none.
func read(c Completion) (draft, Outcome) {
	switch c.Outcome {
	case OutcomeRefusal, OutcomeLength, OutcomeFilter, OutcomeEmpty:
		return draft{}, c.Outcome
	}
	if strings.TrimSpace(c.Text) == "" {
		return draft{}, OutcomeEmpty
	}
	d, err := decodeDraft([]byte(c.Text))
	if err != nil || c.Outcome != OutcomeOK {
		return draft{}, OutcomeInvalid
	}
	return d, OutcomeOK
}

// Confidence in a value of the card: the lead's words say it, or mean it.
const (
	confidenceSaid  = 1.0
	confidenceMeant = 0.7
	// confidenceHeard is the share of it that is left when they were said and not
	// written: whoever transcribed them may have misheard.
	confidenceHeard = 0.6
)

// claimed reports whether the lead's message claims whatever the words do that a
// model quotes from it: "20 %" is not "20 pessoas".
func (o *Otto) claimed(s *scene, u utterance, words string) bool {
	return len((claim.Known{}).With(claim.OriginLead, s.now, u.text).Unsupported(words, s.now)) == 0
}

// learn puts on the card what the lead told in this turn. An update whose
// words the lead did not write is the model's invention and is dropped alone.
func (o *Otto) learn(s *scene, updates []cardUpdate) {
	for _, update := range updates {
		words, value := Fold(update.Words), Fold(update.Value)
		for _, u := range s.said {
			if !mentions(u.folded, words) || !o.claimed(s, u, update.Words) {
				continue
			}
			v := conversation.Value{
				Value: pii.Text(update.Value), Words: pii.Text(update.Words), Message: u.id, Confidence: confidenceMeant,
			}
			if mentions(words, value) {
				v.Confidence = confidenceSaid
			}
			_, vertical := o.index.verticals[update.Value]
			if update.Field == conversation.FieldInterest && !vertical ||
				update.Field == conversation.FieldEmail && v.Confidence != confidenceSaid ||
				s.fresh[update.Field] && s.card[update.Field].Confidence > v.Confidence {
				break
			}
			if s.put(update.Field, v) && update.Field == conversation.FieldInterest {
				s.choose(update.Value, weightWord)
			}
			break
		}
	}
}
