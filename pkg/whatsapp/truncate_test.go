package whatsapp_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// clusters are what a person sees as one character each.
var clusters = []string{
	"a", "Z", "7", "é", "e\u0301", "a\u0323\u0302", "ç", " ", "\r\n", "\n", "—",
	"👍", "👍🏽", "👩‍💻", "👩🏽‍💻", "👩‍👩‍👧‍👦", "❤️", "❤️‍🔥", "1️⃣", "#️⃣", "🇧🇷", "🇵🇹",
	"\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", // the flag of England
	"🏳️‍🌈", "뢴", "\u1112\u1161\u11ab", "क्ष", "நி", "ก็", "\uFF76\uFF9E", "日",
	"\u0600\u0661", // a sign that stands before the numeral it belongs to
}

// clings matches what never begins a character.
var clings = regexp.MustCompile("^[\\p{M}\u200c\u200d\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F\uFF9E\uFF9F]$")

func TestTruncate(t *testing.T) {
	const england = "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	tests := []struct {
		s     string
		limit int
		want  string
	}{
		{"", 0, ""},
		{"", 5, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 1, "…"},
		{"abcd", 0, ""},
		{"abcd", -1, ""},
		{"ação", 4, "ação"},
		{"ações", 4, "açõ…"},
		{"bom dia", 5, "bom…"},
		{"a     b", 4, "a…"},
		{"   abc", 3, "…"},
		{"e\u0301e\u0301", 3, "e\u0301…"},
		{"xe\u0301y", 3, "x…"},
		{"👍🏽👍🏽", 3, "👍🏽…"},
		{"👍🏽👍🏽", 2, "…"},
		{"oi 👩‍👩‍👧‍👦!", 9, "oi…"},
		{"oi 👩‍👩‍👧‍👦!!", 11, "oi 👩‍👩‍👧‍👦…"},
		{"🇧🇷🇵🇹🇦🇴", 4, "🇧🇷…"},
		{"🇧🇷🇵🇹🇦🇴", 5, "🇧🇷🇵🇹…"},
		{"🇧🇷\u200d🇵🇹🇦🇴", 6, "🇧🇷\u200d🇵🇹…"},
		{"\u0600🇧🇷🇵🇹", 4, "\u0600🇧🇷…"},
		{"❤️a", 2, "…"},
		{"1️⃣2️⃣", 4, "1️⃣…"},
		{england + england, 8, england + "…"},
		{england + england, 7, "…"},
		{"한국어", 2, "한…"},
		{"\u1112\u1161\u11ab\u1112\u1161\u11ab", 4, "\u1112\u1161\u11ab…"},
		{"क्षक्ष", 5, "क्ष…"},
		{"a\xffb", 3, "a\uFFFDb"},
		{"a\xff\xfebc", 3, "a\uFFFD…"},
		{strings.Repeat("\u0301", 50), 10, "…"},
	}
	for _, test := range tests {
		if got := whatsapp.Truncate(test.s, test.limit); got != test.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", test.s, test.limit, got, test.want)
		}
	}
}

// TestTruncateSplitsNoCluster cuts made-up texts of known clusters everywhere.
func TestTruncateSplitsNoCluster(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var parts []string
		ends := map[int]bool{0: true}
		n := 0
		for range 1 + r.IntN(12) {
			part := clusters[r.IntN(len(clusters))]
			parts = append(parts, part)
			n += len(part)
			ends[n] = true
		}
		s := strings.Join(parts, "")
		for limit := range utf8.RuneCountInString(s) + 2 {
			got := whatsapp.Truncate(s, limit)
			checkTruncated(t, s, limit, got)
			if kept, cut := strings.CutSuffix(got, "…"); cut && !ends[len(kept)] {
				t.Fatalf("Truncate(%q, %d) = %q: cut within a character", s, limit, got)
			}
		}
	}
}

// checkTruncated holds what is true of any text.
func checkTruncated(t *testing.T, s string, limit int, got string) {
	t.Helper()
	valid := strings.ToValidUTF8(s, "\uFFFD")
	fits := utf8.RuneCountInString(valid) <= limit
	switch {
	case !utf8.ValidString(got):
		t.Fatalf("Truncate(%q, %d) = %q: not UTF-8", s, limit, got)
	case utf8.RuneCountInString(got) > max(limit, 0):
		t.Fatalf("Truncate(%q, %d) = %q: too long", s, limit, got)
	case fits && got != valid:
		t.Fatalf("Truncate(%q, %d) = %q: changed what fits", s, limit, got)
	case !fits && limit > 0 && (!strings.HasSuffix(got, "…") || !strings.HasPrefix(valid, strings.TrimSuffix(got, "…"))):
		t.Fatalf("Truncate(%q, %d) = %q: not the beginning", s, limit, got)
	case whatsapp.Truncate(got, limit) != got:
		t.Fatalf("Truncate(%q, %d) = %q: cut again when cut twice", s, limit, got)
	}
}

// FuzzTruncate adds: no cut lies before something that clings to what was left.
func FuzzTruncate(f *testing.F) {
	for i, cluster := range clusters {
		f.Add(strings.Repeat(cluster, 3)+"abc", i%7)
	}
	f.Add("a\xff\xf0\x9f", 2)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := whatsapp.Truncate(s, limit)
		checkTruncated(t, s, limit, got)
		kept, cut := strings.CutSuffix(got, "…")
		if !cut || kept == "" {
			return
		}
		valid := strings.ToValidUTF8(s, "\uFFFD")
		if valid == got {
			return
		}
		// The rest begins with the spaces that were dropped, or with a character.
		next, _ := utf8.DecodeRuneInString(valid[len(kept):])
		if last, _ := utf8.DecodeLastRuneInString(kept); clings.MatchString(string(next)) || last == '\u200d' {
			t.Fatalf("Truncate(%q, %d) = %q: left %q behind", s, limit, got, next)
		}
	})
}
