package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/telemetry/collectortest"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/internal/worker"
)

const maxBody = 128 << 10

// script plays the turns: real ones cannot be told to end in every way.
type script struct {
	mu     sync.Mutex
	report turn.Report
	err    error
	panics any
	calls  []call
}

// call is what a turn was asked.
type call struct {
	Method string
	ID     string
	Body   string
	// Correlation and Trace are those of the context.
	Correlation, Trace string
}

func (s *script) play(report turn.Report, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report, s.err, s.panics, s.calls = report, err, nil, nil
}

func (s *script) called() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *script) act(ctx context.Context, method, id string, body []byte) (turn.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	trace := ""
	if parts := strings.Split(telemetry.Traceparent(ctx), "-"); len(parts) == 4 {
		trace = parts[1]
	}
	s.calls = append(s.calls, call{method, id, string(body), telemetry.CorrelationID(ctx), trace})
	if s.panics != nil {
		panic(s.panics)
	}
	return s.report, s.err
}

func (s *script) Inbound(ctx context.Context, e envelope.Envelope, body []byte) (turn.Report, error) {
	return s.act(ctx, "inbound", e.ID, body)
}

func (s *script) Statuses(ctx context.Context, e envelope.Envelope) (turn.Report, error) {
	return s.act(ctx, "statuses", e.ID, nil)
}

func (s *script) Timer(ctx context.Context, e envelope.Envelope) (turn.Report, error) {
	return s.act(ctx, "timer", e.ID, nil)
}

func (s *script) Quarantine(ctx context.Context, e envelope.Envelope) (turn.Report, error) {
	return s.act(ctx, "quarantine", e.ID, nil)
}

func (s *script) Unreadable(ctx context.Context, id string, body []byte) (turn.Report, error) {
	return s.act(ctx, "unreadable", id, body)
}

// door is a worker that serves on loopback.
type door struct {
	t     *testing.T
	url   string
	turns *script
	logs  *journal
	key   *pii.HashKey
	ring  *pii.Ring
	now   time.Time

	telemetry *telemetry.Telemetry
}

func newDoor(t *testing.T, identity *worker.Identity) *door {
	t.Helper()
	return newDoorTo(t, identity, "")
}

// newDoorTo makes a door that exports to a collector.
func newDoorTo(t *testing.T, identity *worker.Identity, collector string) *door {
	t.Helper()
	d := &door{t: t, turns: &script{}, logs: &journal{}, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	var err error
	if d.key, err = pii.NewHashKey(bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatal(err)
	}
	if d.ring, err = pii.NewRing(bytes.Repeat([]byte{8}, 32)); err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "atende-worker", Writer: d.logs, OTLPEndpoint: collector})
	if err != nil {
		t.Fatal(err)
	}
	if identity == nil {
		identity = worker.NewIdentity(worker.IdentityOptions{Mode: worker.None})
	}
	d.telemetry = tel
	w := worker.New(worker.Options{
		Tenant: "default", Key: d.key, Identity: identity, Turns: d.turns, Telemetry: tel, Now: func() time.Time { return d.now },
	})
	server := httpserver.New(httpserver.Options{Service: "atende-worker", MaxBody: maxBody, Enter: tel.Enter, Report: program.Report(tel)})
	worker.Register(server.Echo(), func() *worker.Worker { return w })

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	d.url = "http://" + listener.Addr().String()
	return d
}

