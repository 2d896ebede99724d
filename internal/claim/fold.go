package claim

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What is no ASCII character of its own after folding. Letters are lower case
// there, so upper case is free to stand for these.
const (
	foldLetter  = 'X' // of another alphabet
	foldSymbol  = 'S' // emoji and the like
	foldOrdinal = 'O' // º and ª
	foldKeycap  = 'K' // the frame around a digit
	foldEuro    = 'E'
	foldPound   = 'P'
	foldOther   = 'C' // another currency
)

// folded is a text in ASCII: lower case, without accents, look-alikes and
// invisible characters. Each byte knows the bytes of the text it stands for.
type folded struct {
	text  string
	start []int32
	end   []int32
}

func fold(text string) folded {
	f := folder{
		out:   make([]byte, 0, len(text)+8),
		start: make([]int32, 0, len(text)+8),
		end:   make([]int32, 0, len(text)+8),
	}
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		f.at, f.size = at, size
		f.rune(r, text[at:at+size])
		at += size
	}
	return folded{text: string(f.out), start: f.start, end: f.end}
}

// foldWord is a word as it stands in a folded text.
func foldWord(word string) string { return fold(word).text }

type folder struct {
	out        []byte
	start, end []int32
	at, size   int
}

func (f *folder) emit(b byte) {
	if b >= '0' && b <= '9' && len(f.out) > 0 && f.out[len(f.out)-1] == foldKeycap {
		// Framed digits in a row are one number.
		n := len(f.out) - 1
		f.out, f.start, f.end = f.out[:n], f.start[:n], f.end[:n]
	}
	f.out = append(f.out, b)
	f.start = append(f.start, int32(f.at))
	f.end = append(f.end, int32(f.at+f.size))
}

// extend makes the last character include the one at hand.
func (f *folder) extend() {
	if n := len(f.end); n > 0 {
		f.end[n-1] = int32(f.at + f.size)
	}
}

func (f *folder) rune(r rune, written string) {
	if r < utf8.RuneSelf {
		f.ascii(byte(r))
		return
	}
	switch {
	case r == utf8.RuneError:
		f.emit(foldSymbol)
	case r == 'º', r == 'ª', r == '°':
		f.emit(foldOrdinal)
	case r == 0x20E3:
		f.extend()
		f.emit(foldKeycap)
	case r == 0x2028, r == 0x2029, r == 0x85:
		f.emit('\n')
	case unicode.IsSpace(r), r == 0x2800:
		f.emit(' ')
	case r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0: // letters that nobody sees
	case unicode.In(r, unicode.Cf, unicode.Cc):
	case unicode.Is(unicode.M, r):
		f.extend()
	case unicode.Is(unicode.Pd, r), r == '−':
		f.emit('-')
	case r == '٪', r == '‰':
		f.emit('%')
	case r == '٫':
		f.emit(',')
	case r == '٬':
		f.emit('.')
	case r == '⁄', r == '∕':
		f.emit('/')
	case r == '“', r == '”', r == '«', r == '»':
		f.emit('"')
	case r == '‘', r == '’', r == '´':
		f.emit('\'')
	case r == '×':
		f.emit('x')
	default:
		f.other(r, written)
	}
}

func (f *folder) ascii(b byte) {
	switch {
	case b >= 'A' && b <= 'Z':
		f.emit(b + 'a' - 'A')
	case b == '\n', b == '\r':
		f.emit('\n')
	case b == '\t', b == '\v', b == '\f':
		f.emit(' ')
	case b < ' ', b == 0x7f:
	default:
		f.emit(b)
	}
}

// other folds what is neither ASCII nor one of the special characters: by
// look, by decomposition, by value, and at last by class.
func (f *folder) other(r rune, written string) {
	if b, ok := lookalikes[r]; ok {
		f.emit(b)
		return
	}
	if whole := norm.NFKD.PropertiesString(written).Decomposition(); len(whole) > 0 {
		for at := 0; at < len(whole); {
			part, size := utf8.DecodeRune(whole[at:])
			at += size
			switch {
			case part < utf8.RuneSelf:
				f.ascii(byte(part))
			case unicode.Is(unicode.M, part):
			default:
				f.last(part)
			}
		}
		return
	}
	f.last(r)
}

