package crashtest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/openai/openaitest"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// misfortune is one thing that goes wrong, until it returns. r is its own
// source of chance.
type misfortune struct {
	name   string
	weight int
	strike func(s *storm, r *rand.Rand)
}

// misfortunes are all there are. Each ends by itself within the times that
// [stormWindows] counts with, and none may wait for another.
func misfortunes() []misfortune {
	return []misfortune{
		{"worker killed", 24, func(s *storm, r *rand.Rand) { one(s.workers, r, s.workers.kill) }},
		{"worker asked to end", 10, func(s *storm, r *rand.Rand) { one(s.workers, r, s.workers.ask) }},
		{"all workers killed", 3, func(s *storm, _ *rand.Rand) { all(s.workers, s.workers.kill) }},
		{"worker frozen", 5, func(s *storm, r *rand.Rand) {
			one(s.workers, r, func(m *member) { s.workers.freeze(m, within(r, frozenAtMost)) })
		}},
		{"ingress killed", 10, func(s *storm, r *rand.Rand) { one(s.ingresses, r, s.ingresses.kill) }},
		{"ingress asked to end", 6, func(s *storm, r *rand.Rand) { one(s.ingresses, r, s.ingresses.ask) }},
		{"all ingresses killed", 2, func(s *storm, _ *rand.Rand) { all(s.ingresses, s.ingresses.kill) }},
		{"redis emptied", 6, func(s *storm, _ *rand.Rand) { s.redis.flush() }},
		{"redis killed", 6, func(s *storm, r *rand.Rand) { s.redis.die(within(r, 4*time.Second)) }},
		{"graph ill", 18, graphFails},
		{"statuses otherwise", 8, statusesChange},
		{"model ill", 6, modelFails},
		{"ledger held for one worker", 6, func(s *storm, r *rand.Rand) {
			one(s.workers, r, func(m *member) { held(within(r, heldAtMost), m.toLedger) })
		}},
		{"ledger held for all", 3, func(s *storm, r *rand.Rand) {
			var gates []*gate
			for _, m := range s.workers.members {
				gates = append(gates, m.toLedger)
			}
			held(within(r, heldAtMost), gates...)
		}},
		{"queue ill", 14, queueFails},
	}
}

// one harms a member that nobody harms yet, if there is one.
func one(f *fleet, r *rand.Rand, harm func(*member)) {
	for _, i := range r.Perm(len(f.members)) {
		if m := f.members[i]; m.claim() {
			defer m.release()
			harm(m)
			return
		}
	}
}

// all harms everybody whom nobody harms yet, at once.
func all(f *fleet, harm func(*member)) {
	var work sync.WaitGroup
	for _, m := range f.members {
		if m.claim() {
			work.Go(func() {
				defer m.release()
				harm(m)
			})
		}
	}
	work.Wait()
}

// within is a duration of up to d, and of at least a tenth of it.
func within(r *rand.Rand, d time.Duration) time.Duration {
	return d/10 + time.Duration(r.Int64N(int64(d-d/10)))
}

func held(d time.Duration, gates ...*gate) {
	for _, g := range gates {
		defer g.hush()()
	}
	<-time.After(d)
}

// graphFails makes a few sends go wrong.
func graphFails(s *storm, r *rand.Rand) {
	faults := []whatsapptest.Fault{
		{Kind: whatsapptest.FailBefore},
		{Kind: whatsapptest.FailAfter},
		{Kind: whatsapptest.Hang},
		{Kind: whatsapptest.Hang, Duration: stormWindows.graph / 2},
		{Kind: whatsapptest.HangAfter},
		{Kind: whatsapptest.HangAfter, Duration: stormWindows.graph / 2},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusInternalServerError},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusServiceUnavailable, Code: 131016},
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131056}, // too fast for this person
		{Kind: whatsapptest.Refuse, HTTPStatus: http.StatusBadRequest, Code: 131026}, // cannot be reached
		{Kind: whatsapptest.FailLater, Code: 131026},
	}
	n := 1 + r.IntN(10)
	if i := r.IntN(len(faults) + 2); i < len(faults) {
		f := faults[i]
		f.Times = n
		s.graph.Fail(f)
	} else {
		// Accepted, and answered as if it had not been.
		s.spoil.Add(int64(n))
	}
	s.graphIlls.Add(int64(n))
}

