package conversation

import (
	"slices"
	"strings"
	"time"
)

// Diagram is the state machine as a Mermaid state diagram. It is drawn by
// asking [Step] for every state, event and input, so it shows what happens
// and not what was meant. What leaves a state where it is and needs no
// decision is left out.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> " + string(Initial) + "\n")
	for _, from := range States() {
		for _, to := range States() {
			var labels []string
			for _, e := range Events() {
				if label, ok := edge(from, to, e); ok {
					labels = append(labels, label)
				}
			}
			if len(labels) > 0 {
				b.WriteString("    " + string(from) + " --> " + string(to) + ": " + strings.Join(labels, ", ") + "\n")
			}
		}
	}
	return b.String()
}

// Next are the states to which any event can lead from a state, in the order of
// [States]; the state itself is none of them.
func Next(from State) []State {
	var next []State
	for _, to := range States() {
		leads := slices.ContainsFunc(Events(), func(e Event) bool {
			_, ok := edge(from, to, e)
			return ok
		})
		if to != from && leads {
			next = append(next, to)
		}
	}
	return next
}

// edge reports whether an event can lead from one state to another, with the
// event's name and what it needs to.
func edge(from, to State, e Event) (label string, ok bool) {
	if from == to && (e == EventInbound || e == EventNoted) {
		return "", false
	}
	var with []StepInput
	for _, in := range stepInputs(to) {
		if r := Step(from, e, in); r.Refused == "" && r.To == to {
			with = append(with, in)
		}
	}
	if len(with) == 0 {
		return "", false
	}
	var needs []string
	always := func(need string, has func(StepInput) bool) {
		if !slices.ContainsFunc(with, func(in StepInput) bool { return !has(in) }) {
			needs = append(needs, need)
		}
	}
	always("handoff recorded", func(in StepInput) bool { return in.Handoff })
	always("follow-up recorded", func(in StepInput) bool { return in.FollowUp })
	always("interest known", func(in StepInput) bool { return in.Interest })
	if len(needs) == 0 {
		return string(e), true
	}
	return string(e) + " [" + strings.Join(needs, " and ") + "]", true
}

// stepInputs are all inputs that a step towards a target can tell apart, with
// the ages at which windows pass.
func stepInputs(target State) []StepInput {
	now := time.Unix(0, 0).UTC()
	var all []StepInput
	for _, age := range []time.Duration{0, 10 * 24 * time.Hour, 20 * 24 * time.Hour, 40 * 24 * time.Hour} {
		for bits := range 8 {
			all = append(all, StepInput{
				Target: target, Since: now.Add(-age), At: now,
				Interest: bits&1 != 0, FollowUp: bits&2 != 0, Handoff: bits&4 != 0,
			})
		}
	}
	return all
}
