package workerd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/internal/workerd"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number      = whatsapptest.DefaultPhoneNumberID
	lead        = "5511900001111"
	accessToken = "EAAGtestetestetestetesteteste"
	invoker     = "tasks@atende.example"
	hashKey     = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	otherKey    = "11112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey     = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
)

// environ is what the contract asks for in development, changed.
func environ(changes ...string) []string {
	return append([]string{
		"WHATSAPP_PHONE_NUMBER_ID=" + number, "WHATSAPP_BUSINESS_ACCOUNT_ID=644000000000003",
		"WHATSAPP_ACCESS_TOKEN=" + accessToken, "WORKER_URL=http://127.0.0.1:1", "TASKS_INVOKER_EMAIL=" + invoker,
		"SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory", "LEDGER_BACKEND=memory", "OPENAI_ENABLED=false",
		"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:1", "CLOUD_TASKS_PROJECT_ID=p", "TASKS_AUTH=none",
		"CONTACT_HASH_KEY=" + hashKey, "DATA_KEY=" + dataKey,
	}, changes...)
}

// journal gathers log lines and tells who waits for one.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	waits map[string]chan struct{}
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for word, seen := range j.waits {
		if bytes.Contains(line, []byte(word)) {
			close(seen)
			delete(j.waits, word)
		}
	}
	return j.text.Write(line)
}

// saw is closed once a line with that word is written; ask before it is.
func (j *journal) saw(word string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.waits == nil {
		j.waits = map[string]chan struct{}{}
	}
	seen := make(chan struct{})
	j.waits[word] = seen
	return seen
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// service is a running program.
type service struct {
	t     *testing.T
	url   string
	logs  *journal
	ready <-chan struct{}
	stop  context.CancelFunc
	done  chan error
}

// start runs the program on a free port; change gets its address.
func start(t *testing.T, o workerd.Options, change func(url string) []string) *service {
	t.Helper()
	s := &service{t: t, logs: &journal{}, done: make(chan error, 1)}
	s.ready = s.logs.saw("app_ready")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	if change != nil {
		o.Environ = append(o.Environ, change(s.url)...)
	}
	o.Listener, o.Stdout, o.Version = listener, s.logs, "1.2.3"
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.done <- workerd.Run(ctx, o) }()
	t.Cleanup(stop)
	return s
}

// end stops the program and expects it to leave in peace.
func (s *service) end() {
	s.t.Helper()
	s.stop()
	if err := <-s.done; program.Exit(err, new(bytes.Buffer)) != 0 {
		s.t.Errorf("asked to stop: %v", err)
	}
}

func (s *service) do(method, path string, body []byte) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func (s *service) get(path string) (int, string) {
	s.t.Helper()
	return s.do(http.MethodGet, path, nil)
}

// readiness is what /ready says.
type readiness struct {
	Status string `json:"status"`
	Checks map[string]struct {
		Status    string `json:"status"`
		LatencyMS *int64 `json:"latency_ms"`
	} `json:"checks"`
}

// wantReady compares the answer of /ready: "redis=ok tasks=failed".
func (s *service) wantReady(code int, status string, checks map[string]string) {
	s.t.Helper()
	got, body := s.get("/ready")
	var r readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		s.t.Fatalf("/ready: %s", body)
	}
	states := map[string]string{}
	for name, check := range r.Checks {
		states[name] = check.Status
		if check.LatencyMS == nil {
			s.t.Errorf("/ready: %s has no latency", name)
		}
	}
	if got != code || r.Status != status || !cmp.Equal(states, checks) {
		s.t.Errorf("/ready: %d %s %v, want %d %s %v", got, r.Status, states, code, status, checks)
	}
	for _, canary := range []string{"127.0.0.1", accessToken, "redis://"} {
		if strings.Contains(body, canary) {
			s.t.Errorf("/ready tells %q", canary)
		}
	}
}

