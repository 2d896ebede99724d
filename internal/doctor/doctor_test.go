package doctor_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"github.com/alicebob/miniredis/v2/server"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestNothingIsWrong(t *testing.T) {
	c := newClinic(t, nil)
	report := c.examine()
	for _, f := range report.Checks {
		if f.Status != doctor.OK || len(f.Fix) > 0 || f.Found == "" {
			t.Errorf("%s is %s: %s %q", f.Check, f.Status, f.Found, f.Fix)
		}
	}
	if !report.OK || report.Environment != "development" || len(report.Checks) != 16 {
		t.Errorf("ok %t in %s, %d checks", report.OK, report.Environment, len(report.Checks))
	}
	// It has changed nothing: no task, no message, no document beside the claim that
	// the worker itself has made.
	if n := len(c.tasks.Tasks()); n != 0 {
		t.Errorf("%d tasks were made", n)
	}
	if n := c.graph.Counts().Accepted; n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	if n := len(c.store.Documents()); n != 1 {
		t.Errorf("%d documents are there", n)
	}
	if n, heard := c.model.Total(), c.model.Transcriptions(); n != 1 || len(heard) != 1 || heard[0].MIME != "audio/wav" {
		t.Errorf("the model was asked %d times, and to write down %+v", n, heard)
	}
	if keys := c.redis.Keys(); len(keys) != 0 {
		t.Errorf("keys in Redis: %v", keys)
	}
}

// metaChecks stand on the token.
var metaChecks = []string{"meta-number", "app-secret", "webhook", "ingress"}

