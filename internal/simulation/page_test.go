package simulation

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables of docs/reliability.md anew")

const page = "reliability.md"

// docs is the folder of the documentation.
func docs(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

// split finds a block of the page.
func split(t *testing.T, block string) (before, inside, after string) {
	t.Helper()
	text, err := docs(t).ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- "+block+": written by the tests -->\n", "<!-- end of "+block+" -->"
	before, rest, opened := strings.Cut(string(text), from)
	inside, after, closed := strings.Cut(rest, to)
	if !opened || !closed {
		t.Fatalf("docs/%s has no block %q", page, block)
	}
	return before + from, inside, to + after
}

// written is what a block of the page says.
func written(t *testing.T, block string) string {
	t.Helper()
	_, inside, _ := split(t, block)
	return inside
}

// compare compares a block of the page with what it should say, or writes it.
func compare(t *testing.T, block, want string) {
	t.Helper()
	before, inside, after := split(t, block)
	want = "\n" + want + "\n"
	if *update {
		if err := docs(t).WriteFile(page, []byte(before+want+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, inside); diff != "" {
		t.Errorf("docs/%s is not what the simulation finds; make docs rewrites it (-want +got):\n%s", page, diff)
	}
}
