package turn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// strict is Meta's edge with the allowance for one person; a message takes a while
// to get there.
type strict struct {
	*meta
	latency   func() time.Duration
	mu        sync.Mutex
	allowance whatsapptest.Allowance
	refused   int
}

func (s *strict) Send(ctx context.Context, out conversation.Outgoing) (conversation.Result, error) {
	<-time.After(s.latency())
	s.mu.Lock()
	allowed := s.allowance.Take(time.Now())
	if !allowed {
		s.refused++
	}
	s.mu.Unlock()
	if !allowed {
		return conversation.Result{Kind: conversation.Postponed, Code: 131056, NotBefore: time.Now().Add(time.Second), At: time.Now()},
			fault.Mark(errors.New("send: refused"), fault.Refused)
	}
	return s.meta.Send(ctx, out)
}

// talkative is Otto when every message gets an answer, however fast they come.
type talkative struct{ *otto.Otto }

func (m talkative) Decide(_ context.Context, r otto.Request) (otto.Decision, error) {
	d := m.Silent(r)
	d.Route, d.Replies = conversation.RouteFixed, []conversation.Reply{{Kind: conversation.ReplyText, Text: "Claro!"}}
	return d, nil
}

// crowd dispatches tasks as they fall due, each beside the others, until none is
// left.
func (s *street) crowd(workers []*turn.Turns) {
	var busy sync.WaitGroup
	for n := 0; ; n++ {
		task, ok := s.queue.next()
		if !ok {
			busy.Wait()
			if task, ok = s.queue.next(); !ok {
				return
			}
		}
		if wait := time.Until(task.at); wait > 0 {
			// Something that falls due earlier may be put meanwhile.
			<-time.After(min(wait, 50*time.Millisecond))
			continue
		}
		s.queue.done(task)
		busy.Go(func() {
			if _, err := s.handle(workers[n%len(workers)], task.envelope); err != nil {
				s.queue.mu.Lock()
				defer s.queue.mu.Unlock()
				task.at = time.Now().Add(time.Second)
				s.queue.tasks = append(s.queue.tasks, task)
			}
		})
	}
}

func TestABurstToOnePersonStaysWithinTheAllowance(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const phone, replies = "5511988887777", 100
				chance := rand.New(rand.NewPCG(seed, 7))
				var dice sync.Mutex
				s := newStreet(t)
				edge := &strict{meta: s.meta, allowance: whatsapptest.Meta(), latency: func() time.Duration {
					dice.Lock()
					defer dice.Unlock()
					if chance.IntN(8) == 0 {
						return time.Duration(chance.IntN(8000)) * time.Millisecond
					}
					return time.Duration(chance.IntN(200)) * time.Millisecond
				}}
				var workers []*turn.Turns
				for range 4 {
					workers = append(workers, s.turnsWith(func(o *turn.Options) {
						o.Mind, o.Sender = talkative{s.mind(s.knowledge())}, edge
					}))
				}
				began := time.Now()
				for n := range replies {
					// One after the other, or they would be answered together; each comes
					// twice, so that workers get in each other's way.
					e := s.text(phone, fmt.Sprintf("wamid.IN%d", n), fmt.Sprintf("mensagem %d", n))
					s.arrive(e)
					s.queue.tasks = append(s.queue.tasks, &task{e, time.Now()})
					s.crowd(workers)
				}

				if edge.refused > 0 {
					t.Errorf("Meta refused %d messages over the allowance", edge.refused)
				}
				turns := s.turnsOf(phone)
				slices.Reverse(turns)
				var want, got []string
				for _, stored := range turns {
					if stored.Phase() != conversation.Sent {
						t.Errorf("turn %d is %s", stored.Version, stored.Phase())
					}
					want = append(want, conversation.Opaque(stored.ID, 0, 1))
				}
				for _, out := range s.meta.accepted {
					got = append(got, out.Opaque)
				}
				if len(want) != replies || !slices.Equal(got, want) {
					t.Errorf("%d turns, %d messages, in order: %v", len(want), len(got), slices.Equal(got, want))
				}
				if took, least := time.Since(began), (replies-45)*6*time.Second; took < least || took > 2*least {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A worker that dies between deciding and sending takes nothing of the allowance
// with it, and whoever finds the turn keeps to its time.
func TestAPacedAnswerOutlivesItsWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const phone = "5511988887777"
		s := newStreet(t)
		edge := &strict{meta: s.meta, allowance: whatsapptest.Meta(), latency: func() time.Duration { return time.Millisecond }}
		worker := func() *turn.Turns {
			return s.turnsWith(func(o *turn.Options) { o.Mind, o.Sender = talkative{s.mind(s.knowledge())}, edge })
		}
		for n := range 41 {
			s.arrive(s.text(phone, fmt.Sprintf("wamid.IN%d", n), "oi"))
			task, _ := s.queue.next()
			if n == 40 {
				s.worker = &mortal{at: 4, mode: crashAfter} // enter, load, commit, put
			}
			_, err := s.handle(worker(), task.envelope)
			if n == 40 {
				if err == nil || !s.worker.isDead() {
					t.Fatalf("the worker lives: %v after %s", err, s.worker.called())
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			s.queue.done(task)
		}
		s.worker = &mortal{}
		paced := s.turnsOf(phone)[0]
		if paced.NotBefore.IsZero() || paced.Phase() != conversation.Decided || paced.Deliveries[0].Attempt != 0 {
			t.Fatalf("the last turn is due at %v, %s", paced.NotBefore, paced.Phase())
		}
		s.drain(worker())
		last := s.turnsOf(phone)[0]
		if at := last.Deliveries[0].Results[1].At; last.Phase() != conversation.Sent || at.Before(paced.NotBefore) || edge.refused > 0 {
			t.Errorf("sent at %v, due at %v, %s", at, paced.NotBefore, last.Phase())
		}
	})
}

// When Meta counts otherwise than we do, its word sets the pace.
func TestMetasWordSetsThePaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const phone = "5511988887777"
		s := newStreet(t)
		s.meta.next = []verdict{{
			result: conversation.Result{Kind: conversation.Postponed, Code: 131056, NotBefore: time.Now().Add(time.Second), At: time.Now()},
			err:    fault.Mark(errors.New("send: refused"), fault.Refused),
		}}
		w := s.turns()
		s.arrive(s.text(phone, "wamid.IN1", "oi"))
		s.drain(w)
		s.arrive(s.text(phone, "wamid.IN2", "tudo bem?"))
		s.drain(w)
		turns := s.turnsOf(phone)
		if len(turns) != 2 || turns[0].Phase() != conversation.Sent || turns[1].Phase() != conversation.Sent {
			t.Fatalf("%d turns", len(turns))
		}
		if !turns[1].NotBefore.IsZero() || turns[0].NotBefore.Sub(turns[0].DecidedAt) < 5*time.Second {
			t.Errorf("due %v and %v after they were decided", turns[1].NotBefore, turns[0].NotBefore.Sub(turns[0].DecidedAt))
		}
	})
}
