package infratest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/turn"
)

// literals are the texts in the declaration of some values of internal/telemetry:
// its constants of a type, or the elements of a variable.
func literals(t *testing.T, file string, of func(*ast.ValueSpec) bool) (texts []string) {
	t.Helper()
	syntax, err := parser.ParseFile(token.NewFileSet(), "../telemetry/"+file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !of(spec) {
			return true
		}
		texts = append(texts, quotes(t, spec)...)
		return false
	})
	if len(texts) < 5 {
		t.Fatalf("%s: found only %v", file, texts)
	}
	return texts
}

func events(t *testing.T) []string {
	t.Helper()
	return literals(t, "event.go", func(s *ast.ValueSpec) bool {
		name, ok := s.Type.(*ast.Ident)
		return ok && name.Name == "EventName"
	})
}

func keys(t *testing.T) []string {
	t.Helper()
	return literals(t, "keys.go", func(s *ast.ValueSpec) bool { return s.Names[0].Name == "keyNames" })
}

// expressions are all filters and extractors of the watch.
func expressions(t *testing.T) (list []string) {
	t.Helper()
	watch := folder(t, "modules/watch")
	for _, name := range []string{"counted", "measured", "told"} {
		list = append(list, local(t, watch, name).texts()...)
	}
	for name := range local(t, watch, "measured").object {
		list = append(list, "jsonPayload."+local(t, watch, "measured").object[name].object["field"].text)
	}
	return list
}

var (
	fieldOf = regexp.MustCompile(`jsonPayload\.([A-Za-z_]+)`)
	eventOf = regexp.MustCompile(`jsonPayload\.message=(\([^)]*\)|"[^"]*")`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
)

// What is watched is what the programs log: events and fields by their names.
func TestTheLogIsTheProgramsOwn(t *testing.T) {
	known, names := append(keys(t), "message"), events(t)
	watched := map[string]bool{}
	for _, e := range expressions(t) {
		for _, m := range fieldOf.FindAllStringSubmatch(e, -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("no log line has a field %s: %s", m[1], e)
			}
		}
		for _, m := range eventOf.FindAllStringSubmatch(e, -1) {
			for _, name := range quoted.FindAllStringSubmatch(m[1], -1) {
				watched[name[1]] = true
				if !slices.Contains(names, name[1]) {
					t.Errorf("no event is called %s: %s", name[1], e)
				}
			}
		}
	}
	// What docs/operations.md calls worth an alert has one.
	text := page(t, "operations.md")
	_, worth, found := strings.Cut(text, "Worth an alert: ")
	worth, _, _ = strings.Cut(worth, "\n\n")
	if !found {
		t.Fatal("docs/operations.md does not say what is worth an alert")
	}
	for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(worth, -1) {
		if slices.Contains(names, m[1]) && !watched[m[1]] {
			t.Errorf("%s is worth an alert and has none", m[1])
		}
	}
	// And what tells of a person's turn is never left out.
	for _, name := range names {
		if strings.HasSuffix(name, "_parked") || strings.HasSuffix(name, "_panicked") || strings.HasSuffix(name, "_alarm") {
			if !watched[name] {
				t.Errorf("nobody is told of %s", name)
			}
		}
	}
}

var (
	// usedOf is a metric of the log as a query names it, and prefixed the same in a
	// chart, which may be made for several.
	usedOf  = regexp.MustCompile(`(?:user_atende_|\$\{local\.prefix\})((?:[a-z_]|\$\{step\})+)\{`)
	groupOf = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
	valueOf = regexp.MustCompile(`jsonPayload\.(fate|kind)=(\([^)]*\)|"[^"]*")`)
)

// queries are what charts and alerts ask.
func queries(t *testing.T) (list []string) {
	t.Helper()
	watch := folder(t, "modules/watch")
	for _, file := range []string{"dashboard.tf", "alerts.tf"} {
		text, err := os.ReadFile(filepath.Join(infra, "modules/watch", file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "${local.prefix}") || strings.Contains(line, "user_atende_") {
				list = append(list, line)
			}
		}
	}
	if len(list) < 20 || len(local(t, watch, "reckoned").object) == 0 {
		t.Fatalf("only %d queries were found", len(list))
	}
	return list
}

