package doctor_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore/apiv1/admin/adminpb"
	"github.com/alicebob/miniredis/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/doctor"
	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/internal/registrar"
	"github.com/pyloto/atende/internal/secrets/secretstest"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
	"github.com/pyloto/atende/internal/workerd"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

const (
	number      = whatsapptest.DefaultPhoneNumberID
	hashKey     = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	foreignKey  = "11112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey     = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	accessToken = "EAAG-canary-token"
	secret      = "canary-app-secret"
	verify      = "canary-verify-token"
	modelKey    = "sk-canary-key"
	place       = "projects/proj/locations/us-central1"
	// patience bounds every wait of a test.
	patience = 30 * time.Second
)

// clinic is a healthy environment of real services and stand-ins of everything
// outside, to be made ill.
type clinic struct {
	t *testing.T
	// environ is what the doctor is told; the services have had their own.
	environ map[string]string
	secrets *secretstest.Server
	redis   *miniredis.Miniredis
	store   *firestoretest.Server
	tasks   *cloudtaskstest.Server
	graph   *whatsapptest.Server
	model   *openaitest.Server
	ingress string
	// skew is how far Meta's clock is ahead, in nanoseconds.
	skew atomic.Int64
	// write: the doctor may have tasks delivered.
	write bool
}

// newClinic starts everything, until the test ends. before changes the environment
// of the ingress alone.
func newClinic(t *testing.T, before map[string]string) *clinic {
	t.Helper()
	c := &clinic{t: t, redis: miniredis.RunT(t), store: firestoretest.New(t)}
	var err error
	if c.secrets, err = secretstest.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.secrets.Close)
	for name, value := range map[string]string{
		"redis-url": "redis://" + c.redis.Addr(), "contact-hash-key": hashKey, "data-key": dataKey, "openai-api-key": modelKey,
		"whatsapp-access-token": accessToken, "whatsapp-webhook-secret": secret, "whatsapp-verify-token": verify,
	} {
		c.secrets.AddVersion("projects/proj/secrets/"+name+"-development", []byte(value))
	}
	if c.tasks, err = cloudtaskstest.Start(cloudtaskstest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.tasks.Close)
	for id, longest := range map[string]time.Duration{"atende-inbound": 5 * time.Minute, "atende-status": 15 * time.Second, "atende-timer": 5 * time.Minute} {
		_, err := c.tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: place, Queue: &cloudtaskspb.Queue{
			Name: queueName(id), RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: -1, MaxBackoff: durationpb.New(longest)},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	ingress, worker := c.listen(), c.listen()
	c.ingress = "http://" + ingress.Addr().String()
	c.graph = whatsapptest.NewServer(whatsapptest.Options{
		PhoneNumberIDs: []string{number}, Token: accessToken, AppSecret: []byte(secret),
		Administration: whatsapptest.Healthy(c.ingress+"/webhook/whatsapp", registrar.Fields()...),
		Now:            func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) },
	})
	t.Cleanup(c.graph.Close)
	c.model = openaitest.NewServer(openaitest.Options{Key: modelKey})
	t.Cleanup(c.model.Close)
	c.store.SetUp(c.composite(), c.fields())

	c.environ = map[string]string{
		"ENVIRONMENT": "development", "GCP_PROJECT": "proj", "WHATSAPP_PHONE_NUMBER_ID": number, "WHATSAPP_BUSINESS_ACCOUNT_ID": whatsapptest.DefaultAccountID,
		"WHATSAPP_VERIFY_TOKEN": "secret:whatsapp-verify-token", "WHATSAPP_APP_SECRET": "secret:whatsapp-webhook-secret",
		"WHATSAPP_ACCESS_TOKEN": "secret:whatsapp-access-token", "WHATSAPP_API_BASE_URL": c.graph.URL,
		"OPENAI_API_KEY": "secret:openai-api-key", "OPENAI_BASE_URL": c.model.URL(), "REDIS_URL": "secret:redis-url",
		"CLOUD_TASKS_EMULATOR_HOST": c.tasks.Addr(), "TASKS_OIDC_ISSUER": c.tasks.IssuerURL(), "TASKS_INVOKER_EMAIL": "tasks@proj.example",
		"WORKER_URL": "http://" + worker.Addr().String(), "CONTACT_HASH_KEY": "secret:contact-hash-key", "DATA_KEY": "secret:data-key",
	}
	services := maps.Clone(c.environ)
	services["FIRESTORE_EMULATOR_HOST"] = c.store.Host()
	c.serve(func(ctx context.Context, log *diary) error {
		return workerd.Run(ctx, workerd.Options{Environ: lines(services), Stdout: log, Listener: worker, SecretManager: c.secrets.ClientOptions()})
	})
	front := maps.Clone(services)
	maps.Copy(front, before)
	c.serve(func(ctx context.Context, log *diary) error {
		return ingressd.Run(ctx, ingressd.Options{Environ: lines(front), Stdout: log, Listener: ingress, SecretManager: c.secrets.ClientOptions()})
	})
	return c
}

