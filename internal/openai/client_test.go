package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	sdk "github.com/openai/openai-go/v3"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

var _ otto.Model = (*openai.Client)(nil)

const key = "sk-canary-key"

func fixedKey(context.Context) (pii.Secret, error) { return key, nil }

func prompt() otto.Prompt {
	return otto.Prompt{
		CacheKey: "TRIAGE.abc",
		Messages: []otto.PromptMessage{
			{Role: otto.RoleSystem, Content: "regras"},
			{Role: otto.RoleAssistant, Content: "Oi!"},
			{Role: otto.RoleUser, Content: "canary-text"},
		},
		SchemaName: "otto_decision",
		Schema:     json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}},"required":["a"]}`),
		MaxTokens:  700,
	}
}

func newServer(t *testing.T) *openaitest.Server {
	t.Helper()
	s := openaitest.NewServer(openaitest.Options{Key: key})
	t.Cleanup(s.Close)
	return s
}

func newClient(s *openaitest.Server) *openai.Client {
	return openai.New(openai.Options{APIKey: fixedKey, BaseURL: s.URL(), Model: "gpt-test"})
}

func TestARequestIsStrictUnstoredAndCacheable(t *testing.T) {
	s := newServer(t)
	got, err := newClient(s).Complete(t.Context(), prompt())
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcome != otto.OutcomeOK || got.Text != `{"a":""}` || got.Model != "gpt-test" {
		t.Errorf("completion = %+v", got)
	}
	no := false
	want := []openaitest.Request{{
		Model: "gpt-test",
		Messages: []openaitest.Message{
			{Role: "system", Content: "regras"}, {Role: "assistant", Content: "Oi!"}, {Role: "user", Content: "canary-text"}},
		SchemaName: "otto_decision", Strict: true, Store: &no, CacheKey: "TRIAGE.abc", MaxTokens: 700, Attempt: "0",
	}}
	if diff := cmp.Diff(want, s.Requests(), cmpopts.IgnoreFields(openaitest.Request{}, "Schema")); diff != "" {
		t.Error(diff)
	}
	if string(s.Requests()[0].Schema) != string(prompt().Schema) {
		t.Errorf("schema = %s", s.Requests()[0].Schema)
	}
}

func TestAPlainPromptAsksForText(t *testing.T) {
	s := newServer(t)
	got, err := newClient(s).Complete(t.Context(), otto.Prompt{Messages: []otto.PromptMessage{{Role: "x", Content: "oi"}}})
	if err != nil || got.Outcome != otto.OutcomeOK {
		t.Fatalf("%+v, %v", got, err)
	}
	r := s.Requests()[0]
	if r.Schema != nil || r.CacheKey != "" || r.MaxTokens != 0 || r.Messages[0].Role != "user" {
		t.Errorf("request = %+v", r)
	}
}

func TestTokensAreCounted(t *testing.T) {
	s := newServer(t)
	c := newClient(s)
	p := prompt()
	p.Messages[0].Content = strings.Repeat("regras da casa ", 500)
	first, err := c.Complete(t.Context(), p)
	if err != nil || first.TokensIn < 1500 || first.TokensOut == 0 || first.TokensCached != 0 {
		t.Errorf("first = %+v, %v", first, err)
	}
	second, err := c.Complete(t.Context(), p)
	if err != nil || second.TokensCached < 1024 || second.TokensCached > second.TokensIn {
		t.Errorf("second = %+v, %v", second, err)
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name  string
		reply openaitest.Reply
		want  otto.Outcome
		text  string
	}{
		{"ok", openaitest.Reply{Content: `{"a":"x"}`}, otto.OutcomeOK, `{"a":"x"}`},
		{"not JSON is Otto's to judge", openaitest.Reply{Content: "{"}, otto.OutcomeOK, "{"},
		{"refusal", openaitest.Reply{Refusal: "no"}, otto.OutcomeRefusal, ""},
		{"length", openaitest.Reply{Content: `{"a`, Finish: "length"}, otto.OutcomeLength, ""},
		{"filter", openaitest.Reply{Content: `{"a`, Finish: "content_filter"}, otto.OutcomeFilter, ""},
		{"refusal before filter", openaitest.Reply{Refusal: "no", Finish: "content_filter"}, otto.OutcomeRefusal, ""},
		{"empty", openaitest.Reply{}, otto.OutcomeEmpty, ""},
		{"blank", openaitest.Reply{Content: " \n"}, otto.OutcomeEmpty, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.Script(tt.reply)
			got, err := newClient(s).Complete(t.Context(), prompt())
			if err != nil || got.Outcome != tt.want || got.Text != tt.text {
				t.Errorf("%+v, %v, want %s %q", got, err, tt.want, tt.text)
			}
			if got.TokensIn == 0 {
				t.Error("an answer that is no use costs tokens too")
			}
		})
	}
}

