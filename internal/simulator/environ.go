package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// What a street's ingress is told unless the environment says otherwise, for those
// who come to it as Meta does. They open nothing but stand-ins.
const (
	AppSecret   = "development-app-secret"
	VerifyToken = "development-verify-token"
)

// Values that development supplies. They open nothing but stand-ins.
const (
	developmentToken   = "development-access-token"
	developmentModel   = "development-model-key"
	developmentInvoker = "tasks@atende-development.iam.gserviceaccount.com"
)

// defaultPortBase is the page's port; the ingress and the worker follow it.
const defaultPortBase = 8080

// placeholder stands where an address is not known yet.
const placeholder = "127.0.0.1:1"

// ignored are the variables that would lead out of the street, or that the
// street answers by itself, and why.
var ignored = []struct{ name, why string }{
	{"WHATSAPP_API_BASE_URL", "Meta is a stand-in here"},
	{"WHATSAPP_ACCESS_TOKEN", "Meta is a stand-in here"},
	{"WORKER_URL", "the worker is in this process"},
	{"HANDOFF_WEBHOOK_URL", "the team is a stand-in here"},
	{"HANDOFF_WEBHOOK_SECRET", "the team is a stand-in here"},
	{"HANDOFF_WHATSAPP_TO", "the team is a stand-in here"},
	{"HANDOFF_TEMPLATE", "the team is a stand-in here"},
	{"GCP_PROJECT", "no project of Google Cloud is used here"},
	{"CLOUD_TASKS_EMULATOR_HOST", "Cloud Tasks is the stand-in in this process"},
	{"TASKS_OIDC_ISSUER", "the stand-in signs the tokens"},
	{"K_SERVICE", "this is not Cloud Run"},
	{"PORT", "PORT_BASE moves all three ports"},
	{"SERVICE_NAME", "both services run here, each under its own name"},
}

// wishes are what the environment asks of the street.
type wishes struct {
	// portBase is the page's port; 0 lets the system choose all three.
	portBase int
	// redis is the URL of an external Redis; nil is the embedded one.
	redis *url.URL
	// noRedis: both services keep their hints in their own memory.
	noRedis bool
	// emulator is the host:port of a Firestore emulator; empty is memory.
	emulator string
	// model is which model answers.
	model modelChoice
	// logs: the services' logs go to the terminal too.
	logs bool
	// ignored and warnings are one line each, for the terminal.
	ignored  []string
	warnings []string

	ingress config.Ingress
	worker  config.Worker
	base    map[string]string
}

// modelChoice is who answers for the model.
type modelChoice string

const (
	modelOffline modelChoice = "offline"
	modelReal    modelChoice = "real"
	modelOff     modelChoice = "off"
)

// addresses are where the parts of a running street are.
type addresses struct {
	graph, worker, tasks, issuer, model, redis, firestore, team string
}

