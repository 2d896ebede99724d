package otto

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

//go:embed person.txt
var personForms string

// index finds what can be answered without a model.
type index struct {
	triggers, commands, taps map[string]*FixedReply
	greetings, persons       map[string]bool
	facts                    map[string]bool        // ids
	verticals                map[string]*FixedReply // what a tap on a vertical is answered with, if anything
	keywords                 [][]string             // folded, of each vertical in the pack's order
	when                     [][]string             // folded words that call for each fact, in the pack's order
	texts                    []string               // folded, of each fact in the pack's order
	questions                []askedWords           // of all funnels
	person                   *regexp.Regexp
}

// askedWords are the folded words in which the pack asks for a field.
type askedWords struct{ field, text string }

func newIndex(p Pack) (index, error) {
	person, err := compilePerson(personForms)
	if err != nil {
		return index{}, err
	}
	x := index{
		triggers: map[string]*FixedReply{}, commands: map[string]*FixedReply{}, taps: map[string]*FixedReply{},
		greetings: map[string]bool{}, persons: map[string]bool{}, verticals: map[string]*FixedReply{}, facts: map[string]bool{},
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
	for _, fact := range p.Facts {
		x.facts[fact.ID] = true
		var words []string
		for _, word := range fact.When {
			words = append(words, Fold(word))
		}
		x.when, x.texts = append(x.when, words), append(x.texts, Fold(fact.Text))
	}
	for _, f := range p.Funnels {
		for _, q := range f.Questions {
			x.questions = append(x.questions, askedWords{q.Field, Fold(q.Text)})
		}
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
// first, whatever else was said; then whoever wants no more messages, and who
// writes too fast. Otherwise everything must be answerable without thought: one
// free sentence among the messages is enough for the model to see them all. Of
// several fixed replies the newest is given, and a greeting before anything else
// is politeness. Without a model there is always an answer.
func (o *Otto) reflex(s *scene, model bool) (a answer, ok bool) {
	s.sees = model
	heard := o.recognise(s)
	o.interested(s, heard.chosen)
	sentences := o.pack.Sentences
	switch {
	case heard.person:
		return o.handoff(s, HandoffRequested), true
	case heard.optOut:
		s.optedOut = s.request.Now
		return o.reply(s, conversation.RouteFixed, plain(o.fill(s, sentences.OptOut))), true
	case !s.optedOut.IsZero() && heard.thanks:
		return o.quiet(s, conversation.RouteSilent, conversation.EventInbound), true
	case !s.optedOut.IsZero() && heard.optIn:
		s.optedOut = time.Time{}
		return o.reply(s, conversation.RouteFixed, plain(o.fill(s, sentences.OptIn))), true
	}
	s.optedOut = time.Time{} // whoever writes again wants an answer
	if s.form != nil {
		return o.answerForm(s), true
	}
	if restless(s) {
		return o.calm(s), true
	}
	if a, ok := o.settleHeard(s); ok {
		return a, true
	}
	switch fixed := heard.fixed; {
	case heard.free && len(s.said) == 1 && o.brief(s.said[0]):
		if a, ok := o.settleMeeting(s); ok {
			return a, true
		}
		if model {
			return answer{}, false
		}
		return o.menu(s), true
	case heard.free && model:
		return answer{}, false
	case fixed != nil:
		a := o.reply(s, conversation.RouteFixed, o.filled(s, fixed.Reply))
		a.fallbacks = 0
		return a, true
	case heard.free:
		return o.menu(s), true
	case heard.unread != nil && heard.unread.kind == conversation.KindReaction:
		a := o.reply(s, conversation.RouteMedia, plain(o.fill(s, sentences.Reaction)))
		a.asked = s.request.Conversation.Session.Asked // What was asked still is.
		return a, true
	case heard.unread != nil:
		return o.reply(s, conversation.RouteMedia, plain(o.fill(s, o.unreadSentence(*heard.unread)))), true
	case heard.greeted && (s.from == conversation.Initial || !model):
		return o.reply(s, conversation.RouteFixed, o.filled(s, sentences.Greeting)), true
	case heard.greeted:
		return answer{}, false
	default:
		return o.reply(s, conversation.RouteFixed, plain(o.fill(s, sentences.Empty))), true
	}
}

// recognised is what the messages of a turn are, without thinking about them.
type recognised struct {
	person, optOut, optIn bool
	thanks                bool // nothing but thanks and the like
	greeted, free         bool
	fixed                 *FixedReply
	unread                *utterance // the last one that cannot be read
	chosen                map[conversation.MessageID]string
}

func (o *Otto) recognise(s *scene) recognised {
	r := recognised{thanks: true, chosen: map[conversation.MessageID]string{}}
	if s.form != nil && s.form.topic != "" {
		r.chosen[s.form.message] = s.form.topic
	}
	for _, u := range s.said {
		found := o.index.fixed(u)
		_, vertical := o.index.verticals[u.tap]
		switch {
		case o.index.asksForPerson(u):
			r.person = true
		case o.lexicon.is("optout", u.folded):
			r.optOut = true
		case found != nil:
			r.fixed = found
		case u.seen() && s.sees:
			r.free = true
		case u.unread(), u.shown() && !o.askedFor(s, u):
			r.unread = &u
		case u.folded == "":
		case o.index.greetings[u.folded]:
			r.greeted = true
		default:
			r.free = true
		}
		r.optIn = r.optIn || o.lexicon.is("optin", u.folded)
		r.thanks = r.thanks && (u.folded == "" && readable(u.kind) || o.lexicon.is("ack", u.folded))
		switch {
		case found != nil && found.Vertical != "":
			r.chosen[u.id] = found.Vertical
		case vertical:
			r.chosen[u.id] = u.tap
		}
	}
	return r
}

// calm asks to slow down, once in a while.
func (o *Otto) calm(s *scene) answer {
	if s.request.Now.Sub(s.request.Conversation.Session.Calmed) < calmFor {
		return o.quiet(s, conversation.RouteSilent, conversation.EventInbound)
	}
	a := o.reply(s, conversation.RouteFixed, plain(o.fill(s, o.pack.Sentences.Flood)))
	a.calmed = true
	return a
}

// maxBrief is how many words a message has that is about nothing but when to
// meet.
const maxBrief = 10

// brief reports whether a message is about one thing and asks nothing else.
func (o *Otto) brief(u utterance) bool {
	return len(strings.Fields(u.folded)) <= maxBrief && !o.lexicon.has("asking", u.folded)
}

// mostlyMoment reports whether the message of a turn says little but when to
// meet.
func (o *Otto) mostlyMoment(s *scene) bool {
	u := s.said[0]
	return o.lexicon.has("meeting", u.folded) || 5*(s.moment.End-s.moment.Start) >= 2*len(u.text)
}

// settleMeeting answers a message about when to meet: what cannot be is told
// with what can, and what is complete is noted.
func (o *Otto) settleMeeting(s *scene) (answer, bool) {
	if s.trouble != "" && len(s.slots) > 0 && o.mostlyMoment(s) {
		a := o.reply(s, conversation.RouteFixed, plain(o.sorry(s, s.trouble)))
		a.asked = conversation.FieldMeeting
		return a, true
	}
	if booked := s.request.Conversation.Session.Booked; booked.After(s.now) && s.meetingAt().Equal(booked) &&
		o.lexicon.has("confirm", s.said[0].folded) {
		return o.reply(s, conversation.RouteFixed, plain(o.fill(s, o.pack.Sentences.MeetingNoted))), true
	}
	at := o.booking(s)
	if at.IsZero() || len(s.fresh) == 0 {
		return answer{}, false
	}
	return o.book(s, at), true
}

// book notes a meeting and says so.
func (o *Otto) book(s *scene, at time.Time) answer {
	a := o.reply(s, conversation.RouteFixed, plain(o.fill(s, o.pack.Sentences.MeetingNoted)))
	a.booking, a.target = at, conversation.ScheduledFollowup
	if conversation.Step(s.base, conversation.EventDecision, conversation.StepInput{Target: a.target, FollowUp: true}).Refused != "" {
		a.target = conversation.CollectingInfo
	}
	return a
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
	route := conversation.RouteFixed
	if reason == HandoffOutage {
		route = conversation.RouteMenu
	}
	reply := plain(o.handoffSentence(s, reason))
	return answer{route: route, reply: &reply, handoff: reason}
}

// menu answers without a model what needed one: first with what works without
// it, then with a person.
func (o *Otto) menu(s *scene) answer {
	if s.request.Conversation.Session.Fallbacks > 0 {
		return o.handoff(s, HandoffOutage)
	}
	reply := o.filled(s, o.pack.Sentences.Menu)
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
