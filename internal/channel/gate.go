package channel

import (
	"sync"
	"time"
)

const (
	// probePause is how long a barred number's other messages wait while one of
	// them finds out whether it still is.
	probePause = 5 * time.Second
	// recovery is after how long without Meta's complaint a number's rate doubles
	// again, less up to half of it by chance, so that workers do not all do it at
	// once.
	recovery = 30 * time.Second
	// slowest is the least rate, in messages a second.
	slowest = 1.0
)

// gate is what one of our numbers may send, as far as this process knows. It
// never makes anybody wait: it says from when on to come back.
type gate struct {
	mu     sync.Mutex
	full   float64 // messages a second at best
	rate   float64 // and now
	tokens float64
	at     time.Time // when tokens was right
	better time.Time // when rate doubles
	queued float64   // messages that were told to come back and have not

	barred  time.Time // until when nothing is sent
	why     int       // Meta's code for it
	episode bool      // barred, and nothing has got through since
	probing bool
}

func newGate(rate float64) *gate { return &gate{full: rate, rate: rate, tokens: rate} }

// admission is what a gate says to one message.
type admission struct {
	ok bool
	// from is from when on another try is worth it, unless ok.
	from time.Time
	// barred says that the number is barred, by code, and not only busy.
	barred bool
	code   int
}

// admit says whether a message may be sent now.
func (g *gate) admit(now time.Time, chance float64) admission {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case now.Before(g.barred):
		return admission{from: g.barred, barred: true, code: g.why}
	case g.episode && g.probing:
		return admission{from: now.Add(probePause), barred: true, code: g.why}
	}
	g.fill(now, chance)
	if g.tokens < 1 {
		// Whoever is told to wait comes back after those who were told before.
		wait := (1 - g.tokens + g.queued) / g.rate
		g.queued++
		return admission{from: now.Add(time.Duration(wait * float64(time.Second)))}
	}
	g.tokens--
	g.probing = g.episode
	return admission{ok: true}
}

// fill adds what time has brought.
func (g *gate) fill(now time.Time, chance float64) {
	if g.at.IsZero() || now.Before(g.at) {
		g.at = now
	}
	if g.rate < g.full && !now.Before(g.better) {
		g.rate = min(g.full, g.rate*2)
		g.better = now.Add(pauseBefore(chance))
	}
	gained := now.Sub(g.at).Seconds() * g.rate
	g.tokens, g.queued, g.at = min(g.rate, g.tokens+gained), max(0, g.queued-gained), now
}

func pauseBefore(chance float64) time.Duration {
	return recovery - time.Duration(chance*float64(recovery)/2)
}

// slow halves the rate: Meta said that it is too much.
func (g *gate) slow(now time.Time, chance float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fill(now, chance)
	g.rate = max(slowest, g.rate/2)
	g.tokens = min(g.tokens, 0)
	g.better = now.Add(pauseBefore(chance))
}

// bar closes the gate until then, and reports whether an episode begins.
func (g *gate) bar(until time.Time, code int) (began bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	began = !g.episode
	g.barred, g.why, g.episode, g.probing = until, code, true, false
	return began
}

// settle notes how an attempt ended that the number was not barred for: passed
// says that Meta took it or refused the message alone, which proves that the
// number is well. Otherwise the next attempt finds out.
func (g *gate) settle(passed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probing = false
	if passed {
		g.episode = false
	}
}
