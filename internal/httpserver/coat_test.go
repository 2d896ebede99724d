package httpserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/labstack/echo/v4"
	"github.com/pyloto/atende/internal/httpserver"
)

// handler does something and answers 200.
func handler(do func()) echo.HandlerFunc {
	return func(c echo.Context) error {
		do()
		return c.NoContent(http.StatusOK)
	}
}

// drain reads a body and answers its length.
func drain(c echo.Context) error {
	n, err := io.Copy(io.Discard, c.Request().Body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	return c.String(http.StatusOK, fmt.Sprint(n))
}

// recorded is a server whose reports are kept.
func recorded(o httpserver.Options) (*httpserver.Server, *[]httpserver.RequestEvent) {
	events := new([]httpserver.RequestEvent)
	var mu sync.Mutex
	o.Report = func(_ context.Context, e httpserver.RequestEvent) {
		mu.Lock()
		defer mu.Unlock()
		*events = append(*events, e)
	}
	return httpserver.New(o), events
}

type secretive struct{ text string }

func TestErrors(t *testing.T) {
	timeout := &os.PathError{Op: "read", Err: os.ErrDeadlineExceeded}
	for _, c := range []struct {
		name   string
		answer echo.HandlerFunc
		code   int
		err    string // reported; "" = none
		panics string // type reported
	}{
		{"nothing said", func(echo.Context) error { return nil }, 200, "", ""},
		{"status", func(echo.Context) error { return echo.NewHTTPError(401, "expected signature abc") }, 401, "", ""},
		{"status with a reason", func(echo.Context) error { return echo.NewHTTPError(503).SetInternal(errors.New("tasks: down")) }, 503, "tasks: down", ""},
		{"own status without a reason", func(echo.Context) error { return echo.NewHTTPError(500) }, 500, "code=500, message=Internal Server Error", ""},
		{"wrapped status", func(echo.Context) error { return fmt.Errorf("x: %w", echo.NewHTTPError(403)) }, 403, "", ""},
		{"no status at all", func(echo.Context) error { return echo.NewHTTPError(200) }, 500, "", ""},
		{"impossible status", func(echo.Context) error { return echo.NewHTTPError(1000) }, 500, "code=1000, message=", ""},
		{"error", func(echo.Context) error { return errors.New("commit: bug") }, 500, "commit: bug", ""},
		{"deadline", func(echo.Context) error { return fmt.Errorf("ask: %w", context.DeadlineExceeded) }, 503, "ask: context deadline exceeded", ""},
		{"cancelled", func(echo.Context) error { return context.Canceled }, 503, "context canceled", ""},
		// These are a dependency's, not the sender's.
		{"a dependency's timeout", func(echo.Context) error { return timeout }, 500, timeout.Error(), ""},
		{"a dependency's cut answer", func(echo.Context) error { return io.ErrUnexpectedEOF }, 500, "unexpected EOF", ""},
		{"a dependency's long answer", func(echo.Context) error { return &http.MaxBytesError{Limit: 1} }, 500, "http: request body too large", ""},
		{"half an answer", func(c echo.Context) error {
			c.Response().Header().Set("Content-Type", "text/html")
			c.Response().Header().Set("Content-Length", "12")
			return errors.New("x")
		}, 500, "x", ""},
		{"panic", func(echo.Context) error { panic("telefone 5511987654321") }, 500, "", "string"},
		{"panic with an error", func(echo.Context) error { panic(errors.New("5511987654321")) }, 500, "", "*errors.errorString"},
		{"panic with a type of its own", func(echo.Context) error { panic(secretive{"5511987654321"}) }, 500, "", "httpserver_test.secretive"},
		{"panic of the runtime", func(c echo.Context) error { return c.String(200, "x"[len(c.Path()):]) }, 500, "", "runtime.boundsError"},
		{"panic with nil", func(echo.Context) error { panic(nil) }, 500, "", "*runtime.PanicNilError"},
	} {
		s, events := recorded(httpserver.Options{})
		s.Echo().GET("/x", c.answer)
		w := get(s, "GET", "/x?phone=5511987654321")
		if w.Code != c.code || w.Body.Len() != 0 {
			t.Errorf("%s: %d with body %q, want %d", c.name, w.Code, w.Body, c.code)
		}
		if got := w.Header().Get("Content-Type") + w.Header().Get("Content-Length"); got != "" {
			t.Errorf("%s: headers of half an answer are left: %q", c.name, got)
		}
		if (w.Code == 503) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.name, w.Header().Get("Retry-After"))
		}
		if len(*events) != 1 {
			t.Fatalf("%s: reported %d times", c.name, len(*events))
		}
		e := (*events)[0]
		if e.Status != c.code {
			t.Errorf("%s: status %d reported", c.name, e.Status)
		}
		if got := fmt.Sprint(e.Err); c.err == "" && e.Err != nil || c.err != "" && !strings.HasPrefix(got, c.err) {
			t.Errorf("%s: error %q reported, want %q", c.name, got, c.err)
		}
		if e.Panic != c.panics || (c.panics != "") != strings.Contains(e.Stack, "TestErrors") {
			t.Errorf("%s: panic %q reported at %q", c.name, e.Panic, e.Stack)
		}
		if c.panics != "" && !regexp.MustCompile(`^goroutine 1 \[running\]:\n(\S+\(\.\.\.\)\n\t\S+\.(go|s):\d+\n)+$`).MatchString(e.Stack) {
			t.Errorf("%s: not as Go prints it: %q", c.name, e.Stack)
		}
		if strings.Contains(fmt.Sprintf("%+v", e), "5511987654321") {
			t.Errorf("%s: personal data reported: %+v", c.name, e)
		}
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	s, _ := recorded(httpserver.Options{})
	s.Echo().POST("/webhook/whatsapp", drain)
	for _, c := range []struct {
		method, target string
		code           int
	}{
		{"GET", "/", 404},
		{"GET", "/canario", 404},
		{"POST", "/webhook", 404},
		{"POST", "/webhook/whatsapp/", 404},
		{"POST", "/webhook/whatsapp/canario", 404},
		{"GET", "/webhook/whatsapp", 405},
		{"CANARIO", "/webhook/whatsapp", 405},
		{"OPTIONS", "/webhook/whatsapp", 405},
		{"POST", "/health", 405},
		{"DELETE", "/ready", 405},
		{"OPTIONS", "/health", 405},
		{"GET", "/health/", 404},
		{"GET", "//health", 404},
		{"GET", "/%2e%2e/health", 404},
	} {
		w := get(s, c.method, c.target)
		if w.Code != c.code || w.Body.Len() != 0 {
			t.Errorf("%s %s: %d %q, want %d", c.method, c.target, w.Code, w.Body, c.code)
		}
		if (c.code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s %s: Allow %q", c.method, c.target, w.Header().Get("Allow"))
		}
		if strings.Contains(strings.ToLower(fmt.Sprint(w.Header())), "canario") {
			t.Errorf("%s %s is reflected in %v", c.method, c.target, w.Header())
		}
	}
}

