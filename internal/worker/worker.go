package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
)

// statusParked tells the queue to forget a task that an operator will look at.
const statusParked = 299

const (
	// newerPatience is how long an envelope of a newer version waits for a
	// revision that can read it.
	newerPatience = time.Hour
	// pauseShort and pauseLong are the least waits a 503 asks for.
	pauseShort = 2 * time.Second
	pauseLong  = 10 * time.Second
)

// Headers of Cloud Tasks; they are believed only of callers who proved to be Cloud
// Tasks. headerRetries is how often it tried before.
// https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
const (
	headerRetries = "X-CloudTasks-TaskRetryCount"
	// headerETA is the time that the task was scheduled for, in seconds of the Unix
	// epoch with a fraction.
	headerETA = "X-CloudTasks-TaskETA"
)

// Turns is what a worker runs; [turn.Turns] is one.
type Turns interface {
	// Inbound handles the task of one message.
	Inbound(ctx context.Context, e envelope.Envelope, body []byte) (turn.Report, error)
	// Statuses records delivery statuses.
	Statuses(ctx context.Context, e envelope.Envelope) (turn.Report, error)
	// Timer handles the task of a timer.
	Timer(ctx context.Context, e envelope.Envelope) (turn.Report, error)
	// Quarantine keeps a raw element for an operator.
	Quarantine(ctx context.Context, e envelope.Envelope) (turn.Report, error)
	// Unreadable keeps a body that is no envelope.
	Unreadable(ctx context.Context, id string, body []byte) (turn.Report, error)
}

// Options are what a Worker needs; all are required.
type Options struct {
	Tenant    string
	Key       *pii.HashKey
	Identity  *Identity
	Turns     Turns
	Telemetry *telemetry.Telemetry
	Now       func() time.Time
}

// Worker answers Cloud Tasks. It is safe for concurrent use.
type Worker struct {
	o Options
	// unknown are the codes of Meta's that nobody knew and that were told of.
	unknown sync.Map
}

// New makes a Worker.
func New(o Options) *Worker { return &Worker{o: o} }

// Register adds the routes of tasks. The door may open after the server
// listens; until then the server must not let requests through.
func Register(e *echo.Echo, door func() *Worker) {
	for _, r := range []route{
		{"/tasks/inbound", telemetry.StepInbound, (*Worker).inbound, []envelope.Kind{envelope.Inbound, envelope.Quarantine}},
		{"/tasks/status", telemetry.StepStatus, (*Worker).status, []envelope.Kind{envelope.Status}},
		{"/tasks/timer", telemetry.StepTimer, (*Worker).timer, []envelope.Kind{envelope.Timer}},
	} {
		e.POST(r.path, func(c echo.Context) error { return door().task(c, r) })
	}
}

// route is one route of tasks: how its work is called in traces, who does it,
// and which kinds of envelopes it takes.
type route struct {
	path   string
	step   telemetry.StepName
	handle func(*Worker, context.Context, letter) (turn.Report, error)
	kinds  []envelope.Kind
}

func (w *Worker) inbound(ctx context.Context, l letter) (turn.Report, error) {
	if l.envelope.Kind == envelope.Quarantine {
		return w.o.Turns.Quarantine(ctx, l.envelope)
	}
	return w.o.Turns.Inbound(ctx, l.envelope, l.body)
}

func (w *Worker) status(ctx context.Context, l letter) (turn.Report, error) {
	return w.o.Turns.Statuses(ctx, l.envelope)
}

func (w *Worker) timer(ctx context.Context, l letter) (turn.Report, error) {
	return w.o.Turns.Timer(ctx, l.envelope)
}

// letter is a task's body and what it decodes to.
type letter struct {
	envelope envelope.Envelope
	body     []byte
}

// task is the way of every task: identity, envelope, work, answer.
func (w *Worker) task(c echo.Context, r route) error {
	ctx, header, came := c.Request().Context(), c.Request().Header, w.o.Now()
	began := time.Now()
	if err := w.o.Identity.Check(ctx, header); err != nil {
		return w.refuse(c, err)
	}
	proved := time.Now()
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	e, err := envelope.Decode(body)
	e.Retries, _ = strconv.Atoi(header.Get(headerRetries)) // Absent is none.
	ctx = telemetry.WithCorrelation(ctx, e.CorrelationID)
	ctx = w.o.Telemetry.TakeUp(ctx, r.step, e.Traceparent)
	telemetry.Stepped(ctx, telemetry.StepIdentity, began, proved)

	report, err := w.work(ctx, r, letter{e, body}, err)
	return w.answer(ctx, c, task{e, came, late(header, came)}, report, err)
}

