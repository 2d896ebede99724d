package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAWorkerThatIsKilledCostsAndDoublesNothing kills the worker at each of its
// moments: the lead reads one answer, which its successor sends or finds sent.
func TestAWorkerThatIsKilledCostsAndDoublesNothing(t *testing.T) {
	for _, c := range []struct {
		kind     string
		attempts int  // that the answer takes
		tells    bool // others must prove that a receipt would have come
	}{
		{"fail_before", 1, false},
		{"hang", 2, true},
		{"fail_after", 1, false},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.fault("worker", c.kind, 1)
			s.say(iara, "oi")
			s.Until("a second life", func() bool {
				return strings.Count(s.logs(), `"message":"app_ready","serviceContext":{"service":"atende-worker"`) == 2
			})
			if got := s.ready(); got != http.StatusOK {
				t.Errorf("the successor answers %d", got)
			}
			said := 0
			s.Until("the reply", func() bool {
				switch {
				case len(s.conversation(iara).replies()) > 0 && len(s.turnsSoFar(iara)) == 1:
					return true
				case s.waiting().Due > 0:
				case c.tells:
					s.advance(20 * time.Second)
					s.say(bruno, "oi")
					said++
					s.untilReplies(bruno, said)
				default:
					s.advance(2 * time.Second)
				}
				return false
			})
			s.exactly(iara, 1)
			turns := s.turns(iara)
			if len(turns) != 1 || turns[0].Deliveries[0].Attempt != c.attempts {
				t.Errorf("the turns are %+v", turns)
			}
			if left := s.armed(); len(left) != 0 {
				t.Errorf("still armed is %+v", left)
			}
		})
	}
}

// ready is what the worker's /ready answers.
func (s *street) ready() int {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.parts()["worker"].What+"/ready", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

type armed struct {
	Point, Kind  string
	Left         int
	Status, Code int
	Delay        string
}

// armed are the faults that are still to happen.
func (s *street) armed() []armed {
	s.t.Helper()
	var answer struct{ Armed []armed }
	if status := s.Call(http.MethodGet, "/api/faults", "", &answer); status != http.StatusOK {
		s.t.Fatalf("the faults were answered %d", status)
	}
	return answer.Armed
}
