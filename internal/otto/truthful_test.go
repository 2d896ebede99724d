package otto_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
)

// The truthful drafts: how many there are at least, in all and of each kind, and
// which share of them may be blocked.
const (
	leastTruthful = 300
	leastOfAKind  = 25
	mostBlocked   = 0.02
)

// honestDraft is a draft that is true, and what makes it so.
type honestDraft struct {
	kind  string
	trial otto.Trial
}

func readTruthful(t *testing.T) []honestDraft {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "truthful.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []honestDraft
	kind := ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			kind = strings.Trim(line, "[]")
			continue
		}
		parts := strings.Split(line, " | ")
		draft := honestDraft{kind, otto.Trial{Text: parts[0], Now: tuesday, Card: conversation.Card{}}}
		at := func(value string) time.Time {
			when, err := time.ParseInLocation("2006-01-02T15:04", value, brasilia)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return when
		}
		for _, part := range parts[1:] {
			key, value, _ := strings.Cut(part, ": ")
			switch key {
			case "lead":
				draft.trial.LeadSaid = append(draft.trial.LeadSaid, value)
			case "card":
				field, v, _ := strings.Cut(value, "=")
				draft.trial.Card[field] = conversation.Value{Value: pii.Text(v), Confidence: 1}
			case "now":
				draft.trial.Now = at(value)
			case "slot":
				draft.trial.Slots = append(draft.trial.Slots, at(value))
			case "handoff":
				draft.trial.Handoff = true
			case "appointment":
				draft.trial.Appointment = true
			default:
				t.Fatalf("%s: what is %q?", line, key)
			}
		}
		all = append(all, draft)
	}
	return all
}

// TestTruthfulDrafts holds drafts that a good agent would write against the
// guards. What they block of them is the price of what they stop.
func TestTruthfulDrafts(t *testing.T) {
	o := newAdversary(t).otto
	drafts := readTruthful(t)
	var kinds []string
	count, blocked := map[string]int{}, map[string]int{}
	wrong := 0
	for _, d := range drafts {
		if !slices.Contains(kinds, d.kind) {
			kinds = append(kinds, d.kind)
		}
		count[d.kind]++
		refused := false
		for _, v := range o.Try(d.trial) {
			if !v.OK {
				refused = true
				t.Logf("%s: %s: %q in %q", d.kind, v.Guard, v.Found, d.trial.Text)
			}
		}
		if refused {
			wrong++
			blocked[d.kind]++
		}
	}
	for _, kind := range kinds {
		t.Logf("%-9s %3d drafts, %d blocked: %.1f %%", kind, count[kind], blocked[kind], 100*float64(blocked[kind])/float64(count[kind]))
		if count[kind] < leastOfAKind {
			t.Errorf("only %d drafts of kind %s", count[kind], kind)
		}
	}
	share := float64(wrong) / float64(len(drafts))
	t.Logf("truthful=%d blocked=%d rate=%.2f%%", len(drafts), wrong, 100*share)
	if len(drafts) < leastTruthful || share > mostBlocked {
		t.Errorf("%d of %d truthful drafts are blocked; at most %.0f %% may be", wrong, len(drafts), 100*mostBlocked)
	}
}
