package smoke

import (
	"encoding/json"
	"fmt"

	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
)

// The services as they name themselves.
const (
	ingress = "atende-ingress"
	worker  = "atende-worker"
)

// read reads a line as a service printed it.
func read(text json.RawMessage) (Line, error) {
	var l struct {
		Severity string `json:"severity"`
		Event    string `json:"message"`
		Fate     string `json:"fate"`
		Turn     string `json:"turn"`
		Phase    string `json:"state"`
		Reason   string `json:"reason"`
		Ignored  int    `json:"ignored"`
		Context  struct {
			Service string `json:"service"`
		} `json:"serviceContext"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return Line{}, fmt.Errorf("read a line of the log: %w", err)
	}
	return Line{
		Service: l.Context.Service, Severity: l.Severity, Event: l.Event, Fate: l.Fate, Turn: l.Turn,
		Phase: l.Phase, Reason: l.Reason, Unknown: l.Ignored,
	}, nil
}

func received(l Line) bool { return l.Event == string(telemetry.WebhookReceived) }

// answered is a turn that ended with an answer, whatever else it did.
func answered(l Line) bool { return l.Turn != "" && l.Fate == string(turn.Answered) }

func applied(l Line) bool { return l.Event == string(telemetry.StatusesApplied) }

func find(lines []Line, is func(Line) bool) *Line {
	for i := range lines {
		if is(lines[i]) {
			return &lines[i]
		}
	}
	return nil
}
