package cloudtaskstest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

// settle returns once the scheduler has looked at every queue at the present
// time: it looks at all of them in one go, and a task of another queue, created
// now, shows that it did.
func (s *street) settle() {
	s.t.Helper()
	const probe = location + "/queues/probe"
	_, err := s.client.GetQueue(s.ctx(), &cloudtaskspb.GetQueueRequest{Name: probe})
	if err != nil {
		if _, err := s.client.CreateQueue(s.ctx(), &cloudtaskspb.CreateQueueRequest{
			Parent: location, Queue: &cloudtaskspb.Queue{Name: probe}}); err != nil {
			s.t.Fatal(err)
		}
	}
	arrived := make(chan struct{}, 1)
	target := newWorker(s.t)
	target.answer(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
	if _, err := s.client.CreateTask(s.ctx(), &cloudtaskspb.CreateTaskRequest{Parent: probe, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL}}}}); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-s.ctx().Done():
		s.t.Fatal("the probe did not arrive")
	}
}

// dispatched counts the attempts of the tasks in the queue "inbound".
func (s *street) dispatched() int {
	s.t.Helper()
	s.settle()
	n := 0
	for _, r := range s.server.Tasks() {
		if r.Queue == "inbound" {
			n += len(r.Attempts)
		}
	}
	return n
}

func TestRateIsABurstAndThenOneTokenAtATime(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	if burst := s.queue(withLimits(10, 0)).GetRateLimits().GetMaxBurstSize(); burst != 2 {
		t.Fatalf("burst = %d", burst)
	}
	for range 6 {
		s.create("")
	}
	var got []int
	for range 5 {
		got = append(got, s.dispatched())
		clock.advance(50 * time.Millisecond)
	}
	if d := cmp.Diff([]int{2, 2, 3, 3, 4}, got); d != "" {
		t.Errorf("dispatched every 50 ms at ten per second (-want +got):\n%s", d)
	}
}

func TestRateBelowOnePerSecond(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(withLimits(0.1, 0))
	for range 3 {
		s.create("")
	}
	var got []int
	for _, step := range []time.Duration{0, 9999 * time.Millisecond, time.Millisecond, 9 * time.Second, time.Second} {
		clock.advance(step)
		got = append(got, s.dispatched())
	}
	if d := cmp.Diff([]int{1, 1, 2, 2, 3}, got); d != "" {
		t.Errorf("dispatched at one per ten seconds (-want +got):\n%s", d)
	}
}

func TestConcurrencyIsLimited(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(withLimits(500, 2))
	hold := make(chan struct{})
	for range 5 {
		s.worker.answer(func(http.ResponseWriter, *http.Request) { <-hold })
	}
	for range 5 {
		s.create("")
	}
	s.worker.wait(t, 2)
	if n := s.dispatched(); n != 2 {
		t.Errorf("%d pushes at once, want 2", n)
	}
	hold <- struct{}{}
	s.worker.wait(t, 1)
	if n := s.dispatched(); n != 3 {
		t.Errorf("%d pushes after one ended, want 3", n)
	}
	close(hold)
	s.idle()
}

func TestThrottlingAnswersSlowTheQueueAndSuccessesBringItBack(t *testing.T) {
	for _, status := range []int{429, 503, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			clock := newClock()
			s := newStreet(t, cloudtaskstest.Options{Clock: clock})
			s.queue(withLimits(2, 0)) // burst 1: a token every half second
			s.worker.answer(code(status))
			last := clock.Now()
			s.create("ill")
			s.quiet()
			if err := s.client.DeleteTask(s.ctx(), &cloudtaskspb.DeleteTaskRequest{Name: taskName("ill")}); err != nil {
				t.Fatal(err)
			}
			var waits []time.Duration
			for i := range 6 {
				id := "well-" + strconv.Itoa(i)
				s.create(id)
				for s.settle(); len(s.record(id).Attempts) == 0; s.settle() {
					clock.advance(50 * time.Millisecond)
				}
				s.quiet()
				at := s.record(id).Attempts[0].Dispatched
				waits = append(waits, at.Sub(last))
				last = at
			}
			first := 500 * time.Millisecond
			if status != 500 {
				first = time.Second // half the rate
			}
			if waits[0] != first || waits[5] != 500*time.Millisecond {
				t.Errorf("after HTTP %d pushes waited %v, want %v first and half a second at last", status, waits, first)
			}
		})
	}
}

func TestReconfiguredQueueTakesItsNewRate(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(withLimits(0.01, 0))
	s.create("")
	s.create("")
	if n := s.dispatched(); n != 1 {
		t.Fatalf("%d pushes, want 1", n)
	}
	if _, err := s.client.UpdateQueue(s.ctx(), &cloudtaskspb.UpdateQueueRequest{Queue: withLimits(100, 0)}); err != nil {
		t.Fatal(err)
	}
	s.idle()
}
