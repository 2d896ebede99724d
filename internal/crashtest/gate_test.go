package crashtest

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// when says which half of an exchange a trap holds.
type when string

const (
	// before holds the request: it never reached the server.
	before when = "before it reached the server"
	// after holds the answer: the request took effect and nobody was told.
	after when = "applied, answer lost"
)

// gate stands between a program and one of its servers and passes everything
// on, until a trap holds what it waits for.
type gate struct {
	target   string
	listener net.Listener
	life     context.Context
	close    context.CancelFunc
	work     sync.WaitGroup

	mu    sync.Mutex
	trap  *trap
	still chan struct{} // closed when a silence ends; nil while there is none
}

// trap waits for one request and holds it, or the answer to it, with
// everything else that its connection carries in that direction.
type trap struct {
	needles []string // in this order in what the client writes
	when    when
	spring  func() // called at the very moment; nil: nothing
	once    sync.Once
	matched chan struct{} // closed when the request came by
	held    chan struct{} // closed when bytes are held and spring has returned
	opened  chan struct{} // closed when the trap lets go
	pass    bool          // whether what was held goes on; set before opened
	late    sync.Once
	spoken  chan struct{} // closed when the server speaks after a late delivery
}

// newGate opens a gate in front of target. It closes when the test ends.
func newGate(t *testing.T, target string) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("open gate: %v", err)
	}
	g := &gate{target: target, listener: listener}
	g.life, g.close = context.WithCancel(context.Background())
	g.work.Go(g.serve)
	t.Cleanup(func() {
		g.close()
		_ = listener.Close()
		g.work.Wait()
	})
	return g
}

func (g *gate) addr() string { return g.listener.Addr().String() }

// arm sets a trap for the next request that holds the needles. A gate has one
// trap at a time.
func (g *gate) arm(w when, spring func(), needles ...string) *trap {
	t := &trap{
		needles: needles, when: w, spring: spring,
		matched: make(chan struct{}), held: make(chan struct{}), opened: make(chan struct{}), spoken: make(chan struct{}),
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trap = t
	return t
}

// hush holds whatever is said in either direction until speak is called. A
// request may then arrive long after its client has given it up, or died.
func (g *gate) hush() (speak func()) {
	still := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.still = still
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.still == still {
			g.still = nil
		}
		close(still)
	}
}

// pass waits for the end of a silence; false says that the gate closes.
func (g *gate) pass() bool {
	g.mu.Lock()
	still := g.still
	g.mu.Unlock()
	if still == nil {
		return true
	}
	select {
	case <-still:
		return true
	case <-g.life.Done():
		return false
	}
}

// drop lets a trap go and loses what it held.
func (t *trap) drop() { close(t.opened) }

// deliver lets a trap go and passes on what it held, however late.
func (t *trap) deliver() {
	t.pass = true
	close(t.opened)
}

// hold keeps the bytes of one direction of a connection until the trap is
// opened, and reports whether they go on.
func (t *trap) hold(life context.Context) bool {
	t.once.Do(func() {
		if t.spring != nil {
			t.spring()
		}
		close(t.held)
	})
	select {
	case <-t.opened:
		return t.pass
	case <-life.Done():
		return false
	}
}

// caught is the gate's trap if seen holds what it waits for. A trap catches
// once.
func (g *gate) caught(seen []byte) *trap {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.trap == nil {
		return nil
	}
	for _, needle := range g.trap.needles {
		_, rest, found := bytes.Cut(seen, []byte(needle))
		if !found {
			return nil
		}
		seen = rest
	}
	t := g.trap
	g.trap = nil
	close(t.matched)
	return t
}

func (g *gate) serve() {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.work.Go(func() { g.carry(client) })
	}
}

// carry is the life of one connection.
func (g *gate) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(g.life, "tcp", g.target)
	if err != nil {
		return // As if the server refused the connection itself.
	}
	defer func() { _ = server.Close() }()
	stop := context.AfterFunc(g.life, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer stop()

	var set atomic.Pointer[trap]
	ended := make(chan struct{})
	g.work.Go(func() {
		defer close(ended)
		g.answers(client, server, &set)
		_ = client.Close()
	})
	if late := g.requests(client, server, &set); late {
		// What a dead client wrote is with the server now, as if the network
		// had been slow: hanging up would take it back.
		<-ended
	}
}

const (
	chunk = 64 << 10
	// overlap is what is remembered of the last chunk, for needles that two
	// chunks share.
	overlap = 1 << 10
)

// requests carries what the client writes until it leaves; late says that it
// had left before its last words were delivered.
func (g *gate) requests(client, server net.Conn, set *atomic.Pointer[trap]) (late bool) {
	buf := make([]byte, chunk)
	var tail []byte
	for {
		n, err := client.Read(buf)
		if n > 0 {
			late = false
			seen := append(tail, buf[:n]...)
			if t := g.caught(seen); t != nil {
				if t.when == before {
					if !t.hold(g.life) {
						return false
					}
					late = true
				}
				set.Store(t)
			}
			tail = bytes.Clone(seen[max(0, len(seen)-overlap):])
			if !g.pass() {
				return false
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return false
			}
		}
		if err != nil {
			return late
		}
	}
}

// answers carries what the server writes, unless a trap holds it, until it
// hangs up.
func (g *gate) answers(client, server net.Conn, set *atomic.Pointer[trap]) {
	buf := make([]byte, chunk)
	for {
		n, err := server.Read(buf)
		if n > 0 {
			switch t := set.Load(); {
			case t == nil:
			case t.when == before:
				t.late.Do(func() { close(t.spoken) })
			case !t.hold(g.life):
				return
			}
			if !g.pass() {
				return
			}
			// That a client has left is found out by reading from it.
			_, _ = client.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}
