package claim

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/when"
)

// moments claims the days and hours.
func (r *reader) moments(now time.Time) {
	mentions := when.Find(r.text, now)
	var days []Claim
	for _, m := range mentions {
		first, next := r.span(m.Start, m.End)
		if first == next || r.wholeDay(first) > 0 || slices.Contains(r.taken[first:next], true) {
			continue
		}
		if _, at := r.sign(first - 1); at == first {
			continue
		}
		if m.Kind == when.Clock && next-first == 2 && r.has(next-1, isDuration) && !r.glued(next-1) && len(days) == 0 {
			// "11 horas" by itself is as often how long: whoever means when says
			// "às", or the day, or writes 11h.
			continue
		}
		c := Claim{Start: m.Start, End: m.End, Words: r.text[m.Start:m.End]}
		switch m.Kind {
		case when.Date:
			if r.today(first, next) && !r.exactly(first, next, mentions) {
				continue
			}
			c.Kind, c.Unit, c.Day = Day, Date, m.Day
		case when.Weekday:
			c.Kind, c.Unit, c.Day = Day, Weekday, m.Day
		case when.WeekdayRange:
			c.Kind, c.Unit, c.First, c.Last = Day, Weekdays, m.First, m.Last
		case when.Clock:
			c.Kind, c.Low, c.High = Hour, float64(m.From), float64(m.From)
		case when.ClockRange:
			c.Kind, c.Low, c.High = Hour, float64(m.From), float64(m.To)
		default:
			// A part of the day or a vague time states nothing that could be
			// wrong.
			for i := first; i < next; i++ {
				r.taken[i] = r.taken[i] || r.has(i, isHalf)
			}
			continue
		}
		for i := first; i < next; i++ {
			r.taken[i] = true
		}
		if n := len(days); n > 0 && c.Kind == Day && r.oneDay(days[n-1], c) {
			days[n-1] = r.joined(days[n-1], c)
			continue
		}
		days = append(days, c)
	}
	r.claims = append(r.claims, days...)
}

// span are the tokens that stand in bytes of the text, in part at least.
func (r *reader) span(start, end int) (first, next int) {
	first, _ = slices.BinarySearchFunc(r.tokens, start, func(t token, pos int) int { return r.end(t) - 1 - pos })
	next, _ = slices.BinarySearchFunc(r.tokens, end, func(t token, pos int) int { return r.start(t) - pos })
	return first, max(first, next)
}

// today reports whether the tokens are the word that means nowadays as often
// as the day.
func (r *reader) today(first, next int) bool {
	return next-first == 1 && r.has(first, isToday)
}

// exactly reports whether today is meant as a day: next to an hour, or with a
// word that says so.
func (r *reader) exactly(first, next int, all []when.Mention) bool {
	if r.has(first-1, isExactly) || r.has(next, isExactly) {
		return true
	}
	return slices.ContainsFunc(all, func(other when.Mention) bool {
		if other.Kind != when.Clock && other.Kind != when.ClockRange {
			return false
		}
		i, j := r.span(other.Start, other.End)
		return r.near(next, i) || r.near(j, first)
	})
}

// near reports whether nothing of weight stands between a day that ends
// before token i and an hour that begins with token j.
func (r *reader) near(i, j int) bool {
	return j >= i && j-i <= 3 && r.tokens[min(i, len(r.tokens)-1)].number == r.tokens[j-1].number
}

// oneDay reports whether two claims of days are two names of one: "terça, 1º
// de dezembro".
func (r *reader) oneDay(a, b Claim) bool {
	if a.Unit == Weekdays || b.Unit == Weekdays || a.Unit == b.Unit && (a.Unit == Weekday || !a.Day.Equal(b.Day)) {
		return false
	}
	_, i := r.span(a.Start, a.End)
	j, _ := r.span(b.Start, b.End)
	return i == j || j-i == 1 && (r.is(i, ",") || r.is(i, "("))
}

// joined is one day with both of its names, or a day that does not exist when
// they contradict each other.
func (r *reader) joined(a, b Claim) Claim {
	day, weekday := a, b
	if a.Unit == Weekday {
		day, weekday = b, a
	}
	c := Claim{Kind: Day, Unit: Date, Start: a.Start, End: b.End, Words: r.text[a.Start:b.End]}
	if day.Unit == weekday.Unit || day.Day.Weekday() == weekday.Day.Weekday() {
		c.Day = day.Day
	}
	return c
}

