package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// TestAFaultNeverCostsOrDoublesAReply breaks one point in one way for a while:
// the lead reads exactly one answer.
func TestAFaultNeverCostsOrDoublesAReply(t *testing.T) {
	for _, c := range []struct {
		point, kind string
		times       int
	}{
		{"graph", "fail_after", 1},
		{"model", "fail_before", 2},
		{"model", "fail_after", 1},
		{"model", "status", 3},
		{"redis", "fail_before", 5},
		{"redis", "fail_after", 5},
		{"redis", "hang", 1},
		{"redis", "fail_before", -1},
		{"ledger", "fail_before", 2},
		{"ledger", "fail_after", 1},
		{"ledger", "fail_after", 3},
		{"tasks", "fail_before", 1},
		{"tasks", "fail_after", 1},
		{"tasks", "status", 2},
		{"tasks", "duplicate", -1},
		{"webhook", "fail_before", 2},
		{"webhook", "fail_after", 2},
		{"webhook", "status", 3},
		{"webhook", "duplicate", 9},
		{"webhook", "duplicate", -1},
		{"webhook", "late", 1},
		{"webhook", "reorder", 1},
		{"webhook", "reorder", -1},
		{"model", "late", 1},
		{"model", "refuse", 1},
		{"model", "refuse", -1},
	} {
		t.Run(c.point+" "+c.kind, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.fault(c.point, c.kind, c.times)
			s.say(iara, erp)
			s.patiently(iara, 1)
			s.exactly(iara, 1)
			if turns := s.turns(iara); len(turns) != 1 {
				t.Errorf("%d turns instead of 1", len(turns))
			}
		})
	}
}

// patiently skips time until a person got n replies: what failed is tried again
// when its time comes.
func (s *street) patiently(from string, n int) {
	s.t.Helper()
	s.Until("replies after a while", func() bool {
		if len(s.conversation(from).replies()) >= n {
			return true
		}
		s.pass(2 * time.Second)
		return false
	})
}

// TestWhatHangsIsLetGo hangs each point until the faults are taken back.
func TestWhatHangsIsLetGo(t *testing.T) {
	for _, point := range []string{"model", "redis", "ledger", "webhook"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.fault(point, "hang", -1)
			s.say(iara, erp)
			if point != "redis" { // a hint: without it everything goes on
				if replies := s.conversation(iara).replies(); len(replies) != 0 {
					t.Fatalf("%d replies in spite of the fault", len(replies))
				}
			}
			s.heal()
			s.patiently(iara, 1)
			s.exactly(iara, 1)
		})
	}
}

// TestAFileThatCannotBeHadIsAnswered breaks the way of a voice note: it is heard
// in the end, or the lead is told that it was not.
func TestAFileThatCannotBeHadIsAnswered(t *testing.T) {
	for _, c := range []struct {
		point, kind string
		times       int
		heard       bool
	}{
		{"media", "fail_before", 1, true}, // an address that has expired
		{"media", "fail_before", -1, false},
		{"media", "fail_after", 1, true}, // a body that breaks off
		{"media", "status", 2, true},
		{"media", "status", -1, false},
		{"transcription", "status", 2, true},
		{"transcription", "fail_after", 1, true},
		{"transcription", "status", -1, false},
	} {
		t.Run(fmt.Sprint(c.point, " ", c.kind, " ", c.times), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.fault(c.point, c.kind, c.times)
			s.write(map[string]any{"from": iara, "type": "audio", "text": erp})
			s.patiently(iara, 1)
			if reply := s.exactly(iara, 1)[0]; strings.Contains(reply.Text, "ERP") != c.heard {
				t.Errorf("it is answered %q", reply.Text)
			}
		})
	}
}

// TestAWebhookIsHeldBack holds the first message of a person back: it comes when
// its time has come and not before.
func TestAWebhookIsHeldBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.arm(`{"point":"webhook","kind":"late","delay":"1h"}`)
	s.say(iara, "oi")
	s.advance(59 * time.Minute)
	s.say(bruno, "oi")
	s.untilReplies(bruno, 1)
	if replies, held := s.conversation(iara).replies(), s.waiting().Webhooks; len(replies) != 0 || held != 1 {
		t.Errorf("%d replies, and %d webhooks are held", len(replies), held)
	}
	s.advance(time.Minute)
	s.exactly(iara, 1)
}

// TestAWebhookIsOvertaken lets the message of another person go first.
func TestAWebhookIsOvertaken(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault("webhook", "reorder", 1)
	s.say(iara, "oi")
	if held := s.waiting().Webhooks; held != 1 {
		t.Fatalf("%d webhooks are held", held)
	}
	s.say(bruno, "oi")
	s.exactly(iara, 1)
	s.exactly(bruno, 1)
	logs := s.logs()
	first, second := s.turns(bruno)[0].Messages[0], s.turns(iara)[0].Messages[0]
	if a, b := strings.Index(logs, first), strings.Index(logs, second); a < 0 || b < 0 || a > b {
		t.Errorf("the ingress met %s, sent first, before %s", second, first)
	}
}

