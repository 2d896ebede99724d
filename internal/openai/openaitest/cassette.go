package openaitest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxTape bounds one line of a cassette, in bytes.
const maxTape = 4 << 20

// canonical is what decides a model's answer, in the one form that is hashed
// and recorded. What only keeps the books (the cache key, what is stored) is
// not part of it.
type canonical struct {
	Model      string          `json:"model"`
	Messages   []Message       `json:"messages"`
	SchemaName string          `json:"schema_name,omitempty"`
	Schema     json.RawMessage `json:"schema,omitempty"`
	Strict     bool            `json:"strict,omitempty"`
	MaxTokens  int             `json:"max_completion_tokens,omitempty"`
	// A map is encoded in the order of its keys.
	Parameters map[string]json.RawMessage `json:"parameters,omitempty"`
}

func canonicalOf(r Request) canonical {
	c := canonical{
		Model: r.Model, Messages: r.Messages, SchemaName: r.SchemaName, Schema: r.Schema, Strict: r.Strict,
		MaxTokens: r.MaxTokens, Parameters: r.Parameters,
	}
	var compact bytes.Buffer
	if json.Compact(&compact, r.Schema) == nil {
		c.Schema = compact.Bytes()
	}
	return c
}

// key is the SHA-256 of the canonical form, in hexadecimal.
func (c canonical) key() string {
	sum := sha256.Sum256([]byte(encode(c)))
	return hex.EncodeToString(sum[:])
}

// Key is the name of a request on a cassette: the SHA-256 of its canonical form.
func (r Request) Key() string { return canonicalOf(r).key() }

// tape is one line of a cassette.
type tape struct {
	Key     string    `json:"key"`
	Request canonical `json:"request"`
	Reply   taped     `json:"reply"`
}

type taped struct {
	Content string `json:"content,omitempty"`
	Refusal string `json:"refusal,omitempty"`
	Finish  string `json:"finish,omitempty"`
}

// Cassette answers with what was recorded, and with nothing else. It is safe
// for concurrent use.
type Cassette struct {
	tapes []tape

	mu     sync.Mutex
	played map[string]int // how often each key was asked
	misses []string
}

// ReadCassette reads what [Record] wrote. A line whose key is not that of its
// request is an error: somebody changed one and not the other.
func ReadCassette(in io.Reader) (*Cassette, error) {
	c := &Cassette{played: map[string]int{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxTape)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var t tape
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("cassette: line %d: %w", n, err)
		}
		if t.Key != t.Request.key() {
			return nil, fmt.Errorf("cassette: line %d: the key is not that of the request", n)
		}
		c.tapes = append(c.tapes, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cassette: %w", err)
	}
	return c, nil
}

// Answer is for [Server.Answer]. A request that was recorded several times gets
// its replies in order, and the last of them from then on. One that was not
// recorded is a miss: no answer, and a reason that names where it differs from
// the recorded request that is nearest, without repeating what either says.
func (c *Cassette) Answer(r Request) (Reply, bool) {
	asked := canonicalOf(r)
	key := asked.key()
	var replies []taped
	for _, t := range c.tapes {
		if t.Key == key {
			replies = append(replies, t.Reply)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(replies) == 0 {
		why := c.nearest(asked)
		c.misses = append(c.misses, why)
		return Reply{missing: "Not on the cassette: " + why}, false
	}
	n := min(c.played[key], len(replies)-1)
	c.played[key]++
	return Reply{Content: replies[n].Content, Refusal: replies[n].Refusal, Finish: replies[n].Finish}, true
}

// Misses says of every request that was not recorded where it differs from the
// nearest one.
func (c *Cassette) Misses() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.misses)
}

func (c *Cassette) nearest(asked canonical) string {
	best, at, where := -1, 0, ""
	for i, t := range c.tapes {
		if depth, field := difference(t.Request, asked); depth > best {
			best, at, where = depth, i, field
		}
	}
	if best < 0 {
		return "nothing is recorded"
	}
	return fmt.Sprintf("%s differs from the nearest recorded request, number %d of %d (%s…)",
		where, at+1, len(c.tapes), c.tapes[at].Key[:12])
}

