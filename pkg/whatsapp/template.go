package whatsapp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits of a template message. A parameter is counted with the body that it is
// put into, which Meta shows up to 1024 characters of
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components).
const (
	MaxTemplateName       = 512
	MaxTemplateParameter  = 1024
	MaxTemplateParameters = 100
	maxTemplateSpaces     = 4
	// MaxTemplateButtons is the buttons of one template, numbered from zero.
	MaxTemplateButtons = 10
	// MaxTemplateCode is a code to copy.
	MaxTemplateCode = 20
	// MaxTemplatePayload is this package's own bound of a quick reply's payload:
	// that of a reply button's id.
	MaxTemplatePayload = MaxButtonID
)

// TemplateMessage is an approved template of the account, with the values of
// its placeholders: the only message that may begin a conversation. That the
// values are those the template asks for is checked by [TemplateSpec.Check].
type TemplateMessage struct {
	Name string
	// Language is a code such as pt_BR.
	Language string
	// Header is what the template's header shows or says; nil if it asks for
	// nothing.
	Header TemplateHeader
	// Parameters are the values of the body's placeholders; nil if there are none.
	Parameters TemplateParameters
	// Buttons are the values of those buttons that take one, each once.
	Buttons []TemplateButton
}

// TemplateParameters are the values of a template's body: Positional or Named,
// as was decided when the template was made. Values have neither line breaks nor
// tabs, nor more than four spaces in a row: Meta refuses those.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
type TemplateParameters interface {
	parameters() []parameterPayload
	named() bool
}

// Positional are the values of {{1}}, {{2}} and so on.
type Positional []string

// Named are values by the names of their placeholders.
type Named map[string]string

// TemplateHeader is what is put into a template's header: HeaderImage,
// HeaderVideo, HeaderDocument, HeaderLocation or HeaderValue.
type TemplateHeader interface {
	parameter() parameterPayload
	checkParameter(c *checker, field string)
}

// HeaderLocation is a point on the map, with a name and an address.
type HeaderLocation LocationMessage

// HeaderValue is the value of a header's placeholder. Name is empty in a
// positional template.
type HeaderValue struct {
	Name string
	Text string
}

// TemplateButton is the value of one button, found by its place among all
// buttons of the template, from zero: QuickReplyButton, URLButton,
// CopyCodeButton or FlowButton.
type TemplateButton interface {
	index() int
	button() componentPayload
	checkButton(c *checker, field string)
}

// QuickReplyButton sets what comes back as QuickReply.Payload.
type QuickReplyButton struct {
	Index   int
	Payload string
}

// URLButton sets the end of the address that a button opens.
type URLButton struct {
	Index  int
	Suffix string
}

// CopyCodeButton sets the code that a button copies.
type CopyCodeButton struct {
	Index int
	Code  string
}

// FlowButton sets the token, and with Data the first screen's data, of the Flow
// that a button opens.
type FlowButton struct {
	Index int
	Token string
	Data  map[string]any
}

type templatePayload struct {
	Name       string             `json:"name"`
	Language   languagePayload    `json:"language"`
	Components []componentPayload `json:"components,omitempty"`
}

type languagePayload struct {
	Code string `json:"code"`
}

type componentPayload struct {
	Type       string             `json:"type"`
	SubType    string             `json:"sub_type,omitempty"`
	Index      string             `json:"index,omitempty"`
	Parameters []parameterPayload `json:"parameters"`
}

type parameterPayload struct {
	Type     string           `json:"type"`
	Name     string           `json:"parameter_name,omitempty"`
	Text     string           `json:"text,omitempty"`
	Image    *mediaPayload    `json:"image,omitempty"`
	Video    *mediaPayload    `json:"video,omitempty"`
	Document *mediaPayload    `json:"document,omitempty"`
	Location *locationPayload `json:"location,omitempty"`
	Payload  string           `json:"payload,omitempty"`
	Code     string           `json:"coupon_code,omitempty"`
	Action   *flowAction      `json:"action,omitempty"`
}

type flowAction struct {
	Token string         `json:"flow_token"`
	Data  map[string]any `json:"flow_action_data,omitempty"`
}

func (p Positional) named() bool { return false }
func (p Named) named() bool      { return true }

func (p Positional) parameters() []parameterPayload {
	var all []parameterPayload
	for _, text := range p {
		all = append(all, parameterPayload{Type: "text", Text: text})
	}
	return all
}

// parameters are in the order of their names: the same message is the same bytes.
func (p Named) parameters() []parameterPayload {
	var all []parameterPayload
	for _, name := range slices.Sorted(maps.Keys(p)) {
		all = append(all, parameterPayload{Type: "text", Name: name, Text: p[name]})
	}
	return all
}

func (h HeaderImage) parameter() parameterPayload {
	return parameterPayload{Type: "image", Image: sourced(h.Source)}
}

func (h HeaderVideo) parameter() parameterPayload {
	return parameterPayload{Type: "video", Video: sourced(h.Source)}
}

func (h HeaderDocument) parameter() parameterPayload {
	return parameterPayload{Type: "document", Document: h.headerPayload().Document}
}

func (h HeaderLocation) parameter() parameterPayload {
	return parameterPayload{Type: "location", Location: LocationMessage(h).place()}
}

func (h HeaderValue) parameter() parameterPayload {
	return parameterPayload{Type: "text", Name: h.Name, Text: h.Text}
}

