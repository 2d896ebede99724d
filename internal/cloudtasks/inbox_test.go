package cloudtasks_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
)

func letter(kind envelope.Kind, id, conversation string) envelope.Envelope {
	return envelope.Envelope{
		Kind: kind, Tenant: "default", PhoneNumberID: "1", ID: id, Conversation: conversation, Payload: []byte("sealed"),
	}
}

func TestEnvelopesTravelToTheRouteAndQueueOfTheirKind(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	inbox := cloudtasks.NewInbox(r.client, cloudtasks.Queues{
		Inbound: []string{"in"}, Status: []string{"status"}, Timer: []string{"timer"},
	})
	for _, e := range []envelope.Envelope{
		letter(envelope.Inbound, "mid", "cid"),
		letter(envelope.Quarantine, "raw", ""),
		letter(envelope.Status, "evt", ""),
		letter(envelope.Timer, "tmr", "cid"),
	} {
		if existed, err := inbox.Put(t.Context(), e, time.Time{}); err != nil || existed {
			t.Fatalf("Put of %s = %v, %v", e.Kind, existed, err)
		}
	}
	r.idle(t)
	var got [][2]string
	for _, task := range r.server.Tasks() {
		got = append(got, [2]string{task.Queue, task.URL[len(r.worker.URL):]})
	}
	want := [][2]string{{"in", "/tasks/inbound"}, {"in", "/tasks/inbound"}, {"status", "/tasks/status"}, {"timer", "/tasks/timer"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("queue and route (-want +got):\n%s", d)
	}
	for _, body := range r.worker.bodies {
		if e, err := envelope.Decode([]byte(body)); err != nil || string(e.Payload) != "sealed" {
			t.Errorf("a push carries %+v (%v)", e, err)
		}
	}
	if existed, err := inbox.Put(t.Context(), letter(envelope.Inbound, "mid", "cid"), time.Time{}); err != nil || !existed {
		t.Errorf("Put again = %v, %v, want existed", existed, err)
	}
	if err := inbox.Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
}

func TestConversationsKeepTheirQueueAndAreSpreadEvenly(t *testing.T) {
	const conversations = 400
	r := newRig(t, cloudtaskstest.Options{})
	spread := func(queues []string, round int) map[string]string {
		t.Helper()
		inbox := cloudtasks.NewInbox(r.client, cloudtasks.Queues{Inbound: queues})
		for i := range conversations {
			e := letter(envelope.Inbound, fmt.Sprintf("mid%d-%d", round, i), fmt.Sprintf("cid%d", i))
			if _, err := inbox.Put(t.Context(), e, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		at := make(map[string]string)
		for _, task := range r.server.Tasks() {
			var in, i int
			if n, err := fmt.Sscanf(task.Name, "mid%d-%d-0", &in, &i); err == nil && n == 2 && in == round {
				at[fmt.Sprintf("cid%d", i)] = task.Queue
			}
		}
		return at
	}
	three := []string{"q-3f9a", "q-81c0", "q-c44e"}
	first := spread(three, 1)
	if d := cmp.Diff(first, spread(three, 2)); d != "" {
		t.Errorf("conversations changed their queue:\n%s", d)
	}
	share := make(map[string]int)
	for _, q := range first {
		share[q]++
	}
	for _, q := range three {
		if share[q] < conversations/6 {
			t.Errorf("queue %s got %d of %d conversations", q, share[q], conversations)
		}
	}
	for cid, q := range spread(slices.Concat([]string{"q-0b17"}, three), 3) {
		if q != "q-0b17" && q != first[cid] {
			t.Errorf("a conversation moved between old queues when one was added")
		}
	}
}

func TestPutFailsWithTheKindOfItsFailure(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	inbox := cloudtasks.NewInbox(r.client, cloudtasks.Queues{Inbound: []string{queue}})
	big := letter(envelope.Inbound, "mid", "cid")
	big.Payload = make([]byte, envelope.MaxSize)
	if _, err := inbox.Put(t.Context(), big, time.Time{}); !errors.Is(err, envelope.ErrTooLarge) {
		t.Errorf("Put of a large envelope = %v", err)
	}
	r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Times: 2})
	if _, err := inbox.Put(t.Context(), letter(envelope.Inbound, "mid", "cid"), time.Time{}); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Put = %v, want a dependency", err)
	}
}
