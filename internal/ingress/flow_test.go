package ingress_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const flowRoute = "/webhook/whatsapp/flow/endpoint"

// counter is a phone before an ingress that serves Flows. Whoever runs the
// business is there tomorrow at ten, whenever today is.
type counter struct {
	*door
	phone whatsapptest.FlowPhone
	token string
	// now is when everything happens; day is tomorrow, as the form names it.
	now time.Time
	day string
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	text, public := whatsapptest.FlowKeyPEM()
	key, err := whatsapp.ParseFlowKey([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	form, err := flow.New(flow.Office{
		Topics: []flow.Option{{ID: "bolos", Title: "Bolos de festa"}},
		Modes:  []string{"presencial", "online"},
		Starts: func(now time.Time) []time.Time {
			return []time.Time{time.Date(now.Year(), now.Month(), now.Day()+1, 10, 0, 0, 0, now.Location())}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), day: "2026-12-01"}
	c.door = newDoor(t, options{
		now:  func() time.Time { return c.now },
		flow: &ingress.Flow{Form: form, Key: func(context.Context) (*whatsapp.FlowKey, error) { return key, nil }},
	})
	c.phone = whatsapptest.FlowPhone{Pen: c.pen, Key: public, URL: strings.TrimSuffix(c.url, route) + flowRoute}
	c.token = flow.Mint(c.key, conversation.ID(c.key.Conversation(number, lead)), c.now).Reveal()
	return c
}

// ask makes one request of the Flow and wants its status.
func (c *counter) ask(p whatsapptest.FlowPhone, status int, request map[string]any) whatsapptest.FlowAnswer {
	c.t.Helper()
	answer, err := p.Ask(c.t.Context(), request)
	if err != nil {
		c.t.Fatal(err)
	}
	if answer.Status != status {
		c.t.Fatalf("%v: status %d, want %d", request["action"], answer.Status, status)
	}
	return answer
}

// screen asks for what comes next and wants a screen.
func (c *counter) screen(action, from string, data map[string]any, want string) map[string]any {
	c.t.Helper()
	answer := c.ask(c.phone, http.StatusOK, map[string]any{
		"version": "4.0", "action": action, "screen": from, "data": data, "flow_token": c.token, "flow_token_signature": "a.b.c",
	})
	if answer.ContentType != "text/plain" {
		c.t.Errorf("content type %q", answer.ContentType)
	}
	var shown struct {
		Screen string
		Data   map[string]any
	}
	if err := json.Unmarshal(answer.Text, &shown); err != nil || shown.Screen != want {
		c.t.Fatalf("%s from %q: %s, want %s", action, from, answer.Text, want)
	}
	return shown.Data
}

func TestFlowPing(t *testing.T) {
	c := newCounter(t)
	answer := c.ask(c.phone, http.StatusOK, map[string]any{"version": "3.0", "action": "ping"})
	if string(answer.Text) != `{"data":{"status":"active"}}` {
		t.Errorf("%s", answer.Text)
	}
}

func TestFlowFromOpenToEnd(t *testing.T) {
	c := newCounter(t)
	first := c.screen("INIT", "", nil, flow.Appointment)
	if options, _ := first["date"].([]any); len(options) != 1 {
		t.Fatalf("days on offer: %v", first["date"])
	}
	chosen := map[string]any{"vertical": "bolos", "date": c.day, "meeting_mode": "online"}
	trigger := map[string]any{"trigger": "date_selected", "vertical": "bolos", "date": c.day}
	if times, _ := c.screen("data_exchange", flow.Appointment, trigger, flow.Appointment)["time"].([]any); len(times) != 1 {
		t.Fatalf("times on offer: %v", times)
	}
	// Without a time it stays, with a word why.
	if fault := c.screen("data_exchange", flow.Appointment, chosen, flow.Appointment)["error_message"]; fault == nil {
		t.Error("a day without a time was taken")
	}
	chosen["time"] = "10:00"
	entries := c.screen("data_exchange", flow.Appointment, chosen, flow.Details)
	delete(entries, "init_values")
	entries["name"], entries["email"] = "Iara Prado", "iara@example.com"
	summary := c.screen("data_exchange", flow.Details, entries, flow.Summary)
	back := c.screen("BACK", flow.Summary, summary, flow.Details)
	if values, _ := back["init_values"].(map[string]any); values["name"] != "Iara Prado" {
		t.Errorf("back at the details: %v", back)
	}
	end := c.screen("data_exchange", flow.Summary, summary, flow.Success)
	want := map[string]any{"extension_message_response": map[string]any{"params": map[string]any{
		"flow_token": c.token, "vertical": "bolos", "date": c.day, "time": "10:00", "meeting_mode": "online",
		"name": "Iara Prado", "email": "iara@example.com", "company": "", "need_description": "",
	}}}
	if diff := cmp.Diff(want, end); diff != "" {
		t.Errorf("the end (-want +got)\n%s", diff)
	}
	// It comes once more, as after a lost answer.
	if diff := cmp.Diff(want, c.screen("data_exchange", flow.Summary, summary, flow.Success)); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
	if tasks := c.tasks.Tasks(); len(tasks) > 0 {
		t.Errorf("%d tasks were made of screens", len(tasks))
	}
	for _, private := range []string{"Iara", "iara@example.com", c.token, lead} {
		if strings.Contains(c.logs.String(), private) {
			t.Errorf("the log says %q", private)
		}
	}
	event := c.logs.event(t, "flow_answered")
	if event["kind"] != "data_exchange" || event["state"] != "SUCCESS" || event["conversation"] != c.key.Conversation(number, lead) {
		t.Errorf("the log says %v", event)
	}
}

func TestFlowOfUnknownAction(t *testing.T) {
	c := newCounter(t)
	c.screen("wave", "TERMS", nil, flow.Appointment)
	if event := c.logs.event(t, "flow_answered"); event["kind"] != "other" {
		t.Errorf("the log says %v", event)
	}
}

func TestFlowNotices(t *testing.T) {
	c := newCounter(t)
	for _, data := range []map[string]any{
		{"error": "INVALID_SCREEN_TRANSITION", "error_message": "…"}, {"error_key": "timeout_error"},
	} {
		answer := c.ask(c.phone, http.StatusOK, map[string]any{"action": "data_exchange", "screen": flow.Details, "data": data})
		if string(answer.Text) != `{"data":{"acknowledged":true}}` {
			t.Errorf("%v: %s", data, answer.Text)
		}
	}
	if event := c.logs.event(t, "flow_failed"); event["reason"] != "timeout_error" || event["severity"] != "WARNING" {
		t.Errorf("the log says %v", event)
	}
}

func TestFlowTokens(t *testing.T) {
	c := newCounter(t)
	minted := c.token
	other, err := pii.NewHashKey(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]any{
		"none": nil, "Meta's own": "unused", "no text": 7, "a telephone number": lead,
		"changed": minted[:len(minted)-1] + "2", "of another key": flow.Mint(other, conversation.ID(c.key.Conversation(number, lead)), c.now).Reveal(),
		"expired": flow.Mint(c.key, conversation.ID(c.key.Conversation(number, lead)), c.now.Add(-flow.Life)).Reveal(),
	} {
		if token == minted {
			token = minted[:len(minted)-1] + "3"
		}
		for _, action := range []string{"INIT", "data_exchange", "BACK", "wave"} {
			answer := c.ask(c.phone, whatsapp.FlowTokenInvalid, map[string]any{
				"action": action, "screen": flow.Summary, "data": map[string]any{}, "flow_token": token,
			})
			var says map[string]string
			if err := json.Unmarshal(answer.Text, &says); err != nil || len(says) != 1 || !strings.Contains(says["error_msg"], "não vale mais") {
				t.Errorf("%s, %s: %s", name, action, answer.Text)
			}
		}
	}
	if event := c.logs.event(t, "flow_refused"); event["reason"] != "token" {
		t.Errorf("the log says %v", event)
	}
}

func TestFlowThatCannotBeOpened(t *testing.T) {
	c := newCounter(t)
	_, stranger := whatsapptest.FlowKeyPEM()
	for name, test := range map[string]struct {
		change func(p *whatsapptest.FlowPhone)
		want   int
	}{
		"another key": {func(p *whatsapptest.FlowPhone) { p.Key = stranger }, whatsapp.FlowUndecryptable},
		"a tampered tag": {func(p *whatsapptest.FlowPhone) {
			p.Spoil = func(body []byte) []byte {
				var envelope map[string]string
				_ = json.Unmarshal(body, &envelope)
				// Another character of base64, whichever was there.
				text := []byte(envelope["encrypted_flow_data"])
				if at := len(text) - 6; text[at] == 'A' {
					text[at] = 'B'
				} else {
					text[at] = 'A'
				}
				envelope["encrypted_flow_data"] = string(text)
				body, _ = json.Marshal(envelope)
				return body
			}
		}, whatsapp.FlowUndecryptable},
		"no JSON":           {func(p *whatsapptest.FlowPhone) { p.Spoil = func([]byte) []byte { return []byte("{") } }, http.StatusBadRequest},
		"nothing":           {func(p *whatsapptest.FlowPhone) { p.Spoil = func([]byte) []byte { return nil } }, http.StatusBadRequest},
		"another signature": {func(p *whatsapptest.FlowPhone) { p.Pen.AppSecret = []byte("outro") }, whatsapp.FlowBadSignature},
		"another signature over no JSON": {func(p *whatsapptest.FlowPhone) {
			p.Pen.AppSecret, p.Spoil = []byte("outro"), func([]byte) []byte { return []byte("{") }
		}, whatsapp.FlowBadSignature},
		"too large": {func(p *whatsapptest.FlowPhone) {
			p.Spoil = func(body []byte) []byte { return append(body, bytes.Repeat([]byte(" "), 1<<20)...) }
		}, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			phone := c.phone
			test.change(&phone)
			if answer := c.ask(phone, test.want, map[string]any{"action": "INIT", "flow_token": c.token}); len(answer.Body) > 0 {
				t.Errorf("says %q", answer.Body)
			}
		})
	}
}

func TestFlowBodyOfALengthNotTold(t *testing.T) {
	c := newCounter(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.phone.URL, io.MultiReader(bytes.NewReader(bytes.Repeat([]byte(" "), 1<<20+1))))
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, r); got.status != http.StatusRequestEntityTooLarge || got.body != "" {
		t.Errorf("%d %q", got.status, got.body)
	}
}

func TestFlowWithoutSignature(t *testing.T) {
	c := newCounter(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.phone.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, r); got.status != whatsapp.FlowBadSignature || got.body != "" {
		t.Errorf("%d %q", got.status, got.body)
	}
	if event := c.logs.event(t, "flow_signature_invalid"); event["signature_valid"] != false {
		t.Errorf("the log says %v", event)
	}
}

func TestFlowsThatAreOff(t *testing.T) {
	d := newDoor(t, options{})
	_, public := whatsapptest.FlowKeyPEM()
	phone := whatsapptest.FlowPhone{Pen: d.pen, Key: public, URL: strings.TrimSuffix(d.url, route) + flowRoute}
	answer, err := phone.Ask(t.Context(), map[string]any{"action": "ping"})
	if err != nil || answer.Status != http.StatusNotFound || len(answer.Body) > 0 {
		t.Errorf("%d %q, %v", answer.Status, answer.Body, err)
	}
}

// Without the key nobody can be answered, and with half of the app's secrets
// nobody be refused.
func TestFlowSecretsThatCannotBeHad(t *testing.T) {
	ill := errors.New("ill")
	_, public := whatsapptest.FlowKeyPEM()
	for name, o := range map[string]options{
		"the key": {flow: &ingress.Flow{Key: func(context.Context) (*whatsapp.FlowKey, error) { return nil, ill }}},
		"the app's secret": {
			flow:    &ingress.Flow{},
			secrets: ingress.Secrets{App: func(context.Context) ([]pii.Secret, error) { return nil, ill }},
		},
	} {
		d := newDoor(t, o)
		phone := whatsapptest.FlowPhone{Pen: d.pen, Key: public, URL: strings.TrimSuffix(d.url, route) + flowRoute}
		answer, err := phone.Ask(t.Context(), map[string]any{"action": "ping"})
		if err != nil || answer.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d, %v", name, answer.Status, err)
		}
		if d.logs.event(t, string(telemetry.SecretUnresolved)) == nil {
			t.Errorf("%s: the log says nothing", name)
		}
	}
}

func TestFlowReplyBecomesAForm(t *testing.T) {
	d := newDoor(t, options{})
	for response, want := range map[string]pii.Text{
		`{"flow_token":"t","date":"2026-12-01"}`: `{"flow_token":"t","date":"2026-12-01"}`,
		" \n{}":                                  " \n{}",
		`[{"flow_token":"t"}]`:                   "",
		`"oi"`:                                   "",
		`null`:                                   "",
		`{"a":`:                                  "",
	} {
		d.want(d.receive(d.pen.FlowReply(lead, "Iara", "wamid.X", response)), tally{Events: 1, Enqueued: 1})
		messages := d.messages()
		m := messages[len(messages)-1]
		note := ""
		if want == "" {
			note = "form"
		}
		if m.Kind != conversation.KindFlow || m.Form.Reveal() != want.Reveal() || m.Note != note {
			t.Errorf("%q: kind %s, form %q, note %q", response, m.Kind, m.Form.Reveal(), m.Note)
		}
	}
}
