package scenario

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/handoff"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/openai"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// What the parts of a street call each other by. They open nothing.
const (
	tenant    = "scenario"
	appSecret = "scenario-app-secret"
	token     = "scenario-token"
	webhook   = "/webhook/whatsapp"
)

// Times of the street. Those that are waited for in the scenario are the
// defaults of production; a caller's patience is real time.
const (
	quiet       = 1500 * time.Millisecond
	patience    = 30 * time.Second
	noPatience  = 250 * time.Millisecond // of a model that is going to stall
	turnPatient = time.Minute
	sessionTTL  = 2 * time.Hour
)

// street is everything around one scenario.
type street struct {
	clock   *clock
	queue   *queue
	pen     whatsapptest.Pen
	key     *pii.HashKey
	door    http.Handler
	turns   *turn.Turns
	desk    *operator.Operator
	ledger  *memory.Ledger
	model   *openaitest.Server
	graph   *whatsapptest.Server
	team    *team
	senses  *senses
	script  *script
	persons conversation.Identity
	// written is what the lead and people of the business wrote, oldest first.
	written []whatsapptest.SentMessage
	close   func()
}

// newStreet puts the rooms together for s. The caller closes it.
func newStreet(ctx context.Context, s Scenario, pack otto.Pack, tel *telemetry.Telemetry) (_ *street, err error) {
	w := &street{clock: &clock{now: s.Start}, senses: &senses{files: map[string]Message{}}}
	w.queue = &queue{clock: w.clock, names: map[string]bool{}}
	w.pen = whatsapptest.Pen{AppSecret: []byte(appSecret), Now: w.clock.Now}
	if w.key, err = pii.NewHashKey(bytes.Repeat([]byte{1}, 32)); err != nil {
		return nil, err
	}
	ring, err := pii.NewRing(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		return nil, err
	}
	w.persons = personOf(s.From)

	w.model = openaitest.NewServer(openaitest.Options{Now: w.clock.Now})
	w.graph = whatsapptest.NewServer(whatsapptest.Options{Token: token, Now: w.clock.Now})
	w.team, err = newTeam(ctx)
	models := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	graphs := &http.Client{Transport: whatsapp.NewTransport()}
	w.close = func() {
		models.CloseIdleConnections()
		graphs.CloseIdleConnections()
		w.model.Close()
		w.graph.Close()
		w.team.close()
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()

	w.ledger = memory.NewLedger(memory.LedgerOptions{Now: w.clock.Now})
	hint := memory.NewHint(memory.HintOptions{
		LeaseTTL: turnPatient, SessionTTL: sessionTTL, DedupeTTL: 48 * time.Hour, Now: w.clock.Now,
	})
	var model otto.Model
	if s.Model != NoModel {
		model = openai.New(openai.Options{
			APIKey:  func(context.Context) (pii.Secret, error) { return token, nil },
			BaseURL: w.model.URL(), Timeout: s.modelPatience(), HTTPClient: models, Now: w.clock.Now,
		})
	}
	w.answerWith(s)
	mind, err := otto.New(otto.Options{Pack: pack, Model: model, Tenant: tenant})
	if err != nil {
		return nil, err
	}
	graph, err := whatsapp.NewClient(whatsapp.Options{
		BaseURL: w.graph.URL, Timeout: patience, HTTPClient: graphs,
		Token: func(context.Context) (string, error) { return token, nil },
	})
	if err != nil {
		return nil, err
	}
	w.turns = turn.New(turn.Options{
		Tenant: tenant, Key: w.key, Ring: ring,
		Ledger: w.ledger, Outbox: w.ledger, Reopener: w.ledger, EffectRecords: w.ledger, Receipts: w.ledger,
		Watermark: w.ledger, Morgue: w.ledger, Consequence: turn.Noting{Journal: w.ledger},
		Ways: []conversation.Way{conversation.WayWebhook},
		Performer: handoff.Team{conversation.WayWebhook: handoff.New(handoff.Options{
			URL:    func(context.Context) (pii.Secret, error) { return pii.Secret(w.team.url), nil },
			Secret: func(context.Context) (pii.Secret, error) { return appSecret, nil },
			Now:    w.clock.Now,
		})},
		Hint: hint, Mailbox: hint, Inbox: w.queue,
		Platform: channel.Platform{}, Sender: channel.New(channel.Options{Graph: graph, Menu: pack.Sentences.ListLabel, Now: w.clock.Now}),
		Mind: mind, PackHash: pack.Hash, Now: w.clock.Now, Token: rand.Text, Policy: turn.Resend,
		Limits: turn.Limits{
			// A turn waits in real time, which does not pass here: the queue
			// alone waits for a burst.
			Quiet: 0, TurnDeadline: turnPatient, SendPermit: 5 * time.Second, GraphTimeout: 20 * time.Second,
			AmbiguityWindow: time.Minute, ParkAfter: 15 * time.Minute, LeaseTTL: turnPatient, SessionTTL: sessionTTL,
		},
		Budget: turn.Budget{Zone: pack.Location},
		Senses: s.senses(w.senses),
	})
	w.desk = operator.New(operator.Options{
		Tenant: tenant, Numbers: []string{whatsapptest.DefaultPhoneNumberID}, Key: w.key, Ring: ring, Ledger: w.ledger, Inbox: w.queue,
		Now: w.clock.Now, Token: rand.Text, SessionTTL: sessionTTL,
		Script:    func() (turn.ReplayOptions, error) { return turn.ReplayOptions{PackHash: pack.Hash}, nil },
		Knowledge: func() (operator.Knowledge, error) { return operator.Knowledge{Hash: pack.Hash}, nil },
		Minds:     operator.Minds{New: func(string, string) (turn.Mind, error) { return mind, nil }},
	})
	in := ingress.New(ingress.Options{
		Tenant: tenant, Numbers: []string{whatsapptest.DefaultPhoneNumberID}, Key: w.key, Ring: ring,
		Inbox: w.queue, Hint: hint, Coalesce: quiet, Now: w.clock.Now, Metrics: tel.Metrics(),
		Secrets: ingress.Secrets{
			App:    func(context.Context) ([]pii.Secret, error) { return []pii.Secret{appSecret}, nil },
			Verify: func(context.Context) (pii.Secret, error) { return appSecret, nil },
		},
	})
	server := httpserver.New(httpserver.Options{Service: "scenario", Enter: tel.Enter, Now: w.clock.Now})
	ingress.Register(server.Echo(), func() *ingress.Ingress { return in })
	w.door = server.Handler()
	return w, nil
}

// answerWith has the stand-in answer as the scenario wants it.
func (w *street) answerWith(s Scenario) {
	switch s.Model {
	case Scripted:
		w.script = &script{state: func() conversation.State { return w.standing().Session.State }}
		w.model.Answer(w.script.answer)
	case Worst:
		w.model.Answer(openaitest.Worst(s.Seed))
	}
}

// modelPatience is how long the client waits for the model: not long for one
// that is going to stall, and long enough for a busy machine otherwise.
func (s Scenario) modelPatience() time.Duration {
	for _, step := range s.Steps {
		for _, a := range step.Answers {
			if f, _ := faultOf(a.Fault); f.Kind == openaitest.Stall {
				return noPatience
			}
		}
	}
	return patience
}

func personOf(from string) conversation.Identity {
	if strings.Trim(from, "0123456789") == "" {
		return conversation.Identity{Phone: pii.Contact(from)}
	}
	return conversation.Identity{UserID: pii.Contact(from)}
}

// standing is the conversation as the ledger has it; a new one before the
// first turn.
func (w *street) standing() conversation.Conversation {
	ids := w.persons.Conversations(w.key, whatsapptest.DefaultPhoneNumberID)
	stored, err := w.ledger.Conversation(context.Background(), ids)
	if err != nil || stored == nil {
		return conversation.New(ids[0], whatsapptest.DefaultPhoneNumberID, w.persons)
	}
	return stored.Conversation
}

// maxTurns is how many turns of a conversation are looked at.
const maxTurns = 1000

// history are the conversation's turns, oldest first.
func (w *street) history(ctx context.Context) ([]conversation.StoredTurn, error) {
	turns, err := w.ledger.Turns(ctx, w.standing().ID, maxTurns)
	slices.Reverse(turns)
	return turns, err
}

// arrive posts a webhook to the ingress, as Meta does.
func (w *street) arrive(ctx context.Context, body []byte) error {
	a := &answered{header: http.Header{}, status: http.StatusOK}
	w.door.ServeHTTP(a, w.pen.Request(ctx, webhook, body))
	if a.status != http.StatusOK {
		return fmt.Errorf("the ingress answered a webhook with status %d", a.status)
	}
	return nil
}

// answered keeps the status of an answer.
type answered struct {
	header http.Header
	status int
}

func (a *answered) Header() http.Header         { return a.header }
func (a *answered) WriteHeader(status int)      { a.status = status }
func (a *answered) Write(b []byte) (int, error) { return len(b), nil }

// maxDispatches bounds the tasks of one step.
const maxDispatches = 5000

// drain dispatches every task that is due by until, moving the clock as it
// goes, and has Meta report what was sent.
func (w *street) drain(ctx context.Context, until time.Time) error {
	for range maxDispatches {
		t, ok := w.queue.next(until)
		if !ok {
			return nil
		}
		w.clock.to(t.at)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		before := len(w.graph.Sent())
		if err := w.dispatch(ctx, t); err != nil {
			w.queue.again(t)
		} else {
			w.queue.done(t)
		}
		for _, m := range w.graph.Sent()[before:] {
			if err := w.reported(ctx, m); err != nil {
				return err
			}
		}
	}
	return errors.New("the queue does not come to rest")
}

// dispatch gives a task to the turns, as the worker does.
func (w *street) dispatch(ctx context.Context, t *task) error {
	body, err := t.envelope.Encode()
	if err != nil {
		return err
	}
	e, err := envelope.Decode(body)
	if err != nil {
		return err
	}
	e.Retries = t.retries
	switch e.Kind {
	case envelope.Inbound:
		_, err = w.turns.Inbound(ctx, e, body)
	case envelope.Status:
		_, err = w.turns.Statuses(ctx, e)
	case envelope.Timer:
		_, err = w.turns.Timer(ctx, e)
	default:
		_, err = w.turns.Quarantine(ctx, e)
	}
	return err
}

// reported has Meta report that a message was sent and delivered.
func (w *street) reported(ctx context.Context, m whatsapptest.SentMessage) error {
	to := m.Person()
	return w.arrive(ctx, whatsapptest.Batch(
		w.pen.Status(to, m.ID, whatsapp.StateSent, m.Opaque, 0),
		w.pen.Status(to, m.ID, whatsapp.StateDelivered, m.Opaque, 0),
	))
}

// team is the system that is told of handoffs: a receiver on loopback that
// checks what a receiver can check. It is safe for concurrent use.
type team struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	calls []notice
}

