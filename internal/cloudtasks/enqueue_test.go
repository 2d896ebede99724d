package cloudtasks_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/fault"
)

// wire sees every attempt the client sends.
type wire struct {
	mu       sync.Mutex
	requests []*cloudtaskspb.CreateTaskRequest
	answer   func(ctx context.Context, nth int) error // nil: ask the server
}

func (w *wire) tap(o *cloudtasks.Options) {
	o.ClientOptions = append(o.ClientOptions, option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			w.mu.Lock()
			if r, ok := req.(*cloudtaskspb.CreateTaskRequest); ok {
				w.requests = append(w.requests, r)
			}
			nth := len(w.requests)
			w.mu.Unlock()
			if w.answer != nil {
				return w.answer(ctx, nth)
			}
			return call(ctx, method, req, reply, cc, opts...)
		})))
}

func (w *wire) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

func named(name string) cloudtasks.Task {
	return cloudtasks.Task{Queue: queue, Name: name, Path: "/tasks/inbound", Body: []byte("{}")}
}

func TestRequestIsWhatTheServiceNeeds(t *testing.T) {
	w := &wire{}
	r := newRig(t, cloudtaskstest.Options{}, w.tap)
	at := time.Now().Add(time.Minute).UTC()
	task := named("mid-0")
	task.At = at
	if _, err := r.client.Enqueue(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	req := w.requests[0]
	const parent = "projects/acme/locations/us-central1/queues/" + queue
	got := []any{
		req.GetParent(), req.GetTask().GetName(), req.GetTask().GetScheduleTime().AsTime(),
		req.GetTask().GetDispatchDeadline().AsDuration(), req.GetTask().GetHttpRequest().GetUrl(),
		req.GetTask().GetHttpRequest().GetOidcToken().GetAudience(),
		req.GetTask().GetHttpRequest().GetOidcToken().GetServiceAccountEmail(),
	}
	want := []any{parent, parent + "/tasks/mid-0", at, 180 * time.Second, r.worker.URL + "/tasks/inbound", r.worker.URL, invoker}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	if _, err := r.client.Enqueue(t.Context(), cloudtasks.Task{Queue: queue, Path: "/tasks/status"}); err != nil {
		t.Fatal(err)
	}
	if task := w.requests[1].GetTask(); task.GetName() != "" || task.GetScheduleTime() != nil {
		t.Errorf("task without name and time = %v", task)
	}
}

func TestPushesWithoutAnInvokerCarryNoToken(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{}, func(o *cloudtasks.Options) { o.InvokerEmail = "" })
	if _, err := r.client.Enqueue(t.Context(), named("mid-0")); err != nil {
		t.Fatal(err)
	}
	r.idle(t)
	if h := r.worker.pushes[0].Header.Get("Authorization"); h != "" {
		t.Error("a push carries a token nobody asked for")
	}
}

func TestTasksThatCanNeverBeCreatedAreRefusedBeforeAnyCall(t *testing.T) {
	w := &wire{}
	r := newRig(t, cloudtaskstest.Options{}, w.tap)
	for what, change := range map[string]func(*cloudtasks.Task){
		"no queue":              func(task *cloudtasks.Task) { task.Queue = "" },
		"queue with underscore": func(task *cloudtasks.Task) { task.Queue = "a_b" },
		"queue of 101":          func(task *cloudtasks.Task) { task.Queue = strings.Repeat("q", 101) },
		"name with a dot":       func(task *cloudtasks.Task) { task.Name = "a.b" },
		"name with a slash":     func(task *cloudtasks.Task) { task.Name = "a/b" },
		"name in Portuguese":    func(task *cloudtasks.Task) { task.Name = "ação" },
		"name of 501":           func(task *cloudtasks.Task) { task.Name = strings.Repeat("x", 501) },
		"no path":               func(task *cloudtasks.Task) { task.Path = "" },
		"relative path":         func(task *cloudtasks.Task) { task.Path = "tasks" },
	} {
		t.Run(what, func(t *testing.T) {
			task := named("mid-0")
			change(&task)
			_, err := r.client.Enqueue(t.Context(), task)
			if fault.KindOf(err) != fault.Broken {
				t.Errorf("Enqueue = %v (%v), want broken", err, fault.KindOf(err))
			}
		})
	}
	if n := w.attempts(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	if _, err := r.client.Enqueue(t.Context(), named(strings.Repeat("x", 500))); err != nil {
		t.Errorf("a name of 500 = %v", err)
	}
}

func TestUnknownOutcomeIsRepeatedOnceUnderTheSameName(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Unknown, codes.Internal,
		codes.Aborted, codes.Canceled, codes.DataLoss} {
		for _, applied := range []bool{false, true} {
			t.Run(code.String(), func(t *testing.T) {
				w := &wire{}
				r := newRig(t, cloudtaskstest.Options{}, w.tap)
				kind := cloudtaskstest.Refuse
				if applied {
					kind = cloudtaskstest.LoseReply
				}
				r.server.Inject(cloudtaskstest.Fault{Kind: kind, Code: code})
				existed, err := r.client.Enqueue(t.Context(), named("mid-0"))
				if err != nil || existed != applied {
					t.Errorf("applied %v: Enqueue = %v, %v", applied, existed, err)
				}
				if n := w.attempts(); n != 2 {
					t.Errorf("%d attempts, want 2", n)
				}
				r.idle(t)
				if n := len(r.worker.pushes); n != 1 {
					t.Errorf("%d pushes, want 1", n)
				}
			})
		}
	}
}

