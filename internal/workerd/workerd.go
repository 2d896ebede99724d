// Package workerd assembles the worker program from its settings: it is one of
// the few places that know everyone. The program itself and the local street
// start the same assembly, so what runs on a laptop is what runs in
// production.
package workerd

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/media"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/internal/worker"
	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	serviceName = "atende-worker"
	// maxInFlight bounds the tasks handled at once.
	maxInFlight = 80
	// maxTask is above the largest task that Cloud Tasks accepts, in bytes.
	maxTask = 128 << 10
	// handlerGrace is what a handler needs after the turn's deadline: permit,
	// send, record, perform an effect, record that, and leave.
	handlerGrace = 45 * time.Second
	// claimPause is the wait between attempts to claim the ledger.
	claimPause = time.Second
)

// Ledger is everything a worker and the people around it ask of a ledger.
type Ledger interface {
	turn.Ledger
	turn.Outbox
	turn.Reopener
	turn.EffectRecords
	turn.Receipts
	turn.Journal
	turn.Watermark
	turn.Morgue
	// Epoch claims the ledger for a hash key; see the store.
	Epoch(ctx context.Context, fingerprint string) error
	// Ping reports whether the ledger answers.
	Ping(ctx context.Context) error
}

// Options are what the program is given from outside.
type Options struct {
	// Environ, Stdout, Version, Listener, Now and SecretManager are those of
	// [program.Outside].
	Environ       []string
	Stdout        io.Writer
	Version       string
	Listener      net.Listener
	Now           func() time.Time
	SecretManager []option.ClientOption
	// Memory is the ledger behind LEDGER_BACKEND=memory; nil makes one.
	Memory Ledger
}

// service is the running program.
type service struct {
	*program.Parts
	cfg       config.Worker
	pack      otto.Pack
	memory    Ledger
	door      atomic.Pointer[worker.Worker]
	firestore program.Probe
}

// Run runs the worker until ctx is done. Its error says by [program.Exit]
// which code the process ends with.
func Run(ctx context.Context, o Options) error {
	cfg, warnings, err := config.LoadWorker(o.Environ)
	if err != nil {
		return program.Refuse(err)
	}
	var knowledge otto.Pack
	if cfg.PackDir != "" {
		if knowledge, err = pack.Dir(cfg.PackDir); err != nil {
			return program.Refuse(fmt.Errorf("PACK_DIR: %w", err))
		}
	}
	parts, err := program.NewParts(ctx, serviceName, program.Outside{
		Environ: o.Environ, Stdout: o.Stdout, Version: o.Version, Listener: o.Listener, Now: o.Now, SecretManager: o.SecretManager,
	}, cfg.Common)
	if err != nil {
		return err
	}
	s := &service{Parts: parts, cfg: cfg, pack: knowledge, memory: o.Memory}
	server := s.Server(httpserver.Options{
		MaxBody: maxTask, MaxInFlight: maxInFlight, HandlerTimeout: cfg.TurnDeadline + handlerGrace,
		Checks: []httpserver.Check{
			{Name: "redis", Probe: s.Redis.Ask},
			{Name: "firestore", Required: true, Probe: s.firestore.Ask},
			{Name: "tasks", Required: true, Probe: s.Inbox.Ping},
		},
	})
	worker.Register(server.Echo(), s.door.Load)
	return s.Run(ctx, server, warnings, s.prepare)
}

// prepare resolves secrets, claims the ledger and opens the door.
func (s *service) prepare(ctx context.Context) error {
	if s.cfg.PackDir == "" {
		// The embedded pack was checked when it was embedded; reading it takes
		// longer than everything else before listening.
		var err error
		if s.pack, err = pack.Default(); err != nil {
			return fmt.Errorf("embedded pack: %w", err)
		}
	}
	values, err := s.Resolve(ctx)
	if err != nil {
		return err
	}
	store, err := s.OpenHint(values, s.cfg.LeaseTTL)
	if err != nil {
		return program.Refuse(fmt.Errorf("open hint store: %w", err))
	}
	ledger, err := s.openLedger(values)
	if err != nil {
		return program.Refuse(fmt.Errorf("open ledger: %w", err))
	}
	turns, err := s.turns(values, ledger, store)
	if err != nil {
		return program.Refuse(err)
	}
	s.door.Store(worker.New(worker.Options{
		Tenant: s.cfg.Tenant, Key: values.HashKey, Turns: turns, Telemetry: s.Telemetry, Now: s.Now,
		Identity: worker.NewIdentity(worker.IdentityOptions{
			Mode: worker.Mode(s.cfg.Auth.Mode), Issuer: s.cfg.Auth.Issuer,
			Audience: s.cfg.Tasks.Audience, Email: s.cfg.Tasks.InvokerEmail,
		}),
	}))
	if err := s.claim(ctx, ledger, values.HashKey.Fingerprint()); err != nil {
		return err
	}
	s.Gate.Open()
	return nil
}

