package firestore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	apiv1 "cloud.google.com/go/firestore/apiv1"
	"golang.org/x/sync/singleflight"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/pyloto/atende/internal/fault"
	"github.com/pyloto/atende/internal/pii"
)

// Defaults of [Options].
const (
	DefaultDatabaseID = "(default)"
	// DefaultCallTimeout is short beside the five seconds that a send permit
	// lives, so that an unanswered commit can be asked about in time.
	DefaultCallTimeout = 2 * time.Second
	// DefaultMessageTTL outlives the seven days for which Meta redelivers.
	DefaultMessageTTL      = 30 * 24 * time.Hour
	DefaultConversationTTL = 90 * 24 * time.Hour
)

// Options say where a [Ledger] lies and how it is sealed.
type Options struct {
	// ProjectID and DatabaseID name the database; an empty DatabaseID is
	// [DefaultDatabaseID].
	ProjectID  string
	DatabaseID string
	// Tenant is the document that everything lies under.
	Tenant string
	// EmulatorHost is the host:port of an emulator spoken to without
	// encryption and without credentials. Empty means the real service,
	// whatever the environment says.
	EmulatorHost string
	// Ring seals free text and identifiers.
	Ring *pii.Ring
	// CallTimeout bounds one call of a method with all its round trips; zero
	// is [DefaultCallTimeout].
	CallTimeout time.Duration
	// MessageTTL and ConversationTTL are how long documents are kept after
	// their creation, a conversation after its last turn. Zero is
	// [DefaultMessageTTL] and [DefaultConversationTTL].
	MessageTTL      time.Duration
	ConversationTTL time.Duration
	// Now is the clock that expiry is counted from; nil is the system's. All
	// other times are the ledger's own or the caller's.
	Now func() time.Time
	// ClientOptions are handed to the generated client after our own, e.g.
	// credentials.
	ClientOptions []option.ClientOption
}

// Ledger is a ledger in Firestore. It is safe for concurrent use and shares one
// connection.
type Ledger struct {
	database   string // projects/P/databases/D
	documents  string // projects/P/databases/D/documents/
	tenant     string
	tenantPath string // tenants/T
	ring       *pii.Ring
	now        func() time.Time
	timeout    time.Duration

	messageTTL      time.Duration
	conversationTTL time.Duration

	options []option.ClientOption
	api     atomic.Pointer[apiv1.Client] // set once the first connection stands
	dials   singleflight.Group

	mu     sync.Mutex
	closed bool
	seen   map[string]time.Time // newest watermark written by this process
}

var errClosed = errors.New("ledger is closed")

// New checks the options. It uses no network and reads no environment, so a
// program can listen before Firestore can be reached.
func New(o Options) (*Ledger, error) {
	var faults []error
	if !isDocumentID(o.ProjectID) {
		faults = append(faults, errors.New("project id is missing or malformed"))
	}
	if o.DatabaseID == "" {
		o.DatabaseID = DefaultDatabaseID
	}
	if !isDocumentID(o.DatabaseID) {
		faults = append(faults, errors.New("database id is malformed"))
	}
	if !isDocumentID(o.Tenant) {
		faults = append(faults, errors.New("tenant is missing or malformed"))
	}
	if o.Ring == nil {
		faults = append(faults, errors.New("key ring is missing"))
	}
	if o.CallTimeout < 0 || o.MessageTTL < 0 || o.ConversationTTL < 0 {
		faults = append(faults, errors.New("a duration is negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fault.Mark(fmt.Errorf("firestore: options: %w", err), fault.Broken)
	}
	database := "projects/" + o.ProjectID + "/databases/" + o.DatabaseID
	l := &Ledger{
		database:        database,
		documents:       database + "/documents/",
		tenant:          o.Tenant,
		tenantPath:      "tenants/" + o.Tenant,
		ring:            o.Ring,
		now:             o.Now,
		timeout:         orDefault(o.CallTimeout, DefaultCallTimeout),
		messageTTL:      orDefault(o.MessageTTL, DefaultMessageTTL),
		conversationTTL: orDefault(o.ConversationTTL, DefaultConversationTTL),
		seen:            map[string]time.Time{},
		options: []option.ClientOption{
			option.WithTelemetryDisabled(),
			// The generated client logs whole requests when an environment
			// variable asks for it; documents must never be logged.
			option.WithLogger(slog.New(slog.DiscardHandler)),
			option.WithGRPCDialOption(grpc.WithKeepaliveParams(alive)),
		},
	}
	if l.now == nil {
		l.now = time.Now
	}
	if o.EmulatorHost != "" {
		l.options = append(l.options,
			option.WithEndpoint(o.EmulatorHost),
			option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		)
	}
	l.options = append(l.options, o.ClientOptions...)
	return l, nil
}

// alive makes a connection that swallows everything be given up: without it
// every call would time out on it for as long as the network keeps silent.
// There are no pings between calls, which the service would resent.
var alive = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}

// Close releases the connection. Calls that are under way fail; later calls
// are refused. Closing twice is harmless.
func (l *Ledger) Close() error {
	l.mu.Lock()
	l.closed = true
	api := l.api.Swap(nil)
	l.mu.Unlock()
	if api == nil {
		return nil
	}
	if err := api.Close(); err != nil {
		return fmt.Errorf("firestore: close: %w", err)
	}
	return nil
}

// client is the generated client, made at the first call. Looking for
// credentials may ask the platform's metadata server, so it runs beside the
// caller, who waits no longer than ctx; all callers share one look-up, and one
// that failed is forgotten.
func (l *Ledger) client(ctx context.Context) (*apiv1.Client, error) {
	if api := l.api.Load(); api != nil {
		return api, nil
	}
	dialed := l.dials.DoChan("", func() (any, error) { return l.dial(context.WithoutCancel(ctx)) })
	select {
	case r := <-dialed:
		if r.Err != nil {
			return nil, fault.Mark(fmt.Errorf("connect: %w", r.Err), fault.Dependency)
		}
		return r.Val.(*apiv1.Client), nil
	case <-ctx.Done():
		return nil, fault.Mark(fmt.Errorf("connect: %w", ctx.Err()), fault.Dependency)
	}
}

func (l *Ledger) dial(ctx context.Context) (*apiv1.Client, error) {
	if api := l.api.Load(); api != nil {
		return api, nil
	}
	api, err := apiv1.NewClient(ctx, l.options...)
	if err != nil {
		return nil, err
	}
	// The generated settings wait a minute and repeat a commit whose answer was
	// lost: deadlines are ours, and so is what may be repeated.
	*api.CallOptions = apiv1.CallOptions{}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(errClosed, api.Close())
	}
	l.api.Store(api)
	return api, nil
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}
