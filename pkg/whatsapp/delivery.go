package whatsapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

// Why a body as a whole cannot be decoded. Once a body is past these, each of
// its elements stands for itself.
var (
	// ErrNotJSON: the bytes are not one JSON document.
	ErrNotJSON = errors.New("whatsapp: webhook is not JSON")
	// ErrShape: the document is not a webhook: no object, or no object name and
	// array of entries in it.
	ErrShape = errors.New("whatsapp: webhook has the wrong shape")
	// ErrTooMany: more than MaxElements elements.
	ErrTooMany = errors.New("whatsapp: webhook has too many elements")
)

// MaxElements bounds one webhook. Meta documents at most 1 000 updates.
const MaxElements = 2000

const accountObject = "whatsapp_business_account"

// Delivery is one webhook, taken apart.
type Delivery struct {
	// Object is what the webhook is about. Webhooks of other products of the
	// same app ("page", "instagram") have one KindUnknown element per entry.
	Object   string
	Elements []Element
}

// Kind tells what an element is.
type Kind string

// The kinds of element.
const (
	// KindMessage: Message is set.
	KindMessage Kind = "message"
	// KindStatus: Status is set.
	KindStatus Kind = "status"
	// KindEcho: Message is set, written by the business in its phone app, or by
	// another of its programs; Message.To and ToUserID name the person.
	KindEcho Kind = "echo"
	// KindError: Error is set; Meta reports a failure that belongs to no message.
	KindError Kind = "error"
	// KindAccount: a field this package knows and leaves to its reader: Raw holds
	// the value.
	KindAccount Kind = "account"
	// KindUnknown: a field, or an object, that this package has never heard of.
	KindUnknown Kind = "unknown"
	// KindUnreadable: an element of a known kind that cannot be used: Reason
	// names the field at fault.
	KindUnreadable Kind = "unreadable"
)

// Element is one update of a webhook.
type Element struct {
	Kind Kind
	// Field is the webhook field it came under, such as "messages".
	Field string
	// AccountID is the WhatsApp business account (entry[].id).
	AccountID string
	// PhoneNumberID is the business number concerned; empty for account-level
	// fields. It is the key to route by: DisplayPhoneNumber varies in form.
	PhoneNumberID      string
	DisplayPhoneNumber string

	Message *Message
	Status  *Status
	Error   *Error

	// Raw is the element as it came: the message, status or error itself, or the
	// field's whole value. It shares memory with the body.
	Raw json.RawMessage
	// Reason names the first field at fault in an unreadable element.
	Reason string
}

// Decode takes a webhook's body apart. It returns ErrNotJSON, ErrShape or
// ErrTooMany for a body that cannot be read at all.
//
// Elements come in the order of entries and changes; within one change messages
// come before statuses and errors, each in the order it was written. Keys are
// case-exact and the last of several equal keys wins. A message under a
// change without a phone number id cannot be routed and is unreadable.
//
// The result shares memory with body through Element.Raw only.
func Decode(body []byte) (Delivery, error) {
	root, ok := parse(body)
	if !ok {
		return Delivery{}, ErrNotJSON
	}
	parts := root.pick("object", "entry")
	object, ok := parts[0].text()
	entries := parts[1]
	if !ok || entries.kind() != kindArray {
		return Delivery{}, ErrShape
	}
	d := decoder{deep: bytes.Count(root, []byte{'['})+bytes.Count(root, []byte{'{'}) > maxElementDepth}
	for entry := range entries.elements() {
		if object == accountObject {
			d.entry(entry)
		} else {
			d.add(Element{Kind: KindUnknown, Field: object}, entry)
		}
		if len(d.elements) > MaxElements {
			return Delivery{}, ErrTooMany
		}
	}
	return Delivery{Object: object, Elements: d.elements}, nil
}

type decoder struct {
	elements []Element
	deep     bool // the body has brackets enough to nest too deeply
}

func (d *decoder) add(e Element, raw value) {
	e.Raw = json.RawMessage(raw)
	d.elements = append(d.elements, e)
}

func (d *decoder) unreadable(e Element, raw value, reason string) {
	e.Kind, e.Reason = KindUnreadable, reason
	d.add(e, raw)
}

func (d *decoder) entry(v value) {
	var e Element
	parts := v.pick("id", "changes")
	changes := parts[1]
	if v.kind() != kindObject || changes.kind() != kindArray {
		d.unreadable(e, v, "entry")
		return
	}
	e.AccountID, _ = parts[0].textOrDigits()
	for change := range changes.elements() {
		d.change(e, change)
		if len(d.elements) > MaxElements {
			return
		}
	}
}

