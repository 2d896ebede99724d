package otto

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/when"
)

// The budget of a prompt behind its page, in characters (about a quarter as
// many tokens). It is filled by priority: new messages, card, facts, history.
// Facts leave history its share; history takes whatever is left.
const (
	promptBudget  = 12_000
	messageBudget = 6_000
	historyShare  = 3_000
	// maxTokens bounds an answer: a full text, ten options and a full card
	// stay below it.
	maxTokens = 1_500
	// maxRepeated bounds how much of a blocked answer the model is shown
	// again, in characters.
	maxRepeated = 2_000
	// maxFound bounds how much of what was found the model is told, in
	// characters.
	maxFound = 300
)

// page is the part of a prompt that depends on the state alone.
type page struct {
	text     string
	schema   json.RawMessage
	cacheKey string
}

// newPages makes the page of every state in which something can be decided.
func newPages(p Pack, tenant string, w *words) (map[conversation.State]page, error) {
	origin := sha256.Sum256([]byte(tenant + "\x00" + p.Hash))
	pages := map[conversation.State]page{}
	for _, state := range conversation.States() {
		targets := conversation.LegalTargets(state)
		if len(targets) == 0 {
			continue
		}
		text, err := w.render("system", struct {
			Pack
			State   string
			Targets []string
			MaxText int
		}{p, string(state), names(targets), MaxText})
		if err != nil {
			return nil, err
		}
		schema, err := schemaFor(state)
		if err != nil {
			return nil, err
		}
		pages[state] = page{text, schema, string(state) + "." + hex.EncodeToString(origin[:16])}
	}
	return pages, nil
}

func names(states []conversation.State) []string {
	list := make([]string, 0, len(states))
	for _, state := range states {
		list = append(list, string(state))
	}
	return list
}

// SharedMessages is how many messages of a prompt, from the first on, are the
// same for every lead whose conversation is in the same state: the page of the
// business, which a provider's cache has after the first of them.
const SharedMessages = 1

// prompt puts a scene before the model: what changes least comes first, so
// that the longest prefix is shared.
func (o *Otto) prompt(s *scene) (Prompt, error) {
	page := o.pages[s.base]
	left := promptBudget

	new, err := o.words.render("messages", newest(o.heard(s), messageBudget))
	if err != nil {
		return Prompt{}, err
	}
	left -= utf8.RuneCountInString(new)
	card, err := o.words.render("card", o.cardPage(s))
	if err != nil {
		return Prompt{}, err
	}
	left -= utf8.RuneCountInString(card)
	facts, used := o.facts(s, left-historyShare)
	left -= used
	factPage, err := o.words.render("facts", facts)
	if err != nil {
		return Prompt{}, err
	}
	now, err := o.words.render("now", o.nowPage(s))
	if err != nil {
		return Prompt{}, err
	}
	history, err := o.history(s, left)
	if err != nil {
		return Prompt{}, err
	}

	messages := []PromptMessage{said(RoleSystem, page.text), said(RoleSystem, factPage), said(RoleSystem, card)}
	messages = append(messages, history...)
	messages = append(messages, said(RoleSystem, now), s.withFiles(said(RoleUser, new)))
	return Prompt{CacheKey: page.cacheKey, Schema: page.schema}.with(s, messages), nil
}

// said is a message that is text alone.
func said(role, content string) PromptMessage { return PromptMessage{Role: role, Content: content} }

// maxFiles bounds how many files a model is shown at once; of more it sees the
// newest.
const maxFiles = 5

// withFiles is a message with the files that a model can look at.
func (s *scene) withFiles(m PromptMessage) PromptMessage {
	for _, u := range s.shown() {
		if u.file != nil { // It is gone when the turn is replayed.
			m.Files = append(m.Files, *u.file)
		}
	}
	return m
}

// shown are the new messages whose files a model can look at.
func (s *scene) shown() []utterance {
	var shown []utterance
	for _, u := range s.said {
		if u.seen() {
			shown = append(shown, u)
		}
	}
	return shown[max(0, len(shown)-maxFiles):]
}

