//go:build browser

package browsertest

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gate is the proxy between the browser and everything else, loopback included. It
// lets through what is asked of a test's street, and remembers whatever else was
// asked for: by a page, by a frame or worker of it, or by the browser itself.
type gate struct {
	mu        sync.Mutex
	streets   map[string]bool
	strangers map[string]bool
}

func newGate() *gate {
	return &gate{streets: make(map[string]bool), strangers: make(map[string]bool)}
}

// admit lets the browser through to a street, by its URL.
func (g *gate) admit(street string) error {
	address, err := url.Parse(street)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(address.Host)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && !ip.IsLoopback() {
		return fmt.Errorf("%s is not on this machine", street)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streets[address.Host] = true
	return nil
}

// makers are the domains that Chromium calls on its own account, whatever its flags
// say. Those calls end at the gate as well; a page that made one would be seen by
// its own test, which watches the page's requests.
var makers = []string{"google.com", "googleapis.com", "gvt1.com"}

// asked is whom the browser asked beside the streets and its makers, sorted.
func (g *gate) asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.strangers))
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	known := r.Method != http.MethodConnect && r.URL.Scheme == "http" && g.streets[r.URL.Host]
	if !known && !slices.ContainsFunc(makers, func(m string) bool { return strings.HasSuffix("."+r.URL.Hostname(), "."+m) }) {
		g.strangers[r.Host] = true
	}
	g.mu.Unlock()
	if !known {
		http.Error(w, "not a street of these tests", http.StatusForbidden)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.Out.Host = r.Host },
		// Events are passed on as they come.
		FlushInterval: -1,
		// A street that has ended refuses its pages; they say so themselves.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	proxy.ServeHTTP(w, r)
}

// The run ends red when the gate remembers a stranger, so the gate itself is held
// to it here, with one that no browser uses.
func TestTheGateLetsOnlyStreetsThrough(t *testing.T) {
	t.Parallel()
	street := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(street.Close)
	neighbour := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the neighbour was asked") }))
	t.Cleanup(neighbour.Close)

	g := newGate()
	if err := g.admit(street.URL); err != nil {
		t.Fatal(err)
	}
	if err := g.admit("http://192.0.2.1:80"); err == nil {
		t.Error("an address that is not on this machine was admitted")
	}
	for target, want := range map[string]int{street.URL: http.StatusOK, neighbour.URL: http.StatusForbidden, "http://192.0.2.1/": http.StatusForbidden} {
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
		if answer.Code != want {
			t.Errorf("%s was answered %d, not %d", target, answer.Code, want)
		}
	}
	for _, host := range []string{"192.0.2.2:443", "update.googleapis.com:443", strings.TrimPrefix(street.URL, "http://")} {
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, &http.Request{Method: http.MethodConnect, Host: host, URL: &url.URL{Host: host}})
		if answer.Code != http.StatusForbidden {
			t.Errorf("a tunnel to %s was answered %d", host, answer.Code)
		}
	}
	want := []string{"192.0.2.1", "192.0.2.2:443", strings.TrimPrefix(street.URL, "http://"), strings.TrimPrefix(neighbour.URL, "http://")}
	slices.Sort(want)
	if got := g.asked(); !slices.Equal(got, want) {
		t.Errorf("the gate remembers %q, not %q", got, want)
	}
}