func TestFailures(t *testing.T) {
	status := func(status int, code string) openaitest.Fault {
		return openaitest.Fault{Kind: openaitest.Status, Status: status, Code: code}
	}
	tests := []struct {
		name  string
		fault openaitest.Fault
		want  fault.Kind
		text  string
	}{
		{"500", status(500, ""), fault.Dependency, "openai: complete: status 500"},
		{"503", status(503, ""), fault.Dependency, "openai: complete: status 503"},
		{"408", status(408, ""), fault.Dependency, "openai: complete: status 408"},
		{"409", status(409, ""), fault.Dependency, "openai: complete: status 409"},
		{"429", status(429, "rate_limit_exceeded"), fault.Throttled, "openai: complete: status 429, rate_limit_exceeded"},
		{"429 without money", status(429, "insufficient_quota"), fault.Throttled, "openai: complete: status 429, insufficient_quota"},
		{"400", status(400, "canary-code"), fault.Broken, "openai: complete: status 400"},
		{"401", status(401, "invalid_api_key"), fault.Broken, "openai: complete: status 401, invalid_api_key"},
		{"403", status(403, ""), fault.Broken, "openai: complete: status 403"},
		{"404", status(404, "model_not_found"), fault.Broken, "openai: complete: status 404, model_not_found"},
		{"422", status(422, ""), fault.Broken, "openai: complete: status 422"},
		{"reset", openaitest.Fault{Kind: openaitest.Reset}, fault.Dependency, "openai: complete: connection lost"},
		{"cut off", openaitest.Fault{Kind: openaitest.CutOff}, fault.Dependency, "openai: complete: answer unreadable"},
		{"foreign page", openaitest.Fault{Kind: openaitest.Foreign}, fault.Dependency, "openai: complete: answer unreadable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.Fail(tt.fault)
			c := newClient(s)
			_, err := c.Complete(t.Context(), prompt())
			if !fault.Is(err, tt.want) || err.Error() != tt.text {
				t.Errorf("%v, %q, want %v, %q", fault.KindOf(err), err, tt.want, tt.text)
			}
			if s.Total() != 1 {
				t.Errorf("asked %d times", s.Total())
			}
			if got, err := c.Complete(t.Context(), prompt()); err != nil || got.Outcome != otto.OutcomeOK {
				t.Errorf("afterwards: %+v, %v", got, err)
			}
		})
	}
}

func TestAPromptThatNobodyCanAnswerIsAnOutcome(t *testing.T) {
	for code, want := range map[string]otto.Outcome{
		"content_filter": otto.OutcomeFilter, "content_policy_violation": otto.OutcomeFilter,
		"invalid_prompt": otto.OutcomeFilter, "context_length_exceeded": otto.OutcomeLength,
		"string_above_max_length": otto.OutcomeLength,
	} {
		s := newServer(t)
		s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 400, Code: code})
		got, err := newClient(s).Complete(t.Context(), prompt())
		if err != nil || got.Outcome != want || got.Model != "gpt-test" {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
}

func TestTheProvidersWaitIsPassedOn(t *testing.T) {
	tests := []struct {
		name   string
		header map[string]string
		want   time.Duration
	}{
		{"milliseconds", map[string]string{"Retry-After-Ms": "1500", "Retry-After": "2"}, 1500 * time.Millisecond},
		{"seconds", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"date", map[string]string{"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30 * time.Second},
		{"past date", map[string]string{"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 0},
		{"date without a clock", map[string]string{"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": ""}, 0},
		{"negative", map[string]string{"Retry-After": "-3"}, 0},
		{"absurd", map[string]string{"Retry-After": "9223372036854775807"}, 10 * time.Minute},
		{"not a wait", map[string]string{"Retry-After": "soon"}, 0},
		{"none", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.header {
					w.Header()[http.CanonicalHeaderKey(k)] = []string{v}
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			_, err := c.Complete(t.Context(), prompt())
			got, ok := fault.RetryAfter(err)
			if !fault.Is(err, fault.Throttled) || got != tt.want || ok != (tt.want > 0) {
				t.Errorf("%v, %v, %v", err, got, ok)
			}
		})
	}
}

// clientOf asks a server that is not OpenAI's.
func clientOf(t *testing.T, handler http.HandlerFunc) *openai.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return openai.New(openai.Options{APIKey: fixedKey, BaseURL: s.URL + "/v1"})
}

func TestStrangeAnswers(t *testing.T) {
	page := func(w http.ResponseWriter, content string) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(content))
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    fault.Kind
		text    string
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, fault.Broken, "redirected with 307"},
		{"error page of a proxy", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte("<html>canary-page</html>"))
		}, fault.Dependency, "status 502"},
		{"error cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("{"))
		}, fault.Dependency, "status 500"},
		{"not JSON", func(w http.ResponseWriter, _ *http.Request) { page(w, "canary-page") }, fault.Dependency, "answer unreadable"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			page(w, `{"choices":[{"message":{"content":"`+strings.Repeat("x", 2<<20)+`"}}]}`)
		}, fault.Dependency, "answer too large"},
		{"endless error", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(strings.Repeat("x", 2<<20)))
		}, fault.Dependency, "status 503"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := clientOf(t, tt.handler).Complete(t.Context(), prompt())
			if !fault.Is(err, tt.want) || err.Error() != "openai: complete: "+tt.text {
				t.Errorf("%v: %v", fault.KindOf(err), err)
			}
		})
	}
	t.Run("no choice", func(t *testing.T) {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { page(w, `{"model":"m","choices":[]}`) })
		if got, err := c.Complete(t.Context(), prompt()); err != nil || got.Outcome != otto.OutcomeEmpty {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	s := newServer(t)
	c := newClient(s)
	s.Close()
	if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Dependency) {
		t.Errorf("%v: %v", fault.KindOf(err), err)
	}
}

