package cloudtasks_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/fault"
)

// knocking is a client whose worker answers with these statuses, the last one for
// ever, and what the worker was asked.
func knocking(t *testing.T, statuses ...int) (server *cloudtaskstest.Server, client *cloudtasks.Client, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	worker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		lines = append(lines, r.Method+" "+r.URL.Path+" "+scheme)
		w.WriteHeader(statuses[min(len(lines), len(statuses))-1])
	}))
	t.Cleanup(worker.Close)
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	o := options(server.Addr())
	o.WorkerURL, o.InvokerEmail = worker.URL, "tasks@acme.example"
	if client, err = cloudtasks.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return server, client, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(lines)
	}
}

// waiting are the tasks that have not ended.
func waiting(s *cloudtaskstest.Server) int {
	n := 0
	for _, task := range s.Tasks() {
		if task.State == cloudtaskstest.Pending {
			n++
		}
	}
	return n
}

func TestKnockIsLetIn(t *testing.T) {
	for name, statuses := range map[string][]int{"at once": {http.StatusOK}, "when the worker has started": {http.StatusServiceUnavailable, http.StatusOK}} {
		server, client, asked := knocking(t, statuses...)
		if said, err := client.Knock(t.Context(), queue, "/health"); said != "" || err != nil {
			t.Errorf("%s: %q, %v", name, said, err)
		}
		for _, line := range asked() {
			if line != "GET /health Bearer" {
				t.Errorf("%s: the worker was asked %q", name, line)
			}
		}
		if n := waiting(server); n != 0 || len(asked()) != len(statuses) {
			t.Errorf("%s: %d tasks are left, %d were delivered", name, n, len(asked()))
		}
	}
}

func TestKnockIsRefused(t *testing.T) {
	for status, want := range map[int]codes.Code{
		http.StatusForbidden: codes.PermissionDenied, http.StatusUnauthorized: codes.Unauthenticated, http.StatusNotFound: codes.NotFound,
	} {
		server, client, _ := knocking(t, status)
		if said, err := client.Knock(t.Context(), queue, "/health"); said != want.String() || err != nil {
			t.Errorf("%d: %q, %v", status, said, err)
		}
		if n := waiting(server); n != 0 {
			t.Errorf("%d: %d tasks are left", status, n)
		}
	}
}

func TestKnockThatNobodyHearsIsTakenBack(t *testing.T) {
	server, client, asked := knocking(t, http.StatusOK)
	if err := client.Ping(t.Context(), queue); err != nil { // It is there from now on.
		t.Fatal(err)
	}
	if _, err := server.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: "projects/acme/locations/us-central1/queues/" + queue}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if said, err := client.Knock(ctx, queue, "/health"); said != "" || !fault.Is(err, fault.Dependency) || !strings.Contains(err.Error(), queue) {
		t.Errorf("%q, %v", said, err)
	}
	if n := waiting(server); n != 0 || len(asked()) != 0 {
		t.Errorf("%d tasks are left, %d were delivered", n, len(asked()))
	}
	server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Method: "CreateTask", Code: codes.PermissionDenied})
	if _, err := client.Knock(t.Context(), queue, "/health"); !fault.Is(err, fault.Broken) || !strings.Contains(err.Error(), "PermissionDenied") {
		t.Errorf("%v", err)
	}
}
