package whatsapptest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestFlowPhone(t *testing.T) {
	text, public := whatsapptest.FlowKeyPEM()
	key, err := whatsapp.ParseFlowKey([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !whatsapp.Verify(body, r.Header.Get(whatsapp.SignatureHeader), []byte("segredo")) {
			w.WriteHeader(whatsapp.FlowBadSignature)
			return
		}
		request, session, err := key.Open(body)
		if err != nil {
			w.WriteHeader(whatsapp.FlowUndecryptable)
			return
		}
		answer, _ := session.Seal(map[string]string{"action": request.Action})
		_, _ = io.WriteString(w, answer)
	}))
	defer endpoint.Close()
	phone := whatsapptest.FlowPhone{Pen: whatsapptest.Pen{AppSecret: []byte("segredo")}, Key: public, URL: endpoint.URL}
	_, other := whatsapptest.FlowKeyPEM()
	for name, c := range map[string]struct {
		change func(p *whatsapptest.FlowPhone)
		status int
		text   string
	}{
		"as it should be": {func(*whatsapptest.FlowPhone) {}, http.StatusOK, `{"action":"ping"}`},
		"another key":     {func(p *whatsapptest.FlowPhone) { p.Key = other }, whatsapp.FlowUndecryptable, ""},
		"another secret":  {func(p *whatsapptest.FlowPhone) { p.Pen.AppSecret = []byte("x") }, whatsapp.FlowBadSignature, ""},
		"spoiled":         {func(p *whatsapptest.FlowPhone) { p.Spoil = func([]byte) []byte { return nil } }, whatsapp.FlowUndecryptable, ""},
	} {
		p := phone
		c.change(&p)
		answer, err := p.Ask(t.Context(), map[string]any{"action": "ping"})
		if err != nil || answer.Status != c.status || string(answer.Text) != c.text {
			t.Errorf("%s: %d %s, %v; want %d %s", name, answer.Status, answer.Text, err, c.status, c.text)
		}
	}
}

func TestFlowMessageIsTaken(t *testing.T) {
	server := whatsapptest.NewServer(whatsapptest.Options{})
	t.Cleanup(server.Close)
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: server.URL, APIVersion: "v26.0", Token: func(context.Context) (string, error) { return "t", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Send(t.Context(), whatsapp.Send{
		PhoneNumberID: whatsapptest.DefaultPhoneNumberID, To: whatsapp.Phone("5511900001111"),
		Message: whatsapp.FlowMessage{
			Body: "Escolha", FlowID: "12", CTA: "Abrir", Token: "t", Draft: true, Screen: "A", Data: map[string]any{"x": "y"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &whatsapptest.SentFlow{ID: "12", CTA: "Abrir", Token: "t", Draft: true, Screen: "A", Data: map[string]any{"x": "y"}}
	if diff := cmp.Diff(want, server.Sent()[0].Flow); diff != "" {
		t.Error(diff)
	}
}

func TestFlowReplyIsReadBack(t *testing.T) {
	body := whatsapptest.Pen{}.FlowReply("5511900001111", "Iara", "wamid.X", `{"flow_token":"t"}`)
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	want := whatsapp.FlowReply{Name: "flow", Body: "Sent", Response: `{"flow_token":"t"}`}
	if diff := cmp.Diff(whatsapp.Content(want), delivery.Elements[0].Message.Content); diff != "" {
		t.Error(diff)
	}
}
