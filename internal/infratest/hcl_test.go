package infratest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// infra is the folder as these tests see it.
const infra = "../../infra"

// A block is a part of a Terraform file, as far as these tests read it: type and
// labels, attributes, and the blocks inside.
type block struct {
	head   []string
	fields map[string]value
	blocks []block
}

// A value is what an attribute is given: a text, a list, an object, or something
// that only Terraform can work out, which is kept as it is written. Numbers and
// truths count as written.
type value struct {
	text    string
	literal bool // the text stood in quotes
	list    []value
	object  map[string]value
}

// words are the literal texts of a list.
func (v value) words() []string {
	words := make([]string, 0, len(v.list))
	for _, item := range v.list {
		words = append(words, item.text)
	}
	return words
}

// texts are all literal texts in a value, however deep.
func (v value) texts() (all []string) {
	if v.literal {
		all = append(all, v.text)
	}
	for _, item := range v.list {
		all = append(all, item.texts()...)
	}
	for _, item := range v.object {
		all = append(all, item.texts()...)
	}
	return all
}

// folder reads the files of a module.
func folder(t *testing.T, name string) (all []block) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(infra, name, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files of Terraform (%v)", name, err)
	}
	for _, file := range files {
		all = append(all, parse(t, file).blocks...)
	}
	return all
}

func parse(t *testing.T, file string) block {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := reader{text: string(text)}
	defer func() {
		if fault, ok := recover().(unreadable); ok {
			t.Fatalf("%s:%d: %s", file, 1+strings.Count(r.text[:r.at], "\n"), fault)
		}
	}()
	return r.body("")
}

// all are the blocks that begin with these words.
func all(blocks []block, head ...string) (found []block) {
	for _, b := range blocks {
		if len(b.head) >= len(head) && slices.Equal(b.head[:len(head)], head) {
			found = append(found, b)
		}
	}
	return found
}

func one(t *testing.T, blocks []block, head ...string) block {
	t.Helper()
	found := all(blocks, head...)
	if len(found) != 1 {
		t.Fatalf("%d blocks are called %s", len(found), strings.Join(head, " "))
	}
	return found[0]
}

// local is a local value of a module.
func local(t *testing.T, blocks []block, name string) value {
	t.Helper()
	for _, b := range all(blocks, "locals") {
		if v, ok := b.fields[name]; ok {
			return v
		}
	}
	t.Fatalf("no local value is called %s", name)
	return value{}
}

// reader reads the part of Terraform's language that infra/ is written in. What
// it cannot read, it does not guess.
type reader struct {
	text string
	at   int
}

// unreadable is why the reader gave up.
type unreadable string

func (r *reader) fail(format string, args ...any) { panic(unreadable(fmt.Sprintf(format, args...))) }

// skip passes blanks and comments; lines says whether ends of lines are blanks.
func (r *reader) skip(lines bool) {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\t' || c == '\n' && lines:
			r.at++
		case c == '#':
			for r.at < len(r.text) && r.text[r.at] != '\n' {
				r.at++
			}
		default:
			return
		}
	}
}

func (r *reader) peek() byte {
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) word() string {
	from := r.at
	for r.at < len(r.text) && (r.text[r.at] == '_' || r.text[r.at] == '-' || unicode.IsLetter(rune(r.text[r.at])) || unicode.IsDigit(rune(r.text[r.at]))) {
		r.at++
	}
	return r.text[from:r.at]
}

// quoted reads a text in quotes. What is put in between braces stays as it is
// written.
func (r *reader) quoted() string {
	from := r.at
	r.at++
	depth := 0
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '\\':
			r.at++
		case strings.HasPrefix(r.text[r.at:], "$${"):
			r.at += 2
		case strings.HasPrefix(r.text[r.at:], "${"):
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '"' && depth == 0:
			r.at++
			plain := strings.ReplaceAll(r.text[from:r.at], "$${", "${")
			if text, err := strconv.Unquote(plain); err == nil {
				return text
			}
			return strings.Trim(plain, `"`)
		}
		r.at++
	}
	r.fail("a text without end")
	return ""
}

