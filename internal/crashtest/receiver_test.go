package crashtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// receiver is the system of a team that takes what it is told and counts copies
// by their id.
type receiver struct {
	server *httptest.Server

	mu   sync.Mutex
	told []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// ServeHTTP takes one notice.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var notice struct{ ID string }
	if err := json.NewDecoder(request.Body).Decode(&notice); err != nil || notice.ID != request.Header.Get("Idempotency-Key") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.told, notice.ID) {
		r.told = append(r.told, notice.ID)
	}
}

// ids are those of what the team was told, each once.
func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}
