package turn

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// cachedConversation is what a finished turn leaves in the hint store. It is
// only left when the turn is terminal, so whoever finds it need not look at
// the last turn.
type cachedConversation struct {
	Conversation conversation.Conversation `json:"conversation"`
	Updated      time.Time                 `json:"updated"`
	// Names are ids that lead to it.
	Names []conversation.ID `json:"names"`

	answered []conversation.MessageID
}

func (c *cachedConversation) encode() []byte {
	body, err := json.Marshal(c)
	if err != nil {
		return nil // Without a snapshot the next turn reads the ledger.
	}
	return body
}

// leadsFrom reports whether all of the ids lead to the conversation.
func (c *cachedConversation) leadsFrom(ids []conversation.ID) bool {
	return c != nil && !slices.ContainsFunc(ids, func(id conversation.ID) bool { return !slices.Contains(c.Names, id) })
}

// decodeCached is nil for anything that is no snapshot of this version.
func decodeCached(body []byte) *cachedConversation {
	if len(body) == 0 {
		return nil
	}
	var c cachedConversation
	if json.Unmarshal(body, &c) != nil || c.Conversation.ID == "" || c.Updated.IsZero() {
		return nil
	}
	return &c
}
