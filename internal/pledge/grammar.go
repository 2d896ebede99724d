package pledge

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// section is what the forms under one heading of the file are for.
type section byte

const (
	sectionGuarantee section = iota
	sectionResult
	sectionDeadline
	sectionClosedPrice
	sectionComparison
	sectionHandoff
	sectionAppointment
	sectionFollowUp
	sectionNegation   // words that negate what follows in their clause
	sectionAbsence    // those that negate only the noun after them
	sectionHollow     // holds such a word and negates nothing
	sectionTurn       // begins a new clause without a comma
	sectionAnd        // joins clauses or nouns
	sectionOr         // joins nouns that share a negation
	sectionLink       // makes what follows a part of the clause before
	sectionVerb       // verbs of a clause
	sectionSubject    // what may stand between a joint and its verb
	sectionTheirs     // people of the lead's, not ours
	sectionProduct    // a subject that is a thing, or somebody it serves
	sectionOwn        // what only whoever writes does
	sectionImpersonal // what a thing's sentence can go on with
	sectionPass       // no pledge, nor is what begins or ends in it
	sectionDeferred   // after a noun: it is left to somebody else, or denied
	sectionOffer      // leaves what follows, or what it ends, to the lead
	sectionTag        // asks for leave at the end of a sentence
	sectionOpinion    // asks what the lead thinks or wants
	sectionPresuming  // a question that takes what it says for granted
	sectionQuestion   // begins a question of its own
	sections
)

// bars reports whether gaps may not cross the words of a section.
func (s section) bars() bool { return s == sectionNegation || s == sectionTheirs }

// headings are the sections by the names that the file gives them.
func headings() map[string]section {
	return map[string]section{
		"guarantee": sectionGuarantee, "result": sectionResult, "deadline": sectionDeadline,
		"closed_price": sectionClosedPrice, "comparison": sectionComparison,
		"action handoff": sectionHandoff, "action appointment": sectionAppointment, "action follow_up": sectionFollowUp,
		"negation": sectionNegation, "absence": sectionAbsence, "hollow": sectionHollow, "turn": sectionTurn,
		"and": sectionAnd, "or": sectionOr, "link": sectionLink, "verb": sectionVerb, "subject": sectionSubject,
		"theirs": sectionTheirs, "product": sectionProduct, "own": sectionOwn, "impersonal": sectionImpersonal, "pass": sectionPass, "deferred": sectionDeferred,
		"offer": sectionOffer, "tag": sectionTag, "opinion": sectionOpinion, "presuming": sectionPresuming,
		"question": sectionQuestion,
	}
}

// operation is what one step of a form asks of a word.
type operation byte

const (
	opWord   operation = iota // is this word
	opSet                     // is one of these words
	opPrefix                  // begins so
	opNumber                  // begins with a digit
	opAny                     // is any word of the same stretch between commas
	opWide                    // is any word of the same sentence
	opSplit                   // none: goes on at two places
	opStart                   // none: the next word begins a clause
	opMatch                   // none: the form ends here
	opEnd                     // none: the form ends here if the clause does
)

// step is one instruction of the forms, as in the machine that Thompson
// described.
type step struct {
	op      operation
	section section
	id      int32 // of a word, of a set of words, or of a beginning of words
	next    int32 // the step after this one
	other   int32 // the second place of a split
}

// grammar is all forms, compiled.
type grammar struct {
	ids      map[string]int32
	sets     [][]int32 // of words, in order
	prefixes []string
	// members are the sets again, a bit a word.
	members [][]uint64
	steps   []step
	begin   []start
	pieces  map[string]string
	// after are, for each step, the steps that ask something of a word or end a
	// form, reached without a word.
	after      [][]int32
	bars, rest starts
	scratch    sync.Pool // of *machine
}

// starts are the steps that forms can begin with: by the word they ask for,
// and those that ask for no certain word.
type starts struct {
	first [][]entry
	loose []entry
}

// start is the first step of a form.
type start struct {
	step    int32
	section section
}

// entry is where a form begins.
type entry struct {
	step   int32
	clause bool // only at the start of one
}

func newGrammar() *grammar {
	return &grammar{ids: map[string]int32{}, pieces: map[string]string{}}
}