// letter is a whole envelope of one kind.
func (d *door) letter(kind envelope.Kind) envelope.Envelope {
	d.t.Helper()
	e := envelope.Envelope{
		V: envelope.Version, Kind: kind, Tenant: "default", PhoneNumberID: "422000000000002",
		ID: "aaaabbbbccccddddeeeeffffgg", Conversation: "ccccccccccccccccccccccccccccdddd", ReceivedAt: d.now.Add(-time.Second),
		CorrelationID: "corr-77", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	if err := e.Seal(d.ring, conversation.Inbound{Text: "oi"}); err != nil {
		d.t.Fatal(err)
	}
	return e
}

func (d *door) encode(e envelope.Envelope) []byte {
	d.t.Helper()
	body, err := e.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	return body
}

type reply struct {
	status int
	header http.Header
	body   string
}

// push is what Cloud Tasks does.
func (d *door) push(path string, body []byte, header http.Header) reply {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+path, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name := range header {
		r.Header.Set(name, header.Get(name))
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(answer)}
}

// journal gathers log lines.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// last is the last log line.
func (j *journal) last(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(j.String()), "\n")
	var event map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &event); err != nil {
		t.Fatalf("log line is no JSON: %v", err)
	}
	return event
}

// events are all log lines.
func (j *journal) events(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(j.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("log line is no JSON: %v", err)
		}
		all = append(all, event)
	}
	return all
}

func TestFates(t *testing.T) {
	d := newDoor(t, nil)
	sick := errors.New("ledger: unavailable")
	for _, c := range []struct {
		name   string
		report turn.Report
		err    error
		want   int
		after  string
		event  string
		level  string
	}{
		{"answered", turn.Report{Fate: turn.Answered, Turn: "c~1"}, nil, 200, "", "turn_finished", "INFO"},
		{"answered without a turn", turn.Report{Fate: turn.Answered}, nil, 200, "", "task_finished", "INFO"},
		{"known before", turn.Report{Fate: turn.Known, Turn: "c~1"}, nil, 200, "", "task_finished", "INFO"},
		{"deferred", turn.Report{Fate: turn.Deferred, FollowUp: time.Minute}, nil, 200, "", "task_finished", "INFO"},
		{"parked message", turn.Report{Fate: turn.Parked, Reason: "poison"}, nil, 299, "", "task_parked", "ERROR"},
		{"parked turn", turn.Report{Fate: turn.Parked, Turn: "c~1"}, nil, 299, "", "turn_parked", "ERROR"},
		{"an ill dependency", turn.Report{}, fault.Mark(sick, fault.Dependency), 503, "2", "task_finished", "WARNING"},
		{"an ill dependency, wrapped", turn.Report{}, fmt.Errorf("commit: %w", fault.Mark(sick, fault.Dependency)), 503, "2", "task_finished", "WARNING"},
		{"another writer was first", turn.Report{}, fault.Mark(sick, fault.Conflict), 503, "2", "task_finished", "WARNING"},
		{"throttled", turn.Report{}, fault.Mark(sick, fault.Throttled), 503, "10", "task_finished", "WARNING"},
		{"throttled for seven seconds", turn.Report{}, fault.After(sick, 7*time.Second), 503, "7", "task_finished", "WARNING"},
		{"throttled for a bit more", turn.Report{}, fault.After(sick, 7001*time.Millisecond), 503, "8", "task_finished", "WARNING"},
		{"out of time", turn.Report{}, fmt.Errorf("load: %w", context.DeadlineExceeded), 503, "2", "task_finished", "WARNING"},
		{"cut off", turn.Report{}, context.Canceled, 503, "2", "task_finished", "WARNING"},
		{"our bug", turn.Report{}, fault.Mark(sick, fault.Broken), 500, "", "task_finished", "ERROR"},
		{"nobody knows", turn.Report{}, sick, 500, "", "task_finished", "ERROR"},
		{"refused", turn.Report{}, fault.Mark(sick, fault.Refused), 500, "", "task_finished", "ERROR"},
		{"unreadable", turn.Report{}, fault.Mark(sick, fault.Unreadable), 500, "", "task_finished", "ERROR"},
		// A fate beside an error is not to be believed.
		{"parked, but not for sure", turn.Report{Fate: turn.Parked}, fault.Mark(sick, fault.Dependency), 503, "2", "", "WARNING"},
		{"answered, but not for sure", turn.Report{Fate: turn.Answered, Turn: "c~1"}, sick, 500, "", "", "ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.turns.play(c.report, c.err)
			got := d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), nil)
			if got.status != c.want || got.header.Get("Retry-After") != c.after || got.body != "" {
				t.Errorf("%d %q, Retry-After %q, want %d and %q", got.status, got.body, got.header.Get("Retry-After"), c.want, c.after)
			}
			event := d.logs.last(t)
			if c.event != "" && event["message"] != c.event || event["severity"] != c.level {
				t.Errorf("logged as %v of %v, want %s of %s", event["message"], event["severity"], c.event, c.level)
			}
			if event["status"] != float64(c.want) || c.err != nil && event["error_kind"] != fault.KindOf(c.err).String() {
				t.Errorf("the event says %v", event)
			}
		})
	}
}

