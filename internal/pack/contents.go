package pack

import (
	"cmp"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// Limits of WhatsApp, in UTF-16 units: the strictest way to count characters.
const (
	maxBody           = 1024 // of a message with options
	maxText           = 4096 // of a message without
	maxButtons        = 3
	maxButtonTitle    = 20
	maxRows           = 10
	maxRowTitle       = 24
	maxRowDescription = 72
	maxListLabel      = 20
	maxFlowLabel      = 20
	maxDayPart        = 20
	maxTrigger        = 80 // of an ice breaker
	maxCommand        = 32 // without the slash
)

var command = regexp.MustCompile(`^/[a-z0-9_]+$`)

// persona reads persona.yaml: how Otto speaks, and what he must and must not
// do for this business.
func (l *loader) persona(o *object) {
	l.pack.Persona = l.tell(o.text("persona"), 8000)
	for _, rule := range o.texts("rules") {
		l.pack.Rules = append(l.pack.Rules, l.tell(rule, 500))
	}
	o.Done()
}

// facts reads one file of facts/: an optional vertical, and its facts.
func (l *loader) facts(o *object) {
	vertical := l.vertically(o)
	if o.must("facts") != nil {
		for _, one := range o.objects("facts") {
			kind := one.maybe("kind")
			if kind.value != "" && kind.value != string(otto.FactFAQ) {
				one.Fault(kind.line, "kind: here there is only %s", otto.FactFAQ)
				kind.value = ""
			}
			l.fact(one, otto.FactKind(kind.value), vertical)
		}
	}
	o.Done()
}

// entries reads a file of facts that are all of one kind, each with a vertical
// of its own.
func (l *loader) entries(o *object, key string, kind otto.FactKind) {
	if o.must(key) != nil {
		for _, one := range o.objects(key) {
			l.fact(one, kind, l.vertically(one))
		}
	}
	o.Done()
}

// vertically is the vertical that something belongs to, if any.
func (l *loader) vertically(o *object) string {
	vertical := o.maybe("vertical")
	if vertical.value != "" {
		l.mentions = append(l.mentions, mention{"vertical", vertical})
	}
	return vertical.value
}

func (l *loader) fact(o *object, kind otto.FactKind, vertical string) {
	id := o.text("id")
	if id.value != "" && !identifier.MatchString(id.value) {
		o.Fault(id.line, "id must be lower-case letters, digits and _")
	}
	l.unique("fact", id)
	says, until := o.text("text"), o.maybe("valid_until")
	f := otto.Fact{
		ID: id.value, Kind: kind, Vertical: vertical,
		Text: l.say(says, otto.MaxText), Value: o.maybe("value").value, Source: o.maybe("source").value,
	}
	if kind != otto.FactPlain {
		for _, t := range words(o, "when", "word") {
			f.When = append(f.When, t.value)
		}
	}
	if kind == otto.FactCase {
		f.Default = o.flag("default")
		if f.Default {
			l.unique("the default case of", text{value: cmp.Or(vertical, "no vertical"), file: o.File, line: o.Line})
		}
	}
	if until.value != "" {
		zone := l.pack.Location
		if zone == nil {
			zone = time.UTC // the fault of business.yaml is named there
		}
		day, err := time.ParseInLocation(time.DateOnly, until.value, zone)
		if err != nil {
			o.Fault(until.line, "valid_until: no such day; want year-month-day")
		}
		f.ValidUntil = day
	}
	o.Done()
	if says.value != "" && utf16Length(says.value) <= otto.MaxText {
		for _, what := range f.Faults() {
			o.Fault(o.Line, "%s", what)
		}
	}
	l.pack.Facts = append(l.pack.Facts, f)
	l.where[f.ID] = Position{File: path.Join(l.folder, id.file), Line: id.line}
}

// funnels reads funnel.yaml: what is asked of a lead of each vertical and of
// one whose interest is unknown, and what is asked before a meeting.
func (l *loader) funnels(o *object) {
	known := map[string]bool{}
	if o.must("funnels") != nil {
		for _, one := range o.objects("funnels") {
			f := l.funnel(one)
			if known[f.Vertical] {
				one.Fault(one.Line, "a funnel of this vertical is given already")
			}
			known[f.Vertical] = true
			l.pack.Funnels = append(l.pack.Funnels, f)
		}
		if !known[""] {
			o.Fault(o.Line, "funnels: the one without a vertical is missing")
		}
	}
	booking := l.questions(o, "booking")
	if len(booking) > 0 && !l.pack.Meetings.Offered {
		o.Fault(o.Line, "booking: %s offers no meetings", businessFile)
	} else {
		l.pack.Meetings.Questions = booking
	}
	o.Done()
}

func (l *loader) funnel(o *object) otto.Funnel {
	f := otto.Funnel{Vertical: l.vertically(o), Questions: l.questions(o, "questions")}
	if len(f.Questions) == 0 {
		o.Fault(o.Line, "questions: there is none")
	}
	ready := o.optional("ready")
	switch {
	case ready != nil:
		line := 0
		f.Ready.AtLeast, line, _ = ready.number("at_least")
		for _, group := range ready.lists("of") {
			var fields []string
			for _, t := range group {
				fields = append(fields, t.value)
			}
			f.Ready.Of = append(f.Ready.Of, fields)
		}
		if len(f.Ready.Of) == 0 {
			ready.Fault(ready.Line, "of is missing")
		}
		ready.Done()
		for _, what := range f.Ready.Faults() {
			ready.Fault(line, "%s", what)
		}
	case l.pack.Meetings.Offered:
		o.Fault(o.Line, "ready is missing: when may a lead of this funnel have a meeting?")
	}
	o.Done()
	return f
}

func (l *loader) questions(o *object, key string) []otto.Question {
	var all []otto.Question
	asked := map[string]bool{}
	for _, one := range o.objects(key) {
		field, says := one.text("field"), one.text("text")
		q := otto.Question{Field: field.value, Text: l.say(says, otto.MaxText)}
		for _, c := range one.objects("choices") {
			title, value := c.text("title"), c.text("value")
			q.Choices = append(q.Choices, otto.Choice{Title: l.say(title, otto.MaxText), Value: value.value})
			if field.value == conversation.FieldInterest && value.value != "" {
				l.mentions = append(l.mentions, mention{"vertical", value})
			}
			c.Done()
		}
		one.Done()
		if asked[field.value] {
			one.Fault(field.line, "%s is asked already", field.value)
		}
		asked[field.value] = true
		if field.value != "" && says.value != "" {
			for _, what := range q.Faults() {
				one.Fault(field.line, "%s: %s", field.value, what)
			}
		}
		all = append(all, q)
	}
	return all
}

// guards reads guards.yaml: what Otto promises never, and who he compares
// nothing with.
func (l *loader) guards(o *object) {
	bar := func(key string) []string {
		var list []string
		for _, t := range words(o, key, "phrase") {
			if n := utf16Length(t.value); n > maxTrigger {
				o.Fault(t.line, "%s: %d characters, at most %d", key, n, maxTrigger)
			}
			if folded := otto.Fold(t.value); folded != "" {
				l.barred[folded] = t
			}
			list = append(list, t.value)
		}
		return list
	}
	l.pack.Promises, l.pack.Competitors = bar("promises"), bar("competitors")
	o.Done()
}

// replies reads replies.yaml: greetings, ways to ask for a person, and fixed
// replies, each found by triggers, commands or a tap on an option with its key.
func (l *loader) replies(o *object) {
	for _, t := range o.texts("greetings") {
		l.trigger("greetings", t)
		l.pack.Greetings = append(l.pack.Greetings, t.value)
	}
	for _, t := range o.texts("person") {
		l.trigger("person", t)
		l.pack.PersonTriggers = append(l.pack.PersonTriggers, t.value)
	}
	for _, one := range o.objects("replies") {
		l.fixed(one)
	}
	o.Done()
}

func (l *loader) fixed(o *object) {
	key := o.text("key")
	if key.value != "" && !identifier.MatchString(key.value) {
		o.Fault(key.line, "key must be lower-case letters, digits and _")
	}
	if key.value == otto.TapPerson {
		o.Fault(key.line, "key %s is reserved for asking for a person", key.value)
	}
	l.unique("reply", key)
	f := otto.FixedReply{Key: key.value}
	for _, t := range o.texts("triggers") {
		l.trigger(key.value, t)
		f.Triggers = append(f.Triggers, t.value)
	}
	for _, t := range o.texts("commands") {
		if t.value != "" && (!command.MatchString(t.value) || len(t.value) > maxCommand+1) {
			o.Fault(t.line, "commands: want / and at most %d lower-case letters, digits and _", maxCommand)
		} else if t.value != "" {
			l.owned(key.value, t, "/"+otto.FoldCommand(t.value))
		}
		f.Commands = append(f.Commands, t.value)
	}
	if vertical := o.maybe("vertical"); vertical.value != "" {
		f.Vertical = vertical.value
		l.mentions = append(l.mentions, mention{"vertical", vertical})
	}
	f.Reply = l.reply(o, maxText, maxBody)
	o.Done()
	l.pack.Fixed = append(l.pack.Fixed, f)
}

// reply reads text and, at most one of, buttons and list.
func (l *loader) reply(o *object, plain, interactive int, fills ...string) conversation.Reply {
	body := o.text("text")
	buttons, rows := o.objects("buttons"), o.objects("list")
	r := conversation.Reply{Kind: conversation.ReplyText}
	switch {
	case len(buttons) > 0 && len(rows) > 0:
		o.Fault(o.Line, "either buttons or a list, not both")
	case len(buttons) > 0:
		r.Kind = conversation.ReplyButtons
		r.Options = l.options("buttons", buttons, maxButtons, maxButtonTitle)
	case len(rows) > 0:
		r.Kind = conversation.ReplyList
		r.Options = l.options("list", rows, maxRows, maxRowTitle)
	}
	limit := plain
	if r.Kind != conversation.ReplyText {
		limit = interactive
	}
	r.Text = pii.Text(l.say(body, limit, fills...))
	return r
}

func (l *loader) options(what string, list []*object, most, title int) []conversation.Option {
	if len(list) > most {
		list[most].Fault(list[most].Line, "%s: %d options, at most %d", what, len(list), most)
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	var options []conversation.Option
	for _, o := range list {
		id, name := o.text("id"), o.text("title")
		option := conversation.Option{ID: id.value, Title: l.say(name, title)}
		if what == "list" {
			option.Description = l.say(o.maybe("description"), maxRowDescription)
		}
		o.Done()
		if ids[id.value] || titles[name.value] {
			o.Fault(o.Line, "%s: an id or title is given twice", what)
		}
		ids[id.value], titles[name.value] = true, true
		if id.value != "" {
			l.mentions = append(l.mentions, mention{"option", id})
		}
		options = append(options, option)
	}
	return options
}

// sentences reads sentences.yaml: what Otto says without a model.
func (l *loader) sentences(o *object) {
	s := &l.pack.Sentences
	parts := o.object("day_parts")
	for i, key := range []string{"morning", "afternoon", "night"} {
		s.DayParts[i] = l.say(parts.text(key), maxDayPart)
	}
	parts.Done()
	greeting := o.object("greeting")
	s.Greeting = l.reply(greeting, otto.MaxText, otto.MaxText, otto.FillGreeting)
	greeting.Done()
	menu := o.object("menu")
	s.Menu = l.reply(menu, otto.MaxText, otto.MaxText)
	menu.Done()
	for _, one := range s.Plain() {
		read := o.text
		if !one.Needed(l.pack.Meetings) {
			read = o.maybe
		}
		t := read(one.Name)
		*one.Text = l.say(t, otto.MaxText, one.Fills...)
		if otto.Stray(t.value, one.Fills...) == "" && utf16Length(t.value) <= otto.MaxText {
			for _, what := range one.Faults() {
				o.Fault(t.line, "once filled in: %s", what)
			}
		}
	}
	s.ListLabel = l.say(o.text("list_label"), maxListLabel)
	s.Media = map[conversation.Kind]string{}
	media := o.object("media")
	s.Files = map[conversation.Kind]map[conversation.Perception]string{}
	for _, kind := range otto.MediaKinds() {
		key := strings.ToLower(string(kind))
		if !kind.Perceptible() {
			s.Media[kind] = l.say(media.text(key), otto.MaxText)
			continue
		}
		file := media.object(key)
		s.Media[kind] = l.say(file.text("unseen"), otto.MaxText)
		s.Files[kind] = map[conversation.Perception]string{}
		for _, vain := range otto.Perceptions(kind) {
			s.Files[kind][vain] = l.say(file.text(string(vain)), otto.MaxText)
		}
		file.Done()
	}
	media.Done()
	o.Done()
}
