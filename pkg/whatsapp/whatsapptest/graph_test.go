package whatsapptest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	photo = whatsapp.MediaID("955000000000010")
	page  = whatsapp.MediaLink("https://files.example/a.mp4")
)

var notice = whatsapp.TemplateSpec{
	Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderTakesImage, Positional: 2,
	Buttons: []whatsapp.ButtonKind{whatsapp.ButtonQuickReply, whatsapp.ButtonURL, whatsapp.ButtonCopyCode, whatsapp.ButtonFlow, whatsapp.ButtonFixed},
}

var visit = whatsapp.TemplateSpec{Name: "visita", Language: "pt_BR", Header: whatsapp.HeaderTakesText, HeaderName: "loja", Names: []string{"nome"}}

// TestServerUnderstandsEveryKind sends what a client can send and looks at what
// the server read of it.
func TestServerUnderstandsEveryKind(t *testing.T) {
	wamid := whatsapptest.MessageID(lead)
	contact := whatsapp.Contact{FormattedName: "Iara Lima", FirstName: "Iara", LastName: "Lima", Company: "Flor", Title: "Dona",
		Phones: []whatsapp.CardPhone{{Phone: "+55 21 90000-0001", WAID: lead, Type: "CELL"}}, Emails: []string{"iara@flor.example"}, URLs: []string{"https://flor.example"}}
	place := whatsapp.LocationMessage{Latitude: -23.6003, Longitude: -46.6729, Name: "Loja", Address: "Av. Exemplo, 10"}
	simple := []whatsapp.Button{{ID: "sim", Title: "Sim"}}
	tests := []struct {
		name    string
		message whatsapp.Outgoing
		want    whatsapptest.SentMessage
	}{
		{"image", whatsapp.ImageMessage{Source: photo, Caption: "Planta"},
			whatsapptest.SentMessage{Type: "image", Text: "Planta", Media: &whatsapptest.Media{Type: "image", ID: string(photo)}}},
		{"video", whatsapp.VideoMessage{Source: page}, whatsapptest.SentMessage{Type: "video", Media: &whatsapptest.Media{Type: "video", Link: string(page)}}},
		{"voice message", whatsapp.AudioMessage{Source: photo, Voice: true},
			whatsapptest.SentMessage{Type: "audio", Media: &whatsapptest.Media{Type: "audio", ID: string(photo), Voice: true}}},
		{"document", whatsapp.DocumentMessage{Source: photo, Filename: "a.pdf", Caption: "Segue"},
			whatsapptest.SentMessage{Type: "document", Text: "Segue", Media: &whatsapptest.Media{Type: "document", ID: string(photo), Filename: "a.pdf"}}},
		{"sticker", whatsapp.StickerMessage{Source: photo}, whatsapptest.SentMessage{Type: "sticker", Media: &whatsapptest.Media{Type: "sticker", ID: string(photo)}}},
		{"location", place, whatsapptest.SentMessage{Type: "location", Location: &place}},
		{"contacts", whatsapp.ContactsMessage{Contacts: []whatsapp.Contact{contact}}, whatsapptest.SentMessage{Type: "contacts", Contacts: []whatsapp.Contact{contact}}},
		{"reaction", whatsapp.ReactionMessage{MessageID: wamid, Emoji: "👍🏽"},
			whatsapptest.SentMessage{Type: "reaction", Reaction: &whatsapptest.Reaction{MessageID: wamid, Emoji: "👍🏽"}}},
		{"reaction taken off", whatsapp.ReactionRemoval{MessageID: wamid},
			whatsapptest.SentMessage{Type: "reaction", Reaction: &whatsapptest.Reaction{MessageID: wamid}}},
		{"buttons under a document", whatsapp.ButtonsMessage{Header: whatsapp.HeaderDocument{Source: photo, Filename: "a.pdf"}, Body: "Confirma?", Buttons: simple},
			whatsapptest.SentMessage{Type: "button", Text: "Confirma?", Buttons: simple, Media: &whatsapptest.Media{Type: "document", ID: string(photo), Filename: "a.pdf"}}},
		{"buttons under a video", whatsapp.ButtonsMessage{Header: whatsapp.HeaderVideo{Source: page}, Body: "Confirma?", Buttons: simple},
			whatsapptest.SentMessage{Type: "button", Text: "Confirma?", Buttons: simple, Media: &whatsapptest.Media{Type: "video", Link: string(page)}}},
		{"link", whatsapp.LinkMessage{Header: whatsapp.HeaderImage{Source: photo}, Body: "Veja", Footer: "Flor", Label: "Abrir", URL: "https://flor.example"},
			whatsapptest.SentMessage{Type: "cta_url", Text: "Veja", Footer: "Flor", Label: "Abrir", URL: "https://flor.example", Media: &whatsapptest.Media{Type: "image", ID: string(photo)}}},
		{"request for a location", whatsapp.LocationRequestMessage{Body: "Onde?"}, whatsapptest.SentMessage{Type: "location_request_message", Text: "Onde?"}},
		{"carousel", whatsapp.CarouselMessage{Body: "Escolha", Cards: []whatsapp.LinkCard{
			{Media: whatsapp.HeaderVideo{Source: photo}, Body: "Um", Label: "Abrir", URL: "https://flor.example/1"},
			{Media: whatsapp.HeaderVideo{Source: page}, Label: "Ver", URL: "https://flor.example/2"}}},
			whatsapptest.SentMessage{Type: "carousel", Text: "Escolha", Cards: []whatsapptest.Card{
				{Media: whatsapptest.Media{Type: "video", ID: string(photo)}, Text: "Um", Label: "Abrir", URL: "https://flor.example/1"},
				{Media: whatsapptest.Media{Type: "video", Link: string(page)}, Label: "Ver", URL: "https://flor.example/2"}}}},
		{"template by position", whatsapp.TemplateMessage{Name: "aviso", Language: "pt_BR", Header: whatsapp.HeaderImage{Source: photo}, Parameters: whatsapp.Positional{"Iara", "771"},
			Buttons: []whatsapp.TemplateButton{whatsapp.QuickReplyButton{Payload: "SIM"}, whatsapp.URLButton{Index: 1, Suffix: "771"},
				whatsapp.CopyCodeButton{Index: 2, Code: "FLOR"}, whatsapp.FlowButton{Index: 3, Token: "ft"}}},
			whatsapptest.SentMessage{Type: "template", Template: "aviso", Language: "pt_BR", Parameters: []string{"Iara", "771"},
				Media: &whatsapptest.Media{Type: "image", ID: string(photo)}, TemplateValues: []whatsapptest.TemplateValue{
					{Kind: "quick_reply", Value: "SIM"}, {Index: 1, Kind: "url", Value: "771"}, {Index: 2, Kind: "copy_code", Value: "FLOR"}, {Index: 3, Kind: "flow", Value: "ft"}}}},
		{"template by name", whatsapp.TemplateMessage{Name: "visita", Language: "pt_BR", Header: whatsapp.HeaderValue{Name: "loja", Text: "Flor"}, Parameters: whatsapp.Named{"nome": "Iara"}},
			whatsapptest.SentMessage{Type: "template", Template: "visita", Language: "pt_BR", Header: "Flor", Named: map[string]string{"nome": "Iara"}}},
	}
	server := start(t, whatsapptest.Options{Templates: []whatsapp.TemplateSpec{notice, visit}})
	client := newClient(t, server)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			send(t, client, whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead), Message: test.message})
			all := server.Sent()
			test.want.PhoneNumberID, test.want.To = number, lead
			if diff := cmp.Diff(test.want, all[len(all)-1], cmpopts.IgnoreFields(whatsapptest.SentMessage{}, "ID", "At", "Raw")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestServerIsAsStrictWithEveryKind posts by hand what the client's types cannot
// say.
func TestServerIsAsStrictWithEveryKind(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ç", n) }
	of := func(kind, content string) string { return `"type":"` + kind + `","` + kind + `":` + content }
	interactive := func(kind, frame, action string) string {
		return of("interactive", `{"type":"`+kind+`","body":{"text":"x"},`+frame+`"action":`+action+`}`)
	}
	const open = `{"name":"cta_url","parameters":{"display_text":"Abrir","url":"https://a.example"}}`
	const image = `"header":{"type":"image","image":{"id":"1"}}`
	const button = `{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]}`
	card := func(index, header, body, action string) string {
		return `{"card_index":` + index + `,"type":"cta_url",` + header + body + `,"action":` + action + `}`
	}
	carousel := func(cards ...string) string {
		return interactive("carousel", "", `{"cards":[`+strings.Join(cards, ",")+`]}`)
	}
	first := card("0", image, "", open)
	template := func(name, components string) string {
		return of("template", `{"name":"`+name+`","language":{"code":"pt_BR"},"components":[`+components+`]}`)
	}
	part := func(kind, parameters string) string {
		return `{"type":"` + kind + `","parameters":[` + parameters + `]}`
	}
	text := func(s string) string { return `{"type":"text","text":"` + s + `"}` }
	named := func(name string) string { return `{"type":"text","parameter_name":"` + name + `","text":"x"}` }
	withButton := func(kind, index, parameters string) string {
		return `{"type":"button","sub_type":"` + kind + `","index":"` + index + `","parameters":[` + parameters + `]}`
	}
	const photograph = `{"type":"image","image":{"id":"1"}}`
	header, body := part("header", photograph), part("body", text("a")+","+text("b"))
	address, code := withButton("url", "1", text("x")), withButton("copy_code", "2", `{"type":"coupon_code","coupon_code":"x"}`)
	whole := strings.Join([]string{header, body, address, code}, ",")
	tests := []struct {
		name string
		body string
		code int // zero: accepted
	}{
		{"image", of("image", `{"id":"1"}`), 0},
		{"image of nothing", of("image", `{}`), 131008},
		{"image with both", of("image", `{"id":"1","link":"https://a.example"}`), 131009},
		{"image on a disk", of("image", `{"link":"file:///a"}`), 131009},
		{"image with a filename", of("image", `{"id":"1","filename":"a.png"}`), 100},
		{"image with a voice", of("image", `{"id":"1","voice":true}`), 100},
		{"longest caption", of("image", `{"id":"1","caption":"`+long(1024)+`"}`), 0},
		{"caption too long", of("video", `{"id":"1","caption":"`+long(1025)+`"}`), 131009},
		{"audio with a caption", of("audio", `{"id":"1","caption":"x"}`), 100},
		{"sticker with a caption", of("sticker", `{"id":"1","caption":"x"}`), 100},
		{"document with the type of another", `"type":"document","image":{"id":"1"}`, 131008},
		{"two kinds at once", of("image", `{"id":"1"}`) + `,"text":{"body":"x"}`, 100},
		{"location", of("location", `{"latitude":"-90","longitude":"180"}`), 0},
		{"location off the map", of("location", `{"latitude":"90.1","longitude":"0"}`), 131009},
		{"location in words", of("location", `{"latitude":"0","longitude":"leste"}`), 131009},
		{"location not a number", of("location", `{"latitude":"NaN","longitude":"0"}`), 131009},
		{"no location", `"type":"location"`, 131008},
		{"contact", of("contacts", `[{"name":{"formatted_name":"I","first_name":"I"}}]`), 0},
		{"no contacts", of("contacts", `[]`), 131009},
		{"six contacts", of("contacts", `[{},{},{},{},{},{}]`), 131009},
		{"contact without a name", of("contacts", `[{"name":{"first_name":"I"}}]`), 131008},
		{"contact with half a name", of("contacts", `[{"name":{"formatted_name":"I"}}]`), 131009},
		{"contact with a photograph", of("contacts", `[{"photo":"x"}]`), 100},
		{"reaction", of("reaction", `{"message_id":"wamid.A","emoji":"👍"}`), 0},
		{"reaction without emoji", of("reaction", `{"message_id":"wamid.A"}`), 131008},
		{"reaction of a word", of("reaction", `{"message_id":"wamid.A","emoji":"ok"}`), 131009},
		{"reaction to nothing", of("reaction", `{"emoji":"👍"}`), 131009},
		{"reaction that quotes", of("reaction", `{"message_id":"wamid.A","emoji":"👍"}`) + `,"context":{"message_id":"wamid.A"}`, 131009},
		{"buttons under an image", interactive("button", image+`,`, button), 0},
		{"buttons under an image with a caption", interactive("button", `"header":{"type":"image","image":{"id":"1","caption":"x"}},`, button), 100},
		{"buttons under a sticker", interactive("button", `"header":{"type":"sticker"},`, button), 131009},
		{"list under an image", interactive("list", image+`,`, `{"button":"Ver","sections":[{"rows":[{"id":"a","title":"A"}]}]}`), 131009},
		{"link", interactive("cta_url", "", open), 0},
		{"link of another name", interactive("cta_url", "", strings.Replace(open, "cta_url", "open", 1)), 131009},
		{"link to nowhere", interactive("cta_url", "", strings.Replace(open, "https://", "", 1)), 131009},
		{"link with a long label", interactive("cta_url", "", strings.Replace(open, "Abrir", long(21), 1)), 131009},
		{"link with more", interactive("cta_url", "", strings.Replace(open, `"url"`, `"bold":true,"url"`, 1)), 100},
		{"request for a location", interactive("location_request_message", "", `{"name":"send_location"}`), 0},
		{"request for something else", interactive("location_request_message", "", `{"name":"send_money"}`), 131009},
		{"request under a header", interactive("location_request_message", image+`,`, `{"name":"send_location"}`), 131009},
		{"request over a footer", interactive("location_request_message", `"footer":{"text":"x"},`, `{"name":"send_location"}`), 131009},
		{"carousel", carousel(first, card("1", image, `,"body":{"text":"a\nb\nc"}`, open)), 0},
		{"carousel of one", carousel(first), 131009},
		{"carousel out of order", carousel(first, first), 131009},
		{"carousel of an image and a video", carousel(first, card("1", `"header":{"type":"video","video":{"id":"1"}}`, "", open)), 131009},
		{"carousel of documents", carousel(card("0", `"header":{"type":"document","document":{"id":"1"}}`, "", open), first), 131009},
		{"carousel of nothing", carousel(card("0", `"header":{"type":"image"}`, "", open), first), 131008},
		{"card too long", carousel(first, card("1", image, `,"body":{"text":"`+long(161)+`"}`, open)), 131009},
		{"card of four lines", carousel(first, card("1", image, `,"body":{"text":"a\nb\nc\nd"}`, open)), 131009},
		{"card without a label", carousel(first, card("1", image, "", strings.Replace(open, "Abrir", "", 1))), 131009},

		{"template", template("aviso", whole), 0},
		{"template nobody knows", template("outro", whole), 132001},
		{"template without a name", template("", whole), 131008},
		{"one value", template("aviso", strings.Join([]string{header, part("body", text("a")), address, code}, ",")), 132000},
		{"three values", template("aviso", strings.Join([]string{header, part("body", text("a")+","+text("b")+","+text("c")), address, code}, ",")), 132000},
		{"no header", template("aviso", strings.Join([]string{body, address, code}, ",")), 132000},
		{"two headers", template("aviso", header+","+whole), 131009},
		{"two values in a header", template("aviso", part("header", photograph+","+photograph)), 132000},
		{"a text for an image", template("aviso", strings.Join([]string{part("header", text("x")), body, address, code}, ",")), 132012},
		{"an image of nothing", template("aviso", part("header", `{"type":"image"}`)), 131008},
		{"a place without a name", template("aviso", part("header", `{"type":"location","location":{"latitude":"0","longitude":"0"}}`)), 131008},
		{"a header of money", template("aviso", part("header", `{"type":"currency"}`)), 132012},
		{"names for numbers", template("aviso", strings.Join([]string{header, part("body", named("a")+","+named("b")), address, code}, ",")), 132012},
		{"names and numbers", template("aviso", part("body", named("a")+","+text("b"))), 132012},
		{"another name", template("visita", part("header", named("loja"))+","+part("body", named("cor"))), 132012},
		{"a header by another name", template("visita", part("header", named("cor"))+","+part("body", named("nome"))), 132012},
		{"by name", template("visita", part("header", named("loja"))+","+part("body", named("nome"))), 0},
		{"a value of two lines", template("aviso", part("body", text(`a\nb`))), 132012},
		{"a value too long", template("aviso", part("body", text(long(1025)))), 132005},
		{"a picture in the body", template("aviso", part("body", photograph)), 132012},
		{"a footer", template("aviso", part("footer", text("x"))), 131009},
		{"no code", template("aviso", strings.Join([]string{header, body, address}, ",")), 131008},
		{"a code for an address", template("aviso", strings.Join([]string{header, body, withButton("copy_code", "1", `{"type":"coupon_code","coupon_code":"x"}`), code}, ",")), 132018},
		{"a button too far", template("aviso", strings.Join([]string{whole, withButton("url", "9", text("x"))}, ",")), 132018},
		{"a button at no place", template("aviso", withButton("url", "10", text("x"))), 131009},
		{"a button twice", template("aviso", address+","+address), 131009},
		{"a button of another kind", template("aviso", withButton("call", "1", text("x"))), 131009},
		{"a button with another value", template("aviso", withButton("url", "1", `{"type":"payload","payload":"x"}`)), 132012},
		{"a button with an empty value", template("aviso", withButton("url", "1", text(""))), 131008},
		{"a button with two values", template("aviso", withButton("url", "1", text("a")+","+text("b"))), 132000},
		{"a code too long", template("aviso", withButton("copy_code", "2", `{"type":"coupon_code","coupon_code":"`+long(21)+`"}`)), 132005},
		{"a flow without a token", template("aviso", withButton("flow", "3", `{"type":"action"}`)), 131008},
	}
	server := start(t, whatsapptest.Options{Templates: []whatsapp.TemplateSpec{notice, visit}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, code := post(t, server.URL+"/v26.0/"+number+"/messages", "Bearer any", `{"messaging_product":"whatsapp","to":"+5521900000001",`+test.body+`}`)
			want := http.StatusOK
			switch test.code {
			case 0:
			case 132001:
				want = http.StatusNotFound
			default:
				want = http.StatusBadRequest
			}
			if status != want || code != test.code {
				t.Errorf("status %d, code %d, want code %d", status, code, test.code)
			}
		})
	}
}

// Nobody is told that a reaction arrived or was seen.
func TestServerReportsOneStatusOfAReaction(t *testing.T) {
	in := newInbox(t)
	server := start(t, whatsapptest.Options{WebhookURL: in.URL, AppSecret: secret})
	send(t, newClient(t, server), whatsapp.Send{PhoneNumberID: number, To: whatsapp.Phone(lead),
		Message: whatsapp.ReactionMessage{MessageID: whatsapptest.MessageID(lead), Emoji: "👍"}})
	if err := server.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]whatsapp.State{whatsapp.StateSent}, in.states()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
