package ingressd

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/flow"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/pkg/whatsapp"
)

// flow is the endpoint of WhatsApp Flows, or nil where they are off. A key that
// opens nothing is found now and not by the first lead.
func (s *service) flow(ctx context.Context) (*ingress.Flow, error) {
	if !s.cfg.Flow.Enabled {
		return nil, nil
	}
	if s.pack == nil {
		// The embedded pack was checked when it was embedded; reading it takes
		// longer than everything else before listening.
		knowledge, err := pack.Default()
		if err != nil {
			return nil, fmt.Errorf("embedded pack: %w", err)
		}
		s.pack = &knowledge
	}
	form, err := flow.New(s.pack.Office())
	if err != nil {
		return nil, program.Refuse(fmt.Errorf("WHATSAPP_FLOW_ENDPOINT_ENABLED: %w", err))
	}
	keys := &flowKeys{
		text:       secrets.One(s.Secrets, s.cfg.Flow.PrivateKey),
		passphrase: secrets.One(s.Secrets, s.cfg.Flow.Passphrase),
	}
	if _, err := keys.key(ctx); err != nil {
		err = fmt.Errorf("FLOW_PRIVATE_KEY: %w", err)
		if !fault.Is(err, fault.Dependency) {
			err = program.Refuse(err)
		}
		return nil, err
	}
	return &ingress.Flow{Form: form, Key: keys.key}, nil
}

// flowKeys parses the private key once for as long as it stays the same.
type flowKeys struct {
	text, passphrase func(ctx context.Context) (pii.Secret, error)
	last             atomic.Pointer[parsedKey]
}

type parsedKey struct {
	text, passphrase pii.Secret
	key              *whatsapp.FlowKey
}

func (k *flowKeys) key(ctx context.Context) (*whatsapp.FlowKey, error) {
	text, err := k.text(ctx)
	if err != nil {
		return nil, fmt.Errorf("flow key: %w", err)
	}
	passphrase, err := k.passphrase(ctx)
	if err != nil {
		return nil, fmt.Errorf("passphrase of flow key: %w", err)
	}
	if last := k.last.Load(); last != nil && last.text == text && last.passphrase == passphrase {
		return last.key, nil
	}
	// Where an environment is written one line per variable, a PEM block loses its
	// line breaks; so it may in Secret Manager.
	key, err := whatsapp.ParseFlowKey([]byte(strings.ReplaceAll(text.Reveal(), `\n`, "\n")), passphrase.Reveal())
	if err != nil {
		return nil, err
	}
	k.last.Store(&parsedKey{text, passphrase, key})
	return key, nil
}
