package simulator_test

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	domain "github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/operator"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/internal/store/firestore"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

// hasty lets a turn be parked within seconds.
var hasty = []string{
	"SEND_PERMIT=500ms", "GRAPH_TIMEOUT=500ms", "WIRE_LIFETIME=500ms", "AMBIGUITY_WINDOW=2s", "PARK_AFTER=4s",
}

// parked are what waits for a person.
func (s *street) parked() []operator.Item {
	s.t.Helper()
	var list operator.List
	if status := s.Call(http.MethodGet, "/api/operator/parked", "", &list); status != http.StatusOK {
		s.t.Fatalf("the list was answered %d", status)
	}
	return list.Items
}

// operate acts on something, and returns what came of it or why nothing did.
func (s *street) operate(id, verb string) (o operator.Outcome, status int, refusal string) {
	s.t.Helper()
	var answer struct {
		operator.Outcome
		Error string
	}
	status = s.Call(http.MethodPost, "/api/operator/items/"+url.PathEscape(id)+"/"+verb, "{}", &answer)
	return answer.Outcome, status, answer.Error
}

func (s *street) item(id string, reveal bool) (d operator.Detail) {
	s.t.Helper()
	query := ""
	if reveal {
		query = "?reveal=true"
	}
	if status := s.Call(http.MethodGet, "/api/operator/items/"+url.PathEscape(id)+query, "", &d); status != http.StatusOK {
		s.t.Fatalf("an item was answered %d", status)
	}
	return d
}

// lose breaks the Graph API until an answer to Iara is parked, and mends it.
func (s *street) lose() operator.Item {
	s.t.Helper()
	s.fault("graph", "fail_before", -1)
	s.say(iara, "oi")
	var items []operator.Item
	s.Until("something is parked", func() bool {
		if items = s.parked(); len(items) > 0 {
			return true
		}
		s.pass(2 * time.Second)
		return false
	})
	s.heal()
	if len(items) != 1 || items[0].What != operator.Reply || items[0].Reason != "no-receipt" {
		s.t.Fatalf("parked are %+v", items)
	}
	return items[0]
}

// afterwards lets every timer of a parked turn pass.
func (s *street) afterwards(replies int) {
	s.t.Helper()
	s.advance(2 * time.Hour)
	s.settle()
	if got := s.conversation(iara).replies(); len(got) != replies {
		s.t.Errorf("%d replies instead of %d", len(got), replies)
	}
	if items := s.parked(); len(items) != 0 {
		s.t.Errorf("still parked are %+v", items)
	}
}

func TestAnOperatorHasAReplyTriedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, hasty...)
	id := s.lose().ID
	if d := s.item(id, false); d.Turn.To.Phone.Text != "" || d.Turn.To.Phone.Length != len(iara) || d.Turn.Parts[0].Text.Text != "" || d.Refused != nil {
		t.Errorf("shown is %+v", d.Turn)
	}
	if d := s.item(id, true); d.Turn.To.Phone.Text != iara || d.Turn.Parts[0].Text.Text == "" {
		t.Errorf("revealed is %+v", d.Turn)
	}
	// The queue takes no task: what is half done is done by asking again.
	body := `{"point":"tasks","kind":"status","code":7,"times":-1}`
	if status := s.Call(http.MethodPost, "/api/faults", body, nil); status != http.StatusOK {
		t.Fatalf("the fault was answered %d", status)
	}
	if _, status, says := s.operate(id, "retry"); status != http.StatusBadGateway || !strings.Contains(says, "run the same command again") {
		t.Fatalf("half done was answered %d %q", status, says)
	}
	s.heal()
	if o, status, says := s.operate(id, "retry"); status != http.StatusOK || o.Task != operator.TaskCreated || len(o.Deeds) != 0 {
		t.Fatalf("%+v, %d %q", o, status, says)
	}
	s.untilReplies(iara, 1)
	s.afterwards(1)
	if _, status, says := s.operate(id, "retry"); status != http.StatusConflict || !strings.Contains(says, "SENT") {
		t.Errorf("once more was answered %d %q", status, says)
	}
}

func TestAnOperatorGivesAReplyUp(t *testing.T) {
	t.Parallel()
	s := start(t, hasty...)
	id := s.lose().ID
	if o, status, says := s.operate(id, "drop"); status != http.StatusOK || len(o.Deeds) != 1 {
		t.Fatalf("%+v, %d %q", o, status, says)
	}
	s.afterwards(0)
	// The next message is answered as ever.
	s.say(iara, "oi")
	s.exactly(iara, 1)
}

func TestAnOperatorEndsATurnThatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.fault("graph", "fail_before", 1)
	s.say(iara, "oi")
	var id string
	s.Until("an attempt", func() bool {
		var answer struct{ Turns []struct{ ID string } }
		s.Call(http.MethodGet, "/api/conversations/"+iara+"/turns", "", &answer)
		if len(answer.Turns) == 0 || !strings.Contains(s.logs(), `"route":"/tasks/inbound"`) {
			return false
		}
		id = answer.Turns[0].ID
		return true
	})
	if _, status, says := s.operate(id, "drop"); status != http.StatusConflict || !strings.Contains(says, "turns close") {
		t.Errorf("to drop it was answered %d %q", status, says)
	}
	if o, status, says := s.operate(id, "close"); status != http.StatusOK || len(o.Deeds) != 1 || len(o.Left) != 1 {
		t.Fatalf("%+v, %d %q", o, status, says)
	}
	s.afterwards(0)
}

func TestWhatNobodyCanReadIsOnlyGivenUp(t *testing.T) {
	s := start(t)
	pen := whatsapptest.Pen{AppSecret: []byte("development-app-secret"), PhoneNumberID: whatsapptest.DefaultPhoneNumberID}
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` +
		whatsapptest.DefaultPhoneNumberID + `"},"messages":[{"from":"` + iara + `","text":{"body":"sem id"}}]}}]}]}`)
	status, _, err := pen.Post(t.Context(), http.DefaultClient, "http://"+s.parts()["ingress"].What+"/webhook/whatsapp", body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the webhook was answered %d (%v)", status, err)
	}
	var items []operator.Item
	s.Until("an element", func() bool {
		items = s.parked()
		return len(items) > 0
	})
	if items[0].What != operator.Element {
		t.Fatalf("waiting is %+v", items)
	}
	if d := s.item(items[0].ID, true); !strings.Contains(d.Letter.Content.Text, "sem id") {
		t.Errorf("revealed is %+v", d.Letter)
	}
	if _, status, says := s.operate(items[0].ID, "retry"); status != http.StatusConflict || !strings.Contains(says, "drop it") {
		t.Errorf("to try it again was answered %d %q", status, says)
	}
	if _, status, says := s.operate(items[0].ID, "drop"); status != http.StatusOK || len(s.parked()) > 0 {
		t.Errorf("to give it up was answered %d %q", status, says)
	}
}

