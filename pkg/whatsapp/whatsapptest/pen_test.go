package whatsapptest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func pen() whatsapptest.Pen {
	return whatsapptest.Pen{AppSecret: secret, Now: func() time.Time { return now }}
}

func decode(t *testing.T, body []byte) []whatsapp.Element {
	t.Helper()
	d, err := whatsapp.Decode(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return d.Elements
}

func TestPenWritesMessages(t *testing.T) {
	p := pen()
	tests := []struct {
		name    string
		body    []byte
		typ     whatsapp.Type
		content whatsapp.Content
		replyTo string
	}{
		{"text", p.Text(lead, "Iara", "Olá <3"), whatsapp.TypeText, whatsapp.Text{Body: "Olá <3"}, ""},
		{"button", p.ButtonReply(lead, "Iara", "wamid.OUT", "sim", "Sim"), whatsapp.TypeInteractive, whatsapp.ButtonReply{ID: "sim", Title: "Sim"}, "wamid.OUT"},
		{"list", p.ListReply(lead, "Iara", "wamid.OUT", "h1", "15h"), whatsapp.TypeInteractive, whatsapp.ListReply{ID: "h1", Title: "15h"}, "wamid.OUT"},
		{"quick reply", p.QuickReply(lead, "Iara", "wamid.OUT", "P", "Sim"), whatsapp.TypeButton, whatsapp.QuickReply{Payload: "P", Text: "Sim"}, "wamid.OUT"},
		{"voice", p.Media(lead, "Iara", whatsapp.TypeAudio, whatsapp.Media{ID: "1", MIMEType: "audio/ogg; codecs=opus", SHA256: "x", Voice: true}),
			whatsapp.TypeAudio, whatsapp.Media{ID: "1", MIMEType: "audio/ogg; codecs=opus", SHA256: "x", Voice: true}, ""},
		{"document", p.Media(lead, "Iara", whatsapp.TypeDocument, whatsapp.Media{ID: "2", MIMEType: "application/pdf", Filename: "a.pdf", Caption: "c", URL: "https://x.example"}),
			whatsapp.TypeDocument, whatsapp.Media{ID: "2", MIMEType: "application/pdf", Filename: "a.pdf", Caption: "c", URL: "https://x.example"}, ""},
		{"sticker", p.Media(lead, "Iara", whatsapp.TypeSticker, whatsapp.Media{ID: "3", Animated: true}), whatsapp.TypeSticker, whatsapp.Media{ID: "3", Animated: true}, ""},
		{"location", p.Location(lead, "Iara", -22.9, -43.1), whatsapp.TypeLocation, whatsapp.Location{Latitude: -22.9, Longitude: -43.1}, ""},
		{"reaction", p.Reaction(lead, "Iara", "wamid.OUT", "👍"), whatsapp.TypeReaction, whatsapp.Reaction{MessageID: "wamid.OUT", Emoji: "👍"}, ""},
		{"reaction taken off", p.Reaction(lead, "Iara", "wamid.OUT", ""), whatsapp.TypeReaction, whatsapp.Reaction{MessageID: "wamid.OUT", Removed: true}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := decode(t, test.body)
			if len(all) != 1 || all[0].Kind != whatsapp.KindMessage || all[0].PhoneNumberID != number {
				t.Fatalf("elements %+v", all)
			}
			want := &whatsapp.Message{From: lead, Name: "Iara", Timestamp: now, Type: test.typ, Content: test.content}
			if test.replyTo != "" {
				want.Context = &whatsapp.Context{From: whatsapptest.DefaultDisplayPhoneNumber, ID: test.replyTo}
			}
			if diff := cmp.Diff(want, all[0].Message, cmpopts.IgnoreFields(whatsapp.Message{}, "ID")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPenWritesForPeopleWithoutNumber(t *testing.T) {
	p := pen()
	m := decode(t, p.Text("BR.77", "", "oi"))[0].Message
	if m.From != "" || m.FromUserID != "BR.77" || m.Name != "" {
		t.Errorf("message %+v", m)
	}
	m = decode(t, p.Echo("BR.77", "oi"))[0].Message
	if m.To != "" || m.ToUserID != "BR.77" {
		t.Errorf("echo %+v", m)
	}
}

func TestPenWritesTheRest(t *testing.T) {
	p := pen()
	if e := decode(t, p.Echo(lead, "já ligo"))[0]; e.Kind != whatsapp.KindEcho || e.Message.To != lead || e.Message.Content != (whatsapp.Text{Body: "já ligo"}) {
		t.Errorf("echo %+v", e)
	}
	if e := decode(t, p.Failure(130429))[0]; e.Kind != whatsapp.KindError || e.Error.Code != 130429 {
		t.Errorf("failure %+v", e)
	}
	e := decode(t, p.Status(lead, "wamid.OUT", whatsapp.StateFailed, "att:1", 131047))[0]
	if e.Status.ID != "wamid.OUT" || e.Status.Opaque != "att:1" || e.Status.Errors[0].Code != 131047 {
		t.Errorf("status %+v", e.Status)
	}
	if e := decode(t, p.Change("account_update", map[string]any{"event": "X"}))[0]; e.Kind != whatsapp.KindAccount {
		t.Errorf("change %+v", e)
	}
	m := decode(t, p.Message(lead, "Iara", map[string]any{"type": "hologram", "timestamp": "ontem"}))[0].Message
	if m.Type != whatsapp.TypeUnsupported {
		t.Errorf("message %+v", m)
	}
	if e := decode(t, p.Message(lead, "Iara", map[string]any{"id": nil}))[0]; e.Kind != whatsapp.KindUnreadable {
		t.Errorf("message without id %+v", e)
	}
	p.PhoneNumberID, p.AccountID = "999", "888"
	if e := decode(t, p.Text(lead, "Iara", "oi"))[0]; e.PhoneNumberID != "999" || e.AccountID != "888" {
		t.Errorf("element %+v", e)
	}
}

func TestMessageIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := whatsapptest.MessageID(lead)
		if seen[id] {
			t.Fatal("an id came twice")
		}
		seen[id] = true
	}
}

func TestBatch(t *testing.T) {
	p, other := pen(), pen()
	other.PhoneNumberID = "999"
	bodies := [][]byte{
		p.Text(lead, "Iara", "um"), other.Text(lead, "Iara", "dois"), p.Text("5521900000002", "Caio", "três"),
		p.Status(lead, "wamid.OUT", whatsapp.StateSent, "", 0), p.Echo(lead, "quatro"),
	}
	batch := whatsapptest.Batch(bodies...)
	var kinds, names []string
	for _, e := range decode(t, batch) {
		kinds = append(kinds, string(e.Kind)+" "+e.PhoneNumberID)
		if e.Message != nil {
			names = append(names, e.Message.Name)
		}
	}
	if diff := cmp.Diff([]string{"message " + number, "message " + number, "status " + number, "message 999", "echo " + number}, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Iara", "Caio", "Iara", ""}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	ids := whatsapptest.IDs(batch)
	want := []string{whatsapptest.IDs(bodies[0])[0], whatsapptest.IDs(bodies[2])[0], "wamid.OUT", whatsapptest.IDs(bodies[1])[0], whatsapptest.IDs(bodies[4])[0]}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if whatsapptest.IDs([]byte("no webhook")) != nil {
		t.Error("ids out of nothing")
	}
	if all := decode(t, whatsapptest.Batch(bodies[0], bodies[0])); len(all) != 2 {
		t.Errorf("the same webhook twice has %d elements", len(all))
	}
}

func TestPenPosts(t *testing.T) {
	p := pen()
	var got []byte
	var signature string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		signature = r.Header.Get(whatsapp.SignatureHeader)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "thanks")
	}))
	defer server.Close()
	body := p.Text(lead, "Iara", "oi")
	status, answer, err := p.Post(t.Context(), nil, server.URL, body)
	if err != nil || status != http.StatusAccepted || string(answer) != "thanks" {
		t.Errorf("status %d, answer %q, error %v", status, answer, err)
	}
	if string(got) != string(body) || !whatsapp.Verify(got, signature, secret) {
		t.Error("the body arrived changed or unsigned")
	}
	server.Close()
	if _, _, err := p.Post(t.Context(), server.Client(), server.URL, body); err == nil {
		t.Error("no error from nobody")
	}
}

func TestPenPanicsOnMisuse(t *testing.T) {
	for name, misuse := range map[string]func(){
		"address": func() { pen().Request(t.Context(), "http://%zz", nil) },
		"batch":   func() { whatsapptest.Batch([]byte("no webhook")) },
		"value":   func() { pen().Change("x", map[string]any{"f": func() {}}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			misuse()
		}()
	}
}
