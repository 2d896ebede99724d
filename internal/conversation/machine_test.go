package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// matrix is the decision table, written out a second time on purpose.
func matrix() map[conversation.State][]conversation.State {
	i, t, c, g := conversation.Initial, conversation.Triage, conversation.CollectingInfo, conversation.GeneratingResponse
	s, r := conversation.SelfServeInfo, conversation.RouteExternal
	f, h := conversation.ScheduledFollowup, conversation.HandoffHuman
	return map[conversation.State][]conversation.State{
		i: {t, c, g, s, r, h},
		t: {t, c, g, s, r, h},
		c: {c, t, g, s, r, f, h},
		g: {g, t, c, s, r, f, h},
	}
}

func TestEveryStateEventAndInput(t *testing.T) {
	decisions := matrix()
	states := append(conversation.States(), "", "LOST")
	events := append(conversation.Events(), "", "sneezed")
	ages := []time.Duration{-day, 0, 7 * day, 7*day + 1, 14 * day, 14*day + 1, 30 * day, 30*day + 1, 400 * day}
	count, refused := 0, map[conversation.Refusal]int{}
	for _, from := range states {
		for _, e := range events {
			for _, target := range states {
				for _, age := range ages {
					for bits := range 8 {
						in := conversation.StepInput{
							Target: target, Since: noon.Add(-age), At: noon,
							Interest: bits&1 != 0, FollowUp: bits&2 != 0, Handoff: bits&4 != 0,
						}
						count++
						got := conversation.Step(from, e, in)
						if again := conversation.Step(from, e, in); again != got {
							t.Fatalf("Step(%s, %s, %+v) = %v, then %v", from, e, in, got, again)
						}
						if got.Refused != "" {
							refused[got.Refused]++
							if got.To != from {
								t.Fatalf("Step(%s, %s, %+v) is refused (%s) and moves to %s", from, e, in, got.Refused, got.To)
							}
							continue
						}
						checkStep(t, decisions, from, e, in, got.To)
					}
				}
			}
		}
	}
	t.Logf("%d steps taken: %d states × %d events × %d targets × %d ages × 8 inputs", count, len(states), len(events), len(states), len(ages))
	for _, why := range []conversation.Refusal{
		conversation.RefusedMuted, conversation.RefusedResting, conversation.RefusedIllegal, conversation.RefusedNoHandoff,
		conversation.RefusedNoFollowUp, conversation.RefusedNotActive, conversation.RefusedNotMuted,
		conversation.RefusedState, conversation.RefusedEvent,
	} {
		if refused[why] == 0 {
			t.Errorf("nothing is ever refused as %s", why)
		}
		delete(refused, why)
	}
	if len(refused) > 0 {
		t.Errorf("refusals without a name: %v", refused)
	}
}

// checkStep checks every invariant of an accepted step.
func checkStep(t *testing.T, decisions map[conversation.State][]conversation.State,
	from conversation.State, e conversation.Event, in conversation.StepInput, to conversation.State) {
	t.Helper()
	fail := func(why string) { t.Fatalf("Step(%s, %s, %+v) = %s: %s", from, e, in, to, why) }
	moved := from != to
	switch {
	case !from.Known() || !to.Known():
		fail("a state nobody knows")
	case !slices.Contains(conversation.Events(), e):
		fail("an event nobody knows")
	case moved && to == conversation.HandoffHuman && !in.Handoff && e != conversation.EventTakenOver:
		fail("a handoff nobody was told about")
	case moved && to == conversation.ScheduledFollowup && !in.FollowUp:
		fail("a follow-up without a record")
	case moved && to == conversation.Initial:
		fail("nothing begins twice")
	case moved && from.Muted() && e != conversation.EventReleased:
		fail("only a release ends a handoff")
	case moved && from.Resting() && to.Active() && e != conversation.EventInbound:
		fail("only a message reopens")
	case moved && to == conversation.Timeout && e != conversation.EventInactivity:
		fail("only silence times out")
	case moved && to == conversation.Error && e != conversation.EventIrrecoverable:
		fail("an error nobody made")
	}
	switch e {
	case conversation.EventDecision:
		if !slices.Contains(decisions[from], in.Target) || to != in.Target {
			fail("a decision outside the table, or one that was overridden")
		}
	case conversation.EventNoted:
		if moved {
			fail("what waits for no answer moves nothing")
		}
	case conversation.EventInbound:
		if from.Active() && moved {
			fail("a message alone moves nothing that is active")
		}
	case conversation.EventInactivity:
		if !from.Active() || to != conversation.Timeout {
			fail("silence ends what is active")
		}
	case conversation.EventIrrecoverable:
		if to != conversation.Error {
			fail("an irrecoverable turn ends in ERROR")
		}
	case conversation.EventHandoffRequested, conversation.EventTakenOver, conversation.EventHandoffUnanswered:
		if to != conversation.HandoffHuman {
			fail("a person owns it")
		}
	}
}