// spoiled answers 500 where Graph answered 200, as often as was asked for.
func (s *storm) spoiled(path string, body []byte, status int) int {
	if status != http.StatusOK || !strings.Contains(string(body), `"biz_opaque_callback_data"`) {
		return status
	}
	for n := s.spoil.Load(); n > 0; n = s.spoil.Load() {
		if s.spoil.CompareAndSwap(n, n-1) {
			return http.StatusInternalServerError
		}
	}
	return status
}

// statusesChange has Graph report otherwise from now on.
func statusesChange(s *storm, r *rand.Rand) {
	plans := []whatsapptest.StatusPlan{
		promptly,
		{Sent: statusLate / 2, Delivered: statusLate, Read: statusLate},
		{Sent: statusLate, Delivered: statusLate, Read: whatsapptest.Never},
		{Sent: statusLate, Delivered: statusLate / 4, Read: whatsapptest.Never},
		{Sent: whatsapptest.Never, Delivered: statusLate / 2, Read: statusLate},
		{Copies: 3, Delivered: statusLate / 3, Read: whatsapptest.Never},
		{Batch: 20, Sent: statusLate / 3, Delivered: statusLate / 3, Read: statusLate / 3},
	}
	s.graph.SetStatuses(plans[r.IntN(len(plans))])
}

// modelFails makes a few calls of the model go wrong.
func modelFails(s *storm, r *rand.Rand) {
	kinds := []openaitest.FaultKind{
		openaitest.Status, openaitest.Stall, openaitest.Reset, openaitest.CutOff, openaitest.Foreign, openaitest.Refusal,
		openaitest.Length, openaitest.Filter, openaitest.Empty, openaitest.WrongEnum, openaitest.InvalidJSON,
	}
	s.model.Fail(openaitest.Fault{Kind: kinds[r.IntN(len(kinds))], Times: 1 + r.IntN(3)})
}

// queueFails makes a few tasks go wrong on their way out, or all that are made
// for a moment: a call is tried twice, so that only an outage makes it fail.
func queueFails(s *storm, r *rand.Rand) {
	outages := []cloudtaskstest.Fault{
		{Kind: cloudtaskstest.Refuse},
		{Kind: cloudtaskstest.Refuse, Code: 8}, // resource exhausted
		{Kind: cloudtaskstest.Hang},
		{Kind: cloudtaskstest.LoseReply},
		{Kind: cloudtaskstest.LoseReply, Code: 14}, // unavailable
	}
	faults := []cloudtaskstest.Fault{
		{Kind: cloudtaskstest.DuplicateDispatch},
		{Kind: cloudtaskstest.DuplicateDispatch, Delay: 3 * time.Second},
		{Kind: cloudtaskstest.ReorderDispatch},
		{Kind: cloudtaskstest.DelayDispatch, Delay: queueLate},
	}
	if i := r.IntN(len(outages) + len(faults)); i >= len(outages) {
		f := faults[i-len(outages)]
		f.Times = 1 + r.IntN(10)
		s.tasks.Inject(f)
	} else {
		outages[i].Times = -1
		s.tasks.Inject(outages[i])
		<-time.After(within(r, queueLate))
		s.tasks.ClearFaults() // Whatever else was to come: another one comes soon.
	}
}

// ordeal draws misfortunes until its time is up, and returns when the last of
// them has ended.
func (s *storm) ordeal(ctx context.Context) {
	r := s.chance("misfortune", 0)
	kinds := misfortunes()
	if s.redis == nil {
		kinds = slices.DeleteFunc(kinds, func(m misfortune) bool { return strings.HasPrefix(m.name, "redis ") })
	}
	sum := 0
	for _, m := range kinds {
		sum += m.weight
	}
	var running sync.WaitGroup
	defer running.Wait()
	strike := func(m misfortune) {
		own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		s.struck[m.name]++
		running.Go(func() { m.strike(s, own) })
	}
	strike(kinds[0]) // However slow the machine is: a storm without a death is none.
	for pause(ctx, within(r, 1300*time.Millisecond)) && s.calm(ctx) {
		n, drawn := r.IntN(sum), kinds[0]
		for _, m := range kinds {
			if n -= m.weight; n < 0 {
				drawn = m
				break
			}
		}
		strike(drawn)
	}
}

// heal ends whatever is still to come of misfortunes that have ended.
func (s *storm) heal() {
	s.graph.ClearFaults()
	s.spoil.Store(0)
	s.graph.SetStatuses(promptly)
	s.model.Heal()
	s.tasks.ClearFaults()
	for _, f := range []*fleet{s.workers, s.ingresses} {
		for _, m := range f.members {
			f.alive(m)
		}
	}
}
