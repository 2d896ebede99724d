package whatsapp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// webhook wraps a value of the messages field.
func webhook(value string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"6","changes":[{"field":"messages","value":` + value + `}]}]}`
}

// written wraps the messages array of one value that has metadata.
func written(messages string) string {
	return webhook(`{"metadata":{"phone_number_id":"7330"},"messages":` + messages + `}`)
}

func decode(t *testing.T, body string) []whatsapp.Element {
	t.Helper()
	d, err := whatsapp.Decode([]byte(body))
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return d.Elements
}

// only decodes a webhook of one element.
func only(t *testing.T, body string) whatsapp.Element {
	t.Helper()
	all := decode(t, body)
	if len(all) != 1 {
		t.Fatalf("%d elements, want 1", len(all))
	}
	return all[0]
}

func TestDecodeRefusesTheWhole(t *testing.T) {
	good := written(`[]`)
	tests := []struct {
		name string
		body string
		want error
	}{
		{"nothing", "", whatsapp.ErrNotJSON},
		{"space", " \n", whatsapp.ErrNotJSON},
		{"cut off", good[:len(good)-1], whatsapp.ErrNotJSON},
		{"two documents", good + good, whatsapp.ErrNotJSON},
		{"byte order mark", "\ufeff" + good, whatsapp.ErrNotJSON},
		{"comment", "//\n" + good, whatsapp.ErrNotJSON},
		{"ten thousand and one arrays", strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), whatsapp.ErrNotJSON},
		{"string", `"whatsapp_business_account"`, whatsapp.ErrShape},
		{"number", `1e999999`, whatsapp.ErrShape},
		{"null", `null`, whatsapp.ErrShape},
		{"array", `[` + good + `]`, whatsapp.ErrShape},
		{"empty object", `{}`, whatsapp.ErrShape},
		{"no object name", `{"entry":[]}`, whatsapp.ErrShape},
		{"no entries", `{"object":"whatsapp_business_account"}`, whatsapp.ErrShape},
		{"entries in an object", `{"object":"whatsapp_business_account","entry":{}}`, whatsapp.ErrShape},
		{"too many messages", written(`[` + strings.Repeat("0,", whatsapp.MaxElements) + `0]`), whatsapp.ErrTooMany},
		{"too many entries", `{"object":"x","entry":[` + strings.Repeat("0,", whatsapp.MaxElements) + `0]}`, whatsapp.ErrTooMany},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := whatsapp.Decode([]byte(test.body))
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if len(d.Elements) != 0 {
				t.Errorf("%d elements beside an error", len(d.Elements))
			}
		})
	}
}

func TestDecodeTakesAsManyAsAllowed(t *testing.T) {
	all := decode(t, written(`[`+strings.Repeat("0,", whatsapp.MaxElements-1)+`0]`))
	if len(all) != whatsapp.MaxElements {
		t.Errorf("%d elements, want %d", len(all), whatsapp.MaxElements)
	}
}

func TestDecodeEmptyWebhooks(t *testing.T) {
	for _, body := range []string{
		emptyBody, "\n " + emptyBody + "\t\r\n", written(`[]`), written(`[ ]`),
		`{"object":"whatsapp_business_account","entry":[{"id":"6","changes":[]}]}`,
	} {
		if all := decode(t, body); len(all) != 0 {
			t.Errorf("%s: %d elements, want none", body, len(all))
		}
	}
}

const oi = `{"from":"5521900000001","id":"wamid.A","timestamp":"1796000000","type":"text","text":{"body":"oi"}}`

func TestDecodeKeysAreCaseExact(t *testing.T) {
	for name, body := range map[string]string{
		"messages": webhook(`{"metadata":{"phone_number_id":"7330"},"Messages":[` + oi + `]}`),
		"field":    strings.Replace(written(`[`+oi+`]`), `"field"`, `"Field"`, 1),
		"id":       written(`[` + strings.Replace(oi, `"id"`, `"ID"`, 1) + `]`),
		"from":     written(`[` + strings.Replace(oi, `"from"`, `"From"`, 1) + `]`),
	} {
		if e := only(t, body); e.Kind == whatsapp.KindMessage {
			t.Errorf("%s in other letters was read", name)
		}
	}
	e := only(t, written(`[`+strings.Replace(oi, `"text":{"body"`, `"text":{"Body"`, 1)+`]`))
	want := whatsapp.Unsupported{Type: "text", Reason: whatsapp.ReasonUnreadable, Field: "text.body"}
	if diff := cmp.Diff(whatsapp.Content(want), e.Message.Content); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDecodeLastOfEqualKeysWins(t *testing.T) {
	e := only(t, written(`[`+oi+`],"messages":[`+
		`{"id":"wamid.0","from":"1","id":"wamid.B","from":"5521900000002","timestamp":"1","timestamp":"1796000001",`+
		`"text":{"body":"um","preview":1},"type":"image","type":"text","text":{"bo\u0064y":"zero","\u0062ody":"dois"}}]`))
	m := e.Message
	if m == nil || m.ID != "wamid.B" || m.From != "5521900000002" || m.Timestamp.Unix() != 1796000001 {
		t.Fatalf("message %+v", m)
	}
	if diff := cmp.Diff(whatsapp.Content(whatsapp.Text{Body: "dois"}), m.Content); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The last one wins whole: nothing of the first shines through.
	e = only(t, written(`[`+strings.Replace(oi, `"text":{"body":"oi"}`, `"text":{"body":"oi"},"text":{}`, 1)+`]`))
	if e.Message.Type != whatsapp.TypeUnsupported {
		t.Errorf("a repeated object was merged: %+v", e.Message.Content)
	}
}

func TestDecodeText(t *testing.T) {
	tests := []struct {
		name, literal, want string
	}{
		{"escapes", `"a\"b\\c\/\u00e7\n"`, "a\"b\\c/ç\n"},
		{"emoji as surrogates", `"\ud83d\ude00"`, "😀"},
		{"lone surrogate", `"a\ud83db"`, "a\ufffdb"},
		{"bytes that are no UTF-8", "\"a\xffb\"", "a\ufffdb"},
		{"string that looks like structure", `"}],\"messages\":[{"`, `}],"messages":[{`},
		{"ends in backslashes", `"\\\\"`, `\\`},
		{"empty", `""`, ""},
		{"null byte", `"\u0000"`, "\x00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := only(t, written(`[`+strings.Replace(oi, `"oi"`, test.literal, 1)+`]`))
			if diff := cmp.Diff(whatsapp.Content(whatsapp.Text{Body: test.want}), e.Message.Content); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// with returns the message "oi" with one more, or another, field.
func with(field string) string {
	return written(`[` + strings.TrimSuffix(oi, "}") + `,` + field + `}]`)
}

// TestDecodeLosesNobody breaks every field but id and sender: the person must
// come out, to be answered.
func TestDecodeLosesNobody(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	tests := []struct {
		field string // what to add to the message
		want  string // the field named as unreadable
	}{
		{`"timestamp":"ontem"`, "timestamp"},
		{`"timestamp":""`, "timestamp"},
		{`"timestamp":null`, "timestamp"},
		{`"timestamp":"-5"`, "timestamp"},
		{`"timestamp":1e9`, "timestamp"},
		{`"timestamp":"99999999999999999999999"`, "timestamp"},
		{`"type":5`, "type"},
		{`"type":null`, "type"},
		{`"type":""`, "type"},
		{`"text":"oi"`, "text"},
		{`"text":null`, "text"},
		{`"text":[]`, "text"},
		{`"text":{"body":5}`, "text.body"},
		{`"text":{"body":null}`, "text.body"},
		{`"from_user_id":7`, "from_user_id"},
		{`"from_user_id":" "`, "from_user_id"},
		{`"from_parent_user_id":{}`, "from_parent_user_id"},
		{`"group_id":1`, "group_id"},
		{`"context":"wamid.X"`, "context"},
		{`"context":{"id":5}`, "context.id"},
		{`"context":{"forwarded":"yes"}`, "context.forwarded"},
		{`"context":{"referred_product":[]}`, "context.referred_product"},
		{`"referral":[]`, "referral"},
		{`"referral":{"headline":{}}`, "referral.headline"},
		{`"referral":{"welcome_message":"oi"}`, "referral.welcome_message"},
		{`"errors":{}`, "errors"},
		{`"errors":[5]`, "errors"},
		{`"errors":[{"title":"no code"}]`, "errors"},
		{`"errors":[` + strings.Repeat(`{"code":1},`, 500) + `{"code":1}]`, "errors"},
		{`"anything":` + deep, "nesting"},
		{`"type":"image","image":{"mime_type":"image/png"}`, "image.id"},
		{`"type":"image","image":{"id":"1","caption":0}`, "image.caption"},
		{`"type":"audio","audio":{"id":"1","voice":1}`, "audio.voice"},
		{`"type":"voice","voice":5`, "voice"},
		{`"type":"location","location":{"latitude":1}`, "location.longitude"},
		{`"type":"location","location":{"latitude":91,"longitude":1}`, "location.latitude"},
		{`"type":"location","location":{"latitude":1e999999,"longitude":1}`, "location.latitude"},
		{`"type":"location","location":{"latitude":"NaN","longitude":1}`, "location.latitude"},
		{`"type":"location","location":{"latitude":"1 2","longitude":1}`, "location.latitude"},
		{`"type":"contacts","contacts":{}`, "contacts"},
		{`"type":"contacts"`, "contacts"},
		{`"type":"contacts","contacts":[7]`, "contacts"},
		{`"type":"contacts","contacts":[{"phones":{}}]`, "contacts.phones"},
		{`"type":"contacts","contacts":[{"phones":[1]}]`, "contacts.phones"},
		{`"type":"contacts","contacts":[{"emails":[{"email":1}]}]`, "contacts.emails.email"},
		{`"type":"interactive","interactive":{}`, "interactive.type"},
		{`"type":"interactive","interactive":{"type":"button_reply"}`, "interactive.button_reply"},
		{`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"title":"x"}}`, "interactive.button_reply.id"},
		{`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":1}}`, "interactive.list_reply.id"},
		{`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":{}}}`, "interactive.nfm_reply.response_json"},
		{`"type":"button","button":{"payload":[]}`, "button.payload"},
		{`"type":"order","order":{"product_items":{}}`, "order.product_items"},
		{`"type":"order","order":{"product_items":[{"item_price":"cheap"}]}`, "order.product_items.item_price"},
		{`"type":"reaction","reaction":{"emoji":"👍"}`, "reaction.message_id"},
		{`"type":"system","system":{}`, "system.type"},
		{`"type":"system","system":{"type":"user_changed_number","wa_id":[]}`, "system"},
		{`"type":"edit","edit":{"original_message_id":"wamid.0"}`, "edit.message"},
		{`"type":"edit","edit":{"message":{"type":"text","text":{"body":"x"}}}`, "edit.original_message_id"},
		{`"type":"revoke","revoke":{}`, "revoke.original_message_id"},
		{`"type":"unsupported","unsupported":5`, "unsupported"},
	}
	for _, test := range tests {
		t.Run(test.field[:min(len(test.field), 60)], func(t *testing.T) {
			e := only(t, with(test.field))
			m := e.Message
			if e.Kind != whatsapp.KindMessage || m.ID != "wamid.A" || m.From != "5521900000001" {
				t.Fatalf("the person was lost: %s %s", e.Kind, e.Reason)
			}
			got, ok := m.Content.(whatsapp.Unsupported)
			if !ok || m.Type != whatsapp.TypeUnsupported || got.Reason != whatsapp.ReasonUnreadable || got.Field != test.want {
				t.Errorf("content %#v, want unreadable %s", m.Content, test.want)
			}
		})
	}
}