// planted are faults, each planted in a healthy environment: what the doctor must
// say of it, and what it must leave alone.
func planted() []fault {
	set := func(name, value string) func(*clinic) {
		return func(c *clinic) { c.environ[name] = value }
	}
	queue := func(change func(*clinic, string)) func(*clinic) {
		return func(c *clinic) { change(c, queueName("atende-inbound")) }
	}
	update := func(id string, retry *cloudtaskspb.RetryConfig, path string) func(*clinic) {
		return func(c *clinic) {
			_, err := c.tasks.UpdateQueue(c.t.Context(), &cloudtaskspb.UpdateQueueRequest{
				Queue:      &cloudtaskspb.Queue{Name: queueName(id), RetryConfig: retry},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}},
			})
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
	noted := func(change func(*whatsapptest.Administration)) func(*clinic) {
		return func(c *clinic) { c.administer(change) }
	}
	model := func(f openaitest.Fault) func(*clinic) {
		return func(c *clinic) {
			f.Times = -1
			c.model.Fail(f)
		}
	}
	deaf := func(f openaitest.Fault) func(*clinic) {
		return func(c *clinic) {
			f.Times = -1
			c.model.FailTranscription(f)
		}
	}
	everything := []string{
		"secrets", "redis", "firestore", "firestore-indexes", "hash-key", "queues", "worker", "meta-token", "meta-number", "app-secret",
		"webhook", "ingress", "model", "transcription", "clock",
	}
	return []fault{
		{name: "a variable that is no address", plant: set("WORKER_URL", "worker"),
			check: "environment", found: "WORKER_URL", fix: "export WORKER_URL=", skips: everything},
		{name: "two variables missing", plant: func(c *clinic) {
			delete(c.environ, "WHATSAPP_ACCESS_TOKEN")
			delete(c.environ, "WHATSAPP_VERIFY_TOKEN")
		}, check: "environment", found: "WHATSAPP_VERIFY_TOKEN", fix: "export WHATSAPP_ACCESS_TOKEN=", skips: everything},
		{name: "a variable misspelt", plant: set("OPENAI_MODELL", "x"),
			check: "environment", status: doctor.Warning, found: "did you mean OPENAI_MODEL?", fix: "unset OPENAI_MODELL"},
		{name: "the older name beside the newer one", plant: set("WHATSAPP_WEBHOOK_SECRET", "canary-older"),
			check: "environment", status: doctor.Warning, found: "is ignored because WHATSAPP_APP_SECRET is set", fix: "WHATSAPP_WEBHOOK_SECRET: remove it"},
		{name: "a secret that is not there", plant: set("OPENAI_API_KEY", "secret:nowhere"),
			check: "secrets", found: "OPENAI_API_KEY refers to nowhere-development", fix: "gcloud secrets versions add nowhere-development --project proj", skips: []string{"model", "transcription"}},
		{name: "a secret that may not be read", plant: func(c *clinic) { c.secrets.Deny("projects/proj/secrets/redis-url-development") },
			check: "secrets", found: "REDIS_URL may not be read", fix: "roles/secretmanager.secretAccessor", skips: []string{"redis"}},
		{name: "a secret of the wrong form", plant: func(c *clinic) {
			c.secrets.AddVersion("projects/proj/secrets/data-key-development", []byte("short"))
		}, check: "secrets", found: "DATA_KEY refers to a secret that", fix: "gcloud secrets versions add data-key-development", skips: []string{"firestore", "firestore-indexes", "hash-key"}},
		{name: "Redis gone", plant: func(c *clinic) { c.redis.Close() },
			check: "redis", found: "connection", fix: "redis-cli -u \"$REDIS_URL\" ping"},
		{name: "Redis evicts", plant: func(c *clinic) {
			c.redis.Server().SetPreHook(func(p *server.Peer, command string, _ ...string) bool {
				if command != "INFO" {
					return false
				}
				p.WriteBulk("# Memory\r\nmaxmemory:1048576\r\nmaxmemory_policy:allkeys-lru\r\n")
				return true
			})
		}, check: "redis", status: doctor.Warning, found: "allkeys-lru", fix: "maxmemory-policy noeviction"},
		{name: "Firestore gone", plant: func(c *clinic) {
			c.store.Fail(firestoretest.Fault{Method: "BatchGetDocuments", Code: codes.Unavailable})
		}, check: "firestore", found: "Firestore (proj, (default)) does not answer", fix: "gcloud auth application-default login", skips: []string{"firestore-indexes", "hash-key"}},
		{name: "no such database", plant: func(c *clinic) {
			c.store.Fail(firestoretest.Fault{Method: "BatchGetDocuments", Code: codes.NotFound})
		}, check: "firestore", found: "NotFound", fix: "-target=module.ledger", skips: []string{"firestore-indexes", "hash-key"}},
		{name: "another hash key", plant: set("CONTACT_HASH_KEY", foreignKey),
			check: "hash-key", found: "not the key this ledger was written with", fix: "gcloud secrets versions list contact-hash-key-development"},
		{name: "an index missing", plant: func(c *clinic) { c.store.SetUp(nil, c.fields()) },
			check: "firestore-indexes", found: "the index of turns by shard, day", fix: "terraform -chdir=infra apply -var-file=development.tfvars -target=module.ledger"},
		{name: "an index of the other order", plant: func(c *clinic) {
			fields := c.fields()
			fields[0].IndexConfig.Indexes[0].Fields[0].ValueMode = &adminpb.Index_IndexField_Order_{Order: adminpb.Index_IndexField_ASCENDING}
			c.store.SetUp(c.composite(), fields)
		}, check: "firestore-indexes", found: "missing: the index of audit by at", fix: "-target=module.ledger"},
		{name: "a policy of expiry missing", plant: func(c *clinic) {
			fields := c.fields()
			c.store.SetUp(c.composite(), fields[:len(fields)-1])
		}, check: "firestore-indexes", found: "missing: the expiry of turns", fix: "-target=module.ledger"},
		{name: "a policy being set up", plant: func(c *clinic) {
			fields := c.fields()
			fields[len(fields)-1].TtlConfig.State = adminpb.Field_TtlConfig_CREATING
			c.store.SetUp(c.composite(), fields)
		}, check: "firestore-indexes", status: doctor.Warning, found: "still being built: the expiry of turns", fix: "wait"},
		{name: "an index in need of repair", plant: func(c *clinic) {
			indexes := c.composite()
			indexes[0].State = adminpb.Index_NEEDS_REPAIR
			c.store.SetUp(indexes, c.fields())
		}, check: "firestore-indexes", found: "repair of the index of audit by shard, day", fix: "gcloud firestore indexes composite list"},
		{name: "a queue missing", plant: queue(func(c *clinic, name string) {
			if _, err := c.tasks.DeleteQueue(c.t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: name}); err != nil {
				c.t.Fatal(err)
			}
		}), check: "queues", found: "atende-inbound does not exist", fix: "gcloud tasks queues create atende-inbound --location us-central1 --project proj --max-attempts=-1"},
		{name: "a queue paused", plant: queue(func(c *clinic, name string) {
			if _, err := c.tasks.PauseQueue(c.t.Context(), &cloudtaskspb.PauseQueueRequest{Name: name}); err != nil {
				c.t.Fatal(err)
			}
		}), check: "queues", found: "atende-inbound is paused", fix: "gcloud tasks queues resume atende-inbound --location us-central1 --project proj"},
		{name: "a queue that gives up", plant: update("atende-timer", &cloudtaskspb.RetryConfig{MaxAttempts: 5}, "retry_config.max_attempts"),
			check: "queues", found: "atende-timer gives a task up after 5 attempts", fix: "gcloud tasks queues update atende-timer --location us-central1 --project proj --max-attempts=-1"},
		{name: "receipts that wait too long", plant: update("atende-status", &cloudtaskspb.RetryConfig{MaxBackoff: durationpb.New(time.Hour)}, "retry_config.max_backoff"),
			check: "queues", status: doctor.Warning, found: "atende-status may leave a receipt waiting", fix: "--max-backoff=15s"},
		{name: "no Cloud Tasks", plant: set("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:1"),
			check: "queues", found: "nothing answers for the queues", fix: "CLOUD_TASKS_EMULATOR_HOST"},
		{name: "no Secret Manager", plant: func(c *clinic) { c.secrets.Fail(codes.Unavailable) },
			check: "secrets", found: "REDIS_URL was not resolved", fix: "gcloud auth application-default login", skips: slices.Concat(
				[]string{"redis", "firestore", "firestore-indexes", "hash-key", "meta-token", "model", "transcription"}, metaChecks)},
		{name: "a worker that anybody may invoke", plant: set("TASKS_AUTH", "platform"),
			check: "worker", found: "anybody may invoke the worker", fix: "gcloud run services remove-iam-policy-binding atende-worker"},
		{name: "a worker that is not ready", plant: func(c *clinic) { c.environ["WORKER_URL"] = waiting(c.t) },
			check: "worker", found: "not ready to take tasks", fix: "/ready"},
		{name: "a worker that takes any task", plant: func(c *clinic) { c.environ["WORKER_URL"] = careless(c.t) },
			check: "worker", found: "anybody could give it one", fix: "export TASKS_AUTH=oidc"},
		{name: "no worker", plant: set("WORKER_URL", "http://127.0.0.1:1"),
			check: "worker", found: "nothing answers at WORKER_URL", fix: "make run"},
		{name: "the ingress for a worker", plant: func(c *clinic) { c.environ["WORKER_URL"] = c.ingress },
			check: "worker", found: "is the ingress", fix: "export WORKER_URL=$(terraform -chdir=infra output -raw worker_url)"},
		{name: "a token that has expired", plant: noted(func(a *whatsapptest.Administration) { a.TokenLife = -time.Hour }),
			check: "meta-token", found: "does not accept WHATSAPP_ACCESS_TOKEN", fix: "gcloud secrets versions add whatsapp-access-token-development --project proj", skips: metaChecks},
		{name: "a token that expires soon", plant: noted(func(a *whatsapptest.Administration) { a.TokenLife = 72*time.Hour + time.Minute }),
			check: "meta-token", status: doctor.Warning, found: "3 days from now", fix: "never expires"},
		{name: "a token without a permission", plant: noted(func(a *whatsapptest.Administration) { a.Scopes = []string{whatsapp.ScopeMessaging} }),
			check: "meta-token", found: "lacks the permission whatsapp_business_management", fix: "gcloud secrets versions add whatsapp-access-token-development", skips: metaChecks},
		{name: "a number of poor quality", plant: noted(func(a *whatsapptest.Administration) {
			a.Numbers = map[string]whatsapp.NumberInfo{number: {Status: "CONNECTED", Quality: "RED"}}
		}), check: "meta-number", status: doctor.Warning, found: "RED", fix: "send nothing unasked"},
		{name: "a number that was banned", plant: noted(func(a *whatsapptest.Administration) {
			a.Numbers = map[string]whatsapp.NumberInfo{number: {Status: "BANNED", Quality: "RED"}}
		}), check: "meta-number", found: "is BANNED, not CONNECTED", fix: "business.facebook.com/wa/manage/phone-numbers"},
		{name: "a number of somebody else", plant: set("WHATSAPP_PHONE_NUMBER_ID", "1"),
			check: "meta-number", found: "Meta knows no number 1", fix: "export WHATSAPP_PHONE_NUMBER_ID="},
		{name: "another app's secret", plant: set("WHATSAPP_APP_SECRET", "canary-of-another-app"),
			check: "app-secret", found: "not the secret of the token's app", fix: "gcloud secrets versions add whatsapp-webhook-secret-development --project proj", skips: []string{"webhook", "ingress"}},
		{name: "no callback", plant: noted(func(a *whatsapptest.Administration) { a.Subscription = nil }),
			check: "webhook", found: "no callback", fix: "atende webhook subscribe --callback", skips: []string{"ingress"}},
		{name: "messages not subscribed", plant: noted(func(a *whatsapptest.Administration) { a.Subscription.Fields = []string{"security"} }),
			check: "webhook", found: "not subscribed to messages", fix: "atende webhook subscribe", skips: []string{"ingress"}},
		{name: "a field not subscribed", plant: noted(func(a *whatsapptest.Administration) {
			a.Subscription.Fields = slices.DeleteFunc(slices.Clone(a.Subscription.Fields), func(f string) bool { return f == "security" })
		}), check: "webhook", status: doctor.Warning, found: "not subscribed to security", fix: "atende webhook subscribe"},
		{name: "the account tells another app", plant: noted(func(a *whatsapptest.Administration) {
			a.Subscribers = []whatsapp.Subscriber{{AppID: "77"}}
		}), check: "webhook", found: "do not go to app " + whatsapptest.DefaultAppID, fix: "atende webhook subscribe", skips: []string{"ingress"}},
		{name: "an account of somebody else", plant: set("WHATSAPP_BUSINESS_ACCOUNT_ID", "1"),
			check: "webhook", found: "Meta knows no account 1", fix: "export WHATSAPP_BUSINESS_ACCOUNT_ID=", skips: []string{"ingress"}},
		{name: "an ingress with another secret", before: map[string]string{"WHATSAPP_APP_SECRET": "another"},
			check: "ingress", found: "runs with another WHATSAPP_APP_SECRET", fix: "start the ingress again"},
		{name: "an ingress with another verify token", before: map[string]string{"WHATSAPP_VERIFY_TOKEN": "another"},
			check: "ingress", found: "runs with another WHATSAPP_VERIFY_TOKEN", fix: "start the ingress again"},
		{name: "a callback where nobody is", plant: noted(func(a *whatsapptest.Administration) {
			a.Subscription.Callback = "http://127.0.0.1:1/webhook/whatsapp"
		}), check: "ingress", found: "nothing answers", fix: "make run"},
		{name: "a callback of another path", plant: func(c *clinic) {
			c.administer(func(a *whatsapptest.Administration) { a.Subscription.Callback = c.ingress + "/hook" })
		}, check: "ingress", found: "no address of an ingress", fix: "atende webhook subscribe --callback"},
		{name: "a model that is unknown", plant: model(openaitest.Fault{Kind: openaitest.Status, Status: 404, Code: "model_not_found"}),
			check: "model", found: "model_not_found", fix: "export OPENAI_MODEL=", skips: []string{"transcription"}},
		{name: "a model that refuses the form", plant: model(openaitest.Fault{Kind: openaitest.Status, Status: 400, Code: "invalid_json_schema"}),
			check: "model", found: "no structured outputs", fix: "export OPENAI_MODEL=", skips: []string{"transcription"}},
		{name: "a model that does not keep to the form", plant: model(openaitest.Fault{Kind: openaitest.InvalidJSON}),
			check: "model", found: "not in the form", fix: "export OPENAI_MODEL=", skips: []string{"transcription"}},
		{name: "another key of the model", plant: set("OPENAI_API_KEY", "sk-another"),
			check: "model", found: "status 401", fix: "gcloud secrets versions add openai-api-key-development", skips: []string{"transcription"}},
		{name: "no money for the model", plant: model(openaitest.Fault{Kind: openaitest.Status, Status: 429, Code: "insufficient_quota"}),
			check: "model", found: "insufficient_quota", fix: "Billing", skips: []string{"transcription"}},
		{name: "a model that hears nothing", plant: deaf(openaitest.Fault{Kind: openaitest.Status, Status: 404, Code: "model_not_found"}),
			check: "transcription", found: "gpt-4o-mini-transcribe does not answer", fix: "export OPENAI_TRANSCRIBE_MODEL="},
		{name: "a model that takes no audio", plant: deaf(openaitest.Fault{Kind: openaitest.Status, Status: 400, Code: "unsupported_value"}),
			check: "transcription", found: "no transcription of audio", fix: "export OPENAI_TRANSCRIBE_MODEL="},
		{name: "Meta's clock apart", plant: func(c *clinic) { c.skew.Store(int64(2 * time.Minute)) },
			check: "clock", found: "clocks are apart: meta ", fix: "timedatectl set-ntp true"},
		{name: "the clock of Redis apart", plant: func(c *clinic) { c.redis.SetTime(time.Now().Add(-time.Hour)) },
			check: "clock", found: "clocks are apart: redis 1h0m", fix: "timedatectl set-ntp true"},
	}
}

