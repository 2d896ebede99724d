// Package ingressd assembles the ingress program from its settings: it is one
// of the few places that know everyone. The program itself and the local
// street start the same assembly, so what runs on a laptop is what runs in
// production.
package ingressd

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
)

const (
	serviceName = "atende-ingress"
	// maxInFlight bounds the webhooks handled at once.
	maxInFlight = 250
)

// Options are what the program is given from outside.
type Options = program.Outside

// service is the running program.
type service struct {
	*program.Parts
	cfg config.Ingress
	// pack is the one of PACK_DIR; it is read only where Flows are on.
	pack *otto.Pack
	door atomic.Pointer[ingress.Ingress]
}

// Run runs the ingress until ctx is done. Its error says by [program.Exit]
// which code the process ends with.
func Run(ctx context.Context, o Options) error {
	cfg, warnings, err := config.LoadIngress(o.Environ)
	if err != nil {
		return program.Refuse(err)
	}
	s := &service{cfg: cfg}
	if cfg.Flow.Enabled && cfg.PackDir != "" {
		knowledge, err := pack.Dir(cfg.PackDir)
		if err != nil {
			return program.Refuse(fmt.Errorf("PACK_DIR: %w", err))
		}
		s.pack = &knowledge
	}
	if s.Parts, err = program.NewParts(ctx, serviceName, o, cfg.Common); err != nil {
		return err
	}
	server := s.Server(httpserver.Options{
		MaxInFlight: maxInFlight,
		Checks: []httpserver.Check{
			{Name: "redis", Probe: s.Redis.Ask},
			{Name: "tasks", Required: true, Probe: s.Inbox.Ping},
		},
	})
	ingress.Register(server.Echo(), s.door.Load)
	return s.Run(ctx, server, warnings, s.prepare)
}

// prepare resolves secrets and opens the door.
func (s *service) prepare(ctx context.Context) error {
	values, err := s.Resolve(ctx)
	if err != nil {
		return err
	}
	store, err := s.OpenHint(values, 0) // The ingress takes no leases.
	if err != nil {
		return program.Refuse(fmt.Errorf("open hint store: %w", err))
	}
	endpoint, err := s.flow(ctx)
	if err != nil {
		return err
	}
	s.door.Store(ingress.New(ingress.Options{
		Tenant: s.cfg.Tenant, Numbers: s.cfg.PhoneNumberIDs, Key: values.HashKey, Ring: values.Ring,
		Inbox: s.Inbox, Hint: store,
		Secrets: ingress.Secrets{
			App:    secrets.List(s.Secrets, s.cfg.AppSecrets),
			Verify: secrets.One(s.Secrets, s.cfg.VerifyToken),
		},
		Coalesce: s.cfg.CoalesceWindow, Flow: endpoint, Now: s.Now, Metrics: s.Telemetry.Metrics(), Tell: s.Telemetry.Emit,
	}))
	s.Gate.Open()
	return nil
}
