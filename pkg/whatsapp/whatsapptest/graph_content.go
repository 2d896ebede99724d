package whatsapptest

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/pyloto/atende/pkg/whatsapp"
)

type wireMedia struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
}

type wireLocation struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name"`
	Address   string `json:"address"`
}

type wireContact struct {
	Name struct {
		FormattedName string `json:"formatted_name"`
		FirstName     string `json:"first_name"`
		LastName      string `json:"last_name"`
	} `json:"name"`
	Org struct {
		Company string `json:"company"`
		Title   string `json:"title"`
	} `json:"org"`
	Phones []struct {
		Phone string `json:"phone"`
		WAID  string `json:"wa_id"`
		Type  string `json:"type"`
	} `json:"phones"`
	Emails []struct {
		Email string `json:"email"`
	} `json:"emails"`
	URLs []struct {
		URL string `json:"url"`
	} `json:"urls"`
}

type wireReaction struct {
	MessageID string  `json:"message_id"`
	Emoji     *string `json:"emoji"`
}

func (m *SentMessage) media(kind string, w *wireMedia) *refusal {
	m.Type = kind
	media, bad := w.check(kind)
	if bad != nil {
		return bad
	}
	captioned := kind == "image" || kind == "video" || kind == "document"
	if !captioned && w.Caption != "" {
		return refuse(100, "Unexpected key \"caption\" on param \"%s\".", kind)
	}
	m.Media, m.Text = media, w.Caption
	return limits(131009, limit{"caption", w.Caption, 0, 1024})
}

// check reads a file of that kind: it has an id or an address, not both, and
// nothing that only other kinds have.
func (w *wireMedia) check(kind string) (*Media, *refusal) {
	switch {
	case w == nil:
		return nil, refuse(131008, "Required parameter is missing: %s", kind)
	case w.ID == "" && w.Link == "":
		return nil, refuse(131008, "Required parameter is missing: %s['id'] or %s['link']", kind, kind)
	case w.ID != "" && w.Link != "":
		return nil, refuse(131009, "Parameter value is not valid: %s has both id and link", kind)
	case w.Link != "" && !isAddress(w.Link):
		return nil, refuse(131009, "Parameter value is not valid: %s['link']", kind)
	case w.Filename != "" && kind != "document":
		return nil, refuse(100, "Unexpected key \"filename\" on param \"%s\".", kind)
	case w.Voice && kind != "audio":
		return nil, refuse(100, "Unexpected key \"voice\" on param \"%s\".", kind)
	}
	return &Media{Type: kind, ID: w.ID, Link: w.Link, Filename: w.Filename, Voice: w.Voice}, nil
}

func isAddress(s string) bool {
	at, err := url.Parse(s)
	return err == nil && (at.Scheme == "http" || at.Scheme == "https") && at.Host != "" && !strings.ContainsAny(s, " \n\t")
}

func (m *SentMessage) location(w *wireLocation) *refusal {
	m.Type = "location"
	place, bad := w.check()
	m.Location = place
	return bad
}

func (w *wireLocation) check() (*whatsapp.LocationMessage, *refusal) {
	if w == nil {
		return nil, refuse(131008, "Required parameter is missing: location")
	}
	latitude, err := strconv.ParseFloat(w.Latitude, 64)
	if err != nil || !(latitude >= -90 && latitude <= 90) {
		return nil, refuse(131009, "Parameter value is not valid: location['latitude']")
	}
	longitude, err := strconv.ParseFloat(w.Longitude, 64)
	if err != nil || !(longitude >= -180 && longitude <= 180) {
		return nil, refuse(131009, "Parameter value is not valid: location['longitude']")
	}
	return &whatsapp.LocationMessage{Latitude: latitude, Longitude: longitude, Name: w.Name, Address: w.Address}, nil
}

func (m *SentMessage) contacts(all []wireContact) *refusal {
	m.Type = "contacts"
	if n := len(all); n < 1 || n > 5 {
		return refuse(131009, "Invalid contacts count. Min allowed contacts: 1, Max allowed contacts: 5")
	}
	for _, w := range all {
		switch {
		case w.Name.FormattedName == "":
			return refuse(131008, "Required parameter is missing: contacts['name']['formatted_name']")
		case w.Name.FirstName == "" && w.Name.LastName == "":
			return refuse(131009, "Parameter value is not valid: contacts['name'] needs one more part")
		}
		card := whatsapp.Contact{
			FormattedName: w.Name.FormattedName, FirstName: w.Name.FirstName, LastName: w.Name.LastName,
			Company: w.Org.Company, Title: w.Org.Title,
		}
		for _, number := range w.Phones {
			card.Phones = append(card.Phones, whatsapp.CardPhone(number))
		}
		for _, email := range w.Emails {
			card.Emails = append(card.Emails, email.Email)
		}
		for _, at := range w.URLs {
			card.URLs = append(card.URLs, at.URL)
		}
		m.Contacts = append(m.Contacts, card)
	}
	return nil
}

func (m *SentMessage) reaction(w *wireReaction) *refusal {
	m.Type = "reaction"
	switch {
	case w == nil || w.Emoji == nil:
		return refuse(131008, "Required parameter is missing: reaction")
	case !strings.HasPrefix(w.MessageID, "wamid."):
		return refuse(131009, "Parameter value is not valid: reaction['message_id']")
	case strings.ContainsAny(*w.Emoji, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "):
		return refuse(131009, "Parameter value is not valid: reaction['emoji']")
	}
	m.Reaction = &Reaction{MessageID: w.MessageID, Emoji: *w.Emoji}
	return nil
}
