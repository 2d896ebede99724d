package whatsapp_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const number = "733000000000009"

func token(context.Context) (string, error) { return "EAAG-secret-token", nil }

func newClient(tb testing.TB, base string) *whatsapp.Client {
	tb.Helper()
	return newClientOver(tb, base, nil)
}

func newClientOver(tb testing.TB, base string, over *http.Client) *whatsapp.Client {
	tb.Helper()
	client, err := whatsapp.NewClient(whatsapp.Options{BaseURL: base, APIVersion: "v26.0", Token: token, HTTPClient: over})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

func text(body string) whatsapp.Send {
	return whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone("5521900000001"), Message: whatsapp.TextMessage{Body: body}}
}

// graph serves one canned answer and hands each request to look.
func graph(tb testing.TB, status int, answer string, look func(*http.Request, []byte)) *httptest.Server {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			tb.Errorf("read request: %v", err)
		}
		if look != nil {
			look(r, body)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	tb.Cleanup(server.Close)
	return server
}

const accepted = `{"messaging_product":"whatsapp","contacts":[{"input":"+5521900000001","wa_id":"552190000001"}],"messages":[{"id":"wamid.OUT"}]}`

func TestSendOnTheWire(t *testing.T) {
	tests := []struct {
		name string
		send whatsapp.Send
		want string
	}{
		{"text to a number", whatsapp.Send{
			To: whatsapp.Phone("5521900000001"), Message: whatsapp.TextMessage{Body: "Olá <b> & você 👋"},
			ReplyTo: "wamid.IN", Opaque: "att:1",
		}, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5521900000001",
			"context":{"message_id":"wamid.IN"},"biz_opaque_callback_data":"att:1",
			"type":"text","text":{"body":"Olá <b> & você 👋","preview_url":false}}`},
		{"text to a user id", whatsapp.Send{
			To: whatsapp.User("BR.77"), Message: whatsapp.TextMessage{Body: "veja https://example.com", PreviewURL: true},
		}, `{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"BR.77",
			"type":"text","text":{"body":"veja https://example.com","preview_url":true}}`},
		{"buttons", whatsapp.Send{
			To: whatsapp.Phone("5521900000001"),
			Message: whatsapp.ButtonsMessage{Header: whatsapp.HeaderText("Agenda"), Body: "Confirma?", Footer: "Padaria", Buttons: []whatsapp.Button{
				{ID: "sim", Title: "Sim"}, {ID: "nao", Title: "Não"}}},
		}, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5521900000001","type":"interactive",
			"interactive":{"type":"button","header":{"type":"text","text":"Agenda"},"body":{"text":"Confirma?"},
			"footer":{"text":"Padaria"},"action":{"buttons":[
			{"type":"reply","reply":{"id":"sim","title":"Sim"}},{"type":"reply","reply":{"id":"nao","title":"Não"}}]}}}`},
		{"list", whatsapp.Send{
			To: whatsapp.Phone("5521900000001"),
			Message: whatsapp.ListMessage{Body: "Quando?", Button: "Ver horários", Sections: []whatsapp.Section{
				{Title: "Hoje", Rows: []whatsapp.Row{{ID: "h1", Title: "15h", Description: "Com a Nair"}}},
				{Title: "Amanhã", Rows: []whatsapp.Row{{ID: "h2", Title: "9h"}}}}},
		}, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5521900000001","type":"interactive",
			"interactive":{"type":"list","body":{"text":"Quando?"},"action":{"button":"Ver horários","sections":[
			{"title":"Hoje","rows":[{"id":"h1","title":"15h","description":"Com a Nair"}]},
			{"title":"Amanhã","rows":[{"id":"h2","title":"9h"}]}]}}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []byte
			var header http.Header
			var path string
			server := graph(t, http.StatusOK, accepted, func(r *http.Request, body []byte) {
				got, header, path = body, r.Header, r.Method+" "+r.URL.String()
			})
			test.send.PhoneNumberID = number
			sent, err := newClient(t, server.URL).Send(t.Context(), test.send)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain(t, []byte(test.want)), plain(t, got)); diff != "" {
				t.Errorf("body -want +got:\n%s", diff)
			}
			if strings.Contains(string(got), `\u003c`) {
				t.Error("text was escaped for HTML")
			}
			if want := "POST /v26.0/" + number + "/messages"; path != want {
				t.Errorf("request %q, want %q", path, want)
			}
			if got := header.Get("Authorization"); got != "Bearer EAAG-secret-token" {
				t.Errorf("authorization %q", got)
			}
			if got := header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			for _, promise := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
				if _, ok := header[promise]; ok {
					t.Errorf("%s would let the transport repeat the request", promise)
				}
			}
			sum := sha256.Sum256(got)
			if want := (whatsapp.Sent{ID: "wamid.OUT", WAID: "552190000001", Digest: hex.EncodeToString(sum[:])}); sent != want {
				t.Errorf("sent %+v, want %+v", sent, want)
			}
		})
	}
}