func TestReport(t *testing.T) {
	type key struct{}
	var events []httpserver.RequestEvent
	s := httpserver.New(httpserver.Options{
		Enter: func(ctx context.Context, h http.Header) (context.Context, string) {
			return context.WithValue(ctx, key{}, "entered"), "id-" + h.Get("X-Test")
		},
		Report: func(ctx context.Context, e httpserver.RequestEvent) {
			if ctx.Value(key{}) != "entered" || ctx.Err() != nil {
				t.Errorf("Report has another context: %v, %v", ctx.Value(key{}), ctx.Err())
			}
			events = append(events, e)
		},
	})
	s.Echo().POST("/contacts/:phone", func(c echo.Context) error {
		if c.Request().Context().Value(key{}) != "entered" {
			t.Error("the handler has another context")
		}
		return drain(c)
	})
	for _, r := range []*http.Request{
		httptest.NewRequest("POST", "/contacts/5511987654321?name=Iara", strings.NewReader("hello")),
		httptest.NewRequest("XIARA", "/contacts/5511987654321", nil),
		httptest.NewRequest("GET", "/5511987654321", nil),
		httptest.NewRequest("GET", "/health", nil),
	} {
		r.Header.Set("X-Test", "7")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if got := w.Header().Get("X-Correlation-Id"); got != "id-7" {
			t.Errorf("correlation id %q is sent back", got)
		}
	}
	want := []httpserver.RequestEvent{
		{Method: "POST", Route: "/contacts/:phone", Status: 200, BytesIn: 5, BytesOut: 1, CorrelationID: "id-7"},
		{Method: "OTHER", Route: "/contacts/:phone", Status: 405, CorrelationID: "id-7"},
		{Method: "GET", Route: "unmatched", Status: 404, CorrelationID: "id-7"},
		{Method: "GET", Route: "/health", Status: 200, CorrelationID: "id-7"},
	}
	if diff := cmp.Diff(want, events, cmpopts.IgnoreFields(httpserver.RequestEvent{}, "Latency"),
		cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "BytesOut" }, cmp.Comparer(func(a, b int64) bool { return a == b || a == 0 || b == 0 }))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, probes := range []bool{false, false, false, true} {
		if events[i].Probes() != probes {
			t.Errorf("%s: Probes %v", events[i].Route, !probes)
		}
	}
}

func TestReportedLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events := recorded(httpserver.Options{})
		s.Echo().GET("/x", handler(func() { pause(3 * time.Second) }))
		get(s, "GET", "/x")
		if got := (*events)[0].Latency; got != 3*time.Second {
			t.Errorf("latency %v", got)
		}
	})
}

