package when

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed pt.txt
var portuguese string

// pt is what the embedded file says, read once and never changed.
var pt = mustRead(portuguese)

// A class is what a spelling can be. One spelling may be of several classes.
type class uint8

const (
	weekday      class = iota // a day of the week by its short name, which may be an ordinal: value is the day
	fullWeekday               // a day of the week that is nothing else
	shortWeekday              // an abbreviation, which needs something beside it
	verb                      // the abbreviation that is a common verb
	fair                      // what makes a number with a feminine ending a day of the week
	before                    // stands before a day of the week: -1 makes it the last one
	after                     // stands after it: 7 is the week after this one
	weekAhead                 // next week, when a day of the week follows
	ordered                   // follows an ordinal
	month                     // value is the month
	shortMonth                // an abbreviation of it
	inMonth                   // makes a month alone say when
	monthAhead                // after a day's number: value is how many months from now
	relative                  // value is days from today
	dayWord                   // announces the number of a day
	masculine                 // ending of an ordinal
	feminine                  // ending of an ordinal
	number                    // value in words
	mark                      // makes a number an hour; 1 when it is a whole word
	minuteMark                // makes a number minutes
	half                      // thirty minutes
	noon                      // value is minutes since midnight
	lead                      // leads to an hour; 0 may also be an article
	past                      // between minutes and the hour that they are short of
	from                      // opens a range; 1 only one of hours
	between                   // opens a range that "and" joins; 1 only one of hours
	till                      // joins two hours, and carelessly two days of the week
	to                        // joins two hours or days, or two counts
	and                       // joins an hour and its minutes, or two days
	andAt                     // joins the hours of a range opened by between
	or                        // joins two to choose from
	orAt                      // the same, where the second is an hour
	of                        // joins day, month and year
	ofSpan                    // joins a span and what lasts it
	spanBefore                // says that hours to follow are a duration
	spanAfter                 // says that hours before it were a duration
	place                     // may follow an hour and ofSpan
	uncounted                 // ends like a plural and is not counted
	counted                   // is counted
	part                      // values are minutes since midnight
	barePart                  // the same, right after a day alone
	ofPart                    // the same, after an hour
	vague                     // when, but no day
	feast                     // the same, where a day of the week would be seen
	nothing                   // no day and no hour, whatever it looks like
	not                       // takes a day back
	but                       // ends that
	filler                    // may stand between that and the day
)

// names are the classes as the file spells them, in their order.
func names() []string {
	return []string{
		"weekday", "fullweekday", "shortweekday", "verb", "fair", "before", "after", "weekahead", "ordered",
		"month", "shortmonth", "inmonth", "monthahead", "relative", "day", "masculine", "feminine", "number",
		"mark", "minute", "half", "noon", "lead", "past", "from", "between", "till", "to", "and", "andat", "or",
		"oras", "of", "ofspan", "spanbefore", "spanafter", "place", "uncounted", "counted", "part", "barepart",
		"ofpart", "vague", "feast", "nothing", "not", "but", "filler",
	}
}

// A meaning is what a spelling is: its class and up to two values.
type meaning struct {
	class  class
	values [2]int
}

// words are all spellings in one tree, whose edges are words and whose nodes
// know what the way to them means.
type words struct {
	ids      map[string]int32 // folded word to its number, from 1
	starts   []uint64         // by number: the classes of spellings that begin with it
	nodes    [][]meaning      // the first is the root
	edges    map[uint64]int32 // node and word to node
	forks    []bool           // by node: whether any edge leaves it
	says     map[string]string
	weekdays [7]string
	months   [13]string
}

func mustRead(file string) *words {
	w := &words{
		ids: map[string]int32{}, starts: make([]uint64, 1), nodes: make([][]meaning, 1),
		edges: map[uint64]int32{}, forks: make([]bool, 1), says: map[string]string{},
	}
	line := 0
	for text := range strings.Lines(file) {
		line++
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := w.read(text); err != nil {
			panic(fmt.Sprintf("pt.txt:%d: %v", line, err))
		}
	}
	return w
}

func (w *words) read(line string) error {
	if sentence, ok := strings.CutPrefix(line, "= "); ok {
		name, said, _ := strings.Cut(sentence, " ")
		if number, rest, _ := strings.Cut(said, " "); name == "weekday" {
			day, err := strconv.Atoi(number)
			if err != nil || day < 0 || day >= len(w.weekdays) {
				return fmt.Errorf("no day of the week: %s", number)
			}
			w.weekdays[day] = rest
			return nil
		}
		w.says[name] = said
		return nil
	}
	head, spellings, _ := strings.Cut(line, ":")
	fields := strings.Fields(head)
	if len(fields) == 0 || len(fields) > 3 {
		return fmt.Errorf("want a class and up to two values: %s", head)
	}
	at := slices.Index(names(), fields[0])
	if at < 0 {
		return fmt.Errorf("no class: %s", fields[0])
	}
	m := meaning{class: class(at)}
	for i, value := range fields[1:] {
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("value of %s: %w", fields[0], err)
		}
		m.values[i] = n
	}
	for spelling := range strings.SplitSeq(spellings, ",") {
		spelling = strings.TrimSpace(spelling)
		if m.class == month && w.months[m.values[0]] == "" {
			w.months[m.values[0]] = spelling
		}
		w.add(spelling, m)
	}
	return nil
}

func (w *words) add(spelling string, m meaning) {
	node := int32(0)
	for i, t := range tokens(spelling, w.learn) {
		if t.kind != letters {
			continue
		}
		if i == 0 {
			w.starts[t.word] |= 1 << m.class
		}
		next, ok := w.edges[edge(node, t.word)]
		if !ok {
			next = int32(len(w.nodes))
			w.nodes = append(w.nodes, nil)
			w.forks = append(w.forks, false)
			w.edges[edge(node, t.word)] = next
			w.forks[node] = true
		}
		node = next
	}
	w.nodes[node] = append(w.nodes[node], m)
}

func edge(node, word int32) uint64 { return uint64(node)<<32 | uint64(word) }

// learn is the number of a folded word, which gets one if it has none.
func (w *words) learn(folded []byte) int32 {
	id, ok := w.ids[string(folded)]
	if !ok {
		id = int32(len(w.starts))
		w.ids[string(folded)] = id
		w.starts = append(w.starts, 0)
	}
	return id
}

// known is the number of a folded word, 0 when no spelling holds it.
func (w *words) known(folded []byte) int32 { return w.ids[string(folded)] }

// match is the longest spelling of a class that begins at a token, its values,
// and the token after it.
func (w *words) match(c class, ts []token, at int) (values [2]int, next int, ok bool) {
	if at < 0 || at >= len(ts) || ts[at].kind != letters || w.starts[ts[at].word]&(1<<c) == 0 {
		return values, at, false
	}
	node := int32(0)
	next = at
	for i := at; i < len(ts); i++ {
		if ts[i].kind == sign && ts[i].value == '-' && i > at && i+1 < len(ts) && ts[i].glued && ts[i+1].glued {
			continue
		}
		if ts[i].kind != letters || ts[i].word == 0 {
			break
		}
		if i > at && !w.forks[node] {
			break
		}
		deeper, found := w.edges[edge(node, ts[i].word)]
		if !found {
			break
		}
		node = deeper
		for _, m := range w.nodes[node] {
			if m.class == c {
				values, next, ok = m.values, i+1, true
			}
		}
	}
	return values, next, ok
}
