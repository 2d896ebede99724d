package cloudtaskstest

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
)

const (
	// retention is the longest life of a task.
	retention = 31 * 24 * time.Hour

	defaultDispatchDeadline = 10 * time.Minute

	// drainLimit is how much of a worker's answer is read so that its connection
	// can be used again.
	drainLimit = 64 << 10

	// longestRetryAfter bounds what a worker may ask for.
	longestRetryAfter = time.Hour
)

var errDispatchDeadline = errors.New("dispatch deadline exceeded")

// pushClient prepares the client that makes the pushes: it follows no redirect,
// since only 2xx is success.
func pushClient(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			MaxIdleConns:        0,
			MaxIdleConnsPerHost: 512,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// schedule starts pushes whose time has come until the server closes.
func (s *Server) schedule() {
	for {
		s.mu.Lock()
		now := s.clock.Now()
		var next time.Time
		for _, q := range s.queues {
			if at := s.launch(q, now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		s.mu.Unlock()

		var alarm <-chan time.Time
		stop := func() bool { return true }
		if !next.IsZero() {
			alarm, stop = s.clock.NewTimer(next.Sub(now))
			// A clock that jumped between reading it and setting the timer would
			// ring a jump too late.
			if !s.clock.Now().Before(next) {
				stop()
				continue
			}
		}
		select {
		case <-s.life.Done():
			stop()
			return
		case <-alarm:
		case <-s.wake:
			stop()
		}
	}
}

// launch starts what a queue may start now and says when to look again; zero
// means at the next change.
func (s *Server) launch(q *queue, now time.Time) time.Time {
	if q.paused() || s.closed {
		return time.Time{}
	}
	for len(q.due) > 0 && q.running < int(q.conf.GetRateLimits().GetMaxConcurrentDispatches()) {
		p := q.due[0]
		if p.at.After(now) {
			return p.at
		}
		if !p.echo && !now.Before(p.task.created.Add(retention)) {
			s.remove(p.task, Expired, now)
			continue
		}
		if !p.delayed {
			p.delayed = true
			if f, ok := s.takeFault(q.id(), "", DelayDispatch); ok {
				p.at = now.Add(f.Delay)
				heap.Fix(&q.due, p.place)
				continue
			}
		}
		if at, ok := q.bucket.take(now); !ok {
			return at
		}
		if q.hasChoice(now) {
			if _, ok := s.takeFault(q.id(), "", ReorderDispatch); ok {
				p = q.lastDue(now)
			}
		}
		q.unwait(p)
		s.start(p, now)
	}
	return time.Time{}
}

// hasChoice reports whether at least two pushes are due. In a heap the second
// is one of the first's children.
func (q *queue) hasChoice(now time.Time) bool {
	for i := 1; i <= 2 && i < len(q.due); i++ {
		if !q.due[i].at.After(now) {
			return true
		}
	}
	return false
}

// lastDue is, among the pushes that are due but not the next, the one whose
// task was created last. It is called only when there is one.
func (q *queue) lastDue(now time.Time) *push {
	var last *push
	for _, p := range q.due[1:] {
		if !p.at.After(now) && (last == nil || p.task.order > last.task.order) {
			last = p
		}
	}
	return last
}

// start makes one push. The caller holds the lock and has taken p out of the
// queue.
func (s *Server) start(p *push, now time.Time) {
	t := p.task
	if !p.echo {
		t.dispatched++
		if f, ok := s.takeFault(t.queue.id(), "", DuplicateDispatch); ok {
			t.queue.wait(&push{task: t, at: now.Add(f.Delay), echo: true, delayed: true})
			s.poke()
		}
	}
	t.attempts = append(t.attempts, Attempt{Dispatched: now, Duplicate: p.echo})
	nth := len(t.attempts) - 1
	t.queue.running++
	s.inFlight++
	header := t.header()
	s.tell(Event{Kind: Dispatched, Task: t.id, Queue: t.queue.id(), Attempt: nth + 1, At: now})
	s.running.Go(func() {
		s.finish(p, nth, s.push(t, header))
	})
	s.notify()
}

// header is what the service adds to a push. Counts are those before this
// attempt.
func (t *task) header() http.Header {
	h := http.Header{}
	for k, v := range t.spec.GetHttpRequest().GetHeaders() {
		if !reserved(k) {
			h.Set(k, v)
		}
	}
	h.Set("User-Agent", "Google-Cloud-Tasks")
	h.Set("X-CloudTasks-QueueName", t.queue.id())
	h.Set("X-CloudTasks-TaskName", t.id)
	h.Set("X-CloudTasks-TaskRetryCount", strconv.Itoa(int(max(0, t.dispatched-1))))
	h.Set("X-CloudTasks-TaskExecutionCount", strconv.Itoa(int(t.answered)))
	h.Set("X-CloudTasks-TaskETA", fmt.Sprintf("%d.%06d", t.at.Unix(), t.at.Nanosecond()/1000))
	if t.previous != 0 {
		h.Set("X-CloudTasks-TaskPreviousResponse", strconv.Itoa(t.previous))
	}
	return h
}

// reserved reports whether a header is computed by the service.
func reserved(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "host", "content-length", "user-agent":
		return true
	}
	return strings.HasPrefix(name, "x-google-") || strings.HasPrefix(name, "x-appengine-") ||
		strings.HasPrefix(name, "x-cloudtasks-")
}

// outcome is what came of a push.
type outcome struct {
	status     int // HTTP status, 0 without a response
	retryAfter string
	timedOut   bool
}

// push calls the worker and waits for its answer, at most the dispatch deadline
// by the server's clock. It runs without the lock.
func (s *Server) push(t *task, header http.Header) outcome {
	ctx, hangUp := context.WithCancelCause(s.life)
	defer hangUp(nil)
	deadline := defaultDispatchDeadline
	if d := t.spec.GetDispatchDeadline(); d != nil {
		deadline = d.AsDuration()
	}
	alarm, stop := s.clock.NewTimer(deadline)
	defer stop()
	go func() {
		select {
		case <-alarm:
			hangUp(errDispatchDeadline)
		case <-ctx.Done():
		}
	}()

	spec := t.spec.GetHttpRequest()
	req, err := http.NewRequestWithContext(ctx, method(spec), spec.GetUrl(), bytes.NewReader(spec.GetBody()))
	if err != nil {
		return outcome{}
	}
	req.Header = header
	if oidc := spec.GetOidcToken(); oidc != nil {
		audience := oidc.GetAudience()
		if audience == "" {
			audience = spec.GetUrl()
		}
		header.Set("Authorization", "Bearer "+s.issuer.pushToken(oidc.GetServiceAccountEmail(), audience))
	}
	res, err := s.client.Do(req)
	if err != nil {
		return outcome{timedOut: errors.Is(context.Cause(ctx), errDispatchDeadline)}
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, drainLimit)); err != nil {
		// An answer that broke off is none.
		return outcome{timedOut: errors.Is(context.Cause(ctx), errDispatchDeadline)}
	}
	return outcome{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After")}
}

func method(r *cloudtaskspb.HttpRequest) string {
	if r.GetHttpMethod() == cloudtaskspb.HttpMethod_HTTP_METHOD_UNSPECIFIED {
		return http.MethodPost
	}
	return r.GetHttpMethod().String()
}

// finish records what came of a push and decides what becomes of the task.
func (s *Server) finish(p *push, nth int, out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, q := p.task, p.task.queue
	now := s.clock.Now()
	a := &t.attempts[nth]
	a.Ended, a.Status, a.TimedOut = now, out.status, out.timedOut
	q.running--
	s.inFlight--
	s.poke()
	defer s.notify()
	if s.closed {
		return
	}
	s.tell(Event{Kind: Answered, Task: t.id, Queue: q.id(), Attempt: nth + 1, Status: out.status, At: now})

	success := out.status >= 200 && out.status <= 299
	switch {
	case success:
		q.bucket.ease()
	case out.status == http.StatusTooManyRequests, out.status == http.StatusServiceUnavailable:
		q.bucket.slow(a.Dispatched, now)
	}
	if out.status != 0 && !p.echo {
		t.answered++
		t.previous = out.status
	}
	switch {
	case t.state.Ended():
	case success:
		s.remove(t, Succeeded, now)
	case p.echo:
	default:
		t.failures++
		s.retry(p, a.Dispatched, now, out.retryAfter)
	}
}

// retry gives a failed task its next time, or its end.
func (s *Server) retry(p *push, dispatched, now time.Time, retryAfter string) {
	t := p.task
	conf := t.retry()
	if spent(conf, t.dispatched, now.Sub(t.attempts[0].Dispatched)) {
		s.remove(t, Exhausted, now)
		return
	}
	if t.waiting != nil {
		return // another attempt of it has failed before this one
	}
	from := now
	if p.forced {
		from = dispatched
	}
	at := from.Add(backoff(conf, t.failures))
	if wish, ok := parseRetryAfter(retryAfter, now); ok && now.Add(wish).After(at) {
		at = now.Add(wish)
	}
	t.at = at.Truncate(time.Microsecond)
	t.queue.wait(&push{task: t, at: t.at})
}

// parseRetryAfter reads seconds or an HTTP date.
func parseRetryAfter(v string, now time.Time) (time.Duration, bool) {
	if v == "" {
		return 0, false
	}
	wish := time.Duration(0)
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		wish = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		wish = at.Sub(now)
	}
	return min(wish, longestRetryAfter), wish > 0
}

// remove ends a task: its name stays taken for a while, its record is kept. The
// caller holds the lock.
func (s *Server) remove(t *task, state State, now time.Time) {
	if t.waiting != nil {
		t.queue.unwait(t.waiting)
	}
	delete(t.queue.tasks, t.id)
	t.state = state
	if t.named && s.nameRetention > 0 {
		s.burnt.add(t.spec.GetName(), now.Add(s.nameRetention))
	}
	if s.historyLimit > 0 {
		if len(s.history) == s.historyLimit {
			s.history[0] = nil
			s.history = s.history[1:]
		}
		s.history = append(s.history, t)
	}
	s.tell(Event{Kind: Ended, Task: t.id, Queue: t.queue.id(), State: state, At: now})
	s.poke()
	s.notify()
}
