package secrets

import "github.com/pyloto/atende/internal/pii"

// Item is a secret as a program was told it. Both methods are constant and
// safe for concurrent use.
type Item interface {
	// Resource is the full resource name of a secret's version, and whether
	// the item is a reference to it.
	Resource() (name string, isRef bool)
	// Literal is the value of an item that is no reference.
	Literal() pii.Secret
}
