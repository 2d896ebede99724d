package ingress

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// preferences are what people switched on or off about this business in
// WhatsApp. Each is mail to its person's conversation: whoever wants no
// advertising is not only counted.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
func (p *postman) preferences(e whatsapp.Element) {
	var value struct {
		Preferences []json.RawMessage `json:"user_preferences"`
	}
	if json.Unmarshal(e.Raw, &value) != nil || len(value.Preferences) == 0 || e.PhoneNumberID == "" {
		p.quarantine(e.Raw, "user_preferences", e.PhoneNumberID)
		return
	}
	for _, raw := range value.Preferences {
		if m, ok := preference(raw, e.PhoneNumberID, p.received); ok {
			p.post(m, raw)
		} else {
			p.quarantine(raw, "user_preferences", e.PhoneNumberID)
		}
	}
}

// preference is one of them as a system message. It has no id of Meta's: its
// own words are its name, so that a repeat is known as one.
func preference(raw json.RawMessage, number string, received time.Time) (conversation.Inbound, bool) {
	var v struct {
		WAID   string          `json:"wa_id"`
		UserID string          `json:"user_id"`
		Value  string          `json:"value"`
		At     json.RawMessage `json:"timestamp"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return conversation.Inbound{}, false
	}
	m := conversation.Inbound{
		Number: number, Kind: conversation.KindSystem, Type: "user_preferences", SentAt: received, ReceivedAt: received, Raw: raw,
	}
	if strings.Contains(v.WAID, ".") { // Such as BR.1234, in the older place.
		m.From.UserID = contact(v.WAID)
	} else {
		m.From.Phone = contact(strings.TrimPrefix(v.WAID, "+"))
	}
	if v.UserID != "" {
		m.From.UserID = contact(v.UserID)
	}
	switch v.Value {
	case "stop":
		m.Note = conversation.NoteMarketingStop
	case "resume":
		m.Note = conversation.NoteMarketingResume
	default:
		return conversation.Inbound{}, false
	}
	stamp := string(bytes.Trim(v.At, `"`))
	if seconds, err := strconv.ParseInt(stamp, 10, 64); err == nil && seconds > 0 {
		if at := time.Unix(seconds, 0).UTC(); at.Before(received) {
			m.SentAt = at
		}
	}
	m.WAMID = contact(strings.Join([]string{
		"user_preferences", m.From.UserID.Reveal(), m.From.Phone.Reveal(), v.Value, stamp,
	}, " "))
	return m, m.From.Known()
}
