package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

const (
	// DefaultLimit is how many items a list shows unless it is told otherwise.
	DefaultLimit = 100
	// MaxLimit is the most that it can be told.
	MaxLimit = 1000
	// maxConflicts is how often something is read again because somebody else
	// wrote to it meanwhile.
	maxConflicts = 5
	// byOperator is the reason of what an operator closed.
	byOperator = "operator"
)

// Options are what an Operator needs; all but SessionTTL are required.
type Options struct {
	Tenant string
	// Numbers are our phone_number_ids, under which a person may be known.
	Numbers []string
	Key     *pii.HashKey
	Ring    *pii.Ring
	Ledger  Ledger
	Inbox   Inbox
	Now     func() time.Time
	// Token makes a random token.
	Token func() string
	// SessionTTL is the worker's: a conversation that is given back ends by
	// itself like every other.
	SessionTTL time.Duration
	// Script says how turns are decided again; it is asked for when they are.
	Script func() (turn.ReplayOptions, error)
	// Knowledge is what the business knows now; it is asked for when a receipt
	// is.
	Knowledge func() (Knowledge, error)
	// Minds decide a turn again for real.
	Minds Minds
}

// Operator does what a person asks. It is safe for concurrent use.
type Operator struct{ Options }

// New makes an Operator. It panics when an option is missing: that is a mistake
// of the program that wires it.
func New(o Options) *Operator {
	if o.Key == nil || o.Ring == nil || o.Ledger == nil || o.Inbox == nil || o.Now == nil || o.Token == nil || o.Script == nil || o.Knowledge == nil || o.Minds.New == nil {
		panic("operator: an option is missing")
	}
	return &Operator{o}
}

// Show is one thing in full: a turn, parked or not, or a dead letter. What is
// personal is shown only when it is to be revealed.
func (o *Operator) Show(ctx context.Context, id string, reveal bool) (Detail, error) {
	s := shower{reveal: reveal, ring: o.Ring}
	switch kindOf(id) {
	case aTurn:
		v, err := o.view(ctx, conversation.TurnID(id))
		if err != nil {
			return Detail{}, err
		}
		return s.turn(v, o.Now()), nil
	case aLetter:
		l, err := o.letter(ctx, id)
		if err != nil {
			return Detail{}, err
		}
		return s.letter(l), nil
	}
	return Detail{}, unknown(id)
}

// Retry has something that waits tried again: a reply, an effect or a message.
func (o *Operator) Retry(ctx context.Context, id string) (Outcome, error) {
	switch kindOf(id) {
	case aTurn:
		return o.retryTurn(ctx, conversation.TurnID(id))
	case aLetter:
		return o.retryLetter(ctx, id)
	}
	return Outcome{}, unknown(id)
}

// Drop gives up what waits: nobody is going to be answered by it any more.
func (o *Operator) Drop(ctx context.Context, id string) (Outcome, error) {
	switch kindOf(id) {
	case aTurn:
		return o.closeTurn(ctx, conversation.TurnID(id), dropping)
	case aLetter:
		return o.dropLetter(ctx, id)
	}
	return Outcome{}, unknown(id)
}

// Close ends a turn, also one that is under way.
func (o *Operator) Close(ctx context.Context, id string) (Outcome, error) {
	if kindOf(id) != aTurn {
		return Outcome{}, unknown(id)
	}
	return o.closeTurn(ctx, conversation.TurnID(id), ending)
}

// Outcome is what came of an act.
type Outcome struct {
	ID string `json:"id"`
	// Deeds are what was changed, and Left what stays as it was, and why.
	Deeds []Deed   `json:"deeds"`
	Left  []string `json:"left,omitempty"`
	// Task says whether there is a task now that goes on with it.
	Task Task `json:"task,omitempty"`
}

// Deed is one change that was made.
type Deed struct {
	What What `json:"what"`
	// Part counts replies or effects of a turn from 1; 0 is a letter.
	Part int `json:"part,omitempty"`
	Did  Did `json:"did"`
	// Was is the reason why it had waited; a code.
	Was string `json:"was,omitempty"`
}

// Did is what was done to something that waits.
type Did string

// What can be done.
const (
	Reopened Did = "reopened" // a reply: it may be sent again
	Revived  Did = "revived"  // an effect: it may be performed again
	Exhumed  Did = "exhumed"  // a message: it may be answered again
	Closed   Did = "closed"   // a reply or an effect: nobody tries any more
	Dropped  Did = "dropped"  // a letter: nobody tries any more
	Released Did = "released" // a conversation: Otto answers again
	Accepted Did = "accepted" // a conversation: a person has come
)

// Task is what became of the task that goes on with something.
type Task string

// The fates of making a task.
const (
	TaskCreated Task = "created"
	// TaskExists is a task of that name which the queue has, or had a while ago.
	TaskExists Task = "existed"
)

// String is the deed for people.
func (d Deed) String() string {
	name := string(d.What)
	if d.Part > 0 {
		name = fmt.Sprintf("%s %d", d.What, d.Part)
	}
	return name + " " + string(d.Did)
}

// note writes an act down under an id that holds all that makes it another act
// than those before, so that one that is asked for again is noted once.
func (o *Operator) note(ctx context.Context, a conversation.Act, id string, version int64, deeds []Deed) error {
	a.ID = fmt.Sprintf("%s.%s.%d", id, a.Kind, version)
	a.Reason, a.At = reasons(deeds), o.Now()
	if err := o.Ledger.Note(ctx, a); err != nil {
		return fmt.Errorf("note the act: %w", err)
	}
	return nil
}

// reasons are the codes for which things had waited.
func reasons(deeds []Deed) string {
	var codes []string
	for _, d := range deeds {
		if d.Was != "" {
			codes = append(codes, d.Was)
		}
	}
	return strings.Join(codes, ",")
}

// persist repeats a look and a write for as long as somebody else is faster, a
// few times. The function says whether there is more to do.
func persist(do func() (more bool, err error)) error {
	for conflicts := 0; ; {
		more, err := do()
		switch {
		case fault.Is(err, fault.Conflict):
			if conflicts++; conflicts >= maxConflicts {
				return fmt.Errorf("somebody else keeps writing to it; look at it again: %w", err)
			}
		case err != nil || !more:
			return err
		}
	}
}

// kind is what an id names, by its form.
type kind uint8

const (
	nothing kind = iota
	aTurn
	aLetter
)

// maxID is longer than any id.
const maxID = 200

func kindOf(id string) kind {
	strange := strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("~-_.", r)
	})
	switch {
	case id == "" || len(id) > maxID || strange || strings.Trim(id, ".") == "":
		return nothing
	case strings.Contains(id, "~"):
		return aTurn
	default:
		return aLetter
	}
}
