package operator_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/turn"
)

// What is personal in every fixture.
const (
	phone  = "5511977776666"
	name   = "Iara Canário"
	text   = "preciso de canarinhos"
	wamid  = "wamid.HBgNNTUxMTk3Nzc3NjY2NhUCABIYFjNFQjA"
	number = "422112345678901"
)

// scene is an operator over a real ledger, with a queue that fails on command.
type scene struct {
	*testing.T
	*operator.Operator
	ledger *memory.Ledger
	queue  *queue
	ring   *pii.Ring
	key    *pii.HashKey
	now    time.Time
	// knowledge is what the business knows, unless it cannot be read.
	knowledge  operator.Knowledge
	illiterate error
}

// setting makes a scene; around may put something between operator and ledger.
func setting(t *testing.T, around func(*memory.Ledger) operator.Ledger) *scene {
	t.Helper()
	s := &scene{T: t, queue: &queue{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	var err error
	if s.key, err = pii.NewHashKey([]byte(strings.Repeat("k", 32))); err != nil {
		t.Fatal(err)
	}
	if s.ring, err = pii.NewRing([]byte(strings.Repeat("d", 32))); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time {
		s.now = s.now.Add(time.Second)
		return s.now
	}
	s.ledger = memory.NewLedger(memory.LedgerOptions{Now: now})
	var ledger operator.Ledger = s.ledger
	if around != nil {
		ledger = around(s.ledger)
	}
	s.Operator = operator.New(operator.Options{
		Tenant: "default", Numbers: []string{number}, Key: s.key, Ring: s.ring, Ledger: ledger, Inbox: s.queue, Now: now, Token: rand.Text, SessionTTL: 2 * time.Hour,
		Script:    func() (turn.ReplayOptions, error) { return turn.ReplayOptions{PackHash: "cafe"}, nil },
		Knowledge: func() (operator.Knowledge, error) { return s.knowledge, s.illiterate },
		Minds:     operator.Minds{New: func(string, string) (turn.Mind, error) { return nil, errors.New("nobody decides here") }},
	})
	return s
}

// queue keeps what was put into it. It fails as often as it is told to.
type queue struct {
	fail  int
	tasks []envelope.Envelope
	names map[string]bool
}

func (q *queue) Put(_ context.Context, e envelope.Envelope, _ time.Time) (existed bool, err error) {
	if q.fail > 0 {
		q.fail--
		return false, fault.Mark(errors.New("the queue is ill on command"), fault.Dependency)
	}
	if q.names == nil {
		q.names = map[string]bool{}
	}
	if q.names[e.TaskName()] {
		return true, nil
	}
	q.names[e.TaskName()] = true
	q.tasks = append(q.tasks, e)
	return false, nil
}

// said commits the next turn of a conversation, with so many replies and
// effects.
func (s *scene) said(conv conversation.ID, replies, effects int) conversation.TurnID {
	s.Helper()
	c := conversation.New(conv, number, conversation.Identity{Phone: phone, Name: name})
	stored, err := s.ledger.Conversation(s.Context(), []conversation.ID{conv})
	if err != nil {
		s.Fatal(err)
	}
	commit := conversation.Commit{At: s.now}
	if stored != nil {
		c, commit.Base = stored.Conversation, stored.Updated
	}
	c.Version++
	id := conversation.NewTurnID(conv, c.Version)
	c.LastTurn = id
	mid := conversation.MessageID(fmt.Sprintf("m%d%s", c.Version, conv))
	commit.Conversation = c
	commit.Turn = conversation.Turn{
		ID: id, Conversation: conv, Version: c.Version, Number: number, To: c.Session.Person, Messages: []conversation.MessageID{mid},
		Route: conversation.RouteModel, From: conversation.Initial, Into: conversation.Triage, Event: conversation.EventDecision,
		Verdicts: []conversation.Verdict{{Guard: "form", Found: text}}, SendBy: s.now.Add(23 * time.Hour), DecidedAt: s.now,
		Model: conversation.Model{Name: "m", Calls: 1, Outcomes: []string{"ok"}, Answers: []conversation.ModelAnswer{{Text: text}}},
	}
	for range replies {
		commit.Turn.Replies = append(commit.Turn.Replies, conversation.Reply{Kind: conversation.ReplyText, Text: text})
	}
	for range effects {
		commit.Turn.Effects = append(commit.Turn.Effects, conversation.Effect{
			Kind: conversation.EffectHandoff, Handoff: &conversation.Handoff{Reason: "asked", Briefing: text},
		})
	}
	commit.Messages = []conversation.Inbound{s.message(mid)}
	if _, err := s.ledger.Commit(s.Context(), commit); err != nil {
		s.Fatal(err)
	}
	return id
}

func (s *scene) message(id conversation.MessageID) conversation.Inbound {
	return conversation.Inbound{
		ID: id, WAMID: wamid, Number: number, From: conversation.Identity{Phone: phone, Name: name}, Kind: conversation.KindText, Text: text,
	}
}

func (s *scene) turn(id conversation.TurnID) conversation.StoredTurn {
	s.Helper()
	snapshot, err := s.ledger.Load(s.Context(), conversation.Query{Turn: id})
	if err != nil || snapshot.Turn == nil {
		s.Fatalf("turn %s: %v", id, err)
	}
	return *snapshot.Turn
}

// park parks a part, counted from 1.
func (s *scene) park(id conversation.TurnID, part int) {
	s.Helper()
	if err := s.ledger.Park(s.Context(), id, part-1, "no-receipt", s.turn(id).Updated); err != nil {
		s.Fatal(err)
	}
}

// parkEffect parks an effect, counted from 1.
func (s *scene) parkEffect(id conversation.TurnID, effect int) {
	s.Helper()
	r := conversation.EffectRecord{Mark: conversation.EffectParked, Reason: "no-answer"}
	if err := s.ledger.RecordEffect(s.Context(), id, effect-1, r); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) send(id conversation.TurnID, part int) {
	s.Helper()
	r := conversation.Result{Kind: conversation.Accepted, WAMID: wamid, At: s.now}
	base := s.turn(id).Updated
	if _, err := s.ledger.Intend(s.Context(), id, part-1, 1, base); err != nil {
		s.Fatal(err)
	}
	if err := s.ledger.Answer(s.Context(), id, part-1, 1, r); err != nil {
		s.Fatal(err)
	}
}

// letter is a message's letter, as its task carried it.
func (s *scene) letter(id string) envelope.Envelope {
	s.Helper()
	e := envelope.Envelope{
		Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: number, ID: id, Conversation: "conv", FollowUp: 3,
		ReceivedAt: s.now, CorrelationID: "corr",
	}
	if err := e.Seal(s.ring, s.message(conversation.MessageID(id))); err != nil {
		s.Fatal(err)
	}
	return e
}

// die buries a message.
func (s *scene) die(id string) {
	s.Helper()
	body, err := s.letter(id).Encode()
	if err != nil {
		s.Fatal(err)
	}
	s.bury(conversation.Dead{ID: id, Content: body, Message: true})
}

func (s *scene) bury(d conversation.Dead) {
	s.Helper()
	d.Conversation, d.Number, d.Reason, d.Attempts, d.At = "conv", number, "attempts-spent", 8, s.now
	if err := s.ledger.Bury(s.Context(), d); err != nil {
		s.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
}

// consume lets a turn answer a message.
func (s *scene) consume(id string) {
	s.Helper()
	conv := conversation.ID("of" + id)
	c := conversation.New(conv, number, conversation.Identity{Phone: phone})
	c.Version, c.LastTurn = 1, conversation.NewTurnID(conv, 1)
	_, err := s.ledger.Commit(s.Context(), conversation.Commit{
		Conversation: c, Turn: conversation.Turn{ID: c.LastTurn, Conversation: conv, Version: 1}, At: s.now,
		Messages: []conversation.Inbound{s.message(conversation.MessageID(id))},
	})
	if err != nil {
		s.Fatal(err)
	}
}

// list are the ids and states of what waits, as "id state".
func (s *scene) list(limit int) (list operator.List, lines []string) {
	s.Helper()
	list, err := s.List(s.Context(), limit)
	if err != nil {
		s.Fatal(err)
	}
	for _, i := range list.Items {
		lines = append(lines, fmt.Sprintf("%s %s %d %s", i.ID, i.What, i.Part, i.State))
	}
	return list, lines
}

// acts are what was noted, oldest first, as "kind thing reason".
func (s *scene) acts() (lines []string) {
	s.Helper()
	acts, err := s.ledger.Acts(s.Context(), 100)
	if err != nil {
		s.Fatal(err)
	}
	for i := len(acts) - 1; i >= 0; i-- {
		a := acts[i]
		lines = append(lines, fmt.Sprintf("%s %s%s %s", a.Kind, a.Turn, a.Message, a.Reason))
	}
	return lines
}

// refused checks that something was refused with that code.
func (s *scene) refused(err error, code operator.Code) {
	s.Helper()
	var r *operator.Refusal
	if !errors.As(err, &r) || r.Code != code {
		s.Errorf("%v, want it refused as %s", err, code)
		return
	}
	s.impersonal(err.Error())
}

// unfinished checks that something was done by half.
func (s *scene) unfinished(err error) {
	s.Helper()
	var u *operator.Unfinished
	if !errors.As(err, &u) {
		s.Fatalf("%v, want it to be unfinished", err)
	}
	if !strings.Contains(err.Error(), "run the same command again") {
		s.Errorf("it does not say what to do: %v", err)
	}
}

// impersonal checks that something shows nothing personal.
func (s *scene) impersonal(v any) {
	s.Helper()
	shown, err := json.Marshal(v)
	if err != nil {
		s.Fatal(err)
	}
	for _, mark := range []string{phone, "Canário", "canarinhos", "wamid.H"} {
		if strings.Contains(string(shown), mark) {
			s.Errorf("it shows %q: %s", mark, shown)
		}
	}
}