func TestRoutesAndKinds(t *testing.T) {
	d := newDoor(t, nil)
	routes := []string{"/tasks/inbound", "/tasks/status", "/tasks/timer"}
	for _, c := range []struct {
		kind         envelope.Kind
		path, method string
		events       string
	}{
		{envelope.Inbound, "/tasks/inbound", "inbound", "task_finished"},
		{envelope.Quarantine, "/tasks/inbound", "quarantine", "task_finished"},
		{envelope.Status, "/tasks/status", "statuses", "statuses_applied"},
		{envelope.Timer, "/tasks/timer", "timer", "timer_finished"},
	} {
		body := d.encode(d.letter(c.kind))
		for _, path := range routes {
			d.turns.play(turn.Report{Fate: turn.Known}, nil)
			want := call{Method: c.method, ID: "aaaabbbbccccddddeeeeffffgg", Correlation: "corr-77", Trace: "0af7651916cd43dd8448eb211c80319c"}
			switch {
			case path != c.path: // A letter at the wrong route is nobody's.
				d.turns.play(turn.Report{Fate: turn.Parked, Reason: "unreadable-envelope"}, nil)
				want.Method, want.ID, want.Body = "unreadable", d.key.Event("task", string(body)), string(body)
			case c.kind == envelope.Inbound:
				want.Body = string(body)
			}
			got := d.push(path, body, nil)
			if diff := cmp.Diff([]call{want}, d.turns.called()); diff != "" {
				t.Errorf("%s to %s (-want +got):\n%s", c.kind, path, diff)
			}
			status, event := http.StatusOK, c.events
			if path != c.path {
				status, event = 299, "task_parked"
			}
			if got.status != status || d.logs.last(t)["message"] != event {
				t.Errorf("%s to %s: %d, logged as %v", c.kind, path, got.status, d.logs.last(t)["message"])
			}
		}
	}
}

// A body that is no letter is kept for an operator, under a keyed hash.
func TestGarbage(t *testing.T) {
	d := newDoor(t, nil)
	for name, body := range map[string][]byte{
		"nothing":       {},
		"not JSON":      []byte("telefone 5511900001111"),
		"cut off":       d.encode(d.letter(envelope.Inbound))[:100],
		"no version":    []byte(`{"kind":"inbound"}`),
		"unknown kind":  []byte(`{"v":1,"kind":"poem","tenant":"default","id":"x","payload":"AA=="}`),
		"over 90 KiB":   bytes.Repeat([]byte("a"), 100<<10),
		"deeply nested": bytes.Repeat([]byte("["), 80<<10),
	} {
		d.turns.play(turn.Report{Fate: turn.Parked, Reason: "unreadable-envelope"}, nil)
		got := d.push("/tasks/inbound", body, nil)
		calls := d.turns.called()
		if got.status != 299 || len(calls) != 1 || calls[0].Method != "unreadable" ||
			calls[0].ID != d.key.Event("task", string(body)) || calls[0].Body != string(body) {
			t.Errorf("%s: %d after %d calls", name, got.status, len(calls))
		}
	}
	// Until it is kept, it is not acknowledged.
	d.turns.play(turn.Report{}, fault.Mark(errors.New("bury: unavailable"), fault.Dependency))
	if got := d.push("/tasks/inbound", []byte("x"), nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("with the morgue closed: %d", got.status)
	}
	if strings.Contains(d.logs.String(), "5511900001111") {
		t.Error("the log quotes a body")
	}
}

