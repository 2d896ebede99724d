package openaitest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	// maxAudio is what OpenAI takes of a file, in bytes.
	maxAudio = 25 << 20
	// maxScriptText bounds what a clip says, so that it fits one page of Ogg.
	maxScriptText = 4096
	// scriptKey is the comment of a clip that holds what it says.
	scriptKey = "OTTO-SCRIPT="
)

// The kinds of faults that only a transcription has. All leave a well-formed
// answer, as a real model's are.
const (
	// Mumbled is a transcription that its model is not sure of.
	Mumbled FaultKind = "mumbled"
	// Phantom is what models hear when nobody speaks.
	Phantom FaultKind = "phantom"
	// Looped is one phrase again and again.
	Looped FaultKind = "looped"
)

// Transcription is one well-formed request to transcribe that reached the model.
type Transcription struct {
	Model    string
	Language string
	Format   string
	Prompt   string
	Logprobs bool
	Filename string
	MIME     string
	Size     int
	// Attempt is the SDK's own retry count, as of a [Request].
	Attempt string
}

// Transcriptions are the newest well-formed requests to transcribe, oldest
// first, those that met a fault included.
func (s *Server) Transcriptions() []Transcription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// FailTranscription queues a fault of a transcription: an outage, [Empty],
// [Mumbled], [Phantom] or [Looped]. Heal takes it back.
func (s *Server) FailTranscription(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = append(s.deaf, f)
}

// TranscriptionFaults are the faults of transcriptions that are still to come, as
// [Server.Faults] are those of completions.
func (s *Server) TranscriptionFaults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deaf)
}

func (s *Server) listen(t Transcription) (f Fault, healed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, t)
	if len(s.heard) > maxRequests {
		s.heard = slices.Delete(s.heard, 0, len(s.heard)-maxRequests)
	}
	if len(s.deaf) > 0 {
		f = s.deaf[0]
		s.deaf[0].Times--
		if s.deaf[0].Times == 0 {
			s.deaf = s.deaf[1:]
		}
	}
	return f, s.healed
}

