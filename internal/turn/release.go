package turn

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// HandoffOptions are what a person's word about a handoff takes to become a turn.
type HandoffOptions struct {
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
func Release(base conversation.StoredConversation, o HandoffOptions) (c conversation.Commit, ok bool) {
	r := otto.Request{Conversation: base.Conversation, Now: o.Now}
	decision := otto.Released(r)
	if decision.Refused != "" {
		return conversation.Commit{}, false
	}
	return o.commit(base, r, decision, conversation.ModeReleased), true
}

// Accept is the commit by which a person takes what was handed off before having
// written to the lead, as a turn that says nothing: from then on nobody is told
// that no one has come. It is a compare and set like [Release], and has no
// effects. ok is false when nobody waits for a person, because none was asked
// for or one has come.
func Accept(base conversation.StoredConversation, o HandoffOptions) (c conversation.Commit, ok bool) {
	waiting := base.Handoff
	if base.Owner != conversation.OwnerPerson || waiting == nil || !waiting.Came.IsZero() {
		return conversation.Commit{}, false
	}
	r := otto.Request{Conversation: base.Conversation, Now: o.Now}
	return o.commit(base, r, otto.Accepted(r), conversation.ModeAccepted), true
}

// commit makes a turn of a decision that asks no mind and tells nobody.
func (o HandoffOptions) commit(base conversation.StoredConversation, r otto.Request, d otto.Decision, mode conversation.Mode) conversation.Commit {
	t := &Turns{Options{PackHash: o.PackHash, Limits: Limits{SessionTTL: o.SessionTTL}}}
	c := t.compose(&base, r, d, mode, base.Spent, origin{token: o.Token, correlationID: o.Token})
	if timer := c.Turn.Watch; timer != nil {
		// Nobody but the timer that looks at it finishes this turn: whether that
		// was done has to be on record.
		c.Turn.Watch, c.Turn.Effects = nil, []conversation.Effect{{Kind: conversation.EffectTimer, Timer: timer}}
	}
	return c
}
