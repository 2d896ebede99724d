package whatsapp

import (
	"fmt"
	"strings"
)

// Limits of a template message. A parameter is counted with the body that it is
// put into, which Meta shows up to 1024 characters of
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview).
const (
	MaxTemplateName       = 512
	MaxTemplateParameter  = 1024
	MaxTemplateParameters = 100
	maxTemplateSpaces     = 4
)

// TemplateMessage is an approved template of the account, with the values of its
// body's placeholders in their order: the only message that may begin a
// conversation.
type TemplateMessage struct {
	Name string
	// Language is a code such as pt_BR.
	Language string
	// Parameters have neither line breaks nor tabs, nor more than four spaces in
	// a row: Meta refuses those.
	Parameters []string
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
	Parameters []parameterPayload `json:"parameters"`
}

type parameterPayload struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (m TemplateMessage) payload() payload {
	template := &templatePayload{Name: m.Name, Language: languagePayload{Code: m.Language}}
	if len(m.Parameters) > 0 {
		body := componentPayload{Type: "body"}
		for _, p := range m.Parameters {
			body.Parameters = append(body.Parameters, parameterPayload{Type: "text", Text: p})
		}
		template.Components = []componentPayload{body}
	}
	return payload{Type: "template", Template: template}
}

func (m TemplateMessage) check() error {
	var c checker
	c.required("template.name", m.Name, MaxTemplateName)
	c.required("template.language.code", m.Language, MaxTemplateName)
	if len(m.Parameters) > MaxTemplateParameters {
		c.items("template.components.parameters", len(m.Parameters), MaxTemplateParameters)
	}
	for i, p := range m.Parameters {
		field := fmt.Sprintf("template.components.parameters[%d].text", i)
		c.required(field, p, MaxTemplateParameter)
		if strings.ContainsAny(p, "\n\r\t") || strings.Contains(p, strings.Repeat(" ", maxTemplateSpaces+1)) {
			c.fail(LimitError{Field: field, Rule: RuleFormat})
		}
	}
	return c.err
}
