package channel

import (
	"context"
	"fmt"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Marker is the part of [whatsapp.Client] that a Presence needs.
type Marker interface {
	// MarkRead marks a message and all before it as read, and with typing shows
	// that an answer is being written; see [whatsapp.Client.MarkRead].
	MarkRead(ctx context.Context, phoneNumberID, messageID string, typing bool) error
}

// Presence shows a lead that somebody is there.
type Presence struct{ Marker Marker }

// Show marks a message as read, and with typing shows that an answer is being
// written. It makes one attempt, which may be repeated without harm.
func (p Presence) Show(ctx context.Context, number string, message pii.Contact, typing bool) error {
	if err := p.Marker.MarkRead(ctx, number, message.Reveal(), typing); err != nil {
		return fault.Mark(fmt.Errorf("show presence: %w", err), fault.Dependency)
	}
	return nil
}
