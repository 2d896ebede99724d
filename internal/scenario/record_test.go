package scenario_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/scenario"
)

func TestARecordingSaysWhatTookPlace(t *testing.T) {
	at := time.Date(2026, 11, 30, 13, 0, 0, 0, time.UTC)
	first := &conversation.Turn{
		ID: "c~1", Route: conversation.RouteModel, From: conversation.Initial, Into: conversation.Triage,
		Replies: []conversation.Reply{{Text: "Fazemos, sim. O que ele precisa ter?"}},
		Model: conversation.Model{Answers: []conversation.ModelAnswer{
			{Outcome: "length"}, {Outcome: ""}, {Outcome: "ok", Text: "isso não é JSON"},
			{Outcome: "ok", Text: `{"next_state":"TRIAGE","response_text":"Fazemos, sim. O que ele precisa ter?","message_type":"text","options":[],` +
				`"asked_field":"specific_need","facts":[],"card_updates":[],"intent_score":0.5,"answer_confidence":0.9,` +
				`"requires_human":false,"human_reason":null,"reasoning_debug":"x"}`},
		}},
	}
	second := &conversation.Turn{
		ID: "c~2", Route: conversation.RouteFixed, From: conversation.Triage, Into: conversation.HandoffHuman,
		Replies: []conversation.Reply{{Text: "Certo"}},
		Effects: []conversation.Effect{{Kind: conversation.EffectHandoff, Handoff: &conversation.Handoff{Reason: "requested"}}},
	}
	third := &conversation.Turn{ID: "c~3", Route: conversation.RouteMuted, From: conversation.HandoffHuman, Into: conversation.HandoffHuman}
	var file bytes.Buffer
	err := scenario.Record(&file, scenario.Recording{
		Name: "Conversa", Profile: "Ana", From: "5511900001111",
		Events: []scenario.Event{
			{At: at, Message: &scenario.Message{Kind: scenario.KindText, Text: "oi"}, Turn: first},
			{At: at.Add(time.Second), Message: &scenario.Message{Kind: scenario.KindImage, Caption: "fazem um site assim?"}, Turn: first},
			{At: at.Add(26 * time.Hour), Message: &scenario.Message{Kind: scenario.KindTap, Text: "person", Title: "Uma pessoa"}, Turn: second},
			{At: at.Add(26*time.Hour + time.Second), Message: &scenario.Message{Kind: scenario.KindLocation, At: [2]float64{1, 2.5}}, Turn: third},
			{At: at.Add(26*time.Hour + 2*time.Second), Team: scenario.Accept, Turn: &conversation.Turn{Route: conversation.RouteTimer, Into: conversation.HandoffHuman}},
			{At: at.Add(26*time.Hour + 3*time.Second), Skip: time.Hour},
			{At: at.Add(27*time.Hour + 4*time.Second), Turn: &conversation.Turn{
				Route: conversation.RouteTimer, Into: conversation.HandoffHuman, Replies: []conversation.Reply{{Text: "Ninguém veio ainda."}},
			}},
			{At: at.Add(28 * time.Hour), Message: &scenario.Message{Kind: scenario.KindText, Text: "até"}},
		},
		Notes: []string{"De um pacote que ninguém tem."},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
# De um pacote que ninguém tem.
# 1 message(s) that no turn has answered are left out.
name: Conversa
start: 2026-11-30T10:00:01
profile: Ana
from: "5511900001111"
steps:
  - lead:
      burst:
        - oi
        - caption: fazem um site assim?
          image: true
    model:
      - fault: length
      - fault: "500"
      - content: isso não é JSON
      - asked_field: specific_need
        next_state: TRIAGE
        response_text: Fazemos, sim. O que ele precisa ter?
    expect:
      replies: 1
      route: model
      state: TRIAGE
      says:
        - Fazemos, sim.
  - until: 2026-12-01T12:00:10
  - lead:
      tap: person
      title: Uma pessoa
    expect:
      replies: 1
      route: fixed
      state: HANDOFF_HUMAN
      says:
        - Certo
      handoff: requested
  - lead:
      location:
        - 1
        - 2.5
    expect:
      replies: 0
      route: muted
      state: HANDOFF_HUMAN
  - team: accept
    expect:
      replies: 0
      route: timer
      state: HANDOFF_HUMAN
  - skip: 2026-12-01T13:01:11
    expect:
      replies: 1
      route: timer
      state: HANDOFF_HUMAN
      says:
        - Ninguém veio ainda.
`, "\n")
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Error(diff)
	}
	if s := load(t, file.String()); len(s.Steps) != 6 || s.Model != scenario.Scripted {
		t.Errorf("it is read as %+v", s)
	}
}

func TestNothingCannotBeRecorded(t *testing.T) {
	if err := scenario.Record(&bytes.Buffer{}, scenario.Recording{Name: "nada"}); err == nil {
		t.Error("a conversation without a word is recorded")
	}
}
