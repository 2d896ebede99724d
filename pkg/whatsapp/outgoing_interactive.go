package whatsapp

import (
	"fmt"
	"strings"
)

// Header is what stands above an interactive message's body: HeaderText,
// HeaderImage, HeaderVideo or HeaderDocument. Nil is none.
type Header interface {
	headerPayload() *headerPayload
	checkHeader(c *checker, field string)
}

// HeaderText is a line of text, at most MaxHeader code points.
type HeaderText string

// HeaderImage is a picture.
type HeaderImage struct {
	Source MediaSource
}

// HeaderVideo is a video.
type HeaderVideo struct {
	Source MediaSource
}

// HeaderDocument is a file to keep; Filename may be empty.
type HeaderDocument struct {
	Source   MediaSource
	Filename string
}

// LinkMessage is a text with one button that opens an address. Header may be
// nil, Footer empty.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-cta-url-messages
type LinkMessage struct {
	Header Header
	Body   string
	Footer string
	// Label is the text on the button.
	Label string
	URL   string
}

// LocationRequestMessage is a text with a button that sends the person's
// location; the answer is a Location.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-request-messages
type LocationRequestMessage struct {
	Body string
}

// CarouselMessage is a text over two to ten cards beside each other, whose media
// are all images or all videos.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
type CarouselMessage struct {
	Body  string
	Cards []LinkCard
}

// LinkCard is a card with a button that opens an address. Body may be empty; it
// has at most MaxCardBody code points and MaxCardLineBreaks line breaks.
type LinkCard struct {
	Media CardMedia
	Body  string
	// Label is the text on the button.
	Label string
	URL   string
}

// CardMedia is what a card shows: HeaderImage or HeaderVideo.
type CardMedia interface {
	Header
	card()
}

func (HeaderImage) card() {}
func (HeaderVideo) card() {}

type linkParameters struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

type cardPayload struct {
	Index  int            `json:"card_index"`
	Type   string         `json:"type"`
	Header *headerPayload `json:"header"`
	Body   *bodyPayload   `json:"body,omitempty"`
	Action actionPayload  `json:"action"`
}

func (h HeaderText) headerPayload() *headerPayload {
	return &headerPayload{Type: "text", Text: string(h)}
}

func (h HeaderImage) headerPayload() *headerPayload {
	return &headerPayload{Type: "image", Image: sourced(h.Source)}
}

func (h HeaderVideo) headerPayload() *headerPayload {
	return &headerPayload{Type: "video", Video: sourced(h.Source)}
}

func (h HeaderDocument) headerPayload() *headerPayload {
	part := sourced(h.Source)
	part.Filename = h.Filename
	return &headerPayload{Type: "document", Document: part}
}

func (h HeaderText) checkHeader(c *checker, field string) {
	c.required(field+".text", string(h), MaxHeader)
}

func (h HeaderImage) checkHeader(c *checker, field string) { c.source(field+".image", h.Source) }
func (h HeaderVideo) checkHeader(c *checker, field string) { c.source(field+".video", h.Source) }

func (h HeaderDocument) checkHeader(c *checker, field string) {
	c.source(field+".document", h.Source)
	c.characters(field+".document.filename", h.Filename, maxFilename)
}

// headed is a header as it is posted.
func headed(h Header) *headerPayload {
	if h == nil {
		return nil
	}
	return h.headerPayload()
}

func (c *checker) header(h Header) {
	if h != nil {
		h.checkHeader(c, "interactive.header")
	}
}

func linked(label, address string) actionPayload {
	return actionPayload{Name: "cta_url", Parameters: linkParameters{DisplayText: label, URL: address}}
}

func (m LinkMessage) payload() payload {
	part := interactive("cta_url", "", m.Body, m.Footer)
	part.Header = headed(m.Header)
	part.Action = linked(m.Label, m.URL)
	return payload{Type: "interactive", Interactive: part}
}

func (m LocationRequestMessage) payload() payload {
	part := interactive("location_request_message", "", m.Body, "")
	part.Action.Name = "send_location"
	return payload{Type: "interactive", Interactive: part}
}

func (m CarouselMessage) payload() payload {
	part := interactive("carousel", "", m.Body, "")
	for i, card := range m.Cards {
		posted := cardPayload{Index: i, Type: "cta_url", Header: headed(card.Media), Action: linked(card.Label, card.URL)}
		if card.Body != "" {
			posted.Body = &bodyPayload{Text: card.Body}
		}
		part.Action.Cards = append(part.Action.Cards, posted)
	}
	return payload{Type: "interactive", Interactive: part}
}

func (m LinkMessage) check() error {
	var c checker
	c.header(m.Header)
	c.frame("", m.Body, m.Footer)
	c.link("interactive.action.parameters", m.Label, m.URL)
	return c.err
}

func (c *checker) link(field, label, address string) {
	c.required(field+".display_text", label, MaxLinkLabel)
	c.address(field+".url", address)
}

func (m LocationRequestMessage) check() error {
	var c checker
	c.frame("", m.Body, "")
	return c.err
}

func (m CarouselMessage) check() error {
	const field = "interactive.action.cards"
	var c checker
	c.frame("", m.Body, "")
	c.items(field, len(m.Cards), MaxCards)
	if len(m.Cards) < MinCards {
		c.fail(LimitError{Field: field, Rule: RuleRequired})
	}
	for i, card := range m.Cards {
		field := fmt.Sprintf("%s[%d]", field, i)
		if card.Media == nil {
			c.fail(LimitError{Field: field + ".header", Rule: RuleRequired})
			break
		}
		card.Media.checkHeader(&c, field+".header")
		if headed(card.Media).Type != headed(m.Cards[0].Media).Type {
			c.fail(LimitError{Field: field + ".header", Rule: RuleFormat})
		}
		c.characters(field+".body.text", card.Body, MaxCardBody)
		if strings.Count(card.Body, "\n") > MaxCardLineBreaks {
			c.fail(LimitError{Field: field + ".body.text", Rule: RuleFormat})
		}
		c.link(field+".action.parameters", card.Label, card.URL)
	}
	return c.err
}
