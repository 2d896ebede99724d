package crashtest

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
)

// The windows of the storm. They are a third of production's where they can
// be: long enough for a busy machine to keep what policy resend assumes of
// time, short enough for an unknown send to be decided within a run.
//
// # Why the storm keeps A7
//
// Policy resend sends once more when a receipt is not recorded in the ledger
// within the ambiguity window, counted from the intent, although webhooks came
// in that are more than five seconds younger than the intent. Traffic never
// stops, so the second half is always given: every receipt must be recorded in
// time, or the duplicate is the storm's fault and not the services'.
//
// Meta may accept up to permit + graph timeout + wire after the intent (4.5 s
// of 20 s). What is left, [receiptsWithin], is for the receipt, which passes
// what the storm breaks. The longest that each part of its way can take is
//
//	statusLate      the status leaves Graph late                           3 s
//	an ingress      dies with it and starts again; Graph repeats the
//	                webhook after 0.2 s and then doubles, so that it waits
//	                about as long again as the outage lasted               2 s
//	the queue       refuses, hangs (ingress gives up after 2.5 s and says
//	                503), or holds a push back for queueLate               2.5 s
//	a worker        dies with the task, which then backs off, at most
//	                queueBackoff; or is frozen for frozenAtMost            2 s
//	the ledger      is held for heldAtMost, the call is given up after two
//	                seconds, and the 503 asks for two seconds more         4.5 s
//
// which is less than what is left even if every part strikes the same receipt
// once. What could go on for longer is one misfortune after another. So the
// storm watches its own assumption: while a receipt is under way for longer
// than [receiptsWorry], no new misfortune begins and nobody writes, and
// those that have begun end within seconds. The same makes a slow machine no
// danger: it only meets fewer misfortunes. How long the slowest receipt took is
// printed at the end, and a duplicate after a receipt that took longer than
// [receiptsWithin] is reported as what it is, the machine's and not the services'.
//
// A2 and A3 hold likewise: a frozen worker wakes long before the window is
// over, and what Graph has not read when its client leaves it drops.
var stormWindows = windows{
	permit: 2 * time.Second, graph: 2 * time.Second, wire: 500 * time.Millisecond,
	ambiguity: 20 * time.Second, park: 30 * time.Second, lease: 5 * time.Second,
}

const (
	receiptsWithin = 15500 * time.Millisecond // ambiguity - permit - graph - wire
	receiptsWorry  = 5 * time.Second

	statusLate   = 3 * time.Second
	queueLate    = 1500 * time.Millisecond
	queueBackoff = 2 * time.Second
	frozenAtMost = 2 * time.Second
	heldAtMost   = 2 * time.Second
)

// receipts watches how long it takes from Graph's acceptance until the ledger
// has the first status of it.
type receipts struct {
	scene *scene

	mu       sync.Mutex
	recorded map[string]time.Time     // by opaque data
	took     map[string]time.Duration // by opaque data, those that were late
	read     int                      // of what Graph accepted
	open     []underWay
	slowest  time.Duration
}

type underWay struct {
	opaque string
	since  time.Time
}

func newReceipts(s *scene) *receipts {
	return &receipts{scene: s, recorded: map[string]time.Time{}, took: map[string]time.Duration{}}
}

// heard notes which receipts a worker says to have recorded. It is told before
// the queue is.
func (r *receipts) heard(path string, body []byte, status int) int {
	if path != "/tasks/status" || status != http.StatusOK {
		return status
	}
	e, err := envelope.Decode(body)
	var batch conversation.StatusBatch
	if err != nil || e.Open(r.scene.ring, &batch) != nil {
		return status
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, report := range batch.Statuses {
		if _, before := r.recorded[report.Opaque]; !before {
			r.recorded[report.Opaque] = now
		}
	}
	return status
}

// oldest is how long the oldest receipt that is not recorded is under way.
func (r *receipts) oldest() time.Duration {
	sent := r.scene.graph.Sent()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range sent[r.read:] {
		r.open = append(r.open, underWay{m.Opaque, m.At})
	}
	r.read = len(sent)
	open := r.open[:0]
	for _, u := range r.open {
		if at, ok := r.recorded[u.opaque]; ok {
			took := at.Sub(u.since)
			r.slowest = max(r.slowest, took)
			if took > receiptsWithin {
				r.took[u.opaque] = took
			}
			continue
		}
		open = append(open, u)
	}
	r.open = open
	if len(open) == 0 {
		return 0
	}
	return time.Since(open[0].since)
}

// excuse says when a duplicate of an attempt is the storm's own fault.
func (r *receipts) excuse(opaque string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if took, late := r.took[opaque]; late {
		return fmt.Sprintf("; the first receipt took %v, which policy resend may assume not to happen: the machine is too slow for this run", took)
	}
	return ""
}
