package otto

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

//go:embed person.txt
var personForms string

// index finds what can be answered without a model.
type index struct {
	triggers, commands, taps map[string]*FixedReply
	greetings, persons       map[string]bool
	verticals                map[string]*FixedReply // what a tap on a vertical is answered with, if anything
	keywords                 [][]string             // folded, of each vertical in the pack's order
	person                   *regexp.Regexp
}

func newIndex(p Pack) (index, error) {
	person, err := compilePerson(personForms)
	if err != nil {
		return index{}, err
	}
	x := index{
		triggers: map[string]*FixedReply{}, commands: map[string]*FixedReply{}, taps: map[string]*FixedReply{},
		greetings: map[string]bool{}, persons: map[string]bool{}, verticals: map[string]*FixedReply{},
		person: person,
	}
	for i := range p.Fixed {
		fixed := &p.Fixed[i]
		x.taps[fixed.Key] = fixed
		for _, trigger := range fixed.Triggers {
			x.triggers[Fold(trigger)] = fixed
		}
		for _, command := range fixed.Commands {
			x.commands[FoldCommand(command)] = fixed
		}
		if _, taken := x.verticals[fixed.Vertical]; !taken && fixed.Vertical != "" {
			x.verticals[fixed.Vertical] = fixed
		}
	}
	for _, v := range p.Verticals {
		if _, answered := x.verticals[v.ID]; !answered {
			x.verticals[v.ID] = nil
		}
		var keywords []string
		for _, keyword := range v.Keywords {
			keywords = append(keywords, Fold(keyword))
		}
		x.keywords = append(x.keywords, keywords)
	}
	for _, greeting := range p.Greetings {
		x.greetings[Fold(greeting)] = true
	}
	for _, trigger := range p.PersonTriggers {
		x.persons[Fold(trigger)] = true
	}
	return x, nil
}

// compilePerson reads the forms of asking for a person.
func compilePerson(forms string) (*regexp.Regexp, error) {
	var pieces []string
	var asking []string
	named := map[string]string{}
	for line := range strings.Lines(forms) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@"):
			name, pattern, _ := strings.Cut(line[1:], " ")
			named[name] = pattern
			pieces = append(pieces, "{"+name+"}", pattern)
		default:
			asking = append(asking, strings.NewReplacer(pieces...).Replace(line))
		}
	}
	re, err := regexp.Compile("^" + named["opening"] + "(?:" + strings.Join(asking, "|") + ")" + named["closing"] + "$")
	if err != nil {
		return nil, fmt.Errorf("forms of asking for a person: %w", err)
	}
	return re, nil
}

// maxAsking is longer than any message that does nothing but ask for a
// person, in bytes.
const maxAsking = 200

// asksForPerson reports whether the whole message asks for a person.
func (x index) asksForPerson(u utterance) bool {
	return u.tap == TapPerson || x.persons[u.folded] ||
		len(u.folded) <= maxAsking && x.person.MatchString(u.folded)
}

// fixed is the reply that a whole message, command or tap is answered with.
func (x index) fixed(u utterance) *FixedReply {
	if found := x.taps[u.tap]; found != nil {
		return found
	}
	if found := x.verticals[u.tap]; found != nil {
		return found
	}
	if command := FoldCommand(u.text); command != "" {
		return x.commands[command]
	}
	return x.triggers[u.folded]
}

// reserved reports whether a tap on an option with this id has a meaning of
// its own.
func (x index) reserved(id string) bool {
	_, vertical := x.verticals[id]
	return vertical || id == TapPerson || x.taps[id] != nil
}

