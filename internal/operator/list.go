package operator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// What is a kind of thing that waits for a person.
type What string

// The kinds of things.
const (
	Reply   What = "reply"   // a part of an answer
	Effect  What = "effect"  // what a turn was to make happen
	Message What = "message" // a message of a lead that was given up
	Element What = "element" // something that nobody could read
	// Conversation is one that a person owns.
	Conversation What = "conversation"
)

// List is what waits, newest first.
type List struct {
	Items []Item `json:"items"`
	// More says that there are more than the list may hold.
	More bool `json:"more"`
}

// Item is one thing that waits. It holds nothing personal.
type Item struct {
	// ID is the turn's or the dead letter's.
	ID   string `json:"id"`
	What What   `json:"what"`
	// Part counts replies or effects of the turn from 1; 0 is a letter.
	Part         int             `json:"part,omitempty"`
	State        State           `json:"state"`
	Conversation conversation.ID `json:"conversation,omitempty"`
	Reason       string          `json:"reason"` // a code
	// Since is when it was written to last, which for what nobody touches is
	// when it was parked.
	Since    time.Time `json:"since"`
	Attempts int       `json:"attempts"`
}

// State is whether something still waits.
type State string

// The states of what was parked or buried.
const (
	StateWaiting   State = "waiting"
	StateRetrying  State = "retrying"  // exhumed, and no turn has taken it yet
	StateAnswered  State = "answered"  // by a turn, after it was exhumed
	StateDropped   State = "dropped"   // given up
	StateForgotten State = "forgotten" // its message has expired
)

// List is everything that waits for a person, at most limit items; zero is
// [DefaultLimit].
func (o *Operator) List(ctx context.Context, limit int) (List, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	// The ledger lists turns by their ids: to find the newest, look at more.
	turns, err := o.Ledger.Parked(ctx, MaxLimit)
	if err != nil {
		return List{}, fmt.Errorf("list parked turns: %w", err)
	}
	items := []Item{}
	for _, t := range turns {
		items = append(items, parkedOf(t)...)
	}
	letters, more, err := o.waitingLetters(ctx, limit)
	if err != nil {
		return List{}, err
	}
	items = append(items, letters...)
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.ID, b.ID))
	})
	more = more || len(turns) == MaxLimit || len(items) > limit
	return List{Items: items[:min(limit, len(items))], More: more}, nil
}

// parkedOf are the parts and effects of a turn that are parked.
func parkedOf(t conversation.StoredTurn) []Item {
	item := Item{ID: string(t.ID), State: StateWaiting, Conversation: t.Conversation, Since: t.Updated}
	var items []Item
	for i, d := range t.Deliveries {
		if d.Phase() == conversation.Parked {
			item.What, item.Part, item.Reason, item.Attempts = Reply, i+1, d.Reason, d.Attempt
			items = append(items, item)
		}
	}
	for i, r := range t.Records {
		if r.Phase() == conversation.EffectParked {
			item.What, item.Part, item.Reason, item.Attempts = Effect, i+1, r.Reason, r.Attempts
			items = append(items, item)
		}
	}
	return items
}

const (
	// maxLetters is how many dead letters are looked at for those that wait.
	maxLetters = 2000
	// widen is how many times more are looked at when too few of them wait.
	widen = 4
)

// waitingLetters are the newest dead letters that nobody has settled.
func (o *Operator) waitingLetters(ctx context.Context, limit int) (items []Item, more bool, err error) {
	for window := limit; ; window = min(window*widen, maxLetters) {
		dead, err := o.Ledger.DeadLetters(ctx, window)
		if err != nil {
			return nil, false, fmt.Errorf("list dead letters: %w", err)
		}
		letters, err := o.fates(ctx, dead)
		if err != nil {
			return nil, false, err
		}
		items = items[:0]
		for _, l := range letters {
			if s := l.state(); s != StateDropped && s != StateAnswered {
				items = append(items, l.item())
			}
		}
		all := len(dead) < window
		if all || len(items) >= limit || window >= maxLetters {
			return items, !all, nil
		}
	}
}
