package infratest_test

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/httpserver"
)

// told is an environment as infra/ sets it. What Terraform works out is replaced
// by an example; a new expression needs one here.
func told(t *testing.T, program string, with func(local string) bool, settings ...string) []string {
	t.Helper()
	root := folder(t, "")
	examples := map[string]string{
		"var.environment":                     "staging",
		"var.project":                         "atende-example",
		"var.region":                          defaultOf(t, root, "region"),
		"var.handoff.template":                "aviso",
		"tostring(var.flows.enabled)":         strconv.FormatBool(with("flow_secrets")),
		"local.worker_url":                    "https://atende-worker-123456789012.us-central1.run.app",
		"module.identities.invoker.email":     "atende-tasks@atende-example.iam.gserviceaccount.com",
		"module.ledger.database":              one(t, folder(t, "modules/ledger"), "resource", "google_firestore_database").fields["name"].text,
		"module.queues.names.inbound":         queueName(t, "inbound"),
		"module.queues.names.status":          queueName(t, "status"),
		"module.queues.names.timer":           queueName(t, "timer"),
		"secret whatsapp-phone-number-id":     "106540352242922",
		"secret whatsapp-business-account-id": "102290129340398",
		"secret handoff-whatsapp-to":          "5542900000000",
	}
	environ := map[string]string{"K_SERVICE": "atende-" + program}
	set := func(name, expression string) {
		example, ok := examples[expression]
		if !ok {
			t.Fatalf("%s is set to %s, of which this test knows no example", name, expression)
		}
		environ[name] = example
	}
	for _, part := range []string{"both", program + "_only", "worker_template"} {
		if part == "worker_template" && (program != "worker" || !with(part)) {
			continue
		}
		for name, v := range local(t, root, part).object {
			if v.literal {
				environ[name] = v.text
			} else {
				set(name, v.text)
			}
		}
	}
	secrets := map[string][]string{"ingress": {"ingress_secrets", "flow_secrets", "passphrase_secrets"}, "worker": {"worker_secrets", "handoff_secrets"}}
	for _, part := range append(secrets[program], "both_secrets") {
		if !with(part) {
			continue
		}
		for name, v := range local(t, root, part).object {
			environ[name] = "secret:" + v.text
		}
	}
	mounted := map[string][]string{"ingress": {"both_mounted"}, "worker": {"both_mounted", "worker_mounted"}}
	for _, part := range mounted[program] {
		if !with(part) {
			continue
		}
		for name, v := range local(t, root, part).object {
			set(name, "secret "+v.text)
		}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		list = append(list, name+"="+environ[name])
	}
	return append(list, settings...)
}

// always are the parts of the environment that no variable switches off.
func always(part string) bool {
	return !slices.Contains([]string{"flow_secrets", "passphrase_secrets", "handoff_secrets", "worker_mounted", "worker_template"}, part)
}

func everything(string) bool { return true }

func defaultOf(t *testing.T, blocks []block, variable string) string {
	t.Helper()
	return one(t, blocks, "variable", variable).fields["default"].text
}

// queueName is a queue's id: the resource's own pattern, filled in.
func queueName(t *testing.T, key string) string {
	t.Helper()
	queues := folder(t, "modules/queues")
	if _, ok := local(t, queues, "queues").object[key]; !ok {
		t.Fatalf("there is no queue called %s", key)
	}
	pattern := one(t, queues, "resource", "google_cloud_tasks_queue").fields["name"].text
	return strings.ReplaceAll(pattern, "${each.key}", key)
}

func loadBoth(t *testing.T, with func(string) bool, settings ...string) (config.Ingress, config.Worker) {
	t.Helper()
	i, warnings, err := config.LoadIngress(told(t, "ingress", with, settings...))
	if err != nil || len(warnings) > 0 {
		t.Errorf("the ingress would say: %v %v", err, warnings)
	}
	w, warnings, err := config.LoadWorker(told(t, "worker", with, settings...))
	if err != nil || len(warnings) > 0 {
		t.Errorf("the worker would say: %v %v", err, warnings)
	}
	return i, w
}

