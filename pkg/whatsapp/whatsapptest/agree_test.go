package whatsapptest_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// long is text of about a limit: nothing, a word, the limit itself, one more.
func (d dice) long(limit int) string {
	n := []int{0, 1, 5, limit, limit, limit + 1}[d.IntN(6)]
	piece := []string{"ç", "a", "👍🏽", "a ", "日", "a\n"}[d.IntN(6)]
	text := []rune(strings.Repeat(piece, n))
	return string(text[:min(n, len(text))])
}

func (d dice) source() whatsapp.MediaSource {
	return []whatsapp.MediaSource{photo, page, photo, page, whatsapp.MediaID(""), whatsapp.MediaLink("a b"), nil}[d.IntN(7)]
}

func (d dice) address() string {
	return []string{"https://flor.example/a?b=c", "http://flor.example", "https://flor.example/ç", "flor.example", ""}[d.IntN(5)]
}

func (d dice) header() whatsapp.Header {
	switch d.IntN(5) {
	case 0:
		return whatsapp.HeaderText(d.long(whatsapp.MaxHeader))
	case 1:
		return whatsapp.HeaderImage{Source: d.source()}
	case 2:
		return whatsapp.HeaderVideo{Source: d.source()}
	case 3:
		return whatsapp.HeaderDocument{Source: d.source(), Filename: d.long(20)}
	}
	return nil
}

// outgoing is one of the kinds that can be sent, by its place, good or bad.
func (d dice) outgoing(kind int) whatsapp.Outgoing {
	degrees := func() float64 { return 400*d.Float64() - 200 }
	emoji := []string{"👍", "❤️", "🇧🇷", "", "ok", "👍👍"}[d.IntN(6)]
	switch kind {
	case 0:
		return whatsapp.TextMessage{Body: d.long(whatsapp.MaxText), PreviewURL: d.flip()}
	case 1:
		return whatsapp.ImageMessage{Source: d.source(), Caption: d.long(whatsapp.MaxCaption)}
	case 2:
		return whatsapp.VideoMessage{Source: d.source(), Caption: d.long(whatsapp.MaxCaption)}
	case 3:
		return whatsapp.AudioMessage{Source: d.source(), Voice: d.flip()}
	case 4:
		return whatsapp.DocumentMessage{Source: d.source(), Caption: d.long(whatsapp.MaxCaption), Filename: d.long(20)}
	case 5:
		return whatsapp.StickerMessage{Source: d.source()}
	case 6:
		return whatsapp.LocationMessage{Latitude: degrees() / 2, Longitude: degrees(), Name: d.long(20), Address: d.long(20)}
	case 7:
		var m whatsapp.ContactsMessage
		for range d.IntN(whatsapp.MaxContacts + 2) {
			m.Contacts = append(m.Contacts, whatsapp.Contact{FirstName: d.words(), LastName: d.maybe(), Emails: []string{d.words()}})
		}
		return m
	case 8:
		return whatsapp.ReactionMessage{MessageID: whatsapptest.MessageID(lead), Emoji: emoji}
	case 9:
		return whatsapp.ReactionRemoval{MessageID: whatsapptest.MessageID(lead)}
	case 10:
		m := whatsapp.ButtonsMessage{Header: d.header(), Body: d.long(whatsapp.MaxInteractiveBody), Footer: d.long(whatsapp.MaxFooter)}
		for range d.IntN(whatsapp.MaxButtons + 2) {
			m.Buttons = append(m.Buttons, whatsapp.Button{ID: d.long(whatsapp.MaxButtonID), Title: d.long(whatsapp.MaxButtonTitle)})
		}
		return m
	case 11:
		m := whatsapp.ListMessage{Header: d.long(whatsapp.MaxHeader), Body: d.long(whatsapp.MaxInteractiveBody), Button: d.long(whatsapp.MaxListButton)}
		for range d.IntN(3) {
			s := whatsapp.Section{Title: d.long(whatsapp.MaxSectionTitle)}
			for range d.IntN(7) {
				s.Rows = append(s.Rows, whatsapp.Row{ID: d.digits(), Title: d.long(whatsapp.MaxRowTitle), Description: d.long(whatsapp.MaxRowDescription)})
			}
			m.Sections = append(m.Sections, s)
		}
		return m
	case 12:
		return whatsapp.LinkMessage{Header: d.header(), Body: d.long(whatsapp.MaxInteractiveBody), Footer: d.long(whatsapp.MaxFooter), Label: d.long(whatsapp.MaxLinkLabel), URL: d.address()}
	case 13:
		return whatsapp.LocationRequestMessage{Body: d.long(whatsapp.MaxInteractiveBody)}
	case 14:
		m := whatsapp.CarouselMessage{Body: d.long(whatsapp.MaxInteractiveBody)}
		for range d.IntN(4) {
			card := whatsapp.LinkCard{Media: whatsapp.HeaderImage{Source: photo}, Body: d.long(whatsapp.MaxCardBody), Label: "Abrir", URL: d.address()}
			if d.IntN(8) == 0 {
				card.Media = whatsapp.HeaderVideo{Source: page}
			}
			m.Cards = append(m.Cards, card)
		}
		return m
	default:
		return d.template()
	}
}

