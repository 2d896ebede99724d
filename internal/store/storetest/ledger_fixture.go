package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// What a person wrote and is called, planted in every fixture: no error may
// repeat any of it, and no document may show it.
const (
	canaryPhone = "5511977776666"
	canaryUser  = "BR.canary1234567890"
	canaryName  = "Iara Canário"
	canaryText  = "preciso de canarinhos amarelos"
	canaryWAMID = "wamid.CANARYHBgNNTUxMTk3Nzc3NjY2NhUCABIYFjNFQjA"
)

// Canaries are the personal values that the suite writes. A store that seals
// at rest shows none of them to somebody who reads it raw.
func Canaries() []string {
	return []string{canaryPhone, canaryUser, canaryName, "Canário", canaryText, "canarinhos", canaryWAMID}
}

const number = "422112345678901"

// noon is a time with microseconds, the finest that stores keep.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

// ledgerTest is a test with an empty ledger and short words for long calls.
type ledgerTest struct {
	*testing.T
	ledger LedgerStore
}

// rich is a commit that uses every field there is.
func rich(id conversation.ID, version int64, base time.Time) conversation.Commit {
	turn := conversation.NewTurnID(id, version)
	mid := conversation.MessageID(fmt.Sprintf("m%d%s", version, id))
	person := conversation.Identity{Phone: canaryPhone, UserID: canaryUser, Name: canaryName, Username: "iara.canário"}
	in := conversation.Inbound{
		ID: mid, WAMID: canaryWAMID, Number: number, From: person,
		Kind: conversation.KindImage, Type: "image", Text: canaryText, TapID: "opt1", Form: canaryText, ReplyTo: canaryWAMID + "2",
		Media: &conversation.Media{ID: "123", MIME: "image/jpeg", SHA256: "aGFzaA==", Filename: "canário.jpg", Voice: true},
		Perceived: &conversation.Perceived{
			Outcome: conversation.Understood, Text: canaryText, Confidence: 0.5, SHA256: "d1", Length: 8 * time.Second,
			Model: "m", Took: time.Second, CostMicroUSD: 800,
		},
		Place:  &conversation.Place{Latitude: -23.561684, Longitude: -46.655981, Name: "Canário", Address: canaryText},
		SentAt: noon.Add(-3 * time.Second), ReceivedAt: noon.Add(-2 * time.Second), Seq: 7, Note: "why", Raw: []byte(canaryText + "\x00\xff"),
	}
	second := in
	second.ID, second.Kind, second.Media, second.Place, second.Raw = mid+"b", conversation.KindText, nil, nil, nil
	return conversation.Commit{
		Conversation: conversation.Conversation{
			ID: id, Version: version, Number: number, Owner: conversation.OwnerPerson, LastTurn: turn, WindowFrom: noon,
			Session: conversation.Session{
				State: conversation.Triage, Since: noon, LastAt: noon.Add(time.Second), Person: person,
				Interest: canaryText, Turns: 3, Fallbacks: 1,
				History: []conversation.Line{
					{Who: conversation.Lead, Text: canaryText, At: noon},
					{Who: conversation.Otto, Text: "Olá, " + canaryName, At: noon.Add(time.Second)},
				},
				Transitions: []conversation.Transition{{From: conversation.Initial, To: conversation.Triage, Event: conversation.EventInbound, At: noon}},
			},
			Card: conversation.Card{
				"name":  {Value: canaryName, Words: canaryText, Message: mid, Confidence: 0.9, At: noon},
				"email": {Value: "canário@example.com", Confidence: 0.1 + 0.2, At: noon},
			},
			Spent: conversation.Spent{Day: "2026-11-23", Tokens: 1234, Turns: 5},
			Handoff: &conversation.Waiting{
				ID: "h" + string(turn), Since: noon, Deadline: noon.Add(time.Hour), Told: noon, Reminders: []conversation.TurnID{turn},
			},
			Expiry: conversation.Expiry{Turn: turn, At: noon.Add(2 * time.Hour)},
		},
		Base: base,
		Turn: conversation.Turn{
			ID: turn, Conversation: id, Version: version, Number: number, Messages: []conversation.MessageID{mid, mid + "b"},
			Route: conversation.RouteModel, To: person, From: conversation.Initial, Into: conversation.Triage, Event: conversation.EventDecision, Refused: "not legal",
			Replies: []conversation.Reply{
				{Kind: conversation.ReplyText, Text: "Olá, " + canaryName},
				{Kind: conversation.ReplyList, Text: canaryText, Menu: "Escolher", Form: &conversation.FormOffer{Flow: "12", Label: "Abrir", Token: canaryText}, Options: []conversation.Option{
					{ID: "a", Title: "Canário A", Description: "d"}, {ID: "b", Title: "B"},
				}},
			},
			Verdicts: []conversation.Verdict{{Guard: "form", OK: true}, {Guard: "legality", Found: canaryText}},
			Model: conversation.Model{
				Name: "gpt-4o-mini", Fingerprint: "abc", Calls: 2, TokensIn: 1000, TokensOut: 150, TokensCached: 500, CostMicroUSD: 203,
				Outcomes: []string{"invalid", "ok"}, Took: 1234567 * time.Nanosecond,
				Answers: []conversation.ModelAnswer{{Fingerprint: "abc", Outcome: "ok", Text: canaryText}, {Fingerprint: "def"}},
			},
			Reasons: conversation.Reasons{Facts: []string{"f1", "f2"}, Asked: "email", Intent: 0.5, Confidence: 0.9},
			Noted:   []string{"n"}, Mode: conversation.ModeDecide, SendBy: noon.Add(24 * time.Hour),
			Effects: []conversation.Effect{
				{Kind: conversation.EffectHandoff, Handoff: &conversation.Handoff{ID: "h", Reason: "asked", Briefing: canaryText}},
				{Kind: conversation.EffectTimer, Timer: &conversation.Timer{
					TimerNotice: conversation.TimerNotice{Kind: conversation.TimerHandoff, Turn: turn, N: 1}, At: noon.Add(time.Hour),
				}},
			},
			Before:   &conversation.Conversation{ID: id, Number: number, Session: conversation.Session{State: conversation.Triage, Person: person}},
			PackHash: "cafe", Phases: []conversation.Phase{{Name: "loaded", Took: time.Millisecond}, {Name: "decided", Took: 3}},
			Token: "token-of-" + string(turn), CorrelationID: "corr", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			DecidedAt: noon,
		},
		Messages: []conversation.Inbound{in, second},
		Handoff: &conversation.Handoff{
			ID: "h" + string(turn), Conversation: id, Turn: turn, Reason: "asked", Briefing: canaryText, Deadline: noon.Add(time.Hour),
		},
		Appointment: &conversation.Appointment{
			ID: "a" + string(turn), Conversation: id, Turn: turn, Start: noon.Add(24 * time.Hour), Mode: "online", Briefing: canaryText,
		},
		At: noon,
	}
}

