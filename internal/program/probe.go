package program

import (
	"context"
	"errors"
	"sync/atomic"
)

// errNotOpen says that a dependency has not been opened yet.
var errNotOpen = errors.New("not open yet")

// Probe asks a dependency that is opened after the service listens.
type Probe struct {
	ask atomic.Pointer[func(context.Context) error]
}

// Open says how the dependency is asked from now on.
func (p *Probe) Open(ask func(context.Context) error) { p.ask.Store(&ask) }

// Ask asks the dependency; before it is opened the answer is an error.
func (p *Probe) Ask(ctx context.Context) error {
	ask := p.ask.Load()
	if ask == nil {
		return errNotOpen
	}
	return (*ask)(ctx)
}
