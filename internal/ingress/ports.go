package ingress

import (
	"context"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/pii"
)

// Inbox makes tasks that certainly reach the worker.
type Inbox interface {
	// Put durably creates the task that carries e, to be dispatched from at
	// on (zero is now). existed says that a task of that name was there
	// before, which is as good. After an error the task may or may not exist;
	// putting the same envelope again is harmless.
	Put(ctx context.Context, e envelope.Envelope, at time.Time) (existed bool, err error)
}

// Hint is a forgetful helper that may fail at any moment; that costs a second
// look at the queue, never a message.
type Hint interface {
	// Arrive puts messages into their mailboxes in one round trip and says
	// what is known of each, in the same order.
	Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error)
	// Queued marks messages whose task certainly exists, in one round trip.
	Queued(ctx context.Context, arrivals []conversation.Arrival) error
}

// Secrets are the values that may change while the program runs. Each is
// asked for on every request and answers from a cache.
type Secrets struct {
	// App are the app secrets that sign webhooks; several during a rotation.
	// With an error it returns those it has.
	App func(ctx context.Context) ([]pii.Secret, error)
	// Verify is the token of Meta's challenge.
	Verify func(ctx context.Context) (pii.Secret, error)
}