// A letter of a newer version waits an hour for a revision that reads it.
func TestNewerVersion(t *testing.T) {
	d := newDoor(t, nil)
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"just received":                {`{"v":2,"received_at":"2026-11-22T09:59:59Z"}`, 503},
		"an hour ago":                  {`{"v":2,"received_at":"2026-11-22T09:00:00Z"}`, 503},
		"over an hour ago":             {`{"v":2,"received_at":"2026-11-22T08:59:59Z"}`, 299},
		"over an hour ago, other form": {`{"v":2,"tenant":{"id":"default"},"received_at":"2026-11-22T08:59:59Z"}`, 299},
		"from the future":              {`{"v":2,"received_at":"2027-11-22T08:59:59Z"}`, 503},
		"nobody knows when":            {`{"v":2}`, 503},
		"of another tenant":            {`{"v":2,"tenant":"other","received_at":"2026-11-22T09:59:59Z"}`, 503},
	} {
		d.turns.play(turn.Report{Fate: turn.Parked}, nil)
		got := d.push("/tasks/status", []byte(c.body), nil)
		if got.status != c.want || got.status == 503 && got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, want %d", name, got.status, c.want)
		}
		if parked := len(d.turns.called()) == 1; parked != (c.want == 299) {
			t.Errorf("%s: %d calls", name, len(d.turns.called()))
		}
	}
}

// A wrong TENANT_ID of one service must not eat the other's messages.
func TestAnotherTenant(t *testing.T) {
	d := newDoor(t, nil)
	e := d.letter(envelope.Inbound)
	e.Tenant = "other"
	d.turns.play(turn.Report{Fate: turn.Answered}, nil)
	if got := d.push("/tasks/inbound", d.encode(e), nil); got.status != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", got.status)
	}
	if calls := d.turns.called(); len(calls) > 0 {
		t.Errorf("it was worked on: %v", calls[0].Method)
	}
	event := d.logs.last(t)
	if event["error_kind"] != "broken" || !strings.Contains(fmt.Sprint(event["error"]), "TENANT_ID") {
		t.Errorf("the event does not say what to look at: %v", event)
	}
}

func TestBodyTooLarge(t *testing.T) {
	d := newDoor(t, nil)
	got := d.push("/tasks/inbound", bytes.Repeat([]byte("a"), maxBody+1), nil)
	if got.status != http.StatusRequestEntityTooLarge || len(d.turns.called()) > 0 {
		t.Errorf("%d after %d calls, want 413 and none", got.status, len(d.turns.called()))
	}
}

func TestPanic(t *testing.T) {
	d := newDoor(t, nil)
	d.turns.panics = "telefone 5511900001111"
	got := d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), nil)
	if got.status != http.StatusInternalServerError || got.body != "" {
		t.Errorf("%d %q, want 500 and nothing", got.status, got.body)
	}
	event := d.logs.last(t)
	if event["severity"] != "CRITICAL" || event["panic_type"] != "string" || event["correlation_id"] != "corr-77" {
		t.Errorf("logged as %v", event)
	}
	if !strings.Contains(fmt.Sprint(event["stack_trace"]), "worker_test") {
		t.Error("nobody can tell where it happened")
	}
	if strings.Contains(d.logs.String(), "5511900001111") {
		t.Error("the log shows the panic's value")
	}
	d.turns.play(turn.Report{Fate: turn.Known}, nil)
	if got := d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), nil); got.status != http.StatusOK {
		t.Errorf("the next task: %d", got.status)
	}
}

