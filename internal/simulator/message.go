package simulator

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// Bounds of what a person can write. WhatsApp's own field takes 65 536
// characters.
const (
	maxText  = 65_536
	maxName  = 256
	maxShort = 1024 // of ids, titles and file names
	maxVoice = 4096 // bytes of a text that is spoken
)

// messageRequest is what a lead writes, in the words of the API.
type messageRequest struct {
	From string `json:"from"`
	Name string `json:"name"`
	// Type is "text" when it is empty.
	Type string `json:"type"`
	Text string `json:"text"`

	ReplyTo string `json:"reply_to"`
	ID      string `json:"id"`
	Title   string `json:"title"`

	// An audio without data speaks Text, for the scripted transcription.
	MIME     string `json:"mime"`
	Data     string `json:"data"` // base64
	Caption  string `json:"caption"`
	Filename string `json:"filename"`

	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`

	Emoji string `json:"emoji"`
}

// written is a message as a webhook carries it and as a phone shows it.
type written struct {
	body []byte
	line line
}

// writer turns what a lead writes into webhooks.
type writer struct {
	pen   whatsapptest.Pen
	shelf *shelf
	// find is a message of a person's transcript.
	find func(from, id string) (line, bool)
}

// write makes a webhook. The error says what is wrong with the request and
// repeats nothing of it.
func (w writer) write(r messageRequest) (written, error) {
	if !isPerson(r.From) {
		return written{}, errors.New("from: " + noPerson)
	}
	if utf8.RuneCountInString(r.Name) > maxName {
		return written{}, fmt.Errorf("name: has more than %d characters", maxName)
	}
	for field, value := range map[string]string{"reply_to": r.ReplyTo, "id": r.ID, "title": r.Title, "filename": r.Filename, "mime": r.MIME, "emoji": r.Emoji} {
		if len(value) > maxShort {
			return written{}, fmt.Errorf("%s: has more than %d bytes", field, maxShort)
		}
	}
	message, err := w.content(&r)
	if err != nil {
		return written{}, err
	}
	message.line.ID = whatsapptest.IDs(message.body)[0]
	message.line.At = w.pen.Now()
	return message, nil
}

func (w writer) content(r *messageRequest) (written, error) {
	switch r.Type {
	case "", "text":
		return w.text(r)
	case "button", "list":
		return w.tap(r)
	case "audio", "image", "video", "document", "sticker":
		return w.media(r)
	case "location":
		return w.location(r)
	case "reaction":
		return w.reaction(r)
	default:
		return written{}, errors.New("type: is none of text, button, list, audio, image, video, document, sticker, location and reaction")
	}
}

func (w writer) text(r *messageRequest) (written, error) {
	if err := checkText(r.Text); err != nil {
		return written{}, err
	}
	fields := map[string]any{"type": "text", "text": map[string]any{"body": r.Text}}
	if r.ReplyTo != "" {
		fields["context"] = map[string]any{"from": whatsapptest.DefaultDisplayPhoneNumber, "id": r.ReplyTo}
	}
	return written{
		body: w.pen.Message(r.From, r.Name, fields),
		line: line{Type: "text", Text: r.Text, ReplyTo: r.ReplyTo},
	}, nil
}

// checkText says what WhatsApp would not take of a text.
func checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("text: is empty")
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("text: has more than %d characters, which is all that WhatsApp takes", maxText)
	}
	return nil
}

// tap is a tap on a choice; the title may be left out where the message with
// the choices is known.
func (w writer) tap(r *messageRequest) (written, error) {
	if r.ReplyTo == "" {
		return written{}, errors.New("reply_to: is missing: the id of the message whose choice is tapped")
	}
	if r.ID == "" {
		return written{}, errors.New("id: is missing: the id of the tapped choice")
	}
	title := r.Title
	if offered, ok := w.find(r.From, r.ReplyTo); ok && title == "" {
		if i := slices.IndexFunc(offered.Options, func(o option) bool { return o.ID == r.ID }); i >= 0 {
			title = offered.Options[i].Title
		}
	}
	if title == "" {
		return written{}, errors.New("title: is missing: what the tapped choice says")
	}
	tap := w.pen.ButtonReply
	if r.Type == "list" {
		tap = w.pen.ListReply
	}
	return written{
		body: tap(r.From, r.Name, r.ReplyTo, r.ID, title),
		line: line{Type: r.Type, Text: title, ReplyTo: r.ReplyTo},
	}, nil
}

func (w writer) media(r *messageRequest) (written, error) {
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if r.Type == "audio" && r.Data == "" && r.Text != "" {
		if len(r.Text) > maxVoice {
			return written{}, fmt.Errorf("text: has more than %d bytes, which is all that a voice note says here", maxVoice)
		}
		data, r.MIME = voiceNote(r.Text), voiceType
	}
	switch {
	case err != nil:
		return written{}, errors.New("data: is not base64")
	case len(data) == 0:
		return written{}, errors.New("data: is missing: the file in base64")
	case utf8.RuneCountInString(r.Caption) > maxText:
		return written{}, fmt.Errorf("caption: has more than %d characters", maxText)
	case len(data) > maxMedia:
		return written{}, fmt.Errorf("data: is more than %d MiB", maxMedia>>20)
	case !strings.Contains(r.MIME, "/"):
		return written{}, errors.New("mime: is missing: the file's type, such as audio/ogg")
	}
	id, kept := w.shelf.put(file{mime: r.MIME, filename: r.Filename, data: data})
	return written{
		body: w.pen.Media(r.From, r.Name, whatsapp.Type(r.Type), whatsapp.Media{
			ID: id, MIMEType: r.MIME, SHA256: kept.sha256, Caption: r.Caption, Filename: r.Filename,
			Voice: r.Type == "audio",
		}),
		line: line{Type: r.Type, Text: r.Caption, Media: id, MIME: r.MIME, Filename: r.Filename},
	}, nil
}

func (w writer) location(r *messageRequest) (written, error) {
	if r.Latitude == nil || r.Longitude == nil {
		return written{}, errors.New("latitude, longitude: both are needed")
	}
	if math.Abs(*r.Latitude) > 90 || math.Abs(*r.Longitude) > 180 {
		return written{}, errors.New("latitude, longitude: are not on the globe")
	}
	return written{
		body: w.pen.Location(r.From, r.Name, *r.Latitude, *r.Longitude),
		line: line{Type: "location", Latitude: r.Latitude, Longitude: r.Longitude},
	}, nil
}

// reaction puts an emoji on a message; an empty one takes it off.
func (w writer) reaction(r *messageRequest) (written, error) {
	if r.ReplyTo == "" {
		return written{}, errors.New("reply_to: is missing: the id of the message that is reacted to")
	}
	return written{
		body: w.pen.Reaction(r.From, r.Name, r.ReplyTo, r.Emoji),
		line: line{Type: "reaction", Text: r.Emoji, ReplyTo: r.ReplyTo},
	}, nil
}

// noPerson is what is wrong with a name that [isPerson] does not know.
const noPerson = "is neither a phone number (7 to 15 digits) nor a business-scoped user id (such as BR.1234)"

// isPerson reports whether a lead can be named so: by a phone number, or by a
// business-scoped user id (two letters, a point, letters and digits).
func isPerson(from string) bool {
	if strings.Trim(from, "0123456789") == "" {
		return len(from) >= 7 && len(from) <= 15
	}
	country, id, _ := strings.Cut(from, ".")
	return len(country) == 2 && strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" &&
		id != "" && len(id) <= 128 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}
