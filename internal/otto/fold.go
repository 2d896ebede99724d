package otto

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which whole messages and triggers are compared: lower
// case, without accents, and every run of anything but letters and digits is
// one space.
func Fold(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	gap := false
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		default:
			gap = true
		}
	}
	return b.String()
}

// FoldCommand is the form in which commands are compared, and empty when text
// is none. The command is the first word after the slash; separators within
// it do not count, so that /sob_medida, /sob-medida and /SobMedida are one.
func FoldCommand(text string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "/")
	if !ok {
		return ""
	}
	word, _, _ := strings.Cut(strings.Join(strings.Fields(rest), " "), " ")
	return strings.ReplaceAll(Fold(word), " ", "")
}

// mentions reports whether the folded text contains the folded words as whole
// words.
func mentions(text, words string) bool {
	for words != "" {
		before, after, found := strings.Cut(text, words)
		if !found {
			return false
		}
		if (before == "" || strings.HasSuffix(before, " ")) && (after == "" || strings.HasPrefix(after, " ")) {
			return true
		}
		_, text, found = strings.Cut(text[len(before):], " ")
		if !found {
			return false
		}
	}
	return false
}
