// Package program is the life of a service: listen, make ready, serve, stop;
// and the parts that both services are made of.
//
// A service listens before it touches the network, so that its platform sees
// it alive at once; until its secrets are resolved and its stores are ready it
// says "not ready". It refuses a wrong configuration with exit code 2 and
// leaves with 0 when it was asked to stop.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/telemetry"
)

// Exit codes of a service.
const (
	exitFailed  = 1 // something broke
	exitRefused = 2 // the configuration is wrong
)

// flushTimeout bounds handing telemetry over at the end.
const flushTimeout = 2 * time.Second

// refusal is an error that a restart with the same settings would meet again.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// Refuse marks err as a wrong configuration. Refuse(nil) is nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	return &refusal{err: err}
}

// Exit prints err and says which code the process ends with.
func Exit(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, err) // There is nowhere else to complain to.
	var r *refusal
	if errors.As(err, &r) {
		return exitRefused
	}
	return exitFailed
}

// Gate says whether a service can work yet.
type Gate struct{ open atomic.Bool }

// Open lets work in.
func (g *Gate) Open() { g.open.Store(true) }

// Ready reports whether the gate is open.
func (g *Gate) Ready() bool { return g.open.Load() }

// Options are what Run needs.
type Options struct {
	Common    config.Common
	Warnings  []config.Warning
	Telemetry *telemetry.Telemetry
	Server    *httpserver.Server
	// Listener is where to serve; nil listens on the configured port.
	Listener net.Listener
	// Prepare makes the service ready, after it listens. Its error ends the
	// program.
	Prepare func(ctx context.Context) error
	// Close releases what Prepare made, in reverse order of making.
	Close func()
}

// Run lives the life of a service until ctx is done.
func Run(ctx context.Context, o Options) error {
	emit := func(name telemetry.EventName, fields ...telemetry.Field) {
		o.Telemetry.Emit(ctx, telemetry.Event{Name: name, Fields: fields})
	}
	emit(telemetry.AppStarting)
	relax()
	for _, w := range o.Warnings {
		o.Telemetry.Emit(ctx, telemetry.Event{
			Name: telemetry.ConfigWarning, Severity: telemetry.SeverityWarning,
			Fields: []telemetry.Field{telemetry.Variable(w.Variable), telemetry.Reason(w.Text)},
		})
	}
	listener := o.Listener
	if listener == nil {
		var err error
		var lc net.ListenConfig
		listener, err = lc.Listen(ctx, "tcp", ":"+strconv.Itoa(o.Common.Port))
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	emit(telemetry.AppListening, telemetry.Count(telemetry.Port, port(listener)))

	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	prepared := make(chan struct{})
	go func() {
		defer close(prepared)
		if err := o.Prepare(serving); err != nil {
			if serving.Err() == nil {
				stop(err)
			}
			return
		}
		emit(telemetry.AppReady)
	}()
	err := o.Server.Serve(serving, listener)
	emit(telemetry.AppShuttingDown)
	stop(nil)
	<-prepared
	o.Close()
	emit(telemetry.AppStopped)

	flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	// A collector that does not take the rest is no failure of the service.
	_ = o.Telemetry.Shutdown(flushing)
	if cause := context.Cause(serving); ctx.Err() == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func port(l net.Listener) int {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}
