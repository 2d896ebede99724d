package simulator

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// part is one part of the street and what stands in for it.
type part struct {
	Name string `json:"name"`
	Real bool   `json:"real"`
	// Variant tells apart what the part can be here, for programs.
	Variant string `json:"variant"`
	// What says it to people.
	What string `json:"what"`
}

// describe lists the parts in the order in which a message meets them.
func (w *wishes) describe(ingress, worker string) []part {
	redis := part{"redis", false, "embedded", "embedded; REDIS_URL takes a real one"}
	switch {
	case w.noRedis:
		redis = part{"redis", false, "none", "none: each service keeps its hints in its own memory"}
	case w.redis != nil:
		redis = part{"redis", true, "external", w.redis.Scheme + "://" + w.redis.Host}
	}
	ledger := part{"ledger", false, "memory", "memory, forgotten at the end; FIRESTORE_EMULATOR_HOST takes the emulator"}
	if w.emulator != "" {
		ledger = part{"ledger", true, "emulator", "Firestore emulator at " + w.emulator}
	}
	model := part{"model", false, string(modelOffline), "offline, and audio is transcribed from a script; OPENAI_API_KEY takes the real one"}
	switch w.model {
	case modelReal:
		model = part{"model", true, string(modelReal), w.worker.OpenAI.Model}
	case modelOff:
		model = part{"model", false, string(modelOff), "none: OPENAI_ENABLED is false, Otto answers from his menu"}
	}
	return []part{
		{"meta", false, "fake", "fake Graph API and signed webhooks; nothing reaches WhatsApp"},
		{"ingress", true, "program", ingress},
		redis,
		{"tasks", false, "process", "Cloud Tasks over gRPC in this process, with real tokens"},
		{"worker", true, "program", worker},
		ledger,
		model,
		{"team", false, "receiver", "takes what the team is told, signed; /api/handoffs of the page shows it"},
	}
}

// greet prints what a person needs to know, the address last.
func greet(out io.Writer, version string, w wishes, parts []part, page string) {
	_, _ = fmt.Fprintf(out, "Atende %s: the whole street on this machine\n\n", version)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range parts {
		kind := "stand-in"
		if p.Real {
			kind = "real"
		}
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Name, kind, p.What)
	}
	_ = table.Flush()
	for _, line := range w.ignored {
		_, _ = fmt.Fprintln(out, "  ignored  "+line)
	}
	for _, line := range w.warnings {
		_, _ = fmt.Fprintln(out, "  warning  "+line)
	}
	_, _ = fmt.Fprintf(out, "\nOpen %s\nCtrl-C stops. The services' logs: ATENDE_LOG=1, or /api/logs of that address.\n", page)
}
