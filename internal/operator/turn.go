package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/turn"
)

// view is a turn as it stands, with the conversation in charge.
type view struct {
	turn conversation.StoredTurn
	conv *conversation.StoredConversation
}

// view reads a turn; one that does not exist is a [Refusal].
func (o *Operator) view(ctx context.Context, id conversation.TurnID) (view, error) {
	snapshot, err := o.Ledger.Load(ctx, conversation.Query{Turn: id, Conversations: []conversation.ID{id.Conversation()}})
	if err != nil {
		return view{}, fmt.Errorf("read turn: %w", err)
	}
	if snapshot.Turn == nil {
		return view{}, unknown(string(id))
	}
	return view{turn: *snapshot.Turn, conv: snapshot.Conversation}, nil
}

func (v view) newest() bool { return v.conv != nil && v.conv.LastTurn == v.turn.ID }

// underWay reports whether something of the turn is going to happen by itself,
// as long as a task looks after it.
func (v view) underWay() bool { return !v.turn.Ended() }

// reopenable says why a parked part cannot be sent again; nil when it can. An
// answer must not come in another order than it was given, nor after a newer
// one, nor when Meta takes none.
func (v view) reopenable(part int, now time.Time) *Refusal {
	switch {
	case part != len(v.turn.Deliveries)-1:
		return &Refusal{
			Code:    NotLast,
			Why:     fmt.Sprintf("reply %d is not the last part of its answer: the lead would read it after what follows it", part+1),
			Instead: "drop it",
		}
	case v.conv == nil || !v.newest():
		return &Refusal{
			Code: NotNewest, Why: "a newer turn has answered since: the lead would read the old answer after the newer one",
			Instead: "drop it",
		}
	case !v.turn.SendBy.IsZero() && now.After(v.turn.SendBy):
		return &Refusal{
			Code:    WindowOver,
			Why:     fmt.Sprintf("Meta's customer-service window closed at %s: nothing is sent before the lead writes again", v.turn.SendBy.UTC().Format(time.RFC3339)),
			Instead: "drop it; the lead's next message opens a new window",
		}
	}
	return nil
}

// write is one change of a turn's record.
type write struct {
	deed Deed
	do   func(ctx context.Context) error
}

// change makes one change after the other, each to the turn as it then stands,
// until next knows of none. What was done is returned in any case.
func (o *Operator) change(ctx context.Context, id conversation.TurnID, next func(view) (write, bool)) (v view, deeds []Deed, err error) {
	deeds = []Deed{}
	err = persist(func() (more bool, err error) {
		if v, err = o.view(ctx, id); err != nil {
			return false, err
		}
		w, more := next(v)
		if !more {
			return false, nil
		}
		if err := w.do(ctx); err != nil {
			return false, err
		}
		deeds = append(deeds, w.deed)
		// Each part and each effect is changed once, whatever others do to it.
		return len(deeds) < len(v.turn.Deliveries)+len(v.turn.Records)+1, nil
	})
	if err != nil && len(deeds) > 0 {
		err = &Unfinished{deeds, err}
	}
	return v, deeds, err
}

// retryTurn takes up what is parked of a turn, and makes a timer that goes on
// with it. What is under way already only gets its timer.
func (o *Operator) retryTurn(ctx context.Context, id conversation.TurnID) (Outcome, error) {
	v, deeds, err := o.change(ctx, id, o.nextRetry)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{ID: string(id), Deeds: deeds}
	refused := o.left(v, &outcome)
	switch {
	case len(deeds) == 0 && !v.underWay() && refused != nil:
		return Outcome{}, refused
	case len(deeds) == 0 && !v.underWay():
		return Outcome{}, &Refusal{Code: NotParked, Why: fmt.Sprintf("nothing of the turn is parked or under way: it is %s", v.turn.Phase())}
	}
	noted := o.noteTurn(ctx, conversation.ActRetried, v, deeds)
	if v.underWay() {
		if err := o.look(ctx, v.turn.Turn, &outcome); err != nil {
			return Outcome{}, &Unfinished{deeds, errors.Join(err, noted)}
		}
	}
	if noted != nil {
		return Outcome{}, &Unfinished{deeds, noted}
	}
	return outcome, nil
}

// nextRetry is the next parked thing of a turn that may be tried again.
func (o *Operator) nextRetry(v view) (write, bool) {
	t := v.turn
	for i, d := range t.Deliveries {
		if d.Phase() != conversation.Parked || v.reopenable(i, o.Now()) != nil {
			continue
		}
		return write{Deed{Reply, i + 1, Reopened, d.Reason}, func(ctx context.Context) error {
			err := o.Ledger.Reopen(ctx, conversation.Reopening{
				Turn: t.ID, Part: i, Attempt: d.Attempt, Base: t.Updated,
				Conversation: v.conv.ID, ConversationBase: v.conv.Updated, Granted: d.Granted + 1, At: o.Now(),
			})
			if err != nil {
				return fmt.Errorf("reopen reply: %w", err)
			}
			return nil
		}}, true
	}
	for i, r := range t.Records {
		if r.Phase() != conversation.EffectParked {
			continue
		}
		return write{Deed{Effect, i + 1, Revived, r.Reason}, func(ctx context.Context) error {
			if err := o.Ledger.Revive(ctx, t.ID, i, t.Updated); err != nil {
				return fmt.Errorf("revive effect: %w", err)
			}
			return nil
		}}, true
	}
	return write{}, false
}

