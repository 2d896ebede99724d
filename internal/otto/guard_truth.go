package otto

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/claim"
	"github.com/pyloto/atende/internal/pledge"
	"github.com/pyloto/atende/internal/when"
)

// personal lets no document, address, e-mail or telephone number out that is
// not the business's own or the lead's own, and asks nobody for what is never
// asked for.
func (o *Otto) personal(s *scene, p *proposal) ruling {
	text := p.visible()
	var found []string
	for _, c := range o.unknown(s, p) {
		switch c.Kind {
		case claim.Document, claim.Email, claim.Phone:
			found = append(found, c.Words)
		}
	}
	if secret := o.asksSecret(text); secret != "" {
		found = append(found, secret)
	}
	folded := Fold(text)
	for _, m := range o.lexicon.finds["address"].FindAllString(folded, -1) {
		if m = strings.TrimSpace(m); !o.ownAddress(s, m) {
			found = append(found, m)
		}
	}
	if found == nil {
		return ruling{}
	}
	return blocked("personal_data", found...)
}

// denialReach is how many words before a thing may say that it is not asked for.
const denialReach = 7

// asksSecret is the first thing in a text that nobody is ever asked for; empty
// when there is none. Saying in the same breath that it is not asked for is the
// opposite of asking, unless the denial is of forgetting it.
func (o *Otto) asksSecret(text string) string {
	for _, sentence := range pieces(text) {
		folded := ""
		var breaths []int // where each begins in folded
		for _, breath := range clauses(sentence) {
			breaths = append(breaths, len(folded))
			folded += Fold(breath) + " "
		}
		for _, at := range o.lexicon.finds["secrets"].FindAllStringIndex(folded, -1) {
			from := 0
			for _, breath := range breaths {
				if breath <= at[0]+1 {
					from = breath
				}
			}
			before := strings.Fields(o.meant(folded[from:max(from, at[0])]))
			if !o.denied(before) && !o.needless(folded[at[1]:]) {
				return strings.TrimSpace(folded[at[0]:at[1]])
			}
		}
	}
	return ""
}

// denied reports whether the words before a thing deny it.
func (o *Otto) denied(before []string) bool {
	for i := len(before) - 1; i >= max(0, len(before)-denialReach); i-- {
		if o.lexicon.count("negators", before[i:i+1]) > 0 {
			return i+1 == len(before) || o.lexicon.count("insists", before[i+1:i+2]) == 0
		}
	}
	return false
}

// needless reports whether the words after a thing say that it is not needed.
func (o *Otto) needless(after string) bool {
	return slices.ContainsFunc(o.lexicon.lists["needless"], func(words string) bool { return strings.HasPrefix(after+" ", words+" ") })
}

// unknown are the claims of what the lead would read that nothing supports.
func (o *Otto) unknown(s *scene, p *proposal) []claim.Claim {
	if p.claimed {
		return p.unknown
	}
	p.claimed = true
	p.unknown = o.unsupported(s, p.reply.Text.Reveal())
	// How many there may be is no claim where the lead is to choose it: where it
	// is asked, and several options say it or one says nothing else.
	asks := p.asked != "" || strings.Contains(p.reply.Text.Reveal(), "?")
	var amounts []claim.Claim // each in an option of its own
	for _, option := range p.reply.Options {
		found := o.unsupported(s, option.Title)
		switch {
		case !asks || len(found) != 1 || found[0].Kind != claim.Quantity || found[0].Text != "":
			p.unknown = append(p.unknown, found...)
		case found[0].Unit != "" || len(strings.Fields(option.Title[:found[0].Start])) > 1:
			amounts = append(amounts, found...)
		}
		p.unknown = append(p.unknown, o.unsupported(s, option.Description)...)
	}
	if len(amounts) == 1 {
		p.unknown = append(p.unknown, amounts...)
	}
	return p.unknown
}

// ownAddress reports whether a street and number are the business's, a
// colleague's words or the lead's.
func (o *Otto) ownAddress(s *scene, folded string) bool {
	words := strings.Fields(folded)
	street, number := words[len(words)-2], words[len(words)-1]
	own := func(text string) bool {
		text = Fold(text)
		return mentions(text, number) && mentions(text, street)
	}
	if own(o.pack.Contacts.Address) || own(o.pack.Business) {
		return true
	}
	for _, line := range s.request.Conversation.Session.History {
		if own(line.Text.Reveal()) {
			return true
		}
	}
	return slices.ContainsFunc(s.said, func(u utterance) bool { return own(u.text) })
}

