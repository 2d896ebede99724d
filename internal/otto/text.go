package otto

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxText is the longest text a lead reads in one answer, in characters
// (Unicode code points).
const MaxText = 500

// maxGlued is the longest chain of characters that is still believed to be
// seen as one; the longest emoji in use has ten.
const maxGlued = 32

// clean makes text of anybody safe to show and to compare: composed accents,
// no control or direction characters, valid UTF-8, no blank edges.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r >= ' ' && r <= '~', r >= 'À' && r <= 'ÿ', r == '\u200d': // the last one joins emoji
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		default:
			return r
		}
	}, text)
	return strings.TrimSpace(norm.NFC.String(text))
}

// head is the first n characters of text, or fewer so as not to cut through
// what is seen as one character.
func head(text string, n int) string {
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	at := n
	for n-at < maxGlued && at > 0 && glued(runes, at) {
		at--
	}
	if at == 0 || n-at == maxGlued {
		at = n // nothing anybody types: an endless chain of joiners or marks
	}
	return string(runes[:at])
}

// glued reports whether the characters before and after position i are seen
// as one.
func glued(runes []rune, i int) bool {
	const joiner = '\u200d'
	before, after := runes[i-1], runes[i]
	switch {
	case before == joiner, after == joiner, unicode.Is(unicode.M, after):
		return true
	case after >= 0x1F3FB && after <= 0x1F3FF: // a skin tone
		return true
	case regional(before) && regional(after): // two letters make a flag
		pairs := 0
		for j := i - 1; j >= 0 && regional(runes[j]); j-- {
			pairs++
		}
		return pairs%2 == 1
	default:
		return false
	}
}

func regional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// shorten makes text fit n characters: it ends with a whole sentence where
// that keeps the better part, else with a whole word and an ellipsis.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	cut := head(text, n)
	if end := lastSentence(cut, text[len(cut):]); end >= len(cut)/3 {
		return strings.TrimSpace(cut[:end])
	}
	cut = head(text, n-1)
	if space := strings.LastIndexFunc(cut, unicode.IsSpace); space >= len(cut)/3 {
		cut = cut[:space]
	}
	return strings.TrimRightFunc(cut, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	}) + "…"
}

// lastSentence is where the last whole sentence of text ends, in bytes. A
// full stop within a number or a web address ends nothing.
func lastSentence(text, rest string) int {
	end := 0
	for i, r := range text {
		next := i + utf8.RuneLen(r)
		following := text[next:]
		if following == "" {
			following = rest
		}
		after, _ := utf8.DecodeRuneInString(following)
		switch {
		case r == '\n':
			end = i
		case strings.ContainsRune(".!?…", r) && (following == "" || unicode.IsSpace(after)):
			end = next
		}
	}
	return end
}

// firstSentence is where the first sentence of a text ends, in bytes, with the
// blanks behind it.
func firstSentence(text string) int {
	for i, r := range text {
		next := i + utf8.RuneLen(r)
		after, _ := utf8.DecodeRuneInString(text[next:])
		if r == '\n' || strings.ContainsRune(".!?…", r) && unicode.IsSpace(after) {
			for next < len(text) {
				space, size := utf8.DecodeRuneInString(text[next:])
				if !unicode.IsSpace(space) {
					break
				}
				next += size
			}
			return next
		}
	}
	return len(text)
}

// pieces are the sentences of a text with the blanks behind them: together they
// are the text.
func pieces(text string) []string {
	var list []string
	for text != "" {
		end := firstSentence(text)
		list = append(list, text[:end])
		text = text[end:]
	}
	return list
}

// clauses are the parts of a text between its marks, which stay with the part
// that they end: together they are the text. A mark within a number or an
// address ends nothing.
func clauses(text string) []string {
	var list []string
	from := 0
	for i := range len(text) {
		mark := text[i] == '\n' || strings.IndexByte(",;:.!?", text[i]) >= 0 && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\n')
		if mark {
			list = append(list, text[from:i+1])
			from = i + 1
		}
	}
	if from < len(text) {
		list = append(list, text[from:])
	}
	return list
}

// question reports whether a sentence asks something.
func question(sentence string) bool {
	return strings.HasSuffix(strings.TrimRightFunc(sentence, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsSymbol(r) || unicode.Is(unicode.M, r) || r == ')' || r == '"' || r == '”' || r == '\u200d'
	}), "?")
}
