package httpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// RequestEvent is what is told of one request.
type RequestEvent struct {
	Method        string        // one of HTTP's own, or "OTHER"
	Route         string        // pattern of the route, or "unmatched"
	Status        int           // as sent
	Latency       time.Duration // up to the last byte written, not received
	BytesIn       int64         // of the body, as far as it was read
	BytesOut      int64         // of the body
	CorrelationID string        // as Enter returned it

	// Err is why the request was not served as it should be, when a handler
	// returned an error that is more than a status.
	Err error
	// Panic is the Go type of the value a handler panicked with, empty when it
	// did not, and Stack where: functions, files and lines as Go prints them,
	// innermost first.
	Panic, Stack string
}

// Probes tells whether the event is one of /health or /ready.
func (e RequestEvent) Probes() bool { return e.Route == healthRoute || e.Route == readyRoute }

const (
	unmatched = "unmatched"

	headerCorrelation = "X-Correlation-Id"

	// retryAfter is the pause asked of a sender that was refused for lack of
	// room or readiness, in seconds.
	retryAfter = "1"
)

// Reasons of the coat itself.
var (
	errOverload = errors.New("too many requests at once")
	errClosed   = errors.New("not ready")
)

// coat is the one middleware: everything that is the same for every request.
func (s *Server) coat(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		r, w := c.Request(), c.Response()
		ctx := r.Context()
		e := RequestEvent{Method: method(r.Method), Route: c.Path()}
		if e.Route == "" {
			e.Route = unmatched
		}
		header := w.Header()
		header["X-Content-Type-Options"] = []string{"nosniff"}
		if s.options.Enter != nil {
			ctx, e.CorrelationID = s.options.Enter(ctx, r.Header)
			if e.CorrelationID != "" {
				header[headerCorrelation] = []string{e.CorrelationID}
			}
		}
		in := &body{}
		late := s.dress(ctx, c, next, in, &e)
		e.Status, e.BytesIn, e.BytesOut = w.Status, in.n, w.Size
		e.Latency = time.Since(start)
		if s.options.Report != nil {
			s.options.Report(ctx, e)
		}
		if late {
			// A response that began cannot become a 500; cutting the
			// connection is the only way not to pass it off as whole.
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

// dress runs the handler within its limits and answers for it. It reports
// whether a panic came too late to be answered.
func (s *Server) dress(ctx context.Context, c echo.Context, next echo.HandlerFunc, in *body, e *RequestEvent) (late bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) { // net/http's way of giving up a connection
			late = true
			return
		}
		e.Panic, e.Stack = fmt.Sprintf("%T", v), stack()
		if c.Response().Committed {
			late = true
			return
		}
		answerError(echo.ErrInternalServerError, c)
	}()
	if err := s.serve(ctx, c, next, in, e); err != nil {
		e.Err = reason(err)
		answerError(err, c)
	}
	return false
}

func (s *Server) serve(ctx context.Context, c echo.Context, next echo.HandlerFunc, in *body, e *RequestEvent) error {
	r := c.Request()
	switch {
	case e.Route == unmatched:
		return echo.ErrNotFound
	case c.Get(echo.ContextKeyHeaderAllow) != nil:
		// The path is known, the method is not; echo would answer OPTIONS.
		return echo.MethodNotAllowedHandler(c)
	case e.Probes():
		return next(c)
	case !s.open():
		return refuse(c, errClosed)
	case s.inFlight.Add(1) > int64(s.options.MaxInFlight):
		s.inFlight.Add(-1)
		return refuse(c, errOverload)
	}
	defer s.inFlight.Add(-1)
	if r.ContentLength > s.options.MaxBody {
		return echo.ErrStatusRequestEntityTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.HandlerTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		in.ReadCloser = http.MaxBytesReader(c.Response().Writer, r.Body, s.options.MaxBody)
		r.Body = in
	}
	c.SetRequest(r)
	return next(c)
}

func refuse(c echo.Context, why error) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	return echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(why)
}

// answerError answers with the status an error stands for and an empty body.
func answerError(err error, c echo.Context) {
	w := c.Response()
	if w.Committed {
		return
	}
	code := statusOf(err)
	header := w.Header()
	if code == http.StatusServiceUnavailable && header.Get(echo.HeaderRetryAfter) == "" {
		header.Set(echo.HeaderRetryAfter, retryAfter)
	}
	if c.Request().ContentLength != 0 && (code == http.StatusRequestEntityTooLarge || code == http.StatusServiceUnavailable) {
		// Otherwise net/http reads what is left of the body first.
		header.Set(echo.HeaderConnection, "close")
	}
	header.Del(echo.HeaderContentType)
	header.Del(echo.HeaderContentLength)
	w.WriteHeader(code)
}

func statusOf(err error) int {
	if status, ok := errors.AsType[*echo.HTTPError](err); ok && status.Code >= 400 && status.Code <= 599 {
		return status.Code
	}
	if read, ok := errors.AsType[*bodyError](err); ok {
		return read.status()
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// reason is what an error says beyond a status.
func reason(err error) error {
	status, ok := errors.AsType[*echo.HTTPError](err)
	if ok && (status.Internal != nil || status.Code < http.StatusInternalServerError) {
		return status.Internal
	}
	return err
}

// body counts what is read of a request's body and marks what goes wrong with
// it, so that a sender's broken connection is not taken for a dependency's.
type body struct {
	io.ReadCloser
	n int64
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

type bodyError struct{ cause error }

func (e *bodyError) Error() string { return "request body: " + e.cause.Error() }
func (e *bodyError) Unwrap() error { return e.cause }

func (e *bodyError) status() int {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](e.cause); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	if errors.Is(e.cause, os.ErrDeadlineExceeded) {
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// method keeps what a client made up out of logs.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	default:
		return "OTHER"
	}
}

// stack tells where the running panic happened, without arguments, in the words of
// [debug.Stack]: programs that gather errors read those.
func stack() string {
	var pcs [48]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var b strings.Builder
	b.WriteString("goroutine 1 [running]:\n")
	for {
		f, more := frames.Next()
		if f.Function != "" {
			fmt.Fprintf(&b, "%s(...)\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}
