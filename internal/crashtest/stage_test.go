package crashtest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/store/storetest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// newStorm sets everything up and starts nothing but Redis.
func newStorm(t *testing.T, c *city) *storm {
	t.Helper()
	if *stormPolicy != "resend" && *stormPolicy != "never" || *stormRedis != "on" && *stormRedis != "off" {
		t.Fatalf("-policy %s, -redis %s: want resend or never, and on or off", *stormPolicy, *stormRedis)
	}
	s := &storm{
		seed: *stormSeed, policy: *stormPolicy,
		struck: map[string]int{}, broken: map[string][]string{}, room: make(chan struct{}),
	}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000) + 1
	}
	life, end := context.WithTimeout(t.Context(), *stormTime+stormPatience)
	t.Cleanup(end)
	s.life = life

	toWorkers, toIngresses, toGraph := newDoor(t), newDoor(t), newDoor(t)
	webhook := toIngresses.url() + "/webhook/whatsapp"
	queue := cloudtaskstest.Options{
		// Names are forgotten soon, so that copies come by that only the
		// ledger knows.
		NameRetention: 5 * time.Second, History: -1, Observe: s.dropped,
	}
	retries(&queue)
	s.scene = newScene(t, c, webhook, toWorkers.url(), queue, whatsapptest.Options{
		Keep: 1 << 20, RetryDelay: 200 * time.Millisecond, Attempts: 40,
	})
	s.receipts = newReceipts(s.scene)
	toWorkers.heard = s.receipts.heard
	toGraph.heard = s.spoiled
	toGraph.behind = []*house{{host: hostOf(t, s.graph.URL)}}
	toGraph.behind[0].open.Store(true)

	keep := keeper(t)
	redis := s.startRedis(keep)
	common := map[string]string{"COALESCE_WINDOW": "500ms", "LOG_LEVEL": "info"}
	s.team = newTeam(s)
	limits := maps.Clone(common)
	maps.Copy(limits, s.team.environ())
	maps.Copy(limits, stormWindows.environ())
	maps.Copy(limits, map[string]string{
		"AMBIGUOUS_SEND": s.policy, "OPENAI_TIMEOUT": "3s", "TURN_DEADLINE": "10s",
		"BUDGET_TURNS_PER_CONTACT_DAY": "0", "BUDGET_TOKENS_PER_CONTACT_DAY": "0", "BUDGET_TOKENS_PER_DAY": "0",
	})
	s.workers = &fleet{name: "workers", broke: s.broke}
	for n := range 3 {
		gate, port := newGate(t, c.firestore), freePort(t)
		p := s.newWorker(fmt.Sprintf("worker-%d", n+1), reach{
			port: port, redis: redis, tasks: s.tasks.Addr(), ledger: gate.addr(),
			graph: toGraph.host(), model: hostOf(t, s.model.URL()),
		}, limits)
		p.keep = keep
		s.workers.members = append(s.workers.members, &member{program: p, house: &house{host: "127.0.0.1:" + port}, toLedger: gate})
		toWorkers.behind = append(toWorkers.behind, s.workers.members[n].house)
	}
	s.ingresses = &fleet{name: "ingresses", broke: s.broke}
	for n := range 2 {
		port := freePort(t)
		p := s.newIngress(fmt.Sprintf("ingress-%d", n+1), reach{port: port, redis: redis, tasks: s.tasks.Addr()}, common)
		p.keep = keep
		s.ingresses.members = append(s.ingresses.members, &member{program: p, house: &house{host: "127.0.0.1:" + port}})
		toIngresses.behind = append(toIngresses.behind, s.ingresses.members[n].house)
	}

	s.crowd = &crowd{storm: s, people: fewPeople, url: webhook, client: &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: manyPeople},
	}}
	if *stormTime >= longStorm {
		s.crowd.people = manyPeople
	}
	t.Cleanup(func() {
		end() // Webhooks that nobody takes are not posted for ever.
		s.crowd.posting.Wait()
		s.crowd.client.CloseIdleConnections()
	})
	return s
}

// startRedis starts the server and returns its URL; without one the URL leads
// nowhere.
func (s *storm) startRedis(keep func(string, []byte)) string {
	if *stormRedis == "off" {
		return "redis://127.0.0.1:" + freePort(s.t)
	}
	if address, isReal := storetest.RedisURL(s.t); !isReal {
		s.t.Log("what the death of Redis does was not tested")
		return address
	}
	server, port := newRedis(s.t)
	server.keep = keep
	server.start()
	s.redis = &hints{program: server, port: port, broke: s.broke}
	return "redis://127.0.0.1:" + port
}

// retries makes the queue as patient as production's, on the storm's scale.
func retries(o *cloudtaskstest.Options) {
	retry := made(&made(&o.QueueTemplate).RetryConfig)
	retry.MaxAttempts, retry.MaxDoublings = -1, 5
	made(&retry.MinBackoff).Nanos = int32(200 * time.Millisecond)
	made(&retry.MaxBackoff).Seconds = int64(queueBackoff / time.Second)
}

// made is what p points to, made when there is nothing yet.
func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}
