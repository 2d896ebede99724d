package whatsapptest

import (
	"bytes"
	"encoding/json"
	"strings"
)

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
