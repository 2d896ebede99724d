package simulator

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/otto"
)

const (
	// maxPrompts bounds the questions to the model that are remembered; the oldest
	// is forgotten first.
	maxPrompts = 200
	// maxModelAnswer bounds what is remembered of an answer. A decision is a few
	// KiB.
	maxModelAnswer = 1 << 20
)

// asked is one question to the model, as it was on the wire.
type asked struct {
	at          time.Time
	fingerprint string
	model       string
	messages    []promptMessage
	// answer is what the model said; empty as long as, and when, nothing came.
	answer string
}

// promptMessage is one message of a prompt.
type promptMessage struct {
	Role string `json:"role"`
	Text string `json:"text"`
	// Files are the types of the files behind the text, in their order.
	Files []string `json:"files,omitempty"`
}

// prompts is a proxy before the model that remembers what it was asked. It is
// transparent: an answer, or that there is none, reaches the worker as it would
// have without. Keys pass through and are not kept. It is safe for concurrent
// use.
type prompts struct {
	next   *http.Transport
	now    func() time.Time
	server *http.Server
	served chan struct{}
	url    string

	mu   sync.Mutex
	kept []*asked // oldest first
}

// newPrompts starts a proxy on a free loopback port before the API at an
// address.
func newPrompts(model string, now func() time.Time) (*prompts, error) {
	upstream, err := url.Parse(model)
	if err != nil {
		return nil, errors.New("the model's address is none")
	}
	listener, err := listen(0)
	if err != nil {
		return nil, err
	}
	p := &prompts{
		now: now, served: make(chan struct{}), url: "http://" + listener.Addr().String(),
		next: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: idleSocketsN, IdleConnTimeout: time.Minute,
		},
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			// So that the answer can be read on the way.
			r.Out.Header.Del("Accept-Encoding")
		},
		Transport: p,
		// A model that does not answer must not become one that answers 502.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	p.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(p.served)
		_ = p.server.Serve(listener)
	}()
	return p, nil
}

// close cuts whatever is still being answered.
func (p *prompts) close() {
	_ = p.server.Close()
	<-p.served
	p.next.CloseIdleConnections()
}

// RoundTrip asks the model and remembers both sides.
func (p *prompts) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		return p.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the question: %w", err)
	}
	question := p.remember(body)
	again := r.Clone(r.Context())
	again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	again.Body, _ = again.GetBody() // It never fails.
	response, err := p.next.RoundTrip(again)
	if err != nil {
		return nil, fmt.Errorf("ask the model: %w", err)
	}
	if question != nil {
		response.Body = &overheard{ReadCloser: response.Body, whole: func(answer []byte) { p.answered(question, answer) }}
	}
	return response, nil
}

// remember keeps a question; nil when it is not one.
func (p *prompts) remember(body []byte) *asked {
	question := readPrompt(body)
	if question == nil {
		return nil
	}
	question.at = p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) == maxPrompts {
		p.kept = slices.Delete(p.kept, 0, 1)
	}
	p.kept = append(p.kept, question)
	return question
}

func (p *prompts) answered(question *asked, body []byte) {
	var answer struct {
		Choices []struct {
			Message struct{ Content, Refusal string }
		}
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Choices) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	said := answer.Choices[0].Message
	question.answer = cmp.Or(said.Content, said.Refusal)
}

// find is the question with a fingerprint that a turn decided at a moment asked.
// The same question may have been asked before, in vain, and again since.
func (p *prompts) find(fingerprint string, decided time.Time) (asked, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found *asked
	for _, question := range p.kept {
		if question.fingerprint != fingerprint {
			continue
		}
		found = question
		if !question.at.Before(decided) {
			break
		}
	}
	if found == nil {
		return asked{}, false
	}
	return *found, true
}

// overheard is a body that is remembered while somebody else reads it.
type overheard struct {
	io.ReadCloser
	heard []byte
	whole func([]byte) // told once, when the reader is done
}

// Read reads the body and takes note of it, as far as there is room.
func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.heard = append(o.heard, p[:min(n, maxModelAnswer-len(o.heard))]...)
	if err != nil {
		o.tell() // Before the caller can look for it.
	}
	return n, err
}

// Close tells what was read, unless that was told before.
func (o *overheard) Close() error {
	o.tell()
	return o.ReadCloser.Close()
}

func (o *overheard) tell() {
	if o.whole != nil {
		o.whole(o.heard)
		o.whole = nil
	}
}

// wirePrompt is what is read of a request for a completion.
type wirePrompt struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	MaxTokens int `json:"max_completion_tokens"`
	Format    struct {
		Schema struct {
			Name   string          `json:"name"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

// readPrompt reads a question from a request's body; nil when it is none.
func readPrompt(body []byte) *asked {
	var wire wirePrompt
	if json.Unmarshal(body, &wire) != nil {
		return nil
	}
	question := &asked{model: wire.Model}
	prompt := otto.Prompt{SchemaName: wire.Format.Schema.Name, Schema: wire.Format.Schema.Schema, MaxTokens: wire.MaxTokens}
	var digests []string
	for _, m := range wire.Messages {
		text, files := readContent(m.Content)
		shown := promptMessage{Role: m.Role, Text: text}
		for _, f := range files {
			shown.Files = append(shown.Files, f.mime)
			digests = append(digests, f.digest)
		}
		question.messages = append(question.messages, shown)
		prompt.Messages = append(prompt.Messages, otto.PromptMessage{Role: m.Role, Content: text})
	}
	question.fingerprint = otto.Fingerprint(prompt, digests)
	return question
}

// shownFile is a file that a prompt shows to the model.
type shownFile struct{ mime, digest string }

// readContent reads a message's content: a text, or a list of parts that begins
// with one.
func readContent(content json.RawMessage) (text string, files []shownFile) {
	if json.Unmarshal(content, &text) == nil {
		return text, nil
	}
	var parts []struct {
		Text  string `json:"text"`
		Image struct {
			URL string `json:"url"`
		} `json:"image_url"`
		File struct {
			Data string `json:"file_data"`
		} `json:"file"`
	}
	if json.Unmarshal(content, &parts) != nil {
		return "", nil
	}
	for i, part := range parts {
		switch data := cmp.Or(part.Image.URL, part.File.Data); {
		case data != "":
			head, encoded, _ := strings.Cut(data, ";base64,")
			raw, _ := base64.StdEncoding.DecodeString(encoded) // What is no file has no turn either.
			files = append(files, shownFile{strings.TrimPrefix(head, "data:"), digest(raw)})
		case i == 0:
			text = part.Text
		default: // A file that is text stands there as it is.
			files = append(files, shownFile{"text/plain", digest([]byte(part.Text))})
		}
	}
	return text, files
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
