package openaitest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

// A business that no file of the project knows.
const florist = `Você é Rosa, assistente virtual de Flor da Serra no WhatsApp.

# Regras
- Responda em português.

# O que oferecemos
- buques: Buquês. Arranjos montados para presentear.
- casamentos: Casamentos. Decoração floral de casamentos.

# Formato da resposta
- next_state: o estado.`

const floristFacts = `# Fatos
- [buques_rosas] Os buquês de rosas saem por encomenda.
- [buques_retirada] Os buquês podem ser retirados na loja.
- [buques_papel] Os buquês vão embrulhados em papel.
- [casamentos_visita] A decoração de casamento começa com uma visita ao salão.
- [loja_horario] A loja abre de segunda a sábado, das 8h às 18h.
- [loja_preco] O preço depende das flores da estação.`

const decisionSchema = `{"type":"object","additionalProperties":false,
"required":["next_state","response_text","message_type","options","asked_field","facts","card_updates","intent_score","answer_confidence","requires_human","human_reason"],
"properties":{
"next_state":{"type":"string","enum":["TRIAGE","COLLECTING_INFO","GENERATING_RESPONSE","SELF_SERVE_INFO","HANDOFF_HUMAN"]},
"response_text":{"type":"string"},
"message_type":{"type":"string","enum":["text","interactive_button"]},
"options":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id"],"properties":{"id":{"type":"string"}}}},
"asked_field":{"type":["string","null"],"enum":["specific_need","full_name","company",null]},
"facts":{"type":"array","items":{"type":"string"}},
"card_updates":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["field","value","words"],
  "properties":{"field":{"type":"string","enum":["email","full_name","company","specific_need","primary_interest","urgency"]},"value":{"type":"string"},"words":{"type":"string"}}}},
"intent_score":{"type":"number","minimum":0,"maximum":1},
"answer_confidence":{"type":"number","minimum":0,"maximum":1},
"requires_human":{"type":"boolean"},
"human_reason":{"type":["string","null"],"enum":["requested",null]}}}`

type decision struct {
	State      string  `json:"next_state"`
	Text       string  `json:"response_text"`
	Type       string  `json:"message_type"`
	Asked      *string `json:"asked_field"`
	Facts      []string
	Human      bool `json:"requires_human"`
	Reason     *string
	Intent     float64 `json:"intent_score"`
	Confidence float64 `json:"answer_confidence"`
	Updates    []struct{ Field, Value, Words string }
}

func (d decision) update(field string) string {
	for _, u := range d.Updates {
		if u.Field == field {
			return u.Value
		}
	}
	return ""
}

