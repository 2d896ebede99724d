package simulator

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/pii"
)

const (
	// developmentTeamSecret signs what the team is told.
	developmentTeamSecret = "development-team-secret"
	// teamPath is where the team is told.
	teamPath = "/team"
	// maxNotices bounds what a team remembers; the oldest goes first.
	maxNotices = 1000
	// maxNotice bounds one notice.
	maxNotice = 1 << 20
)

// notice is what the team was told, once or in copies.
type notice struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Reason   string    `json:"reason,omitempty"`
	Briefing string    `json:"briefing,omitempty"`
	Text     string    `json:"text,omitempty"` // of a message that was forwarded
	At       time.Time `json:"at"`             // of the first copy
	Copies   int       `json:"copies"`
}

// team receives what the worker tells the team, as a system of theirs would: it
// takes what is signed and counts copies by their id. It is safe for concurrent
// use.
type team struct {
	now func() time.Time

	mu      sync.Mutex
	notices []notice
}

// ServeHTTP takes one notice.
func (t *team) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotice))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	want := handoff.Sign(pii.Secret(developmentTeamSecret), r.Header.Get(handoff.HeaderTimestamp), body)
	if !hmac.Equal([]byte(want), []byte(r.Header.Get(handoff.HeaderSignature))) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var told struct {
		notice
		Message struct {
			Text string `json:"text"`
		} `json:"message"`
	}
	if json.Unmarshal(body, &told) != nil || told.ID == "" || told.ID != r.Header.Get("Idempotency-Key") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	told.Text = told.Message.Text
	t.take(told.notice)
	w.WriteHeader(http.StatusNoContent)
}

// take remembers a notice, or counts one more copy of it.
func (t *team) take(n notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.IndexFunc(t.notices, func(known notice) bool { return known.ID == n.ID }); i >= 0 {
		t.notices[i].Copies++
		return
	}
	n.At, n.Copies = t.now().UTC(), 1
	if len(t.notices) == maxNotices {
		t.notices = t.notices[1:]
	}
	t.notices = append(t.notices, n)
}

// told is what the team was told, oldest first.
func (t *team) told() []notice {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]notice{}, t.notices...)
}

// startTeam starts the system of the team that is told of handoffs.
func (s *street) startTeam() error {
	listener, err := listen(0)
	if err != nil {
		return fmt.Errorf("start the team: %w", err)
	}
	s.team = &team{now: s.clock.Now}
	mux := http.NewServeMux()
	mux.Handle("POST "+teamPath, s.team)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: stopPatience}
	s.at.team = "http://" + listener.Addr().String() + teamPath
	s.background(func(ctx context.Context) {
		stop := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stop()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("team: %w", err)
		}
	})
	return nil
}
