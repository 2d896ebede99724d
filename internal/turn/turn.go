package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Policy says what to do with a send whose fate stays unknown.
type Policy string

// The policies for ambiguous sends.
const (
	// Resend sends once more after the ambiguity window, when the receipt
	// channel is proven alive and brought no receipt.
	Resend Policy = "resend"
	// Never parks instead: at most one copy, whatever the timing.
	Never Policy = "never"
)

// Limits are the times that the protocol rests on.
type Limits struct {
	// Quiet is the longest quiet time that is waited for before a burst of
	// fragments counts as complete; zero waits for nothing.
	Quiet time.Duration
	// TurnDeadline bounds everything up to the commit.
	TurnDeadline time.Duration
	// SendPermit is how long after the commit was begun a send may start.
	SendPermit time.Duration
	// GraphTimeout bounds one send.
	GraphTimeout time.Duration
	// AmbiguityWindow is how long a receipt may take; longer than a permit, a
	// send and the life of its bytes on the wire together.
	AmbiguityWindow time.Duration
	// ParkAfter is when an unresolved turn is left to an operator.
	ParkAfter time.Duration
	// LeaseTTL is the life of a lease; it is renewed three times in it.
	LeaseTTL time.Duration
	// SessionTTL is how long after its last turn a conversation that Otto is in
	// the middle of comes to rest; zero is never.
	SessionTTL time.Duration
}

// Budget bounds what may be spent on one day; zero is unlimited.
type Budget struct {
	// Turns and Tokens are for one contact.
	Turns  int64
	Tokens int64
	// TenantTokens are for all contacts together; they are counted by a [Meter].
	TenantTokens int64
	// Zone is where a day begins.
	Zone *time.Location
}

// Times that are part of the protocol and nobody's to choose.
const (
	// proofDelay is how much younger than an intent a webhook must be to
	// prove that receipts of that intent would have arrived.
	proofDelay = 5 * time.Second
	// outagePatience is how old the oldest message may grow while the model
	// is out before it is answered without a model.
	outagePatience = 3 * time.Minute
	// freeFormAge is how old a message may be and still be answered freely:
	// the customer-service window of 24 hours less a margin.
	freeFormAge = 23*time.Hour + 50*time.Minute
	// window is how long Meta's customer-service window stays open after a
	// message of the lead, less a margin for clocks that disagree: nothing is
	// sent later, however long ago it was decided.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
	window = 24*time.Hour - time.Minute
	// effectTimeout bounds one attempt to perform an effect, and effectPatience
	// is how long it is tried before an operator has to look.
	effectTimeout  = 10 * time.Second
	effectPatience = 24 * time.Hour
	// effectBackoff is the wait after the first attempt that failed; it doubles
	// up to mostBackoff.
	effectBackoff = 2 * time.Second
	mostBackoff   = 5 * time.Minute
	// supersedeWithin is how long a draft may have taken and still be dropped
	// for a message that arrived meanwhile.
	supersedeWithin = 6 * time.Second

	maxReminders = 3  // times the team is told that nobody came
	maxRestarts  = 2  // drafts dropped for newer messages
	maxConflicts = 3  // commits lost to other writers
	maxResends   = 3  // attempts while fates stay unknown
	maxAttempts  = 10 // attempts in all, postponed ones included

	aloneFrom    = 3 // tries from which a message is handled by itself
	modelOffFrom = 5 // tries from which the model is left out
	buryFrom     = 8 // tries from which a message is given up

	// A keyframe is the conversation as it was decided upon, kept with a turn
	// so that those after it can be replayed when those before it have expired:
	// with every twentieth turn, and with one after so long a silence.
	keyframeEvery = 20
	keyframeAfter = 24 * time.Hour
)

// secondLooks is how often a part that was parked for want of a receipt is looked
// at again: the channel may have come back to life.
const secondLooks = 3

// lookAt is how long after it was parked the n-th of those looks comes.
func lookAt(n int) time.Duration {
	return [secondLooks]time.Duration{5 * time.Minute, 20 * time.Minute, time.Hour}[n-1]
}

// codeWindow is Meta's code for a message outside the customer-service window.
const codeWindow = 131047

// Options are what a Turns needs; all fields are required except Performer, Ways,
// Senses, Presence, Meter and Budget.
type Options struct {
	Tenant        string
	Key           *pii.HashKey
	Ring          *pii.Ring
	Ledger        Ledger
	Outbox        Outbox
	Reopener      Reopener
	EffectRecords EffectRecords
	Receipts      Receipts
	Consequence   Consequence
	Watermark     Watermark
	Morgue        Morgue
	Hint          Hint
	Mailbox       Mailbox
	// Meter counts what the tenant spends; without one contacts alone have
	// budgets.
	Meter  Meter
	Inbox  Inbox
	Sender Sender
	// Presence shows that somebody is there; without one nothing is shown.
	Presence Presence
	// Platform knows what may be sent, and what to do when it was not.
	Platform Platform
	// Performer tells the team, by each of the Ways; without ways nobody is told.
	Performer Performer
	Ways      []conversation.Way
	Mind      Mind
	Senses    Senses // nil: files are not looked at
	// PackHash names the knowledge that Mind speaks from; it is part of the
	// audit.
	PackHash string
	// Now is the clock. In production its times carry a monotonic reading.
	Now func() time.Time
	// Token makes a random token.
	Token  func() string
	Limits Limits
	Policy Policy
	Budget Budget
}

