package redis_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

// through makes a store that reaches its server through a relay.
func through(t *testing.T, address string) (*redis.Store, *relay) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(t, u.Host)
	u.Host = r.listener.Addr().String()
	return newStore(t, redis.Options{URL: u.String()}), r
}

func TestCommandsOfAMessage(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, relay := through(t, address)
	ctx := t.Context()
	story := func(m conversation.MessageID) []string {
		arrivals := []conversation.Arrival{arrivalOf(m)}
		if got, err := store.Arrive(ctx, arrivals); err != nil || got[0].Standing != conversation.Fresh {
			t.Fatalf("Arrive = %v, %v", got, err)
		}
		if err := store.Queued(ctx, arrivals); err != nil {
			t.Fatal(err)
		}
		if a, err := store.Enter(ctx, entryOf(m, "t")); err != nil || len(a.Letters) != 1 {
			t.Fatalf("Enter = %d letters, %v", len(a.Letters), err)
		}
		if _, err := store.Waiting(ctx, cid); err != nil {
			t.Fatal(err)
		}
		if err := store.Leave(ctx, conversation.Departure{
			Conversation: cid, Token: "t", Version: 1, Snapshot: []byte("s"), Done: []conversation.MessageID{m},
		}); err != nil {
			t.Fatal(err)
		}
		return relay.take()
	}
	flush(t, newAdmin(t, address))
	if got := story("first"); len(got) > 9 {
		t.Errorf("a server that knows no script gets %d commands: %v", len(got), got)
	}
	want := []string{"evalsha", "set", "evalsha", "hgetall", "evalsha"}
	if diff := cmp.Diff(want, story("second")); diff != "" {
		t.Errorf("commands of a message differ (-want +got):\n%s", diff)
	}
	if _, err := store.Arrive(ctx, []conversation.Arrival{arrivalOf("second")}); err != nil {
		t.Fatal(err)
	}
	if got := relay.take(); len(got) != 1 {
		t.Errorf("a duplicate costs %v", got)
	}
}

func TestBatchIsOneRoundTrip(t *testing.T) {
	const many = 200
	for _, tt := range []struct {
		name, reply string
		call        func(*redis.Store, []conversation.Arrival) error
	}{
		{"Arrive", "*2\r\n:0\r\n:7\r\n", func(s *redis.Store, a []conversation.Arrival) error {
			_, err := s.Arrive(t.Context(), a)
			return err
		}},
		{"Queued", "$-1\r\n", func(s *redis.Store, a []conversation.Arrival) error { return s.Queued(t.Context(), a) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The server does not answer before it has everything, so that who
			// waits for a reply in between never gets one.
			var got int
			server := newFakeServer(t, func([]string) string {
				if got++; got < many {
					return ""
				}
				return strings.Repeat(tt.reply, many)
			})
			store := newStore(t, redis.Options{URL: server.url()})
			var arrivals []conversation.Arrival
			for i := range many {
				arrivals = append(arrivals, arrivalOf(conversation.MessageID(fmt.Sprintf("m%d", i))))
			}
			if err := tt.call(store, arrivals); err != nil {
				t.Errorf("%d messages: %v", many, err)
			}
		})
	}
}

func TestScriptsThatWereForgotten(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, relay := through(t, address)
	admin := newAdmin(t, address)
	forget := func() {
		t.Helper()
		if err := admin.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	arrivals := []conversation.Arrival{arrivalOf("a"), arrivalOf("b"), arrivalOf("a")}
	got, err := store.Arrive(t.Context(), arrivals)
	if err != nil || len(got) != 3 {
		t.Fatalf("Arrive = %v, %v", got, err)
	}
	// Nothing ran twice on the way.
	if got[0].Standing != conversation.Fresh || got[1].Standing != conversation.Fresh || got[2].Standing != conversation.Pending ||
		got[1].Seq != got[0].Seq+1 || got[2].Seq != got[0].Seq {
		t.Errorf("Arrive = %+v; want fresh, fresh, pending, in order", got)
	}
	relay.take()
	if _, err := store.Arrive(t.Context(), arrivals); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"evalsha", "evalsha", "evalsha"}, relay.take()); diff != "" {
		t.Errorf("afterwards the server knows the script (-want +got):\n%s", diff)
	}
	for range 2 {
		forget()
		if a, err := store.Enter(t.Context(), entryOf("a", "t")); err != nil || a.Tries == 0 && a.Busy == 0 {
			t.Errorf("Enter = %+v, %v", a, err)
		}
		forget()
		if held, err := store.Renew(t.Context(), cid, "t"); err != nil || !held {
			t.Errorf("Renew = %v, %v", held, err)
		}
		forget()
		if err := store.Leave(t.Context(), conversation.Departure{Conversation: cid, Token: "t"}); err != nil {
			t.Errorf("Leave: %v", err)
		}
	}
}

func TestMoreCallersThanConnections(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store := newStore(t, redis.Options{URL: address, CallTimeout: 30 * time.Second})
	admin := newAdmin(t, address)
	var wg sync.WaitGroup
	for i := range 256 {
		wg.Go(func() {
			a := arrivalOf(conversation.MessageID(fmt.Sprintf("m%d", i)))
			a.Conversation = conversation.ID(fmt.Sprintf("c%d", i))
			if _, err := store.Arrive(t.Context(), []conversation.Arrival{a, a}); err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			if err := store.Queued(t.Context(), []conversation.Arrival{a}); err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	clients, err := admin.Info(t.Context(), "clients").Result()
	if err != nil {
		t.Fatal(err)
	}
	var connected int
	for line := range strings.Lines(clients) {
		if _, err := fmt.Sscanf(line, "connected_clients:%d", &connected); err == nil {
			break
		}
	}
	// The admin's connection is one of them; other tests do not run meanwhile.
	if connected < 2 || connected > 64+1 {
		t.Errorf("%d connections, want at most 64 and the admin's", connected)
	}
}
