package simulator_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/store/memory"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/internal/workerd"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// TestNothingPersonalLeavesItsPlace sends a marked phone number, name, e-mail
// and text through both services, over real gRPC, HTTP and Redis, with a
// model and a Graph API that fail on the way, and looks for the marks in
// everything that is not sealed: logs, task names, headers and bodies, Redis
// keys and values.
func TestNothingPersonalLeavesItsPlace(t *testing.T) {
	const (
		phone, name  = "5511955554444", "Marcadíssima Silva"
		email, words = "canario@exemplo.com.br", "quero integrar o meu papagaio"
		appSecret    = "segredo-do-aplicativo"
		accessToken  = "EAAGsegredodograph"
		modelKey     = "sk-segredodomodelo"
	)
	redisURL, _ := storetest.RedisURL(t)
	var logs locked
	worker, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	webhook := "http://" + front.Addr().String() + "/webhook/whatsapp"
	graph := whatsapptest.NewServer(whatsapptest.Options{
		Token: accessToken, WebhookURL: webhook, AppSecret: []byte(appSecret),
	})
	t.Cleanup(graph.Close)
	model := openaitest.NewServer(openaitest.Options{Key: modelKey})
	t.Cleanup(model.Close)

	environ := []string{
		"WHATSAPP_PHONE_NUMBER_ID=" + whatsapptest.DefaultPhoneNumberID, "WHATSAPP_BUSINESS_ACCOUNT_ID=1",
		"WHATSAPP_VERIFY_TOKEN=verify", "WHATSAPP_APP_SECRET=" + appSecret, "WHATSAPP_ACCESS_TOKEN=" + accessToken,
		"WHATSAPP_API_BASE_URL=" + graph.URL, "OPENAI_API_KEY=" + modelKey, "OPENAI_BASE_URL=" + model.URL(),
		"REDIS_URL=" + redisURL, "LEDGER_BACKEND=memory", "COALESCE_WINDOW=0", "LOG_LEVEL=debug", "SESSION_TTL=1s", shortLease,
		"CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr(), "TASKS_OIDC_ISSUER=" + tasks.IssuerURL(),
		"TASKS_INVOKER_EMAIL=tasks@example.test", "WORKER_URL=http://" + worker.Addr().String(),
	}
	ctx, stop := context.WithCancel(context.Background())
	var services sync.WaitGroup
	t.Cleanup(services.Wait)
	t.Cleanup(stop)
	services.Go(func() {
		if err := ingressd.Run(ctx, ingressd.Options{Environ: environ, Stdout: &logs, Version: "test", Listener: front}); err != nil {
			t.Error(err)
		}
	})
	services.Go(func() {
		if err := workerd.Run(ctx, workerd.Options{
			Environ: environ, Stdout: &logs, Version: "test", Listener: worker,
			Memory: memory.NewLedger(memory.LedgerOptions{Now: time.Now}),
		}); err != nil {
			t.Error(err)
		}
	})

	model.Fail(openaitest.Fault{Kind: openaitest.Status, Status: http.StatusInternalServerError, Times: 1})
	graph.Fail(whatsapptest.Fault{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131056, Times: 1})
	pen := whatsapptest.Pen{AppSecret: []byte(appSecret), PhoneNumberID: whatsapptest.DefaultPhoneNumberID}
	bodies := [][]byte{
		pen.Text(phone, name, words+", meu e-mail é "+email),
		pen.Location(phone, name, -23.5, -46.6),
		pen.Media(phone, name, whatsapp.TypeImage, whatsapp.Media{ID: "1", MIMEType: "image/jpeg", Caption: words}),
		[]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` +
			whatsapptest.DefaultPhoneNumberID + `"},"messages":[{"from":"` + phone + `","text":{"body":"` + words + `"}}]}}]}]}`),
	}
	deadline, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, body := range bodies {
		for { // The services may still be opening.
			status, _, err := pen.Post(deadline, http.DefaultClient, webhook, body)
			if err == nil && status == http.StatusOK {
				break
			}
			if deadline.Err() != nil {
				t.Fatalf("webhook answered %d, %v", status, err)
			}
		}
	}
	if _, err := graph.WaitSent(deadline, 1); err != nil {
		t.Fatalf("answers: %v", err)
	}
	if err := tasks.WaitIdle(deadline); err != nil {
		t.Fatalf("tasks: %v", err)
	}

	seen := map[string]string{"logs": logs.String()}
	for i, task := range tasks.Tasks() {
		seen[fmt.Sprintf("task %d", i)] = fmt.Sprint(task.Name, task.Queue, task.URL, task.Header, string(task.Body))
	}
	seen["redis"] = dump(t, redisURL)
	if !strings.Contains(seen["logs"], "turn_finished") || !strings.Contains(seen["redis"], "atende:") || len(seen) < 6 {
		t.Fatalf("the street was not walked: %d places", len(seen))
	}
	for _, sent := range graph.Sent() {
		if sent.Person() != phone {
			t.Errorf("an answer went to somebody else")
		}
	}
	marks := []string{phone, "Marcad", "Silva", "canario", "exemplo.com.br", "papagaio", appSecret, accessToken, modelKey}
	for _, body := range bodies[:3] {
		for _, id := range whatsapptest.IDs(body) {
			marks = append(marks, strings.TrimPrefix(id, "wamid."))
		}
	}
	for where, text := range seen {
		for _, mark := range marks {
			if strings.Contains(text, mark) {
				t.Errorf("%s hold %q", where, mark)
			}
		}
	}
}

// dump is every key and value of a Redis database.
func dump(t *testing.T, address string) string {
	t.Helper()
	options, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(options)
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(key + "\n")
		if value, err := client.Get(ctx, key).Result(); err == nil {
			text.WriteString(value + "\n")
		}
		if fields, err := client.HGetAll(ctx, key).Result(); err == nil {
			text.WriteString(fmt.Sprint(fields) + "\n")
		}
	}
	return text.String()
}

// locked is a buffer for two services.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
