package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
)

// explained commits a turn of which everything is recorded, sends it, and
// returns the id of its one message, which is made of Meta's.
func (s *scene) explained() conversation.MessageID {
	s.Helper()
	mid := conversation.MessageID(s.key.Message(pii.Contact(wamid)))
	c := conversation.New("conv", number, conversation.Identity{Phone: phone, Name: name})
	c.Version, c.LastTurn = 1, "conv~1"
	m := s.message(mid)
	m.SentAt, m.ReceivedAt = s.now, s.now.Add(time.Second)
	m.Perceived = &conversation.Perceived{
		Outcome: conversation.Understood, Text: text, Confidence: 0.9, Length: 8 * time.Second, Model: "w", Took: time.Second, CostMicroUSD: 800,
	}
	_, err := s.ledger.Commit(s.Context(), conversation.Commit{
		Conversation: c, At: s.now, Messages: []conversation.Inbound{m},
		Turn: conversation.Turn{
			ID: "conv~1", Conversation: "conv", Version: 1, Number: number, To: c.Session.Person, Messages: []conversation.MessageID{mid},
			Route: conversation.RouteModel, From: conversation.Initial, Into: conversation.Triage, Event: conversation.EventDecision,
			Refused: "not-legal", Mode: conversation.ModeDecide, PackHash: "pack-1", CorrelationID: "corr", DecidedAt: s.now,
			Replies:  []conversation.Reply{{Kind: conversation.ReplyText, Text: text}},
			Verdicts: []conversation.Verdict{{Guard: "form", OK: true}, {Guard: "claims", Found: text}},
			Reasons:  conversation.Reasons{Facts: []string{"f1", "f2"}, Asked: "email", Intent: 0.8, Confidence: 0.9},
			Model: conversation.Model{
				Name: "m", Fingerprint: "second", Calls: 3, TokensIn: 900, TokensOut: 90, TokensCached: 512, CostMicroUSD: 145,
				Outcomes: []string{"invalid", "ok"}, Took: 1500 * time.Millisecond,
				Answers: []conversation.ModelAnswer{{Fingerprint: "first", Outcome: "ok", Text: text}, {Fingerprint: "second", Outcome: "ok"}, {Fingerprint: "third"}},
			},
			Phases: []conversation.Phase{{Name: "load", Took: 1500 * time.Microsecond}, {Name: "decide", Took: 2 * time.Second}},
			Effects: []conversation.Effect{
				{Kind: conversation.EffectHandoff, Handoff: &conversation.Handoff{Reason: "asked", Briefing: text}},
				{Kind: conversation.EffectAppointment, Appointment: &conversation.Appointment{Start: s.now.Add(time.Hour), Briefing: text}},
			},
		},
	})
	if err != nil {
		s.Fatal(err)
	}
	s.send("conv~1", 1)
	return mid
}

func TestAReceiptSaysWhy(t *testing.T) {
	s := setting(t, nil)
	began := s.now
	s.knowledge = operator.Knowledge{Hash: "pack-1", Facts: map[string]operator.FactDetail{
		"f1": {Text: "A casa abre às 8h.", File: "facts/casa.yaml", Line: 3}, "f3": {Text: "x"},
	}}
	mid := s.explained()
	answered := s.turn("conv~1").Deliveries[0].Results[1].At
	length := len(text)
	want := operator.Receipt{
		Turn: "conv~1", Conversation: "conv", Number: number, CorrelationID: "corr", DecidedAt: began, Phase: conversation.Sent,
		Heard: []operator.HeardDetail{{
			ID: mid, Kind: conversation.KindText, Text: operator.Words{Length: length}, SentAt: began, ReceivedAt: began.Add(time.Second),
			Perceived: &operator.PerceivedDetail{
				Outcome: conversation.Understood, Said: operator.Words{Length: length}, Confidence: 0.9, LengthMS: 8000, Model: "w", TookMS: 1000, CostMicroUSD: 800,
			},
		}},
		Decision: operator.ReasonDetail{
			Route: conversation.RouteModel, Mode: conversation.ModeDecide, From: conversation.Initial, Into: conversation.Triage,
			Event: conversation.EventDecision, Refused: "not-legal", Asked: "email", Intent: 0.8, Confidence: 0.9,
			Facts:    []operator.FactDetail{{ID: "f1", Text: "A casa abre às 8h.", File: "facts/casa.yaml", Line: 3}, {ID: "f2"}},
			PackHash: "pack-1", PackCurrent: true,
		},
		Model: &operator.ModelDetail{
			Name: "m", TokensIn: 900, TokensOut: 90, TokensCached: 512, CostMicroUSD: 145, TookMS: 1500,
			Calls: []operator.CallDetail{
				{Fingerprint: "first", Outcome: "invalid", Said: operator.Words{Length: length}},
				{Fingerprint: "second", Outcome: "ok"}, {Fingerprint: "third"},
			},
		},
		Verdicts: []operator.VerdictDetail{{Guard: "form", OK: true}, {Guard: "claims", Found: operator.Words{Length: length}}},
		Steps:    []operator.StepDetail{{Name: "load", TookMS: 1.5}, {Name: "decide", TookMS: 2000}},
		Parts: []operator.PartDetail{{
			Part: 1, Kind: conversation.ReplyText, Text: operator.Words{Length: length}, Phase: conversation.Sent,
			Attempts: []operator.AttemptDetail{{Attempt: 1, Result: conversation.Accepted, At: answered}},
		}},
		Effects: []operator.EffectDetail{
			{Effect: 1, Kind: conversation.EffectHandoff, Why: "asked", Briefing: operator.Words{Length: length}, Phase: conversation.EffectPending},
			{Effect: 2, Kind: conversation.EffectAppointment, Due: began.Add(time.Hour), Briefing: operator.Words{Length: length}, Phase: conversation.EffectPending},
		},
	}
	for _, id := range []string{"conv~1", string(mid), wamid} {
		got, err := s.Receipt(t.Context(), id, false)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the receipt of %.5s… (-want +got):\n%s", id, diff)
		}
		s.impersonal(got)
	}
	got, err := s.Receipt(t.Context(), wamid, true)
	if err != nil {
		t.Fatal(err)
	}
	for where, words := range map[string]operator.Words{
		"message": got.Heard[0].Text, "audio": got.Heard[0].Perceived.Said, "draft": got.Model.Calls[0].Said, "verdict": got.Verdicts[1].Found, "reply": got.Parts[0].Text,
		"briefing": got.Effects[0].Briefing, "meeting": got.Effects[1].Briefing,
	} {
		if words.Text != text {
			t.Errorf("revealed, the %s is %+v", where, words)
		}
	}
}

