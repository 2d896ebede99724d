package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/program"
)

// examineCommands are what looks at an environment and sets it up.
func examineCommands() []command {
	asJSON := flag{name: flagJSON}
	return []command{
		{words: []string{"doctor"}, flags: []flag{asJSON}, run: examine,
			does: "look at everything that the services stand on, and say what is wrong and what to type (docs/doctor.md)"},
		{words: []string{"webhook", "subscribe"}, flags: []flag{
			{name: flagCallback, value: "URL"}, {name: flagOverride}, {name: flagDryRun}, asJSON,
		}, run: webhookSubscribe,
			does: "have Meta send its webhooks to the ingress, and say what was registered before and after"},
	}
}

// examine ends with 1 when something failed. It examines the environment that it is
// started in, where that names one, and a running street otherwise.
func examine(ctx context.Context, c call) int {
	report, err := examined(ctx, c.environ)
	if err != nil {
		return program.Exit(err, c.stderr)
	}
	if code := printed(c, report, printReport); code != exitDone {
		return code
	}
	if !report.OK {
		return exitWrong
	}
	return exitDone
}

func examined(ctx context.Context, environ []string) (report doctor.Report, err error) {
	if !configured(environ) {
		base, err := streetAddress(environ)
		if err != nil {
			return doctor.Report{}, program.Refuse(err)
		}
		street := newStreet(base)
		defer street.client.CloseIdleConnections()
		street.client.Timeout = doctor.DefaultTimeout + streetPatience
		return street.Examine(ctx)
	}
	return doctor.Examine(ctx, doctor.Options{Environ: environ}), nil
}

// configured reports whether an environment names one to examine, rather than what
// somebody has set for a street.
func configured(environ []string) bool {
	found := false
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(value) == "" {
			continue
		}
		switch {
		case name == "ATENDE_URL":
			return false
		case name == "ENVIRONMENT", name == "GCP_PROJECT", name == "WORKER_URL",
			strings.HasPrefix(name, "WHATSAPP_"), strings.HasPrefix(name, "FIRESTORE_"), strings.HasPrefix(name, "CLOUD_TASKS_"):
			found = true
		}
	}
	return found
}

// Examine has a street examine itself.
func (s *street) Examine(ctx context.Context) (report doctor.Report, err error) {
	return report, s.post(ctx, "/api/doctor", &report)
}

func printReport(out io.Writer, report doctor.Report) {
	sheet := newSheet(out)
	for _, f := range report.Checks {
		sheet.row(mark(f.Status), f.Check, f.Found)
		for _, line := range f.Fix {
			sheet.row(" ", " ", "→ "+line)
		}
	}
	_ = sheet.Flush()
	counts := map[doctor.Status]int{}
	for _, f := range report.Checks {
		counts[f.Status]++
	}
	_, _ = fmt.Fprintf(out, "%s: ok: %d, warnings: %d, failed: %d, skipped: %d\n",
		report.Environment, counts[doctor.OK], counts[doctor.Warning], counts[doctor.Failed], counts[doctor.Skipped])
}

func mark(s doctor.Status) string {
	if s == doctor.Failed {
		return "FAILED"
	}
	return string(s)
}
