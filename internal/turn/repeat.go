package turn

import (
	"context"
	"fmt"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
)

// Repeat has a mind decide the last turn of a history for real: it is asked what
// was asked then, and knows and thinks what it knows and thinks now. Nothing is
// sent and nothing is written. The turns before it are replayed as by [Replay],
// because they tell what was known of the lead; oldest first. A turn that had to
// do without a model is given one. skipped says why the turn cannot be decided
// again; empty when it was. The error is that of the model, marked as it marked
// it, or of the options.
func Repeat(ctx context.Context, o ReplayOptions, history []Recorded, mind Mind) (d otto.Decision, skipped string, err error) {
	r, err := newReplayer(o)
	if err != nil {
		return otto.Decision{}, "", err
	}
	last := len(history) - 1
	for _, earlier := range history[:last] {
		if err := ctx.Err(); err != nil {
			return otto.Decision{}, "", err
		}
		r.turn(ctx, earlier)
	}
	recorded := history[last]
	was := r.beginning(recorded.Turn)
	if skipped = incomplete(recorded); skipped == "" && was == nil {
		skipped = notRecorded
	}
	if skipped != "" {
		return otto.Decision{}, skipped, nil
	}
	request := recorded.request(*was)
	if mode := recorded.Turn.Mode; mode != conversation.ModeFallback {
		if d, ok := withoutThought(mind, request, mode); ok {
			return d, "", nil
		}
	}
	if d, err = mind.Decide(ctx, request); err != nil {
		return otto.Decision{}, "", fmt.Errorf("decide again: %w", err)
	}
	return d, "", nil
}
