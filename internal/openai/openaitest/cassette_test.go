package openaitest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

// question is a request with one thing said.
func question(t *testing.T, said string, members map[string]any) string {
	t.Helper()
	all := map[string]any{"messages": []any{msg("system", "Regras."), msg("user", said)}}
	for name, value := range members {
		all[name] = value
	}
	return body(t, all)
}

// recorded is a cassette with the offline model's answers to some questions.
func recorded(t *testing.T, said ...string) []byte {
	t.Helper()
	model := newServer(t, openaitest.Options{Key: "real"})
	var tape bytes.Buffer
	s := newServer(t, openaitest.Options{})
	s.Answer(openaitest.Record(&tape, openaitest.Forward(http.DefaultClient, model.URL(), "real")))
	for _, words := range said {
		if status, _, answer := ask(t, s, question(t, words, map[string]any{"temperature": 0.2})); status != http.StatusOK {
			t.Fatalf("status %d: %s", status, answer)
		}
	}
	if n := bytes.Count(tape.Bytes(), []byte("\n")); n != len(said) {
		t.Fatalf("%d lines for %d requests", n, len(said))
	}
	return tape.Bytes()
}

func cassette(t *testing.T, tape []byte) (*openaitest.Server, *openaitest.Cassette) {
	t.Helper()
	c, err := openaitest.ReadCassette(bytes.NewReader(tape))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, openaitest.Options{})
	s.Answer(c.Answer)
	return s, c
}

func TestACassetteRepeatsWhatWasRecorded(t *testing.T) {
	model := newServer(t, openaitest.Options{})
	s, c := cassette(t, recorded(t, "oi", "quero um buquê"))
	for _, words := range []string{"quero um buquê", "oi"} {
		r := question(t, words, map[string]any{"temperature": 0.2})
		_, _, want := ask(t, model, r)
		// What keeps the books decides nothing.
		status, _, got := ask(t, s, question(t, words, map[string]any{"temperature": 0.2, "prompt_cache_key": "other", "store": false}))
		if status != http.StatusOK || *read(t, got).Choices[0].Message.Content != *read(t, want).Choices[0].Message.Content {
			t.Errorf("%q: status %d, %s", words, status, got)
		}
	}
	if misses := c.Misses(); len(misses) > 0 {
		t.Errorf("misses: %q", misses)
	}
}

func TestACassetteNamesWhatIsMissing(t *testing.T) {
	tape := recorded(t, "oi", "quero um buquê")
	for _, tt := range []struct {
		name, request, want string
	}{
		{"another text", question(t, "quero um bolo", map[string]any{"temperature": 0.2}), "messages[1].content (from byte 10) differs from the nearest recorded request, number 2 of 2"},
		{"another model", question(t, "oi", map[string]any{"temperature": 0.2, "model": "other"}), "model differs"},
		{"another parameter", question(t, "oi", map[string]any{"temperature": 0.9}), "parameters.temperature differs"},
		{"no parameter", question(t, "oi", nil), "parameters.temperature differs"},
		{"more messages", body(t, map[string]any{"temperature": 0.2, "messages": []any{msg("system", "Regras."), msg("user", "oi"), msg("user", "oi")}}), "messages (3, not 2) differs"},
		{"another limit", question(t, "oi", map[string]any{"temperature": 0.2, "max_completion_tokens": 9}), "max_completion_tokens differs"},
		{"no schema", question(t, "oi", map[string]any{"temperature": 0.2, "response_format": nil}), "schema_name differs"},
	} {
		s, c := cassette(t, tape)
		status, _, answer := ask(t, s, tt.request)
		if misses := c.Misses(); status != http.StatusInternalServerError || !strings.Contains(answer, tt.want) || len(misses) != 1 || !strings.Contains(misses[0], tt.want) {
			t.Errorf("%s: status %d, %s, misses %q", tt.name, status, answer, misses)
		}
		if strings.Contains(answer, "bolo") {
			t.Errorf("%s: the answer repeats what was said", tt.name)
		}
	}
	empty, c := cassette(t, nil)
	if status, _, _ := ask(t, empty, question(t, "oi", nil)); status != http.StatusInternalServerError || len(c.Misses()) != 1 {
		t.Errorf("an empty cassette answers status %d", status)
	}
}

