package ingress_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
)

// moments lets something happen before and after each call of a hint store.
type moments struct {
	ingress.Hint
	happen func()
}

func (m moments) Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	m.happen()
	defer m.happen()
	return m.Hint.Arrive(ctx, arrivals)
}

func (m moments) Queued(ctx context.Context, arrivals []conversation.Arrival) error {
	m.happen()
	defer m.happen()
	return m.Hint.Queued(ctx, arrivals)
}

// Redis forgets everything between any two of its calls, and the same message
// comes three times: there is one task.
func TestFlushAtEveryMoment(t *testing.T) {
	for name, store := range map[string]func(t *testing.T) (ingress.Hint, func()){
		"Redis": func(t *testing.T) (ingress.Hint, func()) {
			w := newWire(t)
			return w.store(t), func() { w.flush(t) }
		},
		"memory": func(*testing.T) (ingress.Hint, func()) {
			h := memory.NewHint(memory.HintOptions{})
			return h, h.Flush
		},
	} {
		t.Run(name, func(t *testing.T) {
			hint, flush := store(t)
			moment, when := 0, 0
			d := newDoor(t, options{hint: moments{hint, func() {
				moment++
				if moment == when {
					flush()
				}
			}}})
			for when = 1; ; when++ {
				moment = 0
				body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
				for range 3 {
					if got := d.receive(body); got.Enqueued+got.Duplicates != 1 {
						t.Errorf("flushed at moment %d: %+v", when, got)
					}
				}
				if names := d.names(); len(names) != when {
					t.Fatalf("flushed at moment %d: %d tasks for %d messages", when, len(names), when)
				}
				if moment < when {
					break // Nothing was left to interrupt.
				}
			}
			if when < 8 {
				t.Errorf("only %d moments were tried", when-1)
			}
		})
	}
}

// A hint store that fails costs a second look at the queue and a word in the
// log, never a message.
func TestHintFails(t *testing.T) {
	for _, method := range []storetest.HintMethod{storetest.HintArrive, storetest.HintQueued} {
		for how, kind := range map[string]storetest.HintFault{"before": storetest.HintFailBefore, "after": storetest.HintFailAfter} {
			t.Run(fmt.Sprintf("%s fails %s", method, how), func(t *testing.T) {
				flaky := &storetest.FlakyHint{HintPorts: memory.NewHint(memory.HintOptions{})}
				d := newDoor(t, options{hint: flaky})
				body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
				flaky.Break(method, kind, 1)
				d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
				received := d.logs.event(t, "webhook_received")
				if received == nil || received["severity"] != "WARNING" || received["reason"] != "hint_unavailable" {
					t.Errorf("logged as %v", received)
				}
				for range 2 {
					d.want(d.receive(body), tally{Events: 1, Duplicates: 1})
				}
				if names := d.names(); len(names) != 1 {
					t.Errorf("tasks %v, want one", names)
				}
			})
		}
	}
}

func TestRedisIsGone(t *testing.T) {
	w := newWire(t)
	d := newDoor(t, options{hint: w.store(t)})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
	w.cut()
	d.want(d.receive(body), tally{Events: 1, Duplicates: 1})
	d.want(d.receive(d.pen.Text(lead, "Iara", "E um café.")), tally{Events: 1, Enqueued: 1})
	if names := d.names(); len(names) != 2 {
		t.Errorf("tasks %v, want two", names)
	}
}

// A message is marked only after its task exists; the mailbox knows it before.
func TestMarkComesAfterTheTask(t *testing.T) {
	var story []string
	note := func(word string) { story = append(story, word) }
	hint := &telling{memory.NewHint(memory.HintOptions{}), note}
	d := newDoor(t, options{hint: hint, inbox: func(in ingress.Inbox) ingress.Inbox { return tellingInbox{in, note} }})
	d.receive(d.pen.Text(lead, "Iara", "Quero um orçamento."))
	if want := []string{"arrive", "put", "queued"}; !slices.Equal(story, want) {
		t.Errorf("order %v, want %v", story, want)
	}
	// What is known to be queued is not put again, and a status has no mailbox.
	story = nil
	d.receive(d.pen.Status(lead, "wamid.OUT", "sent", "v1.x.0.1", 0))
	if want := []string{"put"}; !slices.Equal(story, want) {
		t.Errorf("order for a status %v, want %v", story, want)
	}
}

type telling struct {
	ingress.Hint
	note func(string)
}

func (h *telling) Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	h.note("arrive")
	return h.Hint.Arrive(ctx, arrivals)
}

func (h *telling) Queued(ctx context.Context, arrivals []conversation.Arrival) error {
	h.note("queued")
	return h.Hint.Queued(ctx, arrivals)
}

type tellingInbox struct {
	ingress.Inbox
	note func(string)
}

func (i tellingInbox) Put(ctx context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	i.note("put")
	return i.Inbox.Put(ctx, e, at)
}

// A message that the ledger is done with is not worth a task.
func TestDoneMessagesStayDone(t *testing.T) {
	hint := memory.NewHint(memory.HintOptions{})
	d := newDoor(t, options{hint: hint})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	d.receive(body)
	letter := d.letters()[0]
	if err := hint.Leave(t.Context(), conversation.Departure{
		Conversation: conversation.ID(letter.Conversation), Done: []conversation.MessageID{conversation.MessageID(letter.ID)},
	}); err != nil {
		t.Fatal(err)
	}
	if got := d.post(body); got.status != http.StatusOK || d.counted(got).Duplicates != 1 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if n := len(d.tasks.Tasks()); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}
}

// The mailbox holds what the task holds, so that one turn can answer a burst.
func TestMailboxHoldsTheLetters(t *testing.T) {
	hint := newWire(t).store(t)
	d := newDoor(t, options{hint: hint})
	d.receive(d.pen.Text(lead, "Iara", "Quero um orçamento."))
	d.receive(d.pen.Text(lead, "Iara", "Para um site."))
	tasks := d.letters()
	waiting, err := hint.Waiting(t.Context(), conversation.ID(tasks[0].Conversation))
	if err != nil || len(waiting) != 2 {
		t.Fatalf("%d letters wait, %v", len(waiting), err)
	}
	if tasks[0].Seq == 0 || tasks[0].Seq >= tasks[1].Seq {
		t.Errorf("messages in order %d and %d", tasks[0].Seq, tasks[1].Seq)
	}
	for n, letter := range waiting {
		e := decode(t, letter.Body)
		var m conversation.Inbound
		if err := e.Open(d.ring, &m); err != nil {
			t.Fatal(err)
		}
		if e.ID != tasks[n].ID || m.Text != d.messages()[n].Text {
			t.Error("a letter differs from its task")
		}
		if letter.Seq != tasks[n].Seq {
			t.Errorf("message %d has order %d in its task and %d in the mailbox", n, tasks[n].Seq, letter.Seq)
		}
	}
}