// body reads attributes and blocks until the end of a block, or of the file.
func (r *reader) body(end string) block {
	b := block{fields: map[string]value{}}
	for {
		r.skip(true)
		if r.at == len(r.text) && end == "" || end != "" && r.take(end[0]) {
			return b
		}
		name := r.word()
		if name == "" {
			r.fail("neither an attribute nor a block: %.20q", r.text[r.at:])
		}
		head := []string{name}
		for {
			r.skip(false)
			switch {
			case r.take('='):
				r.skip(false)
				b.fields[name] = r.value()
			case r.take('{'):
				inner := r.body("}")
				inner.head = head
				b.blocks = append(b.blocks, inner)
			case r.peek() == '"':
				head = append(head, r.quoted())
				continue
			default:
				r.fail("%s is followed by %.20q", name, r.text[r.at:])
			}
			break
		}
	}
}

// value reads a text, a list or an object; anything else is kept as written. Of
// a choice, both sides count: these tests ask what may be, not what is.
func (r *reader) value() value {
	from := r.at
	var v value
	switch r.peek() {
	case '"':
		v = value{text: r.quoted(), literal: true}
	case '[':
		v = r.items()
	case '{':
		v = r.object()
	}
	r.skip(false)
	if r.ends() {
		return v
	}
	r.at = from
	return r.rest()
}

// ends reports whether a value is over here.
func (r *reader) ends() bool {
	return r.at == len(r.text) || strings.IndexByte("\n#,]})", r.peek()) >= 0
}

func (r *reader) items() value {
	v := value{list: []value{}}
	for r.at++; ; {
		r.skip(true)
		if r.take(']') {
			return v
		}
		v.list = append(v.list, r.value())
		r.skip(true)
		r.take(',')
	}
}

// object reads an object; one that is worked out from another has no members
// here, and is read on as text.
func (r *reader) object() value {
	v := value{object: map[string]value{}}
	for r.at++; ; {
		r.skip(true)
		if r.take('}') {
			return v
		}
		var name string
		if r.peek() == '"' {
			name = r.quoted()
		} else {
			name = r.word()
		}
		r.skip(false)
		if name == "" || !r.take('=') {
			r.over()
			return value{}
		}
		r.skip(false)
		v.object[name] = r.value()
		r.skip(true)
		r.take(',')
	}
}

// over goes on behind the bracket that the reader is in.
func (r *reader) over() {
	for depth := 1; depth > 0; {
		switch c := r.peek(); {
		case c == 0:
			r.fail("a bracket without end")
		case c == '"':
			r.quoted()
			continue
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
		r.at++
	}
}

// rest reads what Terraform works out. A choice between objects has the members
// of both.
func (r *reader) rest() value {
	from := r.at
	v := value{}
	for !r.ends() {
		switch c := r.peek(); {
		case c == '"':
			r.quoted()
		case strings.IndexByte("([{", c) >= 0:
			r.at++
			r.over()
		case c == '?':
			r.at++
			r.skip(true)
			yes := r.side()
			r.skip(true)
			if !r.take(':') {
				r.fail("a choice without its other side")
			}
			r.skip(true)
			no := r.side()
			if yes.object != nil || no.object != nil {
				v.object = map[string]value{}
				for _, side := range []value{yes, no} {
					for name, member := range side.object {
						v.object[name] = member
					}
				}
			}
		default:
			r.at++
		}
	}
	v.text = strings.TrimSpace(r.text[from:r.at])
	return v
}

// side is one side of a choice.
func (r *reader) side() value {
	if r.peek() == '{' {
		return r.object()
	}
	for !r.ends() && r.peek() != ':' {
		switch c := r.peek(); {
		case c == '"':
			r.quoted()
		case strings.IndexByte("([{", c) >= 0:
			r.at++
			r.over()
		default:
			r.at++
		}
	}
	return value{}
}
