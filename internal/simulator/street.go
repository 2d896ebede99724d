package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/alicebob/miniredis/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/desk"
	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/registrar"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/workerd"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	// redisTick is how exactly keys of the embedded Redis expire.
	redisTick = 20 * time.Millisecond
	// readyPatience is how long the address is held back for services that are
	// not ready; they may still become so.
	readyPatience = 3 * time.Second
	readyPoll     = 10 * time.Millisecond
	readyTry      = 200 * time.Millisecond
	// timerPath is the worker's route of timers.
	timerPath = "/tasks/timer"
	// stopPatience is how long work at hand may take at the end before what it
	// waits for is cut.
	stopPatience = 2 * time.Second
)

// statuses is how a phone that lies at hand reports: delivered at once, read
// when somebody looked.
var statuses = whatsapptest.StatusPlan{Delivered: 250 * time.Millisecond, Read: 900 * time.Millisecond}

// Options are what the street is given from outside. Version may be empty.
type Options struct {
	// Environ is the environment in the form of os.Environ.
	Environ []string
	// Stdout takes the greeting, Stderr the services' logs when they are asked
	// for.
	Stdout, Stderr io.Writer
	Version        string
}

// Run starts the street, prints where it is, and runs it until ctx is done.
// Its error says by program.Exit which code the process ends with; being asked
// to stop is none.
func Run(ctx context.Context, o Options) error {
	w, err := readWishes(o.Environ)
	if err != nil {
		return err
	}
	s := &street{o: o, wishes: w, clock: newClock(), logs: &logs{}, kills: newFuse(), failed: make(chan error, len(serviceNames))}
	if w.logs {
		s.logs.also = o.Stderr
	}
	defer s.stop()
	if err := s.start(); err != nil {
		return err
	}
	s.waitReady(ctx)
	select {
	case err := <-s.failed:
		return err
	default:
		greet(o.Stdout, o.Version, w, s.parts, "http://"+s.page.Addr().String())
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// street is everything that runs.
type street struct {
	o      Options
	wishes wishes
	clock  *clock
	logs   *logs
	parts  []part
	failed chan error // a service that ended by itself

	page    net.Listener
	ingress net.Listener
	worker  net.Listener
	key     *pii.HashKey

	redis     *gate // nil where there is none, or it is spoken to with TLS
	ledger    breakable
	archive   records                    // past every fault
	memory    func(*life) workerd.Ledger // nil with the emulator
	examined  doctor.Ledger              // likewise; the doctor opens another one by itself
	kills     *fuse                      // of the worker
	overview  *overview                  // of everything that happens
	standings *standings                 // of everybody in the list
	tasks     *cloudtaskstest.Server
	graph     *whatsapptest.Server
	model     *openaitest.Server
	prompts   *prompts // nil where there is no model
	team      *team
	witness   *witness
	courier   *courier
	at        addresses
	scenery   *transcript
	shelf     *shelf
	endings   []func() // in the order of starting
	hangUps   []func() // let go what work at hand may wait for
}

// start starts every part; what was started is in endings, also after an
// error.
func (s *street) start() error {
	listeners, err := listenAll(s.wishes.portBase)
	if err != nil {
		return err
	}
	s.page, s.ingress, s.worker = listeners[0], listeners[1], listeners[2]
	for _, l := range listeners {
		s.onStop(func() { _ = l.Close() })
	}
	s.parts = s.wishes.describe(s.ingress.Addr().String(), s.worker.Addr().String())
	s.at.worker = "http://" + s.worker.Addr().String()
	s.scenery, s.shelf = newTranscript(int(s.clock.Now().UnixMicro())), newShelf()
	for _, step := range []func() error{
		s.startRedis, s.startLedger, s.startOverview, s.startModel, s.startTasks, s.startMeta, s.startTeam, s.startServices, s.startPage,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// stop ends every part in reverse order. Work at hand is finished, unless it
// waits for something that does not come.
func (s *street) stop() {
	done := make(chan struct{})
	var impatience sync.WaitGroup
	impatience.Go(func() {
		overdue := time.NewTimer(stopPatience)
		defer overdue.Stop()
		select {
		case <-overdue.C:
			for _, hangUp := range s.hangUps {
				hangUp()
			}
		case <-done:
		}
	})
	for _, end := range slices.Backward(s.endings) {
		end()
	}
	close(done)
	impatience.Wait()
}

func (s *street) onStop(end func()) { s.endings = append(s.endings, end) }

// startRedis starts the embedded Redis, or puts a gate before another one.
func (s *street) startRedis() error {
	if s.wishes.noRedis {
		return nil
	}
	target, scheme := s.wishes.redis, "redis"
	if target != nil && target.Scheme != scheme {
		// The gate cannot speak for the name in the certificate.
		s.at.redis = target.String()
		return nil
	}
	behind := ""
	if target != nil {
		behind = target.Host
		if target.Port() == "" {
			behind = net.JoinHostPort(target.Hostname(), "6379")
		}
	} else {
		embedded := miniredis.NewMiniRedis()
		if err := embedded.Start(); err != nil {
			return fmt.Errorf("start embedded redis: %w", err)
		}
		s.onStop(embedded.Close)
		s.onStop(s.driveRedis(embedded))
		behind = embedded.Addr()
	}
	gate, err := newGate(behind)
	if err != nil {
		return fmt.Errorf("open the gate of redis: %w", err)
	}
	s.onStop(gate.close)
	s.hangUps = append(s.hangUps, gate.fuse.clear)
	s.redis = gate
	s.at.redis = "redis://" + gate.addr()
	if target != nil {
		through := *target
		through.Host = gate.addr()
		s.at.redis = through.String()
	}
	return nil
}

// driveRedis makes the embedded Redis live on the street's clock; the function
// returned ends that.
func (s *street) driveRedis(embedded *miniredis.Miniredis) func() {
	embedded.SetTime(s.clock.Now())
	embedded.ClockTTL(true)
	s.clock.Follow(embedded.SetTime)
	over := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		tick := time.NewTicker(redisTick)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				embedded.SetTime(s.clock.Now())
			case <-over:
				return
			}
		}
	})
	return func() {
		close(over)
		work.Wait()
	}
}

