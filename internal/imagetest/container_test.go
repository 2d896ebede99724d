//go:build images

package imagetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// patience bounds every wait for something that certainly comes.
	patience = 90 * time.Second
	// memory is what infra/ gives an instance.
	memory = 512 << 20
	// processes is more than any Go program has threads here.
	processes = 200
)

// container is an image that runs. The engine's own process stands for it: it
// passes signals on and ends with the program's exit code.
type container struct {
	t     *testing.T
	image *image
	port  string
	cmd   *exec.Cmd
	pid   []string // the command that prints the program's process
	ended chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// start starts an image with an environment and nothing more of this machine's
// than its network: no right to write its root, no capability, no way to new
// rights, bounded memory. It ends with the test.
func (i *image) start(t *testing.T, env map[string]string) *container {
	t.Helper()
	id := fmt.Sprintf("atende-%s-%d-%d", i.name, os.Getpid(), time.Now().UnixNano())
	c := &container{t: t, image: i, port: env["PORT"], ended: make(chan struct{})}
	var remove *exec.Cmd
	switch *engine {
	case "docker", "podman":
		list := filepath.Join(t.TempDir(), "environment")
		var lines strings.Builder
		for name, value := range env {
			lines.WriteString(name + "=" + value + "\n")
		}
		if err := os.WriteFile(list, []byte(lines.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		//nolint:gosec // The engine is this test's flag.
		c.cmd = exec.Command(*engine, "run", "--rm", "--name", id, "--network", "host", "--read-only",
			"--cap-drop", "ALL", "--security-opt", "no-new-privileges",
			"--memory", strconv.Itoa(memory), "--pids-limit", strconv.Itoa(processes), "--env-file", list, i.tag)
		remove = exec.Command(*engine, "rm", "--force", id) //nolint:gosec // The same.
		c.pid = []string{*engine, "inspect", "--format", `{"pid":{{.State.Pid}}}`, id}
	case "runc":
		bundle := t.TempDir()
		spec, err := i.bundle(env)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), spec, 0o600); err != nil {
			t.Fatal(err)
		}
		state := t.TempDir()
		c.cmd = exec.Command("runc", "--root", state, "run", "--bundle", bundle, id) //nolint:gosec // Made above.
		remove = exec.Command("runc", "--root", state, "delete", "--force", id)      //nolint:gosec // Made above.
		c.pid = []string{"runc", "--root", state, "state", id}
	default:
		t.Fatalf("-engine %s: want docker, podman or runc", *engine)
	}
	c.cmd.Stdout, c.cmd.Stderr = c, c
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("start the image of the %s: %v", i.name, err)
	}
	go func() {
		_ = c.cmd.Wait() // How it ended is in its state.
		close(c.ended)
	}()
	t.Cleanup(func() {
		// It has gone already unless the test failed half way.
		_ = remove.Run()
		<-c.ended
		if t.Failed() {
			t.Logf("log of the %s:\n%s", i.name, c.said())
		}
	})
	return c
}

func (c *container) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(b)
}

// said is what the program has printed.
func (c *container) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

func (c *container) url() string { return "http://127.0.0.1:" + c.port }

// ready returns when the program says that it can work.
func (c *container) ready(client *http.Client) {
	c.t.Helper()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	overdue := time.After(patience)
	for {
		if status, _ := c.ask(client, "/ready"); status == http.StatusOK {
			return
		}
		select {
		case <-look.C:
		case <-c.ended:
			c.t.Fatalf("the image of the %s ended before it could work: %v", c.image.name, c.cmd.ProcessState)
		case <-overdue:
			c.t.Fatalf("the image of the %s cannot work after %v", c.image.name, patience)
		}
	}
}

// ask asks a route; the status is zero as long as nobody listens.
func (c *container) ask(client *http.Client, path string) (status int, body string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url()+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = answer.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, text.String()
}

// status is what the system says of the running program: its user, its rights.
func (c *container) status() map[string]string {
	c.t.Helper()
	//nolint:gosec // Made above.
	out, err := exec.CommandContext(c.t.Context(), c.pid[0], c.pid[1:]...).Output()
	if err != nil {
		c.t.Fatalf("ask for the process of the %s: %v", c.image.name, err)
	}
	var running struct{ Pid int }
	if err := json.Unmarshal(out, &running); err != nil {
		c.t.Fatalf("the process of the %s: %v", c.image.name, err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", running.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	fields := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	return fields
}

// stop asks the program to end, as the platform does.
func (c *container) stop() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Fatal(err)
	}
}

// code waits for the end and returns the program's exit code.
func (c *container) code() int {
	c.t.Helper()
	select {
	case <-c.ended:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		c.t.Fatalf("the image of the %s has not ended after %v", c.image.name, patience)
		return 0
	}
}

type object = map[string]any

// bundle is what runc has to know of the image: the start that an engine would
// make of the image's own configuration.
func (i *image) bundle(env map[string]string) ([]byte, error) {
	uid, gid, err := i.account()
	if err != nil {
		return nil, err
	}
	all := i.config.Env
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	cwd := i.config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	mount := func(at, kind string, options ...string) object {
		return object{"destination": at, "type": kind, "source": kind, "options": options}
	}
	return json.Marshal(object{
		"ociVersion": "1.0.2",
		"root":       object{"path": i.root, "readonly": true},
		"process": object{
			"args": i.config.Entrypoint, "env": all, "cwd": cwd,
			"user": object{"uid": uid, "gid": gid}, "noNewPrivileges": true,
			"capabilities": object{},
		},
		"mounts": []object{
			mount("/proc", "proc", "nosuid", "noexec", "nodev"),
			mount("/dev", "tmpfs", "nosuid", "noexec", "mode=755"),
		},
		"linux": object{
			// The network is the host's, where the servers of the test are.
			"namespaces":    []object{{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}},
			"resources":     object{"memory": object{"limit": memory}, "pids": object{"limit": processes}},
			"maskedPaths":   []string{"/proc/kcore", "/proc/keys", "/proc/timer_list"},
			"readonlyPaths": []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"},
		},
	})
}
