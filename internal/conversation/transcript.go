package conversation

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Transcript is what a model heard in an audio, before anybody judged it.
type Transcript struct {
	Text pii.Text
	// Confidence is how sure the model is of the words, from 0 to 1: the geometric
	// mean of the probabilities of their tokens. Zero when it does not say.
	Confidence float64
	// NoSpeech is how likely nobody speaks at all, from 0 to 1; zero when the model
	// does not say.
	NoSpeech float64
	// Length is how much audio the model counted; zero when it does not say.
	Length time.Duration
	Model  string
	// CostMicroUSD is what it cost, in millionths of a US dollar; zero when the
	// price is not known.
	CostMicroUSD int64
}
