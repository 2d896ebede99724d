// Command ingress takes Meta's webhooks in: it proves, dedupes and enqueues
// them, and never calls a model.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // The image has no zone files, and Flows offer hours of the business's zone.

	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/program"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := ingressd.Run(ctx, ingressd.Options{Environ: os.Environ(), Stdout: os.Stdout, Version: version})
	stop()
	os.Exit(program.Exit(err, os.Stderr))
}
