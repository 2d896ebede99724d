package otto

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// How interests grow and fade. A word counts one; a choice settles the matter
// for a while. With every turn, and with every week of silence, what was said
// earlier counts for less.
const (
	weightWord   = 1.0
	weightChosen = 3.0
	weightMost   = 3.0
	weightLeast  = 0.3 // below it, an interest is forgotten
	fadePerTurn  = 0.8
	halfLife     = 7 * 24 * time.Hour
	maxInterests = 8
)

// interested weighs what the lead is interested in by what they said in this
// turn. chosen are verticals that were chosen outright.
func (o *Otto) interested(s *scene, chosen map[conversation.MessageID]string) {
	session := s.request.Conversation.Session
	weights := map[string]conversation.Interest{}
	for _, i := range session.Interests {
		silence := s.request.Now.Sub(i.At)
		i.Weight *= fadePerTurn * math.Pow(0.5, max(0, float64(silence)/float64(halfLife)))
		weights[i.Vertical] = i
	}
	if len(session.Interests) == 0 && session.Interest != "" {
		weights[session.Interest] = conversation.Interest{Vertical: session.Interest, Weight: weightWord, At: session.LastAt}
	}
	add := func(id string, weight float64) {
		i := weights[id]
		i.Vertical, i.Weight, i.At = id, min(i.Weight+weight, weightMost), s.request.Now
		weights[id] = i
	}
	for _, u := range s.said {
		if id := chosen[u.id]; id != "" {
			for other, i := range weights {
				i.Weight = min(i.Weight, weightWord)
				weights[other] = i
			}
			add(id, weightChosen)
			continue
		}
		if o.answers(s, u) {
			add(session.Interest, weightWord*(1-fadePerTurn))
			continue
		}
		meant := o.mentioned(u.folded)
		for _, id := range meant {
			weight := weightWord
			if len(meant) == 1 && o.lexicon.has("change", u.folded) {
				weight = weightChosen
			}
			add(id, weight)
		}
	}
	s.rank(weights)
	if s.interest == "" || s.interest == s.card[conversation.FieldInterest].Value.Reveal() {
		return
	}
	for _, u := range s.said {
		if words := o.namedIn(u.folded, s.interest); words != "" {
			s.put(conversation.FieldInterest, conversation.Value{
				Value: pii.Text(s.interest), Words: pii.Text(words), Message: u.id, Confidence: confidenceMeant,
			})
		}
	}
}

// answers reports whether a message only answers what Otto asked of a lead whose
// interest is known. What it names there, such as a tool or what has to be
// integrated, is no other interest; and the one that was asked about has not
// faded.
func (o *Otto) answers(s *scene, u utterance) bool {
	session := s.request.Conversation.Session
	switch session.Asked {
	case "", conversation.FieldInterest, conversation.FieldNeed, conversation.FieldMeeting:
		return false
	}
	return session.Interest != "" && !strings.Contains(u.text, "?") &&
		!o.lexicon.has("change", u.folded) && !o.lexicon.has("wants", u.folded)
}

// rank orders interests, the strongest first; of equals the present one.
func (s *scene) rank(weights map[string]conversation.Interest) {
	var list []conversation.Interest
	for _, i := range weights {
		if i.Weight >= weightLeast {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b conversation.Interest) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), present(b, s.interest)-present(a, s.interest), cmp.Compare(a.Vertical, b.Vertical))
	})
	s.interests = list[:min(len(list), maxInterests)]
	before := s.interest
	s.interest = ""
	if len(list) == 1 || len(list) > 1 && (list[0].Weight > list[1].Weight || list[0].Vertical == before) {
		s.interest = list[0].Vertical
	}
}

func present(i conversation.Interest, id string) int {
	if i.Vertical == id {
		return 1
	}
	return 0
}

// choose makes one vertical the lead's interest.
func (s *scene) choose(id string, weight float64) {
	weights := map[string]conversation.Interest{}
	for _, i := range s.interests {
		weights[i.Vertical] = i
	}
	i := weights[id]
	i.Vertical, i.At = id, s.request.Now
	i.Weight = max(i.Weight, weight)
	weights[id] = i
	for other, o := range weights {
		if other != id {
			o.Weight = min(o.Weight, i.Weight)
			weights[other] = o
		}
	}
	s.interest = id
	s.rank(weights)
}

// mentioned are the verticals that a folded text names and does not rule out,
// in the pack's order.
func (o *Otto) mentioned(folded string) []string {
	var ids []string
	for i, v := range o.pack.Verticals {
		if slices.ContainsFunc(o.index.keywords[i], func(words string) bool { return o.means(folded, words) }) {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// namedIn is the keyword by which a folded text names a vertical; empty when it
// does not.
func (o *Otto) namedIn(folded, vertical string) string {
	for i, v := range o.pack.Verticals {
		if v.ID != vertical {
			continue
		}
		for _, words := range o.index.keywords[i] {
			if o.means(folded, words) {
				return words
			}
		}
	}
	return ""
}

// ruledOut reports whether the words before a keyword rule it out: "não preciso
// de", "sem". A bare "não" right before it more often answers something else.
func (o *Otto) ruledOut(before []string) bool {
	const reach = 3
	for i := 1; i <= reach && i <= len(before); i++ {
		word := before[len(before)-i : len(before)-i+1]
		if i == 1 && o.lexicon.count("without", word) > 0 || i > 1 && o.lexicon.count("negators", word) > 0 {
			return true
		}
	}
	return false
}

// means reports whether a folded text names something without ruling it out.
func (o *Otto) means(folded, words string) bool {
	for at := 0; ; {
		i := strings.Index(folded[at:], words)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(words)
		at = end
		if start > 0 && folded[start-1] != ' ' || end < len(folded) && folded[end] != ' ' {
			continue
		}
		if !o.ruledOut(strings.Fields(folded[:start])) {
			return true
		}
	}
}