// startLedger makes the ledger in memory, or opens the emulator.
func (s *street) startLedger() error {
	kinds := []kind{failBefore, failAfter, hang}
	keyBytes, err := config.DecodeKey(s.wishes.worker.ContactHashKey.Literal())
	if err != nil {
		return fmt.Errorf("CONTACT_HASH_KEY: %w", err)
	}
	if s.key, err = pii.NewHashKey(keyBytes); err != nil {
		return fmt.Errorf("CONTACT_HASH_KEY: %w", err)
	}
	s.scenery.name = func(id string) conversation.MessageID { return conversation.MessageID(s.key.Message(pii.Contact(id))) }
	if s.wishes.emulator == "" {
		inMemory := memory.NewLedger(memory.LedgerOptions{Now: s.clock.Now})
		fuse := newFuse()
		s.archive, s.examined = inMemory, inMemory
		s.memory = func(l *life) workerd.Ledger { return shakyLedger{ledger: inMemory, fuse: fuse, life: l} }
		s.ledger = fusePoint("ledger", fuse, kinds...)
		s.hangUps = append(s.hangUps, fuse.clear)
		return nil
	}
	gate, err := newGate(s.wishes.emulator)
	if err != nil {
		return fmt.Errorf("open the gate of the ledger: %w", err)
	}
	s.onStop(gate.close)
	s.hangUps = append(s.hangUps, gate.fuse.clear)
	s.ledger = fusePoint("ledger", gate.fuse, kinds...)
	s.at.firestore = gate.addr()

	var secrets []pii.Secret
	for _, key := range s.wishes.worker.DataKeys {
		secrets = append(secrets, key.Literal())
	}
	keys, err := config.DecodeKeyRing(secrets...)
	if err != nil {
		return fmt.Errorf("DATA_KEY: %w", err)
	}
	ring, err := pii.NewRing(keys...)
	if err != nil {
		return fmt.Errorf("DATA_KEY: %w", err)
	}
	// The page reads past the gate: it must show what is, while faults last.
	store, err := firestore.New(firestore.Options{
		ProjectID: s.wishes.worker.Firestore.Project, DatabaseID: s.wishes.worker.Firestore.Database,
		Tenant: s.wishes.worker.Tenant, EmulatorHost: s.wishes.emulator, Ring: ring, Now: s.clock.Now,
	})
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	s.onStop(func() { _ = store.Close() })
	s.archive = store
	return nil
}

