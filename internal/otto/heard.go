package otto

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/when"
)

// maxHeard bounds what is repeated of an audio at once, in characters.
const maxHeard = 300

// doubtful reports whether nothing is done upon a field that was heard in an
// audio before the lead said yes to it: a wrong letter or hour does harm.
func doubtful(field string) bool {
	return field == conversation.FieldEmail || field == conversation.FieldMeetingAt
}

// repeatable reports whether a field is repeated to the lead when it was heard.
func repeatable(field string) bool {
	switch field {
	case conversation.FieldName, "company", conversation.FieldBudget:
		return true
	default:
		return doubtful(field) || conversation.IsCount(field)
	}
}

// spoken reports whether a message of this turn was said and not written.
func (s *scene) spoken(id conversation.MessageID) bool {
	return slices.ContainsFunc(s.said, func(u utterance) bool { return u.id == id && u.spoken() })
}

// doubt notes that a field waits for a yes, or that it does not any more because
// it was written.
func (s *scene) doubt(field string, anew, spoken bool) {
	switch waits := slices.Contains(s.unconfirmed, field); {
	case !doubtful(field):
	case anew && !waits:
		s.unconfirmed = append(s.unconfirmed, field)
	case !spoken && waits:
		s.unconfirmed = except(s.unconfirmed, field)
	}
}

// except is fields without one of them; nil when nothing is left.
func except(fields []string, field string) []string {
	var left []string
	for _, f := range fields {
		if f != field {
			left = append(left, f)
		}
	}
	return left
}

// confirm reads the lead's yes or no to what was heard before this turn.
func (o *Otto) confirm(s *scene) {
	var asked []string
	for _, field := range s.unconfirmed {
		if !s.fresh[field] {
			asked = append(asked, field)
		}
	}
	if asked == nil || !asksForYes(s.request.Conversation.Session) {
		return
	}
	for _, u := range s.said {
		switch {
		case o.lexicon.is("denied", u.folded):
			s.denied = true
		case o.lexicon.is("agreed", u.folded) && !o.lexicon.has("negators", u.folded):
			s.agreed = asked
		}
	}
	if s.denied {
		s.agreed = nil
		for _, field := range asked {
			s.forget(field)
		}
	}
	for _, field := range s.agreed {
		if v := s.card[field]; v.Value != "" {
			v.Confidence = confidenceSaid
			s.card[field] = v
		}
		s.unconfirmed = except(s.unconfirmed, field)
	}
}

// forget takes off the card what was misheard.
func (s *scene) forget(field string) {
	delete(s.card, field)
	if field == conversation.FieldMeetingAt {
		delete(s.card, conversation.FieldMeeting)
	}
	s.unconfirmed = except(s.unconfirmed, field)
}

// settleHeard answers a message that is nothing but yes or no to what was heard.
func (o *Otto) settleHeard(s *scene) (answer, bool) {
	if len(s.said) != 1 || !o.brief(s.said[0]) {
		return answer{}, false
	}
	switch {
	case s.denied:
		a := o.reply(s, conversation.RouteFixed, plain(o.fill(s, o.pack.Sentences.HeardNo)))
		a.asked = s.request.Conversation.Session.Asked
		return a, true
	case s.agreed == nil:
		return answer{}, false
	}
	if at := o.booking(s); !at.IsZero() {
		return o.book(s, at), true
	}
	p := proposal{reply: plain(o.fill(s, o.pack.Sentences.HeardYes))}
	o.lead(s, &p)
	a := o.reply(s, conversation.RouteFixed, p.reply)
	a.asked = p.asked
	return a, true
}

// reaction hears a reaction to what Otto said last. To what can be answered with
// yes or no it is the word that it stands for; most emoji mean neither. Any other
// is a sign of life, and answered once as long as nothing was written: nobody
// talks in emoji alone, and who is told nothing does not know that it was seen.
func (o *Otto) reaction(s *scene, m conversation.Inbound) (utterance, bool) {
	session := s.request.Conversation.Session
	if !asksForYes(session) && !conversation.IsFlag(session.Asked) {
		seen := false
		if n := len(session.History); n > 0 {
			seen = session.History[n-1].Text.Reveal() == o.fill(s, o.pack.Sentences.Reaction)
		}
		return utterance{id: m.ID, kind: m.Kind}, !seen && s.from.Active() && session.OptedOut.IsZero()
	}
	for _, word := range []string{"yes", "no"} {
		for _, emoji := range o.lexicon.lists["emoji "+word] {
			if strings.HasPrefix(m.Text.Reveal(), emoji) { // A skin tone may follow.
				text := o.words.notes["reaction."+word]
				return utterance{id: m.ID, kind: m.Kind, text: text, folded: Fold(text)}, true
			}
		}
	}
	return utterance{}, false
}

// sayHeard says fields of the card as a list in a sentence; whole ones only.
func (o *Otto) sayHeard(s *scene, fields []string) string {
	type one struct{ Field, Value string }
	var list []one
	text := ""
	for _, field := range fields {
		value := briefly(s.card[field].Value.Reveal())
		switch {
		case value == "":
			continue
		case field == conversation.FieldMeetingAt:
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				continue
			}
			value = when.SayMoment(at.In(o.pack.Location))
		case conversation.IsCount(field):
			value = strings.Replace(value, "-", " a ", 1)
		}
		with, err := o.words.render("heard", append(list, one{field, value}))
		if err != nil || utf8.RuneCountInString(with) > maxHeard {
			continue
		}
		list, text = append(list, one{field, value}), with
	}
	return text
}

