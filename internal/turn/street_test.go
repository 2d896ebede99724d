package turn_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/turn"
)

// street is everything around a worker, inside a synctest bubble: the memory
// ledger and hint store are the real ones, Meta and the queue are played.
type street struct {
	t      *testing.T
	key    *pii.HashKey
	ring   *pii.Ring
	ledger *memory.Ledger
	hint   *memory.Hint
	model  otto.Model
	senses turn.Senses
	policy turn.Policy
	budget turn.Budget
	meter  turn.Meter
	quiet  time.Duration
	meta   *meta
	team   *team // nil when nobody is told
	// alarms: the timers of handoffs and sessions are dispatched too.
	alarms bool
	// session is how long a session lasts; zero is for ever.
	session time.Duration
	// agreed is the start of the meeting that every decision notes; zero is none.
	agreed time.Time
	// change may change what Otto knows.
	change func(*otto.Pack)
	queue  *queue
	tokens int
	mu     sync.Mutex
	// worker wraps the ports of the next worker, so that it can fail.
	worker *mortal
}

const number = "422000000000002"

func newStreet(t *testing.T) *street {
	t.Helper()
	key, err := pii.NewHashKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := pii.NewRing(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &street{
		t: t, key: key, ring: ring, policy: turn.Resend,
		ledger: memory.NewLedger(memory.LedgerOptions{Now: time.Now}),
		hint: memory.NewHint(memory.HintOptions{
			LeaseTTL: 30 * time.Second, SessionTTL: 2 * time.Hour, DedupeTTL: 48 * time.Hour, Now: time.Now,
		}),
		meta:   &meta{receipts: true, delay: time.Second},
		queue:  &queue{},
		worker: &mortal{},
	}
	s.meta.street, s.meter = s, s.hint
	return s
}

// turns is a worker of its own, with the ports it dies at.
func (s *street) turns() *turn.Turns { return s.turnsWith(func(*turn.Options) {}) }

// turnsWith is a worker some of whose ports are others.
func (s *street) turnsWith(change func(*turn.Options)) *turn.Turns {
	knowledge := s.knowledge()
	mind := s.mind(knowledge)
	var decides turn.Mind = mind
	if !s.agreed.IsZero() {
		decides = agreeing{mind, s.agreed}
	}
	m := s.worker
	var performer turn.Performer
	var ways []conversation.Way
	if s.team != nil {
		performer, ways = teamPort{m, s.team}, []conversation.Way{conversation.WayWebhook}
	}
	o := turn.Options{
		Tenant: "default", Key: s.key, Ring: s.ring,
		Ledger: ledgerPort{m, s.ledger}, Outbox: ledgerPort{m, s.ledger}, Receipts: s.ledger,
		Reopener: ledgerPort{m, s.ledger}, EffectRecords: ledgerPort{m, s.ledger}, Performer: performer, Ways: ways,
		Consequence: turn.Noting{Journal: s.ledger},
		Watermark:   s.ledger, Morgue: ledgerPort{m, s.ledger},
		Hint: hintPort{m, s.hint}, Mailbox: hintPort{m, s.hint}, Meter: s.meter,
		Inbox: inboxPort{m, s.queue}, Platform: channel.Platform{}, Sender: senderPort{m, s.meta}, Mind: decides,
		Now: time.Now, Token: s.token, PackHash: knowledge.Hash, Policy: s.policy, Budget: s.budget,
		Senses: s.senses,
		Limits: turn.Limits{
			Quiet: s.quiet, TurnDeadline: time.Minute, SendPermit: 5 * time.Second, GraphTimeout: 20 * time.Second,
			AmbiguityWindow: time.Minute, ParkAfter: 15 * time.Minute, LeaseTTL: 30 * time.Second,
			SessionTTL: s.session,
		},
	}
	change(&o)
	return turn.New(o)
}

// agreeing is Otto once he has agreed on a meeting.
type agreeing struct {
	*otto.Otto
	at time.Time
}

func (a agreeing) Decide(ctx context.Context, r otto.Request) (otto.Decision, error) {
	d, err := a.Otto.Decide(ctx, r)
	d.Appointment, d.Briefing = a.at, "Reunião com Iara"
	d.Reasons = conversation.Reasons{Facts: []string{"hours"}, Asked: "email", Intent: 0.7}
	return d, err
}

// minds are those that ask no model, or one that always says the same, by what
// they know: making one takes longer than most tests do.
var minds sync.Map

func (s *street) mind(knowledge otto.Pack) *otto.Otto {
	text, same := s.model.(saying)
	same = same || s.model == nil
	key := fmt.Sprintf("%T %s", s.model, text) + fmt.Sprint(knowledge.Hash, knowledge.AnswerWithin, knowledge.Hours, knowledge.Sentences, knowledge.Invitation, knowledge.Meetings.Flow)
	if made, ok := minds.Load(key); ok && same {
		return made.(*otto.Otto)
	}
	mind, err := otto.New(otto.Options{Pack: knowledge, Model: s.model, Tenant: "default", Key: s.key})
	if err != nil {
		s.t.Fatal(err)
	}
	if same {
		minds.Store(key, mind)
	}
	return mind
}

// standard is the embedded pack, read once.
var standard = sync.OnceValues(pack.Default)

func (s *street) knowledge() otto.Pack {
	knowledge, err := standard()
	if err != nil {
		s.t.Fatal(err)
	}
	if s.change != nil {
		s.change(&knowledge)
	}
	return knowledge
}

func (s *street) token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	return fmt.Sprintf("token-%d", s.tokens)
}

