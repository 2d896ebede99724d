package operator

import (
	"errors"
	"fmt"
	"strings"
)

// Refusal is why something is not done, and what to do instead. It holds ids
// and codes, nothing personal.
type Refusal struct {
	Code    Code   `json:"code"`
	Why     string `json:"why"`
	Instead string `json:"instead,omitempty"`
}

// Code names a refusal for programs and for the documentation.
type Code string

// The refusals.
const (
	Unknown      Code = "unknown"        // nothing is known under that id
	NotParked    Code = "not-parked"     // nothing of it waits for an operator
	NotLast      Code = "not-last"       // later parts of the answer went out
	NotNewest    Code = "not-newest"     // a newer turn answered since
	WindowOver   Code = "window-over"    // Meta's customer-service window closed
	NoMessage    Code = "no-message"     // an element that nobody could read
	Unreadable   Code = "unreadable"     // its letter cannot be put into the queue
	Answered     Code = "answered"       // a turn has answered it meanwhile
	WasDropped   Code = "was-dropped"    // an operator gave it up
	WasForgotten Code = "was-forgotten"  // the ledger kept it no longer
	OnItsWay     Code = "on-its-way"     // the last answer has not arrived yet
	NotHandedOff Code = "not-handed-off" // no person owns the conversation
	GivenUp      Code = "given-up"       // no turn has answered it
	NoPack       Code = "no-pack"        // no pack has that name
	NoModel      Code = "no-model"       // there is no model, or it takes no such request
	NotRecorded  Code = "not-recorded"   // the turn cannot be decided again
)

// Error is the refusal for people.
func (r *Refusal) Error() string {
	if r.Instead == "" {
		return r.Why
	}
	return r.Why + "; " + r.Instead
}

func unknown(id string) *Refusal {
	what := "the ledger has no such turn or dead letter: "
	if len(id) > maxID {
		id = id[:maxID] + "…"
	}
	return &Refusal{Code: Unknown, Why: what + fmt.Sprintf("%q", id), Instead: "\"atende parked list\" has the ids of what waits"}
}

// refusal is err as a refusal; nil when it is none.
func refusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// Unfinished is something that was begun: what the ledger says is done, the rest
// is not. Asking for it again finishes it.
type Unfinished struct {
	Deeds []Deed
	Err   error
}

// Error says what is done and what is not.
func (u *Unfinished) Error() string {
	done := "the ledger was ready for it before"
	if len(u.Deeds) > 0 {
		names := make([]string, len(u.Deeds))
		for i, d := range u.Deeds {
			names[i] = d.String()
		}
		done = "the ledger has it (" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("only half done: %s, but: %v; run the same command again, it finishes the rest", done, u.Err)
}

// Unwrap is what went wrong.
func (u *Unfinished) Unwrap() error { return u.Err }