var (
	errNoWord = errors.New("no letter or digit in it")
	errForm   = errors.New("no form")
)

// phrase adds a text as a form, word for word.
func (g *grammar) phrase(s section, phrase string) error {
	words := split(phrase)
	if !slices.ContainsFunc(words, func(w word) bool { return w.folded != "%" }) {
		return errNoWord
	}
	from := int32(len(g.steps))
	for _, w := range words {
		g.emit(step{op: opWord, id: g.id(w.folded), next: int32(len(g.steps)) + 1})
	}
	g.emit(step{op: opMatch, section: s})
	g.begin = append(g.begin, start{from, s})
	return nil
}

// name adds a text to a piece, as one of its alternatives.
func (g *grammar) name(piece, phrase string) error {
	words := split(phrase)
	if !slices.ContainsFunc(words, func(w word) bool { return w.folded != "%" }) {
		return errNoWord
	}
	quoted := make([]string, 0, len(words))
	for _, w := range words {
		quoted = append(quoted, strconv.Quote(w.folded))
	}
	g.piece(piece, strings.Join(quoted, " "))
	return nil
}

func (g *grammar) piece(name, pattern string) {
	if already, ok := g.pieces[name]; ok {
		pattern = already + "|" + pattern
	}
	g.pieces[name] = pattern
}

// read adds the forms of a file.
func (g *grammar) read(file string) error {
	names := headings()
	current, number := sections, 0
	for line := range strings.Lines(file) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@"):
			name, pattern, _ := strings.Cut(line[1:], " ")
			g.piece(name, pattern)
		case strings.HasPrefix(line, "["):
			var ok bool
			if current, ok = names[strings.Trim(line, "[]")]; !ok {
				return fmt.Errorf("line %d: %w: unknown section", number, errForm)
			}
		case current == sections:
			return fmt.Errorf("line %d: %w: before the first section", number, errForm)
		default:
			if err := g.form(current, line); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	return nil
}

// form compiles one form of a section.
func (g *grammar) form(s section, pattern string) error {
	tokens, err := g.tokens(pattern, 0)
	if err != nil {
		return err
	}
	c := compiler{grammar: g, section: s, tokens: slices.Concat([]string{"("}, tokens, []string{")"})}
	f, err := c.sequence()
	if err != nil {
		return err
	}
	if len(c.tokens) > 0 {
		return fmt.Errorf("%w: a bracket too many", errForm)
	}
	g.patch(f.open, g.emit(step{op: opMatch, section: s}))
	g.begin = append(g.begin, start{f.start, s})
	return nil
}

// maxDepth is how deep pieces may stand in pieces.
const maxDepth = 8

// tokens are the parts of a pattern, pieces replaced by theirs in brackets.
func (g *grammar) tokens(pattern string, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: pieces too deep", errForm)
	}
	var tokens []string
	for pattern != "" {
		switch c := pattern[0]; {
		case c == ' ':
			pattern = pattern[1:]
		case strings.IndexByte("()|?^$&", c) >= 0:
			tokens = append(tokens, pattern[:1])
			pattern = pattern[1:]
		case c == '{':
			name, rest, ok := strings.Cut(pattern[1:], "}")
			piece, known := g.pieces[name]
			if !ok || !known {
				return nil, fmt.Errorf("%w: unknown piece", errForm)
			}
			inner, err := g.tokens(piece, depth+1)
			if err != nil {
				return nil, err
			}
			tokens = append(append(append(tokens, "("), inner...), ")")
			pattern = rest
		case c == '"':
			end := strings.IndexByte(pattern[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("%w: an open quote", errForm)
			}
			tokens = append(tokens, pattern[:end+2])
			pattern = pattern[end+2:]
		default:
			end := strings.IndexAny(pattern, " ()|?{}\"")
			if end < 0 {
				end = len(pattern)
			}
			if end == 0 {
				return nil, fmt.Errorf("%w: a bracket too many", errForm)
			}
			if word := strings.Trim(pattern[:end], "~*"); !folded(word) {
				return nil, fmt.Errorf("%w: a word that is not folded", errForm)
			}
			tokens = append(tokens, pattern[:end])
			pattern = pattern[end:]
		}
	}
	return tokens, nil
}

