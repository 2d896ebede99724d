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

// BurstCap is the longest that the first message of a burst waits for the rest.
const BurstCap = 4 * time.Second

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

// StillComing is how much longer to wait for the rest of a burst, counted from
// now: until the quiet time of its newest message is over, and never longer than
// [BurstCap] after its first. Zero says that it is complete.
func StillComing(burst []Inbound, window time.Duration, now time.Time) time.Duration {
	if len(burst) == 0 {
		return 0
	}
	first, newest, quiet := burst[0].ReceivedAt, burst[0].ReceivedAt, time.Duration(0)
	for _, m := range burst {
		if m.ReceivedAt.Before(first) {
			first = m.ReceivedAt
		}
		switch asked := QuietTime(m, window); m.ReceivedAt.Compare(newest) {
		case 0: // Of those that came together the most patient counts.
			quiet = max(quiet, asked)
		case 1:
			newest, quiet = m.ReceivedAt, asked
		}
	}
	// A clock that is behind the one that dated the messages must not wait longer
	// than any message asks for.
	return max(0, min(newest.Add(quiet).Sub(now), window, first.Add(BurstCap).Sub(now)))
}
