package turn_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
)

// witnessed plays the edge where a lead sees that somebody is there.
type witnessed struct {
	mu    sync.Mutex
	shown []shown
	hangs bool
	err   error
}

type shown struct {
	Message pii.Contact
	Typing  bool
	After   time.Duration // since the message arrived
}

var arrived = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when every bubble begins

func (p *witnessed) Show(ctx context.Context, on string, message pii.Contact, typing bool) error {
	p.mu.Lock()
	if on == number {
		p.shown = append(p.shown, shown{message, typing, time.Since(arrived)})
	}
	p.mu.Unlock()
	if p.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return p.err
}

// slow is a model that takes a while.
func slow(took time.Duration) scripted {
	answer := says("Claro! Conte mais sobre a sua loja.")
	return func(ctx context.Context, p otto.Prompt) (otto.Completion, error) {
		select {
		case <-time.After(took):
			return answer.Complete(ctx, p)
		case <-ctx.Done():
			return otto.Completion{}, fault.Mark(ctx.Err(), fault.Dependency)
		}
	}
}

func TestPresence(t *testing.T) {
	const wamid = pii.Contact("wamid.IN1")
	typing := func(after ...time.Duration) (all []shown) {
		for _, at := range after {
			all = append(all, shown{wamid, true, at})
		}
		return all
	}
	read := []shown{{wamid, false, 0}}
	for name, tt := range map[string]struct {
		words  string
		kind   conversation.Kind
		age    time.Duration
		model  otto.Model
		before func(s *street)
		want   []shown
	}{
		"an answer that takes a while": {words: "vocês fazem site?", model: slow(3 * time.Second), want: typing(300 * time.Millisecond)},
		"one that takes long": {
			words: "vocês fazem site?", model: slow(50 * time.Second),
			want: typing(300*time.Millisecond, 20300*time.Millisecond, 40300*time.Millisecond),
		},
		"a fixed answer":    {words: "bom dia", model: slow(3 * time.Second), want: read},
		"no model at all":   {words: "vocês fazem site?", want: read},
		"a quick model":     {words: "vocês fazem site?", model: slow(100 * time.Millisecond), want: []shown{{wamid, false, 100 * time.Millisecond}}},
		"nothing to answer": {kind: conversation.KindReaction, words: "👍", model: slow(3 * time.Second)},
		"too late":          {words: "vocês fazem site?", age: 30 * time.Hour, model: slow(3 * time.Second)},
		"a person has the conversation": {
			words: "alguém aí?", model: slow(3 * time.Second),
			before: func(s *street) {
				s.arrive(s.text(mendPhone, "wamid.IN0", "quero falar com uma pessoa"))
				s.drain(s.turns())
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t)
				s.meta.receipts = false
				if tt.before != nil {
					tt.before(s)
				}
				s.model = tt.model
				p := &witnessed{}
				kind := conversation.KindText
				if tt.kind != "" {
					kind = tt.kind
				}
				s.arrive(s.inbound(conversation.Inbound{
					WAMID: wamid, Number: number, From: conversation.Identity{Phone: mendPhone, Name: "Iara"}, Kind: kind,
					Type: "text", Text: pii.Text(tt.words), SentAt: time.Now().Add(-tt.age), ReceivedAt: time.Now(),
				}))
				s.drain(s.turnsWith(func(o *turn.Options) { o.Presence = p }))
				if !slices.Equal(p.shown, tt.want) {
					t.Errorf("the lead saw %+v, want %+v", p.shown, tt.want)
				}
			})
		})
	}
}

// A courtesy that fails or hangs keeps nobody from an answer.
func TestPresenceHoldsNothingUp(t *testing.T) {
	for name, p := range map[string]*witnessed{"fails": {err: errors.New("no")}, "hangs": {hangs: true}} {
		t.Run(name, func(t *testing.T) {
			for _, words := range []string{"bom dia", "vocês fazem site?"} {
				synctest.Test(t, func(t *testing.T) {
					s := newStreet(t)
					s.model = slow(3 * time.Second)
					s.arrive(s.text(mendPhone, "wamid.IN1", words))
					s.drain(s.turnsWith(func(o *turn.Options) { o.Presence = p }))
					turns := s.turnsOf(mendPhone)
					if len(turns) != 1 || turns[0].Phase() != conversation.Sent {
						t.Fatalf("%d turns", len(turns))
					}
					if at := turns[0].Deliveries[0].Results[1].At.Sub(turns[0].DecidedAt); at > 3*time.Second {
						t.Errorf("%s: sent after %v", words, at)
					}
				})
			}
		})
	}
}
