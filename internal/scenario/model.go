package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/openai/openaitest"
)

// faults are what can go wrong with a scripted answer, by their names in a
// file.
func faults() map[string]openaitest.Fault {
	return map[string]openaitest.Fault{
		"timeout":    {Kind: openaitest.Stall},
		"429":        {Kind: openaitest.Status, Status: 429},
		"500":        {Kind: openaitest.Status, Status: 500},
		"reset":      {Kind: openaitest.Reset},
		"cut_off":    {Kind: openaitest.CutOff},
		"refusal":    {Kind: openaitest.Refusal},
		"length":     {Kind: openaitest.Length},
		"filter":     {Kind: openaitest.Filter},
		"empty":      {Kind: openaitest.Empty},
		"wrong_enum": {Kind: openaitest.WrongEnum},
		"invalid":    {Kind: openaitest.InvalidJSON},
	}
}

func faultNames() []string { return slices.Sorted(maps.Keys(faults())) }

func faultOf(name string) (openaitest.Fault, bool) {
	f, ok := faults()[name]
	return f, ok
}

// harmless is a whole decision that says little and moves nothing: what a
// scripted one leaves out. An active state is kept where the schema allows it.
func harmless(schema []byte, state conversation.State) map[string]any {
	next := string(conversation.Triage)
	var s struct {
		Properties struct {
			State struct {
				Enum []string `json:"enum"`
			} `json:"next_state"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema, &s) == nil {
		legal := s.Properties.State.Enum
		switch {
		case state.Active() && slices.Contains(legal, string(state)):
			next = string(state)
		case !slices.Contains(legal, next) && len(legal) > 0:
			next = legal[0]
		}
	}
	return map[string]any{
		"next_state": next, "response_text": "Ok.", "message_type": string(conversation.ReplyText), "options": []any{},
		"asked_field": nil, "facts": []any{}, "card_updates": []any{}, "intent_score": 0.5, "answer_confidence": 0.9,
		"requires_human": false, "human_reason": nil, "reasoning_debug": "",
	}
}

// script answers for the model what a step says. It is safe for concurrent use.
type script struct {
	// state is where the conversation stands.
	state func() conversation.State

	mu      sync.Mutex
	left    []Answer
	uses    int // of the first of left
	drafts  []draft
	wanting int // requests beyond the last answer
}

// draft is what a scripted decision wanted the lead to read.
type draft struct {
	text, kind, next string
	options          []string
}

// begin gives the script the answers of the next step.
func (s *script) begin(answers []Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.uses, s.drafts, s.wanting = answers, 0, nil, 0
}

// end says what the step's answers were used for, and what of them does not
// fit what was asked.
func (s *script) end() (drafts []draft, complaints []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanting > 0 {
		complaints = append(complaints, fmt.Sprintf("the model was asked %d times more than the step has answers", s.wanting))
	}
	unused := len(s.left)
	if s.uses > 0 {
		unused-- // It goes wrong at most so many times.
	}
	if unused > 0 {
		complaints = append(complaints, fmt.Sprintf("%d of the model's answers were not asked for", unused))
	}
	return s.drafts, complaints
}

// answer is for [openaitest.Server.Answer].
func (s *script) answer(r openaitest.Request) (openaitest.Reply, bool) {
	state := s.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 {
		s.wanting++
		return openaitest.Reply{}, false
	}
	a := s.left[0]
	if s.uses++; s.uses >= a.Times {
		s.left, s.uses = s.left[1:], 0
	}
	if a.Content != "" {
		return openaitest.Reply{Content: a.Content}, true
	}
	decision := harmless(r.Schema, state)
	maps.Copy(decision, a.Decision)
	fillIn(decision)
	content := encode(decision)
	fault, _ := faultOf(a.Fault)
	if a.Fault == "" {
		s.drafts = append(s.drafts, draftOf(content))
	}
	return openaitest.Reply{Content: content, Fault: fault}, true
}

// fillIn completes the parts of a decision: an option is its title, and what is
// learnt was said in the same words.
func fillIn(decision map[string]any) {
	options, _ := decision["options"].([]any)
	filled := make([]any, 0, len(options))
	for i, o := range options {
		option := map[string]any{"id": fmt.Sprintf("o%d", i+1), "description": nil}
		switch o := o.(type) {
		case map[string]any:
			maps.Copy(option, o)
		default:
			option["title"] = fmt.Sprint(o)
		}
		filled = append(filled, option)
	}
	if decision["options"] != nil {
		decision["options"] = filled
	}
	updates, _ := decision["card_updates"].([]any)
	learnt := make([]any, 0, len(updates))
	for _, u := range updates {
		update, isUpdate := u.(map[string]any)
		if !isUpdate {
			learnt = append(learnt, u)
			continue
		}
		update = maps.Clone(update)
		if _, given := update["words"]; !given {
			update["words"] = update["value"]
		}
		for _, key := range []string{"value", "words"} {
			update[key] = fmt.Sprint(update[key])
		}
		learnt = append(learnt, update)
	}
	if decision["card_updates"] != nil {
		decision["card_updates"] = learnt
	}
}

func draftOf(content string) draft {
	var d struct {
		Next    string `json:"next_state"`
		Text    string `json:"response_text"`
		Kind    string `json:"message_type"`
		Options []struct {
			Title string `json:"title"`
		} `json:"options"`
	}
	if json.Unmarshal([]byte(content), &d) != nil {
		return draft{}
	}
	made := draft{text: d.Text, kind: d.Kind, next: d.Next}
	for _, o := range d.Options {
		made.options = append(made.options, o.Title)
	}
	return made
}

// encode is JSON as a model writes it: accents and symbols unescaped.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // YAML has values that JSON has not; the client calls it empty.
	}
	return b.String()
}
