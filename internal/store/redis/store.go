package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Defaults of [Options].
const (
	DefaultLeaseTTL    = 30 * time.Second
	DefaultSessionTTL  = 2 * time.Hour
	DefaultDedupeTTL   = 48 * time.Hour
	DefaultCallTimeout = 150 * time.Millisecond
)

const (
	// poolSize bounds the connections of one process; hosted servers sell few.
	poolSize = 64
	// dialTimeout may exceed the call that asked for the connection: a
	// handshake that comes late serves the next call.
	dialTimeout = time.Second
	// idleTime closes connections before balancers on the way forget them.
	idleTime = 5 * time.Minute
	// bufferSize of each connection, once to read and once to write: more than
	// most letters, and little enough to keep a full pool in few megabytes.
	bufferSize = 16 << 10
)

// Options configure a [Store]. URL and Ring are required.
type Options struct {
	// URL is redis://[user:password@]host[:port][/database], or rediss:// for
	// TLS, which verifies the server's certificate. It takes no parameters.
	URL string
	// Ring seals what holds text.
	Ring *pii.Ring
	// LeaseTTL is how long a lease lasts without renewal.
	LeaseTTL time.Duration
	// SessionTTL is how long a cached snapshot lasts.
	SessionTTL time.Duration
	// DedupeTTL is how long a message is remembered as queued or done.
	DedupeTTL time.Duration
	// CallTimeout bounds each call as a whole.
	CallTimeout time.Duration
	// Now tells the time; nil is [time.Now].
	Now func() time.Time
}

// Store is the hint store. It is safe for concurrent use.
type Store struct {
	client     *goredis.Client
	ring       *pii.Ring
	scripts    scripts
	breaker    breaker
	now        func() time.Time
	lease      time.Duration
	session    time.Duration
	dedupe     time.Duration
	timeout    time.Duration
	unreadable atomic.Int64
}

// New makes a Store without touching the network. Its errors are
// [fault.Broken], name the option at fault and hold nothing of its value.
//
// It turns off the logger of the Redis client for the whole process: its lines
// would hold addresses, and every failure reaches a caller anyway.
func New(o Options) (*Store, error) {
	s := &Store{
		ring:    o.Ring,
		scripts: newScripts(),
		now:     o.Now,
		lease:   o.LeaseTTL,
		session: o.SessionTTL,
		dedupe:  o.DedupeTTL,
		timeout: o.CallTimeout,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.ring == nil {
		return nil, fault.Mark(errors.New("redis: key ring is missing"), fault.Broken)
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"lease TTL", &s.lease, DefaultLeaseTTL},
		{"session TTL", &s.session, DefaultSessionTTL},
		{"dedupe TTL", &s.dedupe, DefaultDedupeTTL},
		{"call timeout", &s.timeout, DefaultCallTimeout},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
		if *d.value < time.Millisecond {
			return nil, fault.Mark(fmt.Errorf("redis: %s is under a millisecond", d.name), fault.Broken)
		}
	}
	options, err := parse(o.URL)
	if err != nil {
		return nil, fault.Mark(fmt.Errorf("redis: url: %w", err), fault.Broken)
	}
	options.Protocol = 2 // RESP3 costs a look at every reply for pushes that never come.
	options.DisableIdentity = true
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DialTimeout = dialTimeout
	options.ReadTimeout = s.timeout
	options.WriteTimeout = s.timeout
	options.PoolTimeout = s.timeout
	options.PoolSize = poolSize
	options.MaxActiveConns = poolSize
	options.PipelinePoolSize = -1 // Pipelines share the one pool, so that the bound holds.
	options.ConnMaxIdleTime = idleTime
	options.ReadBufferSize = bufferSize
	options.WriteBufferSize = bufferSize
	logging.Disable()
	s.client = goredis.NewClient(options)
	return s, nil
}

