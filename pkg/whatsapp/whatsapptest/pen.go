package whatsapptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// The business that a Pen and a Server speak for unless told otherwise.
const (
	DefaultPhoneNumberID      = "733000000000009"
	DefaultDisplayPhoneNumber = "552140000777"
	DefaultAccountID          = "644000000000003"
)

// maxReply bounds what is read of a webhook's answer.
const maxReply = 1 << 20

// Pen writes webhooks as Meta does. Its zero value works, but for signing.
//
// Wherever a person is named by one string, digits are a phone number and
// anything else is a business-scoped user id, for people without a visible
// number. Each message gets an id of its own.
type Pen struct {
	AppSecret          []byte
	PhoneNumberID      string
	DisplayPhoneNumber string
	AccountID          string
	// Now dates the messages; nil means time.Now.
	Now func() time.Time
}

// Text is a text message.
func (p Pen) Text(from, name, text string) []byte {
	return p.Message(from, name, map[string]any{"type": "text", "text": object{"body": text}})
}

// ButtonReply is a tap on a reply button of the message replyTo.
func (p Pen) ButtonReply(from, name, replyTo, id, title string) []byte {
	return p.Message(from, name, map[string]any{
		"type":        "interactive",
		"context":     p.quote(replyTo),
		"interactive": object{"type": "button_reply", "button_reply": object{"id": id, "title": title}},
	})
}

// ListReply is a tap on a list's row of the message replyTo.
func (p Pen) ListReply(from, name, replyTo, id, title string) []byte {
	return p.Message(from, name, map[string]any{
		"type":        "interactive",
		"context":     p.quote(replyTo),
		"interactive": object{"type": "list_reply", "list_reply": object{"id": id, "title": title}},
	})
}

// QuickReply is a tap on a template's quick reply button.
func (p Pen) QuickReply(from, name, replyTo, payload, text string) []byte {
	return p.Message(from, name, map[string]any{
		"type":    "button",
		"context": p.quote(replyTo),
		"button":  object{"payload": payload, "text": text},
	})
}

// Media is an image, video, audio, document or sticker.
func (p Pen) Media(from, name string, kind whatsapp.Type, m whatsapp.Media) []byte {
	body := object{"id": m.ID, "mime_type": m.MIMEType, "sha256": m.SHA256}
	for key, text := range map[string]string{"caption": m.Caption, "filename": m.Filename, "url": m.URL} {
		if text != "" {
			body[key] = text
		}
	}
	if kind == whatsapp.TypeAudio {
		body["voice"] = m.Voice
	}
	if kind == whatsapp.TypeSticker {
		body["animated"] = m.Animated
	}
	return p.Message(from, name, map[string]any{"type": string(kind), string(kind): body})
}

// Location is a point on the map.
func (p Pen) Location(from, name string, latitude, longitude float64) []byte {
	return p.Message(from, name, map[string]any{
		"type":     "location",
		"location": object{"latitude": latitude, "longitude": longitude},
	})
}

// Reaction puts an emoji on a message; an empty one takes it off.
func (p Pen) Reaction(from, name, messageID, emoji string) []byte {
	body := object{"message_id": messageID}
	if emoji != "" {
		body["emoji"] = emoji
	}
	return p.Message(from, name, map[string]any{"type": "reaction", "reaction": body})
}

// Message is a message of any shape, right or wrong: fields are laid over the
// usual ones (id, from or from_user_id, timestamp), and a nil value takes a
// field away.
func (p Pen) Message(from, name string, fields map[string]any) []byte {
	message := object{"id": MessageID(from), "timestamp": p.timestamp()}
	contact := object{}
	if isNumber(from) {
		message["from"], contact["wa_id"] = from, from
	} else {
		message["from_user_id"], contact["user_id"] = from, from
	}
	if name != "" {
		contact["profile"] = object{"name": name}
	}
	for key, field := range fields {
		if field == nil {
			delete(message, key)
			continue
		}
		message[key] = field
	}
	return p.Change("messages", map[string]any{"contacts": []any{contact}, "messages": []any{message}})
}

// Echo is a text the business wrote to a person in its phone app.
func (p Pen) Echo(to, text string) []byte {
	message := object{
		"id": MessageID(to), "timestamp": p.timestamp(), "from": p.displayNumber(),
		"type": "text", "text": object{"body": text},
	}
	if isNumber(to) {
		message["to"] = to
	} else {
		message["to_user_id"] = to
	}
	return p.Change("smb_message_echoes", map[string]any{"message_echoes": []any{message}})
}

// Status is one step of a message the business sent to a person. code is Meta's
// error code for a failed one, otherwise zero.
func (p Pen) Status(to, messageID string, state whatsapp.State, opaque string, code int) []byte {
	status := object{"id": messageID, "status": string(state), "timestamp": p.timestamp()}
	contact := object{}
	if isNumber(to) {
		status["recipient_id"], contact["wa_id"] = to, to
	} else {
		status["recipient_user_id"], contact["user_id"] = to, to
	}
	if opaque != "" {
		status["biz_opaque_callback_data"] = opaque
	}
	value := map[string]any{"statuses": []any{status}}
	switch state {
	case whatsapp.StateFailed:
		status["errors"] = []any{object{"code": code, "title": "Message failed", "message": "Message failed"}}
	case whatsapp.StateSent, whatsapp.StateDelivered:
		status["pricing"] = object{"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"}
		fallthrough
	default:
		value["contacts"] = []any{contact}
	}
	return p.Change("messages", value)
}

