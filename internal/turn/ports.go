package turn

import (
	"context"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// Ledger is the one truth: conversations, messages and turns. Every method is
// bounded by its context and marks a store that is ill as
// [fault.Dependency].
type Ledger interface {
	// Load reads everything a turn needs at one moment. It takes one round
	// trip when the query names the turn or no conversation exists, and one
	// more to fetch a last turn or to follow a conversation that moved. What
	// does not exist is absent, not an error.
	Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error)
	// Commit applies c whole or not at all, linearizably. A base that is no
	// longer current, a message or a turn that exists makes it a
	// [fault.Conflict]. An error of another kind leaves it unknown whether
	// the commit was applied: Load tells, by the turn's token.
	Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error)
}

// Outbox is what became of a turn's replies.
type Outbox interface {
	// Intend records that attempt number attempt of a part is about to be
	// sent, if the turn was last written at base; otherwise it is a
	// [fault.Conflict]. It returns the new time of last write.
	Intend(ctx context.Context, turn conversation.TurnID, part, attempt int, base time.Time) (time.Time, error)
	// Answer records Meta's answer to an attempt and, in the same write, that the
	// answer's ID leads to the attempt. It never touches receipts and may be
	// repeated.
	Answer(ctx context.Context, turn conversation.TurnID, part, attempt int, r conversation.Result) error
	// Park marks a part as parked for an operator, with a reason that is a
	// code, if the turn was last written at base; otherwise it is a
	// [fault.Conflict].
	Park(ctx context.Context, turn conversation.TurnID, part int, reason string, base time.Time) error
}

// Reopener takes up again what was parked.
type Reopener interface {
	// Reopen lets a parked part be sent again, unless turn or conversation was
	// written since they were read: then it is a [fault.Conflict]. From then on
	// no turn that was decided upon the older conversation can be committed.
	Reopen(ctx context.Context, r conversation.Reopening) error
}

// EffectRecords is what became of a turn's effects.
type EffectRecords interface {
	// RecordEffect records what came of one attempt, or that nobody tries any
	// more. It may be repeated, and never takes back what is done.
	RecordEffect(ctx context.Context, turn conversation.TurnID, effect int, r conversation.EffectRecord) error
}

// Performer tells the team.
type Performer interface {
	// Perform makes exactly one attempt. It may be called again for an errand
	// that was performed: the receiver knows copies by the errand's id. An
	// error that is a [fault.Dependency] or [fault.Throttled] is worth another
	// attempt, any other is final.
	Perform(ctx context.Context, e conversation.Errand) error
}

// Consequence is what follows when Meta reports that something it had accepted
// did not reach the lead.
type Consequence interface {
	// Failed is called at least once for every failure, and may be called again
	// for the same one. An error makes the report come back.
	Failed(ctx context.Context, f conversation.Failure) error
}

// Journal keeps what is worth remembering and no turn.
type Journal interface {
	// Note adds an act once: one of that id that is there already stays.
	Note(ctx context.Context, a conversation.Act) error
}

// Receipts is what Meta reports of messages that were sent.
type Receipts interface {
	// Receive records receipts. It may be repeated and reordered, and it
	// never touches results. A receipt of a turn that does not exist is
	// dropped: known holds the turns that do, as they stand afterwards.
	Receive(ctx context.Context, receipts []conversation.Receipt) (known []conversation.StoredTurn, err error)
	// Attempts are those to which the ids of recorded answers lead, read at once.
	// An id of no recorded answer is absent.
	Attempts(ctx context.Context, ids []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error)
}

// Watermark proves that the receipt channel of one of our numbers is alive.
type Watermark interface {
	// Seen records that a signed webhook of the number was received at that
	// time. Older times change nothing.
	Seen(ctx context.Context, number string, at time.Time) error
	// LastSeen is the newest recorded time; zero when there is none.
	LastSeen(ctx context.Context, number string) (time.Time, error)
}

// Morgue keeps what was given up, for an operator.
type Morgue interface {
	// Bury records d and, when it is a message, makes the message terminal in
	// the same write. Burying twice is harmless.
	Bury(ctx context.Context, d conversation.Dead) error
}

