package cloudtaskstest

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	maxQueuePage = 9800
	maxTaskPage  = 1000
)

// CreateQueue creates a queue that runs.
func (s *Server) CreateQueue(_ context.Context, r *cloudtaskspb.CreateQueueRequest) (*cloudtaskspb.Queue, error) {
	if err := checkLocation(r.GetParent()); err != nil {
		return nil, err
	}
	if err := checkQueueName(r.GetQueue().GetName()); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.GetQueue().GetName(), r.GetParent()+"/") {
		return nil, invalid("queue name must be in the parent location")
	}
	if err := checkQueue(r.GetQueue()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.queues[r.GetQueue().GetName()]; ok {
		return nil, status.Error(codes.AlreadyExists, "queue already exists")
	}
	q := newQueue(r.GetQueue(), s.clock.Now())
	s.queues[q.name] = q
	return proto.CloneOf(q.conf), nil
}

// GetQueue reads a queue's settings and state.
func (s *Server) GetQueue(_ context.Context, r *cloudtaskspb.GetQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.withQueue(r.GetName(), func(*queue) error { return nil })
}

// withQueue does something to a queue under the lock and returns its settings
// after that.
func (s *Server) withQueue(name string, do func(*queue) error) (*cloudtaskspb.Queue, error) {
	if err := checkQueueName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if err := do(q); err != nil {
		return nil, err
	}
	s.poke()
	s.notify()
	return proto.CloneOf(q.conf), nil
}

// find returns a queue, creating it where that was asked for. The caller holds
// the lock and has checked the name.
func (s *Server) find(name string) (*queue, error) {
	if q, ok := s.queues[name]; ok {
		return q, nil
	}
	if !s.autoCreate {
		return nil, status.Error(codes.NotFound, "queue does not exist")
	}
	conf := proto.CloneOf(s.template)
	conf.Name = name
	q := newQueue(conf, s.clock.Now())
	s.queues[name] = q
	return q, nil
}

