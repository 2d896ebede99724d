package whatsapptest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// SentMessage is a message Graph has accepted, or is about to.
type SentMessage struct {
	// ID is the message id it was accepted under; empty before.
	ID            string
	At            time.Time
	PhoneNumberID string
	// To is the number addressed, without "+"; Recipient is the user id addressed.
	To        string
	Recipient string
	// Type is "text", "image", "video", "audio", "document", "sticker", "location",
	// "contacts", "reaction" or "template", or an interactive message's own type:
	// "button", "list", "cta_url", "location_request_message", "carousel" or "flow".
	Type string
	// Text is the body, or the caption, of any type but a template, which is known
	// by its name and the values of its parameters: Parameters in their order, or
	// Named by name.
	Text           string
	Template       string
	Language       string
	Parameters     []string
	Named          map[string]string
	TemplateValues []TemplateValue
	// Header is a header's text, or a template header's value; Media is a
	// header's file, or that of an image, video, audio, document or sticker.
	Header     string
	Media      *Media
	Footer     string
	Buttons    []whatsapp.Button
	ListButton string
	// Rows are a list's rows, of all sections.
	Rows []whatsapp.Row
	// Label and URL are of a button that opens an address.
	Label string
	URL   string
	Cards []Card
	Flow  *SentFlow
	// Location is a location, or that of a template's header.
	Location *whatsapp.LocationMessage
	Contacts []whatsapp.Contact
	Reaction *Reaction
	ReplyTo  string
	Opaque   string
	// Raw is the request's body.
	Raw json.RawMessage
}

// Media is a file of a message, by its id or its address.
type Media struct {
	// Type is "image", "video", "audio", "document" or "sticker".
	Type     string
	ID       string
	Link     string
	Filename string
	Voice    bool
}

// Card is one card of a carousel.
type Card struct {
	Media Media
	Text  string
	Label string
	URL   string
}

// Reaction is an emoji put on a message; an empty one takes it off.
type Reaction struct {
	MessageID string
	Emoji     string
}

// TemplateValue is what a message gives to one of its template's buttons: Kind
// is Graph's sub_type, Value a payload, the end of an address, a code or a token.
type TemplateValue struct {
	Index int
	Kind  string
	Value string
}

// Person is the recipient, by whichever identifier was given.
func (m SentMessage) Person() string { return or(m.To, m.Recipient) }

// wireRequest is everything Graph takes on /messages that this server knows. It
// is written apart from the client's own types, so that a mistake in one of
// them does not hide in the other.
type wireRequest struct {
	Product       string           `json:"messaging_product"`
	RecipientType string           `json:"recipient_type"`
	To            string           `json:"to"`
	Recipient     string           `json:"recipient"`
	Type          string           `json:"type"`
	Context       *wireContext     `json:"context"`
	Opaque        string           `json:"biz_opaque_callback_data"`
	Text          *wireText        `json:"text"`
	Image         *wireMedia       `json:"image"`
	Video         *wireMedia       `json:"video"`
	Audio         *wireMedia       `json:"audio"`
	Document      *wireMedia       `json:"document"`
	Sticker       *wireMedia       `json:"sticker"`
	Location      *wireLocation    `json:"location"`
	Contacts      []wireContact    `json:"contacts"`
	Reaction      *wireReaction    `json:"reaction"`
	Interactive   *wireInteractive `json:"interactive"`
	Template      *wireTemplate    `json:"template"`

	Status    string      `json:"status"`
	MessageID string      `json:"message_id"`
	Typing    *wireTyping `json:"typing_indicator"`
}

type wireContext struct {
	MessageID string `json:"message_id"`
}

type wireTyping struct {
	Type string `json:"type"`
}

type wireText struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

type wireInteractive struct {
	Type   string      `json:"type"`
	Header *wireHeader `json:"header"`
	Body   *wireBody   `json:"body"`
	Footer *wireBody   `json:"footer"`
	Action *wireAction `json:"action"`
}

type wireHeader struct {
	Type     string     `json:"type"`
	Text     string     `json:"text"`
	Image    *wireMedia `json:"image"`
	Video    *wireMedia `json:"video"`
	Document *wireMedia `json:"document"`
}

type wireBody struct {
	Text string `json:"text"`
}

// wireAction is what a message offers to do; its parameters differ with its
// name.
type wireAction struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
	Buttons    []struct {
		Type  string `json:"type"`
		Reply struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		} `json:"reply"`
	} `json:"buttons"`
	Button   string `json:"button"`
	Sections []struct {
		Title string `json:"title"`
		Rows  []struct {
			ID          string `json:"id"`
			Title       string `json:"title"`
			Description string `json:"description"`
		} `json:"rows"`
	} `json:"sections"`
	Cards []wireCard `json:"cards"`
}

