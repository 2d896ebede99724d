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
	Facts     []Fact
	Fixed     []FixedReply
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
	Vertical string
	Text     string
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

// Sentences are what Otto says without a model. None is longer than
// [MaxText].
type Sentences struct {
	// Greeting answers a first message that only greets.
	Greeting conversation.Reply
	// Menu answers when there is no model: it offers what works without one.
	Menu conversation.Reply
	// Safe answers when the model gave nothing usable.
	Safe string
	// Empty answers a message without a word in it, such as emoji alone.
	Empty string
	// Handoff tells that a person was called, in business hours and out of
	// them.
	Handoff       string
	HandoffClosed string
	// HandoffOutage is the same when nobody asked for a person but Otto
	// cannot answer.
	HandoffOutage       string
	HandoffOutageClosed string
	// Media answers the kinds of messages Otto cannot read; see [MediaKinds].
	Media map[conversation.Kind]string
	// ListLabel is on the button that opens a list, at most 20 characters.
	ListLabel string
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
