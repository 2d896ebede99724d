package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/program"
)

// operatorCommands are what a person may do about what waits for one.
func operatorCommands() []command {
	asJSON, reveal, limit := flag{name: flagJSON}, flag{name: flagReveal}, flag{name: flagLimit, value: "N"}
	return []command{
		{words: []string{"parked", "list"}, flags: []flag{limit, asJSON}, run: parkedList,
			does: "list what waits for a person: parked replies and effects, messages that were given up"},
		{words: []string{"parked", "show"}, args: "ID", takes: 1, flags: []flag{reveal, asJSON}, run: show,
			does: "show one of them in full; --reveal shows what is personal too"},
		{words: []string{"parked", "retry"}, args: "ID", takes: 1, flags: []flag{asJSON}, run: act(operators.Retry),
			does: "have it tried again"},
		{words: []string{"parked", "drop"}, args: "ID", takes: 1, flags: []flag{asJSON}, run: act(operators.Drop),
			does: "give it up"},
		{words: []string{"turns", "show"}, args: "ID", takes: 1, flags: []flag{reveal, asJSON}, run: show,
			does: "show any turn in full"},
		{words: []string{"turns", "close"}, args: "ID", takes: 1, flags: []flag{asJSON}, run: act(operators.Close),
			does: "end a turn, also one that is under way"},
		{words: []string{"receipt"}, args: "ID", takes: 1, flags: []flag{reveal, asJSON}, run: receipt,
			does: "say why Otto said what he said: by the id of a turn or of a message, ours or Meta's (wamid.…)"},
		{words: []string{"handoff", "list"}, flags: []flag{limit, asJSON}, run: handoffList,
			does: "list the conversations that a person owns, the longest waiting first"},
		{words: []string{"handoff", "accept"}, args: "CONVERSATION", takes: 1, flags: []flag{asJSON}, run: act(operators.Accept),
			does: "take a conversation (its id, or a phone number) that was handed off: nobody is told any more that no one came"},
		{words: []string{"handoff", "release"}, args: "CONVERSATION", takes: 1, flags: []flag{asJSON}, run: act(operators.Release),
			does: "give a conversation (its id, or a phone number) back to Otto"},
		{words: []string{"replay"}, args: "CONVERSATION", takes: 1, flags: []flag{asJSON}, run: replay,
			does: "decide a conversation's turns again from their records (its id, or a phone number) and compare"},
	}
}

// operators are those who do it: at a desk over a ledger, or behind the API of a
// running street.
type operators interface {
	List(ctx context.Context, limit int) (operator.List, error)
	Show(ctx context.Context, id string, reveal bool) (operator.Detail, error)
	Retry(ctx context.Context, id string) (operator.Outcome, error)
	Drop(ctx context.Context, id string) (operator.Outcome, error)
	Close(ctx context.Context, id string) (operator.Outcome, error)
	Receipt(ctx context.Context, id string, reveal bool) (operator.Receipt, error)
	Handoffs(ctx context.Context, limit int) (operator.Handoffs, error)
	Accept(ctx context.Context, who string) (operator.Outcome, error)
	Release(ctx context.Context, who string) (operator.Outcome, error)
	Replay(ctx context.Context, who string) (operator.Replay, error)
}

// report asks operators for something and prints it, for people or as JSON.
func report[T any](ctx context.Context, c call, ask func(operators) (T, error), print func(io.Writer, T)) (value T, code int) {
	them, release, err := reach(ctx, c.environ)
	if err != nil {
		return value, program.Exit(err, c.stderr)
	}
	defer release()
	if value, err = ask(them); err != nil {
		return value, program.Exit(err, c.stderr)
	}
	return value, printed(c, value, print)
}

func parkedList(ctx context.Context, c call) int {
	return list(c, func(limit int) int {
		_, code := report(ctx, c, func(o operators) (operator.List, error) { return o.List(ctx, limit) }, printList)
		return code
	})
}

func handoffList(ctx context.Context, c call) int {
	return list(c, func(limit int) int {
		_, code := report(ctx, c, func(o operators) (operator.Handoffs, error) { return o.Handoffs(ctx, limit) }, printHandoffs)
		return code
	})
}

// list prints a list that is as long as the call allows.
func list(c call, print func(limit int) int) int {
	limit := operator.DefaultLimit
	if given, ok := c.flags[flagLimit]; ok {
		var err error
		if limit, err = strconv.Atoi(given); err != nil || limit < 1 || limit > operator.MaxLimit {
			_, _ = fmt.Fprintf(c.stderr, "atende: --limit is not a number from 1 to %d\n", operator.MaxLimit)
			return exitUsage
		}
	}
	return print(limit)
}

func show(ctx context.Context, c call) int {
	_, code := report(ctx, c, func(o operators) (operator.Detail, error) {
		return o.Show(ctx, c.args[0], c.flags.has(flagReveal))
	}, printDetail)
	return code
}

func receipt(ctx context.Context, c call) int {
	_, code := report(ctx, c, func(o operators) (operator.Receipt, error) {
		return o.Receipt(ctx, c.args[0], c.flags.has(flagReveal))
	}, printReceipt)
	return code
}

func act(do func(operators, context.Context, string) (operator.Outcome, error)) func(context.Context, call) int {
	return func(ctx context.Context, c call) int {
		_, code := report(ctx, c, func(o operators) (operator.Outcome, error) { return do(o, ctx, c.args[0]) }, printOutcome)
		return code
	}
}

// replay ends with 1 when something came out otherwise than recorded.
func replay(ctx context.Context, c call) int {
	result, code := report(ctx, c, func(o operators) (operator.Replay, error) { return o.Replay(ctx, c.args[0]) }, printReplay)
	if code == exitDone && result.Differ > 0 {
		return exitWrong
	}
	return code
}
