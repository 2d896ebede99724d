package otto

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// Pack is one business as Otto knows it: plain data, made and read elsewhere,
// checked by [Pack.Validate]. It must not change once it was given to [New].
type Pack struct {
	// Hash names this exact content; it is part of the audit and of cache
	// keys.
	Hash string
	// Location is the business's time zone.
	Location *time.Location
	Hours    Hours

	Name      string // of the business
	Purpose   string // what the business does, in one sentence
	Assistant string // the name Otto goes by

	// Persona, Rules and Business are prompt text: how Otto speaks, what he
	// must and must not do, and the page about the business.
	Persona  string
	Rules    []string
	Business string

	Verticals []Vertical
	// Facts are everything Otto may say, of every [FactKind].
	Facts []Fact
	Fixed []FixedReply
	// Funnels hold one funnel a vertical, and one without a vertical for leads
	// whose interest is not known or has none of its own.
	Funnels  []Funnel
	Meetings Meetings
	Contacts Contacts
	// AnswerWithin is how long, in business hours, the team may take to answer
	// a handoff before the lead is told the truth.
	AnswerWithin time.Duration
	// Invitation is the template that asks a lead to write again when an answer came
	// too late for Meta's window; without a name there is none.
	Invitation conversation.Template
	// Promises are phrases of this business's trade that Otto never says, beyond
	// those he never says anyway; Competitors are names he compares nothing with.
	Promises    []string
	Competitors []string
	// Greetings are whole messages that only greet, such as "bom dia".
	Greetings []string
	// PersonTriggers are whole messages that ask for a person, beyond the
	// forms Otto understands anyway.
	PersonTriggers []string
	Sentences      Sentences
}

// Vertical is one line of business.
type Vertical struct {
	ID    string
	Name  string
	Offer string // one sentence
	// Keywords tell from a lead's words that this vertical is meant. They
	// match whole words, without regard to case and accents.
	Keywords []string
}

// Fact is one thing Otto may say. Vertical is empty for a fact about the
// business as a whole.
type Fact struct {
	ID       string
	Kind     FactKind
	Vertical string
	Text     string
	// Value is the figure that the text states, word for word, if it is about
	// one.
	Value string
	// When are words of a lead that call for a fact of any kind but a plain
	// one: whole words, without regard to case and accents. A case that is
	// called for by name of its kind alone is the one that is Default; each
	// vertical has at most one.
	When    []string
	Default bool
	// Source is where the business has it from, for people. A figure and a case
	// have one.
	Source string
	// ValidUntil is the last day on which it may be said, at midnight in the
	// business's zone; zero is for ever.
	ValidUntil time.Time
}

// FactKind is what a fact is good for.
type FactKind string

// The kinds of facts. All but the plain ones are said only when the lead's
// words call for them.
const (
	FactPlain     FactKind = ""
	FactFAQ       FactKind = "faq"
	FactObjection FactKind = "objection" // how to answer a doubt
	FactCase      FactKind = "case"
	FactROI       FactKind = "roi"
)

// Funnel is what has to be known of a lead before a meeting makes sense.
type Funnel struct {
	Vertical  string
	Questions []Question // the most important first
	// Ready is met when at least AtLeast of its groups are known; a group is
	// known when any of its card fields is.
	Ready Readiness
}

// Readiness is when a lead is ready for a meeting.
type Readiness struct {
	AtLeast int
	Of      [][]string
}

// Question asks for one field of the card.
type Question struct {
	Field string
	Text  string
	// Choices are answers to tap, at most three; none for an open question. A
	// tap's id is the field, "=" and the value.
	Choices []Choice
}

// Choice is one answer to tap.
type Choice struct{ Title, Value string }

// Meetings are how the business meets a lead.
type Meetings struct {
	// Offered: there are meetings at all.
	Offered bool
	// Notice is how far ahead a meeting must be, Days how many days ahead one is
	// offered, Every how far apart the times on offer are.
	Notice time.Duration
	Days   int
	Every  time.Duration
	// Flow is the WhatsApp Flow in which a lead may ask for one, if there is any.
	Flow Flow
	// Questions are asked, in order, before a meeting can be noted.
	Questions []Question
}

// Flow is a published WhatsApp Flow: the appointment form.
type Flow struct {
	// ID is Meta's; empty when there is none.
	ID string
	// Label is on the button that opens it, at most 20 characters, no emoji.
	Label string
}

