package turn

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// ReleaseOptions are what giving a conversation back takes.
type ReleaseOptions struct {
	// PackHash names the knowledge of the worker, for the audit.
	PackHash string
	// SessionTTL is that of [Limits].
	SessionTTL time.Duration
	// Token is random: it tells this commit from every other.
	Token string
	Now   time.Time
}

// Release is the commit that gives a conversation back to Otto, as a turn that
// says nothing. It is a compare and set upon the conversation that was read, so
// that a turn which is being decided meanwhile loses or wins, but never both.
// Its effects are the worker's to perform: whoever commits it makes a timer that
// looks at it. ok is false when no person owns the conversation.
func Release(base conversation.StoredConversation, o ReleaseOptions) (c conversation.Commit, ok bool) {
	// A turn without an answer asks no mind and tells nobody.
	t := &Turns{Options{PackHash: o.PackHash, Limits: Limits{SessionTTL: o.SessionTTL}}}
	r := otto.Request{Conversation: base.Conversation, Now: o.Now}
	decision := otto.Released(r)
	if decision.Refused != "" {
		return conversation.Commit{}, false
	}
	c = t.compose(&base, r, decision, conversation.ModeReleased, base.Spent, origin{token: o.Token, correlationID: o.Token})
	if timer := c.Turn.Watch; timer != nil {
		// Nobody but the timer that looks at it finishes this turn: whether that
		// was done has to be on record.
		c.Turn.Watch, c.Turn.Effects = nil, []conversation.Effect{{Kind: conversation.EffectTimer, Timer: timer}}
	}
	return c, true
}
