package turn

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// permit allows a send to start for a while after the commit that intended it
// was begun. It dies early rather than late: a worker that was frozen in
// between must not send when another one may have resolved the turn.
type permit struct{ begun time.Time }

func (t *Turns) permit() permit { return permit{begun: t.Now()} }

// granted reports whether there is a permit at all.
func (p permit) granted() bool { return !p.begun.IsZero() }

// valid checks both clocks: the monotonic one may stop while a machine is
// suspended, the wall clock may be set.
func (p permit) valid(now time.Time, life time.Duration) bool {
	monotonic, wall := now.Sub(p.begun), now.Round(0).Sub(p.begun.Round(0))
	return p.granted() && monotonic < life && wall < life
}

// origin says where a turn comes from.
type origin struct {
	token, correlationID, traceparent string
	fallback                          conversation.Fallback
	phases                            []conversation.Phase
	// undelivered is what the team is told that the lead did not get; nil is nothing.
	undelivered *conversation.Undelivered
}

// draft is the commit that turns a decision into a turn.
func (h *handling) draft(all reunion, r otto.Request, d otto.Decision, mode conversation.Mode) conversation.Commit {
	c := h.compose(all.base, r, d, mode, h.spent(r, d), origin{
		token: h.token, correlationID: h.e.CorrelationID, traceparent: h.e.Traceparent, phases: h.report.Phases,
		fallback: h.report.Fallback,
	})
	c.Pointers, c.Beside, c.Turn.Absorbed = all.pointers, all.beside, all.absorbed
	if len(all.absorbed) > 0 {
		c.Turn.Before = &r.Conversation
	}
	if all.moved && c.Handoff == nil && c.Conversation.Handoff != nil {
		// Its timer fires where the conversation stood, and finds nothing there.
		c.Turn.Effects = append(c.Turn.Effects, nextReminder(c.Conversation)...)
	}
	return c
}

// compose is the commit of a decision, upon the conversation that was read; nil
// when there was none.
func (t *Turns) compose(base *conversation.StoredConversation, r otto.Request, d otto.Decision, mode conversation.Mode, spent conversation.Spent, o origin) conversation.Commit {
	conv := after(t.Mind, r, d, mode, spent)
	turn := conversation.Turn{
		ID:            conv.LastTurn,
		Conversation:  conv.ID,
		Version:       conv.Version,
		Number:        conv.Number,
		To:            conv.Session.Person,
		Route:         d.Route,
		From:          d.From,
		Into:          d.To,
		Event:         d.Event,
		Refused:       d.Refused,
		Replies:       d.Replies,
		Verdicts:      d.Verdicts,
		Model:         d.Model,
		Reasons:       d.Reasons,
		PackHash:      t.PackHash,
		Mode:          mode,
		Noted:         r.Noted,
		Fallback:      o.fallback,
		Phases:        slices.Clone(o.phases),
		Token:         o.token,
		CorrelationID: o.correlationID,
		Traceparent:   o.traceparent,
		DecidedAt:     r.Now,
	}
	if !conv.WindowFrom.IsZero() && mode != conversation.ModeInvite { // A template needs no window.
		turn.SendBy = conv.WindowFrom.Add(window)
	}
	if keyframe(r) {
		turn.Before = &r.Conversation
	}
	for _, m := range r.Messages {
		turn.Messages = append(turn.Messages, m.ID)
	}
	if parts := len(turn.Replies); parts > 0 {
		now := t.Now()
		var due time.Time
		if due, conv.Pace = t.Platform.Pace(conv.Pace, now, parts); due.After(now) {
			turn.NotBefore = due
		}
	}
	c := conversation.Commit{Conversation: conv, Messages: r.Messages, At: r.Now}
	if base != nil {
		c.Base = base.Updated
	}
	c.Handoff, c.Appointment = records(conv, turn.ID, r, d)
	turn.Effects = t.effects(conv, r, d, c.Handoff, c.Appointment)
	if o.undelivered != nil {
		turn.Effects = append(turn.Effects, t.told(conversation.Effect{Kind: conversation.EffectUndelivered, Undelivered: o.undelivered})...)
	}
	turn.Watch = t.watch(&c.Conversation, turn.ID, r.Now)
	c.Turn = turn
	return c
}

// records are what a turn writes down beside itself.
func records(conv conversation.Conversation, id conversation.TurnID, r otto.Request, d otto.Decision) (*conversation.Handoff, *conversation.Appointment) {
	var handoff *conversation.Handoff
	var appointment *conversation.Appointment
	briefing := d.Briefing
	if briefing == "" {
		briefing = lastWords(r.Messages)
	}
	if d.Handoff != "" {
		handoff = &conversation.Handoff{
			ID: string(id), Conversation: conv.ID, Turn: id, Reason: d.Handoff, Briefing: briefing, Deadline: conv.Handoff.Deadline,
		}
	}
	if !d.Appointment.IsZero() {
		appointment = &conversation.Appointment{
			ID: cmp.Or(d.AppointmentID, string(id)), Conversation: conv.ID, Turn: id, Start: d.Appointment,
			Mode: d.Card[conversation.FieldMeetingMode].Value.Reveal(), Briefing: briefing,
		}
	}
	return handoff, appointment
}

