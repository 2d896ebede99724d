package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/internal/worker"
)

// mutant is the protocol with one protection taken away. The rooms stay as
// they are: their ports cheat, or their limits are wrong.
type mutant struct {
	name     string
	ingress  func(*world, *ingress.Options)
	turn     func(*world, *turn.Options)
	worker   func(*world, *worker.Options)
	attempts int // after which the queue drops a task; zero is never
	// nameless: the queue does not know the names of new messages' tasks. Those
	// of follow-ups are needed: without them every repeat of a task becomes a
	// chain of its own, and under enough bad luck the chains multiply for ever.
	nameless bool
}

// deadly are the mutants that the simulation must find.
func deadly() []mutant {
	return []mutant{
		{name: "ingress marks a message before its task exists", ingress: func(_ *world, o *ingress.Options) { o.Hint = earlyMarks{o.Hint} }},
		{name: "ingress says 200 although a task is not certain to exist", ingress: func(_ *world, o *ingress.Options) { o.Inbox = hopefulInbox{o.Inbox} }},
		{name: "a follower acknowledges for the leader", turn: func(_ *world, o *turn.Options) { o.Hint = trustingFollower{o.Hint} }},
		{name: "no follow-up task is made", turn: func(_ *world, o *turn.Options) { o.Inbox = idleInbox{o.Inbox} }},
		{name: "timers are set and forgotten", turn: func(_ *world, o *turn.Options) { o.Inbox = timelessInbox{o.Inbox} }},
		{name: "a follow-up task that is not certain to exist counts", turn: func(_ *world, o *turn.Options) { o.Inbox = hopefulInbox{o.Inbox} }},
		{name: "the queue drops a task after five attempts", attempts: 5},
		{name: "the worker answers 200 to what failed", worker: func(_ *world, o *worker.Options) { o.Turns = carefree{o.Turns} }},
		{name: "a message is marked done before its turn ends", turn: func(_ *world, o *turn.Options) { o.Hint = earlyDone{o.Hint} }},
		{name: "the other messages of a mailbox are not written to the ledger", turn: func(w *world, o *turn.Options) { o.Ledger = forgetfulLedger{ledgerPort{port{w}}} }},
		{name: "what is given up is not kept", turn: func(_ *world, o *turn.Options) { o.Morgue = noMorgue{} }},
		{name: "the commit compares nothing", turn: func(w *world, o *turn.Options) { o.Ledger = blindLedger{ledgerPort{port{w}}} }},
		{name: "the ledger does not know which messages were consumed", turn: func(w *world, o *turn.Options) { o.Ledger = amnesticLedger{ledgerPort{port{w}}} }},
		{name: "a commit that is not certain counts", turn: func(w *world, o *turn.Options) { o.Ledger = hopefulLedger{ledgerPort{port{w}}} }},
		{name: "the intent of another attempt compares nothing", turn: func(w *world, o *turn.Options) { o.Outbox = blindOutbox{ledgerPort{port{w}}} }},
		{name: "an intent that is not certain counts", turn: func(w *world, o *turn.Options) { o.Outbox = hopefulOutbox{ledgerPort{port{w}}} }},
		{name: "a send without an answer is repeated at once", turn: func(_ *world, o *turn.Options) { o.Sender = repeatingSender{o.Sender} }},
		{name: "a send without an answer counts as accepted", turn: func(_ *world, o *turn.Options) { o.Sender = hopefulSender{o.Sender} }},
		{name: "a refusal counts as accepted", turn: func(_ *world, o *turn.Options) { o.Sender = deafSender{o.Sender} }},
		{name: "a send is repeated without waiting", turn: func(w *world, o *turn.Options) { o.Ledger = hastyLedger{ledgerPort{port{w}}} }},
		{name: "the window is shorter than what it must outlast", turn: func(_ *world, o *turn.Options) { o.Limits.AmbiguityWindow = 20 * time.Second }},
		{name: "nobody proves that receipts arrive", turn: func(_ *world, o *turn.Options) { o.Watermark = alwaysAlive{o.Watermark} }},
		{name: "receipts are ignored", turn: func(_ *world, o *turn.Options) { o.Receipts = noReceipts{} }},
		{name: "the permit to send does not end", turn: func(_ *world, o *turn.Options) { o.Limits.SendPermit = 10 * time.Minute }},
		{name: "a turn is parked while its bytes are on the way", turn: func(_ *world, o *turn.Options) {
			o.Limits.AmbiguityWindow, o.Limits.ParkAfter = time.Second, time.Second
			o.Watermark = neverAlive{o.Watermark}
		}},
		{name: "an effect that is not certain to be performed counts as done", turn: func(_ *world, o *turn.Options) { o.Performer = hopefulTeam{o.Performer} }},
		{name: "nobody looks whether a turn's effects were performed", turn: func(w *world, o *turn.Options) { o.Ledger = hastyAcknowledger{ledgerPort{port{w}}} }},
		{name: "that an effect is done is not written down with certainty", turn: func(w *world, o *turn.Options) { o.EffectRecords = noRecords{} }},
		{name: "what was heard is not kept with the message", turn: func(w *world, o *turn.Options) { o.Ledger = deafLedger{ledgerPort{port{w}}} }},
		{name: "an old answer is taken up again after a newer one", turn: func(w *world, o *turn.Options) {
			o.Ledger, o.Reopener = backwardLooking{ledgerPort{port{w}}}, backwardLooking{ledgerPort{port{w}}}
		}},
	}
}

