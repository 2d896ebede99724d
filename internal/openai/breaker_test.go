package openai_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/openai/openaitest"
)

// clock is a wall clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func resting(err error) bool {
	return fault.Is(err, fault.Dependency) && strings.Contains(err.Error(), "resting")
}

func newRestless(t *testing.T) (*openai.Client, *openaitest.Server, *clock) {
	t.Helper()
	s := newServer(t)
	now := &clock{at: time.Unix(1_800_000_000, 0)}
	return openai.New(openai.Options{APIKey: fixedKey, BaseURL: s.URL(), Now: now.now}), s, now
}

// fail makes n calls that meet an outage.
func fail(t *testing.T, c *openai.Client, s *openaitest.Server, n int) {
	t.Helper()
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 503, Times: n})
	for range n {
		if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Dependency) || resting(err) {
			t.Fatalf("outage: %v", err)
		}
	}
}

func TestAfterARunOfOutagesTheModelRests(t *testing.T) {
	c, s, now := newRestless(t)
	fail(t, c, s, 5)
	for range 3 {
		if _, err := c.Complete(t.Context(), prompt()); !resting(err) {
			t.Fatalf("not resting: %v", err)
		}
	}
	if s.Total() != 5 {
		t.Errorf("asked %d times", s.Total())
	}
	now.advance(10*time.Second - 1)
	if _, err := c.Complete(t.Context(), prompt()); !resting(err) {
		t.Errorf("rested too short: %v", err)
	}
	now.advance(1)
	for range 2 {
		if _, err := c.Complete(t.Context(), prompt()); err != nil {
			t.Errorf("after the rest: %v", err)
		}
	}
}

func TestAFailedProbeBeginsANewRest(t *testing.T) {
	c, s, now := newRestless(t)
	fail(t, c, s, 5)
	now.advance(10 * time.Second)
	fail(t, c, s, 1)
	if _, err := c.Complete(t.Context(), prompt()); !resting(err) {
		t.Errorf("%v", err)
	}
	now.advance(10 * time.Second)
	if _, err := c.Complete(t.Context(), prompt()); err != nil {
		t.Errorf("%v", err)
	}
}

func TestOnlyOneProbeIsMadeAtATime(t *testing.T) {
	c, s, now := newRestless(t)
	fail(t, c, s, 5)
	now.advance(time.Minute)
	s.Fail(openaitest.Fault{Kind: openaitest.Stall})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	done := make(chan error, 1)
	go func() {
		_, err := c.Complete(ctx, prompt())
		done <- err
	}()
	if err := s.Await(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.Complete(t.Context(), prompt()); !resting(err) {
			t.Errorf("a second probe: %v", err)
		}
	}
	// A caller who leaves says nothing of the model: the next one probes.
	leave()
	if err := <-done; err == nil {
		t.Error("a call whose caller left is answered")
	}
	if _, err := c.Complete(t.Context(), prompt()); err != nil {
		t.Errorf("after an abandoned probe: %v", err)
	}
}

func TestAnAnswerEndsTheRun(t *testing.T) {
	c, s, _ := newRestless(t)
	for range 3 {
		fail(t, c, s, 4)
		if _, err := c.Complete(t.Context(), prompt()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOurOwnFaultsDoNotSendTheModelToRest(t *testing.T) {
	c, s, _ := newRestless(t)
	for _, f := range []openaitest.Fault{
		{Kind: openaitest.Status, Status: 401, Times: 6},
		{Kind: openaitest.Status, Status: 400, Code: "content_filter", Times: 6},
		{Kind: openaitest.Refusal, Times: 6},
	} {
		s.Fail(f)
		for range 6 {
			if _, err := c.Complete(t.Context(), prompt()); resting(err) {
				t.Fatalf("%+v: %v", f, err)
			}
		}
	}
}

func TestThrottlingCountsAsAnOutage(t *testing.T) {
	c, s, _ := newRestless(t)
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 429, Times: 5})
	for range 5 {
		if _, err := c.Complete(t.Context(), prompt()); !fault.Is(err, fault.Throttled) {
			t.Fatal(err)
		}
	}
	if _, err := c.Complete(t.Context(), prompt()); !resting(err) {
		t.Error(err)
	}
}

func TestConcurrentCalls(t *testing.T) {
	c, s, _ := newRestless(t)
	s.Fail(openaitest.Fault{Kind: openaitest.Status, Status: 503, Times: 3})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 4 {
				_, err := c.Complete(t.Context(), prompt())
				if err != nil && !fault.Is(err, fault.Dependency) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := c.Complete(t.Context(), prompt()); err != nil {
		t.Errorf("three outages among many answers: %v", err)
	}
}
