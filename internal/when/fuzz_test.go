package when_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/when"
)

// bare is a text without the accents that Unicode can take off. The Greek
// iota subscript stays: in capitals it is a letter, so it counts as one.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) && !unicode.IsLetter(unicode.ToUpper(r)) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

func FuzzFind(f *testing.F) {
	now := saturday(f)
	for _, seed := range []string{
		"amanhã às 14h30", "terça, 1/12, das 9h às 17h", "5 de dezembro de 2027", "2ª a 6ª", "às 3 e meia da tarde 🙏",
		"https://x.com/05/12 joao@terca.com", "semana que vem, na terça", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 de dezembro",
		"dia 31/02", "ter\u200bça", "amanha\u0303", "９h－１７h", "½ e ⅓ às 9", "\xff às 9\xc3", "às 9h\u0345", "não posso terça, só quarta às 10",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		mentions := when.Find(text, now)
		end := 0
		for _, m := range mentions {
			if m.Start < end || m.End <= m.Start || m.End > len(text) {
				t.Fatalf("%q: mention %+v after byte %d", text, m, end)
			}
			if !utf8.RuneStart(text[m.Start]) && utf8.ValidString(text) || m.End < len(text) && !utf8.RuneStart(text[m.End]) && utf8.ValidString(text) {
				t.Fatalf("%q: mention %+v cuts a character", text, m)
			}
			end = m.End
			switch m.Kind {
			case when.Clock:
				if m.From < 0 || m.From > 24*60 {
					t.Fatalf("%q: hour %+v", text, m)
				}
			case when.ClockRange, when.DayPart:
				if m.From < 0 || m.To <= m.From || m.To > 2*24*60 {
					t.Fatalf("%q: span %+v", text, m)
				}
			case when.Date, when.Weekday:
				if !m.Day.IsZero() && (m.Day.Hour() != 0 || m.Day.Minute() != 0) {
					t.Fatalf("%q: day %v is not midnight", text, m.Day)
				}
			case when.WeekdayRange, when.Vague:
			}
		}
		if m, ok := when.Read(text, now); ok && (m.Start >= m.End || m.End > len(text) || (m.From < 0) != (m.To < 0) || m.To < m.From) {
			t.Fatalf("%q: moment %+v", text, m)
		}
		if !utf8.ValidString(text) {
			return
		}
		// All but the offsets must be the same however it is spelt.
		want := list(mentions)
		for _, other := range []string{strings.ToUpper(text), strings.ToLower(text), norm.NFC.String(text), norm.NFD.String(text), bare(text)} {
			if got := list(when.Find(other, now)); got != want {
				t.Fatalf("%q\n got %s as %q\nwant %s", text, got, other, want)
			}
		}
	})
}
