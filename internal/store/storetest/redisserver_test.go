package storetest_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/store/storetest"
)

// askRedis sends commands to the server at address and returns its answer to
// the last one.
func askRedis(t *testing.T, address string, commands ...string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if password, ok := u.User.Password(); ok {
		commands = append([]string{"AUTH " + password, "SELECT " + strings.Trim(u.Path, "/")}, commands...)
	}
	commands = append(commands, "QUIT")
	var request strings.Builder
	for _, command := range commands {
		words := strings.Fields(command)
		fmt.Fprintf(&request, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
		}
	}
	if _, err := io.WriteString(connection, request.String()); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scanner := bufio.NewScanner(connection); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	if len(lines) != len(commands) {
		t.Fatalf("%d answers to %d commands: %q", len(lines), len(commands), lines)
	}
	return lines[len(lines)-2]
}

func TestRedisDatabasesAreApartAndEmpty(t *testing.T) {
	var used string
	t.Run("first", func(t *testing.T) {
		first, _ := storetest.RedisURL(t)
		second, _ := storetest.RedisURL(t)
		if first == second {
			t.Fatal("two requests share a database")
		}
		if got := askRedis(t, first, "SET k v", "DBSIZE"); got != ":1" {
			t.Errorf("keys in the first = %s, want 1", got)
		}
		if got := askRedis(t, second, "DBSIZE"); got != ":0" {
			t.Errorf("keys in the second = %s, want none", got)
		}
		used = first
	})
	_, isReal := storetest.RedisURL(t)
	if isReal && askRedis(t, used, "DBSIZE") != ":0" {
		t.Error("the database of a test that ended is not empty")
	}
}

func TestMoreTestsThanDatabases(t *testing.T) {
	for range 300 {
		t.Run("", func(t *testing.T) { storetest.RedisURL(t) })
	}
}

// TestRedisChild is the other side of the tests below, in a process of its
// own.
func TestRedisChild(t *testing.T) {
	if os.Getenv("REDIS_CHILD") == "" {
		address, _ := storetest.RedisURL(t)
		askRedis(t, address, "PING")
		return
	}
	address, isReal := storetest.RedisURL(t)
	fmt.Printf("child: %s %v\n", address, isReal)
	if os.Getenv("REDIS_CHILD") == "wait" {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

func redisChild(t *testing.T, mode string, environment ...string) *exec.Cmd {
	t.Helper()
	//nolint:gosec // This very program.
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRedisChild$", "-test.v")
	child.Env = append(append(os.Environ(), "REDIS_CHILD="+mode), environment...)
	return child
}

func TestRedisEndsWithItsProcess(t *testing.T) {
	child := redisChild(t, "wait")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	var isReal bool
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		if _, err := fmt.Sscanf(scanner.Text(), "child: %s %v", &address, &isReal); err == nil {
			break
		}
	}
	u, err := url.Parse(address)
	if err != nil || address == "" {
		t.Fatalf("the child's server is at %q, %v", address, err)
	}
	askRedis(t, address, "PING")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // It was killed; that is its error.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		connection, err := net.Dial("tcp", u.Host)
		if err != nil {
			return
		}
		_ = connection.Close()
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the server outlives its process")
		}
	}
}

func TestRedisThatIsMissing(t *testing.T) {
	const notice = "redis-server is not in the PATH: miniredis stands in for it"
	for _, tt := range []struct {
		require string
		ok      bool
		want    string
	}{{"", true, notice}, {"0", true, notice}, {"1", false, "REQUIRE_REAL=1"}} {
		child := redisChild(t, "once", "PATH="+t.TempDir(), "REQUIRE_REAL="+tt.require)
		var stderr bytes.Buffer
		child.Stderr = &stderr
		stdout, err := child.Output()
		if (err == nil) != tt.ok {
			t.Errorf("REQUIRE_REAL=%q: %v, want success %v\n%s", tt.require, err, tt.ok, stdout)
		}
		if !strings.Contains(string(stdout), tt.want) {
			t.Errorf("REQUIRE_REAL=%q: the test does not say %q\n%s", tt.require, tt.want, stdout)
		}
		if got := strings.Count(stderr.String(), notice); tt.ok && got != 1 {
			t.Errorf("REQUIRE_REAL=%q: the process says %d times what it replaced, want once", tt.require, got)
		}
		if tt.ok && !strings.Contains(string(stdout), " false\n") {
			t.Errorf("REQUIRE_REAL=%q: a replacement passes for real\n%s", tt.require, stdout)
		}
	}
}
