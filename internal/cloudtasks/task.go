package cloudtasks

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pyloto/atende/internal/fault"
)

// DispatchDeadline is how long Cloud Tasks waits for the worker's answer before
// it pushes the task again. It is longer than the worker's own limit and than
// the platform's request limit, so that in good order a second push never
// overlaps the first. The service allows 15 s to 30 min for HTTP tasks.
const DispatchDeadline = 180 * time.Second

// Task is one push to make.
type Task struct {
	// Queue is the queue's id, e.g. "atende-inbound".
	Queue string

	// Name is the last segment of the task's resource name, 1 to 500 characters
	// of [A-Za-z0-9_-], and makes repeats harmless. Leaving it empty says that a
	// second copy of the task does no harm: an unnamed task whose outcome is
	// unknown is created again as well.
	Name string

	// Path is the worker's route, e.g. "/tasks/inbound".
	Path string

	// Body is sent as application/json. The service limits a whole task to
	// 100 KB.
	Body []byte

	// Header holds further request headers, e.g. traceparent.
	Header map[string]string

	// At is the earliest time of the push; zero means now. The service allows 30
	// days ahead.
	At time.Time
}

// Enqueue stores one task. existed reports that the name was taken already,
// which for a caller who repeats itself is success; it may have been taken by
// this very call, when the answer to its first attempt was lost.
//
// Each attempt is bounded by the attempt timeout. When the outcome of the first
// is unknown or Cloud Tasks is unavailable, there is exactly one more, with the
// same name; all of it ends with ctx. After an error the task may still exist.
//
// An error is of kind Dependency or Throttled when the same call may succeed
// later, and Broken when it never will: a task the service finds invalid, a
// queue that does not exist, a permission that is missing.
func (c *Client) Enqueue(ctx context.Context, t Task) (existed bool, err error) {
	if err := t.check(); err != nil {
		return false, &callError{op: "create task", queue: t.Queue, cause: fault.Mark(err, fault.Broken)}
	}
	req := c.request(t)
	code, err := c.create(ctx, req, firstAttempt)
	if worthRepeating(code) && ctx.Err() == nil {
		code, err = c.create(ctx, req, secondAttempt)
	}
	switch {
	case err == nil:
		return false, nil
	case code == codes.AlreadyExists:
		return true, nil
	default:
		return false, &callError{op: "create task", queue: t.Queue, cause: err}
	}
}

// Queue is how a queue stands.
type Queue struct {
	// Running is false for a queue that was paused or disabled: it takes tasks
	// and delivers none.
	Running bool
	// Attempts bounds how often a task is delivered before it is deleted; negative
	// is without end, and zero is the service's own limit.
	Attempts int
	// MaxBackoff is the longest pause between two deliveries.
	MaxBackoff time.Duration
	// Rate is how many deliveries may begin in a second, and Concurrent how many
	// may be under way.
	Rate       float64
	Concurrent int
}

// Queue asks how a queue stands, within one attempt timeout and with the
// permission that Ping needs. It changes nothing.
func (c *Client) Queue(ctx context.Context, queue string) (Queue, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	api, err := c.connection(ctx)
	var got *cloudtaskspb.Queue
	if err == nil {
		got, err = api.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: c.queues + queue})
		err = marked(err)
	}
	if err != nil {
		return Queue{}, &callError{op: "get queue", queue: queue, cause: err}
	}
	return Queue{
		Running: got.GetState() == cloudtaskspb.Queue_RUNNING, Attempts: int(got.GetRetryConfig().GetMaxAttempts()),
		MaxBackoff: got.GetRetryConfig().GetMaxBackoff().AsDuration(),
		Rate:       got.GetRateLimits().GetMaxDispatchesPerSecond(), Concurrent: int(got.GetRateLimits().GetMaxConcurrentDispatches()),
	}, nil
}

// Ping reports whether the queue can be reached and exists, within one attempt
// timeout. It needs the permission cloudtasks.queues.get.
func (c *Client) Ping(ctx context.Context, queue string) error {
	_, err := c.Queue(ctx, queue)
	return err
}

func (t Task) check() error {
	if !isID(t.Queue, 100, false) {
		return errors.New("queue id must be 1 to 100 of [A-Za-z0-9-]")
	}
	if t.Name != "" && !isID(t.Name, 500, true) {
		return errors.New("task id must be 1 to 500 of [A-Za-z0-9_-]")
	}
	if t.Path == "" || t.Path[0] != '/' {
		return errors.New("path must start with a slash")
	}
	return nil
}

// isID is a hand-written loop because a regular expression would cost as much
// as everything else this package does per task.
func isID(s string, longest int, underscore bool) bool {
	if s == "" || len(s) > longest {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-':
		case b == '_' && underscore:
		default:
			return false
		}
	}
	return true
}

func (c *Client) request(t Task) *cloudtaskspb.CreateTaskRequest {
	header := make(map[string]string, len(t.Header)+1)
	for k, v := range t.Header {
		header[k] = v
	}
	header["Content-Type"] = "application/json"
	push := &cloudtaskspb.HttpRequest{
		Url:        c.worker + t.Path,
		HttpMethod: cloudtaskspb.HttpMethod_POST,
		Headers:    header,
		Body:       t.Body,
	}
	if c.email != "" {
		push.AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
			ServiceAccountEmail: c.email,
			Audience:            c.aud,
		}}
	}
	parent := c.queues + t.Queue
	task := &cloudtaskspb.Task{
		MessageType:      &cloudtaskspb.Task_HttpRequest{HttpRequest: push},
		DispatchDeadline: &durationpb.Duration{Seconds: int64(DispatchDeadline / time.Second)},
	}
	if t.Name != "" {
		task.Name = parent + "/tasks/" + t.Name
	}
	if !t.At.IsZero() {
		task.ScheduleTime = timestamppb.New(t.At)
	}
	return &cloudtaskspb.CreateTaskRequest{Parent: parent, Task: task}
}

type attempt bool

const (
	firstAttempt  attempt = false
	secondAttempt attempt = true
)

// create makes one attempt. The first fails at once when there is no
// connection; the second waits for one within its own time, because repeating a
// failed dial in the same instant would change nothing.
func (c *Client) create(ctx context.Context, req *cloudtaskspb.CreateTaskRequest, n attempt) (codes.Code, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	api, err := c.connection(ctx)
	if err != nil {
		return codes.Unavailable, err
	}
	var call []gax.CallOption
	if n == secondAttempt {
		call = []gax.CallOption{gax.WithGRPCOptions(grpc.WaitForReady(true))}
	}
	_, err = api.CreateTask(ctx, req, call...)
	if err == nil {
		return codes.OK, nil
	}
	return codeOf(err), marked(err)
}

// worthRepeating holds the answers after which the task may or may not exist,
// or may exist a moment later.
func worthRepeating(code codes.Code) bool {
	switch code {
	case codes.DeadlineExceeded, codes.Unavailable, codes.Unknown, codes.Internal, codes.Aborted, codes.Canceled, codes.DataLoss:
		return true
	default:
		return false
	}
}
