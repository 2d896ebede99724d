package workerd

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/media"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// What follows stands before the ports of a turn, where telemetry is exported, and
// makes a step of every call. The rooms behind and before it know nothing of it:
// none of them may.

// traced wraps a port where something is exported, and is the port itself where
// nothing is: what is not measured costs nothing.
func traced[P any](s *service, port P, wrap func(P) P) P {
	if !s.Telemetry.Exports() {
		return port
	}
	return wrap(port)
}

// done makes one step of a call that only fails or does not.
func done(ctx context.Context, name telemetry.StepName, call func(context.Context) error) error {
	ctx, span := telemetry.Step(ctx, name)
	err := call(ctx)
	span.End(err)
	return err
}

// got makes one step of a call that returns something.
func got[T any](ctx context.Context, name telemetry.StepName, call func(context.Context) (T, error)) (T, error) {
	ctx, span := telemetry.Step(ctx, name)
	v, err := call(ctx)
	span.End(err)
	return v, err
}

// tracedHint is the hint store.
type tracedHint struct{ program.Hint }

func (h tracedHint) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	return got(ctx, telemetry.StepEnter, func(ctx context.Context) (conversation.Admission, error) { return h.Hint.Enter(ctx, e) })
}

func (h tracedHint) Renew(ctx context.Context, id conversation.ID, token string) (bool, error) {
	return got(ctx, telemetry.StepRenew, func(ctx context.Context) (bool, error) { return h.Hint.Renew(ctx, id, token) })
}

func (h tracedHint) Leave(ctx context.Context, d conversation.Departure) error {
	return done(ctx, telemetry.StepLeave, func(ctx context.Context) error { return h.Hint.Leave(ctx, d) })
}

func (h tracedHint) Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error) {
	return got(ctx, telemetry.StepLook, func(ctx context.Context) ([]conversation.Letter, error) { return h.Hint.Waiting(ctx, id) })
}

func (h tracedHint) Forget(ctx context.Context, id conversation.ID) error {
	return done(ctx, telemetry.StepForget, func(ctx context.Context) error { return h.Hint.Forget(ctx, id) })
}

func (h tracedHint) Spent(ctx context.Context, account string) (int64, error) {
	return got(ctx, telemetry.StepSpent, func(ctx context.Context) (int64, error) { return h.Hint.Spent(ctx, account) })
}

func (h tracedHint) Spend(ctx context.Context, account string, tokens int64) error {
	return done(ctx, telemetry.StepSpend, func(ctx context.Context) error { return h.Hint.Spend(ctx, account, tokens) })
}

// tracedLedger is the ledger.
type tracedLedger struct {
	Ledger
	metrics *telemetry.Metrics
}

func (l tracedLedger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	return got(ctx, telemetry.StepLoad, func(ctx context.Context) (conversation.Snapshot, error) { return l.Ledger.Load(ctx, q) })
}

func (l tracedLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepCommit)
	span.Note(telemetry.Turn(string(c.Turn.ID)), telemetry.Count(telemetry.Messages, len(c.Messages)))
	committed, err := l.Ledger.Commit(ctx, c)
	span.End(err)
	return committed, err
}

func (l tracedLedger) Intend(ctx context.Context, id conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	return got(ctx, telemetry.StepIntend, func(ctx context.Context) (time.Time, error) { return l.Ledger.Intend(ctx, id, part, attempt, base) })
}

func (l tracedLedger) Answer(ctx context.Context, id conversation.TurnID, part, attempt int, r conversation.Result) error {
	return done(ctx, telemetry.StepAnswer, func(ctx context.Context) error { return l.Ledger.Answer(ctx, id, part, attempt, r) })
}

func (l tracedLedger) Park(ctx context.Context, id conversation.TurnID, part int, reason string, base time.Time) error {
	return done(ctx, telemetry.StepPark, func(ctx context.Context) error { return l.Ledger.Park(ctx, id, part, reason, base) })
}

