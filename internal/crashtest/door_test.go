package crashtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// door is the one address of several processes of a service, as a platform's
// load balancer is: a request goes to one of those that can work. One that
// cannot be reached at all has taken nothing, so the next is asked; one that
// falls silent half way may have done anything, so the caller's connection
// breaks.
type door struct {
	server *httptest.Server
	client *http.Client
	behind []*house
	turn   atomic.Uint64
	// heard is told of every answer before the caller is; nil: nobody is.
	heard func(path string, body []byte, status int) (said int)
}

// house is where a process answers, while it can work.
type house struct {
	host string
	open atomic.Bool
	busy atomic.Int64 // with so many requests
}

// newDoor opens a door that has nothing behind it yet. It closes when the test
// ends.
func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	d.server = httptest.NewServer(d)
	t.Cleanup(func() {
		d.server.CloseClientConnections()
		d.server.Close()
		d.client.CloseIdleConnections()
	})
	return d
}

func (d *door) url() string { return d.server.URL }

func (d *door) host() string { return d.server.Listener.Addr().String() }

// ServeHTTP passes a request on.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	first := d.turn.Add(1)
	for i := range d.behind {
		h := d.behind[(first+uint64(i))%uint64(len(d.behind))]
		if !h.open.Load() {
			continue
		}
		status, header, answer, err := d.ask(r, h, body)
		var unreached *net.OpError
		if errors.As(err, &unreached) && unreached.Op == "dial" {
			continue
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if d.heard != nil {
			status = d.heard(r.URL.Path, body, status)
		}
		for _, name := range []string{"Content-Type", "Retry-After", "Www-Authenticate"} {
			if v := header.Get(name); v != "" {
				w.Header().Set(name, v)
			}
		}
		w.WriteHeader(status)
		//nolint:gosec // It is the answer of our own services, to the test.
		_, _ = w.Write(answer) // A caller who left hears nothing.
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (d *door) ask(r *http.Request, h *house, body []byte) (int, http.Header, []byte, error) {
	h.busy.Add(1)
	defer h.busy.Add(-1)
	request, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+h.host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header = r.Header.Clone()
	answer, err := d.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header, said, err
}