func (b QuickReplyButton) index() int { return b.Index }
func (b URLButton) index() int        { return b.Index }
func (b CopyCodeButton) index() int   { return b.Index }
func (b FlowButton) index() int       { return b.Index }

func (b QuickReplyButton) button() componentPayload {
	return buttonComponent("quick_reply", b.Index, parameterPayload{Type: "payload", Payload: b.Payload})
}

func (b URLButton) button() componentPayload {
	return buttonComponent("url", b.Index, parameterPayload{Type: "text", Text: b.Suffix})
}

func (b CopyCodeButton) button() componentPayload {
	return buttonComponent("copy_code", b.Index, parameterPayload{Type: "coupon_code", Code: b.Code})
}

func (b FlowButton) button() componentPayload {
	return buttonComponent("flow", b.Index, parameterPayload{Type: "action", Action: &flowAction{Token: b.Token, Data: b.Data}})
}

func buttonComponent(kind string, index int, p parameterPayload) componentPayload {
	return componentPayload{Type: "button", SubType: kind, Index: strconv.Itoa(index), Parameters: []parameterPayload{p}}
}

func (m TemplateMessage) payload() payload {
	template := &templatePayload{Name: m.Name, Language: languagePayload{Code: m.Language}}
	if m.Header != nil {
		template.Components = append(template.Components, componentPayload{
			Type: "header", Parameters: []parameterPayload{m.Header.parameter()},
		})
	}
	if values := m.values(); len(values) > 0 {
		template.Components = append(template.Components, componentPayload{Type: "body", Parameters: values})
	}
	for _, b := range m.Buttons {
		template.Components = append(template.Components, b.button())
	}
	return payload{Type: "template", Template: template}
}

// values are the body's.
func (m TemplateMessage) values() []parameterPayload {
	if m.Parameters == nil {
		return nil
	}
	return m.Parameters.parameters()
}

func (m TemplateMessage) check() error {
	var c checker
	c.templateName("template.name", m.Name)
	c.required("template.language.code", m.Language, MaxTemplateName)
	if m.Header != nil {
		m.Header.checkParameter(&c, "template.components.header")
	}
	values := m.values()
	if len(values) > MaxTemplateParameters {
		c.items("template.components.parameters", len(values), MaxTemplateParameters)
	}
	for i, p := range values {
		field := fmt.Sprintf("template.components.parameters[%d].", i)
		if m.Parameters.named() && !isPlaceholder(p.Name) {
			c.fail(LimitError{Field: field + "parameter_name", Rule: RuleFormat})
		}
		c.templateValue(field+"text", p.Text, MaxTemplateParameter)
	}
	c.templateButtons(m.Buttons)
	return c.err
}

func (c *checker) templateButtons(all []TemplateButton) {
	if len(all) > MaxTemplateButtons {
		c.items("template.components.buttons", len(all), MaxTemplateButtons)
	}
	places := make(map[string]bool)
	for i, b := range all {
		field := fmt.Sprintf("template.components.buttons[%d].", i)
		if b == nil {
			c.fail(LimitError{Field: field + "sub_type", Rule: RuleRequired})
			return
		}
		if b.index() < 0 || b.index() >= MaxTemplateButtons {
			c.fail(LimitError{Field: field + "index", Rule: RuleFormat})
		}
		c.unique(field+"index", strconv.Itoa(b.index()), places)
		b.checkButton(c, field)
	}
}

// templateName is lower-case letters, digits and underscores.
func (c *checker) templateName(field, s string) {
	c.required(field, s, MaxTemplateName)
	if !isPlaceholder(s) {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
}

// templateValue is text for a placeholder.
func (c *checker) templateValue(field, s string, limit int) {
	c.required(field, s, limit)
	if strings.ContainsAny(s, "\n\r\t") || strings.Contains(s, strings.Repeat(" ", maxTemplateSpaces+1)) {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
}

func isPlaceholder(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func (h HeaderImage) checkParameter(c *checker, field string)    { h.checkHeader(c, field) }
func (h HeaderVideo) checkParameter(c *checker, field string)    { h.checkHeader(c, field) }
func (h HeaderDocument) checkParameter(c *checker, field string) { h.checkHeader(c, field) }

// checkParameter asks for the names too: without them Meta shows no card.
func (h HeaderLocation) checkParameter(c *checker, field string) {
	c.place(field+".location", LocationMessage(h))
	c.required(field+".location.name", h.Name, MaxPlace)
	c.required(field+".location.address", h.Address, MaxPlace)
}

func (h HeaderValue) checkParameter(c *checker, field string) {
	if h.Name != "" && !isPlaceholder(h.Name) {
		c.fail(LimitError{Field: field + ".parameter_name", Rule: RuleFormat})
	}
	c.templateValue(field+".text", h.Text, MaxHeader)
}

func (b QuickReplyButton) checkButton(c *checker, field string) {
	c.required(field+"payload", b.Payload, MaxTemplatePayload)
}

func (b URLButton) checkButton(c *checker, field string) {
	c.required(field+"text", b.Suffix, MaxURL)
	if strings.ContainsAny(b.Suffix, " \t\r\n") {
		c.fail(LimitError{Field: field + "text", Rule: RuleFormat})
	}
}

func (b CopyCodeButton) checkButton(c *checker, field string) {
	c.templateValue(field+"coupon_code", b.Code, MaxTemplateCode)
}

func (b FlowButton) checkButton(c *checker, field string) {
	c.required(field+"action.flow_token", b.Token, maxIDLength)
}
