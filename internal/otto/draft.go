package otto

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pyloto/atende/internal/conversation"
)

// schemaName names the decision's schema in a request.
const schemaName = "otto_decision"

// Bounds of a decision that is looked at at all: bytes, and items of an
// array. They are wider than the schema's, which bind the model: what a guard
// can repair is not refused here.
const (
	maxDraft      = 64 << 10
	maxDraftItems = 64
)

// draft is a decision as the model writes it. Its schema is generated from
// the tags: enum names a set of allowed strings, max bounds an array, numbers
// are from 0 to 1. Pointers may be null; every key is required.
type draft struct {
	NextState        conversation.State     `json:"next_state" enum:"state"`
	ResponseText     string                 `json:"response_text"`
	MessageType      conversation.ReplyKind `json:"message_type" enum:"type"`
	Options          []draftOption          `json:"options" max:"10"`
	AskedField       *string                `json:"asked_field" enum:"field"`
	Facts            []string               `json:"facts" max:"20"`
	CardUpdates      []cardUpdate           `json:"card_updates" max:"23"`
	IntentScore      float64                `json:"intent_score"`
	AnswerConfidence float64                `json:"answer_confidence"`
	RequiresHuman    bool                   `json:"requires_human"`
	HumanReason      *string                `json:"human_reason" enum:"reason"`
	ReasoningDebug   string                 `json:"reasoning_debug"`
}

type draftOption struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Description *string `json:"description"`
}

// cardUpdate is one thing the lead told, with the words that told it.
type cardUpdate struct {
	Field string `json:"field" enum:"field"`
	Value string `json:"value"`
	Words string `json:"words"`
}

// allowed are the strings that an enum tag admits. The states are what is
// legal in one state only, so they bind the model and not the decoder: an
// illegal choice is a verdict, not garbage.
func allowed(enum string) []string {
	switch enum {
	case "type":
		return []string{string(conversation.ReplyText), string(conversation.ReplyButtons), string(conversation.ReplyList)}
	case "field":
		// The moment of a meeting is read by code alone.
		return slices.DeleteFunc(conversation.CardFields(), func(f string) bool { return f == conversation.FieldMeetingAt })
	case "reason":
		return []string{HandoffRequested, "complaint", "negotiation", HandoffOutside, "risk"}
	default:
		return nil
	}
}

// schemaFor is the strict JSON schema of a decision in one state. It depends
// on nothing else, so that providers can cache it.
func schemaFor(state conversation.State) (json.RawMessage, error) {
	var states []string
	for _, target := range conversation.LegalTargets(state) {
		states = append(states, string(target))
	}
	var b bytes.Buffer
	writeSchema(&b, reflect.TypeFor[draft](), "", states)
	if !json.Valid(b.Bytes()) {
		return nil, errors.New("decision schema is not JSON")
	}
	return b.Bytes(), nil
}

// writeSchema writes the schema of one type. Keys keep the order of the
// struct, in which the model will write them.
func writeSchema(b *bytes.Buffer, t reflect.Type, tag reflect.StructTag, states []string) {
	kind, null := t, false
	if t.Kind() == reflect.Pointer {
		kind, null = t.Elem(), true
	}
	switch kind.Kind() {
	case reflect.Struct:
		b.WriteString(`{"type":"object","additionalProperties":false,"properties":{`)
		var keys []string
		for i := range kind.NumField() {
			field := kind.Field(i)
			if i > 0 {
				b.WriteByte(',')
			}
			key := strconv.Quote(field.Tag.Get("json"))
			keys = append(keys, key)
			b.WriteString(key + ":")
			writeSchema(b, field.Type, field.Tag, states)
		}
		b.WriteString(`},"required":[` + strings.Join(keys, ",") + `]}`)
	case reflect.Slice:
		b.WriteString(`{"type":"array","items":`)
		writeSchema(b, kind.Elem(), "", states)
		if most := tag.Get("max"); most != "" {
			b.WriteString(`,"maxItems":` + most)
		}
		b.WriteByte('}')
	case reflect.Float64:
		b.WriteString(`{"type":"number","minimum":0,"maximum":1}`)
	case reflect.Bool:
		b.WriteString(`{"type":"boolean"}`)
	default:
		b.WriteString(`{"type":`)
		if null {
			b.WriteString(`["string","null"]`)
		} else {
			b.WriteString(`"string"`)
		}
		if enum := tag.Get("enum"); enum != "" {
			values := allowed(enum)
			if enum == "state" {
				values = states
			}
			quoted := make([]string, 0, len(values)+1)
			for _, value := range values {
				quoted = append(quoted, strconv.Quote(value))
			}
			if null {
				quoted = append(quoted, "null")
			}
			b.WriteString(`,"enum":[` + strings.Join(quoted, ",") + `]`)
		}
		b.WriteByte('}')
	}
}

