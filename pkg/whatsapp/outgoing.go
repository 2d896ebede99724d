package whatsapp

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Meta's limits for the messages this package sends, in Unicode code points
// and items, each with the page that states it. Where Meta's documents
// contradict each other (a list's body, the cards of one message) the smaller
// number stands here.
const (
	// MaxText is the body of a text.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages
	MaxText = 4096
	// MaxCaption is the caption of an image, video or document.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/image-messages
	MaxCaption = 1024
	// MaxURL is an address that Meta is to fetch, or a person to open.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
	MaxURL = 2000
	// MaxPlace is a location's name or address; it too is this package's own
	// bound, that of a body.
	MaxPlace = 1024
	// MaxContacts is the address cards of one message: Meta's guide says 257, its
	// published schema 5.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
	MaxContacts = 5

	// MaxInteractiveBody, MaxHeader and MaxFooter frame every interactive message.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
	MaxInteractiveBody = 1024
	MaxHeader          = 60
	MaxFooter          = 60

	// MaxButtons, MaxButtonTitle and MaxButtonID are of reply buttons.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
	MaxButtons     = 3
	MaxButtonTitle = 20
	MaxButtonID    = 256

	// MaxListButton and the six after it are of lists; MaxRows counts the rows of
	// all sections together.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
	MaxListButton     = 20
	MaxSections       = 10
	MaxSectionTitle   = 24
	MaxRows           = 10
	MaxRowTitle       = 24
	MaxRowDescription = 72
	MaxRowID          = 200

	// MaxLinkLabel is the text on a button that opens an address.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-cta-url-messages
	MaxLinkLabel = 20

	// MinCards, MaxCards and the two after them are of carousels.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
	MinCards          = 2
	MaxCards          = 10
	MaxCardBody       = 160
	MaxCardLineBreaks = 2

	// MaxOpaque is the data that comes back in a message's statuses.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
	MaxOpaque = 512
	// maxFilename is this package's own bound: Meta states none.
	maxFilename = 240
)

// Outgoing is a message to send. The set is closed: TextMessage, ImageMessage,
// VideoMessage, AudioMessage, DocumentMessage, StickerMessage, LocationMessage,
// ContactsMessage, ReactionMessage, ReactionRemoval, ButtonsMessage,
// ListMessage, LinkMessage, LocationRequestMessage, CarouselMessage, FlowMessage
// and TemplateMessage. What Meta does not let go together has no place to be
// written: a caption on an audio, media by id and by link, a header over a
// request for a location.
type Outgoing interface {
	// check reports the first limit the message breaks.
	check() error
	// payload is the message's part of the request.
	payload() payload
}

// TextMessage is plain text. PreviewURL asks for a card of the first link.
type TextMessage struct {
	Body       string
	PreviewURL bool
}

// ButtonsMessage is a text with one to three reply buttons. Header may be nil,
// Footer empty.
type ButtonsMessage struct {
	Header  Header
	Body    string
	Footer  string
	Buttons []Button
}

// Button is a reply button; its ID comes back in a ButtonReply. Ids and titles
// differ within a message.
type Button struct {
	ID    string
	Title string
}

// ListMessage is a text with a button that opens a list of up to ten rows in
// all. Header, of which only text is allowed here, and Footer may be empty.
type ListMessage struct {
	Header   string
	Body     string
	Footer   string
	Button   string
	Sections []Section
}

// Section is a group of rows. Its title may be empty when it is the only one.
type Section struct {
	Title string
	Rows  []Row
}

// Row is one choice of a list; its ID comes back in a ListReply. Ids differ
// within a message.
type Row struct {
	ID          string
	Title       string
	Description string
}

type payload struct {
	Type        string              `json:"type"`
	Text        *textPayload        `json:"text,omitempty"`
	Image       *mediaPayload       `json:"image,omitempty"`
	Video       *mediaPayload       `json:"video,omitempty"`
	Audio       *mediaPayload       `json:"audio,omitempty"`
	Document    *mediaPayload       `json:"document,omitempty"`
	Sticker     *mediaPayload       `json:"sticker,omitempty"`
	Location    *locationPayload    `json:"location,omitempty"`
	Contacts    []contactPayload    `json:"contacts,omitempty"`
	Reaction    *reactionPayload    `json:"reaction,omitempty"`
	Interactive *interactivePayload `json:"interactive,omitempty"`
	Template    *templatePayload    `json:"template,omitempty"`
}

type textPayload struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

type interactivePayload struct {
	Type   string         `json:"type"`
	Header *headerPayload `json:"header,omitempty"`
	Body   bodyPayload    `json:"body"`
	Footer *bodyPayload   `json:"footer,omitempty"`
	Action actionPayload  `json:"action"`
}

type headerPayload struct {
	Type     string        `json:"type"`
	Text     string        `json:"text,omitempty"`
	Image    *mediaPayload `json:"image,omitempty"`
	Video    *mediaPayload `json:"video,omitempty"`
	Document *mediaPayload `json:"document,omitempty"`
}

type bodyPayload struct {
	Text string `json:"text"`
}

type actionPayload struct {
	Name       string           `json:"name,omitempty"`
	Parameters any              `json:"parameters,omitempty"`
	Buttons    []buttonPayload  `json:"buttons,omitempty"`
	Button     string           `json:"button,omitempty"`
	Sections   []sectionPayload `json:"sections,omitempty"`
	Cards      []cardPayload    `json:"cards,omitempty"`
}

type buttonPayload struct {
	Type  string       `json:"type"`
	Reply replyPayload `json:"reply"`
}

