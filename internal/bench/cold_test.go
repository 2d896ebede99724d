package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// starts is how often each program is started; the first ones, which fill the
// disk's cache, do not count.
const starts, warmUps = 20, 2

// BenchmarkColdStart builds the services as they are shipped and measures from
// exec to the first 200 of /health, then how much memory they hold once they
// are ready, beside a program that links the same clients and does nothing.
func BenchmarkColdStart(b *testing.B) {
	s := openStreet(b)
	folder := b.TempDir()
	programs := []struct {
		name, path         string
		health, rest, file string // targets
	}{
		{"floor", "./internal/bench/testdata/floor", "–", "–", "–"},
		{"ingress", "./cmd/ingress", "≤ 25", "≤ 25", "≤ 35"},
		{"worker", "./cmd/worker", "≤ 25", "≤ 25", "≤ 60"},
	}
	for _, p := range programs {
		build(b, filepath.Join(folder, p.name), p.path)
	}
	for b.Loop() {
		took := make([][]time.Duration, len(programs))
		memory := make([][]int64, len(programs))
		for round := -warmUps; round < starts; round++ {
			for i, p := range programs {
				health, kib := once(b, filepath.Join(folder, p.name), s.environ())
				if round >= 0 {
					took[i], memory[i] = append(took[i], health), append(memory[i], kib)
				}
			}
		}
		t := newTable(fmt.Sprintf("Start: exec to the first 200 of /health, memory once ready, size; %d warm starts", starts),
			"", "fastest ms", "median ms", "slowest ms", "target", "resident MiB", "target", "binary MiB", "target")
		for i, p := range programs {
			file, err := os.Stat(filepath.Join(folder, p.name))
			if err != nil {
				b.Fatal(err)
			}
			t.row(p.name, milliseconds(quantile(took[i], 0)), milliseconds(median(took[i])), milliseconds(quantile(took[i], 1)), p.health,
				fmt.Sprintf("%.1f", float64(median(memory[i]))/1024), p.rest, fmt.Sprintf("%.1f", float64(file.Size())/(1<<20)), p.file)
			b.ReportMetric(float64(median(took[i]))/float64(time.Millisecond), p.name+"-ms")
		}
		t.print()
	}
}

// build makes a program as the images do.
func build(tb testing.TB, to, path string) {
	tb.Helper()
	//nolint:gosec // The paths are ours.
	command := exec.CommandContext(tb.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", to, path)
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", path, err, out)
	}
}

// once starts a program, waits until it is healthy and then ready, and ends it.
func once(tb testing.TB, binary string, environ []string) (health time.Duration, kib int64) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	port := freePort(tb)
	var complaint bytes.Buffer
	//nolint:gosec // The program was built a moment ago.
	command := exec.CommandContext(ctx, binary)
	command.Env = append(environ, "PORT="+port)
	command.Stderr = &complaint
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	url := "http://127.0.0.1:" + port
	began := time.Now()
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	err := await(ctx, url+"/health")
	health = time.Since(began)
	if err == nil {
		err = await(ctx, url+"/ready")
	}
	if err == nil {
		kib, err = resident(command.Process.Pid)
	}
	cancel()
	ended := command.Wait()
	if err != nil {
		tb.Fatalf("%s: %v: %v\n%s", binary, err, ended, complaint.String())
	}
	return health, kib
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := listen(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		tb.Fatal(err)
	}
	return port
}

// await asks until the answer is 200. The pause between two questions is the
// error of the measurement.
func await(ctx context.Context, url string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	again := time.NewTicker(200 * time.Microsecond)
	defer again.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// resident is the memory that Linux counts for a process, in KiB.
func resident(pid int) (kib int64, err error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		}
	}
	return 0, errors.New("the system does not tell the resident memory")
}
