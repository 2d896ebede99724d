package turn

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
)

// Inbound handles the task of one message; body is the task's body, which e
// was decoded from. An error means that the task must come back.
func (t *Turns) Inbound(ctx context.Context, e envelope.Envelope, body []byte) (Report, error) {
	h := &handling{
		Turns:  t,
		e:      e,
		id:     conversation.ID(e.Conversation),
		body:   body,
		token:  t.Token(),
		report: Report{Conversation: conversation.ID(e.Conversation)},
	}
	err := h.run(ctx)
	return h.report, err
}

// handling is the life of one task in one worker.
type handling struct {
	*Turns
	e     envelope.Envelope
	id    conversation.ID // provisional: names lease and mailbox
	body  []byte
	own   conversation.Inbound
	token string

	inbox    map[conversation.MessageID]conversation.Inbound // messages this turn may answer
	traces   map[conversation.MessageID]string               // trace contexts of those that were in the mailbox
	cached   *cachedConversation
	presence presence
	report   Report
	phase    time.Time // when the running phase began
}

func (h *handling) run(ctx context.Context) error {
	own, err := h.open(h.e)
	if err != nil {
		h.report.Fate, h.report.Reason = Parked, "unreadable-payload"
		return h.bury(ctx, h.e, h.body, h.report.Reason, 1)
	}
	h.own = own
	h.inbox = map[conversation.MessageID]conversation.Inbound{own.ID: own}
	h.phase = h.Now()

	proof := h.witness(ctx, own.Number, h.e.ReceivedAt)
	defer proof()
	defer h.presence.work.Wait()
	defer h.hush()

	admission, err := h.Hint.Enter(ctx, conversation.Entry{
		Conversation: h.id, Message: own.ID, Letter: h.body, Token: h.token, At: h.Now(),
	})
	h.step("enter")
	switch {
	case err != nil:
		h.report.Hintless = true
		return h.unled(ctx)
	case admission.Done && h.e.Replay > 0:
		// The mark is of the time before an operator took it up again. Without a
		// lease nobody counts its tries but the queue.
		h.report.Tries = h.e.Retries + 1
		return h.replayed(ctx)
	case admission.Done:
		h.report.Fate = Known
		return nil
	case admission.Busy > 0 && own.Kind == conversation.KindEcho:
		// A person is writing to the lead. Whoever holds the lease is about to do
		// the same: their commit must lose, and they look again.
		return h.answer(ctx)
	case admission.Busy > 0:
		return h.follow(ctx, h.patience())
	}
	return h.lead(ctx, admission)
}

// unled runs the turn without knowing whether it was let in. It may have been, and
// only the answer lost: then nobody else would be before that lease ends, so it is
// given back.
func (h *handling) unled(ctx context.Context) error {
	departure := &conversation.Departure{Conversation: h.id, Token: h.token}
	defer h.depart(ctx, departure)
	if err := h.answer(ctx); err != nil {
		return err
	}
	if h.report.Fate != Deferred {
		departure.Done = append(departure.Done, h.own.ID)
	}
	return nil
}

// replayed handles a message that was given up before, by itself and without a
// lease. If it spends its tries again it is given up again.
func (h *handling) replayed(ctx context.Context) error {
	if h.report.Tries >= buryFrom {
		if buried, err := h.giveUp(ctx); err != nil || buried {
			return err
		}
	}
	return h.answer(ctx)
}

// lead runs the turn under the lease and gives the lease back.
func (h *handling) lead(ctx context.Context, admission conversation.Admission) (err error) {
	h.report.Tries = admission.Tries
	departure := &conversation.Departure{Conversation: h.id, Token: h.token}
	stop := h.renew(ctx)
	finished := false
	defer func() {
		stop()
		if !finished { // A panic is on its way: the try counts.
			h.depart(ctx, departure)
			return
		}
		if ill(err) || h.report.Fate == Deferred {
			departure.Excused = []conversation.MessageID{h.own.ID}
		}
		if err == nil && h.report.Fate != Deferred {
			departure.Done = append(departure.Done, h.own.ID)
			if h.cached != nil {
				departure.Version, departure.Snapshot = h.cached.Conversation.Version, h.cached.encode()
				departure.Done = append(departure.Done, h.cached.answered...)
			}
		}
		h.depart(ctx, departure)
	}()

	if admission.Tries >= buryFrom {
		buried, err := h.giveUp(ctx)
		if err != nil || buried {
			finished = true
			return err
		}
	}
	if admission.Tries < aloneFrom && h.own.Was == nil {
		h.take(admission.Letters)
		if err = h.gather(ctx); err != nil {
			finished = true
			return err
		}
	}
	if h.cached = decodeCached(admission.Cached); !h.cached.leadsFrom(h.aliases()) || h.echoed() {
		// Who else the sender may be has to be read, and whether an echo is of the
		// last answer.
		h.cached = nil
	}
	err = h.answer(ctx)
	finished = true
	return err
}