// TestDecodeCannotName has messages nobody could be answered for.
func TestDecodeCannotName(t *testing.T) {
	long := strings.Repeat("a", 513)
	tests := []struct {
		message string
		want    string
	}{
		{`7`, "message"},
		{`"oi"`, "message"},
		{`null`, "message"},
		{`[]`, "message"},
		{`{}`, "id"},
		{`{"id":7,"from":"5521900000001"}`, "id"},
		{`{"id":"","from":"5521900000001"}`, "id"},
		{`{"id":"wamid A","from":"5521900000001"}`, "id"},
		{`{"id":"wamid\u0000","from":"5521900000001"}`, "id"},
		{"{\"id\":\"wamid.\xff\",\"from\":\"5521900000001\"}", "id"},
		{`{"id":"wamid.\ud800","from":"5521900000001"}`, "id"},
		{`{"id":"` + long + `","from":"5521900000001"}`, "id"},
		{`{"id":"wamid.A"}`, "from"},
		{`{"id":"wamid.A","from":null,"from_user_id":null}`, "from"},
		{`{"id":"wamid.A","from":"Iara"}`, "from"},
		{`{"id":"wamid.A","from":""}`, "from"},
		{`{"id":"wamid.A","from":"+"}`, "from"},
		{`{"id":"wamid.A","from":-5521900000001}`, "from"},
		{`{"id":"wamid.A","from":"123456789012345678901"}`, "from"},
		{`{"id":"wamid.A","from":"br.700"}`, "from"},
		{`{"id":"wamid.A","from":"BR."}`, "from"},
		{`{"id":"wamid.A","from":"BR.7 0"}`, "from"},
		{`{"id":"wamid.A","type":"system","system":{"type":"user_changed_number"}}`, "from"},
	}
	for _, test := range tests {
		t.Run(test.message[:min(len(test.message), 60)], func(t *testing.T) {
			e := only(t, written(`[`+test.message+`]`))
			if e.Kind != whatsapp.KindUnreadable || e.Reason != test.want || e.PhoneNumberID != "7330" {
				t.Errorf("%s %q, want unreadable %q", e.Kind, e.Reason, test.want)
			}
			if string(e.Raw) != test.message {
				t.Errorf("raw %q", e.Raw)
			}
		})
	}
}

