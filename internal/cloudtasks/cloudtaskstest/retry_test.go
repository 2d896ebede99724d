package cloudtaskstest_test

import (
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func always(status int, n int) []http.HandlerFunc {
	answers := make([]http.HandlerFunc, n)
	for i := range answers {
		answers[i] = code(status)
	}
	return answers
}

// waits are the times between the attempts of a task.
func waits(r cloudtaskstest.TaskRecord) []time.Duration {
	var out []time.Duration
	for i := 1; i < len(r.Attempts); i++ {
		out = append(out, r.Attempts[i].Dispatched.Sub(r.Attempts[i-1].Dispatched))
	}
	return out
}

// leap moves the clock to the next time of a task, n times or until it ended.
func (s *street) leap(clock *manualClock, id string, n int) {
	s.t.Helper()
	for range n {
		s.quiet()
		r := s.record(id)
		if r.State.Ended() {
			return
		}
		clock.advance(r.Schedule.Sub(clock.Now()))
	}
	s.quiet()
}

func TestBackoffDoublesThenGrowsLinearlyUpToItsMaximum(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	// The example of the service's own reference.
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{
		MaxAttempts:  -1,
		MinBackoff:   durationpb.New(10 * time.Second),
		MaxBackoff:   durationpb.New(300 * time.Second),
		MaxDoublings: 3,
	}})
	s.worker.answer(always(500, 8)...)
	s.create("abc-0")
	s.leap(clock, "abc-0", 8)
	want := []time.Duration{10, 20, 40, 80, 160, 240, 300, 300}
	for i := range want {
		want[i] *= time.Second
	}
	if d := cmp.Diff(want, waits(s.record("abc-0"))); d != "" {
		t.Errorf("waits (-want +got):\n%s", d)
	}
}

func TestTaskIsDeletedOnceAttemptsAndDurationAreBothSpent(t *testing.T) {
	for name, tt := range map[string]struct {
		attempts int32
		duration time.Duration
		want     int // attempts with a backoff of a constant second
	}{
		"attempts alone":                     {3, 0, 3},
		"attempts are spent first":           {3, 10 * time.Second, 11},
		"duration is spent first":            {8, 3 * time.Second, 8},
		"one attempt":                        {1, 0, 1},
		"unlimited":                          {-1, 0, 21},
		"unlimited attempts, short duration": {-1, time.Second, 21},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			s := newStreet(t, cloudtaskstest.Options{Clock: clock})
			s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{
				MaxAttempts:      tt.attempts,
				MaxRetryDuration: durationpb.New(tt.duration),
				MinBackoff:       durationpb.New(time.Second),
				MaxBackoff:       durationpb.New(time.Second),
			}})
			s.worker.answer(always(500, 30)...)
			s.create("abc-0")
			s.leap(clock, "abc-0", 20)
			r := s.record("abc-0")
			if len(r.Attempts) != tt.want {
				t.Errorf("%d attempts, want %d", len(r.Attempts), tt.want)
			}
			want := cloudtaskstest.Exhausted
			if tt.attempts < 0 {
				want = cloudtaskstest.Pending
			}
			if r.State != want {
				t.Errorf("state = %v, want %v", r.State, want)
			}
		})
	}
}

func TestTaskMayBringItsOwnRetrySettings(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(nil)
	s.worker.answer(always(500, 5)...)
	s.create("abc-0", func(task *cloudtaskspb.Task) {
		task.RetryConfig = &cloudtaskspb.RetryConfig{MaxAttempts: 2, MinBackoff: durationpb.New(2 * time.Hour)}
	})
	s.leap(clock, "abc-0", 5)
	r := s.record("abc-0")
	if r.State != cloudtaskstest.Exhausted || !cmp.Equal(waits(r), []time.Duration{2 * time.Hour}) {
		t.Errorf("state %v, waits %v", r.State, waits(r))
	}
}

func TestRetryAfterIsConsidered(t *testing.T) {
	clock := newClock()
	in := func(d time.Duration) string { return clock.Now().Add(d).Format(http.TimeFormat) }
	for header, want := range map[string]time.Duration{
		"":                   time.Second,
		"0":                  time.Second,
		"-5":                 time.Second,
		"soon":               time.Second,
		"30":                 30 * time.Second,
		in(45 * time.Second): 45 * time.Second,
		in(-time.Hour):       time.Second,
		"999999999":          time.Hour,
		"99999999999999999":  time.Second,
	} {
		t.Run(header, func(t *testing.T) {
			s := newStreet(t, cloudtaskstest.Options{Clock: clock})
			s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(time.Second)}})
			s.worker.answer(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			s.create("abc-0")
			s.quiet()
			if got := s.record("abc-0").Schedule.Sub(clock.Now()); got != want {
				t.Errorf("next push in %v, want %v", got, want)
			}
		})
	}
}

func TestTaskExpiresAfter31Days(t *testing.T) {
	clock := newClock()
	s := newStreet(t, cloudtaskstest.Options{Clock: clock})
	s.queue(&cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: -1}})
	s.worker.answer(always(500, 2)...)
	s.create("abc-0", at(clock.Now().Add(30*24*time.Hour)))
	clock.advance(30 * 24 * time.Hour)
	s.quiet()
	clock.advance(24*time.Hour - time.Microsecond)
	s.quiet()
	clock.advance(time.Hour)
	s.idle()
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Expired || !cmp.Equal(statuses, []int{500, 500}) {
		t.Errorf("fate = %v %v", state, statuses)
	}
}
