package crashtest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// scene is everything around the programs that no kill reaches: it lives in
// the test's own process. Nothing but Firestore is shared with other scenes,
// and of that no database.
type scene struct {
	t      *testing.T
	city   *city
	key    *pii.HashKey
	ring   *pii.Ring
	tasks  *cloudtaskstest.Server
	graph  *whatsapptest.Server
	model  *openaitest.Server
	ledger *firestore.Ledger // past every gate: it shows what is
	pen    whatsapptest.Pen

	common map[string]string // of the environments of both programs
}

// newScene sets a scene. webhook is where Graph reports statuses, worker where
// the queue pushes to.
func newScene(t *testing.T, c *city, webhook, worker string, queue cloudtaskstest.Options, graph whatsapptest.Options) *scene {
	t.Helper()
	s := &scene{t: t, city: c, pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}}
	hashKey, dataKey := bytes.Repeat([]byte{hashSeed}, 32), bytes.Repeat([]byte{dataSeed}, 32)
	var err error
	if s.key, err = pii.NewHashKey(hashKey); err != nil {
		t.Fatal(err)
	}
	if s.ring, err = pii.NewRing(dataKey); err != nil {
		t.Fatal(err)
	}
	n := c.scenes.Add(1)
	tenant := fmt.Sprintf("scene-%d", n)
	project := fmt.Sprintf("crash-%d-%d", c.founded.UnixNano(), n)
	s.ledger, err = firestore.New(firestore.Options{
		ProjectID: project, Tenant: tenant, EmulatorHost: c.firestore, Ring: s.ring, CallTimeout: 20 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.ledger.Close() })
	queue.AutoCreateQueues = true
	if s.tasks, err = cloudtaskstest.Start(queue); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.tasks.Close)
	s.model = openaitest.NewServer(openaitest.Options{Key: modelKey})
	t.Cleanup(s.model.Close)
	graph.PhoneNumberIDs, graph.Token = []string{number}, accessToken
	graph.WebhookURL, graph.AppSecret, graph.Statuses = webhook, []byte(appSecret), promptly
	s.graph = whatsapptest.NewServer(graph)
	t.Cleanup(s.graph.Close)
	s.common = map[string]string{
		"ENVIRONMENT":                  "development",
		"TENANT_ID":                    tenant,
		"WHATSAPP_PHONE_NUMBER_ID":     number,
		"WHATSAPP_BUSINESS_ACCOUNT_ID": account,
		"CLOUD_TASKS_PROJECT_ID":       project,
		"FIRESTORE_PROJECT_ID":         project,
		"WORKER_URL":                   worker,
		"TASKS_INVOKER_EMAIL":          invoker,
		"CONTACT_HASH_KEY":             hex.EncodeToString(hashKey),
		"DATA_KEY":                     hex.EncodeToString(dataKey),
		"COALESCE_WINDOW":              "0s",
	}
	return s
}

// reach is where a program finds its servers, and where it is found itself.
type reach struct {
	port  string
	redis string // URL
	// host:port of each, or of a gate before it; the ingress knows no others
	// than tasks.
	tasks, ledger, model, graph string
}

// newIngress makes an ingress that has not started.
func (s *scene) newIngress(name string, r reach, more map[string]string) *program {
	return newProgram(s.t, &program{name: name, path: s.city.ingress, ready: appReady, env: s.environ(map[string]string{
		"PORT":                      r.port,
		"REDIS_URL":                 r.redis,
		"CLOUD_TASKS_EMULATOR_HOST": r.tasks,
		"WHATSAPP_APP_SECRET":       appSecret,
		"WHATSAPP_VERIFY_TOKEN":     "crash-verify-token",
	}, more)})
}

// newWorker makes a worker that has not started.
func (s *scene) newWorker(name string, r reach, more ...map[string]string) *program {
	parts := append([]map[string]string{{
		"PORT":                      r.port,
		"REDIS_URL":                 r.redis,
		"CLOUD_TASKS_EMULATOR_HOST": r.tasks,
		"TASKS_AUTH":                "oidc",
		"TASKS_OIDC_ISSUER":         s.tasks.IssuerURL(),
		"FIRESTORE_EMULATOR_HOST":   r.ledger,
		"WHATSAPP_ACCESS_TOKEN":     accessToken,
		"WHATSAPP_API_BASE_URL":     "http://" + r.graph,
		"OPENAI_API_KEY":            modelKey,
		"OPENAI_BASE_URL":           "http://" + r.model + "/v1",
	}}, more...)
	return newProgram(s.t, &program{name: name, path: s.city.worker, ready: appReady, env: s.environ(parts...)})
}

// environ is what both programs are told, and then the parts; of one name the
// last counts.
func (s *scene) environ(parts ...map[string]string) []string {
	all := maps.Clone(s.common)
	for _, part := range parts {
		maps.Copy(all, part)
	}
	var env []string
	for name, value := range all {
		env = append(env, name+"="+value)
	}
	return env
}

// windows are the times of the protocol, which tests shorten.
type windows struct{ permit, graph, wire, ambiguity, park, lease time.Duration }

func (w windows) environ() map[string]string {
	return map[string]string{
		"SEND_PERMIT":      w.permit.String(),
		"GRAPH_TIMEOUT":    w.graph.String(),
		"WIRE_LIFETIME":    w.wire.String(),
		"AMBIGUITY_WINDOW": w.ambiguity.String(),
		"PARK_AFTER":       w.park.String(),
		"LEASE_TTL":        w.lease.String(),
	}
}

// conversation is the id of a person's conversation.
func (s *scene) conversation(person string) conversation.ID {
	return conversation.ID(s.key.Conversation(number, pii.Contact(person)))
}

// messageID is our id of a message of Meta's id.
func (s *scene) messageID(wamid string) conversation.MessageID {
	return conversation.MessageID(s.key.Message(pii.Contact(wamid)))
}
