package turn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/otto"
)

// Recorded is a turn as the ledger has it, with the messages that it consumed.
type Recorded struct {
	Turn     conversation.StoredTurn
	Messages []conversation.Inbound
}

// Replayed is what came of deciding a turn again.
type Replayed struct {
	Turn conversation.TurnID
	// Differences are the steps that came out otherwise than recorded, in their
	// order; none means that decision, prompts, verdicts and bytes are the same.
	Differences []Difference
	// Skipped says why the turn could not be decided again; empty when it was.
	Skipped string
}

// Difference is one step that came out otherwise. Its detail holds codes and
// numbers, never what anybody said.
type Difference struct {
	Step   Step
	Detail string
}

// Step is a step of a turn that can be replayed.
type Step string

// The steps, in their order.
const (
	StepPack         Step = "pack"         // what the business knows
	StepConversation Step = "conversation" // what was known of the lead
	StepPrompt       Step = "prompt"       // what the model was asked
	StepDecision     Step = "decision"     // the route and the move
	StepVerdicts     Step = "verdicts"     // what the guards said
	StepReplies      Step = "replies"      // the words
	StepEffects      Step = "effects"      // what else was to happen
	StepBytes        Step = "bytes"        // what Meta accepted
)

// ReplayOptions are what a Replay needs; all are required.
type ReplayOptions struct {
	// Mind makes a mind that asks the given model; without one it asks none.
	Mind func(model otto.Model) (Mind, error)
	// PackHash names the knowledge of those minds.
	PackHash string
	// Digest is the digest of the bytes that an attempt posts.
	Digest func(m conversation.Outgoing) string
}

// Replay decides turns of one conversation again, oldest first, from their
// records alone: the model's part is played by what it answered then. A turn
// whose beginning is not known, because those before it have expired or came
// out otherwise, is skipped until a record holds the conversation again.
func Replay(ctx context.Context, o ReplayOptions, history []Recorded) ([]Replayed, error) {
	r, err := newReplayer(o)
	if err != nil {
		return nil, err
	}
	var replayed []Replayed
	for _, recorded := range history {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		replayed = append(replayed, r.turn(ctx, recorded))
	}
	return replayed, nil
}

type replayer struct {
	ReplayOptions
	player                  *player
	thoughtful, thoughtless Mind
	// conv is the conversation as it stands before the next turn; nil when that
	// is not known.
	conv *conversation.Conversation
}

func newReplayer(o ReplayOptions) (*replayer, error) {
	r := &replayer{ReplayOptions: o, player: &player{}}
	var err error
	if r.thoughtful, err = o.Mind(r.player); err != nil {
		return nil, fmt.Errorf("make a mind: %w", err)
	}
	if r.thoughtless, err = o.Mind(nil); err != nil {
		return nil, fmt.Errorf("make a mind: %w", err)
	}
	return r, nil
}

// incomplete says what of a turn's own record is missing to decide it again;
// empty when nothing is.
func incomplete(recorded Recorded) string {
	switch {
	case recorded.Turn.Mode == "":
		return "it was recorded by a program that kept too little"
	case len(recorded.Messages) != len(recorded.Turn.Messages):
		return "messages of it have expired"
	}
	return ""
}

// notRecorded is why a turn cannot be decided again whose beginning is not known.
const notRecorded = "what was known before it is not recorded"

// beginning is the conversation before a turn, as the turns before it or its own
// record tell; nil when neither does.
func (r *replayer) beginning(t conversation.StoredTurn) *conversation.Conversation {
	switch {
	case r.conv != nil && r.conv.Version == t.Version-1 && (len(t.Absorbed) == 0 || t.Before == nil):
		return r.conv
	case t.Before != nil:
		return t.Before
	case t.Version == 1:
		fresh := conversation.New(t.Conversation, t.Number, conversation.Identity{})
		return &fresh
	}
	return nil
}

