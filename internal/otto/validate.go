package otto

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// Limits of WhatsApp for what a pack says itself, in characters. Answers that
// are composed keep to [MaxText] instead.
const (
	maxFixedText        = 4096 // of a text message
	maxFixedInteractive = 1024 // of a message with options
	maxListLabel        = 20
)

// Limits of what a pack asks and offers.
const (
	maxQuestion = 200 // characters
	maxDayPart  = 20  // characters
	maxAhead    = 60  // days that meetings are offered for
	minEvery    = 15 * time.Minute
)

// mostAnswerWithin is how long, in business hours, the team may be given: the
// limits that follow are longer, and a timer reaches no further than a month.
const mostAnswerWithin = 8 * time.Hour

// Validate names every reason why Otto cannot work with the pack; none means
// that he can. It knows nothing of files: who reads a pack adds where.
func (p Pack) Validate() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	need := func(what, value string) {
		if strings.TrimSpace(value) == "" {
			fault("%s is missing", what)
		}
	}
	need("hash", p.Hash)
	need("name", p.Name)
	need("assistant", p.Assistant)
	need("persona", p.Persona)
	need("business", p.Business)
	if p.Location == nil {
		fault("location is missing")
	}
	for day, spans := range p.Hours.Week {
		for _, span := range spans {
			if span.From < 0 || span.To > 24*60 || span.From >= span.To {
				fault("hours: day %d: from %d to %d is no part of a day", day, span.From, span.To)
			}
		}
	}

	verticals := map[string]bool{}
	for _, v := range p.Verticals {
		need("vertical: id", v.ID)
		need("vertical "+v.ID+": name", v.Name)
		if verticals[v.ID] {
			fault("vertical %s: id is taken", v.ID)
		}
		verticals[v.ID] = true
	}
	facts, defaults := map[string]bool{}, map[string]bool{} // the latter by vertical
	for _, f := range p.Facts {
		need("fact: id", f.ID)
		need("fact "+f.ID+": text", f.Text)
		if facts[f.ID] {
			fault("fact %s: id is taken", f.ID)
		}
		facts[f.ID] = true
		if f.Vertical != "" && !verticals[f.Vertical] {
			fault("fact %s: no vertical %s", f.ID, f.Vertical)
		}
		for _, what := range f.Faults() {
			fault("fact %s: %s", f.ID, what)
		}
		if f.Default && defaults[f.Vertical] {
			fault("fact %s: its vertical has a default case", f.ID)
		}
		defaults[f.Vertical] = defaults[f.Vertical] || f.Default
	}
	faults = append(faults, p.funnelFaults(verticals)...)
	for _, what := range p.Meetings.Faults() {
		fault("meetings: %s", what)
	}
	if p.AnswerWithin < 0 || p.AnswerWithin > mostAnswerWithin {
		fault("answer within: not from nothing to %s", mostAnswerWithin)
	}

	taps := map[string]bool{TapPerson: true}
	for id := range verticals {
		taps[id] = true
	}
	for _, fixed := range p.Fixed {
		need("fixed reply: key", fixed.Key)
		if taps[fixed.Key] {
			fault("fixed reply %s: key is taken", fixed.Key)
		}
		taps[fixed.Key] = true
		if fixed.Vertical != "" && !verticals[fixed.Vertical] {
			fault("fixed reply %s: no vertical %s", fixed.Key, fixed.Vertical)
		}
	}

	said := map[string]string{} // who owns a trigger
	own := func(owner, trigger, folded string) {
		switch {
		case folded == "":
			fault("%s: trigger %q has no letter", owner, trigger)
		case said[folded] != "" && said[folded] != owner:
			fault("%s: trigger %q belongs to %s", owner, trigger, said[folded])
		default:
			said[folded] = owner
		}
	}
	for _, fixed := range p.Fixed {
		owner := "fixed reply " + fixed.Key
		for _, trigger := range fixed.Triggers {
			own(owner, trigger, Fold(trigger))
		}
		for _, command := range fixed.Commands {
			if folded := FoldCommand(command); folded != "" {
				own(owner, command, "/"+folded)
			} else {
				fault("%s: %q is no command", owner, command)
			}
		}
		limit := maxFixedText
		if len(fixed.Reply.Options) > 0 {
			limit = maxFixedInteractive
		}
		faults = append(faults, checkCanned(owner, fixed.Reply, limit, taps)...)
	}
	for _, greeting := range p.Greetings {
		own("greetings", greeting, Fold(greeting))
	}
	for _, trigger := range p.PersonTriggers {
		own("person triggers", trigger, Fold(trigger))
	}

	s := p.Sentences
	faults = append(faults, checkCanned("sentence greeting", s.Greeting, MaxText, taps, FillGreeting)...)
	faults = append(faults, checkCanned("sentence menu", s.Menu, MaxText, taps)...)
	for i, part := range s.DayParts {
		need(fmt.Sprintf("day part %d", i+1), part)
		if utf8.RuneCountInString(part) > maxDayPart {
			fault("day part %d: at most %d characters", i+1, maxDayPart)
		}
	}
	sentences := s.Plain()
	for _, kind := range MediaKinds() {
		text := s.Media[kind]
		sentences = append(sentences, Sentence{Name: "media " + string(kind), Text: &text})
		for _, vain := range Perceptions(kind) {
			text := s.Files[kind][vain]
			sentences = append(sentences, Sentence{Name: "media " + string(kind) + " " + string(vain), Text: &text})
		}
	}
	for _, one := range sentences {
		if one.Needed(p.Meetings) {
			need("sentence "+one.Name, *one.Text)
		}
		for _, what := range one.Faults() {
			fault("sentence %s: %s", one.Name, what)
		}
	}
	need("list label", s.ListLabel)
	if utf8.RuneCountInString(s.ListLabel) > maxListLabel {
		fault("list label: at most %d characters", maxListLabel)
	}
	return faults
}