// notice is what the team was told, once.
type notice struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Reason   string `json:"reason"`
	Briefing string `json:"briefing"`
}

func newTeam(ctx context.Context) (*team, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return &team{server: &http.Server{ReadHeaderTimeout: patience}}, fmt.Errorf("listen for handoffs: %w", err)
	}
	t := &team{url: "http://" + listener.Addr().String() + "/handoff"}
	t.server = &http.Server{Handler: http.HandlerFunc(t.take), ReadHeaderTimeout: patience}
	go func() { _ = t.server.Serve(listener) }()
	return t, nil
}

func (t *team) close() { _ = t.server.Close() }

// maxNotice bounds what is read of a notice.
const maxNotice = 1 << 20

// take keeps a notice that is signed; a copy is taken once.
func (t *team) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxNotice))
	signature := handoff.Sign(appSecret, r.Header.Get(handoff.HeaderTimestamp), body)
	var n notice
	if err != nil || json.Unmarshal(body, &n) != nil || n.ID == "" ||
		r.Header.Get(handoff.HeaderSignature) != signature || r.Header.Get("Idempotency-Key") != n.ID {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.ContainsFunc(t.calls, func(known notice) bool { return known.ID == n.ID }) {
		t.calls = append(t.calls, n)
	}
}

// told is everything that the team was told, in order.
func (t *team) told() []notice {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls)
}
