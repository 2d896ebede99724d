package handoff

import (
	"context"
	"errors"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
)

// Teller makes one attempt to tell the team.
type Teller interface {
	Perform(ctx context.Context, e conversation.Errand) error
}

// Team is told by whichever way an errand names.
type Team map[conversation.Way]Teller

// Perform tells the team once. A way that is no longer configured is
// [fault.Refused].
func (t Team) Perform(ctx context.Context, e conversation.Errand) error {
	way := e.Effect.Way
	if way == "" {
		way = conversation.WayWebhook
	}
	teller := t[way]
	if teller == nil {
		return fault.Mark(errors.New("tell the team: the way is not configured"), fault.Refused)
	}
	return teller.Perform(ctx, e)
}
