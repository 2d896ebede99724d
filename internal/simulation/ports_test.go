package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
)

// The calls that the rooms make.
const (
	callArrive   = "hint.arrive"
	callQueued   = "hint.queued"
	callEnter    = "hint.enter"
	callRenew    = "hint.renew"
	callLeave    = "hint.leave"
	callWaiting  = "hint.waiting"
	callForget   = "hint.forget"
	callPut      = "inbox.put"
	callLoad     = "ledger.load"
	callCommit   = "ledger.commit"
	callIntend   = "ledger.intend"
	callAnswer   = "ledger.answer"
	callPark     = "ledger.park"
	callReceive  = "ledger.receive"
	callAttempts = "ledger.attempts"
	callSeen     = "ledger.seen"
	callLastSeen = "ledger.last-seen"
	callBury     = "ledger.bury"
	callModel    = "model.complete"
	callReopen   = "ledger.reopen"
	callEffect   = "ledger.effect"
	callNote     = "ledger.note"
	callSend     = "graph.send"
	callTell     = "team.tell"
	callPerceive = "senses.perceive"
)

// patience is how long an adapter waits for an answer.
func patience(kind string) time.Duration {
	switch {
	case kind == callModel, kind == callSend, kind == callPerceive:
		return 20 * time.Second
	case kind == callTell:
		return 10 * time.Second
	case kind == callPut:
		return time.Second
	case strings.HasPrefix(kind, "hint."):
		return 150 * time.Millisecond
	default:
		return 2 * time.Second
	}
}

type port struct{ w *world }

// nothing is the result of a call that only may fail.
type nothing = struct{}

// hintStore is the hint store, which may lose everything and may come back
// with an old state: what happened to it is kept, to be repeated up to a point.
type hintStore struct {
	live    *memory.Hint
	journal []remembered
	replay  time.Time // while repeating
}

type remembered struct {
	at time.Time
	do func(*memory.Hint)
}

func newHintStore() *hintStore {
	s := &hintStore{}
	s.live = s.empty()
	return s
}

func (s *hintStore) empty() *memory.Hint {
	return memory.NewHint(memory.HintOptions{Now: func() time.Time {
		if !s.replay.IsZero() {
			return s.replay
		}
		return time.Now()
	}})
}

func (s *hintStore) flush() {
	s.live.Flush()
	s.journal = append(s.journal, remembered{time.Now(), (*memory.Hint).Flush})
}

// resurrect brings back the state after the first n calls.
func (s *hintStore) resurrect(n int) {
	s.live = s.empty()
	s.journal = s.journal[:n]
	for _, r := range s.journal {
		s.replay = r.at
		r.do(s.live)
	}
	s.replay = time.Time{}
}

func remember[T any](s *hintStore, do func(*memory.Hint) (T, error)) (T, error) {
	s.journal = append(s.journal, remembered{time.Now(), func(h *memory.Hint) { _, _ = do(h) }})
	return do(s.live)
}

// bare is the context of effects: whether the caller still waits is the
// scheduler's to know.
func bare() context.Context { return context.Background() }

type hintPort struct{ port }

func (p hintPort) Arrive(ctx context.Context, a []conversation.Arrival) ([]conversation.Arrived, error) {
	return call(ctx, callArrive, "", func(*op) ([]conversation.Arrived, error) {
		return remember(p.w.hints, func(h *memory.Hint) ([]conversation.Arrived, error) { return h.Arrive(bare(), a) })
	})
}

func (p hintPort) Queued(ctx context.Context, a []conversation.Arrival) error {
	_, err := call(ctx, callQueued, "", func(*op) (nothing, error) {
		return remember(p.w.hints, func(h *memory.Hint) (nothing, error) { return nothing{}, h.Queued(bare(), a) })
	})
	return err
}

func (p hintPort) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	return call(ctx, callEnter, "", func(*op) (conversation.Admission, error) {
		return remember(p.w.hints, func(h *memory.Hint) (conversation.Admission, error) { return h.Enter(bare(), e) })
	})
}

func (p hintPort) Renew(ctx context.Context, id conversation.ID, token string) (bool, error) {
	return call(ctx, callRenew, "", func(*op) (bool, error) {
		return remember(p.w.hints, func(h *memory.Hint) (bool, error) { return h.Renew(bare(), id, token) })
	})
}

func (p hintPort) Leave(ctx context.Context, d conversation.Departure) error {
	_, err := call(ctx, callLeave, "", func(*op) (nothing, error) {
		return remember(p.w.hints, func(h *memory.Hint) (nothing, error) { return nothing{}, h.Leave(bare(), d) })
	})
	return err
}

func (p hintPort) Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error) {
	return call(ctx, callWaiting, "", func(*op) ([]conversation.Letter, error) {
		return p.w.hints.live.Waiting(bare(), id)
	})
}

