package simulation

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pyloto/atende/internal/channel"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/turn"
	"github.com/pyloto/atende/internal/worker"
)

// stopPatience is how long a process that was told to stop may go on.
const stopPatience = 10 * time.Second

// instance is one process of a service.
type instance struct {
	name  string
	serve http.Handler
	skew  time.Duration
	calm  bool // it meets no bad luck
	ctx   context.Context
	stop  context.CancelFunc
	dead  bool        // as the scheduler sees it
	gone  atomic.Bool // as its goroutines see it
}

// now is the process's own clock.
func (i *instance) now() time.Time { return time.Now().Add(i.skew) }

// process starts a process.
func (w *world) process(isWorker bool, skew time.Duration) *instance {
	w.instances++
	kind := "ingress"
	if isWorker {
		kind = "worker"
	}
	i := &instance{name: fmt.Sprintf("%s%d", kind, w.instances), skew: skew}
	i.ctx, i.stop = context.WithCancel(context.Background())
	e := echo.New()
	if isWorker {
		back := w.worker(i)
		worker.Register(e, func() *worker.Worker { return back })
	} else {
		door := w.ingress(i)
		ingress.Register(e, func() *ingress.Ingress { return door })
	}
	i.serve = e
	return i
}

// ingress puts the front door together as the program does.
func (w *world) ingress(i *instance) *ingress.Ingress {
	p := port{w}
	o := ingress.Options{
		Tenant: tenant, Numbers: []string{number}, Key: w.key, Ring: w.ring, Inbox: inboxPort{p}, Hint: hintPort{p},
		Secrets: ingress.Secrets{
			App:    func(context.Context) ([]pii.Secret, error) { return []pii.Secret{appSecret}, nil },
			Verify: func(context.Context) (pii.Secret, error) { return "verify", nil },
		},
		Coalesce: windows.Quiet, Now: i.now, Metrics: w.tel.Metrics(),
	}
	if w.mutant != nil && w.mutant.ingress != nil {
		w.mutant.ingress(w, &o)
	}
	return ingress.New(o)
}

// worker puts the back door and the turns behind it together as the program
// does.
func (w *world) worker(i *instance) *worker.Worker {
	p := port{w}
	o := turn.Options{
		Tenant: tenant, Key: w.key, Ring: w.ring,
		Ledger: ledgerPort{p}, Outbox: ledgerPort{p}, Receipts: ledgerPort{p}, Watermark: ledgerPort{p}, Morgue: ledgerPort{p},
		Reopener: ledgerPort{p}, EffectRecords: ledgerPort{p}, Performer: teamPort{p}, Ways: []conversation.Way{conversation.WayWebhook}, Consequence: turn.Noting{Journal: ledgerPort{p}},
		Hint: hintPort{p}, Mailbox: hintPort{p}, Inbox: inboxPort{p}, Platform: channel.Platform{}, Sender: senderPort{p}, Mind: partedMind{w.mind},
		Senses:   sensesPort{p},
		PackHash: w.hash, Now: i.now, Token: rand.Text, Limits: windows, Policy: w.policy,
	}
	if w.mutant != nil && w.mutant.turn != nil {
		w.mutant.turn(w, &o)
	}
	back := worker.Options{
		Tenant: tenant, Key: w.key, Identity: worker.NewIdentity(worker.IdentityOptions{Mode: worker.None}),
		Turns: turn.New(o), Telemetry: w.tel, Now: i.now,
	}
	if w.mutant != nil && w.mutant.worker != nil {
		w.mutant.worker(w, &back)
	}
	return worker.New(back)
}

// handler is one request in one process.
type handler struct {
	w        *world
	id       int
	instance *instance
	what     string
	// finished is told the status, or zero when the process died.
	finished  func(status int)
	status    int
	forgotten bool // nobody waits for it any more
}

func (h *handler) name() string { return fmt.Sprintf("#%d %s %s", h.id, h.instance.name, h.what) }
func (h *handler) gone() bool   { return h.instance.gone.Load() }
func (h *handler) calm() bool   { return h.w.calm || h.instance.calm }

type handlerKey struct{}

func handlerOf(ctx context.Context) *handler {
	h, ok := ctx.Value(handlerKey{}).(*handler)
	if !ok {
		panic("simulation: a call that belongs to no request")
	}
	return h
}

// requestLimit is when the platform ends a request, but for a few milliseconds.
const requestLimit = 120*time.Second + 3*time.Millisecond

// handle gives a request to a process.
func (w *world) handle(i *instance, what string, request func(context.Context) *http.Request, finished func(int)) {
	w.handlers++
	h := &handler{w: w, id: w.handlers, instance: i, what: what, finished: finished}
	w.running[h.id] = h
	w.note("%s begins", h.name())
	go func() {
		ctx, cancel := context.WithTimeout(context.WithValue(i.ctx, handlerKey{}, h), requestLimit)
		defer cancel()
		h.status = serve(i.serve, request(ctx))
		w.mu.Lock()
		w.ended = append(w.ended, h)
		w.mu.Unlock()
		w.nudge()
	}()
}

// serve answers a request; a panic is the server's to catch.
func serve(server http.Handler, r *http.Request) (status int) {
	defer func() {
		if recover() != nil {
			status = http.StatusInternalServerError
		}
	}()
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, r)
	return recorder.Code
}

// choose is a process that takes a request now.
func (w *world) choose(from []*instance) *instance { return from[w.luck.pick(len(from))] }

// kill ends a process at once. What it had sent may still arrive; whoever
// waited for it hears that the connection is gone. Another one takes its
// place.
func (w *world) kill(i *instance) {
	if i.dead || i.calm {
		return
	}
	i.dead = true
	i.gone.Store(true)
	w.tally.crashes++
	w.note("%s dies", i.name)
	for _, o := range w.pending {
		if o.h.instance != i {
			continue
		}
		if !o.applied && w.luck.pick(3) > 0 {
			o.applied, o.apply = true, func(*op) {}
		}
		w.answer(o, errGone)
	}
	i.stop()
	w.forget(i)
	w.replace(i)
}

// forget tells whoever waits for the process that it is gone.
func (w *world) forget(i *instance) {
	for id := range w.handlers + 1 {
		if h, ok := w.running[id]; ok && h.instance == i && !h.forgotten {
			h.forgotten = true
			h.finished(0)
		}
	}
}

// replace puts a new process where one was.
func (w *world) replace(i *instance) {
	if at := slices.Index(w.workers, i); at >= 0 {
		w.workers[at] = w.process(true, w.luck.skew(true))
	}
	if at := slices.Index(w.ingresses, i); at >= 0 {
		w.ingresses[at] = w.process(false, w.luck.skew(false))
	}
}

// terminate tells a process to stop, as a deployment does: it gets no more
// requests, what runs is cancelled, and what still runs after a while is
// killed.
func (w *world) terminate(i *instance) {
	if i.dead || i.calm {
		return
	}
	w.tally.stops++
	w.replace(i)
	i.stop()
	w.after(stopPatience, i.name+" is out of time", func() {
		for _, h := range w.running {
			if h.instance == i {
				w.kill(i)
				return
			}
		}
	})
}
