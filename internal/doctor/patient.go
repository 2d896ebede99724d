package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// The names of the checks.
const (
	environment = "environment"
	secrecy     = "secrets"
	redisCheck  = "redis"
	ledger      = "firestore"
	indexes     = "firestore-indexes"
	hashKey     = "hash-key"
	queues      = "queues"
	workerCheck = "worker"
	delivery    = "delivery"
	token       = "meta-token"
	numbers     = "meta-number"
	appSecret   = "app-secret"
	webhook     = "webhook"
	ingress     = "ingress"
	model       = "model"
	transcripts = "transcription"
	clock       = "clock"
)

// patient is what is examined, and what the checks have learnt of it so far.
type patient struct {
	o        Options
	ingress  config.Ingress
	worker   config.Worker
	resolver *secrets.Resolver
	client   *http.Client

	mu sync.Mutex
	// unresolved are variables whose reference does not resolve.
	unresolved []string
	opened     *openLedger
	meta       *whatsapp.Client
	app        string       // Meta's id of the token's app
	proven     whatsapp.App // with the secret that Meta knows it by
	subscribed *whatsapp.Subscription
	callback   string // where messages are sent
	times      []reading
}

// reading is somebody's clock, against ours.
type reading struct {
	whose string
	ahead time.Duration
	// grain is how exactly it can be read.
	grain time.Duration
}

func newPatient(o Options) *patient {
	return &patient{
		o: o, resolver: secrets.New(secrets.Options{Client: o.SecretManager}),
		client: &http.Client{
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: dialPatience}).DialContext,
				TLSHandshakeTimeout: dialPatience, DisableKeepAlives: true,
			},
			Timeout: callPatience,
			// A service sends nobody elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// login is what to do when Google does not answer: mostly nobody has logged in.
const login = "gcloud auth application-default login   # and look at https://status.cloud.google.com"

const (
	// dialPatience and callPatience bound a connection and a call to a service,
	// which may be starting.
	dialPatience = 5 * time.Second
	callPatience = 15 * time.Second
	// maxBody bounds what is read of a service's answer.
	maxBody = 64 << 10
)

// release gives back what was opened; what fails to close has nobody to tell.
func (p *patient) release() {
	_ = p.resolver.Close()
	p.client.CloseIdleConnections()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened != nil {
		_ = p.opened.close()
	}
}

// name is the environment's; development where that cannot be read.
func (p *patient) name() string {
	if p.worker.Environment != "" {
		return string(p.worker.Environment)
	}
	for _, line := range slices.Backward(p.o.Environ) {
		if value, ok := strings.CutPrefix(line, "ENVIRONMENT="); ok {
			return strings.TrimSpace(value)
		}
	}
	return string(config.Development)
}

// note keeps what a check has learnt for later ones.
func (p *patient) note(keep func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep()
}

// read notes what somebody said the time was, in whole seconds, who was asked at
// the time before and has answered now.
func (p *patient) read(whose string, before, said time.Time) {
	now := p.o.Now()
	took := now.Sub(before)
	// The middle of the second that was said, against the middle of the call.
	ahead := said.Add(time.Second / 2).Sub(before.Add(took / 2))
	p.note(func() { p.times = append(p.times, reading{whose: whose, ahead: ahead, grain: time.Second/2 + took/2}) })
}

// known reads what earlier checks have learnt.
func known[T any](p *patient, read func() T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return read()
}

