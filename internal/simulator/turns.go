package simulator

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/telemetry"
)

// The steps of a turn on its way, in their order.
const (
	stepWebhook = "webhook"
	stepQueue   = "queue"
	stepLease   = "lease"
	stepLedger  = "ledger"
	stepMedia   = "media"
	stepModel   = "model"
	stepGuards  = "guards"
	stepCommit  = "commit"
	stepSend    = "send"
)

// step is a part of a turn's time. Origins are the figures that it is made of: each
// the place, and behind a space the name that it has there.
type step struct {
	Step    string   `json:"step"`
	StartMS float64  `json:"start_ms"` // after the first webhook arrived
	TookMS  float64  `json:"took_ms"`
	Origins []string `json:"origins"`
}

// placedFact is a fact with where the pack states it.
type placedFact struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// rawExchange is something that was sent, as it was.
type rawExchange struct {
	ID   string          `json:"id"` // Meta's
	Body json.RawMessage `json:"body"`
	// Deliveries are how often a webhook was brought.
	Deliveries int `json:"deliveries,omitempty"`
}

// shownPrompt is one question to the model and its answer.
type shownPrompt struct {
	Fingerprint string          `json:"fingerprint"`
	Model       string          `json:"model"`
	Messages    []promptMessage `json:"messages"`
	// Prefix is how many messages are the same for everybody in this state.
	Prefix int    `json:"prefix"`
	Answer string `json:"answer,omitempty"`
}

// turnDocument is all that is known of one turn.
type turnDocument struct {
	Receipt  operator.Receipt        `json:"receipt"`
	Record   conversation.StoredTurn `json:"record"`
	Timeline []step                  `json:"timeline"`
	Facts    []placedFact            `json:"facts"`
	Webhooks []rawExchange           `json:"webhooks"`
	Graph    []rawExchange           `json:"graph"`
	Statuses []json.RawMessage       `json:"statuses"`
	Prompts  []shownPrompt           `json:"prompts"`
	Logs     []json.RawMessage       `json:"logs"`
}

// getTurn is why one turn said what it said, and everything that was exchanged
// for it. What is not remembered any more is left out.
func (a *api) getTurn(w http.ResponseWriter, r *http.Request) {
	answerOperator(w, r, func(ctx context.Context) (any, error) {
		id := conversation.TurnID(r.PathValue("id"))
		receipt, err := a.operator.Receipt(ctx, string(id), true)
		if err != nil {
			return nil, err
		}
		snapshot, err := a.archive.Load(ctx, conversation.Query{Turn: receipt.Turn})
		if err != nil {
			return nil, err
		}
		if snapshot.Turn == nil {
			return nil, &operator.Refusal{Code: operator.Unknown, Why: "the ledger has this turn no longer"}
		}
		return a.document(receipt, *snapshot.Turn), nil
	})
}

func (a *api) document(receipt operator.Receipt, t conversation.StoredTurn) turnDocument {
	d := turnDocument{
		Receipt: receipt, Record: t, Facts: []placedFact{}, Webhooks: []rawExchange{}, Graph: []rawExchange{},
		Statuses: []json.RawMessage{}, Prompts: a.shownPrompts(t),
	}
	for _, f := range receipt.Decision.Facts {
		d.Facts = append(d.Facts, placedFact{ID: f.ID, Text: f.Text, File: f.File, Line: f.Line})
	}
	about := []string{t.CorrelationID}
	for i, wamid := range a.transcript.wamids(t.Messages) {
		about = append(about, string(t.Messages[i]))
		if body, deliveries, known := a.courier.webhook(wamid); known {
			d.Webhooks = append(d.Webhooks, rawExchange{ID: wamid, Body: body, Deliveries: deliveries})
		}
	}
	var sent []string
	for _, m := range a.witness.sent(t.ID) {
		d.Graph = append(d.Graph, rawExchange{ID: m.ID, Body: m.Raw})
		sent = append(sent, m.ID)
	}
	reports := a.witness.reports(sent)
	for _, report := range reports {
		d.Statuses = append(d.Statuses, report.body)
	}
	d.Logs = a.logs.about(about...)
	d.Timeline = timeline(t, received(receipt), d.Logs, reports, sent)
	return d
}

// shownPrompts are the turn's questions to the model, as far as they are
// remembered.
func (a *api) shownPrompts(t conversation.StoredTurn) []shownPrompt {
	shown := []shownPrompt{}
	if a.prompts == nil {
		return shown
	}
	for _, call := range t.Model.Answers {
		asked, known := a.prompts.find(call.Fingerprint, t.DecidedAt)
		if !known {
			continue
		}
		prompt := shownPrompt{
			Fingerprint: call.Fingerprint, Model: asked.model, Messages: asked.messages,
			Prefix: min(otto.SharedMessages, len(asked.messages)), Answer: string(call.Text),
		}
		if prompt.Answer == "" {
			prompt.Answer = asked.answer
		}
		shown = append(shown, prompt)
	}
	return shown
}

// printed is what the timeline reads of a log line.
type printed struct {
	Event    telemetry.EventName    `json:"message"`
	Message  conversation.MessageID `json:"message_id"`
	Turn     conversation.TurnID    `json:"turn"`
	Enqueued int                    `json:"enqueued"`
	TookMS   float64                `json:"latency_ms"`
	Commit   float64                `json:"commit_latency_ms"`
	Send     float64                `json:"send_latency_ms"`
}

// received is when the ingress took in each message of a turn.
func received(r operator.Receipt) map[conversation.MessageID]time.Time {
	at := map[conversation.MessageID]time.Time{}
	for _, m := range r.Heard {
		if !m.ReceivedAt.IsZero() {
			at[m.ID] = m.ReceivedAt
		}
	}
	return at
}

