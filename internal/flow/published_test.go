package flow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/flow"
)

// published is appointment.json as far as these tests look.
type published struct {
	Version        string              `json:"version"`
	DataAPIVersion string              `json:"data_api_version"`
	RoutingModel   map[string][]string `json:"routing_model"`
	Screens        []publishedScreen   `json:"screens"`
}

type publishedScreen struct {
	ID       string                    `json:"id"`
	Title    string                    `json:"title"`
	Terminal bool                      `json:"terminal"`
	Data     map[string]map[string]any `json:"data"`
	Layout   json.RawMessage           `json:"layout"`
}

func readPublished(t *testing.T) map[string]publishedScreen {
	t.Helper()
	text, err := os.ReadFile("appointment.json")
	if err != nil {
		t.Fatal(err)
	}
	var p published
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if p.Version != "7.3" || p.DataAPIVersion != "4.0" {
		t.Errorf("version %s, data API %s", p.Version, p.DataAPIVersion)
	}
	screens := map[string]publishedScreen{}
	for _, s := range p.Screens {
		screens[s.ID] = s
		next, routed := p.RoutingModel[s.ID]
		if !routed || s.Terminal != (len(next) == 0) {
			t.Errorf("%s: terminal %v, next %v", s.ID, s.Terminal, next)
		}
		if s.ID == flow.Success {
			t.Errorf("%s is WhatsApp's own", s.ID)
		}
	}
	if len(p.RoutingModel) != len(p.Screens) {
		t.Errorf("%d screens are routed, %d are there", len(p.RoutingModel), len(p.Screens))
	}
	return screens
}

// Whatever the endpoint answers, the published form can show; and what the form
// needs the endpoint answers.
func TestAnswersFitThePublishedForm(t *testing.T) {
	screens, form := readPublished(t), newForm(t)
	shown := map[string]bool{}
	for name, answer := range map[string]flow.Answer{
		"INIT":            form.Open(monday),
		"nothing open":    form.Open(monday.AddDate(0, 1, 0)),
		"a choice":        form.Submit(flow.Appointment, filled("trigger", "date_selected"), "t", monday),
		"a fault":         form.Submit(flow.Appointment, filled("date", "-"), "t", monday),
		"the second":      form.Submit(flow.Appointment, filled(), "t", monday),
		"a fault there":   form.Submit(flow.Details, filled("email", "x"), "t", monday),
		"the last":        form.Submit(flow.Details, filled("company", "-"), "t", monday),
		"a fault at last": form.Submit(flow.Summary, filled("date", "-"), "t", monday),
		"back":            form.Back(flow.Details, nil, monday),
		"back at last":    form.Back(flow.Summary, filled(), monday),
		"another screen":  form.Submit("TERMS", nil, "t", monday),
	} {
		screen, data := wire(t, answer)
		declared, ok := screens[screen]
		if !ok {
			t.Errorf("%s: no screen %s", name, screen)
			continue
		}
		shown[screen] = true
		delete(data, "error_message") // WhatsApp's own.
		got, want := slices.Sorted(maps.Keys(data)), slices.Sorted(maps.Keys(declared.Data))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s is told %v, declares %v", name, screen, got, want)
		}
		for field, value := range data {
			if problem := fits(declared.Data[field], value); problem != "" {
				t.Errorf("%s: %s.%s %s", name, screen, field, problem)
			}
			if problem := fits(declared.Data[field], declared.Data[field]["__example__"]); problem != "" {
				t.Errorf("%s.%s: the example %s", screen, field, problem)
			}
		}
	}
	if len(shown) != len(screens) {
		t.Errorf("shown are %v of %d screens", shown, len(screens))
	}
}

