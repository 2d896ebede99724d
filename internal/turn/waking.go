package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// wake makes the turn that a timer is for. It is made by the same compare and
// set as every other, so that whatever happened in the conversation meanwhile
// wins: the timer then finds that it is not needed any more.
func (w *waking) wake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.Limits.TurnDeadline)
	defer cancel()
	for range maxConflicts {
		snapshot, err := w.Ledger.Load(ctx, conversation.Query{Conversations: []conversation.ID{conversation.ID(w.e.Conversation)}})
		if err != nil {
			return fmt.Errorf("load conversation: %w", err)
		}
		settled, err := w.attend(ctx, snapshot)
		if err != nil || settled {
			return err
		}
		w.report.Conflicts++
	}
	return w.putOff(ctx, time.Second)
}

// attend does what the timer asks of the conversation as it was read; settled is
// false when somebody else wrote to it meanwhile.
func (w *waking) attend(ctx context.Context, snapshot conversation.Snapshot) (settled bool, err error) {
	if snapshot.Conversation == nil {
		return true, nil
	}
	conv := snapshot.Conversation.Conversation
	now := w.Now()
	need := w.need(conv, now)
	switch {
	case need.done != "":
		return true, w.complete(ctx, need.done)
	case !need.early.IsZero():
		w.report.FollowUp = need.early.Sub(now)
		next := w.notice
		next.N, next.Waits = next.N+1, 0
		return true, w.put(ctx, next, need.early)
	case !need.due:
		return true, nil
	}
	if last := snapshot.Turn; last != nil && !last.Phase().Terminal() {
		// Nothing is said before what was said before it has arrived.
		progress, err := w.deliver(ctx, *last, snapshot.ReadAt, permit{})
		if err != nil {
			return false, fmt.Errorf("resolve last turn: %w", err)
		}
		if !progress.terminal {
			return true, w.putOff(ctx, progress.wait)
		}
	}
	if wait := w.proofIn(snapshot); wait > 0 {
		return true, w.putOff(ctx, wait)
	}
	if last := snapshot.Turn; last != nil {
		w.setBack(snapshot.Conversation, *last)
	}
	r := otto.Request{Conversation: snapshot.Conversation.Conversation, Now: now}
	decision, mode := w.decide(r)
	return w.make(ctx, w.compose(snapshot.Conversation, r, decision, mode, conv.Spent, w.origin()))
}

// origin says that the turn comes from this timer.
func (w *waking) origin() origin {
	return origin{token: w.token, correlationID: w.e.CorrelationID, traceparent: w.e.Traceparent}
}

// make commits a turn and moves it on; settled is false when somebody else wrote
// to the conversation meanwhile.
func (w *waking) make(ctx context.Context, draft conversation.Commit) (settled bool, err error) {
	issued := w.permit()
	committed, err := w.commit(ctx, draft, issued)
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("commit turn: %w", err)
	}
	_ = w.Mailbox.Forget(ctx, draft.Conversation.ID) // What is cached is stale; keeping it costs a conflict.
	w.report.Turn, w.report.Route = draft.Turn.ID, draft.Turn.Route
	if draft.Turn.Event == conversation.EventHandoffUnanswered {
		w.report.Handoff = otto.HandoffUnanswered
	}
	return true, w.finish(ctx, conversation.StoredTurn{
		Turn: draft.Turn, Deliveries: firstAttempts(draft.Turn),
		Records: make([]conversation.EffectRecord, len(draft.Turn.Effects)), Updated: committed.At,
	}, committed.At, issued, 0)
}

// need is what a conversation needs of a timer; zero is nothing.
type need struct {
	due bool
	// early is when the timer has to fire again, because what it waits for has
	// been put off.
	early time.Time
	// done is the turn that the timer has made already.
	done conversation.TurnID
}

// need says what the conversation needs of the timer now.
func (w *waking) need(conv conversation.Conversation, now time.Time) need {
	if w.notice.Kind == conversation.TimerInactivity {
		switch expires := conv.Session.LastAt.Add(w.Limits.SessionTTL); {
		case w.Limits.SessionTTL <= 0, conv.Expiry.Turn != w.notice.Turn, !conv.Session.State.Active():
			return need{}
		case expires.After(now):
			return need{early: expires}
		default:
			return need{due: true}
		}
	}
	waiting := conv.Handoff
	switch {
	case waiting == nil || waiting.ID != string(w.notice.Turn):
		return need{}
	case w.notice.N <= len(waiting.Reminders):
		return need{done: waiting.Reminders[w.notice.N-1]}
	case !waiting.Came.IsZero() || conv.Owner != conversation.OwnerPerson || !conv.Session.State.Muted():
		return need{}
	default:
		return need{due: true}
	}
}

