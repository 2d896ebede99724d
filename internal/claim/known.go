package claim

import (
	"slices"
	"strings"
	"time"
)

// Origin is who says what is known.
type Origin uint8

// The origins.
const (
	OriginBusiness Origin = iota // facts, page, hours and contacts of the business
	OriginLead                   // words and card of the lead
	OriginSlot                   // moments that are on offer
)

// Source is one thing that is known.
type Source struct {
	Claim
	Origin Origin
}

// Known is everything that supports claims. The zero value knows nothing. Its
// methods leave it as it is and return what knows more, so that what a
// business knows is built once and extended for each turn.
type Known struct {
	layers [][]Source
	slots  []time.Time
}

// With adds the claims of texts. now resolves their relative days, in its
// zone.
func (k Known) With(origin Origin, now time.Time, texts ...string) Known {
	var claims []Claim
	for _, text := range texts {
		claims = append(claims, Find(text, now)...)
	}
	return k.WithClaims(origin, claims...)
}

// WithClaims adds claims.
func (k Known) WithClaims(origin Origin, claims ...Claim) Known {
	if len(claims) == 0 {
		return k
	}
	layer := make([]Source, len(claims))
	for i, c := range claims {
		layer[i] = Source{Claim: c, Origin: origin}
	}
	k.layers = append(slices.Clip(k.layers), layer)
	return k
}

// WithMoments adds slots: each supports its day, its weekday and its hour, in
// its own zone, and the two of them only together.
func (k Known) WithMoments(times ...time.Time) Known {
	k.slots = append(slices.Clip(k.slots), times...)
	return k
}

// Unsupported are the claims of a text that nothing supports. now resolves
// its relative days, in its zone.
func (k Known) Unsupported(text string, now time.Time) []Claim {
	r := read(text, now)
	if len(r.claims) == 0 {
		return nil
	}
	sentences := r.sentences()
	wrong := make([]bool, len(r.claims))
	slot := make([]bool, len(r.claims))
	for i, c := range r.claims {
		said := sentences[r.sentence(c.Start)]
		if c.free() {
			said.lead = said.lead && r.ofTheLead(c)
		}
		switch {
		case k.sourced(c, said):
		case k.offered(c):
			slot[i] = true
		default:
			wrong[i] = true
		}
	}
	k.mixed(r, slot, wrong)
	var found []Claim
	for i, c := range r.claims {
		if wrong[i] {
			found = append(found, c)
		}
	}
	return found
}

// stance is what a sentence does, as far as it matters for what it relies on.
type stance struct {
	offer, hold, lead bool
}

// sentences are the stances of all sentences, by number.
func (r *reader) sentences() []stance {
	found := make([]stance, 1)
	for i, t := range r.tokens {
		for len(found) <= t.number {
			found = append(found, stance{})
		}
		if t.entry == nil {
			continue
		}
		s := &found[t.number]
		for _, p := range t.entry.phrases {
			switch {
			case p.topic < topicOffer || !r.reads(i, p.words):
			case p.topic != topicLead && r.has(i-1, isNegation):
				// What the business does not do it does not offer.
			case p.topic == topicOffer:
				s.offer = true
			case p.topic == topicHold:
				s.hold = true
			default:
				s.lead = true
			}
		}
	}
	return found
}

// free reports whether a claim says that something costs nothing.
func (c Claim) free() bool { return c.Kind == Money && c.Low == 0 && c.High == 0 }

// ofTheLead reports whether the clause of a claim speaks of what the lead has
// said: "como você queria, é de graça" does not.
func (r *reader) ofTheLead(c Claim) bool {
	first, next := r.span(c.Start, c.End)
	ends := func(i int) bool {
		return i < 0 || i >= len(r.tokens) || r.tokens[i].number != r.tokens[first].number || r.is(i, ",")
	}
	for !ends(first - 1) {
		first--
	}
	for !ends(next) {
		next++
	}
	for i := first; i < next; i++ {
		if r.phraseAt(i, topicLead) > 0 {
			return true
		}
	}
	return false
}

// sentence is the number of the sentence at a byte of the text.
func (r *reader) sentence(at int) int {
	i, _ := r.span(at, at)
	return r.tokens[i].number
}

// sourced reports whether the business or the lead supports a claim that
// stands in a sentence.
func (k Known) sourced(c Claim, said stance) bool {
	for _, layer := range k.layers {
		for i := range layer {
			s := &layer[i]
			if s.Origin == OriginLead && !said.lends(c) {
				continue
			}
			if s.supports(c) {
				return true
			}
		}
	}
	return false
}

