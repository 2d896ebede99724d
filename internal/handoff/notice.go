package handoff

import (
	"errors"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// notice is what the team is told: the body of the webhook.
type notice struct {
	ID           string `json:"id"`
	Kind         string `json:"kind"`
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	// Handoff and Appointment are the records that it is about.
	Handoff     string       `json:"handoff,omitempty"`
	Appointment *appointment `json:"appointment,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	Lead        lead         `json:"lead"`
	Briefing    string       `json:"briefing,omitempty"`
	Message     *message     `json:"message,omitempty"`
	Undelivered *undelivered `json:"undelivered,omitempty"`
	// Deadline is when the lead or the team is told next that nobody has come.
	Deadline  time.Time `json:"deadline,omitzero"`
	DecidedAt time.Time `json:"decided_at"`
}

type lead struct {
	Name   string `json:"name,omitempty"`
	Phone  string `json:"phone,omitempty"`
	UserID string `json:"user_id,omitempty"`
}

type appointment struct {
	ID    string    `json:"id"`
	Start time.Time `json:"start"`
	Mode  string    `json:"mode,omitempty"`
}

type message struct {
	Kinds []string `json:"kinds"`
	Text  string   `json:"text,omitempty"`
}

type undelivered struct {
	Turn   string `json:"turn"`
	Part   int    `json:"part"`
	Code   int    `json:"code,omitempty"`
	Remedy string `json:"remedy"`
	Text   string `json:"text,omitempty"`
}

// write is the notice of an errand; one that is nothing to tell a team of is
// [fault.Broken].
func write(e conversation.Errand) (notice, error) {
	to := e.Turn.To
	n := notice{
		ID: e.ID, Kind: string(e.Effect.Kind), Conversation: string(e.Turn.Conversation), Turn: string(e.Turn.ID),
		Lead:      lead{Name: to.Name.Reveal(), Phone: to.Phone.Reveal(), UserID: to.UserID.Reveal()},
		DecidedAt: e.Turn.DecidedAt.UTC(),
	}
	h, a, m := e.Effect.Handoff, e.Effect.Appointment, e.Effect.Message
	switch kind := e.Effect.Kind; {
	case (kind == conversation.EffectHandoff || kind == conversation.EffectUnanswered) && h != nil:
		n.Handoff, n.Reason, n.Briefing = h.ID, h.Reason, h.Briefing.Reveal()
		if !h.Deadline.IsZero() {
			n.Deadline = h.Deadline.UTC()
		}
	case kind == conversation.EffectAppointment && a != nil:
		n.Appointment = &appointment{ID: a.ID, Start: a.Start.UTC(), Mode: a.Mode}
		n.Briefing = a.Briefing.Reveal()
	case kind == conversation.EffectMessage && m != nil:
		n.Message = &message{Text: m.Text.Reveal()}
		for _, k := range m.Kinds {
			n.Message.Kinds = append(n.Message.Kinds, string(k))
		}
	case kind == conversation.EffectUndelivered && e.Effect.Undelivered != nil:
		u := e.Effect.Undelivered
		n.Undelivered = &undelivered{
			Turn: string(u.Turn), Part: u.Part, Code: u.Code, Remedy: string(u.Remedy), Text: u.Text.Reveal(),
		}
	default:
		return notice{}, fault.Mark(errors.New("not a notice to the team"), fault.Broken)
	}
	return n, nil
}
