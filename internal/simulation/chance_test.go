package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// chance is luck drawn from a seed.
type chance struct {
	r *rand.Rand
	// Chances in thousandths, of each call.
	faults, crashes, slow, freezes int
	refusals                       int // of sends, by Graph
	murky                          int // sends that nobody knows the fate of
	outages                        []outage
	skews                          bool
	twist                          twist
}

// twist is a history in which an assumption does not hold.
type twist struct {
	policy   turn.Policy   // empty leaves it to the seed
	receipts time.Duration // how much later than promised; a negative one loses them
	bytes    time.Duration // how much longer than promised bytes live on the wire
	ahead    time.Duration // how far the clock of every ingress is ahead
	// silence: the channel may fall silent right after it was proven alive,
	// and what is owed to a send waits until it is back.
	silence bool
}

func (t twist) breaks() bool { return t.receipts != 0 || t.bytes != 0 || t.ahead != 0 || t.silence }

// outage is a time in which a kind of call fails.
type outage struct {
	prefix   string
	from, to time.Time
}

func (c *chance) roll(thousandths int) bool { return c.r.IntN(1000) < thousandths }

// between is a duration on a coarse grid, so that things often coincide.
func (c *chance) between(from, to, step time.Duration) time.Duration {
	return from + time.Duration(c.r.Int64N(int64((to-from)/step)+1))*step
}

func (c *chance) pick(n int) int { return c.r.IntN(n) }

func (c *chance) skew(worker bool) time.Duration {
	switch {
	case !c.skews && c.twist.ahead == 0:
		return 0
	case worker:
		// A worker that is far behind the queue asks for follow-ups that are due
		// at once, again and again: that costs work and proves nothing.
		return c.between(-5*time.Second, 30*time.Second, time.Second)
	case c.twist.ahead != 0:
		return c.twist.ahead
	default:
		// An ingress that is ahead of the ledger by more than the resolver's
		// margin is a broken assumption; see the tests of assumptions.
		return c.between(-30*time.Second, 0, time.Second)
	}
}

// latency is how long a call takes when nothing goes wrong.
func (c *chance) latency(kind string) time.Duration {
	switch {
	case kind == callModel, kind == callPerceive:
		return c.between(200*time.Millisecond, 8*time.Second, 200*time.Millisecond)
	case kind == callSend:
		return c.between(50*time.Millisecond, time.Second, 50*time.Millisecond)
	case c.roll(c.slow):
		return c.between(0, patience(kind), 10*time.Millisecond)
	default:
		return c.between(0, 20*time.Millisecond, 10*time.Millisecond)
	}
}

func (c *chance) plan(w *world, o *op) plan {
	takes := c.latency(o.kind)
	p := plan{apply: takes, reply: takes}
	switch o.kind {
	case callSend:
		if c.roll(c.refusals) {
			p.variant = 1 + c.r.IntN(3)
		}
	case callTell:
		if c.roll(c.refusals) {
			p.variant = teamIsAway + c.r.IntN(2)
		}
	case callModel:
		if c.roll(150) {
			p.variant = 1 + c.r.IntN(4)
		}
	}
	if o.kind == callPerceive && c.roll(150) {
		p.variant = sensesHearNothing + c.r.IntN(2)
	}
	for _, out := range c.outages {
		if strings.HasPrefix(o.kind, out.prefix) && !time.Now().Before(out.from) && time.Now().Before(out.to) {
			p.kind, p.never, p.fail = "outage", true, errIll
			if c.roll(300) {
				p.reply = patience(o.kind)
			}
			return p
		}
	}
	limit := patience(o.kind)
	switch {
	case c.roll(c.crashes):
		p.crash = []string{"before", "after"}[c.r.IntN(2)]
		p.kind = "crash-" + p.crash
	case c.roll(c.freezes), (o.kind == callCommit || o.kind == callIntend) && c.roll(4*c.freezes):
		// The process sees the answer much later: it was frozen.
		p.kind = "freeze"
		p.reply = p.apply + c.between(time.Second, 150*time.Second, time.Second)
	case c.roll(c.faults), o.kind == callSend && c.roll(c.murky):
		switch c.r.IntN(4) {
		case 0:
			p.kind, p.never, p.fail = "fail-before", true, errIll
		case 1:
			p.kind, p.fail = "fail-after", errIll
		case 2:
			p.kind, p.never, p.fail, p.reply = "hang", true, errIll, limit
		case 3:
			p.kind, p.fail, p.reply = "late-apply", errIll, limit
			p.apply = limit + c.between(0, wireLifetime, 100*time.Millisecond)
			if o.kind == callSend && c.twist.bytes > 0 {
				p.apply += c.twist.bytes
			}
		}
	}
	return p
}