// seasons claims the months and parts of the year in which a sentence says that
// something begins or comes out.
func (r *reader) seasons() {
	releases := map[int]bool{}
	for i, t := range r.tokens {
		if r.has(i, isRelease) {
			releases[t.number] = true
		}
	}
	for i := 0; i < len(r.tokens); i++ {
		n := r.phraseAt(i, topicSeason)
		if n == 0 && r.has(i, isMonth) {
			n = 1
		}
		if n == 0 || r.taken[i] || !releases[r.tokens[i].number] {
			continue
		}
		words := make([]string, n)
		for k := range words {
			words[k] = r.tokens[i+k].text
		}
		r.claim(Claim{Kind: Day, Unit: Season, Text: strings.Join(words, " ")}, i, i+n)
		i += n - 1
	}
}

// numbers claims everything that has a number, and what costs nothing.
func (r *reader) numbers() {
	for i := 0; i < len(r.tokens); {
		next := i
		if !r.taken[i] {
			next = r.one(i)
		}
		i = max(next, i+1)
	}
}

// one claims what begins at token i and returns the token after it, or i when
// nothing does.
func (r *reader) one(i int) int {
	t := r.tokens[i]
	if t.kind == line {
		return i
	}
	if next := r.free(i); next > i {
		return next
	}
	if next := r.wholeDay(i); next > 0 {
		r.claim(Claim{Kind: Hour, Low: 0, High: allDay}, i, next)
		return next
	}
	if currency, at := r.sign(i); currency != "" {
		if v, ok := r.number(at, true); ok && !r.taken[at] {
			return r.amount(i, at, v, currency)
		}
		if r.kind(at, word) && r.glued(at+1) && r.kind(at+1, digits) {
			// A letter in the place of a digit.
			return r.money(Claim{Text: r.tokens[at].text + r.tokens[at+1].text}, i, at+2, currency)
		}
		return i
	}
	if e := t.entry; e != nil && t.kind == word {
		switch {
		case e.is&isMultiple != 0:
			r.claim(Claim{Kind: Quantity, Low: e.value, High: e.value, Unit: lexicon.once}, i, i+1)
			return i + 1
		case e.is&isRough != 0:
			return r.rough(i, i, 1)
		case e.is&isHalf != 0 && r.minutes(i+1) >= hour && r.minutes(i+1) != day:
			unit := r.tokens[i+1].entry
			r.claim(r.bounded(i, Claim{Kind: Duration, Low: unit.minutes / 2, High: unit.minutes / 2, Unit: unit.unit}), i, i+2)
			return i + 2
		case e.is&isHalf != 0 && r.has(i+1, isBy) && r.has(i+2, isHundred):
			return r.percent(r.bounded(i, Claim{Low: 0.5, High: 0.5}), i, i+1)
		case e.is&isHalf != 0 && r.has(i+1, isRough):
			return r.rough(i, i+1, 0.5)
		}
	}
	v, ok := r.number(i, false)
	if !ok {
		return i
	}
	if spaced, _ := r.number(i, true); r.has(spaced.next, isCurrency) {
		v = spaced
	}
	return r.amount(i, i, v, "")
}

// Units of time in minutes.
const (
	hour = 60
	day  = 24 * hour
)

// minutes is how long the unit of time at token i is, 0 when it is none.
func (r *reader) minutes(i int) float64 {
	if !r.has(i, isDuration) {
		return 0
	}
	return r.tokens[i].entry.minutes
}

// free claims a phrase that says that something costs nothing.
func (r *reader) free(i int) int {
	e := r.tokens[i].entry
	if e == nil || r.tokens[i].kind != word {
		return i
	}
	longest := 0
	for _, p := range e.phrases {
		if p.topic == topicFree && r.reads(i, p.words) {
			longest = max(longest, len(p.words))
		}
	}
	if longest == 0 || e.is&isNegation == 0 && r.negated(i) {
		return i + longest
	}
	r.claim(Claim{Kind: Money}, i, i+longest)
	return i + longest
}

