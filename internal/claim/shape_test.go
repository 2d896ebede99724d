package claim_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/claim"
)

// However a text is spelled, it claims the same.
func TestSpellingChangesNoClaim(t *testing.T) {
	for name, respell := range map[string]func(string) string{
		"upper case":  strings.ToUpper,
		"lower case":  strings.ToLower,
		"decomposed":  norm.NFD.String,
		"no accents":  withoutAccents,
		"hard spaces": func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
		"two spaces":  func(s string) string { return strings.ReplaceAll(s, " ", "  ") },
		"within text": func(s string) string { return "Olá!\n" + s + "\nAté logo." },
		"invisible":   func(s string) string { return strings.ReplaceAll(s, " ", "\u200b \u2060") },
		"full width":  fullWidth,
	} {
		for _, c := range claims {
			text := respell(c.text)
			got, want := briefs(claim.Find(text, now)), c.want
			if name == "upper case" || name == "lower case" || name == "full width" {
				// The path of an address is case-sensitive, and look-alikes in
				// it are themselves.
				if strings.Contains(want, "url ") || strings.Contains(want, "email ") {
					continue
				}
			}
			if got != want {
				t.Errorf("%s: %q claims\n  %s\nwant\n  %s", name, text, got, want)
			}
		}
		for _, text := range innocent {
			if strings.ContainsAny(text, ".") && name != "hard spaces" && name != "two spaces" && name != "invisible" {
				continue // whether a missing space makes an address depends on case
			}
			if got := claim.Find(respell(text), now); len(got) > 0 {
				t.Errorf("%s: %q claims %s", name, respell(text), briefs(got))
			}
		}
	}
}

func withoutAccents(s string) string {
	s = strings.NewReplacer("º", "º", "ª", "ª").Replace(s)
	return strings.Map(func(r rune) rune {
		if r >= 0x300 && r < 0x370 {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + 0xFEE0
		}
		return r
	}, s)
}

// sound fails unless claims are what Find promises of them.
func sound(t *testing.T, text string, found []claim.Claim) {
	t.Helper()
	end := 0
	for _, c := range found {
		switch {
		case c.Start < end || c.End <= c.Start || c.End > len(text):
			t.Fatalf("%q: claim at %d-%d after one that ends at %d", text[max(0, c.Start-30):c.End+10], c.Start, c.End, end)
		case text[c.Start:c.End] != c.Words:
			t.Fatalf("%q: words %q are not the text at %d-%d", text, c.Words, c.Start, c.End)
		case !boundary(text, c.Start) || !boundary(text, c.End):
			t.Fatalf("%q: %d-%d cuts a character", text, c.Start, c.End)
		case c.Kind == "" || c.High < c.Low || c.From && c.UpTo:
			t.Fatalf("%q: no claim: %+v", text, c)
		}
		end = c.End
	}
}

// boundary reports whether a character of the text begins at a byte. Bytes
// that are no UTF-8 are characters of their own.
func boundary(text string, at int) bool {
	for i := 0; i < at; {
		_, size := utf8.DecodeRuneInString(text[i:])
		if i+size > at {
			return false
		}
		i += size
	}
	return true
}

func TestClaimsAreSound(t *testing.T) {
	var all []string
	for _, c := range claims {
		sound(t, c.text, claim.Find(c.text, now))
		all = append(all, c.text)
	}
	for _, separator := range []string{" ", ", ", "\n", ""} {
		text := strings.Join(all, separator)
		sound(t, text, claim.Find(text, now))
	}
}

// What is known of a text supports all that it claims, however it begins.
func TestTextsSupportThemselves(t *testing.T) {
	for _, c := range claims {
		if strings.Contains(c.want, "document") || strings.Contains(c.want, "none") {
			continue
		}
		known := claim.Known{}.With(claim.OriginBusiness, now, c.text)
		if got := known.Unsupported("Olá!\n"+c.text, now); len(got) > 0 {
			t.Errorf("%q does not support its own %s", c.text, briefs(got))
		}
		if got := (claim.Known{}).Unsupported(c.text, now); briefs(got) != c.want {
			t.Errorf("%q: with nothing known, %s is unsupported, want %s", c.text, briefs(got), c.want)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range claims {
		f.Add(c.text)
	}
	for _, text := range innocent {
		f.Add(text)
	}
	f.Add("entre 3 e333333333333333semanas")
	f.Add("4¾ 3ڈ¾ de 1 a ¾")
	f.Add("R$ \xff9\xc3")
	f.Add("9\u20e3\u03019\u20e3 a\u0301 º٩")
	f.Fuzz(func(t *testing.T, text string) {
		found := claim.Find(text, now)
		sound(t, text, found)
		if got := (claim.Known{}).Unsupported(text, now); len(got) != len(found) {
			t.Fatalf("%q: %d claims, %d unsupported with nothing known", text, len(found), len(got))
		}
	})
}

// draft is an answer of 500 characters, as full of claims as they come.
var draft = strings.Repeat("Claro! O plano Pro custa R$ 99,90 por mês, com 500 mensagens e até 3 usuários, e fica pronto em 2 semanas. "+
	"Atendemos de segunda a sexta, das 9h às 17h. Posso marcar terça, 1º de dezembro, às 14h30, ou prefere quarta às 10h? "+
	"Fale com a gente: contato@exemplo.com.br ou (42) 99161-9261. ", 2)[:500]

func BenchmarkFind(b *testing.B) {
	b.SetBytes(int64(len(draft)))
	for b.Loop() {
		claim.Find(draft, now)
	}
}

func BenchmarkUnsupported(b *testing.B) {
	known := claim.Known{}
	for range 40 {
		known = known.With(claim.OriginBusiness, now, draft)
	}
	for b.Loop() {
		known.Unsupported(draft, now)
	}
}

// The cost of hostile texts grows with their length alone: ns/op of the pairs
// differ by about eight.
func BenchmarkHostile(b *testing.B) {
	for name, piece := range map[string]string{
		"digits": "1", "spaced digits": "1 ", "spaced groups": "150 ", "dots": "1.", "slashes": "1/", "words": "mil e ", "ands": "e e ",
		"at": "a@", "host": "a.", "dashes": "1-", "free": "sem ", "fillers": "de em ", "brackets": "(1", "keycaps": "1\u20e3",
		"ranges": "1 a ", "bounds": "de até ", "money": "R$ ", "scheme": "a://", "spoken": "a ponto ", "weekdays": "terça, ",
	} {
		for size, length := range map[string]int{"512": 512, "4096": 4096} {
			text := strings.Repeat(piece, length)[:length]
			b.Run(name+"/"+size, func(b *testing.B) {
				for b.Loop() {
					claim.Find(text, now)
				}
			})
		}
	}
}
