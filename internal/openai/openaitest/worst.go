package openaitest

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed worst.json
var worstWords []byte

// hostile is how long the longest text of the worst model is, in characters.
const hostile = 10_000

// worst are the words of a model that means harm and keeps to its schema.
type worst struct {
	seed uint64

	Prices     []string `json:"prices"`
	Quantities []string `json:"quantities"`
	Times      []string `json:"times"`
	Contacts   []string `json:"contacts"`
	Promises   []string `json:"promises"`
	Deeds      []string `json:"deeds"`
	Plain      []string `json:"plain"`
	Odd        []string `json:"odd"`
	Titles     []string `json:"titles"`
	IDs        []string `json:"ids"`
	Values     []string `json:"values"`
}

// Worst is the worst model that a strict schema allows, for [Server.Answer]:
// whatever satisfies the request's schema may come, and its texts are made of
// the prompt's own facts with other figures, invented prices, dates, phones
// and links, promises, and what no reader should see. The same seed gives the
// same answer to the same request; another request or seed, another one.
//
// It panics when its own words are broken: a programmer's mistake.
func Worst(seed uint64) func(Request) (Reply, bool) {
	w := &worst{seed: seed}
	if err := json.Unmarshal(worstWords, w); err != nil {
		panic("openaitest: worst.json: " + err.Error())
	}
	return w.answer
}

func (w *worst) answer(r Request) (Reply, bool) {
	m := w.mind(r)
	schema := schemaOf(r)
	if schema == nil {
		return Reply{Content: m.text()}, true
	}
	v := m.value("", schema)
	if !conforms(schema, v) {
		// A pattern that no word of ours fits: the least that is legal.
		if v = least(schema); !conforms(schema, v) {
			return Reply{}, false
		}
	}
	return Reply{Content: encode(v)}, true
}

// malice is the worst model before one request.
type malice struct {
	*worst
	rand  *rand.Rand
	facts []fact
	said  string
}

func (w *worst) mind(r Request) *malice {
	sum := sha256.Sum256([]byte(strconv.FormatUint(w.seed, 10) + "\x00" + r.Key()))
	m := &malice{worst: w, rand: rand.New(rand.NewPCG(
		binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])))}
	for _, message := range r.Messages {
		if message.Role == "user" {
			m.said = message.Content
		}
		for line := range strings.Lines(message.Content) {
			if found := factLine.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
				m.facts = append(m.facts, fact{id: found[1], text: found[2]})
			}
		}
	}
	return m
}

func (m *malice) chance(in int) bool { return m.rand.IntN(in) == 0 }

func choose[T any](m *malice, list []T) T { return list[m.rand.IntN(len(list))] }

// value is some value that a schema allows; name is the key it stands under.
func (m *malice) value(name string, s map[string]any) any {
	if enum, ok := s["enum"].([]any); ok && len(enum) > 0 {
		return choose(m, enum)
	}
	if c, ok := s["const"]; ok {
		return c
	}
	if alternatives, ok := s["anyOf"].([]any); ok && len(alternatives) > 0 {
		alternative, _ := choose(m, alternatives).(map[string]any)
		return m.value(name, alternative)
	}
	types, err := typesOf(s)
	if err != nil {
		return nil
	}
	switch choose(m, types) {
	case "null":
		return nil
	case "boolean":
		// Asking for a person ends the conversation with Otto: less often than not.
		return m.chance(4)
	case "number", "integer":
		return m.number(s, slices.Contains(types, "integer"))
	case "string":
		return m.word(name)
	case "array":
		return m.list(name, s)
	default:
		object := map[string]any{}
		properties, _ := s["properties"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			property, _ := properties[key].(map[string]any)
			object[key] = m.value(key, property)
		}
		return object
	}
}

// number is an end of the range or something between.
func (m *malice) number(s map[string]any, whole bool) float64 {
	low, bounded := s["minimum"].(float64)
	if !bounded {
		low = -1e9
	}
	high, bounded := s["maximum"].(float64)
	if !bounded {
		high = max(low, 0) + 1e9
	}
	n := choose(m, []float64{low, high, low + (high-low)*m.rand.Float64()})
	if whole {
		n = float64(int64(n))
		if n < low {
			n++
		}
	}
	return n
}

