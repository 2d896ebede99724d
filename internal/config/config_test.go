package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/pii"
)

const (
	hashKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

// env is an environment under construction.
type env map[string]string

// development holds no more than what is required of both programs.
func development() env {
	return env{
		"WHATSAPP_PHONE_NUMBER_ID":     "106540352242922",
		"WHATSAPP_BUSINESS_ACCOUNT_ID": "102290129340398",
		"WHATSAPP_VERIFY_TOKEN":        "a verify token",
		"WHATSAPP_APP_SECRET":          "appsecret",
		"WHATSAPP_ACCESS_TOKEN":        "EAAtoken",
		"OPENAI_API_KEY":               "sk-key",
		"REDIS_URL":                    "redis://127.0.0.1:6379/0",
		"WORKER_URL":                   "http://127.0.0.1:8082",
		"TASKS_INVOKER_EMAIL":          "tasks@example.com",
	}
}

// staging and production add what is required when deployed.
func staging() env {
	return development().with(
		"ENVIRONMENT=staging", "GCP_PROJECT=atende-example", "WORKER_URL=https://worker.example.com",
		"CONTACT_HASH_KEY="+hashKey, "DATA_KEY="+dataKey,
	)
}

func production() env {
	return staging().with("ENVIRONMENT=production", "HANDOFF_WHATSAPP_TO=+5511900000000", "HANDOFF_TEMPLATE=lead_waiting")
}

// with sets, or with an empty value unsets, NAME=value.
func (e env) with(entries ...string) env {
	changed := maps.Clone(e)
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		changed[name] = value
	}
	return changed
}

func (e env) environ() []string {
	var environ []string
	for name, value := range e {
		environ = append(environ, name+"="+value)
	}
	return environ
}

func (e env) ingress(t *testing.T) config.Ingress {
	t.Helper()
	c, _, err := config.LoadIngress(e.environ())
	if err != nil {
		t.Fatalf("LoadIngress: %v", err)
	}
	return c
}

func (e env) worker(t *testing.T) config.Worker {
	t.Helper()
	c, _, err := config.LoadWorker(e.environ())
	if err != nil {
		t.Fatalf("LoadWorker: %v", err)
	}
	return c
}

// blamed lists the variables a load refused.
func blamed(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var faults *config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error is a %T, not *config.Faults", err)
	}
	var names []string
	for _, f := range faults.List {
		names = append(names, f.Variable)
		if f.Problem == "" || f.Remedy == "" {
			t.Errorf("fault of %s has no problem or no remedy: %q", f.Variable, f)
		}
	}
	return names
}

