package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/config"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/internal/store/firestore/firestoretest"
)

const (
	lead    = "5511988887777"
	number  = "733000000000009"
	plea    = "preciso de canarinhos"
	hashKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	dataKey = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	// patience bounds every wait of a test.
	patience = 30 * time.Second
)

// atende runs the tool and returns what it printed and its exit code.
func atende(t *testing.T, environ []string, line string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), strings.Fields(line), environ, nil, &out, &errs)
	return out.String(), errs.String(), code
}

// done runs the tool and expects it to succeed.
func done(t *testing.T, environ []string, line string) string {
	t.Helper()
	stdout, stderr, code := atende(t, environ, line)
	if code != exitDone || stderr != "" {
		t.Fatalf("atende %s ended with %d and %q", line, code, stderr)
	}
	for _, mark := range []string{lead, "canarinhos", "wamid"} {
		if strings.Contains(stdout, mark) && !strings.Contains(line, "--reveal") {
			t.Errorf("atende %s shows %q:\n%s", line, mark, stdout)
		}
	}
	return stdout
}

// refused runs the tool and expects it to say no, in words that hold these.
func refused(t *testing.T, environ []string, line, says string) {
	t.Helper()
	stdout, stderr, code := atende(t, environ, line)
	if code != exitWrong || !strings.Contains(stderr, says) || stdout != "" {
		t.Errorf("atende %s ended with %d, %q and %q", line, code, stdout, stderr)
	}
}

// waiting are the items of a list.
func waiting(t *testing.T, environ []string) []operator.Item {
	t.Helper()
	var list operator.List
	if err := json.Unmarshal([]byte(done(t, environ, "parked list --json")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// address finds where a street is in what it prints.
type address struct {
	found chan string
	bytes.Buffer
}

func (a *address) Write(p []byte) (int, error) {
	if m := regexp.MustCompile(`Open (http://\S+)`).FindSubmatch(p); m != nil {
		a.found <- string(m[1])
	}
	return a.Buffer.Write(p)
}

// newTestStreet runs "atende dev" until the test ends, and returns the environment in
// which the tool finds it.
func newTestStreet(t *testing.T, environ ...string) (base string, env []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &address{found: make(chan string, 1)}
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"dev"}, append([]string{"PORT_BASE=0", "COALESCE_WINDOW=0"}, environ...), nil, stdout, &stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("the street ended with %d and %s", code, stderr.String())
		}
	})
	select {
	case base = <-stdout.found:
	case code := <-ended:
		ended <- code
		t.Fatalf("the street ended with %d and %s", code, stderr.String())
	case <-time.After(patience):
		t.Fatal("the street printed no address")
	}
	return base, []string{"ATENDE_URL=" + base}
}

// ask makes a request of a street's own API.
func ask(t *testing.T, method, address, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s was answered %d", address, response.StatusCode)
	}
}

// until asks again, skipping time, until something is so.
func until(t *testing.T, base, what string, so func() bool) {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-tick.C:
			if so() {
				tick.Stop()
				return
			}
			ask(t, http.MethodPost, base+"/api/clock", `{"advance":"1s"}`)
		case <-deadline.Done():
			t.Fatalf("it never came to that: %s", what)
		}
	}
}

func TestOperatorsOfARunningStreet(t *testing.T) {
	base, env := newTestStreet(t, "SEND_PERMIT=500ms", "GRAPH_TIMEOUT=500ms", "WIRE_LIFETIME=500ms", "AMBIGUITY_WINDOW=2s", "PARK_AFTER=4s")
	if out := done(t, env, "parked list"); out != "Nothing waits for a person.\n" {
		t.Errorf("in the beginning it prints %q", out)
	}
	ask(t, http.MethodPost, base+"/api/faults", `{"point":"graph","kind":"fail_before","times":-1}`)
	ask(t, http.MethodPost, base+"/api/messages", `{"from":"`+lead+`","name":"Iara","text":"oi"}`)
	until(t, base, "something is parked", func() bool { return len(waiting(t, env)) > 0 })
	ask(t, http.MethodDelete, base+"/api/faults", "")

	item := waiting(t, env)[0]
	if out := done(t, env, "parked list --limit 5"); !strings.Contains(out, item.ID+"  reply 1  waiting  no-receipt") {
		t.Errorf("the list is\n%s", out)
	}
	if out := done(t, env, "parked show "+item.ID); !strings.Contains(out, "phone (13 characters)") || !strings.Contains(out, "possible") {
		t.Errorf("shown is\n%s", out)
	}
	if out := done(t, env, "turns show --reveal "+item.ID); !strings.Contains(out, `phone "`+lead+`"`) {
		t.Errorf("revealed is\n%s", out)
	}
	if out := done(t, env, "parked retry "+item.ID); !strings.Contains(out, "reply 1 reopened (it had waited: no-receipt)\nthe worker goes on") {
		t.Errorf("tried again says\n%s", out)
	}
	until(t, base, "the answer", func() bool {
		var d operator.Detail
		return json.Unmarshal([]byte(done(t, env, "turns show --json "+item.ID)), &d) == nil && d.Turn.Phase == conversation.Sent
	})
	refused(t, env, "parked retry "+item.ID, "it is SENT")
	refused(t, env, "parked drop "+item.ID, "it is SENT")
	refused(t, env, "turns close "+item.ID, "it is SENT")
	refused(t, env, "parked show nothing", `no such turn or dead letter: "nothing"`)
	for _, who := range []string{lead, string(item.Conversation)} {
		if out := done(t, env, "replay "+who); !strings.Contains(out, "turns: 1; same: 1, different: 0, skipped: 0") {
			t.Errorf("the replay says\n%s", out)
		}
	}
	refused(t, env, "replay 5511900000000", "no such conversation")
}