func TestACallEndsInTime(t *testing.T) {
	s := newServer(t)
	s.Fail(openaitest.Fault{Kind: openaitest.Stall, Times: -1})
	c := openai.New(openai.Options{APIKey: fixedKey, BaseURL: s.URL(), Timeout: 30 * time.Millisecond})
	if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Dependency) || err.Error() != "openai: complete: no answer in time" {
		t.Errorf("own timeout: %v: %v", fault.KindOf(err), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	patient := newClient(s)
	if _, err := patient.Complete(ctx, prompt()); !fault.Is(err, fault.Dependency) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("caller's deadline: %v: %v", fault.KindOf(err), err)
	}
	gone, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := patient.Complete(gone, prompt())
		done <- err
	}()
	if err := s.Await(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := <-done; !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Dependency) {
		t.Errorf("caller left: %v", err)
	}
}

func TestTheKeyIsAskedForAtEveryCall(t *testing.T) {
	s := newServer(t)
	keys := []pii.Secret{"sk-old", key + "\n"}
	c := openai.New(openai.Options{BaseURL: s.URL(), APIKey: func(context.Context) (pii.Secret, error) {
		k := keys[0]
		keys = keys[1:]
		return k, nil
	}})
	if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Broken) {
		t.Errorf("old key: %v", err)
	}
	if _, err := c.Complete(t.Context(), prompt()); err != nil {
		t.Errorf("new key: %v", err)
	}
}

func TestWithoutAKeyNothingIsAsked(t *testing.T) {
	s := newServer(t)
	broken := fault.Mark(errors.New("secret store"), fault.Dependency)
	for _, tt := range []struct {
		key  pii.Secret
		err  error
		want fault.Kind
	}{{"", nil, fault.Broken}, {"", broken, fault.Dependency}} {
		c := openai.New(openai.Options{BaseURL: s.URL(), APIKey: func(context.Context) (pii.Secret, error) { return tt.key, tt.err }})
		if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, tt.want) || !errors.Is(err, cmpErr(tt.err, err)) {
			t.Errorf("%v: %v", fault.KindOf(err), err)
		}
	}
	if s.Total() != 0 {
		t.Errorf("asked %d times", s.Total())
	}
}

// cmpErr is want, or err itself when nothing is wanted.
func cmpErr(want, err error) error {
	if want == nil {
		return err
	}
	return want
}

func TestErrorsHoldNothingOfTheExchange(t *testing.T) {
	handlers := []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":"canary-message","code":"canary-code","type":"canary-type","param":"canary-param"}}`))
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte("canary-body"))
		},
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("canary-body")) },
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for i, handler := range handlers {
		_, err := clientOf(t, handler).Complete(t.Context(), prompt())
		if err == nil {
			t.Fatalf("%d: no error", i)
		}
		var carrier *sdk.Error
		if errors.As(err, &carrier) {
			t.Errorf("%d: the SDK's error, which holds the request, comes out", i)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if shown := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(shown, "canary") {
				t.Errorf("%d: %s", i, shown)
			}
		}
	}
}

func TestTheEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
	t.Setenv("OPENAI_API_KEY", "sk-environment")
	t.Setenv("OPENAI_ORG_ID", "org-environment")
	t.Setenv("OPENAI_PROJECT_ID", "proj-environment")
	t.Setenv("OPENAI_CUSTOM_HEADERS", "X-Environment: yes")
	var header atomic.Value
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header.Clone())
		w.WriteHeader(http.StatusInternalServerError)
	})
	if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Dependency) {
		t.Fatal(err)
	}
	got, ok := header.Load().(http.Header)
	if !ok || got.Get("Authorization") != "Bearer "+key || strings.Contains(fmt.Sprint(got), "environment") || got.Get("X-Environment") != "" {
		t.Errorf("header = %v", got)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var mu sync.Mutex
	var opened []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}`))
	}))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			opened = append(opened, c.RemoteAddr().String())
		}
	}
	s.Start()
	defer s.Close()
	c := openai.New(openai.Options{APIKey: fixedKey, BaseURL: s.URL})
	for range 5 {
		if _, err := c.Complete(t.Context(), prompt()); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(slices.Compact(opened)) != 1 {
		t.Errorf("%d connections for five calls", len(opened))
	}
}
