package program

import (
	"context"
	"fmt"
	"time"

	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/secrets"
)

// Values are the settings that must be known before a service can work and
// that do not change while it runs.
type Values struct {
	HashKey *pii.HashKey
	Ring    *pii.Ring
	// RedisURL is empty when nothing is kept in Redis.
	RedisURL pii.Secret
}

// Resolve waits until every reference of the settings resolves, at most for
// patience, and reads the values that never change. A reference that does not
// exist, or holds what its variable may not hold, is a wrong configuration.
func Resolve(ctx context.Context, r *secrets.Resolver, c config.Common, patience time.Duration) (Values, error) {
	references := c.References()
	resources := make([]string, len(references))
	for i, reference := range references {
		resources[i] = reference.Resource
	}
	if err := r.Await(ctx, resources, patience); err != nil {
		err = fmt.Errorf("resolve secrets: %w", err)
		if fault.Is(err, fault.Refused) {
			return Values{}, Refuse(err)
		}
		return Values{}, err
	}
	for _, reference := range references {
		value, err := r.Value(ctx, reference.Resource)
		if err != nil {
			return Values{}, fmt.Errorf("resolve %s: %w", reference.Variable, err)
		}
		if err := c.CheckResolved(reference.Variable, value); err != nil {
			return Values{}, Refuse(err)
		}
	}
	return constants(ctx, r, c)
}

// constants reads what never changes while a service runs.
func constants(ctx context.Context, r *secrets.Resolver, c config.Common) (Values, error) {
	var v Values
	hashKey, err := secrets.One(r, c.ContactHashKey)(ctx)
	if err != nil {
		return Values{}, fmt.Errorf("resolve CONTACT_HASH_KEY: %w", err)
	}
	key, err := config.DecodeKey(hashKey)
	if err != nil {
		return Values{}, Refuse(fmt.Errorf("CONTACT_HASH_KEY: %w", err))
	}
	if v.HashKey, err = pii.NewHashKey(key); err != nil {
		return Values{}, Refuse(fmt.Errorf("CONTACT_HASH_KEY: %w", err))
	}
	dataKeys, err := secrets.List(r, c.DataKeys)(ctx)
	if err != nil {
		return Values{}, fmt.Errorf("resolve DATA_KEY: %w", err)
	}
	ring, err := config.DecodeKeyRing(dataKeys...)
	if err != nil {
		return Values{}, Refuse(fmt.Errorf("DATA_KEY: %w", err))
	}
	if v.Ring, err = pii.NewRing(ring...); err != nil {
		return Values{}, Refuse(fmt.Errorf("DATA_KEY: %w", err))
	}
	if !c.Redis.URL.IsZero() {
		if v.RedisURL, err = secrets.One(r, c.Redis.URL)(ctx); err != nil {
			return Values{}, fmt.Errorf("resolve REDIS_URL: %w", err)
		}
	}
	return v, nil
}
