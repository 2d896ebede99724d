package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// maxMoves bounds how many merged conversations are followed in a row; more
// can only be a circle.
const maxMoves = 8

// LedgerOptions are what a [Ledger] needs.
type LedgerOptions struct {
	// Now is the ledger's clock; nil is the system's.
	Now func() time.Time
}

// Ledger is a ledger in maps. It is safe for concurrent use.
type Ledger struct {
	now func() time.Time

	mu            sync.Mutex
	last          time.Time // newest time that was handed out
	conversations map[conversation.ID]document
	turns         map[conversation.TurnID]turnDocument
	messages      map[conversation.MessageID]messageDocument
	sent          map[conversation.SentID]conversation.Attempted
	handoffs      map[string]conversation.Handoff
	appointments  map[string]conversation.Appointment
	dead          map[string]conversation.Dead
	acts          map[string]conversation.Act
	seen          map[string]time.Time
	fingerprint   string
}

// document is a value as JSON, which makes every read a deep copy and keeps
// exactly what a real store would keep.
type document struct {
	body    []byte
	updated time.Time
}

type turnDocument struct {
	document
	deliveries []conversation.Delivery
	records    []conversation.EffectRecord
	parked     bool // at some time
}

type messageDocument struct {
	body   []byte // nil when the message was buried before any turn consumed it
	stored conversation.StoredMessage
}

// NewLedger makes an empty Ledger.
func NewLedger(o LedgerOptions) *Ledger {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Ledger{
		now:           o.Now,
		conversations: map[conversation.ID]document{},
		turns:         map[conversation.TurnID]turnDocument{},
		messages:      map[conversation.MessageID]messageDocument{},
		sent:          map[conversation.SentID]conversation.Attempted{},
		handoffs:      map[string]conversation.Handoff{},
		appointments:  map[string]conversation.Appointment{},
		dead:          map[string]conversation.Dead{},
		acts:          map[string]conversation.Act{},
		seen:          map[string]time.Time{},
	}
}

