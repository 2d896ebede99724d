package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/workerd"
)

var errKilled = fault.Mark(errors.New("worker was killed on command"), fault.Broken)

// worker is the worker's program, to be killed on command. It shares its process
// with the street, so what a kill leaves behind is played: one life of the
// program after another serves the same port, and each sees the world through
// gates of its own. When a life is killed, its connections are cut on both sides
// at that moment and its ledger is gone, so nothing that its goroutines still try
// can be seen from outside; they end in the background. A model outside of the
// street is behind no gate: asking it ends with the task that asked.
type worker struct {
	listener net.Listener
	logs     io.Writer
	// at is where the parts are when nothing stands between.
	at      addresses
	environ func(addresses) []string
	// ledger is the one in memory as a life sees it; nil where the environment
	// names another.
	ledger func(*life) workerd.Ledger
	fuse   *fuse
	// options are what every life is given, but for what the fields above give.
	options workerd.Options
}

// run runs one life after another until ctx is done, or until one ends by
// itself.
func (w *worker) run(ctx context.Context) error {
	var lives sync.WaitGroup
	defer lives.Wait()
	door := openDoor(w.listener)
	defer door.close()
	for ctx.Err() == nil {
		l := &life{fuse: w.fuse, over: make(chan struct{})}
		at, err := l.behindGates(w.at)
		if err != nil {
			l.end()
			return fmt.Errorf("open the worker's gates: %w", err)
		}
		running, cancel := context.WithCancel(ctx)
		l.cancel = cancel
		ended := make(chan error, 1)
		lives.Go(func() {
			defer l.end()
			defer cancel()
			ended <- w.live(running, l, at, door)
		})
		select {
		case err := <-ended:
			if !l.dead.Load() {
				return err
			}
		case <-l.over:
		}
	}
	return nil
}

// live runs the program for one life.
func (w *worker) live(ctx context.Context, l *life, at addresses, door *door) error {
	o := w.options
	o.Environ, o.Stdout = w.environ(at), &lastWords{life: l, next: w.logs}
	o.Listener = &entrance{door: door, life: l, closed: make(chan struct{})}
	if w.ledger != nil {
		o.Memory = w.ledger(l)
	}
	return workerd.Run(ctx, o)
}

// life is one life of the worker, from its start to its end or its death.
type life struct {
	fuse   *fuse
	served connections
	gates  []*gate
	cancel context.CancelFunc

	dead  atomic.Bool
	death sync.Once
	over  chan struct{} // closed once it is dead to everybody
}

// behindGates opens a gate before every part that the worker speaks to.
func (l *life) behindGates(at addresses) (addresses, error) {
	var errs []error
	for _, address := range []*string{&at.graph, &at.model, &at.redis, &at.team, &at.tasks, &at.firestore} {
		behind, err := l.behindGate(*address)
		errs = append(errs, err)
		*address = behind
	}
	return at, errors.Join(errs...)
}

// behindGate opens a gate before an address, a URL or a host and port. What is
// spoken to with TLS is not led through one: the gate cannot speak for the name in
// the certificate.
func (l *life) behindGate(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	target, through := address, &url.URL{}
	if strings.Contains(address, "://") {
		var err error
		if through, err = url.Parse(address); err != nil {
			return "", err
		}
		if through.Scheme != "http" && through.Scheme != "redis" {
			return address, nil
		}
		target = through.Host
	}
	g, err := newGate(target)
	if err != nil {
		return "", err
	}
	l.gates = append(l.gates, g)
	if through.Host == "" {
		return g.addr(), nil
	}
	through.Host = g.addr()
	return through.String(), nil
}

// meets reports whether a fault of the kind kills the worker at this moment. It
// is dead when meets returns.
func (l *life) meets(k kind) bool {
	if l.dead.Load() {
		return false
	}
	if _, _, ok := l.fuse.take(k); !ok {
		return false
	}
	l.kill()
	return true
}

// kill ends a life as the system ends a process: nothing that it began is
// finished, and nobody is told.
func (l *life) kill() {
	l.death.Do(func() {
		l.dead.Store(true)
		l.served.cut()
		for _, g := range l.gates {
			g.cut()
		}
		l.cancel()
		close(l.over)
	})
}

// end gives back what a life held, once nothing of it runs.
func (l *life) end() {
	for _, g := range l.gates {
		g.close()
	}
}

// lastWords are the log of a life; it says nothing after its death.
type lastWords struct {
	life *life
	next io.Writer
}

func (w *lastWords) Write(p []byte) (int, error) {
	if w.life.dead.Load() {
		return len(p), nil
	}
	return w.next.Write(p)
}

// door lets the connections of one port in, to whichever life is on. The port is
// open all the while: another program could take it between two lives.
type door struct {
	listener net.Listener
	conns    chan net.Conn
	shut     chan struct{}
	work     sync.WaitGroup
}

func openDoor(l net.Listener) *door {
	d := &door{listener: l, conns: make(chan net.Conn), shut: make(chan struct{})}
	d.work.Go(d.serve)
	return d
}

func (d *door) close() {
	close(d.shut)
	_ = d.listener.Close()
	d.work.Wait()
}

func (d *door) serve() {
	for {
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// As at a gate: the next one may be better off.
			select {
			case <-d.shut:
				return
			case <-time.After(acceptPause):
			}
			continue
		}
		select {
		case d.conns <- conn:
		case <-d.shut:
			_ = conn.Close()
		}
	}
}

// entrance is the door as one life sees it: a listener.
type entrance struct {
	door    *door
	life    *life
	closed  chan struct{}
	closing sync.Once
}

// Accept waits for the next connection. A life that is dead gets none.
func (e *entrance) Accept() (net.Conn, error) {
	for {
		select {
		case <-e.closed:
			return nil, net.ErrClosed
		case <-e.life.over:
			<-e.closed
		case conn := <-e.door.conns:
			if e.life.served.add(conn) {
				return &servedConn{Conn: conn, of: &e.life.served}, nil
			}
		}
	}
}

// Close ends this life's listening, and not the door.
func (e *entrance) Close() error {
	e.closing.Do(func() { close(e.closed) })
	return nil
}

// Addr is the port of every life.
func (e *entrance) Addr() net.Addr { return e.door.listener.Addr() }

// servedConn is a connection that a life serves until either of them ends.
type servedConn struct {
	net.Conn
	of *connections
}

// Close closes the connection.
func (c *servedConn) Close() error {
	c.of.drop(c.Conn)
	return nil
}