func TestAPersonIsReachableFromEveryStateAtOnce(t *testing.T) {
	for _, from := range conversation.States() {
		got := conversation.Step(from, conversation.EventHandoffRequested, conversation.StepInput{Handoff: true})
		if got != (conversation.StepResult{To: conversation.HandoffHuman}) {
			t.Errorf("from %s: %+v", from, got)
		}
		if got := conversation.Step(from, conversation.EventTakenOver, conversation.StepInput{}); got.To != conversation.HandoffHuman {
			t.Errorf("taken over from %s: %+v", from, got)
		}
	}
}

func TestEveryStateHasAnExitToEveryActiveConversation(t *testing.T) {
	// From anywhere, some sequence of events leads to an active state again
	// and to every state that a conversation can come to.
	for _, start := range conversation.States() {
		reached := map[conversation.State]bool{}
		frontier := []conversation.State{start}
		for len(frontier) > 0 {
			from := frontier[0]
			frontier = frontier[1:]
			for _, e := range conversation.Events() {
				for _, target := range conversation.States() {
					for _, interest := range []bool{false, true} {
						in := conversation.StepInput{Target: target, Interest: interest, FollowUp: true, Handoff: true, At: noon, Since: noon}
						if to := conversation.Step(from, e, in).To; to != from && !reached[to] {
							reached[to] = true
							frontier = append(frontier, to)
						}
					}
				}
			}
		}
		for _, state := range conversation.States() {
			if state != conversation.Initial && !reached[state] {
				t.Errorf("from %s there is no way to %s", start, state)
			}
		}
	}
}

func TestReopening(t *testing.T) {
	tests := []struct {
		from  conversation.State
		limit time.Duration // 0: none
	}{
		{conversation.ScheduledFollowup, 7 * day},
		{conversation.Timeout, 14 * day},
		{conversation.SelfServeInfo, 30 * day},
		{conversation.RouteExternal, 30 * day},
		{conversation.Error, 0},
	}
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			for _, age := range []time.Duration{-time.Hour, 0, time.Minute, tt.limit, tt.limit + time.Nanosecond, 365 * day} {
				for _, interest := range []bool{false, true} {
					in := conversation.StepInput{Since: noon.Add(-age), At: noon, Interest: interest}
					want := conversation.Triage
					if interest && (tt.limit == 0 || age <= tt.limit) {
						want = conversation.CollectingInfo
					}
					if got := conversation.Step(tt.from, conversation.EventInbound, in); got.To != want || got.Refused != "" {
						t.Errorf("after %v, interest %v: %+v, want %s", age, interest, got, want)
					}
				}
			}
		})
	}
	forgotten := conversation.StepInput{At: noon, Interest: true} // nobody knows since when
	if got := conversation.Step(conversation.Timeout, conversation.EventInbound, forgotten); got.To != conversation.Triage {
		t.Errorf("without a time: %+v", got)
	}
}

func TestReleaseTakesUpWhatIsKnown(t *testing.T) {
	for interest, want := range map[bool]conversation.State{true: conversation.CollectingInfo, false: conversation.Triage} {
		got := conversation.Step(conversation.HandoffHuman, conversation.EventReleased, conversation.StepInput{Interest: interest})
		if got.To != want || got.Refused != "" {
			t.Errorf("interest %v: %+v", interest, got)
		}
	}
}