func (p hintPort) Forget(ctx context.Context, id conversation.ID) error {
	_, err := call(ctx, callForget, "", func(*op) (nothing, error) {
		return remember(p.w.hints, func(h *memory.Hint) (nothing, error) { return nothing{}, h.Forget(bare(), id) })
	})
	return err
}

type ledgerPort struct{ port }

func (p ledgerPort) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	return call(ctx, callLoad, string(q.Turn), func(*op) (conversation.Snapshot, error) { return p.w.ledger.Load(bare(), q) })
}

func (p ledgerPort) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	return call(ctx, callCommit, "", func(*op) (conversation.Committed, error) {
		before, err := p.w.ledger.Conversation(bare(), []conversation.ID{c.Conversation.ID})
		if err != nil {
			return conversation.Committed{}, err
		}
		done, err := p.w.ledger.Commit(bare(), c)
		if err == nil {
			p.w.committed(before, c, done.At)
		}
		return done, err
	})
}

func (p ledgerPort) Intend(ctx context.Context, id conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	return call(ctx, callIntend, string(id), func(*op) (time.Time, error) {
		at, err := p.w.ledger.Intend(bare(), id, part, attempt, base)
		if err == nil {
			p.w.meta.intents[conversation.Opaque(id, part, attempt)] = at
		}
		return at, err
	})
}

func (p ledgerPort) Answer(ctx context.Context, id conversation.TurnID, part, attempt int, r conversation.Result) error {
	_, err := call(ctx, callAnswer, string(id), func(*op) (nothing, error) {
		return nothing{}, p.w.ledger.Answer(bare(), id, part, attempt, r)
	})
	return err
}

func (p ledgerPort) Park(ctx context.Context, id conversation.TurnID, part int, reason string, base time.Time) error {
	_, err := call(ctx, callPark, string(id), func(*op) (nothing, error) {
		return nothing{}, p.w.ledger.Park(bare(), id, part, reason, base)
	})
	return err
}

func (p ledgerPort) Reopen(ctx context.Context, r conversation.Reopening) error {
	_, err := call(ctx, callReopen, string(r.Turn), func(*op) (nothing, error) {
		err := p.w.ledger.Reopen(bare(), r)
		if err == nil {
			p.w.tally.reopened++
			p.w.meta.reopened[r.Turn] = true
		}
		return nothing{}, err
	})
	return err
}

func (p ledgerPort) RecordEffect(ctx context.Context, id conversation.TurnID, effect int, r conversation.EffectRecord) error {
	_, err := call(ctx, callEffect, string(id), func(*op) (nothing, error) {
		return nothing{}, p.w.ledger.RecordEffect(bare(), id, effect, r)
	})
	return err
}

func (p ledgerPort) Note(ctx context.Context, a conversation.Act) error {
	_, err := call(ctx, callNote, a.ID, func(*op) (nothing, error) { return nothing{}, p.w.ledger.Note(bare(), a) })
	return err
}

func (p ledgerPort) Receive(ctx context.Context, receipts []conversation.Receipt) ([]conversation.StoredTurn, error) {
	return call(ctx, callReceive, "", func(*op) ([]conversation.StoredTurn, error) { return p.w.ledger.Receive(bare(), receipts) })
}

func (p ledgerPort) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	return call(ctx, callAttempts, "", func(*op) (map[conversation.SentID]conversation.Attempted, error) {
		return p.w.ledger.Attempts(bare(), ids)
	})
}

func (p ledgerPort) Seen(ctx context.Context, number string, at time.Time) error {
	_, err := call(ctx, callSeen, "", func(*op) (nothing, error) { return nothing{}, p.w.ledger.Seen(bare(), number, at) })
	return err
}

func (p ledgerPort) LastSeen(ctx context.Context, number string) (time.Time, error) {
	return call(ctx, callLastSeen, "", func(*op) (time.Time, error) { return p.w.ledger.LastSeen(bare(), number) })
}

func (p ledgerPort) Bury(ctx context.Context, d conversation.Dead) error {
	_, err := call(ctx, callBury, "", func(*op) (nothing, error) { return nothing{}, p.w.ledger.Bury(bare(), d) })
	return err
}

type inboxPort struct{ port }

func (p inboxPort) Put(ctx context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	body, err := e.Encode()
	if err != nil {
		return false, err
	}
	return call(ctx, callPut, e.TaskName()+e.ID, func(o *op) (bool, error) { return p.w.put(e, body, at, o.h.instance.calm), nil })
}

type senderPort struct{ port }

// What Graph answers; the variant of a send.
const (
	graphAccepts = iota
	graphRefuses
	graphLimitsPair
	graphLimitsNumber
)

