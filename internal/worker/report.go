package worker

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
)

// name is the event that a handled task is.
func name(kind envelope.Kind, r turn.Report) telemetry.EventName {
	switch {
	case r.Fate == turn.Parked && r.Turn != "":
		return telemetry.TurnParked
	case r.Fate == turn.Parked:
		return telemetry.TaskParked
	case r.Handoff != "" && kind == envelope.Timer:
		return telemetry.HandoffUnanswered
	case r.Handoff != "":
		return telemetry.HandoffOpened
	case len(r.Failures) > 0:
		return telemetry.ReplyFailed
	case kind == envelope.Status:
		return telemetry.StatusesApplied
	case kind == envelope.Timer:
		return telemetry.TimerFinished
	case r.Turn != "" && r.Fate == turn.Answered:
		return telemetry.TurnFinished
	default:
		return telemetry.TaskFinished
	}
}

// phaseKeys are the phases of a turn that have a duration of their own in the
// log.
var phaseKeys = map[string]telemetry.DurationKey{
	"enter":  telemetry.HintLatency,
	"load":   telemetry.LedgerLatency,
	"decide": telemetry.ModelLatency,
	"commit": telemetry.CommitLatency,
	"send":   telemetry.SendLatency,
}

// fields are what there is to say, without anything personal.
func fields(e task, now time.Time, r turn.Report, err error) []telemetry.Field {
	fields := make([]telemetry.Field, 0, 28)
	add := func(f ...telemetry.Field) { fields = append(fields, f...) }
	add(telemetry.Kind(string(e.Kind)), telemetry.Count(telemetry.FollowUps, e.FollowUp), telemetry.Count(telemetry.Retries, e.Retries))
	if e.delay >= 0 {
		add(telemetry.Duration(telemetry.QueueDelay, e.delay))
	}
	if age := answered(e, now, r, err); age > 0 {
		add(telemetry.Duration(telemetry.MessageAge, age))
	}
	if e.Kind == envelope.Inbound {
		add(telemetry.Message(e.ID), telemetry.Conversation(e.Conversation))
	}
	if r.Fate != "" {
		add(telemetry.Fate(string(r.Fate)))
	}
	if r.Turn != "" {
		add(telemetry.Turn(string(r.Turn)))
	}
	if r.Route != "" {
		add(telemetry.Count(telemetry.Messages, r.Messages))
	}
	if r.Phase != "" {
		add(telemetry.State(string(r.Phase)), telemetry.Count(telemetry.Attempts, r.Attempt))
	}
	if why := reasons(r); len(why) > 0 {
		add(telemetry.Reason(strings.Join(why, " ")))
	}
	if r.Phase == conversation.Sending {
		add(telemetry.Flag(telemetry.Ambiguous, true))
	}
	if e.Kind == envelope.Status {
		add(telemetry.Count(telemetry.Statuses, r.Statuses), telemetry.Count(telemetry.Ignored, r.Unknown),
			telemetry.Count(telemetry.Duplicates, r.Duplicates), telemetry.Count(telemetry.Failed, len(r.Failures)))
	}
	if len(r.Failures) > 0 {
		// Of several, one says enough: each has an act of its own in the ledger.
		add(telemetry.Code(r.Failures[0]))
	}
	if r.Effects > 0 {
		add(telemetry.Count(telemetry.Effects, r.Effects))
	}
	if r.Model.Calls > 0 {
		add(telemetry.Model(r.Model.Name),
			telemetry.Count(telemetry.PromptTokens, int(r.Model.TokensIn)),
			telemetry.Count(telemetry.CachedTokens, int(r.Model.TokensCached)),
			telemetry.Count(telemetry.CompletionTokens, int(r.Model.TokensOut)),
			telemetry.Count(telemetry.CostMicroUSD, int(r.Model.CostMicroUSD)),
			telemetry.Count(telemetry.Drafts, r.Model.Calls))
	}
	if len(r.Blocked) > 0 {
		add(telemetry.Verdict(strings.Join(r.Blocked, " ")))
	}
	for _, phase := range r.Phases {
		if key, ok := phaseKeys[phase.Name]; ok {
			add(telemetry.Duration(key, phase.Took))
		}
	}
	if err != nil {
		add(telemetry.Error(err), telemetry.ErrorKind(fault.KindOf(err).String()))
	}
	return fields
}

// reasons are why a task ended as it did, the route first. They are one field of
// the log: of a key that a line has twice, a reader keeps one.
func reasons(r turn.Report) []string {
	var why []string
	if r.Route != "" {
		why = append(why, string(r.Route))
	}
	if r.Handoff != "" {
		why = append(why, "handoff:"+r.Handoff)
	}
	if r.Fallback != "" {
		why = append(why, "without_model:"+string(r.Fallback))
	}
	if r.Reason != "" {
		why = append(why, r.Reason)
	}
	if r.Hintless {
		why = append(why, "hint_unavailable")
	}
	return why
}

// alarm tells of what a person has to put right, and of a code that nobody knows
// the first time this program meets it.
func (w *Worker) alarm(ctx context.Context, setbacks []conversation.Setback) {
	for i, s := range setbacks {
		known := s.Known
		if !known {
			_, known = w.unknown.LoadOrStore(s.Code, true)
		}
		if known && s.Remedy != conversation.ConfigurationAlarm || slices.Contains(setbacks[:i], s) {
			continue
		}
		meaning := s.Meaning
		if meaning == "" {
			meaning = "unknown code"
		}
		w.o.Telemetry.Emit(ctx, telemetry.Event{
			Name: telemetry.PlatformAlarm, Severity: telemetry.SeverityCritical,
			Fields: []telemetry.Field{telemetry.Code(s.Code), telemetry.Kind(s.Class), telemetry.Reason(meaning)},
		})
	}
}

func fateLabel(r turn.Report, err error) string {
	if err != nil {
		return fault.KindOf(err).String()
	}
	return string(r.Fate)
}

// answered is how long ago the message came in that was answered now; zero when
// none was.
func answered(e task, now time.Time, r turn.Report, err error) time.Duration {
	if err != nil || e.Kind != envelope.Inbound || r.Fate != turn.Answered || r.Phase != conversation.Sent || r.Attempt == 0 || e.ReceivedAt.IsZero() {
		return 0
	}
	return now.Sub(e.ReceivedAt)
}

// count counts a task.
func (w *Worker) count(ctx context.Context, e task, r turn.Report, err error) {
	now, metrics := w.o.Now(), w.o.Telemetry.Metrics()
	handled := telemetry.Handled{
		Kind: string(e.Kind), Fate: fateLabel(r, err), Took: now.Sub(e.came), Delay: e.delay, Retries: e.Retries,
		Answered: answered(e, now, r, err), Handoff: r.Handoff, Reminded: e.Kind == envelope.Timer,
	}
	if err == nil && r.Fate == turn.Parked {
		handled.Parked = cmp.Or(r.Reason, "unknown")
	}
	metrics.Task(ctx, handled)
	for _, guard := range r.Blocked {
		metrics.Blocked(ctx, guard)
	}
	metrics.Replies(ctx, "proven", r.Proven)
	metrics.Replies(ctx, "duplicate", r.Duplicates)
	metrics.Replies(ctx, "failed", len(r.Failures))
	metrics.Statuses(ctx, "unknown", r.Unknown)
}
