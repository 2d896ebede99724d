package simulation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
)

// script says what goes wrong at which call: nothing else does, and
// everything takes the same time always.
type scripted struct {
	faults map[string]string // fault kinds by call
	calls  []string          // that were made, in order
	counts map[string]int
}

// faultKinds are what can happen to one call.
var faultKinds = []string{"fail-before", "fail-after", "hang", "late-apply", "crash-before", "crash-after"}

func (s *scripted) plan(_ *world, o *op) plan {
	name := strings.TrimRight(o.h.instance.name, "0123456789") + " " + o.kind
	s.counts[name]++
	if n := s.counts[name]; n > 1 {
		name = fmt.Sprintf("%s (%d)", name, n)
	}
	s.calls = append(s.calls, name)
	takes := 10 * time.Millisecond
	switch o.kind {
	case callModel, callPerceive:
		takes = time.Second
	case callSend, callTell:
		takes = 200 * time.Millisecond
	}
	p := plan{apply: takes, reply: takes, kind: s.faults[name]}
	limit := patience(o.kind)
	switch p.kind {
	case "fail-before":
		p.never, p.fail = true, errIll
	case "fail-after":
		p.fail = errIll
	case "hang":
		p.never, p.fail, p.reply = true, errIll, limit
	case "late-apply":
		p.fail, p.reply, p.apply = errIll, limit, limit+5*time.Second
	case "crash-before", "crash-after":
		_, p.crash, _ = strings.Cut(p.kind, "-")
	}
	return p
}

func (s *scripted) pick(int) int            { return 0 }
func (s *scripted) skew(bool) time.Duration { return 0 }
func (s *scripted) dispatch(*world, *task) (time.Duration, []time.Duration) {
	return 10 * time.Millisecond, nil
}
func (s *scripted) backoff(n int) time.Duration {
	return min(2*time.Second<<min(n-1, 5), 300*time.Second)
}
func (s *scripted) reports(*world) []report      { return []report{{state: "sent", after: time.Second}} }
func (s *scripted) noise(*world) []time.Duration { return nil }
func (s *scripted) burn() time.Duration          { return time.Hour }

// scene is what a lead writes.
type scene struct {
	name     string
	messages int
	text     string
	// timeless: no timer of a handoff or a session fires.
	timeless bool
	spoken   bool // and not written
}

// play makes a world in which a lead writes what a scene says and the script
// decides what goes wrong. Another lead reacts to something now and then,
// which proves that webhooks arrive.
func (sc scene) play(w *world, faults map[string]string) *scripted {
	s := &scripted{faults: faults, counts: map[string]int{}}
	w.luck, w.timeless = s, sc.timeless
	w.meta.answered, w.meta.garbage = map[string]bool{}, map[string]bool{}
	w.meta.keeps = true
	w.ingresses = []*instance{w.process(false, 0)}
	w.workers = []*instance{w.process(true, 0)}
	iara, other := lead{phone: "5511900000001"}, lead{phone: "5511900000002"}
	for n := range sc.messages {
		w.after(time.Duration(n)*300*time.Millisecond, "lead writes", func() {
			fields := map[string]any{"type": "text", "text": map[string]any{"body": sc.text}}
			if sc.spoken {
				fields = spoken(sc.text)
			}
			body := w.write(iara, fields, phoneShown)
			w.deliver(&letter{what: "message", body: body, messages: w.meta.written[len(w.meta.written)-1:]})
		})
	}
	for n := range 5 {
		w.after(10*time.Second+time.Duration(n)*65*time.Second, "somebody else reacts", func() {
			body := w.write(other, map[string]any{"type": "reaction", "reaction": map[string]any{"message_id": "wamid.out.1", "emoji": "👍"}}, phoneShown)
			w.hand(w.calmIngress, &letter{what: "reaction", body: body, messages: w.meta.written[len(w.meta.written)-1:]})
		})
	}
	return s
}

// outcome is what a run of a scene came to.
type outcome struct {
	replies, parked int
	took            time.Duration // until the last reply
	truths          int           // told because nobody came
	broken          []violation
	calls           []string
}

func (o outcome) String() string {
	text := fmt.Sprintf("%.0f s", o.took.Seconds())
	if o.replies != 1 {
		text += fmt.Sprintf(", %d replies", o.replies)
	}
	if o.parked > 0 {
		text += ", parked"
	}
	return text
}

func (c *common) stage(t *testing.T, sc scene, faults map[string]string) outcome {
	t.Helper()
	var s *scripted
	w := live(t, c, nil, func(w *world) { s = sc.play(w, faults) })
	o := outcome{broken: w.failures, calls: s.calls, parked: sum(w.tally.parked)}
	for _, accepted := range w.meta.accepted {
		for _, a := range accepted {
			if stored, err := w.ledger.Load(bare(), conversation.Query{Turn: a.turn}); err == nil && stored.Turn.Route == conversation.RouteTimer {
				o.truths++
				continue
			}
			o.replies++
			o.took = max(o.took, a.at.Sub(w.began))
		}
	}
	return o
}

