package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

// dial returns the client's end of a new connection, or nil when the server no
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

// say writes a request, or what there is of it, and returns the answer. The
// writing goes on while the answer is awaited.
func say(t *testing.T, conn net.Conn, request string) *http.Response {
	t.Helper()
	go func() { _, _ = io.WriteString(conn, request) }() // may be cut off by the answer
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.40q: %v", request, err)
	}
	return res
}

// serve runs s until the returned function is called, which returns what Serve
// returned and how long it took to stop.
func serve(t *testing.T, s *httpserver.Server) (l *pipes, stop func() (time.Duration, error)) {
	l = newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	return l, func() (time.Duration, error) {
		start := time.Now()
		cancel()
		err := <-served
		return time.Since(start), err
	}
}

func mustStop(t *testing.T, stop func() (time.Duration, error)) {
	t.Helper()
	if _, err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// pause waits for a while of the bubble's time.
func pause(d time.Duration) { <-time.After(d) }

// get serves one request without a socket.
func get(s *httpserver.Server, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func TestHealth(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 7, time.FixedZone("BRT", -3*3600))
	asked := false
	s := httpserver.New(httpserver.Options{
		Service: `atende-"ingress"`, Version: "v1",
		Now:    func() time.Time { return now },
		Ready:  func() bool { return false },
		Checks: []httpserver.Check{{Name: "redis", Required: true, Probe: func(context.Context) error { asked = true; return errors.New("down") }}},
	})
	for range 2 {
		w := get(s, "GET", "/health")
		want := `{"status":"healthy","service":"atende-\"ingress\"","version":"v1","timestamp":"2026-03-01T12:00:00Z"}`
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
		}
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("content type %q", got)
		}
	}
	if w := get(s, "HEAD", "/health"); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if asked {
		t.Error("/health touched a dependency")
	}
}

func TestHeadersAreFew(t *testing.T) {
	s := httpserver.New(httpserver.Options{})
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	for path, want := range map[string][]string{
		"/health": {"Cache-Control", "Content-Length", "Content-Type", "Date", "X-Content-Type-Options"},
		"/nada":   {"Content-Length", "Date", "X-Content-Type-Options"},
	} {
		res, err := srv.Client().Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		names := map[string]bool{}
		for name := range res.Header {
			names[name] = true
		}
		wanted := map[string]bool{}
		for _, name := range want {
			wanted[name] = true
		}
		if diff := cmp.Diff(wanted, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestStopFinishesWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{HandlerTimeout: time.Minute})
		s.Echo().POST("/slow", func(c echo.Context) error {
			select {
			case <-time.After(7 * time.Second):
				return c.String(http.StatusOK, "done")
			case <-c.Request().Context().Done():
				return c.Request().Context().Err()
			}
		})
		l, stop := serve(t, s)
		conn := l.dial()
		answer := make(chan *http.Response)
		go func() { answer <- say(t, conn, "POST /slow HTTP/1.1\r\nHost: x\r\n\r\n") }()
		synctest.Wait()
		go func() {
			pause(time.Second)
			if w := get(s, "GET", "/ready"); w.Code != 503 || !strings.Contains(w.Body.String(), `"not_ready"`) {
				t.Errorf("while draining /ready says %d %s", w.Code, w.Body)
			}
			if w := get(s, "POST", "/slow"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
				t.Errorf("while draining a new request is answered %d", w.Code)
			}
			if w := get(s, "GET", "/health"); w.Code != 200 {
				t.Errorf("while draining /health says %d", w.Code)
			}
			if conn := l.dial(); conn != nil {
				t.Error("while draining a connection is accepted")
			}
		}()
		go func() {
			if res := <-answer; res.StatusCode != 200 {
				t.Errorf("what ran was answered %d", res.StatusCode)
			}
		}()
		took, err := stop()
		if err != nil {
			t.Error(err)
		}
		if took > 8*time.Second {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestStopCutsWhatDoesNotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{HandlerTimeout: time.Hour})
		s.Echo().GET("/waits", func(c echo.Context) error {
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		})
		deaf := make(chan struct{})
		s.Echo().GET("/deaf", func(echo.Context) error { <-deaf; return nil })
		l, stop := serve(t, s)
		waits := l.dial()
		answer := make(chan int, 1)
		go func() { answer <- say(t, waits, "GET /waits HTTP/1.1\r\nHost: x\r\n\r\n").StatusCode }()
		conn := l.dial()
		go func() { _, _ = io.WriteString(conn, "GET /deaf HTTP/1.1\r\nHost: x\r\n\r\n") }()
		synctest.Wait()
		took, err := stop()
		if err != nil {
			t.Error(err)
		}
		if took < 8*time.Second || took > 9*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if code := <-answer; code != 503 {
			t.Errorf("who listens to its context was answered %d", code)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("who is deaf was answered")
		}
		close(deaf)
	})
}

func TestStopOfAnIdleServerIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, stop := serve(t, httpserver.New(httpserver.Options{}))
		synctest.Wait()
		if took, err := stop(); took != 0 || err != nil {
			t.Errorf("took %v, %v", took, err)
		}
	})
}

func TestStopBeforeStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newPipes()
	if err := httpserver.New(httpserver.Options{}).Serve(ctx, l); err != nil {
		t.Error(err)
	}
	if l.dial() != nil {
		t.Error("the listener is still open")
	}
}

func TestBrokenListener(t *testing.T) {
	l := newPipes()
	_ = l.Close()
	err := httpserver.New(httpserver.Options{}).Serve(t.Context(), l)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestServeOnASocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{Service: "atende-worker"})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	res, err := http.Get("http://" + l.Addr().String() + "/health")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(body), "atende-worker") {
		t.Errorf("%d %s %v", res.StatusCode, body, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

// closedAfter reads until the server hangs up and returns how long that took.
func closedAfter(conn net.Conn) (time.Duration, string) {
	start := time.Now()
	answer, _ := io.ReadAll(conn) // a pipe that is closed is the end
	return time.Since(start), string(answer)
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := false
		s := httpserver.New(httpserver.Options{Report: func(context.Context, httpserver.RequestEvent) { ran = true }})
		l, stop := serve(t, s)
		conn := l.dial()
		var writer sync.WaitGroup
		writer.Go(func() {
			for _, c := range "GET /health HTTP/1.1\r\nHost: a-very-patient-host.example\r\n\r\n" {
				if _, err := io.WriteString(conn, string(c)); err != nil {
					return
				}
				pause(time.Second)
			}
		})
		if took, answer := closedAfter(conn); took != 5*time.Second || strings.Contains(answer, "healthy") {
			t.Errorf("cut off after %v, answering %q", took, answer)
		}
		writer.Wait()
		if ran {
			t.Error("half a request was served")
		}
		mustStop(t, stop)
	})
}

func TestSlowBodiesAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []httpserver.RequestEvent
		s := httpserver.New(httpserver.Options{
			HandlerTimeout: time.Minute,
			Report:         func(_ context.Context, e httpserver.RequestEvent) { events = append(events, e) },
		})
		s.Echo().POST("/in", func(c echo.Context) error {
			if _, err := io.ReadAll(c.Request().Body); err != nil {
				return fmt.Errorf("read: %w", err)
			}
			return c.NoContent(http.StatusOK)
		})
		l, stop := serve(t, s)
		conn := l.dial()
		var writer sync.WaitGroup
		writer.Go(func() {
			_, _ = io.WriteString(conn, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
			for {
				if _, err := io.WriteString(conn, "a"); err != nil {
					return
				}
				pause(time.Second)
			}
		})
		took, answer := closedAfter(conn)
		if took < 10*time.Second || took > 11*time.Second || !strings.HasPrefix(answer, "HTTP/1.1 408 ") {
			t.Errorf("cut off after %v, answering %q", took, answer)
		}
		writer.Wait()
		mustStop(t, stop)
		if len(events) != 1 || events[0].Status != 408 || events[0].BytesIn == 0 || events[0].Err == nil {
			t.Errorf("reported %+v", events)
		}
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := serve(t, httpserver.New(httpserver.Options{}))
		conn := l.dial()
		r := bufio.NewReader(conn)
		go func() { _, _ = io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n") }()
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, _ = io.ReadAll(r)
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("closed after %v", took)
		}
		mustStop(t, stop)
	})
}

func TestHugeHeadersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := serve(t, httpserver.New(httpserver.Options{}))
		res := say(t, l.dial(), "GET /health HTTP/1.1\r\nHost: x\r\nX-A: "+strings.Repeat("a", 32<<10)+"\r\n\r\n")
		if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answered %d", res.StatusCode)
		}
		mustStop(t, stop)
	})
}

// A worker's turn takes longer than a body may.
func TestHandlerOutlivesReadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{HandlerTimeout: 90 * time.Second})
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
		l, stop := serve(t, s)
		if res := say(t, l.dial(), "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\noi"); res.StatusCode != 200 {
			t.Errorf("answered %d", res.StatusCode)
		}
		mustStop(t, stop)
	})
}

func TestHandlerDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{HandlerTimeout: 30 * time.Second})
		s.Echo().GET("/slow", func(c echo.Context) error {
			<-c.Request().Context().Done()
			return fmt.Errorf("ask model: %w", c.Request().Context().Err())
		})
		l, stop := serve(t, s)
		start := time.Now()
		res := say(t, l.dial(), "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
		if took := time.Since(start); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || took != 30*time.Second {
			t.Errorf("answered %d after %v", res.StatusCode, took)
		}
		mustStop(t, stop)
	})
}

func TestClientThatLeavesEndsItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := httpserver.New(httpserver.Options{})
		ended := make(chan error, 1)
		s.Echo().GET("/slow", func(c echo.Context) error {
			<-c.Request().Context().Done()
			ended <- c.Request().Context().Err()
			return c.Request().Context().Err()
		})
		l, stop := serve(t, s)
		conn := l.dial()
		_, _ = io.WriteString(conn, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = conn.Close()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		mustStop(t, stop)
	})
}
