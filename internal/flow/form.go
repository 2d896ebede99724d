package flow

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// The screens of the form. Success is WhatsApp's own name for the end.
const (
	Appointment = "APPOINTMENT" // what about, when and how
	Details     = "DETAILS"     // who asks
	Summary     = "SUMMARY"     // all of it, to be confirmed
	Success     = "SUCCESS"
)

// maxTitle is how long the title of an option may be, in characters:
// https://developers.facebook.com/docs/whatsapp/flows/reference/components
const maxTitle = 30

// Office is what the form must know of a business.
type Office struct {
	// Topics are what a meeting can be about; at least one.
	Topics []Option
	// Modes are how a meeting can be held, as the contact card names them; at
	// least one.
	Modes []string
	// Starts are all moments at which a meeting may begin, seen from now, in order
	// and in the business's zone.
	Starts func(now time.Time) []time.Time
}

// Option is one choice on a screen.
type Option struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Answer is what a screen is to show next.
type Answer struct {
	Screen string         `json:"screen"`
	Data   map[string]any `json:"data"`
}

// Form answers the screens of one business. It is safe for concurrent use.
type Form struct {
	office Office
	words  *template.Template
}

//go:embed pt.tmpl
var words string

func parseWords() (*template.Template, error) {
	set, err := template.New("flow").Parse(words)
	if err != nil {
		return nil, fmt.Errorf("words of the form: %w", err)
	}
	return set, nil
}

// New makes the form of a business. A business that has nothing to meet about, or
// no way to, has none.
func New(office Office) (*Form, error) {
	if len(office.Topics) == 0 || len(office.Modes) == 0 || office.Starts == nil {
		return nil, errors.New("appointment form: the business offers no meetings, or nothing to meet about")
	}
	set, err := parseWords()
	if err != nil {
		return nil, err
	}
	for _, mode := range office.Modes {
		if set.Lookup("mode "+mode) == nil {
			return nil, fmt.Errorf("appointment form: no words for the mode %q", mode)
		}
	}
	return &Form{office: office, words: set}, nil
}

// Open is the first screen.
func (f *Form) Open(now time.Time) Answer { return f.appointment(entries{}, f.office.Starts(now), "") }

// Submit is what follows a screen that was filled in, in whole or in part: the
// next screen, or the same one with what is wrong. data is what the screen sent,
// and token goes back to WhatsApp with the end. A screen that is not ours begins
// anew.
func (f *Form) Submit(screen string, data json.RawMessage, token string, now time.Time) Answer {
	e, starts := readEntries(data), f.office.Starts(now)
	switch screen {
	case Appointment:
		if e.Trigger != "" { // Only a choice was made: what it leaves open is shown.
			return f.appointment(e, starts, "")
		}
		if fault := f.choiceFault(e, starts); fault != "" {
			return f.appointment(e, starts, fault)
		}
		return f.details(e, starts, "")
	case Details:
		if f.choiceFault(e, starts) != "" {
			return f.details(e, starts, "gone")
		}
		if fault := e.personFault(); fault != "" {
			return f.details(e, starts, fault)
		}
		return f.summary(e.tidy(), starts, "")
	case Summary:
		if f.choiceFault(e, starts) != "" {
			return f.summary(e, starts, "gone")
		}
		if fault := e.personFault(); fault != "" {
			return f.summary(e, starts, fault)
		}
		params := e.tidy().fields()
		params["flow_token"] = token
		return Answer{Screen: Success, Data: map[string]any{
			"extension_message_response": map[string]any{"params": params},
		}}
	default:
		return f.appointment(e, starts, "")
	}
}

// Back is the screen before the one given, with what was entered so far, as far as
// the request carries it.
func (f *Form) Back(screen string, data json.RawMessage, now time.Time) Answer {
	e, starts := readEntries(data), f.office.Starts(now)
	if screen == Summary && f.choiceFault(e, starts) == "" {
		return f.details(e, starts, "")
	}
	return f.appointment(e, starts, "")
}

