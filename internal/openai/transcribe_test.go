package openai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

func newTranscriber(base, model string) *openai.Transcriber {
	return openai.NewTranscriber(openai.Options{APIKey: fixedKey, BaseURL: base, Model: model})
}

func clip(says string) conversation.File {
	return conversation.File{MIME: "audio/ogg", Name: "canary-name.ogg", Data: openaitest.Clip(says, 2*time.Second)}
}

func TestATranscriptionIsPortugueseAndAskedOnce(t *testing.T) {
	s := newServer(t)
	got, err := newTranscriber(s.URL(), "").Transcribe(t.Context(), clip("Quanto custa o plano?"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "Quanto custa o plano?" || got.Model != openai.DefaultTranscribeModel || got.Confidence < 0.95 || got.Confidence > 1 {
		t.Errorf("heard %+v", got)
	}
	want := []openaitest.Transcription{{
		Model: openai.DefaultTranscribeModel, Language: "pt", Format: "json", Logprobs: true, Filename: "audio.ogg", MIME: "audio/ogg",
		Size: len(clip("Quanto custa o plano?").Data), Attempt: "0",
	}}
	if diff := cmp.Diff(want, s.Transcriptions()); diff != "" {
		t.Error(diff)
	}
}

// transcribed is what a client makes of one answer.
func transcribed(t *testing.T, model string, status int, answer string) (conversation.Transcript, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	return newTranscriber(server.URL, model).Transcribe(t.Context(), clip("oi"))
}

func TestWhatATranscriptionSaysOfItself(t *testing.T) {
	for _, tt := range []struct {
		name, model, answer string
		want                conversation.Transcript
	}{
		{"tokens and their probabilities", "gpt-4o-mini-transcribe",
			`{"text":" oi ","logprobs":[{"logprob":0},{"logprob":-1.3862943611}],"usage":{"type":"tokens","input_tokens":1010,"output_tokens":100,"input_token_details":{"audio_tokens":1000,"text_tokens":10}}}`,
			conversation.Transcript{Text: "oi", Confidence: 0.5, CostMicroUSD: 3513}}, // 1000*3 + 10*1.25 + 100*5
		{"a snapshot costs the same", "gpt-4o-mini-transcribe-2025-12-15",
			`{"text":"oi","usage":{"type":"tokens","input_tokens":1000,"output_tokens":0,"input_token_details":{"audio_tokens":1000}}}`,
			conversation.Transcript{Text: "oi", CostMicroUSD: 3000}},
		{"segments, by their length", "whisper-1",
			`{"text":"oi","duration":30,"segments":[{"start":0,"end":3,"avg_logprob":0,"no_speech_prob":0},{"start":3,"end":4,"avg_logprob":-2.7725887222,"no_speech_prob":0.8}]}`,
			conversation.Transcript{Text: "oi", Confidence: 0.5, NoSpeech: 0.2, Length: 30 * time.Second, CostMicroUSD: 3000}},
		{"paid by the second", "whisper-1", `{"text":"oi","usage":{"type":"duration","seconds":60}}`,
			conversation.Transcript{Text: "oi", Length: time.Minute, CostMicroUSD: 6000}},
		{"nothing but text", "whisper-large-v3", `{"text":"oi"}`, conversation.Transcript{Text: "oi"}},
		{"nonsense", "whisper-1", `{"text":"oi","duration":-4,"segments":[{"start":3,"end":1,"avg_logprob":99,"no_speech_prob":-7}]}`,
			conversation.Transcript{Text: "oi", Confidence: 1}},
		{"nothing", "gpt-4o-transcribe", `{"text":""}`, conversation.Transcript{}},
	} {
		got, err := transcribed(t, tt.model, http.StatusOK, tt.answer)
		tt.want.Model = tt.model
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, diff)
		}
	}
}

func TestWhatARefusedTranscriptionMeans(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		want   fault.Kind
	}{
		{400, "invalid_value", fault.Unreadable}, {400, "audio_too_short", fault.Unreadable}, {413, "", fault.Unreadable}, {415, "", fault.Unreadable},
		{422, "", fault.Unreadable},
		{400, "unsupported_value", fault.Broken}, {401, "invalid_api_key", fault.Broken}, {404, "model_not_found", fault.Broken},
		{429, "rate_limit_exceeded", fault.Throttled}, {500, "", fault.Dependency}, {503, "", fault.Dependency}, {408, "", fault.Dependency},
	} {
		body := fmt.Sprintf(`{"error":{"message":"canary-prose","type":"x","code":%q,"param":null}}`, tt.code)
		_, err := transcribed(t, "whisper-1", tt.status, body)
		if !fault.Is(err, tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%d %s: %v, kind %v", tt.status, tt.code, err, fault.KindOf(err))
		}
	}
}

