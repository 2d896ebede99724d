package ingress_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/cloudtasks/cloudtaskstest"
	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/envelope"
	"github.com/pyloto/atende/internal/ingress"
	"github.com/pyloto/atende/internal/pii"
	"github.com/pyloto/atende/pkg/whatsapp"
	"github.com/pyloto/atende/pkg/whatsapp/whatsapptest"
)

func TestMixedBatch(t *testing.T) {
	d := newDoor(t, options{})
	twice := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	foreign := whatsapptest.Pen{PhoneNumberID: "999000000000001"}
	known := d.pen.Text(lead, "Iara", "Já mandei esta.")
	d.want(d.receive(known), tally{Events: 1, Enqueued: 1})
	body := whatsapptest.Batch(
		twice,
		known,
		d.pen.Text("5511900002222", "Caio", "Oi, tudo bem?"),
		twice,
		d.pen.Message(lead, "Iara", map[string]any{"id": nil, "type": "text", "text": map[string]any{"body": "sem id"}}),
		d.pen.Status(lead, "wamid.OUT1", whatsapp.StateSent, "v1.x.0.1", 0),
		d.pen.Status(lead, "wamid.OUT1", whatsapp.StateDelivered, "v1.x.0.1", 0),
		d.pen.Echo(lead, "Aqui é o Rui, já te ajudo."),
		foreign.Text(lead, "Iara", "isto é de outra empresa"),
		foreign.Status(lead, "wamid.OUT2", whatsapp.StateRead, "", 0),
		d.pen.Failure(130429),
		d.pen.Change("account_update", map[string]any{"event": "PARTNER_REMOVED"}),
		d.pen.Change("invented_field", map[string]any{"x": 1}),
		d.pen.Message(lead, "Iara", map[string]any{"group_id": "g1", "type": "text", "text": map[string]any{"body": "no grupo"}}),
	)
	d.want(d.receive(body), tally{Events: 14, Enqueued: 5, Duplicates: 2, Ignored: 6, Quarantined: 1})
	kinds := map[envelope.Kind]int{}
	for _, e := range d.letters() {
		kinds[e.Kind]++
	}
	want := map[envelope.Kind]int{envelope.Inbound: 4, envelope.Status: 1, envelope.Quarantine: 1}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("tasks by kind (-want +got):\n%s", diff)
	}
	// Everything comes again, as after a lost answer.
	d.want(d.receive(body), tally{Events: 14, Enqueued: 2, Duplicates: 5, Ignored: 6, Quarantined: 1})
	for name, n := range d.names() {
		if n > 1 {
			t.Errorf("%d tasks are named %s", n, name)
		}
	}
}

