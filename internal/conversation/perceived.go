package conversation

import (
	"time"

	"github.com/pyloto/atende/internal/pii"
)

// Perceived is what was made of the file that came with a message. It is kept
// with the message, so that a decision can be replayed without the file.
type Perceived struct {
	Outcome Perception `json:"outcome"`
	// Text is what was said in an audio; empty unless it was understood.
	Text pii.Text `json:"text,omitempty"`
	// Confidence is how sure the transcription is, from 0 to 1; zero when it
	// does not say.
	Confidence float64 `json:"confidence,omitempty"`
	// SHA256 is the digest of the file's bytes, in hexadecimal; empty when it
	// was not fetched.
	SHA256 string `json:"sha256,omitempty"`
	// Length is how long an audio is, as far as it is known.
	Length time.Duration `json:"length,omitempty"`
	// Model transcribed it, Took that long, and CostMicroUSD is what it cost, in
	// millionths of a US dollar; zero when the price is not known.
	Model        string        `json:"model,omitempty"`
	Took         time.Duration `json:"took,omitempty"`
	CostMicroUSD int64         `json:"cost_micro_usd,omitempty"`
	// Note is a code for operators: why the outcome is what it is, or what is odd
	// about the file. Never anything of its content.
	Note string `json:"note,omitempty"`
	// File is what a model is to look at. It lives as long as the turn and is
	// never stored.
	File *File `json:"-"`
}

// File is the content of an image or a document.
type File struct {
	MIME string // without parameters
	Name pii.Text
	Data []byte
}

// Perception is how the attempt to make something of a file ended.
type Perception string

// The perceptions. All but Understood have a sentence of their own for the lead.
const (
	// Understood: Text is what was said, or File is there to be looked at.
	Understood Perception = "understood"
	// Silence: nobody speaks in it.
	Silence Perception = "silence"
	// Unclear: something was said, and it is not certain what.
	Unclear Perception = "unclear"
	// TooLarge: more bytes, or longer, than is read.
	TooLarge Perception = "too_large"
	// WrongKind: its type cannot be read, or it is not what it says it is.
	WrongKind Perception = "wrong_kind"
	// Gone: Meta does not have it any more.
	Gone Perception = "gone"
	// Undone: whoever fetches or reads it stayed ill for too long.
	Undone Perception = "undone"
)

// Perceptible reports whether a file of this kind is fetched at all.
func (k Kind) Perceptible() bool {
	return k == KindAudio || k == KindImage || k == KindDocument
}
