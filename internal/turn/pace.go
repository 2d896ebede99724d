package turn

import (
	"github.com/pyloto/atende/internal/conversation"
)

// setBack takes from the allowance of a conversation that was read what its last
// turn took of it without its commit having known: copies whose fate was unknown,
// and Meta's own word that nothing was left. A turn counts here once, for the one
// that follows it is committed once.
func (t *Turns) setBack(conv *conversation.StoredConversation, last conversation.StoredTurn) {
	if conv == nil {
		return
	}
	for _, d := range last.Deliveries {
		sent := 0
		for attempt := 1; attempt <= d.Attempt; attempt++ {
			result, answered := d.Results[attempt]
			if !answered || result.Kind == conversation.Accepted {
				sent++
			}
			if answered && t.Platform.Setback(result.Code).Pair {
				conv.Pace = t.Platform.Spent(conv.Pace, result.At)
			}
		}
		if copies := sent - 1; copies > 0 {
			_, conv.Pace = t.Platform.Pace(conv.Pace, t.Now(), copies)
		}
	}
}