// text is a message of a lead as the ingress would enqueue it.
func (s *street) text(phone, wamid, words string) envelope.Envelope {
	return s.inbound(conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: pii.Contact(phone), Name: "Iara"},
		Kind: conversation.KindText, Type: "text", Text: pii.Text(words), SentAt: time.Now(), ReceivedAt: time.Now(),
	})
}

func (s *street) inbound(m conversation.Inbound) envelope.Envelope {
	s.t.Helper()
	m.ID = conversation.MessageID(s.key.Message(m.WAMID))
	ids := m.Conversations(s.key)
	e := envelope.Envelope{
		V: envelope.Version, Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: m.Number, ID: string(m.ID),
		Conversation: string(ids[0]), ReceivedAt: m.ReceivedAt, CorrelationID: "corr-1",
	}
	for _, id := range ids {
		e.Aliases = append(e.Aliases, string(id))
	}
	if err := e.Seal(s.ring, m); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// arrive does what the ingress does: mailbox, then task.
func (s *street) arrive(e envelope.Envelope) {
	body, err := e.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	arrived, err := s.hint.Arrive(context.Background(), []conversation.Arrival{{
		Conversation: conversation.ID(e.Conversation), Message: conversation.MessageID(e.ID), Letter: body, At: time.Now(),
	}})
	if err == nil {
		e.Seq = arrived[0].Seq
	}
	at := time.Time{}
	if m := (conversation.Inbound{}); s.quiet > 0 && e.Open(s.ring, &m) == nil {
		at = time.Now().Add(conversation.QuietTime(m, s.quiet))
	}
	if _, err := s.queue.Put(context.Background(), e, at); err != nil {
		s.t.Fatal(err)
	}
}

// handle gives one envelope to a worker.
func (s *street) handle(w *turn.Turns, e envelope.Envelope) (turn.Report, error) {
	switch e.Kind {
	case envelope.Status:
		return w.Statuses(context.Background(), e)
	case envelope.Timer:
		return w.Timer(context.Background(), e)
	case envelope.Quarantine:
		return w.Quarantine(context.Background(), e)
	default:
		body, err := e.Encode()
		if err != nil {
			s.t.Fatal(err)
		}
		return w.Inbound(context.Background(), e, body)
	}
}

// drain dispatches tasks as they fall due until none is left, a fresh worker
// for each after a death.
func (s *street) drain(w *turn.Turns) []turn.Report {
	var reports []turn.Report
	for steps := 0; ; steps++ {
		if steps > 2000 {
			s.t.Fatal("the queue does not drain")
		}
		task, ok := s.queue.next()
		if !ok {
			return reports
		}
		if !s.alarms && s.alarm(task.envelope) {
			s.queue.done(task)
			continue
		}
		if wait := time.Until(task.at); wait > 0 {
			<-time.After(wait)
		}
		report, err := s.handle(w, task.envelope)
		if err != nil || s.worker.isDead() {
			s.queue.back(task, 2*time.Second)
			if s.worker.isDead() {
				s.worker = &mortal{}
				w = s.turns()
			}
			continue
		}
		s.queue.done(task)
		reports = append(reports, report)
	}
}

// alarm reports whether an envelope is the timer of a handoff or a session.
func (s *street) alarm(e envelope.Envelope) bool {
	var n conversation.TimerNotice
	return e.Kind == envelope.Timer && e.Open(s.ring, &n) == nil && n.Kind != conversation.TimerResolve
}

// die has so many workers take a message and die silently.
func (s *street) die(e envelope.Envelope, times int) {
	s.t.Helper()
	body, err := e.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	for range times {
		token := s.token()
		if _, err := s.hint.Enter(context.Background(), conversation.Entry{
			Conversation: conversation.ID(e.Conversation), Message: conversation.MessageID(e.ID), Letter: body, Token: token, At: time.Now(),
		}); err != nil {
			s.t.Fatal(err)
		}
		if err := s.hint.Leave(context.Background(), conversation.Departure{Conversation: conversation.ID(e.Conversation), Token: token}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// turnsOf are the turns of a person's conversation, newest first.
func (s *street) turnsOf(phone string) []conversation.StoredTurn {
	s.t.Helper()
	stored, err := s.ledger.Conversation(context.Background(), conversation.Identity{Phone: pii.Contact(phone)}.Conversations(s.key, number))
	if err != nil {
		s.t.Fatal(err)
	}
	if stored == nil {
		return nil
	}
	turns, err := s.ledger.Turns(context.Background(), stored.ID, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return turns
}

// queue plays Cloud Tasks: named tasks, schedule times, redelivery.
type queue struct {
	mu    sync.Mutex
	tasks []*task
	names map[string]bool
	fail  int // creations to refuse
}

type task struct {
	envelope envelope.Envelope
	at       time.Time
}

func (q *queue) Put(_ context.Context, e envelope.Envelope, at time.Time) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fail > 0 {
		q.fail--
		return false, fault.Mark(errors.New("create task: unavailable"), fault.Dependency)
	}
	name := e.TaskName()
	if name != "" && q.names[name] {
		return true, nil
	}
	if q.names == nil {
		q.names = map[string]bool{}
	}
	q.names[name] = true
	if at.IsZero() {
		at = time.Now()
	}
	q.tasks = append(q.tasks, &task{e, at})
	return false, nil
}

func (q *queue) next() (*task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tasks) == 0 {
		return nil, false
	}
	return slices.MinFunc(q.tasks, func(a, b *task) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.envelope.TaskName(), b.envelope.TaskName()))
	}), true
}

