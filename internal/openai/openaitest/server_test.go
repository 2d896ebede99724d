package openaitest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

const smallSchema = `{"type":"object","additionalProperties":false,"required":["next_state","response_text"],
"properties":{"next_state":{"type":"string","enum":["TRIAGE","HANDOFF_HUMAN"]},"response_text":{"type":"string"}}}`

// ask posts a request and gives status, header and body.
func ask(t *testing.T, s *openaitest.Server, body string) (int, http.Header, string) {
	t.Helper()
	status, header, answer, err := post(t.Context(), s, "Bearer k", body)
	if err != nil {
		t.Fatal(err)
	}
	return status, header, answer
}

func post(ctx context.Context, s *openaitest.Server, key, body string) (int, http.Header, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/chat/completions", strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	r.Header.Set("Authorization", key)
	// A connection of its own: a retry of the transport must not hide a cut.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(answer), err
}

// body is a request as a client would write it, with members put on top.
func body(t *testing.T, members map[string]any) string {
	t.Helper()
	r := map[string]any{
		"model":    "gpt-4o-mini",
		"messages": []any{map[string]any{"role": "user", "content": "oi"}},
		"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "d", "strict": true, "schema": json.RawMessage(smallSchema)}},
	}
	for k, v := range members {
		r[k] = v
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func newServer(t *testing.T, o openaitest.Options) *openaitest.Server {
	t.Helper()
	s := openaitest.NewServer(o)
	t.Cleanup(s.Close)
	return s
}

type answered struct {
	Model   string
	Created int64
	Choices []struct {
		Message struct {
			Role             string
			Content, Refusal *string
		}
		FinishReason string `json:"finish_reason"`
	}
	Usage struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		TotalTokens      int `json:"total_tokens"`
		Details          struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	}
}

func read(t *testing.T, body string) answered {
	t.Helper()
	var a answered
	if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Choices) != 1 {
		t.Fatalf("answer is no completion: %v", err)
	}
	return a
}

func TestItRefusesWhatOpenAIWouldRefuse(t *testing.T) {
	schema := func(s string) map[string]any {
		return map[string]any{"response_format": map[string]any{"type": "json_schema",
			"json_schema": map[string]any{"name": "d", "strict": true, "schema": json.RawMessage(s)}}}
	}
	deep := strings.Repeat(`{"type":"array","items":`, 10) + `{"type":"string"}` + strings.Repeat("}", 10)
	tests := []struct {
		name    string
		members map[string]any
		want    string
	}{
		{"open object", schema(`{"type":"object","properties":{},"required":[]}`), "additionalProperties"},
		{"optional key", schema(`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}},"required":[]}`), "is missing"},
		{"required stranger", schema(`{"type":"object","additionalProperties":false,"properties":{},"required":["a"]}`), "no property"},
		{"open object within", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}}}`), "additionalProperties"},
		{"length of a string", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string","maxLength":5}}}`), "not permitted"},
		{"no type", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"enum":["x"]}}}`), "type is required"},
		{"unknown type", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"text"}}}`), "unknown type"},
		{"array without items", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"array"}}}`), "missing"},
		{"empty enum", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string","enum":[]}}}`), "enum"},
		{"empty anyOf", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"anyOf":[]}}}`), "anyOf"},
		{"anyOf at the root", schema(`{"type":"object","anyOf":[{"type":"null"}]}`), "root"},
		{"not an object", schema(`{"type":"string"}`), "root"},
		{"no schema", schema(`null`), "JSON object"},
		{"too deep", schema(`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":` + deep + `}}`), "levels"},
		{"bad name", map[string]any{"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "a b", "schema": map[string]any{}}}}, "name"},
		{"other format", map[string]any{"response_format": map[string]any{"type": "xml"}}, "json_schema"},
		{"unknown argument", map[string]any{"max_tokenz": 3}, "unknown field"},
		{"no model", map[string]any{"model": ""}, "model"},
		{"no messages", map[string]any{"messages": []any{}}, "messages"},
		{"unknown role", map[string]any{"messages": []any{map[string]any{"role": "lead", "content": "segredo"}}}, "role"},
		{"no tokens to answer with", map[string]any{"max_completion_tokens": 0}, "max_completion_tokens"},
		{"streaming", map[string]any{"stream": true}, "stream"},
		{"two answers", map[string]any{"n": 2}, "stream and n"},
		{"long cache key", map[string]any{"prompt_cache_key": strings.Repeat("k", 1025)}, "prompt_cache_key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, openaitest.Options{})
			status, _, answer := ask(t, s, body(t, tt.members))
			if status != http.StatusBadRequest || !strings.Contains(answer, tt.want) {
				t.Errorf("status %d, answer %s, want 400 naming %q", status, answer, tt.want)
			}
			if s.Total() != 0 || len(s.Rejected()) != 1 || strings.Contains(s.Rejected()[0], "segredo") {
				t.Errorf("total %d, rejected %q", s.Total(), s.Rejected())
			}
		})
	}
}

