package infratest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pyloto/atende/internal/config"
)

// manuals are the pages that people type from.
var manuals = []string{"operations.md", "incidents.md", "runbook-first-deploy.md"}

// reckoned are those that tell which of its numbers to turn.
var reckoned = []string{"cost.md", "scaling.md"}

// titles are what the alerts of modules/watch are called.
func titles(t *testing.T) (all []string) {
	t.Helper()
	watch := folder(t, "modules/watch")
	for _, name := range []string{"told", "counted_too_often", "reckoned"} {
		for _, alert := range local(t, watch, name).object {
			all = append(all, alert.object["title"].text)
		}
	}
	_, down, _ := strings.Cut(one(t, watch, "resource", "google_monitoring_alert_policy", "down").fields["display_name"].text, ": ")
	return append(all, down)
}

// Whoever is woken by an alert finds it in the first table of docs/incidents.md,
// and nothing else stands there.
func TestIncidentsBeginWithTheAlert(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (.+?) \| \[`).FindAllStringSubmatch(page(t, "incidents.md"), -1)
	var found []string
	for _, row := range rows {
		found = append(found, row[1])
	}
	slices.Sort(found)
	want := titles(t)
	slices.Sort(want)
	if found = slices.Compact(found); !slices.Equal(found, want) {
		for _, title := range want {
			if !slices.Contains(found, title) {
				t.Errorf("docs/incidents.md does not know the alert %q", title)
			}
		}
		for _, title := range found {
			if !slices.Contains(want, title) {
				t.Errorf("no alert is called %q, and docs/incidents.md waits for it", title)
			}
		}
	}
}

// An incident says the same three things in the same order, and the alerts that it
// names are alerts.
func TestIncidentsSayWhatThereIsToSee(t *testing.T) {
	known := titles(t)
	words := slices.Concat(events(t), keys(t))
	code := sources(t)
	n := 0
	for section := range strings.SplitSeq(page(t, "incidents.md"), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		if !strings.Contains(text, "**How you notice.**") {
			continue
		}
		n++
		var at []int
		for _, heading := range []string{"**How you notice.**", "**What the lead sees.**", "**What to type.**"} {
			at = append(at, strings.Index(text, heading))
		}
		if at[0] < 0 || at[1] < at[0] || at[2] < at[1] {
			t.Errorf("%s: how you notice, what the lead sees and what to type do not follow each other", title)
			continue
		}
		notice := spaced(text[:at[1]])
		named := 0
		for _, m := range regexp.MustCompile(`\*([A-Z][^*]+|the ingress[^*]+)\*`).FindAllStringSubmatch(notice, -1) {
			if m[1] == "How you notice." {
				continue
			}
			named++
			if !slices.ContainsFunc(known, func(alert string) bool { return strings.HasPrefix(alert, m[1]) }) {
				t.Errorf("%s: no alert is called %q", title, m[1])
			}
		}
		if named == 0 {
			t.Errorf("%s: no alert tells of it", title)
		}
		for _, span := range snake.FindAllStringSubmatch(notice, -1) {
			if !slices.Contains(words, span[1]) && !code[span[1]] {
				t.Errorf("%s: nothing is called %s", title, span[1])
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d incidents were found", n)
	}
}

var (
	snake    = regexp.MustCompile("`([a-z]+(?:_[a-z]+)+)`")
	variable = regexp.MustCompile(`\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b`)
	fenced   = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	spanned  = regexp.MustCompile("`[^`\n]+`")
	atende   = regexp.MustCompile(`\batende ([a-z]+)(?: ([a-z]+))?`)
	dashed   = regexp.MustCompile(` --([a-z-]+)`)
)

// sources are the texts in quotes of all code and of infra/: the names that things
// have.
func sources(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, root := range []string{"..", "../../cmd", infra} {
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".tf" {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // The tree is our own.
			for _, m := range regexp.MustCompile(`"([A-Za-z_-]+)"|(?m)^ *([a-z_]+) +=`).FindAllStringSubmatch(string(text), -1) {
				names[m[1]+m[2]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// typed are the lines of a page's shell blocks, and what else stands in its code.
func typed(text string) (blocks []string, spans string) {
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks, strings.Join(spanned.FindAllString(fenced.ReplaceAllString(text, ""), -1), "\n")
}

// commands are the words of what the tool does, and its flags.
func commands(t *testing.T) (words map[string]bool, flags map[string]bool) {
	t.Helper()
	words, flags = map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob("../../cmd/atende/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "words" {
					words[strings.Join(quotes(t, n.Value), " ")] = true
				}
			case *ast.ValueSpec:
				if strings.HasPrefix(n.Names[0].Name, "flag") {
					for _, name := range quotes(t, n) {
						flags[name] = true
					}
				}
			}
			return true
		})
	}
	if len(words) < 10 || len(flags) < 3 {
		t.Fatalf("cmd/atende: found only %v and %v", words, flags)
	}
	return words, flags
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // The tree is our own.
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// quotes are the texts that stand in quotes in a piece of code.
func quotes(t *testing.T, n ast.Node) (texts []string) {
	t.Helper()
	ast.Inspect(n, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		return true
	})
	return texts
}

// What is to be typed is there to be typed: commands, variables, targets of make,
// and the names of queues, services, secrets and modules.
func TestManualsNameWhatThereIs(t *testing.T) {
	words, flags := commands(t)
	variables := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_0-9]+)` \\|").FindAllStringSubmatch(config.Markdown(), -1) {
		variables[m[1]] = true
	}
	inputs := map[string]bool{}
	for _, b := range all(folder(t, ""), "variable") {
		inputs[b.head[1]] = true
	}
	code := sources(t)
	makefile, tools := read(t, "../../Makefile"), read(t, "../../Makefile")+read(t, "../../cloudbuild.yaml")
	for _, pattern := range []string{"../../scripts/*.sh", "../../scripts/*/*.sh"} {
		scripts, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, script := range scripts {
			tools += read(t, script)
		}
	}
	for _, name := range slices.Concat(manuals, reckoned) {
		text := page(t, name)
		blocks, spans := typed(text)
		script := strings.Join(blocks, "\n")
		whole := spans + "\n" + script
		set := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?:export |[;&] *|^)([A-Z_]+)=`).FindAllStringSubmatch(script, -1) {
			set[m[1]] = true
		}
		for _, m := range variable.FindAllStringSubmatch(whole, -1) {
			input, isInput := strings.CutPrefix(m[1], "TF_VAR_")
			if isInput && inputs[strings.ToLower(input)] || set[m[1]] || code[m[1]] || strings.Contains(tools, m[1]) || prefixed(variables, m[1]) {
				continue
			}
			t.Errorf("%s: there is no variable %s", name, m[1])
		}
		for _, m := range atende.FindAllStringSubmatchIndex(whole, -1) {
			first, second := whole[m[2]:m[3]], ""
			if m[4] >= 0 {
				second = whole[m[4]:m[5]]
			}
			if !words[first] && !words[first+" "+second] {
				t.Errorf("%s: atende has no command %s %s", name, first, second)
				continue
			}
			line, _, _ := strings.Cut(whole[m[0]:], "\n")
			line, _, _ = strings.Cut(line, "|")
			for _, f := range dashed.FindAllStringSubmatch(line, -1) {
				if !flags[f[1]] {
					t.Errorf("%s: atende %s has no flag --%s", name, first, f[1])
				}
			}
		}
		for _, m := range regexp.MustCompile("`make ([a-z-]+)").FindAllStringSubmatch(spans, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: make has no target %s", name, m[1])
			}
		}
		named(t, name, script)
	}
}

