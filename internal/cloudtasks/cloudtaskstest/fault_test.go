package cloudtaskstest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

// createWithin tries to create a task and gives up after a while.
func (s *street) createWithin(d time.Duration, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.createUntil(ctx, name)
}

func (s *street) createUntil(ctx context.Context, name string) error {
	_, err := s.client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: inbound, Task: &cloudtaskspb.Task{
		Name:        taskName(name),
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: s.worker.URL}},
	}})
	return err
}

func TestRefusedCreateStoresNothing(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse})
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Code: codes.ResourceExhausted, Times: 2})
	for _, want := range []codes.Code{codes.Unavailable, codes.ResourceExhausted, codes.ResourceExhausted} {
		_, err := s.tryCreate("abc-0")
		wantCode(t, err, want)
	}
	s.quiet()
	if n := len(s.server.Tasks()); n != 0 {
		t.Fatalf("%d tasks after refusals", n)
	}
	s.create("abc-0")
	s.idle()
}

func TestHungCreateStoresNothingAndEndsWithItsCaller(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Hang, Times: -1})
	wantCode(t, s.createWithin(200*time.Millisecond, "abc-0"), codes.DeadlineExceeded)
	s.server.ClearFaults()
	s.create("abc-0")
	s.idle()
	if n := len(s.worker.seen()); n != 1 {
		t.Errorf("%d pushes, want 1", n)
	}
}

func TestCreateWithALostReplyIsApplied(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply})
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply, Code: codes.Internal})
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	go func() {
		s.worker.wait(t, 1) // the task is stored and even pushed
		giveUp()
	}()
	wantCode(t, s.createUntil(ctx, "a"), codes.Canceled)
	wantCode(t, s.createWithin(time.Minute, "b"), codes.Internal)
	for _, name := range []string{"a", "b"} {
		wantCode(t, s.createWithin(time.Minute, name), codes.AlreadyExists)
	}
	s.idle()
	if n := len(s.worker.seen()); n != 2 {
		t.Errorf("%d pushes, want 2", n)
	}
}

func TestLostReplyOfARefusedCallIsItsRefusal(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply, Code: codes.Internal})
	_, err := s.tryCreate("abc-0")
	wantCode(t, err, codes.NotFound)
}

func TestFaultsKeepToTheirMethodAndQueue(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Method: "GetQueue", Times: -1})
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Queue: "timer", Times: -1})
	s.create("abc-0")
	s.idle()
	ctx, cancel := context.WithTimeout(s.ctx(), 50*time.Millisecond) // the client repeats by itself
	defer cancel()
	if _, err := s.client.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: inbound}); err == nil {
		t.Error("GetQueue was not refused")
	}
	if left := s.server.Faults(); len(left) != 2 || left[0].Method != "GetQueue" || left[0].Times >= 0 || left[1].Queue != "timer" {
		t.Errorf("left are %+v", left)
	}
	s.server.ClearFaults()
	if left := s.server.Faults(); len(left) != 0 {
		t.Errorf("left are %+v although they were cleared", left)
	}
	if _, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: inbound}); err != nil {
		t.Errorf("GetQueue after clearing = %v", err)
	}
}

func TestDuplicateDispatchAtTheSameTime(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.DuplicateDispatch})
	hold := make(chan struct{})
	wait := func(http.ResponseWriter, *http.Request) { <-hold }
	s.worker.answer(wait, wait)
	s.create("abc-0")
	s.worker.wait(t, 2) // both run before either has ended
	close(hold)
	s.idle()
	pushes := s.worker.seen()
	if len(pushes) != 2 || !cmp.Equal(pushes[0].header["X-Cloudtasks-Taskname"], pushes[1].header["X-Cloudtasks-Taskname"]) {
		t.Fatalf("pushes = %+v", pushes)
	}
	r := s.record("abc-0")
	if r.State != cloudtaskstest.Succeeded || len(r.Attempts) != 2 || r.Attempts[0].Duplicate || !r.Attempts[1].Duplicate {
		t.Errorf("record = %+v", r)
	}
	s.create("abc-1")
	s.idle()
	if n := len(s.worker.seen()); n != 3 {
		t.Errorf("%d pushes, want the fault to happen once", n)
	}
}

func TestDuplicateDispatchLongAfterSuccess(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.DuplicateDispatch, Delay: time.Hour})
	s.worker.answer(code(200), code(500)) // a failed duplicate is not tried again
	s.create("abc-0")
	s.quiet()
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || len(statuses) != 1 {
		t.Fatalf("fate = %v %v", state, statuses)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.server.WaitIdle(ctx); err == nil {
		t.Error("idle although a duplicate is to come")
	}
	clock.advance(time.Hour)
	s.idle()
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || !cmp.Equal(statuses, []int{200, 500}) {
		t.Errorf("fate = %v %v", state, statuses)
	}
}

func TestSuccessfulDuplicateEndsATaskWhoseOwnPushFailed(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(time.Hour)}})
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.DuplicateDispatch, Delay: time.Second})
	s.worker.answer(code(500))
	s.create("abc-0")
	s.quiet()
	clock.advance(time.Second)
	s.idle()
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || !cmp.Equal(statuses, []int{500, 200}) {
		t.Errorf("fate = %v %v", state, statuses)
	}
}

func TestReorderWaitsForAChoiceAndTakesTheLast(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(withLimits(500, 1)) // one at a time, so that the order shows
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.ReorderDispatch})
	s.create("alone")
	s.idle()
	if _, err := s.client.PauseQueue(s.ctx(), &cloudtaskspb.PauseQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		s.create(name)
	}
	if _, err := s.client.ResumeQueue(s.ctx(), &cloudtaskspb.ResumeQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	s.idle()
	var got []string
	for _, p := range s.worker.seen() {
		got = append(got, p.header.Get("X-CloudTasks-TaskName"))
	}
	if d := cmp.Diff([]string{"alone", "c", "a", "b"}, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

func TestDelayedDispatchComesLateOnce(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.DelayDispatch, Delay: time.Minute, Times: 2})
	s.create("abc-0")
	s.quiet()
	clock.advance(time.Minute - time.Microsecond)
	s.quiet()
	if n := len(s.worker.seen()); n != 0 {
		t.Fatalf("%d pushes before the delay was over", n)
	}
	clock.advance(time.Microsecond)
	s.idle()
	if got := s.record("abc-0").Schedule; clock.Now().Sub(got) != time.Minute {
		t.Errorf("schedule = %v, want it unmoved by the delay", got)
	}
}

func TestFailedDuplicateDoesNotRepeatATaskThatRuns(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.DuplicateDispatch, Delay: time.Second})
	hold := make(chan struct{})
	s.worker.answer(func(http.ResponseWriter, *http.Request) { <-hold }, code(500))
	s.create("abc-0")
	s.worker.wait(t, 1)
	clock.advance(time.Second)
	s.worker.wait(t, 1)
	for s.record("abc-0").Attempts[1].Ended.IsZero() {
		s.settle()
	}
	clock.advance(time.Minute)
	if n := s.dispatched(); n != 2 {
		t.Errorf("%d pushes while the first runs, want 2", n)
	}
	close(hold)
	s.idle()
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || !cmp.Equal(statuses, []int{200, 500}) {
		t.Errorf("fate = %v %v", state, statuses)
	}
}
