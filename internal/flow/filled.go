package flow

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// Filled is a form as it comes back in a message. Nothing in it is known to be
// true: a phone may send what it likes.
type Filled struct {
	// Token is the form's; see [Read].
	Token   string
	entries entries
}

// ReadFilled reads what a form sent, the JSON of a message's completed Flow; ok is
// false when it is no filled form. Some clients send the fields by themselves,
// others within what the endpoint answered last.
func ReadFilled(form pii.Text) (f Filled, ok bool) {
	data := json.RawMessage(form.Reveal())
	for _, inside := range []string{"extension_message_response", "params"} {
		var outer map[string]json.RawMessage
		if json.Unmarshal(data, &outer) != nil || outer == nil {
			return Filled{}, false
		}
		if inner := outer[inside]; len(inner) > 0 && inner[0] == '{' {
			data = inner
		}
	}
	var token struct {
		Token string `json:"flow_token"`
	}
	if json.Unmarshal(data, &token) != nil {
		return Filled{}, false
	}
	f = Filled{Token: token.Token, entries: readEntries(data)}
	return f, f.Token != "" || f.entries != (entries{})
}

// Start is the moment that was asked for, in a zone; ok is false when there is
// none.
func (f Filled) Start(zone *time.Location) (at time.Time, ok bool) {
	at, err := time.ParseInLocation(time.DateOnly+" "+timeOnly, f.entries.Date+" "+f.entries.Time, zone)
	return at, err == nil
}

// Topic is what the meeting is to be about.
func (f Filled) Topic() string { return f.entries.Vertical }

// Card is what the form tells for the contact card, by its fields: only what the
// card takes, and never the topic or the moment, which only the business can
// judge.
func (f Filled) Card() map[string]string {
	known := map[string]string{}
	for _, c := range f.entries.cardEntries() {
		if value, ok := c.read(); ok {
			known[c.field] = value
		}
	}
	if value, ok := onCard(conversation.FieldMeetingMode, f.entries.Mode); ok {
		known[conversation.FieldMeetingMode] = value
	}
	return known
}

// Words is the form as people read it, a line each; empty when nothing was filled
// in.
func (f Filled) Words() pii.Text {
	set, err := parseWords()
	if err != nil {
		return ""
	}
	return pii.Text(say(set, "filled", f.entries.oneLined()))
}

// oneLined is e without line breaks: no entry may pass for another.
func (e entries) oneLined() entries {
	for _, to := range e.places() {
		*to = strings.Join(strings.Fields(*to), " ")
	}
	return e
}
