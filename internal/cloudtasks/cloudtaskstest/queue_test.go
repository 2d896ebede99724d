package cloudtaskstest_test

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func TestQueueIsCreatedWithTheServicesDefaults(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	want := &cloudtaskspb.Queue{
		Name:  inbound,
		State: cloudtaskspb.Queue_RUNNING,
		RateLimits: &cloudtaskspb.RateLimits{
			MaxDispatchesPerSecond:  500,
			MaxBurstSize:            100,
			MaxConcurrentDispatches: 1000,
		},
		RetryConfig: &cloudtaskspb.RetryConfig{
			MaxAttempts:      100,
			MaxRetryDuration: durationpb.New(0),
			MinBackoff:       durationpb.New(100 * time.Millisecond),
			MaxBackoff:       durationpb.New(time.Hour),
			MaxDoublings:     16,
		},
	}
	if d := cmp.Diff(want, s.queue(nil), protocmp.Transform()); d != "" {
		t.Errorf("created (-want +got):\n%s", d)
	}
	got, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: inbound})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
	_, err = s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: inbound}})
	wantCode(t, err, codes.AlreadyExists)
}

func TestQueueThatDoesNotExistIsNotFound(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	ctx := s.ctx()
	for name, call := range map[string]func() error{
		"GetQueue": func() error {
			_, err := s.client.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: inbound})
			return err
		},
		"PauseQueue": func() error {
			_, err := s.client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: inbound})
			return err
		},
		"ResumeQueue": func() error {
			_, err := s.client.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: inbound})
			return err
		},
		"PurgeQueue": func() error {
			_, err := s.client.PurgeQueue(ctx, &cloudtaskspb.PurgeQueueRequest{Name: inbound})
			return err
		},
		"DeleteQueue": func() error {
			return s.client.DeleteQueue(ctx, &cloudtaskspb.DeleteQueueRequest{Name: inbound})
		},
		"CreateTask": func() error { _, err := s.tryCreate("abc-0"); return err },
		"ListTasks": func() error {
			_, err := s.client.ListTasks(ctx, &cloudtaskspb.ListTasksRequest{Parent: inbound}).Next()
			return err
		},
		"GetTask": func() error {
			_, err := s.client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: taskName("abc-0")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, call(), codes.NotFound) })
	}
}

func TestQueueAppearsWithItsFirstTaskWhenAskedFor(t *testing.T) {
	template := &cloudtaskspb.Queue{
		RateLimits:  &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 20_000},
		RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: -1},
	}
	s := newStreet(t, cloudtaskstest.Options{AutoCreateQueues: true, QueueTemplate: template})
	template.RateLimits.MaxDispatchesPerSecond = 1 // ours to change, not the server's
	s.create("abc-0")
	s.idle()
	q, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: inbound})
	if err != nil {
		t.Fatal(err)
	}
	if q.GetRateLimits().GetMaxDispatchesPerSecond() != 20_000 || q.GetRetryConfig().GetMaxAttempts() != -1 {
		t.Errorf("settings are not the template's: %v", q)
	}
}

func TestQueuesAreListedByNameInPages(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	for _, id := range []string{"c", "a", "b"} {
		if _, err := s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{
			Parent: location, Queue: &cloudtaskspb.Queue{Name: location + "/queues/" + id}}); err != nil {
			t.Fatal(err)
		}
	}
	other := "projects/acme/locations/europe-west1"
	if _, err := s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{
		Parent: other, Queue: &cloudtaskspb.Queue{Name: other + "/queues/a"}}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int32{0, 1, 2, 3, 100_000} {
		var got []string
		it := s.client.ListQueues(s.ctx(), &cloudtaskspb.ListQueuesRequest{Parent: location, PageSize: size})
		for {
			q, err := it.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, q.GetName())
		}
		want := []string{location + "/queues/a", location + "/queues/b", location + "/queues/c"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("page size %d (-want +got):\n%s", size, d)
		}
	}
	_, err := s.client.ListQueues(s.ctx(), &cloudtaskspb.ListQueuesRequest{Parent: location, PageSize: -1}).Next()
	wantCode(t, err, codes.InvalidArgument)
	_, err = s.client.ListQueues(s.ctx(), &cloudtaskspb.ListQueuesRequest{Parent: location, Filter: "state: PAUSED"}).Next()
	wantCode(t, err, codes.Unimplemented)
}

