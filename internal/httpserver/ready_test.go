package httpserver_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/httpserver"
)

// takes returns a probe that answers err after d.
func takes(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestReady(t *testing.T) {
	down := errors.New("dial tcp redis.internal:6379: password hunter2 refused")
	for _, c := range []struct {
		name   string
		checks []httpserver.Check
		code   int
		body   string
	}{
		{"no checks", nil, 200, `{"status":"ready","checks":{}}`},
		{
			"all well",
			[]httpserver.Check{{Name: "redis", Probe: takes(3*time.Millisecond, nil)}, {Name: "tasks", Required: true, Probe: takes(12*time.Millisecond, nil)}},
			200, `{"status":"ready","checks":{"redis":{"status":"ok","latency_ms":3},"tasks":{"status":"ok","latency_ms":12}}}`,
		},
		{
			"a hint is down",
			[]httpserver.Check{{Name: "redis", Probe: takes(time.Millisecond, down)}, {Name: "tasks", Required: true, Probe: takes(0, nil)}},
			200, `{"status":"ready","checks":{"redis":{"status":"degraded","latency_ms":1},"tasks":{"status":"ok","latency_ms":0}}}`,
		},
		{
			"a need is down",
			[]httpserver.Check{{Name: "redis", Probe: takes(0, nil)}, {Name: "tasks", Required: true, Probe: takes(0, down)}},
			503, `{"status":"not_ready","checks":{"redis":{"status":"ok","latency_ms":0},"tasks":{"status":"failed","latency_ms":0}}}`,
		},
		{
			"both hang",
			[]httpserver.Check{{Name: "redis", Probe: takes(time.Hour, nil)}, {Name: "tasks", Required: true, Probe: takes(time.Hour, nil)}},
			503, `{"status":"not_ready","checks":{"redis":{"status":"degraded","latency_ms":2000},"tasks":{"status":"failed","latency_ms":2000}}}`,
		},
		{
			"a probe panics",
			[]httpserver.Check{{Name: "redis", Probe: func(context.Context) error { panic("hunter2") }}},
			200, `{"status":"ready","checks":{"redis":{"status":"degraded","latency_ms":0}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := httpserver.New(httpserver.Options{Checks: c.checks})
				w := get(s, "GET", "/ready")
				if w.Code != c.code || w.Body.String() != c.body {
					t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, c.code, c.body)
				}
				if got := w.Header().Get("Content-Type"); got != "application/json" {
					t.Errorf("content type %q", got)
				}
				if w := get(s, "HEAD", "/ready"); w.Code != c.code {
					t.Errorf("HEAD: %d", w.Code)
				}
			})
		})
	}
}

func TestReadyIsCachedForFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var fail error
		s := httpserver.New(httpserver.Options{Checks: []httpserver.Check{{Name: "tasks", Required: true, Probe: func(context.Context) error { asked++; return fail }}}})
		want := func(code, times int) {
			t.Helper()
			if w := get(s, "GET", "/ready"); w.Code != code || asked != times {
				t.Errorf("answered %d after asking %d times, want %d after %d", w.Code, asked, code, times)
			}
		}
		want(200, 1)
		fail = errors.New("down")
		want(200, 1)
		pause(4999 * time.Millisecond)
		want(200, 1)
		pause(time.Millisecond)
		want(503, 2)
		fail = nil
		want(503, 2)
		pause(5 * time.Second)
		want(200, 3)
	})
}

func TestReadySurvivesAClockThatIsSetBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	asked := 0
	s := httpserver.New(httpserver.Options{
		Now:    func() time.Time { return now },
		Checks: []httpserver.Check{{Name: "tasks", Probe: func(context.Context) error { asked++; return nil }}},
	})
	get(s, "GET", "/ready")
	now = now.Add(-24 * time.Hour)
	get(s, "GET", "/ready")
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

func TestConcurrentReadyRequestsShareOneRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		s := httpserver.New(httpserver.Options{Checks: []httpserver.Check{{Name: "tasks", Required: true, Probe: func(ctx context.Context) error {
			asked.Add(1)
			return takes(time.Second, nil)(ctx)
		}}}})
		// The one that begins the round leaves before it ends.
		impatient, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/ready", nil).WithContext(impatient))
			if w.Code != 503 {
				t.Errorf("who left was answered %d", w.Code)
			}
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() {
				if w := get(s, "GET", "/ready"); w.Code != 200 {
					t.Errorf("answered %d %s", w.Code, w.Body)
				}
			})
		}
		leave()
		wg.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// A probe that ignores its context is not called again before it returns.
func TestDeafProbesDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		release := make(chan struct{})
		s := httpserver.New(httpserver.Options{Checks: []httpserver.Check{{Name: "tasks", Required: true, Probe: func(context.Context) error {
			running.Add(1)
			<-release
			return nil
		}}}})
		for range 3 {
			start := time.Now()
			if w := get(s, "GET", "/ready"); w.Code != 503 {
				t.Errorf("answered %d", w.Code)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			pause(5 * time.Second)
		}
		if n := running.Load(); n != 1 {
			t.Errorf("%d probes run", n)
		}
		close(release)
		synctest.Wait()
		pause(5 * time.Second)
		if w := get(s, "GET", "/ready"); w.Code != 200 {
			t.Errorf("after it returned: %d", w.Code)
		}
	})
}

func TestNotReady(t *testing.T) {
	ready, asked, served := false, false, false
	s := httpserver.New(httpserver.Options{
		Ready:  func() bool { return ready },
		Checks: []httpserver.Check{{Name: "tasks", Probe: func(context.Context) error { asked = true; return nil }}},
	})
	s.Echo().POST("/webhook", handler(func() { served = true }))
	w := get(s, "GET", "/ready")
	if w.Code != 503 || w.Body.String() != `{"status":"not_ready","checks":{}}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := get(s, "POST", "/webhook"); w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Body.Len() != 0 {
		t.Errorf("route: %d %s", w.Code, w.Body)
	}
	if w := get(s, "GET", "/webhook"); w.Code != 405 {
		t.Errorf("wrong method: %d", w.Code)
	}
	if w := get(s, "GET", "/nada"); w.Code != 404 {
		t.Errorf("no route: %d", w.Code)
	}
	if asked || served {
		t.Errorf("asked %v, served %v while not ready", asked, served)
	}
	ready = true
	if w := get(s, "GET", "/ready"); w.Code != 200 || !strings.Contains(w.Body.String(), `"ok"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := get(s, "POST", "/webhook"); w.Code != 200 || !served {
		t.Errorf("route: %d", w.Code)
	}
}
