package otto

import (
	"slices"
	"strings"
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
	p.claims = o.unsupported(s, p.reply.Text.Reveal())
	for _, c := range o.unsupported(s, strings.TrimPrefix(text, p.reply.Text.Reveal())) {
		// How many there may be is no claim where the lead is to choose it.
		if c.Kind != claim.Quantity || p.asked == "" && !strings.Contains(text, "?") {
			p.claims = append(p.claims, c)
		}
	}
	var found []string
	for _, c := range p.claims {
		switch c.Kind {
		case claim.Document, claim.Email, claim.Phone:
			found = append(found, c.Words)
		}
	}
	folded := Fold(text)
	if m := o.lexicon.finds["secrets"].FindString(folded); m != "" && !o.lexicon.has("negators", head(folded[:strings.Index(folded, m)+1], len(folded))) {
		found = append(found, strings.TrimSpace(m))
	}
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
func (o *Otto) claims(_ *scene, p *proposal) ruling {
	var found []string
	for _, c := range p.claims {
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
	for _, one := range o.pledges.Find(p.visible()) {
		if one.Kind != pledge.Action && !o.isFact(s, one.Words) {
			found = append(found, one.Words)
		}
	}
	if found == nil {
		return ruling{}
	}
	return blocked("promise", found...)
}

// isFact reports whether a fact of today says something in the same words.
func (o *Otto) isFact(s *scene, words string) bool {
	folded := Fold(words)
	return slices.ContainsFunc(o.pack.Facts, func(f Fact) bool {
		return f.current(s.now) && mentions(Fold(f.Text), folded)
	})
}

// action lets nothing be announced that is not on record. Where a person was
// asked for, what is announced about that is said by the pack, which knows the
// hour; where a meeting is noted, the pack says that the team has to confirm it.
func (o *Otto) action(s *scene, p *proposal) ruling {
	found := o.pledges.Find(p.visible())
	found = slices.DeleteFunc(found, func(one pledge.Pledge) bool { return one.Kind != pledge.Action })
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
// A sentence that says so is no proposal.
func (o *Otto) hours(s *scene, p *proposal) ruling {
	for _, sentence := range pieces(p.reply.Text.Reveal()) {
		if o.lexicon.has("impossible", Fold(sentence)) {
			continue
		}
		m, ok := when.Read(sentence, s.now)
		if !ok || m.Several {
			continue
		}
		why := o.impossible(s, m, o.lexicon.has("meeting", Fold(sentence)))
		if why == "" {
			continue
		}
		p.trouble = why
		return blocked("hours_"+string(why), strings.TrimSpace(sentence[m.Start:m.End]))
	}
	return ruling{}
}

// impossible is what is wrong with the moment that a sentence names. An hour
// without a day may be anything's, unless the sentence speaks of meeting.
func (o *Otto) impossible(s *scene, m when.Moment, meeting bool) trouble {
	if at, exact := m.At(); exact {
		why := o.troubleAt(s.now, at)
		if again, ok := o.pack.Hours.NextOpen(s.now); why == troubleSoon && (ok && at.Equal(again) || !o.pack.Meetings.Offered) {
			return "" // says when somebody is there again
		}
		return why
	}
	if meeting && m.Day.IsZero() && m.From >= 0 && m.From == m.To && !o.everOpen(m.From) {
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
