package whatsapp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// flowVectors were made and checked by two other implementations; see
// testdata/flow.
type flowVectors struct {
	Passphrase string
	Keys       map[string]string
	Accepted   []struct{ Name, Body, Request, Reply, Sealed string }
	Refused    []struct {
		Name, Body string
		Status     int
	}
}

func loadFlowVectors() (v flowVectors, err error) {
	text, err := os.ReadFile("testdata/flow/vectors.json")
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(text, &v)
}

func readFlowVectors(tb testing.TB) flowVectors {
	tb.Helper()
	v, err := loadFlowVectors()
	if err != nil {
		tb.Fatal(err)
	}
	if len(v.Accepted) < 8 || len(v.Refused) < 6 {
		tb.Fatalf("%d vectors to accept and %d to refuse", len(v.Accepted), len(v.Refused))
	}
	return v
}

func flowKey(tb testing.TB, v flowVectors) *whatsapp.FlowKey {
	tb.Helper()
	key, err := whatsapp.ParseFlowKey([]byte(v.Keys["pkcs8"]), "")
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func TestFlowVectors(t *testing.T) {
	v := readFlowVectors(t)
	key := flowKey(t, v)
	for _, c := range v.Accepted {
		t.Run(c.Name, func(t *testing.T) {
			request, session, err := key.Open([]byte(c.Body))
			if err != nil {
				t.Fatal(err)
			}
			if string(request.Raw) != c.Request {
				t.Errorf("opened %q, want %q", request.Raw, c.Request)
			}
			sealed, err := session.Seal(json.RawMessage(c.Reply))
			if err != nil || sealed != c.Sealed {
				t.Errorf("sealed %q, want %q: %v", sealed, c.Sealed, err)
			}
		})
	}
	for _, c := range v.Refused {
		t.Run(c.Name, func(t *testing.T) {
			_, session, err := key.Open([]byte(c.Body))
			var refusal *whatsapp.FlowError
			if !errors.As(err, &refusal) || refusal.Status != c.Status || session != nil {
				t.Errorf("opened with %v, want status %d", err, c.Status)
			}
		})
	}
}

func TestFlowRequestIsTakenApart(t *testing.T) {
	v := readFlowVectors(t)
	key := flowKey(t, v)
	token := "v1.abcdefghijklmnopqrstuvwxyz234567.1795953600.abcdefghijklmnopqrstuvwxyz234567"
	want := map[string]whatsapp.FlowRequest{
		"ping":                   {Version: "3.0", Action: whatsapp.FlowPing},
		"INIT with empty fields": {Version: "3.0", Action: whatsapp.FlowInit, Token: token, Data: json.RawMessage("{}")},
		"BACK":                   {Version: "4.0", Action: whatsapp.FlowBack, Screen: "SUMMARY", Token: token},
		"data_exchange": {
			Version: "4.0", Action: whatsapp.FlowExchange, Screen: "DETAILS", Token: token,
			Data: json.RawMessage(`{"name":"Iara","email":"iara@example.com"}`),
		},
		"an action of tomorrow": {Version: "9.0", Action: "wave", Token: token},
		"the smallest object":   {},
	}
	found := 0
	for _, c := range v.Accepted {
		wanted, ok := want[c.Name]
		if !ok {
			continue
		}
		found++
		got, _, err := key.Open([]byte(c.Body))
		got.Raw = nil
		if diff := cmp.Diff(wanted, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.Name, err, diff)
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d vectors are there", found, len(want))
	}
}

func TestFlowNotice(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want whatsapp.FlowNotice
		ok   bool
	}{
		"Meta's table":   {`{"error_key":"timeout_error","error_message":"m"}`, whatsapp.FlowNotice{Key: "timeout_error", Message: "m"}, true},
		"Meta's sample":  {`{"error":"TIMEOUT"}`, whatsapp.FlowNotice{Key: "TIMEOUT"}, true},
		"an answer":      {`{"name":"Iara"}`, whatsapp.FlowNotice{}, false},
		"nothing":        {``, whatsapp.FlowNotice{}, false},
		"a field's type": {`{"error":7}`, whatsapp.FlowNotice{}, false},
	} {
		got, ok := whatsapp.FlowRequest{Data: json.RawMessage(c.data)}.Notice()
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

func TestFlowSessionSealsOnce(t *testing.T) {
	v := readFlowVectors(t)
	_, session, err := flowKey(t, v).Open([]byte(v.Accepted[0].Body))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Seal(func() {}); err == nil {
		t.Error("a function was sealed")
	}
	if _, err := session.Seal("a"); err != nil {
		t.Errorf("what could not be sealed has used the session up: %v", err)
	}
	if text, err := session.Seal("b"); err == nil || text != "" {
		t.Error("one vector sealed two texts")
	}
}

func TestFlowKeys(t *testing.T) {
	v := readFlowVectors(t)
	keys := v.Keys
	for name, c := range map[string]struct{ text, passphrase, fault string }{
		"PKCS#8":                        {keys["pkcs8"], "", ""},
		"PKCS#8, needless passphrase":   {keys["pkcs8"], "x", ""},
		"PKCS#1":                        {keys["pkcs1"], "", ""},
		"after its public half":         {keys["public"] + keys["pkcs8"], "", ""},
		"encrypted":                     {keys["pkcs1_encrypted"], v.Passphrase, ""},
		"encrypted, no passphrase":      {keys["pkcs1_encrypted"], "", "there is no passphrase"},
		"encrypted, another passphrase": {keys["pkcs1_encrypted"], "outra", "passphrase"},
		"encrypted PKCS#8":              {keys["pkcs8_encrypted"], v.Passphrase, "openssl pkcs8"},
		"too small":                     {keys["small"], "", "1024 bits"},
		"another kind of key":           {keys["elliptic"], "", "not an RSA key"},
		"a public key":                  {keys["public"], "", "no private key"},
		"no PEM":                        {"oi", "", "no private key"},
		"PEM of nothing":                {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "", "not PKCS#8"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := whatsapp.ParseFlowKey([]byte(c.text), c.passphrase)
			if c.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := key.Open([]byte(v.Accepted[0].Body)); err != nil {
					t.Errorf("the key opens nothing: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("error %v, want one that says %q", err, c.fault)
			}
		})
	}
}

func TestFlowMessage(t *testing.T) {
	send := func(m whatsapp.FlowMessage) whatsapp.Send {
		return whatsapp.Send{PhoneNumberID: "733000000000009", To: whatsapp.Phone("5511900001111"), Message: m}
	}
	for name, c := range map[string]struct {
		message whatsapp.FlowMessage
		want    string
	}{
		"asks the endpoint": {
			whatsapp.FlowMessage{Body: "Escolha", FlowID: "12", CTA: "Escolher horário", Token: "t"},
			`{"type":"flow","body":{"text":"Escolha"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"12","flow_cta":"Escolher horário","flow_token":"t","flow_action":"data_exchange"}}}`,
		},
		"starts at a screen, as a draft": {
			whatsapp.FlowMessage{Header: whatsapp.HeaderText("H"), Body: "Escolha", Footer: "F", FlowID: "12", CTA: "Abrir", Draft: true, Screen: "A", Data: map[string]any{"x": 1}},
			`{"type":"flow","header":{"type":"text","text":"H"},"body":{"text":"Escolha"},"footer":{"text":"F"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"12","flow_cta":"Abrir","mode":"draft","flow_action":"navigate","flow_action_payload":{"screen":"A","data":{"x":1}}}}}`,
		},
		"starts at a screen without data": {
			whatsapp.FlowMessage{Body: "Escolha", FlowID: "12", CTA: "Abrir", Screen: "A", Data: map[string]any{}},
			`{"type":"flow","body":{"text":"Escolha"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"12","flow_cta":"Abrir","flow_action":"navigate","flow_action_payload":{"screen":"A"}}}}`,
		},
	} {
		body, err := send(c.message).Body()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var sent struct{ Interactive json.RawMessage }
		if err := json.Unmarshal(body, &sent); err != nil || !bytes.Equal(sent.Interactive, []byte(c.want)) {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, sent.Interactive, c.want)
		}
	}
	const field = "interactive.action.parameters."
	for name, c := range map[string]struct {
		message whatsapp.FlowMessage
		field   string
		rule    string
	}{
		"no body":           {whatsapp.FlowMessage{FlowID: "12", CTA: "Abrir"}, "interactive.body.text", whatsapp.RuleRequired},
		"no Flow":           {whatsapp.FlowMessage{Body: "b", CTA: "Abrir"}, field + "flow_id", whatsapp.RuleRequired},
		"no label":          {whatsapp.FlowMessage{Body: "b", FlowID: "12"}, field + "flow_cta", whatsapp.RuleRequired},
		"a long label":      {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: strings.Repeat("ç", 21)}, field + "flow_cta", whatsapp.RuleCharacters},
		"an emoji":          {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: "Abrir 📅"}, field + "flow_cta", whatsapp.RuleFormat},
		"a keycap":          {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: "Abrir 1️⃣"}, field + "flow_cta", whatsapp.RuleFormat},
		"data of no screen": {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: "Abrir", Data: map[string]any{"x": 1}}, field + "flow_action_payload.screen", whatsapp.RuleFormat},
		"the last screen":   {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: "Abrir", Screen: "SUCCESS"}, field + "flow_action_payload.screen", whatsapp.RuleFormat},
		"data that is none": {whatsapp.FlowMessage{Body: "b", FlowID: "12", CTA: "Abrir", Screen: "A", Data: map[string]any{"x": func() {}}}, field + "flow_action_payload.data", whatsapp.RuleFormat},
	} {
		var broken *whatsapp.LimitError
		if err := send(c.message).Check(); !errors.As(err, &broken) || broken.Field != c.field || broken.Rule != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFlowOpen(f *testing.F) {
	v := readFlowVectors(f)
	key := flowKey(f, v)
	for _, c := range v.Accepted {
		f.Add([]byte(c.Body))
	}
	for _, c := range v.Refused {
		f.Add([]byte(c.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, session, err := key.Open(body)
		var refusal *whatsapp.FlowError
		switch {
		case err == nil && (session == nil || !json.Valid(request.Raw)):
			t.Error("opened into nothing")
		case err != nil && (!errors.As(err, &refusal) || refusal.Status != 400 && refusal.Status != whatsapp.FlowUndecryptable):
			t.Errorf("refused with %v", err)
		}
	})
}
