package program

import (
	"cmp"
	"context"
	"io"
	"net"
	"slices"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/telemetry"
)

// secretPatience is how long references may take to resolve at start.
const secretPatience = 30 * time.Second

// Outside is what a service is given from outside. Only Environ and Stdout are
// required.
type Outside struct {
	Environ []string
	Stdout  io.Writer
	Version string
	// Listener is where to serve; nil listens on the configured port.
	Listener net.Listener
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// SecretManager are options for reaching Secret Manager.
	SecretManager []option.ClientOption
}

// Parts are what both services are made of.
type Parts struct {
	Telemetry *telemetry.Telemetry
	Secrets   *secrets.Resolver
	Inbox     *cloudtasks.Inbox
	// Redis asks the hint store, once it is open.
	Redis Probe
	Gate  Gate
	Now   func() time.Time

	name    string
	outside Outside
	common  config.Common
	closers []func()
}

// NewParts makes the parts of the service of that name, unless the settings give
// it another. It touches no network.
// Its error is a wrong configuration.
func NewParts(ctx context.Context, name string, o Outside, c config.Common) (*Parts, error) {
	name = cmp.Or(c.ServiceName, name)
	p := &Parts{name: name, outside: o, common: c, Now: o.Now, Secrets: secrets.New(secrets.Options{Client: o.SecretManager})}
	if p.Now == nil {
		p.Now = time.Now
	}
	var err error
	p.Telemetry, err = telemetry.New(ctx, telemetry.Options{
		Service: name, Version: o.Version, Environment: string(c.Environment), GCPProject: c.GCPProject,
		Level: string(c.LogLevel), Writer: o.Stdout, OTLPEndpoint: c.OTLPEndpoint, Now: p.Now,
	})
	if err != nil {
		return nil, Refuse(err)
	}
	inbox, release, err := OpenInbox(c)
	if err != nil {
		return nil, Refuse(err)
	}
	p.Inbox = inbox
	// What fails to close at the end of a program has nobody to tell.
	p.OnClose(func() { _ = p.Secrets.Close() })
	p.OnClose(func() { _ = release() })
	return p, nil
}

// OpenInbox opens the queues that the settings name; release closes them. It
// touches no network.
func OpenInbox(c config.Common) (inbox *cloudtasks.Inbox, release func() error, err error) {
	client, err := cloudtasks.New(cloudtasks.Options{
		Project: c.Tasks.Project, Location: c.Tasks.Location,
		WorkerURL: c.Tasks.WorkerURL, Audience: c.Tasks.Audience, InvokerEmail: c.Tasks.InvokerEmail,
		EmulatorHost: c.Tasks.EmulatorHost,
	})
	if err != nil {
		return nil, nil, err
	}
	return cloudtasks.NewInbox(client, cloudtasks.Queues{
		Inbound: c.Tasks.Inbound, Status: c.Tasks.Status, Timer: c.Tasks.Timer,
	}), client.Close, nil
}

// OnClose adds what is to be released at the end, in reverse order.
func (p *Parts) OnClose(release func()) { p.closers = append(p.closers, release) }

// Resolve waits for the secrets that must be known before work can begin.
func (p *Parts) Resolve(ctx context.Context) (Values, error) {
	return Resolve(ctx, p.Secrets, p.common, secretPatience)
}

// Hint is everything that the services ask of a hint store.
type Hint interface {
	// Arrive and Queued are the ingress's; see its ports.
	Arrive(ctx context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error)
	Queued(ctx context.Context, arrivals []conversation.Arrival) error
	// The others are the turn's; see its ports.
	Enter(ctx context.Context, e conversation.Entry) (conversation.Admission, error)
	Renew(ctx context.Context, id conversation.ID, token string) (held bool, err error)
	Leave(ctx context.Context, d conversation.Departure) error
	Waiting(ctx context.Context, id conversation.ID) ([]conversation.Letter, error)
	Forget(ctx context.Context, id conversation.ID) error
	Spent(ctx context.Context, account string) (tokens int64, err error)
	Spend(ctx context.Context, account string, tokens int64) error
}

// OpenHint opens Redis, or memory when nothing asks for Redis.
func (p *Parts) OpenHint(v Values, leaseTTL time.Duration) (Hint, error) {
	c := p.common
	if c.Redis.Sessions == config.BackendMemory && c.Redis.Dedupe == config.BackendMemory {
		p.Redis.Open(func(context.Context) error { return nil })
		return memory.NewHint(memory.HintOptions{
			LeaseTTL: leaseTTL, SessionTTL: c.SessionTTL, DedupeTTL: c.DedupeTTL, Now: p.Now,
		}), nil
	}
	store, err := redis.New(redis.Options{
		URL: v.RedisURL.Reveal(), Ring: v.Ring, LeaseTTL: leaseTTL,
		SessionTTL: c.SessionTTL, DedupeTTL: c.DedupeTTL, Now: p.Now,
	})
	if err != nil {
		return nil, err
	}
	p.Redis.Open(store.Ping)
	p.OnClose(func() { _ = store.Close() })
	return store, nil
}

// Server is the service's server; o says what differs between services.
func (p *Parts) Server(o httpserver.Options) *httpserver.Server {
	o.Service, o.Version, o.Now = p.name, p.outside.Version, p.Now
	o.Ready, o.Enter, o.Report = p.Gate.Ready, p.Telemetry.Enter, Report(p.Telemetry)
	return httpserver.New(o)
}

// Run lives the life of the service; see [Run].
func (p *Parts) Run(ctx context.Context, server *httpserver.Server, warnings []config.Warning, prepare func(context.Context) error) error {
	return Run(ctx, Options{
		Common: p.common, Warnings: warnings, Telemetry: p.Telemetry, Server: server,
		Listener: p.outside.Listener, Prepare: prepare, Close: p.close,
	})
}

func (p *Parts) close() {
	for _, release := range slices.Backward(p.closers) {
		release()
	}
}
