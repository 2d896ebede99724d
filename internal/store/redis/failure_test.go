package redis_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

const (
	cid = conversation.ID("cccccccccccccccccccccccccccccccc")
	mid = conversation.MessageID("mmmmmmmmmmmmmmmmmmmmmmmmmm")
	// canary must never be seen outside a sealed value.
	canary = "canary5511988887777"
)

func arrivalOf(m conversation.MessageID) conversation.Arrival {
	return conversation.Arrival{Conversation: cid, Message: m, Letter: []byte(canary), At: time.Unix(1_800_000_000, 0)}
}

func entryOf(m conversation.MessageID, token string) conversation.Entry {
	return conversation.Entry{Conversation: cid, Message: m, Letter: []byte(canary), Token: token, At: time.Unix(1_800_000_000, 0)}
}

// everyCall makes each call of the ports once.
func everyCall(ctx context.Context, s storetest.HintPorts) map[string]error {
	arrivals := []conversation.Arrival{arrivalOf(mid), arrivalOf("n")}
	errs := map[string]error{}
	_, errs["arrive"] = s.Arrive(ctx, arrivals[:1])
	_, errs["arrive batch"] = s.Arrive(ctx, arrivals)
	errs["queued"] = s.Queued(ctx, arrivals[:1])
	errs["queued batch"] = s.Queued(ctx, arrivals)
	_, errs["enter"] = s.Enter(ctx, entryOf(mid, canary))
	_, errs["renew"] = s.Renew(ctx, cid, canary)
	errs["leave"] = s.Leave(ctx, conversation.Departure{Conversation: cid, Token: canary, Version: 1, Snapshot: []byte(canary)})
	_, errs["waiting"] = s.Waiting(ctx, cid)
	errs["forget"] = s.Forget(ctx, cid)
	errs["spend"] = s.Spend(ctx, string(cid), 1)
	_, errs["spent"] = s.Spent(ctx, string(cid))
	return errs
}

// wantIll checks that all calls failed as a dependency that is ill and that
// nothing confidential is in their errors.
func wantIll(t *testing.T, errs map[string]error, secrets ...string) {
	t.Helper()
	for name, err := range errs {
		if !fault.Is(err, fault.Dependency) {
			t.Errorf("%s: %v, kind %v; want an ill dependency", name, err, fault.KindOf(err))
			continue
		}
		if operation, _, _ := strings.Cut(name, " "); !strings.HasPrefix(err.Error(), operation+": ") {
			t.Errorf("%s: %q does not start with the operation", name, err)
		}
		for _, secret := range append(secrets, canary, string(cid), string(mid), "atende:", "127.0.0.1", "evalsha") {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows %q: %v", name, secret, err)
			}
		}
	}
}

// calm is a clock on which the breaker's rest is over at every look.
func calm() func() time.Time {
	var hours atomic.Int64
	return func() time.Time { return time.Unix(hours.Add(3600), 0) }
}

func TestServerThatIsGone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	store := newStore(t, redis.Options{URL: "redis://default:hunter2@" + address, Now: calm()})
	errs := everyCall(t.Context(), store)
	errs["ping"] = store.Ping(t.Context())
	wantIll(t, errs, "hunter2", address)
}

func TestServerThatHangs(t *testing.T) {
	server := newFakeServer(t, func([]string) string { return "" })
	store := newStore(t, redis.Options{URL: server.url(), CallTimeout: 20 * time.Millisecond, Now: calm()})
	errs := everyCall(t.Context(), store)
	errs["ping"] = store.Ping(t.Context())
	wantIll(t, errs)
}

func TestServerThatBreaksOff(t *testing.T) {
	server := newFakeServer(t, func([]string) string { return "*3\r\n$5\r\nab" })
	store := newStore(t, redis.Options{URL: server.url(), CallTimeout: 50 * time.Millisecond, Now: calm()})
	wantIll(t, everyCall(t.Context(), store))
}

