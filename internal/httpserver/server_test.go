package httpserver_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/pyloto/atende/internal/httpserver"
)

// pipes is a listener whose connections live in memory, so that a server can
// be watched in a bubble where time is free.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// dial returns the client's end of a new connection; nil when the server no
// longer accepts.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client
	case <-p.done:
		return nil
	}
}

func TestHandlerOutlivesReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{Service: "x", HandlerTimeout: 90 * time.Second})
		s.Echo().POST("/slow", func(c echo.Context) error {
			if _, err := io.Copy(io.Discard, c.Request().Body); err != nil {
				return err
			}
			select {
			case <-time.After(60 * time.Second):
				return c.NoContent(http.StatusOK)
			case <-c.Request().Context().Done():
				return c.Request().Context().Err()
			}
		})
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- s.Serve(ctx, l) }()
		conn := l.dial()
		go fmt.Fprintf(conn, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\noi")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 200 {
			t.Errorf("status %d, want 200", res.StatusCode)
		}
		_ = strings.ToLower
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
