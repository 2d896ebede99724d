//go:build unguarded

package scenario_test

import (
	"os"
	"testing"

	"github.com/pyloto/atende/internal/scenario"
)

// fewest is how many of the scenarios that script a draft must turn red when
// nothing holds the model back.
const fewest = 30

// Scenarios that stay green without guards and state machine prove nothing
// about them. This build switches both off.
func TestScenariosTurnRedWithoutGuards(t *testing.T) {
	all, err := scenario.Load(os.DirFS("../../scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := scenario.Run(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	scripted, red := 0, 0
	for _, r := range report.Results {
		if r.Drafts == 0 {
			continue
		}
		scripted++
		if !r.OK() {
			red++
			t.Logf("red: %s", r.Scenario.Name)
		}
	}
	t.Logf("%d of %d scenarios that script a draft turn red without guards", red, scripted)
	if red < fewest {
		t.Errorf("only %d scenarios turn red, want at least %d", red, fewest)
	}
}
