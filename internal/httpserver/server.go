package httpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
)

// Limits that are the same for every program.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 16 << 10

	// writeMargin is what a connection outlives its handler's deadline by, so
	// that the handler can still say that it was too late.
	writeMargin = 5 * time.Second

	// drainTimeout is how long running requests may take to finish once the
	// server was told to stop, and cutMargin how long they have to answer
	// after their contexts were cut. Cloud Run kills ten seconds after SIGTERM.
	drainTimeout = 8 * time.Second
	cutMargin    = 500 * time.Millisecond
)

// Defaults of Options.
const (
	DefaultMaxBody        = 4 << 20
	DefaultMaxInFlight    = 1000
	DefaultHandlerTimeout = 10 * time.Second
)

// Options is what differs between programs.
type Options struct {
	Service string // program's name as /health tells it, "atende-ingress"
	Version string

	// Now is the clock of /health and of the age of cached checks; nil means
	// time.Now.
	Now func() time.Time
	// MaxBody is the largest body accepted, in bytes; 0 means DefaultMaxBody.
	MaxBody int64
	// MaxInFlight is how many requests may run at once; 0 means
	// DefaultMaxInFlight.
	MaxInFlight int
	// HandlerTimeout is the deadline of a handler's context; 0 means
	// DefaultHandlerTimeout. It must exceed what the slowest handler takes.
	HandlerTimeout time.Duration
	// Checks are asked by /ready.
	Checks []Check
	// Ready says whether the program can work at all; nil means it can. While
	// it is false /ready says not_ready without asking any check, and routes
	// other than /health and /ready answer 503. It must be cheap.
	Ready func() bool
	// Enter is called first of all, with the request's context and headers. It
	// returns the context to go on with and the request's correlation id,
	// which is sent back in X-Correlation-Id unless empty. Nil: the context
	// stays as it is, there is no id.
	Enter func(ctx context.Context, h http.Header) (_ context.Context, correlationID string)
	// Report is called once per request with the context that Enter returned.
	// Nil: nothing is reported.
	Report func(ctx context.Context, e RequestEvent)
}

// Server serves the routes that were registered on its echo.
type Server struct {
	options  Options
	echo     *echo.Echo
	ready    *readiness
	inFlight atomic.Int64
	draining atomic.Bool
}

// New returns a server with /health and /ready and no other route.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	if o.HandlerTimeout <= 0 {
		o.HandlerTimeout = DefaultHandlerTimeout
	}
	s := &Server{options: o, echo: echo.New(), ready: newReadiness(o.Checks, o.Now)}
	s.echo.Logger.SetOutput(io.Discard)
	s.echo.HTTPErrorHandler = answerError
	s.echo.Use(s.coat)
	probe := []string{http.MethodGet, http.MethodHead}
	s.echo.Match(probe, healthRoute, s.health())
	s.echo.Match(probe, readyRoute, s.readiness)
	return s
}

// Echo is where edges register their routes, before anything is served.
// Variants with a trailing slash are theirs to register.
func (s *Server) Echo() *echo.Echo { return s.echo }

// Handler serves requests without a socket.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve answers requests on l until ctx is done. Then it stops accepting, lets
// what runs finish for eight seconds, cuts the contexts of the rest, closes
// everything and returns nil. An error means that l is broken. It closes l and
// may be called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      s.options.HandlerTimeout + writeMargin,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return requests },
		// What net/http says of broken connections names clients' addresses
		// and helps nobody.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(l) }()
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	if !shutdown(context.WithoutCancel(ctx), server, drainTimeout) {
		cut()
		if !shutdown(context.WithoutCancel(ctx), server, cutMargin) {
			// Connections are closed under whoever does not listen to its
			// context.
			_ = server.Close()
		}
	}
	if err := <-broken; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// shutdown reports whether everything finished in time.
func shutdown(ctx context.Context, server *http.Server, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return !errors.Is(server.Shutdown(ctx), context.DeadlineExceeded)
}

const (
	healthRoute = "/health"
	readyRoute  = "/ready"
)

func (s *Server) health() echo.HandlerFunc {
	head, err := json.Marshal(struct {
		Status  string `json:"status"`
		Service string `json:"service"`
		Version string `json:"version"`
	}{"healthy", s.options.Service, s.options.Version})
	if err != nil {
		panic("httpserver: " + err.Error()) // three strings always marshal
	}
	head = append(head[:len(head)-1:len(head)-1], `,"timestamp":"`...)
	return func(c echo.Context) error {
		body := make([]byte, 0, len(head)+32)
		body = s.options.Now().UTC().AppendFormat(append(body, head...), time.RFC3339)
		return answerJSON(c, http.StatusOK, append(body, `"}`...))
	}
}

func (s *Server) readiness(c echo.Context) error {
	v := s.ready.last()
	if s.open() {
		v = s.ready.ask(c.Request().Context())
	} else {
		v.Status = statusNotReady
	}
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ready: %w", err)
	}
	code := http.StatusOK
	if v.Status != statusReady {
		code = http.StatusServiceUnavailable
	}
	return answerJSON(c, code, body)
}

// open reports whether routes other than the probes are served.
func (s *Server) open() bool {
	return !s.draining.Load() && (s.options.Ready == nil || s.options.Ready())
}

func answerJSON(c echo.Context, code int, body []byte) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(code, "application/json", body)
}
