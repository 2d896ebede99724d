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
	// Was is who From was until now, when the message says that the person's
	// number or user id changed; nil otherwise.
	Was  *Identity `json:"was,omitempty"`
	Kind Kind      `json:"kind"`
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
	// Original is our name of that message, which an edit or a revoke is about
	// too, and Quoted what it said, where that is still remembered.
	Original MessageID `json:"original,omitempty"`
	Quoted   pii.Text  `json:"quoted,omitempty"`
	Media    *Media    `json:"media,omitempty"`
	// Perceived is what was made of Media; nil as long as nobody tried.
	Perceived *Perceived `json:"perceived,omitempty"`
	Place     *Place     `json:"place,omitempty"`
	// Ad is the advertisement or post that the person came from.
	Ad *Referral `json:"ad,omitempty"`
	// Product is the catalogue's id of the product whose page the person wrote
	// from.
	Product string `json:"product,omitempty"`
	// Forwarded: the person passed on what somebody else wrote.
	Forwarded bool `json:"forwarded,omitempty"`
	// ToNewest says of a reaction that it is one to the newest that Otto said: it
	// may be the answer to what he asked there.
	ToNewest bool `json:"to_newest,omitempty"`
	// SentAt is Meta's time of the message; it survives redelivery.
	SentAt time.Time `json:"sent_at"`
	// ReceivedAt is when our ingress received it.
	ReceivedAt time.Time `json:"received_at"`
	// Seq is the order of arrival within the conversation, as far as known.
	Seq int64 `json:"seq,omitempty"`
	// Note says why a message is unsupported or oversized, or what a system
	// message is about; never its content.
	Note string `json:"note,omitempty"`
	// Raw is the element as Meta sent it where Kind does not hold all of it,
	// cut at 8 KiB when oversized.
	Raw []byte `json:"raw,omitempty"`
}

// Conversations are the ids of every conversation that the message may belong
// to. The first is the provisional one: that of who the person was, because a
// conversation that is under way is known by it.
func (m Inbound) Conversations(key *pii.HashKey) []ID {
	var ids []ID
	if m.Was != nil {
		ids = m.Was.Conversations(key, m.Number)
	}
	for _, id := range m.From.Conversations(key, m.Number) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Answerable reports whether the lead may wait for an answer: after most kinds,
// and after a reaction that may be an answer itself.
func (m Inbound) Answerable() bool { return m.Kind.Answerable() || m.ToNewest }

// Media names a file that Meta keeps for seven days.
type Media struct {
	ID       string   `json:"id"`
	MIME     string   `json:"mime,omitempty"`
	SHA256   string   `json:"sha256,omitempty"`
	Filename pii.Text `json:"filename,omitempty"`
	Voice    bool     `json:"voice,omitempty"`
}

// Referral is the advertisement or post that brought a person here.
type Referral struct {
	Type string   `json:"type,omitempty"` // ad or post
	ID   string   `json:"id,omitempty"`
	URL  pii.Text `json:"url,omitempty"`
	// Headline and Body are the business's own words.
	Headline pii.Text `json:"headline,omitempty"`
	Body     pii.Text `json:"body,omitempty"`
	// ClickID names the click (ctwa_clid); some placements have none.
	ClickID pii.Contact `json:"click_id,omitempty"`
}

// What became of a message before it was heard, by its Note.
const (
	// NoteCorrection: the text replaces that of a message which was heard before.
	NoteCorrection = "correction"
	// NoteCorrected: the text was put in the place of one that nobody had heard.
	NoteCorrected = "corrected"
	// NoteRevoked: it was taken back before anybody heard it, and nothing of it is
	// kept.
	NoteRevoked = "revoked"
	// NoteOurs: an echo of what Otto himself had written.
	NoteOurs = "ours"
)

// TakenBack reports whether the message takes another one back, or puts itself
// in its place: the other one is not shown to anybody who answers any more.
func (m Inbound) TakenBack() bool {
	return m.Original != "" && (m.Kind == KindRevoke || m.Kind == KindEcho && (m.Type == "revoke" || m.Type == "edit"))
}

// What a system message may be about, by its Note. Meta's own types of notices
// stand there too.
const (
	NoteMarketingStop   = "marketing:stop"   // the person wants no advertising
	NoteMarketingResume = "marketing:resume" // and does again
)

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