func (q *queue) back(t *task, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.at = time.Now().Add(after)
}

func (q *queue) done(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = slices.DeleteFunc(q.tasks, func(o *task) bool { return o == t })
}

// meta plays Graph at its edge: what it accepted is what a lead sees.
type meta struct {
	street   *street
	mu       sync.Mutex
	accepted []conversation.Outgoing
	receipts bool
	// delay is how long a receipt takes.
	delay time.Duration
	// next decides the coming sends; empty accepts.
	next []verdict
}

// verdict is what becomes of one send.
type verdict struct {
	drop   bool // never reaches Meta, nobody knows
	lose   bool // accepted, the answer is lost
	result conversation.Result
	err    error
}

func (m *meta) Send(_ context.Context, out conversation.Outgoing) (conversation.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var v verdict
	if len(m.next) > 0 {
		v, m.next = m.next[0], m.next[1:]
	}
	if v.drop {
		return conversation.Result{}, fault.Mark(errors.New("send: no answer"), fault.Dependency)
	}
	if v.result.Kind != "" {
		return v.result, v.err
	}
	m.accepted = append(m.accepted, out)
	wamid := pii.Contact(fmt.Sprintf("wamid.OUT%d", len(m.accepted)))
	if m.receipts {
		m.report(out.Opaque, wamid, conversation.StatusSent, m.delay)
	}
	if v.lose {
		return conversation.Result{}, fault.Mark(errors.New("send: connection reset"), fault.Dependency)
	}
	return conversation.Result{Kind: conversation.Accepted, WAMID: wamid, Digest: digest(out), At: time.Now()}, nil
}