// plain is a commit with one message and one reply.
func plain(id conversation.ID, version int64, base time.Time) conversation.Commit {
	turn := conversation.NewTurnID(id, version)
	mid := conversation.MessageID(fmt.Sprintf("m%d%s", version, id))
	c := conversation.New(id, number, conversation.Identity{Phone: canaryPhone, Name: canaryName})
	c.Version, c.LastTurn = version, turn
	return conversation.Commit{
		Conversation: c,
		Base:         base,
		Turn: conversation.Turn{
			ID: turn, Conversation: id, Version: version, Number: number, Messages: []conversation.MessageID{mid},
			To: conversation.Identity{Phone: canaryPhone}, Route: conversation.RouteFixed,
			From: conversation.Initial, Into: conversation.Triage, Event: conversation.EventDecision,
			Replies: []conversation.Reply{{Kind: conversation.ReplyText, Text: canaryText}},
			Token:   "token-of-" + string(turn), CorrelationID: "corr", DecidedAt: noon,
		},
		Messages: []conversation.Inbound{{
			ID: mid, WAMID: canaryWAMID, Number: number, From: conversation.Identity{Phone: canaryPhone},
			Kind: conversation.KindText, Text: canaryText, SentAt: noon, ReceivedAt: noon,
		}},
		At: noon,
	}
}

