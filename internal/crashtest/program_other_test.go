//go:build !linux

package crashtest

import "os/exec"

// dieWithParent can only be had on Linux; elsewhere a test process that is
// killed leaves its children behind.
func dieWithParent(*exec.Cmd) {}
