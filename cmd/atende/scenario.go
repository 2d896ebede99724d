package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pyloto/atende/internal/scenario"
)

// scenarioRun plays the scenarios of a folder, or that of a file.
func scenarioRun(ctx context.Context, c call) int {
	all, err := loadScenarios(c.args[0])
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "atende: %s:\n%v\n", c.args[0], err)
		return exitWrong
	}
	if only := strings.ToLower(c.flags[flagOnly]); only != "" {
		all = slices.DeleteFunc(all, func(s scenario.Scenario) bool {
			return !strings.Contains(strings.ToLower(s.Name), only) && !strings.Contains(strings.ToLower(s.File), only)
		})
		if len(all) == 0 {
			_, _ = fmt.Fprintf(c.stderr, "atende: no scenario has %q in its name or its file's\n", c.flags[flagOnly])
			return exitWrong
		}
	}
	report, err := scenario.Run(ctx, all)
	if err == nil {
		err = report.Table(c.stdout)
	}
	if path := c.flags[flagJUnit]; err == nil && path != "" {
		err = writeJUnit(path, report)
	}
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "atende: %v\n", err)
		return exitWrong
	}
	if report.Failed() > 0 {
		return exitWrong
	}
	return exitDone
}

// loadScenarios reads a folder, or one file.
func loadScenarios(path string) ([]scenario.Scenario, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return scenario.LoadFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	}
	return scenario.Load(os.DirFS(path))
}

func writeJUnit(path string, report scenario.Report) error {
	out, err := os.Create(path) //nolint:gosec // The person at the keyboard names the file.
	if err != nil {
		return err
	}
	if err := report.JUnit(out); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
