package crashtest

import (
	"bytes"

	"github.com/pyloto/atende/internal/conversation"
)

// moment is one exchange of a program with one of its servers, recognised by
// what the program writes.
type moment struct {
	name    string
	gate    func(*street) *gate
	needles func(*street, letter) []string
	// applied reports whether the request took effect, where the server's
	// first words are not yet its answer; nil where they are.
	applied func(*street, letter) bool
	// victim is who dies; nil is the worker.
	victim func(*street) *program
}

// point is a moment and which half of it.
type point struct {
	moment
	when when
}

func (m moment) before() point { return point{m, before} }
func (m moment) after() point  { return point{m, after} }

func (p point) String() string { return p.name + ", " + string(p.when) }

func redisKey(kind string, s *street, l letter) string {
	return "atende:" + kind + ":{" + string(s.conversation(l.from)) + "}"
}

// firstTurn is the name of the document of a conversation's first turn.
func firstTurn(s *street, l letter) string {
	return "/turns/" + string(conversation.NewTurnID(s.conversation(l.from), 1))
}

// The acts of a turn, in their order.
var (
	enter = moment{
		name: "enter", gate: func(s *street) *gate { return s.toRedis },
		needles: func(s *street, l letter) []string {
			return []string{redisKey("ls", s, l), redisKey("pz", s, l)}
		},
	}
	load = moment{
		name: "load", gate: func(s *street) *gate { return s.toLedger },
		needles: func(_ *street, l letter) []string { return []string{"/messages/" + string(l.message)} },
	}
	think = moment{
		name: "model call", gate: func(s *street) *gate { return s.toModel },
		needles: func(*street, letter) []string { return []string{question} },
	}
	look = moment{
		name: "look into the mailbox", gate: func(s *street) *gate { return s.toRedis },
		needles: func(s *street, l letter) []string { return []string{"hgetall", redisKey("mb", s, l)} },
	}
	commit = moment{
		name: "commit", gate: func(s *street) *gate { return s.toLedger },
		needles: func(s *street, l letter) []string { return []string{firstTurn(s, l)} },
		applied: func(s *street, l letter) bool {
			_, _, ok, err := s.ledger.Message(s.t.Context(), l.message)
			return err == nil && ok
		},
	}
	send = moment{
		name: "send", gate: func(s *street) *gate { return s.toGraph },
		needles: func(_ *street, l letter) []string { return []string{l.from} },
	}
	record = moment{
		name: "record of the answer", gate: func(s *street) *gate { return s.toLedger },
		needles: func(s *street, l letter) []string {
			// The mask of a write travels before its document.
			return []string{"delivery.p0.results.", firstTurn(s, l)}
		},
		applied: func(s *street, l letter) bool {
			turns, err := s.ledger.Turns(s.t.Context(), s.conversation(l.from), 1)
			return err == nil && len(turns) == 1 && len(turns[0].Deliveries[0].Results) > 0
		},
	}
	leave = moment{
		name: "leave", gate: func(s *street) *gate { return s.toRedis },
		needles: func(s *street, l letter) []string {
			return []string{redisKey("pz", s, l), redisKey("mb", s, l), redisKey("dd", s, l) + ":" + string(l.message)}
		},
	}
)

// What happens after a turn that asks for a person was answered.
var (
	tell = moment{
		name: "telling the team", gate: func(s *street) *gate { return s.toTeam },
		needles: func(*street, letter) []string { return []string{"Idempotency-Key"} },
	}
	told = moment{
		name: "record of what the team knows", gate: func(s *street) *gate { return s.toLedger },
		needles: func(s *street, l letter) []string { return []string{"effects.e0.", firstTurn(s, l)} },
		applied: func(s *street, l letter) bool {
			turns, err := s.ledger.Turns(s.t.Context(), s.conversation(l.from), 1)
			return err == nil && len(turns) == 1 && turns[0].Records[0].Phase() == conversation.EffectDone
		},
	}
	alarm = moment{
		name: "setting the timer", gate: func(s *street) *gate { return s.toTasks },
		needles: func(s *street, l letter) []string { return []string{"atende-timer", string(s.conversation(l.from))} },
		applied: func(s *street, l letter) bool {
			for _, task := range s.tasks.Tasks() {
				if task.Queue == "atende-timer" && bytes.Contains(task.Body, []byte(s.conversation(l.from))) {
					return true
				}
			}
			return false
		},
	}
)

// Tasks that are being made.
var (
	follow = moment{
		name: "follow-up", gate: func(s *street) *gate { return s.toTasks },
		needles: func(_ *street, l letter) []string { return []string{string(l.message) + "-f1"} },
		applied: func(s *street, l letter) bool { return s.hasTask(string(l.message) + "-f1") },
	}
	enqueue = moment{
		name: "ingress's task", gate: func(s *street) *gate { return s.fromIngress },
		needles: func(_ *street, l letter) []string { return []string{string(l.message) + "-0"} },
		applied: func(s *street, l letter) bool { return s.hasTask(string(l.message) + "-0") },
		victim:  func(s *street) *program { return s.ingress },
	}
)

func (s *street) hasTask(name string) bool {
	for _, task := range s.tasks.Tasks() {
		if task.Name == name {
			return true
		}
	}
	return false
}

// doomed is a trap that kills, and whom.
type doomed struct {
	*trap
	s      *street
	point  point
	letter letter
	victim *program
}

// doom arms a trap: whoever comes to that point dies there.
func (s *street) doom(p point, l letter) doomed {
	d := doomed{s: s, point: p, letter: l, victim: s.worker}
	if p.victim != nil {
		d.victim = p.victim(s)
	}
	spring := d.victim.kill
	if p.when == after && p.applied != nil {
		// The server may speak before it answers.
		spring = nil
	}
	d.trap = p.gate(s).arm(p.when, spring, p.needles(s, l)...)
	return d
}

// fall returns when the victim is dead.
func (d doomed) fall() {
	d.s.t.Helper()
	d.s.await(d.matched, d.point.String())
	if d.point.when == after && d.point.applied != nil {
		d.s.awaitThat(func() bool { return d.point.applied(d.s, d.letter) }, d.point.String())
		d.victim.kill()
	} else {
		d.s.await(d.held, d.point.String())
	}
	d.victim.gone()
	d.drop()
}

// killedAsked is a turn that asks for a person, and whose worker dies at a point.
func killedAsked(p point) func(*street) {
	return func(s *street) {
		asked := s.write(lead, leadName, aPerson)
		d := s.doom(p, asked)
		s.post(asked)
		d.fall()
		s.worker.start()
	}
}

// killed is a turn whose worker dies at each of the points, one life a point.
func killed(points ...point) func(*street) {
	return func(s *street) {
		asked := s.ask()
		for i, p := range points {
			d := s.doom(p, asked)
			if i == 0 {
				s.post(asked)
			} else {
				s.restart(points[i-1])
			}
			d.fall()
		}
		s.restart(points[len(points)-1])
	}
}

// restart starts who died at a point.
func (s *street) restart(p point) {
	s.t.Helper()
	if p.victim != nil {
		p.victim(s).start()
		return
	}
	s.worker.start()
}
