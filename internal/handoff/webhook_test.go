package handoff_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/pii"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const secret = "the-secret-of-the-team"

func source(value string) handoff.Source {
	return func(context.Context) (pii.Secret, error) { return pii.Secret(value), nil }
}

func webhook(url string) *handoff.Webhook {
	return handoff.New(handoff.Options{URL: source(url), Secret: source(secret), Now: func() time.Time { return noon }})
}

func errand() conversation.Errand {
	return conversation.Errand{
		ID: "cid~3.0",
		Turn: conversation.Turn{
			ID: "cid~3", Conversation: "cid", DecidedAt: noon.Add(-time.Second),
			To: conversation.Identity{Phone: "5511988887777", UserID: "BR.1", Name: "Iara"},
		},
		Effect: conversation.Effect{Kind: conversation.EffectHandoff, Handoff: &conversation.Handoff{
			ID: "cid~3", Reason: "requested", Briefing: "quero falar com uma pessoa", Deadline: noon.Add(time.Hour),
		}},
	}
}

func TestATeamIsTold(t *testing.T) {
	var bodies [][]byte
	var headers []http.Header
	team := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/hook" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		bodies, headers = append(bodies, body), append(headers, r.Header)
	}))
	defer team.Close()
	w := webhook(team.URL + "/hook")
	for range 2 {
		if err := w.Perform(t.Context(), errand()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bodies[0], bodies[1]) {
		t.Error("a copy differs")
	}
	var got any
	if err := json.Unmarshal(bodies[0], &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "cid~3.0", "kind": "handoff", "conversation": "cid", "turn": "cid~3", "reason": "requested",
		"handoff": "cid~3", "deadline": "2026-11-28T13:00:00Z",
		"lead":     map[string]any{"name": "Iara", "phone": "5511988887777", "user_id": "BR.1"},
		"briefing": "quero falar com uma pessoa", "decided_at": "2026-11-28T11:59:59Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for _, h := range headers {
		if h.Get("Idempotency-Key") != "cid~3.0" || h.Get("Content-Type") != "application/json" || h.Get("X-Atende-Timestamp") != "1795867200" {
			t.Errorf("headers %v", h)
		}
		if got, want := h.Get("X-Atende-Signature"), handoff.Sign(secret, h.Get("X-Atende-Timestamp"), bodies[0]); got != want {
			t.Errorf("signature %s, want %s", got, want)
		}
	}
}

// The signature is made as a receiver would check it, by another program.
func TestTheSignatureIsTheDocumentedOne(t *testing.T) {
	// printf '1795867200.{"id":"x"}' | openssl dgst -sha256 -hmac the-secret-of-the-team
	const want = "sha256=83d37e3aaa09fe29b9ef68c71dc6efd1f2d6f877aa40910eef3f0af3f959da0b"
	if got := handoff.Sign(secret, "1795867200", []byte(`{"id":"x"}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestWhatATeamAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		header string
		kind   fault.Kind
		after  time.Duration
	}{
		{http.StatusOK, "", 0, 0},
		{http.StatusNoContent, "", 0, 0},
		{http.StatusFound, "", fault.Refused, 0},
		{http.StatusBadRequest, "", fault.Refused, 0},
		{http.StatusUnauthorized, "", fault.Refused, 0},
		{http.StatusGone, "", fault.Refused, 0},
		{http.StatusRequestTimeout, "", fault.Dependency, 0},
		{http.StatusConflict, "", fault.Dependency, 0},
		{http.StatusTooManyRequests, "", fault.Dependency, 0},
		{http.StatusTooManyRequests, "90", fault.Throttled, 90 * time.Second},
		{http.StatusServiceUnavailable, "999999", fault.Throttled, time.Hour},
		{http.StatusServiceUnavailable, "Wed, 21 Oct 2026 07:28:00 GMT", fault.Dependency, 0},
		{http.StatusInternalServerError, "", fault.Dependency, 0},
	} {
		asked := 0
		team := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			if tt.header != "" {
				w.Header().Set("Retry-After", tt.header)
			}
			w.Header().Set("Location", "/elsewhere?"+secret)
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, "answer of the team")
		}))
		err := webhook(team.URL+"/"+secret).Perform(t.Context(), errand())
		team.Close()
		if asked != 1 {
			t.Errorf("%d: asked %d times", tt.status, asked)
		}
		if tt.kind == 0 {
			if err != nil {
				t.Errorf("%d: %v", tt.status, err)
			}
			continue
		}
		after, _ := fault.RetryAfter(err)
		if !fault.Is(err, tt.kind) || after != tt.after {
			t.Errorf("%d %s: %v (%s), after %v; want %s, %v", tt.status, tt.header, err, fault.KindOf(err), after, tt.kind, tt.after)
		}
		quiet(t, err)
	}
}

// quiet checks that an error tells nothing that is nobody's business.
func quiet(t *testing.T, err error) {
	t.Helper()
	for _, canary := range []string{secret, "5511988887777", "Iara", "pessoa", "127.0.0.1", "answer of"} {
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error tells %q: %v", canary, err)
		}
	}
}

func TestATeamThatCannotBeReached(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	stalls := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Only then is it noticed that the caller left.
		<-r.Context().Done()
	}))
	defer stalls.Close()
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		hook *handoff.Webhook
		kind fault.Kind
	}{
		"nobody listens": {t.Context(), webhook(gone.URL + "/" + secret), fault.Dependency},
		"nobody answers": {soon, webhook(stalls.URL), fault.Dependency},
		"no URL":         {t.Context(), webhook("http://%zz" + secret), fault.Broken},
		"a secret is ill": {t.Context(), handoff.New(handoff.Options{URL: source(gone.URL), Now: time.Now, Secret: func(context.Context) (pii.Secret, error) {
			return "", fault.Mark(errors.New("no answer"), fault.Dependency)
		}}), fault.Dependency},
	} {
		err := tt.hook.Perform(tt.ctx, errand())
		if !fault.Is(err, tt.kind) {
			t.Errorf("%s: %v (%s), want %s", name, err, fault.KindOf(err), tt.kind)
		}
		quiet(t, err)
	}
	if err := webhook(stalls.URL).Perform(t.Context(), conversation.Errand{Effect: conversation.Effect{Kind: "dance"}}); !fault.Is(err, fault.Broken) {
		t.Errorf("another kind: %v", err)
	}
}