func TestUpdateQueueChangesWhatTheMaskNames(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	given := &cloudtaskspb.Queue{
		Name:       inbound,
		RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 10, MaxConcurrentDispatches: 3},
		RetryConfig: &cloudtaskspb.RetryConfig{
			MaxAttempts:      -1,
			MaxRetryDuration: durationpb.New(time.Minute),
			MinBackoff:       durationpb.New(2 * time.Second),
			MaxBackoff:       durationpb.New(300 * time.Second),
			MaxDoublings:     5,
		},
	}
	update := func(paths ...string) *cloudtaskspb.Queue {
		t.Helper()
		r := &cloudtaskspb.UpdateQueueRequest{Queue: given}
		if paths != nil {
			r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		q, err := s.client.UpdateQueue(s.ctx(), r)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	q := update("rate_limits.max_concurrent_dispatches", "retry_config.max_doublings", "retry_config.min_backoff")
	if l := q.GetRateLimits(); l.GetMaxConcurrentDispatches() != 3 || l.GetMaxDispatchesPerSecond() != 500 {
		t.Errorf("rate limits = %v", l)
	}
	if r := q.GetRetryConfig(); r.GetMaxDoublings() != 5 || r.GetMinBackoff().AsDuration() != 2*time.Second || r.GetMaxAttempts() != 100 {
		t.Errorf("retry config = %v", r)
	}
	q = update("rate_limits.max_dispatches_per_second", "retry_config.max_attempts",
		"retry_config.max_retry_duration", "retry_config.max_backoff")
	if d := cmp.Diff(given.GetRetryConfig(), q.GetRetryConfig(), protocmp.Transform()); d != "" {
		t.Errorf("retry config (-want +got):\n%s", d)
	}
	if l := q.GetRateLimits(); l.GetMaxDispatchesPerSecond() != 10 || l.GetMaxBurstSize() != 2 {
		t.Errorf("rate limits = %v", l)
	}
	given = &cloudtaskspb.Queue{Name: inbound}
	if q = update(); q.GetRateLimits().GetMaxDispatchesPerSecond() != 500 {
		t.Errorf("no mask and no settings = %v, want the defaults", q)
	}
	given = &cloudtaskspb.Queue{Name: location + "/queues/new"}
	if q = update("rate_limits", "retry_config"); q.GetState() != cloudtaskspb.Queue_RUNNING {
		t.Errorf("queue that did not exist = %v, want it created", q)
	}
	_, err := s.client.UpdateQueue(s.ctx(), &cloudtaskspb.UpdateQueueRequest{
		Queue: given, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}}})
	wantCode(t, err, codes.InvalidArgument)
}

func TestPausedQueueKeepsItsTasksUntilResumed(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	q, err := s.client.PauseQueue(s.ctx(), &cloudtaskspb.PauseQueueRequest{Name: inbound})
	if err != nil || q.GetState() != cloudtaskspb.Queue_PAUSED {
		t.Fatalf("PauseQueue = %v, %v", q.GetState(), err)
	}
	s.create("abc-0")
	s.quiet()
	if n := len(s.worker.seen()); n != 0 {
		t.Fatalf("%d pushes from a paused queue", n)
	}
	q, err = s.client.ResumeQueue(s.ctx(), &cloudtaskspb.ResumeQueueRequest{Name: inbound})
	if err != nil || q.GetState() != cloudtaskspb.Queue_RUNNING {
		t.Fatalf("ResumeQueue = %v, %v", q.GetState(), err)
	}
	s.idle()
	if n := len(s.worker.seen()); n != 1 {
		t.Errorf("%d pushes after resuming, want 1", n)
	}
}

func TestPurgeDeletesWhatWaitsAndBurnsItsNames(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	later := func(task *cloudtaskspb.Task) { task.ScheduleTime = timestamppb.New(clock.Now().Add(time.Hour)) }
	s.create("a", later)
	s.create("b", later)
	clock.advance(time.Minute)
	q, err := s.client.PurgeQueue(s.ctx(), &cloudtaskspb.PurgeQueueRequest{Name: inbound})
	if err != nil {
		t.Fatal(err)
	}
	if got := q.GetPurgeTime().AsTime(); !got.Equal(clock.Now()) {
		t.Errorf("purge time = %v, want %v", got, clock.Now())
	}
	s.idle()
	clock.advance(30 * time.Minute)
	_, err = s.tryCreate("a")
	wantCode(t, err, codes.AlreadyExists)
	s.create("c")
	s.idle()
	if n := len(s.worker.seen()); n != 1 {
		t.Errorf("%d pushes, want only that of the task created after the purge", n)
	}
	if state, _ := s.fate("b"); state != cloudtaskstest.Purged {
		t.Errorf("state = %v, want purged", state)
	}
}

