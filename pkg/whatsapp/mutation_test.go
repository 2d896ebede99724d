package whatsapp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	// mutations is how many payloads an ordinary run makes; MUTATIONS overrides it.
	mutations = 20_000
	// mutationSeed and a payload's number make the payload, on any machine.
	mutationSeed = 20261128
	// mutationBlock is how many payloads a worker takes at a time, mutationSample
	// how many pass for each that is also held against a plain reading.
	mutationBlock  = 512
	mutationSample = 61
)

// TestMutatedPayloads decodes golden webhooks that were broken in every way a
// network, a bug or an adversary breaks them. Nothing may panic, and as long as
// the frame around the elements is whole, as many elements come out as went in
// and those that were not touched are read as before.
func TestMutatedPayloads(t *testing.T) {
	total := int64(mutations)
	if text := os.Getenv("MUTATIONS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			t.Fatalf("MUTATIONS is %q, want a number of payloads", text)
		}
		total = n
	}
	samples := mutationSamples(t)
	var next, framed, refused, elements atomic.Int64
	begin := time.Now()
	t.Run("workers", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				m := newMutator(samples)
				defer func() {
					if cause := recover(); cause != nil {
						t.Errorf("payload %d: panic: %v\n%q", m.number, cause, m.body)
					}
				}()
				for {
					begin := next.Add(mutationBlock) - mutationBlock
					for m.number = begin; m.number < min(begin+mutationBlock, total); m.number++ {
						decoded, err := m.try(t)
						switch {
						case err != nil:
							refused.Add(1)
						case m.framed:
							framed.Add(1)
						}
						elements.Add(int64(decoded))
					}
					if begin >= total {
						return
					}
				}
			})
		}
	})
	passed := time.Since(begin)
	t.Logf("%d mutated payloads in %s (%.0f a second): %d framed, %d refused whole, %d elements",
		total, passed.Round(10*time.Millisecond), float64(total)/passed.Seconds(), framed.Load(), refused.Load(), elements.Load())
	// A mutator that broke everything, or nothing, would show nothing.
	if framed.Load() < total/4 || refused.Load() < total/10 {
		t.Errorf("the payloads are not mixed")
	}
}

// span is a stretch of a body.
type span struct{ start, end int }

func (s span) of(body []byte) []byte { return body[s.start:s.end] }

// sample is a golden webhook and where the parts of its elements are.
type sample struct {
	body     []byte
	elements []whatsapp.Element
	// roots are the elements that may become anything without another coming to
	// be; values and keys are in them, each with its element's place.
	roots  []span
	values []part
	keys   []part
}

type part struct {
	span
	root int
}

func mutationSamples(t *testing.T) []sample {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") {
			continue
		}
		body := bytes.TrimSpace(golden(t, filepath.Base(file)))
		delivery, err := whatsapp.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{body: body, elements: delivery.Elements}
		after := 0
		for i, e := range delivery.Elements {
			at := bytes.Index(body[after:], e.Raw)
			if at < 0 { // statuses and the like may stand before the messages
				after, at = 0, bytes.Index(body, e.Raw)
			}
			root := span{after + at, after + at + len(e.Raw)}
			after = root.end
			s.roots = append(s.roots, root)
			if e.Kind != whatsapp.KindUnknown && e.Kind != whatsapp.KindUnreadable {
				s.walk(root.start, i)
			}
		}
		all = append(all, s)
	}
	return all
}

// walk notes the value at a place in a body that is JSON, and everything in it.
func (s *sample) walk(at, root int) int {
	start := at
	switch s.body[at] {
	case '{', '[':
		object := s.body[at] == '{'
		for at = s.space(at + 1); s.body[at] != '}' && s.body[at] != ']'; at = s.space(at) {
			if s.body[at] == ',' {
				at = s.space(at + 1)
			}
			if object {
				end := s.text(at)
				s.keys = append(s.keys, part{span{at, end}, root})
				at = s.space(s.space(end) + 1)
			}
			at = s.walk(at, root)
		}
		at++
	case '"':
		at = s.text(at)
	default:
		for at < len(s.body) && !bytes.ContainsRune([]byte(" \t\r\n,]}"), rune(s.body[at])) {
			at++
		}
	}
	s.values = append(s.values, part{span{start, at}, root})
	return at
}

