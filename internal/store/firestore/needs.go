package firestore

// Index is an index of one collection that the ledger's questions need, its fields
// in order.
type Index struct {
	Collection string
	Fields     []IndexField
}

// IndexField is one field of an index.
type IndexField struct {
	Path       string
	Descending bool
}

// Needs is what has to be set up in a database before the ledger works in it: the
// service itself refuses a question without its index, and lets nothing expire
// that has no policy. An emulator asks for none of it.
type Needs struct {
	// Indexes of one field, and Composite ones of several.
	Indexes   []Index
	Composite []Index
	// Expiring are the collections whose documents expire by the field
	// [Needs.Expiry].
	Expiring []string
	Expiry   string
}

// Needed is what the ledger needs. A test holds infra/ against it, and it against
// what the ledger asks and keeps.
func Needed() Needs {
	ascending := func(path string) IndexField { return IndexField{Path: path} }
	descending := func(path string) IndexField { return IndexField{Path: path, Descending: true} }
	day := []IndexField{ascending("shard"), ascending("day")}
	return Needs{
		Indexes: []Index{
			{audit, []IndexField{descending("at")}},
			{audit, []IndexField{ascending("conversation")}},
			{conversations, []IndexField{ascending("owner")}},
			{dead, []IndexField{descending("at")}},
			{turns, []IndexField{ascending("parked")}},
		},
		Composite: []Index{{audit, day}, {turns, day}},
		Expiring:  []string{appointments, audit, conversations, dead, handoffs, messages, sent, turns},
		Expiry:    "expires_at",
	}
}
