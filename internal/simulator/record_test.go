package simulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pyloto/atende/internal/scenario"
)

// recorded is a conversation as the API saves it.
func (s *street) recorded(from string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+"/api/conversations/"+from+"/scenario", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/yaml") {
		s.t.Fatalf("the scenario was answered %d %q %s, %v", response.StatusCode, response.Header.Get("Content-Type"), body, err)
	}
	return string(body)
}

// What was said on the page is a scenario that passes as it was saved.
func TestAConversationIsSavedAsAScenario(t *testing.T) {
	s := start(t)
	if status := s.Call(http.MethodGet, "/api/conversations/"+iara+"/scenario", "", nil); status != http.StatusNotFound {
		t.Errorf("a stranger's scenario was answered %d", status)
	}
	s.say(iara, "oi")
	greeting := s.untilReplies(iara, 1)[0]
	option := greeting.Options[0]
	s.write(map[string]any{"from": iara, "name": "Iara", "type": "list", "reply_to": greeting.ID, "id": option.ID})
	s.untilReplies(iara, 2)
	s.say(iara, erp)
	s.untilReplies(iara, 3)
	s.write(map[string]any{"from": iara, "name": "Iara", "type": "location", "latitude": -25.5, "longitude": -50.25})
	s.untilReplies(iara, 4)
	s.settle()
	s.advance(72 * time.Hour)
	s.say(iara, "quero falar com uma pessoa")
	s.untilReplies(iara, 5)

	file := s.recorded(iara)
	if r := s.played(file); r.Replies != 5 || r.Drafts != 1 {
		t.Errorf("%d replies, %d drafts\n%s", r.Replies, r.Drafts, file)
	}
	for _, want := range []string{"profile: Iara", "tap: " + option.ID, "- lead: " + erp, "skip: ", "response_text: ", "state: HANDOFF_HUMAN"} {
		if !strings.Contains(file, want) {
			t.Errorf("not in the file: %s", want)
		}
	}
}

// played is a recorded conversation, played: it has to come out as it took place.
func (s *street) played(file string) scenario.Result {
	s.t.Helper()
	all, err := scenario.Load(fstest.MapFS{"a.yaml": {Data: []byte(file)}})
	if err != nil {
		s.t.Fatalf("%v\n%s", err, file)
	}
	report, err := scenario.Run(s.t.Context(), all)
	if err != nil {
		s.t.Fatal(err)
	}
	r := report.Results[0]
	if !r.OK() {
		s.t.Errorf("%+v\n%s", r.Failures, file)
	}
	return r
}

// lead writes something other than a text.
func (s *street) lead(kind string, fields map[string]any) string {
	s.t.Helper()
	fields["from"], fields["name"], fields["type"] = iara, "Iara", kind
	return s.write(fields)
}

