package whatsapp

import (
	"encoding/json"
	"strings"
	"unicode"
)

// MaxFlowCTA bounds the label of a Flow's button: Meta takes 30 and advises 20,
// which is what every phone shows whole.
const MaxFlowCTA = 20

// flowMessageVersion is the only version of a Flow's message there is.
const flowMessageVersion = "3"

// FlowMessage is a text with a button that opens a WhatsApp Flow. Header may be
// nil, Footer empty.
// https://developers.facebook.com/docs/whatsapp/flows/guides/sendingaflow
type FlowMessage struct {
	Header Header
	Body   string
	Footer string
	// FlowID is Meta's id of the Flow, and CTA the label of the button: at most
	// [MaxFlowCTA] characters, no emoji.
	FlowID string
	CTA    string
	// Token comes back with every request of the Flow and with its [FlowReply];
	// empty, Meta puts "unused". It should be unguessable.
	Token string
	// Draft opens a Flow that is not published yet, for the testers of its app.
	Draft bool
	// Screen is the first screen, shown with Data and without asking the
	// endpoint. Empty lets the endpoint answer, with [FlowInit], and then there is
	// no Data.
	Screen string
	Data   map[string]any
}

type flowParameters struct {
	Version string       `json:"flow_message_version"`
	ID      string       `json:"flow_id"`
	CTA     string       `json:"flow_cta"`
	Token   string       `json:"flow_token,omitempty"`
	Mode    string       `json:"mode,omitempty"`
	Action  string       `json:"flow_action"`
	Payload *flowPayload `json:"flow_action_payload,omitempty"`
}

type flowPayload struct {
	Screen string         `json:"screen"`
	Data   map[string]any `json:"data,omitempty"`
}

func (m FlowMessage) payload() payload {
	part := interactive("flow", "", m.Body, m.Footer)
	part.Header = headed(m.Header)
	parameters := flowParameters{
		Version: flowMessageVersion, ID: m.FlowID, CTA: m.CTA, Token: m.Token, Action: "data_exchange",
	}
	if m.Draft {
		parameters.Mode = "draft"
	}
	if m.Screen != "" {
		parameters.Action, parameters.Payload = "navigate", &flowPayload{Screen: m.Screen, Data: m.Data}
	}
	part.Action.Name, part.Action.Parameters = "flow", parameters
	return payload{Type: "interactive", Interactive: part}
}

func (m FlowMessage) check() error {
	const field = "interactive.action.parameters."
	var c checker
	c.header(m.Header)
	c.frame("", m.Body, m.Footer)
	c.required(field+"flow_id", m.FlowID, MaxOpaque)
	c.required(field+"flow_cta", m.CTA, MaxFlowCTA)
	if strings.ContainsFunc(m.CTA, pictorial) {
		c.fail(LimitError{Field: field + "flow_cta", Rule: RuleFormat})
	}
	c.characters(field+"flow_token", m.Token, MaxOpaque)
	if m.Screen == "" && len(m.Data) > 0 || m.Screen == FlowSuccess {
		c.fail(LimitError{Field: field + "flow_action_payload.screen", Rule: RuleFormat})
	}
	if _, err := json.Marshal(m.Data); err != nil {
		c.fail(LimitError{Field: field + "flow_action_payload.data", Rule: RuleFormat})
	}
	return c.err
}

// pictorial reports whether a character is an emoji or part of one.
func pictorial(r rune) bool {
	const joiner, emojiForm, keycap = '\u200d', '\ufe0f', '\u20e3'
	return unicode.In(r, unicode.So) || r == joiner || r == emojiForm || r == keycap
}
