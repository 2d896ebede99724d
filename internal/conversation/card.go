package conversation

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Card is what the business knows about the lead, each value with where it
// came from.
type Card map[string]Value

// Value is one field of a card with its provenance.
type Value struct {
	Value pii.Text `json:"value"`
	// Words are the lead's own words that the value was read from.
	Words      pii.Text  `json:"words,omitempty"`
	Message    MessageID `json:"message,omitempty"`
	Confidence float64   `json:"confidence"`
	At         time.Time `json:"at"`
}