// The one event of a task tells what happened and joins the webhook's trace.
func TestEvent(t *testing.T) {
	d := newDoor(t, nil)
	d.turns.play(turn.Report{
		Fate: turn.Answered, Conversation: "cid", Turn: "cid~4", Route: conversation.RouteModel, Phase: conversation.Sending,
		Messages: 3, Attempt: 1, Hintless: true, Reason: "",
		Model: conversation.Model{Name: "gpt-4o-mini", Calls: 2, TokensIn: 900, TokensCached: 512, TokensOut: 80, CostMicroUSD: 145, Outcomes: []string{"invalid", "ok"}, Took: 2 * time.Second},
		Phases: []conversation.Phase{
			{Name: "enter", Took: 3 * time.Millisecond}, {Name: "load", Took: 12 * time.Millisecond},
			{Name: "decide", Took: 2 * time.Second}, {Name: "commit", Took: 15 * time.Millisecond}, {Name: "send", Took: 300 * time.Millisecond}, {Name: "invented", Took: time.Hour},
		},
	}, nil)
	e := d.letter(envelope.Inbound)
	e.FollowUp = 2
	d.push("/tasks/inbound", d.encode(e), http.Header{"X-Correlation-Id": {"of-the-push"}})
	event := d.logs.last(t)
	want := map[string]any{
		"message": "turn_finished", "severity": "INFO", "correlation_id": "corr-77", "kind": "inbound", "fate": "answered",
		"message_id": e.ID, "conversation": e.Conversation, "turn": "cid~4", "follow_ups": 2.0, "messages": 3.0, "attempts": 1.0,
		"state": "SENDING", "ambiguous": true, "model": "gpt-4o-mini", "prompt_tokens": 900.0, "cached_tokens": 512.0,
		"completion_tokens": 80.0, "cost_micro_usd": 145.0, "drafts": 2.0, "hint_latency_ms": 3.0, "ledger_latency_ms": 12.0, "model_latency_ms": 2000.0,
		"commit_latency_ms": 15.0, "send_latency_ms": 300.0, "route": "/tasks/inbound", "method": "POST", "status": 200.0,
	}
	for name, value := range want {
		if diff := cmp.Diff(value, event[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if trace := fmt.Sprint(event["logging.googleapis.com/trace"]); !strings.HasSuffix(trace, "0af7651916cd43dd8448eb211c80319c") {
		t.Errorf("trace %q is not the webhook's", trace)
	}

	d.turns.play(turn.Report{Fate: turn.Applied, Statuses: 7, Unknown: 2, Duplicates: 1}, nil)
	d.push("/tasks/status", d.encode(d.letter(envelope.Status)), nil)
	event = d.logs.last(t)
	if event["statuses"] != 7.0 || event["ignored"] != 2.0 || event["duplicates"] != 1.0 || event["fate"] != "applied" {
		t.Errorf("statuses are logged as %v", event)
	}

	d.turns.play(turn.Report{Fate: turn.Applied, Statuses: 2, Failures: []int{131026, 131047}}, nil)
	d.push("/tasks/status", d.encode(d.letter(envelope.Status)), nil)
	event = d.logs.last(t)
	if event["message"] != "reply_failed" || event["severity"] != "WARNING" || event["failed"] != 2.0 || event["code"] != 131026.0 {
		t.Errorf("a failure is logged as %v", event)
	}
}

// How late a task came, and what a lead waited, is in the log; for how long is the
// queue's to say, and a strange answer is none.
func TestTheQueueSaysHowLateATaskIs(t *testing.T) {
	d := newDoor(t, nil)
	sent := turn.Report{Fate: turn.Answered, Turn: "c~1", Phase: conversation.Sent, Attempt: 1, Blocked: []string{"claims", "promise"}}
	for _, c := range []struct {
		eta, retries string
		report       turn.Report
		want         map[string]any // of queue_delay_ms, message_age_ms, retries, verdict
	}{
		{"1795341598.5", "3", sent, map[string]any{"queue_delay_ms": 1500., "message_age_ms": 1000., "retries": 3., "verdict": "claims promise"}},
		{"1795341601", "", sent, map[string]any{"queue_delay_ms": 0., "message_age_ms": 1000., "retries": 0., "verdict": "claims promise"}},
		{"", "", turn.Report{Fate: turn.Known, Turn: "c~1", Phase: conversation.Sent, Attempt: 1}, map[string]any{"retries": 0.}},
		{"soon", "x", turn.Report{Fate: turn.Answered, Turn: "c~1", Phase: conversation.Sent}, map[string]any{"retries": 0.}},
		{"NaN", "", turn.Report{Fate: turn.Answered, Turn: "c~1", Phase: conversation.Failed, Attempt: 1}, map[string]any{"retries": 0.}},
		{"-1e300", "", turn.Report{Fate: turn.Deferred}, map[string]any{"retries": 0.}},
	} {
		d.turns.play(c.report, nil)
		d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), http.Header{"X-Cloudtasks-Tasketa": {c.eta}, "X-Cloudtasks-Taskretrycount": {c.retries}})
		got := map[string]any{}
		for _, name := range []string{"queue_delay_ms", "message_age_ms", "retries", "verdict"} {
			if v, ok := d.logs.last(t)[name]; ok {
				got[name] = v
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.eta, diff)
		}
	}
}

// What is counted of a task, and which other traces its answer belongs to.
func TestTasksAreCounted(t *testing.T) {
	c := collectortest.Start(t)
	d := newDoorTo(t, nil, c.URL)
	other := "00-" + strings.Repeat("ab", 16) + "-b7ad6b7169203331-01"
	for _, task := range []struct {
		path   string
		kind   envelope.Kind
		report turn.Report
		err    error
	}{
		{"/tasks/inbound", envelope.Inbound, turn.Report{
			Fate: turn.Answered, Turn: "c~1", Phase: conversation.Sent, Attempt: 1, Handoff: "requested", Blocked: []string{"claims", "claims"}, Traces: []string{other},
		}, nil},
		{"/tasks/inbound", envelope.Inbound, turn.Report{}, fault.Mark(errors.New("ledger"), fault.Dependency)},
		{"/tasks/inbound", envelope.Quarantine, turn.Report{Fate: turn.Parked, Reason: "quarantine:body"}, nil},
		{"/tasks/timer", envelope.Timer, turn.Report{Fate: turn.Applied, Handoff: "requested"}, nil},
		{"/tasks/status", envelope.Status, turn.Report{Fate: turn.Applied, Statuses: 4, Unknown: 1, Proven: 2, Duplicates: 1, Failures: []int{131026}}, nil},
	} {
		d.turns.play(task.report, task.err)
		d.push(task.path, d.encode(d.letter(task.kind)), http.Header{"X-Cloudtasks-Tasketa": {"1795341599"}, "X-Cloudtasks-Taskretrycount": {"1"}})
	}
	if err := d.telemetry.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	got := map[string]float64{}
	for _, p := range c.Points() {
		if p.Name != "atende.step.duration" {
			got[fmt.Sprint(p.Name, p.Labels)] = p.Value
		}
	}
	want := map[string]float64{
		"atende.task.durationmap[fate:answered kind:inbound]": 1, "atende.task.durationmap[fate:dependency kind:inbound]": 1,
		"atende.task.durationmap[fate:parked kind:quarantine]": 1, "atende.task.durationmap[fate:applied kind:timer]": 1,
		"atende.task.durationmap[fate:applied kind:status]": 1,
		"atende.queue.delaymap[kind:inbound]":               2, "atende.queue.delaymap[kind:quarantine]": 1, "atende.queue.delaymap[kind:timer]": 1, "atende.queue.delaymap[kind:status]": 1,
		"atende.task.retriesmap[kind:inbound]": 2, "atende.task.retriesmap[kind:quarantine]": 1, "atende.task.retriesmap[kind:timer]": 1, "atende.task.retriesmap[kind:status]": 1,
		"atende.answer.durationmap[]":                                   1,
		"atende.parkedmap[kind:quarantine reason:quarantine:body]":      1,
		"atende.handoffsmap[event:handoff_opened reason:requested]":     1,
		"atende.handoffsmap[event:handoff_unanswered reason:requested]": 1,
		"atende.drafts.blockedmap[guard:claims]":                        2,
		"atende.repliesmap[outcome:proven]":                             2,
		"atende.repliesmap[outcome:duplicate]":                          1,
		"atende.repliesmap[outcome:failed]":                             1,
		"atende.statusesmap[status:unknown]":                            1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}

	failed, linked := 0, 0
	for _, s := range c.Spans() {
		if s.Trace != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in trace %s", s.Name, s.Trace)
		}
		if s.Failed {
			failed++
		}
		if slices.Equal(s.Links, []string{strings.Repeat("ab", 16)}) {
			linked++
		}
	}
	if failed != 2 || linked != 1 { // An ill dependency, and something that waits for a person.
		t.Errorf("%d failed, %d are about another trace too", failed, linked)
	}
}