// negated reports whether one of the few words before token i denies it.
func (r *reader) negated(i int) bool {
	for k := i - 1; k >= max(0, i-4) && r.kind(k, word); k-- {
		if r.has(k, isNegation) {
			return true
		}
	}
	return false
}

// reads reports whether the words stand at token i.
func (r *reader) reads(i int, words []string) bool {
	if i < 0 || i+len(words) > len(r.tokens) {
		return false
	}
	for k, w := range words {
		if r.tokens[i+k].text != w {
			return false
		}
	}
	return true
}

// wholeDay is the token after what says "all day" at token i: 24h, 24 horas
// por dia, 24/7. It is 0 when nothing does.
func (r *reader) wholeDay(i int) int {
	j := i + 1
	switch {
	case r.has(i-1, isScale), r.is(i-1, "$"):
		return 0
	case r.is(i, "24"):
	case r.reads(i, lexicon.wholeDay):
		j = i + len(lexicon.wholeDay)
	default:
		return 0
	}
	if (r.is(j, "/") || r.is(j, "x")) && r.is(j+1, "7") {
		return j + 2
	}
	if r.minutes(j) != hour {
		return 0
	}
	j++
	if (r.is(j, "/") || r.is(j, "x")) && (r.is(j+1, "7") || r.minutes(j+1) == day) {
		return j + 2
	}
	if r.has(j, isWorking) || r.kind(j, digits) && r.glued(j) {
		return 0
	}
	always := false
	for {
		at := j
		if r.is(at, ",") || r.has(at, isAnd) {
			at++
		}
		n := r.phraseAt(at, topicAlways)
		if n == 0 {
			break
		}
		always = true
		j = at + n
	}
	if !always && r.has(i-1, isLasting) {
		return 0
	}
	return j
}

// phraseAt is the length of the longest phrase on a topic at token i.
func (r *reader) phraseAt(i int, about topic) int {
	if i < 0 || i >= len(r.tokens) {
		return 0
	}
	e := r.tokens[i].entry
	if r.kind(i, digits) {
		e = lexicon.words[r.tokens[i].text]
	}
	longest := 0
	if e != nil {
		for _, p := range e.phrases {
			if p.topic == about && r.reads(i, p.words) {
				longest = max(longest, len(p.words))
			}
		}
	}
	return longest
}

// rough claims so many dozens, hundreds or thousands; their word is token at,
// and the claim begins with token first.
func (r *reader) rough(first, at int, times float64) int {
	e := r.tokens[at].entry
	c := Claim{Kind: Quantity, Low: e.value * times, High: e.value * times, Text: singular(r.tokens[at].text)}
	j := at + 1
	if r.has(j, isOf) {
		c.Unit, j = r.unit(j + 1)
	}
	r.claim(r.bounded(first, c), first, j)
	return j
}

// amount claims the number v at token at, with a currency before it at token
// first if any, and returns the token after the claim.
func (r *reader) amount(first, at int, v value, currency string) int {
	if currency == "" && r.kind(at, digits) && r.unclaimed(at, v) {
		return v.next
	}
	between := r.has(first-1, isBetween)
	c := Claim{Low: v.amount, High: v.amount, Text: v.odd}
	j := v.next
	// The first end of a range may have a unit of its own.
	after := j
	if r.has(after, isCurrency) || r.is(after, "%") {
		after++
	}
	sign := currency
	if low, second, prefix, ok := r.upTo(after, v, between, currency != ""); ok && !r.taken[second.next-1] {
		same := after == j || r.is(j, "%") && r.is(second.next, "%") || r.has(j, isCurrency) && (prefix != "" || r.has(second.next, isCurrency))
		if same && (!v.article || r.has(second.next, isDuration)) {
			c.Low, c.High, j = low, second.amount, second.next
			v.article, v.words = false, v.words && second.words
			if prefix != "" {
				sign = prefix
			}
			if second.scale > v.scale {
				v.scale = second.scale
			}
		}
	}
	c = r.bounded(first, c)
	if sign != "" {
		return r.money(c, first, j, sign)
	}
	if next := r.percent(c, first, j); next > 0 {
		return next
	}
	money := j
	if r.has(money, isOf) && v.scale >= 1e6 {
		money++
	}
	if r.has(money, isCurrency) && (!v.article || r.ends(money) || r.has(money+1, isStop|isBasis)) {
		return r.money(c, first, money+1, r.tokens[money].entry.currency)
	}
	if r.has(j, isCents) {
		c.Low, c.High = c.Low/100, c.High/100
		return r.money(c, first, j+1, brl)
	}
	if r.has(j, isTimes) {
		if v.article {
			return j + 1
		}
		c.Kind, c.Unit = Quantity, lexicon.once
		r.claim(c, first, j+1)
		return j + 1
	}
	if r.has(j, isDuration) {
		return r.lasting(c, v, first, j)
	}
	if v.article {
		return v.next
	}
	if r.has(j, isRough) && c.Low == c.High {
		return r.rough(first, j, c.Low)
	}
	return r.counted(c, v, first, j)
}

