package simulation

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// queue plays Cloud Tasks.
type queue struct {
	tasks   map[string]*task
	burnt   map[string]time.Time // names of tasks that are gone, and until when
	unnamed int
}

// task is one task.
type task struct {
	name     string
	kind     envelope.Kind
	message  conversation.MessageID
	id       string
	path     string
	body     []byte
	failures int
	calm     bool // of the receipts that must arrive
}

// put creates a task unless its name is taken.
func (w *world) put(e envelope.Envelope, body []byte, at time.Time, calm bool) (existed bool) {
	var n conversation.TimerNotice
	if w.timeless && e.Kind == envelope.Timer && e.Open(w.ring, &n) == nil && n.Kind != conversation.TimerResolve {
		return false
	}
	name := e.TaskName()
	switch {
	case name == "":
		w.queue.unnamed++
		name = fmt.Sprintf("status%d", w.queue.unnamed)
	case w.mutant != nil && w.mutant.nameless && e.FollowUp == 0 && e.Kind == envelope.Inbound:
		w.queue.unnamed++
		name += fmt.Sprintf("-%d", w.queue.unnamed)
	}
	if until, burnt := w.queue.burnt[name]; burnt && time.Now().Before(until) {
		return true
	}
	if _, exists := w.queue.tasks[name]; exists {
		return true
	}
	t := &task{name: name, kind: e.Kind, id: e.ID, path: e.Path(), body: body, calm: calm}
	if e.Kind == envelope.Inbound {
		t.message = conversation.MessageID(e.ID)
	}
	w.queue.tasks[name] = t
	var again []time.Duration
	delay := time.Duration(0)
	switch {
	case calm:
	case w.calm:
		delay = 100 * time.Millisecond
	default:
		delay, again = w.luck.dispatch(w, t)
	}
	if wait := time.Until(at); wait > 0 {
		delay += wait
	}
	w.after(delay, "dispatch "+t.short(), func() { w.dispatch(t, false) })
	for _, extra := range again {
		w.after(delay+extra, "dispatch again "+t.short(), func() { w.dispatch(t, true) })
	}
	return false
}

func (t *task) short() string {
	if t.kind == envelope.Status {
		return t.name
	}
	id, rest, _ := strings.Cut(t.name, "-")
	return short(id) + "-" + rest
}

// dispatch gives a task to a worker. One that is dispatched although it need
// not be may come after the task is gone, and nothing follows from its
// failure.
func (w *world) dispatch(t *task, extra bool) {
	if _, there := w.queue.tasks[t.name]; !there && !extra {
		return
	}
	i := w.calmWorker
	if !t.calm {
		i = w.choose(w.workers)
	}
	w.handle(i, t.short(), func(ctx context.Context) *http.Request {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://worker"+t.path, bytes.NewReader(t.body))
		if err != nil {
			panic(err)
		}
		r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
		return r
	}, func(status int) {
		switch {
		case status >= 200 && status < 300:
			w.acknowledged(t, status)
		case !extra:
			t.failures++
			if w.mutant != nil && w.mutant.attempts > 0 && t.failures >= w.mutant.attempts {
				delete(w.queue.tasks, t.name)
				return
			}
			w.after(w.luck.backoff(t.failures), "retry "+t.short(), func() { w.dispatch(t, false) })
		}
	})
}

// acknowledged forgets a task. Its message must be safe by now: terminal, or
// in the hands of another task.
func (w *world) acknowledged(t *task, status int) {
	if _, there := w.queue.tasks[t.name]; there {
		delete(w.queue.tasks, t.name)
		w.queue.burnt[t.name] = time.Now().Add(w.luck.burn())
	}
	switch t.kind {
	case envelope.Inbound:
		if !w.terminal(t.message) && !w.lookedAfter(t) && !slices.ContainsFunc(w.names(), func(name string) bool {
			return strings.HasPrefix(name, t.id+"-")
		}) {
			w.broke(forsaken, "task %s was answered %d, its message is not terminal and has no other task", t.short(), status)
		}
	case envelope.Quarantine:
		if !w.buried(t.id) {
			w.broke(forsaken, "quarantined element %s was answered %d and is not kept", t.short(), status)
		}
	}
}

// lookedAfter reports whether the turn of a task's message, which had ended, was
// taken up again and is in the hands of another task of its conversation: a
// timer, or a newer message that waits for it.
func (w *world) lookedAfter(t *task) bool {
	_, stored, known, err := w.ledger.Message(bare(), t.message)
	if err != nil || !known || !w.meta.reopened[stored.Turn] {
		return false
	}
	conv := string(stored.Turn.Conversation())
	for _, name := range w.names() {
		e, err := envelope.Decode(w.queue.tasks[name].body)
		if err == nil && (e.Conversation == conv || slices.Contains(e.Aliases, conv)) {
			return true
		}
	}
	return false
}

func (w *world) names() []string {
	var names []string
	for name := range w.queue.tasks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
