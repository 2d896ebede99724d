package ingressd_test

import (
	"bufio"
	"bytes"
	"context"
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

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/program"
	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number    = whatsapptest.DefaultPhoneNumberID
	lead      = "5511900001111"
	appSecret = "segredo-do-aplicativo"
	hashKey   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey   = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
)

// environ is what the contract asks for in development, changed.
func environ(changes ...string) []string {
	return append([]string{
		"WHATSAPP_PHONE_NUMBER_ID=" + number, "WHATSAPP_BUSINESS_ACCOUNT_ID=644000000000003",
		"WHATSAPP_VERIFY_TOKEN=palavra", "WHATSAPP_APP_SECRET=" + appSecret, "WORKER_URL=http://127.0.0.1:1",
		"SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory",
		"CLOUD_TASKS_EMULATOR_HOST=127.0.0.1:1", "CLOUD_TASKS_PROJECT_ID=p", "LOG_LEVEL=debug",
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
	pen   whatsapptest.Pen
}

func start(t *testing.T, o ingressd.Options) *service {
	t.Helper()
	s := &service{t: t, logs: &journal{}, done: make(chan error, 1), pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}}
	s.ready = s.logs.saw("app_ready")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	o.Listener, o.Stdout, o.Version = listener, s.logs, "1.2.3"
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.done <- ingressd.Run(ctx, o) }()
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

func (s *service) get(path string) (int, string) {
	s.t.Helper()
	return s.do(http.MethodGet, path, nil)
}

func (s *service) do(method, path string, body io.Reader) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
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

func (s *service) post(body []byte) int {
	s.t.Helper()
	status, _, err := s.pen.Post(s.t.Context(), nil, s.url+"/webhook/whatsapp", body)
	if err != nil {
		s.t.Fatal(err)
	}
	return status
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
	for _, canary := range []string{"127.0.0.1", appSecret, "redis://"} {
		if strings.Contains(body, canary) {
			s.t.Errorf("/ready tells %q", canary)
		}
	}
}

// nowhere takes every push of a task.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

func queue(t *testing.T) *cloudtaskstest.Server {
	t.Helper()
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true, Client: &http.Client{Transport: nowhere{}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	return tasks
}

func TestServes(t *testing.T) {
	address, _ := storetest.RedisURL(t)
	tasks := queue(t)
	for name, changes := range map[string][]string{
		"Redis":             {"REDIS_URL=" + address, "SESSION_STORE_BACKEND=redis", "DEDUPE_BACKEND=redis"},
		"memory":            nil,
		"secret's old name": {"WHATSAPP_APP_SECRET=", "WHATSAPP_WEBHOOK_SECRET=" + appSecret},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, ingressd.Options{Environ: environ(append(changes, "CLOUD_TASKS_EMULATOR_HOST="+tasks.Addr())...)})
			defer s.end()
			<-s.ready
			s.wantReady(http.StatusOK, "ready", map[string]string{"redis": "ok", "tasks": "ok"})
			before := len(tasks.Tasks())
			if got := s.post(s.pen.Text(lead, "Iara", "Quero um orçamento.")); got != http.StatusOK {
				t.Errorf("webhook: %d", got)
			}
			made := tasks.Tasks()[before:]
			if len(made) != 1 || made[0].Queue != "atende-inbound" || made[0].URL != "http://127.0.0.1:1/tasks/inbound" {
				t.Fatalf("%d tasks", len(made))
			}
			if e, err := envelope.Decode(made[0].Body); err != nil || e.Tenant != "default" || e.PhoneNumberID != number {
				t.Errorf("its envelope: %v", err)
			}
			if got, body := s.get("/webhook/whatsapp?hub.mode=subscribe&hub.verify_token=palavra&hub.challenge=42"); got != http.StatusOK || body != "42" {
				t.Errorf("challenge: %d %q", got, body)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := start(t, ingressd.Options{Environ: environ(), Now: func() time.Time { return at }})
	defer s.end()
	code, body := s.get("/health")
	const want = `{"status":"healthy","service":"atende-ingress","version":"1.2.3","timestamp":"2026-11-22T10:00:00Z"}`
	if code != http.StatusOK || body != want {
		t.Errorf("/health: %d %s, want %s", code, body, want)
	}
}

// A service may be given another name, which all that it says bears.
func TestServiceName(t *testing.T) {
	s := start(t, ingressd.Options{Environ: environ("SERVICE_NAME=front")})
	defer s.end()
	if _, body := s.get("/health"); !strings.Contains(body, `"service":"front"`) || !strings.Contains(s.logs.String(), `"service":"front"`) {
		t.Errorf("/health: %s", body)
	}
}

// Until its references are resolved a service lives, but works for nobody.
func TestSecretsArrive(t *testing.T) {
	manager, err := secretstest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	tasks := queue(t)
	address, _ := storetest.RedisURL(t)
	for name, value := range map[string]string{
		"hash": hashKey, "data": dataKey, "redis": address, "verify": "palavra", "app-new": "novo", "app-old": appSecret,
	} {
		manager.AddVersion("projects/proj/secrets/"+name+"-development", []byte(value))
	}
	manager.Hold()
	s := start(t, ingressd.Options{
		SecretManager: manager.ClientOptions(),
		Environ: environ(
			"GCP_PROJECT=proj", "CLOUD_TASKS_EMULATOR_HOST="+tasks.Addr(), "CONTACT_HASH_KEY=secret:hash", "DATA_KEY=secret:data",
			"REDIS_URL=secret:redis", "SESSION_STORE_BACKEND=redis", "DEDUPE_BACKEND=redis", "WHATSAPP_VERIFY_TOKEN=secret:verify",
			"WHATSAPP_APP_SECRET=secret:app-new,projects/proj/secrets/app-old-development/versions/1",
		),
	})
	defer s.end()
	body := s.pen.Text(lead, "Iara", "Quero um orçamento.")
	if code, _ := s.get("/health"); code != http.StatusOK {
		t.Errorf("/health: %d", code)
	}
	s.wantReady(http.StatusServiceUnavailable, "not_ready", map[string]string{})
	if code := s.post(body); code != http.StatusServiceUnavailable {
		t.Errorf("a webhook: %d", code)
	}
	if code, _ := s.get("/webhook/whatsapp?hub.mode=subscribe&hub.verify_token=palavra&hub.challenge=42"); code != http.StatusServiceUnavailable {
		t.Errorf("a challenge: %d", code)
	}
	if n := len(tasks.Tasks()); n > 0 {
		t.Errorf("%d tasks were made", n)
	}
	manager.Release()
	<-s.ready
	s.wantReady(http.StatusOK, "ready", map[string]string{"redis": "ok", "tasks": "ok"})
	for _, secret := range []string{"novo", appSecret} {
		s.pen.AppSecret = []byte(secret)
		if code := s.post(body); code != http.StatusOK {
			t.Errorf("a webhook under %s: %d", secret, code)
		}
	}
	if code, answer := s.get("/webhook/whatsapp?hub.mode=subscribe&hub.verify_token=palavra&hub.challenge=42"); code != http.StatusOK || answer != "42" {
		t.Errorf("a challenge: %d", code)
	}
	for _, value := range []string{hashKey, dataKey, "novo", appSecret, "palavra"} {
		if strings.Contains(s.logs.String(), value) {
			t.Error("the log shows a secret")
		}
	}
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
		manager.AddVersion("projects/proj/secrets/hash-development", []byte(hashKey))
		logs := &journal{}
		began := time.Now()
		err := ingressd.Run(t.Context(), ingressd.Options{
			Stdout: logs, SecretManager: manager.ClientOptions(), Listener: &pipes{closed: make(chan struct{})},
			Environ: environ("GCP_PROJECT=proj", "CONTACT_HASH_KEY=secret:hash", "DATA_KEY="+dataKey, "WHATSAPP_APP_SECRET=secret:lost"),
		})
		var stderr bytes.Buffer
		if code := program.Exit(err, &stderr); code != 2 || !strings.Contains(stderr.String(), "lost-development") {
			t.Errorf("code %d: %s", code, stderr.String())
		}
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("after %s, want thirty seconds", took)
		}
		if text := logs.String(); !strings.Contains(text, "app_listening") || strings.Contains(text, "app_ready") {
			t.Errorf("its log: %s", text)
		}
	})
}

