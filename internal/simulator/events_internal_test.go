package simulator

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stream takes what a handler writes and counts the events in it.
type stream struct {
	*httptest.ResponseRecorder
	mu     sync.Mutex
	events []string
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, string(p))
	return len(p), nil
}

func (s *stream) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

func TestABurstOfChangesIsFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := newTranscript(0)
		a := &api{transcript: script, done: make(chan struct{})}
		ctx, leave := context.WithCancel(t.Context())
		reader := &stream{ResponseRecorder: httptest.NewRecorder()}
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/events", nil)
		var work sync.WaitGroup
		work.Go(func() { a.getEvents(reader, request) })
		synctest.Wait()
		if first := reader.take(); len(first) != 1 {
			t.Fatalf("it begins with %q", first)
		}

		// A quiet stream tells at once.
		<-time.After(time.Second)
		script.wrote("p", "", line{ID: "m"})
		synctest.Wait()
		if got := reader.take(); len(got) != 1 || got[0] != "data: {\"changed\":[\"p\"]}\n\n" {
			t.Errorf("one change is %q", got)
		}

		// A thousand changes in a second are ten events or so, and name everybody.
		for i := range 1000 {
			script.wrote(fmt.Sprintf("p%02d", i%2), "", line{ID: fmt.Sprint(i)})
			<-time.After(time.Millisecond)
		}
		<-time.After(eventPause)
		synctest.Wait()
		got := reader.take()
		if len(got) < 9 || len(got) > 12 || got[len(got)-2] != "data: {\"changed\":[\"p00\",\"p01\"]}\n\n" {
			t.Errorf("a burst is %d events: %q", len(got), got)
		}
		leave()
		work.Wait()
	})
}
