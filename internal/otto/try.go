package otto

import (
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// Trial is a sentence that somebody wants to know about: what the guards would
// say if a model had drafted it.
type Trial struct {
	Text string
	// Facts are ids of facts that the text relies on. Naming one allows nothing:
	// the guards know all facts that hold at Now.
	Facts []string
	// LeadSaid is what the lead wrote, oldest first.
	LeadSaid []string
	// State is where the conversation stands and Next where it is to go; empty
	// is triage, and staying.
	State, Next conversation.State
	Now         time.Time
	// Card is what is known of the lead; the interest on it is the lead's.
	Card conversation.Card
	// Slots are times on offer, instead of those that the hours of the business
	// make, which nil stands for; empty is none.
	Slots []time.Time
	// Handoff, Appointment and FollowUp are the records that would be made.
	Handoff, Appointment, FollowUp bool
}

// Try says what the guards say of a sentence, one verdict a guard, in their
// order. Unlike in a conversation nothing is completed or asked for once more:
// what is missing is a verdict. What a guard repairs, such as a text that is too
// long, is allowed, and the verdict says what it found.
func (o *Otto) Try(t Trial) []conversation.Verdict {
	if t.State == "" {
		t.State = conversation.Triage
	}
	if t.Next == "" {
		t.Next = t.State
		if t.Next == conversation.Initial {
			t.Next = conversation.Triage
		}
	}
	c := conversation.New("", "", conversation.Identity{})
	c.Session.State, c.Session.Since, c.Card = t.State, t.Now, t.Card
	c.Session.Interest = t.Card[conversation.FieldInterest].Value.Reveal()
	r := Request{Conversation: c, Now: t.Now}
	for _, said := range t.LeadSaid {
		r.Messages = append(r.Messages, conversation.Inbound{
			Kind: conversation.KindText, Text: pii.Text(said), SentAt: t.Now, ReceivedAt: t.Now,
		})
	}
	s := o.begin(r)
	o.interested(s, o.recognise(s).chosen)
	if t.Slots != nil {
		s.slots = nil
		for _, slot := range t.Slots {
			s.slots = append(s.slots, slot.In(o.pack.Location))
		}
	}
	if s.base != t.State && t.Next == t.State {
		t.Next = s.base
	}
	p := proposal{
		draft: draft{
			ResponseText: t.Text, NextState: t.Next, MessageType: conversation.ReplyText,
			Facts: slices.Clone(t.Facts), AnswerConfidence: 1,
		},
		strict: true, followUp: t.FollowUp,
	}
	if t.Handoff {
		p.handoff = HandoffRequested
	}
	if t.Appointment {
		p.booking = t.Now
	}
	verdicts, _ := o.review(s, &p)
	return verdicts
}