// Charts and alerts ask for metrics that are counted or measured, and sort them by
// labels that those have.
func TestChartsAskForWhatIsCounted(t *testing.T) {
	watch := folder(t, "modules/watch")
	counted, measured := local(t, watch, "counted").object, local(t, watch, "measured").object
	asked := map[string]bool{}
	for _, query := range queries(t) {
		for _, m := range usedOf.FindAllStringSubmatch(query, -1) {
			names := []string{m[1]}
			if strings.Contains(m[1], "${step}") {
				names = nil
				_, steps, _ := strings.Cut(query, "for step in [")
				steps, _, _ = strings.Cut(steps, "]")
				for _, step := range quoted.FindAllStringSubmatch(steps, -1) {
					names = append(names, strings.ReplaceAll(m[1], "${step}", step[1]))
				}
			}
			if len(names) == 0 {
				t.Errorf("no metric is asked for: %s", query)
			}
			for _, name := range names {
				bare := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
				asked[bare] = true
				if _, ok := measured[bare]; ok && bare != name {
					continue
				}
				metric, ok := counted[name]
				if !ok {
					t.Errorf("nothing counts %s: %s", name, query)
					continue
				}
				asked[name] = true
				for _, group := range groupOf.FindAllStringSubmatch(query, -1) {
					for label := range strings.SplitSeq(group[1], ", ") {
						if _, has := metric.object["labels"].object[label]; !has {
							t.Errorf("%s has no label %s: %s", name, label, query)
						}
					}
				}
			}
		}
	}
	for _, alert := range slices.Sorted(maps.Keys(local(t, watch, "counted_too_often").object)) {
		asked[alert] = true
		if _, ok := counted[alert]; !ok {
			t.Errorf("nothing counts %s, of which an alert tells", alert)
		}
	}
	for _, metric := range slices.Concat(slices.Sorted(maps.Keys(counted)), slices.Sorted(maps.Keys(measured))) {
		if !asked[metric] {
			t.Errorf("nobody looks at %s", metric)
		}
	}
}

// Fates and kinds by which the watch tells lines apart are those of the code.
func TestTheWatchKnowsTheWords(t *testing.T) {
	words := map[string][]string{
		"fate": {string(turn.Answered), string(turn.Known), string(turn.Deferred), string(turn.Parked), string(turn.Applied)},
		"kind": {string(envelope.Inbound), string(envelope.Status), string(envelope.Timer), string(envelope.Quarantine)},
	}
	n := 0
	for _, e := range expressions(t) {
		for _, m := range valueOf.FindAllStringSubmatch(e, -1) {
			for _, value := range quoted.FindAllStringSubmatch(m[2], -1) {
				n++
				if !slices.Contains(words[m[1]], value[1]) {
					t.Errorf("no %s is called %s: %s", m[1], value[1], e)
				}
			}
		}
	}
	if n < 4 {
		t.Errorf("only %d words were found", n)
	}
}

// What the documentation calls a metric of OpenTelemetry's is one.
func TestDocumentedMetricsAreThePrograms(t *testing.T) {
	source, err := os.ReadFile("../telemetry/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"operations.md", "telemetry.md"} {
		found := regexp.MustCompile("`(atende\\.[a-z.]+)`").FindAllStringSubmatch(page(t, name), -1)
		if len(found) == 0 {
			t.Errorf("docs/%s names no metric", name)
		}
		for _, m := range found {
			if !strings.Contains(string(source), strconv.Quote(m[1])) {
				t.Errorf("docs/%s: nothing measures %s", name, m[1])
			}
		}
	}
}

// Every alert leads to a part of docs/operations.md that is there.
func TestAlertsLeadSomewhere(t *testing.T) {
	anchors := map[string]bool{}
	for line := range strings.Lines(page(t, "operations.md")) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			anchors[anchor(title)] = true
		}
	}
	watch := folder(t, "modules/watch")
	n := 0
	for _, name := range []string{"told", "counted_too_often", "reckoned"} {
		alerts := local(t, watch, name).object
		for _, key := range slices.Sorted(maps.Keys(alerts)) {
			n++
			if section := alerts[key].object["section"].text; !anchors[section] {
				t.Errorf("%s leads to #%s, which docs/operations.md has not", key, section)
			}
			if alerts[key].object["first"].text == "" {
				t.Errorf("%s does not say what to do first", key)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d alerts were found", n)
	}
}

// anchor is what a heading is called in an address.
func anchor(title string) string {
	title = strings.ToLower(strings.TrimSpace(title))
	title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(title, "")
	return strings.ReplaceAll(title, " ", "-")
}
