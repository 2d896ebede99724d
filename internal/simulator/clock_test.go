package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func TestAMessageThatComesADayLateIsNotAnswered(t *testing.T) {
	s := start(t)
	s.fault("webhook", "fail_before", -1)
	s.say(iara, "oi")
	s.advance(25 * time.Hour)
	s.heal()
	s.Until("its turn", func() bool {
		s.pass(time.Minute)
		return len(s.turnsSoFar(iara)) == 1
	})
	if turns := s.turns(iara); turns[0].Route != "late" {
		t.Errorf("the turn is %+v", turns[0])
	}
	s.say(iara, "oi")
	s.exactly(iara, 1)
}

func TestTimeCanBeSkipped(t *testing.T) {
	s := start(t)
	s.say(iara, erp)
	s.exactly(iara, 1)
	before := s.advance(0)
	after := s.advance(25 * time.Hour)
	if passed := after.Sub(before); passed < 25*time.Hour || passed > 25*time.Hour+patience {
		t.Errorf("25 hours took %s", passed)
	}
	s.say(iara, "oi")
	s.exactly(iara, 2)
	messages := s.conversation(iara).Messages
	if gap := messages[2].At.Sub(messages[0].At); gap < 25*time.Hour {
		t.Errorf("the messages lie %s apart", gap)
	}
}

// TestTimeCanBeSkippedToTheOpening skips to each of the next openings, and finds
// the business open there and the next one after it.
func TestTimeCanBeSkippedToTheOpening(t *testing.T) {
	s := start(t)
	for range 3 {
		next := s.nextOpening()
		var answer struct {
			Now      time.Time
			Advanced string
		}
		if status := s.Call(http.MethodPost, "/api/clock", `{"until":"opening"}`, &answer); status != http.StatusOK {
			t.Fatalf("the clock was answered %d", status)
		}
		if late := answer.Now.Sub(next); late < 0 || late > patience {
			t.Errorf("it is %s past the opening", late)
		}
		if d, err := time.ParseDuration(answer.Advanced); err != nil || d <= 0 {
			t.Errorf("it says that %q was skipped", answer.Advanced)
		}
		if after := s.nextOpening(); !after.After(next) {
			t.Errorf("after the opening of %s comes that of %s", next, after)
		}
	}
}

// nextOpening is when the business opens next.
func (s *street) nextOpening() time.Time {
	s.t.Helper()
	var answer struct {
		Next time.Time `json:"next_opening"`
	}
	if s.Call(http.MethodGet, "/api/street", "", &answer); answer.Next.IsZero() {
		s.t.Fatal("there is no next opening")
	}
	return answer.Next
}

func TestTheTimeMachineIsBounded(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ body, says string }{
		{`{"advance":"-1s"}`, "advance: is negative, and time only passes"},
		{`{"advance":"745h"}`, "advance: is more than 744h, 31 days; take several steps"},
		{`{"advance":"tomorrow"}`, "advance: is not a duration such as 90s or 24h"},
		{`{}`, "advance: is not a duration such as 90s or 24h"},
		{`{"advance":24}`, "advance: is a number"},
		{`{"until":"christmas"}`, "until: is not opening"},
		{`{"until":"opening","advance":"1h"}`, "until: is given together with advance; give one of them"},
	} {
		var answer struct{ Error string }
		if status := s.Call(http.MethodPost, "/api/clock", c.body, &answer); status != http.StatusBadRequest || answer.Error != c.says {
			t.Errorf("%s was answered %d %q", c.body, status, answer.Error)
		}
	}
}

func TestTheTimeMachineIsOffBesideAnotherClock(t *testing.T) {
	other := miniredis.RunT(t)
	for _, c := range []struct{ environ, says string }{
		{"REDIS_URL=redis://" + other.Addr(), "the time machine is off: REDIS_URL is set, and that Redis keeps a time of its own"},
		{"FIRESTORE_EMULATOR_HOST=" + ledgerServer(t), "the time machine is off: FIRESTORE_EMULATOR_HOST is set, and the emulator keeps a time of its own"},
	} {
		s := start(t, c.environ)
		var answer struct{ Error string }
		if status := s.Call(http.MethodPost, "/api/clock", `{"advance":"1h"}`, &answer); status != http.StatusConflict || answer.Error != c.says {
			t.Errorf("the clock was answered %d %q", status, answer.Error)
		}
	}
}
