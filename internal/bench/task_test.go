package bench_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/httpserver"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/redis"
	"github.com/pyloto/atende/internal/telemetry"
)

const (
	// leadText is as long as what leads write; floorReply as what they read.
	leadText   = "Como funciona o atendimento automático?"
	floorReply = "Oi! O atendimento pode ser de dois tipos: simples, com respostas prontas para as dúvidas frequentes, " +
		"ou com inteligência artificial, com respostas personalizadas para perguntas mais complexas, que melhoram " +
		"conforme ela aprende com as conversas. Nos dois casos, você acompanha tudo em um painel de gestão e assume " +
		"a conversa que quiser. Por qual canal chega a maior parte das suas mensagens hoje? Qual é o seu segmento?"

	// people write one message each in every round, so that no turn meets
	// another of its own conversation.
	people = 600
	// lines are our numbers, and people are spread over them: the worker sends no
	// more from one than Meta takes, 80 a second.
	lines = 10
	// acquaintance is how many messages a person wrote before it counts: by
	// then the conversation is in the cache.
	acquaintance = 2
)

// clerk turns webhooks into the tasks that our ingress makes of them, with its
// letters in the mailboxes, as it does in production.
type clerk struct {
	handler http.Handler
	tasks   chan []byte
}

func (c *clerk) Put(_ context.Context, e envelope.Envelope, _ time.Time) (existed bool, err error) {
	body, err := e.Encode()
	if err != nil {
		return false, err
	}
	c.tasks <- body
	return false, nil
}

func newClerk(tb testing.TB, s *street) *clerk {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	key, err := hex.DecodeString(hashKey)
	must(err)
	hash, err := pii.NewHashKey(key)
	must(err)
	key, err = hex.DecodeString(dataKey)
	must(err)
	ring, err := pii.NewRing(key)
	must(err)
	hint, err := redis.New(redis.Options{URL: s.redisURL, Ring: ring, CallTimeout: patience})
	must(err)
	tb.Cleanup(func() { _ = hint.Close() })
	tel, err := telemetry.New(tb.Context(), telemetry.Options{Service: "bench", Writer: io.Discard})
	must(err)
	c := &clerk{tasks: make(chan []byte, 1)}
	door := ingress.New(ingress.Options{
		Tenant: "default", Numbers: ourNumbers(), Key: hash, Ring: ring, Inbox: c, Hint: hint,
		Secrets: ingress.Secrets{App: func(context.Context) ([]pii.Secret, error) { return []pii.Secret{appSecret}, nil }},
		Now:     time.Now, Metrics: tel.Metrics(),
	})
	server := httpserver.New(httpserver.Options{})
	ingress.Register(server.Echo(), func() *ingress.Ingress { return door })
	c.handler = server.Handler()
	return c
}

// task is the task of a person's next message.
func (c *clerk) task(tb testing.TB, person, message int, words string) []byte {
	tb.Helper()
	body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"644000000000003","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"552140000777","phone_number_id":"%s"},"messages":[{"from":"55119%08d","from_user_id":"BR.5005%09d","id":"wamid.HBgNNTUxMTk4ODg4Nzc3NxUCABIYFDNB%016X","timestamp":"%d","type":"text","text":{"body":%q}}],"contacts":[{"profile":{"name":"Iara Prado"},"wa_id":"55119%08d","user_id":"BR.5005%09d"}]},"field":"messages"}]}]}`,
		ourNumbers()[person%lines], person, person, message, time.Now().Unix(), words, person, person)
	delivery := signed([]byte(body), appSecret, http.StatusOK)
	r := httptest.NewRequest(http.MethodPost, "/webhook/whatsapp", bytes.NewReader(delivery.body))
	r.Header = delivery.header
	answer := httptest.NewRecorder()
	c.handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		tb.Fatalf("a webhook was answered %d", answer.Code)
	}
	return <-c.tasks
}

// BenchmarkTask measures what a message costs the worker when Otto answers it
// without a model, beside a handler that makes the same round trips.
func BenchmarkTask(b *testing.B) {
	s := openStreet(b)
	both := sides(b, s, "worker", "/tasks/inbound")
	defer profile(b, both[:]...)()
	c := newClerk(b, s)
	business, err := pack.Default()
	if err != nil {
		b.Fatal(err)
	}
	words := trigger(b, business.Fixed[0].Triggers)
	token, err := pushToken()
	if err != nil {
		b.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Google-Cloud-Tasks"}, "Authorization": {"Bearer " + token}}

	for b.Loop() {
		message := 0
		// calls are one message of each of the people from first on.
		calls := func(first int) []call {
			all := make([]call, people)
			for i := range all {
				message++
				all[i] = call{header: header, status: http.StatusOK, body: c.task(b, first+i, message, words)}
			}
			return all
		}
		var warm, cold [2]costs
		strangers := people * len(both) // the next who never wrote
		for round := -acquaintance; round < rounds(b); round++ {
			for _, i := range inTurn(round + 2*acquaintance) {
				met := 0 // timers that watch over somebody who never wrote before
				if round == -acquaintance {
					met = people
				}
				for _, run := range []struct {
					costs *[2]costs
					first func() int
					tasks int
				}{
					{&warm, func() int { return people * i }, met},
					{&cold, func() int { strangers += people; return strangers }, people},
				} {
					spent := s.measure(b, both[i], func() ([]call, int, counts) {
						return calls(run.first()), people, counts{Tasks: int64(run.tasks), Sends: people, Reads: people, Commits: 2 * people}
					})
					if round >= 0 {
						run.costs[i] = append(run.costs[i], spent)
					}
				}
			}
		}
		t := costTable(fmt.Sprintf("Worker: processor time of one message with a fixed reply, %d rounds of %d messages, %s", rounds(b), people, s.redis))
		line{"known lead, warm cache", warm[0], warm[1], warm[0], 1.35}.print(t)
		line{"first message of a lead", cold[0], cold[1], cold[0], 0}.print(t)
		t.print()
		b.ReportMetric(median(warm[1].over(warm[0])), "warm-ratio")
		b.ReportMetric(median(cold[1].over(cold[0])), "cold-ratio")
	}
}

func trigger(tb testing.TB, triggers []string) string {
	if len(triggers) == 0 {
		tb.Fatal("the first fixed reply has no trigger")
	}
	return triggers[0]
}