// decide is what the timer has to say. The lead is told the truth once, and once
// more after having written again, as long as Meta lets anything through.
func (w *waking) decide(r otto.Request) (otto.Decision, conversation.Mode) {
	conv := r.Conversation
	if w.notice.Kind == conversation.TimerInactivity {
		return otto.Inactive(r), conversation.ModeInactive
	}
	open := conv.WindowFrom.Add(freeFormAge).After(r.Now)
	if open && (conv.Handoff.Told.IsZero() || conv.WindowFrom.After(conv.Handoff.Told)) {
		return w.Mind.Unanswered(r, true), conversation.ModeUnanswered
	}
	return w.Mind.Unanswered(r, false), conversation.ModeReminded
}

// proofIn is for how long the last turn may still turn out to be one that can be
// sent: a session that ended would leave it to an operator.
func (w *waking) proofIn(s conversation.Snapshot) time.Duration {
	if s.Turn == nil || w.notice.Kind != conversation.TimerInactivity {
		return 0
	}
	if _, waits := w.waitsForProof(*s.Turn); !waits {
		return 0
	}
	return lookAt(secondLooks) + time.Minute - s.ReadAt.Sub(s.Turn.Updated)
}

// complete finishes a turn that the timer made before and did not see the end
// of.
func (w *waking) complete(ctx context.Context, id conversation.TurnID) error {
	w.report.Turn = id
	snapshot, err := w.Ledger.Load(ctx, conversation.Query{Turn: id})
	if err != nil {
		return fmt.Errorf("load turn: %w", err)
	}
	if snapshot.Turn == nil {
		return nil
	}
	if snapshot.Turn.Ended() {
		return w.afterwards(ctx, snapshot.Turn.Turn, w.finished(*snapshot.Turn).failed)
	}
	return w.finish(ctx, *snapshot.Turn, snapshot.ReadAt, permit{}, 0)
}

// putOff has the timer fire again after a while, for the same thing.
func (w *waking) putOff(ctx context.Context, wait time.Duration) error {
	next := w.notice
	next.Waits++
	w.report.FollowUp = max(wait, time.Second)
	return w.put(ctx, next, w.Now().Add(w.report.FollowUp))
}

func (w *waking) put(ctx context.Context, n conversation.TimerNotice, at time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.Limits.SendPermit)
	defer cancel()
	e, err := ring(w.Key, w.Ring, w.Tenant, w.e, n)
	if err != nil {
		return err
	}
	e.ReceivedAt = w.Now()
	if _, err := w.Inbox.Put(ctx, e, at); err != nil {
		return fmt.Errorf("create timer: %w", err)
	}
	return nil
}

// set sets a timer that a turn asks for. Its name makes a repeat harmless.
func (t *Turns) set(ctx context.Context, turn conversation.Turn, timer conversation.Timer) error {
	e, err := ring(t.Key, t.Ring, t.Tenant, envelope.Envelope{
		PhoneNumberID: turn.Number, Conversation: string(turn.Conversation), ReceivedAt: t.Now(),
		CorrelationID: turn.CorrelationID, Traceparent: turn.Traceparent,
	}, timer.TimerNotice)
	if err != nil {
		return err
	}
	if _, err := t.Inbox.Put(ctx, e, timer.At); err != nil {
		return fmt.Errorf("set timer: %w", err)
	}
	return nil
}

// ring is the letter of a timer, in the conversation of another one. Its name
// holds all that makes it another timer than the ones before.
func ring(key *pii.HashKey, seal *pii.Ring, tenant string, like envelope.Envelope, n conversation.TimerNotice) (envelope.Envelope, error) {
	which := fmt.Sprintf("%d.%d", n.N, n.Waits)
	if n.Part > 0 {
		which = fmt.Sprintf("%d.%s", n.Part, which)
	}
	e := envelope.Envelope{
		Kind: envelope.Timer, Tenant: tenant, PhoneNumberID: like.PhoneNumberID, Conversation: like.Conversation,
		ID:         key.Timer(like.Conversation, string(n.Kind), string(n.Turn), which),
		ReceivedAt: like.ReceivedAt, CorrelationID: like.CorrelationID, Traceparent: like.Traceparent,
	}
	if err := e.Seal(seal, n); err != nil {
		return envelope.Envelope{}, fmt.Errorf("seal timer: %w", err)
	}
	return e, nil
}
