package whatsapp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const account = whatsapptest.DefaultAccountID

// challenger is an ingress that answers challenges with this verify token.
func challenger(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const challenge = "1158201444"
		if r.URL.Query().Get("hub.verify_token") != "verify" || r.URL.Query().Get("hub.challenge") != challenge {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, challenge)
	}))
	t.Cleanup(server.Close)
	return server
}

func admin(t *testing.T, a whatsapptest.Administration) (*whatsapptest.Server, *whatsapp.Client) {
	t.Helper()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	server := whatsapptest.NewServer(whatsapptest.Options{
		Token: "EAAG-secret-token", AppSecret: []byte("s3cret"), PhoneNumberIDs: []string{number}, Administration: a,
		Now: func() time.Time { return now },
	})
	t.Cleanup(server.Close)
	return server, newClient(t, server.URL)
}

func wantCode(t *testing.T, err error, code int) {
	t.Helper()
	said, ok := errors.AsType[*whatsapp.Error](err)
	if !ok || said.Code != code {
		t.Errorf("%v, want code %d", err, code)
	}
}

func TestTokenSaysHowItStands(t *testing.T) {
	server, client := admin(t, whatsapptest.Administration{TokenLife: time.Hour, Scopes: []string{whatsapp.ScopeMessaging}})
	got, err := client.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	want := whatsapp.TokenInfo{
		Valid: true, AppID: whatsapptest.DefaultAppID, Expires: noon.Add(time.Hour), Scopes: []string{whatsapp.ScopeMessaging}, At: noon,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	server.Administer(whatsapptest.Administration{})
	if got, err := client.Token(t.Context()); err != nil || !got.Expires.IsZero() {
		t.Errorf("a token that never expires: %v, %v", got.Expires, err)
	}
	server.Administer(whatsapptest.Administration{TokenLife: -time.Second})
	_, err = client.Token(t.Context())
	wantCode(t, err, 190)
}

func TestNumberSaysHowItStands(t *testing.T) {
	server, client := admin(t, whatsapptest.Administration{})
	healthy := whatsapp.NumberInfo{Status: "CONNECTED", Quality: "GREEN", NameStatus: "APPROVED", Throughput: "STANDARD"}
	if got, err := client.Number(t.Context(), number); err != nil || got != healthy {
		t.Errorf("%+v, %v", got, err)
	}
	// What stands where one of Meta's words belongs is not passed on.
	server.Administer(whatsapptest.Administration{Numbers: map[string]whatsapp.NumberInfo{
		number: {Status: "BANNED", Quality: "RED", NameStatus: "said by somebody: +55 21", Throughput: strings.Repeat("A", 65)},
	}})
	if got, err := client.Number(t.Context(), number); err != nil || got != (whatsapp.NumberInfo{Status: "BANNED", Quality: "RED"}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := client.Number(t.Context(), "1")
	wantCode(t, err, 100)
	_, err = client.Number(t.Context(), "1/x")
	checkLimit(t, err, &whatsapp.LimitError{Field: "phone_number_id", Rule: whatsapp.RuleDigits})
}

func TestAppSubscribes(t *testing.T) {
	_, client := admin(t, whatsapptest.Administration{})
	app := whatsapp.App{ID: whatsapptest.DefaultAppID, Secret: "s3cret"}
	if s, ok, err := client.Subscription(t.Context(), app); err != nil || ok {
		t.Fatalf("before: %+v, %t, %v", s, ok, err)
	}
	callback := challenger(t).URL + "/webhook"
	fields := []string{"messages", "account_update"}
	if err := client.Subscribe(t.Context(), app, callback, "verify", fields); err != nil {
		t.Fatal(err)
	}
	s, ok, err := client.Subscription(t.Context(), app)
	want := whatsapp.Subscription{Callback: callback, Active: true, Fields: slices.Sorted(slices.Values(fields))}
	if diff := cmp.Diff(want, s); diff != "" || !ok || err != nil {
		t.Errorf("%t, %v (-want +got):\n%s", ok, err, diff)
	}
	// An address that does not know the verify token is not taken.
	wantCode(t, client.Subscribe(t.Context(), app, callback, "guess", fields), whatsapp.CallbackRefused)
	// Only the app's own secret opens it.
	_, _, err = client.Subscription(t.Context(), whatsapp.App{ID: app.ID, Secret: "another"})
	wantCode(t, err, 190)
	if err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("the error shows the secret: %v", err)
	}
	_, _, err = client.Subscription(t.Context(), whatsapp.App{ID: "me", Secret: "s3cret"})
	checkLimit(t, err, &whatsapp.LimitError{Field: "app_id", Rule: whatsapp.RuleDigits})
}

func TestAccountSubscribes(t *testing.T) {
	_, client := admin(t, whatsapptest.Administration{Subscribers: []whatsapp.Subscriber{{AppID: "77"}}})
	subscribers := func(want ...whatsapp.Subscriber) {
		t.Helper()
		got, err := client.Subscribers(t.Context(), account)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	callback := challenger(t).URL + "/webhook"
	for range 2 {
		if err := client.SubscribeAccount(t.Context(), account, whatsapp.Override{Callback: callback, VerifyToken: "verify"}); err != nil {
			t.Fatal(err)
		}
		subscribers(whatsapp.Subscriber{AppID: "77"}, whatsapp.Subscriber{AppID: whatsapptest.DefaultAppID, Override: callback})
	}
	wantCode(t, client.SubscribeAccount(t.Context(), account, whatsapp.Override{Callback: callback, VerifyToken: "guess"}), whatsapp.CallbackRefused)
	if err := client.SubscribeAccount(t.Context(), account, whatsapp.Override{}); err != nil {
		t.Fatal(err)
	}
	subscribers(whatsapp.Subscriber{AppID: "77"}, whatsapp.Subscriber{AppID: whatsapptest.DefaultAppID})

	_, err := client.Subscribers(t.Context(), "1")
	wantCode(t, err, 100)
	long := whatsapp.Override{Callback: "https://" + strings.Repeat("a", whatsapp.MaxCallback), VerifyToken: "verify"}
	checkLimit(t, client.SubscribeAccount(t.Context(), account, long), &whatsapp.LimitError{
		Field: "override_callback_uri", Rule: whatsapp.RuleCharacters, Limit: whatsapp.MaxCallback, Got: whatsapp.MaxCallback + 8,
	})
	checkLimit(t, client.SubscribeAccount(t.Context(), "a/b", whatsapp.Override{}), &whatsapp.LimitError{Field: "account_id", Rule: whatsapp.RuleDigits})
}

// Meta writes this word in two ways, and anything else is no success.
func TestSuccessIsRead(t *testing.T) {
	for answer, want := range map[string]bool{`{"success":true}`: true, `{"success":"true"}`: true, `{"success":false}`: false, `{}`: false, `[]`: false} {
		server := graph(t, http.StatusOK, answer, nil)
		if err := newClient(t, server.URL).SubscribeAccount(t.Context(), account, whatsapp.Override{}); (err == nil) != want {
			t.Errorf("%s: %v", answer, err)
		}
	}
	if _, err := newClient(t, graph(t, http.StatusOK, "<html>", nil).URL).Token(t.Context()); err == nil || strings.Contains(err.Error(), "EAAG") {
		t.Errorf("a page instead of an answer: %v", err)
	}
}

// The token is in the address of one call: no error may repeat that.
func TestTokenIsNotInErrors(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	client := newClient(t, server.URL)
	server.Close()
	if _, err := client.Token(t.Context()); err == nil || strings.Contains(err.Error(), "EAAG") {
		t.Errorf("%v", err)
	}
}
