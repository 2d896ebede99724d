package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Defaults of [HintOptions].
const (
	DefaultLeaseTTL   = 30 * time.Second
	DefaultSessionTTL = 2 * time.Hour
	DefaultDedupeTTL  = 48 * time.Hour
)

const (
	// mailboxTTL outlives the 24 hours in which a message may be answered
	// freely; triesTTL forgets the deaths of a message that stopped coming.
	mailboxTTL = 26 * time.Hour
	triesTTL   = time.Hour
	// spentTTL outlives a day in every zone.
	spentTTL = 48 * time.Hour
	// maxLetters and maxBytes bound one mailbox.
	maxLetters = 50
	maxBytes   = 64 << 10
	// sweepEvery is how often, by the clock, a call looks for what expired. It
	// bounds memory by what happened within the longest time to live.
	sweepEvery = time.Minute
)

// HintOptions configure a [Hint]. A duration of zero is its default.
type HintOptions struct {
	LeaseTTL   time.Duration
	SessionTTL time.Duration
	DedupeTTL  time.Duration
	// Now tells the time; nil is [time.Now].
	Now func() time.Time
}

// Hint is the hint store in maps. It is safe for concurrent use, keeps no
// slice it was given and gives out none it keeps.
type Hint struct {
	options HintOptions

	mu    sync.Mutex
	rooms map[conversation.ID]*room
	spent map[string]account
	swept time.Time
}

// account is what was spent on one.
type account struct {
	tokens int64
	gone   time.Time
}

// room is what is known of one conversation. What is past its time is gone,
// whether or not it was swept.
type room struct {
	marks map[conversation.MessageID]mark

	letters     map[conversation.MessageID]conversation.Letter
	bytes       int
	last        int64
	mailboxGone time.Time

	holder    string
	leaseGone time.Time

	version      int64
	snapshot     []byte
	snapshotGone time.Time

	tries     map[conversation.MessageID]int
	triesGone time.Time
}

type mark struct {
	standing conversation.Standing
	gone     time.Time
}

// NewHint makes an empty hint store.
func NewHint(o HintOptions) *Hint {
	o.LeaseTTL = cmp.Or(o.LeaseTTL, DefaultLeaseTTL)
	o.SessionTTL = cmp.Or(o.SessionTTL, DefaultSessionTTL)
	o.DedupeTTL = cmp.Or(o.DedupeTTL, DefaultDedupeTTL)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Hint{options: o, rooms: map[conversation.ID]*room{}, spent: map[string]account{}}
}

// Flush forgets everything, as a hint store may at any moment.
func (h *Hint) Flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.rooms)
	clear(h.spent)
}

// Arrive puts messages into their mailboxes and says what is known of each, in
// the same order. A mailbox that is full keeps nothing more; the arrival is
// fresh all the same.
func (h *Hint) Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	var answers []conversation.Arrived
	err := h.locked(ctx, "arrive", func(now time.Time) {
		for _, a := range arrivals {
			r := h.room(a.Conversation, now)
			answers = append(answers, r.arrive(a, now, false))
		}
	})
	return answers, err
}

// Queued marks messages whose tasks certainly exist. It never takes back that
// a message is done.
func (h *Hint) Queued(ctx context.Context, arrivals []conversation.Arrival) error {
	return h.locked(ctx, "queued", func(now time.Time) {
		for _, a := range arrivals {
			r := h.room(a.Conversation, now)
			if _, known := r.marks[a.Message]; !known {
				r.marks[a.Message] = mark{standing: conversation.Queued, gone: now.Add(h.options.DedupeTTL)}
			}
		}
	})
}

// Enter takes the lease of a conversation, or says who is ahead. A mailbox
// that lost the message gets it back, whoever leads.
func (h *Hint) Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error) {
	var a conversation.Admission
	err := h.locked(ctx, "enter", func(now time.Time) {
		r := h.room(e.Conversation, now)
		if r.marks[e.Message].standing == conversation.Done {
			a.Done = true
			return
		}
		own := conversation.Letter{Message: e.Message, Body: bytes.Clone(e.Letter)}
		if _, held := r.letters[e.Message]; !held && len(e.Letter) > 0 {
			own.Seq = r.arrive(conversation.Arrival{Message: e.Message, Letter: e.Letter, At: e.At}, now, true).Seq
		}
		if !r.leaseGone.IsZero() {
			a.Busy = r.leaseGone.Sub(now)
			return
		}
		r.holder, r.leaseGone = e.Token, now.Add(h.options.LeaseTTL)
		r.tries[e.Message]++
		r.triesGone = now.Add(triesTTL)
		a.Tries = r.tries[e.Message]
		a.Cached = bytes.Clone(r.snapshot)
		a.Letters = r.waiting()
		if _, held := r.letters[e.Message]; !held {
			a.Letters = append(a.Letters, own)
			inOrder(a.Letters)
		}
	})
	return a, err
}

// Renew prolongs the lease of its holder; held is false when it was lost.
func (h *Hint) Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error) {
	err = h.locked(ctx, "renew", func(now time.Time) {
		r := h.room(id, now)
		if held = !r.leaseGone.IsZero() && r.holder == token; held {
			r.leaseGone = now.Add(h.options.LeaseTTL)
		}
	})
	return held, err
}