// checks are all checks, in the order in which they are told.
func (p *patient) checks() []check {
	on := func(names ...string) []string { return names }
	// values names those of the variables whose reference does not resolve.
	values := func(names ...string) func() []string {
		return func() (missing []string) {
			p.note(func() {
				for _, name := range names {
					if slices.Contains(p.unresolved, name) {
						missing = append(missing, name)
					}
				}
			})
			return missing
		}
	}
	says := func(text string) func() string { return func() string { return text } }
	google := says(login)
	meta := says("look at https://metastatus.com, and whether this machine may call WHATSAPP_API_BASE_URL")
	openAI := says("look at https://status.openai.com, or go on without: OPENAI_ENABLED=false")
	service := func(name string) func() string {
		return func() string { return "gcloud run services describe " + name + " --region " + p.region() + p.project() }
	}
	again := says("atende doctor   # again: it is this machine that is slow")
	settled := on(environment, secrecy)
	all := []check{
		{name: environment, run: p.checkEnvironment, hangs: again},
		{name: secrecy, needs: on(environment), run: p.checkSecrets, hangs: google},
		{name: redisCheck, needs: on(environment), follows: settled, unknown: values("REDIS_URL"), run: p.checkRedis,
			hangs: says("look whether the server of REDIS_URL runs: redis-cli -u \"$REDIS_URL\" ping")},
		{name: ledger, needs: on(environment), follows: settled, unknown: values("DATA_KEY"), run: p.checkLedger, hangs: google},
		{name: indexes, needs: on(ledger), run: p.checkIndexes, hangs: google},
		{name: hashKey, needs: on(ledger), unknown: values("CONTACT_HASH_KEY"), run: p.checkHashKey, hangs: google},
		{name: queues, needs: on(environment), follows: settled, run: p.checkQueues, hangs: google},
		{name: workerCheck, needs: on(environment), follows: settled, run: p.checkWorker, hangs: service("atende-worker")},
		{name: delivery, needs: on(queues, workerCheck), run: p.checkDelivery, hangs: google},
		{name: token, needs: on(environment), follows: settled, unknown: values("WHATSAPP_ACCESS_TOKEN"), run: p.checkToken, hangs: meta},
		{name: numbers, needs: on(token), run: p.checkNumbers, hangs: meta},
		{name: appSecret, needs: on(token), unknown: values("WHATSAPP_APP_SECRET", "WHATSAPP_WEBHOOK_SECRET"), run: p.checkAppSecret, hangs: meta},
		{name: webhook, needs: on(appSecret), run: p.checkWebhook, hangs: meta},
		{name: ingress, needs: on(webhook), unknown: values("WHATSAPP_VERIFY_TOKEN"), run: p.checkIngress, hangs: service("atende-ingress")},
		{name: model, needs: on(environment), follows: settled, unknown: values("OPENAI_API_KEY"), run: p.checkModel, hangs: openAI},
		{name: transcripts, needs: on(model), run: p.checkTranscription, hangs: openAI},
		{name: clock, needs: on(environment), follows: on(redisCheck, workerCheck, token, ingress), run: p.checkClock, hangs: again},
	}
	if !p.o.Write {
		return slices.DeleteFunc(all, func(c check) bool { return c.name == delivery })
	}
	return all
}

// project is the option that names the project to gcloud.
func (p *patient) project() string { return " --project " + or(p.worker.GCPProject, "$GCP_PROJECT") }

// region is where the services and the queues are.
func (p *patient) region() string { return or(p.worker.Tasks.Location, "$CLOUD_TASKS_LOCATION") }

// terraform sets a module of infra/ up.
func (p *patient) terraform(module string) string {
	return fmt.Sprintf("terraform -chdir=infra apply -var-file=%s.tfvars -target=module.%s", p.worker.Environment, module)
}

// local: the parts are stand-ins, of a street or of one's own.
func (p *patient) local() bool { return p.worker.Environment == config.Development }

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// ask makes one request to a service of ours. Its error holds no address, which
// may carry a token.
func (p *patient) ask(ctx context.Context, method, address, body string, header http.Header) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return 0, nil, errUnreachable
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := p.client.Do(r)
	if err != nil {
		return 0, nil, unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return 0, nil, unreachable(err)
	}
	return response.StatusCode, answer, nil
}

// reveal reads a secret that was resolved before.
func (p *patient) reveal(ctx context.Context, s config.Secret) (pii.Secret, error) {
	return secrets.One(p.resolver, s)(ctx)
}
