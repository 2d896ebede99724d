package cloudtaskstest

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Limits of the service, from its reference of Task and HttpRequest.
const (
	maxTaskBytes        = 100 << 10
	maxHeaderBytes      = 80 << 10
	maxURLBytes         = 2083
	maxScheduleAhead    = 30 * 24 * time.Hour
	minDispatchDeadline = 15 * time.Second
	maxDispatchDeadline = 30 * time.Minute
)

var (
	locationPattern = regexp.MustCompile(`^projects/[A-Za-z0-9.:-]+/locations/[A-Za-z0-9-]+$`)
	queuePattern    = regexp.MustCompile(`^projects/[A-Za-z0-9.:-]+/locations/[A-Za-z0-9-]+/queues/[A-Za-z0-9-]{1,100}$`)
	taskIDPattern   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,500}$`)
)

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func unserved(what string) error {
	return status.Error(codes.Unimplemented, what+" is not served by this stand-in")
}

func checkLocation(name string) error {
	if !locationPattern.MatchString(name) {
		return invalid("parent must be projects/PROJECT_ID/locations/LOCATION_ID")
	}
	return nil
}

func checkQueueName(name string) error {
	if !queuePattern.MatchString(name) {
		return invalid("queue name must be projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID, the id of 1 to 100 letters, digits or hyphens")
	}
	return nil
}

// splitTaskName takes a task's resource name apart.
func splitTaskName(name string) (queue, id string, err error) {
	queue, id, ok := strings.Cut(name, "/tasks/")
	if !ok || !queuePattern.MatchString(queue) || !taskIDPattern.MatchString(id) {
		return "", "", invalid("task name must be QUEUE_NAME/tasks/TASK_ID, the id of 1 to 500 letters, digits, hyphens or underscores")
	}
	return queue, id, nil
}

// checkTask refuses what the service refuses in a task to be created.
func checkTask(parent string, t *cloudtaskspb.Task, now time.Time) error {
	if t == nil {
		return invalid("task is missing")
	}
	if t.GetName() != "" {
		queue, _, err := splitTaskName(t.GetName())
		if err != nil {
			return err
		}
		if queue != parent {
			return invalid("task name must be in the parent queue")
		}
	}
	if t.GetAppEngineHttpRequest() != nil {
		return unserved("an App Engine task")
	}
	r := t.GetHttpRequest()
	if r == nil {
		return invalid("http_request is missing")
	}
	if err := checkHTTPRequest(r); err != nil {
		return err
	}
	if proto.Size(t) > maxTaskBytes {
		return invalid("task is larger than 100 KB")
	}
	if s := t.GetScheduleTime(); s != nil {
		if !s.IsValid() {
			return invalid("schedule_time is not a time")
		}
		if s.AsTime().After(now.Add(maxScheduleAhead)) {
			return invalid("schedule_time is more than 30 days in the future")
		}
	}
	if d := t.GetDispatchDeadline(); d != nil {
		if !d.IsValid() || d.AsDuration() < minDispatchDeadline || d.AsDuration() > maxDispatchDeadline {
			return invalid("dispatch_deadline must be between 15s and 30m")
		}
	}
	return checkRetry(t.GetRetryConfig())
}

func checkHTTPRequest(r *cloudtaskspb.HttpRequest) error {
	u, err := url.Parse(r.GetUrl())
	switch {
	case r.GetUrl() == "":
		return invalid("http_request.url is missing")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return invalid("http_request.url must be an absolute http or https URL")
	case len(r.GetUrl()) > maxURLBytes:
		return invalid("http_request.url is longer than 2083 characters")
	}
	verb := method(r)
	if _, known := cloudtaskspb.HttpMethod_value[verb]; !known {
		return invalid("http_request.http_method is unknown")
	}
	if len(r.GetBody()) > 0 && verb != http.MethodPost && verb != http.MethodPut && verb != http.MethodPatch {
		return invalid("http_request.body is allowed for POST, PUT and PATCH only")
	}
	size := 0
	for k, v := range r.GetHeaders() {
		size += len(k) + len(v)
		if !validHeader(k, v) {
			return invalid("http_request.headers holds a header that cannot be sent")
		}
	}
	if size >= maxHeaderBytes {
		return invalid("http_request.headers is larger than 80 KB")
	}
	if r.GetOauthToken() != nil {
		return unserved("an OAuth token")
	}
	if oidc := r.GetOidcToken(); oidc != nil && oidc.GetServiceAccountEmail() == "" {
		return invalid("oidc_token.service_account_email is missing")
	}
	return nil
}

// validHeader keeps out what the HTTP client would refuse only at the push.
func validHeader(name, value string) bool {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	}) {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// checkQueue refuses what the service refuses in a queue's settings.
func checkQueue(q *cloudtaskspb.Queue) error {
	if q.GetHttpTarget() != nil || q.GetAppEngineRoutingOverride() != nil {
		return unserved("a queue-level override")
	}
	l := q.GetRateLimits()
	if rate := l.GetMaxDispatchesPerSecond(); math.IsNaN(rate) || rate < 0 || rate > maxRate {
		return invalid("max_dispatches_per_second must be between 0 and 500")
	}
	if n := l.GetMaxConcurrentDispatches(); n < 0 || n > maxConcurrency {
		return invalid("max_concurrent_dispatches must be between 0 and 5000")
	}
	return checkRetry(q.GetRetryConfig())
}

func checkRetry(r *cloudtaskspb.RetryConfig) error {
	if r == nil {
		return nil
	}
	if r.GetMaxAttempts() < -1 {
		return invalid("max_attempts must be -1 or more")
	}
	if r.GetMaxDoublings() < 0 {
		return invalid("max_doublings must not be negative")
	}
	for _, d := range []*durationpb.Duration{r.GetMaxRetryDuration(), r.GetMinBackoff(), r.GetMaxBackoff()} {
		if d != nil && (!d.IsValid() || d.AsDuration() < 0) {
			return invalid("durations of retry_config must not be negative")
		}
	}
	if r.GetMinBackoff() != nil && r.GetMaxBackoff() != nil && r.GetMinBackoff().AsDuration() > r.GetMaxBackoff().AsDuration() {
		return invalid("min_backoff must not exceed max_backoff")
	}
	return nil
}
