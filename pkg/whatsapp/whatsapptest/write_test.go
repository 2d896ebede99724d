package whatsapptest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// dice makes messages up.
type dice struct{ *rand.Rand }

func (d dice) words() string {
	pieces := []string{"oi", "ação", "👩🏽‍💻", "\"aspas\"", "\\", "\n", "<b>", "}]}", "\u2028", " ", "R$ 1.234,56", "\x00", "🇧🇷", "日本"}
	text := ""
	for range 1 + d.IntN(4) {
		text += pieces[d.IntN(len(pieces))]
	}
	return text
}

// maybe is words, or nothing.
func (d dice) maybe() string {
	if d.IntN(2) == 0 {
		return ""
	}
	return d.words()
}

func (d dice) flip() bool { return d.IntN(2) == 0 }

func (d dice) digits() string { return strconv.FormatUint(1+d.Uint64()>>1, 10) }

func (d dice) userID() string { return "BR." + d.digits() }

// content is one of the kinds that a message can have, by its place.
func (d dice) content(kind int) (whatsapp.Type, whatsapp.Content) {
	number := func() json.Number { return json.Number(d.digits() + "." + d.digits()) }
	switch kind {
	case 0:
		return whatsapp.TypeText, whatsapp.Text{Body: d.maybe()}
	case 1:
		types := []whatsapp.Type{whatsapp.TypeImage, whatsapp.TypeVideo, whatsapp.TypeAudio, whatsapp.TypeDocument, whatsapp.TypeSticker}
		return types[d.IntN(len(types))], whatsapp.Media{ID: d.digits(), MIMEType: "audio/ogg; codecs=opus", SHA256: "R29sZA==", Caption: d.maybe(),
			Filename: d.maybe(), URL: d.maybe(), Voice: d.flip(), Animated: d.flip()}
	case 2:
		return whatsapp.TypeLocation, whatsapp.Location{Latitude: 180*d.Float64() - 90, Longitude: 360*d.Float64() - 180, Name: d.maybe(), Address: d.maybe(), URL: d.maybe()}
	case 3:
		var all whatsapp.Contacts
		for range d.IntN(3) {
			card := whatsapp.Card{Origin: d.maybe(), FormattedName: d.maybe(), FirstName: d.maybe(), LastName: d.maybe(), VCard: d.maybe()}
			for range d.IntN(3) {
				card.Phones = append(card.Phones, whatsapp.CardPhone{Phone: d.words(), WAID: d.digits(), Type: d.maybe()})
				card.Emails = append(card.Emails, d.maybe())
			}
			all.Cards = append(all.Cards, card)
		}
		return whatsapp.TypeContacts, all
	case 4:
		return whatsapp.TypeInteractive, whatsapp.ButtonReply{ID: d.words(), Title: d.maybe()}
	case 5:
		return whatsapp.TypeInteractive, whatsapp.ListReply{ID: d.words(), Title: d.maybe(), Description: d.maybe()}
	case 6:
		return whatsapp.TypeInteractive, whatsapp.FlowReply{Name: d.maybe(), Body: d.maybe(), Response: d.words()}
	case 7:
		return whatsapp.TypeButton, whatsapp.QuickReply{Payload: d.maybe(), Text: d.maybe()}
	case 8:
		cart := whatsapp.Order{CatalogID: d.maybe(), Text: d.maybe()}
		for range d.IntN(4) {
			cart.Items = append(cart.Items, whatsapp.OrderItem{ProductID: d.maybe(), Quantity: number(), Price: number(), Currency: "BRL"})
		}
		return whatsapp.TypeOrder, cart
	case 9:
		emoji := []string{"", "👍🏽", "❤️"}[d.IntN(3)]
		return whatsapp.TypeReaction, whatsapp.Reaction{MessageID: d.words(), Emoji: emoji, Removed: emoji == ""}
	case 10:
		return whatsapp.TypeSystem, whatsapp.System{Type: "user_changed_number", Body: d.maybe(), WAID: d.digits(), UserID: d.userID(),
			PreviousWAID: d.digits(), PreviousUserID: d.userID()}
	case 11:
		return whatsapp.TypeRevoke, whatsapp.Revoke{OriginalID: d.words()}
	case 12:
		return whatsapp.TypeWelcome, whatsapp.Welcome{}
	case 13:
		return whatsapp.TypeUnsupported, whatsapp.Unsupported{Type: "poll_creation", Reason: whatsapp.ReasonPlatform}
	default:
		edit := whatsapp.Edit{OriginalID: d.words()}
		edit.Type, edit.Content = d.content(d.IntN(edits))
		return whatsapp.TypeEdit, edit
	}
}

// edits is the place of the one kind that holds another, and the last.
const edits = 14

