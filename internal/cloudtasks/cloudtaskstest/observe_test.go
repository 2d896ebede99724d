package cloudtaskstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func TestObserverIsToldEverythingInOrderAndMayCallBack(t *testing.T) {
	clock := newClock()
	var mu sync.Mutex
	var got []cloudtaskstest.Event
	var s *street
	ready := make(chan struct{})
	s = newStreet(t, cloudtaskstest.Options{Clock: clock, Observe: func(e cloudtaskstest.Event) {
		<-ready
		s.server.Tasks() // would lock up if the server waited for its observer
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
	}})
	close(ready)
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{
		MaxAttempts: 2, MinBackoff: durationpb.New(time.Second)}})
	s.worker.answer(code(500), code(503))
	start := clock.Now()
	s.create("abc-0")
	_, err := s.tryCreate("abc-0")
	wantCode(t, err, codes.AlreadyExists)
	s.quiet()
	clock.advance(time.Second)
	s.idle()
	s.server.Close() // delivers what is left
	retry := start.Add(time.Second)
	want := []cloudtaskstest.Event{
		{Kind: cloudtaskstest.Created, At: start},
		{Kind: cloudtaskstest.Dispatched, Attempt: 1, At: start},
		{Kind: cloudtaskstest.Answered, Attempt: 1, Status: 500, At: start},
		{Kind: cloudtaskstest.Dispatched, Attempt: 2, At: retry},
		{Kind: cloudtaskstest.Answered, Attempt: 2, Status: 503, At: retry},
		{Kind: cloudtaskstest.Ended, State: cloudtaskstest.Exhausted, At: retry},
	}
	var repeated int
	var rest []cloudtaskstest.Event
	for _, e := range got {
		if e.Task != "abc-0" || e.Queue != "inbound" {
			t.Errorf("event of %s in %s", e.Task, e.Queue)
		}
		e.Task, e.Queue = "", ""
		if e.Kind == cloudtaskstest.Repeated { // falls anywhere among the first
			repeated++
			continue
		}
		rest = append(rest, e)
	}
	if d := cmp.Diff(want, rest); d != "" || repeated != 1 {
		t.Errorf("%d repeated; others (-want +got):\n%s", repeated, d)
	}
}

func TestRecordsAreCompleteOrderedAndBounded(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{History: 2})
	s.queue(nil)
	for i := range 3 {
		s.create(fmt.Sprint("t-", i), func(task *cloudtaskspb.Task) {
			task.GetHttpRequest().Body = []byte("hello")
			task.GetHttpRequest().Headers = map[string]string{"A": "b"}
		})
		s.idle()
	}
	s.create("later", at(time.Now().Add(time.Hour)))
	var names []string
	for _, r := range s.server.Tasks() {
		names = append(names, r.Name)
	}
	if d := cmp.Diff([]string{"t-1", "t-2", "later"}, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	r := s.record("t-2")
	if r.Queue != "inbound" || r.Method != http.MethodPost || r.URL != s.worker.URL+"/tasks/inbound" ||
		string(r.Body) != "hello" || r.Header["A"] != "b" || r.Created.IsZero() || r.Schedule.IsZero() {
		t.Errorf("record = %+v", r)
	}
	if a := r.Attempts[0]; a.Dispatched.IsZero() || a.Ended.Before(a.Dispatched) || a.Status != 200 {
		t.Errorf("attempt = %+v", a)
	}
	forgetful := newStreet(t, cloudtaskstest.Options{History: -1})
	forgetful.queue(nil)
	forgetful.create("abc-0")
	forgetful.idle()
	if n := len(forgetful.server.Tasks()); n != 0 {
		t.Errorf("%d records without a history", n)
	}
}

func TestWaitingEndsWithItsContextAndWithTheServer(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.create("abc-0", at(time.Now().Add(time.Hour)))
	s.quiet()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.server.WaitIdle(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitIdle = %v, want the context's end", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.server.WaitIdle(context.Background()) }()
	s.server.Close()
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("WaitIdle = %v, want the server's end", err)
	}
}

func TestCloseHangsUpAndLeavesNothingRunning(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	gone := make(chan struct{})
	s.worker.answer(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(gone)
	})
	s.create("abc-0")
	s.worker.wait(t, 1)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Hang})
	hung := make(chan error, 1)
	go func() {
		_, err := s.tryCreate("abc-1")
		hung <- err
	}()
	s.server.Close()
	s.server.Close()
	<-gone
	if err := <-hung; err == nil {
		t.Error("a hanging call succeeded")
	}
	if res, err := s.get("/certs"); err == nil {
		t.Errorf("the issuer still answers: %v", errors.Join(errors.New(res.Status), res.Body.Close()))
	}
	if _, err := s.tryCreate("abc-2"); err == nil {
		t.Error("a call after Close succeeded")
	}
}

func TestStatesHaveNames(t *testing.T) {
	for state, want := range map[cloudtaskstest.State]string{
		cloudtaskstest.Pending: "pending", cloudtaskstest.Succeeded: "succeeded", cloudtaskstest.Exhausted: "exhausted",
		cloudtaskstest.Expired: "expired", cloudtaskstest.Deleted: "deleted", cloudtaskstest.Purged: "purged", 99: "State(99)",
	} {
		if got := state.String(); got != want {
			t.Errorf("state %d = %s, want %s", uint8(state), got, want)
		}
	}
}
