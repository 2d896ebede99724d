package pack

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"

	"github.com/pyloto/atende/internal/yamltext"
)

// text is a string and where it stands.
type text struct {
	value string
	file  string
	line  int
}

// object is a mapping of a pack being read: its texts know where they stand.
type object struct{ *yamltext.Object }

func newObject(file string, n *yaml.Node, faults *Faults) *object {
	return &object{yamltext.NewObject(file, n, faults)}
}

// take is the value of a key; nil when it is absent or null.
func (o *object) take(key string) *yaml.Node {
	if n := o.Take(key); !yamltext.Null(n) {
		return n
	}
	return nil
}

// must is take for what may not be absent.
func (o *object) must(key string) *yaml.Node {
	n := o.take(key)
	if n == nil {
		o.Fault(o.Line, "%s is missing", key)
	}
	return n
}

// text is a required text that is not blank.
func (o *object) text(key string) text {
	n := o.must(key)
	if n == nil {
		return text{file: o.File, line: o.Line}
	}
	return o.scalar(n, key)
}

// maybe is an optional text; its value is empty when it is absent.
func (o *object) maybe(key string) text {
	n := o.take(key)
	if n == nil {
		return text{file: o.File, line: o.Line}
	}
	return o.scalar(n, key)
}

// scalar is the text of a node: composed accents, no blank edges. Dates need
// no quotes; any other bare value that YAML takes for a number or a truth
// value does.
func (o *object) scalar(n *yaml.Node, what string) text {
	t := text{file: o.File, line: n.Line}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!timestamp" {
		o.Fault(n.Line, "%s must be text; quote it if it looks like a number", what)
		return t
	}
	t.value = strings.TrimSpace(norm.NFC.String(n.Value))
	if t.value == "" {
		o.Fault(n.Line, "%s is empty", what)
	}
	if strings.ContainsFunc(t.value, invisible) {
		o.Fault(n.Line, "%s holds invisible characters", what)
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
		list = append(list, &object{o.In(n)})
	}
	return list
}

func (o *object) list(key string) []*yaml.Node {
	n := o.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.Fault(n.Line, "%s must be a list", key)
		return nil
	}
	return n.Content
}

// object is a required mapping.
func (o *object) object(key string) *object {
	n := o.must(key)
	child := &object{o.In(n)}
	if n == nil {
		child.Line = o.Line
	}
	return child
}

// optional is a mapping that may be absent; nil when it is.
func (o *object) optional(key string) *object {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return &object{o.In(n)}
}

// lists is an optional list of lists of texts.
func (o *object) lists(key string) [][]text {
	var all [][]text
	for _, n := range o.list(key) {
		if n.Kind != yaml.SequenceNode {
			o.Fault(n.Line, "each of %s must be a list", key)
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
		return 0, o.Line, false
	}
	n, err := strconv.Atoi(node.Value)
	if node.Kind != yaml.ScalarNode || node.Tag != "!!int" || err != nil {
		o.Fault(node.Line, "%s must be a whole number", key)
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
		o.Fault(node.Line, "%s must be true or false", key)
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
		o.Fault(t.line, "%s: want a length of time such as 30m or 2h", key)
	}
	return d
}
