package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roleVariable says which part of a benchmark this process plays; a process
// without it is the one that measures.
const roleVariable = "ATENDE_BENCH_ROLE"

// patience bounds everything that is waited for. It is no limit of what is
// measured: a busy machine is no failure here.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play is the life of a process that is started by a benchmark: it says where
// it listens and ends with its standard input, however its parent ends.
func play(role string) error {
	parts := map[string]func(context.Context) error{
		"stubs":         serveStubs,
		"ingress":       serveIngress,
		"ingress-floor": serveIngressFloor,
		"worker":        serveWorker,
		"worker-floor":  serveWorkerFloor,
	}
	part, ok := parts[role]
	if !ok {
		return errors.New("no such role")
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return part(ctx)
}

// announce tells the parent where this process listens.
func announce(addresses map[string]string) error {
	line, err := json.Marshal(addresses)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s\n", line)
	return err
}

func listen(ctx context.Context) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
}

// usage is what a process has spent since it started.
type usage struct {
	CPU     time.Duration
	Objects uint64 // allocated on the heap
	Bytes   uint64
}

func (u usage) since(before usage) usage {
	return usage{CPU: u.CPU - before.CPU, Objects: u.Objects - before.Objects, Bytes: u.Bytes - before.Bytes}
}

func spent() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, err
	}
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(samples)
	return usage{
		CPU:     time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		Objects: samples[0].Value.Uint64(), Bytes: samples[1].Value.Uint64(),
	}, nil
}

// control serves what the measuring process asks of this one, on a port of its
// own: what it spent, and profiles.
func control(ctx context.Context, more map[string]http.HandlerFunc) (address string, err error) {
	l, err := listen(ctx)
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/usage", func(w http.ResponseWriter, _ *http.Request) {
		u, err := spent()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(u) // The parent notices what is missing.
	})
	mux.HandleFunc("/profile/start", startProfile)
	mux.HandleFunc("/profile/stop", stopProfile)
	for pattern, handle := range more {
		mux.HandleFunc(pattern, handle)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(l) }() // Ends with the process.
	return "http://" + l.Addr().String(), nil
}

// process is a part of a benchmark that runs beside the one that measures.
type process struct {
	role      string
	addresses map[string]string
}

// start runs this program once more in another role, until the benchmark ends.
func start(tb testing.TB, role string, environ ...string) *process {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	//nolint:gosec // The program is this one.
	command := exec.Command(self)
	command.Env = append([]string{roleVariable + "=" + role, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environ...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close() // It ends with this.
		if err := command.Wait(); err != nil {
			tb.Errorf("%s: %v", role, err)
		}
	})
	p := &process{role: role}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatalf("%s did not start: %v", role, err)
	}
	if err := json.Unmarshal([]byte(line), &p.addresses); err != nil {
		tb.Fatalf("%s: %v", role, err)
	}
	return p
}

// ask gets a JSON value from the process's control port.
func (p *process) ask(tb testing.TB, path string, into any) {
	tb.Helper()
	answer, err := get(tb.Context(), p.addresses["control"]+path)
	if err != nil {
		tb.Fatalf("%s: %v", p.role, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer, into); err != nil {
		tb.Fatalf("%s: %s: %v", p.role, path, err)
	}
}

func (p *process) spent(tb testing.TB) usage {
	tb.Helper()
	var u usage
	p.ask(tb, "/usage", &u)
	return u
}

// awaitReady asks until the service says that it can work.
func (p *process) awaitReady(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		_, err := get(ctx, p.addresses["service"]+"/ready")
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			tb.Fatalf("%s is not ready: %v", p.role, err)
		}
	}
}

// get returns the body of a 200.
func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}
