package operator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/turn"
)

// Handoffs are the conversations that a person owns, the longest waiting first.
type Handoffs struct {
	Handoffs []OpenHandoff `json:"handoffs"`
	// More says that there are more than the list may hold.
	More bool `json:"more"`
}

// OpenHandoff is one conversation that a person owns. It holds nothing personal.
type OpenHandoff struct {
	Conversation conversation.ID `json:"conversation"`
	// Turn is the one that asked for a person; its briefing is shown with it.
	Turn   conversation.TurnID `json:"turn,omitempty"`
	Reason string              `json:"reason,omitempty"` // a code
	Since  time.Time           `json:"since,omitzero"`
	// Team is whether the team was told.
	Team TeamTold `json:"team"`
	// Deadline is when lead or team are told next that nobody has come; zero
	// when they are told no more.
	Deadline time.Time `json:"deadline,omitzero"`
	// Reminders is how often the team was told again, LeadTold when the lead
	// was last told that nobody has come, and Came when a person wrote first or
	// took it.
	Reminders int       `json:"reminders"`
	LeadTold  time.Time `json:"lead_told,omitzero"`
	Came      time.Time `json:"came,omitzero"`
}

// TeamTold is whether the team was told of a handoff.
type TeamTold string

// Whether the team was told.
const (
	TeamKnows   TeamTold = "told"
	TeamPending TeamTold = "pending" // it is being tried
	TeamParked  TeamTold = "parked"  // an operator has to look
	TeamNobody  TeamTold = "nobody"  // no way to tell it was configured
	TeamUnknown TeamTold = "unknown" // the record has expired
)

// takenOver is the reason of a handoff that nobody asked for.
const takenOver = "taken_over"

// Handoffs lists the conversations that a person owns, at most limit; zero is
// [DefaultLimit].
func (o *Operator) Handoffs(ctx context.Context, limit int) (Handoffs, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	// The ledger lists them by their ids: to find the oldest, look at more.
	owned, err := o.Ledger.HandedOff(ctx, MaxLimit)
	if err != nil {
		return Handoffs{}, fmt.Errorf("list handoffs: %w", err)
	}
	slices.SortStableFunc(owned, func(a, b conversation.StoredConversation) int {
		return cmp.Or(since(a).Compare(since(b)), cmp.Compare(a.ID, b.ID))
	})
	list := Handoffs{Handoffs: []OpenHandoff{}, More: len(owned) == MaxLimit || len(owned) > limit}
	owned = owned[:min(limit, len(owned))]
	var ids []string
	for _, c := range owned {
		if c.Handoff != nil {
			ids = append(ids, c.Handoff.ID)
		}
	}
	records, err := o.Ledger.Handoffs(ctx, ids)
	if err != nil {
		return Handoffs{}, fmt.Errorf("read handoffs: %w", err)
	}
	for _, c := range owned {
		item := OpenHandoff{Conversation: c.ID, Team: TeamUnknown}
		if w := c.Handoff; w != nil {
			item.Turn, item.Since, item.Deadline = conversation.TurnID(w.ID), w.Since, w.Deadline
			item.Reminders, item.LeadTold, item.Came = len(w.Reminders), w.Told, w.Came
			item.Reason = records[w.ID].Reason
			if w.Taken { // The person who would be told is the one who wrote.
				item.Reason, item.Team = takenOver, TeamKnows
			} else if item.Team, err = o.teamTold(ctx, item.Turn); err != nil {
				return Handoffs{}, err
			}
		}
		list.Handoffs = append(list.Handoffs, item)
	}
	return list, nil
}

// since is how long a conversation has been a person's, as far as it is known.
func since(c conversation.StoredConversation) time.Time {
	if c.Handoff == nil {
		return c.Session.Since
	}
	return c.Handoff.Since
}

// teamTold is whether the team was told of the handoff that a turn asked for.
func (o *Operator) teamTold(ctx context.Context, id conversation.TurnID) (TeamTold, error) {
	snapshot, err := o.Ledger.Load(ctx, conversation.Query{Turn: id})
	if err != nil {
		return "", fmt.Errorf("read turn: %w", err)
	}
	if snapshot.Turn == nil {
		return TeamUnknown, nil
	}
	told := TeamNobody
	for i, effect := range snapshot.Turn.Effects {
		if effect.Kind != conversation.EffectHandoff {
			continue
		}
		switch snapshot.Turn.Records[i].Phase() {
		case conversation.EffectDone:
			return TeamKnows, nil
		case conversation.EffectPending:
			told = TeamPending
		default:
			if told == TeamNobody {
				told = TeamParked
			}
		}
	}
	return told, nil
}

// Release gives a conversation back to Otto. who is its id, or the phone number
// of a lead. Nothing is said to the lead.
func (o *Operator) Release(ctx context.Context, who string) (Outcome, error) {
	released, deeds, err := o.word(ctx, who, word{
		say: turn.Release, mode: conversation.ModeReleased, did: Released, half: view.underWay,
		otherwise: func(conversation.StoredConversation) *Refusal { return notHandedOff() },
	})
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{ID: string(released.Conversation), Deeds: deeds}
	if err := o.noteWord(ctx, conversation.ActReleased, released, deeds); err != nil {
		return Outcome{}, &Unfinished{deeds, err}
	}
	// What the turn sets going is the worker's to do.
	if err := o.look(ctx, released, &outcome); err != nil {
		return Outcome{}, &Unfinished{deeds, err}
	}
	return outcome, nil
}