// Turns answers messages. It is safe for concurrent use.
type Turns struct{ Options }

// New makes a Turns. It panics when an option is missing: that is a mistake
// of the program that wires it.
func New(o Options) *Turns {
	if o.Key == nil || o.Ring == nil || o.Ledger == nil || o.Outbox == nil || o.Reopener == nil || o.EffectRecords == nil ||
		o.Receipts == nil || o.Consequence == nil || o.Watermark == nil || o.Morgue == nil || o.Hint == nil ||
		o.Mailbox == nil || o.Inbox == nil || o.Sender == nil || o.Mind == nil || o.Now == nil || o.Token == nil ||
		len(o.Ways) > 0 && o.Performer == nil {
		panic("turn: an option is missing")
	}
	if o.Budget.Zone == nil {
		o.Budget.Zone = time.UTC
	}
	return &Turns{o}
}

// Fate is what became of a task.
type Fate string

// The fates of a task. All but Parked ask the queue to forget it, and so does
// Parked, under a status of its own.
const (
	Answered Fate = "answered" // its message became terminal now
	Known    Fate = "known"    // its message was terminal before
	Deferred Fate = "deferred" // a follow-up task exists
	Parked   Fate = "parked"   // kept for an operator
	Applied  Fate = "applied"  // statuses are recorded
)

// Report is what there is to say about the handling of one task, without
// anything personal. It is complete also when the handling ended in an error.
type Report struct {
	Fate         Fate
	Conversation conversation.ID
	Turn         conversation.TurnID
	Route        conversation.Route
	Phase        conversation.DeliveryPhase
	Reason       string // of a parked message or turn
	Messages     int
	Attempt      int
	Tries        int
	Restarts     int
	Conflicts    int
	// Hintless says that the hint store did not answer.
	Hintless bool
	// Fallback is why the model was left out; empty when it was not.
	Fallback conversation.Fallback
	Model    conversation.Model
	// Handoff is why a person was asked for; a code, empty when none was.
	Handoff string
	// Blocked are the guards that refused drafts, one for each refusal.
	Blocked []string
	// Traces are the trace contexts of the other messages that the turn answered.
	Traces []string
	Phases []conversation.Phase
	// Statuses and Unknown count receipts: all, and those of nobody we know.
	// Proven and Duplicates count what they prove for the first time: parts
	// that Meta accepted, and parts that it accepted once more.
	Statuses, Unknown, Proven, Duplicates int
	// Failures are Meta's codes of what it had accepted and failed to deliver.
	Failures []int
	// Setbacks are what the codes of Meta's mean that made parts of an answer fail.
	Setbacks []conversation.Setback
	// Effects counts the effects of the turn that were performed now.
	Effects int
	// FollowUp is the delay of the follow-up task.
	FollowUp time.Duration
}

// setBack notes why parts of an answer failed.
func (r *Report) setBack(p Platform, failed []conversation.Failure) {
	for _, f := range failed {
		if f.Code != 0 {
			r.Setbacks = append(r.Setbacks, p.Setback(f.Code))
		}
	}
}

// bury gives a letter up: it is kept for an operator.
func (t *Turns) bury(ctx context.Context, e envelope.Envelope, content []byte, reason string, attempts int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Limits.SendPermit)
	defer cancel()
	err := t.Morgue.Bury(ctx, conversation.Dead{
		ID:            e.ID,
		Conversation:  conversation.ID(e.Conversation),
		Number:        e.PhoneNumberID,
		Reason:        reason,
		Attempts:      attempts,
		Content:       content,
		Message:       e.Kind == envelope.Inbound,
		CorrelationID: e.CorrelationID,
		At:            t.Now(),
	})
	if err != nil {
		return fmt.Errorf("bury %s: %w", e.Kind, err)
	}
	return nil
}

// Quarantine keeps a raw element that nobody could read.
func (t *Turns) Quarantine(ctx context.Context, e envelope.Envelope) (Report, error) {
	report := Report{Fate: Parked, Reason: "quarantine"}
	var q conversation.Quarantined
	content := e.Payload
	if err := e.Open(t.Ring, &q); err == nil {
		content, report.Reason = q.Content, "quarantine:"+q.Reason
	}
	return report, t.bury(ctx, e, content, report.Reason, 1)
}

// Unreadable keeps a task's body that is no envelope at all.
func (t *Turns) Unreadable(ctx context.Context, id string, body []byte) (Report, error) {
	report := Report{Fate: Parked, Reason: "unreadable-envelope"}
	return report, t.bury(ctx, envelope.Envelope{ID: id, Kind: envelope.Quarantine}, body, report.Reason, 1)
}

// ill reports whether err says something about a dependency and nothing about
// the message.
func ill(err error) bool {
	return fault.Is(err, fault.Dependency) || fault.Is(err, fault.Throttled)
}