// timeline tells where a turn's time went: what the services printed of it, what
// its record keeps, and what Meta reported. A figure that nobody has is left out.
func timeline(t conversation.StoredTurn, received map[conversation.MessageID]time.Time, logs []json.RawMessage, reports []posting, sent []string) []step {
	l := begin(t, received)
	var finished *printed
	counted := map[conversation.MessageID]bool{}
	for _, line := range logs {
		var p printed
		if json.Unmarshal(line, &p) != nil {
			continue
		}
		switch at, taken := received[p.Message]; {
		case p.Event == telemetry.WebhookReceived && taken && p.Enqueued > 0 && !counted[p.Message]:
			// Another delivery of it, which the ingress knew or should have known, is
			// no part of the turn's time.
			counted[p.Message] = true
			l.put(stepWebhook, at, milliseconds(p.TookMS), "message received_at", "log webhook_received.latency_ms")
		case p.Event == telemetry.TurnFinished && p.Turn == t.ID && finished == nil:
			finished = &p
		}
	}
	// When the log's line was written, and not when the turn was over, is what that
	// line says: the record is exact.
	began := start(t)
	// What came later found the turn at work, and waited for nothing.
	var newest time.Time
	for _, at := range received {
		if at.After(newest) && at.Before(began) {
			newest = at
		}
	}
	if !newest.IsZero() {
		l.put(stepQueue, newest, began.Sub(newest), "message received_at", "record decided_at", "record phases")
	}
	l.phases(t, began)
	if finished != nil {
		if finished.Commit > 0 {
			l.put(stepCommit, l.end, milliseconds(finished.Commit), "log turn_finished.commit_latency_ms")
		}
		if finished.Send > 0 {
			l.put(stepSend, l.end, milliseconds(finished.Send), "log turn_finished.send_latency_ms")
		}
	}
	l.outcome(t, reports, sent)
	return l.steps
}

// start is when a turn began to be worked on, by its record: what it did before
// it was decided took so long.
func start(t conversation.StoredTurn) time.Time {
	at := t.DecidedAt
	for _, phase := range t.Phases {
		if phase.Name == "perceive" || phase.Name == "decide" {
			break
		}
		at = at.Add(-phase.Took)
	}
	return at
}

// course is a timeline that grows.
type course struct {
	zero, end time.Time
	steps     []step
}

// begin is a timeline that begins with the first message, or with the decision
// where none is known.
func begin(t conversation.StoredTurn, received map[conversation.MessageID]time.Time) *course {
	zero := t.DecidedAt
	for _, at := range received {
		if at.Before(zero) {
			zero = at
		}
	}
	return &course{zero: zero, end: zero, steps: []step{}}
}

func (c *course) put(name string, at time.Time, took time.Duration, origins ...string) {
	c.steps = append(c.steps, step{Step: name, StartMS: max(0, inMilliseconds(at.Sub(c.zero))), TookMS: inMilliseconds(took), Origins: origins})
	c.end = at.Add(took)
}

// phases puts what the record knows of the time before the commit.
func (c *course) phases(t conversation.StoredTurn, began time.Time) {
	// The wait for the rest of a burst is one, wherever it is spent.
	names := map[string]string{
		"enter": stepLease, "gather": stepQueue, "load": stepLedger, "perceive": stepMedia, "decide": stepGuards,
	}
	at := began
	for _, phase := range t.Phases {
		switch name, known := names[phase.Name]; {
		case !known: // Its time passes all the same.
		case name == stepGuards && t.Model.Took > 0 && t.Model.Took <= phase.Took:
			c.put(stepModel, at, t.Model.Took, "record model.took")
			c.put(stepGuards, c.end, phase.Took-t.Model.Took, "record phases.decide", "record model.took")
		default:
			c.put(name, at, phase.Took, "record phases."+phase.Name)
		}
		at = at.Add(phase.Took)
	}
	c.end = at
}

// moment is something that happened at one time.
type moment struct {
	name   string
	at     time.Time
	origin string
}

// outcome puts what became of the answer, each status when it was first heard
// of: as Meta's webhooks said it, and where they are remembered no more, or Meta
// said it at once, as the record keeps it.
func (c *course) outcome(t conversation.StoredTurn, reports []posting, sent []string) {
	var heard, answered, receipts []moment
	for _, r := range reports {
		for _, s := range r.statuses {
			if slices.Contains(sent, s.ID) {
				heard = append(heard, moment{string(s.State), r.at, "webhook statuses"})
			}
		}
	}
	for _, d := range t.Deliveries {
		for attempt := 1; attempt <= d.Attempt; attempt++ {
			switch result := d.Results[attempt]; result.Kind {
			case conversation.Accepted:
				answered = append(answered, moment{string(conversation.StatusSent), result.At, "record results.accepted"})
			case conversation.Refused:
				answered = append(answered, moment{string(conversation.StatusFailed), result.At, "record results.refused"})
			case conversation.Postponed, conversation.Withheld: // Nothing has come of it.
			}
			for status, receipt := range d.Receipts[attempt] {
				receipts = append(receipts, moment{string(status), receipt.At, "record receipts"})
			}
		}
	}
	earlier := func(a, b moment) int { return a.at.Compare(b.at) }
	var first []moment
	for _, source := range [][]moment{heard, answered, receipts} { // the most exact first
		slices.SortStableFunc(source, earlier)
		for _, m := range source {
			if !slices.ContainsFunc(first, func(known moment) bool { return known.name == m.name }) {
				first = append(first, m)
			}
		}
	}
	slices.SortStableFunc(first, earlier)
	for _, m := range first {
		c.steps = append(c.steps, step{Step: m.name, StartMS: max(0, inMilliseconds(m.at.Sub(c.zero))), Origins: []string{m.origin}})
	}
}
