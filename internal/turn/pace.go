package turn

import (
	"github.com/pyloto/atende/internal/conversation"
)

// setBack takes from the allowance of a conversation that was read what its last
// turn took of it without its commit having known: copies whose fate was unknown,
// and Meta's own word that nothing was left. A turn counts here once, for the one
// that follows it is committed once.
func (t *Turns) setBack(s conversation.Snapshot) {
	if s.Conversation == nil || s.Turn == nil {
		return
	}
	pace := &s.Conversation.Pace
	for _, d := range s.Turn.Deliveries {
		sent := 0
		for attempt := 1; attempt <= d.Attempt; attempt++ {
			result, answered := d.Results[attempt]
			if !answered || result.Kind == conversation.Accepted {
				sent++
			}
			if answered && t.Platform.Setback(result.Code).Pair {
				*pace = t.Platform.Spent(*pace, result.At)
			}
		}
		if copies := sent - 1; copies > 0 {
			_, *pace = t.Platform.Pace(*pace, t.Now(), copies)
		}
	}
}
