package conversation

import "github.com/pyloto/atende/internal/pii"

// ReplyKind is the shape of an answer.
type ReplyKind string

// The shapes an answer can have.
const (
	ReplyText     ReplyKind = "text"
	ReplyButtons  ReplyKind = "interactive_button" // 1–3 options
	ReplyList     ReplyKind = "interactive_list"   // 1–10 options
	ReplyFlow     ReplyKind = "interactive_flow"   // a form to open; the text makes sense without it
	ReplyTemplate ReplyKind = "template"           // approved by Meta; also after the window closed
)

// Reply is one part of an answer: what the lead reads.
type Reply struct {
	Kind    ReplyKind `json:"kind"`
	Text    pii.Text  `json:"text"`
	Options []Option  `json:"options,omitempty"`
	// Menu is the label of a list's button; empty takes the pack's.
	Menu string `json:"menu,omitempty"`
	// Form is what a reply of [ReplyFlow] opens.
	Form *FormOffer `json:"form,omitempty"`
	// Template is what is sent; set for [ReplyTemplate].
	Template *Template `json:"template,omitempty"`
}

// FormOffer is a WhatsApp Flow to open.
type FormOffer struct {
	// Flow is Meta's id of it, and Label what the button says.
	Flow  string `json:"flow"`
	Label string `json:"label"`
	// Token comes back with the form and says whose it is.
	Token pii.Secret `json:"token"`
}

// Template names a message that Meta approved beforehand.
type Template struct {
	Name     string `json:"name"`
	Language string `json:"language"` // as Meta writes it, such as pt_BR
}

// Option is one choice of an interactive reply.
type Option struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Outgoing is one attempt to send one part of an answer.
type Outgoing struct {
	Number string // our phone_number_id
	To     Identity
	Reply  Reply
	// Opaque comes back on every status of this attempt.
	Opaque string
}
