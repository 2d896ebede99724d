package turn

import (
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// effects are what a turn makes happen besides its answer: the team is told, by
// every way there is, and the timer of a handoff is set.
func (t *Turns) effects(conv conversation.Conversation, r otto.Request, d otto.Decision, h *conversation.Handoff, a *conversation.Appointment) []conversation.Effect {
	var effects []conversation.Effect
	if h != nil {
		effects = append(effects, t.told(conversation.Effect{Kind: conversation.EffectHandoff, Handoff: h})...)
	}
	if a != nil {
		effects = append(effects, t.told(conversation.Effect{Kind: conversation.EffectAppointment, Appointment: a})...)
	}
	if d.Route == conversation.RouteMuted {
		effects = append(effects, t.told(conversation.Effect{Kind: conversation.EffectMessage, Message: forwarded(r.Messages)})...)
	}
	if d.Event == conversation.EventHandoffUnanswered {
		effects = append(effects, t.told(conversation.Effect{Kind: conversation.EffectUnanswered, Handoff: again(conv, d)})...)
	}
	if h != nil || d.Event == conversation.EventHandoffUnanswered {
		effects = append(effects, nextReminder(conv)...)
	}
	return effects
}

// told is one notice to the team, as an effect of every way.
func (t *Turns) told(notice conversation.Effect) []conversation.Effect {
	effects := make([]conversation.Effect, 0, len(t.Ways))
	for _, way := range t.Ways {
		notice.Way = way
		effects = append(effects, notice)
	}
	return effects
}

// again is a handoff as the team is told of it again.
func again(conv conversation.Conversation, d otto.Decision) *conversation.Handoff {
	return &conversation.Handoff{
		ID: conv.Handoff.ID, Conversation: conv.ID, Turn: conversation.TurnID(conv.Handoff.ID),
		Reason: otto.HandoffUnanswered, Briefing: d.Briefing, Deadline: conv.Handoff.Deadline,
	}
}

// forwarded is what a lead wrote to the person who owns the conversation.
func forwarded(messages []conversation.Inbound) *conversation.Forwarded {
	f := &conversation.Forwarded{Text: lastWords(messages)}
	for _, m := range messages {
		if m.Kind.Answerable() {
			f.Kinds = append(f.Kinds, m.Kind)
		}
	}
	return f
}

// nextReminder sets the timer that tells the truth when nobody comes.
func nextReminder(conv conversation.Conversation) []conversation.Effect {
	w := conv.Handoff
	if w.Deadline.IsZero() {
		return nil
	}
	return []conversation.Effect{{Kind: conversation.EffectTimer, Timer: &conversation.Timer{
		TimerNotice: conversation.TimerNotice{
			Kind: conversation.TimerHandoff, Turn: conversation.TurnID(w.ID), N: len(w.Reminders) + 1,
		},
		At: w.Deadline,
	}}}
}

// watch is the timer that ends the session when nothing happens in it any more,
// noted in the conversation; nil when one is certain to fire after this turn was
// committed.
func (t *Turns) watch(conv *conversation.Conversation, id conversation.TurnID, now time.Time) *conversation.Timer {
	committed := now.Add(t.Limits.TurnDeadline + t.Limits.SendPermit)
	if t.Limits.SessionTTL <= 0 || !conv.Session.State.Active() || committed.Before(conv.Expiry.At) {
		return nil
	}
	conv.Expiry = conversation.Expiry{Turn: id, At: now.Add(t.Limits.SessionTTL)}
	return &conversation.Timer{
		TimerNotice: conversation.TimerNotice{Kind: conversation.TimerInactivity, Turn: id, N: 1},
		At:          conv.Expiry.At,
	}
}