// letter is a message of a lead as the ingress would enqueue it.
func letter(t *testing.T, wamid, text string) envelope.Envelope {
	t.Helper()
	keys := make([][]byte, 2)
	for n, key := range []string{hashKey, dataKey} {
		var err error
		if keys[n], err = hex.DecodeString(key); err != nil {
			t.Fatal(err)
		}
	}
	key, err := pii.NewHashKey(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	ring, err := pii.NewRing(keys[1])
	if err != nil {
		t.Fatal(err)
	}
	m := conversation.Inbound{
		WAMID: pii.Contact(wamid), Number: number, From: conversation.Identity{Phone: lead, Name: "Iara"},
		Kind: conversation.KindText, Type: "text", Text: pii.Text(text), SentAt: time.Now(), ReceivedAt: time.Now(),
	}
	m.ID = conversation.MessageID(key.Message(m.WAMID))
	cid := string(m.From.Conversations(key, number)[0])
	e := envelope.Envelope{
		Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: number, ID: string(m.ID), Conversation: cid,
		Aliases: []string{cid}, ReceivedAt: m.ReceivedAt, CorrelationID: "corr-77",
	}
	if err := e.Seal(ring, m); err != nil {
		t.Fatal(err)
	}
	return e
}

// A task that the real client made, pushed with a token that is really
// signed, becomes one message to the lead and a turn in the ledger.
func TestAnswersALead(t *testing.T) {
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	graph := whatsapptest.NewServer(whatsapptest.Options{Token: accessToken})
	t.Cleanup(graph.Close)
	ledger := firestoretest.New(t)
	address, _ := storetest.RedisURL(t)
	s := start(t, workerd.Options{Environ: environ()}, func(url string) []string {
		return []string{
			"WORKER_URL=" + url, "TASKS_AUTH=oidc", "TASKS_OIDC_ISSUER=" + tasks.IssuerURL(), "CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr(),
			"WHATSAPP_API_BASE_URL=" + graph.URL, "LEDGER_BACKEND=firestore", "FIRESTORE_PROJECT_ID=proj",
			"FIRESTORE_EMULATOR_HOST=" + ledger.Host(), "REDIS_URL=" + address, "SESSION_STORE_BACKEND=redis", "DEDUPE_BACKEND=redis",
		}
	})
	defer s.end()
	<-s.ready
	s.wantReady(http.StatusOK, "ready", map[string]string{"redis": "ok", "firestore": "ok", "tasks": "ok"})

	client, err := cloudtasks.New(cloudtasks.Options{
		Project: "p", Location: "us-central1", WorkerURL: s.url, InvokerEmail: invoker, EmulatorHost: tasks.Addr(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	inbox := cloudtasks.NewInbox(client, cloudtasks.Queues{Inbound: []string{"atende-inbound"}, Status: []string{"atende-status"}, Timer: []string{"atende-timer"}})
	e := letter(t, "wamid.ONE", "Quero automatizar meu WhatsApp.")
	if _, err := inbox.Put(t.Context(), e, time.Time{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sent, err := graph.WaitSent(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sent[0].To != lead || sent[0].PhoneNumberID != number || sent[0].Text == "" || sent[0].Opaque == "" {
		t.Errorf("what was sent is a %s without its text, its receiver or its data", sent[0].Type)
	}
	if err := tasks.WaitQuiet(ctx); err != nil {
		t.Fatal(err)
	}
	// The same task again, by hand and without a token: nobody asked for it.
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := s.do(http.MethodPost, "/tasks/inbound", body); code != http.StatusUnauthorized {
		t.Errorf("a task of nobody: %d, want 401", code)
	}
	turns := 0
	for name := range ledger.Documents() {
		if !strings.HasPrefix(name, "projects/proj/databases/(default)/documents/tenants/default/") {
			t.Errorf("a document outside of the tenant: %s", name)
		}
		if strings.Contains(name, "/turns/") {
			turns++
		}
	}
	if turns != 1 || len(graph.Sent()) != 1 {
		t.Errorf("%d turns and %d messages, want one each", turns, len(graph.Sent()))
	}
	for _, canary := range []string{lead, "wamid.ONE", "Iara", accessToken, hashKey, sent[0].Text} {
		if strings.Contains(s.logs.String(), canary) {
			t.Error("the log shows something personal or secret")
		}
	}
}

func TestHealth(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := start(t, workerd.Options{Environ: environ(), Now: func() time.Time { return at }}, nil)
	defer s.end()
	code, body := s.get("/health")
	const want = `{"status":"healthy","service":"atende-worker","version":"1.2.3","timestamp":"2026-11-22T10:00:00Z"}`
	if code != http.StatusOK || body != want {
		t.Errorf("/health: %d %s, want %s", code, body, want)
	}
}

// Without Redis it is degraded and works; without its queue it is not ready.
func TestDependencies(t *testing.T) {
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	for name, c := range map[string]struct {
		changes []string
		code    int
		status  string
		checks  map[string]string
	}{
		"all well": {[]string{"CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr()},
			http.StatusOK, "ready", map[string]string{"redis": "ok", "firestore": "ok", "tasks": "ok"}},
		"no Redis": {[]string{"CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr(), "REDIS_URL=redis://127.0.0.1:1/0", "SESSION_STORE_BACKEND=redis"},
			http.StatusOK, "ready", map[string]string{"redis": "degraded", "firestore": "ok", "tasks": "ok"}},
		"no Cloud Tasks": {nil,
			http.StatusServiceUnavailable, "not_ready", map[string]string{"redis": "ok", "firestore": "ok", "tasks": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, workerd.Options{Environ: environ(c.changes...)}, nil)
			defer s.end()
			<-s.ready
			s.wantReady(c.code, c.status, c.checks)
		})
	}
}

// A ledger that fails while the worker runs makes it not ready, and brings
// its tasks back.
func TestLedgerFails(t *testing.T) {
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	ledger := firestoretest.New(t)
	s := start(t, workerd.Options{Environ: environ("CLOUD_TASKS_EMULATOR_HOST="+tasks.Addr(), "LEDGER_BACKEND=firestore",
		"FIRESTORE_PROJECT_ID=proj", "FIRESTORE_EMULATOR_HOST="+ledger.Host())}, nil)
	defer s.end()
	<-s.ready
	for _, method := range []string{"BatchGetDocuments", "Commit", "GetDocument", "RunQuery"} {
		ledger.Fail(firestoretest.Fault{Method: method, Code: 7}) // Permission denied.
	}
	s.wantReady(http.StatusServiceUnavailable, "not_ready", map[string]string{"redis": "ok", "firestore": "failed", "tasks": "ok"})
	body, err := letter(t, "wamid.ONE", "oi").Encode()
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := s.do(http.MethodPost, "/tasks/inbound", body); code < 500 {
		t.Errorf("a task: %d", code)
	}
}

// Under another hash key every conversation would be a stranger's: the worker
// stays up, never becomes ready and says why.
func TestWrongHashKey(t *testing.T) {
	key, err := hex.DecodeString(hashKey)
	if err != nil {
		t.Fatal(err)
	}
	rightful, err := pii.NewHashKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ledger := memory.NewLedger(memory.LedgerOptions{Now: time.Now})
	if err := ledger.Epoch(t.Context(), rightful.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	body, err := letter(t, "wamid.ONE", "oi").Encode()
	if err != nil {
		t.Fatal(err)
	}

	unclaimed := make(chan struct{})
	s := start(t, workerd.Options{Environ: environ("CONTACT_HASH_KEY=" + otherKey), Memory: &waits{Ledger: ledger, asked: unclaimed}}, nil)
	<-unclaimed
	s.wantReady(http.StatusServiceUnavailable, "not_ready", map[string]string{})
	if code, _ := s.do(http.MethodPost, "/tasks/inbound", body); code != http.StatusServiceUnavailable {
		t.Errorf("a task: %d, want 503", code)
	}
	if code, _ := s.get("/health"); code != http.StatusOK {
		t.Errorf("/health: %d", code)
	}
	s.end()
	text := s.logs.String()
	if !strings.Contains(text, "ledger_unclaimed") || !strings.Contains(text, "CONTACT_HASH_KEY") || !strings.Contains(text, "CRITICAL") {
		t.Errorf("the log does not say why: %s", text)
	}
	if strings.Contains(text, "app_ready") || strings.Contains(text, otherKey) {
		t.Error("the log says that it was ready, or the key")
	}

	s = start(t, workerd.Options{Environ: environ(), Memory: ledger}, nil)
	<-s.ready
	s.end()
}

// waits tells when the ledger was asked for.
type waits struct {
	*memory.Ledger
	asked chan struct{}
	once  sync.Once
}

func (w *waits) Epoch(ctx context.Context, fingerprint string) error {
	defer w.once.Do(func() { close(w.asked) })
	return w.Ledger.Epoch(ctx, fingerprint)
}

// A ledger that does not answer yet is asked again until it does.
func TestLedgerComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := &journal{}
		ready := logs.saw("app_ready")
		ctx, stop := context.WithCancel(t.Context())
		late := &late{Ledger: memory.NewLedger(memory.LedgerOptions{Now: time.Now}), from: time.Now().Add(90 * time.Second)}
		done := make(chan error, 1)
		go func() {
			done <- workerd.Run(ctx, workerd.Options{Environ: environ(), Stdout: logs, Memory: late, Listener: &pipes{closed: make(chan struct{})}})
		}()
		began := time.Now()
		<-ready
		if took := time.Since(began); took < 90*time.Second || took > 92*time.Second {
			t.Errorf("ready after %s, the ledger after 90 s", took)
		}
		if n := strings.Count(logs.String(), "ledger_unclaimed"); n != 1 {
			t.Errorf("it complains %d times, want once", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

type late struct {
	*memory.Ledger
	from time.Time
}

func (l *late) Epoch(ctx context.Context, fingerprint string) error {
	if time.Now().Before(l.from) {
		return errors.New("epoch: unavailable")
	}
	return l.Ledger.Epoch(ctx, fingerprint)
}

// pipes is a listener without a socket, for time that is not real.
type pipes struct {
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	<-p.closed
	return nil, net.ErrClosed
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// A reference that does not exist ends the program after thirty seconds, as a
// wrong configuration.
func TestReferenceToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		manager := secretstest.StartInMemory()
		defer manager.Close()
		logs := &journal{}
		began := time.Now()
		err := workerd.Run(t.Context(), workerd.Options{
			Stdout: logs, SecretManager: manager.ClientOptions(), Listener: &pipes{closed: make(chan struct{})},
			Environ: environ("GCP_PROJECT=proj", "WHATSAPP_ACCESS_TOKEN=secret:lost"),
		})
		var stderr bytes.Buffer
		if code := program.Exit(err, &stderr); code != 2 || !strings.Contains(stderr.String(), "lost-development") {
			t.Errorf("code %d: %s", code, stderr.String())
		}
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("after %s, want thirty seconds", took)
		}
	})
}

// Until its references are resolved a service lives, but works for nobody.
func TestSecretsArrive(t *testing.T) {
	manager, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	manager.AddVersion("projects/proj/secrets/token-development", []byte(accessToken))
	manager.Hold()
	s := start(t, workerd.Options{
		SecretManager: manager.ClientOptions(), Environ: environ("GCP_PROJECT=proj", "WHATSAPP_ACCESS_TOKEN=secret:token"),
	}, nil)
	defer s.end()
	body, err := letter(t, "wamid.ONE", "oi").Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.wantReady(http.StatusServiceUnavailable, "not_ready", map[string]string{})
	if code, _ := s.do(http.MethodPost, "/tasks/inbound", body); code != http.StatusServiceUnavailable {
		t.Errorf("a task: %d", code)
	}
	manager.Release()
	<-s.ready
}

// Everything wrong is named at once, before anything listens.
func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		names   []string
	}{
		"nothing at all": {nil, []string{
			"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_ACCESS_TOKEN", "OPENAI_API_KEY", "REDIS_URL", "WORKER_URL",
		}},
		"each in its own way": {
			environ("ENVIRONMENT=stage", "TASKS_AUTH=basic", "AMBIGUOUS_SEND=maybe", "GRAPH_TIMEOUT=soon", "OPENAI_ENABLED=perhaps",
				"WHATSAPP_API_VERSION=26", "BUDGET_TURNS_PER_CONTACT_DAY=-1"),
			[]string{"ENVIRONMENT", "TASKS_AUTH", "AMBIGUOUS_SEND", "GRAPH_TIMEOUT", "OPENAI_ENABLED", "WHATSAPP_API_VERSION", "BUDGET_TURNS_PER_CONTACT_DAY"},
		},
		"development's in production": {
			environ("ENVIRONMENT=production", "GCP_PROJECT=p"),
			[]string{"WORKER_URL", "SESSION_STORE_BACKEND", "LEDGER_BACKEND", "CLOUD_TASKS_EMULATOR_HOST", "TASKS_AUTH", "HANDOFF_WEBHOOK_URL"},
		},
		"a window that is too short": {environ("AMBIGUITY_WINDOW=40s"), []string{"AMBIGUITY_WINDOW"}},
		"a platform that is none":    {environ("TASKS_AUTH=platform"), []string{"TASKS_AUTH"}},
		"half a turn":                {environ("OPENAI_TIMEOUT=31s"), []string{"OPENAI_TIMEOUT"}},
	} {
		logs := &journal{}
		err := workerd.Run(t.Context(), workerd.Options{Environ: c.environ, Stdout: logs, Listener: &pipes{closed: make(chan struct{})}})
		var stderr bytes.Buffer
		if code := program.Exit(err, &stderr); code != 2 {
			t.Errorf("%s: code %d", name, code)
		}
		var faults *config.Faults
		if !errors.As(err, &faults) {
			t.Fatalf("%s: %v", name, err)
		}
		named := map[string]bool{}
		for _, f := range faults.List {
			named[f.Variable] = true
		}
		for _, variable := range c.names {
			if !named[variable] || !strings.Contains(stderr.String(), variable) {
				t.Errorf("%s: %s is not named in:\n%s", name, variable, stderr.String())
			}
		}
		if logs.String() != "" {
			t.Errorf("%s: it began: %s", name, logs.String())
		}
	}
}

func TestPackThatIsNone(t *testing.T) {
	err := workerd.Run(t.Context(), workerd.Options{Environ: environ("PACK_DIR=" + t.TempDir()), Stdout: &journal{}, Listener: &pipes{closed: make(chan struct{})}})
	var stderr bytes.Buffer
	if code := program.Exit(err, &stderr); code != 2 || !strings.Contains(stderr.String(), "PACK_DIR") {
		t.Errorf("code %d: %s", code, stderr.String())
	}
}

// Asked to stop, it finishes the task that runs.
func TestStopFinishesWhatRuns(t *testing.T) {
	graph := whatsapptest.NewServer(whatsapptest.Options{Token: accessToken})
	t.Cleanup(graph.Close)
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	s := start(t, workerd.Options{Environ: environ("WHATSAPP_API_BASE_URL="+graph.URL, "CLOUD_TASKS_EMULATOR_HOST="+tasks.Addr())}, nil)
	<-s.ready
	body, err := letter(t, "wamid.ONE", "Quero automatizar meu WhatsApp.").Encode()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The server asks for the body once its handler runs.
	_, _ = fmt.Fprintf(conn, "POST /tasks/inbound HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = answers.ReadString('\n')
	s.stop()
	if _, err := conn.Write(body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || len(graph.Sent()) != 1 {
		t.Errorf("what ran was answered %d after %d messages", response.StatusCode, len(graph.Sent()))
	}
	s.end()
}
