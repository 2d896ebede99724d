package media

import (
	_ "embed"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/conversation"
)

//go:embed phantoms.txt
var phantomList string

const (
	// leastConfidence is below what no transcript counts as said.
	leastConfidence = 0.6
	// mostSilence is above what nobody speaks, if the words are doubtful too.
	mostSilence = 0.6
	// fastest is more characters a second than anybody speaks; a model that writes
	// more invents.
	fastest = 40
	// A phrase of at most loopWords words is a loop when it comes loopTimes times
	// in a row, fills loopLeast words and makes up half of all. People too say no
	// six times.
	loopWords = 8
	loopTimes = 6
	loopLeast = 12
)

// phantoms are what is heard in silence, as words.
type phantoms [][]string

func readPhantoms() phantoms {
	var p phantoms
	for line := range strings.Lines(phantomList) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			p = append(p, wordsOf(line))
		}
	}
	// The longest first, so that none hides behind its own beginning.
	slices.SortStableFunc(p, func(a, b []string) int { return len(b) - len(a) })
	return p
}

// believe says whether a transcript is what somebody said, and by a code why it
// is not.
func (p phantoms) believe(t conversation.Transcript, length time.Duration) (outcome conversation.Perception, why string) {
	words := wordsOf(t.Text.Reveal())
	doubtful := t.Confidence > 0 && t.Confidence < leastConfidence
	switch {
	case len(words) == 0:
		return conversation.Silence, "no_words"
	case p.only(words):
		return conversation.Silence, "phantom"
	case t.NoSpeech > mostSilence && doubtful:
		return conversation.Silence, "no_speech"
	case loops(words):
		return conversation.Unclear, "loop"
	case length > 0 && float64(len([]rune(t.Text.Reveal()))) > fastest*(length+time.Second).Seconds():
		return conversation.Unclear, "too_fast"
	case doubtful:
		return conversation.Unclear, "low_confidence"
	}
	return conversation.Understood, ""
}

// only reports whether words are made of phantoms and of nothing else.
func (p phantoms) only(words []string) bool {
	for len(words) > 0 {
		i := slices.IndexFunc(p, func(phrase []string) bool {
			return len(words) >= len(phrase) && slices.Equal(words[:len(phrase)], phrase)
		})
		if i < 0 {
			return false
		}
		words = words[len(p[i]):]
	}
	return true
}

// loops reports whether a text is mostly one phrase, again and again.
func loops(words []string) bool {
	for size := 1; size <= loopWords; size++ {
		for at := 0; at+size*loopTimes <= len(words); at++ {
			times := 1
			for end := at + size*(times+1); end <= len(words) && slices.Equal(words[at:at+size], words[end-size:end]); end += size {
				times++
			}
			if times >= loopTimes && times*size >= loopLeast && times*size*2 >= len(words) {
				return true
			}
		}
	}
	return false
}

// wordsOf are a text's words, without case, accents and marks.
func wordsOf(text string) []string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(text))
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}
