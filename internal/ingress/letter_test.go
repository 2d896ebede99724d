package ingress_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func decode(t *testing.T, body []byte) envelope.Envelope {
	t.Helper()
	e, err := envelope.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// documented is the hash that the envelope's documentation promises.
func documented(length int, label string, parts ...string) string {
	mac := hmac.New(sha256.New, hashKeyBytes)
	mac.Write([]byte(label))
	for _, part := range parts {
		mac.Write([]byte("\x00" + part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)))[:length]
}

const userID = "BR.7001002003004005"

func TestEnvelope(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	d := newDoor(t, options{now: func() time.Time { return now }})
	d.pen.Now = func() time.Time { return now.Add(-3 * time.Second) }
	body := d.pen.Message(lead, "Iara", map[string]any{
		"from_user_id": userID, "type": "text", "text": map[string]any{"body": "Quero um orçamento."},
	})
	wamid := whatsapptest.IDs(body)[0]
	got := d.signed(body, func(r *http.Request) {
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		r.Header.Set("X-Correlation-Id", "corr-77")
	})
	d.want(d.counted(got), tally{Events: 1, Enqueued: 1})
	if got.header.Get("X-Correlation-Id") != "corr-77" {
		t.Errorf("answered under correlation %q", got.header.Get("X-Correlation-Id"))
	}

	task := d.tasks.Tasks()[0]
	e := decode(t, task.Body)
	byUser, byPhone := documented(32, "cid", number, userID), documented(32, "cid", number, lead)
	want := envelope.Envelope{
		V: 1, Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: number, ID: documented(26, "mid", wamid),
		Conversation: byUser, Aliases: []string{byUser, byPhone}, ReceivedAt: now, CorrelationID: "corr-77",
	}
	if diff := cmp.Diff(want, e, cmpopts.IgnoreFields(envelope.Envelope{}, "Payload", "Traceparent", "Seq")); diff != "" {
		t.Errorf("envelope (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(e.Traceparent, "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("trace %q does not go on with the sender's", e.Traceparent)
	}
	if task.Name != e.ID+"-0" || task.Queue != "inbound" || task.URL != "http://worker.invalid/tasks/inbound" || task.Method != http.MethodPost {
		t.Errorf("task %s in queue %s: %s %s", task.Name, task.Queue, task.Method, task.URL)
	}
	if kind := task.Header["Content-Type"]; kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	var m conversation.Inbound
	if err := e.Open(d.ring, &m); err != nil {
		t.Fatal(err)
	}
	message := conversation.Inbound{
		ID: conversation.MessageID(e.ID), WAMID: pii.Contact(wamid), Number: number,
		From: conversation.Identity{Phone: lead, UserID: userID, Name: "Iara"},
		Kind: conversation.KindText, Type: "text", Text: "Quero um orçamento.",
		SentAt: now.Add(-3 * time.Second), ReceivedAt: now,
	}
	if diff := cmp.Diff(message, m); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

// Without a header of its own a webhook gets ids, and its task the same.
func TestIDsFollowTheMessage(t *testing.T) {
	d := newDoor(t, options{})
	got := d.post(d.pen.Text(lead, "Iara", "oi"))
	e := d.letters()[0]
	if e.CorrelationID == "" || got.header.Get("X-Correlation-Id") != e.CorrelationID {
		t.Errorf("answer says %q, envelope %q", got.header.Get("X-Correlation-Id"), e.CorrelationID)
	}
	if len(e.Traceparent) != 55 {
		t.Errorf("traceparent %q", e.Traceparent)
	}
	received := d.logs.event(t, "webhook_received")
	if received == nil || received["correlation_id"] != e.CorrelationID || received["enqueued"] != 1.0 {
		t.Errorf("logged as %v", received)
	}
	if received["message_id"] != e.ID {
		t.Errorf("the event does not name its message: %v", received)
	}
}

func TestWhatMessagesHold(t *testing.T) {
	d := newDoor(t, options{})
	contextOf := map[string]any{"from": whatsapptest.DefaultDisplayPhoneNumber, "id": "wamid.OUT"}
	inner := map[string]any{"type": "text", "text": map[string]any{"body": "Moema ou Ibirapuera?"}}
	flow := map[string]any{"type": "nfm_reply", "nfm_reply": map[string]any{"name": "flow", "body": "Sent", "response_json": `{"flow_token":"f"}`}}
	for name, c := range map[string]struct {
		body []byte
		want conversation.Inbound
	}{
		"button": {d.pen.ButtonReply(lead, "Iara", "wamid.OUT", "opt1", "Sim"),
			conversation.Inbound{Kind: conversation.KindTap, Type: "interactive", Text: "Sim", TapID: "opt1", ReplyTo: "wamid.OUT"}},
		"list": {d.pen.ListReply(lead, "Iara", "wamid.OUT", "row7", "10h30"),
			conversation.Inbound{Kind: conversation.KindTap, Type: "interactive", Text: "10h30", TapID: "row7", ReplyTo: "wamid.OUT"}},
		"quick reply": {d.pen.QuickReply(lead, "Iara", "wamid.OUT", "CANCELAR", "Cancelar"),
			conversation.Inbound{Kind: conversation.KindTap, Type: "button", Text: "Cancelar", TapID: "CANCELAR", ReplyTo: "wamid.OUT"}},
		"quote": {d.pen.Message(lead, "Iara", map[string]any{"type": "text", "text": map[string]any{"body": "isto"}, "context": contextOf}),
			conversation.Inbound{Kind: conversation.KindText, Type: "text", Text: "isto", ReplyTo: "wamid.OUT"}},
		"voice": {d.pen.Media(lead, "Iara", whatsapp.TypeAudio, whatsapp.Media{ID: "m1", MIMEType: "audio/ogg; codecs=opus", SHA256: "aGFzaA==", Voice: true}),
			conversation.Inbound{Kind: conversation.KindAudio, Type: "audio", Media: &conversation.Media{ID: "m1", MIME: "audio/ogg; codecs=opus", SHA256: "aGFzaA==", Voice: true}}},
		"document": {d.pen.Media(lead, "Iara", whatsapp.TypeDocument, whatsapp.Media{ID: "m2", MIMEType: "application/pdf", Filename: "NF-e 88.pdf", Caption: "a nota"}),
			conversation.Inbound{Kind: conversation.KindDocument, Type: "document", Text: "a nota", Media: &conversation.Media{ID: "m2", MIME: "application/pdf", Filename: "NF-e 88.pdf"}}},
		"sticker": {d.pen.Media(lead, "Iara", whatsapp.TypeSticker, whatsapp.Media{ID: "m3", MIMEType: "image/webp"}),
			conversation.Inbound{Kind: conversation.KindSticker, Type: "sticker", Media: &conversation.Media{ID: "m3", MIME: "image/webp"}}},
		"location": {d.pen.Location(lead, "Iara", -23.6003, -46.6729),
			conversation.Inbound{Kind: conversation.KindLocation, Type: "location", Text: "📍 (-23.60030, -46.67290)", Place: &conversation.Place{Latitude: -23.6003, Longitude: -46.6729}}},
		"contacts": {d.pen.Message(lead, "Iara", map[string]any{"type": "contacts", "contacts": []any{map[string]any{"name": map[string]any{"formatted_name": "Rui"}}}}),
			conversation.Inbound{Kind: conversation.KindContacts, Type: "contacts", Text: "👤 Rui"}},
		"order": {d.pen.Message(lead, "Iara", map[string]any{"type": "order", "order": map[string]any{"catalog_id": "1", "text": "sem açúcar",
			"product_items": []any{map[string]any{"product_retailer_id": "café", "quantity": 2, "item_price": 39.9, "currency": "BRL"}}}}),
			conversation.Inbound{Kind: conversation.KindOrder, Type: "order", Text: "🛒 2 × café: 39.9 BRL\n= 79.80 BRL\nsem açúcar"}},
		"flow": {d.pen.Message(lead, "Iara", map[string]any{"type": "interactive", "interactive": flow, "context": contextOf}),
			conversation.Inbound{Kind: conversation.KindFlow, Type: "interactive", Form: `{"flow_token":"f"}`, ReplyTo: "wamid.OUT"}},
		"reaction": {d.pen.Reaction(lead, "Iara", "wamid.OUT", "👍🏽"),
			conversation.Inbound{Kind: conversation.KindReaction, Type: "reaction", Text: "👍🏽", ReplyTo: "wamid.OUT"}},
		"reaction taken off": {d.pen.Reaction(lead, "Iara", "wamid.OUT", ""),
			conversation.Inbound{Kind: conversation.KindReaction, Type: "reaction", ReplyTo: "wamid.OUT"}},
		"edit": {d.pen.Message(lead, "Iara", map[string]any{"type": "edit", "edit": map[string]any{"original_message_id": "wamid.IN", "message": inner}}),
			conversation.Inbound{Kind: conversation.KindEdit, Type: "edit", Text: "Moema ou Ibirapuera?", ReplyTo: "wamid.IN"}},
		"revoke": {d.pen.Message(lead, "Iara", map[string]any{"type": "revoke", "revoke": map[string]any{"original_message_id": "wamid.IN"}}),
			conversation.Inbound{Kind: conversation.KindRevoke, Type: "revoke", ReplyTo: "wamid.IN"}},
		"welcome": {d.pen.Message(lead, "Iara", map[string]any{"type": "request_welcome"}),
			conversation.Inbound{Kind: conversation.KindSystem, Type: "request_welcome", Note: "welcome"}},
		"unsupported": {d.pen.Message(lead, "Iara", map[string]any{"type": "unsupported", "unsupported": map[string]any{"type": "poll_creation"},
			"errors": []any{map[string]any{"code": 131051, "title": "Message type unknown"}}}),
			conversation.Inbound{Kind: conversation.KindUnsupported, Type: "poll_creation", Note: "platform"}},
		"unknown type": {d.pen.Message(lead, "Iara", map[string]any{"type": "hologram", "hologram": 1}),
			conversation.Inbound{Kind: conversation.KindUnsupported, Type: "hologram", Note: "unknown_type"}},
		"echo": {d.pen.Echo(lead, "Aqui é o Rui."),
			conversation.Inbound{Kind: conversation.KindEcho, Type: "text", Text: "Aqui é o Rui."}},
	} {
		before := len(d.messages())
		d.want(d.receive(c.body), tally{Events: 1, Enqueued: 1})
		got := d.messages()[before]
		raw := got.Kind != conversation.KindText && got.Kind != conversation.KindTap
		if raw != (len(got.Raw) > 0) || raw && !json.Valid(got.Raw) {
			t.Errorf("%s: %d raw bytes beside kind %s", name, len(got.Raw), got.Kind)
		}
		if got.From.Phone != lead || got.WAMID.Reveal() != whatsapptest.IDs(c.body)[0] {
			t.Errorf("%s: of somebody else", name)
		}
		ignore := cmpopts.IgnoreFields(conversation.Inbound{}, "ID", "WAMID", "Number", "From", "SentAt", "ReceivedAt", "Raw")
		if diff := cmp.Diff(c.want, got, ignore); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What a person of the business writes belongs to the conversation of the
// lead it was written to.
func TestEchoBelongsToItsReader(t *testing.T) {
	d := newDoor(t, options{})
	d.receive(d.pen.Text(lead, "Iara", "oi"))
	d.receive(d.pen.Echo(lead, "Aqui é o Rui."))
	d.receive(d.pen.Echo(userID, "Olá!"))
	letters := d.letters()
	if letters[0].Conversation != letters[1].Conversation {
		t.Error("an echo has another conversation than the lead's message")
	}
	if letters[2].Conversation != documented(32, "cid", number, userID) {
		t.Error("an echo to somebody without a number has the wrong conversation")
	}
}

// People with a username may write without showing a number.
func TestSenderWithoutNumber(t *testing.T) {
	d := newDoor(t, options{})
	d.receive(d.pen.Text(userID, "Iara", "Oi, tudo bem?"))
	e := d.letters()[0]
	if want := documented(32, "cid", number, userID); e.Conversation != want || len(e.Aliases) != 1 {
		t.Errorf("conversation %s, aliases %v, want %s alone", e.Conversation, e.Aliases, want)
	}
	if m := d.one(); m.From.UserID != userID || m.From.Phone != "" {
		t.Error("the sender is somebody else")
	}
}

func TestTimeOfAMessage(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	d := newDoor(t, options{now: func() time.Time { return now }})
	week := now.Add(-7 * 24 * time.Hour)
	for name, c := range map[string]struct {
		stamp string
		want  time.Time
	}{
		"now":                      {strconv.FormatInt(now.Unix(), 10), now},
		"seven days old":           {strconv.FormatInt(week.Unix(), 10), week},
		"in milliseconds":          {strconv.FormatInt(week.UnixMilli(), 10), week},
		"a clock a little ahead":   {strconv.FormatInt(now.Add(time.Minute).Unix(), 10), now.Add(time.Minute)},
		"an hour from now":         {strconv.FormatInt(now.Add(time.Hour).Unix(), 10), now},
		"milliseconds of 2001":     {"999999999999", time.UnixMilli(999999999999).UTC()},
		"the beginning of time":    {"0", time.Unix(0, 0).UTC()},
		"not there":                {"", now},
		"more than there are bits": {"99999999999999999999", now},
	} {
		before := len(d.messages())
		d.receive(d.pen.Message(lead, "Iara", map[string]any{"timestamp": c.stamp, "type": "text", "text": map[string]any{"body": "oi"}}))
		if got := d.messages()[before]; !got.SentAt.Equal(c.want) || !got.ReceivedAt.Equal(now) {
			t.Errorf("%s: sent at %s, want %s", name, got.SentAt, c.want)
		}
	}
}

// A fragment waits for the rest of its sentence, by its task's schedule.
func TestCoalescing(t *testing.T) {
	now := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	const window = 1200 * time.Millisecond
	d := newDoor(t, options{now: func() time.Time { return now }, coalesce: window})
	for name, c := range map[string]struct {
		body []byte
		wait bool
	}{
		"a fragment":          {d.pen.Text(lead, "Iara", "oi"), true},
		"a finished sentence": {d.pen.Text(lead, "Iara", "Quero um orçamento."), false},
		"a command":           {d.pen.Text(lead, "Iara", "/menu"), false},
		"a tap":               {d.pen.ButtonReply(lead, "Iara", "wamid.OUT", "opt1", "Sim"), false},
		"an image":            {d.pen.Media(lead, "Iara", whatsapp.TypeImage, whatsapp.Media{ID: "m", MIMEType: "image/png"}), false},
		"an echo":             {d.pen.Echo(lead, "oi"), false},
		"a status":            {d.pen.Status(lead, "wamid.OUT", whatsapp.StateSent, "", 0), false},
	} {
		before := len(d.tasks.Tasks())
		d.receive(c.body)
		task := d.tasks.Tasks()[before]
		if waits := task.Schedule.Equal(now.Add(window)); waits != c.wait {
			t.Errorf("%s is due at %s, asked at %s", name, task.Schedule, now)
		}
		if !c.wait && task.Schedule.After(now.Add(-time.Minute)) {
			t.Errorf("%s waits until %s", name, task.Schedule)
		}
	}
}

// Marked values of a person go through the whole door and are found nowhere
// but in sealed payloads.
func TestNothingPersonalShows(t *testing.T) {
	w := newWire(t)
	d := newDoor(t, options{hint: w.store(t)})
	const (
		phone = "5521987650123"
		name  = "Zuleica Canário"
		email = "zuleica@canario.example"
		words = "meu segredo é canário-amarelo"
		user  = "BR.99887766554433"
	)
	text := words + " " + email
	bodies := [][]byte{
		d.pen.Message(phone, name, map[string]any{"from_user_id": user, "type": "text", "text": map[string]any{"body": text}}),
		d.pen.Media(phone, name, whatsapp.TypeImage, whatsapp.Media{ID: "m", MIMEType: "image/png", Caption: text}),
		d.pen.Message(phone, name, map[string]any{"type": "hologram", "hologram": text}),
		d.pen.Message(phone, name, map[string]any{"id": nil, "type": "text", "text": map[string]any{"body": text}}),
		d.pen.Text(phone, name, string(randomText(200<<10))+text),
		d.pen.Status(phone, whatsapptest.MessageID(phone), whatsapp.StateSent, "v1.x.0.1", 0),
		d.pen.Echo(phone, text),
		[]byte(`{"broken":"` + phone + name + text),
	}
	canaries := []string{phone, name, "Zuleica", email, words, "canário-amarelo", user}
	for _, body := range bodies {
		for _, id := range whatsapptest.IDs(body) {
			canaries = append(canaries, id, strings.TrimPrefix(id, "wamid."))
		}
	}
	var answers strings.Builder
	tell := func(got reply) {
		answers.WriteString(got.body)
		_ = got.header.Write(&answers)
	}
	for _, body := range bodies {
		tell(d.post(body))
		tell(d.signed(body, func(r *http.Request) { r.Header.Set(whatsapp.SignatureHeader, sign(body, "outro")) }))
	}
	tell(challenge(t, d, url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {phone + words}, "hub.challenge": {email}}))
	w.cut() // What is said of failures is looked at too.
	tell(d.post(d.pen.Text(phone, name, text)))
	d.tasks.Close()
	last := d.pen.Text(phone, name, text)
	canaries = append(canaries, whatsapptest.IDs(last)...)
	if got := d.post(last); got.status != http.StatusServiceUnavailable {
		t.Errorf("without a queue: %d", got.status)
	} else {
		tell(got)
	}

	tasks, err := json.Marshal(d.tasks.Tasks())
	if err != nil {
		t.Fatal(err)
	}
	var payloads strings.Builder
	for _, task := range d.tasks.Tasks() {
		payloads.Write(task.Body)
	}
	for place, content := range map[string]string{
		"log": d.logs.String(), "answers": answers.String(), "tasks": string(tasks), "task bodies": payloads.String(), "Redis": w.seen(),
	} {
		if len(content) < 100 {
			t.Errorf("%s: there is nothing to search", place)
		}
		for _, canary := range canaries {
			if strings.Contains(content, canary) {
				t.Errorf("%s shows %q", place, canary)
			}
		}
	}
}