// claim makes sure that the ledger was written under the same hash key: under
// another one every conversation would be a stranger. With the wrong key the
// worker stays up and never becomes ready, so that nothing is answered and
// the reason is in its log.
func (s *service) claim(ctx context.Context, ledger Ledger, fingerprint string) error {
	for complained := false; ; {
		err := ledger.Epoch(ctx, fingerprint)
		if err == nil {
			return nil
		}
		if !complained || fault.Is(err, fault.Broken) {
			complained = true
			severity := telemetry.SeverityWarning // An ill ledger may pass.
			if fault.Is(err, fault.Broken) {
				severity = telemetry.SeverityCritical
			}
			s.Telemetry.Emit(ctx, telemetry.Event{
				Name: telemetry.LedgerUnclaimed, Severity: severity,
				Fields: []telemetry.Field{telemetry.Error(err), telemetry.ErrorKind(fault.KindOf(err).String())},
			})
		}
		pause := claimPause
		if fault.Is(err, fault.Broken) {
			pause = time.Minute
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// turns puts the protocol together.
func (s *service) turns(values program.Values, ledger Ledger, store program.Hint) (*turn.Turns, error) {
	graph, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: s.cfg.Graph.BaseURL, APIVersion: s.cfg.Graph.APIVersion, Timeout: s.cfg.Send.GraphTimeout,
		Token: s.token(),
	})
	if err != nil {
		return nil, fmt.Errorf("graph client: %w", err)
	}
	metrics := s.Telemetry.Metrics()
	ledger = traced(s, ledger, func(l Ledger) Ledger { return tracedLedger{l, metrics} })
	store = traced(s, store, func(h program.Hint) program.Hint { return tracedHint{h} })
	mind, err := otto.New(otto.Options{Pack: s.pack, Model: s.model(), Tenant: s.cfg.Tenant, Key: values.HashKey})
	if err != nil {
		return nil, fmt.Errorf("otto: %w", err)
	}
	team, ways, err := s.team(graph)
	if err != nil {
		return nil, fmt.Errorf("team: %w", err)
	}
	return turn.New(turn.Options{
		Tenant: s.cfg.Tenant, Key: values.HashKey, Ring: values.Ring,
		Ledger: ledger, Outbox: ledger, Reopener: ledger, EffectRecords: ledger, Receipts: ledger, Watermark: ledger, Morgue: ledger,
		Consequence: turn.Noting{Journal: ledger}, Performer: team, Ways: ways,
		Hint: store, Mailbox: store, Meter: store, Inbox: traced(s, turn.Inbox(s.Inbox), func(i turn.Inbox) turn.Inbox { return tracedInbox{i} }),
		Platform: channel.Platform{}, Sender: traced(s, turn.Sender(channel.New(channel.Options{
			Graph: graph, Menu: s.pack.Sentences.ListLabel, Now: s.Now, Chance: mathrand.Float64, Alarm: s.barred,
		})), func(c turn.Sender) turn.Sender { return tracedSender{c, metrics} }),
		Presence: traced(s, turn.Presence(channel.Presence{Marker: graph}), func(p turn.Presence) turn.Presence { return tracedPresence{p} }),
		Mind:     traced(s, turn.Mind(mind), func(m turn.Mind) turn.Mind { return tracedMind{m} }),
		Senses:   s.senses(graph),
		PackHash: s.pack.Hash,
		Now:      s.Now,
		Token:    rand.Text,
		Limits: turn.Limits{
			Quiet: s.cfg.CoalesceWindow, TurnDeadline: s.cfg.TurnDeadline, SendPermit: s.cfg.Send.Permit, GraphTimeout: s.cfg.Send.GraphTimeout,
			AmbiguityWindow: s.cfg.Send.AmbiguityWindow, ParkAfter: s.cfg.Send.ParkAfter, LeaseTTL: s.cfg.LeaseTTL,
			SessionTTL: s.cfg.SessionTTL,
		},
		Policy: turn.Policy(s.cfg.Send.Ambiguous),
		Budget: turn.Budget{
			Turns: int64(s.cfg.Budget.TurnsPerContactDay), Tokens: int64(s.cfg.Budget.TokensPerContactDay),
			TenantTokens: int64(s.cfg.Budget.TokensPerDay), Zone: s.pack.Location,
		},
	}), nil
}

// barred tells that nothing can be sent from a number until a person acts.
func (s *service) barred(ctx context.Context, a channel.Alarm) {
	s.Telemetry.Emit(ctx, telemetry.Event{
		Name: telemetry.PlatformAlarm, Severity: telemetry.SeverityCritical,
		Fields: []telemetry.Field{
			telemetry.Code(a.Setback.Code), telemetry.Kind(a.Setback.Class), telemetry.Reason(a.Setback.Meaning),
			telemetry.Component("number"),
		},
	})
}

// team is who is told that a lead waits for a person, and by which ways; without
// one nobody is.
func (s *service) team(graph handoff.Graph) (team turn.Performer, ways []conversation.Way, err error) {
	tellers := handoff.Team{}
	if !s.cfg.Handoff.WebhookURL.IsZero() {
		ways = append(ways, conversation.WayWebhook)
		tellers[conversation.WayWebhook] = handoff.New(handoff.Options{
			URL: secrets.One(s.Secrets, s.cfg.Handoff.WebhookURL), Secret: secrets.One(s.Secrets, s.cfg.Handoff.WebhookSecret), Now: s.Now,
		})
	}
	if s.cfg.Handoff.WhatsAppTo != "" {
		ways = append(ways, conversation.WayWhatsApp)
		tellers[conversation.WayWhatsApp], err = handoff.NewWhatsApp(handoff.WhatsAppOptions{
			Graph: graph, To: s.cfg.Handoff.WhatsAppTo, Template: s.cfg.Handoff.Template,
		})
	}
	if len(ways) == 0 {
		return nil, nil, nil
	}
	return traced(s, turn.Performer(tellers), func(p turn.Performer) turn.Performer { return tracedTeam{p} }), ways, err
}

// token is the access token of every call to Graph; a rotated one is picked
// up without a restart.
func (s *service) token() func(context.Context) (string, error) {
	source := secrets.One(s.Secrets, s.cfg.Graph.AccessToken)
	return func(ctx context.Context) (string, error) {
		token, err := source(ctx)
		return token.Reveal(), err
	}
}

// model is the model, or nil where there is to be none.
func (s *service) model() otto.Model {
	if !s.cfg.OpenAI.Enabled {
		return nil
	}
	model := otto.Model(openai.New(openai.Options{
		APIKey:  secrets.One(s.Secrets, s.cfg.OpenAI.APIKey),
		BaseURL: s.cfg.OpenAI.BaseURL, Model: s.cfg.OpenAI.Model, Timeout: s.cfg.OpenAI.Timeout, Now: s.Now,
	}))
	return traced(s, model, func(m otto.Model) otto.Model { return tracedModel{m, s.Telemetry.Metrics()} })
}

// senses look at the files that leads send; where there is no model, nobody does.
func (s *service) senses(graph *whatsapp.Client) turn.Senses {
	if !s.cfg.OpenAI.Enabled {
		return nil
	}
	transcriber := media.Transcriber(openai.NewTranscriber(openai.Options{
		APIKey:  secrets.One(s.Secrets, s.cfg.OpenAI.APIKey),
		BaseURL: s.cfg.OpenAI.BaseURL, Model: s.cfg.OpenAI.TranscribeModel, Timeout: s.cfg.OpenAI.Timeout, Now: s.Now,
	}))
	senses := turn.Senses(media.New(media.Options{
		Graph:       traced(s, media.Graph(graph), func(g media.Graph) media.Graph { return tracedFiles{g} }),
		Transcriber: traced(s, transcriber, func(t media.Transcriber) media.Transcriber { return tracedTranscriber{t, s.Telemetry.Metrics()} }),
		Now:         s.Now,
	}))
	return traced(s, senses, func(p turn.Senses) turn.Senses { return tracedSenses{p} })
}

// openLedger opens Firestore, or memory in development.
func (s *service) openLedger(values program.Values) (Ledger, error) {
	if s.cfg.Ledger == config.BackendMemory {
		ledger := s.memory
		if ledger == nil {
			ledger = memory.NewLedger(memory.LedgerOptions{Now: s.Now})
		}
		s.firestore.Open(ledger.Ping)
		return ledger, nil
	}
	ledger, err := firestore.New(firestore.Options{
		ProjectID: s.cfg.Firestore.Project, DatabaseID: s.cfg.Firestore.Database, Tenant: s.cfg.Tenant,
		EmulatorHost: s.cfg.Firestore.EmulatorHost, Ring: values.Ring, Now: s.Now,
	})
	if err != nil {
		return nil, err
	}
	s.firestore.Open(ledger.Ping)
	s.OnClose(func() { _ = ledger.Close() })
	return ledger, nil
}