// careless is a worker that asks nobody who he is, and waiting one that is not ready.
func careless(t *testing.T) string { return answering(t, http.StatusOK) }
func waiting(t *testing.T) string  { return answering(t, http.StatusServiceUnavailable) }

// answering is a worker that lives and answers every task with a status.
func answering(t *testing.T, status int) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			_, _ = io.WriteString(w, `{"status":"healthy","service":"atende-worker","timestamp":"`+time.Now().UTC().Format(time.RFC3339)+`"}`)
			return
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// fault is one thing wrong and what has to be said of it.
type fault struct {
	name string
	// plant makes the environment ill, and before has the ingress start ill.
	plant  func(*clinic)
	before map[string]string
	// check is the one that has to notice, with this status; Failed when it is empty.
	check  string
	status doctor.Status
	found  string
	fix    string
	skips  []string
}

// Told to write, it has tasks delivered, which leave nothing behind.
func TestTasksAreDelivered(t *testing.T) {
	c := newClinic(t, nil)
	c.write = true
	report := c.examine()
	for _, f := range report.Checks {
		if f.Status != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	if len(report.Checks) != 17 || report.Checks[8].Check != "delivery" || len(c.tasks.Tasks()) != 3 || len(c.store.Documents()) != 1 {
		t.Errorf("%d checks, %d tasks, %d documents", len(report.Checks), len(c.tasks.Tasks()), len(c.store.Documents()))
	}

	for _, f := range []struct {
		name, found, fix string
		plant            func(*clinic)
	}{
		{"an account that is not let in", "a task of atende-inbound is not let in (PermissionDenied)", "roles/run.invoker", func(c *clinic) {
			c.environ["WORKER_URL"] = private(t)
		}},
		{"one who may not make tasks", "a task may not be put into atende-inbound", "roles/iam.serviceAccountUser", func(c *clinic) {
			c.tasks.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Method: "CreateTask", Code: codes.PermissionDenied})
		}},
	} {
		c := newClinic(t, nil)
		c.write = true
		f.plant(c)
		for _, got := range c.examine().Checks {
			want := doctor.OK
			if got.Check == "delivery" {
				want = doctor.Failed
				if !strings.Contains(got.Found, f.found) || !strings.Contains(strings.Join(got.Fix, "\n"), f.fix) {
					t.Errorf("%s: %+v", f.name, got)
				}
			}
			if got.Status != want {
				t.Errorf("%s: %+v", f.name, got)
			}
		}
	}
}

