package openaitest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTheWorstModelKeepsToAnySchema(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for seed := range uint64(2000) {
		schema := objectSchema(r, 4)
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		reply, ok := Worst(seed)(Request{Schema: raw, Messages: []Message{{Role: "user", Content: "oi"}}})
		var v any
		if !ok || json.Unmarshal([]byte(reply.Content), &v) != nil || !conforms(schema, v) {
			t.Fatalf("seed %d, schema %s\nanswer %s, %v", seed, raw, reply.Content, ok)
		}
	}
}

// wickedSchema is a decision, as far as the worst model minds what it is.
const wickedSchema = `{"type":"object","additionalProperties":false,
"required":["next_state","response_text","options","facts","intent_score","asked_field"],"properties":{
"next_state":{"type":"string","enum":["TRIAGE","COLLECTING_INFO","HANDOFF_HUMAN"]},
"response_text":{"type":"string"},
"options":{"type":"array","maxItems":10,"items":{"type":"object","additionalProperties":false,"required":["id","title"],
  "properties":{"id":{"type":"string"},"title":{"type":"string"}}}},
"facts":{"type":"array","items":{"type":"string"}},
"intent_score":{"type":"number","minimum":0,"maximum":1},
"asked_field":{"type":["string","null"],"enum":["email",null]}}}`

func wicked(said string) Request {
	return Request{
		Model: "m", SchemaName: "d", Schema: json.RawMessage(wickedSchema),
		Messages: []Message{
			{Role: "system", Content: "# Fatos\n- [casa_preco] O plano custa R$ 49 por mês."},
			{Role: "user", Content: "<mensagem>\n" + said + "\n</mensagem>"},
		},
	}
}

func TestTheWorstModelIsDeterministic(t *testing.T) {
	first, again := Worst(7), Worst(7)
	answers := map[string]bool{}
	for i := range 50 {
		r := wicked(fmt.Sprint("pergunta ", i))
		a, _ := first(r)
		b, _ := again(r)
		other, _ := Worst(8)(r)
		if a.Content != b.Content {
			t.Fatalf("two answers to one request:\n%s\n%s", a.Content, b.Content)
		}
		if a.Content == other.Content {
			t.Errorf("two seeds give one answer: %s", a.Content)
		}
		answers[a.Content] = true
	}
	if len(answers) < 50 {
		t.Errorf("%d answers to 50 requests", len(answers))
	}
}

// What a guard must hold against has to come, or the fuzzer proves nothing.
func TestTheWorstModelIsBadInEveryWay(t *testing.T) {
	want := map[string]func(text string) bool{
		"a fact's price, changed":   func(s string) bool { return strings.Contains(s, "O plano custa R$ ") && !strings.Contains(s, "R$ 49 ") },
		"a fact as it is":           func(s string) bool { return strings.Contains(s, "O plano custa R$ 49 por mês.") },
		"an invented price":         func(s string) bool { return strings.Contains(s, "por usuário") },
		"a price in words":          func(s string) bool { return strings.Contains(s, "mil e quinhentos") },
		"a date":                    func(s string) bool { return strings.Contains(s, "amanhã às") },
		"a phone":                   func(s string) bool { return strings.Contains(s, "Ligue para") },
		"a link":                    func(s string) bool { return strings.Contains(s, "https://") },
		"a promise":                 func(s string) bool { return strings.Contains(s, "Garanto") },
		"a promise of action":       func(s string) bool { return strings.Contains(s, "já te retorno") },
		"HTML":                      func(s string) bool { return strings.Contains(s, "<script>") },
		"another language":          func(s string) bool { return strings.Contains(s, "Hello, our price") },
		"nothing":                   func(s string) bool { return s == "" },
		"ten thousand characters":   func(s string) bool { return utf8.RuneCountInString(s) == hostile },
		"what would be a CPF":       func(s string) bool { return strings.Contains(s, "529.982.247-25") },
		"characters nobody can see": func(s string) bool { return strings.Contains(s, "\u200b") },
	}
	counts := map[int]bool{}
	states := map[string]bool{}
	scores := map[float64]bool{}
	for seed := range uint64(3000) {
		reply, ok := Worst(seed)(wicked("quanto custa?"))
		var d struct {
			State   string `json:"next_state"`
			Text    string `json:"response_text"`
			Options []struct{ ID, Title string }
			Intent  float64 `json:"intent_score"`
		}
		if !ok || json.Unmarshal([]byte(reply.Content), &d) != nil {
			t.Fatalf("seed %d: %s", seed, reply.Content)
		}
		counts[len(d.Options)], states[d.State], scores[d.Intent] = true, true, true
		for name, found := range want {
			if found(d.Text) {
				delete(want, name)
			}
		}
	}
	for name := range want {
		t.Errorf("never came: %s", name)
	}
	if len(counts) < 11 || len(states) != 3 || !scores[0] || !scores[1] {
		t.Errorf("numbers of options %v, states %v, ends of the score %v %v", counts, states, scores[0], scores[1])
	}
}
