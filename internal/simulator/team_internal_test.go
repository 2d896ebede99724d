package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/pii"
)

func TestATeamTakesOnlyWhatIsSigned(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		body, secret, key string
		want              int
	}{
		"a notice":           {`{"id":"a","kind":"handoff"}`, developmentTeamSecret, "a", http.StatusNoContent},
		"of somebody else":   {`{"id":"a","kind":"handoff"}`, "another", "a", http.StatusUnauthorized},
		"with another's key": {`{"id":"a","kind":"handoff"}`, developmentTeamSecret, "b", http.StatusBadRequest},
		"without an id":      {`{"kind":"handoff"}`, developmentTeamSecret, "", http.StatusBadRequest},
		"that is no JSON":    {`handoff`, developmentTeamSecret, "a", http.StatusBadRequest},
		"that is too long":   {strings.Repeat("x", maxNotice+1), developmentTeamSecret, "a", http.StatusRequestEntityTooLarge},
	} {
		team := &team{now: func() time.Time { return now }}
		for range 2 {
			r := httptest.NewRequest(http.MethodPost, teamPath, strings.NewReader(tt.body))
			r.Header.Set("Idempotency-Key", tt.key)
			r.Header.Set(handoff.HeaderTimestamp, "1")
			r.Header.Set(handoff.HeaderSignature, handoff.Sign(pii.Secret(tt.secret), "1", []byte(tt.body)))
			w := httptest.NewRecorder()
			team.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
			}
		}
		told := team.told()
		if taken := len(told) == 1 && told[0] == (notice{ID: "a", Kind: "handoff", At: now, Copies: 2}); taken != (tt.want == http.StatusNoContent) {
			t.Errorf("%s: %+v", name, told)
		}
	}
}

func TestATeamForgetsTheOldest(t *testing.T) {
	team := &team{now: time.Now}
	for i := range maxNotices + 1 {
		team.take(notice{ID: fmt.Sprint(i)})
	}
	if told := team.told(); len(told) != maxNotices || told[0].ID != "1" {
		t.Errorf("%d are remembered, from %s", len(told), told[0].ID)
	}
}
