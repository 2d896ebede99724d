package whatsapp_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	photo = whatsapp.MediaID("955000000000010")
	page  = whatsapp.MediaLink("https://files.example/a.png?v=2")
)

// kinds has a message of every kind and what is posted for it.
var kinds = []struct {
	name    string
	message whatsapp.Outgoing
	want    string
}{
	{"text", whatsapp.TextMessage{Body: "Olá"}, `{"type":"text","text":{"body":"Olá","preview_url":false}}`},
	{"image by id", whatsapp.ImageMessage{Source: photo, Caption: "Planta"}, `{"type":"image","image":{"id":"955000000000010","caption":"Planta"}}`},
	{"image by link", whatsapp.ImageMessage{Source: page}, `{"type":"image","image":{"link":"https://files.example/a.png?v=2"}}`},
	{"video", whatsapp.VideoMessage{Source: photo, Caption: "Visita"}, `{"type":"video","video":{"id":"955000000000010","caption":"Visita"}}`},
	{"audio", whatsapp.AudioMessage{Source: photo}, `{"type":"audio","audio":{"id":"955000000000010"}}`},
	{"voice message", whatsapp.AudioMessage{Source: photo, Voice: true}, `{"type":"audio","audio":{"id":"955000000000010","voice":true}}`},
	{"document", whatsapp.DocumentMessage{Source: photo, Filename: "Proposta.pdf", Caption: "Segue"},
		`{"type":"document","document":{"id":"955000000000010","filename":"Proposta.pdf","caption":"Segue"}}`},
	{"sticker", whatsapp.StickerMessage{Source: photo}, `{"type":"sticker","sticker":{"id":"955000000000010"}}`},
	{"location", whatsapp.LocationMessage{Latitude: -23.6003, Longitude: -46.6729, Name: "Loja", Address: "Av. Exemplo, 10"},
		`{"type":"location","location":{"latitude":"-23.6003","longitude":"-46.6729","name":"Loja","address":"Av. Exemplo, 10"}}`},
	{"location on the equator", whatsapp.LocationMessage{Latitude: 0, Longitude: 1e-7}, `{"type":"location","location":{"latitude":"0","longitude":"0.0000001"}}`},
	{"contacts", whatsapp.ContactsMessage{Contacts: []whatsapp.Contact{
		{FirstName: "Iara", LastName: "Lima", Company: "Flor", Title: "Dona", Phones: []whatsapp.CardPhone{{Phone: "+55 21 90000-0001", WAID: "5521900000001", Type: "CELL"}},
			Emails: []string{"iara@flor.example"}, URLs: []string{"https://flor.example"}},
		{FormattedName: "Dr. Caio", FirstName: "Caio", Emails: []string{"caio@flor.example"}},
		{FirstName: "Nair", Emails: []string{"nair@flor.example"}},
	}}, `{"type":"contacts","contacts":[
		{"name":{"formatted_name":"Iara Lima","first_name":"Iara","last_name":"Lima"},"org":{"company":"Flor","title":"Dona"},
		 "phones":[{"phone":"+55 21 90000-0001","wa_id":"5521900000001","type":"CELL"}],"emails":[{"email":"iara@flor.example"}],"urls":[{"url":"https://flor.example"}]},
		{"name":{"formatted_name":"Dr. Caio","first_name":"Caio"},"emails":[{"email":"caio@flor.example"}]},
		{"name":{"formatted_name":"Nair","first_name":"Nair"},"emails":[{"email":"nair@flor.example"}]}]}`},
	{"reaction", whatsapp.ReactionMessage{MessageID: "wamid.IN", Emoji: "👍🏽"}, `{"type":"reaction","reaction":{"message_id":"wamid.IN","emoji":"👍🏽"}}`},
	{"reaction taken off", whatsapp.ReactionRemoval{MessageID: "wamid.IN"}, `{"type":"reaction","reaction":{"message_id":"wamid.IN","emoji":""}}`},
	{"buttons under a text", whatsapp.ButtonsMessage{Header: whatsapp.HeaderText("Agenda"), Body: "Confirma?", Footer: "Flor", Buttons: buttons(1)},
		`{"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Agenda"},"body":{"text":"Confirma?"},"footer":{"text":"Flor"},
		"action":{"buttons":[{"type":"reply","reply":{"id":"b0","title":"Opção 0"}}]}}}`},
	{"buttons under an image", whatsapp.ButtonsMessage{Header: whatsapp.HeaderImage{Source: page}, Body: "Confirma?", Buttons: buttons(1)},
		`{"type":"interactive","interactive":{"type":"button","header":{"type":"image","image":{"link":"https://files.example/a.png?v=2"}},"body":{"text":"Confirma?"},
		"action":{"buttons":[{"type":"reply","reply":{"id":"b0","title":"Opção 0"}}]}}}`},
	{"buttons under a video", whatsapp.ButtonsMessage{Header: whatsapp.HeaderVideo{Source: photo}, Body: "Confirma?", Buttons: buttons(1)},
		`{"type":"interactive","interactive":{"type":"button","header":{"type":"video","video":{"id":"955000000000010"}},"body":{"text":"Confirma?"},
		"action":{"buttons":[{"type":"reply","reply":{"id":"b0","title":"Opção 0"}}]}}}`},
	{"buttons under a document", whatsapp.ButtonsMessage{Header: whatsapp.HeaderDocument{Source: photo, Filename: "a.pdf"}, Body: "Confirma?", Buttons: buttons(1)},
		`{"type":"interactive","interactive":{"type":"button","header":{"type":"document","document":{"id":"955000000000010","filename":"a.pdf"}},"body":{"text":"Confirma?"},
		"action":{"buttons":[{"type":"reply","reply":{"id":"b0","title":"Opção 0"}}]}}}`},
	{"list", whatsapp.ListMessage{Header: "Agenda", Body: "Quando?", Button: "Ver", Sections: []whatsapp.Section{{Rows: rows(0, 1)}}},
		`{"type":"interactive","interactive":{"type":"list","header":{"type":"text","text":"Agenda"},"body":{"text":"Quando?"},
		"action":{"button":"Ver","sections":[{"rows":[{"id":"r0","title":"Linha 0"}]}]}}}`},
	{"link", whatsapp.LinkMessage{Header: whatsapp.HeaderText("Loja"), Body: "Veja", Footer: "Flor", Label: "Abrir", URL: "https://flor.example/a"},
		`{"type":"interactive","interactive":{"type":"cta_url","header":{"type":"text","text":"Loja"},"body":{"text":"Veja"},"footer":{"text":"Flor"},
		"action":{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://flor.example/a"}}}}`},
	{"flow", whatsapp.FlowMessage{Header: whatsapp.HeaderImage{Source: photo}, Body: "Quando?", Footer: "Flor", FlowID: "1200000000000001", CTA: "Escolher", Token: "ft"},
		`{"type":"interactive","interactive":{"type":"flow","header":{"type":"image","image":{"id":"955000000000010"}},"body":{"text":"Quando?"},"footer":{"text":"Flor"},
		"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1200000000000001","flow_cta":"Escolher","flow_token":"ft","flow_action":"data_exchange"}}}}`},
	{"request for a location", whatsapp.LocationRequestMessage{Body: "Onde?"},
		`{"type":"interactive","interactive":{"type":"location_request_message","body":{"text":"Onde?"},"action":{"name":"send_location"}}}`},
	{"carousel", whatsapp.CarouselMessage{Body: "Escolha", Cards: []whatsapp.LinkCard{
		{Media: whatsapp.HeaderImage{Source: photo}, Body: "Um", Label: "Abrir", URL: "https://flor.example/1"},
		{Media: whatsapp.HeaderImage{Source: page}, Label: "Abrir", URL: "https://flor.example/2"}}},
		`{"type":"interactive","interactive":{"type":"carousel","body":{"text":"Escolha"},"action":{"cards":[
		{"card_index":0,"type":"cta_url","header":{"type":"image","image":{"id":"955000000000010"}},"body":{"text":"Um"},
		 "action":{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://flor.example/1"}}},
		{"card_index":1,"type":"cta_url","header":{"type":"image","image":{"link":"https://files.example/a.png?v=2"}},
		 "action":{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://flor.example/2"}}}]}}}`},
	{"template, bare", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR"}, `{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"}}}`},
	{"template by position", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderValue{Text: "Flor"}, Parameters: whatsapp.Positional{"Iara", "771"}},
		`{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"},"components":[
		{"type":"header","parameters":[{"type":"text","text":"Flor"}]},
		{"type":"body","parameters":[{"type":"text","text":"Iara"},{"type":"text","text":"771"}]}]}}`},
	{"template by name", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderImage{Source: photo},
		Parameters: whatsapp.Named{"pedido": "771", "nome": "Iara"},
		Buttons: []whatsapp.TemplateButton{whatsapp.QuickReplyButton{Payload: "SIM-1"}, whatsapp.URLButton{Index: 1, Suffix: "771"},
			whatsapp.CopyCodeButton{Index: 2, Code: "FLOR10"}, whatsapp.FlowButton{Index: 3, Token: "ft", Data: map[string]any{"dia": "hoje"}}}},
		`{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"},"components":[
		{"type":"header","parameters":[{"type":"image","image":{"id":"955000000000010"}}]},
		{"type":"body","parameters":[{"type":"text","parameter_name":"nome","text":"Iara"},{"type":"text","parameter_name":"pedido","text":"771"}]},
		{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"SIM-1"}]},
		{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"771"}]},
		{"type":"button","sub_type":"copy_code","index":"2","parameters":[{"type":"coupon_code","coupon_code":"FLOR10"}]},
		{"type":"button","sub_type":"flow","index":"3","parameters":[{"type":"action","action":{"flow_token":"ft","flow_action_data":{"dia":"hoje"}}}]}]}}`},
	{"template under a place", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR",
		Header: whatsapp.HeaderLocation{Latitude: 1.5, Longitude: 2, Name: "Loja", Address: "Av. Exemplo, 10"}},
		`{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"},"components":[{"type":"header","parameters":[
		{"type":"location","location":{"latitude":"1.5","longitude":"2","name":"Loja","address":"Av. Exemplo, 10"}}]}]}}`},
	{"template under a video", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderVideo{Source: photo}},
		`{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"},"components":[{"type":"header","parameters":[{"type":"video","video":{"id":"955000000000010"}}]}]}}`},
	{"template under a document", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderDocument{Source: photo, Filename: "a.pdf"}},
		`{"type":"template","template":{"name":"aviso","language":{"code":"pt_BR"},"components":[{"type":"header","parameters":[{"type":"document","document":{"id":"955000000000010","filename":"a.pdf"}}]}]}}`},
}

