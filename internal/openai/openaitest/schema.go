package openaitest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
)

var schemaName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Limits of strict schemas, from OpenAI's guide to structured outputs.
const (
	maxSchemaDepth      = 10
	maxSchemaProperties = 5000
	maxSchemaEnums      = 1000
)

// keyword reports whether the guide supports a keyword in strict mode. The
// lengths of strings are not among them, references are but no schema of ours
// needs them.
func keyword(k string) bool {
	switch k {
	case "type", "description", "title", "properties", "required", "additionalProperties",
		"enum", "const", "items", "anyOf", "pattern", "format", "multipleOf",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems":
		return true
	default:
		return false
	}
}

// checkStrict says why OpenAI would refuse the schema in strict mode.
func checkStrict(raw json.RawMessage) error {
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil || root == nil {
		return errors.New("schema must be a JSON object")
	}
	if root["type"] != "object" || root["anyOf"] != nil {
		return errors.New(`schema must have type "object" and no anyOf at its root`)
	}
	c := schemaCheck{}
	return c.schema("root", root, 1)
}

type schemaCheck struct{ properties, enums int }

func (c *schemaCheck) schema(at string, s map[string]any, depth int) error {
	if depth > maxSchemaDepth {
		return fmt.Errorf("%s: more than %d levels", at, maxSchemaDepth)
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if !keyword(key) {
			return fmt.Errorf("%s: %q is not permitted", at, key)
		}
	}
	if enum, ok := s["enum"]; ok {
		values, isList := enum.([]any)
		c.enums += len(values)
		if !isList || len(values) == 0 || c.enums > maxSchemaEnums {
			return fmt.Errorf("%s: enum must list 1 to %d values in all", at, maxSchemaEnums)
		}
	}
	if alternatives, ok := s["anyOf"]; ok {
		list, isList := alternatives.([]any)
		if !isList || len(list) == 0 {
			return fmt.Errorf("%s: anyOf must list schemas", at)
		}
		return c.each(at+".anyOf", list, depth)
	}
	types, err := typesOf(s)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if slices.Contains(types, "object") {
		if err := c.object(at, s, depth); err != nil {
			return err
		}
	}
	if slices.Contains(types, "array") {
		return c.each(at+".items", []any{s["items"]}, depth)
	}
	return nil
}

