package simulator_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMessagesThatCannotBeWritten(t *testing.T) {
	s := start(t)
	long := strings.Repeat("a", 1025)
	neither := "from: is neither a phone number (7 to 15 digits) nor a business-scoped user id (such as BR.1234)"
	for _, c := range []struct{ body, says string }{
		{`{"text":"oi"}`, neither},
		{`{"from":"123456","text":"oi"}`, neither},
		{`{"from":"1234567890123456","text":"oi"}`, neither},
		{`{"from":"+5511988887777","text":"oi"}`, neither},
		{`{"from":"5511 98888","text":"oi"}`, neither},
		{`{"from":"BR.","text":"oi"}`, neither},
		{`{"from":"BR.<b>","text":"oi"}`, neither},
		{`{"from":"br.1234","text":"oi"}`, neither},
		{`{"from":"5511988887777"}`, "text: is empty"},
		{`{"from":"5511988887777","text":" \n\t "}`, "text: is empty"},
		{`{"from":"5511988887777","text":"` + strings.Repeat("é", 65_537) + `"}`, "text: has more than 65536 characters, which is all that WhatsApp takes"},
		{`{"from":"5511988887777","name":"` + strings.Repeat("é", 257) + `","text":"oi"}`, "name: has more than 256 characters"},
		{`{"from":"5511988887777","type":"order"}`, "type: is none of text, button, list, audio, image, video, document, sticker, location and reaction"},
		{`{"from":"5511988887777","type":"button","id":"a","title":"A"}`, "reply_to: is missing: the id of the message whose choice is tapped"},
		{`{"from":"5511988887777","type":"button","reply_to":"wamid.x","title":"A"}`, "id: is missing: the id of the tapped choice"},
		{`{"from":"5511988887777","type":"list","reply_to":"wamid.x","id":"a"}`, "title: is missing: what the tapped choice says"},
		{`{"from":"5511988887777","type":"list","reply_to":"wamid.x","id":"` + long + `"}`, "id: has more than 1024 bytes"},
		{`{"from":"5511988887777","type":"image","mime":"image/png"}`, "data: is missing: the file in base64"},
		{`{"from":"5511988887777","type":"image","mime":"image/png","data":"?"}`, "data: is not base64"},
		{`{"from":"5511988887777","type":"image","data":"AAAA"}`, "mime: is missing: the file's type, such as audio/ogg"},
		{`{"from":"5511988887777","type":"location","latitude":1}`, "latitude, longitude: both are needed"},
		{`{"from":"5511988887777","type":"location","latitude":90.5,"longitude":1}`, "latitude, longitude: are not on the globe"},
		{`{"from":"5511988887777","type":"reaction","emoji":"👍"}`, "reply_to: is missing: the id of the message that is reacted to"},
		{`{"from":5511988887777,"text":"oi"}`, "from: is a number"},
		{`{"from":"5511988887777","txt":"oi"}`, `body: has a field that is not known: "txt"`},
		{`{"from":"5511988887777","text":"oi"`, "body: is not one JSON object"},
		{`{"from":"5511988887777","text":"oi"}{}`, "body: is not one JSON object"},
		{`[]`, "body: is not one JSON object"},
		{`null`, neither},
	} {
		var answer struct{ Error string }
		status := s.Call(http.MethodPost, "/api/messages", c.body, &answer)
		if status != http.StatusBadRequest || answer.Error != c.says {
			t.Errorf("%.80s was answered %d %q", c.body, status, answer.Error)
		}
	}
	if status := s.Call(http.MethodGet, "/api/conversations/"+iara, "", nil); status != http.StatusNotFound {
		t.Errorf("a refused message made a conversation: %d", status)
	}
}

func TestTheLongestMessageIsAnswered(t *testing.T) {
	s := start(t)
	s.say(iara, strings.Repeat("automação ", 6_553))
	s.exactly(iara, 1)
}