func TestDecodeUnreadableAround(t *testing.T) {
	tests := []struct {
		name, body, want string
	}{
		{"entry", `{"object":"whatsapp_business_account","entry":[5]}`, "entry"},
		{"changes", `{"object":"whatsapp_business_account","entry":[{"id":"6","changes":5}]}`, "entry"},
		{"change", `{"object":"whatsapp_business_account","entry":[{"changes":[null]}]}`, "field"},
		{"field", `{"object":"whatsapp_business_account","entry":[{"changes":[{"field":5}]}]}`, "field"},
		{"no value", `{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages"}]}]}`, "value"},
		{"value", webhook(`[]`), "value"},
		{"messages", written(`{}`), "messages"},
		{"no number", webhook(`{"messages":[` + oi + `]}`), "metadata.phone_number_id"},
		{"number is no id", webhook(`{"metadata":{"phone_number_id":[]},"messages":[` + oi + `]}`), "metadata.phone_number_id"},
		{"status", webhook(`{"metadata":{"phone_number_id":"7330"},"statuses":[5]}`), "status"},
		{"status without state", webhook(`{"metadata":{"phone_number_id":"7330"},"statuses":[{"id":"wamid.A"}]}`), "status"},
		{"status without number", webhook(`{"statuses":[{"id":"wamid.A","status":"sent"}]}`), "metadata.phone_number_id"},
		{"statuses", webhook(`{"statuses":"sent"}`), "statuses"},
		{"error", webhook(`{"errors":[{"code":1.5}]}`), "code"},
		{"huge error code", webhook(`{"errors":[{"code":99999999999999999999}]}`), "code"},
		{"echo to nobody", webhook(`{"metadata":{"phone_number_id":"7330"},"message_echoes":[` + oi + `]}`), "to"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := only(t, test.body)
			if e.Kind != whatsapp.KindUnreadable || e.Reason != test.want {
				t.Errorf("%s %q, want unreadable %q", e.Kind, e.Reason, test.want)
			}
			if !json.Valid(e.Raw) {
				t.Errorf("raw %q", e.Raw)
			}
		})
	}
}