func plain(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestMarkReadOnTheWire(t *testing.T) {
	for _, typing := range []bool{false, true} {
		want := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN"}`
		if typing {
			want = `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN","typing_indicator":{"type":"text"}}`
		}
		var got []byte
		server := graph(t, http.StatusOK, `{"success":true}`, func(_ *http.Request, body []byte) { got = body })
		if err := newClient(t, server.URL).MarkRead(t.Context(), number, "wamid.IN", typing); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(t, []byte(want)), plain(t, got)); diff != "" {
			t.Errorf("body -want +got:\n%s", diff)
		}
	}
	client := newClient(t, "http://127.0.0.1:1")
	checkLimit(t, client.MarkRead(t.Context(), number, "", false), &whatsapp.LimitError{Field: "message_id", Rule: whatsapp.RuleRequired})
	checkLimit(t, client.MarkRead(t.Context(), "me", "wamid.IN", false), &whatsapp.LimitError{Field: "phone_number_id", Rule: whatsapp.RuleDigits})
}

func TestNewClientRefuses(t *testing.T) {
	good := whatsapp.Options{Token: token}
	tests := []struct {
		name   string
		change func(*whatsapp.Options)
		want   string
	}{
		{"defaults", func(*whatsapp.Options) {}, ""},
		{"base with a path", func(o *whatsapp.Options) { o.BaseURL = "https://proxy.example/graph/" }, ""},
		{"no scheme", func(o *whatsapp.Options) { o.BaseURL = "graph.facebook.com" }, "BaseURL"},
		{"other scheme", func(o *whatsapp.Options) { o.BaseURL = "file:///etc" }, "BaseURL"},
		{"no host", func(o *whatsapp.Options) { o.BaseURL = "https://" }, "BaseURL"},
		{"user", func(o *whatsapp.Options) { o.BaseURL = "https://u:p@graph.facebook.com" }, "BaseURL"},
		{"query", func(o *whatsapp.Options) { o.BaseURL = "https://graph.facebook.com?access_token=x" }, "BaseURL"},
		{"broken", func(o *whatsapp.Options) { o.BaseURL = "https://%zz" }, "BaseURL"},
		{"version without v", func(o *whatsapp.Options) { o.APIVersion = "26.0" }, "APIVersion"},
		{"version without minor", func(o *whatsapp.Options) { o.APIVersion = "v26" }, "APIVersion"},
		{"version with more", func(o *whatsapp.Options) { o.APIVersion = "v26.0/me" }, "APIVersion"},
		{"no token", func(o *whatsapp.Options) { o.Token = nil }, "Token"},
		{"negative timeout", func(o *whatsapp.Options) { o.Timeout = -1 }, "Timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := good
			test.change(&o)
			client, err := whatsapp.NewClient(o)
			if test.want == "" {
				if err != nil || client == nil {
					t.Errorf("error %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that names %s", err, test.want)
			}
		})
	}
}

func TestSendRefused(t *testing.T) {
	const body = `{"error":{"message":"(#131047) to +5521900000001","type":"OAuthException","code":131047,
		"error_subcode":2494055,"is_transient":false,"error_data":{"messaging_product":"whatsapp","details":"about +5521900000001"},
		"error_user_title":"Title","fbtrace_id":"AbC_d-9"}}`
	server := graph(t, http.StatusBadRequest, body, nil)
	_, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
	var got *whatsapp.Error
	if !errors.As(err, &got) {
		t.Fatalf("error %v", err)
	}
	want := &whatsapp.Error{HTTPStatus: 400, Code: 131047, Subcode: 2494055, Type: "OAuthException", Title: "Title",
		Details: "about +5521900000001", FBTraceID: "AbC_d-9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, want := err.Error(), "whatsapp: code 131047/2494055, http 400, trace AbC_d-9"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if whatsapp.Ambiguous(err) {
		t.Error("a refusal is ambiguous")
	}
}

