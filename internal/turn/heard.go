package turn

import (
	"cmp"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// quietTakeover is how long after a person last wrote from the phone app a
// conversation that they took over by that is Otto's again, when the lead
// writes: one word from a phone must not silence him for ever. Nobody has to be
// told, for nobody was asked for; a person who was asked for gives the
// conversation back expressly.
const quietTakeover = 24 * time.Hour

// hear makes of fresh messages what Otto is to hear: those that were corrected
// or taken back before anybody read them, what others quote, and whose echoes
// are our own. It becomes part of what is recorded. last is the last turn, if it
// was read.
func (h *handling) hear(conv conversation.Conversation, last *conversation.StoredTurn, fresh []conversation.Inbound) []conversation.Inbound {
	fresh = slices.Clone(fresh)
	conversation.InOrder(fresh)
	at := make(map[conversation.MessageID]int, len(fresh))
	for i, m := range fresh {
		at[m.ID] = i
	}
	for i := range fresh {
		m := &fresh[i]
		original, unheard := at[m.Original]
		switch {
		case m.Kind == conversation.KindRevoke && unheard:
			blank(&fresh[original], conversation.NoteRevoked)
		case m.Kind == conversation.KindEdit && m.Text != "" && unheard:
			fresh[original].Text = m.Text
			blank(m, conversation.NoteCorrected)
		case m.Kind == conversation.KindEdit:
			correct(m, fresh[i+1:], conv.Session.Said(m.Original).Reveal())
		case m.Kind == conversation.KindEcho && ours(*m, conv.Session, last):
			m.Note = conversation.NoteOurs
		case m.Kind.Answerable() && m.Original != "":
			m.Quoted = cmp.Or(conv.Session.Said(m.Original), answered(last, *m))
		}
	}
	return fresh
}

// blank leaves of a message only that it existed.
func blank(m *conversation.Inbound, note string) {
	m.Kind, m.Note, m.Text, m.Media, m.Perceived, m.Place, m.Raw = conversation.KindSystem, note, "", nil, nil, nil, nil
}

// correct makes a message of an edit that says something new: it is answered
// like any other. One that a later edit replaces, and one that only puts right
// how a word is written, are noted.
func correct(m *conversation.Inbound, later []conversation.Inbound, said string) {
	if slices.ContainsFunc(later, func(l conversation.Inbound) bool {
		return l.Kind == conversation.KindEdit && l.Original == m.Original
	}) {
		blank(m, conversation.NoteCorrected)
		return
	}
	if m.Text != "" && otto.Fold(m.Text.Reveal()) != otto.Fold(said) {
		m.Kind, m.Note = conversation.KindText, conversation.NoteCorrection
	}
}

// ours reports whether an echo is of something that Otto wrote, which another
// program would show: Meta knows it by the same id, or it is word for word what
// he said.
func ours(m conversation.Inbound, s conversation.Session, last *conversation.StoredTurn) bool {
	if _, sent := part(last, m); sent {
		return true
	}
	return m.Text != "" && slices.ContainsFunc(s.History, func(l conversation.Line) bool {
		return l.Who == conversation.Otto && l.Text == m.Text
	})
}

// answered is what Otto said in the message that m quotes, if that was in the
// last turn.
func answered(last *conversation.StoredTurn, m conversation.Inbound) (text pii.Text) {
	m.WAMID = m.ReplyTo
	if i, sent := part(last, m); sent {
		text = last.Replies[i].Text
	}
	return text
}

// part is the part of a turn that Meta knows by the id of m.
func part(t *conversation.StoredTurn, m conversation.Inbound) (int, bool) {
	if t == nil || m.WAMID == "" {
		return 0, false
	}
	for i, d := range t.Deliveries {
		for _, r := range d.Results {
			if r.WAMID == m.WAMID {
				return i, true
			}
		}
		for _, receipts := range d.Receipts {
			for _, r := range receipts {
				if r.WAMID == m.WAMID {
					return i, true
				}
			}
		}
	}
	return 0, false
}

// wrote reports whether a message is one that a person of the business wrote to
// the lead. Taking one back says nothing to anybody.
func wrote(m conversation.Inbound) bool {
	return m.Kind == conversation.KindEcho && m.Note != conversation.NoteOurs && m.Type != "revoke"
}

// takenOver reports whether a person took the conversation over by writing to
// the lead unasked. What was written before the conversation was given back, or
// so long ago that it is no part of what goes on now, takes nothing over.
func takenOver(r otto.Request) bool {
	if r.Conversation.Owner == conversation.OwnerPerson {
		return false
	}
	var released time.Time
	for _, t := range r.Conversation.Session.Transitions {
		if t.Event == conversation.EventReleased {
			released = t.At
		}
	}
	return slices.ContainsFunc(r.Messages, func(m conversation.Inbound) bool {
		return wrote(m) && m.SentAt.After(released) && r.Now.Sub(m.SentAt) < freeFormAge
	})
}

// personWrote reports whether a person wrote to the lead since the request was
// made: however long the draft took, it must not be sent.
func (h *handling) personWrote(r otto.Request) bool {
	for id, m := range h.inbox {
		known := slices.ContainsFunc(r.Messages, func(have conversation.Inbound) bool { return have.ID == id })
		if !known && wrote(m) {
			return true
		}
	}
	return false
}

// lapsed is the conversation as the lead finds it again: one that a person took
// over, and in which none has written for long, is Otto's.
func lapsed(conv conversation.Conversation, fresh []conversation.Inbound, now time.Time) conversation.Conversation {
	w := conv.Handoff
	answerable := slices.ContainsFunc(fresh, func(m conversation.Inbound) bool { return m.Kind.Answerable() })
	if w == nil || !w.Taken || !answerable || now.Sub(w.Wrote) < quietTakeover || slices.ContainsFunc(fresh, wrote) {
		return conv
	}
	step := conversation.Step(conv.Session.State, conversation.EventReleased, conversation.StepInput{
		Since: conv.Session.Since, At: now, Interest: conv.Session.Interest != "",
	})
	if step.Refused != "" {
		return conv
	}
	conv.Session.Enter(conversation.Transition{From: conv.Session.State, To: step.To, Event: conversation.EventReleased, At: now})
	conv.Owner, conv.Handoff = conversation.OwnerOtto, nil
	return conv
}

// told is the conversation with what a message says of the person, beside what
// it says to us.
func told(conv conversation.Conversation, m conversation.Inbound) conversation.Conversation {
	person := conv.Session.Person
	switch {
	case m.Was != nil:
		conv.Session.Person = person.Without(*m.Was).Merge(m.From)
		conv.Session.Renamed = m.SentAt
	case late(m, conv.Session):
		// What it says of the sender was right when it was sent.
	default:
		conv.Session.Person = person.Merge(m.From)
	}
	if m.TakenBack() {
		conv.Session.Forget(m.Original)
	}
	if m.Ad != nil {
		conv.Card = conv.Card.CameFrom(*m.Ad, m.ID, m.SentAt)
	}
	switch {
	case m.Kind != conversation.KindSystem:
	case m.Note == conversation.NoteMarketingStop:
		conv.Session.OptedOut, conv.Session.Unmarketed = m.SentAt, m.SentAt
	case m.Note == conversation.NoteMarketingResume:
		conv.Session.OptedOut, conv.Session.Unmarketed = time.Time{}, time.Time{}
	}
	return conv
}
