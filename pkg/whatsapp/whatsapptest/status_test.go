package whatsapptest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

var secret = []byte("status-secret")

// inbox is a webhook that verifies, decodes and remembers, and is ill as often
// as it is told.
type inbox struct {
	*httptest.Server
	mu       sync.Mutex
	posts    int
	ill      int
	statuses []*whatsapp.Status
	sizes    []int
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !whatsapp.Verify(body, r.Header.Get(whatsapp.SignatureHeader), secret) {
			t.Errorf("unsigned webhook: %v", err)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.posts++
		if in.ill > 0 {
			in.ill--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		d, err := whatsapp.Decode(body)
		if err != nil {
			t.Error(err)
		}
		in.sizes = append(in.sizes, len(d.Elements))
		for _, e := range d.Elements {
			if e.Kind != whatsapp.KindStatus || e.PhoneNumberID != number {
				t.Errorf("element %+v", e)
				continue
			}
			in.statuses = append(in.statuses, e.Status)
		}
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) seen() ([]*whatsapp.Status, []int, int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.statuses), slices.Clone(in.sizes), in.posts
}

func (in *inbox) states() []whatsapp.State {
	var states []whatsapp.State
	statuses, _, _ := in.seen()
	for _, s := range statuses {
		states = append(states, s.State)
	}
	slices.Sort(states)
	return states
}

func drain(t *testing.T, server *whatsapptest.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// clock is moved by hand: After fires when Advance has passed the moment.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers []timer
	waits  chan struct{} // one for each After
}

type timer struct {
	at time.Time
	c  chan time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), waits: make(chan struct{}, 100)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := timer{c.now.Add(d), make(chan time.Time, 1)}
	c.timers = append(c.timers, t)
	c.waits <- struct{}{}
	return t.c
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool {
		if t.at.After(c.now) {
			return false
		}
		t.c <- c.now
		return true
	})
}

func TestStatusesFollowTheirPlan(t *testing.T) {
	in, clock := newInbox(t), newClock()
	server := start(t, whatsapptest.Options{
		WebhookURL: in.URL, AppSecret: secret, Now: clock.Now, After: clock.After,
		Statuses: whatsapptest.StatusPlan{Sent: 0, Delivered: time.Second, Read: time.Minute},
	})
	s := text("oi")
	s.Opaque = "att:7"
	sent := send(t, newClient(t, server), s)

	<-clock.waits // for delivered
	clock.Advance(time.Second)
	<-clock.waits // for read
	clock.Advance(time.Hour)
	drain(t, server)

	statuses, _, _ := in.seen()
	slices.SortFunc(statuses, func(a, b *whatsapp.Status) int { return a.Timestamp.Compare(b.Timestamp) })
	last := statuses[len(statuses)-1]
	want := &whatsapp.Status{
		ID: sent.ID, State: whatsapp.StateRead, Timestamp: clock.Now(), RecipientID: lead, Opaque: "att:7",
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]whatsapp.State{"delivered", "read", "sent"}, in.states()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, s := range statuses[:2] {
		if s.Pricing == nil || s.Opaque != "att:7" {
			t.Errorf("status %+v", s)
		}
	}
	if n := server.Counts().Statuses; n != 3 {
		t.Errorf("%d statuses counted", n)
	}
}

func TestStatusesToAUserID(t *testing.T) {
	in := newInbox(t)
	server := start(t, whatsapptest.Options{WebhookURL: in.URL, AppSecret: secret})
	s := text("oi")
	s.To = whatsapp.User("BR.77")
	send(t, newClient(t, server), s)
	drain(t, server)
	statuses, _, _ := in.seen()
	for _, s := range statuses {
		if s.RecipientID != "" || s.RecipientUserID != "BR.77" {
			t.Errorf("status %+v", s)
		}
	}
	if len(statuses) != 3 {
		t.Errorf("%d statuses", len(statuses))
	}
}

