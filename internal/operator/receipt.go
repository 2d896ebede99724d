package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pii"
)

// Knowledge is what the business knows now: the facts that answers may rest on.
type Knowledge struct {
	Hash  string                // of the pack; turns were decided with one
	Facts map[string]FactDetail // by id
}

// Receipt is why Otto said what he said: one turn, told in the order in which it
// happened. What is personal in it is shown only when it is to be revealed.
type Receipt struct {
	Turn          conversation.TurnID        `json:"turn"`
	Conversation  conversation.ID            `json:"conversation"`
	Number        string                     `json:"number"` // ours
	CorrelationID string                     `json:"correlation_id"`
	DecidedAt     time.Time                  `json:"decided_at"`
	Phase         conversation.DeliveryPhase `json:"phase"`
	Heard         []HeardDetail              `json:"heard"`
	Decision      ReasonDetail               `json:"decision"`
	// Model is nil when it was not asked.
	Model    *ModelDetail    `json:"model,omitempty"`
	Verdicts []VerdictDetail `json:"verdicts,omitempty"`
	Steps    []StepDetail    `json:"steps,omitempty"`
	Parts    []PartDetail    `json:"parts"`
	Effects  []EffectDetail  `json:"effects,omitempty"`
}

// HeardDetail is one message that the turn answers.
type HeardDetail struct {
	ID conversation.MessageID `json:"id"`
	// Kind is empty when the ledger does not have the message any more.
	Kind       conversation.Kind `json:"kind,omitempty"`
	Note       string            `json:"note,omitempty"` // why it is unsupported
	Text       Words             `json:"text"`
	SentAt     time.Time         `json:"sent_at,omitzero"`
	ReceivedAt time.Time         `json:"received_at,omitzero"`
	// Perceived is what was made of its file; nil when nobody looked.
	Perceived *PerceivedDetail `json:"perceived,omitempty"`
}

// PerceivedDetail is what was made of a file, and what that took.
type PerceivedDetail struct {
	Outcome conversation.Perception `json:"outcome"`
	Said    Words                   `json:"said"` // in an audio
	// Confidence is zero when the transcription does not say how sure it is.
	Confidence   float64 `json:"confidence,omitempty"`
	LengthMS     float64 `json:"length_ms,omitempty"` // of an audio
	Model        string  `json:"model,omitempty"`
	TookMS       float64 `json:"took_ms,omitempty"`
	CostMicroUSD int64   `json:"cost_micro_usd,omitempty"`
}