// ListQueues lists the queues of a location by name.
func (s *Server) ListQueues(_ context.Context, r *cloudtaskspb.ListQueuesRequest) (*cloudtaskspb.ListQueuesResponse, error) {
	if err := checkLocation(r.GetParent()); err != nil {
		return nil, err
	}
	if r.GetFilter() != "" {
		return nil, unserved("a filter")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.queues {
		if strings.HasPrefix(name, r.GetParent()+"/queues/") && name > r.GetPageToken() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	size, err := pageSize(r.GetPageSize(), maxQueuePage)
	if err != nil {
		return nil, err
	}
	res := &cloudtaskspb.ListQueuesResponse{}
	if len(names) > size {
		names = names[:size]
		res.NextPageToken = names[size-1]
	}
	for _, name := range names {
		res.Queues = append(res.Queues, proto.CloneOf(s.queues[name].conf))
	}
	return res, nil
}

func pageSize(asked int32, most int) (int, error) {
	if asked < 0 {
		return 0, invalid("page_size must not be negative")
	}
	if asked == 0 || int(asked) > most {
		return most, nil
	}
	return int(asked), nil
}

// UpdateQueue changes the settings that the mask names (without a mask, all),
// and creates the queue if it does not exist.
func (s *Server) UpdateQueue(_ context.Context, r *cloudtaskspb.UpdateQueueRequest) (*cloudtaskspb.Queue, error) {
	given := r.GetQueue()
	if err := checkQueueName(given.GetName()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	q, ok := s.queues[given.GetName()]
	conf := &cloudtaskspb.Queue{Name: given.GetName()}
	if ok {
		conf = proto.CloneOf(q.conf)
	}
	paths := r.GetUpdateMask().GetPaths()
	if len(paths) == 0 {
		paths = []string{"rate_limits", "retry_config"}
	}
	for _, path := range paths {
		if err := applyMask(conf, given, path); err != nil {
			return nil, err
		}
	}
	if err := checkQueue(conf); err != nil {
		return nil, err
	}
	if err := checkQueue(given); err != nil {
		return nil, err
	}
	if !ok {
		q = newQueue(conf, now)
		s.queues[q.name] = q
		return proto.CloneOf(q.conf), nil
	}
	fillDefaults(conf)
	q.reconfigure(conf, now)
	s.poke()
	return proto.CloneOf(q.conf), nil
}

// applyMask copies one field path from src to dst.
func applyMask(dst, src *cloudtaskspb.Queue, path string) error {
	if dst.RateLimits == nil {
		dst.RateLimits = &cloudtaskspb.RateLimits{}
	}
	if dst.RetryConfig == nil {
		dst.RetryConfig = &cloudtaskspb.RetryConfig{}
	}
	switch path {
	case "rate_limits":
		dst.RateLimits = proto.CloneOf(src.GetRateLimits())
	case "rate_limits.max_dispatches_per_second":
		dst.RateLimits.MaxDispatchesPerSecond = src.GetRateLimits().GetMaxDispatchesPerSecond()
	case "rate_limits.max_concurrent_dispatches":
		dst.RateLimits.MaxConcurrentDispatches = src.GetRateLimits().GetMaxConcurrentDispatches()
	case "retry_config":
		dst.RetryConfig = proto.CloneOf(src.GetRetryConfig())
	case "retry_config.max_attempts":
		dst.RetryConfig.MaxAttempts = src.GetRetryConfig().GetMaxAttempts()
	case "retry_config.max_retry_duration":
		dst.RetryConfig.MaxRetryDuration = src.GetRetryConfig().GetMaxRetryDuration()
	case "retry_config.min_backoff":
		dst.RetryConfig.MinBackoff = src.GetRetryConfig().GetMinBackoff()
	case "retry_config.max_backoff":
		dst.RetryConfig.MaxBackoff = src.GetRetryConfig().GetMaxBackoff()
	case "retry_config.max_doublings":
		dst.RetryConfig.MaxDoublings = src.GetRetryConfig().GetMaxDoublings()
	default:
		return invalid("update_mask holds a field that cannot be changed")
	}
	return nil
}

// DeleteQueue deletes a queue and its tasks. Pushes that run are not hung up on.
func (s *Server) DeleteQueue(_ context.Context, r *cloudtaskspb.DeleteQueueRequest) (*emptypb.Empty, error) {
	if err := checkQueueName(r.GetName()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[r.GetName()]
	if !ok {
		return nil, status.Error(codes.NotFound, "queue does not exist")
	}
	s.removeAll(q, Deleted)
	delete(s.queues, q.name)
	s.notify()
	return &emptypb.Empty{}, nil
}

// removeAll ends every task of a queue in the order of creation, and drops the
// duplicates that wait. The caller holds the lock.
func (s *Server) removeAll(q *queue, state State) {
	now := s.clock.Now()
	for _, t := range q.inOrder() {
		s.remove(t, state, now)
	}
	q.due = nil
}

func (q *queue) inOrder() []*task {
	tasks := make([]*task, 0, len(q.tasks))
	for _, t := range q.tasks {
		tasks = append(tasks, t)
	}
	slices.SortFunc(tasks, byOrder)
	return tasks
}

// PurgeQueue deletes all tasks of a queue, at once.
func (s *Server) PurgeQueue(_ context.Context, r *cloudtaskspb.PurgeQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.withQueue(r.GetName(), func(q *queue) error {
		s.removeAll(q, Purged)
		q.conf.PurgeTime = timestamppb.New(s.clock.Now().Truncate(time.Microsecond))
		return nil
	})
}

// PauseQueue stops dispatches; pushes that run go on.
func (s *Server) PauseQueue(_ context.Context, r *cloudtaskspb.PauseQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.withQueue(r.GetName(), func(q *queue) error {
		q.conf.State = cloudtaskspb.Queue_PAUSED
		return nil
	})
}

// ResumeQueue starts dispatches again.
func (s *Server) ResumeQueue(_ context.Context, r *cloudtaskspb.ResumeQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.withQueue(r.GetName(), func(q *queue) error {
		q.conf.State = cloudtaskspb.Queue_RUNNING
		return nil
	})
}

// CreateTask stores a task; when this returns, it will be pushed.
func (s *Server) CreateTask(_ context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	if err := checkQueueName(r.GetParent()); err != nil {
		return nil, err
	}
	now := s.clock.Now()
	spec := r.GetTask()
	if err := checkTask(r.GetParent(), spec, now); err != nil {
		return nil, err
	}
	if spec.GetRetryConfig() != nil {
		fillRetryDefaults(spec.GetRetryConfig())
	}
	at := now
	if wish := spec.GetScheduleTime(); wish != nil && wish.AsTime().After(now) {
		at = wish.AsTime()
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, status.Error(codes.Unavailable, "server is closing")
	}
	q, err := s.find(r.GetParent())
	if err != nil {
		return nil, err
	}
	named := spec.GetName() != ""
	if !named {
		spec.Name = q.name + "/tasks/" + rand.Text()
	}
	id := lastSegment(spec.GetName())
	if _, lives := q.tasks[id]; lives || s.burnt.has(spec.GetName(), now) {
		s.tell(Event{Kind: Repeated, Task: id, Queue: q.id(), At: now})
		return nil, status.Error(codes.AlreadyExists, "a task with this name exists or existed too recently")
	}
	s.order++
	t := &task{
		id:      id,
		queue:   q,
		order:   s.order,
		spec:    spec,
		named:   named,
		created: now,
		at:      at.Truncate(time.Microsecond),
	}
	q.tasks[id] = t
	q.wait(&push{task: t, at: t.at})
	s.tell(Event{Kind: Created, Task: id, Queue: q.id(), At: now})
	s.poke()
	s.notify()
	return t.proto(r.GetResponseView()), nil
}

// GetTask reads a task that lives.
func (s *Server) GetTask(_ context.Context, r *cloudtaskspb.GetTaskRequest) (*cloudtaskspb.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.task(r.GetName())
	if err != nil {
		return nil, err
	}
	return t.proto(r.GetResponseView()), nil
}

// task finds a task that lives. The caller holds the lock.
func (s *Server) task(name string) (*task, error) {
	queue, id, err := splitTaskName(name)
	if err != nil {
		return nil, err
	}
	q, ok := s.queues[queue]
	if !ok {
		return nil, status.Error(codes.NotFound, "queue does not exist")
	}
	t, ok := q.tasks[id]
	if !ok {
		return nil, status.Error(codes.NotFound, "task does not exist")
	}
	return t, nil
}

// ListTasks lists the tasks of a queue in the order of creation.
func (s *Server) ListTasks(_ context.Context, r *cloudtaskspb.ListTasksRequest) (*cloudtaskspb.ListTasksResponse, error) {
	if err := checkQueueName(r.GetParent()); err != nil {
		return nil, err
	}
	size, err := pageSize(r.GetPageSize(), maxTaskPage)
	if err != nil {
		return nil, err
	}
	after := uint64(0)
	if token := r.GetPageToken(); token != "" {
		if after, err = strconv.ParseUint(token, 10, 64); err != nil {
			return nil, invalid("page_token is not one of ours")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(r.GetParent())
	if err != nil {
		return nil, err
	}
	res := &cloudtaskspb.ListTasksResponse{}
	last := uint64(0)
	for _, t := range q.inOrder() {
		if t.order <= after {
			continue
		}
		if len(res.GetTasks()) == size {
			res.NextPageToken = strconv.FormatUint(last, 10)
			break
		}
		res.Tasks = append(res.Tasks, t.proto(r.GetResponseView()))
		last = t.order
	}
	return res, nil
}

// DeleteTask deletes a task that has not ended. A push of it that runs is not
// hung up on.
func (s *Server) DeleteTask(_ context.Context, r *cloudtaskspb.DeleteTaskRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.task(r.GetName())
	if err != nil {
		return nil, err
	}
	s.remove(t, Deleted, s.clock.Now())
	return &emptypb.Empty{}, nil
}

// RunTask pushes a task now, whatever its time, its queue's state and limits,
// and even if it runs already.
func (s *Server) RunTask(_ context.Context, r *cloudtaskspb.RunTaskRequest) (*cloudtaskspb.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.task(r.GetName())
	if err != nil {
		return nil, err
	}
	if s.closed {
		return nil, status.Error(codes.Unavailable, "server is closing")
	}
	now := s.clock.Now()
	if t.waiting != nil {
		t.queue.unwait(t.waiting)
	}
	t.at = now.Truncate(time.Microsecond)
	s.start(&push{task: t, at: t.at, forced: true}, now)
	return t.proto(r.GetResponseView()), nil
}

// proto shows a task as the service does; the basic view leaves the body out.
func (t *task) proto(view cloudtaskspb.Task_View) *cloudtaskspb.Task {
	deadline := t.spec.GetDispatchDeadline()
	if deadline == nil {
		deadline = durationpb.New(defaultDispatchDeadline)
	}
	r := t.spec.GetHttpRequest()
	shown := &cloudtaskspb.HttpRequest{
		Url:                 r.GetUrl(),
		HttpMethod:          cloudtaskspb.HttpMethod(cloudtaskspb.HttpMethod_value[method(r)]),
		Headers:             r.GetHeaders(),
		AuthorizationHeader: r.GetAuthorizationHeader(),
	}
	if view == cloudtaskspb.Task_FULL {
		shown.Body = r.GetBody()
	} else {
		view = cloudtaskspb.Task_BASIC
	}
	out := &cloudtaskspb.Task{
		Name:             t.spec.GetName(),
		MessageType:      &cloudtaskspb.Task_HttpRequest{HttpRequest: shown},
		ScheduleTime:     timestamppb.New(t.at),
		CreateTime:       timestamppb.New(t.created.Truncate(time.Second)),
		DispatchDeadline: deadline,
		DispatchCount:    t.dispatched,
		ResponseCount:    t.answered,
		View:             view,
		RetryConfig:      t.spec.GetRetryConfig(),
	}
	if n := len(t.attempts); n > 0 {
		out.FirstAttempt = &cloudtaskspb.Attempt{DispatchTime: timestamppb.New(t.attempts[0].Dispatched)}
		out.LastAttempt = t.attempts[n-1].proto()
	}
	return out
}

func (a Attempt) proto() *cloudtaskspb.Attempt {
	out := &cloudtaskspb.Attempt{DispatchTime: timestamppb.New(a.Dispatched)}
	if a.Ended.IsZero() {
		return out
	}
	out.ResponseTime = timestamppb.New(a.Ended)
	switch {
	case a.TimedOut:
		out.ResponseStatus = status.New(codes.DeadlineExceeded, errDispatchDeadline.Error()).Proto()
	case a.Status == 0:
		out.ResponseStatus = status.New(codes.Unavailable, "no response").Proto()
	default:
		out.ResponseStatus = status.Newf(codeOfHTTP(a.Status), "HTTP status code %d", a.Status).Proto()
	}
	return out
}

// codeOfHTTP translates as the service's own APIs do.
func codeOfHTTP(status int) codes.Code {
	switch {
	case status >= 200 && status <= 299:
		return codes.OK
	case status == http.StatusBadRequest:
		return codes.InvalidArgument
	case status == http.StatusUnauthorized:
		return codes.Unauthenticated
	case status == http.StatusForbidden:
		return codes.PermissionDenied
	case status == http.StatusNotFound:
		return codes.NotFound
	case status == http.StatusConflict:
		return codes.Aborted
	case status == http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case status == http.StatusServiceUnavailable:
		return codes.Unavailable
	case status == http.StatusGatewayTimeout:
		return codes.DeadlineExceeded
	case status >= 500:
		return codes.Internal
	default:
		return codes.Unknown
	}
}