// A message that was given up is answered when an operator asks for it, once.
func TestAnOperatorHasAMessageTriedAgain(t *testing.T) {
	t.Parallel()
	host := ledgerServer(t)
	secret := []byte(strings.Repeat("k", 32))
	encoded := hex.EncodeToString(secret)
	s := start(t, "FIRESTORE_EMULATOR_HOST="+host, "FIRESTORE_PROJECT_ID=p", "CONTACT_HASH_KEY="+encoded, "DATA_KEY="+encoded)
	s.say(iara, "oi")
	s.untilReplies(iara, 1)
	s.Until("rest", s.idle)

	key, err := pii.NewHashKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := pii.NewRing(secret)
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := firestore.New(firestore.Options{ProjectID: "p", Tenant: "default", EmulatorHost: host, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	const number = whatsapptest.DefaultPhoneNumberID
	wamid := whatsapptest.MessageID(iara)
	person := domain.Identity{Phone: iara}
	e := envelope.Envelope{
		Kind: envelope.Inbound, Tenant: "default", PhoneNumberID: number, ID: key.Message(pii.Contact(wamid)),
		Conversation: string(person.Conversations(key, number)[0]), ReceivedAt: time.Now(), FollowUp: 2,
	}
	err = e.Seal(ring, domain.Inbound{WAMID: pii.Contact(wamid), Number: number, From: person, Kind: domain.KindText, Text: erp, SentAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	err = ledger.Bury(t.Context(), domain.Dead{
		ID: e.ID, Conversation: domain.ID(e.Conversation), Number: number, Reason: "attempts-spent", Attempts: 8, Content: body, Message: true, At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}

	if items := s.parked(); len(items) != 1 || items[0].What != operator.Message || items[0].State != operator.StateWaiting {
		t.Fatalf("waiting is %+v", items)
	}
	if o, status, says := s.operate(e.ID, "retry"); status != http.StatusOK || o.Task != operator.TaskCreated || len(o.Deeds) != 1 {
		t.Fatalf("%+v, %d %q", o, status, says)
	}
	s.untilReplies(iara, 2)
	s.Until("rest", s.idle)
	if got := s.conversation(iara).replies(); len(got) != 2 || len(s.parked()) != 0 {
		t.Errorf("%d replies, parked %+v", len(got), s.parked())
	}
	if _, status, says := s.operate(e.ID, "retry"); status != http.StatusConflict || !strings.Contains(says, "has answered it") {
		t.Errorf("once more was answered %d %q", status, says)
	}
}

// replayed decides Iara's turns again.
func (s *street) replayed() (r operator.Replay) {
	s.t.Helper()
	if status := s.Call(http.MethodGet, "/api/operator/replay/"+iara, "", &r); status != http.StatusOK {
		s.t.Fatalf("the replay was answered %d", status)
	}
	return r
}

func TestAConversationIsDecidedAgain(t *testing.T) {
	t.Parallel()
	ledger := "FIRESTORE_EMULATOR_HOST=" + ledgerServer(t)
	s := start(t, ledger)
	for i, words := range []string{"oi", erp, "e quanto custa?"} {
		s.say(iara, words)
		s.untilReplies(iara, i+1)
	}
	s.Until("rest", s.idle)
	r := s.replayed()
	if len(r.Turns) != 3 || r.Same != 3 || r.Turns[1].Route != "model" {
		t.Errorf("replayed with its own knowledge: %+v", r)
	}
	// Another business would have decided otherwise, and the reason is named.
	other := start(t, ledger, "PACK_DIR=../../packs/pizzaria-exemplo").replayed()
	if other.Conversation != r.Conversation || other.Differ == 0 || other.Turns[0].Result != operator.Differs || other.Turns[0].Differences[0].Step != "pack" {
		t.Errorf("replayed with another's: %+v", other)
	}
}

func TestAnOperatorAsksWhyOttoSaidThat(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.say(iara, erp)
	s.untilReplies(iara, 1)
	s.Until("rest", s.idle)
	messages := s.conversation(iara).Messages
	receipt := func(query string) (r operator.Receipt) {
		t.Helper()
		path := "/api/operator/receipts/" + url.PathEscape(messages[0].ID) + query
		if status := s.Call(http.MethodGet, path, "", &r); status != http.StatusOK {
			t.Fatalf("the receipt was answered %d", status)
		}
		return r
	}
	r := receipt("?reveal=true")
	if len(r.Heard) != 1 || r.Heard[0].Text.Text != erp || len(r.Parts) != 1 || r.Parts[0].Text.Text != messages[1].Text {
		t.Errorf("revealed, heard %+v and said %+v", r.Heard, r.Parts)
	}
	if m := r.Model; r.Decision.Route != domain.RouteModel || !r.Decision.PackCurrent || m == nil || len(m.Calls) != 1 || m.CostMicroUSD == 0 {
		t.Errorf("decided %+v by %+v", r.Decision, m)
	}
	if len(r.Verdicts) == 0 || len(r.Steps) == 0 || len(r.Parts[0].Attempts[0].Receipts) == 0 {
		t.Errorf("verdicts %+v, steps %+v, parts %+v", r.Verdicts, r.Steps, r.Parts)
	}
	hidden := receipt("")
	if hidden.Turn != r.Turn || hidden.Heard[0].Text.Text != "" || hidden.Parts[0].Text.Text != "" || hidden.Model.Calls[0].Said.Text != "" {
		t.Errorf("hidden is %+v", hidden)
	}
}

func TestWhatOperatorsCannotAsk(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, "parked?limit=0", "", http.StatusBadRequest},
		{http.MethodGet, "parked?limit=many", "", http.StatusBadRequest},
		{http.MethodGet, "parked?limit=1001", "", http.StatusBadRequest},
		{http.MethodGet, "items/absent", "", http.StatusNotFound},
		{http.MethodGet, "items/absent~1", "", http.StatusNotFound},
		{http.MethodPost, "items/absent~1/retry", "{}", http.StatusNotFound},
		{http.MethodPost, "items/absent/drop", "{}", http.StatusNotFound},
		{http.MethodPost, "items/absent~1/close", `{"sure":true}`, http.StatusBadRequest},
		{http.MethodPost, "items/absent~1/close", "", http.StatusUnsupportedMediaType},
		{http.MethodGet, "items/absent~1/close", "", http.StatusNotFound},
		{http.MethodGet, "receipts/absent", "", http.StatusNotFound},
		{http.MethodGet, "receipts/absent~1", "", http.StatusNotFound},
		{http.MethodGet, "receipts/wamid.absent", "", http.StatusNotFound},
		{http.MethodGet, "replay/" + bruno, "", http.StatusNotFound},
		{http.MethodGet, "nothing", "", http.StatusNotFound},
	} {
		var answer struct{ Error string }
		if status := s.Call(c.method, "/api/operator/"+c.path, c.body, &answer); status != c.status || answer.Error == "" {
			t.Errorf("%s %s was answered %d %q", c.method, c.path, status, answer.Error)
		}
	}
}
