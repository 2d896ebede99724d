package simulator_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/simulator"
)

// refused runs a street that must not start, and returns its exit code and what
// it says.
func refused(t *testing.T, environ ...string) (code int, says string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err := simulator.Run(ctx, simulator.Options{Environ: environ, Stdout: &stdout, Stderr: io.Discard})
	if ctx.Err() != nil {
		t.Fatal("the street started")
	}
	if stdout.Len() > 0 {
		t.Errorf("it printed %s", stdout.String())
	}
	return program.Exit(err, &stderr), stderr.String()
}

func TestWhatTheStreetRefuses(t *testing.T) {
	const secret = "a-secret-that-nobody-may-read"
	for _, c := range []struct {
		name    string
		environ []string
		says    []string
	}{
		{"another environment", []string{"ENVIRONMENT=production"}, []string{"ENVIRONMENT"}},
		{"a short name", []string{"ENVIRONMENT=dev"}, []string{"ENVIRONMENT"}},
		{"a reference", []string{"WHATSAPP_APP_SECRET=secret:app"}, []string{"WHATSAPP_APP_SECRET"}},
		{"a whole reference", []string{"OPENAI_API_KEY=projects/p/secrets/s/versions/latest"}, []string{"OPENAI_API_KEY", "Secret Manager"}},
		{"faults of both services at once",
			[]string{"TURN_DEADLINE=soon", "COALESCE_WINDOW=1h", "DATA_KEY=" + secret, "LOG_LEVEL=loud"},
			[]string{"TURN_DEADLINE", "COALESCE_WINDOW", "DATA_KEY", "LOG_LEVEL"}},
		{"a port that is none", []string{"PORT_BASE=http"}, []string{"PORT_BASE"}},
		{"a port without two more", []string{"PORT_BASE=65534"}, []string{"PORT_BASE"}},
		{"a negative port", []string{"PORT_BASE=-1"}, []string{"PORT_BASE"}},
		{"a Redis that is none", []string{"REDIS_URL=http://127.0.0.1"}, []string{"REDIS_URL"}},
		{"the platform's word for a token", []string{"TASKS_AUTH=platform"}, []string{"TASKS_AUTH"}},
		{"a pack that is none", []string{"PACK_DIR=" + t.TempDir()}, []string{"PACK_DIR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, says := refused(t, append([]string{"PORT_BASE=0"}, c.environ...)...)
			if code != 2 {
				t.Errorf("the exit code is %d", code)
			}
			for _, word := range c.says {
				if !strings.Contains(says, word) {
					t.Errorf("%s is not named in:\n%s", word, says)
				}
			}
			if strings.Contains(says, secret) {
				t.Errorf("a secret is printed:\n%s", says)
			}
		})
	}
}

func TestPortsThatAreTaken(t *testing.T) {
	// Below the ports that the system hands out, where nobody interferes.
	var taken []net.Listener
	base := 20_000
	for ; ; base++ {
		if base > 30_000 {
			t.Fatal("no three ports in a row are free")
		}
		var free []net.Listener
		for port := base; port < base+3; port++ {
			if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				free = append(free, l)
			}
		}
		if len(free) == 3 {
			_ = free[1].Close()
			taken = []net.Listener{free[0], free[2]}
			break
		}
		for _, l := range free {
			_ = l.Close()
		}
	}
	code, says := refused(t, fmt.Sprintf("PORT_BASE=%d", base))
	for _, l := range taken {
		_ = l.Close()
	}
	if code != 1 {
		t.Errorf("the exit code is %d", code)
	}
	for _, word := range []string{fmt.Sprintf("%d for the page", base), fmt.Sprintf("%d for the worker", base+2), "PORT_BASE"} {
		if !strings.Contains(says, word) {
			t.Errorf("%q is not in:\n%s", word, says)
		}
	}
	if strings.Contains(says, "ingress") {
		t.Errorf("the port that was free is blamed:\n%s", says)
	}
	free, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+1))
	if err != nil {
		t.Fatalf("the port that was free is still held: %v", err)
	}
	_ = free.Close()
}

