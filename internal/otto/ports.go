package otto

import (
	"context"
	"encoding/json"

	"github.com/pyloto/atende/internal/conversation"
)

// Model is whatever completes a prompt.
type Model interface {
	// Complete asks once, within the time of ctx, and never retries. A model
	// that could not answer (timeout, network, throttling, 5xx) is an error
	// marked [fault.Dependency] or [fault.Throttled]. A model that answered is
	// a Completion whatever it answered: refusals and cut answers are
	// outcomes. It is safe for concurrent use.
	Complete(ctx context.Context, p Prompt) (Completion, error)
}

// Prompt is one request to a model.
type Prompt struct {
	// CacheKey groups requests that share a long prefix: same tenant, same
	// pack, same state. At most 64 characters, no personal data.
	CacheKey string
	Messages []PromptMessage
	// SchemaName and Schema are the strict JSON schema of the answer.
	SchemaName string
	Schema     json.RawMessage
	// MaxTokens bounds the answer.
	MaxTokens int
	// Fingerprint is the SHA-256, in hexadecimal, of everything above that
	// decides the answer. Of files it is their digests that count, so that it is
	// the same where a file is not there any more.
	Fingerprint string
}

// The roles of a prompt's messages.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
)

// PromptMessage is one message of a prompt.
type PromptMessage struct {
	Role    string
	Content string
	Files   []conversation.File // for the model to look at, after Content
}

// Outcome is how a model's answer ended.
type Outcome string

// The outcomes of a completion. Invalid is never said by a model: it is what
// Otto calls an answer that ended well but is not a decision.
const (
	OutcomeOK      Outcome = "ok"
	OutcomeRefusal Outcome = "refusal"
	OutcomeLength  Outcome = "length" // cut at MaxTokens
	OutcomeFilter  Outcome = "filter" // a content filter of the provider
	OutcomeEmpty   Outcome = "empty"
	OutcomeInvalid Outcome = "invalid"
)

// Completion is what a model answered. Text counts only when Outcome is ok.
type Completion struct {
	Text    string
	Outcome Outcome
	Model   string
	// Tokens as the provider counted them; TokensCached are part of TokensIn.
	TokensIn, TokensOut, TokensCached int64
	// CostMicroUSD is what they cost; zero when the price is not known.
	CostMicroUSD int64
}
