//go:build !unguarded

package scenario_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/scenario"
)

// The scenarios are the product's specification: every one has to come out as
// it is written.
func TestScenarios(t *testing.T) {
	all, err := scenario.Load(os.DirFS("../../scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := scenario.Run(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := report.Table(&table); err != nil {
		t.Fatal(err)
	}
	if t.Log(table.String()); report.Failed() > 0 {
		t.Errorf("%d scenarios failed", report.Failed())
	}
}
