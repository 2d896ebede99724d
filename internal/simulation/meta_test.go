package simulation

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// meta plays Meta: leads, webhooks and Graph.
type meta struct {
	written  []string // messages that leads wrote
	answered map[string]bool
	garbage  map[string]bool // ids of signed elements that nobody can read, once answered

	accepted map[string][]acceptance // by conversation, in order
	refusals int
	spoken   int
	told     map[string]int  // how often the team was told, by the effect's id
	declined map[string]bool // notices that the team refused, by effect
	reopened map[conversation.TurnID]bool
	intents  map[string]time.Time // when each attempt was intended, by its opaque data

	keeps    bool      // receipts keep the promise that policy resend rests on
	silence  bool      // that promise is not kept while no webhook comes
	received time.Time // newest webhook
	downTill time.Time // no webhook reaches us before
	owed     []acceptance
}

// acceptance is one message that Graph accepted.
type acceptance struct {
	turn          conversation.TurnID
	part, attempt int
	opaque, to    string
	wamid         string
	at            time.Time
}

func (w *world) pen() whatsapptest.Pen {
	return whatsapptest.Pen{AppSecret: []byte(appSecret), PhoneNumberID: number, Now: time.Now}
}

// lead is a person who writes.
type lead struct {
	phone, user string // of which a message shows one or both
}

// shown is which of a lead's names a message shows.
type shown uint8

const (
	phoneShown shown = iota
	bothShown
	userShown // as of somebody with a username
)

// write is a message of a lead; body is the webhook's.
func (w *world) write(l lead, fields map[string]any, names shown) []byte {
	wamid := fmt.Sprintf("wamid.in.%d", len(w.meta.written)+1)
	w.meta.written = append(w.meta.written, wamid)
	w.tally.messages++
	fields["id"] = wamid
	if names != phoneShown {
		fields["from_user_id"] = l.user
	}
	if names == userShown {
		fields["from"] = nil
	}
	return w.pen().Message(l.phone, "Iara", fields)
}

// letter is a webhook on its way.
type letter struct {
	what     string
	body     []byte
	messages []string // in it
	garbage  bool     // it holds what nobody can read
	noisy    bool     // it may come again although it was answered
	failures int
}

// garbageBody is a signed webhook that nobody can read.
func garbageBody(n int) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":%d}`, n)
}

// deliver brings a webhook to an ingress, and again until it says 200.
func (w *world) deliver(l *letter) {
	if wait := time.Until(w.meta.downTill); wait > 0 {
		w.after(wait+w.luck.backoff(1), "webhook "+l.what, func() { w.deliver(l) })
		return
	}
	w.hand(w.choose(w.ingresses), l)
}

func (w *world) hand(i *instance, l *letter) {
	w.handle(i, l.what, func(ctx context.Context) *http.Request {
		return w.pen().Request(ctx, "http://ingress/webhook/whatsapp", l.body)
	}, func(status int) {
		if status != http.StatusOK {
			l.failures++
			w.after(w.luck.backoff(l.failures), "webhook "+l.what, func() { w.deliver(l) })
			return
		}
		for _, wamid := range l.messages {
			w.meta.answered[wamid] = true
		}
		if l.garbage {
			w.meta.garbage[string(l.body)] = true
		}
		if !l.noisy {
			return
		}
		l.noisy = false
		for _, later := range w.luck.noise(w) {
			w.after(later, "webhook again "+l.what, func() { w.deliver(&letter{what: l.what, body: l.body, messages: l.messages}) })
		}
	})
	w.taken()
}

// taken notes that a webhook was received, which proves to the resolver that
// the channel is alive: what is owed to attempts that this concerns comes now.
func (w *world) taken() {
	w.meta.received = time.Now()
	owed := w.meta.owed
	w.meta.owed = nil
	for _, a := range owed {
		w.insist(a)
	}
}

// accept is Graph saying yes.
func (w *world) accept(m conversation.Outgoing) conversation.Result {
	turn, part, attempt, ok := conversation.ParseOpaque(m.Opaque)
	if !ok {
		w.broke(unaudited, "opaque data %q", m.Opaque)
	}
	a := acceptance{
		turn: turn, part: part, attempt: attempt, opaque: m.Opaque, to: cmp.Or(m.To.Phone, m.To.UserID).Reveal(), at: time.Now(),
		wamid: fmt.Sprintf("wamid.out.%d", w.tally.accepted+1),
	}
	w.tally.accepted++
	w.note("graph accepts %s part %d attempt %d", turnName(turn), part, attempt)
	w.audit(a, m)
	person := string(turn.Conversation())
	w.order(w.meta.accepted[person], a)
	w.meta.accepted[person] = append(w.meta.accepted[person], a)
	w.report(a, w.luck.reports(w))
	if w.meta.keeps && w.policy != "never" {
		w.after(12*time.Second-time.Duration(w.luck.pick(12))*time.Second, "receipt is due", func() { w.insist(a) })
	}
	return conversation.Result{Kind: conversation.Accepted, WAMID: pii.Contact(a.wamid), At: time.Now()}
}