// Load reads everything a turn needs at one moment. What does not exist is
// absent. A conversation whose MovedTo leads nowhere is in charge itself.
func (l *Ledger) Load(ctx context.Context, q conversation.Query) (conversation.Snapshot, error) {
	if err := ended(ctx, "load"); err != nil {
		return conversation.Snapshot{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := conversation.Snapshot{
		ReadAt:   l.readTime(),
		Holders:  map[conversation.ID]conversation.Holder{},
		Messages: map[conversation.MessageID]conversation.StoredMessage{},

		Appointments: map[string]bool{},
	}
	if err := l.find(&s, q.Conversations); err != nil {
		return conversation.Snapshot{}, fmt.Errorf("load: %w", err)
	}
	for _, id := range q.Messages {
		if m, ok := l.messages[id]; ok {
			s.Messages[id] = m.stored
		}
	}
	for _, id := range q.Appointments {
		if _, ok := l.appointments[id]; ok {
			s.Appointments[id] = true
		}
	}
	wanted := q.Turn
	if wanted == "" && s.Conversation != nil {
		wanted = s.Conversation.LastTurn
	}
	if d, ok := l.turns[wanted]; ok {
		t, err := d.open()
		if err != nil {
			return conversation.Snapshot{}, fmt.Errorf("load: %w", err)
		}
		s.Turn = &t
	}
	return s, nil
}

// find fills in what stands under ids, and which conversations they lead to.
func (l *Ledger) find(s *conversation.Snapshot, ids []conversation.ID) error {
	for _, id := range ids {
		d, ok := l.conversations[id]
		if !ok {
			continue
		}
		own, err := unmarshal[conversation.Conversation](d.body)
		if err != nil {
			return err
		}
		found, err := l.inCharge([]conversation.ID{id})
		if err != nil {
			return err
		}
		s.Holders[id] = conversation.Holder{InCharge: found.ID, Version: own.Version, Updated: d.updated}
		s.Found(*found)
	}
	return nil
}

// Commit applies c whole or not at all. A stale base, a message, turn, handoff
// or appointment that exists, or a pointer's place that is taken by anything but a
// pointer to the same conversation makes it a [fault.Conflict].
func (l *Ledger) Commit(ctx context.Context, c conversation.Commit) (conversation.Committed, error) {
	if err := ended(ctx, "commit"); err != nil {
		return conversation.Committed{}, err
	}
	body, err := marshal(c.Conversation)
	if err != nil {
		return conversation.Committed{}, err
	}
	turnBody, err := marshal(c.Turn)
	if err != nil {
		return conversation.Committed{}, err
	}
	messages := make(map[conversation.MessageID]messageDocument, len(c.Messages))
	for _, m := range c.Messages {
		if _, twice := messages[m.ID]; twice {
			continue
		}
		raw, err := marshal(m)
		if err != nil {
			return conversation.Committed{}, err
		}
		messages[m.ID] = messageDocument{body: raw, stored: conversation.StoredMessage{Turn: c.Turn.ID}}
	}
	pointers, err := marshalPointers(c)
	if err != nil {
		return conversation.Committed{}, err
	}
	beside := make(map[conversation.ID][]byte, len(c.Beside))
	for _, other := range c.Beside {
		if beside[other.ID], err = marshal(other.Conversation); err != nil {
			return conversation.Committed{}, err
		}
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.admit(c, pointers); err != nil {
		return conversation.Committed{}, fault.Mark(fmt.Errorf("commit: %w", err), fault.Conflict)
	}
	at := l.writeTime()
	l.conversations[c.Conversation.ID] = document{body: body, updated: at}
	turn := turnDocument{
		document:   document{body: turnBody, updated: at},
		deliveries: make([]conversation.Delivery, len(c.Turn.Replies)),
		records:    make([]conversation.EffectRecord, len(c.Turn.Effects)),
	}
	if len(turn.deliveries) > 0 {
		turn.deliveries[0].Attempt = c.Turn.Intended()
	}
	l.turns[c.Turn.ID] = turn
	maps.Copy(l.messages, messages)
	for id, pointer := range pointers {
		l.conversations[id] = document{body: pointer, updated: at}
	}
	for id, other := range beside {
		l.conversations[id] = document{body: other, updated: at}
	}
	if c.Handoff != nil {
		l.handoffs[c.Handoff.ID] = *c.Handoff
	}
	if c.Appointment != nil {
		l.appointments[c.Appointment.ID] = *c.Appointment
	}
	return conversation.Committed{At: at}, nil
}

// marshalPointers are the documents of c's pointers, all naming the
// conversation they lead to. A conversation does not point to itself.
func marshalPointers(c conversation.Commit) (map[conversation.ID][]byte, error) {
	pointers := make(map[conversation.ID][]byte, len(c.Pointers))
	for _, id := range c.Pointers {
		if id == c.Conversation.ID {
			continue
		}
		pointer := conversation.New(id, c.Conversation.Number, conversation.Identity{})
		pointer.MovedTo = c.Conversation.ID
		body, err := marshal(pointer)
		if err != nil {
			return nil, err
		}
		pointers[id] = body
	}
	return pointers, nil
}

// admit says why c cannot be applied now. Pointers that are there already are
// taken out.
func (l *Ledger) admit(c conversation.Commit, pointers map[conversation.ID][]byte) error {
	stored, exists := l.conversations[c.Conversation.ID]
	switch {
	case c.Base.IsZero() && exists:
		return errors.New("conversation exists")
	case !c.Base.IsZero() && (!exists || !stored.updated.Equal(c.Base)):
		return errors.New("conversation was written since it was read")
	}
	if _, exists := l.turns[c.Turn.ID]; exists {
		return errors.New("turn exists")
	}
	for _, m := range c.Messages {
		if _, exists := l.messages[m.ID]; exists {
			return errors.New("message exists")
		}
	}
	if c.Handoff != nil {
		if _, exists := l.handoffs[c.Handoff.ID]; exists {
			return errors.New("handoff exists")
		}
	}
	if c.Appointment != nil {
		if _, exists := l.appointments[c.Appointment.ID]; exists {
			return errors.New("appointment exists")
		}
	}
	for _, other := range c.Beside {
		stored, exists := l.conversations[other.ID]
		if exists == other.Updated.IsZero() || exists && !stored.updated.Equal(other.Updated) {
			return errors.New("another conversation was written since it was read")
		}
	}
	for id := range pointers {
		taken, exists := l.conversations[id]
		if !exists {
			continue
		}
		there, err := unmarshal[conversation.Conversation](taken.body)
		if err != nil {
			return err
		}
		if there.MovedTo != c.Conversation.ID {
			return errors.New("a pointer's place is taken")
		}
		delete(pointers, id)
	}
	return nil
}

// inCharge is the first of the conversations that exists, after following
// where it moved to; nil when none does.
func (l *Ledger) inCharge(ids []conversation.ID) (*conversation.StoredConversation, error) {
	for _, id := range ids {
		d, ok := l.conversations[id]
		if !ok {
			continue
		}
		for range maxMoves {
			c, err := unmarshal[conversation.Conversation](d.body)
			if err != nil {
				return nil, err
			}
			next, moved := l.conversations[c.MovedTo]
			if !moved {
				c.MovedTo = ""
				return &conversation.StoredConversation{Conversation: c, Updated: d.updated}, nil
			}
			d = next
		}
		return nil, fault.Mark(errors.New("conversations move in a circle"), fault.Broken)
	}
	return nil, nil
}

// Conversation is the conversation in charge of the first of the ids that
// exists; nil when none does.
func (l *Ledger) Conversation(ctx context.Context, ids []conversation.ID) (*conversation.StoredConversation, error) {
	if err := ended(ctx, "conversation"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.inCharge(ids)
	if err != nil {
		return nil, fmt.Errorf("conversation: %w", err)
	}
	return c, nil
}

// Turns are the turns of exactly this conversation, newest first, at most
// limit.
func (l *Ledger) Turns(ctx context.Context, id conversation.ID, limit int) ([]conversation.StoredTurn, error) {
	if err := ended(ctx, "turns"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var turns []conversation.StoredTurn
	for turnID, d := range l.turns {
		if turnID.Conversation() != id {
			continue
		}
		t, err := d.open()
		if err != nil {
			return nil, fmt.Errorf("turns: %w", err)
		}
		turns = append(turns, t)
	}
	slices.SortFunc(turns, func(a, b conversation.StoredTurn) int { return cmp.Compare(b.Version, a.Version) })
	return turns[:min(len(turns), max(limit, 0))], nil
}

// Message is one inbound message and what became of it. A message that was
// buried before a turn consumed it has no content here: that lies with the
// dead letters.
func (l *Ledger) Message(ctx context.Context, id conversation.MessageID) (conversation.Inbound, conversation.StoredMessage, bool, error) {
	if err := ended(ctx, "message"); err != nil {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.messages[id]
	if !ok || m.body == nil {
		return conversation.Inbound{}, m.stored, ok, nil
	}
	in, err := unmarshal[conversation.Inbound](m.body)
	if err != nil {
		return conversation.Inbound{}, conversation.StoredMessage{}, false, fmt.Errorf("message: %w", err)
	}
	return in, m.stored, true, nil
}

// Seen records that the number's receipt channel was alive at that time.
func (l *Ledger) Seen(ctx context.Context, number string, at time.Time) error {
	if err := ended(ctx, "seen"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.seen[number]) {
		l.seen[number] = at.UTC().Truncate(time.Microsecond)
	}
	return nil
}

// LastSeen is the newest recorded time of the number; zero when there is none.
func (l *Ledger) LastSeen(ctx context.Context, number string) (time.Time, error) {
	if err := ended(ctx, "last seen"); err != nil {
		return time.Time{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[number], nil
}

// Bury records d once and makes its message terminal. A message that a turn
// consumed stays that turn's.
func (l *Ledger) Bury(ctx context.Context, d conversation.Dead) error {
	if err := ended(ctx, "bury"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writeTime()
	if _, exists := l.dead[d.ID]; !exists {
		l.dead[d.ID] = copied(d)
	}
	if d.Message {
		id := conversation.MessageID(d.ID)
		if _, exists := l.messages[id]; !exists {
			l.messages[id] = messageDocument{stored: conversation.StoredMessage{Dead: true}}
		}
	}
	return nil
}

// DeadLetters are what was buried, newest first, at most limit.
func (l *Ledger) DeadLetters(ctx context.Context, limit int) ([]conversation.Dead, error) {
	if err := ended(ctx, "dead letters"); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var letters []conversation.Dead
	for _, d := range l.dead {
		letters = append(letters, copied(d))
	}
	slices.SortFunc(letters, func(a, b conversation.Dead) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return letters[:min(len(letters), max(limit, 0))], nil
}

// copied is a copy that shares no bytes with d.
func copied(d conversation.Dead) conversation.Dead {
	d.Content = slices.Clone(d.Content)
	return d
}

// Epoch claims the ledger for a hash key by its fingerprint; another key's is
// [fault.Broken].
func (l *Ledger) Epoch(ctx context.Context, fingerprint string) error {
	if err := ended(ctx, "epoch"); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fingerprint == "" {
		l.fingerprint = fingerprint
	}
	if l.fingerprint != fingerprint {
		return fault.Mark(errors.New("epoch: CONTACT_HASH_KEY is not the key this ledger was written with"), fault.Broken)
	}
	return nil
}

// Fingerprint is the fingerprint of the hash key that the ledger was claimed for;
// empty while nobody has.
func (l *Ledger) Fingerprint(ctx context.Context) (string, error) {
	if err := ended(ctx, "fingerprint"); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fingerprint, nil
}

// Ping reports whether the ledger answers; it does until ctx has ended.
func (l *Ledger) Ping(ctx context.Context) error { return ended(ctx, "ping") }

// writeTime is a time later than every other that was handed out, in the
// microseconds that stores keep.
func (l *Ledger) writeTime() time.Time {
	now := l.now().UTC().Truncate(time.Microsecond)
	if !now.After(l.last) {
		now = l.last.Add(time.Microsecond)
	}
	l.last = now
	return now
}

// readTime is not earlier than any time that was handed out.
func (l *Ledger) readTime() time.Time {
	if now := l.now().UTC().Truncate(time.Microsecond); now.After(l.last) {
		l.last = now
	}
	return l.last
}

func ended(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return fault.Mark(fmt.Errorf("%s: %w", op, err), fault.Dependency)
	}
	return nil
}

func marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		// The error of encoding/json may quote the value.
		return nil, fault.Mark(errors.New("commit: a document has no JSON form"), fault.Broken)
	}
	return body, nil
}

func unmarshal[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fault.Mark(errors.New("a document does not open"), fault.Broken)
	}
	return v, nil
}