// A key that a line has twice is read as one of its two values, and nobody knows
// which.
func TestSeveralReasonsAreOneField(t *testing.T) {
	d := newDoor(t, nil)
	d.turns.play(turn.Report{
		Fate: turn.Answered, Turn: "c~1", Route: conversation.RouteMenu, Handoff: "requested",
		Fallback: conversation.FallbackTenant, Hintless: true,
	}, nil)
	d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), nil)
	line := d.logs.String()
	if want := `"reason":"menu handoff:requested without_model:tenant-budget hint_unavailable"`; strings.Count(line, `"reason"`) != 1 || !strings.Contains(line, want) {
		t.Errorf("want %s once in %s", want, line)
	}
}

func TestAlarms(t *testing.T) {
	barred := conversation.Setback{Code: 131042, Class: "ops", Meaning: "payment method missing or refused", Remedy: conversation.ConfigurationAlarm, Known: true}
	gone := conversation.Setback{Code: 131026, Class: "recipient", Meaning: "cannot be delivered", Remedy: conversation.BlockedContact, Known: true}
	odd := conversation.Setback{Code: 139999, Class: "recipient", Remedy: conversation.Permanent}
	d := newDoor(t, nil)
	for _, step := range []struct {
		setbacks []conversation.Setback
		codes    []float64
	}{
		{[]conversation.Setback{gone}, nil},
		{[]conversation.Setback{barred, barred, gone}, []float64{131042}},
		{[]conversation.Setback{barred}, []float64{131042}},
		{[]conversation.Setback{odd, barred, odd}, []float64{139999, 131042}},
		{[]conversation.Setback{odd}, nil}, // It was told of already.
	} {
		before := len(d.logs.events(t))
		d.turns.play(turn.Report{Fate: turn.Applied, Setbacks: step.setbacks}, nil)
		d.push("/tasks/status", d.encode(d.letter(envelope.Status)), nil)
		var codes []float64
		for _, event := range d.logs.events(t)[before:] {
			if event["message"] != "platform_alarm" {
				continue
			}
			if event["severity"] != "CRITICAL" || event["reason"] == "" || event["kind"] == "" {
				t.Errorf("an alarm is logged as %v", event)
			}
			codes = append(codes, event["code"].(float64))
		}
		if !slices.Equal(codes, step.codes) {
			t.Errorf("%v: alarms of %v, want %v", step.setbacks, codes, step.codes)
		}
	}
}