func TestDeletedQueueIsGoneWithItsTasks(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	hold := make(chan struct{})
	s.worker.answer(func(_ http.ResponseWriter, _ *http.Request) { <-hold })
	s.create("running")
	s.worker.wait(t, 1)
	s.create("waiting", func(task *cloudtaskspb.Task) {
		task.ScheduleTime = timestamppb.New(time.Now().Add(time.Hour))
	})
	if err := s.client.DeleteQueue(s.ctx(), &cloudtaskspb.DeleteQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	_, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: inbound})
	wantCode(t, err, codes.NotFound)
	close(hold)
	s.idle() // also waits for the push that was running
	for _, id := range []string{"running", "waiting"} {
		if state, _ := s.fate(id); state != cloudtaskstest.Deleted {
			t.Errorf("%s is %v, want deleted", id, state)
		}
	}
	if a := s.record("running").Attempts[0]; a.Status != 200 {
		t.Errorf("the running push ended with %d, want it left alone", a.Status)
	}
}

func TestQueueSettingsTheServiceRefuses(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	for name, tt := range map[string]struct {
		parent string
		queue  *cloudtaskspb.Queue
		want   codes.Code
	}{
		"no queue":           {location, nil, codes.InvalidArgument},
		"bad parent":         {"acme", &cloudtaskspb.Queue{Name: inbound}, codes.InvalidArgument},
		"other parent":       {"projects/acme/locations/moon", &cloudtaskspb.Queue{Name: inbound}, codes.InvalidArgument},
		"underscore in id":   {location, &cloudtaskspb.Queue{Name: location + "/queues/a_b"}, codes.InvalidArgument},
		"id of 101":          {location, &cloudtaskspb.Queue{Name: location + "/queues/" + strings.Repeat("q", 101)}, codes.InvalidArgument},
		"rate above 500":     {location, withLimits(500.1, 1), codes.InvalidArgument},
		"negative rate":      {location, withLimits(-1, 1), codes.InvalidArgument},
		"rate not a number":  {location, withLimits(math.NaN(), 1), codes.InvalidArgument},
		"concurrency 5001":   {location, withLimits(1, 5001), codes.InvalidArgument},
		"concurrency -1":     {location, withLimits(1, -1), codes.InvalidArgument},
		"attempts -2":        {location, withRetry(&cloudtaskspb.RetryConfig{MaxAttempts: -2}), codes.InvalidArgument},
		"negative doublings": {location, withRetry(&cloudtaskspb.RetryConfig{MaxDoublings: -1}), codes.InvalidArgument},
		"negative backoff":   {location, withRetry(&cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(-1)}), codes.InvalidArgument},
		"min above max": {location, withRetry(&cloudtaskspb.RetryConfig{
			MinBackoff: durationpb.New(2), MaxBackoff: durationpb.New(1)}), codes.InvalidArgument},
		"target override": {location, &cloudtaskspb.Queue{Name: inbound, HttpTarget: &cloudtaskspb.HttpTarget{}}, codes.Unimplemented},
		"routing override": {location, &cloudtaskspb.Queue{Name: inbound,
			AppEngineRoutingOverride: &cloudtaskspb.AppEngineRouting{}}, codes.Unimplemented},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{Parent: tt.parent, Queue: tt.queue})
			wantCode(t, err, tt.want)
			if tt.queue != nil && tt.parent == location {
				_, err = s.client.UpdateQueue(s.ctx(), &cloudtaskspb.UpdateQueueRequest{Queue: tt.queue})
				wantCode(t, err, tt.want)
			}
		})
	}
	for _, name := range []string{"", "inbound", inbound + "/tasks/a"} {
		_, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: name})
		wantCode(t, err, codes.InvalidArgument)
		err = s.client.DeleteQueue(s.ctx(), &cloudtaskspb.DeleteQueueRequest{Name: name})
		wantCode(t, err, codes.InvalidArgument)
	}
	_, err := s.client.ListQueues(s.ctx(), &cloudtaskspb.ListQueuesRequest{Parent: "acme"}).Next()
	wantCode(t, err, codes.InvalidArgument)
}

func withLimits(rate float64, concurrent int32) *cloudtaskspb.Queue {
	return &cloudtaskspb.Queue{Name: inbound, RateLimits: &cloudtaskspb.RateLimits{
		MaxDispatchesPerSecond: rate, MaxConcurrentDispatches: concurrent}}
}

func withRetry(r *cloudtaskspb.RetryConfig) *cloudtaskspb.Queue {
	return &cloudtaskspb.Queue{Name: inbound, RetryConfig: r}
}