// report is a status webhook on its way.
func (m *meta) report(opaque string, wamid pii.Contact, status conversation.Status, after time.Duration) {
	received := time.Now().Add(after)
	e := envelope.Envelope{
		V: envelope.Version, Kind: envelope.Status, Tenant: "default", ID: m.street.key.Event(opaque, string(status), received.String()),
		ReceivedAt: received, CorrelationID: "corr-s",
	}
	batch := conversation.StatusBatch{Statuses: []conversation.StatusReport{{
		Number: number, Opaque: opaque, WAMID: wamid, Status: status, At: received,
	}}}
	if err := e.Seal(m.street.ring, batch); err != nil {
		m.street.t.Error(err)
	}
	if _, err := m.street.queue.Put(context.Background(), e, received); err != nil {
		m.street.t.Error(err)
	}
}

// sent are the texts that a phone got, in order.
func (m *meta) sent(phone string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var texts []string
	for _, out := range m.accepted {
		if out.To.Phone.Reveal() == phone {
			texts = append(texts, out.Reply.Text.Reveal())
		}
	}
	return texts
}

// scripted is a model that says what a test wants, at OpenAI's edge.
type scripted func(ctx context.Context, p otto.Prompt) (otto.Completion, error)

func (f scripted) Complete(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
	return f(ctx, p)
}

// says is a model that always answers with a text, in the state it is in.
func says(text string) otto.Model { return saying(text) }

type saying string

func (text saying) Complete(context.Context, otto.Prompt) (otto.Completion, error) {
	body := `{"next_state":"TRIAGE","response_text":"` + string(text) + `","message_type":"text","options":[],` +
		`"asked_field":null,"facts":[],"card_updates":[],"intent_score":0.5,"answer_confidence":0.9,` +
		`"requires_human":false,"human_reason":null,"reasoning_debug":""}`
	return otto.Completion{Text: body, Outcome: otto.OutcomeOK, Model: "scripted", TokensIn: 100, TokensOut: 20}, nil
}

// mortal is a worker's connection to everything. It fails or dies at one call;
// a dead worker reaches nothing any more.
type mortal struct {
	mu    sync.Mutex
	calls []string
	at    int // which call, from 1; 0 is never
	mode  mode
	dead  bool
	// meanwhile is what others do before a call.
	meanwhile func(call string)
}

type mode string

const (
	failBefore  mode = "fail-before"
	failAfter   mode = "fail-after"
	crashBefore mode = "crash-before"
	crashAfter  mode = "crash-after"
	freezeAfter mode = "freeze-after" // the answer takes two minutes to be seen
)

var errGone = fault.Mark(errors.New("connection lost"), fault.Dependency)

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

// act runs one call as the fault wants it.
func (m *mortal) act(name string, do func() error) error {
	if m.meanwhile != nil {
		m.meanwhile(name)
	}
	m.mu.Lock()
	if m.dead {
		m.mu.Unlock()
		return errGone
	}
	m.calls = append(m.calls, name)
	hit := m.at == len(m.calls)
	if hit && m.mode == crashBefore {
		m.dead = true
	}
	m.mu.Unlock()
	if hit && (m.mode == crashBefore || m.mode == failBefore) {
		return errGone
	}
	err := do()
	if hit && m.mode == crashAfter {
		m.mu.Lock()
		m.dead = true
		m.mu.Unlock()
		return errGone
	}
	if hit && m.mode == failAfter {
		return errGone
	}
	if hit && m.mode == freezeAfter {
		<-time.After(2 * time.Minute)
	}
	return err
}

// called is what the worker did, in order.
func (m *mortal) called() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.calls, " ")
}

type ledgerPort struct {
	m *mortal
	l *memory.Ledger
}

func (p ledgerPort) Load(ctx context.Context, q conversation.Query) (s conversation.Snapshot, err error) {
	err = p.m.act("ledger.load", func() (err error) { s, err = p.l.Load(ctx, q); return err })
	return s, err
}

