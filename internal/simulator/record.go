package simulator

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/pyloto/atende/internal/conversation"
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
	ctx, cancel := context.WithTimeout(r.Context(), ledgerPatience)
	defer cancel()
	stored, err := a.conversation(ctx, from)
	var turns []conversation.StoredTurn
	if err == nil && stored != nil {
		turns, err = a.archive.Turns(ctx, stored.ID, maxTurns)
	}
	if err != nil {
		refuseRequest(w, http.StatusServiceUnavailable, "the ledger does not answer")
		return
	}
	var file bytes.Buffer
	if err := scenario.Record(&file, a.recording(from, name, lines, turns)); err != nil {
		refuseRequest(w, http.StatusConflict, "there is nothing of this conversation to record")
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="conversa.yaml"`)
	_, _ = w.Write(file.Bytes())
}

func (a *api) recording(from, name string, lines []line, turns []conversation.StoredTurn) scenario.Recording {
	recording := scenario.Recording{Name: from, Profile: name, From: from}
	for _, l := range lines {
		if l.Direction != inwards {
			continue
		}
		said := scenario.Said{At: l.At, Message: recorded(l, lines)}
		id := conversation.MessageID(a.key.Message(pii.Contact(l.ID)))
		if i := slices.IndexFunc(turns, func(t conversation.StoredTurn) bool { return slices.Contains(t.Messages, id) }); i >= 0 {
			said.Turn = &turns[i].Turn
		}
		recording.Said = append(recording.Said, said)
	}
	if n := len(recording.Said); n > 0 {
		recording.Name += " " + recording.Said[0].At.UTC().Format("2006-01-02 15:04")
	}
	return recording
}

// recorded is what a lead wrote in the words of a scenario.
func recorded(l line, lines []line) scenario.Message {
	m := scenario.Message{Kind: scenario.MessageKind(l.Type), Text: l.Text}
	switch l.Type {
	case "button", "list":
		m = scenario.Message{Kind: scenario.KindTap, Text: l.Text, Title: l.Text}
		for _, offered := range lines {
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