func (c *chance) dispatch(*world, *task) (time.Duration, []time.Duration) {
	after := c.between(0, 50*time.Millisecond, 10*time.Millisecond)
	if c.roll(50) {
		after = c.between(0, 90*time.Second, time.Second)
	}
	var again []time.Duration
	for c.roll(120) {
		again = append(again, []time.Duration{0, 10 * time.Millisecond, time.Second, 30 * time.Second, 3 * time.Minute, 70 * time.Minute}[c.r.IntN(6)])
	}
	return after, again
}

func (c *chance) backoff(n int) time.Duration {
	return min(2*time.Second<<min(n-1, 5), 300*time.Second) + c.between(0, time.Second, 100*time.Millisecond)
}

func (c *chance) burn() time.Duration {
	return []time.Duration{0, time.Minute, time.Hour, 24 * time.Hour}[c.r.IntN(4)]
}

func (c *chance) noise(*world) []time.Duration {
	var again []time.Duration
	for c.roll(150) {
		again = append(again, []time.Duration{0, time.Second, 40 * time.Second, 10 * time.Minute, 2 * time.Hour}[c.r.IntN(5)])
	}
	return again
}

func (c *chance) reports(*world) []report {
	var reports []report
	if c.twist.receipts < 0 {
		return nil
	}
	when := time.Duration(0)
	for _, state := range []string{"sent", "delivered", "read"} {
		step := c.between(200*time.Millisecond, 4*time.Second, 200*time.Millisecond)
		if c.roll(100) {
			step = c.between(0, 20*time.Minute, time.Second)
		}
		when += step
		if c.roll(150) {
			continue // lost
		}
		at := when
		if c.roll(100) { // out of order
			at = c.between(0, when, 100*time.Millisecond)
		}
		if c.roll(150) && len(reports) > 0 { // in one webhook
			at = reports[len(reports)-1].after
		}
		reports = append(reports, report{state: state, after: at + c.twist.receipts})
	}
	if c.roll(20) {
		reports = append(reports, report{state: "failed", code: 131026, after: when})
	}
	return reports
}

// Bad luck lasts for the horizon, and in every tenth history until turns have
// been parked.
const (
	horizon     = 6 * time.Minute
	longHorizon = 22 * time.Minute
)

// script is what leads say.
var script = []string{
	"oi", "tudo bem", "quanto custa?", "preciso de ajuda com o atendimento da minha loja",
	"quero saber como funciona a integração com o meu sistema", "e o prazo?",
	"me explica os planos " + parts + " por favor", "ok", "/menu", "bom dia, vocês atendem no sábado?",
}

// aPerson is what has Otto call a person in.
const aPerson = "quero falar com uma pessoa"

// random fills a world with a history drawn from a seed.
func random(w *world, seed uint64) { twisted(w, seed, twist{}) }

// twisted is random, but for an assumption that does not hold.
func twisted(w *world, seed uint64, t twist) {
	c := &chance{r: source(seed, 1), twist: t}
	if seed%10 == 6 {
		w.horizon = longHorizon
	}
	w.luck = c
	w.meta.answered, w.meta.garbage = map[string]bool{}, map[string]bool{}
	if c.roll(350) {
		w.policy = turn.Never
	}
	if t.policy != "" {
		w.policy = t.policy
	}
	w.meta.keeps = w.policy == turn.Resend && t.receipts == 0
	w.meta.silence = t.silence
	// Most histories are hard in one way or two, some in all.
	weather := func(often, mild, hard int) int {
		switch {
		case c.roll(often):
			return c.r.IntN(hard + 1)
		default:
			return mild
		}
	}
	c.faults, c.crashes = weather(600, 5, 150), weather(600, 2, 60)
	c.slow, c.freezes, c.refusals, c.murky = weather(400, 20, 300), weather(400, 1, 40), weather(400, 10, 200), weather(500, 10, 400)
	c.skews = c.roll(500)
	if t.breaks() {
		c.murky = max(c.murky, 300)
	}

	for range 1 + c.r.IntN(2) {
		w.ingresses = append(w.ingresses, w.process(false, c.skew(false)))
	}
	for range 1 + c.r.IntN(3) {
		w.workers = append(w.workers, w.process(true, c.skew(true)))
	}
	c.misfortunes(w)
	c.people(w)
}

// spoken is a voice message in which something is said.
func spoken(said string) map[string]any {
	return map[string]any{"type": "audio", "audio": map[string]any{"id": voice + said, "mime_type": "audio/ogg", "voice": true}}
}

