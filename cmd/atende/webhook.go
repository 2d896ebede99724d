package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/registrar"
)

func webhookSubscribe(ctx context.Context, c call) int {
	outcome, err := registrar.Subscribe(ctx, registrar.Options{
		Environ: c.environ, Callback: c.flags[flagCallback],
		Override: c.flags.has(flagOverride), DryRun: c.flags.has(flagDryRun),
	})
	if err != nil {
		return program.Exit(err, c.stderr)
	}
	return printed(c, outcome, printRegistration)
}

func printRegistration(out io.Writer, o registrar.Outcome) {
	sheet := newSheet(out)
	sheet.row("APP "+o.App, "BEFORE", "AFTER")
	for _, line := range []struct {
		what string
		of   func(registrar.Registration) string
	}{
		{"callback", func(r registrar.Registration) string { return r.Callback }},
		{"active", func(r registrar.Registration) string { return strconv.FormatBool(r.Active) }},
		{"fields", func(r registrar.Registration) string { return strings.Join(r.Fields, " ") }},
		{"account's webhooks to this app", func(r registrar.Registration) string { return strconv.FormatBool(r.Subscribed) }},
		{"account's own callback", func(r registrar.Registration) string { return r.Override }},
	} {
		sheet.row(line.what, line.of(o.Before), line.of(o.After))
	}
	_ = sheet.Flush()
	done := "done: "
	if o.DryRun {
		done = "would do: "
	}
	for _, deed := range o.Deeds {
		_, _ = fmt.Fprintln(out, done+deed)
	}
	if len(o.Deeds) == 0 {
		_, _ = fmt.Fprintln(out, "all was as it should be: nothing had to be changed")
	}
}
