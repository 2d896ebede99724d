package whatsapptest

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// Write is a webhook with exactly this message: what [whatsapp.Decode] reads of
// it is m again. A message with To or ToUserID is an echo. Of Unsupported it can
// write what Meta itself calls so ([whatsapp.ReasonPlatform]), and of Errors the
// code, title and details. It panics on content that no webhook carries.
func (p Pen) Write(m whatsapp.Message) []byte {
	message := object{"id": m.ID, "timestamp": strconv.FormatInt(m.Timestamp.Unix(), 10), "type": string(m.Type)}
	maps.Copy(message, content(m.Content, m.Type))
	person := object{}
	if m.Name != "" || m.Username != "" {
		person["profile"] = written("name", m.Name, "username", m.Username)
	}
	maps.Copy(message, written("from", m.From, "from_user_id", m.FromUserID, "from_parent_user_id", m.FromParentUserID,
		"to", m.To, "to_user_id", m.ToUserID, "group_id", m.GroupID))
	if m.Context != nil {
		message["context"] = quoted(*m.Context)
	}
	if m.Referral != nil {
		message["referral"] = referred(*m.Referral)
	}
	var failures []any
	for _, e := range m.Errors {
		failures = append(failures, object{"code": e.Code, "title": e.Title, "error_data": object{"details": e.Details}})
	}
	if failures != nil {
		message["errors"] = failures
	}
	if m.To != "" || m.ToUserID != "" {
		maps.Copy(person, written("wa_id", m.To, "user_id", m.ToUserID))
		return p.Change("smb_message_echoes", map[string]any{"contacts": []any{person}, "message_echoes": []any{message}})
	}
	maps.Copy(person, written("wa_id", m.From, "user_id", m.FromUserID))
	return p.Change("messages", map[string]any{"contacts": []any{person}, "messages": []any{message}})
}

// written is an object of the texts that are not empty, given as keys and texts
// in turn.
func written(pairs ...string) object {
	fields := object{}
	for ; len(pairs) >= 2; pairs = pairs[2:] {
		if pairs[1] != "" {
			fields[pairs[0]] = pairs[1]
		}
	}
	return fields
}

func quoted(c whatsapp.Context) object {
	fields := written("from", c.From, "id", c.ID)
	if c.Forwarded {
		fields["forwarded"] = true
	}
	if c.FrequentlyForwarded {
		fields["frequently_forwarded"] = true
	}
	if c.CatalogID != "" || c.ProductID != "" {
		fields["referred_product"] = written("catalog_id", c.CatalogID, "product_retailer_id", c.ProductID)
	}
	return fields
}

func referred(r whatsapp.Referral) object {
	fields := written("source_type", r.SourceType, "source_id", r.SourceID, "source_url", r.SourceURL,
		"headline", r.Headline, "body", r.Body, "media_type", r.MediaType, "image_url", r.ImageURL,
		"video_url", r.VideoURL, "thumbnail_url", r.ThumbnailURL, "ctwa_clid", r.ClickID)
	if r.WelcomeText != "" {
		fields["welcome_message"] = object{"text": r.WelcomeText}
	}
	return fields
}

// content is the member that a message of that type has, under its key.
func content(c whatsapp.Content, kind whatsapp.Type) object {
	switch c := c.(type) {
	case whatsapp.Text:
		return object{"text": object{"body": c.Body}}
	case whatsapp.Media:
		fields := written("id", c.ID, "mime_type", c.MIMEType, "sha256", c.SHA256, "caption", c.Caption, "filename", c.Filename, "url", c.URL)
		if c.Voice {
			fields["voice"] = true
		}
		if c.Animated {
			fields["animated"] = true
		}
		return object{string(kind): fields}
	case whatsapp.Location:
		fields := written("name", c.Name, "address", c.Address, "url", c.URL)
		fields["latitude"], fields["longitude"] = c.Latitude, c.Longitude
		return object{"location": fields}
	case whatsapp.Contacts:
		return object{"contacts": cards(c.Cards)}
	case whatsapp.ButtonReply:
		return object{"interactive": object{"type": "button_reply", "button_reply": object{"id": c.ID, "title": c.Title}}}
	case whatsapp.ListReply:
		return object{"interactive": object{"type": "list_reply", "list_reply": written("id", c.ID, "title", c.Title, "description", c.Description)}}
	case whatsapp.FlowReply:
		return object{"interactive": object{"type": "nfm_reply", "nfm_reply": written("name", c.Name, "body", c.Body, "response_json", c.Response)}}
	case whatsapp.QuickReply:
		return object{"button": written("payload", c.Payload, "text", c.Text)}
	case whatsapp.Order:
		return object{"order": order(c)}
	case whatsapp.Reaction:
		return object{"reaction": written("message_id", c.MessageID, "emoji", c.Emoji)}
	case whatsapp.System:
		return object{"system": written("type", c.Type, "body", c.Body, "wa_id", c.WAID, "user_id", c.UserID,
			"customer", c.PreviousWAID, "previous_user_id", c.PreviousUserID)}
	case whatsapp.Edit:
		message := content(c.Content, c.Type)
		message["type"] = string(c.Type)
		return object{"edit": object{"original_message_id": c.OriginalID, "message": message}}
	case whatsapp.Revoke:
		return object{"revoke": object{"original_message_id": c.OriginalID}}
	case whatsapp.Welcome:
		return object{}
	case whatsapp.Unsupported:
		return object{"unsupported": object{"type": c.Type}}
	default:
		panic(fmt.Sprintf("whatsapptest: write: no webhook carries a %T", c))
	}
}

func cards(all []whatsapp.Card) []any {
	fields := []any{}
	for _, c := range all {
		card := written("origin", c.Origin, "vcard", c.VCard)
		card["name"] = written("formatted_name", c.FormattedName, "first_name", c.FirstName, "last_name", c.LastName)
		var phones, emails []any
		for _, number := range c.Phones {
			phones = append(phones, written("phone", number.Phone, "wa_id", number.WAID, "type", number.Type))
		}
		for _, email := range c.Emails {
			emails = append(emails, object{"email": email})
		}
		if phones != nil {
			card["phones"] = phones
		}
		if emails != nil {
			card["emails"] = emails
		}
		fields = append(fields, card)
	}
	return fields
}

func order(c whatsapp.Order) object {
	fields := written("catalog_id", c.CatalogID, "text", c.Text)
	var items []any
	for _, item := range c.Items {
		line := written("product_retailer_id", item.ProductID, "currency", item.Currency)
		line["quantity"], line["item_price"] = item.Quantity, item.Price
		items = append(items, line)
	}
	if items != nil {
		fields["product_items"] = items
	}
	return fields
}
