package whatsapp

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
)

// content reads what a message of the announced type holds. m is the message
// around it, already read but for its content.
func (r *reader) content(v value, announced string, m *Message) (Type, Content) {
	member := v.get(announced)
	switch typ := Type(announced); typ {
	case "":
		r.fail("type")
		return TypeUnsupported, Unsupported{Reason: ReasonUnreadable, Field: "type"}
	case TypeText:
		return typ, Text{Body: r.body(r.required(member, "text").get("body"))}
	case TypeImage, TypeVideo, TypeAudio, TypeDocument, TypeSticker:
		return typ, r.media(member, announced)
	case "voice":
		media := r.media(member, announced)
		media.Voice = true
		return TypeAudio, media
	case TypeLocation:
		return typ, r.location(r.required(member, announced))
	case TypeContacts:
		return typ, r.contacts(member, v.get("origin"))
	case TypeInteractive:
		return r.interactive(r.required(member, announced))
	case TypeButton:
		button := r.required(member, announced)
		return typ, QuickReply{
			Payload: r.text(button.get("payload"), "button.payload"),
			Text:    r.text(button.get("text"), "button.text"),
		}
	case TypeOrder:
		return typ, r.order(r.required(member, announced))
	case TypeReaction:
		return typ, r.reaction(r.required(member, announced))
	case TypeSystem:
		return typ, r.system(r.required(member, announced), m)
	case TypeEdit:
		return typ, r.edit(r.required(member, announced), m)
	case TypeRevoke:
		revoke := r.required(member, announced)
		return typ, Revoke{OriginalID: r.need(revoke.get("original_message_id"), "revoke.original_message_id")}
	case TypeWelcome:
		return typ, Welcome{}
	case TypeUnsupported, "unknown":
		what := r.text(r.object(v.get("unsupported"), "unsupported").get("type"), "unsupported.type")
		return TypeUnsupported, Unsupported{Type: bounded(what, maxTypeLength), Reason: ReasonPlatform}
	default:
		return TypeUnsupported, Unsupported{Type: bounded(announced, maxTypeLength), Reason: ReasonUnknownType}
	}
}

// required is the object of the same name as the type, which must be there.
func (r *reader) required(v value, field string) value {
	if v.kind() != kindObject {
		r.fail(field)
		return nil
	}
	return v
}

// body is a text's body: it must be there, and it may be empty.
func (r *reader) body(v value) string {
	if v.absent() {
		r.fail("text.body")
	}
	return r.text(v, "text.body")
}

func (r *reader) media(v value, field string) Media {
	v = r.required(v, field)
	return Media{
		ID:       r.need(v.get("id"), field+".id"),
		MIMEType: r.text(v.get("mime_type"), field+".mime_type"),
		SHA256:   r.text(v.get("sha256"), field+".sha256"),
		Caption:  r.text(v.get("caption"), field+".caption"),
		Filename: r.text(v.get("filename"), field+".filename"),
		URL:      r.text(v.get("url"), field+".url"),
		Voice:    r.flag(v.get("voice"), field+".voice"),
		Animated: r.flag(v.get("animated"), field+".animated"),
	}
}

func (r *reader) location(v value) Location {
	return Location{
		Latitude:  r.coordinate(v.get("latitude"), "location.latitude", 90),
		Longitude: r.coordinate(v.get("longitude"), "location.longitude", 180),
		Name:      r.text(v.get("name"), "location.name"),
		Address:   r.text(v.get("address"), "location.address"),
		URL:       r.text(v.get("url"), "location.url"),
	}
}

func (r *reader) coordinate(v value, field string, limit float64) float64 {
	literal, ok := v.number()
	degrees, err := literal.Float64()
	if !ok || err != nil || math.Abs(degrees) > limit {
		r.fail(field)
		return 0
	}
	return degrees
}

// maxList bounds the lists inside one message, which Meta keeps far shorter: a
// body's size is bounded, but not what it would swell to in memory.
const maxList = 500

// list yields an array's elements. It is a fault if there are too many, or if
// something else stands in the array's place.
func (r *reader) list(v value, field string) iter.Seq[value] {
	if !v.absent() && v.kind() != kindArray {
		r.fail(field)
	}
	return func(yield func(value) bool) {
		n := 0
		for member := range v.elements() {
			if n == maxList {
				r.fail(field)
				return
			}
			n++
			if !yield(member) {
				return
			}
		}
	}
}

// contacts reads shared cards. Meta's pages disagree on whether the origin
// stands beside the array or in each card.
func (r *reader) contacts(v, origin value) Contacts {
	if v.absent() {
		r.fail("contacts")
	}
	var all Contacts
	for member := range r.list(v, "contacts") {
		member = r.required(member, "contacts")
		name := r.object(member.get("name"), "contacts.name")
		card := Card{
			Origin:        r.text(member.get("origin"), "contacts.origin"),
			FormattedName: r.text(name.get("formatted_name"), "contacts.name.formatted_name"),
			FirstName:     r.text(name.get("first_name"), "contacts.name.first_name"),
			LastName:      r.text(name.get("last_name"), "contacts.name.last_name"),
			VCard:         r.text(member.get("vcard"), "contacts.vcard"),
		}
		if card.Origin == "" {
			card.Origin = r.text(origin, "origin")
		}
		for number := range r.list(member.get("phones"), "contacts.phones") {
			number = r.required(number, "contacts.phones")
			card.Phones = append(card.Phones, CardPhone{
				Phone: r.text(number.get("phone"), "contacts.phones.phone"),
				WAID:  r.text(number.get("wa_id"), "contacts.phones.wa_id"),
				Type:  r.text(number.get("type"), "contacts.phones.type"),
			})
		}
		for email := range r.list(member.get("emails"), "contacts.emails") {
			card.Emails = append(card.Emails, r.text(r.required(email, "contacts.emails").get("email"), "contacts.emails.email"))
		}
		all.Cards = append(all.Cards, card)
	}
	return all
}

