package simulator_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// inspection is what the page shows of a conversation.
type inspection struct {
	State  string   `json:"state"`
	Owner  string   `json:"owner"`
	Legal  []string `json:"legal"`
	States []string `json:"states"`
	Card   []struct {
		Field   string `json:"field"`
		Value   string `json:"value"`
		Words   string `json:"words"`
		Message string `json:"message"`
		Turn    string `json:"turn"`
	} `json:"card"`
	Turns []struct {
		ID       string   `json:"id"`
		Route    string   `json:"route"`
		Messages []string `json:"messages"`
		Replies  []string `json:"replies"`
		Model    bool     `json:"model"`
	} `json:"turns"`
	Acts []struct {
		Kind string `json:"kind"`
	} `json:"acts"`
}

// turnDocument is what the page shows of a turn.
type turnDocument struct {
	Receipt struct {
		Verdicts []struct {
			Guard string `json:"guard"`
			OK    bool   `json:"ok"`
		} `json:"verdicts"`
		Model *struct {
			TokensIn int `json:"tokens_in"`
		} `json:"model"`
	} `json:"receipt"`
	Record   map[string]any `json:"record"`
	Timeline []struct {
		Step    string   `json:"step"`
		StartMS float64  `json:"start_ms"`
		TookMS  float64  `json:"took_ms"`
		Origins []string `json:"origins"`
	} `json:"timeline"`
	Facts []struct {
		ID   string `json:"id"`
		Text string `json:"text"`
		File string `json:"file"`
		Line int    `json:"line"`
	} `json:"facts"`
	Webhooks []struct {
		ID         string          `json:"id"`
		Body       json.RawMessage `json:"body"`
		Deliveries int             `json:"deliveries"`
	} `json:"webhooks"`
	Graph []struct {
		ID   string          `json:"id"`
		Body json.RawMessage `json:"body"`
	} `json:"graph"`
	Statuses []json.RawMessage `json:"statuses"`
	Prompts  []struct {
		Messages []struct {
			Role string `json:"role"`
			Text string `json:"text"`
		} `json:"messages"`
		Prefix int    `json:"prefix"`
		Answer string `json:"answer"`
	} `json:"prompts"`
	Logs []struct {
		Message string `json:"message"`
		BytesIn int    `json:"bytes_in"`
		Service struct {
			Service string `json:"service"`
		} `json:"serviceContext"`
	} `json:"logs"`
}

func (s *street) inspect(from string) (i inspection) {
	s.t.Helper()
	if status := s.Call(http.MethodGet, "/api/conversations/"+from+"/inspector", "", &i); status != http.StatusOK {
		s.t.Fatalf("the inspector answers %d", status)
	}
	return i
}

func (s *street) turn(id string) (d turnDocument) {
	s.t.Helper()
	if status := s.Call(http.MethodGet, "/api/turns/"+id, "", &d); status != http.StatusOK {
		s.t.Fatalf("the turn answers %d", status)
	}
	return d
}

func TestATurnShowsEverythingItRestsOn(t *testing.T) {
	s := start(t)
	const question = "quanto custa a automação simples?"
	asked := s.say(iara, question)
	reply := s.exactly(iara, 1)[0]

	seen := s.inspect(iara)
	if len(seen.Turns) != 1 || !seen.Turns[0].Model || !slices.Equal(seen.Turns[0].Messages, []string{asked}) ||
		!slices.Equal(seen.Turns[0].Replies, []string{reply.ID}) {
		t.Fatalf("the turns are %+v", seen.Turns)
	}
	if seen.Owner != "otto" || len(seen.Legal) == 0 || !slices.Contains(seen.States, seen.State) {
		t.Errorf("the state is %s of %v, owned by %s, and may become %v", seen.State, seen.States, seen.Owner, seen.Legal)
	}

	d := s.turn(seen.Turns[0].ID)
	if d.Record["route"] != seen.Turns[0].Route || len(d.Receipt.Verdicts) == 0 || d.Receipt.Model == nil {
		t.Errorf("the record is of %v, with %d verdicts", d.Record["route"], len(d.Receipt.Verdicts))
	}
	if len(d.Facts) == 0 {
		t.Error("the answer rests on no fact")
	}
	for _, fact := range d.Facts {
		content, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(fact.File)))
		if err != nil {
			t.Fatal(err)
		}
		if line := strings.Split(string(content), "\n")[fact.Line-1]; !strings.Contains(line, fact.ID) || fact.Text == "" {
			t.Errorf("%s:%d is %q, not %s", fact.File, fact.Line, line, fact.ID)
		}
	}
	if len(d.Webhooks) != 1 || d.Webhooks[0].ID != asked || d.Webhooks[0].Deliveries != 1 || !strings.Contains(string(d.Webhooks[0].Body), question) {
		t.Errorf("the webhooks are %+v", d.Webhooks)
	}
	if len(d.Graph) != 1 || d.Graph[0].ID != reply.ID || !strings.Contains(string(d.Graph[0].Body), `"messaging_product"`) {
		t.Errorf("the calls of Graph are %+v", d.Graph)
	}
	if len(d.Prompts) != 1 || d.Prompts[0].Prefix != 1 || !strings.Contains(d.Prompts[0].Messages[len(d.Prompts[0].Messages)-1].Text, question) || d.Prompts[0].Answer == "" {
		t.Errorf("the prompts are %+v", d.Prompts)
	}
	services := map[string]bool{}
	for _, line := range d.Logs {
		services[line.Service.Service] = true
	}
	if !services["atende-ingress"] || !services["atende-worker"] {
		t.Errorf("the log lines are of %v", services)
	}
}