func TestAMutedConversationStaysMuted(t *testing.T) {
	for _, e := range conversation.Events() {
		in := conversation.StepInput{Target: conversation.Triage, Handoff: true, FollowUp: true}
		got := conversation.Step(conversation.HandoffHuman, e, in)
		if e != conversation.EventReleased && got.To != conversation.HandoffHuman {
			t.Errorf("%s ends the handoff: %+v", e, got)
		}
	}
	if got := conversation.Step(conversation.HandoffHuman, conversation.EventInbound, conversation.StepInput{}); got.Refused != conversation.RefusedMuted {
		t.Errorf("a message in a handoff: %+v, want the reason for silence", got)
	}
}

func TestLegalTargets(t *testing.T) {
	for _, from := range append(conversation.States(), "LOST") {
		got := conversation.LegalTargets(from)
		want := slices.Clone(matrix()[from])
		slices.Sort(want)
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if diff := cmp.Diff(want, sorted); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", from, diff)
		}
		if len(got) > 0 {
			got[0] = "LOST"
			if conversation.LegalTargets(from)[0] == "LOST" {
				t.Errorf("the targets of %s can be changed from outside", from)
			}
		}
	}
}

func TestWhatMayComeNext(t *testing.T) {
	for from, want := range map[conversation.State][]conversation.State{
		conversation.HandoffHuman: {conversation.Triage, conversation.CollectingInfo}, // by being given back
		conversation.Timeout:      {conversation.Triage, conversation.CollectingInfo, conversation.HandoffHuman, conversation.Error},
		"LOST":                    nil,
	} {
		if diff := cmp.Diff(want, conversation.Next(from)); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", from, diff)
		}
	}
	for _, from := range conversation.States() {
		next := conversation.Next(from)
		for _, to := range conversation.LegalTargets(from) {
			if to != from && !slices.Contains(next, to) {
				t.Errorf("%s is a target of %s and may not come next", to, from)
			}
		}
		if slices.Contains(next, from) {
			t.Errorf("%s comes after itself", from)
		}
	}
}

func TestClassesOfStatesAreDisjoint(t *testing.T) {
	for _, s := range conversation.States() {
		n := 0
		for _, in := range []bool{s.Active(), s.Resting(), s.Muted()} {
			if in {
				n++
			}
		}
		if n != 1 || !s.Known() {
			t.Errorf("%s is in %d classes", s, n)
		}
	}
	if s := conversation.State("LOST"); s.Known() || s.Active() || s.Resting() || s.Muted() {
		t.Error("an unknown state has a class")
	}
}

func TestDiagramShowsEveryStateAndNoMoreThanTheMachine(t *testing.T) {
	diagram := conversation.Diagram()
	if !strings.HasPrefix(diagram, "stateDiagram-v2\n") || diagram != conversation.Diagram() {
		t.Fatal("not a stable state diagram")
	}
	for _, s := range conversation.States() {
		if !strings.Contains(diagram, " "+string(s)+" --> ") || !strings.Contains(diagram, " --> "+string(s)) {
			t.Errorf("%s has no way in or no way out in the diagram", s)
		}
	}
	for _, line := range []string{
		"    [*] --> INITIAL\n",
		"    INITIAL --> TRIAGE: decision\n",
		"    COLLECTING_INFO --> SCHEDULED_FOLLOWUP: decision [follow-up recorded]\n",
		"    TIMEOUT --> COLLECTING_INFO: inbound [interest known]\n",
		"    TIMEOUT --> TRIAGE: inbound\n",
		"    INITIAL --> HANDOFF_HUMAN: decision [handoff recorded], handoff_requested [handoff recorded], taken_over\n",
	} {
		if !strings.Contains(diagram, line) {
			t.Errorf("the diagram lacks %q", line)
		}
	}
	if strings.Contains(diagram, "INITIAL --> SCHEDULED_FOLLOWUP") {
		t.Error("the diagram shows a way the machine does not go")
	}
}
