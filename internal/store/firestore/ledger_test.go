package firestore_test

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
)

func ring(tb testing.TB) *pii.Ring {
	tb.Helper()
	r, err := pii.NewRing(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// open is a ledger at a host, closed when the test ends.
func open(tb testing.TB, o firestore.Options) *firestore.Ledger {
	tb.Helper()
	if o.ProjectID == "" {
		o.ProjectID = "atende-test"
	}
	if o.Tenant == "" {
		o.Tenant = "default"
	}
	if o.Ring == nil {
		o.Ring = ring(tb)
	}
	l, err := firestore.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// projects numbers the databases of this process, one a test.
type projects struct {
	prefix string
	n      atomic.Int64
}

func (p *projects) next() string { return fmt.Sprintf("%s-%d", p.prefix, p.n.Add(1)) }

func TestLedgerOverTheProtocol(t *testing.T) {
	server := firestoretest.New(t)
	names := projects{prefix: "protocol"}
	storetest.Ledger(t, func(t *testing.T) storetest.LedgerStore {
		return open(t, firestore.Options{ProjectID: names.next(), EmulatorHost: server.Host()})
	})
}

func TestLedgerOverTheEmulator(t *testing.T) {
	host, ok := storetest.FirestoreEmulator(t)
	if !ok {
		host = firestoretest.New(t).Host()
	}
	names := projects{prefix: fmt.Sprintf("emulator-%d", time.Now().UnixNano())}
	storetest.Ledger(t, func(t *testing.T) storetest.LedgerStore {
		return open(t, firestore.Options{ProjectID: names.next(), EmulatorHost: host, CallTimeout: 20 * time.Second})
	})
}
