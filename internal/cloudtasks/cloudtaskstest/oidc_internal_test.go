package cloudtaskstest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPushesShareATokenForAWhile(t *testing.T) {
	key := sync.OnceValue(newSigningKey)
	key()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{url: "http://issuer.example", key: key, recent: make(map[recipient]recentToken)}
		first := i.pushToken("a@acme.example", "https://worker.example")
		if other := i.pushToken("b@acme.example", "https://worker.example"); other == first {
			t.Error("two accounts share a token")
		}
		if other := i.pushToken("a@acme.example", "https://other.example"); other == first {
			t.Error("two audiences share a token")
		}
		<-time.After(tokenReuse - time.Second)
		if again := i.pushToken("a@acme.example", "https://worker.example"); again != first {
			t.Error("a new token was signed within the time of sharing")
		}
		<-time.After(time.Second)
		if again := i.pushToken("a@acme.example", "https://worker.example"); again == first {
			t.Error("an old token was shared")
		}
		if n := len(i.recent); n != 1 {
			t.Errorf("%d tokens are remembered, want the fresh one alone", n)
		}
	})
}
