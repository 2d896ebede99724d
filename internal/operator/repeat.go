package operator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/turn"
)

// Minds are those that can decide a turn again for real.
type Minds struct {
	// Packs are the names of what they can know, and Pack the worker's own among
	// them.
	Packs []string
	Pack  string
	// Model is the worker's own; empty when none is asked.
	Model string
	// New makes a mind of a pack of that list and of a model; without a model it
	// has none. Whatever it asks the model is bounded as in the worker.
	New func(pack, model string) (turn.Mind, error)
}

// Repetition is one turn as it was decided and as it would be decided now. It
// holds what was said.
type Repetition struct {
	Turn conversation.TurnID `json:"turn"`
	Was  Decided             `json:"was"`
	Now  Decided             `json:"now"`
	// Differences are what came out otherwise, in the order of the fields; what
	// was spent is none.
	Differences []Change `json:"differences"`
}

// Decided is what came of deciding a turn.
type Decided struct {
	Route conversation.Route `json:"route"`
	From  conversation.State `json:"from"`
	Into  conversation.State `json:"into"`
	// Text is that of each reply, and Options the titles of all their choices.
	Text    []string `json:"text"`
	Options []string `json:"options"`
	// Facts are the ids of the facts of the pack that the answer relies on.
	Facts    []string `json:"facts"`
	Verdicts []Judged `json:"verdicts"`

	TokensIn     int64   `json:"tokens_in"`
	TokensOut    int64   `json:"tokens_out"`
	CostMicroUSD int64   `json:"cost_micro_usd"` // zero when the model's price is not known
	TookMS       float64 `json:"took_ms"`        // of the model
}

// Judged is what one guard said of a draft.
type Judged struct {
	Guard string `json:"guard"`
	OK    bool   `json:"ok"`
}

// Change is one field that came out otherwise.
type Change struct {
	Field string `json:"field"`
	Was   any    `json:"was"`
	Now   any    `json:"now"`
}

// Repeat decides a turn again with a pack and a model by their names; an empty
// name is the worker's own. The model is really asked, of what it was asked then.
// Nothing is sent and nothing is written.
func (o *Operator) Repeat(ctx context.Context, id, pack, model string) (Repetition, error) {
	mind, err := o.mind(pack, model)
	if err != nil {
		return Repetition{}, err
	}
	if kindOf(id) != aTurn {
		return Repetition{}, unknown(id)
	}
	v, err := o.view(ctx, conversation.TurnID(id))
	if err != nil {
		return Repetition{}, err
	}
	history, err := o.upTo(ctx, v.turn)
	if err != nil {
		return Repetition{}, err
	}
	script, err := o.Script()
	if err != nil {
		return Repetition{}, fmt.Errorf("repeat: %w", err)
	}
	began := o.Now()
	decision, skipped, err := turn.Repeat(ctx, script, history, mind)
	switch {
	case fault.Is(err, fault.Broken):
		return Repetition{}, &Refusal{Code: NoModel, Why: err.Error(), Instead: "name another model"}
	case err != nil:
		return Repetition{}, fmt.Errorf("repeat: %w", err)
	case skipped != "":
		return Repetition{}, notRecorded(skipped)
	}
	if decision.Model.Calls > 0 {
		decision.Model.Took = o.Now().Sub(began)
	}
	t := v.turn.Turn
	r := Repetition{
		Turn: t.ID,
		Was:  decided(t.Route, t.From, t.Into, t.Replies, t.Reasons, t.Verdicts, t.Model),
		Now: decided(decision.Route, decision.From, decision.To, decision.Replies, decision.Reasons, decision.Verdicts,
			decision.Model),
	}
	r.Differences = r.Was.differences(r.Now)
	return r, nil
}

// mind is one of a pack and a model by their names.
func (o *Operator) mind(pack, model string) (turn.Mind, error) {
	pack = cmp.Or(pack, o.Minds.Pack)
	if !slices.Contains(o.Minds.Packs, pack) {
		return nil, &Refusal{
			Code: NoPack, Why: "there is no pack of that name", Instead: "there are: " + strings.Join(o.Minds.Packs, ", "),
		}
	}
	if model != "" && o.Minds.Model == "" {
		return nil, &Refusal{Code: NoModel, Why: "no model is asked here (OPENAI_ENABLED)", Instead: "name none"}
	}
	mind, err := o.Minds.New(pack, cmp.Or(model, o.Minds.Model))
	if err != nil {
		return nil, fmt.Errorf("make a mind: %w", err)
	}
	return mind, nil
}

// upTo is the history of a turn's conversation, oldest first, of which the turn
// is the last.
func (o *Operator) upTo(ctx context.Context, t conversation.StoredTurn) ([]turn.Recorded, error) {
	history, err := o.history(ctx, t.Conversation)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(history, func(r turn.Recorded) bool { return r.Turn.ID == t.ID })
	if i < 0 {
		return nil, notRecorded(fmt.Sprintf("its conversation has had more than %d turns since", maxReplayed))
	}
	return history[:i+1], nil
}

func notRecorded(why string) *Refusal {
	return &Refusal{Code: NotRecorded, Why: "the turn cannot be decided again: " + why}
}

// decided is what came of a decision, with lists that are never null in JSON.
func decided(route conversation.Route, from, into conversation.State, replies []conversation.Reply,
	reasons conversation.Reasons, verdicts []conversation.Verdict, model conversation.Model,
) Decided {
	d := Decided{
		Route: route, From: from, Into: into, Text: []string{}, Options: []string{}, Facts: append([]string{}, reasons.Facts...),
		Verdicts: []Judged{}, TokensIn: model.TokensIn, TokensOut: model.TokensOut, CostMicroUSD: model.CostMicroUSD,
		TookMS: float64(model.Took) / float64(time.Millisecond),
	}
	for _, reply := range replies {
		d.Text = append(d.Text, reply.Text.Reveal())
		for _, option := range reply.Options {
			d.Options = append(d.Options, option.Title)
		}
	}
	for _, v := range verdicts {
		d.Verdicts = append(d.Verdicts, Judged{Guard: v.Guard, OK: v.OK})
	}
	return d
}

// differences are the fields in which a decision came out otherwise now.
func (d Decided) differences(now Decided) []Change {
	changes := []Change{}
	differ := func(field string, same bool, was, is any) {
		if !same {
			changes = append(changes, Change{field, was, is})
		}
	}
	differ("route", d.Route == now.Route, d.Route, now.Route)
	differ("from", d.From == now.From, d.From, now.From)
	differ("into", d.Into == now.Into, d.Into, now.Into)
	differ("text", slices.Equal(d.Text, now.Text), d.Text, now.Text)
	differ("options", slices.Equal(d.Options, now.Options), d.Options, now.Options)
	differ("facts", slices.Equal(d.Facts, now.Facts), d.Facts, now.Facts)
	differ("verdicts", slices.Equal(d.Verdicts, now.Verdicts), d.Verdicts, now.Verdicts)
	return changes
}
