package simulator

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// maxActs bounds the acts shown of one conversation.
const maxActs = 200

// inspection is what is known of one conversation beside what was said in it.
type inspection struct {
	Conversation conversation.ID      `json:"conversation"`
	Version      int64                `json:"version"`
	State        conversation.State   `json:"state"`
	Owner        conversation.Owner   `json:"owner"`
	Since        time.Time            `json:"since,omitzero"`
	Legal        []conversation.State `json:"legal"`  // that may come next
	States       []conversation.State `json:"states"` // all there are
	Interest     string               `json:"interest,omitempty"`
	Asked        string               `json:"asked,omitempty"`
	OptedOut     time.Time            `json:"opted_out,omitzero"`
	WindowUntil  time.Time            `json:"window_until,omitzero"`
	// InactiveAt is when the session ends unless somebody writes.
	InactiveAt time.Time      `json:"inactive_at,omitzero"`
	Handoff    *waitingPerson `json:"handoff,omitempty"`
	Card       []cardValue    `json:"card"`
	Turns      []turnSummary  `json:"turns"` // oldest first
	Acts       []act          `json:"acts"`  // oldest first
}

// waitingPerson is the waiting for a person.
type waitingPerson struct {
	Since     time.Time `json:"since"`
	Deadline  time.Time `json:"deadline,omitzero"`
	Came      time.Time `json:"came,omitzero"`
	Reminders int       `json:"reminders"`
}

// cardValue is a value of the contact card with where it came from.
type cardValue struct {
	Field      string    `json:"field"`
	Value      string    `json:"value"`
	Words      string    `json:"words,omitempty"`
	Confidence float64   `json:"confidence"`
	At         time.Time `json:"at"`
	// Message is Meta's id of the message it was read from, and Turn what
	// consumed that; empty when they are not known any more.
	Message string              `json:"message"`
	Turn    conversation.TurnID `json:"turn,omitempty"`
}

// turnSummary is one turn in a line.
type turnSummary struct {
	ID      conversation.TurnID        `json:"id"`
	Version int64                      `json:"version"`
	At      time.Time                  `json:"at"`
	Route   conversation.Route         `json:"route"`
	Mode    conversation.Mode          `json:"mode,omitempty"`
	From    conversation.State         `json:"from"`
	Into    conversation.State         `json:"into"`
	Phase   conversation.DeliveryPhase `json:"phase"`
	// Messages and Replies are Meta's ids, each in its place; one that is not known
	// is empty.
	Messages []string `json:"messages"`
	Replies  []string `json:"replies"`
	// Model says that it was asked, and Blocked how many faults guards found.
	Model        bool    `json:"model"`
	Blocked      int     `json:"blocked"`
	CostMicroUSD int64   `json:"cost_micro_usd"`
	TookMS       float64 `json:"took_ms"`
}

// act is something that is no turn.
type act struct {
	ID     string               `json:"id"`
	Kind   conversation.ActKind `json:"kind"`
	Reason string               `json:"reason,omitempty"`
	Turn   conversation.TurnID  `json:"turn,omitempty"`
	At     time.Time            `json:"at"`
}

// getInspector is everything about one person's conversation but its words.
func (a *api) getInspector(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ledgerPatience)
	defer cancel()
	stored, err := a.conversation(ctx, r.PathValue("from"))
	if err == nil && stored == nil {
		refuseRequest(w, http.StatusNotFound, "the ledger knows no such conversation")
		return
	}
	var shown inspection
	if err == nil {
		shown, err = a.inspect(ctx, *stored)
	}
	if err != nil {
		refuseRequest(w, http.StatusServiceUnavailable, "the ledger does not answer")
		return
	}
	answer(w, http.StatusOK, shown)
}