// Contacts are the only ways to reach the business that Otto may name.
type Contacts struct {
	Emails  []string // lower case
	Hosts   []string // of its sites, lower case
	Phones  []string // digits with country code, without a plus sign
	Address string   // empty when the business names none
}

// FixedReply is answered word for word, without a model. It is found by a
// whole message that equals a trigger, by a command such as /saas, or by a
// tap on an option whose id is Key.
type FixedReply struct {
	Key      string
	Triggers []string
	Commands []string
	// Vertical becomes the lead's interest; empty leaves it alone.
	Vertical string
	Reply    conversation.Reply
}

// TapPerson is the id of an option that asks for a person. An option of the
// pack has this id, the Key of a fixed reply or the ID of a vertical.
const TapPerson = "person"

// What a sentence may leave to be filled in. Nothing else of a pack may hold
// braces.
const (
	// FillGreeting is the greeting of this hour, one of DayParts.
	FillGreeting = "{saudacao}"
	// FillReturn is when somebody is there again, such as "segunda-feira, às 9h".
	FillReturn = "{volta}"
	// FillMoment is the day and time of a meeting.
	FillMoment = "{quando}"
	// FillHeard is what was understood of an audio, as a list in a sentence.
	FillHeard = "{ouvido}"
	// FillTimes are times that are on offer, as a list in a sentence.
	FillTimes = "{horarios}"
)

// Sentences are what Otto says without a model. None is longer than
// [MaxText], also when what stands in braces is filled in; which of it a
// sentence may use is said with it.
type Sentences struct {
	// DayParts are how the business greets by morning, afternoon and night.
	DayParts [3]string
	// Greeting answers a first message that only greets. {saudacao}
	Greeting conversation.Reply
	// Menu answers when there is no model: it offers what works without one.
	Menu conversation.Reply
	// Safe answers when the model gave nothing usable, SafeFacts when what it
	// said is not known to be true.
	Safe      string
	SafeFacts string
	// Clarify asks what is meant when the lead's message can mean anything.
	Clarify string
	// Empty answers a message without a word in it, such as emoji alone.
	Empty string
	// Reaction answers an emoji on what Otto said last, which says neither yes nor
	// no to a question of his.
	Reaction string
	// OptOut confirms that no more messages come and says how to come back;
	// OptIn welcomes whoever does.
	OptOut, OptIn string
	// Flood asks somebody who writes too fast, or a machine, to slow down.
	Flood string
	// Invite proposes a meeting. {horarios} It and the sentences on meetings
	// may be missing when the business offers none.
	Invite string
	// InviteForm is Invite beside a button that opens the form. {horarios}
	// FormStale says that a form holds no more and that nothing was noted, and
	// FormNoted that it came back before and what it asked for is noted. They may
	// be missing when there is no form.
	InviteForm, FormStale, FormNoted string
	// A meeting that cannot be: MeetingClosed is outside business hours or on a
	// closed day, MeetingPast is over, MeetingSoon is too near, MeetingVague has
	// no hour or no day. {horarios}
	MeetingClosed, MeetingPast, MeetingSoon, MeetingVague string
	// MeetingNoted says that a meeting is noted and that the team confirms it.
	// {quando}
	MeetingNoted string
	// Unanswered tells a lead that nobody of the team has come yet, in business
	// hours and out of them. {volta}
	Unanswered, UnansweredClosed string
	// Handoff tells that a person was called, in business hours and out of
	// them. {volta}
	Handoff       string
	HandoffClosed string
	// HandoffOutage is the same when nobody asked for a person but Otto
	// cannot answer. {volta}
	HandoffOutage       string
	HandoffOutageClosed string
	// Heard repeats what was understood of an audio, HeardAsk asks whether that
	// is right. {ouvido} HeardYes is said to whoever says yes to that, HeardNo to
	// whoever says no.
	Heard, HeardAsk   string
	HeardYes, HeardNo string
	// Media answers the kinds of messages Otto cannot read; see [MediaKinds].
	Media map[conversation.Kind]string
	// Files answers a file that was looked at in vain, by what became of that;
	// see [Perceptions].
	Files map[conversation.Kind]map[conversation.Perception]string
	// ListLabel is on the button that opens a list, at most 20 characters.
	ListLabel string
}

// Sentence is one plain sentence of [Sentences].
type Sentence struct {
	// Name is the one it has in a pack's files.
	Name string
	Text *string
	// Fills are what it may leave to be filled in.
	Fills []string
	// Meeting: only a business that offers meetings needs it, and Form: only one
	// that has a form for them.
	Meeting, Form bool
}