// The programs start with what infra/ tells them: nothing is missing, nothing is
// misspelt, and what is secret is a name that can be resolved.
func TestTheProgramsTakeTheirEnvironment(t *testing.T) {
	loadBoth(t, always)
	i, w := loadBoth(t, everything)
	if !i.Flow.Enabled || w.Handoff.Template == "" || w.Auth.Mode != config.TasksAuthPlatform {
		t.Errorf("told everything, they read %+v %+v %+v", i.Flow, w.Handoff, w.Auth)
	}
	for _, way := range []string{"handoff_secrets", "worker_mounted"} {
		loadBoth(t, func(part string) bool { return always(part) || part == way }, "ENVIRONMENT=production")
	}
	if _, _, err := config.LoadWorker(told(t, "worker", always, "ENVIRONMENT=production")); err == nil {
		t.Error("production starts though nobody can be called in: the variable handoff has a rule for nothing")
	}
}

// Every secret of the programs is one of infra/'s, whatever is switched on.
func TestEverySecretHasAName(t *testing.T) {
	i, w := loadBoth(t, everything)
	for name, s := range map[string]config.Secret{
		"FLOW_PRIVATE_KEY": i.Flow.PrivateKey, "FLOW_PRIVATE_KEY_PASSPHRASE": i.Flow.Passphrase, "WHATSAPP_VERIFY_TOKEN": i.VerifyToken,
		"WHATSAPP_APP_SECRET": i.AppSecrets[0], "WHATSAPP_ACCESS_TOKEN": w.Graph.AccessToken, "OPENAI_API_KEY": w.OpenAI.APIKey,
		"REDIS_URL": w.Redis.URL, "CONTACT_HASH_KEY": w.ContactHashKey, "DATA_KEY": w.DataKeys[0],
		"HANDOFF_WEBHOOK_URL": w.Handoff.WebhookURL, "HANDOFF_WEBHOOK_SECRET": w.Handoff.WebhookSecret,
	} {
		resource, ok := s.Resource()
		if !ok || !strings.HasPrefix(resource, "projects/atende-example/secrets/") || !strings.HasSuffix(resource, "-staging/versions/latest") {
			t.Errorf("%s is read from %q", name, resource)
		}
	}
	for _, b := range allFolders(t) {
		for _, head := range b.head {
			if strings.Contains(head, "secret_version") {
				t.Errorf("%s: a value of a secret would stand in the state", strings.Join(b.head, " "))
			}
		}
	}
}

// allFolders are the blocks of every module.
func allFolders(t *testing.T) (blocks []block) {
	t.Helper()
	entries, err := os.ReadDir(infra + "/modules")
	if err != nil {
		t.Fatal(err)
	}
	blocks = folder(t, "")
	for _, entry := range entries {
		blocks = append(blocks, folder(t, "modules/"+entry.Name())...)
	}
	return blocks
}

