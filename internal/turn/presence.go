package turn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

const (
	// typingAfter is how long an answer may take before the lead is shown that it is
	// being written: one that needs no model is there long before.
	typingAfter = 300 * time.Millisecond
	// typingEvery renews that before Meta takes it away, after 25 seconds.
	typingEvery = 20 * time.Second
	// presenceTimeout bounds one call. Nobody waits longer for what is a courtesy.
	presenceTimeout = 2 * time.Second
)

// presence is what a lead sees of a handling before its answer arrives. All of it
// is a courtesy: whatever fails is not tried again and concerns nobody.
type presence struct {
	typed atomic.Bool
	stop  func() // nil when nothing runs
	work  sync.WaitGroup
}

// typing has the lead shown, from in a moment on and until hush, that an answer
// to what they wrote is being written. It is for when an answer is certain to
// come, unless everything fails.
func (h *handling) typing(ctx context.Context, r otto.Request) {
	message := newest(r.Messages)
	if h.Presence == nil || h.presence.stop != nil || message == "" {
		return
	}
	ctx, h.presence.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.presence.work.Go(func() {
		timer := time.NewTimer(typingAfter)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
				h.presence.typed.Store(true)
				h.show(ctx, message, true)
				timer.Reset(typingEvery)
			}
		}
	})
}

// hush ends what typing began.
func (h *handling) hush() {
	if h.presence.stop != nil {
		h.presence.stop()
		h.presence.stop = nil
	}
}

// read marks what is about to be answered as read, beside the sending of the
// answer, unless the lead has seen more than that.
func (h *handling) read(ctx context.Context, turn conversation.Turn, messages []conversation.Inbound) {
	message := newest(messages)
	if h.Presence == nil || h.presence.typed.Load() || message == "" || turn.Intended() == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	h.presence.work.Go(func() { h.show(ctx, message, false) })
}

func (h *handling) show(ctx context.Context, message pii.Contact, typing bool) {
	ctx, cancel := context.WithTimeout(ctx, presenceTimeout)
	defer cancel()
	_ = h.Presence.Show(ctx, h.own.Number, message, typing)
}

// newest is the last message that waits for an answer; empty when none does.
func newest(messages []conversation.Inbound) pii.Contact {
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].Kind.Answerable() {
			return messages[i].WAMID
		}
	}
	return ""
}