// Accept is a person who takes a conversation that was handed off, before having
// written to the lead: lead and team are told no more that nobody has come. who
// is its id, or the phone number of a lead. Nothing is said to the lead. A
// conversation to which somebody has come already stays as it is, and its
// outcome has no deeds.
func (o *Operator) Accept(ctx context.Context, who string) (Outcome, error) {
	accepted, deeds, err := o.word(ctx, who, word{
		say: turn.Accept, mode: conversation.ModeAccepted, did: Accepted,
		half: func(view) bool { return true }, // Its act may be missing; nothing of the turn tells.
		otherwise: func(conv conversation.StoredConversation) *Refusal {
			if conv.Owner == conversation.OwnerPerson {
				return nil
			}
			return notHandedOff()
		},
	})
	if err != nil {
		return Outcome{}, err
	}
	if accepted.Mode == conversation.ModeAccepted {
		if err := o.noteWord(ctx, conversation.ActAccepted, accepted, deeds); err != nil {
			return Outcome{}, &Unfinished{deeds, err}
		}
	}
	return Outcome{ID: string(accepted.Conversation), Deeds: deeds}, nil
}

// word is what a person says about a handoff, and how it becomes a turn.
type word struct {
	// say is the commit; false when there is nothing to be said.
	say  func(conversation.StoredConversation, turn.HandoffOptions) (conversation.Commit, bool)
	mode conversation.Mode
	did  Did
	// half is whether the turn that said it may have been left half done.
	half func(view) bool
	// otherwise is why there is nothing to be said; nil when all is well.
	otherwise func(conversation.StoredConversation) *Refusal
}

// word commits what a person says, against everybody who writes meanwhile. Where
// it was said before, the turn is the one that said it, as long as that is the
// newest and may be half done; else it is empty but for the conversation.
func (o *Operator) word(ctx context.Context, who string, w word) (said conversation.Turn, deeds []Deed, err error) {
	deeds = []Deed{}
	err = persist(func() (more bool, err error) {
		conv, err := o.find(ctx, who)
		if err != nil {
			return false, err
		}
		script, err := o.Script()
		if err != nil {
			return false, fmt.Errorf("%s: %w", w.did, err)
		}
		commit, ok := w.say(*conv, turn.HandoffOptions{
			PackHash: script.PackHash, SessionTTL: o.SessionTTL, Token: o.Token(), Now: o.Now(),
		})
		if !ok {
			said, err = o.saidBefore(ctx, *conv, w)
			return false, err
		}
		if err := o.settled(ctx, *conv); err != nil {
			return false, err
		}
		if _, err := o.Ledger.Commit(ctx, commit); err != nil {
			return false, fmt.Errorf("%s: %w", w.did, err)
		}
		said, deeds = commit.Turn, append(deeds, Deed{What: Conversation, Did: w.did})
		return false, nil
	})
	return said, deeds, err
}

// settled says whether the last answer of a conversation is on its way: whatever
// comes after it must not reach the lead first.
func (o *Operator) settled(ctx context.Context, conv conversation.StoredConversation) error {
	v, err := o.view(ctx, conv.LastTurn)
	if refusal(err) != nil { // It has expired.
		return nil
	}
	if err != nil {
		return err
	}
	if !v.turn.Phase().Terminal() {
		return &Refusal{
			Code: OnItsWay, Why: fmt.Sprintf("the last answer is %s: a newer one could reach the lead before it", v.turn.Phase()),
			Instead: "try again in a minute",
		}
	}
	return nil
}

// saidBefore is the newest turn of a conversation when that has said the word and
// may have been left half done.
func (o *Operator) saidBefore(ctx context.Context, conv conversation.StoredConversation, w word) (conversation.Turn, error) {
	v, err := o.view(ctx, conv.LastTurn)
	if err != nil && refusal(err) == nil {
		return conversation.Turn{}, err
	}
	if err == nil && v.turn.Mode == w.mode && w.half(v) {
		return v.turn.Turn, nil
	}
	if refused := w.otherwise(conv); refused != nil {
		return conversation.Turn{}, refused
	}
	return conversation.Turn{Conversation: conv.ID}, nil
}

// noteWord notes an act under the turn that came of it.
func (o *Operator) noteWord(ctx context.Context, kind conversation.ActKind, t conversation.Turn, deeds []Deed) error {
	a := conversation.Act{Kind: kind, Conversation: t.Conversation, Turn: t.ID}
	return o.note(ctx, a, string(t.ID), t.Version, deeds)
}

func notHandedOff() *Refusal {
	return &Refusal{
		Code: NotHandedOff, Why: "no person owns the conversation: it is Otto's",
		Instead: "\"atende handoff list\" has those that a person owns",
	}
}