// TestEveryKindOnTheWire addresses every kind both ways: to a number with its
// plus, or to a user id, never to both and never to a bare number.
func TestEveryKindOnTheWire(t *testing.T) {
	for _, test := range kinds {
		t.Run(test.name, func(t *testing.T) {
			for key, to := range map[string]whatsapp.Recipient{"to": whatsapp.Phone("5521900000001"), "recipient": whatsapp.User("BR.77")} {
				body, err := whatsapp.Send{PhoneNumberID: number, To: to, Message: test.message}.Body()
				if err != nil {
					t.Fatal(err)
				}
				var want map[string]any
				if err := json.Unmarshal([]byte(test.want), &want); err != nil {
					t.Fatal(err)
				}
				want["messaging_product"], want["recipient_type"] = "whatsapp", "individual"
				want[key] = map[string]string{"to": "+5521900000001", "recipient": "BR.77"}[key]
				if diff := cmp.Diff(any(want), plain(t, body)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestSendLimitsOfOtherKinds(t *testing.T) {
	wide := func(n int) string { return strings.Repeat("ç", n) }
	limit := func(field, rule string, numbers ...int) *whatsapp.LimitError {
		e := &whatsapp.LimitError{Field: field, Rule: rule}
		if len(numbers) == 2 {
			e.Limit, e.Got = numbers[0], numbers[1]
		}
		return e
	}
	image := func(s whatsapp.MediaSource) whatsapp.Outgoing { return whatsapp.ImageMessage{Source: s} }
	contact := func(c whatsapp.Contact) whatsapp.Outgoing {
		return whatsapp.ContactsMessage{Contacts: []whatsapp.Contact{c}}
	}
	reaction := func(emoji string) whatsapp.Outgoing {
		return whatsapp.ReactionMessage{MessageID: "wamid.IN", Emoji: emoji}
	}
	link := func(label, address string) whatsapp.Outgoing {
		return whatsapp.LinkMessage{Body: "Veja", Label: label, URL: address}
	}
	card := whatsapp.LinkCard{Media: whatsapp.HeaderImage{Source: photo}, Label: "Abrir", URL: "https://flor.example"}
	carousel := func(cards ...whatsapp.LinkCard) whatsapp.Outgoing {
		return whatsapp.CarouselMessage{Body: "Veja", Cards: cards}
	}
	cardWith := func(change func(*whatsapp.LinkCard)) whatsapp.Outgoing {
		other := card
		change(&other)
		return carousel(card, other)
	}
	template := func(change func(*whatsapp.TemplateMessage)) whatsapp.Outgoing {
		m := whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR"}
		change(&m)
		return m
	}
	withButtons := func(all ...whatsapp.TemplateButton) whatsapp.Outgoing {
		return template(func(m *whatsapp.TemplateMessage) { m.Buttons = all })
	}
	tests := []struct {
		name    string
		message whatsapp.Outgoing
		want    *whatsapp.LimitError
	}{
		{"image of nothing", image(nil), limit("image", whatsapp.RuleRequired)},
		{"image without an id", image(whatsapp.MediaID("")), limit("image.id", whatsapp.RuleRequired)},
		{"image with a blank around its id", image(whatsapp.MediaID(" 1")), limit("image.id", whatsapp.RuleFormat)},
		{"image at no address", image(whatsapp.MediaLink("")), limit("image.link", whatsapp.RuleRequired)},
		{"image on a disk", image(whatsapp.MediaLink("file:///etc/passwd")), limit("image.link", whatsapp.RuleFormat)},
		{"image at a path", image(whatsapp.MediaLink("/a.png")), limit("image.link", whatsapp.RuleFormat)},
		{"image at an address in two words", image(whatsapp.MediaLink("https://files.example/a b.png")), limit("image.link", whatsapp.RuleFormat)},
		{"image at a long address", image(whatsapp.MediaLink("https://files.example/" + strings.Repeat("a", 1979))), limit("image.link", whatsapp.RuleCharacters, 2000, 2001)},
		{"longest caption", whatsapp.ImageMessage{Source: photo, Caption: wide(1024)}, nil},
		{"caption too long", whatsapp.VideoMessage{Source: photo, Caption: wide(1025)}, limit("video.caption", whatsapp.RuleCharacters, 1024, 1025)},
		{"filename too long", whatsapp.DocumentMessage{Source: photo, Filename: wide(241)}, limit("document.filename", whatsapp.RuleCharacters, 240, 241)},
		{"audio of nothing", whatsapp.AudioMessage{}, limit("audio", whatsapp.RuleRequired)},
		{"sticker of nothing", whatsapp.StickerMessage{}, limit("sticker", whatsapp.RuleRequired)},

		{"location at the edge", whatsapp.LocationMessage{Latitude: -90, Longitude: 180}, nil},
		{"location off the map", whatsapp.LocationMessage{Latitude: 90.1}, limit("location.latitude", whatsapp.RuleFormat)},
		{"location nowhere", whatsapp.LocationMessage{Longitude: math.NaN()}, limit("location.longitude", whatsapp.RuleFormat)},
		{"location at infinity", whatsapp.LocationMessage{Longitude: math.Inf(-1)}, limit("location.longitude", whatsapp.RuleFormat)},
		{"location with a long name", whatsapp.LocationMessage{Name: wide(1025)}, limit("location.name", whatsapp.RuleCharacters, 1024, 1025)},

		{"no contacts", whatsapp.ContactsMessage{}, limit("contacts", whatsapp.RuleRequired)},
		{"six contacts", whatsapp.ContactsMessage{Contacts: make([]whatsapp.Contact, 6)}, limit("contacts", whatsapp.RuleItems, 5, 6)},
		{"contact without a name", contact(whatsapp.Contact{Emails: []string{"a@b.example"}}), limit("contacts[0].name.first_name", whatsapp.RuleRequired)},
		{"contact that cannot be reached", contact(whatsapp.Contact{FirstName: "Iara"}), limit("contacts[0].phones", whatsapp.RuleRequired)},
		{"contact with an empty number", contact(whatsapp.Contact{FirstName: "Iara", Phones: []whatsapp.CardPhone{{}}}), limit("contacts[0].phones[0].phone", whatsapp.RuleRequired)},
		{"contact with a WhatsApp number in words", contact(whatsapp.Contact{FirstName: "Iara", Phones: []whatsapp.CardPhone{{Phone: "1", WAID: "+1"}}}),
			limit("contacts[0].phones[0].wa_id", whatsapp.RuleDigits)},
		{"contact with an empty e-mail", contact(whatsapp.Contact{FirstName: "Iara", Emails: []string{""}}), limit("contacts[0].emails[0].email", whatsapp.RuleRequired)},
		{"contact with half an address", contact(whatsapp.Contact{FirstName: "Iara", URLs: []string{"flor.example"}}), limit("contacts[0].urls[0].url", whatsapp.RuleFormat)},

		{"reaction of a family", reaction("👩‍👩‍👧‍👦"), nil},
		{"reaction of a flag", reaction("🇧🇷"), nil},
		{"reaction of a heart", reaction("❤️"), nil},
		{"reaction of nothing", reaction(""), limit("reaction.emoji", whatsapp.RuleRequired)},
		{"reaction of two", reaction("👍👍"), limit("reaction.emoji", whatsapp.RuleFormat)},
		{"reaction of a word", reaction("k"), limit("reaction.emoji", whatsapp.RuleFormat)},
		{"reaction to nothing", whatsapp.ReactionMessage{Emoji: "👍"}, limit("reaction.message_id", whatsapp.RuleRequired)},
		{"reaction taken off nothing", whatsapp.ReactionRemoval{}, limit("reaction.message_id", whatsapp.RuleRequired)},

		{"empty header", whatsapp.ButtonsMessage{Header: whatsapp.HeaderText(" "), Body: "x", Buttons: buttons(1)}, limit("interactive.header.text", whatsapp.RuleRequired)},
		{"header of no image", whatsapp.ButtonsMessage{Header: whatsapp.HeaderImage{}, Body: "x", Buttons: buttons(1)}, limit("interactive.header.image", whatsapp.RuleRequired)},
		{"header of no video", whatsapp.LinkMessage{Header: whatsapp.HeaderVideo{}, Body: "x", Label: "y", URL: "https://a.example"}, limit("interactive.header.video", whatsapp.RuleRequired)},
		{"header of no document", whatsapp.ButtonsMessage{Header: whatsapp.HeaderDocument{}, Body: "x", Buttons: buttons(1)}, limit("interactive.header.document", whatsapp.RuleRequired)},
		{"link without a label", link("", "https://flor.example"), limit("interactive.action.parameters.display_text", whatsapp.RuleRequired)},
		{"link with a long label", link(wide(21), "https://flor.example"), limit("interactive.action.parameters.display_text", whatsapp.RuleCharacters, 20, 21)},
		{"link to nowhere", link("Abrir", ""), limit("interactive.action.parameters.url", whatsapp.RuleRequired)},
		{"link to a script", link("Abrir", "javascript:alert(1)"), limit("interactive.action.parameters.url", whatsapp.RuleFormat)},
		{"request for a location without a word", whatsapp.LocationRequestMessage{}, limit("interactive.body.text", whatsapp.RuleRequired)},

		{"one card", carousel(card), limit("interactive.action.cards", whatsapp.RuleRequired)},
		{"ten cards", carousel(card, card, card, card, card, card, card, card, card, card), nil},
		{"eleven cards", carousel(card, card, card, card, card, card, card, card, card, card, card), limit("interactive.action.cards", whatsapp.RuleItems, 10, 11)},
		{"card without media", cardWith(func(c *whatsapp.LinkCard) { c.Media = nil }), limit("interactive.action.cards[1].header", whatsapp.RuleRequired)},
		{"card of no image", cardWith(func(c *whatsapp.LinkCard) { c.Media = whatsapp.HeaderImage{} }), limit("interactive.action.cards[1].header.image", whatsapp.RuleRequired)},
		{"a video among images", cardWith(func(c *whatsapp.LinkCard) { c.Media = whatsapp.HeaderVideo{Source: photo} }), limit("interactive.action.cards[1].header", whatsapp.RuleFormat)},
		{"longest card", cardWith(func(c *whatsapp.LinkCard) { c.Body = wide(156) + "\na\nb" }), nil},
		{"card too long", cardWith(func(c *whatsapp.LinkCard) { c.Body = wide(161) }), limit("interactive.action.cards[1].body.text", whatsapp.RuleCharacters, 160, 161)},
		{"card of four lines", cardWith(func(c *whatsapp.LinkCard) { c.Body = "a\nb\nc\nd" }), limit("interactive.action.cards[1].body.text", whatsapp.RuleFormat)},
		{"card without an address", cardWith(func(c *whatsapp.LinkCard) { c.URL = "" }), limit("interactive.action.cards[1].action.parameters.url", whatsapp.RuleRequired)},

		{"template of no such name", whatsapp.TemplateMessage{Name: "Aviso!", Language: "pt_BR"}, limit("template.name", whatsapp.RuleFormat)},
		{"template with too many values", template(func(m *whatsapp.TemplateMessage) { m.Parameters = make(whatsapp.Positional, 101) }),
			limit("template.components.parameters", whatsapp.RuleItems, 100, 101)},
		{"template with a name of no placeholder", template(func(m *whatsapp.TemplateMessage) { m.Parameters = whatsapp.Named{"": "x"} }),
			limit("template.components.parameters[0].parameter_name", whatsapp.RuleFormat)},
		{"template header too long", template(func(m *whatsapp.TemplateMessage) { m.Header = whatsapp.HeaderValue{Text: wide(61)} }),
			limit("template.components.header.text", whatsapp.RuleCharacters, 60, 61)},
		{"template header of no image", template(func(m *whatsapp.TemplateMessage) { m.Header = whatsapp.HeaderImage{} }),
			limit("template.components.header.image", whatsapp.RuleRequired)},
		{"template header of a nameless place", template(func(m *whatsapp.TemplateMessage) { m.Header = whatsapp.HeaderLocation{Address: "x"} }),
			limit("template.components.header.location.name", whatsapp.RuleRequired)},
		{"template header with a name of no placeholder", template(func(m *whatsapp.TemplateMessage) { m.Header = whatsapp.HeaderValue{Name: "Nome", Text: "x"} }),
			limit("template.components.header.parameter_name", whatsapp.RuleFormat)},
		{"template with no button", withButtons(nil), limit("template.components.buttons[0].sub_type", whatsapp.RuleRequired)},
		{"template with an eleventh button", withButtons(whatsapp.URLButton{Index: 10, Suffix: "x"}), limit("template.components.buttons[0].index", whatsapp.RuleFormat)},
		{"template with a button before the first", withButtons(whatsapp.URLButton{Index: -1, Suffix: "x"}), limit("template.components.buttons[0].index", whatsapp.RuleFormat)},
		{"template with the same button twice", withButtons(whatsapp.URLButton{Index: 1, Suffix: "x"}, whatsapp.QuickReplyButton{Index: 1, Payload: "x"}),
			limit("template.components.buttons[1].index", whatsapp.RuleUnique)},
		{"template with more buttons than there are", withButtons(make([]whatsapp.TemplateButton, 11)...), limit("template.components.buttons", whatsapp.RuleItems, 10, 11)},
		{"template with no payload", withButtons(whatsapp.QuickReplyButton{}), limit("template.components.buttons[0].payload", whatsapp.RuleRequired)},
		{"template with no address", withButtons(whatsapp.URLButton{}), limit("template.components.buttons[0].text", whatsapp.RuleRequired)},
		{"template with an address in two words", withButtons(whatsapp.URLButton{Suffix: "a b"}), limit("template.components.buttons[0].text", whatsapp.RuleFormat)},
		{"template with a long code", withButtons(whatsapp.CopyCodeButton{Code: strings.Repeat("A", 21)}), limit("template.components.buttons[0].coupon_code", whatsapp.RuleCharacters, 20, 21)},
		{"template with no token", withButtons(whatsapp.FlowButton{}), limit("template.components.buttons[0].action.flow_token", whatsapp.RuleRequired)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := whatsapp.Send{PhoneNumberID: "7330", To: whatsapp.Phone("5521900000001"), Message: test.message}.Check()
			checkLimit(t, err, test.want)
		})
	}
}

func TestReactionsQuoteNothing(t *testing.T) {
	for _, m := range []whatsapp.Outgoing{
		whatsapp.ReactionMessage{MessageID: "wamid.IN", Emoji: "👍"}, whatsapp.ReactionRemoval{MessageID: "wamid.IN"},
		&whatsapp.ReactionRemoval{MessageID: "wamid.IN"},
	} {
		err := whatsapp.Send{PhoneNumberID: "7330", To: whatsapp.Phone("5521900000001"), Message: m, ReplyTo: "wamid.IN"}.Check()
		checkLimit(t, err, &whatsapp.LimitError{Field: "context.message_id", Rule: whatsapp.RuleForbidden})
	}
}

func TestCheckMedia(t *testing.T) {
	const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	forbidden := &whatsapp.LimitError{Field: "type", Rule: whatsapp.RuleForbidden}
	format := &whatsapp.LimitError{Field: "type", Rule: whatsapp.RuleFormat}
	heavy := func(limit, got int) *whatsapp.LimitError {
		return &whatsapp.LimitError{Field: "file", Rule: whatsapp.RuleBytes, Limit: limit, Got: got}
	}
	tests := []struct {
		as   whatsapp.Type
		mime string
		size int64
		want *whatsapp.LimitError
	}{
		{whatsapp.TypeImage, "image/jpeg", 5 << 20, nil},
		{whatsapp.TypeImage, "IMAGE/PNG", 1, nil},
		{whatsapp.TypeImage, "image/jpeg", 5<<20 + 1, heavy(5<<20, 5<<20+1)},
		{whatsapp.TypeImage, "image/jpeg", 0, &whatsapp.LimitError{Field: "file", Rule: whatsapp.RuleRequired}},
		{whatsapp.TypeImage, "image/webp", 1, format},
		{whatsapp.TypeImage, "", 1, format},
		{whatsapp.TypeImage, "image/", 1, format},
		{whatsapp.TypeSticker, "image/webp", 500 << 10, nil},
		{whatsapp.TypeSticker, "image/webp", 500<<10 + 1, heavy(500<<10, 500<<10+1)},
		{whatsapp.TypeSticker, "image/png", 1, format},
		{whatsapp.TypeAudio, "audio/ogg; codecs=opus", 16 << 20, nil},
		{whatsapp.TypeAudio, "audio/ogg;codecs=opus", 16<<20 + 1, heavy(16<<20, 16<<20+1)},
		{whatsapp.TypeAudio, "audio/ogg", 1, format},
		{whatsapp.TypeAudio, "audio/ogg; codecs=vorbis", 1, format},
		{whatsapp.TypeAudio, "audio/mpeg", 1, nil},
		{whatsapp.TypeVideo, "video/mp4", 16 << 20, nil},
		{whatsapp.TypeVideo, "video/quicktime", 1, format},
		{whatsapp.TypeDocument, "application/pdf", 100 << 20, nil},
		{whatsapp.TypeDocument, "text/plain; charset=utf-8", 1, nil},
		{whatsapp.TypeDocument, docx, 1, nil},
		{whatsapp.TypeDocument, "application/zip", 1, format},
		{whatsapp.TypeDocument, "application/pdf", 100<<20 + 1, heavy(100<<20, 100<<20+1)},
		{whatsapp.TypeText, "text/plain", 1, forbidden},
		{"", "image/png", 1, forbidden},
	}
	for _, test := range tests {
		t.Run(string(test.as)+" "+test.mime, func(t *testing.T) {
			checkLimit(t, whatsapp.CheckMedia(test.as, test.mime, test.size), test.want)
		})
	}
}

func TestTemplateSpec(t *testing.T) {
	order := whatsapp.TemplateSpec{
		Name: "pedido", Language: "pt_BR", Header: whatsapp.HeaderTakesImage, Positional: 2,
		Buttons: []whatsapp.ButtonKind{whatsapp.ButtonQuickReply, whatsapp.ButtonURL, whatsapp.ButtonFixed, whatsapp.ButtonCopyCode, whatsapp.ButtonFlow},
	}
	named := whatsapp.TemplateSpec{Name: "pedido", Language: "pt-BR", Header: whatsapp.HeaderTakesText, HeaderName: "loja", Names: []string{"nome", "numero"}}
	bare := whatsapp.TemplateSpec{Name: "pedido", Language: "pt_BR"}
	good := func() whatsapp.TemplateMessage {
		return whatsapp.TemplateMessage{Name: "pedido", Language: "pt_BR", Header: whatsapp.HeaderImage{Source: photo}, Parameters: whatsapp.Positional{"Iara", "771"},
			Buttons: []whatsapp.TemplateButton{whatsapp.URLButton{Index: 1, Suffix: "771"}, whatsapp.CopyCodeButton{Index: 3, Code: "FLOR"}}}
	}
	goodNamed := func() whatsapp.TemplateMessage {
		return whatsapp.TemplateMessage{Name: "pedido", Language: "pt_BR", Header: whatsapp.HeaderValue{Name: "loja", Text: "Flor"},
			Parameters: whatsapp.Named{"nome": "Iara", "numero": "771"}}
	}
	goodBare := func() whatsapp.TemplateMessage { return whatsapp.TemplateMessage{Name: "pedido", Language: "pt_BR"} }
	type change = func(*whatsapp.TemplateMessage)
	same := func(*whatsapp.TemplateMessage) {}
	values := func(p whatsapp.TemplateParameters) change {
		return func(m *whatsapp.TemplateMessage) { m.Parameters = p }
	}
	header := func(h whatsapp.TemplateHeader) change {
		return func(m *whatsapp.TemplateMessage) { m.Header = h }
	}
	withButtons := func(all ...whatsapp.TemplateButton) change {
		return func(m *whatsapp.TemplateMessage) { m.Buttons = all }
	}
	const component = "template.components."
	tests := []struct {
		name   string
		spec   whatsapp.TemplateSpec
		good   func() whatsapp.TemplateMessage
		change change
		field  string // empty: it is a message of the template
		rule   string
	}{
		{"all there", order, good, same, "", ""},
		{"all buttons", order, good, func(m *whatsapp.TemplateMessage) {
			m.Buttons = append(m.Buttons, whatsapp.QuickReplyButton{Payload: "x"}, whatsapp.FlowButton{Index: 4, Token: "x"})
		}, "", ""},
		{"all there by name", named, goodNamed, same, "", ""},
		{"nothing asked", bare, goodBare, same, "", ""},
		{"nothing asked, nothing given", bare, goodBare, values(whatsapp.Named{}), "", ""},
		{"another template", order, good, func(m *whatsapp.TemplateMessage) { m.Name = "aviso" }, "template.name", whatsapp.RuleFormat},
		{"another language", order, good, func(m *whatsapp.TemplateMessage) { m.Language = "en_US" }, "template.language.code", whatsapp.RuleFormat},
		{"one value", order, good, values(whatsapp.Positional{"Iara"}), component + "parameters[1]", whatsapp.RuleRequired},
		{"no values", order, good, values(nil), component + "parameters[0]", whatsapp.RuleRequired},
		{"three values", order, good, values(whatsapp.Positional{"a", "b", "c"}), component + "parameters[2]", whatsapp.RuleForbidden},
		{"names for numbers", order, good, values(whatsapp.Named{"nome": "a", "numero": "b"}), component + "parameters", whatsapp.RuleFormat},
		{"numbers for names", named, goodNamed, values(whatsapp.Positional{"a", "b"}), component + "parameters", whatsapp.RuleFormat},
		{"no values by name", named, goodNamed, values(nil), component + "parameters[0]", whatsapp.RuleRequired},
		{"a name missing", named, goodNamed, values(whatsapp.Named{"nome": "a"}), component + "parameters.numero", whatsapp.RuleRequired},
		{"a name too many", named, goodNamed, values(whatsapp.Named{"nome": "a", "numero": "b", "cor": "c"}), component + "parameters.cor", whatsapp.RuleForbidden},
		{"a value nobody asked for", bare, goodBare, values(whatsapp.Positional{"a"}), component + "parameters[0]", whatsapp.RuleForbidden},
		{"a named value nobody asked for", bare, goodBare, values(whatsapp.Named{"cor": "a"}), component + "parameters.cor", whatsapp.RuleForbidden},
		{"no header", order, good, header(nil), component + "header", whatsapp.RuleRequired},
		{"a header nobody asked for", bare, goodBare, header(whatsapp.HeaderValue{Text: "x"}), component + "header", whatsapp.RuleForbidden},
		{"a video for an image", order, good, header(whatsapp.HeaderVideo{Source: photo}), component + "header", whatsapp.RuleFormat},
		{"an image of nothing", order, good, header(whatsapp.HeaderVideo{}), component + "header", whatsapp.RuleFormat},
		{"a header by another name", named, goodNamed, header(whatsapp.HeaderValue{Text: "x"}), component + "header.parameter_name", whatsapp.RuleFormat},
		{"no end of an address", order, good, withButtons(whatsapp.CopyCodeButton{Index: 3, Code: "x"}), "template.buttons[1]", whatsapp.RuleRequired},
		{"no code", order, good, withButtons(whatsapp.URLButton{Index: 1, Suffix: "x"}), "template.buttons[3]", whatsapp.RuleRequired},
		{"a code for an address", order, good, withButtons(whatsapp.CopyCodeButton{Index: 1, Code: "x"}), component + "buttons[0].sub_type", whatsapp.RuleFormat},
		{"a value for a fixed button", order, good, withButtons(whatsapp.URLButton{Index: 2, Suffix: "x"}), component + "buttons[0]", whatsapp.RuleForbidden},
		{"a value for no button", order, good, withButtons(whatsapp.URLButton{Index: 5, Suffix: "x"}), component + "buttons[0]", whatsapp.RuleForbidden},
		{"a value for a button before the first", order, good, withButtons(whatsapp.URLButton{Index: -1, Suffix: "x"}), component + "buttons[0]", whatsapp.RuleForbidden},
		{"no value at all", order, good, withButtons(nil), component + "buttons[0]", whatsapp.RuleForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := test.good()
			test.change(&m)
			var want *whatsapp.LimitError
			if test.field != "" {
				want = &whatsapp.LimitError{Field: test.field, Rule: test.rule}
			}
			checkLimit(t, test.spec.Check(m), want)
		})
	}
}