func TestItRefusesBrokenBodies(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	for _, broken := range []string{"", "{", "[]", body(t, nil) + "{}", `{"model":3}`} {
		if status, _, _ := ask(t, s, broken); status != http.StatusBadRequest {
			t.Errorf("%.20q: status %d", broken, status)
		}
	}
	huge := body(t, map[string]any{"user": strings.Repeat("x", 41<<20)})
	if status, _, _ := ask(t, s, huge); status != http.StatusRequestEntityTooLarge {
		t.Errorf("huge body: status %d", status)
	}
}

func TestTheKeyIsRequired(t *testing.T) {
	s := newServer(t, openaitest.Options{Key: "sk-right"})
	for key, want := range map[string]int{"": 401, "Bearer ": 401, "sk-right": 401, "Bearer sk-wrong": 401, "Bearer sk-right": 200} {
		status, _, answer, err := post(t.Context(), s, key, body(t, nil))
		if err != nil || status != want {
			t.Errorf("%q: status %d, %v, want %d", key, status, err, want)
		}
		if strings.Contains(answer, "sk-") {
			t.Errorf("%q: the answer names a key", key)
		}
	}
}

func TestRequestsAreRecordedAsParsed(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	ask(t, s, body(t, map[string]any{"store": false, "prompt_cache_key": "t.p.TRIAGE", "max_completion_tokens": 700}))
	no := false
	want := []openaitest.Request{{
		Model: "gpt-4o-mini", Messages: []openaitest.Message{{Role: "user", Content: "oi"}},
		SchemaName: "d", Strict: true, Store: &no, CacheKey: "t.p.TRIAGE", MaxTokens: 700,
	}}
	got := s.Requests()
	if len(got) != 1 || len(got[0].Schema) == 0 {
		t.Fatalf("recorded %d requests", len(got))
	}
	got[0].Schema = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	s.Answer(func(openaitest.Request) (openaitest.Reply, bool) { return openaitest.Reply{Content: "x"}, true })
	for i := range 300 {
		ask(t, s, body(t, map[string]any{"user": fmt.Sprint(i), "prompt_cache_key": fmt.Sprint(i)}))
	}
	for range 100 {
		ask(t, s, "{")
	}
	if s.Total() != 300 || len(s.Requests()) != 256 || len(s.Rejected()) != 64 {
		t.Errorf("total %d, requests %d, rejected %d", s.Total(), len(s.Requests()), len(s.Rejected()))
	}
	if first := s.Requests()[0].CacheKey; first != "44" {
		t.Errorf("the oldest request kept is %s, want the newest 256", first)
	}
}

func TestAScriptIsAnsweredInOrderAndThenEnds(t *testing.T) {
	s := newServer(t, openaitest.Options{Now: func() time.Time { return time.Unix(1700000000, 0) }})
	s.Script(openaitest.Reply{Content: "um"}, openaitest.Reply{Refusal: "não"}, openaitest.Reply{Content: "do", Finish: "length"})
	_, _, first := ask(t, s, body(t, nil))
	_, _, second := ask(t, s, body(t, nil))
	_, _, third := ask(t, s, body(t, nil))
	a, b, c := read(t, first), read(t, second), read(t, third)
	if *a.Choices[0].Message.Content != "um" || a.Choices[0].FinishReason != "stop" || a.Created != 1700000000 || a.Model != "gpt-4o-mini" {
		t.Errorf("first = %s", first)
	}
	if b.Choices[0].Message.Content != nil || *b.Choices[0].Message.Refusal != "não" {
		t.Errorf("second = %s", second)
	}
	if c.Choices[0].FinishReason != "length" {
		t.Errorf("third = %s", third)
	}
	if status, _, _ := ask(t, s, body(t, nil)); status != http.StatusInternalServerError {
		t.Errorf("beyond the script: status %d", status)
	}
	s.Offline()
	if status, _, _ := ask(t, s, body(t, nil)); status != http.StatusOK {
		t.Errorf("offline again: status %d", status)
	}
}