// Everything wrong is named at once, before anything listens.
func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		names   []string
	}{
		"nothing at all": {nil, []string{
			"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET", "REDIS_URL", "WORKER_URL",
		}},
		"each in its own way": {
			environ("ENVIRONMENT=prod", "PORT=http", "LOG_LEVEL=loud", "SESSION_TTL=2", "WORKER_URL=worker", "DATA_KEY=short",
				"CONTACT_HASH_KEY=secret:no-project", "DEDUPE_BACKEND=postgres", "QUEUE_BACKEND=rabbit"),
			[]string{"ENVIRONMENT", "PORT", "LOG_LEVEL", "SESSION_TTL", "WORKER_URL", "DATA_KEY", "CONTACT_HASH_KEY", "DEDUPE_BACKEND", "QUEUE_BACKEND"},
		},
		"development's in production": {
			environ("ENVIRONMENT=production", "GCP_PROJECT=p", "CONTACT_HASH_KEY="+hashKey, "DATA_KEY="+dataKey, "TASKS_INVOKER_EMAIL=t@example.com"),
			[]string{"WORKER_URL", "SESSION_STORE_BACKEND", "DEDUPE_BACKEND", "CLOUD_TASKS_EMULATOR_HOST"},
		},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		logs := &journal{}
		err = ingressd.Run(t.Context(), ingressd.Options{Environ: c.environ, Stdout: logs, Listener: listener})
		_ = listener.Close()
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

func TestTyposAreWarnedAbout(t *testing.T) {
	s := start(t, ingressd.Options{Environ: environ("WHATSAPP_APP_SECRETS=x", "CLOUD_TASKS_QUEUE=y")})
	<-s.ready
	s.end()
	for _, name := range []string{"WHATSAPP_APP_SECRETS", "CLOUD_TASKS_QUEUE"} {
		if !strings.Contains(s.logs.String(), name) {
			t.Errorf("%s is not mentioned", name)
		}
	}
}

// Redis is a hint: without it the service is degraded and works.
func TestWithoutRedis(t *testing.T) {
	s := start(t, ingressd.Options{Environ: environ("CLOUD_TASKS_EMULATOR_HOST="+queue(t).Addr(),
		"REDIS_URL=redis://127.0.0.1:1/0", "SESSION_STORE_BACKEND=redis", "DEDUPE_BACKEND=redis")})
	defer s.end()
	<-s.ready
	s.wantReady(http.StatusOK, "ready", map[string]string{"redis": "degraded", "tasks": "ok"})
	if code := s.post(s.pen.Text(lead, "Iara", "oi")); code != http.StatusOK {
		t.Errorf("a webhook: %d", code)
	}
}

func TestWithoutCloudTasks(t *testing.T) {
	s := start(t, ingressd.Options{Environ: environ()})
	defer s.end()
	<-s.ready
	s.wantReady(http.StatusServiceUnavailable, "not_ready", map[string]string{"redis": "ok", "tasks": "failed"})
	if code := s.post(s.pen.Text(lead, "Iara", "oi")); code != http.StatusServiceUnavailable {
		t.Errorf("a webhook: %d", code)
	}
	if code, _ := s.get("/health"); code != http.StatusOK {
		t.Errorf("/health: %d", code)
	}
}

// Asked to stop, it finishes what runs and takes nothing more.
func TestStopFinishesWhatRuns(t *testing.T) {
	tasks := queue(t)
	s := start(t, ingressd.Options{Environ: environ("CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr())})
	<-s.ready
	body := s.pen.Text(lead, "Iara", "Quero um orçamento.")
	r := s.pen.Request(t.Context(), s.url+"/webhook/whatsapp", body)
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The server asks for the body once its handler runs.
	_, _ = fmt.Fprintf(conn, "POST /webhook/whatsapp HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n", len(body))
	if err := r.Header.Write(conn); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "\r\n")
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = answers.ReadString('\n')

	s.stop()
	deadline := time.After(5 * time.Second)
	for refused := false; !refused; {
		select {
		case <-deadline:
			t.Fatal("it goes on accepting")
		default:
			other, err := net.Dial("tcp", r.URL.Host)
			if refused = err != nil; !refused {
				_ = other.Close()
			}
		}
	}
	if _, err := conn.Write(body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || len(tasks.Tasks()) != 1 {
		t.Errorf("what ran was answered %d after %d tasks", response.StatusCode, len(tasks.Tasks()))
	}
	s.end()
	if !strings.Contains(s.logs.String(), "app_stopped") {
		t.Error("it does not say that it stopped")
	}
}

// Given no listener it listens on its port, here any.
func TestListensByItself(t *testing.T) {
	logs := &journal{}
	ready := logs.saw("app_ready")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ingressd.Run(ctx, ingressd.Options{Environ: environ("PORT=0"), Stdout: logs}) }()
	<-ready
	for line := range strings.Lines(logs.String()) {
		var event struct {
			Message string
			Port    int
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event.Message != "app_listening" {
			continue
		}
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/health", event.Port))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("/health: %d", response.StatusCode)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