// unread is a body nobody may touch.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestBodyLimit(t *testing.T) {
	const limit = 1000
	s, events := recorded(httpserver.Options{MaxBody: limit})
	s.Echo().POST("/in", drain)
	for _, c := range []struct {
		name   string
		body   io.Reader
		length int64 // announced
		code   int
		read   int64
	}{
		{"none", nil, 0, 200, 0},
		{"empty, not announced", strings.NewReader(""), -1, 200, 0},
		{"at the limit", bytes.NewReader(make([]byte, limit)), limit, 200, limit},
		{"at the limit, not announced", bytes.NewReader(make([]byte, limit)), -1, 200, limit},
		{"over, announced", unread{t}, limit + 1, 413, 0},
		{"huge, announced", unread{t}, 1 << 62, 413, 0},
		{"over, not announced", bytes.NewReader(make([]byte, 100*limit)), -1, 413, limit},
		{"cut off", io.MultiReader(strings.NewReader("half"), errReader{io.ErrUnexpectedEOF}), 8, 400, 4},
	} {
		*events = nil
		r := httptest.NewRequest("POST", "/in", c.body)
		r.ContentLength = c.length
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != c.code {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.code)
		}
		if e := (*events)[0]; e.Status != c.code || e.BytesIn != c.read {
			t.Errorf("%s: reported %+v, want %d bytes read", c.name, e, c.read)
		}
		if c.code == 413 && w.Header().Get("Connection") != "close" {
			t.Errorf("%s: the connection stays open for the rest", c.name)
		}
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// A sender that announces a body too large is answered before it sends it.
func TestLargeBodyIsAnsweredBeforeItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := recorded(httpserver.Options{})
		s.Echo().POST("/in", drain)
		l, stop := serve(t, s)
		start := time.Now()
		res := say(t, l.dial(), "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 4194305\r\n\r\n")
		if res.StatusCode != 413 || time.Since(start) != 0 {
			t.Errorf("answered %d after %v", res.StatusCode, time.Since(start))
		}
		mustStop(t, stop)
	})
}

func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, events := recorded(httpserver.Options{MaxInFlight: 2, HandlerTimeout: time.Hour})
		release := make(chan struct{})
		s.Echo().POST("/in", handler(func() { <-release }))
		l, stop := serve(t, s)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if w := get(s, "POST", "/in"); w.Code != 200 {
					t.Errorf("answered %d", w.Code)
				}
			})
		}
		synctest.Wait()

		// The body is announced and never sent.
		res := say(t, l.dial(), "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
			t.Errorf("answered %d %v", res.StatusCode, res.Header)
		}
		for target, code := range map[string]int{"/health": 200, "/ready": 200, "/nada": 404} {
			if w := get(s, "GET", target); w.Code != code {
				t.Errorf("%s is answered %d under load", target, w.Code)
			}
		}
		if e := (*events)[0]; e.Status != 503 || e.Err == nil {
			t.Errorf("reported %+v", e)
		}
		close(release)
		wg.Wait()
		// Room that was taken is given back, by refused requests and panics too.
		s.Echo().POST("/panic", func(echo.Context) error { panic("x") })
		for range 5 {
			if w := get(s, "POST", "/panic"); w.Code != 500 {
				t.Errorf("answered %d", w.Code)
			}
		}
		if w := get(s, "POST", "/in"); w.Code != 200 {
			t.Errorf("after the load: %d", w.Code)
		}
		mustStop(t, stop)
	})
}

// An answer that began and cannot be completed must not look complete.
func TestPanicAfterTheAnswerBegan(t *testing.T) {
	s, events := recorded(httpserver.Options{})
	begin := func(v any) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := c.String(http.StatusOK, `{"status":`); err != nil {
				return err
			}
			panic(v)
		}
	}
	s.Echo().GET("/bug", begin("5511987654321"))
	s.Echo().GET("/abort", begin(http.ErrAbortHandler))
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	for _, path := range []string{"/bug", "/abort"} {
		res, err := srv.Client().Get(srv.URL + path)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: half an answer looks whole", path)
		}
	}
	srv.Close() // waits for what is still being reported
	if len(*events) != 2 || (*events)[0].Panic != "string" || (*events)[1].Panic != "" {
		t.Errorf("reported %+v", *events)
	}
}

func TestErrorAfterTheAnswerBegan(t *testing.T) {
	s, events := recorded(httpserver.Options{})
	s.Echo().GET("/x", func(c echo.Context) error {
		return errors.Join(c.String(http.StatusAccepted, "ok"), errors.New("afterthought"))
	})
	if w := get(s, "GET", "/x"); w.Code != 202 || w.Body.String() != "ok" {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if e := (*events)[0]; e.Status != 202 || e.Err == nil {
		t.Errorf("reported %+v", e)
	}
}