// refusal is an answer that is not an acceptance.
type refusal struct {
	status     int
	code       int
	subcode    int
	details    string
	transient  bool
	retryAfter time.Duration
	proxy      bool // answer without Graph's JSON
}

func refuse(code int, details string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, details: fmt.Sprintf(details, args...)}
}

func (r *refusal) write(w http.ResponseWriter) {
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.retryAfter.Seconds())))
	}
	if r.proxy {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "<html><body>Sorry, something went wrong.</body></html>")
		return
	}
	failure := object{
		"message":    fmt.Sprintf("(#%d) %s", r.code, or(r.details, "Request refused")),
		"type":       "OAuthException",
		"code":       r.code,
		"error_data": object{"messaging_product": "whatsapp", "details": r.details},
		"fbtrace_id": "A" + rand.Text()[:22],
	}
	if r.subcode != 0 {
		failure["error_subcode"] = r.subcode
	}
	if r.transient {
		failure["is_transient"] = true
	}
	writeJSON(w, r.status, object{"error": failure})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(encode(v))
}

// decodeRequest reads a request's body with Graph's strictness.
func decodeRequest(body []byte) (wireRequest, *refusal) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var w wireRequest
	if err := decoder.Decode(&w); err != nil || decoder.More() {
		return w, refuse(100, "Invalid parameter")
	}
	if w.Product != "whatsapp" {
		return w, refuse(100, "The parameter messaging_product is required.")
	}
	return w, nil
}

