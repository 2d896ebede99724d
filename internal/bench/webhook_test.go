package bench_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/pkg/whatsapp"
)

const (
	// connections are those of the closed load: enough that the service always
	// has work, few enough that it does not wait in line for itself.
	connections = 16
	// slice is how many messages each side handles before the other's turn.
	slice = 1500
	// batch is how many messages a large webhook holds.
	batch = 10
)

// writer writes webhooks as Meta does. Every message is another one, from
// another person.
type writer struct{ last int }

// webhook is one webhook of n messages.
func (w *writer) webhook(n int) []byte {
	var messages, contacts []string
	for range n {
		w.last++
		messages = append(messages, fmt.Sprintf(
			`{"from":"55119%08d","from_user_id":"BR.5005%09d","id":"wamid.HBgNNTUxMTk4ODg4Nzc3NxUCABIYFDNB%016X","timestamp":"%d","type":"text","text":{"body":"preciso que o atendimento fale com o meu ERP, como funciona?"}}`,
			w.last, w.last, w.last, time.Now().Unix()))
		contacts = append(contacts, fmt.Sprintf(
			`{"profile":{"name":"Iara Prado"},"wa_id":"55119%08d","user_id":"BR.5005%09d"}`, w.last, w.last))
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"644000000000003","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"552140000777","phone_number_id":"` +
		number + `"},"messages":[` + strings.Join(messages, ",") + `],"contacts":[` + strings.Join(contacts, ",") + `]},"field":"messages"}]}]}`)
}

// signed is the delivery of a webhook.
func signed(body []byte, secret string, status int) call {
	return call{body: body, status: status, header: http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"facebookexternalua"},
		whatsapp.SignatureHeader: {whatsapp.Sign(body, []byte(secret))},
	}}
}

// calls are n deliveries of new webhooks of so many messages each.
func (w *writer) calls(n, messages int) []call {
	calls := make([]call, n)
	for i := range calls {
		calls[i] = signed(w.webhook(messages), appSecret, http.StatusOK)
	}
	return calls
}

// side is one of the two that are compared.
type side struct {
	*process
	*sender
}

// sides are the floor and ours, in this order.
func sides(tb testing.TB, s *street, role, route string) [2]side {
	var both [2]side
	for i, role := range []string{role + "-floor", role} {
		p := s.start(tb, role)
		both[i] = side{p, newSender(tb, p.addresses["service"]+route)}
	}
	return both
}

// inTurn is the order of the sides in a round: who was first is second next.
func inTurn(round int) [2]int { return [2]int{round % 2, 1 - round%2} }

// BenchmarkWebhook measures what a webhook costs the ingress, beside a bare
// handler that does the same I/O.
func BenchmarkWebhook(b *testing.B) {
	s := openStreet(b)
	both := sides(b, s, "ingress", "/webhook/whatsapp")
	defer profile(b, both[:]...)()
	for b.Loop() {
		webhookCosts(b, s, both)
	}
}

// BenchmarkLatency measures how long webhooks take, beside the same handler.
func BenchmarkLatency(b *testing.B) {
	s := openStreet(b)
	both := sides(b, s, "ingress", "/webhook/whatsapp")
	for b.Loop() {
		batchLatency(b, s, both)
		latencyUnderLoad(b, both)
	}
}

// webhookCosts prints the processor time of one message, case by case.
func webhookCosts(b *testing.B, s *street, both [2]side) {
	var w writer
	const text, duplicate, forged, batched = 0, 1, 2, 3
	cases := []struct {
		name   string
		target float64
		each   int           // messages in a webhook
		tasks  int           // that a webhook makes
		calls  func() []call // nil: those of the case before, once more
	}{
		text:      {"text message", 1.20, 1, 1, func() []call { return w.calls(slice, 1) }},
		duplicate: {"exact duplicate", 0.65, 1, 0, nil},
		forged: {"bad signature", 0.30, 1, 0, func() []call {
			calls := make([]call, slice)
			for i := range calls {
				calls[i] = signed(w.webhook(1), "somebody else's", http.StatusUnauthorized)
			}
			return calls
		}},
		batched: {"batch of ten, each", 0.75, batch, batch, func() []call { return w.calls(slice/batch, batch) }},
	}
	var all [4][2]costs
	for round := -1; round < rounds(b); round++ { // The first warms up and does not count.
		for _, i := range inTurn(round + 2) {
			var last []call
			for n, c := range cases {
				spent := s.measure(b, both[i], func() ([]call, int, counts) {
					if c.calls != nil {
						last = c.calls()
					}
					return last, len(last) * c.each, counts{Tasks: int64(len(last) * c.tasks)}
				})
				if round >= 0 {
					all[n][i] = append(all[n][i], spent)
				}
			}
		}
	}
	t := costTable(fmt.Sprintf("Ingress: processor time of one message, %d rounds of %d messages, %s; ratios to the floor's text message", rounds(b), slice, s.redis))
	for n, c := range cases {
		line{c.name, all[n][0], all[n][1], all[text][0], c.target}.print(t)
		b.ReportMetric(median(all[n][1].over(all[text][0])), strings.ReplaceAll(strings.ReplaceAll(c.name, ",", ""), " ", "-")+"-ratio")
	}
	t.print()
}

// batchLatency prints how long a webhook of one and of ten messages takes when
// a task takes long to create.
func batchLatency(b *testing.B, s *street, both [2]side) {
	const delay, samples = "15ms", 30
	s.stubs.ask(b, "/slow?by="+delay, nil)
	defer s.stubs.ask(b, "/slow?by=0s", nil)
	w := writer{last: 50_000_000}
	t := newTable("Ingress: latency with "+delay+" for each CreateTask, one webhook at a time, median in ms", "", "one", "batch of ten", "ratio", "target")
	for i, target := range []string{"–", "≤ 3"} {
		one, _ := both[i].closed(b, w.calls(samples, 1), 1)
		ten, _ := both[i].closed(b, w.calls(samples, batch), 1)
		t.row([]string{"floor", "ours"}[i], milliseconds(median(one)), milliseconds(median(ten)),
			fmt.Sprintf("%.2f", float64(median(ten))/float64(median(one))), target)
	}
	t.print()
}

// latencyUnderLoad prints how long webhooks take at half of the rate that the
// slower side can sustain on this machine now.
func latencyUnderLoad(b *testing.B, both [2]side) {
	const samples = 1000
	w := writer{last: 60_000_000}
	rate := 0.0
	for i := range both {
		_, took := both[i].closed(b, w.calls(samples, 1), connections)
		if most := samples / took.Seconds(); rate == 0 || most/2 < rate {
			rate = most / 2
		}
	}
	var each [2][]time.Duration
	var ratios []float64
	for round := range rounds(b) {
		var p99 [2]float64
		for _, i := range inTurn(round) {
			took := both[i].open(b, w.calls(samples, 1), rate)
			each[i] = append(each[i], took...)
			p99[i] = float64(quantile(took, 0.99))
		}
		ratios = append(ratios, p99[1]/p99[0])
	}
	t := newTable(fmt.Sprintf("Ingress: latency at half load, %.0f webhooks a second, in ms", rate), "", "p50", "p99", "p99 ratio", "target")
	t.row("floor", milliseconds(median(each[0])), milliseconds(quantile(each[0], 0.99)), "", "")
	t.row("ours", milliseconds(median(each[1])), milliseconds(quantile(each[1], 0.99)), fmt.Sprintf("%.2f", median(ratios)), "≤ 1.50")
	t.print()
	b.ReportMetric(median(ratios), "p99-ratio")
}
