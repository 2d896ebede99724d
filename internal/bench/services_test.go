package bench_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/ingressd"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/internal/workerd"
)

// What the services are told, beside the addresses of the stand-ins.
const (
	number    = "733000000000009"
	appSecret = "bench-app-secret"
	hashKey   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey   = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	workerURL = "http://127.0.0.1:9"
	invoker   = "tasks@bench.iam.gserviceaccount.com"
	project   = "bench"
)

// street is every server that a service talks to.
type street struct {
	stubs    *process
	redisURL string
	redis    string // what it is, for the table
}

func openStreet(tb testing.TB) *street {
	tb.Helper()
	url, real := storetest.RedisURL(tb)
	s := &street{redisURL: url, redis: "redis-server", stubs: start(tb, "stubs")}
	if !real {
		s.redis = "miniredis in the measuring process"
	}
	return s
}

// ourNumbers are the services', the first of which is [number].
func ourNumbers() []string {
	all := make([]string, lines)
	for i := range all {
		all[i] = fmt.Sprintf("7330000000%05d", 9+i)
	}
	return all
}

// environ is the environment of a service. One processor is what the services
// have in production, and it keeps the runtime's idle threads out of the
// figures.
func (s *street) environ() []string {
	return []string{
		"GOMAXPROCS=1",
		"ENVIRONMENT=development", "LOG_LEVEL=info",
		"WHATSAPP_PHONE_NUMBER_ID=" + strings.Join(ourNumbers(), ","), "WHATSAPP_BUSINESS_ACCOUNT_ID=644000000000003",
		"WHATSAPP_VERIFY_TOKEN=bench-verify", "WHATSAPP_APP_SECRET=" + appSecret,
		"WHATSAPP_ACCESS_TOKEN=bench-token", "WHATSAPP_API_BASE_URL=" + s.stubs.addresses["graph"],
		"OPENAI_ENABLED=false", "REDIS_URL=" + s.redisURL,
		"CLOUD_TASKS_EMULATOR_HOST=" + s.stubs.addresses["tasks"], "CLOUD_TASKS_PROJECT_ID=" + project,
		"WORKER_URL=" + workerURL, "TASKS_INVOKER_EMAIL=" + invoker,
		"TASKS_AUTH=platform", "K_SERVICE=bench",
		"FIRESTORE_EMULATOR_HOST=" + s.stubs.addresses["firestore"], "FIRESTORE_PROJECT_ID=" + project,
		"CONTACT_HASH_KEY=" + hashKey, "DATA_KEY=" + dataKey,
		"BUDGET_TURNS_PER_CONTACT_DAY=0", "BUDGET_TOKENS_PER_CONTACT_DAY=0", "BUDGET_TOKENS_PER_DAY=0",
	}
}

func (s *street) start(tb testing.TB, role string) *process {
	tb.Helper()
	p := start(tb, role, s.environ()...)
	p.awaitReady(tb)
	return p
}

func (s *street) counts(tb testing.TB) counts {
	tb.Helper()
	var c counts
	s.stubs.ask(tb, "/counts", &c)
	return c
}

// pushToken is the identity of a task as the platform hands it on, with its
// signature verified and removed.
func pushToken() (string, error) {
	claims, err := json.Marshal(map[string]any{
		"iss": "https://accounts.google.com", "aud": workerURL, "email": invoker, "email_verified": true,
		"exp": time.Now().Add(24 * time.Hour).Unix(),
	})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part(claims) + ".SIGNATURE_REMOVED_BY_GOOGLE", nil
}

// serve announces where a service listens, and its control port.
func serve(ctx context.Context, run func(net.Listener) error) error {
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	address, err := control(ctx, nil)
	if err != nil {
		return err
	}
	if err := announce(map[string]string{"control": address, "service": "http://" + l.Addr().String()}); err != nil {
		return err
	}
	return run(l)
}

// serveIngress and serveWorker are the programs as they are shipped; only
// their logs go nowhere.
func serveIngress(ctx context.Context) error {
	return serve(ctx, func(l net.Listener) error {
		var o ingressd.Options
		o.Environ, o.Stdout, o.Version, o.Listener = os.Environ(), io.Discard, "bench", l
		return ingressd.Run(ctx, o)
	})
}

func serveWorker(ctx context.Context) error {
	return serve(ctx, func(l net.Listener) error {
		var o workerd.Options
		o.Environ, o.Stdout, o.Version, o.Listener = os.Environ(), io.Discard, "bench", l
		return workerd.Run(ctx, o)
	})
}