func TestTheReceiptOfAnAnswer(t *testing.T) {
	base, env := newTestStreet(t)
	const question = "quanto custam os canarinhos?"
	ask(t, http.MethodPost, base+"/api/messages", `{"from":"`+lead+`","name":"Iara","text":"`+question+`"}`)
	var talk struct {
		Messages []struct{ ID, Status, Text string }
	}
	until(t, base, "the answer was read", func() bool {
		response, err := http.Get(base + "/api/conversations/" + lead)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		return json.NewDecoder(response.Body).Decode(&talk) == nil && len(talk.Messages) == 2 && talk.Messages[1].Status == "read"
	})
	var r operator.Receipt
	wamid := talk.Messages[0].ID
	if err := json.Unmarshal([]byte(done(t, env, "receipt --json "+wamid)), &r); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{wamid, string(r.Turn), string(r.Heard[0].ID)} {
		out := done(t, env, "receipt "+id)
		for _, line := range []string{
			`^turn +` + string(r.Turn), `^correlation +\w+`,
			`^WHAT CAME IN\n  message  ` + string(r.Heard[0].ID) + `\n  text     \(28 characters\)\n  time     sent .*, received `,
			`^  route +model: the model's decision, as the guards left it, asked to decide`, `^  state +INITIAL to \w+ by decision`,
			`^  pack +\w+, this environment's pack`, `^  model +gpt-4o-mini`, `^  call 1 +ok, prompt \w{64}`, `^  call 1 said +\(\d+ characters\)`,
			`^  tokens +\d+ in, \d+ of them cached, \d+ out`, `^  cost +US\$ 0\.000\d{3}`, `^  form +passed`, `^  decide +\d+\.\d ms`,
			`^WHAT WAS SENT\n  all of it +SENT`, `^  reply 1 receipt +read, at `,
		} {
			if !regexp.MustCompile(`(?m)` + line).MatchString(out) {
				t.Errorf("no line %q in the receipt of %.5s…:\n%s", line, id, out)
			}
		}
	}
	out := done(t, env, "receipt --reveal "+wamid)
	for _, words := range []string{question, talk.Messages[1].Text} {
		if !strings.Contains(out, strconv.Quote(words)) {
			t.Errorf("%q is not revealed:\n%s", words, out)
		}
	}
	refused(t, env, "receipt nothing", `no such turn or message: "nothing"`)
	refused(t, env, "receipt wamid.absent", "no message of that id of Meta's")
}