// nowPage is what the model reads of the moment: what time it is, what may be
// offered and what comes next.
func (o *Otto) nowPage(s *scene) any {
	wait := waited(s)
	page := struct {
		Weekday                int
		Date, Clock            string
		Open, Late             bool
		Minutes, Hours         int
		Slots, Meeting, Booked string
		Trouble, Asked, Heard  string
		Question, Field        string
		Invite                 bool
	}{
		Weekday: int(s.now.Weekday()), Date: s.now.Format("02/01/2006"), Clock: s.now.Format("15:04"),
		Open: o.pack.Hours.Open(s.now), Late: wait >= lateFrom, Minutes: int(wait.Minutes()), Hours: int(wait.Hours()),
		Slots: when.SayList(s.slots), Trouble: string(s.trouble), Asked: s.request.Conversation.Session.Asked,
		Heard: o.mask(o.sayHeard(s, s.unconfirmed), s.now),
	}
	booked := s.request.Conversation.Session.Booked.In(s.now.Location())
	switch at := s.meetingAt(); {
	case !o.booking(s).IsZero(), booked.After(s.now) && at.Equal(booked):
		page.Booked = when.SayMoment(at)
	case !at.IsZero() && !slices.Contains(s.unconfirmed, conversation.FieldMeetingAt):
		page.Meeting = when.SayMoment(at)
	}
	if next, ok := o.next(s); ok {
		page.Question, page.Field, page.Invite = next.question.Text, next.question.Field, next.invite
	}
	return page
}

// lateFrom is how old the oldest new message is when its writer deserves an
// apology: an outage lies between.
const lateFrom = 10 * time.Minute

// waited is how long the first of those who wait for an answer has waited.
func waited(s *scene) (longest time.Duration) {
	for _, m := range s.request.Messages {
		if m.Answerable() && !m.SentAt.IsZero() {
			longest = max(longest, s.request.Now.Sub(m.SentAt))
		}
	}
	return longest
}

// again is the prompt for the second try, with what was wrong with the first.
func (o *Otto) again(s *scene, p Prompt, answered string, findings []finding) (Prompt, error) {
	explained := make([]string, 0, len(findings))
	for _, f := range findings {
		f.Found = unmarked(head(oneLine(f.Found), maxFound))
		text, err := o.words.render("finding", f)
		if err != nil {
			return Prompt{}, err
		}
		explained = append(explained, text)
	}
	feedback, err := o.words.render("feedback", explained)
	if err != nil {
		return Prompt{}, err
	}
	messages := slices.Clone(p.Messages)
	if answered = head(clean(answered), maxRepeated); answered != "" {
		messages = append(messages, said(RoleAssistant, answered))
	}
	return p.with(s, append(messages, said(RoleSystem, feedback))), nil
}

// with completes a prompt with its messages.
func (p Prompt) with(s *scene, messages []PromptMessage) Prompt {
	p.Messages, p.SchemaName, p.MaxTokens = messages, schemaName, maxTokens
	var digests []string
	for _, u := range s.shown() {
		digests = append(digests, u.digest)
	}
	p.Fingerprint = Fingerprint(p, digests)
	return p
}

// Fingerprint is the fingerprint of a prompt, given the digests of its files in
// their order: the SHA-256 of each, in hexadecimal. Who sees what a model was
// asked finds the turn by it.
func Fingerprint(p Prompt, digests []string) string {
	sum := sha256.New()
	for _, m := range p.Messages {
		_, _ = fmt.Fprintf(sum, "%s %d %s\n", m.Role, len(m.Content), m.Content)
	}
	for _, digest := range digests {
		_, _ = fmt.Fprintf(sum, "file %s\n", digest)
	}
	_, _ = fmt.Fprintf(sum, "%s %d %s", p.SchemaName, p.MaxTokens, p.Schema)
	return hex.EncodeToString(sum.Sum(nil))
}

