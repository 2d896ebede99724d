package infratest_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/store/firestore"
)

// What the doctor looks for in a database is what infra/ sets up, which the tests
// beside this one hold against what the ledger does.
func TestTheLedgersNeedsAreThoseOfInfra(t *testing.T) {
	blocks := folder(t, "modules/ledger")
	needs := firestore.Needed()
	order := map[bool]string{false: "ASCENDING", true: "DESCENDING"}

	needed, declared := map[string]bool{}, map[string]bool{}
	for _, index := range needs.Indexes {
		if len(index.Fields) != 1 {
			t.Errorf("%+v is no index of one field", index)
		}
		needed[index.Collection+"."+index.Fields[0].Path+" "+order[index.Fields[0].Descending]] = true
	}
	for _, fields := range []string{"indexed", "indexed_too"} {
		for name, index := range local(t, blocks, fields).object {
			declared[name+"."+index.object["field"].text+" "+index.object["order"].text] = true
		}
	}
	if !maps.Equal(needed, declared) {
		t.Errorf("the ledger needs %v, and infra/ sets up %v", needed, declared)
	}

	needed, declared = map[string]bool{}, map[string]bool{}
	for _, index := range needs.Composite {
		var fields []string
		for _, f := range index.Fields {
			fields = append(fields, f.Path+" "+order[f.Descending])
		}
		needed[index.Collection+"."+strings.Join(fields, ",")] = true
	}
	var fields []string
	for _, b := range all(one(t, blocks, "resource", "google_firestore_index", "day").blocks, "fields") {
		fields = append(fields, b.fields["field_path"].text+" "+b.fields["order"].text)
	}
	for _, collection := range local(t, blocks, "audited").words() {
		declared[collection+"."+strings.Join(fields, ",")] = true
	}
	if !maps.Equal(needed, declared) {
		t.Errorf("the ledger needs %v over several fields, and infra/ sets up %v", needed, declared)
	}

	if got := local(t, blocks, "expiring").words(); !slices.Equal(got, needs.Expiring) {
		t.Errorf("the ledger needs %v to expire, and infra/ sets up %v", needs.Expiring, got)
	}
	if field := one(t, blocks, "resource", "google_firestore_field", "expiry").fields["field"].text; field != needs.Expiry {
		t.Errorf("the ledger's documents expire by %s, and in infra/ by %s", needs.Expiry, field)
	}
}
