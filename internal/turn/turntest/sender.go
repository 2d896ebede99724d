package turntest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Sender is the port that sends one part of an answer, once.
type Sender interface {
	Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error)
}

// Answer is what Graph makes of a message.
type Answer string

// What Graph may make of a message.
const (
	Accepts      Answer = "accepts"
	Refuses      Answer = "refuses it for good"
	LimitsPair   Answer = "takes no more for this person now"
	LimitsNumber Answer = "takes no more of this number now"
	Drops        Answer = "never hears of it"
	Swallows     Answer = "accepts and does not say so"
)

// Graph is an edge of Meta's for one promise.
type Graph struct {
	Sender Sender
	// Accepted are the opaque data of what Graph accepted, in order.
	Accepted func() []string
	// Number is one that Graph knows.
	Number string
}

// OpenGraph runs a promise with a Graph that makes the same of every message.
type OpenGraph func(t *testing.T, answer Answer, promise func(ctx context.Context, t testing.TB, g Graph))

// HoldSender holds a sender to its promises: one attempt, and a result that says
// what is known of it.
func HoldSender(t *testing.T, open OpenGraph) {
	for _, p := range []struct {
		answer Answer
		kind   conversation.ResultKind
		fault  fault.Kind // of the error; Unknown is none
		later  bool       // the result says when to try again
		taken  bool
	}{
		{answer: Accepts, kind: conversation.Accepted, taken: true},
		{answer: Refuses, kind: conversation.Refused, fault: fault.Refused},
		{answer: LimitsPair, kind: conversation.Postponed, fault: fault.Refused, later: true},
		{answer: LimitsNumber, kind: conversation.Postponed, fault: fault.Throttled, later: true},
		{answer: Drops, fault: fault.Dependency},
		{answer: Swallows, fault: fault.Dependency, taken: true},
	} {
		t.Run(string(p.answer), func(t *testing.T) {
			open(t, p.answer, func(ctx context.Context, t testing.TB, g Graph) {
				opaque := conversation.Opaque(conversation.NewTurnID(conversation.ID(strings.Repeat("a", 32)), 1), 0, 1)
				began := time.Now()
				r, err := g.Sender.Send(ctx, conversation.Outgoing{
					Number: g.Number, To: conversation.Identity{Phone: "5511900001111"}, Opaque: opaque,
					Reply: conversation.Reply{Kind: conversation.ReplyText, Text: "Claro!"},
				})
				if r.Kind != p.kind || (err == nil) != (p.fault == fault.Unknown) || err != nil && !fault.Is(err, p.fault) {
					t.Errorf("result %q, error %v (%s); want %q, %s", r.Kind, err, fault.KindOf(err), p.kind, p.fault)
				}
				if p.kind == conversation.Accepted && r.WAMID == "" {
					t.Errorf("accepted without an id")
				}
				if p.fault == fault.Refused && r.Code == 0 {
					t.Errorf("refused without Meta's code")
				}
				if r.NotBefore.After(began) != p.later {
					t.Errorf("to be tried again at %v", r.NotBefore)
				}
				want := 0
				if p.taken {
					want = 1
				}
				if got := g.Accepted(); len(got) != want || want == 1 && got[0] != opaque {
					t.Errorf("Graph accepted %v", got)
				}
			})
		})
	}
}
