package cloudtaskstest_test

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

// at schedules a task.
func at(when time.Time) func(*cloudtaskspb.Task) {
	return func(task *cloudtaskspb.Task) { task.ScheduleTime = timestamppb.New(when) }
}

func TestTaskShowsWhatItIsInTwoViews(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	when := clock.Now().Add(90*time.Second + 123456789*time.Nanosecond)
	created := s.create("abc-0", at(when), func(task *cloudtaskspb.Task) {
		task.GetHttpRequest().Body = []byte("secret")
		task.DispatchDeadline = durationpb.New(180 * time.Second)
	})
	if created.GetName() != taskName("abc-0") {
		t.Errorf("name = %s", created.GetName())
	}
	if got, want := created.GetScheduleTime().AsTime(), when.Truncate(time.Microsecond); !got.Equal(want) {
		t.Errorf("schedule time = %v, want %v", got, want)
	}
	for view, body := range map[cloudtaskspb.Task_View]string{
		cloudtaskspb.Task_VIEW_UNSPECIFIED: "", cloudtaskspb.Task_BASIC: "", cloudtaskspb.Task_FULL: "secret",
	} {
		got, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: taskName("abc-0"), ResponseView: view})
		if err != nil {
			t.Fatal(err)
		}
		if string(got.GetHttpRequest().GetBody()) != body {
			t.Errorf("view %v: body %q, want %q", view, got.GetHttpRequest().GetBody(), body)
		}
		if got.GetDispatchDeadline().AsDuration() != 180*time.Second || got.GetDispatchCount() != 0 ||
			got.GetHttpRequest().GetHttpMethod() != cloudtaskspb.HttpMethod_POST {
			t.Errorf("view %v: %v", view, got)
		}
	}
	_, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: taskName("other")})
	wantCode(t, err, codes.NotFound)
}

func TestTaskShowsItsAttempts(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(time.Hour)}})
	for status, want := range map[int]codes.Code{
		300: codes.Unknown, 400: codes.InvalidArgument, 401: codes.Unauthenticated, 403: codes.PermissionDenied,
		404: codes.NotFound, 409: codes.Aborted, 429: codes.ResourceExhausted, 500: codes.Internal,
		503: codes.Unavailable, 504: codes.DeadlineExceeded,
	} {
		s.worker.answer(code(status))
		task := s.create("")
		clock.advance(time.Second) // a slowed queue has a token again
		s.quiet()
		got, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: task.GetName()})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetDispatchCount() != 1 || got.GetResponseCount() != 1 {
			t.Errorf("counts = %d, %d, want 1, 1", got.GetDispatchCount(), got.GetResponseCount())
		}
		if c := lastCode(got); c != want {
			t.Errorf("HTTP %d shows as %v, want %v", status, c, want)
		}
		if got.GetFirstAttempt().GetDispatchTime() == nil || got.GetFirstAttempt().GetResponseTime() != nil {
			t.Errorf("first attempt = %v, want its dispatch time alone", got.GetFirstAttempt())
		}
		if err := s.client.DeleteTask(s.ctx(), &cloudtaskspb.DeleteTaskRequest{Name: task.GetName()}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnnamedTasksGetNamesOfTheirOwn(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	a, b := s.create("").GetName(), s.create("").GetName()
	if a == b || !strings.HasPrefix(a, inbound+"/tasks/") || strings.Contains(strings.TrimPrefix(a, inbound+"/tasks/"), "/") {
		t.Errorf("names = %s, %s", a, b)
	}
	s.idle()
	if n := len(s.worker.seen()); n != 2 {
		t.Errorf("%d pushes, want 2", n)
	}
}

func TestNameIsRefusedWhileTheTaskLivesAndUntilItIsReleased(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock, NameRetention: 10 * time.Minute})
	s.queue(nil)
	s.create("mid-0", at(clock.Now().Add(time.Minute)))
	_, err := s.tryCreate("mid-0")
	wantCode(t, err, codes.AlreadyExists)
	clock.advance(time.Minute)
	s.idle()
	clock.advance(10*time.Minute - time.Nanosecond)
	_, err = s.tryCreate("mid-0")
	wantCode(t, err, codes.AlreadyExists)
	clock.advance(time.Nanosecond)
	s.create("mid-0")
	s.idle()
	if n := len(s.worker.seen()); n != 2 {
		t.Errorf("%d pushes, want one per accepted creation", n)
	}
}

func TestNameIsReleasedAtOnceWithoutRetention(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{NameRetention: -1})
	s.queue(nil)
	s.create("mid-0")
	s.idle()
	s.create("mid-0")
	s.idle()
}