func (l tracedLedger) Reopen(ctx context.Context, r conversation.Reopening) error {
	return done(ctx, telemetry.StepReopen, func(ctx context.Context) error { return l.Ledger.Reopen(ctx, r) })
}

func (l tracedLedger) RecordEffect(ctx context.Context, id conversation.TurnID, effect int, r conversation.EffectRecord) error {
	return done(ctx, telemetry.StepEffect, func(ctx context.Context) error { return l.Ledger.RecordEffect(ctx, id, effect, r) })
}

func (l tracedLedger) Receive(ctx context.Context, receipts []conversation.Receipt) ([]conversation.StoredTurn, error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepReceive)
	span.Note(telemetry.Count(telemetry.Statuses, len(receipts)))
	known, err := l.Ledger.Receive(ctx, receipts)
	span.End(err)
	if err == nil {
		for _, r := range receipts {
			l.metrics.Statuses(ctx, string(r.Status), 1)
		}
	}
	return known, err
}

func (l tracedLedger) Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	return got(ctx, telemetry.StepFind, func(ctx context.Context) (map[conversation.SentID]conversation.Attempted, error) {
		return l.Ledger.Attempts(ctx, ids)
	})
}

func (l tracedLedger) Note(ctx context.Context, a conversation.Act) error {
	return done(ctx, telemetry.StepNote, func(ctx context.Context) error { return l.Ledger.Note(ctx, a) })
}

func (l tracedLedger) Seen(ctx context.Context, number string, at time.Time) error {
	return done(ctx, telemetry.StepSeen, func(ctx context.Context) error { return l.Ledger.Seen(ctx, number, at) })
}

func (l tracedLedger) LastSeen(ctx context.Context, number string) (time.Time, error) {
	return got(ctx, telemetry.StepLast, func(ctx context.Context) (time.Time, error) { return l.Ledger.LastSeen(ctx, number) })
}

func (l tracedLedger) Bury(ctx context.Context, d conversation.Dead) error {
	return done(ctx, telemetry.StepBury, func(ctx context.Context) error { return l.Ledger.Bury(ctx, d) })
}

// tracedInbox is the queue.
type tracedInbox struct{ turn.Inbox }

func (i tracedInbox) Put(ctx context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepEnqueue)
	existed, err := i.Inbox.Put(ctx, e, at)
	span.Note(telemetry.Kind(string(e.Kind)), telemetry.Flag(telemetry.Existed, existed))
	span.End(err)
	return existed, err
}

// tracedMind is Otto.
type tracedMind struct{ turn.Mind }

func (m tracedMind) Decide(ctx context.Context, r otto.Request) (otto.Decision, error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepDecide)
	d, err := m.Mind.Decide(ctx, r)
	if err == nil {
		var blocked []string
		for _, v := range d.Verdicts {
			if !v.OK {
				blocked = append(blocked, v.Guard)
			}
		}
		span.Note(telemetry.Reason(string(d.Route)), telemetry.PreviousState(string(d.From)), telemetry.State(string(d.To)),
			telemetry.Count(telemetry.Drafts, d.Model.Calls))
		if len(blocked) > 0 {
			span.Note(telemetry.Verdict(strings.Join(blocked, " ")))
		}
	}
	span.End(err)
	return d, err
}

// tracedModel is the model.
type tracedModel struct {
	otto.Model
	metrics *telemetry.Metrics
}

func (m tracedModel) Complete(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
	began := time.Now()
	ctx, span := telemetry.Step(ctx, telemetry.StepModel)
	c, err := m.Model.Complete(ctx, p)
	call := telemetry.ModelCall{
		Model: c.Model, Outcome: string(c.Outcome), Took: time.Since(began),
		Prompt: c.TokensIn, Cached: c.TokensCached, Completion: c.TokensOut, MicroUSD: c.CostMicroUSD,
	}
	if err != nil {
		call.Outcome = string(otto.OutcomeOutage)
	}
	m.metrics.ModelCall(ctx, call)
	span.Note(telemetry.Model(c.Model), telemetry.Reason(call.Outcome), telemetry.Count(telemetry.PromptTokens, int(c.TokensIn)),
		telemetry.Count(telemetry.CachedTokens, int(c.TokensCached)), telemetry.Count(telemetry.CompletionTokens, int(c.TokensOut)),
		telemetry.Count(telemetry.CostMicroUSD, int(c.CostMicroUSD)))
	span.End(err)
	return c, err
}