// TestAnAnswerOfTheModelIsLate lets an answer take a while of the street's clock.
func TestAnAnswerOfTheModelIsLate(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.arm(`{"point":"model","kind":"late","delay":"15s"}`)
	s.say(iara, erp)
	s.Until("a request to the model", func() bool {
		s.advance(0) // Nothing else happens that would be an event.
		return len(s.armed()) == 0
	})
	if replies := s.conversation(iara).replies(); len(replies) != 0 {
		t.Fatalf("%d replies before the model answered", len(replies))
	}
	s.Until("the answer", func() bool {
		s.advance(time.Second)
		return len(s.conversation(iara).replies()) > 0
	})
	s.exactly(iara, 1)
	if turns := s.turns(iara); turns[0].Route != "model" || turns[0].Model.Calls != 1 {
		t.Errorf("the turn is %+v", turns[0])
	}
}

// TestAStreetLetsGoOfWhatItHolds ends while webhooks are held and the worker is
// being killed again and again.
func TestAStreetLetsGoOfWhatItHolds(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault("worker", "fail_before", -1)
	s.say(bruno, "oi")
	s.arm(`{"point":"webhook","kind":"late","delay":"24h","times":2}`)
	s.fault("webhook", "reorder", 1)
	for range 3 {
		s.say(iara, "oi")
	}
	if held := s.waiting().Webhooks; held != 3 {
		t.Errorf("%d webhooks are held", held)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// arm asks for a fault in the words of the API.
func (s *street) arm(fault string) {
	s.t.Helper()
	var answer struct{ Error string }
	if status := s.Call(http.MethodPost, "/api/faults", fault, &answer); status != http.StatusOK {
		s.t.Fatalf("a fault was answered %d %q", status, answer.Error)
	}
}

// TestWhatIsArmedIsTold arms every point in every way and reads it back.
func TestWhatIsArmedIsTold(t *testing.T) {
	s := start(t)
	var can struct {
		Points []struct {
			Point   string
			Kinds   []string
			Without string
		}
	}
	s.Call(http.MethodGet, "/api/faults", "", &can)
	var want []armed
	for _, p := range can.Points {
		if p.Without != "" || len(p.Kinds) == 0 {
			t.Errorf("%s breaks by %v: %s", p.Point, p.Kinds, p.Without)
		}
		for i, kind := range p.Kinds {
			f := armed{Point: p.Point, Kind: kind, Left: i + 1}
			request := map[string]any{"point": f.Point, "kind": f.Kind, "times": f.Left}
			switch {
			case kind == "late":
				f.Delay = "1m30s"
				request["delay"] = "90s"
			case kind == "fail_later": // of the most common reason unless it is said
				f.Code = 131026
			case kind == "status" && p.Point == "tasks":
				f.Code = 14
				request["status"] = http.StatusServiceUnavailable
			case kind == "status":
				f.Status = http.StatusBadGateway
				request["status"] = f.Status
				if p.Point == "webhook" { // An answer that never came has no status.
					f.Status = 0
				}
			}
			s.arm(encode(request))
			want = append(want, f)
		}
	}
	if got := s.armed(); !slices.Equal(got, want) {
		t.Errorf("armed are\n%+v, not\n%+v", got, want)
	}
	s.heal()
	s.fault("graph", "status", -1)
	s.fault("model", "hang", -1)
	if got := s.armed(); len(got) != 2 || got[0].Left != -1 || got[1].Left != -1 {
		t.Errorf("armed are %+v", got)
	}
	s.heal()
	if got := s.armed(); len(got) != 0 {
		t.Errorf("armed are %+v although they were taken back", got)
	}
	if len(can.Points) != 9 {
		t.Errorf("%d points instead of 9", len(can.Points))
	}
}

func TestAModelOutageEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault("model", "status", -1)
	s.say(iara, erp)
	s.Until("a second attempt", func() bool { return strings.Count(s.logs(), `"route":"/tasks/inbound"`) >= 2 })
	if replies := s.conversation(iara).replies(); len(replies) != 0 {
		t.Fatalf("%d replies in spite of the outage", len(replies))
	}
	s.heal()
	s.patiently(iara, 1)
	s.exactly(iara, 1)
}

// TestASendThatWasLostIsMadeOnce drops a message before Meta has it. Once
// receipts of others prove that one of this would have come, it is sent again.
func TestASendThatWasLostIsMadeOnce(t *testing.T) {
	s := start(t)
	s.fault("graph", "fail_before", 1)
	s.say(iara, "oi")
	s.Until("an attempt", func() bool { return strings.Contains(s.logs(), `"route":"/tasks/inbound"`) })
	said := 0
	s.Until("the reply", func() bool {
		if len(s.conversation(iara).replies()) > 0 {
			return true
		}
		if s.waiting().Due > 0 {
			return false
		}
		s.advance(20 * time.Second)
		s.say(bruno, "oi")
		said++
		s.untilReplies(bruno, said)
		return false
	})
	s.exactly(iara, 1)
	if turns := s.turns(iara); len(turns) != 1 || turns[0].Deliveries[0].Attempt != 2 {
		t.Errorf("the turns are %+v", turns)
	}
}

func TestARefusalOfMetaIsNotRepeated(t *testing.T) {
	s := start(t)
	body := `{"point":"graph","kind":"status","status":400,"code":131047,"times":1}`
	if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
		t.Fatalf("the fault was answered %d", status)
	}
	s.say(iara, "oi")
	s.Until("a turn", func() bool {
		turns := s.turnsSoFar(iara)
		return len(turns) == 1 && turns[0].Deliveries[0].Results["1"].Code == 131047
	})
	s.settle()
	if replies := s.conversation(iara).replies(); len(replies) != 0 {
		t.Errorf("%d replies although Meta refused", len(replies))
	}
}