func TestNothingLeadsOutByAccident(t *testing.T) {
	outside := []string{
		"WHATSAPP_API_BASE_URL=https://graph.facebook.com", "WHATSAPP_ACCESS_TOKEN=a-real-token",
		"WORKER_URL=https://worker.example.com", "HANDOFF_WEBHOOK_URL=https://team.example.com",
		"HANDOFF_WEBHOOK_SECRET=secret:handoff", "HANDOFF_WHATSAPP_TO=5511955554444", "HANDOFF_TEMPLATE=chamado",
		"GCP_PROJECT=a-real-project", "FIRESTORE_PROJECT_ID=a-real-project", "FIRESTORE_DATABASE_ID=real",
		"LEDGER_BACKEND=firestore", "CLOUD_TASKS_EMULATOR_HOST=tasks.example.com:8123",
		"TASKS_OIDC_ISSUER=https://accounts.google.com", "OPENAI_BASE_URL=https://api.openai.com/v1", "PORT=1", "K_SERVICE=x",
		"SERVICE_NAME=x",
	}
	s := start(t, outside...)
	s.say(iara, erp)
	s.exactly(iara, 1)
	greeting := s.Greeting()
	for _, variable := range outside {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.Contains(greeting, "ignored  "+name+": ") {
			t.Errorf("%s is not said to be ignored:\n%s", name, greeting)
		}
		if len(value) > 4 && strings.Contains(greeting, value) {
			t.Errorf("the value of %s is printed", name)
		}
	}
}

func TestTheGreetingSaysWhatIsReal(t *testing.T) {
	s := start(t, "REDIS_URL=redis://:password@redis.invalid", "WHATSAPP_APP_SECRT=typo", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.invalid")
	greeting := s.Greeting()
	for _, words := range []string{
		"meta     stand-in", "ingress  real", "redis    real      redis://redis.invalid", "tasks    stand-in", "worker   real",
		"ledger   stand-in  memory", "model    stand-in  offline", "Open " + s.URL, "Ctrl-C",
		"warning  REDIS_URL is not on this machine", "warning  WHATSAPP_APP_SECRT",
		"warning  OTEL_EXPORTER_OTLP_ENDPOINT is not on this machine",
	} {
		if !strings.Contains(greeting, words) {
			t.Errorf("the greeting lacks %q:\n%s", words, greeting)
		}
	}
	if strings.Count(greeting, "http://") != 1 || strings.Contains(greeting, "password") {
		t.Errorf("the greeting holds too much:\n%s", greeting)
	}
}

func TestTheSecretAndTheNumberAreHonoured(t *testing.T) {
	s := start(t, "WHATSAPP_WEBHOOK_SECRET=old-name,older", "WHATSAPP_PHONE_NUMBER_ID=111,222",
		"CONTACT_HASH_KEY="+strings.Repeat("ab", 32), "DATA_KEY="+strings.Repeat("cd", 32))
	s.say(iara, "oi")
	s.exactly(iara, 1)
}

func TestAStreetThatIsAskedToStop(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, c := range []struct {
		name  string
		fault string
	}{
		{"at rest", ""}, {"while the graph hangs", "graph"}, {"while the model hangs", "model"},
		{"while redis hangs", "redis"}, {"while the ledger hangs", "ledger"}, {"while tasks hang", "tasks"},
		{"while webhooks hang", "webhook"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t)
			if c.fault != "" {
				s.fault(c.fault, "hang", -1)
			}
			s.say(iara, erp)
			parts := s.parts()
			addresses := []string{strings.TrimPrefix(s.URL, "http://"), parts["ingress"].What, parts["worker"].What}
			began := time.Now()
			if err := s.Stop(); err != nil {
				t.Errorf("it ended with %v", err)
			}
			// Two seconds of grace, and what is cut then ends soon.
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, address := range addresses {
				if conn, err := net.Dial("tcp", address); err == nil {
					_ = conn.Close()
					t.Errorf("%s is still open", address)
				}
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
	// Sockets take a moment to be gone.
	tick, late := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-tick.C:
		case <-late:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left of %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestLogsReachTheTerminalWhenAskedFor(t *testing.T) {
	s := start(t, "ATENDE_LOG=1")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{`"service":"atende-ingress"`, `"service":"atende-worker"`} {
		if !strings.Contains(s.Logs(), words) {
			t.Errorf("the logs lack %s", words)
		}
	}
	if strings.Contains(s.Greeting(), "severity") {
		t.Error("the logs drown the address")
	}
}

func TestAServiceThatCannotStartTakesTheStreetWithIt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "business.yaml"), []byte("name: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	code, says := refused(t, "PORT_BASE=0", "PACK_DIR="+dir)
	if code != 2 || !strings.Contains(says, "worker: PACK_DIR") {
		t.Errorf("it ended with %d and %q", code, says)
	}
}
