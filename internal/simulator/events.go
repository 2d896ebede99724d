package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// keepAlive is how often an idle stream says that it lives.
const keepAlive = 15 * time.Second

// getEvents is a stream of server-sent events: each names the people whose
// conversations changed, and none when only what surrounds them did. It starts
// with everybody, so who reconnects misses nothing.
func (a *api) getEvents(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	idle := time.NewTicker(keepAlive)
	defer idle.Stop()
	for seen := -1; ; {
		people, now, changed := a.transcript.since(seen)
		if now != seen {
			if people == nil {
				people = []string{}
			}
			data, _ := json.Marshal(map[string]any{"changed": people}) // Strings always encode.
			_, _ = fmt.Fprintf(w, "data: %s\n\n", data)
			seen = now
		}
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
