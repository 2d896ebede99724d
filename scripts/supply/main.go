// Command supply says where the programs' parts come from: it checks that
// versions are pinned and licences allowed, writes the page that lists them, and
// the page's parts as a CycloneDX document. scripts/supply.sh runs it, together
// with the tools that this module pins: cyclonedx-gomod, gitleaks, govulncheck.
//
// It is a module of its own so that none of this is a dependency of the programs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"
)

const usage = `usage, at the top of the tree:
  supply pinned            check that versions are pinned
  supply licences          compare docs/licences.md with what is linked
  supply licences -update  write it anew
  supply page FILE         write the parts of the page as CycloneDX
  supply reach URL         say by the exit code whether a server answers
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errUsage = errors.New("wrong arguments")

func run(ctx context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "pinned":
		return pinned(os.DirFS("."), out)
	case len(args) == 1 && args[0] == "licences":
		return licences(ctx, false, out)
	case len(args) == 2 && args[0] == "licences" && args[1] == "-update":
		return licences(ctx, true, out)
	case len(args) == 2 && args[0] == "page":
		return pageDocument(args[1])
	case len(args) == 2 && args[0] == "reach":
		return reach(ctx, args[1])
	}
	return errUsage
}

// reach asks a server for its root and cares only whether it answers soon.
func reach(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil) //nolint:gosec // The caller's own argument.
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request) //nolint:gosec // The same.
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}
