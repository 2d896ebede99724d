package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// content stands for whatever an envelope carries.
type content struct {
	Phone pii.Contact `json:"phone"`
	Text  pii.Text    `json:"text"`
}

const (
	phone = "5511900001111"
	words = "meu pedido não chegou"
)

func ring(t testing.TB, fills ...byte) *pii.Ring {
	t.Helper()
	var keys [][]byte
	for _, fill := range fills {
		keys = append(keys, bytes.Repeat([]byte{fill}, 32))
	}
	r, err := pii.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// letter is a whole envelope of one kind.
func letter(t testing.TB, kind envelope.Kind) envelope.Envelope {
	t.Helper()
	e := envelope.Envelope{
		V: envelope.Version, Kind: kind, Tenant: "default", PhoneNumberID: "422000000000002",
		ID: "aaaabbbbccccddddeeeeffffgg", Conversation: "ccccccccccccccccccccccccccccdddd",
		Aliases: []string{"ccccccccccccccccccccccccccccdddd", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeffff"},
		Seq:     7, FollowUp: 2, ReceivedAt: time.Date(2026, 11, 22, 10, 30, 0, 123456789, time.UTC),
		CorrelationID: "corr-1", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	if err := e.Seal(ring(t, 1), content{phone, words}); err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, e envelope.Envelope) []byte {
	t.Helper()
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range []envelope.Kind{envelope.Inbound, envelope.Status, envelope.Timer, envelope.Quarantine} {
		want := letter(t, kind)
		got, err := envelope.Decode(encode(t, want))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s changed on its way (-want +got):\n%s", kind, diff)
		}
		var opened content
		if err := got.Open(ring(t, 1), &opened); err != nil || opened != (content{phone, words}) {
			t.Errorf("%s opened wrongly: %v", kind, err)
		}
	}
}

// The names on the wire are a contract with every other revision.
func TestWireNames(t *testing.T) {
	var wire map[string]json.RawMessage
	if err := json.Unmarshal(encode(t, letter(t, envelope.Inbound)), &wire); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"v": `1`, "kind": `"inbound"`, "tenant": `"default"`, "phone_number_id": `"422000000000002"`,
		"id": `"aaaabbbbccccddddeeeeffffgg"`, "conversation": `"ccccccccccccccccccccccccccccdddd"`,
		"aliases": `["ccccccccccccccccccccccccccccdddd","eeeeeeeeeeeeeeeeeeeeeeeeeeeeffff"]`,
		"seq":     `7`, "follow_up": `2`, "received_at": `"2026-11-22T10:30:00.123456789Z"`,
		"correlation_id": `"corr-1"`, "traceparent": `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`,
	} {
		if got := string(wire[name]); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	if len(wire) != 13 || len(wire["payload"]) == 0 {
		t.Errorf("%d fields, want 12 and a payload", len(wire))
	}
}

func TestEncodeWritesTheCurrentVersion(t *testing.T) {
	e := letter(t, envelope.Inbound)
	e.V = 0
	got, err := envelope.Decode(encode(t, e))
	if err != nil || got.V != envelope.Version {
		t.Errorf("version %d, %v", got.V, err)
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	body := encode(t, letter(t, envelope.Inbound))
	body = append([]byte(`{"invented":{"deep":[1,{"x":null}]},`), body[1:]...)
	if _, err := envelope.Decode(body); err != nil {
		t.Errorf("a field of a later minor revision: %v", err)
	}
}

func TestNewerVersions(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body string
		want envelope.Envelope
	}{
		"same shape": {
			`{"v":2,"kind":"inbound","id":"x","received_at":"2026-11-22T10:00:00Z"}`,
			envelope.Envelope{V: 2, Kind: "inbound", ID: "x", ReceivedAt: at},
		},
		"a kind and a lack that would be faults today": {`{"v":9,"kind":"poem"}`, envelope.Envelope{V: 9, Kind: "poem"}},
		"another shape, readable age": {
			`{"v":2,"seq":"seven","received_at":"2026-11-22T10:00:00Z","payload":{"parts":[]}}`,
			envelope.Envelope{V: 2, ReceivedAt: at},
		},
		"another shape, another form of time": {`{"v":3,"seq":"seven","received_at":1795352400}`, envelope.Envelope{V: 3}},
		"another shape, no time":              {`{"v":3,"tenant":7}`, envelope.Envelope{V: 3}},
	} {
		got, err := envelope.Decode([]byte(c.body))
		if !errors.Is(err, envelope.ErrNewer) || fault.Is(err, fault.Unreadable) {
			t.Errorf("%s: error %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUnreadable(t *testing.T) {
	whole := func(change func(*envelope.Envelope)) []byte {
		e := letter(t, envelope.Inbound)
		change(&e)
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for name, body := range map[string][]byte{
		"nothing":            nil,
		"not JSON":           []byte("phone=5511900001111"),
		"cut off":            encode(t, letter(t, envelope.Inbound))[:200],
		"an array":           []byte(`[1,2]`),
		"null":               []byte(`null`),
		"two documents":      append(encode(t, letter(t, envelope.Inbound)), "{}"...),
		"deep nesting":       []byte(`{"v":1,"aliases":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`),
		"huge version":       []byte(`{"v":1e400}`),
		"version in words":   []byte(`{"v":"5511900001111"}`),
		"payload not base64": []byte(`{"v":1,"kind":"status","tenant":"t","id":"i","payload":"5511900001111!"}`),
		"no version":         whole(func(e *envelope.Envelope) { e.V = 0 }),
		"negative version":   whole(func(e *envelope.Envelope) { e.V = -1 }),
		"no tenant":          whole(func(e *envelope.Envelope) { e.Tenant = "" }),
		"no id":              whole(func(e *envelope.Envelope) { e.ID = "" }),
		"no payload":         whole(func(e *envelope.Envelope) { e.Payload = nil }),
		"negative follow-up": whole(func(e *envelope.Envelope) { e.FollowUp = -1 }),
		"unknown kind":       whole(func(e *envelope.Envelope) { e.Kind = phone }),
		"no conversation":    whole(func(e *envelope.Envelope) { e.Conversation = "" }),
		"no number":          whole(func(e *envelope.Envelope) { e.PhoneNumberID = "" }),
		"timer of nobody":    whole(func(e *envelope.Envelope) { e.Kind, e.Conversation = envelope.Timer, "" }),
		"too large":          bytes.Repeat([]byte("5511900001111"), envelope.MaxSize/13+1),
	} {
		got, err := envelope.Decode(body)
		if !fault.Is(err, fault.Unreadable) {
			t.Errorf("%s: error %v of kind %s", name, err, fault.KindOf(err))
			continue
		}
		if diff := cmp.Diff(envelope.Envelope{}, got); diff != "" {
			t.Errorf("%s left something:\n%s", name, diff)
		}
		if strings.Contains(err.Error(), phone) {
			t.Errorf("%s: the error quotes the body: %v", name, err)
		}
	}
}

// Statuses and quarantined bytes may belong to nobody we know.
func TestKindsWithoutConversation(t *testing.T) {
	for _, kind := range []envelope.Kind{envelope.Status, envelope.Quarantine} {
		e := letter(t, kind)
		e.Conversation, e.PhoneNumberID, e.Aliases = "", "", nil
		if _, err := envelope.Decode(encode(t, e)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestSizeLimit(t *testing.T) {
	e := letter(t, envelope.Inbound)
	e.Payload = nil
	room := envelope.MaxSize - len(encode(t, e)) + len("null") - len(`""`)
	e.Payload = make([]byte, room/4*3)
	body, err := e.Encode()
	if err != nil || len(body) > envelope.MaxSize || len(body) < envelope.MaxSize-4 {
		t.Fatalf("the largest envelope has %d bytes, %v", len(body), err)
	}
	if _, err := envelope.Decode(body); err != nil {
		t.Errorf("the largest envelope does not decode: %v", err)
	}
	e.Payload = append(e.Payload, 0, 0, 0)
	if _, err := e.Encode(); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("a larger one: %v", err)
	}
	if _, err := envelope.Decode(append(body, bytes.Repeat([]byte(" "), 4)...)); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("a larger body: %v", err)
	}
}

func TestEncodeRefusesAnImpossibleTime(t *testing.T) {
	e := letter(t, envelope.Inbound)
	e.ReceivedAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := e.Encode(); err == nil {
		t.Error("a year that JSON cannot hold was encoded")
	}
}

func TestTaskNamesAndPaths(t *testing.T) {
	for _, c := range []struct {
		kind       envelope.Kind
		followUp   int
		replay     int
		name, path string
	}{
		{envelope.Inbound, 0, 0, "mid-0", "/tasks/inbound"},
		{envelope.Inbound, 1, 0, "mid-f1", "/tasks/inbound"},
		{envelope.Inbound, 42, 0, "mid-f42", "/tasks/inbound"},
		{envelope.Inbound, 0, 1, "mid-r1", "/tasks/inbound"},
		{envelope.Inbound, 3, 2, "mid-r2-f3", "/tasks/inbound"},
		{envelope.Quarantine, 0, 0, "mid-0", "/tasks/inbound"},
		{envelope.Timer, 0, 0, "mid-t", "/tasks/timer"},
		{envelope.Timer, 3, 1, "mid-t", "/tasks/timer"},
		{envelope.Status, 0, 0, "", "/tasks/status"},
	} {
		e := envelope.Envelope{Kind: c.kind, ID: "mid", FollowUp: c.followUp, Replay: c.replay}
		if e.TaskName() != c.name || e.Path() != c.path {
			t.Errorf("%s, follow-up %d, replay %d: %q at %q, want %q at %q", c.kind, c.followUp, c.replay, e.TaskName(), e.Path(), c.name, c.path)
		}
	}
}

func TestPayloadOpensOnlyInItsEnvelope(t *testing.T) {
	e := letter(t, envelope.Inbound)
	for name, c := range map[string]struct {
		change func(*envelope.Envelope)
		ring   *pii.Ring
	}{
		"another kind": {func(e *envelope.Envelope) { e.Kind = envelope.Quarantine }, ring(t, 1)},
		"another id":   {func(e *envelope.Envelope) { e.ID = "other" }, ring(t, 1)},
		"another key":  {func(*envelope.Envelope) {}, ring(t, 2)},
		"altered":      {func(e *envelope.Envelope) { e.Payload[len(e.Payload)-1] ^= 1 }, ring(t, 1)},
		"cut":          {func(e *envelope.Envelope) { e.Payload = e.Payload[:10] }, ring(t, 1)},
		"none":         {func(e *envelope.Envelope) { e.Payload = nil }, ring(t, 1)},
	} {
		changed := e
		changed.Payload = bytes.Clone(e.Payload)
		c.change(&changed)
		var got content
		err := changed.Open(c.ring, &got)
		if !fault.Is(err, fault.Unreadable) || got != (content{}) {
			t.Errorf("%s: %v of kind %s", name, err, fault.KindOf(err))
		}
	}
	var got content
	if err := e.Open(ring(t, 9, 1), &got); err != nil || got.Phone != phone {
		t.Errorf("a key that moved back in the ring: %v", err)
	}
}

func TestSealedIsSealed(t *testing.T) {
	body := string(encode(t, letter(t, envelope.Inbound)))
	for _, secret := range []string{phone, words, "pedido"} {
		if strings.Contains(body, secret) {
			t.Errorf("the body shows %q", secret)
		}
	}
}

func TestPayloadErrorsHoldNothingOfIt(t *testing.T) {
	e := letter(t, envelope.Status)
	if err := e.Seal(ring(t, 1), phone); err != nil { // A string, where an object is expected.
		t.Fatal(err)
	}
	var got content
	err := e.Open(ring(t, 1), &got)
	if !fault.Is(err, fault.Unreadable) || strings.Contains(fmt.Sprint(err), phone) {
		t.Errorf("error %v", err)
	}
	before := bytes.Clone(e.Payload)
	if err := e.Seal(ring(t, 1), math.Inf(1)); err == nil {
		t.Error("something that is no JSON was sealed")
	}
	if !bytes.Equal(before, e.Payload) {
		t.Error("a failed seal changed the payload")
	}
}

// What decodes is whole, and encoding it again changes nothing that matters.
func FuzzDecode(f *testing.F) {
	for _, kind := range []envelope.Kind{envelope.Inbound, envelope.Status, envelope.Timer, envelope.Quarantine} {
		f.Add(encode(f, letter(f, kind)))
	}
	f.Add([]byte(`{"v":2,"received_at":"2026-11-22T10:00:00+03:00","seq":"x"}`))
	f.Add([]byte(`{"v":1,"v":2}`))
	f.Add([]byte(`{"V":1,"KIND":"status","tenant":"\ud800","id":"<","payload":"AA=="}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := envelope.Decode(body)
		if err != nil {
			if !errors.Is(err, envelope.ErrNewer) && !fault.Is(err, fault.Unreadable) {
				t.Fatalf("error %v of kind %s", err, fault.KindOf(err))
			}
			return
		}
		again, err := e.Encode()
		if errors.Is(err, envelope.ErrTooLarge) && len(body) > envelope.MaxSize/6 {
			return // Characters that JSON escapes take up to six bytes.
		}
		if err != nil {
			t.Fatalf("what decoded does not encode: %v", err)
		}
		got, err := envelope.Decode(again)
		if err != nil {
			t.Fatalf("what was encoded does not decode: %v", err)
		}
		if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("changed (-first +second):\n%s", diff)
		}
		if name := e.TaskName(); (name == "") != (e.Kind == envelope.Status) {
			t.Fatalf("kind %q has task name %q", e.Kind, name)
		}
	})
}