func TestDecodeIdentifiersKeepEveryDigit(t *testing.T) {
	e := only(t, webhook(`{"metadata":{"phone_number_id":900719925474099312345},"messages":[`+
		`{"from":5521900000001,"id":"wamid.A","timestamp":1796000000,"type":"text","text":{"body":"oi"}}]}`))
	if e.PhoneNumberID != "900719925474099312345" {
		t.Errorf("phone number id %q", e.PhoneNumberID)
	}
	if e.Message.From != "5521900000001" || !e.Message.Timestamp.Equal(time.Unix(1796000000, 0)) {
		t.Errorf("message %+v", e.Message)
	}
	e = only(t, written(`[`+strings.Replace(oi, `"5521900000001"`, `"+5521900000001"`, 1)+`]`))
	if e.Message.From != "5521900000001" {
		t.Errorf("from %q", e.Message.From)
	}
}

func TestDecodeSenderWithoutNumber(t *testing.T) {
	for _, number := range []string{`"from":"",`, `"from":null,`, `"from":"BR.77",`, ``} {
		e := only(t, written(`[{`+number+`"from_user_id":"BR.77","id":"wamid.A","timestamp":"1","type":"text","text":{"body":"oi"}}]`))
		if m := e.Message; m == nil || m.From != "" || m.FromUserID != "BR.77" || m.Type != whatsapp.TypeText {
			t.Errorf("%s: message %+v", number, m)
		}
	}
}