// unclaimed reports whether the digits at token i are a mark of order rather
// than a number: 1º, the 2. of a list, opção 3, the 4 of GPT4.
func (r *reader) unclaimed(i int, v value) bool {
	switch j := v.next; {
	case r.glued(i) && (r.kind(i-1, word) || r.is(i-1, "'")):
		return true
	case r.is(j, string(foldOrdinal)) && r.glued(j):
		return true
	case r.glued(j) && (r.is(j, "o") || r.is(j, "a")) && len(r.tokens[i].text) <= 2:
		return true
	case r.glued(j) && r.kind(j, word) && lexicon.words[r.tokens[i].text+r.tokens[j].text] != nil && lexicon.words[r.tokens[i].text+r.tokens[j].text].is&isName != 0:
		return true
	case r.is(j, string(foldKeycap)):
		return !r.has(j+1, isCurrency|isCents) && !r.is(j+1, "%")
	case j == i+1 && len(r.tokens[i].text) <= 2 && r.opens(i) && r.glued(j) && (r.is(j, ".") || r.is(j, ")") || r.is(j, ":") || r.is(j, "-")):
		return !r.glued(j+1) || !r.kind(j+1, digits)
	case j == i+1 && len(r.tokens[i].text) <= 2 && r.opens(i) && r.is(j, "-") && !r.kind(j+1, digits):
		return true
	case j == i+1 && len(r.tokens[i].text) == 1 && r.is(j, ")") && !r.is(j+1, "-"):
		return true
	case r.has(i-1, isLabel) && !r.has(j, isCurrency|isCents|isDuration) && !r.is(j, "%") && v.scale == 1 && v.amount <= 20:
		return true
	}
	return false
}

// opens reports whether token i is the first of its line, marks aside.
func (r *reader) opens(i int) bool {
	for i--; i >= 0 && r.kind(i, mark) && strings.Contains("*_-"+string(foldSymbol), r.tokens[i].text); i-- {
	}
	return i < 0 || r.kind(i, line)
}

// bounded adds whether c, at token i, is only a lower or upper bound.
func (r *reader) bounded(i int, c Claim) Claim {
	k := i - 1
	for n := 0; n < 2 && r.has(k, isOf|isOnly|isSome); n++ {
		if r.bound(k, &c) {
			return c
		}
		k--
	}
	r.bound(k, &c)
	return c
}

// bound reads a bound that ends with token k.
func (r *reader) bound(k int, c *Claim) bool {
	if k < 0 || r.tokens[k].entry == nil {
		return false
	}
	for _, p := range r.tokens[k].entry.bounds {
		if r.reads(k+1-len(p.words), p.words) {
			c.From, c.UpTo = p.topic == topicFrom, p.topic == topicUpTo
			return true
		}
	}
	return false
}

// money claims an amount over tokens first to next, with what stands after
// it: the currency once more, cents, period and basis.
func (r *reader) money(c Claim, first, next int, currency string) int {
	c.Kind, c.Currency = Money, currency
	j := next
	if r.has(j, isCurrency) {
		j++
	}
	if c.Low == c.High && r.has(j, isAnd) && j > first {
		if v, ok := r.number(j+1, false); ok && v.odd == "" && v.amount < 100 && r.has(v.next, isCents) {
			c.Low += v.amount / 100
			c.High, j = c.Low, v.next+1
		}
	}
	if c.Low == 0 && c.High == 0 && c.Text == "" {
		c.Currency = ""
	}
	units, j := r.bases(j)
	if period := r.pricePeriod(first); period != "" && !slices.Contains(units, period) {
		units = append(units, period)
	}
	slices.Sort(units)
	c.Unit = strings.Join(slices.Compact(units), "+")
	r.claim(c, first, j)
	return j
}

