package whatsapp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Truncate returns s if it has at most limit code points, the unit that Meta's
// limits count. Otherwise it returns as much of its beginning as fits before
// the "…" it then ends with. What a person sees as one character is kept whole
// or left out whole: a letter with its accents, a flag, an emoji with its skin
// tone, a family of emoji. Space before the "…" is left out too.
//
// Bytes that are no UTF-8 read as U+FFFD. A limit below one yields "".
func Truncate(s string, limit int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	room := limit - utf8.RuneCountInString(ellipsis)
	kept := 0
	for at := 0; at < len(s); {
		end := at + nextCluster(s[at:])
		cluster := s[at:end]
		if room -= utf8.RuneCountInString(cluster); room < 0 {
			break
		}
		if strings.TrimSpace(cluster) != "" {
			kept = end
		}
		at = end
	}
	return s[:kept] + ellipsis
}

const ellipsis = "…"

// nextCluster returns the length in bytes of the grapheme cluster that s begins
// with. It follows Unicode's rules (https://www.unicode.org/reports/tr29/) with
// the classes of package unicode, and where those are too coarse it keeps more
// together than Unicode asks: it may join two characters, and splits none.
func nextCluster(s string) int {
	before, at := utf8.DecodeRuneInString(s)
	halves := 0 // of flags, in a row up to here
	if isRegional(before) {
		halves++
	}
	linked := isLinker(before)
	for at < len(s) {
		next, size := utf8.DecodeRuneInString(s[at:])
		switch {
		case isRegional(before) && isRegional(next):
			if halves%2 == 0 {
				return at
			}
		case !joined(before, next) && (!linked || !unicode.IsLetter(next)):
			return at
		}
		linked = isLinker(next) || linked && (unicode.IsMark(next) || next == joiner)
		if isRegional(next) {
			halves++
		} else {
			halves = 0
		}
		before = next
		at += size
	}
	return at
}

const (
	joiner    = '\u200d'
	nonJoiner = '\u200c'
)

// joined reports whether there is no boundary between two neighbours, whatever
// stands around them.
func joined(before, next rune) bool {
	switch {
	case before == '\r' && next == '\n':
		return true
	case extends(next):
		return true
	case before == joiner:
		return !isRegional(next)
	case prepends(before):
		return true
	case isLeadingJamo(next), isSyllable(next):
		return isLeadingJamo(before)
	case isJamo(next): // of the middle or the end
		return isJamo(before) || isSyllable(before)
	}
	return false
}

// extends reports what clings to the character before it: marks, variation
// selectors and keycaps (which are marks), joiners, skin tones, the tags of
// flags, and the voicing marks of narrow katakana.
func extends(r rune) bool {
	return unicode.IsMark(r) || r == joiner || r == nonJoiner ||
		'\U0001F3FB' <= r && r <= '\U0001F3FF' || '\U000E0020' <= r && r <= '\U000E007F' ||
		r == '\uFF9E' || r == '\uFF9F'
}

// prepends reports what clings to the character after it.
func prepends(r rune) bool {
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return true
	}
	switch r {
	case 0x0D4E, 0x111C2, 0x111C3, 0x113D1, 0x1193F, 0x11941, 0x11A3A, 0x11D46, 0x11F02:
		return true
	}
	return 0x11A84 <= r && r <= 0x11A89
}

func isRegional(r rune) bool { return '\U0001F1E6' <= r && r <= '\U0001F1FF' }

// isLinker reports the signs that join two consonants of an Indic script into
// one.
func isLinker(r rune) bool {
	switch r {
	case 0x094D, 0x09CD, 0x0ACD, 0x0B4D, 0x0C4D, 0x0D4D, 0x1039, 0x17D2, 0x1A60, 0x1B44, 0x1BAB,
		0xA9C0, 0xAAF6, 0x10A3F, 0x11133, 0x113D0, 0x1193E, 0x11A47, 0x11A99, 0x11F42:
		return true
	}
	return false
}

func isLeadingJamo(r rune) bool { return 0x1100 <= r && r <= 0x115F || 0xA960 <= r && r <= 0xA97C }

// isJamo reports a part of a Korean syllable.
func isJamo(r rune) bool {
	return 0x1100 <= r && r <= 0x11FF || 0xA960 <= r && r <= 0xA97C || 0xD7B0 <= r && r <= 0xD7FB
}

func isSyllable(r rune) bool { return 0xAC00 <= r && r <= 0xD7A3 }