type replyPayload struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type sectionPayload struct {
	Title string       `json:"title,omitempty"`
	Rows  []rowPayload `json:"rows"`
}

type rowPayload struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

func (m TextMessage) payload() payload {
	return payload{Type: "text", Text: &textPayload{Body: m.Body, PreviewURL: m.PreviewURL}}
}

func (m ButtonsMessage) payload() payload {
	part := interactive("button", "", m.Body, m.Footer)
	part.Header = headed(m.Header)
	for _, b := range m.Buttons {
		part.Action.Buttons = append(part.Action.Buttons, buttonPayload{Type: "reply", Reply: replyPayload(b)})
	}
	return payload{Type: "interactive", Interactive: part}
}

func (m ListMessage) payload() payload {
	part := interactive("list", m.Header, m.Body, m.Footer)
	part.Action.Button = m.Button
	for _, s := range m.Sections {
		section := sectionPayload{Title: s.Title}
		for _, row := range s.Rows {
			section.Rows = append(section.Rows, rowPayload(row))
		}
		part.Action.Sections = append(part.Action.Sections, section)
	}
	return payload{Type: "interactive", Interactive: part}
}

func interactive(kind, header, body, footer string) *interactivePayload {
	part := &interactivePayload{Type: kind, Body: bodyPayload{Text: body}}
	if header != "" {
		part.Header = &headerPayload{Type: "text", Text: header}
	}
	if footer != "" {
		part.Footer = &bodyPayload{Text: footer}
	}
	return part
}

func (m TextMessage) check() error {
	var c checker
	c.required("text.body", m.Body, MaxText)
	return c.err
}

func (m ButtonsMessage) check() error {
	var c checker
	c.header(m.Header)
	c.frame("", m.Body, m.Footer)
	c.items("interactive.action.buttons", len(m.Buttons), MaxButtons)
	ids, titles := make(map[string]bool), make(map[string]bool)
	for i, b := range m.Buttons {
		field := fmt.Sprintf("interactive.action.buttons[%d].reply.", i)
		c.identifier(field+"id", b.ID, MaxButtonID, ids)
		c.required(field+"title", b.Title, MaxButtonTitle)
		c.unique(field+"title", b.Title, titles)
	}
	return c.err
}

func (m ListMessage) check() error {
	var c checker
	c.frame(m.Header, m.Body, m.Footer)
	c.required("interactive.action.button", m.Button, MaxListButton)
	c.items("interactive.action.sections", len(m.Sections), MaxSections)
	ids := make(map[string]bool)
	rows := 0
	for i, s := range m.Sections {
		field := fmt.Sprintf("interactive.action.sections[%d].", i)
		if len(m.Sections) > 1 {
			c.required(field+"title", s.Title, MaxSectionTitle)
		}
		c.characters(field+"title", s.Title, MaxSectionTitle)
		if len(s.Rows) == 0 {
			c.fail(LimitError{Field: field + "rows", Rule: RuleRequired})
		}
		rows += len(s.Rows)
		for j, row := range s.Rows {
			field := fmt.Sprintf("interactive.action.sections[%d].rows[%d].", i, j)
			c.identifier(field+"id", row.ID, MaxRowID, ids)
			c.required(field+"title", row.Title, MaxRowTitle)
			c.characters(field+"description", row.Description, MaxRowDescription)
		}
	}
	if rows > MaxRows { // in all sections together
		c.fail(LimitError{Field: "interactive.action.sections.rows", Rule: RuleItems, Limit: MaxRows, Got: rows})
	}
	return c.err
}

// checker remembers the first limit that is broken.
type checker struct {
	err error
}

func (c *checker) fail(e LimitError) {
	if c.err == nil {
		c.err = &e
	}
}

func (c *checker) frame(header, body, footer string) {
	c.characters("interactive.header.text", header, MaxHeader)
	c.required("interactive.body.text", body, MaxInteractiveBody)
	c.characters("interactive.footer.text", footer, MaxFooter)
}

func (c *checker) characters(field, s string, limit int) {
	if !utf8.ValidString(s) {
		c.fail(LimitError{Field: field, Rule: RuleUTF8})
	}
	if n := utf8.RuneCountInString(s); n > limit {
		c.fail(LimitError{Field: field, Rule: RuleCharacters, Limit: limit, Got: n})
	}
}

// required text has something to see in it.
func (c *checker) required(field, s string, limit int) {
	if strings.TrimSpace(s) == "" {
		c.fail(LimitError{Field: field, Rule: RuleRequired})
	}
	c.characters(field, s, limit)
}

func (c *checker) identifier(field, s string, limit int, seen map[string]bool) {
	c.required(field, s, limit)
	if s != strings.TrimSpace(s) {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
	c.unique(field, s, seen)
}

func (c *checker) unique(field, s string, seen map[string]bool) {
	if seen[s] {
		c.fail(LimitError{Field: field, Rule: RuleUnique})
	}
	seen[s] = true
}

// items checks a list that must not be empty.
func (c *checker) items(field string, n, limit int) {
	if n == 0 {
		c.fail(LimitError{Field: field, Rule: RuleRequired})
	}
	if n > limit {
		c.fail(LimitError{Field: field, Rule: RuleItems, Limit: limit, Got: n})
	}
}

// address is where something is on the web: absolute, over HTTP.
func (c *checker) address(field, s string) {
	c.required(field, s, MaxURL)
	at, err := url.Parse(s)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || strings.ContainsAny(s, " \t\r\n") {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
}
