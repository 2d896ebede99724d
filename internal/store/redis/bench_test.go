package redis_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
)

// benchLetter is as large as the envelope of a short message and compresses
// as badly.
func benchLetter() []byte {
	sealed := make([]byte, 450)
	_, _ = rand.Read(sealed)
	return []byte(base64.StdEncoding.EncodeToString(sealed))
}

func benchStore(b *testing.B) *redis.Store {
	b.Helper()
	address, isReal := storetest.RedisURL(b)
	if !isReal {
		b.Log("against miniredis: the figures say little")
	}
	return newStore(b, redis.Options{URL: address})
}

func BenchmarkArriveQueued(b *testing.B) {
	for _, batch := range []int{1, 10} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			store, letter := benchStore(b), benchLetter()
			arrivals := make([]conversation.Arrival, batch)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for i := range arrivals {
					n++
					arrivals[i] = conversation.Arrival{
						Conversation: conversation.ID(fmt.Sprintf("c%d", n)), Message: conversation.MessageID(fmt.Sprintf("m%d", n)),
						Letter: letter, At: time.Unix(int64(n), 0),
					}
				}
				if _, err := store.Arrive(b.Context(), arrivals); err != nil {
					b.Fatal(err)
				}
				if err := store.Queued(b.Context(), arrivals); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	store, letter := benchStore(b), benchLetter()
	snapshot := make([]byte, 900)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		m := conversation.MessageID(fmt.Sprintf("m%d", n))
		a := conversation.Arrival{Conversation: "c", Message: m, Letter: letter, At: time.Unix(int64(n), 0)}
		if _, err := store.Arrive(b.Context(), []conversation.Arrival{a}); err != nil {
			b.Fatal(err)
		}
		admission, err := store.Enter(b.Context(), conversation.Entry{Conversation: "c", Message: m, Letter: letter, Token: "t", At: a.At})
		if err != nil || len(admission.Letters) != 1 {
			b.Fatalf("Enter = %d letters, %v", len(admission.Letters), err)
		}
		if err := store.Leave(b.Context(), conversation.Departure{
			Conversation: "c", Token: "t", Version: int64(n), Snapshot: snapshot, Done: []conversation.MessageID{m},
		}); err != nil {
			b.Fatal(err)
		}
	}
}
