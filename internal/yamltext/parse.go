package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Bounds of one file.
const (
	maxNodes = 50_000
	maxDepth = 16
)

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// Parse is the root of the one document in content; nil when it cannot be
// read. Nothing below it is an alias.
func Parse(name string, content []byte, faults *Faults) *yaml.Node {
	if !utf8.Valid(content) {
		faults.Add(name, invalidLine(content), "not valid UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			faults.Add(name, 1, "empty")
			return nil
		}
		blame(name, err, faults)
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			blame(name, err, faults)
			return nil
		}
		faults.Add(name, second.Line, "a second document")
		return nil
	}
	if len(document.Content) != 1 {
		faults.Add(name, 1, "empty")
		return nil
	}
	count := 0
	if why := sound(document.Content[0], 1, &count); why != nil {
		faults.Add(name, why.Line, "%s", why.What)
		return nil
	}
	return document.Content[0]
}

func invalidLine(content []byte) int {
	line := 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 {
			return line
		}
		if r == '\n' {
			line++
		}
		content = content[size:]
	}
	return line
}

// blame keeps the parser's line but gives it the shape of a fault.
func blame(name string, err error, faults *Faults) {
	text := err.Error()
	line := 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	faults.Add(name, line, "not YAML: %s", text)
}

// sound refuses what would let a small file grow or hide: aliases, anchors,
// merges, deep nesting and masses of nodes.
func sound(n *yaml.Node, depth int, count *int) *Fault {
	*count++
	switch {
	case depth > maxDepth:
		return &Fault{Line: n.Line, What: fmt.Sprintf("nested deeper than %d levels", maxDepth)}
	case *count > maxNodes:
		return &Fault{Line: n.Line, What: fmt.Sprintf("more than %d values", maxNodes)}
	case n.Kind == yaml.AliasNode, n.Anchor != "", n.Tag == "!!merge":
		return &Fault{Line: n.Line, What: "anchors and aliases are not allowed"}
	}
	for _, child := range n.Content {
		if why := sound(child, depth+1, count); why != nil {
			return why
		}
	}
	return nil
}
