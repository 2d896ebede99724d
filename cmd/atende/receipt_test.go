package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pyloto/atende/internal/conversation"
	"github.com/pyloto/atende/internal/operator"
)

func TestWhatAReceiptSaysForPeople(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		receipt operator.Receipt
		has     []string
		hasNot  []string
	}{
		{"what it rests on",
			operator.Receipt{Decision: operator.ReasonDetail{
				Route: conversation.RouteModel, Asked: "email", Intent: 0.8, Confidence: 0.95, PackHash: "h", PackCurrent: true,
				Facts: []operator.FactDetail{{ID: "f1", Text: "A casa abre às 8h.", File: "packs/casa/facts/horas.yaml", Line: 4}, {ID: "f2"}},
			}},
			[]string{"asks for    email", "intent      0.80", "confidence  0.95", `fact        f1: "A casa abre às 8h.", at packs/casa/facts/horas.yaml:4`, "fact        f2: (not in the pack)"},
			[]string{"WHAT THE MODEL WAS ASKED", "WHAT THE GUARDS SAID", "WHAT TOOK HOW LONG", "WHAT ELSE HAPPENED", "no model"},
		},
		{"another pack",
			operator.Receipt{Decision: operator.ReasonDetail{PackHash: "h", Facts: []operator.FactDetail{{ID: "f1"}}}},
			[]string{"f1: (in another pack than this environment's)", "h, another pack than this environment's"}, []string{"intent"},
		},
		{"why there was no model",
			operator.Receipt{Decision: operator.ReasonDetail{Route: conversation.RouteMenu, Mode: conversation.ModeFallback, Fallback: conversation.FallbackTenant}},
			[]string{"menu: the pack's menu, because there was no model, asked to fallback", "tenant-budget: all leads together had spent the day's tokens"}, nil,
		},
		{"a word that is new", operator.Receipt{Decision: operator.ReasonDetail{Route: "paused", Fallback: "whim"}}, []string{"route     paused\n", "no model  whim\n"}, nil},
		{"what guards found",
			operator.Receipt{Verdicts: []operator.VerdictDetail{{Guard: "form", OK: true}, {Guard: "claims", Found: operator.Words{Length: 6}}, {Guard: "promise", Found: operator.Words{Length: 1, Text: "\x1b"}}, {Guard: "hours"}}},
			[]string{"form     passed\n", "claims   blocked: (6 characters)", `promise  blocked: "\x1b"`, "hours    blocked\n"}, []string{"\x1b"},
		},
		{"what it cost", operator.Receipt{Model: &operator.ModelDetail{Name: "m", CostMicroUSD: 12_034_567}}, []string{"US$ 12.034567"}, nil},
		{"what nobody can say", operator.Receipt{Model: &operator.ModelDetail{Name: "m", TokensIn: 3}}, []string{"not known: nobody listed the model's price"}, nil},
		{"a message that is gone", operator.Receipt{Heard: []operator.HeardDetail{{ID: "m1"}}}, []string{"m1", "does not have it any more"}, nil},
		{"a message that nobody could read",
			operator.Receipt{Heard: []operator.HeardDetail{{ID: "m1", Kind: conversation.KindUnsupported, Note: "poll", SentAt: at}}},
			[]string{"unsupported  –, poll", "time         sent 2026-11-23T12:00:00Z\n"}, nil,
		},
		{"what was heard",
			operator.Receipt{Heard: []operator.HeardDetail{{ID: "m1", Kind: conversation.KindAudio, Perceived: &operator.PerceivedDetail{
				Outcome: conversation.Understood, Said: operator.Words{Length: 40}, Confidence: 0.9, LengthMS: 8000, Model: "w", TookMS: 1200, CostMicroUSD: 800,
			}}}},
			[]string{"understood: it was heard, or shown to the model, confidence 0.90", "said in it  (40 characters)", "w, in 1200.0 ms, of audio 8000.0 ms, US$ 0.000800"}, nil,
		},
		{"what was looked at in vain",
			operator.Receipt{Heard: []operator.HeardDetail{{ID: "m1", Kind: conversation.KindImage, Perceived: &operator.PerceivedDetail{Outcome: conversation.Gone}}}},
			[]string{"gone: Meta does not have it any more\n"}, []string{"said in it", "heard by"},
		},
		{"what Meta takes for it",
			operator.Receipt{Parts: []operator.PartDetail{{Part: 1, Kind: conversation.ReplyTemplate, Template: "retomar", Attempts: []operator.AttemptDetail{
				{Attempt: 1, Result: conversation.Accepted, Category: "utility", Billing: "regular"},
				{Attempt: 2, Result: conversation.Accepted, Receipts: []operator.ReceiptDetail{{Status: conversation.StatusSent, At: at}}},
			}}}},
			[]string{"template   retomar\n", "price      utility, regular\n", "receipt    sent, at 2026"}, nil,
		},
		{"what else happened",
			operator.Receipt{Effects: []operator.EffectDetail{{Effect: 1, Kind: conversation.EffectAppointment, Due: at, Phase: conversation.EffectDone, Done: at}}},
			[]string{"WHAT ELSE HAPPENED", "effect 1  appointment, DONE, due 2026-11-23T12:00:00Z"}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			printReceipt(&out, c.receipt)
			for _, words := range c.has {
				if !strings.Contains(out.String(), words) {
					t.Errorf("%q is not in\n%s", words, out.String())
				}
			}
			for _, words := range c.hasNot {
				if strings.Contains(out.String(), words) {
					t.Errorf("%q is in\n%s", words, out.String())
				}
			}
		})
	}
}
