package otto

import "github.com/pyloto/atende/internal/conversation"

// knows reports whether the card holds a field.
func (s *scene) knows(field string) bool {
	if field == conversation.FieldInterest && s.interest != "" {
		return true
	}
	return s.card[field].Value != ""
}

// funnel is the funnel of the lead's interest, or the one for everybody else.
func (o *Otto) funnel(s *scene) Funnel {
	var general Funnel
	for _, f := range o.pack.Funnels {
		if f.Vertical == s.interest && s.interest != "" {
			return f
		}
		if f.Vertical == "" {
			general = f
		}
	}
	return general
}

// ready reports whether enough is known for a meeting to make sense.
func (o *Otto) ready(s *scene) bool {
	if !o.pack.Meetings.Offered {
		return false
	}
	if s.knows(conversation.FieldMeeting) {
		return true
	}
	if s.interest == "" && !s.knows(conversation.FieldNeed) {
		return false
	}
	known := 0
	ready := o.funnel(s).Ready
	for _, group := range ready.Of {
		for _, field := range group {
			if s.knows(field) {
				known++
				break
			}
		}
	}
	return known >= ready.AtLeast
}

// relevant reports whether a field is worth asking for: the funnel of the
// lead's interest asks for it, or no other one does.
func (o *Otto) relevant(s *scene, field string) bool {
	if s.interest == "" {
		return true
	}
	elsewhere := false
	mine := o.funnel(s)
	for _, f := range o.pack.Funnels {
		for _, q := range f.Questions {
			switch {
			case q.Field != field:
			case f.Vertical == mine.Vertical:
				return true
			case f.Vertical != "":
				elsewhere = true
			}
		}
	}
	return !elsewhere
}

// step is what Otto does next to lead a conversation on.
type step struct {
	question Question
	invite   bool
}

// next is the next step of the funnel. What was asked a moment ago and was not
// answered is not asked again at once. Without anything left there is none.
func (o *Otto) next(s *scene) (step, bool) {
	asked := s.request.Conversation.Session.Asked
	first := func(questions []Question) (step, bool) {
		for _, q := range questions {
			if !s.knows(q.Field) && q.Field != asked {
				return step{question: q}, true
			}
		}
		return step{}, false
	}
	if at := s.meetingAt(); !at.IsZero() && !at.Equal(s.request.Conversation.Session.Booked) {
		if q, ok := first(o.pack.Meetings.Questions); ok {
			return q, true
		}
	}
	booked := s.request.Conversation.Session.Booked.After(s.now)
	ready := o.ready(s) && asked != conversation.FieldMeeting && !s.invited() || o.wishesMeeting(s)
	if ready && !booked && len(s.slots) > 0 && s.meetingAt().IsZero() {
		return step{invite: true}, true
	}
	return first(o.funnel(s).Questions)
}

// inviteRest is how many answers of Otto's lie between two invitations to
// somebody who did not take the first one up.
const inviteRest = 4

// invited reports whether Otto proposed a meeting a moment ago, in whatever words.
func (s *scene) invited() bool {
	session := s.request.Conversation.Session
	return session.Invited > 0 && session.Turns-session.Invited < inviteRest
}

// said is what a step asks in words, and the field it asks for.
func (o *Otto) said(s *scene, st step) (text, field string) {
	if st.invite && o.offersForm(s) {
		return o.fill(s, o.pack.Sentences.InviteForm), conversation.FieldMeeting
	}
	if st.invite {
		return o.fill(s, o.pack.Sentences.Invite), conversation.FieldMeeting
	}
	return st.question.Text, st.question.Field
}

// choices are the options of a question, as buttons.
func (q Question) choices() []conversation.Option {
	options := make([]conversation.Option, 0, len(q.Choices))
	for _, c := range q.Choices {
		options = append(options, conversation.Option{ID: q.Field + "=" + c.Value, Title: c.Title})
	}
	return options
}
