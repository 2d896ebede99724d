package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// call is one request of a load and the status it must be answered with.
type call struct {
	header http.Header
	body   []byte
	status int
}

// sender posts calls to one route of one service.
type sender struct {
	client *http.Client
	url    string
}

func newSender(tb testing.TB, url string) *sender {
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	return &sender{client: &http.Client{Transport: transport, Timeout: patience}, url: url}
}

// post makes one call and says how long it took.
func (s *sender) post(ctx context.Context, c call) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(c.body))
	if err != nil {
		return 0, err
	}
	request.Header = c.header
	began := time.Now()
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(response.Body)
	took := time.Since(began)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return 0, err
	}
	if response.StatusCode != c.status {
		return 0, fmt.Errorf("answered %d instead of %d: %s", response.StatusCode, c.status, answer)
	}
	return took, nil
}

// closed makes all calls over a number of connections, each as soon as the one
// before it on its connection was answered. It says how long they took alone
// and all together.
func (s *sender) closed(tb testing.TB, calls []call, connections int) (each []time.Duration, all time.Duration) {
	tb.Helper()
	each = make([]time.Duration, len(calls))
	failures := make([]error, connections)
	began := time.Now()
	var group sync.WaitGroup
	for n := range connections {
		group.Go(func() {
			for i := n; i < len(calls) && failures[n] == nil; i += connections {
				each[i], failures[n] = s.post(tb.Context(), calls[i])
			}
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		tb.Fatal(err)
	}
	return each, time.Since(began)
}

// open makes calls at a rate of so many a second, whether or not those before
// were answered. A call's time counts from when it was made: that this
// process may be late to make it is not the service's doing.
func (s *sender) open(tb testing.TB, calls []call, rate float64) []time.Duration {
	tb.Helper()
	each := make([]time.Duration, len(calls))
	failures := make([]error, len(calls))
	var group sync.WaitGroup
	began := time.Now()
	due := time.NewTimer(0)
	defer due.Stop()
	for i, c := range calls {
		due.Reset(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		<-due.C
		group.Go(func() { each[i], failures[i] = s.post(tb.Context(), c) })
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		tb.Fatal(err)
	}
	return each
}
