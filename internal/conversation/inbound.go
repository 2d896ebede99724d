package conversation

import (
	"cmp"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Kind is the kind of an inbound message in our own small vocabulary.
type Kind string

// The kinds of inbound messages. A kind that Otto cannot read yet still
// reaches him: he says so instead of staying silent.
const (
	KindText        Kind = "text"
	KindTap         Kind = "tap" // a button, a list row or a template's quick reply
	KindImage       Kind = "image"
	KindVideo       Kind = "video"
	KindAudio       Kind = "audio"
	KindDocument    Kind = "document"
	KindSticker     Kind = "sticker"
	KindLocation    Kind = "location"
	KindContacts    Kind = "contacts"
	KindOrder       Kind = "order"
	KindFlow        Kind = "flow" // a completed WhatsApp Flow
	KindUnsupported Kind = "unsupported"
	KindOversized   Kind = "oversized" // cut on the way: only its beginning is known

	// The kinds below are events: they are recorded and never answered.
	KindReaction Kind = "reaction"
	KindSystem   Kind = "system"
	KindEdit     Kind = "edit"
	KindRevoke   Kind = "revoke"
	KindEcho     Kind = "echo" // a person of the business wrote from the phone app
)

// Answerable reports whether a lead who sent this kind waits for an answer.
func (k Kind) Answerable() bool {
	switch k {
	case KindReaction, KindSystem, KindEdit, KindRevoke, KindEcho:
		return false
	default:
		return true
	}
}

// OpensWindow reports whether the kind opens the 24-hour customer-service
// window. Whether a reaction does is undocumented: we assume it does not.
func (k Kind) OpensWindow() bool { return k.Answerable() && k != KindUnsupported }

// Inbound is one message of a lead. It travels sealed.
type Inbound struct {
	ID     MessageID   `json:"id"`
	WAMID  pii.Contact `json:"wamid"`
	Number string      `json:"number"` // our phone_number_id
	From   Identity    `json:"from"`
	Kind   Kind        `json:"kind"`
	// Type is WhatsApp's own name of the type, kept for what Kind folds.
	Type string `json:"type,omitempty"`
	// Text is what the person wrote or chose: body, caption, title of a tap.
	Text pii.Text `json:"text,omitempty"`
	// TapID is the id of the tapped option.
	TapID string `json:"tap_id,omitempty"`
	// Form is what a completed Flow sent: a JSON object as its text; empty when it
	// sent none.
	Form pii.Text `json:"form,omitempty"`
	// ReplyTo is the message that this one quotes or reacts to.
	ReplyTo pii.Contact `json:"reply_to,omitempty"`
	Media   *Media      `json:"media,omitempty"`
	// Perceived is what was made of Media; nil as long as nobody tried.
	Perceived *Perceived `json:"perceived,omitempty"`
	Place     *Place     `json:"place,omitempty"`
	// SentAt is Meta's time of the message; it survives redelivery.
	SentAt time.Time `json:"sent_at"`
	// ReceivedAt is when our ingress received it.
	ReceivedAt time.Time `json:"received_at"`
	// Seq is the order of arrival within the conversation, as far as known.
	Seq int64 `json:"seq,omitempty"`
	// Note says why a message is unsupported or oversized; never its content.
	Note string `json:"note,omitempty"`
	// Raw is the element as Meta sent it where Kind does not hold all of it,
	// cut at 8 KiB when oversized.
	Raw []byte `json:"raw,omitempty"`
}

// Media names a file that Meta keeps for seven days.
type Media struct {
	ID       string   `json:"id"`
	MIME     string   `json:"mime,omitempty"`
	SHA256   string   `json:"sha256,omitempty"`
	Filename pii.Text `json:"filename,omitempty"`
	Voice    bool     `json:"voice,omitempty"`
}

// Place is a location that the person shared.
type Place struct {
	Latitude  float64  `json:"latitude"`
	Longitude float64  `json:"longitude"`
	Name      pii.Text `json:"name,omitempty"`
	Address   pii.Text `json:"address,omitempty"`
}

// InOrder sorts messages as the person sent them: by Meta's time, then by
// arrival, then by id so that every worker finds the same order.
func InOrder(messages []Inbound) {
	slices.SortStableFunc(messages, func(a, b Inbound) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	})
}
