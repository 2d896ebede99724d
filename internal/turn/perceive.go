package turn

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// perceiveAtOnce bounds how many files of one turn are fetched at a time: an
// album of photographs must not take the memory of a whole instance.
const perceiveAtOnce = 3

// tokensPerSecond is what a second of audio counts as in budgets, which count
// tokens: providers cut a second into ten to twenty of them.
const tokensPerSecond = 20

// perceive has the senses make something of the files among a request's
// messages, and keeps it with the messages: a draft that is dropped for newer
// ones, or a commit that lost, costs no second look. looked says that a file was
// looked at now. A dependency that is ill makes the task come back, until the
// lead has waited long enough to be told.
func (h *handling) perceive(ctx context.Context, r otto.Request) (looked bool, err error) {
	route, oldest := unanswerable(r)
	unseen := h.unseen(r, route)
	if len(unseen) == 0 {
		return false, nil
	}
	if h.withoutModel(ctx, r) != "" { // Whatever forbids the model forbids this.
		for _, i := range unseen {
			h.keep(r, i, conversation.Perceived{Outcome: conversation.Undone})
		}
		return false, nil
	}
	if route == "" {
		h.typing(ctx, r)
	}
	late := r.Now.Sub(oldest) >= outagePatience
	for i, one := range h.look(ctx, r, unseen) {
		switch {
		case one.panicked != nil:
			panic(one.panicked)
		case one.err == nil:
			h.keep(r, unseen[i], one.perceived)
			h.spend(ctx, r, conversation.Model{TokensIn: heardTokens(one.perceived)})
		case ill(one.err) && late:
			h.keep(r, unseen[i], conversation.Perceived{Outcome: conversation.Undone})
		case err == nil:
			err = fmt.Errorf("perceive a file: %w", one.err)
		}
	}
	h.step("perceive")
	return true, err
}

// attribute finds the reactions to the newest that Otto said, which may answer
// what he asked there. Only he who sent it knows Meta's id of it.
func (h *handling) attribute(ctx context.Context, snapshot conversation.Snapshot) error {
	if snapshot.Conversation == nil || snapshot.Conversation.LastTurn == "" {
		return nil
	}
	if h.Now().Sub(snapshot.Conversation.WindowFrom) > freeFormAge {
		return nil // A reaction opens no window, so nothing could be said to it.
	}
	last := snapshot.Turn
	for id, m := range h.inbox {
		_, consumed := snapshot.Messages[id]
		if consumed || m.Kind != conversation.KindReaction || m.ReplyTo == "" || m.Text == "" || m.ToNewest {
			continue
		}
		if last == nil || last.ID != snapshot.Conversation.LastTurn {
			read, err := h.Ledger.Load(ctx, conversation.Query{Turn: snapshot.Conversation.LastTurn})
			if err != nil {
				return fmt.Errorf("load the turn that is reacted to: %w", err)
			}
			if last = read.Turn; last == nil {
				return nil // It has expired.
			}
		}
		if n := len(last.Deliveries); n > 0 && last.Deliveries[n-1].Carries(m.ReplyTo) {
			m.ToNewest = true
			h.inbox[id] = m
		}
	}
	return nil
}

// unseen are the positions of the messages whose files are worth a look: all that
// may be answered, and of those that a person of the team is going to answer what
// was said, for the team is told of it in writing.
func (h *handling) unseen(r otto.Request, route conversation.Route) []int {
	var unseen []int
	for i, m := range r.Messages {
		wanted := route == "" || route == conversation.RouteMuted && m.Kind == conversation.KindAudio
		if h.Senses != nil && wanted && m.Kind.Perceptible() && m.Perceived == nil {
			unseen = append(unseen, i)
		}
	}
	return unseen
}

// look is what came of one look at a file.
type look struct {
	perceived conversation.Perceived
	err       error
	panicked  any
}

// look looks at some of a request's files, a few at a time. A panic is the
// caller's to raise: in a goroutine of its own it would end the process.
func (h *handling) look(ctx context.Context, r otto.Request, unseen []int) []look {
	looks := make([]look, len(unseen))
	room := make(chan struct{}, perceiveAtOnce)
	var all sync.WaitGroup
	for i, at := range unseen {
		room <- struct{}{}
		all.Go(func() {
			defer func() {
				looks[i].panicked = recover()
				<-room
			}()
			looks[i].perceived, looks[i].err = h.Senses.Perceive(ctx, r.Messages[at])
		})
	}
	all.Wait()
	return looks
}

// keep puts what was perceived with a message, in the request and for the next
// request of this handling.
func (h *handling) keep(r otto.Request, at int, p conversation.Perceived) {
	m := &r.Messages[at]
	m.Perceived = &p
	h.inbox[m.ID] = *m
}

// heardTokens is what an audio counts as in a budget. What a model is shown it
// counts itself.
func heardTokens(p conversation.Perceived) int64 {
	if p.Model == "" {
		return 0
	}
	return int64(tokensPerSecond * p.Length / time.Second)
}