// report sends status webhooks; those of the same moment share one.
func (w *world) report(a acceptance, reports []report) {
	for len(reports) > 0 {
		after, what := reports[0].after, "status"
		var group []report
		for len(reports) > 0 && reports[0].after == after {
			what += " " + reports[0].state
			group, reports = append(group, reports[0]), reports[1:]
		}
		w.after(after, what, func() {
			var bodies [][]byte
			for _, r := range group {
				bodies = append(bodies, w.pen().Status(a.to, a.wamid, whatsapp.State(r.state), a.opaque, r.code))
			}
			w.deliver(&letter{what: what, noisy: true, body: whatsapptest.Batch(bodies...)})
		})
	}
}

// insist keeps the promise that policy resend rests on: a status of what was
// accepted is recorded in time, if any webhook was received more than a moment
// after the attempt was intended. While no webhook comes at all it may wait
// until the channel is back, and then it comes first.
func (w *world) insist(a acceptance) {
	stored, err := w.ledger.Load(bare(), conversation.Query{Turn: a.turn})
	if err != nil || stored.Turn == nil || a.part >= len(stored.Turn.Deliveries) {
		return
	}
	d := stored.Turn.Deliveries[a.part]
	if _, answered := d.Results[a.attempt]; answered || len(d.Receipts[a.attempt]) > 0 {
		return
	}
	proven := w.meta.received.After(w.meta.intents[a.opaque].Add(5 * time.Second))
	if wait := time.Until(w.meta.downTill.Add(-time.Second)); wait > 0 && (w.meta.silence || !proven) {
		w.meta.owed = append(w.meta.owed, a)
		w.after(wait, "receipt is due", func() { w.insist(a) })
		return
	}
	w.hand(w.calmIngress, &letter{
		what: "receipt", body: w.pen().Status(a.to, a.wamid, whatsapp.StateSent, a.opaque, 0),
	})
}

// told is the team hearing of something. Its record must be there before.
func (w *world) told(e conversation.Errand) {
	w.meta.told[e.ID]++
	w.note("team hears of %s", turnName(e.Turn.ID))
	if w.meta.told[e.ID] > 1 {
		w.tally.copies++
	} else {
		w.tally.effects++
	}
	stored, err := w.ledger.Load(bare(), conversation.Query{Turn: e.Turn.ID})
	said := false
	if err == nil && stored.Turn != nil {
		for i, effect := range stored.Turn.Effects {
			said = said || e.ID == e.Turn.ID.Effect(i) && reflect.DeepEqual(effect, e.Effect)
		}
	}
	if !said {
		w.broke(unaudited, "the team heard of %s what its record does not say", turnName(e.Turn.ID))
	}
}

// audit checks that the record of what is sent was there before and says the
// same.
func (w *world) audit(a acceptance, m conversation.Outgoing) {
	stored, err := w.ledger.Load(bare(), conversation.Query{Turn: a.turn})
	switch {
	case err != nil || stored.Turn == nil:
		w.broke(unaudited, "%s was sent before its record existed", turnName(a.turn))
	case a.part >= len(stored.Turn.Replies) || !reflect.DeepEqual(stored.Turn.Replies[a.part], m.Reply):
		w.broke(unaudited, "%s was sent with other words than its record has", turnName(a.turn))
	case stored.Turn.To != m.To || stored.Turn.Number != m.Number:
		w.broke(unaudited, "%s was sent to somebody else", turnName(a.turn))
	}
}

// order checks a new acceptance against those before.
func (w *world) order(before []acceptance, a acceptance) {
	for _, b := range before {
		switch {
		case b.turn == a.turn && b.part == a.part:
			w.broke(duplicate, "%s part %d: attempts %d and %d were both accepted", turnName(a.turn), a.part, b.attempt, a.attempt)
			return
		case version(b.turn) > version(a.turn), b.turn == a.turn && b.part > a.part:
			w.broke(disordered, "%s part %d came after %s part %d", turnName(a.turn), a.part, turnName(b.turn), b.part)
			return
		}
	}
}
