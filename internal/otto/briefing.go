package otto

import (
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

const (
	// briefLines is how many of the last lines a briefing quotes, and briefRunes
	// how much of each, in characters.
	briefLines = 8
	briefRunes = 280
)

// Briefing is for the person who takes over or confirms a meeting: who the lead
// is and what they want, what is known of them, and what was said and promised
// last. It reads a decision that is otherwise complete.
func (o *Otto) Briefing(r Request, d Decision) pii.Text {
	type field struct {
		Name, Value string
		Heard       bool // in an audio, and waits for the lead's yes
	}
	type line struct{ Who, Text string }
	page := struct {
		Who, Interest, Reason, Meeting string
		Card                           []field
		Said                           []line
	}{Reason: d.Handoff, Who: briefName(r, d), Interest: o.verticalName(d.Session.Interest)}
	if !d.Appointment.IsZero() {
		page.Meeting = when.SayMoment(d.Appointment.In(o.pack.Location))
	}
	for _, name := range conversation.CardFields() {
		if v, known := d.Card[name]; known {
			value := briefly(v.Value.Reveal())
			switch name {
			case conversation.FieldInterest:
				value = o.verticalName(value)
			case conversation.FieldMeetingAt:
				if at, err := time.Parse(time.RFC3339, value); err == nil {
					value = when.SayMoment(at.In(o.pack.Location))
				}
			}
			page.Card = append(page.Card, field{name, value, slices.Contains(d.Session.Unconfirmed, name)})
		}
	}
	for _, l := range d.Session.History[max(0, len(d.Session.History)-briefLines):] {
		page.Said = append(page.Said, line{string(l.Who), briefly(l.Text.Reveal())})
	}
	return pii.Text(o.words.brief(page))
}

// briefName is how the lead is called: as they said, else as their profile does.
func briefName(r Request, d Decision) string {
	if v, known := d.Card["full_name"]; known {
		return briefly(v.Value.Reveal())
	}
	person := r.Conversation.Session.Person
	for _, m := range slices.Backward(r.Messages) {
		if m.From.Name != "" {
			person.Name = m.From.Name
			break
		}
	}
	return briefly(person.Name.Reveal())
}

// verticalName is a line of business as people call it.
func (o *Otto) verticalName(id string) string {
	for _, v := range o.pack.Verticals {
		if v.ID == id {
			return v.Name
		}
	}
	return id
}

// briefly is text of anybody that cannot pass for a line of its own.
func briefly(text string) string {
	return shorten(strings.Join(strings.Fields(clean(text)), " "), briefRunes)
}