func TestAScriptServesEachReplyOnce(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	var script []openaitest.Reply
	for i := range 20 {
		script = append(script, openaitest.Reply{Content: fmt.Sprint("r", i)})
	}
	s.Script(script...)
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	request := body(t, nil)
	for range 20 {
		wg.Go(func() {
			_, _, answer, err := post(t.Context(), s, "Bearer k", request)
			var a answered
			if err != nil || json.Unmarshal([]byte(answer), &a) != nil || len(a.Choices) != 1 {
				t.Errorf("no answer: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[*a.Choices[0].Message.Content]++
		})
	}
	wg.Wait()
	if len(seen) != 20 {
		t.Errorf("%d different replies, want 20", len(seen))
	}
}

func TestUsageCountsWhatACacheWouldSave(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	long := strings.Repeat("regras da casa ", 400) // about 1500 tokens
	ask1 := func(key, system, user string) answered {
		_, _, answer := ask(t, s, body(t, map[string]any{"prompt_cache_key": key, "messages": []any{
			map[string]any{"role": "system", "content": system}, map[string]any{"role": "user", "content": user}}}))
		return read(t, answer)
	}
	first := ask1("a", long, "oi")
	if first.Usage.Details.Cached != 0 || first.Usage.PromptTokens < 1400 || first.Usage.PromptTokens > 1700 {
		t.Errorf("first usage = %+v", first.Usage)
	}
	if first.Usage.TotalTokens != first.Usage.PromptTokens+first.Usage.CompletionTokens || first.Usage.CompletionTokens == 0 {
		t.Errorf("sums = %+v", first.Usage)
	}
	again := ask1("a", long, "outra pergunta").Usage.Details.Cached
	if again < 1024 || again%128 != 0 || again > first.Usage.PromptTokens {
		t.Errorf("cached = %d", again)
	}
	if other := ask1("b", long, "oi").Usage.Details.Cached; other != 0 {
		t.Errorf("another key: cached = %d", other)
	}
	if short := ask1("c", "curto", "oi"); short.Usage.Details.Cached != 0 {
		t.Errorf("short: %+v", short.Usage)
	}
	if short := ask1("c", "curto", "oi").Usage.Details.Cached; short != 0 {
		t.Errorf("a short prefix is cached: %d", short)
	}
}

func TestStatusFaults(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 429, Code: "rate_limit_exceeded", RetryAfter: 1500 * time.Millisecond})
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Times: 2})
	status, header, answer := ask(t, s, body(t, nil))
	if status != 429 || header.Get("Retry-After") != "2" || header.Get("Retry-After-Ms") != "1500" || !strings.Contains(answer, "rate_limit_exceeded") {
		t.Errorf("throttled: %d %v %s", status, header, answer)
	}
	for range 2 {
		if status, _, _ := ask(t, s, body(t, nil)); status != 500 {
			t.Errorf("status %d, want 500", status)
		}
	}
	if status, _, _ := ask(t, s, body(t, nil)); status != 200 {
		t.Errorf("after the faults: %d", status)
	}
	if s.Total() != 4 {
		t.Errorf("recorded %d", s.Total())
	}
}

func TestAFaultLastsUntilHealed(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 503, Times: -1})
	for range 3 {
		if status, _, _ := ask(t, s, body(t, nil)); status != 503 {
			t.Fatalf("status %d", status)
		}
	}
	s.Heal()
	if status, _, _ := ask(t, s, body(t, nil)); status != 200 {
		t.Errorf("healed: status %d", status)
	}
}

func TestConnectionFaults(t *testing.T) {
	for _, kind := range []openaitest.FaultKind{openaitest.Reset, openaitest.CutOff} {
		s := newServer(t, openaitest.Options{})
		s.Fail(openaitest.Fault{Kind: kind})
		_, _, answer, err := post(t.Context(), s, "Bearer k", body(t, nil))
		if err == nil {
			t.Errorf("%s: whole answer %q", kind, answer)
		}
		if kind == openaitest.CutOff && answer == "" {
			t.Errorf("%s: nothing came before the cut", kind)
		}
	}
	s := newServer(t, openaitest.Options{})
	s.Fail(openaitest.Fault{Kind: openaitest.Foreign})
	if status, header, answer := ask(t, s, body(t, nil)); status != 200 || header.Get("Content-Type") != "text/html" || json.Valid([]byte(answer)) {
		t.Errorf("foreign page: %d %s", status, answer)
	}
}