func TestATimelineIsInOrderAndSaysItsOrigin(t *testing.T) {
	s := start(t)
	s.say(iara, erp)
	s.exactly(iara, 1)
	s.Until("the reply is read", func() bool { return s.conversation(iara).directed("out")[0].Status == "read" })
	timeline := s.turn(s.inspect(iara).Turns[0].ID).Timeline
	var names []string
	before := 0.0
	for _, step := range timeline {
		names = append(names, step.Step)
		if len(step.Origins) == 0 || step.TookMS < 0 {
			t.Errorf("step %s took %v, from %q", step.Step, step.TookMS, step.Origins)
		}
		// Each is rounded by itself.
		if step.StartMS < before-0.2 {
			t.Errorf("step %s starts at %v, before what precedes it", step.Step, step.StartMS)
		}
		before = step.StartMS
	}
	want := []string{"webhook", "queue", "lease", "ledger", "model", "guards", "commit", "send", "sent", "delivered", "read"}
	if !slices.Equal(names, want) {
		t.Errorf("the steps are %v, want %v", names, want)
	}
}

// TestAWebhookIsShownAsItWasSigned shows the bytes whose signature the ingress
// checked, however often they were brought.
func TestAWebhookIsShownAsItWasSigned(t *testing.T) {
	s := start(t)
	asked := s.say(iara, "a automação <simples> & a com IA: quanto custa, \"à vista\"?")
	s.exactly(iara, 1)
	s.again(asked, 3, false)
	s.settle()
	d := s.turn(s.inspect(iara).Turns[0].ID)
	if len(d.Webhooks) != 1 || d.Webhooks[0].Deliveries != 4 {
		t.Fatalf("the webhooks are %+v", d.Webhooks)
	}
	for _, line := range d.Logs {
		if line.Message == "webhook_received" && line.BytesIn != len(d.Webhooks[0].Body) {
			t.Errorf("the ingress read %d bytes, and %d are shown", line.BytesIn, len(d.Webhooks[0].Body))
		}
	}
	pen := whatsapptest.Pen{AppSecret: []byte("development-app-secret")}
	status, _, err := pen.Post(t.Context(), http.DefaultClient, "http://"+s.parts()["ingress"].What+"/webhook/whatsapp", d.Webhooks[0].Body)
	if err != nil || status != http.StatusOK {
		t.Errorf("what is shown is answered %d (%v)", status, err)
	}
	webhooks := 0
	for _, step := range d.Timeline {
		if step.Step == "webhook" {
			webhooks++
		}
	}
	if webhooks != 1 {
		t.Errorf("%d webhooks are in the timeline, of which 3 were known", webhooks)
	}
	s.settle()
	s.exactly(iara, 1)
}

// TestARefusalIsTheEndOfATimeline has Graph refuse an answer at once, of which no
// webhook tells.
func TestARefusalIsTheEndOfATimeline(t *testing.T) {
	s := start(t)
	body := `{"point":"graph","kind":"status","status":400,"code":131047,"times":1}`
	if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
		t.Fatalf("the fault was answered %d", status)
	}
	s.say(iara, erp)
	s.Until("a refusal", func() bool {
		turns := s.turnsSoFar(iara)
		return len(turns) == 1 && turns[0].Deliveries[0].Results["1"].Code == 131047
	})
	timeline := s.turn(s.inspect(iara).Turns[0].ID).Timeline
	if last := timeline[len(timeline)-1]; last.Step != "failed" || last.StartMS <= 0 {
		t.Errorf("the timeline ends with %+v", last)
	}
}

func TestACardLeadsBackToTheWords(t *testing.T) {
	s := start(t)
	told := s.say(iara, "oi, meu nome é Iara Souza e meu email é iara@example.com")
	s.exactly(iara, 1)
	seen := s.inspect(iara)
	i := slices.IndexFunc(seen.Card, func(v struct {
		Field   string `json:"field"`
		Value   string `json:"value"`
		Words   string `json:"words"`
		Message string `json:"message"`
		Turn    string `json:"turn"`
	}) bool {
		return v.Field == "email"
	})
	if i < 0 || seen.Card[i].Value != "iara@example.com" || seen.Card[i].Message != told || seen.Card[i].Turn != seen.Turns[0].ID {
		t.Errorf("the card is %+v, and the message %s", seen.Card, told)
	}
}

func TestTheAuditShowsWhatIsNoTurn(t *testing.T) {
	s := start(t)
	s.say(iara, "quero falar com uma pessoa")
	s.exactly(iara, 1)
	if seen := s.inspect(iara); seen.Owner != "person" || len(seen.Acts) != 0 || !slices.Contains(seen.Legal, "TRIAGE") {
		t.Errorf("before: owner %s, acts %v, next %v", seen.Owner, seen.Acts, seen.Legal)
	}
	var outcome any
	if status := s.Call(http.MethodPost, "/api/operator/handoffs/"+iara+"/release", "{}", &outcome); status != http.StatusOK {
		t.Fatalf("the release answers %d %v", status, outcome)
	}
	if seen := s.inspect(iara); seen.Owner != "otto" || len(seen.Acts) != 1 || seen.Acts[0].Kind != "released" {
		t.Errorf("after: owner %s, acts %v", seen.Owner, seen.Acts)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/api/conversations/" + bruno + "/inspector", "/api/turns/nobody~1"} {
		var refused struct{ Error string }
		if status := s.Call(http.MethodGet, path, "", &refused); status != http.StatusNotFound || refused.Error == "" {
			t.Errorf("%s answers %d %q", path, status, refused.Error)
		}
	}
}
