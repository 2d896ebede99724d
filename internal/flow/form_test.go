package flow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/pii"
)

// zone is three hours behind UTC, as São Paulo is.
var zone = time.FixedZone("-03", -3*60*60)

// monday is a Monday morning.
var monday = time.Date(2026, 11, 30, 8, 0, 0, 0, zone)

// office is open from 9 to 11 on three days; on the second one only at 10.
func office() flow.Office {
	return flow.Office{
		Topics: []flow.Option{{ID: "bolos", Title: "Bolos de festa"}, {ID: "salgados", Title: "Salgados para eventos de todo tamanho"}},
		Modes:  []string{"presencial", "online"},
		Starts: func(now time.Time) []time.Time {
			var starts []time.Time
			for day := range 3 {
				for hour := 9; hour < 11; hour++ {
					at := time.Date(2026, 11, 30+day, hour, 0, 0, 0, zone)
					if at.After(now) && (day != 1 || hour == 10) {
						starts = append(starts, at)
					}
				}
			}
			return starts
		},
	}
}

func newForm(t *testing.T) *flow.Form {
	t.Helper()
	form, err := flow.New(office())
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// filled are the entries of somebody who made no mistake, changed: a pair of name
// and value each; "-" takes one away.
func filled(changes ...string) json.RawMessage {
	entries := map[string]string{
		"vertical": "bolos", "date": "2026-12-01", "time": "10:00", "meeting_mode": "online",
		"name": "Iara  Prado ", "email": "Iara@Example.com", "company": "Prado Ltda", "need_description": "Bolo de casamento",
	}
	for change := range slices.Chunk(changes, 2) {
		name, value := change[0], change[1]
		if entries[name] = value; value == "-" {
			delete(entries, name)
		}
	}
	data, _ := json.Marshal(entries)
	return data
}

// wire is an answer as WhatsApp reads it.
func wire(t *testing.T, a flow.Answer) (screen string, data map[string]any) {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Screen string
		Data   map[string]any
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read.Screen, read.Data
}

func ids(options any) []string {
	var all []string
	list, _ := options.([]any)
	for _, o := range list {
		id, _ := o.(map[string]any)["id"].(string)
		all = append(all, id)
	}
	return all
}

func TestFirstScreenOffersWhatThereIs(t *testing.T) {
	screen, data := wire(t, newForm(t).Open(monday))
	want := map[string]any{
		"vertical":        []any{map[string]any{"id": "bolos", "title": "Bolos de festa"}, map[string]any{"id": "salgados", "title": "Salgados para eventos de todo…"}},
		"date":            []any{map[string]any{"id": "2026-11-30", "title": "segunda-feira, 30 de novembro"}, map[string]any{"id": "2026-12-01", "title": "terça-feira, 1º de dezembro"}, map[string]any{"id": "2026-12-02", "title": "quarta-feira, 2 de dezembro"}},
		"is_date_enabled": true,
		"time":            []any{}, "is_time_enabled": false,
		"meeting_mode": []any{map[string]any{"id": "presencial", "title": "Presencial"}, map[string]any{"id": "online", "title": "On-line"}},
		"init_values":  map[string]any{"vertical": "", "date": "", "time": "", "meeting_mode": ""},
	}
	if diff := cmp.Diff(want, data); diff != "" || screen != flow.Appointment {
		t.Errorf("screen %s (-want +got)\n%s", screen, diff)
	}
}

func TestAChoiceOpensTheNext(t *testing.T) {
	form := newForm(t)
	for date, times := range map[string][]string{"2026-12-02": {"09:00", "10:00"}, "2026-12-01": {"10:00"}, "2026-12-05": nil} {
		screen, data := wire(t, form.Submit(flow.Appointment, filled("trigger", "date_selected", "date", date, "time", "09:00"), "t", monday))
		if screen != flow.Appointment || !slices.Equal(ids(data["time"]), times) || data["is_time_enabled"] != (times != nil) {
			t.Errorf("%s: %s %v", date, screen, data["time"])
		}
		if data["error_message"] != nil {
			t.Errorf("%s: a choice is scolded: %v", date, data["error_message"])
		}
		chosen, _ := data["init_values"].(map[string]any)
		kept := map[string]any{"vertical": "bolos", "date": "", "time": "", "meeting_mode": "online"}
		if times != nil {
			kept["date"] = date
		}
		if slices.Contains(times, "09:00") {
			kept["time"] = "09:00"
		}
		if diff := cmp.Diff(kept, chosen); diff != "" {
			t.Errorf("%s: chosen (-want +got)\n%s", date, diff)
		}
	}
}

func TestThroughToTheEnd(t *testing.T) {
	form := newForm(t)
	screen, data := wire(t, form.Submit(flow.Appointment, filled(), "t", monday))
	if screen != flow.Details || data["moment_text"] != "terça-feira, 1º de dezembro, às 10h, On-line" || data["date"] != "2026-12-01" {
		t.Fatalf("after the first screen: %s %v", screen, data)
	}
	screen, data = wire(t, form.Submit(flow.Details, filled(), "t", monday))
	want := map[string]any{
		"vertical": "bolos", "date": "2026-12-01", "time": "10:00", "meeting_mode": "online",
		"name": "Iara Prado", "email": "iara@example.com", "company": "Prado Ltda", "need_description": "Bolo de casamento",
		"summary_text": "Bolos de festa\nterça-feira, 1º de dezembro, às 10h\nOn-line",
		"details_text": "Nome: Iara Prado\nE-mail: iara@example.com\nEmpresa: Prado Ltda\nO que precisa: Bolo de casamento",
	}
	if diff := cmp.Diff(want, data); diff != "" || screen != flow.Summary {
		t.Fatalf("after the second screen: %s (-want +got)\n%s", screen, diff)
	}
	again, _ := json.Marshal(data)
	screen, data = wire(t, form.Submit(flow.Summary, again, "t", monday))
	delete(want, "summary_text")
	delete(want, "details_text")
	want["flow_token"] = "t"
	end := map[string]any{"extension_message_response": map[string]any{"params": want}}
	if diff := cmp.Diff(end, data); diff != "" || screen != flow.Success {
		t.Errorf("the end: %s (-want +got)\n%s", screen, diff)
	}
}

func TestWhatNobodyMustTellIsLeftOut(t *testing.T) {
	_, data := wire(t, newForm(t).Submit(flow.Details, filled("company", "-", "need_description", ""), "t", monday))
	if data["details_text"] != "Nome: Iara Prado\nE-mail: iara@example.com" || data["error_message"] != nil {
		t.Errorf("%v", data)
	}
}

func TestFaultsStayOnTheirScreen(t *testing.T) {
	form := newForm(t)
	long := strings.Repeat("a", 300)
	for name, c := range map[string]struct {
		screen  string
		changes []string
		says    string
	}{
		"no topic":                {flow.Appointment, []string{"vertical", "-"}, "assuntos"},
		"another topic":           {flow.Appointment, []string{"vertical", "carros"}, "assuntos"},
		"no date":                 {flow.Appointment, []string{"date", "-"}, "dia"},
		"a closed day":            {flow.Appointment, []string{"date", "2026-12-05"}, "dia"},
		"a day that is over":      {flow.Appointment, []string{"date", "2026-11-29"}, "dia"},
		"a day that is none":      {flow.Appointment, []string{"date", "2026-02-31"}, "dia"},
		"no time":                 {flow.Appointment, []string{"time", "-"}, "horário"},
		"a time of another day":   {flow.Appointment, []string{"time", "09:00"}, "horário"},
		"a time between":          {flow.Appointment, []string{"time", "10:07"}, "horário"},
		"no mode":                 {flow.Appointment, []string{"meeting_mode", "-"}, "como prefere"},
		"another mode":            {flow.Appointment, []string{"meeting_mode", "telepatia"}, "como prefere"},
		"no name":                 {flow.Details, []string{"name", "  "}, "nome"},
		"a name without a letter": {flow.Details, []string{"name", "123"}, "nome"},
		"a long name":             {flow.Details, []string{"name", long}, "nome"},
		"no email":                {flow.Details, []string{"email", ""}, "e-mail"},
		"half an email":           {flow.Details, []string{"email", "iara@"}, "e-mail"},
		"a long company":          {flow.Details, []string{"company", long}, "empresa"},
		"a long need":             {flow.Details, []string{"need_description", long}, "precisa"},
		"the time is gone":        {flow.Details, []string{"time", "09:00"}, "Volte"},
		"gone at the end":         {flow.Summary, []string{"date", "2026-12-05"}, "Volte"},
		"made up at the end":      {flow.Summary, []string{"email", "x"}, "e-mail"},
	} {
		t.Run(name, func(t *testing.T) {
			screen, data := wire(t, form.Submit(c.screen, filled(c.changes...), "t", monday))
			says, _ := data["error_message"].(string)
			if screen != c.screen || !strings.Contains(says, c.says) {
				t.Errorf("%s says %q, want %s and %q", screen, says, c.screen, c.says)
			}
		})
	}
}

func TestBackKeepsWhatWasEntered(t *testing.T) {
	form := newForm(t)
	screen, data := wire(t, form.Back(flow.Summary, filled(), monday))
	want := map[string]any{"name": "Iara  Prado", "email": "Iara@Example.com", "company": "Prado Ltda", "need_description": "Bolo de casamento"}
	if diff := cmp.Diff(want, data["init_values"]); diff != "" || screen != flow.Details {
		t.Errorf("from the last screen: %s (-want +got)\n%s", screen, diff)
	}
	screen, data = wire(t, form.Back(flow.Details, filled(), monday))
	want = map[string]any{"vertical": "bolos", "date": "2026-12-01", "time": "10:00", "meeting_mode": "online"}
	if diff := cmp.Diff(want, data["init_values"]); diff != "" || screen != flow.Appointment || !slices.Equal(ids(data["time"]), []string{"10:00"}) {
		t.Errorf("from the second screen: %s %v (-want +got)\n%s", screen, data["time"], diff)
	}
	for name, from := range map[string]string{"the first screen": flow.Appointment, "nowhere": "", "a screen that is not ours": "TERMS"} {
		if screen, data = wire(t, form.Back(from, nil, monday)); screen != flow.Appointment || len(ids(data["vertical"])) != 2 {
			t.Errorf("from %s: %s %v", name, screen, data)
		}
	}
	// What was chosen is gone: there is no way to confirm it.
	if screen, _ = wire(t, form.Back(flow.Summary, filled("date", "2026-11-29"), monday)); screen != flow.Appointment {
		t.Errorf("from the last screen with a day that is over: %s", screen)
	}
}

func TestWhateverComesHasAnAnswer(t *testing.T) {
	form := newForm(t)
	for _, screen := range []string{"", flow.Appointment, flow.Details, flow.Summary, flow.Success, "TERMS"} {
		for _, data := range []string{"", "null", "[]", `"x"`, "{", `{"date":7,"name":null,"trigger":{}}`, `{"trigger":"x"}`} {
			for _, answer := range []flow.Answer{form.Submit(screen, json.RawMessage(data), "t", monday), form.Back(screen, json.RawMessage(data), monday)} {
				got, shown := wire(t, answer)
				if got == "" || got == flow.Success || shown == nil {
					t.Errorf("%s %s: %s %v", screen, data, got, shown)
				}
			}
		}
	}
}

func TestNothingIsOpen(t *testing.T) {
	form := newForm(t)
	late := monday.AddDate(0, 0, 10)
	screen, data := wire(t, form.Open(late))
	if says, _ := data["error_message"].(string); screen != flow.Appointment || data["is_date_enabled"] != false || !strings.Contains(says, "não há horários") {
		t.Errorf("%s %v", screen, data)
	}
	if screen, data = wire(t, form.Submit(flow.Appointment, filled(), "t", late)); screen != flow.Appointment || data["error_message"] == nil {
		t.Errorf("%s %v", screen, data)
	}
}

func TestAFormNeedsAnOffice(t *testing.T) {
	for name, change := range map[string]func(o *flow.Office){
		"no topics":    func(o *flow.Office) { o.Topics = nil },
		"no modes":     func(o *flow.Office) { o.Modes = nil },
		"no hours":     func(o *flow.Office) { o.Starts = nil },
		"another mode": func(o *flow.Office) { o.Modes = []string{"telepatia"} },
	} {
		o := office()
		change(&o)
		if form, err := flow.New(o); err == nil || form != nil {
			t.Errorf("%s: a form", name)
		}
	}
}

// WhatsApp cuts what is longer, or shows nothing.
func TestEveryDayFitsAnOption(t *testing.T) {
	day := monday
	o := office()
	o.Starts = func(time.Time) []time.Time { return []time.Time{day} }
	form, err := flow.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 366 {
		_, data := wire(t, form.Open(monday))
		title, _ := data["date"].([]any)[0].(map[string]any)["title"].(string)
		if n := len([]rune(title)); n > 30 || strings.HasSuffix(title, "…") {
			t.Errorf("%q has %d characters", title, n)
		}
		day = day.AddDate(0, 0, 1)
	}
}

func TestExpiredSaysWhatToDo(t *testing.T) {
	if says := newForm(t).Expired(); !strings.Contains(says, "não vale mais") || !strings.Contains(says, "conversa") {
		t.Error(says)
	}
}

func TestReadFilled(t *testing.T) {
	bare := `{"flow_token":"t","vertical":"bolos","date":"2026-12-01","time":"10:00","meeting_mode":"online","name":"Iara Prado","email":"IARA@example.com","company":"","need_description":"Bolo\nNome: Caio"}`
	for name, form := range map[string]string{
		"the fields":       bare,
		"within an answer": `{"extension_message_response":{"params":` + bare + `}}`,
		"within params":    `{"params":` + bare + `}`,
		"and more":         strings.Replace(bare, "{", `{"tomorrow":[1],`, 1),
	} {
		f, ok := flow.ReadFilled(pii.Text(form))
		at, timed := f.Start(zone)
		want := map[string]string{
			"full_name": "Iara Prado", "email": "iara@example.com", "specific_need": "Bolo Nome: Caio", "meeting_mode": "online",
		}
		if !ok || f.Token != "t" || f.Topic() != "bolos" || !timed || !at.Equal(time.Date(2026, 12, 1, 10, 0, 0, 0, zone)) {
			t.Errorf("%s: %v %v %v", name, ok, at, timed)
		}
		if diff := cmp.Diff(want, f.Card()); diff != "" {
			t.Errorf("%s: card (-want +got)\n%s", name, diff)
		}
		words := "Conversa: 2026-12-01, 10:00 (online)\nAssunto: bolos\nNome: Iara Prado\nE-mail: IARA@example.com\nO que precisa: Bolo Nome: Caio"
		if got := f.Words().Reveal(); got != words {
			t.Errorf("%s: words %q", name, got)
		}
	}
	for _, form := range []string{"", "null", "7", `"x"`, "[]", "{", "{}", `{"flow_token":7}`, `{"cep":"04077-000"}`} {
		if _, ok := flow.ReadFilled(pii.Text(form)); ok {
			t.Errorf("%s was read", form)
		}
	}
	for _, form := range []string{`{"flow_token":"t"}`, `{"flow_token":"t","date":"2026-02-31","time":"10:00","name":"7","email":"x","meeting_mode":"a"}`} {
		f, ok := flow.ReadFilled(pii.Text(form))
		if _, timed := f.Start(zone); !ok || timed || len(f.Card()) != 0 {
			t.Errorf("%s: %v %v", form, ok, slices.Collect(maps.Keys(f.Card())))
		}
	}
}

func FuzzReadFilled(f *testing.F) {
	f.Add(`{"flow_token":"t","date":"2026-12-01","time":"10:00","name":"Iara"}`)
	f.Add(`{"extension_message_response":{"params":{"params":{}}}}`)
	f.Add(`[{}]`)
	form, err := flow.New(office())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if filled, ok := flow.ReadFilled(pii.Text(text)); ok {
			filled.Words()
			filled.Card()
			filled.Start(zone)
		}
		for _, screen := range []string{flow.Appointment, flow.Details, flow.Summary} {
			answer := form.Submit(screen, json.RawMessage(text), "t", monday)
			if _, err := json.Marshal(answer); err != nil || answer.Screen == "" {
				t.Error(fmt.Errorf("%s: %w", screen, err))
			}
		}
	})
}
