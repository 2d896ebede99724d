package crashtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

const (
	// tooMuch is how many tasks may be due before people stop writing.
	tooMuch = 40
	// far is when a timer is for later than this run: the first second look at a
	// parked turn comes after five minutes, and handoffs and sessions have longer.
	far = time.Minute
)

// dropped complains about a task that ended without having been done.
func (s *storm) dropped(e cloudtaskstest.Event) {
	if e.Kind == cloudtaskstest.Ended && e.State != cloudtaskstest.Succeeded {
		s.broke(stuck, "task %s of %s: %s", e.Task, e.Queue, e.State)
	}
}

// due is how many tasks wait for their push, or for its answer.
func (s *storm) due() (n int) {
	now := time.Now()
	for _, task := range s.tasks.Tasks() {
		if !task.Schedule.After(now) {
			n++
		}
	}
	return n
}

// left are the tasks that something has still to become of. A timer for long
// after the run is not among them.
func (s *scene) left() []cloudtaskstest.TaskRecord {
	return slices.DeleteFunc(s.tasks.Tasks(), func(task cloudtaskstest.TaskRecord) bool { return task.State.Ended() || forLater(task) })
}

// forLater reports whether a task is a timer that no test waits for.
func forLater(task cloudtaskstest.TaskRecord) bool {
	return task.Queue == "atende-timer" && time.Until(task.Schedule) > far
}

// unfinished lists some of the tasks that are left.
func (s *storm) unfinished() string {
	var lines strings.Builder
	left := s.left()
	for _, task := range left[:min(len(left), 20)] {
		last := 0
		if n := len(task.Attempts); n > 0 {
			last = task.Attempts[n-1].Status
		}
		fmt.Fprintf(&lines, "\n%s in %s after %d attempts, the last answered %d, due in %v",
			task.Name, task.Queue, len(task.Attempts), last, time.Until(task.Schedule).Round(time.Millisecond))
	}
	return fmt.Sprintf("%d tasks:%s", len(left), lines.String())
}

// watch looks again and again whether there is room for more: whether the
// receipts are on time, and how much work is waiting. It lets as many people
// write as there is room for, so that a run finds the pace of its machine.
func (s *storm) watch(ctx context.Context) {
	const every = 50 * time.Millisecond
	for pause(ctx, every) {
		late := s.receipts.oldest() > receiptsWorry
		s.late.Store(late)
		if late {
			s.lateness += every
		}
		room := (tooMuch - s.due()) / 4
		for ; room > 0 && !late; room-- {
			select {
			case s.room <- struct{}{}:
				continue
			default: // Nobody wants to.
			}
			break
		}
	}
}

// allowed returns when there is room for somebody to write; it is false when
// ctx is done.
func (s *storm) allowed(ctx context.Context) bool {
	select {
	case <-s.room:
		return true
	case <-ctx.Done():
		return false
	}
}

// calm returns when the receipts are on time; it is false when ctx is done.
func (s *storm) calm(ctx context.Context) bool {
	for s.late.Load() {
		if !pause(ctx, 50*time.Millisecond) {
			return false
		}
	}
	return ctx.Err() == nil
}

// rests reports whether everything comes to rest within a while.
func (s *storm) rests(within time.Duration) bool {
	ctx, cancel := context.WithTimeout(s.life, within)
	defer cancel()
	for {
		if len(s.left()) == 0 && s.graph.Drain(ctx) == nil && len(s.left()) == 0 {
			return true
		}
		if !pause(ctx, 20*time.Millisecond) {
			return false
		}
	}
}
