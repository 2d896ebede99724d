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
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
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
	maxNodes     = 50_000 // of YAML, per file
	maxDepth     = 16
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
		faults.add(factsFolder, 0, "cannot be listed")
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() && path.Ext(entry.Name()) == ".yaml" {
			names = append(names, entry.Name())
		}
	}
	strangers(fsys, factsFolder, names, faults)
	if len(names) > maxFactFiles {
		faults.add(factsFolder, 0, "%d files, at most %d", len(names), maxFactFiles)
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
			faults.add(path.Join(folder, entry.Name()), 0, "no such file belongs to a pack")
		}
	}
}

// readFile reports false when there is no content at all.
func readFile(fsys fs.FS, name string, faults *Faults) (file, bool) {
	in, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if slices.Contains(requiredFiles(), name) {
			faults.add(name, 0, "missing")
		}
		return file{}, false
	}
	if err != nil {
		faults.add(name, 0, "cannot be opened")
		return file{}, false
	}
	defer func() { _ = in.Close() }()
	content, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		faults.add(name, 0, "cannot be read")
		return file{}, false
	case len(content) > maxFile:
		faults.add(name, 0, "larger than %d bytes", maxFile)
		return file{}, false
	}
	f := file{name: name, content: canonical(content)}
	if !utf8.Valid(f.content) {
		faults.add(name, invalidLine(f.content), "not valid UTF-8")
		return f, true
	}
	f.root = parse(name, f.content, faults)
	return f, true
}

// canonical drops what editors and checkouts change without changing meaning.
func canonical(content []byte) []byte {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	return bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
}

func invalidLine(content []byte) int {
	line := 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 {
			return line
		}
		if r == '\n' {
			line++
		}
		content = content[size:]
	}
	return line
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func parse(name string, content []byte, faults *Faults) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			faults.add(name, 1, "empty")
			return nil
		}
		blameYAML(name, err, faults)
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			blameYAML(name, err, faults)
			return nil
		}
		faults.add(name, second.Line, "a second document")
		return nil
	}
	if len(document.Content) != 1 {
		faults.add(name, 1, "empty")
		return nil
	}
	count := 0
	if why := sound(document.Content[0], 1, &count); why != nil {
		faults.add(name, why.Line, "%s", why.What)
		return nil
	}
	return document.Content[0]
}

// blameYAML keeps the parser's line but gives it the shape of a fault.
func blameYAML(name string, err error, faults *Faults) {
	text := err.Error()
	line := 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	faults.add(name, line, "not YAML: %s", text)
}

// sound refuses what would let a small file grow or hide: aliases, anchors,
// merges, deep nesting and masses of nodes.
func sound(n *yaml.Node, depth int, count *int) *Fault {
	*count++
	switch {
	case depth > maxDepth:
		return &Fault{Line: n.Line, What: fmt.Sprintf("nested deeper than %d levels", maxDepth)}
	case *count > maxNodes:
		return &Fault{Line: n.Line, What: fmt.Sprintf("more than %d values", maxNodes)}
	case n.Kind == yaml.AliasNode, n.Anchor != "", n.Tag == "!!merge":
		return &Fault{Line: n.Line, What: "anchors and aliases are not allowed"}
	}
	for _, child := range n.Content {
		if why := sound(child, depth+1, count); why != nil {
			return why
		}
	}
	return nil
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