func TestDefaults(t *testing.T) {
	w := development().worker(t)
	got := fmt.Sprintln(
		w.Environment, w.ServiceName, w.LogLevel, w.Port, w.Tenant, w.PhoneNumberIDs, w.Redis.Sessions, w.Redis.Dedupe,
		w.Tasks.Project, w.Tasks.Location, w.Tasks.Inbound, w.Tasks.Status, w.Tasks.Timer, w.Tasks.Audience,
		w.SessionTTL, w.DedupeTTL, w.CoalesceWindow, w.Graph.APIVersion, w.Graph.BaseURL,
		w.OpenAI.Enabled, w.OpenAI.Model, w.OpenAI.TranscribeModel, w.OpenAI.BaseURL, w.OpenAI.Timeout,
		w.Auth.Mode, w.Auth.Issuer, w.Ledger, w.Firestore.Project, w.Firestore.Database,
		w.TurnDeadline, w.LeaseTTL, w.Send, w.Budget,
	)
	want := "development atende-worker info 8080 default [106540352242922] redis redis " +
		"atende-development us-central1 [atende-inbound] [atende-status] [atende-timer] http://127.0.0.1:8082 " +
		"2h0m0s 48h0m0s 1.2s v26.0 https://graph.facebook.com " +
		"true gpt-4o-mini gpt-4o-mini-transcribe https://api.openai.com/v1 20s " +
		"oidc https://accounts.google.com firestore atende-development (default) " +
		"1m0s 30s {resend 5s 20s 20s 1m0s 15m0s} {100000 5000000 120}"
	if squeeze(got) != squeeze(want) {
		t.Errorf("worker's defaults:\n got %s\nwant %s", got, want)
	}
	if got := development().with("WORKER_URL=http://127.0.0.1:8082/").worker(t).Tasks.Audience; got != "http://127.0.0.1:8082" {
		t.Errorf("audience %q is not that of the URL tasks are sent to", got)
	}
	i := development().ingress(t)
	if i.ServiceName != "atende-ingress" || i.Flow.Enabled || i.PackDir != "" || i.OTLPEndpoint != "" {
		t.Errorf("ingress's defaults: %q, flows %v, pack %q, otlp %q", i.ServiceName, i.Flow.Enabled, i.PackDir, i.OTLPEndpoint)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestEveryValueArrivesTyped(t *testing.T) {
	e := production().with(
		"SERVICE_NAME=custom", "LOG_LEVEL=WARNING", "PORT=9000", "TENANT_ID=bakery",
		"WHATSAPP_PHONE_NUMBER_ID= 111 , 222,", "WHATSAPP_APP_SECRET=new, old",
		"SESSION_STORE_BACKEND=redis", "CLOUD_TASKS_PROJECT_ID=queues", "CLOUD_TASKS_LOCATION=southamerica-east1",
		"CLOUD_TASKS_QUEUE_INBOUND=in-0,in-1", "CLOUD_TASKS_QUEUE_STATUS=st", "CLOUD_TASKS_QUEUE_TIMER=ti",
		"WORKER_URL=https://worker.example.com/", "WORKER_AUDIENCE=https://audience.example.com/",
		"DATA_KEY="+dataKey+","+hashKey, "SESSION_TTL=90m", "DEDUPE_TTL=24h", "COALESCE_WINDOW=0",
		"PACK_DIR=/packs/other", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
		"WHATSAPP_API_VERSION=v25.0", "WHATSAPP_API_BASE_URL=https://graph.example.com/",
		"OPENAI_ENABLED=off", "OPENAI_API_KEY=", "OPENAI_MODEL=m", "OPENAI_TRANSCRIBE_MODEL=n", "OPENAI_BASE_URL=https://model.example.com/v1/", "OPENAI_TIMEOUT=25s",
		"TASKS_AUTH=platform", "K_SERVICE=atende-worker", "FIRESTORE_PROJECT_ID=ledger", "FIRESTORE_DATABASE_ID=atende",
		"TURN_DEADLINE=50s", "AMBIGUOUS_SEND=never", "SEND_PERMIT=6s", "GRAPH_TIMEOUT=21s", "WIRE_LIFETIME=22s",
		"AMBIGUITY_WINDOW=61s", "PARK_AFTER=16m", "LEASE_TTL=31s",
		"BUDGET_TOKENS_PER_CONTACT_DAY=0", "BUDGET_TOKENS_PER_DAY=1", "BUDGET_TURNS_PER_CONTACT_DAY=2",
		"HANDOFF_WEBHOOK_URL=https://team.example.com/hook?token=abc", "HANDOFF_WEBHOOK_SECRET=s",
		"WHATSAPP_FLOW_ENDPOINT_ENABLED=1", `FLOW_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`, "FLOW_PRIVATE_KEY_PASSPHRASE=open sesame",
	)
	w := e.worker(t)
	got := fmt.Sprintln(
		w.Environment, w.ServiceName, w.LogLevel, w.Port, w.GCPProject, w.Tenant, w.PhoneNumberIDs, w.BusinessAccountID,
		w.Tasks.Project, w.Tasks.Location, w.Tasks.Inbound, w.Tasks.Status, w.Tasks.Timer, w.Tasks.WorkerURL, w.Tasks.Audience, w.Tasks.InvokerEmail,
		len(w.DataKeys), w.SessionTTL, w.DedupeTTL, w.CoalesceWindow, w.PackDir, w.OTLPEndpoint,
		w.Graph.APIVersion, w.Graph.BaseURL, w.OpenAI.Enabled, w.OpenAI.Model, w.OpenAI.TranscribeModel, w.OpenAI.BaseURL, w.OpenAI.Timeout,
		w.Auth.Mode, w.Firestore.Project, w.Firestore.Database, w.TurnDeadline, w.LeaseTTL, w.Send, w.Budget, w.Handoff.Template,
	)
	want := "production custom warn 9000 atende-example bakery [111 222] 102290129340398 " +
		"queues southamerica-east1 [in-0 in-1] [st] [ti] https://worker.example.com https://audience.example.com/ tasks@example.com " +
		"2 1h30m0s 24h0m0s 0s /packs/other http://127.0.0.1:4318 " +
		"v25.0 https://graph.example.com false m n https://model.example.com/v1 25s " +
		"platform ledger atende 50s 31s {never 6s 21s 22s 1m1s 16m0s} {0 1 2} lead_waiting"
	if squeeze(got) != squeeze(want) {
		t.Errorf("worker:\n got %s\nwant %s", got, want)
	}
	literals := []string{
		w.Graph.AccessToken.Literal().Reveal(), w.Redis.URL.Literal().Reveal(), w.ContactHashKey.Literal().Reveal(),
		w.DataKeys[0].Literal().Reveal(), w.DataKeys[1].Literal().Reveal(),
		w.Handoff.WebhookURL.Literal().Reveal(), w.Handoff.WebhookSecret.Literal().Reveal(), w.Handoff.WhatsAppTo.Reveal(),
	}
	wantLiterals := []string{
		"EAAtoken", "redis://127.0.0.1:6379/0", hashKey, dataKey, hashKey,
		"https://team.example.com/hook?token=abc", "s", "5511900000000",
	}
	if diff := cmp.Diff(wantLiterals, literals); diff != "" {
		t.Errorf("worker's secrets (-want +got):\n%s", diff)
	}
	i := e.ingress(t)
	if !i.Flow.Enabled || len(i.AppSecrets) != 2 {
		t.Fatalf("flows %v, %d app secrets", i.Flow.Enabled, len(i.AppSecrets))
	}
	literals = []string{
		i.VerifyToken.Literal().Reveal(), i.AppSecrets[0].Literal().Reveal(), i.AppSecrets[1].Literal().Reveal(),
		i.Flow.PrivateKey.Literal().Reveal(), i.Flow.Passphrase.Literal().Reveal(),
	}
	wantLiterals = []string{
		"a verify token", "new", "old",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "open sesame",
	}
	if diff := cmp.Diff(wantLiterals, literals); diff != "" {
		t.Errorf("ingress's secrets (-want +got):\n%s", diff)
	}
}

// wrong is, for every variable and every rule, a value that must be refused,
// and the environment it must be refused in.
var wrong = []struct {
	base func() env
	// set is what is wrong; the variable of the first entry is to be blamed.
	set []string
}{
	{development, []string{"ENVIRONMENT=dev"}},
	{staging, []string{"ENVIRONMENT=stage"}},
	{production, []string{"ENVIRONMENT=prod"}},
	{production, []string{"ENVIRONMENT=Production"}},
	{production, []string{"ENVIRONMENT=qa"}},
	{development, []string{"SERVICE_NAME=my service"}},
	{development, []string{"SERVICE_NAME=" + strings.Repeat("a", 65)}},
	{development, []string{"LOG_LEVEL=loud"}},
	{development, []string{"PORT=http"}},
	{development, []string{"PORT=-1"}},
	{development, []string{"PORT=65536"}},
	{development, []string{"PORT=80.5"}},
	{staging, []string{"PORT=0"}},
	{staging, []string{"GCP_PROJECT="}},
	{production, []string{"GCP_PROJECT="}},
	{development, []string{"GCP_PROJECT=two words"}},
	{development, []string{"TENANT_ID=a/b"}},
	{development, []string{"K_SERVICE=a\x00b"}},

	{development, []string{"WHATSAPP_PHONE_NUMBER_ID="}},
	{development, []string{"WHATSAPP_PHONE_NUMBER_ID= , ,"}},
	{development, []string{"WHATSAPP_PHONE_NUMBER_ID=1,+55 11 98888-7777"}},
	{development, []string{"WHATSAPP_BUSINESS_ACCOUNT_ID="}},
	{development, []string{"WHATSAPP_BUSINESS_ACCOUNT_ID=a/b"}},
	{development, []string{"WHATSAPP_VERIFY_TOKEN="}},
	{development, []string{"WHATSAPP_VERIFY_TOKEN=a\nb"}},
	{development, []string{"WHATSAPP_VERIFY_TOKEN=\xff"}},
	{development, []string{"WHATSAPP_VERIFY_TOKEN=secret:token"}}, // no GCP_PROJECT
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=secret:"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=secret:a token"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=secret:" + strings.Repeat("a", 250)}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=secret:projects/p/secrets/s"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=secret:projects/p/s"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=projects/p/secrets/s/versions/1/x"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=projects/p/secrets/" + strings.Repeat("s", 256) + "/versions/1"}},
	{staging, []string{"WHATSAPP_VERIFY_TOKEN=projects/p/secrets/s/version/1"}},
	{development, []string{"WHATSAPP_APP_SECRET="}},
	{development, []string{"WHATSAPP_APP_SECRET=,"}},
	{development, []string{"WHATSAPP_APP_SECRET=good,b ad"}},
	{development, []string{"WHATSAPP_WEBHOOK_SECRET=b ad", "WHATSAPP_APP_SECRET="}},
	{development, []string{"WHATSAPP_ACCESS_TOKEN="}},
	{development, []string{"WHATSAPP_ACCESS_TOKEN=a\tb"}},
	{development, []string{"WHATSAPP_API_VERSION=26.0"}},
	{development, []string{"WHATSAPP_API_VERSION=v26"}},
	{development, []string{"WHATSAPP_API_VERSION=v26.1"}},
	{development, []string{"WHATSAPP_API_VERSION=v.0"}},
	{development, []string{"WHATSAPP_API_VERSION=latest"}},
	{development, []string{"WHATSAPP_API_BASE_URL=graph.facebook.com"}},
	{development, []string{"WHATSAPP_API_BASE_URL=ftp://graph.facebook.com"}},
	{staging, []string{"WHATSAPP_API_BASE_URL=http://graph.facebook.com"}},
	{development, []string{"WHATSAPP_FLOW_ENDPOINT_ENABLED=perhaps"}},
	{development, []string{"FLOW_PRIVATE_KEY=", "WHATSAPP_FLOW_ENDPOINT_ENABLED=true"}},
	{development, []string{"FLOW_PRIVATE_KEY=not a key", "WHATSAPP_FLOW_ENDPOINT_ENABLED=true"}},
	{development, []string{"FLOW_PRIVATE_KEY=-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}},
	{development, []string{"FLOW_PRIVATE_KEY=-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"}},
	{development, []string{"FLOW_PRIVATE_KEY_PASSPHRASE=a\x01b"}},

	{development, []string{"OPENAI_ENABLED=maybe"}},
	{development, []string{"OPENAI_API_KEY="}},
	{development, []string{"OPENAI_API_KEY=two words"}},
	{development, []string{"OPENAI_MODEL=gpt 4"}},
	{development, []string{"OPENAI_TRANSCRIBE_MODEL=gpt 4"}},
	{development, []string{"OPENAI_BASE_URL=/v1"}},
	{staging, []string{"OPENAI_BASE_URL=http://api.openai.com/v1"}},
	{development, []string{"OPENAI_TIMEOUT=20"}},
	{development, []string{"OPENAI_TIMEOUT=0s"}},
	{development, []string{"OPENAI_TIMEOUT=31s"}}, // over half of TURN_DEADLINE
	{development, []string{"OPENAI_TIMEOUT=20s", "TURN_DEADLINE=39s"}},

	{development, []string{"REDIS_URL="}},
	{development, []string{"REDIS_URL=", "SESSION_STORE_BACKEND=memory"}},
	{development, []string{"REDIS_URL=", "DEDUPE_BACKEND=memory"}},
	{development, []string{"REDIS_URL=http://127.0.0.1"}},
	{development, []string{"REDIS_URL=redis://"}},
	{development, []string{"REDIS_URL=redis://:p%ssword@127.0.0.1"}},
	{development, []string{"REDIS_URL=redis://127.0.0.1/zero"}},
	{development, []string{"SESSION_STORE_BACKEND=firestore"}},
	{staging, []string{"SESSION_STORE_BACKEND=memory"}},
	{development, []string{"DEDUPE_BACKEND=Redis"}},
	{production, []string{"DEDUPE_BACKEND=memory"}},

	{development, []string{"QUEUE_BACKEND=memory"}},
	{development, []string{"CLOUD_TASKS_PROJECT_ID=a/b"}},
	{development, []string{"CLOUD_TASKS_LOCATION=us central"}},
	{development, []string{"CLOUD_TASKS_QUEUE_INBOUND=a,b_c"}},
	{development, []string{"CLOUD_TASKS_QUEUE_STATUS=" + strings.Repeat("q", 101)}},
	{development, []string{"CLOUD_TASKS_QUEUE_TIMER=,"}},
	{development, []string{"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1"}},
	{development, []string{"CLOUD_TASKS_EMULATOR_HOST=http://127.0.0.1:1"}},
	{development, []string{"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:0"}},
	{staging, []string{"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:8123"}},
	{development, []string{"WORKER_URL="}},
	{development, []string{"WORKER_URL=worker"}},
	{development, []string{"WORKER_URL=http://user:pass@worker"}},
	{development, []string{"WORKER_URL=http://worker?x=1"}},
	{development, []string{"WORKER_URL=http://worker#top"}},
	{development, []string{"WORKER_URL=http://:80"}},
	{development, []string{"WORKER_URL=http://[::1"}},
	{staging, []string{"WORKER_URL=http://worker.example.com"}},
	{development, []string{"WORKER_AUDIENCE=worker"}},
	{staging, []string{"WORKER_AUDIENCE=http://worker.example.com"}},
	{staging, []string{"TASKS_INVOKER_EMAIL="}},
	{development, []string{"TASKS_INVOKER_EMAIL=tasks"}},
	{development, []string{"TASKS_INVOKER_EMAIL=tasks@"}},
	{development, []string{"TASKS_INVOKER_EMAIL=Tasks <tasks@example.com>"}},
	{development, []string{"TASKS_AUTH=basic"}},
	{development, []string{"TASKS_AUTH=platform"}}, // no K_SERVICE
	{staging, []string{"TASKS_AUTH=none"}},
	{development, []string{"TASKS_OIDC_ISSUER=google"}},
	{staging, []string{"TASKS_OIDC_ISSUER=https://issuer.example.com"}},
	{staging, []string{"TASKS_OIDC_ISSUER=http://accounts.google.com"}},

	{development, []string{"LEDGER_BACKEND=redis"}},
	{staging, []string{"LEDGER_BACKEND=memory"}},
	{development, []string{"FIRESTORE_PROJECT_ID=a/b"}},
	{development, []string{"FIRESTORE_DATABASE_ID=a/b"}},
	{development, []string{"FIRESTORE_EMULATOR_HOST=8080"}},
	{staging, []string{"FIRESTORE_EMULATOR_HOST=127.0.0.1:8080"}},
	{staging, []string{"CONTACT_HASH_KEY="}},
	{development, []string{"CONTACT_HASH_KEY=not base64 at all!"}},
	{development, []string{"CONTACT_HASH_KEY=" + hashKey[:62]}},
	{staging, []string{"CONTACT_HASH_KEY=646576656c6f706d656e74206f6e6c793a206e65766572207573652069742121"}},
	{staging, []string{"DATA_KEY="}},
	{development, []string{"DATA_KEY=" + dataKey + ",c2hvcnQ="}},
	{staging, []string{"DATA_KEY=" + dataKey + ",646576656c6f706d656e742064617461206b65793a206e6f2073656372657421"}},

	{development, []string{"SESSION_TTL=2"}},
	{development, []string{"SESSION_TTL=-2h"}},
	{development, []string{"SESSION_TTL=0s"}},
	{development, []string{"SESSION_TTL=999us"}},
	{development, []string{"SESSION_TTL=8785h"}},
	{development, []string{"DEDUPE_TTL=two days"}},
	{development, []string{"COALESCE_WINDOW=-1s"}},
	{development, []string{"COALESCE_WINDOW=4.1s"}},
	{development, []string{"TURN_DEADLINE=0"}},
	{development, []string{"TURN_DEADLINE=155s"}}, // with permit and timeout 180 s
	{development, []string{"LEASE_TTL=0s"}},
	{staging, []string{"LEASE_TTL=29s"}},
	{development, []string{"PACK_DIR=a\x7fb"}},

	{development, []string{"AMBIGUOUS_SEND=always"}},
	{development, []string{"SEND_PERMIT=soon"}},
	{staging, []string{"SEND_PERMIT=4.9s"}},
	{development, []string{"GRAPH_TIMEOUT=0s"}},
	{production, []string{"GRAPH_TIMEOUT=19s"}},
	{development, []string{"WIRE_LIFETIME=0s"}},
	{development, []string{"WIRE_LIFETIME=2562047h"}}, // a sum with it would overflow
	{production, []string{"WIRE_LIFETIME=1s"}},
	{development, []string{"AMBIGUITY_WINDOW=45s"}}, // exactly the sum
	{staging, []string{"AMBIGUITY_WINDOW=59s"}},
	{staging, []string{"AMBIGUITY_WINDOW=60s", "GRAPH_TIMEOUT=35s"}},
	{development, []string{"PARK_AFTER=60s"}}, // exactly the window
	{production, []string{"PARK_AFTER=14m"}},
	{development, []string{"BUDGET_TOKENS_PER_CONTACT_DAY=-1"}},
	{development, []string{"BUDGET_TOKENS_PER_DAY=1e6"}},
	{development, []string{"BUDGET_TURNS_PER_CONTACT_DAY=99999999999999999999"}},

	{production, []string{"HANDOFF_WEBHOOK_URL=", "HANDOFF_WHATSAPP_TO="}},
	{development, []string{"HANDOFF_WEBHOOK_URL=team", "HANDOFF_WEBHOOK_SECRET=s"}},
	{development, []string{"HANDOFF_WEBHOOK_URL=http://%zz", "HANDOFF_WEBHOOK_SECRET=s"}},
	{staging, []string{"HANDOFF_WEBHOOK_URL=http://team.example.com", "HANDOFF_WEBHOOK_SECRET=s"}},
	{development, []string{"HANDOFF_WEBHOOK_SECRET=", "HANDOFF_WEBHOOK_URL=http://team.example.com"}},
	{development, []string{"HANDOFF_WEBHOOK_SECRET=a\x00b"}},
	{development, []string{"HANDOFF_WHATSAPP_TO=11 98888-7777"}},
	{development, []string{"HANDOFF_WHATSAPP_TO=1234567"}},
	{development, []string{"HANDOFF_WHATSAPP_TO=1234567890123456"}},
	{development, []string{"HANDOFF_TEMPLATE=Lead Waiting"}},
	{development, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}},
	{development, []string{"OTEL_EXPORTER_OTLP_HEADERS=Authorization: Bearer canary"}},
	{development, []string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%zz"}},
	{development, []string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%0Acanary"}},
	{development, []string{"OTEL_EXPORTER_OTLP_HEADERS=a=b,"}},
	{development, []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}},
	{development, []string{"OTEL_TRACES_SAMPLER=sometimes"}},
	{development, []string{"OTEL_TRACES_SAMPLER_ARG=5%"}},
	{development, []string{"OTEL_TRACES_SAMPLER_ARG=1.01"}},
	{development, []string{"OTEL_TRACES_SAMPLER_ARG=-0.1"}},
	{development, []string{"OTEL_TRACES_SAMPLER_ARG=NaN"}},
	{development, []string{"OTEL_METRICS_EXEMPLAR_FILTER=all"}},
	{development, []string{"OTEL_METRIC_EXPORT_INTERVAL=60s"}},
	{development, []string{"OTEL_METRIC_EXPORT_INTERVAL=1"}},
	{development, []string{"OTEL_SERVICE_NAME=my worker"}},
	{development, []string{"OTEL_RESOURCE_ATTRIBUTES=team"}},
	{development, []string{"OTEL_RESOURCE_ATTRIBUTES==team"}},
}

// load reads for both programs and joins what they say.
func load(t *testing.T, e env) (names map[string]bool, text string) {
	t.Helper()
	_, _, ingressErr := config.LoadIngress(e.environ())
	_, _, workerErr := config.LoadWorker(e.environ())
	names = map[string]bool{}
	for _, err := range []error{ingressErr, workerErr} {
		blamed := blamed(t, err)
		if distinct := slices.Compact(slices.Clone(blamed)); len(distinct) != len(blamed) {
			t.Errorf("blamed more than once: %v", blamed)
		}
		for _, name := range blamed {
			names[name] = true
		}
		if err != nil {
			text += err.Error() + "\n"
		}
	}
	return names, text
}

func TestWrongValueIsRefusedByName(t *testing.T) {
	for _, c := range wrong {
		name, value, _ := strings.Cut(c.set[0], "=")
		t.Run(fmt.Sprintf("%s=%.20q", name, value), func(t *testing.T) {
			names, text := load(t, c.base().with(c.set...))
			if diff := cmp.Diff(map[string]bool{name: true}, names); diff != "" {
				t.Errorf("blamed (-want +got):\n%s\n%s", diff, text)
			}
		})
	}
}

func TestEveryVariableHasAWrongValue(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range wrong {
		name, _, _ := strings.Cut(c.set[0], "=")
		tested[name] = true
	}
	for _, name := range documented() {
		if !tested[name] {
			t.Errorf("no wrong value of %s is tested", name)
		}
	}
}

// documented lists the variables of the generated page.
func documented() []string {
	var names []string
	for line := range strings.Lines(config.Markdown()) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			if name, _, ok := strings.Cut(rest, "` | "); ok && strings.ToUpper(name) == name {
				names = append(names, name)
			}
		}
	}
	return names
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	e := env{}
	for _, name := range documented() {
		e[name] = "\x01 wrong, \x01"
	}
	delete(e, "WHATSAPP_WEBHOOK_SECRET") // Ignored beside WHATSAPP_APP_SECRET.
	names, _ := load(t, e)
	for name := range e {
		if !names[name] {
			t.Errorf("%s is wrong and is not named", name)
		}
	}
}

func TestNothingSetNamesAllThatIsRequired(t *testing.T) {
	names, _ := load(t, env{"ENVIRONMENT": "production"})
	want := []string{
		"CONTACT_HASH_KEY", "DATA_KEY", "GCP_PROJECT", "HANDOFF_WEBHOOK_URL", "OPENAI_API_KEY", "REDIS_URL", "TASKS_INVOKER_EMAIL",
		"WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_PHONE_NUMBER_ID",
		"WHATSAPP_VERIFY_TOKEN", "WORKER_URL",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(names))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFaultsComeInTheOrderOfTheTable(t *testing.T) {
	_, _, err := config.LoadWorker(development().with("PARK_AFTER=1s", "PORT=x", "REDIS_URL=", "OPENAI_TIMEOUT=59s").environ())
	want := []string{"PORT", "OPENAI_TIMEOUT", "REDIS_URL", "PARK_AFTER"}
	if diff := cmp.Diff(want, blamed(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != len(want) {
		t.Errorf("%d faults on %d lines:\n%v", len(want), len(lines), err)
	}
}

func TestAbbreviatedEnvironmentHint(t *testing.T) {
	for alias, full := range map[string]string{
		"dev": "development", "DEV": "development", "stage": "staging", "prod": "production", "PRODUCTION": "production",
	} {
		_, _, err := config.LoadIngress(production().with("ENVIRONMENT=" + alias).environ())
		if err == nil || !strings.Contains(err.Error(), "did you mean "+full+"?") {
			t.Errorf("%s: no hint at %s in: %v", alias, full, err)
		}
	}
}

// What an environment of the wrong name would allow is judged by what it most
// likely means, so that one slip does not hide or invent faults.
func TestRulesOfAMisspeltEnvironment(t *testing.T) {
	names, text := load(t, development().with("ENVIRONMENT=dev", "LEDGER_BACKEND=memory"))
	if diff := cmp.Diff(map[string]bool{"ENVIRONMENT": true}, names); diff != "" {
		t.Errorf("dev (-want +got):\n%s\n%s", diff, text)
	}
	names, _ = load(t, production().with("ENVIRONMENT=quality", "LEDGER_BACKEND=memory"))
	if !names["LEDGER_BACKEND"] {
		t.Error("an unknown environment is not held to production's rules")
	}
}

func TestDevelopmentAllows(t *testing.T) {
	for _, entries := range [][]string{
		{"REDIS_URL=", "SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory", "LEDGER_BACKEND=memory"},
		{"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:8123", "FIRESTORE_EMULATOR_HOST=[::1]:8080"},
		{"TASKS_AUTH=none", "TASKS_INVOKER_EMAIL="},
		{"TASKS_AUTH=platform", "K_SERVICE=atende-worker"},
		{"TASKS_OIDC_ISSUER=http://127.0.0.1:9099", "WHATSAPP_API_BASE_URL=http://127.0.0.1:9001", "OPENAI_BASE_URL=http://127.0.0.1:9002/v1"},
		{"SEND_PERMIT=200ms", "GRAPH_TIMEOUT=300ms", "WIRE_LIFETIME=100ms", "AMBIGUITY_WINDOW=700ms", "PARK_AFTER=2s", "LEASE_TTL=1s"},
		{"PORT=0"},
		{"OPENAI_TIMEOUT=30s"}, // exactly half
		{"REDIS_URL=rediss://default:p%40ss@host:6379"}, // no database number
		{"OPENAI_ENABLED=false", "OPENAI_API_KEY="},
		{"COALESCE_WINDOW=4s"},
		{"HANDOFF_WHATSAPP_TO=12345678"},
		{"HANDOFF_WEBHOOK_URL=http://127.0.0.1:9003/hook", "HANDOFF_WEBHOOK_SECRET=s"},
	} {
		if names, text := load(t, development().with(entries...)); len(names) > 0 {
			t.Errorf("%v refused:\n%s", entries, text)
		}
	}
}

func TestProductionAllows(t *testing.T) {
	for _, entries := range [][]string{
		{"HANDOFF_WHATSAPP_TO=", "HANDOFF_WEBHOOK_URL=https://team.example.com/hook", "HANDOFF_WEBHOOK_SECRET=secret:handoff"},
		{"TASKS_AUTH=platform", "K_SERVICE=atende-worker"},
		{"AMBIGUITY_WINDOW=120s", "GRAPH_TIMEOUT=30s", "PARK_AFTER=1h", "LEASE_TTL=30s"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"}, // a collector beside the program
		{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.05", "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20x, x-scope=1"},
		{"OTEL_SERVICE_NAME=front", "OTEL_RESOURCE_ATTRIBUTES=team=atendimento,cloud.region=southamerica-east1"},
	} {
		if names, text := load(t, production().with(entries...)); len(names) > 0 {
			t.Errorf("%v refused:\n%s", entries, text)
		}
	}
}

func TestDevelopmentKeysAreUsable(t *testing.T) {
	w := development().worker(t)
	hash, err := config.DecodeKey(w.ContactHashKey.Literal())
	if err != nil || len(hash) != 32 {
		t.Errorf("hash key: %d bytes, %v", len(hash), err)
	}
	ring, err := config.DecodeKeyRing(w.DataKeys[0].Literal())
	if err != nil || len(ring) != 1 || cmp.Equal(ring[0], hash) {
		t.Errorf("data key: %d keys, %v; it must differ from the hash key", len(ring), err)
	}
	for _, line := range w.Describe() {
		if line.Name == "DATA_KEY" && line.Value != "set for development" {
			t.Errorf("DATA_KEY is described as %q", line.Value)
		}
	}
}

func TestOlderNameOfTheAppSecret(t *testing.T) {
	for _, c := range []struct {
		name, now, older, want string
		warned                 bool
	}{
		{"older alone", "", "old", "old", false},
		{"both, equal", "same", "same", "same", false},
		{"both, different", "new", "old", "new", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := development().with("WHATSAPP_APP_SECRET="+c.now, "WHATSAPP_WEBHOOK_SECRET="+c.older)
			got, warnings, err := config.LoadIngress(e.environ())
			if err != nil {
				t.Fatal(err)
			}
			if secret := got.AppSecrets[0].Literal().Reveal(); secret != c.want {
				t.Errorf("secret %q, want %q", secret, c.want)
			}
			if warned := len(warnings) == 1 && warnings[0].Variable == "WHATSAPP_WEBHOOK_SECRET"; warned != c.warned {
				t.Errorf("warnings: %v", warnings)
			}
		})
	}
}

// The variables that the staging environment has used so far must go on
// working beside those that are new.
func TestStagingEnvironmentInUse(t *testing.T) {
	e := env{
		"ENVIRONMENT": "staging", "GCP_PROJECT": "atende-example", "SERVICE_NAME": "atende-example",
		"WHATSAPP_PHONE_NUMBER_ID": "106540352242922", "WHATSAPP_BUSINESS_ACCOUNT_ID": "102290129340398",
		"WHATSAPP_ACCESS_TOKEN": "secret:whatsapp-access-token", "WHATSAPP_VERIFY_TOKEN": "secret:whatsapp-verify-token",
		"WHATSAPP_WEBHOOK_SECRET": "secret:whatsapp-webhook-secret",
		"OPENAI_API_KEY":          "secret:openai-api-key", "OPENAI_MODEL": "gpt-4o-mini", "OPENAI_ENABLED": "true",
		"REDIS_URL": "secret:redis-url", "SESSION_STORE_BACKEND": "redis", "DEDUPE_BACKEND": "redis",
		"QUEUE_BACKEND": "cloud_tasks", "CLOUD_TASKS_PROJECT_ID": "atende-example", "CLOUD_TASKS_LOCATION": "us-central1",
		"FIRESTORE_PROJECT_ID": "atende-example",
		// New.
		"WORKER_URL":          "https://atende-worker-staging.example.run.app",
		"TASKS_INVOKER_EMAIL": "tasks@atende-example.iam.gserviceaccount.com",
		"CONTACT_HASH_KEY":    "secret:contact-hash-key", "DATA_KEY": "secret:data-key",
	}
	i, warnings, err := config.LoadIngress(e.environ())
	if err != nil || len(warnings) > 0 {
		t.Fatalf("ingress: %v, warnings %v", err, warnings)
	}
	resource := func(name string) string {
		return "projects/atende-example/secrets/" + name + "-staging/versions/latest"
	}
	want := []config.Reference{
		{Variable: "REDIS_URL", Resource: resource("redis-url")},
		{Variable: "CONTACT_HASH_KEY", Resource: resource("contact-hash-key")},
		{Variable: "DATA_KEY", Resource: resource("data-key")},
		{Variable: "WHATSAPP_VERIFY_TOKEN", Resource: resource("whatsapp-verify-token")},
		{Variable: "WHATSAPP_WEBHOOK_SECRET", Resource: resource("whatsapp-webhook-secret")},
	}
	if diff := cmp.Diff(want, i.References()); diff != "" {
		t.Errorf("ingress's references (-want +got):\n%s", diff)
	}
	w, _, err := config.LoadWorker(e.environ())
	if err != nil {
		t.Fatalf("worker: %v", err)
	}
	got, isRef := w.OpenAI.APIKey.Resource()
	if !isRef || got != resource("openai-api-key") || w.OpenAI.APIKey.Literal() != "" {
		t.Errorf("OPENAI_API_KEY is %q, reference %v", got, isRef)
	}
}

func TestReferences(t *testing.T) {
	const full = "projects/other/secrets/app/versions/7"
	e := staging().with("WHATSAPP_APP_SECRET=secret:new, literal ,"+full+",secret:"+full, "FLOW_PRIVATE_KEY=secret:flow-key")
	i := e.ingress(t)
	var got []string
	for _, s := range i.AppSecrets {
		resource, isRef := s.Resource()
		got = append(got, fmt.Sprint(isRef, " ", resource, s.Literal().Reveal()))
	}
	want := []string{
		"true projects/atende-example/secrets/new-staging/versions/latest",
		"false literal",
		"true " + full,
		"true " + full,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if i.Flow.Passphrase != (config.Secret{}) || !i.Flow.Passphrase.IsZero() || i.Flow.PrivateKey.IsZero() {
		t.Error("an unset secret is not zero, or a set one is")
	}

	// A full name holds its own project, so it needs no GCP_PROJECT.
	if w := development().with("OPENAI_API_KEY=" + full).worker(t); len(w.References()) != 1 {
		t.Errorf("references: %v", w.References())
	}
}

func TestReferenceWhereAPlainValueIsDue(t *testing.T) {
	for _, name := range []string{"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_API_VERSION", "OPENAI_MODEL", "WORKER_URL", "HANDOFF_WHATSAPP_TO", "PACK_DIR"} {
		names, text := load(t, staging().with(name+"=secret:something"))
		if !names[name] || !strings.Contains(text, "takes the value itself") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestCheckResolved(t *testing.T) {
	c := staging().ingress(t)
	for _, ok := range []struct{ variable, value string }{
		{"REDIS_URL", "rediss://default:secret@host:6379"},
		{"CONTACT_HASH_KEY", hashKey},
		{"DATA_KEY", dataKey + "," + hashKey},
		{"WHATSAPP_APP_SECRET", "one, two"},
		{"WHATSAPP_VERIFY_TOKEN", "commas, and spaces"},
		{"FLOW_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"},
	} {
		if err := c.CheckResolved(ok.variable, pii.Secret(ok.value)); err != nil {
			t.Errorf("%s refused: %v", ok.variable, err)
		}
	}
	for _, bad := range []struct{ variable, value string }{
		{"REDIS_URL", "tcp://canary-host"},
		{"CONTACT_HASH_KEY", "canary"},
		{"CONTACT_HASH_KEY", "646576656c6f706d656e74206f6e6c793a206e65766572207573652069742121"},
		{"DATA_KEY", dataKey + ",canary"},
		{"WHATSAPP_APP_SECRET", ""},
		{"WHATSAPP_APP_SECRET", " , "},
		{"WHATSAPP_ACCESS_TOKEN", "secret:canary"},
		{"HANDOFF_WEBHOOK_URL", "http://canary.example.com"},
	} {
		err := c.CheckResolved(bad.variable, pii.Secret(bad.value))
		if names := blamed(t, err); !slices.Equal(names, []string{bad.variable}) {
			t.Errorf("%s: blamed %v", bad.variable, names)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the value is in: %v", err)
		}
	}
}

func TestDecodeKey(t *testing.T) {
	bytes := make([]byte, 32)
	for i := range bytes {
		bytes[i] = byte(200 + i)
	}
	for _, text := range []string{
		"c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7",
		"C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7\n",
		"yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5uc=",
		"yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5uc",
		"yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc",
	} {
		if got, err := config.DecodeKey(pii.Secret(text)); err != nil || !cmp.Equal(got, bytes) {
			t.Errorf("DecodeKey(%q) = %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "canary!", "Y2FuYXJ5", hashKey[:62]} {
		if _, err := config.DecodeKey(pii.Secret(text)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("DecodeKey(%q): %v", text, err)
		}
	}
	if ring, err := config.DecodeKeyRing(pii.Secret(dataKey+" , "+hashKey), pii.Secret(hashKey)); err != nil || len(ring) != 3 {
		t.Errorf("DecodeKeyRing: %d keys, %v", len(ring), err)
	}
	for _, ring := range [][]pii.Secret{nil, {" ,"}, {dataKey, "short"}} {
		if _, err := config.DecodeKeyRing(ring...); err == nil {
			t.Errorf("a ring of %d values was accepted", len(ring))
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []string
		want []string
	}{
		{"typo", []string{"WHATSAPP_ACESS_TOKEN=x"}, []string{"WHATSAPP_ACESS_TOKEN: is not a variable of these programs and is ignored; did you mean WHATSAPP_ACCESS_TOKEN?"}},
		{"case", []string{"openai_model=x"}, []string{"openai_model: is not a variable of these programs and is ignored; did you mean OPENAI_MODEL?"}},
		{"nothing near", []string{"OPENAI_ORGANISATION_NAME=x", "TASKS_Z=x", "CLOUD_TASKS_QUEUE_INBOUNDS=x"}, []string{
			"CLOUD_TASKS_QUEUE_INBOUNDS: is not a variable of these programs and is ignored; did you mean CLOUD_TASKS_QUEUE_INBOUND?",
			"OPENAI_ORGANISATION_NAME: is not a variable of these programs and is ignored",
			"TASKS_Z: is not a variable of these programs and is ignored",
		}},
		{"hostile name", []string{"TASKS_\x1b[31m\n=x"}, []string{`"TASKS_\x1b[31m\n": is not a variable of these programs and is ignored`}},
		{"long name", []string{"TASKS_" + strings.Repeat("A", 10000) + "=x"}, []string{`"TASKS_` + strings.Repeat("A", 74) + `\u2026": is not a variable of these programs and is ignored`}},
		{"not ours", []string{"OTEL_SERVICE_NAME=x", "PATH=/bin", "REDIS_HOST=x"}, nil},
		{"other program's", []string{"TASKS_AUTH=nonsense", "OPENAI_TIMEOUT=x"}, nil},
		{"Cloud Run without ENVIRONMENT", []string{"K_SERVICE=atende-ingress"}, []string{"ENVIRONMENT: is not set on Cloud Run, so the rules of development hold; set it to staging or production"}},
		{"doubled suffix", []string{"GCP_PROJECT=p", "WHATSAPP_VERIFY_TOKEN=secret:token-development"}, []string{"WHATSAPP_VERIFY_TOKEN: names a secret with its -development suffix, which is added by itself; leave it out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, warnings, err := config.LoadIngress(development().with(c.set...).environ())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range warnings {
				got = append(got, w.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Warnings help most when something is wrong, so they come with faults too.
func TestWarningsComeWithFaults(t *testing.T) {
	_, warnings, err := config.LoadIngress(development().with("WHATSAPP_APP_SECRET=", "WHATSAPP_APP_SECRETS=x").environ())
	if err == nil || len(warnings) != 1 {
		t.Errorf("error %v, warnings %v", err, warnings)
	}
}

func TestEnvironForm(t *testing.T) {
	environ := append(development().environ(), "PORT=1", "", "=", "=C:=x", "NOVALUE", "PORT=9999", "LOG_LEVEL=debug", "LOG_LEVEL= ")
	c, _, err := config.LoadIngress(environ)
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 9999 || c.LogLevel != config.LogInfo {
		t.Errorf("port %d, level %q: of a name given twice the last value counts, and an empty one unsets", c.Port, c.LogLevel)
	}
}

// Whatever is printed, however it is printed, holds no secret and no number.
func TestNothingPrintsASecret(t *testing.T) {
	canaries := []string{
		"canaryverify", "canaryapp", "canarytoken", "canarykey", "canaryredis", "canaryflow", "canaryhook", "canarysign",
		hashKey, dataKey, "5511900000000", "106540352242922", "tasks@example.com",
	}
	e := production().with(
		"WHATSAPP_VERIFY_TOKEN=canaryverify", "WHATSAPP_APP_SECRET=canaryapp,secret:second", "WHATSAPP_ACCESS_TOKEN=canarytoken",
		"OPENAI_API_KEY=canarykey", "REDIS_URL=redis://:canaryredis@host", "FLOW_PRIVATE_KEY_PASSPHRASE=canaryflow",
		"HANDOFF_WEBHOOK_URL=https://host/canaryhook", "HANDOFF_WEBHOOK_SECRET=canarysign", "OPENAI_MODEL=m",
	)
	i, w := e.ingress(t), e.worker(t)
	described := fmt.Sprint(i.Describe(), w.Describe())
	for _, canary := range canaries {
		if strings.Contains(described, canary) {
			t.Errorf("Describe shows %q", canary)
		}
	}
	asJSON, err := json.Marshal([]any{i.AppSecrets, w.Redis, w.OpenAI, w.Handoff.WebhookURL, w.DataKeys})
	if err != nil {
		t.Fatal(err)
	}
	wrapped := struct{ hidden config.Worker }{w}
	printed := string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		printed += fmt.Sprintf(verb, i) + fmt.Sprintf(verb, w) + fmt.Sprintf(verb, wrapped) + fmt.Sprintf(verb, i.AppSecrets[0])
	}
	for _, canary := range canaries[:10] {
		if strings.Contains(printed, canary) || strings.Contains(printed, fmt.Sprintf("%x", canary)) {
			t.Errorf("fmt or JSON shows %q", canary)
		}
	}
	settings := map[string]string{}
	for _, s := range append(i.Describe(), w.Describe()...) {
		settings[s.Name] = s.Value
	}
	for _, c := range []struct{ name, want string }{
		{"WHATSAPP_APP_SECRET", "2 set, 1 of them in Secret Manager"},
		{"OPENAI_API_KEY", "set"},
		{"FLOW_PRIVATE_KEY", "not set"},
		{"OPENAI_MODEL", "m"},
		{"HANDOFF_WHATSAPP_TO", "set"},
		{"PACK_DIR", "not set"},
		{"ENVIRONMENT", "production"},
	} {
		if settings[c.name] != c.want {
			t.Errorf("%s is described as %q, want %q", c.name, settings[c.name], c.want)
		}
	}
	for _, name := range documented() {
		if _, ok := settings[name]; !ok && name != "WHATSAPP_WEBHOOK_SECRET" {
			t.Errorf("%s is not described", name)
		}
	}
	more := e.with("DATA_KEY="+dataKey+","+hashKey, "OPENAI_API_KEY=secret:k").worker(t).Describe()
	if got := fmt.Sprint(more); !strings.Contains(got, "{DATA_KEY 2 set}") || !strings.Contains(got, "{OPENAI_API_KEY in Secret Manager}") {
		t.Errorf("described as %s", got)
	}
}

func TestFaultsHoldNoSecret(t *testing.T) {
	e := env{}
	for _, name := range documented() {
		e[name] = "canary \x01 value"
	}
	// What belongs nowhere else may be in the wrong place.
	e["WORKER_URL"] = "http://user:canary@host"
	e["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c/?t=canary"
	e["LOG_LEVEL"] = "EAAcanarycanarycanarycanarycanary"
	_, text := load(t, e)
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, ":")
		if strings.Contains(line, "canary") && neverShown(name) {
			t.Errorf("a value is shown: %s", line)
		}
	}
	for _, name := range []string{"WORKER_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "LOG_LEVEL"} {
		if !strings.Contains(text, name+": the value ") {
			t.Errorf("%s is not blamed without its value", name)
		}
	}
	if !strings.Contains(text, `QUEUE_BACKEND: "canary \x01 value" is not one`) {
		t.Error("the value of a variable that may be printed is not shown")
	}
}

// neverShown lists the secrets, the ids and the numbers, and the variables
// that TestFaultsHoldNoSecret puts a misplaced secret into.
func neverShown(name string) bool {
	return slices.Contains([]string{
		"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_WEBHOOK_SECRET",
		"WHATSAPP_ACCESS_TOKEN", "FLOW_PRIVATE_KEY", "FLOW_PRIVATE_KEY_PASSPHRASE", "OPENAI_API_KEY", "REDIS_URL", "TASKS_INVOKER_EMAIL",
		"CONTACT_HASH_KEY", "DATA_KEY", "HANDOFF_WEBHOOK_URL", "HANDOFF_WEBHOOK_SECRET", "HANDOFF_WHATSAPP_TO",
		"WORKER_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "LOG_LEVEL",
	}, name)
}

func TestDefaultsKeepTheirOwnRules(t *testing.T) {
	// Every default, written out in the example, is accepted where rules are
	// strictest.
	e := production().with("TASKS_AUTH=oidc")
	for line := range strings.Lines(config.DotEnv()) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(line, "#") && value != "" && name != "ENVIRONMENT" {
			e[name] = value
		}
	}
	if names, text := load(t, e); len(names) > 0 {
		t.Errorf("defaults are refused:\n%s", text)
	}
	if got := e.worker(t).Send.AmbiguityWindow; got != time.Minute {
		t.Errorf("AMBIGUITY_WINDOW %v", got)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("WHATSAPP_APP_SECRET=canary\nENVIRONMENT=prod\nREDIS_URL=redis://:canary@")
	f.Add("DATA_KEY=secret:a,secret:b\nGCP_PROJECT=p\nHANDOFF_WEBHOOK_URL=http://[canary")
	f.Add("FLOW_PRIVATE_KEY=-----BEGIN canary")
	f.Add("TASKS_=\nWHATSAPP_\xff=1\nSESSION_TTL=9999999999h")
	f.Fuzz(func(t *testing.T, environ string) {
		lines := strings.Split(environ, "\n")
		i, _, err := config.LoadIngress(lines)
		if (err == nil) != (len(i.AppSecrets) > 0) {
			t.Errorf("error %v with %d app secrets", err, len(i.AppSecrets))
		}
		w, _, err := config.LoadWorker(lines)
		if err == nil && w.Send.AmbiguityWindow <= w.Send.Permit+w.Send.GraphTimeout+w.Send.WireLifetime {
			t.Errorf("an unsafe window was accepted: %+v", w.Send)
		}
	})
}