// harmless are protections that only save work: another one stands behind each
// of them, and taking it away must break nothing.
func harmless() []mutant {
	return []mutant{
		{name: "nobody respects the lease", turn: func(_ *world, o *turn.Options) { o.Hint = lawless{o.Hint} }},
		hintless(),
		{name: "an old session overwrites a newer one in the cache", turn: func(_ *world, o *turn.Options) { o.Hint = staleCache{o.Hint} }},
		{name: "the queue does not know the names of new messages", nameless: true},
		{name: "writing a message twice is no conflict", turn: func(w *world, o *turn.Options) { o.Ledger = lenientLedger{ledgerPort{port{w}}} }},
	}
}

// hintless is a world in which Redis is stopped.
func hintless() mutant {
	return mutant{
		name:    "the hint store is never there",
		turn:    func(_ *world, o *turn.Options) { o.Hint, o.Mailbox = noHint{}, noHint{} },
		ingress: func(_ *world, o *ingress.Options) { o.Hint = noHint{} },
	}
}

type deafLedger struct{ ledgerPort }

func (l deafLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	c.Messages = slices.Clone(c.Messages)
	for i := range c.Messages {
		c.Messages[i].Perceived = nil
	}
	return l.ledgerPort.Commit(ctx, c)
}

type earlyMarks struct{ ingress.Hint }

func (h earlyMarks) Arrive(ctx context.Context, a []conversation.Arrival) ([]conversation.Arrived, error) {
	arrived, err := h.Hint.Arrive(ctx, a)
	_ = h.Queued(ctx, a)
	return arrived, err
}

type putter interface {
	Put(context.Context, envelope.Envelope, time.Time) (bool, error)
}

type hopefulInbox struct{ putter }

func (i hopefulInbox) Put(ctx context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	existed, _ := i.putter.Put(ctx, e, at)
	return existed, nil
}

type idleInbox struct{ turn.Inbox }

func (idleInbox) Put(context.Context, envelope.Envelope, time.Time) (bool, error) { return false, nil }

type timelessInbox struct{ turn.Inbox }

func (i timelessInbox) Put(ctx context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	if e.Kind == envelope.Timer {
		return false, nil
	}
	return i.Inbox.Put(ctx, e, at)
}

type trustingFollower struct{ turn.Hint }

func (h trustingFollower) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	a, err := h.Hint.Enter(ctx, e)
	if err == nil && a.Busy > 0 {
		a = conversation.Admission{Done: true}
	}
	return a, err
}

type earlyDone struct{ turn.Hint }