func (f *folder) last(r rune) {
	if b, ok := lookalikes[r]; ok {
		f.emit(b)
		return
	}
	switch {
	case unicode.IsDigit(r):
		// The digits of a script are ten in a row.
		value := byte(0)
		for unicode.IsDigit(r - 1) {
			r--
			value++
		}
		f.emit('0' + value%10)
	case r == '⁄':
		f.emit('/')
	case r == '€':
		f.emit(foldEuro)
	case r == '£':
		f.emit(foldPound)
	case unicode.Is(unicode.Sc, r):
		f.emit(foldOther)
	case unicode.IsLetter(r):
		f.emit(foldLetter)
	default:
		f.emit(foldSymbol)
	}
}

// tokenKind is what a token is made of.
type tokenKind uint8

const (
	word   tokenKind = iota // letters
	digits                  // digits alone
	mark                    // one other character
	line                    // the end of a line
)

// token is a piece of a folded text.
type token struct {
	kind   tokenKind
	text   string
	from   int  // byte of the folded text
	gap    bool // space before it
	entry  *entry
	number int // of the sentence
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b == foldLetter }

func digit(b byte) bool { return b >= '0' && b <= '9' }

// reader holds a text while it is taken apart.
type reader struct {
	text   string
	f      folded
	tokens []token
	claims []Claim
	// taken marks tokens that are part of a claim, or known to be none.
	taken []bool
}

func newReader(text string) *reader {
	r := &reader{text: text, f: fold(text)}
	s := r.f.text
	r.tokens = make([]token, 0, len(s)/4+8)
	gap, sentence := true, 0
	for at := 0; at < len(s); {
		b := s[at]
		if b == ' ' {
			gap = true
			at++
			continue
		}
		if b == foldKeycap && !r.framed() {
			at++
			continue
		}
		t := token{kind: mark, from: at, gap: gap, number: sentence}
		end := at + 1
		switch {
		case letter(b):
			t.kind = word
			for end < len(s) && letter(s[end]) {
				end++
			}
		case digit(b):
			t.kind = digits
			for end < len(s) && digit(s[end]) {
				end++
			}
		case b == '\n':
			t.kind = line
			sentence++
		case strings.IndexByte(".!?;", b) >= 0 && (end == len(s) || s[end] == ' ' || s[end] == '\n'):
			sentence++
		}
		t.text = s[at:end]
		if t.kind == word || b == '+' {
			t.entry = lexicon.words[t.text]
		}
		r.tokens = append(r.tokens, t)
		gap = false
		at = end
	}
	r.taken = make([]bool, len(r.tokens))
	return r
}

// start and end are the bytes of the text that a token stands for.
func (r *reader) start(t token) int { return int(r.f.start[t.from]) }

func (r *reader) end(t token) int { return int(r.f.end[t.from+len(t.text)-1]) }

// framed reports whether the last token is one digit that opens its line: with
// a frame around it, it numbers the line.
func (r *reader) framed() bool {
	n := len(r.tokens) - 1
	return n >= 0 && r.tokens[n].kind == digits && len(r.tokens[n].text) == 1 && r.opens(n)
}

// claim adds a claim over tokens from first to before next, or to before what
// another claim has taken.
func (r *reader) claim(c Claim, first, next int) {
	if i := slices.Index(r.taken[first:next], true); i == 0 {
		return
	} else if i > 0 {
		next = first + i
	}
	c.Start, c.End = r.start(r.tokens[first]), r.end(r.tokens[next-1])
	c.Words = r.text[c.Start:c.End]
	r.claims = append(r.claims, c)
	for i := first; i < next; i++ {
		r.taken[i] = true
	}
}

// is reports whether token i is the given word or mark.
func (r *reader) is(i int, text string) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].text == text
}

// has reports whether token i is a word with one of the properties.
func (r *reader) has(i int, p property) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].entry != nil && r.tokens[i].entry.is&p != 0
}

func (r *reader) kind(i int, k tokenKind) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].kind == k
}

// glued reports whether token i follows the one before without a space.
func (r *reader) glued(i int) bool {
	return i > 0 && i < len(r.tokens) && !r.tokens[i].gap && r.tokens[i-1].kind != line && r.tokens[i].kind != line
}
