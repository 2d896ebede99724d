package crashtest

import (
	"bytes"
	"fmt"
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
	// keep is given the log if the test fails; nil prints it.
	keep func(name string, log []byte)

	mu   sync.Mutex
	log  tail
	life *life
}

// life is one process of a program.
type life struct {
	cmd    *exec.Cmd
	head   []byte        // what it printed before it could work
	ready  chan struct{} // closed when it can work
	exited chan struct{}
}

// tail is the end of what a program printed: a long run must not fill the
// memory with it.
type tail struct{ bytes []byte }

// logTail is how much of a log is worth reading.
const logTail = 2 << 20

func (t *tail) write(b []byte) {
	if len(t.bytes) > 2*logTail {
		t.bytes = append(t.bytes[:0], t.bytes[len(t.bytes)-logTail:]...)
	}
	t.bytes = append(t.bytes, b...)
}

// newProgram makes a program that ends with the test, and whose log is printed
// if the test fails.
func newProgram(t *testing.T, p *program) *program {
	p.t = t
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		if !t.Failed() {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.keep != nil {
			p.keep(p.name, p.log.bytes)
			return
		}
		t.Logf("log of the %s:\n%s", p.name, p.log.bytes)
	})
	return p
}

// start starts a new process and returns when it can work.
func (p *program) start() {
	p.t.Helper()
	if err := p.launch(); err != nil {
		p.t.Fatal(err)
	}
}

// launch is start for those who must not end the test: anybody but the test's
// own goroutine.
func (p *program) launch() error {
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
		return fmt.Errorf("start the %s: %w", p.name, err)
	}
	select {
	case <-l.ready:
		return nil
	case <-l.exited:
		return fmt.Errorf("the %s ended before it could work: %v", p.name, cmd.ProcessState)
	case <-time.After(patience):
		return fmt.Errorf("the %s cannot work after %v", p.name, patience)
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
	p.log.write(b)
	select {
	case <-l.ready:
	default:
		l.head = append(l.head, b...)
		if bytes.Contains(l.head, []byte(p.ready)) {
			l.head = nil
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
	code, err := p.ended()
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// ended is gone for those who must not end the test.
func (p *program) ended() (code int, err error) {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	select {
	case <-l.exited:
		return l.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, fmt.Errorf("the %s has not ended after %v", p.name, patience)
	}
}

// lives reports whether there is a process that has not ended.
func (p *program) lives() bool {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	if l == nil {
		return false
	}
	select {
	case <-l.exited:
		return false
	default:
		return true
	}
}