// TestSendAnswers has answers of every kind: what each means for whether the
// message is out.
func TestSendAnswers(t *testing.T) {
	type meaning struct {
		refused   bool // an *Error, else a *TransportError
		ambiguous bool
		class     whatsapp.Class
		cause     string
	}
	broken := func(cause string) meaning { return meaning{ambiguous: true, cause: cause} }
	tests := []struct {
		name   string
		status int
		answer string
		want   meaning
	}{
		{"refused", 400, `{"error":{"code":131026}}`, meaning{refused: true, class: whatsapp.ClassRecipient}},
		{"refused, code as text", 400, `{"error":{"code":"131056"}}`, meaning{refused: true, class: whatsapp.ClassRatePair}},
		{"refused, odd fields", 400, `{"error":{"code":190,"error_subcode":"x","error_data":"text","message":5,"fbtrace_id":[]}}`,
			meaning{refused: true, class: whatsapp.ClassAuth}},
		{"unauthorised", 401, `{"error":{"code":0}}`, meaning{refused: true, class: whatsapp.ClassAuth}},
		{"transient refusal", 400, `{"error":{"code":130429,"is_transient":true}}`, meaning{refused: true, ambiguous: true, class: whatsapp.ClassRateNumber}},
		{"server error with code", 500, `{"error":{"code":131000}}`, meaning{refused: true, ambiguous: true, class: whatsapp.ClassTransient}},
		{"server error without JSON", 502, `<html>bad gateway</html>`, meaning{refused: true, ambiguous: true, class: whatsapp.ClassTransient}},
		{"empty server error", 503, ``, meaning{refused: true, ambiguous: true, class: whatsapp.ClassTransient}},
		{"limiter without JSON", 429, `slow down`, meaning{refused: true, class: whatsapp.ClassRateNumber}},
		{"4xx without JSON", 404, `not here`, broken("answer")},
		{"4xx with other JSON", 400, `{"error":"bad"}`, broken("answer")},
		{"4xx without code", 400, `{"error":{"message":"x"}}`, broken("answer")},
		{"4xx with huge code", 400, `{"error":{"code":1e99}}`, broken("answer")},
		{"accepted, cut off", 200, accepted[:40], broken("answer")},
		{"accepted, nothing", 200, ``, broken("answer")},
		{"accepted, no messages", 200, `{"messaging_product":"whatsapp"}`, broken("answer")},
		{"accepted, empty list", 200, `{"messages":[]}`, broken("answer")},
		{"accepted, empty id", 200, `{"messages":[{"id":""}]}`, broken("answer")},
		{"accepted, id of another kind", 200, `{"messages":[{"id":5}]}`, broken("answer")},
		{"accepted, key in other letters", 200, `{"Messages":[{"ID":"wamid.X"}]}`, broken("answer")},
		{"not modified", 304, ``, broken("redirect")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := graph(t, test.status, test.answer, nil)
			sent, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
			if err == nil {
				t.Fatalf("sent %+v", sent)
			}
			got := meaning{ambiguous: whatsapp.Ambiguous(err)}
			var refusal *whatsapp.Error
			var transport *whatsapp.TransportError
			if errors.As(err, &refusal) {
				got.refused, got.class = true, refusal.Class()
				if refusal.HTTPStatus != test.status {
					t.Errorf("status %d", refusal.HTTPStatus)
				}
			} else if errors.As(err, &transport) {
				got.cause = transport.Cause
			}
			if got != test.want {
				t.Errorf("%v means %+v, want %+v", err, got, test.want)
			}
		})
	}
}

func TestSendWaitsAsLongAsAsked(t *testing.T) {
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "-1": 0, "soon": 0, "": 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.Header().Set("X-Fb-Trace-Id", "HdrTrace")
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
		server.Close()
		var refusal *whatsapp.Error
		if !errors.As(err, &refusal) || refusal.RetryAfter != want || refusal.FBTraceID != "HdrTrace" {
			t.Errorf("Retry-After %q: %+v", value, err)
		}
	}
}

func TestSendBoundsTheAnswer(t *testing.T) {
	// All of it is JSON, and so is any part that holds the beginning.
	server := graph(t, http.StatusOK, accepted+strings.Repeat(" ", 2<<20), nil)
	_, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
	if !whatsapp.Ambiguous(err) {
		t.Errorf("error %v is not ambiguous", err)
	}
}

func TestSendFollowsNoRedirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := graph(t, http.StatusOK, accepted, func(*http.Request, []byte) { elsewhere.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		}))
		// The caller's own client would follow.
		_, err := newClientOver(t, server.URL, &http.Client{}).Send(t.Context(), text("oi"))
		server.Close()
		var transport *whatsapp.TransportError
		if !errors.As(err, &transport) || transport.Cause != "redirect" || !whatsapp.Ambiguous(err) {
			t.Errorf("%d: error %v", status, err)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("message and token went elsewhere %d times", n)
	}
}

// TestSendNeverRepeats breaks a connection that has served before right after
// it has taken a whole request: the case in which net/http repeats requests
// that it believes to be harmless.
func TestSendNeverRepeats(t *testing.T) {
	listener := listen(t)
	var requests atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for {
					r, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					if requests.Add(1) != 1 {
						return
					}
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(accepted), accepted)
				}
			}()
		}
	}()
	client := newClient(t, "http://"+listener.Addr().String())
	if _, err := client.Send(t.Context(), text("um")); err != nil {
		t.Fatal(err)
	}
	_, err := client.Send(t.Context(), text("dois"))
	if !whatsapp.Ambiguous(err) {
		t.Errorf("error %v is not ambiguous", err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// roundTripper lets a test answer in the place of a network that it cannot
// arrange.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSendGivesTheTransportNothingToRepeatWith(t *testing.T) {
	var r *http.Request
	over := &http.Client{Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
		r = request
		return nil, &net.DNSError{Err: "no such host", Name: "graph.example"}
	})}
	_, err := newClientOver(t, "https://graph.example", over).Send(t.Context(), text("oi"))
	if r.GetBody != nil || r.ContentLength <= 0 {
		t.Errorf("GetBody set: %v, length %d", r.GetBody != nil, r.ContentLength)
	}
	if whatsapp.Ambiguous(err) || causeOf(err) != "dns" {
		t.Errorf("error %v", err)
	}
}

func causeOf(err error) string {
	var transport *whatsapp.TransportError
	if !errors.As(err, &transport) {
		return ""
	}
	return transport.Cause
}