// Plain are all sentences of s that are nothing but a text, to be read and
// written: those for kinds of media are in s.Media.
func (s *Sentences) Plain() []Sentence {
	back, times := []string{FillReturn}, []string{FillTimes}
	return []Sentence{
		{Name: "safe", Text: &s.Safe},
		{Name: "safe_facts", Text: &s.SafeFacts},
		{Name: "clarify", Text: &s.Clarify},
		{Name: "empty", Text: &s.Empty},
		{Name: "reaction", Text: &s.Reaction},
		{Name: "opt_out", Text: &s.OptOut},
		{Name: "opt_in", Text: &s.OptIn},
		{Name: "flood", Text: &s.Flood},
		{Name: "invite", Text: &s.Invite, Fills: times, Meeting: true},
		{Name: "invite_form", Text: &s.InviteForm, Fills: times, Meeting: true, Form: true},
		{Name: "form_stale", Text: &s.FormStale, Meeting: true, Form: true},
		{Name: "form_noted", Text: &s.FormNoted, Meeting: true, Form: true},
		{Name: "meeting_closed", Text: &s.MeetingClosed, Fills: times, Meeting: true},
		{Name: "meeting_past", Text: &s.MeetingPast, Fills: times, Meeting: true},
		{Name: "meeting_soon", Text: &s.MeetingSoon, Fills: times, Meeting: true},
		{Name: "meeting_vague", Text: &s.MeetingVague, Fills: times, Meeting: true},
		{Name: "meeting_noted", Text: &s.MeetingNoted, Fills: []string{FillMoment}, Meeting: true},
		{Name: "heard", Text: &s.Heard, Fills: []string{FillHeard}},
		{Name: "heard_ask", Text: &s.HeardAsk, Fills: []string{FillHeard}},
		{Name: "heard_yes", Text: &s.HeardYes},
		{Name: "heard_no", Text: &s.HeardNo},
		{Name: "unanswered", Text: &s.Unanswered, Fills: back},
		{Name: "unanswered_closed", Text: &s.UnansweredClosed, Fills: back},
		{Name: "handoff", Text: &s.Handoff, Fills: back},
		{Name: "handoff_closed", Text: &s.HandoffClosed, Fills: back},
		{Name: "handoff_outage", Text: &s.HandoffOutage, Fills: back},
		{Name: "handoff_outage_closed", Text: &s.HandoffOutageClosed, Fills: back},
	}
}

// Needed reports whether a business with these meetings must have the sentence.
func (s Sentence) Needed(m Meetings) bool {
	return (!s.Meeting || m.Offered) && (!s.Form || m.Flow.ID != "")
}

// MediaKinds are the kinds that need a sentence of their own in
// [Sentences].Media.
func MediaKinds() []conversation.Kind {
	return []conversation.Kind{
		conversation.KindImage, conversation.KindVideo, conversation.KindAudio,
		conversation.KindDocument, conversation.KindSticker, conversation.KindLocation,
		conversation.KindContacts, conversation.KindOrder, conversation.KindFlow,
		conversation.KindUnsupported, conversation.KindOversized,
	}
}

// Perceptions are the ways of looking at a file in vain that need a sentence of
// their own in [Sentences].Files; none for a kind that is not looked at.
func Perceptions(k conversation.Kind) []conversation.Perception {
	if !k.Perceptible() {
		return nil
	}
	vain := []conversation.Perception{conversation.TooLarge, conversation.WrongKind, conversation.Gone, conversation.Undone}
	if k == conversation.KindAudio {
		vain = append(vain, conversation.Silence, conversation.Unclear)
	}
	return vain
}

// Hours are when people of the business are there, in its own zone.
type Hours struct {
	// Week holds the open spans of each day, indexed by [time.Weekday].
	Week [7][]Span
	// Holidays are closed days, as 2006-01-02.
	Holidays map[string]bool
}

// Span is part of a day on the wall clock, in minutes since midnight; To is
// exclusive.
type Span struct {
	From, To int
}

// Open reports whether somebody is there at t, which must be in the
// business's zone.
func (h Hours) Open(t time.Time) bool {
	if h.Holidays[t.Format(time.DateOnly)] {
		return false
	}
	minute := t.Hour()*60 + t.Minute()
	for _, span := range h.Week[t.Weekday()] {
		if minute >= span.From && minute < span.To {
			return true
		}
	}
	return false
}
