package yamltext

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Object is a mapping being read: whoever reads a key takes it, and what
// nobody took is a fault.
type Object struct {
	File   string
	Line   int
	faults *Faults
	keys   []*yaml.Node
	fields map[string]*yaml.Node
	known  []string
}

// NewObject reads a mapping. A node that is none is a fault and an object
// without keys, so that reading goes on; no node at all is no fault here.
func NewObject(file string, n *yaml.Node, faults *Faults) *Object {
	o := &Object{File: file, faults: faults, fields: map[string]*yaml.Node{}}
	if n == nil {
		return o
	}
	o.Line = n.Line
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

// Done blames the keys that nobody took.
func (o *Object) Done() {
	for _, key := range o.keys {
		if !slices.Contains(o.known, key.Value) {
			o.faults.Add(o.File, key.Line, "unknown key %s", key.Value)
		}
	}
}

// Fault adds a fault of this object's file.
func (o *Object) Fault(line int, format string, args ...any) {
	o.faults.Add(o.File, line, format, args...)
}

// Keys are the object's keys, in the order of the file.
func (o *Object) Keys() []string {
	names := make([]string, 0, len(o.keys))
	for _, key := range o.keys {
		names = append(names, key.Value)
	}
	return names
}

// Take is the value of a key; nil when it is absent.
func (o *Object) Take(key string) *yaml.Node {
	o.known = append(o.known, key)
	return o.fields[key]
}

// Null reports whether a node is absent or null.
func Null(n *yaml.Node) bool { return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Text is the text of a key, as it stands; empty when the key is absent. Any
// value that stands on one line counts as text: what looks like a number or a
// date needs no quotes.
func (o *Object) Text(key string) string {
	n := o.Take(key)
	if Null(n) {
		return ""
	}
	return o.Scalar(n, key)
}

// MustText is Text for what may not be absent or empty.
func (o *Object) MustText(key string) string {
	n := o.Take(key)
	if Null(n) {
		o.Fault(o.Line, "%s is missing", key)
		return ""
	}
	text := o.Scalar(n, key)
	if text == "" && n.Kind == yaml.ScalarNode {
		o.Fault(n.Line, "%s is empty", key)
	}
	return text
}

// Scalar is the text of a node; what names it in a fault.
func (o *Object) Scalar(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || Null(n) {
		o.Fault(n.Line, "%s must be text", what)
		return ""
	}
	return n.Value
}

// Texts is an optional list of texts; one text alone is a list of one.
func (o *Object) Texts(key string) []string {
	n := o.Take(key)
	if Null(n) {
		return nil
	}
	return o.TextsOf(n, key)
}

// TextsOf are the texts of a node; what names it in a fault.
func (o *Object) TextsOf(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var list []string
	for _, item := range o.items(n, what) {
		list = append(list, o.Scalar(item, "each of "+what))
	}
	return list
}

// Whole is an optional whole number from low to high; nil when it is absent.
func (o *Object) Whole(key string, low, high int) *int {
	n := o.Take(key)
	if Null(n) {
		return nil
	}
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < low || v > high {
		o.Fault(n.Line, "%s must be a whole number from %d to %d", key, low, high)
		return nil
	}
	return &v
}

// Flag is the truth value of a node; what names it in a fault.
func (o *Object) Flag(n *yaml.Node, what string) bool {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		if v, err := strconv.ParseBool(n.Value); err == nil {
			return v
		}
	}
	o.Fault(n.Line, "%s must be true or false", what)
	return false
}

// List is an optional list.
func (o *Object) List(key string) []*yaml.Node {
	n := o.Take(key)
	if Null(n) {
		return nil
	}
	return o.items(n, key)
}

func (o *Object) items(n *yaml.Node, what string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		o.Fault(n.Line, "%s must be a list", what)
		return nil
	}
	return n.Content
}

// Object is an optional mapping; nil when it is absent.
func (o *Object) Object(key string) *Object {
	n := o.Take(key)
	if Null(n) {
		return nil
	}
	return NewObject(o.File, n, o.faults)
}

// In is a mapping below this object.
func (o *Object) In(n *yaml.Node) *Object { return NewObject(o.File, n, o.faults) }