// decodeDraft reads a decision strictly: every key once, none missing, none
// unknown, every value of its type and range, nothing behind. Its errors name
// keys of ours at most, never content.
func decodeDraft(data []byte) (draft, error) {
	var d draft
	if len(data) > maxDraft {
		return d, fmt.Errorf("decode decision: more than %d bytes", maxDraft)
	}
	if !json.Valid(data) {
		return d, errors.New("decode decision: not one JSON value")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := decodeValue(dec, reflect.ValueOf(&d).Elem(), ""); err != nil {
		return draft{}, fmt.Errorf("decode decision: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return draft{}, errors.New("decode decision: data behind it")
	}
	return d, nil
}

func decodeValue(dec *json.Decoder, v reflect.Value, tag reflect.StructTag) error {
	token, err := dec.Token()
	if err != nil {
		return errors.New("cut off")
	}
	if v.Kind() == reflect.Pointer {
		if token == nil {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		if token != json.Delim('{') {
			return errors.New("not an object")
		}
		return decodeObject(dec, v)
	case reflect.Slice:
		if token != json.Delim('[') {
			return errors.New("not an array")
		}
		return decodeArray(dec, v)
	case reflect.Float64:
		number, ok := token.(json.Number)
		if !ok {
			return errors.New("not a number")
		}
		n, err := number.Float64()
		if err != nil || n < 0 || n > 1 {
			return errors.New("not from 0 to 1")
		}
		v.SetFloat(n)
	case reflect.Bool:
		flag, ok := token.(bool)
		if !ok {
			return errors.New("not true or false")
		}
		v.SetBool(flag)
	default:
		text, ok := token.(string)
		if !ok {
			return errors.New("not a string")
		}
		if values := allowed(tag.Get("enum")); values != nil && !slices.Contains(values, text) {
			return errors.New("not one of the allowed values")
		}
		v.SetString(text)
	}
	return nil
}

func decodeObject(dec *json.Decoder, v reflect.Value) error {
	fields := map[string]int{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("json")] = i
	}
	seen := make([]bool, v.NumField())
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return errors.New("cut off")
		}
		key, _ := token.(string)
		i, ok := fields[key]
		if !ok {
			return errors.New("unknown key")
		}
		if seen[i] {
			return fmt.Errorf("%s: twice", key)
		}
		seen[i] = true
		if err := decodeValue(dec, v.Field(i), v.Type().Field(i).Tag); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if missing := slices.Index(seen, false); missing >= 0 {
		return fmt.Errorf("%s: missing", v.Type().Field(missing).Tag.Get("json"))
	}
	_, err := dec.Token() // the closing brace
	return err
}

func decodeArray(dec *json.Decoder, v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for dec.More() {
		if v.Len() == maxDraftItems {
			return fmt.Errorf("more than %d items", maxDraftItems)
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(dec, item, ""); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	_, err := dec.Token() // the closing bracket
	return err
}
