package telemetry

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Metrics are Atende's counters and histograms. Without an exporter every
// method returns at once. No label ever holds more than a word out of a closed
// list: a label that does not look like one is counted as "other", and the
// number of series per instrument is limited.
type Metrics struct {
	on bool

	webhooks    metric.Int64Counter
	flows       metric.Float64Histogram
	events      metric.Int64Counter
	steps       metric.Float64Histogram
	tasks       metric.Float64Histogram
	delays      metric.Float64Histogram
	retries     metric.Int64Counter
	answers     metric.Float64Histogram
	parked      metric.Int64Counter
	handoffs    metric.Int64Counter
	blocked     metric.Int64Counter
	modelCalls  metric.Float64Histogram
	modelTokens metric.Int64Counter
	modelCost   metric.Int64Counter
	sends       metric.Float64Histogram
	replies     metric.Int64Counter
	statuses    metric.Int64Counter
}

// Webhook counts one webhook POST by the status it was answered with.
func (m *Metrics) Webhook(ctx context.Context, status int) {
	if m.on {
		m.webhooks.Add(ctx, 1, attrs(attribute.Int("status", status)))
	}
}

// Flow records one request of a WhatsApp Flow by its action, in a word, and the
// status it was answered with.
func (m *Metrics) Flow(ctx context.Context, action string, status int, took time.Duration) {
	if m.on {
		m.flows.Record(ctx, took.Seconds(), attrs(attribute.String("action", label(action)), attribute.Int("status", status)))
	}
}

// Events counts elements of webhooks by what became of them, [Enqueued],
// [Duplicates], [Ignored], [Quarantined] or [Failed].
func (m *Metrics) Events(ctx context.Context, came CountKey, n int) {
	if m.on && n > 0 && came.known() {
		m.events.Add(ctx, int64(n), attrs(outcome(keyNames[came])))
	}
}

// step records one step by its outcome: ok, or a kind of failure.
func (m *Metrics) step(ctx context.Context, name StepName, came string, took time.Duration) {
	m.steps.Record(ctx, took.Seconds(), attrs(attribute.String("step", string(name)), outcome(came)))
}

// Handled is what there is to count of one task that the worker answered.
type Handled struct {
	Kind string // of the envelope
	Fate string // of the task, or the kind of its failure
	Took time.Duration
	// Delay is how late it came; nothing is known of it when it is negative.
	Delay time.Duration
	// Retries is how often it was tried before.
	Retries int
	// Answered is how long ago the message came in whose answer was sent now; zero
	// when none was.
	Answered time.Duration
	// Parked is why it was given up, and Handoff why a person was asked for, or why
	// the team was told again when Reminded; codes, empty when nothing was.
	Parked, Handoff string
	Reminded        bool
}

// Task counts one task.
func (m *Metrics) Task(ctx context.Context, t Handled) {
	if !m.on {
		return
	}
	kind := attribute.String("kind", label(t.Kind))
	m.tasks.Record(ctx, t.Took.Seconds(), attrs(kind, attribute.String("fate", label(t.Fate))))
	if t.Delay >= 0 {
		m.delays.Record(ctx, t.Delay.Seconds(), attrs(kind))
	}
	if t.Retries > 0 {
		m.retries.Add(ctx, 1, attrs(kind))
	}
	if t.Answered > 0 {
		m.answers.Record(ctx, t.Answered.Seconds())
	}
	if t.Parked != "" {
		m.parked.Add(ctx, 1, attrs(kind, attribute.String("reason", label(t.Parked))))
	}
	if t.Handoff != "" {
		event := HandoffOpened
		if t.Reminded {
			event = HandoffUnanswered
		}
		m.handoffs.Add(ctx, 1, attrs(attribute.String("event", string(event)), attribute.String("reason", label(t.Handoff))))
	}
}

// Blocked counts drafts that a guard refused, by the guard.
func (m *Metrics) Blocked(ctx context.Context, guard string) {
	if m.on {
		m.blocked.Add(ctx, 1, attrs(attribute.String("guard", label(guard))))
	}
}

// ModelCall is one call of a model.
type ModelCall struct {
	Model   string
	Outcome string // in a word
	Took    time.Duration
	// Tokens it was billed for; Cached are part of Prompt.
	Prompt, Cached, Completion int64
	// MicroUSD is what they cost, in millionths of a US dollar.
	MicroUSD int64
}

