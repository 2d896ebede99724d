package secrets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"golang.org/x/sync/singleflight"
	"google.golang.org/api/option"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

const (
	// refreshAfter leaves a minute of the five within which a rotation must be
	// noticed for calls that fail and are repeated.
	refreshAfter = 4 * time.Minute
	// serveStale is how long beyond refreshAfter an outage is ridden out.
	serveStale = time.Hour
	// retryAfter spaces the attempts while Secret Manager fails.
	retryAfter = 10 * time.Second
	// callTimeout bounds one call.
	callTimeout = 5 * time.Second
	// patience is how long a request that could be served with the known value
	// waits for a newer one.
	patience = 250 * time.Millisecond
)

// Options say how a Resolver reaches Secret Manager. The zero value reaches
// Google's with the credentials of the process.
type Options struct {
	// Client is handed to the Secret Manager client as it is.
	Client []option.ClientOption
}

// Resolver reads secrets and remembers them. It is safe for concurrent use.
type Resolver struct {
	options []option.ClientOption
	// life ends with Close and cuts off calls under way.
	life context.Context
	end  context.CancelFunc

	calls singleflight.Group

	dial   sync.Mutex
	client *secretmanager.Client

	mu    sync.RWMutex
	known map[string]entry
}

// entry is what is known of one reference.
type entry struct {
	value pii.Secret
	// read is when value was read; zero if there is none.
	read time.Time
	// tried is when the last attempt ended, and err how it failed, if it did.
	tried time.Time
	err   error
}

// fresh reports whether the value serves without asking again.
func (e entry) fresh(now time.Time) bool {
	return e.err == nil && !e.read.IsZero() && now.Sub(e.read) < refreshAfter
}

// serves reports whether the value may stand in for a newer one.
func (e entry) serves(now time.Time) bool {
	return !e.read.IsZero() && now.Sub(e.read) < refreshAfter+serveStale
}

// resting reports whether the last attempt failed so recently that another
// would only add to the load.
func (e entry) resting(now time.Time) bool {
	return e.err != nil && now.Sub(e.tried) < retryAfter
}

// New makes a Resolver. It does not touch the network.
func New(o Options) *Resolver {
	life, end := context.WithCancel(context.Background())
	return &Resolver{options: o.Client, life: life, end: end, known: map[string]entry{}}
}

// Value is the secret behind a full resource name such as
// projects/p/secrets/s/versions/latest, without trailing line breaks. It is
// answered from memory for four minutes at a time.
func (r *Resolver) Value(ctx context.Context, resource string) (pii.Secret, error) {
	r.mu.RLock()
	e := r.known[resource]
	r.mu.RUnlock()
	now := time.Now()
	if e.fresh(now) {
		return e.value, nil
	}
	if e.resting(now) {
		if e.serves(now) {
			return e.value, nil
		}
		return "", e.err
	}
	fetched := r.fetch(resource)
	if !e.serves(now) {
		select {
		case got := <-fetched:
			return settled(got)
		case <-ctx.Done():
			return "", fmt.Errorf("resolve secret %s: %w", resource, ctx.Err())
		}
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case got := <-fetched:
		value, err := settled(got)
		if err != nil && !fault.Is(err, fault.Refused) {
			return e.value, nil
		}
		return value, err
	case <-wait.C:
	case <-ctx.Done():
	}
	return e.value, nil
}

// Close cuts off calls under way and releases the connection. No value is
// read afterwards.
func (r *Resolver) Close() error {
	r.end()
	r.dial.Lock()
	defer r.dial.Unlock()
	if r.client == nil {
		return nil
	}
	client := r.client
	r.client = nil
	if err := client.Close(); err != nil {
		return fmt.Errorf("close Secret Manager client: %w", err)
	}
	return nil
}

// fetch asks Secret Manager, once for all who wait, and remembers the answer.
// The call is nobody's in particular: a caller that goes away does not take it
// from the others.
func (r *Resolver) fetch(resource string) <-chan singleflight.Result {
	return r.calls.DoChan(resource, func() (any, error) {
		ctx, cancel := context.WithTimeout(r.life, callTimeout)
		defer cancel()
		value, err := r.access(ctx, resource)
		now := time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			e := r.known[resource]
			if fault.Is(err, fault.Refused) {
				e = entry{}
			}
			e.tried, e.err = now, err
			r.known[resource] = e
			return pii.Secret(""), err
		}
		r.known[resource] = entry{value: value, read: now, tried: now}
		return value, nil
	})
}

func settled(got singleflight.Result) (pii.Secret, error) {
	value, _ := got.Val.(pii.Secret)
	return value, got.Err
}

// connect makes the client at first use. A failure is not remembered: the
// credentials it lacked may come.
func (r *Resolver) connect() (*secretmanager.Client, error) {
	r.dial.Lock()
	defer r.dial.Unlock()
	if r.life.Err() != nil {
		return nil, errors.New("resolver is closed")
	}
	if r.client != nil {
		return r.client, nil
	}
	// The client outlives the call that happens to make it, so it is given the
	// resolver's own context.
	client, err := secretmanager.NewClient(r.life, append([]option.ClientOption{option.WithTelemetryDisabled()}, r.options...)...)
	if err != nil {
		return nil, err
	}
	// The library would repeat failed calls after two seconds and more; here a
	// failure is answered from memory, and repeated by the cache's own rule.
	client.CallOptions.AccessSecretVersion = nil
	r.client = client
	return client, nil
}
