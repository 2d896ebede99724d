package when_test

import (
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/when"
)

func BenchmarkFind(b *testing.B) {
	now := saturday(b)
	const message = "Oi, tudo bem? Não posso na terça, só quarta-feira (2/12) às 14h30 ou dia 5 de dezembro das 9h às 11h. "
	for name, text := range map[string]string{
		"message500": strings.Repeat(message, 5)[:500],
		"prose500":   strings.Repeat("Queria entender melhor como vocês trabalham com a nossa equipe hoje, porque já tentamos. ", 6)[:500],
		"numbers4k":  strings.Repeat("1, ", 4096/3),
		"days4k":     strings.Repeat("dia 1 e ", 4096/8),
		"hours4k":    strings.Repeat("às 9 às ", 4096/9),
		"glued4k":    strings.Repeat("9h-", 4096/3),
		"shorts4k":   strings.Repeat("ter e seg e ", 4096/12),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				when.Find(text, now)
			}
		})
	}
}
