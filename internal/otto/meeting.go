package otto

import (
	"iter"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// Bounds of the times that are on offer at once.
const (
	maxSlots    = 6
	slotsPerDay = 3
)

// slots are times on offer for a meeting, the next ones first.
func (o *Otto) slots(now time.Time) []time.Time {
	var slots []time.Time
	day, last := 0, ""
	for at := range o.pack.starts(now) {
		if date := at.Format(time.DateOnly); date != last {
			day, last = 0, date
		}
		if day++; day > slotsPerDay {
			continue
		}
		if slots = append(slots, at); len(slots) == maxSlots {
			break
		}
	}
	return slots
}

// starts are all moments at which a meeting may begin, seen from a moment of the
// business's zone, in order.
func (p Pack) starts(now time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		m := p.Meetings
		if !m.Offered || m.Every <= 0 {
			return
		}
		limit := now.AddDate(0, 0, m.Days)
		for _, span := range p.Hours.ahead(now) {
			for at := span.from; at.Before(span.to) && at.Before(limit); at = at.Add(m.Every) {
				if !at.Before(now.Add(m.Notice)) && !yield(at) {
					return
				}
			}
		}
	}
}

// trouble is why a meeting cannot be at a moment; the zero value is none.
type trouble string

const (
	troubleClosed trouble = "closed"
	troublePast   trouble = "past"
	troubleSoon   trouble = "soon"
	troubleVague  trouble = "vague"
)

// troubleAt says what is wrong with a meeting at a moment of the business's
// zone.
func (o *Otto) troubleAt(now, at time.Time) trouble {
	switch {
	case at.Before(now):
		return troublePast
	case !o.pack.Hours.Open(at):
		return troubleClosed
	case at.Before(now.Add(o.pack.Meetings.Notice)):
		return troubleSoon
	default:
		return ""
	}
}

// sorry is what a lead is told of a moment that cannot be.
func (o *Otto) sorry(s *scene, why trouble) string {
	sentences := o.pack.Sentences
	text := map[trouble]string{
		troubleClosed: sentences.MeetingClosed, troublePast: sentences.MeetingPast,
		troubleSoon: sentences.MeetingSoon, troubleVague: sentences.MeetingVague,
	}[why]
	if text == "" || len(s.slots) == 0 {
		return sentences.Safe
	}
	return o.fill(s, text)
}

// wishLines is how many of the lead's last lines a wish to meet still counts in.
const wishLines = 2

// wishesMeeting reports whether the lead asks for a meeting, now or a moment ago.
func (o *Otto) wishesMeeting(s *scene) bool {
	for _, u := range s.said {
		if o.lexicon.has("wish", u.folded) {
			return true
		}
	}
	n := 0
	history := s.request.Conversation.Session.History
	for i := len(history) - 1; i >= 0 && n < wishLines; i-- {
		if history[i].Who != conversation.Lead {
			continue
		}
		if n++; o.lexicon.has("wish", Fold(history[i].Text.Reveal())) {
			return true
		}
	}
	return false
}

// aboutMeeting reports whether a message of this turn that names a moment is
// about a meeting: it says so, it answers what Otto last asked, or it says
// nothing else.
func (o *Otto) aboutMeeting(s *scene, u utterance, m when.Moment) bool {
	_, exact := m.At()
	return s.request.Conversation.Session.Asked == conversation.FieldMeeting || o.lexicon.has("meeting", u.folded) ||
		o.brief(u) && (exact || o.wishesMeeting(s))
}

// meet notes the moment that the lead asks for: on the card when it can be, as
// trouble when it cannot.
func (o *Otto) meet(s *scene) {
	if !o.pack.Meetings.Offered {
		return
	}
	for _, u := range s.said {
		m, ok := when.Read(u.text, s.now)
		if !ok || !o.aboutMeeting(s, u, m) {
			continue
		}
		words := pii.Text(strings.TrimSpace(u.text[m.Start:m.End]))
		s.moment, s.trouble = m, ""
		s.put(conversation.FieldMeeting, conversation.Value{Value: words, Words: words, Message: u.id, Confidence: confidenceSaid})
		at, exact := m.At()
		switch {
		case !exact:
			s.trouble = troubleVague
		default:
			s.trouble = o.troubleAt(s.now, at)
		}
		if s.trouble == "" {
			s.put(conversation.FieldMeetingAt, conversation.Value{
				Value: pii.Text(at.Format(time.RFC3339)), Words: words, Message: u.id, Confidence: confidenceSaid,
			})
		}
	}
}

// meetingAt is the moment that the lead asked for and that can be; zero when
// there is none.
func (s *scene) meetingAt() time.Time {
	at, err := time.Parse(time.RFC3339, s.card[conversation.FieldMeetingAt].Value.Reveal())
	if err != nil || at.Before(s.now) {
		return time.Time{}
	}
	return at.In(s.now.Location())
}

// booking is the meeting that is to be noted in this turn: the lead named a
// moment that can be, everything needed is known, and it is not noted yet.
func (o *Otto) booking(s *scene) time.Time {
	at := s.meetingAt()
	if !o.pack.Meetings.Offered || at.IsZero() || len(s.unconfirmed) > 0 || at.Equal(s.request.Conversation.Session.Booked) || o.troubleAt(s.now, at) != "" {
		return time.Time{}
	}
	for _, q := range o.pack.Meetings.Questions {
		if !s.knows(q.Field) {
			return time.Time{}
		}
	}
	return at
}