// Hint is the forgetful helper: leases, mailboxes and caches. Any of its
// methods may fail or forget at any moment; that costs time and tokens, never
// a message and never a second answer. Calls are bounded to a fraction of a
// second.
type Hint interface {
	// Enter takes the lease of a conversation, or says who is ahead.
	Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error)
	// Renew prolongs the lease; held is false when it was lost.
	Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error)
	// Leave gives the lease back and marks messages as done. A snapshot never
	// replaces a newer one.
	Leave(ctx context.Context, d conversation.Departure) error
}

// Mailbox tells a turn what arrived while it was thinking.
type Mailbox interface {
	// Waiting are the letters in a conversation's mailbox.
	Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error)
	// Forget drops the cached snapshot of a conversation.
	Forget(ctx context.Context, id conversation.ID) error
}

// Meter counts the tokens that all contacts of a tenant spend in a day. It is
// part of the hint: it may fail or forget at any moment, and what it does not
// know was not spent. An account is the keyed name of one tenant's day.
type Meter interface {
	// Spent is what was counted on an account; zero when nothing is known.
	Spent(ctx context.Context, account string) (tokens int64, err error)
	// Spend adds to it; what is not positive adds nothing.
	Spend(ctx context.Context, account string, tokens int64) error
}

// Inbox makes tasks that certainly come back.
type Inbox interface {
	// Put durably creates the task that carries e, to be dispatched from at
	// on (zero is now). existed says that the task was there already, which is
	// as good.
	Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error)
}

// Sender sends one part of an answer, once.
type Sender interface {
	// Send makes exactly one attempt. The result is what is known of it: a
	// zero Kind means that Meta may or may not have accepted it, and nobody
	// may retry blindly. The error says why it was not accepted; it is a
	// [fault.Dependency] or [fault.Throttled] when the whole number or
	// account is ill and not just this message.
	Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error)
}

// Presence shows a lead that somebody is there. It is a courtesy: an error has no
// consequence.
type Presence interface {
	// Show marks a message of the lead's, and all before it, as read, and with
	// typing shows for 25 seconds, or until an answer arrives, that one is being
	// written. It may be repeated.
	Show(ctx context.Context, number string, message pii.Contact, typing bool) error
}

// Platform is what WhatsApp allows and what its refusals ask for. It is pure.
type Platform interface {
	// Pace is from when n messages may be sent to a person, now at the earliest,
	// and when all of the person's allowance is back after them; full is when it
	// would be without them.
	Pace(full, now time.Time, n int) (due, next time.Time)
	// Spent is when the allowance is back of which Meta said at that moment that
	// nothing is left.
	Spent(full, at time.Time) time.Time
	// Setback is what an error code of Meta's means and asks for.
	Setback(code int) conversation.Setback
}

// Senses make of a file what can be answered.
type Senses interface {
	// Perceive fetches the file of a message of a perceptible kind and says what
	// was made of it, whatever became of the file. An error is of a dependency
	// that is ill, marked [fault.Dependency] or [fault.Throttled]: trying again
	// later is worth it.
	Perceive(ctx context.Context, m conversation.Inbound) (conversation.Perceived, error)
}

// Mind decides what to answer; [otto.Otto] is one.
type Mind interface {
	// Decide proposes an answer. Its error is a model outage, marked
	// [fault.Dependency] or [fault.Throttled], or a bug.
	Decide(ctx context.Context, r otto.Request) (otto.Decision, error)
	// Fallback answers without a model and leaves the state unchanged.
	Fallback(r otto.Request) otto.Decision
	// FormAppointment is the id of the appointment that a message asks for by a
	// form; empty for any other message.
	FormAppointment(m conversation.Inbound) string
	// Silent remembers what needs no answer.
	Silent(r otto.Request) otto.Decision
	// TakenOver is Silent when a person wrote to the lead unasked: from now on
	// they answer.
	TakenOver(r otto.Request) otto.Decision
	// Unanswered is for a handoff whose limit passed: the truth for the lead,
	// or nothing unless the lead is to be told.
	Unanswered(r otto.Request, tell bool) otto.Decision
	// Invite asks a lead by a template to write again, because an answer came too
	// late for Meta's window; ok is false when there is none.
	Invite(r otto.Request) (d otto.Decision, ok bool)
	// AnswerBy is when the n-th limit for answering a handoff passes, the first
	// being n = 1.
	AnswerBy(from time.Time, n int) time.Time
}