// readWishes reads an environment in the form of os.Environ and checks it for
// both services at once. Its error is a refusal.
func readWishes(environ []string) (wishes, error) {
	w := wishes{base: variables(environ)}
	if env := w.base["ENVIRONMENT"]; env != "" && env != string(config.Development) {
		return wishes{}, refuse("ENVIRONMENT: the local street is for development only; unset it, or set it to development")
	}
	for _, i := range ignored {
		w.ignore(i.name, i.why)
	}
	if err := w.readPort(); err != nil {
		return wishes{}, err
	}
	w.logs = w.take("ATENDE_LOG") == "1"
	w.chooseLogs()
	w.chooseLedger()
	w.chooseModel()
	w.supply()
	w.noRedis = w.base["SESSION_STORE_BACKEND"] == "memory" && w.base["DEDUPE_BACKEND"] == "memory"
	external := w.base["REDIS_URL"] != "" && !w.noRedis
	model := ""
	if w.model == modelOffline { // The real one's address is checked as it was given.
		model = "http://" + placeholder
	}
	environment := w.environ(addresses{
		graph: "http://" + placeholder, worker: "http://" + placeholder, tasks: placeholder,
		issuer: "http://" + placeholder, model: model, firestore: placeholder, team: "http://" + placeholder,
		redis: cmp.Or(w.base["REDIS_URL"], "redis://"+placeholder),
	})
	if err := w.check(environment); err != nil {
		return wishes{}, err
	}
	if !w.worker.OpenAI.Enabled {
		w.model = modelOff
	}
	if external {
		// It was checked just now.
		w.redis, _ = url.Parse(w.base["REDIS_URL"])
		w.warnOutside("REDIS_URL", w.redis.Hostname(), "conversations are kept there")
	}
	if w.emulator != "" {
		host, _, _ := net.SplitHostPort(w.emulator)
		w.warnOutside("FIRESTORE_EMULATOR_HOST", host, "conversations are kept there")
	}
	if collector, err := url.Parse(w.worker.OTLPEndpoint); err == nil && collector.Host != "" {
		w.warnOutside("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Hostname(), "traces and metrics are sent there")
	}
	return w, nil
}

// environ is the environment of both services.
func (w *wishes) environ(at addresses) []string {
	env := maps.Clone(w.base)
	env["ENVIRONMENT"] = string(config.Development)
	env["WHATSAPP_ACCESS_TOKEN"] = developmentToken
	env["WHATSAPP_API_BASE_URL"] = at.graph
	env["WORKER_URL"] = at.worker
	env["CLOUD_TASKS_EMULATOR_HOST"] = at.tasks
	env["TASKS_OIDC_ISSUER"] = at.issuer
	env["HANDOFF_WEBHOOK_URL"], env["HANDOFF_WEBHOOK_SECRET"] = at.team, developmentTeamSecret
	if !w.noRedis {
		env["REDIS_URL"] = at.redis
	}
	if w.emulator != "" {
		env["FIRESTORE_EMULATOR_HOST"] = at.firestore
	}
	if at.model != "" {
		env["OPENAI_BASE_URL"] = at.model
	}
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// check loads the settings of both services and refuses everything that is
// wrong with either, once.
func (w *wishes) check(environ []string) error {
	var warnings, more []config.Warning
	var ingressErr, workerErr error
	w.ingress, warnings, ingressErr = config.LoadIngress(environ)
	w.worker, more, workerErr = config.LoadWorker(environ)
	if err := union(ingressErr, workerErr); err != nil {
		return program.Refuse(err)
	}
	for _, warning := range append(warnings, more...) {
		if line := warning.String(); !slices.Contains(w.warnings, line) {
			w.warnings = append(w.warnings, line)
		}
	}
	var references []string
	for _, r := range append(w.ingress.References(), w.worker.References()...) {
		if !slices.Contains(references, r.Variable) {
			references = append(references, r.Variable)
		}
	}
	if len(references) > 0 {
		return refuse("%s: a reference to Secret Manager, which the local street never asks; give the value itself, or unset it",
			strings.Join(references, ", "))
	}
	return nil
}

// union is the faults of both services, each once. An error that is no list of
// faults comes first.
func union(errs ...error) error {
	var all config.Faults
	for _, err := range errs {
		var faults *config.Faults
		switch {
		case err == nil:
		case !errors.As(err, &faults):
			return err
		default:
			for _, f := range faults.List {
				if !slices.Contains(all.List, f) {
					all.List = append(all.List, f)
				}
			}
		}
	}
	if len(all.List) == 0 {
		return nil
	}
	return &all
}

// supply gives development values to what both services require.
func (w *wishes) supply() {
	if w.base["WHATSAPP_WEBHOOK_SECRET"] == "" {
		w.fallback("WHATSAPP_APP_SECRET", AppSecret)
	}
	w.fallback("WHATSAPP_PHONE_NUMBER_ID", whatsapptest.DefaultPhoneNumberID)
	w.fallback("WHATSAPP_BUSINESS_ACCOUNT_ID", whatsapptest.DefaultAccountID)
	w.fallback("WHATSAPP_VERIFY_TOKEN", VerifyToken)
	w.fallback("TASKS_INVOKER_EMAIL", developmentInvoker)
}

// chooseLogs has the services log at least what the page counts by.
func (w *wishes) chooseLogs() {
	switch level := strings.ToLower(w.base["LOG_LEVEL"]); level {
	case "warn", "warning", "error":
		w.ignore("LOG_LEVEL", "the page counts what the services log at the level info")
	}
}

// chooseLedger uses Firestore through an emulator and in no other way.
func (w *wishes) chooseLedger() {
	switch emulator := w.base["FIRESTORE_EMULATOR_HOST"]; {
	case emulator == "" || w.base["LEDGER_BACKEND"] == string(config.BackendMemory):
		w.ignore("FIRESTORE_EMULATOR_HOST", "LEDGER_BACKEND is memory")
		for _, name := range []string{"LEDGER_BACKEND", "FIRESTORE_PROJECT_ID", "FIRESTORE_DATABASE_ID"} {
			if w.base[name] != string(config.BackendMemory) {
				w.ignore(name, "there is no FIRESTORE_EMULATOR_HOST, so the ledger is in memory")
			}
		}
		w.base["LEDGER_BACKEND"] = string(config.BackendMemory)
	default:
		w.emulator = emulator
	}
}

// chooseModel uses the real model where somebody gave a key, and the offline
// one otherwise.
func (w *wishes) chooseModel() {
	switch {
	case w.base["OPENAI_API_KEY"] != "":
		w.model = modelReal
	default:
		w.model = modelOffline
		w.ignore("OPENAI_BASE_URL", "there is no OPENAI_API_KEY, so the model is the offline one")
		w.base["OPENAI_API_KEY"] = developmentModel
	}
}

func (w *wishes) readPort() error {
	w.portBase = defaultPortBase
	given := w.take("PORT_BASE")
	if given == "" {
		return nil
	}
	base, err := strconv.Atoi(given)
	if err != nil || base < 0 || base > 65535-2 {
		return refuse("PORT_BASE: is not a port with two more above it; give a number from 1 to 65533, or 0 to let the system choose")
	}
	w.portBase = base
	return nil
}

// take reads and removes a variable that the services do not know.
func (w *wishes) take(name string) string {
	value := w.base[name]
	delete(w.base, name)
	return value
}

func (w *wishes) ignore(name, why string) {
	if w.base[name] != "" {
		w.ignored = append(w.ignored, name+": "+why)
	}
	delete(w.base, name)
}

func (w *wishes) fallback(name, value string) {
	if w.base[name] == "" {
		w.base[name] = value
	}
}

func (w *wishes) warnOutside(name, host, what string) {
	if !isLoopback(host) {
		w.warnings = append(w.warnings, fmt.Sprintf("%s is not on this machine: %s", name, what))
	}
}

// variables reads an environment as the services do: of a name given twice the
// last value counts, and an empty value is an unset one.
func variables(environ []string) map[string]string {
	vars := make(map[string]string, len(environ))
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if name == "" {
			continue
		}
		delete(vars, name)
		if value = strings.TrimSpace(value); value != "" {
			vars[name] = value
		}
	}
	return vars
}

// isLoopback reports whether a host name or address means this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func refuse(format string, args ...any) error { return program.Refuse(fmt.Errorf(format, args...)) }