func (c *schemaCheck) each(at string, list []any, depth int) error {
	for _, one := range list {
		s, ok := one.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: a schema is missing", at)
		}
		if err := c.schema(at, s, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *schemaCheck) object(at string, s map[string]any, depth int) error {
	if s["additionalProperties"] != false {
		return fmt.Errorf("%s: additionalProperties is required to be false", at)
	}
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	c.properties += len(properties)
	if c.properties > maxSchemaProperties {
		return fmt.Errorf("%s: more than %d properties", at, maxSchemaProperties)
	}
	for _, name := range required {
		key, ok := name.(string)
		if _, known := properties[key]; !ok || !known {
			return fmt.Errorf("%s: required names a key that is no property", at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !slices.Contains(required, any(name)) {
			return fmt.Errorf("%s: required must list every key in properties, %q is missing", at, name)
		}
		if err := c.each(at+"."+name, []any{properties[name]}, depth); err != nil {
			return err
		}
	}
	return nil
}

// typesOf are the types a schema allows. A schema with an enum or a constant
// may leave its type out only where OpenAI lets it: nowhere.
func typesOf(s map[string]any) ([]string, error) {
	var names []any
	switch t := s["type"].(type) {
	case string:
		names = []any{t}
	case []any:
		names = t
	}
	if len(names) == 0 {
		return nil, errors.New("a type is required")
	}
	var types []string
	for _, n := range names {
		name, _ := n.(string)
		switch name {
		case "string", "number", "integer", "boolean", "null", "array", "object":
			types = append(types, name)
		default:
			return nil, errors.New("unknown type")
		}
	}
	return types, nil
}

// least is the smallest value that a schema allows: the first of an enum, null
// where null will do, every key of an object.
func least(s map[string]any) any {
	if enum, ok := s["enum"].([]any); ok && len(enum) > 0 {
		if slices.Contains(enum, nil) {
			return nil
		}
		return enum[0]
	}
	if c, ok := s["const"]; ok {
		return c
	}
	if alternatives, ok := s["anyOf"].([]any); ok {
		return leastOf(alternatives)
	}
	types, err := typesOf(s)
	if err != nil || slices.Contains(types, "null") {
		return nil
	}
	switch types[0] {
	case "string":
		return ""
	case "number", "integer":
		return leastNumber(s)
	case "boolean":
		return false
	case "array":
		items, _ := s["items"].(map[string]any)
		n, _ := s["minItems"].(float64)
		list := []any{}
		for range min(int(n), 64) {
			list = append(list, least(items))
		}
		return list
	default:
		object := map[string]any{}
		properties, _ := s["properties"].(map[string]any)
		for name, p := range properties {
			property, _ := p.(map[string]any)
			object[name] = least(property)
		}
		return object
	}
}

func leastOf(alternatives []any) any {
	for _, a := range alternatives {
		s, _ := a.(map[string]any)
		if v := least(s); v == nil {
			return nil
		}
	}
	first, _ := alternatives[0].(map[string]any)
	return least(first)
}

func leastNumber(s map[string]any) float64 {
	n := 0.0
	if v, ok := s["maximum"].(float64); ok {
		n = min(n, v)
	}
	if v, ok := s["minimum"].(float64); ok {
		n = max(n, v)
	}
	return n
}

// conforms reports whether v, as encoding/json decodes it, satisfies s. What
// the keywords format and multipleOf ask is not checked.
func conforms(s map[string]any, v any) bool {
	if enum, ok := s["enum"].([]any); ok && !containsValue(enum, v) {
		return false
	}
	if c, ok := s["const"]; ok && !containsValue([]any{c}, v) {
		return false
	}
	if alternatives, ok := s["anyOf"].([]any); ok {
		return slices.ContainsFunc(alternatives, func(a any) bool {
			alternative, _ := a.(map[string]any)
			return conforms(alternative, v)
		})
	}
	types, err := typesOf(s)
	return err == nil && slices.ContainsFunc(types, func(t string) bool { return conformsTo(t, s, v) })
}

// containsValue compares scalars only: enums of ours hold nothing else, and
// comparing maps would panic.
func containsValue(list []any, v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	default:
		return slices.Contains(list, v)
	}
}

func conformsTo(kind string, s map[string]any, v any) bool {
	switch kind {
	case "null":
		return v == nil
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "string":
		text, ok := v.(string)
		return ok && matches(s, text)
	case "number", "integer":
		n, ok := v.(float64)
		return ok && (kind == "number" || n == math.Trunc(n)) && inRange(s, n)
	case "array":
		list, ok := v.([]any)
		return ok && conformsList(s, list)
	default:
		object, ok := v.(map[string]any)
		return ok && conformsObject(s, object)
	}
}

func matches(s map[string]any, text string) bool {
	pattern, ok := s["pattern"].(string)
	if !ok {
		return true
	}
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}

func inRange(s map[string]any, n float64) bool {
	if v, ok := s["minimum"].(float64); ok && n < v {
		return false
	}
	if v, ok := s["maximum"].(float64); ok && n > v {
		return false
	}
	if v, ok := s["exclusiveMinimum"].(float64); ok && n <= v {
		return false
	}
	v, ok := s["exclusiveMaximum"].(float64)
	return !ok || n < v
}

func conformsList(s map[string]any, list []any) bool {
	if n, ok := s["minItems"].(float64); ok && len(list) < int(n) {
		return false
	}
	if n, ok := s["maxItems"].(float64); ok && len(list) > int(n) {
		return false
	}
	items, _ := s["items"].(map[string]any)
	for _, v := range list {
		if !conforms(items, v) {
			return false
		}
	}
	return true
}

func conformsObject(s map[string]any, object map[string]any) bool {
	properties, _ := s["properties"].(map[string]any)
	if len(object) != len(properties) {
		return false
	}
	for name, p := range properties {
		property, _ := p.(map[string]any)
		v, present := object[name]
		if !present || !conforms(property, v) {
			return false
		}
	}
	return true
}