// startOverview adds up what happens, before anything does.
func (s *street) startOverview() error {
	s.overview, s.standings = newOverview(s.archive, s.clock.Now(), s.scenery.nudge), &standings{}
	s.scenery.tally, s.logs.read = s.overview.line, s.readLog
	s.background(s.overview.follow)
	return nil
}

// startModel starts the offline model, or takes the real one, and the proxy
// before either that remembers what it is asked.
func (s *street) startModel() error {
	upstream := s.wishes.worker.OpenAI.BaseURL
	switch s.wishes.model {
	case modelOff:
		return nil
	case modelOffline:
		s.model = openaitest.NewServer(openaitest.Options{Key: developmentModel, Now: s.clock.Now, After: s.clock.After})
		s.onStop(s.model.Close)
		s.hangUps = append(s.hangUps, s.model.Heal)
		upstream = s.model.URL()
	case modelReal:
	}
	proxy, err := newPrompts(upstream, s.clock.Now)
	if err != nil {
		return fmt.Errorf("start the model's proxy: %w", err)
	}
	s.onStop(proxy.close)
	s.hangUps = append(s.hangUps, proxy.close)
	s.prompts, s.at.model = proxy, proxy.url
	return nil
}

func (s *street) startTasks() error {
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{
		Clock: s.clock, AutoCreateQueues: true, QueueTemplate: queue(), History: -1,
		Observe: func(e cloudtaskstest.Event) {
			if e.Kind == cloudtaskstest.Answered || e.Kind == cloudtaskstest.Ended {
				s.scenery.nudge()
			}
		},
	})
	if err != nil {
		return fmt.Errorf("start cloud tasks: %w", err)
	}
	s.onStop(tasks.Close)
	s.hangUps = append(s.hangUps, tasks.Close)
	s.tasks = tasks
	s.at.tasks, s.at.issuer = tasks.Addr(), tasks.IssuerURL()
	at := s.wishes.worker.Tasks
	parent := "projects/" + at.Project + "/locations/" + at.Location
	for _, id := range at.Status {
		// A receipt must not wait as long as a message may.
		receipts := queue()
		receipts.Name, receipts.RetryConfig.MaxBackoff = parent+"/queues/"+id, durationpb.New(15*time.Second)
		if _, err := tasks.CreateQueue(context.Background(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: receipts}); err != nil {
			return fmt.Errorf("create the queue of statuses: %w", err)
		}
	}
	return nil
}

// queue is set as queues are in production, but for a shorter first pause: a
// person is looking.
func queue() *cloudtaskspb.Queue {
	return &cloudtaskspb.Queue{
		RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 500, MaxConcurrentDispatches: 64},
		RetryConfig: &cloudtaskspb.RetryConfig{
			MaxAttempts: -1, MinBackoff: durationpb.New(time.Second), MaxBackoff: durationpb.New(5 * time.Minute), MaxDoublings: 5,
		},
	}
}

