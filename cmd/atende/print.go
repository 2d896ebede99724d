package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/program"
)

// printed prints a value for people or as JSON.
func printed[T any](c call, value T, print func(io.Writer, T)) int {
	if !c.flags.has(flagJSON) {
		print(c.stdout, value)
		return exitDone
	}
	encoder := json.NewEncoder(c.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return program.Exit(fmt.Errorf("print: %w", err), c.stderr)
	}
	return exitDone
}

// sheet is a table for people: rows of cells, aligned.
type sheet struct{ *tabwriter.Writer }

func newSheet(out io.Writer) sheet { return sheet{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)} }

func (s sheet) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = cmp.Or(cell, "–")
	}
	_, _ = fmt.Fprintln(s, strings.Join(cells, "\t"))
}

// moment is a time for people; – when there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(time.RFC3339)
}

// words are what is personal: quoted, so that nothing in it can play with the
// terminal, or only their length.
func words(w operator.Words) string {
	switch {
	case w.Text != "":
		return strconv.Quote(w.Text)
	case w.Length == 0:
		return "–"
	default:
		return fmt.Sprintf("(%d characters)", w.Length)
	}
}

func person(p operator.Person) string {
	return "phone " + words(p.Phone) + ", user id " + words(p.UserID) + ", name " + words(p.Name)
}

// joined is what there is of some facts.
func joined(facts ...string) string {
	var there []string
	for _, fact := range facts {
		if fact != "" {
			there = append(there, fact)
		}
	}
	return strings.Join(there, ", ")
}

// given is a fact of which there may be none.
func given(format, value string) string {
	if value == "" || value == "0" || value == "–" {
		return ""
	}
	return fmt.Sprintf(format, value)
}

func numbered(what operator.What, part int) string {
	if part == 0 {
		return string(what)
	}
	return fmt.Sprintf("%s %d", what, part)
}

func printList(out io.Writer, list operator.List) {
	if len(list.Items) == 0 {
		_, _ = fmt.Fprintln(out, "Nothing waits for a person.")
		return
	}
	s := newSheet(out)
	s.row("ID", "WHAT", "STATE", "REASON", "SINCE", "ATTEMPTS", "CONVERSATION")
	for _, i := range list.Items {
		s.row(i.ID, numbered(i.What, i.Part), string(i.State), i.Reason, moment(i.Since), strconv.Itoa(i.Attempts), string(i.Conversation))
	}
	_ = s.Flush()
	if list.More {
		_, _ = fmt.Fprintf(out, "There are more; --limit shows up to %d.\n", operator.MaxLimit)
	}
}

func printHandoffs(out io.Writer, list operator.Handoffs) {
	if len(list.Handoffs) == 0 {
		_, _ = fmt.Fprintln(out, "No conversation is a person's.")
		return
	}
	s := newSheet(out)
	s.row("CONVERSATION", "SINCE", "REASON", "TEAM", "DEADLINE", "REMINDERS", "LEAD TOLD", "CAME", "TURN")
	for _, h := range list.Handoffs {
		s.row(string(h.Conversation), moment(h.Since), h.Reason, string(h.Team), moment(h.Deadline), strconv.Itoa(h.Reminders),
			moment(h.LeadTold), moment(h.Came), string(h.Turn))
	}
	_ = s.Flush()
	if list.More {
		_, _ = fmt.Fprintf(out, "There are more; --limit shows up to %d.\n", operator.MaxLimit)
	}
}

func printOutcome(out io.Writer, o operator.Outcome) {
	for _, deed := range o.Deeds {
		_, _ = fmt.Fprintf(out, "%s%s\n", deed, given(" (it had waited: %s)", deed.Was))
	}
	if len(o.Deeds) == 0 {
		_, _ = fmt.Fprintln(out, "nothing had to be changed")
	}
	for _, left := range o.Left {
		_, _ = fmt.Fprintln(out, "mind: "+left)
	}
	switch o.Task {
	case operator.TaskCreated:
		_, _ = fmt.Fprintln(out, "the worker goes on with it now")
	case operator.TaskExists:
		_, _ = fmt.Fprintln(out, "the queue has its task already, or had it within the last hour")
	}
}

func printDetail(out io.Writer, d operator.Detail) {
	s := newSheet(out)
	s.row(d.What, d.ID)
	s.row("conversation", string(d.Conversation))
	s.row("number", d.Number)
	s.row("correlation", d.CorrelationID)
	if d.Turn != nil {
		printTurn(s, *d.Turn)
	}
	if d.Letter != nil {
		printLetter(s, *d.Letter)
	}
	if d.Refused == nil {
		s.row("retry", "possible")
	} else {
		s.row("retry", fmt.Sprintf("refused (%s): %v", d.Refused.Code, d.Refused))
	}
	_ = s.Flush()
}