// claims lets nothing be claimed that is not known.
func (o *Otto) claims(s *scene, p *proposal) ruling {
	var found []string
	for _, c := range o.unknown(s, p) {
		if words := strings.TrimSpace(c.Words); c.Kind != claim.Document && !slices.Contains(found, words) {
			found = append(found, words)
		}
	}
	if found == nil {
		return ruling{}
	}
	return blocked("claims", found...)
}

// promise lets nothing be promised: no result, deadline, guarantee or closed
// price, and no comparison with a competitor. What a fact says in the same
// words passes.
func (o *Otto) promise(s *scene, p *proposal) ruling {
	var found []string
	for _, one := range o.pledgesOf(p) {
		if one.Kind != pledge.Action && !o.isFact(s, one.Words) {
			found = append(found, one.Words)
		}
	}
	if found == nil {
		return ruling{}
	}
	return blocked("promise", found...)
}

// pledgesOf are the pledges of what the lead would read.
func (o *Otto) pledgesOf(p *proposal) []pledge.Pledge {
	if text := p.visible(); p.pledged != text {
		p.pledges, p.pledged = o.pledges.Find(text), text
	}
	return p.pledges
}

// isFact reports whether a fact of today says something in the same words.
func (o *Otto) isFact(s *scene, words string) bool {
	folded := Fold(words)
	for i, f := range o.pack.Facts {
		if f.current(s.now) && mentions(o.index.texts[i], folded) {
			return true
		}
	}
	return false
}

// action lets nothing be announced that is not on record. Where a person was
// asked for, what is announced about that is said by the pack, which knows the
// hour; where a meeting is noted, the pack says that the team has to confirm it.
func (o *Otto) action(s *scene, p *proposal) ruling {
	found := slices.DeleteFunc(slices.Clone(o.pledgesOf(p)), func(one pledge.Pledge) bool {
		return one.Kind != pledge.Action || o.noted(s, p, one)
	})
	if p.strict {
		return unkept(p, found)
	}
	switch {
	case p.handoff != "":
		o.announce(p, found, o.handoffSentence(s, p.handoff))
		return repaired(wordsOf(found)...)
	case !p.booking.IsZero():
		o.announce(p, found, o.fill(s, o.pack.Sentences.MeetingNoted))
		return repaired(wordsOf(found)...)
	default:
		return unkept(p, found)
	}
}

// noted reports whether an announcement only says what is on record: that the
// meeting that was noted earlier is noted, at its own hour if at any.
func (o *Otto) noted(s *scene, p *proposal, one pledge.Pledge) bool {
	booked := s.request.Conversation.Session.Booked
	if !booked.After(s.now) || !o.lexicon.has("noted", Fold(one.Words)) {
		return false
	}
	from := 0
	for _, sentence := range pieces(p.visible()) {
		if from += len(sentence); one.Start < from {
			m, ok := when.Read(sentence, s.now)
			at, exact := m.At()
			return !ok || exact && at.Equal(booked)
		}
	}
	return false
}

// unkept blocks the announcements that no record keeps.
func unkept(p *proposal, found []pledge.Pledge) ruling {
	found = slices.DeleteFunc(found, func(one pledge.Pledge) bool {
		if one.Needs == pledge.NeedAppointment {
			return !p.booking.IsZero()
		}
		return p.handoff != "" || p.followUp || !p.booking.IsZero()
	})
	if len(found) == 0 {
		return ruling{}
	}
	return blocked("promise_of_action", wordsOf(found)...)
}

func wordsOf(found []pledge.Pledge) []string {
	words := make([]string, 0, len(found))
	for _, one := range found {
		words = append(words, one.Words)
	}
	return words
}

// announce takes the sentences with announcements and questions out of a reply
// and ends it with a sentence of the pack. Options go too: nothing is to be
// chosen any more.
func (o *Otto) announce(p *proposal, found []pledge.Pledge, sentence string) {
	var kept strings.Builder
	from := 0
	for _, piece := range pieces(p.reply.Text.Reveal()) {
		to := from + len(piece)
		announces := slices.ContainsFunc(found, func(one pledge.Pledge) bool { return one.Start < to && one.End > from })
		if !announces && !question(piece) {
			kept.WriteString(piece)
		}
		from = to
	}
	p.asked = ""
	text := strings.TrimSpace(kept.String())
	if with := joined(text, sentence); fits(with) {
		text = with
	} else {
		text = sentence
	}
	p.reply = plain(text)
}