func TestWhatAReceiptCannotTell(t *testing.T) {
	s := setting(t, nil)
	s.knowledge = operator.Knowledge{Hash: "pack-2", Facts: map[string]operator.FactDetail{"f1": {Text: "another text", File: "facts/casa.yaml", Line: 3}}}
	s.explained()
	got, err := s.Receipt(t.Context(), "conv~1", true)
	if err != nil || got.Decision.PackCurrent {
		t.Fatalf("%+v, %v", got.Decision, err)
	}
	// A fact of the same name may have said something else then.
	if diff := cmp.Diff([]operator.FactDetail{{ID: "f1"}, {ID: "f2"}}, got.Decision.Facts); diff != "" {
		t.Errorf("facts of another pack (-want +got):\n%s", diff)
	}
	// A turn without a model and a pack.
	s.consume("short")
	s.knowledge.Hash = ""
	if got, err = s.Receipt(t.Context(), "short", false); err != nil || got.Model != nil || got.Decision.PackCurrent || got.Turn != "ofshort~1" {
		t.Errorf("%+v, %v", got, err)
	}
	s.illiterate = errors.New("no pack")
	if _, err = s.Receipt(t.Context(), "conv~1", false); !errors.Is(err, s.illiterate) {
		t.Errorf("without a pack: %v", err)
	}
}

// amnesiac is a ledger that has lost the messages of its turns.
type amnesiac struct{ *memory.Ledger }

func (amnesiac) Message(context.Context, conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error) {
	return conversation.Inbound{}, conversation.StoredMessage{}, false, nil
}

func TestAReceiptOutlivesItsMessages(t *testing.T) {
	s := setting(t, func(l *memory.Ledger) operator.Ledger { return amnesiac{l} })
	mid := s.explained()
	got, err := s.Receipt(t.Context(), "conv~1", true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]operator.HeardDetail{{ID: mid}}, got.Heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestAReceiptIsRefused(t *testing.T) {
	s := setting(t, nil)
	s.die("dead")
	for id, code := range map[string]operator.Code{
		"nothing": operator.Unknown, "conv~9": operator.Unknown, "": operator.Unknown, "a b": operator.Unknown, "..": operator.Unknown,
		strings.Repeat("x", 300): operator.Unknown, wamid: operator.Unknown, "dead": operator.GivenUp,
	} {
		_, err := s.Receipt(t.Context(), id, true)
		s.refused(err, code)
	}
}

// ill is a ledger that knows no messages today.
type ill struct{ *memory.Ledger }

func (ill) Message(context.Context, conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error) {
	return conversation.Inbound{}, conversation.StoredMessage{}, false, fault.Mark(errors.New("ill on command"), fault.Dependency)
}

func TestAReceiptOfAnIllLedger(t *testing.T) {
	s := setting(t, func(l *memory.Ledger) operator.Ledger { return ill{l} })
	mid := s.explained()
	for _, id := range []string{"conv~1", string(mid), wamid} {
		if _, err := s.Receipt(t.Context(), id, false); !fault.Is(err, fault.Dependency) || strings.Contains(err.Error(), wamid) {
			t.Errorf("%v", err)
		}
	}
}
