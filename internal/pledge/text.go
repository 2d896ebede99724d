package pledge

import (
	"strings"
)

// form is a form that a text holds: its words from and up to.
type form struct {
	section  section
	from, to int
}

// marks are the sections of which a word is a part.
type marks uint64

func (m marks) has(s section) bool { return m>>s&1 != 0 }

// parsed is a text with the forms that it holds.
type parsed struct {
	words []word
	forms []form
	marks []marks
	// begun are the sections of which a form begins at a word, and done those of
	// which one ends there.
	begun, done []marks
	// end is the word after the sentence of a word, and comma the first word
	// from it on that stands behind a comma, or end.
	end, comma []int
	// before are the sections that begin in a word's sentence ahead of it, and
	// behind those that begin from it on.
	before, behind []marks
}

// parse reads a text.
func (g *grammar) parse(text string) *parsed {
	words := split(text)
	t := &parsed{
		words: words, marks: make([]marks, len(words)), begun: make([]marks, len(words)), done: make([]marks, len(words)),
		end: make([]int, len(words)), comma: make([]int, len(words)),
		before: make([]marks, len(words)), behind: make([]marks, len(words)),
	}
	for i := range words {
		words[i].id = g.ids[words[i].folded]
		if words[i].id == 0 {
			if plain := lettered(words[i].folded); g.ids[plain] != 0 {
				words[i].folded, words[i].id = plain, g.ids[plain]
			}
		}
	}
	m := g.scratch.Get().(*machine)
	m.parsed = t
	// What gaps may not cross is known before the forms that have some are read.
	for _, s := range []*starts{&g.bars, &g.rest} {
		for i := range words {
			m.run(s, i)
		}
	}
	m.parsed = nil
	g.scratch.Put(m)
	t.survey()
	return t
}

// survey fills in what is known of sentences.
func (t *parsed) survey() {
	for i := 1; i < len(t.words); i++ {
		if !t.words[i].wall {
			t.before[i] = t.before[i-1] | t.begun[i-1]
		}
	}
	for i := len(t.words) - 1; i >= 0; i-- {
		t.end[i], t.comma[i], t.behind[i] = i+1, i+1, t.begun[i]
		if i+1 < len(t.words) && !t.words[i+1].wall {
			t.end[i], t.comma[i], t.behind[i] = t.end[i+1], t.comma[i+1], t.begun[i]|t.behind[i+1]
		}
		if t.words[i].comma {
			t.comma[i] = i
		}
	}
}

func (t *parsed) add(f form) {
	t.forms = append(t.forms, f)
	t.begun[f.from] |= 1 << f.section
	t.done[f.to-1] |= 1 << f.section
	for i := f.from; i < f.to; i++ {
		t.marks[i] |= 1 << f.section
	}
}

// machine follows all forms that begin at one word at once.
type machine struct {
	*parsed
	grammar   *grammar
	now, next []int32
	seen      []int // by step, the round in which it was last added
	round     int
	ends      [sections]int // of the longest form of each section
	ended     marks
}

// barred reports whether a gap may not cross a word.
func (m *machine) barred(i int) bool {
	return m.marks[i].has(sectionNegation) || m.marks[i].has(sectionTheirs)
}

// run adds the longest form of each section that begins at a word.
func (m *machine) run(s *starts, from int) {
	m.ended = 0
	m.round++
	m.next = m.next[:0]
	m.enter(s.first[m.words[from].id], from)
	m.enter(s.loose, from)
	for i := from + 1; len(m.next) > 0 && i < len(m.words) && !m.words[i].wall; i++ {
		m.now, m.next = m.next, m.now[:0]
		m.round++
		for _, at := range m.now {
			m.advance(at, i)
		}
	}
	if m.ended == 0 {
		return
	}
	for found := range sections {
		if m.ended.has(found) {
			m.add(form{found, from, m.ends[found]})
		}
	}
}

func (m *machine) enter(entries []entry, i int) {
	for _, e := range entries {
		if !e.clause || m.words[i].comma || i > 0 && m.done[i-1].has(sectionTurn) {
			m.advance(e.step, i)
		}
	}
}

// advance takes a word with a step, if it is what the step asks for.
func (m *machine) advance(at int32, i int) {
	s := &m.grammar.steps[at]
	w := &m.words[i]
	switch s.op {
	case opWord:
		if w.id != s.id {
			return
		}
	case opSet:
		if m.grammar.members[s.id][w.id/64]>>(w.id%64)&1 == 0 {
			return
		}
	case opPrefix:
		if !strings.HasPrefix(w.folded, m.grammar.prefixes[s.id]) {
			return
		}
	case opNumber:
		if w.folded[0] < '0' || w.folded[0] > '9' {
			return
		}
	case opAny:
		if w.comma || m.barred(i) {
			return
		}
	case opWide:
		if m.barred(i) {
			return
		}
	}
	for _, next := range m.grammar.after[at] {
		if m.seen[next] == m.round {
			continue
		}
		m.seen[next] = m.round
		switch s := &m.grammar.steps[next]; s.op {
		case opMatch:
			m.end(s.section, i+1)
		case opEnd:
			if i+1 == len(m.words) || m.words[i+1].comma {
				m.end(s.section, i+1)
			}
		default:
			m.next = append(m.next, next)
		}
	}
}

func (m *machine) end(s section, to int) {
	m.ends[s] = to
	m.ended |= 1 << s
}
