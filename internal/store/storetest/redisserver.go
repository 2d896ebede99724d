package storetest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	// redisDatabases is how many tests of one process can use the server at
	// the same time.
	redisDatabases = 128
	// redisStart bounds how long a server may take until it answers.
	redisStart = 10 * time.Second
)

// redisServer runs a server and ends with the process that holds its standard
// input, however that process ends.
const redisServer = `trap '' INT TERM; "$@" & pid=$!; cat; kill -9 $pid; wait $pid; rm -rf "$dir"`

// theRedis is the one server of a test process, started by the first test that
// asks for it. Packages do not share it: each has its own process.
var theRedis = sync.OnceValues(startRedis)

// sayOnce keeps the notice of a replacement to one line a process.
var sayOnce sync.Once

// RedisURL is the URL of an empty Redis database that belongs to the test
// until it ends. It is a real redis-server's when there is one in the PATH;
// otherwise one of an embedded miniredis whose keys expire by the wall clock,
// and it says so. With REQUIRE_REAL=1 a replacement fails the test.
func RedisURL(t testing.TB) (address string, isReal bool) {
	t.Helper()
	server, err := theRedis()
	if errors.Is(err, exec.ErrNotFound) {
		if os.Getenv("REQUIRE_REAL") == "1" {
			t.Fatal("REQUIRE_REAL=1, but there is no redis-server in the PATH")
		}
		const notice = "redis-server is not in the PATH: miniredis stands in for it"
		sayOnce.Do(func() { fmt.Fprintln(os.Stderr, notice) })
		t.Log(notice)
		embedded := miniredis.RunT(t)
		embedded.ClockTTL(true)
		return "redis://" + embedded.Addr(), false
	}
	if err != nil {
		t.Fatalf("start redis-server: %v", err)
	}
	database := <-server.free
	t.Cleanup(func() {
		if err := server.flush(database); err != nil {
			t.Errorf("empty the test's database: %v", err)
		}
		server.free <- database
	})
	u := url.URL{Scheme: "redis", User: url.UserPassword("", server.password), Host: server.address, Path: "/" + strconv.Itoa(database)}
	return u.String(), true
}

// runningRedis is a server that answers.
type runningRedis struct {
	address  string
	password string // tells this server from a stranger on a port it lost
	free     chan int
	// stdin stays open as long as the process lives, and so does the server.
	stdin io.Closer
}

func startRedis() (*runningRedis, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	var failures error
	for range 3 { // Somebody else may take the free port first.
		server, err := startRedisOnce(binary)
		if err == nil {
			return server, nil
		}
		failures = errors.Join(failures, err)
	}
	return nil, failures
}

func startRedisOnce(binary string) (*runningRedis, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "atende-redis-")
	if err != nil {
		return nil, err
	}
	server := &runningRedis{address: address, password: rand.Text(), free: make(chan int, redisDatabases)}
	for i := range redisDatabases {
		server.free <- i
	}
	//nolint:gosec // The binary is the PATH's, the arguments are ours.
	command := exec.Command("sh", "-c", redisServer, "redis", binary,
		"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", dir,
		"--databases", strconv.Itoa(redisDatabases), "--requirepass", server.password)
	command.Env = append(os.Environ(), "dir="+dir)
	if server.stdin, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	if err := server.awaitReady(); err != nil {
		return nil, errors.Join(err, server.stdin.Close(), command.Wait())
	}
	return server, nil
}

// awaitReady asks until the server answers as ours.
func (s *runningRedis) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), redisStart)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.flush(0)
		if err == nil {
			return nil
		}
		var refused *redisRefusal
		if errors.As(err, &refused) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// redisRefusal is an answer other than OK.
type redisRefusal struct{ answer string }

func (r *redisRefusal) Error() string { return "server answers " + r.answer }

// flush empties one database. It speaks the protocol itself, as one room alone
// may import a client.
func (s *runningRedis) flush(database int) (err error) {
	connection, err := net.DialTimeout("tcp", s.address, time.Second)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	commands := []string{"AUTH " + s.password, "SELECT " + strconv.Itoa(database), "FLUSHDB"}
	if _, err := io.WriteString(connection, strings.Join(commands, "\r\n")+"\r\n"); err != nil {
		return err
	}
	answers := bufio.NewReader(connection)
	for range commands {
		answer, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if answer != "+OK\r\n" {
			return &redisRefusal{answer: strings.TrimSpace(answer)}
		}
	}
	return nil
}