// misfortunes are what befalls the world as a whole.
func (c *chance) misfortunes(w *world) {
	moment := func() time.Duration { return c.between(0, horizon, 500*time.Millisecond) }
	for _, prefix := range []string{"hint.", "ledger.", callPut, callModel, callSend, "ledger.receive", callTell, callPerceive} {
		if c.roll(150) {
			from := w.began.Add(moment())
			c.outages = append(c.outages, outage{prefix, from, from.Add(c.between(time.Second, 4*time.Minute, time.Second))})
		}
	}
	for c.roll(300) {
		w.after(moment(), "hint store forgets", w.hints.flush)
	}
	for c.roll(150) {
		w.after(moment(), "hint store comes back old", func() {
			w.hints.resurrect(c.r.IntN(len(w.hints.journal) + 1))
		})
	}
	for c.roll(200) {
		w.after(moment(), "deployment", func() { w.terminate(w.choose(append(w.workers[:len(w.workers):len(w.workers)], w.ingresses...))) })
	}
	if c.roll(200) || c.twist.silence || c.twist.ahead != 0 {
		w.after(moment(), "no webhook comes", func() {
			w.meta.downTill = time.Now().Add(c.between(10*time.Second, 18*time.Minute, time.Second))
		})
	}
}

// comesBack has a lead write once more after turns may have been parked.
func (c *chance) comesBack(w *world, l lead) {
	w.after(c.between(14*time.Minute, longHorizon, time.Second), "lead comes back", func() {
		body := w.write(l, map[string]any{"type": "text", "text": map[string]any{"body": "bom dia, vocês atendem no sábado?"}}, phoneShown)
		w.deliver(&letter{what: "message", body: body, messages: w.meta.written[len(w.meta.written)-1:], noisy: true})
	})
}

// people are the leads and what they write.
func (c *chance) people(w *world) {
	var batch letter
	var together [][]byte
	for person := range 1 + c.r.IntN(3) {
		if w.horizon > horizon {
			c.comesBack(w, lead{phone: fmt.Sprintf("55119%08d", person)})
		}
		l := lead{phone: fmt.Sprintf("55119%08d", person), user: fmt.Sprintf("BR.%d", 1000+person)}
		named := 0 // how often the user id is shown, in thousandths
		if c.roll(250) {
			named = 500
		}
		when := c.between(0, 30*time.Second, 100*time.Millisecond)
		for range 1 + c.r.IntN(5) {
			switch c.r.IntN(4) {
			case 0:
				when += c.between(0, 90*time.Second, time.Second)
			case 1:
				when += c.between(0, 10*time.Second, 100*time.Millisecond)
			default:
				when += c.between(0, 1200*time.Millisecond, 100*time.Millisecond)
			}
			said := script[c.r.IntN(len(script))]
			fields := map[string]any{"type": "text", "text": map[string]any{"body": said}}
			switch {
			case c.roll(15):
				fields["text"] = map[string]any{"body": "tem " + poison + " nesta mensagem de texto"}
			case c.roll(30):
				fields["text"] = map[string]any{"body": aPerson}
			case c.roll(40):
				fields = map[string]any{"type": "reaction", "reaction": map[string]any{"message_id": "wamid.out.1", "emoji": "👍"}}
			case c.roll(100):
				fields = spoken(said)
			case c.roll(20):
				fields = map[string]any{"type": "hologram", "hologram": map[string]any{}}
			}
			names, alone := phoneShown, !c.roll(80)
			switch {
			case c.roll(named):
				names = bothShown
			case c.roll(named):
				names = userShown
			}
			w.after(when, "lead writes", func() {
				body := w.write(l, fields, names)
				wamid := w.meta.written[len(w.meta.written)-1]
				if !alone { // Meta sends it with others, later.
					together = append(together, body)
					batch.messages = append(batch.messages, wamid)
					return
				}
				w.after(c.between(0, 2*time.Second, 100*time.Millisecond), "webhook message", func() {
					w.deliver(&letter{what: "message", body: body, messages: []string{wamid}, noisy: true})
				})
			})
		}
	}
	if c.roll(100) {
		n := c.r.IntN(1000)
		w.after(c.between(0, time.Minute, time.Second), "webhook unreadable", func() {
			w.deliver(&letter{what: "unreadable", body: garbageBody(n), garbage: true, noisy: true})
		})
	}
	w.after(horizon-time.Second, "webhook batch", func() {
		if len(together) > 0 {
			batch.what, batch.body, batch.noisy = "batch", whatsapptest.Batch(together...), true
			w.deliver(&batch)
		}
	})
}