// echoed reports whether somebody of the business may have written.
func (h *handling) echoed() bool {
	for _, m := range h.inbox {
		if m.Kind == conversation.KindEcho {
			return true
		}
	}
	return false
}

// gather waits while a burst of fragments is still coming. The first of them
// waited in the queue; a newer one may not be the last.
func (h *handling) gather(ctx context.Context) error {
	for began := h.Now(); ; {
		now := h.Now()
		wait := conversation.StillComing(slices.Collect(maps.Values(h.inbox)), h.Limits.Quiet, now)
		if wait <= 0 || now.Sub(began) >= conversation.BurstCap {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return fault.Mark(fmt.Errorf("gather a burst: %w", err), fault.Dependency)
		}
		h.arrivals(ctx)
		h.step("gather")
	}
}

// giveUp buries the message. One that a turn consumed is not buried: what died
// again and again was the sending of an answer, and that has to end.
func (h *handling) giveUp(ctx context.Context) (buried bool, err error) {
	_, consumed, err := h.message(ctx)
	if err != nil || consumed {
		return false, err
	}
	if err := h.bury(ctx, h.e, h.body, "attempts-spent", h.report.Tries); err != nil {
		return false, err
	}
	// A turn that consumed it at the last moment keeps it.
	stored, _, err := h.message(ctx)
	if err != nil || !stored.Dead {
		return false, err
	}
	h.report.Fate, h.report.Reason = Parked, "attempts-spent"
	return true, nil
}

// message is the handling's own message as the ledger has it.
func (h *handling) message(ctx context.Context) (stored conversation.StoredMessage, consumed bool, err error) {
	snapshot, err := h.Ledger.Load(ctx, conversation.Query{Messages: []conversation.MessageID{h.own.ID}})
	if err != nil {
		return conversation.StoredMessage{}, false, fmt.Errorf("load message: %w", err)
	}
	stored, consumed = snapshot.Messages[h.own.ID]
	return stored, consumed, nil
}

// answer runs the turn until it is committed and sent, known to be done, or
// waiting for something.
func (h *handling) answer(ctx context.Context) error {
	deadline, cancel := context.WithTimeout(ctx, h.Limits.TurnDeadline)
	defer cancel()
	for {
		settled, err := h.try(deadline)
		if err != nil || settled {
			return err
		}
		// Another writer was first. What the cache says is stale.
		h.report.Conflicts++
		if h.cached != nil {
			h.cached = nil
			_ = h.Mailbox.Forget(ctx, h.id) // A hint that stays costs one more conflict.
		}
		if h.report.Conflicts >= maxConflicts {
			return h.follow(ctx, h.patience())
		}
	}
}

// try makes one attempt at the turn; settled is false when its commit lost.
func (h *handling) try(ctx context.Context) (settled bool, err error) {
	snapshot, err := h.load(ctx)
	if err != nil {
		return false, fmt.Errorf("load conversation: %w", err)
	}
	h.step("load")

	if stored, consumed := snapshot.Messages[h.own.ID]; consumed {
		return true, h.known(ctx, stored, snapshot)
	}
	all, err := h.reunite(ctx, snapshot)
	if err != nil {
		return false, err
	}
	snapshot.Conversation = all.base
	restart, wait, err := h.conclude(ctx, all)
	switch {
	case err != nil:
		return false, err
	case restart: // What was read is stale, this message's own fate included.
		return h.try(ctx)
	case wait > 0:
		return true, h.follow(ctx, wait)
	}

	for _, end := range all.ends {
		h.setBack(all.base, end.turn)
	}
	draft, err := h.decide(ctx, snapshot, all)
	if err != nil {
		return false, err
	}
	issued := h.permit()
	committed, err := h.commit(ctx, draft, issued)
	if fault.Is(err, fault.Conflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("commit turn: %w", err)
	}
	h.report.Turn, h.report.Route, h.report.Model = draft.Turn.ID, draft.Turn.Route, draft.Turn.Model
	if draft.Handoff != nil {
		h.report.Handoff = draft.Handoff.Reason
	}
	h.report.Messages, h.report.Blocked = len(draft.Messages), blocked(draft.Turn.Verdicts)
	for _, message := range draft.Messages {
		if trace := h.traces[message.ID]; trace != "" {
			h.report.Traces = append(h.report.Traces, trace)
		}
	}
	h.step("commit")

	h.read(ctx, draft.Turn, draft.Messages)
	stored := conversation.StoredTurn{
		Turn: draft.Turn, Deliveries: firstAttempts(draft.Turn),
		Records: make([]conversation.EffectRecord, len(draft.Turn.Effects)), Updated: committed.At,
	}
	progress, err := h.pursue(ctx, stored, committed.At, issued)
	if err != nil {
		return true, fmt.Errorf("send answer: %w", err)
	}
	h.step("send")
	if !progress.terminal {
		h.cached = nil
		return true, h.follow(ctx, progress.wait)
	}
	h.settle(progress)
	h.cached = nil
	if progress.phase != conversation.Parked { // The next turn has to look at one that is.
		h.cached = &cachedConversation{
			Conversation: draft.Conversation, Updated: committed.At, Names: all.names, answered: draft.Turn.Messages,
		}
	}
	return true, nil
}