func TestErrorsAreRedacted(t *testing.T) {
	d := newDoor(t, nil)
	d.turns.play(turn.Report{}, fault.Mark(errors.New("send to 5511900001111, iara@example.com, wamid.HBgM"), fault.Dependency))
	d.push("/tasks/inbound", d.encode(d.letter(envelope.Inbound)), nil)
	for _, canary := range []string{"5511900001111", "iara@", "wamid.HBgM"} {
		if strings.Contains(d.logs.String(), canary) {
			t.Errorf("the log shows %q", canary)
		}
	}
}

func TestIdentityComesFirst(t *testing.T) {
	i := newIssuer(t)
	identity := worker.NewIdentity(worker.IdentityOptions{Mode: worker.OIDC, Issuer: i.URL, Audience: audience, Email: invoker})
	d := newDoor(t, identity)
	body := d.encode(d.letter(envelope.Inbound))
	stranger := i.token(map[string]any{"email": "eve@atende.example"})
	for _, path := range []string{"/tasks/inbound", "/tasks/status", "/tasks/timer"} {
		for _, c := range []struct {
			name   string
			header http.Header
			want   int
		}{
			{"no token", nil, http.StatusUnauthorized},
			{"another scheme", http.Header{"Authorization": {"Basic dTpw"}}, http.StatusUnauthorized},
			{"a wrong token", bearer("a.b.c"), http.StatusForbidden},
			{"a stranger's", bearer(stranger), http.StatusForbidden},
		} {
			for _, body := range [][]byte{body, []byte("garbage")} {
				got := d.push(path, body, c.header)
				if got.status != c.want || got.body != "" || (c.want == http.StatusUnauthorized) != (got.header.Get("WWW-Authenticate") != "") {
					t.Errorf("%s, %s: %d %q, want %d", path, c.name, got.status, got.body, c.want)
				}
				event := d.logs.last(t)
				if event["message"] != "task_identity_refused" || event["severity"] != "ERROR" || event["error_kind"] != "identity" {
					t.Errorf("%s, %s: logged as %v", path, c.name, event)
				}
			}
		}
	}
	i.rotate()
	i.become(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) })
	got := d.push("/tasks/inbound", body, bearer(i.token(nil)))
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("while the issuer is ill: %d", got.status)
	}
	if len(d.turns.called()) > 0 {
		t.Error("a stranger's task was worked on")
	}
	i.become(nil)
	d.turns.play(turn.Report{Fate: turn.Known}, nil)
	ours := bearer(i.token(nil))
	if err := recovered(t, identity, ours); err != nil {
		t.Errorf("well again: %v", err)
	}
	if got := d.push("/tasks/inbound", body, ours); got.status != http.StatusOK {
		t.Errorf("our own: %d", got.status)
	}
	for _, part := range strings.Split(stranger, ".") {
		if strings.Contains(d.logs.String(), part) {
			t.Error("the log shows a token")
		}
	}
}

