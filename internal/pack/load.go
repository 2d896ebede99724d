package pack

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/packs"
)

// Annotated is a pack with where its facts stand.
type Annotated struct {
	otto.Pack
	// Where has the position of every fact, by its id.
	Where map[string]Position
}

// Position is where something of a pack stands.
type Position struct {
	// File begins with the folder of the pack: as it was given, or as it is
	// called in the repository where the pack is embedded.
	File string
	Line int // from 1
}

// Load reads and checks the pack in the root of fsys. The error is [Faults].
func Load(fsys fs.FS) (otto.Pack, error) {
	read, err := load(fsys, "")
	return read.Pack, err
}

// load reads a pack; folder is what the positions begin with.
func load(fsys fs.FS, folder string) (Annotated, error) {
	var faults Faults
	l := &loader{folder: folder, where: map[string]Position{}, faults: &faults, owners: map[string]text{}, taken: map[string]text{}, barred: map[string]text{}}
	files := readFiles(fsys, &faults)
	whole := true
	read := map[string]bool{}
	for _, f := range files {
		if f.root == nil {
			whole = false
			continue
		}
		read[f.name] = true
		o := newObject(f.name, f.root, &faults)
		switch f.name {
		case businessFile:
			l.business(o)
		case personaFile:
			l.persona(o)
		case repliesFile:
			l.replies(o)
		case sentencesFile:
			l.sentences(o)
		case funnelFile:
			l.funnels(o)
		case guardsFile:
			l.guards(o)
		case objectionsFile:
			l.entries(o, "objections", otto.FactObjection)
		case casesFile:
			l.entries(o, "cases", otto.FactCase)
		case roiFile:
			l.entries(o, "roi", otto.FactROI)
		default:
			l.facts(o)
		}
	}
	l.pack.Hash = hash(files)
	for _, name := range requiredFiles() {
		whole = whole && read[name]
	}
	if !whole {
		// What an unread file would have said cannot be held against the rest.
		return Annotated{}, faults.Err()
	}
	l.resolve()
	if len(faults) == 0 {
		// Rules of the core that have no line of their own.
		for _, what := range l.pack.Validate() {
			faults.Add("", 0, "%s", what)
		}
	}
	if err := faults.Err(); err != nil {
		return Annotated{}, err
	}
	return Annotated{l.pack, l.where}, nil
}

// Default is the embedded pack that the file named default points to.
func Default() (otto.Pack, error) {
	read, err := DefaultAnnotated()
	return read.Pack, err
}

// DefaultAnnotated is [Default] with where its facts stand.
func DefaultAnnotated() (Annotated, error) {
	name, err := DefaultName()
	if err != nil {
		return Annotated{}, err
	}
	return annotated(name)
}

// DefaultName is the name of the embedded pack that is used unless another is
// asked for.
func DefaultName() (string, error) {
	name, err := fs.ReadFile(packs.FS(), packs.DefaultFile)
	if err != nil {
		return "", fmt.Errorf("pack: default: %w", err)
	}
	return strings.TrimSpace(string(name)), nil
}

// Named is the embedded pack of that name; without one of it the error is
// [fs.ErrNotExist].
func Named(name string) (otto.Pack, error) {
	read, err := annotated(name)
	return read.Pack, err
}

// annotated is [Named] with where its facts stand.
func annotated(name string) (Annotated, error) {
	names, err := Names()
	if err != nil {
		return Annotated{}, err
	}
	if !slices.Contains(names, name) {
		return Annotated{}, fmt.Errorf("pack: %w", fs.ErrNotExist)
	}
	folder, err := fs.Sub(packs.FS(), name)
	if err != nil {
		return Annotated{}, fmt.Errorf("pack: %w", err)
	}
	return named(folder, path.Join(packs.Folder, name))
}

