package infratest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

// street is a running street, of which the log matters.
type street struct {
	*simulatortest.Street
	t       *testing.T
	ingress string
}

func start(t *testing.T) *street {
	t.Helper()
	s := &street{Street: simulatortest.Start(t, "COALESCE_WINDOW=0"), t: t}
	var answer struct {
		Parts []struct{ Name, What string }
	}
	s.Call(http.MethodGet, "/api/street", "", &answer)
	for _, p := range answer.Parts {
		if p.Name == "ingress" {
			s.ingress = "http://" + regexp.MustCompile(`[0-9.]+:[0-9]+`).FindString(p.What)
		}
	}
	return s
}

func (s *street) say(from, text string) {
	s.t.Helper()
	if status := s.Call(http.MethodPost, "/api/messages", fmt.Sprintf(`{"from":%q,"text":%q}`, from, text), nil); status != http.StatusAccepted {
		s.t.Fatalf("a message was answered %d", status)
	}
}

func (s *street) fault(body string) {
	s.t.Helper()
	if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
		s.t.Fatalf("a fault was answered %d", status)
	}
}

// lines are what the services have logged.
func (s *street) lines() (lines []map[string]any) {
	s.t.Helper()
	var text string
	s.Call(http.MethodGet, "/api/logs", "", &text)
	if json.Unmarshal([]byte(text), &lines) == nil {
		return lines
	}
	for line := range strings.Lines(text) {
		var l map[string]any
		if json.Unmarshal([]byte(line), &l) == nil {
			lines = append(lines, l)
		}
	}
	return lines
}

// until waits until something is so; time is skipped meanwhile, so that what waits
// for its time gets it.
func (s *street) until(what string, so func() bool) {
	s.t.Helper()
	s.Until(what, func() bool {
		if so() {
			return true
		}
		var now struct{ Waiting struct{ Due int } }
		if s.Call(http.MethodGet, "/api/street", "", &now); now.Waiting.Due == 0 {
			s.Call(http.MethodPost, "/api/clock", `{"advance":"20s"}`, nil)
		}
		return false
	})
}

// filter is a filter of Cloud Logging, as far as infra/ uses its language: terms
// that all hold.
type filter []func(line map[string]any) bool

var term = regexp.MustCompile(`^(severity|jsonPayload\.[a-z_]+)(=~|>=|>|=)(.+)$`)

func compile(t *testing.T, text string) filter {
	t.Helper()
	var f filter
	for part := range strings.SplitSeq(text, " AND ") {
		switch part {
		case "${local.from.ingress}", "${local.from.worker}", "${local.from.both}":
			of := strings.TrimSuffix(strings.TrimPrefix(part, "${local.from."), "}")
			f = append(f, func(line map[string]any) bool {
				service, _ := line["serviceContext"].(map[string]any)
				return of == "both" || service["service"] == "atende-"+of
			})
			continue
		}
		m := term.FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("this test cannot read %q", part)
		}
		name, op, want := strings.TrimPrefix(m[1], "jsonPayload."), m[2], m[3]
		f = append(f, func(line map[string]any) bool { return holds(t, line[name], name, op, want) })
	}
	return f
}

