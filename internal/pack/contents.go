package pack

import (
	"regexp"
	"strings"

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
	maxTrigger        = 80 // of an ice breaker
	maxCommand        = 32 // without the slash
)

var command = regexp.MustCompile(`^/[a-z0-9_]+$`)

// persona reads persona.yaml: how Otto speaks, and what he must and must not
// do for this business.
func (l *loader) persona(o *object) {
	l.pack.Persona = l.say(o.text("persona"), 8000)
	for _, rule := range o.texts("rules") {
		l.pack.Rules = append(l.pack.Rules, l.say(rule, 500))
	}
	o.done()
}

// facts reads one file of facts/: an optional vertical, and its facts.
func (l *loader) facts(o *object) {
	vertical := o.maybe("vertical")
	if vertical.value != "" {
		l.mentions = append(l.mentions, mention{"vertical", vertical})
	}
	if o.must("facts") != nil {
		for _, one := range o.objects("facts") {
			id := one.text("id")
			if id.value != "" && !identifier.MatchString(id.value) {
				one.fault(id.line, "id must be lower-case letters, digits and _")
			}
			l.unique("fact", id)
			l.pack.Facts = append(l.pack.Facts, otto.Fact{
				ID:       id.value,
				Vertical: vertical.value,
				Text:     l.say(one.text("text"), otto.MaxText),
			})
			one.done()
		}
	}
	o.done()
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
	o.done()
}

func (l *loader) fixed(o *object) {
	key := o.text("key")
	if key.value != "" && !identifier.MatchString(key.value) {
		o.fault(key.line, "key must be lower-case letters, digits and _")
	}
	if key.value == otto.TapPerson {
		o.fault(key.line, "key %s is reserved for asking for a person", key.value)
	}
	l.unique("reply", key)
	f := otto.FixedReply{Key: key.value}
	for _, t := range o.texts("triggers") {
		l.trigger(key.value, t)
		f.Triggers = append(f.Triggers, t.value)
	}
	for _, t := range o.texts("commands") {
		if t.value != "" && (!command.MatchString(t.value) || len(t.value) > maxCommand+1) {
			o.fault(t.line, "commands: want / and at most %d lower-case letters, digits and _", maxCommand)
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
	o.done()
	l.pack.Fixed = append(l.pack.Fixed, f)
}

// reply reads text and, at most one of, buttons and list.
func (l *loader) reply(o *object, plain, interactive int) conversation.Reply {
	body := o.text("text")
	buttons, rows := o.objects("buttons"), o.objects("list")
	r := conversation.Reply{Kind: conversation.ReplyText}
	switch {
	case len(buttons) > 0 && len(rows) > 0:
		o.fault(o.line, "either buttons or a list, not both")
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
	r.Text = pii.Text(l.say(body, limit))
	return r
}

func (l *loader) options(what string, list []*object, most, title int) []conversation.Option {
	if len(list) > most {
		list[most].fault(list[most].line, "%s: %d options, at most %d", what, len(list), most)
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	var options []conversation.Option
	for _, o := range list {
		id, name := o.text("id"), o.text("title")
		option := conversation.Option{ID: id.value, Title: l.say(name, title)}
		if what == "list" {
			option.Description = l.say(o.maybe("description"), maxRowDescription)
		}
		o.done()
		if ids[id.value] || titles[name.value] {
			o.fault(o.line, "%s: an id or title is given twice", what)
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
	sentence := func(from *object, key string) string { return l.say(from.text(key), otto.MaxText) }
	s := &l.pack.Sentences
	for key, reply := range map[string]*conversation.Reply{"greeting": &s.Greeting, "menu": &s.Menu} {
		section := o.object(key)
		*reply = l.reply(section, otto.MaxText, otto.MaxText)
		section.done()
	}
	s.Safe = sentence(o, "safe")
	s.Empty = sentence(o, "empty")
	s.Handoff = sentence(o, "handoff")
	s.HandoffClosed = sentence(o, "handoff_closed")
	s.HandoffOutage = sentence(o, "handoff_outage")
	s.HandoffOutageClosed = sentence(o, "handoff_outage_closed")
	s.ListLabel = l.say(o.text("list_label"), maxListLabel)
	s.Media = map[conversation.Kind]string{}
	media := o.object("media")
	for _, kind := range otto.MediaKinds() {
		s.Media[kind] = sentence(media, strings.ToLower(string(kind)))
	}
	media.done()
	o.done()
}