func (d *decoder) change(e Element, v value) {
	parts := v.pick("field", "value")
	field, ok := parts[0].text()
	if !ok {
		d.unreadable(e, v, "field")
		return
	}
	e.Field = field
	content := parts[1]
	switch {
	case field == "messages" || field == "smb_message_echoes":
		d.conversation(e, content, v)
		return
	case isKnownField(field):
		e.Kind = KindAccount
	default:
		e.Kind = KindUnknown
	}
	e.route(content.get("metadata"))
	d.add(e, content)
}

// route reads which number a value belongs to from its metadata.
func (e *Element) route(metadata value) {
	parts := metadata.pick("phone_number_id", "display_phone_number")
	e.PhoneNumberID, _ = parts[0].textOrDigits()
	e.DisplayPhoneNumber, _ = parts[1].textOrDigits()
}

// conversation reads a value that carries messages, statuses, errors or echoes.
func (d *decoder) conversation(e Element, v, change value) {
	if v.kind() != kindObject {
		d.unreadable(e, change, "value")
		return
	}
	parts := v.pick("metadata", "contacts", "messages", "message_echoes", "statuses", "errors")
	e.route(parts[0])
	messages, echoes, statuses, failures := parts[2], parts[3], parts[4], parts[5]
	if messages.absent() && echoes.absent() && statuses.absent() && failures.absent() {
		e.Kind = KindUnknown
		d.add(e, v)
		return
	}
	var people roster
	if !messages.absent() || !echoes.absent() {
		people = newRoster(parts[1])
	}
	for message := range d.list(e, messages, "messages") {
		d.message(e, message, &people, KindMessage)
	}
	for message := range d.list(e, echoes, "message_echoes") {
		d.message(e, message, &people, KindEcho)
	}
	for status := range d.list(e, statuses, "statuses") {
		d.status(e, status)
	}
	for failure := range d.list(e, failures, "errors") {
		d.failure(e, failure)
	}
}

// list yields the members of one of a value's arrays, up to the limit of a
// webhook. Something else in the array's place is itself one bad element.
func (d *decoder) list(e Element, v value, key string) iter.Seq[value] {
	if !v.absent() && v.kind() != kindArray {
		d.unreadable(e, v, key)
	}
	return func(yield func(value) bool) {
		for member := range v.elements() {
			if len(d.elements) > MaxElements || !yield(member) {
				return
			}
		}
	}
}

func (d *decoder) message(e Element, v value, people *roster, kind Kind) {
	m, fault := decodeMessage(v, kind == KindEcho, people, d.tooDeep(v))
	if fault == "" && e.PhoneNumberID == "" {
		fault = "metadata.phone_number_id"
	}
	if fault != "" {
		d.unreadable(e, v, fault)
		return
	}
	e.Kind, e.Message = kind, m
	d.add(e, v)
}

func (d *decoder) status(e Element, v value) {
	s, fault := decodeStatus(v)
	if fault == "" && e.PhoneNumberID == "" {
		fault = "metadata.phone_number_id"
	}
	if fault != "" {
		d.unreadable(e, v, fault)
		return
	}
	e.Kind, e.Status = KindStatus, s
	d.add(e, v)
}

func (d *decoder) failure(e Element, v value) {
	report, ok := decodeError(v)
	if !ok {
		d.unreadable(e, v, "code")
		return
	}
	e.Kind, e.Error = KindError, report
	d.add(e, v)
}

func (d *decoder) tooDeep(v value) bool { return d.deep && v.depth() > maxElementDepth }

// isKnownField recognises the webhook fields, beyond those that carry messages,
// which Meta documents and this package passes on unread. "standby" is one of
// them: its messages are being answered by Meta's own agent.
func isKnownField(field string) bool {
	switch field {
	case "account_alerts", "account_review_update", "account_update", "automatic_events",
		"business_capability_update", "business_username_update", "calls", "flows",
		"group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update",
		"history", "message_template_components_update", "message_template_quality_update",
		"message_template_status_update", "messaging_handovers", "partner_solutions",
		"payment_configuration_update", "phone_number_name_update", "phone_number_quality_update",
		"security", "smb_app_state_sync", "standby", "template_category_update", "user_preferences":
		return true
	}
	return false
}