// folded reports whether a word is written as the words of a text are read.
func folded(word string) bool {
	words := split(word)
	return len(words) == 1 && words[0].folded == word
}

// compiler turns the tokens of one form into steps.
type compiler struct {
	grammar *grammar
	section section
	tokens  []string
}

// fragment is a part of a form: where it begins, and the steps whose next
// place is still open.
type fragment struct {
	start int32
	open  []hole
}

// hole is a place of a step that leads nowhere yet.
type hole struct {
	step   int32
	second bool
}

func (c *compiler) alternatives() (fragment, error) {
	f, err := c.sequence()
	if err != nil {
		return f, err
	}
	for len(c.tokens) > 0 && c.tokens[0] == "|" {
		c.tokens = c.tokens[1:]
		other, err := c.sequence()
		if err != nil {
			return f, err
		}
		split := c.grammar.emit(step{op: opSplit, next: f.start, other: other.start})
		f = fragment{start: split, open: append(f.open, other.open...)}
	}
	return f, nil
}

func (c *compiler) sequence() (fragment, error) {
	var whole fragment
	empty := true
	for len(c.tokens) > 0 && c.tokens[0] != "|" && c.tokens[0] != ")" {
		if c.tokens[0] == "$" && !empty {
			end := c.grammar.emit(step{op: opEnd, section: c.section})
			c.grammar.patch(whole.open, end)
			c.tokens, whole.open = c.tokens[1:], nil
			return whole, nil
		}
		f, err := c.atom()
		if err != nil {
			return f, err
		}
		if empty {
			whole, empty = f, false
			continue
		}
		c.grammar.patch(whole.open, f.start)
		whole.open = f.open
	}
	if empty {
		return whole, fmt.Errorf("%w: nothing between two bars or brackets", errForm)
	}
	return whole, nil
}

func (c *compiler) atom() (fragment, error) {
	g := c.grammar
	token := c.tokens[0]
	c.tokens = c.tokens[1:]
	var f fragment
	switch {
	case token == "(":
		if set, ok := c.set(); ok {
			f = c.single(step{op: opSet, id: set})
			break
		}
		inner, err := c.alternatives()
		if err != nil {
			return f, err
		}
		if len(c.tokens) == 0 {
			return f, fmt.Errorf("%w: an open bracket", errForm)
		}
		c.tokens = c.tokens[1:]
		f = inner
	case token == "^":
		f = c.single(step{op: opStart})
	case token == "&":
		f = c.single(step{op: opNumber})
	case strings.HasPrefix(token, "~"):
		op := opAny
		if strings.HasPrefix(token, "~~") {
			op = opWide
		}
		n, err := strconv.Atoi(strings.TrimLeft(token, "~"))
		if err != nil || n < 1 || n > 9 {
			return f, fmt.Errorf("%w: a gap needs a digit", errForm)
		}
		return c.gap(op, n), nil
	case strings.HasSuffix(token, "*"):
		g.prefixes = append(g.prefixes, strings.TrimSuffix(token, "*"))
		f = c.single(step{op: opPrefix, id: int32(len(g.prefixes) - 1)})
	default:
		f = c.single(step{op: opWord, id: g.id(strings.Trim(token, `"`))})
	}
	if len(c.tokens) > 0 && c.tokens[0] == "?" {
		c.tokens = c.tokens[1:]
		split := g.emit(step{op: opSplit, next: f.start})
		f = fragment{start: split, open: append(f.open, hole{split, true})}
	}
	return f, nil
}

// set reads a bracket that holds nothing but single words, after it was
// opened, as one step.
func (c *compiler) set() (int32, bool) {
	var words []string
	depth, end, word := 1, 0, false
	for ; depth > 0; end++ {
		if end == len(c.tokens) {
			return 0, false
		}
		switch token := c.tokens[end]; {
		case token == "|" && word:
			word = false
		case token == ")" && word:
			depth--
		case token == "(" && !word:
			depth++
		case !word && !strings.ContainsAny(token, "()|?^$&~*"):
			words, word = append(words, strings.Trim(token, `"`)), true
		default:
			return 0, false
		}
	}
	if len(words) < 2 {
		return 0, false
	}
	c.tokens = c.tokens[end:]
	return c.grammar.set(words), true
}

