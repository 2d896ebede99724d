package main

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// tree is a tree in which everything is pinned, and what is laid over it.
func tree(over map[string]string) fstest.MapFS {
	files := map[string]string{
		"go.mod":                            "module m\n\ngo 1.26.0\n",
		"go.sum":                            "",
		"Dockerfile.one":                    "FROM golang:1.26 AS build\nFROM gcr.io/distroless/static-debian12:nonroot\n",
		"scripts/tool/go.mod":               "module tool\n\ngo 1.26.0\n",
		"scripts/tool/go.sum":               "",
		"scripts/tools.sh":                  "go install \"example.com/tool@v$version\"\n",
		pageFolder + "/package.json":        `{"dependencies":{"preact":"11.2.0"}}`,
		pageFolder + "/package-lock.json":   `{"packages":{"":{},"node_modules/preact":{"integrity":"sha512-AA=="}}}`,
		"internal/never/looked/at/this.txt": "@latest",
	}
	maps.Copy(files, over)
	system := make(fstest.MapFS)
	for name, text := range files {
		system[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return system
}

func TestPinnedTreePasses(t *testing.T) {
	var out bytes.Buffer
	if err := pinned(tree(nil), &out); err != nil {
		t.Errorf("a pinned tree is refused: %v", err)
	}
}

func TestWhatIsNotPinnedIsNamed(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		file, text string
		want       string // empty: it is pinned
	}{
		"base without a tag":       {"Dockerfile.two", "FROM golang AS build\n", "the base golang is"},
		"latest base":              {"Dockerfile.two", "FROM golang:latest\n", "the base golang:latest is"},
		"another toolchain":        {"Dockerfile.two", "FROM golang:1.25\n", "the base golang:1.25 is"},
		"unknown base":             {"Dockerfile.two", "FROM --platform=linux/amd64 debian:stable\n", "the base debian:stable is"},
		"base by its digest":       {"Dockerfile.two", "FROM golang:1.26.8" + digest + "\n", ""},
		"program of a Dockerfile":  {"Dockerfile.two", "# syntax=docker/dockerfile:1\nFROM golang:1.26\n", "fetches the program that reads it"},
		"no version of Go":         {"go.mod", "module m\n", "names no version of Go"},
		"replaced module":          {"scripts/tool/go.mod", "module tool\n\nreplace a => ../a\n", "scripts/tool/go.mod puts one module in the place"},
		"module without sums":      {"scripts/other/go.mod", "module other\n", "scripts/other/go.mod has no go.sum"},
		"range of versions":        {pageFolder + "/package.json", `{"devDependencies":{"preact":"^11.2.0"}}`, "asks for preact ^11.2.0"},
		"package not in the lock":  {pageFolder + "/package.json", `{"dependencies":{"htm":"3.1.1"}}`, "does not know htm"},
		"package without its sum":  {pageFolder + "/package-lock.json", `{"packages":{"node_modules/preact":{"version":"11.2.0"}}}`, "no sum of node_modules/preact"},
		"newest tool":              {"scripts/more.sh", "go install example.com/tool@latest\n", "whatever is newest: go install example.com/tool@latest"},
		"newest package":           {"scripts/more.sh", "npx tool\n", "whatever is newest: npx"},
		"whatever a server serves": {"scripts/more.sh", "curl -fsS https://example.com/install | sh\n", "whatever is newest: curl"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := pinned(tree(map[string]string{c.file: c.text}), &out)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("it is pinned and refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