var (
	numberPattern = regexp.MustCompile(`^\+[0-9]{7,15}$`)
	userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.([A-Z]+\.)?[A-Za-z0-9]{1,128}$`)
)

func (w wireRequest) checkRead() *refusal {
	switch {
	case w.Status != "read":
		return refuse(131009, "Parameter value is not valid: status")
	case !strings.HasPrefix(w.MessageID, "wamid."):
		return refuse(131009, "Parameter value is not valid: message_id")
	case w.Typing != nil && w.Typing.Type != "text":
		return refuse(131009, "Parameter value is not valid: typing_indicator")
	}
	return nil
}

// members counts the members that carry content.
func (w wireRequest) members() int {
	n := 0
	for _, there := range []bool{
		w.Text != nil, w.Image != nil, w.Video != nil, w.Audio != nil, w.Document != nil, w.Sticker != nil,
		w.Location != nil, w.Contacts != nil, w.Reaction != nil, w.Interactive != nil, w.Template != nil,
	} {
		if there {
			n++
		}
	}
	return n
}

// message checks a send against Meta's limits, and a template against those
// that are known, and returns what it says.
func (w wireRequest) message(known []whatsapp.TemplateSpec) (SentMessage, *refusal) {
	m := SentMessage{Recipient: w.Recipient, Opaque: w.Opaque}
	if w.Context != nil {
		m.ReplyTo = w.Context.MessageID
	}
	switch {
	case w.RecipientType != "" && w.RecipientType != "individual":
		return m, refuse(131009, "Parameter value is not valid: recipient_type")
	case w.To == "" && w.Recipient == "":
		return m, refuse(131008, "Required parameter is missing: to")
	case w.To != "" && !numberPattern.MatchString(w.To):
		return m, refuse(131009, "Parameter value is not valid: to")
	case w.To == "" && !userIDPattern.MatchString(w.Recipient):
		return m, refuse(131009, "Parameter value is not valid: recipient")
	case w.Context != nil && w.Context.MessageID == "":
		return m, refuse(131008, "Required parameter is missing: context.message_id")
	case w.Context != nil && w.Type == "reaction":
		return m, refuse(131009, "Parameter value is not valid: context")
	case w.members() > 1:
		return m, refuse(100, "Param type must be of one kind only.")
	case utf8.RuneCountInString(w.Opaque) > 512:
		return m, refuse(100, "Param biz_opaque_callback_data must be at most 512 characters long.")
	}
	if w.To != "" { // wins over a user id
		m.To, m.Recipient = w.To[1:], ""
	}
	var bad *refusal
	switch w.Type {
	case "text":
		bad = m.text(w.Text)
	case "image":
		bad = m.media(w.Type, w.Image)
	case "video":
		bad = m.media(w.Type, w.Video)
	case "audio":
		bad = m.media(w.Type, w.Audio)
	case "document":
		bad = m.media(w.Type, w.Document)
	case "sticker":
		bad = m.media(w.Type, w.Sticker)
	case "location":
		bad = m.location(w.Location)
	case "contacts":
		bad = m.contacts(w.Contacts)
	case "reaction":
		bad = m.reaction(w.Reaction)
	case "interactive":
		bad = m.interactive(w.Interactive)
	case "template":
		bad = m.template(w.Template, known)
	default:
		bad = refuse(100, "Param type is not one that this server knows.")
	}
	return m, bad
}

func (m *SentMessage) text(t *wireText) *refusal {
	m.Type = "text"
	if t == nil {
		return refuse(131008, "Required parameter is missing: text")
	}
	m.Text = t.Body
	return limits(100, limit{"text['body']", t.Body, 1, 4096})
}

func (m *SentMessage) interactive(i *wireInteractive) *refusal {
	if i == nil || i.Body == nil || i.Action == nil {
		return refuse(131008, "Required parameter is missing: interactive")
	}
	m.Type, m.Text = i.Type, i.Body.Text
	if bad := limits(131009, limit{"interactive['body']['text']", i.Body.Text, 1, 1024}); bad != nil {
		return bad
	}
	if bare := i.Type == "location_request_message" || i.Type == "carousel"; bare && (i.Header != nil || i.Footer != nil) {
		return refuse(131009, "Parameter value is not valid: %s takes neither header nor footer", i.Type)
	}
	if bad := m.header(i); bad != nil {
		return bad
	}
	if i.Footer != nil {
		m.Footer = i.Footer.Text
		if bad := limits(131009, limit{"footer", m.Footer, 1, 60}); bad != nil {
			return bad
		}
	}
	switch i.Type {
	case "button":
		return m.buttons(i.Action)
	case "list":
		return m.list(i.Action)
	case "cta_url":
		link, bad := i.Action.link()
		m.Label, m.URL = link.DisplayText, link.URL
		return bad
	case "location_request_message":
		if i.Action.Name != "send_location" {
			return refuse(131009, "Parameter value is not valid: interactive['action']['name']")
		}
		return nil
	case "carousel":
		return m.carousel(i.Action)
	case "flow":
		return m.flow(i.Action)
	default:
		return refuse(131009, "Parameter value is not valid: interactive type")
	}
}

func (m *SentMessage) buttons(a *wireAction) *refusal {
	if n := len(a.Buttons); n < 1 || n > 3 || len(a.Sections) > 0 || a.Button != "" {
		return refuse(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range a.Buttons {
		if b.Type != "reply" {
			return refuse(131009, "Parameter value is not valid: button type")
		}
		if bad := limits(131009, limit{"button id", b.Reply.ID, 1, 256}, limit{"button title", b.Reply.Title, 1, 20}); bad != nil {
			return bad
		}
		if ids[b.Reply.ID] || titles[b.Reply.Title] {
			return refuse(131009, "Duplicated button")
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
		m.Buttons = append(m.Buttons, whatsapp.Button(b.Reply))
	}
	return nil
}

func (m *SentMessage) list(a *wireAction) *refusal {
	m.ListButton = a.Button
	if bad := limits(131009, limit{"list button", a.Button, 1, 20}); bad != nil {
		return bad
	}
	if n := len(a.Sections); n < 1 || n > 10 || len(a.Buttons) > 0 {
		return refuse(131009, "Invalid sections count")
	}
	ids := map[string]bool{}
	for _, s := range a.Sections {
		shortest := 0
		if len(a.Sections) > 1 {
			shortest = 1
		}
		if bad := limits(131009, limit{"section title", s.Title, shortest, 24}); bad != nil {
			return bad
		}
		if len(s.Rows) == 0 {
			return refuse(131009, "Section without rows")
		}
		for _, row := range s.Rows {
			bad := limits(131009, limit{"row id", row.ID, 1, 200}, limit{"row title", row.Title, 1, 24},
				limit{"row description", row.Description, 0, 72})
			if bad != nil {
				return bad
			}
			if ids[row.ID] {
				return refuse(131009, "Duplicated row id")
			}
			ids[row.ID] = true
			m.Rows = append(m.Rows, whatsapp.Row(row))
		}
	}
	if len(m.Rows) > 10 {
		return refuse(131009, "Total row count exceed max allowed count: 10")
	}
	return nil
}

type limit struct {
	param, text string
	min, max    int
}

func limits(code int, all ...limit) *refusal {
	for _, l := range all {
		if n := utf8.RuneCountInString(l.text); n < l.min || n > l.max {
			return refuse(code, "Param %s must be between %d and %d characters long.", l.param, l.min, l.max)
		}
	}
	return nil
}