// ReasonDetail is how the answer was found, and what it rests on.
type ReasonDetail struct {
	Route conversation.Route `json:"route"`
	Mode  conversation.Mode  `json:"mode,omitempty"`
	// Fallback is why the model was left out.
	Fallback conversation.Fallback `json:"fallback,omitempty"`
	From     conversation.State    `json:"from"`
	Into     conversation.State    `json:"into"`
	Event    conversation.Event    `json:"event"`
	Refused  string                `json:"refused,omitempty"` // a move that was not legal; a code
	// Asked is the field of the card that the answer asks for.
	Asked string       `json:"asked,omitempty"`
	Facts []FactDetail `json:"facts,omitempty"`
	// Intent and Confidence are the model's own, from 0 to 1.
	Intent     float64 `json:"intent,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
	PackHash   string  `json:"pack_hash,omitempty"`
	// PackCurrent says that it is the pack of this environment.
	PackCurrent bool `json:"pack_current"`
}

// FactDetail is a fact of the pack that the answer relied on. More than its id is
// known only where the pack is still the one that the turn was decided with.
type FactDetail struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
	// File and Line are where the pack states it.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// ModelDetail is what asking the model took.
type ModelDetail struct {
	Name         string       `json:"name"`
	Calls        []CallDetail `json:"calls"`
	TokensIn     int64        `json:"tokens_in"`
	TokensOut    int64        `json:"tokens_out"`
	TokensCached int64        `json:"tokens_cached"` // of those in
	// CostMicroUSD is in millionths of a US dollar; zero when the model's price
	// is not known.
	CostMicroUSD int64   `json:"cost_micro_usd"`
	TookMS       float64 `json:"took_ms"`
}

// CallDetail is one call of the model.
type CallDetail struct {
	Fingerprint string `json:"fingerprint"` // of the prompt
	Outcome     string `json:"outcome"`
	// Said is the model's own answer, which the guards may have refused.
	Said Words `json:"said"`
}

// StepDetail is one step of the turn and how long it took, in milliseconds.
type StepDetail struct {
	Name   string  `json:"name"`
	TookMS float64 `json:"took_ms"`
}

// metaID begins Meta's own ids of messages.
const metaID = "wamid."

// Receipt says why Otto said what he said. id is a turn's, or that of one of the
// messages that it answers: our own, or Meta's as it stands in a webhook.
func (o *Operator) Receipt(ctx context.Context, id string, reveal bool) (Receipt, error) {
	turn, err := o.turnOf(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	v, err := o.view(ctx, turn)
	if err != nil {
		return Receipt{}, err
	}
	knowledge, err := o.Knowledge()
	if err != nil {
		return Receipt{}, fmt.Errorf("read the pack: %w", err)
	}
	s := shower{reveal: reveal, ring: o.Ring}
	r := s.receipt(v.turn, knowledge)
	for _, mid := range v.turn.Messages {
		m, stored, known, err := o.Ledger.Message(ctx, mid)
		if err != nil {
			return Receipt{}, fmt.Errorf("read message: %w", err)
		}
		if !known || stored.Dead {
			m = conversation.Inbound{}
		}
		r.Heard = append(r.Heard, HeardDetail{
			ID: mid, Kind: m.Kind, Note: m.Note, Text: s.words(m.Text.Reveal()), SentAt: m.SentAt, ReceivedAt: m.ReceivedAt,
			Perceived: s.perceived(m.Perceived),
		})
	}
	return r, nil
}

// perceived is what was made of a file; nil when nobody looked.
func (s shower) perceived(p *conversation.Perceived) *PerceivedDetail {
	if p == nil {
		return nil
	}
	return &PerceivedDetail{
		Outcome: p.Outcome, Said: s.words(p.Text.Reveal()), Confidence: p.Confidence, LengthMS: milliseconds(p.Length),
		Model: p.Model, TookMS: milliseconds(p.Took), CostMicroUSD: p.CostMicroUSD,
	}
}

// turnOf is the turn that an id means.
func (o *Operator) turnOf(ctx context.Context, id string) (conversation.TurnID, error) {
	metas := strings.HasPrefix(id, metaID)
	if metas {
		id = o.Key.Message(pii.Contact(id))
	}
	switch kindOf(id) {
	case aTurn:
		return conversation.TurnID(id), nil
	case aLetter: // A message's id has the same form.
	default:
		return "", strange(id)
	}
	_, stored, known, err := o.Ledger.Message(ctx, conversation.MessageID(id))
	switch {
	case err != nil:
		return "", fmt.Errorf("read message: %w", err)
	case known && stored.Dead:
		return "", &Refusal{
			Code: GivenUp, Why: "the message was given up: no turn has answered it",
			Instead: fmt.Sprintf(`"atende parked show %s" has what is left of it`, id),
		}
	case !known && metas:
		return "", &Refusal{
			Code: Unknown, Why: "the ledger has no message of that id of Meta's: no turn has consumed it yet, or it has expired",
			Instead: "Meta's ids are found only with the CONTACT_HASH_KEY of the worker, and only those of messages that leads sent",
		}
	case !known || stored.Turn == "":
		return "", strange(id)
	}
	return stored.Turn, nil
}

func strange(id string) *Refusal {
	r := unknown(id)
	r.Why = strings.Replace(r.Why, "turn or dead letter", "turn or message", 1)
	r.Instead = "it is a turn's id, a message's, or Meta's own of a message (wamid.…); a message has a turn once it was consumed, and for 30 days"
	return r
}

// receipt is the turn's own part of a receipt.
func (s shower) receipt(t conversation.StoredTurn, k Knowledge) Receipt {
	current := t.PackHash != "" && t.PackHash == k.Hash
	r := Receipt{
		Turn: t.ID, Conversation: t.Conversation, Number: t.Number, CorrelationID: t.CorrelationID, DecidedAt: t.DecidedAt,
		Phase: t.Phase(), Heard: []HeardDetail{}, Parts: []PartDetail{}, Verdicts: s.verdicts(t.Verdicts), Model: s.model(t.Model),
		Decision: ReasonDetail{
			Route: t.Route, Mode: t.Mode, Fallback: t.Fallback, From: t.From, Into: t.Into, Event: t.Event, Refused: t.Refused,
			Asked: t.Reasons.Asked, Intent: t.Reasons.Intent, Confidence: t.Reasons.Confidence,
			PackHash: t.PackHash, PackCurrent: current,
		},
	}
	for _, id := range t.Reasons.Facts {
		fact := FactDetail{}
		if current {
			fact = k.Facts[id]
		}
		fact.ID = id
		r.Decision.Facts = append(r.Decision.Facts, fact)
	}
	for _, p := range t.Phases {
		r.Steps = append(r.Steps, StepDetail{Name: p.Name, TookMS: milliseconds(p.Took)})
	}
	for i, delivery := range t.Deliveries {
		r.Parts = append(r.Parts, s.part(i, t.Replies[i], delivery))
	}
	for i, record := range t.Records {
		r.Effects = append(r.Effects, s.effect(i, t.Effects[i], record))
	}
	return r
}

func (s shower) model(m conversation.Model) *ModelDetail {
	if m.Calls == 0 {
		return nil
	}
	d := &ModelDetail{
		Name: m.Name, Calls: make([]CallDetail, m.Calls), TokensIn: m.TokensIn, TokensOut: m.TokensOut, TokensCached: m.TokensCached,
		CostMicroUSD: m.CostMicroUSD, TookMS: milliseconds(m.Took),
	}
	for i := range d.Calls {
		call := &d.Calls[i]
		if i < len(m.Answers) {
			call.Fingerprint, call.Outcome, call.Said = m.Answers[i].Fingerprint, m.Answers[i].Outcome, s.words(m.Answers[i].Text.Reveal())
		}
		if i < len(m.Outcomes) { // What Otto made of it is more than what the model said of itself.
			call.Outcome = m.Outcomes[i]
		}
	}
	return d
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
