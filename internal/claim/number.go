package claim

import (
	"math"
	"strings"
)

// value is a number as it stands in a text.
type value struct {
	amount float64
	// bare is the amount before a scale ("8" of "8 mil"), and scale what it
	// was multiplied by, 1 for none.
	bare, scale float64
	next        int    // token after it
	odd         string // spelling of a run of digits that is no single number
	article     bool   // one, which is an article as well
	words       bool   // in words
}

// maxDigits is the longest run of digits that a number may have; a float64
// holds any shorter one exactly.
const maxDigits = 15

// number reads the number that begins at token i. With spaced, groups of
// three digits may be parted by spaces.
func (r *reader) number(i int, spaced bool) (value, bool) {
	switch {
	case r.kind(i, digits):
		return r.figures(i, spaced), true
	case r.has(i, isNumber|isScale):
		return r.spelled(i, math.Inf(1), false)
	default:
		return value{}, false
	}
}

// figures reads a number in digits, with its scale.
func (r *reader) figures(i int, spaced bool) value {
	groups, seps := []string{r.tokens[i].text}, ""
	j := i + 1
	for r.glued(j) && r.glued(j+1) && r.kind(j+1, digits) && r.kind(j, mark) && strings.Contains(".,/:'-", r.tokens[j].text) {
		if r.is(j, "-") && !strings.Contains(seps, "-") && !r.dashed(j+1) {
			break // a range
		}
		groups = append(groups, r.tokens[j+1].text)
		seps += r.tokens[j].text
		j += 2
	}
	if spaced && seps == "" && len(groups[0]) <= 3 {
		for len(groups) <= maxDigits/3 && r.kind(j, digits) && r.tokens[j].gap && len(r.tokens[j].text) == 3 {
			groups = append(groups, r.tokens[j].text)
			seps += "."
			j++
		}
		// The last group may carry the decimals.
		if seps != "" && r.is(j, ",") && r.glued(j) && r.glued(j+1) && r.kind(j+1, digits) {
			groups, seps, j = append(groups, r.tokens[j+1].text), seps+",", j+2
		}
	}
	v := value{scale: 1, next: j}
	amount, ok := figure(groups, seps)
	if !ok {
		v.odd = r.f.text[r.tokens[i].from : r.tokens[j-1].from+len(r.tokens[j-1].text)]
		return v
	}
	v.amount, v.bare = amount, amount
	return r.scaled(v)
}

// dashed reports whether the digits at token i are followed by a dash and
// more: then the whole is a date or a code, and no range.
func (r *reader) dashed(i int) bool {
	return r.is(i+1, "-") && r.glued(i+1) && r.glued(i+2) && r.kind(i+2, digits)
}

// figure is the value of groups of digits parted by separators, as Brazilians
// write them, and as others do where that is not ambiguous. 1,500 counts as
// one and a half thousand: nobody prices with three decimals.
func figure(groups []string, seps string) (float64, bool) {
	if len(groups) > maxDigits/3+1 {
		return 0, false
	}
	whole, decimals := groups, ""
	switch last := groups[len(groups)-1]; {
	case strings.ContainsAny(seps, "/:'-"):
		return 0, false
	case len(seps) == 0:
	case len(seps) == 1:
		thousands := len(last) == 3 && len(groups[0]) <= 3 && groups[0] != "0"
		if !thousands {
			whole, decimals = groups[:1], last
		}
	case strings.Count(seps, seps[:1]) == len(seps):
	default:
		if strings.Count(seps, seps[len(seps)-1:]) != 1 {
			return 0, false
		}
		whole, decimals = groups[:len(groups)-1], last
	}
	all := ""
	for i, group := range whole {
		if i > 0 && len(group) != 3 || len(whole) > 1 && len(group) > 3 {
			return 0, false
		}
		all += group
	}
	if len(strings.TrimLeft(all, "0"))+len(decimals) > maxDigits {
		return 0, false
	}
	amount, unit := 0.0, 1.0
	for _, b := range []byte(all + decimals) {
		amount = amount*10 + float64(b-'0')
	}
	for range decimals {
		unit *= 10
	}
	return amount / unit, true
}

// scaled applies the scale after a number in digits: 2 mil, 1,5 milhão, 2k,
// and what it goes on with: 2 mil e 500.
func (r *reader) scaled(v value) value {
	scale, j := 0.0, v.next
	switch {
	case r.has(j, isShort):
		scale = r.tokens[j].entry.value
	case r.has(j, isScale):
		scale = r.tokens[j].entry.value
	default:
		return v
	}
	v.amount, v.scale, v.next = cents(v.bare*scale), scale, j+1
	if !r.has(v.next, isAnd) {
		return v
	}
	switch after := v.next + 1; {
	case r.has(after, isHalf) && !r.has(after+1, isDuration):
		v.amount, v.next = v.amount+scale/2, after+1
	case r.kind(after, digits) && !r.is(after+1, ".") && !r.is(after+1, ",") && len(r.tokens[after].text) == 3 && scale == 1000:
		if rest, ok := figure([]string{r.tokens[after].text}, ""); ok && !r.has(after+1, isScale|isShort) {
			v.amount, v.next = v.amount+rest, after+1
		}
	case r.has(after, isNumber|isScale):
		if rest, ok := r.spelled(after, scale, true); ok && !rest.article {
			v.amount, v.next = v.amount+rest.amount, rest.next
		}
	}
	return v
}

