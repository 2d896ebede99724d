package bench_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc"

	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// counts is what reached the stand-ins.
type counts struct {
	Tasks   int64 // CreateTask
	Sends   int64 // messages that Graph accepted
	Reads   int64 // BatchGetDocuments
	Commits int64
}

func (c counts) since(before counts) counts {
	return counts{c.Tasks - before.Tasks, c.Sends - before.Sends, c.Reads - before.Reads, c.Commits - before.Commits}
}

// near reports whether no count is further off than that.
func (c counts) near(want counts, off int64) bool {
	d := c.since(want)
	return max(d.Tasks, d.Sends, d.Reads, d.Commits) <= off && min(d.Tasks, d.Sends, d.Reads, d.Commits) >= -off
}

// queue is the quickest Cloud Tasks there is: it says yes and forgets.
type queue struct {
	cloudtaskspb.UnimplementedCloudTasksServer
	created atomic.Int64
	delay   atomic.Int64 // of each answer, in nanoseconds
}

func (q *queue) CreateTask(ctx context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	q.created.Add(1)
	if delay := time.Duration(q.delay.Load()); delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &cloudtaskspb.Task{Name: r.GetTask().GetName()}, nil
}

func (q *queue) GetQueue(_ context.Context, r *cloudtaskspb.GetQueueRequest) (*cloudtaskspb.Queue, error) {
	return &cloudtaskspb.Queue{Name: r.GetName()}, nil
}

// slow sets the delay of every answer from now on.
func (q *queue) slow(w http.ResponseWriter, r *http.Request) {
	delay, err := time.ParseDuration(r.URL.Query().Get("by"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q.delay.Store(int64(delay))
}

// serveStubs is everything that a service talks to, but for Redis.
func serveStubs(ctx context.Context) error {
	q := &queue{}
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	cloudtaskspb.RegisterCloudTasksServer(server, q)
	go func() { _ = server.Serve(l) }()
	defer server.Stop()

	graph := whatsapptest.NewServer(whatsapptest.Options{Keep: 1})
	defer graph.Close()

	// The stand-in for Firestore belongs to a test or a benchmark; here is one
	// that lasts as long as the process.
	failed := make(chan error, 1)
	testing.Benchmark(func(b *testing.B) {
		ledger := firestoretest.New(b)
		address, err := control(ctx, map[string]http.HandlerFunc{
			"/slow": q.slow,
			"/counts": func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(counts{
					Tasks: q.created.Load(), Sends: int64(graph.Counts().Accepted),
					Reads: int64(ledger.Calls("BatchGetDocuments")), Commits: int64(ledger.Calls("Commit")),
				})
			},
		})
		if err == nil {
			err = announce(map[string]string{
				"control": address, "tasks": l.Addr().String(), "graph": graph.URL, "firestore": ledger.Host(),
			})
		}
		if err == nil {
			<-ctx.Done()
		}
		failed <- err
	})
	return <-failed
}
