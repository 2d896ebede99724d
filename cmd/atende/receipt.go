package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/operator"
)

// section prints rows under a heading, aligned among themselves.
func section(out io.Writer, heading string, rows func(sheet)) {
	_, _ = fmt.Fprintf(out, "\n%s\n", heading)
	s := newSheet(out)
	rows(s)
	_ = s.Flush()
}

// printReceipt tells a turn in the order in which it happened.
func printReceipt(out io.Writer, r operator.Receipt) {
	s := newSheet(out)
	s.row("turn", string(r.Turn))
	s.row("decided", moment(r.DecidedAt))
	s.row("conversation", string(r.Conversation))
	s.row("number", r.Number)
	s.row("correlation", r.CorrelationID)
	_ = s.Flush()
	section(out, "WHAT CAME IN", func(s sheet) {
		for _, m := range r.Heard {
			printHeard(s, m)
		}
	})
	section(out, "HOW THE ANSWER WAS FOUND", func(s sheet) { printReasons(s, r.Decision) })
	if r.Model != nil {
		section(out, "WHAT THE MODEL WAS ASKED", func(s sheet) { printModel(s, *r.Model) })
	}
	if len(r.Verdicts) > 0 {
		section(out, "WHAT THE GUARDS SAID", func(s sheet) {
			for _, v := range r.Verdicts {
				s.row("  "+v.Guard, verdict(v))
			}
		})
	}
	if len(r.Steps) > 0 {
		section(out, "WHAT TOOK HOW LONG", func(s sheet) {
			for _, step := range r.Steps {
				s.row("  "+step.Name, milliseconds(step.TookMS))
			}
		})
	}
	section(out, "WHAT WAS SENT", func(s sheet) {
		s.row("  all of it", string(r.Phase))
		for _, p := range r.Parts {
			printPart(s, "  ", p)
		}
	})
	if len(r.Effects) > 0 {
		section(out, "WHAT ELSE HAPPENED", func(s sheet) {
			for _, e := range r.Effects {
				printEffect(s, "  ", e)
			}
		})
	}
}

func printHeard(s sheet, m operator.HeardDetail) {
	s.row("  message", string(m.ID))
	if m.Kind == "" {
		s.row("  content", "the ledger does not have it any more")
		return
	}
	s.row("  "+string(m.Kind), joined(words(m.Text), m.Note))
	if p := m.Perceived; p != nil {
		s.row("  its file", joined(string(p.Outcome)+sentence(perceptionMeaning(p.Outcome)), given("confidence %s", shareIfAny(p.Confidence))))
		if p.Said.Length > 0 {
			s.row("  said in it", words(p.Said))
		}
		if p.Model != "" {
			s.row("  heard by", joined(p.Model, "in "+milliseconds(p.TookMS), "of audio "+milliseconds(p.LengthMS), dollars(p.CostMicroUSD)))
		}
	}
	s.row("  time", joined(given("sent %s", moment(m.SentAt)), given("received %s", moment(m.ReceivedAt))))
}

// perceptionMeaning says for people what became of looking at a file.
func perceptionMeaning(p conversation.Perception) string {
	switch p {
	case conversation.Understood:
		return "it was heard, or shown to the model"
	case conversation.Silence:
		return "nobody speaks in it"
	case conversation.Unclear:
		return "it is not certain what was said"
	case conversation.TooLarge:
		return "it has more bytes, or is longer, than is read"
	case conversation.WrongKind:
		return "its type cannot be read"
	case conversation.Gone:
		return "Meta does not have it any more"
	case conversation.Undone:
		return "whoever fetches or reads it was ill for too long, or was left out"
	default:
		return ""
	}
}

func printReasons(s sheet, d operator.ReasonDetail) {
	s.row("  route", joined(string(d.Route)+sentence(routeMeaning(d.Route)), given("asked to %s", string(d.Mode))))
	if d.Fallback != "" {
		s.row("  no model", string(d.Fallback)+sentence(fallbackMeaning(d.Fallback)))
	}
	s.row("  state", joined(fmt.Sprintf("%s to %s by %s", d.From, d.Into, d.Event), given("refused: %s", d.Refused)))
	if d.Asked != "" {
		s.row("  asks for", d.Asked)
	}
	if d.Intent != 0 || d.Confidence != 0 {
		s.row("  intent", share(d.Intent))
		s.row("  confidence", share(d.Confidence))
	}
	for _, f := range d.Facts {
		text := "(in another pack than this environment's)"
		switch {
		case f.Text != "":
			text = joined(strconv.Quote(f.Text), place(f))
		case d.PackCurrent:
			text = "(not in the pack)"
		}
		s.row("  fact", f.ID+": "+text)
	}
	which := "another pack than this environment's"
	if d.PackCurrent {
		which = "this environment's pack"
	}
	s.row("  pack", joined(d.PackHash, which))
}

// place is where the pack states a fact; empty when that is not known.
func place(f operator.FactDetail) string {
	if f.File == "" {
		return ""
	}
	return fmt.Sprintf("at %s:%d", f.File, f.Line)
}

// sentence is a meaning after the word that it is of.
func sentence(meaning string) string { return given(": %s", meaning) }

// routeMeaning says for people what a route is; empty when the word has to do.
func routeMeaning(r conversation.Route) string {
	switch r {
	case conversation.RouteFixed:
		return "a fixed reply of the pack, which takes no model"
	case conversation.RouteModel:
		return "the model's decision, as the guards left it"
	case conversation.RouteSafe:
		return "the pack's safe sentence, because the model gave nothing usable"
	case conversation.RouteMenu:
		return "the pack's menu, because there was no model"
	case conversation.RouteMedia:
		return "a message of a kind that cannot be read yet"
	case conversation.RouteLate:
		return "too old or out of the window, so recorded and not answered"
	case conversation.RouteMuted:
		return "a person has the conversation, so recorded and not answered"
	case conversation.RouteSilent:
		return "nothing that waits for an answer"
	default:
		return ""
	}
}

// fallbackMeaning says for people why the model was left out.
func fallbackMeaning(f conversation.Fallback) string {
	switch f {
	case conversation.FallbackTries:
		return "the message had been tried too often"
	case conversation.FallbackContact:
		return "the lead had spent the day's turns or tokens"
	case conversation.FallbackTenant:
		return "all leads together had spent the day's tokens"
	case conversation.FallbackOutage:
		return "the model had given no answer for too long"
	default:
		return ""
	}
}

func printModel(s sheet, m operator.ModelDetail) {
	s.row("  model", m.Name)
	for i, c := range m.Calls {
		name := fmt.Sprintf("  call %d", i+1)
		s.row(name, joined(c.Outcome, given("prompt %s", c.Fingerprint)))
		s.row(name+" said", words(c.Said))
	}
	s.row("  tokens", fmt.Sprintf("%d in, %d of them cached, %d out", m.TokensIn, m.TokensCached, m.TokensOut))
	s.row("  cost", dollars(m.CostMicroUSD))
	s.row("  time", milliseconds(m.TookMS))
}

// dollars is a cost for people.
func dollars(micro int64) string {
	if micro == 0 {
		return "not known: nobody listed the model's price"
	}
	return fmt.Sprintf("US$ %d.%06d", micro/1_000_000, micro%1_000_000)
}

func milliseconds(ms float64) string { return fmt.Sprintf("%.1f ms", ms) }

// shareIfAny is empty for what nobody said.
func shareIfAny(of float64) string {
	if of == 0 {
		return ""
	}
	return share(of)
}

func share(of float64) string { return fmt.Sprintf("%.2f", of) }
