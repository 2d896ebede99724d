package simulator_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/operator"
)

// repeated is a turn decided again, or why it was not.
type repeated struct {
	operator.Repetition
	Error, Code string
}

func (s *street) repeat(id, pack, model string) (r repeated, status int) {
	s.t.Helper()
	body := encode(map[string]any{"pack": pack, "model": model})
	status = s.Call(http.MethodPost, "/api/turns/"+url.PathEscape(id)+"/repeat", body, &r)
	return r, status
}

// turnIDs are the ids of a person's turns, oldest first.
func (s *street) turnIDs(from string) (ids []string) {
	s.t.Helper()
	var answer struct{ Turns []struct{ ID string } }
	s.Call(http.MethodGet, "/api/conversations/"+from+"/turns", "", &answer)
	for _, t := range slices.Backward(answer.Turns) {
		ids = append(ids, t.ID)
	}
	return ids
}

// stocked is what a street's turns can be decided again with.
type stocked struct {
	Packs  []string
	Pack   string
	Models []string
}

func (s *street) stocked() (answer stocked) {
	s.t.Helper()
	s.Call(http.MethodGet, "/api/street", "", &answer)
	return answer
}

func TestATurnIsDecidedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	stock := s.stocked()
	if len(stock.Packs) < 2 || !slices.Contains(stock.Packs, stock.Pack) || len(stock.Models) != 1 {
		t.Fatalf("%+v", stock)
	}
	other := stock.Packs[0]
	if other == stock.Pack {
		other = stock.Packs[1]
	}
	s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.say(iara, erp)
	s.untilReplies(iara, 2)
	s.say(iara, "quero falar com uma pessoa")
	s.untilReplies(iara, 3)
	s.settle()
	s.accept(iara)
	s.say(iara, "tem alguém aí?")
	s.settle()
	s.advance(72 * time.Hour)
	s.settle()
	var told operator.Outcome
	s.Call(http.MethodPost, "/api/operator/handoffs/"+iara+"/release", "{}", &told)
	s.settle()

	ids, replies := s.turnIDs(iara), s.conversation(iara).replies()
	for i, id := range ids {
		r, status := s.repeat(id, "", "")
		if status != http.StatusOK || r.Turn == "" || len(r.Differences) != 0 {
			t.Errorf("turn %d decided again with the same: %d, %+v", i+1, status, r)
		}
		if r, status := s.repeat(id, other, "outro-modelo"); status != http.StatusOK {
			t.Errorf("turn %d decided again with another pack: %d, %+v", i+1, status, r)
		}
	}
	r, _ := s.repeat(ids[1], other, "")
	if r.Was.Text[0] != replies[1].Text || r.Was.Route != "model" || r.Was.TokensIn == 0 || r.Now.TokensIn == 0 || r.Now.TookMS <= 0 || len(r.Now.Text) == 0 {
		t.Errorf("%+v", r)
	}
	if !slices.ContainsFunc(r.Differences, func(c operator.Change) bool { return c.Field == "text" }) {
		t.Errorf("another business says the same: %+v", r.Differences)
	}
	if again := s.turnIDs(iara); !slices.Equal(again, ids) || len(s.conversation(iara).replies()) != len(replies) {
		t.Errorf("repeating made turns %v of %v, or sent something", again, ids)
	}
	var replayed operator.Replay
	s.Call(http.MethodGet, "/api/operator/replay/"+iara, "", &replayed)
	if replayed.Same != len(ids) {
		t.Errorf("%+v", replayed)
	}
}

func TestWhatCannotBeDecidedAgainSaysWhy(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.say(iara, erp)
	s.untilReplies(iara, 1)
	s.settle()
	id := s.turnIDs(iara)[0]
	if r, status := s.repeat(id, "nenhum", ""); status != http.StatusBadRequest || !strings.Contains(r.Error, s.stocked().Pack) {
		t.Errorf("an unknown pack was answered %d %s", status, r.Error)
	}
	if r, status := s.repeat("c~7", "", ""); status != http.StatusNotFound {
		t.Errorf("an unknown turn was answered %d %s", status, r.Error)
	}
	s.fault("model", "status", -1)
	if r, status := s.repeat(id, "", ""); status != http.StatusServiceUnavailable {
		t.Errorf("with an ill model it was answered %d %s", status, r.Error)
	}
}

// A street without a model decides again without one, and says so to who names
// one. Its pack is called as the folder that it is read from.
func TestATurnIsDecidedAgainWithoutAModel(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "meu-pacote")
	if err := os.CopyFS(dir, os.DirFS("../../packs/pizzaria-exemplo")); err != nil {
		t.Fatal(err)
	}
	s := start(t, "OPENAI_ENABLED=false", "PACK_DIR="+dir)
	if stock := s.stocked(); stock.Pack != "meu-pacote" || !slices.Contains(stock.Packs, "meu-pacote") || len(stock.Models) != 0 {
		t.Errorf("%+v", stock)
	}
	s.say(iara, erp)
	s.untilReplies(iara, 1)
	s.settle()
	id := s.turnIDs(iara)[0]
	if r, status := s.repeat(id, "", ""); status != http.StatusOK || len(r.Differences) != 0 {
		t.Errorf("%d, %+v", status, r)
	}
	if r, status := s.repeat(id, "", "gpt"); status != http.StatusConflict || r.Code != string(operator.NoModel) {
		t.Errorf("%d, %+v", status, r)
	}
}

// What was answered with the menu, because the model was out, is answered by the
// model once it is there.
func TestATurnThatHadNoModelIsGivenOne(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault("model", "fail_before", -1)
	s.say(iara, erp)
	s.Until("the first attempt to fail", func() bool { return s.waiting().Tasks > 0 && s.waiting().Due == 0 })
	s.advance(4 * time.Minute)
	s.untilReplies(iara, 1)
	s.heal()
	s.settle()
	r, status := s.repeat(s.turnIDs(iara)[0], "", "")
	if status != http.StatusOK || r.Was.Route != "menu" || r.Now.Route != "model" || r.Now.TokensIn == 0 {
		t.Fatalf("%d, %+v", status, r)
	}
	if c := r.Differences[0]; c.Field != "route" || c.Was != "menu" || c.Now != "model" {
		t.Errorf("%+v", r.Differences)
	}
}