// funnelFaults names what is wrong with the funnels among each other.
func (p Pack) funnelFaults(verticals map[string]bool) []string {
	var faults []string
	seen := map[string]bool{}
	for _, f := range p.Funnels {
		owner := "funnel " + f.Vertical
		if f.Vertical == "" {
			owner = "funnel of no vertical"
		} else if !verticals[f.Vertical] {
			faults = append(faults, owner+": no vertical "+f.Vertical)
		}
		if seen[f.Vertical] {
			faults = append(faults, owner+": is given twice")
		}
		seen[f.Vertical] = true
		for _, what := range f.Faults() {
			faults = append(faults, owner+": "+what)
		}
		if p.Meetings.Offered && len(f.Ready.Of) == 0 {
			faults = append(faults, owner+": does not say when a lead is ready for a meeting")
		}
	}
	if !seen[""] {
		faults = append(faults, "funnel of no vertical is missing")
	}
	return faults
}

// Faults names what is wrong with the funnel by itself.
func (f Funnel) Faults() []string {
	return append(questionFaults(f.Questions), f.Ready.Faults()...)
}

// questionFaults names what is wrong with questions that are asked in a row.
func questionFaults(questions []Question) []string {
	var faults []string
	seen := map[string]bool{}
	for _, q := range questions {
		for _, what := range q.Faults() {
			faults = append(faults, fmt.Sprintf("question %s: %s", q.Field, what))
		}
		if seen[q.Field] {
			faults = append(faults, fmt.Sprintf("question %s: is asked twice", q.Field))
		}
		seen[q.Field] = true
	}
	return faults
}

// Faults names what is wrong with the rule by itself.
func (r Readiness) Faults() []string {
	var faults []string
	if len(r.Of) > 0 && (r.AtLeast < 1 || r.AtLeast > len(r.Of)) {
		faults = append(faults, fmt.Sprintf("ready: at least %d of %d groups", r.AtLeast, len(r.Of)))
	}
	for _, group := range r.Of {
		if len(group) == 0 {
			faults = append(faults, "ready: a group has no field")
		}
		for _, field := range group {
			if !slices.Contains(conversation.CardFields(), field) {
				faults = append(faults, "ready: no card field "+field)
			}
		}
	}
	return faults
}

