package cloudtaskstest_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func TestPushCarriesMethodBodyAndHeaders(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.create("abc-0", func(task *cloudtaskspb.Task) {
		r := task.GetHttpRequest()
		r.HttpMethod = cloudtaskspb.HttpMethod_PUT
		r.Body = []byte(`{"v":1}`)
		r.Headers = map[string]string{
			"Content-Type": "application/json",
			"Traceparent":  "00-1-2-01",
			// None of these belongs to a task.
			"User-Agent":                  "me",
			"Host":                        "elsewhere",
			"Content-Length":              "1",
			"X-CloudTasks-QueueName":      "forged",
			"x-cloudtasks-taskretrycount": "9",
			"X-Google-Thing":              "x",
			"X-AppEngine-Thing":           "x",
		}
	})
	s.idle()
	pushes := s.worker.seen()
	if len(pushes) != 1 {
		t.Fatalf("%d pushes, want 1", len(pushes))
	}
	got := pushes[0]
	if got.method != http.MethodPut || got.path != "/tasks/inbound" || got.body != `{"v":1}` {
		t.Errorf("push = %s %s %q", got.method, got.path, got.body)
	}
	if "http://"+got.host != s.worker.URL {
		t.Errorf("host = %s, want the worker's", got.host)
	}
	for name, want := range map[string]string{
		"Content-Type":                      "application/json",
		"Traceparent":                       "00-1-2-01",
		"User-Agent":                        "Google-Cloud-Tasks",
		"X-CloudTasks-QueueName":            "inbound",
		"X-CloudTasks-TaskName":             "abc-0",
		"X-CloudTasks-TaskRetryCount":       "0",
		"X-CloudTasks-TaskExecutionCount":   "0",
		"X-CloudTasks-TaskPreviousResponse": "",
		"X-Google-Thing":                    "",
		"X-AppEngine-Thing":                 "",
		"Content-Length":                    "7",
		"Authorization":                     "",
	} {
		if v := got.header.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || len(statuses) != 1 || statuses[0] != 200 {
		t.Errorf("fate = %v %v", state, statuses)
	}
}

func TestSuccessIs2xxOnlyAndRedirectsAreNotFollowed(t *testing.T) {
	for status, success := range map[int]bool{
		200: true, 201: true, 204: true, 299: true,
		301: false, 302: false, 307: false, 400: false, 404: false, 500: false,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			clock := newClock()
			s := newStreet(t, cloudtaskstest.Options{Clock: clock})
			s.queue(nil)
			s.worker.answer(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			})
			s.create("abc-0")
			s.quiet()
			state, statuses := s.fate("abc-0")
			if got := state == cloudtaskstest.Succeeded; got != success || !cmp.Equal(statuses, []int{status}) {
				t.Errorf("fate = %v %v, want success %v", state, statuses, success)
			}
			for _, p := range s.worker.seen() {
				if p.path == "/elsewhere" {
					t.Error("the redirect was followed")
				}
			}
		})
	}
}

func TestRetriesSayWhatWentBefore(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(time.Second)}})
	s.worker.answer(code(500), cutOff, code(404))
	s.create("abc-0")
	for range 4 {
		s.quiet()
		clock.advance(time.Minute)
	}
	s.idle()
	var got [][3]string
	for _, p := range s.worker.seen() {
		got = append(got, [3]string{
			p.header.Get("X-CloudTasks-TaskRetryCount"),
			p.header.Get("X-CloudTasks-TaskExecutionCount"),
			p.header.Get("X-CloudTasks-TaskPreviousResponse"),
		})
	}
	want := [][3]string{{"0", "0", ""}, {"1", "1", "500"}, {"2", "1", "500"}, {"3", "2", "404"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("retry count, execution count, previous response (-want +got):\n%s", d)
	}
	if _, statuses := s.fate("abc-0"); !cmp.Equal(statuses, []int{500, 0, 404, 200}) {
		t.Errorf("statuses = %v", statuses)
	}
}

// cutOff promises an answer and breaks off in the middle of it.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	w.WriteHeader(http.StatusOK)
	panic(http.ErrAbortHandler)
}

func TestWorkerThatCannotBeReachedIsTriedAgain(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.worker.Close()
	task := s.create("abc-0")
	s.quiet()
	got, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: task.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetDispatchCount() != 1 || got.GetResponseCount() != 0 ||
		lastCode(got) != codes.Unavailable {
		t.Errorf("task = %v, want one dispatch without a response", got)
	}
}

func TestDispatchDeadlineHangsUpAndPushesAgainWhileTheFirstStillRuns(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(2 * time.Second)}})
	hold, first := make(chan struct{}), make(chan struct{})
	s.worker.answer(func(http.ResponseWriter, *http.Request) { // deaf to being hung up on
		<-hold
		close(first)
	})
	s.create("abc-0", func(task *cloudtaskspb.Task) { task.DispatchDeadline = durationpb.New(15 * time.Second) })
	s.worker.wait(t, 1)
	clock.advance(15 * time.Second)
	s.quiet()
	got, err := s.client.GetTask(s.ctx(), &cloudtaskspb.GetTaskRequest{Name: taskName("abc-0")})
	if err != nil {
		t.Fatal(err)
	}
	if c := lastCode(got); c != codes.DeadlineExceeded {
		t.Errorf("status of the attempt = %v, want DeadlineExceeded", c)
	}
	clock.advance(2 * time.Second)
	s.idle()
	select {
	case <-first:
		t.Error("the first handler had ended already")
	default:
	}
	close(hold)
	<-first
	r := s.record("abc-0")
	if len(r.Attempts) != 2 || !r.Attempts[0].TimedOut || r.Attempts[1].TimedOut || r.State != cloudtaskstest.Succeeded {
		t.Errorf("record = %+v", r)
	}
}

func TestTaskWithoutADeadlineGetsTenMinutes(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	hold := make(chan struct{})
	defer close(hold)
	s.worker.answer(func(http.ResponseWriter, *http.Request) { <-hold })
	s.create("abc-0")
	s.worker.wait(t, 1)
	clock.advance(10*time.Minute - time.Microsecond)
	if a := s.record("abc-0").Attempts[0]; !a.Ended.IsZero() {
		t.Fatalf("hung up early: %+v", a)
	}
	clock.advance(time.Microsecond)
	s.quiet()
	if a := s.record("abc-0").Attempts[0]; !a.TimedOut {
		t.Errorf("attempt = %+v, want it timed out", a)
	}
}

func TestPushesGoThroughTheGivenClient(t *testing.T) {
	var used atomic.Int32
	given := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		used.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	})}
	s := newStreet(t, cloudtaskstest.Options{Client: given})
	s.queue(nil)
	s.create("abc-0")
	s.idle()
	if used.Load() != 1 {
		t.Errorf("the given client made %d pushes, want 1", used.Load())
	}
	if given.CheckRedirect != nil {
		t.Error("the caller's client was changed")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
