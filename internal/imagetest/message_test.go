//go:build images

package imagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	appSecret   = "image-app-secret"
	accessToken = "image-access-token"
	modelKey    = "image-model-key"
)

// noCapability is an empty set of capabilities, as the system prints it.
const noCapability = "0000000000000000"

// A lead, and a question that goes to the model.
const (
	lead, leadName = "5511988887777", "Iara"
	question       = "preciso que o atendimento fale com o meu ERP, como funciona?"
)

func TestOneMessageThroughBothImages(t *testing.T) {
	workerPort, ingressPort := freePort(t), freePort(t)
	webhook := "http://127.0.0.1:" + ingressPort + "/webhook/whatsapp"
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)

	redis, _ := storetest.RedisURL(t)
	ledger, isReal := storetest.FirestoreEmulator(t)
	if !isReal {
		ledger = firestoretest.New(t).Host()
	}
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	model := openaitest.NewServer(openaitest.Options{Key: modelKey})
	t.Cleanup(model.Close)
	graph := whatsapptest.NewServer(whatsapptest.Options{
		PhoneNumberIDs: []string{whatsapptest.DefaultPhoneNumberID}, Token: accessToken,
		WebhookURL: webhook, AppSecret: []byte(appSecret),
		Statuses: whatsapptest.StatusPlan{Delivered: whatsapptest.Never, Read: whatsapptest.Never},
	})
	t.Cleanup(graph.Close)

	project := fmt.Sprintf("images-%d", time.Now().UnixNano())
	both := map[string]string{
		"ENVIRONMENT":                  "development",
		"WHATSAPP_PHONE_NUMBER_ID":     whatsapptest.DefaultPhoneNumberID,
		"WHATSAPP_BUSINESS_ACCOUNT_ID": whatsapptest.DefaultAccountID,
		"REDIS_URL":                    redis,
		"CLOUD_TASKS_PROJECT_ID":       project,
		"CLOUD_TASKS_EMULATOR_HOST":    tasks.Addr(),
		"WORKER_URL":                   "http://127.0.0.1:" + workerPort,
		"TASKS_INVOKER_EMAIL":          "tasks@images.iam.gserviceaccount.com",
		"CONTACT_HASH_KEY":             strings.Repeat("11", 32),
		"DATA_KEY":                     strings.Repeat("22", 32),
		"COALESCE_WINDOW":              "0s",
	}
	worker := open(t, "worker").start(t, with(both, map[string]string{
		"PORT":                    workerPort,
		"TASKS_OIDC_ISSUER":       tasks.IssuerURL(),
		"FIRESTORE_PROJECT_ID":    project,
		"FIRESTORE_EMULATOR_HOST": ledger,
		"WHATSAPP_ACCESS_TOKEN":   accessToken,
		"WHATSAPP_API_BASE_URL":   graph.URL,
		"OPENAI_API_KEY":          modelKey,
		"OPENAI_BASE_URL":         model.URL(),
	}))
	ingress := open(t, "ingress").start(t, with(both, map[string]string{
		"PORT":                  ingressPort,
		"WHATSAPP_APP_SECRET":   appSecret,
		"WHATSAPP_VERIFY_TOKEN": "image-verify-token",
	}))
	for _, c := range []*container{worker, ingress} {
		c.ready(client)
		if status, body := c.ask(client, "/health"); status != http.StatusOK || !strings.Contains(body, `"service":"atende-`+c.image.name+`"`) {
			t.Errorf("GET /health of the %s: %d %s", c.image.name, status, body)
		}
		is := c.status()
		for field, want := range map[string]string{
			"Uid": "65532 65532 65532 65532", "Gid": "65532 65532 65532 65532", "NoNewPrivs": "1",
			"CapEff": noCapability, "CapPrm": noCapability, "CapInh": noCapability, "CapBnd": noCapability,
		} {
			if is[field] != want {
				t.Errorf("the %s runs with %s %q, want %q", c.image.name, field, is[field], want)
			}
		}
	}

	pen := whatsapptest.Pen{AppSecret: []byte(appSecret)}
	body := pen.Text(lead, leadName, question)
	for round, want := range []verdict{{Events: 1, Enqueued: 1}, {Events: 1, Duplicates: 1}} {
		status, answer, err := pen.Post(t.Context(), client, webhook, body)
		if err != nil || status != http.StatusOK {
			t.Fatalf("webhook %d: status %d, error %v", round+1, status, err)
		}
		var got verdict
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("webhook %d: answer %s: %v", round+1, answer, err)
		}
		if got != want {
			t.Errorf("webhook %d: got %+v, want %+v", round+1, got, want)
		}
		settle(t, tasks, graph)
	}
	sent := graph.Sent()
	if len(sent) != 1 || sent[0].To != lead || sent[0].Text == "" {
		t.Errorf("one question that came twice was answered with %d messages: %+v", len(sent), sent)
	}
	if asked := len(model.Requests()); asked != 1 {
		t.Errorf("the model was asked %d times, want once", asked)
	}

	forger := whatsapptest.Pen{AppSecret: []byte("somebody-else")}
	if status, _, err := forger.Post(t.Context(), client, webhook, body); err != nil || status != http.StatusUnauthorized {
		t.Errorf("a webhook with a wrong signature: status %d, error %v, want 401", status, err)
	}

	for _, c := range []*container{ingress, worker} {
		c.stop()
		if code := c.code(); code != 0 {
			t.Errorf("the %s was asked to stop and ended with code %d", c.image.name, code)
		}
	}
}

func TestWrongEnvironmentEndsImage(t *testing.T) {
	for _, name := range services() {
		t.Run(name, func(t *testing.T) {
			c := open(t, name).start(t, map[string]string{"PORT": freePort(t), "ENVIRONMENT": "production"})
			if code := c.code(); code != 2 {
				t.Errorf("it ended with code %d, want 2", code)
			}
			for _, variable := range []string{"WHATSAPP_PHONE_NUMBER_ID", "REDIS_URL", "CONTACT_HASH_KEY", "GCP_PROJECT"} {
				if !strings.Contains(c.said(), variable) {
					t.Errorf("%s is missing and not named", variable)
				}
			}
		})
	}
}

// verdict is what the ingress answers to a webhook.
type verdict struct {
	Events, Enqueued, Duplicates, Ignored, Quarantined int
}

// with is a map and what is laid over it.
func with(base, more map[string]string) map[string]string {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

// settle waits until no task is left but the timers of a silence, hours away, and
// every status was taken.
func settle(t *testing.T, tasks *cloudtaskstest.Server, graph *whatsapptest.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := func(ctx context.Context) error {
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for slices.ContainsFunc(tasks.Tasks(), func(task cloudtaskstest.TaskRecord) bool {
			return !task.State.Ended() && (task.Queue != "atende-timer" || time.Until(task.Schedule) < time.Hour)
		}) {
			select {
			case <-look.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	for _, wait := range []func(context.Context) error{done, graph.Drain, done} {
		if err := wait(ctx); err != nil {
			t.Fatalf("the queue does not come to rest: %v", err)
		}
	}
}

// freePort is a port that nobody listens on, below those that the system gives
// to outgoing connections.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(12_000 + rand.IntN(20_000))
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":"+port)
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
