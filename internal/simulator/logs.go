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
)

// logs keeps the newest lines that the services printed.
type logs struct {
	also io.Writer // may be nil
	// read is given each line once, as it is printed; nil means that nobody is. It
	// must print none.
	read func(line json.RawMessage)

	mu    sync.Mutex
	lines []json.RawMessage
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
}

func (l *logs) newest() []json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