// known finishes a task whose message was consumed before.
func (h *handling) known(ctx context.Context, message conversation.StoredMessage, snapshot conversation.Snapshot) error {
	h.report.Fate, h.report.Turn = Known, message.Turn
	h.cached = nil
	if message.Dead || message.Turn == "" {
		return nil
	}
	stored := snapshot.Turn
	if stored == nil || stored.ID != message.Turn {
		asked, err := h.Ledger.Load(ctx, conversation.Query{Turn: message.Turn})
		if err != nil {
			return fmt.Errorf("load turn: %w", err)
		}
		if asked.Turn == nil { // Expired: it was terminal long ago.
			return nil
		}
		stored, snapshot.ReadAt = asked.Turn, asked.ReadAt
	}
	if stored.Ended() {
		h.report.Phase = stored.Phase()
		return h.afterwards(context.WithoutCancel(ctx), stored.Turn, h.finished(*stored).failed)
	}
	progress, err := h.pursue(ctx, *stored, snapshot.ReadAt, permit{})
	if err != nil {
		return fmt.Errorf("resolve turn: %w", err)
	}
	h.step("resolve")
	if !progress.terminal {
		return h.follow(ctx, progress.wait)
	}
	h.settle(progress)
	return nil
}

// settle notes that the turn is terminal now.
func (h *handling) settle(p progress) {
	h.report.Fate, h.report.Phase, h.report.Attempt, h.report.Reason = Answered, p.phase, p.attempt, p.reason
	h.report.Effects = p.effects
	h.report.setBack(h.Platform, p.failed)
	if p.phase == conversation.Parked || p.parked {
		h.report.Fate = Parked
	}
}

// load reads what the turn needs. With a cached conversation only the messages
// are read: a stale cache is caught by the commit.
func (h *handling) load(ctx context.Context) (conversation.Snapshot, error) {
	query := conversation.Query{}
	for id := range h.inbox {
		query.Messages = append(query.Messages, id)
	}
	slices.Sort(query.Messages)
	query.Appointments = h.forms(slices.Collect(maps.Values(h.inbox)))
	if h.cached != nil {
		snapshot, err := h.Ledger.Load(ctx, query)
		if err == nil {
			snapshot.Conversation = &conversation.StoredConversation{
				Conversation: h.cached.Conversation, Updated: h.cached.Updated,
			}
		}
		return snapshot, err
	}
	query.Conversations = h.aliases()
	return h.Ledger.Load(ctx, query)
}

