package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// The windows of the protocol, as short as a busy machine allows.
const (
	sendPermit      = time.Second
	graphTimeout    = time.Second
	wireLifetime    = 500 * time.Millisecond
	ambiguityWindow = 3 * time.Second
	parkAfter       = time.Minute
	leaseTTL        = 2 * time.Second
)

// promptly is how Graph reports a message unless told otherwise.
var promptly = whatsapptest.StatusPlan{
	Sent: 200 * time.Millisecond, Delivered: 400 * time.Millisecond, Read: whatsapptest.Never,
}

// beat is how often the second conversation goes on while there is work left.
const beat = 2 * time.Second

// People and what they say. The lead's question goes to the model; the other
// person gets a fixed reply.
const (
	lead, leadName   = "5511988887777", "Iara"
	question         = "preciso que o atendimento fale com o meu ERP, como funciona?"
	other, otherName = "5511977776666", "Davi"
	greeting         = "oi"
)

// What the programs are told of the world, and what they print when they can
// work in it.
const (
	number, account = whatsapptest.DefaultPhoneNumberID, whatsapptest.DefaultAccountID
	appSecret       = "crash-app-secret"
	accessToken     = "crash-access-token"
	modelKey        = "crash-model-key"
	invoker         = "tasks@crash.iam.gserviceaccount.com"
	hashSeed        = 0x11
	dataSeed        = 0x22
	appReady        = `"app_ready"`
	redisReady      = "Ready to accept connections"
)

// city is what all scenes share: the programs, built once, and one Firestore.
type city struct {
	worker, ingress string // paths of the programs
	firestore       string // host:port
	scenes          atomic.Int64
	founded         time.Time
}

func newCity(t *testing.T) *city {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir+"/", "./cmd/worker", "./cmd/ingress")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	host, real := storetest.FirestoreEmulator(t)
	if !real {
		host = firestoretest.New(t).Host()
	}
	return &city{
		worker: filepath.Join(dir, "worker"), ingress: filepath.Join(dir, "ingress"),
		firestore: host, founded: time.Now(),
	}
}

// street is one pair of programs with everything around them.
type street struct {
	*scene
	worker, ingress *program
	redis           *program // only of those who kill it
	// Gates before the worker's servers, and before the ingress's queue.
	toRedis, toLedger, toModel, toGraph, toTasks, toTeam, fromIngress *gate
	team                                                              *receiver

	url     string // of the webhook
	client  *http.Client
	posting sync.WaitGroup
	said    []letter
}

// letter is one message of somebody, as Meta delivers it.
type letter struct {
	from    string
	message conversation.MessageID
	body    []byte
}

// newStreet makes a street, with a Redis server of its own if it is to be
// killed. When that cannot be had it says so and returns nil.
func newStreet(t *testing.T, c *city, ownRedis bool) *street {
	t.Helper()
	s := &street{client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}}
	t.Cleanup(s.client.CloseIdleConnections)
	redis, isReal := storetest.RedisURL(t)
	if ownRedis {
		if !isReal {
			t.Log("what the death of Redis does to a turn was not tested")
			return nil
		}
		var port string
		s.redis, port = newRedis(t)
		s.redis.start()
		redis = "redis://127.0.0.1:" + port
	}
	store, err := url.Parse(redis)
	if err != nil {
		t.Fatal(err)
	}
	workerPort, ingressPort := freePort(t), freePort(t)
	s.url = "http://127.0.0.1:" + ingressPort + "/webhook/whatsapp"
	s.scene = newScene(t, c, s.url, "http://127.0.0.1:"+workerPort, cloudtaskstest.Options{}, whatsapptest.Options{})

	s.toRedis = newGate(t, store.Host)
	s.toLedger = newGate(t, c.firestore)
	s.toModel = newGate(t, hostOf(t, s.model.URL()))
	s.toGraph = newGate(t, hostOf(t, s.graph.URL))
	s.toTasks = newGate(t, s.tasks.Addr())
	s.team = newReceiver(t)
	s.toTeam = newGate(t, hostOf(t, s.team.server.URL))
	s.fromIngress = newGate(t, s.tasks.Addr())

	through := *store
	through.Host = s.toRedis.addr()
	s.ingress = s.newIngress("ingress", reach{port: ingressPort, redis: redis, tasks: s.fromIngress.addr()}, nil)
	s.worker = s.newWorker("worker", reach{
		port: workerPort, redis: through.String(), tasks: s.toTasks.addr(),
		ledger: s.toLedger.addr(), model: s.toModel.addr(), graph: s.toGraph.addr(),
	}, windows{
		permit: sendPermit, graph: graphTimeout, wire: wireLifetime,
		ambiguity: ambiguityWindow, park: parkAfter, lease: leaseTTL,
	}.environ(), map[string]string{
		"HANDOFF_WEBHOOK_URL": "http://" + s.toTeam.addr(), "HANDOFF_WEBHOOK_SECRET": teamSecret,
	})
	return s
}

