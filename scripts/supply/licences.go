package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// licencesPage is the list that the tree keeps.
const licencesPage = "docs/licences.md"

// A part is a module or package that is in a program.
type part struct {
	name, version string
	licences      []string // SPDX ids; all of them apply
	in            []string // the programs, or the page
}

// allowed are the licences under which a part may be in a program: they ask for
// notices and nothing of the program around them. Another one is a decision, and
// is made here.
func allowed(id string) bool {
	return slices.Contains([]string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "MIT", "Unlicense"}, id)
}

// licences lists the parts of everything that is built and compares the list
// with the page, or writes the page.
func licences(ctx context.Context, update bool, out io.Writer) error {
	parts, err := modules(ctx, []string{"ingress", "worker", "atende"})
	if err != nil {
		return err
	}
	page, err := pageParts(os.DirFS("."))
	if err != nil {
		return err
	}
	for _, p := range page {
		if p.dev {
			continue
		}
		parts = append(parts, part{name: "npm " + p.name, version: p.Version, licences: []string{p.License}, in: []string{"the page"}})
	}
	var faults []error
	for _, p := range parts {
		for _, id := range p.licences {
			if !allowed(id) {
				faults = append(faults, fmt.Errorf("%s %s is under %s, which is not allowed", p.name, p.version, id))
			}
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	text := table(parts)
	if update {
		//nolint:gosec // A page of the documentation, for everybody to read.
		return os.WriteFile(licencesPage, text, 0o644)
	}
	kept, err := os.ReadFile(licencesPage)
	if err != nil {
		return err
	}
	if !bytes.Equal(kept, text) {
		return fmt.Errorf("%s is not what is linked: scripts/supply.sh -update writes it anew", licencesPage)
	}
	_, err = fmt.Fprintf(out, "licences: %d parts, all allowed, as %s lists them\n", len(parts), licencesPage)
	return err
}

// modules are the modules that programs link, as they are built for the images,
// by name. One whose licence cannot be told is an error.
func modules(ctx context.Context, programs []string) ([]part, error) {
	found := make(map[string]*part)
	files := make(map[string]map[string]bool) // of a module, its licence files
	for _, program := range programs {
		//nolint:gosec // The program is one of ours.
		command := exec.CommandContext(ctx, "go", "list", "-deps",
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", "./cmd/"+program)
		command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
		command.Stderr = os.Stderr
		list, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("list what %s links: %w", program, err)
		}
		for line := range strings.Lines(string(list)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 4 {
				continue
			}
			name, version, top, dir := fields[0], fields[1], fields[2], fields[3]
			p := found[name]
			if p == nil {
				p = &part{name: name, version: version}
				found[name], files[name] = p, make(map[string]bool)
			}
			if !slices.Contains(p.in, program) {
				p.in = append(p.in, program)
			}
			if err := collect(files[name], top, dir); err != nil {
				return nil, err
			}
		}
	}
	var parts []part
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(found)) {
		p := found[name]
		ids := make(map[string]bool)
		for _, file := range slices.Sorted(maps.Keys(files[name])) {
			text, err := os.ReadFile(file) //nolint:gosec // Go itself says where a module's files are.
			if err != nil {
				return nil, err
			}
			read, err := readLicence(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s %s: %s: %w", name, p.version, filepath.Base(file), err))
			}
			for _, id := range read {
				ids[id] = true
			}
		}
		if len(files[name]) == 0 {
			faults = append(faults, fmt.Errorf("%s %s comes without a licence", name, p.version))
		}
		p.licences = slices.Sorted(maps.Keys(ids))
		parts = append(parts, *p)
	}
	return parts, errors.Join(faults...)
}

// collect adds the licence files that apply to a package: those of its folder
// and of every folder around it, up to its module's top.
func collect(files map[string]bool, top, dir string) error {
	name := regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.Type()&fs.ModeType == 0 && name.MatchString(entry.Name()) && filepath.Ext(entry.Name()) != ".go" {
				files[filepath.Join(dir, entry.Name())] = true
			}
		}
		if dir == top || !strings.HasPrefix(dir, top) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// known is how much of a licence file must be words of a known licence, in
// percent; the rest is who holds the copyright.
const known = 75

// readLicence tells the licences of a text. A text that is mostly something else is an
// error: somebody has to read it.
func readLicence(text []byte) ([]string, error) {
	cover := licensecheck.Scan(text)
	if cover.Percent < known {
		return nil, fmt.Errorf("only %.0f %% of it is a known licence", cover.Percent)
	}
	var ids []string
	for _, m := range cover.Match {
		if !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids, nil
}

// table is the page.
func table(parts []part) []byte {
	var b bytes.Buffer
	b.WriteString(`# Licences

Generated by ` + "`scripts/supply.sh -update`" + `; the gate compares it with what is linked. What is allowed, and why, is in
[supply-chain.md](supply-chain.md). Beside these parts every program holds Go's standard library (BSD-3-Clause).

| part | version | licence | in |
|---|---|---|---|
`)
	for _, p := range parts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.name, p.version, strings.Join(p.licences, ", "), strings.Join(p.in, ", "))
	}
	return b.Bytes()
}
