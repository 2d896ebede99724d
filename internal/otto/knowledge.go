package otto

import (
	"fmt"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/claim"
	"github.com/pyloto/atende/internal/conversation"
)

// knowledge is what the business's own words support: what Otto may claim.
type knowledge struct {
	general  claim.Known // about the business as a whole
	all      claim.Known // about everything
	vertical map[string][]claim.Claim
	// passing are facts that do not hold for ever or that speak of days: what
	// they claim depends on when it is said.
	passing []Fact
}

// newKnowledge reads what a pack says. Facts that hold for ever are read once.
func newKnowledge(p Pack) knowledge {
	k := knowledge{vertical: map[string][]claim.Claim{}}
	someday := time.Date(2000, time.January, 1, 0, 0, 0, 0, p.Location)
	general := []string{p.Business, p.Purpose, p.Contacts.Address}
	for _, v := range p.Verticals {
		k.vertical[v.ID] = append(k.vertical[v.ID], claim.Find(v.Name+". "+v.Offer, someday)...)
	}
	for _, fixed := range p.Fixed {
		if fixed.Vertical == "" {
			general = append(general, spoken(fixed.Reply).Reveal())
		} else {
			k.vertical[fixed.Vertical] = append(k.vertical[fixed.Vertical], claim.Find(spoken(fixed.Reply).Reveal(), someday)...)
		}
	}
	for _, f := range p.Facts {
		claims := claim.Find(f.Text, someday)
		switch {
		case !f.ValidUntil.IsZero() || speaksOfDays(claims):
			k.passing = append(k.passing, f)
		case f.Vertical == "":
			general = append(general, f.Text)
		default:
			k.vertical[f.Vertical] = append(k.vertical[f.Vertical], claims...)
		}
	}
	general = append(general, p.Contacts.Emails...)
	general = append(general, p.Contacts.Hosts...)
	for _, phone := range p.Contacts.Phones {
		general = append(general, "+"+phone)
	}
	k.general = claim.Known{}.With(claim.OriginBusiness, someday, append(general, p.Hours.said()...)...)
	k.all = k.general
	for _, claims := range k.vertical {
		k.all = k.all.WithClaims(claim.OriginBusiness, claims...)
	}
	return k
}

func speaksOfDays(claims []claim.Claim) bool {
	for _, c := range claims {
		if c.Kind == claim.Day && !c.Day.IsZero() {
			return true
		}
	}
	return false
}

// said are the hours in words that the claim reader understands.
func (h Hours) said() []string {
	var said []string
	for _, week := range h.Week {
		for _, span := range week {
			said = append(said, fmt.Sprintf("%02d:%02d-%02d:%02d", span.From/60, span.From%60, span.To/60, span.To%60))
		}
	}
	return said
}

// current reports whether a fact may still be said at a moment of the
// business's zone.
func (f Fact) current(now time.Time) bool {
	return f.ValidUntil.IsZero() || now.Format(time.DateOnly) <= f.ValidUntil.Format(time.DateOnly)
}

// business is what the business lets Otto say today: about everything, or about
// itself and some verticals only.
func (o *Otto) business(now time.Time, verticals ...string) claim.Known {
	k := o.knows.all
	if len(verticals) > 0 {
		k = o.knows.general
	}
	for _, id := range verticals {
		k = k.WithClaims(claim.OriginBusiness, o.knows.vertical[id]...)
	}
	for _, f := range o.knows.passing {
		if f.current(now) && (len(verticals) == 0 || f.Vertical == "" || slices.Contains(verticals, f.Vertical)) {
			k = k.With(claim.OriginBusiness, now, f.Text)
		}
	}
	return k
}

// lacking are the claims of a text that neither the business nor the
// conversation supports. What was said is only listened to when it matters.
func (o *Otto) lacking(s *scene, text string, verticals ...string) []claim.Claim {
	k := o.business(s.now, verticals...)
	if len(k.Unsupported(text, s.now)) == 0 {
		return nil
	}
	return o.told(s, k).Unsupported(text, s.now)
}

// heardClaims are what the conversation itself supports.
type heardClaims struct {
	lead, colleague []claim.Claim
	moments         []time.Time
}

// told adds what is known from the conversation itself.
func (o *Otto) told(s *scene, k claim.Known) claim.Known {
	if s.heard == nil {
		s.heard = o.hearClaims(s)
	}
	return k.WithClaims(claim.OriginBusiness, s.heard.colleague...).WithClaims(claim.OriginLead, s.heard.lead...).
		WithMoments(s.heard.moments...)
}

