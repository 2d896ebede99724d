package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

func TestExamineReadsWhatTheServerSays(t *testing.T) {
	address, isReal := storetest.RedisURL(t)
	store, err := redis.New(redis.Options{URL: address, Ring: newRing(t, 7), CallTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	before := time.Now()
	e, err := store.Examine(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if e.Latency <= 0 || e.Asked.Before(before) || e.Asked.After(time.Now()) || e.At.Sub(e.Asked).Abs() > time.Minute {
		t.Errorf("%+v", e)
	}
	// The replacement does not say; a real server has no limit unless it is told.
	if isReal != (e.Policy == "noeviction" && e.Unbounded) || !isReal && e.Policy != "" {
		t.Errorf("real %t, %+v", isReal, e)
	}

	// It leaves nothing behind.
	options, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	if n, err := client.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("%d keys, %v", n, err)
	}
}

func TestExamineReadsThePolicy(t *testing.T) {
	for name, c := range map[string]struct {
		info      string
		policy    string
		unbounded bool
	}{
		"evicting":         {"maxmemory:1048576\r\nmaxmemory_policy:volatile-ttl\r\n", "volatile-ttl", false},
		"without a limit":  {"maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", "allkeys-lru", true},
		"a hosted server":  {"# Memory\r\n", "", false},
		"one that refuses": {"", "", false},
	} {
		server := newFakeServer(t, func(command []string) string {
			switch {
			case strings.EqualFold(command[0], "PING"):
				return "+PONG\r\n"
			case strings.EqualFold(command[0], "TIME"):
				return "*2\r\n$10\r\n1764417600\r\n$1\r\n0\r\n"
			case strings.EqualFold(command[0], "INFO") && c.info != "":
				return fmt.Sprintf("$%d\r\n%s\r\n", len(c.info), c.info)
			default:
				return "-NOPERM canary\r\n"
			}
		})
		store, err := redis.New(redis.Options{URL: server.url(), Ring: newRing(t, 7), CallTimeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		e, err := store.Examine(t.Context(), 1)
		if err != nil || e.Policy != c.policy || e.Unbounded != c.unbounded || !e.At.Equal(time.Unix(1764417600, 0)) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		_ = store.Close()
	}
}

func TestExamineSaysWhatIsWrong(t *testing.T) {
	server := newFakeServer(t, func(command []string) string {
		if strings.EqualFold(command[0], "PING") {
			return "+PONG\r\n"
		}
		return "-NOPERM canary\r\n"
	})
	store, err := redis.New(redis.Options{URL: server.url(), Ring: newRing(t, 7), CallTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if _, err := store.Examine(t.Context(), 1); !fault.Is(err, fault.Dependency) && !fault.Is(err, fault.Broken) || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}
