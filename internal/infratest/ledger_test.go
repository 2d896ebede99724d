package infratest_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"

	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
)

// questions remembers the queries that go over a connection.
type questions struct {
	mu  sync.Mutex
	all []*firestorepb.StructuredQuery
}

// asked is one call that streams its answers; the request is its first message.
type asked struct {
	grpc.ClientStream
	questions *questions
}

func (a asked) SendMsg(m any) error {
	if r, ok := m.(*firestorepb.RunQueryRequest); ok {
		a.questions.mu.Lock()
		a.questions.all = append(a.questions.all, r.GetStructuredQuery())
		a.questions.mu.Unlock()
	}
	return a.ClientStream.SendMsg(m)
}

func (q *questions) listen(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, streamer grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := streamer(ctx, d, c, method, o...)
	return asked{stream, q}, err
}

// used plays everything that the ledger promises, and returns what it asked and
// what it kept.
func used(t *testing.T) (asked []*firestorepb.StructuredQuery, kept map[string]*firestorepb.Document) {
	t.Helper()
	server := firestoretest.New(t)
	ring, err := pii.NewRing(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var q questions
	n := 0
	storetest.Ledger(t, func(t *testing.T) storetest.LedgerStore {
		n++
		l, err := firestore.New(firestore.Options{
			ProjectID: fmt.Sprintf("infra-%d", n), Tenant: "default", EmulatorHost: server.Host(), Ring: ring,
			ClientOptions: []option.ClientOption{option.WithGRPCDialOption(grpc.WithChainStreamInterceptor(q.listen))},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	})
	return q.all, server.Documents()
}

// collection is the collection that a document lies in, by its name.
func collection(t *testing.T, name string) string {
	t.Helper()
	parts := strings.Split(name, "/")
	if len(parts) != 9 || parts[5] != "tenants" {
		t.Fatalf("%s lies outside tenants/{tenant}", name)
	}
	return parts[7]
}

// What the ledger asks is what infra/ indexes, what expires has a policy, and
// nothing is indexed or expires that the ledger knows nothing of.
func TestTheLedgersIndexes(t *testing.T) {
	asked, kept := used(t)
	blocks := folder(t, "modules/ledger")

	wanted := map[string]bool{}
	for _, q := range asked {
		from, order := q.GetFrom()[0].GetCollectionId(), q.GetOrderBy()[0]
		field, direction := order.GetField().GetFieldPath(), order.GetDirection().String()
		// Documents in which a field has one value, by name: the field's own index
		// has them in that order.
		if where := q.GetWhere().GetFieldFilter(); where != nil && field == "__name__" {
			field = where.GetField().GetFieldPath()
		} else if where != nil || len(q.GetOrderBy()) > 1 {
			t.Errorf("a query of %s needs more than the index of one field", from)
		}
		if q.GetFrom()[0].GetAllDescendants() {
			t.Errorf("a query of %s goes over all tenants", from)
		}
		wanted[from+"."+field+" "+direction] = true
	}
	declared := map[string]bool{}
	for _, fields := range []string{"indexed", "indexed_too"} {
		for name, index := range local(t, blocks, fields).object {
			declared[name+"."+index.object["field"].text+" "+index.object["order"].text] = true
		}
	}
	if !maps.Equal(wanted, declared) {
		t.Errorf("the ledger asks %v, and infra/ indexes %v", wanted, declared)
	}

	expiring, lasting := map[string]bool{}, map[string]bool{}
	for name, doc := range kept {
		in := collection(t, name)
		if doc.GetFields()["expires_at"].GetTimestampValue() != nil {
			expiring[in] = true
		} else {
			lasting[in] = true
		}
	}
	if got, want := local(t, blocks, "expiring").words(), slices.Sorted(maps.Keys(expiring)); !slices.Equal(got, want) {
		t.Errorf("infra/ lets %v expire, and the ledger %v", got, want)
	}
	for in := range lasting {
		if expiring[in] {
			t.Errorf("some documents of %s expire and some do not", in)
		}
	}
	everywhere := one(t, blocks, "resource", "google_firestore_field", "unindexed").fields["for_each"].text
	for in := range lasting {
		if !strings.Contains(everywhere, `"`+in+`"`) {
			t.Errorf("every field of %s is indexed", in)
		}
	}
	if field := one(t, blocks, "resource", "google_firestore_field", "expiry").fields["field"].text; field != "expires_at" {
		t.Errorf("infra/ expires by %s", field)
	}
}

// The index over days of the audit record names fields that the documents have.
func TestTheIndexOverDays(t *testing.T) {
	_, kept := used(t)
	blocks := folder(t, "modules/ledger")
	audited := local(t, blocks, "audited").words()
	var fields []string
	for _, b := range all(one(t, blocks, "resource", "google_firestore_index", "day").blocks, "fields") {
		fields = append(fields, b.fields["field_path"].text)
	}
	if len(audited) == 0 || len(fields) == 0 || fields[0] != "shard" {
		t.Fatalf("an index over %v of %v: days alone would all be written in one place", fields, audited)
	}
	seen := map[string]bool{}
	for name, doc := range kept {
		in := collection(t, name)
		if !slices.Contains(audited, in) {
			continue
		}
		seen[in] = true
		for _, field := range fields {
			if doc.GetFields()[field].GetStringValue() == "" {
				t.Errorf("a document of %s has no %s", in, field)
			}
		}
	}
	for _, in := range audited {
		if !seen[in] {
			t.Errorf("the ledger keeps no %s", in)
		}
	}
}
