package openaitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Message is one message of a request.
type Message struct {
	Role string
	// Content is the text; of a message in parts, all its text parts, one to a
	// paragraph.
	Content string
	// Attached are its images and files, in their order.
	Attached []Attachment
}

// Attachment is an image or a file within a message.
type Attachment struct {
	// Data is a data URL. What [Server.Requests] remembers of it is its beginning.
	Data string
	// Detail is that of an image, Name that of a file.
	Detail, Name string
}

// maxRemembered bounds what is remembered of an attachment.
const maxRemembered = 64

// IsImage reports whether it is to be looked at, rather than read.
func (a Attachment) IsImage() bool { return strings.HasPrefix(a.Data, "data:image/") }

type wireMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// outMessage keeps the order of keys, and with it what is recorded on cassettes.
type outMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"`
}

type wirePart struct {
	Type  string     `json:"type"`
	Text  *string    `json:"text,omitempty"`
	Image *wireImage `json:"image_url,omitempty"`
	File  *wireFile  `json:"file,omitempty"`
}

type wireImage struct {
	URL    string `json:"url"`
	Detail string `json:"detail,omitempty"`
}

type wireFile struct {
	Data string `json:"file_data"`
	Name string `json:"filename"`
}

// MarshalJSON writes the message as OpenAI takes it.
func (m Message) MarshalJSON() ([]byte, error) {
	if len(m.Attached) == 0 {
		return []byte(encode(outMessage{m.Role, m.Content})), nil
	}
	parts := []wirePart{{Type: "text", Text: &m.Content}}
	for _, a := range m.Attached {
		if a.IsImage() {
			parts = append(parts, wirePart{Type: "image_url", Image: &wireImage{URL: a.Data, Detail: a.Detail}})
			continue
		}
		parts = append(parts, wirePart{Type: "file", File: &wireFile{Data: a.Data, Name: a.Name}})
	}
	return []byte(encode(outMessage{m.Role, parts})), nil
}

// UnmarshalJSON reads a message whose content is a text or a list of parts.
func (m *Message) UnmarshalJSON(body []byte) error {
	var w wireMessage
	if err := strictly(body, &w); err != nil {
		return err
	}
	*m = Message{Role: w.Role}
	if len(w.Content) == 0 || w.Content[0] != '[' {
		return json.Unmarshal(w.Content, &m.Content)
	}
	var parts []wirePart
	if err := strictly(w.Content, &parts); err != nil {
		return err
	}
	if len(parts) == 0 {
		return errors.New("content: must not be empty")
	}
	var texts []string
	for i, p := range parts {
		switch {
		case p.Type == "text" && p.Text != nil:
			texts = append(texts, *p.Text)
		case w.Role != "user":
			return fmt.Errorf("content[%d]: only a user sends images and files", i)
		case p.Type == "image_url" && p.Image != nil && isDataURL(p.Image.URL, "image/"):
			m.Attached = append(m.Attached, Attachment{Data: p.Image.URL, Detail: p.Image.Detail})
		case p.Type == "file" && p.File != nil && p.File.Name != "" && isDataURL(p.File.Data, "application/pdf"):
			m.Attached = append(m.Attached, Attachment{Data: p.File.Data, Name: p.File.Name})
		default:
			return fmt.Errorf("content[%d]: is no text, image or PDF as a data URL", i)
		}
	}
	m.Content = strings.Join(texts, "\n\n")
	return nil
}

func isDataURL(s, mime string) bool {
	rest, ok := strings.CutPrefix(s, "data:"+mime)
	_, data, based := strings.Cut(rest, ";base64,")
	return ok && based && data != ""
}

func strictly(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

// light is the request without the bytes of its files.
func (r Request) light() Request {
	messages := make([]Message, len(r.Messages))
	for i, m := range r.Messages {
		messages[i] = m
		messages[i].Attached = nil
		for _, a := range m.Attached {
			a.Data = a.Data[:min(len(a.Data), maxRemembered)]
			messages[i].Attached = append(messages[i].Attached, a)
		}
	}
	r.Messages = messages
	return r
}

// attachments counts what a lead sent along with the newest message.
func (r Request) attachments() int {
	if len(r.Messages) == 0 {
		return 0
	}
	return len(r.Messages[len(r.Messages)-1].Attached)
}
