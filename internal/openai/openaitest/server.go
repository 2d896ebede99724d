package openaitest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of what the server reads and remembers.
const (
	maxBody     = 40 << 20 // images and files come in base64
	maxRequests = 256
	maxRejected = 64
	maxScript   = 10_000
)

// Options say how a [Server] starts.
type Options struct {
	// Key is the API key that callers must present; empty accepts any, but
	// not none.
	Key string
	// Now dates the answers; nil is the wall clock.
	Now func() time.Time
	// After delays [Late] answers; nil is [time.After].
	After func(time.Duration) <-chan time.Time
}

// Server is OpenAI's edge in a process. Its methods are safe for concurrent
// use, also while requests are being answered.
type Server struct {
	options Options
	url     string
	http    *http.Server
	served  chan struct{}
	closed  chan struct{}
	closing sync.Once

	mu       sync.Mutex
	faults   []Fault
	healed   chan struct{}
	answer   func(Request) (Reply, bool)
	requests []Request
	total    int
	arrived  chan struct{} // closed and renewed at each request
	rejected []string
	cache    promptCache
	heard    []Transcription
	deaf     []Fault
}

// NewServer starts a server on a free loopback port with the offline model
// behind it. It panics when it cannot listen, as net/http/httptest does. The
// caller closes it.
func NewServer(o Options) *Server {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic("openaitest: listen on loopback: " + err.Error())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	s := &Server{
		options: o,
		url:     "http://" + listener.Addr().String() + "/v1",
		served:  make(chan struct{}),
		closed:  make(chan struct{}),
		healed:  make(chan struct{}),
		arrived: make(chan struct{}),
		answer:  newOffline().answer,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	mux.HandleFunc("POST /v1/audio/transcriptions", s.transcribe)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener)
	}()
	return s
}

// URL is the base URL to configure a client with, version path included.
func (s *Server) URL() string { return s.url }

// Close stops the server, cutting whatever is still being answered. It may be
// called more than once.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.closed)
		_ = s.http.Close()
	})
	<-s.served
}

// Script answers the next requests with the replies, in order, each once. A
// request beyond the last is answered 500: a test that asks more often than it
// said must notice.
func (s *Server) Script(replies ...Reply) {
	left := slices.Clone(replies[:min(len(replies), maxScript)])
	var mu sync.Mutex
	s.Answer(func(Request) (Reply, bool) {
		mu.Lock()
		defer mu.Unlock()
		if len(left) == 0 {
			return Reply{}, false
		}
		reply := left[0]
		left = left[1:]
		return reply, true
	})
}

// Answer lets f answer every request from now on; false is answered 500. It is
// called from several goroutines.
func (s *Server) Answer(f func(Request) (Reply, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Offline gives the answering back to the offline model.
func (s *Server) Offline() { s.Answer(newOffline().answer) }

// Fail queues a fault. Faults come before scripted replies and do not use them
// up, except those that spoil a reply.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Faults are the faults that are still to come, in their order. Times is how
// often; it is negative for those that last until Heal.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// Heal forgets every fault, cuts the connections that stall and lets late
// answers go.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.deaf = nil, nil
	close(s.healed)
	s.healed = make(chan struct{})
}

// Requests are the newest well-formed requests, oldest first, those that met a
// fault included.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Total is how many well-formed requests have arrived, forgotten ones included.
func (s *Server) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Rejected says why the newest ill-formed requests were refused, oldest first.
// A reason never holds the content of a message.
func (s *Server) Rejected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rejected)
}

// Await waits until n well-formed requests have arrived in all, answered or
// not.
func (s *Server) Await(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		total, arrived := s.total, s.arrived
		s.mu.Unlock()
		if total >= n {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return errors.New("openaitest: closed")
		}
	}
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.reject(w, http.StatusRequestEntityTooLarge, "", "request body: too large or cut off")
		return
	}
	if !s.authorised(r.Header.Get("Authorization")) {
		s.reject(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided.")
		return
	}
	request, err := decode(body)
	if err != nil {
		s.reject(w, http.StatusBadRequest, "", err.Error())
		return
	}
	request.Attempt = r.Header.Get("X-Stainless-Retry-Count")
	turn := s.admit(request)
	s.linger(r, turn.fault, turn.healed)
	if turn.fault.answer(w, r, turn.healed, s.closed) {
		return
	}
	reply, ok := turn.answer(request)
	if !ok {
		refuse(w, http.StatusInternalServerError, "no_answer", cmp.Or(reply.missing, "The stand-in has no answer for this request."))
		return
	}
	if reply.Fault.Kind != "" {
		turn.fault = reply.Fault
		s.linger(r, turn.fault, turn.healed)
		if turn.fault.answer(w, r, turn.healed, s.closed) {
			return
		}
	}
	if turn.fault.Kind != "" && turn.fault.Kind != CutOff {
		reply = turn.fault.spoil(reply, schemaOf(request))
	}
	s.write(w, request, reply, turn)
}

