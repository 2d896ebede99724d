package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/redis"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	const password = "hunter2canary"
	ring := newRing(t, 1)
	for _, tt := range []struct {
		name    string
		options redis.Options
		want    string
	}{
		{"no ring", redis.Options{URL: "redis://localhost"}, "key ring"},
		{"no URL", redis.Options{Ring: ring}, "scheme"},
		{"no scheme", redis.Options{Ring: ring, URL: "localhost:6379"}, "scheme"},
		{"other scheme", redis.Options{Ring: ring, URL: "https://default:" + password + "@localhost"}, "scheme"},
		{"socket", redis.Options{Ring: ring, URL: "unix://default:" + password + "@/tmp/redis.sock"}, "scheme"},
		{"no host", redis.Options{Ring: ring, URL: "redis://:" + password + "@/1"}, "host"},
		{"bad port", redis.Options{Ring: ring, URL: "redis://:" + password + "@localhost:" + password}, "not a URL"},
		{"control character", redis.Options{Ring: ring, URL: "redis://:" + password + "@localhost\x7f"}, "not a URL"},
		{"bad escape", redis.Options{Ring: ring, URL: "redis://:" + password + "%zz@localhost"}, "not a URL"},
		{"database name", redis.Options{Ring: ring, URL: "redis://localhost/" + password}, "database"},
		{"negative database", redis.Options{Ring: ring, URL: "redis://localhost/-1"}, "database"},
		{"long path", redis.Options{Ring: ring, URL: "redis://localhost/1/" + password}, "database"},
		{"parameters", redis.Options{Ring: ring, URL: "rediss://localhost?skip_verify=true&p=" + password}, "parameters"},
		{"lease", redis.Options{Ring: ring, URL: "redis://localhost", LeaseTTL: -time.Second}, "lease"},
		{"session", redis.Options{Ring: ring, URL: "redis://localhost", SessionTTL: time.Microsecond}, "session"},
		{"dedupe", redis.Options{Ring: ring, URL: "redis://localhost", DedupeTTL: -1}, "dedupe"},
		{"timeout", redis.Options{Ring: ring, URL: "redis://localhost", CallTimeout: -1}, "call timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store, err := redis.New(tt.options)
			if err == nil {
				_ = store.Close()
				t.Fatal("accepted")
			}
			if !fault.Is(err, fault.Broken) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v (%v), want one about %q", err, fault.KindOf(err), tt.want)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestNewTouchesNoNetwork(t *testing.T) {
	server := newFakeServer(t, func([]string) string { return "+OK\r\n" })
	for _, address := range []string{
		server.url(), server.url() + "/3", "rediss://default:secret@host.invalid:6380", "redis://[::1]", "redis://user:p%40ss@host.invalid/0",
	} {
		store, err := redis.New(redis.Options{URL: address, Ring: newRing(t, 1)})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if err := store.Close(); err != nil {
			t.Errorf("%s: close: %v", address, err)
		}
	}
	if n := server.seen(); n != 0 {
		t.Errorf("%d commands arrived before the first call", n)
	}
}
