package operator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/operator"
)

func TestADeadMessageIsDeliveredAgain(t *testing.T) {
	s := setting(t, nil)
	s.die("dead")
	for n := 1; n <= 2; n++ {
		got, err := s.Retry(t.Context(), "dead")
		want := operator.Outcome{
			ID: "dead", Task: operator.TaskCreated, Deeds: []operator.Deed{{What: operator.Message, Did: operator.Exhumed, Was: "attempts-spent"}},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		e := s.queue.tasks[n-1]
		if want := map[int]string{1: "dead-r1", 2: "dead-r2"}[n]; e.TaskName() != want || e.Kind != envelope.Inbound || e.FollowUp != 0 {
			t.Errorf("the task is %s: %+v", e.TaskName(), e)
		}
		var m conversation.Inbound
		if err := e.Open(s.ring, &m); err != nil || m.Text != text {
			t.Errorf("the letter does not open: %v", err)
		}
		s.die("dead") // again
	}
	if diff := cmp.Diff([]string{"retried dead attempts-spent", "retried dead attempts-spent"}, s.acts()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
}

func TestALetterThatTheQueueDidNotTakeIsPutAgain(t *testing.T) {
	s := setting(t, nil)
	s.die("dead")
	s.queue.fail = 2
	for range 2 {
		_, err := s.Retry(t.Context(), "dead")
		s.unfinished(err)
	}
	if _, lines := s.list(0); len(lines) != 1 || lines[0] != "dead message 0 retrying" {
		t.Errorf("listed as %v", lines)
	}
	got, err := s.Retry(t.Context(), "dead")
	if err != nil || got.Task != operator.TaskCreated || len(got.Deeds) != 0 || s.queue.tasks[0].TaskName() != "dead-r1" {
		t.Errorf("%+v, %v, %v", got, err, s.queue.tasks)
	}
	if got, err = s.Retry(t.Context(), "dead"); err != nil || got.Task != operator.TaskExists || len(s.queue.tasks) != 1 {
		t.Errorf("once more: %+v, %v, %d tasks", got, err, len(s.queue.tasks))
	}
	if acts := s.acts(); len(acts) != 1 {
		t.Errorf("acts %v", acts)
	}
}

func TestALettersRetryIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  operator.Code
		setup func(*scene)
	}{
		{"an element", operator.NoMessage, func(s *scene) { s.bury(conversation.Dead{ID: "it", Content: []byte(text)}) }},
		{"dropped", operator.WasDropped, func(s *scene) {
			s.die("it")
			if _, err := s.Drop(s.Context(), "it"); err != nil {
				s.Fatal(err)
			}
		}},
		{"answered", operator.Answered, func(s *scene) {
			s.die("it")
			if _, err := s.Retry(s.Context(), "it"); err != nil {
				s.Fatal(err)
			}
			s.consume("it")
			s.queue.tasks = nil
		}},
		{"answered without being exhumed", operator.Answered, func(s *scene) {
			s.consume("it")
			s.die("it")
		}},
		{"no envelope", operator.Unreadable, func(s *scene) { s.bury(conversation.Dead{ID: "it", Content: []byte(text), Message: true}) }},
		{"somebody else's", operator.Unreadable, func(s *scene) {
			body, err := s.letter("other").Encode()
			if err != nil {
				s.Fatal(err)
			}
			s.bury(conversation.Dead{ID: "it", Content: body, Message: true})
		}},
		{"unknown", operator.Unknown, func(*scene) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setting(t, nil)
			c.setup(s)
			acts := len(s.acts())
			_, err := s.Retry(t.Context(), "it")
			s.refused(err, c.code)
			if len(s.queue.tasks) > 0 || len(s.acts()) != acts {
				t.Errorf("tasks %v, acts %v", s.queue.tasks, s.acts())
			}
			if d, err := s.Show(t.Context(), "it", false); err == nil && (d.Refused == nil || d.Refused.Code != c.code) {
				t.Errorf("show says %v", d.Refused)
			}
		})
	}
}

func TestGivingUpALetter(t *testing.T) {
	s := setting(t, nil)
	s.bury(conversation.Dead{ID: "raw", Content: []byte(text)})
	for i := range 2 {
		got, err := s.Drop(t.Context(), "raw")
		if err != nil || len(got.Deeds) != 1-i || len(got.Left) != i {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if diff := cmp.Diff([]string{"dropped  attempts-spent"}, s.acts()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	s.die("retrying")
	if _, err := s.Retry(t.Context(), "retrying"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Drop(t.Context(), "retrying"); err != nil || len(got.Left) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	s.consume("answered")
	s.die("answered")
	_, err := s.Drop(t.Context(), "answered")
	s.refused(err, operator.Answered)
}