// Names are those of the embedded packs, in alphabetical order.
func Names() ([]string, error) {
	entries, err := fs.ReadDir(packs.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("pack: list: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Dir is the pack in a folder of this machine. Links that lead out of the
// folder are not followed.
func Dir(folder string) (otto.Pack, error) {
	read, err := DirAnnotated(folder)
	return read.Pack, err
}

// DirAnnotated is [Dir] with where its facts stand.
func DirAnnotated(folder string) (Annotated, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return Annotated{}, fmt.Errorf("pack: %w", err)
	}
	defer func() { _ = root.Close() }()
	return named(root.FS(), folder)
}

func named(fsys fs.FS, folder string) (Annotated, error) {
	read, err := load(fsys, folder)
	if err != nil {
		return Annotated{}, fmt.Errorf("pack: %w", err)
	}
	return read, nil
}

// loader is a pack being read.
type loader struct {
	folder   string
	where    map[string]Position // of facts
	faults   *Faults
	pack     otto.Pack
	said     []line
	mentions []mention       // ids that must exist
	owners   map[string]text // folded triggers and commands
	taken    map[string]text // ids by kind
	barred   map[string]text // folded words that no lead may read
}

// line is a text that somebody may read: a lead, or the model alone.
type line struct {
	text
	lead  bool
	fills []string // what may stand in braces
}

// mention is a use of an id: of a vertical, or of what an option leads to.
type mention struct {
	kind string
	id   text
}

// say keeps what a lead may read for the checks that need the whole pack, and
// bounds it. Nothing but fills may stand in braces in it.
func (l *loader) say(t text, limit int, fills ...string) string {
	return l.keep(line{text: t, lead: true, fills: fills}, limit)
}

// tell is say for what only the model reads.
func (l *loader) tell(t text, limit int) string { return l.keep(line{text: t}, limit) }

func (l *loader) keep(one line, limit int) string {
	if n := utf16Length(one.value); n > limit {
		l.faults.Add(one.file, one.line, "%d characters, at most %d", n, limit)
	}
	if one.value != "" {
		l.said = append(l.said, one)
	}
	return one.value
}

// utf16Length is the strictest way to count characters.
func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }

func (l *loader) unique(kind string, id text) {
	if id.value == "" {
		return
	}
	key := kind + " " + id.value
	if first, taken := l.taken[key]; taken {
		l.faults.Add(id.file, id.line, "%s is taken at %s:%d", key, first.file, first.line)
		return
	}
	l.taken[key] = id
}

// trigger claims a whole message for an owner.
func (l *loader) trigger(owner string, t text) {
	if t.value == "" {
		return
	}
	if n := utf16Length(t.value); n > maxTrigger {
		l.faults.Add(t.file, t.line, "trigger: %d characters, at most %d", n, maxTrigger)
	}
	l.owned(owner, t, otto.Fold(t.value))
}

// owned claims what a lead may write. Two claims that look alike once case,
// accents and punctuation are gone collide, also within one owner: one of them
// would be a mistake.
func (l *loader) owned(owner string, t text, folded string) {
	if strings.Trim(folded, "/") == "" {
		l.faults.Add(t.file, t.line, "trigger %q has no letter", t.value)
		return
	}
	if first, taken := l.owners[folded]; taken {
		l.faults.Add(t.file, t.line, "trigger %q of %s means the same as the one at %s:%d", t.value, owner, first.file, first.line)
		return
	}
	l.owners[folded] = t
}

// resolve checks what needs the whole pack.
func (l *loader) resolve() {
	for _, m := range l.mentions {
		_, vertical := l.taken["vertical "+m.id.value]
		_, reply := l.taken["reply "+m.id.value]
		switch {
		case m.kind == "vertical" && !vertical:
			l.faults.Add(m.id.file, m.id.line, "no vertical %s", m.id.value)
		case m.kind == "option" && !vertical && !reply && m.id.value != otto.TapPerson:
			l.faults.Add(m.id.file, m.id.line, "option %s is no reply, no vertical and not %s", m.id.value, otto.TapPerson)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.taken)) {
		id, isReply := strings.CutPrefix(key, "reply ")
		if first, both := l.taken["vertical "+id]; isReply && both {
			at := l.taken[key]
			l.faults.Add(at.file, at.line, "key %s is the vertical at %s:%d", id, first.file, first.line)
		}
	}
	barred := slices.Sorted(maps.Keys(l.barred))
	for _, t := range l.said {
		if what := foreign(l.pack.Contacts, t.value); what != "" {
			l.faults.Add(t.file, t.line, "names a contact (%s) that is not listed under contacts in %s", what, businessFile)
		}
		if stray := otto.Stray(t.value, t.fills...); stray != "" {
			l.faults.Add(t.file, t.line, "nothing fills in %q here", stray)
		}
		if !t.lead {
			continue
		}
		folded := " " + otto.Fold(t.value) + " "
		for _, words := range barred {
			if at := l.barred[words]; strings.Contains(folded, " "+words+" ") {
				l.faults.Add(t.file, t.line, "says %q, which %s:%d forbids", at.value, at.file, at.line)
			}
		}
	}
}
