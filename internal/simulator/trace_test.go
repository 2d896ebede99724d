package simulator_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/telemetry/collectortest"
)

// trace are the spans of one trace.
type trace []collectortest.Span

// traces are what was exported, by trace.
func traces(c *collectortest.Collector) map[string]trace {
	all := map[string]trace{}
	for _, s := range c.Spans() {
		all[s.Trace] = append(all[s.Trace], s)
	}
	return all
}

// steps are the steps that a service made.
func (tr trace) steps(service string) (names []string) {
	for _, s := range tr {
		if s.Service == service {
			names = append(names, s.Name)
		}
	}
	return names
}

// holds checks that the trace is one tree, that a webhook is its root, and which
// steps both services made.
func (tr trace) holds(t *testing.T, ingress, worker []telemetry.StepName) {
	t.Helper()
	ids, roots := map[string]collectortest.Span{}, 0
	for _, s := range tr {
		ids[s.ID] = s
	}
	for _, s := range tr {
		parent, known := ids[s.Parent]
		switch {
		case s.Parent == "":
			roots++
			if s.Name != string(telemetry.StepWebhook) || s.Service != "atende-ingress" {
				t.Errorf("the root is %s of %s", s.Name, s.Service)
			}
		case !known:
			t.Errorf("%s has a parent that nobody exported", s.Name)
		case s.Began < parent.Began || s.Ended < s.Began:
			t.Errorf("%s began before %s did, or ended before it began", s.Name, parent.Name)
		case s.Service != parent.Service && s.Name != string(telemetry.StepInbound) && s.Name != string(telemetry.StepStatus):
			t.Errorf("%s crossed to %s without a task", s.Name, s.Service)
		}
	}
	if roots != 1 {
		t.Errorf("%d roots", roots)
	}
	for service, want := range map[string][]telemetry.StepName{"atende-ingress": ingress, "atende-worker": worker} {
		made := tr.steps(service)
		for _, name := range want {
			if !slices.Contains(made, string(name)) {
				t.Errorf("%s made no step %s, but %v", service, name, made)
			}
		}
	}
}

// One signed webhook through both programs, over the queue, is one trace that shows
// every step; and nothing that is exported says who wrote, or what.
func TestATraceShowsEveryStepOfAMessage(t *testing.T) {
	const heard, name = "quero saber como vocês trabalham com papagaios", "Marcadíssima Silva"
	c := collectortest.Start(t)
	// What is measured is exported once, at the end: a second time would count twice.
	s := start(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL, "OTEL_METRIC_EXPORT_INTERVAL=3600000")
	carla, davi := "5531966665555", "5541955554444"
	var marks []string
	for _, lead := range []struct {
		breaks, heals func() // on the way
		writes        map[string]any
	}{
		// The model is asked twice.
		{func() { s.fault("model", "refuse", 1) }, func() {}, map[string]any{"from": bruno, "text": erp}},
		// The task comes again.
		{func() { s.fault("model", "fail_before", -1) }, func() {
			s.Until("the first attempt to fail", func() bool { return s.waiting().Tasks > 0 && s.waiting().Due == 0 })
			s.heal()
		}, map[string]any{"from": carla, "type": "audio", "text": heard}},
		{func() {}, func() {}, map[string]any{"from": davi, "text": "quero falar com uma pessoa"}},
	} {
		lead.breaks()
		message := lead.writes
		message["name"] = name
		marks = append(marks, strings.TrimPrefix(s.write(message), "wamid."), message["from"].(string))
		lead.heals()
		s.exactly(message["from"].(string), 1)
	}
	if err := s.Stop(); err != nil { // What is buffered is handed over at the end.
		t.Fatal(err)
	}

	front := []telemetry.StepName{
		telemetry.StepWebhook, telemetry.StepVerify, telemetry.StepParse, telemetry.StepArrive, telemetry.StepEnqueue, telemetry.StepMark,
	}
	always := []telemetry.StepName{
		telemetry.StepInbound, telemetry.StepIdentity, telemetry.StepEnter, telemetry.StepSeen, telemetry.StepLoad, telemetry.StepDecide,
		telemetry.StepCommit, telemetry.StepSend, telemetry.StepAnswer, telemetry.StepLeave,
	}
	ways := map[telemetry.StepName][]telemetry.StepName{
		telemetry.StepModel:      append(slices.Clone(always), telemetry.StepSpent, telemetry.StepSpend, telemetry.StepLook),
		telemetry.StepTranscribe: append(slices.Clone(always), telemetry.StepPerceive, telemetry.StepLocate, telemetry.StepDownload, telemetry.StepModel),
		telemetry.StepNotice:     append(slices.Clone(always), telemetry.StepEffect),
	}
	messages, statuses := map[telemetry.StepName]string{}, 0
	for id, tr := range traces(c) {
		made := tr.steps("atende-worker")
		switch {
		case slices.Contains(made, string(telemetry.StepInbound)):
			way := telemetry.StepModel
			for _, other := range []telemetry.StepName{telemetry.StepTranscribe, telemetry.StepNotice} {
				if slices.Contains(made, string(other)) {
					way = other
				}
			}
			if messages[way] != "" {
				t.Errorf("two messages went by %s", way)
			}
			messages[way] = id
			tr.holds(t, front, append(ways[way], way))
		case slices.Contains(made, string(telemetry.StepStatus)):
			statuses++
			tr.holds(t, []telemetry.StepName{telemetry.StepWebhook, telemetry.StepVerify, telemetry.StepParse, telemetry.StepEnqueue},
				[]telemetry.StepName{telemetry.StepStatus, telemetry.StepIdentity, telemetry.StepReceive, telemetry.StepSeen})
		}
	}
	for way, again := range map[telemetry.StepName]telemetry.StepName{telemetry.StepModel: telemetry.StepModel, telemetry.StepTranscribe: telemetry.StepInbound} {
		made := traces(c)[messages[way]].steps("atende-worker")
		if made = slices.DeleteFunc(made, func(name string) bool { return name != string(again) }); len(made) < 2 {
			t.Errorf("%s happened %d times by %s", again, len(made), way)
		}
	}
	if len(messages) != len(ways) || statuses == 0 {
		t.Errorf("traces of messages by %v, %d of statuses", messages, statuses)
	}

	seen := map[string]float64{}
	for _, p := range c.Points() {
		seen[p.Name] += p.Value
		if p.Histogram && len(p.Exemplars) == 0 {
			t.Errorf("%s %v of %s leads to no trace", p.Name, p.Labels, p.Service)
		}
	}
	for _, want := range []string{
		"atende.webhooks", "atende.events", "atende.step.duration", "atende.task.duration", "atende.queue.delay", "atende.task.retries", "atende.answer.duration",
		"atende.handoffs", "atende.model.duration", "atende.model.tokens", "atende.send.duration", "atende.replies", "atende.statuses",
	} {
		if seen[want] == 0 {
			t.Errorf("nothing of %s was exported, but %v", want, seen)
		}
	}
	if seen["atende.answer.duration"] != 3 || seen["atende.handoffs"] != 1 {
		t.Errorf("%v answers and %v handoffs", seen["atende.answer.duration"], seen["atende.handoffs"])
	}

	marks = append(marks, "Marcad", "Silva", "papagaio", "ERP", "trabalham", "pessoa", "development-access-token")
	if !bytes.Contains(c.Raw(), []byte(telemetry.StepInbound)) {
		t.Error("what was exported cannot be searched")
	}
	for _, mark := range marks {
		if bytes.Contains(c.Raw(), []byte(mark)) {
			t.Errorf("%q was exported", mark)
		}
	}
}