// transcribe is a scripted stand-in. It listens to nothing: a [Clip] carries its
// own transcript, and of any other audio it says that it is a demonstration.
func (s *Server) transcribe(w http.ResponseWriter, r *http.Request) {
	if !s.authorised(r.Header.Get("Authorization")) {
		s.reject(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAudio+maxTape)
	if err := r.ParseMultipartForm(maxAudio); err != nil { //nolint:gosec // the line above bounds it
		s.reject(w, http.StatusRequestEntityTooLarge, "", "request body: no form, too large or cut off")
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	t, audio, code, reason := readTranscription(r.MultipartForm)
	if reason != "" {
		s.reject(w, http.StatusBadRequest, code, reason)
		return
	}
	t.Attempt = r.Header.Get("X-Stainless-Retry-Count")
	f, healed := s.listen(t)
	s.linger(r, f, healed)
	if f.answer(w, r, healed, s.closed) {
		return
	}
	o := newOffline()
	text, certain := script(audio)
	if !certain {
		text = o.Heard
	}
	logprob := -0.05
	switch f.Kind {
	case Empty:
		text = ""
	case Mumbled:
		logprob = -1.4
	case Phantom:
		text = o.Phantom
	case Looped:
		text = strings.TrimSpace(strings.Repeat(o.Looped+" ", 20))
	}
	body := []byte(encode(transcription(t, text, logprob)))
	w.Header().Set("Content-Type", "application/json")
	if f.Kind == CutOff {
		cutOff(w, body)
	}
	_, _ = w.Write(body)
}

// readTranscription reads a form and refuses what OpenAI refuses.
func readTranscription(form *multipart.Form) (t Transcription, audio []byte, code, reason string) {
	value := func(name string) string { return strings.Join(form.Value[name], ",") }
	for name := range form.Value {
		if !slices.Contains([]string{"model", "language", "response_format", "prompt", "temperature", "include[]"}, name) {
			return t, nil, "unknown_parameter", "Unknown parameter: '" + name + "'."
		}
	}
	t = Transcription{
		Model: value("model"), Language: value("language"), Format: cmp.Or(value("response_format"), "json"), Prompt: value("prompt"),
		Logprobs: value("include[]") == "logprobs",
	}
	files := form.File["file"]
	whisper := strings.HasPrefix(t.Model, "whisper")
	switch {
	case t.Model == "":
		return t, nil, "", "you must provide a model parameter"
	case len(files) != 1:
		return t, nil, "", "file: want one"
	case t.Language != "" && len(t.Language) != 2:
		return t, nil, "unsupported_value", "language: want an ISO-639-1 code"
	case t.Format != "json" && (t.Format != "verbose_json" || !whisper):
		return t, nil, "unsupported_value", "response_format is not compatible with the model"
	case t.Logprobs && (whisper || t.Format != "json"):
		return t, nil, "unsupported_value", "include: logprobs are not supported by the model"
	}
	t.Filename, t.MIME, t.Size = files[0].Filename, files[0].Header.Get("Content-Type"), int(files[0].Size)
	formats := []string{".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".oga", ".ogg", ".wav", ".webm"}
	if !slices.Contains(formats, path.Ext(t.Filename)) {
		return t, nil, "", "Invalid file format."
	}
	in, err := files[0].Open()
	if err != nil {
		return t, nil, "", "file: cannot be read"
	}
	defer func() { _ = in.Close() }()
	audio, err = io.ReadAll(in)
	if err != nil || !isAudio(audio) {
		return t, nil, "invalid_value", "Audio file might be corrupted or unsupported"
	}
	return t, audio, "", ""
}

func isAudio(data []byte) bool {
	for _, begin := range []string{"OggS", "RIFF", "ID3", "\xff\xfb", "\xff\xf3", "\xff\xf2", "fLaC", "\x1a\x45\xdf\xa3"} {
		if bytes.HasPrefix(data, []byte(begin)) {
			return true
		}
	}
	return len(data) > 12 && string(data[4:8]) == "ftyp"
}

// transcription is an answer in OpenAI's wire format.
func transcription(t Transcription, text string, logprob float64) map[string]any {
	if t.Format == "verbose_json" {
		length := 2.0
		segments := []any{}
		if text != "" {
			segments = append(segments, map[string]any{
				"id": 0, "seek": 0, "start": 0, "end": length, "text": text, "tokens": []int{}, "temperature": 0,
				"avg_logprob": logprob, "compression_ratio": 1, "no_speech_prob": 0.02,
			})
		}
		return map[string]any{
			"task": "transcribe", "language": "portuguese", "duration": length, "text": text, "segments": segments,
			"usage": map[string]any{"type": "duration", "seconds": 2},
		}
	}
	audio, out := max(1, t.Size/400), len(strings.Fields(text))
	answer := map[string]any{"text": text, "usage": map[string]any{
		"type": "tokens", "input_tokens": audio, "output_tokens": out, "total_tokens": audio + out,
		"input_token_details": map[string]any{"audio_tokens": audio, "text_tokens": 0},
	}}
	if t.Logprobs {
		tokens := []any{}
		for _, word := range strings.Fields(text) {
			tokens = append(tokens, map[string]any{"token": word, "logprob": logprob, "bytes": []int{}})
		}
		answer["logprobs"] = tokens
	}
	return answer
}

// script is what a clip says of itself.
func script(audio []byte) (text string, ok bool) {
	at := bytes.Index(audio, []byte(scriptKey))
	if at < 4 {
		return "", false
	}
	size := binary.LittleEndian.Uint32(audio[at-4:])
	if size < uint32(len(scriptKey)) || size > uint32(len(audio)-at) {
		return "", false
	}
	return string(audio[at+len(scriptKey) : at+int(size)]), true
}

// Clip is an audio that the stand-in can transcribe: Ogg with Opus (RFC 7845),
// as WhatsApp records voice notes, whose comment header has a field OTTO-SCRIPT
// with what is said. Its sound is noise. Of the text, 4096 bytes are kept.
func Clip(says string, length time.Duration) []byte {
	says = strings.ToValidUTF8(says[:min(len(says), maxScriptText)], "")
	head := []byte("OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00")
	vendor, comment := "openaitest", scriptKey+says
	tags := []byte("OpusTags")
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(vendor)))
	tags = append(tags, vendor...)
	tags = binary.LittleEndian.AppendUint32(tags, 1)
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(comment)))
	tags = append(tags, comment...)

	clip := oggPage(nil, 2, 0, 0, head)
	clip = oggPage(clip, 0, 0, 1, tags)
	const frame, perPage = 20 * time.Millisecond, 50
	packet := append([]byte{9 << 3}, bytes.Repeat([]byte{0x5a}, 39)...) // SILK, wide band, 20 ms
	var granule uint64
	number := uint32(2)
	for left := max(1, int(length/frame)); left > 0; {
		n := min(left, perPage)
		left -= n
		granule += uint64(n) * 960
		kind := byte(0)
		if left == 0 {
			kind = 4
		}
		clip = oggPage(clip, kind, granule, number, slices.Repeat([][]byte{packet}, n)...)
		number++
	}
	return clip
}

// oggPage appends one page of whole packets (RFC 3533).
func oggPage(out []byte, kind byte, granule uint64, number uint32, packets ...[]byte) []byte {
	page := append([]byte("OggS\x00"), kind)
	page = binary.LittleEndian.AppendUint64(page, granule)
	page = binary.LittleEndian.AppendUint32(page, 1)
	page = binary.LittleEndian.AppendUint32(page, number)
	page = append(page, 0, 0, 0, 0) // checksum
	var lacing, body []byte
	for _, p := range packets {
		lacing = append(lacing, bytes.Repeat([]byte{255}, len(p)/255)...)
		lacing = append(lacing, byte(len(p)%255))
		body = append(body, p...)
	}
	page = append(page, byte(len(lacing)))
	page = append(append(page, lacing...), body...)
	binary.LittleEndian.PutUint32(page[22:], oggChecksum(page))
	return append(out, page...)
}

// oggChecksum is a CRC-32 that is not reflected, which package hash/crc32 does
// not offer.
func oggChecksum(page []byte) uint32 {
	var sum uint32
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			carry := sum & (1 << 31)
			sum <<= 1
			if carry != 0 {
				sum ^= 0x04c11db7
			}
		}
	}
	return sum
}
