package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

// again delivers a message's webhook more times.
func (s *street) again(id string, times int, parallel bool) {
	s.t.Helper()
	var answer struct{ Answers map[string]int }
	body := encode(map[string]any{"id": id, "times": times, "parallel": parallel})
	status := s.Call(http.MethodPost, "/api/webhooks", body, &answer)
	if status != http.StatusOK || answer.Answers["200"] != times {
		s.t.Fatalf("%d deliveries were answered %d %v", times, status, answer.Answers)
	}
}

func TestAWebhookBecomesExactlyOneReply(t *testing.T) {
	model := openaitest.NewServer(openaitest.Options{Key: "a-key"})
	t.Cleanup(model.Close)
	s := start(t, "OPENAI_API_KEY=a-key", "OPENAI_BASE_URL="+model.URL(), "OPENAI_MODEL=gpt-test")

	first := s.say(iara, "oi")
	s.exactly(iara, 1)
	s.again(first, 3, false)
	s.again(first, 40, true)
	s.exactly(iara, 1)
	if model.Total() != 0 {
		t.Errorf("a greeting cost %d requests of the model", model.Total())
	}

	s.say(iara, erp)
	replies := s.exactly(iara, 2)
	if replies[1].Type != "text" || strings.TrimSpace(replies[1].Text) == "" {
		t.Errorf("the reply is %+v", replies[1])
	}
	requests := model.Requests()
	if len(requests) != 1 || !requests[0].Strict || requests[0].Schema == nil || requests[0].Model != "gpt-test" {
		t.Errorf("the model received %d requests, the first %+v", len(requests), requests)
	}
	if rejected := model.Rejected(); len(rejected) != 0 {
		t.Errorf("the model refused requests: %v", rejected)
	}

	turns := s.turns(iara)
	if len(turns) != 2 {
		t.Fatalf("%d turns instead of 2", len(turns))
	}
	second := turns[1]
	if second.Route != "model" || second.Model.Name == "" || second.Model.TokensIn == 0 || second.Model.TokensOut == 0 ||
		second.Model.Calls != 1 || len(second.Verdicts) == 0 {
		t.Errorf("the turn's record is %+v", second)
	}
	seen := map[string]bool{}
	for _, phase := range second.Phases {
		if seen[phase.Name] {
			t.Errorf("phase %s appears twice", phase.Name)
		}
		seen[phase.Name] = true
	}
}

func TestFortyDeliveriesAtOnceFromTheFirst(t *testing.T) {
	s := start(t)
	s.fault("webhook", "duplicate", 39)
	s.say(iara, "oi")
	s.exactly(iara, 1)
}

// Five fragments within three seconds are answered together, over the whole
// street and the clock on the wall. The window leaves a busy machine the rest of the
// four seconds that a burst may take.
func TestFiveFragmentsGetOneReply(t *testing.T) {
	s := start(t, "COALESCE_WINDOW=3.5s")
	every := time.NewTicker(700 * time.Millisecond)
	defer every.Stop()
	for i, words := range []string{"oi", "tudo bem", "queria saber", "dos planos", "de vocês"} {
		if i > 0 {
			<-every.C
		}
		s.say(iara, words)
	}
	s.exactly(iara, 1)
	if turns := s.turns(iara); len(turns) != 1 || len(turns[0].Messages) != 5 {
		t.Errorf("%d turns, the first answers %d messages", len(turns), len(turns[0].Messages))
	}
}

func TestTasksCarryAVerifiedToken(t *testing.T) {
	s := start(t)
	s.say(iara, "oi")
	s.exactly(iara, 1)
	worker := "http://" + s.parts()["worker"].What
	for _, token := range []string{"", "Bearer ", "Bearer a.b.c"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, worker+"/tasks/inbound", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized && response.StatusCode != http.StatusForbidden {
			t.Errorf("a task with token %q was answered %d", token, response.StatusCode)
		}
	}
}

func TestATapIsAnswered(t *testing.T) {
	s := start(t)
	s.say(iara, "oi")
	menu := s.exactly(iara, 1)[0]
	if len(menu.Options) == 0 {
		t.Fatalf("the greeting offers nothing: %+v", menu)
	}
	choice := menu.Options[0]
	// The title is found in the message that offered it.
	s.write(map[string]any{"from": iara, "type": "list", "reply_to": menu.ID, "id": choice.ID})
	s.exactly(iara, 2)
	taps := s.conversation(iara).directed("in")
	if tap := taps[1]; tap.Text != choice.Title || tap.ReplyTo != menu.ID {
		t.Errorf("the tap reads %+v", tap)
	}
	s.write(map[string]any{"from": iara, "type": "button", "reply_to": menu.ID, "id": choice.ID, "title": choice.Title})
	s.exactly(iara, 3)
}

func TestEachKindIsAnswered(t *testing.T) {
	s := start(t)
	data := base64.StdEncoding.EncodeToString([]byte("not really media"))
	for i, fields := range []map[string]any{
		{"type": "audio", "mime": "audio/ogg; codecs=opus", "data": data},
		{"type": "image", "mime": "image/png", "data": data, "caption": "olha só"},
		{"type": "video", "mime": "video/mp4", "data": data},
		{"type": "document", "mime": "application/pdf", "data": data, "filename": "proposta.pdf"},
		{"type": "sticker", "mime": "image/webp", "data": data},
		{"type": "location", "latitude": -25.09, "longitude": -50.16},
	} {
		t.Run(fields["type"].(string), func(t *testing.T) {
			from := fmt.Sprintf("55119999900%02d", i)
			fields["from"] = from
			s.write(fields)
			s.exactly(from, 1)
			sent := s.conversation(from).directed("in")[0]
			if sent.Type != fields["type"] || sent.Status != "read" {
				t.Errorf("the message reads %+v", sent)
			}
		})
	}
}