// left notes what stays parked, and returns why the last of it does.
func (o *Operator) left(v view, outcome *Outcome) (why *Refusal) {
	for i, d := range v.turn.Deliveries {
		if d.Phase() != conversation.Parked {
			continue
		}
		if why = v.reopenable(i, o.Now()); why != nil {
			outcome.Left = append(outcome.Left, why.Error())
		}
	}
	return why
}

// look makes a timer that looks at the turn now. The timers after it are counted
// on from n, and the queue refuses a name that it knows: so n is one that no
// timer of this turn ever had, or what is taken up a second time would have
// nobody to look after it.
func (o *Operator) look(ctx context.Context, t conversation.Turn, outcome *Outcome) error {
	now := o.Now()
	e, err := turn.Look(o.Key, o.Ring, o.Tenant, t, fmt.Sprintf("operator.%d", now.UnixNano()), int(now.UnixMilli()), now)
	if err != nil {
		return fmt.Errorf("create its task: %w", err)
	}
	return o.put(ctx, e, outcome)
}

// reach is how much of a turn is closed, named after the act that it is.
type reach conversation.ActKind

// The two ways of closing.
const (
	dropping = reach(conversation.ActDropped) // what is parked
	ending   = reach(conversation.ActClosed)  // and what is under way
)

func (r reach) reply(p conversation.DeliveryPhase) bool {
	return p == conversation.Parked || r == ending && !p.Terminal()
}

func (r reach) effect(p conversation.EffectPhase) bool {
	return p == conversation.EffectParked || r == ending && !p.Terminal()
}

// closeTurn closes what is within reach. Doing so twice is doing it once.
func (o *Operator) closeTurn(ctx context.Context, id conversation.TurnID, r reach) (Outcome, error) {
	flying := false
	v, deeds, err := o.change(ctx, id, func(v view) (write, bool) {
		w, more, sending := o.nextClose(v, r)
		flying = flying || sending
		return w, more
	})
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{ID: string(id), Deeds: deeds}
	switch {
	case len(deeds) == 0 && !closedBefore(v.turn):
		return Outcome{}, nothingToClose(v, r)
	case len(deeds) == 0:
		outcome.Left = append(outcome.Left, "it was closed before")
	case flying:
		outcome.Left = append(outcome.Left, "an attempt whose fate is unknown may still have reached the lead")
	}
	if err := o.noteTurn(ctx, conversation.ActKind(r), v, deeds); err != nil {
		return Outcome{}, &Unfinished{deeds, err}
	}
	return outcome, nil
}

// nextClose is the next thing within reach; sending says that it is an attempt
// whose fate is unknown.
func (o *Operator) nextClose(v view, r reach) (w write, more, sending bool) {
	t := v.turn
	for i, d := range t.Deliveries {
		phase := d.Phase()
		if !r.reply(phase) {
			continue
		}
		return write{Deed{Reply, i + 1, Closed, d.Reason}, func(ctx context.Context) error {
			if err := o.Ledger.CloseOut(ctx, t.ID, i, byOperator, t.Updated); err != nil {
				return fmt.Errorf("close reply: %w", err)
			}
			return nil
		}}, true, phase == conversation.Sending
	}
	for i, record := range t.Records {
		if !r.effect(record.Phase()) {
			continue
		}
		return write{Deed{Effect, i + 1, Closed, record.Reason}, func(ctx context.Context) error {
			err := o.Ledger.RecordEffect(ctx, t.ID, i, conversation.EffectRecord{Mark: conversation.EffectClosed, Reason: byOperator})
			if err != nil {
				return fmt.Errorf("close effect: %w", err)
			}
			return nil
		}}, true, false
	}
	return write{}, false, false
}

// closedBefore reports whether an operator closed something of the turn.
func closedBefore(t conversation.StoredTurn) bool {
	for _, d := range t.Deliveries {
		if d.Mark == conversation.Closed && d.Reason == byOperator {
			return true
		}
	}
	for _, r := range t.Records {
		if r.Mark == conversation.EffectClosed && r.Reason == byOperator {
			return true
		}
	}
	return false
}

func nothingToClose(v view, r reach) *Refusal {
	if v.underWay() && r != ending {
		return &Refusal{
			Code: NotParked, Why: fmt.Sprintf("nothing of the turn is parked: it is %s and under way", v.turn.Phase()),
			Instead: "\"atende turns close\" ends it all the same",
		}
	}
	return &Refusal{Code: NotParked, Why: fmt.Sprintf("nothing of the turn is parked or under way: it is %s", v.turn.Phase())}
}

// noteTurn notes an act under the turn's last write, so that it is noted once
// however often it is asked for.
func (o *Operator) noteTurn(ctx context.Context, kind conversation.ActKind, v view, deeds []Deed) error {
	a := conversation.Act{Kind: kind, Conversation: v.turn.Conversation, Turn: v.turn.ID}
	return o.note(ctx, a, string(v.turn.ID), v.turn.Updated.UnixMicro(), deeds)
}
