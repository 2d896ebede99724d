package crashtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// report says what happened and what was broken. Its last line is the result.
func (s *storm) report(b *books, drained time.Duration) {
	s.receipts.oldest()
	if lost := s.graph.Counts().StatusesLost; lost > 0 {
		s.broke(stuck, "%d statuses were never taken", lost)
	}
	s.complain()
	messages := len(b.written())
	hurt := []string{s.workers.String(), s.ingresses.String(), "no redis"}
	crashes := s.workers.killed.Load() + s.workers.asked.Load() + s.ingresses.killed.Load() + s.ingresses.asked.Load()
	if s.redis != nil {
		crashes += int64(s.redis.killed)
		hurt[2] = fmt.Sprintf("redis killed %d, emptied %d", s.redis.killed, s.redis.emptied)
	}
	if messages == 0 || crashes == 0 {
		s.t.Errorf("%d messages and %d crashes: the storm did not happen", messages, crashes)
	}
	fmt.Printf("storm: %s; struck: %s\n", strings.Join(hurt, "; "), listed(s.struck))
	fmt.Printf("storm: contacts=%d webhooks=%d copies=%d posts=%d sends spoiled=%d turns=%d accepted=%d resent=%d refused=%d notices=%d told=%d parked %s buried %s slowest receipt %v, waited %v for late ones, drained in %v\n",
		s.crowd.people, len(b.sent), s.crowd.copies.Load(), s.crowd.posts.Load(), s.graphIlls.Load(), b.count(), len(b.accepted), b.resent, b.refused, b.told, s.team.calls.Load(),
		orNone(listed(b.parked)), orNone(listed(b.buried)), s.receipts.slowest.Round(10*time.Millisecond), s.lateness.Round(100*time.Millisecond), drained.Round(100*time.Millisecond))
	fmt.Printf("seeds=1 messages=%d crashes=%d lost=%d duplicate=%d disordered=%d parked=%d\n",
		messages, crashes, len(s.broken[lost]), len(s.broken[duplicate]), len(s.broken[disordered]), sum(b.parked))
}

// complain fails the test with every broken promise, or the first of many.
func (s *storm) complain() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, invariant := range []string{lost, duplicate, disordered, claimed, unaudited, unended, torn, stuck, fallen} {
		for n, what := range s.broken[invariant] {
			if n == 20 {
				s.t.Errorf("%s: and %d more", invariant, len(s.broken[invariant])-n)
				break
			}
			s.t.Errorf("%s: %s", invariant, what)
		}
	}
}

// keeper keeps the logs of programs in a folder that outlives a failed test.
func keeper(t *testing.T) func(name string, log []byte) {
	said := sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "atende-crash-")
		if err == nil {
			fmt.Printf("storm: the logs of the programs are in %s\n", dir)
		}
		return dir, err
	})
	return func(name string, log []byte) {
		dir, err := said()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".log"), log, 0o600)
		}
		if err != nil {
			t.Logf("keep the log of the %s: %v", name, err)
		}
	}
}

// listed says how often each misfortune struck.
func listed(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}

func sum(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("(%s)", s)
}
