package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

// maxReplayed is how many of a conversation's newest turns are decided again. A
// turn is kept with the conversation before it often enough for any stretch as
// long as this to have such a beginning.
const maxReplayed = 500

// Replay is what came of deciding a conversation's turns again.
type Replay struct {
	Conversation conversation.ID `json:"conversation"`
	Turns        []Replayed      `json:"turns"` // oldest first
	Same         int             `json:"same"`
	Differ       int             `json:"differ"`
	Skipped      int             `json:"skipped"`
	// More says that older turns were left out.
	More bool `json:"more"`
}

// Replayed is one turn decided again. Its details hold codes and numbers.
type Replayed struct {
	Turn        conversation.TurnID `json:"turn"`
	DecidedAt   time.Time           `json:"decided_at"`
	Route       conversation.Route  `json:"route"`
	Result      Result              `json:"result"`
	Differences []Difference        `json:"differences,omitempty"`
	Why         string              `json:"why,omitempty"` // it was skipped
}

// Result is how a turn came out.
type Result string

// The results.
const (
	Same    Result = "same"
	Differs Result = "differs"
	Skipped Result = "skipped"
)

// Difference is one step that came out otherwise than recorded.
type Difference struct {
	Step   turn.Step `json:"step"`
	Detail string    `json:"detail"`
}

// Replay decides the turns of a conversation again from their records. who is
// the conversation's id, or the phone number of a lead.
func (o *Operator) Replay(ctx context.Context, who string) (Replay, error) {
	conv, err := o.find(ctx, who)
	if err != nil {
		return Replay{}, err
	}
	history, err := o.history(ctx, conv.ID)
	if err != nil {
		return Replay{}, err
	}
	script, err := o.Script()
	if err != nil {
		return Replay{}, fmt.Errorf("replay: %w", err)
	}
	replayed, err := turn.Replay(ctx, script, history)
	if err != nil {
		return Replay{}, fmt.Errorf("replay: %w", err)
	}
	result := Replay{Conversation: conv.ID, Turns: []Replayed{}, More: len(history) == maxReplayed}
	for i, r := range replayed {
		result.add(history[i].Turn.Turn, r)
	}
	return result, nil
}

// find is the conversation that somebody may mean; one that does not exist is a
// [Refusal].
func (o *Operator) find(ctx context.Context, who string) (*conversation.StoredConversation, error) {
	conv, err := o.Ledger.Conversation(ctx, o.called(who))
	if err != nil {
		return nil, fmt.Errorf("read conversation: %w", err)
	}
	if conv == nil {
		return nil, &Refusal{
			Code: Unknown, Why: "the ledger knows no such conversation",
			Instead: "give its id, or a phone number of 7 to 15 digits; numbers are found only with the CONTACT_HASH_KEY and WHATSAPP_PHONE_NUMBER_ID of the worker",
		}
	}
	return conv, nil
}

// called are the conversations that somebody may mean.
func (o *Operator) called(who string) []conversation.ID {
	if strings.Trim(who, "0123456789") != "" || len(who) < 7 || len(who) > 15 {
		if kindOf(who) != aLetter { // of the same form
			return nil
		}
		return []conversation.ID{conversation.ID(who)}
	}
	var ids []conversation.ID
	for _, number := range o.Numbers {
		ids = append(ids, conversation.Identity{Phone: pii.Contact(who)}.Conversations(o.Key, number)...)
	}
	return ids
}

// history is a conversation's turns, oldest first, with the messages that the
// ledger still has.
func (o *Operator) history(ctx context.Context, id conversation.ID) ([]turn.Recorded, error) {
	turns, err := o.Ledger.Turns(ctx, id, maxReplayed)
	if err != nil {
		return nil, fmt.Errorf("read turns: %w", err)
	}
	history := make([]turn.Recorded, 0, len(turns))
	for _, t := range slices.Backward(turns) {
		recorded := turn.Recorded{Turn: t}
		for _, id := range t.Messages {
			m, stored, known, err := o.Ledger.Message(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("read message: %w", err)
			}
			if known && !stored.Dead {
				recorded.Messages = append(recorded.Messages, m)
			}
		}
		history = append(history, recorded)
	}
	return history, nil
}

func (r *Replay) add(t conversation.Turn, replayed turn.Replayed) {
	result := Replayed{Turn: t.ID, DecidedAt: t.DecidedAt, Route: t.Route, Result: Same, Why: replayed.Skipped}
	for _, d := range replayed.Differences {
		result.Differences = append(result.Differences, Difference{Step: d.Step, Detail: d.Detail})
	}
	switch {
	case replayed.Skipped != "":
		result.Result = Skipped
		r.Skipped++
	case len(replayed.Differences) > 0:
		result.Result = Differs
		r.Differ++
	default:
		r.Same++
	}
	r.Turns = append(r.Turns, result)
}