func TestTheSameNameInAnotherQueueIsAnotherTask(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{AutoCreateQueues: true})
	s.create("mid-0")
	_, err := s.client.CreateTask(s.ctx(), &cloudtaskspb.CreateTaskRequest{
		Parent: location + "/queues/timer",
		Task: &cloudtaskspb.Task{
			Name:        location + "/queues/timer/tasks/mid-0",
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: s.worker.URL}},
		},
	})
	if err != nil {
		t.Error(err)
	}
	s.idle()
}

func TestScheduleTimeIsHonoured(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	start := clock.Now()
	s.create("past", at(start.Add(-time.Hour)))
	s.create("soon", at(start.Add(time.Second)))
	s.create("farthest", at(start.Add(30*24*time.Hour)))
	s.quiet()
	if n := len(s.worker.seen()); n != 1 {
		t.Fatalf("%d pushes at once, want that of the past alone", n)
	}
	if got := s.record("past").Schedule; !got.Equal(start) {
		t.Errorf("a past schedule became %v, want now", got)
	}
	clock.advance(time.Second - time.Microsecond)
	s.quiet()
	if n := len(s.worker.seen()); n != 1 {
		t.Fatalf("%d pushes before the time", n)
	}
	clock.advance(time.Microsecond)
	s.quiet()
	if n := len(s.worker.seen()); n != 2 {
		t.Fatalf("%d pushes at the time, want 2", n)
	}
	if eta := s.worker.seen()[1].header.Get("X-CloudTasks-TaskETA"); eta != "1772452801.000000" {
		t.Errorf("ETA = %s", eta)
	}
	clock.advance(30 * 24 * time.Hour) // a time machine jumps over the schedule
	s.idle()
	if state, _ := s.fate("farthest"); state != cloudtaskstest.Succeeded {
		t.Errorf("state after the jump = %v", state)
	}
}

func TestScheduleTimeIsHonouredToAFewMilliseconds(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	want := time.Now().Add(150 * time.Millisecond)
	s.create("abc-0", at(want))
	s.idle()
	late := s.record("abc-0").Attempts[0].Dispatched.Sub(want.Truncate(time.Microsecond))
	// The upper bound is generous because the machine is shared; the lower is not.
	if late < 0 || late > time.Second {
		t.Errorf("dispatched %v after its time", late)
	}
}

func TestTasksAreListedInPages(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	var want []string
	for range 7 {
		want = append(want, s.create("", at(clock.Now().Add(time.Hour))).GetName())
	}
	for _, size := range []int32{0, 1, 3, 7, 5000} {
		it := s.client.ListTasks(s.ctx(), &cloudtaskspb.ListTasksRequest{Parent: inbound, PageSize: size})
		var got []string
		for {
			task, err := it.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, task.GetName())
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("page size %d (-want +got):\n%s", size, d)
		}
	}
	for _, r := range []*cloudtaskspb.ListTasksRequest{
		{Parent: "acme"}, {Parent: inbound, PageSize: -1}, {Parent: inbound, PageToken: "mine"},
	} {
		_, err := s.client.ListTasks(s.ctx(), r).Next()
		wantCode(t, err, codes.InvalidArgument)
	}
}

func TestDeletedTaskIsNeverPushedAndItsNameIsBurnt(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.create("mid-0", at(clock.Now().Add(time.Minute)))
	req := &cloudtaskspb.DeleteTaskRequest{Name: taskName("mid-0")}
	if err := s.client.DeleteTask(s.ctx(), req); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.client.DeleteTask(s.ctx(), req), codes.NotFound)
	_, err := s.tryCreate("mid-0")
	wantCode(t, err, codes.AlreadyExists)
	clock.advance(time.Hour)
	s.idle()
	if n := len(s.worker.seen()); n != 0 {
		t.Errorf("%d pushes of a deleted task", n)
	}
}

func TestTaskDeletedWhileItRunsIsNotTriedAgain(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	hold := make(chan struct{})
	s.worker.answer(func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		w.WriteHeader(http.StatusInternalServerError)
	})
	s.create("mid-0")
	s.worker.wait(t, 1)
	if err := s.client.DeleteTask(s.ctx(), &cloudtaskspb.DeleteTaskRequest{Name: taskName("mid-0")}); err != nil {
		t.Fatal(err)
	}
	close(hold)
	s.idle()
	if state, statuses := s.fate("mid-0"); state != cloudtaskstest.Deleted || !cmp.Equal(statuses, []int{500}) {
		t.Errorf("fate = %v %v", state, statuses)
	}
}