func (d dice) message(kind int) whatsapp.Message {
	m := whatsapp.Message{ID: "wamid." + d.digits(), Timestamp: time.Unix(d.Int64N(1e11), 0).UTC(), GroupID: d.maybe()}
	m.Type, m.Content = d.content(kind)
	switch d.IntN(3) {
	case 0:
		m.From = d.digits()
	case 1:
		m.FromUserID = d.userID()
	default:
		m.From, m.FromUserID, m.FromParentUserID = d.digits(), d.userID(), "BR.ENT."+d.digits()
	}
	if d.IntN(4) == 0 { // an echo
		m.FromUserID, m.FromParentUserID, m.From = "", "", d.digits()
		if m.To = d.digits(); d.flip() {
			m.ToUserID = d.userID()
		}
	}
	if d.flip() {
		m.Name, m.Username = "Nilza 👩🏽‍💻", "nilza.prado"
	}
	if d.flip() {
		m.Context = &whatsapp.Context{From: d.maybe(), ID: d.maybe(), Forwarded: d.flip(), FrequentlyForwarded: d.flip(), CatalogID: d.maybe(), ProductID: d.maybe()}
	}
	if d.flip() {
		m.Referral = &whatsapp.Referral{SourceType: "ad", SourceID: d.maybe(), SourceURL: d.maybe(), Headline: d.maybe(), Body: d.maybe(), MediaType: d.maybe(),
			ImageURL: d.maybe(), VideoURL: d.maybe(), ThumbnailURL: d.maybe(), ClickID: d.maybe(), WelcomeText: d.maybe()}
	}
	if d.flip() {
		m.Errors = []*whatsapp.Error{{Code: d.IntN(140000), Title: d.maybe(), Details: d.maybe()}}
	}
	return m
}

// TestWhatIsWrittenIsRead writes made-up messages of every kind and decodes them.
func TestWhatIsWrittenIsRead(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(7, 11))}
	for i := range 200 * (edits + 1) {
		want := d.message(i % (edits + 1))
		body := whatsapptest.Pen{}.Write(want)
		got, err := whatsapp.Decode(body)
		if err != nil || len(got.Elements) != 1 || got.Elements[0].Message == nil {
			t.Fatalf("%s: %d elements, %v", body, len(got.Elements), err)
		}
		kind := whatsapp.KindMessage
		if want.To != "" {
			kind = whatsapp.KindEcho
		}
		if e := got.Elements[0]; e.Kind != kind || e.PhoneNumberID != number || e.AccountID != whatsapptest.DefaultAccountID {
			t.Errorf("%s for %s at %s, want %s", e.Kind, e.PhoneNumberID, e.AccountID, kind)
		}
		if diff := cmp.Diff(want, *got.Elements[0].Message); diff != "" {
			t.Fatalf("%s\n-want +got:\n%s", body, diff)
		}
	}
}

// TestAThousandAtOnceWithSomeBroken puts a thousand elements of every kind into
// one webhook, every tenth of them broken.
func TestAThousandAtOnceWithSomeBroken(t *testing.T) {
	const total, each = 1000, 10
	d := dice{rand.New(rand.NewPCG(3, 5))}
	pen := whatsapptest.Pen{Now: func() time.Time { return time.Unix(1796000000, 0) }}
	broken := []struct {
		fields map[string]any
		reason string
	}{
		{map[string]any{"id": nil}, "id"},
		{map[string]any{"id": 7}, "id"},
		{map[string]any{"id": "a b"}, "id"},
		{map[string]any{"from": nil}, "from"},
		{map[string]any{"from": "ninguém"}, "from"},
		{map[string]any{"from": []any{map[string]any{"deep": []any{1, 2, 3}}}}, "from"},
	}
	var messages, statuses [][]byte
	reasons := map[int]string{} // of broken messages, by their place
	for i := range total {
		switch {
		case i%each == 3:
			b := broken[i/each%len(broken)]
			reasons[len(messages)] = b.reason
			messages = append(messages, pen.Message(strconv.Itoa(5521900000000+i), "", withText(b.fields)))
		case i%7 == 0:
			statuses = append(statuses, pen.Status(lead, fmt.Sprint("wamid.OUT", i), whatsapp.StateRead, "", 0))
		default:
			m := d.message(i % (edits + 1))
			m.To, m.ToUserID = "", "" // echoes would go to another field
			messages = append(messages, pen.Write(m))
		}
	}
	body := whatsapptest.Batch(append(append([][]byte{}, messages...), statuses...)...)
	if len(body) > 3<<20 {
		t.Errorf("%d bytes are more than Meta sends", len(body))
	}
	got, err := whatsapp.Decode(body)
	if err != nil || len(got.Elements) != total || len(reasons) != total/each {
		t.Fatalf("%d elements, %d of them broken, %v", len(got.Elements), len(reasons), err)
	}
	for i, alone := range append(messages, statuses...) {
		want, err := whatsapp.Decode(alone)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Elements[0], got.Elements[i]); diff != "" {
			t.Fatalf("element %d is read otherwise among others:\n%s", i, diff)
		}
		e := got.Elements[i]
		reason, isBroken := reasons[i]
		if (e.Kind == whatsapp.KindUnreadable) != isBroken || e.Reason != reason {
			t.Errorf("element %d: %s %q, want reason %q", i, e.Kind, e.Reason, reason)
		}
		if !bytes.Contains(alone, e.Raw) {
			t.Errorf("element %d: raw bytes %q are not those that were written", i, e.Raw)
		}
	}
}

// withText are fields of a text message.
func withText(fields map[string]any) map[string]any {
	all := map[string]any{"type": "text", "text": map[string]any{"body": "oi"}}
	for key, field := range fields {
		all[key] = field
	}
	return all
}
