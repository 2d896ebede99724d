package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/pyloto/atende/internal/yamltext"
)

// The files of a pack.
const (
	businessFile  = "business.yaml"
	personaFile   = "persona.yaml"
	repliesFile   = "replies.yaml"
	sentencesFile = "sentences.yaml"
	funnelFile    = "funnel.yaml"
	factsFolder   = "facts"
)

// The files that a pack may do without.
const (
	guardsFile     = "guards.yaml"
	objectionsFile = "objections.yaml"
	casesFile      = "cases.yaml"
	roiFile        = "roi.yaml"
)

// requiredFiles are read in this order: what a business offers decides what
// the others must say.
func requiredFiles() []string {
	return []string{businessFile, personaFile, repliesFile, sentencesFile, funnelFile}
}

func optionalFiles() []string {
	return []string{guardsFile, objectionsFile, casesFile, roiFile}
}

// Bounds of what is read.
const (
	maxFile      = 1 << 20
	maxFactFiles = 64
)

// file is one YAML file of a pack.
type file struct {
	name    string
	content []byte
	root    *yaml.Node // nil when it could not be read
}

// readFiles reads every file of the pack, the required ones first. Nothing it
// returns holds an alias or bytes that are not text.
func readFiles(fsys fs.FS, faults *Faults) []file {
	var files []file
	for _, name := range slices.Concat(requiredFiles(), optionalFiles()) {
		if f, ok := readFile(fsys, name, faults); ok {
			files = append(files, f)
		}
	}
	strangers(fsys, ".", slices.Concat(requiredFiles(), optionalFiles()), faults)
	entries, err := fs.ReadDir(fsys, factsFolder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		faults.Add(factsFolder, 0, "cannot be listed")
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() && path.Ext(entry.Name()) == ".yaml" {
			names = append(names, entry.Name())
		}
	}
	strangers(fsys, factsFolder, names, faults)
	if len(names) > maxFactFiles {
		faults.Add(factsFolder, 0, "%d files, at most %d", len(names), maxFactFiles)
		names = names[:maxFactFiles]
	}
	for _, name := range names {
		if f, ok := readFile(fsys, path.Join(factsFolder, name), faults); ok {
			files = append(files, f)
		}
	}
	return files
}

// strangers blames YAML that nobody reads: a misspelt name must not pass for
// an absent file.
func strangers(fsys fs.FS, folder string, known []string, faults *Faults) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return // a missing folder is the reader's to judge
	}
	for _, entry := range entries {
		extension := path.Ext(entry.Name())
		if (extension == ".yaml" || extension == ".yml") && !slices.Contains(known, entry.Name()) {
			faults.Add(path.Join(folder, entry.Name()), 0, "no such file belongs to a pack")
		}
	}
}

// readFile reports false when there is no content at all.
func readFile(fsys fs.FS, name string, faults *Faults) (file, bool) {
	in, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if slices.Contains(requiredFiles(), name) {
			faults.Add(name, 0, "missing")
		}
		return file{}, false
	}
	if err != nil {
		faults.Add(name, 0, "cannot be opened")
		return file{}, false
	}
	defer func() { _ = in.Close() }()
	content, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		faults.Add(name, 0, "cannot be read")
		return file{}, false
	case len(content) > maxFile:
		faults.Add(name, 0, "larger than %d bytes", maxFile)
		return file{}, false
	}
	f := file{name: name, content: canonical(content)}
	f.root = yamltext.Parse(name, f.content, faults)
	return f, true
}

// canonical drops what editors and checkouts change without changing meaning.
func canonical(content []byte) []byte {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	return bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
}

// hash names the content of a pack: SHA-256 over name, length and content of
// each file in order of name.
func hash(files []file) string {
	sorted := slices.SortedFunc(slices.Values(files), func(a, b file) int {
		return bytes.Compare([]byte(a.name), []byte(b.name))
	})
	sum := sha256.New()
	for _, f := range sorted {
		_, _ = fmt.Fprintf(sum, "%s\x00%d\x00", f.name, len(f.content))
		_, _ = sum.Write(f.content)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