// TestSendNotWritten has failures after which the message is certainly not out.
func TestSendNotWritten(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		listener := listen(t)
		_ = listener.Close()
		_, err := newClient(t, "http://"+listener.Addr().String()).Send(t.Context(), text("oi"))
		if whatsapp.Ambiguous(err) || causeOf(err) != "dial" {
			t.Errorf("error %v", err)
		}
		var withAddress *url.Error
		if errors.As(err, &withAddress) {
			t.Errorf("the cause holds the address: %v", withAddress)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		_, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
		if whatsapp.Ambiguous(err) || causeOf(err) != "tls" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no TLS on the other side", func(t *testing.T) {
		server := graph(t, http.StatusOK, accepted, nil)
		_, err := newClient(t, strings.Replace(server.URL, "http:", "https:", 1)).Send(t.Context(), text("oi"))
		if whatsapp.Ambiguous(err) || causeOf(err) != "tls" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("handshake hangs", func(t *testing.T) {
		listener := listen(t) // accepts in the kernel and says nothing
		client, err := whatsapp.NewClient(whatsapp.Options{
			BaseURL: "https://" + listener.Addr().String(), Token: token, Timeout: 50 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = client.Send(t.Context(), text("oi")); whatsapp.Ambiguous(err) || causeOf(err) != "timeout" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("already cancelled", func(t *testing.T) {
		server := graph(t, http.StatusOK, accepted, func(*http.Request, []byte) { t.Error("a request was made") })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, server.URL).Send(ctx, text("oi"))
		if whatsapp.Ambiguous(err) || causeOf(err) != "canceled" || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no token", func(t *testing.T) {
		for name, source := range map[string]func(context.Context) (string, error){
			"fails": func(context.Context) (string, error) { return "", io.ErrUnexpectedEOF },
			"empty": func(context.Context) (string, error) { return "", nil },
			"lines": func(context.Context) (string, error) { return "EAAG-secret-token\r\nX: y", nil },
		} {
			server := graph(t, http.StatusOK, accepted, func(*http.Request, []byte) { t.Error("a request was made") })
			client, err := whatsapp.NewClient(whatsapp.Options{BaseURL: server.URL, Token: source})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Send(t.Context(), text("oi"))
			if err == nil || whatsapp.Ambiguous(err) || strings.Contains(err.Error(), "EAAG") {
				t.Errorf("%s: error %v", name, err)
			}
			if name == "fails" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("error %v does not wrap the token's", err)
			}
		}
	})
	t.Run("limit", func(t *testing.T) {
		server := graph(t, http.StatusOK, accepted, func(*http.Request, []byte) { t.Error("a request was made") })
		_, err := newClient(t, server.URL).Send(t.Context(), text(strings.Repeat("a", 4097)))
		checkLimit(t, err, &whatsapp.LimitError{Field: "text.body", Rule: whatsapp.RuleCharacters, Limit: 4096, Got: 4097})
	})
}

// TestSendWritten has failures after which nobody knows.
func TestSendWritten(t *testing.T) {
	tests := []struct {
		name  string
		fault whatsapptest.Fault
		cause string
		out   int // messages that are out all the same
	}{
		{"dropped before it was accepted", whatsapptest.Fault{Kind: whatsapptest.FailBefore}, "closed", 0},
		{"dropped after it was accepted", whatsapptest.Fault{Kind: whatsapptest.FailAfter}, "closed", 1},
		{"hangs", whatsapptest.Fault{Kind: whatsapptest.Hang}, "timeout", 0},
		{"hangs after it was accepted", whatsapptest.Fault{Kind: whatsapptest.HangAfter}, "timeout", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := whatsapptest.NewServer(whatsapptest.Options{})
			defer server.Close()
			server.Fail(test.fault)
			client, err := whatsapp.NewClient(whatsapp.Options{BaseURL: server.URL, Token: token, Timeout: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Send(t.Context(), text("oi"))
			if !whatsapp.Ambiguous(err) || causeOf(err) != test.cause {
				t.Errorf("error %v, want cause %s", err, test.cause)
			}
			if n := len(server.Sent()); n != test.out {
				t.Errorf("%d messages are out, want %d", n, test.out)
			}
			// The same client goes on.
			if _, err := client.Send(t.Context(), text("oi")); err != nil {
				t.Errorf("next: %v", err)
			}
		})
	}
	t.Run("answer cut off", func(t *testing.T) {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, accepted)
				panic(http.ErrAbortHandler)
			}))
			_, err := newClient(t, server.URL).Send(t.Context(), text("oi"))
			server.Close()
			if !whatsapp.Ambiguous(err) {
				t.Errorf("%d: error %v is not ambiguous", status, err)
			}
		}
	})
}

// TestErrorsDoNotTell sends marked text to a marked number through a server
// that repeats everything it is told, in every way it can.
func TestErrorsDoNotTell(t *testing.T) {
	secrets := []string{"5521900000001", "segredo", "EAAG", "wamid.CITADA"}
	echo := "5521900000001 segredo EAAG-secret-token wamid.CITADA"
	answers := map[string]string{
		"Graph's error": "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n" +
			`{"error":{"message":"` + echo + `","type":"` + echo + `","code":100,"error_user_title":"` + echo +
			`","error_data":{"details":"` + echo + `"},"fbtrace_id":"` + echo + `"}}`,
		"other error":       "HTTP/1.1 400 " + echo + "\r\nConnection: close\r\n\r\n" + echo,
		"redirect":          "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1/" + strings.ReplaceAll(echo, " ", "/") + "\r\nContent-Length: 0\r\n\r\n",
		"no HTTP at all":    echo + "\r\n\r\n",
		"broken header":     "HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n",
		"broken length":     "HTTP/1.1 200 OK\r\nContent-Length: " + echo + "\r\n\r\n",
		"unreadable answer": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + echo,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			listener := listen(t)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer func() { _ = conn.Close() }()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, answer)
			}()
			send := text("segredo")
			send.ReplyTo = "wamid.CITADA"
			_, err := newClient(t, "http://"+listener.Addr().String()).Send(t.Context(), send)
			if err == nil {
				t.Fatal("no error")
			}
			for _, verb := range []string{"%v", "%+v", "%s"} {
				for _, secret := range secrets {
					if text := fmt.Sprintf(verb, err); strings.Contains(text, secret) {
						t.Errorf("%s prints %q", verb, text)
					}
				}
			}
		})
	}
	broken := text("segredo " + strings.Repeat("a", 5000))
	if err := broken.Check(); strings.Contains(err.Error(), "segredo") {
		t.Errorf("a limit prints %q", err)
	}
}
