package otto

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// maxSaid bounds what is read of one message, in characters: WhatsApp's own
// limit for a text.
const maxSaid = 4096

// maxQuoted bounds how much of a quoted message is repeated, in characters.
const maxQuoted = 200

// scene is one request being answered.
type scene struct {
	request Request
	now     time.Time // in the business's zone
	// from is the state as stored; base is where the messages take it before
	// anything is decided.
	from, base conversation.State
	said       []utterance
	interest   string
	interests  []conversation.Interest
	card       conversation.Card
	fresh      map[string]bool // fields of the card that this turn filled
	// slots are times on offer for a meeting; moment is the one that the lead
	// asks for in this turn, and trouble why it cannot be.
	slots   []time.Time
	moment  when.Moment
	trouble trouble
	// form is the newest form that came back in this turn; nil when none did.
	form *returned
	// unconfirmed are the fields of the card that were heard in an audio and wait
	// for a yes; agreed are those that just got it, and denied says that they got
	// a no. repeated are those that a reply repeats.
	unconfirmed, agreed, repeated []string
	denied                        bool
	// sees: there is a model that can look at files.
	sees bool
	// optedOut is since when the lead wants no messages unasked for.
	optedOut time.Time
	// heard is what the conversation supports, once somebody asked.
	heard *heardClaims
}

// utterance is one message as Otto hears it.
type utterance struct {
	id   conversation.MessageID
	kind conversation.Kind
	tap  string
	// text is what the lead wrote, said or chose, cleaned; empty when nothing can
	// be read. folded is the same for comparing.
	text, folded string
	// outcome is what became of looking at its file; empty when nobody looked.
	outcome conversation.Perception
	// file is what a model can look at, and digest its name; the file is gone when
	// the turn is replayed.
	file   *conversation.File
	digest string
	// corrects: it replaces what the lead wrote before.
	corrects bool
	// quoted is what the lead answers, where they answer one message.
	quoted string
}

// unread reports whether all there is to the message cannot be read.
func (u utterance) unread() bool { return u.text == "" && !readable(u.kind) }

// spoken reports whether the text was said and not written.
func (u utterance) spoken() bool { return u.kind == conversation.KindAudio && u.text != "" }

// seen reports whether a model can look at the message's file.
func (u utterance) seen() bool {
	return u.outcome == conversation.Understood && u.kind.Perceptible() && u.kind != conversation.KindAudio
}

// shown reports whether the text stands for something that was shown and not
// said: it takes a model to make anything of it.
func (u utterance) shown() bool {
	return u.text != "" &&
		(u.kind == conversation.KindLocation || u.kind == conversation.KindContacts || u.kind == conversation.KindOrder)
}

// askedFor reports whether a thing that was shown answers what Otto asked, and a
// model can make something of it. Otherwise it is remembered, and asked what it
// is for.
func (o *Otto) askedFor(s *scene, u utterance) bool {
	return s.sees && u.kind == conversation.KindLocation && s.request.Conversation.Session.Asked == conversation.FieldLocation
}

// readable reports whether the whole content of a kind is its text.
func readable(k conversation.Kind) bool {
	return k == conversation.KindText || k == conversation.KindTap
}

func (o *Otto) begin(r Request) *scene {
	session := r.Conversation.Session
	s := &scene{
		request:  r,
		now:      r.Now.In(o.pack.Location),
		from:     session.State,
		interest: session.Interest,
		card:     maps.Clone(r.Conversation.Card),
		fresh:    map[string]bool{},
		optedOut: session.OptedOut,

		unconfirmed: slices.Clone(session.Unconfirmed),
	}
	if !s.from.Known() {
		s.from = conversation.Initial
	}
	s.base = conversation.Step(s.from, conversation.EventInbound, conversation.StepInput{
		Since: session.Since, At: r.Now, Interest: s.interest != "",
	}).To
	for _, m := range r.Messages {
		switch {
		case m.Kind.Answerable():
			s.said = append(s.said, hear(m))
		case m.ToNewest:
			if u, ok := o.reaction(s, m); ok {
				s.said = append(s.said, u)
			}
		}
	}
	s.slots = o.slots(s.now)
	o.read(s)
	o.meet(s)
	o.receive(s)
	o.confirm(s)
	return s
}

func hear(m conversation.Inbound) utterance {
	u := utterance{
		id: m.ID, kind: m.Kind, tap: m.TapID, corrects: m.Note == conversation.NoteCorrection,
		quoted: oneLine(head(clean(m.Quoted.Reveal()), maxQuoted)),
	}
	// An oversized message is known by its beginning only: half a question
	// must not be answered as if it were one.
	if m.Kind != conversation.KindOversized && m.Kind != conversation.KindUnsupported {
		u.text = clean(head(m.Text.Reveal(), maxSaid))
	}
	if p := m.Perceived; p != nil && m.Kind.Perceptible() {
		u.outcome, u.file, u.digest = p.Outcome, p.File, p.SHA256
		if m.Kind == conversation.KindAudio && p.Outcome == conversation.Understood {
			if u.text = clean(head(p.Text.Reveal(), maxSaid)); u.text == "" {
				u.outcome = conversation.Unclear
			}
		}
	}
	u.folded = Fold(u.text)
	return u
}

