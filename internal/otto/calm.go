package otto

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// When somebody writes too fast or like a machine.
const (
	// A turn fills the bucket by one and drain empties it by one. Whoever reads
	// the answers never makes it run over.
	floodLevel = 30
	drain      = 4 * time.Second
	// loopLines messages in a row that say the same, within loopWithin and at a
	// regular pace, are what a machine writes that answers a machine: the longest
	// pause is at most regular times the shortest, or brisk.
	loopLines  = 5
	loopWithin = 15 * time.Minute
	regular    = 2
	brisk      = 5 * time.Second
	// calmFor is how long after asking for calm nothing more is said to the same
	// behaviour.
	calmFor = 10 * time.Minute
	// alike is from which share of equal trigrams two messages say the same.
	alike = 0.9
)

// tempo is the bucket with this turn in it.
func tempo(s *scene) conversation.Tempo {
	t := s.request.Conversation.Session.Tempo
	if drained := s.request.Now.Sub(t.At); drained > 0 {
		t.Level = max(0, t.Level-float64(drained)/float64(drain))
	}
	return conversation.Tempo{Level: min(t.Level+1, floodLevel+1), At: s.request.Now}
}

// restless reports whether the lead writes faster than a person who reads, or
// says the same again and again. The messages of one turn count once: they get
// one answer together.
func restless(s *scene) bool {
	if len(s.said) == 0 {
		return false
	}
	if tempo(s).Level > floodLevel {
		return true
	}
	return looping(s)
}

// looping reports whether the lead says the same again and again, like a machine.
func looping(s *scene) bool {
	newest, at := s.said[len(s.said)-1].folded, s.request.Now
	same, shortest, longest := 0, loopWithin, time.Duration(0)
	history := s.request.Conversation.Session.History
	for i := len(history) - 1; i >= 0 && newest != "" && same < loopLines; i-- {
		line := history[i]
		if line.Who != conversation.Lead {
			continue
		}
		if s.request.Now.Sub(line.At) > loopWithin || !similar(newest, Fold(line.Text.Reveal())) {
			break
		}
		same++
		pause := at.Sub(line.At)
		shortest, longest, at = min(shortest, pause), max(longest, pause), line.At
	}
	return same == loopLines && (longest <= brisk || longest <= regular*shortest)
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