// complete ends every answer with what it owes to files: what was heard is
// repeated, and asked for where it matters; what was looked at in vain is
// mentioned, so that nothing that was sent meets silence.
func (o *Otto) complete(s *scene, a *answer) {
	if a.reply == nil {
		return
	}
	if a.route != conversation.RouteMedia && a.handoff == "" {
		for _, u := range s.said {
			o.mention(s, a, u)
		}
	}
	o.repeat(s, a)
}

// mention has an answer to other messages say what became of a file.
func (o *Otto) mention(s *scene, a *answer, u utterance) {
	if !u.kind.Perceptible() || u.spoken() || u.seen() && s.sees || o.lexicon.has(string(u.kind), Fold(a.reply.Text.Reveal())) {
		return
	}
	parts := pieces(o.unreadSentence(u))
	var questions []int
	for i, piece := range parts {
		if question(piece) {
			questions = append(questions, i)
		}
	}
	if said := without(parts, questions); said != "" { // The answer asks enough.
		a.begin(said)
	}
}

// unreadSentence answers a message that cannot be read.
func (o *Otto) unreadSentence(u utterance) string {
	sentences := o.pack.Sentences
	outcome := u.outcome
	if u.seen() && o.model != nil {
		outcome = conversation.Undone // the model that would look at it is out
	}
	if text := sentences.Files[u.kind][outcome]; text != "" {
		return text
	}
	if text := sentences.Media[u.kind]; text != "" {
		return text
	}
	return sentences.Media[conversation.KindUnsupported]
}

// repeat has an answer repeat what was heard in this turn, and ask about what
// nothing is done upon before the lead says yes.
func (o *Otto) repeat(s *scene, a *answer) {
	s.repeated = nil
	ask := false
	for _, field := range s.unconfirmed {
		s.repeated = append(s.repeated, field)
		ask = ask || s.fresh[field]
	}
	text := a.reply.Text.Reveal()
	ask = ask || s.repeated != nil && !strings.Contains(text, "?") && len(s.said) > 0
	if !ask {
		s.repeated = nil
	}
	for _, field := range conversation.CardFields() {
		v := s.card[field]
		if repeatable(field) && s.fresh[field] && s.spoken(v.Message) && v.Value != s.request.Conversation.Card[field].Value &&
			!slices.Contains(s.repeated, field) && !mentions(Fold(text), Fold(v.Value.Reveal())) {
			s.repeated = append(s.repeated, field)
		}
	}
	switch {
	case s.repeated == nil:
	case !ask || a.handoff != "":
		a.begin(o.fill(s, o.pack.Sentences.Heard))
	case o.asksHeard(s, text):
		a.asked = askedFor(s.unconfirmed)
	default:
		a.end(o.fill(s, o.pack.Sentences.HeardAsk))
		a.asked = askedFor(s.unconfirmed)
	}
}

// asksForYes reports whether Otto's last question was whether he heard right: a
// yes to another one is not meant for that.
func asksForYes(session conversation.Session) bool {
	return session.Unconfirmed != nil && session.Asked == askedFor(session.Unconfirmed)
}

// askedFor is the field that a question about what was heard asks for.
func askedFor(unconfirmed []string) string {
	if slices.Contains(unconfirmed, conversation.FieldMeetingAt) {
		return conversation.FieldMeeting
	}
	return unconfirmed[0]
}

// asksHeard reports whether a text asks already about all that waits for a yes.
func (o *Otto) asksHeard(s *scene, text string) bool {
	for _, field := range s.repeated {
		value := s.card[field].Value.Reveal()
		asked := slices.ContainsFunc(pieces(text), func(piece string) bool {
			if field != conversation.FieldMeetingAt {
				return question(piece) && strings.Contains(piece, value)
			}
			m, ok := when.Read(piece, s.now)
			at, exact := m.At()
			return ok && exact && question(piece) && at.Equal(s.meetingAt())
		})
		if !asked {
			return false
		}
	}
	return true
}

// begin puts a sentence before a reply, which gives way where there is no room.
func (a *answer) begin(sentence string) {
	reply := *a.reply
	reply.Text = pii.Text(sentence)
	if rest := a.beside(sentence, a.reply.Text.Reveal()); rest != "" {
		reply.Text = pii.Text(joined(sentence, rest))
	}
	a.reply = &reply
}

// end makes a sentence that asks the only question of a reply, and its end.
func (a *answer) end(sentence string) {
	parts := pieces(a.reply.Text.Reveal())
	var questions []int
	for i, piece := range parts {
		if question(piece) {
			questions = append(questions, i)
		}
	}
	reply := plain(joined(a.beside(sentence, without(parts, questions)), sentence))
	a.reply = &reply
}

// leastBeside is the least room that the rest of a reply is shortened to fit, in
// characters; with less it is left out.
const leastBeside = 40

// beside is as much of a text as fits beside a sentence.
func (a *answer) beside(sentence, text string) string {
	room := a.room() - utf8.RuneCountInString(sentence) - 1
	if utf8.RuneCountInString(text) > room && room < leastBeside {
		return ""
	}
	return shorten(text, room)
}

// room is how long the text of a reply may be: a fixed reply of the pack may be
// longer than what is composed.
func (a *answer) room() int {
	switch n := utf8.RuneCountInString(a.reply.Text.Reveal()); {
	case n <= MaxText:
		return MaxText
	case a.reply.Kind == conversation.ReplyText:
		return maxFixedText
	default:
		return maxFixedInteractive
	}
}
