package cloudtaskstest_test

import (
	"fmt"
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"golang.org/x/sync/errgroup"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func TestTenThousandQueuedTasksArePushedOnceEach(t *testing.T) {
	const tasks = 10_000
	s := newStreet(t, cloudtaskstest.Options{
		AutoCreateQueues: true,
		QueueTemplate: &cloudtaskspb.Queue{
			RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 1e6, MaxConcurrentDispatches: 32},
		},
	})
	if _, err := s.client.PauseQueue(s.ctx(), &cloudtaskspb.PauseQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.SetLimit(8)
	for i := range tasks {
		g.Go(func() error {
			_, err := s.client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: inbound, Task: &cloudtaskspb.Task{
				Name:        taskName(fmt.Sprintf("%05d", i)),
				MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: s.worker.URL}},
			}})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.server.Tasks()); n != tasks {
		t.Fatalf("%d tasks are queued, want %d", n, tasks)
	}
	if _, err := s.client.ResumeQueue(s.ctx(), &cloudtaskspb.ResumeQueueRequest{Name: inbound}); err != nil {
		t.Fatal(err)
	}
	if err := s.server.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]int, tasks)
	for _, p := range s.worker.seen() {
		names[p.header.Get("X-CloudTasks-TaskName")]++
	}
	for name, n := range names {
		if n != 1 {
			t.Errorf("task %s was pushed %d times", name, n)
		}
	}
	if len(names) != tasks {
		t.Errorf("%d tasks were pushed, want %d", len(names), tasks)
	}
}
