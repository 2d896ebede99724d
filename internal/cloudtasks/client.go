package cloudtasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/pyloto/atende/internal/fault"
)

// DefaultAttemptTimeout bounds one attempt of a call when
// [Options.AttemptTimeout] is zero. The generated client would wait 20 s, longer
// than a webhook's sender does.
const DefaultAttemptTimeout = time.Second

// Options say which queues a [Client] speaks for and whom their tasks call.
type Options struct {
	// Project and Location hold the queues, e.g. "acme" and "us-central1".
	Project  string
	Location string

	// WorkerURL is the address of the worker without a path, e.g.
	// "https://worker-abc.a.run.app". A task's path is appended to it.
	WorkerURL string

	// Audience of the identity token that comes with every push. Empty means
	// WorkerURL.
	Audience string

	// InvokerEmail is the service account whose identity token Cloud Tasks
	// attaches. It may be empty only together with EmulatorHost; pushes then
	// carry no token.
	InvokerEmail string

	// EmulatorHost is the host:port of a stand-in spoken to without encryption
	// and without credentials. Empty means the real service.
	EmulatorHost string

	// AttemptTimeout bounds each attempt of a call; zero means
	// [DefaultAttemptTimeout].
	AttemptTimeout time.Duration

	// ClientOptions are handed to the generated client after our own, e.g.
	// credentials.
	ClientOptions []option.ClientOption
}

// Client creates tasks. It is safe for concurrent use.
type Client struct {
	queues  string // "projects/P/locations/L/queues/"
	worker  string // the worker's address without a trailing slash
	email   string
	aud     string
	timeout time.Duration
	options []option.ClientOption

	api    atomic.Pointer[cloudtasks.Client] // set once the first dial succeeded
	mu     sync.Mutex
	dial   *dialing
	closed bool
}

// dialing is one attempt to build the generated client, shared by all who wait
// for it. err is set before done is closed.
type dialing struct {
	done chan struct{}
	err  error
}

// reconnect makes a lost connection come back within the second attempt of a
// call; gRPC's own first pause is as long as the whole attempt.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// alive makes a connection that swallows everything be given up: without it
// every call would time out on it for as long as the network keeps silent.
// There are no pings between calls, which the service would resent.
var alive = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}

var errClosed = errors.New("client is closed")

// New checks the options and returns a client. It uses no network, so a program
// can listen before Cloud Tasks can be reached.
func New(o Options) (*Client, error) {
	var faults []error
	if o.Project == "" {
		faults = append(faults, errors.New("project is missing"))
	}
	if o.Location == "" {
		faults = append(faults, errors.New("location is missing"))
	}
	if u, err := url.Parse(o.WorkerURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		faults = append(faults, errors.New("worker URL must be an absolute http or https URL"))
	}
	if o.InvokerEmail == "" && o.EmulatorHost == "" {
		faults = append(faults, errors.New("invoker e-mail is missing: pushes would carry no identity"))
	}
	if o.AttemptTimeout < 0 {
		faults = append(faults, errors.New("attempt timeout is negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fault.Mark(fmt.Errorf("cloudtasks: options: %w", err), fault.Broken)
	}
	c := &Client{
		queues:  "projects/" + o.Project + "/locations/" + o.Location + "/queues/",
		worker:  strings.TrimRight(o.WorkerURL, "/"),
		email:   o.InvokerEmail,
		aud:     o.Audience,
		timeout: o.AttemptTimeout,
	}
	if c.aud == "" {
		c.aud = o.WorkerURL
	}
	if c.timeout == 0 {
		c.timeout = DefaultAttemptTimeout
	}
	c.options = append(c.options,
		option.WithTelemetryDisabled(),
		option.WithGRPCDialOption(grpc.WithConnectParams(reconnect)),
		option.WithGRPCDialOption(grpc.WithKeepaliveParams(alive)),
		// The generated client logs whole requests when an environment variable
		// asks for it; task bodies must never be logged.
		option.WithLogger(slog.New(slog.DiscardHandler)),
	)
	if o.EmulatorHost != "" {
		c.options = append(c.options,
			option.WithEndpoint(o.EmulatorHost),
			option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		)
	}
	c.options = append(c.options, o.ClientOptions...)
	return c, nil
}

// Close releases the connection. Calls that are under way fail; later calls are
// refused. Closing twice is harmless.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	api := c.api.Swap(nil)
	if api == nil {
		return nil
	}
	if err := api.Close(); err != nil {
		return fmt.Errorf("cloudtasks: close: %w", err)
	}
	return nil
}

// connection returns the generated client, building it at the first call.
// Looking for credentials may ask the platform's metadata server, so it runs
// beside the caller, who waits no longer than ctx; all callers share one look-up
// and a failed one is forgotten, so that the next call tries again.
func (c *Client) connection(ctx context.Context) (*cloudtasks.Client, error) {
	if api := c.api.Load(); api != nil {
		return api, nil
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, fault.Mark(errClosed, fault.Dependency)
	}
	d := c.dial
	if d == nil {
		d = &dialing{done: make(chan struct{})}
		c.dial = d
		go c.connect(context.WithoutCancel(ctx), d)
	}
	c.mu.Unlock()

	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, fault.Mark(fmt.Errorf("connect: %w", ctx.Err()), fault.Dependency)
	}
	if d.err != nil {
		return nil, fault.Mark(fmt.Errorf("connect: %w", d.err), fault.Dependency)
	}
	if api := c.api.Load(); api != nil {
		return api, nil
	}
	return nil, fault.Mark(errClosed, fault.Dependency)
}

func (c *Client) connect(ctx context.Context, d *dialing) {
	api, err := cloudtasks.NewClient(ctx, c.options...)
	if err == nil {
		// Our own deadlines and our own single retry replace the generated ones.
		api.CallOptions.CreateTask = nil
		api.CallOptions.GetQueue = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dial = nil
	d.err = err
	switch {
	case err != nil:
	case c.closed:
		d.err = errors.Join(errClosed, api.Close())
	default:
		c.api.Store(api)
	}
	close(d.done)
}
