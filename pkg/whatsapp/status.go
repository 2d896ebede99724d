package whatsapp

import (
	"slices"
	"time"
)

// State is how far an outgoing message has come.
type State string

// The states Meta documents. A value outside this list is kept as it came.
const (
	// StateAccepted is what Send's answer means. No webhook says it.
	StateAccepted  State = "accepted"
	StateSent      State = "sent"
	StateDelivered State = "delivered"
	StateRead      State = "read"
	StatePlayed    State = "played"
	StateFailed    State = "failed"
	StateDeleted   State = "deleted"
	StateWarning   State = "warning"
)

// Later is which of two states of one message stands, in whatever order they were
// heard of: accepted, sent, delivered, read, played. A failure replaces what was
// accepted or sent and nothing further, for what was delivered did not fail. A
// state outside this order never replaces one in it.
func Later(a, b State) State {
	order := []State{StateAccepted, StateSent, StateFailed, StateDelivered, StateRead, StatePlayed}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// Status is one step of an outgoing message. Statuses are repeated, come late
// and out of order, and "delivered" may never come when "read" does.
type Status struct {
	// ID is the message's id, as Send returned it.
	ID    string
	State State
	// Timestamp is zero when it could not be read.
	Timestamp time.Time
	// RecipientID is the recipient's phone number, or the group's id when
	// RecipientType is "group"; it is empty for people without a visible number.
	RecipientID       string
	RecipientUserID   string
	RecipientType     string
	ParticipantID     string
	ParticipantUserID string
	// Opaque is what the sender of the message attached to it.
	Opaque  string
	Pricing *Pricing
	Errors  []*Error
	// Unreadable names the first field, beyond ID and State, that had the wrong
	// shape and was left empty. The receipt itself stands.
	Unreadable string
}

// Pricing is what Meta says a message costs, without an amount.
type Pricing struct {
	Billable bool
	Model    string
	Type     string
	Category string
}

func decodeStatus(v value) (*Status, string) {
	if v.kind() != kindObject {
		return nil, "status"
	}
	var s Status
	var r reader
	var ok bool
	if s.ID, ok = identifier(v.get("id")); !ok {
		return nil, "id"
	}
	state, ok := identifier(v.get("status"))
	if !ok {
		return nil, "status"
	}
	s.State = State(state)
	s.Timestamp = r.time(v.get("timestamp"), "timestamp")
	s.RecipientType = r.text(v.get("recipient_type"), "recipient_type")
	s.RecipientUserID = r.text(v.get("recipient_user_id"), "recipient_user_id")
	s.RecipientID, s.RecipientUserID = r.recipient(v.get("recipient_id"), s.RecipientUserID, "recipient_id")
	s.ParticipantUserID = r.text(v.get("recipient_participant_user_id"), "recipient_participant_user_id")
	s.ParticipantID, s.ParticipantUserID = r.recipient(v.get("recipient_participant_id"), s.ParticipantUserID, "recipient_participant_id")
	s.Opaque = r.text(v.get("biz_opaque_callback_data"), "biz_opaque_callback_data")
	if pricing := r.object(v.get("pricing"), "pricing"); !pricing.absent() {
		s.Pricing = &Pricing{
			Billable: r.flag(pricing.get("billable"), "pricing.billable"),
			Model:    r.text(pricing.get("pricing_model"), "pricing.pricing_model"),
			Type:     r.text(pricing.get("type"), "pricing.type"),
			Category: r.text(pricing.get("category"), "pricing.category"),
		}
	}
	s.Errors = r.errors(v.get("errors"), "errors")
	s.Unreadable = r.bad
	return &s, ""
}

// recipient moves a user id out of the field of the number, where transitional
// payloads put it. Group ids stay as they are.
func (r *reader) recipient(v value, userID, field string) (string, string) {
	if v.absent() {
		return "", userID
	}
	id, ok := v.textOrDigits()
	if !ok {
		r.fail(field)
		return "", userID
	}
	if !isUserID(id) {
		return id, userID
	}
	if userID == "" {
		userID = id
	}
	return "", userID
}
