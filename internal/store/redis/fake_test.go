package redis_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeServer speaks just enough of the protocol to misbehave. It refuses
// HELLO, as old servers do, and hands every other command to answer, whose
// return is written as it stands; an empty one is no answer.
type fakeServer struct {
	listener net.Listener
	answer   func(command []string) string

	mu       sync.Mutex
	commands [][]string
}

func newFakeServer(t *testing.T, answer func(command []string) string) *fakeServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{listener: listener, answer: answer}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			// Closing the client, which every test does first, ends it.
			wg.Go(func() { f.serve(connection) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return f
}

func (f *fakeServer) url() string { return "redis://" + f.listener.Addr().String() }

func (f *fakeServer) serve(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	in := bufio.NewReader(connection)
	for {
		command, err := readCommand(in)
		if err != nil {
			return
		}
		reply := "-ERR unknown command\r\n"
		if command[0] != "hello" {
			f.mu.Lock()
			f.commands = append(f.commands, command)
			f.mu.Unlock()
			reply = f.answer(command)
		}
		if _, err := io.WriteString(connection, reply); err != nil {
			return
		}
	}
}

// seen is how many commands arrived so far.
func (f *fakeServer) seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.commands)
}

func readCommand(in *bufio.Reader) ([]string, error) {
	n, err := readLength(in, '*')
	if err != nil {
		return nil, err
	}
	var command []string
	for range n {
		size, err := readLength(in, '$')
		if err != nil {
			return nil, err
		}
		body := make([]byte, size+2)
		if _, err := io.ReadFull(in, body); err != nil {
			return nil, err
		}
		command = append(command, string(body[:size]))
	}
	if len(command) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	command[0] = strings.ToLower(command[0])
	return command, nil
}

func readLength(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	line = strings.TrimSpace(line)
	if line == "" || line[0] != kind {
		return 0, fmt.Errorf("line starts with %q, want %q", line, kind)
	}
	return strconv.Atoi(line[1:])
}

// relay stands between a store and its server and writes down the commands.
type relay struct {
	listener net.Listener

	mu       sync.Mutex
	commands []string
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				t.Errorf("relay: %v", err)
				_ = near.Close()
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(near, far)
				_ = near.Close()
			})
			wg.Go(func() {
				r.forward(bufio.NewReader(near), far)
				_ = far.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return r
}

func (r *relay) forward(in *bufio.Reader, out io.Writer) {
	for {
		command, err := readCommand(in)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.commands = append(r.commands, command[0])
		r.mu.Unlock()
		var b strings.Builder
		fmt.Fprintf(&b, "*%d\r\n", len(command))
		for _, word := range command {
			fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
		}
		if _, err := io.WriteString(out, b.String()); err != nil {
			return
		}
	}
}

// take returns the commands since the last time, those of a connection's
// handshake apart.
func (r *relay) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	commands := slices.DeleteFunc(r.commands, func(c string) bool { return slices.Contains([]string{"hello", "auth", "select"}, c) })
	r.commands = nil
	return commands
}
