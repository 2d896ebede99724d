package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// keepAlive is how often an idle stream says that it lives.
	keepAlive = 15 * time.Second
	// eventPause is the least between two events of one stream: what changes
	// meanwhile is told together, however much it is.
	eventPause = 100 * time.Millisecond
)

// getEvents is a stream of server-sent events: each names the people whose
// conversations changed, and none when only what surrounds them did. It starts
// with everybody, so who reconnects misses nothing. A change after a quiet time is
// told at once.
func (a *api) getEvents(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	idle := time.NewTicker(keepAlive)
	defer idle.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for seen := -1; ; {
		select {
		case <-pause.C:
		case <-r.Context().Done():
			return
		case <-a.done:
			return
		}
		people, now, changed := a.transcript.since(seen)
		if now != seen {
			if people == nil {
				people = []string{}
			}
			data, _ := json.Marshal(map[string]any{"changed": people}) // Strings always encode.
			_, _ = fmt.Fprintf(w, "data: %s\n\n", data)
			seen = now
		}
		pause.Reset(eventPause)
		if stream.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-idle.C:
			_, _ = fmt.Fprint(w, ": alive\n\n")
		case <-r.Context().Done():
			return
		case <-a.done:
			return
		}
	}
}