func (r *reader) interactive(v value) (Type, Content) {
	kind := r.need(v.get("type"), "interactive.type")
	reply := v.get(kind)
	switch kind {
	case "button_reply":
		reply = r.required(reply, "interactive.button_reply")
		return TypeInteractive, ButtonReply{
			ID:    r.need(reply.get("id"), "interactive.button_reply.id"),
			Title: r.text(reply.get("title"), "interactive.button_reply.title"),
		}
	case "list_reply":
		reply = r.required(reply, "interactive.list_reply")
		return TypeInteractive, ListReply{
			ID:          r.need(reply.get("id"), "interactive.list_reply.id"),
			Title:       r.text(reply.get("title"), "interactive.list_reply.title"),
			Description: r.text(reply.get("description"), "interactive.list_reply.description"),
		}
	case "nfm_reply":
		reply = r.required(reply, "interactive.nfm_reply")
		return TypeInteractive, FlowReply{
			Name:     r.text(reply.get("name"), "interactive.nfm_reply.name"),
			Body:     r.text(reply.get("body"), "interactive.nfm_reply.body"),
			Response: r.need(reply.get("response_json"), "interactive.nfm_reply.response_json"),
		}
	default:
		return TypeUnsupported, Unsupported{Type: bounded("interactive."+kind, maxTypeLength), Reason: ReasonUnknownType}
	}
}

func (r *reader) order(v value) Order {
	order := Order{
		CatalogID: r.text(v.get("catalog_id"), "order.catalog_id"),
		Text:      r.text(v.get("text"), "order.text"),
	}
	for item := range r.list(v.get("product_items"), "order.product_items") {
		item = r.required(item, "order.product_items")
		order.Items = append(order.Items, OrderItem{
			ProductID: r.text(item.get("product_retailer_id"), "order.product_items.product_retailer_id"),
			Quantity:  r.literal(item.get("quantity"), "order.product_items.quantity"),
			Price:     r.literal(item.get("item_price"), "order.product_items.item_price"),
			Currency:  r.text(item.get("currency"), "order.product_items.currency"),
		})
	}
	return order
}

func (r *reader) literal(v value, field string) json.Number {
	if v.absent() {
		return ""
	}
	literal, ok := v.number()
	if !ok {
		r.fail(field)
	}
	return literal
}

// reaction reads a missing or empty emoji as a removal; Meta has sent both.
func (r *reader) reaction(v value) Reaction {
	emoji := r.text(v.get("emoji"), "reaction.emoji")
	return Reaction{
		MessageID: r.need(v.get("message_id"), "reaction.message_id"),
		Emoji:     emoji,
		Removed:   emoji == "",
	}
}

// system reads a notice. Its previous number is the one it names, or else the
// sender's, when that differs from the new one; likewise the user id.
func (r *reader) system(v value, m *Message) System {
	s := System{
		Type:           r.need(v.get("type"), "system.type"),
		Body:           r.text(v.get("body"), "system.body"),
		PreviousUserID: r.text(v.get("previous_user_id"), "system.previous_user_id"),
		PreviousWAID:   r.text(v.get("customer"), "system.customer"),
	}
	s.WAID, s.UserID = r.party(v.get("wa_id"), v.get("user_id"), "system")
	if s.WAID == "" && !v.get("new_wa_id").absent() {
		s.WAID, _ = r.party(v.get("new_wa_id"), nil, "system.new_wa_id")
	}
	if s.PreviousWAID == "" && s.WAID != "" && s.WAID != m.From {
		s.PreviousWAID = m.From
	}
	if s.PreviousUserID == "" && s.UserID != "" && s.UserID != m.FromUserID {
		s.PreviousUserID = m.FromUserID
	}
	return s
}

// edit reads the new content. An edit within an edit means nothing and ends the
// recursion.
func (r *reader) edit(v value, m *Message) Edit {
	edit := Edit{OriginalID: r.need(v.get("original_message_id"), "edit.original_message_id")}
	message := r.required(v.get("message"), "edit.message")
	announced := r.need(message.get("type"), "edit.message.type")
	if Type(announced) == TypeEdit {
		r.fail("edit.message.type")
		return edit
	}
	edit.Type, edit.Content = r.content(message, announced, m)
	return edit
}

// errors reads the errors Meta attaches to a message or status.
func (r *reader) errors(v value, field string) []*Error {
	if v.absent() {
		return nil
	}
	var all []*Error
	for member := range r.list(v, field) {
		e, ok := decodeError(member)
		if !ok {
			r.fail(field)
			continue
		}
		all = append(all, e)
	}
	return all
}

// decodeError reads one error, in a webhook or in Graph's answer. It is one only
// if it has a code; the rest is decoration and may be missing or misshapen.
func decodeError(v value) (*Error, bool) {
	e := &Error{}
	e.Title, _ = v.get("title").text()
	if e.Title == "" {
		e.Title, _ = v.get("error_user_title").text()
	}
	e.Type, _ = v.get("type").text()
	e.Details, _ = v.get("error_data").get("details").text()
	e.FBTraceID, _ = v.get("fbtrace_id").text()
	e.Transient = v.get("is_transient").kind() == kindTrue
	e.Subcode, _ = integer(v.get("error_subcode"))
	var ok bool
	e.Code, ok = integer(v.get("code"))
	return e, ok
}

func integer(v value) (int, bool) {
	literal, ok := v.number()
	n, err := strconv.ParseInt(literal.String(), 10, 32)
	return int(n), ok && err == nil
}
