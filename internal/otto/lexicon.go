package otto

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed lexicon.txt
var lexiconText string

// lexicon is what Otto understands of Portuguese without a model. Everything
// in it is compared with folded text.
type lexicon struct {
	forms map[string]*regexp.Regexp // by section: forms of a whole message
	finds map[string]*regexp.Regexp // by section: forms anywhere in a text, or of a text as it is
	lists map[string][]string       // by section: words and phrases
	units map[string]string         // card field by what is counted
}

// newLexicon reads the file; a mistake in it is an error.
func newLexicon() (lexicon, error) {
	x := lexicon{
		forms: map[string]*regexp.Regexp{}, finds: map[string]*regexp.Regexp{},
		lists: map[string][]string{}, units: map[string]string{},
	}
	var kind, name string
	var lines []string
	end := func() error {
		if kind == "" {
			return nil
		}
		err := x.section(kind, name, lines)
		lines = nil
		return err
	}
	for line := range strings.Lines(lexiconText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			if err := end(); err != nil {
				return lexicon{}, err
			}
			kind, name, _ = strings.Cut(strings.Trim(line, "[]"), " ")
		default:
			lines = append(lines, line)
		}
	}
	return x, end()
}

func (x lexicon) section(kind, name string, lines []string) error {
	compile := func(pattern string) (*regexp.Regexp, error) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fmt.Errorf("lexicon: section %s: %w", name, err)
		}
		return re, nil
	}
	var err error
	switch kind {
	case "forms":
		x.forms[name], err = compile("^(?:" + strings.Join(lines, "|") + ")$")
	case "finds":
		x.finds[name], err = compile(`(?:^| )(?:` + strings.Join(lines, "|") + `)(?: |$)`)
	case "raw":
		x.finds[name], err = compile("(?i)^(?:" + strings.Join(lines, "|") + ")$")
	case "units":
		for _, line := range lines {
			unit, field, _ := strings.Cut(line, " ")
			x.units[unit] = field
		}
	default:
		x.lists[name] = lines
	}
	return err
}

// maxForm is longer than any whole message that has a form, in bytes.
const maxForm = 200

// is reports whether a whole folded message has a form.
func (x lexicon) is(form, folded string) bool {
	return len(folded) <= maxForm && x.forms[form].MatchString(folded)
}

// has reports whether a folded text names a word or phrase of a list.
func (x lexicon) has(list, folded string) bool {
	return slices.ContainsFunc(x.lists[list], func(phrase string) bool { return mentions(folded, phrase) })
}

// count is how many words of a folded text are in a list.
func (x lexicon) count(list string, words []string) int {
	n := 0
	for _, word := range words {
		if slices.Contains(x.lists[list], word) {
			n++
		}
	}
	return n
}
