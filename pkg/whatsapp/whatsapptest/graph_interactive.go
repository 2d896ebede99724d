package whatsapptest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pyloto/atende/pkg/whatsapp"
)

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

type wireLink struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

type wireCard struct {
	Index  *int        `json:"card_index"`
	Type   string      `json:"type"`
	Header *wireHeader `json:"header"`
	Body   *wireBody   `json:"body"`
	Action *wireAction `json:"action"`
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
	default:
		return refuse(131009, "Parameter value is not valid: interactive type")
	}
}

func (m *SentMessage) header(i *wireInteractive) *refusal {
	h := i.Header
	switch {
	case h == nil:
		return nil
	case h.Type == "text":
		m.Header = h.Text
		return limits(131009, limit{"header", m.Header, 1, 60})
	case i.Type == "list":
		return refuse(131009, "Parameter value is not valid: header type of a list")
	}
	media, bad := h.media()
	m.Media = media
	return bad
}

// media reads a header that shows a file.
func (h *wireHeader) media() (*Media, *refusal) {
	var w *wireMedia
	switch h.Type {
	case "image":
		w = h.Image
	case "video":
		w = h.Video
	case "document":
		w = h.Document
	default:
		return nil, refuse(131009, "Parameter value is not valid: header type")
	}
	if w != nil && w.Caption != "" {
		return nil, refuse(100, "Unexpected key \"caption\" on param \"header\".")
	}
	return w.check(h.Type)
}

func (a *wireAction) link() (wireLink, *refusal) {
	var link wireLink
	decoder := json.NewDecoder(bytes.NewReader(a.Parameters))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&link); {
	case a.Name != "cta_url":
		return link, refuse(131009, "Parameter value is not valid: interactive['action']['name']")
	case err != nil:
		return link, refuse(100, "Invalid parameter")
	case !isAddress(link.URL):
		return link, refuse(131009, "Parameter value is not valid: interactive['action']['parameters']['url']")
	}
	return link, limits(131009, limit{"display_text", link.DisplayText, 1, 20}, limit{"url", link.URL, 1, 2000})
}

func (m *SentMessage) carousel(a *wireAction) *refusal {
	if n := len(a.Cards); n < 2 || n > 10 {
		return refuse(131009, "Invalid cards count. Min allowed cards: 2, Max allowed cards: 10")
	}
	for i, w := range a.Cards {
		if w.Index == nil || *w.Index != i || w.Type != "cta_url" || w.Header == nil || w.Action == nil {
			return refuse(131009, "Parameter value is not valid: card")
		}
		media, bad := w.Header.media()
		if bad != nil {
			return bad
		}
		if media.Type == "document" || len(m.Cards) > 0 && media.Type != m.Cards[0].Media.Type {
			return refuse(131009, "Parameter value is not valid: header type of a card")
		}
		card := Card{Media: *media}
		if w.Body != nil {
			card.Text = w.Body.Text
			if bad := limits(131009, limit{"card body", card.Text, 1, 160}); bad != nil {
				return bad
			}
			if strings.Count(card.Text, "\n") > 2 {
				return refuse(131009, "Parameter value is not valid: card body has too many lines")
			}
		}
		link, bad := w.Action.link()
		if bad != nil {
			return bad
		}
		card.Label, card.URL = link.DisplayText, link.URL
		m.Cards = append(m.Cards, card)
	}
	return nil
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
