package simulator

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/turn"
)

const (
	// maxRecent bounds the turns of which is remembered that they were heard of.
	maxRecent = 10_000
	// readTries is how often the record of a turn is asked for, and readPause how
	// long is waited in between.
	readTries = 3
	readPause = time.Second
)

// logged is what is read of a log line.
type logged struct {
	Conversation conversation.ID     `json:"conversation"`
	Turn         conversation.TurnID `json:"turn"`
	Fate         turn.Fate           `json:"fate"`
}

// concerns are the conversations that a line tells of.
func (l logged) concerns() []conversation.ID {
	return []conversation.ID{l.Conversation, l.Turn.Conversation()}
}

// overview adds up what happens on the street: from the transcript, and from the
// record of each turn that the services' log says has ended. Nothing else of the log
// counts: the two services write it without waiting for each other, so that a turn
// may be over before the webhook that began it is mentioned. It is safe for
// concurrent use.
type overview struct {
	archive archive
	// told is called when the sums have changed by what was read.
	told  func()
	since time.Time

	mu      sync.Mutex
	ended   recent
	parking recent
	unread  []conversation.TurnID // ended, and not added up
	wake    chan struct{}         // says that there are some
	sums    sums
	waits   spread
	series  series
}

// sums are since the street began.
type sums struct {
	Messages int `json:"messages"`
	Replies  int `json:"replies"`
	// Handoffs are turns that asked for a person, Blocked drafts' faults that a
	// guard found, and Parked turns and tasks that were left to an operator.
	Handoffs     int   `json:"handoffs"`
	Blocked      int   `json:"blocked"`
	Parked       int   `json:"parked"`
	CostMicroUSD int64 `json:"cost_micro_usd"`
	TokensIn     int64 `json:"tokens_in"`
	TokensOut    int64 `json:"tokens_out"`
	TokensCached int64 `json:"tokens_cached"` // of those in
}

func newOverview(archive archive, since time.Time, told func()) *overview {
	return &overview{archive: archive, since: since, told: told, wake: make(chan struct{}, 1)}
}

// line counts a message.
func (o *overview) line(at time.Time, direction string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if direction == inwards {
		o.sums.Messages++
		o.series.bucket(at).messages++
	} else {
		o.sums.Replies++
		o.series.bucket(at).replies++
	}
}

