package yamltext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/yamltext"
)

func TestAFileIsReadAsItStands(t *testing.T) {
	var faults yamltext.Faults
	root := yamltext.Parse("f.yaml", []byte("text: \" Olá\\u200b \"\nday: 2026-11-30\nlist: [a, 2]\none: só\nn: 7\nflag: true\nobject: {key: v}\nnone:\n"), &faults)
	o := yamltext.NewObject("f.yaml", root, &faults)
	if got := o.MustText("text"); got != " Olá\u200b " {
		t.Errorf("text = %q", got)
	}
	if got := o.Text("day"); got != "2026-11-30" {
		t.Errorf("day = %q", got)
	}
	if diff := cmp.Diff([]string{"a", "2"}, o.Texts("list")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"só"}, o.Texts("one")); diff != "" {
		t.Error(diff)
	}
	if n := o.Whole("n", 0, 9); n == nil || *n != 7 {
		t.Errorf("n = %v", n)
	}
	if !o.Flag(o.Take("flag"), "flag") {
		t.Error("flag is false")
	}
	if inner := o.Object("object"); inner == nil || inner.Text("key") != "v" || inner.Line != 7 {
		t.Errorf("object = %+v", inner)
	}
	if o.Text("none") != "" || o.Text("absent") != "" || o.Object("absent") != nil || o.Whole("absent", 0, 1) != nil || o.List("absent") != nil {
		t.Error("something comes of nothing")
	}
	if o.Done(); faults.Err() != nil {
		t.Errorf("faults: %v", faults)
	}
}

func TestEveryFaultHasALine(t *testing.T) {
	var faults yamltext.Faults
	root := yamltext.Parse("f.yaml", []byte(strings.TrimSpace(`
text: [a]
twice: 1
twice: 2
n: many
big: 10
flag: maybe
list: text
strange: x
object: text
empty: ""
`)), &faults)
	o := yamltext.NewObject("f.yaml", root, &faults)
	o.Text("text")
	o.MustText("missing")
	o.MustText("empty")
	o.Take("twice")
	o.Whole("n", 0, 9)
	o.Whole("big", 0, 9)
	o.Flag(o.Take("flag"), "flag")
	o.List("list")
	o.Object("object")
	o.Done()
	want := strings.TrimSpace(`
f.yaml:1: text must be text
f.yaml:1: missing is missing
f.yaml:3: key twice is given twice
f.yaml:4: n must be a whole number from 0 to 9
f.yaml:5: big must be a whole number from 0 to 9
f.yaml:6: flag must be true or false
f.yaml:7: list must be a list
f.yaml:8: unknown key strange
f.yaml:9: want keys and values here
f.yaml:10: empty is empty`)
	if diff := cmp.Diff(want, faults.Err().Error()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoSoundYAMLHasNoRoot(t *testing.T) {
	for content, want := range map[string]string{
		"":                "f.yaml:1: empty",
		"a: 1\n---\nb: 2": "f.yaml:2: a second document",
		"a: [":            "not YAML",
		"a: &x 1\nb: *x":  "f.yaml:1: anchors and aliases are not allowed",
		"a: \xff":         "f.yaml:1: not valid UTF-8",
		strings.Repeat("[", 40) + "1" + strings.Repeat("]", 40): "nested deeper than 16 levels",
		"a: [" + strings.Repeat("1,", 50_001) + "1]":            "more than 50000 values",
	} {
		var faults yamltext.Faults
		if root := yamltext.Parse("f.yaml", []byte(content), &faults); root != nil || len(faults) != 1 || !strings.Contains(faults.Error(), want) {
			t.Errorf("%.20q: root %v, faults %v", content, root != nil, faults)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: {b: [1, x]}"))
	f.Add([]byte("- &a [*a]"))
	f.Fuzz(func(_ *testing.T, content []byte) {
		var faults yamltext.Faults
		o := yamltext.NewObject("f", yamltext.Parse("f", content, &faults), &faults)
		for _, key := range o.Keys() {
			o.Texts(key)
		}
		o.Done()
	})
}