// tracedSenses look at files.
type tracedSenses struct{ turn.Senses }

func (s tracedSenses) Perceive(ctx context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	ctx, span := telemetry.Step(ctx, telemetry.StepPerceive)
	p, err := s.Senses.Perceive(ctx, m)
	span.Note(telemetry.Kind(string(m.Kind)), telemetry.Reason(string(p.Outcome)))
	span.End(err)
	return p, err
}

// tracedFiles is the part of Graph that has files.
type tracedFiles struct{ media.Graph }

func (f tracedFiles) Media(ctx context.Context, id, phoneNumberID string) (whatsapp.MediaInfo, error) {
	return got(ctx, telemetry.StepLocate, func(ctx context.Context) (whatsapp.MediaInfo, error) { return f.Graph.Media(ctx, id, phoneNumberID) })
}

func (f tracedFiles) Download(ctx context.Context, address string, limit int64, w io.Writer) (whatsapp.Downloaded, error) {
	return got(ctx, telemetry.StepDownload, func(ctx context.Context) (whatsapp.Downloaded, error) {
		return f.Graph.Download(ctx, address, limit, w)
	})
}

// tracedTranscriber writes down what is said.
type tracedTranscriber struct {
	media.Transcriber
	metrics *telemetry.Metrics
}

func (t tracedTranscriber) Transcribe(ctx context.Context, f conversation.File) (conversation.Transcript, error) {
	began := time.Now()
	ctx, span := telemetry.Step(ctx, telemetry.StepTranscribe)
	heard, err := t.Transcriber.Transcribe(ctx, f)
	came := string(otto.OutcomeOK)
	if err != nil {
		came = string(otto.OutcomeOutage)
	}
	t.metrics.ModelCall(ctx, telemetry.ModelCall{Model: heard.Model, Outcome: came, Took: time.Since(began), MicroUSD: heard.CostMicroUSD})
	span.Note(telemetry.Model(heard.Model), telemetry.Count(telemetry.CostMicroUSD, int(heard.CostMicroUSD)))
	span.End(err)
	return heard, err
}

// tracedSender sends answers.
type tracedSender struct {
	turn.Sender
	metrics *telemetry.Metrics
}

func (s tracedSender) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	began := time.Now()
	ctx, span := telemetry.Step(ctx, telemetry.StepSend)
	r, err := s.Sender.Send(ctx, m)
	came := string(r.Kind)
	if came == "" {
		came = "ambiguous"
	}
	s.metrics.Send(ctx, came, time.Since(began))
	span.Note(telemetry.Kind(string(m.Reply.Kind)), telemetry.Reason(came))
	if r.Code != 0 {
		span.Note(telemetry.Code(r.Code))
	}
	span.End(err)
	return r, err
}

// tracedPresence shows that somebody is there.
type tracedPresence struct{ turn.Presence }

func (p tracedPresence) Show(ctx context.Context, number string, message pii.Contact, typing bool) error {
	return done(ctx, telemetry.StepShow, func(ctx context.Context) error { return p.Presence.Show(ctx, number, message, typing) })
}

// tracedTeam tells the team.
type tracedTeam struct{ turn.Performer }

func (t tracedTeam) Perform(ctx context.Context, e conversation.Errand) error {
	ctx, span := telemetry.Step(ctx, telemetry.StepNotice)
	span.Note(telemetry.Kind(string(e.Effect.Kind)), telemetry.Component(string(e.Effect.Way)))
	err := t.Performer.Perform(ctx, e)
	span.End(err)
	return err
}