// photo is a PNG of one pixel.
const photo = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// What a file says arrives at Otto by way of Graph, as everything does.
func TestAVoiceNoteIsHeardAndAPhotographShown(t *testing.T) {
	s := start(t)
	s.write(map[string]any{"from": iara, "type": "audio", "text": erp})
	heard := s.exactly(iara, 1)[0]
	s.write(map[string]any{"from": bruno, "type": "text", "text": erp})
	read := s.exactly(bruno, 1)[0]
	if !strings.Contains(heard.Text, "ERP") || !strings.Contains(read.Text, "ERP") {
		t.Errorf("spoken, it is answered %q, and written %q", heard.Text, read.Text)
	}
	s.write(map[string]any{"from": iara, "type": "image", "mime": "image/png", "data": photo})
	if shown := s.exactly(iara, 2)[1]; !strings.Contains(shown.Text, "enxergo") {
		t.Errorf("a photograph is answered %q", shown.Text)
	}
	s.write(map[string]any{"from": iara, "type": "image", "mime": "image/png", "data": photo[:16]})
	if broken := s.exactly(iara, 3)[2]; strings.Contains(broken.Text, "enxergo") {
		t.Errorf("half a photograph is answered %q", broken.Text)
	}
}

func TestAReactionIsAnsweredOnce(t *testing.T) {
	s := start(t)
	s.say(iara, "oi")
	menu := s.exactly(iara, 1)[0]
	s.write(map[string]any{"from": iara, "type": "reaction", "reply_to": menu.ID, "emoji": "👍"})
	seen := s.exactly(iara, 2)[1]
	s.write(map[string]any{"from": iara, "type": "reaction", "reply_to": seen.ID, "emoji": "👍"})
	s.Until("three turns", func() bool { return len(s.turns(iara)) == 3 })
	s.exactly(iara, 2)
	if last := s.turns(iara)[2]; last.Route != "silent" {
		t.Errorf("the second reaction's turn is %+v", last)
	}
}

func TestAPersonWithoutATelephone(t *testing.T) {
	s := start(t)
	const otavio = "BR.20417735518"
	s.say(otavio, "oi")
	s.exactly(otavio, 1)
	if state := s.conversation(otavio).State; state != "TRIAGE" {
		t.Errorf("the conversation's state is %s", state)
	}
}

func TestPeopleDoNotMix(t *testing.T) {
	s := start(t)
	s.write(map[string]any{"from": iara, "name": "Iara", "text": "oi"})
	s.write(map[string]any{"from": bruno, "name": "Bruno", "text": erp})
	s.exactly(iara, 1)
	s.exactly(bruno, 1)
	one, two := s.conversation(iara), s.conversation(bruno)
	if len(one.Messages) != 2 || len(two.Messages) != 2 || one.Name != "Iara" || two.Name != "Bruno" {
		t.Errorf("the conversations are %+v and %+v", one, two)
	}
	if one.Owner != "otto" || two.Owner != "otto" {
		t.Errorf("the owners are %q and %q", one.Owner, two.Owner)
	}
	var list struct {
		Conversations []struct{ From, Name string }
	}
	s.Call(http.MethodGet, "/api/conversations", "", &list)
	if len(list.Conversations) != 2 {
		t.Errorf("the list is %+v", list)
	}
}

func TestStatusesShowInTheTranscript(t *testing.T) {
	s := start(t)
	s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.advance(5 * time.Second)
	s.Until("a reply that was read", func() bool { return s.conversation(iara).replies()[0].Status == "read" })
	s.Until("three receipts", func() bool { return len(s.turns(iara)[0].Deliveries[0].Receipts["1"]) == 3 })
}

func TestLogsHoldNothingOfThePerson(t *testing.T) {
	s := start(t)
	const name, words = "Marcadíssima", "canario@exemplo.com.br quer saber de ERP"
	id := s.write(map[string]any{"from": iara, "name": name, "text": words})
	s.exactly(iara, 1)
	logs := s.logs()
	if !strings.Contains(logs, "turn_finished") || !strings.Contains(logs, "webhook_received") {
		t.Fatalf("the logs lack both services:\n%s", logs)
	}
	for _, canary := range []string{iara, name, "canario", words, id, strings.TrimPrefix(id, "wamid.")} {
		if strings.Contains(logs, canary) {
			t.Errorf("the logs hold %q", canary)
		}
	}
}

func TestTheStreetIsLoopbackOnly(t *testing.T) {
	s := start(t)
	parts := s.parts()
	for _, address := range []string{strings.TrimPrefix(s.URL, "http://"), parts["ingress"].What, parts["worker"].What} {
		host, _, err := net.SplitHostPort(address)
		if err != nil || host != "127.0.0.1" {
			t.Errorf("something listens at %q", address)
		}
	}
}