func TestNothingToUs(t *testing.T) {
	d := newDoor(t, options{})
	foreign := whatsapptest.Pen{PhoneNumberID: "999000000000001"}
	for name, body := range map[string][]byte{
		"message of a foreign number":            foreign.Text(lead, "Iara", "oi"),
		"status of a foreign number":             foreign.Status(lead, "wamid.X", whatsapp.StateSent, "", 0),
		"echo of a foreign number":               foreign.Echo(lead, "oi"),
		"error of a foreign number":              foreign.Failure(130429),
		"unreadable message of a foreign number": foreign.Message(lead, "Iara", map[string]any{"id": nil}),
		"unknown field":                          d.pen.Change("invented_field", map[string]any{"x": 1}),
		"known field that is not about messages": d.pen.Change("message_template_status_update", map[string]any{"event": "APPROVED"}),
		"error that belongs to no message":       d.pen.Failure(131031),
		"message in a group":                     d.pen.Message(lead, "Iara", map[string]any{"group_id": "g", "type": "text", "text": map[string]any{"body": "oi"}}),
		"another product of the same app":        []byte(`{"object":"page","entry":[{"id":"1","messaging":[]}]}`),
	} {
		if got := d.receive(body); got.Events != 1 || got.Ignored != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, body := range map[string]string{
		"no entries":       `{"object":"whatsapp_business_account","entry":[]}`,
		"an empty change":  `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[]}]}`,
		"an empty message": `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + number + `"},"messages":[]}}]}]}`,
	} {
		got := d.receive([]byte(body))
		if got.Enqueued+got.Quarantined > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if tasks := d.tasks.Tasks(); len(tasks) > 0 {
		t.Errorf("%d tasks were made", len(tasks))
	}
}

// What Meta says of the number itself is nothing to answer and everything to
// an operator.
func TestTroubleOfTheNumberIsLoud(t *testing.T) {
	d := newDoor(t, options{})
	d.receive(d.pen.Failure(131031))
	event := d.logs.event(t, "webhook_received")
	if event["code"] != 131031.0 || event["severity"] != "ERROR" {
		t.Errorf("the log says %v", event)
	}
}

func TestSeveralNumbersAreOurs(t *testing.T) {
	d := newDoor(t, options{})
	other := whatsapptest.Pen{AppSecret: []byte(appSecret), PhoneNumberID: secondOurs}
	d.want(d.receive(whatsapptest.Batch(d.pen.Text(lead, "Iara", "oi"), other.Text(lead, "Iara", "oi"))), tally{Events: 2, Enqueued: 2})
	letters := d.letters()
	if letters[0].Conversation == letters[1].Conversation {
		t.Error("one person with two of our numbers is one conversation")
	}
	numbers := []string{letters[0].PhoneNumberID, letters[1].PhoneNumberID}
	sort.Strings(numbers)
	if diff := cmp.Diff([]string{number, secondOurs}, numbers); diff != "" {
		t.Error(diff)
	}
}

// What cannot be read is kept and harms no neighbour.
func TestQuarantine(t *testing.T) {
	d := newDoor(t, options{})
	raw := `{"from":"5511900001111","timestamp":"1795352400","type":"text","text":{"body":"sem id nenhum"}}`
	good := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	body := bytes.Replace(good, []byte(`"messages":[`), []byte(`"messages":[`+raw+`,17,null,`), 1)
	if bytes.Equal(body, good) {
		t.Fatal("the pen writes otherwise")
	}
	for range 2 {
		got := d.receive(body)
		if got.Quarantined != 3 || got.Enqueued+got.Duplicates != 1 {
			t.Errorf("counted %+v", got)
		}
	}
	if n := len(d.messages()); n != 1 {
		t.Errorf("%d messages, want the readable one", n)
	}
	var kept []conversation.Quarantined
	for _, e := range d.letters() {
		if e.Kind != envelope.Quarantine {
			continue
		}
		var q conversation.Quarantined
		if err := e.Open(d.ring, &q); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(q.Content)
		if q.SHA256 != hex.EncodeToString(sum[:]) || q.Length != len(q.Content) {
			t.Error("length or hash are not those of the content")
		}
		if want := d.key.Event("quarantine", q.SHA256); e.ID != want {
			t.Errorf("id %s, want the keyed hash of the bytes %s", e.ID, want)
		}
		kept = append(kept, q)
	}
	if len(kept) != 3 {
		t.Fatalf("%d kept, want 3: redeliveries must not pile up", len(kept))
	}
	for _, q := range kept {
		if q.Reason == "id" && string(q.Content) == raw {
			return
		}
	}
	t.Error("the raw element is not among what is kept")
}

// A body that cannot be taken apart at all is kept whole, once.
func TestUnreadableBodies(t *testing.T) {
	d := newDoor(t, options{})
	whole := d.pen.Text(lead, "Iara", "oi")
	random := randomText(3 << 20)
	for name, body := range map[string][]byte{
		"empty":             {},
		"cut off":           whole[:len(whole)-20],
		"not JSON":          []byte("Olá, aqui é a Meta"),
		"a number":          []byte("7"),
		"an array":          []byte("[]"),
		"an empty object":   []byte("{}"),
		"two documents":     append(bytes.Clone(whole), whole...),
		"deep nesting":      []byte(strings.Repeat("[", 100_000)),
		"deep and closed":   []byte(`{"object":"whatsapp_business_account","entry":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + `}`),
		"invalid UTF-8":     {0xff, 0xfe, 0x00},
		"three megabytes":   random,
		"too many elements": d.pen.Change("messages", map[string]any{"messages": make([]int, 2001)}),
	} {
		got := d.receive(body)
		if got != (tally{Status: "received", Events: 1, Quarantined: 1}) {
			t.Errorf("%s: %+v", name, got)
		}
		letters := d.letters()
		last := letters[len(letters)-1]
		var q conversation.Quarantined
		if err := last.Open(d.ring, &q); err != nil || last.Kind != envelope.Quarantine {
			t.Fatalf("%s: kind %s, %v", name, last.Kind, err)
		}
		sum := sha256.Sum256(body)
		if q.Reason != "body" || q.Length != len(body) || q.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: kept as %q of %d bytes", name, q.Reason, q.Length)
		}
		if !bytes.HasPrefix(body, q.Content) || len(q.Content) > 64<<10 || len(q.Content) < min(len(body), 32<<10) {
			t.Errorf("%s: %d bytes of %d were kept", name, len(q.Content), len(body))
		}
	}
}

// randomText does not compress and is the same in every run.
func randomText(size int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	source := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, size)
	for n := range text {
		text[n] = letters[source.IntN(len(letters))]
	}
	return text
}

// One message of strange content is still a message of somebody who waits.
func TestStrangeMessagesReachTheWorker(t *testing.T) {
	d := newDoor(t, options{})
	text := func(fields map[string]any) []byte { return d.pen.Message(lead, "Iara", fields) }
	body := map[string]any{"body": "oi"}
	for name, c := range map[string]struct {
		body []byte
		kind conversation.Kind
		text pii.Text
	}{
		"unknown type":        {text(map[string]any{"type": "hologram", "hologram": map[string]any{"x": 1}}), conversation.KindUnsupported, ""},
		"no type":             {text(map[string]any{"text": body}), conversation.KindUnsupported, ""},
		"type without body":   {text(map[string]any{"type": "text"}), conversation.KindUnsupported, ""},
		"body of wrong shape": {text(map[string]any{"type": "text", "text": []int{1}}), conversation.KindUnsupported, ""},
		"unreadable time":     {text(map[string]any{"type": "text", "text": body, "timestamp": "amanhã"}), conversation.KindUnsupported, ""},
		"huge time":           {text(map[string]any{"type": "text", "text": body, "timestamp": strings.Repeat("9", 400)}), conversation.KindUnsupported, ""},
		"huge number": {bytes.Replace(d.pen.Location(lead, "Iara", 1.5, 2.5), []byte("1.5"), []byte("1e999"), 1),
			conversation.KindUnsupported, ""},
		"duplicate keys": {bytes.Replace(text(map[string]any{"type": "text", "text": body}), []byte(`"body":"oi"`), []byte(`"body":"primeiro","body":"segundo"`), 1),
			conversation.KindText, "segundo"},
		"keys in capitals": {bytes.Replace(text(map[string]any{"type": "text", "text": body}), []byte(`"body":"oi"`), []byte(`"body":"oi","BODY":"outro"`), 1),
			conversation.KindText, "oi"},
		"a null name": {bytes.Replace(text(map[string]any{"type": "text", "text": body}), []byte(`"name":"Iara"`), []byte(`"name":null`), 1),
			conversation.KindText, "oi"},
		"a lone surrogate": {bytes.Replace(text(map[string]any{"type": "text", "text": body}), []byte(`"oi"`), []byte(`"oi\ud800"`), 1),
			conversation.KindText, "oi\uFFFD"},
	} {
		before := len(d.messages())
		if got := d.receive(c.body); got.Enqueued != 1 || got.Events != 1 {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		m := d.messages()[before]
		if m.Kind != c.kind || m.Text != c.text || m.From.Phone != lead {
			t.Errorf("%s: kind %s, text of %d bytes", name, m.Kind, len(m.Text))
		}
		if m.SentAt.IsZero() {
			t.Errorf("%s: without a time", name)
		}
	}
}

func TestInvalidUTF8InAMessage(t *testing.T) {
	d := newDoor(t, options{})
	body := bytes.Replace(d.pen.Text(lead, "Iara", "oi"), []byte(`"oi"`), []byte("\"oi\xff\""), 1)
	got := d.receive(body)
	if got.Events != 1 || got.Enqueued+got.Quarantined != 1 {
		t.Errorf("counted %+v", got)
	}
	for _, task := range d.tasks.Tasks() {
		if _, err := envelope.Decode(task.Body); err != nil {
			t.Errorf("its task: %v", err)
		}
	}
}

// A message that no task can carry arrives as what is left of it.
func TestOversizedMessageTravelsCut(t *testing.T) {
	d := newDoor(t, options{})
	text := string(randomText(300 << 10))
	body := d.pen.Text(lead, "Iara", text)
	d.want(d.receive(whatsapptest.Batch(body, d.pen.Text(lead, "Iara", "E aí, chegou?"))), tally{Events: 2, Enqueued: 2})
	messages := d.messages()
	m := messages[0]
	if m.Kind != conversation.KindOversized {
		m = messages[1]
	}
	delivery, err := whatsapp.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	raw := delivery.Elements[0].Raw
	sum := sha256.Sum256(raw)
	if m.Kind != conversation.KindOversized || m.From.Phone != lead || m.WAMID.Reveal() != whatsapptest.IDs(body)[0] {
		t.Errorf("what arrived is a %s of nobody", m.Kind)
	}
	if !bytes.Equal(m.Raw, raw[:8<<10]) || m.Note != fmt.Sprintf("%d bytes sha256 %x", len(raw), sum) {
		t.Errorf("%d bytes and note %q are left", len(m.Raw), m.Note)
	}
	for _, task := range d.tasks.Tasks() {
		if len(task.Body) > envelope.MaxSize {
			t.Errorf("a task of %d bytes", len(task.Body))
		}
	}

	// The same length in words compresses and travels whole.
	d.receive(d.pen.Text(lead, "Iara", strings.Repeat("preciso de ajuda ", 20<<10)))
	messages = d.messages()
	if m := messages[len(messages)-1]; m.Kind != conversation.KindText || len(m.Text) != 17*20<<10 {
		t.Errorf("a long text that compresses arrives as %s of %d bytes", m.Kind, len(m.Text))
	}
}

// lateHint numbers arrivals far beyond any real count.
type lateHint struct{ ingress.Hint }

func (lateHint) Arrive(_ context.Context, arrivals []conversation.Arrival) ([]conversation.Arrived, error) {
	answers := make([]conversation.Arrived, len(arrivals))
	for n := range answers {
		answers[n].Seq = math.MaxInt64
	}
	return answers, nil
}

func (lateHint) Queued(context.Context, []conversation.Arrival) error { return nil }

// The order of arrival is written into an envelope that was measured without
// it: one that just fitted must still fit.
func TestEnvelopeMayGrowOnItsWay(t *testing.T) {
	queue := &shelf{}
	d := &door{t: t, pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}, logs: &journal{}, key: hashKey(t), ring: ring(t)}
	server := handler(t, d, queue, options{hint: lateHint{}})
	random := string(randomText(envelope.MaxSize))
	kindOf := func(size int) conversation.Kind {
		t.Helper()
		queue.clear()
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, d.pen.Request(t.Context(), route, d.pen.Text(lead, "Iara", random[:size])))
		if answer.Code != http.StatusOK || len(queue.bodies) != 1 {
			t.Fatalf("a text of %d bytes: %d after %d tasks", size, answer.Code, len(queue.bodies))
		}
		var m conversation.Inbound
		if err := decode(t, queue.bodies[0]).Open(d.ring, &m); err != nil {
			t.Fatal(err)
		}
		return m.Kind
	}
	fits, tooLarge := 32<<10, envelope.MaxSize
	for tooLarge-fits > 1 {
		if middle := (fits + tooLarge) / 2; kindOf(middle) == conversation.KindText {
			fits = middle
		} else {
			tooLarge = middle
		}
	}
	for size := fits - 4; size < fits+20; size++ {
		kindOf(size)
	}
}

func TestStatusesShareTasks(t *testing.T) {
	d := newDoor(t, options{})
	var sent []any
	var want []conversation.StatusReport
	for n := range 250 {
		id, opaque := fmt.Sprintf("wamid.OUT%03d", n), fmt.Sprintf("v1.turn.0.%d", n)
		sent = append(sent, map[string]any{
			"id": id, "status": "sent", "timestamp": "1795352400", "recipient_id": lead, "biz_opaque_callback_data": opaque,
			"pricing": map[string]any{"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"},
		})
		want = append(want, conversation.StatusReport{
			Number: number, WAMID: pii.Contact(id), Opaque: opaque, Status: "sent", Category: "service", Billing: "regular",
			At: time.Unix(1795352400, 0).UTC(),
		})
	}
	body := d.pen.Change("messages", map[string]any{"statuses": sent})
	d.want(d.receive(body), tally{Events: 250, Enqueued: 250})
	tasks := d.tasks.Tasks()
	if len(tasks) != 3 {
		t.Errorf("%d tasks for 250 statuses, want 3", len(tasks))
	}
	if diff := cmp.Diff(want, d.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	for _, task := range tasks {
		if task.Queue != "status" || len(task.Body) > envelope.MaxSize || !strings.HasSuffix(task.URL, "/tasks/status") {
			t.Errorf("a task of %d bytes in queue %s for %s", len(task.Body), task.Queue, task.URL)
		}
	}
	// Applying one twice is harmless, so that a redelivery needs no name.
	d.want(d.receive(body), tally{Events: 250, Enqueued: 250})
}

// statuses are all reports in all tasks, in order of their opaque data.
func (d *door) statuses() []conversation.StatusReport {
	d.t.Helper()
	var all []conversation.StatusReport
	for _, e := range d.letters() {
		if e.Kind != envelope.Status {
			continue
		}
		if e.Conversation != "" {
			d.t.Error("a task of many conversations names one")
		}
		var batch conversation.StatusBatch
		if err := e.Open(d.ring, &batch); err != nil {
			d.t.Fatal(err)
		}
		all = append(all, batch.Statuses...)
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].WAMID < all[b].WAMID })
	return all
}

// Other programs on the same account attach what they like to their messages,
// and we receive its statuses. Meta allows 512 characters.
func TestStatusesWithLongData(t *testing.T) {
	d := newDoor(t, options{})
	noise := string(randomText(120 * 512))
	absurd := string(randomText(120 << 10))
	read := func(id, opaque string) any {
		return map[string]any{
			"id": id, "status": "read", "timestamp": "1795352400", "recipient_id": lead, "biz_opaque_callback_data": opaque,
		}
	}
	all := []any{read("wamid.ZZZ", absurd)}
	for n := range 120 {
		all = append(all, read(fmt.Sprintf("wamid.OUT%03d", n), noise[n*512:(n+1)*512]))
	}
	d.want(d.receive(d.pen.Change("messages", map[string]any{"statuses": all})), tally{Events: 121, Enqueued: 120, Quarantined: 1})
	got := d.statuses()
	if len(got) != 120 {
		t.Fatalf("%d statuses in tasks, want 120", len(got))
	}
	for n, report := range got {
		if report.Opaque != noise[n*512:(n+1)*512] {
			t.Fatalf("status %d carries other data", n)
		}
	}
	for _, e := range d.letters() {
		if e.Kind != envelope.Quarantine {
			continue
		}
		var q conversation.Quarantined
		if err := e.Open(d.ring, &q); err != nil || q.Reason != "size" || !strings.Contains(string(q.Content), absurd[:1000]) {
			t.Errorf("the absurd one is kept as %q, %v", q.Reason, err)
		}
	}
}

func TestFailedStatusTellsItsCode(t *testing.T) {
	d := newDoor(t, options{})
	body := d.pen.Status(lead, "wamid.OUT", whatsapp.StateFailed, "v1.turn.0.1", 131047)
	body = bytes.Replace(body, []byte(`"timestamp":"`), []byte(`"timestamp":"x`), 1) // Nor is its time readable.
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
	got := d.statuses()
	if len(got) != 1 || got[0].Code != 131047 || got[0].Status != "failed" || got[0].At.IsZero() {
		t.Errorf("statuses %+v", got)
	}
}

// A thousand updates are taken side by side, but not all at once.
func TestThousandUpdatesInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := &slowQueue{each: 40 * time.Millisecond}
		d := &door{t: t, pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}, logs: &journal{}, key: hashKey(t), ring: ring(t)}
		server := handler(t, d, queue, options{})
		body := d.thousand()
		began := time.Now()
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, d.pen.Request(t.Context(), route, body))
		d.want(d.counted(reply{status: answer.Code, body: answer.Body.String()}), tally{Events: 1000, Enqueued: 1000})
		if took := time.Since(began); took > time.Second {
			t.Errorf("a thousand updates took %s at %s each", took, queue.each)
		}
		if queue.most.Load() > 64 {
			t.Errorf("%d tasks were being created at once", queue.most.Load())
		}
	})
}

// thousand are a thousand messages of as many people.
func (d *door) thousand() []byte {
	messages := make([]any, 1000)
	for n := range messages {
		from := fmt.Sprintf("55119%08d", n)
		messages[n] = map[string]any{
			"id": whatsapptest.MessageID(from), "from": from, "timestamp": "1795352400",
			"type": "text", "text": map[string]any{"body": "Quero um orçamento."},
		}
	}
	return d.pen.Change("messages", map[string]any{"messages": messages})
}

// slowQueue takes its time for every task.
type slowQueue struct {
	each    time.Duration
	running atomic.Int64
	most    atomic.Int64
}

func (q *slowQueue) Put(ctx context.Context, _ envelope.Envelope, _ time.Time) (bool, error) {
	running := q.running.Add(1)
	defer q.running.Add(-1)
	for most := q.most.Load(); running > most && !q.most.CompareAndSwap(most, running); most = q.most.Load() {
	}
	select {
	case <-time.After(q.each):
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// A queue that hangs costs a webhook its deadline and nothing more.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &door{t: t, pen: whatsapptest.Pen{AppSecret: []byte(appSecret)}, logs: &journal{}, key: hashKey(t), ring: ring(t)}
		server := handler(t, d, &slowQueue{each: time.Hour}, options{})
		for _, body := range [][]byte{d.pen.Text(lead, "Iara", "oi"), d.thousand()} {
			began := time.Now()
			answer := httptest.NewRecorder()
			server.Handler().ServeHTTP(answer, d.pen.Request(t.Context(), route, body))
			if answer.Code != http.StatusServiceUnavailable {
				t.Errorf("status %d, want 503", answer.Code)
			}
			if took := time.Since(began); took > 2500*time.Millisecond {
				t.Errorf("Meta waited %s", took)
			}
		}
	})
}

// The same over sockets, real gRPC and a real Redis. Whatever the machine can
// do in time, what Meta is told is true, and what it sends again completes.
func TestThousandUpdatesForReal(t *testing.T) {
	d := newDoor(t, options{hint: newWire(t).store(t)})
	body := d.thousand()
	got := d.post(body)
	for again := 0; got.status == http.StatusServiceUnavailable && again < 10; again++ {
		got = d.post(body)
	}
	if counts := d.counted(got); counts.Enqueued+counts.Duplicates != 1000 {
		t.Errorf("counted %+v", counts)
	}
	if names := d.names(); len(names) != 1000 {
		t.Errorf("%d tasks for 1000 messages", len(names))
	}
}

func TestSameWebhookAgainAndAgain(t *testing.T) {
	d := newDoor(t, options{hint: newWire(t).store(t)})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	d.want(d.receive(body), tally{Events: 1, Enqueued: 1})
	for range 2 {
		d.want(d.receive(body), tally{Events: 1, Duplicates: 1})
	}
	if names := d.names(); len(names) != 1 {
		t.Errorf("tasks %v, want one", names)
	}
}

// A message that stands twice in one webhook is put once.
func TestSameMessageTwiceInOneWebhook(t *testing.T) {
	puts := 0
	d := newDoor(t, options{inbox: func(in ingress.Inbox) ingress.Inbox {
		return tellingInbox{in, func(string) { puts++ }}
	}})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	d.want(d.receive(whatsapptest.Batch(body, body, body)), tally{Events: 3, Enqueued: 1, Duplicates: 2})
	if puts != 1 {
		t.Errorf("its task was put %d times", puts)
	}
}

func TestSameWebhookFortyTimesAtOnce(t *testing.T) {
	for name, hint := range map[string]func(*testing.T) ingress.Hint{
		"Redis":  func(t *testing.T) ingress.Hint { return newWire(t).store(t) },
		"memory": func(*testing.T) ingress.Hint { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, options{hint: hint(t)})
			body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
			var enqueued, duplicates atomic.Int64
			var senders sync.WaitGroup
			for range 40 {
				senders.Go(func() {
					status, answer, err := d.pen.Post(t.Context(), nil, d.url, body)
					var counts tally
					if err != nil || status != http.StatusOK || json.Unmarshal(answer, &counts) != nil {
						t.Errorf("status %d, %v", status, err)
						return
					}
					enqueued.Add(int64(counts.Enqueued))
					duplicates.Add(int64(counts.Duplicates))
				})
			}
			senders.Wait()
			if enqueued.Load() > 1 || enqueued.Load()+duplicates.Load() != 40 {
				t.Errorf("%d enqueued and %d duplicates of 40", enqueued.Load(), duplicates.Load())
			}
			if names := d.names(); len(names) != 1 {
				t.Errorf("tasks %v, want one", names)
			}
		})
	}
}

// Codes of gRPC: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const (
	invalidArgument   = 3
	notFound          = 5
	permissionDenied  = 7
	resourceExhausted = 8
	internal          = 13
	unavailable       = 14
)

// While no task can be made nothing is acknowledged, and nothing is marked as
// seen that is not in the queue.
func TestQueueRefuses(t *testing.T) {
	for name, refusal := range map[string]cloudtaskstest.Fault{
		"unavailable":        {Code: unavailable},
		"permission denied":  {Code: permissionDenied},
		"resource exhausted": {Code: resourceExhausted},
		"invalid argument":   {Code: invalidArgument},
		"not found":          {Code: notFound},
		"internal":           {Code: internal},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, options{hint: newWire(t).store(t)})
			body := whatsapptest.Batch(d.pen.Text(lead, "Iara", "Quero um orçamento."), d.pen.Text(lead, "Iara", "E um café."),
				d.pen.Status(lead, "wamid.OUT", whatsapp.StateSent, "v1.x.0.1", 0))
			refusal.Kind, refusal.Times = cloudtaskstest.Refuse, -1
			d.tasks.Inject(refusal)
			for range 2 {
				got := d.post(body)
				if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.body != "" {
					t.Errorf("%d %q, Retry-After %q", got.status, got.body, got.header.Get("Retry-After"))
				}
			}
			failed := d.logs.event(t, "webhook_dispatch_failed")
			if failed == nil || failed["severity"] != "ERROR" || failed["failed"] != 3.0 {
				t.Errorf("logged as %v", failed)
			}
			d.tasks.ClearFaults()
			d.want(d.receive(body), tally{Events: 3, Enqueued: 3})
			d.want(d.receive(body), tally{Events: 3, Enqueued: 1, Duplicates: 2})
		})
	}
}

// The task exists, but nobody said so in time.
func TestQueueTakesAndDoesNotSay(t *testing.T) {
	d := newDoor(t, options{})
	body := d.pen.Text(lead, "Iara", "Quero um orçamento.")
	d.tasks.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply, Code: unavailable})
	d.want(d.receive(body), tally{Events: 1, Duplicates: 1})

	second := d.pen.Text(lead, "Iara", "Quero outro.")
	d.tasks.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.LoseReply, Code: unavailable})
	d.tasks.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Code: unavailable})
	if got := d.post(second); got.status != http.StatusServiceUnavailable {
		t.Errorf("an unknown fate was answered %d", got.status)
	}
	d.want(d.receive(second), tally{Events: 1, Duplicates: 1})
	if names := d.names(); len(names) != 2 {
		t.Errorf("tasks %v, want two", names)
	}
}

// One failure fails the POST and harms no neighbour; the next POST completes.
func TestPartOfABatchFails(t *testing.T) {
	wire := newWire(t)
	for name, between := range map[string]func(){
		"":              func() {},
		"Redis flushed": func() { wire.flush(t) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, options{hint: wire.store(t)})
			bodies := make([][]byte, 10)
			for n := range bodies {
				bodies[n] = d.pen.Text(fmt.Sprintf("551190000%04d", n), "Iara", "Quero um orçamento.")
			}
			d.tasks.Inject(cloudtaskstest.Fault{Kind: cloudtaskstest.Refuse, Code: permissionDenied, Times: 3})
			if got := d.post(whatsapptest.Batch(bodies...)); got.status != http.StatusServiceUnavailable {
				t.Fatalf("status %d, want 503", got.status)
			}
			if n := len(d.messages()); n != 7 {
				t.Errorf("%d of 10 were enqueued beside three failures", n)
			}
			between()
			d.want(d.receive(whatsapptest.Batch(bodies...)), tally{Events: 10, Enqueued: 3, Duplicates: 7})
			if names := d.names(); len(names) != 10 {
				t.Errorf("%d tasks for 10 messages", len(names))
			}
		})
	}
}
