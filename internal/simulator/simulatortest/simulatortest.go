// Package simulatortest starts streets for tests: on ports of their own, until the
// test ends, which fails when the street does.
package simulatortest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/simulator"
)

// patience bounds every wait for something that certainly comes.
const patience = 30 * time.Second

// Street is a running street. Its methods are safe for concurrent use.
type Street struct {
	// URL is the address that it printed.
	URL  string
	tb   testing.TB
	stop func() error
	// greeting and logs are what it printed.
	greeting, logs *output
}

// Start runs a street on free ports. environ adds to its environment, in the form
// of os.Environ.
func Start(tb testing.TB, environ ...string) *Street {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	address := make(chan string, 1)
	s := &Street{tb: tb, greeting: &output{address: address}, logs: &output{}}
	ended := make(chan error, 1)
	go func() {
		ended <- simulator.Run(ctx, simulator.Options{
			Environ: append([]string{"PORT_BASE=0"}, environ...), Stdout: s.greeting, Stderr: s.logs, Version: "test",
		})
	}()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Errorf("the street ended with %v", err)
		}
	})
	select {
	case s.URL = <-address:
	case err := <-ended:
		ended <- err
		tb.Fatalf("the street ended before it was open: %v", err)
	case <-time.After(patience):
		tb.Fatal("the street did not print its address")
	}
	return s
}

// Stop ends the street and returns what it ended with, however often it is called.
func (s *Street) Stop() error { return s.stop() }

// Call makes a request of the street's API with JSON as its body, which may be
// empty, and returns the status of the answer. into, unless it is nil, gets what was
// answered: a *string the text, anything else what the JSON says.
func (s *Street) Call(method, path, body string, into any) (status int) {
	s.tb.Helper()
	request, err := http.NewRequestWithContext(s.tb.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.tb.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.tb.Fatalf("%s %s: %v", method, path, err)
	}
	if text, ok := into.(*string); ok {
		*text = string(answer)
	} else if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.tb.Fatalf("%s %s answered %d %s", method, path, response.StatusCode, answer)
		}
	}
	return response.StatusCode
}

// Until waits until something is so. It asks whenever the street tells that
// something has changed, and fails the test, with what was logged, if it never is.
func (s *Street) Until(what string, so func() bool) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(s.tb.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/events", nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for events := bufio.NewScanner(response.Body); events.Scan(); {
		if strings.HasPrefix(events.Text(), "data:") && so() {
			return
		}
	}
	var log string
	s.Call(http.MethodGet, "/api/logs", "", &log)
	s.tb.Fatalf("%s: it never came to that; the logs:\n%s", what, log)
}

// Greeting is what the street has printed for people so far.
func (s *Street) Greeting() string { return s.greeting.String() }

// Logs are what its services have printed to the terminal so far: nothing unless
// ATENDE_LOG asks for it.
func (s *Street) Logs() string { return s.logs.String() }

// output keeps what is printed, and finds the address in it.
type output struct {
	address chan<- string // nil where none is looked for

	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	if found := regexp.MustCompile(`(?m)^Open (http://\S+)$`).FindSubmatch(p); found != nil && o.address != nil {
		o.address <- string(found[1])
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
