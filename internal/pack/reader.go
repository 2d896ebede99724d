package pack

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"
)

// text is a string and where it stands.
type text struct {
	value string
	file  string
	line  int
}

// object is a mapping being read: whoever reads a key takes it, and what
// nobody took is a fault.
type object struct {
	file   string
	line   int
	faults *Faults
	keys   []*yaml.Node
	fields map[string]*yaml.Node
	known  []string
}

// newObject reads a mapping. A node that is none is a fault and an object
// without keys, so that reading goes on.
func newObject(file string, n *yaml.Node, faults *Faults) *object {
	o := &object{file: file, faults: faults, fields: map[string]*yaml.Node{}}
	if n == nil {
		return o
	}
	o.line = n.Line
	if n.Kind != yaml.MappingNode {
		faults.Add(file, n.Line, "want keys and values here")
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str":
			faults.Add(file, key.Line, "a key must be text")
		case o.fields[key.Value] != nil:
			faults.Add(file, key.Line, "key %s is given twice", key.Value)
		default:
			o.keys = append(o.keys, key)
			o.fields[key.Value] = n.Content[i+1]
		}
	}
	return o
}

// done blames the keys that nobody knows.
func (o *object) done() {
	for _, key := range o.keys {
		if !slices.Contains(o.known, key.Value) {
			o.faults.Add(o.file, key.Line, "unknown key %s", key.Value)
		}
	}
}

func (o *object) fault(line int, format string, args ...any) {
	o.faults.Add(o.file, line, format, args...)
}

// take is the value of a key; nil when it is absent or null.
func (o *object) take(key string) *yaml.Node {
	o.known = append(o.known, key)
	n := o.fields[key]
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	return n
}

// must is take for what may not be absent.
func (o *object) must(key string) *yaml.Node {
	n := o.take(key)
	if n == nil {
		o.fault(o.line, "%s is missing", key)
	}
	return n
}

// text is a required text that is not blank.
func (o *object) text(key string) text {
	n := o.must(key)
	if n == nil {
		return text{file: o.file, line: o.line}
	}
	return o.scalar(n, key)
}

// maybe is an optional text; its value is empty when it is absent.
func (o *object) maybe(key string) text {
	n := o.take(key)
	if n == nil {
		return text{file: o.file, line: o.line}
	}
	return o.scalar(n, key)
}

// scalar is the text of a node: composed accents, no blank edges. Dates need
// no quotes; any other bare value that YAML takes for a number or a truth
// value does.
func (o *object) scalar(n *yaml.Node, what string) text {
	t := text{file: o.file, line: n.Line}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" {
		o.fault(n.Line, "%s must be text; quote it if it looks like a number", what)
		return t
	}
	t.value = strings.TrimSpace(norm.NFC.String(n.Value))
	if t.value == "" {
		o.fault(n.Line, "%s is empty", what)
	}
	if strings.ContainsFunc(t.value, invisible) {
		o.fault(n.Line, "%s holds invisible characters", what)
		t.value = ""
	}
	return t
}

// invisible reports whether a character would change what a reader sees
// without being seen. The joiner that composes emoji may stay.
func invisible(r rune) bool {
	if r == '\n' || r == '\u200d' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) ||
		r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// texts is an optional list of texts.
func (o *object) texts(key string) []text {
	var list []text
	for _, n := range o.list(key) {
		list = append(list, o.scalar(n, "each of "+key))
	}
	return list
}

// objects is an optional list of mappings.
func (o *object) objects(key string) []*object {
	var list []*object
	for _, n := range o.list(key) {
		list = append(list, newObject(o.file, n, o.faults))
	}
	return list
}

func (o *object) list(key string) []*yaml.Node {
	n := o.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.fault(n.Line, "%s must be a list", key)
		return nil
	}
	return n.Content
}

// object is a required mapping.
func (o *object) object(key string) *object {
	n := o.must(key)
	child := newObject(o.file, n, o.faults)
	if n == nil {
		child.line = o.line
	}
	return child
}

// optional is a mapping that may be absent; nil when it is.
func (o *object) optional(key string) *object {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return newObject(o.file, n, o.faults)
}

// lists is an optional list of lists of texts.
func (o *object) lists(key string) [][]text {
	var all [][]text
	for _, n := range o.list(key) {
		if n.Kind != yaml.SequenceNode {
			o.fault(n.Line, "each of %s must be a list", key)
			continue
		}
		var one []text
		for _, item := range n.Content {
			one = append(one, o.scalar(item, "each of "+key))
		}
		all = append(all, one)
	}
	return all
}

// number is an optional whole number; ok is false when it is absent or none.
func (o *object) number(key string) (n, line int, ok bool) {
	node := o.take(key)
	if node == nil {
		return 0, o.line, false
	}
	n, err := strconv.Atoi(node.Value)
	if node.Kind != yaml.ScalarNode || node.Tag != "!!int" || err != nil {
		o.fault(node.Line, "%s must be a whole number", key)
		return 0, node.Line, false
	}
	return n, node.Line, true
}

// flag is an optional truth value.
func (o *object) flag(key string) bool {
	node := o.take(key)
	if node == nil {
		return false
	}
	if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
		o.fault(node.Line, "%s must be true or false", key)
		return false
	}
	return strings.EqualFold(node.Value, "true")
}

// span is a required length of time, such as 30m or 2h.
func (o *object) span(key string) time.Duration {
	t := o.text(key)
	if t.value == "" {
		return 0
	}
	d, err := time.ParseDuration(t.value)
	if err != nil || d < 0 {
		o.fault(t.line, "%s: want a length of time such as 30m or 2h", key)
	}
	return d
}