// private is a worker behind a platform that lets nobody in.
func private(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(server.Close)
	return server.URL
}

// What development does without is no fault, and is called by its name.
func TestWhatIsNotThereIsNamed(t *testing.T) {
	c := newClinic(t, nil)
	delete(c.environ, "REDIS_URL")
	maps.Copy(c.environ, map[string]string{
		"SESSION_STORE_BACKEND": "memory", "DEDUPE_BACKEND": "memory", "LEDGER_BACKEND": "memory", "OPENAI_ENABLED": "false", "TASKS_AUTH": "none",
	})
	found := map[string]string{}
	for _, f := range c.examine().Checks {
		if f.Status != doctor.OK {
			t.Errorf("%+v", f)
		}
		found[f.Check] = f.Found
	}
	for check, says := range map[string]string{
		"redis": "in its own memory", "firestore": "only the worker can be asked", "firestore-indexes": "ledger in memory", "hash-key": "own memory",
		"worker": "takes tasks from anybody", "model": "OPENAI_ENABLED=false",
		"transcription": "asked to write",
	} {
		if !strings.Contains(found[check], says) {
			t.Errorf("%s says %q", check, found[check])
		}
	}

	c = newClinic(t, nil)
	c.environ["FIRESTORE_EMULATOR_HOST"] = c.store.Host()
	c.store.SetUp(nil, nil)
	for _, f := range c.examine().Checks {
		if f.Status != doctor.OK || f.Check == "firestore-indexes" && !strings.Contains(f.Found, "the Firestore emulator has neither") {
			t.Errorf("%+v", f)
		}
	}
}

func TestPlantedFaultsAreNamed(t *testing.T) {
	for _, f := range planted() {
		t.Run(f.name, func(t *testing.T) {
			c := newClinic(t, f.before)
			if f.plant != nil {
				f.plant(c)
			}
			report := c.examine()
			if f.status == "" {
				f.status = doctor.Failed
			}
			for _, got := range report.Checks {
				want := doctor.OK
				switch {
				case got.Check == f.check:
					want = f.status
					if !strings.Contains(got.Found, f.found) || !strings.Contains(strings.Join(got.Fix, "\n"), f.fix) {
						t.Errorf("%s says %q and to do %q", got.Check, got.Found, got.Fix)
					}
				case slices.Contains(f.skips, got.Check):
					want = doctor.Skipped
				}
				if got.Status != want {
					t.Errorf("%s is %s, want %s: %s %q", got.Check, got.Status, want, got.Found, got.Fix)
				}
			}
			if report.OK != (f.status == doctor.Warning) {
				t.Errorf("ok %t", report.OK)
			}
			text, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			if shown := secretsIn(string(text)); len(shown) > 0 {
				t.Errorf("the report shows %v: %s", shown, text)
			}
		})
	}
}