func (t *ledgerTest) load(q conversation.Query) conversation.Snapshot {
	t.Helper()
	s, err := t.ledger.Load(t.Context(), q)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s
}

func (t *ledgerTest) commit(c conversation.Commit) conversation.Committed {
	t.Helper()
	done, err := t.ledger.Commit(t.Context(), c)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return done
}

// start commits a first plain turn of a conversation.
func (t *ledgerTest) start(id conversation.ID) (conversation.TurnID, time.Time) {
	t.Helper()
	c := plain(id, 1, time.Time{})
	return c.Turn.ID, t.commit(c).At
}

func (t *ledgerTest) turn(id conversation.TurnID) conversation.StoredTurn {
	t.Helper()
	s := t.load(conversation.Query{Turn: id})
	if s.Turn == nil {
		t.Fatalf("turn %s is absent", id)
	}
	return *s.Turn
}

func (t *ledgerTest) intend(id conversation.TurnID, part, attempt int, base time.Time) time.Time {
	t.Helper()
	at, err := t.ledger.Intend(t.Context(), id, part, attempt, base)
	if err != nil {
		t.Fatalf("intend: %v", err)
	}
	return at
}

func (t *ledgerTest) answer(id conversation.TurnID, part, attempt int, r conversation.Result) {
	t.Helper()
	if err := t.ledger.Answer(t.Context(), id, part, attempt, r); err != nil {
		t.Fatalf("answer: %v", err)
	}
}

func (t *ledgerTest) receive(receipts ...conversation.Receipt) []conversation.StoredTurn {
	t.Helper()
	known, err := t.ledger.Receive(t.Context(), receipts)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return known
}

func (t *ledgerTest) attempts(ids ...conversation.SentID) map[conversation.SentID]conversation.Attempted {
	t.Helper()
	found, err := t.ledger.Attempts(t.Context(), ids)
	if err != nil {
		t.Fatalf("attempts: %v", err)
	}
	return found
}

func (t *ledgerTest) wantPhase(id conversation.TurnID, want conversation.DeliveryPhase) {
	t.Helper()
	if got := t.turn(id).Phase(); got != want {
		t.Errorf("phase of %s = %s, want %s", id, got, want)
	}
}

// wantKind checks the kind of an error and that its text repeats nothing of
// what was written.
func (t *ledgerTest) wantKind(err error, want fault.Kind) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("error = %v (%s), want %s", err, fault.KindOf(err), want)
		return
	}
	for _, canary := range append(Canaries(), "token-of") {
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats what was written: %v", err)
		}
	}
}

func (t *ledgerTest) wantDiff(what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// everything the suite may look at, for comparing before and after.
func (t *ledgerTest) everything(q conversation.Query) any {
	t.Helper()
	s := t.load(q)
	s.ReadAt = time.Time{}
	return s
}

func receipt(id conversation.TurnID, part, attempt int, status conversation.Status) conversation.Receipt {
	return conversation.Receipt{
		Turn: id, Part: part, Attempt: attempt, Status: status,
		WAMID: canaryWAMID, Code: 131047, Category: "service", Billing: "regular", At: noon.Add(time.Second),
	}
}

func accepted() conversation.Result {
	return conversation.Result{Kind: conversation.Accepted, WAMID: canaryWAMID, At: noon}
}

// canceled is a context that has ended.
func canceled(t *ledgerTest) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no longer wanted"))
	return ctx
}