// lends reports whether a sentence may rely on the lead's words for a claim.
// What the business offers it must know itself: that the lead named a price
// does not make it one.
func (s stance) lends(c Claim) bool {
	if s.lead {
		return true
	}
	switch c.Kind {
	case Money, Percent, Duration:
		return !s.offer && !s.hold && !c.free()
	case Quantity:
		bare := c.Unit == "" && c.Per == "" // and of an offer it is a price
		return !s.hold && (!s.offer || !bare)
	case Day, Hour:
		return !s.hold
	default:
		return true
	}
}

// supports reports whether a source supports a claim.
func (s *Source) supports(c Claim) bool {
	lead := s.Origin == OriginLead
	if lead && c.Kind != s.Kind {
		bare := c.Kind == Money && s.Kind == Quantity && s.Unit == "" || c.Kind == Quantity && s.Kind == Money && c.Unit == ""
		return bare && s.Text == "" && s.spans(c)
	}
	if c.Kind == Document && s.Kind == Phone {
		return samePhone(s.Text, c.Text)
	}
	if c.Kind != s.Kind {
		return false
	}
	switch c.Kind {
	case Money:
		return s.Currency == c.Currency && s.Text == c.Text && s.spans(c) && (lead || s.keepsBound(c) && s.keepsBasis(c) && subset(c.Unit, s.Unit))
	case Quantity:
		per := c.Per == "" || c.Per == s.Per || lead && s.Per == ""
		return s.Text == c.Text && s.spans(c) && per && (lead || sameUnit(s.Unit, c.Unit))
	case Percent:
		return s.Text == c.Text && s.spans(c)
	case Duration:
		working := strings.HasSuffix(s.Unit, lexicon.working) == strings.HasSuffix(c.Unit, lexicon.working)
		return s.Text == c.Text && working && s.spans(c)
	case Hour:
		if c.Low == c.High {
			return c.Low == s.Low || c.Low == s.High
		}
		return c.Low == s.Low && c.High == s.High
	case Day:
		return s.sameDay(c)
	case URL:
		return sameSite(s.Text, c.Text)
	case Email:
		return s.Text == c.Text
	case Phone:
		return samePhone(s.Text, c.Text)
	case Document:
		return lead && s.Text == c.Text
	}
	return false
}

// spans reports whether the source's value or range is the claim's. One end
// of a range stands for it only as the bound that it is; what the lead said
// they may also hear back in parts.
func (s *Source) spans(c Claim) bool {
	if s.Low == c.Low && s.High == c.High {
		return s.Origin == OriginLead || (!s.From || !c.UpTo) && (!s.UpTo || !c.From)
	}
	if c.Low != c.High {
		return false
	}
	if s.Low == s.High {
		return false
	}
	whole := s.Origin == OriginLead
	return c.Low == s.Low && (whole || c.From) || c.Low == s.High && (whole || c.UpTo)
}

// keepsBound reports whether a price says that it is only the highest one where
// the source does. The lowest one is the official price, however it is said.
func (s *Source) keepsBound(c Claim) bool { return !s.UpTo || c.UpTo }

// keepsBasis reports whether a price says all that the source's is counted by,
// periods aside: what each of them pays is no price for everybody.
func (s *Source) keepsBasis(c Claim) bool {
	named := strings.Split(c.Unit, "+")
	for unit := range strings.SplitSeq(s.Unit, "+") {
		if e := lexicon.words[unit]; unit == "" || e != nil && e.is&isPeriod != 0 {
			continue
		}
		if !slices.ContainsFunc(named, func(other string) bool { return sameUnit(unit, other) }) {
			return false
		}
	}
	return true
}

// subset reports whether all of the joined units are among the others.
func subset(units, of string) bool {
	if units == "" {
		return true
	}
	all := strings.Split(of, "+")
	for unit := range strings.SplitSeq(units, "+") {
		if !slices.ContainsFunc(all, func(other string) bool { return sameUnit(unit, other) }) {
			return false
		}
	}
	return true
}

// sameUnit reports whether two singular nouns are one, gender aside.
func sameUnit(a, b string) bool {
	return a == b || a != "" && b != "" && neuter(a) == neuter(b)
}

