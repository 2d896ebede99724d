package cloudtaskstest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Defaults of [Options].
const (
	DefaultNameRetention = time.Hour
	DefaultHistory       = 10_000
)

// Options say how the server starts. The zero value listens on free loopback
// ports and keeps the machine's time.
type Options struct {
	// Listener takes gRPC connections, IssuerListener the requests for the token
	// issuer's keys. Nil means a free port on 127.0.0.1. The server closes them.
	Listener       net.Listener
	IssuerListener net.Listener

	// Clock drives schedules, back-off, rates and dispatch deadlines; nil means
	// the machine's.
	Clock Clock

	// Client makes the pushes; nil means one of the server's own. Its redirect
	// policy is replaced, a client timeout should be zero.
	Client *http.Client

	// AutoCreateQueues makes a queue appear when the first task is created in it
	// or its existence is asked for.
	AutoCreateQueues bool

	// QueueTemplate gives rate limits and retry settings to queues that are
	// created automatically. It is not held to the service's upper limits, so
	// that a load run can dispatch faster than 500 per second.
	QueueTemplate *cloudtaskspb.Queue

	// NameRetention is how long the name of a task that ended stays taken; zero
	// means [DefaultNameRetention], negative means not at all.
	NameRetention time.Duration

	// History is how many ended tasks are remembered for [Server.Tasks]; zero
	// means [DefaultHistory], negative means none.
	History int

	// Observe is told of every event, one at a time and in order, from a
	// goroutine of its own: it may call the server and may block, which delays
	// nothing but later events.
	Observe func(Event)
}

// Server is a running Cloud Tasks. It is safe for concurrent use.
type Server struct {
	cloudtaskspb.UnimplementedCloudTasksServer

	clock         Clock
	client        *http.Client
	issuer        *issuer
	listener      net.Listener
	rpc           *grpc.Server
	feed          *feed
	autoCreate    bool
	template      *cloudtaskspb.Queue
	nameRetention time.Duration
	historyLimit  int

	life    context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup // the scheduler and every push
	wake    chan struct{}  // tells the scheduler to look again

	mu       sync.Mutex
	queues   map[string]*queue // by resource name
	order    uint64            // of creation, to keep equals in order
	inFlight int               // pushes that run, also of queues that were deleted
	burnt    tombstones
	history  []*task // ended, in the order they ended
	faults   []Fault
	changed  chan struct{} // closed at the next change; nil while nobody waits
	closed   bool
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	listener, err := orLoopback(o.Listener)
	if err != nil {
		return nil, err
	}
	issuerListener, err := orLoopback(o.IssuerListener)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{
		clock:         o.Clock,
		client:        pushClient(o.Client),
		issuer:        serveIssuer(issuerListener),
		listener:      listener,
		autoCreate:    o.AutoCreateQueues,
		template:      o.QueueTemplate,
		nameRetention: o.NameRetention,
		historyLimit:  o.History,
		wake:          make(chan struct{}, 1),
		queues:        make(map[string]*queue),
	}
	if s.clock == nil {
		s.clock = realClock{}
	}
	if s.template == nil {
		s.template = &cloudtaskspb.Queue{}
	}
	s.template = proto.CloneOf(s.template)
	if s.nameRetention == 0 {
		s.nameRetention = DefaultNameRetention
	}
	if s.historyLimit == 0 {
		s.historyLimit = DefaultHistory
	}
	if o.Observe != nil {
		s.feed = newFeed(o.Observe)
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.rpc = grpc.NewServer(grpc.UnaryInterceptor(s.intercept), grpc.WaitForHandlers(true))
	cloudtaskspb.RegisterCloudTasksServer(s.rpc, s)
	s.running.Go(s.schedule)
	s.running.Go(func() {
		// Serve ends only because the listener was closed, by Close or by the
		// caller who owns it; calls then fail at the client, which is the report.
		_ = s.rpc.Serve(listener)
	})
	return s, nil
}

func orLoopback(l net.Listener) (net.Listener, error) {
	if l != nil {
		return l, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cloudtaskstest: listen: %w", err)
	}
	return l, nil
}

// Addr is the host:port of the gRPC server, as an emulator host variable wants
// it.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// IssuerURL is the issuer of the server's identity tokens; discovery and keys
// are served below it.
func (s *Server) IssuerURL() string { return s.issuer.url }

// Close hangs up on every push, stops serving and waits until nothing of the
// server runs any more. What was queued is gone. Closing twice is harmless.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.rpc.Stop()
	s.issuer.close()
	s.running.Wait()
	s.client.CloseIdleConnections()
	if s.feed != nil {
		s.feed.close()
	}
}

// poke tells the scheduler that something changed. The caller may hold the
// lock.
func (s *Server) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