// after is the conversation once a decision is committed.
func after(mind Mind, r otto.Request, d otto.Decision, mode conversation.Mode, spent conversation.Spent) conversation.Conversation {
	conv := r.Conversation
	conv.Version++
	person := conv.Session.Person
	conv.Session, conv.Card, conv.Spent = d.Session, d.Card, spent
	conv.Session.Person = person
	conv.LastTurn = conversation.NewTurnID(conv.ID, conv.Version)
	switch {
	case d.Handoff != "":
		conv.Owner = conversation.OwnerPerson
		conv.Handoff = &conversation.Waiting{ID: string(conv.LastTurn), Since: r.Now, Deadline: mind.AnswerBy(r.Now, 1)}
	case mode == conversation.ModeTaken:
		conv.Owner = conversation.OwnerPerson
		conv.Handoff = &conversation.Waiting{
			ID: string(conv.LastTurn), Since: r.Now, Came: r.Now, Taken: true, Wrote: r.Now,
		}
	case mode == conversation.ModeReleased:
		conv.Owner, conv.Handoff = conversation.OwnerOtto, nil
	case conv.Handoff != nil:
		waiting := waited(mind, *conv.Handoff, r, d, mode, conv.LastTurn)
		conv.Handoff = &waiting
	}
	return conv
}

// waited is how the waiting for a person stands once a decision is committed:
// whoever of the team writes to the lead, or takes the handoff, has come.
func waited(mind Mind, w conversation.Waiting, r otto.Request, d otto.Decision, mode conversation.Mode, id conversation.TurnID) conversation.Waiting {
	if mode == conversation.ModeUnanswered || mode == conversation.ModeReminded {
		if len(d.Replies) > 0 {
			w.Told = r.Now
		}
		w.Reminders, w.Deadline = append(slices.Clone(w.Reminders), id), time.Time{}
		if n := len(w.Reminders); n < maxReminders {
			w.Deadline = mind.AnswerBy(r.Now, n+1)
		}
	}
	if mode == conversation.ModeAccepted {
		w.Came, w.Deadline = r.Now, time.Time{}
	}
	for _, m := range r.Messages {
		if !wrote(m) {
			continue
		}
		w.Wrote = r.Now
		if w.Came.IsZero() {
			w.Came, w.Deadline = r.Now, time.Time{}
		}
	}
	return w
}

// spent is what the contact has cost today, once a decision is committed.
func (h *handling) spent(r otto.Request, d otto.Decision) conversation.Spent {
	spent := h.spentToday(r)
	spent.Tokens += d.Model.TokensIn + d.Model.TokensOut
	for _, m := range r.Messages {
		if m.Perceived != nil {
			spent.Tokens += heardTokens(*m.Perceived)
		}
	}
	if len(d.Replies) > 0 {
		spent.Turns++
	}
	return spent
}

// keyframe reports whether the conversation is kept with the turn.
func keyframe(r otto.Request) bool {
	last := r.Conversation.Session.LastAt
	return r.Conversation.Version > 0 &&
		((r.Conversation.Version+1)%keyframeEvery == 0 || r.Now.Sub(last) > keyframeAfter)
}

// commit makes the one write before anything is sent. A conflict with our own
// write, which a retry inside a client or a lost answer makes look like
// somebody else's, is recognised by the token.
func (t *Turns) commit(ctx context.Context, c conversation.Commit, issued permit) (conversation.Committed, error) {
	// From here on nobody's impatience counts: a half-known commit is worse
	// than a late answer to the queue.
	ctx = context.WithoutCancel(ctx)
	for {
		committed, err := t.Ledger.Commit(ctx, c)
		if err == nil {
			return committed, nil
		}
		if fault.Is(err, fault.Conflict) {
			if at, mine := t.mine(ctx, c); mine {
				return conversation.Committed{At: at}, nil
			}
			return conversation.Committed{}, err
		}
		if !ill(err) || !issued.valid(t.Now(), t.Limits.SendPermit) {
			return conversation.Committed{}, err
		}
		if err := pause(ctx, commitPause); err != nil {
			return conversation.Committed{}, err
		}
	}
}

// commitPause keeps repeated commits from spinning while the ledger is ill.
const commitPause = 100 * time.Millisecond

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// mine reports whether the turn that stands in the way is this very commit.
func (t *Turns) mine(ctx context.Context, c conversation.Commit) (at time.Time, mine bool) {
	snapshot, err := t.Ledger.Load(ctx, conversation.Query{Turn: c.Turn.ID})
	if err != nil || snapshot.Turn == nil || snapshot.Turn.Token != c.Turn.Token {
		return time.Time{}, false
	}
	return snapshot.Turn.Updated, true
}

// firstAttempts are the deliveries of a turn that was just committed.
func firstAttempts(t conversation.Turn) []conversation.Delivery {
	deliveries := make([]conversation.Delivery, len(t.Replies))
	if len(deliveries) > 0 {
		deliveries[0].Attempt = t.Intended()
	}
	return deliveries
}

// spokenMark stands before what was said and not written, in every language.
const spokenMark = "🎤 "

// lastWords are what the lead wrote and said in this turn, for the person who
// takes over.
func lastWords(messages []conversation.Inbound) pii.Text {
	var words []string
	for _, m := range messages {
		if m.Text != "" {
			words = append(words, m.Text.Reveal())
		}
		if form, ok := flow.ReadFilled(m.Form); ok {
			words = append(words, form.Words().Reveal())
		}
		if m.Perceived != nil && m.Perceived.Text != "" {
			words = append(words, spokenMark+m.Perceived.Text.Reveal())
		}
	}
	return pii.Text(strings.Join(words, "\n"))
}

// blocked are the guards whose verdicts refused a draft.
func blocked(verdicts []conversation.Verdict) []string {
	var guards []string
	for _, v := range verdicts {
		if !v.OK {
			guards = append(guards, v.Guard)
		}
	}
	return guards
}
