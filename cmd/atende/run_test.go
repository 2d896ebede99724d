package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCommands(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "business.yaml"), []byte("nome: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	named, err := os.ReadFile("../../packs/default")
	if err != nil {
		t.Fatal(err)
	}
	standard := strings.TrimSpace(string(named))
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"", 2, "", "atende dev"},
		{"help", 0, "atende pack check DIR", ""},
		{"--help", 0, "atende pack check DIR", ""},
		{"-h", 0, "atende pack check DIR", ""},
		{"version", 0, "dev\n", ""},
		{"fsm", 0, "stateDiagram-v2", ""},
		{"pack check ../../packs/" + standard, 0, "in order", ""},
		{"pack check ../../packs/pizzaria-exemplo", 0, "in order", ""},
		{"pack check " + empty, 1, "", "business.yaml"},
		{"pack check " + broken, 1, "", "business.yaml"},
		{"pack check " + filepath.Join(empty, "nothing"), 1, "", "nothing"},
		{"pack check", 2, "", "it is: atende pack check DIR"},
		{"pack check a b", 2, "", "it is: atende pack check DIR"},
		{"pack", 2, "", `there is no command "pack"; "atende help" lists all`},
		{"fsm please", 2, "", "it is: atende fsm"},
		{"nurse", 2, "", `there is no command "nurse"; "atende help" lists all`},
		{"doctor please", 2, "", "it is: atende doctor [--write] [--json]"},
		{"webhook subscribe now", 2, "", "it is: atende webhook subscribe"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), nil, nil, &stdout, &stderr)
		if code != c.code {
			t.Errorf("atende %s ended with %d", c.args, code)
		}
		for _, printed := range []struct{ where, got, want string }{
			{"stdout", stdout.String(), c.stdout}, {"stderr", stderr.String(), c.stderr},
		} {
			if !strings.Contains(printed.got, printed.want) || printed.want == "" && printed.got != "" {
				t.Errorf("atende %s printed %q on %s", c.args, printed.got, printed.where)
			}
		}
	}
}

func TestHelpListsOnlyWhatWorks(t *testing.T) {
	var stdout bytes.Buffer
	run(t.Context(), []string{"help"}, nil, nil, &stdout, io.Discard)
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != len(commands()) {
		t.Fatalf("%d lines for %d commands", len(lines), len(commands()))
	}
	for i, c := range commands() {
		if !strings.HasPrefix(lines[i], c.usage()) {
			t.Errorf("%q does not begin with %q", lines[i], c.usage())
		}
	}
}

// opened closes its channel at the first line that holds an address.
type opened struct {
	bytes.Buffer
	address chan struct{}
}

func (o *opened) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("Open http://127.0.0.1:")) {
		close(o.address)
	}
	return o.Buffer.Write(p)
}

func TestDevRunsUntilItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout := &opened{address: make(chan struct{})}
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"dev"}, []string{"PORT_BASE=0"}, nil, stdout, &stderr) }()
	select {
	case <-stdout.address:
	case <-time.After(30 * time.Second):
		t.Fatal("no address was printed")
	}
	cancel()
	if got := <-code; got != 0 || stderr.Len() > 0 {
		t.Errorf("it ended with %d and %q", got, stderr.String())
	}
}

func TestDevRefuses(t *testing.T) {
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"dev"}, []string{"ENVIRONMENT=production"}, nil, io.Discard, &stderr); code != 2 {
		t.Errorf("it ended with %d", code)
	}
	if !strings.Contains(stderr.String(), "ENVIRONMENT") {
		t.Errorf("it says %q", stderr.String())
	}
}

func TestDevNamesPortsThatAreTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"dev"}, []string{"PORT_BASE=" + port}, nil, io.Discard, &stderr); code != 1 {
		t.Errorf("it ended with %d", code)
	}
	if !strings.Contains(stderr.String(), port+" for the page") {
		t.Errorf("it says %q", stderr.String())
	}
}
