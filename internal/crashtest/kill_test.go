package crashtest

import (
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// atOnce is how many streets run beside each other.
const atOnce = 3

// story is what happens to the lead's message on a street of its own.
type story struct {
	name string
	// core stories are told under the race detector, too.
	core bool
	// ownRedis stories need a Redis server that they can kill.
	ownRedis bool
	tell     func(*street)
	// asks: the lead asks for a person in it.
	asks bool
}

func TestOneReply(t *testing.T) {
	c := newCity(t)
	told := make(chan story)
	var lanes sync.WaitGroup
	for range atOnce {
		lanes.Go(func() {
			for st := range told {
				t.Run(st.name, func(t *testing.T) { c.tell(t, st) })
			}
		})
	}
	for _, st := range stories() {
		if st.core || !raced {
			told <- st
		}
	}
	close(told)
	lanes.Wait()
}

// tell tells one story, and judges how it ended.
func (c *city) tell(t *testing.T, st story) {
	s := newStreet(t, c, st.ownRedis)
	if s == nil {
		return
	}
	s.open()
	st.tell(s)
	s.settle()
	if st.asks {
		s.judgeHandoff()
		return
	}
	s.judge()
}

// stories are all there are, the long ones first.
func stories() []story {
	all := []story{
		{name: "killed twice: send, send", tell: killed(send.before(), send.before())},
		{name: "killed twice: commit, send", tell: killed(commit.after(), send.after()), core: true},
		{name: "killed twice: send, load", tell: killed(send.after(), load.before())},
		{name: "killed twice: model call, commit", tell: killed(think.before(), commit.after())},
		{name: "killed twice: enter, leave", tell: killed(enter.after(), leave.before())},
		{name: "killed twice: commit, record", tell: killed(commit.before(), record.after())},
		{name: "asked to end during a model call that never returns", tell: abandons},
		{name: "frozen between commit and send for longer than the permit", tell: freezes},
		{name: "killed at send, and the receipt is later than the lease", tell: lateReceipt},
		{name: "killed at a follow-up, " + string(before), tell: undecided(follow.before())},
		{name: "killed at a follow-up, " + string(after), tell: undecided(follow.after())},
	}
	for _, m := range []moment{commit, send, record, enter, load, think, look, leave} {
		for _, p := range []point{m.before(), m.after()} {
			all = append(all, story{name: "killed at " + p.String(), tell: killed(p), core: m.name == send.name})
		}
	}
	for _, m := range []moment{commit, send, record, tell, told, alarm} {
		for _, p := range []point{m.before(), m.after()} {
			all = append(all, story{name: "asked for a person, and killed at " + p.String(), tell: killedAsked(p), asks: true})
		}
	}
	return append(all,
		story{name: "killed at a busy conversation's follow-up", tell: killedAside},
		story{name: "killed, and the commit arrives after its successor's", tell: lateCommit},
		story{name: "killed, and the send arrives after all", tell: lateSend},
		story{name: "killed at rest", tell: killedAtRest},
		story{name: "asked to end during a model call", tell: finishes},
		story{name: "ingress killed at its task, " + string(before), tell: killed(enqueue.before())},
		story{name: "ingress killed at its task, " + string(after), tell: killed(enqueue.after())},
		story{name: "redis killed during the model call, and stays away", tell: redisDies, ownRedis: true},
		story{name: "redis killed during the model call, and comes back empty", tell: redisForgets, ownRedis: true},
		story{name: "redis killed with the worker, and comes back empty", tell: redisDiesToo, ownRedis: true},
	)
}

// killedAtRest has the worker die while nothing runs, and the message come
// before there is a new one.
func killedAtRest(s *street) {
	s.worker.kill()
	s.worker.gone()
	s.post(s.ask())
	s.worker.start()
}

// undecided makes Graph lose the first send to the lead, so that the turn has
// to be put off, and kills the worker at a point of that.
func undecided(p point) func(*street) {
	return func(s *street) {
		s.graph.Fail(whatsapptest.Fault{
			Kind:  whatsapptest.FailBefore,
			Match: func(m whatsapptest.SentMessage) bool { return m.Person() == lead },
		})
		killed(p)(s)
	}
}

// killedAside has the worker die while it puts the lead's second message off,
// for the first is being answered.
func killedAside(s *street) {
	asked := s.ask()
	thinking := s.toModel.arm(before, nil, think.needles(s, asked)...)
	s.post(asked)
	s.await(thinking.held, "the model call")
	second := s.write(lead, leadName, "e quanto tempo leva para ficar pronto?")
	d := s.doom(follow.before(), second)
	s.post(second)
	d.fall()
	thinking.drop()
	s.worker.start()
}

// lateCommit lets the commit of a dead worker reach the ledger when another
// worker has answered and all is told: it must change nothing.
func lateCommit(s *street) {
	asked := s.ask()
	d := s.doom(commit.before(), asked)
	s.post(asked)
	s.await(d.held, d.point.String())
	s.worker.gone()
	s.worker.start()
	s.settle()
	told := s.judgePerson(lead)
	d.deliver()
	s.await(d.spoken, "the ledger's answer to the dead")
	s.settle()
	if diff := cmp.Diff(told, s.judgePerson(lead)); diff != "" {
		s.t.Errorf("the commit of a dead worker changed the turns (-told +now):\n%s", diff)
	}
}

// lateSend lets the send of a dead worker reach Graph: only a receipt can tell.
func lateSend(s *street) {
	asked := s.ask()
	d := s.doom(send.before(), asked)
	s.post(asked)
	s.await(d.held, d.point.String())
	s.worker.gone()
	d.deliver()
	s.worker.start()
}

// lateReceipt has Graph report the send of a dead worker only when another one
// has long taken its turn over, but before any proof that a receipt would have
// come.
func lateReceipt(s *street) {
	late := promptly
	late.Sent, late.Delivered = leaseTTL+leaseTTL/2, leaseTTL*2
	s.graph.SetStatuses(late)
	killed(send.after())(s)
	s.graph.SetStatuses(promptly)
}

// freezes stops the worker between its commit and its send for longer than the
// send was permitted. It must not send when it wakes.
func freezes(s *street) {
	asked := s.ask()
	answer := s.toLedger.arm(after, nil, commit.needles(s, asked)...)
	s.post(asked)
	s.await(answer.matched, "the commit")
	s.awaitThat(func() bool { return commit.applied(s, asked) }, "the commit")
	s.worker.signal(syscall.SIGSTOP)
	<-time.After(sendPermit + sendPermit/2)
	answer.deliver() // Not before: a busy machine takes its time to stop a process.
	s.worker.signal(syscall.SIGCONT)
	s.awaitThat(func() bool { return len(s.received(lead)) > 0 || s.hasTask(string(asked.message)+"-f1") }, "what it did when it woke")
	if len(s.received(lead)) > 0 {
		s.t.Error("the worker sent after its permit had passed")
	}
}

// finishes asks the worker to end while it waits for the model, which then
// answers: the turn is finished first.
func finishes(s *street) {
	asked := s.ask()
	thinking := s.toModel.arm(before, nil, think.needles(s, asked)...)
	s.post(asked)
	s.await(thinking.held, "the model call")
	ends(s, thinking.deliver)
	if !commit.applied(s, asked) {
		s.t.Error("the worker did not finish what it was doing")
	}
	s.worker.start()
}

// abandons asks the worker to end while it waits for a model that never
// answers.
func abandons(s *street) {
	asked := s.ask()
	thinking := s.toModel.arm(before, nil, think.needles(s, asked)...)
	s.post(asked)
	s.await(thinking.held, "the model call")
	ends(s, func() {})
	thinking.drop()
	s.worker.start()
}

// longest is how long a program may take to end when it is asked to: ten
// seconds after that the platform kills it.
const longest = 9 * time.Second

// ends asks the worker to end and checks that it does, meanwhile doing
// something.
func ends(s *street, meanwhile func()) {
	s.t.Helper()
	asked := time.Now()
	s.worker.signal(syscall.SIGTERM)
	meanwhile()
	if code := s.worker.gone(); code != 0 {
		s.t.Errorf("the worker ended with code %d, want 0", code)
	}
	if took := time.Since(asked); took > longest {
		s.t.Errorf("the worker took %v to end, want at most %v", took, longest)
	}
}

// redisDies has Redis die in the middle of a turn.
func redisDies(s *street) { s.withoutRedis(func() {}) }

// redisForgets has Redis die in the middle of a turn and come back without
// lease, mailbox and marks.
func redisForgets(s *street) { s.withoutRedis(s.redis.start) }

func (s *street) withoutRedis(then func()) {
	asked := s.ask()
	thinking := s.toModel.arm(before, nil, think.needles(s, asked)...)
	s.post(asked)
	s.await(thinking.held, "the model call")
	s.redis.kill()
	s.redis.gone()
	then()
	thinking.deliver()
}

// redisDiesToo has Redis die with the worker.
func redisDiesToo(s *street) {
	asked := s.ask()
	d := s.doom(commit.after(), asked)
	s.post(asked)
	d.fall()
	s.redis.kill()
	s.redis.gone()
	s.redis.start()
	s.worker.start()
}

// newRedis is a Redis server of a test's own.
func newRedis(t *testing.T) (server *program, port string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	port = freePort(t)
	return newProgram(t, &program{
		name: "redis-server", path: path, ready: redisReady,
		args: []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir()},
	}), port
}