// spelled reads a number in words below a limit. Within a larger number it
// may go on with a scale.
func (r *reader) spelled(i int, below float64, within bool) (value, bool) {
	v := value{bare: 0, scale: 1, words: true}
	total, group := 0.0, 0.0
	scale := below       // the next scale must be smaller
	least := math.Inf(1) // of the group: the next number must be smaller
	seen := 0
	j, end := i, i
	for {
		at := j
		if seen > 0 && r.has(at, isAnd) {
			at++
		}
		if !r.has(at, isNumber|isScale) {
			break
		}
		e := r.tokens[at].entry
		if e.is&isScale != 0 {
			if e.value >= scale || seen > 0 && group == 0 || at != j {
				break
			}
			v.bare, v.scale = max(group, 1), e.value
			total += max(group, 1) * e.value
			group, scale, least = 0, e.value, math.Inf(1)
		} else {
			if e.value >= least || e.value >= scale || e.value == 0 && seen > 0 {
				break
			}
			group += e.value
			switch {
			case e.value >= 100:
				least = 100
			case e.value >= 20:
				least = 10
			default:
				least = 0
			}
		}
		seen++
		j = at + 1
		end = j
	}
	if seen == 0 {
		return v, false
	}
	v.amount, v.next = total+group, end
	v.article = seen == 1 && v.amount == 1
	if v.scale == 1 {
		v.bare = v.amount
	}
	if !within && v.scale > 1 && r.has(end, isAnd) && r.has(end+1, isHalf) && !r.has(end+2, isDuration) {
		v.amount, v.next = v.amount+v.scale/2, end+2
	}
	if v.article && within {
		return v, false
	}
	return v, true
}

// cents rounds away what multiplying leaves behind.
func cents(amount float64) float64 { return math.Round(amount*100) / 100 }

// upTo reads the second end of a range after token i: a 8 mil, até 500, - 500,
// and "e 500" after "entre". It is larger than the first, whose thousands it
// may name: 2 a 8 mil.
func (r *reader) upTo(i int, first value, between, spaced bool) (low float64, second value, prefix string, ok bool) {
	if first.odd != "" {
		return 0, value{}, "", false
	}
	switch {
	case r.has(i, isTo|isUntil|isOr), r.is(i, "-"), between && r.has(i, isAnd):
	default:
		return 0, value{}, "", false
	}
	i++
	if r.has(i, isTo) && r.has(i-1, isUntil) {
		i++
	}
	prefix, i = r.sign(i)
	second, ok = r.number(i, spaced || prefix != "")
	if !ok || second.odd != "" || second.article {
		return 0, value{}, "", false
	}
	low = first.amount
	if first.scale == 1 && second.scale > 1 && low < second.bare {
		low = cents(low * second.scale)
	}
	return low, second, prefix, low < second.amount
}

// maxDecoration is how many marks may stand between a currency and its amount.
const maxDecoration = 2

// sign reads a currency before its amount and the token that the amount
// begins with. Marks between the two do not count: R$ *99*.
func (r *reader) sign(i int) (currency string, next int) {
	currency, next = r.symbol(i)
	for n := 0; currency != "" && n < maxDecoration && r.kind(next, mark) && strings.Contains("*_:-~(.", r.tokens[next].text); n++ {
		next++
	}
	return currency, next
}

// symbol reads the sign or code of a currency before an amount.
func (r *reader) symbol(i int) (currency string, next int) {
	switch {
	case r.is(i, "r") && r.is(i+1, "$"):
		return brl, i + 2
	case r.is(i, "rs") && (r.kind(i+1, digits) || r.is(i+1, "$")):
		if r.is(i+1, "$") {
			return brl, i + 2
		}
		return brl, i + 1
	case r.is(i, "us") && r.is(i+1, "$"), r.is(i, "u") && r.is(i+1, "$"):
		return usd, i + 2
	case r.is(i, "$"):
		return brl, i + 1
	case r.is(i, string(foldEuro)):
		return eur, i + 1
	case r.is(i, string(foldPound)):
		return gbp, i + 1
	case r.is(i, string(foldOther)):
		return other, i + 1
	case r.has(i, isCurrency) && len(r.tokens[i].text) == 3 && r.kind(i+1, digits) && isCode(r.tokens[i]):
		return r.tokens[i].entry.currency, i + 1
	default:
		return "", i
	}
}

// isCode reports whether the word is the code of its currency.
func isCode(t token) bool { return strings.EqualFold(t.text, t.entry.currency) }

// ISO 4217 codes of the currencies with a sign of their own; a bare $ is ours,
// and any other sign is of the standard's code for no certain currency.
const (
	brl   = "BRL"
	usd   = "USD"
	eur   = "EUR"
	gbp   = "GBP"
	other = "XXX"
)