// parse reads what is needed of a URL. Its errors hold nothing of the URL,
// which may contain a password.
func parse(raw string) (*goredis.Options, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.Scheme != "redis" && u.Scheme != "rediss" {
		return nil, errors.New("scheme is neither redis nor rediss")
	}
	if u.Hostname() == "" {
		return nil, errors.New("host is missing")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("parameters are not supported")
	}
	parsed, err := goredis.ParseURL(raw)
	if err != nil || parsed.DB < 0 {
		return nil, errors.New("path is not a database number")
	}
	options := &goredis.Options{
		Addr:     net.JoinHostPort(u.Hostname(), portOf(u)),
		Username: parsed.Username,
		Password: parsed.Password,
		DB:       parsed.DB,
	}
	if u.Scheme == "rediss" {
		options.TLSConfig = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	return options, nil
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return "6379"
}

// Ping reports whether the server answers at all, resting or not.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return failure("ping", err)
	}
	return nil
}

// Unreadable counts the values that did not open since the store was made:
// sealed with a key that left the ring, or tampered with.
func (s *Store) Unreadable() int64 { return s.unreadable.Load() }

// Close closes all connections. Later calls fail.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return failure("close", err)
	}
	return nil
}

// do sends calls in one round trip and waits for their replies. Scripts that
// the server does not know are sent again by their text, within the same
// bound. It replaces calls it had to repeat.
func (s *Store) do(ctx context.Context, operation string, calls ...call) error {
	if err := ctx.Err(); err != nil {
		return failure(operation, err)
	}
	if !s.breaker.allow(s.now()) {
		return failure(operation, ErrResting)
	}
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.send(bounded, calls)
	if err != nil {
		err = s.repeatUnknown(bounded, calls, err)
	}
	switch {
	case err == nil:
		s.breaker.report(s.now(), alive)
		return nil
	case gaveUp(ctx):
		s.breaker.report(s.now(), unsaid)
	default:
		s.breaker.report(s.now(), ill)
	}
	return failure(operation, err)
}

// gaveUp reports whether the caller waits no longer. A connection's deadline
// may fire a moment before the context that it was taken from.
func gaveUp(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// repeatUnknown sends the calls again whose scripts the server did not know,
// unless something else is wrong, too.
func (s *Store) repeatUnknown(ctx context.Context, calls []call, err error) error {
	var again []call
	for i, c := range calls {
		switch {
		case c.unknown():
			calls[i] = c.spelled(ctx)
			again = append(again, calls[i])
		case c.cmd.Err() != nil && !errors.Is(c.cmd.Err(), goredis.Nil):
			return c.cmd.Err()
		}
	}
	if len(again) == 0 {
		return err
	}
	return s.send(ctx, again)
}

// send is one round trip. A reply that is nil is a reply.
func (s *Store) send(ctx context.Context, calls []call) error {
	if len(calls) == 1 {
		err := s.client.Process(ctx, calls[0].cmd)
		if errors.Is(err, goredis.Nil) {
			return nil
		}
		return err
	}
	pipe := s.client.Pipeline()
	for _, c := range calls {
		// Queuing cannot fail; the reply is looked at below.
		_ = pipe.Process(ctx, c.cmd)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return err
	}
	for _, c := range calls {
		if err := c.cmd.Err(); err != nil && !errors.Is(err, goredis.Nil) {
			return err
		}
	}
	return nil
}

// failure marks and names an error, and takes out of it what must not be
// printed.
func failure(operation string, err error) error {
	if !errors.Is(err, ErrResting) {
		err = harmless(err)
	}
	return fault.Mark(fmt.Errorf("%s: %w", operation, err), fault.Dependency)
}

// open unseals a value for its place. A value that does not open is counted.
func (s *Store) open(sealed, place string) ([]byte, bool) {
	body, err := s.ring.Open([]byte(sealed), place)
	if err != nil {
		s.unreadable.Add(1)
		return nil, false
	}
	if body == nil {
		body = []byte{} // Nil would mean that there is none.
	}
	return body, true
}

// cut splits a stored value into the number in front of it and the rest.
func cut(value string) (number, rest string, ok bool) {
	return strings.Cut(value, "|")
}
