package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// FirestoreEmulator is the host:port of a Firestore emulator: the one that
// FIRESTORE_EMULATOR_HOST names, else one started for this process from
// FIRESTORE_EMULATOR_JAR or the Google Cloud SDK, which ends with it. Tests
// share it and keep apart by using a project id each.
//
// When there is none, ok is false, the first test to ask says so, and the
// caller tests against a server in this process; with REQUIRE_REAL=1 that is
// fatal.
func FirestoreEmulator(tb testing.TB) (host string, ok bool) {
	tb.Helper()
	e := emulator()
	if e.err == nil {
		e.said.Do(func() { tb.Logf("Firestore emulator: %s (%s)", e.host, e.origin) })
		return e.host, true
	}
	if os.Getenv("REQUIRE_REAL") == "1" {
		tb.Fatalf("REQUIRE_REAL=1, but there is no Firestore emulator: %v", e.err)
	}
	e.said.Do(func() {
		tb.Logf("no Firestore emulator (%v): a Firestore protocol server in this process takes its place", e.err)
	})
	return "", false
}

type emulatorProcess struct {
	host, origin string
	err          error
	said         *sync.Once
}

// emulator is started at most once a process: it takes seconds and half a
// gigabyte.
var emulator = sync.OnceValue(func() emulatorProcess {
	host, origin, err := findEmulator()
	return emulatorProcess{host: host, origin: origin, err: err, said: new(sync.Once)}
})

const (
	emulatorJar  = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
	emulatorMain = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
	// emulatorStart is generous: tests of several packages start at once.
	emulatorStart = time.Minute
)

func findEmulator() (host, origin string, err error) {
	if host := os.Getenv("FIRESTORE_EMULATOR_HOST"); host != "" {
		return host, "FIRESTORE_EMULATOR_HOST", nil
	}
	jar, err := findJar()
	if err != nil {
		return "", "", err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", "", errors.New("java is not installed")
	}
	// Another process may take the port between finding and using it.
	for range 3 {
		if host, err = startEmulator(java, jar); err == nil {
			return host, jar, nil
		}
	}
	return "", "", err
}

func findJar() (string, error) {
	if jar := os.Getenv("FIRESTORE_EMULATOR_JAR"); jar != "" {
		if _, err := os.Stat(jar); err != nil {
			return "", fmt.Errorf("FIRESTORE_EMULATOR_JAR: %w", err)
		}
		return jar, nil
	}
	roots := []string{
		os.Getenv("CLOUDSDK_ROOT_DIR"), "/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk",
		"/opt/google-cloud-sdk", "/snap/google-cloud-sdk/current", "/opt/homebrew/share/google-cloud-sdk",
	}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, "google-cloud-sdk"))
	}
	for _, root := range roots {
		if root == "" {
			continue
		}
		if jar := filepath.Join(root, emulatorJar); isFile(jar) {
			return jar, nil
		}
	}
	if gcloud, err := exec.LookPath("gcloud"); err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, gcloud, "info", "--format=value(installation.sdk_root)").Output()
		if jar := filepath.Join(strings.TrimSpace(string(out)), emulatorJar); err == nil && isFile(jar) {
			return jar, nil
		}
	}
	return "", errors.New("neither FIRESTORE_EMULATOR_HOST nor FIRESTORE_EMULATOR_JAR is set and the Google Cloud SDK has none")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// startEmulator starts Java itself: killing a wrapper would leave it behind.
func startEmulator(java, jar string) (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	host := free.Addr().String()
	_, port, err := net.SplitHostPort(host)
	if err = errors.Join(err, free.Close()); err != nil {
		return "", err
	}
	//nolint:gosec // The jar and its interpreter are chosen by whoever runs the tests.
	cmd := exec.Command(java, "-Xmx512m", "-Duser.language=en", "-cp", jar, emulatorMain,
		"start", "--host=127.0.0.1", "--port="+port)
	dieWithParent(cmd)
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// The system ends the child with the thread that started it, so this
		// one is kept until the child has ended.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return "", err
	}
	if err := answers("http://"+host+"/", ended); err != nil {
		// It may have ended by itself.
		_ = cmd.Process.Kill()
		return "", err
	}
	return host, nil
}

// answers waits until a URL answers, or the process behind it has ended.
func answers(url string, ended <-chan error) error {
	deadline := time.NewTimer(emulatorStart)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	client := http.Client{Timeout: time.Second}
	for {
		if r, err := client.Get(url); err == nil {
			if err := r.Body.Close(); err != nil {
				return err
			}
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case err := <-ended:
			return fmt.Errorf("the emulator ended: %w", errors.Join(err, errors.New("before it answered")))
		case <-deadline.C:
			return errors.New("the emulator did not answer in time")
		}
	}
}