func (c *compiler) single(s step) fragment {
	at := c.grammar.emit(s)
	return fragment{start: at, open: []hole{{at, false}}}
}

// gap is up to n words.
func (c *compiler) gap(op operation, n int) fragment {
	var whole fragment
	for i := range n {
		split := c.grammar.emit(step{op: opSplit})
		taken := c.grammar.emit(step{op: op})
		c.grammar.steps[split].next = taken
		if i == 0 {
			whole.start = split
		} else {
			c.grammar.patch(whole.open[len(whole.open)-1:], split)
			whole.open = whole.open[:len(whole.open)-1]
		}
		whole.open = append(whole.open, hole{split, true}, hole{taken, false})
	}
	return whole
}

func (g *grammar) emit(s step) int32 {
	g.steps = append(g.steps, s)
	return int32(len(g.steps) - 1)
}

func (g *grammar) patch(open []hole, to int32) {
	for _, h := range open {
		if h.second {
			g.steps[h.step].other = to
		} else {
			g.steps[h.step].next = to
		}
	}
}

// id is the number of a word that forms ask for, from one.
func (g *grammar) id(word string) int32 {
	if id, ok := g.ids[word]; ok {
		return id
	}
	g.ids[word] = int32(len(g.ids) + 1)
	return g.ids[word]
}

// set is the number of a set of words.
func (g *grammar) set(words []string) int32 {
	ids := make([]int32, 0, len(words))
	for _, word := range words {
		ids = append(ids, g.id(word))
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if at := slices.IndexFunc(g.sets, func(set []int32) bool { return slices.Equal(set, ids) }); at >= 0 {
		return int32(at)
	}
	g.sets = append(g.sets, ids)
	return int32(len(g.sets) - 1)
}

// index prepares the steps for reading.
func (g *grammar) index() {
	g.after = make([][]int32, len(g.steps))
	for i, s := range g.steps {
		if s.op <= opWide {
			g.after[i] = g.reach(nil, s.next)
		}
	}
	for _, set := range g.sets {
		members := make([]uint64, len(g.ids)/64+1)
		for _, id := range set {
			members[id/64] |= 1 << (id % 64)
		}
		g.members = append(g.members, members)
	}
	var bars, rest []entry
	for _, b := range g.begin {
		if b.section.bars() {
			bars = g.enter(bars, b.step, false)
		} else {
			rest = g.enter(rest, b.step, false)
		}
	}
	g.bars, g.rest = g.sort(bars), g.sort(rest)
	g.scratch.New = func() any { return &machine{grammar: g, seen: make([]int, len(g.steps))} }
}

// sort files entries by the word that they ask for.
func (g *grammar) sort(entries []entry) starts {
	sorted := starts{first: make([][]entry, len(g.ids)+1)}
	for _, e := range entries {
		switch s := g.steps[e.step]; s.op {
		case opWord:
			sorted.first[s.id] = append(sorted.first[s.id], e)
		case opSet:
			for _, id := range g.sets[s.id] {
				sorted.first[id] = append(sorted.first[id], e)
			}
		default:
			sorted.loose = append(sorted.loose, e)
		}
	}
	return sorted
}

// reach are the steps that ask or end, from a step on. Where a clause would
// have to begin in the middle of a form, it goes nowhere.
func (g *grammar) reach(found []int32, at int32) []int32 {
	switch s := g.steps[at]; {
	case s.op == opSplit:
		return g.reach(g.reach(found, s.next), s.other)
	case s.op == opStart, slices.Contains(found, at):
		return found
	default:
		return append(found, at)
	}
}

// enter are the steps that a form can begin with.
func (g *grammar) enter(found []entry, at int32, clause bool) []entry {
	switch s := g.steps[at]; s.op {
	case opSplit:
		return g.enter(g.enter(found, s.next, clause), s.other, clause)
	case opStart:
		return g.enter(found, s.next, true)
	case opMatch, opEnd: // A form without a word says nothing.
		return found
	default:
		return append(found, entry{at, clause})
	}
}
