package pledge

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
)

// Kind is what is promised.
type Kind string

// What a text can promise.
const (
	// Guarantee is an assurance that something is or will be so.
	Guarantee Kind = "guarantee"
	// Result is a gain that the lead is promised.
	Result Kind = "result"
	// Deadline is a day or a span by which something is promised.
	Deadline Kind = "deadline"
	// ClosedPrice is a price, a discount or a deal that is settled here.
	ClosedPrice Kind = "closed_price"
	// Comparison is a direct comparison with a competitor, or with all of them.
	Comparison Kind = "comparison"
	// Action is something that is said to be done, or to have been done, by
	// whoever writes, by the team or by a system of theirs.
	Action Kind = "action"
)

// Need is the record without which an action is not true.
type Need string

// What an action can need.
const (
	// NeedHandoff is for what a person does: come, answer, check, call.
	NeedHandoff Need = "handoff"
	// NeedAppointment is for what has, or gets, its place in a calendar.
	NeedAppointment Need = "appointment"
	// NeedFollowUp is for coming back later, whoever does it. A person who was
	// told does it too, so that a handoff is record enough.
	NeedFollowUp Need = "follow_up"
)

// Pledge is one promise of a text.
type Pledge struct {
	Kind       Kind
	Start, End int    // bytes of the text, on boundaries of its runes
	Words      string // the text between them, as written
	Needs      Need   // empty unless Kind is Action
}

// Reader finds pledges. It is safe for use by several goroutines at once.
type Reader struct {
	grammar *grammar
}

//go:embed pt.txt
var portuguese string

// New returns a reader of the general forms and of a business's own: phrases
// that it never promises, which are found as [Guarantee], and names of its
// competitors. They are compared as the text is, folded and as whole words. A
// phrase without a letter or digit is refused; the error names its list and
// position and not the phrase.
func New(promises, competitors []string) (*Reader, error) {
	g := newGrammar()
	for i, phrase := range promises {
		if err := g.phrase(sectionGuarantee, phrase); err != nil {
			return nil, fmt.Errorf("promise %d: %w", i+1, err)
		}
	}
	for i, name := range competitors {
		if err := g.name("rival", name); err != nil {
			return nil, fmt.Errorf("competitor %d: %w", i+1, err)
		}
	}
	if err := g.read(portuguese); err != nil {
		return nil, fmt.Errorf("forms of a pledge: %w", err)
	}
	g.index()
	return &Reader{grammar: g}, nil
}

// kinds are what the sections of pledges find.
func (s section) pledge() (Kind, Need, bool) {
	switch s {
	case sectionGuarantee:
		return Guarantee, "", true
	case sectionResult:
		return Result, "", true
	case sectionDeadline:
		return Deadline, "", true
	case sectionClosedPrice:
		return ClosedPrice, "", true
	case sectionComparison:
		return Comparison, "", true
	case sectionHandoff:
		return Action, NeedHandoff, true
	case sectionAppointment:
		return Action, NeedAppointment, true
	case sectionFollowUp:
		return Action, NeedFollowUp, true
	default:
		return "", "", false
	}
}

// Find returns the pledges of a text, by where they start. Those of one kind do
// not overlap: the first and longest form is the one that counts.
func (r *Reader) Find(text string) []Pledge {
	t := r.grammar.parse(text)
	var found []Pledge
	end := map[Kind]int{} // the word after the last pledge of a kind
	slices.SortStableFunc(t.forms, func(a, b form) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(a.section, b.section))
	})
	for _, f := range t.forms {
		kind, need, ok := f.section.pledge()
		if !ok || f.from < end[kind] || !t.meant(kind, f) {
			continue
		}
		end[kind] = f.to
		start, stop := t.words[f.from].start, t.words[f.to-1].end
		found = append(found, Pledge{Kind: kind, Start: start, End: stop, Words: text[start:stop], Needs: need})
	}
	return found
}
