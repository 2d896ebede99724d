package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"sync"
)

const (
	maxLogLines = 2000
	maxLogLine  = 64 << 10
	// maxTrails bounds of how many requests and messages the lines are found, and
	// maxTrail how many lines of each.
	maxTrails = 2000
	maxTrail  = 50
)

// logs keeps the newest lines that the services printed. Those of a request or a
// message are found for longer than there is room for all.
type logs struct {
	also io.Writer // may be nil
	// read is given each line once, as it is printed; nil means that nobody is. It
	// must print none.
	read func(line json.RawMessage)

	mu     sync.Mutex
	lines  []json.RawMessage
	count  int
	trails map[string][]trace // by correlation id, and by the id of a message
	known  []string           // keys of trails, oldest first
}

// trace is a line and its number, in the order of printing.
type trace struct {
	n    int
	text json.RawMessage
}

// Write takes whole lines: the services print one event with one call.
func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range bytes.Lines(p) {
		l.add(bytes.TrimSpace(text))
	}
	if l.also != nil {
		// A terminal that is gone is no reason to stop serving.
		_, _ = l.also.Write(p)
	}
	return len(p), nil
}

func (l *logs) add(text []byte) {
	if len(text) == 0 || len(text) > maxLogLine {
		return
	}
	event := json.RawMessage(slices.Clone(text))
	if !json.Valid(event) {
		event, _ = json.Marshal(string(text)) // Strings always encode.
	}
	if len(l.lines) == maxLogLines {
		l.lines = slices.Delete(l.lines, 0, 1)
	}
	l.lines = append(l.lines, event)
	if l.read != nil {
		l.read(event)
	}
	l.count++
	var about struct {
		Correlation string `json:"correlation_id"`
		Message     string `json:"message_id"`
	}
	if json.Unmarshal(event, &about) != nil {
		return
	}
	for _, id := range []string{about.Correlation, about.Message} {
		l.trail(id, trace{l.count, event})
	}
}

// trail adds a line to those of an id.
func (l *logs) trail(id string, t trace) {
	if id == "" || len(l.trails[id]) == maxTrail {
		return
	}
	if l.trails == nil {
		l.trails = map[string][]trace{}
	}
	if _, found := l.trails[id]; !found {
		if len(l.known) == maxTrails {
			delete(l.trails, l.known[0])
			l.known = slices.Delete(l.known, 0, 1)
		}
		l.known = append(l.known, id)
	}
	l.trails[id] = append(l.trails[id], t)
}

// about are the lines that carry any of the ids, in the order of printing.
func (l *logs) about(ids ...string) []json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []trace
	for _, id := range ids {
		found = append(found, l.trails[id]...)
	}
	slices.SortFunc(found, func(a, b trace) int { return a.n - b.n })
	lines := []json.RawMessage{}
	for i, t := range found {
		if i == 0 || found[i-1].n != t.n {
			lines = append(lines, t.text)
		}
	}
	return lines
}

func (l *logs) newest() []json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
