package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// How long after a failure its consequences are drawn. What may pass by itself is
// given the time to: an account that is being moved needs about a minute.
const (
	mendSoon     = time.Second
	mendInAWhile = time.Minute
)

// mendLater sets the timer whose turn draws the consequences of a failure. It is
// named after the failure, so that there is one however often Meta says so, and
// however many workers hear of it. What was withheld failed by our own will.
func (t *Turns) mendLater(ctx context.Context, f conversation.Failure) error {
	remedy := t.Platform.Setback(f.Code).Remedy
	if d := f.Turn.Deliveries[f.Part]; f.Code == 0 && d.Results[f.Attempt].Kind == conversation.Withheld {
		return nil
	}
	wait := mendSoon
	if remedy == conversation.RetryLater {
		wait = mendInAWhile
	}
	ctx, cancel := context.WithTimeout(ctx, effectTimeout)
	defer cancel()
	return t.set(ctx, f.Turn.Turn, conversation.Timer{
		TimerNotice: conversation.TimerNotice{Kind: conversation.TimerUndelivered, Turn: f.Turn.ID, Part: f.Part, N: f.Attempt},
		At:          t.Now().Add(wait),
	})
}

// undelivered draws the consequences of an attempt that failed: once, by the same
// compare and set as every other turn. A status that proves the failure wrong in
// the meantime wins.
func (w *waking) undelivered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.Limits.TurnDeadline)
	defer cancel()
	for range maxConflicts {
		snapshot, err := w.Ledger.Load(ctx, conversation.Query{Turn: w.notice.Turn})
		if err != nil {
			return fmt.Errorf("load turn: %w", err)
		}
		failed := snapshot.Turn
		if failed == nil || w.notice.Part < 0 || w.notice.Part >= len(failed.Deliveries) {
			return nil
		}
		switch d := failed.Deliveries[w.notice.Part]; {
		case d.Attempt > w.notice.N:
			// It was tried again, and whoever did may not have seen the end of it.
			return w.complete(ctx, failed.ID)
		case d.Attempt < w.notice.N, d.Phase() != conversation.Failed:
			return nil
		}
		settled, err := w.mend(ctx, *failed)
		if err != nil || settled {
			return err
		}
		w.report.Conflicts++
	}
	return w.putOff(ctx, time.Second)
}

// mend does what a failure asks for; settled is false when somebody else wrote to
// turn or conversation meanwhile.
func (w *waking) mend(ctx context.Context, failed conversation.StoredTurn) (settled bool, err error) {
	snapshot, err := w.Ledger.Load(ctx, conversation.Query{Conversations: []conversation.ID{conversation.ID(w.e.Conversation)}})
	if err != nil {
		return false, fmt.Errorf("load conversation: %w", err)
	}
	if snapshot.Conversation == nil || passedOn(failed.Turn, snapshot.Conversation.Conversation) {
		return true, nil
	}
	name := conversation.Opaque(failed.ID, w.notice.Part, w.notice.N)
	if by := snapshot.Conversation.MendedBy(name); by != "" {
		return true, w.complete(ctx, by)
	}
	if last := snapshot.Turn; last != nil && !last.Phase().Terminal() {
		progress, err := w.deliver(ctx, *last, snapshot.ReadAt, permit{})
		if err != nil {
			return false, fmt.Errorf("resolve last turn: %w", err)
		}
		if !progress.terminal {
			return true, w.putOff(ctx, progress.wait)
		}
	}
	setback := w.Platform.Setback(failed.Deliveries[w.notice.Part].Code())
	if snapshot.Conversation.LastTurn == failed.ID && w.mayRepeat(failed, setback) {
		return w.repeat(ctx, failed, *snapshot.Conversation)
	}

	if last := snapshot.Turn; last != nil {
		w.setBack(snapshot.Conversation, *last)
	}
	conv := &snapshot.Conversation.Conversation
	spares := setback.StopsMarketing || setback.Remedy == conversation.BlockedContact
	if spares {
		conv.Spared = w.Now()
	}
	r := otto.Request{Conversation: *conv, Now: w.Now()}
	decision, mode := otto.Mended(r), conversation.ModeMended
	if setback.OptedOut {
		decision, mode = otto.Stopped(r), conversation.ModeStopped
	}
	o := w.origin()
	invitation, invites := w.invitation(r, failed, setback)
	switch {
	case invites:
		decision, mode = invitation, conversation.ModeInvite
		r.Conversation.Invited = conv.WindowFrom
	case depends(failed, *conv, setback):
		o.undelivered = undelivered(failed, w.notice.Part, setback)
	case !spares:
		return true, nil // It is on record, and nothing follows.
	}
	r.Conversation.Mend(name, conversation.NewTurnID(conv.ID, conv.Version+1))
	return w.make(ctx, w.compose(snapshot.Conversation, r, decision, mode, conv.Spent, o))
}