func TestACassettePlaysRepeatedRequestsInOrder(t *testing.T) {
	var tape bytes.Buffer
	s := newServer(t, openaitest.Options{})
	replies := []openaitest.Reply{{Content: "um"}, {Refusal: "não"}, {Content: "três", Finish: "length"}}
	n := 0
	s.Answer(openaitest.Record(&tape, func(openaitest.Request) (openaitest.Reply, bool) { n++; return replies[n-1], true }))
	for range replies {
		ask(t, s, question(t, "oi", nil))
	}
	again, _ := cassette(t, tape.Bytes())
	for i := range 4 {
		want := replies[min(i, 2)]
		_, _, answer := ask(t, again, question(t, "oi", nil))
		choice := read(t, answer).Choices[0]
		switch {
		case want.Refusal != "" && (choice.Message.Refusal == nil || *choice.Message.Refusal != want.Refusal):
			t.Errorf("answer %d = %s", i, answer)
		case want.Refusal == "" && (choice.Message.Content == nil || *choice.Message.Content != want.Content):
			t.Errorf("answer %d = %s", i, answer)
		case want.Finish != "" && choice.FinishReason != want.Finish:
			t.Errorf("answer %d finished with %s", i, choice.FinishReason)
		}
	}
}

func TestACassetteThatWasTamperedWithIsRefused(t *testing.T) {
	tape := recorded(t, "oi")
	for name, spoilt := range map[string][]byte{
		"another question": bytes.Replace(tape, []byte(`"oi"`), []byte(`"ai"`), 1),
		"no JSON":          []byte("{\n"),
		"another key":      bytes.Replace(tape, []byte(`"key":"`), []byte(`"key":"0`), 1),
	} {
		if _, err := openaitest.ReadCassette(bytes.NewReader(spoilt)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCannotBeRecordedIsNotAnswered(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	s.Answer(openaitest.Record(broken{}, func(openaitest.Request) (openaitest.Reply, bool) { return openaitest.Reply{Content: "x"}, true }))
	if status, _, _ := ask(t, s, question(t, "oi", nil)); status != http.StatusInternalServerError {
		t.Errorf("status %d", status)
	}
	model := newServer(t, openaitest.Options{Key: "real"})
	s.Answer(openaitest.Forward(http.DefaultClient, model.URL(), "wrong"))
	if status, _, answer := ask(t, s, question(t, "oi", nil)); status != http.StatusInternalServerError || !strings.Contains(answer, "status 401") {
		t.Errorf("status %d: %s", status, answer)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAReplyMayGoWrong(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	s.Script(
		openaitest.Reply{Fault: openaitest.Fault{Kind: openaitest.Status, Status: http.StatusTooManyRequests}},
		openaitest.Reply{Content: `{"next_state":"TRIAGE","response_text":"oi"}`, Fault: openaitest.Fault{Kind: openaitest.WrongEnum}},
		openaitest.Reply{Content: "certo"},
	)
	if status, _, _ := ask(t, s, body(t, nil)); status != http.StatusTooManyRequests {
		t.Errorf("status %d", status)
	}
	_, _, answer := ask(t, s, body(t, nil))
	if content := *read(t, answer).Choices[0].Message.Content; !json.Valid([]byte(content)) || strings.Contains(content, "TRIAGE") {
		t.Errorf("content = %s", content)
	}
	_, _, answer = ask(t, s, body(t, nil))
	if content := *read(t, answer).Choices[0].Message.Content; content != "certo" {
		t.Errorf("content = %s", content)
	}
}

func FuzzReadCassette(f *testing.F) {
	f.Add([]byte(`{"key":"x","request":{"model":"m"},"reply":{"content":"c"}}`))
	f.Add([]byte("\n\n{"))
	f.Fuzz(func(t *testing.T, tape []byte) {
		c, err := openaitest.ReadCassette(bytes.NewReader(tape))
		if err == nil {
			c.Answer(openaitest.Request{Model: "m"})
		}
	})
}