// prefixed reports whether a name is a variable's, or the end of one, as in
// `…_STATUS`, or the beginning of several, as in `CLOUD_TASKS_QUEUE_*`.
func prefixed(variables map[string]bool, part string) bool {
	for name := range variables {
		if strings.HasPrefix(name, part) || strings.HasSuffix(name, part) {
			return true
		}
	}
	return false
}

// named holds what is said to gcloud and to terraform against infra/.
func named(t *testing.T, name, script string) {
	t.Helper()
	// What is deleted is of an earlier time, and not known here.
	script = regexp.MustCompile(`(?m)^.* delete .*$`).ReplaceAllString(script, "")
	root := folder(t, "")
	var queues []string
	for key := range local(t, folder(t, "modules/queues"), "queues").object {
		queues = append(queues, queueName(t, key))
	}
	services := []string{local(t, root, "ingress").text, local(t, root, "worker").text}
	for _, m := range regexp.MustCompile(`(?m)gcloud tasks (?:queues [a-z-]+ |list --queue )(atende-[a-z]+)`).FindAllStringSubmatch(script, -1) {
		if !slices.Contains(queues, m[1]) {
			t.Errorf("%s: there is no queue %s", name, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?:gcloud run services [a-z-]+ |--service |renew )(atende-(?:ingress|worker|[a-z]+)\b)`).FindAllStringSubmatch(script, -1) {
		if !slices.Contains(services, m[1]) {
			t.Errorf("%s: there is no service %s", name, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`--(?:region|location)[ =]([a-z]+-[a-z]+[0-9])`).FindAllStringSubmatch(script, -1) {
		if m[1] != defaultOf(t, root, "region") {
			t.Errorf("%s: nothing is in %s", name, m[1])
		}
	}
	environment := read(t, infra+"/environment.tf")
	for _, m := range regexp.MustCompile(`(?m)(?:^|[^$a-z-])([a-z][a-z-]+)-\$ENVIRONMENT`).FindAllStringSubmatch(script, -1) {
		if !strings.Contains(environment, `"`+m[1]+`"`) {
			t.Errorf("%s: there is no secret %s", name, m[1])
		}
	}
	outputs := map[string]bool{}
	for _, b := range all(root, "output") {
		outputs[b.head[1]] = true
	}
	for _, m := range regexp.MustCompile(`terraform output (?:-raw )?([a-z_]+)`).FindAllStringSubmatch(script, -1) {
		if !outputs[m[1]] {
			t.Errorf("%s: terraform has no output %s", name, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\bmodule\.([a-z]+)(?:\.([a-z_]+)\.([a-z_]+))?`).FindAllStringSubmatch(script, -1) {
		one(t, root, "module", m[1])
		if m[2] != "" {
			one(t, folder(t, "modules/"+m[1]), "resource", m[2], m[3])
		}
	}
}

// What the pages say of times and numbers is what the code says.
func TestManualsKnowTheNumbers(t *testing.T) {
	for _, fact := range []struct{ page, words, file, code string }{
		{"incidents.md", "a message that failed eight times was given up", "internal/turn/turn.go", "buryFrom = 8"},
		{"incidents.md", "after more than ten minutes hears an apology", "internal/otto/prompt.go", "lateFrom = 10 * time.Minute"},
		{"incidents.md", "older than 23 hours and 50 minutes gets none", "internal/turn/turn.go", "freeFormAge = 23*time.Hour + 50*time.Minute"},
		{"incidents.md", "until its oldest message is three minutes old", "internal/turn/turn.go", "outagePatience = 3 * time.Minute"},
		{"incidents.md", "or has failed five times, then gets the pack's menu", "internal/turn/turn.go", "modelOffFrom = 5"},
		{"incidents.md", "An answer is tried ten times", "internal/turn/turn.go", "maxAttempts = 10"},
		{"incidents.md", "The number is held for a minute at a time", "internal/channel/channel.go", "accountWait = time.Minute"},
		{"incidents.md", "Each call waits 150 ms at most", "internal/store/redis/store.go", "DefaultCallTimeout = 150 * time.Millisecond"},
		{"incidents.md", "mailbox, which keeps them for 26 hours", "internal/store/redis/keys.go", "mailboxTTL = 26 * time.Hour"},
		{"incidents.md", "the last known value serves for an hour", "internal/secrets/resolver.go", "serveStale = time.Hour"},
		{"incidents.md", "exit code 2 after 30 s", "internal/program/parts.go", "secretPatience = 30 * time.Second"},
		{"operations.md", "reads a reference again within five minutes", "internal/secrets/resolver.go", "refreshAfter = 4 * time.Minute"},
		{"operations.md", "Keep the old one for 91 days", "internal/store/firestore/ledger.go", "DefaultConversationTTL = 90 * 24 * time.Hour"},
		{"scaling.md", "a number takes and sends 80 messages a second", "pkg/whatsapp/pace.go", "NumberRate = 80"},
		{"scaling.md", "every worker writes it once in five seconds", "internal/store/firestore/keeping.go", "watermarkEvery = 5 * time.Second"},
		{"scaling.md", "with up to 64 connections each", "internal/store/redis/store.go", "poolSize = 64"},
		{"scaling.md", "More than 80 requests an instance need `maxInFlight`", "internal/workerd/workerd.go", "maxInFlight = 80"},
		{"incidents.md", "`tasks_waiting` of the `.tfvars` on, which is 2 000 in production", "infra/production.tfvars", "tasks_waiting = 2000"},
		{"cost.md", "`BUDGET_TOKENS_PER_DAY` is 5 million by default", "docs/configuration.md", "`BUDGET_TOKENS_PER_DAY` | worker | `5000000`"},
	} {
		if !strings.Contains(spaced(page(t, fact.page)), fact.words) {
			t.Errorf("docs/%s does not say %q any more: what does it say of %s?", fact.page, fact.words, fact.code)
		}
		if !strings.Contains(spaced(read(t, "../../"+fact.file)), fact.code) {
			t.Errorf("docs/%s says %q, and %s does not say %s", fact.page, fact.words, fact.file, fact.code)
		}
	}
}

// spaced is a text with one space for any between its words.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// What a shell is given, a shell can read.
func TestManualsCanBeTyped(t *testing.T) {
	for _, name := range manuals {
		blocks, _ := typed(page(t, name))
		if len(blocks) == 0 {
			t.Errorf("%s: nothing to type was found", name)
		}
		for _, block := range blocks {
			shell := exec.CommandContext(t.Context(), "bash", "-n")
			shell.Stdin = strings.NewReader(block)
			if out, err := shell.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s\n%s", name, err, out, block)
			}
		}
	}
}

// Every link of the documentation leads to a file that is there, and to a heading
// of it.
func TestLinksLeadSomewhere(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/decisions/*.md", infra + "/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	anchors := map[string]map[string]bool{}
	headings := func(path string) map[string]bool {
		if anchors[path] == nil {
			anchors[path] = map[string]bool{"": true}
			plain := regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(read(t, path), "")
			for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(plain, -1) {
				anchors[path][anchor(m[1])] = true
			}
		}
		return anchors[path]
	}
	n := 0
	for _, file := range files {
		text := read(t, file)
		for _, m := range regexp.MustCompile(`\]\(([^()\s]+)\)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			n++
			path, heading, _ := strings.Cut(m[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s is not there", file, m[1])
			} else if filepath.Ext(target) == ".md" && !headings(target)[heading] {
				t.Errorf("%s: %s has no heading of that name; it has %v", file, m[1], slices.Sorted(maps.Keys(headings(target))))
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links were found", n)
	}
}