func TestAFileIsKeptForTheGraph(t *testing.T) {
	s := start(t)
	const script = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
	for _, c := range []struct{ kind, mime, data, shown string }{
		{"image", "image/png", "a picture", "image/png"},
		{"audio", "audio/ogg; codecs=opus", "a voice", "audio/ogg; codecs=opus"},
		{"document", "text/html", "<script>alert(1)</script>", "application/octet-stream"},
		{"image", "image/svg+xml", script, "application/octet-stream"},
	} {
		s.write(map[string]any{"from": iara, "type": c.kind, "mime": c.mime, "data": base64.StdEncoding.EncodeToString([]byte(c.data))})
		sent := s.conversation(iara).directed("in")
		response, err := http.Get(s.URL + "/api/media/" + sent[len(sent)-1].Media)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(body) != c.data || response.Header.Get("Content-Type") != c.shown {
			t.Errorf("%s came back as %s %q (%v)", c.mime, response.Header.Get("Content-Type"), body, err)
		}
		if policy := response.Header.Get("Content-Security-Policy"); policy != "sandbox" {
			t.Errorf("%s may do %q", c.mime, policy)
		}
	}
	if status := s.Call(http.MethodGet, "/api/media/1", "", nil); status != http.StatusNotFound {
		t.Errorf("an unknown file was answered %d", status)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ size, status int }{
		{16<<20 + 1, http.StatusBadRequest},
		{18 << 20, http.StatusRequestEntityTooLarge},
	} {
		body := `{"from":"5511988887777","type":"audio","mime":"audio/ogg","data":"` +
			base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, c.size)) + `"}`
		var answer struct{ Error string }
		if status := s.Call(http.MethodPost, "/api/messages", body, &answer); status != c.status || answer.Error == "" {
			t.Errorf("%d bytes were answered %d %q", c.size, status, answer.Error)
		}
	}
}