func (o *Otto) hearClaims(s *scene) *heardClaims {
	var h heardClaims
	lead := func(text string) { h.lead = append(h.lead, claim.Find(text, s.now)...) }
	for _, line := range s.request.Conversation.Session.History {
		switch line.Who {
		case conversation.Lead:
			lead(line.Text.Reveal())
		case conversation.Person:
			h.colleague = append(h.colleague, claim.Find(line.Text.Reveal(), s.now)...)
		}
	}
	for _, u := range s.said {
		lead(u.text)
	}
	for _, v := range s.card {
		// A value may be what a model made of the lead's words.
		if v.Words != "" {
			lead(v.Words.Reveal())
		} else {
			lead(v.Value.Reveal())
		}
	}
	h.moments = append(h.moments, s.slots...)
	if at := s.meetingAt(); !at.IsZero() {
		h.moments = append(h.moments, at)
	}
	if again, ok := o.pack.Hours.NextOpen(s.now); ok {
		h.moments = append(h.moments, again)
	}
	return &h
}

// unsupported are the claims of a text that nothing known supports. A price, a
// number or a time said of one line of business must be known of that line.
func (o *Otto) unsupported(s *scene, text string) []claim.Claim {
	claims := claim.Find(text, s.now)
	if len(claims) == 0 {
		return nil
	}
	found := slices.DeleteFunc(o.lacking(s, text), func(c claim.Claim) bool { return o.closedOn(text, c) })
	from, subject := 0, o.subject(s)
	for _, sentence := range pieces(text) {
		to := from + len(sentence)
		about := o.mentioned(Fold(sentence))
		if len(about) > 0 {
			subject = about
		}
		if slices.ContainsFunc(claims, func(c claim.Claim) bool { return c.Start < to && c.End > from && ofALine(c) }) {
			strange := o.strange(s, sentence, subject)
			if len(about) == 0 { // a number may be of anything
				strange = slices.DeleteFunc(strange, func(c claim.Claim) bool { return c.Kind == claim.Quantity })
			}
			found = append(found, strange...)
			if parts := clauses(sentence); len(parts) > 1 {
				for _, clause := range parts {
					found = append(found, o.strange(s, clause, o.mentioned(Fold(clause)))...)
				}
			}
		}
		from = to
	}
	return found
}

// subject are the lines of business that a sentence is about which names none:
// the lead's interest, and what the lead names now.
func (o *Otto) subject(s *scene) []string {
	var about []string
	if s.interest != "" {
		about = append(about, s.interest)
	}
	for _, u := range s.said {
		if !o.answers(s, u) {
			about = append(about, o.mentioned(u.folded)...)
		}
	}
	slices.Sort(about)
	return slices.Compact(about)
}

// closedOn reports whether a claim of a text is a day of which its sentence says
// truly that nobody is there, or that it is a holiday.
func (o *Otto) closedOn(text string, c claim.Claim) bool {
	if c.Kind != claim.Day || c.Day.IsZero() {
		return false
	}
	holiday := o.pack.Hours.Holidays[c.Day.Format(time.DateOnly)]
	if !holiday && len(o.pack.Hours.Week[c.Day.Weekday()]) > 0 {
		return false
	}
	from := 0
	for _, sentence := range pieces(text) {
		if from += len(sentence); c.Start >= from {
			continue
		}
		folded := o.meant(Fold(sentence))
		rest := o.lexicon.finds["impossible"].ReplaceAllString(folded, " ")
		return rest != folded && !o.lexicon.has("open", rest) && (holiday || !o.lexicon.has("holiday", folded))
	}
	return false
}

// strange are the claims of a sentence or clause that are not known of the lines
// of business that it is about.
func (o *Otto) strange(s *scene, text string, about []string) []claim.Claim {
	if len(about) == 0 || len(about) == len(o.pack.Verticals) {
		return nil
	}
	return slices.DeleteFunc(o.lacking(s, text, about...), func(c claim.Claim) bool { return !ofALine(c) })
}

// ofALine reports whether a claim may be true of one line of business and false
// of another.
func ofALine(c claim.Claim) bool {
	switch c.Kind {
	case claim.Money, claim.Percent, claim.Duration, claim.Quantity:
		return true
	default:
		return false
	}
}
