package redis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

// dump is everything the server holds, by key.
func dump(t *testing.T, admin *goredis.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	all := map[string]string{}
	for _, key := range keysOf(t, admin) {
		kind, err := admin.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if kind == "string" {
			all[key] = admin.Get(ctx, key).Val()
			continue
		}
		all[key] = fmt.Sprint(admin.HGetAll(ctx, key).Val())
	}
	return all
}

func TestKeysAreThoseOfTheTable(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, admin := newStore(t, redis.Options{URL: address}), newAdmin(t, address)
	wantWell(t, everyCall(t.Context(), store))
	if err := store.Leave(t.Context(), conversation.Departure{Conversation: cid, Version: 1, Snapshot: []byte(canary), Done: []conversation.MessageID{"n"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Enter(t.Context(), entryOf(mid, canary)); err != nil {
		t.Fatal(err)
	}
	tag := "{" + string(cid) + "}"
	want := map[string]bool{
		"atende:dd:" + tag + ":" + string(mid): true, "atende:dd:" + tag + ":n": true,
		"atende:mb:" + tag: true, "atende:ls:" + tag: true, "atende:ss:" + tag: true, "atende:pz:" + tag: true, "atende:sp:" + tag: true,
	}
	all := dump(t, admin)
	for key := range all {
		if !want[key] {
			t.Errorf("key %s is not in the table", key)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d keys, want %d", len(all), len(want))
	}
	for key, value := range all {
		// The lease holds its token, which the caller makes of random bytes.
		if !strings.HasPrefix(key, "atende:ls:") && strings.Contains(value, canary) {
			t.Errorf("%.10s… shows what should be sealed", key)
		}
	}
}

func wantWell(t *testing.T, errs map[string]error) {
	t.Helper()
	for name, err := range errs {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScriptsTouchOnlyTheKeysTheyAreGiven(t *testing.T) {
	// A cluster looks at the keys of a call to find the server that has them.
	server := newFakeServer(t, func([]string) string { return "-ERR\r\n" })
	store := newStore(t, redis.Options{URL: server.url(), Now: calm()})
	everyCall(t.Context(), store)
	tag := regexp.MustCompile(`^atende:[a-z]{2}:\{([^{}]*)\}(:[a-z]+)?$`)
	for _, command := range server.commands {
		keys := command[1:2]
		if command[0] == "evalsha" {
			var n int
			if _, err := fmt.Sscan(command[2], &n); err != nil {
				t.Fatal(err)
			}
			keys = command[3 : 3+n]
		}
		for _, key := range keys {
			if found := tag.FindStringSubmatch(key); found == nil || found[1] != string(cid) {
				t.Errorf("%s: key %q does not carry its conversation as hash tag", command[0], key)
			}
		}
	}
}

func TestEveryKeyExpires(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store := newStore(t, redis.Options{URL: address, LeaseTTL: 20 * time.Second, SessionTTL: time.Hour, DedupeTTL: 4 * time.Hour})
	admin := newAdmin(t, address)
	ctx := t.Context()
	random := rand.New(rand.NewPCG(7, 8)) //nolint:gosec // A failure must be repeatable.
	for step := range 600 {
		c := conversation.ID(fmt.Sprintf("c%d", random.IntN(2)))
		m := conversation.MessageID(fmt.Sprintf("m%d", random.IntN(6)))
		a := conversation.Arrival{Conversation: c, Message: m, Letter: []byte("l"), At: time.Unix(int64(step), 0)}
		if random.IntN(10) == 0 {
			a.Letter = make([]byte, 200_000) // Not kept; its arrival counts all the same.
		}
		token := fmt.Sprintf("t%d", random.IntN(2))
		var err error
		switch random.IntN(9) {
		case 0:
			_, err = store.Arrive(ctx, []conversation.Arrival{a})
		case 1:
			err = store.Queued(ctx, []conversation.Arrival{a})
		case 2:
			_, err = store.Enter(ctx, conversation.Entry{Conversation: c, Message: m, Letter: a.Letter, Token: token, At: a.At})
		case 3:
			_, err = store.Renew(ctx, c, token)
		case 4:
			err = store.Leave(ctx, conversation.Departure{
				Conversation: c, Token: token, Version: int64(step), Snapshot: []byte("s"), Done: []conversation.MessageID{m, "unheard of"},
			})
		case 5:
			err = store.Leave(ctx, conversation.Departure{Conversation: c, Token: token, Excused: []conversation.MessageID{m, "unheard of"}})
		case 6:
			err = store.Forget(ctx, c)
		case 7: // Any key may be the one that is lost.
			if keys := keysOf(t, admin); len(keys) > 0 {
				err = admin.Del(ctx, keys[random.IntN(len(keys))]).Err()
			}
		default:
			age(t, admin, time.Duration(random.IntN(60))*time.Minute)
		}
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		for _, key := range keysOf(t, admin) {
			if left := admin.PTTL(ctx, key).Val(); left < 0 || left > 26*time.Hour {
				t.Fatalf("step %d: %.9s… has %v to live", step, key, left)
			}
		}
	}
}

func TestTimesToLive(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store := newStore(t, redis.Options{URL: address, LeaseTTL: 20 * time.Second, SessionTTL: 3 * time.Hour, DedupeTTL: 5 * time.Hour})
	admin := newAdmin(t, address)
	for _, a := range []conversation.MessageID{mid, "n"} {
		if _, err := store.Arrive(t.Context(), []conversation.Arrival{arrivalOf(a)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Queued(t.Context(), []conversation.Arrival{arrivalOf("n")}); err != nil {
		t.Fatal(err)
	}
	if err := store.Leave(t.Context(), conversation.Departure{Conversation: cid, Version: 1, Snapshot: []byte("s"), Done: []conversation.MessageID{mid}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Enter(t.Context(), entryOf("n", "t")); err != nil {
		t.Fatal(err)
	}
	if err := store.Spend(t.Context(), string(cid), 1); err != nil {
		t.Fatal(err)
	}
	tag := "{" + string(cid) + "}"
	for key, want := range map[string]time.Duration{
		"atende:dd:" + tag + ":" + string(mid): 5 * time.Hour, "atende:dd:" + tag + ":n": 5 * time.Hour,
		"atende:mb:" + tag: 26 * time.Hour, "atende:ls:" + tag: 20 * time.Second, "atende:ss:" + tag: 3 * time.Hour, "atende:pz:" + tag: time.Hour,
		"atende:sp:" + tag: 48 * time.Hour,
	} {
		if got := admin.PTTL(t.Context(), key).Val(); got > want || got < want-15*time.Second {
			t.Errorf("%.9s… lives for %v, want %v", key, got, want)
		}
	}
}

func TestWhatAConversationAtRestLeavesBehind(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, admin := newStore(t, redis.Options{URL: address}), newAdmin(t, address)
	wantWell(t, everyCall(t.Context(), store))
	if err := store.Leave(t.Context(), conversation.Departure{
		Conversation: cid, Token: canary, Done: []conversation.MessageID{mid, "n"},
	}); err != nil {
		t.Fatal(err)
	}
	for key := range dump(t, admin) {
		if kind := strings.Split(key, ":")[1]; kind == "ls" || kind == "pz" {
			t.Errorf("%.10s… is left", key)
		}
	}
	// The mailbox keeps its counters: the last seq, and that it holds nothing.
	if n := admin.HLen(t.Context(), "atende:mb:{"+string(cid)+"}").Val(); n != 2 {
		t.Errorf("%d fields are left in the mailbox, want 2", n)
	}
	if got := admin.HGet(t.Context(), "atende:mb:{"+string(cid)+"}", "$").Val(); got != "0" {
		t.Errorf("%s bytes are left in the mailbox, want 0", got)
	}
}

func TestValuesThatDoNotOpen(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	admin := newAdmin(t, address)
	older := newStore(t, redis.Options{URL: address, Ring: newRing(t, 1)})
	if _, err := older.Arrive(t.Context(), []conversation.Arrival{arrivalOf("a"), arrivalOf("b")}); err != nil {
		t.Fatal(err)
	}
	save := conversation.Departure{Conversation: cid, Version: 1, Snapshot: []byte("s")}
	if err := older.Leave(t.Context(), save); err != nil {
		t.Fatal(err)
	}

	// A ring that still has the key opens everything.
	rotated := newStore(t, redis.Options{URL: address, Ring: newRing(t, 2, 1)})
	if _, err := rotated.Arrive(t.Context(), []conversation.Arrival{arrivalOf("c")}); err != nil {
		t.Fatal(err)
	}
	if letters, err := rotated.Waiting(t.Context(), cid); err != nil || len(letters) != 3 || rotated.Unreadable() != 0 {
		t.Errorf("Waiting = %d letters, %v, %d unreadable; want all three", len(letters), err, rotated.Unreadable())
	}

	// One that lost it leaves out what does not open, but its own message.
	newer := newStore(t, redis.Options{URL: address, Ring: newRing(t, 2)})
	a, err := newer.Enter(t.Context(), entryOf("a", "t"))
	if err != nil || len(a.Letters) != 2 || a.Cached != nil {
		t.Errorf("Enter = %d letters, cached %v, %v; want a and c", len(a.Letters), a.Cached != nil, err)
	}
	for _, l := range a.Letters {
		if l.Message == "b" || string(l.Body) != canary {
			t.Errorf("letter of %s: %d bytes", l.Message, len(l.Body))
		}
	}
	if got := newer.Unreadable(); got != 3 {
		t.Errorf("%d unreadable, want two letters and a snapshot", got)
	}

	// A value that was moved, cut or made up does not open either.
	mailbox, snapshot := "atende:mb:{"+string(cid)+"}", "atende:ss:{"+string(cid)+"}"
	moved := admin.HGet(t.Context(), mailbox, "a").Val()
	other := conversation.ID("dddddddddddddddddddddddddddddddd")
	fields := map[string]any{
		"a": moved, "moved": moved, "cut": moved[:20], "empty": "", "number": "12", "bar": "|", "letters": "xx|" + canary, "huge": strings.Repeat("9", 40) + "|x",
	}
	if err := admin.HSet(t.Context(), "atende:mb:{"+string(other)+"}", fields).Err(); err != nil {
		t.Fatal(err)
	}
	if letters, err := older.Waiting(t.Context(), other); err != nil || len(letters) != 0 {
		t.Errorf("Waiting = %d letters, %v; want none", len(letters), err)
	}
	if got := older.Unreadable(); got != int64(len(fields)) {
		t.Errorf("%d unreadable, want %d", got, len(fields))
	}
	for _, value := range []string{"", "|", "1", "x|y", admin.Get(t.Context(), snapshot).Val() + "x"} {
		if err := admin.Set(t.Context(), snapshot, value, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.Del(t.Context(), "atende:ls:{"+string(cid)+"}").Err(); err != nil {
			t.Fatal(err)
		}
		if a, err := older.Enter(t.Context(), entryOf("a", "t")); err != nil || a.Cached != nil {
			t.Errorf("Enter with a snapshot that was made up: cached %v, %v", a.Cached != nil, err)
		}
	}
	// What cannot be read cannot be newer.
	if err := older.Leave(t.Context(), save); err != nil {
		t.Fatal(err)
	}
	if err := older.Leave(t.Context(), conversation.Departure{Conversation: cid, Token: "t"}); err != nil {
		t.Fatal(err)
	}
	if a, err := older.Enter(t.Context(), entryOf("a", "t")); err != nil || string(a.Cached) != "s" {
		t.Errorf("Enter after a new snapshot: cached %q, %v", a.Cached, err)
	}
}

func TestKeysOfAnotherType(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	store, admin := newStore(t, redis.Options{URL: address, Now: calm()}), newAdmin(t, address)
	for _, kind := range []string{"dd", "mb", "ls", "ss", "pz"} {
		key := "atende:" + kind + ":{" + string(cid) + "}"
		if kind == "dd" {
			key += ":" + string(mid)
		}
		if err := admin.LPush(t.Context(), key, canary).Err(); err != nil {
			t.Fatal(err)
		}
		a, err := store.Enter(t.Context(), entryOf(mid, "t"))
		if kind == "ls" {
			// It would never expire; nobody may be kept out for ever.
			if err != nil || a.Tries != 1 {
				t.Errorf("Enter past a lease that is none = %+v, %v", a, err)
			}
		} else {
			wantIll(t, map[string]error{"enter": err})
		}
		flush(t, admin)
	}
	spent := "atende:sp:{" + string(cid) + "}"
	if err := admin.LPush(t.Context(), spent, canary).Err(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Spent(t.Context(), string(cid))
	wantIll(t, map[string]error{"spent": err, "spend": store.Spend(t.Context(), string(cid), 1)})
	if err := admin.Set(t.Context(), spent, canary, time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	_, err = store.Spent(t.Context(), string(cid))
	wantIll(t, map[string]error{"spent": err, "spend": store.Spend(t.Context(), string(cid), 1)})
}
