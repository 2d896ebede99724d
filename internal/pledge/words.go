package pledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// disguises are the digits that stand for letters.
//
//nolint:gochecknoglobals // Read once and never written.
var disguises = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s")

// word is one word of a text, and what stands before it.
type word struct {
	folded     string
	start, end int // bytes of the text
	id         int32
	// comma, stop and wall are what separates this word from the last one, each
	// stronger than the one before: a comma, the end of a clause, the end of a
	// sentence.
	comma, stop, wall bool
	// asked marks the last word of a sentence that ends in a question mark.
	asked bool
}

// scan is the state of reading words.
type scan struct {
	text   string
	words  []word
	folded []byte // of all words, one after the other
	ends   []int  // of each word in folded
	next   word   // the word that is being read, or what stands before it
	inside bool
	// dots and lines count what stands before the next word: one dot ends a
	// sentence and three do not, one line break ends a clause and two end a
	// paragraph.
	dots, lines int
}

// split reads the words of a text. A percent sign is a word, and a number is
// one with its separators.
func split(text string) []word {
	s := scan{
		text: text, words: make([]word, 0, len(text)/5+1), ends: make([]int, 0, len(text)/5+1),
		folded: make([]byte, 0, len(text)), next: word{comma: true, stop: true, wall: true},
	}
	for i, r := range text {
		switch {
		case r < utf8.RuneSelf:
			s.ascii(i, byte(r))
		case invisible(r):
			if s.inside {
				s.next.end = i + utf8.RuneLen(r)
			}
		default:
			s.beyond(i, r)
		}
	}
	s.finish()
	all := string(s.folded)
	from := 0
	for i := range s.words {
		s.words[i].folded = all[from:s.ends[i]]
		from = s.ends[i]
	}
	return joined(text, s.words, all)
}

// spelled is the least number of letters that stand apart to be one word.
const spelled = 5

// joined are words whose letters do not stand apart any more: "g-a-n-h-a-r" is
// one word. all are the letters of all words, one after the other.
func joined(text string, words []word, all string) []word {
	kept, from := words[:0], 0
	for i := 0; i < len(words); {
		next, size := i+1, len(words[i].folded)
		for next < len(words) && apart(text, words[i:next+1]) {
			size += len(words[next].folded)
			next++
		}
		w := words[i]
		if next-i >= spelled {
			w.folded, w.end, w.asked = all[from:from+size], words[next-1].end, words[next-1].asked
		} else {
			next, size = i+1, len(w.folded)
		}
		kept, from, i = append(kept, w), from+size, next
	}
	return kept
}

// apart reports whether the last two of a run of words are single letters with
// the same dot, dash or space before them as between the first two.
func apart(text string, run []word) bool {
	before, last := run[len(run)-2], run[len(run)-1]
	if !single(before) || !single(last) {
		return false
	}
	between := text[before.end:last.start]
	return len(between) == 1 && strings.Contains(" .-_*", between) && between == text[run[0].end:run[1].start]
}

func single(w word) bool {
	return len(w.folded) == 1 && w.folded[0] >= 'a' && w.folded[0] <= 'z'
}

// lettered is a word with the letters that digits stand for, "promet0"; the
// same when it is a number or too short to tell.
func lettered(folded string) string {
	digits := 0
	for i := range len(folded) {
		if digitAt(folded, i) {
			digits++
		}
	}
	if digits == 0 || digits*2 >= len(folded) || len(folded) < spelled {
		return folded
	}
	return disguises.Replace(folded)
}

func (s *scan) ascii(i int, c byte) {
	switch {
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		s.write(i, i+1, c)
		return
	case c >= 'A' && c <= 'Z':
		s.write(i, i+1, c+'a'-'A')
		return
	case (c == '.' || c == ',' || c == ':') && s.inside && digitAt(s.text, i-1) && digitAt(s.text, i+1):
		s.write(i, i+1, c)
		return
	}
	s.finish()
	switch c {
	case '.':
		s.dots++
	case '\n':
		s.lines++
	case '?':
		if len(s.words) > 0 {
			s.words[len(s.words)-1].asked = true
		}
		s.next.wall = true
	case '!', ';', ':':
		s.next.wall = true
	case ',', '(', ')':
		s.next.comma = true
	case '-':
		if i > 0 && s.text[i-1] == ' ' && strings.HasPrefix(s.text[i+1:], " ") {
			s.next.stop = true
		}
	case '%':
		s.write(i, i+1, c)
		s.finish()
	}
}

