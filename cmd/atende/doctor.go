package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/program"
)

// examineCommands are what looks at an environment and sets it up.
func examineCommands() []command {
	asJSON := flag{name: flagJSON}
	return []command{
		{words: []string{"doctor"}, flags: []flag{{name: flagWrite}, asJSON}, run: examine,
			does: "look at everything that the services stand on, and say what is wrong and what to type (docs/doctor.md)"},
		{words: []string{"webhook", "subscribe"}, flags: []flag{
			{name: flagCallback, value: "URL"}, {name: flagOverride}, {name: flagDryRun}, asJSON,
		}, run: webhookSubscribe,
			does: "have Meta send its webhooks to the ingress, and say what was registered before and after"},
	}
}

// examine ends with 1 when something failed. It examines the environment that it is
// started in, where that is one of services, and a running street otherwise.
func examine(ctx context.Context, c call) int {
	report, what, err := examined(ctx, c.environ, c.flags.has(flagWrite))
	if err != nil {
		return program.Exit(err, c.stderr)
	}
	if code := printed(c, report, func(out io.Writer, r doctor.Report) { printReport(out, what, r) }); code != exitDone {
		return code
	}
	if !report.OK {
		return exitWrong
	}
	return exitDone
}

// examined is the report, and what it is about.
func examined(ctx context.Context, environ []string, write bool) (report doctor.Report, what string, err error) {
	if ofServices(environ) {
		return doctor.Examine(ctx, doctor.Options{Environ: environ, Write: write}), "this environment", nil
	}
	base, err := streetAddress(environ)
	if err != nil {
		return doctor.Report{}, "", program.Refuse(err)
	}
	street := newStreet(base)
	defer street.client.CloseIdleConnections()
	street.client.Timeout = doctor.DefaultTimeout + streetPatience
	report, err = street.Examine(ctx, write)
	return report, "the street at " + base.String(), err
}

// ofServices reports whether an environment is one of services: it names what a
// street supplies itself and ignores. ATENDE_URL asks for a street all the same.
func ofServices(environ []string) bool {
	found := false
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(value) == "" {
			continue
		}
		switch name {
		case "ATENDE_URL":
			return false
		case "ENVIRONMENT":
			found = found || value != string(config.Development)
		case "GCP_PROJECT", "WORKER_URL", "WHATSAPP_ACCESS_TOKEN":
			found = true
		}
	}
	return found
}

// Examine has a street examine itself.
func (s *street) Examine(ctx context.Context, write bool) (report doctor.Report, err error) {
	return report, s.request(ctx, http.MethodPost, "/api/doctor", fmt.Sprintf(`{"write":%t}`, write), &report)
}

func printReport(out io.Writer, what string, report doctor.Report) {
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
	_, _ = fmt.Fprintf(out, "%s (%s): ok: %d, warnings: %d, failed: %d, skipped: %d\n",
		what, report.Environment, counts[doctor.OK], counts[doctor.Warning], counts[doctor.Failed], counts[doctor.Skipped])
}

func mark(s doctor.Status) string {
	if s == doctor.Failed {
		return "FAILED"
	}
	return string(s)
}
