package simulator

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// FuzzWrite holds that whatever is accepted from a lead is a webhook that the
// ingress can read, from the person who wrote.
func FuzzWrite(f *testing.F) {
	for _, seed := range []string{
		`{"from":"5511988887777","name":"Iara","text":"oi"}`,
		`{"from":"BR.1234","type":"button","reply_to":"wamid.x","id":"a","title":"A"}`,
		`{"from":"5511988887777","type":"list","reply_to":"wamid.x","id":"known"}`,
		`{"from":"5511988887777","type":"audio","mime":"audio/ogg; codecs=opus","data":"AAAA"}`,
		`{"from":"5511988887777","type":"document","mime":"a/b","data":"AAAA","filename":"x\u0000","caption":"\ud800"}`,
		`{"from":"5511988887777","type":"location","latitude":-90,"longitude":1e2}`,
		`{"from":"5511988887777","type":"reaction","reply_to":"wamid.x","emoji":""}`,
		`{"from":"5511988887777","text":"oi","reply_to":"\t"}`,
	} {
		f.Add([]byte(seed))
	}
	w := writer{
		pen: whatsapptest.Pen{Now: func() time.Time { return time.Unix(1_790_000_000, 0) }}, shelf: newShelf(),
		find: func(string, string) (line, bool) { return line{Options: []option{{ID: "known", Title: "Known"}}}, true },
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var request messageRequest
		if json.Unmarshal(body, &request) != nil {
			return
		}
		message, err := w.write(request)
		if err != nil {
			return
		}
		delivery, err := whatsapp.Decode(message.body)
		if err != nil || len(delivery.Elements) != 1 {
			t.Fatalf("the webhook cannot be read: %v", err)
		}
		e := delivery.Elements[0]
		if e.Message == nil || e.Kind != whatsapp.KindMessage {
			t.Fatalf("the webhook holds %s, wrong in %q", e.Kind, e.Reason)
		}
		if unsupported, ok := e.Message.Content.(whatsapp.Unsupported); ok {
			t.Fatalf("the message cannot be read: %s in %q", unsupported.Reason, unsupported.Field)
		}
		if e.Message.ID != message.line.ID || e.Message.From+e.Message.FromUserID != request.From {
			t.Fatal("the message is another one, or another's")
		}
	})
}