func TestServerThatRefuses(t *testing.T) {
	for _, tt := range []struct{ reply, want string }{
		{"-OOM command not allowed when used memory > 'maxmemory', args: " + canary, "OOM"},
		{"-READONLY You can't write against a read only replica", "READONLY"},
		{"-LOADING " + canary, "LOADING"},
		{"-ERR unknown command 'evalsha', with args beginning with: '" + string(cid) + "' '" + canary, "ERR"},
		{"-" + canary + " is not a code", "ERR"},
		{"-" + strings.Repeat("X", 100), "ERR"},
		{"-NOAUTH Authentication required.", "NOAUTH"},
	} {
		server := newFakeServer(t, func([]string) string { return tt.reply + "\r\n" })
		store := newStore(t, redis.Options{URL: server.url(), Now: calm()})
		errs := everyCall(t.Context(), store)
		wantIll(t, errs)
		for name, err := range errs {
			if !strings.HasSuffix(err.Error(), "server answers "+tt.want) {
				t.Errorf("%s: %q, want the code %s", name, err, tt.want)
			}
		}
	}
}

func TestRepliesThatNoScriptGives(t *testing.T) {
	for _, reply := range []string{
		":1\r\n", "$2\r\nhi\r\n", "*0\r\n", "*-1\r\n", "$-1\r\n", "*1\r\n$4\r\nlead\r\n", "*1\r\n:3\r\n", "*2\r\n:9\r\n:1\r\n", "*2\r\n:-1\r\n:1\r\n",
		"*2\r\n$1\r\nx\r\n:1\r\n", "*3\r\n$4\r\nbusy\r\n$1\r\nx\r\n:1\r\n", "*5\r\n$4\r\nlead\r\n:1\r\n:1\r\n$-1\r\n$1\r\nx\r\n",
		"*5\r\n$4\r\nlead\r\n:1\r\n:1\r\n$-1\r\n*1\r\n$1\r\nx\r\n", "*5\r\n$4\r\nlead\r\n:1\r\n:1\r\n$-1\r\n*2\r\n$1\r\nx\r\n:1\r\n",
	} {
		server := newFakeServer(t, func([]string) string { return reply })
		store := newStore(t, redis.Options{URL: server.url(), Now: calm()})
		_, arrive := store.Arrive(t.Context(), []conversation.Arrival{arrivalOf(mid)})
		_, enter := store.Enter(t.Context(), entryOf(mid, "t"))
		wantIll(t, map[string]error{"arrive": arrive, "enter": enter})
		if letters, err := store.Waiting(t.Context(), cid); len(letters) != 0 {
			t.Errorf("reply %q: %d letters, %v", reply, len(letters), err)
		}
		if held, err := store.Renew(t.Context(), cid, "t"); held && reply != ":1\r\n" {
			t.Errorf("reply %q: the lease is held, %v", reply, err)
		}
	}
}

func TestLastMillisecondOfALease(t *testing.T) {
	server := newFakeServer(t, func([]string) string { return "*3\r\n$4\r\nbusy\r\n:1\r\n:0\r\n" })
	store := newStore(t, redis.Options{URL: server.url()})
	// Nothing left, rounded down, must not read as nobody ahead.
	if a, err := store.Enter(t.Context(), entryOf(mid, "t")); err != nil || a.Busy <= 0 {
		t.Errorf("Enter = busy %v, %v; want to be busy", a.Busy, err)
	}
}

func TestWrongPassword(t *testing.T) {
	address, isReal := storetest.RedisURL(t)
	if !isReal {
		t.Log("miniredis does not ask for a password: this test shows nothing without a real server")
		return
	}
	_, rest, _ := strings.Cut(address, "@")
	store := newStore(t, redis.Options{URL: "redis://:hunter2@" + rest, Now: calm()})
	wantIll(t, everyCall(t.Context(), store), "hunter2")
}

func TestClosedStore(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, err := redis.New(redis.Options{URL: address, Ring: newRing(t, 1), CallTimeout: 5 * time.Second, Now: calm()})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := store.Close(); !fault.Is(err, fault.Dependency) {
		t.Errorf("Close again: %v", err)
	}
	wantIll(t, everyCall(t.Context(), store))
}

func TestCallerWhoWaitsLess(t *testing.T) {
	server := newFakeServer(t, func([]string) string { return "" })
	store := newStore(t, redis.Options{URL: server.url()})
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := store.Waiting(ctx, cid)
		cancel()
		if !fault.Is(err, fault.Dependency) || errors.Is(err, redis.ErrResting) {
			t.Fatalf("Waiting: %v; want it to try, and to fail in time", err)
		}
	}
}

// switchable is a server that works on command.
type switchable struct {
	*fakeServer
	ill atomic.Bool
}

