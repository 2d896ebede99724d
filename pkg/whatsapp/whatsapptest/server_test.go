package whatsapptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number = whatsapptest.DefaultPhoneNumberID
	lead   = "5521900000001"
)

func start(t *testing.T, o whatsapptest.Options) *whatsapptest.Server {
	t.Helper()
	server := whatsapptest.NewServer(o)
	t.Cleanup(server.Close)
	return server
}

func newClient(t *testing.T, server *whatsapptest.Server) *whatsapp.Client {
	t.Helper()
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: server.URL,
		Token:   func(context.Context) (string, error) { return "good-token", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func text(body string) whatsapp.Send {
	return whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead), Message: whatsapp.TextMessage{Body: body}}
}

func send(t *testing.T, client *whatsapp.Client, s whatsapp.Send) whatsapp.Sent {
	t.Helper()
	sent, err := client.Send(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestServerRemembersWhatItAccepted(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	server := start(t, whatsapptest.Options{Token: "good-token", Now: func() time.Time { return now }})
	client := newClient(t, server)

	first := text("Olá")
	first.ReplyTo, first.Opaque = "wamid.IN", "att:1"
	ids := []string{
		send(t, client, first).ID,
		send(t, client, whatsapp.Send{PhoneNumberID: number, To: whatsapp.User("BR.77"), Message: whatsapp.ButtonsMessage{
			Header: whatsapp.HeaderText("Cabeça"), Body: "Confirma?", Footer: "Pé", Buttons: []whatsapp.Button{{ID: "sim", Title: "Sim"}, {ID: "nao", Title: "Não"}},
		}}).ID,
		send(t, client, whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead), Message: whatsapp.ListMessage{
			Body: "Quando?", Button: "Ver", Sections: []whatsapp.Section{
				{Title: "Hoje", Rows: []whatsapp.Row{{ID: "a", Title: "15h", Description: "Nair"}}},
				{Title: "Amanhã", Rows: []whatsapp.Row{{ID: "b", Title: "9h"}}},
			},
		}}).ID,
		send(t, client, whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead), Message: whatsapp.TemplateMessage{
			Name: "aviso", Language: "pt_BR", Parameters: whatsapp.Positional{"Iara", "pediu uma pessoa"},
		}}).ID,
	}
	want := []whatsapptest.SentMessage{
		{ID: ids[0], At: now, PhoneNumberID: number, To: lead, Type: "text", Text: "Olá", ReplyTo: "wamid.IN", Opaque: "att:1"},
		{ID: ids[1], At: now, PhoneNumberID: number, Recipient: "BR.77", Type: "button", Text: "Confirma?", Header: "Cabeça", Footer: "Pé",
			Buttons: []whatsapp.Button{{ID: "sim", Title: "Sim"}, {ID: "nao", Title: "Não"}}},
		{ID: ids[2], At: now, PhoneNumberID: number, To: lead, Type: "list", Text: "Quando?", ListButton: "Ver",
			Rows: []whatsapp.Row{{ID: "a", Title: "15h", Description: "Nair"}, {ID: "b", Title: "9h"}}},
		{ID: ids[3], At: now, PhoneNumberID: number, To: lead, Type: "template", Template: "aviso", Language: "pt_BR", Parameters: []string{"Iara", "pediu uma pessoa"}},
	}
	got := server.Sent()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(whatsapptest.SentMessage{}, "Raw")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, m := range got {
		if !json.Valid(m.Raw) || !strings.HasPrefix(m.ID, "wamid.") {
			t.Errorf("message %+v", m)
		}
	}
	if ids[0] == ids[2] {
		t.Error("two messages share an id")
	}
	if got[1].Person() != "BR.77" || got[0].Person() != lead {
		t.Error("Person is not the recipient")
	}
}

func TestServerAnswersWithTheRecipient(t *testing.T) {
	client := newClient(t, start(t, whatsapptest.Options{}))
	if sent := send(t, client, text("oi")); sent.WAID != lead || sent.UserID != "" {
		t.Errorf("sent %+v", sent)
	}
	s := text("oi")
	s.To = whatsapp.User("BR.77")
	if sent := send(t, client, s); sent.WAID != "" || sent.UserID != "BR.77" {
		t.Errorf("sent %+v", sent)
	}
}

