package whatsapp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// LocationMessage is a point on the map, in degrees. Name and Address may be
// empty; an address is shown under a name only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-messages
type LocationMessage struct {
	Latitude  float64
	Longitude float64
	Name      string
	Address   string
}

// ContactsMessage is one to five address cards.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
type ContactsMessage struct {
	Contacts []Contact
}

// Contact is an address card to send. FirstName and at least one phone number,
// e-mail or address on the web have to be there: Meta refuses a card that has a
// name and nothing else. FormattedName is the name as it is shown; empty means
// first and last name.
type Contact struct {
	FormattedName string
	FirstName     string
	LastName      string
	Company       string
	Title         string
	Phones        []CardPhone
	Emails        []string
	URLs          []string
}

// ReactionMessage puts an emoji on a message that the person wrote within the
// last 30 days. A reaction on it before is replaced.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/reaction-messages
type ReactionMessage struct {
	MessageID string
	// Emoji is one emoji, as a person sees it.
	Emoji string
}

// ReactionRemoval takes the business's reaction off a message.
type ReactionRemoval struct {
	MessageID string
}

// locationPayload has its numbers in strings, as Meta's schema and samples do.
type locationPayload struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name,omitempty"`
	Address   string `json:"address,omitempty"`
}

type contactPayload struct {
	Name   contactName      `json:"name"`
	Org    *contactOrg      `json:"org,omitempty"`
	Phones []contactPhone   `json:"phones,omitempty"`
	Emails []contactEmail   `json:"emails,omitempty"`
	URLs   []contactAddress `json:"urls,omitempty"`
}

type contactName struct {
	FormattedName string `json:"formatted_name"`
	FirstName     string `json:"first_name"`
	LastName      string `json:"last_name,omitempty"`
}

type contactOrg struct {
	Company string `json:"company,omitempty"`
	Title   string `json:"title,omitempty"`
}

type contactPhone struct {
	Phone string `json:"phone"`
	WAID  string `json:"wa_id,omitempty"`
	Type  string `json:"type,omitempty"`
}

type contactEmail struct {
	Email string `json:"email"`
}

type contactAddress struct {
	URL string `json:"url"`
}

// reactionPayload has its emoji always: an empty one is a removal.
type reactionPayload struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

func (m LocationMessage) payload() payload {
	return payload{Type: "location", Location: m.place()}
}

func (m LocationMessage) place() *locationPayload {
	return &locationPayload{
		Latitude:  strconv.FormatFloat(m.Latitude, 'f', -1, 64),
		Longitude: strconv.FormatFloat(m.Longitude, 'f', -1, 64),
		Name:      m.Name,
		Address:   m.Address,
	}
}

func (m ContactsMessage) payload() payload {
	part := payload{Type: "contacts"}
	for _, contact := range m.Contacts {
		part.Contacts = append(part.Contacts, contact.payload())
	}
	return part
}

func (m Contact) payload() contactPayload {
	card := contactPayload{Name: contactName{FormattedName: m.shown(), FirstName: m.FirstName, LastName: m.LastName}}
	if m.Company != "" || m.Title != "" {
		card.Org = &contactOrg{Company: m.Company, Title: m.Title}
	}
	for _, number := range m.Phones {
		card.Phones = append(card.Phones, contactPhone(number))
	}
	for _, email := range m.Emails {
		card.Emails = append(card.Emails, contactEmail{Email: email})
	}
	for _, at := range m.URLs {
		card.URLs = append(card.URLs, contactAddress{URL: at})
	}
	return card
}

// shown is the name as it stands on the card.
func (m Contact) shown() string {
	switch {
	case m.FormattedName != "":
		return m.FormattedName
	case m.LastName == "":
		return m.FirstName
	default:
		return m.FirstName + " " + m.LastName
	}
}

func (m ReactionMessage) payload() payload {
	return payload{Type: "reaction", Reaction: &reactionPayload{MessageID: m.MessageID, Emoji: m.Emoji}}
}

func (m ReactionRemoval) payload() payload {
	return payload{Type: "reaction", Reaction: &reactionPayload{MessageID: m.MessageID}}
}

func (m LocationMessage) check() error {
	var c checker
	c.place("location", m)
	return c.err
}

func (c *checker) place(field string, m LocationMessage) {
	c.degrees(field+".latitude", m.Latitude, 90)
	c.degrees(field+".longitude", m.Longitude, 180)
	c.characters(field+".name", m.Name, MaxPlace)
	c.characters(field+".address", m.Address, MaxPlace)
}

func (c *checker) degrees(field string, n, limit float64) {
	if math.IsNaN(n) || math.Abs(n) > limit {
		c.fail(LimitError{Field: field, Rule: RuleFormat})
	}
}

func (m ContactsMessage) check() error {
	var c checker
	c.items("contacts", len(m.Contacts), MaxContacts)
	for i, contact := range m.Contacts {
		contact.check(&c, fmt.Sprintf("contacts[%d]", i))
	}
	return c.err
}

func (m Contact) check(c *checker, field string) {
	c.required(field+".name.first_name", m.FirstName, maxNameLength)
	c.characters(field+".name.last_name", m.LastName, maxNameLength)
	c.characters(field+".name.formatted_name", m.FormattedName, 2*maxNameLength+1)
	c.characters(field+".org.company", m.Company, maxNameLength)
	c.characters(field+".org.title", m.Title, maxNameLength)
	if len(m.Phones)+len(m.Emails)+len(m.URLs) == 0 {
		c.fail(LimitError{Field: field + ".phones", Rule: RuleRequired})
	}
	for i, number := range m.Phones {
		field := fmt.Sprintf("%s.phones[%d].", field, i)
		c.required(field+"phone", number.Phone, maxNameLength)
		if number.WAID != "" && !allDigits(number.WAID) {
			c.fail(LimitError{Field: field + "wa_id", Rule: RuleDigits})
		}
		c.characters(field+"type", number.Type, maxTypeLength)
	}
	for i, email := range m.Emails {
		c.required(fmt.Sprintf("%s.emails[%d].email", field, i), email, maxNameLength)
	}
	for i, at := range m.URLs {
		c.address(fmt.Sprintf("%s.urls[%d].url", field, i), at)
	}
}

func (m ReactionMessage) check() error {
	var c checker
	c.reacted(m.MessageID)
	c.required("reaction.emoji", m.Emoji, maxTypeLength)
	if nextCluster(m.Emoji) != len(m.Emoji) || strings.ContainsFunc(m.Emoji, unicode.IsLetter) {
		c.fail(LimitError{Field: "reaction.emoji", Rule: RuleFormat})
	}
	return c.err
}

func (m ReactionRemoval) check() error {
	var c checker
	c.reacted(m.MessageID)
	return c.err
}

func (c *checker) reacted(id string) {
	c.identifier("reaction.message_id", id, maxIDLength, map[string]bool{})
}
