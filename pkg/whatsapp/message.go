package whatsapp

import (
	"encoding/json"
	"time"
)

// Type is what a message holds, in Meta's words.
type Type string

// The types a decoded message can have. A legacy "voice" reads as TypeAudio;
// "unknown", types that this package has never heard of and messages that are
// unreadable in part all read as TypeUnsupported.
const (
	TypeText        Type = "text"
	TypeImage       Type = "image"
	TypeVideo       Type = "video"
	TypeAudio       Type = "audio"
	TypeDocument    Type = "document"
	TypeSticker     Type = "sticker"
	TypeLocation    Type = "location"
	TypeContacts    Type = "contacts"
	TypeInteractive Type = "interactive"
	TypeButton      Type = "button"
	TypeOrder       Type = "order"
	TypeReaction    Type = "reaction"
	TypeSystem      Type = "system"
	TypeEdit        Type = "edit"
	TypeRevoke      Type = "revoke"
	TypeWelcome     Type = "request_welcome"
	TypeUnsupported Type = "unsupported"
)

// Message is one message a person wrote, or, in an element of [KindEcho], one
// that the business wrote in the WhatsApp Business app.
type Message struct {
	// ID is Meta's message id ("wamid…"), opaque. It hides a phone number and is
	// to be treated as personal data.
	ID string
	// From is the sender's phone number, digits without "+", or empty: people
	// with a username may write without showing a number.
	From string
	// FromUserID is the sender's business-scoped user id ("BR.…"), kept whole,
	// or empty on older payloads. One of From and FromUserID is always there.
	FromUserID string
	// FromParentUserID is the sender's id across linked business portfolios.
	FromParentUserID string
	// Name is what the person (an echo's recipient, else the sender) calls
	// himself: user-controlled text, at most 128 code points, without control
	// characters. Username has no leading "@".
	Name     string
	Username string
	// To and ToUserID name the person an echo was written to.
	To       string
	ToUserID string
	// Timestamp is when the message was sent, UTC. It is zero when it could not
	// be read, and then Content is Unsupported.
	Timestamp time.Time
	// Type tells which Content to expect.
	Type Type
	// Content is never nil.
	Content Content
	// GroupID is set when the message was written in a group.
	GroupID  string
	Context  *Context
	Referral *Referral
	// Errors are what Meta reports about this message, for instance media that
	// could not be fetched.
	Errors []*Error
}

// Content is what a message holds. The set is closed: Text, Media, Location,
// Contacts, ButtonReply, ListReply, FlowReply, QuickReply, Order, Reaction,
// System, Edit, Revoke, Welcome and Unsupported.
type Content interface{ content() }

// Text is a plain text message.
type Text struct {
	Body string
}

// Media is an image, video, audio, document or sticker; Message.Type tells
// which. The bytes are fetched by ID, for seven days after the message.
type Media struct {
	ID       string
	MIMEType string // may carry parameters: "audio/ogg; codecs=opus"
	SHA256   string // base64
	Caption  string
	Filename string
	URL      string // valid for five minutes; may be missing
	Voice    bool   // recorded in the chat, not attached
	Animated bool   // stickers
}

// Location is a point on the map; the names are there when a place was chosen.
type Location struct {
	Latitude  float64
	Longitude float64
	Name      string
	Address   string
	URL       string
}

// Contacts are address cards the sender shared.
type Contacts struct {
	Cards []Card
}

// Card is one address card. Only Origin "contact_request" proves that it is the
// sender's own.
type Card struct {
	Origin        string
	FormattedName string
	FirstName     string
	LastName      string
	VCard         string
	Phones        []CardPhone
	Emails        []string
}

// CardPhone is one number of a card as its owner wrote it; WAID is its WhatsApp
// number, digits only, when it has one.
type CardPhone struct {
	Phone string
	WAID  string
	Type  string
}

// ButtonReply is a tap on one of the reply buttons the business offered.
type ButtonReply struct {
	ID    string
	Title string
}

// ListReply is a tap on a row of a list the business offered.
type ListReply struct {
	ID          string
	Title       string
	Description string
}

// FlowReply is the end of a WhatsApp Flow (or of another native form: Name
// tells). Response is the JSON the form sent, which need not be an object.
type FlowReply struct {
	Name     string
	Body     string
	Response string
}

// QuickReply is a tap on a template's quick reply button.
type QuickReply struct {
	Payload string
	Text    string
}

// Order is a cart.
type Order struct {
	CatalogID string
	Text      string
	Items     []OrderItem
}

// OrderItem is one line of a cart. Quantity and Price are number literals as
// written: money does not survive binary floating point.
type OrderItem struct {
	ProductID string
	Quantity  json.Number
	Price     json.Number
	Currency  string
}

// Reaction is an emoji put on a message, or taken off it again.
type Reaction struct {
	MessageID string
	Emoji     string
	Removed   bool
}

// System is a notice about the sender's identity. Its Type is
// "user_changed_number", "user_changed_user_id", "customer_identity_changed" or
// one that Meta adds later. WAID and UserID are the new identifiers,
// PreviousWAID and PreviousUserID the old ones as far as Meta tells them.
type System struct {
	Type           string
	Body           string
	WAID           string
	UserID         string
	PreviousWAID   string
	PreviousUserID string
}

// Edit replaces an earlier message's content.
type Edit struct {
	OriginalID string
	Type       Type
	Content    Content
}

// Revoke deletes an earlier message for everyone.
type Revoke struct {
	OriginalID string
}

// Welcome says that a chat was opened without a word; Meta has stopped sending
// it.
type Welcome struct{}

// Unsupported is a message with a known sender that cannot be understood.
type Unsupported struct {
	// Type is the type as it was announced, possibly empty. When Meta itself
	// gave up (ReasonPlatform) it is Meta's name for what was sent.
	Type string
	// Reason says whose limit it is.
	Reason Reason
	// Field names what could not be read, for ReasonUnreadable.
	Field string
}

// Reason says why a message is unsupported.
type Reason string

// Why a message is unsupported.
const (
	// ReasonPlatform: the Cloud API does not carry this type.
	ReasonPlatform Reason = "platform"
	// ReasonUnknownType: this package does not know the type.
	ReasonUnknownType Reason = "unknown_type"
	// ReasonUnreadable: a field is missing or has the wrong shape.
	ReasonUnreadable Reason = "unreadable"
)

func (Text) content()        {}
func (Media) content()       {}
func (Location) content()    {}
func (Contacts) content()    {}
func (ButtonReply) content() {}
func (ListReply) content()   {}
func (FlowReply) content()   {}
func (QuickReply) content()  {}
func (Order) content()       {}
func (Reaction) content()    {}
func (System) content()      {}
func (Edit) content()        {}
func (Revoke) content()      {}
func (Welcome) content()     {}
func (Unsupported) content() {}

// Context is what a message answers or where it was forwarded from.
type Context struct {
	From                string
	ID                  string
	Forwarded           bool
	FrequentlyForwarded bool
	CatalogID           string // of the product the chat was opened from
	ProductID           string
}

// Referral is the advertisement or post that brought the sender here. ClickID
// (ctwa_clid) is absent for some placements.
type Referral struct {
	SourceType   string
	SourceID     string
	SourceURL    string
	Headline     string
	Body         string
	MediaType    string
	ImageURL     string
	VideoURL     string
	ThumbnailURL string
	ClickID      string
	WelcomeText  string
}
