package simulator

import (
	"errors"
	"net/http"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// postPerson takes what a person of the team writes to a lead in its phone app.
// The lead has it at once, whatever the business hears of it: Meta tells of it by
// a webhook, which is delivered until it is accepted like that of a lead's
// message.
func (a *api) postPerson(w http.ResponseWriter, r *http.Request) {
	var request struct {
		To   string `json:"to"`
		Text string `json:"text"`
	}
	if !decode(w, r, &request) {
		return
	}
	message, err := a.writer.echo(request.To, request.Text)
	if err != nil {
		refuseRequest(w, http.StatusBadRequest, err.Error())
		return
	}
	if !a.transcript.answered(request.To, message.line) {
		refuseRequest(w, http.StatusNotFound, "nobody wrote from there")
		return
	}
	a.dispatch(w, r, message)
}

// echo makes the webhook of what a person wrote. Its error says what is wrong and
// repeats nothing of it.
func (w writer) echo(to, text string) (written, error) {
	if !isPerson(to) {
		return written{}, errors.New("to: " + noPerson)
	}
	if err := checkText(text); err != nil {
		return written{}, err
	}
	body := w.pen.Echo(to, text)
	return written{
		body: body,
		line: line{ID: whatsapptest.IDs(body)[0], Type: "text", Text: text, At: w.pen.Now()},
	}, nil
}
