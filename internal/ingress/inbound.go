package ingress

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// clockSkew is how far in the future Meta's time of a message may lie before
// our own clock is trusted more.
const clockSkew = 5 * time.Minute

func contact(s string) pii.Contact { return pii.Contact(s) }

// inbound is a WhatsApp message in our own form.
func inbound(e whatsapp.Element, received time.Time) conversation.Inbound {
	w := e.Message
	m := conversation.Inbound{
		WAMID:  contact(w.ID),
		Number: e.PhoneNumberID,
		From: conversation.Identity{
			Phone: contact(w.From), UserID: contact(w.FromUserID), Parent: contact(w.FromParentUserID),
			Name: pii.Text(w.Name), Username: pii.Text(w.Username),
		},
		Type:       string(w.Type),
		SentAt:     w.Timestamp,
		ReceivedAt: received,
	}
	if m.SentAt.IsZero() || m.SentAt.After(received.Add(clockSkew)) {
		m.SentAt = received
	}
	if w.Context != nil {
		m.ReplyTo, m.Product = contact(w.Context.ID), w.Context.ProductID
		m.Forwarded = w.Context.Forwarded || w.Context.FrequentlyForwarded
	}
	if r := w.Referral; r != nil {
		m.Ad = &conversation.Referral{
			Type: r.SourceType, ID: r.SourceID, URL: pii.Text(r.SourceURL),
			Headline: pii.Text(r.Headline), Body: pii.Text(r.Body), ClickID: contact(r.ClickID),
		}
	}
	content(&m, w.Content)
	if e.Kind == whatsapp.KindEcho {
		// An echo belongs to the conversation of the person it was written to. What
		// the business corrects or takes back there was its own.
		m.Kind = conversation.KindEcho
		m.From.Phone, m.From.UserID, m.From.Parent = contact(w.To), contact(w.ToUserID), ""
	}
	if m.Kind != conversation.KindText && m.Kind != conversation.KindTap {
		m.Raw = e.Raw
	}
	return m
}

// content fills in what the message holds.
func content(m *conversation.Inbound, c whatsapp.Content) {
	switch c := c.(type) {
	case whatsapp.Text:
		m.Kind, m.Text = conversation.KindText, pii.Text(c.Body)
	case whatsapp.ButtonReply:
		m.Kind, m.Text, m.TapID = conversation.KindTap, pii.Text(c.Title), c.ID
	case whatsapp.ListReply:
		m.Kind, m.Text, m.TapID = conversation.KindTap, pii.Text(c.Title), c.ID
	case whatsapp.QuickReply:
		m.Kind, m.Text, m.TapID = conversation.KindTap, pii.Text(c.Text), c.Payload
	case whatsapp.Media:
		m.Kind, m.Text = conversation.Kind(m.Type), pii.Text(c.Caption)
		m.Media = &conversation.Media{
			ID: c.ID, MIME: c.MIMEType, SHA256: c.SHA256, Filename: pii.Text(c.Filename), Voice: c.Voice,
		}
	case whatsapp.Location:
		m.Kind = conversation.KindLocation
		m.Place = &conversation.Place{
			Latitude: c.Latitude, Longitude: c.Longitude, Name: pii.Text(c.Name), Address: pii.Text(c.Address),
		}
		m.Text = pii.Text(place(c))
	case whatsapp.Contacts:
		m.Kind, m.Text = conversation.KindContacts, pii.Text(cards(c.Cards))
		if own := ownNumber(c.Cards); m.From.Phone == "" && own != "" {
			m.From.Phone = contact(own)
		}
	case whatsapp.Order:
		m.Kind, m.Text = conversation.KindOrder, pii.Text(cart(c))
	case whatsapp.FlowReply:
		m.Kind = conversation.KindFlow
		if isObject(c.Response) {
			m.Form = pii.Text(c.Response)
		} else {
			m.Note = "form"
		}
	case whatsapp.Reaction:
		m.Kind, m.ReplyTo, m.Text = conversation.KindReaction, contact(c.MessageID), pii.Text(c.Emoji)
	case whatsapp.System:
		m.Kind, m.Note = conversation.KindSystem, c.Type
		changed(m, c)
	case whatsapp.Edit:
		m.Kind, m.ReplyTo = conversation.KindEdit, contact(c.OriginalID)
		if text, ok := c.Content.(whatsapp.Text); ok {
			m.Text = pii.Text(text.Body)
		}
	case whatsapp.Revoke:
		m.Kind, m.ReplyTo = conversation.KindRevoke, contact(c.OriginalID)
	case whatsapp.Welcome:
		m.Kind, m.Note = conversation.KindSystem, "welcome"
	case whatsapp.Unsupported:
		m.Kind = conversation.KindUnsupported
		m.Note = strings.Trim(fmt.Sprintf("%s %s", c.Reason, c.Field), " ")
		if c.Type != "" {
			m.Type = c.Type
		}
	default:
		m.Kind, m.Note = conversation.KindUnsupported, "kind"
	}
}

// isObject reports whether a text is a JSON object: a form may send anything.
func isObject(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && json.Valid([]byte(text))
}

// changed makes of a notice who the person was and who they are now. A notice
// that names neither an older number nor an older user id is about something
// else, such as a new device.
func changed(m *conversation.Inbound, c whatsapp.System) {
	if c.PreviousWAID == "" && c.PreviousUserID == "" {
		return
	}
	m.Was = &conversation.Identity{Phone: contact(c.PreviousWAID), UserID: contact(c.PreviousUserID)}
	if c.PreviousWAID != "" {
		m.From.Phone = contact(c.WAID)
	}
	if c.PreviousUserID != "" || c.UserID != "" {
		m.From.UserID = contact(c.UserID)
	}
	if !m.From.Known() {
		// Meta said what is over and not what is now: only that is certain.
		m.From, m.Was = *m.Was, nil
	}
}

// oversized is what is left of a message that no task can carry: its ids, its
// beginning, and the hash of the whole.
func oversized(m conversation.Inbound, raw []byte) conversation.Inbound {
	sum := sha256.Sum256(raw)
	return conversation.Inbound{
		ID: m.ID, WAMID: m.WAMID, Number: m.Number, From: m.From, Was: m.Was,
		Kind: conversation.KindOversized, Type: m.Type, SentAt: m.SentAt, ReceivedAt: m.ReceivedAt,
		Note: fmt.Sprintf("%d bytes sha256 %s", len(raw), hex.EncodeToString(sum[:])),
		Raw:  raw[:min(len(raw), rawLimit)],
	}
}
