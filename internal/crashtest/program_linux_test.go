package crashtest

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the system end the child when the thread that started it
// ends, however that happens.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
