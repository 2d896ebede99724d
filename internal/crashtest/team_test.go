package crashtest

import (
	"crypto/hmac"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyloto/atende/internal/handoff"
)

// teamSecret signs what the team is told.
const teamSecret = "crash-team-secret"

// team is the system of the team that is told of handoffs, as unreliable as
// anybody's until it is well.
type team struct {
	storm  *storm
	server *httptest.Server
	well   atomic.Bool
	calls  atomic.Int64 // notices that it took, copies included

	mu   sync.Mutex
	r    *rand.Rand
	told map[string]int
}

func newTeam(s *storm) *team {
	t := &team{storm: s, r: s.chance("team", 0), told: map[string]int{}}
	t.server = httptest.NewServer(t)
	s.t.Cleanup(t.server.Close)
	return t
}

func (t *team) environ() map[string]string {
	return map[string]string{"HANDOFF_WEBHOOK_URL": t.server.URL + "/handoffs", "HANDOFF_WEBHOOK_SECRET": teamSecret}
}

// ServeHTTP takes a notice, or fails before or after it took it.
func (t *team) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // Its sender died.
		return
	}
	var notice struct{ ID string }
	want := handoff.Sign(teamSecret, r.Header.Get(handoff.HeaderTimestamp), body)
	if !hmac.Equal([]byte(want), []byte(r.Header.Get(handoff.HeaderSignature))) || json.Unmarshal(body, &notice) != nil ||
		notice.ID == "" || r.Header.Get("Idempotency-Key") != notice.ID {
		t.storm.broke(unaudited, "the team got a notice that nobody signed, or without an id")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	before, after, slow := t.misfortune()
	if before {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	t.mu.Lock()
	t.told[notice.ID]++
	t.mu.Unlock()
	t.calls.Add(1)
	if slow {
		pause(r.Context(), time.Second)
	}
	if after {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// misfortune says what goes wrong with a notice.
func (t *team) misfortune() (before, after, slow bool) {
	if t.well.Load() {
		return false, false, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.r.IntN(100) < 15, t.r.IntN(100) < 10, t.r.IntN(100) < 20
}

// copies is how often the team took the notice of an id, and known of how many
// ids it took one.
func (t *team) copies(id string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told[id]
}

func (t *team) known() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.told)
}