// answer is what was decided for a scene, before it is settled.
type answer struct {
	route conversation.Route
	reply *conversation.Reply
	// event and target are the move; handoff overrules both.
	event    conversation.Event
	target   conversation.State
	handoff  string
	refused  conversation.Refusal
	verdicts []conversation.Verdict
	model    conversation.Model
	reasons  conversation.Reasons
	// booking is the meeting that is noted, asked the card's field that the
	// reply asks for.
	booking time.Time
	asked   string
	// record is the id of that meeting's record; empty when any will do.
	record string
	// fallbacks becomes the session's count of turns without a model, unsure
	// that of turns in which nothing true could be said.
	fallbacks, unsure int
	// calmed: the lead was asked to slow down.
	calmed bool
}

// quiet gives no answer and moves nothing.
func (o *Otto) quiet(s *scene, route conversation.Route, event conversation.Event) answer {
	return answer{route: route, event: event, fallbacks: s.request.Conversation.Session.Fallbacks}
}

// settle takes the step and remembers what was said.
func (o *Otto) settle(s *scene, a answer) Decision {
	o.complete(s, &a)
	session := s.request.Conversation.Session
	at := s.request.Now
	session.State = s.from
	session.Transitions = slices.Clone(session.Transitions)
	if s.base != s.from {
		session.Enter(conversation.Transition{From: s.from, To: s.base, Event: conversation.EventInbound, At: at})
	}
	event, in := a.event, conversation.StepInput{
		Target: a.target, Since: session.Since, At: at, Interest: s.interest != "", FollowUp: !a.booking.IsZero(),
	}
	if a.handoff != "" {
		event, in.Handoff = conversation.EventHandoffRequested, true
	}
	step := take(s.base, event, in)
	if step.To != s.base {
		session.Enter(conversation.Transition{From: s.base, To: step.To, Event: event, At: at})
	}
	if in.FollowUp && step.To != conversation.ScheduledFollowup {
		// A meeting was agreed before the conversation had come that far.
		in.Target = conversation.ScheduledFollowup
		if further := take(step.To, event, in); further.Refused == "" {
			session.Enter(conversation.Transition{From: step.To, To: further.To, Event: event, At: at})
			step = further
		}
	}
	if session.Since.IsZero() {
		session.Since = at
	}
	if a.refused == "" {
		a.refused = step.Refused
	}
	session.Interest, session.Interests = s.interest, s.interests
	session.Fallbacks, session.Unsure = a.fallbacks, a.unsure
	session.OptedOut, session.Unconfirmed = s.optedOut, s.unconfirmed
	if len(s.said) > 0 {
		session.Tempo = tempo(s)
	}
	if a.reply != nil {
		o.offerForm(s, &a)
		session.Asked = a.asked
		if a.asked == conversation.FieldMeeting {
			session.Invited = session.Turns + 1
		}
	}
	if a.calmed {
		session.Calmed = at
	}
	if !a.booking.IsZero() {
		session.Booked = a.booking
	}
	session.Turns++
	session.LastAt = at
	session.Remember(o.lines(s, a.reply)...)

	d := Decision{
		Route:    a.route,
		Session:  session,
		Card:     s.card,
		From:     s.from,
		To:       step.To,
		Event:    event,
		Refused:  string(a.refused),
		Verdicts: a.verdicts,
		Model:    a.model,
		Reasons:  a.reasons,
		Handoff:  a.handoff,

		Appointment: a.booking, AppointmentID: a.record,
	}
	d.Reasons.Asked = a.asked
	if a.reply != nil {
		d.Replies = []conversation.Reply{*a.reply}
	}
	if d.Handoff != "" || !d.Appointment.IsZero() {
		d.Briefing = o.Briefing(s.request, d)
	}
	return d
}

// take is a step of the state machine, or of a state machine that refuses
// nothing.
func take(from conversation.State, event conversation.Event, in conversation.StepInput) conversation.StepResult {
	if !guarded && event == conversation.EventDecision {
		return conversation.StepResult{To: in.Target}
	}
	return conversation.Step(from, event, in)
}

// lines are what a turn adds to the memory of a conversation.
func (o *Otto) lines(s *scene, reply *conversation.Reply) []conversation.Line {
	var lines []conversation.Line
	for _, m := range s.request.Messages {
		if m.Note == conversation.NoteOurs {
			continue // It was remembered when it was said.
		}
		line := conversation.Line{Who: conversation.Lead, At: m.SentAt, Message: m.ID}
		if line.At.IsZero() {
			line.At = s.request.Now
		}
		if m.Kind == conversation.KindEcho {
			line.Who = conversation.Person
		}
		u := hear(m)
		if i := slices.IndexFunc(s.said, func(said utterance) bool { return said.id == m.ID }); i >= 0 {
			u = s.said[i]
		}
		if text := o.mask(o.words.line(u), s.now); text != "" {
			line.Text = pii.Text(text)
			lines = append(lines, line)
		}
	}
	if reply != nil {
		lines = append(lines, conversation.Line{Who: conversation.Otto, Text: pii.Text(o.mask(spoken(*reply).Reveal(), s.now)), At: s.request.Now})
	}
	return lines
}

// spoken is a reply as Otto remembers it: with the choices he offered.
func spoken(r conversation.Reply) pii.Text {
	text := r.Text.Reveal()
	if r.Form != nil {
		text += " [" + r.Form.Label + "]"
	}
	if len(r.Options) > 0 {
		titles := make([]string, 0, len(r.Options))
		for _, option := range r.Options {
			titles = append(titles, option.Title)
		}
		text += " [" + strings.Join(titles, " | ") + "]"
	}
	return pii.Text(text)
}
