package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/openai/openaitest"
)

// overview is what happened since the street began.
type overview struct {
	Since         time.Time
	Conversations int
	Messages      int
	Replies       int
	Timed         int
	Handoffs      int
	Blocked       int
	Parked        int
	Failed        int
	P50           float64 `json:"p50_ms"`
	P95           float64 `json:"p95_ms"`
	Cost          int64   `json:"cost_micro_usd"`
	TokensIn      int64   `json:"tokens_in"`
	TokensOut     int64   `json:"tokens_out"`
	Width         float64 `json:"width_ms"`
	Series        []struct {
		At                                   time.Time
		Messages, Replies, Blocked, Handoffs int
		P95                                  float64 `json:"p95_ms"`
	}
}

func (s *street) overview() (o overview) {
	s.t.Helper()
	if status := s.Call(http.MethodGet, "/api/overview", "", &o); status != http.StatusOK {
		s.t.Fatalf("the overview was answered %d", status)
	}
	return o
}

func TestTheOverviewAddsUp(t *testing.T) {
	// It counts what is logged, however little somebody wants to see of that.
	s := start(t, "LOG_LEVEL=error")
	if greeting := s.Greeting(); !strings.Contains(greeting, "ignored  LOG_LEVEL: ") {
		t.Errorf("the greeting says nothing of the log:\n%s", greeting)
	}
	if o := s.overview(); o.Since.IsZero() || o.Series == nil || len(o.Series) != 0 || o.P95 != 0 {
		t.Errorf("before anything it is %+v", o)
	}
	first := s.say(iara, erp)
	s.exactly(iara, 1)
	s.Call(http.MethodPost, "/api/webhooks", encode(map[string]any{"id": first, "times": 3}), nil)
	s.say(bruno, "quero falar com uma pessoa")
	s.exactly(bruno, 1)
	s.advance(48 * time.Hour)
	s.say(bruno, "alguém?")
	s.Until("three turns that are added up", func() bool { s.pass(time.Second); return s.overview().Messages == 3 && s.idle() })
	s.Until("two answers that were timed", func() bool { return s.overview().Timed >= 2 })

	o := s.overview()
	if o.Conversations != 2 || o.Handoffs != 1 || o.Parked != 0 || o.Failed != 0 || o.Blocked != 0 {
		t.Errorf("the overview is %+v", o)
	}
	if o.Cost <= 0 || o.TokensIn <= 0 || o.TokensOut <= 0 {
		t.Errorf("the model took %d + %d tokens and cost %d", o.TokensIn, o.TokensOut, o.Cost)
	}
	if o.P50 <= 0 || o.P95 < o.P50 || o.P95 > patience.Seconds()*1000 {
		t.Errorf("answers took %v ms, and at most %v ms", o.P50, o.P95)
	}
	messages, replies, handoffs := 0, 0, 0
	for _, b := range o.Series {
		messages, replies, handoffs = messages+b.Messages, replies+b.Replies, handoffs+b.Handoffs
	}
	if messages != 3 || replies != o.Replies || handoffs != 1 || len(o.Series) < 2 || len(o.Series) > 60 || o.Width != 10_000 {
		t.Errorf("the series has %d messages, %d replies and %d handoffs in %d buckets of %v ms", messages, replies, handoffs, len(o.Series), o.Width)
	}
}

func TestTheOverviewCountsWhatWasLeftToAPerson(t *testing.T) {
	s := start(t, hasty...)
	s.lose()
	s.Until("one that is parked", func() bool { return s.overview().Parked == 1 })
	if o := s.overview(); o.Timed != 0 {
		t.Errorf("an answer that never came took %v ms", o.P50)
	}
}

func TestTheOverviewCountsWhatTheGuardsFound(t *testing.T) {
	s := start(t, inventing(t)...)
	s.say(iara, erp)
	s.untilReplies(iara, 1)
	found := 0
	for _, v := range s.turns(iara)[0].Verdicts {
		if !v.OK {
			found++
		}
	}
	s.Until("what the guards found", func() bool { return s.overview().Blocked == found })
	if found == 0 {
		t.Error("they found nothing wrong with a price that is in no pack")
	}
}

// inventing is the environment of a street whose model names a price that is in no
// pack, whatever it is asked.
func inventing(t *testing.T) []string {
	honest, model := openaitest.NewServer(openaitest.Options{}), openaitest.NewServer(openaitest.Options{Key: "a-key"})
	t.Cleanup(honest.Close)
	t.Cleanup(model.Close)
	think := openaitest.Forward(http.DefaultClient, honest.URL(), "any")
	model.Answer(func(r openaitest.Request) (openaitest.Reply, bool) {
		reply, ok := think(r)
		var draft map[string]any
		if err := json.Unmarshal([]byte(reply.Content), &draft); err != nil {
			return openaitest.Reply{}, false
		}
		draft["response_text"] = "Sai por R$ 98.765,43 por mês, já com tudo."
		reply.Content = encode(draft)
		return reply, ok
	})
	return []string{"OPENAI_API_KEY=a-key", "OPENAI_BASE_URL=" + model.URL()}
}
