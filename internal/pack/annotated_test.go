package pack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/pack"
)

// TestAFactIsWhereItIsSaidToBe opens the files in which the facts of a pack are
// said to stand and reads their names there.
func TestAFactIsWhereItIsSaidToBe(t *testing.T) {
	repository := filepath.Join("..", "..")
	embedded, err := pack.DefaultAnnotated()
	if err != nil {
		t.Fatal(err)
	}
	example, err := pack.DirAnnotated(filepath.Join(repository, "packs", "pizzaria-exemplo"))
	if err != nil {
		t.Fatal(err)
	}
	for _, read := range []struct {
		pack.Annotated
		root string
	}{{embedded, repository}, {example, ""}} {
		if len(read.Where) != len(read.Facts) || len(read.Facts) == 0 {
			t.Errorf("%d positions of %d facts", len(read.Where), len(read.Facts))
		}
		for _, fact := range read.Facts {
			at := read.Where[fact.ID]
			content, err := os.ReadFile(filepath.Join(read.root, at.File))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(content), "\n")
			if at.Line < 1 || at.Line > len(lines) || !strings.HasSuffix(lines[at.Line-1], "id: "+fact.ID) {
				t.Errorf("%s is not at %s:%d", fact.ID, at.File, at.Line)
			}
		}
	}
}