func TestRunTaskForcesAPushWhateverTheQueueSays(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(10 * time.Second)}})
	if _, err := s.client.PauseQueue(s.ctx(), &cloudtaskspb.PauseQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	s.create("mid-0", at(clock.Now().Add(time.Hour)))
	hold := make(chan struct{})
	s.worker.answer(func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		w.WriteHeader(http.StatusInternalServerError)
	})
	run := &cloudtaskspb.RunTaskRequest{Name: taskName("mid-0")}
	task, err := s.client.RunTask(s.ctx(), run)
	if err != nil {
		t.Fatal(err)
	}
	if task.GetDispatchCount() != 1 {
		t.Errorf("dispatch count = %d, want 1", task.GetDispatchCount())
	}
	s.worker.wait(t, 1)
	clock.advance(4 * time.Second)
	close(hold)
	s.quiet()
	if got, want := s.record("mid-0").Schedule, clock.Now().Add(6*time.Second); !got.Equal(want) {
		t.Errorf("next time after a failed run = %v, want %v", got, want)
	}
	if _, err := s.client.RunTask(s.ctx(), run); err != nil {
		t.Fatal(err)
	}
	s.idle() // the second run succeeds, although the queue is paused
	_, err = s.client.RunTask(s.ctx(), run)
	wantCode(t, err, codes.NotFound)
}

func TestRunTaskPushesATaskThatRunsAlready(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	hold := make(chan struct{})
	s.worker.answer(func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		w.WriteHeader(http.StatusInternalServerError)
	})
	s.create("mid-0")
	s.worker.wait(t, 1)
	if _, err := s.client.RunTask(s.ctx(), &cloudtaskspb.RunTaskRequest{Name: taskName("mid-0")}); err != nil {
		t.Fatal(err)
	}
	s.worker.wait(t, 1)
	close(hold)
	s.idle()
	if state, statuses := s.fate("mid-0"); state != cloudtaskstest.Succeeded || !cmp.Equal(statuses, []int{500, 200}) {
		t.Errorf("fate = %v %v, want the late failure ignored", state, statuses)
	}
}

func TestTasksTheServiceRefuses(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	request := func(change func(*cloudtaskspb.HttpRequest)) func(*cloudtaskspb.Task) {
		return func(task *cloudtaskspb.Task) { change(task.GetHttpRequest()) }
	}
	deadline := func(d time.Duration) func(*cloudtaskspb.Task) {
		return func(task *cloudtaskspb.Task) { task.DispatchDeadline = durationpb.New(d) }
	}
	name := func(n string) func(*cloudtaskspb.Task) {
		return func(task *cloudtaskspb.Task) { task.Name = n }
	}
	for what, tt := range map[string]struct {
		change func(*cloudtaskspb.Task)
		want   codes.Code
	}{
		"id with a dot":       {name(taskName("a.b")), codes.InvalidArgument},
		"empty id":            {name(taskName("")), codes.InvalidArgument},
		"id of 500":           {name(taskName(strings.Repeat("x", 500))), codes.OK},
		"id of 501":           {name(taskName(strings.Repeat("x", 501))), codes.InvalidArgument},
		"bare id":             {name("a"), codes.InvalidArgument},
		"name in other queue": {name(location + "/queues/timer/tasks/a"), codes.InvalidArgument},
		"31 days ahead":       {at(clock.Now().Add(31 * 24 * time.Hour)), codes.InvalidArgument},
		"30 days ahead":       {at(clock.Now().Add(30 * 24 * time.Hour)), codes.OK},
		"impossible time":     {func(task *cloudtaskspb.Task) { task.ScheduleTime = &timestamppb.Timestamp{Nanos: -1} }, codes.InvalidArgument},
		"body of 90 KiB":      {request(func(r *cloudtaskspb.HttpRequest) { r.Body = make([]byte, 90<<10) }), codes.OK},
		"body over 100 KB":    {request(func(r *cloudtaskspb.HttpRequest) { r.Body = make([]byte, 100<<10) }), codes.InvalidArgument},
		"no request":          {func(task *cloudtaskspb.Task) { task.MessageType = nil }, codes.InvalidArgument},
		"App Engine": {func(task *cloudtaskspb.Task) {
			task.MessageType = &cloudtaskspb.Task_AppEngineHttpRequest{AppEngineHttpRequest: &cloudtaskspb.AppEngineHttpRequest{}}
		}, codes.Unimplemented},
		"no URL":              {request(func(r *cloudtaskspb.HttpRequest) { r.Url = "" }), codes.InvalidArgument},
		"relative URL":        {request(func(r *cloudtaskspb.HttpRequest) { r.Url = "/tasks/inbound" }), codes.InvalidArgument},
		"other scheme":        {request(func(r *cloudtaskspb.HttpRequest) { r.Url = "ftp://worker/" }), codes.InvalidArgument},
		"no host":             {request(func(r *cloudtaskspb.HttpRequest) { r.Url = "http:///x" }), codes.InvalidArgument},
		"long URL":            {request(func(r *cloudtaskspb.HttpRequest) { r.Url += "/" + strings.Repeat("x", 2083) }), codes.InvalidArgument},
		"unknown method":      {request(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod = 99 }), codes.InvalidArgument},
		"GET with body":       {request(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod, r.Body = cloudtaskspb.HttpMethod_GET, []byte("x") }), codes.InvalidArgument},
		"DELETE with body":    {request(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod, r.Body = cloudtaskspb.HttpMethod_DELETE, []byte("x") }), codes.InvalidArgument},
		"GET without":         {request(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod = cloudtaskspb.HttpMethod_GET }), codes.OK},
		"PATCH with body":     {request(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod, r.Body = cloudtaskspb.HttpMethod_PATCH, []byte("x") }), codes.OK},
		"headers of 80 KB":    {request(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"A": strings.Repeat("x", 80<<10)} }), codes.InvalidArgument},
		"header injection":    {request(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"A": "x\r\nB: y"} }), codes.InvalidArgument},
		"header without name": {request(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"": "x"} }), codes.InvalidArgument},
		"header with a space": {request(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"A B": "x"} }), codes.InvalidArgument},
		"OIDC without account": {request(func(r *cloudtaskspb.HttpRequest) {
			r.AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{}}
		}), codes.InvalidArgument},
		"OAuth": {request(func(r *cloudtaskspb.HttpRequest) {
			r.AuthorizationHeader = &cloudtaskspb.HttpRequest_OauthToken{OauthToken: &cloudtaskspb.OAuthToken{}}
		}), codes.Unimplemented},
		"deadline of 14 s":   {deadline(14 * time.Second), codes.InvalidArgument},
		"deadline of 15 s":   {deadline(15 * time.Second), codes.OK},
		"deadline of 30 min": {deadline(30 * time.Minute), codes.OK},
		"deadline above":     {deadline(30*time.Minute + 1), codes.InvalidArgument},
		"own retry refused":  {func(task *cloudtaskspb.Task) { task.RetryConfig = &cloudtaskspb.RetryConfig{MaxAttempts: -2} }, codes.InvalidArgument},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := s.tryCreate("", tt.change)
			wantCode(t, err, tt.want)
		})
	}
	_, err := s.client.CreateTask(s.ctx(), &cloudtaskspb.CreateTaskRequest{Parent: inbound})
	wantCode(t, err, codes.InvalidArgument)
	_, err = s.client.CreateTask(s.ctx(), &cloudtaskspb.CreateTaskRequest{Parent: "acme"})
	wantCode(t, err, codes.InvalidArgument)
	for _, name := range []string{"", "abc", inbound, inbound + "/tasks/a.b"} {
		_, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: name})
		wantCode(t, err, codes.InvalidArgument)
	}
}

