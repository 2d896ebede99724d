package when

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The kinds of tokens.
const (
	sign    = iota // any other character
	letters        // a word
	digits         // a number
)

// A token is a word, a number or one other character. Spaces are none.
type token struct {
	start, end int // bytes of the text
	kind       uint8
	glued      bool  // nothing stands between it and the token before
	plural     bool  // a word that ends as plurals do
	size       int   // letters or digits
	word       int32 // number in the vocabulary, 0 for a stranger
	value      int   // what digits say, -1 when there are more than four; the character of a sign
}

// Ordinal endings. To Unicode they are small letters, which would make a word
// of them.
const (
	masculineSign = 'º'
	feminineSign  = 'ª'
	degreeSign    = '°' // stands for the masculine ending on many keyboards
)

// longest is the length in bytes of the longest word worth looking up.
const longest = 24

// tokens takes a text apart. A word is compared in lower case and without
// accents, and id gives its number.
func tokens(text string, id func([]byte) int32) []token {
	out := make([]token, 0, len(text)/4+4)
	var word [longest + utf8.UTFMax]byte
	folded := word[:0]
	last := byte(0)
	open := false // whether the last token may grow
	end := 0      // of the last character that was no space
	finish := func() {
		if !open {
			return
		}
		open = false
		if t := &out[len(out)-1]; t.kind == letters {
			if len(folded) <= longest {
				t.plural = t.size > 2 && last == 's'
				t.word = id(folded)
			}
		}
	}
	grow := func(kind uint8, start, stop int) *token {
		if !open || out[len(out)-1].kind != kind {
			finish()
			out = append(out, token{start: start, kind: kind, glued: len(out) > 0 && end == start})
			folded, open = folded[:0], true
		}
		t := &out[len(out)-1]
		t.end, end = stop, stop
		t.size++
		return t
	}
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		switch {
		case r >= utf8.RuneSelf:
			r, size = utf8.DecodeRuneInString(text[i:])
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			grow(letters, i, i+1)
			last = byte(fold(r))
			if len(folded) <= longest {
				folded = append(folded, last)
			}
			i++
			continue
		case r == ' ':
			finish()
			i++
			continue
		}
		start, stop := i, i+size
		i = stop
		var parts [4]rune
		spelt := append(parts[:0], r)
		if r >= utf8.RuneSelf && r != masculineSign && r != feminineSign {
			if r == degreeSign {
				spelt[0] = masculineSign
			} else if d := norm.NFKD.PropertiesString(text[start:stop]).Decomposition(); d != nil {
				spelt = spelt[:0]
				for len(d) > 0 {
					piece, n := utf8.DecodeRune(d)
					spelt, d = append(spelt, piece), d[n:]
				}
			}
		}
		switch kind := kindOf(spelt); {
		case kind == letters:
			grow(letters, start, stop)
			for _, piece := range spelt {
				if piece = fold(piece); !unicode.Is(unicode.Mn, piece) && len(folded) <= longest {
					folded = utf8.AppendRune(folded, piece)
					last = byte(piece)
				}
			}
		case kind == digits:
			t := grow(digits, start, stop)
			if t.size > 4 || t.value < 0 {
				t.value = -1
			} else {
				t.value = t.value*10 + int(spelt[0]-'0')
			}
		case unicode.Is(unicode.Mn, spelt[0]):
			// An accent of its own belongs to the character before.
			if len(out) > 0 && end == start {
				out[len(out)-1].end, end = stop, stop
			}
		case unicode.Is(unicode.Cf, spelt[0]):
			// What nobody sees parts nothing.
			if end == start {
				end = stop
			}
		case unicode.IsSpace(spelt[0]) && len(spelt) == 1:
			finish()
		default:
			finish()
			out = append(out, token{
				start: start, end: stop, kind: sign, size: 1, value: int(spelt[0]), glued: len(out) > 0 && end == start,
			})
			end = stop
		}
	}
	finish()
	return out
}

// kindOf is what a character is once it is decomposed: one that is more than
// one thing (½) is a sign.
func kindOf(spelt []rune) uint8 {
	if len(spelt) == 1 && spelt[0] >= '0' && spelt[0] <= '9' {
		return digits
	}
	kind := uint8(sign)
	for i, piece := range spelt {
		if piece == masculineSign || piece == feminineSign {
			return sign
		}
		switch piece = fold(piece); {
		case unicode.IsLetter(piece), unicode.IsDigit(piece) && (piece < '0' || piece > '9'):
			kind = letters
		case unicode.Is(unicode.Mn, piece) && i > 0:
		default:
			return sign
		}
	}
	return kind
}

// fold is a letter in lower case. The way over upper case joins letters that
// share one.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// blot takes links and addresses out: what stands in them says no time. It
// makes signs of their words and numbers.
func blot(ts []token) {
	for i := 0; i < len(ts); {
		j := i + 1
		for j < len(ts) && ts[j].glued {
			j++
		}
		if linked(ts[i:j]) {
			for k := i; k < j; k++ {
				ts[k].kind, ts[k].value, ts[k].word = sign, 0, 0
			}
		}
		i = j
	}
}

// linked reports whether tokens without a space between them are a link or an
// address: they hold ://, an @ between words, or a slash after a dotted name.
func linked(run []token) bool {
	dotted := false
	for i := 1; i+1 < len(run); i++ {
		if run[i].kind != sign {
			continue
		}
		inside := run[i-1].kind != sign && run[i+1].kind != sign
		switch run[i].value {
		case '@':
			if inside {
				return true
			}
		case '.':
			dotted = dotted || run[i-1].kind == letters && run[i+1].kind == letters
		case '/':
			if dotted || run[i-1].value == ':' && run[i+1].value == '/' && run[i-1].kind == sign {
				return true
			}
		}
	}
	return false
}