// TestOnlyThisMachineIsAnswered is what keeps a foreign page, or a foreign name
// for this machine, from talking to the street.
func TestOnlyThisMachineIsAnswered(t *testing.T) {
	s := start(t)
	own := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := strings.Cut(own, ":")
	const message = `{"from":"5511988887777","text":"oi"}`
	for _, c := range []struct {
		name, method, path, host, origin, content string
		status                                    int
	}{
		{"itself", http.MethodPost, "/api/messages", own, "http://" + own, "application/json", http.StatusAccepted},
		{"a charset", http.MethodPost, "/api/messages", own, "", "application/json; charset=utf-8", http.StatusAccepted},
		{"localhost", http.MethodGet, "/api/conversations", "localhost:" + port, "", "", http.StatusOK},
		{"IPv6", http.MethodGet, "/api/conversations", "[::1]:" + port, "", "", http.StatusOK},
		{"another host", http.MethodGet, "/api/conversations", "atende.example:" + port, "", "", http.StatusForbidden},
		{"a host that looks alike", http.MethodGet, "/", "127.0.0.1.example", "", "", http.StatusForbidden},
		{"another origin", http.MethodPost, "/api/messages", own, "http://evil.example", "application/json", http.StatusForbidden},
		{"another port's origin", http.MethodPost, "/api/messages", own, "http://127.0.0.1:1", "application/json", http.StatusForbidden},
		{"no origin to speak of", http.MethodPost, "/api/messages", own, "null", "application/json", http.StatusForbidden},
		{"another origin's DELETE", http.MethodDelete, "/api/faults", own, "http://evil.example", "", http.StatusForbidden},
		{"a form", http.MethodPost, "/api/messages", own, "", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		{"plain text", http.MethodPost, "/api/messages", own, "", "text/plain", http.StatusUnsupportedMediaType},
		{"no content type", http.MethodPost, "/api/clock", own, "", "", http.StatusUnsupportedMediaType},
		{"an operator's form", http.MethodPost, "/api/operator/items/a~1/retry", own, "", "text/plain", http.StatusUnsupportedMediaType},
		{"another origin's operator", http.MethodPost, "/api/operator/items/a~1/drop", own, "http://evil.example", "application/json", http.StatusForbidden},
		{"another host's list", http.MethodGet, "/api/operator/parked", "atende.example:" + port, "", "", http.StatusForbidden},
		{"an unknown route", http.MethodGet, "/api/nothing", own, "", "", http.StatusNotFound},
		{"an unknown page", http.MethodGet, "/nothing", own, "", "", http.StatusNotFound},
		{"an unknown person", http.MethodGet, "/api/conversations/5511900000000", own, "", "", http.StatusNotFound},
		{"an unknown person's turns", http.MethodGet, "/api/conversations/5511900000000/turns", own, "", "", http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			request.Host = c.host
			for name, value := range map[string]string{"Origin": c.origin, "Content-Type": c.content} {
				if value != "" {
					request.Header.Set(name, value)
				}
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if response.StatusCode != c.status {
				t.Errorf("it was answered %d", response.StatusCode)
			}
			if response.StatusCode < 400 || !strings.HasPrefix(c.path, "/api/") {
				return
			}
			var answer struct{ Error string }
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Error == "" {
				t.Errorf("the refusal says nothing (%v)", err)
			}
		})
	}
}

func TestDeliveringAgain(t *testing.T) {
	s := start(t)
	id := s.say(iara, "oi")
	s.exactly(iara, 1)
	for _, c := range []struct {
		body   map[string]any
		status int
	}{
		{map[string]any{"id": id}, http.StatusOK},
		{map[string]any{"id": id, "times": 3}, http.StatusOK},
		{map[string]any{"id": id, "times": -1}, http.StatusBadRequest},
		{map[string]any{"id": id, "times": 1001}, http.StatusBadRequest},
		{map[string]any{"id": "wamid.unknown"}, http.StatusNotFound},
		{map[string]any{}, http.StatusNotFound},
	} {
		if status := s.Call(http.MethodPost, "/api/webhooks", encode(c.body), nil); status != c.status {
			t.Errorf("%v was answered %d", c.body, status)
		}
	}
	s.exactly(iara, 1)
}

func TestAQuotedMessage(t *testing.T) {
	s := start(t)
	s.say(iara, "oi")
	menu := s.exactly(iara, 1)[0]
	s.write(map[string]any{"from": iara, "text": erp, "reply_to": menu.ID})
	s.exactly(iara, 2)
	if quoted := s.conversation(iara).directed("in")[1]; quoted.ReplyTo != menu.ID {
		t.Errorf("the message quotes %q", quoted.ReplyTo)
	}
}

func TestThePageAsksNobodyOutside(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/", "/app.js", "/app.css", "/icon.svg"} {
		response, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("%s was answered %d (%v)", path, response.StatusCode, err)
		}
		policy := response.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s has the policy %q", path, policy)
			}
		}
		// Names of vocabularies, which nobody asks for.
		text := regexp.MustCompile(`http://www\.w3\.org/\S+?(["'])`).ReplaceAllString(string(body), "$1")
		for _, forbidden := range []string{"http://", "https://", "style=\"", "onclick="} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s holds %q", path, forbidden)
			}
		}
	}
}

func TestEventsNameWhoChanged(t *testing.T) {
	s := start(t)
	s.say(bruno, "oi")
	s.exactly(bruno, 1)
	// Nothing of his is to change any more.
	s.advance(5 * time.Second)
	s.Until("a reply that was read", func() bool { return s.conversation(bruno).replies()[0].Status == "read" })
	response, err := http.Get(s.URL + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("the events are %q", kind)
	}
	next := func() []string {
		var event struct{ Changed []string }
		for {
			var line []byte
			for b := make([]byte, 1); ; line = append(line, b...) {
				if _, err := io.ReadFull(response.Body, b); err != nil {
					t.Fatal(err)
				}
				if b[0] == '\n' {
					break
				}
			}
			if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
				if err := json.Unmarshal(data, &event); err != nil {
					t.Fatal(err)
				}
				return event.Changed
			}
		}
	}
	if first := next(); len(first) != 1 || first[0] != bruno {
		t.Errorf("the first event names %v", first)
	}
	s.say(iara, "oi")
	for {
		if changed := next(); len(changed) > 0 {
			if changed[0] != iara {
				t.Errorf("the next event names %v", changed)
			}
			return
		}
	}
}
