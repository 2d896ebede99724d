package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pack"
)

// checkEnvironment reads the environment as both services do, and the pack that it
// names.
func (p *patient) checkEnvironment(context.Context) result {
	environ := config.Elsewhere(p.o.Environ)
	in, warnings, err := config.LoadIngress(environ)
	out, more, workerErr := config.LoadWorker(environ)
	var found, fix []string
	for _, err := range []error{err, workerErr} {
		var faults *config.Faults
		if !errors.As(err, &faults) {
			continue
		}
		for _, f := range faults.List {
			if line := f.Variable + " " + f.Problem; !slices.Contains(found, line) {
				found = append(found, line)
				fix = append(fix, "export "+f.Variable+"=…   # "+f.Remedy)
			}
		}
	}
	if len(found) > 0 {
		return failed(strings.Join(found, "; "), fix...)
	}
	if dir := out.PackDir; dir != "" {
		if _, err := pack.Dir(dir); err != nil {
			return failed("PACK_DIR holds no pack that can be worked with", "atende pack check "+dir)
		}
	}
	p.ingress, p.worker = in, out
	for _, w := range append(warnings, more...) {
		if line := w.String(); !slices.Contains(found, line) && w.Variable != "K_SERVICE" {
			found = append(found, line)
			if _, remedy, ok := strings.Cut(w.Text, "; "); ok && !strings.HasSuffix(remedy, "?") {
				fix = append(fix, w.Variable+": "+remedy)
			} else {
				fix = append(fix, "unset "+w.Variable+"   # or give it its right name")
			}
		}
	}
	if len(found) > 0 {
		return warning(strings.Join(found, "; "), fix...)
	}
	return ok("%s: complete for both services", out.Environment)
}

// checkSecrets resolves every reference by itself, so that one that is missing
// hides nothing of what does not need it.
func (p *patient) checkSecrets(ctx context.Context) result {
	seen := map[config.Reference]bool{}
	var found, fix []string
	for _, r := range append(p.ingress.References(), p.worker.References()...) {
		if seen[r] {
			continue
		}
		seen[r] = true
		value, err := p.resolver.Value(ctx, r.Resource)
		if err == nil {
			if err = p.worker.CheckResolved(r.Variable, value); err == nil {
				continue
			}
		}
		p.note(func() { p.unresolved = append(p.unresolved, r.Variable) })
		line, remedy := unresolved(r, err)
		found = append(found, line)
		if !slices.Contains(fix, remedy) {
			fix = append(fix, remedy)
		}
	}
	switch {
	case len(found) > 0:
		return failed(strings.Join(found, "; "), fix...)
	case len(seen) == 0:
		return ok("none is a reference: every secret stands in the environment itself")
	default:
		return ok("%d references, all of them resolved", len(seen))
	}
}

// unresolved says what is wrong with a reference, and what to type.
func unresolved(r config.Reference, err error) (found, fix string) {
	// projects/P/secrets/S/versions/V
	part := strings.Split(r.Resource, "/")
	add := fmt.Sprintf("gcloud secrets versions add %s --project %s --data-file=-   # the value of %s, then Ctrl-D", part[3], part[1], r.Variable)
	var faults *config.Faults
	switch {
	case errors.As(err, &faults):
		return r.Variable + " " + faults.List[0].Problem, add
	case strings.Contains(err.Error(), "PermissionDenied"):
		return r.Variable + " may not be read here", fmt.Sprintf(
			"gcloud secrets add-iam-policy-binding %s --project %s --role roles/secretmanager.secretAccessor --member user:$(gcloud config get account)", part[3], part[1])
	case fault.Is(err, fault.Refused):
		return fmt.Sprintf("%s refers to %s, which has no such version", r.Variable, part[3]), add
	default:
		return r.Variable + " was not resolved: " + err.Error(), login
	}
}