// task is a letter that came at a time, and so much later than it was scheduled
// for; negative where nothing is known of that.
type task struct {
	envelope.Envelope
	came  time.Time
	delay time.Duration
}

// late is how much later than scheduled a task came.
func late(h http.Header, came time.Time) time.Duration {
	eta, err := strconv.ParseFloat(h.Get(headerETA), 64)
	if err == nil && eta > 1e9 && eta < 1e11 { // That it is a number at all is seen here too.
		seconds, fraction := math.Modf(eta)
		return max(0, came.Sub(time.Unix(int64(seconds), int64(fraction*1e9))))
	}
	return -1
}

// work sorts out what is no letter of the route before the work begins.
func (w *Worker) work(ctx context.Context, r route, l letter, decoded error) (turn.Report, error) {
	unreadable := func() (turn.Report, error) {
		return w.o.Turns.Unreadable(ctx, w.o.Key.Event("task", string(l.body)), l.body)
	}
	switch {
	case errors.Is(decoded, envelope.ErrNewer):
		received := l.envelope.ReceivedAt
		if !received.IsZero() && w.o.Now().Sub(received) > newerPatience {
			return unreadable()
		}
		return turn.Report{}, fault.Mark(decoded, fault.Dependency)
	case decoded != nil:
		return unreadable()
	case l.envelope.Tenant != w.o.Tenant:
		return turn.Report{}, fault.Mark(errors.New("task of another tenant: check TENANT_ID of both services"), fault.Broken)
	case !slices.Contains(r.kinds, l.envelope.Kind):
		return unreadable()
	}
	return r.handle(w, ctx, l)
}

// answer is the one table of fates and status codes.
func (w *Worker) answer(ctx context.Context, c echo.Context, t task, report turn.Report, err error) error {
	status, severity := http.StatusOK, telemetry.SeverityInfo
	wait := time.Duration(0)
	switch {
	case err == nil && report.Fate == turn.Parked:
		status, severity = statusParked, telemetry.SeverityError
	case err == nil && report.Handoff != "":
		// A person is being waited for: loud enough for an alert.
		severity = telemetry.SeverityWarning
	case err == nil && (len(report.Failures) > 0 || report.Duplicates > 0):
		// A lead did not get an answer, or got one twice.
		severity = telemetry.SeverityWarning
	case err == nil:
	case fault.Is(err, fault.Throttled):
		status, severity, wait = http.StatusServiceUnavailable, telemetry.SeverityWarning, pauseLong
		if after, ok := fault.RetryAfter(err); ok {
			wait = after
		}
	case fault.Is(err, fault.Dependency), fault.Is(err, fault.Conflict):
		status, severity, wait = http.StatusServiceUnavailable, telemetry.SeverityWarning, pauseShort
	default:
		status, severity = http.StatusInternalServerError, telemetry.SeverityError
	}
	ask(c, wait)
	telemetry.Describe(ctx, telemetry.Event{Name: name(t.Kind, report), Severity: severity, Fields: fields(t, w.o.Now(), report, err)})
	for _, other := range report.Traces {
		telemetry.Link(ctx, other)
	}
	w.alarm(ctx, report.Setbacks)
	w.count(ctx, t, report, err)
	return c.NoContent(status)
}

// ask asks the queue to wait before it comes again, in whole seconds. Zero
// asks for nothing.
func ask(c echo.Context, wait time.Duration) {
	if wait > 0 {
		seconds := int64(wait+time.Second-1) / int64(time.Second)
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.FormatInt(seconds, 10))
	}
}

// refuse answers a request that is no task of ours. Which check failed is for
// the log, not for the caller.
func (w *Worker) refuse(c echo.Context, err error) error {
	status := http.StatusForbidden
	switch {
	case fault.Is(err, fault.Dependency):
		status = http.StatusServiceUnavailable
		ask(c, pauseShort)
	case errors.Is(err, errNoToken):
		status = http.StatusUnauthorized
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, "Bearer")
	}
	telemetry.Describe(c.Request().Context(), telemetry.Event{
		Name: telemetry.TaskIdentityRefused, Severity: telemetry.SeverityError,
		Fields: []telemetry.Field{telemetry.Error(err), telemetry.ErrorKind(fault.KindOf(err).String())},
	})
	return c.NoContent(status)
}