// maxBases bounds what a price may refer to.
const maxBases = 4

// bases reads what a price or count refers to from token i on: /mês, por
// usuário, mensais, ao ano.
func (r *reader) bases(i int) (units []string, next int) {
	for len(units) < maxBases {
		j := i
		switch {
		case r.has(j, isPeriod) && !r.has(j, isDuration):
			// An adjective or a noun of its own: mensais, mensalidade.
			units = append(units, r.tokens[j].entry.period)
			i = j + 1
			continue
		case r.has(j, isOf) && r.has(j+1, isPeriod) && !r.has(j+1, isDuration):
			units = append(units, r.tokens[j+1].entry.period)
			i = j + 2
			continue
		case r.is(j, "/"):
			j++
		case r.has(j, isTo) && r.has(j+1, isEach):
			j += 2
		case r.has(j, isBasis):
			j++
			if r.has(j, isEach) {
				j++
			}
		default:
			return units, i
		}
		switch {
		case r.has(j, isPeriod):
			units = append(units, r.tokens[j].entry.period)
		case r.kind(j, word) && !r.signed(j) && (r.is(j-1, "/") || r.has(j-1, isBy|isEach)) && !r.has(j, isNoBasis|isNumber|isScale|isCurrency|isStop|isHalf):
			units = append(units, singular(r.tokens[j].text))
		default:
			return units, i
		}
		i = j + 1
	}
	return units, i
}

// signed reports whether a currency before its amount begins at token i.
func (r *reader) signed(i int) bool {
	currency, _ := r.sign(i)
	return currency != ""
}

// percent claims a percentage over tokens first to next; 0 when it is none.
func (r *reader) percent(c Claim, first, next int) int {
	switch {
	case r.is(next, "%"), r.has(next, isPercent):
		next++
	case r.has(next, isBy) && r.has(next+1, isHundred):
		next += 2
	default:
		return 0
	}
	c.Kind = Percent
	r.claim(c, first, next)
	return next
}

// lasting claims a duration of c units at token j.
func (r *reader) lasting(c Claim, v value, first, j int) int {
	unit := r.tokens[j].entry
	if v.article && r.idiomatic(first, j) {
		return j + 1
	}
	c.Kind, c.Unit = Duration, unit.unit
	c.Low, c.High = c.Low*unit.minutes, c.High*unit.minutes
	next := j + 1
	switch {
	case r.has(next, isWorking):
		c.Unit += lexicon.working
		next++
	case r.has(next, isCalendar):
		next++
	}
	rest := 0.0
	switch {
	case r.kind(next, digits) && r.glued(next) && len(r.tokens[next].text) == 2 && unit.minutes == hour:
		v := r.figures(next, false)
		rest = v.amount
		if next = v.next; r.minutes(next) == 1 {
			next++
		}
	case r.has(next, isAnd) && r.has(next+1, isHalf) && !r.has(next+2, isDuration):
		rest = unit.minutes / 2
		next += 2
	case r.has(next, isAnd):
		if v, ok := r.number(next+1, false); ok && v.odd == "" && r.has(v.next, isDuration) && r.tokens[v.next].entry.minutes < unit.minutes {
			rest = v.amount * r.tokens[v.next].entry.minutes
			next = v.next + 1
		}
	}
	c.Low, c.High = round(c.Low+rest), round(c.High+rest)
	r.claim(c, first, next)
	return next
}

// round keeps durations comparable however they were summed up, to a
// thousandth of a minute.
func round(minutes float64) float64 { return math.Round(minutes*1000) / 1000 }

// idiomatic reports whether "um dia", "um minuto" and the like, at tokens
// first and j, are figures of speech: um dia desses, só um segundo.
func (r *reader) idiomatic(first, j int) bool {
	if r.has(j+1, isIdiom) {
		return true
	}
	mild := r.has(first-1, isTo) || r.has(first-1, isUntil) && !r.has(first-2, isLasting)
	switch minutes := r.minutes(j); {
	case minutes < hour:
		return mild || !r.has(first-1, isLasting) || r.has(first-1, isOnly)
	case minutes == day:
		return mild || !r.has(first-1, isLasting) || r.has(first-1, isOf) && !r.has(first-2, isLasting)
	case minutes == hour && r.has(first-1, isAnd) && r.minutes(first-2) == day:
		return true // a day and an hour, whichever
	default:
		return r.has(first-1, isTo)
	}
}