// Failure is an error that belongs to no message.
func (p Pen) Failure(code int) []byte {
	return p.Change("messages", map[string]any{"errors": []any{object{"code": code, "title": "Failure"}}})
}

// Change is a webhook with one change of any field. messaging_product and
// metadata are added to value unless it has them.
func (p Pen) Change(field string, value map[string]any) []byte {
	full := object{
		"messaging_product": "whatsapp",
		"metadata": object{
			"display_phone_number": p.displayNumber(),
			"phone_number_id":      or(p.PhoneNumberID, DefaultPhoneNumberID),
		},
	}
	maps.Copy(full, value)
	return encode(object{
		"object": "whatsapp_business_account",
		"entry": []any{object{
			"id":      or(p.AccountID, DefaultAccountID),
			"changes": []any{object{"field": field, "value": full}},
		}},
	})
}

// Request is a POST of body as Meta makes it, signed. It panics on a malformed
// address.
func (p Pen) Request(ctx context.Context, url string, body []byte) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		panic(fmt.Sprintf("whatsapptest: build request: %v", err))
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "facebookexternalua")
	r.Header.Set(whatsapp.SignatureHeader, whatsapp.Sign(body, p.AppSecret))
	return r
}

// Post sends body signed and returns the answer's status and body. A nil client
// means http.DefaultClient.
func (p Pen) Post(ctx context.Context, client *http.Client, url string, body []byte) (int, []byte, error) {
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(p.Request(ctx, url, body))
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	return response.StatusCode, answer, err
}

func (p Pen) quote(id string) object { return object{"from": p.displayNumber(), "id": id} }

func (p Pen) displayNumber() string { return or(p.DisplayPhoneNumber, DefaultDisplayPhoneNumber) }

func (p Pen) timestamp() string {
	now := p.Now
	if now == nil {
		now = time.Now
	}
	return strconv.FormatInt(now().Unix(), 10)
}

// Batch puts the changes of several webhooks into one, as Meta does under load:
// elements of the same field and number end up in one array. It panics on a
// body that no Pen wrote.
func Batch(bodies ...[]byte) []byte {
	var merged []*change
	for _, body := range bodies {
		var w struct {
			Object string `json:"object"`
			Entry  []struct {
				ID      string    `json:"id"`
				Changes []*change `json:"changes"`
			} `json:"entry"`
		}
		if err := json.Unmarshal(body, &w); err != nil {
			panic(fmt.Sprintf("whatsapptest: batch: %v", err))
		}
		for _, entry := range w.Entry {
			for _, c := range entry.Changes {
				c.account = entry.ID
				i := slices.IndexFunc(merged, c.sameValue)
				if i < 0 {
					merged = append(merged, c)
					continue
				}
				merged[i].absorb(c)
			}
		}
	}
	var entries []any
	for _, c := range merged {
		for key, list := range c.lists {
			c.Value[key] = encode(list)
		}
		entries = append(entries, object{"id": c.account, "changes": []any{c}})
	}
	return encode(object{"object": "whatsapp_business_account", "entry": entries})
}

type change struct {
	account string
	Field   string                     `json:"field"`
	Value   map[string]json.RawMessage `json:"value"`
	// lists are the arrays that others were appended to.
	lists map[string][]json.RawMessage
}

func (c *change) sameValue(other *change) bool {
	return c.account == other.account && c.Field == other.Field &&
		bytes.Equal(c.Value["metadata"], other.Value["metadata"])
}

// absorb appends the other's arrays to its own.
func (c *change) absorb(other *change) {
	for key, added := range other.Value {
		var theirs []json.RawMessage
		if json.Unmarshal(added, &theirs) != nil {
			continue
		}
		ours, ok := c.lists[key]
		if own, there := c.Value[key]; !ok && there && json.Unmarshal(own, &ours) != nil {
			panic("whatsapptest: batch: " + key + " is an array in one body only")
		}
		if c.lists == nil {
			c.lists = make(map[string][]json.RawMessage)
		}
		c.lists[key] = append(ours, theirs...)
	}
}

// IDs returns the ids of a webhook's messages, echoes and statuses in order.
func IDs(body []byte) []string {
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range delivery.Elements {
		switch {
		case e.Message != nil:
			ids = append(ids, e.Message.ID)
		case e.Status != nil:
			ids = append(ids, e.Status.ID)
		}
	}
	return ids
}

// MessageID makes up a message id of the real kind, which hides the person's
// number in base64.
func MessageID(person string) string {
	var id bytes.Buffer
	id.WriteString("\x1c\x18")
	id.WriteRune(rune(min(len(person), 120))) // one byte, below 128
	id.WriteString(person[:min(len(person), 120)])
	id.WriteString("\x15\x02\x00\x12\x18\x1a")
	id.WriteString(rand.Text()) // 26 = 0x1a characters
	id.WriteByte(0)
	return "wamid." + base64.StdEncoding.EncodeToString(id.Bytes())
}

type object = map[string]any

func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("whatsapptest: encode: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
