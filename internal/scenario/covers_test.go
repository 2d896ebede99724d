package scenario_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/pyloto/atende/internal/scenario"
)

var coverRow = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+|sim-[0-9]+) \| [^|]+ \| \[([a-z0-9-]+)\]\(\.\./scenarios/([a-z0-9-]+\.yaml)\) \|$`)

// What went wrong once has a scenario, and the table of the documentation leads
// to it.
func TestTheTableLeadsToScenarios(t *testing.T) {
	all, err := scenario.Load(os.DirFS("../../scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range coverRow.FindAllStringSubmatch(string(page), -1) {
		id, title, file := row[1], row[2], row[3]
		if listed[id] {
			t.Errorf("%s: listed twice", id)
		}
		listed[id] = true
		if title+".yaml" != file {
			t.Errorf("%s: says %s and leads to %s", id, title, file)
		}
		if !slices.ContainsFunc(all, func(s scenario.Scenario) bool { return s.File == file && slices.Contains(s.Covers, id) }) {
			t.Errorf("%s: %s is missing or does not cover it", id, file)
		}
	}
	// The rows of what a lead can feel: states, the model, guards, handoffs, the
	// card, the channel, and the simulated contrasts.
	for _, id := range []string{
		"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9",
		"O1", "O2", "O4", "O7", "O8", "O9", "O10", "O11", "O12",
		"V1", "V2", "V3", "V4", "V5", "V6", "G1", "G2", "G3", "G4", "G5", "G6",
		"H1", "H2", "H3", "H4", "H5", "H6", "D1", "D4", "D5", "D8", "W1", "W2", "X1", "X4",
		"sim-1", "sim-2", "sim-3", "sim-4", "sim-5", "sim-6", "sim-7", "sim-8", "sim-9", "sim-10", "sim-11",
	} {
		if !listed[id] {
			t.Errorf("%s has no row", id)
		}
	}
}