// aliases are the ids the person may be known under, the provisional first.
func (h *handling) aliases() []conversation.ID {
	ids := []conversation.ID{h.id}
	for _, alias := range h.e.Aliases {
		if id := conversation.ID(alias); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// decide drafts the turn's commit. A message that arrives while a file is looked
// at, or while Otto thinks, supersedes the draft.
func (h *handling) decide(ctx context.Context, snapshot conversation.Snapshot, all reunion) (conversation.Commit, error) {
	for restarts := 0; ; restarts++ {
		if err := h.attribute(ctx, snapshot); err != nil {
			return conversation.Commit{}, err
		}
		request := h.request(snapshot)
		looked, err := h.perceive(ctx, request)
		if err != nil {
			return conversation.Commit{}, err
		}
		superseded := looked && restarts < maxRestarts && h.arrivals(ctx)
		var decision otto.Decision
		var mode conversation.Mode
		if !superseded {
			began := h.Now()
			if decision, mode, err = h.think(ctx, request); err != nil {
				return conversation.Commit{}, err
			}
			h.step("decide")
			superseded = decision.Model.Calls > 0 && h.arrivals(ctx) &&
				(restarts < maxRestarts && h.Now().Sub(began) < supersedeWithin || h.personWrote(request))
		}
		if !superseded {
			return h.draft(all, request, decision, mode), nil
		}
		again, err := h.load(ctx)
		if err != nil {
			return conversation.Commit{}, fmt.Errorf("load newer messages: %w", err)
		}
		snapshot.Messages, snapshot.Appointments = again.Messages, again.Appointments
		h.report.Restarts++
	}
}

// arrivals takes messages that reached the mailbox since the turn began.
func (h *handling) arrivals(ctx context.Context) bool {
	if h.report.Hintless || h.report.Tries >= aloneFrom || h.own.Was != nil {
		return false
	}
	letters, err := h.Mailbox.Waiting(ctx, h.id)
	if err != nil {
		return false
	}
	return h.take(letters)
}

// take adds the messages of letters; fresh says that one of them was new. A
// letter that does not open is left to its own task.
func (h *handling) take(letters []conversation.Letter) (fresh bool) {
	for _, letter := range letters {
		if _, have := h.inbox[letter.Message]; have {
			continue
		}
		e, err := envelope.Decode(letter.Body)
		if err != nil || e.Kind != envelope.Inbound {
			continue
		}
		message, err := h.open(e)
		if err != nil || message.ID != letter.Message || message.Was != nil {
			continue // A change of names is its own task's: it takes the ids of both.
		}
		message.Seq = letter.Seq
		h.inbox[message.ID], fresh = message, true
		if h.traces == nil {
			h.traces = map[conversation.MessageID]string{}
		}
		h.traces[message.ID] = e.Traceparent
	}
	return fresh
}

// open reads the message out of an envelope.
func (t *Turns) open(e envelope.Envelope) (conversation.Inbound, error) {
	var m conversation.Inbound
	if err := e.Open(t.Ring, &m); err != nil {
		return conversation.Inbound{}, err
	}
	if m.ReplyTo != "" {
		m.Original = conversation.MessageID(t.Key.Message(m.ReplyTo))
	}
	m.ID, m.Seq, m.ReceivedAt = conversation.MessageID(e.ID), e.Seq, e.ReceivedAt
	if m.SentAt.IsZero() {
		m.SentAt = e.ReceivedAt
	}
	return m, nil
}

// request is what Otto is asked: the messages are those the turn consumes.
func (h *handling) request(snapshot conversation.Snapshot) otto.Request {
	var fresh []conversation.Inbound
	for id, message := range h.inbox {
		if _, consumed := snapshot.Messages[id]; !consumed {
			fresh = append(fresh, message)
		}
	}
	conv := conversation.New(h.id, h.own.Number, h.own.From)
	if snapshot.Conversation != nil {
		conv = snapshot.Conversation.Conversation
	}
	r := ask(conv, h.hear(conv, snapshot.Turn, fresh), h.Now())
	for _, id := range h.forms(r.Messages) {
		if snapshot.Appointments[id] {
			r.Noted = append(r.Noted, id)
		}
	}
	return r
}

// forms are the appointments that messages ask for by forms.
func (h *handling) forms(messages []conversation.Inbound) []string {
	var ids []string
	for _, m := range messages {
		if id := h.Mind.FormAppointment(m); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// ask is what Otto is asked when messages reach a conversation.
func ask(conv conversation.Conversation, fresh []conversation.Inbound, now time.Time) otto.Request {
	conversation.InOrder(fresh)
	conv = lapsed(conv, fresh, now)
	for _, m := range fresh {
		conv = told(conv, m)
		if m.Kind.OpensWindow() && m.Note != conversation.NoteCorrection && m.SentAt.After(conv.WindowFrom) {
			conv.WindowFrom = m.SentAt
		}
	}
	return otto.Request{Conversation: conv, Messages: fresh, Now: now}
}

// think chooses the way to an answer. The cheap refusals come first: nothing
// to answer, not ours to answer, too late to answer.
func (h *handling) think(ctx context.Context, r otto.Request) (otto.Decision, conversation.Mode, error) {
	h.report.Fallback = ""
	if takenOver(r) {
		return h.Mind.TakenOver(r), conversation.ModeTaken, nil
	}
	route, oldest := unanswerable(r)
	if route != "" {
		return silent(h.Mind, r, route), conversation.ModeSilent, nil
	}
	if h.report.Fallback = h.withoutModel(ctx, r); h.report.Fallback != "" {
		return h.Mind.Fallback(r), conversation.ModeFallback, nil
	}
	began := h.Now()
	h.typing(ctx, r)
	decision, err := h.Mind.Decide(ctx, r)
	if len(decision.Replies) == 0 || decision.Model.Calls == 0 {
		h.hush()
	}
	h.spend(ctx, r, decision.Model)
	if decision.Model.Calls > 0 {
		decision.Model.Took = h.Now().Sub(began)
	}
	if ill(err) && r.Now.Sub(oldest) >= outagePatience {
		h.report.Fallback = conversation.FallbackOutage
		return h.Mind.Fallback(r), conversation.ModeFallback, nil
	}
	if err != nil {
		return otto.Decision{}, "", fmt.Errorf("decide: %w", err)
	}
	return decision, conversation.ModeDecide, nil
}

// unanswerable says by which route a request gets no answer; empty when it may
// get one. oldest is when the first of the messages that wait for an answer was
// received.
func unanswerable(r otto.Request) (route conversation.Route, oldest time.Time) {
	var newest time.Time
	for _, m := range r.Messages {
		if !m.Answerable() {
			continue
		}
		if oldest.IsZero() || m.ReceivedAt.Before(oldest) {
			oldest = m.ReceivedAt
		}
		if m.SentAt.After(newest) {
			newest = m.SentAt
		}
	}
	switch {
	case newest.IsZero():
		return conversation.RouteSilent, oldest
	case r.Conversation.Owner == conversation.OwnerPerson:
		return conversation.RouteMuted, oldest
	case r.Now.Sub(newest) > freeFormAge:
		return conversation.RouteLate, oldest
	default:
		return "", oldest
	}
}

func silent(mind Mind, r otto.Request, route conversation.Route) otto.Decision {
	decision := mind.Silent(r)
	decision.Route = route
	return decision
}

// spentToday is what the contact cost since midnight in the business's zone.
func (h *handling) spentToday(r otto.Request) conversation.Spent {
	today := h.today(r)
	if r.Conversation.Spent.Day != today {
		return conversation.Spent{Day: today}
	}
	return r.Conversation.Spent
}

// patience is how long a follow-up waits for another turn to end: soon at
// first, then longer.
func (h *handling) patience() time.Duration {
	return min(time.Duration(h.e.FollowUp+1)*time.Second, 10*time.Second)
}

// follow hands the message to a follow-up task after a while.
func (h *handling) follow(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Limits.SendPermit)
	defer cancel()
	next := h.e
	next.FollowUp++
	wait = max(wait, time.Second)
	if _, err := h.Inbox.Put(ctx, next, h.Now().Add(wait)); err != nil {
		return fmt.Errorf("create follow-up: %w", err)
	}
	h.report.Fate, h.report.FollowUp = Deferred, wait
	return nil
}

// step ends a phase of the turn. A phase that was run again counts once, with
// the time of both.
func (h *handling) step(name string) {
	now := h.Now()
	took := now.Sub(h.phase)
	h.phase = now
	for i := range h.report.Phases {
		if h.report.Phases[i].Name == name {
			h.report.Phases[i].Took += took
			return
		}
	}
	h.report.Phases = append(h.report.Phases, conversation.Phase{Name: name, Took: took})
}

// renew keeps the lease alive until stop is called. A lease that was lost
// costs work, never correctness, so nobody is told.
func (h *handling) renew(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(h.Limits.LeaseTTL / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if held, err := h.Hint.Renew(ctx, h.id, h.token); err == nil && !held {
					return
				}
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// depart gives the lease back. Failing costs the next turn a wait.
func (h *handling) depart(ctx context.Context, d *conversation.Departure) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Limits.SendPermit)
	defer cancel()
	if err := h.Hint.Leave(ctx, *d); err != nil {
		h.report.Hintless = true
	}
}

// witness records that a signed webhook of the number came in; it runs beside
// the turn and is waited for.
func (t *Turns) witness(ctx context.Context, number string, at time.Time) (wait func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Limits.SendPermit)
	done := make(chan struct{})
	go func() {
		defer close(done)
		// A mark that is not written only delays resolving an unknown send.
		_ = t.Watermark.Seen(ctx, number, at)
	}()
	return func() {
		<-done
		cancel()
	}
}
