package otto

import (
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// Office is what the appointment form must know of the business. A business
// without an address of its own meets nobody in person.
func (p Pack) Office() flow.Office {
	o := flow.Office{
		Modes: []string{"online"},
		Starts: func(now time.Time) []time.Time {
			return slices.Collect(p.starts(now.In(p.Location)))
		},
	}
	if p.Contacts.Address != "" {
		o.Modes = []string{"presencial", "online"}
	}
	if p.Meetings.Offered {
		for _, v := range p.Verticals {
			o.Topics = append(o.Topics, flow.Option{ID: v.ID, Title: v.Name})
		}
	}
	return o
}

// FormAppointment is the id of the appointment that a message asks for by a form
// that was sent in some conversation; empty for any other message. Whether the
// record exists is to be told to the request as Noted.
func (o *Otto) FormAppointment(m conversation.Inbound) string {
	if pass, _, ok := o.readForm(m); ok {
		return pass.Appointment
	}
	return ""
}

// readForm reads the form of a message; ok is false when there is none, or nobody
// of ours sent it.
func (o *Otto) readForm(m conversation.Inbound) (pass flow.Pass, filled flow.Filled, ok bool) {
	if m.Kind != conversation.KindFlow || o.key == nil {
		return flow.Pass{}, flow.Filled{}, false
	}
	if filled, ok = flow.ReadFilled(m.Form); !ok {
		return flow.Pass{}, flow.Filled{}, false
	}
	pass, ok = flow.Read(o.key, filled.Token)
	return pass, filled, ok
}

// offersForm reports whether a form can be offered now.
func (o *Otto) offersForm(s *scene) bool {
	return o.key != nil && o.pack.Meetings.Flow.ID != "" && len(s.slots) > 0 && s.request.Conversation.ID != ""
}

// offerForm puts the form beside an answer that asks when to meet. Its text says
// all that is needed where no form can be shown.
func (o *Otto) offerForm(s *scene, a *answer) {
	if a.asked != conversation.FieldMeeting || a.reply.Kind != conversation.ReplyText || a.handoff != "" || !a.booking.IsZero() || !o.offersForm(s) {
		return
	}
	reply := *a.reply
	reply.Kind, reply.Form = conversation.ReplyFlow, &conversation.FormOffer{
		Flow: o.pack.Meetings.Flow.ID, Label: o.pack.Meetings.Flow.Label,
		Token: flow.Mint(o.key, s.request.Conversation.ID, s.request.Now),
	}
	a.reply = &reply
}

// returned is a form that came back.
type returned struct {
	fate formFate
	// message brought it, and topic is the vertical that it chose; empty when it
	// chose none.
	message conversation.MessageID
	topic   string
	// at is the meeting that it asks for, and appointment the id of its record.
	at          time.Time
	appointment string
	trouble     trouble
}

// formFate is what there is to say about a form.
type formFate uint8

const (
	formGood  formFate = iota
	formStale          // it holds no more, or was never this conversation's
	formNoted          // it came back before
)

// receive takes in the forms among the messages: what they tell goes on the card
// and the newest is answered. Of a form that holds no more nothing is believed,
// and one that nobody can read is like any other message of that kind.
func (o *Otto) receive(s *scene) {
	if o.key == nil || o.pack.Meetings.Flow.ID == "" {
		return
	}
	for _, m := range s.request.Messages {
		if m.Kind != conversation.KindFlow {
			continue
		}
		filled, readable := flow.ReadFilled(m.Form)
		if !readable {
			continue
		}
		pass, ours := flow.Read(o.key, filled.Token)
		switch {
		case !ours, !pass.Returns(s.request.Now), !o.known(s, m, pass.Conversation):
			s.form = &returned{fate: formStale}
		case slices.Contains(s.request.Noted, pass.Appointment):
			s.form = &returned{fate: formNoted}
		default:
			s.form = o.fillIn(s, m, filled)
			s.form.appointment = pass.Appointment
		}
	}
}

// known reports whether a conversation is the one that a message came in, by any
// of the names the person has or had.
func (o *Otto) known(s *scene, m conversation.Inbound, id conversation.ID) bool {
	conv := s.request.Conversation
	return id == conv.ID || slices.Contains(m.From.Conversations(o.key, m.Number), id) ||
		slices.Contains(conv.Session.Person.Conversations(o.key, conv.Number), id)
}

// fillIn puts on the card what a form tells. The meeting is looked at once more: a
// phone may send what it likes, and hours pass.
func (o *Otto) fillIn(s *scene, m conversation.Inbound, filled flow.Filled) *returned {
	r := &returned{message: m.ID, trouble: troubleVague}
	said := func(field, value string) {
		text := pii.Text(clean(value))
		s.put(field, conversation.Value{Value: text, Words: text, Message: m.ID, Confidence: confidenceSaid})
	}
	for field, value := range filled.Card() {
		said(field, value)
	}
	if _, vertical := o.index.verticals[filled.Topic()]; vertical {
		said(conversation.FieldInterest, filled.Topic())
		r.topic = filled.Topic()
	}
	at, ok := filled.Start(o.pack.Location)
	if !ok {
		return r
	}
	r.at, r.trouble = at, o.troubleAt(s.now, at)
	if r.trouble == troubleSoon {
		r.trouble = "" // It was soon enough when the form was filled in.
	}
	if at.After(s.now.AddDate(0, 0, o.pack.Meetings.Days)) {
		r.trouble = troubleClosed // No form offers it.
	}
	if r.trouble == "" {
		said(conversation.FieldMeeting, when.SayMoment(at))
		said(conversation.FieldMeetingAt, at.Format(time.RFC3339))
	}
	return r
}

// answerForm answers the newest form of the turn: the meeting is noted under the
// form's own id, or the lead is told why not.
func (o *Otto) answerForm(s *scene) answer {
	switch f := s.form; {
	case f.fate == formStale:
		a := o.reply(s, conversation.RouteFixed, plain(o.pack.Sentences.FormStale))
		a.asked = conversation.FieldMeeting
		return a
	case f.fate == formNoted:
		return o.reply(s, conversation.RouteFixed, plain(o.pack.Sentences.FormNoted))
	case f.trouble != "":
		a := o.reply(s, conversation.RouteFixed, plain(o.sorry(s, f.trouble)))
		a.asked = conversation.FieldMeeting
		return a
	default:
		a := o.book(s, f.at)
		a.record = f.appointment
		return a
	}
}
