package firestore

import (
	"strings"
	"unicode/utf8"
)

// The collections under tenants/{tenant}/.
const (
	conversations = "conversations"
	turns         = "turns"
	messages      = "messages"
	sent          = "sent"
	handoffs      = "handoffs"
	appointments  = "appointments"
	audit         = "audit"
	dead          = "dead"
	watermarks    = "watermarks"
	epochs        = "epochs"
)

// maxID is Firestore's limit for a document id, in bytes.
const maxID = 1500

// path is a document's path below the database: it names the document, and it
// is the place that the document's fields are sealed for, so that a database
// can be restored under another name.
func (l *Ledger) path(collection, id string) string {
	return l.tenantPath + "/" + collection + "/" + id
}

// name is a document's full resource name.
func (l *Ledger) name(collection, id string) string {
	return l.documents + l.path(collection, id)
}

// isDocumentID reports whether Firestore takes id as a document's id. An id
// with a slash would name a document somewhere else.
func isDocumentID(id string) bool {
	switch {
	case id == "", id == ".", id == "..", len(id) > maxID:
		return false
	case strings.HasPrefix(id, "__") && strings.HasSuffix(id, "__"):
		return false
	}
	return !strings.Contains(id, "/") && utf8.ValidString(id)
}

// shard is the first character of an id. It starts the composite index, so
// that an index over days is not written at one end only.
func shard(id string) string { return id[:1] }