// counted claims a number of things, or a number that nothing explains.
func (r *reader) counted(c Claim, v value, first, j int) int {
	at := j
	if r.has(at, isOf) && v.scale >= 1e6 || r.is(at, "+") {
		at++
	}
	unit, next := r.unit(at)
	if unit != "" && r.coded(first) {
		unit, next = "", j
	}
	if unit == "" {
		if r.priced(first) {
			return r.money(c, first, j, brl)
		}
		if next := r.perMonth(c, first, j); next > 0 {
			return next
		}
		next = j
	}
	few := v.scale == 1 && c.Text == "" && c.High <= 4
	switch {
	case few && c.High >= 2 && r.has(next-1, isSmall) && next > at,
		few && v.words && r.has(first-1, isTogether),
		few && v.words && unit == "" && (r.has(first-1, isPair) || r.has(j, isTo) || r.has(first-1, isTo) && r.has(first-2, isNumber)),
		v.words && r.has(next-1, isIdea) && next > at,
		v.words && c.High == 0 && unit == "" && r.has(first-1, isFrom|isTo):
		return next
	}
	c.Kind, c.Unit = Quantity, unit
	if per, _ := r.bases(next); len(per) > 0 {
		c.Per = per[0]
	}
	r.claim(c, first, next)
	return next
}

// coded reports whether the number at token i names something rather than
// counts it: pedido 123, protocolo nº 123.
func (r *reader) coded(i int) bool {
	k := i - 1
	for n := 0; n < 2 && (r.kind(k, mark) || r.has(k, isNumero)); n++ {
		k--
	}
	return r.has(k, isOrderWord)
}

// perMonth claims 200 mensais, 2 mil anuais: a price without a currency.
func (r *reader) perMonth(c Claim, first, j int) int {
	if !r.has(j, isPeriod) || r.has(j, isDuration) {
		return 0
	}
	return r.money(c, first, j, brl)
}

// unit is the singular of what is counted from token i on, and the token
// after it; empty when nothing is.
func (r *reader) unit(i int) (string, int) {
	j := i
	for n := 0; n < 2 && r.has(j, isAdjective) && r.kind(j+1, word) && !r.has(j+1, isStop); n++ {
		j++
	}
	if !r.kind(j, word) || r.taken[j] || r.has(j, isStop|isNumber|isScale|isBasis) || r.has(j, isPeriod) && !r.has(j, isDuration) {
		return "", i
	}
	if slices.ContainsFunc(lexicon.verbs, func(ending string) bool { return strings.HasSuffix(r.tokens[j].text, ending) }) {
		return "", i
	}
	return singular(r.tokens[j].text), j + 1
}

// maxBack is how far before a number its price word may stand, in tokens.
const maxBack = 8

// priced reports whether a price word leads to the number at token i.
func (r *reader) priced(i int) bool {
	_, ok := r.priceWord(i)
	return ok
}

func (r *reader) priceWord(i int) (int, bool) {
	for k := i - 1; k >= max(0, i-maxBack); k-- {
		switch {
		case r.has(k, isPrice):
			return k, true
		case r.has(k, isPricing):
			return k, r.has(k+1, isLink)
		case r.has(k, isBy) && r.has(k+1, isOnly):
			return k, true
		case r.has(k, isFiller), r.kind(k, mark) && strings.Contains(":*_(\"~"+string(foldSymbol), r.tokens[k].text):
		default:
			return 0, false
		}
	}
	return 0, false
}

// pricePeriod is the period that the price word before an amount names:
// mensalidade de 200.
func (r *reader) pricePeriod(i int) string {
	if k, ok := r.priceWord(i); ok && r.has(k, isPeriod) {
		return r.tokens[k].entry.period
	}
	return ""
}

// singular is a folded noun in the singular, by the rules that most follow.
func singular(w string) string {
	for _, p := range lexicon.plurals {
		if stem, ok := strings.CutSuffix(w, p.plural); ok && len(stem) > 1 {
			return stem + p.singular
		}
	}
	return w
}