func (a *api) inspect(ctx context.Context, stored conversation.StoredConversation) (inspection, error) {
	turns, err := a.archive.Turns(ctx, stored.ID, maxTurns)
	if err != nil {
		return inspection{}, err
	}
	acts, err := a.archive.ActsOf(ctx, stored.ID, maxActs)
	if err != nil {
		return inspection{}, err
	}
	slices.Reverse(turns)
	session, now := stored.Session, standingOf(&stored)
	shown := inspection{
		Conversation: stored.ID, Version: stored.Version, State: now.State, Owner: now.Owner, WindowUntil: now.windowUntil,
		Since: session.Since, Legal: conversation.Next(session.State), States: conversation.States(),
		Interest: session.Interest, Asked: session.Asked, OptedOut: session.OptedOut,
		Card: []cardValue{}, Turns: []turnSummary{}, Acts: []act{},
	}
	if a.sessionTTL > 0 && session.State.Active() && !session.LastAt.IsZero() {
		shown.InactiveAt = session.LastAt.Add(a.sessionTTL).UTC()
	}
	if waiting := stored.Handoff; waiting != nil {
		shown.Handoff = &waitingPerson{
			Since: waiting.Since, Deadline: waiting.Deadline, Came: waiting.Came, Reminders: len(waiting.Reminders),
		}
	}
	consumed := map[conversation.MessageID]conversation.TurnID{}
	for _, t := range turns {
		shown.Turns = append(shown.Turns, summarize(t, a.transcript.wamids(t.Messages)))
		for _, id := range t.Messages {
			consumed[id] = t.ID
		}
	}
	shown.Card = a.card(stored.Card, consumed)
	for _, one := range acts {
		shown.Acts = append(shown.Acts, act{ID: one.ID, Kind: one.Kind, Reason: one.Reason, Turn: one.Turn, At: one.At})
	}
	return shown, nil
}

// card lists a card in the order in which its fields are shown; those that
// nobody can say come last.
func (a *api) card(c conversation.Card, consumed map[conversation.MessageID]conversation.TurnID) []cardValue {
	values := []cardValue{}
	add := func(field string) {
		v := c[field]
		values = append(values, cardValue{
			Field: field, Value: string(v.Value), Words: string(v.Words), Confidence: v.Confidence, At: v.At,
			Message: a.transcript.wamids([]conversation.MessageID{v.Message})[0], Turn: consumed[v.Message],
		})
	}
	fields := conversation.CardFields()
	for _, field := range fields {
		if _, filled := c[field]; filled {
			add(field)
		}
	}
	var given []string
	for field := range c {
		if !slices.Contains(fields, field) {
			given = append(given, field)
		}
	}
	slices.Sort(given)
	for _, field := range given {
		add(field)
	}
	return values
}

// summarize is a turn in a line; messages are Meta's ids of those that it consumed.
func summarize(t conversation.StoredTurn, messages []string) turnSummary {
	s := turnSummary{
		ID: t.ID, Version: t.Version, At: t.DecidedAt, Route: t.Route, Mode: t.Mode, From: t.From, Into: t.Into,
		Phase: t.Phase(), Messages: messages, Replies: replies(t), Model: t.Model.Calls > 0, CostMicroUSD: t.Model.CostMicroUSD,
	}
	for _, v := range t.Verdicts {
		if !v.OK {
			s.Blocked++
		}
	}
	for _, phase := range t.Phases {
		s.TookMS += inMilliseconds(phase.Took)
	}
	return s
}

// replies are Meta's ids of a turn's parts, each in its place.
func replies(t conversation.StoredTurn) []string {
	ids := make([]string, len(t.Deliveries))
	for i, d := range t.Deliveries {
		ids[i] = acceptedAs(d)
	}
	return ids
}

// acceptedAs is Meta's id of a part; empty as long as Meta has not named one.
func acceptedAs(d conversation.Delivery) string {
	for attempt := d.Attempt; attempt > 0; attempt-- {
		if id := d.Results[attempt].WAMID; id != "" {
			return string(id)
		}
		for _, receipt := range d.Receipts[attempt] {
			if receipt.WAMID != "" {
				return string(receipt.WAMID)
			}
		}
	}
	return ""
}