// startMeta starts the fake Graph and what brings webhooks.
func (s *street) startMeta() error {
	webhook := "http://" + s.ingress.Addr().String() + "/webhook/whatsapp"
	pen := whatsapptest.Pen{
		AppSecret:     []byte(s.wishes.ingress.AppSecrets[0].Literal().Reveal()),
		PhoneNumberID: s.wishes.ingress.PhoneNumberIDs[0],
		AccountID:     s.wishes.ingress.BusinessAccountID,
		Now:           s.clock.Now,
	}
	transport := &http.Transport{MaxIdleConnsPerHost: idleSocketsN, IdleConnTimeout: time.Minute}
	s.onStop(transport.CloseIdleConnections)
	s.witness = &witness{transcript: s.scenery, next: transport, clock: s.clock}
	listener, err := listen(0)
	if err != nil {
		return fmt.Errorf("start graph: %w", err)
	}
	s.graph = whatsapptest.NewServer(whatsapptest.Options{
		Listener: listener, PhoneNumberIDs: s.wishes.worker.PhoneNumberIDs, Token: developmentToken, Keep: maxSent,
		WebhookURL: webhook, AppSecret: pen.AppSecret, AccountID: pen.AccountID, Statuses: statuses,
		WebhookClient: &http.Client{Transport: s.witness, Timeout: metaPatience}, Media: s.shelf.serve,
		Presence: s.witness.presence, Now: s.clock.Now, After: s.clock.After,
		Administration: whatsapptest.Healthy(webhook, registrar.Fields()...),
	})
	s.onStop(s.graph.Close)
	s.hangUps = append(s.hangUps, s.graph.Close)
	s.at.graph = s.graph.URL
	s.witness.of(s.graph)
	s.background(s.witness.watch)
	s.background(s.witness.quieten)
	s.courier = newCourier(pen, webhook, s.clock, s.settled)
	return nil
}

// settled notes in the transcript what became of a webhook.
func (s *street) settled(id string, accepted bool) {
	if accepted {
		s.scenery.progress(id, statusDelivered)
	} else {
		s.scenery.fail(id, nil)
	}
}

// startServices starts the two programs, the worker first, so that at the end
// the ingress stops first and what it accepted still finds a worker.
func (s *street) startServices() error {
	environ := s.wishes.environ(s.at)
	w := &worker{
		listener: s.worker, logs: s.logs, at: s.at, environ: s.wishes.environ, ledger: s.memory, fuse: s.kills,
		options: workerd.Options{Version: s.o.Version, Now: s.clock.Now},
	}
	s.service("worker", w.run)
	s.service("ingress", func(ctx context.Context) error {
		return ingressd.Run(ctx, ingressd.Options{
			Environ: environ, Stdout: s.logs, Version: s.o.Version, Listener: s.ingress, Now: s.clock.Now,
		})
	})
	s.onStop(s.courier.close)
	return nil
}

// service runs a program until it is stopped, or says that it ended.
func (s *street) service(name string, run func(context.Context) error) {
	s.background(func(ctx context.Context) {
		err := run(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("ended by itself")
		}
		if err != nil {
			s.failed <- fmt.Errorf("%s: %w", name, err)
		}
	})
}

// background runs f until the street stops.
func (s *street) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { f(ctx) })
	s.onStop(func() {
		cancel()
		work.Wait()
	})
}

