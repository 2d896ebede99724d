package whatsapptest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

// Options configures a Server. The zero value accepts any token and any number
// and reports no statuses.
type Options struct {
	// Listener is where to serve; nil means a free port on loopback.
	Listener net.Listener
	// PhoneNumberIDs are the numbers that exist; none means any.
	PhoneNumberIDs []string
	// Token is the access token to ask for; empty accepts any that is not empty.
	Token string
	// Templates are those that the account has approved; nil accepts any.
	Templates []whatsapp.TemplateSpec
	// Media finds files that are kept elsewhere; nil means that there are none. It
	// is called from several goroutines.
	Media func(id string) (MediaFile, bool)
	// Presence is told of every mark as read that was accepted, before it is
	// answered; nil means that nobody is. It is called from several goroutines.
	Presence func(Presence)
	// Administration is what the calls about token, numbers and subscriptions find
	// to begin with.
	Administration Administration
	// Latency is waited before every answer.
	Latency time.Duration
	// Keep bounds how many accepted messages are remembered, and how many
	// messages have statuses to come; zero means 10 000. Older ones are forgotten.
	Keep int

	// PairLimit is what each person may be sent from each number; beyond it Graph
	// answers with code 131056. The zero value allows everything; see [Meta].
	PairLimit Allowance

	// WebhookURL is where statuses go; empty means nowhere.
	WebhookURL string
	// AppSecret signs them.
	AppSecret []byte
	// DisplayPhoneNumber and AccountID stand in them; empty means the defaults.
	DisplayPhoneNumber string
	AccountID          string
	// WebhookClient posts them; nil means one with a timeout of ten seconds.
	WebhookClient *http.Client
	// Statuses is the plan to begin with.
	Statuses StatusPlan
	// RetryDelay is waited after the first webhook that was not answered with
	// 200, and twice as long after each next; zero means one second.
	RetryDelay time.Duration
	// Attempts bounds how often a webhook is posted; zero means ten.
	Attempts int

	// Now and After are the clock; nil means package time's.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

const (
	defaultKeep       = 10_000
	defaultRetryDelay = time.Second
	defaultAttempts   = 10
	maxRequest        = 1 << 20
)

// Server is a Graph API on loopback. It is safe for concurrent use.
type Server struct {
	// URL is the base address, for a client's BaseURL.
	URL string

	options Options
	http    *http.Server
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	work    sync.WaitGroup
	outbox  chan outgoing

	mu      sync.Mutex
	sent    []SentMessage
	counts  Counts
	faults  []*Fault
	media   media
	admin   Administration
	plan    StatusPlan
	webhook string
	pairs   map[[2]string]*Allowance // by number and person
	pending int                      // statuses that were promised and not yet settled
	changed chan struct{}            // closed and replaced whenever one of the above changes
}

// Presence is what a person sees of a business that has not answered yet.
type Presence struct {
	// MessageID is the message that was marked as read, and with it those before.
	MessageID string
	// Typing: an answer is shown as being written, until it comes or 25 seconds
	// are over.
	Typing bool
	At     time.Time
}

// Counts is what a Server has seen since it started.
type Counts struct {
	Requests int
	// Accepted messages, Refused requests of any kind, and requests Dropped by a
	// fault or a client that went away.
	Accepted int
	Refused  int
	Dropped  int
	// Reads counts marks as read, Typing those that also showed typing.
	Reads  int
	Typing int
	// Statuses that a webhook took, and those given up.
	Statuses     int
	StatusesLost int
}

// NewServer starts a server. It panics if it cannot listen on loopback; to
// handle that, pass a Listener. The caller must Close it.
func NewServer(o Options) *Server {
	if o.Listener == nil {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("whatsapptest: listen: %v", err))
		}
		o.Listener = listener
	}
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	if o.RetryDelay <= 0 {
		o.RetryDelay = defaultRetryDelay
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.WebhookClient == nil {
		o.WebhookClient = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	s := &Server{
		URL:     "http://" + o.Listener.Addr().String(),
		options: o,
		outbox:  make(chan outgoing, posters),
		plan:    o.Statuses,
		admin:   o.Administration,
		webhook: o.WebhookURL,
		changed: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.work.Go(func() {
		if err := s.http.Serve(o.Listener); !errors.Is(err, http.ErrServerClosed) {
			s.cancel()
		}
	})
	for range posters {
		s.work.Go(s.post)
	}
	return s
}

// Close drops every connection, forgets the statuses that are still to come and
// waits for what the server has started.
func (s *Server) Close() {
	// Under the lock, so that no work begins once the waiting has.
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	_ = s.http.Close()
	s.work.Wait()
}

// Sent returns the accepted messages in order, as far as they are remembered.
func (s *Server) Sent() []SentMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Counts returns what has been seen so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Reset forgets messages, files, counts and faults; statuses on their way arrive.
func (s *Server) Reset() {
	s.update(func() { s.sent, s.counts, s.faults, s.media = nil, Counts{}, nil, media{} })
}

// WaitSent waits until n messages in all have been accepted, and returns those
// remembered.
func (s *Server) WaitSent(ctx context.Context, n int) ([]SentMessage, error) {
	err := s.wait(ctx, func() bool { return s.counts.Accepted >= n })
	return s.Sent(), err
}

// Drain waits until every promised status has been taken or given up.
func (s *Server) Drain(ctx context.Context) error {
	return s.wait(ctx, func() bool { return s.pending == 0 })
}

// wait returns when done, which is called under the lock, is true.
func (s *Server) wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return errors.New("whatsapptest: server is closed")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// update changes the state and wakes those who wait for a change.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

var pathPattern = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/([^/]+)/messages$`)

// ServeHTTP answers one request as Graph does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.update(func() { s.counts.Requests++ })
	if s.options.Latency > 0 && !s.pause(r.Context(), s.options.Latency) {
		s.drop()
	}
	bad := s.serve(w, r)
	if bad == nil {
		return
	}
	s.update(func() { s.counts.Refused++ })
	bad.write(w)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	if isAdmin(r) {
		return s.serveAdmin(w, r)
	}
	if isMedia(r) {
		return s.serveMedia(w, r)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return refuse(100, "Invalid parameter")
	}
	path := pathPattern.FindStringSubmatch(r.URL.Path)
	switch {
	case path == nil || r.Method != http.MethodPost:
		return &refusal{status: http.StatusNotFound, code: 2500, details: "Unknown path components"}
	case !s.authorized(r):
		return &refusal{status: http.StatusUnauthorized, code: 190, details: "Invalid OAuth access token"}
	case len(s.options.PhoneNumberIDs) > 0 && !slices.Contains(s.options.PhoneNumberIDs, path[1]):
		return &refusal{status: http.StatusBadRequest, code: 100, subcode: 33, details: "Object does not exist"}
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return refuse(100, "Invalid parameter")
	}
	request, bad := decodeRequest(body)
	if bad != nil {
		return bad
	}
	if request.Status != "" {
		return s.read(w, r, request)
	}
	message, bad := request.message(s.options.Templates)
	if bad != nil {
		return bad
	}
	message.PhoneNumberID = path[1]
	message.Raw = body
	return s.send(w, r, message)
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, request wireRequest) *refusal {
	if bad := request.checkRead(); bad != nil {
		return bad
	}
	accept := func() {
		s.update(func() {
			s.counts.Reads++
			if request.Typing != nil {
				s.counts.Typing++
			}
		})
		if s.options.Presence != nil {
			s.options.Presence(Presence{MessageID: request.MessageID, Typing: request.Typing != nil, At: s.options.Now()})
		}
	}
	fault := s.fault(SentMessage{}, true)
	if bad := s.breakDown(r.Context(), fault, accept); bad != nil {
		return bad
	}
	writeJSON(w, http.StatusOK, object{"success": true})
	return nil
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, m SentMessage) *refusal {
	m.ID = MessageID(m.Person())
	fault := s.fault(m, false)
	if fault.Kind != Refuse && fault.Kind != FailBefore && !s.allowed(m) {
		return refuse(131056, "(Business Account, Consumer Account) pair rate limit hit")
	}
	accept := func() { s.accept(m, fault) }
	if bad := s.breakDown(r.Context(), fault, accept); bad != nil {
		return bad
	}
	contact := object{"input": m.Recipient, "user_id": m.Recipient}
	if m.To != "" {
		contact = object{"input": "+" + m.To, "wa_id": m.To}
	}
	writeJSON(w, http.StatusOK, object{
		"messaging_product": "whatsapp",
		"contacts":          []any{contact},
		"messages":          []any{object{"id": m.ID}},
	})
	return nil
}

// allowed takes a message out of what its person may be sent.
func (s *Server) allowed(m SentMessage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pair := [2]string{m.PhoneNumberID, m.Person()}
	if s.pairs[pair] == nil {
		if s.pairs == nil {
			s.pairs = map[[2]string]*Allowance{}
		}
		fresh := s.options.PairLimit
		s.pairs[pair] = &fresh
	}
	return s.pairs[pair].Take(s.options.Now())
}

// breakDown plays a fault out and calls accept unless the fault prevents it. A
// request that is to get no answer ends here.
func (s *Server) breakDown(ctx context.Context, f Fault, accept func()) *refusal {
	switch f.Kind {
	case Refuse:
		return &refusal{
			status: f.HTTPStatus, code: f.Code, transient: f.Transient, retryAfter: f.RetryAfter,
			details: "Refused on command", proxy: f.Code == 0,
		}
	case FailBefore:
		s.drop()
	case FailAfter:
		accept()
		s.drop()
	case Hang:
		if !s.hang(ctx, f.Duration) {
			s.drop()
		}
		accept()
	case HangAfter:
		accept()
		if !s.hang(ctx, f.Duration) {
			s.drop()
		}
	default:
		accept()
	}
	return nil
}

// drop breaks the connection without an answer.
func (s *Server) drop() {
	s.update(func() { s.counts.Dropped++ })
	panic(http.ErrAbortHandler)
}

// hang waits for the duration, or for ever if it is zero. It returns false when
// the client or the server went away first.
func (s *Server) hang(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		return s.pause(ctx, d)
	}
	select {
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-s.options.After(d):
		return true
	case <-ctx.Done():
		return false
	case <-s.ctx.Done():
		return false
	}
}

// accept records a message and promises its statuses.
func (s *Server) accept(m SentMessage, f Fault) {
	m.At = s.options.Now()
	s.update(func() {
		s.counts.Accepted++
		s.sent = append(s.sent, m)
		if extra := len(s.sent) - s.options.Keep; extra > 0 {
			s.sent = slices.Delete(s.sent, 0, extra)
		}
		s.promise(m, f)
	})
}