// open starts both programs and takes one message of the other person all the
// way, so that nothing is slow for being new.
func (s *street) open() {
	s.t.Helper()
	s.ingress.start()
	s.worker.start()
	s.settle()
}

// freePort is a port that nobody listens on. It is below those that the system
// gives to outgoing connections: one of them could take it while the program
// that it belongs to is dead.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(12_000 + rand.IntN(20_000))
		listener, err := net.Listen("tcp", ":"+port)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port")
	return ""
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// write is a message that has not been sent yet.
func (s *street) write(from, name, text string) letter {
	body := s.pen.Text(from, name, text)
	return letter{from: from, message: s.messageID(whatsapptest.IDs(body)[0]), body: body}
}

// ask is the lead's question, not sent yet.
func (s *street) ask() letter { return s.write(lead, leadName, question) }

// post delivers a message as Meta does: again and again until it is taken.
func (s *street) post(l letter) {
	s.said = append(s.said, l)
	s.posting.Go(func() {
		again := time.NewTicker(250 * time.Millisecond)
		defer again.Stop()
		for {
			status, _, err := s.pen.Post(s.t.Context(), s.client, s.url, l.body)
			if err == nil && status == http.StatusOK {
				return
			}
			select {
			case <-again.C:
			case <-s.t.Context().Done():
				return
			}
		}
	})
}

// settle keeps the second conversation going until no task is left and every
// receipt has been delivered.
func (s *street) settle() {
	s.t.Helper()
	overall, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		s.goOn()
		s.posting.Wait()
		if s.rests(overall) {
			return
		}
		if overall.Err() != nil {
			s.t.Fatalf("the queue does not come to rest:\n%s", s.unfinished())
		}
	}
}

// goOn is the next message of the second conversation.
func (s *street) goOn() { s.post(s.write(other, otherName, greeting)) }

// rests reports whether everything comes to rest within a beat.
func (s *street) rests(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	for _, wait := range []func(context.Context) error{s.allDone, s.graph.Drain, s.allDone} {
		if wait(ctx) != nil {
			return false
		}
	}
	return true
}

// allDone waits until no task is left that somebody waits for.
func (s *street) allDone(ctx context.Context) error {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for len(s.left()) > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unfinished lists the tasks that are left.
func (s *street) unfinished() string {
	var lines strings.Builder
	for _, task := range s.left() {
		fmt.Fprintf(&lines, "%s in %s after %d attempts, due in %v\n",
			task.Name, task.Queue, len(task.Attempts), time.Until(task.Schedule).Round(time.Millisecond))
	}
	return lines.String()
}

// await waits for a signal. The second conversation goes on meanwhile: what is
// waited for may need proof that receipts arrive.
func (s *street) await(signal <-chan struct{}, what string) {
	s.t.Helper()
	beats := time.NewTicker(beat)
	defer beats.Stop()
	overdue := time.After(patience)
	for {
		select {
		case <-signal:
			return
		case <-beats.C:
			s.goOn()
		case <-overdue:
			s.t.Fatalf("%s did not happen within %v; tasks left:\n%s", what, patience, s.unfinished())
		}
	}
}

// awaitThat waits until something is so, by looking.
func (s *street) awaitThat(so func() bool, what string) {
	s.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	overdue := time.After(patience)
	for !so() {
		select {
		case <-look.C:
		case <-overdue:
			s.t.Fatalf("%s did not happen within %v; tasks left:\n%s", what, patience, s.unfinished())
		}
	}
}
