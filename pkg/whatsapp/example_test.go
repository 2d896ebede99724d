package whatsapp_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// A webhook's elements come out one by one, whatever is wrong with one of them.
func ExampleDecode() {
	body := whatsapptest.Batch(
		whatsapptest.Pen{}.Text("5521900000001", "Nilza", "Boa tarde!"),
		whatsapptest.Pen{}.ButtonReply("BR.77", "Caio", "wamid.OUT", "sim", "Sim"),
		whatsapptest.Pen{}.Message("5521900000002", "", map[string]any{"type": "text", "id": nil}),
	)
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, element := range delivery.Elements {
		switch element.Kind {
		case whatsapp.KindMessage:
			switch content := element.Message.Content.(type) {
			case whatsapp.Text:
				fmt.Println(element.Message.Name, "wrote:", content.Body)
			case whatsapp.ButtonReply:
				fmt.Println(element.Message.Name, "tapped:", content.ID)
			}
		case whatsapp.KindUnreadable:
			fmt.Println("cannot be read, because of its", element.Reason)
		}
	}
	// Output:
	// Nilza wrote: Boa tarde!
	// Caio tapped: sim
	// cannot be read, because of its id
}

// A webhook is believed only over the bytes as they came. While the app's secret
// is being changed, both are right.
func ExampleVerify() {
	oldSecret, newSecret := []byte("until-yesterday"), []byte("from-today")
	pen := whatsapptest.Pen{AppSecret: oldSecret}
	body := pen.Text("5521900000001", "Nilza", "oi")
	request := pen.Request(context.Background(), "https://bot.example/webhook", body)

	signature := request.Header.Get(whatsapp.SignatureHeader)
	fmt.Println(whatsapp.Verify(body, signature, newSecret, oldSecret))
	fmt.Println(whatsapp.Verify(append(body, ' '), signature, newSecret, oldSecret))
	// Output:
	// true
	// false
}

// A message is sent once. Whether to send it again is for the caller, who learns
// whether it may have arrived in spite of the error.
func ExampleClient_Send() {
	graph := whatsapptest.NewServer(whatsapptest.Options{})
	defer graph.Close()
	client, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: graph.URL,
		Token:   func(context.Context) (string, error) { return "access-token", nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	send := whatsapp.Send{
		PhoneNumberID: whatsapptest.DefaultPhoneNumberID,
		To:            whatsapp.Phone("5521900000001"),
		Message:       whatsapp.ImageMessage{Source: whatsapp.MediaLink("https://files.example/planta.png"), Caption: "A planta"},
	}
	sent, err := client.Send(context.Background(), send)
	fmt.Println(sent.WAID, err)

	graph.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131047})
	_, err = client.Send(context.Background(), send)
	fmt.Println(whatsapp.Ambiguous(err))

	graph.Fail(whatsapptest.Fault{Kind: whatsapptest.FailAfter})
	_, err = client.Send(context.Background(), send)
	fmt.Println(whatsapp.Ambiguous(err))
	// Output:
	// 5521900000001 <nil>
	// false
	// true
}

func ExampleButtonsMessage() {
	send := whatsapp.Send{
		PhoneNumberID: whatsapptest.DefaultPhoneNumberID,
		To:            whatsapp.User("BR.77"),
		Message: whatsapp.ButtonsMessage{
			Header: whatsapp.HeaderDocument{Source: whatsapp.MediaID("955000000000010"), Filename: "proposta.pdf"},
			Body:   "Podemos seguir?",
			Buttons: []whatsapp.Button{
				{ID: "sim", Title: "Sim"},
				{ID: "nao", Title: "Ainda não"},
				{ID: "pessoa", Title: "Falar com uma pessoa"},
			},
		},
	}
	fmt.Println(send.Check())

	message := whatsapp.ButtonsMessage{Body: "Podemos seguir?", Buttons: []whatsapp.Button{{ID: "pessoa", Title: "Quero falar com uma pessoa"}}}
	send.Message = message
	fmt.Println(send.Check())
	// Output:
	// <nil>
	// whatsapp: interactive.action.buttons[0].reply.title: 26 characters, at most 20
}

// A template and the messages made from it are written in two places. The check
// notices when they part, before Meta does.
func ExampleTemplateSpec_Check() {
	reminder := whatsapp.TemplateSpec{
		Name: "lembrete", Language: "pt_BR",
		Names:   []string{"nome", "hora"},
		Buttons: []whatsapp.ButtonKind{whatsapp.ButtonQuickReply, whatsapp.ButtonURL},
	}
	message := whatsapp.TemplateMessage{
		Name: "lembrete", Language: "pt_BR",
		Parameters: whatsapp.Named{"nome": "Nilza", "hora": "10h30"},
		Buttons: []whatsapp.TemplateButton{
			whatsapp.QuickReplyButton{Index: 0, Payload: "confirmar:771"},
			whatsapp.URLButton{Index: 1, Suffix: "771"},
		},
	}
	fmt.Println(reminder.Check(message))

	message.Parameters = whatsapp.Named{"nome": "Nilza"}
	fmt.Println(reminder.Check(message))
	// Output:
	// <nil>
	// whatsapp: template.components.parameters.hora: required
}

// What a person sees as one character is kept whole, or left out whole.
func ExampleTruncate() {
	const title = "Automação 👩🏽‍💻 completa"
	for _, limit := range []int{24, 15, 14, 13} {
		fmt.Println(whatsapp.Truncate(title, limit))
	}
	// Output:
	// Automação 👩🏽‍💻 completa
	// Automação 👩🏽‍💻…
	// Automação…
	// Automação…
}

func ExampleCheckMedia() {
	fmt.Println(whatsapp.CheckMedia(whatsapp.TypeAudio, "audio/ogg; codecs=opus", 48_000))
	fmt.Println(whatsapp.CheckMedia(whatsapp.TypeImage, "image/webp", 48_000))
	fmt.Println(whatsapp.CheckMedia(whatsapp.TypeImage, "image/png", 6_000_000))
	// Output:
	// <nil>
	// whatsapp: type: format
	// whatsapp: file: 6000000 bytes, at most 5242880
}
