package simulator

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// dialPatience bounds reaching what is behind a gate.
	dialPatience = 2 * time.Second
	// holdPatience bounds hanging. A client that carries many exchanges over one
	// connection gives up exchanges and keeps the connection: to hold that for
	// ever would be another fault than the one that was asked for.
	holdPatience = 5 * time.Second
	// acceptPause is waited when no connection can be accepted.
	acceptPause = 50 * time.Millisecond
)

// gate stands in front of a server that speaks over TCP and breaks its
// connections on command. A fault meets one exchange: what the client writes at
// once, and the answer to it.
type gate struct {
	target   string
	listener net.Listener
	fuse     *fuse
	open     connections
	ctx      context.Context
	cancel   context.CancelFunc
	work     sync.WaitGroup
}

// newGate opens a gate on a free loopback port.
func newGate(target string) (*gate, error) {
	listener, err := listen(0)
	if err != nil {
		return nil, err
	}
	g := &gate{target: target, listener: listener, fuse: newFuse()}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.work.Go(g.serve)
	return g, nil
}

func (g *gate) addr() string { return g.listener.Addr().String() }

// cut drops every connection, at once and for good. The port is kept, so that
// who goes on knocking does not come upon somebody else.
func (g *gate) cut() {
	g.cancel()
	g.open.cut()
}

// close cuts the gate, gives its port back and waits until nothing is left of it.
func (g *gate) close() {
	g.cut()
	_ = g.listener.Close()
	g.work.Wait()
}

func (g *gate) serve() {
	for {
		client, err := g.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of descriptors, most likely: the next one may be better off.
			select {
			case <-g.ctx.Done():
				return
			case <-time.After(acceptPause):
			}
			continue
		}
		g.work.Go(func() { g.pass(client) })
	}
}

// pass carries one connection until either side leaves or a fault ends it.
func (g *gate) pass(client net.Conn) {
	if !g.open.add(client) {
		return
	}
	defer g.open.drop(client)
	dialer := net.Dialer{Timeout: dialPatience}
	server, err := dialer.DialContext(g.ctx, "tcp", g.target)
	if err != nil || !g.open.add(server) {
		return
	}
	defer g.open.drop(server)

	var mute atomic.Bool
	g.work.Go(func() {
		answers(client, server, &mute)
		_ = client.Close()
	})
	g.requests(client, server, &mute)
}

// requests carries what the client writes.
func (g *gate) requests(client, server net.Conn, mute *atomic.Bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			fault, cleared, broken := g.fuse.take(failBefore, failAfter, hang)
			switch {
			case broken && fault.kind == failBefore:
				return
			case broken && fault.kind == hang:
				g.hold(client, cleared)
				return
			case broken:
				mute.Store(true)
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold keeps a connection open and silent until the client leaves, the fault is
// taken back or patience ends. What was written meanwhile is lost, so it cannot
// go on.
func (g *gate) hold(client net.Conn, cleared <-chan struct{}) {
	gone := make(chan struct{})
	g.work.Go(func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, client)
	})
	over := time.NewTimer(holdPatience)
	defer over.Stop()
	select {
	case <-cleared:
	case <-over.C:
	case <-gone:
	case <-g.ctx.Done():
	}
}

// answers carries what the server writes, until an answer is to be lost.
func answers(client, server net.Conn, mute *atomic.Bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if mute.Load() {
			return
		}
		if n > 0 {
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// connections are those of one owner, to be cut together. The zero value has
// none. It is safe for concurrent use.
type connections struct {
	mu   sync.Mutex
	over bool
	all  map[net.Conn]struct{}
}

// add takes a connection in. After the cut it closes it instead.
func (c *connections) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		_ = conn.Close()
		return false
	}
	if c.all == nil {
		c.all = map[net.Conn]struct{}{}
	}
	c.all[conn] = struct{}{}
	return true
}

// drop closes a connection.
func (c *connections) drop(conn net.Conn) {
	_ = conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, conn)
}

// cut closes every connection, and every one that is added from now on.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for conn := range c.all {
		_ = conn.Close()
	}
}
