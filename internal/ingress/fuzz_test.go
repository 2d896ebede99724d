package ingress_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// shelf keeps envelopes by name, as a queue does.
type shelf struct {
	mu     sync.Mutex
	bodies [][]byte
	names  map[string]bool
}

func (s *shelf) Put(_ context.Context, e envelope.Envelope, _ time.Time) (bool, error) {
	body, err := e.Encode()
	if err != nil {
		return false, fault.Mark(err, fault.Broken)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name := e.TaskName(); name != "" {
		if s.names[name] {
			return true, nil
		}
		s.names[name] = true
	}
	s.bodies = append(s.bodies, body)
	return false, nil
}

func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies, s.names = nil, map[string]bool{}
}

// Whatever is signed is acknowledged, its counts add up, and everything that
// was made of it can be read by the other side. Again, it makes nothing new
// but statuses.
func FuzzWebhook(f *testing.F) {
	pen := whatsapptest.Pen{AppSecret: []byte(appSecret)}
	for _, body := range [][]byte{
		pen.Text(lead, "Iara", "oi"),
		pen.Echo(lead, "oi"),
		pen.Status(lead, "wamid.OUT", whatsapp.StateFailed, "v1.x.0.1", 131047),
		pen.Media(lead, "Iara", whatsapp.TypeAudio, whatsapp.Media{ID: "m", MIMEType: "audio/ogg"}),
		pen.Message(lead, "Iara", map[string]any{"id": nil}),
		whatsapptest.Batch(pen.Text(lead, "Iara", "oi"), pen.Failure(130429), pen.ButtonReply(lead, "Iara", "wamid.OUT", "a", "b")),
		[]byte(`{"object":"page","entry":[{}]}`),
		[]byte(`{`),
		{},
	} {
		f.Add(body)
	}
	queue := &shelf{}
	d := &door{pen: pen, logs: &journal{}, key: hashKey(f), ring: ring(f)}
	server := handler(f, d, queue, options{})
	f.Fuzz(func(t *testing.T, body []byte) {
		queue.clear()
		d.logs.clear()
		d.t = t
		post := func() tally {
			answer := httptest.NewRecorder()
			server.Handler().ServeHTTP(answer, pen.Request(t.Context(), route, body))
			return d.counted(reply{status: answer.Code, body: answer.Body.String()})
		}
		if len(body) > 4<<20 {
			return
		}
		first := post()
		kinds := map[envelope.Kind]int{}
		for _, letter := range queue.bodies {
			e, err := envelope.Decode(letter)
			if err != nil {
				t.Fatalf("the worker cannot read what was made: %v", err)
			}
			kinds[e.Kind]++
		}
		if again := post(); again.Events != first.Events || again.Ignored != first.Ignored || again.Quarantined != first.Quarantined {
			t.Fatalf("counted %+v, and then %+v", first, again)
		}
		for _, letter := range queue.bodies {
			e := decode(t, letter)
			kinds[e.Kind]--
		}
		if kinds[envelope.Inbound] != 0 || kinds[envelope.Quarantine] != 0 {
			t.Fatalf("the second time made new tasks: %v", kinds)
		}
	})
}