// mayRepeat reports whether a part that failed can be sent again without the lead
// getting it twice or out of order: it is the last of its turn, everything that
// is known of it is definite, it failed for the first time, and its window is
// open.
func (w *waking) mayRepeat(failed conversation.StoredTurn, s conversation.Setback) bool {
	if s.Remedy != conversation.Retry && s.Remedy != conversation.RetryLater ||
		w.notice.Part != len(failed.Deliveries)-1 || !failed.SendBy.IsZero() && w.Now().After(failed.SendBy) {
		return false
	}
	d := failed.Deliveries[w.notice.Part]
	if _, byStatus := d.Receipts[d.Attempt][conversation.StatusFailed]; !byStatus || d.Attempt >= maxAttempts+d.Granted {
		return false
	}
	for attempt := 1; attempt < d.Attempt; attempt++ {
		// One whose fate nobody knew is settled without a time to come back at.
		if r := d.Results[attempt]; r.Kind != conversation.Postponed || r.NotBefore.IsZero() || len(d.Receipts[attempt]) > 0 {
			return false
		}
	}
	return true
}

// repeat makes one more attempt at the part that failed. The conversation is
// touched, so that an answer to something newer cannot get in between.
func (w *waking) repeat(ctx context.Context, failed conversation.StoredTurn, conv conversation.StoredConversation) (settled bool, err error) {
	part := w.notice.Part
	d := failed.Deliveries[part]
	err = w.Reopener.Reopen(ctx, conversation.Reopening{
		Turn: failed.ID, Part: part, Attempt: d.Attempt, Base: failed.Updated,
		Conversation: conv.ID, ConversationBase: conv.Updated, Granted: d.Granted, At: w.Now(),
	})
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reopen turn: %w", err)
	}
	turn, readAt, err := w.reload(ctx, failed.ID)
	if err != nil {
		return false, err
	}
	issued := w.permit()
	turn.Updated, err = w.Outbox.Intend(ctx, turn.ID, part, d.Attempt+1, turn.Updated)
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("intend attempt: %w", err)
	}
	turn.Deliveries[part].Attempt = d.Attempt + 1
	w.report.Turn = turn.ID
	_ = w.Mailbox.Forget(ctx, conv.ID) // What is cached is stale; keeping it costs a conflict.
	return true, w.finish(ctx, turn, readAt, issued, 0)
}

// invitation is the template that asks the lead to write again: once a window, to
// who may be disturbed, and while Otto has the conversation.
func (w *waking) invitation(r otto.Request, failed conversation.StoredTurn, s conversation.Setback) (otto.Decision, bool) {
	conv := r.Conversation
	if s.Remedy != conversation.NeedsTemplate || wroteSince(failed, conv) || !conv.Disturbable() || conv.Owner != conversation.OwnerOtto ||
		!conv.Invited.IsZero() && conv.Invited.Equal(conv.WindowFrom) {
		return otto.Decision{}, false
	}
	return w.Mind.Invite(r)
}

// wroteSince reports whether the lead has written since a turn was decided.
func wroteSince(decided conversation.StoredTurn, conv conversation.Conversation) bool {
	return conv.WindowFrom.After(decided.DecidedAt)
}

// depends reports whether the team has to know that a message did not arrive:
// because a person or a meeting is waited for, or because nothing but a person
// gets through to the lead.
func depends(failed conversation.StoredTurn, conv conversation.Conversation, s conversation.Setback) bool {
	if s.Remedy == conversation.NeedsTemplate && !wroteSince(failed, conv) || conv.Owner == conversation.OwnerPerson || conv.Session.Booked.After(failed.DecidedAt) {
		return true
	}
	for _, e := range failed.Effects {
		if e.Kind == conversation.EffectHandoff || e.Kind == conversation.EffectAppointment || e.Kind == conversation.EffectUnanswered {
			return true
		}
	}
	return false
}

// undelivered is what the team is told of a part.
func undelivered(failed conversation.StoredTurn, part int, s conversation.Setback) *conversation.Undelivered {
	var text pii.Text
	if part < len(failed.Replies) {
		text = failed.Replies[part].Text
	}
	return &conversation.Undelivered{Turn: failed.ID, Part: part, Code: s.Code, Remedy: s.Remedy, Text: text}
}

// unasked reports whether a turn is one that nobody asked for and that has
// certainly not been sent.
func unasked(turn conversation.StoredTurn) bool {
	_, d, open := turn.Open()
	return open && turn.Mode == conversation.ModeInvite && d.Phase() == conversation.Decided
}

// withdraw keeps what nobody asked for from being sent, because the lead has
// written: it is not needed any more, and what they wrote may be that they want
// no more of it. A conflict is no error: somebody else is at it.
func (t *Turns) withdraw(ctx context.Context, turn conversation.StoredTurn) error {
	part, d, _ := turn.Open()
	_, err := t.Outbox.Intend(ctx, turn.ID, part, d.Attempt+1, turn.Updated)
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("withdraw invitation: %w", err)
	}
	if err := t.record(ctx, turn.ID, part, d.Attempt+1, conversation.Result{Kind: conversation.Withheld, At: t.Now()}); err != nil {
		return fmt.Errorf("withdraw invitation: %w", err)
	}
	return nil
}