func holds(t *testing.T, got any, name, op, want string) bool {
	t.Helper()
	severities := []any{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
	switch {
	case got == nil:
		return false
	case name == "severity":
		return slices.Index(severities, got) >= slices.Index(severities, any(want))
	case op == "=":
		for _, one := range quoted.FindAllStringSubmatch(want, -1) {
			if got == one[1] {
				return true
			}
		}
		return false
	case op == "=~":
		text, _ := got.(string)
		return regexp.MustCompile(strings.Trim(want, `"`)).MatchString(text)
	}
	number, ok := got.(float64)
	bound, err := strconv.ParseFloat(want, 64)
	if !ok || err != nil {
		t.Errorf("%s is compared with %s, and a line has %v", name, want, got)
	}
	return number > bound || op == ">=" && number == bound
}

func (f filter) match(line map[string]any) bool {
	return !slices.ContainsFunc(f, func(holds func(map[string]any) bool) bool { return !holds(line) })
}

// What asks from outside understands the answer.
func TestTheStreetIsReadyAsTheUptimeCheckAsks(t *testing.T) {
	s := start(t)
	check := one(t, folder(t, "modules/watch"), "resource", "google_monitoring_uptime_check_config")
	path := one(t, check.blocks, "http_check").fields["path"].text
	content := one(t, check.blocks, "content_matchers").fields["content"].text
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ingress+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || content == "" || !strings.Contains(string(text), content) {
		t.Errorf("%s answered %d %s (%v), in which there is no %s", path, response.StatusCode, text, err, content)
	}
}

// What is counted is what the services really log: on a street where a lead is
// answered, another wants a person, and parts of the street break, every metric
// gets its values, and every label has a word in it.
func TestTheStreetFillsTheMetrics(t *testing.T) {
	s := start(t)
	watch := folder(t, "modules/watch")
	filters, labels, fields := map[string]filter{}, map[string]map[string]value{}, map[string]string{}
	for name, m := range local(t, watch, "counted").object {
		filters[name], labels[name] = compile(t, m.object["filter"].text), m.object["labels"].object
	}
	for name, m := range local(t, watch, "measured").object {
		filters[name], fields[name] = compile(t, m.object["filter"].text), m.object["field"].text
	}
	// What this street does not come to; the services' own tests do, and the names
	// are held against the code above.
	elsewhere := []string{"parked", "blocked_drafts", "flow_failures", "reply_failures"}

	unsigned, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ingress+"/webhook/whatsapp", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	unsigned.Header.Set("Content-Type", "application/json")
	refused, err := http.DefaultClient.Do(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Body.Close()

	s.say("5511988887777", "preciso que o atendimento fale com o meu ERP, como funciona?")
	s.say("5521977776666", "quero falar com um atendente")
	missing := func() (names []string) {
		lines := s.lines()
		for _, name := range slices.Sorted(maps.Keys(filters)) {
			if !slices.Contains(elsewhere, name) && !slices.ContainsFunc(lines, filters[name].match) {
				names = append(names, name)
			}
		}
		return names
	}
	s.until("two answers and their statuses", func() bool {
		left := missing()
		return !slices.Contains(left, "answers") && !slices.Contains(left, "handoffs") && !slices.Contains(left, "statuses")
	})
	s.fault(`{"point":"redis","kind":"fail_before","times":-1}`)
	s.fault(`{"point":"model","kind":"status","status":500,"times":-1}`)
	s.fault(`{"point":"ledger","kind":"fail_before","times":1}`)
	s.fault(`{"point":"tasks","kind":"fail_before","times":10}`)
	s.say("5531966665555", "vocês fazem site? quanto custa e como funciona o projeto?")
	var left []string
	s.until("all metrics", func() bool {
		if now := missing(); !slices.Equal(now, left) {
			left = now
			t.Logf("not filled yet: %v", left)
		}
		return len(left) == 0
	})

	extract := regexp.MustCompile(`^(?:REGEXP_)?EXTRACT\((?:jsonPayload\.([a-z_]+)|resource\.labels\.service_name)(?:, "(.*)")?\)$`)
	for _, line := range s.lines() {
		for name, f := range filters {
			if !f.match(line) {
				continue
			}
			if field := fields[name]; field != "" {
				if _, ok := line[field].(float64); !ok {
					t.Errorf("%s counts %s, and a line has %v", name, field, line[field])
				}
			}
			for label, v := range labels[name] {
				m := extract.FindStringSubmatch(v.text)
				if m == nil {
					t.Fatalf("%s: this test cannot read %s", label, v.text)
				}
				if m[1] == "" {
					continue
				}
				text := fmt.Sprint(line[m[1]])
				if line[m[1]] == nil {
					t.Errorf("%s: the label %s is empty in %v", name, label, line)
				} else if m[2] != "" && !regexp.MustCompile(m[2]).MatchString(text) && name != "handoffs" {
					t.Errorf("%s: the label %s finds nothing in %q", name, label, text)
				}
			}
		}
	}
}