// handedOff is the list of handoffs.
func handedOff(t *testing.T, env []string) (list operator.Handoffs) {
	t.Helper()
	if err := json.Unmarshal([]byte(done(t, env, "handoff list --json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAConversationIsGivenBack(t *testing.T) {
	base, env := newTestStreet(t)
	if out := done(t, env, "handoff list"); out != "No conversation is a person's.\n" {
		t.Errorf("in the beginning it prints %q", out)
	}
	ask(t, http.MethodPost, base+"/api/messages", `{"from":"`+lead+`","name":"Iara","text":"quero falar com uma pessoa"}`)
	until(t, base, "the team knows", func() bool {
		list := handedOff(t, env)
		return len(list.Handoffs) == 1 && list.Handoffs[0].Team == operator.TeamKnows
	})
	h := handedOff(t, env).Handoffs[0]
	if out := done(t, env, "handoff list --limit 3"); !strings.Contains(out, string(h.Conversation)) || !strings.Contains(out, "requested  told") {
		t.Errorf("the list is\n%s", out)
	}
	for _, want := range []string{"conversation accepted", "nothing had to be changed"} {
		if out := done(t, env, "handoff accept "+lead); out != want+"\n" {
			t.Errorf("accepted says\n%s", out)
		}
	}
	if out := done(t, env, "handoff release "+lead); !strings.Contains(out, "conversation released\nthe worker goes on") {
		t.Errorf("released says\n%s", out)
	}
	refused(t, env, "handoff release nobody", "the ledger knows no such conversation")
	refused(t, env, "handoff accept "+lead, "no person owns the conversation")
	if list := handedOff(t, env); len(list.Handoffs) != 0 {
		t.Errorf("afterwards: %+v", list)
	}
	until(t, base, "it is over", func() bool {
		_, errs, code := atende(t, env, "handoff release "+string(h.Conversation))
		return code == exitWrong && strings.Contains(errs, "no person owns the conversation")
	})
	if out := done(t, env, "replay "+lead); !strings.Contains(out, "same: 3, different: 0") {
		t.Errorf("the replay says\n%s", out)
	}
}

// ledgerOf is a Firestore with a parked turn and a dead message, and the
// worker's environment for it.
func ledgerOf(t *testing.T) (env []string, tasks *cloudtaskstest.Server) {
	t.Helper()
	server := firestoretest.New(t)
	tasks, err := cloudtaskstest.Start(cloudtaskstest.Options{AutoCreateQueues: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tasks.Close)
	raw, err := config.DecodeKey(dataKey)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := pii.NewRing(raw)
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := firestore.New(firestore.Options{ProjectID: "p", Tenant: "default", EmulatorHost: server.Host(), Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	now := time.Now()
	person := conversation.Identity{Phone: lead}
	c := conversation.New("conv", number, person)
	c.Version, c.LastTurn = 1, "conv~1"
	committed, err := ledger.Commit(t.Context(), conversation.Commit{
		Conversation: c, At: now,
		Turn: conversation.Turn{
			ID: "conv~1", Conversation: "conv", Version: 1, Number: number, To: person, Messages: []conversation.MessageID{"m1"},
			Replies: []conversation.Reply{{Kind: conversation.ReplyText, Text: plea}}, DecidedAt: now, SendBy: now.Add(time.Hour),
			PackHash: "another", Mode: conversation.ModeDecide,
		},
		Messages: []conversation.Inbound{{ID: "m1", Number: number, From: person, Kind: conversation.KindText, Text: plea}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Park(t.Context(), "conv~1", 0, "no-receipt", committed.At); err != nil {
		t.Fatal(err)
	}
	e := envelope.Envelope{Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: number, ID: "m2", Conversation: "conv", ReceivedAt: now}
	if err := e.Seal(ring, conversation.Inbound{ID: "m2", WAMID: "wamid.X", From: person, Kind: conversation.KindText, Text: plea}); err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Bury(t.Context(), conversation.Dead{
		ID: "m2", Conversation: "conv", Number: number, Reason: "attempts-spent", Attempts: 8, Content: body, Message: true, At: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"FIRESTORE_PROJECT_ID=p", "FIRESTORE_EMULATOR_HOST=" + server.Host(),
		"WHATSAPP_PHONE_NUMBER_ID=" + number, "WHATSAPP_BUSINESS_ACCOUNT_ID=644000000000003", "WHATSAPP_ACCESS_TOKEN=token",
		"WORKER_URL=http://127.0.0.1:1", "TASKS_INVOKER_EMAIL=tasks@atende.example", "REDIS_URL=redis://127.0.0.1:1", "OPENAI_ENABLED=false",
		"CLOUD_TASKS_EMULATOR_HOST=" + tasks.Addr(), "CLOUD_TASKS_PROJECT_ID=p", "CONTACT_HASH_KEY=" + hashKey, "DATA_KEY=" + dataKey,
	}, tasks
}

func TestOperatorsOnTheConfiguredLedger(t *testing.T) {
	env, tasks := ledgerOf(t)
	items := waiting(t, env)
	if len(items) != 2 || items[0].ID != "conv~1" && items[1].ID != "conv~1" {
		t.Fatalf("waiting is %+v", items)
	}
	done(t, env, "parked show conv~1")
	if out := done(t, env, "parked show m2 --reveal"); !strings.Contains(out, plea) || strings.Contains(out, "wamid.X") {
		t.Errorf("revealed is\n%s", out)
	}
	if out := done(t, env, "receipt m1"); !strings.Contains(out, "another, another pack than this environment's") {
		t.Errorf("the receipt is\n%s", out)
	}
	refused(t, env, "receipt m2", `given up: no turn has answered it; "atende parked show m2"`)
	// The conversation was recorded with a pack that is not the configured one.
	out, stderr, code := atende(t, env, "replay conv")
	if code != exitWrong || !strings.Contains(out, "pack") || !strings.Contains(out, "different: 1") || stderr != "" {
		t.Errorf("replay ended with %d, %q and\n%s", code, stderr, out)
	}
	for _, id := range []string{"conv~1", "m2"} {
		done(t, env, "parked retry "+id)
	}
	made := map[string]bool{}
	for _, task := range tasks.Tasks() {
		e, err := envelope.Decode(task.Body)
		if err != nil {
			t.Fatal(err)
		}
		made[fmt.Sprintf("%s %d", e.Kind, e.Replay)] = true
	}
	if len(made) != 2 || !made["timer 0"] || !made["inbound 1"] {
		t.Errorf("the tasks are %v", made)
	}
	done(t, env, "turns close conv~1")
	done(t, env, "parked drop m2")
	if items := waiting(t, env); len(items) != 0 {
		t.Errorf("still waiting is %+v", items)
	}
}

func TestOperatorsWithAWrongEnvironment(t *testing.T) {
	env, _ := ledgerOf(t)
	for _, c := range []struct {
		environ []string
		code    int
		says    []string
	}{
		{[]string{"FIRESTORE_PROJECT_ID=p"}, exitUsage, []string{"WHATSAPP_PHONE_NUMBER_ID", "REDIS_URL", "WORKER_URL"}},
		{append(env[:len(env):len(env)], "LEDGER_BACKEND=memory"), exitUsage, []string{"LEDGER_BACKEND", "ATENDE_URL"}},
		{[]string{"ATENDE_URL=http://atende.example"}, exitUsage, []string{"ATENDE_URL", "https"}},
		{[]string{"ATENDE_URL=http://127.0.0.1.example:8080"}, exitUsage, []string{"ATENDE_URL"}},
		{[]string{"ATENDE_URL=ftp://127.0.0.1"}, exitUsage, []string{"ATENDE_URL"}},
		{[]string{"ATENDE_URL=127.0.0.1:8080"}, exitUsage, []string{"ATENDE_URL"}},
		{[]string{"ATENDE_URL=https://somebody:secret@atende.example"}, exitUsage, []string{"ATENDE_URL"}},
		{[]string{"ATENDE_URL=http://127.0.0.1:1"}, exitWrong, []string{"nothing answers at http://127.0.0.1:1:", "make run", "FIRESTORE_PROJECT_ID"}},
	} {
		stdout, stderr, code := atende(t, c.environ, "replay "+lead)
		if code != c.code || stdout != "" {
			t.Errorf("%v ended with %d and printed %q", c.environ, code, stdout)
		}
		for _, word := range c.says {
			if !strings.Contains(stderr, word) {
				t.Errorf("%v does not name %s:\n%s", c.environ, word, stderr)
			}
		}
		if strings.Contains(stderr, lead) || strings.Contains(stderr, "secret@") {
			t.Errorf("too much is said: %s", stderr)
		}
	}
}

func TestTheLocalPageIsTheDefault(t *testing.T) {
	for _, environ := range [][]string{nil, {"FIRESTORE_PROJECT_ID=", "ATENDE_URL="}} {
		them, release, err := reach(t.Context(), environ)
		if err != nil {
			t.Fatal(err)
		}
		release()
		if s, ok := them.(*street); !ok || s.base.String() != localPage {
			t.Errorf("%v reaches %T", environ, them)
		}
	}
}

func TestWhatAnswersIsNoStreet(t *testing.T) {
	for _, body := range []string{"<html>", `{"hello":1}`, ""} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write([]byte(body))
		}))
		refused(t, []string{"ATENDE_URL=" + other.URL}, "parked list", "is not a street of this version")
		other.Close()
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"parked list --limit", "--limit needs a value; it is: atende parked list [--limit N] [--json]"},
		{"parked list --limit none", "--limit is not a number from 1 to 1000"},
		{"parked list --limit=0", "--limit is not a number from 1 to 1000"},
		{"parked list --json=yes", "--json takes no value"},
		{"parked list --reveal", "there is no option --reveal"},
		{"parked show", "it is: atende parked show ID [--reveal] [--json]"},
		{"parked show a b", "wrong arguments"},
		{"parked drop --limit 3 a", "there is no option --limit"},
		{"fsm --json", "there is no option --json"},
		{"receipt", "it is: atende receipt ID [--reveal] [--json]"},
	} {
		stdout, stderr, code := atende(t, nil, c.line)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("atende %s ended with %d, %q and %q", c.line, code, stdout, stderr)
		}
	}
}

// What a lead wrote must not play with the terminal of whoever reads it.
func TestWhatIsRevealedIsQuoted(t *testing.T) {
	var out bytes.Buffer
	text := operator.Words{Length: 9, Text: "a\x1b[2Jb\tc\n"}
	printDetail(&out, operator.Detail{ID: "m", What: "message", Letter: &operator.LetterDetail{Content: &text}})
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `"a\x1b[2Jb\tc\n"`) {
		t.Errorf("printed is %q", out.String())
	}
}
