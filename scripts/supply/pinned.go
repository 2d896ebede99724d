package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// pinned checks that what is fetched to build and to check has a version that
// is written down. It takes the tree.
func pinned(tree fs.FS, out io.Writer) error {
	var faults []error
	for _, check := range []func(fs.FS) []error{pinnedImages, pinnedModules, pinnedPage, pinnedScripts} {
		faults = append(faults, check(tree)...)
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	_, err := fmt.Fprintln(out, "pinned: base images, modules, the page's packages and the tools of the scripts")
	return err
}

// pinnedImages: a base image is named with a tag that is a version, and the
// toolchain in it is the one that go.mod asks for. The base without a version
// is distroless's: its tags say of which Debian and for whom.
func pinnedImages(tree fs.FS) []error {
	module, err := fs.ReadFile(tree, "go.mod")
	if err != nil {
		return []error{err}
	}
	toolchain := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	if toolchain == nil {
		return []error{errors.New("go.mod names no version of Go")}
	}
	files, err := fs.Glob(tree, "Dockerfile.*")
	if err != nil || len(files) == 0 {
		return []error{errors.New("no Dockerfile found"), err}
	}
	from := regexp.MustCompile(`(?mi)^FROM\s+(?:--\S+\s+)*(\S+)`)
	var faults []error
	for _, file := range files {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return []error{err}
		}
		if strings.Contains(string(text), "# syntax=") {
			faults = append(faults, fmt.Errorf("%s fetches the program that reads it", file))
		}
		for _, base := range from.FindAllSubmatch(text, -1) {
			name := string(base[1])
			_, tag, _ := strings.Cut(path.Base(name), ":")
			switch {
			case strings.Contains(name, "@sha256:"), name == "gcr.io/distroless/static-debian12:nonroot", tag == string(toolchain[1]):
			default:
				faults = append(faults, fmt.Errorf("%s: the base %s is neither golang:%s nor known nor named by its digest", file, name, toolchain[1]))
			}
		}
	}
	return faults
}

// pinnedModules: go.sum holds what go.mod names, and no module is put in the
// place of another.
func pinnedModules(tree fs.FS) []error {
	files := []string{"go.mod"}
	others, err := fs.Glob(tree, "scripts/*/go.mod")
	if err != nil {
		return []error{err}
	}
	var faults []error
	for _, file := range append(files, others...) {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return []error{err}
		}
		if regexp.MustCompile(`(?m)^\s*replace\b|=>`).Match(text) {
			faults = append(faults, fmt.Errorf("%s puts one module in the place of another", file))
		}
		if _, err := fs.Stat(tree, path.Join(path.Dir(file), "go.sum")); err != nil {
			faults = append(faults, fmt.Errorf("%s has no go.sum beside it", file))
		}
	}
	return faults
}

// pinnedPage: the page asks for exact versions, and its lock has a sum for each.
func pinnedPage(tree fs.FS) []error {
	var asked struct{ Dependencies, DevDependencies map[string]string }
	var lock struct {
		Packages map[string]struct{ Integrity string }
	}
	for name, into := range map[string]any{"package.json": &asked, "package-lock.json": &lock} {
		text, err := fs.ReadFile(tree, path.Join(pageFolder, name))
		if err != nil {
			return []error{err}
		}
		if err := json.Unmarshal(text, into); err != nil {
			return []error{fmt.Errorf("the page's %s: %w", name, err)}
		}
	}
	var faults []error
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	for _, list := range []map[string]string{asked.Dependencies, asked.DevDependencies} {
		for name, version := range list {
			if !exact.MatchString(version) {
				faults = append(faults, fmt.Errorf("the page asks for %s %s, which is no version", name, version))
			}
			if _, ok := lock.Packages["node_modules/"+name]; !ok {
				faults = append(faults, fmt.Errorf("the page's lock does not know %s", name))
			}
		}
	}
	for at, p := range lock.Packages {
		if at != "" && !strings.HasPrefix(p.Integrity, "sha512-") {
			faults = append(faults, fmt.Errorf("the page's lock has no sum of %s", at))
		}
	}
	return faults
}

// pinnedScripts: a script installs no newest version of anything.
func pinnedScripts(tree fs.FS) []error {
	files, err := fs.Glob(tree, "scripts/*.sh")
	if err != nil {
		return []error{err}
	}
	newest := regexp.MustCompile(`\bgo (?:install|run|get)\b[^\n]*@(?:latest|upgrade|patch|main|master)\b|\bnpx\b|\bnpm (?:i|install|update)\b|\bpip3? install\b|\bcurl\b[^\n]*\|\s*(?:ba)?sh\b`)
	var faults []error
	for _, file := range files {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return []error{err}
		}
		for _, found := range newest.FindAll(text, -1) {
			faults = append(faults, fmt.Errorf("%s takes whatever is newest: %s", file, found))
		}
	}
	return faults
}
