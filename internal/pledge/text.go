package pledge

import (
	"slices"
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
}

// parse reads a text.
func (g *grammar) parse(text string) *parsed {
	words := split(text)
	t := &parsed{
		words: words, marks: make([]marks, len(words)), begun: make([]marks, len(words)), done: make([]marks, len(words)),
	}
	for i := range words {
		words[i].id = g.ids[words[i].folded]
	}
	// What the gaps of forms may not cross must be known before they are read.
	m := machine{grammar: g, words: words, marks: t.marks, seen: make([]int, len(g.steps))}
	for i := range words {
		m.single(i)
	}
	for i := range words {
		for s, to := range m.run(i) {
			if to > i {
				t.add(form{section(s), i, to})
			}
		}
	}
	return t
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
	grammar    *grammar
	words      []word
	marks      []marks
	now, after []int
	seen       []int // by step, the round in which it was last added
	round      int
	ends       [sections]int
}

// barred reports whether a gap may not cross a word.
func (m *machine) barred(i int) bool {
	return m.marks[i].has(sectionNegation) || m.marks[i].has(sectionTheirs)
}

// single marks a word that gaps may not cross.
func (m *machine) single(i int) {
	for s, to := range m.run(i) {
		if (section(s) == sectionNegation || section(s) == sectionTheirs) && to > i {
			m.marks[i] |= 1 << s
		}
	}
}

// run returns where the longest form of each section that begins at a word
// ends, zero when there is none.
func (m *machine) run(from int) [sections]int {
	m.ends = [sections]int{}
	m.round++
	m.after = m.after[:0]
	m.enter(m.grammar.first[m.words[from].id], from)
	m.enter(m.grammar.loose, from)
	for i := from + 1; len(m.after) > 0 && i < len(m.words) && !m.words[i].wall; i++ {
		m.now, m.after = m.after, m.now[:0]
		m.round++
		for _, at := range m.now {
			m.advance(at, i)
		}
	}
	return m.ends
}

func (m *machine) enter(entries []entry, i int) {
	for _, e := range entries {
		if !e.clause || m.words[i].comma {
			m.advance(e.step, i)
		}
	}
}

// advance takes a word with a step, if it is what the step asks for.
func (m *machine) advance(at, i int) {
	s := &m.grammar.steps[at]
	w := &m.words[i]
	switch s.op {
	case opWord:
		if w.id != s.id {
			return
		}
	case opSet:
		if _, ok := slices.BinarySearch(m.grammar.sets[s.id], w.id); !ok {
			return
		}
	case opPrefix:
		if !strings.HasPrefix(w.folded, s.prefix) {
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
		switch s := m.grammar.steps[next]; s.op {
		case opMatch:
			m.ends[s.section] = i + 1
		case opEnd:
			if i+1 == len(m.words) || m.words[i+1].comma {
				m.ends[s.section] = i + 1
			}
		default:
			m.after = append(m.after, next)
		}
	}
}