func (s *scan) beyond(i int, r rune) {
	_, size := utf8.DecodeRuneInString(s.text[i:])
	var buffer [8]byte
	if letters := fold(buffer[:0], r, s.text[i:i+size]); len(letters) > 0 {
		s.write(i, i+size, letters...)
		return
	}
	s.finish()
	switch r {
	case '…', '–', '—', '\u2028':
		s.next.stop = true
	case '•', '\u2029':
		s.next.wall = true
	}
}

// write adds letters that stand at some bytes of the text to the word.
func (s *scan) write(start, end int, letters ...byte) {
	if !s.inside {
		s.inside = true
		s.next.start = start
		s.next.wall = s.next.wall || s.dots == 1 || s.lines > 1
		s.next.stop = s.next.stop || s.next.wall || s.dots > 0 || s.lines > 0
		s.next.comma = s.next.comma || s.next.stop
	}
	s.folded = append(s.folded, letters...)
	s.next.end = end
}

// finish ends the word, if there is one.
func (s *scan) finish() {
	if s.inside {
		s.words = append(s.words, s.next)
		s.ends = append(s.ends, len(s.folded))
		s.next, s.inside, s.dots, s.lines = word{}, false, 0, 0
	}
}

func digitAt(text string, i int) bool {
	return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9'
}

// invisible reports whether a rune beyond ASCII leaves no mark of its own:
// accents that stand alone, and characters without width.
func invisible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u17b4', '\u17b5':
		return true
	}
	return unicode.In(r, unicode.M, unicode.Cf)
}

// fold appends the letters and digits that a rune beyond ASCII is read as,
// none when it is neither.
func fold(letters []byte, r rune, written string) []byte {
	parts := norm.NFKD.PropertiesString(written).Decomposition()
	if parts == nil {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return nil
		}
		parts = []byte(written)
	}
	for len(parts) > 0 && len(letters) < 4 {
		part, size := utf8.DecodeRune(parts)
		parts = parts[size:]
		if unicode.IsLetter(part) || unicode.IsDigit(part) {
			letters = utf8.AppendRune(letters, lookalike(part))
		}
	}
	return letters
}

// lookalikes are letters of other alphabets and rare Latin ones, each before
// the one that it is taken for.
const lookalikes = "" +
	// Cyrillic.
	"\u0430a\u0410a\u0432b\u0412b\u0435e\u0415e\u043ak\u041ak\u043cm\u041cm\u043dh\u041dh\u043eo\u041eo" +
	"\u0440p\u0420p\u0441c\u0421c\u0442t\u0422t\u0443y\u0423y\u0445x\u0425x\u0456i\u0406i\u0458j\u0408j" +
	"\u0455s\u0405s\u0501d\u0500d\u04bbh\u04bah\u051bq\u051aq\u051dw\u051cw\u04cfl\u04c0l\u0433r\u043fn\u0438u\u0475v\u0474v" +
	// Greek, whose capitals look like other letters than the small ones.
	"\u0391a\u0392b\u0395e\u0396z\u0397h\u0399i\u039ak\u039cm\u039dn\u039fo\u03a1p\u03a4t\u03a5y\u03a7x" +
	"\u03b1a\u03b2b\u03b5e\u03b7n\u03b9i\u03bak\u03bcu\u03bdv\u03bfo\u03c1p\u03c2c\u03c3o\u03c4t\u03c5u\u03c7x\u03c9w\u03f3j" +
	// Latin: dotless, small capitals, single-storey, with a stroke.
	"\u0131i\u0269i\u026ai\u0237j\u0251a\u0261g\u1d00a\u0299b\u1d04c\u1d05d\u1d07e\u0262g\u029ch\u1d0aj\u1d0bk" +
	"\u029fl\u1d0dm\u0274n\u1d0fo\u1d18p\u0280r\ua731s\u1d1bt\u1d1cu\u1d20v\u1d21w\u028fy\u1d22z\u0142l\u0141l\u00f8o\u00d8o\u0111d\u0110d"

// lookalike is the lower-case letter that a letter is taken for.
func lookalike(r rune) rune {
	if r >= utf8.RuneSelf {
		if at := strings.IndexRune(lookalikes, r); at >= 0 {
			return rune(lookalikes[at+utf8.RuneLen(r)])
		}
	}
	return unicode.ToLower(r)
}