func TestQueuesAreTheProgramsOwn(t *testing.T) {
	// Left to themselves the programs take these names and this region.
	w, _, err := config.LoadWorker([]string{
		"WHATSAPP_PHONE_NUMBER_ID=1", "WHATSAPP_BUSINESS_ACCOUNT_ID=1", "WHATSAPP_ACCESS_TOKEN=t", "OPENAI_ENABLED=false",
		"WORKER_URL=http://127.0.0.1:1", "TASKS_AUTH=none", "SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory", "LEDGER_BACKEND=memory",
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, names := range map[string][]string{"inbound": w.Tasks.Inbound, "status": w.Tasks.Status, "timer": w.Tasks.Timer} {
		if got := queueName(t, key); !slices.Equal(names, []string{got}) {
			t.Errorf("the queue for %s is %s, and the programs use %v", key, got, names)
		}
	}
	if region := defaultOf(t, folder(t, ""), "region"); region != w.Tasks.Location {
		t.Errorf("the queues are in %s, and the programs look in %s", region, w.Tasks.Location)
	}
	if database := one(t, folder(t, "modules/ledger"), "resource", "google_firestore_database").fields["name"].text; database != w.Firestore.Database {
		t.Errorf("the ledger is %s, and the worker opens %s", database, w.Firestore.Database)
	}
	// A receipt comes again several times before an unknown send is decided.
	status := local(t, folder(t, "modules/queues"), "queues").object["status"].object["max_backoff"].text
	if again, err := time.ParseDuration(status); err != nil || again > w.Send.AmbiguityWindow/3 {
		t.Errorf("a status comes again after %s (%v) at most, and the window is %s", status, err, w.Send.AmbiguityWindow)
	}
}

// The table of docs/operations.md has the settings of infra/.
func TestOperationsSayTheQueuesSettings(t *testing.T) {
	text := page(t, "operations.md")
	queues := folder(t, "modules/queues")
	retry := one(t, one(t, queues, "resource", "google_cloud_tasks_queue").blocks, "retry_config").fields
	kinds := local(t, queues, "queues").object
	inWords := func(duration string) string { return strings.TrimSuffix(duration, "s") + " s" }
	for _, row := range []string{
		"| `maxAttempts` | " + retry["max_attempts"].text + " |",
		"| `maxRetryDuration` | " + strings.TrimSuffix(retry["max_retry_duration"].text, "s") + " |",
		"| `minBackoff`, `maxBackoff`, `maxDoublings` | " + inWords(retry["min_backoff"].text) + ", " + inWords(kinds["inbound"].object["max_backoff"].text) +
			" (status queue: " + inWords(kinds["status"].object["max_backoff"].text) + "), " + retry["max_doublings"].text + " |",
		"| `maxDispatchesPerSecond` | " + kinds["inbound"].object["dispatches_per_second"].text + " (timer queue: " + kinds["timer"].object["dispatches_per_second"].text + ") |",
		"| dispatch deadline | " + strconv.Itoa(int(cloudtasks.DispatchDeadline/time.Second)) + " s, set on every task |",
	} {
		if !strings.Contains(text, row) {
			t.Errorf("docs/operations.md has no row that begins with %s", row)
		}
	}
	if kinds["inbound"].object["max_backoff"].text != kinds["timer"].object["max_backoff"].text ||
		kinds["inbound"].object["dispatches_per_second"].text != kinds["status"].object["dispatches_per_second"].text {
		t.Error("the table has one number for queues that differ")
	}
}

// A request outlives its handler, and Cloud Tasks outwaits the request: a second
// copy does not start while the first runs.
func TestTimeoutsAreNested(t *testing.T) {
	_, w := loadBoth(t, always)
	root := folder(t, "")
	timeout := func(service string) time.Duration {
		seconds, err := strconv.Atoi(one(t, root, "module", service).fields["timeout"].text)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(seconds) * time.Second
	}
	if handler := w.TurnDeadline + w.Send.Permit + w.Send.GraphTimeout; timeout("worker") <= handler || timeout("worker") >= cloudtasks.DispatchDeadline {
		t.Errorf("a request of the worker may take %s: not between a handler's %s and the %s of Cloud Tasks", timeout("worker"), handler, cloudtasks.DispatchDeadline)
	}
	if timeout("ingress") <= httpserver.DefaultHandlerTimeout {
		t.Errorf("a request of the ingress may take %s, and its handler %s", timeout("ingress"), httpserver.DefaultHandlerTimeout)
	}
}

// Everybody is named in one place: the ingress's.
func TestOnlyTheIngressIsOpen(t *testing.T) {
	for _, b := range allFolders(t) {
		open := false
		for name, v := range b.fields {
			if slices.ContainsFunc(v.texts(), func(text string) bool { return strings.HasPrefix(text, "all") && strings.HasSuffix(text, "Users") }) {
				open = true
				if !slices.Equal(b.head, []string{"module", "ingress"}) || name != "invokers" {
					t.Errorf("%s: %s is open to everybody", strings.Join(b.head, " "), name)
				}
			}
		}
		if slices.Equal(b.head, []string{"module", "ingress"}) && !open {
			t.Error("Meta cannot reach the ingress")
		}
	}
}

// page is a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
