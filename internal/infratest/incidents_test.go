package infratest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What docs/incidents.md says of an incident is what happens: each is made on a
// street, and what the page tells to look for is logged. Then the fault is taken
// back, and the lead has an answer.
func TestIncidentsHappenAsTold(t *testing.T) {
	s := start(t)
	text := page(t, "incidents.md")
	for i, incident := range []struct {
		section, fault string
		seen           []string // what the page names, and the log has, as filters
		meanwhile      bool     // the lead is answered while it lasts
	}{
		{"Redis is lost", `{"point":"redis","kind":"fail_before","times":-1}`, []string{
			`jsonPayload.message="webhook_received" AND jsonPayload.reason=~"hint_unavailable"`,
			`jsonPayload.message="turn_finished" AND jsonPayload.reason=~"hint_unavailable"`,
		}, true},
		{"Firestore is down", `{"point":"ledger","kind":"fail_before","times":-1}`, []string{
			`jsonPayload.message="task_finished" AND jsonPayload.error_kind="dependency" AND jsonPayload.status>=503`,
		}, false},
		{"Webhooks are not stored", `{"point":"tasks","kind":"fail_before","times":-1}`, []string{
			`jsonPayload.message="webhook_dispatch_failed"`,
		}, false},
		{"The model is down", `{"point":"model","kind":"status","status":500,"times":-1}`, []string{
			`jsonPayload.message="task_finished" AND jsonPayload.error_kind="dependency" AND jsonPayload.status>=503`,
			`jsonPayload.reason=~"without_model:model-outage"`,
		}, true},
		{"The model is down", `{"point":"model","kind":"status","status":429,"times":-1}`, []string{
			`jsonPayload.message="task_finished" AND jsonPayload.error_kind="throttled" AND jsonPayload.status>=503`,
			`jsonPayload.reason=~"without_model:model-outage"`,
		}, true},
		{"The model is down", `{"point":"model","kind":"status","status":401,"times":-1}`, []string{
			`jsonPayload.message="task_finished" AND jsonPayload.error_kind="broken" AND jsonPayload.status>=500`,
			`jsonPayload.reason=~"without_model:tries"`,
		}, true},
		{"Meta refuses everything", `{"point":"graph","kind":"status","status":401,"code":190,"times":-1}`, []string{
			`jsonPayload.message="platform_alarm" AND jsonPayload.code>=190`,
			`jsonPayload.message="task_finished" AND jsonPayload.status>=503`,
			`jsonPayload.message="turn_parked" AND jsonPayload.reason=~"attempts-spent"`,
		}, false},
	} {
		_, section, found := strings.Cut(text, "\n## "+incident.section+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !found {
			t.Errorf("docs/incidents.md has no section %q", incident.section)
			continue
		}
		var filters []filter
		for _, f := range incident.seen {
			filters = append(filters, compile(t, f))
			for _, name := range quoted.FindAllStringSubmatch(f, -1) {
				if !strings.Contains(section, name[1]) && name[1] != "turn_parked" { // Its section is another one.
					t.Errorf("%s: the page does not name %s", incident.section, name[1])
				}
			}
		}
		lead := fmt.Sprintf("551190000%04d", i)
		before := len(s.lines())
		s.fault(incident.fault)
		s.say(lead, "vocês integram com o meu sistema de estoque próprio?")
		s.until(incident.section, func() bool {
			lines := s.lines()[before:]
			return !slices.ContainsFunc(filters, func(f filter) bool { return !slices.ContainsFunc(lines, f.match) }) &&
				(!incident.meanwhile || s.answered(lead))
		})
		s.Call(http.MethodDelete, "/api/faults", "", nil)
		if !incident.meanwhile && s.answered(lead) {
			t.Errorf("%s: the lead has been answered while it lasted", incident.section)
		}
		// The number is held for a minute, and a try within it would be spent.
		s.Call(http.MethodPost, "/api/clock", `{"advance":"2m"}`, nil)
		s.again()
		s.until(incident.section+" is over", func() bool { return s.answered(lead) })
	}
}

// answered reports whether a lead has been sent anything.
func (s *street) answered(lead string) bool {
	s.t.Helper()
	var talk struct {
		Messages []struct{ Direction, Status string }
	}
	s.Call(http.MethodGet, "/api/conversations/"+lead, "", &talk)
	for _, m := range talk.Messages {
		if m.Direction == "out" && m.Status != "failed" {
			return true
		}
	}
	return false
}

// again has everything tried again that waits for a person, as the page says.
func (s *street) again() {
	s.t.Helper()
	var parked struct{ Items []struct{ ID, Reason string } }
	s.Call(http.MethodGet, "/api/operator/parked", "", &parked)
	for _, item := range parked.Items {
		if status := s.Call(http.MethodPost, "/api/operator/items/"+item.ID+"/retry", "{}", nil); status != http.StatusOK {
			s.t.Errorf("having %s tried again was answered %d", item.Reason, status)
		}
	}
}