// linger waits for as long as a fault makes an answer late.
func (s *Server) linger(r *http.Request, f Fault, healed <-chan struct{}) {
	if f.Kind != Late {
		return
	}
	select {
	case <-s.options.After(f.Delay):
	case <-r.Context().Done():
	case <-healed:
	case <-s.closed:
	}
}

func (s *Server) authorised(header string) bool {
	key, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || key == "" {
		return false
	}
	return s.options.Key == "" || subtle.ConstantTimeCompare([]byte(key), []byte(s.options.Key)) == 1
}

// turn is what the server stood at when a request arrived.
type turn struct {
	fault         Fault
	healed        <-chan struct{}
	answer        func(Request) (Reply, bool)
	tokens, saved int
}

func (s *Server) admit(r Request) turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.light())
	if len(s.requests) > maxRequests {
		s.requests = slices.Delete(s.requests, 0, len(s.requests)-maxRequests)
	}
	s.total++
	close(s.arrived)
	s.arrived = make(chan struct{})
	t := turn{healed: s.healed, answer: s.answer}
	t.tokens, t.saved = s.cache.tokens(r)
	if len(s.faults) > 0 {
		t.fault = s.faults[0]
		s.faults[0].Times--
		if s.faults[0].Times == 0 {
			s.faults = s.faults[1:]
		}
	}
	return t
}

func (s *Server) reject(w http.ResponseWriter, status int, code, reason string) {
	s.mu.Lock()
	s.rejected = append(s.rejected, reason)
	if len(s.rejected) > maxRejected {
		s.rejected = slices.Delete(s.rejected, 0, len(s.rejected)-maxRejected)
	}
	s.mu.Unlock()
	refuse(w, status, code, reason)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	var e wireError
	e.Error.Message, e.Error.Type = message, "invalid_request_error"
	switch {
	case status == http.StatusTooManyRequests:
		e.Error.Type = "rate_limit_exceeded"
	case status >= http.StatusInternalServerError:
		e.Error.Type = "server_error"
	}
	if code != "" {
		e.Error.Code = &code
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e)
}

func (s *Server) write(w http.ResponseWriter, r Request, reply Reply, t turn) {
	id := sha256.Sum256([]byte(reply.Content + reply.Refusal))
	c := wireCompletion{
		ID:      "chatcmpl-" + hex.EncodeToString(id[:12]),
		Object:  "chat.completion",
		Created: s.options.Now().Unix(),
		Model:   r.Model,
		Choices: make([]wireChoice, 1),
	}
	choice := &c.Choices[0]
	choice.Message.Role = "assistant"
	choice.FinishReason = reply.Finish
	if choice.FinishReason == "" {
		choice.FinishReason = "stop"
	}
	if reply.Refusal != "" {
		choice.Message.Refusal = &reply.Refusal
	} else {
		choice.Message.Content = &reply.Content
	}
	c.Usage.PromptTokens = t.tokens
	c.Usage.PromptDetails.CachedTokens = t.saved
	c.Usage.CompletionTokens = (len(reply.Content) + len(reply.Refusal) + bytesPerToken - 1) / bytesPerToken
	c.Usage.TotalTokens = c.Usage.PromptTokens + c.Usage.CompletionTokens
	body, err := json.Marshal(c)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "no_answer", "The stand-in could not write its answer.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if t.fault.Kind == CutOff {
		cutOff(w, body)
	}
	_, _ = w.Write(body)
}

// cutOff sends the first half of a body and cuts the connection.
func cutOff(w http.ResponseWriter, body []byte) {
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func schemaOf(r Request) map[string]any {
	var schema map[string]any
	if len(r.Schema) == 0 || json.Unmarshal(r.Schema, &schema) != nil {
		return nil
	}
	return schema
}

// firstHalf cuts between characters.
func firstHalf(text string) string {
	runes := []rune(text)
	return string(runes[:len(runes)/2])
}

// outsideEnum replaces the first value of an enum by one that is not in it.
// An answer without an enum is cut in half instead.
func outsideEnum(content string, schema map[string]any) string {
	var object map[string]any
	properties, _ := schema["properties"].(map[string]any)
	if json.Unmarshal([]byte(content), &object) != nil {
		return firstHalf(content)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		if _, ok := property["enum"]; ok && object[name] != nil {
			object[name] = "NOT_IN_THE_LIST"
			return encode(object)
		}
	}
	return firstHalf(content)
}

// encode is JSON as a model writes it: accents and symbols unescaped.
func encode(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}
