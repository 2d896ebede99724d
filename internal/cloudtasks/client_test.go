package cloudtasks_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/idtoken"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

const (
	queue   = "atende-inbound"
	invoker = "tasks-invoker@acme.iam.gserviceaccount.com"
)

// rig is a client, the Cloud Tasks it speaks to and a worker that says 200.
type rig struct {
	server *cloudtaskstest.Server
	client *cloudtasks.Client
	worker *worker
}

type worker struct {
	*httptest.Server
	mu     sync.Mutex
	pushes []*http.Request
	bodies []string
}

func (w *worker) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pushes = append(w.pushes, r)
	w.bodies = append(w.bodies, string(body))
}

func newRig(t testing.TB, so cloudtaskstest.Options, change ...func(*cloudtasks.Options)) *rig {
	t.Helper()
	so.AutoCreateQueues = true
	server, err := cloudtaskstest.Start(so)
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	t.Cleanup(server.Close)
	o := cloudtasks.Options{
		Project:      "acme",
		Location:     "us-central1",
		WorkerURL:    w.URL,
		InvokerEmail: invoker,
		EmulatorHost: server.Addr(),
		// A busy machine must not look like a failing service.
		AttemptTimeout: 20 * time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	client, err := cloudtasks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &rig{server, client, w}
}

func (r *rig) idle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.server.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestEnqueuePushesToTheWorkerWithIdentity(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{}, func(o *cloudtasks.Options) {
		o.WorkerURL += "/"
		o.Audience = "https://worker.example"
	})
	header := map[string]string{"Traceparent": "00-ab-cd-01"}
	existed, err := r.client.Enqueue(t.Context(), cloudtasks.Task{
		Queue:  queue,
		Name:   "mid_1-0",
		Path:   "/tasks/inbound",
		Body:   []byte(`{"v":1}`),
		Header: header,
	})
	if err != nil || existed {
		t.Fatalf("Enqueue = %v, %v", existed, err)
	}
	r.idle(t)
	if len(r.worker.pushes) != 1 {
		t.Fatalf("%d pushes, want 1", len(r.worker.pushes))
	}
	push := r.worker.pushes[0]
	got := []string{push.Method, push.URL.Path, r.worker.bodies[0], push.Header.Get("Content-Type"),
		push.Header.Get("Traceparent"), push.Header.Get("X-CloudTasks-TaskName"), push.Header.Get("X-CloudTasks-QueueName")}
	want := []string{"POST", "/tasks/inbound", `{"v":1}`, "application/json", "00-ab-cd-01", "mid_1-0", queue}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("push (-want +got):\n%s", d)
	}
	token, ok := strings.CutPrefix(push.Header.Get("Authorization"), "Bearer ")
	if !ok {
		t.Fatal("no bearer token")
	}
	claims, err := idtoken.ParsePayload(token)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Audience != "https://worker.example" || claims.Claims["email"] != invoker {
		t.Errorf("claims = %+v", claims)
	}
	if d := cmp.Diff(map[string]string{"Traceparent": "00-ab-cd-01"}, header); d != "" {
		t.Errorf("Enqueue changed the caller's header (-want +got):\n%s", d)
	}
}

func TestEnqueueOfATakenNameIsAnAnswer(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	task := cloudtasks.Task{Queue: queue, Name: "mid-0", Path: "/tasks/inbound"}
	if existed, err := r.client.Enqueue(t.Context(), task); err != nil || existed {
		t.Fatalf("first Enqueue = %v, %v", existed, err)
	}
	for range 2 { // while it lives or right after it ran, and surely after
		if existed, err := r.client.Enqueue(t.Context(), task); err != nil || !existed {
			t.Errorf("repeated Enqueue = %v, %v, want existed", existed, err)
		}
		r.idle(t)
	}
	if n := len(r.worker.pushes); n != 1 {
		t.Errorf("%d pushes, want 1", n)
	}
}