func TestDecodeNames(t *testing.T) {
	tests := []struct {
		name, contacts     string
		wantName, wantUser string
		wantID             string
	}{
		{"by number", `[{"wa_id":"5521900000001","user_id":"BR.1","profile":{"name":"Iara","username":"@iara"}}]`, "Iara", "iara", "BR.1"},
		{"somebody else", `[{"wa_id":"5521900000009","profile":{"name":"Caio"}}]`, "", "", ""},
		{"no profile", `[{"wa_id":"5521900000001"}]`, "", "", ""},
		{"unreadable neighbour", `[5,{"wa_id":[]},{"wa_id":"5521900000001","profile":{"name":"Iara"}}]`, "Iara", "", ""},
		{"unreadable name", `[{"wa_id":"5521900000001","profile":{"name":5}}]`, "", "", ""},
		{"no array", `{"wa_id":"5521900000001"}`, "", "", ""},
		{"control characters", `[{"wa_id":"5521900000001","profile":{"name":" Ia\u0000\n\u202era "}}]`, "Iara", "", ""},
		{"joined emoji stay", `[{"wa_id":"5521900000001","profile":{"name":"👩🏽‍💻"}}]`, "👩🏽‍💻", "", ""},
		{"long", `[{"wa_id":"5521900000001","profile":{"name":"` + strings.Repeat("ç", 500) + `"}}]`, strings.Repeat("ç", 128), "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := only(t, webhook(`{"metadata":{"phone_number_id":"7330"},"contacts":`+test.contacts+`,"messages":[`+oi+`]}`))
			m := e.Message
			if m.Name != test.wantName || m.Username != test.wantUser || m.FromUserID != test.wantID {
				t.Errorf("name %q, username %q, id %q", m.Name, m.Username, m.FromUserID)
			}
		})
	}
}

// TestDecodeManyContacts shuffles more people than a short list holds; some are
// known by number and some by user id only.
func TestDecodeManyContacts(t *testing.T) {
	var contacts, messages []string
	for i := range 50 {
		if i%2 == 0 {
			contacts = append(contacts, fmt.Sprintf(`{"user_id":"BR.%d","profile":{"name":"P%d"}}`, i, i))
			messages = append([]string{fmt.Sprintf(`{"id":"w%d","from_user_id":"BR.%d","timestamp":"1","type":"request_welcome"}`, i, i)}, messages...)
		} else {
			contacts = append(contacts, fmt.Sprintf(`{"wa_id":"55%d","profile":{"name":"P%d"}}`, i, i))
			messages = append([]string{fmt.Sprintf(`{"id":"w%d","from":"55%d","timestamp":"1","type":"request_welcome"}`, i, i)}, messages...)
		}
	}
	messages = append(messages, `{"id":"w-stranger","from":"9","timestamp":"1","type":"request_welcome"}`)
	all := decode(t, webhook(`{"metadata":{"phone_number_id":"7330"},"contacts":[`+strings.Join(contacts, ",")+
		`],"messages":[`+strings.Join(messages, ",")+`]}`))
	for _, e := range all {
		want := strings.Replace(e.Message.ID, "w", "P", 1)
		if e.Message.ID == "w-stranger" {
			want = ""
		}
		if e.Message.Name != want {
			t.Errorf("%s is called %q", e.Message.ID, e.Message.Name)
		}
	}
}