func neuter(unit string) string { return strings.TrimRight(unit, "ao") }

// sameDay reports whether a source names the claim's day. A weekday of the
// business comes again every week, and a day without a year every year.
func (s *Source) sameDay(c Claim) bool {
	if c.Unit == Weekdays || s.Unit == Weekdays {
		return c.Unit == s.Unit && c.First == s.First && c.Last == s.Last
	}
	if c.Unit == Season || s.Unit == Season {
		return c.Unit == s.Unit && c.Text == s.Text
	}
	if c.Day.IsZero() || s.Day.IsZero() {
		return false
	}
	if s.Origin == OriginBusiness {
		if s.Unit == Weekday && c.Unit == Weekday {
			return s.Day.Weekday() == c.Day.Weekday()
		}
		if s.Unit == Date && c.Unit == Date && !dated(s.Words) {
			return s.Day.Month() == c.Day.Month() && s.Day.Day() == c.Day.Day()
		}
	}
	return date(s.Day) == date(c.Day)
}

// dated reports whether a date is written with its year.
func dated(words string) bool {
	figures := 0
	for _, b := range []byte(words) {
		if digit(b) {
			figures++
		}
	}
	return figures > 4 || strings.Count(words, "/") == 2
}

func date(t time.Time) string { return t.Format(time.DateOnly) }

// sameSite reports whether a source's address covers another: its host, and
// the same path if the other has one.
func sameSite(source, claim string) bool {
	cut := func(site string) (host, path string) {
		if i := strings.IndexAny(site, "/?#\\"); i >= 0 {
			return site[:i], site[i:]
		}
		return site, ""
	}
	sourceHost, sourcePath := cut(source)
	host, path := cut(claim)
	return host == sourceHost && (path == "" || path == sourcePath)
}

// minPhoneDigits is the least that two telephone numbers must share.
const minPhoneDigits = 8

// samePhone reports whether two numbers reach the same: one may lack the
// country, the area, or the ninth digit.
func samePhone(a, b string) bool {
	a, b = subscriber(a), subscriber(b)
	return min(len(a), len(b)) >= minPhoneDigits && (strings.HasSuffix(a, b) || strings.HasSuffix(b, a))
}

// subscriber is a number without country, trunk zero and ninth digit.
func subscriber(number string) string {
	if len(number) >= 12 && strings.HasPrefix(number, "55") {
		number = number[2:]
	}
	if (len(number) == 11 || len(number) == 12) && number[0] == '0' && !lexicon.freeCall[number[:4]] {
		number = number[1:]
	}
	switch {
	case len(number) == 11 && number[2] == '9':
		return number[:2] + number[3:]
	case len(number) == 9 && number[0] == '9':
		return number[1:]
	}
	return number
}

// offered reports whether a slot has the claim's day or hour.
func (k Known) offered(c Claim) bool {
	return slices.ContainsFunc(k.slots, func(slot time.Time) bool { return fits(slot, c) })
}

// fits reports whether a slot is on the claim's day or at its hour.
func fits(slot time.Time, c Claim) bool {
	switch {
	case c.Kind == Day && c.Unit != Weekdays && !c.Day.IsZero():
		return date(slot) == date(c.Day)
	case c.Kind == Hour && c.Low == c.High:
		return float64(slot.Hour()*60+slot.Minute()) == c.Low
	}
	return false
}

// adjacent is how far apart a day and an hour may stand and still be read as
// one moment, in bytes.
const adjacent = 25

// mixed marks days and hours that only slots support and that no slot has
// together. An hour belongs to the day before it, also after other hours, or
// else to the day after it.
func (k Known) mixed(r *reader, slot, wrong []bool) {
	day := -1
	for i, c := range r.claims {
		near := i > 0 && c.Start-r.claims[i-1].End <= adjacent
		switch {
		case c.Kind == Day:
			day = i
			continue
		case c.Kind != Hour:
			day = -1
			continue
		case !near:
			day = -1
		}
		of := day
		if of < 0 && i+1 < len(r.claims) && r.claims[i+1].Kind == Day && r.claims[i+1].Start-c.End <= adjacent {
			of = i + 1
		}
		if of < 0 || !slot[i] || !slot[of] {
			continue
		}
		if !slices.ContainsFunc(k.slots, func(s time.Time) bool { return fits(s, c) && fits(s, r.claims[of]) }) {
			wrong[i], wrong[of] = true, true
		}
	}
}
