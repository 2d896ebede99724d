package turn

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
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

// draft is the commit that turns a decision into a turn.
func (h *handling) draft(snapshot conversation.Snapshot, r otto.Request, d otto.Decision, mode conversation.Mode) conversation.Commit {
	conv := after(r, d, h.spent(r, d))
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
		PackHash:      h.PackHash,
		Mode:          mode,
		Fallback:      h.report.Fallback,
		Phases:        slices.Clone(h.report.Phases),
		Token:         h.token,
		CorrelationID: h.e.CorrelationID,
		Traceparent:   h.e.Traceparent,
		DecidedAt:     r.Now,
	}
	if !conv.WindowFrom.IsZero() {
		turn.SendBy = conv.WindowFrom.Add(window)
	}
	if keyframe(r) {
		turn.Before = &r.Conversation
	}
	for _, m := range r.Messages {
		turn.Messages = append(turn.Messages, m.ID)
	}

	c := conversation.Commit{Conversation: conv, Messages: r.Messages, At: r.Now}
	if snapshot.Conversation != nil {
		c.Base = snapshot.Conversation.Updated
	}
	if d.Handoff != "" {
		c.Handoff = &conversation.Handoff{
			ID:           string(turn.ID),
			Conversation: conv.ID,
			Turn:         turn.ID,
			Reason:       d.Handoff,
			Briefing:     lastWords(r.Messages),
		}
		if h.Performer != nil {
			turn.Effects = []conversation.Effect{{Kind: conversation.EffectHandoff, Handoff: c.Handoff}}
		}
	}
	c.Turn = turn
	if h.cached == nil { // With a cached conversation the aliases were not read.
		for _, id := range h.aliases() {
			if id != conv.ID && !snapshot.Known[id] {
				c.Pointers = append(c.Pointers, id)
			}
		}
	}
	return c
}

// after is the conversation once a decision is committed.
func after(r otto.Request, d otto.Decision, spent conversation.Spent) conversation.Conversation {
	conv := r.Conversation
	conv.Version++
	person := conv.Session.Person
	conv.Session, conv.Card, conv.Spent = d.Session, d.Card, spent
	conv.Session.Person = person
	conv.LastTurn = conversation.NewTurnID(conv.ID, conv.Version)
	if d.Handoff != "" {
		conv.Owner = conversation.OwnerPerson
	}
	return conv
}

// spent is what the contact has cost today, once a decision is committed.
func (h *handling) spent(r otto.Request, d otto.Decision) conversation.Spent {
	spent := h.spentToday(r)
	spent.Tokens += d.Model.TokensIn + d.Model.TokensOut
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
func (h *handling) commit(ctx context.Context, c conversation.Commit, issued permit) (conversation.Committed, error) {
	// From here on nobody's impatience counts: a half-known commit is worse
	// than a late answer to the queue.
	ctx = context.WithoutCancel(ctx)
	for {
		committed, err := h.Ledger.Commit(ctx, c)
		if err == nil {
			return committed, nil
		}
		if fault.Is(err, fault.Conflict) {
			if at, mine := h.mine(ctx, c); mine {
				return conversation.Committed{At: at}, nil
			}
			return conversation.Committed{}, err
		}
		if !ill(err) || !issued.valid(h.Now(), h.Limits.SendPermit) {
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
func (h *handling) mine(ctx context.Context, c conversation.Commit) (at time.Time, mine bool) {
	snapshot, err := h.Ledger.Load(ctx, conversation.Query{Turn: c.Turn.ID})
	if err != nil || snapshot.Turn == nil || snapshot.Turn.Token != c.Turn.Token {
		return time.Time{}, false
	}
	return snapshot.Turn.Updated, true
}

// firstAttempts are the deliveries of a turn that was just committed.
func firstAttempts(t conversation.Turn) []conversation.Delivery {
	deliveries := make([]conversation.Delivery, len(t.Replies))
	if len(deliveries) > 0 {
		deliveries[0].Attempt = 1
	}
	return deliveries
}

// lastWords are what the lead said in this turn, for the person who takes over.
func lastWords(messages []conversation.Inbound) pii.Text {
	var words []string
	for _, m := range messages {
		if m.Text != "" {
			words = append(words, m.Text.Reveal())
		}
	}
	return pii.Text(strings.Join(words, "\n"))
}

// blocked counts the verdicts that refused a draft.
func blocked(verdicts []conversation.Verdict) int {
	n := 0
	for _, v := range verdicts {
		if !v.OK {
			n++
		}
	}
	return n
}