func TestUnnamedTaskMayBeStoredTwice(t *testing.T) {
	r := newRig(t, cloudtaskstest.Options{})
	r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply, Code: codes.Unavailable})
	if existed, err := r.client.Enqueue(t.Context(), named("")); err != nil || existed {
		t.Fatalf("Enqueue = %v, %v", existed, err)
	}
	r.idle(t)
	if n := len(r.worker.pushes); n != 2 {
		t.Errorf("%d pushes, want both copies", n)
	}
}

func TestFailureHasItsKindAndItsNumberOfAttempts(t *testing.T) {
	for code, want := range map[codes.Code]struct {
		kind     fault.Kind
		attempts int
	}{
		codes.Unavailable:        {fault.Dependency, 2},
		codes.DeadlineExceeded:   {fault.Dependency, 2},
		codes.Internal:           {fault.Dependency, 2},
		codes.Unauthenticated:    {fault.Dependency, 1},
		codes.ResourceExhausted:  {fault.Throttled, 1},
		codes.InvalidArgument:    {fault.Broken, 1},
		codes.NotFound:           {fault.Broken, 1},
		codes.PermissionDenied:   {fault.Broken, 1},
		codes.FailedPrecondition: {fault.Broken, 1},
		codes.OutOfRange:         {fault.Broken, 1},
		codes.Unimplemented:      {fault.Broken, 1},
	} {
		t.Run(code.String(), func(t *testing.T) {
			w := &wire{}
			r := newRig(t, cloudtaskstest.Options{}, w.tap)
			r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Code: code, Times: -1})
			existed, err := r.client.Enqueue(t.Context(), named("mid-0"))
			if existed || fault.KindOf(err) != want.kind {
				t.Errorf("Enqueue = %v, %v (%v), want %v", existed, err, fault.KindOf(err), want.kind)
			}
			if n := w.attempts(); n != want.attempts {
				t.Errorf("%d attempts, want %d", n, want.attempts)
			}
		})
	}
}

func TestEachAttemptIsBounded(t *testing.T) {
	w := &wire{}
	r := newRig(t, cloudtaskstest.Options{}, w.tap, func(o *cloudtasks.Options) { o.AttemptTimeout = 100 * time.Millisecond })
	for r.client.Ping(t.Context(), queue) != nil { // connected, so that only the calls take time
	}
	r.server.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Hang, Times: -1})
	_, err := r.client.Enqueue(t.Context(), named("mid-0"))
	if fault.KindOf(err) != fault.Dependency || w.attempts() != 2 {
		t.Errorf("Enqueue = %v after %d attempts, want a dependency after 2", err, w.attempts())
	}
}

func TestDefaultAttemptTimeoutIsOneSecond(t *testing.T) {
	w := &wire{}
	var left time.Duration
	w.answer = func(ctx context.Context, _ int) error {
		at, _ := ctx.Deadline()
		left = time.Until(at)
		return status.Error(codes.InvalidArgument, "")
	}
	r := newRig(t, cloudtaskstest.Options{}, w.tap, func(o *cloudtasks.Options) { o.AttemptTimeout = 0 })
	_, err := r.client.Enqueue(t.Context(), named("mid-0"))
	if fault.KindOf(err) != fault.Broken || left <= 0 || left > time.Second {
		t.Errorf("Enqueue = %v with %v left", err, left)
	}
}

func TestEnqueueEndsWithItsContext(t *testing.T) {
	w := &wire{}
	r := newRig(t, cloudtaskstest.Options{}, w.tap)
	ctx, cancel := context.WithCancel(t.Context())
	w.answer = func(ctx context.Context, _ int) error {
		cancel()
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	_, err := r.client.Enqueue(ctx, named("mid-0"))
	if fault.KindOf(err) != fault.Dependency || w.attempts() != 1 {
		t.Errorf("Enqueue = %v after %d attempts, want one and no repetition", err, w.attempts())
	}
}

func TestErrorTextsHoldNothingOfTheTask(t *testing.T) {
	const (
		phone = "5511988887777"
		text  = "oi, quero automatizar"
		name  = "canary-name"
	)
	task := cloudtasks.Task{Queue: queue, Name: name, Path: "/tasks/inbound",
		Body: []byte(phone + text), Header: map[string]string{"X-Phone": phone}}
	quoting := status.Error // what a service could say of a request it dislikes
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		if code == codes.AlreadyExists {
			continue
		}
		w := &wire{answer: func(context.Context, int) error { return quoting(code, "cannot take "+phone+text+name) }}
		switch code {
		case codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.FailedPrecondition:
			w.answer = func(context.Context, int) error { return quoting(code, "queue acme") }
		}
		r := newRig(t, cloudtaskstest.Options{}, w.tap)
		_, err := r.client.Enqueue(t.Context(), task)
		if err == nil {
			t.Fatalf("%v was no error", code)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			for _, canary := range []string{phone, text, name} {
				if strings.Contains(e.Error(), canary) {
					t.Errorf("%v: the error quotes the task: %v", code, e)
				}
			}
		}
		if !strings.Contains(err.Error(), code.String()) || !strings.Contains(err.Error(), queue) {
			t.Errorf("error %q names neither %v nor the queue", err, code)
		}
	}
	r := newRig(t, cloudtaskstest.Options{})
	for _, bad := range []cloudtasks.Task{{Queue: phone + " " + text, Path: "/"}, {Queue: queue, Name: text, Path: "/"}} {
		_, err := r.client.Enqueue(t.Context(), bad)
		if err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("error of an unusable task = %v", err)
		}
	}
}
