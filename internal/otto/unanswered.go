package otto

import (
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// answerWithin is how long the team may take where the pack does not say.
const answerWithin = 30 * time.Minute

// HandoffUnanswered is why the team is told of a handoff again.
const HandoffUnanswered = "unanswered"

// AnswerBy is when the n-th limit for answering a handoff passes, counted from
// the moment given in business hours: each limit is twice as long as the one
// before it. The first is n = 1.
func (o *Otto) AnswerBy(from time.Time, n int) time.Time {
	within := o.pack.AnswerWithin
	if within <= 0 {
		within = answerWithin
	}
	return o.pack.Hours.Deadline(from.In(o.pack.Location), within<<(n-1)).UTC().Round(0)
}

// Unanswered is for a handoff whose limit has passed. The lead is told the
// truth, also one who wants no messages: it was asked for; unless tell is false
// or the pack has no words for it. Nothing moves. The briefing is for the team,
// which is told again.
func (o *Otto) Unanswered(r Request, tell bool) Decision {
	d := timePassed(r, conversation.EventHandoffUnanswered)
	reminder := d
	reminder.Handoff = HandoffUnanswered
	d.Briefing = o.Briefing(r, reminder)
	text := o.unanswered(r.Now.In(o.pack.Location))
	if !tell || text == "" {
		return d
	}
	reply := plain(text)
	d.Replies = []conversation.Reply{reply}
	d.Session.Remember(conversation.Line{Who: conversation.Otto, Text: reply.Text, At: r.Now})
	return d
}

// unanswered is what a lead is told at a time of the business's zone; empty when
// there is nothing true to say.
func (o *Otto) unanswered(now time.Time) string {
	sentence := o.pack.Sentences.UnansweredClosed
	if o.pack.Hours.Open(now) {
		sentence = o.pack.Sentences.Unanswered
	}
	if !strings.Contains(sentence, backMark) {
		return sentence
	}
	again, ok := o.pack.Hours.NextOpen(now)
	if !ok {
		return ""
	}
	return strings.ReplaceAll(sentence, backMark, o.words.back(now, again))
}

// backMark stands in a sentence for when somebody is there again.
const backMark = "{volta}"

// Inactive ends the session of a conversation in which nothing happens any more.
// Nothing is said. A conversation that moved on stays as it is, and the decision
// says why it was refused.
func Inactive(r Request) Decision { return timePassed(r, conversation.EventInactivity) }

// Released gives a conversation back to Otto. Nothing is said.
func Released(r Request) Decision { return timePassed(r, conversation.EventReleased) }

// Accepted is for a person who takes a conversation that was handed off. Nothing
// is said, and the conversation stays where it is.
func Accepted(r Request) Decision { return timePassed(r, conversation.EventNoted) }

// timePassed takes a step that no message asks for.
func timePassed(r Request, event conversation.Event) Decision {
	session := r.Conversation.Session
	session.Transitions = slices.Clone(session.Transitions)
	session.History = slices.Clone(session.History)
	step := conversation.Step(session.State, event, conversation.StepInput{
		Since: session.Since, At: r.Now, Interest: session.Interest != "",
	})
	d := Decision{
		Route: conversation.RouteTimer, Card: r.Conversation.Card,
		From: session.State, To: step.To, Event: event, Refused: string(step.Refused),
	}
	if step.To != session.State {
		session.Enter(conversation.Transition{From: session.State, To: step.To, Event: event, At: r.Now})
	}
	session.LastAt = r.Now
	d.Session = session
	return d
}
