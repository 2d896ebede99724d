package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// letter is a dead letter and what became of its message.
type letter struct {
	conversation.Dead
	message conversation.StoredMessage
	known   bool // the ledger has the message
}

func (l letter) what() What {
	if l.Message {
		return Message
	}
	return Element
}

func (l letter) state() State {
	switch {
	case !l.Dropped.IsZero():
		return StateDropped
	case !l.Message || l.message.Dead:
		return StateWaiting
	case l.known:
		return StateAnswered
	case l.Replays > 0:
		return StateRetrying
	default:
		return StateForgotten
	}
}

func (l letter) item() Item {
	return Item{
		ID: l.ID, What: l.what(), State: l.state(), Conversation: l.Conversation, Reason: l.Reason, Since: l.At, Attempts: l.Attempts,
	}
}

func (l letter) act(kind conversation.ActKind) conversation.Act {
	a := conversation.Act{Kind: kind, Conversation: l.Conversation}
	if l.Message {
		a.Message = conversation.MessageID(l.ID)
	}
	return a
}

// fates adds to dead letters what became of their messages.
func (o *Operator) fates(ctx context.Context, dead []conversation.Dead) ([]letter, error) {
	var q conversation.Query
	for _, d := range dead {
		if d.Message {
			q.Messages = append(q.Messages, conversation.MessageID(d.ID))
		}
	}
	var known map[conversation.MessageID]conversation.StoredMessage
	if len(q.Messages) > 0 {
		snapshot, err := o.Ledger.Load(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("look up messages: %w", err)
		}
		known = snapshot.Messages
	}
	letters := make([]letter, len(dead))
	for i, d := range dead {
		letters[i] = letter{Dead: d}
		letters[i].message, letters[i].known = known[conversation.MessageID(d.ID)]
	}
	return letters, nil
}

// letter is one dead letter; one that does not exist is a [Refusal].
func (o *Operator) letter(ctx context.Context, id string) (letter, error) {
	dead, err := o.Ledger.DeadLetter(ctx, id)
	if err != nil {
		return letter{}, fmt.Errorf("read dead letter: %w", err)
	}
	if dead == nil {
		return letter{}, unknown(id)
	}
	letters, err := o.fates(ctx, []conversation.Dead{*dead})
	if err != nil {
		return letter{}, err
	}
	return letters[0], nil
}

// again is the letter for its next delivery; a [Refusal] says why there can be
// none.
func (l letter) again() (envelope.Envelope, error) {
	switch {
	case !l.Message:
		return envelope.Envelope{}, &Refusal{
			Code: NoMessage, Why: "it is no message but an element that nobody could read: there is nothing to try again",
			Instead: "look at it with \"atende parked show\", then drop it",
		}
	case l.state() == StateDropped:
		return envelope.Envelope{}, &Refusal{Code: WasDropped, Why: "it was given up before, and what was dropped stays dropped"}
	case l.state() == StateAnswered:
		return envelope.Envelope{}, &Refusal{Code: Answered, Why: fmt.Sprintf("turn %s has answered it meanwhile", l.message.Turn)}
	case l.state() == StateForgotten:
		return envelope.Envelope{}, &Refusal{Code: WasForgotten, Why: "the ledger keeps its message no longer", Instead: "drop it"}
	}
	unreadable := &Refusal{
		Code: Unreadable, Why: "its letter cannot be read by this program, so it cannot be put into the queue",
		Instead: "if a newer version wrote it, use that one; otherwise drop it",
	}
	e, err := envelope.Decode(l.Content)
	if err != nil || e.ID != l.ID || e.Kind != envelope.Inbound {
		return envelope.Envelope{}, unreadable
	}
	e.FollowUp, e.Replay = 0, l.Replays
	if l.state() == StateWaiting {
		e.Replay++
	}
	if _, err := e.Encode(); err != nil {
		return envelope.Envelope{}, unreadable
	}
	return e, nil
}

// retryLetter makes a dead message one that may be answered, and puts its
// letter into the queue under a name of its own. One that was exhumed and is
// not answered only gets its task.
func (o *Operator) retryLetter(ctx context.Context, id string) (Outcome, error) {
	outcome := Outcome{ID: id, Deeds: []Deed{}}
	var l letter
	var e envelope.Envelope
	err := persist(func() (more bool, err error) {
		if l, err = o.letter(ctx, id); err != nil {
			return false, err
		}
		if e, err = l.again(); err != nil || l.state() != StateWaiting {
			return false, err
		}
		if err := o.Ledger.Exhume(ctx, id, e.Replay); err != nil {
			return false, fmt.Errorf("exhume message: %w", err)
		}
		outcome.Deeds = append(outcome.Deeds, Deed{What: Message, Did: Exhumed, Was: l.Reason})
		return false, nil
	})
	if err != nil {
		return Outcome{}, err
	}
	noted := o.note(ctx, l.act(conversation.ActRetried), id, int64(e.Replay), outcome.Deeds)
	if err := o.put(ctx, e, &outcome); err != nil {
		return Outcome{}, &Unfinished{outcome.Deeds, err}
	}
	if noted != nil {
		return Outcome{}, &Unfinished{outcome.Deeds, noted}
	}
	return outcome, nil
}

// put makes the task that goes on.
func (o *Operator) put(ctx context.Context, e envelope.Envelope, outcome *Outcome) error {
	existed, err := o.Inbox.Put(ctx, e, time.Time{})
	if err != nil {
		return fmt.Errorf("create its task: %w", err)
	}
	outcome.Task = TaskCreated
	if existed {
		outcome.Task = TaskExists
	}
	return nil
}

// dropLetter gives a dead letter up. Doing so twice is doing it once.
func (o *Operator) dropLetter(ctx context.Context, id string) (Outcome, error) {
	outcome := Outcome{ID: id, Deeds: []Deed{}}
	l, err := o.letter(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	switch l.state() {
	case StateAnswered:
		return Outcome{}, &Refusal{Code: Answered, Why: fmt.Sprintf("turn %s has answered it meanwhile: there is nothing to give up", l.message.Turn)}
	case StateDropped:
		outcome.Left = append(outcome.Left, "it was given up before")
	case StateRetrying:
		outcome.Left = append(outcome.Left, "it was being tried again: if its task is still in the queue, it may yet be answered")
	}
	if l.state() != StateDropped {
		if err := o.Ledger.Drop(ctx, id, o.Now()); err != nil {
			return Outcome{}, fmt.Errorf("drop letter: %w", err)
		}
		outcome.Deeds = append(outcome.Deeds, Deed{What: l.what(), Did: Dropped, Was: l.Reason})
	}
	if err := o.note(ctx, l.act(conversation.ActDropped), id, 0, outcome.Deeds); err != nil {
		return Outcome{}, &Unfinished{outcome.Deeds, err}
	}
	return outcome, nil
}