// difference names the first field in which two requests differ, and how many
// bytes they have in common before it.
func difference(a, b canonical) (depth int, field string) {
	type pair struct {
		name string
		a, b string
	}
	pairs := []pair{
		{"model", a.Model, b.Model},
		{"schema_name", a.SchemaName, b.SchemaName},
		{"schema", string(a.Schema), string(b.Schema)},
		{"strict", fmt.Sprint(a.Strict), fmt.Sprint(b.Strict)},
		{"max_completion_tokens", fmt.Sprint(a.MaxTokens), fmt.Sprint(b.MaxTokens)},
	}
	names := slices.Collect(maps.Keys(a.Parameters))
	for name := range b.Parameters {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		pairs = append(pairs, pair{"parameters." + name, string(a.Parameters[name]), string(b.Parameters[name])})
	}
	for i := range max(len(a.Messages), len(b.Messages)) {
		if i >= len(a.Messages) || i >= len(b.Messages) {
			pairs = append(pairs, pair{fmt.Sprintf("messages (%d, not %d)", len(b.Messages), len(a.Messages)), "a", "b"})
			break
		}
		pairs = append(pairs,
			pair{fmt.Sprintf("messages[%d].role", i), a.Messages[i].Role, b.Messages[i].Role},
			pair{fmt.Sprintf("messages[%d].content", i), a.Messages[i].Content, b.Messages[i].Content})
	}
	for _, p := range pairs {
		same := commonPrefix(p.a, p.b)
		depth += same
		if p.a != p.b {
			if strings.HasSuffix(p.name, ".content") {
				p.name += fmt.Sprintf(" (from byte %d)", same)
			}
			return depth, p.name
		}
	}
	return depth, "nothing"
}

// Record lets from answer and writes every exchange to out, one JSON object a
// line, for [ReadCassette]. An exchange that cannot be written has no answer.
func Record(out io.Writer, from func(Request) (Reply, bool)) func(Request) (Reply, bool) {
	var mu sync.Mutex
	return func(r Request) (Reply, bool) {
		reply, ok := from(r)
		if !ok {
			return reply, false
		}
		c := canonicalOf(r)
		line := encode(tape{
			Key: c.key(), Request: c,
			Reply: taped{Content: reply.Content, Refusal: reply.Refusal, Finish: reply.Finish},
		})
		mu.Lock()
		defer mu.Unlock()
		if _, err := io.WriteString(out, line+"\n"); err != nil {
			return Reply{missing: "The exchange could not be recorded."}, false
		}
		return reply, true
	}
}

// Forward asks the model behind a compatible server, so that its answers can be
// recorded. baseURL has the version path; key is the server's API key.
func Forward(client *http.Client, baseURL, key string) func(Request) (Reply, bool) {
	return func(r Request) (Reply, bool) {
		reply, err := forward(client, baseURL, key, r)
		if err != nil {
			return Reply{missing: err.Error()}, false
		}
		return reply, true
	}
}

func forward(client *http.Client, baseURL, key string, r Request) (Reply, error) {
	body := map[string]any{"model": r.Model, "messages": r.Messages, "store": false}
	for name, value := range r.Parameters {
		body[name] = value
	}
	if r.MaxTokens > 0 {
		body["max_completion_tokens"] = r.MaxTokens
	}
	if r.SchemaName != "" {
		body["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": r.SchemaName, "strict": r.Strict, "schema": r.Schema,
		}}
	}
	request, err := http.NewRequest(http.MethodPost, baseURL+"/chat/completions", strings.NewReader(encode(body)))
	if err != nil {
		return Reply{}, errors.New("the model's address is no URL")
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return Reply{}, errors.New("the model does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Reply{}, fmt.Errorf("the model answers status %d", response.StatusCode)
	}
	var c wireCompletion
	if err := json.NewDecoder(io.LimitReader(response.Body, maxTape)).Decode(&c); err != nil || len(c.Choices) == 0 {
		return Reply{}, errors.New("the model's answer is no completion")
	}
	choice := c.Choices[0]
	reply := Reply{Finish: choice.FinishReason}
	if choice.Message.Content != nil {
		reply.Content = *choice.Message.Content
	}
	if choice.Message.Refusal != nil {
		reply.Refusal = *choice.Message.Refusal
	}
	return reply, nil
}