// list is as short or as long as its schema allows.
func (m *malice) list(name string, s map[string]any) []any {
	items, _ := s["items"].(map[string]any)
	low, _ := s["minItems"].(float64)
	high, bounded := s["maxItems"].(float64)
	if !bounded {
		high = max(low, 12)
	}
	n := int(low) + m.rand.IntN(int(high-low)+1)
	if m.chance(2) {
		n = min(n, int(low)+3)
	}
	list := []any{}
	for range n {
		list = append(list, m.value(name, items))
	}
	return list
}

// word is a text for a key: what a decision is made of where the key is known,
// else anything.
func (m *malice) word(name string) string {
	switch name {
	case "response_text":
		return m.text()
	case "facts":
		if len(m.facts) > 0 && !m.chance(4) {
			return choose(m, m.facts).id
		}
		return "no_such_fact"
	case "id":
		return choose(m, m.IDs)
	case "title", "description":
		return m.fill(choose(m, m.Titles))
	case "value":
		return m.fill(choose(m, m.Values))
	case "words":
		if words := strings.Fields(m.said); len(words) > 0 && !m.chance(3) {
			from := m.rand.IntN(len(words))
			return strings.Join(words[from:min(len(words), from+1+m.rand.IntN(4))], " ")
		}
		return m.fill(choose(m, m.Values))
	default:
		return m.sentence()
	}
}

// text is what a lead would read.
func (m *malice) text() string {
	switch {
	case m.chance(40):
		return ""
	case m.chance(40):
		var long []rune
		for len(long) < hostile {
			long = append(long, []rune(m.sentence()+" ")...)
		}
		return string(long[:hostile])
	}
	var parts []string
	for range 1 + m.rand.IntN(4) {
		parts = append(parts, m.sentence())
	}
	return strings.Join(parts, choose(m, []string{" ", " ", "\n", "\n\n"}))
}

var figure = regexp.MustCompile(`[0-9]+`)

func (m *malice) sentence() string {
	switch n := m.rand.IntN(12); {
	case n < 3 && len(m.facts) > 0:
		return m.twisted(choose(m, m.facts).text)
	case n == 3 && len(m.facts) > 0:
		return choose(m, m.facts).text
	default:
		return m.fill(choose(m, choose(m, [][]string{
			m.Prices, m.Quantities, m.Times, m.Contacts, m.Promises, m.Deeds, m.Plain, m.Odd,
		})))
	}
}

// twisted is a fact with other figures, or with one more where it has none.
func (m *malice) twisted(text string) string {
	if !figure.MatchString(text) {
		return strings.TrimSuffix(text, ".") + ": " + m.fill(choose(m, m.Prices))
	}
	return figure.ReplaceAllStringFunc(text, func(n string) string {
		value, err := strconv.Atoi(n)
		if err != nil {
			return n + "0"
		}
		return strconv.Itoa(value + 1 + m.rand.IntN(max(value, 9)))
	})
}

// fill puts figures where a phrase has its places.
func (m *malice) fill(phrase string) string {
	figures := []string{
		"{n}", strconv.Itoa(2 + m.rand.IntN(997)), "{m}", strconv.Itoa(1000 + m.rand.IntN(9000)),
		"{k}", strconv.Itoa(2 + m.rand.IntN(28)), "{p}", strconv.Itoa(5 + m.rand.IntN(95)),
		"{h}", strconv.Itoa(m.rand.IntN(24)), "{d}", strconv.Itoa(1 + m.rand.IntN(28)), "{o}", strconv.Itoa(1 + m.rand.IntN(12)),
		"{e}", fmt.Sprintf("%04d", m.rand.IntN(10_000)), "{f}", fmt.Sprintf("%04d", m.rand.IntN(10_000)),
	}
	return strings.NewReplacer(figures...).Replace(phrase)
}