// startPage serves the page and its API.
func (s *street) startPage() error {
	works, release, err := desk.Open(context.Background(), desk.Options{
		Environ: s.wishes.environ(s.at), Ledger: s.archive, Now: s.clock.Now,
	})
	if err != nil {
		return fmt.Errorf("operators: %w", err)
	}
	s.onStop(release)
	done := make(chan struct{})
	a := &api{
		transcript: s.scenery, shelf: s.shelf, courier: s.courier, points: s.points(), archive: s.archive, operator: works, logs: s.logs,
		writer:   writer{pen: s.courier.pen, shelf: s.shelf, find: s.scenery.line},
		overview: s.overview, standings: s.standings,
		clock: s.clock, noClock: s.wishes.clockOff(), key: s.key, number: s.wishes.worker.PhoneNumberIDs[0],
		parts: s.parts, done: done, team: s.team,
		waiting: s.waiting, opening: openings(s.wishes.worker.PackDir), witness: s.witness, prompts: s.prompts,
		sessionTTL: s.wishes.worker.SessionTTL,
		examine: func(ctx context.Context, write bool) doctor.Report {
			return doctor.Examine(ctx, doctor.Options{Environ: s.wishes.environ(s.at), Ledger: s.examined, Now: s.clock.Now, Write: write})
		},
	}
	mux := http.NewServeMux()
	a.register(mux)
	registerPage(mux)
	server := &http.Server{Handler: guard(mux), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(s.page); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("page: %w", err)
		}
	}()
	s.onStop(func() {
		close(done)
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience/2)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // Somebody does not let go.
		}
		<-served
	})
	return nil
}

// points are where the street can be broken.
func (s *street) points() points {
	redis := breakable{name: "redis", without: "it is spoken to with TLS, so nothing can stand between"}
	switch {
	case s.wishes.noRedis:
		redis.without = "there is none; hints are in memory"
	case s.redis != nil:
		redis = fusePoint("redis", s.redis.fuse, failBefore, failAfter, hang)
	}
	const real = "it is not the offline one"
	model, ears := breakable{name: "model", without: real}, breakable{name: "transcription", without: real}
	if s.model != nil {
		model, ears = modelPoint(s.model), transcriptionPoint(s.model)
	}
	return points{
		graphPoint(s.graph), model, redis, s.ledger, tasksPoint(s.tasks),
		fusePoint("webhook", s.courier.fuse, failBefore, failAfter, hang, status, duplicate, late, reorder),
		mediaPoint(s.graph), ears, s.workerPoint(),
	}
}

// workerPoint is the worker itself, killed in the middle of a turn.
func (s *street) workerPoint() breakable {
	switch {
	case s.memory == nil:
		return breakable{name: "worker", without: "the moments of a turn are seen at the ledger in memory, and this is another"}
	case s.redis == nil && !s.wishes.noRedis:
		return breakable{name: "worker", without: "it speaks to Redis with TLS, so nothing can cut that at its death"}
	default:
		return fusePoint("worker", s.kills, failBefore, hang, failAfter)
	}
}

// waiting counts what is on its way.
func (s *street) waiting() waiting {
	w := waiting{Webhooks: s.courier.waiting()}
	now := s.clock.Now()
	for _, task := range s.tasks.Tasks() {
		running := slices.ContainsFunc(task.Attempts, func(a cloudtaskstest.Attempt) bool { return a.Ended.IsZero() })
		due := running || !task.Schedule.After(now)
		if timer := strings.HasSuffix(task.URL, timerPath); timer && !due {
			w.Timers++
			continue
		}
		w.Tasks++
		if due {
			w.Due++
		}
	}
	return w
}

// clockOff says why nobody can skip time; empty when anybody can.
func (w *wishes) clockOff() string {
	switch {
	case w.redis != nil:
		return "REDIS_URL is set, and that Redis keeps a time of its own"
	case w.emulator != "":
		return "FIRESTORE_EMULATOR_HOST is set, and the emulator keeps a time of its own"
	default:
		return ""
	}
}

// waitReady waits until both services take work, for a while.
func (s *street) waitReady(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	// A service that never came up leaves a port that takes requests and
	// answers none.
	client := &http.Client{Timeout: readyTry}
	defer client.CloseIdleConnections()
	poll := time.NewTicker(readyPoll)
	defer poll.Stop()
	for _, l := range []net.Listener{s.ingress, s.worker} {
		for !ready(ctx, client, "http://"+l.Addr().String()+"/ready") {
			select {
			case <-poll.C:
			case err := <-s.failed:
				s.failed <- err
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

func ready(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