func TestATranscriptionWithoutAKeyIsNotAsked(t *testing.T) {
	s := newServer(t)
	for _, ask := range []func(context.Context) (pii.Secret, error){
		func(context.Context) (pii.Secret, error) { return "", nil },
		func(context.Context) (pii.Secret, error) { return "", errors.New("no secret") },
	} {
		if _, err := openai.NewTranscriber(openai.Options{APIKey: ask, BaseURL: s.URL()}).Transcribe(t.Context(), clip("oi")); err == nil {
			t.Error("transcribed")
		}
	}
	if len(s.Transcriptions()) > 0 || len(s.Rejected()) > 0 {
		t.Errorf("asked %v, rejected %v", s.Transcriptions(), s.Rejected())
	}
}

func TestAnIllTranscriberRests(t *testing.T) {
	s := newServer(t)
	now := time.Unix(1_790_000_000, 0)
	ears := openai.NewTranscriber(openai.Options{APIKey: fixedKey, BaseURL: s.URL(), Now: func() time.Time { return now }})
	s.FailTranscription(openaitest.Fault{Kind: openaitest.Status, Times: -1})
	for range 8 {
		if _, err := ears.Transcribe(t.Context(), clip("oi")); !fault.Is(err, fault.Dependency) {
			t.Fatalf("error %v", err)
		}
	}
	if n := len(s.Transcriptions()); n != 5 {
		t.Errorf("asked %d times", n)
	}
	s.Heal()
	now = now.Add(time.Minute)
	if _, err := ears.Transcribe(t.Context(), clip("oi")); err != nil {
		t.Errorf("after a rest: %v", err)
	}
}

func TestFilesAreShownAfterTheText(t *testing.T) {
	s := newServer(t)
	p := prompt()
	p.Messages[2].Files = []conversation.File{
		{MIME: "image/jpeg", Name: "canary-name.jpg", Data: []byte("\xff\xd8\xff")},
		{MIME: "application/pdf", Name: "canary-name.pdf", Data: []byte("%PDF-1.7")},
		{MIME: "text/csv", Name: "canary-name.csv", Data: []byte("a;b\xff")},
	}
	if _, err := newClient(s).Complete(t.Context(), p); err != nil {
		t.Fatal(err, s.Rejected())
	}
	want := openaitest.Message{Role: "user", Content: "canary-text\n\na;b\uFFFD", Attached: []openaitest.Attachment{
		{Data: "data:image/jpeg;base64,/9j/", Detail: "low"}, {Data: "data:application/pdf;base64,JVBERi0xLjc=", Name: "file.pdf"},
	}}
	if diff := cmp.Diff(want, s.Requests()[0].Messages[2]); diff != "" {
		t.Error(diff)
	}
}

// A file that the model refuses is no fault of the configuration's: without an
// outcome the lead would be answered never.
func TestAFileThatTheModelRefusesIsAnOutcome(t *testing.T) {
	s := newServer(t)
	refusal := openaitest.Fault{Kind: openaitest.Status, Status: 400, Code: "invalid_image_format"}
	s.Fail(refusal)
	if _, err := newClient(s).Complete(t.Context(), prompt()); !fault.Is(err, fault.Broken) {
		t.Errorf("without a file: %v", err)
	}
	p := prompt()
	p.Messages[2].Files = []conversation.File{{MIME: "image/png", Data: []byte("x")}}
	for _, refusal.Status = range []int{400, 413, 415, 422} {
		s.Fail(refusal)
		if got, err := newClient(s).Complete(t.Context(), p); err != nil || got.Outcome != otto.OutcomeFilter {
			t.Errorf("with a file, %d: %+v, %v", refusal.Status, got, err)
		}
	}
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 401, Code: "invalid_api_key"})
	if _, err := newClient(s).Complete(t.Context(), p); !fault.Is(err, fault.Broken) {
		t.Errorf("with a file and a wrong key: %v", err)
	}
}