func (p senderPort) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	return call(ctx, callSend, m.Opaque, func(o *op) (conversation.Result, error) {
		now := time.Now()
		switch o.variant {
		case graphRefuses:
			p.w.meta.refusals++
			return conversation.Result{Kind: conversation.Refused, Code: 131026, At: now},
				fault.Mark(errors.New("send: refused"), fault.Refused)
		case graphLimitsPair:
			return conversation.Result{Kind: conversation.Postponed, Code: 131056, At: now, NotBefore: now.Add(4 * time.Second)},
				fault.Mark(errors.New("send: refused"), fault.Refused)
		case graphLimitsNumber:
			return conversation.Result{Kind: conversation.Postponed, Code: 130429, At: now, NotBefore: now.Add(2 * time.Second)},
				fault.After(errors.New("send: throttled"), 2*time.Second)
		}
		return p.w.accept(m), nil
	})
}

type teamPort struct{ port }

// What the team answers; the variant of telling it.
const (
	teamTakes = iota
	teamIsAway
	teamRefuses
)

func (p teamPort) Perform(ctx context.Context, e conversation.Errand) error {
	_, err := call(ctx, callTell, e.ID, func(o *op) (nothing, error) {
		switch o.variant {
		case teamIsAway:
			return nothing{}, fault.After(errors.New("tell: not now"), 30*time.Second)
		case teamRefuses:
			p.w.meta.declined[e.ID] = true
			return nothing{}, fault.Mark(errors.New("tell: refused"), fault.Refused)
		}
		p.w.told(e)
		return nothing{}, nil
	})
	return err
}

type sensesPort struct{ port }

// What the senses make of a file; the variant of a look.
const (
	sensesUnderstand = iota
	sensesHearNothing
	sensesThrottle
)

// voice is the id of a file in which a line of the script is said.
const voice = "voice."

// saidIn is what is said in a file.
func saidIn(m conversation.Inbound) pii.Text {
	return pii.Text(strings.TrimPrefix(m.Media.ID, voice))
}

func (p sensesPort) Perceive(ctx context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	return call(ctx, callPerceive, string(m.ID), func(o *op) (conversation.Perceived, error) {
		switch o.variant {
		case sensesHearNothing:
			return conversation.Perceived{Outcome: conversation.Silence}, nil
		case sensesThrottle:
			return conversation.Perceived{}, fault.Mark(errors.New("senses: throttled"), fault.Throttled)
		}
		return conversation.Perceived{Outcome: conversation.Understood, Text: saidIn(m), Model: "played", Length: 4 * time.Second}, nil
	})
}

// model is every world's model: the request knows the world.
type model struct{}

// What the model answers; the variant of a completion.
const (
	modelAnswers = iota
	modelRefuses
	modelBabbles
	modelHandsOff
	modelThrottles
)

// poison is what makes the program panic, as a bug would.
const poison = "veneno"

func (model) Complete(ctx context.Context, prompt otto.Prompt) (otto.Completion, error) {
	h := handlerOf(ctx)
	if last := prompt.Messages[len(prompt.Messages)-1].Content; strings.Contains(last, poison) {
		panic("a message that nobody foresaw")
	}
	return call(ctx, callModel, "", func(o *op) (otto.Completion, error) {
		c := otto.Completion{Outcome: otto.OutcomeOK, Model: "played", TokensIn: 100, TokensOut: 20}
		human, reason, state := "false", "null", "TRIAGE"
		switch o.variant {
		case modelRefuses:
			c.Outcome = otto.OutcomeRefusal
			return c, nil
		case modelBabbles:
			c.Text = `{"next_state":`
			return c, nil
		case modelThrottles:
			return otto.Completion{}, fault.Mark(errors.New("model: throttled"), fault.Throttled)
		case modelHandsOff:
			human, reason, state = "true", `"complaint"`, "HANDOFF_HUMAN"
		}
		h.w.meta.spoken++
		c.Text = fmt.Sprintf(`{"next_state":%q,"response_text":"Claro, conte mais sobre isso. (%d)","message_type":"text","options":[],`+
			`"asked_field":null,"facts":[],"card_updates":[],"intent_score":0.5,"answer_confidence":0.9,`+
			`"requires_human":%s,"human_reason":%s,"reasoning_debug":""}`, state, h.w.meta.spoken, human, reason)
		return c, nil
	})
}

// parts is what makes an answer have two parts.
const parts = "em duas partes"

// partedMind is Otto, whose answers to some messages have two parts: he gives
// one, and the protocol is ready for more.
type partedMind struct{ *otto.Otto }

func (m partedMind) Decide(ctx context.Context, r otto.Request) (otto.Decision, error) {
	d, err := m.Otto.Decide(ctx, r)
	wanted := slices.ContainsFunc(r.Messages, func(m conversation.Inbound) bool { return strings.Contains(m.Text.Reveal(), parts) })
	if err == nil && wanted && len(d.Replies) == 1 {
		second := d.Replies[0]
		second.Text += " (2)"
		d.Replies = []conversation.Reply{d.Replies[0], second}
	}
	return d, err
}
