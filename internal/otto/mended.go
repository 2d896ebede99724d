package otto

import "github.com/pyloto/atende/internal/conversation"

// Mended is for an answer that was not delivered. Nothing is said, and the session
// grows no younger.
func Mended(r Request) Decision {
	d := timePassed(r, conversation.EventNoted)
	d.Session.LastAt = r.Conversation.Session.LastAt
	return d
}

// Stopped is for a lead who told Meta to send no marketing of this business any
// more: as if they had said so here. Nothing is said.
func Stopped(r Request) Decision {
	d := Mended(r)
	d.Session.OptedOut, d.Session.Unmarketed = r.Now, r.Now
	return d
}

// Invite asks a lead, by the pack's template, to write again, because an answer of
// theirs came too late for Meta's window. ok is false when the pack has none.
func (o *Otto) Invite(r Request) (d Decision, ok bool) {
	t := o.pack.Invitation
	if t.Name == "" {
		return Decision{}, false
	}
	d = Mended(r)
	d.Replies = []conversation.Reply{{Kind: conversation.ReplyTemplate, Template: &t}}
	return d, true
}