// turnsSoFar are the turns of a person whom the ledger may not know yet.
func (s *street) turnsSoFar(from string) []turn {
	if s.Call(http.MethodGet, "/api/conversations/"+from+"/turns", "", nil) == http.StatusNotFound {
		return nil
	}
	return s.turns(from)
}

func TestAnotherRedisBreaksToo(t *testing.T) {
	other := miniredis.RunT(t)
	s := start(t, "REDIS_URL=redis://"+other.Addr())
	if part := s.parts()["redis"]; part.Variant != "external" {
		t.Fatalf("redis is %+v", part)
	}
	first := s.say(iara, "oi")
	s.untilReplies(iara, 1)
	if len(other.Keys()) == 0 {
		t.Error("nothing was kept in the Redis that was given")
	}
	other.Close()
	s.again(first, 3, true)
	s.say(iara, erp)
	s.untilReplies(iara, 2)
	s.Until("rest", s.idle)
	if replies := s.conversation(iara).replies(); len(replies) != 2 {
		t.Errorf("%d replies instead of 2", len(replies))
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	s := start(t, "OPENAI_ENABLED=false", "SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory")
	for _, c := range []struct{ body, says string }{
		{`{"point":"moon","kind":"hang"}`, "point: is none of graph, model, redis, ledger, tasks, webhook, media, transcription, worker"},
		{`{"point":"graph","kind":"duplicate"}`, "kind: graph breaks by fail_after, fail_before, fail_later, hang, status"},
		{`{"point":"ledger","kind":"status"}`, "kind: ledger breaks by fail_after, fail_before, hang"},
		{`{"point":"tasks","kind":""}`, "kind: tasks breaks by duplicate, fail_after, fail_before, hang, status"},
		{`{"point":"model","kind":"hang"}`, "point: model cannot be broken: it is not the offline one"},
		{`{"point":"redis","kind":"hang"}`, "point: redis cannot be broken: there is none; hints are in memory"},
		{`{"point":"graph","kind":"status","status":200}`, "status: is not an HTTP status from 400 to 599"},
		{`{"point":"graph","kind":"status","code":-1}`, "code: is negative"},
		{`{"point":"graph","kind":"hang","times":10001}`, "times: is more than 10000; a negative number is until the faults are taken back"},
		{`{"point":"webhook","kind":"late","delay":"0s"}`, "delay: is not a duration such as 30s, of 744h0m0s at most"},
		{`{"point":"webhook","kind":"late","delay":"soon"}`, "delay: is not a duration such as 30s, of 744h0m0s at most"},
		{`{"point":"webhook","kind":"hang","delay":"1s"}`, "delay: is for kind late alone"},
		{`{"point":"worker","kind":"status"}`, "kind: worker breaks by fail_after, fail_before, hang"},
		{`{"point":"graph","kind":"hang","time":1}`, `body: has a field that is not known: "time"`},
	} {
		var answer struct{ Error string }
		if status := s.Call(http.MethodPost, "/api/faults", c.body, &answer); status != http.StatusBadRequest || answer.Error != c.says {
			t.Errorf("%s was answered %d %q", c.body, status, answer.Error)
		}
	}
	if left := s.armed(); len(left) != 0 {
		t.Errorf("still armed is %+v", left)
	}
	// None of them happened.
	s.say(iara, "oi")
	s.exactly(iara, 1)
}

func TestWithoutAModelOttoHasAMenu(t *testing.T) {
	s := start(t, "OPENAI_ENABLED=false", "SESSION_STORE_BACKEND=memory", "DEDUPE_BACKEND=memory")
	s.say(iara, erp)
	s.exactly(iara, 1)
	if turns := s.turns(iara); turns[0].Route != "menu" || turns[0].Model.Calls != 0 {
		t.Errorf("the turn is %+v", turns[0])
	}
}
