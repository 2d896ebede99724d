package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/otto"
	"github.com/pyloto/atende/internal/pack"
	"github.com/pyloto/atende/internal/pii"
)

// thoughts is how many turns BenchmarkOtto measures, and warmTurns how many come
// before it.
const thoughts, warmTurns = 20_000, 500

// collecting is the services' GOGC.
const collecting = 400

// instant is a model that answers at once and is not counted.
type instant struct {
	text string
}

func (m *instant) Complete(context.Context, otto.Prompt) (otto.Completion, error) {
	return otto.Completion{Text: m.text, Outcome: otto.OutcomeOK, Model: "instant"}, nil
}

// BenchmarkOtto measures everything that Otto does in a turn besides waiting for
// the model: reading messages and history, the prompt, the decision, guards,
// card and settling. The history is as full as a session keeps it. The time is
// that of the thread: a busy machine makes others wait and not think longer.
func BenchmarkOtto(b *testing.B) {
	p, err := pack.Default()
	if err != nil {
		b.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(collecting))
	runtime.LockOSThread() // whose time is counted
	defer runtime.UnlockOSThread()
	model := &instant{}
	o, err := otto.New(otto.Options{Pack: p, Model: model, Tenant: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	t := newTable(fmt.Sprintf("Otto, a turn without the model's time; %d turns, a full history", thoughts),
		"", "processor p50 ms", "p99", "target", "clock p50 ms", "p99", "slowest")
	for b.Loop() {
		for _, c := range []struct {
			name  string
			blunt bool
		}{{"one call", false}, {"two calls, the first blocked", true}} {
			r := rand.New(rand.NewPCG(1, 2))
			took, used := make([]time.Duration, 0, thoughts), make([]time.Duration, 0, thoughts)
			for n := -warmTurns; n < thoughts; n++ {
				request := thought(r, p)
				model.text = thoughtOf(b, r, p, c.blunt)
				if n%1000 == 0 {
					runtime.GC()
				}
				began, spent := time.Now(), threadTime(b)
				d, err := o.Decide(b.Context(), request)
				if n >= 0 {
					used, took = append(used, threadTime(b)-spent), append(took, time.Since(began))
				}
				if err != nil || d.Model.Calls == 0 || (d.Model.Calls == 2) != c.blunt {
					b.Fatalf("%d calls, %v", d.Model.Calls, err)
				}
			}
			t.row(c.name, milliseconds(median(used)), milliseconds(quantile(used, 0.99)), "≤ 2",
				milliseconds(median(took)), milliseconds(quantile(took, 0.99)), milliseconds(quantile(took, 1)))
			b.ReportMetric(float64(quantile(used, 0.99))/float64(time.Millisecond), strings.ReplaceAll(c.name, " ", "-")+"-p99-ms")
		}
	}
	t.print()
}

// threadClock is Linux's CLOCK_THREAD_CPUTIME_ID.
const threadClock = 3

// threadTime is the processor time of this thread.
func threadTime(tb testing.TB) time.Duration {
	tb.Helper()
	var at syscall.Timespec
	//nolint:gosec // The kernel writes into a value of ours.
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&at)), 0); errno != 0 {
		tb.Fatal(errno)
	}
	return time.Duration(at.Nano())
}

// thought is a request in the middle of a long conversation.
func thought(r *rand.Rand, p otto.Pack) otto.Request {
	said := []string{
		"Quanto custa para quem recebe umas 150 mensagens por dia e tem 3 atendentes?", "Preciso que fale com o nosso ERP, isso dá para fazer?",
		"Meu e-mail é iara@padaria.example e o telefone (41) 98888-7777, podem me explicar como funciona?", "Queria entender melhor como vocês poderiam ajudar",
		"Tenho R$ 800 por mês e preciso disso até o dia 20, será que dá?", "Podemos falar amanhã às 10h ou na quinta às 15h? Antes queria saber o preço",
	}
	now := time.Date(2026, 3, 9+r.IntN(5), 9+r.IntN(8), r.IntN(60), 0, 0, p.Location)
	c := conversation.New("bench", "7", conversation.Identity{Phone: "5511988887777", Name: "Iara"})
	c.Session.State, c.Session.Since, c.Session.Turns = conversation.CollectingInfo, now.Add(-time.Hour), 20
	c.Session.Interest = p.Verticals[r.IntN(len(p.Verticals))].ID
	var lines []conversation.Line
	for i := range 40 {
		line := conversation.Line{Who: conversation.Lead, Text: pii.Text(said[r.IntN(len(said))]), At: now.Add(time.Duration(i-200) * time.Minute)}
		if i%2 == 1 {
			line.Who, line.Text = conversation.Otto, pii.Text(p.Facts[r.IntN(len(p.Facts))].Text)
		}
		lines = append(lines, line)
	}
	c.Session.Remember(lines...)
	c.Card = conversation.Card{}
	for field, value := range map[string]string{"company": "Padaria da Iara", "specific_need": "responder mais rápido", "message_volume_per_day": "150"} {
		c.Card[field] = conversation.Value{Value: pii.Text(value), Words: pii.Text(value), Confidence: 1, At: now.Add(-time.Hour)}
	}
	request := otto.Request{Conversation: c, Now: now.UTC()}
	for i := range 1 + r.IntN(3) {
		request.Messages = append(request.Messages, conversation.Inbound{
			ID: conversation.MessageID(rune('a' + i)), Kind: conversation.KindText, Text: pii.Text(said[r.IntN(len(said))]), SentAt: now,
		})
	}
	return request
}

// thoughtOf is what the model decides: a fact of the pack and a question, or
// something that is not true.
func thoughtOf(tb testing.TB, r *rand.Rand, p otto.Pack, blunt bool) string {
	tb.Helper()
	var f otto.Fact
	for f = p.Facts[r.IntN(len(p.Facts))]; f.Kind != otto.FactPlain; {
		f = p.Facts[r.IntN(len(p.Facts))]
	}
	text := f.Text + " Como vocês fazem isso hoje?"
	if r.IntN(3) == 0 {
		text = "Com 150 mensagens por dia, dá para entender. " + text
	}
	if blunt {
		text = f.Text + " São 913 clientes satisfeitos."
	}
	decision, err := json.Marshal(map[string]any{
		"next_state": conversation.CollectingInfo, "response_text": text, "message_type": "text", "options": []string{},
		"asked_field": nil, "facts": []string{f.ID}, "card_updates": []any{map[string]string{"field": "current_tools", "value": "ERP", "words": "ERP"}},
		"intent_score": 0.5, "answer_confidence": 0.9, "requires_human": false, "human_reason": nil, "reasoning_debug": "",
	})
	if err != nil {
		tb.Fatal(err)
	}
	return string(decision)
}
