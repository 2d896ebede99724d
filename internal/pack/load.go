package pack

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/packs"
)

// Load reads and checks the pack in the root of fsys. The error is [Faults].
func Load(fsys fs.FS) (otto.Pack, error) {
	var faults Faults
	l := &loader{faults: &faults, owners: map[string]text{}, taken: map[string]text{}}
	files := readFiles(fsys, &faults)
	required := map[string]bool{businessFile: true, personaFile: true, repliesFile: true, sentencesFile: true}
	whole := true
	for _, f := range files {
		if f.root == nil {
			whole = false
			continue
		}
		delete(required, f.name)
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
		default:
			l.facts(o)
		}
	}
	l.pack.Hash = hash(files)
	if !whole || len(required) > 0 {
		// What an unread file would have said cannot be held against the rest.
		return otto.Pack{}, faults.err()
	}
	l.resolve()
	if len(faults) == 0 {
		// Rules of the core that have no line of their own.
		for _, what := range l.pack.Validate() {
			faults.add("", 0, "%s", what)
		}
	}
	if err := faults.err(); err != nil {
		return otto.Pack{}, err
	}
	return l.pack, nil
}

// Default is the embedded pack that the file named default points to.
func Default() (otto.Pack, error) {
	name, err := fs.ReadFile(packs.FS(), packs.DefaultFile)
	if err != nil {
		return otto.Pack{}, fmt.Errorf("pack: default: %w", err)
	}
	folder, err := fs.Sub(packs.FS(), strings.TrimSpace(string(name)))
	if err != nil {
		return otto.Pack{}, fmt.Errorf("pack: default: %w", err)
	}
	return named(folder)
}

// Dir is the pack in a folder of this machine. Links that lead out of the
// folder are not followed.
func Dir(path string) (otto.Pack, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return otto.Pack{}, fmt.Errorf("pack: %w", err)
	}
	defer func() { _ = root.Close() }()
	return named(root.FS())
}

func named(fsys fs.FS) (otto.Pack, error) {
	p, err := Load(fsys)
	if err != nil {
		return otto.Pack{}, fmt.Errorf("pack: %w", err)
	}
	return p, nil
}

// loader is a pack being read.
type loader struct {
	faults   *Faults
	pack     otto.Pack
	contacts contacts
	said     []text          // everything a lead or the model may read
	mentions []mention       // ids that must exist
	owners   map[string]text // folded triggers and commands
	taken    map[string]text // ids by kind
}

// mention is a use of an id: of a vertical, or of what an option leads to.
type mention struct {
	kind string
	id   text
}

// say keeps a text for the checks that need the whole pack, and bounds it.
func (l *loader) say(t text, limit int) string {
	if n := len(utf16.Encode([]rune(t.value))); n > limit {
		l.faults.add(t.file, t.line, "%d characters, at most %d", n, limit)
	}
	if t.value != "" {
		l.said = append(l.said, t)
	}
	return t.value
}

func (l *loader) unique(kind string, id text) {
	if id.value == "" {
		return
	}
	key := kind + " " + id.value
	if first, taken := l.taken[key]; taken {
		l.faults.add(id.file, id.line, "%s is taken at %s:%d", key, first.file, first.line)
		return
	}
	l.taken[key] = id
}

// trigger claims a whole message for an owner.
func (l *loader) trigger(owner string, t text) {
	if t.value == "" {
		return
	}
	if n := len(utf16.Encode([]rune(t.value))); n > maxTrigger {
		l.faults.add(t.file, t.line, "trigger: %d characters, at most %d", n, maxTrigger)
	}
	l.owned(owner, t, otto.Fold(t.value))
}

// owned claims what a lead may write. Two claims that look alike once case,
// accents and punctuation are gone collide, also within one owner: one of them
// would be a mistake.
func (l *loader) owned(owner string, t text, folded string) {
	if strings.Trim(folded, "/") == "" {
		l.faults.add(t.file, t.line, "trigger %q has no letter", t.value)
		return
	}
	if first, taken := l.owners[folded]; taken {
		l.faults.add(t.file, t.line, "trigger %q of %s means the same as the one at %s:%d", t.value, owner, first.file, first.line)
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
			l.faults.add(m.id.file, m.id.line, "no vertical %s", m.id.value)
		case m.kind == "option" && !vertical && !reply && m.id.value != otto.TapPerson:
			l.faults.add(m.id.file, m.id.line, "option %s is no reply, no vertical and not %s", m.id.value, otto.TapPerson)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.taken)) {
		id, isReply := strings.CutPrefix(key, "reply ")
		if first, both := l.taken["vertical "+id]; isReply && both {
			at := l.taken[key]
			l.faults.add(at.file, at.line, "key %s is the vertical at %s:%d", id, first.file, first.line)
		}
	}
	for _, t := range l.said {
		if what := l.contacts.foreign(t.value); what != "" {
			l.faults.add(t.file, t.line, "names a contact (%s) that is not listed under contacts in %s", what, businessFile)
		}
	}
}

func keys(set map[string]bool) []string { return slices.Collect(maps.Keys(set)) }
