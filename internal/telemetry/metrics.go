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

	webhooks      metric.Int64Counter
	flows         metric.Float64Histogram
	events        metric.Int64Counter
	enqueues      metric.Float64Histogram
	turns         metric.Float64Histogram
	modelCalls    metric.Float64Histogram
	modelTokens   metric.Int64Counter
	modelCost     metric.Int64Counter
	sends         metric.Float64Histogram
	storeFailures metric.Int64Counter
	replies       metric.Int64Counter
}

// Store is a store whose failures are counted.
type Store string

// Stores.
const (
	Hint   Store = "hint"   // Redis
	Ledger Store = "ledger" // Firestore
)

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
func (m *Metrics) Events(ctx context.Context, outcome CountKey, n int) {
	if m.on && n > 0 && outcome.known() {
		m.events.Add(ctx, int64(n), attrs(attribute.String("outcome", keyNames[outcome])))
	}
}

// Enqueue records how long a task took to be durably created, or not to be.
func (m *Metrics) Enqueue(ctx context.Context, took time.Duration, ok bool) {
	if m.on {
		m.enqueues.Record(ctx, took.Seconds(), attrs(attribute.Bool("ok", ok)))
	}
}

// Turn records one turn by its fate.
func (m *Metrics) Turn(ctx context.Context, fate string, took time.Duration) {
	if m.on {
		m.turns.Record(ctx, took.Seconds(), attrs(attribute.String("fate", label(fate))))
	}
}

// ModelCall records one call of a model: what came of it in a word, how long it
// took, the tokens it was billed for, and what they cost in millionths of a US
// dollar.
func (m *Metrics) ModelCall(ctx context.Context, model, outcome string, took time.Duration, promptTokens, completionTokens int, microUSD int64) {
	if !m.on {
		return
	}
	name := attribute.String("model", label(model))
	m.modelCalls.Record(ctx, took.Seconds(), attrs(name, attribute.String("outcome", label(outcome))))
	m.modelTokens.Add(ctx, int64(max(promptTokens, 0)), attrs(name, attribute.String("direction", "prompt")))
	m.modelTokens.Add(ctx, int64(max(completionTokens, 0)), attrs(name, attribute.String("direction", "completion")))
	m.modelCost.Add(ctx, max(microUSD, 0), attrs(name))
}

// Send records one message handed to the channel, by what came of it in a word.
func (m *Metrics) Send(ctx context.Context, outcome string, took time.Duration) {
	if m.on {
		m.sends.Record(ctx, took.Seconds(), attrs(attribute.String("outcome", label(outcome))))
	}
}

// StoreFailure counts one failed operation of a store; operation is a constant.
func (m *Metrics) StoreFailure(ctx context.Context, s Store, operation string) {
	if m.on {
		m.storeFailures.Add(ctx, 1, attrs(attribute.String("store", label(string(s))), attribute.String("operation", label(operation))))
	}
}

// Replies counts parts of answers by what the receipts prove, in a word: that
// Meta has them, that it had one twice, that it failed to deliver one.
func (m *Metrics) Replies(ctx context.Context, outcome string, n int) {
	if m.on && n > 0 {
		m.replies.Add(ctx, int64(n), attrs(attribute.String("outcome", label(outcome))))
	}
}

func newMetrics(meter metric.Meter) (*Metrics, error) {
	m := &Metrics{on: true}
	for _, c := range []struct {
		to         *metric.Int64Counter
		name, what string
	}{
		{&m.webhooks, "atende.webhooks", "Webhook POSTs by status."},
		{&m.events, "atende.events", "Elements of webhooks by outcome."},
		{&m.modelTokens, "atende.model.tokens", "Tokens billed by a model."},
		{&m.modelCost, "atende.model.cost", "Cost of a model, in millionths of a US dollar."},
		{&m.storeFailures, "atende.store.failures", "Failed operations of a store."},
		{&m.replies, "atende.replies", "Parts of answers by what receipts prove."},
	} {
		counter, err := meter.Int64Counter(c.name, metric.WithDescription(c.what))
		if err != nil {
			return nil, fmt.Errorf("instrument %s: %w", c.name, err)
		}
		*c.to = counter
	}
	for _, h := range []struct {
		to         *metric.Float64Histogram
		name, what string
	}{
		{&m.flows, "atende.flow.duration", "Time of one request of a WhatsApp Flow by action and status."},
		{&m.enqueues, "atende.enqueue.duration", "Time to create one task."},
		{&m.turns, "atende.turn.duration", "Time of one turn by fate."},
		{&m.modelCalls, "atende.model.duration", "Time of one call of a model."},
		{&m.sends, "atende.send.duration", "Time to hand one message to the channel."},
	} {
		histogram, err := meter.Float64Histogram(h.name, metric.WithDescription(h.what), metric.WithUnit("s"),
			metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60))
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
		case c == '_', c == '-', c == '.':
		default:
			return "other"
		}
	}
	if digits >= 8 && letters == 0 {
		return "other"
	}
	return s
}