// request is what a mind was asked in a turn.
func (recorded Recorded) request(was conversation.Conversation) otto.Request {
	request := ask(was, recorded.Messages, recorded.Turn.DecidedAt)
	request.Noted = recorded.Turn.Noted
	return request
}

// turn decides one turn again.
func (r *replayer) turn(ctx context.Context, recorded Recorded) Replayed {
	t := recorded.Turn
	was := r.beginning(t)
	r.conv = nil // until this turn came out as recorded
	result := Replayed{Turn: t.ID, Skipped: incomplete(recorded)}
	switch {
	case result.Skipped != "":
		return result
	case t.PackHash != r.PackHash:
		result.differ(StepPack, "recorded with pack %.12s, replayed with %.12s", t.PackHash, r.PackHash)
		return result
	case was == nil:
		result.Skipped = notRecorded
		return result
	}
	request := recorded.request(*was)
	if t.Before != nil && !same(frugal(request.Conversation), frugal(*t.Before)) {
		result.differ(StepConversation, "version %d is not what its turns make of it", t.Version-1)
	}
	decision, err := r.decide(ctx, request, t.Turn, &result)
	if err != nil {
		result.differ(StepPrompt, "the model was asked more often than recorded")
		return result
	}
	r.compare(&result, t, decision, request)
	if len(result.Differences) == 0 {
		next := after(r.thoughtless, request, decision, t.Mode, request.Conversation.Spent)
		r.conv = &next
	}
	return result
}

// frugal is a conversation without what no decision depends on: what it cost, for
// what a budget forbade is in a turn's mode, which timer watches it, and what
// Meta allows or has refused.
func frugal(c conversation.Conversation) conversation.Conversation {
	c.Spent, c.Expiry, c.Pace = conversation.Spent{}, conversation.Expiry{}, time.Time{}
	c.Mended, c.Spared, c.Invited = nil, time.Time{}, time.Time{}
	return c
}

// withoutThought is the decision of a turn that asked no model; ok is false for
// one that was to find the best answer there is.
func withoutThought(mind Mind, request otto.Request, mode conversation.Mode) (d otto.Decision, ok bool) {
	switch mode {
	case conversation.ModeSilent:
		route, _ := unanswerable(request)
		return silent(mind, request, route), true
	case conversation.ModeFallback:
		return mind.Fallback(request), true
	case conversation.ModeTaken:
		return mind.TakenOver(request), true
	case conversation.ModeUnanswered, conversation.ModeReminded:
		return mind.Unanswered(request, mode == conversation.ModeUnanswered), true
	case conversation.ModeInactive:
		return otto.Inactive(request), true
	case conversation.ModeReleased:
		return otto.Released(request), true
	case conversation.ModeAccepted:
		return otto.Accepted(request), true
	case conversation.ModeMended:
		return otto.Mended(request), true
	case conversation.ModeStopped:
		return otto.Stopped(request), true
	case conversation.ModeInvite:
		decision, _ := mind.Invite(request)
		return decision, true
	}
	return otto.Decision{}, false
}

// decide asks the mind as it was asked then.
func (r *replayer) decide(ctx context.Context, request otto.Request, t conversation.Turn, result *Replayed) (otto.Decision, error) {
	if decision, ok := withoutThought(r.thoughtful, request, t.Mode); ok {
		return decision, nil
	}
	r.player.answers, r.player.asked = t.Model.Answers, nil
	decision, err := r.thoughtful.Decide(ctx, request)
	if err != nil && len(t.Model.Answers) == 0 {
		// There was no model then.
		return r.thoughtless.Decide(ctx, request)
	}
	for i, answer := range t.Model.Answers {
		switch {
		case i >= len(r.player.asked):
			result.differ(StepPrompt, "call %d was not made", i+1)
		case r.player.asked[i] != answer.Fingerprint:
			result.differ(StepPrompt, "call %d was asked something else", i+1)
		}
	}
	return decision, err
}

