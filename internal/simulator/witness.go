package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// maxSent is how many messages the fake Graph remembers.
	maxSent = 1000
	// typingLasts is how long WhatsApp shows that an answer is being written:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
	typingLasts = 25 * time.Second
)

// witness writes into the transcript what the fake Graph does: the messages it
// accepts, what it shows before them, and the statuses it reports to the webhook.
type witness struct {
	transcript *transcript
	next       http.RoundTripper
	clock      *clock

	mu       sync.Mutex
	graph    *whatsapptest.Server
	last     string // id of the newest message seen
	reported []posting
}

// maxReported bounds the webhooks of statuses that are remembered; the oldest is
// forgotten first.
const maxReported = 2000

// posting is a webhook of statuses that was posted.
type posting struct {
	at       time.Time // when it was posted
	body     json.RawMessage
	statuses []whatsapp.Status
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

// presence shows what the lead sees of an answer that is being made.
func (w *witness) presence(p whatsapptest.Presence) {
	// What was sent before must not end the typing that begins now.
	w.look()
	w.transcript.read(p.MessageID)
	if p.Typing {
		w.transcript.types(p.MessageID, p.At.Add(typingLasts))
	}
}

// quieten ends typing that no answer ends, until the context does.
func (w *witness) quieten(ctx context.Context) {
	for {
		next, changed := w.transcript.hush(w.clock.Now())
		var over <-chan time.Time
		stop := func() bool { return false }
		if !next.IsZero() {
			over, stop = w.clock.NewTimer(next.Sub(w.clock.Now()))
		}
		select {
		case <-over:
		case <-changed:
		case <-ctx.Done():
			stop()
			return
		}
		stop()
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
		posted := posting{at: w.clock.Now(), body: body}
		for _, e := range delivery.Elements {
			if e.Status != nil {
				w.report(e.Status)
				posted.statuses = append(posted.statuses, *e.Status)
			}
		}
		w.keep(posted)
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.RoundTrip(again)
}

// keep remembers a webhook. One that is posted again is remembered as it was
// first.
func (w *witness) keep(posted posting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.ContainsFunc(w.reported, func(r posting) bool { return bytes.Equal(r.body, posted.body) }) {
		return
	}
	if len(w.reported) == maxReported {
		w.reported = slices.Delete(w.reported, 0, 1)
	}
	w.reported = append(w.reported, posted)
}

// reports are the webhooks that report on any of the messages, oldest first.
func (w *witness) reports(messages []string) []posting {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []posting
	for _, r := range w.reported {
		if slices.ContainsFunc(r.statuses, func(s whatsapp.Status) bool { return slices.Contains(messages, s.ID) }) {
			found = append(found, r)
		}
	}
	return found
}

// sent are the messages of a turn that Graph took, in its order.
func (w *witness) sent(turn conversation.TurnID) []whatsapptest.SentMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	var sent []whatsapptest.SentMessage
	for _, m := range w.graph.Sent() {
		if of, _, _, ok := conversation.ParseOpaque(m.Opaque); ok && of == turn {
			sent = append(sent, m)
		}
	}
	return sent
}

// report notes what Meta says of a message.
func (w *witness) report(s *whatsapp.Status) {
	if s.State != whatsapp.StateFailed {
		w.transcript.progress(s.ID, string(s.State))
		return
	}
	var why *failure
	if len(s.Errors) > 0 {
		why = &failure{Code: s.Errors[0].Code, Title: s.Errors[0].Title}
	}
	w.transcript.fail(s.ID, why)
}
