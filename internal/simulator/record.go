package simulator

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/scenario"
)

// getScenario is a person's conversation as a scenario, to go on from in a
// file.
func (a *api) getScenario(w http.ResponseWriter, r *http.Request) {
	from := r.PathValue("from")
	name, lines, known := a.transcript.of(from)
	if !known {
		refuseRequest(w, http.StatusNotFound, "nobody wrote from there")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), operatorPatience)
	defer cancel()
	t := tape{api: a, lines: lines, recording: scenario.Recording{
		Name: from, Profile: name, From: from, NoModel: a.operator.Minds.Model == "",
	}}
	if err := t.record(ctx, from); err != nil {
		refuseRequest(w, http.StatusServiceUnavailable, "the ledger does not answer")
		return
	}
	var file bytes.Buffer
	if err := scenario.Record(&file, t.recording); err != nil {
		refuseRequest(w, http.StatusConflict, "there is nothing of this conversation to record")
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="conversa.yaml"`)
	_, _ = w.Write(file.Bytes())
}

// tape makes a recording of what the transcript, the ledger and the clock know of
// a conversation.
type tape struct {
	*api
	lines     []line
	turns     []conversation.StoredTurn // oldest first
	recording scenario.Recording
}

func (t *tape) record(ctx context.Context, from string) error {
	stored, err := t.conversation(ctx, from)
	if err != nil {
		return err
	}
	if stored != nil {
		if t.turns, err = t.archive.Turns(ctx, stored.ID, maxMessages); err != nil {
			return err
		}
		slices.Reverse(t.turns)
	}
	t.named()
	for i, l := range t.lines {
		if l.Author == byOtto {
			continue
		}
		if err := t.wrote(ctx, i); err != nil {
			return err
		}
	}
	for _, turn := range t.turns {
		t.brought(turn.Turn)
	}
	for _, s := range t.clock.skipped() {
		t.recording.Events = append(t.recording.Events, scenario.Event{At: s.at, Skip: s.by})
	}
	slices.SortStableFunc(t.recording.Events, func(a, b scenario.Event) int { return a.At.Compare(b.At) })
	return nil
}

// named says whose conversation it was: that of an embedded pack, as far as it is
// one.
func (t *tape) named() {
	if len(t.lines) > 0 {
		t.recording.Name += " " + t.lines[0].At.UTC().Format("2006-01-02 15:04")
	}
	if len(t.turns) == 0 {
		return
	}
	own := t.operator.Minds.Pack
	embedded, err := pack.Named(own)
	if err != nil || embedded.Hash != t.turns[len(t.turns)-1].PackHash {
		t.note("It took place with a pack of PACK_DIR, which no scenario can name: it is played with the default one.")
		return
	}
	if usual, err := pack.DefaultName(); err != nil || usual != own {
		t.recording.Pack = own
	}
}

func (t *tape) note(format string, args ...any) {
	if note := fmt.Sprintf(format, args...); !slices.Contains(t.recording.Notes, note) {
		t.recording.Notes = append(t.recording.Notes, note)
	}
}

// wrote records what a lead, or a person of the team, wrote.
func (t *tape) wrote(ctx context.Context, i int) error {
	l := t.lines[i]
	m := t.message(i)
	id := conversation.MessageID(t.key.Message(pii.Contact(l.ID)))
	e := scenario.Event{At: l.At, Message: &m}
	if i := slices.IndexFunc(t.turns, func(turn conversation.StoredTurn) bool { return slices.Contains(turn.Messages, id) }); i >= 0 {
		e.Turn = &t.turns[i].Turn
	}
	if conversation.Kind(l.Type).Perceptible() {
		stored, _, known, err := t.archive.Message(ctx, id)
		if err != nil {
			return err
		}
		if known && stored.Perceived != nil {
			m.Perceived = &scenario.Perceived{Outcome: stored.Perceived.Outcome, Text: stored.Perceived.Text.Reveal()}
		}
	}
	t.recording.Events = append(t.recording.Events, e)
	return nil
}

// brought records a turn that nobody wrote for.
func (t *tape) brought(turn conversation.Turn) {
	e := scenario.Event{At: turn.DecidedAt, Turn: &turn}
	switch turn.Mode {
	case conversation.ModeInactive, conversation.ModeUnanswered, conversation.ModeReminded:
	case conversation.ModeAccepted:
		e.Team = scenario.Accept
	case conversation.ModeReleased:
		e.Team = scenario.Release
	case conversation.ModeMended, conversation.ModeStopped, conversation.ModeInvite:
		t.note("What Meta refused to deliver, and what came of that, is not played.")
		return
	default:
		return
	}
	t.recording.Events = append(t.recording.Events, e)
}

// message is one line in the words of a scenario.
func (t *tape) message(i int) scenario.Message {
	l := t.lines[i]
	if l.Author == byPerson {
		return scenario.Message{Kind: scenario.KindPerson, Text: l.Text}
	}
	m := scenario.Message{Kind: scenario.MessageKind(l.Type), Text: l.Text}
	switch l.Type {
	case "text":
		if l.ReplyTo != "" {
			m.To = t.words(l.ReplyTo)
		}
	case "reaction":
		if newest, ok := t.newest(i); !ok || newest.ID != l.ReplyTo {
			m.To = t.words(l.ReplyTo)
		}
	case "button", "list":
		m = scenario.Message{Kind: scenario.KindTap, Text: l.Text, Title: l.Text}
		for _, offered := range t.lines {
			for _, o := range offered.Options {
				if offered.ID == l.ReplyTo && o.Title == l.Text {
					m.Text = o.ID
				}
			}
		}
	case "document":
		m.Text, m.Caption = l.Filename, l.Text
	case "image", "video":
		m.Caption = l.Text
	case "location":
		if l.Latitude != nil && l.Longitude != nil {
			m.At = [2]float64{*l.Latitude, *l.Longitude}
		}
	}
	return m
}

// newest is the newest message of Otto's before a line.
func (t *tape) newest(before int) (line, bool) {
	for _, l := range slices.Backward(t.lines[:before]) {
		if l.Author == byOtto {
			return l, true
		}
	}
	return line{}, false
}

// words are those of the message of an id, by which a scenario finds it again.
func (t *tape) words(id string) string {
	i := slices.IndexFunc(t.lines, func(l line) bool { return l.ID == id })
	if i < 0 || t.lines[i].Text == "" || t.lines[i].Type == "reaction" {
		t.note("Which message is quoted or reacted to is said by its words; one that has none is left out.")
		return ""
	}
	return t.lines[i].Text
}
