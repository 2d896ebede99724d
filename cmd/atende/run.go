package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/simulator"
)

// Exit codes of the tool; those of a service are program's.
const (
	exitDone  = 0
	exitWrong = 1
	exitUsage = 2
)

// call is one use of the tool.
type call struct {
	args    []string // after the command's own words
	flags   flags
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// command is one thing the tool does.
type command struct {
	words []string
	args  string // what follows the words, for people
	takes int    // how many arguments follow
	flags []flag
	does  string
	run   func(context.Context, call) int
}

func commands() []command {
	return slices.Concat([]command{
		{words: []string{"dev"}, run: dev,
			does: "run the whole street on this machine and print its address (PORT_BASE, ATENDE_LOG=1)"},
		{words: []string{"fsm"}, run: fsm,
			does: "print the state machine of a conversation as a Mermaid diagram"},
		{words: []string{"guard", "check"}, flags: []flag{{name: flagPack, value: "DIR"}}, run: guardCheck,
			does: "judge sentences from standard input, one JSON object a line (docs/otto.md)"},
		{words: []string{"pack", "check"}, args: "DIR", takes: 1, run: packCheck,
			does: "read a knowledge pack and say everything that is wrong with it"},
		{words: []string{"scenario", "run"}, args: "DIR|FILE", takes: 1, run: scenarioRun,
			flags: []flag{{name: flagJUnit, value: "FILE"}, {name: flagOnly, value: "NAME"}},
			does:  "play written conversations and say what came out otherwise"},
		{words: []string{"smoke"}, args: "URL", takes: 1, flags: []flag{{name: flagQuiet}}, run: smokeTest,
			does: "try a running pair of services as Meta comes to it (docs/deploy.md); --quiet writes to nobody"},
	}, examineCommands(), operatorCommands(), []command{
		{words: []string{"help"}, run: help,
			does: "print this"},
		{words: []string{"version"}, run: printVersion,
			does: "print the version"},
	})
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := call{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	if args[0] == "-h" || args[0] == "--help" {
		args = []string{"help"}
	}
	for _, command := range commands() {
		n := len(command.words)
		if len(args) < n || !slices.Equal(args[:n], command.words) {
			continue
		}
		var err error
		if c.args, c.flags, err = parse(args[n:], command.flags); err == nil && len(c.args) != command.takes {
			err = errors.New("wrong arguments")
		}
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "atende: %v; it is: %s\n", err, command.usage())
			return exitUsage
		}
		return command.run(ctx, c)
	}
	_, _ = fmt.Fprintf(stderr, "atende: there is no command %q; \"atende help\" lists all\n", args[0])
	return exitUsage
}

func (c command) usage() string {
	line := "atende"
	for _, word := range c.words {
		line += " " + word
	}
	if c.args != "" {
		line += " " + c.args
	}
	for _, f := range c.flags {
		line += " [" + f.usage() + "]"
	}
	return line
}

func usage(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, c := range commands() {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", c.usage(), c.does)
	}
	_ = table.Flush()
}

func dev(ctx context.Context, c call) int {
	return program.Exit(simulator.Run(ctx, simulator.Options{
		Environ: c.environ, Stdout: c.stdout, Stderr: c.stderr, Version: version,
	}), c.stderr)
}

func fsm(_ context.Context, c call) int {
	_, _ = fmt.Fprint(c.stdout, conversation.Diagram())
	return exitDone
}

func packCheck(_ context.Context, c call) int {
	p, err := pack.Dir(c.args[0])
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, err)
		return exitWrong
	}
	_, _ = fmt.Fprintf(c.stdout, "%s: in order (%s)\n", c.args[0], p.Hash)
	return exitDone
}

func help(_ context.Context, c call) int {
	usage(c.stdout)
	return exitDone
}

func printVersion(_ context.Context, c call) int {
	_, _ = fmt.Fprintln(c.stdout, version)
	return exitDone
}
