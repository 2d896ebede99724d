package cloudtaskstest_test

import (
	"net/http"
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
)

func TestPushCarriesMethodBodyAndHeaders(t *testing.T) {
	s := newStreet(t, cloudtaskstest.Options{})
	s.queue(nil)
	s.create("abc-0", func(task *cloudtaskspb.Task) {
		r := task.GetHttpRequest()
		r.HttpMethod = cloudtaskspb.HttpMethod_PUT
		r.Body = []byte(`{"v":1}`)
		r.Headers = map[string]string{
			"Content-Type": "application/json",
			"Traceparent":  "00-1-2-01",
			// None of these belongs to a task.
			"User-Agent":                  "me",
			"Host":                        "elsewhere",
			"Content-Length":              "1",
			"X-CloudTasks-QueueName":      "forged",
			"x-cloudtasks-taskretrycount": "9",
			"X-Google-Thing":              "x",
			"X-AppEngine-Thing":           "x",
		}
	})
	s.idle()
	pushes := s.worker.seen()
	if len(pushes) != 1 {
		t.Fatalf("%d pushes, want 1", len(pushes))
	}
	got := pushes[0]
	if got.method != http.MethodPut || got.path != "/tasks/inbound" || got.body != `{"v":1}` {
		t.Errorf("push = %s %s %q", got.method, got.path, got.body)
	}
	if "http://"+got.host != s.worker.URL {
		t.Errorf("host = %s, want the worker's", got.host)
	}
	for name, want := range map[string]string{
		"Content-Type":                      "application/json",
		"Traceparent":                       "00-1-2-01",
		"User-Agent":                        "Google-Cloud-Tasks",
		"X-CloudTasks-QueueName":            "inbound",
		"X-CloudTasks-TaskName":             "abc-0",
		"X-CloudTasks-TaskRetryCount":       "0",
		"X-CloudTasks-TaskExecutionCount":   "0",
		"X-CloudTasks-TaskPreviousResponse": "",
		"X-Google-Thing":                    "",
		"X-AppEngine-Thing":                 "",
		"Content-Length":                    "7",
		"Authorization":                     "",
	} {
		if v := got.header.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if state, statuses := s.fate("abc-0"); state != cloudtaskstest.Succeeded || len(statuses) != 1 || statuses[0] != 200 {
		t.Errorf("fate = %v %v", state, statuses)
	}
}
