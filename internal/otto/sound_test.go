package otto_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// malformed is why the channel would not take a reply; empty when it would.
func malformed(r conversation.Reply) string {
	said := r.Text.Reveal()
	if n := utf8.RuneCountInString(said); strings.TrimSpace(said) == "" || n > otto.MaxText || !utf8.ValidString(said) {
		return fmt.Sprintf("a text of %d characters: %q", n, said)
	}
	most, title := 0, 0
	switch r.Kind {
	case conversation.ReplyText:
	case conversation.ReplyButtons:
		most, title = 3, 20
	case conversation.ReplyList:
		most, title = 10, 24
	default:
		return fmt.Sprintf("kind %q", r.Kind)
	}
	if len(r.Options) > most || most > 0 && len(r.Options) == 0 {
		return fmt.Sprintf("%s with %d options", r.Kind, len(r.Options))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, o := range r.Options {
		if o.ID == "" || o.Title == "" || ids[o.ID] || titles[o.Title] || utf8.RuneCountInString(o.ID) > 200 ||
			utf8.RuneCountInString(o.Title) > title || utf8.RuneCountInString(o.Description) > 72 ||
			r.Kind == conversation.ReplyButtons && o.Description != "" {
			return fmt.Sprintf("option %+v", o)
		}
		ids[o.ID], titles[o.Title] = true, true
	}
	if (r.Kind == conversation.ReplyList) != (r.Menu != "") {
		return fmt.Sprintf("%s with menu %q", r.Kind, r.Menu)
	}
	return ""
}

// sound checks what holds for every answer, whatever the model said.
func sound(t *testing.T, from conversation.State, d otto.Decision) {
	t.Helper()
	if len(d.Replies) != 1 {
		t.Fatalf("%d replies", len(d.Replies))
	}
	if why := malformed(d.Replies[0]); why != "" {
		t.Fatal(why)
	}
	if d.To != d.Session.State || !d.To.Known() || d.From != from {
		t.Fatalf("%s → %s, session in %s", d.From, d.To, d.Session.State)
	}
	if d.To != from && !slices.Contains(conversation.LegalTargets(from), d.To) {
		t.Fatalf("%s → %s is no legal move", from, d.To)
	}
	if (d.To == conversation.HandoffHuman) != (d.Handoff != "") {
		t.Fatalf("→ %s with handoff %q", d.To, d.Handoff)
	}
	if d.To == conversation.ScheduledFollowup {
		t.Fatal("a follow-up without a record")
	}
	if d.Route == conversation.RouteSafe && d.Handoff == "" && d.To != from {
		t.Fatalf("the safe sentence moved %s to %s", from, d.To)
	}
	if d.Model.Calls < 1 || d.Model.Calls > 2 || len(d.Model.Outcomes) != d.Model.Calls {
		t.Fatalf("%d calls with outcomes %v", d.Model.Calls, d.Model.Outcomes)
	}
}

// worst makes schema-valid decisions that nobody would want.
type worst struct{ *rand.Rand }

func (w worst) text() string {
	pieces := []string{
		"", " ", "\n", "oi", "R$ 1.500", "Dr. ", "👩‍🍳", "🇧🇷", "👍🏽", "e\u0301", "\u200d", "\u202e", "\x00", "<b>", "</p>", "<", "&lt;", "**",
		"!", ". ", "…", "?", "ção ", strings.Repeat("a", 250), strings.Repeat("não sei. ", 40), strings.Repeat("\u0301", 40), strings.Repeat("x\u200d", 300),
	}
	var b strings.Builder
	for range w.IntN(12) {
		b.WriteString(pieces[w.IntN(len(pieces))])
	}
	return b.String()
}

func (w worst) decision(t *testing.T, from conversation.State) string {
	pick := func(values ...any) any { return values[w.IntN(len(values))] }
	targets := conversation.LegalTargets(from)
	options := []map[string]any{}
	for range w.IntN(13) {
		options = append(options, map[string]any{
			"id": pick("a", "b", "c", otto.TapPerson, "eventos", w.text()), "title": pick("Sim", "Não", w.text()),
			"description": pick(nil, "", w.text()),
		})
	}
	updates := []map[string]any{}
	for range w.IntN(4) {
		fields := conversation.CardFields()
		updates = append(updates, map[string]any{
			"field": fields[w.IntN(len(fields))], "value": pick("12", "eventos", w.text()), "words": pick("festa", w.text()),
		})
	}
	return decision(t, map[string]any{
		"next_state": targets[w.IntN(len(targets))], "response_text": w.text(),
		"message_type": pick("text", "interactive_button", "interactive_list"), "options": options,
		"asked_field": pick(nil, "email"), "facts": pick([]string{}, []string{"nenhum"}), "card_updates": updates,
		"requires_human": w.IntN(8) == 0, "human_reason": pick(nil, "requested", "risk"),
	})
}

func TestTheWorstLegalModelDoesNoHarm(t *testing.T) {
	rounds := 5_000
	if testing.Short() || raced {
		rounds = 500
	}
	w := worst{rand.New(rand.NewPCG(4, 2))}
	states := []conversation.State{conversation.Initial, conversation.Triage, conversation.CollectingInfo, conversation.GeneratingResponse}
	model := &scripted{}
	o := newOtto(t, model)
	routes := map[conversation.Route]int{}
	for range rounds {
		from := states[w.IntN(len(states))]
		model.asked = nil
		model.script = []func() (otto.Completion, error){says(w.decision(t, from)), says(w.decision(t, from))}
		d := decide(t, o, ask(in(from), "quero uma festa para doze"))
		sound(t, from, d)
		routes[d.Route]++
	}
	if routes[conversation.RouteModel] == 0 || routes[conversation.RouteSafe] == 0 {
		t.Errorf("routes: %v: the worst model is not bad enough, or too bad", routes)
	}
	t.Logf("%d decisions: %v", rounds, routes)
}

func TestHugeAndHostileTextsTakeNoTime(t *testing.T) {
	for _, piece := range []string{"<", "<a", "<a ", "&", "&#", "*", "\u0301", "\u200d", "🇧🇷", ".", "a. ", "\n", "\xff", "<b>"} {
		huge := strings.Repeat(piece, 60_000/len(piece))
		step := says(decision(t, map[string]any{"response_text": huge + ">"}))
		r := ask(in(conversation.Triage), "festa "+huge, huge)
		r.Conversation.Session.Person.Name = pii.Text(huge)
		sound(t, conversation.Triage, decide(t, newOtto(t, script(step, step)), r))
	}
}

func TestOttoAnswersManyAtOnce(t *testing.T) {
	o := newOtto(t, always(decision(t, nil)))
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			said := []string{"quanto custa a festa?", "/cardapio", "oi", "atendente"}[i%4]
			if d, err := o.Decide(t.Context(), ask(in(conversation.Initial), said)); err != nil || len(d.Replies) != 1 {
				t.Errorf("%q: %d replies, %v", said, len(d.Replies), err)
			}
		})
	}
	group.Wait()
}

// always is a model that says one thing.
type always string

func (m always) Complete(context.Context, otto.Prompt) (otto.Completion, error) {
	return otto.Completion{Text: string(m), Outcome: otto.OutcomeOK}, nil
}
