package simulation

import (
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/turn"
)

// mutant is the protocol with one protection taken away, by ports that cheat.
type mutant struct {
	name     string
	ingress  func(*world, *ingress.Options)
	turn     func(*world, *turn.Options)
	attempts int // after which the queue drops a task; zero is never
}