func TestTasksOfOneTimeGoInTheOrderOfTheirCreation(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(withLimits(500, 1))
	var want, got []string
	for i := range 9 {
		id := "t-" + strconv.Itoa(i)
		s.create(id, at(clock.Now().Add(time.Second)))
		want = append(want, id)
	}
	clock.advance(time.Second)
	s.idle()
	for _, p := range s.worker.seen() {
		got = append(got, p.header.Get("X-CloudTasks-TaskName"))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

func TestTaskWhoseTwoPushesBothFailWaitsOnce(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(time.Second)}})
	hold := make(chan struct{})
	fail := func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		w.WriteHeader(http.StatusInternalServerError)
	}
	s.worker.answer(fail, fail)
	s.create("mid-0")
	s.worker.wait(t, 1)
	if _, err := s.client.RunTask(s.ctx(), &cloudtaskspb.RunTaskRequest{Name: taskName("mid-0")}); err != nil {
		t.Fatal(err)
	}
	s.worker.wait(t, 1)
	close(hold)
	s.quiet()
	clock.advance(time.Minute)
	s.idle()
	if state, statuses := s.fate("mid-0"); state != cloudtaskstest.Succeeded || !cmp.Equal(statuses, []int{500, 500, 200}) {
		t.Errorf("fate = %v %v, want one more push", state, statuses)
	}
}

// leapingClock jumps over the first alarm in the moment it is set.
type leapingClock struct {
	*manualClock
	leap sync.Once
}

func (c *leapingClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	if d > 30*time.Minute {
		c.leap.Do(func() { c.advance(d) })
	}
	return c.manualClock.NewTimer(d)
}

func TestClockThatJumpsWhileAnAlarmIsSetLosesNothing(t *testing.T) {
	clock := &leapingClock{manualClock: newClock()}
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.create("abc-0", at(clock.Now().Add(time.Hour)))
	s.idle()
}

func TestGivenListenersAreUsed(t *testing.T) {
	var listen net.ListenConfig
	rpc, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStreet(t, cloudtaskstest.Options{Listener: rpc, IssuerListener: issuer})
	if s.server.Addr() != rpc.Addr().String() || s.server.IssuerURL() != "http://"+issuer.Addr().String() {
		t.Errorf("addresses = %s, %s", s.server.Addr(), s.server.IssuerURL())
	}
	s.queue(nil)
}