func (h earlyDone) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	a, err := h.Hint.Enter(ctx, e)
	if err == nil && a.Busy == 0 && !a.Done {
		_ = h.Leave(ctx, conversation.Departure{Conversation: e.Conversation, Done: []conversation.MessageID{e.Message}})
	}
	return a, err
}

type carefree struct{ worker.Turns }

func (c carefree) Inbound(ctx context.Context, e envelope.Envelope, body []byte) (turn.Report, error) {
	report, _ := c.Turns.Inbound(ctx, e, body)
	return report, nil
}

type forgetfulLedger struct{ ledgerPort }

func (l forgetfulLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	c.Messages = c.Messages[:1]
	return l.ledgerPort.Commit(ctx, c)
}

type noMorgue struct{}

func (noMorgue) Bury(context.Context, conversation.Dead) error { return nil }

type blindLedger struct{ ledgerPort }

func (l blindLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	return call(ctx, callCommit, "", func(*op) (conversation.Committed, error) {
		done, err := l.w.ledger.Commit(bare(), c)
		if !fault.Is(err, fault.Conflict) {
			return done, err
		}
		// Overwrite what is there.
		now, err := l.w.ledger.Conversation(bare(), []conversation.ID{c.Conversation.ID})
		if err != nil || now == nil {
			return done, err
		}
		c.Base, c.Conversation.Version = now.Updated, now.Version+1
		c.Turn.Version = c.Conversation.Version
		c.Turn.ID = conversation.NewTurnID(c.Conversation.ID, c.Turn.Version)
		c.Conversation.LastTurn, c.Handoff = c.Turn.ID, nil
		c.Messages = l.w.unconsumed(c.Messages)
		return l.w.ledger.Commit(bare(), c)
	})
}

// unconsumed are the messages that the ledger does not have.
func (w *world) unconsumed(messages []conversation.Inbound) []conversation.Inbound {
	return slices.DeleteFunc(slices.Clone(messages), func(m conversation.Inbound) bool {
		_, _, known, err := w.ledger.Message(bare(), m.ID)
		return err == nil && known
	})
}

type lenientLedger struct{ ledgerPort }

func (l lenientLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	return call(ctx, callCommit, "", func(*op) (conversation.Committed, error) {
		before, err := l.w.ledger.Conversation(bare(), []conversation.ID{c.Conversation.ID})
		if err != nil {
			return conversation.Committed{}, err
		}
		c.Messages = l.w.unconsumed(c.Messages)
		done, err := l.w.ledger.Commit(bare(), c)
		if err == nil {
			l.w.committed(before, c, done.At)
		}
		return done, err
	})
}

type amnesticLedger struct{ ledgerPort }

func (l amnesticLedger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	s, err := l.ledgerPort.Load(ctx, q)
	clear(s.Messages)
	return s, err
}

func (l amnesticLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	return lenientLedger(l).Commit(ctx, c)
}

type hopefulLedger struct{ ledgerPort }

func (l hopefulLedger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	done, err := l.ledgerPort.Commit(ctx, c)
	if fault.Is(err, fault.Dependency) {
		return conversation.Committed{At: time.Now()}, nil
	}
	return done, err
}

type blindOutbox struct{ ledgerPort }

func (l blindOutbox) Intend(ctx context.Context, id conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	return call(ctx, callIntend, string(id), func(*op) (time.Time, error) {
		if now, err := l.w.ledger.Load(bare(), conversation.Query{Turn: id}); err == nil && now.Turn != nil {
			base = now.Turn.Updated
		}
		at, err := l.w.ledger.Intend(bare(), id, part, attempt, base)
		if err == nil {
			l.w.meta.intents[conversation.Opaque(id, part, attempt)] = at
		}
		return at, err
	})
}

type hopefulOutbox struct{ ledgerPort }

func (l hopefulOutbox) Intend(ctx context.Context, id conversation.TurnID, part, attempt int, base time.Time) (time.Time, error) {
	at, err := l.ledgerPort.Intend(ctx, id, part, attempt, base)
	if fault.Is(err, fault.Dependency) {
		return time.Now(), nil
	}
	return at, err
}

