package claim

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed words.txt
var wordsFile string

//go:embed lookalikes.txt
var lookalikesFile string

//nolint:gochecknoglobals // Read once and never written: Go has no constant maps.
var (
	lookalikes = readLookalikes(lookalikesFile)
	lexicon    = readWords(wordsFile)
)

// property is what a word may be to the reader. A word may have several.
type property uint64

const (
	isNumber property = 1 << iota
	isScale
	isShort
	isRough
	isMultiple
	isHalf
	isTimes
	isCurrency
	isCents
	isPrice
	isPricing
	isLink
	isDuration
	isWorking
	isCalendar
	isLasting
	isIdiom
	isPeriod
	isBasis
	isNoBasis
	isFiller
	isStop
	isAdjective
	isSmall
	isPair
	isTogether
	isIdea
	isLabel
	isName
	isNegation
	isPhoneWord
	isOrderWord
	isToday
	isExactly
	isOf
	isAnd
	isOr
	isTo
	isUntil
	isBetween
	isBy
	isEach
	isOnly
	isSome
	isPercent
	isHundred
	isFrom
	isNumero
	isMonth
	isRelease
)

// entry is what is known of one word. The values belong to the properties
// that have one.
type entry struct {
	is       property
	value    float64 // of a number, scale, rough count or multiple
	minutes  float64 // of a unit of time
	unit     string  // name of a unit of time
	period   string  // name of a period
	currency string
	phrases  []phrase // that begin with the word
	bounds   []phrase // that end with the word
}

// topic is what a phrase is about.
type topic uint8

const (
	topicFrom topic = iota
	topicUpTo
	topicFree
	topicAlways
	topicSeason
	topicOffer
	topicHold
	topicLead
)

type phrase struct {
	topic topic
	words []string
}

// words are the lists of words.txt.
type words struct {
	words    map[string]*entry
	areas    map[string]bool // of telephone numbers
	freeCall map[string]bool
	domains  map[string]bool
	wordlike map[string]bool // domains that are words too
	plurals  []plural
	verbs    []string // how verbs end that may follow a number
	dot, at  string
	once     string   // the unit of multiples: twice, ten times
	working  string   // follows the unit of working days and hours
	wholeDay []string // the hours of a day in words
}

// plural is how plurals end and what their singulars end with.
type plural struct{ plural, singular string }

func readLookalikes(file string) map[rune]byte {
	found := map[rune]byte{}
	for line := range strings.Lines(file) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		for _, double := range fields[1:] {
			for _, r := range double {
				found[r] = fields[0][0]
			}
		}
	}
	return found
}

func readWords(file string) *words {
	w := &words{
		words: map[string]*entry{}, areas: map[string]bool{}, freeCall: map[string]bool{},
		domains: map[string]bool{}, wordlike: map[string]bool{},
	}
	topics := map[string]topic{
		"from:": topicFrom, "upto:": topicUpTo, "free:": topicFree, "always:": topicAlways, "season:": topicSeason,
		"offer:": topicOffer, "hold:": topicHold, "lead:": topicLead,
	}
	for line := range strings.Lines(file) {
		list, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if list == "" || list == "#" {
			continue
		}
		if about, ok := topics[list]; ok {
			for text := range strings.SplitSeq(rest, ",") {
				w.phrase(about, strings.Fields(foldWord(strings.TrimSpace(text))))
			}
			continue
		}
		w.list(list, strings.Fields(foldWord(rest)))
	}
	return w
}

func (w *words) entry(text string) *entry {
	e := w.words[text]
	if e == nil {
		e = &entry{}
		w.words[text] = e
	}
	return e
}

func (w *words) phrase(about topic, parts []string) {
	p := phrase{topic: about, words: parts}
	if about == topicFrom || about == topicUpTo {
		e := w.entry(parts[len(parts)-1])
		e.bounds = append(e.bounds, p)
		return
	}
	e := w.entry(parts[0])
	e.phrases = append(e.phrases, p)
}

// list reads one line: the head of the values that its words share, and the
// words.
func (w *words) list(name string, fields []string) {
	simple := map[string]property{
		"half": isHalf, "times": isTimes, "cents": isCents, "price": isPrice, "pricing": isPricing, "link": isLink,
		"working": isWorking, "calendar": isCalendar, "lasting": isLasting, "idiom": isIdiom, "basis": isBasis,
		"nobasis": isNoBasis, "filler": isFiller, "stop": isStop, "adjective": isAdjective, "small": isSmall,
		"pair": isPair, "together": isTogether, "idea": isIdea, "label": isLabel, "names": isName, "negation": isNegation,
		"phoneword": isPhoneWord, "orderword": isOrderWord, "today": isToday, "exactly": isExactly,
		"of": isOf, "and": isAnd, "or": isOr, "to": isTo, "until": isUntil, "between": isBetween, "by": isBy, "each": isEach, "only": isOnly, "some": isSome, "percent": isPercent, "hundred": isHundred, "out": isFrom, "numero": isNumero,
		"month": isMonth, "release": isRelease,
	}
	valued := map[string]property{
		"number": isNumber, "scale": isScale, "short": isShort, "rough": isRough, "multiple": isMultiple,
	}
	sets := map[string]map[string]bool{
		"ddd": w.areas, "free-call": w.freeCall, "domain": w.domains, "wordlike": w.wordlike,
	}
	if is, ok := simple[name]; ok {
		for _, text := range fields {
			w.entry(text).is |= is
		}
		return
	}
	if set, ok := sets[name]; ok {
		for _, text := range fields {
			set[text] = true
		}
		return
	}
	head, fields := fields[0], fields[1:]
	if is, ok := valued[name]; ok {
		value := parse(head)
		for _, text := range fields {
			e := w.entry(text)
			e.is |= is
			e.value = value
		}
		return
	}
	switch name {
	case "currency":
		for _, text := range fields {
			e := w.entry(text)
			e.is |= isCurrency
			e.currency = strings.ToUpper(head)
		}
	case "duration":
		for _, text := range fields[1:] {
			e := w.entry(text)
			e.is |= isDuration
			e.minutes, e.unit = parse(head), fields[0]
		}
	case "period":
		for _, text := range fields {
			e := w.entry(text)
			e.is |= isPeriod
			e.period = head
		}
	case "plural":
		w.plurals = append(w.plurals, plural{head, strings.Join(fields, "")})
	case "verb":
		w.verbs = append([]string{head}, fields...)
	case "once":
		w.once = head
	case "business":
		w.working = " " + head
	case "daylong":
		w.wholeDay = append([]string{head}, fields...)
	case "dot":
		w.dot = head
	case "at":
		w.at = head
	}
}

// parse reads a number of words.txt; the tests of the reader notice one that
// is none.
func parse(s string) float64 {
	value, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return value
}