// Expired is what is shown instead of a form that holds no more.
func (f *Form) Expired() string { return f.say("expired", nil) }

// appointment offers what there is, and what is left of what was chosen.
func (f *Form) appointment(e entries, starts []time.Time, fault string) Answer {
	dates, times := []Option{}, []Option{}
	for _, at := range starts {
		date := at.Format(time.DateOnly)
		if len(dates) == 0 || dates[len(dates)-1].ID != date {
			dates = append(dates, Option{ID: date, Title: clip(when.SayDay(at))})
		}
		if date == e.Date {
			times = append(times, Option{ID: at.Format(timeOnly), Title: at.Format(timeOnly)})
		}
	}
	modes := make([]Option, 0, len(f.office.Modes))
	for _, mode := range f.office.Modes {
		modes = append(modes, Option{ID: mode, Title: f.say("mode "+mode, nil)})
	}
	topics := make([]Option, 0, len(f.office.Topics))
	for _, topic := range f.office.Topics {
		topics = append(topics, Option{ID: topic.ID, Title: clip(topic.Title)})
	}
	chosen := map[string]string{} // All fields are there: the published form declares them.
	for _, c := range []struct {
		field, value string
		options      []Option
	}{
		{"vertical", e.Vertical, topics}, {"date", e.Date, dates}, {"time", e.Time, times}, {"meeting_mode", e.Mode, modes},
	} {
		chosen[c.field] = ""
		if offered(c.options, c.value) { // What is offered no more cannot be shown as chosen.
			chosen[c.field] = c.value
		}
	}
	if fault == "" && len(dates) == 0 {
		fault = "closed"
	}
	return f.answer(Appointment, map[string]any{
		"vertical": topics, "date": dates, "is_date_enabled": len(dates) > 0,
		"time": times, "is_time_enabled": len(times) > 0, "meeting_mode": modes, "init_values": chosen,
	}, fault)
}

func (f *Form) details(e entries, starts []time.Time, fault string) Answer {
	return f.answer(Details, map[string]any{
		"vertical": e.Vertical, "date": e.Date, "time": e.Time, "meeting_mode": e.Mode,
		"moment_text": f.say("moment", f.told(e, starts)),
		"init_values": map[string]string{
			"name": e.Name, "email": e.Email, "company": e.Company, "need_description": e.Need,
		},
	}, fault)
}

func (f *Form) summary(e entries, starts []time.Time, fault string) Answer {
	data := map[string]any{}
	for field, value := range e.fields() {
		data[field] = value
	}
	told := f.told(e, starts)
	data["summary_text"], data["details_text"] = f.say("summary", told), f.say("details", told)
	return f.answer(Summary, data, fault)
}

func (f *Form) answer(screen string, data map[string]any, fault string) Answer {
	if fault != "" {
		data["error_message"] = f.say("error "+fault, nil)
	}
	return Answer{Screen: screen, Data: data}
}

// choiceFault names the first choice that cannot be; empty when all can.
func (f *Form) choiceFault(e entries, starts []time.Time) string {
	dated := slices.ContainsFunc(starts, func(at time.Time) bool { return at.Format(time.DateOnly) == e.Date })
	_, timed := e.start(starts)
	switch {
	case !offered(f.office.Topics, e.Vertical):
		return "vertical"
	case !dated:
		return "date"
	case !timed:
		return "time"
	case !slices.Contains(f.office.Modes, e.Mode):
		return "mode"
	}
	return ""
}

func offered(options []Option, id string) bool {
	return slices.ContainsFunc(options, func(o Option) bool { return o.ID == id })
}

// told is what the templates say of entries.
type told struct {
	entries
	Topic, Moment, How string
}

