package otto

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/claim"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// put writes one statement on the scene's card, if it is one.
func (s *scene) put(field string, v conversation.Value) bool {
	v.At = s.request.Now
	spoken := s.spoken(v.Message)
	if spoken {
		v.Confidence *= confidenceHeard
	}
	before := s.card[field]
	card, ok := s.card.With(field, v)
	s.card = card
	if ok {
		s.fresh[field] = true
		s.doubt(field, spoken && card[field].Value != before.Value, spoken)
	}
	return ok
}

// read puts on the card what patterns read better than a model: addresses,
// numbers, names that are introduced, choices that were tapped, and yes or no to
// what was just asked. It comes before everything else, so that nothing is
// asked that was just told.
func (o *Otto) read(s *scene) {
	asked := s.request.Conversation.Session.Asked
	for _, u := range s.said {
		if u.text == "" {
			continue
		}
		said := func(field, value, words string) {
			s.put(field, conversation.Value{
				Value: pii.Text(value), Words: pii.Text(words), Message: u.id, Confidence: confidenceSaid,
			})
		}
		if field, value, ok := strings.Cut(u.tap, "="); ok {
			said(field, value, u.text)
			continue
		}
		numbers := 0
		var number claim.Claim
		for _, c := range claim.Find(u.text, s.now) {
			switch c.Kind {
			case claim.Email:
				said(conversation.FieldEmail, c.Text, c.Words)
			case claim.Quantity:
				numbers++
				number = c
				if field := o.counted(c, u.text[c.End:]); field != "" && o.daily(c) {
					said(field, c.Words, c.Words)
				}
			case claim.Money:
				if asked == conversation.FieldBudget || o.lexicon.has("budget", u.folded) {
					said(conversation.FieldBudget, c.Words, c.Words)
				}
			}
		}
		if numbers == 1 && o.daily(number) && conversation.IsCount(asked) && !s.fresh[asked] {
			said(asked, number.Words, number.Words)
		}
		if conversation.IsFlag(asked) {
			switch {
			case o.lexicon.is("yes", u.folded):
				said(asked, "true", u.text)
			case o.lexicon.is("no", u.folded):
				said(asked, "false", u.text)
			}
		}
		if m := o.lexicon.finds["signature"].FindStringSubmatch(u.text); m != nil && asked == conversation.FieldName {
			u.text, u.folded = m[1], Fold(m[1])
			said("company", strings.Trim(m[2], ".! "), m[2])
		}
		if name := o.introduced(u, asked); name != "" {
			said(conversation.FieldName, name, name)
		}
	}
}

// counted is the card's field for what a number counts; empty when there is
// none. People are counted by what they do, which comes after them.
func (o *Otto) counted(c claim.Claim, after string) string {
	if field := o.lexicon.units[c.Unit]; field != "" {
		return field
	}
	first, _, _ := strings.Cut(Fold(after), " ")
	if o.lexicon.has("people", c.Unit) {
		return o.lexicon.units[first]
	}
	return ""
}

// daily reports whether a number may be a count of the card: what comes in a
// month is none of a day.
func (o *Otto) daily(c claim.Claim) bool { return c.Per == "" || o.lexicon.has("daily", c.Per) }

// maxNameWords is how many words a name has that is given as a whole answer.
const maxNameWords = 5

var nameWord = regexp.MustCompile(`^\p{L}[\p{L}'.-]*$`)

// introduced is the name by which the lead introduces themselves: after words
// that say so, or as the whole answer to being asked.
func (o *Otto) introduced(u utterance, asked string) string {
	words := strings.Fields(u.text)
	if m := o.lexicon.finds["name"].FindStringSubmatch(u.folded); m != nil {
		wanted := strings.Fields(m[1])
		// The name in the lead's own spelling.
		for i := range words {
			if i > 0 && Fold(words[i]) == wanted[0] {
				return o.name(words[i:min(len(words), i+maxNameWords)])
			}
		}
	}
	if asked != conversation.FieldName || len(words) > maxNameWords || o.lexicon.is("ack", u.folded) ||
		o.index.greetings[u.folded] || strings.ContainsAny(u.text, "?@0123456789") {
		return ""
	}
	if name := o.name(words); len(strings.Fields(name)) == len(words) {
		return name
	}
	return ""
}

// name is the longest beginning of some words that can be a name. A name that
// is introduced in the middle of a sentence is known by its capitals.
func (o *Otto) name(words []string) string {
	var kept []string
	for i, word := range words {
		bare := strings.TrimRight(word, ".,;:!")
		folded := Fold(bare)
		particle := o.lexicon.has("particles", folded)
		if !nameWord.MatchString(bare) || !particle && o.lexicon.has("nonames", folded) || particle && i == 0 {
			break
		}
		first, _ := utf8.DecodeRuneInString(bare)
		if i > 0 && !unicode.IsUpper(first) && !particle {
			break
		}
		kept = append(kept, bare)
		if bare != word {
			break
		}
	}
	for len(kept) > 0 && o.lexicon.has("nonames", Fold(kept[len(kept)-1])) {
		kept = kept[:len(kept)-1]
	}
	return strings.Join(kept, " ")
}