// aPixel is a picture that a model can be shown.
const aPixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// Whatever can be done on the page is in the file, and comes out the same.
func TestWhateverHappenedIsSaved(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		happens func(s *street)
		has     []string
	}{
		"a burst": {
			environ: []string{"COALESCE_WINDOW=4s"},
			happens: func(s *street) {
				s.say(iara, "bom dia")
				s.say(iara, "tenho uma loja")
				s.say(iara, erp)
			},
			has: []string{"burst:"},
		},
		"a tap on a list": {
			happens: func(s *street) {
				s.say(iara, "oi")
				greeting := s.untilReplies(iara, 1)[0]
				s.lead("list", map[string]any{"reply_to": greeting.ID, "id": greeting.Options[1].ID})
			},
			has: []string{"tap:"},
		},
		"a tap on a button that nobody offered": {
			happens: func(s *street) {
				greeting := s.say(iara, "oi")
				s.untilReplies(iara, 1)
				s.lead("button", map[string]any{"reply_to": greeting, "id": "sim", "title": "Sim"})
			},
			has: []string{"title: Sim"},
		},
		"a voice note": {
			happens: func(s *street) { s.lead("audio", map[string]any{"text": "quero saber como vocês trabalham"}) },
			has:     []string{"audio: true", "outcome: understood", "text: quero saber como vocês trabalham"},
		},
		"an audio in which nobody speaks": {
			happens: func(s *street) { s.lead("audio", map[string]any{"data": "AAAA", "mime": "audio/ogg"}) },
			has:     []string{"audio: true", "perceived:"},
		},
		"an image, a document, a sticker and a place": {
			happens: func(s *street) {
				s.lead("image", map[string]any{"data": aPixel, "mime": "image/png", "caption": "fazem um site assim?"})
				s.untilReplies(iara, 1)
				s.settle()
				s.lead("document", map[string]any{"data": "JVBERi0xLjQK", "mime": "application/pdf", "filename": "proposta.pdf"})
				s.settle()
				s.lead("sticker", map[string]any{"data": "AAAA", "mime": "image/webp"})
				s.settle()
				s.lead("video", map[string]any{"data": "AAAA", "mime": "video/mp4"})
				s.settle()
				s.lead("location", map[string]any{"latitude": -25.5, "longitude": -50.25})
			},
			has: []string{"image: true", "document: proposta.pdf", "sticker: true", "location:"},
		},
		"a reaction and a quotation": {
			happens: func(s *street) {
				first := s.say(iara, "oi")
				greeting := s.untilReplies(iara, 1)[0]
				s.settle()
				s.lead("reaction", map[string]any{"reply_to": greeting.ID, "emoji": "👍"})
				s.settle()
				s.lead("reaction", map[string]any{"reply_to": first, "emoji": "❤️"})
				s.settle()
				s.lead("reaction", map[string]any{"reply_to": first, "emoji": ""})
				s.settle()
				s.write(map[string]any{"from": iara, "name": "Iara", "text": erp, "reply_to": greeting.ID})
			},
			has: []string{`reaction: "\U0001F44D"`, "to: "},
		},
		"a session that runs out": {
			happens: func(s *street) {
				s.say(iara, erp)
				s.untilReplies(iara, 1)
				s.settle()
				s.advance(24 * time.Hour)
				s.Until("the session to run out", func() bool { return s.conversation(iara).State == "TIMEOUT" })
				s.say(iara, "voltei, como funciona a integração com o meu ERP?")
			},
			has: []string{"skip: ", "state: TIMEOUT"},
		},
		"a person who answers and gives back": {
			happens: func(s *street) {
				s.say(iara, "quero falar com uma pessoa")
				s.untilReplies(iara, 1)
				s.settle()
				s.advance(8 * 24 * time.Hour)
				s.Until("the team to be told again", func() bool { return strings.Contains(s.kinds(), "handoff_unanswered") })
				s.settle()
				s.accept(iara)
				s.person(iara, "Oi, Iara! Aqui é a Marina.")
				s.settle()
				s.say(iara, "que bom!")
				s.settle()
				s.Call(http.MethodPost, "/api/operator/handoffs/"+iara+"/release", "{}", nil)
				s.settle()
				s.say(iara, erp)
			},
			has: []string{"team: accept", "person: Oi, Iara!", "team: release", "handoff: requested"},
		},
		"a person who takes over": {
			happens: func(s *street) {
				s.say(iara, "oi")
				s.untilReplies(iara, 1)
				s.settle()
				s.person(iara, "Oi, Iara! Aqui é a Marina.")
				s.settle()
				s.advance(72 * time.Hour)
				s.say(iara, erp)
			},
			has: []string{"person: Oi, Iara!"},
		},
		"a model that fails once": {
			happens: func(s *street) {
				s.fault("model", "fail_before", 1)
				s.say(iara, erp)
			},
		},
		"a model that stays out": {
			happens: func(s *street) {
				s.fault("model", "fail_before", -1)
				s.say(iara, erp)
				s.Until("the first attempt to fail", func() bool { return s.waiting().Tasks > 0 && s.waiting().Due == 0 })
				s.advance(4 * time.Minute)
				s.untilReplies(iara, 1)
				s.heal()
				s.settle()
				s.advance(time.Hour)
				s.say(iara, erp)
			},
			has: []string{"times: 1000", "route: menu"},
		},
		"no model at all": {
			environ: []string{"OPENAI_ENABLED=false"},
			happens: func(s *street) { s.say(iara, erp) },
			has:     []string{"model: none"},
		},
		"another business": {
			environ: []string{"PACK_DIR=../../packs/pizzaria-exemplo"},
			happens: func(s *street) { s.say(iara, "oi, vocês entregam?") },
			has:     []string{"pack: pizzaria-exemplo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.environ...)
			c.happens(s)
			s.settle()
			file := s.recorded(iara)
			for _, want := range c.has {
				if !strings.Contains(file, want) {
					t.Errorf("not in the file: %s\n%s", want, file)
				}
			}
			s.played(file)
		})
	}
}
