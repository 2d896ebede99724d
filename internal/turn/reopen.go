package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// waitsForProof is the part of a turn that was parked because no receipt came
// and the channel was silent, and that may still be sent when the channel turns
// out to be alive: policy and limits allow another attempt, it is the last part,
// and the window is open.
func (t *Turns) waitsForProof(turn conversation.StoredTurn) (part int, waits bool) {
	part = len(turn.Deliveries) - 1
	if t.Policy != Resend || part < 0 || !turn.SendBy.IsZero() && t.Now().After(turn.SendBy) {
		return 0, false
	}
	d := turn.Deliveries[part]
	return part, d.Phase() == conversation.Parked && d.Reason == reasonNoReceipt && d.Attempt < maxResends
}

// reopen takes up a part that waits for proof, when a webhook that was received
// after it was parked proves that the channel is alive. The turn must be the
// newest of its conversation. A conflict is no error: somebody else is at it.
func (t *Turns) reopen(ctx context.Context, turn conversation.StoredTurn, conv *conversation.StoredConversation, seen time.Time) (reopened bool, err error) {
	part, waits := t.waitsForProof(turn)
	if !waits || conv == nil || conv.LastTurn != turn.ID || !seen.After(turn.Updated.Add(proofDelay)) {
		return false, nil
	}
	err = t.Reopener.Reopen(ctx, conversation.Reopening{
		Turn: turn.ID, Part: part, Attempt: turn.Deliveries[part].Attempt, Base: turn.Updated,
		Conversation: conv.ID, ConversationBase: conv.Updated,
		Granted: turn.Deliveries[part].Granted, At: t.Now(),
	})
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reopen turn: %w", err)
	}
	return true, nil
}

// lookAgain makes the n-th timer that looks at a part of a turn. Its name holds
// all that makes it another timer than the ones before, for the queue refuses
// names it knows.
func (t *Turns) lookAgain(ctx context.Context, turn conversation.StoredTurn, part, n int, after time.Duration) error {
	var d conversation.Delivery
	if part < len(turn.Deliveries) {
		d = turn.Deliveries[part]
	}
	which := fmt.Sprintf("%d.%d.%d.%d", part, d.Attempt, d.Granted, n)
	e, err := Look(t.Key, t.Ring, t.Tenant, turn.Turn, which, n, t.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.Limits.SendPermit)
	defer cancel()
	if _, err := t.Inbox.Put(ctx, e, t.Now().Add(after)); err != nil {
		return fmt.Errorf("create timer: %w", err)
	}
	return nil
}

// Look is the letter of a timer that looks at a turn; which tells it apart from
// every other timer of that turn. The worker's timers count from 1, and those
// that follow this one are counted on from n: whoever else makes one chooses an
// n beyond any that the turn has had, or their names meet old ones.
func Look(key *pii.HashKey, ring *pii.Ring, tenant string, turn conversation.Turn, which string, n int, now time.Time) (envelope.Envelope, error) {
	e := envelope.Envelope{
		Kind: envelope.Timer, Tenant: tenant, PhoneNumberID: turn.Number, Conversation: string(turn.Conversation),
		ID:         key.Timer(string(turn.Conversation), string(conversation.TimerResolve), string(turn.ID), which),
		ReceivedAt: now, CorrelationID: turn.CorrelationID, Traceparent: turn.Traceparent,
	}
	if err := e.Seal(ring, conversation.TimerNotice{Kind: conversation.TimerResolve, Turn: turn.ID, N: n}); err != nil {
		return envelope.Envelope{}, fmt.Errorf("seal timer: %w", err)
	}
	return e, nil
}
