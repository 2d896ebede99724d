// Package simulatortest starts streets for tests: on ports of their own, until the
// test ends, which fails when the street does.
package simulatortest

import (
	"bytes"
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/simulator"
)

// patience bounds the wait for a street to open.
const patience = 30 * time.Second

// Street is a running street. Its methods are safe for concurrent use.
type Street struct {
	// URL is the address that it printed.
	URL  string
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
	s := &Street{greeting: &output{address: address}, logs: &output{}}
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