type repeatingSender struct{ turn.Sender }

func (s repeatingSender) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	r, err := s.Sender.Send(ctx, m)
	if r.Kind == "" && ctx.Err() == nil {
		return s.Sender.Send(ctx, m)
	}
	return r, err
}

type hopefulSender struct{ turn.Sender }

func (s hopefulSender) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	r, err := s.Sender.Send(ctx, m)
	if r.Kind == "" {
		return conversation.Result{Kind: conversation.Accepted}, nil
	}
	return r, err
}

type deafSender struct{ turn.Sender }

func (s deafSender) Send(ctx context.Context, m conversation.Outgoing) (conversation.Result, error) {
	r, err := s.Sender.Send(ctx, m)
	if r.Kind == conversation.Refused {
		return conversation.Result{Kind: conversation.Accepted}, nil
	}
	return r, err
}

type hastyLedger struct{ ledgerPort }

func (l hastyLedger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	s, err := l.ledgerPort.Load(ctx, q)
	s.ReadAt = s.ReadAt.Add(windows.AmbiguityWindow)
	return s, err
}

type alwaysAlive struct{ turn.Watermark }

func (alwaysAlive) LastSeen(context.Context, string) (time.Time, error) {
	return time.Now().Add(time.Hour), nil
}

type neverAlive struct{ turn.Watermark }

func (neverAlive) LastSeen(context.Context, string) (time.Time, error) { return time.Time{}, nil }

type noReceipts struct{}

func (noReceipts) Receive(context.Context, []conversation.Receipt) ([]conversation.StoredTurn, error) {
	return nil, nil
}

func (noReceipts) Attempts(context.Context, []conversation.SentID) (map[conversation.SentID]conversation.Attempted, error) {
	return nil, nil
}

type hopefulTeam struct{ turn.Performer }

func (t hopefulTeam) Perform(ctx context.Context, e conversation.Errand) error {
	_ = t.Performer.Perform(ctx, e)
	return nil
}

type hastyAcknowledger struct{ ledgerPort }

func (l hastyAcknowledger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	s, err := l.ledgerPort.Load(ctx, q)
	if s.Turn != nil {
		for i := range s.Turn.Records {
			s.Turn.Records[i].Done = s.ReadAt
		}
	}
	return s, err
}

type noRecords struct{}

func (noRecords) RecordEffect(context.Context, conversation.TurnID, int, conversation.EffectRecord) error {
	return nil
}

// backwardLooking takes every turn that it is asked for by name for the newest.
type backwardLooking struct{ ledgerPort }

func (l backwardLooking) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	s, err := l.ledgerPort.Load(ctx, q)
	if s.Conversation != nil && q.Turn != "" {
		s.Conversation.LastTurn = q.Turn
	}
	return s, err
}

func (l backwardLooking) Reopen(ctx context.Context, r conversation.Reopening) error {
	_, err := call(ctx, callReopen, string(r.Turn), func(*op) (nothing, error) {
		now, err := l.w.ledger.Load(bare(), conversation.Query{Turn: r.Turn, Conversations: []conversation.ID{r.Conversation}})
		if err != nil || now.Turn == nil || now.Conversation == nil {
			return nothing{}, errIll
		}
		r.Base, r.ConversationBase = now.Turn.Updated, now.Conversation.Updated
		return nothing{}, l.w.ledger.Reopen(bare(), r)
	})
	return err
}

type lawless struct{ turn.Hint }

func (h lawless) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	a, err := h.Hint.Enter(ctx, e)
	if err == nil && a.Busy > 0 {
		a = conversation.Admission{Tries: 1}
	}
	return a, err
}

type staleCache struct{ turn.Hint }

func (h staleCache) Leave(ctx context.Context, d conversation.Departure) error {
	d.Version = cmp.Or(d.Version, 0) + 1<<40 - d.Version
	return h.Hint.Leave(ctx, d)
}

// noHint is a hint store that never answers.
type noHint struct{}