// ModelCall records one call of a model.
func (m *Metrics) ModelCall(ctx context.Context, c ModelCall) {
	if !m.on {
		return
	}
	name := attribute.String("model", label(c.Model))
	m.modelCalls.Record(ctx, c.Took.Seconds(), attrs(name, outcome(c.Outcome)))
	for _, tokens := range []struct {
		direction string
		n         int64
	}{{"prompt", c.Prompt}, {"cached", c.Cached}, {"completion", c.Completion}} {
		m.modelTokens.Add(ctx, max(tokens.n, 0), attrs(name, attribute.String("direction", tokens.direction)))
	}
	m.modelCost.Add(ctx, max(c.MicroUSD, 0), attrs(name))
}

// Send records one message handed to the channel, by what came of it in a word.
func (m *Metrics) Send(ctx context.Context, came string, took time.Duration) {
	if m.on {
		m.sends.Record(ctx, took.Seconds(), attrs(outcome(came)))
	}
}

// Replies counts parts of answers by what the receipts prove, in a word: that
// Meta has them, that it had one twice, that it failed to deliver one.
func (m *Metrics) Replies(ctx context.Context, came string, n int) {
	if m.on && n > 0 {
		m.replies.Add(ctx, int64(n), attrs(outcome(came)))
	}
}

// Statuses counts delivery statuses that Meta reported, by which.
func (m *Metrics) Statuses(ctx context.Context, status string, n int) {
	if m.on && n > 0 {
		m.statuses.Add(ctx, int64(n), attrs(attribute.String("status", label(status))))
	}
}

func newMetrics(meter metric.Meter) (*Metrics, error) {
	m := &Metrics{on: true}
	for _, c := range []struct {
		to         *metric.Int64Counter
		name, unit string
		what       string
	}{
		{&m.webhooks, "atende.webhooks", "1", "Webhook POSTs by the status that Meta got."},
		{&m.events, "atende.events", "1", "Elements of webhooks by what became of them; duplicates among all are the dedupe rate."},
		{&m.retries, "atende.task.retries", "1", "Tasks that had been tried before."},
		{&m.parked, "atende.parked", "1", "What was given up and waits for a person, by why."},
		{&m.handoffs, "atende.handoffs", "1", "Leads who wait for a person, by why, and those to whom nobody came."},
		{&m.blocked, "atende.drafts.blocked", "1", "Drafts of a model that a guard refused, by the guard."},
		{&m.modelTokens, "atende.model.tokens", "1", "Tokens that a model read and wrote; cached ones are part of the prompt's."},
		{&m.modelCost, "atende.model.cost", "1", "Cost of a model, in millionths of a US dollar."},
		{&m.replies, "atende.replies", "1", "Parts of answers by what receipts prove."},
		{&m.statuses, "atende.statuses", "1", "Delivery statuses by which; unknown are those of nothing that we sent."},
	} {
		counter, err := meter.Int64Counter(c.name, metric.WithDescription(c.what), metric.WithUnit(c.unit))
		if err != nil {
			return nil, fmt.Errorf("instrument %s: %w", c.name, err)
		}
		*c.to = counter
	}
	for _, h := range []struct {
		to         *metric.Float64Histogram
		name, unit string
		what       string
	}{
		{&m.flows, "atende.flow.duration", "s", "Time of one request of a WhatsApp Flow by action and status."},
		{&m.steps, "atende.step.duration", "s", "Time of one step, by what came of it."},
		{&m.tasks, "atende.task.duration", "s", "Time of one task, by its fate or the kind of its failure."},
		{&m.delays, "atende.queue.delay", "s", "How late tasks reach the worker, by what they were scheduled for."},
		{&m.answers, "atende.answer.duration", "s", "From a message's webhook to its answer sent: what a lead waits."},
		{&m.modelCalls, "atende.model.duration", "s", "Time of one call of a model, by what came of it."},
		{&m.sends, "atende.send.duration", "s", "Time to hand one part of an answer to Graph, by what Meta said."},
	} {
		histogram, err := meter.Float64Histogram(h.name, metric.WithDescription(h.what), metric.WithUnit(h.unit),
			metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60, 120, 300))
		if err != nil {
			return nil, fmt.Errorf("instrument %s: %w", h.name, err)
		}
		*h.to = histogram
	}
	return m, nil
}

func attrs(kv ...attribute.KeyValue) metric.MeasurementOption { return metric.WithAttributes(kv...) }

// label returns a word that is fit to be a label.
func label(s string) string {
	if s == "" || len(s) > 48 {
		return "other"
	}
	run, digits, letters := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' {
			digits++
			run++
			if run >= 8 {
				return "other"
			}
			continue
		}
		run = 0
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		case c == '_', c == '-', c == '.', c == ':':
		default:
			return "other"
		}
	}
	if digits >= 8 && letters == 0 {
		return "other"
	}
	return s
}
