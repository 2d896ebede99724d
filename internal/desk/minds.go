package desk

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/secrets"
	"github.com/pyloto/atende/internal/turn"
)

// newMinds are the minds of this configuration: they know any embedded pack, or
// the one of PACK_DIR under its folder's name, and ask the configured provider.
func newMinds(cfg config.Worker, key *pii.HashKey, resolver *secrets.Resolver, now func() time.Time) (operator.Minds, error) {
	names, err := pack.Names()
	if err != nil {
		return operator.Minds{}, err
	}
	own := filepath.Base(cfg.PackDir)
	if cfg.PackDir == "" {
		if own, err = pack.DefaultName(); err != nil {
			return operator.Minds{}, err
		}
	}
	if !slices.Contains(names, own) {
		names = append(names, own)
		slices.Sort(names)
	}
	minds := operator.Minds{Packs: names, Pack: own}
	if cfg.OpenAI.Enabled {
		minds.Model = cfg.OpenAI.Model
	}
	minds.New = func(name, model string) (turn.Mind, error) {
		read := func() (otto.Pack, error) { return pack.Named(name) }
		if name == own {
			read = func() (otto.Pack, error) {
				mine, err := readPack(cfg)
				return mine.Pack, err
			}
		}
		business, err := read()
		if err != nil {
			return nil, err
		}
		o := otto.Options{Pack: business, Tenant: cfg.Tenant, Key: key}
		if model != "" {
			o.Model = openai.New(openai.Options{
				APIKey: secrets.One(resolver, cfg.OpenAI.APIKey), BaseURL: cfg.OpenAI.BaseURL, Model: model,
				Timeout: cfg.OpenAI.Timeout, Now: now,
			})
		}
		return otto.New(o)
	}
	return minds, nil
}