// hear takes one line of the services' log. It is quick: what has to be read is
// read by follow.
func (o *overview) hear(l logged) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.Fate == turn.Parked && (l.Turn == "" || o.parking.add(l.Turn)) {
		o.sums.Parked++
	}
	over := l.Fate == turn.Answered || l.Fate == turn.Known || l.Fate == turn.Parked
	if over && l.Turn != "" && len(o.unread) < maxRecent && o.ended.add(l.Turn) {
		o.unread = append(o.unread, l.Turn)
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// follow adds up the turns that end, until the context does.
func (o *overview) follow(ctx context.Context) {
	for {
		for id, ok := o.next(); ok; id, ok = o.next() {
			if o.read(ctx, id) {
				o.told()
			}
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (o *overview) next() (id conversation.TurnID, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.unread) == 0 {
		return "", false
	}
	id, o.unread = o.unread[0], o.unread[1:]
	return id, true
}

// read adds a turn up; false when the ledger did not show it.
func (o *overview) read(ctx context.Context, id conversation.TurnID) bool {
	for range readTries {
		t, newest, err := o.load(ctx, id)
		if err == nil {
			if t != nil {
				o.add(*t, newest)
			}
			return t != nil
		}
		patience, cancel := context.WithTimeout(ctx, readPause)
		<-patience.Done()
		cancel()
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// load reads a turn, nil when there is none, and when the ingress received the
// newest message that it answers, zero when it answers none.
func (o *overview) load(ctx context.Context, id conversation.TurnID) (t *conversation.StoredTurn, newest time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	snapshot, err := o.archive.Load(ctx, conversation.Query{Turn: id})
	if err != nil || snapshot.Turn == nil {
		return nil, time.Time{}, err
	}
	for _, id := range snapshot.Turn.Messages {
		m, _, _, err := o.archive.Message(ctx, id)
		if err != nil {
			return nil, time.Time{}, err
		}
		if m.ReceivedAt.After(newest) {
			newest = m.ReceivedAt
		}
	}
	return snapshot.Turn, newest, nil
}

func (o *overview) add(t conversation.StoredTurn, newest time.Time) {
	blocked, handoffs := 0, 0
	for _, v := range t.Verdicts {
		if !v.OK {
			blocked++
		}
	}
	for _, e := range t.Effects {
		// A team that is told in two ways, or told again, was asked for once.
		if e.Kind == conversation.EffectHandoff && e.Handoff != nil && e.Handoff.Turn == t.ID {
			handoffs = 1
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sums.Blocked += blocked
	o.sums.Handoffs += handoffs
	o.sums.CostMicroUSD += t.Model.CostMicroUSD
	o.sums.TokensIn += t.Model.TokensIn
	o.sums.TokensOut += t.Model.TokensOut
	o.sums.TokensCached += t.Model.TokensCached
	b := o.series.bucket(t.DecidedAt)
	b.blocked += blocked
	b.handoffs += handoffs
	if accepted := acceptance(t); !newest.IsZero() && !accepted.IsZero() {
		o.waits.add(accepted.Sub(newest))
		o.series.bucket(accepted).waits.add(accepted.Sub(newest))
	}
}

// acceptance is when Graph accepted the first part of an answer; zero when it
// accepted none.
func acceptance(t conversation.StoredTurn) (accepted time.Time) {
	for _, d := range t.Deliveries {
		for _, r := range d.Results {
			if r.Kind == conversation.Accepted && (accepted.IsZero() || r.At.Before(accepted)) {
				accepted = r.At
			}
		}
	}
	return accepted
}

// sample is one bucket of a series as the page reads it.
type sample struct {
	At       time.Time `json:"at"`
	Messages int       `json:"messages"`
	Replies  int       `json:"replies"`
	P95MS    float64   `json:"p95_ms"`
	Blocked  int       `json:"blocked"`
	Handoffs int       `json:"handoffs"`
}

// report is the overview as the page reads it.
type report struct {
	sums
	Since         time.Time `json:"since"`
	Conversations int       `json:"conversations"`
	Failed        int       `json:"failed"`
	// Timed is how many answers the quantiles are of; without any they are zero.
	Timed int     `json:"timed"`
	P50MS float64 `json:"p50_ms"`
	P95MS float64 `json:"p95_ms"`
	// WidthMS is how much time each element of Series stands for.
	WidthMS float64  `json:"width_ms"`
	Series  []sample `json:"series"`
}

func (o *overview) report() report {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := report{
		sums: o.sums, Since: o.since.UTC(), Timed: o.waits.n,
		P50MS: inMilliseconds(o.waits.quantile(0.5)), P95MS: inMilliseconds(o.waits.quantile(0.95)),
		WidthMS: inMilliseconds(o.series.width), Series: []sample{},
	}
	for _, b := range o.series.buckets {
		r.Series = append(r.Series, sample{
			At: b.at.UTC(), Messages: b.messages, Replies: b.replies,
			P95MS: inMilliseconds(b.waits.quantile(0.95)), Blocked: b.blocked, Handoffs: b.handoffs,
		})
	}
	return r
}

// getOverview is what happened since the street began.
func (a *api) getOverview(w http.ResponseWriter, _ *http.Request) {
	r := a.overview.report()
	r.Conversations, r.Failed = a.transcript.totals()
	answer(w, http.StatusOK, r)
}

// readLog hands a line of the services' log to the overview, and has the list of
// conversations read again what it tells of.
func (s *street) readLog(text json.RawMessage) {
	var l logged
	if json.Unmarshal(text, &l) != nil {
		return // Not an event.
	}
	s.overview.hear(l)
	for _, id := range l.concerns() {
		if from, known := s.standings.owner(id); known {
			s.scenery.stirOne(from)
		}
	}
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// inMilliseconds is a duration for people: to a tenth.
func inMilliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*10) / 10
}

// recent remembers the newest maxRecent turns that it was given. The zero value
// is ready to use.
type recent struct {
	known map[conversation.TurnID]bool
	order []conversation.TurnID
}

// add remembers a turn; false when it is known.
func (r *recent) add(id conversation.TurnID) bool {
	if r.known[id] {
		return false
	}
	if r.known == nil {
		r.known = map[conversation.TurnID]bool{}
	}
	if len(r.order) == maxRecent {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	r.known[id] = true
	r.order = append(r.order, id)
	return true
}
