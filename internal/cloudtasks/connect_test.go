package cloudtasks_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/fault"
)

func options(host string) cloudtasks.Options {
	return cloudtasks.Options{
		Project: "acme", Location: "us-central1", WorkerURL: "http://127.0.0.1:1", EmulatorHost: host,
		AttemptTimeout: 10 * time.Second,
	}
}

// vacancy is a loopback address nobody listens on.
func vacancy(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestWrongOptionsAreRefusedAllAtOnce(t *testing.T) {
	_, err := cloudtasks.New(cloudtasks.Options{WorkerURL: "worker", AttemptTimeout: -1})
	if fault.KindOf(err) != fault.Broken {
		t.Fatalf("New = %v, want broken", err)
	}
	for _, part := range []string{"project", "location", "worker URL", "invoker", "timeout"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name the %s", err, part)
		}
	}
	for _, worker := range []string{"", "worker.example", "ftp://worker.example", "http://", "http://%zz"} {
		o := options("127.0.0.1:1")
		o.WorkerURL = worker
		if _, err := cloudtasks.New(o); err == nil {
			t.Errorf("worker URL %q was accepted", worker)
		}
	}
}

func TestServiceThatIsDownFailsTheCallAndNotTheStart(t *testing.T) {
	o := options(vacancy(t))
	o.AttemptTimeout = 50 * time.Millisecond
	c, err := cloudtasks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Enqueue(t.Context(), named("mid-0")); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Enqueue = %v, want a dependency", err)
	}
	if err := c.Ping(t.Context(), queue); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Ping = %v, want a dependency", err)
	}
}

func TestSecondAttemptWaitsForAServiceThatComesBack(t *testing.T) {
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	back := make(chan struct{})
	o := options(server.Addr())
	o.ClientOptions = []option.ClientOption{option.WithGRPCDialOption(grpc.WithContextDialer(
		func(ctx context.Context, address string) (net.Conn, error) {
			select {
			case <-back:
				return (&net.Dialer{}).DialContext(ctx, "tcp", address)
			default:
				return nil, errors.New("nobody listens")
			}
		}))}
	w := &wire{}
	w.tap(&o)
	c, err := cloudtasks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	done := make(chan error, 1)
	go func() {
		_, err := c.Enqueue(t.Context(), named("mid-0"))
		done <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for w.attempts() < 2 { // the first has failed, the second waits
		select {
		case <-tick.C:
		case err := <-done:
			t.Fatalf("Enqueue gave up: %v", err)
		}
	}
	close(back)
	if err := <-done; err != nil {
		t.Errorf("Enqueue = %v, want the second attempt to succeed", err)
	}
}

func TestMissingCredentialsAreLookedForAgain(t *testing.T) {
	o := options("")
	o.InvokerEmail = invoker
	o.AttemptTimeout = 100 * time.Millisecond
	file := filepath.Join(t.TempDir(), "credentials.json")
	o.ClientOptions = []option.ClientOption{
		option.WithAuthCredentialsFile(option.AuthorizedUser, file),
		// Nothing may leave this machine, and gRPC sends no credential in clear.
		option.WithEndpoint(vacancy(t)),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
	c, err := cloudtasks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enqueue(t.Context(), named("mid-0")); fault.KindOf(err) != fault.Dependency || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Enqueue = %v, want a dependency for the missing file", err)
	}
	user := `{"type":"authorized_user","client_id":"i","client_secret":"s","refresh_token":"t"}`
	if err := os.WriteFile(file, []byte(user), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enqueue(t.Context(), named("mid-0")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Enqueue = %v, want the file found by now", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestFirstCallsShareOneConnection(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	var g sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for range 40 {
		g.Go(func() {
			existed, err := r.client.Enqueue(t.Context(), named("mid-0"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !existed {
				created++
			}
		})
	}
	g.Wait()
	if created != 1 {
		t.Errorf("%d of forty equal calls created the task", created)
	}
	r.idle(t)
	if n := len(r.worker.pushes); n != 1 {
		t.Errorf("%d pushes, want 1", n)
	}
}

func TestPingSaysWhetherTheQueueIsThere(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	if err := r.client.Ping(t.Context(), queue); err != nil {
		t.Errorf("Ping = %v", err)
	}
	bare, err := cloudtaskstest.Start(cloudtaskstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	c, err := cloudtasks.New(options(bare.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Ping(t.Context(), queue); fault.KindOf(err) != fault.Broken || !strings.Contains(err.Error(), queue) {
		t.Errorf("Ping of a queue that is not there = %v, want it named and broken", err)
	}
	r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Method: "GetQueue", Code: codes.Unavailable})
	if err := r.client.Ping(t.Context(), queue); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Ping = %v, want the first refusal, not a repetition", err)
	}
	r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Hang, Method: "GetQueue"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.client.Ping(ctx, queue); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Ping = %v, want a dependency", err)
	}
}

func TestQueueSaysHowItStands(t *testing.T) {
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{
		AutoCreateQueues: true, QueueTemplate: &cloudtaskspb.Queue{
			RateLimits:  &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 20, MaxConcurrentDispatches: 7},
			RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: -1, MaxBackoff: durationpb.New(15 * time.Second)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := cloudtasks.New(options(server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	want := cloudtasks.Queue{Running: true, Attempts: -1, MaxBackoff: 15 * time.Second, Rate: 20, Concurrent: 7}
	if got, err := c.Queue(t.Context(), queue); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	name := "projects/acme/locations/us-central1/queues/" + queue
	if _, err := server.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	want.Running = false
	if got, err := c.Queue(t.Context(), queue); err != nil || got != want {
		t.Errorf("paused: %+v, %v", got, err)
	}
}

func TestClosedClientRefusesCalls(t *testing.T) {
	server, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for name, before := range map[string]func(*cloudtasks.Client) error{
		"never used": func(*cloudtasks.Client) error { return nil },
		"used":       func(c *cloudtasks.Client) error { return c.Ping(t.Context(), queue) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := cloudtasks.New(options(server.Addr()))
			if err != nil {
				t.Fatal(err)
			}
			if err := before(c); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := c.Close(); err != nil {
					t.Errorf("Close = %v", err)
				}
			}
			if _, err := c.Enqueue(t.Context(), named("mid-0")); fault.KindOf(err) != fault.Dependency {
				t.Errorf("Enqueue = %v, want a dependency", err)
			}
		})
	}
}

func TestConnectingWaitsNoLongerThanItsCaller(t *testing.T) {
	c, err := cloudtasks.New(options(vacancy(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Enqueue(ctx, named("mid-0")); fault.KindOf(err) != fault.Dependency {
		t.Errorf("Enqueue = %v, want a dependency", err)
	}
}