// heard are the new messages as the model reads them.
func (o *Otto) heard(s *scene) []string {
	lines := make([]string, 0, len(s.said))
	for _, u := range s.said {
		if line := unmarked(o.mask(o.words.line(u), s.now)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// newest are the newest whole texts that fit n characters together, and the
// last one in any case, in their order.
func newest(texts []string, n int) []string {
	from := len(texts)
	for from > 0 {
		n -= utf8.RuneCountInString(texts[from-1])
		if n < 0 && from < len(texts) {
			break
		}
		from--
	}
	return texts[from:]
}

// facts are the facts a scene calls for, whole, within n characters: first what
// answers the lead's very question, a doubt or a wish for proof, then the verticals it is about, then the
// business. While nothing is known of the lead's interest, every plain fact is of
// use.
func (o *Otto) facts(s *scene, n int) (chosen []Fact, used int) {
	about := map[string]bool{}
	if s.interest != "" {
		about[s.interest] = true
	}
	for _, u := range s.said {
		for _, id := range o.mentioned(u.folded) {
			about[id] = true
		}
	}
	taken := map[string]bool{}
	take := func(f Fact) {
		size := utf8.RuneCountInString(f.ID) + utf8.RuneCountInString(f.Text)
		if f.current(s.now) && !taken[f.ID] && used+size <= n {
			chosen = append(chosen, f)
			taken[f.ID] = true
			used += size
		}
	}
	for _, f := range o.called(s, about) {
		take(f)
	}
	for _, want := range []func(Fact) bool{
		func(f Fact) bool { return about[f.Vertical] },
		func(f Fact) bool { return f.Vertical == "" },
		func(Fact) bool { return len(about) == 0 },
	} {
		for _, f := range o.pack.Facts {
			if f.Kind == FactPlain && want(f) {
				take(f)
			}
		}
	}
	return chosen, used
}

// called are the cases, objections and ROI hints that the lead's words call for.
// Of cases it is one: the one that fits best, else the default one of a vertical
// when a case is asked for at all.
func (o *Otto) called(s *scene, about map[string]bool) []Fact {
	var facts []Fact
	var best *Fact
	most, wanted := 0, false
	for _, u := range s.said {
		wanted = wanted || o.lexicon.has("case", u.folded)
	}
	for i, f := range o.pack.Facts {
		if f.Vertical != "" && !about[f.Vertical] && len(about) > 0 {
			continue
		}
		hits := 0
		for _, word := range o.index.when[i] {
			for _, u := range s.said {
				if mentions(u.folded, word) {
					hits++
				}
			}
		}
		switch f.Kind {
		case FactFAQ, FactObjection, FactROI:
			if hits > 0 {
				facts = append(facts, f)
			}
		case FactCase:
			if f.Default && hits == 0 && best == nil || hits > most {
				best, most = &o.pack.Facts[i], hits
			}
		}
	}
	if best != nil && wanted {
		facts = append(facts, *best)
	}
	return facts
}

// cardField is one known field as the model reads it.
type cardField struct{ Name, Value string }

// cardPage is what the model reads of the lead.
func (o *Otto) cardPage(s *scene) any {
	page := struct {
		Profile, Interest, Source string
		Fields                    []cardField
	}{
		Interest: s.interest,
		Source:   unmarked(o.mask(oneLine(clean(s.card[conversation.FieldSource].Value.Reveal())), s.now)),
	}
	person := s.request.Conversation.Session.Person
	for _, m := range s.request.Messages {
		person = person.Merge(m.From)
	}
	page.Profile = unmarked(oneLine(head(clean(person.Name.Reveal()), maxName)))
	for _, name := range conversation.CardFields() {
		if v, ok := s.card[name]; ok && name != conversation.FieldInterest && name != conversation.FieldMeetingAt {
			page.Fields = append(page.Fields, cardField{name, unmarked(o.mask(oneLine(clean(v.Value.Reveal())), s.now))})
		}
	}
	return page
}

// maxName bounds a profile name, in characters.
const maxName = 80

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// history are the newest whole lines of the session within n characters.
func (o *Otto) history(s *scene, n int) ([]PromptMessage, error) {
	var messages []PromptMessage
	lines := s.request.Conversation.Session.History
	for i := len(lines) - 1; i >= 0; i-- {
		message := said(RoleAssistant, unmarked(clean(lines[i].Text.Reveal())))
		var err error
		switch lines[i].Who {
		case conversation.Lead:
			message.Role = RoleUser
			message.Content, err = o.words.render("messages", []string{message.Content})
		case conversation.Person:
			message.Content, err = o.words.render("colleague", message.Content)
		}
		if err != nil {
			return nil, err
		}
		if n -= utf8.RuneCountInString(message.Content); n < 0 {
			break
		}
		messages = append(messages, message)
	}
	slices.Reverse(messages)
	return messages, nil
}

// unmarked makes sure that a text cannot end the marks it stands between.
func unmarked(text string) string {
	if !strings.ContainsAny(text, "<>") {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '<':
			return '‹'
		case '>':
			return '›'
		default:
			return r
		}
	}, text)
}