// compare names what came out otherwise than recorded.
func (r *replayer) compare(result *Replayed, t conversation.StoredTurn, d otto.Decision, request otto.Request) {
	if d.Route != t.Route || d.From != t.From || d.To != t.Into || d.Event != t.Event || d.Refused != t.Refused {
		result.differ(StepDecision, "recorded %s, %s to %s by %s; replayed %s, %s to %s by %s",
			t.Route, t.From, t.Into, t.Event, d.Route, d.From, d.To, d.Event)
	}
	if !same(d.Verdicts, t.Verdicts) {
		result.differ(StepVerdicts, "recorded %d of which %d blocked, replayed %d of which %d did",
			len(t.Verdicts), len(blocked(t.Verdicts)), len(d.Verdicts), len(blocked(d.Verdicts)))
	}
	if !same(d.Replies, t.Replies) || !same(request.Conversation.Session.Person, t.To) {
		result.differ(StepReplies, "recorded %d, replayed %d, to the same person: %v",
			len(t.Replies), len(d.Replies), same(request.Conversation.Session.Person, t.To))
	}
	r.compareEffects(result, t, d, request)
	for part, delivery := range t.Deliveries {
		for attempt, answer := range delivery.Results {
			if answer.Digest == "" || part >= len(d.Replies) {
				continue
			}
			digest := r.Digest(conversation.Outgoing{
				Number: t.Number, To: t.To, Reply: d.Replies[part], Opaque: conversation.Opaque(t.ID, part, attempt),
			})
			if digest != answer.Digest {
				result.differ(StepBytes, "part %d, attempt %d: recorded %.12s, replayed %.12s", part+1, attempt, answer.Digest, digest)
			}
		}
	}
}

// compareEffects names what was to happen otherwise. Which ways there were to
// tell the team is in the record alone.
func (r *replayer) compareEffects(result *Replayed, t conversation.StoredTurn, d otto.Decision, request otto.Request) {
	next := after(r.thoughtless, request, d, t.Mode, request.Conversation.Spent)
	handoff, appointment := records(next, t.ID, request, d)
	for _, effect := range t.Effects {
		switch {
		case effect.Kind == conversation.EffectHandoff && !same(effect.Handoff, handoff):
			result.differ(StepEffects, "recorded another handoff than replayed, for %q", d.Handoff)
		case effect.Kind == conversation.EffectAppointment && !same(effect.Appointment, appointment):
			result.differ(StepEffects, "recorded another appointment than replayed")
		case effect.Kind == conversation.EffectMessage && !same(effect.Message, forwarded(request.Messages)):
			result.differ(StepEffects, "forwarded something else than replayed")
		}
	}
}

func (r *Replayed) differ(step Step, format string, args ...any) {
	r.Differences = append(r.Differences, Difference{step, fmt.Sprintf(format, args...)})
}

// same compares what a record keeps of two values.
func same(a, b any) bool {
	if v, w := reflect.ValueOf(a), reflect.ValueOf(b); v.Kind() == reflect.Slice && v.Len() == 0 && w.Len() == 0 {
		return true
	}
	one, errOne := json.Marshal(a)
	two, errTwo := json.Marshal(b)
	return errOne == nil && errTwo == nil && bytes.Equal(one, two)
}

// player plays the model by what it answered before.
type player struct {
	answers []conversation.ModelAnswer
	asked   []string // fingerprints
}

var (
	errNotAsked = fault.Mark(errors.New("the model was not asked then"), fault.Broken)
	errNoAnswer = fault.Mark(errors.New("the model did not answer then"), fault.Dependency)
)

// Complete answers a prompt as it was answered then, whatever it asks.
func (p *player) Complete(_ context.Context, prompt otto.Prompt) (otto.Completion, error) {
	if len(p.asked) >= len(p.answers) {
		return otto.Completion{}, errNotAsked
	}
	answer := p.answers[len(p.asked)]
	p.asked = append(p.asked, prompt.Fingerprint)
	if answer.Outcome == "" {
		return otto.Completion{}, errNoAnswer
	}
	return otto.Completion{Text: answer.Text.Reveal(), Outcome: otto.Outcome(answer.Outcome)}, nil
}