func (noHint) Arrive(context.Context, []conversation.Arrival) ([]conversation.Arrived, error) {
	return nil, errIll
}
func (noHint) Queued(context.Context, []conversation.Arrival) error { return errIll }
func (noHint) Enter(context.Context, conversation.Entry) (conversation.Admission, error) {
	return conversation.Admission{}, errIll
}
func (noHint) Renew(context.Context, conversation.ID, string) (bool, error) { return false, errIll }
func (noHint) Leave(context.Context, conversation.Departure) error          { return errIll }
func (noHint) Waiting(context.Context, conversation.ID) ([]conversation.Letter, error) {
	return nil, errIll
}
func (noHint) Forget(context.Context, conversation.ID) error { return errIll }

// found is where a mutant was found out.
type found struct {
	mutant     string
	seed       uint64
	invariants []string
	of         int // seeds of the first hundred that break
}

// mutantSeeds is how many seeds a mutant may survive.
const mutantSeeds = 1500

// hunt looks for the first seed that finds a mutant.
func hunt(t *testing.T, c *common, m mutant) found {
	t.Helper()
	var mu sync.Mutex
	f := found{mutant: m.name}
	forSeeds(t, 1, mutantSeeds, func(t *testing.T, seed uint64) bool {
		broken := invariants(live(t, c, &m, func(w *world) { random(w, seed) }))
		mu.Lock()
		defer mu.Unlock()
		if len(broken) > 0 {
			if seed <= 100 {
				f.of++
			}
			if f.seed == 0 || seed < f.seed {
				f.seed, f.invariants = seed, broken
			}
		}
		return f.seed == 0 || seed < 100
	})
	return f
}

func invariants(w *world) []string {
	var names []string
	for _, f := range w.failures {
		if !slices.Contains(names, f.invariant) {
			names = append(names, f.invariant)
		}
	}
	slices.Sort(names)
	return names
}

// row is a mutant's line in the table.
func (f found) row() string {
	return fmt.Sprintf("| %s | %d | %d | %s |", f.mutant, f.seed, f.of, strings.Join(f.invariants, ", "))
}

// TestGeneratedMutants keeps the table of mutants true. With -update it hunts
// every one of them; otherwise it replays the seeds of the table, which is
// quick, and in which the simulation must find what the table says.
func TestGeneratedMutants(t *testing.T) {
	c := bubbleless(t)
	all := deadly()
	if *update {
		rows := []string{"| without this protection | first seed | seeds of 100 | what breaks |", "|---|---|---|---|"}
		for _, m := range all {
			f := hunt(t, c, m)
			if f.seed == 0 {
				t.Errorf("%s: not found in %d seeds", m.name, mutantSeeds)
			}
			rows = append(rows, f.row())
		}
		compare(t, "mutants", strings.Join(rows, "\n")+"\n")
		return
	}
	block := written(t, "mutants")
	for _, m := range all {
		f := found{mutant: m.name}
		at := strings.Index(block, "| "+m.name+" | ")
		if at < 0 {
			t.Errorf("%s: not in the table", m.name)
			continue
		}
		line, _, _ := strings.Cut(block[at:], "\n")
		if _, err := fmt.Sscanf(line[len("| "+m.name+" | "):], "%d | %d", &f.seed, &f.of); err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		f.invariants = invariants(live(t, c, &m, func(w *world) { random(w, f.seed) }))
		if f.row() != line {
			t.Errorf("the simulation says\n%s\nand the page\n%s", f.row(), line)
		}
	}
}

// TestOtherNets takes away what only saves work: nothing may break.
func TestOtherNets(t *testing.T) {
	c := bubbleless(t)
	n := count(t, 12, 2)
	for _, m := range harmless() {
		forSeeds(t, *first, min(n, 100), func(t *testing.T, seed uint64) bool {
			w := live(t, c, &m, func(w *world) { random(w, seed) })
			if len(w.failures) > 0 {
				t.Errorf("%s: seed %d: %v", m.name, seed, w.failures)
			}
			return len(w.failures) == 0
		})
	}
}