// Faults names what is wrong with the question by itself. Every choice must be
// a value that the card takes.
func (q Question) Faults() []string {
	var faults []string
	if !slices.Contains(conversation.CardFields(), q.Field) {
		return []string{"no such card field"}
	}
	switch n := utf8.RuneCountInString(q.Text); {
	case strings.TrimSpace(q.Text) == "":
		faults = append(faults, "text is missing")
	case n > maxQuestion:
		faults = append(faults, fmt.Sprintf("%d characters, at most %d", n, maxQuestion))
	case !strings.HasSuffix(q.Text, "?"):
		faults = append(faults, "ends in no question mark")
	}
	if len(q.Choices) > maxButtons {
		faults = append(faults, fmt.Sprintf("%d choices, at most %d", len(q.Choices), maxButtons))
	}
	titles, values := map[string]bool{}, map[string]bool{}
	for _, c := range q.Choices {
		n := units(c.Title)
		switch card, ok := (conversation.Card{}).With(q.Field, conversation.Value{Value: pii.Text(c.Value)}); {
		case n == 0 || n > maxButtonTitle:
			faults = append(faults, fmt.Sprintf("choice %q: title has not 1 to %d characters", c.Title, maxButtonTitle))
		case !ok:
			faults = append(faults, fmt.Sprintf("choice %q: the card does not take its value", c.Title))
		case titles[c.Title] || values[card[q.Field].Value.Reveal()]:
			faults = append(faults, fmt.Sprintf("choice %q: is given twice", c.Title))
		default:
			values[card[q.Field].Value.Reveal()] = true
		}
		titles[c.Title] = true
	}
	return faults
}

// units is the length of a text as WhatsApp counts titles, in UTF-16 units.
func units(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > '\uFFFF' {
			n++
		}
	}
	return n
}

// Faults names what is wrong with the meetings by themselves.
func (m Meetings) Faults() []string {
	faults := questionFaults(m.Questions)
	if !m.Offered {
		if len(m.Questions) > 0 {
			faults = append(faults, "questions before a meeting, but no meetings")
		}
		return faults
	}
	if m.Notice < 0 {
		faults = append(faults, "notice is less than nothing")
	}
	if m.Days < 1 || m.Days > maxAhead {
		faults = append(faults, fmt.Sprintf("days must be 1 to %d", maxAhead))
	}
	faults = append(faults, m.Flow.faults()...)
	if m.Every < minEvery || m.Every > 24*time.Hour || m.Every%time.Minute != 0 {
		faults = append(faults, fmt.Sprintf("every must be whole minutes, %s to a day", minEvery))
	}
	return faults
}

var flowID = regexp.MustCompile(`^[0-9]{1,32}$`)

func (f Flow) faults() []string {
	if f == (Flow{}) {
		return nil
	}
	var faults []string
	if !flowID.MatchString(f.ID) {
		faults = append(faults, "flow: id must be the digits by which Meta names it")
	}
	n := units(f.Label)
	if n == 0 || n > maxButtonTitle || strings.ContainsFunc(f.Label, func(r rune) bool { return unicode.Is(unicode.So, r) }) {
		faults = append(faults, fmt.Sprintf("flow: label has not 1 to %d characters without emoji", maxButtonTitle))
	}
	return faults
}

// Faults names what is wrong with the fact by itself, but for what is missing
// from any fact.
func (f Fact) Faults() []string {
	var faults []string
	switch f.Kind {
	case FactPlain, FactFAQ, FactObjection, FactCase, FactROI:
	default:
		return []string{"no kind " + string(f.Kind)}
	}
	if n := utf8.RuneCountInString(f.Text); n > MaxText {
		faults = append(faults, fmt.Sprintf("%d characters, at most %d", n, MaxText))
	}
	if !strings.Contains(f.Text, f.Value) {
		faults = append(faults, "the text does not state the value")
	}
	if f.Source == "" && (f.Value != "" || f.Kind == FactCase) {
		faults = append(faults, "a figure or a case needs a source")
	}
	if (f.Kind == FactPlain) != (len(f.When) == 0) {
		faults = append(faults, "a plain fact has no words that call for it, and every other kind has")
	}
	if f.Default && f.Kind != FactCase {
		faults = append(faults, "only a case can be the default")
	}
	return faults
}

// Faults names what is wrong with the sentence, but for its being missing.
func (s Sentence) Faults() []string {
	var faults []string
	if stray := Stray(*s.Text, s.Fills...); stray != "" {
		faults = append(faults, fmt.Sprintf("nothing fills in %q here", stray))
	}
	if n := filled(*s.Text); n > MaxText {
		faults = append(faults, fmt.Sprintf("%d characters, at most %d", n, MaxText))
	}
	return faults
}

