package ingress_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/internal/telemetry"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number      = whatsapptest.DefaultPhoneNumberID
	secondOurs  = "733000000000010"
	lead        = "5511900001111"
	appSecret   = "segredo-do-aplicativo"
	verifyToken = "palavra-de-passe"
	route       = "/webhook/whatsapp"
)

// door is an ingress that serves on loopback, with the real client of Cloud
// Tasks and a Cloud Tasks in this process. Pushes of tasks go nowhere.
type door struct {
	t     *testing.T
	url   string
	pen   whatsapptest.Pen
	tasks *cloudtaskstest.Server
	key   *pii.HashKey
	ring  *pii.Ring
	logs  *journal
}

// options change how a door is built.
type options struct {
	hint     ingress.Hint
	inbox    func(ingress.Inbox) ingress.Inbox
	secrets  ingress.Secrets
	coalesce time.Duration
	flow     *ingress.Flow
	now      func() time.Time
}

// literal are secrets that need no resolving.
func literal(verify string, app ...pii.Secret) ingress.Secrets {
	return ingress.Secrets{
		App:    func(context.Context) ([]pii.Secret, error) { return app, nil },
		Verify: func(context.Context) (pii.Secret, error) { return pii.Secret(verify), nil },
	}
}

func newDoor(t *testing.T, o options) *door {
	t.Helper()
	d := &door{t: t, pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}, logs: &journal{}, key: hashKey(t), ring: ring(t)}
	var err error
	d.tasks, err = cloudtaskstest.Start(cloudtaskstest.Options{
		AutoCreateQueues: true, Client: &http.Client{Transport: nowhere{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.tasks.Close)
	client, err := cloudtasks.New(cloudtasks.Options{
		Project: "p", Location: "l", WorkerURL: "http://worker.invalid", EmulatorHost: d.tasks.Addr(),
		AttemptTimeout: attemptTimeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	var inbox ingress.Inbox = cloudtasks.NewInbox(client, cloudtasks.Queues{
		Inbound: []string{"inbound"}, Status: []string{"status"}, Timer: []string{"timer"},
	})
	if o.inbox != nil {
		inbox = o.inbox(inbox)
	}
	d.url = serve(t, handler(t, d, inbox, o)) + route
	return d
}

// attemptTimeout leaves two attempts room in an ingress's deadline.
const attemptTimeout = time.Second

// handler is an ingress in the coat that its program wears.
func handler(t testing.TB, d *door, inbox ingress.Inbox, o options) *httpserver.Server {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "atende-ingress", Writer: d.logs})
	if err != nil {
		t.Fatal(err)
	}
	if o.hint == nil {
		o.hint = memory.NewHint(memory.HintOptions{})
	}
	if o.secrets.App == nil {
		o.secrets = literal(verifyToken, appSecret)
	}
	if o.now == nil {
		o.now = time.Now
	}
	in := ingress.New(ingress.Options{
		Tenant: "default", Numbers: []string{number, secondOurs}, Key: d.key, Ring: d.ring,
		Inbox: inbox, Hint: o.hint, Secrets: o.secrets, Coalesce: o.coalesce, Flow: o.flow, Now: o.now, Metrics: tel.Metrics(), Tell: tel.Emit,
	})
	server := httpserver.New(httpserver.Options{Service: "atende-ingress", Enter: tel.Enter, Report: program.Report(tel)})
	ingress.Register(server.Echo(), func() *ingress.Ingress { return in })
	return server
}

// serve serves on a free port of loopback until the test ends.
func serve(t *testing.T, server *httpserver.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

func hashKey(t testing.TB) *pii.HashKey {
	t.Helper()
	key, err := pii.NewHashKey(hashKeyBytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var hashKeyBytes = bytes.Repeat([]byte{7}, 32)

func ring(t testing.TB) *pii.Ring {
	t.Helper()
	r, err := pii.NewRing(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// nowhere takes every push.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// journal gathers log lines.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Reset()
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// event is the last log line of that name, or nil.
func (j *journal) event(t *testing.T, name string) map[string]any {
	t.Helper()
	var found map[string]any
	for line := range strings.Lines(j.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("log line is no JSON: %s", line)
		}
		if event["event"] == name || event["message"] == name {
			found = event
		}
	}
	return found
}

// reply is what a sender of webhooks is told.
type reply struct {
	status int
	header http.Header
	body   string
}

// tally is the body of a 200.
type tally struct {
	Status      string `json:"status"`
	Events      int    `json:"events"`
	Enqueued    int    `json:"enqueued"`
	Duplicates  int    `json:"duplicates"`
	Ignored     int    `json:"ignored"`
	Quarantined int    `json:"quarantined"`
}

func do(t *testing.T, r *http.Request) reply {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// post sends a webhook as Meta does.
func (d *door) post(body []byte) reply {
	d.t.Helper()
	return do(d.t, d.pen.Request(d.t.Context(), d.url, body))
}

// receive posts a webhook that must be taken and returns what became of it.
func (d *door) receive(body []byte) tally {
	d.t.Helper()
	got := d.post(body)
	return d.counted(got)
}

func (d *door) counted(got reply) tally {
	d.t.Helper()
	if got.status != http.StatusOK {
		d.t.Fatalf("status %d, want 200", got.status)
	}
	var counts tally
	if err := json.Unmarshal([]byte(got.body), &counts); err != nil {
		d.t.Fatalf("answer %q: %v", got.body, err)
	}
	if counts.Status != "received" || counts.Events != counts.Enqueued+counts.Duplicates+counts.Ignored+counts.Quarantined {
		d.t.Errorf("counts do not add up: %s", got.body)
	}
	return counts
}

func (d *door) want(got, want tally) {
	d.t.Helper()
	want.Status = "received"
	if got != want {
		d.t.Errorf("counted %+v, want %+v", got, want)
	}
}

// letters are the envelopes of all tasks in the order of their creation.
func (d *door) letters() []envelope.Envelope {
	d.t.Helper()
	var letters []envelope.Envelope
	for _, task := range d.tasks.Tasks() {
		e, err := envelope.Decode(task.Body)
		if err != nil {
			d.t.Fatalf("task %s: %v", task.Name, err)
		}
		if name := e.TaskName(); name != "" && name != task.Name {
			d.t.Errorf("task is named %s, want %s", task.Name, name)
		}
		letters = append(letters, e)
	}
	return letters
}

// messages opens the letters of messages.
func (d *door) messages() []conversation.Inbound {
	d.t.Helper()
	var messages []conversation.Inbound
	for _, e := range d.letters() {
		if e.Kind != envelope.Inbound {
			continue
		}
		var m conversation.Inbound
		if err := e.Open(d.ring, &m); err != nil {
			d.t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

// one is the only message there is.
func (d *door) one() conversation.Inbound {
	d.t.Helper()
	messages := d.messages()
	if len(messages) != 1 {
		d.t.Fatalf("%d messages were enqueued, want 1", len(messages))
	}
	return messages[0]
}

// names counts the tasks of each name.
func (d *door) names() map[string]int {
	names := map[string]int{}
	for _, task := range d.tasks.Tasks() {
		names[task.Name]++
	}
	return names
}

// wire is a stretch of network before a Redis: it records what passes and can
// be cut.
type wire struct {
	address string // of the Redis behind it, as a URL through the wire

	mu       sync.Mutex
	listener net.Listener
	target   string
	passed   bytes.Buffer
	open     []net.Conn
	running  sync.WaitGroup
}

func newWire(t *testing.T) *wire {
	t.Helper()
	address, _ := storetest.RedisURL(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: u.Host}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	u.Host = w.listener.Addr().String()
	w.address = u.String()
	w.running.Go(w.accept)
	t.Cleanup(func() {
		w.cut()
		w.running.Wait()
	})
	return w
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, near, far)
		w.mu.Unlock()
		w.running.Go(func() { w.carry(far, near) })
		w.running.Go(func() { w.carry(near, far) })
	}
}

func (w *wire) carry(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	_, _ = io.Copy(io.MultiWriter(to, w), from)
}

// Write records what passes.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passed.Write(p)
}

func (w *wire) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passed.String()
}

// cut ends every connection and lets no other in.
func (w *wire) cut() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		_ = c.Close()
	}
}

// flush empties the database behind the wire.
func (w *wire) flush(t *testing.T) {
	t.Helper()
	u, err := url.Parse(w.address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", w.target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReader(conn)
	say := func(words ...string) {
		t.Helper()
		if _, err := fmt.Fprintf(conn, "%s\r\n", strings.Join(words, " ")); err != nil {
			t.Fatal(err)
		}
		if answer, err := answers.ReadString('\n'); err != nil || answer != "+OK\r\n" {
			t.Fatalf("%s: %q, %v", words[0], answer, err)
		}
	}
	if password, ok := u.User.Password(); ok {
		say("AUTH", password)
	}
	if database := strings.TrimPrefix(u.Path, "/"); database != "" {
		say("SELECT", database)
	}
	say("FLUSHDB")
}

// store is the hint store in Redis at the end of the wire.
func (w *wire) store(t *testing.T) *redis.Store {
	t.Helper()
	store, err := redis.New(redis.Options{URL: w.address, Ring: ring(t), CallTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// signed is a request with a valid signature and whatever else a test wants to
// be wrong about it.
func (d *door) signed(body []byte, change func(*http.Request)) reply {
	d.t.Helper()
	r := d.pen.Request(d.t.Context(), d.url, body)
	change(r)
	return do(d.t, r)
}

func sign(body []byte, secret string) string { return whatsapp.Sign(body, []byte(secret)) }