func TestStatusesOnCommand(t *testing.T) {
	in := newInbox(t)
	server := start(t, whatsapptest.Options{AppSecret: secret})
	client := newClient(t, server)
	expect := func(t *testing.T, want ...whatsapp.State) {
		t.Helper()
		send(t, client, text("oi"))
		drain(t, server)
		if diff := cmp.Diff(want, in.states()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		in.mu.Lock()
		in.statuses = nil
		in.mu.Unlock()
	}
	expect(t) // no webhook yet
	server.SetWebhook(in.URL)
	expect(t, "delivered", "read", "sent")
	server.SetStatuses(whatsapptest.StatusPlan{Off: true})
	expect(t)
	server.SetStatuses(whatsapptest.StatusPlan{Delivered: whatsapptest.Never, Read: whatsapptest.Never})
	expect(t, "sent")
	server.SetStatuses(whatsapptest.StatusPlan{Delivered: whatsapptest.Never, Read: whatsapptest.Never, Copies: 3})
	expect(t, "sent", "sent", "sent")
	server.SetStatuses(whatsapptest.StatusPlan{Sent: whatsapptest.Never, Delivered: whatsapptest.Never})
	expect(t, "read")
	server.Fail(whatsapptest.Fault{Kind: whatsapptest.FailLater, Code: 131047})
	expect(t, "failed")
	expect(t, "read")
}

func TestStatusThatFails(t *testing.T) {
	in := newInbox(t)
	server := start(t, whatsapptest.Options{WebhookURL: in.URL, AppSecret: secret})
	server.Fail(whatsapptest.Fault{Kind: whatsapptest.FailLater, Code: 131026})
	send(t, newClient(t, server), text("oi"))
	drain(t, server)
	statuses, _, _ := in.seen()
	if len(statuses) != 1 || len(statuses[0].Errors) != 1 || statuses[0].Errors[0].Class() != whatsapp.ClassRecipient {
		t.Errorf("statuses %+v", statuses)
	}
}

// TestStatusesAfterADroppedAnswer: the receipt comes although the sender never
// learnt the message's id, and names the opaque data to know it by.
func TestStatusesAfterADroppedAnswer(t *testing.T) {
	in := newInbox(t)
	server := start(t, whatsapptest.Options{WebhookURL: in.URL, AppSecret: secret})
	server.Fail(whatsapptest.Fault{Kind: whatsapptest.FailAfter})
	s := text("oi")
	s.Opaque = "att:9"
	if _, err := newClient(t, server).Send(t.Context(), s); !whatsapp.Ambiguous(err) {
		t.Fatalf("error %v", err)
	}
	drain(t, server)
	statuses, _, _ := in.seen()
	if len(statuses) != 3 || statuses[0].Opaque != "att:9" {
		t.Errorf("statuses %+v", statuses)
	}
}

func TestStatusesAreRetried(t *testing.T) {
	in := newInbox(t)
	in.ill = 4
	server := start(t, whatsapptest.Options{
		WebhookURL: in.URL, AppSecret: secret, RetryDelay: time.Millisecond,
		Statuses: whatsapptest.StatusPlan{Delivered: whatsapptest.Never, Read: whatsapptest.Never},
	})
	send(t, newClient(t, server), text("oi"))
	drain(t, server)
	if statuses, _, posts := in.seen(); len(statuses) != 1 || posts != 5 {
		t.Errorf("%d statuses in %d posts, want 1 in 5", len(statuses), posts)
	}
}

func TestStatusesAreGivenUp(t *testing.T) {
	in := newInbox(t)
	in.ill = 1000
	server := start(t, whatsapptest.Options{
		WebhookURL: in.URL, AppSecret: secret, RetryDelay: time.Millisecond, Attempts: 3,
		Statuses: whatsapptest.StatusPlan{Delivered: whatsapptest.Never, Read: whatsapptest.Never},
	})
	send(t, newClient(t, server), text("oi"))
	drain(t, server)
	if _, _, posts := in.seen(); posts != 3 || server.Counts().StatusesLost != 1 {
		t.Errorf("%d posts, counts %+v", posts, server.Counts())
	}
}

func TestStatusesWaitWithinBounds(t *testing.T) {
	in, clock := newInbox(t), newClock()
	server := start(t, whatsapptest.Options{
		WebhookURL: in.URL, AppSecret: secret, Now: clock.Now, After: clock.After, Keep: 2,
		Statuses: whatsapptest.StatusPlan{Sent: time.Hour, Delivered: time.Hour, Read: time.Hour},
	})
	client := newClient(t, server)
	for range 5 {
		send(t, client, text("oi"))
	}
	if n := server.Counts().StatusesLost; n != 9 {
		t.Errorf("%d statuses given up, want those of three messages", n)
	}
}

// TestStatusesShareWebhooks lets many statuses wait behind a slow webhook.
func TestStatusesShareWebhooks(t *testing.T) {
	in, clock := newInbox(t), newClock()
	server := start(t, whatsapptest.Options{
		WebhookURL: in.URL, AppSecret: secret, Now: clock.Now, After: clock.After,
		Statuses: whatsapptest.StatusPlan{Sent: time.Hour, Delivered: whatsapptest.Never, Read: whatsapptest.Never, Batch: 5},
	})
	client := newClient(t, server)
	const messages = 60
	for range messages {
		send(t, client, text("oi"))
		<-clock.waits
	}
	in.mu.Lock() // the webhook answers nobody until all are due
	clock.Advance(time.Hour)
	in.mu.Unlock()
	drain(t, server)
	statuses, sizes, _ := in.seen()
	ids := map[string]bool{}
	for _, s := range statuses {
		ids[s.ID] = true
	}
	if len(ids) != messages || len(statuses) != messages {
		t.Errorf("%d statuses of %d messages, want %d", len(statuses), len(ids), messages)
	}
	if largest := slices.Max(sizes); largest > 5 {
		t.Errorf("%d statuses in one webhook", largest)
	}
}