// think asks the offline model as Otto would, after earlier lines that begin
// with the assistant's.
func think(t *testing.T, s *openaitest.Server, card, said string, earlier ...string) decision {
	t.Helper()
	messages := []any{msg("system", florist), msg("system", floristFacts), msg("system", "# Ficha do cliente\n"+card)}
	for i, line := range earlier {
		messages = append(messages, msg([]string{"assistant", "user"}[i%2], line))
	}
	messages = append(messages, msg("system", "# Agora\nSegunda-feira."), msg("user", "<mensagem>\n"+said+"\n</mensagem>"))
	status, _, answer := ask(t, s, body(t, map[string]any{"messages": messages,
		"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "d", "strict": true, "schema": json.RawMessage(decisionSchema)}}}))
	if status != 200 {
		t.Fatalf("status %d: %s", status, answer)
	}
	var d decision
	var raw struct {
		Updates []struct{ Field, Value, Words string } `json:"card_updates"`
	}
	content := []byte(*read(t, answer).Choices[0].Message.Content)
	if json.Unmarshal(content, &d) != nil || json.Unmarshal(content, &raw) != nil {
		t.Fatalf("content = %s", content)
	}
	d.Updates = raw.Updates
	if d.Text == "" || utf8.RuneCountInString(d.Text) > 500 {
		t.Errorf("%q is answered with %d characters", said, utf8.RuneCountInString(d.Text))
	}
	for _, u := range d.Updates {
		if !strings.Contains(said, u.Words) {
			t.Errorf("%s is read from words that were not said: %q", u.Field, u.Words)
		}
	}
	return d
}

func msg(role, content string) map[string]any {
	return map[string]any{"role": role, "content": content}
}

func TestTheOfflineModelSaysTheFactsOfThePrompt(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	tests := []struct{ said, fact, state string }{
		{"Oi! Vocês fazem buquê de rosas?", "buques_rosas", "COLLECTING_INFO"},
		{"que horas abre?", "loja_horario", "TRIAGE"},
		{"quanto custa?", "loja_preco", "TRIAGE"},
		{"QUERO DECORAÇÃO PARA O MEU CASAMENTO", "casamentos_visita", "COLLECTING_INFO"},
		{"os buques, posso retirar", "buques_retirada", "COLLECTING_INFO"},
	}
	for _, tt := range tests {
		d := think(t, s, "", tt.said)
		if len(d.Facts) == 0 || d.Facts[0] != tt.fact || d.State != tt.state || d.Confidence < 0.8 {
			t.Errorf("%q: facts %v, state %s, confidence %v", tt.said, d.Facts, d.State, d.Confidence)
		}
		for _, id := range d.Facts {
			_, text, _ := strings.Cut(floristFacts, "["+id+"] ")
			text, _, _ = strings.Cut(text, "\n")
			if !strings.Contains(d.Text, text) {
				t.Errorf("%q: the text does not say fact %s: %s", tt.said, id, d.Text)
			}
		}
		if !strings.HasSuffix(d.Text, "?") || d.Asked == nil || *d.Asked != "specific_need" {
			t.Errorf("%q: no next step: %s", tt.said, d.Text)
		}
		if again := think(t, s, "", tt.said); again.Text != d.Text {
			t.Errorf("%q: two answers to one request", tt.said)
		}
	}
}

func TestTheOfflineModelDoesNotInvent(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	d := think(t, s, "", "vocês consertam bicicleta?")
	if len(d.Facts) != 0 || d.Confidence > 0.5 || d.Asked != nil || strings.Contains(strings.ToLower(d.Text), "bicicleta") {
		t.Errorf("answer = %+v", d)
	}
}

func TestTheOfflineModelKnowsItsManners(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	if d := think(t, s, "", "isso não resolve, quero reclamar com um atendente"); !d.Human || d.State != "HANDOFF_HUMAN" {
		t.Errorf("person: %+v", d)
	}
	if d := think(t, s, "", "obrigada, tchau"); d.State != "SELF_SERVE_INFO" || d.Human {
		t.Errorf("thanks: %+v", d)
	}
	if d := think(t, s, "", "é urgente, quero um buquê"); d.Intent < 0.9 || d.update("urgency") != "urgent" {
		t.Errorf("urgent: %+v", d)
	}
	low, high := think(t, s, "", "oi").Intent, think(t, s, "", "quero um buquê").Intent
	if low >= high {
		t.Errorf("intent %v of a greeting, %v of a wish", low, high)
	}
}

func TestTheOfflineModelReadsTheCard(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	d := think(t, s, "", "me chamo Ana de Souza, trabalho na Padaria Sol, e-mail ana@sol.example. quero buquês")
	for field, want := range map[string]string{
		"full_name": "Ana de Souza", "company": "Padaria Sol", "email": "ana@sol.example", "primary_interest": "buques"} {
		if got := d.update(field); got != want {
			t.Errorf("%s = %q, want %q", field, got, want)
		}
	}
	if d.State != "GENERATING_RESPONSE" && d.State != "COLLECTING_INFO" {
		t.Errorf("state = %s", d.State)
	}
}

func TestTheOfflineModelAsksNothingTwice(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	first := think(t, s, "", "quero um buquê")
	second := think(t, s, "- interesse: buques", "Bia", first.Text)
	if second.Asked != nil && *second.Asked == *first.Asked {
		t.Errorf("%s is asked twice", *second.Asked)
	}
	named := think(t, s, "- interesse: buques\n- specific_need: presente", "Bia", "Certo! E como posso chamar você?")
	if got := named.update("full_name"); got != "Bia" {
		t.Errorf("the answer to a question is not read: %+v", named.Updates)
	}
	if named.Asked != nil && *named.Asked == "full_name" {
		t.Error("the name is asked again")
	}
	known := think(t, s, "- specific_need: x\n- full_name: Bia\n- current_tools: x\n- company: Sol\n- urgency: low", "quero um buquê")
	if known.Asked != nil || !strings.HasSuffix(known.Text, "?") {
		t.Errorf("with a full card: %+v", known)
	}
}

func TestTheOfflineModelDoesNotRepeatAFact(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	first := think(t, s, "", "e os buquês?")
	second := think(t, s, "", "e os buquês?", first.Text)
	if slices.Equal(first.Facts, second.Facts) {
		t.Errorf("facts %v twice", first.Facts)
	}
}

func TestTheOfflineModelReadsSeveralMessages(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	d := think(t, s, "", "oi\n</mensagem>\n<mensagem>\nque horas abre?")
	if len(d.Facts) == 0 || d.Facts[0] != "loja_horario" {
		t.Errorf("facts = %v", d.Facts)
	}
}

func TestTheOfflineModelWritesPlainTextToo(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	_, _, answer := ask(t, s, `{"model":"m","messages":[{"role":"user","content":"oi"}]}`)
	if content := *read(t, answer).Choices[0].Message.Content; content == "" || strings.HasPrefix(content, "{") {
		t.Errorf("content = %q", content)
	}
}

func TestAnImpossibleSchemaHasNoAnswer(t *testing.T) {
	s := newServer(t, openaitest.Options{})
	status, _, _ := ask(t, s, body(t, map[string]any{"response_format": map[string]any{"type": "json_schema",
		"json_schema": map[string]any{"name": "d", "strict": true, "schema": json.RawMessage(
			`{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"string","pattern":"^[0-9]{4}$"}}}`)}}}))
	if status != 500 {
		t.Errorf("status %d", status)
	}
}

func FuzzOfflineModel(f *testing.F) {
	s := openaitest.NewServer(openaitest.Options{})
	f.Cleanup(s.Close)
	f.Add("", "quero um buquê, me chamo Ana")
	f.Add("- interesse: buques", "\x00\xff</mensagem> ? ?? 👍🏽")
	f.Add("- [x] y", strings.Repeat("buquê ", 3000))
	f.Fuzz(func(t *testing.T, card, said string) {
		if !utf8.ValidString(card) || !utf8.ValidString(said) || strings.Contains(said, "</mensagem>") {
			return // what travels is valid text, and Otto marks it safely
		}
		think(t, s, card, said)
	})
}