func TestOnlyPosts(t *testing.T) {
	d := newDoor(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		r, err := http.NewRequestWithContext(t.Context(), method, d.url+"/tasks/inbound", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d, want 405", method, response.StatusCode)
		}
	}
}

// Tasks of the real client, pushed by the stand-in for Cloud Tasks with tokens
// that it really signs. What is parked is not pushed again.
func TestPushedTasks(t *testing.T) {
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	d := newDoor(t, worker.NewIdentity(worker.IdentityOptions{
		Mode: worker.OIDC, Issuer: server.IssuerURL(), Audience: audience, Email: invoker,
	}))
	client, err := cloudtasks.New(cloudtasks.Options{
		Project: "p", Location: "l", WorkerURL: d.url, Audience: audience, InvokerEmail: invoker, EmulatorHost: server.Addr(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	inbox := cloudtasks.NewInbox(client, cloudtasks.Queues{Inbound: []string{"in"}, Status: []string{"st"}, Timer: []string{"tm"}})

	d.turns.play(turn.Report{Fate: turn.Parked}, nil)
	for _, kind := range []envelope.Kind{envelope.Inbound, envelope.Status, envelope.Timer} {
		if _, err := inbox.Put(t.Context(), d.letter(kind), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := server.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	for _, task := range server.Tasks() {
		if task.State != cloudtaskstest.Succeeded || len(task.Attempts) != 1 || task.Attempts[0].Status != 299 {
			t.Errorf("task %s: %s after %d attempts", task.Name, task.State, len(task.Attempts))
		}
	}
	if n := len(d.turns.called()); n != 3 {
		t.Errorf("%d tasks were worked on, want 3", n)
	}
}
