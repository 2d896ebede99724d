// Package ingressd assembles the ingress program from its settings: it is one
// of the few places that know everyone. The program itself and the local
// street start the same assembly, so what runs on a laptop is what runs in
// production.
package ingressd

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/telemetry"
)

const (
	serviceName = "atende-ingress"
	// secretPatience is how long references may take to resolve at start.
	secretPatience = 30 * time.Second
	// maxInFlight bounds the webhooks handled at once.
	maxInFlight = 250
)

// Options are what a program is given from outside. Only Environ and Stdout
// are required.
type Options struct {
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

// service is the running program.
type service struct {
	o        Options
	cfg      config.Ingress
	secrets  *secrets.Resolver
	gate     program.Gate
	door     atomic.Pointer[ingress.Ingress]
	redis    program.Probe
	tasks    *cloudtasks.Client
	inbox    *cloudtasks.Inbox
	tel      *telemetry.Telemetry
	closeAll []func()
}

// Run runs the ingress until ctx is done. Its error says by [program.Exit]
// which code the process ends with.
func Run(ctx context.Context, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	cfg, warnings, err := config.LoadIngress(o.Environ)
	if err != nil {
		return program.Refuse(err)
	}
	s := &service{o: o, cfg: cfg, secrets: secrets.New(secrets.Options{Client: o.SecretManager})}
	s.tel, err = telemetry.New(ctx, telemetry.Options{
		Service: serviceName, Version: o.Version, Environment: string(cfg.Environment), GCPProject: cfg.GCPProject,
		Level: string(cfg.LogLevel), Writer: o.Stdout, OTLPEndpoint: cfg.OTLPEndpoint, Now: o.Now,
	})
	if err != nil {
		return program.Refuse(err)
	}
	s.tasks, err = cloudtasks.New(cloudtasks.Options{
		Project: cfg.Tasks.Project, Location: cfg.Tasks.Location,
		WorkerURL: cfg.Tasks.WorkerURL, Audience: cfg.Tasks.Audience, InvokerEmail: cfg.Tasks.InvokerEmail,
		EmulatorHost: cfg.Tasks.EmulatorHost,
	})
	if err != nil {
		return program.Refuse(err)
	}
	s.inbox = cloudtasks.NewInbox(s.tasks, cloudtasks.Queues{
		Inbound: cfg.Tasks.Inbound, Status: cfg.Tasks.Status, Timer: cfg.Tasks.Timer,
	})
	server := httpserver.New(httpserver.Options{
		Service: serviceName, Version: o.Version, Now: o.Now, MaxInFlight: maxInFlight,
		Checks: []httpserver.Check{
			{Name: "redis", Probe: s.redis.Ask},
			{Name: "tasks", Required: true, Probe: s.inbox.Ping},
		},
		Ready: s.gate.Ready, Enter: s.tel.Enter, Report: program.Report(s.tel),
	})
	ingress.Register(server.Echo(), s.door.Load)
	return program.Run(ctx, program.Options{
		Common: cfg.Common, Warnings: warnings, Telemetry: s.tel, Server: server,
		Listener: o.Listener, Prepare: s.prepare, Close: s.close,
	})
}

// prepare resolves secrets and opens the door.
func (s *service) prepare(ctx context.Context) error {
	values, err := program.Resolve(ctx, s.secrets, s.cfg.Common, secretPatience)
	if err != nil {
		return err
	}
	store, err := s.openHint(values)
	if err != nil {
		return program.Refuse(fmt.Errorf("open hint store: %w", err))
	}
	s.door.Store(ingress.New(ingress.Options{
		Tenant: s.cfg.Tenant, Numbers: s.cfg.PhoneNumberIDs, Key: values.HashKey, Ring: values.Ring,
		Inbox: s.inbox, Hint: store,
		Secrets: ingress.Secrets{
			App:    secrets.List(s.secrets, s.cfg.AppSecrets),
			Verify: secrets.One(s.secrets, s.cfg.VerifyToken),
		},
		Coalesce: s.cfg.CoalesceWindow, Now: s.o.Now, Metrics: s.tel.Metrics(),
	}))
	s.gate.Open()
	return nil
}

// openHint opens Redis, or memory when nothing asks for Redis.
func (s *service) openHint(values program.Values) (ingress.Hint, error) {
	if s.cfg.Redis.Sessions == config.BackendMemory && s.cfg.Redis.Dedupe == config.BackendMemory {
		s.redis.Open(func(context.Context) error { return nil })
		return memory.NewHint(memory.HintOptions{
			SessionTTL: s.cfg.SessionTTL, DedupeTTL: s.cfg.DedupeTTL, Now: s.o.Now,
		}), nil
	}
	store, err := redis.New(redis.Options{
		URL: values.RedisURL.Reveal(), Ring: values.Ring,
		SessionTTL: s.cfg.SessionTTL, DedupeTTL: s.cfg.DedupeTTL, Now: s.o.Now,
	})
	if err != nil {
		return nil, err
	}
	s.redis.Open(store.Ping)
	s.closeAll = append(s.closeAll, func() { _ = store.Close() })
	return store, nil
}

func (s *service) close() {
	slices.Reverse(s.closeAll)
	for _, c := range s.closeAll {
		c()
	}
	_ = s.tasks.Close()
	_ = s.secrets.Close()
}