func queueName(id string) string { return place + "/queues/" + id }

func (c *clinic) listen() net.Listener {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	return l
}

// serve runs a service until the test ends, and returns once it is ready.
func (c *clinic) serve(run func(context.Context, *diary) error) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log := &diary{ready: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, log) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("a service ended with %v", err)
		}
	})
	select {
	case <-log.ready:
	case <-time.After(patience):
		c.t.Fatalf("a service did not become ready: %s", log.text.String())
	}
}

// diary waits for a service to say that it is ready.
type diary struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
	once  sync.Once
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if bytes.Contains(p, []byte("app_ready")) {
		d.once.Do(func() { close(d.ready) })
	}
	return d.text.Write(p)
}

// composite and fields are what infra/ sets up, as Firestore tells it.
func (c *clinic) composite() []*adminpb.Index {
	var list []*adminpb.Index
	for i, index := range firestore.Needed().Composite {
		list = append(list, &adminpb.Index{
			Name:  fmt.Sprintf("projects/proj/databases/(default)/collectionGroups/%s/indexes/%d", index.Collection, i),
			State: adminpb.Index_READY, Fields: told(index),
		})
	}
	return list
}

func told(index firestore.Index) []*adminpb.Index_IndexField {
	var list []*adminpb.Index_IndexField
	for _, f := range append(slices.Clone(index.Fields), firestore.IndexField{Path: "__name__"}) {
		order := adminpb.Index_IndexField_ASCENDING
		if f.Descending {
			order = adminpb.Index_IndexField_DESCENDING
		}
		list = append(list, &adminpb.Index_IndexField{FieldPath: f.Path, ValueMode: &adminpb.Index_IndexField_Order_{Order: order}})
	}
	return list
}

func (c *clinic) fields() []*adminpb.Field {
	var list []*adminpb.Field
	name := func(collection, path string) string {
		return "projects/proj/databases/(default)/collectionGroups/" + collection + "/fields/" + path
	}
	for _, index := range firestore.Needed().Indexes {
		list = append(list, &adminpb.Field{
			Name:        name(index.Collection, index.Fields[0].Path),
			IndexConfig: &adminpb.Field_IndexConfig{Indexes: []*adminpb.Index{{State: adminpb.Index_READY, Fields: told(index)}}},
		})
	}
	for _, collection := range firestore.Needed().Expiring {
		list = append(list, &adminpb.Field{
			Name: name(collection, firestore.Needed().Expiry), TtlConfig: &adminpb.Field_TtlConfig{State: adminpb.Field_TtlConfig_ACTIVE},
		})
	}
	return list
}

// examine has the doctor come.
func (c *clinic) examine() doctor.Report {
	c.t.Helper()
	return doctor.Examine(c.t.Context(), doctor.Options{
		Write: c.write, Environ: lines(c.environ), SecretManager: c.secrets.ClientOptions(), Firestore: []option.ClientOption{
			option.WithEndpoint(c.store.Host()), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		},
	})
}

func lines(environ map[string]string) []string {
	var list []string
	for name, value := range environ {
		list = append(list, name+"="+value)
	}
	return list
}

// administer changes what Meta has noted.
func (c *clinic) administer(change func(*whatsapptest.Administration)) {
	a := c.graph.Administration()
	change(&a)
	c.graph.Administer(a)
}

// secretsIn are the canaries that a text shows.
func secretsIn(text string) []string {
	return slices.DeleteFunc([]string{accessToken, secret, verify, modelKey, hashKey, foreignKey, dataKey},
		func(s string) bool { return !strings.Contains(text, s) })
}
