package otto

import (
	"context"
	"fmt"
	"strings"

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
		findings := []string{string(outcome)}
		if outcome == OutcomeOK {
			o.learn(s, d.CardUpdates)
			p := proposal{draft: d}
			var said []conversation.Verdict
			said, findings = o.review(s, &p)
			verdicts = append(verdicts, said...)
			if len(findings) == 0 {
				return o.settle(s, answer{
					route: conversation.RouteModel, reply: &p.reply,
					event: conversation.EventDecision, target: p.target, handoff: p.handoff,
					verdicts: verdicts, model: took,
				}), nil
			}
			last = p
		}
		if prompt, err = o.again(prompt, completion.Text, findings); err != nil {
			return Decision{}, err
		}
	}
	if last.handoff != "" {
		// A person is still wanted: what was wrong was only how it was said.
		a := o.handoff(s, last.handoff)
		a.route, a.verdicts, a.model = conversation.RouteSafe, verdicts, took
		return o.settle(s, a), nil
	}
	reply := plain(o.pack.Sentences.Safe)
	return o.settle(s, answer{
		route: conversation.RouteSafe, reply: &reply, event: conversation.EventInbound, refused: last.refused,
		verdicts: verdicts, model: took, fallbacks: s.request.Conversation.Session.Fallbacks,
	}), nil
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
)

// learn puts on the card what the lead told in this turn. An update whose
// words the lead did not write is the model's invention and is dropped alone.
func (o *Otto) learn(s *scene, updates []cardUpdate) {
	for _, update := range updates {
		words, value := Fold(update.Words), Fold(update.Value)
		for _, u := range s.said {
			if !mentions(u.folded, words) {
				continue
			}
			v := conversation.Value{
				Value: pii.Text(update.Value), Words: pii.Text(update.Words), Message: u.id,
				Confidence: confidenceMeant, At: s.request.Now,
			}
			if mentions(words, value) {
				v.Confidence = confidenceSaid
			}
			_, vertical := o.index.verticals[update.Value]
			if update.Field == conversation.FieldInterest && !vertical ||
				update.Field == conversation.FieldEmail && v.Confidence != confidenceSaid {
				break
			}
			card, ok := s.card.With(update.Field, v)
			s.card = card
			if ok && update.Field == conversation.FieldInterest {
				s.interest = update.Value
			}
			break
		}
	}
}
