package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/conversation"
)

// hintModel is what a hint store that forgets nothing would answer, for one
// conversation. It is written as plainly as possible, from the promises.
type hintModel struct {
	standing map[conversation.MessageID]conversation.Standing
	box      []conversation.MessageID
	tries    map[conversation.MessageID]int
	holder   string
	version  int64
	cached   string
}

func newHintModel() *hintModel {
	return &hintModel{
		standing: map[conversation.MessageID]conversation.Standing{},
		tries:    map[conversation.MessageID]int{},
	}
}

func (m *hintModel) keep(message conversation.MessageID) {
	if !slices.Contains(m.box, message) {
		m.box = append(m.box, message)
	}
}

func (m *hintModel) arrive(message conversation.MessageID) conversation.Standing {
	s := m.standing[message]
	if s == conversation.Fresh {
		if slices.Contains(m.box, message) {
			return conversation.Pending
		}
		m.keep(message)
	}
	return s
}

func (m *hintModel) leave(token string, version int64, snapshot string, done, excused []conversation.MessageID) {
	if m.holder == token {
		m.holder = ""
	}
	if snapshot != "" && version >= m.version {
		m.version, m.cached = version, snapshot
	}
	for _, message := range done {
		m.standing[message] = conversation.Done
		delete(m.tries, message)
		m.box = slices.DeleteFunc(m.box, func(b conversation.MessageID) bool { return b == message })
	}
	for _, message := range excused {
		m.tries[message] = max(m.tries[message]-1, 0)
	}
}

// agreesWithItsModel plays random calls on the store and on the model, with
// the same answers all along.
func agreesWithItsModel(h *hintTest) {
	for seed := range uint64(20) {
		h.store.Flush()
		h.playAgainstModel(seed)
		if h.Failed() {
			h.Fatalf("seed %d", seed)
		}
	}
}

func (h *hintTest) playAgainstModel(seed uint64) {
	h.Helper()
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // A failure must be repeatable.
	model := newHintModel()
	for step := range 60 {
		message := conversation.MessageID(fmt.Sprintf("m%d", random.IntN(4)))
		token := fmt.Sprintf("t%d", random.IntN(3))
		switch random.IntN(8) {
		case 0, 1:
			if got, want := h.arrive(message)[0].Standing, model.arrive(message); got != want {
				h.Errorf("step %d: arrival of %s stands at %d, want %d", step, message, got, want)
			}
		case 2:
			h.queued(message)
			model.standing[message] = max(model.standing[message], conversation.Queued)
		case 3, 4:
			h.enterAgainstModel(step, model, message, token)
		case 5:
			if got, want := h.renew(token), model.holder == token; got != want {
				h.Errorf("step %d: renewal by %s = %v, want %v", step, token, got, want)
			}
		case 6:
			var done, excused []conversation.MessageID
			switch random.IntN(3) {
			case 0:
				done = append(done, message)
			case 1:
				excused = append(excused, message)
			}
			version, snapshot := random.Int64N(20), ""
			d := conversation.Departure{Token: token, Version: version, Done: done, Excused: excused}
			if random.IntN(2) == 0 {
				snapshot = fmt.Sprintf("snapshot %d", step)
				d.Snapshot = []byte(snapshot)
			}
			h.leave(d)
			model.leave(token, version, snapshot, done, excused)
		default:
			h.store.Advance(h.options.LeaseTTL + time.Second)
			model.holder = ""
		}
		h.wantLetters(h.waiting(), model.box...)
	}
}

func (h *hintTest) enterAgainstModel(step int, model *hintModel, message conversation.MessageID, token string) {
	h.Helper()
	got := h.enter(message, token)
	if model.standing[message] == conversation.Done {
		if !cmp.Equal(got, conversation.Admission{Done: true}) {
			h.Errorf("step %d: entry of %s = %+v, want done", step, message, got)
		}
		return
	}
	model.keep(message)
	if model.holder != "" {
		if got.Busy <= 0 || got.Done || got.Letters != nil {
			h.Errorf("step %d: entry of %s = %+v, want busy", step, message, got)
		}
		return
	}
	model.holder = token
	model.tries[message]++
	if got.Done || got.Busy != 0 || got.Tries != model.tries[message] || string(got.Cached) != model.cached {
		h.Errorf("step %d: entry of %s = done %v, busy %v, tries %d, cached %q; want the lease, %d tries, %q",
			step, message, got.Done, got.Busy, got.Tries, got.Cached, model.tries[message], model.cached)
	}
	h.wantLetters(got.Letters, model.box...)
}
