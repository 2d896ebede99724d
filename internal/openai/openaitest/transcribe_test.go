package openaitest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

// transcribe posts an audio; fields are name and value in turn.
func transcribe(t *testing.T, s *openaitest.Server, filename string, audio []byte, fields ...string) (int, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field := range slices.Chunk(fields, 2) {
		if err := form.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", filename)
	if err == nil {
		_, err = part.Write(audio)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/audio/transcriptions", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer k")
	r.Header.Set("Content-Type", form.FormDataContentType())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestAClipIsTranscribedByItsScript(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	for _, says := range []string{"Oi, tudo bem?", "açaí às três — 😀", "", strings.Repeat("x", 5000)} {
		status, answer := transcribe(t, s, "a.ogg", openaitest.Clip(says, time.Second), "model", "gpt-4o-mini-transcribe")
		var got struct{ Text string }
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusOK || got.Text != says[:min(len(says), 4096)] {
			t.Errorf("%.20q: %d, %.80s", says, status, answer)
		}
	}
	for name, odd := range map[string][]byte{
		"without a script":         []byte("OggS and no more"),
		"with a length that lies":  []byte("OggS\xff\xff\xff\xffOTTO-SCRIPT=oi"),
		"with a script at its end": []byte("OggS\x0c\x00\x00\x00OTTO-SCRIPT"),
	} {
		if status, answer := transcribe(t, s, "a.ogg", odd, "model", "whisper-1"); status != http.StatusOK || !strings.Contains(answer, "áudio de demonstração") {
			t.Errorf("%s: %d, %s", name, status, answer)
		}
	}
}

func TestTranscriptionsAreRefusedAsOpenAIDoes(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	clip := openaitest.Clip("segredo", time.Second)
	for _, tt := range []struct {
		name, filename string
		audio          []byte
		fields         []string
	}{
		{"no model", "a.ogg", clip, nil},
		{"an unknown field", "a.ogg", clip, []string{"model", "whisper-1", "languages", "pt"}},
		{"a language in words", "a.ogg", clip, []string{"model", "whisper-1", "language", "portuguese"}},
		{"probabilities of a model without", "a.ogg", clip, []string{"model", "whisper-1", "include[]", "logprobs"}},
		{"segments of a model without", "a.ogg", clip, []string{"model", "gpt-4o-transcribe", "response_format", "verbose_json"}},
		{"a name without ending", "audio", clip, []string{"model", "whisper-1"}},
		{"a name that is not an audio's", "a.amr", clip, []string{"model", "whisper-1"}},
		{"no audio", "a.ogg", []byte("segredo"), []string{"model", "whisper-1"}},
	} {
		status, answer := transcribe(t, s, tt.filename, tt.audio, tt.fields...)
		if status != http.StatusBadRequest || strings.Contains(answer, "segredo") {
			t.Errorf("%s: %d, %s", tt.name, status, answer)
		}
	}
	if n := len(s.Transcriptions()); n != 0 {
		t.Errorf("%d well-formed requests", n)
	}
}

func TestRequestsInPartsAreRead(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	const picture = "data:image/png;base64,iVBORw0KGgo="
	parts := func(list ...any) map[string]any {
		return map[string]any{"messages": []any{map[string]any{"role": "user", "content": list}}}
	}
	text := map[string]any{"type": "text", "text": "quanto custa?"}
	image := map[string]any{"type": "image_url", "image_url": map[string]any{"url": picture, "detail": "low"}}
	file := map[string]any{"type": "file", "file": map[string]any{"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}}
	if status, _, answer := ask(t, s, body(t, parts(text, image, file, text))); status != http.StatusOK {
		t.Fatalf("%d: %s", status, answer)
	}
	want := openaitest.Message{Role: "user", Content: "quanto custa?\n\nquanto custa?", Attached: []openaitest.Attachment{
		{Data: picture, Detail: "low"}, {Data: "data:application/pdf;base64,JVBERi0=", Name: "a.pdf"},
	}}
	if diff := cmp.Diff(want, s.Requests()[0].Messages[0]); diff != "" {
		t.Error(diff)
	}
	// What was read can be written again.
	var again openaitest.Message
	if out, err := json.Marshal(want); err != nil || json.Unmarshal(out, &again) != nil {
		t.Errorf("%s: %v", out, err)
	}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Error(diff)
	}

	for name, odd := range map[string]map[string]any{
		"no parts":              {"messages": []any{map[string]any{"role": "user", "content": []any{}}}},
		"an unknown part":       parts(map[string]any{"type": "video"}),
		"an unknown member":     parts(map[string]any{"type": "text", "txet": "a"}),
		"an address":            parts(map[string]any{"type": "image_url", "image_url": map[string]any{"url": "https://example.com/a.png"}}),
		"an image without data": parts(map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64,"}}),
		"a file without a name": parts(map[string]any{"type": "file", "file": map[string]any{"file_data": "data:application/pdf;base64,JVBERi0="}}),
		"the assistant's image": {"messages": []any{map[string]any{"role": "assistant", "content": []any{image}}}},
	} {
		if status, _, answer := ask(t, s, body(t, odd)); status != http.StatusBadRequest {
			t.Errorf("%s: %d, %s", name, status, answer)
		}
	}
}

func TestTheOfflineModelSaysThatItSeesNothing(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	image := map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64,iVBORw0KGgo="}}
	message := map[string]any{"role": "user", "content": []any{map[string]any{"type": "text", "text": "<mensagem>\n[imagem]\n</mensagem>"}, image}}
	status, _, answer := ask(t, s, body(t, map[string]any{"messages": []any{message}}))
	if status != http.StatusOK || !strings.Contains(answer, "não enxergo") {
		t.Errorf("%d: %s", status, answer)
	}
}

// A server that runs for days keeps no albums.
func TestOnlyTheBeginningOfAFileIsRemembered(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	image := map[string]any{"type": "image_url", "image_url": map[string]any{"url": "data:image/png;base64," + strings.Repeat("A", 1<<20)}}
	var seen int
	s.Answer(func(r openaitest.Request) (openaitest.Reply, bool) {
		seen = len(r.Messages[0].Attached[0].Data)
		return openaitest.Reply{Content: "{}"}, true
	})
	ask(t, s, body(t, map[string]any{"messages": []any{map[string]any{"role": "user", "content": []any{image}}}}))
	if got := len(s.Requests()[0].Messages[0].Attached[0].Data); got > 100 || seen < 1<<20 {
		t.Errorf("remembered %d bytes of %d", got, seen)
	}
}