func (p ledgerPort) Commit(ctx context.Context, c conversation.Commit) (done conversation.Committed, err error) {
	err = p.m.act("ledger.commit", func() (err error) { done, err = p.l.Commit(ctx, c); return err })
	return done, err
}

func (p ledgerPort) Intend(ctx context.Context, id conversation.TurnID, part, attempt int, base time.Time) (at time.Time, err error) {
	err = p.m.act("ledger.intend", func() (err error) { at, err = p.l.Intend(ctx, id, part, attempt, base); return err })
	return at, err
}

func (p ledgerPort) Answer(ctx context.Context, id conversation.TurnID, part, attempt int, r conversation.Result) error {
	return p.m.act("ledger.answer", func() error { return p.l.Answer(ctx, id, part, attempt, r) })
}

func (p ledgerPort) Park(ctx context.Context, id conversation.TurnID, part int, reason string, base time.Time) error {
	return p.m.act("ledger.park", func() error { return p.l.Park(ctx, id, part, reason, base) })
}

func (p ledgerPort) Bury(ctx context.Context, d conversation.Dead) error {
	return p.m.act("ledger.bury", func() error { return p.l.Bury(ctx, d) })
}

func (p ledgerPort) Reopen(ctx context.Context, r conversation.Reopening) error {
	return p.m.act("ledger.reopen", func() error { return p.l.Reopen(ctx, r) })
}

func (p ledgerPort) RecordEffect(ctx context.Context, id conversation.TurnID, effect int, r conversation.EffectRecord) error {
	return p.m.act("ledger.effect", func() error { return p.l.RecordEffect(ctx, id, effect, r) })
}

// team plays whoever is told that a lead waits for a person.
type team struct {
	mu   sync.Mutex
	told []conversation.Errand
	next []error // of the coming calls; nil takes it
}

func (t *team) Perform(_ context.Context, e conversation.Errand) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	if len(t.next) > 0 {
		err, t.next = t.next[0], t.next[1:]
	}
	if err == nil {
		t.told = append(t.told, e)
	}
	return err
}

// ids are those of what the team was told, each once.
func (t *team) ids() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for _, e := range t.told {
		if !slices.Contains(ids, e.ID) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

type teamPort struct {
	m *mortal
	t *team
}

func (p teamPort) Perform(ctx context.Context, e conversation.Errand) error {
	return p.m.act("team.perform", func() error { return p.t.Perform(ctx, e) })
}

type hintPort struct {
	m *mortal
	h *memory.Hint
}

func (p hintPort) Enter(ctx context.Context, e conversation.Entry) (a conversation.Admission, err error) {
	err = p.m.act("hint.enter", func() (err error) { a, err = p.h.Enter(ctx, e); return err })
	return a, err
}

func (p hintPort) Renew(ctx context.Context, id conversation.ID, token string) (bool, error) {
	return p.h.Renew(ctx, id, token) // Not an act: its number depends on time.
}

func (p hintPort) Leave(ctx context.Context, d conversation.Departure) error {
	return p.m.act("hint.leave", func() error { return p.h.Leave(ctx, d) })
}

func (p hintPort) Waiting(ctx context.Context, id conversation.ID) (l []conversation.Letter, err error) {
	err = p.m.act("hint.waiting", func() (err error) { l, err = p.h.Waiting(ctx, id); return err })
	return l, err
}

func (p hintPort) Forget(ctx context.Context, id conversation.ID) error {
	return p.m.act("hint.forget", func() error { return p.h.Forget(ctx, id) })
}

type inboxPort struct {
	m *mortal
	q *queue
}

func (p inboxPort) Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error) {
	err = p.m.act("inbox.put", func() (err error) { existed, err = p.q.Put(ctx, e, at); return err })
	return existed, err
}

type senderPort struct {
	m *mortal
	g *meta
}

func (p senderPort) Send(ctx context.Context, out conversation.Outgoing) (r conversation.Result, err error) {
	err = p.m.act("graph.send", func() (err error) { r, err = p.g.Send(ctx, out); return err })
	if errors.Is(err, errGone) {
		r = conversation.Result{} // Whatever Meta said did not reach us.
	}
	return r, err
}
