package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

// patience bounds every wait of a test.
const patience = 30 * time.Second

// Leads of the tests.
const (
	iara  = "5511988887777"
	bruno = "5521977776666"
	erp   = "preciso que o atendimento fale com o meu ERP, como funciona?"
)

// street is a running street, seen from outside.
type street struct {
	*simulatortest.Street
	t *testing.T
}

// shortLease lets a conversation whose worker could not give its lease back, because
// Redis was slow for a moment, go on before a test loses its patience.
const shortLease = "LEASE_TTL=5s"

// start runs a street in which nobody waits for the rest of a burst.
func start(t *testing.T, environ ...string) *street {
	t.Helper()
	s := simulatortest.Start(t, append([]string{"COALESCE_WINDOW=0", shortLease}, environ...)...)
	return &street{Street: s, t: t}
}

// write sends what a lead writes and returns the message's id.
func (s *street) write(message map[string]any) string {
	s.t.Helper()
	var answer struct{ ID, Error string }
	status := s.Call(http.MethodPost, "/api/messages", encode(message), &answer)
	if status != http.StatusAccepted || !strings.HasPrefix(answer.ID, "wamid.") {
		s.t.Fatalf("a message was answered %d %+v", status, answer)
	}
	return answer.ID
}

func (s *street) say(from, text string) string {
	s.t.Helper()
	return s.write(map[string]any{"from": from, "name": "Iara", "text": text})
}

// message is one line of a transcript.
type message struct {
	ID, Direction, Type, Text, Status string
	Author                            string
	At                                time.Time
	Options                           []struct{ ID, Title string }
	Media                             string
	ReplyTo                           string `json:"reply_to"`
}

type conversation struct {
	Messages    []message
	State, Name string
	Owner       string
}

func (c conversation) replies() []message { return c.directed("out") }

func (c conversation) directed(direction string) (found []message) {
	for _, m := range c.Messages {
		if m.Direction == direction {
			found = append(found, m)
		}
	}
	return found
}

func (s *street) conversation(from string) (c conversation) {
	s.t.Helper()
	if status := s.Call(http.MethodGet, "/api/conversations/"+from, "", &c); status != http.StatusOK {
		s.t.Fatalf("the conversation was answered %d", status)
	}
	return c
}

// turn is what a test reads of a turn's record.
type turn struct {
	Route, From, Into string
	Model             struct {
		Name                string
		TokensIn, TokensOut int64
		Calls               int
	}
	Verdicts []struct {
		Guard string
		OK    bool
	}
	Phases     []struct{ Name string }
	Messages   []string
	Deliveries []struct {
		Attempt int
		Mark    string
		Results map[string]struct {
			Kind string
			Code int
		}
		Receipts map[string]map[string]any
	}
}

func (t *turn) UnmarshalJSON(data []byte) error {
	type plain turn
	return json.Unmarshal(bytes.ReplaceAll(bytes.ReplaceAll(data,
		[]byte(`"tokens_in"`), []byte(`"TokensIn"`)), []byte(`"tokens_out"`), []byte(`"TokensOut"`)), (*plain)(t))
}

// turns are the records of a person's turns, oldest first.
func (s *street) turns(from string) []turn {
	s.t.Helper()
	var answer struct{ Turns []turn }
	if status := s.Call(http.MethodGet, "/api/conversations/"+from+"/turns", "", &answer); status != http.StatusOK {
		s.t.Fatalf("the turns were answered %d", status)
	}
	turns := make([]turn, 0, len(answer.Turns))
	for i := len(answer.Turns) - 1; i >= 0; i-- {
		turns = append(turns, answer.Turns[i])
	}
	return turns
}

// fault asks for a fault.
func (s *street) fault(point, kind string, times int) {
	s.t.Helper()
	body := encode(map[string]any{"point": point, "kind": kind, "times": times})
	if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
		s.t.Fatalf("a fault was answered %d", status)
	}
}

func (s *street) heal() {
	s.t.Helper()
	if status := s.Call(http.MethodDelete, "/api/faults", "", nil); status != http.StatusNoContent {
		s.t.Fatalf("taking the faults back was answered %d", status)
	}
}

// advance skips time.
func (s *street) advance(d time.Duration) time.Time {
	s.t.Helper()
	var answer struct{ Now time.Time }
	if status := s.Call(http.MethodPost, "/api/clock", encode(map[string]any{"advance": d.String()}), &answer); status != http.StatusOK {
		s.t.Fatalf("the clock was answered %d", status)
	}
	return answer.Now
}

// parts are the addresses and variants of the street's parts, by name.
func (s *street) parts() map[string]struct{ Variant, What string } {
	s.t.Helper()
	var answer struct {
		Parts []struct{ Name, Variant, What string }
	}
	s.Call(http.MethodGet, "/api/street", "", &answer)
	parts := map[string]struct{ Variant, What string }{}
	for _, p := range answer.Parts {
		parts[p.Name] = struct{ Variant, What string }{p.Variant, p.What}
	}
	return parts
}

// waiting is how much is on its way.
type waiting struct{ Webhooks, Tasks, Due int }

func (s *street) waiting() waiting {
	s.t.Helper()
	var answer struct{ Waiting waiting }
	s.Call(http.MethodGet, "/api/street", "", &answer)
	return answer.Waiting
}

// idle reports whether nothing is on its way any more.
func (s *street) idle() bool { return s.waiting() == waiting{} }

// pass skips some time, unless something is being worked on: that takes the
// machine's time and none of the clock's.
func (s *street) pass(d time.Duration) {
	s.t.Helper()
	if s.waiting().Due == 0 {
		s.advance(d)
	}
}

// untilReplies waits for n replies to a person.
func (s *street) untilReplies(from string, n int) []message {
	s.t.Helper()
	s.Until(fmt.Sprintf("%d replies", n), func() bool { return len(s.conversation(from).replies()) >= n })
	return s.conversation(from).replies()
}

// settle waits until nothing is on its way. What waits for its time gets it: time
// is skipped as long as there is something to wait for.
func (s *street) settle() {
	s.t.Helper()
	s.Until("rest", func() bool {
		if s.idle() {
			return true
		}
		s.pass(2 * time.Second)
		return false
	})
}

// exactly settles the street and checks how many replies a person got.
func (s *street) exactly(from string, n int) []message {
	s.t.Helper()
	s.untilReplies(from, n)
	s.settle()
	replies := s.conversation(from).replies()
	if len(replies) != n {
		s.t.Fatalf("%d replies instead of %d: %+v", len(replies), n, replies)
	}
	return replies
}

// logs are the lines that the services have logged.
func (s *street) logs() (text string) {
	s.t.Helper()
	s.Call(http.MethodGet, "/api/logs", "", &text)
	return text
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