const aQuestion = "preciso de ajuda com o atendimento da minha loja"

// scenes are those that are swept.
var scenes = []scene{
	{"One message", 1, aQuestion, false, false},
	{"A burst of 3 messages", 3, aQuestion, false, false},
	{"A message that asks for a person", 1, aPerson, false, false},
	{"A voice message", 1, aQuestion, false, true},
}

// matrix is what becomes of a scene, by call and fault kind.
type matrix struct {
	scene scene
	calls []string
	cells map[string]outcome // by call and fault kind
}

// sweep runs a scene once for every call of its happy path and every fault.
func sweep(t *testing.T, c *common, sc scene) matrix {
	t.Helper()
	happy := c.stage(t, sc, nil)
	if len(happy.broken) > 0 || happy.replies != 1 || happy.took > 4*time.Second {
		t.Fatalf("the happy path of %s: %+v", sc.name, happy)
	}
	m := matrix{scene: sc, calls: happy.calls, cells: map[string]outcome{}}
	var mu sync.Mutex
	forSeeds(t, 0, len(m.calls)*len(faultKinds), func(t *testing.T, n uint64) bool {
		call, kind := m.calls[int(n)/len(faultKinds)], faultKinds[int(n)%len(faultKinds)]
		o := c.stage(t, sc, map[string]string{call: kind})
		truths := 0
		if sc.text == aPerson {
			truths = 1
		}
		if len(o.broken) > 0 || o.replies == 0 || o.truths != truths {
			t.Errorf("%s, %s at %s: %d replies, %d truths, %v", sc.name, kind, call, o.replies, o.truths, o.broken)
		}
		mu.Lock()
		defer mu.Unlock()
		m.cells[call+" "+kind] = o
		return true
	})
	return m
}

// table is the matrix as a page shows it.
func (m matrix) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d calls, %d runs.\n\n| call | %s |\n|---|%s\n",
		m.scene.name, len(m.calls), len(m.cells), strings.Join(faultKinds, " | "), strings.Repeat("---|", len(faultKinds)))
	for _, call := range m.calls {
		fmt.Fprintf(&b, "| %s |", call)
		for _, kind := range faultKinds {
			fmt.Fprintf(&b, " %s |", m.cells[call+" "+kind])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestGeneratedSweep puts every kind of fault at every call of one message and
// of a burst, one at a time: nothing is lost, nothing is answered twice, and
// the lead gets an answer whatever single thing breaks. The page shows when.
func TestGeneratedSweep(t *testing.T) {
	c := bubbleless(t)
	var tables []string
	for _, sc := range scenes {
		tables = append(tables, sweep(t, c, sc).table())
	}
	if !t.Failed() {
		compare(t, "sweep", strings.Join(tables, "\n"))
	}
}

// pairedScenes are those that every pair of faults befalls: each of one message,
// up to where it is answered.
var pairedScenes = []scene{{scenes[0].name, 1, aQuestion, true, false}, {scenes[2].name, 1, aPerson, true, false}}

// pairs runs scenes of one message with every second fault at every call that
// follows a first one, or every stride-th of them.
func pairs(t *testing.T, c *common, stride int) (runs, parked int) {
	t.Helper()
	type pair struct {
		scene                  scene
		call, kind, then, also string
	}
	var all []pair
	for _, sc := range pairedScenes {
		for _, call := range c.stage(t, sc, nil).calls {
			for _, kind := range faultKinds {
				after := c.stage(t, sc, map[string]string{call: kind}).calls
				for _, then := range after[slices.Index(after, call)+1:] {
					for _, also := range faultKinds {
						all = append(all, pair{sc, call, kind, then, also})
					}
				}
			}
		}
	}
	var mu sync.Mutex
	forSeeds(t, 0, len(all)/stride, func(t *testing.T, n uint64) bool {
		p := all[int(n)*stride]
		o := c.stage(t, p.scene, map[string]string{p.call: p.kind, p.then: p.also})
		if len(o.broken) > 0 || o.replies+o.parked == 0 {
			t.Errorf("%s, %s at %s, then %s at %s: %d replies, %v", p.scene.name, p.kind, p.call, p.also, p.then, o.replies, o.broken)
		}
		mu.Lock()
		defer mu.Unlock()
		runs++
		parked += o.parked
		return true
	})
	return runs, parked
}

// TestTwoFaults sweeps double faults: all of them in the gate, some otherwise.
func TestTwoFaults(t *testing.T) {
	c := bubbleless(t)
	stride := 1
	if count(t, 1, 1) < 1000 {
		stride = 53
	}
	runs, parked := pairs(t, c, stride)
	t.Logf("%d runs, %d parked", runs, parked)
	if *update && stride == 1 && !t.Failed() {
		compare(t, "pairs", fmt.Sprintf("Two faults in the history of one message, and of one that asks for a person: %d runs, every second fault at every call after every first one. "+
			"Lost 0, duplicate 0, disordered 0; %d turns parked.\n", runs, parked))
	}
}
