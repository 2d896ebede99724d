// Command worker is the target of Cloud Tasks: it runs turns and is reachable
// by nobody else.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // The image has no zone files.

	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/workerd"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := workerd.Run(ctx, workerd.Options{Environ: os.Environ(), Stdout: os.Stdout, Version: version})
	stop()
	os.Exit(program.Exit(err, os.Stderr))
}