func (f *Form) told(e entries, starts []time.Time) told {
	t := told{entries: e}
	for _, topic := range f.office.Topics {
		if topic.ID == e.Vertical {
			t.Topic = topic.Title
		}
	}
	if at, ok := e.start(starts); ok {
		t.Moment = when.SayMoment(at)
	}
	if slices.Contains(f.office.Modes, e.Mode) {
		t.How = f.say("mode "+e.Mode, nil)
	}
	return t
}

// say is a text of the form. A template that does not hold says nothing, which a
// test makes sure of.
func (f *Form) say(name string, data any) string { return say(f.words, name, data) }

func say(set *template.Template, name string, data any) string {
	var b strings.Builder
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// clip makes a title fit.
func clip(title string) string {
	if utf8.RuneCountInString(title) <= maxTitle {
		return title
	}
	return strings.TrimSpace(string([]rune(title)[:maxTitle-1])) + "…"
}

// timeOnly is how an hour is written as an option.
const timeOnly = "15:04"

// entries are what was filled in so far. The names on the wire are those of
// appointment.json.
type entries struct {
	Trigger string // set when only one choice was made
	Vertical, Date, Time, Mode,
	Name, Email, Company, Need string
}

// readEntries takes what it knows and is text; whatever else there is, is nothing.
func readEntries(data json.RawMessage) entries {
	var e entries
	var given map[string]json.RawMessage
	if json.Unmarshal(data, &given) != nil {
		return e
	}
	for name, to := range e.places() {
		var value string
		if json.Unmarshal(given[name], &value) == nil {
			*to = strings.TrimSpace(value)
		}
	}
	var trigger string
	if json.Unmarshal(given["trigger"], &trigger) == nil {
		e.Trigger = trigger
	}
	return e
}

func (e *entries) places() map[string]*string {
	return map[string]*string{
		"vertical": &e.Vertical, "date": &e.Date, "time": &e.Time, "meeting_mode": &e.Mode,
		"name": &e.Name, "email": &e.Email, "company": &e.Company, "need_description": &e.Need,
	}
}

func (e entries) fields() map[string]string {
	fields := map[string]string{}
	for name, from := range e.places() {
		fields[name] = *from
	}
	return fields
}

// start is the moment that was chosen, if it is among those on offer.
func (e entries) start(starts []time.Time) (time.Time, bool) {
	for _, at := range starts {
		if at.Format(time.DateOnly) == e.Date && at.Format(timeOnly) == e.Time {
			return at, true
		}
	}
	return time.Time{}, false
}

// cardEntry is an entry that has its place on the contact card.
type cardEntry struct {
	fault, field, value string
	required            bool
}

// cardEntries are what a person tells of themselves.
func (e entries) cardEntries() []cardEntry {
	return []cardEntry{
		{"name", conversation.FieldName, e.Name, true},
		{"email", conversation.FieldEmail, e.Email, true},
		{"company", "company", e.Company, false},
		{"need", conversation.FieldNeed, e.Need, false},
	}
}

// personFault names the first entry about the person that the contact card would
// not take; empty when it takes all.
func (e entries) personFault() string {
	for _, c := range e.cardEntries() {
		if _, ok := c.read(); !ok && (c.value != "" || c.required) {
			return c.fault
		}
	}
	return ""
}

// read is the value as the contact card writes it; ok is false when it is none. A
// name has a letter in it.
func (c cardEntry) read() (value string, ok bool) {
	value, ok = onCard(c.field, c.value)
	return value, ok && (c.field != conversation.FieldName || strings.ContainsFunc(value, unicode.IsLetter))
}

// tidy is e as the contact card writes it.
func (e entries) tidy() entries {
	for to, field := range map[*string]string{
		&e.Name: conversation.FieldName, &e.Email: conversation.FieldEmail, &e.Company: "company", &e.Need: conversation.FieldNeed,
	} {
		if value, ok := onCard(field, *to); ok {
			*to = value
		}
	}
	return e
}

func onCard(field, value string) (string, bool) {
	card, ok := conversation.Card{}.With(field, conversation.Value{Value: pii.Text(value)})
	return card[field].Value.Reveal(), ok
}
