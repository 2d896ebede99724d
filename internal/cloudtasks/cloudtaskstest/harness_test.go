package cloudtaskstest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

const (
	location = "projects/acme/locations/us-central1"
	inbound  = location + "/queues/inbound"
)

// street is a server, the real client and a worker on loopback.
type street struct {
	t      *testing.T
	server *cloudtaskstest.Server
	client *cloudtasks.Client
	worker *worker
}

func newStreet(t *testing.T, o cloudtaskstest.Options) *street {
	t.Helper()
	server, err := cloudtaskstest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(t)
	t.Cleanup(server.Close)
	client, err := cloudtasks.NewClient(t.Context(),
		option.WithEndpoint(server.Addr()),
		option.WithoutAuthentication(),
		option.WithTelemetryDisabled(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close client: %v", err)
		}
	})
	return &street{t: t, server: server, client: client, worker: w}
}

// queue creates the queue "inbound" with the given settings.
func (s *street) queue(conf *cloudtaskspb.Queue) *cloudtaskspb.Queue {
	s.t.Helper()
	if conf == nil {
		conf = &cloudtaskspb.Queue{}
	}
	conf.Name = inbound
	q, err := s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: conf})
	if err != nil {
		s.t.Fatal(err)
	}
	return q
}

// create stores a POST to the worker; name may be empty.
func (s *street) create(name string, change ...func(*cloudtaskspb.Task)) *cloudtaskspb.Task {
	s.t.Helper()
	task, err := s.tryCreate(name, change...)
	if err != nil {
		s.t.Fatal(err)
	}
	return task
}

func (s *street) tryCreate(name string, change ...func(*cloudtaskspb.Task)) (*cloudtaskspb.Task, error) {
	task := &cloudtaskspb.Task{MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
		Url: s.worker.URL + "/tasks/inbound",
	}}}
	if name != "" {
		task.Name = taskName(name)
	}
	for _, c := range change {
		c(task)
	}
	return s.client.CreateTask(s.ctx(), &cloudtaskspb.CreateTaskRequest{Parent: inbound, Task: task})
}

func taskName(id string) string { return inbound + "/tasks/" + id }

func (s *street) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.t.Cleanup(cancel)
	return ctx
}

func (s *street) idle() {
	s.t.Helper()
	if err := s.server.WaitIdle(s.ctx()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *street) quiet() {
	s.t.Helper()
	if err := s.server.WaitQuiet(s.ctx()); err != nil {
		s.t.Fatal(err)
	}
}

// record is the record of one task.
func (s *street) record(id string) cloudtaskstest.TaskRecord {
	s.t.Helper()
	for _, r := range s.server.Tasks() {
		if r.Name == id {
			return r
		}
	}
	s.t.Fatalf("no record of task %s", id)
	return cloudtaskstest.TaskRecord{}
}

// fate is the state of a task and the statuses of its attempts.
func (s *street) fate(id string) (cloudtaskstest.State, []int) {
	s.t.Helper()
	r := s.record(id)
	statuses := []int{}
	for _, a := range r.Attempts {
		statuses = append(statuses, a.Status)
	}
	return r.State, statuses
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("code = %v, want %v (%v)", got, want, err)
	}
}

// lastCode is the code of a task's last attempt.
func lastCode(task *cloudtaskspb.Task) codes.Code {
	return status.FromProto(task.GetLastAttempt().GetResponseStatus()).Code()
}

// get reads a page of the issuer.
func (s *street) get(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(s.ctx(), http.MethodGet, s.server.IssuerURL()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return http.DefaultClient.Do(req)
}

// worker answers pushes as told and keeps them.
type worker struct {
	*httptest.Server

	mu      sync.Mutex
	pushes  []received
	answers []http.HandlerFunc
	arrived chan struct{}
}

type received struct {
	method, path, host string
	header             http.Header
	body               string
}

func newWorker(t *testing.T) *worker {
	w := &worker{arrived: make(chan struct{}, 100_000)}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// answer queues answers; after the last, pushes get 200.
func (w *worker) answer(answers ...http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, answers...)
}

func code(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func (w *worker) ServeHTTP(res http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(res, "body", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.pushes = append(w.pushes, received{req.Method, req.URL.Path, req.Host, req.Header.Clone(), string(body)})
	answer := code(http.StatusOK)
	if len(w.answers) > 0 {
		answer, w.answers = w.answers[0], w.answers[1:]
	}
	w.mu.Unlock()
	w.arrived <- struct{}{}
	answer(res, req)
}

func (w *worker) seen() []received {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]received(nil), w.pushes...)
}

// wait returns after n further pushes have arrived.
func (w *worker) wait(t *testing.T, n int) {
	t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for range n {
		select {
		case <-w.arrived:
		case <-limit.C:
			t.Error("a push did not arrive")
			return
		}
	}
}

// manualClock moves only when told.
type manualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	at time.Time
	c  chan time.Time
}

func newClock() *manualClock {
	return &manualClock{
		now:    time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		timers: make(map[*manualTimer]struct{}),
	}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) NewTimer(d time.Duration) (<-chan time.Time, func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: c.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- c.now
	} else {
		c.timers[t] = struct{}{}
	}
	return t.c, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waiting := c.timers[t]
		delete(c.timers, t)
		return waiting
	}
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if !t.at.After(c.now) {
			t.c <- c.now
			delete(c.timers, t)
		}
	}
}
