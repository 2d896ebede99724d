package openaitest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
)

// schemaOfDepth makes a random strict schema.
func schemaOfDepth(r *rand.Rand, depth int) map[string]any {
	kinds := []string{"string", "enum", "number", "integer", "boolean", "null", "nullable", "nullable enum", "anyOf"}
	if depth > 0 {
		kinds = append(kinds, "object", "array", "object")
	}
	switch kinds[r.IntN(len(kinds))] {
	case "enum":
		return map[string]any{"type": "string", "enum": []any{"B", "A"}}
	case "number":
		return map[string]any{"type": "number", "minimum": -0.5, "maximum": r.Float64()}
	case "integer":
		low := float64(r.IntN(9))
		return map[string]any{"type": "integer", "minimum": low, "maximum": low + 3}
	case "boolean":
		return map[string]any{"type": "boolean"}
	case "null":
		return map[string]any{"type": "null"}
	case "nullable":
		return map[string]any{"type": []any{"string", "null"}}
	case "nullable enum":
		return map[string]any{"type": []any{"string", "null"}, "enum": []any{"A", nil}}
	case "anyOf":
		return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, schemaOfDepth(r, depth-1)}}
	case "array":
		return map[string]any{"type": "array", "items": schemaOfDepth(r, depth-1), "minItems": float64(r.IntN(3)), "maxItems": 4.0}
	case "object":
		return objectSchema(r, depth-1)
	default:
		return map[string]any{"type": "string"}
	}
}

func objectSchema(r *rand.Rand, depth int) map[string]any {
	properties, required := map[string]any{}, []any{}
	for i := range r.IntN(4) {
		name := fmt.Sprint("k", i)
		properties[name] = schemaOfDepth(r, depth)
		required = append(required, name)
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

func TestTheLeastValueOfAnySchemaConforms(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	mind := newOffline()
	for range 2000 {
		schema := objectSchema(r, 4)
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkStrict(raw); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		reply, ok := mind.answer(Request{Schema: raw, Messages: []Message{{Role: "user", Content: "oi"}}})
		var v any
		if !ok || json.Unmarshal([]byte(reply.Content), &v) != nil || !conforms(schema, v) {
			t.Fatalf("schema %s\nanswer %s, %v", raw, reply.Content, ok)
		}
	}
}

func TestConforms(t *testing.T) {
	tests := []struct {
		schema, value string
		want          bool
	}{
		{`{"type":"string"}`, `"a"`, true},
		{`{"type":"string"}`, `1`, false},
		{`{"type":"string","pattern":"^a$"}`, `"b"`, false},
		{`{"type":"string","pattern":"("}`, `"b"`, false},
		{`{"type":"string","enum":["A"]}`, `"B"`, false},
		{`{"type":["string","null"]}`, `null`, true},
		{`{"type":"boolean"}`, `"true"`, false},
		{`{"type":"integer"}`, `1.5`, false},
		{`{"type":"integer"}`, `2`, true},
		{`{"type":"number","minimum":0}`, `-1`, false},
		{`{"type":"number","maximum":1}`, `2`, false},
		{`{"type":"number","exclusiveMinimum":0}`, `0`, false},
		{`{"type":"number","exclusiveMaximum":1}`, `1`, false},
		{`{"type":"number","exclusiveMaximum":1}`, `0.5`, true},
		{`{"type":"array","items":{"type":"string"}}`, `["a",1]`, false},
		{`{"type":"array","items":{"type":"string"},"maxItems":1}`, `["a","b"]`, false},
		{`{"type":"array","items":{"type":"string"},"minItems":1}`, `[]`, false},
		{`{"type":"array","items":{"type":"string"}}`, `{}`, false},
		{`{"type":"object","properties":{"a":{"type":"null"}}}`, `{"a":null}`, true},
		{`{"type":"object","properties":{"a":{"type":"null"}}}`, `{}`, false},
		{`{"type":"object","properties":{"a":{"type":"null"}}}`, `{"a":null,"b":1}`, false},
		{`{"type":"object","properties":{"a":{"type":"null"}}}`, `{"b":null}`, false},
		{`{"type":"object","properties":{}}`, `[]`, false},
		{`{"const":"x","type":"string"}`, `"y"`, false},
		{`{"type":"string","enum":["A"]}`, `["A"]`, false},
		{`{"anyOf":[{"type":"null"},{"type":"string"}]}`, `"x"`, true},
		{`{"anyOf":[{"type":"null"},{"type":"string"}]}`, `1`, false},
		{`{}`, `1`, false},
	}
	for _, tt := range tests {
		var schema map[string]any
		var value any
		if json.Unmarshal([]byte(tt.schema), &schema) != nil || json.Unmarshal([]byte(tt.value), &value) != nil {
			t.Fatal(tt)
		}
		if got := conforms(schema, value); got != tt.want {
			t.Errorf("conforms(%s, %s) = %v", tt.schema, tt.value, got)
		}
	}
}
