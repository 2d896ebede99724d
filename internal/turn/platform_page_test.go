package turn_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
)

var update = flag.Bool("update", false, "write the tables of docs/whatsapp.md anew")

// block compares a block of docs/whatsapp.md with what it should say, or writes
// it.
func block(t *testing.T, name, want string) {
	t.Helper()
	root, err := os.OpenRoot("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	page, err := root.ReadFile("whatsapp.md")
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- "+name+": written by the tests -->\n", "<!-- end of "+name+" -->"
	before, rest, opened := strings.Cut(string(page), from)
	got, after, closed := strings.Cut(rest, to)
	if !opened || !closed {
		t.Fatalf("docs/whatsapp.md has no block %q", name)
	}
	want = "\n" + want + "\n"
	if *update {
		if err := root.WriteFile("whatsapp.md", []byte(before+from+want+to+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s in docs/whatsapp.md is not what the code does; make docs rewrites it (-want +got):\n%s", name, diff)
	}
}

// kinds are all kinds of inbound messages, in the order of their declaration.
func kinds(t *testing.T) []conversation.Kind {
	t.Helper()
	source, err := os.ReadFile("../conversation/inbound.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []conversation.Kind
	for _, m := range regexp.MustCompile(`\tKind\w+ +Kind += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		all = append(all, conversation.Kind(m[1]))
	}
	if len(all) < 15 || !slices.Contains(all, conversation.KindEcho) {
		t.Fatalf("kinds %v", all)
	}
	return all
}

// named has every sentence of a pack say its own name.
func named(p *otto.Pack) {
	s := &p.Sentences
	for _, one := range s.Plain() {
		*one.Text = "Frase " + one.Name + "."
	}
	s.Media = maps.Clone(s.Media)
	for kind := range s.Media {
		s.Media[kind] = "Frase media." + string(kind) + "."
	}
	s.Files = maps.Clone(s.Files)
	for kind, files := range s.Files {
		s.Files[kind] = maps.Clone(files)
		for vain := range files {
			s.Files[kind][vain] = "Frase files." + string(kind) + "." + string(vain) + "."
		}
	}
}

// destined are senses that perceive what the id of a message says.
type destined map[pii.Contact]conversation.Perceived

func (d destined) Perceive(_ context.Context, m conversation.Inbound) (conversation.Perceived, error) {
	return d[m.WAMID], nil
}

// TestGeneratedKinds has Otto answer a first message of every kind, and every
// way in which looking at its file can end.
func TestGeneratedKinds(t *testing.T) {
	all := kinds(t)
	synctest.Test(t, func(t *testing.T) {
		<-time.After(10 * time.Hour) // into business hours
		const question, decided = "vocês fazem site?", "Resposta do modelo."
		s := newStreet(t)
		s.meta.receipts = false
		s.change = func(p *otto.Pack) { named(p); p.Hash = "named" }
		s.model = says(decided)
		senses := destined{}
		s.senses = senses
		w := s.turns()

		var table strings.Builder
		table.WriteString("| comes in | its file | what Otto does | says | stands at | belongs to |\n|---|---|---|---|---|---|\n")
		row := 0
		for _, kind := range all {
			perceptions := append(otto.Perceptions(kind), "")
			if kind.Perceptible() {
				perceptions[len(perceptions)-1] = conversation.Understood
			}
			slices.Reverse(perceptions)
			for _, perception := range perceptions {
				row++
				phone, wamid := fmt.Sprintf("55119000%05d", row), pii.Contact(fmt.Sprintf("wamid.ROW%d", row))
				m := conversation.Inbound{
					WAMID: wamid, Number: number, From: conversation.Identity{Phone: pii.Contact(phone), Name: "Iara"},
					Kind: kind, Type: string(kind), SentAt: time.Now(), ReceivedAt: time.Now(),
				}
				switch {
				case kind.Perceptible():
					m.Media = &conversation.Media{ID: "1", MIME: "image/png"}
					seen := conversation.Perceived{Outcome: perception}
					switch {
					case perception == conversation.Understood && kind == conversation.KindAudio:
						seen.Text, seen.Confidence = question, 0.95
					case perception == conversation.Understood:
						seen.File = &conversation.File{MIME: "image/png", Data: []byte("x")}
					}
					senses[wamid] = seen
				case kind == conversation.KindText, kind == conversation.KindTap, kind == conversation.KindEcho:
					m.Text = question
				}
				s.arrive(s.inbound(m))
				s.drain(w)
				turns := s.turnsOf(phone)
				if len(turns) != 1 {
					t.Fatalf("%s %s: %d turns", kind, perception, len(turns))
				}
				told := turns[0]
				stored, err := s.ledger.Conversation(t.Context(), m.From.Conversations(s.key, number))
				if err != nil {
					t.Fatal(err)
				}
				says := ""
				for _, reply := range told.Replies {
					text := reply.Text.Reveal()
					if key := regexp.MustCompile(`Frase ([a-z_.]+)\.$`).FindStringSubmatch(text); key != nil {
						says = "`" + key[1] + "`"
					} else if strings.Contains(text, decided) {
						says = "its own words"
					} else {
						says = "a fixed reply"
					}
				}
				if kind.Answerable() && says == "" {
					t.Errorf("%s %s meets silence", kind, perception)
				}
				fmt.Fprintf(&table, "| `%s` | %s | %s | %s | `%s` | %s |\n", kind, perception, does(told.Route), says, told.Into, stored.Owner)
			}
		}
		block(t, "kinds", table.String())
	})
}

// does says what a route is, for people.
func does(r conversation.Route) string {
	switch r {
	case conversation.RouteModel:
		return "answers with the model"
	case conversation.RouteMedia:
		return "says what to do instead"
	case conversation.RouteFixed:
		return "answers without the model"
	case conversation.RouteSilent:
		return "remembers it and answers nothing"
	case conversation.RouteMuted:
		return "leaves it to the person"
	default:
		return string(r)
	}
}

// TestGeneratedCodes lists what Meta's codes mean and what follows from each.
func TestGeneratedCodes(t *testing.T) {
	var table strings.Builder
	table.WriteString("| code | meaning | class | remedy | what follows |\n|---|---|---|---|---|\n")
	for _, c := range whatsapp.Codes() {
		code := fmt.Sprint(c.First)
		if c.Last != c.First {
			code = fmt.Sprintf("%d–%d", c.First, c.Last)
		}
		fmt.Fprintf(&table, "| %s | %s | `%s` | `%s` | %s |\n", code, c.Meaning, c.Class, c.Remedy, follows(t, c))
	}
	block(t, "codes", table.String())
}

// follows says what follows from a code, for people.
func follows(t *testing.T, c whatsapp.Code) string {
	t.Helper()
	var parts []string
	ambiguous := whatsapp.Ambiguous(&whatsapp.Error{Code: c.First, HTTPStatus: 400})
	switch {
	case c.Account:
		parts = append(parts, "number held for a minute, then one message finds out; alarm")
	case c.Class == whatsapp.ClassRatePair:
		parts = append(parts, "4^X seconds for this person alone; pace set back; `failed`: once more after a minute")
	case c.Class == whatsapp.ClassRateNumber:
		parts = append(parts, "number slows to half, the queue is asked to wait; `failed`: once more after a minute")
	case ambiguous:
		parts = append(parts, "refused: nobody knows, so its receipt is waited for; `failed`: once more after a second")
	case c.Remedy == whatsapp.RemedyRetry:
		parts = append(parts, "refused: again after two seconds; `failed`: once more after a second")
	case c.Remedy == whatsapp.RemedyRetryLater:
		parts = append(parts, "once more after a minute")
	case c.Remedy == whatsapp.RemedyNeedsTemplate:
		parts = append(parts, "the pack's template, once a window; without one the team is told")
	case c.Remedy == whatsapp.RemedyBlockedContact:
		parts = append(parts, "nothing unasked-for until the person writes; team told if something depends on it")
	case c.Remedy == whatsapp.RemedyConfigurationAlarm:
		parts = append(parts, "alarm; team told if something depends on it")
	case c.Remedy == whatsapp.RemedyPermanent:
		parts = append(parts, "on record; team told if something depends on it")
	default:
		t.Errorf("nothing follows from %d", c.First)
	}
	switch {
	case c.First == whatsapp.CodeStopped:
		parts = append(parts, "noted as the lead's opt-out")
	case c.StopsMarketing && c.Remedy != whatsapp.RemedyBlockedContact:
		parts = append(parts, "nothing unasked-for until the person writes")
	}
	return strings.Join(parts, "; ")
}