// reflex answers what needs no thought. A person who is asked for comes
// first, whatever else was said. Otherwise everything must be answerable
// without thought: one free sentence among the messages is enough for the
// model to see them all. Of several fixed replies the newest is given, and a
// greeting before anything else is politeness. Without a model there is always
// an answer.
func (o *Otto) reflex(s *scene, model bool) (a answer, ok bool) {
	var fixed *FixedReply
	var unread *utterance
	greeted, free := false, false
	for i, u := range s.said {
		if o.index.asksForPerson(u) {
			return o.handoff(s, HandoffRequested), true
		}
		found := o.index.fixed(u)
		switch {
		case found != nil:
			fixed = found
		case u.unread():
			unread = &s.said[i]
		case u.folded == "":
		case o.index.greetings[u.folded]:
			greeted = true
		default:
			free = true
		}
		o.interested(s, u, found)
	}
	sentences := o.pack.Sentences
	switch {
	case free && model:
		return answer{}, false
	case fixed != nil:
		a := o.reply(s, conversation.RouteFixed, o.canned(fixed.Reply))
		a.fallbacks = 0
		return a, true
	case free:
		return o.menu(s), true
	case unread != nil:
		text, ok := sentences.Media[unread.kind]
		if !ok {
			text = sentences.Media[conversation.KindUnsupported]
		}
		return o.reply(s, conversation.RouteMedia, plain(text)), true
	case greeted && (s.from == conversation.Initial || !model):
		return o.reply(s, conversation.RouteFixed, o.canned(sentences.Greeting)), true
	case greeted:
		return answer{}, false
	default:
		return o.reply(s, conversation.RouteFixed, plain(sentences.Empty)), true
	}
}

// interested notes what the lead is interested in. A choice is explicit; a
// word counts only while nothing is known, and only if it leaves no doubt.
func (o *Otto) interested(s *scene, u utterance, fixed *FixedReply) {
	if fixed != nil && fixed.Vertical != "" {
		s.interest = fixed.Vertical
		return
	}
	if _, ok := o.index.verticals[u.tap]; ok {
		s.interest = u.tap
		return
	}
	if s.interest != "" {
		return
	}
	if meant := o.mentioned(u.folded); len(meant) == 1 {
		s.interest = meant[0]
	}
}

// mentioned are the verticals that a folded text names, in the pack's order.
func (o *Otto) mentioned(folded string) []string {
	var ids []string
	for i, keywords := range o.index.keywords {
		if slices.ContainsFunc(keywords, func(words string) bool { return mentions(folded, words) }) {
			ids = append(ids, o.pack.Verticals[i].ID)
		}
	}
	return ids
}

// reply answers with a sentence of the pack. A first message is triage from
// then on; any other state stays.
func (o *Otto) reply(s *scene, route conversation.Route, reply conversation.Reply) answer {
	target := s.base
	if target == conversation.Initial {
		target = conversation.Triage
	}
	return answer{
		route: route, reply: &reply, event: conversation.EventDecision, target: target,
		fallbacks: s.request.Conversation.Session.Fallbacks,
	}
}

// handoff asks for a person and tells the lead what to expect at this hour.
func (o *Otto) handoff(s *scene, reason string) answer {
	sentences := o.pack.Sentences
	open, closed, route := sentences.Handoff, sentences.HandoffClosed, conversation.RouteFixed
	if reason == HandoffOutage {
		open, closed, route = sentences.HandoffOutage, sentences.HandoffOutageClosed, conversation.RouteMenu
	}
	reply := plain(closed)
	if o.pack.Hours.Open(s.now) {
		reply = plain(open)
	}
	return answer{route: route, reply: &reply, handoff: reason}
}

// menu answers without a model what needed one: first with what works without
// it, then with a person.
func (o *Otto) menu(s *scene) answer {
	if s.request.Conversation.Session.Fallbacks > 0 {
		return o.handoff(s, HandoffOutage)
	}
	reply := o.canned(o.pack.Sentences.Menu)
	return answer{
		route: conversation.RouteMenu, reply: &reply, event: conversation.EventInbound,
		fallbacks: s.request.Conversation.Session.Fallbacks + 1,
	}
}

// canned is a reply of the pack, complete.
func (o *Otto) canned(r conversation.Reply) conversation.Reply {
	if r.Kind == "" {
		r.Kind = conversation.ReplyText
	}
	if r.Kind == conversation.ReplyList && r.Menu == "" {
		r.Menu = o.pack.Sentences.ListLabel
	}
	r.Options = append([]conversation.Option(nil), r.Options...)
	return r
}

func plain(text string) conversation.Reply {
	return conversation.Reply{Kind: conversation.ReplyText, Text: pii.Text(text)}
}