func newSwitchable(t *testing.T) *switchable {
	s := &switchable{}
	s.ill.Store(true)
	s.fakeServer = newFakeServer(t, func([]string) string {
		if s.ill.Load() {
			return "-LOADING not yet\r\n"
		}
		return ":0\r\n"
	})
	return s
}

type manualClock struct{ nanos atomic.Int64 }

func (c *manualClock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *manualClock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func TestRestsAfterFailuresInARow(t *testing.T) {
	server, clock := newSwitchable(t), &manualClock{}
	store := newStore(t, redis.Options{URL: server.url(), Now: clock.now})
	forget := func() error { return store.Forget(t.Context(), cid) }
	rests := func(want bool) {
		t.Helper()
		before := server.seen()
		err := forget()
		if got := errors.Is(err, redis.ErrResting); got != want || want == (server.seen() != before) {
			t.Fatalf("resting = %v, %d commands sent; want resting %v: %v", got, server.seen()-before, want, err)
		}
		if want && !fault.Is(err, fault.Dependency) {
			t.Errorf("kind = %v, want a dependency", fault.KindOf(err))
		}
	}
	// A success in between starts the count anew.
	for range 3 {
		rests(false)
	}
	server.ill.Store(false)
	rests(false)
	server.ill.Store(true)
	for range 5 {
		rests(false)
	}
	rests(true)
	for name, err := range everyCall(t.Context(), store) {
		if !errors.Is(err, redis.ErrResting) {
			t.Errorf("%s: %v, want it to rest", name, err)
		}
	}
	if err := store.Ping(t.Context()); errors.Is(err, redis.ErrResting) {
		t.Error("Ping rests, too; it must look for itself")
	}

	// One probe fails: another rest.
	clock.advance(time.Second)
	rests(false)
	rests(true)
	clock.advance(time.Second - 1)
	rests(true)
	// A probe comes through: back to work, with a new count.
	server.ill.Store(false)
	clock.advance(1)
	rests(false)
	server.ill.Store(true)
	for range 5 {
		rests(false)
	}
	rests(true)
}

func TestOneProbeAtATime(t *testing.T) {
	clock := &manualClock{}
	var hold atomic.Bool
	inside, release := make(chan struct{}), make(chan struct{})
	server := newFakeServer(t, func([]string) string {
		if hold.Load() {
			inside <- struct{}{}
			<-release
			return ":0\r\n"
		}
		return "-LOADING not yet\r\n"
	})
	store := newStore(t, redis.Options{URL: server.url(), Now: clock.now})
	for range 5 {
		if err := store.Forget(t.Context(), cid); err == nil {
			t.Fatal("a server that is ill answered")
		}
	}
	clock.advance(time.Second)
	hold.Store(true)
	var probe sync.WaitGroup
	probe.Go(func() {
		if err := store.Forget(t.Context(), cid); err != nil {
			t.Errorf("probe: %v", err)
		}
	})
	<-inside
	for range 3 {
		if err := store.Forget(t.Context(), cid); !errors.Is(err, redis.ErrResting) {
			t.Errorf("beside the probe: %v, want a rest", err)
		}
	}
	hold.Store(false)
	close(release)
	probe.Wait()
	if err := store.Forget(t.Context(), cid); err == nil || errors.Is(err, redis.ErrResting) {
		t.Errorf("after the probe: %v, want the server's own error", err)
	}
}

func TestProbeWhoseCallerGaveUp(t *testing.T) {
	clock := &manualClock{}
	var hang atomic.Bool
	server := newFakeServer(t, func([]string) string {
		if hang.Load() {
			return ""
		}
		return "-LOADING not yet\r\n"
	})
	store := newStore(t, redis.Options{URL: server.url(), Now: clock.now})
	for range 5 {
		_ = store.Forget(t.Context(), cid)
	}
	clock.advance(time.Second)
	hang.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := store.Forget(ctx, cid); errors.Is(err, redis.ErrResting) {
		t.Fatalf("the first call after the rest: %v", err)
	}
	// It said nothing about the server, so the next call probes at once.
	hang.Store(false)
	if err := store.Forget(t.Context(), cid); err == nil || errors.Is(err, redis.ErrResting) {
		t.Errorf("the next call: %v, want a probe", err)
	}
}
