package crashtest

import (
	"bytes"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that certainly comes. It is long
// because the machine may be busy with anything.
const patience = 90 * time.Second

// program is a process that can be killed and started again.
type program struct {
	t    *testing.T
	name string
	path string
	args []string
	env  []string
	// ready is what it prints when it can work.
	ready string

	mu   sync.Mutex
	log  bytes.Buffer
	life *life
}

// life is one process of a program.
type life struct {
	cmd    *exec.Cmd
	from   int           // where its log begins
	ready  chan struct{} // closed when it can work
	exited chan struct{}
}

// newProgram makes a program that ends with the test, and whose log is printed
// if the test fails.
func newProgram(t *testing.T, p *program) *program {
	p.t = t
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("log of the %s:\n%s", p.name, p.log.Bytes())
		}
	})
	return p
}

// start starts a new process and returns when it can work.
func (p *program) start() {
	p.t.Helper()
	cmd := exec.Command(p.path, p.args...)
	cmd.Env = p.env
	l := &life{cmd: cmd, ready: make(chan struct{}), exited: make(chan struct{})}
	out := writer(func(b []byte) { p.print(l, b) })
	cmd.Stdout, cmd.Stderr = out, out
	dieWithParent(cmd)

	started := make(chan error, 1)
	go func() {
		// The system ends the child with the thread that started it, so this
		// one is kept until the child has ended.
		runtime.LockOSThread()
		p.mu.Lock()
		l.from = p.log.Len()
		err := cmd.Start()
		if err == nil {
			p.life = l
		}
		p.mu.Unlock()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it ended is in its state.
		}
		close(l.exited)
	}()
	if err := <-started; err != nil {
		p.t.Fatalf("start the %s: %v", p.name, err)
	}
	select {
	case <-l.ready:
	case <-l.exited:
		p.t.Fatalf("the %s ended before it could work: %v", p.name, cmd.ProcessState)
	case <-time.After(patience):
		p.t.Fatalf("the %s cannot work after %v", p.name, patience)
	}
}

// writer is a function that takes output.
type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}

func (p *program) print(l *life, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Write(b)
	select {
	case <-l.ready:
	default:
		if bytes.Contains(p.log.Bytes()[l.from:], []byte(p.ready)) {
			close(l.ready)
		}
	}
}

// signal sends a signal to the running process, if there is one.
func (p *program) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return
	}
	// A process that has ended by itself shows in what it left undone.
	_ = p.life.cmd.Process.Signal(s)
}

// kill ends the process as a machine that loses power would.
func (p *program) kill() { p.signal(syscall.SIGKILL) }

// gone returns when the process has ended, with its exit code; -1 is that of a
// process that was killed.
func (p *program) gone() int {
	p.t.Helper()
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	select {
	case <-l.exited:
	case <-time.After(patience):
		p.t.Fatalf("the %s has not ended after %v", p.name, patience)
	}
	return l.cmd.ProcessState.ExitCode()
}

// environ is an environment in the form that processes take.
func environ(parts ...map[string]string) []string {
	var env []string
	for _, part := range parts {
		for name, value := range part {
			env = append(env, name+"="+value)
		}
	}
	return env
}