func printTurn(s sheet, t operator.TurnDetail) {
	state, place := "under way", "a newer turn follows"
	if t.Ended {
		state = "nothing happens by itself"
	}
	if t.Newest {
		place = "the newest turn"
	}
	s.row("phase", joined(string(t.Phase), state, place))
	s.row("decided", moment(t.DecidedAt))
	s.row("last written", moment(t.Updated))
	s.row("send by", moment(t.SendBy))
	s.row("to", person(t.To))
	for _, id := range t.Messages {
		s.row("message", string(id))
	}
	d := t.Decision
	s.row("decision", joined(string(d.Route), fmt.Sprintf("%s to %s by %s", d.From, d.Into, d.Event), given("refused: %s", d.Refused), given("asked to %s", string(d.Mode))))
	s.row("pack", d.PackHash)
	if d.Calls > 0 {
		s.row("model", joined(d.Model, fmt.Sprintf("calls: %d", d.Calls), strings.Join(d.Outcomes, ", ")))
	}
	for _, v := range d.Verdicts {
		s.row("guard "+v.Guard, verdict(v))
	}
	for _, p := range t.Parts {
		printPart(s, "", p)
	}
	for _, e := range t.Effects {
		printEffect(s, "", e)
	}
}

// verdict is what a guard said, and what it found.
func verdict(v operator.VerdictDetail) string {
	said := "blocked"
	if v.OK {
		said = "passed"
	}
	return said + given(": %s", words(v.Found))
}

func printEffect(s sheet, indent string, e operator.EffectDetail) {
	name := indent + numbered(operator.Effect, e.Effect)
	s.row(name, joined(string(e.Kind), given("by %s", string(e.Way)), string(e.Phase), e.Reason, given("because %s", e.Why),
		given("due %s", moment(e.Due)), "briefing "+words(e.Briefing)))
	s.row(name, joined(fmt.Sprintf("failed attempts: %d", e.Attempts), given("not before %s", moment(e.NotBefore)), given("done %s", moment(e.Done))))
}

func printPart(s sheet, indent string, p operator.PartDetail) {
	name := indent + numbered(operator.Reply, p.Part)
	s.row(name, joined(string(p.Kind), string(p.Phase), p.Reason, given("attempts granted: %s", strconv.Itoa(p.Granted))))
	s.row(name, words(p.Text))
	if p.Template != "" {
		s.row(name+" template", p.Template)
	}
	for _, option := range p.Options {
		s.row(name+" option", words(option))
	}
	for _, a := range p.Attempts {
		s.row(fmt.Sprintf("%s attempt %d", name, a.Attempt), joined(
			cmp.Or(string(a.Result), "nobody knows what became of it"), given("code %s", strconv.Itoa(a.Code)), given("at %s", moment(a.At)),
			given("not before %s", moment(a.NotBefore)), given("digest %.12s", a.Digest)))
		if price := joined(a.Category, a.Billing); price != "" {
			s.row(name+" price", price)
		}
		for _, r := range a.Receipts {
			s.row(name+" receipt", joined(string(r.Status), given("code %s", strconv.Itoa(r.Code)), "at "+moment(r.At)))
		}
	}
}

func printLetter(s sheet, l operator.LetterDetail) {
	s.row("state", joined(string(l.State), given("dropped %s", moment(l.Dropped)), given("turn %s", string(l.Turn))))
	s.row("reason", l.Reason)
	s.row("given up", moment(l.At))
	s.row("attempts", joined(strconv.Itoa(l.Attempts), given("tried again %s times", strconv.Itoa(l.Replays))))
	if l.From != nil && l.Text != nil {
		s.row("from", person(*l.From))
		s.row(string(l.Kind), words(*l.Text))
	}
	if l.Content != nil {
		s.row("content", words(*l.Content))
	}
}

func printReplay(out io.Writer, r operator.Replay) {
	s := newSheet(out)
	s.row("TURN", "DECIDED", "ROUTE", "RESULT", "WHY")
	for _, t := range r.Turns {
		s.row(string(t.Turn), moment(t.DecidedAt), string(t.Route), string(t.Result), t.Why)
		for _, d := range t.Differences {
			s.row(" ", " ", " ", string(d.Step), d.Detail)
		}
	}
	_ = s.Flush()
	_, _ = fmt.Fprintf(out, "turns: %d; same: %d, different: %d, skipped: %d\n", len(r.Turns), r.Same, r.Differ, r.Skipped)
	if r.More {
		_, _ = fmt.Fprintln(out, "older turns were left out")
	}
}