// hours lets no meeting be proposed or confirmed at a moment that cannot be.
// Who says that it cannot be proposes nothing.
func (o *Otto) hours(s *scene, p *proposal) ruling {
	for _, sentence := range pieces(p.visible()) {
		m, ok := when.Read(sentence, s.now)
		if !ok {
			continue
		}
		parts := []string{sentence}
		if m.Several {
			parts = clauses(sentence)
		}
		meeting := o.lexicon.has("meeting", Fold(sentence))
		for _, part := range parts {
			if m, ok = when.Read(part, s.now); !ok || m.Several {
				continue
			}
			why := o.impossible(s, m, meeting)
			if why == "" || o.denies(around(part, m)) || o.denies(sentence) {
				continue
			}
			p.trouble = why
			return blocked("hours_"+string(why), strings.TrimSpace(part[m.Start:m.End]))
		}
	}
	return ruling{}
}

// meant is a folded text without negations that negate nothing, such as "não tem
// problema".
func (o *Otto) meant(folded string) string {
	padded := " " + folded + " "
	for _, phrase := range o.lexicon.lists["hollow"] {
		padded = strings.ReplaceAll(padded, " "+phrase+" ", " ")
	}
	return strings.TrimSpace(padded)
}

// denies reports whether a text says that a moment is not possible, and says
// yes to none.
func (o *Otto) denies(text string) bool {
	folded := o.meant(Fold(text))
	return o.lexicon.finds["impossible"].MatchString(folded) &&
		!slices.ContainsFunc(o.lexicon.lists["accepts"], func(yes string) bool {
			return mentions(folded, yes) && !slices.ContainsFunc(o.lexicon.lists["negators"], func(no string) bool {
				return mentions(folded, no+" "+yes)
			})
		})
}

// around are the clauses of a sentence that name a moment.
func around(sentence string, m when.Moment) string {
	var named strings.Builder
	from := 0
	for _, clause := range clauses(sentence) {
		to := from + len(clause)
		if from < m.End && m.Start < to {
			named.WriteString(clause)
		}
		from = to
	}
	return named.String()
}

// impossible is what is wrong with the moment that a sentence names. An hour
// without a day may be anything's, unless the sentence speaks of meeting.
func (o *Otto) impossible(s *scene, m when.Moment, meeting bool) trouble {
	if at, exact := m.At(); exact {
		why := o.troubleAt(s.now, at)
		if why == troubleClosed && !meeting && o.pack.Hours.Open(at.Add(-time.Minute)) {
			return "" // says until when somebody is there
		}
		if again, ok := o.pack.Hours.NextOpen(s.now); why == troubleSoon && (ok && at.Equal(again) || !o.pack.Meetings.Offered) {
			return "" // says when somebody is there again
		}
		return why
	}
	if meeting && m.Day.IsZero() && m.From >= 0 && m.From == m.To && !o.everOpen(m.From) {
		return troubleClosed
	}
	if meeting && m.From < m.To && !o.openWithin(m.From, m.To) {
		return troubleClosed
	}
	return ""
}

// everOpen reports whether a minute of the day is open, or the end of being
// open, on any day.
func (o *Otto) everOpen(minute int) bool {
	for _, week := range o.pack.Hours.Week {
		for _, span := range week {
			if minute >= span.From && minute <= span.To {
				return true
			}
		}
	}
	return false
}

// openWithin reports whether a span of the day holds an open minute on any day.
func (o *Otto) openWithin(from, to int) bool {
	for _, week := range o.pack.Hours.Week {
		for _, span := range week {
			if span.From < to && from < span.To {
				return true
			}
		}
	}
	return false
}

// joined is a text with one more sentence behind it.
func joined(text, more string) string {
	last, _ := utf8.DecodeLastRuneInString(text)
	switch {
	case text == "":
		return more
	case unicode.IsLetter(last), unicode.IsDigit(last):
		return text + "\n" + more
	default:
		return text + " " + more
	}
}

func fits(text string) bool { return len([]rune(text)) <= MaxText }

// handoffSentence tells the lead what to expect of a handoff at this hour.
func (o *Otto) handoffSentence(s *scene, reason string) string {
	sentences := o.pack.Sentences
	open, closed := sentences.Handoff, sentences.HandoffClosed
	if reason == HandoffOutage {
		open, closed = sentences.HandoffOutage, sentences.HandoffOutageClosed
	}
	if o.pack.Hours.Open(s.now) {
		return o.fill(s, open)
	}
	return o.fill(s, closed)
}