// fits says why a value is not what a declaration asks for; empty when it is.
func fits(declared map[string]any, value any) string {
	properties, _ := declared["properties"].(map[string]any)
	switch declared["type"] {
	case "string":
		if _, ok := value.(string); ok {
			return ""
		}
	case "boolean":
		if _, ok := value.(bool); ok {
			return ""
		}
	case "array":
		items, _ := declared["items"].(map[string]any)
		list, ok := value.([]any)
		for _, item := range list {
			if problem := fits(items, item); problem != "" {
				return problem
			}
		}
		if ok {
			return ""
		}
	case "object":
		object, ok := value.(map[string]any)
		for name, inner := range object {
			property, _ := properties[name].(map[string]any)
			if problem := fits(property, inner); problem != "" {
				return name + " " + problem
			}
		}
		if ok {
			return ""
		}
	}
	return fmt.Sprintf("is %T, declared %v", value, declared["type"])
}

var reference = regexp.MustCompile(`^\$\{(data|form)\.([a-z_]+)\}$`)

// What a screen refers to is there, what it submits the endpoint reads, and no
// text is longer than WhatsApp shows.
func TestThePublishedFormHoldsTogether(t *testing.T) {
	longest := map[string]map[string]int{ // https://developers.facebook.com/docs/whatsapp/flows/reference/components
		"label": {"Dropdown": 20, "TextInput": 20, "TextArea": 20, "RadioButtonsGroup": 30, "Footer": 35},
		"text":  {"TextSubheading": 80, "TextBody": 4096, "TextCaption": 409}, "helper-text": {"TextInput": 80},
	}
	for id, screen := range readPublished(t) {
		if n := utf8.RuneCountInString(screen.Title); n == 0 || n > 30 {
			t.Errorf("%s: title of %d characters", id, n)
		}
		components := parts(t, screen.Layout)
		named, used, submitted := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, c := range components {
			if name, ok := c["name"].(string); ok && c["type"] != "Form" {
				named[name] = true
			}
		}
		for _, c := range components {
			kind, _ := c["type"].(string)
			for property, limits := range longest {
				text, ok := c[property].(string)
				if n := utf8.RuneCountInString(text); ok && !strings.HasPrefix(text, "$") && (n == 0 || n > limits[kind]) {
					t.Errorf("%s: %s of a %s has %d characters, at most %d", id, property, kind, n, limits[kind])
				}
			}
			for _, value := range texts(c) {
				m := reference.FindStringSubmatch(value)
				switch {
				case m == nil && strings.Contains(value, "${"):
					t.Errorf("%s: %s refers to nothing", id, value)
				case m != nil && m[1] == "data":
					used[m[2]] = true
				case m != nil && !named[m[2]]:
					t.Errorf("%s: no field %s", id, m[2])
				}
			}
			for _, event := range []string{"on-click-action", "on-select-action"} {
				action, ok := c[event].(map[string]any)
				if !ok {
					continue
				}
				payload, _ := action["payload"].(map[string]any)
				if action["name"] != "data_exchange" || len(payload) == 0 {
					t.Errorf("%s: %s is %v", id, event, action)
				}
				for field := range payload {
					submitted[field] = event == "on-click-action" || submitted[field]
				}
			}
		}
		if got, want := slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(screen.Data)); !slices.Equal(got, want) {
			t.Errorf("%s: uses %v, declares %v", id, got, want)
		}
		delete(submitted, "trigger")
		want := []string{"date", "meeting_mode", "time", "vertical"}
		if id != flow.Appointment {
			want = []string{"company", "date", "email", "meeting_mode", "name", "need_description", "time", "vertical"}
		}
		if got := slices.Sorted(maps.Keys(submitted)); !slices.Equal(got, want) {
			t.Errorf("%s: submits %v, the endpoint reads %v", id, got, want)
		}
	}
}

// parts are all components of a layout, those within others too.
func parts(t *testing.T, layout json.RawMessage) []map[string]any {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(layout, &root); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	var walk func(c map[string]any)
	walk = func(c map[string]any) {
		children, _ := c["children"].([]any)
		delete(c, "children")
		all = append(all, c)
		for _, child := range children {
			if inner, ok := child.(map[string]any); ok {
				walk(inner)
			}
		}
	}
	walk(root)
	return all
}

// texts are all texts within a value.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case map[string]any:
		var all []string
		for _, inner := range v {
			all = append(all, texts(inner)...)
		}
		return all
	}
	return nil
}
