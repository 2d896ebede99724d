package conversation_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
)

var update = flag.Bool("update", false, "rewrite the generated documentation")

// statesPage is docs/states.md: what the diagram cannot say, and the diagram.
const statesPage = `# States of a conversation

<!-- Generated from the state machine in internal/conversation; make docs rewrites it. -->

A conversation is always in one of ten states. The model only proposes where to go next; the machine decides, and a step
it does not know leaves the conversation where it was and is audited as refused. The diagram is drawn by trying every
state, event and input, so it shows what the code does.

- A label is an event; what it needs stands in brackets.
- A message that leaves a state as it is has no arrow.
- In ` + "`HANDOFF_HUMAN`" + ` a person owns the conversation and Otto is silent. Who takes it (` + "`atende handoff accept`" + `) leaves the
  state as it is; who gives it back (` + "`atende handoff release`" + `) ends it.
- ` + "`atende fsm`" + ` prints the same diagram.

` + "```mermaid\n"

func TestGeneratedDiagramIsCurrent(t *testing.T) {
	root, err := os.OpenRoot("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	want := statesPage + conversation.Diagram() + "```\n"
	if *update {
		if err := root.WriteFile("states.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := root.ReadFile("states.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/states.md is not what the machine does; make docs rewrites it (-want +got):\n%s", diff)
	}
}
