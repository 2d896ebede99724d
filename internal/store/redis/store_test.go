package redis_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

func newRing(t testing.TB, fills ...byte) *pii.Ring {
	t.Helper()
	var keys [][]byte
	for _, fill := range fills {
		keys = append(keys, bytes.Repeat([]byte{fill}, pii.MinKeyBytes))
	}
	ring, err := pii.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// newStore makes a store with a patience that a busy machine does not exhaust.
func newStore(t testing.TB, o redis.Options) *redis.Store {
	t.Helper()
	if o.Ring == nil {
		o.Ring = newRing(t, 1)
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 5 * time.Second
	}
	store, err := redis.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// newAdmin is a client that looks behind the store's back.
func newAdmin(t testing.TB, address string) *goredis.Client {
	t.Helper()
	options, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	admin := goredis.NewClient(options)
	t.Cleanup(func() { _ = admin.Close() })
	return admin
}

func keysOf(t testing.TB, admin *goredis.Client) []string {
	t.Helper()
	keys, err := admin.Keys(context.Background(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// age takes d off the life of every key, as if that time had passed.
func age(t testing.TB, admin *goredis.Client, d time.Duration) {
	t.Helper()
	ctx := context.Background()
	for _, key := range keysOf(t, admin) {
		left, err := admin.PTTL(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if left < 0 {
			t.Fatalf("%.10s… never expires", key)
		}
		if left <= d {
			err = admin.Del(ctx, key).Err()
		} else {
			err = admin.PExpire(ctx, key, left-d).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// flush loses the data and the scripts.
func flush(t testing.TB, admin *goredis.Client) {
	t.Helper()
	if err := admin.FlushDB(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := admin.ScriptFlush(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestHint(t *testing.T) {
	storetest.Hint(t, func(t *testing.T, o storetest.HintOptions) storetest.HintStore {
		address, isReal := storetest.RedisURL(t)
		if !isReal {
			t.Log("ran against a replacement")
		}
		admin := newAdmin(t, address)
		return storetest.HintStore{
			HintPorts: newStore(t, redis.Options{URL: address, LeaseTTL: o.LeaseTTL, SessionTTL: o.SessionTTL, DedupeTTL: o.DedupeTTL}),
			Advance:   func(d time.Duration) { age(t, admin, d) },
			Flush:     func() { flush(t, admin) },
		}
	})
}

func TestHintOverMiniredis(t *testing.T) {
	storetest.Hint(t, func(t *testing.T, o storetest.HintOptions) storetest.HintStore {
		server := miniredis.RunT(t)
		return storetest.HintStore{
			HintPorts: newStore(t, redis.Options{
				URL: "redis://" + server.Addr(), LeaseTTL: o.LeaseTTL, SessionTTL: o.SessionTTL, DedupeTTL: o.DedupeTTL,
			}),
			Advance: server.FastForward,
			Flush:   server.FlushAll,
		}
	})
}