func (s *sample) space(at int) int {
	for at < len(s.body) && bytes.IndexByte([]byte(" \t\r\n"), s.body[at]) >= 0 {
		at++
	}
	return at
}

func (s *sample) text(at int) int {
	for at++; s.body[at] != '"'; at++ {
		if s.body[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// mutator makes one payload after another.
type mutator struct {
	*rand.Rand
	source  *rand.PCG
	samples []sample
	number  int64
	from    *sample
	body    []byte
	framed  bool // nothing outside elements was changed
	touched []int
	edits   []edit
}

type edit struct {
	span
	with []byte
}

func newMutator(samples []sample) *mutator {
	source := rand.NewPCG(0, 0)
	return &mutator{Rand: rand.New(source), source: source, samples: samples}
}

// try makes a payload, decodes it and holds the result against the promise.
func (m *mutator) try(t *testing.T) (int, error) {
	m.source.Seed(mutationSeed, uint64(m.number))
	m.from = &m.samples[m.IntN(len(m.samples))]
	m.framed, m.touched = false, m.touched[:0]
	if m.IntN(2) == 0 && len(m.from.values) > 0 {
		m.reshape()
	} else {
		m.damage()
	}
	delivery, err := whatsapp.Decode(m.body)
	switch {
	case m.framed && err != nil:
		t.Fatalf("payload %d: %v\n%q", m.number, err, m.body)
	case m.framed && len(delivery.Elements) != len(m.from.elements):
		t.Fatalf("payload %d: %d elements, want %d\n%q", m.number, len(delivery.Elements), len(m.from.elements), m.body)
	case m.framed:
		for i, e := range delivery.Elements {
			if was := m.from.elements[i]; !slices.Contains(m.touched, i) && (e.Kind != was.Kind || !bytes.Equal(e.Raw, was.Raw)) {
				t.Fatalf("payload %d: element %d was not touched and is a %s\n%q", m.number, i, e.Kind, m.body)
			}
		}
	}
	if m.number%mutationSample != 0 {
		return len(delivery.Elements), err
	}
	if json.Valid(m.body) == errors.Is(err, whatsapp.ErrNotJSON) {
		t.Fatalf("payload %d: %v\n%q", m.number, err, m.body)
	}
	if err == nil {
		if want := plainCount(t, m.body); len(delivery.Elements) != want {
			t.Fatalf("payload %d: %d elements, a plain reading has %d\n%q", m.number, len(delivery.Elements), want, m.body)
		}
	}
	for _, e := range delivery.Elements {
		checkElement(t, e)
	}
	return len(delivery.Elements), err
}

// reshape changes values and keys within elements: the body stays JSON, and the
// frame stays whole.
func (m *mutator) reshape() {
	m.edits = m.edits[:0]
	for range 1 + m.IntN(4) {
		switch p := m.from.values[m.IntN(len(m.from.values))]; m.IntN(8) {
		case 0, 1: // another type
			m.change(p, p.span, []byte(oddValues[m.IntN(len(oddValues))]))
		case 2: // a value out of another webhook
			if other := &m.samples[m.IntN(len(m.samples))]; len(other.values) > 0 {
				m.change(p, p.span, other.values[m.IntN(len(other.values))].of(other.body))
			}
		case 3: // deep inside lists or objects
			deep := 1 << m.IntN(9)
			if m.IntN(2) == 0 {
				m.change(p, p.span, slices.Concat(bytes.Repeat([]byte("["), deep), p.of(m.from.body), bytes.Repeat([]byte("]"), deep)))
			} else {
				m.change(p, p.span, slices.Concat(bytes.Repeat([]byte(`{"a":`), deep), p.of(m.from.body), bytes.Repeat([]byte("}"), deep)))
			}
		case 4: // a number of any size
			m.change(p, p.span, []byte(oddNumbers[m.IntN(len(oddNumbers))]))
		case 5: // bytes that are no text
			if m.from.body[p.start] == '"' {
				m.change(p, span{p.start + 1, p.start + 1}, []byte(oddText[m.IntN(len(oddText))]))
			}
		case 6: // another name for a key
			if len(m.from.keys) > 0 {
				k := m.from.keys[m.IntN(len(m.from.keys))]
				other := &m.samples[m.IntN(len(m.samples))]
				with := []byte(oddKeys[m.IntN(len(oddKeys))])
				if len(other.keys) > 0 && m.IntN(2) == 0 {
					with = other.keys[m.IntN(len(other.keys))].of(other.body)
				}
				m.change(k, k.span, with)
			}
		case 7: // a key twice
			if len(m.from.keys) > 0 {
				k := m.from.keys[m.IntN(len(m.from.keys))]
				m.change(k, span{k.start, k.start}, slices.Concat(k.of(m.from.body), []byte(":"), []byte(oddValues[m.IntN(len(oddValues))]), []byte(",")))
			}
		}
	}
	m.framed = true
	slices.SortFunc(m.edits, func(a, b edit) int { return a.start - b.start })
	m.body = m.body[:0]
	at := 0
	for _, e := range m.edits {
		if e.start < at { // within one that was made already
			continue
		}
		m.body = append(append(m.body, m.from.body[at:e.start]...), e.with...)
		at = e.end
	}
	m.body = append(m.body, m.from.body[at:]...)
}

func (m *mutator) change(p part, s span, with []byte) {
	m.edits = append(m.edits, edit{s, with})
	m.touched = append(m.touched, p.root)
}

// damage changes bytes anywhere.
func (m *mutator) damage() {
	m.body = append(m.body[:0], m.from.body...)
	for range 1 + m.IntN(3) {
		if len(m.body) == 0 {
			return
		}
		at := m.IntN(len(m.body))
		end := min(at+1+m.IntN(40), len(m.body))
		other := m.samples[m.IntN(len(m.samples))].body
		switch m.IntN(10) {
		case 0:
			m.body[at] ^= 1 << m.IntN(8)
		case 1:
			m.body[at] = byte(m.Uint32())
		case 2:
			m.body[at] = oddBytes[m.IntN(len(oddBytes))]
		case 3:
			m.body = m.body[:at]
		case 4:
			m.body = slices.Delete(m.body, at, end)
		case 5:
			m.body = slices.Insert(m.body, at, m.body[at:end:end]...)
		case 6:
			m.body = slices.Insert(m.body, at, []byte(oddText[m.IntN(len(oddText))])...)
		case 7:
			m.body = slices.Insert(m.body, at, []byte(oddValues[m.IntN(len(oddValues))])...)
		case 8:
			m.body = append(m.body[:at], other[m.IntN(len(other)):]...)
		case 9: // a word of the frame by another name, still JSON
			words := [][]byte{[]byte(`"entry"`), []byte(`"changes"`), []byte(`"value"`), []byte(`"field"`), []byte(`"messages"`), []byte(`"metadata"`), []byte(`"statuses"`), []byte(`"contacts"`)}
			word := words[m.IntN(len(words))]
			if i := bytes.Index(m.body, word); i >= 0 {
				m.body = slices.Replace(m.body, i, i+len(word), words[m.IntN(len(words))]...)
			}
		}
	}
}

// What payloads are broken with.
var (
	oddValues = []string{
		`null`, `true`, `false`, `0`, `-1`, `""`, `" "`, `"x"`, `[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `{"":{}}`, `{"id":null}`,
		`"\u0000"`, `"\ud800"`, `"\ud83d\ude00"`, `"BR.1"`, `"BR."`, `"+"`, `"5521900000001"`, `{"type":"text"}`, `{"type":"edit"}`,
		`{"messages":[{},{}]}`, `[1,"a",null,{"a":[]}]`, `"wamid.A"`, `"{\"a\":1}"`,
	}
	oddNumbers = []string{
		`0`, `-0`, `1e999999`, `-1e-999999`, `1.5`, `9223372036854775808`, `-9223372036854775809`, `1e308`, `0.1e+10`,
		"1" + strings.Repeat("0", 400), `99999999999999999999999999`, `"1e5"`, `"0x10"`, `"NaN"`, `"Infinity"`,
	}
	oddText = []string{
		"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\u2028", "\u202e", "\ufeff", "👩🏽‍💻", `\u0000`, `\ud83d`, `\"`, `\\`, `\/`,
	}
	oddKeys = []string{
		`""`, `"ID"`, `"Type"`, `"\u0069d"`, `"id\u0000"`, `"id"`, `"type"`, `"from"`, `"text"`, `"messages"`, `"statuses"`, `"errors"`, `"context"`,
		`"system"`, `"edit"`, `"timestamp"`,
	}
	oddBytes = []byte("\"\\{}[]:,0-e.tfn \t\n\x00\x1f\x7f\x80\xff")
)
