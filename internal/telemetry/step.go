package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyloto/atende/internal/fault"
)

// StepName is a stretch of work on a message's way: the name of its spans, and a
// label of how long it takes. Add freely, never rename.
type StepName string

// The steps. docs/telemetry.md is made of what stands beside them.
const (
	// Requests, each the whole of what one service does for it.
	StepWebhook StepName = "webhook"      // One POST of Meta's, until it is answered.
	StepFlow    StepName = "flow"         // One request of a WhatsApp Flow.
	StepInbound StepName = "task.inbound" // One task of a message, or of what nobody could read.
	StepStatus  StepName = "task.status"  // One task of delivery statuses.
	StepTimer   StepName = "task.timer"   // One task of a timer.

	// Front door.
	StepVerify StepName = "webhook.verify" // Is the webhook signed by Meta?
	StepParse  StepName = "webhook.parse"  // Sorting a webhook's elements and sealing each into an envelope.
	StepArrive StepName = "mailbox.arrive" // Putting messages into their mailboxes (Redis).
	StepMark   StepName = "mailbox.mark"   // Marking messages whose task exists (Redis).

	// The queue.
	StepEnqueue StepName = "queue.put" // Creating one task: a message's, a follow-up's, a timer's.

	// Back door.
	StepIdentity StepName = "task.identity" // Does the caller prove to be our queue?

	// The hint store.
	StepEnter  StepName = "lease.enter"    // Taking a conversation's lease, with what waits in its mailbox.
	StepRenew  StepName = "lease.renew"    // Keeping the lease.
	StepLeave  StepName = "lease.leave"    // Giving the lease back, with what the next turn may start from.
	StepLook   StepName = "mailbox.look"   // What arrived while a turn was thinking.
	StepForget StepName = "mailbox.forget" // Dropping a conversation that turned out to be stale.
	StepSpent  StepName = "budget.spent"   // What the day has cost so far.
	StepSpend  StepName = "budget.spend"   // Adding what a turn cost to the day.

	// The ledger.
	StepLoad    StepName = "ledger.load"    // Reading conversation, messages and turn.
	StepCommit  StepName = "ledger.commit"  // Writing the turn before anything is sent.
	StepIntend  StepName = "ledger.intend"  // Writing that a part is about to be sent once more.
	StepAnswer  StepName = "ledger.answer"  // Writing Meta's answer to a part: the turn's record is complete.
	StepPark    StepName = "ledger.park"    // Leaving a part to a person.
	StepReopen  StepName = "ledger.reopen"  // Taking up again what was left.
	StepEffect  StepName = "ledger.effect"  // Writing what came of telling the team, or of a timer.
	StepReceive StepName = "ledger.receive" // Writing delivery statuses.
	StepFind    StepName = "ledger.find"    // Finding the turn of a status that does not name it.
	StepNote    StepName = "ledger.note"    // Writing an act that is no turn.
	StepSeen    StepName = "ledger.seen"    // Writing that a webhook of a number came in.
	StepLast    StepName = "ledger.last"    // When the last webhook of a number came in.
	StepBury    StepName = "ledger.bury"    // Keeping what was given up.

	// Deciding.
	StepDecide     StepName = "decide"           // What to answer: what needs no model, the model's drafts, and the guards, whose time is what the model's calls leave of it.
	StepModel      StepName = "model.complete"   // One call of the model.
	StepPerceive   StepName = "media.perceive"   // Making something of one file, all in all.
	StepLocate     StepName = "media.locate"     // Asking Graph where a file is.
	StepDownload   StepName = "media.download"   // Fetching a file.
	StepTranscribe StepName = "media.transcribe" // Having an audio written down.

	// Outside.
	StepSend   StepName = "send"         // Handing one part of an answer to Graph, once.
	StepShow   StepName = "send.show"    // Marking a message as read, showing that one is being written.
	StepNotice StepName = "handoff.tell" // Telling the team, once.
)

// Span is one step that has begun. The zero Span does nothing.
type Span struct {
	of    *Telemetry
	ctx   context.Context
	span  trace.Span
	name  StepName
	began time.Time
}

// Step begins a step of the work in ctx, and returns the context to do it in.
// The span must be ended. Where nothing is exported, and outside of a request, it
// does nothing.
func Step(ctx context.Context, name StepName) (context.Context, Span) {
	tr := trailOf(ctx)
	if tr == nil || tr.of == nil {
		return ctx, Span{}
	}
	return tr.of.begin(ctx, *tr, name, time.Now())
}

// Stepped tells of a step that was over, without failing, before anybody knew to
// whose trace it belongs.
func Stepped(ctx context.Context, name StepName, began, ended time.Time) {
	tr := trailOf(ctx)
	if tr == nil || tr.of == nil {
		return
	}
	ctx, span := tr.of.begin(ctx, *tr, name, began)
	tr.of.metrics.step(ctx, name, outcomeOK, ended.Sub(began))
	span.span.End(trace.WithTimestamp(ended))
}

func (t *Telemetry) begin(ctx context.Context, tr trail, name StepName, began time.Time) (context.Context, Span) {
	ctx, span := t.tracer.Start(ctx, string(name), trace.WithTimestamp(began))
	sc := span.SpanContext()
	tr.trace, tr.span, tr.flags = sc.TraceID(), sc.SpanID(), sc.TraceFlags()
	ctx = tr.in(ctx)
	return ctx, Span{of: t, ctx: ctx, span: span, name: name, began: began}
}

// Note adds facts to the step.
func (s Span) Note(fields ...Field) {
	if s.span == nil || !s.span.IsRecording() {
		return
	}
	for _, f := range fields {
		if f.kind != noField {
			s.span.SetAttributes(f.attribute())
		}
	}
}

// End ends the step. An error makes it a failed one, by the error's kind and
// nothing of its text.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	outcome := outcomeOK
	if err != nil {
		outcome = fault.KindOf(err).String()
		s.span.SetStatus(codes.Error, outcome)
	}
	s.of.metrics.step(s.ctx, s.name, outcome, time.Since(s.began))
	s.span.End()
}

// Link says that the request that ctx belongs to is about another trace too. A
// traceparent that is none changes nothing.
func Link(ctx context.Context, traceparent string) {
	tr := trailOf(ctx)
	if tr == nil || tr.of == nil {
		return
	}
	if far, ok := parseTraceparent(traceparent); ok && far.TraceID() != tr.trace {
		tr.request.mu.Lock()
		defer tr.request.mu.Unlock()
		tr.request.exported.span.AddLink(trace.Link{SpanContext: far})
	}
}

const (
	outcomeOK    = "ok"
	outcomeError = "error"
)

func outcome(name string) attribute.KeyValue { return attribute.String("outcome", label(name)) }
