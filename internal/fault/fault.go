// Package fault holds the kinds of failure, how to mark an error with one,
// and how to ask for it.
//
// An adapter marks an error where its kind is known; an edge reads the kind
// once and turns it into a status code. Between the two nobody looks at it.
// An unmarked error is [Unknown] and is treated as our own bug.
package fault

import (
	"context"
	"errors"
	"time"
)

// Kind says what a failure asks of the caller.
type Kind uint8

const (
	// Unknown is an error that nobody marked.
	Unknown Kind = iota
	// Broken is our own fault: a bug or a wrong configuration.
	Broken
	// Dependency is an ill dependency; the same call may succeed later.
	Dependency
	// Throttled is a dependency asking us to slow down.
	Throttled
	// Refused is a permanent refusal: the same call will never succeed.
	Refused
	// Unreadable is input that can never be read.
	Unreadable
	// Conflict means that another writer was first.
	Conflict
	// Identity is a caller that did not prove who it is.
	Identity
)

// String names the kind for logs and metrics.
func (k Kind) String() string {
	switch k {
	case Broken:
		return "broken"
	case Dependency:
		return "dependency"
	case Throttled:
		return "throttled"
	case Refused:
		return "refused"
	case Unreadable:
		return "unreadable"
	case Conflict:
		return "conflict"
	case Identity:
		return "identity"
	default:
		return "unknown"
	}
}

type marked struct {
	err   error
	kind  Kind
	after time.Duration
}

func (m *marked) Error() string { return m.err.Error() }
func (m *marked) Unwrap() error { return m.err }

// Mark says of which kind err is. The outermost mark counts. Mark(nil, k) is
// nil.
func Mark(err error, kind Kind) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, kind: kind}
}

// After marks err as [Throttled] with the least wait the dependency asked
// for. After(nil, d) is nil.
func After(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, kind: Throttled, after: d}
}

// KindOf is the outermost mark of err. A context that ended is a
// [Dependency]: whatever was being waited for did not come in time.
func KindOf(err error) Kind {
	var m *marked
	if errors.As(err, &m) {
		return m.kind
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Dependency
	}
	return Unknown
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// RetryAfter is the least wait that [After] recorded, if any.
func RetryAfter(err error) (time.Duration, bool) {
	var m *marked
	if errors.As(err, &m) && m.after > 0 {
		return m.after, true
	}
	return 0, false
}
