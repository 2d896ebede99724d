package otto

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// When somebody writes too fast or like a machine.
const (
	// floodLines earlier messages within floodWithin are more than a person
	// writes who reads the answers.
	floodLines  = 10
	floodWithin = time.Minute
	// loopLines equal messages in a row, within loopWithin, are what a machine
	// writes that answers a machine.
	loopLines  = 3
	loopWithin = 15 * time.Minute
	// calmFor is how long after asking for calm nothing more is said to the same
	// behaviour.
	calmFor = 10 * time.Minute
	// alike is from which share of equal trigrams two messages say the same.
	alike = 0.85
)

// restless reports whether the lead writes faster than a person who reads, or
// says the same again and again. What was answered before counts, not the
// messages of this turn: they get one answer together.
func restless(s *scene) bool {
	if len(s.said) == 0 {
		return false
	}
	newest := s.said[len(s.said)-1].folded
	recent, same, counting := 0, 0, true
	history := s.request.Conversation.Session.History
	for i := len(history) - 1; i >= 0; i-- {
		line := history[i]
		age := s.request.Now.Sub(line.At)
		if line.Who != conversation.Lead || age > loopWithin {
			continue
		}
		if age <= floodWithin {
			recent++
		}
		if counting = counting && newest != "" && similar(newest, Fold(line.Text.Reveal())); counting {
			same++
		}
	}
	return recent >= floodLines || same >= loopLines
}

// similar reports whether two folded texts say the same but for details.
func similar(a, b string) bool {
	if a == b {
		return true
	}
	x, y := trigrams(a), trigrams(b)
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	both := 0
	for t := range x {
		if y[t] {
			both++
		}
	}
	return float64(both) >= alike*float64(len(x)+len(y)-both)
}

func trigrams(text string) map[string]bool {
	set := map[string]bool{}
	for i := 0; i+3 <= len(text); i++ {
		set[text[i:i+3]] = true
	}
	return set
}