func TestServerCountsReads(t *testing.T) {
	server := start(t, whatsapptest.Options{})
	client := newClient(t, server)
	for _, typing := range []bool{true, false, true} {
		if err := client.MarkRead(t.Context(), number, whatsapptest.MessageID(lead), typing); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(whatsapptest.Counts{Requests: 3, Reads: 3, Typing: 2}, server.Counts()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(server.Sent()); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// TestServerIsAsStrictAsMeta posts by hand what no client of ours would.
func TestServerTellsOfPresence(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var told []whatsapptest.Presence // The client's requests come one after the other.
	server := start(t, whatsapptest.Options{
		Now: func() time.Time { return now }, Presence: func(p whatsapptest.Presence) { told = append(told, p) },
	})
	client := newClient(t, server)
	first, second := whatsapptest.MessageID(lead), whatsapptest.MessageID(lead)
	if err := client.MarkRead(t.Context(), number, first, true); err != nil {
		t.Fatal(err)
	}
	server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 131009, Reads: true})
	if err := client.MarkRead(t.Context(), number, second, true); err == nil {
		t.Error("what is to be refused was accepted")
	}
	if err := client.MarkRead(t.Context(), number, second, false); err != nil {
		t.Fatal(err)
	}
	want := []whatsapptest.Presence{{MessageID: first, Typing: true, At: now}, {MessageID: second, At: now}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestServerIsAsStrictAsMeta(t *testing.T) {
	const head = `{"messaging_product":"whatsapp","to":"+5521900000001",`
	long := func(n int) string { return strings.Repeat("ç", n) }
	rows := strings.TrimSuffix(strings.Repeat(`{"id":"x","title":"x"},`, 1), ",")
	interactive := func(kind, action string) string {
		return head + `"type":"interactive","interactive":{"type":"` + kind + `","body":{"text":"x"},"action":` + action + `}}`
	}
	button := func(id, title string) string {
		return `{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}`
	}
	list := func(sections string) string { return interactive("list", `{"button":"Ver","sections":[`+sections+`]}`) }
	var eleven []string
	for _, c := range "abcdefghijk" {
		eleven = append(eleven, `{"id":"`+string(c)+`","title":"x"}`)
	}
	tests := []struct {
		name string
		body string
		code int // zero: accepted
	}{
		{"plain", head + `"type":"text","text":{"body":"x"}}`, 0},
		{"longest text", head + `"type":"text","text":{"body":"` + long(4096) + `"}}`, 0},
		{"no JSON", `hello`, 100},
		{"two documents", head + `"type":"text","text":{"body":"x"}}{}`, 100},
		{"unknown key", head + `"type":"text","text":{"body":"x"},"idempotency_key":"x"}`, 100},
		{"unknown key inside", head + `"type":"text","text":{"body":"x","bold":true}}`, 100},
		{"no product", `{"to":"+5521900000001","type":"text","text":{"body":"x"}}`, 100},
		{"no recipient", `{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`, 131008},
		{"number without plus", `{"messaging_product":"whatsapp","to":"5521900000001","type":"text","text":{"body":"x"}}`, 131009},
		{"number with spaces", `{"messaging_product":"whatsapp","to":"+55 21 90000","type":"text","text":{"body":"x"}}`, 131009},
		{"broken user id", `{"messaging_product":"whatsapp","recipient":"77","type":"text","text":{"body":"x"}}`, 131009},
		{"number wins over user id", head + `"recipient":"77","type":"text","text":{"body":"x"}}`, 0},
		{"group", head + `"recipient_type":"group","type":"text","text":{"body":"x"}}`, 131009},
		{"empty context", head + `"context":{"message_id":""},"type":"text","text":{"body":"x"}}`, 131008},
		{"opaque data too long", head + `"biz_opaque_callback_data":"` + long(513) + `","type":"text","text":{"body":"x"}}`, 100},
		{"no type", head + `"text":{"body":"x"}}`, 100},
		{"type without object", head + `"type":"text"}`, 131008},
		{"empty text", head + `"type":"text","text":{"body":""}}`, 100},
		{"text too long", head + `"type":"text","text":{"body":"` + long(4097) + `"}}`, 100},
		{"nothing interactive", head + `"type":"interactive"}`, 131008},
		{"unknown interactive", interactive("carousel", `{}`), 131009},
		{"body too long", head + `"type":"interactive","interactive":{"type":"button","body":{"text":"` + long(1025) + `"},"action":{"buttons":[` + button("a", "A") + `]}}}`, 131009},
		{"header too long", head + `"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"` + long(61) + `"},"body":{"text":"x"},"action":{"buttons":[` + button("a", "A") + `]}}}`, 131009},
		{"image header without image", head + `"type":"interactive","interactive":{"type":"button","header":{"type":"image"},"body":{"text":"x"},"action":{"buttons":[` + button("a", "A") + `]}}}`, 131008},
		{"empty footer", head + `"type":"interactive","interactive":{"type":"button","footer":{"text":""},"body":{"text":"x"},"action":{"buttons":[` + button("a", "A") + `]}}}`, 131009},
		{"three buttons", interactive("button", `{"buttons":[`+button("a", "A")+`,`+button("b", "B")+`,`+button("c", "C")+`]}`), 0},
		{"four buttons", interactive("button", `{"buttons":[`+button("a", "A")+`,`+button("b", "B")+`,`+button("c", "C")+`,`+button("d", "D")+`]}`), 131009},
		{"no buttons", interactive("button", `{"buttons":[]}`), 131009},
		{"button title too long", interactive("button", `{"buttons":[`+button("a", long(21))+`]}`), 131009},
		{"button id too long", interactive("button", `{"buttons":[`+button(long(257), "A")+`]}`), 131009},
		{"same id", interactive("button", `{"buttons":[`+button("a", "A")+`,`+button("a", "B")+`]}`), 131009},
		{"same title", interactive("button", `{"buttons":[`+button("a", "A")+`,`+button("b", "A")+`]}`), 131009},
		{"other button", interactive("button", `{"buttons":[{"type":"url","reply":{"id":"a","title":"A"}}]}`), 131009},
		{"one row", list(`{"rows":[` + rows + `]}`), 0},
		{"eleven rows", list(`{"rows":[` + strings.Join(eleven, ",") + `]}`), 131009},
		{"no sections", list(``), 131009},
		{"no rows", list(`{"rows":[]}`), 131009},
		{"two sections, no titles", list(`{"rows":[` + eleven[0] + `]},{"rows":[` + eleven[1] + `]}`), 131009},
		{"same row id", list(`{"title":"A","rows":[` + rows + `]},{"title":"B","rows":[` + rows + `]}`), 131009},
		{"section title too long", list(`{"title":"` + long(25) + `","rows":[` + rows + `]}`), 131009},
		{"row description too long", list(`{"rows":[{"id":"a","title":"A","description":"` + long(73) + `"}]}`), 131009},
		{"list button too long", interactive("list", `{"button":"`+long(21)+`","sections":[{"rows":[`+rows+`]}]}`), 131009},
		{"read, no id", `{"messaging_product":"whatsapp","status":"read"}`, 131009},
		{"read, other id", `{"messaging_product":"whatsapp","status":"read","message_id":"5"}`, 131009},
		{"delivered", `{"messaging_product":"whatsapp","status":"delivered","message_id":"wamid.A"}`, 131009},
		{"other indicator", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.A","typing_indicator":{"type":"voice"}}`, 131009},
	}
	server := start(t, whatsapptest.Options{Token: "good-token"})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, code := post(t, server.URL+"/v26.0/"+number+"/messages", "Bearer good-token", test.body)
			want := http.StatusOK
			if test.code != 0 {
				want = http.StatusBadRequest
			}
			if status != want || code != test.code {
				t.Errorf("status %d, code %d, want code %d", status, code, test.code)
			}
		})
	}
}

func TestServerChecksTheRequest(t *testing.T) {
	const body = `{"messaging_product":"whatsapp","to":"+5521900000001","type":"text","text":{"body":"x"}}`
	server := start(t, whatsapptest.Options{Token: "good-token", PhoneNumberIDs: []string{number}})
	tests := []struct {
		name, path, auth string
		status, code     int
	}{
		{"good", "/v26.0/" + number + "/messages", "Bearer good-token", 200, 0},
		{"no token", "/v26.0/" + number + "/messages", "", 401, 190},
		{"other token", "/v26.0/" + number + "/messages", "Bearer old-token", 401, 190},
		{"other scheme", "/v26.0/" + number + "/messages", "Basic good-token", 401, 190},
		{"somebody's number", "/v26.0/999/messages", "Bearer good-token", 400, 100},
		{"no version", "/" + number + "/messages", "Bearer good-token", 404, 2500},
		{"other edge", "/v26.0/" + number + "/message_qrdls", "Bearer good-token", 404, 2500},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if status, code := post(t, server.URL+test.path, test.auth, body); status != test.status || code != test.code {
				t.Errorf("status %d, code %d, want %d, %d", status, code, test.status, test.code)
			}
		})
	}
	if want := (whatsapptest.Counts{Requests: 7, Accepted: 1, Refused: 6}); server.Counts() != want {
		t.Errorf("counts %+v, want %+v", server.Counts(), want)
	}
	server.Reset()
	if len(server.Sent()) != 0 || server.Counts() != (whatsapptest.Counts{}) {
		t.Error("Reset left something behind")
	}
}

