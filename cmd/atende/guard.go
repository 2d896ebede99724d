package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/program"
)

// guardCheck judges the sentences on standard input.
func guardCheck(ctx context.Context, c call) int {
	j, err := newJudge(c)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, err)
		return exitWrong
	}
	return j.hear(ctx, c)
}

// maxLine is the longest line that is read, in bytes without its end.
const maxLine = 64 << 10

// line is a line that is not blank, or why there are no more.
type line struct {
	number int
	text   []byte
	long   bool // longer than maxLine; text is empty
	broken error
}

// readLines sends the lines of in until its end, or until ctx ends: nothing
// else can interrupt a read from a terminal.
func readLines(ctx context.Context, in io.Reader) <-chan line {
	lines := make(chan line)
	go func() {
		defer close(lines)
		reader := bufio.NewReaderSize(in, maxLine+len("\r\n"))
		for number := 1; ; number++ {
			text, err := reader.ReadSlice('\n')
			l := line{number: number, text: bytes.TrimSpace(text)}
			for errors.Is(err, bufio.ErrBufferFull) {
				l.long = true
				_, err = reader.ReadSlice('\n')
			}
			if l.long = l.long || len(bytes.TrimRight(text, "\r\n")) > maxLine; l.long {
				l.text = nil
			}
			l.text = bytes.Clone(l.text) // the reader uses its buffer again
			last := err != nil
			if last && !errors.Is(err, io.EOF) {
				l = line{broken: err}
			}
			if l.long || len(l.text) > 0 || l.broken != nil {
				select {
				case lines <- l:
				case <-ctx.Done():
					return
				}
			}
			if last {
				return
			}
		}
	}()
	return lines
}

// judgement is what the guards say of a sentence.
type judgement struct {
	Allowed  bool                   `json:"allowed"`
	Verdicts []conversation.Verdict `json:"verdicts"`
}

// wrong stands in the place of a judgement that could not be made.
type wrong struct {
	Error string `json:"error"`
}

// judge knows a business and has its guards at hand.
type judge struct {
	otto *otto.Otto
	pack otto.Pack
}

// newJudge reads the pack that was named: by an option, by the environment as
// the services read it, or by nobody.
func newJudge(c call) (judge, error) {
	dir, given := c.flags[flagPack]
	for _, variable := range c.environ {
		if value, ok := strings.CutPrefix(variable, "PACK_DIR="); ok && !given {
			dir = strings.TrimSpace(value)
		}
	}
	var business otto.Pack
	var err error
	if dir != "" || given {
		business, err = pack.Dir(dir)
	} else {
		business, err = pack.Default()
	}
	if err != nil {
		return judge{}, err
	}
	o, err := otto.New(otto.Options{Pack: business})
	return judge{otto: o, pack: business}, err
}

// hear judges standard input, a sentence a line, and prints each answer before
// it waits for the next line, so that it can be used by hand.
func (j judge) hear(ctx context.Context, c call) int {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetEscapeHTML(false)
	code := exitDone
	for lines := readLines(ctx, c.stdin); ; {
		var l line
		var more bool
		select {
		case <-ctx.Done():
			return exitWrong
		case l, more = <-lines:
		}
		switch {
		case !more && ctx.Err() != nil: // The lines end with the context.
			return exitWrong
		case !more:
			return code
		}
		if l.broken != nil {
			return program.Exit(fmt.Errorf("read standard input: %w", l.broken), c.stderr)
		}
		var answer any
		answer, notes, err := j.judge(l, time.Now())
		for _, note := range notes {
			_, _ = fmt.Fprintf(c.stderr, "line %d: %s\n", l.number, note)
		}
		if err != nil {
			answer, code = wrong{Error: fmt.Sprintf("line %d: %v", l.number, err)}, exitWrong
		}
		if err := encoder.Encode(answer); err != nil {
			return program.Exit(fmt.Errorf("print: %w", err), c.stderr)
		}
	}
}

// judge says what the guards say of a line. Its error says what is wrong with
// the line and repeats of it only names: of keys, fields, states, facts.
func (j judge) judge(l line, now time.Time) (verdict judgement, notes []string, err error) {
	if l.long {
		return judgement{}, nil, fmt.Errorf("longer than %d KiB", maxLine>>10)
	}
	t, err := j.read(l.text, now)
	if err != nil {
		return judgement{}, nil, err
	}
	verdicts := j.otto.Try(t.Trial)
	allowed := !slices.ContainsFunc(verdicts, func(v conversation.Verdict) bool { return !v.OK })
	return judgement{Allowed: allowed, Verdicts: verdicts}, t.notes, nil
}