var braces = regexp.MustCompile(`\{[^{}]*\}?|\}`)

// Stray is the first thing in braces that is none of fills; empty when there
// is none.
func Stray(text string, fills ...string) string {
	for _, found := range braces.FindAllString(text, -1) {
		if !slices.Contains(fills, found) {
			return found
		}
	}
	return ""
}

// filled is the length of a text once what stands in braces is filled in, at
// its longest, in characters.
func filled(text string) int {
	n := utf8.RuneCountInString(text)
	for fill, longest := range map[string]int{
		FillGreeting: maxDayPart, FillReturn: 50, FillMoment: 50, FillTimes: 180, FillHeard: maxHeard,
	} {
		n += strings.Count(text, fill) * (longest - utf8.RuneCountInString(fill))
	}
	return n
}

// checkCanned checks a reply that the pack gives word for word, but for fills.
func checkCanned(owner string, r conversation.Reply, limit int, taps map[string]bool, fills ...string) []string {
	var faults []string
	text := r.Text.Reveal()
	if stray := Stray(text, fills...); stray != "" {
		faults = append(faults, fmt.Sprintf("%s: nothing fills in %q here", owner, stray))
	}
	switch n := filled(text); {
	case strings.TrimSpace(text) == "":
		faults = append(faults, owner+": text is missing")
	case n > limit:
		faults = append(faults, fmt.Sprintf("%s: %d characters, at most %d", owner, n, limit))
	}
	kind := r.Kind
	if kind == "" {
		kind = conversation.ReplyText
	}
	if why := checkOptions(kind, r.Options); why != "" {
		faults = append(faults, owner+": "+why)
	}
	if utf8.RuneCountInString(r.Menu) > maxListLabel {
		faults = append(faults, fmt.Sprintf("%s: list label: at most %d characters", owner, maxListLabel))
	}
	for _, option := range r.Options {
		if !taps[option.ID] {
			faults = append(faults, fmt.Sprintf("%s: option %q names no fixed reply, no vertical and not %q", owner, option.ID, TapPerson))
		}
	}
	return faults
}

// Limits of WhatsApp for options, in characters.
const (
	maxButtons, maxButtonTitle = 3, 20
	maxRows, maxRowTitle       = 10, 24
	maxRowDescription          = 72
	maxOptionID                = 200
)

// checkOptions says what is wrong with the options of a reply; empty when
// nothing is.
func checkOptions(kind conversation.ReplyKind, options []conversation.Option) string {
	most, title := 0, 0
	switch kind {
	case conversation.ReplyText:
		if len(options) > 0 {
			return "a text has no options"
		}
		return ""
	case conversation.ReplyButtons:
		most, title = maxButtons, maxButtonTitle
	case conversation.ReplyList:
		most, title = maxRows, maxRowTitle
	default:
		return "no such kind of reply"
	}
	if len(options) < 1 || len(options) > most {
		return fmt.Sprintf("%d options, not 1 to %d", len(options), most)
	}
	for i, option := range options {
		switch earlier := options[:i]; {
		case strings.TrimSpace(option.ID) == "" || utf8.RuneCountInString(option.ID) > maxOptionID:
			return fmt.Sprintf("option %d: id has not 1 to %d characters", i+1, maxOptionID)
		case strings.TrimSpace(option.Title) == "" || utf8.RuneCountInString(option.Title) > title:
			return fmt.Sprintf("option %d: title has not 1 to %d characters", i+1, title)
		case kind == conversation.ReplyButtons && option.Description != "":
			return fmt.Sprintf("option %d: a button has no description", i+1)
		case utf8.RuneCountInString(option.Description) > maxRowDescription:
			return fmt.Sprintf("option %d: description has more than %d characters", i+1, maxRowDescription)
		case slices.ContainsFunc(earlier, func(o conversation.Option) bool { return o.ID == option.ID }):
			return fmt.Sprintf("option %d: id is taken", i+1)
		case slices.ContainsFunc(earlier, func(o conversation.Option) bool { return o.Title == option.Title }):
			return fmt.Sprintf("option %d: title is taken", i+1)
		}
	}
	return ""
}