func post(t *testing.T, url, auth, body string) (status, code int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", auth)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var failure struct {
		Error struct {
			Code    int    `json:"code"`
			TraceID string `json:"fbtrace_id"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &failure); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if failure.Error.Code != 0 && failure.Error.TraceID == "" {
		t.Errorf("%s has no trace id", answer)
	}
	return response.StatusCode, failure.Error.Code
}

func TestServerRemembersWithinBounds(t *testing.T) {
	server := start(t, whatsapptest.Options{Keep: 3})
	client := newClient(t, server)
	for _, body := range []string{"1", "2", "3", "4", "5"} {
		send(t, client, text(body))
	}
	var got []string
	for _, m := range server.Sent() {
		got = append(got, m.Text)
	}
	if diff := cmp.Diff([]string{"3", "4", "5"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := server.Counts().Accepted; n != 5 {
		t.Errorf("%d accepted", n)
	}
}

func TestServerOnAListenerOfTheCallers(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, whatsapptest.Options{Listener: listener})
	if server.URL != "http://"+listener.Addr().String() {
		t.Errorf("URL %s", server.URL)
	}
	send(t, newClient(t, server), text("oi"))
}

func TestWaitSent(t *testing.T) {
	server := start(t, whatsapptest.Options{})
	client := newClient(t, server)
	done := make(chan []whatsapptest.SentMessage, 1)
	go func() {
		sent, err := server.WaitSent(t.Context(), 2)
		if err != nil {
			t.Error(err)
		}
		done <- sent
	}()
	send(t, client, text("um"))
	send(t, client, text("dois"))
	if sent := <-done; len(sent) != 2 || sent[1].Text != "dois" {
		t.Errorf("sent %+v", sent)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.WaitSent(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	server.Close()
	if _, err := server.WaitSent(t.Context(), 3); err == nil {
		t.Error("waiting on a closed server ends well")
	}
}

func TestFaults(t *testing.T) {
	server := start(t, whatsapptest.Options{})
	client := newClient(t, server)
	class := func(err error) whatsapp.Class {
		var refusal *whatsapp.Error
		if errors.As(err, &refusal) {
			return refusal.Class()
		}
		return ""
	}

	t.Run("refuses twice, then no more", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 131056, RetryAfter: 4 * time.Second, Times: 2})
		for range 2 {
			_, err := client.Send(t.Context(), text("oi"))
			var refusal *whatsapp.Error
			if !errors.As(err, &refusal) || refusal.Class() != whatsapp.ClassRatePair || refusal.RetryAfter != 4*time.Second || whatsapp.Ambiguous(err) {
				t.Errorf("error %v", err)
			}
		}
		send(t, client, text("oi"))
	})
	t.Run("is ill without JSON", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse})
		_, err := client.Send(t.Context(), text("oi"))
		if class(err) != whatsapp.ClassTransient || !whatsapp.Ambiguous(err) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("says it is transient", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 139999, Transient: true})
		_, err := client.Send(t.Context(), text("oi"))
		if class(err) != whatsapp.ClassTransient || !whatsapp.Ambiguous(err) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("meets only what it matches", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{
			Kind: whatsapptest.Refuse, HTTPStatus: 401, Code: 190,
			Match: func(m whatsapptest.SentMessage) bool { return m.Text == "ruim" },
		})
		send(t, client, text("bom"))
		if _, err := client.Send(t.Context(), text("ruim")); class(err) != whatsapp.ClassAuth {
			t.Errorf("error %v", err)
		}
	})
	t.Run("meets reads", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: 400, Code: 131009, Reads: true})
		send(t, client, text("oi"))
		err := client.MarkRead(t.Context(), number, "wamid.A", false)
		if class(err) != whatsapp.ClassRequest {
			t.Errorf("error %v", err)
		}
		if err := client.MarkRead(t.Context(), number, "wamid.A", false); err != nil {
			t.Error(err)
		}
	})
	t.Run("all until cleared", func(t *testing.T) {
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.FailBefore, Times: -1})
		for range 3 {
			if _, err := client.Send(t.Context(), text("oi")); !whatsapp.Ambiguous(err) {
				t.Errorf("error %v", err)
			}
		}
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, Times: 2, Code: 131047})
		server.FailMedia(whatsapptest.MediaFault{Kind: whatsapptest.MediaCut})
		if left := server.Faults(); len(left) != 2 || left[0].Times >= 0 || left[1].Times != 2 || left[1].Code != 131047 {
			t.Errorf("left are %+v", left)
		}
		if left := server.MediaFaults(); len(left) != 1 || left[0].Kind != whatsapptest.MediaCut || left[0].Times != 1 {
			t.Errorf("left of media are %+v", left)
		}
		server.ClearFaults()
		if left := len(server.Faults()) + len(server.MediaFaults()); left != 0 {
			t.Errorf("%d are left", left)
		}
		send(t, client, text("oi"))
	})
	t.Run("accepts and drops", func(t *testing.T) {
		before := server.Counts().Accepted
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.FailAfter})
		if _, err := client.Send(t.Context(), text("some")); !whatsapp.Ambiguous(err) {
			t.Errorf("error %v", err)
		}
		if n := server.Counts().Accepted - before; n != 1 {
			t.Errorf("%d accepted, want 1", n)
		}
	})
	t.Run("answers slowly", func(t *testing.T) {
		for _, kind := range []whatsapptest.FaultKind{whatsapptest.Hang, whatsapptest.HangAfter} {
			server.Fail(whatsapptest.Fault{Kind: kind, Duration: time.Millisecond})
			send(t, client, text("devagar"))
		}
	})
	t.Run("hangs until the client gives up", func(t *testing.T) {
		before := server.Counts()
		server.Fail(whatsapptest.Fault{Kind: whatsapptest.Hang})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := client.Send(ctx, text("oi")); !whatsapp.Ambiguous(err) {
			t.Errorf("error %v", err)
		}
		if n := server.Counts().Accepted - before.Accepted; n != 0 {
			t.Errorf("%d accepted, want none", n)
		}
	})
}

func TestCloseEndsWhatHangs(t *testing.T) {
	server := whatsapptest.NewServer(whatsapptest.Options{Latency: time.Hour})
	client := newClient(t, server)
	done := make(chan error, 1)
	go func() {
		_, err := client.Send(t.Context(), text("oi"))
		done <- err
	}()
	for server.Counts().Requests == 0 {
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	server.Close()
	if err := <-done; !whatsapp.Ambiguous(err) {
		t.Errorf("error %v", err)
	}
}

// TestLatency runs on a clock that the test moves.
func TestLatency(t *testing.T) {
	ticks := make(chan time.Time)
	asked := make(chan time.Duration, 1)
	server := start(t, whatsapptest.Options{Latency: time.Hour, After: func(d time.Duration) <-chan time.Time {
		asked <- d
		return ticks
	}})
	client := newClient(t, server)
	done := make(chan error, 1)
	go func() {
		_, err := client.Send(t.Context(), text("oi"))
		done <- err
	}()
	if d := <-asked; d != time.Hour {
		t.Errorf("waits %v", d)
	}
	if n := server.Counts().Accepted; n != 0 {
		t.Errorf("%d accepted before time", n)
	}
	ticks <- time.Time{}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
