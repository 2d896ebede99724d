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
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/api/conversations/"+from+"/scenario", nil)
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
	if status := s.call(http.MethodGet, "/api/conversations/"+iara+"/scenario", "", nil); status != http.StatusNotFound {
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
	for _, want := range []string{"profile: Iara", "tap: " + option.ID, "- lead: " + erp, "until: ", "response_text: ", "state: HANDOFF_HUMAN"} {
		if !strings.Contains(file, want) {
			t.Errorf("not in the file: %s", want)
		}
	}
	all, err := scenario.Load(fstest.MapFS{"a.yaml": {Data: []byte(file)}})
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	report, err := scenario.Run(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if r := report.Results[0]; !r.OK() || r.Replies != 5 || r.Drafts != 1 {
		t.Errorf("%+v\n%s", r.Failures, file)
	}
}