func TestDecodeRawIsTheElement(t *testing.T) {
	body := written("[ " + oi + " ,\n" + oi + "]")
	for _, e := range decode(t, body) {
		if string(e.Raw) != oi {
			t.Errorf("raw %q", e.Raw)
		}
		if cap(e.Raw) != len(e.Raw) {
			t.Error("appending to Raw would write into the body")
		}
	}
}

// FuzzDecode holds the walk against encoding/json: the same documents are JSON,
// and every element that a plain reading finds is accounted for.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, ".want.json") {
			f.Add(golden(f, filepath.Base(file)))
		}
	}
	f.Add([]byte(`{"object":"x","entry":[{}],"entry":[null,{"\u0065":"\\"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		first, err := whatsapp.Decode(body)
		again, errAgain := whatsapp.Decode(body)
		if !errors.Is(errAgain, err) || !reflect.DeepEqual(first, again) {
			t.Fatal("two readings differ")
		}
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if valid := json.Valid(body); valid == errors.Is(err, whatsapp.ErrNotJSON) {
			t.Fatalf("valid is %v, error %v", valid, err)
		}
		if err != nil {
			return
		}
		if want := plainCount(t, body); len(first.Elements) != want {
			t.Fatalf("%d elements, a plain reading has %d", len(first.Elements), want)
		}
		for _, e := range first.Elements {
			checkElement(t, e)
		}
	})
}

func checkElement(t *testing.T, e whatsapp.Element) {
	t.Helper()
	if !json.Valid(e.Raw) && len(e.Raw) > 0 {
		t.Fatalf("raw is not JSON: %q", e.Raw)
	}
	switch e.Kind {
	case whatsapp.KindMessage, whatsapp.KindEcho:
		m := e.Message
		if m.ID == "" || m.Content == nil || m.Type == "" || e.PhoneNumberID == "" || !utf8.ValidString(m.ID) {
			t.Fatalf("incomplete message %+v", m)
		}
		if e.Kind == whatsapp.KindMessage && m.From == "" && m.FromUserID == "" {
			t.Fatalf("message from nobody %+v", m)
		}
	case whatsapp.KindStatus:
		if e.Status.ID == "" || e.Status.State == "" {
			t.Fatalf("incomplete status %+v", e.Status)
		}
	case whatsapp.KindError:
		if e.Error == nil {
			t.Fatal("error without error")
		}
	case whatsapp.KindUnreadable:
		if e.Reason == "" {
			t.Fatal("unreadable without reason")
		}
	case whatsapp.KindAccount, whatsapp.KindUnknown:
	default:
		t.Fatalf("kind %q", e.Kind)
	}
}

// plainCount counts a webhook's elements over the maps of encoding/json, whose
// keys are exact and in which the last of equal keys wins too.
func plainCount(t *testing.T, body []byte) int {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, entry := range root["entry"].([]any) {
		object, _ := entry.(map[string]any)
		changes, ok := object["changes"].([]any)
		if root["object"] != "whatsapp_business_account" || !ok {
			n++
			continue
		}
		for _, change := range changes {
			object, _ := change.(map[string]any)
			value, ok := object["value"].(map[string]any)
			if field := object["field"]; !ok || field != "messages" && field != "smb_message_echoes" {
				n++
				continue
			}
			carried := false
			for _, key := range []string{"messages", "message_echoes", "statuses", "errors"} {
				switch list := value[key].(type) {
				case nil:
					continue
				case []any:
					n += len(list)
				default:
					n++
				}
				carried = true
			}
			if !carried {
				n++
			}
		}
	}
	return n
}