func TestAStallEnds(t *testing.T) {
	ends := map[string]func(*openaitest.Server, context.CancelFunc){
		"heal":   func(s *openaitest.Server, _ context.CancelFunc) { s.Heal() },
		"close":  func(s *openaitest.Server, _ context.CancelFunc) { s.Close() },
		"caller": func(_ *openaitest.Server, cancel context.CancelFunc) { cancel() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, openaitest.Options{})
			s.Fail(openaitest.Fault{Kind: openaitest.Stall})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			request := body(t, nil)
			done := make(chan error, 1)
			go func() {
				_, _, _, err := post(ctx, s, "Bearer k", request)
				done <- err
			}()
			if err := s.Await(ctx, 1); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-done:
				t.Fatalf("the stall ended by itself: %v", err)
			default:
			}
			end(s, cancel)
			if err := <-done; err == nil {
				t.Error("a stalled request was answered")
			}
		})
	}
}

// TestALateAnswerIsTheOrdinaryOne waits for the clock, or for nobody once the
// faults are forgotten.
func TestALateAnswerIsTheOrdinaryOne(t *testing.T) {
	for _, end := range []string{"its time", "heal"} {
		t.Run(end, func(t *testing.T) {
			over := make(chan time.Time)
			asked := make(chan time.Duration, 1)
			s := newServer(t, openaitest.Options{After: func(d time.Duration) <-chan time.Time {
				asked <- d
				return over
			}})
			s.Script(openaitest.Reply{Content: "oi"})
			s.Fail(openaitest.Fault{Kind: openaitest.Late, Delay: time.Hour})
			if left := s.Faults(); len(left) != 1 || left[0].Times != 1 || left[0].Delay != time.Hour {
				t.Errorf("left are %+v", left)
			}
			request := body(t, nil)
			answered := make(chan int, 1)
			go func() {
				status, _, _, _ := post(t.Context(), s, "Bearer k", request)
				answered <- status
			}()
			if d := <-asked; d != time.Hour {
				t.Errorf("it waits for %s", d)
			}
			select {
			case status := <-answered:
				t.Fatalf("answered %d before its time", status)
			default:
			}
			if end == "heal" {
				s.Heal()
			} else {
				close(over)
			}
			if status := <-answered; status != http.StatusOK {
				t.Errorf("answered %d", status)
			}
			if left := s.Faults(); len(left) != 0 {
				t.Errorf("left are %+v", left)
			}
		})
	}
}

func TestAwaitEnds(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Await(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	s.Close()
	s.Close()
	if err := s.Await(t.Context(), 1); err == nil {
		t.Error("a closed server is awaited")
	}
}

func TestSpoiltAnswers(t *testing.T) {
	tests := []struct {
		kind openaitest.FaultKind
		ok   func(a answered) bool
	}{
		{openaitest.Refusal, func(a answered) bool { return a.Choices[0].Message.Refusal != nil }},
		{openaitest.Length, func(a answered) bool {
			return a.Choices[0].FinishReason == "length" && !json.Valid([]byte(*a.Choices[0].Message.Content))
		}},
		{openaitest.Filter, func(a answered) bool { return a.Choices[0].FinishReason == "content_filter" }},
		{openaitest.Empty, func(a answered) bool { return *a.Choices[0].Message.Content == "" }},
		{openaitest.InvalidJSON, func(a answered) bool {
			return a.Choices[0].FinishReason == "stop" && !json.Valid([]byte(*a.Choices[0].Message.Content))
		}},
		{openaitest.WrongEnum, func(a answered) bool {
			var d map[string]string
			return json.Unmarshal([]byte(*a.Choices[0].Message.Content), &d) == nil &&
				d["next_state"] != "TRIAGE" && d["next_state"] != "HANDOFF_HUMAN" && d["response_text"] != ""
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			s := newServer(t, openaitest.Options{})
			s.Fail(openaitest.Fault{Kind: tt.kind})
			if _, _, answer := ask(t, s, body(t, nil)); !tt.ok(read(t, answer)) {
				t.Errorf("answer = %s", answer)
			}
		})
	}
	t.Run("nothing to spoil", func(t *testing.T) {
		s := newServer(t, openaitest.Options{})
		s.Script(openaitest.Reply{Content: "texto livre"}, openaitest.Reply{Content: `{"x":1}`})
		s.Fail(openaitest.Fault{Kind: openaitest.WrongEnum, Times: 2})
		for range 2 {
			_, _, answer := ask(t, s, body(t, nil))
			if content := *read(t, answer).Choices[0].Message.Content; json.Valid([]byte(content)) {
				t.Errorf("content = %s", content)
			}
		}
	})
}

func TestOtherRoutesAreUnknown(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/responses", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", response.StatusCode)
	}
}
