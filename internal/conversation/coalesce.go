package conversation

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// fragmentWords is the number of words from which an unpunctuated message
// counts as a sentence of its own.
const fragmentWords = 4

// QuietTime is how long to wait after a message before answering, so that a
// burst of fragments gets one answer. Taps, commands, media and finished
// sentences wait for nothing: only a fragment ("oi", fewer than four words, no
// final punctuation) waits the whole window. A window of zero switches waiting
// off.
func QuietTime(m Inbound, window time.Duration) time.Duration {
	if window <= 0 || m.Kind != KindText {
		return 0
	}
	text := strings.TrimSpace(m.Text.Reveal())
	if text == "" || strings.HasPrefix(text, "/") {
		return 0
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	if strings.ContainsRune(".!?…", last) {
		return 0
	}
	words := strings.FieldsFunc(text, unicode.IsSpace)
	if len(words) >= fragmentWords {
		return 0
	}
	return window
}
