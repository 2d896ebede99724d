// Package doctor looks at everything that the two services stand on and says what
// is wrong, and what to type about it.
//
// It reads the same environment as the services and asks the same parts with the
// same clients: a check that passes is one that a service would pass. Checks run in
// the order of their dependence and side by side where there is none; one whose
// ground failed is skipped rather than failed again.
//
// It promises:
//
//   - Unless it is told to write, it changes nothing: no task is made, no document or key written, no message
//     sent. What it leaves behind are lines of log at the ingress and the worker,
//     of a webhook without content and of a task without identity, and some sixty
//     tokens that the model is paid for.
//   - It ends: every check is bounded, and so is the whole. A check that hangs is
//     named.
//   - A report holds no secret and nothing personal. Ids, addresses that may be
//     printed, Meta's and Google's own words for states: no more.
package doctor

import (
	"context"
	"time"

	"google.golang.org/api/option"
)

// Status is what came of a check.
type Status string

// The statuses. A warning asks for a look and stops nothing; what was skipped has
// not been looked at, because something that it stands on failed.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Bounds of an examination.
const (
	// DefaultTimeout bounds the whole.
	DefaultTimeout = time.Minute
	// DefaultPatience bounds each check. A question to the model may take longer
	// than any other.
	DefaultPatience = 25 * time.Second
)

// Finding is the result of one check.
type Finding struct {
	// Check is its name, which does not change.
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Found says what there is, and Fix what to do about it, a line each; empty
	// when there is nothing to do.
	Found string   `json:"found"`
	Fix   []string `json:"fix,omitempty"`
	// Took is in milliseconds.
	Took int64 `json:"took_ms"`
}

// Report is an examination.
type Report struct {
	// Environment is the one examined: development, staging or production.
	Environment string    `json:"environment"`
	At          time.Time `json:"at"`
	// OK: nothing failed. Warnings may be there.
	OK     bool      `json:"ok"`
	Checks []Finding `json:"checks"`
}

// Ledger is what a ledger is asked.
type Ledger interface {
	// Ping reports whether it answers.
	Ping(ctx context.Context) error
	// Fingerprint is that of the hash key that it was claimed for; empty while
	// nobody has.
	Fingerprint(ctx context.Context) (string, error)
}

// Options are what is examined. Only Environ is required.
type Options struct {
	// Environ is the environment of both services in the form of os.Environ.
	Environ []string
	// Ledger is the ledger to ask; nil opens the configured one.
	Ledger Ledger
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Write has a task delivered from each kind of queue, which asks the worker for
	// its health with the identity that every task carries. Without it nothing is
	// changed anywhere.
	Write bool
	// SecretManager and Firestore are options for reaching them.
	SecretManager []option.ClientOption
	Firestore     []option.ClientOption
	// Timeout and Patience bound the whole and each check; zero is the default.
	Timeout  time.Duration
	Patience time.Duration
}

// Examine runs every check.
func Examine(ctx context.Context, o Options) Report {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	p := newPatient(o)
	defer p.release()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	report := Report{At: o.Now().UTC(), OK: true, Checks: run(ctx, p.checks(), o.Patience)}
	report.Environment = p.name()
	for _, f := range report.Checks {
		if f.Status == Failed || f.Status == Skipped {
			report.OK = false
		}
	}
	return report
}
