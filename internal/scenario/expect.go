package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// fold is the form in which texts are compared: without case, accents and the
// kinds of spaces, but with everything else.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// compare says what of a step came out otherwise.
func (e *Expect) compare(o outcome) []string {
	if e == nil {
		return nil
	}
	c := &comparison{outcome: o}
	c.texts(e)
	c.messages(e)
	c.standing(e)
	c.turn(e)
	c.consequences(e)
	return c.wrong
}

// comparison gathers what is wrong.
type comparison struct {
	outcome
	wrong []string
}

func (c *comparison) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// same compares a value that is looked at.
func (c *comparison) same(what string, want *string, got string) {
	if want != nil && *want != got {
		c.say("%s: want %s, got %s", what, orNothing(*want), orNothing(got))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// read is everything the lead read in the step, in words.
func (c *comparison) read() string {
	var all []string
	for _, m := range c.sent {
		all = append(all, m.Text)
		buttons, rows := choices(m)
		for _, o := range append(buttons, rows...) {
			all = append(all, o.title)
		}
		for _, r := range m.Rows {
			all = append(all, r.Description)
		}
	}
	return strings.Join(all, "\n")
}

func (c *comparison) texts(e *Expect) {
	read := c.read()
	folded := fold(read)
	has := func(text string) bool { return strings.Contains(folded, fold(text)) }
	for _, text := range e.Says {
		if !has(text) {
			c.say("does not say %q, but: %q", text, read)
		}
	}
	for _, group := range e.SaysAny {
		if !slices.ContainsFunc(group, has) {
			c.say("says none of %q, but: %q", group, read)
		}
	}
	for _, text := range e.Never {
		if has(text) {
			c.say("says %q: %q", text, read)
		}
	}
	var shown strings.Builder
	for _, r := range c.requests {
		for _, m := range r.Messages {
			shown.WriteString(m.Content + "\n")
		}
	}
	prompt := fold(shown.String())
	for _, text := range e.PromptHas {
		if !strings.Contains(prompt, fold(text)) {
			c.say("the model was not shown %q", text)
		}
	}
	for _, text := range e.PromptLacks {
		if strings.Contains(prompt, fold(text)) {
			c.say("the model was shown %q", text)
		}
	}
}

func (c *comparison) messages(e *Expect) {
	if e.Replies != nil && *e.Replies != len(c.sent) {
		c.say("replies: want %d, got %d: %q", *e.Replies, len(c.sent), c.read())
	}
	if e.Kind == nil && e.Options == nil {
		return
	}
	if len(c.sent) == 0 {
		c.say("kind and options: nothing was sent")
		return
	}
	last := c.sent[len(c.sent)-1]
	c.same("kind", e.Kind, kindOf(last))
	if e.Options != nil {
		var titles []string
		buttons, rows := choices(last)
		for _, o := range append(buttons, rows...) {
			titles = append(titles, o.title)
		}
		if !slices.Equal(titles, e.Options) {
			c.say("options: want %q, got %q", e.Options, titles)
		}
	}
}

// kindOf is the shape of a message in the words of a decision.
func kindOf(m whatsapptest.SentMessage) string {
	switch {
	case len(m.Buttons) > 0:
		return string(conversation.ReplyButtons)
	case len(m.Rows) > 0:
		return string(conversation.ReplyList)
	default:
		return string(conversation.ReplyText)
	}
}

func (c *comparison) standing(e *Expect) {
	session := c.conversation.Session
	c.same("state", e.State, string(session.State))
	c.same("interest", e.Interest, session.Interest)
	owner := c.conversation.Owner
	if owner == "" {
		owner = conversation.OwnerOtto
	}
	c.same("owner", e.Owner, string(owner))
	for _, field := range slices.Sorted(maps.Keys(e.Card)) {
		want, nothing := e.Card[field], ""
		if want == nil {
			want = &nothing
		}
		got := c.conversation.Card[field].Value.Reveal()
		if *want != got {
			c.say("card, %s: want %s, got %s", field, orNothing(*want), orNothing(got))
		}
	}
}

func (c *comparison) turn(e *Expect) {
	if e.Calls != nil && *e.Calls != c.calls {
		c.say("calls of the model: want %d, got %d", *e.Calls, c.calls)
	}
	if e.Route == nil && e.Asked == nil && e.Verdicts == nil {
		return
	}
	if len(c.turns) == 0 {
		c.say("route, asked and verdicts: there was no turn")
		return
	}
	last := c.turns[len(c.turns)-1]
	c.same("route", e.Route, string(last.Route))
	c.same("asked", e.Asked, last.Reasons.Asked)
	for _, guard := range slices.Sorted(maps.Keys(e.Verdicts)) {
		c.verdict(guard, e.Verdicts[guard], last)
	}
}

// verdict looks at the worst that a guard said in a turn: what it let pass the
// second time it had refused the first.
func (c *comparison) verdict(guard string, want bool, t conversation.StoredTurn) {
	said, ok, found := false, true, ""
	for _, v := range t.Verdicts {
		if v.Guard == guard {
			said = true
			if ok = ok && v.OK; !v.OK {
				found = v.Found
			}
		}
	}
	switch {
	case !said:
		c.say("verdict of %s: it was not asked", guard)
	case ok != want:
		c.say("verdict of %s: want %t, got %t (%s)", guard, want, ok, orNothing(found))
	}
}

func (c *comparison) consequences(e *Expect) {
	var kinds []string
	var start time.Time
	for _, t := range c.turns {
		for _, effect := range t.Effects {
			if effect.Kind != conversation.EffectTimer { // is nobody's to notice
				kinds = append(kinds, string(effect.Kind))
			}
			if effect.Appointment != nil {
				start = effect.Appointment.Start
			}
		}
	}
	if e.Effects != nil && !slices.Equal(kinds, e.Effects) {
		c.say("effects: want %q, got %q", e.Effects, kinds)
	}
	if e.Appointment != nil && !start.Equal(*e.Appointment) {
		c.say("appointment: want %s, got %s", e.Appointment.Format(time.RFC3339), moment(start, e.Appointment.Location()))
	}
	if e.Handoff == nil {
		return
	}
	var reasons []string
	for _, n := range c.told {
		if n.Kind == string(conversation.EffectHandoff) {
			reasons = append(reasons, n.Reason)
		}
	}
	switch {
	case *e.Handoff == "" && len(reasons) > 0:
		c.say("handoff: want none, and the team was told: %q", reasons)
	case *e.Handoff != "" && !slices.Equal(reasons, []string{*e.Handoff}):
		c.say("handoff: want the team told once of %s, got %q", *e.Handoff, reasons)
	}
}

func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "nothing"
	}
	return t.In(zone).Format(time.RFC3339)
}
