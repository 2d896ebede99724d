package whatsapptest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pyloto/atende/pkg/whatsapp"
)

type wireTemplate struct {
	Name     string `json:"name"`
	Language struct {
		Code   string `json:"code"`
		Policy string `json:"policy"`
	} `json:"language"`
	Components []wireComponent `json:"components"`
}

type wireComponent struct {
	Type       string          `json:"type"`
	SubType    string          `json:"sub_type"`
	Index      string          `json:"index"`
	Parameters []wireParameter `json:"parameters"`
}

type wireParameter struct {
	Type     string        `json:"type"`
	Name     string        `json:"parameter_name"`
	Text     string        `json:"text"`
	Image    *wireMedia    `json:"image"`
	Video    *wireMedia    `json:"video"`
	Document *wireMedia    `json:"document"`
	Location *wireLocation `json:"location"`
	Payload  string        `json:"payload"`
	Code     string        `json:"coupon_code"`
	Action   *struct {
		Token string         `json:"flow_token"`
		Data  map[string]any `json:"flow_action_data"`
	} `json:"action"`
}

// What Graph says of values that are not those of the template.
const (
	wrongFormat = "Parameter format does not match format in the created template"
	wrongCount  = "Number of parameters does not match the expected number of params"
)

// given is what the values of a message are, in the terms of a template: what a
// template asks for is compared with it.
type given struct {
	header     whatsapp.HeaderKind
	headerName string
	buttons    map[int]whatsapp.ButtonKind
}

func (m *SentMessage) template(t *wireTemplate, known []whatsapp.TemplateSpec) *refusal {
	m.Type = "template"
	if t == nil || t.Name == "" || t.Language.Code == "" {
		return refuse(131008, "Required parameter is missing: template")
	}
	m.Template, m.Language = t.Name, t.Language.Code
	has := given{buttons: map[int]whatsapp.ButtonKind{}}
	seen := map[string]bool{}
	for _, component := range t.Components {
		var bad *refusal
		if component.Type != "button" && seen[component.Type] {
			return refuse(131009, "Parameter value is not valid: component twice")
		}
		seen[component.Type] = true
		switch component.Type {
		case "header":
			bad = m.templateHeader(component, &has)
		case "body":
			bad = m.templateBody(component)
		case "button":
			bad = m.templateButton(component, &has)
		default:
			bad = refuse(131009, "Parameter value is not valid: component type")
		}
		if bad != nil {
			return bad
		}
	}
	return m.approved(known, has)
}

func (m *SentMessage) templateHeader(component wireComponent, has *given) *refusal {
	if len(component.Parameters) != 1 {
		return refuse(132000, wrongCount)
	}
	p := component.Parameters[0]
	has.header, has.headerName = whatsapp.HeaderKind(p.Type), p.Name
	var bad *refusal
	switch p.Type {
	case "text":
		m.Header = p.Text
		bad = p.text(60)
	case "image":
		m.Media, bad = p.Image.check(p.Type)
	case "video":
		m.Media, bad = p.Video.check(p.Type)
	case "document":
		m.Media, bad = p.Document.check(p.Type)
	case "location":
		if m.Location, bad = p.Location.check(); bad == nil && (p.Location.Name == "" || p.Location.Address == "") {
			bad = refuse(131008, "Required parameter is missing: location['name']")
		}
	default:
		bad = refuse(132012, wrongFormat)
	}
	return bad
}

func (m *SentMessage) templateBody(component wireComponent) *refusal {
	for _, p := range component.Parameters {
		if p.Type != "text" {
			return refuse(132012, wrongFormat)
		}
		if bad := p.text(1024); bad != nil {
			return bad
		}
		if p.Name == "" {
			m.Parameters = append(m.Parameters, p.Text)
			continue
		}
		if m.Named == nil {
			m.Named = map[string]string{}
		}
		m.Named[p.Name] = p.Text
	}
	if m.Named != nil && len(m.Parameters) > 0 {
		return refuse(132012, wrongFormat)
	}
	return nil
}

func (p wireParameter) text(most int) *refusal {
	if strings.ContainsAny(p.Text, "\n\t") || strings.Contains(p.Text, "     ") {
		return refuse(132012, wrongFormat)
	}
	return limits(132005, limit{"template parameter", p.Text, 1, most})
}

func (m *SentMessage) templateButton(component wireComponent, has *given) *refusal {
	index, err := strconv.Atoi(component.Index)
	if err != nil || index < 0 || index > 9 || has.buttons[index] != "" {
		return refuse(131009, "Parameter value is not valid: index")
	}
	if len(component.Parameters) != 1 {
		return refuse(132000, wrongCount)
	}
	p := component.Parameters[0]
	value := TemplateValue{Index: index, Kind: component.SubType}
	want := ""
	switch component.SubType {
	case "quick_reply":
		want, value.Value = "payload", p.Payload
	case "url":
		want, value.Value = "text", p.Text
	case "copy_code":
		want, value.Value = "coupon_code", p.Code
		if bad := limits(132005, limit{"coupon_code", p.Code, 1, 20}); bad != nil {
			return bad
		}
	case "flow":
		want = "action"
		if p.Action != nil {
			value.Value = p.Action.Token
		}
	}
	switch {
	case want == "":
		return refuse(131009, "Parameter value is not valid: sub_type")
	case p.Type != want:
		return refuse(132012, wrongFormat)
	case value.Value == "":
		return refuse(131008, "Required parameter is missing: button parameter")
	}
	has.buttons[index] = whatsapp.ButtonKind(component.SubType)
	m.TemplateValues = append(m.TemplateValues, value)
	return nil
}

// approved compares a message with the template it names, if any are known.
func (m *SentMessage) approved(known []whatsapp.TemplateSpec, has given) *refusal {
	if known == nil {
		return nil
	}
	i := slices.IndexFunc(known, func(t whatsapp.TemplateSpec) bool { return t.Name == m.Template && t.Language == m.Language })
	if i < 0 {
		return &refusal{status: http.StatusNotFound, code: 132001, details: "Template name does not exist in the translation"}
	}
	t := known[i]
	switch {
	case len(m.Parameters)+len(m.Named) != t.Positional+len(t.Names):
		return refuse(132000, wrongCount)
	case (has.header == "") != (t.Header == ""):
		return refuse(132000, wrongCount)
	case has.header != t.Header, has.headerName != t.HeaderName, len(m.Named) != len(t.Names):
		return refuse(132012, wrongFormat)
	}
	for name := range m.Named {
		if !slices.Contains(t.Names, name) {
			return refuse(132012, wrongFormat)
		}
	}
	for index, kind := range has.buttons {
		if index >= len(t.Buttons) || t.Buttons[index] != kind {
			return refuse(132018, "Button parameter does not match the created template")
		}
	}
	for index, kind := range t.Buttons {
		if kind != has.buttons[index] && (kind == whatsapp.ButtonURL || kind == whatsapp.ButtonCopyCode) {
			return refuse(131008, "Required parameter is missing: buttons")
		}
	}
	return nil
}