// Leave gives the lease back, if it is still the token's, and settles the rest
// in any case: messages are done or excused, and the snapshot becomes the
// cache unless a newer one is there.
func (h *Hint) Leave(ctx context.Context, d conversation.Departure) error {
	return h.locked(ctx, "leave", func(now time.Time) {
		r := h.room(d.Conversation, now)
		if !r.leaseGone.IsZero() && r.holder == d.Token {
			r.leaseGone = time.Time{}
		}
		if d.Snapshot != nil && (r.snapshotGone.IsZero() || d.Version >= r.version) {
			// A snapshot of no bytes is still one.
			r.version, r.snapshot = d.Version, append([]byte{}, d.Snapshot...)
			r.snapshotGone = now.Add(h.options.SessionTTL)
		}
		for _, message := range d.Done {
			r.marks[message] = mark{standing: conversation.Done, gone: now.Add(h.options.DedupeTTL)}
			r.bytes -= len(r.letters[message].Body)
			delete(r.letters, message)
			delete(r.tries, message)
		}
		for _, message := range d.Excused {
			if r.tries[message]--; r.tries[message] <= 0 {
				delete(r.tries, message)
			}
		}
	})
}

// Waiting are the letters in a conversation's mailbox, in order of arrival.
func (h *Hint) Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error) {
	var letters []conversation.Letter
	err := h.locked(ctx, "waiting", func(now time.Time) {
		letters = h.room(id, now).waiting()
	})
	return letters, err
}

// Forget drops the cached snapshot of a conversation.
func (h *Hint) Forget(ctx context.Context, id conversation.ID) error {
	return h.locked(ctx, "forget", func(now time.Time) {
		r := h.room(id, now)
		r.snapshot, r.snapshotGone = nil, time.Time{}
	})
}

// Spent is what was counted on an account; zero when nothing is known.
func (h *Hint) Spent(ctx context.Context, name string) (tokens int64, err error) {
	err = h.locked(ctx, "spent", func(now time.Time) {
		if a := h.spent[name]; now.Before(a.gone) {
			tokens = a.tokens
		}
	})
	return tokens, err
}

// Spend adds to an account, which lasts for two days after it was last added to.
func (h *Hint) Spend(ctx context.Context, name string, tokens int64) error {
	return h.locked(ctx, "spend", func(now time.Time) {
		if tokens <= 0 {
			return
		}
		a := h.spent[name]
		if !now.Before(a.gone) {
			a.tokens = 0
		}
		h.spent[name] = account{tokens: a.tokens + tokens, gone: now.Add(spentTTL)}
	})
}

// locked runs act alone, unless the caller has given up.
func (h *Hint) locked(ctx context.Context, operation string, act func(now time.Time)) error {
	if err := ctx.Err(); err != nil {
		return fault.Mark(fmt.Errorf("%s: %w", operation, err), fault.Dependency)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.options.Now()
	if h.swept.IsZero() {
		h.swept = now
	}
	if now.Sub(h.swept) >= sweepEvery {
		h.swept = now
		for id, r := range h.rooms {
			if r.expire(now); r.empty() {
				delete(h.rooms, id)
			}
		}
		for name, a := range h.spent {
			if !now.Before(a.gone) {
				delete(h.spent, name)
			}
		}
	}
	act(now)
	return nil
}

// room is the conversation's, rid of what expired.
func (h *Hint) room(id conversation.ID, now time.Time) *room {
	r, ok := h.rooms[id]
	if !ok {
		r = &room{
			marks:   map[conversation.MessageID]mark{},
			letters: map[conversation.MessageID]conversation.Letter{},
			tries:   map[conversation.MessageID]int{},
		}
		h.rooms[id] = r
	}
	r.expire(now)
	return r
}

// expire drops what is past its time; a time that is zero means nothing is
// there.
func (r *room) expire(now time.Time) {
	past := func(gone time.Time) bool { return !gone.IsZero() && !now.Before(gone) }
	for message, m := range r.marks {
		if past(m.gone) {
			delete(r.marks, message)
		}
	}
	if past(r.mailboxGone) {
		clear(r.letters)
		r.bytes, r.last, r.mailboxGone = 0, 0, time.Time{}
	}
	if past(r.leaseGone) {
		r.leaseGone = time.Time{}
	}
	if past(r.snapshotGone) {
		r.snapshot, r.snapshotGone = nil, time.Time{}
	}
	if past(r.triesGone) {
		clear(r.tries)
		r.triesGone = time.Time{}
	}
}

func (r *room) empty() bool {
	return len(r.marks) == 0 && r.mailboxGone.IsZero() && r.leaseGone.IsZero() && r.snapshotGone.IsZero() && len(r.tries) == 0
}

func (r *room) arrive(a conversation.Arrival, now time.Time, heal bool) conversation.Arrived {
	if m, known := r.marks[a.Message]; known && (m.standing == conversation.Done || !heal) {
		return conversation.Arrived{Standing: m.standing}
	}
	if l, held := r.letters[a.Message]; held {
		return conversation.Arrived{Standing: conversation.Pending, Seq: l.Seq}
	}
	// The order follows the clock where it can, so that it also holds across
	// the loss of the counter.
	r.last = max(r.last+1, a.At.UnixMilli())
	r.mailboxGone = now.Add(mailboxTTL)
	if len(r.letters) < maxLetters && r.bytes+len(a.Letter) <= maxBytes {
		r.letters[a.Message] = conversation.Letter{Message: a.Message, Seq: r.last, Body: append([]byte{}, a.Letter...)}
		r.bytes += len(a.Letter)
	}
	return conversation.Arrived{Standing: conversation.Fresh, Seq: r.last}
}

func (r *room) waiting() []conversation.Letter {
	var letters []conversation.Letter
	for _, l := range r.letters {
		l.Body = append([]byte{}, l.Body...)
		letters = append(letters, l)
	}
	inOrder(letters)
	return letters
}

func inOrder(letters []conversation.Letter) {
	slices.SortFunc(letters, func(a, b conversation.Letter) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Message, b.Message))
	})
}
