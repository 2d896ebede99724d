package whatsapp

import (
	"fmt"
	"slices"
	"strings"
)

// TemplateSpec is what an approved template asks of the messages made from it:
// what Meta's list of templates says of it, in a few words
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components).
type TemplateSpec struct {
	Name     string
	Language string
	// Header is what the header takes from a message; HeaderName is the name of
	// its placeholder in a template whose placeholders have names.
	Header     HeaderKind
	HeaderName string
	// Positional is how many numbered placeholders the body has, Names the names
	// of those that have names. A template has one kind or the other.
	Positional int
	Names      []string
	// Buttons are all the template's buttons in their order, those included that
	// take nothing from a message.
	Buttons []ButtonKind
}

// HeaderKind is what a template's header takes from a message.
type HeaderKind string

// What a header may take. HeaderFixed is none, or one that is always the same.
const (
	HeaderFixed         HeaderKind = ""
	HeaderTakesText     HeaderKind = "text"
	HeaderTakesImage    HeaderKind = "image"
	HeaderTakesVideo    HeaderKind = "video"
	HeaderTakesDocument HeaderKind = "document"
	HeaderTakesLocation HeaderKind = "location"
)

// ButtonKind is what a template's button takes from a message.
type ButtonKind string

// What a button may take. ButtonFixed takes nothing: a phone number, an address
// that is always the same. A quick reply's payload and a Flow's token may be
// left out, and then Meta puts its own there; the end of an address and a code
// may not.
const (
	ButtonFixed      ButtonKind = ""
	ButtonQuickReply ButtonKind = "quick_reply"
	ButtonURL        ButtonKind = "url"
	ButtonCopyCode   ButtonKind = "copy_code"
	ButtonFlow       ButtonKind = "flow"
)

// Check reports, as a *LimitError, the first way in which m is not a message of
// this template: what Meta would refuse with code 132000, 132001, 132012 or
// 132018, or worse, send with a hole in it. A parameter that is missing breaks
// RuleRequired, one too many RuleForbidden, one of another kind RuleFormat. The
// limits of m itself are checked by [Send.Check].
func (s TemplateSpec) Check(m TemplateMessage) error {
	var c checker
	if m.Name != s.Name {
		c.fail(LimitError{Field: "template.name", Rule: RuleFormat})
	}
	if language(m.Language) != language(s.Language) {
		c.fail(LimitError{Field: "template.language.code", Rule: RuleFormat})
	}
	s.header(&c, m.Header)
	s.body(&c, m)
	s.buttons(&c, m.Buttons)
	return c.err
}

// language is a code in the spelling of a send: webhooks write en-US where it
// is en_US.
func language(code string) string { return strings.ReplaceAll(code, "-", "_") }

func (s TemplateSpec) header(c *checker, h TemplateHeader) {
	const field = "template.components.header"
	if c.presence(field, s.Header != HeaderFixed, h != nil); h == nil {
		return
	}
	p := h.parameter()
	if p.Type != string(s.Header) {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
	if p.Name != s.HeaderName {
		c.fail(LimitError{Field: field + ".parameter_name", Rule: RuleFormat})
	}
}

func (s TemplateSpec) body(c *checker, m TemplateMessage) {
	const field = "template.components.parameters"
	values := m.values()
	if len(values) > 0 && m.Parameters.named() {
		given := make(map[string]bool)
		for _, p := range values {
			given[p.Name] = true
		}
		if s.Positional > 0 {
			c.fail(LimitError{Field: field, Rule: RuleFormat})
		}
		for _, name := range s.Names {
			c.presence(field+"."+name, true, given[name])
		}
		for _, p := range values {
			c.presence(field+"."+p.Name, slices.Contains(s.Names, p.Name), true)
		}
		return
	}
	if len(s.Names) > 0 && len(values) > 0 {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
	got, want := len(values), max(s.Positional, len(s.Names))
	if got != want { // the first that is missing, or one too many
		c.presence(fmt.Sprintf("%s[%d]", field, min(got, want)), got < want, got > want)
	}
}

func (s TemplateSpec) buttons(c *checker, all []TemplateButton) {
	given := make(map[int]bool)
	for i, b := range all {
		field := fmt.Sprintf("template.components.buttons[%d]", i)
		if b == nil || b.index() < 0 || b.index() >= len(s.Buttons) || s.Buttons[b.index()] == ButtonFixed {
			c.fail(LimitError{Field: field, Rule: RuleForbidden})
			continue
		}
		if b.button().SubType != string(s.Buttons[b.index()]) {
			c.fail(LimitError{Field: field + ".sub_type", Rule: RuleFormat})
		}
		given[b.index()] = true
	}
	for i, kind := range s.Buttons {
		if (kind == ButtonURL || kind == ButtonCopyCode) && !given[i] {
			c.fail(LimitError{Field: fmt.Sprintf("template.buttons[%d]", i), Rule: RuleRequired})
		}
	}
}

// presence checks that something is there if it is wanted, and only then.
func (c *checker) presence(field string, wanted, there bool) {
	switch {
	case wanted && !there:
		c.fail(LimitError{Field: field, Rule: RuleRequired})
	case there && !wanted:
		c.fail(LimitError{Field: field, Rule: RuleForbidden})
	}
}