// sendable is how many kinds outgoing has.
const sendable = 16

// template is a message of one of the two known templates, or nearly.
func (d dice) template() whatsapp.TemplateMessage {
	value := func() string { return d.long(whatsapp.MaxTemplateParameter) }
	m := whatsapp.TemplateMessage{Name: notice.Name, Language: "pt_BR"}
	if d.flip() {
		m.Name, m.Header, m.Parameters = visit.Name, whatsapp.HeaderValue{Name: "loja", Text: d.long(whatsapp.MaxHeader)}, whatsapp.Named{"nome": value()}
		if d.IntN(4) == 0 {
			m.Parameters = whatsapp.Named{"cor": "azul"}
		}
		return m
	}
	m.Header, m.Parameters = whatsapp.HeaderImage{Source: photo}, whatsapp.Positional{value(), "771"}
	switch d.IntN(8) {
	case 0:
		m.Header = nil
	case 1:
		m.Header = whatsapp.HeaderVideo{Source: page}
	case 2:
		m.Parameters = whatsapp.Positional{"Iara"}
	case 3:
		m.Parameters = whatsapp.Named{"nome": "Iara", "numero": "771"}
	}
	m.Buttons = []whatsapp.TemplateButton{whatsapp.URLButton{Index: 1, Suffix: "771"}, whatsapp.CopyCodeButton{Index: 2, Code: d.long(whatsapp.MaxTemplateCode)}}
	switch d.IntN(6) {
	case 0:
		m.Buttons = m.Buttons[:1]
	case 1:
		m.Buttons = append(m.Buttons, whatsapp.QuickReplyButton{Index: 4, Payload: "SIM"})
	case 2:
		m.Buttons = append(m.Buttons, whatsapp.QuickReplyButton{Payload: "SIM"}, whatsapp.FlowButton{Index: 3, Token: "ft"})
	}
	return m
}

// TestWhatIsCheckedIsTaken holds the client's checks against the server's, which
// were written apart: whatever the first let pass, Meta takes.
func TestWhatIsCheckedIsTaken(t *testing.T) {
	server := start(t, whatsapptest.Options{Templates: []whatsapp.TemplateSpec{notice, visit}})
	d := dice{rand.New(rand.NewPCG(13, 17))}
	specs := map[string]whatsapp.TemplateSpec{notice.Name: notice, visit.Name: visit}
	for kind := range sendable {
		passed, stopped := 0, 0
		for range 400 {
			s := whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead), Message: d.outgoing(kind)}
			if d.flip() {
				s.To = whatsapp.User("BR.77")
			}
			body, err := s.Body()
			if m, ok := s.Message.(whatsapp.TemplateMessage); ok && err == nil {
				err = specs[m.Name].Check(m)
			}
			if err != nil {
				stopped++
				continue
			}
			passed++
			r := httptest.NewRequest(http.MethodPost, "/v26.0/"+number+"/messages", bytes.NewReader(body))
			r.Header.Set("Authorization", "Bearer any")
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Fatalf("%T was let pass and refused: %s\n%s", s.Message, w.Body, body)
			}
		}
		if passed < 10 || stopped == 0 && kind != 9 {
			t.Errorf("kind %d: %d passed, %d stopped: shows nothing", kind, passed, stopped)
		}
	}
}
