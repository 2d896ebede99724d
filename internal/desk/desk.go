// Package desk assembles what operators work with from the worker's settings:
// the same ledger, keys and queues, without the worker. The command for
// operators and the local street sit at the same desk.
package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/turn"
)

const (
	// secretPatience is how long references may take to resolve: somebody waits.
	secretPatience = 10 * time.Second
	// ledgerPatience bounds one call of the ledger. A list reads more than a
	// turn does, and nobody's permit runs out meanwhile.
	ledgerPatience = 20 * time.Second
)

// Options are what a desk is given from outside. Only Environ is required.
type Options struct {
	// Environ is the worker's environment in the form of os.Environ.
	Environ []string
	// Ledger is the ledger to work on; nil opens the configured one.
	Ledger operator.Ledger
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// SecretManager are options for reaching Secret Manager.
	SecretManager []option.ClientOption
}

// Open reads the environment, resolves what is only named there, and opens the
// ledger and the queues for an operator; release closes them. Its error says by
// [program.Exit] which code to end with.
func Open(ctx context.Context, o Options) (works *operator.Operator, release func(), err error) {
	cfg, _, err := config.LoadWorker(o.Environ)
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	resolver := secrets.New(secrets.Options{Client: o.SecretManager})
	// Minds ask for the model's key when they ask the model.
	closeResolver := func() { _ = resolver.Close() } // What fails to close has nobody to tell.
	defer func() {
		if err != nil {
			closeResolver()
		}
	}()
	values, err := program.Resolve(ctx, resolver, cfg.Common, secretPatience)
	if err != nil {
		return nil, nil, err
	}
	minds, err := newMinds(cfg, values.HashKey, resolver, o.Now)
	if err != nil {
		return nil, nil, program.Refuse(err)
	}
	closeLedger := func() error { return nil }
	if o.Ledger == nil {
		if o.Ledger, closeLedger, err = openLedger(cfg, values); err != nil {
			return nil, nil, program.Refuse(err)
		}
	}
	inbox, closeInbox, err := program.OpenInbox(cfg.Common)
	if err != nil {
		_ = closeLedger()
		return nil, nil, program.Refuse(err)
	}
	works = operator.New(operator.Options{
		Tenant: cfg.Tenant, Numbers: cfg.PhoneNumberIDs, Key: values.HashKey, Ring: values.Ring,
		Ledger: o.Ledger, Inbox: inbox, Now: o.Now, Token: rand.Text, SessionTTL: cfg.SessionTTL, Script: func() (turn.ReplayOptions, error) { return script(cfg, values.HashKey) },
		Knowledge: func() (operator.Knowledge, error) { return knowledge(cfg) }, Minds: minds,
	})
	return works, func() {
		_, _ = closeInbox(), closeLedger()
		closeResolver()
	}, nil
}

// openLedger opens the configured ledger, which has to be one that other
// processes can reach.
func openLedger(cfg config.Worker, values program.Values) (operator.Ledger, func() error, error) {
	if cfg.Ledger == config.BackendMemory {
		return nil, nil, errors.New("LEDGER_BACKEND: is memory, which only the process has that keeps it; unset it, or ask a running street (ATENDE_URL)")
	}
	ledger, err := firestore.New(firestore.Options{
		ProjectID: cfg.Firestore.Project, DatabaseID: cfg.Firestore.Database, Tenant: cfg.Tenant,
		EmulatorHost: cfg.Firestore.EmulatorHost, Ring: values.Ring, CallTimeout: ledgerPatience,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("open ledger: %w", err)
	}
	return ledger, ledger.Close, nil
}

// script decides turns again as this configuration's worker would have.
func script(cfg config.Worker, key *pii.HashKey) (turn.ReplayOptions, error) {
	business, err := readPack(cfg)
	if err != nil {
		return turn.ReplayOptions{}, err
	}
	return turn.ReplayOptions{
		Mind: func(model otto.Model) (turn.Mind, error) {
			return otto.New(otto.Options{Pack: business.Pack, Model: model, Tenant: cfg.Tenant, Key: key})
		},
		PackHash: business.Hash,
		// Nothing is sent: the channel only says what it would have posted.
		Digest: channel.New(channel.Options{Menu: business.Sentences.ListLabel}).Digest,
	}, nil
}

// knowledge is what this configuration's business knows.
func knowledge(cfg config.Worker) (operator.Knowledge, error) {
	business, err := readPack(cfg)
	if err != nil {
		return operator.Knowledge{}, err
	}
	facts := make(map[string]operator.FactDetail, len(business.Facts))
	for _, fact := range business.Facts {
		at := business.Where[fact.ID]
		facts[fact.ID] = operator.FactDetail{ID: fact.ID, Text: fact.Text, File: at.File, Line: at.Line}
	}
	return operator.Knowledge{Hash: business.Hash, Facts: facts}, nil
}

// readPack reads the configured pack.
func readPack(cfg config.Worker) (pack.Annotated, error) {
	read := pack.DefaultAnnotated
	if cfg.PackDir != "" {
		read = func() (pack.Annotated, error) { return pack.DirAnnotated(cfg.PackDir) }
	}
	business, err := read()
	if err != nil {
		return pack.Annotated{}, program.Refuse(fmt.Errorf("PACK_DIR: %w", err))
	}
	return business, nil
}
