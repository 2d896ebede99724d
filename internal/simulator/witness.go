package simulator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// witness writes into the transcript what the fake Graph does: the messages it
// accepts, and the statuses it reports to the webhook.
type witness struct {
	transcript *transcript
	next       http.RoundTripper

	mu    sync.Mutex
	graph *whatsapptest.Server
	last  string // id of the newest message seen
}

// of says which Graph is watched; it is called before anything is sent.
func (w *witness) of(graph *whatsapptest.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.graph = graph
}

// watch follows the messages until the context or the Graph ends.
func (w *witness) watch(ctx context.Context) {
	for {
		accepted := w.graph.Counts().Accepted
		w.look()
		if _, err := w.graph.WaitSent(ctx, accepted+1); err != nil {
			return
		}
	}
}

// look takes over the messages that were accepted since the last look.
func (w *witness) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.graph.Sent()
	for i := len(sent) - 1; i >= 0; i-- {
		if sent[i].ID == w.last {
			sent = sent[i+1:]
			break
		}
	}
	for _, m := range sent {
		w.transcript.received(m)
		w.last = m.ID
	}
}

// RoundTrip posts a webhook of statuses and takes note of them: what a phone
// shows does not depend on whether the business hears of it.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	// A status may be on its way before the message was looked at.
	w.look()
	if delivery, err := whatsapp.Decode(body); err == nil {
		for _, e := range delivery.Elements {
			if e.Status != nil {
				w.transcript.progress(e.Status.ID, string(e.Status.State))
			}
		}
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.RoundTrip(again)
}
